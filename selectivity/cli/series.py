"""`selectivity series`: every alkali ion against K+ in one filter, and the Eisenman sequence they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selectivity.cli.choices import among
from selectivity.cli.filter_options import File, TargetError, scoring_keywords
from selectivity.cli.option_groups import FilterOptions, ModelOptions, grouped
from selectivity.cli.options import CsvTo, JsonTo, PlotTo
from selectivity.cli.output import Outputs
from selectivity.cli.progress import counting
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import interval, with_error

if TYPE_CHECKING:
    from selectivity.series import IonOrder, IonResult, Series

SeriesIons = Annotated[
    str | None,
    typer.Option(
        "--ions",
        metavar="ION,ION",
        help="Ions compared with K+, of Li, Na, Rb, Cs, Tl, NH4; default: all that the force field and the water scale have.",
    ),
]


SeriesTreatment = Annotated[
    str,
    typer.Option(
        "--treatment",
        metavar="NAME",
        **among("relaxed", "rigid", "thermal"),
        help="How the filter gives way: relaxed, rigid, or thermal (free energies at --temperature; minutes).",
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="INTEGER", min=1, help="Threads that share the sampling.")]


@grouped
def series(
    file: File,
    *,
    ions: SeriesIons = None,
    treatment: SeriesTreatment = "relaxed",
    model: ModelOptions,
    where: FilterOptions,
    target_error: TargetError = 1.0,
    jobs: Jobs = 1,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Li, Na, K, Rb, Cs (Tl, NH4) in one filter, and their Eisenman sequence.

    Each ion X against K+: binding ΔΔG of every dehydrated site (kJ/mol, positive: K+ preferred), barrier ΔΔG‡ (kJ/mol),
    P_X/P_K with its 95 % interval. The sequence is an order of numbers with errors; neighbours that these cannot tell
    apart are named. Tl and NH4 need --force-field amber-lsm.

    Without --treatment thermal the series is dry and takes rule "profile"; with it, each pair is a default score: free
    energies at --temperature (K) with water and the queue, about a minute an ion (--hydration-state dry is faster).

    \b
    $ selectivity series structures/kcsa_like.pdb --treatment rigid --ions Na,Rb
    kcsa_like.pdb: ions against K+, rigid
    ion  ΔΔG S4 (kJ/mol)  ΔΔG S3 (kJ/mol)  ...  P_X/P_K
    Na ... ± ...
    K ... 0 ... 1
    Rb ... ± ...
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    keywords = dict(scoring_keywords(ions="K,Na", **model.keywords()))
    del keywords["ions"]
    from selectivity.series import available_ions, ion_series

    wanted = None if ions is None else [word.strip() for word in ions.split(",") if word.strip()]
    water = {name: keywords[name] for name in ("force_field", "hydration", "temperature")}
    available_ions(wanted, **water)  # refuses before the file is read
    filter = where.source()(file)
    with counting("ions") as move:
        result = ion_series(
            filter, ions=wanted, treatment=treatment, jobs=jobs, progress=move, target_error=target_error, **keywords
        )
    outputs.deliver(_document(result), payload=result.to_dict, rows=result.rows, draw=lambda path: _draw(result, path))


def _document(result: Series) -> list[Block]:
    sites = list(result.results[0].sites)
    columns = ("ion", *(f"ΔΔG {site} (kJ/mol)" for site in sites), "ΔΔG‡ (kJ/mol)", "P_X/P_K")
    blocks: list[Block] = [
        Heading(f"{Path(result.source).name}: ions against K+, {result.settings['treatment']}"),
        Table(columns, tuple(_cells(each) for each in result.results)),
    ]
    orders = [*result.site_sequences.items()]
    if result.sequence is not None:
        orders.append(("permeation", result.sequence))
    if orders:
        rows = tuple((where, " > ".join(o.order), _named(o), _doubts(o)) for where, o in orders)
        blocks.append(Table(("order by", "from most to least", "Eisenman", "within error"), rows, text_columns=4))
    if not result.conductive:
        blocks.append(Paragraph(f"not conductive: {result.conductive_reason}", "warning"))
    blocks += [Paragraph(word, "warning") for word in result.warnings]
    blocks += [Paragraph(f"{ion} left out: {reason}", "note") for ion, reason in result.left_out.items()]
    return blocks


def _named(order: IonOrder) -> str:
    return order.numeral if order.swaps == 0 else f"none (nearest {order.numeral})"


def _doubts(order: IonOrder) -> str:
    return ", ".join("/".join(pair) for pair in order.unresolved) or "-"


def _cells(result: IonResult) -> tuple[str, ...]:
    if result.ion == "K":
        return ("K", *("0" if value is not None else "-" for value, _ in result.sites.values()), "0", "1")
    return (
        result.ion,
        *(with_error(value, error) for value, error in result.sites.values()),
        with_error(result.ddg_barrier_kj_mol, result.ddg_barrier_error_kj_mol),
        interval(result.permeability_ratio, result.permeability_ratio_interval),
    )


def _draw(result: Series, path: Path) -> None:
    from selectivity.plotting.series import draw_series

    draw_series(result).savefig(path)
