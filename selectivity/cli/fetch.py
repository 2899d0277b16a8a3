"""`selectivity fetch`: entries of the Protein Data Bank into the cache, or into a folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.batch import report_failures, run_batch
from selectivity.cli.options import CsvTo, JsonTo
from selectivity.cli.output import Outputs
from selectivity.report.document import Block, Paragraph

if TYPE_CHECKING:
    from selectivity.archive.fetch import Fetched

Identifiers = Annotated[
    list[str], typer.Argument(metavar="ID", help="PDB identifiers: 1K4C, 1k4c or pdb_00001k4c; several may be given.")
]
Folder = Annotated[
    str | None,
    typer.Option("--out", metavar="DIR", help="Copy the files into this folder; default: they stay in the cache."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Fetch even what is in the cache, and trust what comes: for revised entries.")
]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Seconds that one file may take.")
]


def fetch(
    ids: Identifiers,
    out: Folder = None,
    force: Force = False,
    timeout: Timeout = 120.0,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
) -> None:
    """Fetch entries of the Protein Data Bank: once, checked, kept.

    mmCIF where the archive has it, else the PDB format, as they lie there (gzipped). A file is kept when it is whole and is the entry
    that was asked for. The archive publishes no checksums: the SHA-256 of the first download stands beside the file and every
    later use is compared with it. Other commands fetch by themselves when an identifier stands where a file could.

    The archive is the wwPDB's; SELECTIVITY_ARCHIVE_URL names a mirror or a copy with the same folders, SELECTIVITY_CACHE the
    folder of the cache.

    \b
    $ selectivity fetch 1K4C --out .
    1K4C: mmCIF, ... kB, from http...1k4c.cif.gz
    1K4C: SHA-256 ...
    1k4c.cif.gz
    """
    outputs = Outputs(json_to, csv_to)
    if out is not None and not Path(out).is_dir():
        raise typer.BadParameter(f"--out {out}: no such folder; create it or name another")
    outcomes = run_batch(partial(_fetched, folder=out, force=force, timeout=timeout), ids)
    exit_code = report_failures(outcomes)
    found = [outcome.value for outcome in outcomes if outcome.value is not None]
    if found:
        outputs.deliver(
            [block for each in found for block in _document(each)],
            payload=lambda: [_row(each) for each in found],
            rows=lambda: [_row(each) for each in found],
        )
    if exit_code:
        raise typer.Exit(exit_code)


def _fetched(identifier: str, *, folder: str | None, force: bool, timeout: float) -> Fetched:
    from selectivity.archive.fetch import fetch_entry

    return fetch_entry(identifier, folder=folder, force=force, timeout=timeout)


def _document(found: Fetched) -> list[Block]:
    name = found.entry.upper()
    kept = "as first fetched " if found.cached else ""
    size = f"{found.path.stat().st_size / 1e3:.0f} kB"
    return [
        Paragraph(f"{name}: {found.format}, {size}, {kept}from {found.url}"),
        Paragraph(f"{name}: SHA-256 {found.sha256}"),
        Paragraph(str(found.path)),
    ]


def _row(found: Fetched) -> dict[str, Any]:
    return {
        "entry": found.entry,
        "path": str(found.path),
        "format": found.format,
        "sha256": found.sha256,
        "url": found.url,
        "cached": found.cached,
    }
