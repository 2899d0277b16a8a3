"""How does a relaxed filter settle, quickly? Compiled L-BFGS from library arrangements, preconditioned with the stiffness known there.

The Hamiltonian of `selectivity.energetics.kernels`, summed in single precision while descents are compared and exactly at the end. Body
coordinates as in `selectivity.energetics.bodies`; all ligand groups and the ion are free. Many descents go on side by side, each in
its row of the arrays of `Runs`, and can be left and taken up again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from selectivity.energetics.bodies import place, pull_back
from selectivity.energetics.descent import largest
from selectivity.energetics.kernels import N_TERMS, WALLS, add_walls, interactions, plus

Reals = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

MEMORY = 32
"""Pairs of steps and slope changes that a descent remembers; a preconditioned one takes about as many evaluations."""

LANES = 32
"""Columns of single precision are padded to a multiple of this, so that loops over them fill vector registers without remainder."""

FAR = 1e3
"""Å; distance of padding atoms, which have neither charge nor size, from all others and from each other."""

STEP_LIMIT = 0.5
"""Largest change of one body coordinate in one step (Å or rad)."""

MOST_EVALUATIONS = 500
"""A descent takes 10 to 60 evaluations; one that needs more than this has failed and says so."""

ROUGH = 2e-3
"""kJ/mol; energies in single precision that differ by less are not told apart by the line search."""

ONE, TWO, TWELVE = np.float32(1.0), np.float32(2.0), np.float32(12.0)
"""Single precision: a plain 1.0 would turn the whole loop to double precision."""


class System(NamedTuple):
    """The ligands of one frame and what the kernels know of either ion in their last column.

    ``reference`` (3, N) Å and ``params`` (2, 4, N) as in `selectivity.energetics.kernels`; ``types`` (2, 3, P) the first three of these
    rows and ``body`` (P,) the number of each column's body, padded; ``start`` (G + 1,), ``mobility``, ``offset``, ``ion_axis`` as in
    `selectivity.energetics.bodies`; ``share`` (A,) of each atom in the centre of its group.
    """

    reference: Reals
    params: Reals
    types: Singles
    body: NDArray[np.int32]
    start: Integers
    mobility: Integers
    offset: Integers
    ion_axis: Integers
    share: Reals


class Runs(NamedTuple):
    """Descents side by side, R rows of n body coordinates: where each began (``base``, ``centre``), is (``q``, ``xyz``) and has been.

    ``steps`` and ``changes`` (R, 32, n) with their products ``inner`` (R, 32); ``memory`` (R, 2) pairs stored and place of the newest;
    ``energy`` (R,) kJ/mol, ``left`` (R,) the largest slope, ``stiff`` (R, 2) number of the inverse stiffness and quarter turns.
    """

    base: Reals
    centre: Reals
    q: Reals
    slope: Reals
    xyz: Reals
    steps: Reals
    changes: Reals
    inner: Reals
    memory: Integers
    energy: Reals
    left: Reals
    stiff: Integers


class Stiffness(NamedTuple):
    """Inverse stiffness of M library arrangements, and the quarter turns of body coordinates.

    ``blocks`` (M, G + 1, 6, 6) that of every body by itself (the ion's in the upper left 3 x 3); the softest motions of all
    together, ``modes`` (M, m, n), add their ``gain`` (M, m). A turn takes coordinate ``source`` (4, n) with ``sign`` (4, n) to each place.
    """

    blocks: Reals
    modes: Reals
    gain: Reals
    source: Integers
    sign: Reals


class Search(NamedTuple):
    """One frame being searched: its system, the stiffness of the library, the descents, and room for an evaluation.

    ``now`` (2,): the ion (0 K+, 1 Na+) and whether energies are exact; ``walls`` (1, 4) those of the ion; ``near`` (3, P) positions in
    single precision, padded; ``grad`` (3, N); ``terms`` (7,). What changes from call to call is in arrays: a literal argument would
    compile a version of its own.
    """

    system: System
    stiffness: Stiffness
    runs: Runs
    now: Integers
    walls: Reals
    near: Singles
    grad: Reals
    terms: Reals


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def new_search(system, stiffness, number):
    """Room for searching a frame with that many descents side by side."""
    n, padded = system.reference.shape[1], system.types.shape[2]
    near = np.zeros((3, padded), dtype=np.float32)
    for k in range(padded):
        near[0, k] = np.float32(FAR * (k + 1))
    walls = np.zeros((1, 4))
    walls[0, 0] = n - 1
    runs = new_runs(number, n, len(system.start) - 1, stiffness.modes.shape[2])
    return Search(
        system, stiffness, runs, np.zeros(2, dtype=np.int64), walls, near, np.empty((3, n)), np.zeros(N_TERMS)
    )


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def new_runs(number, n_columns, n_groups, size):
    """Room for that many descents."""
    return Runs(
        np.empty((number, 3, n_columns)), np.empty((number, 3, n_groups)), np.zeros((number, size)), np.empty((number, size)),
        np.empty((number, 3, n_columns)), np.empty((number, MEMORY, size)), np.empty((number, MEMORY, size)), np.empty((number, MEMORY)),
        np.zeros((number, 2), dtype=np.int64), np.empty(number), np.empty(number), np.zeros((number, 2), dtype=np.int64),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pairs(near, types, body, n_atoms, grad):
    """Energy of all pairs of different bodies and its gradient (3, N), in single precision; ``near`` (3, P) holds the positions."""
    xs, ys, zs = near[0], near[1], near[2]
    q, e, r = types[0], types[1], types[2]
    total = 0.0
    for i in range(n_atoms):
        x, y, z, qi, ei, ri, mine = xs[i], ys[i], zs[i], q[i], e[i], r[i], body[i]
        energy = gx = gy = gz = np.float32(0.0)
        for j in range(len(xs)):
            own = ONE if body[j] == mine else np.float32(0.0)
            dx, dy, dz = xs[j] - x, ys[j] - y, zs[j] - z
            inverse2 = (ONE - own) / (dx * dx + dy * dy + dz * dz + own)
            size = ri + r[j]
            s2 = size * size * inverse2
            s6 = s2 * s2 * s2
            electric = qi * q[j] * np.sqrt(inverse2)
            depth6 = ei * e[j] * s6
            slope = (electric + TWELVE * depth6 * (s6 - ONE)) * inverse2
            energy = plus(energy, electric + depth6 * (s6 - TWO))
            gx = plus(gx, slope * dx)
            gy = plus(gy, slope * dy)
            gz = plus(gz, slope * dz)
        grad[0, i], grad[1, i], grad[2, i] = gx, gy, gz
        total += np.float64(energy)
    return 0.5 * total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def measure(search, run, q, slope):
    """Energy (kJ/mol) at body coordinates q of a descent; fills ``slope`` (n,) and the positions of the run."""
    system, runs, near, grad, terms = search.system, search.runs, search.near, search.grad, search.terms
    ion, exact = search.now[0], search.now[1] == 1
    xyz, reference, params = runs.xyz[run], system.reference, system.params[ion]
    place(q, runs.base[run], runs.centre[run], system.start, system.mobility, system.offset, system.ion_axis, xyz)
    if exact:
        energy = interactions(xyz, params, reference, system.start, search.walls, 1.0, grad, terms)
    else:
        n = xyz.shape[1]
        for axis in range(3):
            for i in range(n):
                near[axis, i] = np.float32(xyz[axis, i])
        energy = pairs(near, system.types[ion], system.body, n, grad)
        for axis in range(3):
            for i in range(n - 1):
                pull = params[3, i] * (xyz[axis, i] - reference[axis, i])
                energy += 0.5 * pull * (xyz[axis, i] - reference[axis, i])
                grad[axis, i] += pull
        terms[WALLS] = 0.0
        add_walls(xyz, search.walls, grad, terms)
        energy += terms[WALLS]
    pull_back(q, xyz, grad, runs.centre[run], system.start, system.mobility, system.offset, system.ion_axis, slope)
    return energy


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def precondition(vector, blocks, modes, gain, source, sign, turned, out):
    """Multiply a vector (n,) with the inverse stiffness of an arrangement that was turned by quarters; in place."""
    n = len(vector)
    for k in range(n):
        turned[source[k]] = sign[k] * vector[k]
    for b in range(len(blocks)):
        for row in range(min(6, n - 6 * b)):
            total = 0.0
            for k in range(min(6, n - 6 * b)):
                total += blocks[b, row, k] * turned[6 * b + k]
            out[6 * b + row] = total
    for m in range(len(gain)):
        mode = modes[m]
        total = 0.0
        for k in range(n):
            total = plus(total, mode[k] * turned[k])
        total *= gain[m]
        for k in range(n):
            out[k] += total * mode[k]
    for k in range(n):
        vector[k] = sign[k] * out[source[k]]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def direction(runs, run, stiffness, aim, alpha, turned, out):
    """Fill ``aim`` (n,) with -H dU/dq by the two-loop recursion of L-BFGS (Nocedal & Wright), initial H the inverse stiffness."""
    steps, changes, inner = runs.steps[run], runs.changes[run], runs.inner[run]
    stored, newest = runs.memory[run, 0], runs.memory[run, 1]
    for k in range(len(aim)):
        aim[k] = -runs.slope[run, k]
    m = newest
    for _ in range(stored):
        total = 0.0
        for k in range(len(aim)):
            total = plus(total, steps[m, k] * aim[k])
        alpha[m] = total / inner[m]
        for k in range(len(aim)):
            aim[k] -= alpha[m] * changes[m, k]
        m = m - 1 if m > 0 else MEMORY - 1
    which, quarter = runs.stiff[run, 0], runs.stiff[run, 1]
    precondition(
        aim, stiffness.blocks[which], stiffness.modes[which], stiffness.gain[which], stiffness.source[quarter], stiffness.sign[quarter],
        turned, out,
    )  # fmt: skip
    for _ in range(stored):
        m = m + 1 if m < MEMORY - 1 else 0
        total = 0.0
        for k in range(len(aim)):
            total = plus(total, changes[m, k] * aim[k])
        beta = alpha[m] - total / inner[m]
        for k in range(len(aim)):
            aim[k] += beta * steps[m, k]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def remember(runs, run, q_new, slope_new):
    """Accept a step; keep it with its change of slope where the curvature along it is positive."""
    stored, newest = runs.memory[run, 0], runs.memory[run, 1]
    following = newest + 1 if newest < MEMORY - 1 else 0
    product = square = 0.0
    for k in range(len(q_new)):
        step, change = q_new[k] - runs.q[run, k], slope_new[k] - runs.slope[run, k]
        runs.steps[run, following, k], runs.changes[run, following, k] = step, change
        product += step * change
        square += change * change
        runs.q[run, k], runs.slope[run, k] = q_new[k], slope_new[k]
    runs.inner[run, following] = product
    if product > 1e-10 * square:
        runs.memory[run, 0], runs.memory[run, 1] = min(stored + 1, MEMORY), following
    else:  # the oldest pair of a full memory has just been overwritten
        runs.memory[run, 0] = min(stored, MEMORY - 1)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def begin(search, run, which, quarter):
    """Let a descent begin at the positions in ``base`` of its row, with the inverse stiffness of a turned library arrangement."""
    system, runs = search.system, search.runs
    runs.centre[run] = 0.0
    for g in range(len(system.start) - 1):
        for i in range(system.start[g], system.start[g + 1]):
            for axis in range(3):
                runs.centre[run, axis, g] += system.share[i] * runs.base[run, axis, i]
    runs.xyz[run] = runs.base[run]
    runs.q[run] = 0.0
    runs.memory[run, 0], runs.memory[run, 1] = 0, -1
    runs.stiff[run, 0], runs.stiff[run, 1] = which, quarter
    runs.energy[run] = measure(search, run, runs.q[run], runs.slope[run])
    runs.left[run] = largest(runs.slope[run])


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def go_on(search, run, tolerance, budget):
    """Continue a descent by about ``budget`` evaluations or until its largest slope is below ``tolerance`` (kJ/mol/Å or rad)."""
    runs, size = search.runs, search.runs.q.shape[1]
    q, slope = runs.q[run], runs.slope[run]
    q_new, slope_new, aim, alpha = np.empty(size), np.empty(size), np.empty(size), np.empty(MEMORY)
    turned, out = np.empty(size), np.empty(size)
    evaluations = 0
    while evaluations < budget and runs.left[run] > tolerance:
        direction(runs, run, search.stiffness, aim, alpha, turned, out)
        descent = 0.0
        for k in range(size):
            descent += aim[k] * slope[k]
        length = min(1.0, STEP_LIMIT / largest(aim))
        while True:
            for k in range(size):
                q_new[k] = q[k] + length * aim[k]
            energy = measure(search, run, q_new, slope_new)
            evaluations += 1
            # Rounding of the energy must not stop the last steps.
            slack = 1e-11 * abs(energy) if search.now[1] == 1 else ROUGH
            if energy <= runs.energy[run] + 1e-4 * length * descent + slack or evaluations >= MOST_EVALUATIONS:
                break
            # Minimum of the parabola through both energies and the slope, kept between a tenth and a half.
            curve = energy - runs.energy[run] - length * descent
            length *= min(max(-0.5 * descent * length / curve, 0.1), 0.5)
        remember(runs, run, q_new, slope_new)
        runs.energy[run], runs.left[run] = energy, largest(slope)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def curvature(search, run, step, matrix):
    """Fill ``matrix`` (n, n) with d2U/dq2 (kJ/mol/Å^2 or rad) where a descent began, from differences of slopes."""
    size = search.runs.q.shape[1]
    q, up, down = np.zeros(size), np.empty(size), np.empty(size)
    for k in range(size):
        q[k] = step
        measure(search, run, q, up)
        q[k] = -step
        measure(search, run, q, down)
        q[k] = 0.0
        for m in range(size):
            matrix[k, m] = (up[m] - down[m]) / (2.0 * step)
