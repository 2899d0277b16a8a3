"""`selectivity build`: an idealised filter from published dimensions, as a PDB file."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from selectivity.cli import choices

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        callback=choices.one_of(*choices.IDEAL_FILTERS),
        help=f"Which filter: {', '.join(choices.IDEAL_FILTERS)}.",
    ),
]
OutputFile = Annotated[
    str, typer.Option("--output", "-o", metavar="PATH|-", help="PDB file to write, coordinates in Å (- for stdout).")
]


def build(name: Name, output: OutputFile = "-") -> None:
    """Build an idealised selectivity filter (PDB, Å) from published ring radii and heights; it is no real structure.

    \b
    $ selectivity build kcsa-like -o kcsa_like.pdb
    kcsa_like.pdb: idealised filter kcsa-like, coordinates in Å
    """
    from selectivity.files import require_writable, write_text

    if output != "-":
        require_writable(output)
    from selectivity.structure.ideal import build_pdb

    text = build_pdb(name)
    if output == "-":
        sys.stdout.write(text)
        return
    write_text(output, text)
    print(f"{output}: idealised filter {name}, coordinates in Å")
