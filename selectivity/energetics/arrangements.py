"""How can the ligand groups be arranged otherwise? Rings shaken at random, alike in all strands; when two arrangements are one."""

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

PART_ANGSTROM, PART_RADIAN = 0.4, 1.0
"""The same for a shake of one or two rings only: larger, as the rest stays; it turns single rings over."""

SAME_ARRANGEMENT = 0.3
"""Å; ligand atoms that all differ less belong to one arrangement: they follow an ion by 0.1-0.2 Å from one height to the next,
while a carbonyl that leans the other way moves by half an Å or more."""


def alike(one: Minimum, other: Minimum) -> bool:
    """Whether two minima are the same arrangement of the ligands."""
    return bool(np.abs(one.positions - other.positions).max() < SAME_ARRANGEMENT)


def shaken(system: LigandSystem, minimum: Minimum, rng: np.random.Generator) -> Minimum:
    """A start with every ring displaced and turned from the reference, all strands alike; the ions stay.

    The move of a ring is drawn once and carried to each strand by the rotation about the axis: low minima of a filter are
    as symmetric as the filter, and few rings have few arrangements. Waters stay where they are.
    """
    rings = [label.rsplit(" ", 1)[0] for label in system.labels]
    draws = {ring: rng.standard_normal((2, 3)) for ring in dict.fromkeys(rings)}
    frames = _frames(system)
    shift = np.einsum("gij,gj->gi", frames, SHAKE_ANGSTROM * np.array([draws[ring][0] for ring in rings]))
    turn = np.einsum("gij,gj->gi", frames, SHAKE_RADIAN * np.array([draws[ring][1] for ring in rings]))
    still = np.array([kind == "water" for kind in system.kinds])
    shift[still], turn[still] = 0.0, 0.0
    start = np.where(np.isin(system.group, np.flatnonzero(still))[:, None], minimum.positions, system.positions)
    return replace(minimum, positions=_moved(system, start, shift, turn))


def partly_shaken(system: LigandSystem, minimum: Minimum, rng: np.random.Generator) -> Minimum:
    """A start with one or two rings of a minimum displaced and turned, all strands alike; the other rings and the ions stay."""
    rings = [
        label.rsplit(" ", 1)[0] for label, kind in zip(system.labels, system.kinds, strict=True) if kind != "water"
    ]
    names = list(dict.fromkeys(rings))
    chosen = rng.choice(len(names), size=min(int(rng.integers(1, 3)), len(names)), replace=False)
    draws = {names[i]: rng.standard_normal((2, 3)) for i in chosen}
    frames = _frames(system)
    labels = [label.rsplit(" ", 1)[0] for label in system.labels]
    nothing = np.zeros((2, 3))
    shift = np.einsum("gij,gj->gi", frames, PART_ANGSTROM * np.array([draws.get(r, nothing)[0] for r in labels]))
    turn = np.einsum("gij,gj->gi", frames, PART_RADIAN * np.array([draws.get(r, nothing)[1] for r in labels]))
    return replace(minimum, positions=_moved(system, minimum.positions, shift, turn))


def _frames(system: LigandSystem) -> Vector:
    """Radial, tangential and axial directions at every group's oxygen, (G, 3, 3)."""
    oxygen = system.positions[system.oxygens()]
    azimuth = np.arctan2(oxygen[:, 1], oxygen[:, 0])
    cosine, sine, zero, one = np.cos(azimuth), np.sin(azimuth), np.zeros_like(azimuth), np.ones_like(azimuth)
    return np.array([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]]).transpose(2, 0, 1)


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
