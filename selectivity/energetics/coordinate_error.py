"""How far may the atoms be off? Coordinate errors of a structure, and what they do to an energy difference.

The error of a well-refined atom is far below its B-factor amplitude. Cruickshank's diffraction precision index,

    error per coordinate = sqrt(N_atoms/N_reflections) C^(-1/3) R_free d_min sqrt(B/<B>),

is used where the header has what it needs, else the same formula for an average crystal, a rule by resolution, marked assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.filter import Diffraction, Filter

Vector = NDArray[np.float64]

VOLUME_PER_ATOM = 35.0
"""Asymmetric-unit volume per heavy atom of an average protein crystal, Å³ (2.6 Å³/Da times 13.4 Da), for the assumed rule."""

ASSUMED_R_FREE = 0.25
"""R_free of an average refinement between 1.5 and 3.5 Å, for the assumed rule."""

ASSUMED_RESOLUTION = 2.5
"""Å; taken where a file does not say its resolution: in the middle of what filters are deposited at."""

LOW_RESOLUTION = 3.0
"""Å; beyond it ring radii are not known well enough for a point value of the ratio (docs/theory.md section 4)."""

B_SCALE_LIMITS = (0.25, 4.0)
"""B/<B> is trusted within these limits; refinements that wrote 0 or absurd B-factors do not make an atom exact."""

SAME_STRAND_TOLERANCE = 0.05
"""Å; strands whose ring atoms agree that well in radius and height are copies of one strand (imposed symmetry), whatever
the chains are called: independent atoms would differ by their coordinate errors, several times more."""


@dataclass(frozen=True)
class AtomErrors:
    """Standard error per coordinate of every filter atom, shape (n_atoms,), Å; how it was obtained; whether it was assumed.

    ``unique`` (n_atoms,) numbers the independent atoms: copies of one atom share a number and move together.
    """

    sigma: Vector
    unique: NDArray[np.int64]
    method: str
    assumed: bool


def atom_errors(filter: Filter) -> AtomErrors:
    """Coordinate errors of a filter's atoms by the precision index, or by the rule where the header is silent.

    Source: cruickshank1999 (the free-R form); the assumed rule is this_package.
    """
    provenance = filter.provenance
    resolution = provenance.resolution_angstrom
    unique = _independent_atoms(filter)
    index = precision_index(provenance.diffraction, resolution)
    if index is not None and provenance.diffraction is not None:
        b_factors = np.array([atom.b_factor for atom in filter.atoms])
        mean_b = provenance.diffraction.mean_b
        scale = _b_scale(b_factors, mean_b)
        method = f"Cruickshank precision index {index:.2f} Å per coordinate, scaled by sqrt(B/<B>)"
        return AtomErrors(index * scale, unique, method, False)
    assumed = assumed_error(resolution if resolution is not None else ASSUMED_RESOLUTION)
    known = (
        f"{resolution:g} Å resolution"
        if resolution is not None
        else f"unknown resolution, {ASSUMED_RESOLUTION} Å taken"
    )
    method = f"assumed {assumed:.2f} Å per coordinate ({known}; the header lacks what a precision index needs)"
    return AtomErrors(np.full(len(filter.atoms), assumed), unique, method, True)


def precision_index(diffraction: Diffraction | None, resolution: float | None) -> float | None:
    """Cruickshank's error per coordinate (Å) of an atom of average B, None where the header lacks a number.

    >>> precision_index(Diffraction(4534, 60000, 0.22, 0.23, 90.0, 40.0), 2.0).__round__(3)
    0.131
    """
    if diffraction is None or resolution is None:
        return None
    reflections, r_free, n_atoms = diffraction.n_reflections, diffraction.r_free, diffraction.n_atoms
    if not (reflections and r_free and n_atoms and diffraction.mean_b):
        return None
    completeness = (diffraction.completeness_percent or 100.0) / 100.0
    return math.sqrt(n_atoms / reflections) * completeness ** (-1.0 / 3.0) * r_free * resolution


def assumed_error(resolution: float) -> float:
    """Error per coordinate (Å) by resolution (Å) alone: the precision index of an average, complete crystal.

    N_reflections = (2 pi/3) V/d³ for the volume V of the asymmetric unit, hence an error of R_free sqrt(3/(2 pi v)) d^(5/2).

    >>> round(assumed_error(2.0), 2), round(assumed_error(3.0), 2)
    (0.17, 0.46)
    """
    return ASSUMED_R_FREE * math.sqrt(3.0 / (2.0 * math.pi * VOLUME_PER_ATOM)) * resolution**2.5


def propagated_error(gradient: Vector, positions: Vector, sigma: Vector, unique: NDArray[np.int64]) -> float:
    """Standard error of a quantity from its gradient with respect to the atoms' coordinates.

    gradient (n, 3) per Å and positions (n, 3) Å in the pore frame, sigma (n,) Å per coordinate, unique (n,). Copies of one atom
    share one displacement in cylindrical components (radial, tangential, axial), so their gradients are summed first:

        s² = sum over independent atoms of sigma² |sum over copies of g|²
    """
    components = cylindrical(gradient, positions)
    numbers, index = np.unique(unique, return_inverse=True)
    summed = np.zeros((len(numbers), 3))
    np.add.at(summed, index, components)
    variance = np.zeros(len(numbers))
    variance[index] = sigma**2
    return float(np.sqrt((variance[:, None] * summed**2).sum()))


def cylindrical(vectors: Vector, positions: Vector) -> Vector:
    """Radial, tangential and axial components (n, 3) of vectors attached to positions (n, 3) in the pore frame."""
    radial = positions[:, :2] / np.maximum(np.linalg.norm(positions[:, :2], axis=1, keepdims=True), 1e-9)
    along = (vectors[:, :2] * radial).sum(axis=1)
    across = vectors[:, 1] * radial[:, 0] - vectors[:, 0] * radial[:, 1]
    return np.column_stack([along, across, vectors[:, 2]])


def _b_scale(b_factors: Vector, mean_b: float | None) -> Vector:
    if not mean_b or mean_b <= 0.0:
        return np.ones(len(b_factors))
    return np.sqrt(np.clip(b_factors / mean_b, *B_SCALE_LIMITS))


def _independent_atoms(filter: Filter) -> NDArray[np.int64]:
    """Number of the independent atom behind every atom: the deposited one, or one for all strands where these are copies."""
    if not _strands_are_copies(filter):
        return np.array([atom.deposited_id for atom in filter.atoms], dtype=np.int64)
    keys = [(atom.residue_index, atom.name) for atom in filter.atoms]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)


def _strands_are_copies(filter: Filter) -> bool:
    positions = filter.pore_positions()
    radius, height = np.linalg.norm(positions[:, :2], axis=1), positions[:, 2]
    for ring in filter.rings:
        members = list(ring.atoms)
        if np.ptp(radius[members]) > SAME_STRAND_TOLERANCE or np.ptp(height[members]) > SAME_STRAND_TOLERANCE:
            return False
    return True
