"""Which atoms of a simulation are followed? The filter is found once, then ring atoms, ions and waters are rows of every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FilterIncomplete, FilterNotFound
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter, read_source
from selectivity.structure.residues import one_letter
from selectivity.structure.rings import HYDROXYL_OXYGENS
from selectivity.structure.species import ion_species, is_water_oxygen
from selectivity.structure.table import AtomTable, StructureData
from selectivity.trajectory.condition import GRIDS, ROUNDING

Rows = NDArray[np.int64]

SITES = ("Scav", "S4", "S3", "S2", "S1", "S0")
"""Sites in the order of every array of this room, from the cavity outward."""

KINDS = ("K", "Na", "other", "water")
"""What a site may hold, in the order of the last axis of the counts."""

POTASSIUM, SODIUM, OTHER = 0, 1, 2
POTASSIUM_LIKE = ("K", "Rb", "Cs", "Tl", "NH4")

BACKBONE = ("N", "CA", "C", "O")
N_STRANDS, N_RESIDUES = 4, 5


@dataclass(frozen=True)
class FollowedFilter:
    """A filter and the rows of its atoms, of all ions and of all water oxygens in the frames of a simulation.

    ``backbone`` (4, 5, 4) are N, CA, C, O of five residues of four strands, ``hydroxyl`` (H, 2) CB and OG1 of the first residue
    where there is one (H is 0 to 4). ``ions`` (I,) with ``ion_kind`` (I,; place in `KINDS`), ``ion_like_potassium`` (I,) and
    ``ion_species``; ``waters`` (W,). ``ring_names`` are the hydroxyl ring and five carbonyl rings; ``filter`` is as it was found.
    """

    filter: Filter
    n_atoms: int
    backbone: Rows
    hydroxyl: Rows
    ions: Rows
    ion_kind: Rows
    ion_like_potassium: NDArray[np.bool_]
    ion_species: tuple[str, ...]
    waters: Rows
    ring_names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def core(self) -> Rows:
        """Rows of the backbone and hydroxyl atoms in the order of the kernels, shape (80 + 2 H,)."""
        return np.concatenate([self.backbone.ravel(), self.hydroxyl.ravel()])

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the 20 carbonyl groups, residue by residue within strands: "T75.1" is the first strand's."""
        return group_names(self.ring_names)


def group_names(ring_names: Sequence[str]) -> tuple[str, ...]:
    """Names of the 20 carbonyl groups from those of the hydroxyl ring and the five carbonyl rings.

    >>> group_names(("T75 OG1", "T75 O", "V76 O", "G77 O", "Y78 O", "G79 O"))[:6]
    ('T75.1', 'V76.1', 'G77.1', 'Y78.1', 'G79.1', 'T75.2')
    """
    labels = [name.rsplit(" ", 1)[0] for name in ring_names[1:]]
    return tuple(f"{label}.{strand + 1}" for strand in range(N_STRANDS) for label in labels)


def follow(source: Any, *, pore: str | int | None = None, n_atoms: int | None = None) -> FollowedFilter:
    """Find the filter in one frame and the rows to follow.

    ``source`` is an MDAnalysis Universe or AtomGroup (current frame), an mdtraj Trajectory (first frame) or a path. ``n_atoms`` is
    the number of atoms of a frame (default: that of the source). Raises what `selectivity.structure.load.load_filter` raises, and
    FilterIncomplete when a backbone atom of the filter is missing.
    """
    data = on_file_grid(read_source(source))
    filter = load_filter(data, pore=pore)
    table = data.models[0]
    require_followable(filter)
    ions, species = _ions(table)
    return followed_filter(
        filter,
        _filter_rows(filter, table, data),
        n_atoms=_size(source, table) if n_atoms is None else n_atoms,
        ions=ions,
        species=species,
        waters=_waters(table),
        notes=_notes(table, species),
    )


def on_file_grid(data: StructureData) -> StructureData:
    """The same atoms, moved to the grid of a file with fixed decimals where all of them stand on one within single precision.

    Readers convert units differently; a search that begins at a filter that differs in the sixth decimal may end in other minima. The cell,
    which makes the filter whole, is rounded to 0.001 Å, far below what an atom moves.
    """
    models = tuple(replace(table, positions=_snapped(table.positions)) for table in data.models)
    return replace(data, models=models, box=None if data.box is None else np.round(data.box, 3))


def _snapped(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    for scale in GRIDS:
        nearest = np.rint(positions * scale) / scale
        if (np.abs(positions - nearest) <= ROUNDING * np.abs(positions) + 1e-9).all():
            nearest.setflags(write=False)
            return nearest
    return positions


def require_followable(filter: Filter) -> None:
    """Raise FilterNotFound for a filter that is not four strands of five residues: the compiled code knows no other."""
    if tuple(site.name for site in filter.sites) != SITES or filter.n_strands != N_STRANDS:
        raise FilterNotFound(
            f"{filter.provenance.source}: {filter.n_strands} strands with {len(filter.sites)} sites; a filter is followed through four "
            "strands of five residues: choose another pore"
        )


def followed_filter(
    filter: Filter,
    rows: Rows,
    *,
    n_atoms: int,
    ions: Rows,
    species: Sequence[str],
    waters: Rows,
    notes: Sequence[str] = (),
) -> FollowedFilter:
    """A filter whose atoms are the given ``rows`` (n,) of frames of ``n_atoms`` atoms, with the rows of ions and of water oxygens.

    Raises FilterIncomplete when a backbone atom of the filter is missing.
    """
    return FollowedFilter(
        filter=filter,
        n_atoms=n_atoms,
        backbone=_backbone(filter, rows),
        hydroxyl=_hydroxyl(filter, rows),
        ions=ions,
        ion_kind=np.array([{"K": POTASSIUM, "Na": SODIUM}.get(s, OTHER) for s in species], dtype=np.int64),
        ion_like_potassium=np.array([s in POTASSIUM_LIKE for s in species], dtype=bool),
        ion_species=tuple(species),
        waters=waters,
        ring_names=_ring_names(filter),
        notes=tuple(notes),
    )


def _size(source: Any, table: AtomTable) -> int:
    for owner in (getattr(source, "universe", None), source):
        atoms = getattr(owner, "atoms", None)
        if atoms is not None:
            return len(atoms)
    n = getattr(source, "n_atoms", None)
    return int(n) if n is not None else int(table.deposited_ids.max()) + 1


def _filter_rows(filter: Filter, table: AtomTable, data: StructureData) -> Rows:
    """Row of every filter atom: the atom of that name and residue number which is there, or one cell away from there."""
    box = data.box
    rows = []
    for atom, where in zip(filter.atoms, filter.positions, strict=True):
        candidates = np.flatnonzero((table.names == atom.name) & (table.residue_numbers == atom.residue_number))
        offset = table.positions[candidates] - where
        if box is not None:
            offset = offset - np.round(offset @ np.linalg.inv(box)) @ box
        rows.append(candidates[int(np.argmin(np.linalg.norm(offset, axis=1)))])
    return table.deposited_ids[np.array(rows)]


def _backbone(filter: Filter, rows: Rows) -> Rows:
    found = np.full((N_STRANDS, N_RESIDUES, len(BACKBONE)), -1, dtype=np.int64)
    for atom, row in zip(filter.atoms, rows, strict=True):
        if atom.name in BACKBONE:
            found[atom.strand, atom.residue_index, BACKBONE.index(atom.name)] = row
    if (found < 0).any():
        strand, residue, name = (int(k) for k in np.argwhere(found < 0)[0])
        raise FilterIncomplete(
            f"{filter.provenance.source}: strand {strand + 1} of the filter has no {BACKBONE[name]} in residue {residue + 1} of "
            f"{filter.signature}; whole backbones are needed to follow a filter: complete the residue"
        )
    return found


def _hydroxyl(filter: Filter, rows: Rows) -> Rows:
    named = {(a.strand, a.residue_index, a.name): row for a, row in zip(filter.atoms, rows.tolist(), strict=True)}
    pairs = []
    for atom in filter.atoms:
        if atom.residue_index == 0 and HYDROXYL_OXYGENS.get(atom.residue_name) == atom.name:
            pairs.append((named[atom.strand, 0, "CB"], named[atom.strand, 0, atom.name]))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _ring_names(filter: Filter) -> tuple[str, ...]:
    carbonyls = [ring.name for ring in filter.rings if ring.kind == "carbonyl"]
    oxygen = next((a.name for a in filter.atoms if a.residue_index == 0 and a.name in HYDROXYL_OXYGENS.values()), "OG1")
    return (carbonyls[0].rsplit(" ", 1)[0] + " " + oxygen, *carbonyls)


def _ions(table: AtomTable) -> tuple[Rows, tuple[str, ...]]:
    known = _by_name(table, ion_species)
    rows = np.flatnonzero(known != "")
    return table.deposited_ids[rows], tuple(str(s) for s in known[rows])


def _waters(table: AtomTable) -> Rows:
    known = _by_name(table, lambda residue, atom: "water" if is_water_oxygen(residue, atom) else None)
    return table.deposited_ids[known != ""]


def _by_name(table: AtomTable, naming: Any) -> NDArray[np.str_]:
    """What a naming function says of every row ("" for None), asked once for each pair of residue and atom name."""
    pairs = np.char.add(np.char.add(table.residue_names, "|"), table.names)
    distinct, inverse = np.unique(pairs, return_inverse=True)
    return np.array([naming(*pair.split("|", 1)) or "" for pair in distinct.tolist()], dtype="U8")[inverse]


def _notes(table: AtomTable, species: Sequence[str]) -> tuple[str, ...]:
    """What was recognised, and single atoms that were not: ions under another name would be missed in silence."""
    counted = Counter(species)
    found = ", ".join(f"{counted[s]} {s}" for s in sorted(counted)) or "no ion under a known name"
    starts = table.residue_starts
    single = starts[:-1][np.diff(starts) == 1]
    unknown = Counter(
        str(name)
        for name, atom in zip(table.residue_names[single], table.names[single], strict=True)
        if ion_species(str(name), str(atom)) is None
        and not is_water_oxygen(str(name), str(atom))
        and one_letter(str(name)) == "X"
    )
    notes = [f"ions: {found}"]
    if unknown:
        listed = ", ".join(f"{count} {name}" for name, count in sorted(unknown.items()))
        notes.append(f"single atoms under names that are no ion's: {listed}; rename them if they are ions")
    if not (counted["K"] or counted["Na"]):
        notes.append("neither K+ nor Na+ in the topology: occupancy shows water only")
    return tuple(notes)
