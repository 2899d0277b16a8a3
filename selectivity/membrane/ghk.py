"""Goldman-Hodgkin-Katz: the voltage at which the currents of all permeant ions add to zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    both_sides,
    broadcast,
    checked_permeabilities,
    checked_temperature,
    valence_of,
)
from selectivity.membrane.nernst import _thermal_voltage
from selectivity.membrane.reversal import reduced_reversal, refuse_one_way


def ghk_voltage(
    permeability: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    valence: Mapping[str, int] | None = None,
) -> Any:
    """Voltage, inside minus outside in mV, at which the total constant-field current vanishes.

    Monovalent ions: V = (RT/F) ln[(sum P+ c_out + sum P- c_in) / (sum P+ c_in + sum P- c_out)]. With any other
    valence among them: the root of the total GHK current (unique, as every ion's current rises with V), bracketed.

    permeability: ion -> permeability, in any common unit (only ratios matter). outside, inside: ion -> mM, with
    an entry for every ion that permeates (other ions are ignored). temperature: K. valence: charge numbers of
    ions not known by name. Everything broadcasts; a float for scalars, else an array.

    Raises OutOfRange for negative or NaN numbers, when nothing permeates, or when no permeant ion can carry
    current in one of the two directions; UnknownChoice for an unknown ion or one lacking on a side.
    Source: Goldman 1943; Hodgkin & Katz 1949.

    >>> outside, inside = {"K": 5, "Na": 145}, {"K": 140, "Na": 15}
    >>> round(ghk_voltage({"K": 1, "Na": 0.04}, outside=outside, inside=inside, temperature=310.15), 2)
    -68.59
    """
    permeant = checked_permeabilities(permeability)
    sides = both_sides(permeant, outside, inside)
    kelvin = checked_temperature(temperature)
    broadcast(kelvin, *permeant.values(), *(array for pair in sides.values() for array in pair))
    outward, inward = pooled_by_charge(permeant, sides, valence)
    monovalent = outward.keys() == {1}
    reduced = _closed_form(outward[1], inward[1]) if monovalent else reduced_reversal(outward, inward)
    return as_answer(_thermal_voltage(kelvin) * reduced)


def pooled_by_charge(
    permeability: Mapping[str, Numbers],
    sides: Mapping[str, tuple[Numbers, Numbers]],
    valence: Mapping[str, int] | None,
) -> tuple[dict[int, Numbers], dict[int, Numbers]]:
    """Sums of P c over ions of one |z|: those that carry outward and those that carry inward current.

    A cation leaving and an anion entering are both outward current: inside cations pool with outside anions.
    """
    outward: dict[int, Numbers] = {}
    inward: dict[int, Numbers] = {}
    for ion, p in permeability.items():
        z = valence_of(ion, valence)
        c_out, c_in = sides[ion] if z > 0 else sides[ion][::-1]
        with np.errstate(over="ignore"):  # an overflow is found and named where the voltage is computed
            for pool, c in ((outward, c_in), (inward, c_out)):
                pool[abs(z)] = pool[abs(z)] + p * c if abs(z) in pool else p * c
    return outward, inward


def _closed_form(outward: Numbers, inward: Numbers) -> Numbers:
    with np.errstate(all="ignore"):  # what goes wrong here is found and named below
        reduced = np.log(inward / outward)
    extremes = (reduced.min(), reduced.max()) if reduced.size > 1 else (reduced, reduced)
    if reduced.size and not np.all(np.isfinite(extremes)):
        refuse_one_way(outward, inward)
        reduced = np.log(inward) - np.log(outward)  # only the quotient had overflowed
    return reduced
