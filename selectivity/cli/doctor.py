"""`selectivity doctor`: is everything there that this program needs, and does it work?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from selectivity.cli.failures import EXIT_REFUSED
from selectivity.cli.options import CsvTo, JsonTo
from selectivity.cli.output import Outputs
from selectivity.report.document import Block, Paragraph, Table

Check = Annotated[
    bool,
    typer.Option(
        "--check/--no-check", help="Run an idealised filter through the chain: a second, a minute the first time."
    ),
]
WORDS = {"ok": "ok", "missing": "MISSING", "optional": "not needed", "failed": "FAILED"}


def doctor(check: Check = True, json_to: JsonTo = None, csv_to: CsvTo = None) -> None:
    """Is everything there that this program needs, and does it work?

    Libraries with their versions, what is missing and what it would be for; folders and whether they can be written; compiled
    code; processors; and one idealised filter through the whole chain. Exit code 1 if something that is needed is missing or
    fails; what only an extra needs is told and is no failure. Nothing is changed and nothing is fetched.

    \b
    $ selectivity doctor --no-check
    topic  ...
    program  selectivity  ...
    ...
    everything that is needed is there
    """
    outputs = Outputs(json_to, csv_to)
    from selectivity.cli.checkup import findings

    found = findings(run=check)
    bad = [each for each in found if each.state in ("missing", "failed")]
    rows = [asdict(each) for each in found]
    verdict = f"not well: {', '.join(each.name for each in bad)}" if bad else "everything that is needed is there"
    table = Table(
        ("topic", "what", "found", "state", "remark"),
        tuple((each.topic, each.name, each.found, WORDS[each.state], each.remark) for each in found),
        text_columns=5,
    )
    document: list[Block] = [table, Paragraph(verdict)]
    outputs.deliver(document, payload=lambda: {"healthy": not bad, "findings": rows}, rows=lambda: rows)
    if bad:
        raise typer.Exit(EXIT_REFUSED)
