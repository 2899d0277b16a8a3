"""What is odd but not wrong is loaded and said; what breaks the geometry of a filter is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_filter import Atom, jittered, kcsa_ions, moved, pdb, strand, tetramer

from selectivity.errors import FileUnreadable, FilterIncomplete, FilterNotFound
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter


def load(folder: Path, atoms: list[Atom], **options: str) -> Filter:
    path = folder / "x.pdb"
    path.write_text(pdb(atoms, **options))  # type: ignore[arg-type]
    return load_filter(path)


def test_hydroxyls_turned_away_make_no_ring(tmp_path: Path) -> None:
    """Another rotamer of T75: OG1 beside T75 O. The filter loads, S4 is open to the cavity, the reason is given."""
    atoms = [replace(a, position=a.position + np.array([0.0, 0.0, 2.6])) if a.name == "OG1" else a for a in tetramer()]
    found = load(tmp_path, atoms)
    assert [r.kind for r in found.rings] == ["carbonyl"] * 5
    assert any("T75 OG1 is turned away" in w for w in found.warnings)
    assert next(s for s in found.sites if s.name == "S4").inner is None


def test_rings_out_of_order_are_refused(tmp_path: Path) -> None:
    """G77 oxygens pulled inward of the V76 plane: there is no S2 between them."""
    inward = np.array([0.0, 0.0, -3.5])
    atoms = [replace(a, position=a.position + inward) if (a.name, a.number) == ("O", 77) else a for a in tetramer()]
    with pytest.raises(FilterNotFound, match=r"ring G77 O \(z -0.5 Å\) lies inward of ring V76 O"):
        load(tmp_path, atoms)


def test_overlapping_oxygens_are_warned_about(tmp_path: Path) -> None:
    def pinched(a: Atom) -> Atom:
        return replace(a, position=a.position * [0.72, 0.72, 1.0]) if (a.name, a.number) == ("O", 77) else a

    found = load(
        tmp_path, [pinched(a) for a in tetramer()], header="REMARK   2\nREMARK   2 RESOLUTION.    3.80 ANGSTROMS."
    )
    (warning,) = found.warnings
    assert "G77 O 1.69" in warning
    assert "3.8 Å is too low" in warning


def test_atoms_without_evidence_are_warned_about(tmp_path: Path) -> None:
    atoms = [
        replace(a, occupancy=0.0) if a.name == "O" and a.number == 76 and a.chain == "C" else a for a in tetramer()
    ]
    assert any("occupancy zero" in w and "VAL 76 O" in w for w in load(tmp_path, atoms).warnings)


def test_one_mutated_subunit(tmp_path: Path) -> None:
    """A concatemer with T75A in one domain: three full motifs and one partial one still line the pore."""
    atoms = [replace(a, residue="ALA") if a.chain == "C" and a.number == 75 else a for a in tetramer()]
    found = load(tmp_path, [a for a in atoms if not (a.chain == "C" and a.name == "OG1")])
    assert found.signature == "TVGYG+AVGYG"
    assert any("AVGYG is an unusual signature" in w for w in found.warnings)
    assert len(found.rings[0].atoms) == 3


def test_a_dilated_filter_is_found(tmp_path: Path) -> None:
    """Every atom 1 Å further out: wide, but still four strands round an axis."""

    def out(x: np.ndarray) -> np.ndarray:
        return x + 1.0 * np.array([x[0], x[1], 0.0]) / np.hypot(x[0], x[1])

    found = load(tmp_path, moved(tetramer(), out))
    assert [r.radius for r in found.rings] == pytest.approx([3.65, 3.25, 3.35, 3.35, 3.55, 5.80], abs=2e-3)


def test_low_resolution_noise(tmp_path: Path) -> None:
    """Coordinate errors of 0.25 Å per axis (0.43 Å in space, as at 3.5 Å resolution) do not hide the pore."""
    for seed in range(5):
        found = load(tmp_path, jittered([*tetramer(), *kcsa_ions()], 0.25, seed=seed))
        assert found.signature == "TVGYG"
        assert [r.z for r in found.rings] == pytest.approx([-6.1, -3.1, 0.0, 3.0, 6.1, 9.0], abs=0.6)


def test_a_mirror_image_keeps_its_radii(tmp_path: Path) -> None:
    """Handedness is no criterion of the search: the strands run the other way round, the rings are the same."""
    found = load(tmp_path, moved(tetramer(), lambda x: x * [1.0, -1.0, 1.0]))
    assert [r.radius for r in found.rings] == pytest.approx([2.65, 2.25, 2.35, 2.35, 2.55, 4.80], abs=1e-3)


def test_only_one_strand_lacks_atoms(tmp_path: Path) -> None:
    """The message names the strand that is short, not the four."""
    atoms = [a for a in tetramer() if not (a.chain == "D" and a.number == 78 and a.name in ("C", "O"))]
    with pytest.raises(FilterIncomplete, match="C of TYR 78 chain D; O of TYR 78 chain D; every carbonyl"):
        load(tmp_path, atoms)


def test_a_truncated_wwpdb_file_is_suspected(tmp_path: Path) -> None:
    """Cut after two subunits, at a line end: the missing END record is mentioned beside what was found."""
    path = tmp_path / "cut.pdb"
    path.write_text(pdb(tetramer("AB"), header="HEADER    MEMBRANE PROTEIN", end=False))
    with pytest.raises(FilterNotFound, match=r"2 subunits.*no END record: it may be truncated"):
        load_filter(path)


def test_nan_in_memory(tmp_path: Path) -> None:
    import MDAnalysis
    import mdtraj

    path = tmp_path / "x.pdb"
    path.write_text(pdb(tetramer()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        universe = MDAnalysis.Universe(str(path))
    universe.atoms.positions = np.full_like(universe.atoms.positions, np.nan)
    with pytest.raises(FileUnreadable, match="coordinates that are not numbers"):
        load_filter(universe)
    with pytest.raises(FileUnreadable, match="no atoms"):
        load_filter(universe.atoms[:0])
    trajectory = mdtraj.load(str(path))
    trajectory.xyz[0, 5] = np.inf
    with pytest.raises(FileUnreadable, match="1 atoms have coordinates that are not numbers"):
        load_filter(trajectory)


def test_the_first_frame_of_a_trajectory(shared: Path) -> None:
    """Eleven frames of NaK2K: mdtraj gives its first frame, MDAnalysis its current one."""
    import MDAnalysis
    import mdtraj

    folder = shared / "trajectories"
    topology, frames = str(folder / "NaK2K_charmm_em.gro"), str(folder / "NaK2K_charmm_100ps.xtc")
    first = load_filter(mdtraj.load(frames, top=topology))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        universe = MDAnalysis.Universe(topology, frames)
    assert load_filter(universe).positions == pytest.approx(first.positions, abs=1e-4)
    universe.trajectory[5]
    assert abs(load_filter(universe).positions - first.positions).max() > 0.1


def test_copies_in_the_file_do_not_count_as_refined_atoms(shared: Path) -> None:
    """3LDC from the membrane database: 4 x 697 atoms in the file, 697 in the refinement."""
    diffraction = load_filter(shared / "structures" / "3LDC_pdbtm.pdb").provenance.diffraction
    assert diffraction is not None
    assert (diffraction.n_atoms, diffraction.n_reflections, diffraction.r_free) == (697, 14863, 0.202)


def test_a_lone_strand_beside_a_pore_is_ignored(tmp_path: Path) -> None:
    """A fifth copy of the motif, parallel and near, but on no axis."""
    fifth = moved(strand(0, chain="E"), lambda x: x + np.array([9.0, 4.0, 0.0]))
    assert {a.chain for a in load(tmp_path, [*fifth, *tetramer()]).atoms} == set("ABCD")


def test_filters_compare_by_identity(tmp_path: Path) -> None:
    """Arrays make equality ambiguous; a filter can be a key of a cache."""
    first, second = load(tmp_path, tetramer()), load(tmp_path, tetramer())
    assert first == first
    assert first != second
    assert len({first, second}) == 2
