"""The chord-conductance voltage: claims of the course text, its meeting point with GHK, blocked channels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.cells import cell, cells
from selectivity.membrane.chord import (
    block_shift,
    chord_voltage,
    chord_voltage_from_concentrations,
    chord_voltage_from_permeabilities,
    conductance_ratio_for_voltage,
    conductances_from_permeabilities,
)
from selectivity.membrane.compare import compare_voltages
from selectivity.membrane.ghk import ghk_voltage

SIDES = {
    "outside": {"K": 5.0, "Na": 145.0, "Cl": 110.0},
    "inside": {"K": 140.0, "Na": 15.0, "Cl": 10.0},
    "temperature": 310.15,
}
REVERSAL = {"K": -90.0, "Na": 60.0}


@pytest.mark.parametrize(("target", "ratio"), [(-65.0, 5.0), (-70.0, 6.5)])
def test_claim_4_a_weighted_mean_gives_the_resting_potential_for_one_ratio_only(target, ratio):
    """Course text, claim 4: -65 or -70 mV needs g_K/g_Na 5.0 or 6.5, a sodium share of 17 or 13 %."""
    needed = conductance_ratio_for_voltage(target, reversal_a=-90.0, reversal_b=60.0)
    assert needed == pytest.approx(ratio, rel=1e-12)
    assert round(100 / (1 + needed)) == (17 if target == -65.0 else 13)
    assert chord_voltage({"K": needed, "Na": 1.0}, reversal=REVERSAL) == pytest.approx(target, rel=1e-12)
    # the other direction: another ratio does not give it
    assert abs(chord_voltage({"K": 2 * needed, "Na": 1.0}, reversal=REVERSAL) - target) > 5


@pytest.mark.parametrize(
    ("e_cl", "g", "before", "after", "shift"),
    [
        (-65.0, (10, 1.5, 5), -68.79, -70.43, -1.65),
        (-90.0, (10, 1, 3), None, None, 2.92),
        (-90.0, (10, 1.5, 5), None, None, 5.93),
    ],
)
def test_claim_5_blocking_chloride_hyperpolarises_only_if_its_reversal_lies_above(e_cl, g, before, after, shift):
    conductance = dict(zip(("K", "Na", "Cl"), g, strict=True))
    result = block_shift(conductance, reversal=REVERSAL | {"Cl": e_cl}, blocked="Cl")
    assert result.shift_mv == pytest.approx(shift, abs=0.0051)
    if before is not None:
        assert (result.before_mv, result.after_mv) == (
            pytest.approx(before, abs=0.0051),
            pytest.approx(after, abs=0.0051),
        )
    assert result.hyperpolarises == (e_cl > result.before_mv)
    assert ("hyperpolarises: its" in result.condition) == result.hyperpolarises
    closed = conductance["Cl"] / (conductance["K"] + conductance["Na"]) * (result.before_mv - e_cl)
    assert result.shift_mv == pytest.approx(closed, rel=1e-12)


conductances = st.floats(1e-3, 1e3)
potentials = st.floats(-120, 80)


@given(g=st.tuples(conductances, conductances, conductances), e=st.tuples(potentials, potentials, potentials))
def test_block_shift_has_the_sign_of_the_closed_form(g, e):
    names = ("K", "Na", "Cl")
    reversal = dict(zip(names, e, strict=True))
    result = block_shift(dict(zip(names, g, strict=True)), reversal=reversal, blocked="Cl")
    assert result.shift_mv == pytest.approx(g[2] / (g[0] + g[1]) * (result.before_mv - e[2]), abs=1e-9, rel=1e-9)


@given(g=st.tuples(conductances, conductances), e=st.tuples(potentials, potentials), scale=st.floats(1e-6, 1e6))
def test_chord_voltage_is_a_weighted_mean_and_only_ratios_matter(g, e, scale):
    reversal = {"a": e[0], "b": e[1]}
    v = chord_voltage({"a": g[0], "b": g[1]}, reversal=reversal)
    assert min(e) - 1e-9 <= v <= max(e) + 1e-9
    assert chord_voltage({"a": scale * g[0], "b": scale * g[1]}, reversal=reversal) == pytest.approx(v, abs=1e-9)


def test_claim_14_chord_and_ghk_agree_at_one_voltage_and_differ_elsewhere():
    permeability = {"K": 1.0, "Na": 0.04, "Cl": 0.45}
    ghk = ghk_voltage(permeability, **SIDES)
    assert chord_voltage_from_permeabilities(permeability, voltage=ghk, **SIDES) == pytest.approx(ghk, rel=1e-12)
    assert abs(chord_voltage_from_permeabilities(permeability, **SIDES) - ghk) > 1.0
    # the weights of the chord voltage follow concentration, those of GHK do not
    g = conductances_from_permeabilities(permeability, voltage=ghk, **SIDES)
    changed = SIDES | {"outside": SIDES["outside"] | {"K": 30.0}}
    held = chord_voltage_from_concentrations(g, **changed)
    assert abs(held - ghk_voltage(permeability, **changed)) > 1.0


def test_conductance_at_reversal_in_closed_form():
    """P c_in c_out / c_mean (logarithmic mean): the small concentration limits it, whichever side it stands on."""
    g = conductances_from_permeabilities({"K": 1.0, "Na": 1.0}, **SIDES)

    def weight(ion):
        out, into = SIDES["outside"][ion], SIDES["inside"][ion]
        return out * into * math.log(out / into) / (out - into)

    assert g["Na"] / g["K"] == pytest.approx(weight("Na") / weight("K"), rel=1e-12)


def test_chord_broadcasts():
    v = chord_voltage(
        {"K": np.array([1.0, 2.0, 4.0]), "Na": 1.0}, reversal={"K": -90.0, "Na": np.array([[60.0], [50.0]])}
    )
    assert v.shape == (2, 3)


@pytest.mark.parametrize("name", list(cells()))
def test_three_equations_side_by_side(name):
    result = compare_voltages(cell(name))
    where = {"outside": cell(name).outside, "inside": cell(name).inside, "temperature": cell(name).temperature_k}
    assert result.ghk_mv == ghk_voltage(cell(name).permeability, **where)
    assert result.pump_mv <= 0.0
    table = result.table()
    assert list(table["v_mv"]) == [result.ghk_mv, result.chord_mv, result.mullins_noda_mv]
    differ = abs(result.chord_mv - result.ghk_mv) > 0.05
    assert any("held fixed" in reason for reason in result.reasons) == differ
    assert any("net charge" in reason for reason in result.reasons)


def test_comparison_takes_the_conductances_that_a_preset_cites():
    assert compare_voltages(cell("pump-leak-neuron")).conductance_from == "the preset"
    assert compare_voltages(cell("pump-leak-neuron")).chord_mv == pytest.approx(
        -64.41, abs=0.005
    )  # FACTS 4.7: pump off
    assert "permeabilities" in compare_voltages(cell("neuron")).conductance_from


@pytest.mark.parametrize(
    ("conductance", "reversal", "error", "message"),
    [
        ({}, {}, OutOfRange, "no conductance"),
        ({"K": 0.0}, {"K": -90.0}, OutOfRange, "all conductances are 0"),
        ({"K": -1.0}, {"K": -90.0}, OutOfRange, "negative"),
        ({"K": 1.0}, {}, UnknownChoice, "without a reversal potential"),
        ({"K": math.nan}, {"K": -90.0}, OutOfRange, "not finite"),
        ({"K": 1.0}, {"K": math.nan}, OutOfRange, "not finite"),
    ],
)
def test_bad_input_is_refused(conductance, reversal, error, message):
    with pytest.raises(error, match=message):
        chord_voltage(conductance, reversal=reversal)


def test_impossible_questions_are_refused():
    with pytest.raises(OutOfRange, match="strictly between"):
        conductance_ratio_for_voltage(-95.0, reversal_a=-90.0, reversal_b=60.0)
    with pytest.raises(UnknownChoice, match="no such conductance"):
        block_shift({"K": 1.0}, reversal={"K": -90.0}, blocked="Cl")
    with pytest.raises(OutOfRange, match="no conductance"):
        block_shift({"K": 1.0}, reversal={"K": -90.0}, blocked="K")
