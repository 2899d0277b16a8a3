"""What does a reader hand over? One table of atoms per model, whatever the file format was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.parts import Diffraction


@dataclass(frozen=True)
class AtomTable:
    """The heavy atoms of one model, columns of equal length; positions (n_atoms, 3) in Å.

    ``chains`` are the author's chain names, ``subchains`` the label_asym_id of mmCIF (equal to ``chains`` elsewhere).
    ``deposited_ids`` number the atoms of the source file.
    """

    names: NDArray[np.str_]
    residue_names: NDArray[np.str_]
    residue_numbers: NDArray[np.int64]
    insertion_codes: NDArray[np.str_]
    chains: NDArray[np.str_]
    subchains: NDArray[np.str_]
    altlocs: NDArray[np.str_]
    elements: NDArray[np.str_]
    occupancies: NDArray[np.float64]
    b_factors: NDArray[np.float64]
    positions: NDArray[np.float64]
    deposited_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    def take(self, index: Any) -> AtomTable:
        """The rows chosen by a numpy index or mask."""
        return AtomTable(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

    @cached_property
    def residue_starts(self) -> NDArray[np.int64]:
        """First row of every residue, with the number of rows appended, shape (n_residues + 1,).

        A residue is a run of rows that share chain, number and insertion code. Alternative residues at one place
        (microheterogeneity) stay one residue; without altlocs a change of residue name starts a new one.
        """
        if len(self) == 0:
            return np.zeros(1, dtype=np.int64)
        changed = np.zeros(len(self), dtype=bool)
        changed[0] = True
        for column in (self.chains, self.subchains, self.residue_numbers, self.insertion_codes):
            changed[1:] |= column[1:] != column[:-1]
        renamed = self.residue_names[1:] != self.residue_names[:-1]
        changed[1:] |= renamed & (self.altlocs[1:] == "") & (self.altlocs[:-1] == "")
        return np.append(np.flatnonzero(changed), len(self)).astype(np.int64)


@dataclass(frozen=True)
class Operator:
    """A rigid motion x -> R x + t (R shape (3, 3), t shape (3,), Å)."""

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def __call__(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Moved positions, shape (..., 3)."""
        return positions @ self.rotation.T + self.translation


IDENTITY = Operator(np.eye(3), np.zeros(3))


@dataclass(frozen=True)
class Assembly:
    """A biological assembly of the file: groups of chains, each with the operators that copy it.

    ``by_label`` says that the names are label_asym_ids (mmCIF) and not author chains (PDB).
    """

    name: str
    groups: tuple[tuple[frozenset[str], tuple[Operator, ...]], ...]
    by_label: bool

    @property
    def n_operators(self) -> int:
        """The largest number of copies of one chain."""
        return max((len(operators) for _, operators in self.groups), default=0)


@dataclass(frozen=True)
class StructureData:
    """Everything a source says: its models, its assemblies, and what its header tells."""

    source: str
    format: str
    models: tuple[AtomTable, ...]
    assemblies: tuple[Assembly, ...] = ()
    title: str = ""
    resolution_angstrom: float | None = None
    diffraction: Diffraction | None = None
    sha256: str | None = None
    box: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[AtomTable]:
        return iter(self.models)
