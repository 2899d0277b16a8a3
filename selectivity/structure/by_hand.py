"""How is any other pore examined? Rings of oxygens named by hand: the axis, the sites and the ions follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FilterNotFound, UnknownChoice
from selectivity.structure.altloc import conformation
from selectivity.structure.assembly import Placement, Reading, readings
from selectivity.structure.atoms import filter_atom, seen_solvent
from selectivity.structure.axis import Axis
from selectivity.structure.axis_by_hand import axis_of_rings
from selectivity.structure.filter import Filter
from selectivity.structure.parts import FilterAtom, Provenance, Ring, RingKind
from selectivity.structure.residues import one_letter
from selectivity.structure.rings import make_ring
from selectivity.structure.selection import select
from selectivity.structure.sites import numbered_sites
from selectivity.structure.solvent import ions_in, waters_in
from selectivity.structure.table import StructureData

# Oxygens further out than this from the axis do not line one pore (carboxylate rings of Na+ and Ca2+ channels: 4-6 Å).
_WIDEST = 8.0
# Consecutive rings of a filter are 3 Å apart: oxygens further apart than this along the axis belong to different rings.
_FLAT = 3.0
# Oxygens closer than this to one straight line (Å) leave the axis open.
_THICKNESS = 0.5
_NEAR_IN_SEQUENCE = 5

Member = tuple[int, int]
"""A ring oxygen: index of the placement in the reading, row of its table."""


@dataclass(frozen=True)
class _Residues:
    """The residues that hold the ring oxygens: strand and position in the strand of each (placement, residue)."""

    strand: dict[tuple[int, int], int]
    index: dict[tuple[int, int], int]


def filter_from_rings(
    data: StructureData, rings: Sequence[str], *, assembly: str = "auto", altloc: str = "auto"
) -> Filter:
    """A `Filter` from one atom selection per ring (`selectivity.structure.selection`).

    The axis runs from the first ring given towards the last, z = 0 in the plane of the second ring (of the only one). The
    rings are sorted along it; between them lie the sites "1", "2", ... Backbone oxygens make "carbonyl" rings, OG, OG1 and OH
    "hydroxyl" ones, oxygens of aspartate and glutamate "carboxylate" ones. All heavy atoms of the residues named are kept.

    Raises UnknownChoice for a selection that names no oxygen, FilterNotFound when the oxygens of one ring are no ring.
    """
    if isinstance(rings, str) or not rings:
        raise UnknownChoice(
            f"rings={rings!r}; a list with one selection per ring is needed: rings=['A:15:O,B:15:O', ...]"
        )
    reading, members = _read(data, rings, assembly, altloc)
    residues = _strands(data, reading, members)
    atoms, positions, row_of = _atoms(data, reading, residues, altloc)
    rows = [[row_of[m] for m in ring] for ring in members]
    axis = _checked_axis(data, rings, [positions[r] for r in rows])
    named = [_ring(r, atoms, positions, axis) for r in rows]
    order = sorted(range(len(named)), key=lambda i: named[i].z)
    return _assemble(data, reading, atoms, positions, axis, [rows[i] for i in order], altloc)


def _read(data: StructureData, rings: Sequence[str], assembly: str, altloc: str) -> tuple[Reading, list[list[Member]]]:
    """The first reading in which every ring has two oxygens or more; as deposited when none has."""
    first: tuple[Reading, list[list[Member]]] | None = None
    for reading in readings(data, assembly):
        members = [_members(data, reading, text, altloc) for text in rings]
        if first is None or (not all(first[1]) and all(members)):
            first = (reading, members)
        if all(len(m) >= 2 for m in members):
            return reading, members
    assert first is not None  # there always is a reading
    for number, (text, found) in enumerate(zip(rings, first[1], strict=True), start=1):
        if not found:
            raise UnknownChoice(
                f"{data.source}: ring {number}, {text!r}, names no oxygen; {_offer(data)}: check chain, number and atom"
            )
    return first


def _offer(data: StructureData) -> str:
    table = data.models[0]
    names = list(dict.fromkeys(table.chains.tolist()))
    spans = []
    for name in names[:8]:
        numbers = table.residue_numbers[table.chains == name]
        spans.append(f"{name or 'blank'} {numbers.min()} to {numbers.max()}")
    return f"the file has chains {', '.join(spans)}"


def _members(data: StructureData, reading: Reading, text: str, altloc: str) -> list[Member]:
    found = []
    for p, placement in enumerate(reading.placements):
        table = data.models[placement.model]
        for row in select(table, text).tolist():
            if (
                placement.rows[row]
                and table.elements[row] == "O"
                and row in _one_conformation(data, placement, row, altloc)
            ):
                found.append((p, row))
    return found


def _one_conformation(data: StructureData, placement: Placement, row: int, altloc: str) -> NDArray[np.int64]:
    table = data.models[placement.model]
    residue = int(np.searchsorted(table.residue_starts, row, side="right")) - 1
    return conformation(table, residue, altloc)


def _strands(data: StructureData, reading: Reading, members: Sequence[Sequence[Member]]) -> _Residues:
    """Residues in order of placement and file; a jump in chain or number starts a new strand (domains of one chain)."""
    tables = [data.models[p.model] for p in reading.placements]
    held = sorted(
        {
            (p, int(np.searchsorted(tables[p].residue_starts, row, side="right")) - 1)
            for ring in members
            for p, row in ring
        }
    )
    strand: dict[tuple[int, int], int] = {}
    index: dict[tuple[int, int], int] = {}
    previous: tuple[int, str, int] | None = None
    for p, residue in held:
        row = tables[p].residue_starts[residue]
        here = (p, str(tables[p].chains[row]), int(tables[p].residue_numbers[row]))
        joined = previous is not None and here[:2] == previous[:2] and abs(here[2] - previous[2]) <= _NEAR_IN_SEQUENCE
        number = max(strand.values(), default=-1) + (0 if joined else 1)
        index[p, residue] = 1 + max((i for k, i in index.items() if strand[k] == number), default=-1)
        strand[p, residue] = number
        previous = here
    return _Residues(strand, index)


def _atoms(
    data: StructureData, reading: Reading, residues: _Residues, altloc: str
) -> tuple[tuple[FilterAtom, ...], NDArray[np.float64], dict[Member, int]]:
    """The heavy atoms of the residues, moved into place, and where each ring oxygen went."""
    atoms: list[FilterAtom] = []
    positions: list[NDArray[np.float64]] = []
    row_of: dict[Member, int] = {}
    for key in sorted(residues.strand, key=lambda k: (residues.strand[k], residues.index[k])):
        p, residue = key
        placement = reading.placements[p]
        table = data.models[placement.model]
        for row in conformation(table, residue, altloc).tolist():
            row_of[p, row] = len(atoms)
            atoms.append(filter_atom(table, row, strand=residues.strand[key], residue_index=residues.index[key]))
            positions.append(placement.operator(table.positions[row]))
    return tuple(atoms), np.array(positions), row_of


def _checked_axis(data: StructureData, texts: Sequence[str], points: Sequence[NDArray[np.float64]]) -> Axis:
    everything = np.concatenate(points)
    if len(everything) < 3 or np.linalg.svd(everything - everything.mean(axis=0), compute_uv=False)[1] < _THICKNESS:
        raise FilterNotFound(
            f"{data.source}: {len(everything)} oxygens in all; three that do not lie on one line are needed to place an axis: "
            "list more rings"
        )
    axis = axis_of_rings(points)
    widest = max(float(axis.radii(at).max()) for at in points)
    if widest > _WIDEST:
        raise FilterNotFound(
            f"{data.source}: an oxygen of the rings given lies {widest:.1f} Å from their axis; a pore keeps them within "
            f"{_WIDEST:.0f} Å: list the oxygens of every plane as a ring of its own, from one mouth to the other"
        )
    for number, (text, at) in enumerate(zip(texts, points, strict=True), start=1):
        spread = float(np.ptp(axis.heights(at)))
        if spread > _FLAT:
            raise FilterNotFound(
                f"{data.source}: the oxygens of ring {number}, {text!r}, spread {spread:.1f} Å along the axis; a ring lies in one "
                f"plane (within {_FLAT:.0f} Å): list them as separate rings"
            )
    return axis


def _ring(rows: Sequence[int], atoms: Sequence[FilterAtom], positions: NDArray[np.float64], axis: Axis) -> Ring:
    kinds = {ring_kind(atoms[i].residue_name, atoms[i].name) for i in rows}
    # One charged oxygen is enough to put the ring outside the energy model.
    kind: RingKind = kinds.pop() if len(kinds) == 1 else ("carboxylate" if "carboxylate" in kinds else "other")
    names = dict.fromkeys(f"{one_letter(atoms[i].residue_name)}{atoms[i].residue_number} {atoms[i].name}" for i in rows)
    return make_ring("/".join(names), kind, rows, atoms, positions, axis)


def ring_kind(residue_name: str, atom_name: str) -> RingKind:
    """What an oxygen is chemically.

    >>> ring_kind("GLU", "OE1"), ring_kind("THR", "O"), ring_kind("THR", "OG1"), ring_kind("ASN", "OD1")
    ('carboxylate', 'carbonyl', 'hydroxyl', 'other')
    """
    letter = one_letter(residue_name)
    if atom_name == "O":
        return "carbonyl"
    if atom_name in ("OXT", "OT1", "OT2") or (letter, atom_name) in (
        ("D", "OD1"),
        ("D", "OD2"),
        ("E", "OE1"),
        ("E", "OE2"),
    ):
        return "carboxylate"
    return "hydroxyl" if atom_name in ("OG", "OG1", "OH") else "other"


def _assemble(
    data: StructureData,
    reading: Reading,
    atoms: tuple[FilterAtom, ...],
    positions: NDArray[np.float64],
    axis: Axis,
    rows: Sequence[Sequence[int]],
    altloc: str,
) -> Filter:
    zero = rows[1] if len(rows) > 1 else rows[0]
    axis = axis.moved_to(float(axis.heights(positions[list(zero)]).mean()))
    rings = tuple(_ring(r, atoms, positions, axis) for r in rows)
    sites = numbered_sites(rings)
    seen_ions, seen_waters = seen_solvent(data, reading, axis.origin)
    ions, copies, notes = ions_in(seen_ions, axis, sites)
    provenance = Provenance(
        source=data.source,
        format=data.format,
        assembly=reading.name,
        altloc=altloc,
        pore="rings given by hand",
        pores_found=(),
        merged_copies=copies,
        title=data.title,
        resolution_angstrom=data.resolution_angstrom,
        sha256=data.sha256,
        diffraction=data.diffraction,
        notes=(*data.notes, *notes),
    )
    return Filter(
        signature="".join(one_letter(atoms[r[0]].residue_name) for r in rows),
        first_residue=min(a.residue_number for a in atoms),
        n_strands=1 + max(a.strand for a in atoms),
        atoms=atoms,
        positions=positions,
        axis_origin=axis.origin,
        axis_direction=axis.direction,
        rings=rings,
        sites=sites,
        ions=ions,
        waters=waters_in(seen_waters, axis, sites),
        provenance=provenance,
    )
