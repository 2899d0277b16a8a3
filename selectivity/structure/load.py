"""How does any structure source become a Filter? Read, find the pore among the readings, pick the atoms, build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FilterNotFound, UnknownChoice
from .altloc import choose_rows
from .assembly import Reading, readings
from .build import filter_from_strands
from .detection import Pore, find_motifs, find_pores
from .diagnose import no_filter_found, require_angstrom
from .filter import Filter, FilterAtom, Provenance
from .solvent import SeenAtom
from .species import ion_species, is_water_oxygen
from .table import AtomTable, StructureData


def load_filter(
    source: Any,
    *,
    assembly: str = "auto",
    pore: str | int | None = None,
    altloc: str = "auto",
    rings: Sequence[str] | None = None,
) -> Filter:
    """Find the selectivity filter in a structure.

    ``source`` is a path (PDB, mmCIF, RCSB ``pdb1``, each also gzipped; GROMACS .gro), an MDAnalysis Universe or AtomGroup, or an
    mdtraj Trajectory (first frame). ``assembly`` is "auto" (the reading whose strands converge on one axis), "deposited",
    "models" or the name of an assembly of the file. ``pore`` chooses among several pores by number ("1", "2") or by a chain.
    ``altloc`` is "auto" (the label of highest occupancy, the same for the whole filter) or a label. ``rings`` lists one atom
    selection per ring of coordinating oxygens, see `selectivity.structure.selection`; it replaces the search for a motif.

    Returns a `Filter` in Å, in the coordinates of the file (of its assembly).

    Raises FileUnreadable (no usable coordinates), FilterNotFound (no pore, or part of one), FilterIncomplete (missing
    atoms), UnknownChoice (no such assembly, pore, altloc or selection).
    """
    data = read_source(source)
    require_angstrom(data)
    if rings is not None:
        from .by_hand import filter_from_rings

        return filter_from_rings(data, rings, assembly=assembly, altloc=altloc)
    reading, pores = _find(data, assembly)
    number = _choose_pore(data, reading, pores, pore)
    return _build(data, reading, pores, number, altloc=altloc, chosen=pore is not None)


def read_source(source: Any) -> StructureData:
    """Atom tables of any source `load_filter` accepts."""
    if isinstance(source, StructureData):
        return source
    if isinstance(source, str | Path):
        if Path(source).name.lower().endswith(".gro"):
            from .read_simulation import read_gro

            return read_gro(source)
        from .read_file import read_structure_file

        return read_structure_file(source)
    from .read_simulation import read_object

    return read_object(source)


def _find(data: StructureData, assembly: str) -> tuple[Reading, list[Pore]]:
    """The first reading, most literal first and full motifs before partial ones, in which strands make a pore."""
    candidates = list(readings(data, assembly))
    for score in (3, 2):
        motifs = [find_motifs(table, minimum_score=score) for table in data.models]
        for reading in candidates:
            pores = find_pores(reading.strands(motifs, data.models))
            if pores:
                return reading, pores
    raise FilterNotFound(no_filter_found(data, candidates))


def _choose_pore(data: StructureData, reading: Reading, pores: Sequence[Pore], wanted: str | int | None) -> int:
    if wanted is None:
        return 0
    names = [describe_pore(data, p) for p in pores]
    text = str(wanted).strip()
    if text.isdigit() and 1 <= int(text) <= len(pores):
        return int(text) - 1
    chains = {c.strip() for c in text.split(",")}
    matching = [i for i, p in enumerate(pores) if chains <= set(_chains(data, p))]
    if len(matching) == 1:
        return matching[0]
    listed = "; ".join(f"{i + 1}: {name}" for i, name in enumerate(names))
    raise UnknownChoice(f"{data.source}: no single pore {text!r}; found {listed}: give the number or a chain of one pore")


def _chains(data: StructureData, pore: Pore) -> list[str]:
    tables = data.models
    return [str(tables[s.model].chains[tables[s.model].residue_starts[s.motif.residues[0]]]) for s in pore.strands]


def describe_pore(data: StructureData, pore: Pore) -> str:
    """A pore in words: "chains A, B (TTGYG 117, TIGLG 225)"."""
    chains = _chains(data, pore)
    copies = len(chains) // len(set(chains))
    names = ", ".join(dict.fromkeys(c or "blank" for c in chains))
    motifs = dict.fromkeys(f"{s.motif.sequence} {_first_number(data, s)}" for s in pore.strands)
    times = f" x{copies}" if len(set(chains)) == 1 else ""
    return f"chain{'s' if len(set(chains)) > 1 else ''} {names}{times} ({', '.join(motifs)})"


def _first_number(data: StructureData, strand: Any) -> int:
    table = data.models[strand.model]
    return int(table.residue_numbers[table.residue_starts[strand.motif.residues[0]]])


def _build(
    data: StructureData, reading: Reading, pores: Sequence[Pore], number: int, *, altloc: str, chosen: bool
) -> Filter:
    pore = pores[number]
    names = tuple(describe_pore(data, p) for p in pores)
    warnings = []
    if len(pores) > 1 and not chosen:
        listed = "; ".join(f"{i + 1}: {n}" for i, n in enumerate(names))
        warnings.append(f"{len(pores)} pores in the file, the first is used ({listed}); choose with pore=")
    rows, label = choose_rows(data, pore, altloc)
    atoms, positions = _filter_atoms(data, pore, rows)
    ions, waters = seen_solvent(data, reading)
    provenance = Provenance(
        source=data.source,
        format=data.format,
        assembly=reading.name,
        altloc=label,
        pore=str(number + 1),
        pores_found=names,
        merged_copies=0,
        title=data.title,
        resolution_angstrom=data.resolution_angstrom,
        sha256=data.sha256,
        diffraction=data.diffraction,
        notes=data.notes,
    )
    return filter_from_strands(atoms, positions, ions=ions, waters=waters, provenance=provenance, warnings=warnings)


def _filter_atoms(
    data: StructureData, pore: Pore, rows: Sequence[Sequence[np.ndarray]]
) -> tuple[list[FilterAtom], np.ndarray]:
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


def seen_solvent(data: StructureData, reading: Reading) -> tuple[list[SeenAtom], list[SeenAtom]]:
    """All ions and water oxygens of a reading, symmetry copies included."""
    ions: list[SeenAtom] = []
    waters: list[SeenAtom] = []
    kinds = [_solvent_kinds(table) for table in data.models]
    for p in reading.placements:
        table = data.models[p.model]
        for i, species in kinds[p.model]:
            if p.solvent[i]:
                seen = SeenAtom(
                    species or "water",
                    str(table.residue_names[i]),
                    p.operator(table.positions[i]),
                    float(table.occupancies[i]),
                    float(table.b_factors[i]),
                )
                (ions if species else waters).append(seen)
    return ions, waters


def _solvent_kinds(table: AtomTable) -> list[tuple[int, str | None]]:
    """Rows of ions (with species) and of water oxygens (None)."""
    pairs = np.char.add(np.char.add(table.residue_names, "|"), table.names)
    distinct, inverse = np.unique(pairs, return_inverse=True)
    known: dict[int, str | None] = {}
    for k, pair in enumerate(distinct.tolist()):
        residue, atom = pair.split("|", 1)
        species = ion_species(residue, atom)
        if species is not None or is_water_oxygen(residue, atom):
            known[k] = species
    rows = np.flatnonzero(np.isin(inverse, list(known)))
    return [(int(i), known[int(inverse[i])]) for i in rows]
