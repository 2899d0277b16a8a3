"""Does an ion feel its own valence? Bond-valence sums over the oxygens around it: about 1 when a K+ or Na+ is satisfied.

V = sum over oxygens of exp((R0 - R)/B)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice, hint

PARAMETER_SETS = ("gagne-hawthorne", "brown-altermatt")
"""Sets of parameters, the preferred first: fitted per ion to the largest body of oxide structures."""


@dataclass(frozen=True)
class BondValenceParameters:
    """R0 and B (Å) of one cation-oxygen pair; ``valence`` is the sum that satisfies the ion."""

    ion: str
    r0: float
    b: float
    valence: int
    source: str


def bond_valence_parameters(ion: str, *, parameters: str | None = None) -> BondValenceParameters:
    """R0, B and valence of an ion by symbol, of one set or (None) of the first that has the ion: NH4 is in the older one only.

    Raises UnknownChoice for a set or an ion that is not tabulated.

    >>> bond_valence_parameters("K", parameters="brown-altermatt").r0
    2.132
    >>> bond_valence_parameters("K").source, bond_valence_parameters("NH4").source
    ('gagne_hawthorne2015', 'brown_altermatt1985')
    """
    if parameters is not None and parameters not in PARAMETER_SETS:
        raise UnknownChoice(
            f"bond-valence set {parameters!r}: choose one of {', '.join(PARAMETER_SETS)}{hint(parameters, PARAMETER_SETS)}"
        )
    sets = PARAMETER_SETS if parameters is None else (parameters,)
    for name in sets:
        if ion in _table()[name]:
            return _table()[name][ion]
    known = dict.fromkeys(each for name in sets for each in _table()[name])
    raise UnknownChoice(
        f"no {parameters or 'tabulated'} bond-valence parameters for {ion}; the ions are: {', '.join(known)}"
    )


def bond_valence_sum(ion: str, distances: ArrayLike, *, parameters: str | None = None) -> float:
    """Bond-valence sum of an ion with oxygens at the given distances (Å, any number; far ones fade by themselves).

    Raises OutOfRange for a distance that is not positive. Sources: brown_altermatt1985, gagne_hawthorne2015.

    >>> round(bond_valence_sum("K", [2.77] * 8), 2), round(bond_valence_sum("Na", [2.85] * 8), 2)
    (1.3, 0.51)
    """
    r = np.asarray(distances, float)
    if r.size and not np.all(r > 0.0):
        raise OutOfRange(f"ion-oxygen distance {float(np.min(r)):g} Å: distances must be positive")
    pair = bond_valence_parameters(ion, parameters=parameters)
    return float(np.exp((pair.r0 - r) / pair.b).sum())


def ideal_distance(ion: str, coordination_number: int, *, parameters: str | None = None) -> float:
    """Distance (Å) at which n equal oxygens satisfy the ion, R = R0 - B ln(valence/n).

    >>> round(ideal_distance("K", 8), 3), round(ideal_distance("Na", 6), 3)
    (2.875, 2.448)
    """
    if coordination_number < 1:
        raise OutOfRange(f"coordination number {coordination_number}: at least one oxygen is needed")
    pair = bond_valence_parameters(ion, parameters=parameters)
    return float(pair.r0 - pair.b * np.log(pair.valence / coordination_number))


@cache
def _table() -> dict[str, dict[str, BondValenceParameters]]:
    table: dict[str, dict[str, BondValenceParameters]] = {}
    for row in read_table("bond_valence"):
        pair = BondValenceParameters(
            row["ion"], float(row["r0_angstrom"]), float(row["b_angstrom"]), int(row["valence"]), row["source"]
        )
        table.setdefault(row["set"], {})[row["ion"]] = pair
    return table
