"""What does each site prefer in a frame, its atoms held? Compiled: the minimum of an ion and the hydroxyl torsions, site by site.

The rigid treatment of `selectivity.pipeline.score_filter` on the coordinates of a frame, the same pair sums, walls and water
leg. Only the ion and the hydroxyl hydrogens move, so three things replace the general search: tables over the torsions give the wells
of the hydrogens together, a map of both ions over the pore beside each of these wells gives the starts, and Newton descents do
the rest, the most promising first, those that cannot win given up. Then every ion is offered the torsions of its neighbours.
A test compares the result with `score_filter` frame by frame. Layout as in `selectivity.trajectory.hydroxyls`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.trajectory.hydroxyls import (
    ANGLES,
    BITS,
    HYDROXYLS,
    MASK,
    STEP,
    WELLS,
    alone,
    among,
    circles,
    grid_torsion,
    settled,
    torsion_tables,
    with_ion,
)
from selectivity.trajectory.rigid_descent import STIFF_TURN, descend
from selectivity.trajectory.rigid_map import (
    EMPTY,
    MOST,
    MOST_HEIGHTS,
    MOST_STARTS,
    RAYS,
    is_new,
    map_site,
    pool,
    pool_places,
    starts,
)

COUPLED = 3
"""Scav, S4 and S3 are near enough to the hydroxyls for an ion to make wells of its own there."""

WORTHWHILE, WORTHWHILE_NEAR = 10.0, 18.0
"""kJ/mol; starts this far above the lowest of a site are not followed, more where ions and hydroxyls are near: the map does not turn one
after the other."""

TURNS = 3
"""Torsions of one hydrogen, evenly spread, that are tried with the others where they are."""

SLACK = 14.0
"""kJ/mol; a start this far above a minimum that is known ends above it: the grid of torsions and the map are not that far off."""


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def load_atoms(core, n_hydroxyl, xyz):
    """Held atoms in the columns of ``xyz``: CB, OG1 of the hydroxyls, then C, O of the carbonyls."""
    for k in range(2 * n_hydroxyl):
        for axis in range(3):
            xyz[axis, k] = core[80 + k, axis]
    for k in range(20):
        for axis in range(3):
            xyz[axis, 2 * n_hydroxyl + 2 * k] = core[4 * k + 2, axis]
            xyz[axis, 2 * n_hydroxyl + 2 * k + 1] = core[4 * k + 3, axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pass_on(
    rests, found, xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places, single, offered, sites, q, turn, work, bend
):  # fmt: skip
    """Offer every ion the torsions of the other ion in its site and of the same ion next door; whether that lowered any."""
    lowered = False
    for s in range(len(sites)):
        for i in range(2):
            n = 0
            for donor in range(3):
                other, giver = (s, 1 - i) if donor == 0 else (s + 2 * donor - 3, i)
                if other >= 0 and other < len(sites) and found[other, giver, 0] < np.inf:
                    offered[n] = on_grid(rests[other, giver], n_hydroxyl)
                    n += 1
            if found[s, i, 0] < np.inf and offer(
                offered[:n], rests[s, i], found[s, i], xyz, params[i], n_hydroxyl, n_held, feet, held, slope, mutual, places, single,
                sites[s], q, turn, work, bend,
            ):  # fmt: skip
                lowered = True
    return lowered


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def turn_one(
    rest, known, xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places, single, offered, wall, q, turn, work, bend
):  # fmt: skip
    """Turn one hydrogen after the other elsewhere beside an ion at rest, until none of that lowers the energy."""
    lowered = True
    while lowered:
        code, n = on_grid(rest, n_hydroxyl), 0
        for h in range(n_hydroxyl):
            for aside in range(1, TURNS):
                k = (grid_torsion(code, h) + aside * (ANGLES // TURNS)) % ANGLES
                offered[n] = (code & ~(MASK << (BITS * h))) | (k << (BITS * h))
                n += 1
        lowered = offer(
            offered[:n], rest, known, xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places, single, wall, q, turn, work,
            bend,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def offer(
    offered, rest, known, xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places, single, wall, q, turn, work, bend
):  # fmt: skip
    """Try combinations of torsions ``offered`` (n,), settled beside the ion, where it rests; whether one lowered ``known``."""
    with_ion(rest[0], rest[1], rest[2], params, n_hydroxyl, n_held, held, places, single)
    spot = (rest[0], rest[1], rest[2])
    mine = settled(single, mutual, n_hydroxyl, on_grid(rest, n_hydroxyl))
    highest = alone(single, n_hydroxyl, mine) + among(mutual, n_hydroxyl, mine) + SLACK
    before = known[0]
    for c in range(len(offered)):
        offered[c] = settled(single, mutual, n_hydroxyl, offered[c])
        if offered[c] == mine or not is_new(offered[c], offered, c):
            continue
        if alone(single, n_hydroxyl, offered[c]) + among(mutual, n_hydroxyl, offered[c]) > highest:
            continue
        begin(q, spot, offered[c], n_hydroxyl)
        keep_lower(q, rest, known, xyz, params, n_hydroxyl, n_held, feet, held, slope, wall, turn, work, bend)
    return known[0] < before - 1e-4


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def keep_lower(q, best, known, xyz, params, n_hydroxyl, n_held, feet, held, slope, wall, turn, work, bend):
    """Descend from q; an end at rest below ``known`` (energy, 0 at rest), or any before one has come to rest, takes its place.

    Whether one at rest did.
    """
    hopeless = known[0] if known[1] == 0.0 else np.inf
    energy, rest = descend(
        q, xyz, params, n_hydroxyl, n_held, feet, held, slope, wall, turn, work, bend, best, hopeless
    )
    if (rest and known[1] != 0.0) or (energy < known[0] and (rest or known[1] != 0.0)):
        known[0], known[1] = energy, 0.0 if rest else 1.0
        best[:] = q
        return rest
    return False


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def site_minima(core, n_hydroxyl, sites, wanted, params, oh_length, coh_angle, energies, heights):
    """Minima of both ions in the six sites of a frame: ``energies`` (6, 2; kJ/mol, NaN where a descent failed) and ``heights``.

    Sites that are not ``wanted`` (6,) are left as they are. ``params`` (2, 4, N) are those of the columns with either ion in the last
    one; ``n_hydroxyl`` is 0 without a hydroxyl ring.
    """
    n_held, n = 40 + 2 * n_hydroxyl, 3 + HYDROXYLS
    xyz, feet = np.empty((3, n_held + n_hydroxyl + 1)), np.empty((HYDROXYLS, 3, 3))
    held, slope, single = np.zeros((HYDROXYLS, ANGLES)), np.zeros((HYDROXYLS, ANGLES)), np.zeros((HYDROXYLS, ANGLES))
    mutual, places = np.zeros((HYDROXYLS, HYDROXYLS, ANGLES, ANGLES)), np.empty((HYDROXYLS, 3, ANGLES))
    wells = np.zeros((HYDROXYLS, WELLS), dtype=np.int64)
    tried, tried_energy = np.empty(WELLS**HYDROXYLS, dtype=np.int64), np.empty(WELLS**HYDROXYLS)
    here, here_energy = np.empty(EMPTY, dtype=np.int64), np.empty(EMPTY)
    codes, shared = np.empty(MOST, dtype=np.int64), np.empty(MOST)
    known, spots = np.empty((HYDROXYLS, ANGLES), dtype=np.int64), np.empty((4, HYDROXYLS * ANGLES))
    slots, felt = np.empty((MOST, HYDROXYLS), dtype=np.int64), np.empty(HYDROXYLS * ANGLES)
    terms, beside, least = np.empty((2, 6)), np.empty((MOST_HEIGHTS, MOST)), np.empty(MOST_HEIGHTS)
    heights_of_map = np.empty(MOST_HEIGHTS)
    profile, where = np.empty((2, RAYS, MOST_HEIGHTS)), np.empty((2, RAYS, MOST_HEIGHTS, 3))
    start, energy = np.empty((MOST_STARTS, 3), dtype=np.int64), np.empty(MOST_STARTS)
    seen, offered = np.empty((MOST_STARTS, 3), dtype=np.int64), np.empty(3 + HYDROXYLS * TURNS, dtype=np.int64)
    q, turn, work, bend = np.zeros(n), np.empty((2, HYDROXYLS, 3)), np.zeros((4, n)), STIFF_TURN * np.eye(n)
    rests, found = np.zeros((len(sites), 2, n)), np.full((len(sites), 2, 2), np.inf)
    load_atoms(core, n_hydroxyl, xyz)
    circles(xyz, n_hydroxyl, oh_length, coh_angle, feet)
    torsion_tables(xyz, params[0], n_hydroxyl, n_held, feet, held, slope, mutual, places)
    number = pool(
        sites, params[0], n_hydroxyl, n_held, held, mutual, places, single, wells, tried, tried_energy, here, here_energy, codes
    )  # fmt: skip
    n_spots = pool_places(codes, number, n_hydroxyl, held, mutual, places, known, spots, slots, shared)
    for s in range(len(sites)):
        if not wanted[s]:
            continue
        n_heights = map_site(
            s, sites[s], xyz, params, n_hydroxyl, n_held, spots[:, :n_spots], felt[:n_spots], slots, shared[:number], terms, work[0],
            bend, heights_of_map, profile, where, beside, least,
        )  # fmt: skip
        for i in range(2):
            window = WORTHWHILE_NEAR if s < COUPLED else WORTHWHILE
            n_starts = starts(profile[i, :, :n_heights], beside[:n_heights, :number], least, window, start, energy)
            n_seen = 0
            for m in range(n_starts):
                ray, k, c = start[m]
                spot = where[i, ray, k]
                with_ion(spot[0], spot[1], spot[2], params[i], n_hydroxyl, n_held, held, places, single)
                code = settled(single, mutual, n_hydroxyl, codes[c])
                estimate = profile[i, ray, k] + alone(single, n_hydroxyl, code) + among(mutual, n_hydroxyl, code)
                if estimate > found[s, i, 0] + SLACK or was_there(code, ray, k, seen, n_seen):
                    continue
                seen[n_seen, 0], seen[n_seen, 1], seen[n_seen, 2] = code, ray, k
                n_seen += 1
                begin(q, (spot[0], spot[1], spot[2]), code, n_hydroxyl)
                if keep_lower(
                    q, rests[s, i], found[s, i], xyz, params[i], n_hydroxyl, n_held, feet, held, slope, sites[s], turn, work, bend
                ) and s < COUPLED:  # fmt: skip
                    turn_one(
                        rests[s, i], found[s, i], xyz, params[i], n_hydroxyl, n_held, feet, held, slope, mutual, places, single, offered,
                        sites[s], q, turn, work, bend,
                    )  # fmt: skip
    for _ in range(2 if n_hydroxyl > 0 else 0):
        if not pass_on(
            rests, found, xyz, params, n_hydroxyl, n_held, feet, held, slope, mutual, places, single, offered, sites, q, turn, work,
            bend,
        ):  # fmt: skip
            break
    for s in range(len(sites)):
        for i in range(2):
            if wanted[s]:
                energies[s, i] = found[s, i, 0] if found[s, i, 1] == 0.0 else np.nan
                heights[s, i] = rests[s, i, 2]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def was_there(code, ray, k, seen, n_seen):
    """Whether a start with the same torsions, on the same ray and at the same height, is among the first ``n_seen`` (n, 3)."""
    there = False
    for m in range(n_seen):
        there = there or (seen[m, 0] == code and seen[m, 1] == ray and seen[m, 2] == k)
    return there


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def on_grid(q, n_hydroxyl):
    """The combination of grid torsions nearest to those of a minimum."""
    code = 0
    for h in range(n_hydroxyl):
        code |= int(np.rint(q[3 + h] / STEP)) % ANGLES << (BITS * h)
    return code


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def begin(q, spot, code, n_hydroxyl):
    """Coordinates of a start: the ion at a spot (3,), the hydrogens as a combination has them."""
    q[0], q[1], q[2] = spot[0], spot[1], spot[2]
    for h in range(n_hydroxyl):
        q[3 + h] = STEP * grid_torsion(code, h)
