"""Where does a membrane stand while its pump runs at any strength? Leaks and pump current in balance, concentrations held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    both_sides,
    broadcast,
    checked_amount,
    checked_permeabilities,
    checked_temperature,
    valence_of,
)
from selectivity.membrane.ghk import ghk_voltage, pooled_by_charge
from selectivity.membrane.mullins_noda import PUMP_RATIO, mullins_noda_voltage
from selectivity.membrane.nernst import thermal_voltage_mv
from selectivity.membrane.temperature import Q10_LEAK, Q10_PUMP

STEPS = 80
"""Newton steps inside a shrinking bracket; a few suffice, the bisections in the worst case end below 1e-15 mV."""

SEARCH_SPAN = 60.0
"""Half-width of the bracket around the GHK voltage in units of RT/F: beyond it (1.5 V) no membrane holds."""


def pumped_voltage(
    permeability: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    pump: ArrayLike = 1.0,
    reference: ArrayLike | None = None,
    q10_pump: float = Q10_PUMP,
    q10_leak: float = Q10_LEAK,
    pump_ratio: float = PUMP_RATIO,
) -> Any:
    """Voltage (mV) at which the constant-field currents of K+, Na+ and Cl- and the pump's own current add to zero.

    ``pump`` is the strength of the pump: 0 none (GHK), 1 as strong as balances the leaks of K+ and Na+ at the ``reference``
    temperature (K; default: ``temperature``), where without chloride it gives Mullins-Noda. Away from it pump and leaks follow
    their Q10. Concentrations are held, chloride's too: seconds to minutes. With b(u) = u/(exp u - 1) and u = FV/RT

        A b(-u) - B b(u) + pump (q10_pump/q10_leak)^((T - T_ref)/10 K) I = 0,   A, B: sums of P c that carry current out and in,

    I = -[A b(-u) - B b(u)] of K+ and Na+ at the Mullins-Noda voltage of the reference. mM, K; broadcasts; a float for scalars.
    Raises OutOfRange as `ghk_voltage` and `mullins_noda_voltage`, or when the pump outruns the leaks by more than 1.5 V.
    Source: Goldman 1943; Mullins & Noda 1963.

    >>> sides = dict(outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15}, temperature=310.15)
    >>> [round(pumped_voltage({"K": 1, "Na": 0.04}, **sides, pump=share), 2) for share in (0.0, 0.5, 1.0)]
    [-68.59, -71.16, -73.82]
    """
    permeant = checked_permeabilities(permeability)
    others = [ion for ion in permeant if abs(valence_of(ion)) != 1]
    if others:
        raise OutOfRange(f"a membrane with a pump: {', '.join(others)} is not monovalent; leave it out")
    strength = checked_amount(pump, "pump strength")
    kelvin = checked_temperature(temperature)
    rest = kelvin if reference is None else checked_temperature(reference)
    sides = both_sides(permeant, outside, inside)
    broadcast(strength, kelvin, rest, *permeant.values(), *(c for pair in sides.values() for c in pair))
    v = np.asarray(ghk_voltage(permeant, outside=outside, inside=inside, temperature=kelvin))
    if not strength.any():
        return as_answer(v)
    warmed = (q10_pump / q10_leak) ** ((kelvin - rest) / 10.0)
    current = strength * warmed * _balancing(permeant, outside, inside, rest, pump_ratio)
    out, into = pooled_by_charge(permeant, sides, None)
    thermal = thermal_voltage_mv(kelvin)
    return as_answer(thermal * _balanced(v / thermal, out[1], into[1], current))


def _balancing(
    permeability: Mapping[str, Numbers], outside: Concentrations, inside: Concentrations, kelvin: Numbers, ratio: float
) -> Numbers:
    """Net outward current of a pump that returns the K+ and Na+ leaking at the Mullins-Noda voltage (units of P c)."""
    cations = {ion: p for ion, p in permeability.items() if ion in ("K", "Na")}
    rest = mullins_noda_voltage(cations, outside=outside, inside=inside, temperature=kelvin, pump_ratio=ratio)
    out, into = pooled_by_charge(cations, both_sides(cations, outside, inside), None)
    return -_leak(np.asarray(rest) / thermal_voltage_mv(kelvin), out[1], into[1])


def _leak(u: Numbers, out: Numbers, into: Numbers) -> Numbers:
    """A b(-u) - B b(u): the outward constant-field current, in units of P c."""
    return np.asarray(out * _b(-u) - into * _b(u))


def _b(u: Numbers) -> Numbers:
    near = np.abs(u) < 1e-6
    safe = np.where(near, 1.0, u)
    return np.where(near, 1.0 - 0.5 * u, safe / np.expm1(safe))


def _balanced(u: Numbers, out: Numbers, into: Numbers, pump: Numbers) -> Numbers:
    """The root of leak(u) + pump, which rises with u: secant steps inside a shrinking bracket."""
    u, out, into, pump = np.broadcast_arrays(u, out, into, pump)
    low, high = u - SEARCH_SPAN, u + SEARCH_SPAN
    if np.any(_leak(low, out, into) + pump > 0.0):
        raise OutOfRange(
            "pump strength: the pump outruns the leaks by more than 1.5 V; make it weaker or let more leak"
        )
    step = 1e-5
    for _ in range(STEPS):
        excess = _leak(u, out, into) + pump
        slope = (_leak(u + step, out, into) - _leak(u - step, out, into)) / (2.0 * step)
        high, low = np.where(excess > 0.0, u, high), np.where(excess > 0.0, low, u)
        newton = u - excess / slope
        settled = np.abs(newton - u) <= 1e-13 * np.maximum(1.0, np.abs(u))
        u = np.where(~settled & ((newton <= low) | (newton >= high)), 0.5 * (low + high), newton)
        if settled.all():
            break
    return np.asarray(u)
