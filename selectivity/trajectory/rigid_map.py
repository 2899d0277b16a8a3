"""Where is a descent worth while? Compiled: energies of both ions over a site, beside every likely combination of hydroxyl torsions.

Few combinations of torsions are wells, in the empty filter or beside an ion. At heights over a site the map holds, for each ion, its
lowest energy across the axis (a quadratic about the axis, and places farther out where a site is wide) and, for each combination,
what it costs there; a start is a well of their sum along the axis. Layout as in `selectivity.trajectory.hydroxyls`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from selectivity.energetics.kernels import plus
from selectivity.trajectory.hydroxyls import (
    BITS,
    HYDROXYLS,
    among,
    best_torsions,
    grid_torsion,
    pairs_along,
    settled,
    with_ion,
)
from selectivity.trajectory.rigid_descent import ion_terms
from selectivity.trajectory.shape import N_SITES

EMPTY, BESIDE = 24, 8
"""Combinations of torsions kept of the empty filter, and beside an ion at one place.

An ion turns hydroxyls even from afar (a unit charge and a hydroxyl hydrogen differ by 25 kJ/mol between 8 and 12 Å), so the list of the
empty filter must reach high."""

PLACES: Any = np.array([-3.0, -1.5, 0.0, 1.5, 3.0, 4.5])
"""Å; heights over the plane of the hydroxyls at which an ion is near enough to make wells of its own."""

MOST = HYDROXYLS * EMPTY + len(PLACES) * BESIDE

TRIED_EMPTY, TRIED_BESIDE = 24, 8
"""Combinations of the wells of single hydrogens that are walked down from."""

SPACING, COARSE, NEAR_PLANE = 0.25, 0.8, 1.5
"""Å; distance of neighbouring heights, as in the profile of a score, and farther from the rings than the third, in cavity and mouth."""

MOST_HEIGHTS = 64
"""Room; a site of 8 Å has 15 heights."""

NARROW = 2.0
"""Å; lateral radius of a site up to which an ion stays about the axis."""

RAYS = 5
"""About the axis, and out of it in four directions."""

OUT: Any = np.array([(1.2, 0.0), (2.4, 0.0), (2.4, 0.25 * np.pi)])
"""Distance from the axis (Å) and angle to its ray of the places where the map looks in wide sites; the mouth has wells far out, between
any oxygens, so there all of them, elsewhere the first."""

ASIDE = (0.04, 0.02)
"""Å; by this much a start misses the axis, where a symmetric filter may hold an ion in vain."""

ACROSS, NEAR_STEP = 3, 0.2
"""Steps across the axis where a site ends, and their length (Å): there rings stand close about the ion."""

SOFTEST, FARTHEST = 40.0, 0.5
"""kJ/mol/Å^2 and Å; least curvature and longest step with which the map estimates how far distorted rings push an ion off the axis."""

HIGH_END = 4.0
"""kJ/mol; on a plane, where the energy is steep across the axis, the map is this much further above the well that it stands for."""

MOST_STARTS = 64
"""Room; once it is full others are left out, which no frame of NaK2K and no deposition needed."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pool(
    sites,
    params,
    n_hydroxyl,
    n_held,
    held,
    mutual,
    places,
    single,
    wells,
    tried,
    tried_energy,
    here,
    here_energy,
    codes,
):
    """Combinations of torsions worth a try in this frame, ``codes`` (C,): wells of the empty filter and beside an ion; how many."""
    number = 0
    for place in range(len(PLACES) + 1 if n_hydroxyl > 0 else 1):
        if place == 0:
            kept = EMPTY
            best_torsions(
                held, mutual, n_hydroxyl, wells, tried, tried_energy, TRIED_EMPTY, here[:kept], here_energy[:kept]
            )
        else:
            kept = BESIDE
            with_ion(0.0, 0.0, sites[1, 0] + PLACES[place - 1], params, n_hydroxyl, n_held, held, places, single)
            best_torsions(
                single, mutual, n_hydroxyl, wells, tried, tried_energy, TRIED_BESIDE, here[:kept], here_energy[:kept]
            )
        for c in range(kept):
            for turns in range(n_hydroxyl if place == 0 and here_energy[c] < np.inf else 0):
                code = settled(held, mutual, n_hydroxyl, rotated(here[c], n_hydroxyl, turns))
                if is_new(code, codes, number):
                    codes[number] = code
                    number += 1
            if here_energy[c] < np.inf and is_new(here[c], codes, number):
                codes[number] = here[c]
                number += 1
    return number


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def rotated(code, n_hydroxyl, turns):
    """The combination with every hydrogen as the one ``turns`` strands before; strands are alike, so wells come in fours."""
    other = 0
    for h in range(n_hydroxyl):
        other |= grid_torsion(code, (h + turns) % n_hydroxyl) << (BITS * h)
    return other


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def is_new(code, codes, number):
    """Whether a combination is not among the first ones of a list."""
    new = True
    for c in range(number):
        new = new and codes[c] != code
    return new


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pool_places(codes, number, n_hydroxyl, held, mutual, places, known, spots, slots, shared):
    """What the combinations need, each torsion of a hydrogen once: places and energies without an ion into ``spots`` (4, S).

    Fills where a combination finds its hydrogens there, ``slots`` (C, 4), and what these have with each other, ``shared`` (C,); returns
    the number of spots. ``known`` (4, 24) is room.
    """
    n = 0
    known[:] = -1
    for c in range(number):
        shared[c] = among(mutual, n_hydroxyl, codes[c])
        for h in range(n_hydroxyl):
            k = grid_torsion(codes[c], h)
            if known[h, k] < 0:
                known[h, k] = n
                spots[0, n], spots[1, n], spots[2, n] = places[h, 0, k], places[h, 1, k], places[h, 2, k]
                spots[3, n] = held[h, k]
                n += 1
            slots[c, h] = known[h, k]
    return n


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def both_ions(x, y, z, xyz, params, ion, n_held):
    """Energies of K+ and of Na+ at a point with the held atoms; they share the Coulomb part."""
    xs, ys, zs = xyz[0, 0:n_held], xyz[1, 0:n_held], xyz[2, 0:n_held]
    q, e, r = params[0, 0, 0:n_held], params[0, 1, 0:n_held], params[0, 2, 0:n_held]
    charge, e0, e1 = params[0, 0, ion], params[0, 1, ion], params[1, 1, ion]
    r0, r1 = params[0, 2, ion], params[1, 2, ion]
    first = second = 0.0
    for j in range(len(xs)):
        dx, dy, dz = xs[j] - x, ys[j] - y, zs[j] - z
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        a, b = (r0 + r[j]) * inverse, (r1 + r[j]) * inverse
        a2, b2 = a * a, b * b
        a6, b6 = a2 * a2 * a2, b2 * b2 * b2
        electric = charge * q[j] * inverse
        first = plus(first, electric + e0 * e[j] * a6 * (a6 - 2.0))
        second = plus(second, electric + e1 * e[j] * b6 * (b6 - 2.0))
    return first, second


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def across_axis(z, xyz, params, ion, n_held, terms):
    """Fill ``terms`` (2, 6) for K+ and Na+ on the axis: energy with the held atoms, slopes along x and y, second derivatives xx, xy, yy."""
    xs, ys, zs = xyz[0, 0:n_held], xyz[1, 0:n_held], xyz[2, 0:n_held]
    q, e, r = params[0, 0, 0:n_held], params[0, 1, 0:n_held], params[0, 2, 0:n_held]
    charge, e0, e1 = params[0, 0, ion], params[0, 1, ion], params[1, 1, ion]
    r0, r1 = params[0, 2, ion], params[1, 2, ion]
    u = ux = uy = usame = uxx = uxy = uyy = 0.0
    v = vx = vy = vsame = vxx = vxy = vyy = 0.0
    for j in range(len(xs)):
        dx, dy, dz = -xs[j], -ys[j], z - zs[j]
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        inverse2 = inverse * inverse
        inverse4 = inverse2 * inverse2
        electric = charge * q[j] * inverse
        a, b = (r0 + r[j]) * inverse, (r1 + r[j]) * inverse
        a2, b2 = a * a, b * b
        a6, b6 = a2 * a2 * a2, b2 * b2 * b2
        depth, thick = e0 * e[j] * a6, e1 * e[j] * b6
        first = -(electric + 12.0 * depth * (a6 - 1.0)) * inverse2
        second = (3.0 * electric + 24.0 * depth * (7.0 * a6 - 4.0)) * inverse4
        u = plus(u, electric + depth * (a6 - 2.0))
        ux, uy, usame = plus(ux, first * dx), plus(uy, first * dy), plus(usame, first)
        uxx, uxy, uyy = plus(uxx, second * dx * dx), plus(uxy, second * dx * dy), plus(uyy, second * dy * dy)
        first = -(electric + 12.0 * thick * (b6 - 1.0)) * inverse2
        second = (3.0 * electric + 24.0 * thick * (7.0 * b6 - 4.0)) * inverse4
        v = plus(v, electric + thick * (b6 - 2.0))
        vx, vy, vsame = plus(vx, first * dx), plus(vy, first * dy), plus(vsame, first)
        vxx, vxy, vyy = plus(vxx, second * dx * dx), plus(vxy, second * dx * dy), plus(vyy, second * dy * dy)
    terms[0, 0], terms[0, 1], terms[0, 2] = u, ux, uy
    terms[0, 3], terms[0, 4], terms[0, 5] = usame + uxx, uxy, usame + uyy
    terms[1, 0], terms[1, 1], terms[1, 2] = v, vx, vy
    terms[1, 3], terms[1, 4], terms[1, 5] = vsame + vxx, vxy, vsame + vyy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def downhill_across(energy, gx, gy, xx, xy, yy, farthest):
    """Where a quadratic in x and y is lowest within reach: x, y (Å) and energy (kJ/mol); where it is too soft, less far."""
    softest = 0.5 * (xx + yy) - np.sqrt(0.25 * (xx - yy) ** 2 + xy * xy)
    shift = max(SOFTEST - softest, 0.0)
    a, b = xx + shift, yy + shift
    x, y = (xy * gy - b * gx) / (a * b - xy * xy), (xy * gx - a * gy) / (a * b - xy * xy)
    scale = min(1.0, farthest / max(np.sqrt(x * x + y * y), 1e-9))
    x, y = scale * x, scale * y
    return x, y, energy + gx * x + gy * y + 0.5 * (xx * x * x + 2.0 * xy * x * y + yy * y * y)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def put(spot, x, y, z):
    """Write a point into ``spot`` (3,)."""
    spot[0], spot[1], spot[2] = x, y, z


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def settle_across(spot, xyz, params, ion, n_held, slope, bend):
    """Move an ion across the axis, its height held, a few steps down; returns its energy there with the held atoms."""
    energy = ion_terms(spot[0], spot[1], spot[2], xyz, params, ion, n_held, slope, bend)
    for _ in range(ACROSS):
        x, y, _ = downhill_across(0.0, slope[0], slope[1], bend[0, 0], bend[1, 0], bend[1, 1], NEAR_STEP)
        trial = ion_terms(spot[0] + x, spot[1] + y, spot[2], xyz, params, ion, n_held, slope, bend)
        if trial > energy:
            break
        energy = trial
        spot[0] += x
        spot[1] += y
    return energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def set_heights(site, wall, heights):
    """Heights (n,) of the map over a site in ascending order, its planes included; n.

    The cavity and the mouth thin out away from the filter.
    """
    fine = NEAR_PLANE if site == 0 or site == N_SITES - 1 else wall[1] - wall[0]
    rest = max(wall[1] - wall[0] - fine, 0.0)
    many = min(max(int(np.ceil(fine / SPACING - 1e-9)), 2), MOST_HEIGHTS // 2)
    few = min(int(np.ceil(rest / COARSE - 1e-9)), MOST_HEIGHTS // 2 - 1)
    for k in range(many + 1):
        heights[few + k if site == 0 else k] = (
            wall[1] - fine + fine * k / many if site == 0 else wall[0] + fine * k / many
        )
    for k in range(1, few + 1):
        heights[few - k if site == 0 else many + k] = (
            wall[1] - fine - rest * k / few if site == 0 else wall[0] + fine + rest * k / few
        )
    return many + few + 1


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def map_site(
    site, wall, xyz, params, n_hydroxyl, n_held, spots, felt, slots, shared, terms, slope, bend, heights, profile, where, beside, least
):  # fmt: skip
    """Map a site, its planes included; returns the number of heights n.

    Fills ``profile`` (2, 5, n) with the energies of both ions with the held atoms, lowest about the axis and farther out (infinity in a
    narrow site), at ``where`` (2, 5, n, 3), and ``beside`` (n, C) with what each combination of torsions adds, ``least`` (n,) the
    lowest of them. ``spots`` (4, S), ``slots`` (C, 4) and ``shared`` (C,) are of `pool_places`; ``felt`` (S,), ``terms`` (2, 6),
    ``slope``, ``bend`` and ``heights`` are room.
    """
    ion = n_held + n_hydroxyl
    charge, depth = params[0, 0, n_held] * params[0, 0, ion], params[0, 1, n_held] * params[0, 1, ion]
    size = params[0, 2, n_held] + params[0, 2, ion]
    narrow = wall[2] < NARROW
    n = set_heights(site, wall, heights)
    for k in range(n):
        z = heights[k]
        across_axis(z, xyz, params, ion, n_held, terms)
        for i in range(2):
            x, y, profile[i, 0, k] = downhill_across(
                terms[i, 0], terms[i, 1], terms[i, 2], terms[i, 3], terms[i, 4], terms[i, 5], FARTHEST
            )
            put(where[i, 0, k], x + ASIDE[0], y + ASIDE[1], z)
            if k == 0 or k == n - 1:
                profile[i, 0, k] = settle_across(where[i, 0, k], xyz, params[i], ion, n_held, slope, bend)
        for ray in range(1, RAYS):
            profile[0, ray, k] = profile[1, ray, k] = np.inf
            for m in range(0 if narrow else len(OUT) if site == N_SITES - 1 else 1):
                angle = 0.5 * np.pi * ray + OUT[m, 1]
                x, y = OUT[m, 0] * np.cos(angle), OUT[m, 0] * np.sin(angle)
                energies = both_ions(x, y, z, xyz, params, ion, n_held)
                for i in range(2):
                    if energies[i] < profile[i, ray, k]:
                        profile[i, ray, k] = energies[i]
                        put(where[i, ray, k], x, y, z)
        for m in range(len(felt)):
            felt[m] = spots[3, m]
        pairs_along(0.0, 0.0, z, spots, charge, depth, size, felt, True)
        least[k] = np.inf
        for c in range(len(shared)):
            energy = shared[c]
            for h in range(n_hydroxyl):
                energy += felt[slots[c, h]]
            beside[k, c] = energy
            least[k] = min(least[k], energy)
    return n


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def is_well(profile, beside, k, c):
    """Whether a height is a well of a ray (n,) beside a combination of torsions; ends may be."""
    here = profile[k] + beside[k, c]
    if k > 0 and profile[k - 1] + beside[k - 1, c] < here:
        return False
    return k == len(beside) - 1 or profile[k + 1] + beside[k + 1, c] > here


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def starts(profile, beside, least, window, start, energy):
    """Starts of one ion in ascending ``energy``: ``start`` (m, 3) holds ray, height and combination; how many.

    Wells along the rays of ``profile`` (5, n) and ``beside`` (n, C) together, ends included, up to ``window`` (kJ/mol) above the lowest.
    """
    n, number, m = len(beside), beside.shape[1], 0
    floor = np.inf
    for ray in range(len(profile)):
        for k in range(n):
            floor = min(floor, profile[ray, k] + least[k])
    for ray in range(len(profile)):
        for k in range(n):
            end = ray == 0 and (k == 0 or k == n - 1)
            highest = floor + window + (HIGH_END if end else 0.0)
            if profile[ray, k] + least[k] > highest:
                continue
            for c in range(number):
                here = profile[ray, k] + beside[k, c]
                if here > highest or m == len(energy) or not (end or is_well(profile[ray], beside, k, c)):
                    continue
                place = m
                while place > 0 and here < energy[place - 1]:
                    energy[place] = energy[place - 1]
                    start[place, 0], start[place, 1], start[place, 2] = start[place - 1]
                    place -= 1
                energy[place] = here
                start[place, 0], start[place, 1], start[place, 2] = ray, k, c
                m += 1
    return m
