"""How do simulation objects become atom tables? MDAnalysis universes and atom groups, mdtraj trajectories, .gro files."""

from __future__ import annotations

import re
import warnings
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FileUnreadable
from selectivity.structure.table import AtomTable, StructureData

SOURCES = "a path, an MDAnalysis Universe or AtomGroup, or an mdtraj Trajectory"
_HYDROGEN = re.compile(r"^\d*[HD]")
_LEADING_DIGITS = re.compile(r"^\d+")


def read_gro(path: str | Path) -> StructureData:
    """Read a GROMACS .gro file through MDAnalysis (which turns nm into Å).

    Raises FileUnreadable when the path is missing or a directory, or the content is no .gro file.
    """
    from selectivity.structure.read_file import decoded, read_bytes

    content = read_bytes(Path(path))
    text = decoded(Path(path).name, content)
    import hashlib

    import MDAnalysis
    from MDAnalysis.lib.util import NamedStream

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Constructed NamedStream")  # its two readers each wrap the stream
            universe = MDAnalysis.Universe(NamedStream(StringIO(text), "frame.gro"), topology_format="GRO", format="GRO")
    except (ValueError, LookupError, TypeError, ArithmeticError, OSError, EOFError, StopIteration) as error:
        reason = " ".join(str(error).split())[:120]
        raise FileUnreadable(
            f"{Path(path).name}: damaged .gro file ({reason}); fixed columns with nm coordinates are needed: repeat the download"
        ) from None
    return _from_atom_group(universe.atoms, Path(path).name, "GRO", hashlib.sha256(content).hexdigest())


def read_object(source: Any) -> StructureData:
    """Read an in-memory structure: the current frame of MDAnalysis, the first frame of mdtraj.

    Raises FileUnreadable for any other object. The library of an object is loaded already: its type says which one it is.
    """
    library = type(source).__module__.split(".")[0]
    if library == "MDAnalysis" and hasattr(source, "atoms"):
        group = source.atoms
        name = getattr(source.universe, "filename", None)
        return _from_atom_group(
            group, f"MDAnalysis {Path(str(name)).name}" if name else "MDAnalysis universe", "MDAnalysis"
        )
    if library == "mdtraj" and hasattr(source, "topology"):
        return _from_trajectory(source)
    raise FileUnreadable(f"source of type {type(source).__name__}; {SOURCES} is needed: pass one of these")


def _from_atom_group(group: Any, name: str, kind: str, digest: str | None = None) -> StructureData:
    n = len(group)
    if n == 0:
        raise FileUnreadable(f"{name}: no atoms; a structure with a filter is needed: check the selection")

    def column(attribute: str, default: Any) -> NDArray[Any]:
        try:
            values = np.asarray(getattr(group, attribute))
        except AttributeError:  # NoDataError is one: the format has no such column
            return np.full(n, default)
        return values

    chains = column("chainIDs", "").astype("U")
    if not np.char.str_len(np.char.strip(chains)).any():
        chains = column("segids", "").astype("U")
    table = _table(
        names=column("names", "").astype("U"),
        residue_names=column("resnames", "").astype("U"),
        residue_numbers=column("resids", 0),
        insertion_codes=column("icodes", "").astype("U"),
        chains=chains,
        altlocs=column("altLocs", "").astype("U"),
        occupancies=column("occupancies", 1.0),
        b_factors=column("tempfactors", 0.0),
        positions=np.asarray(group.positions, dtype=np.float64),
        ids=np.asarray(group.indices),
    )
    dimensions = group.universe.dimensions
    box = None
    if dimensions is not None and np.all(dimensions[:3] > 1.5):  # a cell of 1 Å means: no cell
        from MDAnalysis.lib.mdamath import triclinic_vectors

        box = np.asarray(triclinic_vectors(dimensions), dtype=np.float64)
    return _checked(StructureData(name, kind, (table,), sha256=digest, box=box))


def _from_trajectory(trajectory: Any) -> StructureData:
    if trajectory.n_frames == 0 or trajectory.n_atoms == 0:
        raise FileUnreadable("mdtraj trajectory without frames or atoms; one frame is needed: load at least one")
    atoms = list(trajectory.topology.atoms)
    residues = [a.residue for a in atoms]
    n = len(atoms)
    table = _table(
        names=np.array([a.name for a in atoms]),
        residue_names=np.array([r.name for r in residues]),
        residue_numbers=np.array([r.resSeq for r in residues]),
        insertion_codes=np.full(n, ""),
        chains=np.array([str(getattr(r.chain, "chain_id", None) or r.chain.index) for r in residues]),
        altlocs=np.full(n, ""),
        occupancies=np.ones(n),
        b_factors=np.zeros(n),
        positions=10.0 * trajectory.xyz[0].astype(np.float64),  # nm
        ids=np.arange(n),
    )
    vectors = trajectory.unitcell_vectors
    box = None if vectors is None else 10.0 * vectors[0].astype(np.float64)  # nm
    return _checked(StructureData("mdtraj trajectory", "mdtraj", (table,), box=box))


def _table(
    *,
    names: NDArray[np.str_],
    residue_names: NDArray[np.str_],
    residue_numbers: NDArray[Any],
    insertion_codes: NDArray[np.str_],
    chains: NDArray[np.str_],
    altlocs: NDArray[np.str_],
    occupancies: NDArray[Any],
    b_factors: NDArray[Any],
    positions: NDArray[np.float64],
    ids: NDArray[Any],
) -> AtomTable:
    """A table of the heavy atoms; elements come from the atom names, never from the guesses of the library."""
    elements = elements_from_names(names)
    table = AtomTable(
        names=names,
        residue_names=residue_names,
        residue_numbers=residue_numbers.astype(np.int64),
        insertion_codes=np.char.strip(insertion_codes),
        chains=chains,
        subchains=chains,
        altlocs=np.char.strip(altlocs),
        elements=elements,
        occupancies=occupancies.astype(np.float64),
        b_factors=b_factors.astype(np.float64),
        positions=positions,
        deposited_ids=ids.astype(np.int64),
    )
    return table.take(elements != "H")


def elements_from_names(names: NDArray[np.str_]) -> NDArray[np.str_]:
    """Elements of protein and water atoms by their names (first letter; H for hydrogens as HB2, 1HB or D).

    Ions do not need it: their residue decides (`selectivity.structure.species`).

    >>> elements_from_names(np.array(["CA", "OG1", "HB2", "1HG1", "OW", "POT"])).tolist()
    ['C', 'O', 'H', 'H', 'O', 'P']
    """
    distinct, inverse = np.unique(names, return_inverse=True)
    known = ["H" if _HYDROGEN.match(n) else _LEADING_DIGITS.sub("", n)[:1] for n in distinct.tolist()]
    return np.array(known, dtype="U2")[inverse]


def _checked(data: StructureData) -> StructureData:
    positions = data.models[0].positions
    if not np.isfinite(positions).all():
        n = int((~np.isfinite(positions).all(axis=1)).sum())
        raise FileUnreadable(
            f"{data.source}: {n} atoms have coordinates that are not numbers; finite Å are needed: repair the frame"
        )
    return data
