"""What does each site prefer in a frame, its atoms held? Compiled: the minimum of an ion and the hydroxyl torsions, site by site.

The rigid treatment of `selectivity.pipeline.score_filter` on the coordinates of a frame, the same pair sums (`row`), walls and water
leg. Only the ion and the hydroxyl hydrogens move, so three things replace the general search: a map of the ion's energy over
the pore gives the starts, tables over the torsions give the hydrogens of each start, and a small dense quasi-Newton descent
does the rest. A test compares the result with `score_filter` frame by frame.

Columns of ``xyz`` (3, N) and ``params`` (4, N; as in `selectivity.energetics.kernels`): heavy atoms (CB OG1 of the hydroxyls, then
C O of the carbonyls), the hydrogens, the ion.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from selectivity.energetics.kernels import FLAGS, WALL_CONSTANT, row

ANGLES = 24
"""Grid of hydroxyl torsions, as in `selectivity.energetics.torsions`."""

WELLS, LEAN = 3, 4
"""Torsions of one hydrogen that are combined with those of the others, and steps of the grid (60 degrees) between them where it has
one well only."""

TRIED, EMPTY, BESIDE, FOLLOWED = 81, 24, 4, 3
"""Combinations of torsions: settled on the grid, refined in the empty filter, refined beside an ion, followed by the ion.

An ion turns hydroxyls even from afar (43 kJ/mol between a unit charge and a hydrogen's at 8 Å and at 12 Å), so the list of the empty
filter must reach high."""

CHOICES = EMPTY + BESIDE

REFINED_WINDOW = 80.0
"""kJ/mol; combinations this far above the lowest of the empty filter are not refined."""

PROMISING = 25.0
"""kJ/mol; places of the map this far above its lowest are no starts."""

WORTHWHILE = 6.0
"""kJ/mol; a combination of torsions that starts this far above the best is not followed."""

NOWHERE = 1e6
"""Å; where the ion stands while the hydrogens of the empty filter are refined."""

SWEEPS = 8

MAP_SPACING = 0.25
"""Å; largest distance of neighbouring heights of the map, as in the profile of a score."""

MAP_OFFSETS: Any = np.array([(0.0, 0.0), (0.4, 0.0), (-0.4, 0.0), (0.0, 0.4), (0.0, -0.4)])
"""Å; places at each height where the map looks for an ion: distorted rings push it off the axis."""

STIFF_ION, STIFF_TURN = 100.0, 20.0
"""Expected curvatures, kJ/mol/Å^2 and kJ/mol/rad^2; they scale first steps only."""

DIFFERENT = 0.3
"""rad; torsions of neighbouring minima that differ by more are tried in each other's place."""

STEP_LIMIT, TOLERANCE, MOST_EVALUATIONS = 0.2, 1e-2, 400

COUPLED_SITES = 3
"""Scav, S4 and S3: near enough to the hydroxyls for an ion to turn them on its way."""

"""Å; places at each height where the map looks for an ion: distorted rings push it off the axis."""

STIFF_ION, STIFF_TURN = 100.0, 20.0
"""Expected curvatures, kJ/mol/Å^2 and kJ/mol/rad^2; they scale first steps only."""

STEP_LIMIT, TOLERANCE, MOST_EVALUATIONS = 0.2, 1e-2, 400

COUPLED_SITES = 3
"""Scav, S4 and S3: near enough to the hydroxyls for an ion to turn them on its way."""


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


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS, no_cfunc_wrapper=True)
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


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS, no_cfunc_wrapper=True)
def energy_and_slope(q, xyz, params, n_hydroxyl, n_held, feet, wall, slope):
    """Energy (kJ/mol) at ion position q[:3] (Å) and torsions q[3:] (rad); fills ``slope``."""
    ion = n_held + n_hydroxyl
    for axis in range(3):
        xyz[axis, ion] = q[axis]
    for h in range(n_hydroxyl):
        place_hydrogen(feet, h, q[3 + h], xyz, n_held + h)
    coulomb, lj, gx, gy, gz = row(xyz, params, ion, 0, ion)
    slope[0], slope[1], slope[2] = gx, gy, gz
    total = coulomb + lj
    for h in range(n_hydroxyl):
        energy, hx, hy, hz = held_energy(xyz, params, h, n_held + h, n_held)
        total += energy
        # Hydrogens before this one count once; the slope needs all of them and the ion.
        for other in range(n_held, ion + 1):
            if other == n_held + h:
                continue
            c, w, x, y, z = row(xyz, params, n_held + h, other, other + 1)
            if other < n_held + h:
                total += c + w
            hx, hy, hz = hx + x, hy + y, hz + z
        c, s = np.cos(q[3 + h]), np.sin(q[3 + h])
        slope[3 + h] = (
            hx * (c * feet[h, 2, 0] - s * feet[h, 1, 0])
            + hy * (c * feet[h, 2, 1] - s * feet[h, 1, 1])
            + hz * (c * feet[h, 2, 2] - s * feet[h, 1, 2])
        )
    return total + wall_energy(q, wall, slope)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def wall_energy(q, wall, slope):
    """Flat-bottom walls of a site (z_low, z_high, lateral radius): energy, added to the slope as well."""
    energy = 0.0
    over = min(q[2] - wall[0], 0.0) + max(q[2] - wall[1], 0.0)
    slope[2] += WALL_CONSTANT * over
    energy += over * over
    radial = np.sqrt(q[0] ** 2 + q[1] ** 2)
    if radial > wall[2]:
        over = radial - wall[2]
        slope[0] += WALL_CONSTANT * over * q[0] / radial
        slope[1] += WALL_CONSTANT * over * q[1] / radial
        energy += over * over
    return 0.5 * WALL_CONSTANT * energy


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS, no_cfunc_wrapper=True)
def improve(inverse, step, change, work):
    """BFGS update of the inverse Hessian (n, n) where the curvature along the step is positive (Nocedal & Wright)."""
    n = len(step)
    along = square = 0.0
    for i in range(n):
        along += step[i] * change[i]
        square += change[i] * change[i]
    if along <= 1e-8 * square / STIFF_ION:
        return
    bent = 0.0
    for i in range(n):
        work[i] = 0.0
        for j in range(n):
            work[i] += inverse[i, j] * change[j]
        bent += work[i] * change[i]
    factor = (1.0 + bent / along) / along
    for i in range(n):
        for j in range(n):
            inverse[i, j] += factor * step[i] * step[j] - (work[i] * step[j] + step[i] * work[j]) / along


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def descend(q, first, xyz, params, n_hydroxyl, n_held, feet, wall):
    """Minimise over q[first:] in place (0: ion and torsions, 3: torsions only).

    Returns energy and largest slope left (converged below 1e-2).
    """
    n = 3 + n_hydroxyl
    inverse = np.zeros((n, n))
    slope, slope_new, aim, trial, work = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for k in range(first, n):
        inverse[k, k] = 1.0 / (STIFF_ION if k < 3 else STIFF_TURN)
    energy = energy_and_slope(q, xyz, params, n_hydroxyl, n_held, feet, wall, slope)
    evaluations = 1
    slope[:first] = 0.0
    while np.abs(slope).max() > TOLERANCE and evaluations < MOST_EVALUATIONS:
        descent = longest = 0.0
        for i in range(n):
            aim[i] = 0.0
            for j in range(first, n):
                aim[i] -= inverse[i, j] * slope[j]
            descent += aim[i] * slope[i]
            longest = max(longest, abs(aim[i]))
        length = min(1.0, STEP_LIMIT / longest)
        while True:
            for i in range(n):
                trial[i] = q[i] + length * aim[i]
            energy_new = energy_and_slope(trial, xyz, params, n_hydroxyl, n_held, feet, wall, slope_new)
            evaluations += 1
            slope_new[:first] = 0.0
            if energy_new <= energy + 1e-4 * length * descent + 1e-11 * abs(energy) or evaluations >= MOST_EVALUATIONS:
                break
            curve = energy_new - energy - length * descent
            length *= min(max(-0.5 * descent * length / curve, 0.1), 0.5)
        for i in range(n):
            aim[i] = trial[i] - q[i]
            q[i] = trial[i]
            trial[i] = slope_new[i] - slope[i]
            slope[i] = slope_new[i]
        improve(inverse, aim, trial, work)
        energy = energy_new
    return energy, np.abs(slope).max()


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def place_hydrogens(xyz, n_hydroxyl, n_held, places, chosen):
    """Put the hydrogens at grid torsions."""
    for h in range(n_hydroxyl):
        for axis in range(3):
            xyz[axis, n_held + h] = places[h, chosen[h], axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def refine(spot, xyz, params, n_hydroxyl, n_held, feet, wall, chosen, lowest, q, angles, energies):
    """Continuous torsions beside an ion at a spot from the combinations ``chosen`` (n, H): ``angles`` (n, H), ``energies`` (n,)."""
    for c in range(len(chosen)):
        energies[c] = np.inf
        if lowest[c] > lowest[0] + REFINED_WINDOW or lowest[c] == np.inf:
            continue
        start_from(q, spot, chosen[c], n_hydroxyl)
        energies[c] = descend(q, 3, xyz, params, n_hydroxyl, n_held, feet, wall)[0]
        angles[c] = q[3:]
        for other in range(c):
            if np.abs(energies[c] - energies[other]) < 1e-3:
                energies[c] = np.inf
                break


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def map_ion(
    xyz, params, n_hydroxyl, n_held, held, mutual, places, coupled, empty, wall, single, chosen, profile, spots
):
    """Lowest energies of the ion on a small cross at heights over a site (its planes included).

    Near the hydroxyls their torsions follow the ion on the axis, elsewhere they stay as in the empty filter. Fills ``profile``
    and ``spots`` (n, 3); returns n.
    """
    ion = n_held + n_hydroxyl
    n = 1 + int(np.ceil((wall[1] - wall[0]) / MAP_SPACING - 1e-9))
    n = min(max(n, 3), len(profile))
    follow = coupled and n_hydroxyl > 0
    chosen[:] = empty
    torsions = 0.0
    place_hydrogens(xyz, n_hydroxyl, n_held, places, empty)
    for back in range(n):
        k = n - 1 - back
        z = wall[0] + (wall[1] - wall[0]) * k / (n - 1)
        if follow:
            spots[k, 0], spots[k, 1], spots[k, 2] = 0.0, 0.0, z
            with_ion(spots[k], params, n_hydroxyl, n_held, held, places, single)
            settle_torsions(single, mutual, n_hydroxyl, chosen)
            place_hydrogens(xyz, n_hydroxyl, n_held, places, chosen)
            torsions = grid_energy(held, mutual, n_hydroxyl, chosen)
        profile[k] = np.inf
        for m in range(len(MAP_OFFSETS)):
            xyz[0, ion], xyz[1, ion], xyz[2, ion] = MAP_OFFSETS[m, 0], MAP_OFFSETS[m, 1], z
            coulomb, lj, _, _, _ = row(xyz, params, ion, 0, ion)
            energy = coulomb + lj + torsions
            if energy < profile[k]:
                profile[k] = energy
                spots[k, 0], spots[k, 1], spots[k, 2] = MAP_OFFSETS[m, 0] + 0.02, MAP_OFFSETS[m, 1] + 0.01, z
    return n


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def start_from(q, spot, chosen, n_hydroxyl):
    """Fill q with a start: an ion position and grid torsions."""
    for axis in range(3):
        q[axis] = spot[axis]
    for h in range(n_hydroxyl):
        q[3 + h] = 2.0 * np.pi * chosen[h] / ANGLES


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def beside(spot, params, n_hydroxyl, n_held, feet, angles, alone, energies):
    """Energies of refined torsions of the empty filter with an ion put at a spot, but for the ion's with the held atoms."""
    ion = n_held + n_hydroxyl
    charge, depth = params[0, n_held] * params[0, ion], params[1, n_held] * params[1, ion]
    size = params[2, n_held] + params[2, ion]
    at = np.empty(3)
    for c in range(len(alone)):
        energies[c] = alone[c]
        if alone[c] < np.inf:
            for h in range(n_hydroxyl):
                for axis in range(3):
                    at[axis] = (
                        feet[h, 0, axis]
                        + np.cos(angles[c, h]) * feet[h, 1, axis]
                        + np.sin(angles[c, h]) * feet[h, 2, axis]
                    )
                energies[c] += pair(at, spot, charge, depth, size)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def lowest_of(q, spot, angles, energies, xyz, params, n_hydroxyl, n_held, feet, wall, best, known):
    """Descend from a spot with the most promising torsions; keep the lowest in ``best`` and ``known`` (energy, slope left)."""
    for _ in range(FOLLOWED):
        c = int(np.argmin(energies))
        if energies[c] == np.inf:
            return
        for axis in range(3):
            q[axis] = spot[axis]
        q[3:] = angles[c]
        found, slope = descend(q, 0, xyz, params, n_hydroxyl, n_held, feet, wall)
        better = slope <= TOLERANCE and known[1] > TOLERANCE
        if better or (found < known[0] and (slope <= TOLERANCE or known[1] > TOLERANCE)):
            known[0], known[1] = found, slope
            best[:] = q
        limit = energies[c] + WORTHWHILE
        energies[c] = np.inf
        for other in range(len(energies)):
            if energies[other] > limit:
                energies[other] = np.inf


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def is_start(profile, n, k):
    """Whether a height of the map is a start: a well, an end or the middle, unless far above the lowest."""
    if profile[k] > profile[:n].min() + PROMISING:
        return False
    if k == 0 or k == n - 1 or k == n // 2:
        return True
    return profile[k - 1] >= profile[k] and profile[k + 1] > profile[k]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def load_atoms(core, n_hydroxyl, xyz):
    """Held atoms in the columns of ``xyz``: CB, OG1 of the hydroxyls, then C, O of the carbonyls."""
    for k in range(2 * n_hydroxyl):
        for axis in range(3):
            xyz[axis, k] = core[80 + k, axis]
    for k in range(20):
        for axis in range(3):
            xyz[axis, 2 * n_hydroxyl + 2 * k] = core[4 * k + 2, axis]
            xyz[axis, 2 * n_hydroxyl + 2 * k + 1] = core[4 * k + 3, axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pass_on(rests, found, xyz, params, n_hydroxyl, n_held, feet, sites, q):
    """Offer to every ion and site the torsions of the other ion there and of the same ion next door, where they differ."""
    for s in range(len(sites)):
        for i in range(2):
            for donor in range(3):
                other = s if donor == 0 else s + 2 * donor - 3
                if other < 0 or other >= len(sites):
                    continue
                theirs = rests[other, 1 - i if donor == 0 else i]
                apart = 0.0
                for h in range(n_hydroxyl):
                    turn = theirs[3 + h] - rests[s, i, 3 + h]
                    apart = max(apart, abs(turn - 2.0 * np.pi * np.rint(turn / (2.0 * np.pi))))
                if apart < DIFFERENT:
                    continue
                q[:3] = rests[s, i, :3]
                q[3:] = theirs[3:]
                energy, slope = descend(q, 0, xyz, params[i], n_hydroxyl, n_held, feet, sites[s])
                if energy < found[s, i, 0] - 1e-4 and slope <= TOLERANCE:
                    found[s, i, 0], found[s, i, 1] = energy, slope
                    rests[s, i] = q


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def site_minima(core, n_hydroxyl, sites, params, oh_length, coh_angle, energies, heights):
    """Minima of both ions in the six sites of a frame: ``energies`` (6, 2; kJ/mol, NaN where a descent failed) and ``heights``.

    ``params`` (2, 4, N) are those of the columns with either ion in the last one; ``n_hydroxyl`` is 0 without a hydroxyl ring.
    """
    n_held, size = 40 + 2 * n_hydroxyl, max(n_hydroxyl, 1)
    xyz = np.empty((3, n_held + n_hydroxyl + 1))
    feet = np.empty((size, 3, 3))
    held, mutual = np.zeros((size, ANGLES)), np.zeros((size, size, ANGLES, ANGLES))
    places, single, wells = (
        np.empty((size, ANGLES, 3)),
        np.zeros((size, ANGLES)),
        np.zeros((size, WELLS), dtype=np.int64),
    )
    tried, tried_energy = np.zeros((TRIED, size), dtype=np.int64), np.zeros(TRIED)
    chosen, lowest = np.zeros((EMPTY, size), dtype=np.int64), np.zeros(EMPTY)
    angles, alone = np.zeros((CHOICES, n_hydroxyl)), np.zeros(EMPTY)
    here = np.zeros(CHOICES)
    best, q, known, path = (
        np.empty(3 + n_hydroxyl),
        np.empty(3 + n_hydroxyl),
        np.empty(2),
        np.zeros(size, dtype=np.int64),
    )
    profile, spots = np.empty(64), np.empty((64, 3))
    rests, found = np.empty((len(sites), 2, 3 + n_hydroxyl)), np.empty((len(sites), 2, 2))
    nowhere, everywhere = np.array([0.0, 0.0, NOWHERE]), np.array([-1e9, 1e9, 1e9])
    load_atoms(core, n_hydroxyl, xyz)
    circles(xyz, n_hydroxyl, oh_length, coh_angle, feet)
    torsion_tables(xyz, params[0], n_hydroxyl, n_held, feet, held, mutual, places)
    best_torsions(held, mutual, n_hydroxyl, wells, tried, tried_energy, chosen, lowest)
    empty = chosen[0].copy()
    refine(nowhere, xyz, params[0], n_hydroxyl, n_held, feet, everywhere, chosen, lowest, q, angles[:EMPTY], alone)
    for s in range(len(sites)):
        near = s < COUPLED_SITES and n_hydroxyl > 0
        for i in range(2):
            known[:] = np.inf
            n = map_ion(
                xyz, params[i], n_hydroxyl, n_held, held, mutual, places, near, empty, sites[s], single, path, profile, spots
            )  # fmt: skip
            for k in range(n):
                if not is_start(profile, n, k):
                    continue
                spot, here[:] = spots[k], np.inf
                beside(spot, params[i], n_hydroxyl, n_held, feet, angles, alone, here)
                if n_hydroxyl > 0:
                    with_ion(spot, params[i], n_hydroxyl, n_held, held, places, single)
                    best_torsions(
                        single, mutual, n_hydroxyl, wells, tried[:BESIDE], tried_energy[:BESIDE], chosen[:BESIDE], lowest[:BESIDE]
                    )  # fmt: skip
                    refine(
                        spot, xyz, params[i], n_hydroxyl, n_held, feet, sites[s], chosen[:BESIDE], lowest[:BESIDE], q,
                        angles[EMPTY:], here[EMPTY:],
                    )  # fmt: skip
                    xyz[:, n_held + n_hydroxyl] = spot
                    coulomb, lj, _, _, _ = row(xyz, params[i], n_held + n_hydroxyl, 0, n_held)
                    here[EMPTY:] -= coulomb + lj
                lowest_of(q, spot, angles, here, xyz, params[i], n_hydroxyl, n_held, feet, sites[s], best, known)
            rests[s, i], found[s, i] = best, known
    for _ in range(2 if n_hydroxyl > 0 else 0):
        pass_on(rests, found, xyz, params, n_hydroxyl, n_held, feet, sites, q)
    for s in range(len(sites)):
        for i in range(2):
            energies[s, i] = found[s, i, 0] if found[s, i, 1] <= TOLERANCE else np.nan
            heights[s, i] = rests[s, i, 2]
