"""How do all groups and ions move together? One compiled step of hybrid Monte Carlo on rigid rods and points.

A carbonyl is a rod: centre c and unit vector u. Its dynamics on R^3 x S^2 (kick with the projected force, drift along the great
circle) is reversible and keeps volume, so that accepting by the change of total energy samples the Boltzmann distribution exactly
(source: duane1987). Single-body moves would need hundreds of sweeps for the collective twists of an empty stretch of filter; one
trajectory of a dozen steps does it. Groups of three atoms (hydroxyl, water) shift as wholes where ``setting.shifts`` says so, an ion and
its shell together, but do not turn: orientations have moves of their own.

The moving atoms are gathered into the first columns of small arrays, so that pairs of resting atoms cost nothing; forces are
summed in single precision, energies in double precision.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.energetics.body_energies import moving_energy, moving_gradient, wall

STEPS = 10
"""Leapfrog steps of a trajectory: at the widths that the stiff ion-oxygen contacts allow, about a quarter period of soft modes."""

ROD_INERTIA = 0.4
"""Moment of inertia of a rod of unit mass (Å^2): (1.23 / 2)^2, that of two half masses at C and O."""


@njit(cache=True, nogil=True, error_model="numpy")
def bias_of(bias, z, z_low, z_high):
    """Bias energy at height z (kJ/mol): ``bias`` (M,) holds it on an even grid from z_low to z_high, constant outside."""
    place = min(max((z - z_low) / (z_high - z_low), 0.0), 1.0) * (len(bias) - 1)
    left = min(int(place), len(bias) - 2)
    return bias[left] + (place - left) * (bias[left + 1] - bias[left])


@njit(cache=True, nogil=True, error_model="numpy")
def slope_of_bias(bias, z, z_low, z_high):
    """d bias/dz (kJ/mol/Å) of the piecewise linear bias; zero outside its grid."""
    if z <= z_low or z >= z_high:
        return 0.0
    cell = (z_high - z_low) / (len(bias) - 1)
    left = min(int((z - z_low) / cell), len(bias) - 2)
    return (bias[left + 1] - bias[left]) / cell


@njit(cache=True, nogil=True, error_model="numpy")
def gather(start, rods, shifts, used, n_atoms, order, mark):
    """Fill ``order`` (n,) with the columns of rods, shifting groups, ions and resting atoms in use, ``mark`` (n,) with the body of each.

    Returns the number of rod atoms, of rod and shifting atoms, and of moving atoms.
    """
    n, n_groups = 0, len(rods)
    for part in range(3):
        for b in range(n_groups):
            kind = 0 if rods[b] else (1 if shifts[b] else 2)
            if kind == part and start[b] < used:
                for i in range(start[b], start[b + 1]):
                    order[n], mark[n] = i, b
                    n += 1
        if part == 0:
            n_rods = n
        if part == 1:
            n_ligand = n
            for i in range(start[-1], n_atoms):
                order[n], mark[n] = i, n_groups + i
                n += 1
            n_moving = n
    return n_rods, n_ligand, n_moving


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
def waters_inside(place, order, setting, n_ligand):
    """Do the oxygens of all waters that moved still stand in their domain?"""
    for m in range(n_ligand):
        i = order[m] - setting.pool_begin
        if i >= 0 and i % 3 == 0 and not inside(place, m, setting.allowed, setting.origin, setting.edge):
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def outer_forces(place, order, row_of, params, setting, bias, n_ligand, n_moving, force):
    """Restraints, walls and bias of the moving atoms: adds their gradient to ``force`` (3, n_moving), returns their energy (kJ/mol)."""
    reference, walls, n_all, energy = setting.reference, setting.walls, setting.start[-1], 0.0
    for m in range(n_ligand):
        i = order[m]
        k = params[3, i]
        for axis in range(3):
            away = place[axis, m] - reference[axis, i]
            energy += 0.5 * k * away * away
            force[axis, m] += k * away
    for w in range(walls.shape[0]):
        m = row_of[int(walls[w, 0])]
        if m < n_moving:
            cost, gx, gy, gz = wall(place[0, m], place[1, m], place[2, m], walls, w)
            energy += cost
            force[0, m] += gx
            force[1, m] += gy
            force[2, m] += gz
    m = n_ligand + setting.ion - n_all
    z_low, z_high = setting.ranges[setting.ion - n_all, 0], setting.ranges[setting.ion - n_all, 1]
    force[2, m] += slope_of_bias(bias, place[2, m], z_low, z_high)
    return energy + bias_of(bias, place[2, m], z_low, z_high)


@njit(cache=True, nogil=True, error_model="numpy")
def kick(force, n_rods, n_ligand, velocity, spin, axis_u, length, half):
    """Half a step of velocities: bodies by their total force, rods also by the torque-like part across u, ions by their force."""
    n = n_rods // 2
    for b in range(n):
        along = 0.0
        for a in range(3):
            velocity[a, b] -= half * (force[a, 2 * b] + force[a, 2 * b + 1])
            along += 0.5 * length[b] * (force[a, 2 * b + 1] - force[a, 2 * b]) * axis_u[a, b]
        for a in range(3):
            across = 0.5 * length[b] * (force[a, 2 * b + 1] - force[a, 2 * b]) - along * axis_u[a, b]
            spin[a, b] -= half * across / ROD_INERTIA
    for m in range(n_rods, n_ligand):
        for a in range(3):
            velocity[a, n + (m - n_rods) // 3] -= half * force[a, m]
    n_bodies = n + (n_ligand - n_rods) // 3
    for m in range(n_ligand, force.shape[1]):
        for a in range(3):
            velocity[a, n_bodies + m - n_ligand] -= half * force[a, m]


@njit(cache=True, nogil=True, error_model="numpy")
def drift(place, n_rods, n_ligand, n_moving, held, velocity, spin, axis_u, length, step):
    """A full step of positions: bodies straight on, rods along their great circle, ions straight on (held ones keep z)."""
    n = n_rods // 2
    for b in range(n):
        rate = np.sqrt(spin[0, b] ** 2 + spin[1, b] ** 2 + spin[2, b] ** 2)
        c, s = np.cos(rate * step), np.sin(rate * step)
        for a in range(3):
            centre = 0.5 * (place[a, 2 * b] + place[a, 2 * b + 1]) + step * velocity[a, b]
            u = axis_u[a, b]
            if rate > 0.0:
                axis_u[a, b] = u * c + spin[a, b] / rate * s
                spin[a, b] = spin[a, b] * c - u * rate * s
            place[a, 2 * b] = centre - 0.5 * length[b] * axis_u[a, b]
            place[a, 2 * b + 1] = centre + 0.5 * length[b] * axis_u[a, b]
    for m in range(n_rods, n_ligand):
        for a in range(3):
            place[a, m] += step * velocity[a, n + (m - n_rods) // 3]
    n_bodies = n + (n_ligand - n_rods) // 3
    for m in range(n_ligand, n_moving):
        for a in range(2 if held[m - n_ligand] else 3):
            place[a, m] += step * velocity[a, n_bodies + m - n_ligand]


@njit(cache=True, nogil=True, error_model="numpy")
def draw_velocities(n_rods, axis_u, beta, rng, velocity, spin):
    """Thermal velocities of unit masses; the spin of a rod lies across it."""
    width = 1.0 / np.sqrt(beta)
    for b in range(velocity.shape[1]):
        for a in range(3):
            velocity[a, b] = width * rng.normal()
    for b in range(n_rods // 2):
        along = 0.0
        for a in range(3):
            spin[a, b] = width / np.sqrt(ROD_INERTIA) * rng.normal()
            along += spin[a, b] * axis_u[a, b]
        for a in range(3):
            spin[a, b] -= along * axis_u[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def kinetic(n_rods, n_ligand, held, velocity, spin):
    """Kinetic energy of rods, shifting groups and ions, kJ/mol (a held ion does not move along z)."""
    n, n_bodies, energy = n_rods // 2, n_rods // 2 + (n_ligand - n_rods) // 3, 0.0
    for b in range(velocity.shape[1]):
        for a in range(3):
            if not (b >= n_bodies and a == 2 and held[b - n_bodies]):
                energy += 0.5 * velocity[a, b] ** 2
            if b < n:
                energy += 0.5 * ROD_INERTIA * spin[a, b] ** 2
    return energy


@njit(cache=True, nogil=True, error_model="numpy")
def trajectory(xyz, params, setting, used, bias, beta, step, rng):
    """Try one trajectory of all rods, shifting groups and ions in place; True when accepted."""
    n_atoms, held = xyz.shape[1], setting.held
    n = used + n_atoms - setting.start[-1]
    order, mark = np.empty(n, np.int64), np.empty(n)
    n_rods, n_ligand, n_moving = gather(setting.start, setting.rods, setting.shifts, used, n_atoms, order, mark)
    row_of = np.full(n_atoms, n_atoms)
    place, types, weight = np.empty((3, n)), np.empty((3, n)), np.empty((2, n))
    for m in range(n):
        row_of[order[m]] = m
        for a in range(3):
            place[a, m], types[a, m] = xyz[a, order[m]], params[a, order[m]]
        weight[1, m] = 1.0
        weight[0, m] = 1.0 if n_ligand <= m < n_moving else setting.coupling
    quick = (place.astype(np.float32), types.astype(np.float32), mark.astype(np.float32), weight.astype(np.float32))
    weight[:, :n_moving] *= 0.5
    n_bodies = n_rods // 2 + (n_ligand - n_rods) // 3 + n_moving - n_ligand
    velocity, spin, axis_u, length = (
        np.empty((3, n_bodies)),
        np.empty((3, n_rods // 2)),
        np.empty((3, n_rods // 2)),
        np.empty(n_rods // 2),
    )
    for b in range(n_rods // 2):
        dx, dy, dz = (
            place[0, 2 * b + 1] - place[0, 2 * b],
            place[1, 2 * b + 1] - place[1, 2 * b],
            place[2, 2 * b + 1] - place[2, 2 * b],
        )
        length[b] = np.sqrt(dx * dx + dy * dy + dz * dz)
        axis_u[0, b], axis_u[1, b], axis_u[2, b] = dx / length[b], dy / length[b], dz / length[b]
    draw_velocities(n_rods, axis_u, beta, rng, velocity, spin)
    before = kinetic(n_rods, n_ligand, held, velocity, spin)
    before += moving_energy(place, types, mark, weight, n_moving, n_ligand)
    grad, force, outer = np.empty((3, n_moving), np.float32), np.empty((3, n_moving)), 0.0
    dt = step * (0.8 + 0.4 * rng.random())
    for s in range(STEPS + 1):
        for a in range(3):
            for m in range(n_moving):
                quick[0][a, m] = place[a, m]
        moving_gradient(*quick, n_moving, n_ligand, grad)
        for a in range(3):
            for m in range(n_moving):
                force[a, m] = grad[a, m]
        outer = outer_forces(place, order, row_of, params, setting, bias, n_ligand, n_moving, force)
        if s == 0:
            before += outer
        kick(force, n_rods, n_ligand, velocity, spin, axis_u, length, dt if 0 < s < STEPS else 0.5 * dt)
        if s < STEPS:
            drift(place, n_rods, n_ligand, n_moving, held, velocity, spin, axis_u, length, dt)
    if not waters_inside(place, order, setting, n_ligand):
        return False
    after = kinetic(n_rods, n_ligand, held, velocity, spin) + outer
    after += moving_energy(place, types, mark, weight, n_moving, n_ligand)
    if after <= before or rng.random() < np.exp(-beta * (after - before)):
        for m in range(n_moving):
            for a in range(3):
                xyz[a, order[m]] = place[a, m]
        return True
    return False
