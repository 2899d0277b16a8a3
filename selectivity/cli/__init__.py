"""The command line: parse, one library call, print. It computes nothing.

A command is one small module of this package and one line in `app`:

1. ``selectivity/cli/<name>.py`` holds one function named like the command. Its parameters are the arguments and options
   (`Annotated` aliases of `options` where one fits: `Temperature`, `Cell`, `JsonTo`, `CsvTo`, `PlotTo`), its docstring is the help
   text (what goes in, what comes out, units, one executed example after a line with ``\\b``).
2. ``selectivity/cli/app.py`` registers it: ``app.command("name")(name.name)``.

The function reads like this, and imports what it needs inside itself, because `selectivity --help` imports every command::

    def nernst(ion, cell: Cell = CELL, json_to: JsonTo = None, csv_to: CsvTo = None, plot_to: PlotTo = None):
        outputs = Outputs(json_to, csv_to, plot_to)       # refuses unwritable places before anything is computed
        from selectivity.membrane.nernst import ...       # the heavy rooms load here
        result = ...                                      # one library call
        outputs.deliver(document, payload=..., rows=..., draw=...)

What can go wrong is settled once, in `failures`: a `SelectivityError` becomes one line on stderr and exit code 1, a wrong
command line exit code 2, Ctrl-C 130, and a bug in this package one line that names it and exit code 70.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on `arguments` (default: those of the process) and return its exit code."""
    try:
        from selectivity.cli.app import app
        from selectivity.cli.failures import run
    except KeyboardInterrupt:  # while the commands load, before `run` can say it
        sys.stderr.write("interrupted\n")
        return 130

    return run(app, arguments)
