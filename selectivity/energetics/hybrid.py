"""How do all carbonyls and ions move together? One compiled step of hybrid Monte Carlo on rigid rods and points.

A carbonyl is a rod: centre c and unit vector u. Its dynamics on R^3 x S^2 (kick with the projected force, drift along the great
circle) is reversible and keeps volume, so that accepting by the change of total energy samples the Boltzmann distribution exactly
(source: duane1987). Single-body moves would need hundreds of sweeps for the collective twists of an empty stretch of filter; one
trajectory of a dozen steps does it. Groups of three atoms (hydroxyl, water) rest meanwhile and have moves of their own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.kernels import N_TERMS, interactions

STEPS = 10
"""Leapfrog steps of a trajectory: at the widths that the stiff ion-oxygen contacts allow, about a quarter period of soft modes."""

ROD_INERTIA = 0.4
"""Moment of inertia of a rod of unit mass (Å^2): (1.23 / 2)^2, that of two half masses at C and O."""


@njit(cache=True, nogil=True, error_model="numpy")
def slope_of_bias(bias, z, z_low, z_high):
    """d bias/dz (kJ/mol/Å) of the piecewise linear bias; zero outside its grid."""
    if z <= z_low or z >= z_high:
        return 0.0
    cell = (z_high - z_low) / (len(bias) - 1)
    left = min(int((z - z_low) / cell), len(bias) - 2)
    return (bias[left + 1] - bias[left]) / cell


@njit(cache=True, nogil=True, error_model="numpy")
def kick(xyz, grad, start, rods, velocity, spin, axis_u, half, length):
    """Half a step of velocities: centres by the total force, rods also by the torque-like part across u, ions by their force."""
    n_ligand = start[-1]
    for b in range(len(rods)):
        if not rods[b]:
            continue
        i = start[b]
        along = 0.0
        for a in range(3):
            velocity[a, b] -= half * (grad[a, i] + grad[a, i + 1])
            along += 0.5 * length[b] * (grad[a, i + 1] - grad[a, i]) * axis_u[a, b]
        for a in range(3):
            across = 0.5 * length[b] * (grad[a, i + 1] - grad[a, i]) - along * axis_u[a, b]
            spin[a, b] -= half * across / ROD_INERTIA
    for i in range(n_ligand, xyz.shape[1]):
        for a in range(3):
            velocity[a, len(rods) + i - n_ligand] -= half * grad[a, i]


@njit(cache=True, nogil=True, error_model="numpy")
def drift(xyz, start, rods, held, velocity, spin, axis_u, step, length):
    """A full step of positions: centres straight on, rods along their great circle, ions straight on (held ones keep z)."""
    n_ligand = start[-1]
    for b in range(len(rods)):
        if not rods[b]:
            continue
        i = start[b]
        rate = np.sqrt(spin[0, b] ** 2 + spin[1, b] ** 2 + spin[2, b] ** 2)
        c, s = np.cos(rate * step), np.sin(rate * step)
        for a in range(3):
            centre = 0.5 * (xyz[a, i] + xyz[a, i + 1]) + step * velocity[a, b]
            u = axis_u[a, b]
            if rate > 0.0:
                axis_u[a, b] = u * c + spin[a, b] / rate * s
                spin[a, b] = spin[a, b] * c - u * rate * s
            xyz[a, i] = centre - 0.5 * length[b] * axis_u[a, b]
            xyz[a, i + 1] = centre + 0.5 * length[b] * axis_u[a, b]
    for i in range(n_ligand, xyz.shape[1]):
        for a in range(2 if held[i - n_ligand] else 3):
            xyz[a, i] += step * velocity[a, len(rods) + i - n_ligand]


@njit(cache=True, nogil=True, error_model="numpy")
def draw_velocities(start, rods, held, axis_u, beta, rng, velocity, spin):
    """Fill velocities with thermal ones (unit masses); the spin of a rod lies across it. Returns the kinetic energy (kJ/mol)."""
    n_groups, width = len(rods), 1.0 / np.sqrt(beta)
    energy = 0.0
    for b in range(velocity.shape[1]):
        for a in range(3):
            velocity[a, b] = 0.0
            if b >= n_groups or rods[b]:
                velocity[a, b] = width * rng.normal()
        if b >= n_groups and held[b - n_groups]:
            velocity[2, b] = 0.0
    for b in range(n_groups):
        if rods[b]:
            along = 0.0
            for a in range(3):
                spin[a, b] = width / np.sqrt(ROD_INERTIA) * rng.normal()
                along += spin[a, b] * axis_u[a, b]
            for a in range(3):
                spin[a, b] -= along * axis_u[a, b]
    energy += kinetic(rods, held, velocity, spin)
    return energy


@njit(cache=True, nogil=True, error_model="numpy")
def kinetic(rods, held, velocity, spin):
    """Kinetic energy of rods and ions, kJ/mol (a held ion does not move along z)."""
    n_groups, energy = len(rods), 0.0
    for b in range(velocity.shape[1]):
        for a in range(3):
            if not (b >= n_groups and a == 2 and held[b - n_groups]):
                energy += 0.5 * velocity[a, b] ** 2
    for b in range(n_groups):
        if rods[b]:
            for a in range(3):
                energy += 0.5 * ROD_INERTIA * spin[a, b] ** 2
    return energy


@njit(cache=True, nogil=True, error_model="numpy")
def trajectory(xyz, params, ref, start, walls, coupling, rods, ranges, held, ion, bias, beta, step, rng, work):
    """Try one trajectory of all rods and ions in place; True when accepted. ``work`` (6, 3, N) is scratch space."""
    n_ligand, n_bodies = start[-1], len(rods) + xyz.shape[1] - start[-1]
    kept, grad, velocity, spin, axis_u, sizes = work[0], work[1], work[2], work[3], work[4], work[5]
    velocity, length = velocity[:, :n_bodies], sizes[0]
    terms = np.empty(N_TERMS)
    z_low, z_high = ranges[ion - n_ligand, 0], ranges[ion - n_ligand, 1]
    kept[:] = xyz
    for b in range(len(rods)):
        if rods[b]:
            i = start[b]
            length[b] = np.sqrt(
                (xyz[0, i + 1] - xyz[0, i]) ** 2 + (xyz[1, i + 1] - xyz[1, i]) ** 2 + (xyz[2, i + 1] - xyz[2, i]) ** 2
            )
            for a in range(3):
                axis_u[a, b] = (xyz[a, i + 1] - xyz[a, i]) / length[b]
    before = draw_velocities(start, rods, held, axis_u, beta, rng, velocity, spin)
    before += interactions(xyz, params, ref, start, walls, coupling, grad, terms) + bias_of(
        bias, xyz[2, ion], z_low, z_high
    )
    dt = step * (0.8 + 0.4 * rng.random())
    for _ in range(STEPS):
        grad[2, ion] += slope_of_bias(bias, xyz[2, ion], z_low, z_high)
        kick(xyz, grad, start, rods, velocity, spin, axis_u, 0.5 * dt, length)
        drift(xyz, start, rods, held, velocity, spin, axis_u, dt, length)
        after = interactions(xyz, params, ref, start, walls, coupling, grad, terms)
        slope = slope_of_bias(bias, xyz[2, ion], z_low, z_high)
        grad[2, ion] += slope
        kick(xyz, grad, start, rods, velocity, spin, axis_u, 0.5 * dt, length)
        grad[2, ion] -= slope
    after += kinetic(rods, held, velocity, spin) + bias_of(bias, xyz[2, ion], z_low, z_high)
    if after <= before or rng.random() < np.exp(-beta * (after - before)):
        return True
    xyz[:] = kept
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def bias_of(bias, z, z_low, z_high):
    """Bias energy at height z (kJ/mol): ``bias`` (M,) holds it on an even grid from z_low to z_high, constant outside."""
    place = min(max((z - z_low) / (z_high - z_low), 0.0), 1.0) * (len(bias) - 1)
    left = min(int(place), len(bias) - 2)
    return bias[left] + (place - left) * (bias[left + 1] - bias[left])
