"""How is a minimum reached? Compiled L-BFGS over body coordinates, scaled by the known stiffness of each coordinate."""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.bodies import FREE, TORSION, place, pull_back
from selectivity.energetics.kernels import FLAGS, N_TERMS, interactions

HISTORY = 100
"""Pairs of steps and gradient changes that L-BFGS remembers. Vacant sites relax along soft collective motions: with 12 pairs a
minimisation of 24 ligands and an ion takes three times as many evaluations as with 100, and longer memory gains nothing."""

STEP_LIMIT = 0.2
"""Largest change of one body coordinate in one step (Å or rad): keeps atoms from jumping over one another."""

LIGAND_STIFFNESS, TURN_STIFFNESS, ION_STIFFNESS = 35.0, 20.0, 100.0
"""Typical curvatures that the ion and the neighbours add to the restraints: translation and ion in kJ/mol/Å^2, rotation in
kJ/mol/rad^2. They only scale the first steps; the minimum does not depend on them."""


@njit(cache=True, nogil=True, error_model="numpy")
def stiffness(base, params, centre, start, mobility, offset, ion_axis, out):
    """Fill ``out`` with the expected curvature of every body coordinate: restraints plus a typical rest."""
    for b in range(len(mobility)):
        k = offset[b]
        if mobility[b] == FREE:
            out[k : k + 3] = LIGAND_STIFFNESS
            out[k + 3 : k + 6] = TURN_STIFFNESS
            for i in range(start[b], start[b + 1]):
                for axis in range(3):
                    arm = base[axis, i] - centre[axis, b]
                    out[k + axis] += params[3, i]
                    out[k + 3 + (axis + 1) % 3] += 0.5 * params[3, i] * arm * arm
                    out[k + 3 + (axis + 2) % 3] += 0.5 * params[3, i] * arm * arm
        elif mobility[b] == TORSION:
            out[k] = TURN_STIFFNESS
    for k in range(len(ion_axis)):
        if ion_axis[k] >= 0:
            out[ion_axis[k]] = ION_STIFFNESS


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS)
def dot(a, b):
    """Sum of products of two vectors."""
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS)
def direction(slope, steps, changes, inner, stored, newest, scale, out):
    """L-BFGS direction -H dU/dq (two-loop recursion, Nocedal & Wright) with the inverse stiffness as initial H."""
    alpha = np.empty(HISTORY)
    for k in range(len(out)):
        out[k] = -slope[k]
    for back in range(stored):
        m = (newest - back) % HISTORY
        alpha[m] = dot(steps[m], out) / inner[m]
        change = changes[m]
        for k in range(len(out)):
            out[k] -= alpha[m] * change[k]
    for k in range(len(out)):
        out[k] /= scale[k]
    for back in range(stored):
        m = (newest - stored + 1 + back) % HISTORY
        beta = alpha[m] - dot(changes[m], out) / inner[m]
        step = steps[m]
        for k in range(len(out)):
            out[k] += beta * step[k]


@njit(cache=True, nogil=True, error_model="numpy")
def largest(a):
    """Largest absolute value of a vector (0 when it is empty)."""
    most = 0.0
    for k in range(len(a)):
        most = max(most, abs(a[k]))
    return most


@njit(cache=True, nogil=True, error_model="numpy")
def descend(base, params, ref, centre, start, mobility, offset, ion_axis, walls, coupling, tolerance, max_evaluations, xyz, terms):
    """Minimise over body coordinates from ``base``; fills ``xyz`` and ``terms`` at the minimum.

    Returns (energy kJ/mol, largest |dU/dq|, evaluations). Converged when the largest |dU/dq| is below ``tolerance``.
    """
    size = offset[-1]
    for k in range(len(ion_axis)):
        if ion_axis[k] >= 0:
            size += 1
    grad = np.empty_like(base)
    # Rows: coordinates, slope, trial coordinates, trial slope, direction, stiffness.
    work = np.zeros((6, size))
    q, slope, q_new, slope_new, aim, scale = work[0], work[1], work[2], work[3], work[4], work[5]
    steps, changes, inner = np.zeros((HISTORY, size)), np.zeros((HISTORY, size)), np.zeros(HISTORY)
    stored, newest = 0, -1
    stiffness(base, params, centre, start, mobility, offset, ion_axis, scale)
    xyz[:] = base
    energy, evaluations, length, first = 0.0, 0, 0.0, True
    while True:
        if not first:
            direction(slope, steps, changes, inner, stored, newest, scale, aim)
            length = min(1.0, STEP_LIMIT / largest(aim))
        descent = dot(aim, slope)
        while True:
            for k in range(size):
                q_new[k] = q[k] + length * aim[k]
            place(q_new, base, centre, start, mobility, offset, ion_axis, xyz)
            energy_new = interactions(xyz, params, ref, start, walls, coupling, grad, terms)
            evaluations += 1
            # Rounding of the energy (1e-12 of it) must not stop the last steps.
            enough = energy + 1e-4 * length * descent + 1e-11 * abs(energy)
            if first or energy_new <= enough or evaluations >= max_evaluations:
                break
            # Minimum of the parabola through both energies and the slope, kept between a tenth and a half.
            curve = energy_new - energy - length * descent
            length *= min(max(-0.5 * descent * length / curve, 0.1), 0.5)
        pull_back(q_new, xyz, grad, centre, start, mobility, offset, ion_axis, slope_new)
        if not first:
            following = (newest + 1) % HISTORY
            step, change = steps[following], changes[following]
            for k in range(size):
                step[k] = q_new[k] - q[k]
                change[k] = slope_new[k] - slope[k]
            inner[following] = dot(step, change)
            if inner[following] > 1e-8 * dot(change, change) / ION_STIFFNESS:
                newest = following
                stored = min(stored + 1, HISTORY)
            elif stored == HISTORY:
                stored -= 1  # the oldest pair has just been overwritten
        for k in range(size):
            q[k] = q_new[k]
            slope[k] = slope_new[k]
        energy, first = energy_new, False
        if largest(slope) <= tolerance or evaluations >= max_evaluations:
            return energy, largest(slope), evaluations
