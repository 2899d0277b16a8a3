"""Is the thermal profile right? Closed forms of its integration, two routes that agree, symmetry, the cold limit, seeds, Ctrl-C."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from energy_systems import kcsa
from test_thermal_sampling import carbonyls

from selectivity.energetics.held_ions import (
    HeldIon,
    HeldPlan,
    HeldSampler,
    flank_walls,
    height_regions,
    held_everywhere,
    held_heights,
)
from selectivity.energetics.minimise import Region, minimise
from selectivity.energetics.profile import pore_profile
from selectivity.energetics.profile_features import Landmarks, landmarks, wells_and_barriers
from selectivity.energetics.thermal import Sampling
from selectivity.energetics.thermal_profile import _assembled, thermal_profile
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.structure.ideal import ideal_filter

KCSA, NAK = ideal_filter("kcsa-like"), ideal_filter("nak-like")
TINY = Sampling(n_states=3, n_samples=80, n_equilibration=60, max_blocks=1)
SHORT = Sampling(n_states=4, n_samples=200, n_equilibration=150, max_blocks=1)
S2_HALF = (0.0, 0.5, 1.0, 1.5)


def sampled(filter, z, first, second, step=0.0, *, wet=False, noise=0.0, error=0.1, seed=0):
    """A profile of two known curves (callables, kJ/mol) as if every sampling had met them; ``step`` is what the cavity adds to ddG."""
    plan, rng = HeldPlan(filter, np.asarray(z, float), wet=wet), np.random.default_rng(seed)
    found = []
    for height, ends in plan.tasks:
        slope = {ion: (w(height + 1e-4) - w(height - 1e-4)) / 2e-4 for ion, w in (("K", first), ("Na", second))}
        delta = second(height) - first(height) + (step if "cavity" in ends else 0.0)
        exchange = SimpleNamespace(
            delta_kj_mol=delta + noise * rng.normal(),
            error_kj_mol=error,
            mean_force_kj_mol_A={ion: force + noise * rng.normal() for ion, force in slope.items()},
            mean_force_error_kj_mol_A={ion: error for ion in slope},
        )
        found.append(HeldIon(height, ends, exchange, {"K": 0.0, "Na": 0.0}, ()))
    zero = int(np.argmin(np.abs(plan.z - 1.5)))
    return _assembled(plan, found, ("K", "Na"), 298.15, landmarks(filter), 77.8, zero)


def wave(z):
    return 20.0 * np.cos(2.0 * np.pi * z / 3.05)


def shifted(z):
    return wave(z) + 8.0 * np.sin(2.0 * np.pi * z / 3.05) - 60.0


HEIGHTS = held_heights(landmarks(KCSA))


def test_an_ion_between_two_waters_keeps_one_on_either_side():
    marks = landmarks(KCSA)
    assert flank_walls(marks) == pytest.approx((-9.6, 9.6, 1.8))
    sampler = HeldSampler(kcsa(), ("K", "Na"), 298.15, TINY, TINY, {}, flank_walls(marks))
    waters = sampler._flanked(1.5).positions[kcsa().n_atoms :]
    assert waters[[0, 3], 2] == pytest.approx([-1.2, 4.2])
    assert (
        waters[[1, 2], 2].max() < waters[0, 2] and waters[[4, 5], 2].min() > waters[3, 2]
    )  # hydrogens away from the ion


def test_constant_forces_make_straight_profiles():
    """W = a z for both ions, whatever the spacing of the heights; ddG is the water leg and the difference."""
    heights = np.array([-6.0, -5.5, -4.0, -3.0, 0.1, 1.5, 1.6, 2.5, 6.0])
    profile = sampled(KCSA, heights, lambda z: 2.0 * z, lambda z: -3.0 * z)
    assert profile.w["K"] == pytest.approx(2.0 * (heights - 1.5), abs=1e-6)
    assert profile.w["Na"] == pytest.approx(-3.0 * (heights - 1.5), abs=1e-6)
    assert profile.ddg == pytest.approx(77.8 - 5.0 * heights, abs=1e-6)


def test_forces_of_a_corrugated_profile_integrate_to_it():
    """Half an Å apart, a wave of 40 kJ/mol and 3 Å comes back within 0.25 kJ/mol; the zero is where it is stated."""
    profile = sampled(KCSA, HEIGHTS, wave, shifted)
    at_zero = profile.zero_at
    assert profile.w["K"] == pytest.approx(wave(HEIGHTS) - wave(at_zero), abs=0.25)
    assert profile.w["Na"] == pytest.approx(shifted(HEIGHTS) - shifted(at_zero), abs=0.25)
    assert np.abs(profile.consistency).max() < 2.5  # in units of an error of 0.1


def test_a_step_of_the_water_is_found_shared_and_no_disagreement():
    """Between T75 O and V76 O the cavity's waters leave: ddG steps back by what they added, half on each ion."""
    dry, wet = (sampled(KCSA, HEIGHTS, wave, shifted, step=4.0, wet=wet) for wet in (False, True))
    assert [(step.below, step.above) for step in wet.steps] == [(("cavity",), ()), ((), ("mouth",))]
    assert [step.change_kj_mol for step in wet.steps] == pytest.approx([-4.0, 0.0])
    inner = HEIGHTS < -3.2
    assert wet.ddg - dry.ddg == pytest.approx(np.where(HEIGHTS < -3.0, 4.0, 0.0))
    assert (wet.w["K"] - dry.w["K"])[inner] == pytest.approx(-2.0, abs=0.4)
    assert (wet.w["Na"] - dry.w["Na"])[inner] == pytest.approx(2.0, abs=0.4)
    assert np.abs(wet.consistency).max() < 4.0 and wet.warnings == ()


def test_errors_of_the_profile_are_the_spread_of_noisy_ones():
    exact = sampled(KCSA, HEIGHTS, wave, shifted, wet=True, error=0.5)
    noisy = [sampled(KCSA, HEIGHTS, wave, shifted, wet=True, noise=0.5, error=0.5, seed=s) for s in range(300)]
    for ion in ("K", "Na"):
        spread = np.std([profile.w[ion] for profile in noisy], axis=0)
        assert exact.w_error(ion) == pytest.approx(spread, rel=0.2, abs=1e-9)
    scores = np.array([profile.consistency for profile in noisy])
    assert np.std(scores[:, [0, 5, 20]], axis=0) == pytest.approx(1.0, rel=0.2)


def test_forces_that_contradict_the_exchange_are_a_warning():
    profile = sampled(KCSA, HEIGHTS, wave, lambda z: shifted(z) + (50.0 if z > 0.7 else 0.0), error=0.3)
    assert any("forces and exchange disagree" in words for words in profile.warnings)


def test_heights_see_the_water_of_their_sites_and_both_at_a_border():
    z = [-4.5, -3.1, -1.5, 1.5, 3.0, 4.5]
    plan = HeldPlan(KCSA, np.array(z), wet=True)
    assert plan.at == [("cavity",), ("cavity",), (), (), ("mouth",), ("mouth",)]
    plane = NAK.rings[1].z
    both = HeldPlan(NAK, np.array([plane - 1.0, plane, plane + 1.0]), wet=True)
    assert [ends for z, ends in both.tasks if z == plane] == [("cavity",), ("cavity", "mouth"), ("mouth",)]
    assert HeldPlan(KCSA, np.array(z), wet=False).tasks == [(height, ()) for height in z]
    with pytest.raises(OutOfRange, match="beyond the sites"):
        height_regions(KCSA, 40.0)


def test_both_routes_agree_from_a_plane_to_a_cage():
    """Forces and exchange on the bundled filter: K+ climbs further into the plane than Na+, by what ddG falls."""
    profile = thermal_profile(KCSA, hydration_state="dry", heights=S2_HALF, sampling=SHORT, seed=3)
    assert np.abs(profile.consistency).max() < 4.0
    assert profile.ddg[-1] - profile.ddg[0] > 5.0
    assert profile.w["K"][0] - profile.w["Na"][0] > 5.0
    assert max(profile.w_error("K").max(), profile.w_error("Na").max(), profile.ddg_error.max()) < 3.0
    back = thermal_profile(KCSA, ions=("Na", "K"), hydration_state="dry", heights=S2_HALF, sampling=SHORT, seed=4)
    assert np.all(np.abs(profile.ddg + back.ddg) < 4.0 * np.hypot(profile.ddg_error, back.ddg_error))
    for ion in ("K", "Na"):
        tolerance = 4.0 * np.hypot(profile.w_error(ion), back.w_error(ion)) + 1e-9
        assert np.all(np.abs(profile.w[ion] - back.w[ion]) < tolerance)


def test_a_cold_profile_is_the_relaxed_one():
    """At 10 K the exchange is the difference of minima at the height, the force the slope of the relaxed energy."""
    step, system = 0.05, kcsa()
    relaxed = pore_profile(KCSA.sites, system, ("K", "Na"), spacing=0.5)
    place = int(np.argmin(np.abs(relaxed.z - 1.5)))
    z, region = float(relaxed.z[place]), Region(lateral_radius=1.8)
    plan = Sampling(n_states=20, n_samples=120, n_equilibration=120, max_blocks=1, n_runs=1)
    held = HeldSampler(system, ("K", "Na"), 10.0, plan, plan, {})(z, (), 1, lambda: None)
    lowest = {ion: relaxed.minima[ion][place] for ion in ("K", "Na")}
    difference = lowest["Na"].energy_kj_mol - lowest["K"].energy_kj_mol
    assert held.exchange.delta_kj_mol == pytest.approx(difference, abs=0.5)
    for ion in ("K", "Na"):
        above, below = (
            minimise(system, ion, fixed_z=z + side, region=region, warm=lowest[ion]).energy_kj_mol
            for side in (step, -step)
        )
        assert held.exchange.mean_force_kj_mol_A[ion] == pytest.approx((above - below) / (2.0 * step), abs=1.5)


def test_a_symmetric_ring_gives_a_symmetric_profile():
    """Four carbonyls in one plane: equal ddG and opposite forces at +z and -z, zero force in the plane."""
    angles = np.radians([0.0, 90.0, 180.0, 270.0])
    ring = carbonyls(2.4 * np.column_stack([np.cos(angles), np.sin(angles), np.zeros(4)]), sigma=0.3)
    plan = Sampling(n_samples=600, n_equilibration=200, max_blocks=1)
    sampler = HeldSampler(ring, ("K", "Na"), 298.15, plan, plan, {})
    up, plane, down = held_everywhere(sampler, [(1.2, ()), (0.0, ()), (-1.2, ())], 5, 1, None)
    error = np.hypot(up.exchange.error_kj_mol, down.exchange.error_kj_mol)
    assert up.exchange.delta_kj_mol == pytest.approx(down.exchange.delta_kj_mol, abs=4.0 * error)
    for ion in ("K", "Na"):
        forces = {
            h.z: (h.exchange.mean_force_kj_mol_A[ion], h.exchange.mean_force_error_kj_mol_A[ion])
            for h in (up, plane, down)
        }
        assert forces[0.0][0] == pytest.approx(0.0, abs=4.0 * forces[0.0][1])
        assert abs(forces[1.2][0] + forces[-1.2][0]) < 4.0 * np.hypot(forces[1.2][1], forces[-1.2][1])
        assert abs(forces[1.2][0]) > 4.0 * forces[1.2][1]


def test_same_seed_same_numbers_for_any_number_of_jobs():
    how = {"hydration_state": "dry", "heights": S2_HALF, "sampling": TINY}
    alone, threaded, other = (thermal_profile(KCSA, seed=s, jobs=j, **how) for s, j in ((2, 1), (2, 2), (9, 1)))
    assert np.array_equal(alone.ddg, threaded.ddg) and np.array_equal(alone.w["Na"], threaded.w["Na"])
    assert not np.array_equal(alone.ddg, other.ddg)
    assert len(set(alone.ddg)) == 4


def test_progress_counts_heights_and_ctrl_c_stops_them_all():
    calls = []

    def interrupt(done, total):
        calls.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        thermal_profile(KCSA, hydration_state="dry", spacing=0.5, sampling=TINY, jobs=2, progress=interrupt)
    assert calls == [(1, 29), (2, 29)]
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"hydration_state": "wet"}, UnknownChoice, "dry, accessible, flanked"),
        ({"spacing": 0.0}, OutOfRange, "positive length"),
        ({"heights": [0.0, 1.0, 2.0]}, OutOfRange, "at least four"),
        ({"heights": [0.0, 2.0, 1.0, 3.0]}, OutOfRange, "increasing"),
        ({"heights": [0.0, 1.0, 2.0, 30.0]}, OutOfRange, "beyond the sites"),
        ({"ions": ("K", "Xx")}, SelectivityError, "Xx"),
        ({"temperature": 20.0}, OutOfRange, "273"),
        ({"sampling": Sampling(n_states=1), "hydration_state": "dry"}, OutOfRange, "at least 2"),
    ],
)
def test_refusals(change, error, words):
    with pytest.raises(error, match=words):
        thermal_profile(KCSA, **change)


def test_wells_and_barriers_are_named_where_they_are():
    marks = Landmarks((("A", 0.0), ("B", 3.0), ("C", 6.0)), (("S2", 0.0, 3.0), ("S1", 3.0, 6.0)))
    z = np.linspace(-0.75, 6.75, 26)
    cages = wells_and_barriers(z, 15.0 * np.cos(2.0 * np.pi * z / 3.0), marks)
    assert [each.words for each in cages] == [
        "barrier in the plane A",
        "well in the S2 cage",
        "barrier in the plane B",
        "well in the S1 cage",
        "barrier in the plane C",
    ]
    planes = wells_and_barriers(z, -15.0 * np.cos(2.0 * np.pi * z / 3.0), marks)
    assert [each.place for each in planes if each.kind == "well"] == ["plane A", "plane B", "plane C"]
    assert all(each.energy_kj_mol == pytest.approx(-15.0, abs=0.1) for each in planes if each.kind == "well")
    ripple = wells_and_barriers(z, 1.0 * np.cos(2.0 * np.pi * z / 3.0), marks)
    assert ripple == ()
    assert [marks.place(at) for at in (-3.0, 9.0)] == ["cavity", "mouth"]


@pytest.mark.slow
def test_wells_of_potassium_are_cages_and_its_barriers_planes(shared):
    """The dry profile of KcsA at 298 K, from below S3 to S1; both routes agree at every height."""
    from selectivity.structure.load import load_filter

    filter = load_filter(shared / "structures" / "1K4C.pdb")
    heights = [z for z in np.arange(-3.0, 6.1, 0.5)]
    profile = thermal_profile(filter, hydration_state="dry", heights=heights, sampling=SHORT, seed=1)
    assert np.abs(profile.consistency).max() < 4.0
    found = profile.extremes("K")
    assert {each.place for each in found if each.kind == "well"} == {"S3 cage", "S2 cage", "S1 cage"}
    assert {each.place for each in found if each.kind == "barrier"} >= {"plane V76 O", "plane G77 O"}


@pytest.mark.slow
def test_both_routes_agree_in_contact_with_water():
    """From the cage S3 of the bundled NaK-like filter to its plane V64 O, where the vestibule's waters come to the ion."""
    heights = [-0.8, -0.4, 0.0, 0.4]
    plan = Sampling(n_equilibration=300, n_samples=250, stride=3, max_blocks=1, target_error_kj_mol=1.5)
    profile = thermal_profile(NAK, heights=heights, open_sampling=plan, seed=1)
    assert set(profile.ends) == {("mouth",)}
    assert profile.waters["Na"][2] > 1.0 > profile.waters["Na"][0]
    assert np.abs(profile.consistency).max() < 4.0


@pytest.mark.slow
def test_sodium_rests_in_the_plane_and_potassium_in_the_cage_when_water_stands_on_either_side():
    """From the plane V76 O to the cage S2 of the bundled filter: with its axial waters Na+ climbs where K+ falls."""
    plan = Sampling(n_equilibration=300, n_samples=250, stride=3, max_blocks=1, target_error_kj_mol=2.0)
    profile = thermal_profile(KCSA, hydration_state="flanked", heights=S2_HALF, open_sampling=plan, seed=1)
    for ion, sign in (("K", -1.0), ("Na", 1.0)):
        climb = sign * (profile.w[ion][-1] - profile.w[ion][0])
        assert climb > 2.0 * np.sqrt(profile.w_error(ion)[0] ** 2 + profile.w_error(ion)[-1] ** 2)
    assert profile.ddg[-1] > 15.0 > profile.ddg[0]
    assert np.all(profile.waters["K"] == 2.0)
