"""Which oxygens line the pore? Rings of one backbone carbonyl or hydroxyl per strand, from the cavity outward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.axis import Axis
from selectivity.structure.parts import FilterAtom, Ring, RingKind

HYDROXYL_OXYGENS = {"THR": "OG1", "SER": "OG"}
_HYDROXYL_NAMES = frozenset(("OG1", "OG"))


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
) -> tuple[Ring, ...]:
    """The hydroxyl ring of the first residue (if two strands or more have it) and the carbonyl ring of every residue.

    ``labels`` name the residues ("T75", ...).
    """
    hydroxyls = [i for i, a in enumerate(atoms) if a.residue_index == 0 and a.name in _HYDROXYL_NAMES]
    rings = []
    if len(hydroxyls) >= 2:
        rings.append(make_ring(f"{labels[0]} {atoms[hydroxyls[0]].name}", "hydroxyl", hydroxyls, atoms, positions, axis))
    for index, label in enumerate(labels):
        carbonyls = [i for i, a in enumerate(atoms) if a.residue_index == index and a.name == "O"]
        rings.append(make_ring(f"{label} O", "carbonyl", carbonyls, atoms, positions, axis))
    return tuple(rings)


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
