"""The pump-leak cell: published steady state, exact Jacobian, Donnan limits, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.currents import bernoulli as array_bernoulli
from selectivity.membrane.donnan import donnan_equilibrium, donnan_with_water
from selectivity.membrane.pump import pump_kinetics
from selectivity.membrane.pump_leak import pump_leak_cell, pump_leak_cell_names
from selectivity.membrane.pump_leak_equations import ATP, CHARGE, SODIUM, VOLUME, PumpLeakEquations, bernoulli
from selectivity.membrane.pump_leak_state import AtpSensitivity, Drive
from selectivity.membrane.pump_leak_steady import NoSteadyState, steady_state, steady_state_curve

NEURON = pump_leak_cell()
CLOSED = NEURON.with_changes(
    nkcc1_us_per_cm2=5.0,
    permeability_cm_per_s={"Na": 1e-7, "K": 3e-6, "Cl": 1e-6},
    bath_to_cell_volume=0.8,
    outside={"Na": 118.5, "K": 30.0, "Cl": 119.0},
    pump=pump_kinetics("luo-rudy-1994"),
)


def test_published_steady_state():
    """FACTS 4.7, to 0.05 mV and 0.05 mM."""
    rest = steady_state(NEURON)
    assert rest.v_mv == pytest.approx(-72.59, abs=0.05)
    assert rest.state.inside_mm["Na"] == pytest.approx(14.0, abs=0.05)
    assert rest.state.inside_mm["K"] == pytest.approx(122.9, abs=0.05)
    assert rest.state.inside_mm["Cl"] == pytest.approx(5.16, abs=0.05)
    assert rest.stable and rest.state.volume == pytest.approx(1.0, abs=1e-4)


def test_steady_state_balances_every_ion():
    state = steady_state(NEURON).state
    cycle = state.pump_cycle_ua_per_cm2
    assert state.leak_ua_per_cm2["Na"] + 3 * cycle == pytest.approx(0.0, abs=1e-9)
    assert state.leak_ua_per_cm2["K"] - 2 * cycle + state.kcc2_ua_per_cm2 == pytest.approx(0.0, abs=1e-9)
    assert -state.leak_ua_per_cm2["Cl"] + state.kcc2_ua_per_cm2 == pytest.approx(0.0, abs=1e-9)


def test_without_pump_the_rest_is_the_donnan_equilibrium():
    x = {"impermeant": NEURON.impermeant_inside_mm, "impermeant_valence": NEURON.impermeant_valence}
    swollen = donnan_with_water(outside=NEURON.outside, impermeant_outside=NEURON.impermeant_outside_mm, **x)
    dead = steady_state(NEURON, pump=0.0)
    assert dead.v_mv == pytest.approx(float(swollen.v_mv), abs=1e-3)  # the membrane's own charge is 1e-5 of the ions'
    assert dead.state.volume == pytest.approx(float(swollen.volume), rel=1e-4)
    rigid = steady_state(NEURON, pump=0.0, fixed_volume=True)
    assert rigid.v_mv == pytest.approx(float(donnan_equilibrium(outside=NEURON.outside, **x).v_mv), abs=1e-3)
    assert rigid.v_mv == pytest.approx(-9.8, abs=0.05)


@pytest.mark.parametrize("cell", [NEURON, CLOSED], ids=["open bath", "closed bath, all transporters"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "drive",
    [
        Drive(),
        Drive(atp_clamped=False, other_atp_use_mm_per_s=0.1, pump_end=0.2, pump_time_constant_s=3.0),
        Drive(atp_recovery_s=5.0, leak={"Cl": 0.0, "Na": 2.0}, fixed_volume=True),
    ],
    ids=["rest", "ATP falling", "ATP returning"],
)
def test_jacobian_equals_finite_differences(cell, seed, drive):
    equations = PumpLeakEquations(cell, drive, AtpSensitivity(resting_mm=3.0, km_mm=0.3))
    y = equations.start(-60.0, volume=1.02) * (1 + 0.02 * np.random.default_rng(seed).random(5))
    exact = equations.jacobian(0.7, y)
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-6 * max(abs(y[column]), 1e-3)
        numeric = (np.array(equations.rates(0.7, y + step)) - np.array(equations.rates(0.7, y - step))) / (
            2 * step[column]
        )
        scale = np.abs(exact).max(axis=1)  # a row's small entries drown in the rounding of its large ones
        assert np.all(np.abs(exact[:, column] - numeric) <= 1e-6 * np.abs(numeric) + 1e-8 * scale + 1e-14)


def test_rates_conserve_charge_exactly():
    """d(Na + K - Cl)/dt equals the capacitor's charging current whatever the state."""
    equations = PumpLeakEquations(CLOSED)
    y = equations.start(-50.0)
    rates = equations.rates(0.0, y)
    h = 1e-3
    moved = y + h * np.array(rates)
    d_k = (equations.potassium(moved) - equations.potassium(y)) / h
    assert rates[SODIUM] + d_k - rates[1] == pytest.approx(equations.eps * rates[CHARGE], rel=1e-6)


def test_goldman_factor():
    for u in (-700.0, -3.0, -1e-5, 0.0, 1e-5, 3.0, 700.0):
        value, slope = bernoulli(u)
        exact = u / -math.expm1(-u) if u not in (0.0,) and abs(u) < 600 else max(u, 0.0) if u else 1.0
        assert value == pytest.approx(exact, rel=1e-9, abs=1e-300)
        h = 1e-6
        assert slope == pytest.approx((bernoulli(u + h)[0] - bernoulli(u - h)[0]) / (2 * h), abs=1e-6)


def test_goldman_leak_rests_at_the_ghk_voltage_when_nothing_else_conducts():
    """Currents of K+, Na+, Cl- through permeabilities alone vanish at the closed-form GHK voltage."""
    cell = NEURON.with_changes(
        conductance_us_per_cm2={}, kcc2_us_per_cm2=0.0, permeability_cm_per_s={"K": 1e-6, "Na": 4e-8, "Cl": 4.5e-7}
    )
    equations = PumpLeakEquations(cell, Drive(pump_start=0.0, pump_end=0.0))
    k, na, cl = 122.87, 14.0, 5.16
    rt = equations.rt
    v = rt * math.log((3.5 + 0.04 * 145 + 0.45 * cl) / (k + 0.04 * na + 0.45 * 119))
    y = equations.start(v, sodium=na, chloride=cl)
    state = equations.state(0.0, y)
    exact = rt * math.log((3.5 + 0.04 * 145 + 0.45 * cl) / (state.inside_mm["K"] + 0.04 * na + 0.45 * 119))
    y[CHARGE] += exact - v
    total = sum(equations.state(0.0, y).leak_ua_per_cm2.values())
    assert total == pytest.approx(0.0, abs=1e-6 * state.leak_ua_per_cm2["K"])


def test_closed_bath_keeps_what_it_holds():
    equations = PumpLeakEquations(CLOSED)
    for volume in (0.95, 1.0, 1.1):
        y = equations.start(-60.0, volume=volume)
        state = equations.state(0.0, y)
        for ion, inside in (("Na", CLOSED.inside["Na"]), ("Cl", CLOSED.inside["Cl"])):
            total = state.inside_mm[ion] * volume + state.outside_mm[ion] * (1.8 - volume)
            assert total == pytest.approx(inside + 0.8 * CLOSED.outside[ion], rel=1e-13)


def test_blocking_chloride_hyperpolarises_only_where_e_cl_is_above_v():
    """Both directions of the condition, from one cell: with KCC2 E_Cl < V (depolarises), with NKCC1 instead E_Cl > V."""
    with_kcc2 = steady_state(NEURON).state
    assert with_kcc2.nernst_mv["Cl"] < with_kcc2.v_mv
    loader = NEURON.with_changes(kcc2_us_per_cm2=0.0, nkcc1_us_per_cm2=0.5)
    with_nkcc1 = steady_state(loader).state
    assert with_nkcc1.nernst_mv["Cl"] > with_nkcc1.v_mv
    for cell, state, sign in ((NEURON, with_kcc2, +1), (loader, with_nkcc1, -1)):
        open_, shut = PumpLeakEquations(cell), PumpLeakEquations(cell, Drive(leak={"Cl": 0.0}))
        y = steady_state(cell).y
        assert abs(open_.rates(0.0, y)[CHARGE]) < 1e-6
        assert math.copysign(1.0, shut.rates(0.0, y)[CHARGE]) == sign, state.v_mv


def test_curve_follows_the_pump_down():
    curve = steady_state_curve(NEURON, [0.0, 0.01, 0.1, 1.0, 10.0])
    assert np.all(np.diff(curve.sodium_mm) < 0) and np.all(np.diff(curve.volume) < 0) and np.all(curve.stable)
    for activity, state in zip(curve.pump, curve.states, strict=True):
        assert steady_state(NEURON, pump=activity).v_mv == pytest.approx(state.v_mv, abs=1e-6)


def test_a_cell_that_swells_without_limit_says_so():
    cell = NEURON.with_changes(impermeant_outside_mm=0.0, outside={"Na": 145.0, "K": 3.5, "Cl": 148.5})
    with pytest.raises(NoSteadyState, match="impermeant"):
        steady_state(cell, pump=0.0)


def test_presets_are_complete_and_cited():
    assert "pump-leak-neuron" in pump_leak_cell_names()
    assert "dusterwald2018" in NEURON.sources
    assert NEURON.volume_fl == pytest.approx(math.pi * 25 * 25) and NEURON.area_um2 == pytest.approx(
        2 * math.pi * 5 * 25
    )


@pytest.mark.parametrize(
    "change, found",
    [
        ({"outside": {"Na": 145.0, "K": 3.5}}, "lacks Cl"),
        ({"outside": {"Na": 145.0, "K": -3.5, "Cl": 119.0}}, "outside K"),
        ({"outside": {"Na": 145.0, "K": 0.0, "Cl": 115.5}}, "no K outside"),
        ({"outside": {"Na": 145.0, "K": 5.0, "Cl": 119.0}}, "net charge"),
        ({"inside": {"Na": math.nan, "Cl": 5.0}}, "inside Na"),
        ({"conductance_us_per_cm2": {"Ca": 1.0}}, "names 'Ca'"),
        ({"capacitance_uf_per_cm2": 0.0}, "capacitance"),
        ({"temperature": -5.0}, "temperature"),
        ({"shape": "cube"}, "cylinder"),
        ({"inside": {"Na": 300.0, "Cl": 5.0}}, "charge balance"),
        ({"bath_to_cell_volume": 0.0}, "infinite"),
    ],
)
def test_bad_cells_are_refused(change, found):
    with pytest.raises((OutOfRange, UnknownChoice), match=found):
        NEURON.with_changes(**change)


@pytest.mark.parametrize("bad", [{"pump": -1.0}, {"pump": math.nan}, {"leak": {"Ca": 1.0}}, {"leak": {"Cl": -1.0}}])
def test_bad_drives_are_refused(bad):
    with pytest.raises((OutOfRange, UnknownChoice)):
        steady_state(NEURON, **bad)


def test_the_goldman_factor_is_that_of_the_currents():
    for u in (-30.0, -1.0, 0.0, 1e-6, 2.5, 40.0):
        assert bernoulli(u)[0] == pytest.approx(float(array_bernoulli(np.asarray(-u))), rel=1e-12)


def test_unknown_names_are_refused():
    with pytest.raises(UnknownChoice, match="pump-leak-neuron"):
        pump_leak_cell("squid")
    with pytest.raises(UnknownChoice, match="no field"):
        NEURON.with_changes(conductance=1.0)


def test_state_vector_layout_is_what_the_names_say():
    y = PumpLeakEquations(NEURON, atp=AtpSensitivity(3.0, 0.3)).start(-70.0, volume=2.0)
    assert y[SODIUM] == pytest.approx(2 * 14.002) and y[VOLUME] == 2.0 and y[ATP] == 3.0
    assert y[CHARGE] / math.sqrt(2.0) == pytest.approx(-70.0)
