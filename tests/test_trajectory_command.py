"""`selectivity trajectory` and collections on a cluster: what the command prints, writes and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from trajectory_systems import frames_of, jiggled, system, write_xtc

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def command(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("selectivity"))
    return subprocess.run([program, *words], capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("command")
    universe = system(ions=(("K", -4.6), ("NA", 1.5)), waters=(8.0,))
    top, xtc = write_xtc(frames_of(universe, jiggled(universe, 30)), folder)
    return folder, top, xtc


def test_the_command_says_writes_and_draws(run) -> None:
    folder, top, xtc = run
    words = ("trajectory", top, xtc, xtc, "--out", "two", "--treatment", "none", "--voltage", "200")
    answer = command(*words, "--json", "s.json", "--csv", "s.csv", "--plot", "s.png", folder=folder)
    assert answer.returncode == 0 and answer.stderr == "", answer.stderr
    assert "60 of 60 frames in two" in answer.stdout and "W-NK--" not in answer.stdout and "W-N-K-" in answer.stdout
    told = json.loads((folder / "s.json").read_text())
    s2 = next(site for site in told["sites"] if site["site"] == "S2")
    assert s2["shares"]["na"]["mean"] == 1.0 and told["passages"]["conductance_ps"] == 0.0
    table = pd.read_csv(folder / "s.csv")
    assert table["site"].tolist() == ["Scav", "S4", "S3", "S2", "S1", "S0"]
    assert (folder / "s.png").stat().st_size > 20_000
    assert len(pd.read_parquet(folder / "two" / "frames")) == 60
    again = command(*words, folder=folder)
    assert again.returncode == 0 and again.stdout == answer.stdout


def test_refusals_are_one_line(run) -> None:
    folder, top, xtc = run
    for words, says in (
        ((top, "missing.xtc"), "no such file"),
        ((top, xtc, "--out", "two", "--stride", "2"), "other"),
        ((top, xtc, "--out", "x", "--scheduler", "tcp://127.0.0.1:1"), "belongs to --backend dask"),
    ):
        answer = command("trajectory", *words, folder=folder)
        lines = answer.stderr.splitlines()
        assert answer.returncode == 1 and len(lines) == 1 and lines[0].startswith("error: ") and says in lines[0], (
            answer.stderr
        )


@pytest.mark.slow
def test_a_collection_on_a_cluster_is_scored_as_by_processes(run, structures: Path) -> None:
    folder = run[0]
    files = [str(structures / f"{name}.pdb") for name in ("kcsa_like", "collapsed_like", "nak_like")]
    words = (
        "score",
        *files,
        "missing.pdb",
        "--treatment",
        "rigid",
        "--rule",
        "profile",
        "--hydration-state",
        "dry",
        "--csv",
        "-",
    )
    here, there = command(*words, folder=folder), command(*words, "--backend", "dask", "--jobs", "2", folder=folder)
    assert here.stdout == there.stdout and here.returncode == there.returncode == 1
    assert "missing.pdb: no such file" in there.stderr
