"""Where do gradients end when nothing pumps? The Donnan equilibrium of permeant ions with impermeant charge, and its water.

Every permeant ion ends at its Nernst potential, and all of them share one voltage V:

    c_in = c_out exp(-z V F/RT),     sum z c_in + z_X X = 0

Concentrations in mM, voltages in mV, temperatures in K, pressures in kPa.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import BODY_TEMPERATURE, GAS_CONSTANT_KJ
from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    broadcast,
    checked_amount,
    checked_number,
    checked_temperature,
    valence_of,
)
from selectivity.membrane.nernst import thermal_voltage_mv

NEWTON_STEPS = 100
"""Safeguarded Newton halves its bracket at worst, so this many steps reach rounding from any bracket of volts."""

BRACKET_UNITS = 50.0
"""Search range for zVF/RT: e^50 is beyond any ratio of concentrations."""

LEAST_PRESSURE = 1e-12
"""Share of the bath's osmolarity that impermeant solute outside must hold: less is rounding, and the cell swells without limit."""


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
    temperature: ArrayLike = BODY_TEMPERATURE,
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
    kelvin = checked_temperature(temperature)
    x, charge, x_out = _impermeant(impermeant, impermeant_valence, impermeant_outside)
    broadcast(x, charge, x_out, kelvin, *bath)
    with np.errstate(over="ignore"):  # found and named where the result is made
        fixed_charge = x * charge
    reduced = _reduced_voltage(valences, bath, fixed_charge)
    return _equilibrium(names, valences, bath, reduced, x, np.ones(()), x_out, kelvin)


def donnan_with_water(
    *,
    outside: Concentrations,
    impermeant: ArrayLike,
    impermeant_valence: ArrayLike,
    impermeant_outside: ArrayLike,
    valence: Mapping[str, int] | None = None,
    temperature: ArrayLike = BODY_TEMPERATURE,
) -> Donnan:
    """Equilibrium of ions and water: the volume (relative) at which the cell also has the osmolarity of the bath; broadcasts.

    For monovalent ions the concentration x of impermeants follows from (1 - z²) x² - 2 O x + O² - 4 P N = 0 with O the
    osmolarity of the bath; other sets are solved by a bracketed root. Raises OutOfRange when no volume is large enough: a bath
    without impermeant solute lets any cell with impermeants swell without limit.

    >>> end = donnan_with_water(outside={"Na": 145, "K": 3.5, "Cl": 119}, impermeant=154.962, impermeant_valence=-0.85,
    ...                         impermeant_outside=29.5)
    >>> round(float(end.v_mv), 1), round(float(end.volume), 2)
    (0.4, 5.18)
    """
    names, valences, bath = _bath(outside, valence)
    kelvin = checked_temperature(temperature)
    x, charge, x_out = _impermeant(impermeant, impermeant_valence, impermeant_outside)
    if np.any(x == 0):
        raise OutOfRange("no impermeant solute inside, so water has nothing to hold it: give impermeant > 0 mM")
    broadcast(x, charge, x_out, kelvin, *bath)
    osmolarity = np.asarray(sum(bath) + x_out)
    dilution = _monovalent_dilution if all(abs(z) == 1 for z in valences) else _general_dilution
    diluted = dilution(valences, bath, charge, osmolarity)
    if not np.all(diluted > LEAST_PRESSURE * osmolarity):
        raise OutOfRange(
            f"{np.min(x_out):g} mM of impermeant solute outside cannot balance the cell: it swells without limit; "
            "give more impermeant_outside, or fix the volume with donnan_equilibrium"
        )
    reduced = _reduced_voltage(valences, bath, diluted * charge)
    return _equilibrium(names, valences, bath, reduced, diluted, x / diluted, x_out, kelvin)


def _monovalent_dilution(
    valences: Sequence[int], bath: Sequence[Numbers], charge: Numbers, osmolarity: Numbers
) -> Numbers:
    cations = sum(c for z, c in zip(valences, bath, strict=True) if z > 0)
    anions = sum(c for z, c in zip(valences, bath, strict=True) if z < 0)
    rest = osmolarity**2 - 4.0 * cations * anions
    # written so that z² = 1 is no special case: the small root of a x² - 2 O x + rest = 0
    return np.asarray(rest / (osmolarity + np.sqrt(np.maximum(osmolarity**2 - (1.0 - charge**2) * rest, 0.0))))


def _general_dilution(
    valences: Sequence[int], bath: Sequence[Numbers], charge: Numbers, osmolarity: Numbers
) -> Numbers:
    """Concentration x of impermeants at which both sides have one osmolarity; 0 where only no impermeant at all would.

    The osmolarity inside grows with x, by at least 1 per mM (more, as the ions follow the charge): Newton from above inside
    a bracket (0, osmolarity of the bath).
    """
    shape = np.broadcast_shapes(np.shape(charge), np.shape(osmolarity), *(np.shape(c) for c in bath))
    low, high = np.zeros(shape), np.broadcast_to(osmolarity, shape).astype(float)
    x = 0.5 * high
    for _ in range(NEWTON_STEPS):
        u = _reduced_voltage(valences, bath, x * charge)
        terms = [c * np.exp(-z * u) for z, c in zip(valences, bath, strict=True)]
        surplus = sum(terms) + x - osmolarity
        slope = 1.0 + charge**2 * x / sum(z * z * term for z, term in zip(valences, terms, strict=True))
        low, high = np.where(surplus < 0, x, low), np.where(surplus > 0, x, high)
        step = x - surplus / slope
        new = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        if np.all(np.abs(new - x) <= 1e-15 * osmolarity):
            break
        x = new
    return x


def _equilibrium(
    names: Sequence[str],
    valences: Sequence[int],
    bath: Sequence[Numbers],
    reduced: Numbers,
    impermeant: Numbers,
    volume: Numbers,
    impermeant_outside: Numbers,
    kelvin: Numbers,
) -> Donnan:
    with np.errstate(all="ignore"):  # what overflows here is found and named below
        inside = {name: c * np.exp(-z * reduced) for name, z, c in zip(names, valences, bath, strict=True)}
        osmolarity_in, osmolarity_out = sum(inside.values()) + impermeant, sum(bath) + impermeant_outside
        # 1 mM is 1 mol/m3, so kJ/mol times mM is kPa
        pressure = GAS_CONSTANT_KJ * kelvin * (osmolarity_in - osmolarity_out)
    v = reduced * np.asarray(thermal_voltage_mv(kelvin))
    if not (np.all(np.isfinite(v)) and np.all(np.isfinite(pressure))):
        raise OutOfRange("Donnan equilibrium: concentrations too extreme for double precision; check the units (mM)")
    shape = np.broadcast_shapes(pressure.shape, np.shape(volume))  # the volume also knows at which X it was given

    def full(array: Numbers) -> Numbers:
        return np.broadcast_to(array, shape).copy()

    return Donnan(
        full(v), {name: full(c) for name, c in inside.items()}, full(impermeant), full(volume), full(pressure)
    )


def _reduced_voltage(valences: Sequence[int], bath: Sequence[Numbers], fixed_charge: Numbers) -> Numbers:
    """VF/RT at which sum z c exp(-z u) + fixed charge = 0."""
    if all(abs(z) == 1 for z in valences):
        cations = sum(c for z, c in zip(valences, bath, strict=True) if z > 0)
        anions = sum(c for z, c in zip(valences, bath, strict=True) if z < 0)
        with np.errstate(all="ignore"):  # an overflow is found and named where the result is made
            root = np.hypot(fixed_charge, 2.0 * np.sqrt(cations * anions))
            # of the two equal forms take the one that adds: no digits are lost at high fixed charge
            ratio = np.where(
                fixed_charge <= 0, (root - fixed_charge) / (2.0 * cations), 2.0 * anions / (root + fixed_charge)
            )
            return np.asarray(-np.log(ratio))
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
    if not isinstance(outside, Mapping):
        raise OutOfRange(
            f"outside: got {type(outside).__name__}, need a mapping by ion in mM, e.g. {{'K': 5.0, 'Cl': 5.0}}"
        )
    bath = [checked_amount(value, f"{name} outside (mM)") for name, value in outside.items()]
    valences = [valence_of(name, valence) for name in outside]
    broadcast(*bath)
    for sign, word in ((1, "cation"), (-1, "anion")):
        if not np.all(np.asarray(sum(c for z, c in zip(valences, bath, strict=True) if z * sign > 0)) > 0):
            raise OutOfRange(f"no permeant {word} outside; a Donnan equilibrium needs permeant ions of both signs")
    return list(outside), valences, bath


def _impermeant(impermeant: ArrayLike, valence: ArrayLike, outside: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
    return (
        checked_amount(impermeant, "impermeant (mM)"),
        checked_number(valence, "impermeant valence"),
        checked_amount(outside, "impermeant outside (mM)"),
    )
