"""Real depositions load as the table of shared/structures/README.md says: pore, signature, radii, ions, refusals."""

from __future__ import annotations

import gzip
import pathlib
import warnings

import gemmi
import numpy as np
import pytest

from selectivity.errors import FilterNotFound
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter

# file, signature, first residue, reading, how the strands arrive, {ion: sites it holds}
FOUND = [
    ("1K4C.pdb", "TVGYG", 75, "assembly 1", "chain C x4 (TVGYG 75)", "K", "Scav S4 S3 S2 S1 S0 -"),
    ("1K4C_older-revision.pdb", "TVGYG", 75, "assembly 1", "chain C x4 (TVGYG 75)", "K", "Scav S4 S3 S2 S1 S0 -"),
    (
        "1K4C-bench_unbound_KcsA_singlechain.pdb",
        "TVGYG",
        75,
        "as deposited",
        "chain B x4 (TVGYG 75, TVGYG 575, TVGYG 1075, TVGYG 1575)",
        "",
        "",
    ),
    ("1BL8.cif", "TVGYG", 75, "as deposited", "chains A, B, C, D (TVGYG 75)", "K", "Scav S3 S1"),
    ("5VKH.pdb", "TVGYG", 75, "assembly 1", "chain C x4 (TVGYG 75)", "K", "Scav S4 S3 S2 S1 -"),
    ("3F7V_tetramer_K.pdb", "TVGYG", 75, "as deposited", "chains A, B, D, C (TVGYG 75)", "K", "S4 S1"),
    ("1R3J_opm.pdb", "TVGYG", 75, "as deposited", "chains C, D, H, J (TVGYG 75)", "Tl", "Scav S4 S3 S2 S1"),
    ("3PJS.pdb", "TVGYG", 75, "as deposited", "chains K, L, M, N (TVGYG 75)", "", ""),
    ("3LUT.pdb", "TVGYG", 374, "assembly 1", "chain B x4 (TVGYG 374)", "K", "Scav S4 S3 S2 S1 S0"),
    ("3LDC_pdbtm.pdb", "TVGYG", 59, "as deposited", "chains A, B, C, D (TVGYG 59)", "K", "- S4 S3 S2 S1"),
    ("7BYL.pdb", "TIGYG", 283, "as deposited", "chains A, C, E, G (TIGYG 283)", "K", "S4 S3 S2 S1"),
    ("9J38.pdb", "TIGYG", 311, "as deposited", "chains A, B, C, D (TIGYG 311)", "", ""),
    ("3E8H.pdb1", "TVGDG", 63, "models merged", "chain A x4 (TVGDG 63)", "K", "S4 S3 S2 S1 S0 -"),
]

# T O, x O, G O, Y O, G O as the table gives them, Å
RADII = {
    "1K4C.pdb": (2.27, 2.34, 2.33, 2.56, 4.82),
    "5VKH.pdb": (2.29, 2.45, 2.46, 2.55, 4.88),
    "3LUT.pdb": (2.58, 2.84, 2.83, 3.56, 4.88),
    "3LDC_pdbtm.pdb": (2.19, 2.37, 2.29, 2.44, 4.86),
}

REFUSED = [
    ("3HPL.pdb1", r"1 subunit with the signature TVGYG \(75 chain C\), 4 round one axis needed"),
    ("4F4L.pdb", r"nearest: TLESW 51 chain A, four times round one axis.*rings="),
    ("5KLG.pdb", r"nearest: TLDDW 1175 chain A, four times round one axis.*rings="),
    ("6AGF_geonav.pdb", r"nearest: TVGWN 1413 chain A.*not round one axis.*rings="),
    ("4JPZ.pdb", r"nearest: SLGQN 39 chain C.*not round one axis"),
    ("1QDV.pdb1", r"no K\+-channel filter"),
    ("1JNO.pdb", r"no K\+-channel filter"),
    ("9LYZ.pdb", r"no K\+-channel filter.*nearest: TDGST 47 chain A"),
]


@pytest.fixture(scope="module")
def folder(shared: pathlib.Path) -> pathlib.Path:
    return shared / "structures"


def sites_of(loaded: Filter) -> str:
    return " ".join(i.site or "-" for i in loaded.ions)


@pytest.mark.parametrize(("name", "signature", "first", "reading", "pore", "species", "sites"), FOUND)
def test_a_row_of_the_table(
    folder: pathlib.Path, name: str, signature: str, first: int, reading: str, pore: str, species: str, sites: str
) -> None:
    loaded = load_filter(folder / name)
    assert (loaded.signature, loaded.first_residue, loaded.n_strands) == (signature, first, 4)
    assert loaded.provenance.assembly == reading
    assert loaded.provenance.pores_found == (pore,)
    assert {i.name for i in loaded.ions} == ({species} if species else set())
    assert sites_of(loaded) == sites
    assert [r.kind for r in loaded.rings] == ["hydroxyl"] + ["carbonyl"] * 5
    assert all(len(r.atoms) == 4 for r in loaded.rings)
    assert np.all(np.diff([r.z for r in loaded.rings]) > 0)
    assert loaded.rings[2].z == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("name", RADII)
def test_ring_radii(folder: pathlib.Path, name: str) -> None:
    """To 0.02 Å, as the table asks."""
    found = [r.radius for r in load_filter(folder / name).rings[1:]]
    assert found == pytest.approx(RADII[name], abs=0.02)


@pytest.mark.parametrize(
    "name", ["1K4C.pdb", "1K4C_older-revision.pdb", "1R3J_opm.pdb", "3LDC_pdbtm.pdb", "3LUT.pdb", "3E8H.pdb1"]
)
def test_four_copies_of_an_axial_ion_are_one_ion(folder: pathlib.Path, name: str) -> None:
    """Occupancy 0.25 four times or 1.00 four times: either way one fully occupied ion."""
    loaded = load_filter(folder / name)
    assert [i.merged_copies for i in loaded.ions] == [4] * len(loaded.ions)
    assert [i.occupancy for i in loaded.ions] == pytest.approx([1.0] * len(loaded.ions), abs=0.05)
    assert loaded.provenance.merged_copies == 3 * len(loaded.ions)
    assert max(i.radial for i in loaded.ions) < 0.01


def test_1k4c_heights(folder: pathlib.Path) -> None:
    """Crystallographic ions and ring planes of THEORY section 1."""
    loaded = load_filter(folder / "1K4C.pdb")
    assert [r.z for r in loaded.rings] == pytest.approx([-6.1, -3.1, 0.0, 3.0, 6.1, 9.0], abs=0.05)
    assert [i.z for i in loaded.ions[:6]] == pytest.approx([-12.0, -5.0, -1.6, 1.6, 5.0, 9.5], abs=0.06)
    assert [s.name for s in loaded.sites] == ["Scav", "S4", "S3", "S2", "S1", "S0"]
    assert [s.dehydrated for s in loaded.sites] == [False, True, True, True, True, False]


def test_1k4c_agrees_with_gemmi(folder: pathlib.Path) -> None:
    """gemmi's own assembly, merged on special positions, has the same K+ ions at the same places with the same occupancy."""
    structure = gemmi.read_structure(str(folder / "1K4C.pdb"))
    structure.transform_to_assembly("1", gemmi.HowToNameCopiedChain.Dup, merge_dist=0.2)
    expected = [
        (atom.pos.tolist(), atom.occ)
        for chain in structure[0]
        for residue in chain
        if residue.name == "K"
        for atom in residue
    ]
    found = [(i.position, i.occupancy) for i in load_filter(folder / "1K4C.pdb").ions]
    assert len(found) == len(expected) == 7
    for position, occupancy in found:
        distance = [np.linalg.norm(np.subtract(position, p)) for p, _ in expected]
        assert min(distance) < 1e-3
        assert occupancy == pytest.approx(expected[int(np.argmin(distance))][1], abs=1e-6)


def test_1k4c_axis_is_the_crystal_four_fold(folder: pathlib.Path) -> None:
    """The axis from the rings is the line that the assembly operators leave in place."""
    loaded = load_filter(folder / "1K4C.pdb")
    structure = gemmi.read_structure(str(folder / "1K4C.pdb"))
    operator = structure.assemblies[0].generators[0].operators[2].transform
    rotation, shift = np.array(operator.mat.tolist()), np.array(operator.vec.tolist())
    assert rotation @ loaded.axis_direction == pytest.approx(loaded.axis_direction, abs=1e-6)
    assert rotation @ loaded.axis_origin + shift == pytest.approx(loaded.axis_origin, abs=1e-3)


def test_symmetry_copies_share_their_deposited_atom(folder: pathlib.Path) -> None:
    """Expanded by us, by the depositor or by MODELs: a coordinate error of one atom is an error of all four copies."""
    for name in ("1K4C.pdb", "1R3J_opm.pdb", "3LDC_pdbtm.pdb", "3E8H.pdb1"):
        atoms = load_filter(folder / name).atoms
        assert len({a.deposited_id for a in atoms}) == len(atoms) // 4
    independent = load_filter(folder / "1BL8.cif").atoms
    assert len({a.deposited_id for a in independent}) == len(independent)


def test_5vke_keeps_its_sites_although_v76_is_flipped(folder: pathlib.Path) -> None:
    loaded = load_filter(folder / "5VKE.pdb")
    assert loaded.rings[2].radius == pytest.approx(3.9, abs=0.05)
    assert [s.lining for s in loaded.sites] == ["cavity", "cage", "cage", "cage", "cage", "mouth"]
    assert [(i.site, round(i.occupancy, 2)) for i in loaded.ions if i.radial < 1.0] == [("S4", 1.0), ("S1", 1.0)]


def test_3e8h_has_two_dehydrated_sites_and_a_vestibule(folder: pathlib.Path) -> None:
    loaded = load_filter(folder / "3E8H.pdb1")
    assert [s.name for s in loaded.sites if s.dehydrated] == ["S4", "S3"]
    assert {s.name: s.lining for s in loaded.sites if not s.dehydrated} == {
        "Scav": "cavity",
        "S2": "vestibule",
        "S1": "vestibule",
        "S0": "mouth",
    }


def test_3ukm_has_two_pores_and_says_so(folder: pathlib.Path) -> None:
    """Two-fold dimers with two motifs per chain; the first pore is the default, with a warning, both can be chosen."""
    first = load_filter(folder / "3UKM.pdb")
    assert (first.signature, first.first_residue) == ("TTGYG+TIGLG", 117)
    assert first.provenance.pores_found == (
        "chains A, B (TTGYG 117, TIGLG 225)",
        "chains C, D (TTGYG 117, TIGLG 225)",
    )
    assert any("2 pores" in w and "pore=" in w for w in first.warnings)
    assert [i.site for i in first.ions] == ["S4", "S3", "S2", "S1", "S0"]
    second = load_filter(folder / "3UKM.pdb", pore="2")
    by_chain = load_filter(folder / "3UKM.pdb", pore="D")
    assert not second.warnings
    assert {a.chain for a in second.atoms} == {"C", "D"}
    assert np.array_equal(second.positions, by_chain.positions)
    assert [r.radius for r in second.rings] == pytest.approx([r.radius for r in first.rings], abs=0.1)


def test_3pjs_is_too_inaccurate_and_says_so(folder: pathlib.Path) -> None:
    loaded = load_filter(folder / "3PJS.pdb")
    assert all(r.radius < 1.85 for r in loaded.rings[1:4])
    assert any("resolution of 3.8 Å is too low" in w for w in loaded.warnings)


def test_header_numbers_of_the_precision_index(folder: pathlib.Path) -> None:
    """As printed in the header of 1K4C (REMARK 2 and 3)."""
    provenance = load_filter(folder / "1K4C.pdb").provenance
    diffraction = provenance.diffraction
    assert provenance.resolution_angstrom == 2.0
    assert diffraction is not None
    assert (diffraction.n_reflections, diffraction.r_free, diffraction.r_work) == (60790, 0.233, 0.218)
    assert (diffraction.completeness_percent, diffraction.n_atoms) == (99.1, 4534)
    assert diffraction.mean_b == pytest.approx(37.4, abs=0.05)
    assert load_filter(folder / "7BYL.pdb").provenance.diffraction is None
    assert load_filter(folder / "3F7V_tetramer_K.pdb").provenance.resolution_angstrom is None


def test_3lut_hydrogens_are_ignored(folder: pathlib.Path) -> None:
    assert {a.element for a in load_filter(folder / "3LUT.pdb").atoms} == {"C", "N", "O"}


@pytest.mark.parametrize(("name", "message"), REFUSED)
def test_what_has_no_filter_is_refused_in_one_line(folder: pathlib.Path, name: str, message: str) -> None:
    with pytest.raises(FilterNotFound, match=message) as refusal:
        load_filter(folder / name)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(name)


@pytest.mark.parametrize(
    "name", ["1K4C.pdb", "1BL8.cif", "3UKM.pdb", "5VKE.pdb", "3E8H.pdb1", "1K4C-bench_unbound_KcsA_singlechain.pdb"]
)
def test_round_trip_through_pdb(folder: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
    """What is written loads again as the same filter, to the 0.001 Å of the format."""
    loaded = load_filter(folder / name)
    loaded.to_pdb(tmp_path / "again.pdb")
    again = load_filter(tmp_path / "again.pdb")
    assert (again.signature, again.first_residue) == (loaded.signature, loaded.first_residue)
    assert again.positions == pytest.approx(loaded.positions, abs=1e-3)
    assert [(a.name, a.residue_name, a.strand) for a in again.atoms] == [
        (a.name, a.residue_name, a.strand) for a in loaded.atoms
    ]
    assert [r.radius for r in again.rings] == pytest.approx([r.radius for r in loaded.rings], abs=1e-3)
    assert [(i.name, i.site, round(i.occupancy, 2)) for i in again.ions] == [
        (i.name, i.site, round(i.occupancy, 2)) for i in loaded.ions
    ]
    assert len(again.waters) == len(loaded.waters)
    assert again.provenance.resolution_angstrom == loaded.provenance.resolution_angstrom
    assert again.provenance.title == loaded.provenance.title


@pytest.mark.parametrize("name", [row[0] for row in FOUND] + ["3UKM.pdb", "5VKE.pdb"])
def test_mmcif_and_gzip_say_the_same(folder: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
    """The deposition rewritten as mmCIF by gemmi, and compressed: identical filters, through the other records."""
    loaded = load_filter(folder / name)
    structure = gemmi.read_structure(str(folder / name), format=gemmi.CoorFormat.Detect)
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(tmp_path / "x.cif"))
    (tmp_path / "x.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    for path in (tmp_path / "x.cif", tmp_path / "x.gz"):
        again = load_filter(path)
        assert again.provenance.assembly == loaded.provenance.assembly
        assert again.rings == loaded.rings
        assert [(i.name, i.site, i.occupancy) for i in again.ions] == [
            (i.name, i.site, i.occupancy) for i in loaded.ions
        ]
        assert len(again.waters) == len(loaded.waters)


@pytest.mark.parametrize("name", [row[0] for row in FOUND if row[3] == "as deposited" and row[0].endswith("pdb")])
def test_three_readers_agree(folder: pathlib.Path, name: str) -> None:
    """gemmi, MDAnalysis and mdtraj, each with its own parser: the same rings, ions and waters (single precision)."""
    import MDAnalysis
    import mdtraj

    loaded = load_filter(folder / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = [MDAnalysis.Universe(str(folder / name)), mdtraj.load(str(folder / name))]
    for other in (load_filter(o) for o in others):
        assert [r.radius for r in other.rings] == pytest.approx([r.radius for r in loaded.rings], abs=1e-4)
        assert [(i.name, i.site) for i in other.ions] == [(i.name, i.site) for i in loaded.ions]
        assert len(other.waters) == len(loaded.waters)
