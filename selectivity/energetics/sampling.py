"""How does the filter move at temperature T? Compiled Monte Carlo over rigid groups, ions and waters at several alchemical states.

Every state k keeps one configuration ``xyz[k]`` (3, N) and one set of parameters ``params[k]`` (4, N), which differ only in the ion
that is being exchanged; layout as in `selectivity.energetics.kernels`. One sweep moves, in every state, all rods and ions along a
trajectory, then each hydroxyl, fixed water and ion alone, the ion also to anywhere in its site; then neighbouring states try to swap
their configurations. Detailed balance holds move by move (Metropolis).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.bodies import bond_direction, rotation
from selectivity.energetics.body_energies import atom_energy, body_energy, felt
from selectivity.energetics.hybrid import bias_of, trajectory
from selectivity.energetics.kernels import interactions

ALL, GROUP, ION = 0, 1, 2
"""Places in the step table: trajectories (time step), rigid groups (Å, and rad in units of `TURN`) and ions (Å)."""

PASSES = 4
"""Single-body moves of every hydroxyl, fixed water and ion per sweep: together they cost as much as a trajectory, and ion and
hydroxyls, which change places together, are the slowest without. (Drawing all hydroxyls anew with every long move of the ion, by
configurational bias, was tried: one move in a hundred succeeds at twenty times the cost of a plain one, of which one in ten does.)"""

TURN = 1.0
"""A rigid move of s Å goes with a turn of up to s * TURN rad: C and O are about 1.2 Å apart, so both displace atoms alike."""

FIRST_HILL = 0.05
"""Height of the first hill of the bias in units of RT."""

TEMPERING = 5.0
"""Bias factor of well-tempered metadynamics: barriers along z are lowered to a fifth, high planes stay out of reach
(source: barducci2008)."""

GOALS = (0.7, 0.4, 0.4)
"""Acceptance that steps are tuned to while equilibrating: trajectories are best near 0.65 to 0.8 (source: beskos2013),
single-body moves near 0.4."""

SWAP_ROUNDS = 8
"""Rounds of swaps between neighbouring states after each sweep, odd and even pairs in turn: configurations reach any state
at the cost of a few single-body moves (many cheap swaps mix better than one: chodera2011)."""

TUNING = 20
"""Sweeps between two adjustments of the steps."""


@njit(cache=True, nogil=True, error_model="numpy")
def turned(xyz, first, last, wx, wy, wz, px, py, pz):
    """Turn the atoms first..last-1 by the rotation vector w about the point p, in place."""
    matrix = np.empty((3, 3))
    rotation(wx, wy, wz, matrix)
    for i in range(first, last):
        x, y, z = xyz[0, i] - px, xyz[1, i] - py, xyz[2, i] - pz
        xyz[0, i] = px + matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z
        xyz[1, i] = py + matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z
        xyz[2, i] = pz + matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z


@njit(cache=True, nogil=True, error_model="numpy")
def accepted(before, after, beta, rng):
    """Metropolis' choice for energies before and after a move."""
    return after <= before or rng.random() < np.exp(-beta * (after - before))


@njit(cache=True, nogil=True, error_model="numpy")
def move_group(xyz, params, setting, used, b, beta, step, rng, kept):
    """Try one rigid move of group b; True when accepted."""
    first, last = setting.start[b], setting.start[b + 1]
    before = body_energy(xyz, params, setting, used, first, last)
    for i in range(first, last):
        for axis in range(3):
            kept[axis, i - first] = xyz[axis, i]
    px = 0.5 * (xyz[0, first] + xyz[0, first + 1])
    py = 0.5 * (xyz[1, first] + xyz[1, first + 1])
    pz = 0.5 * (xyz[2, first] + xyz[2, first + 1])
    turn = step * TURN
    wx, wy, wz = turn * (2 * rng.random() - 1), turn * (2 * rng.random() - 1), turn * (2 * rng.random() - 1)
    turned(xyz, first, last, wx, wy, wz, px, py, pz)
    for axis in range(3):
        shift = step * (2.0 * rng.random() - 1.0)
        for i in range(first, last):
            xyz[axis, i] += shift
    if accepted(before, body_energy(xyz, params, setting, used, first, last), beta, rng):
        return True
    for i in range(first, last):
        for axis in range(3):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def turn_hydroxyl(xyz, first, rng):
    """Give the hydrogen of the hydroxyl that begins at atom ``first`` a uniformly random torsion about CB-O."""
    ux, uy, uz = bond_direction(xyz, first)
    angle = np.pi * (2.0 * rng.random() - 1.0)
    turned(
        xyz, first + 2, first + 3, angle * ux, angle * uy, angle * uz,
        xyz[0, first + 1], xyz[1, first + 1], xyz[2, first + 1],
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def move_torsion(xyz, params, setting, used, b, beta, rng):
    """Try a free turn of hydroxyl b: the hydrogen carries no restraint and alone changes its energy."""
    first, last = setting.start[b], setting.start[b + 1]
    h = first + 2
    x, y, z = xyz[0, h], xyz[1, h], xyz[2, h]
    before = atom_energy(xyz, params, setting.start, setting.coupling, used, h, first, last)
    turn_hydroxyl(xyz, first, rng)
    if not accepted(before, atom_energy(xyz, params, setting.start, setting.coupling, used, h, first, last), beta, rng):
        xyz[0, h], xyz[1, h], xyz[2, h] = x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def move_ion(xyz, params, setting, used, i, beta, step, bias, rng):
    """Try one move of ion i: short (step > 0), or to anywhere in its range of z; a held ion moves across the axis only."""
    here = i - setting.start[-1]
    z_low, z_high = setting.ranges[here, 0], setting.ranges[here, 1]
    x, y, z = xyz[0, i], xyz[1, i], xyz[2, i]
    before = body_energy(xyz, params, setting, used, i, i + 1) + bias_of(bias, z, z_low, z_high)
    if step > 0.0:
        xyz[0, i] += step * (2.0 * rng.random() - 1.0)
        xyz[1, i] += step * (2.0 * rng.random() - 1.0)
        if not setting.held[here]:
            xyz[2, i] += step * (2.0 * rng.random() - 1.0)
    else:
        xyz[2, i] = z_low + (z_high - z_low) * rng.random()
    after = body_energy(xyz, params, setting, used, i, i + 1) + bias_of(bias, xyz[2, i], z_low, z_high)
    if accepted(before, after, beta, rng):
        return True
    xyz[0, i], xyz[1, i], xyz[2, i] = x, y, z
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(xyz, params, setting, used, bias, no_bias, beta, steps, rng, work, tally):
    """One sweep over all bodies of one state; ``tally`` (3, 2) counts (accepted, tried) for trajectories, groups and ions."""
    n_groups, n_ligand, held = len(setting.singles), setting.start[-1], setting.held
    tally[ALL, 0] += trajectory(xyz, params, setting, used, bias, beta, steps[ALL], rng)
    tally[ALL, 1] += 1
    for turn in range(PASSES * n_groups):
        b = turn % n_groups
        if setting.singles[b]:
            tally[GROUP, 0] += move_group(xyz, params, setting, used, b, beta, steps[GROUP], rng, work)
            tally[GROUP, 1] += 1
        if setting.torsions[b]:
            move_torsion(xyz, params, setting, used, b, beta, rng)
    for turn in range(PASSES * (xyz.shape[1] - n_ligand)):
        i = n_ligand + turn // PASSES
        here = i - n_ligand
        own = bias if i == setting.ion else no_bias
        tally[ION, 0] += move_ion(xyz, params, setting, used, i, beta, steps[ION], own, rng)
        tally[ION, 1] += 1
        # from inside a wall there is no way back to it: such a move would break detailed balance
        if not held[here] and setting.ranges[here, 0] <= xyz[2, i] <= setting.ranges[here, 1]:
            move_ion(xyz, params, setting, used, i, beta, 0.0, own, rng)


@njit(cache=True, nogil=True, error_model="numpy")
def add_hill(bias, z, z_low, z_high, beta):
    """One well-tempered hill at height z: fast where the bias is still low, ever slower as it grows."""
    place = min(max((z - z_low) / (z_high - z_low), 0.0), 1.0) * (len(bias) - 1)
    left = min(int(place), len(bias) - 2)
    hill = FIRST_HILL / beta * np.exp(-beta * bias_of(bias, z, z_low, z_high) / (TEMPERING - 1.0))
    bias[left] += hill * (left + 1 - place)
    bias[left + 1] += hill * (place - left)


@njit(cache=True, nogil=True, error_model="numpy")
def tune(steps, tally):
    """Steps (K, M) towards `GOALS` by what was accepted in ``tally`` (K, M, 2), which is emptied."""
    for k in range(steps.shape[0]):
        for kind in range(steps.shape[1]):
            if tally[k, kind, 1] > 0:
                rate = tally[k, kind, 0] / tally[k, kind, 1]
                steps[k, kind] = min(steps[k, kind] * (0.6 + rate / GOALS[min(kind, 2)] * 0.4), 1.0)
    tally[:] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def exchange_energies(xyz, params, ion, used, n_ligand, energies):
    """Fill ``energies`` (K,) with the energy of ``ion`` under the parameters of every state (kJ/mol), all else equal."""
    for k in range(len(energies)):
        energies[k] = felt(xyz, params[k], ion, ion, ion + 1, 0, used)
        energies[k] += felt(xyz, params[k], ion, ion, ion + 1, n_ligand, xyz.shape[1])


@njit(cache=True, nogil=True, error_model="numpy")
def swap_neighbours(xyz, params, setting, used, bias, beta, parity, rng, energies, swaps):
    """Try to swap the configurations of states (k, k + 1), k = parity, parity + 2, ...; counts into ``swaps`` (K - 1, 2)."""
    ion, n_ligand = setting.ion, setting.start[-1]
    z_low, z_high = setting.ranges[ion - n_ligand, 0], setting.ranges[ion - n_ligand, 1]
    for k in range(parity, xyz.shape[0] - 1, 2):
        pair = params[k : k + 2]
        exchange_energies(xyz[k], pair, ion, used[k], n_ligand, energies[:2])
        change = energies[1] - energies[0]
        exchange_energies(xyz[k + 1], pair, ion, used[k + 1], n_ligand, energies[:2])
        change += energies[0] - energies[1]
        for sign, place in ((1.0, xyz[k, 2, ion]), (-1.0, xyz[k + 1, 2, ion])):
            change += sign * (bias_of(bias[k + 1], place, z_low, z_high) - bias_of(bias[k], place, z_low, z_high))
        swaps[k, 1] += 1
        if accepted(0.0, change, beta, rng):
            swaps[k, 0] += 1
            used[k], used[k + 1] = used[k + 1], used[k]
            for axis in range(3):
                for i in range(xyz.shape[2]):
                    xyz[k, axis, i], xyz[k + 1, axis, i] = xyz[k + 1, axis, i], xyz[k, axis, i]


@njit(cache=True, nogil=True, error_model="numpy")
def record(xyz, params, setting, used, energies, places, terms, pulls):
    """One record of all states: see `sample`."""
    n_states, ion, n_ligand = xyz.shape[0], setting.ion, setting.start[-1]
    grad = np.empty((3, xyz.shape[2]))
    for k in range(n_states):
        exchange_energies(xyz[k], params, ion, used[k], n_ligand, energies[k])
        for axis in range(3):
            places[k, axis] = xyz[k, axis, ion]
    for end in range(2):
        k = end * (n_states - 1)
        interactions(
            xyz[k], params[k], setting.reference, setting.start, setting.walls, setting.coupling, grad, terms[end]
        )
        pulls[end] = grad[2, ion]


@njit(cache=True, nogil=True, error_model="numpy")
def sample(xyz, params, setting, beta, bias, steps, tuning, stride, rng, energies, places, terms, pulls, swaps):
    """Sweeps of all states with swaps; continues from ``xyz`` and leaves it where it ends. Records every ``stride`` sweeps:

    ``energies`` (S, K, K): energy of the exchanged ion in state k's configuration under the parameters of each state;
    ``places`` (S, K, 3): its position; ``terms`` (S, 2, 7) and ``pulls`` (S, 2): energy terms and dU/dz of the ion in the first and the
    last state; kJ/mol, Å. With ``tuning`` the steps (K, 3) are adjusted and the bias (K, M) along z of a free ion grows, and there are no
    records; afterwards both stay as they are, so that the sampling obeys detailed balance.
    """
    n_states, here = xyz.shape[0], setting.ion - setting.start[-1]
    work, no_bias, scratch = np.empty((3, xyz.shape[2])), np.zeros(2), np.empty(n_states)
    used = np.full(n_states, setting.start[-1])
    tally = np.zeros((n_states, 3, 2))
    for s in range(energies.shape[0] * stride):
        for k in range(n_states):
            sweep(xyz[k], params[k], setting, used[k], bias[k], no_bias, beta, steps[k], rng, work, tally[k])
            if tuning and not setting.held[here]:
                add_hill(bias[k], xyz[k, 2, setting.ion], setting.ranges[here, 0], setting.ranges[here, 1], beta)
        for parity in range(SWAP_ROUNDS):
            swap_neighbours(xyz, params, setting, used, bias, beta, parity % 2, rng, scratch, swaps)
        if tuning and s % TUNING == TUNING - 1:
            tune(steps, tally)
        if not tuning and (s + 1) % stride == 0:
            r = s // stride
            record(xyz, params, setting, used, energies[r], places[r], terms[r], pulls[r])
