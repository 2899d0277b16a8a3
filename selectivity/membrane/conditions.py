"""Conditions of a membrane, checked: what a caller typed becomes arrays that the formulas can trust.

Concentrations in mM, permeabilities in any common unit, voltages in mV, temperatures in K, ions by name.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.errors import Doubt, OutOfRange, UnknownChoice, nearest
from selectivity.ions import ions
from selectivity.membrane.mobilities import mobilities

Concentrations = Mapping[str, ArrayLike]
"""Concentration of each ion by name, mM; scalars or arrays that broadcast."""

Numbers = NDArray[np.float64]

COLDEST_PLAUSIBLE = 200.0
"""Below this a temperature is far more likely to be Celsius typed as kelvin, K."""

PACKAGE = __name__.split(".")[0]

HOTTEST_PLAUSIBLE = 373.15
"""Above this no aqueous membrane exists at ambient pressure, K."""


def valence_of(ion: str, valence: Mapping[str, int] | None = None) -> int:
    """Charge number of an ion: from the caller's own table first, then from the names known here.

    >>> valence_of("Ca"), valence_of("Cl"), valence_of("X", {"X": 3})
    (2, -1, 3)
    """
    if valence is not None and ion in valence:
        return checked_valence(valence[ion], ion)
    known = _valences()
    if ion in known:
        return known[ion]
    near = nearest(ion.rstrip("+-0123456789"), known)
    hint = f"did you mean {near!r}? otherwise " if near is not None else ""
    raise UnknownChoice(f"{ion!r}: no ion of this name is known; {hint}pass valence={{{ion!r}: charge}}")


def checked_valence(valence: Any, what: str) -> int:
    """A non-zero integer charge number, or OutOfRange."""
    number = np.asarray(valence)
    if number.dtype.kind not in "iuf" or number.ndim or not np.isfinite(number) or number != np.round(number):
        raise OutOfRange(f"{what}: valence {valence!r} is not an integer; give the charge number, e.g. 2")
    if number == 0:
        raise OutOfRange(f"{what}: valence 0 carries no charge; give the charge number, e.g. 1, 2 or -1")
    return int(number)


def checked_number(value: ArrayLike, what: str) -> Numbers:
    """Finite numbers of any sign, or OutOfRange."""
    return _with_range(value, what)[0]


def checked_amount(value: ArrayLike, what: str, *, zero_allowed: bool = True) -> Numbers:
    """Finite numbers that are not negative (or, with zero_allowed=False, positive), or OutOfRange."""
    array, lowest, _ = _with_range(value, what)
    if lowest < 0.0:
        raise OutOfRange(f"{what}: {_first(array, array < 0.0)} is negative; amounts must be zero or more")
    if lowest == 0.0 and not zero_allowed:
        raise OutOfRange(f"{what}: 0 leaves the result undefined; give a positive value")
    return array


def checked_temperature(temperature: ArrayLike) -> Numbers:
    """Temperature in K: refused at or below zero, doubted below 200 K (Celsius?) and above 373.15 K."""
    array, lowest, highest = _with_range(temperature, "temperature (K)")
    if lowest <= 0.0:
        raise OutOfRange(f"temperature {_first(array, array <= 0.0)} K does not exist; give kelvin (37 °C is 310.15 K)")
    if lowest < COLDEST_PLAUSIBLE:
        shown = _first(array, array < COLDEST_PLAUSIBLE)
        warnings.warn(
            f"temperature {shown} K is below {COLDEST_PLAUSIBLE:.0f} K: was it typed in °C? "
            f"({shown} °C = {float(shown) + 273.15:g} K)",
            category=Doubt,
            stacklevel=_callers_level(),
        )
    if highest > HOTTEST_PLAUSIBLE:
        shown = _first(array, array > HOTTEST_PLAUSIBLE)
        warnings.warn(
            f"temperature {shown} K is hotter than boiling water: check the unit",
            category=Doubt,
            stacklevel=_callers_level(),
        )
    return array


def _callers_level() -> int:
    """Stack level of the caller outside this package: a doubt is shown once, at the line that typed the number."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == PACKAGE:
        frame, level = frame.f_back, level + 1
    return level


def both_sides(
    names: Iterable[str], outside: Concentrations, inside: Concentrations
) -> dict[str, tuple[Numbers, Numbers]]:
    """Checked (outside, inside) concentrations in mM of the named ions; UnknownChoice for a missing side."""
    pairs = {}
    for side, name in ((outside, "outside"), (inside, "inside")):
        if not isinstance(side, Mapping):
            raise UnknownChoice(
                f"{name}: got {type(side).__name__}, need a mapping by ion in mM, e.g. {name}={{'K': 5.0, 'Na': 145.0}}"
            )
    for ion in names:
        for side, name in ((outside, "outside"), (inside, "inside")):
            if ion not in side:
                raise UnknownChoice(
                    f"{ion}: no concentration {name}; that side has {', '.join(side) or 'no ions'}: "
                    f"add {name}={{{ion!r}: ...}} in mM (0 is allowed)"
                )
        pairs[ion] = (
            checked_amount(outside[ion], f"[{ion}] outside (mM)"),
            checked_amount(inside[ion], f"[{ion}] inside (mM)"),
        )
    return pairs


def checked_permeabilities(permeability: Mapping[str, ArrayLike]) -> dict[str, Numbers]:
    """Checked permeabilities of the ions that permeate; an ion of permeability 0 everywhere drops out."""
    if not isinstance(permeability, Mapping):
        raise UnknownChoice(
            f"permeability: got {type(permeability).__name__}, need a mapping by ion, e.g. {{'K': 1.0, 'Na': 0.04}}"
        )
    checked = {ion: checked_amount(value, f"permeability of {ion}") for ion, value in permeability.items()}
    permeant = {ion: array for ion, array in checked.items() if array.size == 0 or array.any()}
    if not permeant:
        raise OutOfRange("permeability: no ion permeates; give at least one positive value, e.g. {'K': 1.0}")
    return permeant


def as_answer(array: Numbers) -> Any:
    """A Python float for a scalar question, the array for an array question."""
    return float(array) if np.ndim(array) == 0 else array


def broadcast(*arrays: Numbers) -> tuple[int, ...]:
    """Common shape of the arguments, or OutOfRange naming the shapes that do not fit together."""
    shapes = {array.shape for array in arrays}
    if len(shapes) == 1:
        return shapes.pop()
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(sorted(map(str, shapes)))
        raise OutOfRange(f"shapes {listed} do not broadcast; give scalars or arrays of one shape") from None


@cache
def _valences() -> Mapping[str, int]:
    """Charge numbers by name: the species of the package and the ions of the mobility table."""
    dissolved = {name: entry.valence for name, entry in mobilities().items()}
    return dissolved | {symbol: species.valence for symbol, species in ions().items()}


def _with_range(value: Any, what: str) -> tuple[Numbers, float, float]:
    """The value as finite floats with its smallest and largest element, or OutOfRange."""
    if isinstance(value, float | int):  # the scalar call, without the fixed cost of array reductions
        number = float(value)
        if not math.isfinite(number):
            raise OutOfRange(f"{what}: {number:g} is not finite; remove or correct it")
        return np.asarray(number), number, number
    array = _as_float(value, what)
    if not array.size:
        return array, math.inf, -math.inf
    # the smallest and the largest carry NaN along, at a fraction of the cost of isfinite over the whole array
    lowest, highest = float(array.min()), float(array.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise OutOfRange(f"{what}: {_first(array, ~np.isfinite(array))} is not finite; remove or correct it")
    return array, lowest, highest


def _as_float(value: ArrayLike, what: str) -> Numbers:
    if np.ma.is_masked(value):  # asarray would drop the mask and count what it hides
        raise OutOfRange(f"{what}: some entries are masked; drop them, or fill them with numbers")
    array = np.asarray(value)
    if array.dtype.kind not in "iufb":
        try:  # objects such as Fraction are numbers; text is not, even when it looks like one
            if array.dtype.kind != "O":
                raise TypeError
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise OutOfRange(f"{what}: {value!r} is not a number; give numbers") from None
    return array.astype(np.float64, copy=False)


def _first(array: Numbers, offending: NDArray[np.bool_]) -> str:
    return f"{float(array[offending].flat[0]) if array.ndim else float(array):g}"
