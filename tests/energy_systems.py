"""Ligand systems that the energy tests share: random ones with every kind of group, and the bundled filter."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from selectivity.energetics.groups import Group, force_constant, hydroxyl_hydrogen, water_sites
from selectivity.energetics.ligands import LigandSystem, filter_ligands, pack
from selectivity.structure.ideal import ideal_filter

IONS = {"charmm36": ("K", "Na", "Cs"), "amber": ("K", "Tl", "NH4")}


@cache
def kcsa(force_field: str = "charmm36", sigma: float = 0.30) -> LigandSystem:
    """The ligands of the bundled KcsA-like filter: 4 hydroxyls and 20 carbonyls."""
    return filter_ligands(ideal_filter("kcsa-like"), force_field=force_field, sigma=sigma)


def random_system(seed: int, force_field: str) -> tuple[LigandSystem, tuple[str, ...], np.ndarray, np.ndarray]:
    """Five carbonyls, three hydroxyls, two waters in random poses, ions among them: system, ions, positions, ion positions.

    Bodies sit on a jittered 3.4 Å grid, so that nothing overlaps and nothing is far; the reference differs from the positions
    by a random rigid displacement of every group.
    """
    rng = np.random.default_rng(seed)
    ions = IONS[force_field]
    grid = 3.4 * np.argwhere(np.ones((3, 3, 3))) + rng.uniform(-0.4, 0.4, size=(27, 3)) - 3.4
    places = grid[rng.permutation(27)]
    kinds = [
        "carbonyl",
        "hydroxyl",
        "water",
        "carbonyl",
        "hydroxyl",
        "carbonyl",
        "water",
        "hydroxyl",
        "carbonyl",
        "carbonyl",
    ]
    groups, moved = [], []
    for kind, place in zip(kinds, places, strict=False):
        shape = place + Rotation.random(random_state=rng).apply(_shape(kind))
        turn = Rotation.from_rotvec(rng.normal(scale=0.2, size=3))
        moved.append(place + turn.apply(shape - place) + rng.normal(scale=0.15, size=3))
        groups.append(_group(kind, shape, rng))
    system = pack(groups, force_field=force_field)
    return system, ions, np.concatenate(moved), places[len(kinds) : len(kinds) + len(ions)]


def _shape(kind: str) -> np.ndarray:
    if kind == "carbonyl":
        return np.array([[0.0, 0.0, 1.23], [0.0, 0.0, 0.0]])
    if kind == "water":
        return water_sites(np.zeros(3), np.array([0.3, 0.2, 1.0]))
    cb, oxygen = np.array([-1.42, 0.0, 0.0]), np.zeros(3)
    return np.array([cb, oxygen, hydroxyl_hydrogen(cb, oxygen, np.array([0.0, 0.3, 1.0]))])


def _group(kind: str, shape: np.ndarray, rng: np.random.Generator) -> Group:
    k = force_constant(rng.uniform(0.2, 0.5))
    if kind == "carbonyl":
        return Group(kind, kind, ("C", "O"), shape, np.array([k, 0.7 * k]), (1, 2))
    if kind == "hydroxyl":
        return Group(kind, kind, ("CB", "OG1", "HG1"), shape, np.array([k, k, 0.0]), (3, 4, -1))
    return Group(kind, kind, ("O", "H1", "H2"), shape, np.zeros(3), (-1, -1, -1), (-2.0, 2.0, 1.5))
