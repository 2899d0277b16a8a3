"""Temperature: RT/F, Q10, barriers, the course text's claim on warming in both directions, ranges and refusals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.cells import cell, cells
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.membrane.temperature import (
    CONTRIBUTIONS,
    BarrierTemperature,
    TemperatureScaling,
    pump_share_factor,
    q10_factor,
    voltage_against_temperature,
    warming_verdict,
)

NEURON = cell("neuron")
WIDE = np.array([295.15, 303.15, 310.15, 314.15])


@pytest.mark.parametrize(("kelvin", "ratio"), [(293.15, 137.5), (298.15, 126.6), (310.00, 105.2), (310.15, 104.95)])
def test_claim_7_twelve_kilojoules_make_a_ratio_above_a_hundred(kelvin, ratio):
    """Course text, claim 7: 12 kJ/mol -> P_K/P_Na > 100."""
    assert 1 / BarrierTemperature(12.0).permeability_ratio(kelvin) == pytest.approx(ratio, rel=5e-4)
    assert 1 / BarrierTemperature(12.0).permeability_ratio(kelvin) > 100


def test_claim_7_fails_above_313_kelvin():
    """The other direction: with an unchanging barrier the ratio falls below 100 above 313.4 K."""
    assert (
        1 / BarrierTemperature(12.0).permeability_ratio(313.3)
        > 100
        > 1 / BarrierTemperature(12.0).permeability_ratio(313.5)
    )


@pytest.mark.parametrize(("kelvin", "needed"), [(298.15, 11.42), (310.15, 11.88)])
def test_exactly_a_hundred_needs(kelvin, needed):
    assert 1 / BarrierTemperature(needed).permeability_ratio(kelvin) == pytest.approx(100.0, rel=0.003)


def test_a_barrier_with_an_enthalpy_follows_gibbs_and_helmholtz():
    """d(G/T)/dT = -H/T², and the Na-K hydration gap shrinks by 0.37 kJ/mol per 10 K (FACTS 1.2: ddS -0.037 kJ/mol/K)."""
    barrier = BarrierTemperature(12.0, 298.15, enthalpy_kj_mol=3.0)
    t, h = 305.0, 1e-3
    slope = (barrier.at(t + h) / (t + h) - barrier.at(t - h) / (t - h)) / (2 * h)
    assert slope == pytest.approx(-3.0 / t**2, rel=1e-6)
    gap = BarrierTemperature(73.2, 298.15, enthalpy_kj_mol=73.2 + 298.15 * 0.037)
    assert gap.at(308.15) - gap.at(298.15) == pytest.approx(-0.37, abs=1e-9)
    assert BarrierTemperature(12.0).at(350.0) == 12.0


def test_q10_of_the_pump():
    """Fourfold between 23 and 37 °C is a Q10 of 2.69 (FACTS 4.4)."""
    assert 4 ** (10 / 14) == pytest.approx(2.69, abs=0.005)
    assert q10_factor(2.69, temperature=310.15, reference=296.15) == pytest.approx(4.0, rel=0.003)
    assert q10_factor(1.0, temperature=[280.0, 320.0], reference=300.0).tolist() == [1.0, 1.0]


def test_claim_13_pump_share_scales_with_the_q10_ratio():
    """Course text, claim 13: 2.5/1.3 gives x1.92 per 10 K. In the full model the small-pump limit also carries the 1/T of a
    constant-field conductance (RT/F), known and divided out here."""
    assert pump_share_factor(q10_pump=2.5, q10_leak=1.3, warming=10.0) == pytest.approx(1.92, abs=0.005)
    small = TemperatureScaling(q10_pump=2.5, q10_leak=1.3, pump_ratio=1.0001)
    share = voltage_against_temperature(NEURON, [300.15, 310.15], scaling=small).pump_share_mv
    without = voltage_against_temperature(NEURON, [300.15, 310.15], scaling=TemperatureScaling(pump=False)).v_mv
    # at a voltage proportional to T the reduced voltage, hence I/(P F c), stays: only RT/F enters the conductance
    assert without[1] / without[0] == pytest.approx(310.15 / 300.15, rel=1e-10)
    assert share[1] / share[0] == pytest.approx(2.5 / 1.3 * 310.15 / 300.15, rel=1e-3)


def test_claim_13_without_the_pump_only_rt_over_f_is_left():
    """+3.2 % per 10 K from 310.15 K: -70 becomes -72.3; the same for any cell without its pump."""
    assert -70 * 320.15 / 310.15 == pytest.approx(-72.3, abs=0.05)
    for preset in (NEURON, cell("squid-axon"), cell("macrophage")):
        warm = np.array([preset.temperature_k, preset.temperature_k + 3.0])
        response = voltage_against_temperature(preset, warm, scaling=TemperatureScaling(pump=False))
        assert response.v_mv[1] / response.v_mv[0] == pytest.approx(warm[1] / warm[0], rel=1e-10)
        assert np.abs(response.contributions_mv["pump against leak"]).max() < 1e-9
        verdict = warming_verdict(preset, scaling=TemperatureScaling(pump=False))
        assert verdict.turning_q10_pump is None and verdict.hyperpolarises
        assert "no electrogenic pump" in verdict.condition


def test_claim_13_both_ways():
    """Warming hyperpolarises with an electrogenic pump whose Q10 exceeds a turning value, and depolarises below it."""
    turning = warming_verdict(NEURON).turning_q10_pump
    for factor, sign in ((1.3, -1), (0.7, +1)):
        verdict = warming_verdict(NEURON, scaling=TemperatureScaling(q10_pump=turning * factor))
        assert np.sign(verdict.dv_dt_mv_per_k) == sign
        assert verdict.hyperpolarises == (sign < 0)
    flat = warming_verdict(NEURON, scaling=TemperatureScaling(q10_pump=turning))
    assert flat.dv_dt_mv_per_k == pytest.approx(0.0, abs=1e-4)
    # an electroneutral pump leaves no such condition, whatever its Q10
    neutral = [warming_verdict(NEURON, scaling=TemperatureScaling(pump_ratio=1.0, q10_pump=q)) for q in (0.5, 5.0)]
    assert neutral[0].dv_dt_mv_per_k == pytest.approx(neutral[1].dv_dt_mv_per_k, rel=1e-9)


def test_an_unchanging_barrier_works_against_hyperpolarisation():
    """Selectivity melts with RT: P_Na/P_K = exp(-ddG/RT) rises on warming and depolarises."""
    barrier = BarrierTemperature(8.3, 310.15)
    scaling = TemperatureScaling(barrier=barrier)
    response = voltage_against_temperature(NEURON, WIDE, scaling=scaling)
    assert np.all(np.diff(response.contributions_mv["barrier"]) > 0)
    assert abs(response.contributions_mv["barrier"][2]) < 1e-9  # at the reference
    assert warming_verdict(NEURON, scaling=scaling).dv_dt_mv_per_k > warming_verdict(NEURON).dv_dt_mv_per_k


@given(q_pump=st.floats(1.0, 4.0), q_leak=st.floats(1.0, 2.0), q_gate=st.floats(0.5, 3.0), ddg=st.floats(4.0, 15.0))
@settings(max_examples=20, deadline=None)
def test_contributions_add_up(q_pump, q_leak, q_gate, ddg):
    scaling = TemperatureScaling(
        q10_leak=q_leak, q10_pump=q_pump, gating={"K": q_gate}, barrier=BarrierTemperature(ddg, 310.15)
    )
    response = voltage_against_temperature(NEURON, WIDE, scaling=scaling)
    assert tuple(response.contributions_mv) == CONTRIBUTIONS
    total = sum(response.contributions_mv.values())
    np.testing.assert_allclose(response.reference_mv + total, response.v_mv, atol=1e-9)
    assert response.v_mv[2] == pytest.approx(response.reference_mv, abs=1e-9)


@pytest.mark.parametrize("name", list(cells()))
def test_the_reference_is_mullins_noda(name):
    preset = cell(name)
    where = {"outside": preset.outside, "inside": preset.inside, "temperature": preset.temperature_k}
    cations = {ion: p for ion, p in preset.permeability.items() if ion != "Cl"}
    response = voltage_against_temperature(preset, preset.temperature_k)
    assert response.v_mv[0] == pytest.approx(mullins_noda_voltage(cations, **where), abs=1e-9)
    off = voltage_against_temperature(preset, preset.temperature_k, scaling=TemperatureScaling(pump=False))
    assert off.v_mv[0] == pytest.approx(ghk_voltage(cations, **where), abs=1e-9)
    assert response.pump_share_mv[0] == pytest.approx(response.v_mv[0] - off.v_mv[0], abs=1e-9)


def test_gating_of_potassium_channels_hyperpolarises_on_warming():
    response = voltage_against_temperature(NEURON, WIDE, scaling=TemperatureScaling(gating={"K": 2.0}))
    assert np.all(np.diff(response.contributions_mv["gating"]) < 0)


def test_outside_a_presets_range_there_is_a_warning():
    with pytest.warns(
        UserWarning, match=r"320 K, outside the range of neuron \(293.15 to 315.15 K\): an extrapolation"
    ):
        voltage_against_temperature(NEURON, [310.15, 320.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        voltage_against_temperature(NEURON, WIDE)


def test_table_has_units():
    table = voltage_against_temperature(NEURON, WIDE).table()
    assert list(table.columns) == [
        "temperature_k", "v_mv", "pump_share_mv", "thermal_voltage_mv", "barrier_mv", "gating_mv", "pump_against_leak_mv",
    ]  # fmt: skip
    assert table.attrs["reference_k"] == 310.15


def test_bad_input_is_refused():
    with pytest.raises(UnknownChoice, match="gating: Rb does not permeate"):
        voltage_against_temperature(NEURON, 310.15, scaling=TemperatureScaling(gating={"Rb": 2.0}))
    with pytest.raises(OutOfRange, match="does not exist"):
        voltage_against_temperature(NEURON, [0.0])
    with pytest.raises(OutOfRange, match="Q10 q10_leak"):
        TemperatureScaling(q10_leak=0.0)
    with pytest.raises(OutOfRange, match="pump ratio"):
        TemperatureScaling(pump_ratio=-1.0)
    with pytest.raises(OutOfRange, match="Q10"):
        q10_factor(-1.0, temperature=300.0, reference=310.0)
    with pytest.raises(OutOfRange, match="outruns the leaks"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        voltage_against_temperature(NEURON, 360.15, scaling=TemperatureScaling(q10_pump=1e3, q10_leak=1e-3))


def test_an_ouabain_sensitive_cell_hyperpolarises_on_warming_by_up_to_two_millivolts_per_kelvin():
    """Carpenter & Alving: up to 2 mV/°C on warming, abolished by ouabain. The pump's part of our slope is of that size and
    sign, and a blocked pump leaves the slope of RT/F only."""
    running = warming_verdict(NEURON)
    blocked = warming_verdict(NEURON, scaling=TemperatureScaling(pump=False))
    assert -2.0 < running.contributions_mv_per_k["pump against leak"] < -0.2
    assert blocked.contributions_mv_per_k["pump against leak"] == pytest.approx(0.0, abs=1e-9)
    assert blocked.dv_dt_mv_per_k == pytest.approx(blocked.contributions_mv_per_k["thermal voltage"], abs=1e-9)
