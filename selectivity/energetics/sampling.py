"""How does the filter move at temperature T? Compiled Monte Carlo over rigid groups, ions and waters at several alchemical states.

Every state k keeps one configuration ``xyz[k]`` (3, N) and one set of parameters ``params[k]`` (4, N), which differ only in the ion
that is being exchanged; layout as in `selectivity.energetics.kernels`. One sweep tries, in every state, one rigid move of each
group, one free turn of each hydroxyl about its bond, several short moves and one long move of each ion, and then swaps of the
configurations of neighbouring states. Detailed balance holds move by move (Metropolis).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.bodies import bond_direction, rotation
from selectivity.energetics.hybrid import bias_of, trajectory
from selectivity.energetics.kernels import FLAGS, body_energy, interactions, row

ALL, GROUP, ION = 0, 1, 2
"""Places in the step table: trajectories (time step), rigid groups (Å, and rad in units of `TURN`) and ions (Å)."""

TRAJECTORIES = 1
"""Trajectories of hybrid Monte Carlo per sweep."""

PASSES = 5
"""Single-body moves of every hydroxyl, water and ion per sweep: they cost a third of a trajectory and are the slowest without."""

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
def move_group(xyz, params, ref, start, walls, coupling, b, beta, step, torsion, rng, kept):
    """Try one rigid move of group b (or, with ``torsion``, a free turn about its first bond); True when accepted."""
    first, last = start[b], start[b + 1]
    before = body_energy(xyz, params, ref, start, walls, coupling, first, last)
    for i in range(first, last):
        for axis in range(3):
            kept[axis, i - first] = xyz[axis, i]
    if torsion:
        ux, uy, uz = bond_direction(xyz, first)
        angle = np.pi * (2.0 * rng.random() - 1.0)
        turned(
            xyz,
            first + 2,
            last,
            angle * ux,
            angle * uy,
            angle * uz,
            xyz[0, first + 1],
            xyz[1, first + 1],
            xyz[2, first + 1],
        )
    else:
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
    if accepted(before, body_energy(xyz, params, ref, start, walls, coupling, first, last), beta, rng):
        return True
    for i in range(first, last):
        for axis in range(3):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def add_hill(bias, z, z_low, z_high, beta):
    """One well-tempered hill at height z: fast where the bias is still low, ever slower as it grows."""
    place = min(max((z - z_low) / (z_high - z_low), 0.0), 1.0) * (len(bias) - 1)
    left = min(int(place), len(bias) - 2)
    hill = FIRST_HILL / beta * np.exp(-beta * bias_of(bias, z, z_low, z_high) / (TEMPERING - 1.0))
    bias[left] += hill * (left + 1 - place)
    bias[left + 1] += hill * (place - left)


@njit(cache=True, nogil=True, error_model="numpy")
def move_ion(xyz, params, ref, start, walls, coupling, i, beta, step, z_low, z_high, held, bias, rng):
    """Try one move of ion i: short (step > 0), or to anywhere between z_low and z_high; a held ion moves across the axis only."""
    x, y, z = xyz[0, i], xyz[1, i], xyz[2, i]
    before = body_energy(xyz, params, ref, start, walls, coupling, i, i + 1) + bias_of(bias, z, z_low, z_high)
    if step > 0.0:
        xyz[0, i] += step * (2.0 * rng.random() - 1.0)
        xyz[1, i] += step * (2.0 * rng.random() - 1.0)
        if not held:
            xyz[2, i] += step * (2.0 * rng.random() - 1.0)
    else:
        xyz[2, i] = z_low + (z_high - z_low) * rng.random()
    after = body_energy(xyz, params, ref, start, walls, coupling, i, i + 1) + bias_of(bias, xyz[2, i], z_low, z_high)
    if accepted(before, after, beta, rng):
        return True
    xyz[0, i], xyz[1, i], xyz[2, i] = x, y, z
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    xyz,
    params,
    ref,
    start,
    walls,
    coupling,
    rods,
    torsions,
    ranges,
    held,
    ion,
    bias,
    no_bias,
    beta,
    steps,
    rng,
    work,
    tally,
):
    """One sweep over all bodies of one state; ``tally`` (3, 2) counts (accepted, tried) for trajectories, groups and ions."""
    n_groups, n_ligand = len(start) - 1, start[-1]
    for _ in range(TRAJECTORIES):
        tally[ALL, 0] += trajectory(
            xyz, params, ref, start, walls, coupling, rods, ranges, held, ion, bias, beta, steps[ALL], rng, work
        )
        tally[ALL, 1] += 1
    for turn in range(PASSES * n_groups):
        b = turn % n_groups
        if rods[b]:
            continue
        tally[GROUP, 0] += move_group(
            xyz, params, ref, start, walls, coupling, b, beta, steps[GROUP], False, rng, work[0]
        )
        tally[GROUP, 1] += 1
        if torsions[b]:
            move_group(xyz, params, ref, start, walls, coupling, b, beta, steps[GROUP], True, rng, work[0])
    for turn in range(PASSES * (xyz.shape[1] - n_ligand)):
        i = n_ligand + turn // PASSES
        z_low, z_high, fixed = ranges[i - n_ligand, 0], ranges[i - n_ligand, 1], held[i - n_ligand]
        own = bias if i == ion else no_bias
        tally[ION, 0] += move_ion(
            xyz, params, ref, start, walls, coupling, i, beta, steps[ION], z_low, z_high, fixed, own, rng
        )
        tally[ION, 1] += 1
        # from inside a wall there is no way back to it: such a move would break detailed balance
        if not fixed and z_low <= xyz[2, i] <= z_high:
            move_ion(xyz, params, ref, start, walls, coupling, i, beta, 0.0, z_low, z_high, False, own, rng)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FLAGS)
def exchange_energies(xyz, params, ion, energies):
    """Fill ``energies`` (K,) with the energy of ``ion`` under the parameters of every state (kJ/mol), all else equal."""
    n = xyz.shape[1]
    for k in range(len(energies)):
        c0, l0, _, _, _ = row(xyz, params[k], ion, 0, ion)
        c1, l1, _, _, _ = row(xyz, params[k], ion, ion + 1, n)
        energies[k] = c0 + l0 + c1 + l1


@njit(cache=True, nogil=True, error_model="numpy")
def swap_neighbours(xyz, params, ion, bias, z_low, z_high, beta, parity, rng, energies, swaps):
    """Try to swap the configurations of states (k, k + 1), k = parity, parity + 2, ...; counts into ``swaps`` (K - 1, 2)."""
    for k in range(parity, xyz.shape[0] - 1, 2):
        exchange_energies(xyz[k], params, ion, energies)
        change = energies[k + 1] - energies[k]
        exchange_energies(xyz[k + 1], params, ion, energies)
        change += energies[k] - energies[k + 1]
        for sign, place in ((1.0, xyz[k, 2, ion]), (-1.0, xyz[k + 1, 2, ion])):
            change += sign * (bias_of(bias[k + 1], place, z_low, z_high) - bias_of(bias[k], place, z_low, z_high))
        swaps[k, 1] += 1
        if accepted(0.0, change, beta, rng):
            swaps[k, 0] += 1
            for axis in range(3):
                for i in range(xyz.shape[2]):
                    xyz[k, axis, i], xyz[k + 1, axis, i] = xyz[k + 1, axis, i], xyz[k, axis, i]


@njit(cache=True, nogil=True, error_model="numpy")
def equilibrate(
    xyz, params, ref, start, walls, coupling, rods, torsions, ranges, held, ion, beta, bias, steps, n_sweeps, rng
):
    """Sweeps without records; tunes ``steps`` (K, 3) to `GOALS` every 20 sweeps and builds ``bias`` (K, M) along z of a free ion.

    Afterwards both stay as they are, so that the sampling obeys detailed balance.
    """
    n_states, here = xyz.shape[0], ion - start[-1]
    z_low, z_high, no_bias = ranges[here, 0], ranges[here, 1], np.zeros(2)
    work = np.empty((6, 3, xyz.shape[2]))
    tally = np.zeros((n_states, 3, 2))
    energies = np.empty(n_states)
    swaps = np.zeros((n_states, 2))
    for s in range(n_sweeps):
        for k in range(n_states):
            sweep(
                xyz[k], params[k], ref, start, walls, coupling, rods, torsions, ranges, held, ion, bias[k], no_bias, beta,
                steps[k], rng, work, tally[k],
            )  # fmt: skip
            if not held[here]:
                add_hill(bias[k], xyz[k, 2, ion], z_low, z_high, beta)
        swap_neighbours(xyz, params, ion, bias, z_low, z_high, beta, s % 2, rng, energies, swaps)
        if s % 20 == 19:
            for k in range(n_states):
                for kind in range(3):
                    if tally[k, kind, 1] > 0:
                        rate = tally[k, kind, 0] / tally[k, kind, 1]
                        steps[k, kind] = min(steps[k, kind] * (0.6 + rate / GOALS[kind] * 0.4), 1.0)
            tally[:] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def sample(
    xyz,
    params,
    ref,
    start,
    walls,
    coupling,
    rods,
    torsions,
    ranges,
    held,
    ion,
    beta,
    bias,
    steps,
    stride,
    rng,
    energies,
    places,
    terms,
    pulls,
    swaps,
):
    """Record every ``stride`` sweeps; continues from ``xyz`` and leaves it where it ends.

    ``energies`` (S, K, K): energy of the exchanged ion in state k's configuration under the parameters of each state;
    ``places`` (S, K, 3): its position; ``terms`` (S, 2, 7) and ``pulls`` (S, 2): energy terms and dU/dz of the ion in the first and the
    last state; kJ/mol, Å.
    """
    n_states, here = xyz.shape[0], ion - start[-1]
    z_low, z_high, no_bias = ranges[here, 0], ranges[here, 1], np.zeros(2)
    work = np.empty((6, 3, xyz.shape[2]))
    tally = np.zeros((3, 2))
    scratch = np.empty(n_states)
    grad = np.empty((3, xyz.shape[2]))
    for s in range(energies.shape[0]):
        for inner in range(stride):
            for k in range(n_states):
                sweep(
                    xyz[k], params[k], ref, start, walls, coupling, rods, torsions, ranges, held, ion, bias[k], no_bias, beta,
                    steps[k], rng, work, tally,
                )  # fmt: skip
            swap_neighbours(xyz, params, ion, bias, z_low, z_high, beta, (s * stride + inner) % 2, rng, scratch, swaps)
        for k in range(n_states):
            exchange_energies(xyz[k], params, ion, energies[s, k])
            for axis in range(3):
                places[s, k, axis] = xyz[k, axis, ion]
        for end in range(2):
            k = end * (n_states - 1)
            interactions(xyz[k], params[k], ref, start, walls, coupling, grad, terms[s, end])
            pulls[s, end] = grad[2, ion]
