"""Relaxed energies of frames are those of the full search, found faster: the same Hamiltonian, minima as low, no memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import MDAnalysis
import numpy as np
import pytest
from test_trajectory_command import command
from trajectory_systems import frames_of, jiggled, still, system, write_xtc

from selectivity.energetics.hamiltonian import evaluate
from selectivity.pipeline import score_filter
from selectivity.structure.load import load_filter
from selectivity.trajectory import FilterAnalysis
from selectivity.trajectory import relaxed_library as libraries
from selectivity.trajectory.block import IONS
from selectivity.trajectory.relaxed import Relaxation
from selectivity.trajectory.topology import SITES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

DRY = list(libraries.DRY_SITES)


@pytest.fixture(scope="module")
def seen() -> FilterAnalysis:
    """Four frames, the first as found, the others jiggled by 0.1 Å."""
    universe = system()
    positions = np.concatenate([still(universe, 1), jiggled(universe, 3, sigma=0.1)])
    return FilterAnalysis(frames_of(universe, positions), treatments=("relaxed",)).run()


@pytest.fixture(scope="module")
def relaxation(seen) -> Relaxation:
    return Relaxation(seen._known, seen.model.water_leg, cold_every=None)


@pytest.fixture
def search(seen):
    """The compiled search of the filter as found, K+ in the first arrangement of S2 in its only row."""
    from selectivity.trajectory.relaxed_descent import Stiffness, begin, new_search

    known = seen._known
    m = int(np.flatnonzero(known.arrangements.site == 3)[0])
    parts = (np.array(part[m : m + 1], dtype=float) for part in (known.blocks, known.modes, known.gain))
    made = new_search(libraries.packed(known.system), Stiffness(*parts, *libraries.quarter_turns(known.system)[1:]), 1)
    made.walls[0, 1:] = known.arrangements.walls[m]
    made.runs.base[0] = known.arrangements.positions[m].T
    begin(made, 0, 0, 0)
    return made


def test_the_first_frame_has_the_relaxed_energies_of_a_score(seen, tmp_path: Path) -> None:
    pdb = tmp_path / "frame.pdb"
    universe = system()
    universe.select_atoms("protein").write(str(pdb))
    score = score_filter(load_filter(str(pdb)), treatment="relaxed", hydration_state="dry", rule="profile")
    expected = {row.site: row.ddg_kj_mol for row in score.sites}
    assert [seen.results.relaxed[0, s] for s in DRY] == pytest.approx([expected[SITES[s]] for s in DRY], abs=0.1)


def test_jiggled_frames_are_searched_nearly_as_low_as_by_the_full_search(seen, relaxation) -> None:
    """The library is that of a fourfold filter and the frame is none: the hard case, missed by up to 6 kJ/mol beside the hydroxyls."""
    quick, full = relaxation.energies(seen.block, 1)[DRY], relaxation.searched(seen.block, 1)[DRY]
    above = quick - full
    assert np.isfinite(above).all() and above.max() < 8.0 and above[2:].max() < 1.0
    assert (above < 0.05).sum() >= 3
    assert seen.results.relaxed[1, DRY] == pytest.approx(quick[:, 1] - quick[:, 0] + seen.model.water_leg, abs=1e-9)


def test_frames_know_nothing_of_each_other(seen, relaxation) -> None:
    alone = Relaxation(seen._known, seen.model.water_leg, cold_every=None).energies(seen.block, 2)
    after = [relaxation.energies(seen.block, f) for f in (3, 0, 2)][-1]
    assert np.array_equal(alone, after, equal_nan=True)


def test_energy_and_slope_are_those_of_the_hamiltonian(search, seen) -> None:
    from selectivity.trajectory.relaxed_descent import begin, measure

    known, runs = seen._known, search.runs
    rng = np.random.default_rng(3)
    q, slope, rough = rng.normal(0.0, 0.05, runs.q.shape[1]), np.empty(runs.q.shape[1]), np.empty(runs.q.shape[1])
    for ion in (0, 1):
        search.now[:] = ion, 1
        begin(search, 0, 0, 0)
        energy = measure(search, 0, q, slope)
        atoms = runs.xyz[0].T.copy()
        walls = tuple(search.walls[0, 1:])
        terms, _, on_ion = evaluate(known.system, IONS[ion], atoms[:-1], atoms[-1:], region=walls)
        assert energy == pytest.approx(terms.total, abs=1e-9) and slope[-3:] == pytest.approx(on_ion[0], abs=1e-9)
        search.now[1] = 0
        assert measure(search, 0, q, rough) == pytest.approx(energy, abs=5e-3)
        assert rough == pytest.approx(slope, abs=5e-3)


def test_stiffness_is_the_second_derivative_and_its_inverse_undoes_it(search, monkeypatch) -> None:
    from selectivity.trajectory.relaxed_descent import begin, curvature, measure, precondition

    n = search.runs.q.shape[1]
    search.now[1] = 1
    begin(search, 0, 0, 0)
    matrix = np.empty((n, n))
    curvature(search, 0, libraries.STEP, matrix)
    assert matrix == pytest.approx(matrix.T, abs=1e-3 * np.abs(matrix).max())
    step = 1e-3 * np.random.default_rng(5).normal(size=n)
    here, there, back = (np.empty(n) for _ in range(3))
    middle = measure(search, 0, np.zeros(n), here)
    ends = measure(search, 0, step, there) + measure(search, 0, -step, back)
    assert ends - 2.0 * middle == pytest.approx(step @ matrix @ step, rel=1e-2)
    monkeypatch.setattr(libraries, "MODES", n)
    stiff = libraries._raised(0.5 * (matrix + matrix.T), 1.0)
    blocks, modes, gain = libraries._inverse(stiff)
    vector = stiff @ step
    whole = np.arange(n)
    precondition(vector, blocks, np.ascontiguousarray(modes), gain, whole, np.ones(n), np.empty(n), np.empty(n))
    assert vector == pytest.approx(step, abs=1e-9)


def test_a_turned_arrangement_keeps_the_shape_of_the_frame_and_takes_the_place_of_the_other(seen) -> None:
    from selectivity.trajectory.relaxed_search import superpose

    known = seen._known
    columns, coordinates, signs = libraries.quarter_turns(known.system)
    arrays = libraries.packed(known.system)
    seed = np.ascontiguousarray(known.arrangements.positions[0].T)
    outcomes = []
    for quarter in range(4):
        out = np.empty_like(seed)
        superpose(seed, columns, quarter, arrays.reference, arrays.start, out)
        for first, last in zip(arrays.start[:-1], arrays.start[1:], strict=True):
            for a in range(first, last):
                for b in range(first, a):
                    own = np.linalg.norm(arrays.reference[:, a] - arrays.reference[:, b])
                    assert np.linalg.norm(out[:, a] - out[:, b]) == pytest.approx(own, abs=1e-9)
        outcomes.append(out)
        # The same turn of the body coordinates: four quarters are none, and lengths stay.
        assert sorted(coordinates[quarter]) == list(range(len(signs[quarter])))
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    for quarter in range(4):
        rotated = np.linalg.matrix_power(turn, quarter) @ seed[:, columns[quarter]]
        assert np.abs(outcomes[quarter] - rotated).max() < 0.02  # groups of the idealised strands have one shape
        vector = np.arange(3.0 * signs.shape[1]).reshape(3, -1)[0]
        moved = signs[quarter] * vector[coordinates[quarter]]
        ion = slice(-3, None)
        assert moved[ion] == pytest.approx(np.linalg.matrix_power(turn, quarter) @ vector[ion])


def test_a_hydroxyl_ring_that_turned_away_or_was_never_there(seen, relaxation) -> None:
    block = seen.block.take(slice(0, 1))
    away = replace(block, hydroxyls=np.array([False]))
    quick, full = relaxation.energies(away, 0)[DRY], relaxation.searched(away, 0)[DRY]
    assert (quick < full + 0.05).mean() >= 0.75
    bare = libraries.without_hydroxyls(seen._known)
    assert np.isnan(Relaxation(bare, 0.0, cold_every=None).energies(block, 0)).all()


def test_the_user_is_told_how_far_the_full_search_disagrees(tmp_path: Path) -> None:
    universe = system()
    top, xtc = write_xtc(frames_of(universe, jiggled(universe, 3, sigma=0.1)), tmp_path)
    answer = command(
        "trajectory", top, xtc, "--treatment", "relaxed", "--cold-every", "2", "--out", "run", "--json", "s.json",
        folder=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    sites = [site for site in json.loads((tmp_path / "s.json").read_text())["sites"] if site["cold_checks"]]
    assert [site["site"] for site in sites] == ["S4", "S3", "S2", "S1"]
    for site in sites:
        assert site["cold_checks"] == 1
        said = f"fully searched ddG differ by up to {site['cold_difference_kj_mol']:.2g} kJ/mol in 1 frames"
        assert said in " ".join(answer.stdout.split())


def test_which_frames_are_searched_in_full_does_not_depend_on_who_sees_them() -> None:
    universe = system()
    frames_of(universe, jiggled(universe, 3, sigma=0.1))
    run = FilterAnalysis(universe, treatments=("relaxed",), cold_every=2)
    for how, checked in (({}, [False, True, False]), ({"frames": [1, 2]}, [True, False]), ({"start": 1}, [False, True])):
        cold = run.run(**how).results.cold[:, DRY]
        assert np.isfinite(cold).any(axis=1).tolist() == checked, how


@pytest.mark.slow
def test_a_simulation_is_searched_as_low_as_by_the_full_search(shared: Path) -> None:
    """The 11 frames of NaK2K: at most one minimum in six higher than that of the full search."""
    folder = shared / "trajectories"
    universe = MDAnalysis.Universe(str(folder / "NaK2K_charmm_em.gro"), str(folder / "NaK2K_charmm_100ps.xtc"))
    run = FilterAnalysis(universe, treatments=("relaxed",)).run()
    relaxation = Relaxation(run._known, run.model.water_leg, cold_every=None)
    apart = np.array(
        [relaxation.energies(run.block, f) - relaxation.searched(run.block, f) for f in range(len(run.block))]
    )
    apart = apart[np.isfinite(apart)]
    assert len(apart) == 88 and (apart > 0.05).mean() < 1 / 6
    assert apart.max() < 5.0 and np.quantile(apart, 0.9) < 0.5 and apart.mean() < 0.3
