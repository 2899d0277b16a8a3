"""Knobs: what each one moves and what it must leave alone, that they undo one another, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from selectivity.energetics.ligands import filter_ligands
from selectivity.errors import FilterNotFound, OutOfRange, SelectivityError, UnknownChoice
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.knobs import break_symmetry, dilate, flip, pinch, shift, symmetrise
from selectivity.structure.load import load_filter
from selectivity.structure.mutations import drop_ligand, remove_hydroxyl, swap_signature

KNOBS: dict[str, Callable[[Filter], Filter]] = {
    "dilate": lambda f: dilate(f, 0.2),
    "pinch one": lambda f: pinch(f, 0.1, "G77 O"),
    "shift": lambda f: shift(f, "V76 O", 0.3),
    "flip": lambda f: flip(f, "V76 O", 1),
    "symmetrise": symmetrise,
    "break": lambda f: break_symmetry(f, 0.1, seed=3),
    "alanine": remove_hydroxyl,
    "cysteine": lambda f: remove_hydroxyl(f, to="Cys", strands=2),
    "drop": lambda f: drop_ligand(f, "G77 O", 3),
    "swap": lambda f: swap_signature(f, "NaK"),
}


@pytest.fixture(scope="module")
def kcsa() -> Filter:
    return ideal_filter("kcsa-like")


def bonds(filter: Filter) -> dict[tuple[int, int, str, int, str], float]:
    """Distances of all atoms closer than 1.7 Å within a strand (no sulphur): the covalent bonds."""
    found = {}
    for i, a in enumerate(filter.atoms):
        for j, b in enumerate(filter.atoms[i + 1 :], start=i + 1):
            length = float(np.linalg.norm(filter.positions[i] - filter.positions[j]))
            if a.strand == b.strand and length < 1.7:
                found[a.strand, a.residue_index, a.name, b.residue_index, b.name] = length
    return found


@pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)
def test_every_knob_leaves_the_original_alone_and_says_what_it_did(kcsa: Filter, knob: Callable) -> None:
    before = kcsa.positions.copy(), kcsa.rings, kcsa.sites, kcsa.atoms, kcsa.provenance
    changed = knob(kcsa)
    assert (kcsa.rings, kcsa.sites, kcsa.atoms, kcsa.provenance) == before[1:]
    np.testing.assert_array_equal(kcsa.positions, before[0])
    assert changed.provenance.notes[:-1] == kcsa.provenance.notes and changed.provenance.notes[-1]
    assert not changed.positions.flags.writeable
    assert filter_ligands(changed).n_groups == sum(len(ring.atoms) for ring in changed.rings)


@pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_knob_commutes_with_turning_the_file(kcsa: Filter, knob: Callable, seed: int) -> None:
    turn = Rotation.random(random_state=seed).as_matrix()
    one, other = knob(kcsa.rotated(turn)), knob(kcsa).rotated(turn)
    np.testing.assert_allclose(one.positions, other.positions, atol=1e-9)
    np.testing.assert_allclose(one.axis_origin, other.axis_origin, atol=1e-9)
    assert [ring.name for ring in one.rings] == [ring.name for ring in other.rings]


@pytest.mark.parametrize("rings", [None, "V76 O", ["T75 OG1", "Y78 O"]])
@given(dr=st.floats(-0.8, 0.8))
def test_dilation_there_and_back_is_the_identity(kcsa: Filter, rings: list[str] | None, dr: float) -> None:
    back = dilate(dilate(kcsa, dr, rings), -dr, rings)
    np.testing.assert_allclose(back.positions, kcsa.positions, atol=1e-12)
    assert [s.name for s in back.sites if s.dehydrated] == [s.name for s in kcsa.sites if s.dehydrated]


def test_dilating_every_ring_is_the_filters_own_dilation(kcsa: Filter) -> None:
    np.testing.assert_allclose(dilate(kcsa, 0.3).positions, kcsa.dilated(0.3).positions, atol=1e-12)


def test_a_ring_alone_is_dilated(kcsa: Filter) -> None:
    wide = dilate(kcsa, 0.25, "V76")
    change = [b.radius - a.radius for a, b in zip(kcsa.rings, wide.rings, strict=True)]
    np.testing.assert_allclose(change, [0, 0, 0.25, 0, 0, 0], atol=1e-12)
    assert int((np.abs(wide.positions - kcsa.positions).max(axis=1) > 1e-9).sum()) == 8


@given(dr=st.floats(-0.5, 0.5), dz=st.floats(-1.0, 1.0))
def test_dilation_and_shift_commute(kcsa: Filter, dr: float, dz: float) -> None:
    one = shift(dilate(kcsa, dr), "G77 O", dz)
    other = dilate(shift(kcsa, "G77 O", dz), dr)
    np.testing.assert_allclose(one.positions, other.positions, atol=1e-12)


def test_a_shift_moves_planes_and_keeps_the_zero_at_the_second_carbonyl(kcsa: Filter) -> None:
    moved = shift(kcsa, "V76 O", 0.5)
    assert [round(ring.z, 6) for ring in moved.rings] == pytest.approx([-6.6, -3.6, 0.0, 2.5, 5.6, 8.5])
    assert [round(ion.z, 6) for ion in moved.ions] == pytest.approx([ion.z - 0.5 for ion in kcsa.ions])
    np.testing.assert_allclose(shift(moved, "V76 O", -0.5).positions, kcsa.positions, atol=1e-12)
    site = {s.name: s for s in moved.sites}
    assert site["S3"].z_high - site["S3"].z_low == pytest.approx(3.6)


@pytest.mark.parametrize("ring", ["T75 O", "V76 O", "G77 O", "Y78 O"])
@given(angle=st.floats(-360, 360))
def test_a_flip_keeps_every_bond_and_turns_back(kcsa: Filter, ring: str, angle: float) -> None:
    turned = flip(kcsa, ring, 2, angle=angle)
    held = bonds(kcsa)
    index = {(a.strand, a.residue_index, a.name): i for i, a in enumerate(turned.atoms)}
    for (strand, i, first, j, second), length in held.items():
        apart = turned.positions[index[strand, i, first]] - turned.positions[index[strand, j, second]]
        assert float(np.linalg.norm(apart)) == pytest.approx(length, abs=1e-9)
    np.testing.assert_allclose(flip(turned, ring, 2, angle=-angle).positions, kcsa.positions, atol=1e-9)


def test_a_flipped_carbonyl_points_away_from_the_pore(kcsa: Filter) -> None:
    turned = flip(kcsa, "V76 O", 0)
    oxygen = turned.rings[2].atoms[0]
    radius = [float(np.linalg.norm(f.pore_positions()[oxygen, :2])) for f in (kcsa, turned)]
    assert radius[1] > radius[0] + 2.0


def test_a_symmetrised_filter_has_equal_strands(shared: Path) -> None:
    deposited = load_filter(shared / "structures" / "3UKM.pdb")
    even = symmetrise(deposited)
    quarter = Rotation.from_rotvec(np.pi / 2 * even.axis_direction).as_matrix()
    index = {(a.strand, a.residue_index, a.name): i for i, a in enumerate(even.atoms)}
    compared = 0
    for (strand, residue, name), i in index.items():
        j = index.get(((strand + 1) % 4, residue, name))
        if j is not None and sum((s, residue, name) in index for s in range(4)) == 4:
            turned = quarter @ (even.positions[i] - even.axis_origin) + even.axis_origin
            np.testing.assert_allclose(turned, even.positions[j], atol=1e-9)
            compared += 1
    assert compared >= 80
    for before, after in zip(deposited.rings, even.rings, strict=True):
        assert after.radius == pytest.approx(before.radius) and after.z - before.z == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(symmetrise(even).positions, even.positions, atol=1e-9)


def test_breaking_is_seeded_and_keeps_the_dipoles(kcsa: Filter) -> None:
    one, same, other = (break_symmetry(kcsa, 0.1, seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(one.positions, same.positions)
    assert not np.allclose(one.positions, other.positions)
    for ring in one.rings:
        for oxygen in ring.atoms:
            assert np.linalg.norm(one.positions[oxygen] - kcsa.positions[oxygen]) > 0.0
    lengths = [
        np.linalg.norm(f.positions[i] - f.positions[i - 1])
        for f in (one, kcsa)
        for i, a in enumerate(f.atoms)
        if a.name == "O"
    ]
    np.testing.assert_allclose(lengths[: len(lengths) // 2], lengths[len(lengths) // 2 :], atol=1e-9)
    np.testing.assert_array_equal(break_symmetry(kcsa, 0.0).positions, kcsa.positions)


@pytest.mark.parametrize("to", ["Ala", "Cys"])
def test_without_hydroxyls_there_is_no_ring_and_s4_is_open(kcsa: Filter, to: str) -> None:
    mutant = remove_hydroxyl(kcsa, to=to)
    assert [ring.kind for ring in mutant.rings] == ["carbonyl"] * 5
    assert mutant.signature == f"{to[0]}VGYG" and mutant.rings[0].name == f"{to[0]}75 O"
    assert {s.name: s.lining for s in mutant.sites}["S4"] == "cavity"
    assert [ring.radius for ring in mutant.rings] == [ring.radius for ring in kcsa.rings[1:]]
    assert any(a.name == "SG" for a in mutant.atoms) == (to == "Cys")


def test_two_hydroxyls_still_make_a_ring(kcsa: Filter) -> None:
    assert len(remove_hydroxyl(kcsa, strands=[0, 2]).rings[0].atoms) == 2
    assert remove_hydroxyl(kcsa, strands=[0, 1, 2]).rings[0].kind == "carbonyl"
    assert remove_hydroxyl(kcsa, strands=[0]).signature == "AVGYG+TVGYG"


def test_an_alanine_written_and_read_again_is_the_same_filter(kcsa: Filter, tmp_path: Path) -> None:
    mutant = remove_hydroxyl(kcsa)
    mutant.to_pdb(tmp_path / "mutant.pdb")
    again = load_filter(tmp_path / "mutant.pdb")
    assert again.signature == mutant.signature
    assert [(r.name, round(r.radius, 2), round(r.z, 2)) for r in again.rings] == [
        (r.name, round(r.radius, 2), round(r.z, 2) + 0.0) for r in mutant.rings
    ]


def test_a_dropped_ligand_leaves_the_others(kcsa: Filter) -> None:
    fewer = drop_ligand(kcsa, "V76 O", 1)
    assert len(fewer.rings[2].atoms) == 3 and len(fewer.atoms) == len(kcsa.atoms)
    kept = [kcsa.atoms[i].strand for i in fewer.rings[2].atoms]
    assert kept == [0, 2, 3]


def test_the_signature_of_nak_opens_the_outer_half(kcsa: Filter) -> None:
    opened = swap_signature(kcsa, "NaK")
    assert opened.signature == "TVGDG" and [s.name for s in opened.sites if s.dehydrated] == ["S4", "S3"]
    np.testing.assert_allclose([r.radius for r in opened.rings[:3]], [r.radius for r in kcsa.rings[:3]], atol=1e-12)
    closed = swap_signature(opened, "KcsA")
    assert [s.name for s in closed.sites if s.dehydrated] == ["S4", "S3", "S2", "S1"]
    np.testing.assert_allclose([r.radius for r in closed.rings], [r.radius for r in kcsa.rings], atol=1e-6)
    np.testing.assert_allclose([r.z for r in closed.rings], [r.z for r in kcsa.rings], atol=1e-6)


def test_nak2k_on_the_backbone_of_nak_has_four_sites(shared: Path) -> None:
    nak = load_filter(shared / "structures" / "3E8H.pdb1")
    nak2k = swap_signature(nak, "NaK2K")
    assert [s.name for s in nak2k.sites if s.dehydrated] == ["S4", "S3", "S2", "S1"]
    for before, after in zip(nak.rings[:3], nak2k.rings[:3], strict=True):
        assert (after.radius, after.z) == pytest.approx((before.radius, before.z), abs=1e-9)
    own = swap_signature(nak, "NaK")
    np.testing.assert_allclose(own.positions[:5], nak.positions[:5])
    assert "own" in own.provenance.notes[-1]


REFUSED = [
    (lambda f: dilate(f, 0.1, "V77 O"), UnknownChoice, "V76 O"),
    (lambda f: dilate(f, 0.1, "T75"), UnknownChoice, "T75 O"),
    (lambda f: dilate(f, -2.4, "V76 O"), OutOfRange, "more than -2.35"),
    (lambda f: dilate(f, float("nan")), OutOfRange, "finite"),
    (lambda f: dilate(f, 0.1, []), UnknownChoice, "no ring named"),
    (lambda f: shift(f, "V76 O", 3.5), OutOfRange, "-3.10 and 3.00"),
    (lambda f: flip(f, "G79 O"), UnknownChoice, "Y78 O"),
    (lambda f: flip(f, "T75 OG1"), UnknownChoice, "backbone carbonyl"),
    (lambda f: flip(f, "V76 O", 4), UnknownChoice, "nearest is 3"),
    (lambda f: break_symmetry(f, -0.1), OutOfRange, "0 to 1"),
    (lambda f: remove_hydroxyl(f, to="Gly"), UnknownChoice, "Ala, Cys"),
    (lambda f: remove_hydroxyl(remove_hydroxyl(f, strands=0), strands=0), UnknownChoice, "1, 2, 3"),
    (lambda f: drop_ligand(f, "V76 O", [0, 1, 2, 3]), OutOfRange, "at most 3"),
    (lambda f: drop_ligand(drop_ligand(f, "V76 O", 0), "V76 O", 0), UnknownChoice, "1, 2, 3"),
    (lambda f: swap_signature(f, "NaK3K"), UnknownChoice, "NaK2K"),
]


@pytest.mark.parametrize(("knob", "kind", "words"), REFUSED)
def test_refusals_name_the_nearest_valid_choice(
    kcsa: Filter, knob: Callable, kind: type[SelectivityError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        knob(kcsa)
    assert "\n" not in str(caught.value)


def test_rings_by_hand_can_be_moved_but_have_no_signature(structures: Path) -> None:
    by_hand = load_filter(structures / "kcsa_like.pdb", rings=["*:75:O", "*:76:O", "*:77:O"])
    wide = dilate(by_hand, 0.2)
    assert [round(b.radius - a.radius, 9) for a, b in zip(by_hand.rings, wide.rings, strict=True)] == [0.2] * 3
    assert [ring.name for ring in wide.rings] == [ring.name for ring in by_hand.rings]
    for knob in (remove_hydroxyl, lambda f: swap_signature(f, "NaK")):
        with pytest.raises(FilterNotFound, match="rings given by hand"):
            knob(by_hand)
