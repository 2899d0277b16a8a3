"""What was published? One claim a row of data/validation.csv: a value, an interval or a bound, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE, thermal_energy
from selectivity.data import read_table
from selectivity.errors import UnknownChoice

ROLES = ("test", "calibration", "control")
"""test: says something about the model. calibration: repeats what sigma was set to. control: the program against another
calculation of the same thing, or a known input; no success of the model either."""

RATIO = "ratio"
"""Unit of a permeability ratio P_K/P_Na; it is judged as RT ln P, kJ/mol."""

UNITS = {"kJ/mol": 1.0, "kcal/mol": KJ_PER_KCAL, "angstrom": 1.0, "1": 1.0}
"""Units of the other claims, and what turns them into ours."""


@dataclass(frozen=True)
class Claim:
    """One published number.

    ``low`` and ``high`` (in ``unit``; infinite for a bound) enclose what the publication allows, ``value`` is what it prints (None
    for a bound); ``tolerance`` says why the interval is as wide as it is, ``compute`` names our number, ``remark`` what to know where
    the two differ or cannot be compared.
    """

    id: str
    role: str
    group: str
    quantity: str
    compute: tuple[str, ...]
    low: float
    value: float | None
    high: float
    unit: str
    mark: str
    sources: tuple[str, ...]
    tolerance: str
    remark: str

    @property
    def published(self) -> bool:
        """Whether there is a number at all."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def energy(self) -> bool:
        """Whether the claim is judged on a scale of energies."""
        return self.unit in (RATIO, "kJ/mol", "kcal/mol")

    @property
    def range(self) -> tuple[float, float]:
        """The published interval on the scale of the verdict: kJ/mol (RT ln P for ratios), Å or a pure number."""
        return self.scaled(self.low), self.scaled(self.high)

    def scaled(self, value: float) -> float:
        """A number in the claim's unit on the scale of the verdict."""
        if self.unit == RATIO:
            rt = thermal_energy(ROOM_TEMPERATURE)
            return rt * math.log(value) if value > 0.0 else -math.inf
        return UNITS[self.unit] * value

    def in_unit(self, scaled: float) -> float:
        """The way back: from the scale of the verdict to the claim's unit."""
        if self.unit == RATIO:
            return math.exp(min(scaled / thermal_energy(ROOM_TEMPERATURE), 700.0))
        return scaled / UNITS[self.unit]


@cache
def claims() -> tuple[Claim, ...]:
    """All published numbers, in the order of the table.

    >>> [claim.low for claim in claims() if claim.id == "ratio_1k4c"]
    [150.0]
    """
    return tuple(_claim(dict(row)) for row in read_table("validation"))


def claim(identity: str) -> Claim:
    """One claim by its identity; UnknownChoice where there is none.

    >>> claim("ratio_3lut").value
    25.0
    """
    for each in claims():
        if each.id == identity:
            return each
    raise UnknownChoice(f"no claim {identity!r}: the column id of data/validation.csv lists them")


def _claim(row: dict[str, str]) -> Claim:
    return Claim(
        id=row["id"],
        role=row["role"],
        group=row["group"],
        quantity=row["quantity"],
        compute=tuple(row["compute"].split()),
        low=float(row["low"] or -math.inf),
        value=float(row["value"]) if row["value"] else None,
        high=float(row["high"] or math.inf),
        unit=row["unit"],
        mark=row["mark"],
        sources=tuple(key.strip() for key in row["source"].split(";")),
        tolerance=row["convention"],
        remark=row["remark"],
    )
