"""How does any structure source become a Filter? Read, find the pore among the readings, pick the atoms, build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from selectivity.errors import FilterNotFound, UnknownChoice
from selectivity.structure.altloc import choose_rows
from selectivity.structure.assembly import AS_DEPOSITED, PERIODIC_IMAGES, Reading, readings
from selectivity.structure.atoms import seen_solvent, strand_atoms, surrounding_atoms
from selectivity.structure.build import filter_from_strands
from selectivity.structure.by_hand import filter_from_rings
from selectivity.structure.detection import FULL_SCORE, Pore, Strand, find_motifs, find_pores
from selectivity.structure.diagnose import no_filter_found, require_angstrom
from selectivity.structure.filter import Filter
from selectivity.structure.parts import Provenance
from selectivity.structure.table import StructureData

MOST_STRANDS = 3000
"""Strands that are compared with one another, pair by pair, in a second; a virus capsid of 60 channels has fewer."""


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

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from selectivity.structure.ideal import build_pdb
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "kcsa_like.pdb"
    ...     _ = path.write_text(build_pdb("kcsa-like"))
    ...     kcsa = load_filter(path)
    >>> kcsa.signature, kcsa.first_residue, kcsa.provenance.pores_found
    ('TVGYG', 75, ('chains A, B, C, D (TVGYG 75)',))
    >>> [f"{ion.name} {ion.site}" for ion in kcsa.ions]
    ['K S4', 'K S3', 'K S2', 'K S1']
    >>> [round(ring.radius, 2) for ring in kcsa.dilated(0.1).rings]
    [2.75, 2.35, 2.45, 2.45, 2.65, 4.9]
    """
    data = read_source(source)
    require_angstrom(data)
    if rings is not None and pore is not None:
        raise UnknownChoice(
            f"{data.source}: pore={pore!r} and rings= together; the rings already say which pore: drop one of them"
        )
    if rings is not None:
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
            from selectivity.structure.read_simulation import read_gro

            return read_gro(source)
        from selectivity.structure.read_file import read_structure_file

        return read_structure_file(source)
    from selectivity.structure.read_simulation import read_object

    return read_object(source)


def _find(data: StructureData, assembly: str) -> tuple[Reading, list[Pore]]:
    """The first reading, most literal first and full motifs before partial ones, in which strands make a pore."""
    candidates = list(readings(data, assembly))
    for score in (3, 2):
        motifs = [find_motifs(table, minimum_score=score) for table in data.models]
        for reading in candidates:
            strands = reading.strands(motifs, data.models)
            _require_few(data, reading, len(strands))
            pores = find_pores(strands)
            if pores:
                return reading, _distinct(pores) if reading.name == PERIODIC_IMAGES else pores
    raise FilterNotFound(no_filter_found(data, candidates))


def _require_few(data: StructureData, reading: Reading, n_strands: int) -> None:
    if n_strands > MOST_STRANDS:
        raise FilterNotFound(
            f"{data.source}: {n_strands} candidate strands ({reading.name}), at most {MOST_STRANDS} can be compared; one channel is "
            "needed: keep the chains of the pore, or pass assembly=deposited"
        )


def _distinct(pores: Sequence[Pore]) -> list[Pore]:
    """One pore of every set of periodic copies."""
    keys = [frozenset(s.motif.residues for s in p.strands) for p in pores]
    return [p for i, p in enumerate(pores) if keys[i] not in keys[:i]]


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
    raise UnknownChoice(
        f"{data.source}: no single pore {text!r}; found {listed}: give the number or a chain of one pore"
    )


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


def _first_number(data: StructureData, strand: Strand) -> int:
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
    warnings += [
        f"{m.sequence} is an unusual signature, accepted because its strands line one axis"
        for m in {s.motif.sequence: s.motif for s in pore.strands}.values()
        if m.score < FULL_SCORE
    ]
    rows, label = choose_rows(data, pore, altloc)
    atoms, positions = strand_atoms(data, pore, rows)
    ions, waters = seen_solvent(data, reading, positions.mean(axis=0))
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
    built = filter_from_strands(atoms, positions, ions=ions, waters=waters, provenance=provenance, warnings=warnings)
    built = replace(built, surroundings=surrounding_atoms(data, reading, built))
    return _unique_atoms_only(built) if reading.name == AS_DEPOSITED else built


def _unique_atoms_only(built: Filter) -> Filter:
    """Count the refined atoms once when the file holds the symmetry copies too (re-oriented tetramers)."""
    diffraction = built.provenance.diffraction
    copies = len(built.atoms) // len({a.deposited_id for a in built.atoms})
    if diffraction is None or copies == 1:
        return built
    unique = replace(diffraction, n_atoms=diffraction.n_atoms // copies)
    return replace(built, provenance=replace(built.provenance, diffraction=unique))
