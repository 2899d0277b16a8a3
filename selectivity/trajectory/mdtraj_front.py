"""How do users of mdtraj ask? A Trajectory or the chunks of `mdtraj.iterload` in, the same tables out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from selectivity.errors import FileUnreadable
from selectivity.trajectory.block import FrameBlock, Model, Observer
from selectivity.trajectory.columns import FrameTables, tables
from selectivity.trajectory.readers import Frame, mdtraj_frames
from selectivity.trajectory.relaxed import Relaxation, library
from selectivity.trajectory.topology import FollowedFilter, follow

CHUNK = 200
"""Frames that are seen together; memory beyond the tables does not grow with the number of frames."""


def score_mdtraj(
    source: Any,
    *,
    treatments: tuple[str, ...] = ("rigid",),
    force_field: str = "charmm36",
    hydration: str = "force-field",
    temperature: float = 298.15,
    sigma: float = 0.30,
    cold_every: int | None = None,
    pore: str | int | None = None,
) -> FrameTables:
    """Tables of all frames of an mdtraj Trajectory, or of the chunks that `mdtraj.iterload` yields.

    The filter is found in the first frame and followed. The numbers are those of `FilterAnalysis` on the same file (to the
    rounding of single precision where a file has no fixed decimals). Raises what `follow` raises, FileUnreadable without frames.
    """
    chunks: Iterator[Any] = iter([source] if hasattr(source, "xyz") else source)
    first = next(chunks, None)
    if first is None or first.n_frames == 0:
        raise FileUnreadable("mdtraj trajectory without frames; at least one is needed: check the file and the stride")
    model = Model(treatments, force_field, hydration, temperature, sigma).checked()
    followed = follow(first[0], pore=pore)
    known = library(followed.filter, force_field=force_field, sigma=sigma) if "relaxed" in treatments else None
    relaxation = None if known is None else Relaxation(known, model.water_leg, cold_every=cold_every)
    blocks = observed(mdtraj_frames(chain([first], chunks)), followed, model, relaxation)
    made = [tables(block, followed, model) for block in blocks]
    return concatenated(made)


def observed(
    frames: Iterable[Frame],
    followed: FollowedFilter,
    model: Model,
    relaxation: Relaxation | None,
    *,
    chunk: int = CHUNK,
) -> Iterator[FrameBlock]:
    """Blocks of up to ``chunk`` frames, as they are seen."""
    observer = Observer(followed, model)
    block, first, f = observer.block(chunk), 0, 0

    def finished() -> FrameBlock:
        observer.catch_up(block)
        if relaxation is not None:
            relaxation.score(block, lambda row: (first + row, None))
        return block.take(slice(0, f))

    for frame in frames:
        observer.see(frame.positions, frame.box, block, f, frame=frame.number, time_ps=frame.time_ps)
        f += 1
        if f == chunk:
            yield finished()
            block, first, f = observer.block(chunk), first + chunk, 0
    if f:
        yield finished()


def concatenated(made: list[FrameTables]) -> FrameTables:
    """Tables one below the other."""
    import pandas as pd

    return FrameTables(
        pd.concat([each.frames for each in made], ignore_index=True),
        pd.concat([each.ions for each in made], ignore_index=True),
    )
