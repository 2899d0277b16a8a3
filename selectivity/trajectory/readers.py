"""How do frames come in? Through MDAnalysis or mdtraj, one frame at a time, only the followed atoms kept; both give the same Å."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FileUnreadable, OutOfRange

Array = NDArray[Any]


@dataclass(frozen=True)
class Frame:
    """One frame: number and time (ps) in its trajectory, positions (n, 3; Å), rows of the cell (3, 3; Å) or None."""

    number: int
    time_ps: float
    positions: Array
    box: Array | None


def open_universe(topology: str, trajectory: str | None = None) -> Any:
    """An MDAnalysis Universe of a topology and one trajectory; FileUnreadable names what does not fit."""
    import MDAnalysis

    for path in (topology, *([trajectory] if trajectory else [])):
        if not Path(path).is_file():
            raise FileUnreadable(f"{path}: no such file; give a topology and its trajectories")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MDAnalysis.Universe(topology) if trajectory is None else MDAnalysis.Universe(topology, trajectory)
    except (ValueError, OSError, TypeError, IndexError, KeyError, EOFError) as error:
        raise FileUnreadable(_not_opened(topology, trajectory, error)) from None


def _not_opened(topology: str, trajectory: str | None, error: Exception) -> str:
    reason = " ".join(str(error).split())[:160]
    if "number of atoms" in reason.lower() or "n_atoms" in reason:
        return f"{trajectory}: not a trajectory of {topology} ({reason}); both must hold the same atoms: pass the topology it was made with"
    return f"{trajectory or topology}: cannot be read ({reason}); formats of MDAnalysis are needed: repeat the transfer"


def universe_frames(universe: Any, numbers: Iterable[int]) -> Iterator[Frame]:
    """Frames of a universe by number; FileUnreadable names the first that cannot be read (a truncated end, for example)."""
    trajectory = universe.trajectory
    for number in numbers:
        try:
            step = trajectory[number]
        except (OSError, EOFError, IndexError, StopIteration, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:120]
            raise FileUnreadable(
                f"{Path(str(trajectory.filename)).name}: frame {number} cannot be read ({reason}); whole frames are needed: "
                "cut the trajectory there, or repeat the transfer"
            ) from None
        yield Frame(int(step.frame), time_of(step), step.positions, cell_of(step.dimensions))


def time_of(step: Any) -> float:
    """Time of a frame, ps; formats without times count 1 ps per frame (MDAnalysis warns of it, which a structure file does not need)."""
    if "time" in step.data:  # changing the filters of warnings costs more than all the rest
        return float(step.time)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(step.time)


def cell_of(dimensions: Any) -> Array | None:
    """Rows of a cell (3, 3; Å) from lengths and angles; None without one (lengths of 1 Å or less mean: no cell)."""
    if dimensions is None:
        return None
    a, b, c, alpha, beta, gamma = np.asarray(dimensions, dtype=np.float64).tolist()
    if not (a > 1.5 and b > 1.5 and c > 1.5):
        return None
    if alpha == beta == gamma == 90.0:
        return np.array([[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]])
    from MDAnalysis.lib.mdamath import triclinic_vectors

    return np.asarray(triclinic_vectors(dimensions, dtype=np.float64), dtype=np.float64)


def mdtraj_frames(chunks: Any, *, first: int = 0) -> Iterator[Frame]:
    """Frames of an mdtraj Trajectory, or of chunks of one (`mdtraj.iterload`), counted from ``first``."""
    number = first
    for chunk in [chunks] if hasattr(chunks, "xyz") else chunks:
        vectors, times = chunk.unitcell_vectors, np.asarray(chunk.time, dtype=float)
        for k in range(chunk.n_frames):
            box = None if vectors is None else 10.0 * vectors[k].astype(np.float64)  # nm
            yield Frame(number, float(times[k]), np.float32(10.0) * chunk.xyz[k], box)  # nm
            number += 1


def frame_numbers(n_frames: int, start: int | None, stop: int | None, step: int | None) -> Sequence[int]:
    """The frames meant, as Python slices count them; OutOfRange when there is none or the step is not positive."""
    if step is not None and step < 1:
        raise OutOfRange(f"stride {step}: a positive number of frames is needed")
    chosen = range(*slice(start, stop, step).indices(n_frames))
    if not chosen:
        raise OutOfRange(f"no frame between {start} and {stop} of {n_frames}: choose others")
    return chosen
