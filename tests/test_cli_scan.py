"""`selectivity scan` on the command line: table, files, picture, resuming, refusals in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from selectivity.cli import main

FAST = ("--treatment", "rigid")


@pytest.fixture(scope="module")
def kcsa(structures: Path) -> str:
    return str(structures / "kcsa_like.pdb")


def test_the_same_numbers_on_screen_in_json_and_csv(
    kcsa: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {kind: str(tmp_path / f"scan.{kind}") for kind in ("json", "csv", "png")}
    words = ["--json", paths["json"], "--csv", paths["csv"], "--plot", paths["png"]]
    assert main(["scan", kcsa, "--vary", "dilate=0.0,0.1", *FAST, *words]) == 0
    shown = capsys.readouterr().out
    payload = json.loads(Path(paths["json"]).read_text())
    with open(paths["csv"]) as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(payload["rows"]) == 2
    for row, entry in zip(rows, payload["rows"], strict=True):
        assert float(row["ddg_barrier_kj_mol"]) == entry["ddg_barrier_kj_mol"]
        assert float(row["dilate_angstrom"]) == entry["dilate_angstrom"]
    assert "dilate (Å)" in shown and "ΔΔG S2 (kJ/mol)" in shown and "2 points" in shown
    assert Path(paths["png"]).read_bytes().startswith(b"\x89PNG")
    assert payload["vary"] == [
        {"name": "dilate", "ring": None, "column": "dilate_angstrom", "unit": "Å", "values": [0.0, 0.1]}
    ]


def test_a_grid_is_drawn_as_maps(kcsa: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "map.svg"
    vary = ["--vary", "dilate=0.0,0.8,1.6", "--vary", "temperature=290,310"]
    assert main(["scan", kcsa, *vary, *FAST, "--plot", str(picture)]) == 0
    text = picture.read_text()
    assert "temperature (K)" in text and "dilate (Å)" in text and "barrier ΔΔG‡ (kJ/mol)" in text
    assert "2 of 6 points do not conduct" in capsys.readouterr().out


def test_a_resumed_scan_says_what_it_reused(kcsa: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["scan", kcsa, "--vary", "dilate=0.0,0.1", *FAST, "--resume", str(tmp_path / "r.jsonl")]
    assert main(words) == 0
    first = capsys.readouterr().out
    assert main(words) == 0
    again = capsys.readouterr().out
    assert "2 of 2 points were taken from the resume file" in again and "resume" not in first
    assert again.splitlines()[:5] == first.splitlines()[:5]


def test_changes_are_named_in_the_title(kcsa: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--change", "hydroxyl=Ala", "--change", "dilate@V76 O=0.05"]
    assert main(["scan", kcsa, "--vary", "dilate=0.1", *words, *FAST]) == 0
    shown = capsys.readouterr().out
    assert "after hydroxyl=Ala, dilate@V76 O=0.05" in shown and "ΔΔG S4" not in shown


REFUSED = [
    ([], 1, "empty scan"),
    (["--vary", "dilate=0.2:0.1:0.1"], 1, "empty scan"),
    (["--vary", "sigma=0,0.3"], 1, "0 < sigma <= 5"),
    (["--vary", "dilate=0.1", "--sigma", "-0.3"], 1, "0 < sigma <= 5"),
    (["--vary", "dilate=0.1", "--ions", "K,Qq"], 1, "unknown ion 'Qq'"),
    (["--vary", "dilate=0.1", "--sites", "S2,S7"], 1, "'S7'"),
    (["--vary", "dilate@G99 O=0.1"], 1, "did you mean"),
    (["--vary", "dilate=0.1", "--change", "swap=KcsB"], 1, "did you mean 'KcsA'"),
    (["--vary", "dilate=0", "--vary", "pinch=0", "--vary", "sigma=0.3", "--plot", "x.png"], 2, "one or two"),
    (["--vary", "dilate=0.1", "--jobs", "0"], 2, "--jobs"),
]


@pytest.mark.parametrize(("words", "status", "said"), REFUSED)
def test_refusals_are_one_line(
    kcsa: str, words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", kcsa, *words]) == status
    captured = capsys.readouterr()
    assert not captured.out and said in captured.err
    assert len(captured.err.strip().splitlines()) == 1 and captured.err.startswith("error: ")
