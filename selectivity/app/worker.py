"""Who computes what takes seconds? A process of its own that forks a fresh child for every job, so that any job can be stopped.

The process loads the compiled kernels once; a child inherits them within milliseconds, is limited in time and memory, and is killed
when nobody waits any more. What a damaged file does to a parser ends with the child.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from selectivity.errors import SelectivityError

MOST_AT_ONCE = 2
"""Children that compute at the same time; further jobs wait."""

MEMORY_BYTES = 1 << 30
"""What a child may take beside what it inherits."""

TICK_S = 0.1
"""How often deadlines are looked at."""


class WorkRefused(SelectivityError):
    """A job that was stopped at its limit of time or memory, or whose process ended."""


@dataclass(frozen=True)
class _Job:
    ticket: int
    name: str
    arguments: tuple[Any, ...]
    seconds: float
    patient: bool


class Workshop:
    """The door to the worker process: `submit` returns a future, `drop` stops what nobody needs any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, Future[Any]] = {}
        self._count = 0
        self._ready = threading.Event()
        ours, theirs = multiprocessing.Pipe()
        self._pipe = ours
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def ready(self) -> bool:
        """Whether the kernels are loaded; jobs sent before wait for that."""
        return self._ready.is_set()

    def submit(self, name: str, *arguments: Any, seconds: float, patient: bool = False) -> Future[Any]:
        """Do the job of that name in `selectivity.app.jobs` in a child that lives at most ``seconds`` of real time.

        A ``patient`` job lets others go first.

        The future raises what a SelectivityError says, or WorkRefused. Cancel it with `drop`.
        """
        future: Future[Any] = Future()
        with self._lock:
            self._count += 1
            ticket = self._count
            self._open[ticket] = future
            future.ticket = ticket  # type: ignore[attr-defined]
            try:
                self._pipe.send(_Job(ticket, name, arguments, seconds, patient))
            except OSError:
                del self._open[ticket]
                raise WorkRefused("the worker process has ended; start `selectivity explore` again") from None
        return future

    def drop(self, future: Future[Any]) -> None:
        """Stop a job, whether it waits or runs; a finished one is left alone."""
        with self._lock:
            ticket = future.ticket  # type: ignore[attr-defined]
            if self._open.pop(ticket, None) is not None:
                with contextlib.suppress(OSError):
                    self._pipe.send(ticket)
        future.cancel()

    def close(self) -> None:
        """End the process and whatever it computes."""
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(timeout=2.0 if self.ready else 0.0)  # while it warms up it has no child and does not listen
        if self._process.is_alive():
            self._process.kill()
        self._listener.join(timeout=5.0)

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                ticket, kind, value = self._pipe.recv()
                if ticket is None:
                    self._ready.set()
                    continue
                with self._lock:
                    future = self._open.pop(ticket, None)
                if future is not None:
                    _settle(future, kind, value)
        with self._lock:
            left, self._open = list(self._open.values()), {}
        for future in left:
            _settle(future, "refused", "the worker process has ended; start `selectivity explore` again")


def _settle(future: Future[Any], kind: str, value: Any) -> None:
    if future.cancelled():
        return
    if kind == "done":
        future.set_result(value)
    else:
        future.set_exception(WorkRefused(value) if kind == "refused" else RuntimeError(value))


def _serve(pipe: Connection) -> None:
    """The worker process: warm up, then fork a child for every job until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to answer
    from selectivity.app.jobs import warm_up

    warm_up()
    bench = _Bench(pipe)
    with contextlib.suppress(EOFError, OSError):
        pipe.send((None, "ready", None))
        while bench.step():
            pass
    bench.clear()


class _Bench:
    """Jobs that wait and children that run, by the pipe on which each will answer."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.waiting: deque[_Job] = deque()
        self.running: dict[Connection, tuple[_Job, int, float, str]] = {}

    def step(self) -> bool:
        """Answer whoever speaks, end what is over time, start what may start; False when the server is gone."""
        for speaker in wait([self.pipe, *self.running], timeout=TICK_S if self.running else None):
            if speaker is self.pipe:
                word = self.pipe.recv()
                if word is None:
                    return False
                self._hear(word)
            elif speaker in self.running:
                self._finish(speaker)
        for answer, (job, _, deadline, _) in list(self.running.items()):
            if time.monotonic() > deadline:
                self._end(answer)
                self.pipe.send(
                    (job.ticket, "refused", f"stopped after {job.seconds:g} s; try a smaller file or another setting")
                )
        while self.waiting and len(self.running) < MOST_AT_ONCE:
            self._start(self.waiting.popleft())
        return True

    def _hear(self, word: _Job | int) -> None:
        if isinstance(word, _Job):
            self.waiting.append(word)
            return
        self.waiting = deque(job for job in self.waiting if job.ticket != word)
        for answer, (job, *_) in list(self.running.items()):
            if job.ticket == word:
                self._end(answer)

    def _start(self, job: _Job) -> None:
        answer, mouth = multiprocessing.Pipe(duplex=False)
        folder = tempfile.mkdtemp(prefix="selectivity-")  # goes with the child, however that ends
        child = os.fork()
        if child == 0:
            answer.close()
            tempfile.tempdir = folder
            _work(job, mouth)
        mouth.close()
        self.running[answer] = (job, child, time.monotonic() + job.seconds, folder)

    def _finish(self, answer: Connection) -> None:
        job = self.running[answer][0]
        try:
            kind, value = answer.recv()
        except (EOFError, OSError):
            kind, value = "refused", "the computation ended early, most likely out of memory; try a smaller file"
        self._end(answer)
        self.pipe.send((job.ticket, kind, value))

    def _end(self, answer: Connection) -> None:
        _, child, _, folder = self.running.pop(answer)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        shutil.rmtree(folder, ignore_errors=True)
        answer.close()

    def clear(self) -> None:
        """End every child."""
        for answer in list(self.running):
            self._end(answer)


def _work(job: _Job, mouth: Connection) -> None:
    """In the child: compute, answer, end; nothing of the parent's is run again."""
    from selectivity.app.jobs import JOBS

    try:
        _limit_memory()
        if job.patient:
            os.nice(10)
        answer: tuple[str, Any] = ("done", JOBS[job.name](*job.arguments))
    except SelectivityError as refusal:
        answer = ("refused", " ".join(str(refusal).split()))
    except MemoryError:
        answer = ("refused", f"more than {MEMORY_BYTES >> 20} MB of memory would be needed; try a smaller file")
    except BaseException as bug:
        answer = ("bug", f"unexpected {type(bug).__name__}: {' '.join(str(bug).split())[:300]}")
    with contextlib.suppress(BaseException):
        mouth.send(answer)
        mouth.close()
    os._exit(0)


def _limit_memory() -> None:
    """What the child maps beyond its inheritance is limited where the system tells how much that is (Linux)."""
    import resource

    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as stream:
        mapped = int(stream.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES, mapped + MEMORY_BYTES))
