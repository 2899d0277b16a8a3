"""What does each site prefer in a frame when the filter gives way? Compiled search from library arrangements in all four orientations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from selectivity.trajectory.relaxed_descent import (
    MOST_EVALUATIONS,
    Integers,
    Reals,
    Runs,
    Stiffness,
    begin,
    go_on,
    new_runs,
)


class Seeds(NamedTuple):
    positions: Reals
    site: Integers
    ion: Integers
    source: Integers


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def superpose(seed, source, quarter, reference, start, out):
    """Ligand groups of a frame laid over those of a seed (3, N), turned by quarters about the axis: each keeps its own shape.

    The middle of a group goes where the seed's is, its first bond along the seed's, and a third atom is turned about that bond
    towards the seed's. The ion (last column) goes where the seed's is.
    """
    n = seed.shape[1]
    c = 1.0 if quarter == 0 else (-1.0 if quarter == 2 else 0.0)
    s = 1.0 if quarter == 1 else (-1.0 if quarter == 3 else 0.0)
    for i in range(n):
        j = source[quarter, i]
        out[0, i] = c * seed[0, j] - s * seed[1, j]
        out[1, i] = s * seed[0, j] + c * seed[1, j]
        out[2, i] = seed[2, j]
    u, v, w, arm, aim = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    middle, old = np.empty(3), np.empty(3)
    for g in range(len(start) - 1):
        first, last = start[g], start[g + 1]
        number = last - first
        for axis in range(3):
            u[axis] = reference[axis, first + 1] - reference[axis, first]
            v[axis] = out[axis, first + 1] - out[axis, first]
            if number == 3:
                aim[axis] = out[axis, first + 2] - out[axis, first + 1]
            middle[axis] = old[axis] = 0.0
            for i in range(first, last):
                middle[axis] += out[axis, i] / number
                old[axis] += reference[axis, i] / number
        u /= np.sqrt(u[0] ** 2 + u[1] ** 2 + u[2] ** 2)
        v /= np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
        for i in range(first, last):
            for axis in range(3):
                arm[axis] = reference[axis, i] - old[axis]
            swing(arm, u, v, w)
            for axis in range(3):
                out[axis, i] = arm[axis]
        if number == 3:
            # angle about v that brings the third atom's arm over the seed's
            along = across = 0.0
            for axis in range(3):
                arm[axis] = out[axis, first + 2] - out[axis, first + 1]
            cross(v, arm, w)
            for axis in range(3):
                along += (arm[axis] - v[axis] * (arm[0] * v[0] + arm[1] * v[1] + arm[2] * v[2])) * aim[axis]
                across += w[axis] * aim[axis]
            length = np.sqrt(along**2 + across**2)
            cosine, sine = (along / length, across / length) if length > 1e-9 else (1.0, 0.0)
            for i in range(first, last):
                for axis in range(3):
                    arm[axis] = out[axis, i]
                cross(v, arm, w)
                dot = arm[0] * v[0] + arm[1] * v[1] + arm[2] * v[2]
                for axis in range(3):
                    out[axis, i] = cosine * arm[axis] + sine * w[axis] + (1.0 - cosine) * dot * v[axis]
        for i in range(first, last):
            for axis in range(3):
                out[axis, i] += middle[axis]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def cross(a, b, out):
    """Fill ``out`` (3,) with a x b."""
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def swing(arm, u, v, w):
    """Turn ``arm`` in place by the smallest rotation that takes the unit vector u to v."""
    cross(u, v, w)
    cosine = u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
    x, y, z = arm[0], arm[1], arm[2]
    wx, wy, wz = w[0], w[1], w[2]
    ax, ay, az = wy * z - wz * y, wz * x - wx * z, wx * y - wy * x
    scale = 1.0 / max(1.0 + cosine, 1e-3)
    arm[0] = x + ax + scale * (wy * az - wz * ay)
    arm[1] = y + ay + scale * (wz * ax - wx * az)
    arm[2] = z + az + scale * (wx * ay - wy * ax)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def apart(one, other):
    most = 0.0
    for axis in range(3):
        for i in range(one.shape[1] - 1):
            most = max(most, abs(one[axis, i] - other[axis, i]))
    return most


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def choose(runs, score, number, most, different, window, chosen):
    order = np.argsort(score[:number])
    kept = 0
    for k in range(number):
        r = order[k]
        if kept == most or score[r] > score[order[0]] + window:
            break
        same = False
        for m in range(kept):
            if apart(runs.xyz[r], runs.xyz[chosen[m]]) < different:
                same = True
                break
        if not same:
            chosen[kept] = r
            kept += 1
    return kept


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def search(system, sites, wanted, seeds, stiffness, runs, knobs, gaps, energies, left, best, count):
    n = system.reference.shape[1]
    near = np.full((3, system.types.shape[2]), np.float32(1e4))
    for k in range(near.shape[1]): near[0, k] += 10*k
    grad = np.empty((3, n))
    walls = np.empty((1, 4))
    half = len(runs.energy) // 3
    score = np.empty(len(runs.energy))
    first, second = np.empty(len(score), dtype=np.int64), np.empty(len(score), dtype=np.int64)
    stiff = np.zeros((len(sites), 2, 2), dtype=np.int64)
    for s in range(len(sites)):
        if not wanted[s]: continue
        walls[0, 0] = n - 1
        walls[0, 1:] = sites[s]
        n_first = 0
        for ion in range(2):
            if ion == 0 or knobs[5] == 0:
                c = 0
                for m in range(len(seeds.site)):
                    if seeds.site[m] != s: continue
                    for quarter in range(4):
                        superpose(seeds.positions[m], seeds.source, quarter, system.reference, system.start, runs.base[c])
                        runs.base[c, 2, n-1] = min(max(runs.base[c, 2, n-1], sites[s, 0] + 0.05), sites[s, 1] - 0.05)
                        begin(system, runs, c, m, quarter)
                        count[0] += go_on(system, ion, walls, stiffness, runs, c, True, False, 0.1, knobs[0], near, grad)
                        score[c] = runs.energy[c]
                        c += 1
                n_first = choose(runs, score, c, knobs[1], gaps[0], gaps[1], first)
                if knobs[5] == 1:
                    for k in range(n_first):
                        runs.base[half + k] = runs.xyz[first[k]]
                        begin(system, runs, half + k, runs.stiff[first[k], 0], runs.stiff[first[k], 1])
            else:
                for k in range(n_first):
                    first[k] = half + k
                    go_on(system, ion, walls, stiffness, runs, half + k, True, False, 0.1, 1, near, grad)
            for k in range(n_first):
                r = first[k]
                count[1] += go_on(system, ion, walls, stiffness, runs, r, False, False, 0.1, knobs[2], near, grad)
            score[:] = np.inf
            for k in range(n_first):
                score[first[k]] = runs.energy[first[k]]
            n_second = choose(runs, score, len(score), knobs[3], gaps[0], gaps[2], second)
            lowest, r = np.inf, 0
            for k in range(n_second):
                c = second[k]
                count[2] += go_on(system, ion, walls, stiffness, runs, c, False, False, 0.1, MOST_EVALUATIONS, near, grad)
                if runs.energy[c] < lowest: lowest, r = runs.energy[c], c
            best[s, ion] = runs.xyz[r]
            stiff[s, ion] = runs.stiff[r]
            energies[s, ion] = lowest
    for turn in range(knobs[4]):
        lowered = False
        for s in range(len(sites)):
            for ion in range(2):
                if not wanted[s]: continue
                walls[0, 1:] = sites[s]
                for donor in range(3):
                    other = s if donor == 0 else s + 2 * donor - 3
                    giver = 1 - ion if donor == 0 else ion
                    if other < 0 or other >= len(sites) or not wanted[other]: continue
                    if apart(best[s, ion], best[other, giver]) < gaps[0]: continue
                    r = 0
                    runs.base[r] = best[other, giver]
                    if donor > 0:
                        runs.base[r, :, n-1] = best[s, ion, :, n-1]
                    begin(system, runs, r, stiff[s, ion, 0], stiff[s, ion, 1])
                    count[3] += go_on(system, ion, walls, stiffness, runs, r, True, False, 0.1, 12, near, grad)
                    if runs.energy[r] > energies[s, ion] + gaps[2]: continue
                    count[3] += go_on(system, ion, walls, stiffness, runs, r, False, False, 0.1, 400, near, grad)
                    if runs.energy[r] < energies[s, ion] - 0.01:
                        energies[s, ion] = runs.energy[r]
                        best[s, ion] = runs.xyz[r]
                        lowered = True
        if not lowered: break
    for s in range(len(sites)):
        for ion in range(2):
            if not wanted[s]: continue
            walls[0, 1:] = sites[s]
            runs.base[0] = best[s, ion]
            begin(system, runs, 0, stiff[s, ion, 0], stiff[s, ion, 1])
            count[4] += go_on(system, ion, walls, stiffness, runs, 0, True, True, 1e-2, MOST_EVALUATIONS, near, grad)
            energies[s, ion], left[s, ion] = runs.energy[0], runs.left[0]
