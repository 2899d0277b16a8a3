"""Who is in the filter in a frame? Compiled: ions and waters by site, what coordinates each ion, which sites could hold K+.

Instantaneous: a site lies between the planes of the rings as they are in this frame, so no state depends on the frames before.
The rules are those of `selectivity.structure.sites.site_at` and `selectivity.energetics.coordination`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.coordination import (
    FEWEST_LIGANDS,
    LEAST_VALENCE,
    REACH_ANGSTROM,
    RING_LIGANDS,
    SHELL_ANGSTROM,
)
from selectivity.trajectory.condition import CAGE, VESTIBULE
from selectivity.trajectory.shape import N_SITES

CARBONYL, HYDROXYL, WATER = 0, 1, 2
"""Kinds of ligands in the order of the coordination numbers."""

NOBODY = -1
EQUALLY_NEAR = 1e-6
"""Å²; squared distances from the axis that differ by less are the same: rounding must not choose between ions on the axis."""
_FEWEST, _VALENCE, _REACH, _RING, _SHELL = FEWEST_LIGANDS, LEAST_VALENCE, REACH_ANGSTROM, RING_LIGANDS, SHELL_ANGSTROM


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def site_of(point, sites):
    """Place of the site that holds a point, -1 outside all; a point on a plane belongs to the outer site."""
    radial = np.sqrt(point[0] ** 2 + point[1] ** 2)
    for s in range(N_SITES):
        if sites[s, 0] <= point[2] and point[2] < sites[s, 1] and radial <= sites[s, 2]:
            return s
    return -1


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def settle(points, n, kinds, kept, sites, counts, where):
    """Count the first n points into ``counts`` (6, 4) by site and kind; ``where`` (n,) gets the site of each (-1: none)."""
    for i in range(n):
        where[i] = site_of(points[i], sites)
        if where[i] >= 0:
            counts[where[i], kinds[kept[i]]] += 1


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def occupant(site, where, n, ions, kept, like):
    """The ion of a site that is told about: K+-like ones before others, then the nearest to the axis, then the first; -1 for none."""
    best, chosen, preferred = np.inf, NOBODY, False
    for i in range(n):
        if where[i] != site:
            continue
        radial = ions[i, 0] ** 2 + ions[i, 1] ** 2
        wanted = like[kept[i]]
        if (wanted and not preferred) or (wanted == preferred and radial < best - EQUALLY_NEAR):
            best, chosen, preferred = radial, i, wanted
    return chosen


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def shell(point, core, waters, n_waters, numbers):
    """Oxygens within the first shell of a point into ``numbers`` (3,) by kind; their mean distance (Å, NaN without any)."""
    total, n = 0.0, 0
    n_hydroxyl = (len(core) - 80) // 2
    for k in range(20 + n_hydroxyl + n_waters):
        if k < 20:
            x, y, z, kind = core[4 * k + 3, 0], core[4 * k + 3, 1], core[4 * k + 3, 2], CARBONYL
        elif k < 20 + n_hydroxyl:
            i = 81 + 2 * (k - 20)
            x, y, z, kind = core[i, 0], core[i, 1], core[i, 2], HYDROXYL
        else:
            i = k - 20 - n_hydroxyl
            x, y, z, kind = waters[i, 0], waters[i, 1], waters[i, 2], WATER
        r = np.sqrt((x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2)
        if r <= _SHELL:
            numbers[kind] += 1
            total += r
            n += 1
    return total / n if n else np.nan


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def can_hold_potassium(point, core, present, lining, seen, r0, b):
    """The verdict of `selectivity.energetics.coordination` on a site, from the ring oxygens about a point."""
    if lining == VESTIBULE:
        return False
    if lining != CAGE:
        return True
    reachable = coordinating = 0
    valence = 0.0
    n_hydroxyl = (len(core) - 80) // 2 if present else 0
    for k in range(20 + n_hydroxyl):
        i = 4 * k + 3 if k < 20 else 81 + 2 * (k - 20)
        r = np.sqrt((core[i, 0] - point[0]) ** 2 + (core[i, 1] - point[1]) ** 2 + (core[i, 2] - point[2]) ** 2)
        valence += np.exp((r0 - r) / b)
        reachable += r <= _REACH
        coordinating += r <= _SHELL
    if reachable >= _FEWEST and valence >= _VALENCE:
        return True
    return seen and coordinating >= _RING
