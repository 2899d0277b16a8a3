"""Pump-leak cells from presets: they rest where the preset says, whatever its leaks, and refuse what cannot rest."""

from __future__ import annotations

import math

import pytest

from selectivity.errors import OutOfRange
from selectivity.membrane.cells import cell, cells
from selectivity.membrane.donnan import donnan_equilibrium
from selectivity.membrane.energy import energy_budget
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.membrane.protocols import pump_blocked
from selectivity.membrane.pump import Stoichiometry
from selectivity.membrane.pump_leak_balance import balanced_cell, cell_for_run_down
from selectivity.membrane.pump_leak_steady import steady_state
from selectivity.membrane.rundown import run_down


def _built(name: str):
    preset = cell(name)
    return balanced_cell(preset, diameter_um=None if preset.area_um2 and preset.volume_pl else 50.0)


@pytest.mark.parametrize("name", list(cells()))
def test_every_preset_rests_at_its_own_concentrations(name):
    built, preset = _built(name), cell(name)
    rest = steady_state(built)
    for ion in ("Na", "K"):
        assert rest.state.inside_mm[ion] == pytest.approx(
            preset.inside[ion], rel=1e-3
        )  # 1e-4 of charge sits on the membrane
    if "Cl" in preset.inside:
        assert rest.state.inside_mm["Cl"] == pytest.approx(preset.inside["Cl"], rel=1e-3)
    assert rest.stable and rest.state.volume == pytest.approx(1.0, abs=2e-3)
    assert energy_budget(built, rest.state).second_law


@pytest.mark.parametrize("name", ["neuron", "ventricular-myocyte"])
def test_the_voltage_is_mullins_noda_where_chloride_is_out_of_it(name):
    preset = cell(name)
    pair = {ion: preset.permeability[ion] for ion in ("K", "Na")}
    sides = {"outside": preset.outside, "inside": preset.inside, "temperature": preset.temperature_k}
    assert steady_state(_built(name)).v_mv == pytest.approx(mullins_noda_voltage(pair, **sides), abs=0.02)


def test_resistance_sets_the_pace_and_not_the_place():
    slow, fast = (balanced_cell(cell("neuron"), resistance_kohm_cm2=r) for r in (40.0, 10.0))
    assert steady_state(slow).v_mv == pytest.approx(steady_state(fast).v_mv, abs=0.02)
    a = run_down(slow, pump_blocked(40.0), times_s=[2400.0])
    b = run_down(fast, pump_blocked(10.0), times_s=[600.0])
    assert a.inside_mm["K"][0] == pytest.approx(b.inside_mm["K"][0], abs=0.05)


def test_the_resistance_is_that_of_the_leaks():
    built = balanced_cell(cell("neuron"), resistance_kohm_cm2=20.0)
    jump = run_down(built, pump_blocked(1.0), times_s=[0.0, 0.5]).v_mv
    cycle = steady_state(built).state.pump_cycle_ua_per_cm2
    assert jump[1] - jump[0] == pytest.approx(
        cycle * 20.0, rel=0.05
    )  # µA/cm² times kOhm cm² is mV, slope taken at rest


def test_an_electroneutral_pump_rests_at_ghk():
    from selectivity.membrane.ghk import ghk_voltage

    preset = cell("neuron")
    built = balanced_cell(preset, stoichiometry=Stoichiometry(2, 2))
    pair = {ion: preset.permeability[ion] for ion in ("K", "Na")}
    ghk = ghk_voltage(pair, outside=preset.outside, inside=preset.inside, temperature=preset.temperature_k)
    assert steady_state(built).v_mv == pytest.approx(ghk, abs=0.02)


def test_published_cells_are_taken_as_published_and_changed_ones_are_balanced():
    published = cell("pump-leak-neuron")
    assert cell_for_run_down(published).conductance_us_per_cm2["K"] == 70.0 and cell_for_run_down(published).notes == ()
    changed = cell_for_run_down(published.changed(outside={"K": 5.0, "Na": 143.5}))
    assert changed.outside["K"] == 5.0 and changed.notes


def test_a_myocyte_without_chloride_says_so():
    assert any("chloride" in note for note in _built("ventricular-myocyte").notes)


def test_a_given_permeability_replaces_the_conductances():
    """An override must never be ignored: the neuron of fixed conductances takes the ratio that was asked for."""
    published = cell("pump-leak-neuron")
    tight = balanced_cell(published.changed(permeability={"Na": 0.01}))
    leaky = balanced_cell(published.changed(permeability={"Na": 0.2}))
    assert steady_state(tight).v_mv < steady_state(leaky).v_mv - 20.0
    assert tight.conductance_us_per_cm2 == {} and any("replace" in note for note in tight.notes)
    assert any("9.09 kOhm" in note for note in tight.notes)


def test_ions_that_the_model_does_not_hold_are_named():
    assert any("Ca left out" in note for note in balanced_cell(cell("neuron").changed(outside={"Ca": 2.0})).notes)


@pytest.mark.parametrize("name", ["squid-axon", "red-cell", "frog-muscle"])
def test_slow_cells_find_their_donnan_end_too(name):
    built = _built(name)
    x = {"impermeant": built.impermeant_inside_mm, "impermeant_valence": built.impermeant_valence}
    rigid = donnan_equilibrium(outside=built.outside, temperature=built.temperature, **x)
    assert steady_state(built, pump=0.0, leak={"KCC2": 0.0, "NKCC1": 0.0}, fixed_volume=True).v_mv == pytest.approx(
        float(rigid.v_mv), abs=0.01
    )


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: balanced_cell(cell("squid-axon")), "diameter_um"),
        (lambda: balanced_cell(cell("neuron"), resistance_kohm_cm2=0.0), "resistance"),
        (lambda: balanced_cell(cell("neuron").changed(inside={"K": 500.0})), "exceed"),
        (lambda: balanced_cell(cell("neuron").changed(inside={"Cl": 2.0}, permeability={"Cl": 1.0})), "passive"),
        (lambda: balanced_cell(cell("neuron").changed(permeability={"K": 0.0})), "balances"),
        (lambda: balanced_cell(cell("neuron"), resistance_kohm_cm2=math.nan), "resistance"),
        (lambda: balanced_cell(cell("neuron").changed(outside={"K": 0.0})), "no K outside"),
    ],
)
def test_refusals(make, found):
    with pytest.raises(OutOfRange, match=found):
        make()
