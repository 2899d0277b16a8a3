"""Who does the work? Tasks that stand alone, in this process, in others, or on a dask cluster; a dead worker's task is done again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread
from typing import Any

from selectivity.errors import SelectivityError, UnknownChoice, hint

BACKENDS = ("serial", "processes", "dask")

ATTEMPTS = 3
"""Times that a task may take its worker down before the run gives up: a machine may fail, a task that kills every worker is a bug."""

START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""Workers are never forked from this process, which is unsafe beside threads (BLAS, numba, a progress bar)."""

PRELOAD = "selectivity.trajectory.preloaded"

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class WorkerLost(SelectivityError):
    """A task took its worker process down again and again."""


def run_tasks(
    function: Callable[[Any], Any],
    tasks: Sequence[Any],
    *,
    backend: str = "serial",
    workers: int = 1,
    scheduler: str | None = None,
    lost: Callable[[Any], Any] | None = None,
) -> Iterator[tuple[int, Any]]:
    """(index, result) of every task as it is done, each exactly once.

    ``backend`` is "serial", "processes" (``workers`` of this machine) or "dask" (a cluster at ``scheduler``, else one made here with
    ``workers`` processes). Tasks and results must be picklable unless serial. A task whose worker dies is done again, up to three
    times; then dask gives the result of ``lost`` for it, where that is told, else `WorkerLost` is raised. An exception of a task is
    raised here. Raises UnknownChoice for another backend.
    """
    if backend not in BACKENDS:
        raise UnknownChoice(f"backend {backend!r}: available are {', '.join(BACKENDS)}{hint(backend, BACKENDS)}")
    if scheduler is not None and backend != "dask":
        raise UnknownChoice(
            f"scheduler {scheduler} with backend {backend!r}: a scheduler belongs to --backend dask: name that"
        )
    if backend == "dask":
        yield from _on_dask(function, tasks, workers, scheduler, lost)
    elif backend == "processes" and workers > 1 and len(tasks) > 1:
        yield from _in_processes(function, tasks, workers)
    else:
        for index, task in enumerate(tasks):
            yield index, function(task)


def start_ahead(backend: str, workers: int) -> None:
    """Have a server of worker processes load what they need while this process does something else; returns at once.

    Only for "processes" with several workers, and on Linux: workers fork from that server with everything loaded. The server has one
    thread, as a process must that others fork from. Where another part of this program has started it before, workers
    import for themselves, which costs them seconds and changes no result.
    """
    if backend != "processes" or workers < 2 or START_METHOD != "forkserver":
        return
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # it lets Ctrl-C through again, so before the next line
    with _one_thread(), _without_interrupt():
        multiprocessing.set_forkserver_preload([PRELOAD])
        forkserver.ensure_running()


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Ctrl-C does not reach processes started here, which would each print where they were: this process ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started here compute with one thread, unless the user said otherwise: there is a worker for each core."""
    new = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(new, "1"))
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


def _in_processes(function: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> Iterator[tuple[int, Any]]:
    left = dict(enumerate(tasks))
    failures = 0
    while left:
        before = len(left)
        for index, result in _one_pool(function, left, min(workers, len(left))):
            del left[index]
            yield index, result
        failures = failures + 1 if len(left) == before else 0
        if failures == ATTEMPTS:
            break
    # A dying worker takes its pool along, so what is left goes one by one: only tasks that kill their own worker are lost.
    for index in list(left):
        for _, result in _one_pool(function, {index: left[index]}, 1):
            del left[index]
            yield index, result
    if left:
        raise WorkerLost(
            f"worker processes died {ATTEMPTS + 1} times on {', '.join(str(task) for task in left.values())}; all else is done and kept: "
            "check memory and these files (data damaged within a frame can take a reader down), then run the same command again to go on"
        )


def _one_pool(function: Callable[[Any], Any], left: dict[int, Any], workers: int) -> Iterator[tuple[int, Any]]:
    """Results until all are there or a worker dies (which breaks the pool)."""
    context = multiprocessing.get_context(START_METHOD)
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        futures = {pool.submit(function, task): index for index, task in left.items()}
        for future in as_completed(futures):
            try:
                result = future.result()
            except BrokenProcessPool:
                continue
            yield futures[future], result
        pool.shutdown()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        pool.shutdown(cancel_futures=True)
        raise


def _end_with_parent() -> None:
    """End this worker when the process that made it is gone: a pool that is killed leaves its workers waiting for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _on_dask(
    function: Callable[[Any], Any],
    tasks: Sequence[Any],
    workers: int,
    scheduler: str | None,
    lost: Callable[[Any], Any] | None,
) -> Iterator[tuple[int, Any]]:
    with _client(workers, scheduler) as client:
        from distributed import as_completed as finished
        from distributed.scheduler import KilledWorker

        futures = [client.submit(function, task, pure=False) for task in tasks]
        index_of = {future.key: index for index, future in enumerate(futures)}
        try:
            for future in finished(futures):
                index = index_of[future.key]
                try:
                    result = future.result()
                except KilledWorker as error:
                    if lost is None:
                        raise WorkerLost(
                            f"the dask cluster lost a task again and again ({' '.join(str(error).split())[:120]}); what is done is kept: "
                            "check the workers' memory and logs, then run the same command again to go on"
                        ) from None
                    result = lost(tasks[index])
                yield index, result
        finally:
            client.cancel(futures)


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise UnknownChoice(
            "backend 'dask': dask.distributed is not installed; install selectivity[dask], or choose serial or processes"
        ) from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=10)
        except (OSError, TimeoutError, ValueError) as error:
            reason = " ".join(str(error).split())[:120]
            raise UnknownChoice(
                f"scheduler {scheduler}: no dask scheduler answers ({reason}); check the address"
            ) from None
        with client:
            yield client
        return
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client
