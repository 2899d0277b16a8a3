"""What does each site prefer in a frame, its atoms held? Compiled: the minimum of an ion and the hydroxyl torsions, site by site.

The rigid treatment of `selectivity.pipeline.score_filter` on the coordinates of a frame, the same pair sums (`row`), walls and water
leg. Only the ion and the hydroxyl hydrogens move, so three things replace the general search: a map of the ion's energy over
the pore gives the starts, tables over the torsions give the hydrogens of each start, and a small dense quasi-Newton descent
does the rest. A test compares the result with `score_filter` frame by frame.
Layout as in `selectivity.trajectory.hydroxyls`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from selectivity.energetics.kernels import row
from selectivity.trajectory.hydroxyls import (
    ANGLES,
    WELLS,
    best_torsions,
    circles,
    grid_energy,
    pair,
    place_hydrogens,
    settle_torsions,
    torsion_tables,
    with_ion,
)
from selectivity.trajectory.rigid_descent import TOLERANCE, descend

TRIED, EMPTY, BESIDE, FOLLOWED = 81, 24, 4, 3
"""Combinations of torsions: settled on the grid, refined in the empty filter, refined beside an ion, followed by the ion.

An ion turns hydroxyls even from afar (a unit charge and a hydroxyl hydrogen differ by 25 kJ/mol between 8 and 12 Å), so the list of the
empty filter must reach high."""

CHOICES = EMPTY + BESIDE

REFINED_WINDOW = 80.0
"""kJ/mol; combinations this far above the lowest of the empty filter are not refined."""

PROMISING = 25.0
"""kJ/mol; places of the map this far above its lowest are no starts."""

WORTHWHILE = 6.0
"""kJ/mol; a combination of torsions that starts this far above the best is not followed."""

NOWHERE = 1e6
"""Å; where the ion stands while the hydrogens of the empty filter are refined."""

MAP_SPACING = 0.25
"""Å; largest distance of neighbouring heights of the map, as in the profile of a score."""

MAP_OFFSETS: Any = np.array([(0.0, 0.0), (0.4, 0.0), (-0.4, 0.0), (0.0, 0.4), (0.0, -0.4)])
"""Å; places at each height where the map looks for an ion: distorted rings push it off the axis."""

DIFFERENT = 0.3
"""rad; torsions of neighbouring minima that differ by more are tried in each other's place."""

COUPLED_SITES = 3
"""Scav, S4 and S3: near enough to the hydroxyls for an ion to turn them on its way."""


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
