"""Which atoms of a source belong to the filter, which are ions and waters? Rows of its tables, moved into place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.assembly import Reading
from selectivity.structure.detection import Pore
from selectivity.structure.filter import Filter
from selectivity.structure.parts import FilterAtom, Surroundings
from selectivity.structure.residues import one_letter
from selectivity.structure.solvent import AXIS_REACH, SeenAtom
from selectivity.structure.species import ion_species, is_water_oxygen
from selectivity.structure.table import AtomTable, StructureData

WATER = "water"
# The centre of a filter lies within 5 Å of the plane from which heights are counted.
_REACH = AXIS_REACH + 5.0
SURROUNDINGS_REACH = 10.0
"""Atoms this near to the axis can take room from water within 4 Å of it, Å (4 + 3.2 for the largest contact, and a margin)."""
# Two copies of one atom in overlapping placements, Å: far below any bond.
_SAME_ATOM = 0.1


def strand_atoms(
    data: StructureData, pore: Pore, rows: Sequence[Sequence[NDArray[np.int64]]]
) -> tuple[list[FilterAtom], NDArray[np.float64]]:
    """The chosen heavy atoms of every strand and residue, moved by the operator of the strand."""
    atoms, positions = [], []
    for s, strand in enumerate(pore.strands):
        table = data.models[strand.model]
        for r, residue_rows in enumerate(rows[s]):
            for i in residue_rows.tolist():
                atoms.append(filter_atom(table, i, strand=s, residue_index=r))
                positions.append(strand.operator(table.positions[i]))
    return atoms, np.array(positions)


def filter_atom(table: AtomTable, row: int, *, strand: int, residue_index: int) -> FilterAtom:
    """One row of a table as a `FilterAtom`."""
    return FilterAtom(
        name=str(table.names[row]),
        element=str(table.elements[row]).capitalize(),
        residue_name=str(table.residue_names[row]),
        residue_number=int(table.residue_numbers[row]),
        insertion_code=str(table.insertion_codes[row]),
        chain=str(table.chains[row]),
        strand=strand,
        residue_index=residue_index,
        b_factor=float(table.b_factors[row]),
        occupancy=float(table.occupancies[row]),
        deposited_id=int(table.deposited_ids[row]),
    )


def seen_solvent(
    data: StructureData, reading: Reading, centre: NDArray[np.float64]
) -> tuple[list[SeenAtom], list[SeenAtom]]:
    """Ions and water oxygens of a reading within reach of a filter at ``centre`` (3,), Å, symmetry copies included."""
    ions: list[SeenAtom] = []
    waters: list[SeenAtom] = []
    solvent = [_solvent_rows(table) for table in data.models]
    for p in reading.placements:
        table = data.models[p.model]
        rows, species = solvent[p.model]
        placed = p.operator(table.positions[rows])
        near = p.solvent[rows] & (np.linalg.norm(placed - centre, axis=1) < _REACH)
        for k in np.flatnonzero(near).tolist():
            i = rows[k]
            name, residue = species[k], str(table.residue_names[i])
            seen = SeenAtom(name, residue, placed[k], float(table.occupancies[i]), float(table.b_factors[i]))
            (waters if name == WATER else ions).append(seen)
    return ions, waters


def surrounding_atoms(data: StructureData, reading: Reading, built: Filter) -> Surroundings:
    """Amino-acid atoms of a reading within `SURROUNDINGS_REACH` of the axis that are not atoms of the filter itself.

    Of alternative conformations those count that are there at least half of the time.
    """
    elements: list[str] = []
    positions = [np.empty((0, 3))]
    protein = [_likely_protein(table) for table in data.models]
    for p in reading.placements:
        table = data.models[p.model]
        rows = np.flatnonzero(p.rows & protein[p.model])
        placed = p.operator(table.positions[rows])
        offsets = placed - built.axis_origin
        heights = offsets @ built.axis_direction
        lateral = np.linalg.norm(offsets - heights[:, None] * built.axis_direction, axis=1)
        near = np.flatnonzero((lateral < SURROUNDINGS_REACH) & (np.abs(heights) < AXIS_REACH))
        apart = np.linalg.norm(placed[near, None] - built.positions[None], axis=2).min(axis=1, initial=np.inf)
        near = near[apart > _SAME_ATOM]
        elements += [str(e).capitalize() for e in table.elements[rows[near]]]
        positions.append(placed[near])
    return Surroundings(tuple(elements), np.concatenate(positions))


def _likely_protein(table: AtomTable) -> NDArray[np.bool_]:
    """Rows of amino acids, of alternatives those that are there at least half of the time."""
    names, inverse = np.unique(table.residue_names, return_inverse=True)
    protein = np.array([one_letter(str(name)) != "X" for name in names], dtype=bool)[inverse]
    return protein & ((table.altlocs == "") | (table.occupancies >= 0.5))


def _solvent_rows(table: AtomTable) -> tuple[NDArray[np.int64], list[str]]:
    """Rows of ions and water oxygens, and what each is."""
    pairs = np.char.add(np.char.add(table.residue_names, "|"), table.names)
    distinct, inverse = np.unique(pairs, return_inverse=True)
    known: dict[int, str] = {}
    for k, pair in enumerate(distinct.tolist()):
        residue, atom = pair.split("|", 1)
        species = ion_species(residue, atom) or (WATER if is_water_oxygen(residue, atom) else None)
        if species is not None:
            known[k] = species
    rows = np.flatnonzero(np.isin(inverse, list(known)))
    return rows, [known[int(k)] for k in inverse[rows]]
