"""How can the ligand groups be arranged otherwise? Rigid moves of whole groups: shaken alike in all strands, or onto new bonds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import Minimum

Vector = NDArray[np.float64]

SHAKE_ANGSTROM = 0.3
"""Standard deviation of a shake in each direction, Å: the nominal amplitude of the ligands; smaller ones fall back into the same
minimum, larger ones cost more steps and find no more."""

SHAKE_RADIAN = 0.45
"""Standard deviation of a shake's rotation about each axis, rad: moves an oxygen about as far as the translation does."""


def shaken(system: LigandSystem, minimum: Minimum, rng: np.random.Generator) -> Minimum:
    """A start with every ring displaced and turned from the reference, all strands alike; the ions stay.

    The move of a ring is drawn once and carried to each strand by the rotation about the axis: low minima of a filter are
    as symmetric as the filter, and few rings have few arrangements. Waters stay where they are.
    """
    rings = [label.rsplit(" ", 1)[0] for label in system.labels]
    draws = {ring: rng.standard_normal((2, 3)) for ring in dict.fromkeys(rings)}
    oxygen = system.positions[system.oxygens()]
    azimuth = np.arctan2(oxygen[:, 1], oxygen[:, 0])
    cosine, sine, zero, one = np.cos(azimuth), np.sin(azimuth), np.zeros_like(azimuth), np.ones_like(azimuth)
    frames = np.array([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]]).transpose(2, 0, 1)
    shift = np.einsum("gij,gj->gi", frames, SHAKE_ANGSTROM * np.array([draws[ring][0] for ring in rings]))
    turn = np.einsum("gij,gj->gi", frames, SHAKE_RADIAN * np.array([draws[ring][1] for ring in rings]))
    still = np.array([kind == "water" for kind in system.kinds])
    shift[still], turn[still] = 0.0, 0.0
    start = np.where(np.isin(system.group, np.flatnonzero(still))[:, None], minimum.positions, system.positions)
    return replace(minimum, positions=_moved(system, start, shift, turn))


def on_bonds(system: LigandSystem, shape: Vector, bonds: Vector) -> Vector:
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


def _moved(system: LigandSystem, positions: Vector, shift: Vector, turn: Vector) -> Vector:
    """Groups turned by rotation vectors ``turn`` (G, 3; rad) about their first atoms' middle and moved by ``shift`` (G, 3; Å)."""
    first = system.group_start()[:-1]
    middle = 0.5 * (positions[first] + positions[first + 1])
    angle = np.linalg.norm(turn, axis=1)
    axis = turn / np.maximum(angle, 1e-12)[:, None]
    arms = positions - middle[system.group]
    a, angle = axis[system.group], angle[system.group][:, None]
    along = a * (a * arms).sum(axis=1, keepdims=True)
    turned = along + (arms - along) * np.cos(angle) + np.cross(a, arms) * np.sin(angle)
    return turned + (middle + shift)[system.group]
