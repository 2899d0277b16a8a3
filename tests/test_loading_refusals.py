"""Bad input ends in one line that says what was found, what is needed and what to do next."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_filter import Atom, biomt, moved, pdb, quarter_turns, strand, tetramer

from selectivity.errors import FileUnreadable, FilterIncomplete, FilterNotFound, SelectivityError, UnknownChoice
from selectivity.structure.load import load_filter

GOOD = pdb(tetramer())


def refusal(path: object, kind: type[SelectivityError], **options: object) -> str:
    with pytest.raises(kind) as raised:
        load_filter(path, **options)  # type: ignore[arg-type]
    message = str(raised.value)
    assert "\n" not in message
    assert 20 < len(message) < 500
    return message


UNREADABLE = {
    "empty": (b"", "empty"),
    "blank": (b"\n  \n", "empty"),
    "binary": (b"\x89PNG\x00\x01\x02" * 50, "binary"),
    "text": (b"dear diary\n", "unknown format"),
    "header only": (b"HEADER    MEMBRANE PROTEIN\nTITLE     X\nREMARK   2\n", "without atoms"),
    "cut in an atom": (GOOD[: GOOD.index("\n", 2000) + 40].encode(), "truncated"),
    "not a number": (GOOD.replace(GOOD.splitlines()[3][30:38], "     nan").encode(), "not numbers"),
    "stars": (GOOD.replace(GOOD.splitlines()[3][30:38], "********").encode(), "not numbers"),
    "damaged gzip": (gzip.compress(GOOD.encode())[:300], "gzip"),
    "gzip of nothing": (gzip.compress(b""), "empty"),
    "cut mmCIF": (b"data_X\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1 2.0 3\n'", "damaged mmCIF"),
    "mmCIF without atoms": (b"data_X\n_entry.id X\n", "without atoms"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_content(tmp_path: Path, case: str) -> None:
    content, expected = UNREADABLE[case]
    path = tmp_path / "bad.pdb"
    path.write_bytes(content)
    message = refusal(path, FileUnreadable)
    assert expected in message
    assert message.startswith("bad.pdb: ")


def test_missing_file_and_directory(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.pdb", FileUnreadable)
    assert "is a directory" in refusal(tmp_path, FileUnreadable)
    assert "no such file" in refusal(tmp_path / "absent.gro", FileUnreadable)


def test_damaged_gro(tmp_path: Path) -> None:
    path = tmp_path / "bad.gro"
    path.write_text("title\n 5\nrubbish\n")
    assert "damaged .gro" in refusal(path, FileUnreadable)


@pytest.mark.parametrize("source", [None, 7, [1.0, 2.0], np.zeros((4, 3))])
def test_other_objects(source: object) -> None:
    assert "MDAnalysis Universe" in refusal(source, FileUnreadable)


def test_coordinates_in_nm(tmp_path: Path) -> None:
    path = tmp_path / "nm.pdb"
    path.write_text(pdb(moved(tetramer(), lambda x: 0.1 * x)))
    assert "in nm, multiply them by 10" in refusal(path, FileUnreadable)


def written(folder: Path, atoms: list[Atom], **options: str) -> Path:
    path = folder / "bad.pdb"
    path.write_text(pdb(atoms, **options))  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_subunits(tmp_path: Path, n: int) -> None:
    message = refusal(written(tmp_path, tetramer("ABCD"[:n])), FilterNotFound)
    assert message.startswith(
        f"bad.pdb: {n} subunit{'s' if n > 1 else ''} with the signature TVGYG (75 chain A), 4 round"
    )
    assert "another assembly" in message


def test_strands_that_do_not_converge(tmp_path: Path) -> None:
    """Four motifs side by side in a row, and four round an axis but one upside down."""
    row = [
        a for k in range(4) for a in moved(strand(0, chain="ABCD"[k]), lambda x, k=k: x + np.array([6.0 * k, 0.0, 0.0]))
    ]  # type: ignore[misc]
    refusal(written(tmp_path, row), FilterNotFound)
    flipped = [
        replace(a, position=a.position * np.array([1.0, -1.0, -1.0])) if a.chain == "D" else a for a in tetramer()
    ]
    refusal(written(tmp_path, flipped), FilterNotFound)


def test_wrong_operators(tmp_path: Path) -> None:
    """One subunit and an assembly that scatters it."""
    scattered = [(rotation, np.array([30.0 * k, 0.0, 0.0])) for k, (rotation, _) in enumerate(quarter_turns())]
    message = refusal(written(tmp_path, strand(), header=biomt(scattered)), FilterNotFound)
    assert "1 subunit" in message
    assert "tried as deposited, assembly 1" in message


@pytest.mark.parametrize("missing", [("C", 77), ("O", 76), ("OG1", 75), ("CB", 75)])
def test_missing_atoms_are_named(tmp_path: Path, missing: tuple[str, int]) -> None:
    name, number = missing
    atoms = [a for a in tetramer() if not (a.chain == "B" and (a.name, a.number) == missing)]
    message = refusal(written(tmp_path, atoms), FilterIncomplete)
    assert f"{name} of " in message
    assert f"{number} chain B" in message


def test_a_backbone_trace_is_incomplete(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, [a for a in tetramer() if a.name == "CA"]), FilterIncomplete)
    assert "C of THR 75 chain A" in message
    assert "and 40 more" in message


def test_missing_beta_carbon_elsewhere_is_no_loss(tmp_path: Path) -> None:
    """Only ligand atoms are needed: side chains of V76 and Y78 may be absent."""
    atoms = [a for a in tetramer() if not (a.name == "CB" and a.number != 75)]
    assert len(load_filter(written(tmp_path, atoms)).atoms) == 4 * 22


def test_unknown_altloc(tmp_path: Path) -> None:
    assert "no altloc 'B'; it has no alternatives" in refusal(written(tmp_path, tetramer()), UnknownChoice, altloc="B")
