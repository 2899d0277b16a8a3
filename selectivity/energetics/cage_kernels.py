"""How does a free cage move at temperature T? Compiled Monte Carlo of rigid ligands whose oxygens stay in a sphere about the ion.

The ion stands at the origin (a cage in empty space knows no other place), in the last column of ``xyz`` (3, N); otherwise the layout is
that of `selectivity.energetics.kernels`. The sphere is a flat-bottom wall of infinite height: a move that takes an oxygen out is
refused, which keeps detailed balance exactly and costs nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.body_energies import body_energy
from selectivity.energetics.sampling import accepted, exchange_energies, swap_neighbours, turned

GOAL = 0.4
"""Acceptance that the steps are tuned to while equilibrating."""

LARGEST_STEP = 1.5
"""Å (and rad): a move across the whole sphere."""

TUNED_EVERY = 20
"""Sweeps between two adjustments of the step."""


@njit(cache=True, nogil=True, error_model="numpy")
def inside(xyz, oxygen, radius):
    """Whether an oxygen is within the sphere about the origin."""
    return xyz[0, oxygen] ** 2 + xyz[1, oxygen] ** 2 + xyz[2, oxygen] ** 2 <= radius * radius


@njit(cache=True, nogil=True, error_model="numpy")
def move_ligand(xyz, params, setting, b, oxygen, radius, beta, step, rng, kept):
    """Try one rigid move of ligand b about its oxygen; True when accepted."""
    first, last, used = setting.start[b], setting.start[b + 1], setting.ion
    before = body_energy(xyz, params, setting, used, first, last)
    for i in range(first, last):
        for axis in range(3):
            kept[axis, i - first] = xyz[axis, i]
    wx, wy, wz = step * (2 * rng.random() - 1), step * (2 * rng.random() - 1), step * (2 * rng.random() - 1)
    turned(xyz, first, last, wx, wy, wz, xyz[0, oxygen], xyz[1, oxygen], xyz[2, oxygen])
    for axis in range(3):
        shift = step * (2.0 * rng.random() - 1.0)
        for i in range(first, last):
            xyz[axis, i] += shift
    if inside(xyz, oxygen, radius) and accepted(before, body_energy(xyz, params, setting, used, first, last), beta, rng):
        return True
    for i in range(first, last):
        for axis in range(3):
            xyz[axis, i] = kept[axis, i - first]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(xyz, params, setting, oxygens, radius, beta, step, rng, kept):
    """One fine and one coarse move of every ligand of one state; the number of fine moves accepted."""
    done = 0
    for b in range(len(oxygens)):
        done += move_ligand(xyz, params, setting, b, oxygens[b], radius, beta, step, rng, kept)
        move_ligand(xyz, params, setting, b, oxygens[b], radius, beta, 4.0 * step, rng, kept)
    return done


@njit(cache=True, nogil=True, error_model="numpy")
def sample_cage(
    xyz,
    params,
    setting,
    oxygens,
    radius,
    beta,
    steps,
    stride,
    tuning,
    rng,
    energies,
    distances,
    swaps,
):
    """Record every ``stride`` sweeps, continuing from ``xyz`` (K, 3, N), which is left where it ends.

    ``energies`` (S, K, K): energy of the ion in state k's configuration under the parameters of each state, kJ/mol; ``distances``
    (S, 2, G): ion-oxygen distances in the first and the last state, Å. With ``tuning`` the ``steps`` (K,) are adjusted (equilibration).
    """
    n_states, ion = xyz.shape[0], setting.ion
    used = np.full(n_states, ion)
    no_bias, scratch, kept = np.zeros((n_states, 2)), np.empty(n_states), np.empty((3, 4))
    tally = np.zeros(n_states)
    for s in range(energies.shape[0]):
        for inner in range(stride):
            count = s * stride + inner
            for k in range(n_states):
                tally[k] += sweep(xyz[k], params[k], setting, oxygens, radius, beta, steps[k], rng, kept)
            swap_neighbours(xyz, params, setting, used, no_bias, beta, count % 2, rng, scratch, swaps)
            if tuning and count % TUNED_EVERY == TUNED_EVERY - 1:
                for k in range(n_states):
                    rate = tally[k] / (TUNED_EVERY * len(oxygens))
                    steps[k] = min(steps[k] * (0.6 + 0.4 * rate / GOAL), LARGEST_STEP)
                    tally[k] = 0.0
        for k in range(n_states):
            exchange_energies(xyz[k], params, ion, ion, ion, energies[s, k])
        for end in range(2):
            for b in range(len(oxygens)):
                x = xyz[end * (n_states - 1), :, oxygens[b]]
                distances[s, end, b] = np.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
