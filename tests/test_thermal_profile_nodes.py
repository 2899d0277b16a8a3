"""Are the nodes of the queue the coarse-grained profile? Closed forms, invariances, first-order errors against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from selectivity.constants import thermal_energy
from selectivity.energetics.profile_nodes import cells, profile_nodes
from selectivity.errors import SelectivityError

RT = thermal_energy(298.15)
PLANES = [-3.1, 0.0, 3.0, 6.1]
Z = np.linspace(-3.1, 6.1, 41)


def corrugated(amplitude: float, phase: float = 0.0) -> np.ndarray:
    return amplitude * np.cos(2.0 * np.pi * Z / 3.05 + phase)


def test_a_flat_profile_keeps_its_value_in_every_node():
    nodes = profile_nodes(Z, np.full(len(Z), 12.0), np.full(len(Z), -3.0), PLANES)
    assert [node.kind for node in nodes] == ["plane", "cage"] * 3 + ["plane"]
    for node in nodes:
        assert node.ddg_kj_mol == pytest.approx(12.0)
        assert node.first_kj_mol == pytest.approx(-3.0)


@pytest.mark.parametrize("stiffness", [4.0, 40.0, 160.0])
def test_a_harmonic_well_has_the_free_energy_of_its_error_function(stiffness):
    """exp(-k z^2 / 2RT) over the cell from -a to a: sqrt(2 pi RT / k) erf(a sqrt(k / 2RT)); another k for the other ion."""
    z = np.linspace(-1.5, 1.5, 13)
    first, second = 0.5 * stiffness * z**2, 0.5 * 3.0 * stiffness * z**2 + 7.0
    node = profile_nodes(z, second - first, first, [-1.5, 1.5])[1]

    def exact(k: float) -> float:
        half = 0.75
        return -RT * np.log(np.sqrt(2.0 * np.pi * RT / k) * erf(half * np.sqrt(k / (2.0 * RT))) / (2.0 * half))

    assert (node.z_low, node.z_high) == pytest.approx((-0.75, 0.75))
    assert node.first_kj_mol == pytest.approx(exact(stiffness), abs=2e-3)
    assert node.second_kj_mol == pytest.approx(7.0 + exact(3.0 * stiffness), abs=2e-3)


def test_planes_as_resistances_weigh_the_top_and_leave_the_cages_alone():
    """+RT ln mean exp(W/RT): the mirror image of the occupancy of -W; cages keep theirs."""
    ddg, w = 10.0 + corrugated(8.0, 0.4), corrugated(12.0)
    wells = profile_nodes(Z, ddg, w, PLANES)
    tops = profile_nodes(Z, ddg, w, PLANES, planes_as="resistance")
    mirror = profile_nodes(Z, -ddg, -w, PLANES)
    for well, top, other in zip(wells, tops, mirror, strict=True):
        if well.kind == "cage":
            assert top == well
        else:
            assert (top.first_kj_mol, top.second_kj_mol) == pytest.approx((-other.first_kj_mol, -other.second_kj_mol))
            assert top.first_kj_mol > well.first_kj_mol


def test_cells_take_a_quarter_of_each_site_and_leave_no_gap():
    edges = cells([-3.1, 0.0, 3.0], -10.0, 10.0)
    assert edges[0] == pytest.approx((-3.875, -2.325)) and edges[-1] == pytest.approx((2.25, 3.75))
    assert edges[2] == pytest.approx((-0.775, 0.75))
    assert all(one[1] == other[0] for one, other in zip(edges, edges[1:], strict=False))


def test_swapping_the_ions_flips_the_sign_of_every_node():
    ddg, w = 10.0 + corrugated(8.0, 0.4), corrugated(-12.0)
    there = profile_nodes(Z, ddg, w, PLANES)
    back = profile_nodes(Z, -ddg, w + ddg, PLANES)
    assert [node.ddg_kj_mol for node in back] == pytest.approx([-node.ddg_kj_mol for node in there])


def test_zero_of_the_first_profile_shifts_both_ions_alike():
    ddg, w = 10.0 + corrugated(8.0, 0.4), corrugated(-12.0)
    for low, high in zip(profile_nodes(Z, ddg, w, PLANES), profile_nodes(Z, ddg, w + 5.0, PLANES), strict=True):
        assert high.first_kj_mol - low.first_kj_mol == pytest.approx(5.0)
        assert high.ddg_kj_mol == pytest.approx(low.ddg_kj_mol)


def test_a_finer_profile_of_the_same_function_gives_the_same_nodes():
    fine = np.linspace(-3.1, 6.1, 401)
    shapes = [(10.0 + 8.0 * np.cos(2.06 * z), -12.0 * np.cos(2.06 * z)) for z in (Z, fine)]
    coarse, exact = (profile_nodes(z, *shape, PLANES) for z, shape in zip((Z, fine), shapes, strict=True))
    assert [n.ddg_kj_mol for n in coarse] == pytest.approx([n.ddg_kj_mol for n in exact], abs=0.01)


def test_errors_are_those_of_perturbed_profiles():
    """First order against the spread of 400 perturbed profiles, whose own relative error is 3.5 %."""
    rng = np.random.default_rng(8)
    ddg, w = 10.0 + corrugated(8.0, 0.4), corrugated(-6.0)
    errors = np.linspace(0.1, 0.3, len(Z))
    walk = 0.05 * np.tri(len(Z))
    nodes = profile_nodes(Z, ddg, w, PLANES, ddg_error=errors, w_first_covariance=walk @ walk.T)
    moved = [
        [
            node.ddg_kj_mol
            for node in profile_nodes(
                Z, ddg + errors * rng.normal(size=len(Z)), w + walk @ rng.normal(size=len(Z)), PLANES
            )
        ]
        for _ in range(400)
    ]
    assert [node.error_kj_mol for node in nodes] == pytest.approx(np.std(moved, axis=0), rel=0.14)


def test_names_are_those_given_and_numbers_otherwise():
    flat = np.zeros(len(Z))
    named = profile_nodes(Z, flat, flat, PLANES, plane_names=["T75 O", "V76 O", "G77 O", "Y78 O"], cage_names=["S3"])
    assert [node.name for node in named] == ["T75 O", "S3", "V76 O", "cage 2", "G77 O", "cage 3", "Y78 O"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"planes": [0.0]}, "at least two"),
        ({"planes": [3.0, 0.0]}, "increasing"),
        ({"planes": [-9.0, 0.0]}, "must reach every plane"),
        ({"ddg": np.zeros(3)}, "one of each"),
        ({"w_first": np.full(len(Z), np.nan)}, "finite"),
        ({"z": Z[::-1]}, "increase"),
        ({"temperature": 0.0}, "positive temperature"),
        ({"planes_as": "tops"}, "occupancy"),
    ],
)
def test_refusals(change, words):
    given = {"z": Z, "ddg": np.zeros(len(Z)), "w_first": np.zeros(len(Z)), "planes": PLANES} | change
    with pytest.raises(SelectivityError, match=words):
        profile_nodes(**given)
