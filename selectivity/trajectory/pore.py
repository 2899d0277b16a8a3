"""Where is the pore in a frame? Compiled: the filter made whole, its axis, and what is near it, in the frame of the pore.

Layout: the core is N, CA, C, O of five residues of four strands (80 atoms), then CB and OG1 of every hydroxyl. A frame leaves as
pore coordinates (float64 Å): z along the axis from the cavity outward, 0 in the plane of the second carbonyl ring, x towards
the first oxygen of the innermost ring.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.kernels import plus
from selectivity.trajectory.condition import BROKEN, GRIDS, NOT_FINITE, OK, ROUNDING, SMALL_CELL

ANCHOR = 9
"""C-alpha of the third residue of the first strand: every atom of the filter is within 20 Å of it."""

REACH = 22.0
"""Å; the sphere about the second carbonyl plane that holds everything between `LOW`, `HIGH` and `LATERAL` (21.5 Å)."""

LOW, HIGH, LATERAL = -20.0, 20.0, 8.0
"""Å; heights and distance from the axis of what is kept: ions are tracked this far, waters coordinate ions up to 4 Å off the axis."""

SMALLEST_CELL = 2.0 * REACH
"""Å; in a narrower cell an atom near the axis would have two images there."""

LONGEST_BOND = 2.5
"""Å; C-O, CA-C and N-CA are 1.2 to 1.5, atoms two bonds apart 2.4: a longer one joins atoms that are no neighbours."""

HYDROXYL_DEPTH = 1.0
"""Å; the rule of `selectivity.structure.rings`: a hydroxyl ring that is not this far inward is turned away."""

BLOCK = 256
"""Atoms looked at together: their coordinates stay in the nearest cache."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def file_grid(xyz, rows):
    """Points per Å of the grid on which all these atoms stand within single precision, 0 when there is none.

    Hundreds of coordinates do not fall on a grid by chance; rounding to it undoes the conversion of units in single precision,
    so that readers that convert differently give the same numbers.
    """
    for scale in GRIDS:
        fits = True
        for i in rows:
            for axis in range(3):
                x = np.float64(xyz[i, axis])
                if abs(x - np.rint(x * scale) / scale) > ROUNDING * abs(x) + 1e-9:
                    fits = False
                    break
            if not fits:
                break
        if fits:
            return scale
    return 0.0


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def on_grid(x, scale):
    """A coordinate moved to the grid of its file; one that is not on it (or no grid, scale 0) stays as it is."""
    if scale == 0.0:
        return x
    nearest = np.rint(x * scale) / scale
    return nearest if abs(x - nearest) <= ROUNDING * abs(x) + 1e-9 else x


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def nearest_image(offset, box, inverse):
    """Shift an offset (3,) in place to its shortest periodic image (exact below half of the smallest width of the cell)."""
    for k in range(3):
        shift = np.rint(offset[0] * inverse[0, k] + offset[1] * inverse[1, k] + offset[2] * inverse[2, k])
        if shift != 0.0:
            for axis in range(3):
                offset[axis] -= shift * box[k, axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def smallest_width(inverse):
    """Smallest distance of opposite faces of a cell from its inverse (columns are reciprocal vectors), Å."""
    longest = 0.0
    for k in range(3):
        longest = max(longest, np.sqrt(inverse[0, k] ** 2 + inverse[1, k] ** 2 + inverse[2, k] ** 2))
    return 1.0 / longest


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def whole_core(xyz, rows, scale, periodic, box, inverse, core):
    """Fill ``core`` (A, 3) with the filter about its anchor; return NOT_FINITE, BROKEN or OK."""
    offset = np.empty(3)
    anchor = np.empty(3)
    for axis in range(3):
        anchor[axis] = on_grid(np.float64(xyz[rows[ANCHOR], axis]), scale)
    for k in range(len(rows)):
        for axis in range(3):
            x = np.float64(xyz[rows[k], axis])
            if not np.isfinite(x):
                return NOT_FINITE
            offset[axis] = on_grid(x, scale) - anchor[axis]
        if periodic:
            nearest_image(offset, box, inverse)
        for axis in range(3):
            core[k, axis] = anchor[axis] + offset[axis]
    for k in range(80, len(rows), 2):
        if distance(core, k, k + 1) > LONGEST_BOND:
            return BROKEN
    for k in range(80):
        if k % 4 != 3 and distance(core, k, k + 1) > LONGEST_BOND:
            return BROKEN
    return OK


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def distance(points, i, j):
    """Distance of two rows of (n, 3), Å."""
    total = 0.0
    for axis in range(3):
        total += (points[i, axis] - points[j, axis]) ** 2
    return np.sqrt(total)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pore_axis(core):
    """A point on the axis (3,) and its direction (3,): the least-squares line through the centres of the 20 backbone rings."""
    centres = np.zeros((20, 3))
    middle = np.zeros(3)
    for k in range(80):
        for axis in range(3):
            centres[k % 20, axis] += 0.25 * core[k, axis]
            middle[axis] += core[k, axis] / 80.0
    spread = np.zeros((3, 3))
    trend = np.zeros(3)
    for c in range(20):
        for a in range(3):
            trend[a] += (c - 9.5) * (centres[c, a] - middle[a])
            for b in range(3):
                spread[a, b] += (centres[c, a] - middle[a]) * (centres[c, b] - middle[b])
    direction = np.linalg.eigh(spread)[1][:, 2].copy()
    if direction[0] * trend[0] + direction[1] * trend[1] + direction[2] * trend[2] < 0.0:
        direction = -direction
    return middle, direction


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def ring_height(points, first, step, number, origin, direction):
    """Mean height of a ring of ``number`` atoms first, first + step, ..., Å."""
    total = 0.0
    for k in range(number):
        for axis in range(3):
            total += (points[first + k * step, axis] - origin[axis]) * direction[axis]
    return total / number


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pore_frame(core, origin, direction, frame):
    """Move ``origin`` to the plane of the second carbonyls and fill ``frame`` (3, 3; rows x, y, z); whether a hydroxyl ring is there."""
    second = ring_height(core, 7, 20, 4, origin, direction)
    for axis in range(3):
        origin[axis] += second * direction[axis]
    n_hydroxyl = (len(core) - 80) // 2
    present = False
    if n_hydroxyl >= 2:
        depth = ring_height(core, 81, 2, n_hydroxyl, origin, direction)
        present = depth <= ring_height(core, 3, 20, 4, origin, direction) - HYDROXYL_DEPTH
    first = 81 if present else 3
    along = ring_height(core, first, 1, 1, origin, direction)
    length = 0.0
    for axis in range(3):
        frame[0, axis] = core[first, axis] - origin[axis] - along * direction[axis]
        length += frame[0, axis] ** 2
        frame[2, axis] = direction[axis]
    for axis in range(3):
        frame[0, axis] /= np.sqrt(length)
    frame[1, 0] = frame[2, 1] * frame[0, 2] - frame[2, 2] * frame[0, 1]
    frame[1, 1] = frame[2, 2] * frame[0, 0] - frame[2, 0] * frame[0, 2]
    frame[1, 2] = frame[2, 0] * frame[0, 1] - frame[2, 1] * frame[0, 0]
    return present


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def turned(point, origin, frame, out):
    """Write a point (3,) in pore coordinates into ``out`` (3,)."""
    for k in range(3):
        out[k] = 0.0
        for axis in range(3):
            out[k] += frame[k, axis] * (point[axis] - origin[axis])


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def far_away(xyz, rows, centre, periodic, box, inverse, square):
    """Fill ``square`` (n,) with squared distances of the nearest images from a centre (single precision, Å^2); False for a NaN.

    Block by block: gathered first, then computed on what lies side by side, which vectorises.
    """
    b, v, c = box.astype(np.float32), inverse.astype(np.float32), centre.astype(np.float32)
    if not periodic:
        v[:] = np.float32(0.0)  # no image is nearer
    b00, b01, b02, b10, b11, b12, b20, b21, b22 = (
        b[0, 0], b[0, 1], b[0, 2], b[1, 0], b[1, 1], b[1, 2], b[2, 0], b[2, 1], b[2, 2],
    )  # fmt: skip
    v00, v01, v02, v10, v11, v12, v20, v21, v22 = (
        v[0, 0], v[0, 1], v[0, 2], v[1, 0], v[1, 1], v[1, 2], v[2, 0], v[2, 1], v[2, 2],
    )  # fmt: skip
    cx, cy, cz = c[0], c[1], c[2]
    xs, ys, zs = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    total, half = np.float32(0.0), np.float32(0.5)
    for start in range(0, len(rows), BLOCK):
        here = min(BLOCK, len(rows) - start)
        for k in range(here):
            i = rows[start + k]
            xs[k], ys[k], zs[k] = np.float32(xyz[i, 0]), np.float32(xyz[i, 1]), np.float32(xyz[i, 2])
        for k in range(here):
            x, y, z = xs[k] - cx, ys[k] - cy, zs[k] - cz
            f = np.floor(x * v00 + y * v10 + z * v20 + half)
            g = np.floor(x * v01 + y * v11 + z * v21 + half)
            h = np.floor(x * v02 + y * v12 + z * v22 + half)
            x -= f * b00 + g * b10 + h * b20
            y -= f * b01 + g * b11 + h * b21
            z -= f * b02 + g * b12 + h * b22
            distance2 = x * x + y * y + z * z
            square[start + k] = distance2
            total = plus(total, distance2)
    return np.isfinite(total)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def near_axis(xyz, rows, scale, origin, frame, periodic, box, inverse, square, kept, out):
    """Pore coordinates of the atoms near the axis into ``out`` (m, 3), their places in ``rows`` into ``kept`` (m,).

    Returns how many there are; more than m are counted but not written. -1 when a coordinate is not finite.
    """
    if not far_away(xyz, rows, origin, periodic, box, inverse, square):
        return -1
    point = np.empty(3)
    local = np.empty(3)
    limit = np.float32(REACH**2)
    n = 0
    for k in range(len(rows)):
        if square[k] > limit:
            continue
        for axis in range(3):
            point[axis] = on_grid(np.float64(xyz[rows[k], axis]), scale) - origin[axis]
        if periodic:
            nearest_image(point, box, inverse)
        for axis in range(3):
            point[axis] += origin[axis]
        turned(point, origin, frame, local)
        if local[2] < LOW or local[2] > HIGH or local[0] ** 2 + local[1] ** 2 > LATERAL**2:
            continue
        if n < len(kept):
            kept[n] = k
            for axis in range(3):
                out[n, axis] = local[axis]
        n += 1
    return n


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def enter_pore(
    xyz, core_rows, ion_rows, water_rows, periodic, box, inverse, core, kept_ions, ions, kept_waters, waters
):
    """One frame (n_atoms, 3; Å) in pore coordinates.

    Fills ``core`` (A, 3), ``ions`` (m, 3) with their places ``kept_ions`` (m,) in ``ion_rows``, and the same for waters. Returns the
    state of the frame, whether the hydroxyl ring is there, and the numbers of ions and waters near the axis.
    """
    if periodic and smallest_width(inverse) < SMALLEST_CELL:
        return SMALL_CELL, False, 0, 0
    scale = file_grid(xyz, core_rows)
    state = whole_core(xyz, core_rows, scale, periodic, box, inverse, core)
    if state != OK:
        return state, False, 0, 0
    origin, direction = pore_axis(core)
    frame = np.empty((3, 3))
    present = pore_frame(core, origin, direction, frame)
    square = np.empty(max(len(ion_rows), len(water_rows)), dtype=np.float32)
    n_ions = near_axis(xyz, ion_rows, scale, origin, frame, periodic, box, inverse, square, kept_ions, ions)
    n_waters = near_axis(xyz, water_rows, scale, origin, frame, periodic, box, inverse, square, kept_waters, waters)
    if n_ions < 0 or n_waters < 0:
        return NOT_FINITE, False, 0, 0
    if n_ions > len(kept_ions) or n_waters > len(kept_waters):
        return BROKEN, False, 0, 0  # more than a liquid can hold there
    local = np.empty(3)
    for k in range(len(core)):
        turned(core[k], origin, frame, local)
        for axis in range(3):
            core[k, axis] = local[axis]
    return OK, present, n_ions, n_waters
