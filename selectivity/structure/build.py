"""How does a set of strands become a Filter? Axis, order round the axis, rings, sites, then the ions and waters in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.errors import FilterIncomplete
from selectivity.structure.axis import Axis, fit_axis
from selectivity.structure.filter import Filter
from selectivity.structure.geometry_warnings import quality_warnings
from selectivity.structure.parts import FilterAtom, Provenance
from selectivity.structure.residues import one_letter
from selectivity.structure.rings import HYDROXYL_OXYGENS, backbone_axis_centres, filter_rings, require_order
from selectivity.structure.sites import filter_sites
from selectivity.structure.solvent import SeenAtom, ions_in, waters_in

_BUILT = Provenance("built in memory", "none", "as given", "none", "1", ("1",), 0)
# Symmetry copies in a PDB file agree to the rounding of its coordinates (0.001 Å, a little more after re-orientation).
_COPY_TOLERANCE = 0.02


@dataclass(frozen=True)
class StrandName:
    """First residue and one-letter signature of one strand."""

    first_residue: int
    signature: str


def filter_from_strands(
    atoms: Sequence[FilterAtom],
    positions: ArrayLike,
    *,
    ions: Sequence[SeenAtom] = (),
    waters: Sequence[SeenAtom] = (),
    provenance: Provenance = _BUILT,
    warnings: Sequence[str] = (),
) -> Filter:
    """Build a `Filter` from the heavy atoms of its strands.

    ``atoms`` carry ``strand`` (any numbering 0..n-1) and ``residue_index`` (0 is T of TVGYG); ``positions`` (n_atoms, 3) in Å,
    any orientation. The strands are renumbered counter-clockwise seen from outside, starting with strand 0; atoms of strands
    that are exact rotations of one another share a ``deposited_id``. ``ions`` and ``waters`` near the axis are merged over
    symmetry copies and assigned to sites.

    Raises FilterIncomplete when a backbone carbonyl or a threonine/serine hydroxyl atom is missing.
    """
    where = np.array(positions, dtype=float).reshape(-1, 3)
    require_complete(atoms, provenance.source)
    axis = fit_axis(backbone_axis_centres(atoms, where))
    atoms, where = _ordered(atoms, where, axis)
    axis = axis.moved_to(_second_carbonyl_height(atoms, where, axis))
    names = _strand_names(atoms)
    first = min(names, key=lambda n: n.first_residue)
    labels = [f"{letter}{number}" for letter, number in zip(first.signature, _numbers(atoms, first), strict=True)]
    rings, notices = filter_rings(atoms, where, axis, labels)
    require_order(rings, provenance.source)
    sites = filter_sites(rings)
    found_ions, copies, notes = ions_in(ions, axis, sites)
    return Filter(
        signature="+".join(n.signature for n in sorted(_distinct(names), key=lambda n: n.first_residue)),
        first_residue=first.first_residue,
        n_strands=len(names),
        atoms=_share_ids(atoms, where, axis),
        positions=where,
        axis_origin=axis.origin,
        axis_direction=axis.direction,
        rings=rings,
        sites=sites,
        ions=found_ions,
        waters=waters_in(waters, axis, sites),
        provenance=replace(provenance, merged_copies=copies, notes=(*provenance.notes, *notes)),
        warnings=(*warnings, *notices, *quality_warnings(atoms, rings, provenance.resolution_angstrom)),
    )


def require_complete(atoms: Sequence[FilterAtom], source: str) -> None:
    """Raise FilterIncomplete naming every missing C, O, and CB or OG1/OG of a threonine/serine that starts a strand."""
    present: dict[tuple[int, int], dict[str, FilterAtom]] = {}
    for atom in atoms:
        present.setdefault((atom.strand, atom.residue_index), {})[atom.name] = atom
    missing = []
    for (_, index), named in sorted(present.items()):
        some = next(iter(named.values()))
        needed = ["C", "O"]
        if index == 0 and some.residue_name in HYDROXYL_OXYGENS:
            needed += ["CB", HYDROXYL_OXYGENS[some.residue_name]]
        missing += [
            f"{n} of {some.residue_name} {some.residue_number} chain {some.chain}" for n in needed if n not in named
        ]
    if missing:
        shown = "; ".join(missing[:8]) + (f"; and {len(missing) - 8} more" if len(missing) > 8 else "")
        raise FilterIncomplete(
            f"{source}: filter atoms missing: {shown}; every carbonyl C, O and the first hydroxyl are needed: "
            "model them or use another entry"
        )


def _ordered(
    atoms: Sequence[FilterAtom], where: NDArray[np.float64], axis: Axis
) -> tuple[tuple[FilterAtom, ...], NDArray[np.float64]]:
    """Atoms sorted by strand (counter-clockwise from strand 0), residue and name order of the file."""
    strands = sorted({a.strand for a in atoms})
    strand_of = np.array([a.strand for a in atoms])
    azimuth = axis.cylindrical(where)[:, 1]
    mean = {s: np.angle(np.exp(1j * azimuth[strand_of == s]).mean()) for s in strands}
    turn = {s: (mean[s] - mean[strands[0]]) % (2 * np.pi) for s in strands}
    rank = {s: i for i, s in enumerate(sorted(strands, key=lambda s: (s != strands[0], turn[s])))}
    order = sorted(range(len(atoms)), key=lambda i: (rank[atoms[i].strand], atoms[i].residue_index, i))
    return tuple(replace(atoms[i], strand=rank[atoms[i].strand]) for i in order), where[order]


def _second_carbonyl_height(atoms: Sequence[FilterAtom], where: NDArray[np.float64], axis: Axis) -> float:
    rows = [i for i, a in enumerate(atoms) if a.residue_index == 1 and a.name == "O"]
    return float(axis.heights(where[rows]).mean())


def _strand_names(atoms: Sequence[FilterAtom]) -> list[StrandName]:
    letters: dict[int, dict[int, str]] = {}
    first: dict[int, int] = {}
    for atom in atoms:
        letters.setdefault(atom.strand, {})[atom.residue_index] = one_letter(atom.residue_name)
        if atom.residue_index == 0:
            first[atom.strand] = atom.residue_number
    return [StrandName(first[s], "".join(letters[s][i] for i in sorted(letters[s]))) for s in sorted(letters)]


def _distinct(names: Sequence[StrandName]) -> list[StrandName]:
    """The first of every signature, in residue order."""
    return list({n.signature: n for n in sorted(names, key=lambda n: -n.first_residue)}.values())


def _numbers(atoms: Sequence[FilterAtom], name: StrandName) -> list[int]:
    strand = next(a.strand for a in atoms if a.residue_index == 0 and a.residue_number == name.first_residue)
    numbers = {a.residue_index: a.residue_number for a in atoms if a.strand == strand}
    return [numbers[i] for i in sorted(numbers)]


def _share_ids(atoms: tuple[FilterAtom, ...], where: NDArray[np.float64], axis: Axis) -> tuple[FilterAtom, ...]:
    """Exact rotational copies of a strand get the ids of that strand: their coordinate errors are one error."""
    rows: dict[int, list[int]] = {}
    for i, atom in enumerate(atoms):
        rows.setdefault(atom.strand, []).append(i)
    keys = {s: [(a.residue_index, a.name, a.residue_name) for a in (atoms[i] for i in r)] for s, r in rows.items()}
    cylinder = axis.cylindrical(where)
    ids = [a.deposited_id for a in atoms]
    originals: list[int] = []
    for strand in sorted(rows):
        source = next(
            (o for o in originals if keys[o] == keys[strand] and _rotated(cylinder, rows[o], rows[strand])), None
        )
        if source is None:
            originals.append(strand)
            continue
        for i, j in zip(rows[strand], rows[source], strict=True):
            ids[i] = ids[j]
    return tuple(replace(a, deposited_id=i) for a, i in zip(atoms, ids, strict=True))


def _rotated(cylinder: NDArray[np.float64], first: list[int], second: list[int]) -> bool:
    a, b = cylinder[first], cylinder[second]
    turn = np.angle(np.exp(1j * (b[:, 1] - a[:, 1])).mean())
    swept = np.angle(np.exp(1j * (b[:, 1] - a[:, 1] - turn))) * a[:, 0]
    apart = np.sqrt((b[:, 0] - a[:, 0]) ** 2 + swept**2 + (b[:, 2] - a[:, 2]) ** 2)
    return bool(apart.max() < _COPY_TOLERANCE)
