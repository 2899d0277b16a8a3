"""How does an ion settle beside held atoms? Compiled Newton descent over its position and the hydroxyl torsions.

Layout as in `selectivity.trajectory.hydroxyls`. The ion's energy has its analytic second derivatives; that of a hydrogen with the
held atoms is read off its table (cubic between grid torsions, with exact values and slopes there) until the descent is near
its end, then summed atom by atom, so that what is returned is exact. Few coordinates, so that a step solves a dense system.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.descent import largest
from selectivity.energetics.kernels import WALL_CONSTANT, plus
from selectivity.trajectory.hydroxyls import ANGLES, STEP, cosine_and_sine, held_energy

STIFF_ION, STIFF_TURN = 100.0, 20.0
"""Expected curvatures, kJ/mol/Å^2 and kJ/mol/rad^2: where the energy bends downwards, multiples of them are added until it does not."""

STEP_LIMIT, TURN_LIMIT = 0.25, 0.6
"""Longest steps of the ion (Å) and of a torsion (rad)."""

HOPELESS_SHIFT = 1e12
"""No finite curvature of atoms apart needs so large a shift: two atoms stand on one point, and no step is made."""

NEAR_ION, NEAR_TURN = 0.1, 0.15
"""Å and rad; two points this near are in one well, which is wider than a thermal displacement."""

MARGIN, CLEAR = 2.0, 0.2
"""kJ/mol; a descent is given up whose quadratic, trusted with half as much again, ends this far above what is known, and at its end one
that is above by more than tables are wrong."""

NEARLY, LAST, TOLERANCE = 0.3, 2e-3, 1e-2
"""Largest slope (kJ/mol per Å and rad) where tables give way to sums; a step that lowers the energy by less (kJ/mol) is the last one and
taken on the quadratic, which is then right to 1e-5 kJ/mol; largest slope of a place at rest where the energy bends downwards."""

MOST_EVALUATIONS = 120


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def ion_terms(x, y, z, xyz, params, ion, n_held, slope, bend):
    """Energy of the ion with the held atoms; fills ``slope`` (first three) and ``bend`` (upper left 3 x 3)."""
    qi, ei, ri = params[0, ion], params[1, ion], params[2, ion]
    xs, ys, zs = xyz[0, 0:n_held], xyz[1, 0:n_held], xyz[2, 0:n_held]
    q, e, r = params[0, 0:n_held], params[1, 0:n_held], params[2, 0:n_held]
    energy = gx = gy = gz = same = xx = xy = xz = yy = yz = zz = 0.0
    for j in range(len(xs)):
        dx = x - xs[j]
        dy = y - ys[j]
        dz = z - zs[j]
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        inverse2 = inverse * inverse
        electric = qi * q[j] * inverse
        size = ri + r[j]
        s2 = size * size * inverse2
        s6 = s2 * s2 * s2
        depth6 = ei * e[j] * s6
        energy = plus(energy, electric + depth6 * (s6 - 2.0))
        first = -(electric + 12.0 * depth6 * (s6 - 1.0)) * inverse2
        second = (3.0 * electric + 24.0 * depth6 * (7.0 * s6 - 4.0)) * inverse2 * inverse2
        gx = plus(gx, first * dx)
        gy = plus(gy, first * dy)
        gz = plus(gz, first * dz)
        same = plus(same, first)
        xx = plus(xx, second * dx * dx)
        xy = plus(xy, second * dx * dy)
        xz = plus(xz, second * dx * dz)
        yy = plus(yy, second * dy * dy)
        yz = plus(yz, second * dy * dz)
        zz = plus(zz, second * dz * dz)
    slope[0], slope[1], slope[2] = gx, gy, gz
    bend[0, 0], bend[1, 1], bend[2, 2] = same + xx, same + yy, same + zz
    bend[1, 0], bend[2, 0], bend[2, 1] = xy, xz, yz
    return energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def between(held, slope, h, angle):
    """Energy of hydrogen h with the held atoms at any torsion (rad) from its tables: value, slope and curvature of the cubic."""
    turns = angle / STEP
    low = np.floor(turns)
    t = turns - low
    k = int(low) % ANGLES
    n = (k + 1) % ANGLES
    e0, e1, s0, s1 = held[h, k], held[h, n], STEP * slope[h, k], STEP * slope[h, n]
    square, cube = 3.0 * (e1 - e0) - 2.0 * s0 - s1, 2.0 * (e0 - e1) + s0 + s1
    value = e0 + t * (s0 + t * (square + t * cube))
    return value, (s0 + t * (2.0 * square + 3.0 * t * cube)) / STEP, (2.0 * square + 6.0 * t * cube) / (STEP * STEP)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def derivatives(dx, dy, dz, charge, depth, size):
    """Energy of a pair, its slope over the distance and what bends it: dE/dr = first * d, d2E = first + second * d d."""
    inverse2 = 1.0 / (dx * dx + dy * dy + dz * dz)
    electric = charge * np.sqrt(inverse2)
    s6 = (size * size * inverse2) ** 3
    depth6 = depth * s6
    first = -(electric + 12.0 * depth6 * (s6 - 1.0)) * inverse2
    second = (3.0 * electric + 24.0 * depth6 * (7.0 * s6 - 4.0)) * inverse2 * inverse2
    return electric + depth6 * (s6 - 2.0), first, second


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def wall_energy(q, wall, slope, bend):
    """Flat-bottom walls of a site (z_low, z_high, lateral radius): energy, added to the slope and the curvature as well."""
    energy = 0.0
    over = min(q[2] - wall[0], 0.0) + max(q[2] - wall[1], 0.0)
    if over != 0.0:
        slope[2] += WALL_CONSTANT * over
        bend[2, 2] += WALL_CONSTANT
        energy += over * over
    radial = np.sqrt(q[0] ** 2 + q[1] ** 2)
    if radial > wall[2]:
        over = radial - wall[2]
        x, y, share = q[0] / radial, q[1] / radial, over / radial
        slope[0] += WALL_CONSTANT * over * x
        slope[1] += WALL_CONSTANT * over * y
        bend[0, 0] += WALL_CONSTANT * (x * x + share * y * y)
        bend[1, 1] += WALL_CONSTANT * (y * y + share * x * x)
        bend[1, 0] += WALL_CONSTANT * (1.0 - share) * x * y
        energy += over * over
    return 0.5 * WALL_CONSTANT * energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def energy_terms(q, xyz, params, n_hydroxyl, n_held, feet, held, held_slope, wall, exact, turn, slope, bend):
    """Energy (kJ/mol) at ion position q[:3] (Å) and torsions q[3:] (rad); fills ``slope`` and the lower triangle of ``bend``.

    ``exact`` sums the hydrogens' energies with the held atoms instead of reading their tables; ``turn`` (2, H, 3) is room for arms.
    """
    ion = n_held + n_hydroxyl
    total = ion_terms(q[0], q[1], q[2], xyz, params, ion, n_held, slope, bend)
    total += wall_energy(q, wall, slope, bend)
    hydrogen, other_charge = params[0, n_held], params[0, ion] if n_hydroxyl else 0.0
    for h in range(n_hydroxyl):
        c, s = cosine_and_sine(q[3 + h])
        for axis in range(3):
            turn[0, h, axis] = c * feet[h, 1, axis] + s * feet[h, 2, axis]
            turn[1, h, axis] = c * feet[h, 2, axis] - s * feet[h, 1, axis]
            xyz[axis, n_held + h] = feet[h, 0, axis] + turn[0, h, axis]
        value, rise, curve = between(held, held_slope, h, q[3 + h])
        if exact:
            value, gx, gy, gz = held_energy(xyz, params, h, n_held + h, n_held)
            rise = gx * turn[1, h, 0] + gy * turn[1, h, 1] + gz * turn[1, h, 2]
        total += value
        slope[3 + h], bend[3 + h, 3 + h] = rise, curve
        dx, dy, dz = q[0] - xyz[0, n_held + h], q[1] - xyz[1, n_held + h], q[2] - xyz[2, n_held + h]
        value, first, second = derivatives(
            dx, dy, dz, hydrogen * other_charge, params[1, n_held] * params[1, ion], params[2, n_held] + params[2, ion]
        )
        total += value
        tx, ty, tz = turn[1, h, 0], turn[1, h, 1], turn[1, h, 2]
        along = dx * tx + dy * ty + dz * tz
        slope[0] += first * dx
        slope[1] += first * dy
        slope[2] += first * dz
        slope[3 + h] -= first * along
        bend[0, 0] += first + second * dx * dx
        bend[1, 1] += first + second * dy * dy
        bend[2, 2] += first + second * dz * dz
        bend[1, 0] += second * dx * dy
        bend[2, 0] += second * dx * dz
        bend[2, 1] += second * dy * dz
        bend[3 + h, 0] = -(first * tx + second * dx * along)
        bend[3 + h, 1] = -(first * ty + second * dy * along)
        bend[3 + h, 2] = -(first * tz + second * dz * along)
        out = dx * turn[0, h, 0] + dy * turn[0, h, 1] + dz * turn[0, h, 2]
        bend[3 + h, 3 + h] += first * (tx * tx + ty * ty + tz * tz + out) + second * along * along
        for other in range(h):
            dx = xyz[0, n_held + h] - xyz[0, n_held + other]
            dy = xyz[1, n_held + h] - xyz[1, n_held + other]
            dz = xyz[2, n_held + h] - xyz[2, n_held + other]
            value, first, second = derivatives(
                dx, dy, dz, hydrogen * hydrogen, params[1, n_held] * params[1, n_held], 2.0 * params[2, n_held]
            )
            total += value
            ux, uy, uz = turn[1, other, 0], turn[1, other, 1], turn[1, other, 2]
            mine, theirs = dx * tx + dy * ty + dz * tz, dx * ux + dy * uy + dz * uz
            slope[3 + h] += first * mine
            slope[3 + other] -= first * theirs
            out = dx * turn[0, h, 0] + dy * turn[0, h, 1] + dz * turn[0, h, 2]
            bend[3 + h, 3 + h] += first * (tx * tx + ty * ty + tz * tz - out) + second * mine * mine
            out = dx * turn[0, other, 0] + dy * turn[0, other, 1] + dz * turn[0, other, 2]
            bend[3 + other, 3 + other] += first * (ux * ux + uy * uy + uz * uz + out) + second * theirs * theirs
            bend[3 + h, 3 + other] = -(first * (tx * ux + ty * uy + tz * uz) + second * mine * theirs)
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def beyond_ion(x, y, z, l10, l20, l21):
    """The coupling of one more coordinate with an ion's, after elimination of the ion's (``l``: its unit triangular factor)."""
    y = y - l10 * x
    return x, y, z - l20 * x - l21 * y


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def newton_step(slope, bend, step):
    """Solve (bend + shift) step = -slope (7,) with the smallest shift that leaves the matrix positive.

    Returns the change that the quadratic predicts, and whether it needed no shift. Written out, since loops of a few turns cost
    several times what they compute: L D L^T of the ion's block, then of what is left for the four torsions.
    """
    shift = 0.0
    least_ion, least_turn = 0.05 * STIFF_ION, 0.05 * STIFF_TURN
    while True:
        ion, turn = shift * STIFF_ION, shift * STIFF_TURN
        d0 = bend[0, 0] + ion
        i0 = 1.0 / d0
        c10, c20 = bend[1, 0], bend[2, 0]
        l10, l20 = c10 * i0, c20 * i0
        d1 = bend[1, 1] + ion - l10 * c10
        i1 = 1.0 / d1
        c21 = bend[2, 1] - l20 * c10
        l21 = c21 * i1
        d2 = bend[2, 2] + ion - l20 * c20 - l21 * c21
        i2 = 1.0 / d2
        u0, v0, w0 = beyond_ion(bend[3, 0], bend[3, 1], bend[3, 2], l10, l20, l21)
        u1, v1, w1 = beyond_ion(bend[4, 0], bend[4, 1], bend[4, 2], l10, l20, l21)
        u2, v2, w2 = beyond_ion(bend[5, 0], bend[5, 1], bend[5, 2], l10, l20, l21)
        u3, v3, w3 = beyond_ion(bend[6, 0], bend[6, 1], bend[6, 2], l10, l20, l21)
        x0, y0, z0 = u0 * i0, v0 * i1, w0 * i2
        x1, y1, z1 = u1 * i0, v1 * i1, w1 * i2
        x2, y2, z2 = u2 * i0, v2 * i1, w2 * i2
        x3, y3, z3 = u3 * i0, v3 * i1, w3 * i2
        d3 = bend[3, 3] + turn - x0 * u0 - y0 * v0 - z0 * w0
        i3 = 1.0 / d3
        c43 = bend[4, 3] - x1 * u0 - y1 * v0 - z1 * w0
        c53 = bend[5, 3] - x2 * u0 - y2 * v0 - z2 * w0
        c63 = bend[6, 3] - x3 * u0 - y3 * v0 - z3 * w0
        l43, l53, l63 = c43 * i3, c53 * i3, c63 * i3
        d4 = bend[4, 4] + turn - x1 * u1 - y1 * v1 - z1 * w1 - l43 * c43
        i4 = 1.0 / d4
        c54 = bend[5, 4] - x2 * u1 - y2 * v1 - z2 * w1 - l53 * c43
        c64 = bend[6, 4] - x3 * u1 - y3 * v1 - z3 * w1 - l63 * c43
        l54, l64 = c54 * i4, c64 * i4
        d5 = bend[5, 5] + turn - x2 * u2 - y2 * v2 - z2 * w2 - l53 * c53 - l54 * c54
        i5 = 1.0 / d5
        c65 = bend[6, 5] - x3 * u2 - y3 * v2 - z3 * w2 - l63 * c53 - l64 * c54
        l65 = c65 * i5
        d6 = bend[6, 6] + turn - x3 * u3 - y3 * v3 - z3 * w3 - l63 * c63 - l64 * c64 - l65 * c65
        if min(d0, d1, d2) > least_ion and min(d3, d4, d5, d6) > least_turn:
            break
        shift = 2.0 * shift if shift > 0.0 else 0.25
        if not shift <= HOPELESS_SHIFT:
            step[:] = 0.0
            return 0.0, False
    s0 = -slope[0]
    s1 = -slope[1] - l10 * s0
    s2 = -slope[2] - l20 * s0 - l21 * s1
    s3 = -slope[3] - x0 * s0 - y0 * s1 - z0 * s2
    s4 = -slope[4] - x1 * s0 - y1 * s1 - z1 * s2 - l43 * s3
    s5 = -slope[5] - x2 * s0 - y2 * s1 - z2 * s2 - l53 * s3 - l54 * s4
    s6 = (-slope[6] - x3 * s0 - y3 * s1 - z3 * s2 - l63 * s3 - l64 * s4 - l65 * s5) / d6
    s5 = s5 * i5 - l65 * s6
    s4 = s4 * i4 - l54 * s5 - l64 * s6
    s3 = s3 * i3 - l43 * s4 - l53 * s5 - l63 * s6
    s2 = s2 * i2 - z0 * s3 - z1 * s4 - z2 * s5 - z3 * s6
    s1 = s1 * i1 - l21 * s2 - y0 * s3 - y1 * s4 - y2 * s5 - y3 * s6
    s0 = s0 * i0 - l10 * s1 - l20 * s2 - x0 * s3 - x1 * s4 - x2 * s5 - x3 * s6
    change = slope[0] * s0 + slope[1] * s1 + slope[2] * s2 + slope[3] * s3 + slope[4] * s4 + slope[5] * s5 + slope[6] * s6
    farthest, widest = max(abs(s0), abs(s1), abs(s2)), max(abs(s3), abs(s4), abs(s5), abs(s6))
    scale = 1.0 / max(1.0, farthest / STEP_LIMIT, widest / TURN_LIMIT)
    step[0], step[1], step[2] = scale * s0, scale * s1, scale * s2
    step[3], step[4], step[5], step[6] = scale * s3, scale * s4, scale * s5, scale * s6
    return 0.5 * change, shift == 0.0


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def is_there(q, known):
    """Whether ion and torsions are so near a known minimum that a descent ends in it."""
    for i in range(3):
        if abs(q[i] - known[i]) > NEAR_ION:
            return False
    for i in range(3, len(q)):
        apart = q[i] - known[i]
        if abs(apart - 2.0 * np.pi * np.rint(apart / (2.0 * np.pi))) > NEAR_TURN:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def descend(q, xyz, params, n_hydroxyl, n_held, feet, held, held_slope, wall, turn, work, bend, known, hopeless):
    """Minimise over q in place; ``work`` (4, 7) and ``bend`` (7, 7) are room, zero and stiff for absent hydroxyls.

    Returns the energy and whether q is at rest. A descent that will end above ``hopeless``, the energy of the ``known`` minimum
    (infinity: there is none), or in that minimum is given up where it is.
    """
    slope, slope_new, step, trial = work[0], work[1], work[2], work[3]
    exact = n_hydroxyl == 0
    energy = energy_terms(q, xyz, params, n_hydroxyl, n_held, feet, held, held_slope, wall, exact, turn, slope, bend)
    evaluations = 1
    while evaluations < MOST_EVALUATIONS:
        if not exact and largest(slope) < NEARLY:
            if energy > hopeless + CLEAR:
                return energy, False
            exact = True
            energy = energy_terms(
                q, xyz, params, n_hydroxyl, n_held, feet, held, held_slope, wall, exact, turn, slope, bend
            )
            evaluations += 1
        change, convex = newton_step(slope, bend, step)
        for i in range(len(q)):
            trial[i] = q[i] + step[i]
        if exact and not convex and largest(slope) <= TOLERANCE:
            return energy, True
        if convex and exact and change > -LAST:
            q[:] = trial
            return energy + change, True
        if convex and energy + 1.5 * change > hopeless + MARGIN:
            return energy, False
        if hopeless < np.inf and (is_there(q, known) or (convex and is_there(trial, known))):
            return energy, False
        descent = 0.0
        for i in range(len(q)):
            descent += step[i] * slope[i]
        length = 1.0
        while True:
            energy_new = energy_terms(
                trial, xyz, params, n_hydroxyl, n_held, feet, held, held_slope, wall, exact, turn, slope_new, bend
            )
            evaluations += 1
            if energy_new <= energy + 1e-4 * length * descent + 1e-11 * abs(energy) or evaluations >= MOST_EVALUATIONS:
                break
            curve = energy_new - energy - length * descent
            length *= min(max(-0.5 * descent * length / curve, 0.1), 0.5)
            for i in range(len(q)):
                trial[i] = q[i] + length * step[i]
        for i in range(len(q)):
            q[i], slope[i] = trial[i], slope_new[i]
        energy = energy_new
    return energy, False
