"""Which oxygens line the pore? Rings of one backbone carbonyl or hydroxyl per strand, from the cavity outward."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FilterNotFound
from selectivity.structure.axis import Axis
from selectivity.structure.parts import FilterAtom, Ring, RingKind

HYDROXYL_OXYGENS = {"THR": "OG1", "SER": "OG"}
_HYDROXYL_NAMES = frozenset(("OG1", "OG"))
# OG1 stands 3 Å inward of T75 O in KcsA (2.2 Å in open KcsA); a side chain turned away brings it to the height of O or beyond.
_HYDROXYL_DEPTH = 1.0


def backbone_axis_centres(atoms: Sequence[FilterAtom], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centres of the rings of N, CA, C and O of every residue (n_rings, 3), Å, from the cavity outward.

    All backbone rings count, not only the oxygens: one flipped carbonyl then hardly tilts the axis.
    """
    n_strands = 1 + max(a.strand for a in atoms)
    members: dict[tuple[int, int, str], list[int]] = {}
    for i, atom in enumerate(atoms):
        if atom.name in ("N", "CA", "C", "O"):
            order = ("N", "CA", "C", "O").index(atom.name)
            members.setdefault((atom.residue_index, order, atom.name), []).append(i)
    complete = [rows for _, rows in sorted(members.items()) if len(rows) == n_strands]
    return np.array([positions[rows].mean(axis=0) for rows in complete])


def filter_rings(
    atoms: Sequence[FilterAtom], positions: NDArray[np.float64], axis: Axis, labels: Sequence[str]
) -> tuple[tuple[Ring, ...], tuple[str, ...]]:
    """The hydroxyl ring of the first residue (if two strands or more have it) and the carbonyl ring of every residue.

    ``labels`` name the residues ("T75", ...). A hydroxyl ring that is not at least 1 Å inward of the first carbonyl ring is
    left out, which the second part of the result says in words: side chains turned away coordinate nothing in S4.
    """
    rings = []
    for index, label in enumerate(labels):
        carbonyls = [i for i, a in enumerate(atoms) if a.residue_index == index and a.name == "O"]
        rings.append(make_ring(f"{label} O", "carbonyl", carbonyls, atoms, positions, axis))
    hydroxyls = [i for i, a in enumerate(atoms) if a.residue_index == 0 and a.name in _HYDROXYL_NAMES]
    if len(hydroxyls) < 2:
        return tuple(rings), ()
    name = f"{labels[0]} {atoms[hydroxyls[0]].name}"
    hydroxyl = make_ring(name, "hydroxyl", hydroxyls, atoms, positions, axis)
    if hydroxyl.z > rings[0].z - _HYDROXYL_DEPTH:
        return tuple(rings), (f"{name} is turned away from the cavity (z {hydroxyl.z:.1f} Å): no hydroxyl ring",)
    return (hydroxyl, *rings), ()


def require_order(rings: Sequence[Ring], source: str) -> None:
    """Raise FilterNotFound when the rings do not follow one another along the axis: the sites between them have no length."""
    for inner, outer in pairwise(rings):
        if outer.z <= inner.z:
            raise FilterNotFound(
                f"{source}: ring {outer.name} (z {outer.z:.1f} Å) lies inward of ring {inner.name} (z {inner.z:.1f} Å); rings in "
                "order along one axis are needed: the filter is unfolded here, use another model or frame"
            )


def make_ring(
    name: str,
    kind: RingKind,
    members: Sequence[int],
    atoms: Sequence[FilterAtom],
    positions: NDArray[np.float64],
    axis: Axis,
) -> Ring:
    """A ring of the atoms ``members`` (indices), in strand order, measured against the axis."""
    ordered = tuple(sorted(members, key=lambda i: (atoms[i].strand, i)))
    at = positions[list(ordered)]
    return Ring(name, kind, ordered, float(axis.radii(at).mean()), float(axis.heights(at).mean()))
