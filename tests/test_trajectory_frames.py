"""What is seen in a frame is what is there: known motions, a naive loop, another reader, `score_filter` on the same frame."""

from __future__ import annotations

import warnings
from pathlib import Path

import MDAnalysis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from MDAnalysis.lib.distances import calc_dihedrals
from MDAnalysis.lib.mdamath import triclinic_vectors
from scipy.spatial.transform import Rotation
from trajectory_systems import CELL, TILTED, frames_of, jiggled, rotated, still, system

from selectivity.energetics.coordination import coordinate
from selectivity.errors import FilterNotFound, UnknownChoice
from selectivity.pipeline import score_filter
from selectivity.structure.load import load_filter
from selectivity.trajectory import FilterAnalysis, follow, score_mdtraj
from selectivity.trajectory.block import _cell
from selectivity.trajectory.condition import BROKEN, DISORDERED, NOT_FINITE, OK, SMALL_CELL
from selectivity.trajectory.readers import cell_of
from selectivity.trajectory.topology import SITES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def analysed(universe, **options):
    """Frames without energies unless asked for."""
    return FilterAnalysis(universe, **{"treatments": (), **options}).run()


def test_a_filter_that_breathes_is_seen_to_breathe() -> None:
    universe = system()
    protein = universe.select_atoms("protein").indices
    n, frequency, amplitude = 64, 5, 0.04
    swell = 1.0 + amplitude * np.sin(2.0 * np.pi * frequency * np.arange(n) / n)
    positions = still(universe, n)
    centre = positions[0, protein, :2].mean(axis=0)
    positions[:, protein, :2] = centre + swell[:, None, None] * (positions[:, protein, :2] - centre)
    radius = analysed(frames_of(universe, positions)).results.radius
    at_rest = analysed(frames_of(universe, still(universe, 1))).results.radius[0]
    assert radius == pytest.approx(swell[:, None] * at_rest, abs=1e-5)
    spectrum = np.abs(np.fft.rfft(radius[:, 2] - radius[:, 2].mean()))
    assert int(np.argmax(spectrum)) == frequency


def test_an_ion_that_walks_the_sites_is_met_in_each(universe=None) -> None:
    universe = system(ions=(("K", 0.0), ("NA", -11.0)), waters=(8.0,))
    heights = [-18.0, -10.0, -4.6, -1.5, 1.5, 4.6, 8.0, 15.0]
    positions = still(universe, len(heights))
    ion = universe.select_atoms("resname K").indices[0]
    centre = universe.select_atoms("name O and resnum 76").positions.mean(axis=0)
    positions[:, ion] = centre + np.array([[0.05, 0.0, z] for z in heights])
    run = analysed(frames_of(universe, positions))
    assert run.results.frames["occupancy"].tolist() == [
        "W----N", "W----K", "W---KN", "W--K-N", "W-K--N", "WK---N", "K----N", "W----N"
    ]  # fmt: skip
    track = run.results.ions[run.results.ions["species"] == "K"]
    assert track["z_angstrom"].to_numpy() == pytest.approx(heights, abs=1e-4)
    assert track["site"].tolist() == ["", "Scav", "S4", "S3", "S2", "S1", "S0", ""]
    assert (track["radial_angstrom"].to_numpy() < 0.06).all()
    assert run.block.ions[:, 0, 2] == pytest.approx(heights, abs=1e-4)  # the arrays stay beside the tables


def test_a_carbonyl_that_flips_is_flipped_in_those_frames_only() -> None:
    universe = system()
    positions = still(universe, 6)
    atoms = universe.select_atoms("resnum 76")
    n, ca, c, o = (atoms.select_atoms(f"name {name}").indices[0] for name in ("N", "CA", "C", "O"))
    axis = positions[0, c] - positions[0, ca]
    half_turn = Rotation.from_rotvec(np.pi * axis / np.linalg.norm(axis))
    for frame in (2, 3, 5):
        positions[frame, o] = positions[frame, c] + half_turn.apply(positions[frame, o] - positions[frame, c])
    frames = analysed(frames_of(universe, positions)).results.frames
    assert frames["flipped_V76.1"].tolist() == [False, False, True, True, False, True]
    others = [f"flipped_{residue}.{s}" for residue in ("T75", "V76", "G77", "Y78") for s in range(1, 5)]
    assert not frames[[name for name in others if name != "flipped_V76.1"]].to_numpy().any()
    expected = np.degrees(calc_dihedrals(*(positions[:, i].astype(np.float32) for i in (n, ca, c, o))))
    assert frames["dihedral_V76.1_deg"].to_numpy() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", [3, 4])
def test_rotation_and_periodic_wrapping_change_nothing(seed: int) -> None:
    universe = system(ions=(("K", -4.6), ("NA", 1.5), ("CL", 12.0)), waters=(8.0, -10.0))
    positions = jiggled(universe, 4, seed=seed)
    before = analysed(frames_of(universe, positions)).results
    rng = np.random.default_rng(seed)
    turned = rotated(positions, Rotation.random(random_state=seed).as_matrix(), rng.uniform(-80.0, 80.0, 3))
    box = triclinic_vectors(TILTED, dtype=np.float64)
    wrapped = turned - np.floor(turned @ np.linalg.inv(box)) @ box
    assert np.abs(wrapped - turned).max() > 30.0
    broken = wrapped + rng.integers(-1, 2, (*wrapped.shape[:2], 3)) @ box  # every atom in a cell of its own
    # the filter is found where it is whole and followed where it is not
    found = follow(frames_of(universe, positions))
    run = FilterAnalysis(frames_of(universe, positions), treatments=())
    assert (found.core == run.followed.core).all()
    frames_of(universe, broken, cell=TILTED)
    run._trajectory = universe.trajectory
    after = run.run().results
    for name in ("radius", "z", "direction", "cage", "resident_z", "resident_radial", "resident_distance"):
        assert after[name] == pytest.approx(before[name], abs=3e-4, nan_ok=True), name
    assert after.frames["occupancy"].tolist() == before.frames["occupancy"].tolist()
    assert (after["coordination"] == before["coordination"]).all() and (after["formed"] == before["formed"]).all()


def test_a_naive_loop_over_the_frames_sees_the_same() -> None:
    universe = system(ions=(("K", -4.6), ("K", 1.5), ("K", 8.0)), waters=(-1.5, -10.0))
    run = analysed(frames_of(universe, jiggled(universe, 6)))
    for f, _ in enumerate(universe.trajectory):
        found = load_filter(universe)
        assert [r.radius for r in found.rings] == pytest.approx(run.results.radius[f], abs=1e-5)
        assert [r.z for r in found.rings] == pytest.approx(run.results.z[f], abs=1e-5)
        assert [s.z_high for s in found.sites] == pytest.approx(run.results.sites[f, :, 1], abs=1e-5)
        for s, site in enumerate(found.sites):
            held = coordinate(found, site)
            assert held.formed == run.results.formed[f, s], (f, site.name)
            assert sum(i.site == site.name for i in found.ions) == run.results.counts[f, s, :3].sum()
            assert sum(w.site == site.name for w in found.waters) == run.results.counts[f, s, 3]
            if run.results.resident[f, s] == 0:
                assert held.number == run.results.coordination[f, s, :2].sum()


def rigid(found) -> np.ndarray:
    score = score_filter(found, treatment="rigid", hydration_state="dry", rule="profile", force=True)
    return np.array([np.nan if site.ddg_kj_mol is None else site.ddg_kj_mol for site in score.sites])


def test_rigid_scores_are_those_of_score_filter_on_the_frame_as_a_file(tmp_path: Path) -> None:
    universe = system()
    run = analysed(frames_of(universe, jiggled(universe, 2)), treatments=("rigid",))
    ddg = run.block.ddg(run.model.water_leg)
    for f, _ in enumerate(universe.trajectory):
        load_filter(universe).to_pdb(tmp_path / "frame.pdb")
        assert ddg[f] == pytest.approx(rigid(load_filter(tmp_path / "frame.pdb")), abs=2e-3, nan_ok=True), f


def nak2k(shared: Path, top: str = "NaK2K_charmm_em.gro"):
    folder = shared / "trajectories"
    return MDAnalysis.Universe(str(folder / top), str(folder / "NaK2K_charmm_100ps.xtc"))


@pytest.mark.slow
def test_rigid_scores_of_a_simulation_are_those_of_score_filter(shared: Path, tmp_path: Path) -> None:
    """66 sites in 11 frames of NaK2K. Both searches are heuristic: in few of them one finds an arrangement of the hydroxyls that the
    other misses, and those differ by less than 1 kJ/mol."""
    universe = nak2k(shared)
    run = analysed(universe, treatments=("rigid",))
    ddg = run.block.ddg(run.model.water_leg)
    reference = []
    for _ in universe.trajectory:
        load_filter(universe).to_pdb(tmp_path / "frame.pdb")
        reference.append(rigid(load_filter(tmp_path / "frame.pdb")))
    difference = np.abs(ddg - np.array(reference)).ravel()
    difference = difference[np.isfinite(difference)]
    assert len(difference) > 60
    assert (difference < 2e-3).mean() > 0.95 and difference.max() < 1.0


def test_both_names_of_potassium_and_both_readers_give_the_same_numbers(shared: Path) -> None:
    import mdtraj

    folder = shared / "trajectories"
    first = analysed(nak2k(shared)).results
    second = analysed(nak2k(shared, "NaK2K_charmm_em_K.gro")).results
    assert first.frames.equals(second.frames)
    assert first.ions.equals(second.ions)
    chunks = mdtraj.iterload(str(folder / "NaK2K_charmm_100ps.xtc"), top=str(folder / "NaK2K_charmm_em.gro"), chunk=4)
    first = analysed(nak2k(shared), treatments=("rigid", "relaxed")).results
    other = score_mdtraj(chunks, treatments=("rigid", "relaxed"))
    assert other.frames["occupancy"].tolist() == first.frames["occupancy"].tolist()
    for name, column in first.frames.items():
        if column.dtype.kind == "f":
            near = 1e-4 if name.startswith("ddg_relaxed") else 1e-5  # differences of energies of 700 to 1000 kJ/mol
            assert other.frames[name].to_numpy() == pytest.approx(column.to_numpy(), abs=near, rel=1e-6, nan_ok=True), (
                name
            )


def test_real_frames_hold_what_they_are_known_to_hold(shared: Path) -> None:
    folder = shared / "trajectories"
    mthk = analysed(MDAnalysis.Universe(str(folder / "MthK_charmm36m_npt.gro")))
    assert mthk.results.frames["occupancy"].tolist() == ["WKKKKW"]
    kcsa = analysed(MDAnalysis.Universe(str(folder / "KcsA_5VKE_eq_step0.gro")))
    species = kcsa.followed.ion_species
    assert (species.count("K"), species.count("Na")) == (16, 15)
    assert kcsa.results.frames["occupancy"].tolist() == ["WK-WKK"]  # collapsed at V76: S3 holds water


def test_backends_give_the_same_numbers() -> None:
    universe = system(ions=(("K", -4.6), ("K", 1.5)), waters=(8.0,))
    serial = analysed(frames_of(universe, jiggled(universe, 7)))
    for backend in ("multiprocessing", "dask"):
        run = FilterAnalysis(universe, treatments=()).run(backend=backend, n_workers=2)
        assert run.results.frames.equals(serial.results.frames), backend
        assert run.results.ions.equals(serial.results.ions), backend
    part = FilterAnalysis(universe, treatments=()).run(start=1, stop=6, step=2)
    assert part.results.frames["frame"].tolist() == [1, 3, 5]


def test_frames_without_numbers_say_why() -> None:
    universe = system()
    protein = universe.select_atoms("protein").indices
    positions = still(universe, 4)
    positions[1, protein[5]] = np.nan
    positions[2, protein[5]] += 9.0
    strand_of_y78 = universe.select_atoms("resnum 78 and not name N").indices
    positions[3, strand_of_y78, 2] -= 5.5  # Y78 O below G77 O; its bonds break as well
    run = analysed(frames_of(universe, positions))
    assert run.results.state.tolist()[:3] == [OK, NOT_FINITE, BROKEN]
    assert run.results.state[3] in (BROKEN, DISORDERED)
    assert np.isnan(run.results.radius[1]).all() and run.results.frames["occupancy"].tolist()[1] == ""
    small = analysed(frames_of(universe, still(universe, 1), cell=np.array([40.0, 60.0, 70.0, 90.0, 90.0, 90.0])))
    assert small.results.state.tolist() == [SMALL_CELL]


def test_a_cell_that_changes_is_followed() -> None:
    universe = system(ions=(("K", 1.5),))
    positions = still(universe, 3)
    cells = np.array([CELL, CELL * [1.1, 1.1, 1.0, 1, 1, 1], CELL * [0.9, 0.9, 1.2, 1, 1, 1]], dtype=np.float32)
    ion = universe.select_atoms("resname K").indices[0]
    positions[1, ion] += cells[1, :3] * [1, 0, 0]
    positions[2, ion] -= cells[2, :3] * [0, 1, 1]
    run = analysed(frames_of(universe, positions, cell=cells))
    assert run.results.frames["occupancy"].tolist() == ["--K---"] * 3


@given(st.lists(st.floats(1.625, 500.0, width=32), min_size=3, max_size=3))
def test_a_rectangular_cell_is_inverted_to_the_bits_of_the_general_way(edges: list[float]) -> None:
    rows, inverse, periodic = _cell(cell_of([*edges, 90.0, 90.0, 90.0]))
    assert periodic and np.array_equal(rows, np.diag(edges)) and np.array_equal(inverse, np.linalg.inv(rows))


def test_what_is_no_cell_is_none() -> None:
    assert cell_of(None) is None and cell_of([0.0, 0.0, 0.0, 90.0, 90.0, 90.0]) is None
    tilted = cell_of(TILTED)
    assert _cell(tilted)[2] and np.array_equal(_cell(tilted)[1], np.linalg.inv(tilted))
    flat = np.array([[9.0, 9.0, 0.0], [9.0, 9.0, 0.0], [0.0, 0.0, 9.0]])
    for box in (None, np.diag([9.0, np.nan, 9.0]), np.diag([9.0, np.inf, 9.0]), np.zeros((3, 3)), flat):
        rows, inverse, periodic = _cell(box)
        assert not periodic and np.array_equal(rows, np.eye(3)) and np.array_equal(inverse, np.eye(3))


def test_what_cannot_be_followed_is_refused() -> None:
    universe = system()
    with pytest.raises(FilterNotFound):
        FilterAnalysis(universe.select_atoms("chainID A"))
    with pytest.raises(UnknownChoice, match="available for frames are rigid, relaxed"):
        FilterAnalysis(universe, treatments=("thermal",))


def test_unknown_single_atoms_are_named() -> None:
    notes = follow(system(ions=(("QQ", 1.5),))).notes
    assert any("1 QQ" in note for note in notes) and any("neither K+ nor Na+" in note for note in notes)
    assert SITES[0] == "Scav"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert follow(system()).notes == ("ions: 2 K",)
