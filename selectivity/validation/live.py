"""Which of our numbers take milliseconds? Free cages of carbonyls at T = 0 and water legs; computed whenever the table is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from selectivity.energetics.cages import LigandCage, cage_preference, ligand_cage
from selectivity.energetics.hydration import dehydration_difference

CAGE_SCALE = "schmid"
"""Water leg of the published cage table: 17.5 kcal/mol."""

CAGE_LIGANDS = 8
"""Ligands of the rigid cage and of the charge scan."""


def live_number(compute: tuple[str, ...]) -> float | None:
    """Our number for a claim on the scale of its verdict (kJ/mol, Å); None where a structure is needed.

    >>> round(live_number(("gap", "K", "Na", "charmm36")), 1), live_number(("ratio", "1K4C"))
    (77.8, None)
    """
    name, *words = compute
    found = LIVE.get(name)
    return None if found is None else found(*words)


def _gap(first: str, second: str, scale: str) -> float:
    return dehydration_difference(first, second, scale=scale)


@cache
def _cage(n_ligands: int, ion: str) -> LigandCage:
    return ligand_cage(n_ligands, ion)


def _preference(n_ligands: int, **options: object) -> float:
    leg = dehydration_difference("K", "Na", scale=CAGE_SCALE)
    return cage_preference("K", "Na", n_ligands, water_leg_kj_mol=leg, **options)  # type: ignore[arg-type]


LIVE: Mapping[str, Callable[..., float]] = {
    "gap": _gap,
    "cage-distance": lambda n, ion: _cage(int(n), ion).distance,
    "cage-energy": lambda n, ion: _cage(int(n), ion).energy_kj_mol,
    "cage": lambda n: _preference(int(n)),
    "cage-without-repulsion": lambda n: _preference(int(n), ligand_repulsion=False),
    "cage-rigid": lambda distance: _preference(CAGE_LIGANDS, distance=float(distance)),
    "cage-charge": lambda charge: _preference(CAGE_LIGANDS, charge=float(charge)),
}
