"""How do a difference of two barriers and a ratio of two permeabilities turn into one another?

    P_first/P_second = exp(ddG_barrier/RT),     ddG_barrier = dG_barrier(second) - dG_barrier(first)

so a positive ddG prefers the first ion (K+ in P_K/P_Na). A permeability ratio is not a conductance ratio.
"""

from __future__ import annotations

import math

from selectivity.constants import thermal_energy
from selectivity.errors import OutOfRange

LARGEST_EXPONENT = 700.0
"""|ddG|/RT beyond which exp() leaves the double-precision range (709); no barrier of a pore comes near it (1700 kJ/mol)."""


def permeability_ratio(ddg_kj_mol: float, *, temperature: float) -> float:
    """P_first/P_second = exp(ddG/RT) from a barrier difference in kJ/mol at a temperature in K.

    Raises OutOfRange for a temperature that is not positive and for a ddG that is not finite or beyond 700 RT.

    >>> round(permeability_ratio(12.0, temperature=298.15), 1)
    126.6
    >>> round(permeability_ratio(12.0, temperature=310.15), 2)
    104.95
    """
    exponent = _finite(ddg_kj_mol, "ddG", "kJ/mol") / _thermal(temperature)
    if abs(exponent) > LARGEST_EXPONENT:
        raise OutOfRange(
            f"ddG = {ddg_kj_mol:g} kJ/mol is {exponent:.0f} RT at {temperature:g} K; at most {LARGEST_EXPONENT:.0f} RT "
            "can be turned into a ratio: check the unit (kJ/mol)"
        )
    return math.exp(exponent)


def barrier_difference(ratio: float, *, temperature: float) -> float:
    """The inverse, ddG = RT ln(P_first/P_second), in kJ/mol.

    Raises OutOfRange for a ratio or a temperature that is not positive.

    >>> round(barrier_difference(100.0, temperature=298.15), 2)
    11.42
    """
    if not (math.isfinite(ratio) and ratio > 0.0):
        raise OutOfRange(f"permeability ratio {ratio:g}: a positive finite number is needed (1 = no preference)")
    return _thermal(temperature) * math.log(ratio)


def barrier_difference_error(ratio: float, ratio_error: float, *, temperature: float) -> float:
    """Standard error of `barrier_difference` (kJ/mol) from that of the ratio, first order: RT error/ratio.

    Good while the error is well below the ratio; a ratio known only as a bound has no symmetric error (give its interval's
    ends to `barrier_difference` instead). Raises OutOfRange for a negative error or one as large as the ratio itself.

    >>> round(barrier_difference_error(100.0, 20.0, temperature=298.15), 3)
    0.496
    """
    barrier_difference(ratio, temperature=temperature)
    if not 0.0 <= ratio_error < ratio:
        raise OutOfRange(
            f"error {ratio_error:g} of a ratio {ratio:g}: at least 0 and below the ratio is needed for first-order "
            "propagation; convert the two ends of its interval instead"
        )
    return _thermal(temperature) * ratio_error / ratio


def _thermal(temperature: float) -> float:
    if not (math.isfinite(temperature) and temperature > 0.0):
        raise OutOfRange(
            f"temperature {temperature:g} K: a positive temperature in kelvin is needed (25 °C = 298.15 K)"
        )
    return thermal_energy(temperature)


def _finite(value: float, name: str, unit: str) -> float:
    if not math.isfinite(value):
        raise OutOfRange(f"{name} = {value} {unit}: a finite number is needed")
    return float(value)
