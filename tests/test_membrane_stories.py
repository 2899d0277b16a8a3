"""The stories against what is measured: each expectation cited in data/story_expectations.csv, misses named as such."""

from __future__ import annotations

import numpy as np
import pytest

from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.brain_energy import resting_tissue_cost, signalling_share
from selectivity.membrane.stories import (
    brain_cell,
    expectations,
    ischaemia,
    maturation,
    potassium_efflux,
    spreading_depression,
)


@pytest.fixture(scope="module")
def wave():
    return spreading_depression()


def test_ischaemia_ends_near_the_donnan_equilibrium():
    run = ischaemia(60.0)
    assert expectations("ischaemia")["membrane potential during terminal depolarisation"].holds(run.v_mv[-1])
    assert run.outside_mm["K"][-1] > 60.0 and run.outside_mm["Na"][-1] < 60.0 and run.volume[-1] > 1.1


def test_ischaemic_potassium_overshoots_what_is_measured():
    """A miss, kept: the neuron swells into its space, which ends at a quarter of its size and at 106 mM; cortex is said to stop at 80."""
    run, ratio = ischaemia(60.0), brain_cell().bath_to_cell_volume
    assert run.outside_mm["K"][-1] == pytest.approx(105.6, abs=1.0)
    left = (1.0 + ratio - run.volume[-1]) / ratio
    assert left == pytest.approx(0.25, abs=0.02)


def test_what_is_measured_lies_between_no_swelling_and_free_swelling():
    """Without swelling K+ outside ends at 54 mM, inside the range; so the overshoot is the shrinking space, not the amount of K+.
    A wider space dilutes it (92 mM at three tenths). Astrocytes, which also take K+ up, are not modelled."""
    expected = expectations("spreading depression")["K+ outside at the peak"]
    rigid = ischaemia(60.0, fixed_volume=True).outside_mm["K"][-1]
    assert rigid == pytest.approx(54.0, abs=1.0) and expected.holds(rigid)
    assert ischaemia(60.0, extracellular_share=0.3).outside_mm["K"][-1] == pytest.approx(92.0, abs=1.0)


def test_the_narrow_space_makes_it_fast():
    """The same pump failure in an infinite bath takes tens of minutes; in a fifth of the tissue it takes a few."""
    narrow = ischaemia(5.0).v_mv[-1]
    wide = ischaemia(5.0, extracellular_share=0.99).v_mv[-1]
    assert narrow > -25.0 > -60.0 > wide


def test_closed_systems_conserve_mass():
    run, ratio = ischaemia(30.0), brain_cell().bath_to_cell_volume
    for ion in ("Na", "K", "Cl"):
        total = run.inside_mm[ion] * run.volume + run.outside_mm[ion] * (1.0 + ratio - run.volume)
        assert np.ptp(total) < 1e-8 * total[0]


def test_the_wave_takes_the_voltage_to_zero(wave):
    during = (wave.time_s > 40.0) & (wave.time_s < 90.0)
    expected = expectations("spreading depression")["membrane potential at the peak"]
    assert all(expected.holds(v) for v in wave.v_mv[during])


def test_the_wave_s_potassium_is_of_the_measured_size(wave):
    """Said to be 30 to 80 mM (recalled); ours passes 30 within seconds and ends 5 mM above the range, as the space around the cell has
    shrunk to about half (a tenth of the tissue) by then, and no astrocytes take K+ up."""
    expected = expectations("spreading depression")["K+ outside at the peak"]
    peak = wave.outside_mm["K"].max()
    assert peak > expected.low and peak == pytest.approx(85.2, abs=1.0) and not expected.holds(peak)


def test_pumps_clear_the_wave_and_without_them_it_stays(wave):
    assert wave.v_mv[-1] == pytest.approx(wave.v_mv[0], abs=0.5)
    assert wave.outside_mm["K"][-1] == pytest.approx(3.5, abs=0.2) and wave.warnings == ()
    three_minutes = wave.outside_mm["K"][np.argmin(abs(wave.time_s - 210.0))]
    assert three_minutes < 5.0
    dead = spreading_depression(pump=0.0)
    assert dead.v_mv[-1] > -5.0 and dead.outside_mm["K"][-1] > 80.0


def test_a_pore_takes_the_macrophage_below_the_inflammasome_s_threshold():
    limit = expectations("macrophage")["K+ inside at which NALP3 assembles"]
    times = []
    for pore in (1.0, 3.0, 20.0):
        efflux = potassium_efflux(pore)
        assert efflux.threshold_mm == limit.high and efflux.time_below_s is not None
        assert limit.holds(efflux.run.inside_mm["K"][-1]) and not limit.holds(efflux.run.inside_mm["K"][0])
        times.append(efflux.time_below_s)
    assert times[0] > times[1] > times[2]


def test_potassium_outside_rescues_the_macrophage():
    """Blocking the efflux blocks activation (petrilli2007): with 120 mM K+ outside the threshold is never passed."""
    assert potassium_efflux(5.0, potassium_outside=120.0).time_below_s is None
    assert potassium_efflux(0.0).time_below_s is None


def test_progenitors_hyperpolarise_as_they_gain_potassium_channels():
    v = maturation(np.geomspace(1, 50, 8)).v_mv
    expected = expectations("progenitors")["change of V when K+ permeability grows"]
    assert all(expected.holds(step) for step in np.diff(v)) and v[0] > -40.0 and v[-1] < -75.0


def test_brain_share_brackets_about_half():
    """Claim 11: between the resting share and all pumping of the signalling budget; textbooks say 20 to 60 % of all energy."""
    share = signalling_share()
    assert share.resting_percent == 13.0 and share.upper_bound_percent == 94.0
    assert share.resting_percent + share.other_percent < 50.0 < share.upper_bound_percent


def test_resting_cost_of_a_gram():
    cost = resting_tissue_cost()
    assert cost.atp_per_neuron_s == pytest.approx(3.40e8, rel=2e-3)
    assert cost.micromol_per_gram_minute == pytest.approx(3.40e8 * 92e6 * 60 / 6.022e17, rel=2e-3)


def test_every_expectation_is_cited_and_marked():
    rows = read_table("story_expectations")
    assert {row["story"] for row in rows} >= {
        "heart",
        "ischaemia",
        "spreading depression",
        "macrophage",
        "progenitors",
        "brain energy",
    }
    assert all(row["mark"] in ("read", "recalled") for row in rows)


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: expectations("liver"), "stories"),
        (lambda: brain_cell(extracellular_share=1.0), "between 0 and 1"),
        (lambda: potassium_efflux(-1.0), "pore"),
        (lambda: maturation([0.0]), "gain"),
        (lambda: resting_tissue_cost(neurons_per_gram=0.0), "neurons per gram"),
        (lambda: ischaemia(0.0), "duration"),
    ],
)
def test_refusals(make, found):
    with pytest.raises((OutOfRange, UnknownChoice), match=found):
        make()
