"""`selectivity counterfactuals`: the same site rigid, snug, relaxed, thermal and free, and with one term switched off at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.filter_options import (
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
    scoring_keywords,
)
from selectivity.cli.options import CsvTo, JsonTo, PlotTo, Temperature
from selectivity.cli.output import Outputs
from selectivity.cli.progress import progress_bar
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import UNDEFINED, fixed, with_error

if TYPE_CHECKING:
    from selectivity.counterfactuals import Counterfactuals, SiteCounterfactuals

SiteNames = Annotated[
    str | None,
    typer.Option("--site", metavar="SITE,SITE", help="Dehydrated sites, for example S2; default: all that are formed."),
]
Thermal = Annotated[
    bool, typer.Option("--thermal/--no-thermal", help="Add free energies at --temperature (some seconds a site).")
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="INTEGER", min=1, help="Threads that share the sampling.")]


def counterfactuals(
    file: File,
    site: SiteNames = None,
    thermal: Thermal = True,
    ions: Ions = "K,Na",
    sigma: Sigma = "0.30",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    temperature: Temperature = 298.15,
    assembly: Assembly = "auto",
    pore: Pore = None,
    altloc: Altloc = "auto",
    rings: Rings = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """What carries the selectivity of a site: one thing changed at a time, and a verdict in words.

    ΔΔG of binding (kJ/mol, positive: the first ion is preferred), dry: rigid (the file's coordinates), snug (the second ion
    among ligands that stay where the first left them), relaxed, thermal, and the free cage of as many carbonyls; then the
    relaxed site without ligand-ligand repulsion, without the cost of strain, without dehydration.

    \b
    $ selectivity counterfactuals structures/kcsa_like.pdb --site S2 --no-thermal
    kcsa_like.pdb: counterfactuals, K+ against Na+, ΔΔG in kJ/mol
    ...
    site  ligands  rigid  snug  relaxed  free cage
    S2          8   53.6  45.6   23 ± 9        18.4
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.counterfactuals import counterfactual_steps
    from selectivity.counterfactuals import counterfactuals as compared

    given: dict[str, Any] = dict(
        scoring_keywords(
            ions=ions, sigma=sigma, force_field=force_field, hydration=hydration, temperature=temperature, seed=seed
        )
    )
    wanted = None if site is None else [word.strip() for word in site.split(",") if word.strip()]
    filter = Source.of(assembly, pore, altloc, rings)(file)
    with progress_bar(counterfactual_steps(filter, wanted, thermal=thermal), "steps") as advance:
        result = compared(filter, sites=wanted, thermal=thermal, jobs=jobs, progress=advance, **given)
    outputs.deliver(_document(result), payload=result.to_dict, rows=result.rows, draw=lambda path: _draw(result, path))


def _document(result: Counterfactuals) -> list[Block]:
    from selectivity.counterfactuals import SWITCHES, TREATMENTS

    first, second = result.ions
    shown = [name for name in TREATMENTS if any(site.ddg_kj_mol[name] is not None for site in result.sites)]
    blocks: list[Block] = [
        Heading(f"{Path(result.source).name}: counterfactuals, {first}+ against {second}+, ΔΔG in kJ/mol"),
        Table(
            ("site", "ligands", *shown),
            tuple((s.site, str(s.coordination_number), *(_cell(s, name) for name in shown)) for s in result.sites),
            title="from the rigid site to the free cage",
        ),
        Table(
            ("site", "relaxed", *SWITCHES),
            tuple((s.site, *(_cell(s, name) for name in ("relaxed", *SWITCHES))) for s in result.sites),
            title="one term switched off in the relaxed site",
        ),
    ]
    return blocks + [Paragraph(f"{s.site}: {'; '.join(s.verdict)}") for s in result.sites]


def _cell(site: SiteCounterfactuals, name: str) -> str:
    value = site.ddg_kj_mol[name]
    error = {"relaxed": site.error_kj_mol, "thermal": site.thermal_error_kj_mol}.get(name)
    if value is None:
        return UNDEFINED
    return fixed(value, 1) if error is None else with_error(value, error)


def _draw(result: Counterfactuals, path: Path) -> None:
    from selectivity.plotting.counterfactuals import draw_counterfactuals

    draw_counterfactuals(result).savefig(path)
