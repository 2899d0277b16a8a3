"""`selectivity trajectory` and collections on a cluster: what the command prints, writes and refuses."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from trajectory_systems import frames_of, jiggled, system, write_xtc

from selectivity.cli import main

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


def test_the_command_says_writes_and_draws(
    run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
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
    written = {name: pd.read_csv(folder / "two" / f"{name}.csv") for name in ("occupancy", "transitions", "dwell")}
    assert written["occupancy"]["frames"].sum() == 60
    assert told["transitions"] == written["transitions"].to_dict("records")
    stays = written["dwell"].set_index(["species", "site"])
    assert stays.loc[("Na", "S2"), "stays"] == 2 and stays.loc[("Na", "S2"), "departures"] == 0
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert ["Na", "S2", "2", "over", "0.6"] in lines  # 60 frames, 10 ps apart, in one site
    monkeypatch.chdir(folder)
    assert main(words) == 0 and capsys.readouterr().out == answer.stdout  # done already: summarised again


def test_refusals_are_one_line(run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, top, xtc = run
    monkeypatch.chdir(folder)
    assert main(["trajectory", top, xtc, "--out", "asked", "--treatment", "none", "--start", "-2"]) == 0
    capsys.readouterr()
    for words, says in (
        ((top, "missing.xtc"), "no such file"),
        ((top, xtc, "--out", "asked", "--treatment", "none", "--stride", "2"), "other start, stride"),
        ((top, xtc, "--out", "x", "--scheduler", "tcp://127.0.0.1:1"), "belongs to --backend dask"),
    ):
        code, lines = main(["trajectory", *words]), capsys.readouterr().err.splitlines()
        assert code == 1 and len(lines) == 1 and lines[0].startswith("error: ") and says in lines[0], lines


def test_a_part_of_the_frames_is_asked_for_as_a_slice(run, capsys: pytest.CaptureFixture[str]) -> None:
    folder, top, xtc = run
    words = ["trajectory", top, xtc, "--treatment", "none", "--out", str(folder / "part")]
    assert main([*words, "--start", "-12", "--stop", "28", "--stride", "4"]) == 0
    assert "3 of 3 frames" in capsys.readouterr().out
    assert pd.read_parquet(folder / "part" / "frames")["frame"].tolist() == [18, 22, 26]
    assert main([*words, "--start", "-12"]) == 1
    assert "holds a run with other stop, stride" in capsys.readouterr().err
    assert main([*words, "--stp", "4"]) == 2
    told = capsys.readouterr().err
    assert "No such option: --stp" in told and "--stop" in told and "--stride" in told and len(told.splitlines()) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_with_rate_and_time_left_and_nobody_else_does(
    run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, top, xtc = run
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    words = ["trajectory", top, xtc, "--treatment", "none", "--out"]
    with monkeypatch.context() as patch:
        terminal = Terminal()
        patch.setattr(sys, "stderr", terminal)
        assert main([*words, str(folder / "watched"), "--chunk", "2"]) == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    bars = [line for line in re.split(r"[\r\n]+", shown) if line.startswith("frames")]
    done = [int(found[1]) for line in bars if (found := re.search(r"(\d+)/30 ", line))]
    assert done == sorted(done) and len(set(done)) > 2
    assert any(re.search(r"\d/30 +[\d.e+]+ frames/s 0:00:0\d", line) for line in bars), bars
    capsys.readouterr()
    for number, quiet in enumerate(([], ["--quiet"])):
        with monkeypatch.context() as patch:
            silent = Terminal() if quiet else io.StringIO()
            patch.setattr(sys, "stderr", silent)
            assert main([*quiet, *words, str(folder / f"unwatched{number}"), "--stop", "2"]) == 0
        assert silent.getvalue() == ""


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


def with_one_worker_killed(
    words: tuple[str, ...], folder: Path, *, after: int
) -> tuple[subprocess.CompletedProcess[str], int]:
    """A command on a cluster of two worker processes, one of which dies when ``after`` tasks are done; how many were done by then."""
    from distributed import Client, LocalCluster

    program = str(Path(sys.executable).with_name("selectivity"))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
        command_line = [program, *words, "--backend", "dask", "--scheduler", cluster.scheduler_address]
        running = subprocess.Popen(
            command_line,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
        )
        done = 0
        while running.poll() is None and done < after:
            done = sum(task.state == "memory" for task in list(cluster.scheduler.tasks.values()))
            time.sleep(0.02)
        assert running.poll() is None, "finished before a worker could be killed"
        os.kill(pids[0], signal.SIGKILL)
        out, err = running.communicate(timeout=300)
        assert pids[0] not in client.run(os.getpid).values()
    return subprocess.CompletedProcess(command_line, running.returncode, out, err), done


@pytest.mark.slow
def test_a_collection_loses_nothing_with_a_worker_that_dies(structures: Path, tmp_path: Path) -> None:
    originals = sorted(structures.glob("*.pdb"))
    files = [f"copy{k:02d}.pdb" for k in range(24)]
    for k, name in enumerate(files):
        shutil.copy(originals[k % len(originals)], tmp_path / name)
    words = ("score", *files, "--treatment", "rigid", "--rule", "profile", "--hydration-state", "dry", "--csv", "-")
    # Kernels come from the cache in all processes: the one that compiles them may sum in another order, at the last digit.
    command("score", *files[: len(originals)], *words[len(files) + 1 :], folder=tmp_path)
    serial = command(*words, folder=tmp_path)
    answer, done = with_one_worker_killed(words, tmp_path, after=3)
    assert 3 <= done < len(files)
    assert answer.returncode == serial.returncode == 0, answer.stderr
    assert answer.stdout == serial.stdout and len({line.split(",")[0] for line in serial.stdout.splitlines()[1:]}) == 24


@pytest.mark.slow
def test_a_survey_on_a_cluster_is_that_of_one_process(structures: Path, tmp_path: Path) -> None:
    originals = sorted(structures.glob("*.pdb"))
    files = [f"copy{k:03d}.pdb" for k in range(120)]
    for k, name in enumerate(files):
        shutil.copy(originals[k % len(originals)], tmp_path / name)
    words = ("survey", *files, "absent.pdb", "--csv", "-")
    serial = command(*words, folder=tmp_path)
    assert serial.returncode == 1 and serial.stdout.count("\n") == 122
    here = command(*words, "--backend", "dask", "--jobs", "2", folder=tmp_path)
    assert (here.returncode, here.stdout, here.stderr) == (1, serial.stdout, serial.stderr)
    there, done = with_one_worker_killed(words, tmp_path, after=3)
    assert 3 <= done < len(files) and (there.returncode, there.stdout) == (1, serial.stdout)


@pytest.mark.slow
def test_a_trajectory_loses_nothing_with_a_worker_that_dies(run, tmp_path: Path) -> None:
    _, top, xtc = run
    words = ("trajectory", top, xtc, xtc, xtc, "--chunk", "3")
    serial = command(*words, "--out", "serial", folder=tmp_path)
    answer, done = with_one_worker_killed((*words, "--out", "cluster"), tmp_path, after=3)
    assert 3 <= done < 30
    assert answer.returncode == serial.returncode == 0, answer.stderr
    assert answer.stdout.replace("in cluster", "in serial") == serial.stdout
    for table in ("frames", "ions"):
        one, other = (pd.read_parquet(tmp_path / name / table) for name in ("serial", "cluster"))
        assert one.equals(other) and not one.duplicated().any()
    assert len(pd.read_parquet(tmp_path / "cluster" / "frames")) == 90
