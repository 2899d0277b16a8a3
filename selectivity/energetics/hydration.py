"""What does it cost an ion to leave water? Hydration free energies by scale and temperature, never mixed between scales.

    G(T) = G(T0) - dS (T - T0) + dCp [(T - T0) - T ln(T/T0)],     T0 = 298.15 K

The water leg belongs to the force field that makes the site leg: scale "force-field" resolves to it (charmm36,
joung-cheatham, or marcus for amber-lsm). The experimental scales schmid, marcus and fawcett (the proton scale of
Tissandier) are the sensitivity.
"""

from __future__ import annotations

import math
from functools import cache

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE
from selectivity.data import read_table
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.errors import OutOfRange, UnknownChoice, hint

TEMPERATURE_RANGE = (273.0, 373.0)
"""Range in K where the expansion about 298.15 K may be used: liquid water at normal pressure."""

EXPERIMENTAL_SCALES = ("schmid", "marcus", "fawcett")
SCALES = ("force-field", *EXPERIMENTAL_SCALES)
"""Choices of the option `hydration`."""

_UNITS = {"kJ/mol": 1.0, "kcal/mol": KJ_PER_KCAL}
_SAME_SCALE = {"tissandier": "fawcett"}

FACTOR_RANGE = (0.5, 2.0)
"""Factors by which a scale may be multiplied ("marcus*0.95"): a what-if for the price of water, not a measurement. The published
scales differ by 2 % for K+ and 10 % for the difference of Na+ and K+."""


def hydration_scale(hydration: str, *, force_field: str) -> str:
    """Name of the table behind the option `hydration` for a force field, its factor kept ("marcus*0.95").

    >>> hydration_scale("force-field", force_field="amber")
    'joung-cheatham'
    >>> hydration_scale("force-field*0.9", force_field="charmm36")
    'charmm36*0.9'
    """
    named, factor = _split(hydration)
    name = _SAME_SCALE.get(named, named)
    if name == "force-field":
        name = force_field_by_name(force_field).hydration
    if name not in _table():
        known = (*SCALES, *_SAME_SCALE)
        raise UnknownChoice(f"hydration scale {hydration!r}: choose one of {', '.join(known)}{hint(hydration, known)}")
    return name if factor == 1.0 else f"{name}*{factor!r}"


def hydration_free_energy(ion: str, *, scale: str, temperature: float = ROOM_TEMPERATURE) -> float:
    """Absolute hydration free energy in kJ/mol (negative) of an ion by symbol on one scale.

    A scale may carry a factor, "charmm36*0.9": every hydration free energy times 0.9, at every temperature. Raises UnknownChoice
    for a scale or an ion the scale does not have, OutOfRange outside 273-373 K, for a factor outside 0.5 to 2, or where the
    temperature dependence of the ion is not known. Sources: the columns of data/hydration.csv and data/hydration_temperature.csv.

    >>> round(hydration_free_energy("K", scale="charmm36"), 1)
    -332.9
    >>> round(hydration_free_energy("K", scale="charmm36*0.9"), 1)
    -299.6
    """
    scale, factor = _split(scale)
    values = _table().get(_SAME_SCALE.get(scale, scale))
    if values is None:
        raise UnknownChoice(f"hydration scale {scale!r}: choose one of {', '.join(_table())}{hint(scale, _table())}")
    if ion not in values:
        raise UnknownChoice(
            f"no hydration free energy of {ion} on the scale {scale}, which has {', '.join(values)}; "
            f"scales with {ion}: {', '.join(name for name, row in _table().items() if ion in row) or 'none'}"
        )
    return factor * (values[ion] + _temperature_shift(ion, temperature))


def dehydration_difference(first: str, second: str, *, scale: str, temperature: float = ROOM_TEMPERATURE) -> float:
    """How much more (kJ/mol) the second ion pays to leave water than the first, G_w(first) - G_w(second) on one scale.

    This is the term -[G_water(Na) - G_water(K)] of the selectivity ddG, positive for (K, Na).

    >>> round(dehydration_difference("K", "Na", scale="charmm36"), 1)
    77.8
    """
    legs = [hydration_free_energy(ion, scale=scale, temperature=temperature) for ion in (first, second)]
    return legs[0] - legs[1]


def dehydration_range(first: str, second: str, *, temperature: float = ROOM_TEMPERATURE) -> tuple[float, float]:
    """Lowest and highest `dehydration_difference` (kJ/mol) over all scales that have both ions.

    >>> [round(x, 1) for x in dehydration_range("K", "Na")]
    [70.0, 77.8]
    """
    differences = [
        dehydration_difference(first, second, scale=scale, temperature=temperature)
        for scale, values in _table().items()
        if first in values and second in values
    ]
    if not differences:
        raise UnknownChoice(f"no hydration scale has both {first} and {second}")
    return min(differences), max(differences)


def hydration_sources(scale: str, ions: tuple[str, ...]) -> tuple[str, ...]:
    """Keys of the references behind the numbers of these ions on a scale.

    >>> hydration_sources("schmid", ("K", "Na"))
    ('schmid2000',)
    """
    scale, _ = _split(scale)
    rows = (row for row in read_table("hydration") if row["scale"] == scale and row["ion"] in ions)
    return tuple(dict.fromkeys(key for row in rows for key in row["source"].split(";")))


def _split(scale: str) -> tuple[str, float]:
    """Name and factor of a scale as it is written: "marcus*0.95"; without a factor 1."""
    name, star, written = scale.partition("*")
    if not star:
        return name, 1.0
    try:
        factor = float(written)
    except ValueError:
        raise UnknownChoice(f"hydration scale {scale!r}: a factor is a number, for example {name}*0.95") from None
    low, high = FACTOR_RANGE
    if not low <= factor <= high:
        raise OutOfRange(f"hydration scale {scale!r}: a factor from {low:g} to {high:g} is needed (1 = as published)")
    return name, factor


def _temperature_shift(ion: str, temperature: float) -> float:
    low, high = TEMPERATURE_RANGE
    if not low <= temperature <= high:
        raise OutOfRange(f"temperature {temperature:g} K: hydration free energies are known from {low:g} to {high:g} K")
    if temperature == ROOM_TEMPERATURE:
        return 0.0
    if ion not in _slopes():
        raise OutOfRange(
            f"{temperature:g} K: the temperature dependence of the hydration of {ion} is not known (known: "
            f"{', '.join(_slopes())}); use 298.15 K"
        )
    entropy, heat_capacity = _slopes()[ion]
    warming = temperature - ROOM_TEMPERATURE
    curvature = warming - temperature * math.log(temperature / ROOM_TEMPERATURE)
    return -entropy * warming + heat_capacity * curvature


@cache
def _table() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for row in read_table("hydration"):
        table.setdefault(row["scale"], {})[row["ion"]] = float(row["value"]) * _UNITS[row["unit"]]
    return table


@cache
def _slopes() -> dict[str, tuple[float, float]]:
    rows = read_table("hydration_temperature")
    return {row["ion"]: (float(row["entropy"]), float(row["heat_capacity"])) for row in rows}
