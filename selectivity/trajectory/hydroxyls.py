"""Where may the hydroxyl hydrogens of a frame point? Compiled tables over their torsions, and the wells of these together.

Columns of ``xyz`` (3, N) and ``params`` (4, N; as in `selectivity.energetics.kernels`): heavy atoms (CB OG1 of the hydroxyls, then
C O of the carbonyls), the hydrogens, the ion.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from selectivity.energetics.kernels import row

ANGLES = 24
"""Grid of hydroxyl torsions, as in `selectivity.energetics.torsions`."""

STEP = 2.0 * np.pi / ANGLES

COSINE: Any = np.cos(STEP * np.arange(ANGLES))
SINE: Any = np.sin(STEP * np.arange(ANGLES))

HYDROXYLS = 4
"""Most hydroxyls of a ring, one of each strand: arrays are as large, absent ones hold zeros."""

BITS, MASK = 5, 31
"""A combination of grid torsions is one integer, five bits for each hydrogen."""

WELLS, LEAN = 3, 4
"""Torsions of one hydrogen that are combined with those of the others, and steps of the grid (60 degrees) between them where it has
one well only."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def cosine_and_sine(angle):
    """Cosine and sine of a torsion (rad) to the last digit: those of the nearest grid torsion, turned by the rest with their series."""
    nearest = np.rint(angle / STEP)
    t = angle - STEP * nearest
    k = int(nearest) % ANGLES
    t2 = t * t
    c = 1.0 - t2 * (1 / 2 - t2 * (1 / 24 - t2 * (1 / 720 - t2 * (1 / 40320 - t2 / 3628800))))
    s = t * (1.0 - t2 * (1 / 6 - t2 * (1 / 120 - t2 * (1 / 5040 - t2 / 362880))))
    return COSINE[k] * c - SINE[k] * s, SINE[k] * c + COSINE[k] * s


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
def held_along(xyz, params, h, n_held, foot, places, energy, slope):
    """Energy and slope (per rad) of hydrogen h with the held atoms of all other groups at all its grid torsions, ``places`` (3, 24)."""
    xs, ys, zs = places[0], places[1], places[2]
    qh, eh, rh = params[0, n_held], params[1, n_held], params[2, n_held]
    ax, ay, az, bx, by, bz = foot[1, 0], foot[1, 1], foot[1, 2], foot[2, 0], foot[2, 1], foot[2, 2]
    for k in range(ANGLES):
        energy[k] = slope[k] = 0.0
    for j in range(n_held):
        if j // 2 == h:
            continue
        x, y, z = xyz[0, j], xyz[1, j], xyz[2, j]
        charge, depth, size = qh * params[0, j], eh * params[1, j], rh + params[2, j]
        square = size * size
        for k in range(ANGLES):
            dx, dy, dz = xs[k] - x, ys[k] - y, zs[k] - z
            inverse2 = 1.0 / (dx * dx + dy * dy + dz * dz)
            electric = charge * np.sqrt(inverse2)
            s2 = square * inverse2
            s6 = s2 * s2 * s2
            depth6 = depth * s6
            c, s = COSINE[k], SINE[k]
            along = dx * (c * bx - s * ax) + dy * (c * by - s * ay) + dz * (c * bz - s * az)
            energy[k] += electric + depth6 * (s6 - 2.0)
            slope[k] -= (electric + 12.0 * depth6 * (s6 - 1.0)) * inverse2 * along


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pairs_along(x, y, z, places, charge, depth, size, out, add):
    """Energies of one atom with a hydrogen at each of its places, the first rows of ``places`` (3, n); written or added to ``out`` (n,)."""
    xs, ys, zs = places[0], places[1], places[2]
    square = size * size
    for k in range(len(xs)):
        dx, dy, dz = xs[k] - x, ys[k] - y, zs[k] - z
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        s2 = square * inverse * inverse
        s6 = s2 * s2 * s2
        energy = charge * inverse + depth * s6 * (s6 - 2.0)
        out[k] = energy + out[k] if add else energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def torsion_tables(xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places):
    """Energies of the hydrogens over the grid.

    With held atoms ``held`` (H, 24) and its ``slope`` (per rad), with each other ``mutual`` (H, H, 24, 24: hydrogen, other
    one, torsion of the other, own torsion); ``places`` (H, 3, 24) are where they stand.
    """
    for h in range(n_hydroxyl):
        for axis in range(3):
            foot, first, second = feet[h, 0, axis], feet[h, 1, axis], feet[h, 2, axis]
            for k in range(ANGLES):
                places[h, axis, k] = foot + COSINE[k] * first + SINE[k] * second
        held_along(xyz, params, h, n_held, feet[h], places[h], held[h], slope[h])
    charge, depth, size = params[0, n_held] ** 2, params[1, n_held] ** 2, 2.0 * params[2, n_held]
    for h in range(n_hydroxyl):
        for other in range(h):
            for k in range(ANGLES):
                x, y, z = places[other, 0, k], places[other, 1, k], places[other, 2, k]
                pairs_along(x, y, z, places[h], charge, depth, size, mutual[h, other, k], False)
            for k in range(ANGLES):
                for turn in range(ANGLES):
                    mutual[other, h, turn, k] = mutual[h, other, k, turn]


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
def grid_torsion(code, h):
    """Grid torsion of hydrogen h in a combination, which one integer holds."""
    return (code >> (BITS * h)) & MASK


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def among(mutual, n_hydroxyl, code):
    """What the hydrogens of a combination have with each other, kJ/mol."""
    total = 0.0
    for h in range(n_hydroxyl):
        k = grid_torsion(code, h)
        for other in range(h):
            total += mutual[h, other, grid_torsion(code, other), k]
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def felt(single, mutual, code, h, k):
    """What hydrogen h has at grid torsion k beside the others where they are (absent ones hold zeros), kJ/mol."""
    first, second, third, fourth = (
        code & MASK,
        (code >> BITS) & MASK,
        (code >> 2 * BITS) & MASK,
        (code >> 3 * BITS) & MASK,
    )
    return (
        single[h, k]
        + mutual[h, 0, first, k]
        + mutual[h, 1, second, k]
        + mutual[h, 2, third, k]
        + mutual[h, 3, fourth, k]
    )


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def downhill(single, mutual, code, h):
    """Bottom of the well of hydrogen h beside the others where they are, from where it is in a combination."""
    best = (code >> (BITS * h)) & MASK
    here = felt(single, mutual, code, h, best)
    k = best + 1 if best < ANGLES - 1 else 0
    energy = felt(single, mutual, code, h, k)
    while energy < here - 1e-9:
        here, best = energy, k
        k = best + 1 if best < ANGLES - 1 else 0
        energy = felt(single, mutual, code, h, k)
    k = best - 1 if best > 0 else ANGLES - 1
    energy = felt(single, mutual, code, h, k)
    while energy < here - 1e-9:
        here, best = energy, k
        k = best - 1 if best > 0 else ANGLES - 1
        energy = felt(single, mutual, code, h, k)
    return best


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def settled(single, mutual, n_hydroxyl, code):
    """Walk down the grid from a combination, one hydrogen after the other, to the bottom of the well of all together."""
    still = h = 0
    while still < n_hydroxyl:
        best = downhill(single, mutual, code, h)
        still = still + 1 if best == grid_torsion(code, h) else 1
        code = (code & ~(MASK << (BITS * h))) | (best << (BITS * h))
        h = h + 1 if h < n_hydroxyl - 1 else 0
    return code


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def insert(energy, code, codes, lowest):
    """Put a combination of torsions in its place in the list ``codes`` (n,) with ascending energies ``lowest`` (n,), once."""
    place, last = len(lowest), len(lowest) - 1
    if energy >= lowest[last]:
        return
    while place > 0 and energy < lowest[place - 1] + 1e-9:
        place -= 1
        if codes[place] == code:
            return
    for c in range(last, place, -1):
        lowest[c] = lowest[c - 1]
        codes[c] = codes[c - 1]
    lowest[place] = energy
    codes[place] = code


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def best_torsions(single, mutual, n_hydroxyl, wells, tried, tried_energy, n_tried, codes, lowest):
    """The lowest wells of all hydrogens together: combinations into ``codes`` (n,), grid energies into ``lowest`` (n,), ascending.

    Walked down to from the ``n_tried`` lowest combinations of the wells of each, ``tried`` (81,) with ``tried_energy`` (81,); places
    without one hold infinity.
    """
    wells_of(single, n_hydroxyl, wells)
    for c in range(len(codes)):
        codes[c], lowest[c] = -1, np.inf
    number = combinations(single, mutual, n_hydroxyl, wells, tried, tried_energy)
    for _ in range(min(n_tried, number)):
        least = 0
        for n in range(number):
            if tried_energy[n] < tried_energy[least]:
                least = n
        tried_energy[least] = np.inf
        code = settled(single, mutual, n_hydroxyl, tried[least])
        insert(alone(single, n_hydroxyl, code) + among(mutual, n_hydroxyl, code), code, codes, lowest)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def combinations(single, mutual, n_hydroxyl, wells, codes, energies):
    """All combinations of the wells of single hydrogens, with their energies; how many. One hydrogen is added after the other."""
    codes[0], energies[0] = 0, 0.0
    number = 1
    for h in range(n_hydroxyl):
        for m in range(WELLS - 1, -1, -1):  # the first block, read by all, is written last
            k = wells[h, m]
            for n in range(number):
                energy = energies[n] + single[h, k]
                for other in range(h):
                    energy += mutual[h, other, grid_torsion(codes[n], other), k]
                codes[m * number + n], energies[m * number + n] = codes[n] | k << (BITS * h), energy
        number *= WELLS
    return number


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def alone(single, n_hydroxyl, code):
    """Energies of the hydrogens of a combination without what they have with each other, kJ/mol."""
    total = 0.0
    for h in range(n_hydroxyl):
        total += single[h, grid_torsion(code, h)]
    return total
