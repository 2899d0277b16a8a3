"""What do high and low K+ in the blood do to a heart cell? Rest of a ventricular myocyte and the sodium channels it leaves ready.

The quiescent currents of the ten Tusscher-Panfilov myocyte (I_K1 with its rectification, I_Kr, I_Ks and I_pK at their steady states,
pump, background Na+ and Ca2+), in pA/pF and mV. I_K1 passes little outward current far above E_K, so the current-voltage
relation can cross zero three times: two levels of rest, polarised and depolarised, with an unstable one between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from selectivity.constants import thermal_voltage
from selectivity.data import read_table
from selectivity.errors import OutOfRange
from selectivity.membrane.cells import cell as preset
from selectivity.membrane.conditions import Numbers, as_answer, broadcast, checked_amount, checked_number
from selectivity.membrane.nernst import thermal_voltage_mv
from selectivity.membrane.pump import pump_kinetics, pump_rate

CELL = "ventricular-myocyte"
"""The preset whose concentrations and temperature this model takes."""

SEARCH_MV = (-200.0, 60.0)
SEARCH_STEP_MV = 0.05
"""Rests are looked for on this grid: two rests closer than this are one (they are about to annihilate)."""

REFERENCE_POTASSIUM_MM = 5.4
"""K+ outside at which the conductances of data/heart_currents.csv hold."""

CONDUCTION_NEEDS = 0.25
"""Share of ready sodium channels below which this package calls a cell blocked: an assumed criterion, given as a parameter."""


@dataclass(frozen=True)
class Rests:
    """All rests at one K+ outside (mM): stable ones and the unstable ones between them (mV), ready Na+ channels at each stable one."""

    potassium_outside_mm: float
    stable_mv: tuple[float, ...]
    unstable_mv: tuple[float, ...]
    sodium_availability: tuple[float, ...]
    e_k_mv: float


def inward_rectifier_current(
    voltage: ArrayLike,
    *,
    potassium_outside: ArrayLike,
    potassium_inside: ArrayLike,
    temperature: ArrayLike,
    rectification: ArrayLike = 1.0,
) -> Any:
    """I_K1 (pA/pF), outward positive: g sqrt(K_o/5.4) x(V - E_K) (V - E_K) with the published x = alpha/(alpha + beta).

    `rectification` 0 replaces x by its value at E_K (an ohmic channel), 1 is as published; in between mixes the two.
    Everything broadcasts.

    >>> at = dict(potassium_outside=5.4, potassium_inside=138.3, temperature=310.15)
    >>> abs(inward_rectifier_current(-86.67, **at)) < 0.01  # E_K
    True
    """
    k_o = checked_amount(potassium_outside, "K outside (mM)", zero_allowed=False)
    k_i = checked_amount(potassium_inside, "K inside (mM)", zero_allowed=False)
    rt, v = np.asarray(thermal_voltage_mv(temperature)), checked_number(voltage, "voltage (mV)")
    part = checked_amount(rectification, "rectification (0 ohmic, 1 as published)")
    broadcast(k_o, k_i, rt, v, part)
    distance = v - rt * np.log(k_o / k_i)
    share = part * _open_share(distance) + (1.0 - part) * _open_share(np.zeros(()))
    scale = _number("inward_rectifier") * np.sqrt(k_o / REFERENCE_POTASSIUM_MM)
    return as_answer(np.asarray(scale * share * distance))


def resting_current(
    voltage: ArrayLike,
    *,
    potassium_outside: ArrayLike,
    sodium_leak_ns_pf: ArrayLike = 0.0,
    rectification: ArrayLike = 1.0,
) -> Any:
    """Sum of the quiescent currents (pA/pF) with every gate at its steady state; `sodium_leak_ns_pf` adds a cation leak.

    The leak stands for channels such as TWIK-1 or HCN that let Na+ in at low K+ outside. Na+ and Ca2+ channels that spikes
    need and Na+/Ca2+ exchange are left out: their steady current at rest is small beside I_K1. Broadcasts.
    """
    myocyte = preset(CELL)
    rt, k_i, na_i = thermal_voltage(myocyte.temperature_k), myocyte.inside["K"], myocyte.inside["Na"]
    v = checked_number(voltage, "voltage (mV)")
    k_o = checked_amount(potassium_outside, "K outside (mM)", zero_allowed=False)
    leak = checked_amount(sodium_leak_ns_pf, "sodium leak (nS/pF)")
    broadcast(v, k_o, leak)
    na_o = myocyte.outside["Na"]
    e_k, e_na = rt * np.log(k_o / k_i), rt * np.log(na_o / na_i)
    e_ca = 0.5 * rt * np.log(_number("calcium_outside") / _number("calcium_inside"))
    pump = pump_rate(
        pump_kinetics(str(myocyte.pump["kinetics"])),
        sodium_inside=na_i,
        sodium_outside=na_o,
        potassium_outside=k_o,
        voltage=v,
        temperature=myocyte.temperature_k,
    )
    total = (
        inward_rectifier_current(
            v,
            potassium_outside=k_o,
            potassium_inside=k_i,
            temperature=myocyte.temperature_k,
            rectification=rectification,
        )
        + _delayed_rectifiers(v, k_o, e_k, rt)
        + pump.current_ua_per_cm2
        + (_number("background_sodium") + leak) * (v - e_na)
        + _number("background_calcium") * (v - e_ca)
    )
    return as_answer(np.asarray(total))


def resting_states(potassium_outside: float, *, sodium_leak_ns_pf: float = 0.0, rectification: float = 1.0) -> Rests:
    """Every voltage at which a quiescent myocyte carries no net current, with its stability (slope of the current positive).

    >>> normal = resting_states(5.4)
    >>> [round(v, 1) for v in normal.stable_mv], round(normal.sodium_availability[0], 2)
    ([-86.7], 0.78)
    >>> [round(v) for v in resting_states(2.0, sodium_leak_ns_pf=0.002).stable_mv]
    [-108, -45]
    """

    def current(v: float) -> float:
        return float(
            resting_current(
                v,
                potassium_outside=potassium_outside,
                sodium_leak_ns_pf=sodium_leak_ns_pf,
                rectification=rectification,
            )
        )

    grid = np.arange(*SEARCH_MV, SEARCH_STEP_MV)
    values = np.asarray(
        resting_current(
            grid, potassium_outside=potassium_outside, sodium_leak_ns_pf=sodium_leak_ns_pf, rectification=rectification
        )
    )
    crossings = np.flatnonzero(np.diff(np.sign(values)))
    roots = [brentq(current, grid[i], grid[i + 1], xtol=1e-10) for i in crossings]
    stable = [v for v, i in zip(roots, crossings, strict=True) if values[i + 1] > values[i]]
    if not stable:
        raise OutOfRange(
            f"no rest between {SEARCH_MV[0]:g} and {SEARCH_MV[1]:g} mV at {potassium_outside:g} mM K+; a leak of "
            f"{sodium_leak_ns_pf:g} nS/pF overwhelms the potassium currents: give a smaller one"
        )
    myocyte = preset(CELL)
    return Rests(
        potassium_outside_mm=float(potassium_outside),
        stable_mv=tuple(stable),
        unstable_mv=tuple(v for v in roots if v not in stable),
        sodium_availability=tuple(float(sodium_availability(v)) for v in stable),
        e_k_mv=float(thermal_voltage(myocyte.temperature_k) * np.log(potassium_outside / myocyte.inside["K"])),
    )


def sodium_availability(voltage: ArrayLike) -> Any:
    """Share of sodium channels not inactivated at rest, h_inf = 1/(1 + exp((V - V_half)/s))² (tentusscher2006).

    >>> round(sodium_availability(-71.55), 2)
    0.25
    """
    v = checked_number(voltage, "voltage (mV)")
    return as_answer(np.asarray(_gate("sodium_inactivation", v)))


def depolarisation_block(*, least_availability: float = CONDUCTION_NEEDS, highest_mm: float = 40.0) -> float:
    """K+ outside (mM) above which the polarised rest leaves less than `least_availability` of the sodium channels ready.

    >>> round(depolarisation_block(), 1)
    9.6
    """
    if not 0.0 < least_availability < 1.0:
        raise OutOfRange(f"availability {least_availability}; needed: between 0 and 1")

    def surplus(k_o: float) -> float:
        return resting_states(k_o).sodium_availability[0] - least_availability

    if surplus(REFERENCE_POTASSIUM_MM) <= 0.0:
        raise OutOfRange(
            f"availability {least_availability} is not reached even at {REFERENCE_POTASSIUM_MM} mM K+; give less"
        )
    if not (math.isfinite(highest_mm) and highest_mm > REFERENCE_POTASSIUM_MM and surplus(highest_mm) < 0.0):
        raise OutOfRange(
            f"availability {least_availability} is not lost between {REFERENCE_POTASSIUM_MM} and highest_mm={highest_mm:g} mM K+; "
            "give a higher concentration"
        )
    return float(brentq(surplus, REFERENCE_POTASSIUM_MM, highest_mm, xtol=1e-6))


def _open_share(distance: Numbers) -> Numbers:
    """x = alpha/(alpha + beta) of I_K1 against V - E_K = d (mV), numbers of data/heart_currents.csv (tentusscher2006).

    alpha = a/(1 + exp(s (d - m))), beta = (slow + fast)/(1 + exp(-s (d - m))), slow and fast each r exp(s (d - m)).
    """

    def exponent(part: str) -> Numbers:
        slope, midpoint = (_number(f"inward_rectifier_{part}_{name}") for name in ("slope", "midpoint"))
        return np.asarray(slope * (distance - midpoint))

    def rate(part: str) -> float:
        return _number(f"inward_rectifier_{part}_rate")

    with np.errstate(over="ignore"):
        alpha = rate("alpha") / (1.0 + np.exp(exponent("alpha")))
        opening = rate("beta_slow") * np.exp(exponent("beta_slow")) + rate("beta_fast") * np.exp(exponent("beta_fast"))
        beta = opening / (1.0 + np.exp(-exponent("beta_gate")))
    share: Numbers = alpha / (alpha + beta)
    return share


def _gate(name: str, v: Numbers) -> Numbers:
    """Steady state of a gate, [1 + exp(-(V - V_half)/s)]^-power: opens with V for a positive slope s (mV), closes for a negative."""
    midpoint, slope, power = (_number(f"{name}_{part}") for part in ("midpoint", "slope", "power"))
    with np.errstate(over="ignore"):  # far beyond the half-point the share is 0, which 1/(1 + inf) says
        share: Numbers = (1.0 + np.exp(-(v - midpoint) / slope)) ** -power
    return share


def _delayed_rectifiers(v: Numbers, k_o: Numbers, e_k: Numbers, rt: float) -> Numbers:
    """I_Kr, I_Ks and I_pK (pA/pF) with their gates at steady state (tentusscher2006)."""
    myocyte = preset(CELL)
    ratio = _number("slow_rectifier_permeability_ratio")
    e_ks = rt * np.log((k_o + ratio * myocyte.outside["Na"]) / (myocyte.inside["K"] + ratio * myocyte.inside["Na"]))
    rapid_gate = _gate("rapid_activation", v) * _gate("rapid_inactivation", v)
    rapid = _number("rapid_rectifier") * np.sqrt(k_o / REFERENCE_POTASSIUM_MM) * rapid_gate * (v - e_k)
    slow = _number("slow_rectifier") * _gate("slow_activation", v) * (v - e_ks)
    total: Numbers = rapid + slow + _number("plateau") * _gate("plateau_activation", v) * (v - e_k)
    return total


@cache
def _number(name: str) -> float:
    return next(float(row["value"]) for row in read_table("heart_currents") if row["quantity"] == name)
