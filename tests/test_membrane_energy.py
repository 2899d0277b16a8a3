"""Energy: published numbers, flux times force equals power in, the second law along every run, the price of poor selectivity."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.errors import OutOfRange
from selectivity.membrane.energy import (
    KJ_PER_MOL_PER_MV,
    atp_free_energy,
    attwell_laughlin,
    energy_budget,
    pump_stall_voltage,
    pump_work,
    selectivity_cost,
    stored_energy,
)
from selectivity.membrane.protocols import Phase, channel_blocked, pump_blocked
from selectivity.membrane.pump import Stoichiometry, pump_kinetics
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_steady import steady_state, with_matched_pump
from selectivity.membrane.rundown import run_down

NEURON = pump_leak_cell()
MAMMAL = {"outside": {"K": 5.0, "Na": 145.0}, "inside": {"K": 140.0, "Na": 15.0}}


def test_pump_work_per_cycle():
    """FACTS 4.5 and claim 8: 41.49 kJ/mol (9.92 kcal/mol), under the 50 of ATP."""
    work = pump_work(**MAMMAL, voltage=-70.0, temperature=310.15)
    assert work == pytest.approx(41.49, abs=0.005)
    assert work / 4.184 == pytest.approx(9.92, abs=0.005)


def test_attwell_laughlin_neuron():
    """FACTS 4.5: 5.45e-11 A, 3.40e8 ATP/s, 2.29e-11 W, 7.39e-14 W/K at 310 K, 2.83e-11 W of ATP, efficiency 0.81."""
    rest = attwell_laughlin(voltage=-70, e_na=50, e_k=-100, input_resistance_mohm=200, temperature=310.0)
    assert rest.pump_current_pa == pytest.approx(54.5, abs=0.05)
    assert rest.atp_per_second == pytest.approx(3.40e8, rel=2e-3)
    assert rest.leak_dissipation_pw == pytest.approx(22.9, abs=0.05)
    assert rest.entropy_production_fw_per_k == pytest.approx(73.9, abs=0.1)
    assert rest.atp_power_pw == pytest.approx(28.3, abs=0.05)
    assert rest.efficiency == pytest.approx(0.81, abs=0.005)


@given(
    st.floats(-95, 30),
    st.floats(35, 80),
    st.floats(-120, -100),
    st.floats(1, 1e4),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_attwell_laughlin_solves_its_own_equations(v, e_na, e_k, resistance, n, m):
    rest = attwell_laughlin(
        voltage=v, e_na=e_na, e_k=e_k, input_resistance_mohm=resistance, stoichiometry=Stoichiometry(n, m)
    )
    g_na, g_k = rest.conductance_na_ns, rest.conductance_k_ns
    cycle_pa = rest.atp_per_second * 1.602176634e-7
    assert g_na + g_k == pytest.approx(1e3 / resistance, rel=1e-9)
    assert g_na * (v - e_na) == pytest.approx(-n * cycle_pa, rel=1e-9)
    assert g_k * (v - e_k) == pytest.approx(m * cycle_pa, rel=1e-9)
    force = g_na * (v - e_na) ** 2 + g_k * (v - e_k) ** 2
    assert rest.leak_dissipation_pw == pytest.approx(1e-3 * force, rel=1e-9)


def test_stall_voltage_is_where_work_equals_fuel():
    for stoichiometry in (Stoichiometry(3, 2), Stoichiometry(2, 1), Stoichiometry(1, 2)):
        v = pump_stall_voltage(**MAMMAL, stoichiometry=stoichiometry)
        assert pump_work(**MAMMAL, voltage=v, stoichiometry=stoichiometry) == pytest.approx(50.0)
    with pytest.raises(OutOfRange, match="electroneutral"):
        pump_stall_voltage(**MAMMAL, stoichiometry=Stoichiometry(2, 2))


def test_atp_free_energy_moves_by_rt_per_e_fold():
    base = atp_free_energy(atp_mm=3.0, adp_mm=0.3, phosphate_mm=5.0, standard_kj_mol=-30.5)
    less = atp_free_energy(atp_mm=3.0 / np.e, adp_mm=0.3, phosphate_mm=5.0, standard_kj_mol=-30.5)
    assert base - less == pytest.approx(8.31446261815324e-3 * 310.15)


CELLS = {
    "published": NEURON,
    "all transporters": NEURON.with_changes(
        nkcc1_us_per_cm2=0.2, permeability_cm_per_s={"Na": 1e-8, "K": 1e-7, "Cl": 1e-8}
    ),
    "saturable pump": NEURON.with_changes(pump=pump_kinetics("luo-rudy-1994").scaled(3.0)),
    "electroneutral pump": NEURON.with_changes(stoichiometry=Stoichiometry(2, 2)),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_at_rest_flux_times_force_is_the_power_put_in(cell):
    budget = energy_budget(cell, steady_state(cell).state)
    assert budget.total_dissipation_pw == pytest.approx(budget.pump_work_pw, rel=1e-7)
    assert budget.second_law and all(part >= -1e-12 for part in budget.dissipation_pw.values())
    expected = 1e3 * budget.atp_power_pw / cell.temperature  # at rest all of the fuel ends as heat
    assert budget.entropy_production_fw_per_k == pytest.approx(expected, rel=1e-6)
    assert 0 < budget.efficiency < 1


def test_sodium_takes_most_of_the_power():
    budget = energy_budget(NEURON, steady_state(NEURON).state)
    assert budget.dissipation_pw["Na"] > 0.8 * budget.total_dissipation_pw


@pytest.mark.parametrize(
    "phases",
    [
        pump_blocked(30.0),
        channel_blocked(10.0, "Cl"),
        [Phase(600.0, pump=0.0), Phase(1200.0)],
        [Phase(600.0, pump=1.3)],
    ],
    ids=["pump off", "chloride block", "block and recovery", "more pumps"],
)
def test_stored_energy_changes_by_work_minus_dissipation(phases):
    """First law along a run, second law at every instant of it: the gradients' free energy is accounted for, pJ by pJ."""
    # a saturable law: the published cubic one would ask 97 kJ/mol of ATP during recovery
    cell = with_matched_pump(NEURON, pump_kinetics("luo-rudy-1994"))
    run = run_down(cell, phases)
    budgets = [energy_budget(cell, state) for state in run.states]
    assert all(budget.second_law for budget in budgets)
    assert all(min(budget.dissipation_pw.values()) > -1e-9 for budget in budgets)
    gained = stored_energy(cell, run.states[-1]) - stored_energy(cell, run.states[0])
    power = np.array([budget.stored_pw for budget in budgets])
    edges = [0, *np.searchsorted(run.time_s, run.phase_starts_s[1:]), run.time_s.size]
    work = 0.0
    for begin, end in pairwise(edges):  # power jumps between phases, so each is summed alone
        # the last row of a phase belongs to the next one; its power is continued from the row before
        t = np.append(run.time_s[begin:end], [run.time_s[end]] if end < run.time_s.size else [])
        p = np.append(power[begin:end], [power[end - 1]] if end < run.time_s.size else [])
        work += np.trapezoid(p, t)
    scale = np.sum(np.abs(np.trapezoid(np.abs(power), run.time_s)))
    assert gained == pytest.approx(work, abs=0.01 * scale)


def test_a_dead_cell_at_its_donnan_end_dissipates_nothing():
    end = steady_state(NEURON, pump=0.0)
    budget = energy_budget(NEURON, end.state)
    assert budget.total_dissipation_pw == pytest.approx(0.0, abs=1e-9) and budget.atp_power_pw == 0.0
    rest = steady_state(NEURON)
    assert stored_energy(NEURON, rest.state) > stored_energy(NEURON, end.state)


def test_no_fuel_for_the_work_breaks_the_second_law_check():
    budget = energy_budget(NEURON, steady_state(NEURON).state, atp_kj_mol=40.0)
    assert not budget.second_law and budget.pump_loss_pw < 0


def test_poor_selectivity_costs_and_saturates():
    ratio = np.geomspace(1, 1e5, 26)
    cost = selectivity_cost(ratio, potassium_permeability_cm_s=1e-6, background_sodium_cm_s=1e-8, **MAMMAL)
    assert np.all(np.diff(cost.relative_cost) < 0) and np.all(np.diff(cost.v_mv) < 0)
    assert cost.relative_cost[-1] == pytest.approx(1.0, abs=2e-3)
    assert cost.channel_share[0] > 0.98 and cost.channel_share[-1] < 2e-3
    assert cost.power_nw_per_cm2 == pytest.approx(cost.atp_pmol_per_cm2_s * 50.0)
    assert np.all(cost.sodium_influx_pmol_per_cm2_s == pytest.approx(3 * cost.atp_pmol_per_cm2_s))


def test_without_background_the_cost_goes_to_nothing():
    cost = selectivity_cost([10, 1e6], potassium_permeability_cm_s=1e-6, **MAMMAL)
    assert cost.atp_pmol_per_cm2_s[1] < 1e-4 * cost.atp_pmol_per_cm2_s[0] and cost.relative_cost is None


def test_more_pumps_than_the_fuel_allows_are_caught():
    """Eight times the Luo-Rudy pumps push the gradients beyond what 50 kJ/mol can hold: a rate law without a stall says so."""
    crowded = NEURON.with_changes(pump=pump_kinetics("luo-rudy-1994").scaled(8.0))
    budget = energy_budget(crowded, steady_state(crowded).state)
    assert budget.pump_work_kj_mol > 50.0 and not budget.second_law


def test_power_units():
    """1 µA/cm² of cycles at 50 kJ/mol is 518 nW/cm²."""
    assert 1.0 * 50.0 / KJ_PER_MOL_PER_MV == pytest.approx(518.2, abs=0.1)


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: attwell_laughlin(voltage=-110, e_na=50, e_k=-100, input_resistance_mohm=200), "between"),
        (lambda: attwell_laughlin(voltage=-70, e_na=50, e_k=-100, input_resistance_mohm=0), "resistance"),
        (lambda: pump_work(outside={"K": 5, "Na": 0}, inside=MAMMAL["inside"], voltage=0.0), "undefined|0"),
        (lambda: pump_work(**MAMMAL, voltage=float("nan")), "voltage"),
        (lambda: selectivity_cost([0.0], potassium_permeability_cm_s=1e-6, **MAMMAL), "P_K/P_Na"),
        (lambda: atp_free_energy(atp_mm=0, adp_mm=1, phosphate_mm=1, standard_kj_mol=-30.5), "ATP"),
    ],
)
def test_refusals(make, found):
    with pytest.raises(OutOfRange, match=found):
        make()
