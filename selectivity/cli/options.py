"""Options that several commands share, with their units and help text: one meaning everywhere."""

from __future__ import annotations

from typing import Annotated, Any

import typer
import typer.core

from selectivity.cli import choices

Temperature = Annotated[float, typer.Option("--temperature", metavar="KELVIN", help="Temperature in K.")]
CellName = Annotated[
    str,
    typer.Option(
        "--cell",
        metavar="NAME",
        callback=choices.one_of(*choices.CELLS),
        help=f"Concentrations inside and outside: {', '.join(choices.CELLS)}.",
    ),
]
JsonTo = Annotated[
    str | None,
    typer.Option("--json", metavar="PATH|-", help="Write the result as JSON at full precision (- for stdout)."),
]
CsvTo = Annotated[
    str | None,
    typer.Option("--csv", metavar="PATH|-", help="Write a table with units in its column names (- for stdout)."),
]
PlotTo = Annotated[
    str | None,
    typer.Option("--plot", metavar="PATH", help="Draw the result; the extension decides: .png, .svg or .pdf."),
]


class TakesNegativeNumbers(typer.core.TyperCommand):
    """A command whose positional numbers may be negative: `selectivity ratio -5` is a barrier, not an option -5."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # Only when such a number is there: otherwise a misspelt option would be taken for an argument too.
        ctx.ignore_unknown_options = any(_is_negative_number(word) for word in args)
        return super().parse_args(ctx, args)


def _is_negative_number(word: str) -> bool:
    try:
        return float(word) < 0.0 and word.startswith("-")
    except ValueError:
        return False
