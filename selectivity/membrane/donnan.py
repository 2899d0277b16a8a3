"""Where do gradients end when nothing pumps? The Donnan equilibrium of permeant ions with impermeant charge, and its water.

Every permeant ion ends at its Nernst potential, and all of them share one voltage V:

    c_in = c_out exp(-z V F/RT),     sum z c_in + z_X X = 0

Concentrations in mM, voltages in mV, temperatures in K, pressures in kPa.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from selectivity.constants import BODY_TEMPERATURE, thermal_energy, thermal_voltage
from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    checked_amount,
    checked_number,
    checked_temperature,
    valence_of,
)

NEWTON_STEPS = 100
"""Safeguarded Newton halves its bracket at worst, so this many steps reach rounding from any bracket of volts."""

BRACKET_UNITS = 50.0
"""Search range for zVF/RT: e^50 is beyond any ratio of concentrations."""


@dataclass(frozen=True)
class Donnan:
    """A Donnan equilibrium; arrays broadcast over the conditions. `volume` is relative to the one at which X was given."""

    v_mv: Numbers
    inside_mm: dict[str, Numbers]
    impermeant_mm: Numbers
    volume: Numbers
    osmotic_pressure_kpa: Numbers


def donnan_equilibrium(
    *,
    outside: Concentrations,
    impermeant: ArrayLike,
    impermeant_valence: ArrayLike,
    impermeant_outside: ArrayLike = 0.0,
    valence: Mapping[str, int] | None = None,
    temperature: float = BODY_TEMPERATURE,
) -> Donnan:
    """Equilibrium at fixed volume: `impermeant` mM of mean charge `impermeant_valence` inside, permeant ions `outside` (mM).

    Monovalent sets have a closed form, r = exp(-VF/RT) = (-Q + sqrt(Q² + 4 P N)) / 2P with Q = z_X X and P, N the summed
    cations and anions outside; other sets are solved by a bracketed root. `impermeant_outside` counts for the osmotic
    pressure only, RT (osmolarity inside - outside). Raises OutOfRange when one sign of permeant charge is missing outside.

    >>> result = donnan_equilibrium(outside={"Na": 145, "K": 3.5, "Cl": 119}, impermeant=154.962, impermeant_valence=-0.85)
    >>> round(float(result.v_mv), 2)
    -9.79
    """
    names, valences, bath = _bath(outside, valence)
    checked_temperature(temperature)
    x, charge = _impermeant(impermeant, impermeant_valence)
    checked_amount(impermeant_outside, "impermeant outside (mM)")
    reduced = _reduced_voltage(valences, bath, x * charge)
    return _equilibrium(names, valences, bath, reduced, x, np.ones_like(reduced), impermeant_outside, temperature)


def donnan_with_water(
    *,
    outside: Mapping[str, float],
    impermeant: float,
    impermeant_valence: float,
    impermeant_outside: float,
    valence: Mapping[str, int] | None = None,
    temperature: float = BODY_TEMPERATURE,
) -> Donnan:
    """Equilibrium of ions and water: the volume (relative) at which the cell also has the osmolarity of the bath.

    For monovalent ions the concentration x of impermeants follows from (1 - z²) x² - 2 O x + O² - 4 P N = 0 with O the
    osmolarity of the bath. Raises OutOfRange when no volume is large enough: a bath without impermeant solute lets any cell
    with impermeants swell without limit.

    >>> end = donnan_with_water(outside={"Na": 145, "K": 3.5, "Cl": 119}, impermeant=154.962, impermeant_valence=-0.85,
    ...                         impermeant_outside=29.5)
    >>> round(float(end.v_mv), 1), round(float(end.volume), 2)
    (0.4, 5.18)
    """
    names, valences, bath = _bath(outside, valence)
    checked_temperature(temperature)
    x, charge = (float(a) for a in _impermeant(impermeant, impermeant_valence))
    checked_amount(impermeant_outside, "impermeant outside (mM)")
    if x == 0:
        raise OutOfRange("no impermeant solute inside, so water has nothing to hold it: give impermeant > 0 mM")
    osmolarity = float(sum(bath)) + impermeant_outside
    if all(abs(z) == 1 for z in valences):
        diluted = _monovalent_dilution(valences, bath, charge, osmolarity)
    else:
        diluted = _general_dilution(valences, bath, charge, osmolarity, x)
    if not diluted > 0:
        raise OutOfRange(
            f"{impermeant_outside:g} mM of impermeant solute outside cannot balance the cell: it swells without limit; "
            "give more impermeant_outside, or fix the volume with donnan_equilibrium"
        )
    reduced = _reduced_voltage(valences, bath, np.asarray(diluted * charge))
    volume = np.asarray(x / diluted)
    return _equilibrium(names, valences, bath, reduced, np.asarray(diluted), volume, impermeant_outside, temperature)


def _monovalent_dilution(valences: Sequence[int], bath: Sequence[Numbers], charge: float, osmolarity: float) -> float:
    cations = float(sum(c for z, c in zip(valences, bath, strict=True) if z > 0))
    anions = float(sum(c for z, c in zip(valences, bath, strict=True) if z < 0))
    rest = osmolarity**2 - 4.0 * cations * anions
    # written so that z² = 1 is no special case: the small root of a x² - 2 O x + rest = 0
    return rest / (osmolarity + math.sqrt(osmolarity**2 - (1.0 - charge**2) * rest))


def _general_dilution(
    valences: Sequence[int], bath: Sequence[Numbers], charge: float, osmolarity: float, x: float
) -> float:
    def surplus(log_x: float) -> float:
        inside = math.exp(log_x)
        u = float(_reduced_voltage(valences, bath, np.asarray(inside * charge)))
        return sum(float(c) * math.exp(-z * u) for z, c in zip(valences, bath, strict=True)) + inside - osmolarity

    low, high = math.log(x) - BRACKET_UNITS / 2.0, math.log(x + osmolarity)
    if surplus(low) >= 0:
        return 0.0
    return math.exp(brentq(surplus, low, high, xtol=1e-14, rtol=1e-14))


def _equilibrium(
    names: Sequence[str],
    valences: Sequence[int],
    bath: Sequence[Numbers],
    reduced: Numbers,
    impermeant: Numbers,
    volume: Numbers,
    impermeant_outside: ArrayLike,
    temperature: float,
) -> Donnan:
    inside = {name: c * np.exp(-z * reduced) for name, z, c in zip(names, valences, bath, strict=True)}
    osmolarity_in = sum(inside.values()) + impermeant
    osmolarity_out = sum(np.asarray(c, dtype=float) for c in bath) + np.asarray(impermeant_outside, dtype=float)
    return Donnan(
        v_mv=reduced * thermal_voltage(temperature),
        inside_mm=inside,
        impermeant_mm=np.asarray(impermeant),
        volume=volume,
        # 1 mM is 1 mol/m3, so kJ/mol times mM is kPa
        osmotic_pressure_kpa=thermal_energy(temperature) * (osmolarity_in - osmolarity_out),
    )


def _reduced_voltage(valences: Sequence[int], bath: Sequence[Numbers], fixed_charge: Numbers) -> Numbers:
    """VF/RT at which sum z c exp(-z u) + fixed charge = 0."""
    if all(abs(z) == 1 for z in valences):
        cations = sum(c for z, c in zip(valences, bath, strict=True) if z > 0)
        anions = sum(c for z, c in zip(valences, bath, strict=True) if z < 0)
        root = np.sqrt(fixed_charge**2 + 4.0 * cations * anions)
        # of the two equal forms take the one that adds: no digits are lost at high fixed charge
        ratio = np.where(
            fixed_charge <= 0, (root - fixed_charge) / (2.0 * cations), 2.0 * anions / (root + fixed_charge)
        )
        return -np.log(ratio)
    return _newton(valences, bath, fixed_charge)


def _newton(valences: Sequence[int], bath: Sequence[Numbers], fixed_charge: Numbers) -> Numbers:
    shape = np.broadcast_shapes(np.shape(fixed_charge), *(np.shape(c) for c in bath))
    low, high = np.full(shape, -BRACKET_UNITS), np.full(shape, BRACKET_UNITS)
    u = np.zeros(shape)
    for _ in range(NEWTON_STEPS):
        terms = [z * c * np.exp(-z * u) for z, c in zip(valences, bath, strict=True)]
        value = sum(terms) + fixed_charge
        slope = -sum(z * term for z, term in zip(valences, terms, strict=True))
        low, high = np.where(value > 0, u, low), np.where(value > 0, high, u)
        step = u - value / slope
        new = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        if np.all(np.abs(new - u) <= 1e-15 * np.maximum(1.0, np.abs(u))):
            return new
        u = new
    return u


def _bath(outside: Concentrations, valence: Mapping[str, int] | None) -> tuple[list[str], list[int], list[Numbers]]:
    bath = [checked_amount(value, f"{name} outside (mM)") for name, value in outside.items()]
    valences = [valence_of(name, valence) for name in outside]
    for sign, word in ((1, "cation"), (-1, "anion")):
        if not any(z * sign > 0 and np.all(c > 0) for z, c in zip(valences, bath, strict=True)):
            raise OutOfRange(f"no permeant {word} outside; a Donnan equilibrium needs permeant ions of both signs")
    return list(outside), valences, bath


def _impermeant(impermeant: ArrayLike, valence: ArrayLike) -> tuple[Numbers, Numbers]:
    return checked_amount(impermeant, "impermeant (mM)"), checked_number(valence, "impermeant valence")
