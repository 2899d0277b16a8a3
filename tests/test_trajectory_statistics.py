"""Statistics with known answers: correlated noise, normal perturbations, a walk with counted passages, a two-state telegraph."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from selectivity.constants import GAS_CONSTANT_KJ
from selectivity.trajectory.averages import mean_over_frames, replica_interval
from selectivity.trajectory.passages import PA_PER_E_PS, Passages, dwell_times, find_passages
from selectivity.trajectory.perturbation import FEWEST_EFFECTIVE, perturbation
from selectivity.trajectory.states import bound_only, conditional_means, flipped, populations, transitions

RT = GAS_CONSTANT_KJ * 298.15
PLANES = {"z_T75_OG1_angstrom": -6.1, "z_T75_O_angstrom": -3.1, "z_V76_O_angstrom": 0.0, "z_G77_O_angstrom": 3.0,
          "z_Y78_O_angstrom": 6.1, "z_G79_O_angstrom": 9.0}  # fmt: skip
SITE_AT = {-4.6: "S4", -1.5: "S3", 1.5: "S2", 4.6: "S1", 8.0: "S0", -10.0: "Scav"}


def autoregressive(n: int, phi: float, seed: int) -> np.ndarray:
    rng, x = np.random.default_rng(seed), np.empty(n)
    x[0] = rng.normal() / np.sqrt(1.0 - phi**2)
    for k in range(1, n):
        x[k] = phi * x[k - 1] + rng.normal()
    return x


def test_the_error_of_a_correlated_series_is_the_scatter_of_its_means() -> None:
    """AR(1) with phi 0.8: g = (1 + phi)/(1 - phi) = 9; the naive error would be three times too small."""
    phi, n = 0.8, 4000
    results = [mean_over_frames([autoregressive(n, phi, seed)]) for seed in range(60)]
    true = np.sqrt((1.0 + phi) / (1.0 - phi) / (n * (1.0 - phi**2)))
    scatter = np.std([r.mean for r in results], ddof=1)
    assert scatter == pytest.approx(true, rel=0.25)  # 60 repeats: 9 %
    assert np.mean([r.inefficiency for r in results]) == pytest.approx(9.0, rel=0.15)
    assert np.mean([r.autocorrelation_error for r in results]) == pytest.approx(true, rel=0.15)
    assert 0.85 < np.mean([r.block_error for r in results]) / true < 1.4  # the largest level is quoted


def test_independent_and_constant_series() -> None:
    x = np.random.default_rng(3).normal(5.0, 2.0, 20000)
    mean = mean_over_frames([x[:8000], np.append(x[8000:], np.nan)])
    assert mean.n_frames == 20000 and mean.mean == pytest.approx(x.mean())
    assert mean.autocorrelation_error == pytest.approx(2.0 / np.sqrt(20000), rel=0.1)
    assert mean_over_frames([[4.0] * 100]).error == 0.0
    assert mean_over_frames([[np.nan]]).mean is None and mean_over_frames([[1.0]]).error is None


def test_the_interval_over_replicas_is_that_of_their_scatter() -> None:
    """Twenty replicas that differ by more than their own noise: +-1.96 standard errors of the replica means."""
    rng = np.random.default_rng(11)
    ratios = []
    for seed in range(20):
        series = [c + rng.normal(0.0, 0.01, 50) for c in rng.normal(0.0, 1.0, 20)]
        low, high = replica_interval(series, seed=seed)
        ratios.append((high - low) / (2 * 1.96 * np.std([s.mean() for s in series]) / np.sqrt(20)))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.03)
    assert replica_interval([np.ones(5), np.ones(5)]) is None


@pytest.mark.parametrize(("mean", "spread"), [(-10.0, 1.5), (5.0, 3.0), (0.0, 4.0)])
def test_a_normal_perturbation_has_its_closed_form(mean: float, spread: float) -> None:
    """dG = mean - spread^2 / 2RT; over 40 repeats the estimate scatters as its error says."""
    truth = mean - spread**2 / (2.0 * RT)
    rng = np.random.default_rng(5)
    results = [perturbation([rng.normal(mean, spread, 3000)], water_leg=70.0) for _ in range(40)]
    found = np.array([r.exponential_kj_mol for r in results])
    error = np.mean([r.error_kj_mol for r in results])
    assert found.mean() == pytest.approx(truth, abs=4.0 * found.std() / np.sqrt(40) + 0.02)
    assert 0.4 * error < found.std(ddof=1) < 1.2 * error  # the error holds the drift as well
    assert np.mean([r.cumulant_kj_mol for r in results]) == pytest.approx(truth, abs=0.1)
    assert results[0].ddg_kj_mol == pytest.approx(results[0].exponential_kj_mol + 70.0)


def test_hopeless_overlap_is_refused_with_the_number_that_says_so() -> None:
    wide = perturbation([np.random.default_rng(1).normal(0.0, 5.0 * RT, 5000)], water_leg=70.0)
    assert wide.exponential_kj_mol is None and wide.ddg_kj_mol is None and wide.effective < FEWEST_EFFECTIVE
    assert "overlap too small" in wide.reason and "50 are needed" in wide.reason
    assert wide.cumulant_kj_mol is not None
    slow = np.repeat(
        np.random.default_rng(1).normal(0.0, 0.5 * RT, 30), 100
    )  # 30 independent values, seen 100 times each
    assert perturbation([slow], water_leg=70.0).effective < 35.0
    assert perturbation([[np.nan, 1.0]], water_leg=70.0).exponential_kj_mol is None


def walk(paths: dict[int, list[float | None]], *, dt: float = 20.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of frames and ions from heights by frame (None: out of sight) of each ion."""
    n = len(next(iter(paths.values())))
    frames = pd.DataFrame({"replica": 0, "frame": range(n), "time_ps": dt * np.arange(n), "state": 0, **PLANES})
    rows = [
        {
            "replica": 0,
            "frame": f,
            "atom": atom,
            "species": "K" if atom < 100 else "Na",
            "z_angstrom": z,
            "radial_angstrom": 0.0,
            "site": SITE_AT.get(z, ""),
        }
        for atom, path in paths.items()
        for f, z in enumerate(path)
        if z is not None
    ]
    return frames, pd.DataFrame(rows)


def test_passages_are_those_of_the_schedule() -> None:
    out, back = [-15.0, -10.0, -4.6, -1.5, 1.5, 4.6, 8.0, 15.0], [15.0, 8.0, 4.6, 1.5, -1.5, -4.6, -10.0, -15.0]
    gone: list[float | None] = [None, None, -4.6, -1.5, 1.5, 4.6, None, None]
    turned = [-15.0, -10.0, -4.6, -1.5, -1.5, -4.6, -10.0, -15.0]
    begins_inside: list[float | None] = [-4.6, -1.5, 1.5, 4.6, 8.0, 15.0, None, None]
    jumps = [-15.0, -10.0, -10.0, 8.0, 8.0, 15.0, 15.0, 15.0]
    found = find_passages(*walk({1: out, 2: back, 3: gone, 4: turned, 5: begins_inside, 6: jumps, 101: out}))
    events = found.events.set_index("atom")
    assert sorted(events.index) == [1, 2, 3, 6, 101]
    assert events.loc[2, "direction"] == "inward"
    assert events["inferred"].to_dict() == {1: False, 2: False, 3: True, 6: False, 101: False}
    assert (events.loc[1, "entered"], events.loc[1, "left"]) == (2, 5)
    assert (found.count("K", "outward"), found.count("Na"), found.net) == (3, 1, 3)
    assert found.current_pa == pytest.approx(PA_PER_E_PS * 3 / 140.0)
    assert found.conductance_ps(200.0) == pytest.approx(1000.0 * found.current_pa / 200.0)


def test_one_ion_per_nanosecond_is_160_picoampere() -> None:
    assert PA_PER_E_PS / 1000.0 == pytest.approx(160.2176634)
    nothing = Passages(pd.DataFrame(columns=["species", "direction"]), 1000.0)
    low, high = nothing.current_interval_pa
    assert high == pytest.approx(160.2176634 * 3.689, rel=1e-3) and low == -high  # chi2(0.975, 2)/2: none seen in 1 ns


def test_dwell_times_of_a_telegraph_are_its_rates() -> None:
    """Exponential stays of mean 50 frames: the estimate is right within its own error, cut stays included."""
    rng = np.random.default_rng(8)
    path: list[float | None] = []
    while len(path) < 20000:
        path += [1.5] * (1 + rng.geometric(1 / 50.0)) + [4.6] * (1 + rng.geometric(1 / 20.0))
    table = dwell_times(*walk({1: path[:20000]}, dt=2.0)).set_index("site")
    assert table.loc["S2", "mean_dwell_ps"] == pytest.approx(102.0, abs=3.0 * table.loc["S2", "error_ps"])
    assert table.loc["S1", "mean_dwell_ps"] == pytest.approx(42.0, abs=3.0 * table.loc["S1", "error_ps"])
    held = dwell_times(*walk({1: [1.5] * 10})).iloc[0]
    assert held["departures"] == 0 and np.isnan(held["mean_dwell_ps"]) and held["time_ps"] == 200.0


def test_transitions_count_neighbours_of_one_replica_only() -> None:
    frames = pd.DataFrame(
        {
            "replica": [0, 0, 0, 0, 1, 1, 1], "frame": [0, 1, 2, 3, 0, 1, 2], "time_ps": [0.0, 10, 20, 30, 0, 10, 20],
            "state": [0, 0, 0, 0, 0, 1, 0], "occupancy": ["A", "A", "B", "A", "B", "", "A"],
        }
    )  # fmt: skip
    table = transitions(frames)
    assert table[["from", "to", "count"]].to_numpy().tolist() == [["A", "B", 1], ["B", "A", 1]]
    assert table["rate_per_ns"].tolist() == [50.0, 100.0]  # 20 ps spent in A with a next frame, 10 ps in B
    shares = populations(frames).set_index("occupancy")["share"]
    assert shares.to_dict() == pytest.approx({"A": 4 / 6, "B": 2 / 6})


def test_conditional_means_separate_what_they_condition_on() -> None:
    rng = np.random.default_rng(2)
    n = 2000
    flips = rng.random(n) < 0.3
    frames = pd.DataFrame(
        {
            "replica": 0, "frame": range(n), "state": 0, "flipped_V76.1": flips, "flipped_V76.2": False,
            "ddg": np.where(flips, 5.0, 20.0) + rng.normal(0, 1, n), "n_k_S2": flips.astype(int),
        }
    )  # fmt: skip
    means = conditional_means(frames, "ddg", flipped(frames, "V76"))
    assert means["flipped_V76"].tolist() == [0, 1]
    assert means["mean"].to_numpy() == pytest.approx([20.0, 5.0], abs=0.2)
    assert bound_only(frames, "ddg", "S2").mean() == pytest.approx(5.0, abs=0.2)


def test_the_perturbation_of_a_sampled_site_is_its_quadrature() -> None:
    """K+ drawn from exp(-U_K/RT) in S2 of a filter that does not move: the average over frames against integrals on the same grid.

    Both ions feel the same charges, so U_Na - U_K is what the frames hold, and dG = -RT ln(Z_Na/Z_K) is known without any
    sampling. The whole way is tested: positions, frames of a simulation, the site, the exchange energies, the average.
    """
    from trajectory_systems import frames_of, still, system

    from selectivity.energetics.hamiltonian import energy_terms
    from selectivity.energetics.ligands import filter_ligands
    from selectivity.structure.load import load_filter
    from selectivity.trajectory import FilterAnalysis

    universe = system(ions=(("K", 1.5),))
    found = load_filter(universe)
    ligands = filter_ligands(found)
    axis = np.arange(-0.5, 0.51, 0.1)
    grid = np.array([(x, y, z) for x in axis for y in axis for z in np.arange(1.2, 1.9, 0.1)])
    u_k, u_na = (
        np.array([energy_terms(ligands, ion, ligands.positions, [p]).total for p in grid]) for ion in ("K", "Na")
    )
    truth = -RT * np.log(np.exp(-(u_na - u_k.min()) / RT).sum() / np.exp(-(u_k - u_k.min()) / RT).sum())
    weights = np.exp(-(u_k - u_k.min()) / RT)
    drawn = np.random.default_rng(4).choice(len(grid), size=3000, p=weights / weights.sum())
    pore = found.pore_positions()
    rotation, *_ = np.linalg.lstsq(
        pore - pore.mean(axis=0), found.positions - found.positions.mean(axis=0), rcond=None
    )  # exact: the pore frame is the same atoms, turned and moved
    positions = still(universe, len(drawn))
    ion = universe.select_atoms("resname K").indices[0]
    positions[:, ion] = (grid[drawn] - pore.mean(axis=0)) @ rotation + found.positions.mean(axis=0)
    run = FilterAnalysis(frames_of(universe, positions), treatments=()).run()
    du = run.results.frames["exchange_S2_kj_mol"].to_numpy()
    assert du == pytest.approx((u_na - u_k)[drawn], abs=2e-3)
    result = perturbation([du], water_leg=0.0)
    assert result.exponential_kj_mol == pytest.approx(truth, abs=3.0 * result.error_kj_mol)
    assert result.error_kj_mol < 1.0


def test_a_tail_that_few_frames_meet_is_refused() -> None:
    """Two frames in 600 are 8 RT lower: they decide the average, and tenths of the frames miss them."""
    rng = np.random.default_rng(6)
    for _ in range(10):
        du = rng.normal(0.0, 0.8 * RT, 600)
        du[rng.choice(600, 2, replace=False)] -= 8.0 * RT
        assert perturbation([du], water_leg=0.0).exponential_kj_mol is None
