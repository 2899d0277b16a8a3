"""Reasons to believe the rules: closed forms, limits, agreement of two rules and of two ways to take a derivative."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.constants import KJ_PER_KCAL, thermal_energy
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.permeation.barrier import (
    Stretch,
    barrier_by_rule,
    barriers_when_moved,
    measured_affinity_profile,
    tabulated_profile,
    trapezoid_lengths,
)
from selectivity.permeation.ratio import (
    barrier_difference,
    barrier_difference_error,
    permeability_ratio,
)
from selectivity.permeation.rules import (
    affinity_energy,
    corrugation,
    profile_rule,
    rate_limiting_rule,
    sites_rule,
)
from selectivity.permeation.uncertainty import (
    log10_ratio_error,
    normal_interval,
    quadrature,
    ratio_interval,
    uniform_spread,
)

T = 298.15
energies = st.lists(st.floats(-60.0, 60.0), min_size=3, max_size=12)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(293.15, 137.5), (298.15, 126.6), (310.00, 105.2), (310.15, 104.95)],
)
def test_twelve_kilojoule_give_the_published_ratios(temperature, expected):
    # FACTS 5, claim 7; the table rounds to four digits
    assert permeability_ratio(12.0, temperature=temperature) == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize(("ratio", "kj"), [(10, 5.71), (100, 11.42), (150, 12.42), (1000, 17.12), (10000, 22.83)])
def test_ratios_have_the_published_barriers(ratio, kj):
    assert barrier_difference(ratio, temperature=T) == pytest.approx(kj, abs=0.005)


@given(st.floats(-200.0, 200.0), st.floats(250.0, 373.0))
def test_ratio_and_barrier_are_inverse(ddg, temperature):
    ratio = permeability_ratio(ddg, temperature=temperature)
    assert barrier_difference(ratio, temperature=temperature) == pytest.approx(ddg, rel=1e-9, abs=1e-9)


def test_barrier_error_equals_that_of_sampled_ratios():
    ratios = np.random.default_rng(3).normal(100.0, 2.0, 200_000)
    sampled = np.std([thermal_energy(T) * np.log(ratios)])
    assert barrier_difference_error(100.0, 2.0, temperature=T) == pytest.approx(sampled, rel=0.01)


@given(st.floats(-40.0, 40.0), energies)
def test_constant_preference_without_access_is_its_boltzmann_factor(ddg, first):
    z = 0.25 * np.arange(len(first))
    barrier = profile_rule(z, [ddg] * len(first), temperature=T, first_profile=first, access_length=0.0)
    assert barrier.ddg_kj_mol == pytest.approx(ddg, rel=1e-9, abs=1e-9)


@given(energies)
def test_very_long_mouths_hide_the_filter(ddg):
    z = 0.25 * np.arange(len(ddg))
    barrier = profile_rule(z, ddg, temperature=T, access_length=1e18)
    assert permeability_ratio(barrier.ddg_kj_mol, temperature=T) == pytest.approx(1.0, abs=1e-4)


def test_access_length_enters_as_the_formula_says():
    # one cage of 3 Å at a constant ddG: (A + 3 e)/(A + 3)
    factor = math.exp(12.0 / thermal_energy(T))
    barrier = profile_rule([0.0, 1.5, 3.0], [12.0] * 3, temperature=T, access_length=10.0)
    expected = (10.0 + 3.0 * factor) / 13.0
    assert permeability_ratio(barrier.ddg_kj_mol, temperature=T) == pytest.approx(expected, rel=1e-12)


def test_profile_integral_equals_scipy_on_a_smooth_profile():
    from scipy.integrate import quad

    def ddg(z):
        return 10.0 + 8.0 * np.cos(2.1 * z)

    def first(z):
        return 5.0 * np.sin(z)

    thermal = thermal_energy(T)
    above = quad(lambda z: np.exp((ddg(z) + first(z)) / thermal), 0.0, 9.0, limit=200)[0]
    below = quad(lambda z: np.exp(first(z) / thermal), 0.0, 9.0, limit=200)[0]
    z = np.linspace(0.0, 9.0, 2001)
    barrier = profile_rule(z, ddg(z), temperature=T, first_profile=first(z), access_length=10.0)
    assert barrier.ddg_kj_mol == pytest.approx(thermal * math.log((10 + above) / (10 + below)), rel=1e-5)


@given(st.lists(st.tuples(st.floats(1.0, 5.0), st.floats(-30.0, 40.0)), min_size=1, max_size=5))
def test_sites_equal_profile_for_a_piecewise_constant_preference(sites):
    lengths, values = [length for length, _ in sites], [value for _, value in sites]
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    gap = 1e-9
    z = np.ravel([(low + gap, high - gap) for low, high in pairwise(edges)])
    by_profile = profile_rule(z, np.repeat(values, 2), temperature=T)
    by_sites = sites_rule(lengths, values, temperature=T)
    assert by_profile.ddg_kj_mol == pytest.approx(by_sites.ddg_kj_mol, rel=1e-6, abs=1e-6)


@given(energies, st.floats(0.0, 30.0))
def test_weights_are_the_derivative(ddg, access):
    z = 0.25 * np.arange(len(ddg))
    first = np.linspace(0.0, 10.0, len(ddg))

    def value(energies):
        return profile_rule(z, energies, temperature=T, first_profile=first, access_length=access)

    weights = value(ddg).weights
    step = 1e-3
    for i in range(len(ddg)):
        up, down = np.array(ddg), np.array(ddg)
        up[i] += step
        down[i] -= step
        slope = (value(up).ddg_kj_mol - value(down).ddg_kj_mol) / (2 * step)
        assert weights[i] == pytest.approx(slope, abs=1e-6)
    assert weights.sum() <= 1.0 + 1e-12


@given(energies)
def test_swapping_the_ions_flips_the_sign(ddg):
    z = 0.25 * np.arange(len(ddg))
    first = 3.0 * np.sin(z)
    forward = profile_rule(z, ddg, temperature=T, first_profile=first)
    backward = profile_rule(z, -np.array(ddg), temperature=T, first_profile=first + np.array(ddg))
    assert backward.ddg_kj_mol == pytest.approx(-forward.ddg_kj_mol, rel=1e-9, abs=1e-9)
    swapped = rate_limiting_rule(-np.array(ddg), first_profile=first + np.array(ddg))
    assert swapped.ddg_kj_mol == pytest.approx(-rate_limiting_rule(ddg, first_profile=first).ddg_kj_mol, abs=1e-9)


@given(energies)
def test_profile_without_mouths_lies_within_its_extremes(ddg):
    z = 0.25 * np.arange(len(ddg))
    barrier = profile_rule(z, ddg, temperature=T, access_length=0.0)
    assert min(ddg) - 1e-9 <= barrier.ddg_kj_mol <= max(ddg) + 1e-9


def test_barriers_in_planes_or_cages_pick_the_local_preference():
    # W at the planes weighs the planes: with W high there the answer tends to their ddG, and to the cages' otherwise
    z = np.linspace(0.0, 9.0, 361)
    planes = [0.0, 3.0, 6.0, 9.0]
    ddg = 10.0 - 8.0 * np.cos(2 * np.pi * z / 3.0)
    in_planes, in_cages = (
        profile_rule(
            z, ddg, temperature=T, access_length=0.0, first_profile=corrugation(z, planes, barrier=200.0, at=place)
        ).ddg_kj_mol
        for place in ("planes", "cages")
    )
    assert in_planes == pytest.approx(2.0, abs=0.5)
    assert in_cages == pytest.approx(18.0, abs=0.5)


def test_corrugation_rests_in_its_wells_and_follows_uneven_planes():
    w = corrugation([0.0, 2.0, 4.0, 5.0, 6.0], [0.0, 4.0, 6.0], barrier=10.0, well=-20.0)
    assert w == pytest.approx([-10.0, -20.0, -10.0, -20.0, -10.0])


@pytest.mark.parametrize("rule", ["profile", "sites", "rate-limiting"])
def test_moving_many_profiles_at_once_equals_moving_each(rule):
    rng = np.random.default_rng(6)
    z = np.linspace(0.0, 6.0, 25)
    stretch = Stretch(
        z=z, lengths=trapezoid_lengths(z), ddg=20.0 * np.sin(z), planes=np.array([0.0, 3.0, 6.0]),
        site_z=np.array([1.5, 4.5]), site_lengths=np.array([3.0, 3.0]), site_ddg=np.array([20.0, 15.0]),
    )  # fmt: skip
    profile, _, _ = measured_affinity_profile(stretch.planes)
    along, sites = rng.normal(0.0, 8.0, (5, 25)), rng.normal(0.0, 8.0, (5, 2))
    together = barriers_when_moved(rule, stretch, along, sites, temperature=T, first_profile=profile)
    for value, at_heights, in_sites in zip(together, along, sites, strict=True):
        moved = replace(stretch, ddg=stretch.ddg + at_heights, site_ddg=stretch.site_ddg + in_sites)
        alone = barrier_by_rule(rule, moved, temperature=T, first_profile=profile)
        assert value == pytest.approx(alone.ddg_kj_mol, rel=1e-12)


def test_an_unknown_rule_and_a_short_table_are_named():
    z = np.array([0.0, 1.0])
    stretch = Stretch(z, z + 1.0, z, z, z, z + 1.0, z)
    with pytest.raises(UnknownChoice, match="rate-limiting"):
        barrier_by_rule("highest", stretch, temperature=T)
    with pytest.raises(OutOfRange, match="covers"):
        tabulated_profile([0.0, 0.5], [1.0, 2.0])(z)
    with pytest.raises(OutOfRange, match="increase"):
        tabulated_profile([0.0, 0.0], [1.0, 2.0])
    with pytest.raises(OutOfRange, match="at least two"):
        trapezoid_lengths([1.0])


def test_measured_affinity_is_the_published_energy():
    # THEORY section 3: KcsA 0.29 mM, RT ln Kd = -4.8 kcal/mol
    assert affinity_energy(0.29e-3, temperature=T) / KJ_PER_KCAL == pytest.approx(-4.83, abs=0.01)


def test_ratio_interval_contains_the_stated_share_of_sampled_ratios():
    low, high = ratio_interval(12.0, 4.0, temperature=T, level=0.9)
    sampled = np.exp(np.random.default_rng(5).normal(12.0, 4.0, 100_000) / thermal_energy(T))
    assert np.mean((sampled > low) & (sampled < high)) == pytest.approx(0.9, abs=0.005)
    assert math.sqrt(low * high) == pytest.approx(permeability_ratio(12.0, temperature=T), rel=1e-9)


def test_uniform_spread_is_the_second_moment_about_the_value_used():
    sampled = np.random.default_rng(7).uniform(70.0, 77.8, 400_000)
    assert uniform_spread(70.0, 77.8, 77.8) == pytest.approx(math.sqrt(np.mean((sampled - 77.8) ** 2)), rel=5e-3)
    assert uniform_spread(3.0, 3.0, 3.0) == 0.0


def test_errors_add_in_quadrature_and_convert_to_decades():
    assert quadrature([]) == 0.0
    assert log10_ratio_error(barrier_difference(10.0, temperature=T), temperature=T) == pytest.approx(1.0)
    assert normal_interval(0.0, 1.0)[1] == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: permeability_ratio(float("nan"), temperature=T), "finite"),
        (lambda: permeability_ratio(1e5, temperature=T), "kJ/mol"),
        (lambda: permeability_ratio(12.0, temperature=0.0), "kelvin"),
        (lambda: barrier_difference(0.0, temperature=T), "positive"),
        (lambda: barrier_difference(-3.0, temperature=T), "positive"),
        (lambda: barrier_difference_error(10.0, 10.0, temperature=T), "first-order"),
        (lambda: profile_rule([0.0], [1.0], temperature=T), "two"),
        (lambda: profile_rule([0.0, 0.0], [1.0, 1.0], temperature=T), "increase"),
        (lambda: profile_rule([0.0, 1.0], [1.0], temperature=T), "1 ddG values for 2"),
        (lambda: profile_rule([0.0, 1.0], [1.0, np.inf], temperature=T), "finite"),
        (lambda: profile_rule([0.0, 1.0], [1.0, 1.0], temperature=T, access_length=-1.0), "access length"),
        (lambda: sites_rule([0.0], [1.0], temperature=T), "positive"),
        (lambda: corrugation([0.0], [0.0], barrier=1.0), "two"),
        (lambda: affinity_energy(0.0, temperature=T), "positive"),
        (lambda: ratio_interval(1.0, -1.0, temperature=T), "standard error"),
        (lambda: ratio_interval(1.0, 1.0, temperature=T, level=95.0), "0.95"),
        (lambda: uniform_spread(2.0, 1.0, 0.0), "range"),
    ],
)
def test_refusals_name_what_is_wrong(call, named):
    with pytest.raises(OutOfRange, match=named):
        call()


def test_barriers_stand_in_planes_or_in_cages_only():
    with pytest.raises(UnknownChoice, match="planes"):
        corrugation([0.0], [0.0, 3.0], barrier=1.0, at="walls")
