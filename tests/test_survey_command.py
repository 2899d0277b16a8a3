"""`selectivity survey`: what the command prints, writes and refuses; jobs change nothing."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from archive_server import ideal_mmcif, serving
from synthetic_filter import channel, pdb, strand

from selectivity.cli import main

IDEAL = ["collapsed_like.pdb", "dilated_like.pdb", "flipped_like.pdb", "kcsa_like.pdb", "nak_like.pdb"]


def command(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    told = capfd.readouterr()
    return code, told.out, told.err


def test_it_prints_a_row_for_each_pore_and_writes_the_table_three_times(
    capfd: pytest.CaptureFixture[str], structures: Path, tmp_path: Path
) -> None:
    places = [tmp_path / f"table.{ending}" for ending in ("csv", "json", "parquet")]
    words = (
        "survey",
        structures,
        "--csv",
        places[0],
        "--json",
        places[1],
        "--parquet",
        places[2],
        "--plot",
        tmp_path / "p.png",
    )
    code, text, errors = command(capfd, *words)
    assert (code, errors) == (0, "")
    assert (tmp_path / "p.png").stat().st_size > 20_000
    lines = text.splitlines()
    assert lines[0] == "5 files: 5 pores" and [line.split()[0] for line in lines[3:8]] == IDEAL
    kcsa = next(line for line in lines if line.startswith("kcsa_like.pdb"))
    assert "TVGYG 75  2.00  yes       -KKKK-   2.65 2.25 2.35 2.35 2.55 4.80" in kcsa
    told = json.loads(places[1].read_text())
    assert told["model"] == {
        "treatments": ["rigid"], "force_field": "charmm36", "hydration": "force-field", "temperature_k": 298.15
    }  # fmt: skip
    tables = [pd.read_csv(places[0]), pd.DataFrame(told["pores"]), pd.read_parquet(places[2])]
    for table in tables:
        assert [Path(name).name for name in table["file"]] == IDEAL
        assert list(table.columns) == list(tables[2].columns)
        for column in ("radius_carbonyl2_angstrom", "ddg_rigid_S4_kj_mol", "ddg_rigid_S2_kj_mol"):
            assert table[column].tolist() == pytest.approx(tables[2][column].tolist(), rel=1e-15, nan_ok=True)
    assert f"{tables[2]['ddg_rigid_S2_kj_mol'][3]:.0f}" in kcsa.split()


def test_refused_files_are_one_line_and_one_row_each(
    capfd: pytest.CaptureFixture[str], structures: Path, tmp_path: Path
) -> None:
    (tmp_path / "alone.pdb").write_text(pdb(strand()))
    words = (structures / "kcsa_like.pdb", tmp_path / "alone.pdb", tmp_path / "absent.pdb")
    code, text, errors = command(capfd, "survey", *words, "--treatment", "none", "--csv", tmp_path / "t.csv")
    lines = errors.splitlines()
    assert code == 1 and len(lines) == 2 and all(line.startswith("error: ") for line in lines)
    assert "alone.pdb: 1 subunit" in lines[0] and "absent.pdb: no such file" in lines[1]
    assert text.startswith("3 files: 1 pore, 2 refused\n") and "kJ/mol" not in text
    table = pd.read_csv(tmp_path / "t.csv")
    assert len(table) == 3 and table["refusal"].isna().tolist() == [True, False, False]
    assert not [name for name in table.columns if name.startswith("ddg")]


def test_files_that_are_all_refused_have_their_rows(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.pdb").write_text("ATOM      1  CA  GLY A   1       0.000   0.000   0.000  1.00 20.00           C\nEND\n")
    code, _, errors = command(capfd, "survey", tmp_path / "a.pdb", "--csv", tmp_path / "t.csv", "--parquet", tmp_path / "t.parquet")
    assert code == 1 and errors.count("\n") == 1
    rows = list(csv.DictReader((tmp_path / "t.csv").open()))
    assert [row["file"] for row in rows] == [str(tmp_path / "a.pdb")] and rows[0]["refusal"]
    assert pd.read_parquet(tmp_path / "t.parquet")["refusal"].notna().all()
    code, _, errors = command(capfd, "survey", tmp_path / "a.pdb", "--parquet", "-")
    assert code == 2 and "name a file" in errors


def test_nothing_to_read_is_told(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for word, says in ((tmp_path, "no structure file in this folder"), (tmp_path / "absent.pdb", "no such file")):
        code, text, errors = command(capfd, "survey", word, "--csv", tmp_path / "t.csv")
        assert code == 1 and text == "" and errors.count("\n") == 1 and says in errors
    code, _, errors = command(capfd, "survey", "x.pdb", "--treatment", "relaxed")
    assert code == 2 and "rigid, none" in errors
    code, _, errors = command(capfd, "survey", "x.pdb", "--parquet", tmp_path / "no" / "t.parquet")
    assert code == 1 and "no directory" in errors
    code, _, errors = command(capfd, "survey", "x.pdb", "--csv", "same", "--parquet", "same")
    assert code == 2 and "give each its own" in errors
    code, _, errors = command(capfd, "survey", "x.pdb", "--scheduler", "tcp://127.0.0.1:1")
    assert code == 1 and "without --backend dask" in errors


def test_a_pore_that_is_refused_beside_another_is_reported(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "half.pdb").write_text(pdb(channel(0.0, "ABCD") + channel(70.0, "EFGH", without="F77N")))
    words = ("survey", "absent.pdb", tmp_path / "half.pdb", "--treatment", "none")
    code, text, errors = command(capfd, *words)
    lines = errors.splitlines()
    assert code == 1 and len(lines) == 2 and "absent.pdb: no such file" in lines[0]
    assert "half.pdb: pore 2 of 2: " in lines[1] and "no N in residue 3" in lines[1]
    assert text.startswith("2 files: 1 pore, 2 refused\n") and "half.pdb pore 1" in text


def test_folders_are_taken_by_the_other_commands_too(
    capfd: pytest.CaptureFixture[str], structures: Path, tmp_path: Path
) -> None:
    code, text, _ = command(capfd, "inspect", structures, "--csv", "-")
    assert code == 0 and sorted({line.split(",")[0] for line in text.splitlines()[1:]}) == IDEAL
    shutil.copy(structures / "kcsa_like.pdb", tmp_path)
    code, text, _ = command(capfd, "score", tmp_path, "--quick", "--treatment", "rigid")
    assert code == 0 and text.startswith("kcsa_like.pdb: filter TVGYG")  # one file: the whole chain


def test_an_identifier_is_fetched_and_named_as_it_was_typed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as archive:
        archive.put("1k4c", ideal_mmcif("1k4c"))
        monkeypatch.setenv("SELECTIVITY_ARCHIVE_URL", archive.url)
        monkeypatch.setenv("SELECTIVITY_CACHE", str(tmp_path / "cache"))
        code, text, _ = command(capfd, "survey", "1K4C", "--treatment", "none", "--csv", "-")
    row = text.splitlines()[1].split(",")
    assert code == 0 and row[0] == "1K4C" and "TVGYG" in row


def test_two_jobs_give_the_output_of_one(capfd: pytest.CaptureFixture[str], structures: Path) -> None:
    words = ("survey", structures, "absent.pdb", "--csv", "-")
    serial = command(capfd, *words)
    assert serial[0] == 1 and command(capfd, *words, "--jobs", 2) == serial
