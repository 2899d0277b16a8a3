"""How is a minimum reached? Compiled L-BFGS over body coordinates, preconditioned by the curvature of each body."""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.bodies import FREE, TORSION, bond_direction, place, pull_back
from selectivity.energetics.kernels import FLAGS, N_TERMS, interactions

HISTORY = 12
"""Pairs of steps and gradient changes that L-BFGS remembers."""

STEP_LIMIT = 0.35
"""Largest change of one body coordinate in one step (Å or rad): keeps atoms from jumping over one another."""

SOFTEST = 2.0
"""kJ/mol/Å^2 added to every curvature of the preconditioner, so that free directions (water, axis of C=O) stay bounded."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS)
def atom_curvature(xyz, params, i, first, last, block):
    """Add to ``block`` (6,: xx yy zz xy xz yz) the positive part of the pair curvature of atom i with atoms first..last-1."""
    for j in range(first, last):
        dx, dy, dz = xyz[0, j] - xyz[0, i], xyz[1, j] - xyz[1, i], xyz[2, j] - xyz[2, i]
        inverse2 = 1.0 / (dx * dx + dy * dy + dz * dz)
        electric = params[0, i] * params[0, j] * np.sqrt(inverse2)
        size = params[2, i] + params[2, j]
        s6 = (size * size * inverse2) ** 3
        depth6 = params[1, i] * params[1, j] * s6
        across = max(-(electric + 12.0 * depth6 * (s6 - 1.0)) * inverse2, 0.0)
        along = max((2.0 * electric + 12.0 * depth6 * (13.0 * s6 - 7.0)) * inverse2, 0.0)
        extra = (along - across) * inverse2
        block[0] += across + extra * dx * dx
        block[1] += across + extra * dy * dy
        block[2] += across + extra * dz * dz
        block[3] += extra * dx * dy
        block[4] += extra * dx * dz
        block[5] += extra * dy * dz


@njit(cache=True, nogil=True, error_model="numpy")
def body_curvature(xyz, params, centre, start, mobility, ion_axis, coupling, blocks):
    """Fill ``blocks`` (G + n_ions, 6, 6) with inverse curvatures: one block for each group, then one for each ion."""
    n_groups, n_ligand, n = len(mobility), start[-1], xyz.shape[1]
    atom = np.empty(6)
    jacobian = np.zeros((3, 6))
    tensor = np.empty((3, 3))
    for b in range(n_groups + n - n_ligand):
        first = start[b] if b < n_groups else n_ligand + b - n_groups
        last = start[b + 1] if b < n_groups else first + 1
        curvature = np.zeros((6, 6))
        for axis in range(6):
            curvature[axis, axis] = SOFTEST
        for i in range(first, last):
            atom[:] = 0.0
            if b >= n_groups:
                atom_curvature(xyz, params, i, 0, first, atom)
                atom_curvature(xyz, params, i, last, n, atom)
            else:
                atom[:3] = params[3, i]
                if coupling != 0.0:
                    atom_curvature(xyz, params, i, 0, first, atom)
                    atom_curvature(xyz, params, i, last, n_ligand, atom)
                atom_curvature(xyz, params, i, n_ligand, n, atom)
            tensor[0, 0], tensor[1, 1], tensor[2, 2] = atom[0], atom[1], atom[2]
            tensor[0, 1] = tensor[1, 0] = atom[3]
            tensor[0, 2] = tensor[2, 0] = atom[4]
            tensor[1, 2] = tensor[2, 1] = atom[5]
            jacobian[:] = 0.0
            if b < n_groups and mobility[b] == TORSION:
                if i < first + 2:
                    continue
                ux, uy, uz = bond_direction(xyz, first)
                ax, ay, az = xyz[0, i] - xyz[0, i - 1], xyz[1, i] - xyz[1, i - 1], xyz[2, i] - xyz[2, i - 1]
                jacobian[0, 0] = uy * az - uz * ay
                jacobian[1, 0] = uz * ax - ux * az
                jacobian[2, 0] = ux * ay - uy * ax
            else:
                for axis in range(3):
                    jacobian[axis, axis] = 1.0
                if b < n_groups and mobility[b] == FREE:
                    ax, ay, az = xyz[0, i] - centre[0, b], xyz[1, i] - centre[1, b], xyz[2, i] - centre[2, b]
                    jacobian[0, 4], jacobian[0, 5] = az, -ay
                    jacobian[1, 3], jacobian[1, 5] = -az, ax
                    jacobian[2, 3], jacobian[2, 4] = ay, -ax
            for r in range(6):
                for s in range(6):
                    for u in range(3):
                        for v in range(3):
                            curvature[r, s] += jacobian[u, r] * tensor[u, v] * jacobian[v, s]
        blocks[b] = np.linalg.inv(curvature)


@njit(cache=True, nogil=True, error_model="numpy")
def precondition(vector, blocks, mobility, offset, ion_axis, out):
    """out = blocks * vector, body by body."""
    n_groups = len(mobility)
    for b in range(n_groups):
        k = offset[b]
        size = offset[b + 1] - k
        for r in range(size):
            total = 0.0
            for s in range(size):
                total += blocks[b, r, s] * vector[k + s]
            out[k + r] = total
    for k in range(len(ion_axis)):
        if ion_axis[k] >= 0:
            total = 0.0
            for s in range(3):
                other = ion_axis[3 * (k // 3) + s]
                if other >= 0:
                    total += blocks[n_groups + k // 3, k % 3, s] * vector[other]
            out[ion_axis[k]] = total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS)
def direction(slope, steps, changes, inner, stored, newest, blocks, mobility, offset, ion_axis, work, out):
    """L-BFGS direction -H dU/dq (two-loop recursion) with the body curvatures as the initial inverse Hessian."""
    alpha = np.empty(HISTORY)
    work[:] = slope
    for back in range(stored):
        m = (newest - back) % HISTORY
        alpha[m] = np.dot(steps[m], work) / inner[m]
        work -= alpha[m] * changes[m]
    precondition(work, blocks, mobility, offset, ion_axis, out)
    for back in range(stored - 1, -1, -1):
        m = (newest - back) % HISTORY
        out += (alpha[m] - np.dot(changes[m], out) / inner[m]) * steps[m]
    out *= -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def descend(base, params, ref, centre, start, mobility, offset, ion_axis, walls, coupling, tolerance, max_evaluations, xyz, terms):
    """Minimise over body coordinates from ``base``; fills ``xyz`` and ``terms`` at the minimum.

    Returns (energy kJ/mol, largest |dU/dq|, evaluations). Converged when the largest |dU/dq| is below ``tolerance``.
    """
    size = offset[-1]
    for k in range(len(ion_axis)):
        size += ion_axis[k] >= 0
    blocks = np.empty((len(mobility) + len(ion_axis) // 3, 6, 6))
    grad = np.empty_like(base)
    q, slope = np.zeros(size), np.zeros(size)
    q_new, slope_new = np.zeros(size), np.zeros(size)
    aim, work = np.zeros(size), np.zeros(size)
    steps, changes, inner = np.zeros((HISTORY, size)), np.zeros((HISTORY, size)), np.zeros(HISTORY)
    stored, newest = 0, -1
    xyz[:] = base
    energy = interactions(xyz, params, ref, start, walls, coupling, grad, terms)
    pull_back(q, xyz, grad, centre, start, mobility, offset, ion_axis, slope)
    body_curvature(xyz, params, centre, start, mobility, ion_axis, coupling, blocks)
    evaluations = 1
    while evaluations < max_evaluations and np.abs(slope).max() > tolerance:
        direction(slope, steps, changes, inner, stored, newest, blocks, mobility, offset, ion_axis, work, aim)
        descent = np.dot(aim, slope)
        if descent >= 0.0:
            stored = 0
            precondition(slope, blocks, mobility, offset, ion_axis, aim)
            aim *= -1.0
            descent = np.dot(aim, slope)
        length = min(1.0, STEP_LIMIT / np.abs(aim).max())
        while True:
            q_new[:] = q + length * aim
            place(q_new, base, centre, start, mobility, offset, ion_axis, xyz)
            energy_new = interactions(xyz, params, ref, start, walls, coupling, grad, terms)
            evaluations += 1
            if energy_new <= energy + 1e-4 * length * descent + 1e-10 * abs(energy) or evaluations >= max_evaluations:
                break
            # Minimum of the parabola through both energies and the slope, kept between a tenth and a half.
            curve = energy_new - energy - length * descent
            length *= min(max(-0.5 * descent * length / curve, 0.1), 0.5)
        pull_back(q_new, xyz, grad, centre, start, mobility, offset, ion_axis, slope_new)
        if stored < HISTORY:
            stored += 1
        newest = (newest + 1) % HISTORY
        steps[newest] = q_new - q
        changes[newest] = slope_new - slope
        inner[newest] = np.dot(steps[newest], changes[newest])
        if inner[newest] <= 1e-10 * np.dot(changes[newest], changes[newest]):
            stored -= 1
            newest = (newest - 1) % HISTORY
        q[:] = q_new
        slope[:] = slope_new
        energy = energy_new
    return energy, np.abs(slope).max(), evaluations
