"""Where may the hydroxyl hydrogens of a frame point? Compiled tables over their torsions, and the wells of these together.

Columns of ``xyz`` (3, N) and ``params`` (4, N; as in `selectivity.energetics.kernels`): heavy atoms (CB OG1 of the hydroxyls, then
C O of the carbonyls), the hydrogens, the ion.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.kernels import row

ANGLES = 24
"""Grid of hydroxyl torsions, as in `selectivity.energetics.torsions`."""

STEP = 2.0 * np.pi / ANGLES

WELLS, LEAN = 3, 4
"""Torsions of one hydrogen that are combined with those of the others, and steps of the grid (60 degrees) between them where it has
one well only."""


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
def held_energy(xyz, params, h, column, n_held):
    """Energy and gradient of hydrogen h with the held atoms of all other groups."""
    c0, l0, x0, y0, z0 = row(xyz, params, column, 0, 2 * h)
    c1, l1, x1, y1, z1 = row(xyz, params, column, 2 * h + 2, n_held)
    return c0 + l0 + c1 + l1, x0 + x1, y0 + y1, z0 + z1


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pairs_along(x, y, z, places, charge, depth, size, out, add):
    """Energies of one atom with a hydrogen at each place of its circle, ``places`` (3, 24); written or added to ``out`` (24,)."""
    xs, ys, zs = places[0], places[1], places[2]
    square = size * size
    for k in range(ANGLES):
        dx, dy, dz = xs[k] - x, ys[k] - y, zs[k] - z
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        s2 = square * inverse * inverse
        s6 = s2 * s2 * s2
        energy = charge * inverse + depth * s6 * (s6 - 2.0)
        out[k] = energy + out[k] if add else energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def torsion_tables(xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places):
    """Energies of the hydrogens over the grid.

    With held atoms ``held`` (H, 24) and its ``slope`` (per rad), with each other ``mutual`` (H, H, 24, 24; filled for the second
    index below the first); ``places`` (H, 3, 24) are where they stand.
    """
    for h in range(n_hydroxyl):
        column = n_held + h
        for k in range(ANGLES):
            c, s = np.cos(STEP * k), np.sin(STEP * k)
            place_hydrogen(feet, h, STEP * k, xyz, column)
            energy, gx, gy, gz = held_energy(xyz, params, h, column, n_held)
            held[h, k] = energy
            slope[h, k] = (
                gx * (c * feet[h, 2, 0] - s * feet[h, 1, 0])
                + gy * (c * feet[h, 2, 1] - s * feet[h, 1, 1])
                + gz * (c * feet[h, 2, 2] - s * feet[h, 1, 2])
            )
            for axis in range(3):
                places[h, axis, k] = xyz[axis, column]
    charge, depth, size = params[0, n_held] ** 2, params[1, n_held] ** 2, 2.0 * params[2, n_held]
    for h in range(n_hydroxyl):
        for other in range(h):
            for k in range(ANGLES):
                x, y, z = places[h, 0, k], places[h, 1, k], places[h, 2, k]
                pairs_along(x, y, z, places[other], charge, depth, size, mutual[h, other, k], False)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def with_ion(x, y, z, params, n_hydroxyl, n_held, held, places, single):
    """Fill ``single`` (H, 24): energy of every hydrogen with the held atoms and an ion at a point."""
    ion = n_held + n_hydroxyl
    charge, depth = params[0, n_held] * params[0, ion], params[1, n_held] * params[1, ion]
    size = params[2, n_held] + params[2, ion]
    for h in range(n_hydroxyl):
        single[h] = held[h]
        pairs_along(x, y, z, places[h], charge, depth, size, single[h], True)


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
def one_energy(single, mutual, n_hydroxyl, chosen, h, k):
    """What grid torsion k of hydrogen h costs beside the others where they are."""
    energy = single[h, k]
    for other in range(h):
        energy += mutual[h, other, k, chosen[other]]
    for other in range(h + 1, n_hydroxyl):
        energy += mutual[other, h, chosen[other], k]
    return energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def settle_torsions(single, mutual, n_hydroxyl, chosen):
    """Walk down the grid from a combination, one hydrogen and one step at a time, to the bottom of its well."""
    moved = True
    while moved:
        moved = False
        for h in range(n_hydroxyl):
            here = one_energy(single, mutual, n_hydroxyl, chosen, h, chosen[h])
            for side in range(2):
                k = (chosen[h] + (1 if side == 0 else ANGLES - 1)) % ANGLES
                energy = one_energy(single, mutual, n_hydroxyl, chosen, h, k)
                while energy < here - 1e-9:
                    here, chosen[h], moved = energy, k, True
                    k = (k + (1 if side == 0 else ANGLES - 1)) % ANGLES
                    energy = one_energy(single, mutual, n_hydroxyl, chosen, h, k)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def insert(energy, trial, chosen, lowest):
    """Put a combination of torsions in its place in the list ``chosen`` (n, H) with ascending energies ``lowest`` (n,), once."""
    place, last = len(lowest), len(lowest) - 1
    if energy >= lowest[last]:
        return
    while place > 0 and energy < lowest[place - 1] + 1e-9:
        place -= 1
        if abs(energy - lowest[place]) < 1e-9:
            return
    for c in range(last, place, -1):
        lowest[c] = lowest[c - 1]
        chosen[c] = chosen[c - 1]
    lowest[place] = energy
    chosen[place] = trial


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def best_torsions(single, mutual, n_hydroxyl, wells, trial, tried, tried_energy, chosen, lowest):
    """The lowest wells of all hydrogens together: torsions into ``chosen`` (n, H), grid energies into ``lowest`` (n,), ascending.

    Walked down to from the lowest combinations of the wells of each (as many as ``tried`` has room for); places without one hold
    infinity.
    """
    wells_of(single, n_hydroxyl, wells)
    tried_energy[:], lowest[:] = np.inf, np.inf
    for number in range(WELLS**n_hydroxyl):
        rest = number
        for h in range(n_hydroxyl):
            trial[h] = wells[h, rest % WELLS]
            rest //= WELLS
        insert(grid_energy(single, mutual, n_hydroxyl, trial), trial, tried, tried_energy)
    for t in range(len(tried)):
        if tried_energy[t] == np.inf:
            break
        settle_torsions(single, mutual, n_hydroxyl, tried[t])
        insert(grid_energy(single, mutual, n_hydroxyl, tried[t]), tried[t], chosen, lowest)
