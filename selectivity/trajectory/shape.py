"""What shape has the filter in a frame? Compiled: rings, sites between them, which way every carbonyl points.

Input is the core of `selectivity.trajectory.pore` in pore coordinates. The rules are those of `selectivity.structure.rings` and
`selectivity.structure.sites`, which a test compares frame by frame.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.structure.sites import (
    CAGE_LATERAL_RADIUS,
    CAVITY_DEPTH,
    COORDINATING_RADIUS,
    MOUTH_DEPTH,
    OPEN_LATERAL_RADIUS,
    RING_SPACING,
    VESTIBULE_RADIUS,
)
from selectivity.trajectory.condition import CAGE, CAVITY, MOUTH, VESTIBULE

N_SITES = 6
_CAGE, _OPEN, _CAVITY, _MOUTH = CAGE_LATERAL_RADIUS, OPEN_LATERAL_RADIUS, CAVITY_DEPTH, MOUTH_DEPTH
_SPACING, _WIDE, _CLOSED = RING_SPACING, VESTIBULE_RADIUS, COORDINATING_RADIUS


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def measure_ring(core, first, step, number, radius, z, k):
    """Mean radius and height of a ring into ``radius[k]`` and ``z[k]``, Å."""
    r = h = 0.0
    for m in range(number):
        i = first + m * step
        r += np.sqrt(core[i, 0] ** 2 + core[i, 1] ** 2)
        h += core[i, 2]
    radius[k], z[k] = r / number, h / number


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def measure_rings(core, present, radius, z):
    """Radii and heights of the hydroxyl ring (NaN without one) and the five carbonyl rings; whether they are in order."""
    radius[0] = z[0] = np.nan
    if present:
        measure_ring(core, 81, 2, (len(core) - 80) // 2, radius, z, 0)
    for k in range(5):
        measure_ring(core, 4 * k + 3, 20, 4, radius, z, k + 1)
    ordered = True
    for k in range(0 if present else 1, 5):
        ordered = ordered and z[k + 1] > z[k]
    return ordered


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def measure_sites(radius, z, present, sites, lining):
    """Fill ``sites`` (6, 3: z_low, z_high, lateral radius; Å) and ``lining`` (6,), from the cavity outward."""
    inner = z[0] if present else z[1] - _SPACING
    opening = 4
    for k in range(4):
        closes = k < 3 and radius[k + 2] <= _CLOSED
        if radius[k + 1] > _WIDE and not closes:
            opening = k
            break
    sites[0, 0], sites[0, 1], sites[0, 2] = inner - _CAVITY, inner, _OPEN
    lining[0] = CAVITY
    for k in range(4):
        lining[k + 1] = VESTIBULE if k >= opening else (CAVITY if k == 0 and not present else CAGE)
        sites[k + 1, 0] = inner if k == 0 else z[k]
        sites[k + 1, 1] = z[k + 1]
        sites[k + 1, 2] = _OPEN if lining[k + 1] == VESTIBULE else _CAGE
    sites[5, 0], sites[5, 1], sites[5, 2] = z[4], z[4] + _MOUTH, _OPEN
    lining[5] = MOUTH


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def inward(core, carbon, oxygen):
    """Cosine between C=O and the direction from C to the axis: 1 points at the axis, 0 along it, negative away (flipped)."""
    across = np.sqrt(core[carbon, 0] ** 2 + core[carbon, 1] ** 2)
    dx, dy = core[oxygen, 0] - core[carbon, 0], core[oxygen, 1] - core[carbon, 1]
    dz = core[oxygen, 2] - core[carbon, 2]
    return -(dx * core[carbon, 0] + dy * core[carbon, 1]) / (across * np.sqrt(dx * dx + dy * dy + dz * dz))


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def dihedral(core, a, b, c, d):
    """Dihedral angle a-b-c-d in degrees, -180 to 180 (IUPAC sign: clockwise looking from b to c)."""
    u, v, w = core[b] - core[a], core[c] - core[b], core[d] - core[c]
    n, m = np.cross(u, v), np.cross(v, w)
    length = np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
    along = length * (u[0] * m[0] + u[1] * m[1] + u[2] * m[2])
    return np.degrees(np.arctan2(along, n[0] * m[0] + n[1] * m[1] + n[2] * m[2]))


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def measure_carbonyls(core, direction, angle):
    """Direction cosine towards the axis and dihedral N-CA-C-O (degrees) of the 20 carbonyls, strand by strand."""
    for k in range(20):
        direction[k] = inward(core, 4 * k + 2, 4 * k + 3)
        angle[k] = dihedral(core, 4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 3)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def cage_distance(core, present, site, z_low, z_high):
    """Mean distance (Å) of the centre of a site from the oxygens of its planes; NaN where the site has no ring."""
    middle = 0.5 * (z_low + z_high)
    total, n = 0.0, 0
    for side in range(2):
        ring = site - 1 + side  # ring 0 is the hydroxyl, k the k-th carbonyl; S4 is site 1, between rings 0 and 1
        if ring < 0 or ring > 4 or (ring == 0 and not present):
            continue
        number = (len(core) - 80) // 2 if ring == 0 else 4
        for m in range(number):
            i = 81 + 2 * m if ring == 0 else 20 * m + 4 * (ring - 1) + 3
            total += np.sqrt(core[i, 0] ** 2 + core[i, 1] ** 2 + (core[i, 2] - middle) ** 2)
            n += 1
    return total / n if n else np.nan
