"""Options of commands that work on a cell: a preset or one of the user's own, with any number replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from selectivity.cli import choices
from selectivity.cli.options import amounts

if TYPE_CHECKING:
    from selectivity.membrane.cells import Cell

AnyCell = Annotated[
    str, typer.Option("--cell", metavar="NAME", help="Cell preset, or with --cell-file one of that file's cells.")
]
CellFile = Annotated[
    str | None,
    typer.Option("--cell-file", metavar="TOML", help="Own cells; `selectivity cells --template` prints the layout."),
]


def chosen_cell(
    name: str,
    file: str | None,
    *,
    outside: list[str] | None = None,
    inside: list[str] | None = None,
    permeability: list[str] | None = None,
    temperature: float | None = None,
) -> Cell:
    """The cell that the options name, with the numbers that they replace."""
    from selectivity.errors import UnknownChoice
    from selectivity.membrane.cells import cell as preset
    from selectivity.membrane.cells import load_cells

    if file is None:
        found = preset(choices.known_cell(name))
    else:
        own = load_cells(file)
        if name not in own and len(own) > 1:
            raise UnknownChoice(f"{file}: {choices.unknown_choice(name, tuple(own))}; choose one with --cell")
        found = own[name] if name in own else next(iter(own.values()))
    return found.changed(
        outside=amounts(outside, "--out"),
        inside=amounts(inside, "--in"),
        permeability=amounts(permeability, "--p"),
        temperature=temperature,
    )
