"""`selectivity scan`: turn a filter's knobs or a setting, and see what becomes of energies, ratio and voltage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.choices import among
from selectivity.cli.filter_options import File, Ions, Treatment, scoring_keywords
from selectivity.cli.option_groups import FilterOptions, ModelOptions, grouped
from selectivity.cli.options import CsvTo, JsonTo, PlotTo
from selectivity.cli.output import Outputs
from selectivity.cli.progress import progress_bar
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import UNDEFINED, fixed, interval, voltage, with_error

if TYPE_CHECKING:
    from selectivity.scan import Scan

MOST_SHOWN = 40
"""Rows of the printed table; files hold all of them."""

Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="NAME[@RING]=FIRST:LAST:STEP",
        help="What to vary: dilate, pinch, shift@RING, break (Å), flip@RING/STRAND (degrees), sigma (Å), temperature (K), "
        "access-length (Å); values may be listed with commas instead. Several make a grid.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--change",
        metavar="WORDS",
        help="Done once beforehand: symmetrise, hydroxyl=Ala|Cys, drop@RING=STRAND, swap=KcsA|NaK|NaK2K, or a knob with one "
        "value (dilate@'V76 O'=0.1, Å); repeatable, in order.",
    ),
]
Sites = Annotated[
    str | None,
    typer.Option(
        "--sites", metavar="SITE,SITE", help="Sites whose ddG (kJ/mol) is listed; default: the dehydrated ones."
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="PATH",
        help="File of finished points (JSON lines): those in it are not computed again, new ones are appended.",
    ),
]
Search = Annotated[
    str,
    typer.Option(
        "--search",
        metavar="NAME",
        **among("carried", "full"),
        help="Search of relaxed points: carried (starts from the unchanged filter, half the cost) or full (as score does).",
    ),
]
Workers = Annotated[int, typer.Option("--jobs", metavar="NUMBER", min=1, help="Processes that share the points.")]


@grouped
def scan(
    file: File,
    *,
    vary: Vary = None,
    changes: Changes = None,
    sites: Sites = None,
    treatment: Treatment = "relaxed",
    ions: Ions = "K,Na",
    model: ModelOptions,
    where: FilterOptions,
    search: Search = "carried",
    jobs: Workers = 1,
    resume: Resume = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Turn knobs of a filter or settings, and see ddG, ratio and voltage follow.

    Every point of the grid goes through the whole chain: ddG of the sites (kJ/mol), barrier difference ddG‡ (kJ/mol),
    P_K/P_Na with its 95 % interval, membrane potential (mV). --plot draws one or two varied quantities. An
    interrupted scan goes on where it stopped when --resume names the same file.

    \b
    $ selectivity scan structures/kcsa_like.pdb --vary dilate=-0.1:0.1:0.1 --treatment rigid --sites S2,S3
    kcsa_like.pdb: 3 points, rigid
    dilate (Å)  ΔΔG S2 (kJ/mol)  ΔΔG S3 (kJ/mol)  ΔΔG‡ (kJ/mol)  P_K/P_Na ...
         -0.10  ...
          0.00  ...
          0.10  ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    if plot_to is not None and len(vary or []) > 2:
        raise typer.BadParameter(f"--plot draws one or two varied quantities, {len(vary or [])} were given; use --csv")
    given = scoring_keywords(ions=ions, treatment=treatment, **model.keywords())
    from selectivity.scan import grid, scan_filter
    from selectivity.scan_axes import axis, change

    axes, fixed_changes = [axis(word) for word in vary or []], [change(word) for word in changes or []]
    wanted = None if sites is None else [word.strip() for word in sites.split(",") if word.strip()]
    loaded = where.source()(file)
    points = grid(loaded, axes, changes=fixed_changes, sites=wanted, **dict(given))
    with progress_bar(len(points), "points") as advance:
        result = scan_filter(
            loaded,
            axes,
            changes=fixed_changes,
            sites=wanted,
            search=search,
            jobs=jobs,
            resume=resume,
            progress=advance,
            **dict(given),
        )
    outputs.deliver(
        _document(result),
        payload=result.to_dict,
        rows=lambda: result.rows,
        draw=lambda path: _draw(result, path),
    )


def _document(result: Scan) -> list[Block]:
    first, second = result.settings.get("ions", ("K", "Na"))
    made = f" after {', '.join(c.text for c in result.changes)}" if result.changes else ""
    n_points = len(result.rows)
    title = f"{Path(result.source).name}: {n_points} point{'s' if n_points != 1 else ''}, {result.settings['treatment']}{made}"
    columns = (
        *(each.label for each in result.axes),
        *(f"ΔΔG {site} (kJ/mol)" for site in result.sites),
        "ΔΔG‡ (kJ/mol)",
        f"P_{first}/P_{second}",
        "V_m (mV)",
    )
    blocks: list[Block] = [
        Heading(title),
        Table(columns, tuple(_cells(result, row) for row in result.rows[:MOST_SHOWN]), text_columns=0),
    ]
    if n_points > MOST_SHOWN:
        blocks.append(Paragraph(f"the first {MOST_SHOWN} of {n_points} points; --csv and --json hold all", "note"))
    broken = sum(not row["conductive"] for row in result.rows)
    if broken:
        blocks.append(Paragraph(f"{broken} of {n_points} points do not conduct: their ratio is undefined", "note"))
    if result.n_reused:
        blocks.append(Paragraph(f"{result.n_reused} of {n_points} points were taken from the resume file", "note"))
    return blocks


def _cells(result: Scan, row: Mapping[str, Any]) -> tuple[str, ...]:
    first, second = (ion.lower() for ion in result.settings.get("ions", ("K", "Na")))
    ratio = f"p_{first}_over_p_{second}"
    sites = [f"ddg_{site.lower()}" for site in result.sites]
    return (
        *(fixed(row[each.column], 2) for each in result.axes),
        *(with_error(row[f"{site}_kj_mol"], row[f"{site}_error_kj_mol"]) for site in sites),
        with_error(row["ddg_barrier_kj_mol"], row["ddg_barrier_error_kj_mol"]),
        interval(row[f"{ratio}_ratio"], _bounds(row, f"{ratio}_low_ratio", f"{ratio}_high_ratio")),
        voltage(row["v_mv"], _bounds(row, "v_low_mv", "v_high_mv")) if row["v_low_mv"] is not None else UNDEFINED,
    )


def _bounds(row: Mapping[str, Any], low: str, high: str) -> tuple[float, float] | None:
    return None if row[low] is None else (row[low], row[high])


def _draw(result: Scan, path: Path) -> None:
    from selectivity.plotting.scan import draw_scan

    draw_scan(result).savefig(path)
