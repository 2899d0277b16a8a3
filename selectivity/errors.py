"""What can go wrong, one class per kind: each message says what was found, what is needed and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SelectivityError(ValueError):
    """Any refusal of this package; the message is one line that a user can act on."""


class FileUnreadable(SelectivityError):
    """A file is missing, empty, truncated, binary, of unknown format or has unusable coordinates."""


class FilterNotFound(SelectivityError):
    """No selectivity filter can be built from what the file holds."""


class FilterIncomplete(SelectivityError):
    """A filter was found but atoms that the calculation needs are missing."""


class EnergyRefused(SelectivityError):
    """The energy model does not cover these ligands (for example carboxylates)."""


class OutOfRange(SelectivityError):
    """A number lies outside the range where the formula or the table holds."""


class UnknownChoice(SelectivityError):
    """A name is not among the valid choices; the message lists them or the nearest one."""


class Doubt(UserWarning):
    """A number that can be computed with, but that is probably not what was meant (37 K typed for 37 °C)."""


def nearest(given: str, valid: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """The valid name that is spelled most like ``given``, whatever the case; None if none is at all like it.

    ``cutoff`` is difflib's ratio of likeness, 0 (the nearest in any case) to 1 (the same).

    >>> nearest("Rate-limited", ("queue", "profile", "sites", "rate-limiting"))
    'rate-limiting'
    >>> nearest("xyzzy", ("rigid", "relaxed")) is None
    True
    """
    by_spelling = {name.casefold(): name for name in valid}
    wanted = str(given).casefold()  # whatever a caller passed in the place of a name
    found = difflib.get_close_matches(wanted, by_spelling, n=1, cutoff=cutoff)
    # A beginning counts too: "amber" or "tiss" is like a long name for a person, but not for a ratio of letters.
    begun = [name for name in by_spelling if len(wanted) > 1 and name.startswith(wanted)]
    chosen = found[0] if found else (begun[0] if begun else None)
    return None if chosen is None else by_spelling[chosen]


def unknown_choice(given: str, valid: Iterable[str]) -> str:
    """What to say about a name that is not among ``valid``: all of them, and the nearest one where there is one.

    >>> unknown_choice("relaxd", ("rigid", "relaxed"))
    "'relaxd' is not one of rigid, relaxed; did you mean 'relaxed'?"
    """
    names = tuple(valid)
    return f"'{given}' is not one of {', '.join(names) or 'none'}{hint(given, names)}"


def hint(given: str, valid: Iterable[str]) -> str:
    """The end of such a message: "; did you mean 'relaxed'?", or nothing.

    >>> hint("relaxd", ("rigid", "relaxed")), hint("xyzzy", ("rigid", "relaxed"))
    ("; did you mean 'relaxed'?", '')
    """
    near = nearest(given, valid)
    return f"; did you mean '{near}'?" if near is not None else ""
