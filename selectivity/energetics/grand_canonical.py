"""How do waters come and go? Compiled insertion and deletion of rigid waters, together with all other moves of the filter.

Layout as in `selectivity.energetics.kernels`. Every water that may come is a ligand group (a slot); a slot that is not in use is parked
beyond `PARKED`, where it feels nothing, so that a configuration carries its own number of waters and states can swap configurations.
Waters stand in a domain of equal cubes: ``cells`` (C, 3) their indices, ``allowed`` (nx, ny, nz) the same as a mask, ``origin`` (3,) and
``edge`` (Å) of the grid; the oxygen never leaves it. With V = C edge^3 and the reservoir's z V = exp(B), B = mu_ex / RT + ln(rho V),

    insertion  min(1, exp(B) / (n + 1) exp(-dU / RT)),      deletion  min(1, n / exp(B) exp(-dU / RT))

(source: adams1975), places uniform in the domain and orientations uniform on SO(3): detailed balance holds move by move.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.hybrid import bias_of, trajectory
from selectivity.energetics.kernels import body_energy, interactions
from selectivity.energetics.sampling import (
    ALL,
    GOALS,
    GROUP,
    ION,
    PASSES,
    accepted,
    add_hill,
    exchange_energies,
    move_group,
    move_ion,
    swap_neighbours,
    turned,
)

PARKED = 1e5
"""Å; slots beyond this x are not in use. A dipole there changes no energy by more than 1e-7 kJ/mol."""

WATER = 3
"""Place of the waters in the step table, after trajectories, groups and ions."""

ATTEMPTS = 100
"""Insertions or deletions tried per sweep: one costs a fiftieth of a trajectory, and one in a few hundred succeeds in a liquid."""

WATER_PASSES = 12
"""Moves of every water per sweep: hydrogen bonds around an ion rearrange more slowly than anything else."""

TRADES = 10
"""Trades of places between the exchanged ion and a water per sweep: an ion leaves its shell in one step."""

TUMBLE = 4.0
"""A water that moves by up to s Å turns by up to 4 s rad: its hydrogens hang on a lever of 1 Å and feel a softer field."""


@njit(cache=True, nogil=True, error_model="numpy")
def park(xyz, start, b, slot):
    """Put water group b away, every slot at a place of its own."""
    first = start[b]
    for axis in range(3):
        shift = (2.0 * PARKED + 1000.0 * slot if axis == 0 else 0.0) - xyz[axis, first]
        for i in range(first, start[b + 1]):
            xyz[axis, i] += shift


@njit(cache=True, nogil=True, error_model="numpy")
def inside(xyz, i, allowed, origin, edge):
    """Does atom i stand in an allowed cube?"""
    for axis in range(3):
        cell = np.floor((xyz[axis, i] - origin[axis]) / edge)
        if cell < 0 or cell >= allowed.shape[axis]:
            return False
    a = int((xyz[0, i] - origin[0]) / edge)
    b = int((xyz[1, i] - origin[1]) / edge)
    c = int((xyz[2, i] - origin[2]) / edge)
    return allowed[a, b, c]


@njit(cache=True, nogil=True, error_model="numpy")
def count(xyz, start, slots):
    """Number of waters in use."""
    n = 0
    for b in range(slots[0], slots[1]):
        if xyz[0, start[b]] < PARKED:
            n += 1
    return n


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
def insert_or_delete(xyz, params, ref, start, walls, coupling, slots, cells, origin, edge, shape, adams, beta, rng):
    """Try one insertion or one deletion, each with probability one half; True when accepted.

    A full set of slots refuses insertions: the ensemble then ends at that number (the caller warns when it is reached).
    """
    n = count(xyz, start, slots)
    if rng.random() < 0.5:
        if n == slots[1] - slots[0]:
            return False
        b = slots[0]
        while xyz[0, start[b]] < PARKED:
            b += 1
        cell = cells[rng.integers(0, len(cells))]
        x = origin[0] + edge * (cell[0] + rng.random())
        y = origin[1] + edge * (cell[1] + rng.random())
        z = origin[2] + edge * (cell[2] + rng.random())
        place_water(xyz, start[b], x, y, z, shape, rng)
        cost = body_energy(xyz, params, ref, start, walls, coupling, start[b], start[b + 1])
        if rng.random() < np.exp(min(adams - beta * cost, 500.0)) / (n + 1):
            return True
        park(xyz, start, b, b - slots[0])
        return False
    if n == 0:
        return False
    chosen = rng.integers(0, n)
    b = slots[0]
    while True:
        if xyz[0, start[b]] < PARKED:
            if chosen == 0:
                break
            chosen -= 1
        b += 1
    gain = -body_energy(xyz, params, ref, start, walls, coupling, start[b], start[b + 1])
    if rng.random() < n * np.exp(min(-adams - beta * gain, 500.0)):
        park(xyz, start, b, b - slots[0])
        return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def move_water(xyz, params, ref, start, walls, coupling, b, beta, step, allowed, origin, edge, rng, kept):
    """Try one rigid move of water b inside the domain: a shift and a turn about the oxygen; True when accepted."""
    first, last = start[b], start[b + 1]
    before = body_energy(xyz, params, ref, start, walls, coupling, first, last)
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
    if inside(xyz, first, allowed, origin, edge):
        after = body_energy(xyz, params, ref, start, walls, coupling, first, last)
        if accepted(before, after, beta, rng):
            return True
    for i in range(first, last):
        for axis in range(3):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def trade_places(
    xyz,
    params,
    ref,
    start,
    walls,
    coupling,
    slots,
    allowed,
    origin,
    edge,
    shape,
    ion,
    z_low,
    z_high,
    bias,
    beta,
    rng,
    kept,
):
    """Try to put the ion where a water's oxygen is and that water, turned at random, where the ion was; True when accepted.

    The choice of the water and its new turn are uniform both ways, so that Metropolis' rule holds as it stands.
    """
    n = count(xyz, start, slots)
    if n == 0 or not inside(xyz, ion, allowed, origin, edge):
        return False
    chosen, b = rng.integers(0, n), slots[0] - 1
    while chosen >= 0:
        b += 1
        if xyz[0, start[b]] < PARKED:
            chosen -= 1
    first, last = start[b], start[b + 1]
    before = body_energy(xyz, params, ref, start, walls, coupling, first, last) + bias_of(
        bias, xyz[2, ion], z_low, z_high
    )
    for i in range(first, last):
        for axis in range(3):
            kept[axis, i - first] = xyz[axis, i]
    for axis in range(3):
        kept[axis, 3] = xyz[axis, ion]
    park(xyz, start, b, b - slots[0])
    before += body_energy(xyz, params, ref, start, walls, coupling, ion, ion + 1)
    for axis in range(3):
        xyz[axis, ion] = kept[axis, 0]
    after = body_energy(xyz, params, ref, start, walls, coupling, ion, ion + 1) + bias_of(
        bias, xyz[2, ion], z_low, z_high
    )
    place_water(xyz, first, kept[0, 3], kept[1, 3], kept[2, 3], shape, rng)
    after += body_energy(xyz, params, ref, start, walls, coupling, first, last)
    if accepted(before, after, beta, rng):
        return True
    for axis in range(3):
        xyz[axis, ion] = kept[axis, 3]
        for i in range(first, last):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def sweep_waters(
    xyz,
    params,
    ref,
    start,
    walls,
    coupling,
    slots,
    cells,
    allowed,
    origin,
    edge,
    shape,
    adams,
    beta,
    step,
    rng,
    kept,
    tally,
):
    """`WATER_PASSES` moves of every water, then `ATTEMPTS` insertions or deletions; ``tally`` (2,): moves (accepted, tried)."""
    for _ in range(WATER_PASSES):
        for b in range(slots[0], slots[1]):
            if xyz[0, start[b]] < PARKED:
                tally[0] += move_water(
                    xyz, params, ref, start, walls, coupling, b, beta, step, allowed, origin, edge, rng, kept
                )
                tally[1] += 1
    for _ in range(ATTEMPTS):
        insert_or_delete(xyz, params, ref, start, walls, coupling, slots, cells, origin, edge, shape, adams, beta, rng)


@njit(cache=True, nogil=True, error_model="numpy")
def sweep_filter(
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
    """One sweep over all bodies that are not waters (the moves of `selectivity.energetics.sampling`)."""
    n_groups, n_ligand = len(start) - 1, start[-1]
    tally[ALL, 0] += trajectory(
        xyz, params, ref, start, walls, coupling, rods, ranges, held, ion, bias, beta, steps[ALL], rng, work
    )
    tally[ALL, 1] += 1
    for turn in range(PASSES * n_groups):
        b = turn % n_groups
        if torsions[b]:
            tally[GROUP, 0] += move_group(
                xyz, params, ref, start, walls, coupling, b, beta, steps[GROUP], False, rng, work[0]
            )
            tally[GROUP, 1] += 1
            move_group(xyz, params, ref, start, walls, coupling, b, beta, steps[GROUP], True, rng, work[0])
    for turn in range(PASSES * (xyz.shape[1] - n_ligand)):
        i = n_ligand + turn // PASSES
        z_low, z_high, fixed = ranges[i - n_ligand, 0], ranges[i - n_ligand, 1], held[i - n_ligand]
        own = bias if i == ion else no_bias
        tally[ION, 0] += move_ion(
            xyz, params, ref, start, walls, coupling, i, beta, steps[ION], z_low, z_high, fixed, own, rng
        )
        tally[ION, 1] += 1
        # from inside the softness of a wall the long move has no way back: it may start between the walls only
        if not fixed and z_low <= xyz[2, i] <= z_high:
            move_ion(xyz, params, ref, start, walls, coupling, i, beta, 0.0, z_low, z_high, False, own, rng)


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    xyz, params, ref, start, walls, coupling, rods, torsions, ranges, held, ion, slots, cells, allowed, origin, edge, shape,
    adams, beta, bias, steps, tuning, stride, rng, energies, places, terms, pulls, counts, swaps,
):  # fmt: skip
    """Sweeps of all states with swaps; a record every ``stride`` sweeps, as in `selectivity.energetics.sampling.sample`.

    With ``tuning`` the steps (K, 4) are tuned every 20 sweeps and the bias (K, M) along z of a free ion grows; the records are then
    not to be used. ``counts`` (S, K): waters in use. One compiled function serves both, which halves the compilation.
    """
    n_states, here = xyz.shape[0], ion - start[-1]
    z_low, z_high, no_bias = ranges[here, 0], ranges[here, 1], np.zeros(2)
    work = np.empty((6, 3, xyz.shape[2]))
    scratch, grad = np.empty(n_states), np.empty((3, xyz.shape[2]))
    tally = np.zeros((n_states, 4, 2))
    for s in range(energies.shape[0] * stride):
        for k in range(n_states):
            sweep_filter(
                xyz[k], params[k], ref, start, walls, coupling, rods, torsions, ranges, held, ion, bias[k], no_bias, beta,
                steps[k], rng, work, tally[k],
            )  # fmt: skip
            sweep_waters(
                xyz[k], params[k], ref, start, walls, coupling, slots, cells, allowed, origin, edge, shape, adams, beta,
                steps[k, WATER], rng, work[0], tally[k, WATER],
            )  # fmt: skip
            for _ in range(0 if held[here] else TRADES):
                trade_places(
                    xyz[k], params[k], ref, start, walls, coupling, slots, allowed, origin, edge, shape, ion, z_low, z_high,
                    bias[k], beta, rng, work[0],
                )  # fmt: skip
            if tuning and not held[here]:
                add_hill(bias[k], xyz[k, 2, ion], z_low, z_high, beta)
        swap_neighbours(xyz, params, ion, bias, z_low, z_high, beta, s % 2, rng, scratch, swaps)
        if tuning and s % 20 == 19:
            for k in range(n_states):
                for kind in range(4):
                    if tally[k, kind, 1] > 0:
                        goal = GOALS[min(kind, 2)]
                        rate = tally[k, kind, 0] / tally[k, kind, 1]
                        steps[k, kind] = min(steps[k, kind] * (0.6 + rate / goal * 0.4), 1.0)
            tally[:] = 0.0
        if (s + 1) % stride == 0:
            r = s // stride
            for k in range(n_states):
                exchange_energies(xyz[k], params, ion, energies[r, k])
                counts[r, k] = count(xyz[k], start, slots)
                for axis in range(3):
                    places[r, k, axis] = xyz[k, axis, ion]
            for end in range(2):
                k = end * (n_states - 1)
                interactions(xyz[k], params[k], ref, start, walls, coupling, grad, terms[r, end])
                pulls[r, end] = grad[2, ion]
