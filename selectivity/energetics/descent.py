"""How is a minimum reached? Compiled L-BFGS over body coordinates, scaled by the known stiffness of each coordinate."""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.bodies import FREE, TORSION, place, pull_back
from selectivity.energetics.kernels import interactions, plus

HISTORY = 100
"""Pairs of steps and gradient changes that L-BFGS remembers. Vacant sites relax along soft collective motions: with 12 pairs a
minimisation of 24 ligands and an ion takes three times as many evaluations as with 100, and longer memory gains nothing."""

STEP_LIMIT = 0.2
"""Largest change of one body coordinate in one step (Å or rad): keeps atoms from jumping over one another."""

LIGAND_STIFFNESS, TURN_STIFFNESS, ION_STIFFNESS = 35.0, 20.0, 100.0
"""Typical curvatures that the ion and the neighbours add to the restraints: translation and ion in kJ/mol/Å^2, rotation in
kJ/mol/rad^2. They only scale the first steps; the minimum does not depend on them."""


Q, SLOPE, Q_NEW, SLOPE_NEW, AIM, SCALE = range(6)
"""Rows of the work array of `descend`: coordinates, slope, trial coordinates, trial slope, direction, stiffness."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def stiffness(base, params, centre, start, mobility, offset, ion_axis, work):
    """Fill the row SCALE with the expected curvature of every body coordinate: restraints plus a typical rest."""
    for b in range(len(mobility)):
        k = offset[b]
        if mobility[b] == FREE:
            for axis in range(3):
                work[SCALE, k + axis] = LIGAND_STIFFNESS
                work[SCALE, k + 3 + axis] = TURN_STIFFNESS
            for i in range(start[b], start[b + 1]):
                for axis in range(3):
                    arm = base[axis, i] - centre[axis, b]
                    work[SCALE, k + axis] += params[3, i]
                    for other in range(3):
                        if other != axis:
                            work[SCALE, k + 3 + other] += 0.5 * params[3, i] * arm * arm
        elif mobility[b] == TORSION:
            work[SCALE, k] = TURN_STIFFNESS
    for k in range(len(ion_axis)):
        if ion_axis[k] >= 0:
            work[SCALE, ion_axis[k]] = ION_STIFFNESS


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def direction(work, steps, changes, inner, alpha, memory):
    """Fill the row AIM with -H dU/dq by the two-loop recursion of L-BFGS (Nocedal & Wright), initial H the inverse stiffness."""
    size, (stored, newest) = work.shape[1], (memory[0], memory[1])
    for k in range(size):
        work[AIM, k] = -work[SLOPE, k]
    m = newest
    for _ in range(stored):
        total = 0.0
        for k in range(size):
            total = plus(total, steps[m, k] * work[AIM, k])
        alpha[m] = total / inner[m]
        for k in range(size):
            work[AIM, k] -= alpha[m] * changes[m, k]
        m = m - 1 if m > 0 else HISTORY - 1
    for k in range(size):
        work[AIM, k] /= work[SCALE, k]
    for _ in range(stored):
        m = m + 1 if m < HISTORY - 1 else 0
        total = 0.0
        for k in range(size):
            total = plus(total, changes[m, k] * work[AIM, k])
        beta = alpha[m] - total / inner[m]
        for k in range(size):
            work[AIM, k] += beta * steps[m, k]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def advance(work, steps, changes, inner, memory):
    """Accept the trial coordinates; remember the step where the curvature along it is positive."""
    stored, newest = memory[0], memory[1]
    following = newest + 1 if newest < HISTORY - 1 else 0
    product = square = 0.0
    for k in range(work.shape[1]):
        step, change = work[Q_NEW, k] - work[Q, k], work[SLOPE_NEW, k] - work[SLOPE, k]
        steps[following, k], changes[following, k] = step, change
        product += step * change
        square += change * change
        work[Q, k], work[SLOPE, k] = work[Q_NEW, k], work[SLOPE_NEW, k]
    inner[following] = product
    if product > 1e-8 * square / ION_STIFFNESS:
        memory[0], memory[1] = min(stored + 1, HISTORY), following
    else:  # the oldest pair of a full memory has just been overwritten
        memory[0] = min(stored, HISTORY - 1)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def largest(vector):
    """Largest absolute value of a vector (0 when it is empty)."""
    most = 0.0
    for k in range(len(vector)):
        most = max(most, abs(vector[k]))
    return most


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def descend(
    base,
    params,
    ref,
    centre,
    start,
    mobility,
    offset,
    ion_axis,
    walls,
    coupling,
    tolerance,
    max_evaluations,
    xyz,
    terms,
    work,
):
    """Minimise over body coordinates from ``base``; ``xyz`` begins as a copy of it and ends at the minimum.

    ``terms`` (7,) is filled there; ``work`` is zeros (6, n coordinates).

    Returns (energy kJ/mol, largest |dU/dq|, evaluations). Converged when the largest |dU/dq| is below ``tolerance``.
    """
    size = work.shape[1]
    q_new, slope, slope_new, aim = work[Q_NEW], work[SLOPE], work[SLOPE_NEW], work[AIM]
    grad = np.empty_like(base)
    steps, changes = np.empty((HISTORY, size)), np.empty((HISTORY, size))
    inner, alpha = np.empty(HISTORY), np.empty(HISTORY)
    # Pairs stored and place of the newest: in an array, because literal arguments would compile a version of their own.
    memory = np.array([0, -1])
    evaluations = 0
    energy = descent = length = 0.0
    stiffness(base, params, centre, start, mobility, offset, ion_axis, work)
    while True:
        if evaluations > 0:
            direction(work, steps, changes, inner, alpha, memory)
            length = min(1.0, STEP_LIMIT / largest(aim))
            descent = 0.0
            for k in range(size):
                descent += aim[k] * slope[k]
        while True:
            for k in range(size):
                q_new[k] = work[Q, k] + length * aim[k]
            place(q_new, base, centre, start, mobility, offset, ion_axis, xyz)
            energy_new = interactions(xyz, params, ref, start, walls, coupling, grad, terms)
            evaluations += 1
            # Rounding of the energy (1e-11 of it) must not stop the last steps.
            enough = energy + 1e-4 * length * descent + 1e-11 * abs(energy)
            if evaluations == 1 or energy_new <= enough or evaluations >= max_evaluations:
                break
            # Minimum of the parabola through both energies and the slope, kept between a tenth and a half.
            curve = energy_new - energy - length * descent
            length *= min(max(-0.5 * descent * length / curve, 0.1), 0.5)
        pull_back(q_new, xyz, grad, centre, start, mobility, offset, ion_axis, slope_new)
        if evaluations == 1:
            for k in range(size):
                slope[k] = slope_new[k]
        else:
            advance(work, steps, changes, inner, memory)
        energy = energy_new
        if largest(slope) <= tolerance or evaluations >= max_evaluations:
            return energy, largest(slope), evaluations
