"""Options that several commands share, with their units and help text: one meaning everywhere."""

from __future__ import annotations

import os
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
        callback=choices.known_cell,
        autocompletion=choices.cell_names,
        help="Cell preset: concentrations (mM), permeabilities, temperature; an unknown name lists them.",
    ),
]
OwnTemperature = Annotated[
    float | None, typer.Option("--temperature", metavar="KELVIN", help="Temperature in K; default: that of the cell.")
]
AmountsOut = Annotated[
    list[str] | None,
    typer.Option("--out", metavar="ION=MM", help="Concentration outside, mM (--out K=3.5); repeatable."),
]
AmountsIn = Annotated[
    list[str] | None, typer.Option("--in", metavar="ION=MM", help="Concentration inside, mM (--in Na=12); repeatable.")
]
Permeabilities = Annotated[
    list[str] | None,
    typer.Option("--p", metavar="ION=P", help="Relative permeability, no unit (--p Na=0.05); repeatable."),
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="NUMBER", min=1, help="Processes that work on the files.")]
Backend = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        **choices.among("processes", "dask"),
        help="Who works on the files: processes of this machine (as many as --jobs), or dask.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Scheduler of a running dask cluster (tcp://host:8786); default: a cluster made here.",
    ),
]
JobsOrCores = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="NUMBER",
        min=1,
        help="Processes for many files (default 1), threads for the sampling of one (default: all cores); no number depends on it.",
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


def amounts(given: list[str] | None, option: str) -> dict[str, float]:
    """Numbers by ion from words such as "K=3.5"; a malformed or repeated word is a usage error.

    >>> amounts(["K=3.5", "Na=145"], "--out")
    {'K': 3.5, 'Na': 145.0}
    """
    found: dict[str, float] = {}
    for word in given or []:
        ion, equals, number = word.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = None
        if not (ion.strip() and equals) or value is None:
            raise typer.BadParameter(f"{option} {word}: write ION=NUMBER, for example {option} K=3.5")
        if ion.strip() in found:
            raise typer.BadParameter(f"{option} {word}: {ion.strip()} is given twice; give it once")
        found[ion.strip()] = value
    return found


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


def available_cores() -> int:
    """Cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
