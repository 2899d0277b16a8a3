"""How does a long run go? Trajectories cut into chunks that stand alone, done by any backend, written as they are done, resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import get_ident
from typing import Any

from selectivity import __version__
from selectivity.errors import FileUnreadable
from selectivity.trajectory.backends import run_tasks, start_ahead
from selectivity.trajectory.block import FrameBlock, Model, Observer
from selectivity.trajectory.columns import tables
from selectivity.trajectory.condition import UNREADABLE
from selectivity.trajectory.readers import (
    READING_ERRORS,
    cell_of,
    countable,
    frame_numbers,
    in_turn,
    open_universe,
    time_of,
)
from selectivity.trajectory.relaxed import Library, Relaxation, library
from selectivity.trajectory.store import Store, create_or_continue
from selectivity.trajectory.topology import FollowedFilter, follow

CHUNK = 200
"""Frames of one chunk: what a killed run can lose, and seconds to minutes of work."""


@dataclass(frozen=True)
class Chunk:
    """Frames first, first + stride, ... below stop of one trajectory (a replica); ``place`` of the first ``of`` those chosen."""

    replica: int
    number: int
    trajectory: str
    first: int
    stop: int
    stride: int
    place: int
    of: int

    def __str__(self) -> str:
        return f"frames {self.first} to {self.frames[-1]} of {Path(self.trajectory).name}"

    @property
    def frames(self) -> range:
        """Numbers of its frames."""
        return range(self.first, self.stop, self.stride)


@dataclass(frozen=True)
class ChunkWork:
    """Everything a worker needs to do one chunk after another; it travels to processes and clusters."""

    store: Store
    followed: FollowedFilter
    model: Model
    known: Library | None
    cold_every: int | None

    def __call__(self, chunk: Chunk) -> int:
        """Read, see and write one chunk; returns how many frames it holds. Doing it twice gives the same files."""
        block = self.block(chunk)
        self.store.write(chunk.replica, chunk.number, tables(block, self.followed, self.model, replica=chunk.replica))
        return len(block)

    def block(self, chunk: Chunk) -> FrameBlock:
        """The frames of a chunk; one that cannot be read keeps its row and says so."""
        reader = _reader(chunk.trajectory, self.followed.n_atoms)
        observer = Observer(self.followed, self.model)
        relaxation = None
        if self.known is not None:
            relaxation = Relaxation(self.known, self.model.water_leg, cold_every=self.cold_every)
        block = observer.block(len(chunk.frames))
        for f, (number, step) in enumerate(in_turn(reader, chunk.frames)):
            if step is None:
                block.frame[f], block.state[f] = number, UNREADABLE
                continue
            observer.see(step.positions, cell_of(step.dimensions), block, f, frame=number, time_ps=time_of(step))
        observer.catch_up(block)
        if relaxation is not None:
            relaxation.score(block, lambda f: (chunk.place + f, chunk.of))
        return block


def run_trajectories(
    topology: str,
    trajectories: Sequence[str],
    out: str | Path,
    *,
    model: Model | None = None,
    start: int | None = None,
    stop: int | None = None,
    stride: int = 1,
    chunk: int = CHUNK,
    cold_every: int | None = 500,
    pore: str | int | None = None,
    backend: str = "serial",
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """Score every ``stride``-th frame of trajectories of one topology (replicas, in their order) into the folder ``out``.

    ``start`` and ``stop`` are frame numbers as in a slice of Python, the same for every trajectory: counted from 0, from its end
    where negative, ``stop`` itself left out.
    Without trajectories the frames of the topology itself are meant. The filter is found in the first frame of the first trajectory. An
    interrupted run goes on where it stopped when the same is asked again. Memory does not grow with the number of frames; the
    results do not depend on ``backend`` ("serial", "processes", "dask"), ``workers`` or interruptions. ``progress`` is told how many
    frames are done, of how many. With "dask" the folder must be on a disk that all workers see.

    Raises FileUnreadable, FilterNotFound, UnknownChoice, OutOfRange for a trajectory without a frame there, and what
    `selectivity.trajectory.backends.run_tasks` raises.
    """
    model = (model or Model()).checked()
    start_ahead(backend, workers)
    universe = open_universe(topology, trajectories[0] if trajectories else None)
    followed = follow(universe, pore=pore)
    sources = [str(Path(path).resolve()) for path in (trajectories or [topology])]
    lengths = [_length(path, followed.n_atoms) for path in sources]
    wanted = [
        frame_numbers(n, start, stop, stride, of=Path(path).name) for path, n in zip(sources, lengths, strict=True)
    ]
    asked = {"start": start, "stop": stop, "stride": stride, "chunk": chunk}
    question = _question(topology, sources, lengths, model, cold_every, pore) | asked | _found(followed)
    store = create_or_continue(out, question)
    store = replace(store, folder=store.folder.resolve())
    plan = [c for r, path in enumerate(sources) for c in _chunks(r, path, wanted[r], chunk)]
    left = [c for c in plan if not store.done(c.replica, c.number)]
    total, done = sum(len(c.frames) for c in plan), sum(len(c.frames) for c in plan) - sum(len(c.frames) for c in left)
    if progress is not None:
        progress(done, total)
    if left:
        known = None
        if "relaxed" in model.treatments:
            known = library(followed.filter, force_field=model.force_field, sigma=model.sigma)
        work = ChunkWork(store, followed, model, known, cold_every)
        for _, frames in run_tasks(work, left, backend=backend, workers=workers, scheduler=scheduler):
            done += frames
            if progress is not None:
                progress(done, total)
    return store


def _chunks(replica: int, path: str, wanted: range, size: int) -> list[Chunk]:
    span = size * wanted.step
    return [
        Chunk(replica, n, path, first, min(first + span, wanted.stop), wanted.step, n * size, len(wanted))
        for n, first in enumerate(range(wanted.start, wanted.stop, span))
    ]


def _question(
    topology: str,
    sources: Sequence[str],
    lengths: Sequence[int],
    model: Model,
    cold: int | None,
    pore: Any,
) -> dict[str, Any]:
    """What decides the results, and what they were made with; sizes of files stand for their content."""
    return {
        "version": __version__,
        "topology": {"path": str(Path(topology).resolve()), "bytes": Path(topology).stat().st_size},
        "trajectories": [
            {"path": path, "bytes": Path(path).stat().st_size, "frames": n}
            for path, n in zip(sources, lengths, strict=True)
        ],
        "pore": None if pore is None else str(pore),
        "treatments": list(model.treatments),
        "force_field": model.force_field,
        "hydration": model.hydration,
        "temperature_k": model.temperature,
        "sigma_angstrom": model.sigma,
        "cold_every": cold if "relaxed" in model.treatments else None,
    }


def _found(followed: FollowedFilter) -> dict[str, Any]:
    """What was followed, for those who read the folder later."""
    found = followed.filter
    return {
        "filter": {
            "signature": found.signature,
            "first_residue": found.first_residue,
            "pore": found.provenance.pores_found[int(found.provenance.pore) - 1],
            "rings": list(followed.ring_names),
            "carbonyls": list(followed.group_names),
        },
        "notes": list(followed.notes),
    }


def _length(path: str, n_atoms: int) -> int:
    """Frames of a trajectory, a truncated one at its end included."""
    if not Path(path).is_file():
        raise FileUnreadable(f"{path}: no such file; give a topology and its trajectories")
    countable(path)
    return len(_reader(path, n_atoms))


def _reader(path: str, n_atoms: int) -> Any:
    """A reader of MDAnalysis, which knows the number of atoms, so that no worker parses a topology."""
    try:
        now = Path(path).stat()
    except OSError as error:  # on a worker that does not see the folder, for example
        raise FileUnreadable(
            f"{path}: not there ({error.strerror}); every worker must see it: use a folder that all share"
        ) from None
    return _open_reader(path, n_atoms, get_ident(), now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=16)
def _open_reader(path: str, n_atoms: int, thread: int, size: int, changed: int) -> Any:
    """A reader that stands at a frame and holds its positions, so that each thread needs its own (workers of a dask cluster have several);
    a file that has grown since needs a new one."""
    import warnings

    from MDAnalysis.coordinates.core import reader

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = reader(path, n_atoms=n_atoms)
    except READING_ERRORS as error:
        reason = " ".join(str(error).split())[:160]
        raise FileUnreadable(
            f"{path}: cannot be read as a trajectory ({reason}); formats of MDAnalysis are needed"
        ) from None
    if found.n_atoms != n_atoms:
        raise FileUnreadable(
            f"{path}: {found.n_atoms} atoms, {n_atoms} in the topology; both must hold the same: pass the topology it was made with"
        )
    return found
