"""`selectivity profile`: both ions along the pore, where they rest and what stands in their way, and the ratio that follows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.choices import among
from selectivity.cli.filter_options import (
    AccessLength,
    Altloc,
    Assembly,
    File,
    ForceField,
    Hydration,
    Ions,
    Pore,
    Rings,
    Seed,
    Sigma,
    Source,
)
from selectivity.cli.options import CsvTo, JsonTo, PlotTo, Temperature
from selectivity.cli.output import Outputs
from selectivity.cli.verbosity import watched
from selectivity.errors import FileUnreadable
from selectivity.files import read_text
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed, interval, with_error

if TYPE_CHECKING:
    from selectivity.along_pore import AlongPore

TREATMENTS = ("thermal", "relaxed", "rigid")
HYDRATION_STATES = ("accessible", "flanked", "dry")
STATE_WORDS = {"accessible": "water at the open ends", "flanked": "a water on either side", "dry": "dry"}
K_PROFILES = ("flat", "modelled")

ProfileTreatment = Annotated[
    str,
    typer.Option(
        "--treatment",
        metavar="NAME",
        **among(*TREATMENTS),
        help="thermal: free energies at --temperature, minutes; relaxed or rigid: minima, seconds, always dry.",
    ),
]
WaterState = Annotated[
    str | None,
    typer.Option(
        "--hydration-state",
        metavar="NAME",
        **among(*HYDRATION_STATES),
        help="accessible (default of thermal): water where the height touches an open end of the pore; flanked: one water on "
        "either side of the ion in the single file; dry (default of the others).",
    ),
]
Spacing = Annotated[
    float | None,
    typer.Option("--spacing", metavar="ANGSTROM", help="Distance of the heights, Å; default: 0.5 thermal, 0.25 else."),
]
KProfile = Annotated[
    str,
    typer.Option(
        "--k-profile",
        metavar="NAME|FILE",
        help="K+'s own profile W_K in the rule: flat, modelled, or a CSV with z_angstrom and w_kj_mol (or w_k_kj_mol).",
    ),
]
Threads = Annotated[int, typer.Option("--jobs", metavar="NUMBER", min=1, help="Threads that share the heights.")]


def profile(
    file: File,
    ions: Ions = "K,Na",
    treatment: ProfileTreatment = "thermal",
    hydration_state: WaterState = None,
    spacing: Spacing = None,
    k_profile: KProfile = "flat",
    sigma: Sigma = "0.30",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    temperature: Temperature = 298.15,
    access_length: AccessLength = 10.0,
    assembly: Assembly = "auto",
    pore: Pore = None,
    altloc: Altloc = "auto",
    rings: Rings = None,
    seed: Seed = 0,
    jobs: Threads = 1,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Two ions along the pore: ddG(z), wells, barriers, and the ratio.

    At heights along the axis each ion is held and everything else moves: ddG(z) and each ion's own profile W(z) (kJ/mol) with
    standard errors; wells and barriers by cage and plane; ddG of the nodes half a site wide that a queue of ions takes;
    P_K/P_Na by the rule "profile" with W_K flat, modelled, at the measured K+ affinity, and given. --csv holds the curves.

    \b
    $ selectivity profile structures/kcsa_like.pdb --treatment rigid
    kcsa_like.pdb: K+ and Na+ along the pore, rigid, dry
    ...
    W_K           ΔΔG‡ (kJ/mol)                P_K/P_Na
    flat (asked)  ...
    modelled      ...
    measured      ...
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    first, second = ions.split(",")
    given = k_profile if k_profile.lower() in K_PROFILES else _table(k_profile)
    loaded = Source.of(assembly, pore, altloc, rings)(file)
    from selectivity.along_pore import along_pore

    with _progress() as advance:
        result = along_pore(
            loaded,
            ions=(first, second),
            treatment=treatment,
            hydration_state=hydration_state,
            spacing=spacing,
            k_profile=given.lower() if isinstance(given, str) else given,
            access_length=access_length,
            sigma=sigma if sigma == "bfactor" else float(sigma),
            force_field=force_field,
            hydration=hydration,
            temperature=temperature,
            seed=seed,
            jobs=jobs,
            progress=advance,
        )
    outputs.deliver(_document(result), payload=result.to_dict, rows=result.rows, draw=lambda path: _draw(result, path))


def _document(result: AlongPore) -> list[Block]:
    first, second = result.ions
    state = STATE_WORDS[result.settings["hydration_state"]]
    title = (
        f"{Path(result.source).name}: {first}+ and {second}+ along the pore, {result.settings['treatment']}, {state}"
    )
    blocks: list[Block] = [Heading(title), _wells(result), _nodes(result)]
    if result.ratios:
        columns = (f"W_{result.reference}", "ΔΔG‡ (kJ/mol)", f"P_{first}/P_{second}")
        rows = tuple(
            (
                f"{each.name} (asked)" if each.name == result.chosen else each.name,
                with_error(each.ddg_barrier_kj_mol, each.ddg_barrier_error_kj_mol),
                interval(each.permeability_ratio, each.permeability_ratio_interval),
            )
            for each in result.ratios
        )
        blocks.append(Table(columns, rows, title='rule "profile" by choice of W'))
        blocks += [Paragraph(f"W_{result.reference} {each.name}: {each.w_words}", "note") for each in result.ratios]
    else:
        blocks.append(Paragraph(f"not conductive: {result.conductive_reason}; no ratio", "warning"))
    blocks += [Paragraph(words, "warning") for words in result.warnings]
    return blocks


def _wells(result: AlongPore) -> Table:
    rows = [
        (f"{ion}+", each.words, fixed(each.z, 1), _with_error(each.energy_kj_mol, result.extreme_error(ion, each)))
        for ion in result.ions
        for each in result.extremes[ion]
    ]
    title = f"wells and barriers, W = 0 at z = {fixed(result.curves.zero_at, 1)} Å"
    return Table(("ion", "where", "z (Å)", "W (kJ/mol)"), tuple(rows), text_columns=2, title=title)


def _nodes(result: AlongPore) -> Table:
    rows = [
        (
            node.kind,
            node.name,
            fixed(node.z, 1),
            _with_error(node.ddg_kj_mol, node.error_kj_mol),
            _with_error(barrier.ddg_kj_mol, barrier.error_kj_mol) if node.kind == "plane" else "",
        )
        for node, barrier in zip(result.nodes, result.barrier_nodes, strict=True)
    ]
    columns = ("node", "", "z (Å)", "ΔΔG (kJ/mol)", "as a barrier (kJ/mol)")
    return Table(columns, tuple(rows), text_columns=2, title="nodes half a site wide")


def _with_error(value: float, error: float | None) -> str:
    """A minimum has no sampling error; its coordinate error stands at the ratio."""
    return fixed(value, 1) if error is None else with_error(value, error)


def _table(path: str) -> tuple[list[float], list[float]]:
    """Heights (Å) and energies (kJ/mol) of a CSV file."""
    if not Path(path).exists():
        raise FileUnreadable(f"--k-profile {path}: no such file; give flat, modelled or a CSV file")
    text = read_text(path, need="--k-profile takes flat, modelled or a CSV file")
    try:
        rows = list(csv.DictReader(text.splitlines()))
    except csv.Error as failure:
        raise FileUnreadable(
            f"--k-profile {path}: not a CSV file ({failure}); give flat, modelled or a CSV file"
        ) from None
    column = next((name for name in ("w_kj_mol", "w_k_kj_mol") if rows and name in rows[0]), None)
    if column is None or "z_angstrom" not in rows[0]:
        raise FileUnreadable(
            f"--k-profile {path}: columns z_angstrom and w_kj_mol (or w_k_kj_mol) with at least two rows are needed"
        )
    try:
        return [float(row["z_angstrom"]) for row in rows], [float(row[column]) for row in rows]
    except (TypeError, ValueError):
        raise FileUnreadable(f"--k-profile {path}: every row needs two numbers, Å and kJ/mol") from None


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A function that shows how many heights are done, as a bar on a terminal."""
    if not watched():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: tuple[Any, ...] = (TextColumn("heights"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("heights", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _draw(result: AlongPore, path: Path) -> None:
    from selectivity.plotting.thermal_profile import draw_along_pore

    draw_along_pore(result).savefig(path)
