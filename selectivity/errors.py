"""What can go wrong, one class per kind: each message says what was found, what is needed and what to do next."""

from __future__ import annotations


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
