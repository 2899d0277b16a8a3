"""`selectivity explore`: the chain under your hands, in a local web page."""

from __future__ import annotations

from typing import Annotated

import typer

File = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="Structure file to begin with (PDB, mmCIF, also gzipped); coordinates in Å."),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", metavar="NUMBER", min=0, max=65535, help="Port; default: the first free one from 8765 (0: any)."
    ),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address and open nothing.")]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; others than 127.0.0.1 let others in.")
]
Check = Annotated[bool, typer.Option("--check", help="Say whether the explorer can run here, and leave.")]


def explore(
    file: File = None,
    port: Port = None,
    no_browser: NoBrowser = False,
    host: Host = "127.0.0.1",
    check: Check = False,
) -> None:
    """Turn the knobs of a filter and a cell in a local web page.

    Sliders for ddG‡ (kJ/mol) or the structure (dilation and sigma, Å), concentrations (mM), temperature (K), leak and pump; ratio and
    membrane potential (mV) follow. Stories ask you to predict first. Needs `pip install "selectivity[explore]"`. The page is served on
    this machine only and asks no other; files dropped in it are not stored.

    \b
    $ selectivity explore --check
    the explorer can run: selectivity explore [FILE]
    """
    from selectivity.errors import SelectivityError

    try:
        from selectivity.app import run
    except ModuleNotFoundError as missing:
        if missing.name not in ("starlette", "uvicorn", "anyio"):
            raise
        raise SelectivityError(
            f'explore needs {missing.name}, which is not installed: pip install "selectivity[explore]"'
        ) from None
    if check:
        print("the explorer can run: selectivity explore [FILE]")
        return
    run.explore(file, host=host, port=port, browser=not no_browser, say=lambda line: print(line, flush=True))
