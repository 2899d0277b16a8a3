"""Orientation, place, chain order, chain names and numbering of a file do not matter; coordinates do."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from synthetic_filter import Atom, jittered, kcsa_ions, moved, pdb, tetramer

from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter

ATOMS = jittered([*tetramer(), *kcsa_ions()])
ROUNDING = 2e-3  # coordinates are written to 0.001 Å


def load(atoms: Sequence[Atom]) -> Filter:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pdb"
        path.write_text(pdb(atoms))
        return load_filter(path)


REFERENCE = load(ATOMS)


def check(found: Filter, tolerance: float = ROUNDING) -> None:
    """The same rings, sites, ions and the same distances between all ring oxygens."""
    assert [r.radius for r in found.rings] == pytest.approx([r.radius for r in REFERENCE.rings], abs=tolerance)
    assert [r.z for r in found.rings] == pytest.approx([r.z for r in REFERENCE.rings], abs=tolerance)
    assert [(s.name, s.inner, s.outer, s.lining) for s in found.sites] == [
        (s.name, s.inner, s.outer, s.lining) for s in REFERENCE.sites
    ]
    assert [(i.name, i.site, i.occupancy) for i in found.ions] == [
        (i.name, i.site, i.occupancy) for i in REFERENCE.ions
    ]
    assert [i.z for i in found.ions] == pytest.approx([i.z for i in REFERENCE.ions], abs=tolerance)
    assert [i.radial for i in found.ions] == pytest.approx([i.radial for i in REFERENCE.ions], abs=2 * tolerance)
    assert distances(found) == pytest.approx(distances(REFERENCE), abs=2 * tolerance)


def distances(loaded: Filter) -> list[float]:
    at = loaded.positions[[i for r in loaded.rings for i in r.atoms]]
    return sorted(np.linalg.norm(at[:, None] - at[None], axis=-1).ravel().tolist())


quaternions = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)
shifts = st.lists(st.floats(-300, 300), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(quaternions, shifts)
def test_orientation_and_place(quaternion: list[float], shift: list[float]) -> None:
    """No z axis is special: the file may be turned and moved."""
    rotation = Rotation.from_quat(quaternion).as_matrix()
    found = load(moved(ATOMS, lambda x: rotation @ x + np.array(shift)))
    check(found)
    assert found.axis_direction == pytest.approx(rotation @ REFERENCE.axis_direction, abs=1e-3)
    assert found.pore_positions() == pytest.approx(REFERENCE.pore_positions(), abs=5e-3)


@settings(max_examples=25, deadline=None)
@given(st.permutations("ABCD"))
def test_chain_order(order: list[str]) -> None:
    """Neighbours are found by geometry: chains in any order, also across the axis."""
    atoms = [a for chain in order for a in ATOMS if a.chain == chain]
    check(load([*atoms, *(a for a in ATOMS if a.chain == "X")]))


@settings(max_examples=25, deadline=None)
@given(st.permutations("ABCDKXZ19 "))
def test_chain_names(names: list[str]) -> None:
    """Also blank, digits, and the ions' chain renamed."""
    new = dict(zip("ABCDX", names, strict=False))
    check(load([replace(a, chain=new[a.chain].strip()) for a in ATOMS]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-99, 9000), min_size=4, max_size=4))
def test_residue_numbers(first: list[int]) -> None:
    """Negative, different in every chain, overlapping: the motif is in the sequence, not in the numbers."""
    shift = {chain: first[k] - 75 for k, chain in enumerate("ABCD")}
    found = load([replace(a, number=a.number + shift.get(a.chain, 0)) for a in ATOMS])
    check(found)
    assert found.first_residue == min(first)


def test_insertion_codes() -> None:
    """Five residues that share one number."""
    letters = dict(zip(range(75, 80), ("", "A", "B", "C", "D"), strict=True))
    atoms = [replace(a, number=75, insertion=letters[a.number]) if a.chain != "X" else a for a in ATOMS]
    check(load(atoms))


def test_duplicated_residue_numbers_in_one_chain() -> None:
    """All four strands are chain A, residues 75-79."""
    check(load([replace(a, chain="A") if a.chain != "X" else a for a in ATOMS]))


def test_hydrogens_do_not_count() -> None:
    hydrogens = [
        Atom(name, a.residue, a.number, a.chain, a.position + 0.6)
        for a in ATOMS
        if a.name == "CA"
        for name in ("HA", "1HB", "H")
    ]
    merged = sorted([*ATOMS, *(replace(h, element="H") for h in hydrogens)], key=lambda a: (a.chain, a.number))
    found = load(merged)
    check(found)
    assert {a.element for a in found.atoms} == {"N", "C", "O"}


def test_real_structure_turned_and_shuffled(shared: Path) -> None:
    """1BL8, asymmetric at 3.2 Å: rotated in memory, the numbers stay."""
    loaded = load_filter(shared / "structures" / "1BL8.cif")
    turned = loaded.rotated(Rotation.random(rng=np.random.default_rng(4)).as_matrix()).translated([11.0, -7.0, 3.0])
    with tempfile.TemporaryDirectory() as folder:
        turned.to_pdb(Path(folder) / "x.pdb")
        again = load_filter(Path(folder) / "x.pdb")
    assert [r.radius for r in again.rings] == pytest.approx([r.radius for r in loaded.rings], abs=ROUNDING)
    assert [(i.site, i.z) for i in again.ions] == [(i.site, pytest.approx(i.z, abs=ROUNDING)) for i in loaded.ions]
