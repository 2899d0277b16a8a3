"""Alternative conformations: one label for the whole filter, the best occupied unless asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_filter import Atom, pdb, tetramer

from selectivity.errors import UnknownChoice
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter


def split(atoms: list[Atom], *, occupancy: tuple[float, float], numbers: tuple[int, ...] = (76,)) -> list[Atom]:
    """Residues ``numbers`` in two conformations, B with its oxygen 0.5 Å further out."""
    out: list[Atom] = []
    for a in atoms:
        if a.number not in numbers:
            out.append(a)
            continue
        step = 0.5 * a.position * [1.0, 1.0, 0.0] / (a.position[:2] @ a.position[:2]) ** 0.5 if a.name == "O" else 0.0
        out.append(replace(a, altloc="A", occupancy=occupancy[0]))
        out.append(replace(a, altloc="B", occupancy=occupancy[1], position=a.position + step))
    return out


def load(folder: Path, atoms: list[Atom], altloc: str = "auto") -> Filter:
    path = folder / "x.pdb"
    path.write_text(pdb(atoms))
    return load_filter(path, altloc=altloc)


@pytest.mark.parametrize(
    ("altloc", "occupancy", "label", "radius"),
    [
        ("auto", (0.6, 0.4), "A", 2.35),
        ("auto", (0.3, 0.7), "B", 2.85),
        ("auto", (0.5, 0.5), "A", 2.35),
        ("A", (0.3, 0.7), "A", 2.35),
        ("B", (0.6, 0.4), "B", 2.85),
    ],
)
def test_choice(tmp_path: Path, altloc: str, occupancy: tuple[float, float], label: str, radius: float) -> None:
    loaded = load(tmp_path, split(tetramer(), occupancy=occupancy), altloc)
    assert loaded.provenance.altloc == label
    assert loaded.rings[2].radius == pytest.approx(radius, abs=2e-3)
    assert len(loaded.atoms) == len(tetramer())


def test_one_label_for_all_residues(tmp_path: Path) -> None:
    """A is better occupied at 76, B at 77 and over the filter: B everywhere, never a mixture."""
    atoms = split(split(tetramer(), occupancy=(0.55, 0.45), numbers=(76,)), occupancy=(0.1, 0.9), numbers=(77,))
    loaded = load(tmp_path, atoms)
    assert loaded.provenance.altloc == "B"
    assert [r.radius for r in loaded.rings[2:4]] == pytest.approx([2.85, 2.85], abs=2e-3)


def test_a_residue_without_the_label_uses_its_own(tmp_path: Path) -> None:
    other = {"A": "C", "B": "D"}
    atoms = split(tetramer(), occupancy=(0.4, 0.6))
    atoms = [replace(a, altloc=other[a.altloc]) if a.altloc and a.chain == "D" else a for a in atoms]
    loaded = load(tmp_path, atoms, "B")
    assert loaded.rings[2].radius == pytest.approx(2.85, abs=2e-3)


def test_microheterogeneity(tmp_path: Path) -> None:
    """Two residue types at one place are one residue of the strand."""
    atoms = [replace(a, residue="ILE") if a.altloc == "B" else a for a in split(tetramer(), occupancy=(0.8, 0.2))]
    assert load(tmp_path, atoms).signature == "TVGYG"
    assert load(tmp_path, atoms, "B").signature == "TIGYG"


def test_labels_are_checked(tmp_path: Path) -> None:
    atoms = split(tetramer(), occupancy=(0.6, 0.4))
    with pytest.raises(UnknownChoice, match="no altloc 'C'; it has A, B"):
        load(tmp_path, atoms, "C")
    assert load(tmp_path, tetramer(), "A").provenance.altloc == "none"
