"""Mullins and Noda: the steady voltage of a cell whose pump exchanges r sodium for each potassium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    as_answer,
    both_sides,
    broadcast,
    checked_number,
    checked_permeabilities,
    checked_temperature,
)
from selectivity.membrane.nernst import _thermal_voltage

PUMP_RATIO = 1.5
"""Sodium moved per potassium by the Na+/K+-ATPase: 3 Na out for 2 K in."""

PASSIVE = ("Cl", "HCO3")
"""Ions that may permeate without changing the result: at a steady state with no pump of their own they carry no current."""


def mullins_noda_voltage(
    permeability: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    pump_ratio: ArrayLike = PUMP_RATIO,
) -> Any:
    """Steady-state voltage with an electrogenic pump that balances the leaks, mV.

    V = (RT/F) ln[(r P_K K_out + P_Na Na_out)/(r P_K K_in + P_Na Na_in)], r = pump_ratio (Na per K). r = 1 is an
    electroneutral pump and gives GHK of K and Na. Chloride, if its permeability is given, is passive: it adjusts its
    inside concentration to V and drops out. mM, K; broadcasts; a float for scalars.

    Raises OutOfRange for another permeant ion (the formula does not hold), a ratio not above zero, or as GHK does.
    Source: Mullins & Noda 1963.

    >>> sides = dict(outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15}, temperature=310.15)
    >>> round(mullins_noda_voltage({"K": 1, "Na": 0.04}, **sides), 2)
    -73.82
    """
    permeant = checked_permeabilities(permeability)
    others = [ion for ion in permeant if ion not in ("K", "Na", *PASSIVE)]
    if others:
        raise OutOfRange(
            f"Mullins-Noda holds for K and Na with passive Cl; {', '.join(others)} also permeates: use GHK"
        )
    pumped = {ion: p for ion, p in permeant.items() if ion in ("K", "Na")}
    if not pumped:
        raise OutOfRange("Mullins-Noda needs a permeability of K or Na; give e.g. {'K': 1.0, 'Na': 0.04}")
    r = checked_number(pump_ratio, "pump ratio")
    if np.any(r <= 0.0):
        raise OutOfRange(f"pump ratio {pump_ratio!r}: give a positive number of sodium per potassium (1.5 in nature)")
    sides = both_sides(pumped, outside, inside)
    kelvin = checked_temperature(temperature)
    broadcast(r, kelvin, *pumped.values(), *(c for pair in sides.values() for c in pair))
    weights = {ion: p * r if ion == "K" else p for ion, p in pumped.items()}
    entering = np.asarray(sum(weights[ion] * sides[ion][0] for ion in pumped))
    leaving = np.asarray(sum(weights[ion] * sides[ion][1] for ion in pumped))
    if np.any(entering <= 0.0) or np.any(leaving <= 0.0):
        side = "outside" if np.any(entering <= 0.0) else "inside"
        raise OutOfRange(f"Mullins-Noda voltage undefined: no permeant K or Na {side}; give a concentration there")
    return as_answer(_thermal_voltage(kelvin) * (np.log(entering) - np.log(leaving)))


def largest_pump_contribution(*, temperature: ArrayLike, pump_ratio: ArrayLike = PUMP_RATIO) -> Any:
    """Bound on |V_Mullins-Noda - V_GHK|, mV: (RT/F) |ln r|, approached when sodium dominates outside and potassium inside.

    >>> round(largest_pump_contribution(temperature=310.15), 2)
    10.84
    """
    r = checked_number(pump_ratio, "pump ratio")
    if np.any(r <= 0.0):
        raise OutOfRange(f"pump ratio {pump_ratio!r}: give a positive number of sodium per potassium (1.5 in nature)")
    return as_answer(_thermal_voltage(checked_temperature(temperature)) * np.abs(np.log(r)))
