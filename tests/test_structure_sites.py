"""Sites between ring planes, ions and waters in them, occupancies of merged copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_filter import Atom, ion, kcsa_ions, pdb, tetramer

from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter
from selectivity.structure.sites import site_at


def load(folder: Path, atoms: list[Atom]) -> Filter:
    path = folder / "x.pdb"
    path.write_text(pdb(atoms))
    return load_filter(path)


def test_sites_partition_the_axis_at_the_planes(tmp_path: Path) -> None:
    """THEORY section 2: S0 5 Å outward of Y78, Scav 8 Å inward of OG1, 1.8 Å lateral in S1-S4, 4 Å outside."""
    sites = load(tmp_path, tetramer()).sites
    assert [s.z_low for s in sites] == pytest.approx([-14.1, -6.1, -3.1, 0.0, 3.0, 6.1], abs=1e-3)
    assert [s.z_high for s in sites[:-1]] == [s.z_low for s in sites[1:]]
    assert sites[-1].z_high == pytest.approx(11.1, abs=1e-3)
    assert [s.lateral_radius for s in sites] == [4.0, 1.8, 1.8, 1.8, 1.8, 4.0]
    assert [(s.inner, s.outer) for s in sites] == [(None, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, None)]


@pytest.mark.parametrize(
    ("z", "radial", "expected"),
    [
        (-14.2, 0.0, ""),
        (-14.0, 3.9, "Scav"),
        (-6.0, 0.0, "S4"),
        (-6.0, 1.9, ""),
        (1.6, 1.7, "S2"),
        (6.2, 3.9, "S0"),
        (11.2, 0.0, ""),
    ],
)
def test_site_of_a_point(tmp_path: Path, z: float, radial: float, expected: str) -> None:
    assert site_at(load(tmp_path, tetramer()).sites, z, radial) == expected


def test_a_flipped_ring_is_no_vestibule(tmp_path: Path) -> None:
    """All V76 oxygens 2 Å further out: the cages on both sides stay cages (geometry of 5VKE)."""
    atoms = [outward(a, 2.0) if (a.name, a.number) == ("O", 76) else a for a in tetramer()]
    found = load(tmp_path, atoms)
    assert found.rings[2].radius == pytest.approx(4.35, abs=1e-3)
    assert [s.lining for s in found.sites] == ["cavity", "cage", "cage", "cage", "cage", "mouth"]


def test_an_open_outer_half_is_a_vestibule(tmp_path: Path) -> None:
    """G77 and Y78 oxygens 2.4 and 1.5 Å further out: two dehydrated sites are left (geometry of NaK)."""
    shift = {77: 2.4, 78: 1.5}
    atoms = [outward(a, shift[a.number]) if a.name == "O" and a.number in shift else a for a in tetramer()]
    found = load(tmp_path, atoms)
    assert [s.name for s in found.sites if s.dehydrated] == ["S4", "S3"]
    assert [s.lateral_radius for s in found.sites] == [4.0, 1.8, 1.8, 4.0, 4.0, 4.0]


def outward(atom: Atom, distance: float) -> Atom:
    radial = atom.position * np.array([1.0, 1.0, 0.0])
    return replace(atom, position=atom.position + distance * radial / np.linalg.norm(radial))


@pytest.mark.parametrize("residue", ["CYS", "ALA"])
def test_without_a_hydroxyl_s4_is_open_to_the_cavity(tmp_path: Path, residue: str) -> None:
    """T75C and T75A: sulphur is no hydroxyl, alanine has none; the plane 3 Å inward of T75 O bounds S4."""
    renamed = [replace(a, residue=residue) if a.residue == "THR" else a for a in tetramer()]
    atoms = [a for a in renamed if a.name != "OG1"]
    found = load(tmp_path, [*atoms, *kcsa_ions()])
    assert [r.kind for r in found.rings] == ["carbonyl"] * 5
    s4 = next(s for s in found.sites if s.name == "S4")
    assert (s4.inner, s4.outer, s4.dehydrated, s4.lining) == (None, 0, False, "cavity")
    assert s4.z_low == pytest.approx(-6.1, abs=1e-3)
    assert [i.site for i in found.ions] == ["Scav", "S4", "S3", "S2", "S1"]
    assert any("unusual signature" in w for w in found.warnings) == (residue == "ALA")


def test_serine_makes_a_hydroxyl_ring(tmp_path: Path) -> None:
    atoms = [
        replace(a, residue="SER", name="OG" if a.name == "OG1" else a.name) if a.residue == "THR" else a
        for a in tetramer()
    ]
    found = load(tmp_path, atoms)
    assert (found.signature, found.rings[0].name, found.rings[0].kind) == ("SVGYG", "S75 OG", "hydroxyl")


def test_a_mixed_ring_says_so(tmp_path: Path) -> None:
    atoms = [
        replace(a, residue="CYS") if a.residue == "THR" and a.chain in "BD" else a
        for a in tetramer()
        if not (a.name == "OG1" and a.chain in "BD")
    ]
    found = load(tmp_path, atoms)
    assert len(found.rings[0].atoms) == 2
    assert any("ring T75 OG1 has 2 of 4 oxygens" in w for w in found.warnings)


@pytest.mark.parametrize(
    "residues",
    [
        ("THR", "ILE", "GLY", "PHE", "GLY"),
        ("THR", "LEU", "GLY", "TYR", "GLY"),
        ("THR", "THR", "GLY", "TYR", "GLY"),
        ("THR", "VAL", "ALA", "TYR", "GLY"),
        ("THR", "VAL", "CYS", "TYR", "GLY"),
        ("THR", "VAL", "GLY", "ASP", "GLY"),
        ("THR", "VAL", "GLY", "GLU", "THR"),
        ("CYS", "ILE", "GLY", "TYR", "GLY"),
        ("SER", "VAL", "GLY", "PHE", "GLY"),
        ("THR", "VAL", "GLY", "TYF", "GLY"),
        ("THR", "VAL", "DAL", "PTR", "GLY"),
        ("ALA", "VAL", "GLY", "TYR", "GLY"),
    ],
)
def test_signatures(tmp_path: Path, residues: tuple[str, ...]) -> None:
    """Variants, mutants and modified residues: accepted because the strands line an axis."""
    wanted = {"SER": "OG"}.get(residues[0], "OG1")
    atoms = [replace(a, name=wanted) if a.name == "OG1" else a for a in tetramer(residues=residues)]
    found = load(tmp_path, [a for a in atoms if residues[0] in ("THR", "SER") or a.name != "OG1"])
    assert [r.radius for r in found.rings[-5:]] == pytest.approx([2.25, 2.35, 2.35, 2.55, 4.80], abs=2e-3)
    assert found.signature[1] == {"VAL": "V", "ILE": "I", "LEU": "L", "THR": "T"}[residues[1]]


def test_copies_off_the_axis_are_merged_where_they_meet(tmp_path: Path) -> None:
    """0.3 Å off the four-fold through refinement error: one ion on the axis, occupancies added."""
    copies = [ion(1.6, occupancy=0.2, number=401 + k, x=0.0) for k in range(4)]
    spread = [
        replace(c, position=np.array([0.3 * np.cos(a), 0.3 * np.sin(a), 1.6]))
        for c, a in zip(copies, np.radians([10.0, 100.0, 190.0, 280.0]), strict=True)
    ]
    (found,) = load(tmp_path, [*tetramer(), *spread]).ions
    assert (found.merged_copies, found.site) == (4, "S2")
    assert found.occupancy == pytest.approx(0.8)
    assert found.radial < 0.01


@pytest.mark.parametrize(("occupancy", "expected"), [(0.25, 1.0), (0.26, 1.0), (0.1, 0.4), (1.0, 1.0), (0.6, 0.6)])
def test_occupancy_of_four_copies(tmp_path: Path, occupancy: float, expected: float) -> None:
    """Shares of a special position add up; a sum above one means each copy states the whole site."""
    copies = [ion(1.6, occupancy=occupancy, number=401 + k) for k in range(4)]
    loaded = load(tmp_path, [*tetramer(), *copies])
    assert loaded.ions[0].occupancy == pytest.approx(expected)
    assert any("occupancy of the whole site" in n for n in loaded.provenance.notes) == (4 * occupancy > 1.05)


def test_different_ions_and_split_positions_stay_apart(tmp_path: Path) -> None:
    """K+ and Tl+ on one spot, and two half occupied K+ 1 Å apart, are not merged."""
    whole = [ion(1.6), ion(1.7, name="TL", residue="TL", number=402)]
    split = [ion(-1.2, occupancy=0.5, number=403), ion(-2.2, occupancy=0.5, number=404)]
    found = load(tmp_path, [*tetramer(), *whole, *split]).ions
    assert [(i.name, i.occupancy) for i in found] == [("K", 0.5), ("K", 0.5), ("K", 1.0), ("Tl", 1.0)]


def test_a_quarter_without_copies_is_noted(tmp_path: Path) -> None:
    """An expanded tetramer whose axial ions kept a quarter occupancy: reported as it is, with a note."""
    loaded = load(tmp_path, [*tetramer(), ion(1.6, occupancy=0.25)])
    assert loaded.ions[0].occupancy == pytest.approx(0.25)
    assert any("special position" in n for n in loaded.provenance.notes)


def test_ions_beyond_the_sites(tmp_path: Path) -> None:
    """On the axis but outside Scav and S0: listed without a site; off the axis or far away: not listed."""
    atoms = [ion(15.0), ion(-16.0, number=402), ion(0.0, number=403, x=9.0), ion(45.0, number=404)]
    found = load(tmp_path, [*tetramer(), *atoms]).ions
    assert [(round(i.z, 1), i.site) for i in found] == [(-16.0, ""), (15.0, "")]


@pytest.mark.parametrize(("residue", "oxygen"), [("HOH", "O"), ("WAT", "O"), ("SOL", "OW"), ("TIP3", "OH2")])
def test_waters(tmp_path: Path, residue: str, oxygen: str) -> None:
    waters = [
        Atom(oxygen, residue, 501 + k, "W", np.array([0.0, 0.0, z]), element="O", hetero=True)
        for k, z in enumerate((-8.0, -1.5, 8.0, 30.0))
    ]
    assert [w.site for w in load(tmp_path, [*tetramer(), *waters]).waters] == ["Scav", "S3", "S0"]


def test_look_alikes_are_never_chosen(tmp_path: Path) -> None:
    """The motifs of the Fab of 1K4C and of KCNQ5, scattered and in a group that lines no axis, beside the pore."""
    others = []
    motifs = ("SER TYR GLY ARG ALA", "SER ILE GLY THR ASP", "THR PHE GLY SER GLY")
    for k, residues in enumerate(m.split() for m in motifs):
        shift = np.array([25.0 + 6.0 * k, 5.0 * k, 3.0])
        others += [replace(a, position=a.position + shift, chain="LMN"[k]) for a in tetramer(residues=residues)[:22]]
    found = load(tmp_path, [*others, *tetramer()])
    assert {a.chain for a in found.atoms} == set("ABCD")
    assert len(found.provenance.pores_found) == 1
