"""When do two numbers agree? Our interval against a published interval or bound, by rules that were stated before the numbers.

Ours is a value with a standard error, the publication a range [low, high], infinite on one side where a bound was measured ("> 150"
is censored data: every larger number agrees equally well). In this order:

1. nothing of ours, or nothing published: cannot say
2. our 95 % interval and the published range have nothing in common: misses
3. our 95 % interval lies within the published range: agrees
4. they overlap, and ours is no wider than two decades of a ratio (RT ln 100 = 11.4 kJ/mol): agrees within its error
5. they overlap, but ours is wider than that, so that it would agree with almost anything: the interval of one standard error
   decides; within the published range: agrees; outside it: misses; across its edge: cannot say
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.permeation.uncertainty import normal_interval

AGREES, MISSES, CANNOT_SAY = "agrees", "misses", "cannot say"
VERDICTS = (AGREES, MISSES, CANNOT_SAY)

WIDE_KJ_MOL = thermal_energy(ROOM_TEMPERATURE) * math.log(100.0)
"""Two decades of a permeability ratio as an energy, 11.4 kJ/mol."""


@dataclass(frozen=True)
class Ours:
    """Our number on the scale of the verdict (kJ/mol, Å, 1) with its standard error; ``missing`` says why there is none."""

    value: float | None = None
    error: float = 0.0
    missing: str = ""
    point: bool = True
    """False where only the interval means something (structures worse than 3 Å)."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval."""
        return None if self.value is None else normal_interval(self.value, self.error)


def verdict(published: tuple[float, float], ours: Ours) -> str:
    """Agrees, misses or cannot say, by the rules above; ``published`` (low, high) on the scale of ours, infinite where open.

    >>> verdict((12.4, math.inf), Ours(30.0, 4.0)), verdict((12.4, math.inf), Ours(2.0, 1.0)), verdict((12.4, math.inf), Ours(13.0, 6.0))
    ('agrees', 'misses', 'cannot say')
    """
    low, high = published
    interval = ours.interval
    if ours.value is None or interval is None or (math.isinf(low) and math.isinf(high)):
        return CANNOT_SAY
    if _apart(interval, published):
        return MISSES
    if _within(interval, published) or interval[1] - interval[0] <= WIDE_KJ_MOL:
        return AGREES
    core = (ours.value - ours.error, ours.value + ours.error)
    if _within(core, published):
        return AGREES
    return MISSES if _apart(core, published) else CANNOT_SAY


def _apart(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return inner[1] < outer[0] or inner[0] > outer[1]


def _within(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
