"""Rings given by hand: any pore, also a helical one, one with charged oxygens, or one subunit with its assembly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_filter import biomt, jittered, kcsa_ions, moved, pdb, quarter_turns, strand, tetramer

from selectivity.errors import FilterNotFound, UnknownChoice
from selectivity.structure.axis_by_hand import axis_of_rings
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter

CARBONYLS = ["*:75:OG1", "*:75:O", "*:76:O", "*:77:O", "*:78:O", "*:79:O"]


@pytest.fixture
def tetramer_file(tmp_path: Path) -> Path:
    path = tmp_path / "x.pdb"
    path.write_text(pdb([*tetramer(), *kcsa_ions()]))
    return path


def test_same_rings_as_the_search(tetramer_file: Path) -> None:
    """Naming the rings of a K+ filter finds what the motif search finds."""
    searched, named = load_filter(tetramer_file), load_filter(tetramer_file, rings=CARBONYLS)
    assert [r.name for r in named.rings] == [r.name for r in searched.rings]
    assert [r.kind for r in named.rings] == [r.kind for r in searched.rings]
    assert [r.radius for r in named.rings] == pytest.approx([r.radius for r in searched.rings], abs=1e-4)
    assert np.diff([r.z for r in named.rings]) == pytest.approx(np.diff([r.z for r in searched.rings]), abs=1e-4)
    assert named.rings[1].z == pytest.approx(0.0, abs=1e-9)
    assert [s.name for s in named.sites] == ["1", "2", "3", "4", "5"]
    assert [i.site for i in named.ions] == ["", "1", "2", "3", "4"]
    assert named.provenance.pore == "rings given by hand"


def test_the_order_given_is_the_direction(tetramer_file: Path) -> None:
    """From the first ring to the last is outward; rings in between are sorted."""
    up = load_filter(tetramer_file, rings=["*:75:O", "*:77:O", "*:76:O", "*:78:O"])
    down = load_filter(tetramer_file, rings=["*:78:O", "*:77:O", "*:76:O", "*:75:O"])
    assert [r.name for r in up.rings] == ["T75 O", "V76 O", "G77 O", "Y78 O"]
    assert [r.name for r in down.rings] == ["Y78 O", "G77 O", "V76 O", "T75 O"]
    assert down.axis_direction == pytest.approx(-up.axis_direction, abs=1e-6)


def test_one_ring(tetramer_file: Path) -> None:
    """Its plane is the axis' normal, one site around it."""
    loaded = load_filter(tetramer_file, rings=["A:76:O,B:76:O,C:76:O,D:76:O"])
    assert abs(loaded.axis_direction[2]) == pytest.approx(1.0, abs=1e-6)
    assert loaded.rings[0].radius == pytest.approx(2.35, abs=1e-3)
    assert [(s.name, s.dehydrated) for s in loaded.sites] == [("1", False)]


def test_assembly_copies_take_part(tmp_path: Path) -> None:
    path = tmp_path / "one.pdb"
    path.write_text(pdb(strand(), header=biomt(quarter_turns())))
    loaded = load_filter(path, rings=["A:75:O", "A:76:O", "A:77:O"])
    assert loaded.provenance.assembly == "assembly 1"
    assert [len(r.atoms) for r in loaded.rings] == [4, 4, 4]
    assert loaded.n_strands == 4


def test_domains_of_one_chain_are_strands(tmp_path: Path) -> None:
    path = tmp_path / "domains.pdb"
    path.write_text(pdb([a for k in range(4) for a in strand(k, chain="A", first=100 + 200 * k)]))
    loaded = load_filter(path, rings=["A:101/301/501/701:O", "A:102/302/502/702:O"])
    assert loaded.n_strands == 4
    assert {(a.strand, a.residue_index) for a in loaded.atoms} == {(s, r) for s in range(4) for r in range(2)}


@pytest.mark.parametrize(
    ("rings", "message"),
    [
        ([], "a list with one selection per ring is needed"),
        ("A:75:O", "a list with one selection per ring is needed"),
        (["A:75"], "has 2 parts"),
        (["A:x:O"], "'x' is no residue number"),
        ([" , "], "empty selection"),
        (["A:75:O,B:75:O", "A:99:O"], r"ring 2, 'A:99:O', names no oxygen; the file has chains A 75 to 79"),
        (["*:76:CA"], "names no oxygen"),
    ],
)
def test_selections_that_say_nothing(tetramer_file: Path, rings: list[str], message: str) -> None:
    with pytest.raises(UnknownChoice, match=message):
        load_filter(tetramer_file, rings=rings)


@pytest.mark.parametrize(
    ("rings", "message"),
    [
        (["*:75:O,*:78:O", "*:76:O", "*:77:O"], "ring 1, .* spread 4.5 Å along the axis.*separate rings"),
        (["A:75:O,A:79:O"], "2 oxygens in all; three that do not lie on one line"),
        (["*:74-79:O,*:79:CA"], "spread"),
    ],
)
def test_oxygens_of_different_planes_are_no_ring(tetramer_file: Path, rings: list[str], message: str) -> None:
    with pytest.raises(FilterNotFound, match=message):
        load_filter(tetramer_file, rings=rings)


def test_a_pore_and_rings_together_are_refused(tetramer_file: Path) -> None:
    """No argument is silently ignored."""
    with pytest.raises(UnknownChoice, match="drop one of them"):
        load_filter(tetramer_file, rings=CARBONYLS, pore="1")


def test_a_ring_filter_is_written_and_read_again(tetramer_file: Path, tmp_path: Path) -> None:
    loaded = load_filter(tetramer_file, rings=CARBONYLS[1:4])
    loaded.to_pdb(tmp_path / "again.pdb")
    again = load_filter(tmp_path / "again.pdb", rings=CARBONYLS[1:4])
    assert again.positions == pytest.approx(loaded.positions, abs=1e-3)
    assert [r.radius for r in again.rings] == pytest.approx([r.radius for r in loaded.rings], abs=1e-3)
    assert loaded.dilated(0.2).rings[0].radius == pytest.approx(loaded.rings[0].radius + 0.2)


def test_axis_of_single_oxygens_on_a_helix() -> None:
    """One oxygen per ring on a helix of radius 3: the helix axis, in any orientation."""
    turns = np.radians(57.0 * np.arange(30))
    helix = np.stack([3.0 * np.cos(turns), 3.0 * np.sin(turns), 0.8 * np.arange(30)], axis=1)
    rotation = Rotation.random(rng=np.random.default_rng(8)).as_matrix()
    shift = np.array([9.0, -4.0, 30.0])
    axis = axis_of_rings([(p @ rotation.T + shift)[None] for p in helix])
    assert axis.direction == pytest.approx(rotation[:, 2], abs=1e-4)
    assert axis.radii(shift) == pytest.approx(0.0, abs=1e-3)


def test_orientation_does_not_matter(tmp_path: Path) -> None:
    atoms = jittered(tetramer())
    rotation = Rotation.random(rng=np.random.default_rng(3)).as_matrix()
    found: list[Filter] = []
    for name, placed in (("a", atoms), ("b", moved(atoms, lambda x: rotation @ x + 17.0))):
        path = tmp_path / f"{name}.pdb"
        path.write_text(pdb(placed))
        found.append(load_filter(path, rings=CARBONYLS[1:5]))
    assert [r.radius for r in found[1].rings] == pytest.approx([r.radius for r in found[0].rings], abs=5e-3)


def test_gramicidin(shared: Path) -> None:
    """1JNO: 30 carbonyls, one per ring, from mouth to mouth; the two halves mirror each other (head-to-head dimer)."""
    rings = [f"A:{i}:O" for i in range(15, 0, -1)] + [f"B:{i}:O" for i in range(1, 16)]
    loaded = load_filter(shared / "structures" / "1JNO.pdb", rings=rings)
    assert (len(loaded.rings), loaded.n_strands) == (30, 2)
    assert {r.kind for r in loaded.rings} == {"carbonyl"}
    radii = np.array([r.radius for r in loaded.rings])
    heights = np.array([r.z for r in loaded.rings])
    assert radii == pytest.approx(radii[::-1], abs=0.05)
    assert np.diff(heights) == pytest.approx(np.diff(heights)[::-1], abs=0.05)
    assert 20.0 < heights[-1] - heights[0] < 27.0


@pytest.mark.parametrize(
    ("name", "rings", "kinds"),
    [
        ("4F4L.pdb", ["*:51:O", "*:52:O", "*:53:OE1"], ["carbonyl", "carbonyl", "carboxylate"]),
        (
            "5KLG.pdb",
            ["*:1175:O", "*:1176:O", "*:1177:OD1/OD2", "*:1178:OD1/OD2"],
            ["carbonyl"] * 2 + ["carboxylate"] * 2,
        ),
    ],
)
def test_sodium_and_calcium_channels(shared: Path, name: str, rings: list[str], kinds: list[str]) -> None:
    """Carboxylates are tagged, so that the energy model can refuse them; the pore is wider than a K+ filter."""
    loaded = load_filter(shared / "structures" / name, rings=rings)
    assert [r.kind for r in loaded.rings] == kinds
    assert loaded.n_strands == 4
    assert all(3.0 < r.radius < 6.0 for r in loaded.rings)
    assert all(np.diff([r.z for r in loaded.rings]) > 1.5)


def test_calcium_in_the_cavab_filter(shared: Path) -> None:
    rings = ["*:1175:O", "*:1176:O", "*:1177:OD1/OD2", "*:1178:OD1/OD2"]
    loaded = load_filter(shared / "structures" / "5KLG.pdb", rings=rings)
    assert [(i.name, i.site) for i in loaded.ions] == [("Ca", "2"), ("Ca", "3")]
