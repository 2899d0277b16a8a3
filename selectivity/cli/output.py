"""Where does a result go? Files first and whole, then the screen: text, a rich table on a terminal, or JSON."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from selectivity.cli.verbosity import in_colour
from selectivity.cli.wording import in_options
from selectivity.files import atomic_path, require_writable, write_text
from selectivity.report.document import Block, Document, Heading, Paragraph, Table, follows_directly, plain

PLOT_FORMATS = (".png", ".svg", ".pdf")

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Outputs:
    """The places a command writes to; building it refuses places that cannot be written, before anything is computed."""

    json_to: str | None = None
    csv_to: str | None = None
    plot_to: str | None = None

    def __post_init__(self) -> None:
        if self.json_to == "-" and self.csv_to == "-":
            raise typer.BadParameter("--json - and --csv - both ask for stdout; give one of them a file")
        if self.plot_to is not None and Path(self.plot_to).suffix.lower() not in PLOT_FORMATS:
            raise typer.BadParameter(f"--plot {self.plot_to}: the extension must be one of {', '.join(PLOT_FORMATS)}")
        wanted = (self.json_to, self.csv_to, self.plot_to)
        places = [require_writable(place) for place in wanted if place is not None and place != "-"]
        if len({place.resolve() for place in places}) < len(places):
            raise typer.BadParameter("--json, --csv and --plot name the same file; give each its own")

    def deliver(
        self,
        document: Document,
        *,
        payload: Callable[[], Any],
        rows: Callable[[], Rows],
        draw: Callable[[Path], None] | None = None,
    ) -> None:
        """Write the files that were asked for, then print: JSON or CSV where `-` asks for it, else the document.

        `payload` gives what JSON can hold (None where a number is undefined), `rows` the table with units in its column
        names, `draw` draws into the file it is given; each is called only when its output is wanted.
        """
        if self.json_to is not None and self.json_to != "-":
            write_text(self.json_to, as_json(payload()))
        if self.csv_to is not None and self.csv_to != "-":
            write_text(self.csv_to, as_csv(rows()))
        if self.plot_to is not None and draw is not None:
            with atomic_path(self.plot_to) as temporary:
                draw(temporary)
        if self.json_to == "-":
            sys.stdout.write(as_json(payload(), ascii_only=not _speaks_utf8(sys.stdout)))
        elif self.csv_to == "-":
            sys.stdout.write(as_csv(rows()))
        elif document:
            show(document)


def as_json(payload: Any, *, ascii_only: bool = False) -> str:
    """JSON text at full precision; NaN and infinity are refused (they are not JSON: undefined is null)."""
    return json.dumps(payload, indent=2, allow_nan=False, ensure_ascii=ascii_only) + "\n"


def as_csv(rows: Rows) -> str:
    """CSV text: one line per row, numbers at full precision, an empty cell where a value is undefined.

    >>> as_csv([{"site": "S2", "ddg_kj_mol": 21.25}, {"site": "S0", "ddg_kj_mol": None}])
    'site,ddg_kj_mol\\nS2,21.25\\nS0,\\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def show(document: Document) -> None:
    """Print a document: with colour and lines on a terminal, as plain text anywhere else."""
    document = [_for_this_door(block) for block in document]
    if not in_colour():
        sys.stdout.write(plain(document))
        return
    from rich.console import Console

    console = Console(highlight=False, force_terminal=True)
    previous: Block | None = None
    for block in document:
        if previous is not None and not follows_directly(previous, block):
            console.print()
        console.print(_rich_block(block))
        previous = block


def _for_this_door(block: Block) -> Block:
    """Notes and warnings of the library name keyword arguments; here they are options."""
    if isinstance(block, Paragraph) and block.label in ("warning", "note"):
        return replace(block, text=in_options(block.text))
    return block


def _rich_block(block: Block) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    if isinstance(block, Heading):
        return Text(block.text, style="bold")
    if isinstance(block, Paragraph):
        label = (
            Text(f"{block.label}: ", style="yellow" if block.label == "warning" else "dim") if block.label else Text()
        )
        return label + Text(block.text)
    return _rich_table(
        block,
        RichTable(box=SIMPLE_HEAD, show_edge=False, title=block.title or None, title_justify="left", pad_edge=False),
    )


def _rich_table(block: Table, table: Any) -> Any:
    from rich.text import Text

    for number, column in enumerate(block.columns):
        table.add_column(Text(column), justify="left" if number < block.text_columns else "right", overflow="fold")
    for row in block.rows:
        table.add_row(*(Text(cell) for cell in row))  # as text: "[12 to 30]" is not a markup tag
    return table


def _speaks_utf8(stream: Any) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf8sig")
