"""`score` and `explain`: the library's own numbers, the JSON contract, many files, every refusal in one line."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from selectivity.cli import choices, main
from selectivity.pipeline import QUICK, score_filter
from selectivity.pipeline.settings import HYDRATION_STATES, TREATMENTS
from selectivity.score import FilterScore, score_schema
from selectivity.structure.load import load_filter

ENTRY = str(Path(sys.executable).with_name("selectivity"))


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def valid(document: Any) -> bool:
    jsonschema.Draft202012Validator(score_schema()).validate(document)
    return True


@pytest.fixture(scope="module")
def kcsa_like(structures: Path) -> FilterScore:
    return score_filter(load_filter(structures / "kcsa_like.pdb"), **QUICK)


# ---------------------------------------------------------------- one file


def test_json_is_the_library_s_score_and_keeps_the_contract(
    capsys: pytest.CaptureFixture[str], structures: Path, kcsa_like: FilterScore, tmp_path: Path
) -> None:
    code, text, errors = command(capsys, "score", structures / "kcsa_like.pdb", "--quick", "--json", "-")
    assert (code, errors) == (0, "")
    assert json.loads(text) == json.loads(json.dumps(kcsa_like.to_dict()))
    assert valid(json.loads(text))


def test_files_hold_what_the_screen_rounds(
    capsys: pytest.CaptureFixture[str], structures: Path, kcsa_like: FilterScore, tmp_path: Path
) -> None:
    places = ["--json", tmp_path / "s.json", "--csv", tmp_path / "s.csv"]
    code, text, errors = command(capsys, "score", structures / "kcsa_like.pdb", "--quick", *places)
    assert (code, errors) == (0, "")
    assert json.loads((tmp_path / "s.json").read_text()) == json.loads(json.dumps(kcsa_like.to_dict()))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text())))
    assert [row["site"] for row in rows] == [site.site for site in kcsa_like.sites]
    assert [float(row["ddg_kj_mol"]) for row in rows] == [site.ddg_kj_mol for site in kcsa_like.sites]
    assert {float(row["permeability_ratio"]) for row in rows} == {kcsa_like.permeability_ratio}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.csv", "s.json"]
    assert "\x1b" not in text
    for expected in ("filter TVGYG", "ddG (kJ/mol)", "P_K/P_Na", "95 %", "V_m (mV)", "limits:", "rule profile"):
        assert expected in text
    assert f"{kcsa_like.permeability_ratio}" not in text


def test_options_reach_the_library(capsys: pytest.CaptureFixture[str], structures: Path) -> None:
    given = {
        "treatment": "rigid", "force_field": "amber", "hydration": "marcus", "temperature": 310.15, "rule": "sites",
        "access_length": 5.0, "seed": 3, "sigma": "bfactor",
    }  # fmt: skip
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    code, text, _ = command(capsys, "score", structures / "kcsa_like.pdb", *options, "--quick", "--ions", "K,Rb", "--json", "-")
    assert code == 0
    expected = score_filter(load_filter(structures / "kcsa_like.pdb"), ions=("K", "Rb"), **{**QUICK, **given})  # type: ignore[arg-type]
    assert json.loads(text) == json.loads(json.dumps(expected.to_dict()))
    assert valid(json.loads(text))


def test_not_conductive_is_a_result(capsys: pytest.CaptureFixture[str], structures: Path, tmp_path: Path) -> None:
    code, text, errors = command(capsys, "score", structures / "collapsed_like.pdb", "--quick", "--json", tmp_path / "s.json")
    assert (code, errors) == (0, "")
    found = json.loads((tmp_path / "s.json").read_text())
    assert valid(found)
    assert found["conductive"] is False and found["permeability_ratio"] is None and found["membrane"]["v_mv"] is None
    assert "not conductive" in text and "undefined" in text and "nan" not in text.lower()


def test_force_computes_and_says_so(capsys: pytest.CaptureFixture[str], structures: Path) -> None:
    code, text, _ = command(capsys, "score", structures / "collapsed_like.pdb", "--quick", "--force")
    assert code == 0
    assert "not conductive" in text and "from the surviving sites" in " ".join(text.split())
    assert "P_K/P_Na" in text and "95 %" in text


@pytest.mark.parametrize("name", ["1K4C.pdb", "5VKE.pdb", "3PJS.pdb", "3E8H.pdb1"])
def test_real_depositions_keep_the_contract(capsys: pytest.CaptureFixture[str], shared: Path, name: str) -> None:
    code, text, errors = command(capsys, "score", shared / "structures" / name, "--quick", "--json", "-")
    assert (code, errors) == (0, "")
    assert valid(json.loads(text))


@pytest.mark.parametrize(("name", "beginning"), [("s.png", b"\x89PNG"), ("s.SVG", b"<?xml"), ("s.pdf", b"%PDF")])
def test_the_extension_decides_the_picture(
    capsys: pytest.CaptureFixture[str], structures: Path, tmp_path: Path, name: str, beginning: bytes
) -> None:
    target = tmp_path / name
    target.write_text("old")
    source = structures / "kcsa_like.pdb"
    code, text, errors = command(capsys, "score", source, "--treatment", "rigid", "--plot", target)
    assert (code, errors) == (0, "")
    assert target.read_bytes().startswith(beginning)
    assert os.listdir(tmp_path) == [name]
    assert "P_K/P_Na" in text


def test_a_picture_that_cannot_be_drawn_leaves_the_old_one(
    capsys: pytest.CaptureFixture[str], structures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import selectivity.plotting

    def fail(score: FilterScore, path: Path) -> None:
        path.write_text("half a picture")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(selectivity.plotting, "save_score_figure", fail)
    target = tmp_path / "s.png"
    target.write_text("old")
    source = structures / "kcsa_like.pdb"
    code, _, errors = command(capsys, "score", source, "--treatment", "rigid", "--plot", target)
    assert code == 1
    assert "s.png" in errors and "No space left" in errors and errors.count("\n") == 1
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["s.png"]


# ---------------------------------------------------------------- many files


def test_a_bad_file_in_the_middle_is_reported_and_the_rest_goes_on_in_order(
    capsys: pytest.CaptureFixture[str], structures: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdb"
    broken.write_text("ATOM      1  N   THR A  75      nan\n")
    files = [structures / "kcsa_like.pdb", broken, structures / "nak_like.pdb"]
    code, text, errors = command(capsys, "score", *files, "--treatment", "rigid", "--json", "-")
    assert code == 1
    assert errors.startswith(f"error: {broken}: ") and errors.count("\n") == 1
    found = json.loads(text)
    assert [entry["file"] for entry in found] == ["kcsa_like.pdb", "nak_like.pdb"]
    assert all(valid(entry) for entry in found)
    parallel = command(capsys, "score", *files, "--treatment", "rigid", "--json", "-", "--jobs", "2")
    assert parallel == (code, text, errors), "two processes give another result than one"


def test_many_files_print_a_line_each(capsys: pytest.CaptureFixture[str], structures: Path) -> None:
    files = [structures / "kcsa_like.pdb", structures / "collapsed_like.pdb"]
    code, text, _ = command(capsys, "score", *files, "--treatment", "rigid", "--csv", "-")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [name for name in dict.fromkeys(row["file"] for row in rows)] == ["kcsa_like.pdb", "collapsed_like.pdb"]
    code, text, _ = command(capsys, "score", *files, "--treatment", "rigid")
    lines = text.splitlines()
    assert len(lines) == 3 and lines[1].startswith("kcsa_like.pdb") and lines[2].startswith("collapsed_like.pdb")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX process groups")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_scoring_leaves_the_old_file(structures: Path, tmp_path: Path, jobs: str) -> None:
    target = tmp_path / "scores.json"
    target.write_text("old")
    files = [str(structures / "kcsa_like.pdb")] * 40
    process = subprocess.Popen(
        [ENTRY, "score", *files, "--quick", "--jobs", jobs, "--json", str(target)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(4.0)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "interrupted\n"
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["scores.json"]


# ---------------------------------------------------------------- explain


def test_explain_shows_the_score_s_own_balance_sheet(
    capsys: pytest.CaptureFixture[str], structures: Path, kcsa_like: FilterScore
) -> None:
    code, text, errors = command(capsys, "explain", structures / "kcsa_like.pdb", "--site", "s2")
    assert (code, errors) == (0, "")
    for expected in ("site S2", "prefers K+", "leaving water", "K+ pays", "Na+ pays", "Bond valence", "kJ/mol"):
        assert expected in " ".join(text.split())
    code, text, _ = command(capsys, "explain", structures / "kcsa_like.pdb", "--site", "S2", "--json", "-")
    (site,) = json.loads(text)["sites"]
    assert site == json.loads(json.dumps(next(s for s in kcsa_like.to_dict()["sites"] if s["site"] == "S2")))


def test_explain_without_a_site_takes_the_dehydrated_ones(capsys: pytest.CaptureFixture[str], structures: Path) -> None:
    code, text, _ = command(capsys, "explain", structures / "kcsa_like.pdb", "--treatment", "rigid", "--csv", "-")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(dict.fromkeys(row["site"] for row in rows)) == ["S4", "S3", "S2", "S1"]
    for site in ("S4", "S1"):
        terms = {row["term"]: float(row["difference_kj_mol"]) for row in rows if row["site"] == site}
        assert sum(value for term, value in terms.items() if term != "total") == pytest.approx(terms["total"], abs=1e-6)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (["--temperature", "-5"], 1, "kelvin|K is needed"),
        (["--temperature", "25"], 1, "298.15"),
        (["--sigma", "0"], 1, "sigma"),
        (["--sigma", "-0.3"], 1, "sigma"),
        (["--sigma", "soft"], 2, "bfactor"),
        (["--treatment", "relax"], 2, "did you mean 'relaxed'"),
        (["--rule", "rate"], 2, "rate-limiting"),
        (["--force-field", "amberff"], 2, "did you mean 'amber'"),
        (["--hydration", "marcs"], 2, "did you mean 'marcus'"),
        (["--hydration-state", "wet"], 2, "dry"),
        (["--cell", "neurn"], 2, "did you mean 'neuron'"),
        (["--ions", "K"], 2, "K,Na"),
        (["--ions", "K,K"], 2, "K,Na"),
        (["--ions", "K,Xx"], 1, "Xx"),
        (["--access-length", "-1"], 1, "access length"),
        (["--jobs", "0"], 2, "jobs"),
        (["--seed", "one"], 2, "seed"),
        (["--json", "nowhere/s.json"], 1, "no directory"),
        (["--csv", "."], 1, "directory"),
        (["--plot", "s.jpg"], 2, ".png, .svg, .pdf"),
        (["--plot", "s.png"], 2, "one file"),
        (["--tretment", "rigid"], 2, "--treatment"),
    ],
)
def test_refusals_come_once_before_any_file_is_read(
    capsys: pytest.CaptureFixture[str], options: list[str], code: int, expected: str
) -> None:
    found, text, errors = command(capsys, "score", "missing1.pdb", "missing2.pdb", *options)
    assert (found, text) == (code, "")
    assert errors.startswith("error: ") and errors.count("\n") == 1
    assert any(word in errors for word in expected.split("|")), errors
    assert "missing1" not in errors


@pytest.mark.parametrize("name", ["score", "explain"])
def test_bad_files_are_one_line(capsys: pytest.CaptureFixture[str], name: str, shared: Path, tmp_path: Path) -> None:
    binary = tmp_path / "program.pdb"
    binary.write_bytes(bytes(range(256)) * 20)
    for source in (tmp_path / "missing.pdb", tmp_path, binary, shared / "structures" / "9LYZ.pdb"):
        code, text, errors = command(capsys, name, source)
        assert (code, text) == (1, "")
        assert errors.startswith("error: ") and errors.count("\n") == 1 and "bug" not in errors
    assert command(capsys, name)[0] == 2


def test_an_unknown_site_lists_those_there_are(capsys: pytest.CaptureFixture[str], structures: Path) -> None:
    code, text, errors = command(
        capsys, "explain", structures / "kcsa_like.pdb", "--treatment", "rigid", "--site", "S9"
    )
    assert (code, text) == (1, "")
    assert "S9" in errors and "S2" in errors and errors.count("\n") == 1


def test_carboxylate_rings_are_refused_with_the_reason(capsys: pytest.CaptureFixture[str], shared: Path) -> None:
    source = shared / "structures" / "5KLG.pdb"
    code, text, errors = command(capsys, "score", source, "--rings", "*:178:OD1; *:177:O; *:176:O")
    assert (code, text) == (1, "")
    assert errors.count("\n") == 1 and "bug" not in errors


def test_the_choices_are_those_of_the_library() -> None:
    assert set(choices.TREATMENTS) == set(TREATMENTS)
    assert set(choices.HYDRATION_STATES) == set(HYDRATION_STATES)


@pytest.mark.skipif(shutil.which("script") is None, reason="needs script(1) to pretend a terminal")
def test_a_terminal_shows_a_table_with_lines(structures: Path) -> None:
    inner = f"{ENTRY} score {structures / 'kcsa_like.pdb'} --treatment rigid"
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "140"}
    environment.pop("NO_COLOR", None)
    result = subprocess.run(
        ["script", "-qec", inner, "/dev/null"], capture_output=True, text=True, timeout=120, env=environment,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert result.returncode == 0
    assert "\x1b[" in result.stdout and "─" in result.stdout
