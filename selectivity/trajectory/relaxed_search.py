"""What does each site prefer in a frame when the filter gives way? Compiled search from the arrangements of a library.

Every arrangement of a site is laid over the frame in the four orientations that the pore allows. All descents begin with K+; after a few
steps the lowest that differ go on, after a few more the lowest of these go to their end, with either ion. What is found is then varied,
one hydroxyl turned over or the ion moved along the site, and offered to the other ion and to the next sites.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from selectivity.energetics.torsions import turn
from selectivity.trajectory.relaxed_descent import MOST_EVALUATIONS, Integers, Reals, begin, go_on, new_search

FIRST, SECOND, TRIED, TO_END = range(4)
"""Stages of descents: all from the library, those kept of them, variations of what is known; and what is left."""

STEPS: Any = np.array([3, 6, 11, MOST_EVALUATIONS])
"""Evaluations of each stage, besides the one at its start: a descent takes 20 to its end and is within 2 kJ/mol of it after 10."""

KEPT, FINISHED = 8, 4
"""Descents that go on after the first and the second comparison."""

DIFFERENT = 0.25
"""Å; descents whose ligand atoms are all nearer than this to those of a lower one are not followed."""

WINDOW, WINDOW_VARIED = 20.0, 5.0
"""kJ/mol; descents this far above the lowest after a comparison are given up; the second for variations."""

EARLY, END = 0.1, 1e-2
"""kJ/mol/Å (or rad); largest slope at which descents are compared (soft motions of 1 kJ/mol/Å^2 then have 0.05 kJ/mol to go), and at
the end, as in `selectivity.energetics.minimise`."""

LOWER = 0.01
"""kJ/mol; what is lower by less in single precision is not lower."""

MOST_ROUNDS = 4
"""Times that arrangements are passed on at the end; most frames need one or two."""

INSIDE, ALONG = 0.05, 0.7
"""Å; an ion starts at least this far inside its site; a place along the site nearer than this to where it rests is not tried."""

TURNED = 1
"""Hydroxyls are turned over in every other site, S4 and S2; what that finds is passed on to those between."""

THIRD = 2.0 * np.pi / 3.0
"""rad; from one staggered torsion of a hydroxyl to the next."""


class Arrangements(NamedTuple):
    """Arrangements of a library: ``positions`` (M, 3, N; ion last) Å, ``site`` (M,), and the quarter turns of columns ``source`` (4, N)."""

    positions: Reals
    site: Integers
    source: Integers


class Found(NamedTuple):
    """The lowest found for each site and ion: ``energy`` (S, 2) kJ/mol, ``left`` (S, 2), ``xyz`` (S, 2, 3, N), ``stiff`` (S, 2, 2)."""

    energy: Reals
    left: Reals
    xyz: Reals
    stiff: Integers


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def superpose(seed, source, quarter, reference, start, out):
    """Ligand groups of a frame laid over those of an arrangement (3, N), turned by quarters about the axis; the ion goes along.

    Each group keeps its own shape: its middle goes where the other's is, its first bond along the other's, a third atom to the same side.
    """
    cosine = (1.0, 0.0, -1.0, 0.0)[quarter]
    sine = (0.0, 1.0, 0.0, -1.0)[quarter]
    for i in range(seed.shape[1]):
        j = source[quarter, i]
        out[0, i] = cosine * seed[0, j] - sine * seed[1, j]
        out[1, i] = sine * seed[0, j] + cosine * seed[1, j]
        out[2, i] = seed[2, j]
    own, theirs = np.empty((2, 3)), np.empty((2, 3))
    for g in range(len(start) - 1):
        lay_over(reference[:, start[g] : start[g + 1]], out[:, start[g] : start[g + 1]], own, theirs)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def lay_over(own_atoms, atoms, own, theirs):
    """Replace ``atoms`` (3, 2 or 3) by atoms of the same group in the shape of ``own_atoms``."""
    n = own_atoms.shape[1]
    plane(own_atoms, own)
    plane(atoms, theirs)
    for axis in range(3):
        middle = 0.0
        for i in range(n):
            middle += atoms[axis, i] / n
        for i in range(n):
            atoms[axis, i] = middle
    for i in range(n):
        along = across = 0.0
        for axis in range(3):
            arm = own_atoms[axis, i]
            for k in range(n):
                arm -= own_atoms[axis, k] / n
            along += arm * own[0, axis]
            across += arm * own[1, axis]
        for axis in range(3):
            atoms[axis, i] += along * theirs[0, axis] + across * theirs[1, axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def plane(atoms, unit):
    """Unit vectors along the first bond and across it towards a third atom (zeros without one) into ``unit`` (2, 3)."""
    unit[1] = 0.0
    unit[0] = atoms[:, 1] - atoms[:, 0]
    unit[0] /= np.sqrt((unit[0] ** 2).sum())
    if atoms.shape[1] == 3:
        unit[1] = atoms[:, 2] - atoms[:, 1]
        unit[1] -= (unit[1] * unit[0]).sum() * unit[0]
        unit[1] /= np.sqrt((unit[1] ** 2).sum())


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def apart(one, other):
    """Largest difference of a ligand coordinate of two configurations, Å."""
    most = 0.0
    for axis in range(3):
        for i in range(one.shape[1] - 1):
            most = max(most, abs(one[axis, i] - other[axis, i]))
    return most


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def choose(runs, rows, window, chosen):
    """The lowest descents among ``rows`` that differ, in ascending energy, into ``chosen``; how many."""
    order = np.argsort(runs.energy[rows])
    number = 0
    for k in order:
        run = rows[k]
        if number == len(chosen) or runs.energy[run] > runs.energy[rows[order[0]]] + window:
            break
        new = True
        for m in range(number):
            new = new and apart(runs.xyz[run], runs.xyz[chosen[m]]) >= DIFFERENT
        if new:
            chosen[number] = run
            number += 1
    return number


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def lay_out(search, arrangements, s):
    """Begin descents of K+ from all arrangements of a site in four orientations, from row KEPT on; returns the row behind the last."""
    system, runs, walls = search.system, search.runs, search.walls
    last, run = system.reference.shape[1] - 1, KEPT
    for m in range(len(arrangements.site)):
        if arrangements.site[m] != s:
            continue
        for quarter in range(4):
            base = runs.base[run]
            superpose(arrangements.positions[m], arrangements.source, quarter, system.reference, system.start, base)
            base[2, last] = min(max(base[2, last], walls[0, 1] + INSIDE), walls[0, 2] - INSIDE)
            begin(search, run, m, quarter)
            go_on(search, run, EARLY, STEPS[FIRST])
            run += 1
    return run


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def settle(search, rows, found, s):
    """Let descents go on, the lowest of them to their end; the lowest end is what is known of this ion and site."""
    runs, ion = search.runs, search.now[0]
    for run in rows:
        go_on(search, run, EARLY, STEPS[SECOND])
    chosen = np.empty(FINISHED, dtype=np.int64)
    for k in range(choose(runs, rows, WINDOW, chosen)):
        run = chosen[k]
        go_on(search, run, EARLY, STEPS[TO_END])
        keep_lower(runs, run, found, s, ion)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def keep_lower(runs, run, found, s, ion):
    """Note what a descent ended in where it is lower than what was known; whether it was."""
    if not runs.energy[run] < found.energy[s, ion] - LOWER:
        return False
    found.energy[s, ion], found.left[s, ion] = runs.energy[run], runs.left[run]
    found.xyz[s, ion], found.stiff[s, ion] = runs.xyz[run], runs.stiff[run]
    return True


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def spare(search):
    """The row of descents from variations: the last."""
    return len(search.runs.energy) - 1


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def offer(search, found, s, window):
    """Descend from the positions in ``base`` of the spare row, to the end where a few steps promise it; whether that led lower."""
    runs, run, ion = search.runs, spare(search), search.now[0]
    begin(search, run, found.stiff[s, ion, 0], found.stiff[s, ion, 1])
    go_on(search, run, EARLY, STEPS[TRIED])
    if runs.energy[run] > found.energy[s, ion] + window:
        return False
    go_on(search, run, EARLY, STEPS[TO_END])
    return keep_lower(runs, run, found, s, ion)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def turn_hydroxyls(search, found, s):
    """Try both other staggered torsions of every hydroxyl beside K+."""
    start, base, matrix = search.system.start, search.runs.base[spare(search)], np.empty((3, 3))
    for g in range(len(start) - 1):
        if start[g + 1] - start[g] == 3:
            for times in range(1, 3):
                base[:] = found.xyz[s, 0]
                turn(base, start[g], times * THIRD, matrix)
                offer(search, found, s, WINDOW_VARIED)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def move_along(search, found, s):
    """Try the ion near both planes of its site and in the middle, where it does not rest already: Na+ fits into a plane, K+ less so."""
    last, ion, base = search.system.reference.shape[1] - 1, search.now[0], search.runs.base[spare(search)]
    low, high = search.walls[0, 1], search.walls[0, 2]
    lowered = False
    for place in range(3):
        z = 0.5 * (low + high) + (place - 1) * (0.5 * (high - low) - 0.2)
        if abs(z - found.xyz[s, ion, 2, last]) > ALONG:
            base[:] = found.xyz[s, ion]
            base[2, last] = z
            lowered = offer(search, found, s, WINDOW_VARIED) or lowered
    return lowered


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def pass_on(search, sites, wanted, found, changed, seen):
    """Offer to every ion and site what the other ion has there and the same ion next door; whether that lowered any.

    ``changed`` (S, 2) counts how often each has become lower, ``seen`` (S, 2, 3) what has been tried.
    """
    lowered, last, base = False, search.system.reference.shape[1] - 1, search.runs.base[spare(search)]
    for s in range(len(sites)):
        search.walls[0, 1:] = sites[s]
        for ion in range(2):
            search.now[0] = ion
            for donor in range(3):
                other = s if donor == 0 else s + 2 * donor - 3
                giver = 1 - ion if donor == 0 else ion
                if not wanted[s] or other < 0 or other >= len(sites) or not wanted[other]:
                    continue
                if found.energy[s, ion] == np.inf or found.energy[other, giver] == np.inf:
                    continue
                if seen[s, ion, donor] == changed[other, giver]:
                    continue
                seen[s, ion, donor] = changed[other, giver]
                moved = abs(found.xyz[s, ion, 2, last] - found.xyz[other, giver, 2, last]) if donor == 0 else 0.0
                if apart(found.xyz[s, ion], found.xyz[other, giver]) < DIFFERENT and moved < ALONG:
                    continue
                base[:] = found.xyz[other, giver]
                if donor > 0:
                    base[:, last] = found.xyz[s, ion, :, last]
                if offer(search, found, s, WINDOW):
                    changed[s, ion] += 1
                    lowered = True
    return lowered


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def frame_minima(system, sites, wanted, arrangements, stiffness, most):
    """Minima of both ions in the sites of a frame that are ``wanted`` (S,): energies (S, 2; kJ/mol), largest slopes left (S, 2).

    ``sites`` (S, 3) planes and lateral radius (Å); ``most`` the largest number of arrangements of one site. Infinity where there is none.
    """
    n, number = system.reference.shape[1], len(sites)
    search = new_search(system, stiffness, KEPT + 4 * most + 1)
    runs, run = search.runs, spare(search)
    found = Found(
        np.full((number, 2), np.inf), np.full((number, 2), np.inf), np.zeros((number, 2, 3, n)), np.zeros((number, 2, 2), dtype=np.int64)
    )  # fmt: skip
    chosen = np.empty(KEPT, dtype=np.int64)
    for s in range(number):
        if not wanted[s]:
            continue
        search.walls[0, 1:], search.now[0] = sites[s], 0
        rows = np.arange(KEPT, lay_out(search, arrangements, s))
        kept = choose(runs, rows, np.inf, chosen)
        for k in range(kept):
            runs.base[k] = runs.xyz[chosen[k]]
        settle(search, chosen[:kept], found, s)
        if kept > 0 and s % 2 == TURNED:
            turn_hydroxyls(search, found, s)
        search.now[0] = 1
        for k in range(kept):
            begin(search, k, runs.stiff[chosen[k], 0], runs.stiff[chosen[k], 1])
        settle(search, np.arange(kept), found, s)
    changed, seen = np.zeros((number, 2), dtype=np.int64), np.full((number, 2, 3), -1)
    pass_on(search, sites, wanted, found, changed, seen)
    for s in range(number):
        search.walls[0, 1:] = sites[s]
        for ion in range(2):
            search.now[0] = ion
            if found.energy[s, ion] < np.inf and move_along(search, found, s):
                changed[s, ion] += 1
    for _ in range(MOST_ROUNDS):
        if not pass_on(search, sites, wanted, found, changed, seen):
            break
    search.now[1] = 1
    for s in range(number):
        search.walls[0, 1:] = sites[s]
        for ion in range(2):
            search.now[0] = ion
            if found.energy[s, ion] < np.inf:
                runs.base[run] = found.xyz[s, ion]
                begin(search, run, found.stiff[s, ion, 0], found.stiff[s, ion, 1])
                go_on(search, run, END, STEPS[TO_END])
                found.energy[s, ion], found.left[s, ion] = runs.energy[run], runs.left[run]
    return found.energy, found.left
