"""A user's own rows: read after the package's, refused in one line when they do not fit, absent when nothing is named."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selectivity.data import read_table

IONS = "ion,name,valence,synonyms,convention,source,mark"


def answer(code: str, tables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, since tables are read once per process."""
    environment = os.environ | {"SELECTIVITY_TABLES": tables}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)


def test_own_rows_follow_the_packages_own(tmp_path: Path) -> None:
    (tmp_path / "ions.csv").write_text(f"{IONS}\nX,halfway ion,1,X+,species,me,assumed\n", encoding="utf-8")
    code = "from selectivity.ions import ion, ions; print(ion('x+').name, list(ions())[0], list(ions())[-1])"
    assert answer(code, str(tmp_path)).stdout == "halfway ion Li X\n"
    assert "unknown ion" in answer(code, "").stderr


def test_a_force_field_without_a_group_is_refused(tmp_path: Path) -> None:
    header = "force_field,group,atom,charge_e,epsilon_kcal_mol,half_rmin_angstrom,convention,source,mark,note"
    row = "mine,ion,K,1.0,0.1,1.8,lorentz-berthelot,me,assumed,"
    (tmp_path / "force_fields.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    run = answer("from selectivity.energetics.force_field import force_field; force_field('mine')", str(tmp_path))
    assert "force field mine: no rows for carbonyl, hydroxyl, water" in run.stderr


@pytest.mark.parametrize(
    "text, words",
    [
        ("ion,name\nX,halfway\n", "columns ion,name; needed: ion,name,valence"),
        (f"{IONS}\nX,halfway\n", "2 cells where the header has 7"),
        ("", "not a table"),
        ('"', "not a table"),
    ],
    ids=["columns", "short row", "empty", "open quote"],
)
def test_tables_that_do_not_fit_are_refused(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "ions.csv").write_text(text, encoding="utf-8")
    run = answer("from selectivity.ions import ion; ion('K')", str(tmp_path))
    assert words in run.stderr.splitlines()[-1] and "FileUnreadable" in run.stderr.splitlines()[-1]


def test_a_folder_that_is_not_there_is_refused() -> None:
    run = answer("from selectivity.ions import ion; ion('K')", "no/such/folder")
    assert "SELECTIVITY_TABLES=no/such/folder: no such folder" in run.stderr.splitlines()[-1]


def test_a_force_field_of_ones_own_is_scored_with_the_packages_beside_it(tmp_path: Path) -> None:
    """CHARMM36 under another name, water leg included: the same energies, and nothing between it and CHARMM36 to be unsure of."""
    for name, key in (("force_fields", "force_field"), ("hydration", "scale")):
        rows = [dict(row) | {key: "mine"} for row in read_table(name) if row[key] == "charmm36"]
        with open(tmp_path / f"{name}.csv", "w", newline="") as stream:
            table = csv.DictWriter(stream, rows[0].keys())
            table.writeheader()
            table.writerows(rows)
    code = (
        "from selectivity import ideal_filter, score_filter;"
        "options = {'treatment': 'rigid', 'hydration_state': 'dry', 'rule': 'profile'};"
        "mine, known = (score_filter(ideal_filter('nak-like'), force_field=name, **options) for name in ('mine', 'charmm36'));"
        "print(mine.ddg_barrier_kj_mol == known.ddg_barrier_kj_mol, mine.error_components_kj_mol['force_field'])"
    )
    run = answer(code, str(tmp_path))
    assert run.stdout == "True 0.0\n", run.stderr


def test_a_score_and_a_scan_know_of_own_tables(tmp_path: Path) -> None:
    (tmp_path / "ions.csv").write_text(f"{IONS}\nX,halfway ion,1,X+,species,me,assumed\n", encoding="utf-8")
    code = (
        "from selectivity import ideal_filter, score_filter; from selectivity.scan import code_fingerprint;"
        "score = score_filter(ideal_filter('nak-like'), treatment='rigid', hydration_state='dry', rule='profile');"
        "print(code_fingerprint(), any('SELECTIVITY_TABLES' in word for word in score.warnings))"
    )
    (plain, silent), (other, told) = (answer(code, tables).stdout.split() for tables in ("", str(tmp_path)))
    assert plain != other and (silent, told) == ("False", "True")
