"""Does the filter know what stands around it? Other protein atoms near the axis, in any orientation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from selectivity.structure.filter import Surroundings
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter


@pytest.fixture(scope="module")
def kcsa(shared):
    return load_filter(shared / "structures" / "1K4C.pdb")


def test_an_ideal_filter_has_nothing_around_it():
    assert len(ideal_filter("kcsa-like").surroundings) == 0


def test_positions_cannot_be_written():
    around = Surroundings(("C",), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="read-only"):
        around.positions[0, 0] = 1.0


def test_surroundings_lie_near_the_axis_and_are_not_filter_atoms(kcsa):
    points = kcsa.in_pore_frame(kcsa.surroundings.positions)
    assert len(points) == len(kcsa.surroundings.elements)
    assert np.hypot(points[:, 0], points[:, 1]).max() < 10.0
    between = np.linalg.norm(kcsa.surroundings.positions[:, None] - kcsa.positions, axis=2)
    assert between.min() > 1.2
    assert set(kcsa.surroundings.elements) <= {"C", "N", "O", "S"}


def test_all_four_subunits_contribute_alike(kcsa):
    """The assembly's operators move the surroundings as they move the strands."""
    points = kcsa.in_pore_frame(kcsa.surroundings.positions)
    quarter = np.floor(np.mod(np.arctan2(points[:, 1], points[:, 0]), 2 * np.pi) / (np.pi / 2))
    assert np.bincount(quarter.astype(int)).tolist() == [len(points) // 4] * 4


def test_moving_the_filter_moves_its_surroundings(kcsa):
    turn = Rotation.from_euler("zyx", [0.3, 1.1, -0.7]).as_matrix()
    moved = kcsa.rotated(turn).translated([10.0, -3.0, 5.0])
    np.testing.assert_allclose(
        moved.in_pore_frame(moved.surroundings.positions), kcsa.in_pore_frame(kcsa.surroundings.positions), atol=1e-9
    )
