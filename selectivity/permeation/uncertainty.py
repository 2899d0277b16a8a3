"""How sure is a ratio? Errors of a barrier difference add in quadrature; the ratio's interval is symmetric in its logarithm.

Central values stay unperturbed: the mean of exp(ddG/RT) over an error is biased upward and is never reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from scipy.special import ndtri

from selectivity.constants import thermal_energy
from selectivity.errors import OutOfRange
from selectivity.permeation.ratio import LARGEST_EXPONENT, permeability_ratio

INTERVAL_LEVEL = 0.95
"""Probability that the printed intervals are meant to hold."""


def quadrature(components: Iterable[float | None]) -> float:
    """Standard error of a sum of independent errors, sqrt(sum e²); an error that is not known (None) is left out.

    >>> quadrature([3.0, 4.0, None])
    5.0
    """
    return math.sqrt(sum(error**2 for error in components if error is not None))


def uniform_spread(low: float, high: float, central: float) -> float:
    """Standard deviation about the value used when the truth may lie anywhere between low and high with equal right.

        s² = (high - low)²/12 + ((low + high)/2 - central)²

    The second part is there because the value used is not always the middle of the range.

    >>> round(uniform_spread(70.0, 77.8, 77.8), 2)
    4.5
    """
    if not low <= high:
        raise OutOfRange(f"range {low:g} to {high:g}: the lower end must not exceed the upper one")
    return math.sqrt((high - low) ** 2 / 12.0 + (0.5 * (low + high) - central) ** 2)


def normal_interval(central: float, error: float, *, level: float = INTERVAL_LEVEL) -> tuple[float, float]:
    """Symmetric interval central ± z error of a normal quantity (any unit); z = 1.96 at 95 %.

    >>> [round(x, 2) for x in normal_interval(10.0, 1.0)]
    [8.04, 11.96]
    """
    if not 0.0 < level < 1.0:
        raise OutOfRange(f"interval level {level:g}: a probability between 0 and 1 is needed (0.95)")
    if not error >= 0.0:
        raise OutOfRange(f"standard error {error:g}: zero or a positive number is needed")
    half = float(ndtri(0.5 + 0.5 * level)) * error
    return central - half, central + half


def ratio_interval(
    ddg_kj_mol: float, error_kj_mol: float, *, temperature: float, level: float = INTERVAL_LEVEL
) -> tuple[float, float]:
    """Asymmetric interval of the permeability ratio whose logarithm is normal: exp of the ends of ddG's interval over RT.

    An end beyond 700 RT (a ratio of 10^304) is given as that: such an error only says that nothing is known.

    >>> low, high = ratio_interval(12.0, 2.0, temperature=298.15)
    >>> round(low, 1), round(high, 1)
    (26.0, 615.2)
    """
    largest = LARGEST_EXPONENT * thermal_energy(temperature)
    low, high = (min(max(end, -largest), largest) for end in normal_interval(ddg_kj_mol, error_kj_mol, level=level))
    return permeability_ratio(low, temperature=temperature), permeability_ratio(high, temperature=temperature)


def log10_ratio_error(error_kj_mol: float, *, temperature: float) -> float:
    """Standard error of log10(P_first/P_second) for a standard error of ddG in kJ/mol.

    >>> round(log10_ratio_error(5.708, temperature=298.15), 3)
    1.0
    """
    return error_kj_mol / (thermal_energy(temperature) * math.log(10.0))
