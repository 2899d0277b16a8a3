"""What does one body feel, and what do all moving bodies? Compiled sums that leave out what rests, for Monte Carlo.

Layout as in `selectivity.energetics.kernels`. A move of one body needs the difference of two sums over its own pairs, a trajectory that of
the pairs that change. Ligand atoms from column ``used`` on are not in use (waters parked far away) and are skipped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from selectivity.energetics.kernels import WALL_CONSTANT, plus

ONE, TWELVE = np.float32(1.0), np.float32(12.0)
"""Single precision: a plain 1.0 would turn the whole loop to double precision."""


NO_POOL = 2**40
"""Column of the first water of a pool where there is none."""


class Setting(NamedTuple):
    """What the kernels need besides coordinates and parameters, the same in every alchemical state.

    ``reference`` (3, N), ``start`` (G + 1,), ``walls`` (W, 4), ``coupling`` as in `selectivity.energetics.kernels`; ``rods`` (G,)
    groups that trajectories move, ``singles`` (G,) groups that move one by one, ``torsions`` (G,) hydroxyls; ``ranges`` (I, 2) lowest
    and highest z of each ion's long moves (Å), ``held`` (I,) ions that keep their height; ``ion`` the column of the exchanged one.
    ``shifts`` (G,) three-atom groups that trajectories shift; waters from column ``pool_begin`` on keep their oxygens in the cubes
    ``allowed`` of a grid at ``origin`` (Å) with this ``edge`` (Å), as in `selectivity.energetics.grand_canonical.Pool`.
    """

    reference: NDArray[np.float64]
    start: NDArray[np.int64]
    walls: NDArray[np.float64]
    coupling: float
    rods: NDArray[np.bool_]
    singles: NDArray[np.bool_]
    torsions: NDArray[np.bool_]
    ranges: NDArray[np.float64]
    held: NDArray[np.bool_]
    ion: int
    shifts: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
    pool_begin: int = NO_POOL
    allowed: NDArray[np.bool_] = np.zeros((1, 1, 1), dtype=np.bool_)
    origin: NDArray[np.float64] = np.zeros(3)
    edge: float = 1.0


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def felt(xyz, params, i, first, last, begin, end):
    """Coulomb and Lennard-Jones energy of atom i with the atoms begin..end-1 that are not among its own first..last-1 (kJ/mol)."""
    x, y, z = xyz[0, i], xyz[1, i], xyz[2, i]
    qi, ei, ri = params[0, i], params[1, i], params[2, i]
    xs, ys, zs = xyz[0, begin:end], xyz[1, begin:end], xyz[2, begin:end]
    q, e, r = params[0, begin:end], params[1, begin:end], params[2, begin:end]
    low, high, total = first - begin, last - begin, 0.0
    # one loop with a mask: two loops around the own atoms would leave two remainders that no vector register takes
    for j in range(len(xs)):
        own = 1.0 if low <= j < high else 0.0
        dx, dy, dz = xs[j] - x, ys[j] - y, zs[j] - z
        inverse2 = (1.0 - own) / (dx * dx + dy * dy + dz * dz + own)
        size = ri + r[j]
        s2 = size * size * inverse2
        s6 = s2 * s2 * s2
        total = plus(total, qi * q[j] * np.sqrt(inverse2) + ei * e[j] * s6 * (s6 - 2.0))
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def atom_energy(xyz, params, start, coupling, used, i, first, last):
    """Energy of atom i of the body first..last-1 with all other bodies, kJ/mol."""
    n_ligand = start[-1]
    total = (coupling if i < n_ligand else 1.0) * felt(xyz, params, i, first, last, 0, used)
    return total + felt(xyz, params, i, first, last, n_ligand, xyz.shape[1])


@njit(cache=True, nogil=True, error_model="numpy")
def body_energy(xyz, params, setting, used, first, last):
    """Energy (kJ/mol) of the atoms first..last-1 of one group or ion with all other atoms, with restraints and walls."""
    reference, walls, total = setting.reference, setting.walls, 0.0
    for i in range(first, last):
        total += atom_energy(xyz, params, setting.start, setting.coupling, used, i, first, last)
        for axis in range(3):
            total += 0.5 * params[3, i] * (xyz[axis, i] - reference[axis, i]) ** 2
    for w in range(walls.shape[0]):
        i = int(walls[w, 0])
        if first <= i < last:
            total += wall(xyz[0, i], xyz[1, i], xyz[2, i], walls, w)[0]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def wall(x, y, z, walls, w):
    """Energy of a point at wall w (kJ/mol) and its gradient along x, y and z."""
    over = min(z - walls[w, 1], 0.0) + max(z - walls[w, 2], 0.0)
    radius = np.sqrt(x * x + y * y)
    aside = max(radius - walls[w, 3], 0.0)
    pull = WALL_CONSTANT * aside / radius if aside > 0.0 else 0.0
    return 0.5 * WALL_CONSTANT * (over * over + aside * aside), pull * x, pull * y, WALL_CONSTANT * over


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def moving_energy(place, types, mark, weight, n_moving, n_rods):
    """Energy (kJ/mol) of all pairs with a moving atom: the first ``n_moving`` columns, first the atoms of the rods, then the ions.

    ``place`` (3, n), ``types`` (3, n), ``mark`` (n,) equal within one body; ``weight`` (2, n) what a pair counts for an atom of a rod
    and for an ion: half between two moving atoms, which meet twice.
    """
    xs, ys, zs = place[0], place[1], place[2]
    q, e, r = types[0], types[1], types[2]
    total = 0.0
    for i in range(n_moving):
        x, y, z, qi, ei, ri, mine = xs[i], ys[i], zs[i], q[i], e[i], r[i], mark[i]
        w = weight[0] if i < n_rods else weight[1]
        for j in range(len(xs)):
            own = 1.0 if mark[j] == mine else 0.0
            dx, dy, dz = xs[j] - x, ys[j] - y, zs[j] - z
            inverse2 = (1.0 - own) / (dx * dx + dy * dy + dz * dz + own)
            size = ri + r[j]
            s2 = size * size * inverse2
            s6 = s2 * s2 * s2
            total = plus(total, w[j] * (qi * q[j] * np.sqrt(inverse2) + ei * e[j] * s6 * (s6 - 2.0)))
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def moving_gradient(place, types, mark, weight, n_moving, n_rods, grad):
    """Fill ``grad`` (3, n_moving) with the gradient of the pairs, kJ/mol/Å; all arrays in single precision.

    A trajectory may follow any force that depends on the coordinates alone: acceptance by the exact energy makes up for the rest.
    """
    xs, ys, zs = place[0], place[1], place[2]
    q, e, r = types[0], types[1], types[2]
    for i in range(n_moving):
        x, y, z, qi, ei, ri, mine = xs[i], ys[i], zs[i], q[i], e[i], r[i], mark[i]
        w = weight[0] if i < n_rods else weight[1]
        gx = gy = gz = np.float32(0.0)
        for j in range(len(xs)):
            own = ONE if mark[j] == mine else np.float32(0.0)
            dx, dy, dz = xs[j] - x, ys[j] - y, zs[j] - z
            inverse2 = (ONE - own) / (dx * dx + dy * dy + dz * dz + own)
            size = ri + r[j]
            s2 = size * size * inverse2
            s6 = s2 * s2 * s2
            slope = w[j] * (qi * q[j] * np.sqrt(inverse2) + TWELVE * ei * e[j] * s6 * (s6 - ONE)) * inverse2
            gx = plus(gx, slope * dx)
            gy = plus(gy, slope * dy)
            gz = plus(gz, slope * dz)
        grad[0, i], grad[1, i], grad[2, i] = gx, gy, gz
