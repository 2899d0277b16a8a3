"""Where do the hydroxyl hydrogens of a frame point? Compiled tables over their torsions, and the lowest combinations of them.

Columns of ``xyz`` (3, N) and ``params`` (4, N; as in `selectivity.energetics.kernels`): heavy atoms (CB OG1 of the hydroxyls, then
C O of the carbonyls), the hydrogens, the ion.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.kernels import row

ANGLES = 24
"""Grid of hydroxyl torsions, as in `selectivity.energetics.torsions`."""

WELLS, LEAN = 3, 4
"""Torsions of one hydrogen that are combined with those of the others, and steps of the grid (60 degrees) between them where it has
one well only."""

SWEEPS = 8


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def place_hydrogen(feet, h, angle, xyz, column):
    """Put hydrogen h at a torsion (rad): ``feet`` (H, 3, 3) holds the foot of its circle and two arms of the circle's radius."""
    c, s = np.cos(angle), np.sin(angle)
    for axis in range(3):
        xyz[axis, column] = feet[h, 0, axis] + c * feet[h, 1, axis] + s * feet[h, 2, axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def circles(xyz, n_hydroxyl, oh_length, coh_angle, feet):
    """Circles of the hydroxyl hydrogens; torsion 0 turns the hydrogen towards +z."""
    for h in range(n_hydroxyl):
        u = xyz[:, 2 * h + 1] - xyz[:, 2 * h]
        u /= np.sqrt(u[0] ** 2 + u[1] ** 2 + u[2] ** 2)
        first = np.array([-u[2] * u[0], -u[2] * u[1], 1.0 - u[2] * u[2]])
        length = np.sqrt(first[0] ** 2 + first[1] ** 2 + first[2] ** 2)
        if length < 1e-3:
            first = np.array([1.0 - u[0] * u[0], -u[0] * u[1], -u[0] * u[2]])
            length = np.sqrt(first[0] ** 2 + first[1] ** 2 + first[2] ** 2)
        first /= length
        second = np.cross(u, first)
        for axis in range(3):
            feet[h, 0, axis] = xyz[axis, 2 * h + 1] - np.cos(coh_angle) * oh_length * u[axis]
            feet[h, 1, axis] = np.sin(coh_angle) * oh_length * first[axis]
            feet[h, 2, axis] = np.sin(coh_angle) * oh_length * second[axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pair(a, b, charge, depth, size):
    """Energy of two atoms at (3,) and (3,) with the products of their parameters, kJ/mol."""
    inverse2 = 1.0 / ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)
    s6 = (size * size * inverse2) ** 3
    return charge * np.sqrt(inverse2) + depth * s6 * (s6 - 2.0)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def held_energy(xyz, params, h, column, n_held):
    """Energy and gradient of hydrogen h with the held atoms of all other groups."""
    c0, l0, x0, y0, z0 = row(xyz, params, column, 0, 2 * h)
    c1, l1, x1, y1, z1 = row(xyz, params, column, 2 * h + 2, n_held)
    return c0 + l0 + c1 + l1, x0 + x1, y0 + y1, z0 + z1


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def torsion_tables(xyz, params, n_hydroxyl, n_held, feet, held, mutual, places):
    """Energies of the hydrogens over the grid: with held atoms ``held`` (H, 24), with each other ``mutual`` (H, H, 24, 24)."""
    for h in range(n_hydroxyl):
        for k in range(ANGLES):
            place_hydrogen(feet, h, 2.0 * np.pi * k / ANGLES, xyz, n_held + h)
            held[h, k] = held_energy(xyz, params, h, n_held + h, n_held)[0]
            for axis in range(3):
                places[h, k, axis] = xyz[axis, n_held + h]
    charge, depth, size = params[0, n_held] ** 2, params[1, n_held] ** 2, 2.0 * params[2, n_held]
    for h in range(n_hydroxyl):
        for other in range(h):
            for k in range(ANGLES):
                for m in range(ANGLES):
                    energy = pair(places[h, k], places[other, m], charge, depth, size)
                    mutual[h, other, k, m] = mutual[other, h, m, k] = energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def with_ion(spot, params, n_hydroxyl, n_held, held, places, single):
    """Fill ``single`` (H, 24): energy of every hydrogen with the held atoms and an ion at a spot."""
    ion = n_held + n_hydroxyl
    charge, depth = params[0, n_held] * params[0, ion], params[1, n_held] * params[1, ion]
    size = params[2, n_held] + params[2, ion]
    for h in range(n_hydroxyl):
        for k in range(ANGLES):
            single[h, k] = held[h, k] + pair(places[h, k], spot, charge, depth, size)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def wells_of(single, n_hydroxyl, wells):
    """Torsions of every hydrogen to combine into ``wells`` (H, 3): its own wells, the lowest first, then places beside that one.

    Hydrogens repel one another: a hydrogen with one well by itself leans to either side of it beside its neighbours.
    """
    for h in range(n_hydroxyl):
        n = 0
        for k in range(ANGLES):
            here = single[h, k]
            if here <= single[h, k - 1] and here < single[h, (k + 1) % ANGLES]:
                place = n
                while place > 0 and here < single[h, wells[h, place - 1]]:
                    if place < WELLS:
                        wells[h, place] = wells[h, place - 1]
                    place -= 1
                if place < WELLS:
                    wells[h, place] = k
                n = min(n + 1, WELLS)
        for m in range(n, WELLS):
            aside = LEAN if (m - n) % 2 == 0 else ANGLES - LEAN
            wells[h, m] = (wells[h, 0] + aside) % ANGLES


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def grid_energy(single, mutual, n_hydroxyl, chosen):
    """Energy of a combination of grid torsions."""
    total = 0.0
    for h in range(n_hydroxyl):
        total += single[h, chosen[h]]
        for other in range(h):
            total += mutual[h, other, chosen[h], chosen[other]]
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def settle_torsions(single, mutual, n_hydroxyl, chosen):
    """Move each hydrogen to its best grid torsion in turn until none moves."""
    for _ in range(SWEEPS):
        moved = False
        for h in range(n_hydroxyl):
            lowest, place = np.inf, chosen[h]
            for k in range(ANGLES):
                energy = single[h, k]
                for other in range(n_hydroxyl):
                    if other != h:
                        energy += mutual[h, other, k, chosen[other]]
                if energy < lowest - 1e-9:
                    lowest, place = energy, k
            moved = moved or place != chosen[h]
            chosen[h] = place
        if not moved:
            break
    return grid_energy(single, mutual, n_hydroxyl, chosen)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def insert(energy, trial, chosen, lowest):
    """Put a combination of torsions in its place in the list ``chosen`` (n, H) with ascending energies ``lowest`` (n,)."""
    place = len(lowest)
    while place > 0 and energy < lowest[place - 1]:
        place -= 1
    if place < len(lowest):
        for c in range(len(lowest) - 1, place, -1):
            lowest[c] = lowest[c - 1]
            chosen[c] = chosen[c - 1]
        lowest[place] = energy
        chosen[place] = trial


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def best_torsions(single, mutual, n_hydroxyl, wells, tried, tried_energy, chosen, lowest):
    """The lowest combinations of torsions into ``chosen`` (6, H), their grid energies into ``lowest`` (6,), ascending.

    All combinations of wells are looked at, the lowest are settled, and different outcomes are kept.
    """
    wells_of(single, n_hydroxyl, wells)
    trial = np.empty(n_hydroxyl, dtype=np.int64)
    tried_energy[:], lowest[:] = np.inf, np.inf
    for number in range(WELLS**n_hydroxyl):
        rest = number
        for h in range(n_hydroxyl):
            trial[h] = wells[h, rest % WELLS]
            rest //= WELLS
        insert(grid_energy(single, mutual, n_hydroxyl, trial), trial, tried, tried_energy)
    for t in range(len(tried_energy)):
        if tried_energy[t] == np.inf:
            break
        energy = settle_torsions(single, mutual, n_hydroxyl, tried[t])
        known = False
        for c in range(len(lowest)):
            known = known or abs(energy - lowest[c]) < 1e-9
        if not known:
            insert(energy, tried[t], chosen, lowest)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def place_hydrogens(xyz, n_hydroxyl, n_held, places, chosen):
    """Put the hydrogens at grid torsions."""
    for h in range(n_hydroxyl):
        for axis in range(3):
            xyz[axis, n_held + h] = places[h, chosen[h], axis]
