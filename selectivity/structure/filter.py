"""What is a selectivity filter? Strands of atoms, rings of oxygens on a common axis, sites between the rings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange
from selectivity.files import write_text
from selectivity.structure.parts import (
    Diffraction,
    FilterAtom,
    FilterIon,
    FilterWater,
    Lining,
    Provenance,
    Ring,
    RingKind,
    Site,
    Surroundings,
    Vector,
)
from selectivity.structure.pdb_text import pdb_text
from selectivity.structure.sites import filter_sites, numbered_sites

__all__ = [
    "Diffraction",
    "Filter",
    "FilterAtom",
    "FilterIon",
    "FilterWater",
    "Lining",
    "Provenance",
    "Ring",
    "RingKind",
    "Site",
    "Surroundings",
    "Vector",
]

_Placed = TypeVar("_Placed", FilterIon, FilterWater)


@dataclass(frozen=True, eq=False)
class Filter:
    """A selectivity filter in the coordinates of its file (Å); two filters are equal only when they are the same object.

    ``positions`` has shape (n_atoms, 3) and is read-only. ``axis_origin`` lies on the axis in the plane of the second
    backbone-carbonyl ring (V76 O of KcsA), ``axis_direction`` is the unit vector from the cavity to the outside.
    ``rings`` and ``sites`` are ordered from the cavity outward. ``surroundings`` (empty where the source has nothing else) are the
    other protein atoms near the axis.
    """

    signature: str
    first_residue: int
    n_strands: int
    atoms: tuple[FilterAtom, ...]
    positions: Vector
    axis_origin: Vector
    axis_direction: Vector
    rings: tuple[Ring, ...]
    sites: tuple[Site, ...]
    ions: tuple[FilterIon, ...]
    waters: tuple[FilterWater, ...]
    provenance: Provenance
    warnings: tuple[str, ...] = field(default=())
    surroundings: Surroundings = field(default_factory=Surroundings)

    def __post_init__(self) -> None:
        for name in ("positions", "axis_origin", "axis_direction"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A filter sent to another process stays read-only."""
        self.__dict__.update(state)
        self.__post_init__()

    def pore_positions(self) -> Vector:
        """Positions of the atoms in the pore frame, shape (n_atoms, 3), Å.

        z runs along the axis from the cavity outward with z = 0 at ``axis_origin``; x points to the first oxygen of the first
        ring, so the frame does not depend on the orientation of the file.
        """
        return self.in_pore_frame(self.positions)

    def in_pore_frame(self, points: ArrayLike) -> Vector:
        """Points (n, 3) given in the coordinates of the file, in the pore frame, Å."""
        first = self.positions[self.rings[0].atoms[0]] - self.axis_origin
        x = first - (first @ self.axis_direction) * self.axis_direction
        x /= np.linalg.norm(x)
        frame = np.stack([x, np.cross(self.axis_direction, x), self.axis_direction])
        return (np.asarray(points, dtype=float).reshape(-1, 3) - self.axis_origin) @ frame.T

    def rotated(self, rotation: ArrayLike) -> Filter:
        """The filter turned about the origin of its coordinates by a proper rotation matrix (3, 3): x -> R x.

        Raises OutOfRange when the matrix is not a rotation (a mirror image would be another protein).
        """
        matrix = np.asarray(rotation, dtype=float)
        if (
            matrix.shape != (3, 3)
            or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-8)
            or np.linalg.det(matrix) < 0
        ):
            raise OutOfRange(
                f"rotation of shape {matrix.shape} is not a proper rotation; an orthonormal (3, 3) matrix of determinant +1 is "
                "needed: see scipy.spatial.transform.Rotation"
            )
        return self._moved(matrix, np.zeros(3))

    def translated(self, vector: ArrayLike) -> Filter:
        """The filter moved by a vector (3,), Å."""
        return self._moved(np.eye(3), np.asarray(vector, dtype=float).reshape(3))

    def dilated(self, dr: float) -> Filter:
        """The filter with every ring oxygen ``dr`` Å further from the axis (negative: nearer).

        The dipole moves as one body: a carbonyl takes its C along, a hydroxyl its CB; the rest of the strand stays. Ring radii
        change by exactly ``dr``; ions stay where they were seen. Raises OutOfRange when an oxygen would reach the axis.
        """
        positions = self.positions.copy()
        partner = {(a.strand, a.residue_index, a.name): i for i, a in enumerate(self.atoms)}
        for i in {i for ring in self.rings for i in ring.atoms}:
            outward = self._outward(i)
            if np.linalg.norm(outward) + dr <= 0:
                raise OutOfRange(f"dilation by {dr} Å moves {self.atoms[i].name} across the axis: use a larger dr")
            atom = self.atoms[i]
            step = dr * outward / np.linalg.norm(outward)
            positions[i] += step
            carrier = partner.get((atom.strand, atom.residue_index, "C" if atom.name == "O" else "CB"))
            if carrier is not None and atom.name in ("O", "OG1", "OG"):
                positions[carrier] += step
        rings = tuple(replace(r, radius=r.radius + dr) for r in self.rings)
        sites = filter_sites(rings) if any(s.name == "Scav" for s in self.sites) else numbered_sites(rings)
        note = f"rings dilated by {dr:+.3f} Å"
        provenance = replace(self.provenance, notes=(*self.provenance.notes, note))
        return replace(self, positions=positions, rings=rings, sites=sites, provenance=provenance)

    def to_pdb(self, path: str | Path | None = None) -> str:
        """The filter, its ions and waters (not its surroundings) as PDB text; written to ``path`` as well when one is given.

        Loading the text again gives the same filter to the precision of the format (0.001 Å). Raises OutOfRange when a
        coordinate does not fit the columns of a PDB file.
        """
        text = pdb_text(
            self.atoms,
            self.positions,
            self.ions,
            self.waters,
            title=self.provenance.title,
            resolution=self.provenance.resolution_angstrom,
        )
        if path is not None:
            write_text(path, text)
        return text

    def _outward(self, index: int) -> Vector:
        """The vector from the axis to an atom, at right angles to the axis (Å)."""
        offset = self.positions[index] - self.axis_origin
        return np.asarray(offset - (offset @ self.axis_direction) * self.axis_direction)

    def _moved(self, rotation: Vector, shift: Vector) -> Filter:
        def moved(part: _Placed) -> _Placed:
            x, y, z = (float(c) for c in rotation @ np.asarray(part.position) + shift)
            return replace(part, position=(x, y, z))

        return replace(
            self,
            positions=self.positions @ rotation.T + shift,
            axis_origin=rotation @ self.axis_origin + shift,
            axis_direction=rotation @ self.axis_direction,
            ions=tuple(moved(i) for i in self.ions),
            waters=tuple(moved(w) for w in self.waters),
            surroundings=Surroundings(self.surroundings.elements, self.surroundings.positions @ rotation.T + shift),
        )
