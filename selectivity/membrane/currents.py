"""How much flows? Constant-field fluxes and currents of each ion, I-V curves, slope and chord conductance, driving force.

Outward positive charge is positive current. Permeabilities in cm/s give fluxes in nmol/(cm² s) and current densities in
mA/cm²; conductances are then in mS/cm² times 1000, i.e. S/cm², because 1 mA/mV = 1 S.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import FARADAY
from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    both_sides,
    broadcast,
    checked_amount,
    checked_number,
    checked_permeabilities,
    checked_temperature,
    valence_of,
)
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import _checked_valences, _thermal_voltage

CURRENT_PER_FLUX = FARADAY * 1e-3
"""mA/cm² for P c of 1 cm/s times 1 mM (1 mM = 1e-6 mol/cm³, 1 A = 1000 mA)."""

FLUX_PER_PC = 1e3
"""nmol/(cm² s) for P c of 1 cm/s times 1 mM."""

SLOPE_SERIES_BELOW = 1e-2
"""|x| under which the slope of the Bernoulli function is taken from its series: the closed form loses digits there."""


def ghk_flux(
    permeability: ArrayLike,
    *,
    outside: ArrayLike,
    inside: ArrayLike,
    valence: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike,
) -> Any:
    """Net outward flux of one ion through a constant field, nmol/(cm² s).

    J = P u (c_in - c_out e^-u)/(1 - e^-u), u = zVF/RT, written as P [c_in B(-u) - c_out B(u)] with B(u) = u/(e^u - 1):
    exact at V = 0 (J = P (c_in - c_out)) and for volts. P in cm/s, c in mM, V in mV, T in K; all broadcast.
    Raises OutOfRange as `ghk_current`. Source: Goldman 1943; Hodgkin & Katz 1949.

    >>> round(ghk_flux(1e-6, outside=5, inside=140, valence=1, voltage=0.0, temperature=310.15), 6)
    0.135
    """
    balance, _ = _balance(permeability, outside, inside, valence, voltage, temperature)
    return as_answer(FLUX_PER_PC * balance)


def ghk_current(
    permeability: ArrayLike,
    *,
    outside: ArrayLike,
    inside: ArrayLike,
    valence: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike,
) -> Any:
    """Current density of one ion through a constant field, mA/cm², outward positive: z F times `ghk_flux`.

    Raises OutOfRange for a negative permeability or concentration, valence 0, NaN, a temperature not above zero.

    >>> round(ghk_current(1.0, outside=5, inside=140, valence=1, voltage=0.0, temperature=310.15), 3)  # NEURON: 13025.520
    13025.52
    """
    balance, z = _balance(permeability, outside, inside, valence, voltage, temperature)
    return as_answer(CURRENT_PER_FLUX * z * balance)


def slope_conductance(
    permeability: ArrayLike,
    *,
    outside: ArrayLike,
    inside: ArrayLike,
    valence: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike,
) -> Any:
    """dI/dV of `ghk_current` at a voltage, mA/(cm² mV) = S/cm²; never negative.

    >>> round(1e3 * slope_conductance(1e-6, outside=5, inside=140, valence=1, voltage=-70, temperature=310.15), 4)  # mS/cm²
    0.088
    """
    p, out, into, z, u, rt_f = _checked(permeability, outside, inside, valence, voltage, temperature)
    slope = into * -bernoulli_slope(-u) - out * bernoulli_slope(u)
    return as_answer(CURRENT_PER_FLUX * p * z * z / rt_f * slope)


def chord_conductance(
    permeability: ArrayLike,
    *,
    outside: ArrayLike,
    inside: ArrayLike,
    valence: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike,
) -> Any:
    """I/(V - E) of one ion at a voltage, mA/(cm² mV) = S/cm²; at V = E its limit, the slope conductance there.

    Both concentrations must be positive (else E is undefined: OutOfRange).

    >>> args = dict(outside=5, inside=140, valence=1, temperature=310.15)
    >>> round(1e3 * chord_conductance(1e-6, voltage=-70, **args), 4)   # mS/cm²
    0.0744
    """
    p, out, into, z, u, rt_f = _checked(permeability, outside, inside, valence, voltage, temperature)
    if not (np.all(out > 0.0) and np.all(into > 0.0)):
        raise OutOfRange("chord conductance: a concentration is 0, so the reversal potential is undefined; give both")
    # c_in B(-u) - c_out B(u) = c_in B(-u) (1 - e^(u_E - u)), so dividing by u - u_E leaves no 0/0 at reversal
    distance = u - (np.log(out) - np.log(into))
    ratio = np.where(distance == 0.0, 1.0, -np.expm1(-distance) / np.where(distance == 0.0, 1.0, distance))
    return as_answer(CURRENT_PER_FLUX * p * z * z / rt_f * into * bernoulli(-u) * ratio)


def driving_force(*, voltage: ArrayLike, reversal: ArrayLike) -> Any:
    """V - E in mV: the sign of the current that a conductance carries (positive = outward).

    >>> driving_force(voltage=-70.0, reversal=-90.0)
    20.0
    """
    return as_answer(checked_number(voltage, "voltage (mV)") - checked_number(reversal, "reversal potential (mV)"))


@dataclass(frozen=True)
class CurrentVoltage:
    """I-V curves of a membrane: voltages (mV), current of each ion and their sum (mA/cm²), and where the sum is zero.

    Currents and slope have the common shape of voltages and conditions; `reversal_mv` that of the conditions, a float
    where they are scalars; `temperature_k` is as given.
    """

    voltage_mv: Numbers
    current_ma_cm2: Mapping[str, Numbers]
    total_ma_cm2: Numbers
    slope_conductance_s_cm2: Numbers
    reversal_mv: Any
    temperature_k: Any

    def table(self) -> Any:
        """A pandas DataFrame, one row per voltage and condition (last axis fastest), units in the column names."""
        import pandas as pd

        columns = {"v_mv": np.broadcast_to(self.voltage_mv, self.total_ma_cm2.shape)}
        columns |= {f"i_{ion}_ma_cm2": current for ion, current in self.current_ma_cm2.items()}
        columns |= {"i_total_ma_cm2": self.total_ma_cm2, "slope_conductance_s_cm2": self.slope_conductance_s_cm2}
        frame = pd.DataFrame({name: np.ravel(column) for name, column in columns.items()})
        frame.attrs["temperature_k"] = self.temperature_k
        return frame


def current_voltage(
    permeability: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    voltage: ArrayLike,
    valence: Mapping[str, int] | None = None,
) -> CurrentVoltage:
    """I-V curves of all permeant ions over an array of voltages (mV); permeabilities in cm/s.

    Conditions broadcast with the voltages: concentrations of shape (n, 1) and voltages (m,) give currents (n, m) and
    reversal potentials (n, 1). Raises as `ghk_voltage` and `ghk_current`.

    >>> outside, inside = {"K": 5, "Na": 145}, {"K": 140, "Na": 15}
    >>> iv = current_voltage({"K": 1e-6, "Na": 4e-8}, outside=outside, inside=inside, temperature=310.15, voltage=[-70, 0])
    >>> round(iv.reversal_mv, 2)
    -68.59
    """
    permeant = checked_permeabilities(permeability)
    sides = both_sides(permeant, outside, inside)
    volts, kelvin = np.atleast_1d(checked_number(voltage, "voltage (mV)")), checked_temperature(temperature)
    shape = broadcast(volts, kelvin, *permeant.values(), *(c for pair in sides.values() for c in pair))
    currents: dict[str, Numbers] = {}
    slope = np.zeros(shape)
    for ion, p in permeant.items():
        z = valence_of(ion, valence)
        conditions: dict[str, Any] = {"outside": sides[ion][0], "inside": sides[ion][1], "valence": z}
        current = np.asarray(ghk_current(p, voltage=volts, temperature=kelvin, **conditions))
        currents[ion] = current if current.shape == shape else np.broadcast_to(current, shape).copy()
        slope += slope_conductance(p, voltage=volts, temperature=kelvin, **conditions)
    reversal = ghk_voltage(permeability, outside=outside, inside=inside, temperature=kelvin, valence=valence)
    return CurrentVoltage(volts, currents, np.sum([*currents.values()], axis=0), slope, reversal, as_answer(kelvin))


def bernoulli(u: Numbers) -> Numbers:
    """B(u) = u/(e^u - 1), accurate for every u, with B(0) = 1."""
    with np.errstate(over="ignore"):  # e^u = inf gives the right limit, 0
        grown = np.expm1(u)
        return np.where(grown == 0.0, 1.0, u / np.where(grown == 0.0, 1.0, grown))


def bernoulli_slope(u: Numbers) -> Numbers:
    """B'(u), accurate for every u: -1/2 at 0, -> 0 for large u, -> -1 for large negative u."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        grown = np.expm1(u)
        b = bernoulli(u)
        # B' = B (1 - B e^u)/u  with  B e^u = B(-u) = B + u
        closed = np.where(np.isinf(grown), 0.0, b * (1.0 - bernoulli(-u)) / np.where(u == 0.0, 1.0, u))
    series = -0.5 + u / 6.0 - u**3 / 180.0 + u**5 / 5040.0
    return np.where(np.abs(u) < SLOPE_SERIES_BELOW, series, closed)


def _checked(
    permeability: ArrayLike,
    outside: ArrayLike,
    inside: ArrayLike,
    valence: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike,
) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers, Numbers]:
    p = checked_amount(permeability, "permeability")
    out = checked_amount(outside, "concentration outside (mM)")
    into = checked_amount(inside, "concentration inside (mM)")
    z = _checked_valences(valence)
    rt_f = _thermal_voltage(checked_temperature(temperature))
    volts = checked_number(voltage, "voltage (mV)")
    broadcast(p, out, into, z, volts, rt_f)
    return p, out, into, z, z * volts / rt_f, rt_f


def _balance(
    permeability: ArrayLike,
    outside: ArrayLike,
    inside: ArrayLike,
    valence: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike,
) -> tuple[Numbers, Numbers]:
    """P [c_in B(-u) - c_out B(u)] and z."""
    p, out, into, z, u, _ = _checked(permeability, outside, inside, valence, voltage, temperature)
    return p * (into * bernoulli(-u) - out * bernoulli(u)), z
