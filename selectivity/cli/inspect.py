"""`selectivity inspect`: what was found in a structure file, and how."""

from __future__ import annotations

import typer

from selectivity.cli.batch import report_failures, run_batch
from selectivity.cli.filter_options import Files, every_file
from selectivity.cli.option_groups import FilterOptions, grouped
from selectivity.cli.options import CsvTo, Jobs, JsonTo
from selectivity.cli.output import Outputs


@grouped
def inspect(
    files: Files,
    *,
    where: FilterOptions,
    jobs: Jobs = 1,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
) -> None:
    """What was found in a structure file, and how.

    Rings (radius and height in Å), sites, ions with summed occupancy, and how the filter was obtained (assembly,
    altlocs, pore, copies merged). No energies.

    \b
    $ selectivity inspect structures/kcsa_like.pdb
    kcsa_like.pdb: filter TVGYG from residue 75, four strands, 2.00 Å
    title: IDEALISED FILTER KCSA-LIKE: CONDUCTIVE FILTER WITH THE DIMENSIONS OF KCSA
    ring     kind      oxygens  radius (Å)  z (Å)
    T75 OG1  hydroxyl        4        2.65  -6.10
    T75 O    carbonyl        4        2.25  -3.10
    V76 O    carbonyl        4        2.35   0.00
    G77 O    carbonyl        4        2.35   3.00
    Y78 O    carbonyl        4        2.55   6.10
    G79 O    carbonyl        4        4.80   9.00
    site  lining  ions (occupancy)          z (Å)  waters
    Scav  cavity  -                 -14.1 to -6.1       0
    S4    cage    K 1.00             -6.1 to -3.1       0
    S3    cage    K 1.00              -3.1 to 0.0       0
    S2    cage    K 1.00               0.0 to 3.0       0
    S1    cage    K 1.00               3.0 to 6.1       0
    S0    mouth   -                   6.1 to 11.1       0
    ion  site  z (Å)  off axis (Å)  occupancy  B (Å²)  copies merged
    K    S4    -5.00          0.00       1.00      17              1
    K    S3    -1.60          0.00       1.00      17              1
    K    S2     1.60          0.00       1.00      17              1
    K    S1     5.00          0.00       1.00      17              1
    how: PDB read as deposited; altloc none; pore 1 of 1 (chains A, B, C, D (TVGYG 75)); 0 symmetry
      copies of ions and waters merged
    """
    outputs = Outputs(json_to, csv_to)
    files = every_file(files)
    source = where.source()
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
