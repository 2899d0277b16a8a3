"""How does an ion settle beside held atoms? Compiled quasi-Newton descent over its position and the hydroxyl torsions.

Layout as in `selectivity.trajectory.hydroxyls`; few coordinates, so the inverse Hessian is dense (BFGS).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.kernels import WALL_CONSTANT, row
from selectivity.trajectory.hydroxyls import held_energy, place_hydrogen

STIFF_ION, STIFF_TURN = 100.0, 20.0
"""Expected curvatures, kJ/mol/Å^2 and kJ/mol/rad^2; they scale first steps only."""

STEP_LIMIT, TOLERANCE, MOST_EVALUATIONS = 0.2, 1e-2, 400


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
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


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
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
