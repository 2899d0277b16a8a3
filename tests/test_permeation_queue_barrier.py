"""The rule "queue" with errors: one solver for many variants, sensitivities, intervals, and the two ways of solving agree."""

from __future__ import annotations

import numpy as np
import pytest

from selectivity.constants import KJ_PER_KCAL, thermal_energy
from selectivity.errors import OutOfRange
from selectivity.permeation import stationary as solving
from selectivity.permeation.queue import net_fluxes, steady_state
from selectivity.permeation.queue_barrier import (
    moved_queue_barriers,
    queue_barrier,
    queue_ratio_interval,
    queue_sensitivity,
)
from selectivity.permeation.queue_model import NO_SPREAD, QueueParameters, QueueSpread, node_lattice, queue_lattice
from selectivity.permeation.queue_protocols import queue_ratio

NODES = KJ_PER_KCAL * np.array([1.6, 3.8, 2.0, 6.4, 1.6, 5.9, 1.2, 6.5, 4.0])
SHORT = NODES[2:7]
BATHS = {"inside": {"K": 140.0, "Na": 12.0}, "outside": {"K": 5.0, "Na": 145.0}, "temperature": 310.15}


def test_barrier_is_rt_times_the_logarithm_of_the_measured_ratio():
    ratio = queue_ratio(queue_lattice(NODES[1::2], NODES[0::2])).permeability_ratio
    assert queue_barrier(NODES) == pytest.approx(thermal_energy(298.15) * np.log(ratio), rel=1e-8)


def test_variants_in_one_go_are_the_variants_one_by_one():
    variants = NODES + np.random.default_rng(1).normal(0.0, 3.0, size=(70, 9))
    together = moved_queue_barriers(variants)
    assert together[[0, 33, 69]] == pytest.approx([queue_barrier(variants[k]) for k in (0, 33, 69)], rel=1e-7)


def test_no_ddg_no_barrier_and_swapped_ions_change_the_sign():
    assert queue_barrier(np.zeros(9)) == pytest.approx(0.0, abs=1e-6)
    symmetric = KJ_PER_KCAL * np.array([0.5, 5.0, 1.0, 5.0, 0.5])
    given = np.array([-10.0, -20.0, -12.0, -20.0, -10.0])
    forward = queue_barrier(symmetric, first_nodes=given)
    backward = queue_barrier(-symmetric, first_nodes=given + symmetric)
    assert backward == pytest.approx(-forward, rel=1e-7)


def test_elimination_and_sparse_lu_agree(monkeypatch):
    """Two algorithms for the same master equation, states of all probabilities down to 1e-12 of the largest."""
    model = node_lattice(NODES)
    eliminated = steady_state(model, **BATHS, v_mv=-60.0)
    monkeypatch.setattr(solving, "MOST_ELIMINATED", 0)
    factored = steady_state(model, **BATHS, v_mv=-60.0)
    seen = eliminated.probability > 1e-12
    assert factored.probability[seen] == pytest.approx(eliminated.probability[seen], rel=1e-7)
    for name in ("K", "Na"):
        assert factored.flux_per_s[name] == pytest.approx(eliminated.flux_per_s[name], rel=1e-7)


def test_many_voltages_in_one_go_are_the_voltages_one_by_one():
    model = node_lattice(NODES)
    voltages = np.linspace(-120.0, 120.0, 9)
    fluxes = net_fluxes(model, **BATHS, v_mv=voltages)
    for k in (0, 4, 8):
        state = steady_state(model, **BATHS, v_mv=voltages[k])
        assert fluxes[:, k] == pytest.approx([state.flux_per_s["K"], state.flux_per_s["Na"]], rel=1e-12)


def test_impossible_energies_give_finite_barriers():
    """Frozen rings that touch an ion: thousands of kJ/mol must not end a score, only say that nothing passes."""
    rng = np.random.default_rng(4)
    for n in (5, 9):
        barriers = moved_queue_barriers(
            10.0 ** rng.uniform(0.0, 5.0, size=(60, n)) * rng.choice([-1.0, 1.0], size=(60, n))
        )
        assert np.isfinite(barriers).all()
    above = moved_queue_barriers([[5000.0] * 9, [300.0] * 9])
    assert above[0] == above[1] > 100.0


def test_an_ion_never_overtakes_another():
    """With K+ inside only and Na+ outside only, no K+ is ever further out than a Na+."""
    state = steady_state(node_lattice(NODES), inside={"K": 150.0}, outside={"Na": 150.0}, v_mv=0.0, temperature=298.15)
    for ions, p in zip(node_lattice(NODES).states, state.probability, strict=True):
        order = [species for _, species in ions]
        assert p == 0.0 if order != sorted(order) else p > 0.0


def test_sensitivities_predict_small_moves():
    slopes = queue_sensitivity(NODES)
    move = 0.2 * np.random.default_rng(3).standard_normal(9)
    moved = queue_barrier(NODES + move) - queue_barrier(NODES - move)
    assert moved == pytest.approx(2.0 * slopes @ move, rel=2e-3)


def test_small_errors_give_the_linear_interval():
    """300 draws: the spread of draws has a standard error of 4 %; three of these."""
    result = queue_ratio_interval(SHORT, node_errors=0.1, shared_error=0.2, n_draws=300, seed=5)
    linear = np.hypot(result.components_kj_mol["nodes"], result.components_kj_mol["shared"])
    assert result.error_kj_mol == pytest.approx(linear, rel=0.12)
    assert result.ddg_barrier_kj_mol == pytest.approx(queue_barrier(SHORT), rel=1e-9)


def test_errors_known_of_the_barrier_itself_add_in_quadrature():
    drawn, both = (
        queue_ratio_interval(SHORT, node_errors=0.5, n_draws=40, seed=1, barrier_errors=known)
        for known in ({}, {"coordinates": 1.5, "sigma": 0.8})
    )
    assert both.error_kj_mol == pytest.approx(np.sqrt(drawn.error_kj_mol**2 + 1.5**2 + 0.8**2), rel=1e-12)
    assert both.components_kj_mol["coordinates"] == 1.5


def test_joint_moves_are_taken_whole():
    """Two opposite joint moves: every draw is one of the two, so the error is that of the move itself."""
    move = np.array([0.1, -0.3, 0.2, 0.4, -0.1])
    result = queue_ratio_interval(SHORT, moves=[move, -move], n_draws=40, seed=2)
    ends = moved_queue_barriers(SHORT + np.array([move, -move]))
    assert np.unique(np.round(result.draws_kj_mol, 6)) == pytest.approx(np.sort(ends), abs=1e-5)


def test_interval_is_symmetric_in_the_logarithm_and_repeats_with_its_seed():
    once, again = (queue_ratio_interval(SHORT, node_errors=2.0, spread=QueueSpread(), seed=8, n_draws=50) for _ in "12")
    low, high = once.permeability_ratio_interval
    assert low * high == pytest.approx(once.permeability_ratio**2, rel=1e-9)
    assert (once.draws_kj_mol == again.draws_kj_mol).all()
    assert once.components_kj_mol["repulsion"] > 0.0


def test_slow_mouths_leave_equilibria_alone_and_lower_the_ratio():
    """The same lattice written by hand elsewhere (energies of docs/queue.md): 411, 189, 141 for mouths 1, 0.1, 0.01 as fast as a hop."""
    nodes = np.array([6.7, 15.9, 8.4, 26.8, 6.7, 24.7, 5.0, 27.2, 16.7])
    lattices = [node_lattice(nodes, parameters=QueueParameters(entry_factor=f)) for f in (1.0, 0.1, 0.01)]
    assert [queue_ratio(each).permeability_ratio for each in lattices] == pytest.approx([411.0, 189.0, 141.0], rel=5e-3)
    bath = {"K": 100.0, "Na": 20.0}
    still = [steady_state(each, inside=bath, outside=bath, v_mv=0.0, temperature=298.15) for each in lattices]
    for each in still[1:]:
        assert each.probability == pytest.approx(still[0].probability, rel=1e-8)


def test_slow_mouths_are_a_cause_of_error_unless_numbers_are_exact():
    """Anywhere between the barrier used and that of the slowest mouth: w/sqrt(3) for an end of the range w away."""
    vague, exact = (queue_ratio_interval(SHORT, spread=spread, n_draws=2) for spread in (QueueSpread(), NO_SPREAD))
    slow = queue_barrier(SHORT, parameters=QueueParameters(entry_factor=QueueSpread().slowest_entry))
    assert vague.components_kj_mol["entry"] == pytest.approx(abs(slow - queue_barrier(SHORT)) / np.sqrt(3.0), rel=1e-6)
    assert vague.error_kj_mol > vague.components_kj_mol["entry"] > 0.0 == exact.components_kj_mol["entry"]


def test_given_energies_of_the_first_ion_replace_the_generic_ones():
    generic = QueueParameters()
    first = np.full(9, generic.well_kj_mol)
    first[0::2] += generic.barrier_kj_mol
    assert queue_barrier(NODES, first_nodes=first) == pytest.approx(queue_barrier(NODES), rel=1e-9)
    first[4] += 8.0
    assert abs(queue_barrier(NODES, first_nodes=first) - queue_barrier(NODES)) > 0.01


@pytest.mark.parametrize(
    ("nodes", "keywords", "words"),
    [
        ([1.0, 2.0], {}, "odd number"),
        ([1.0, np.nan, 2.0], {}, "finite"),
        ([1.0, 2.0, 1.0], {"node_errors": -1.0}, "positive finite standard errors"),
        ([1.0, 2.0, 1.0], {"n_draws": 1}, "at least 2"),
        ([1.0, 2.0, 1.0], {"moves": np.zeros((2, 5))}, "one column for each node"),
        ([1.0, 2.0, 1.0], {"first_nodes": [0.0] * 5}, "one for each"),
    ],
)
def test_refusals_name_the_mend(nodes, keywords, words):
    with pytest.raises(OutOfRange, match=words):
        queue_ratio_interval(nodes, **keywords)


def test_whole_numbers_are_numbers():
    assert queue_barrier([2, 20, 2], parameters=QueueParameters(well_kj_mol=-20, barrier_kj_mol=8.5)) > 0.0


def test_bad_generic_numbers_are_refused():
    with pytest.raises(OutOfRange, match="whole number"):
        QueueParameters(max_ions=0)
    with pytest.raises(OutOfRange, match="half a site"):
        QueueParameters(spacing_angstrom=20.0)
    with pytest.raises(OutOfRange, match="finite"):
        QueueParameters(well_kj_mol=float("nan"))
    with pytest.raises(OutOfRange, match="entry factor 0"):
        QueueParameters(entry_factor=0.0)
    with pytest.raises(OutOfRange, match="do not attract"):
        QueueParameters().with_repulsion_scaled(-1.0)
