"""How do waters come and go? Compiled insertion and deletion of rigid waters, together with all other moves of the filter.

Layout as in `selectivity.energetics.kernels`. Every water that may come is a ligand group (a slot). The waters in use fill the first slots,
so that all sums end at the column ``used``; the others are parked beyond `PARKED`, where they feel nothing. A configuration carries
its own number of waters, and states can swap configurations. Waters stand in a domain of equal cubes; the oxygen never leaves it.
With V its volume and the reservoir's z V = exp(B), B = mu_ex / RT + ln(rho V),

    insertion  min(1, exp(B) / (n + 1) exp(-dU / RT)),      deletion  min(1, n / exp(B) exp(-dU / RT))

(source: adams1975), places uniform in the domain and orientations uniform on SO(3): detailed balance holds move by move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from selectivity.energetics.body_energies import atom_energy, body_energy
from selectivity.energetics.hybrid import bias_of, inside
from selectivity.energetics.sampling import (
    SWAP_ROUNDS,
    TUNING,
    accepted,
    add_hill,
    record,
    swap_neighbours,
    sweep,
    tune,
    turned,
)

PARKED = 1e5
"""Å; slots beyond this x are not in use. A dipole there changes no energy by more than 1e-7 kJ/mol."""

WATER = 3
"""Place of the waters in the step table, after trajectories, groups and ions."""

ATTEMPTS = 100
"""Insertions or deletions tried per sweep: one costs a fiftieth of a trajectory, and one in a few hundred succeeds in a liquid."""

HOPELESS = 1000.0
"""kJ/mol; an oxygen that overlaps by more than this is refused before its hydrogens are summed. Both hydrogens, each in
contact with an oxygen or two, give back 600 at most: what is refused had a chance below exp(-100)."""

WATER_PASSES = 12
"""Moves of every water per sweep: hydrogen bonds around an ion rearrange more slowly than anything else."""

TRADES = 10
"""Trades of places between the exchanged ion and a water per sweep: an ion leaves its shell in one step."""

TUMBLE = 4.0
"""A water that moves by up to s Å turns by up to 4 s rad: its hydrogens hang on a lever of 1 Å and feel a softer field."""


class Pool(NamedTuple):
    """Where waters may be: groups ``first`` to ``last`` - 1 are slots, of three atoms each from column ``begin`` on.

    ``cells`` (C, 3) are the indices of the allowed cubes, ``allowed`` (nx, ny, nz) the same as a mask, ``origin`` (3,) and ``edge`` (Å)
    of the grid; ``shape`` (3, 3) rows O, H, H of a water with its oxygen at zero.
    """

    first: int
    last: int
    begin: int
    cells: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    origin: NDArray[np.float64]
    edge: float
    shape: NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def park(xyz, first, slot):
    """Put the water that begins at atom ``first`` away, every slot at a place of its own."""
    for axis in range(3):
        shift = (2.0 * PARKED + 1000.0 * slot if axis == 0 else 0.0) - xyz[axis, first]
        for i in range(first, first + 3):
            xyz[axis, i] += shift


@njit(cache=True, nogil=True, error_model="numpy")
def place_water(xyz, first, x, y, z, shape, rng):
    """Water with its oxygen at (x, y, z) and a uniformly random orientation; ``shape`` (3, 3): rows O, H, H, oxygen at zero."""
    q = np.empty(4)
    norm = 0.0
    for k in range(4):
        q[k] = rng.normal()
        norm += q[k] * q[k]
    w, a, b, c = q / np.sqrt(norm)
    for k in range(3):
        px, py, pz = shape[k, 0], shape[k, 1], shape[k, 2]
        xyz[0, first + k] = x + (1 - 2 * (b * b + c * c)) * px + 2 * (a * b - c * w) * py + 2 * (a * c + b * w) * pz
        xyz[1, first + k] = y + 2 * (a * b + c * w) * px + (1 - 2 * (a * a + c * c)) * py + 2 * (b * c - a * w) * pz
        xyz[2, first + k] = z + 2 * (a * c - b * w) * px + 2 * (b * c + a * w) * py + (1 - 2 * (a * a + b * b)) * pz


@njit(cache=True, nogil=True, error_model="numpy")
def insert_or_delete(xyz, params, setting, pool, used, adams, beta, rng):
    """Try one insertion or one deletion, each with probability one half; returns the new end of the columns in use.

    A full set of slots refuses insertions: the ensemble then ends at that number (the caller warns when it is reached).
    """
    n = (used - pool.begin) // 3
    if rng.random() < 0.5:
        if n == pool.last - pool.first:
            return used
        cell = pool.cells[rng.integers(0, len(pool.cells))]
        x = pool.origin[0] + pool.edge * (cell[0] + rng.random())
        y = pool.origin[1] + pool.edge * (cell[1] + rng.random())
        z = pool.origin[2] + pool.edge * (cell[2] + rng.random())
        place_water(xyz, used, x, y, z, pool.shape, rng)
        if atom_energy(xyz, params, setting.start, setting.coupling, used, used, used, used + 3) > HOPELESS:
            park(xyz, used, n)
            return used
        cost = body_energy(xyz, params, setting, used, used, used + 3)
        if rng.random() < np.exp(min(adams - beta * cost, 500.0)) / (n + 1):
            return used + 3
        park(xyz, used, n)
        return used
    if n == 0:
        return used
    first, end = pool.begin + 3 * rng.integers(0, n), used - 3
    gain = -body_energy(xyz, params, setting, used, first, first + 3)
    if rng.random() < n * np.exp(min(-adams - beta * gain, 500.0)):
        # the last water in use fills the gap
        for i in range(3):
            for axis in range(3):
                xyz[axis, first + i] = xyz[axis, end + i]
        park(xyz, end, n - 1)
        return end
    return used


@njit(cache=True, nogil=True, error_model="numpy")
def move_water(xyz, params, setting, pool, used, first, beta, step, rng, kept):
    """Try one rigid move of a water inside the domain: a shift and a turn about the oxygen; True when accepted."""
    last = first + 3
    before = body_energy(xyz, params, setting, used, first, last)
    for i in range(first, last):
        for axis in range(3):
            kept[axis, i - first] = xyz[axis, i]
    turn = TUMBLE * step
    wx, wy, wz = turn * (2 * rng.random() - 1), turn * (2 * rng.random() - 1), turn * (2 * rng.random() - 1)
    turned(xyz, first, last, wx, wy, wz, xyz[0, first], xyz[1, first], xyz[2, first])
    for axis in range(3):
        shift = step * (2.0 * rng.random() - 1.0)
        for i in range(first, last):
            xyz[axis, i] += shift
    if inside(xyz, first, pool.allowed, pool.origin, pool.edge):
        after = body_energy(xyz, params, setting, used, first, last)
        if accepted(before, after, beta, rng):
            return True
    for i in range(first, last):
        for axis in range(3):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def trade_places(xyz, params, setting, pool, used, bias, beta, rng, kept):
    """Try to put the ion where a water's oxygen is and that water, turned at random, where the ion was; True when accepted.

    The choice of the water and its new turn are uniform both ways, so that Metropolis' rule holds as it stands.
    """
    ion, n = setting.ion, (used - pool.begin) // 3
    if n == 0 or not inside(xyz, ion, pool.allowed, pool.origin, pool.edge):
        return False
    z_low, z_high = setting.ranges[ion - setting.start[-1], 0], setting.ranges[ion - setting.start[-1], 1]
    chosen = rng.integers(0, n)
    first, last = pool.begin + 3 * chosen, pool.begin + 3 * chosen + 3
    before = body_energy(xyz, params, setting, used, first, last) + bias_of(bias, xyz[2, ion], z_low, z_high)
    for i in range(first, last):
        for axis in range(3):
            kept[axis, i - first] = xyz[axis, i]
    for axis in range(3):
        kept[axis, 3] = xyz[axis, ion]
    park(xyz, first, chosen)
    before += body_energy(xyz, params, setting, used, ion, ion + 1)
    for axis in range(3):
        xyz[axis, ion] = kept[axis, 0]
    after = body_energy(xyz, params, setting, used, ion, ion + 1) + bias_of(bias, xyz[2, ion], z_low, z_high)
    place_water(xyz, first, kept[0, 3], kept[1, 3], kept[2, 3], pool.shape, rng)
    after += body_energy(xyz, params, setting, used, first, last)
    if accepted(before, after, beta, rng):
        return True
    for axis in range(3):
        xyz[axis, ion] = kept[axis, 3]
        for i in range(first, last):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def sweep_waters(xyz, params, setting, pool, used, adams, bias, beta, step, rng, kept, tally):
    """Trades with a free ion, `WATER_PASSES` moves of every water, `ATTEMPTS` insertions or deletions; returns the new ``used``.

    ``tally`` (2,) counts moves (accepted, tried).
    """
    for _ in range(0 if setting.held[setting.ion - setting.start[-1]] else TRADES):
        trade_places(xyz, params, setting, pool, used, bias, beta, rng, kept)
    for _ in range(WATER_PASSES):
        for first in range(pool.begin, used, 3):
            tally[0] += move_water(xyz, params, setting, pool, used, first, beta, step, rng, kept)
            tally[1] += 1
    for _ in range(ATTEMPTS):
        used = insert_or_delete(xyz, params, setting, pool, used, adams, beta, rng)
    return used


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    xyz, params, setting, pool, used, adams, beta, bias, steps, tuning, stride, rng,
    energies, places, terms, pulls, counts, swaps,
):  # fmt: skip
    """Sweeps of all states with swaps and records, as in `selectivity.energetics.sampling.sample`.

    ``used`` (K,) is the end of the columns in use of every state, and is kept up to date; ``counts`` (S, K) are waters in use.
    """
    n_states, here = xyz.shape[0], setting.ion - setting.start[-1]
    work, no_bias, scratch = np.empty((3, xyz.shape[2])), np.zeros(2), np.empty(n_states)
    tally = np.zeros((n_states, 4, 2))
    for s in range(energies.shape[0] * stride):
        for k in range(n_states):
            sweep(xyz[k], params[k], setting, used[k], bias[k], no_bias, beta, steps[k], rng, work, tally[k])
            used[k] = sweep_waters(
                xyz[k], params[k], setting, pool, used[k], adams, bias[k], beta, steps[k, WATER], rng, work,
                tally[k, WATER],
            )  # fmt: skip
            if tuning and not setting.held[here]:
                add_hill(bias[k], xyz[k, 2, setting.ion], setting.ranges[here, 0], setting.ranges[here, 1], beta)
        for parity in range(SWAP_ROUNDS):
            swap_neighbours(xyz, params, setting, used, bias, beta, parity % 2, rng, scratch, swaps)
        if tuning and s % TUNING == TUNING - 1:
            tune(steps, tally)
        if not tuning and (s + 1) % stride == 0:
            r = s // stride
            record(xyz, params, setting, used, energies[r], places[r], terms[r], pulls[r])
            for k in range(n_states):
                counts[r, k] = (used[k] - pool.begin) // 3
