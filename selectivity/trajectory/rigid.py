"""What does each site prefer in a frame, its atoms held? Compiled: the minimum of an ion and the hydroxyl torsions, site by site.

The rigid treatment of `selectivity.pipeline.score_filter` on the coordinates of a frame, the same pair sums, walls and water
leg. Only the ion and the hydroxyl hydrogens move, so three things replace the general search: tables over the torsions give the wells
of the hydrogens together, a map of both ions over the pore with the hydrogens in the best of these wells gives the starts, and
Newton descents do the rest, the most promising first, those that cannot win given up. A test compares the result with
`score_filter` frame by frame. Layout as in `selectivity.trajectory.hydroxyls`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from selectivity.energetics.kernels import plus
from selectivity.trajectory.hydroxyls import ANGLES, STEP, WELLS, best_torsions, circles, torsion_tables, with_ion
from selectivity.trajectory.rigid_descent import TOLERANCE, descend

EMPTY, BESIDE, FOLLOWED = 24, 8, 6
"""Combinations of torsions: kept of the empty filter, kept beside an ion at one place, most that are followed at one height.

An ion turns hydroxyls even from afar (a unit charge and a hydroxyl hydrogen differ by 25 kJ/mol between 8 and 12 Å), so the list of the
empty filter must reach high."""

COUPLED = 3
"""Scav, S4 and S3 are near enough to the hydroxyls for an ion to make wells of its own there."""

PLACES: Any = np.array([-3.0, -1.5, 0.0, 1.5, 3.0, 4.5])
"""Å; heights over the plane of the hydroxyls at which such wells are looked for."""

MOST = EMPTY + len(PLACES) * BESIDE

TRIED_EMPTY, TRIED_BESIDE = 40, 12
"""Combinations of the wells of single hydrogens that are walked down from."""

PROMISING, PROMISING_END = 25.0, 45.0
"""kJ/mol; places of the map this far above its lowest are no starts; on a plane, where the energy is steep across the axis, the map is
further above the well that it stands for."""

WORTHWHILE, WORTHWHILE_NEAR = 6.0, 15.0
"""kJ/mol; a combination of torsions this far above the best of its height is not followed, more where ions and hydroxyls are near: the
map does not turn one after the other."""

MAP_SPACING = 0.25
"""Å; largest distance of neighbouring heights of the map, as in the profile of a score."""

MOST_HEIGHTS = 64

MAP_OFFSETS: Any = np.array(
    [(0.0, 0.0), (0.4, 0.0), (-0.4, 0.0), (0.0, 0.4), (0.0, -0.4), (1.2, 0.0), (-1.2, 0.0), (0.0, 1.2), (0.0, -1.2)]
)
"""Å; places at each height where the map looks for an ion: about the axis (distorted rings push it off), and around where it is open."""

N_NARROW, NARROW = 5, 2.0
"""Offsets about the axis, and lateral radius (Å) of a site up to which there are no others."""

DIFFERENT = 0.3
"""rad; torsions of neighbouring minima that differ by more are tried in each other's place."""


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
def pool(
    sites, params, n_hydroxyl, n_held, held, mutual, places, single, wells, trial, tried, tried_energy, here, here_energy, chosen, shared
):  # fmt: skip
    """Combinations of torsions worth a try in this frame: wells of the empty filter and beside an ion where it is near.

    Fills ``chosen`` (C, H) and what its hydrogens have with each other, ``shared`` (C,; infinity where there is none).
    """
    number = 0
    for place in range(len(PLACES) + 1):
        if place == 0:
            best_torsions(held, mutual, n_hydroxyl, wells, trial, tried, tried_energy, here, here_energy)
        else:
            with_ion(0.0, 0.0, sites[1, 0] + PLACES[place - 1], params, n_hydroxyl, n_held, held, places, single)
            best_torsions(
                single, mutual, n_hydroxyl, wells, trial, tried[:TRIED_BESIDE], tried_energy[:TRIED_BESIDE], here[:BESIDE],
                here_energy[:BESIDE],
            )  # fmt: skip
        for c in range(EMPTY if place == 0 else BESIDE):
            if here_energy[c] < np.inf and is_new(here[c], chosen[:number]):
                chosen[number] = here[c]
                shared[number] = among(mutual, n_hydroxyl, here[c])
                number += 1
        if n_hydroxyl == 0:
            break


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def is_new(combination, known):
    """Whether a combination of torsions is not among those known."""
    for row in known:
        same = True
        for h in range(len(combination)):
            same = same and row[h] == combination[h]
        if same:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def among(mutual, n_hydroxyl, combination):
    """What the hydrogens of a combination have with each other, kJ/mol."""
    total = 0.0
    for h in range(n_hydroxyl):
        for other in range(h):
            total += mutual[h, other, combination[h], combination[other]]
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def beside(single, chosen, shared, n_hydroxyl, best, lowest):
    """The combinations that are lowest beside an ion: places in ``chosen`` into ``best`` (m,), energies into ``lowest`` (m,).

    ``single`` holds every hydrogen with held atoms and ion, ``shared`` (C,) what the hydrogens of a combination have with each other.
    """
    lowest[:] = np.inf
    for c in range(len(chosen)):
        if shared[c] == np.inf:
            continue
        energy = shared[c]
        for h in range(n_hydroxyl):
            energy += single[h, chosen[c, h]]
        place = len(lowest)
        while place > 0 and energy < lowest[place - 1]:
            place -= 1
        for k in range(len(lowest) - 1, place, -1):
            lowest[k], best[k] = lowest[k - 1], best[k - 1]
        if place < len(lowest):
            lowest[place], best[place] = energy, c


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def map_site(wall, xyz, params, n_hydroxyl, n_held, held, places, single, chosen, shared, best, lowest, profile, spots):
    """Lowest energies of both ions on a small cross at heights over a site (its planes included), hydrogens in their best wells.

    Fills ``profile`` (2, 2, n) and ``spots`` (2, 2, n, 3) of both ions about the axis and around it (infinity in a narrow site), and the
    best combinations of every height, ``best`` and ``lowest`` (n, 6); returns n.
    """
    ion = n_held + n_hydroxyl
    n = 1 + int(np.ceil((wall[1] - wall[0]) / MAP_SPACING - 1e-9))
    n = min(max(n, 3), MOST_HEIGHTS)
    for k in range(n):
        z = wall[0] + (wall[1] - wall[0]) * k / (n - 1)
        profile[:, :, k] = np.inf
        for m in range(N_NARROW if wall[2] < NARROW else len(MAP_OFFSETS)):
            ring = 0 if m < N_NARROW else 1
            x, y = MAP_OFFSETS[m, 0] + 0.02, MAP_OFFSETS[m, 1] + 0.01
            energies = both_ions(x, y, z, xyz, params, ion, n_held)
            for i in range(2):
                if energies[i] < profile[i, ring, k]:
                    profile[i, ring, k] = energies[i]
                    spots[i, ring, k, 0], spots[i, ring, k, 1], spots[i, ring, k, 2] = x, y, z
        with_ion(0.0, 0.0, z, params[0], n_hydroxyl, n_held, held, places, single)
        beside(single, chosen, shared, n_hydroxyl, best[k], lowest[k])
        profile[:, :, k] += lowest[k, 0]
    return n


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def is_start(profile, first, n, k, floor):
    """Whether a height of the map is a start: a well, an end, the middle, or where the best torsions ``first`` change.

    Heights far above the lowest energy ``floor`` are none.
    """
    end = k == 0 or k == n - 1
    if profile[k] > floor + (PROMISING_END if end else PROMISING):
        return False
    if end or k == n // 2 or first[k] != first[k - 1] or first[k] != first[k + 1]:
        return True
    return profile[k - 1] >= profile[k] and profile[k + 1] > profile[k]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def candidates(profile, best, lowest, n, window, start, energy):
    """Starts of one ion in ascending ``energy``: ``start`` (m, 3) holds ring, height and place of the combination; how many."""
    number = 0
    floor = profile[:, :n].min()
    for ring in range(2):
        for k in range(n):
            if profile[ring, k] == np.inf or not is_start(profile[ring], best[:, 0], n, k, floor):
                continue
            for c in range(FOLLOWED if ring == 0 else 1):
                if lowest[k, c] > lowest[k, 0] + window or number == len(energy):
                    break
                here = profile[ring, k] + lowest[k, c] - lowest[k, 0]
                place = number
                while place > 0 and here < energy[place - 1]:
                    energy[place] = energy[place - 1]
                    start[place] = start[place - 1]
                    place -= 1
                energy[place] = here
                start[place, 0], start[place, 1], start[place, 2] = ring, k, c
                number += 1
    return number


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
def pass_on(rests, found, xyz, params, n_hydroxyl, n_held, feet, held, slope, sites, q, turn, work, matrices):
    """Offer to every ion and site the torsions of the other ion there and of the same ion next door, where they differ.

    Whether that lowered any of them.
    """
    lowered = False
    for s in range(len(sites)):
        for i in range(2):
            for donor in range(3):
                other = s if donor == 0 else s + 2 * donor - 3
                if found[s, i, 0] == np.inf or other < 0 or other >= len(sites):
                    continue
                giver = 1 - i if donor == 0 else i
                if found[other, giver, 0] == np.inf:
                    continue
                theirs = rests[other, giver]
                apart = 0.0
                for h in range(n_hydroxyl):
                    turned = theirs[3 + h] - rests[s, i, 3 + h]
                    apart = max(apart, abs(turned - 2.0 * np.pi * np.rint(turned / (2.0 * np.pi))))
                if apart < DIFFERENT:
                    continue
                q[:3] = rests[s, i, :3]
                q[3:] = theirs[3:]
                before = found[s, i, 0]
                keep_lower(
                    q, rests[s, i], found[s, i], xyz, params[i], n_hydroxyl, n_held, feet, held, slope, sites[s], turn, work, matrices
                )  # fmt: skip
                lowered = lowered or found[s, i, 0] < before - 1e-4
    return lowered


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def keep_lower(q, best, known, xyz, params, n_hydroxyl, n_held, feet, held, slope, wall, turn, work, matrices):
    """Descend from q; a converged end below ``known`` (energy, slope left), or any before one has converged, takes its place."""
    hopeless = known[0] if known[1] <= TOLERANCE else np.inf
    energy, left = descend(
        q, xyz, params, n_hydroxyl, n_held, feet, held, slope, wall, turn, work, matrices, best, hopeless
    )
    better = left <= TOLERANCE and known[1] > TOLERANCE
    if better or (energy < known[0] and (left <= TOLERANCE or known[1] > TOLERANCE)):
        known[0], known[1] = energy, left
        best[:] = q


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def site_minima(core, n_hydroxyl, sites, wanted, params, oh_length, coh_angle, energies, heights):
    """Minima of both ions in the six sites of a frame: ``energies`` (6, 2; kJ/mol, NaN where a descent failed) and ``heights``.

    Sites that are not ``wanted`` (6,) are left as they are. ``params`` (2, 4, N) are those of the columns with either ion in the last
    one; ``n_hydroxyl`` is 0 without a hydroxyl ring.
    """
    n_held, size, n = 40 + 2 * n_hydroxyl, max(n_hydroxyl, 1), 3 + n_hydroxyl
    xyz, feet = np.empty((3, n_held + n_hydroxyl + 1)), np.empty((size, 3, 3))
    held, slope, single = np.zeros((size, ANGLES)), np.zeros((size, ANGLES)), np.zeros((size, ANGLES))
    mutual, places = np.zeros((size, size, ANGLES, ANGLES)), np.empty((size, 3, ANGLES))
    wells, trial = np.zeros((size, WELLS), dtype=np.int64), np.zeros(size, dtype=np.int64)
    tried, tried_energy = np.zeros((TRIED_EMPTY, size), dtype=np.int64), np.empty(TRIED_EMPTY)
    here, here_energy = np.zeros((EMPTY, size), dtype=np.int64), np.empty(EMPTY)
    chosen, shared = np.zeros((MOST, size), dtype=np.int64), np.full(MOST, np.inf)
    best, lowest = np.zeros((MOST_HEIGHTS, FOLLOWED), dtype=np.int64), np.empty((MOST_HEIGHTS, FOLLOWED))
    profile, spots = np.empty((2, 2, MOST_HEIGHTS)), np.empty((2, 2, MOST_HEIGHTS, 3))
    start, energy = np.empty((64, 3), dtype=np.int64), np.empty(64)
    q, turn, work, matrices = np.empty(n), np.empty((2, size, 3)), np.empty((4, n)), np.zeros((2, n, n))
    rests, found = np.zeros((len(sites), 2, n)), np.full((len(sites), 2, 2), np.inf)
    load_atoms(core, n_hydroxyl, xyz)
    circles(xyz, n_hydroxyl, oh_length, coh_angle, feet)
    torsion_tables(xyz, params[0], n_hydroxyl, n_held, feet, held, slope, mutual, places)
    pool(
        sites, params[0], n_hydroxyl, n_held, held, mutual, places, single, wells, trial, tried, tried_energy, here, here_energy, chosen,
        shared,
    )  # fmt: skip
    for s in range(len(sites)):
        if not wanted[s]:
            continue
        n_heights = map_site(
            sites[s], xyz, params, n_hydroxyl, n_held, held, places, single, chosen, shared, best, lowest, profile, spots
        )  # fmt: skip
        for i in range(2):
            window = WORTHWHILE_NEAR if s < COUPLED else WORTHWHILE
            for m in range(candidates(profile[i], best, lowest, n_heights, window, start, energy)):
                ring, k, c = start[m]
                q[:3] = spots[i, ring, k]
                for h in range(n_hydroxyl):
                    q[3 + h] = STEP * chosen[best[k, c], h]
                keep_lower(
                    q, rests[s, i], found[s, i], xyz, params[i], n_hydroxyl, n_held, feet, held, slope, sites[s], turn, work, matrices
                )  # fmt: skip
            if s >= COUPLED or n_hydroxyl == 0:
                continue
            spot = spots[i, 0, np.argmin(profile[i, 0, :n_heights])]
            with_ion(spot[0], spot[1], spot[2], params[i], n_hydroxyl, n_held, held, places, single)
            best_torsions(
                single, mutual, n_hydroxyl, wells, trial, tried[:TRIED_BESIDE], tried_energy[:TRIED_BESIDE], here[:BESIDE],
                here_energy[:BESIDE],
            )  # fmt: skip
            for c in range(BESIDE):
                if here_energy[c] <= here_energy[0] + window:
                    q[:3] = spot
                    for h in range(n_hydroxyl):
                        q[3 + h] = STEP * here[c, h]
                    keep_lower(
                        q, rests[s, i], found[s, i], xyz, params[i], n_hydroxyl, n_held, feet, held, slope, sites[s], turn, work,
                        matrices,
                    )  # fmt: skip
    for _ in range(2 if n_hydroxyl > 0 else 0):
        if not pass_on(
            rests, found, xyz, params, n_hydroxyl, n_held, feet, held, slope, sites, q, turn, work, matrices
        ):
            break
    for s in range(len(sites)):
        for i in range(2):
            if wanted[s]:
                energies[s, i] = found[s, i, 0] if found[s, i, 1] <= TOLERANCE else np.nan
                heights[s, i] = rests[s, i, 2]
