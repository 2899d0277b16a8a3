"""How is a rigid ligand group laid out? Atom order, restraints and internal geometry of carbonyl, hydroxyl and water."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.constants import GAS_CONSTANT_KJ, ROOM_TEMPERATURE
from selectivity.energetics.force_field import AtomType, ForceField, group_geometry
from selectivity.errors import OutOfRange

Vector = NDArray[np.float64]

UNBOUNDED = 1e9
"""Å; a wall that far away is no wall (a finite number, so that compiled comparisons stay simple)."""


@dataclass(frozen=True)
class Group:
    """One rigid ligand group before it is packed into a `LigandSystem`.

    ``atom_names`` and ``positions`` (n, 3; Å) follow the order C O, CB OG1 HG1 or O H1 H2; ``restraint_kj_mol_A2`` (n,) holds the
    force constant of every atom (0 = unrestrained); ``region`` is (z_low, z_high, lateral radius) in Å for the first atom
    of a water, unbounded for the others; ``deposited_ids`` (n,) are those of the filter atoms, -1 for atoms that were built.
    """

    kind: str
    label: str
    atom_names: tuple[str, ...]
    positions: Vector
    restraint_kj_mol_A2: Vector
    deposited_ids: tuple[int, ...]
    region: tuple[float, float, float] = (-UNBOUNDED, UNBOUNDED, UNBOUNDED)

    def atom_types(self, field: ForceField) -> tuple[AtomType, ...]:
        """Parameters of the atoms in their order (the two hydrogens of water share one type)."""
        table = field.groups[self.kind]
        if self.kind == "water":
            return (table["O"], table["H"], table["H"])
        return tuple(table.values())


def force_constant(sigma: float) -> float:
    """Harmonic constant k = R T_ref / sigma^2 (kJ/mol/Å^2) of a nominal thermal amplitude sigma (Å), T_ref = 298.15 K.

    Raises `OutOfRange` unless 0 < sigma <= 5 Å (docs/theory.md section 2).

    >>> round(force_constant(0.30), 3)
    27.544
    """
    if not 0.0 < sigma <= 5.0:
        raise OutOfRange(f"sigma = {sigma} Å: needed 0 < sigma <= 5 Å; the calibrated value is 0.30 Å")
    return GAS_CONSTANT_KJ * ROOM_TEMPERATURE / sigma**2


def b_factor_amplitude(b_factor: float) -> float:
    """sigma (Å) of an isotropic B-factor (Å^2), sigma^2 = B / (8 pi^2).

    Raises `OutOfRange` for a B-factor that is not positive.

    >>> round(b_factor_amplitude(16.0), 3)
    0.45
    """
    if not b_factor > 0.0:
        raise OutOfRange(f"B-factor {b_factor} Å^2: sigma='bfactor' needs positive B-factors; give sigma in Å")
    return float(np.sqrt(b_factor / (8.0 * np.pi**2)))


def hydroxyl_hydrogen(cb: Vector, oxygen: Vector, towards: Vector) -> Vector:
    """Position of the hydroxyl hydrogen in the plane of CB, the oxygen and the direction ``towards`` (Å).

    O-H length and C-O-H angle are those of ``data/force_fields_geometry.csv``; ``towards`` is a vector (not a point) that fixes
    the torsion, which is a degree of freedom anyway.

    >>> h = hydroxyl_hydrogen(np.zeros(3), np.array([1.42, 0, 0]), np.array([0, 0, 1.0]))
    >>> h.round(3).tolist()
    [1.685, 0.0, 0.923]
    """
    geometry = group_geometry()
    bond = (oxygen - cb) / np.linalg.norm(oxygen - cb)
    across = _perpendicular(towards, bond)
    angle = np.radians(geometry.hydroxyl_angle)
    return oxygen + geometry.hydroxyl_oh * (-np.cos(angle) * bond + np.sin(angle) * across)


def water_sites(oxygen: Vector, dipole: Vector) -> Vector:
    """O, H, H of a rigid TIP3P water (3, 3; Å) with its hydrogens on the side of ``dipole``.

    >>> water_sites(np.zeros(3), np.array([0, 0, 1.0])).round(4)[1].tolist()
    [0.757, 0.0, 0.5859]
    """
    geometry = group_geometry()
    half = np.radians(geometry.water_angle) / 2.0
    axis = dipole / np.linalg.norm(dipole)
    across = _perpendicular(np.array([1.0, 0.0, 0.0]), axis)
    along, aside = geometry.water_oh * np.cos(half) * axis, geometry.water_oh * np.sin(half) * across
    return np.array([oxygen, oxygen + along + aside, oxygen + along - aside])


def _perpendicular(vector: Vector, axis: Vector) -> Vector:
    """Unit vector along the part of ``vector`` across ``axis`` (unit); another direction when that part vanishes."""
    for candidate in (vector, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])):
        across = candidate - (candidate @ axis) * axis
        length = np.linalg.norm(across)
        if length > 1e-3 * np.linalg.norm(candidate):
            break
    return across / length
