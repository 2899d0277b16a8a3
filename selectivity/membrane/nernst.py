"""Nernst: the voltage at which one ion is in equilibrium across the membrane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import FARADAY, GAS_CONSTANT_KJ
from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    both_sides,
    broadcast,
    checked_amount,
    checked_temperature,
    valence_of,
)


def thermal_voltage_mv(temperature: ArrayLike) -> Any:
    """RT/F in mV at temperatures in K, any shape; refuses temperatures at or below zero.

    >>> round(thermal_voltage_mv(293.15), 3)
    25.262
    """
    return as_answer(_thermal_voltage(checked_temperature(temperature)))


def nernst_potential(*, outside: ArrayLike, inside: ArrayLike, valence: ArrayLike, temperature: ArrayLike) -> Any:
    """Equilibrium potential of one ion, inside minus outside, mV.

    E = (RT/zF) ln(outside/inside). Concentrations in mM (both positive), valence a non-zero integer, temperature
    in K; all broadcast together. Returns a float for scalars, else an array of the common shape.

    Raises OutOfRange for a concentration that is zero or negative, valence 0, temperature not above zero, NaN.
    Source: Nernst 1889; constants CODATA.

    >>> round(nernst_potential(outside=5.0, inside=140.0, valence=1, temperature=310.15), 2)
    -89.06
    """
    out = checked_amount(outside, "concentration outside (mM)", zero_allowed=False)
    into = checked_amount(inside, "concentration inside (mM)", zero_allowed=False)
    z = _checked_valences(valence)
    kelvin = checked_temperature(temperature)
    broadcast(out, into, z, kelvin)
    return as_answer(_thermal_voltage(kelvin) / z * (np.log(out) - np.log(into)))


def nernst_potentials(
    ions: Mapping[str, Any] | list[str] | tuple[str, ...],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    valence: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Equilibrium potential of each named ion, mV, from the mappings of both sides.

    >>> outside, inside = {"K": 5, "Ca": 2}, {"K": 140, "Ca": 1e-4}
    >>> e = nernst_potentials(["K", "Ca"], outside=outside, inside=inside, temperature=310.15)
    >>> {ion: round(mv, 1) for ion, mv in e.items()}
    {'K': -89.1, 'Ca': 132.3}
    """
    potentials = {}
    for ion, (out, into) in both_sides(ions, outside, inside).items():
        if not (np.all(out > 0.0) and np.all(into > 0.0)):
            side = "outside" if not np.all(out > 0.0) else "inside"
            raise OutOfRange(f"{ion}: 0 mM {side} leaves its Nernst potential undefined; give a positive one")
        potentials[ion] = nernst_potential(
            outside=out, inside=into, valence=valence_of(ion, valence), temperature=temperature
        )
    return potentials


def _thermal_voltage(kelvin: Numbers) -> Numbers:
    return (1e6 * GAS_CONSTANT_KJ / FARADAY) * kelvin  # kJ/C = 1e6 mV


def _checked_valences(valence: ArrayLike) -> Numbers:
    try:
        z = np.asarray(valence, dtype=np.float64)
    except (TypeError, ValueError):
        raise OutOfRange(f"valence {valence!r} is not an integer; give the charge number, e.g. 1, 2 or -1") from None
    if not np.all(np.isfinite(z)) or np.any(z != np.round(z)):
        raise OutOfRange(f"valence {valence!r} is not an integer; give the charge number, e.g. 1, 2 or -1")
    if np.any(z == 0):
        raise OutOfRange("valence 0 carries no charge; give the charge number, e.g. 1, 2 or -1")
    return z
