"""One filter, whatever form it arrives in: PDB, mmCIF, gzip, MODELs, assembly records, MDAnalysis, mdtraj, .gro."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gemmi
import numpy as np
import pytest
from synthetic_filter import (
    HEIGHTS,
    RADII,
    biomt,
    ion,
    jittered,
    kcsa_ions,
    models,
    moved,
    pdb,
    quarter_turns,
    strand,
    tetramer,
)

from selectivity.errors import FilterNotFound, UnknownChoice
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def same(a: Filter, b: Filter, tolerance: float = 2e-3) -> None:
    """Same rings, sites and ions; positions too when the coordinates are the same."""
    assert a.signature == b.signature
    assert [r.radius for r in a.rings] == pytest.approx([r.radius for r in b.rings], abs=tolerance)
    assert [r.z for r in a.rings] == pytest.approx([r.z for r in b.rings], abs=tolerance)
    assert [(i.name, i.site) for i in a.ions] == [(i.name, i.site) for i in b.ions]
    assert [i.z for i in a.ions] == pytest.approx([i.z for i in b.ions], abs=tolerance)
    assert [i.occupancy for i in a.ions] == pytest.approx([i.occupancy for i in b.ions], abs=1e-6)


@pytest.fixture
def reference(tmp_path: Path) -> Filter:
    return load_filter(written(tmp_path, "reference.pdb", pdb([*tetramer(), *kcsa_ions()])))


def test_published_dimensions_come_back(reference: Filter) -> None:
    assert [r.name for r in reference.rings] == ["T75 OG1", "T75 O", "V76 O", "G77 O", "Y78 O", "G79 O"]
    assert [r.radius for r in reference.rings] == pytest.approx(RADII, abs=1e-3)
    assert [r.z for r in reference.rings] == pytest.approx(HEIGHTS, abs=1e-3)
    assert reference.axis_direction == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)
    assert [i.site for i in reference.ions] == ["Scav", "S4", "S3", "S2", "S1"]
    assert reference.provenance.assembly == "as deposited"


def test_assembly_operators_build_the_tetramer(tmp_path: Path, reference: Filter) -> None:
    """One subunit, ions on the four-fold with occupancy 0.25."""
    ions = [replace(i, occupancy=0.25, chain="A") for i in kcsa_ions()]
    path = written(tmp_path, "one.pdb", pdb([*strand(), *ions], header=biomt(quarter_turns())))
    loaded = load_filter(path)
    same(loaded, reference)
    assert loaded.provenance.assembly == "assembly 1"
    assert [i.merged_copies for i in loaded.ions] == [4] * 5


def test_models_of_an_assembly_file_are_merged(tmp_path: Path, reference: Filter) -> None:
    """RCSB pdb1: four MODELs that reuse the chain id."""
    groups = [[*strand(k, chain="A"), *(replace(i, occupancy=0.25, chain="A") for i in kcsa_ions())] for k in range(4)]
    loaded = load_filter(written(tmp_path, "one.pdb1", models(groups)))
    same(loaded, reference)
    assert loaded.provenance.assembly == "models merged"


def test_models_of_an_nmr_ensemble_are_not_merged(tmp_path: Path, reference: Filter) -> None:
    """Conformers lie on top of one another: the first is taken, its ions are not summed."""
    ensemble = [jittered([*tetramer(), *kcsa_ions()], 0.0 if k == 0 else 0.3, seed=k) for k in range(5)]
    loaded = load_filter(written(tmp_path, "ensemble.pdb", models(ensemble)))
    same(loaded, reference)
    assert loaded.provenance.assembly == "as deposited"
    single = models([jittered(strand(), 0.0 if k == 0 else 0.3, seed=k) for k in range(5)])
    with pytest.raises(FilterNotFound, match="signature TVGYG"):
        load_filter(written(tmp_path, "monomer.pdb", single))


def test_stale_assembly_records_are_not_applied(tmp_path: Path, reference: Filter) -> None:
    """A re-oriented tetramer whose REMARK 350 belongs to the old frame."""
    old_axis = np.array([40.0, 25.0, 0.0])
    stale = [(rotation, old_axis - rotation @ old_axis) for rotation, _ in quarter_turns()]
    path = written(tmp_path, "opm.pdb", pdb([*tetramer(), *kcsa_ions()], header=biomt(stale)))
    same(load_filter(path), reference)
    assert load_filter(path).provenance.assembly == "as deposited"
    with pytest.raises(FilterNotFound, match="tried assembly 1"):
        load_filter(path, assembly="1")


def test_an_assembly_that_repeats_a_whole_tetramer_changes_nothing(tmp_path: Path, reference: Filter) -> None:
    """Four-fold operators on all four chains put every strand onto another one."""
    path = written(
        tmp_path, "full.pdb", pdb([*tetramer(), *kcsa_ions()], header=biomt(quarter_turns(), chains="ABCDX"))
    )
    loaded = load_filter(path, assembly="1")
    same(loaded, reference)
    assert len(loaded.atoms) == len(reference.atoms)


def test_assembly_names_are_checked(tmp_path: Path) -> None:
    path = written(tmp_path, "full.pdb", pdb(tetramer(), header=biomt(quarter_turns())))
    with pytest.raises(UnknownChoice, match=r"no assembly '7'; the file has 1: choose"):
        load_filter(path, assembly="7")
    assert load_filter(path, assembly="deposited").provenance.assembly == "as deposited"


def test_the_right_one_of_two_assemblies(tmp_path: Path, reference: Filter) -> None:
    """Assembly 1 is a dimer of no interest, assembly 2 the tetramer."""
    dimer = quarter_turns()[:2]
    header = biomt(dimer) + "\n" + biomt(quarter_turns(), name=2)
    loaded = load_filter(written(tmp_path, "two.pdb", pdb(strand(), header=header)))
    assert loaded.provenance.assembly == "assembly 2"
    assert [r.radius for r in loaded.rings] == pytest.approx([r.radius for r in reference.rings], abs=2e-3)


def test_all_strands_under_one_chain_id(tmp_path: Path, reference: Filter) -> None:
    atoms = [a for k in range(4) for a in strand(k, chain="B", first=75 + 500 * k)]
    loaded = load_filter(written(tmp_path, "single.pdb", pdb([*atoms, *kcsa_ions()])))
    same(loaded, reference)
    assert loaded.first_residue == 75


def test_two_motifs_per_chain(tmp_path: Path) -> None:
    """K2P: signatures of both domains, rings named after the first."""
    second = ["THR", "ILE", "GLY", "LEU", "GLY"]
    atoms = [
        *strand(0, chain="A", first=117),
        *strand(1, chain="A", first=225, residues=second),
        *strand(2, chain="B", first=117),
        *strand(3, chain="B", first=225, residues=second),
    ]
    loaded = load_filter(written(tmp_path, "k2p.pdb", pdb(atoms)))
    assert (loaded.signature, loaded.first_residue) == ("TVGYG+TIGLG", 117)
    assert loaded.rings[-1].name == "G121 O"


def test_two_pores_first_by_default_with_a_warning(tmp_path: Path) -> None:
    other = moved(tetramer("EFGH"), lambda x: x + np.array([60.0, 0.0, 0.0]))
    path = written(tmp_path, "two.pdb", pdb([*tetramer(), *other]))
    first = load_filter(path)
    assert any("2 pores" in w for w in first.warnings)
    assert {a.chain for a in load_filter(path, pore=2).atoms} == set("EFGH")
    assert {a.chain for a in load_filter(path, pore="E,F").atoms} == set("EFGH")
    with pytest.raises(UnknownChoice, match=r"no single pore '3'; found 1: chains A, B, C, D .*; 2: chains E, F, G, H"):
        load_filter(path, pore="3")


def test_gzip_and_wrong_extension(tmp_path: Path, reference: Filter) -> None:
    text = pdb([*tetramer(), *kcsa_ions()])
    packed = tmp_path / "x.pdb.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    same(load_filter(packed), reference)
    same(load_filter(written(tmp_path, "x.cif", text)), reference)  # content decides
    same(load_filter(str(written(tmp_path, "noextension", text))), reference)


def test_line_ends_marks_and_missing_columns(tmp_path: Path, reference: Filter) -> None:
    """Windows line ends, a byte order mark, serial numbers as stars, no columns after the coordinates."""
    text = pdb([*tetramer(), *kcsa_ions()])
    marked = tmp_path / "marked.pdb"
    marked.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    same(load_filter(marked), reference)
    assert len(load_filter(marked).atoms) == len(reference.atoms)
    bare = [
        f"{line[:6]}*****{line[11:54]}" if line.startswith(("ATOM", "HETATM")) else line for line in text.splitlines()
    ]
    same(load_filter(written(tmp_path, "bare.pdb", "\n".join(bare))), reference)


def test_blank_chain_and_segment_names(tmp_path: Path, reference: Filter) -> None:
    """CHARMM's PDB: four equal subunits with one blank chain id, told apart by segment names only."""
    lines = [
        f"{line[:21]} {line[22:66]:<50}{'PRO' + line[21]:<4}" if line.startswith("ATOM") else line
        for line in pdb([*tetramer(), *kcsa_ions()]).splitlines()
    ]
    same(load_filter(written(tmp_path, "segments.pdb", "\n".join(lines))), reference)


def test_mmcif(tmp_path: Path, reference: Filter) -> None:
    """gemmi writes the same structure as mmCIF, plain and gzipped, with the assembly in mmCIF's own records."""
    structure = gemmi.read_pdb_string(
        pdb([*strand(), *(replace(i, occupancy=0.25, chain="A") for i in kcsa_ions())], header=biomt(quarter_turns()))
    )
    structure.setup_entities()
    text = structure.make_mmcif_document().as_string()
    loaded = load_filter(written(tmp_path, "x.cif", text))
    same(loaded, reference)
    assert (loaded.provenance.format, loaded.provenance.assembly) == ("mmCIF", "assembly 1")
    packed = tmp_path / "x.cif.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    same(load_filter(packed), reference)


def universe(path: Path) -> object:
    import MDAnalysis

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MDAnalysis.Universe(str(path))


def trajectory(path: Path) -> object:
    import mdtraj

    return mdtraj.load(str(path))


@pytest.mark.parametrize("reader", [universe, trajectory])
def test_readers_agree(tmp_path: Path, reader: Callable[[Path], object]) -> None:
    """gemmi, MDAnalysis and mdtraj give the same atoms at the same places (single precision of the latter two)."""
    atoms = jittered([*tetramer(), *kcsa_ions()])
    path = written(tmp_path, "x.pdb", pdb(atoms))
    by_gemmi, by_other = load_filter(path), load_filter(reader(path))
    assert [a.name for a in by_other.atoms] == [a.name for a in by_gemmi.atoms]
    assert by_other.positions == pytest.approx(by_gemmi.positions, abs=1e-4)
    same(by_other, by_gemmi, 1e-4)


def test_atom_group(tmp_path: Path, reference: Filter) -> None:
    """A selection is a source too; a selection without a filter is refused."""
    u = universe(written(tmp_path, "x.pdb", pdb([*tetramer(), *kcsa_ions()])))
    same(load_filter(u.select_atoms("all")), reference)  # type: ignore[attr-defined]
    with pytest.raises(FilterNotFound, match=r"3 subunits with the signature TVGYG.*MDAnalysis drops assembly records"):
        load_filter(u.select_atoms("not chainID D"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["POT", "K", "K+", "SOD", "NA", "TL"])
def test_ion_names(tmp_path: Path, name: str) -> None:
    """Residue and atom name decide; the guessed element (POT: polonium) does not."""
    species = {"POT": "K", "K": "K", "K+": "K", "SOD": "Na", "NA": "Na", "TL": "Tl"}[name]
    path = written(tmp_path, "x.pdb", pdb([*tetramer(), ion(-1.6, name=name, residue=name)]))
    assert [i.name for i in load_filter(path).ions] == [species]
    assert [i.name for i in load_filter(universe(path)).ions] == [species]
    assert [i.name for i in load_filter(trajectory(path)).ions] == [species]


def test_a_pore_cut_by_the_simulation_cell_is_made_whole(tmp_path: Path) -> None:
    """Two strands lie at the other end of the box; MDAnalysis knows the box."""
    box = 60.0
    atoms = jittered(tetramer())
    whole = load_filter(written(tmp_path, "whole.pdb", pdb(atoms)))
    cut = [replace(a, position=a.position + np.array([box if a.chain in "BC" else 0.0, 0.0, 0.0])) for a in atoms]
    u = universe(written(tmp_path, "cut.pdb", pdb(cut)))
    u.dimensions = [box, box, box, 90.0, 90.0, 90.0]  # type: ignore[attr-defined]
    loaded = load_filter(u)
    assert loaded.provenance.assembly == "periodic images"
    assert len(loaded.provenance.pores_found) == 1
    assert [r.radius for r in loaded.rings] == pytest.approx([r.radius for r in whole.rings], abs=1e-3)


SIMULATIONS = {
    "NaK2K_charmm_em.gro": ("TVGYG", 63, "S4 S3 S2 S1"),
    "MthK_charmm36m_npt.gro": ("TVGYG", 59, "S4 S3 S2 S1"),
    "KcsA_5VKE_eq_step0.gro": ("TVGYG", 75, "S4 S1"),
    "KcsA_5VKE_eq_step6.gro": ("TVGYG", 75, "S4 S1"),
}


@pytest.mark.parametrize("name", SIMULATIONS)
def test_simulation_files(shared: Path, name: str) -> None:
    """A .gro file loads the same through its path and through mdtraj."""
    signature, first, sites = SIMULATIONS[name]
    path = shared / "trajectories" / name
    loaded = load_filter(path)
    assert (loaded.signature, loaded.first_residue) == (signature, first)
    assert " ".join(i.site for i in loaded.ions if i.site in ("S4", "S3", "S2", "S1")) == sites
    by_mdtraj = load_filter(trajectory(path))
    assert by_mdtraj.positions == pytest.approx(loaded.positions, abs=1e-4)
    same(by_mdtraj, loaded, 1e-4)


def test_both_namings_of_nak2k_are_identical(shared: Path) -> None:
    charmm, plain = (load_filter(shared / "trajectories" / f"NaK2K_charmm_em{tail}.gro") for tail in ("", "_K"))
    assert np.array_equal(charmm.positions, plain.positions)
    assert charmm.rings == plain.rings
    assert [replace(i, residue_name="") for i in charmm.ions] == [replace(i, residue_name="") for i in plain.ions]
    assert {i.residue_name for i in charmm.ions} == {"POT"}
