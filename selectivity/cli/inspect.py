"""`selectivity inspect`: what was found in a structure file, and how."""

from __future__ import annotations

import typer

from selectivity.cli.batch import report_failures, run_batch
from selectivity.cli.filter_options import Altloc, Assembly, Files, Pore, Rings, Source
from selectivity.cli.options import CsvTo, Jobs, JsonTo
from selectivity.cli.output import Outputs


def inspect(
    files: Files,
    assembly: Assembly = "auto",
    pore: Pore = None,
    altloc: Altloc = "auto",
    rings: Rings = None,
    jobs: Jobs = 1,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
) -> None:
    """Show the filter of a structure file: rings (radius and height in Å), sites, ions with summed occupancy, and how it was
    obtained (assembly, altlocs, pore, copies merged). No energies.

    \b
    $ selectivity inspect structures/kcsa_like.pdb
    """
    outputs = Outputs(json_to, csv_to)
    source = Source.of(assembly, pore, altloc, rings)
    outcomes = run_batch(source, files, jobs=jobs)
    exit_code = report_failures(outcomes)
    found = [outcome.value for outcome in outcomes if outcome.value is not None]
    if found:
        from selectivity.report.structure import filter_dict, filter_document, ring_rows

        payload = [filter_dict(filter) for filter in found]
        outputs.deliver(
            [block for filter in found for block in filter_document(filter)],
            payload=lambda: payload[0] if len(files) == 1 else payload,
            rows=lambda: [row for filter in found for row in ring_rows(filter)],
        )
    if exit_code:
        raise typer.Exit(exit_code)
