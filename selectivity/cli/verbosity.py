"""How much does the program say beside its results? --quiet: errors only; --verbose: what it reads, from where, how long it took."""

from __future__ import annotations

import os
import sys

VARIABLE = "SELECTIVITY_VERBOSITY"
"""In the environment, so that worker processes know: quiet, normal or verbose."""


def quiet() -> bool:
    """Whether progress, remarks and warnings stay away."""
    return os.environ.get(VARIABLE) == "quiet"


def verbose() -> bool:
    """Whether remarks are wanted."""
    return os.environ.get(VARIABLE) == "verbose"


def watched() -> bool:
    """Whether somebody looks at a progress bar: standard error is a terminal, and --quiet was not given."""
    return sys.stderr.isatty() and not quiet()


def remark(message: str) -> None:
    """One line on standard error where --verbose asks for it."""
    if verbose():
        print(f"note: {message}", file=sys.stderr)


def in_colour() -> bool:
    """Whether results are printed for a terminal: it is one, or FORCE_COLOR says so; NO_COLOR wins over both."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")
