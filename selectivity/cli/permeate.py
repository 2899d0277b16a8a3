"""`selectivity permeate`: several ions in single file: currents, reversal potential, P_K/P_Na as it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.filter_options import (
    Altloc,
    Assembly,
    Force,
    ForceField,
    Hydration,
    HydrationState,
    Ions,
    Pore,
    Rings,
    Seed,
    Sigma,
    Source,
    TargetError,
    Treatment,
)
from selectivity.cli.iv import First, Last, Step, voltages
from selectivity.cli.options import AmountsIn, AmountsOut, CsvTo, JsonTo, PlotTo, Temperature, amounts
from selectivity.cli.output import Outputs
from selectivity.cli.permeate_nodes import nodes_by_hand, nodes_of_filter
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed, interval, significant, with_error

if TYPE_CHECKING:
    from selectivity.permeation.queue_model import QueueParameters
    from selectivity.permeation.queue_sensitivity import GenericRow
    from selectivity.permeation.queue_survey import QueueSurvey

File = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE", help="Structure file (Å) or PDB identifier; without it, ΔΔG by --cages and --planes."
    ),
]
Cages = Annotated[
    str | None,
    typer.Option("--cages", metavar="KJ,KJ,...", help="ΔΔG of the cages from the inside to the outside, kJ/mol."),
]
Planes = Annotated[
    str | None,
    typer.Option("--planes", metavar="KJ,KJ,...", help="ΔΔG of the planes round them, one more than cages, kJ/mol."),
]
NodeError = Annotated[
    float | None,
    typer.Option("--error", metavar="KJ", help="Standard error of each ΔΔG, independent of the others, kJ/mol."),
]
SharedError = Annotated[
    float, typer.Option("--shared-error", metavar="KJ", help="Standard error that all ΔΔG share (water leg), kJ/mol.")
]
Well = Annotated[
    float | None,
    typer.Option("--well", metavar="KJ", help="Energy of the first ion in a cage against 1 mol/L, kJ/mol [-20.2]."),
]
Barrier = Annotated[
    float | None,
    typer.Option("--barrier", metavar="KJ", help="Energy of the first ion in a plane above a cage, kJ/mol [10.5]."),
]
Repulsion = Annotated[
    float, typer.Option("--repulsion-scale", metavar="FACTOR", help="Factor of all ion-ion energies, no unit.")
]
MaxIons = Annotated[int, typer.Option("--max-ions", metavar="NUMBER", min=1, help="Most ions in the filter at once.")]
Spacing = Annotated[
    float, typer.Option("--spacing", metavar="ANGSTROM", help="Distance of neighbouring nodes, half a site, Å.")
]
EntryFactor = Annotated[
    float,
    typer.Option("--entry-factor", metavar="FACTOR", help="Speed of entries and exits against hops inside, no unit."),
]
Exact = Annotated[
    bool, typer.Option("--exact", help="Take the generic numbers as exact: only ΔΔG has errors in the interval.")
]
Sensitivity = Annotated[
    bool, typer.Option("--sensitivity", help="Also vary each generic number: ratio, flux-ratio exponent, conductance.")
]
Draws = Annotated[int, typer.Option("--draws", metavar="NUMBER", min=2, help="Perturbed filters behind the interval.")]


def permeate(
    file: File = None,
    cages: Cages = None,
    planes: Planes = None,
    error: NodeError = None,
    shared_error: SharedError = 0.0,
    ions: Ions = "K,Na",
    inside: AmountsIn = None,
    outside: AmountsOut = None,
    first: First = -175.0,
    last: Last = 100.0,
    step: Step = 25.0,
    well: Well = None,
    barrier: Barrier = None,
    repulsion_scale: Repulsion = 1.0,
    max_ions: MaxIons = 4,
    spacing: Spacing = 1.5,
    entry_factor: EntryFactor = 1.0,
    exact: Exact = False,
    sensitivity: Sensitivity = False,
    treatment: Treatment = "thermal",
    sigma: Sigma = "0.30",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    hydration_state: HydrationState = None,
    target_error: TargetError = 1.0,
    assembly: Assembly = "auto",
    pore: Pore = None,
    altloc: Altloc = "auto",
    rings: Rings = None,
    force: Force = False,
    temperature: Temperature = 298.15,
    draws: Draws = 500,
    seed: Seed = 0,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Several ions in single file: what a recording of this filter would show.

    ΔΔG (second ion minus first, kJ/mol) of every cage and plane goes in, from FILE or by hand; P_K/P_Na from the reversal potential between
    two baths (default: K+ inside, Na+ outside, 150 mM each), currents (pA), occupancies, the ratio against
    concentration, mixtures, flux-ratio exponent and block come out. Currents are an upper estimate.

    \b
    $ selectivity permeate --cages 15.9,26.8,24.7,27.2 --planes 6.7,8.4,6.7,5.0,16.7 --error 2 --draws 100
    K+ and Na+ in single file: inside K 150 mM, outside Na 150 mM, 298.15 K
    quantity                             value
    P_K/P_Na                             400 (95 %: ... to ...)
    the same, nodes twice as dense       380
    effective ΔΔG‡                       14.9 ± ... kJ/mol
    reversal potential                   -154.7 mV
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.ions import ion as ion_by_name
    from selectivity.permeation.queue_model import NO_SPREAD, QueueSpread
    from selectivity.permeation.queue_sensitivity import generic_sensitivity
    from selectivity.permeation.queue_survey import survey_queue

    numbers = _parameters(well, barrier, repulsion_scale, max_ions, spacing, entry_factor)
    one, other = (ion_by_name(name).symbol for name in ions.split(","))
    sweep = voltages(first, last, step)
    baths: dict[str, Any] = {"inside": amounts(inside, "--in") or None, "outside": amounts(outside, "--out") or None}
    if file is None:
        nodes = nodes_by_hand(cages, planes, error or 0.0, shared_error)
    elif cages is not None or planes is not None:
        raise typer.BadParameter("FILE gives the nodes, and so do --cages and --planes; keep one of them")
    else:
        nodes = nodes_of_filter(
            Source.of(assembly, pore, altloc, rings)(file),
            ions=(one, other),
            treatment=treatment,
            sigma=sigma if sigma == "bfactor" else float(sigma),
            force_field=force_field,
            hydration=hydration,
            hydration_state=hydration_state,
            target_error=target_error,
            temperature=temperature,
            seed=seed,
            force=force,
        )
    survey = survey_queue(
        nodes,
        ions=(one, other),
        **baths,
        parameters=numbers,
        spread=NO_SPREAD if exact else QueueSpread(),
        voltages_mv=sweep,
        temperature=temperature,
        n_draws=draws,
        seed=seed,
    )
    generic = generic_sensitivity(nodes.ddg_kj_mol, parameters=numbers, temperature=temperature) if sensitivity else ()
    name = f"{Path(file).name}: " if file is not None else ""
    outputs.deliver(
        _document(survey, generic, name),
        payload=lambda: survey.to_dict() | {"generic": [vars(row) for row in generic]},
        rows=lambda: _rows(survey),
        draw=lambda path: _draw(survey, name, path),
    )


def _parameters(
    well: float | None, barrier: float | None, scale: float, max_ions: int, spacing: float, entry_factor: float
) -> QueueParameters:
    from selectivity.permeation.queue_model import QueueParameters

    given: dict[str, Any] = {
        "well_kj_mol": well, "barrier_kj_mol": barrier, "max_ions": max_ions, "spacing_angstrom": spacing, "entry_factor": entry_factor,
    }  # fmt: skip
    if not scale >= 0.0:
        raise typer.BadParameter(f"--repulsion-scale {scale:g}: zero or a positive factor is needed (ions repel one another)")
    numbers = QueueParameters(**{name: value for name, value in given.items() if value is not None})
    return numbers.with_repulsion_scaled(scale)


def _document(survey: QueueSurvey, generic: Sequence[GenericRow], name: str) -> list[Block]:
    first, second = survey.ions
    baths = survey.baths
    blocks: list[Block] = [
        Heading(
            f"{name}{first}+ and {second}+ in single file: inside {_bath(baths.inside)}, outside {_bath(baths.outside)}, "
            f"{baths.temperature:g} K"
        ),
        _summary(survey),
        _node_table(survey),
        _current_table(survey),
        _series_table(survey),
    ]
    if generic:
        blocks.append(_generic_table(generic))
    return [*blocks, *_notes(survey)]


def _bath(bath: dict[str, float]) -> str:
    return ", ".join(f"{ion} {amount:g} mM" for ion, amount in bath.items())


def _summary(survey: QueueSurvey) -> Table:
    first, second = survey.ions
    rows = [
        ("reversal potential", f"{fixed(survey.reversal_mv, 1)} mV"),
        ("ions in the filter there", fixed(survey.mean_ions, 2)),
        (f"flux-ratio exponent of {first}+", fixed(survey.flux_ratio_exponent, 2)),
        (f"conductance, {survey.mixture_mm:g} mM {first}+ / {second}+", " / ".join(_pure_conductances(survey)) + " pS"),
        (f"current left under 50 mM {second}+ inside", _block(survey)),
    ]
    if survey.ratio is not None:
        ratio = survey.ratio
        rows[0:0] = [
            (f"P_{first}/P_{second}", interval(ratio.permeability_ratio, ratio.permeability_ratio_interval)),
            ("the same, nodes twice as dense", significant(survey.finer_ratio, 2)),
            ("effective ΔΔG‡", f"{with_error(ratio.ddg_barrier_kj_mol, ratio.error_kj_mol)} kJ/mol"),
        ]
    return Table(("quantity", "value"), tuple(rows), text_columns=2)


def _pure_conductances(survey: QueueSurvey) -> list[str]:
    return [significant(float(survey.mixture.conductance_ps[end]), 2) for end in (0, -1)]


def _block(survey: QueueSurvey) -> str:
    from selectivity.permeation.queue_survey import BLOCK_MV

    shares = zip(survey.block, BLOCK_MV, strict=True)
    return ", ".join(f"{100 * float(left):.1f} % at {v:g} mV" for left, v in shares)


def _node_table(survey: QueueSurvey) -> Table:
    first, second = survey.ions
    slopes = [None] * len(survey.nodes.names) if survey.ratio is None else survey.ratio.sensitivity.tolist()
    rows = tuple(
        (
            name,
            _with_error(float(survey.nodes.ddg_kj_mol[k]), float(survey.nodes.error_kj_mol[k])),
            fixed(float(survey.occupancy[first][k]), 3),
            fixed(float(survey.occupancy[second][k]), 3),
            fixed(slopes[k], 2),
        )
        for k, name in enumerate(survey.nodes.names)
    )
    columns = ("node", "ΔΔG (kJ/mol)", f"{first}+ there", f"{second}+ there", "d ΔΔG‡/d ΔΔG")
    return Table(columns, rows, title="nodes from the inside to the outside, occupancy at the reversal potential")


def _with_error(value: float, error: float) -> str:
    return with_error(value, error) if error > 0.0 else fixed(value, 1)  # no error given is not an error of zero


def _current_table(survey: QueueSurvey) -> Table:
    curve = survey.curve
    rows = tuple(
        (
            fixed(float(v), 1),
            *(significant(float(curve.by_ion_pa[ion][k]), 3) for ion in survey.ions),
            significant(float(curve.total_pa[k]), 3),
        )
        for k, v in enumerate(curve.v_mv)
    )
    columns = ("V (mV)", *(f"I_{ion} (pA)" for ion in survey.ions), "total (pA)")
    return Table(columns, rows, text_columns=0)


def _series_table(survey: QueueSurvey) -> Table:
    first, second = survey.ions
    columns = ("mM on each side", *(f"{c:g}" for c in survey.series_mm))
    ratios = (f"P_{first}/P_{second}", *(significant(float(ratio), 2) for ratio in survey.series_ratio))
    return Table(columns, (ratios,))


def _generic_table(generic: Sequence[GenericRow]) -> Table:
    rows = tuple(
        (
            row.parameter,
            "-" if row.value is None else f"{row.value:.4g}",
            significant(row.permeability_ratio, 2),
            fixed(row.flux_ratio_exponent, 2),
            significant(row.conductance_ps, 2),
            fixed(row.mean_ions, 2),
        )
        for row in generic
    )
    return Table(("generic number", "value", "ratio", "exponent", "conductance (pS)", "ions"), rows)


def _notes(survey: QueueSurvey) -> list[Block]:
    first, second = survey.ions
    notes = []
    if survey.ratio is None:
        notes.append(f"the baths hold one ion only: no P_{first}/P_{second} can be read from their reversal potential")
    if not survey.curve.v_mv.min() <= survey.reversal_mv <= survey.curve.v_mv.max():
        notes.append("the reversal potential lies outside the voltages shown; change --from and --to")
    if survey.mixture.anomalous:
        notes.append(f"anomalous mole fraction: some mixture conducts less than pure {first}+ and pure {second}+")
    notes.append("the filter alone: no cavity, so no block from there; currents are an upper estimate (bulk diffusion)")
    return [Paragraph(text, "note") for text in notes]


def _rows(survey: QueueSurvey) -> list[dict[str, Any]]:
    """One table of all curves; the column `curve` says which one a row belongs to."""
    curve, nodes = survey.curve, survey.nodes
    empty = dict.fromkeys(
        ("curve", "node", "ddg_kj_mol", "ddg_error_kj_mol", *(f"occupancy_{ion}" for ion in survey.ions), "v_mv",
         *(f"i_{ion}_pa" for ion in survey.ions), "i_total_pa", "concentration_mm", "permeability_ratio", "mole_fraction",
         "conductance_ps")
    )  # fmt: skip
    found: list[dict[str, Any]] = [
        {
            "curve": "node",
            "node": name,
            "ddg_kj_mol": float(nodes.ddg_kj_mol[k]),
            "ddg_error_kj_mol": float(nodes.error_kj_mol[k]),
        }
        | {f"occupancy_{ion}": float(survey.occupancy[ion][k]) for ion in survey.ions}
        for k, name in enumerate(nodes.names)
    ]
    found += [
        {"curve": "current", "v_mv": float(v), "i_total_pa": float(curve.total_pa[k])}
        | {f"i_{ion}_pa": float(curve.by_ion_pa[ion][k]) for ion in survey.ions}
        for k, v in enumerate(curve.v_mv)
    ]
    found += [
        {"curve": "series", "concentration_mm": float(c), "permeability_ratio": float(ratio)}
        for c, ratio in zip(survey.series_mm, survey.series_ratio, strict=True)
    ]
    found += [
        {"curve": "mixture", "mole_fraction": float(x), "conductance_ps": float(g)}
        for x, g in zip(survey.mixture.fraction, survey.mixture.conductance_ps, strict=True)
    ]
    return [empty | row for row in found]


def _draw(survey: QueueSurvey, name: str, path: Path) -> None:
    from selectivity.plotting.queue import draw_queue

    draw_queue(survey, title=name + " and ".join(f"{ion}+" for ion in survey.ions) + " in single file").savefig(path)
