"""Many files: order, isolation of failures, processes equal to the serial run, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from selectivity.cli.batch import run_batch
from selectivity.errors import FileUnreadable

SOURCES = ["a.pdb", "bad.pdb", "c.pdb", "bug.pdb", "d.pdb"]


def measure(source: str) -> int:
    if source == "bad.pdb":
        raise FileUnreadable("bad.pdb: holds no atoms")
    if source == "bug.pdb":
        raise KeyError("lost")
    return len(source) * 1000 + ord(source[0])


def refuse(source: str) -> None:
    raise FileUnreadable("x.pdb: holds no atoms")


def die_on_c(source: str) -> str:
    if source == "c.pdb":
        os._exit(3)
    return source.upper()


def unpicklable(source: str) -> object:
    return (lambda: source) if source == "b" else source


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_bad_file_does_not_stop_the_rest(jobs: int) -> None:
    outcomes = run_batch(measure, SOURCES, jobs=jobs)
    assert [outcome.source for outcome in outcomes] == SOURCES
    assert [outcome.value is None for outcome in outcomes] == [False, True, False, True, False]
    assert outcomes[1].error == "bad.pdb: holds no atoms"
    assert outcomes[3].error is not None and "unexpected KeyError" in outcomes[3].error
    assert outcomes[3].error.startswith("bug.pdb: ")


def test_the_file_is_named_as_it_was_given() -> None:
    (outcome,) = run_batch(refuse, ["some/folder/x.pdb"])
    assert outcome.error == "some/folder/x.pdb: holds no atoms"
    (outcome,) = run_batch(measure, ["bug.pdb"])
    assert outcome.error is not None and outcome.error.startswith("bug.pdb: unexpected") and outcome.is_bug


def test_two_jobs_equal_one() -> None:
    assert run_batch(measure, SOURCES, jobs=2) == run_batch(measure, SOURCES, jobs=1)


def test_a_dying_worker_loses_only_its_own_file() -> None:
    sources = ["a.pdb", "b.pdb", "c.pdb", "d.pdb", "e.pdb"]
    outcomes = run_batch(die_on_c, sources, jobs=2)
    assert [outcome.value for outcome in outcomes] == ["A.PDB", "B.PDB", None, "D.PDB", "E.PDB"]
    assert outcomes[2].error is not None and "worker process died" in outcomes[2].error


def test_a_result_that_cannot_travel_is_reported_not_lost() -> None:
    outcomes = run_batch(unpicklable, ["a", "b", "c"], jobs=2)
    assert [outcome.value for outcome in outcomes] == ["a", None, "c"]
    assert outcomes[1].error is not None and "bug in selectivity" in outcomes[1].error


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX process groups")
@pytest.mark.parametrize("send", [os.killpg, os.kill], ids=["Ctrl-C in a terminal", "kill -INT of the parent"])
def test_an_interrupt_ends_parent_and_workers_without_traceback(
    tmp_path: Path, send: Callable[[int, int], None]
) -> None:
    script = tmp_path / "batch.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys, time
            from selectivity.cli.batch import run_batch

            def wait(source):
                print("working", flush=True)
                time.sleep(60)

            if __name__ == "__main__":
                try:
                    run_batch(wait, ["a", "b", "c"], jobs=2)
                except KeyboardInterrupt:
                    sys.exit(130)
            """
        )
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("working")  # the two workers' words may share a line
    time.sleep(0.2)
    send(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == ""
