"""How do many files go through one task? In order, in parallel if asked for, and none of them can take the others down."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from selectivity.cli.failures import (
    EXIT_BUG,
    EXIT_REFUSED,
    bug_line,
    debugging,
    one_line,
    show_error,
    show_own_warnings_in_one_line,
)
from selectivity.cli.verbosity import watched
from selectivity.errors import SelectivityError, UnknownChoice

Result = TypeVar("Result")
Task = Callable[[str], Result]

WORKER_DIED = (
    "the worker process died on this file (out of memory, or a crash in a compiled library); "
    "the other files are not affected: run it alone with --jobs 1 to see what happens"
)


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What became of one file: a value, or the line that says why there is none (and, when debugging, the traceback)."""

    source: str
    value: Result | None
    error: str | None = None
    trace: str | None = None
    is_bug: bool = False


def run_batch(
    task: Task[Result],
    sources: Sequence[str],
    *,
    jobs: int = 1,
    backend: str = "processes",
    scheduler: str | None = None,
) -> list[Outcome[Result]]:
    """Apply `task` to every source and return the outcomes in the order of `sources`.

    With more than one job the task runs in spawned processes (it must be importable and its result picklable); the results
    are those of the serial run. An exception, and even the death of a worker, is the outcome of that one file. A progress bar
    shows on stderr when that is a terminal and there is more than one file. Ctrl-C stops the workers and passes on. ``backend``
    "dask" sends the files to the cluster at ``scheduler`` (or to one made here with ``jobs`` processes), which must see their paths.
    """
    if backend != "dask" and scheduler is not None:
        raise UnknownChoice(f"scheduler {scheduler} without --backend dask: name both or neither")
    with _progress(len(sources)) as advance:
        if backend == "dask":
            return _on_cluster(task, sources, jobs, scheduler, advance)
        if jobs == 1 or len(sources) == 1:
            outcomes = []
            for source in sources:
                outcomes.append(_attempt(task, source))
                advance()
            return outcomes
        finished = _in_processes(task, sources, range(len(sources)), min(jobs, len(sources)), advance)
        # A worker that dies breaks the whole pool: whatever was not finished gets a process of its own, one by one.
        for index in [i for i in range(len(sources)) if i not in finished]:
            alone = _in_processes(task, sources, [index], 1, advance)
            finished[index] = alone.get(index) or _died_on(sources[index])
        return [finished[index] for index in range(len(sources))]


def report_failures(outcomes: Sequence[Outcome[Any]]) -> int:
    """Write one error line per failed file to stderr (with its traceback when debugging); return the exit code they ask for."""
    failures = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failures:
        if outcome.trace:
            print(outcome.trace, file=sys.stderr, end="")
        show_error(str(outcome.error))
    if any(outcome.is_bug for outcome in failures):
        return EXIT_BUG
    return EXIT_REFUSED if failures else 0


def _attempt(task: Task[Result], source: str) -> Outcome[Result]:
    try:
        return Outcome(source, task(source))
    except SelectivityError as refusal:
        return Outcome(source, None, _naming(source, one_line(refusal)), _trace())
    except Exception as bug:
        return Outcome(source, None, _naming(source, bug_line(bug)), _trace(), is_bug=True)


def _attempt_in(folder: str, task: Task[Result], source: str) -> Outcome[Result]:
    """The same on a worker that was started elsewhere: relative paths are those of the folder where the command was given."""
    with suppress(OSError):  # a folder that the worker does not see: the task says which file is missing
        os.chdir(folder)
    return _attempt(task, source)


def _on_cluster(
    task: Task[Result], sources: Sequence[str], jobs: int, scheduler: str | None, advance: Callable[[], None]
) -> list[Outcome[Result]]:
    """Outcomes from a dask cluster, by the engine that runs trajectories; a file that kills every worker is one outcome too."""
    from selectivity.trajectory.backends import run_tasks

    finished: dict[int, Outcome[Result]] = {}
    there = partial(_attempt_in, os.getcwd(), task)
    runs = run_tasks(there, sources, backend="dask", workers=jobs, scheduler=scheduler, lost=_died_on)
    for index, outcome in runs:
        finished[index] = outcome
        advance()
    return [finished[index] for index in range(len(sources))]


def _died_on(source: str) -> Outcome[Any]:
    return Outcome(source, None, f"{source}: {WORKER_DIED}")


def _in_processes(
    task: Task[Result], sources: Sequence[str], indices: Sequence[int], jobs: int, advance: Callable[[], None]
) -> dict[int, Outcome[Result]]:
    """Outcomes by index from a pool of its own; those that a broken pool never finished are missing."""
    context = multiprocessing.get_context("spawn")  # fork is unsafe beside threads (BLAS, numba)
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_prepare_worker)
    finished: dict[int, Outcome[Result]] = {}
    try:
        with _interrupts_held_back():  # the children inherit this and lift it when they can die without a traceback
            futures = {pool.submit(_attempt, task, sources[index]): index for index in indices}
        for future in as_completed(futures):
            outcome = _outcome_of(future, sources[futures[future]])
            if outcome is not None:
                finished[futures[future]] = outcome
                advance()
        pool.shutdown()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        pool.shutdown(cancel_futures=True)  # returns at once: the workers are gone; not waiting races with the exit
        raise
    return finished


def _outcome_of(future: Future[Outcome[Result]], source: str) -> Outcome[Result] | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as bug:  # for example a result that cannot be pickled
        return Outcome(source, None, _naming(source, bug_line(bug)), _trace(), is_bug=True)


def _prepare_worker() -> None:
    """What `failures.run` does for the parent: quiet death on Ctrl-C, warnings in one line."""
    show_own_warnings_in_one_line()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A function that counts one file as done, shown as a bar on a terminal."""
    if total < 2 or not watched():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: tuple[Any, ...] = (TextColumn("files"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        files = bar.add_task("files", total=total)
        yield lambda: bar.advance(files)


def _naming(source: str, message: str) -> str:
    """The message with the file as the user gave it in front (two folders may hold files of one name)."""
    if message.startswith(source):
        return message
    name = os.path.basename(source)
    return source + message[len(name) :] if name and message.startswith(f"{name}:") else f"{source}: {message}"


def _trace() -> str | None:
    return traceback.format_exc() if debugging() else None
