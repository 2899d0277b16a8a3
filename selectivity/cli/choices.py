"""Which names may an option take? Checked while the command line is read, with the nearest valid name in the error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import typer

from selectivity.errors import unknown_choice

TREATMENTS = ("thermal", "relaxed", "rigid")
FORCE_FIELDS = ("charmm36", "amber", "amber-lsm")
HYDRATIONS = ("force-field", "schmid", "marcus", "fawcett", "tissandier")
HYDRATION_STATES = ("accessible", "dry")
RULES = ("queue", "profile", "sites", "rate-limiting")
IDEAL_FILTERS = ("kcsa-like", "nak-like", "collapsed-like", "dilated-like", "flipped-like")
ENERGY_UNITS = ("kJ", "kcal")


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


def hydration(given: str) -> str:
    """A typer callback for a water leg, which may carry a factor: "marcus*0.95"."""
    name, star, factor = given.partition("*")
    return f"{one_of(*HYDRATIONS)(name)}{star}{factor}"
def among(*valid: str) -> dict[str, Any]:
    """What typer needs to check an option against names and to complete them in a shell: ``typer.Option(..., **among("a", "b"))``."""
    return {"callback": one_of(*valid), "autocompletion": completing(*valid)}


def completing(*valid: str) -> Callable[[str], list[str]]:
    """A function that gives the names which begin as the word on the command line does.

    >>> completing("relaxed", "rigid")("re")
    ['relaxed']
    """

    def complete(incomplete: str) -> list[str]:
        return [name for name in valid if name.lower().startswith(incomplete.lower())]

    return complete


def cell_names(incomplete: str) -> list[str]:
    """The names of cell presets that begin so, read from their table only when they are asked for."""
    from selectivity.membrane.cells import cells

    return completing(*cells())(incomplete)


def known_cell(given: str) -> str:
    """A typer callback for the names of cell presets, which are read from their table only when one is asked for."""
    from selectivity.membrane.cells import cells

    return str(one_of(*cells())(given))


def known_force_field(given: str) -> str:
    """A typer callback for the names of force fields; the tables are read only for a name that a user's own may have."""
    if given.lower() in FORCE_FIELDS:
        return given.lower()
    from selectivity.energetics.force_field import force_field_names

    return str(one_of(*force_field_names())(given))


def number_or(*words: str) -> Callable[[str], str]:
    """A typer callback for an option that is a number or one of a few words; the text itself is returned."""

    def check(given: str) -> str:
        try:
            float(given)
        except ValueError:
            return str(one_of(*words)(given)) if given.lower() in words else _refuse(given, ("a number", *words))
        return given

    return check


def ion_pair(given: str) -> str:
    """A typer callback for two different ions in one word: "K,Na"."""
    ions = [ion.strip() for ion in given.split(",")]
    if len(ions) != 2 or not all(ions) or ions[0] == ions[1]:
        raise typer.BadParameter(f"'{given}': two different ions separated by a comma are needed, for example K,Na")
    return ",".join(ions)


def _refuse(given: str, valid: Sequence[str]) -> str:
    raise typer.BadParameter(unknown_choice(given, valid))
