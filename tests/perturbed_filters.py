"""Filters displaced within their coordinate errors: the brute force that the analytic propagation is held against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selectivity.energetics.coordinate_error import AtomErrors
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import Minimum
from selectivity.energetics.propagation import LigandErrors


def perturbed(positions, errors: AtomErrors, rng: np.random.Generator):
    """Positions (n, 3; pore frame) with every independent atom displaced at random, its copies with it."""
    numbers, index = np.unique(errors.unique, return_inverse=True)
    steps = rng.standard_normal((len(numbers), 3))[index] * errors.sigma[:, None]
    radial = positions[:, :2] / np.maximum(np.linalg.norm(positions[:, :2], axis=1, keepdims=True), 1e-9)
    tangential = np.column_stack([-radial[:, 1], radial[:, 0]])
    moved = positions.copy()
    moved[:, :2] += steps[:, :1] * radial + steps[:, 1:2] * tangential
    moved[:, 2] += steps[:, 2]
    return moved


def moved_system(system: LigandSystem, errors: LigandErrors, rng: np.random.Generator) -> LigandSystem:
    """The system with its reference displaced at random within the errors; every group keeps its shape."""
    known = np.flatnonzero(errors.unique >= 0)
    atoms = AtomErrors(errors.sigma[known], errors.unique[known], "", False)
    wanted = np.array(system.positions)
    wanted[known] = perturbed(system.positions[known], atoms, rng)
    placed = on_bonds(system, system.positions, wanted)
    placed.setflags(write=False)
    return replace(system, positions=placed)


def carried(system: LigandSystem, moved: LigandSystem, minimum: Minimum) -> Minimum:
    """A minimum of the unperturbed filter as a start in the perturbed one: every group takes its displacement along."""
    shifted = minimum.positions + moved.positions - system.positions
    return replace(minimum, positions=on_bonds(system, minimum.positions, shifted))


def on_bonds(system: LigandSystem, shape, bonds):
    """Every group of ``shape`` (A, 3) turned and moved, unchanged in itself, so that its first two atoms lie along ``bonds``.

    Only the first two atoms of each group in ``bonds`` (A, 3) are read: they give the direction and the middle.
    """
    first = system.group_start()[:-1]
    old, new = shape[first + 1] - shape[first], bonds[first + 1] - bonds[first]
    old /= np.linalg.norm(old, axis=1, keepdims=True)
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    middle = 0.5 * (shape[first] + shape[first + 1])
    target = 0.5 * (bonds[first] + bonds[first + 1])
    axis = np.cross(old, new)
    cosine = (old * new).sum(axis=1)
    arms = shape - middle[system.group]
    a, c = axis[system.group], cosine[system.group][:, None]
    turned = arms * c + np.cross(a, arms) + a * (a * arms).sum(axis=1, keepdims=True) / (1.0 + c)
    return turned + target[system.group]
