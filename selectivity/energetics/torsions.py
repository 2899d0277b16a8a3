"""Where do the hydroxyl hydrogens point? Compiled scan of the torsions about CB-O by coordinate descent."""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.bodies import bond_direction, rotation
from selectivity.energetics.kernels import row

ANGLES = 24
"""Grid of the scan: 15 degrees is well inside the basin of any hydrogen bond."""

SWEEPS = 8
"""Coordinate descent over a ring of hydroxyls settles within a few sweeps."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def turn(xyz, first, angle, matrix):
    """Rotate the hydrogen of the hydroxyl that begins at atom ``first`` by an angle (rad) about its CB-O bond."""
    ux, uy, uz = bond_direction(xyz, first)
    rotation(angle * ux, angle * uy, angle * uz, matrix)
    ax = xyz[0, first + 2] - xyz[0, first + 1]
    ay = xyz[1, first + 2] - xyz[1, first + 1]
    az = xyz[2, first + 2] - xyz[2, first + 1]
    for axis in range(3):
        arm = matrix[axis, 0] * ax + matrix[axis, 1] * ay + matrix[axis, 2] * az
        xyz[axis, first + 2] = xyz[axis, first + 1] + arm


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def hydrogen_energy(xyz, params, start, coupling, group):
    """Energy of a hydroxyl hydrogen with all other groups and the ions, kJ/mol (no restraint acts on it)."""
    atom, n_ligand, total = start[group] + 2, start[-1], 0.0
    # One call in a loop: a literal bound or a second call would compile another version of `row`.
    for part in range(3):
        if part == 0:
            first, last = start[0], start[group]
        elif part == 1:
            first, last = start[group + 1], n_ligand
        else:
            first, last = n_ligand, xyz.shape[1]
        coulomb, lj, _, _, _ = row(xyz, params, atom, first, last)
        total += (coulomb + lj) * (1.0 if part == 2 else coupling)
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def scan_torsions(xyz, params, start, coupling, groups, shift):
    """Turn all hydroxyls in ``groups`` by ``shift`` (rad), then move each to its best angle in turn until none moves (in place)."""
    matrix = np.empty((3, 3))
    for group in groups:
        turn(xyz, start[group], shift, matrix)
    for _ in range(SWEEPS):
        moved = False
        for group in groups:
            lowest, place = hydrogen_energy(xyz, params, start, coupling, group), 0
            for k in range(1, ANGLES):
                turn(xyz, start[group], 2.0 * np.pi / ANGLES, matrix)
                energy = hydrogen_energy(xyz, params, start, coupling, group)
                if energy < lowest - 1e-9:
                    lowest, place = energy, k
            turn(xyz, start[group], 2.0 * np.pi / ANGLES * (place + 1), matrix)
            moved = moved or place != 0
        if not moved:
            break
