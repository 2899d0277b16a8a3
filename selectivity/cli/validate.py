"""`selectivity validate`: published numbers beside ours, with a verdict for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selectivity.cli.options import CsvTo, JsonTo, PlotTo
from selectivity.cli.output import Outputs
from selectivity.cli.progress import counting
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import significant

if TYPE_CHECKING:
    from selectivity.validation.table import Row, Validation

Update = Annotated[
    bool,
    typer.Option(
        "--update", help="Score the structures whose stored numbers are absent or old (minutes each), and store them."
    ),
]
Structures = Annotated[
    str, typer.Option("--structures", metavar="FOLDER", help="Folder of the depositions that --update scores.")
]
Only = Annotated[
    str | None,
    typer.Option("--only", metavar="NAME,NAME", help="Cases that --update scores, of 1K4C, 3E8H and the others."),
]
Controls = Annotated[bool, typer.Option("--controls", help="Print the control rows one by one, too.")]


def validate(
    update: Update = False,
    structures: Structures = "../shared/structures",
    only: Only = None,
    controls: Controls = False,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Published numbers beside ours: agrees, misses, or cannot say.

    Free cages and water legs are computed now; permeability ratios P_K/P_Na (pure numbers) and site ΔΔG (kJ/mol) of structures, at
    298.15 K, are read from stored results that --update renews. Intervals are those of 95 %. Control rows compare the program with
    another calculation and are counted; test rows say something about the model.

    \b
    $ selectivity validate
    published numbers beside ours
    ...
    test ...
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.validation.hard_case import records
    from selectivity.validation.results import stale_parts, stored_results, update_results
    from selectivity.validation.table import validation

    if update:
        names = [] if only is None else [name.strip() for name in only.split(",") if name.strip()]
        with counting("structures") as move:
            update_results(Path(structures), only=names, progress=move)
    stored = stored_results()
    table = validation(stored)
    outputs.deliver(
        _document(table, stale_parts(stored), controls=controls),
        payload=lambda: {"rows": table.records(), "hard_case": records(stored)},
        rows=table.records,
        draw=lambda path: _draw(table, path),
    )


def _document(table: Validation, stale: dict[str, tuple[str, ...]], *, controls: bool) -> list[Block]:
    roles = ("test", "calibration", "control")
    counts = {role: table.counts(role) for role in roles}
    columns = ("role", *counts["test"])
    blocks: list[Block] = [
        Heading("published numbers beside ours"),
        Table(columns, tuple((role, *(str(n) for n in counts[role].values())) for role in roles)),
    ]
    shown = [row for row in table.rows if controls or row.claim.role != "control" or row.verdict == "misses"]
    cells = tuple((row.claim.role, row.claim.quantity, *row_cells(row), row.verdict) for row in shown)
    blocks.append(Table(("role", "quantity", "published", "ours (95 %)", "unit", "verdict"), cells, text_columns=6))
    blocks += [
        Paragraph(f"{r.claim.quantity}: {r.verdict}: {r.why}", "note") for r in shown if r.verdict != "agrees" and r.why
    ]
    if stale:
        changed = sorted({part for parts in stale.values() for part in parts})
        text = f"{', '.join(stale)}: stored before the last change of {', '.join(changed)}; selectivity validate --update scores them again"
        blocks.append(Paragraph(text, "warning"))
    return blocks


def row_cells(row: Row) -> tuple[str, str, str]:
    """Published, ours with its 95 % interval, and the unit, as text."""
    record = row.claim
    unit = {"angstrom": "Å", "ratio": "P_K/P_Na", "1": "-"}.get(record.unit, record.unit)
    return _published(row), _ours(row), unit


def _published(row: Row) -> str:
    low, high = row.claim.low, row.claim.high
    if not row.claim.published:
        return "-" if row.claim.value is None else significant(row.claim.value)
    if high == float("inf"):
        return f"> {significant(low)}"
    if low == float("-inf"):
        return f"< {significant(high)}"
    shown = "" if row.claim.value is None else f"{significant(row.claim.value, 4)} "
    return f"{shown}({significant(low, 4)} to {significant(high, 4)})" if low < high else shown.strip()


def _ours(row: Row) -> str:
    interval = row.interval
    if interval is None:
        return "-"
    if row.ours.error == 0.0:
        return significant(row.value, 4)
    shown = "" if row.value is None else f"{significant(row.value, 2)} "
    return f"{shown}({significant(interval[0], 2)} to {significant(interval[1], 2)})"


def _draw(table: Validation, path: Path) -> None:
    from selectivity.plotting.validation import draw_validation

    draw_validation(table).savefig(path)
