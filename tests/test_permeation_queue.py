"""The single-file lattice: equilibrium, one-ion limits, conservation, convergence, and the published prototype table."""

from __future__ import annotations

import numpy as np
import pytest

from selectivity.constants import GAS_CONSTANT_KJ, KJ_PER_KCAL, thermal_energy, thermal_voltage
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.permeation.lattice import lattice
from selectivity.permeation.queue import (
    current_voltage,
    permeability_ratio_from_reversal,
    reversal_potential,
    steady_state,
)
from selectivity.permeation.queue_events import simulate_queue
from selectivity.permeation.queue_rates import queue_rates

TEMPERATURE = 298.15
REPULSION = {3.0: 9.0, 4.5: 5.0, 6.0: 3.0, 7.5: 1.5, 9.0: 1.0}


def prototype(cages, planes, *, well=-5.0, barrier=2.5, refinement=1, max_ions=4):
    nodes = 2 * len(cages) + 1
    potassium = np.array([well + (barrier if j % 2 == 0 else 0.0) for j in range(nodes)])
    difference = np.array([planes[j // 2] if j % 2 == 0 else cages[j // 2] for j in range(nodes)])
    return lattice(
        {"K": potassium * KJ_PER_KCAL, "Na": (potassium + difference) * KJ_PER_KCAL},
        repulsion_kj_mol={d: w * KJ_PER_KCAL for d, w in REPULSION.items()},
        max_ions=max_ions,
        refinement=refinement,
    )


def bi_ionic_ratio(model, millimolar=150.0, temperature=TEMPERATURE):
    baths = {"inside": {"K": millimolar}, "outside": {"Na": millimolar}}
    v_mv = reversal_potential(model, **baths, temperature=temperature)
    return permeability_ratio_from_reversal(v_mv, reference="K", other="Na", **baths, temperature=temperature)


PROTOTYPE_TEMPERATURE = 0.593 * KJ_PER_KCAL / GAS_CONSTANT_KJ
"""The independent program's RT of 0.593 kcal/mol, as a temperature (298.4 K; its RT/F of 25.7 mV is the same)."""

KCSA = ([3.8, 6.4, 5.9, 6.5], [1.6, 2.0, 1.6, 1.2, 4.0])
NAK = ([1.9, 6.7], [1.6, 1.6, 1.6])


def prints_as(value, printed):
    """Whether a value, rounded to the printed digits, is the printed number."""
    return round(value, 1 if printed < 10 else 0) == printed


@pytest.mark.parametrize("max_ions", [3, 4])
@pytest.mark.parametrize(
    ("cages", "planes", "expected"),
    [
        (*KCSA, 409.0),
        (*NAK, 28.0),
        ([2.7, 5.3, 4.8, 5.4], [0.5, 0.9, 0.5, 0.1, 2.9], 84.0),
        ([0.8, 5.6], [0.5, 0.5, 0.5], 6.4),
        ([5.0] * 4, [0.5] * 5, 79.0),
        ([5.0] * 3, [0.5] * 4, 55.0),
        ([5.0] * 2, [0.5] * 3, 6.2),
        ([5.0], [0.5] * 2, 2.9),
    ],
)
def test_prototype_table_of_independent_program(cages, planes, expected, max_ions):
    """Every printed digit of the table, from its stated inputs; whether three or four ions are let in does not show."""
    model = prototype(cages, planes, max_ions=max_ions)
    assert prints_as(bi_ionic_ratio(model, temperature=PROTOTYPE_TEMPERATURE), expected)


@pytest.mark.parametrize(
    ("cages", "planes", "expected"),
    [
        (*KCSA, 100.0),
        (*NAK, 18.0),
        ([2.7, 5.3, 4.8, 5.4], [0.5, 0.9, 0.5, 0.1, 2.9], 24.0),
        ([0.8, 5.6], [0.5, 0.5, 0.5], 4.2),
        ([5.0] * 4, [0.5] * 5, 6.1),
        ([5.0] * 3, [0.5] * 4, 5.2),
        ([5.0] * 2, [0.5] * 3, 4.1),
        ([5.0], [0.5] * 2, 2.9),
    ],
)
def test_prototype_column_of_one_ion_only(cages, planes, expected):
    """ "One ion only" is the low-concentration limit."""
    model = prototype(cages, planes)
    assert prints_as(bi_ionic_ratio(model, 1e-6, temperature=PROTOTYPE_TEMPERATURE), expected)


@pytest.mark.parametrize(("millimolar", "expected"), [(5.0, 241.0), (1500.0, 536.0)])
def test_ratio_rises_with_concentration_as_printed(millimolar, expected):
    assert prints_as(bi_ionic_ratio(prototype(*KCSA), millimolar, temperature=PROTOTYPE_TEMPERATURE), expected)


@pytest.mark.parametrize(("well", "kcsa", "nak"), [(-4.0, 442.0, 36.0), (-5.0, 409.0, 28.0), (-6.0, 423.0, 43.0)])
def test_the_affinity_of_potassium_hardly_matters_as_printed(well, kcsa, nak):
    for filter_, expected in ((KCSA, kcsa), (NAK, nak)):
        assert prints_as(bi_ionic_ratio(prototype(*filter_, well=well), temperature=PROTOTYPE_TEMPERATURE), expected)


def test_equilibrium_has_boltzmann_occupancies_and_no_flux():
    model = prototype([5.0, 4.0], [0.5, 1.0, 0.5])
    bath = {"K": 150.0, "Na": 20.0}
    state = steady_state(model, inside=bath, outside=bath, v_mv=0.0, temperature=TEMPERATURE)
    log_weight = -model.state_energy_kj_mol / thermal_energy(TEMPERATURE) + model.ion_counts @ np.log([0.150, 0.020])
    boltzmann = np.exp(log_weight - log_weight.max())
    assert state.probability == pytest.approx(boltzmann / boltzmann.sum(), rel=1e-9)
    unidirectional = 1e11 * 0.15
    assert max(abs(flux) for flux in state.flux_per_s.values()) < 1e-9 * unidirectional


def test_one_ion_reverses_at_its_nernst_potential():
    model = prototype([5.0, 5.0, 5.0, 5.0], [0.5] * 5)
    v_mv = reversal_potential(model, inside={"K": 140.0}, outside={"K": 5.0}, temperature=310.15)
    assert v_mv == pytest.approx(thermal_voltage(310.15) * np.log(5.0 / 140.0), abs=1e-5)


def test_low_concentration_limit_is_the_series_resistance_of_the_profile():
    """J = k0 (c_in exp(u) - c_out) / sum over links of exp((e_a + e_b)/2), e = E/RT + u (1 - x), bath ends included."""
    model = prototype([3.8, 6.4], [1.6, 2.0, 1.6])
    v_mv, inside, outside = -40.0, 1e-9, 3e-9
    state = steady_state(
        model, inside={"Na": inside}, outside={"Na": outside}, v_mv=v_mv, temperature=TEMPERATURE, hop_rate_per_s=1.0
    )
    u = v_mv / thermal_voltage(TEMPERATURE)
    nodes = model.node_energy_kj_mol[1] / thermal_energy(TEMPERATURE) + u * (1.0 - model.electrical_distance)
    energy = np.concatenate([[u], nodes, [0.0]])
    resistance = np.exp((energy[:-1] + energy[1:]) / 2).sum()
    expected = (inside * np.exp(u) - outside) * 1e-3 / resistance
    assert state.flux_per_s["Na"] == pytest.approx(expected, rel=1e-5)


def test_flux_is_the_same_through_every_link():
    model = prototype([3.8, 6.4, 5.9, 6.5], [1.6, 2.0, 1.6, 1.2, 4.0])
    state = steady_state(
        model, inside={"K": 140.0, "Na": 12.0}, outside={"K": 5.0, "Na": 145.0}, v_mv=-70.0, temperature=310.15
    )
    for links in state.link_flux_per_s.values():
        assert links == pytest.approx(links[0], rel=1e-9)


def test_refining_the_lattice_converges():
    coarse, *finer = (
        np.log(bi_ionic_ratio(prototype([5.0] * 2, [0.5] * 3, refinement=m, max_ions=2))) for m in (1, 2, 4, 8)
    )
    steps = np.abs(np.diff([coarse, *finer]))
    assert (steps[1:] < 0.5 * steps[:-1]).all()
    assert steps[-1] < 0.01


def test_swapping_sides_and_voltage_reverses_the_current():
    model = prototype([5.0, 5.0, 5.0], [0.5] * 4)
    there = current_voltage(model, inside={"K": 150.0}, outside={"K": 5.0}, v_mv=[-80.0, 30.0], temperature=TEMPERATURE)
    back = current_voltage(model, inside={"K": 5.0}, outside={"K": 150.0}, v_mv=[80.0, -30.0], temperature=TEMPERATURE)
    assert there == pytest.approx(-back, rel=1e-8)


@pytest.mark.parametrize(
    ("inside", "outside", "error", "words"),
    [
        ({"K": -1.0}, {"K": 5.0}, OutOfRange, "at least 0"),
        ({"K": float("nan")}, {"K": 5.0}, OutOfRange, "at least 0"),
        ({"Cl": 5.0}, {"K": 5.0}, UnknownChoice, "not in this lattice"),
        ({"K": 5.0}, {}, OutOfRange, "both sides"),
    ],
)
def test_bad_baths_are_refused(inside, outside, error, words):
    with pytest.raises(error, match=words):
        reversal_potential(prototype([5.0], [0.5, 0.5]), inside=inside, outside=outside, temperature=TEMPERATURE)


def test_bad_lattices_are_refused():
    with pytest.raises(OutOfRange, match="different length"):
        lattice({"K": [0.0, 1.0], "Na": [0.0]}, repulsion_kj_mol={})
    with pytest.raises(OutOfRange, match="finite"):
        lattice({"K": [0.0, np.nan]}, repulsion_kj_mol={})
    with pytest.raises(OutOfRange, match="whole number"):
        lattice({"K": [0.0]}, repulsion_kj_mol={}, refinement=0)


def test_event_driven_simulation_agrees():
    """Two million events of an independent algorithm: occupancies within 2 %, net fluxes within five standard errors."""
    model = prototype([1.0, 1.5], [0.5, 0.5, 0.5], well=-2.0, barrier=1.0)
    setting = {
        "inside": {"K": 150.0, "Na": 15.0},
        "outside": {"K": 5.0, "Na": 145.0},
        "v_mv": 50.0,
        "temperature": TEMPERATURE,
    }
    exact = steady_state(model, **setting)
    replicas = [simulate_queue(model, **setting, n_events=250_000, seed=seed) for seed in range(8)]
    for name in model.species:
        occupancy = np.mean([run.occupancy[name] for run in replicas], axis=0)
        assert occupancy == pytest.approx(exact.occupancy[name], rel=0.02)
        rates = np.array([run.crossings[name][1] / run.duration_s for run in replicas])
        error = rates.std(ddof=1) / np.sqrt(len(rates))
        assert abs(rates.mean() - exact.flux_per_s[name]) < 5 * error


def test_same_seed_same_events():
    model = prototype([1.0], [0.5, 0.5])
    setting = {"inside": {"K": 150.0}, "outside": {"Na": 150.0}, "v_mv": 0.0, "temperature": TEMPERATURE}
    first, second = (simulate_queue(model, **setting, n_events=10_000, seed=7) for _ in range(2))
    assert first.duration_s == second.duration_s
    assert first.crossings == second.crossings


def test_detailed_balance_step_by_step_at_a_common_nernst_potential():
    """Both ions ten times more concentrated inside: at RT/F ln(1/10) every single hop, entry and exit is balanced."""
    model = prototype([5.0, 4.0], [0.5, 1.0, 0.5])
    baths = {"inside": {"K": 100.0, "Na": 20.0}, "outside": {"K": 10.0, "Na": 2.0}}
    v_mv = thermal_voltage(TEMPERATURE) * np.log(0.1)
    rates = queue_rates(model, **baths, v_mv=v_mv, temperature=TEMPERATURE)
    p = steady_state(model, **baths, v_mv=v_mv, temperature=TEMPERATURE).probability
    hops, gates = model.graph.hops, model.graph.gates
    outward, inward = rates.hop_forward[:, 0] * p[hops[:, 0]], rates.hop_backward[:, 0] * p[hops[:, 1]]
    assert outward == pytest.approx(inward, rel=1e-9)
    assert rates.entry[:, 0] * p[gates[:, 0]] == pytest.approx(rates.exit[:, 0] * p[gates[:, 1]], rel=1e-9)


def test_a_divalent_ion_reverses_at_half_the_voltage():
    model = lattice({"Ca": [-5.0, -10.0, -5.0]}, repulsion_kj_mol={3.0: 37.7}, valence={"Ca": 2})
    v_mv = reversal_potential(model, inside={"Ca": 1.0}, outside={"Ca": 10.0}, temperature=TEMPERATURE)
    assert v_mv == pytest.approx(thermal_voltage(TEMPERATURE) / 2 * np.log(10.0), abs=1e-5)


def test_three_species_keep_their_fluxes_along_the_pore_and_their_equilibrium():
    nodes = np.array([-5.0, -20.0, -8.0, -20.0, -5.0])
    model = lattice(
        {"K": nodes, "Rb": nodes + 1.0, "Na": nodes + np.array([2.0, 20.0, 3.0, 18.0, 4.0])},
        repulsion_kj_mol={3.0: 30.0, 4.5: 15.0, 6.0: 5.0},
    )
    bath = {"K": 50.0, "Rb": 30.0, "Na": 70.0}
    rest = steady_state(model, inside=bath, outside=bath, v_mv=0.0, temperature=TEMPERATURE)
    weight = -model.state_energy_kj_mol / thermal_energy(TEMPERATURE) + model.ion_counts @ np.log([0.05, 0.03, 0.07])
    boltzmann = np.exp(weight - weight.max())
    assert rest.probability == pytest.approx(boltzmann / boltzmann.sum(), rel=1e-9)
    driven = steady_state(
        model, inside={"K": 100.0, "Na": 10.0}, outside={"Rb": 40.0, "Na": 90.0}, v_mv=30.0, temperature=310.15
    )
    for links in driven.link_flux_per_s.values():
        assert links == pytest.approx(links[0], rel=1e-7)


def test_identical_species_share_the_flux_of_one():
    """Colouring the ions changes nothing: two labels of one ion carry together what the ion carries alone."""
    nodes = np.array([-5.0, -20.0, -8.0, -20.0, -5.0])
    repulsion = {3.0: 30.0, 4.5: 15.0, 6.0: 5.0}
    alone = lattice({"K": nodes}, repulsion_kj_mol=repulsion)
    coloured = lattice({"red": nodes, "blue": nodes}, repulsion_kj_mol=repulsion)
    setting = {"v_mv": 40.0, "temperature": TEMPERATURE}
    one = steady_state(alone, inside={"K": 100.0}, outside={"K": 30.0}, **setting)
    two = steady_state(coloured, inside={"red": 80.0, "blue": 20.0}, outside={"red": 5.0, "blue": 25.0}, **setting)
    assert sum(two.flux_per_s.values()) == pytest.approx(one.flux_per_s["K"], rel=1e-9)
    assert two.mean_ions == pytest.approx(one.mean_ions, rel=1e-9)


def test_one_ion_on_ever_finer_nodes_is_the_smoluchowski_integral():
    """J/k0 = (c_in e^u - c_out) / (mouths + int exp(E/RT + u (1 - x)) dj) with j in coarse steps; profile linear between nodes.

    The trapezoidal sum over m nodes per step misses the integral by about (slope/m)²/24 = 5e-4 at m = 64.
    """
    u, m = -1.3, 64
    coarse = np.array([-6.0, -14.0, -3.0]) / thermal_energy(TEMPERATURE)
    model = lattice({"K": coarse * thermal_energy(TEMPERATURE)}, repulsion_kj_mol={}, max_ions=1, refinement=m)
    j = np.linspace(0.0, 2.0, 200_001)
    profile = np.interp(j, [0.0, 1.0, 2.0], coarse) + u * (1.0 - (j + 1.0) / 4.0)
    inner, outer = np.exp((u + profile[0]) / 2.0), np.exp(profile[-1] / 2.0)
    expected = (1e-9 * np.exp(u) - 3e-9) * 1e-3 / (inner + np.trapezoid(np.exp(profile), j) + outer)
    found = steady_state(
        model,
        inside={"K": 1e-9},
        outside={"K": 3e-9},
        v_mv=u * thermal_voltage(TEMPERATURE),
        temperature=TEMPERATURE,
        hop_rate_per_s=1.0,
    )
    assert found.flux_per_s["K"] == pytest.approx(expected, rel=2e-3)


def test_rule_profile_at_the_measured_affinity_is_the_dilute_limit():
    """Two routes to one ion at a time: the queue emptied of others, and the resistances of `permeation.rules` at the same voltage.

    At V_rev both ions see the same field, so P_K/P_Na is the ratio of two resistances over the nodes with that field in them.
    """
    model = prototype(*KCSA)
    ratio = bi_ionic_ratio(model, 1e-7)
    u = -np.log(ratio)
    potassium, sodium = model.node_energy_kj_mol / thermal_energy(TEMPERATURE) + u * (1.0 - model.electrical_distance)
    resistances = []
    for nodes in (potassium, sodium):
        ends = np.concatenate([[u], nodes, [0.0]])
        resistances.append(np.exp((ends[:-1] + ends[1:]) / 2.0).sum())
    assert resistances[1] / resistances[0] == pytest.approx(ratio, rel=1e-5)
