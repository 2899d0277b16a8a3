"""`selectivity build`: idealised filters from published dimensions, as PDB files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from selectivity.cli import choices

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        **choices.among(*choices.IDEAL_FILTERS, "all"),
        help=f"Which filter: {', '.join(choices.IDEAL_FILTERS)}, or all of them.",
    ),
]
OutputFile = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="PATH|-", help="PDB file to write, a folder for all; default: stdout (-)."),
]


def build(name: Name, output: OutputFile = None) -> None:
    """Write an idealised filter as a PDB file.

    Built from published ring radii and heights (Å); it is no real structure.

    \b
    $ selectivity build kcsa-like -o kcsa_like.pdb
    kcsa_like.pdb: idealised filter kcsa-like, coordinates in Å
    """
    if name == "all":
        if output in (None, "-"):
            raise typer.BadParameter(
                "several files do not fit on stdout; name a folder with -o, for example -o structures"
            )
        names = {filter: str(Path(str(output)) / f"{filter.replace('-', '_')}.pdb") for filter in choices.IDEAL_FILTERS}
    else:
        names = {name: output or "-"}
    _write(names)


def _write(names: dict[str, str]) -> None:
    """Build every filter (name -> file) and write it, refusing unwritable places first."""
    from selectivity.files import require_writable, write_text

    for place in names.values():
        if place != "-":
            require_writable(place)
    from selectivity.structure.ideal import build_pdb

    for filter, place in names.items():
        text = build_pdb(filter)
        if place == "-":
            sys.stdout.write(text)
        else:
            write_text(place, text)
            print(f"{place}: idealised filter {filter}, coordinates in Å")
