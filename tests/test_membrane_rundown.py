"""Run-down and recovery: the published table, conservation, an independent integration, protocols, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from selectivity.constants import FARADAY, thermal_voltage
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.protocols import (
    Phase,
    atp_depleted,
    block_and_washout,
    channel_blocked,
    pump_blocked,
    synthesis_blocked,
)
from selectivity.membrane.pump import pump_kinetics, pump_names
from selectivity.membrane.pump_experiments import long_ouabain
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_equations import PumpLeakEquations
from selectivity.membrane.pump_leak_state import AtpSensitivity
from selectivity.membrane.pump_leak_steady import steady_state, with_matched_pump
from selectivity.membrane.rundown import PATIENCE, RunNotFinished, run_down

NEURON = pump_leak_cell()
# time s, V mV, Na, K mM, volume: FACTS 4.7 (computed there by implicit integration)
TABLE = [
    (0.5, -64.41, 14.1, 122.8, 1.00),
    (60.0, -65.0, 20.0, 116.9, 1.00),
    (300.0, -64.4, 41.1, 95.9, 1.01),
    (600.0, -61.3, 63.0, 74.0, 1.02),
    (1200.0, -51.4, 96.5, 40.8, 1.04),
    (1800.0, -38.6, 117.2, 20.7, 1.09),
    (3600.0, -18.0, 132.2, 7.6, 1.32),
    (36000.0, -2.3, 140.9, 3.9, 3.09),
]


@pytest.fixture(scope="module")
def long_run():
    return run_down(NEURON, pump_blocked(600.0), times_s=[0.0] + [row[0] for row in TABLE])


@pytest.mark.parametrize("index, row", list(enumerate(TABLE, start=1)), ids=[f"{row[0]:g} s" for row in TABLE])
def test_published_run_down_table(long_run, index, row):
    _, v, na, k, volume = row
    assert long_run.v_mv[index] == pytest.approx(v, abs=0.3)
    assert long_run.inside_mm["Na"][index] == pytest.approx(na, abs=0.1)
    assert long_run.inside_mm["K"][index] == pytest.approx(k, abs=0.1)
    assert long_run.volume[index] == pytest.approx(volume, abs=0.006)


def test_the_jump_is_the_electrogenic_share(long_run):
    """+8.2 mV at once (FACTS 4.7), which is cycle current over the conductance of the membrane."""
    assert long_run.v_mv[1] - long_run.v_mv[0] == pytest.approx(8.2, abs=0.1)
    rest = steady_state(NEURON).state
    assert rest.pump_cycle_ua_per_cm2 / 0.110 == pytest.approx(8.2, abs=0.1)


def test_the_drift_is_not_monotone(long_run):
    assert long_run.v_mv[2] < long_run.v_mv[1] and long_run.v_mv[2] < long_run.v_mv[3]


def test_contents_carry_the_charge_of_the_membrane_to_rounding(long_run):
    assert long_run.charge_residual_mm < 1e-11


def test_potassium_from_charge_equals_potassium_from_its_own_fluxes():
    """Mass: K+ is never integrated, yet its amount changes by exactly the K+ that crossed the membrane (Gauss quadrature)."""
    edges = np.linspace(0.0, 1800.0, 61)
    nodes, weights = np.polynomial.legendre.leggauss(4)
    half = np.diff(edges) / 2
    times = (edges[:-1, None] + half[:, None] * (1 + nodes)).ravel()
    wanted = np.union1d(np.union1d(times, edges), [0.0])
    run = run_down(NEURON, [Phase(1800.0, pump=0.3)], times_s=wanted)
    equations = PumpLeakEquations(NEURON)
    efflux = {}
    for t, state in zip(run.time_s, run.states, strict=True):
        current = state.leak_ua_per_cm2["K"] - 2 * state.pump_cycle_ua_per_cm2 + state.kcc2_ua_per_cm2
        efflux[t] = equations.k * state.area_ratio * current
    gone = sum(
        w * h * efflux[t]
        for h, row in zip(half, times.reshape(-1, 4), strict=True)
        for w, t in zip(weights, row, strict=True)
    )
    amount = run.inside_mm["K"] * run.volume
    # the first seconds hold a voltage transient that 30 s panels do not resolve: a few 1e-4 mM
    assert amount[0] - amount[-1] == pytest.approx(gone, rel=1e-4)


def _independent(minutes: float) -> tuple[float, float, float, float]:
    """The published model typed again in its own form: five amounts in SI-like units, V from the charge sum, Radau."""
    f, rt = FARADAY, thermal_voltage(310.15) * 1e-3  # V
    radius, length = 5e-5, 25e-5  # dm
    w0, c = np.pi * radius**2 * length, 2e-4  # dm3, F/dm2
    g = 1e-6 * 100  # 1 µS/cm2 in S/dm2

    def voltage(n, w):
        na, k, cl, x = n
        area = 2 * np.sqrt(np.pi * length * w)
        return f * (na + k - cl - 0.85 * x) / (c * area), area

    def rates(t, y):
        n, w = y[:4] * 1e-12, y[4] * 1e-12
        v, area = voltage(n, w)
        na, k, cl, x = n / w
        e_na, e_k, e_cl = rt * np.log(0.145 / na), rt * np.log(0.0035 / k), rt * np.log(cl / 0.119)
        kcc2 = 20 * g * (e_cl - e_k) / f
        water = 0.0015 * 0.018 * area * (na + k + cl + x - 0.297)
        flows = [-20 * g * (v - e_na) / f, -70 * g * (v - e_k) / f - kcc2, 20 * g * (v - e_cl) / f - kcc2, 0.0]
        return np.array([*(area * flow for flow in flows), water]) * 1e12

    rest = steady_state(NEURON).state
    na, cl, x = (1e-3 * value for value in (rest.inside_mm["Na"], rest.inside_mm["Cl"], rest.impermeant_mm))
    w = w0 * rest.volume
    area = 2 * np.sqrt(np.pi * length * w)
    k = cl + 0.85 * x - na + c * area * rest.v_mv * 1e-3 / (f * w)
    start = np.array([na * w, k * w, cl * w, x * w, w]) * 1e12
    end = solve_ivp(rates, (0, 60 * minutes), start, method="Radau", rtol=1e-11, atol=1e-16).y[:, -1] * 1e-12
    v, _ = voltage(end[:4], end[4])
    return 1e3 * v, 1e3 * end[0] / end[4], 1e3 * end[1] / end[4], end[4] / w0


def test_an_independent_integration_agrees():
    v, na, k, volume = _independent(20.0)
    run = run_down(NEURON, pump_blocked(20.0), times_s=[1200.0])
    assert run.v_mv[0] == pytest.approx(v, abs=2e-3)
    assert run.inside_mm["Na"][0] == pytest.approx(na, rel=1e-5)
    assert run.inside_mm["K"][0] == pytest.approx(k, rel=1e-5)
    assert run.volume[0] == pytest.approx(volume, rel=1e-5)


@pytest.mark.parametrize("method", ["Radau", "BDF"])
def test_other_stiff_solvers_agree(method):
    a = run_down(NEURON, pump_blocked(60.0), times_s=[0.5, 600.0, 3600.0])
    b = run_down(NEURON, pump_blocked(60.0), times_s=[0.5, 600.0, 3600.0], method=method)
    assert b.v_mv == pytest.approx(a.v_mv, abs=1e-5)


def test_washout_recovers_the_resting_state():
    run = run_down(NEURON, block_and_washout(10.0, recovery_minutes=60.0), times_s=[0.0, 600.0, 4200.0])
    assert run.v_mv[1] > run.v_mv[0] + 10
    assert run.v_mv[2] == pytest.approx(run.v_mv[0], abs=0.01)
    assert run.inside_mm["K"][2] == pytest.approx(run.inside_mm["K"][0], abs=0.01)


def test_recovery_overshoots_by_a_few_millivolts():
    """Na+-loaded pumps carry more current than at rest: V passes the resting value on the way back, by about the 5 mV measured
    as pump hyperpolarisation (FACTS 4.4), if the pump law saturates."""
    cell = with_matched_pump(NEURON, pump_kinetics("luo-rudy-1994"))
    run = run_down(cell, block_and_washout(10.0, recovery_minutes=120.0))
    assert -12.0 < run.v_mv[run.time_s > 600.0].min() - run.v_mv[0] < -3.0
    assert run.v_mv[-1] == pytest.approx(run.v_mv[0], abs=0.1) and run.warnings == ()


def test_an_unsaturable_law_is_called_out_in_recovery():
    """The published cubic law, loaded with sodium, would need twice the free energy of ATP and hundreds of mV: the run says so."""
    run = run_down(NEURON, block_and_washout(10.0, recovery_minutes=60.0))
    assert run.v_mv.min() < -300 and "more than" in run.warnings[0] and "saturable" in run.warnings[0]
    assert run_down(NEURON, pump_blocked(10.0)).warnings == ()


def test_a_matched_pump_leaves_the_rest_as_it_was():
    for name in pump_names():
        other = with_matched_pump(NEURON, pump_kinetics(name))
        assert steady_state(other).v_mv == pytest.approx(steady_state(NEURON).v_mv, abs=1e-6)


def test_partial_block_settles_where_the_steady_state_says():
    run = run_down(NEURON, [Phase(7200.0, pump=0.25)], times_s=[7200.0])
    rest = steady_state(NEURON, pump=0.25)
    assert run.v_mv[0] == pytest.approx(rest.v_mv, abs=0.01)
    assert run.inside_mm["Na"][0] == pytest.approx(rest.state.inside_mm["Na"], abs=0.01)


def test_synthesis_block_loses_pumps_exponentially():
    run = run_down(NEURON, synthesis_blocked(600.0, half_life_hours=5.0), times_s=[0.0, 18000.0, 36000.0])
    assert run.pump_activity == pytest.approx([1.0, 0.5, 0.25], rel=1e-9)
    assert abs(run.v_mv[1] - run.v_mv[0]) < 1.0  # half the pumps, hardly a millivolt: sodium rises instead
    assert run.inside_mm["Na"][2] > run.inside_mm["Na"][0] + 5.0


def test_pumps_keep_their_number_across_phases():
    phases = [Phase(3600.0, pump=0.0, pump_time_constant_s=3600.0), Phase(10.0, pump=0.0, pump_time_constant_s=3600.0)]
    run = run_down(NEURON, phases, times_s=[3599.9, 3600.0, 3610.0])
    assert run.pump_activity[1] == pytest.approx(np.exp(-1.0), rel=1e-9)
    assert np.all(np.diff(run.pump_activity) < 0)


def test_atp_depletion_slows_the_pump_and_recovers():
    atp = AtpSensitivity(resting_mm=3.0, km_mm=0.3)
    run = run_down(NEURON, atp_depleted(10.0, recovery_minutes=120.0), atp=atp, times_s=[0.0, 600.0, 7800.0])
    assert run.atp_mm[0] == pytest.approx(3.0) and run.atp_mm[1] < 0.1 and run.atp_mm[2] == pytest.approx(3.0, abs=1e-6)
    assert run.pump_activity[1] < 0.2 and run.v_mv[1] > run.v_mv[0] + 3
    assert run.v_mv[2] == pytest.approx(run.v_mv[0], abs=0.05)


def test_pump_burns_exactly_the_atp_that_disappears():
    atp = AtpSensitivity(resting_mm=3.0, km_mm=0.3)
    times = np.linspace(0.0, 60.0, 601)
    run = run_down(NEURON, atp_depleted(1.0), atp=atp, times_s=times)
    equations = PumpLeakEquations(NEURON)
    use = equations.k * np.array([s.area_ratio * s.pump_cycle_ua_per_cm2 for s in run.states])
    assert run.atp_mm[0] - run.atp_mm[-1] == pytest.approx(np.trapezoid(use, times), rel=1e-5)


def test_chloride_block_depolarises_a_cell_with_kcc2():
    """E_Cl (-83.8) lies below V (-72.6): closing Cl- channels depolarises; FACTS 5 claim 5, the other direction."""
    run = run_down(NEURON, channel_blocked(1.0, "Cl"), times_s=[0.0, 1.0])
    assert run.v_mv[1] > run.v_mv[0] + 1.0
    loader = NEURON.with_changes(kcc2_us_per_cm2=0.0, nkcc1_us_per_cm2=0.5)
    run = run_down(loader, channel_blocked(1.0, "Cl"), times_s=[0.0, 1.0])
    assert run.v_mv[1] < run.v_mv[0] - 0.1


def test_block_of_chloride_follows_the_chord_formula_at_once():
    """dV = [g_Cl/(g_K + g_Na)](V - E_Cl) with V before the block, currents of pump and KCC2 unchanged (0.5 s)."""
    rest = steady_state(NEURON).state
    expected = 20 / 90 * (rest.v_mv - rest.nernst_mv["Cl"])
    run = run_down(NEURON, channel_blocked(1.0, "Cl"), times_s=[0.0, 0.3])
    assert run.v_mv[1] - run.v_mv[0] == pytest.approx(expected, rel=0.02)


def test_fixed_volume_ends_at_its_own_donnan_voltage():
    run = run_down(NEURON, pump_blocked(60 * 200.0), times_s=[720000.0], fixed_volume=True)
    assert run.v_mv[0] == pytest.approx(-9.8, abs=0.1)
    assert run.volume[0] == 1.0


def test_closed_bath_conserves_mass_along_the_run():
    closed = NEURON.with_changes(bath_to_cell_volume=0.3)
    run = run_down(closed, pump_blocked(30.0))
    bath = 1.3 - run.volume
    for ion in ("Na", "K", "Cl"):
        total = run.inside_mm[ion] * run.volume + run.outside_mm[ion] * bath
        assert np.ptp(total) < 1e-9 * total[0]
    assert run.outside_mm["K"][-1] > 30.0  # a small extracellular space fills with the cells' potassium


def test_high_potassium_bath_depolarises_and_sodium_makes_room():
    run = run_down(NEURON, [Phase(60.0, outside={"K": 40.0})], times_s=[30.0])
    assert run.outside_mm["Na"][0] == pytest.approx(145.0 - 36.5)
    assert run.v_mv[0] > -45.0


def test_crossings_are_found():
    run = run_down(NEURON, pump_blocked(60.0), times_s=[3600.0], crossings_mv=[-50.0, -20.0, 10.0])
    assert [c.v_mv for c in run.crossings] == [-50.0, -20.0]
    there = run_down(NEURON, pump_blocked(60.0), times_s=[run.crossings[0].time_s])
    assert there.v_mv[0] == pytest.approx(-50.0, abs=0.01)


def test_saturable_kinetics_run_too():
    cell = NEURON.with_changes(pump=pump_kinetics("luo-rudy-1994", capacitance_uf_per_cm2=2.0).scaled(4.0))
    rest = steady_state(cell)
    assert rest.stable and -80 < rest.v_mv < -60
    assert run_down(cell, pump_blocked(60.0), times_s=[3600.0]).v_mv[0] > -25


def test_rows_carry_units_and_default_times_cover_the_jump():
    run = run_down(NEURON, pump_blocked(60.0))
    assert run.time_s[0] == 0.0 and run.time_s[-1] == 3600.0 and np.sum(run.time_s < 1.0) > 20
    row = run.rows()[0]
    assert {"time_s", "v_mv", "na_inside_mm", "k_outside_mm", "e_cl_mv", "volume"} <= set(row)


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: run_down(NEURON, []), "no phases"),
        (lambda: run_down(NEURON, pump_blocked(1.0), times_s=[61.0]), "0 ... 60 s"),
        (lambda: run_down(NEURON, pump_blocked(1.0), times_s=[2.0, 1.0]), "increase"),
        (lambda: run_down(NEURON, pump_blocked(1.0), times_s=[float("nan")]), "times must lie"),
        (lambda: run_down(NEURON, atp_depleted(1.0)), "AtpSensitivity"),
        (lambda: run_down(NEURON, [Phase(1.0, outside={"K": 200.0})]), "no Na left"),
        (
            lambda: run_down(NEURON.with_changes(bath_to_cell_volume=1.0), [Phase(1.0, outside={"K": 9.0})]),
            "closed bath",
        ),
        (lambda: Phase(0.0), "duration"),
        (lambda: Phase(1.0, pump=-1.0), "share"),
        (lambda: Phase(1.0, leak={"Cl": -1.0}), "leak factor"),
        (lambda: Phase(1.0, leak={"Ca": 1.0}), "KCC2"),
        (lambda: run_down(NEURON, pump_blocked(1.0), method="RK45"), "stiff solvers"),
        (lambda: run_down(NEURON, pump_blocked(1.0), start=np.zeros(3)), "shape"),
        (lambda: run_down(NEURON, pump_blocked(1.0), start=np.full(5, np.nan)), "finite"),
        (lambda: AtpSensitivity(0.0, 0.4), "ATP"),
        (lambda: synthesis_blocked(1.0, half_life_hours=0.0), "half-life"),
    ],
)
def test_bad_runs_are_refused(make, found):
    with pytest.raises((OutOfRange, UnknownChoice), match=found):
        make()


finite = {"allow_nan": False, "allow_infinity": False}


@settings(max_examples=25, deadline=None)
@given(
    st.floats(5, 200, **finite), st.floats(1, 60, **finite), st.floats(0, 60, **finite), st.floats(0, 40, **finite),
    st.floats(0.1, 5, **finite), st.floats(0, 1.5, **finite), st.floats(0, 3, **finite),
)  # fmt: skip
def test_any_cell_conserves_charge_and_mass_along_any_run(g_k, g_na, g_cl, kcc2, bath, pump, opened):
    """Random conductances, pump strengths and phases in a closed bath: charge to rounding, mass to rounding, nothing negative."""
    closed = with_matched_pump(NEURON, pump_kinetics("luo-rudy-1994")).with_changes(
        conductance_us_per_cm2={"K": g_k, "Na": g_na, "Cl": g_cl}, kcc2_us_per_cm2=kcc2, bath_to_cell_volume=bath
    )
    start = PumpLeakEquations(closed).start(-60.0)
    run = run_down(closed, [Phase(300.0, pump=pump), Phase(300.0, leak={"Na": opened, "Cl": 0.0})], start=start)
    assert run.charge_residual_mm < 1e-10
    for ion in ("Na", "K", "Cl"):
        total = run.inside_mm[ion] * run.volume + run.outside_mm[ion] * (1.0 + bath - run.volume)
        assert np.ptp(total) < 1e-9 * total[0]
        assert run.inside_mm[ion].min() > 0 and run.outside_mm[ion].min() > 0


def test_the_table_is_the_rows():
    run = run_down(NEURON, pump_blocked(1.0), times_s=[0.0, 60.0])
    frame = run.table()
    assert frame.attrs["sources"] == ("dusterwald2018",) and frame["v_mv"].tolist() == run.v_mv.tolist()


def test_a_run_that_cannot_finish_says_so():
    with pytest.raises(RunNotFinished, match="max_evaluations"):
        run_down(NEURON, pump_blocked(60.0), max_evaluations=50)


def test_a_phase_in_which_nothing_changes_costs_little():
    """LSODA starts every phase as if it were not stiff and, on the slow path already, may never notice: this run once spent 200,000
    evaluations on its second phase and gave up. BDF takes over after PATIENCE of them, with the same answer."""
    cut = long_ouabain(15.0, resistance_kohm_cm2=5.0)
    assert PATIENCE < cut.n_evaluations < PATIENCE + 5000
    other = long_ouabain(15.0, resistance_kohm_cm2=5.0, gain_after_hours=15.0)  # one phase, which LSODA does
    assert other.n_evaluations < 1000 and cut.v_mv[-1] == pytest.approx(other.v_mv[-1], abs=1e-5)


def test_creeping_is_handed_to_another_solver(monkeypatch):
    monkeypatch.setattr("selectivity.membrane.rundown.PATIENCE", 20)
    impatient = run_down(NEURON, pump_blocked(20.0), times_s=[0.0, 600.0, 1200.0])
    monkeypatch.undo()
    usual = run_down(NEURON, pump_blocked(20.0), times_s=[0.0, 600.0, 1200.0])
    assert impatient.v_mv.tolist() == pytest.approx(usual.v_mv.tolist(), abs=1e-5)
    assert impatient.n_evaluations > 20 and len(impatient.time_s) == 3
