"""How is a filter written as a PDB file? Columns of the wwPDB format, so that any program can read it back."""

from __future__ import annotations

import string
import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from selectivity.errors import OutOfRange
from selectivity.structure.parts import FilterAtom, FilterIon, FilterWater, Vector
from selectivity.structure.species import pdb_ion_name

_CHAIN_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
# Columns 31-54 hold three numbers of format 8.3f.
_LOWEST, _HIGHEST = -999.999, 9999.999


def pdb_text(
    atoms: Sequence[FilterAtom],
    positions: Vector,
    ions: Sequence[FilterIon],
    waters: Sequence[FilterWater],
    *,
    title: str = "",
    resolution: float | None = None,
) -> str:
    """PDB text of strands (one chain each), merged ions and waters; positions (n_atoms, 3) in Å.

    Chain names of the source are kept when they tell the strands apart; symmetry copies are lettered A, B, C, ... Raises
    OutOfRange when a coordinate does not fit.
    """
    everything = [*np.asarray(positions), *(i.position for i in ions), *(w.position for w in waters)]
    extremes = np.array(everything) if everything else np.zeros((1, 3))
    if extremes.min() < _LOWEST or extremes.max() > _HIGHEST:
        raise OutOfRange(
            f"coordinates from {extremes.min():.1f} to {extremes.max():.1f} Å do not fit a PDB file; "
            f"{_LOWEST} to {_HIGHEST} is needed: translate the filter first"
        )
    lines = [*_header(title, resolution), *_records(atoms, positions, ions, waters), "END"]
    return "\n".join(f"{line:<80}" for line in lines) + "\n"


def _header(title: str, resolution: float | None) -> Iterator[str]:
    for k, line in enumerate(textwrap.wrap(title, 60), start=1):
        yield f"TITLE     {line}" if k == 1 else f"TITLE   {k:>2} {line}"
    if resolution is not None:
        yield "REMARK   2"
        yield f"REMARK   2 RESOLUTION. {resolution:7.2f} ANGSTROMS."


def _records(
    atoms: Sequence[FilterAtom], positions: Vector, ions: Sequence[FilterIon], waters: Sequence[FilterWater]
) -> Iterator[str]:
    chains = _chain_names(atoms)
    serial = 0
    for i, atom in enumerate(atoms):
        if i and atom.strand != atoms[i - 1].strand:
            yield "TER"
        serial += 1
        name = (atom.name, atom.residue_name, chains[atom.strand], atom.residue_number, atom.insertion_code)
        yield _atom("ATOM", serial, name, positions[i], atom.occupancy, atom.b_factor, atom.element)
    yield "TER"
    solvent_chain = next(c for c in _CHAIN_LETTERS if c not in chains.values())
    for number, ion in enumerate(ions, start=1):
        serial += 1
        residue, atom_name, element = pdb_ion_name(ion.name, ion.residue_name)
        name = (atom_name, residue, solvent_chain, number, "")
        yield _atom("HETATM", serial, name, ion.position, ion.occupancy, ion.b_factor, element)
    for number, water in enumerate(waters, start=len(ions) + 1):
        serial += 1
        name = ("O", "HOH", solvent_chain, number, "")
        yield _atom("HETATM", serial, name, water.position, water.occupancy, water.b_factor, "O")


def _chain_names(atoms: Sequence[FilterAtom]) -> dict[int, str]:
    """A chain letter per strand: the source's when single letters and residue numbers tell the strands apart."""
    strands = sorted({a.strand for a in atoms})
    residues = {s: {(a.chain, a.residue_number, a.insertion_code) for a in atoms if a.strand == s} for s in strands}
    own = {s: next(a.chain for a in atoms if a.strand == s) for s in strands}
    distinct = sum(len(r) for r in residues.values()) == len(set().union(*residues.values()))
    if distinct and all(len(c) == 1 for c in own.values()):
        return own
    return dict(zip(strands, _CHAIN_LETTERS, strict=False))


def _atom(
    record: str,
    serial: int,
    name: tuple[str, str, str, int, str],
    position: Sequence[float] | Vector,
    occupancy: float,
    b_factor: float,
    element: str,
) -> str:
    atom, residue, chain, number, insertion = name
    symbol = element.upper()
    label = f"{atom:<4}" if len(symbol) == 2 or len(atom) == 4 else f" {atom:<3}"
    place = f"{chain}{number % 10000 if number > 9999 else number:>4}{insertion or ' '}"
    x, y, z = (float(c) for c in position)
    return (
        f"{record:<6}{serial:>5} {label} {residue:>3}{'' if len(residue) == 4 else ' '}{place}   {x:8.3f}{y:8.3f}{z:8.3f}"
        f"{occupancy:6.2f}{min(b_factor, 999.99):6.2f}          {symbol:>2}"
    )
