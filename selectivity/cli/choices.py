"""Which names may an option take? Checked while the command line is read, with the nearest valid name in the error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches

import typer

TREATMENTS = ("relaxed", "rigid")
FORCE_FIELDS = ("charmm36", "amber")
HYDRATIONS = ("force-field", "schmid", "marcus", "tissandier")
HYDRATION_STATES = ("dry",)
RULES = ("profile", "sites", "rate-limiting")
CELLS = ("neuron",)
IDEAL_FILTERS = ("kcsa-like", "nak-like", "collapsed-like", "dilated-like", "flipped-like")
ENERGY_UNITS = ("kJ", "kcal")


def unknown_choice(given: str, valid: Sequence[str]) -> str:
    """What to say about a name that is not among `valid`.

    >>> unknown_choice("relaxd", ("rigid", "relaxed"))
    "'relaxd' is not one of rigid, relaxed; did you mean 'relaxed'?"
    """
    near = get_close_matches(given.lower(), [name.lower() for name in valid], n=1, cutoff=0.5)
    hint = f"; did you mean '{next(name for name in valid if name.lower() == near[0])}'?" if near else ""
    return f"'{given}' is not one of {', '.join(valid)}{hint}"


def one_of(*valid: str) -> Callable[[str | None], str | None]:
    """A typer callback that accepts the names in `valid` whatever their case, and refuses others with the nearest one."""
    spelled = {name.lower(): name for name in valid}

    def check(given: str | None) -> str | None:
        if given is None:
            return None
        if given.lower() not in spelled:
            raise typer.BadParameter(unknown_choice(given, valid))
        return spelled[given.lower()]

    return check
