"""How are the energies summed? Compiled loops over pairs of atoms, for all atoms at once or for one body alone.

Layout (float64): atoms in columns, ligand atoms first (groups contiguous), ions last. ``xyz`` (3, N) positions, Å; ``params`` (4, N):
charge * sqrt(ke), sqrt(epsilon), Rmin/2, restraint constant; ``ref`` (3, N) reference positions; ``start`` (G + 1,) first atom of each
ligand group, so that start[-1] is the first ion; ``walls`` (W, 4): atom, z_low, z_high, lateral radius. Minimisation and sampling
share these loops. Source of the formula: docs/theory.md section 2 (Coulomb + Lennard-Jones, Lorentz-Berthelot, no cut-off).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.extending import intrinsic

IL_COULOMB, IL_LJ, LL_COULOMB, LL_LJ, STRAIN, II, WALLS = range(7)
"""Places of the terms in the array that `interactions` fills."""

N_TERMS = 7

WALL_CONSTANT = 4000.0
"""Stiffness of the flat-bottom walls, kJ/mol/Å^2: a force of 100 kJ/mol/Å, about the largest that a filter exerts on an ion,
pushes it 0.025 Å beyond the wall."""


@intrinsic
def plus(typingctx: Any, total: Any, term: Any) -> Any:
    """total + term, where the partial sums of a loop may be kept side by side in the lanes of a vector register.

    Nothing else may be reordered, contracted or replaced: with flags for whole functions the digits depended on where a loop was
    inlined, hence on whether a process compiled a kernel or loaded it.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments, flags=("reassoc",))

    return total(total, total), codegen


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def row(xyz, params, i, first, last):
    """Coulomb and Lennard-Jones energy of atom i with atoms first..last-1, and its gradient with respect to atom i."""
    x, y, z = xyz[0, i], xyz[1, i], xyz[2, i]
    qi, ei, ri = params[0, i], params[1, i], params[2, i]
    # Slices that start at zero: numba then needs no wrap-around test inside the loop, and LLVM vectorises it.
    xs, ys, zs = xyz[0, first:last], xyz[1, first:last], xyz[2, first:last]
    q, e, r = params[0, first:last], params[1, first:last], params[2, first:last]
    coulomb = lj = gx = gy = gz = 0.0
    for j in range(len(xs)):
        dx = xs[j] - x
        dy = ys[j] - y
        dz = zs[j] - z
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        inverse2 = inverse * inverse
        electric = qi * q[j] * inverse
        size = ri + r[j]
        s2 = size * size * inverse2
        s6 = s2 * s2 * s2
        depth6 = ei * e[j] * s6
        coulomb = plus(coulomb, electric)
        lj = plus(lj, depth6 * (s6 - 2.0))
        slope = (electric + 12.0 * depth6 * (s6 - 1.0)) * inverse2
        gx = plus(gx, slope * dx)
        gy = plus(gy, slope * dy)
        gz = plus(gz, slope * dz)
    return coulomb, lj, gx, gy, gz


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def row_scatter(xyz, params, i, first, last, grad):
    """The same sums for an ion i, adding the gradient of all partners (and of i) to ``grad`` (3, N)."""
    x, y, z = xyz[0, i], xyz[1, i], xyz[2, i]
    qi, ei, ri = params[0, i], params[1, i], params[2, i]
    xs, ys, zs = xyz[0, first:last], xyz[1, first:last], xyz[2, first:last]
    q, e, r = params[0, first:last], params[1, first:last], params[2, first:last]
    fx, fy, fz = grad[0, first:last], grad[1, first:last], grad[2, first:last]
    coulomb = lj = gx = gy = gz = 0.0
    for j in range(len(xs)):
        dx = xs[j] - x
        dy = ys[j] - y
        dz = zs[j] - z
        inverse = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
        inverse2 = inverse * inverse
        electric = qi * q[j] * inverse
        size = ri + r[j]
        s2 = size * size * inverse2
        s6 = s2 * s2 * s2
        depth6 = ei * e[j] * s6
        coulomb = plus(coulomb, electric)
        lj = plus(lj, depth6 * (s6 - 2.0))
        slope = (electric + 12.0 * depth6 * (s6 - 1.0)) * inverse2
        gx = plus(gx, slope * dx)
        gy = plus(gy, slope * dy)
        gz = plus(gz, slope * dz)
        fx[j] -= slope * dx
        fy[j] -= slope * dy
        fz[j] -= slope * dz
    grad[0, i] += gx
    grad[1, i] += gy
    grad[2, i] += gz
    return coulomb, lj


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def interactions(xyz, params, ref, start, walls, coupling, grad, terms):
    """Total energy (kJ/mol); fills ``grad`` (3, N) with dU/dxyz and ``terms`` (7,) with its parts.

    ``coupling`` scales everything between different ligand groups.
    """
    n_ligand = start[-1]
    for k in range(N_TERMS):
        terms[k] = 0.0
    for axis in range(3):
        for i in range(xyz.shape[1]):
            grad[axis, i] = 0.0
    for b in range(len(start) - 1):
        for i in range(start[b], start[b + 1]):
            # Both sides of the own group through one call: a second call site would double the compiled code.
            for side in range(2):
                first, last = (0, start[b]) if side == 0 else (start[b + 1], n_ligand)
                coulomb, lj, gx, gy, gz = row(xyz, params, i, first, last)
                terms[LL_COULOMB] += 0.5 * coupling * coulomb
                terms[LL_LJ] += 0.5 * coupling * lj
                grad[0, i] += coupling * gx
                grad[1, i] += coupling * gy
                grad[2, i] += coupling * gz
            k = params[3, i]
            dx, dy, dz = xyz[0, i] - ref[0, i], xyz[1, i] - ref[1, i], xyz[2, i] - ref[2, i]
            terms[STRAIN] += 0.5 * k * (dx * dx + dy * dy + dz * dz)
            grad[0, i] += k * dx
            grad[1, i] += k * dy
            grad[2, i] += k * dz
    for ion in range(n_ligand, xyz.shape[1]):
        for part in range(2):
            first, last = (0, n_ligand) if part == 0 else (n_ligand, ion)
            coulomb, lj = row_scatter(xyz, params, ion, first, last, grad)
            if part == 0:
                terms[IL_COULOMB] += coulomb
                terms[IL_LJ] += lj
            else:
                terms[II] += coulomb + lj
    add_walls(xyz, walls, grad, terms)
    total = 0.0
    for k in range(N_TERMS):
        total += terms[k]
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def add_walls(xyz, walls, grad, terms):
    """Flat-bottom walls: 1/2 k (z - z_low)^2 below, (z - z_high)^2 above, (r - radius)^2 outside; nothing in between."""
    for w in range(walls.shape[0]):
        i = int(walls[w, 0])
        x, y, z = xyz[0, i], xyz[1, i], xyz[2, i]
        over = 0.0
        if z < walls[w, 1]:
            over = z - walls[w, 1]
        elif z > walls[w, 2]:
            over = z - walls[w, 2]
        grad[2, i] += WALL_CONSTANT * over
        energy = over * over
        radius = np.sqrt(x * x + y * y)
        if radius > walls[w, 3]:
            over = radius - walls[w, 3]
            grad[0, i] += WALL_CONSTANT * over * x / radius
            grad[1, i] += WALL_CONSTANT * over * y / radius
            energy += over * over
        terms[WALLS] += 0.5 * WALL_CONSTANT * energy
