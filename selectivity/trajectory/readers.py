"""How do frames come in? Through MDAnalysis or mdtraj, one frame at a time, only the followed atoms kept; both give the same Å."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FileUnreadable, OutOfRange

Array = NDArray[Any]

READING_ERRORS = (OSError, EOFError, IndexError, StopIteration, RuntimeError, ValueError)
"""What the readers of MDAnalysis raise on a damaged frame."""


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
    if trajectory is not None:
        countable(trajectory)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MDAnalysis.Universe(topology) if trajectory is None else MDAnalysis.Universe(topology, trajectory)
    except (ValueError, OSError, TypeError, IndexError, KeyError, EOFError) as error:
        raise FileUnreadable(_not_opened(topology, trajectory, error)) from None


XTC_MAGIC = (1995, 2023)
"""First number of a frame of an XTC file, and of one whose data may be longer than 2 GiB."""

LONGEST_ATOM = 16
"""Bytes that a compressed atom of an XTC frame can need at most: three coordinates are at most twelve uncompressed."""


def countable(path: str | Path) -> None:
    """Walk over the headers of an XTC file; FileUnreadable where one leads nowhere, so that frames behind it would be lost unseen.

    Each header tells how long its frame is. A damaged length makes a reader count wrong, or takes the process down. A last frame that
    is cut short and frames damaged otherwise pass: their places are known. Other formats are not looked at. Format: GROMACS manual, xtc.
    """
    if Path(path).suffix.lower() != ".xtc":
        return
    size, place, frame, atoms = Path(path).stat().st_size, 0, 0, 0
    with Path(path).open("rb") as file:
        while place < size:
            file.seek(place)
            header = file.read(96)
            if len(header) < 96 and frame > 0:
                return  # cut short
            known = len(header) >= 92
            magic, here = struct.unpack(">2i", header[:8]) if known else (0, 0)
            atoms = atoms or here
            if known and atoms > 9:  # nine or fewer are not compressed
                long = magic == XTC_MAGIC[1]
                data = struct.unpack(">q", header[88:96])[0] if long else struct.unpack(">i", header[88:92])[0]
                known = 0 < data <= LONGEST_ATOM * atoms + 96
                after = place + (96 if long else 92) + 4 * (-(-data // 4))
            else:
                after = place + 56 + 12 * atoms
            if not known or (magic not in XTC_MAGIC and here != atoms):
                raise FileUnreadable(
                    f"{path}: damaged at or just before frame {frame} (byte {place} of {size}): the frames behind cannot be found; "
                    "repeat the transfer, or keep the whole frames (gmx trjconv)"
                )
            place, frame = after, frame + 1


def _not_opened(topology: str, trajectory: str | None, error: Exception) -> str:
    reason = " ".join(str(error).split())[:160]
    if "number of atoms" in reason.lower() or "n_atoms" in reason:
        return f"{trajectory}: not a trajectory of {topology} ({reason}); both must hold the same atoms: pass the topology it was made with"
    return f"{trajectory or topology}: cannot be read ({reason}); formats of MDAnalysis are needed: repeat the transfer"


def in_turn(reader: Any, numbers: Iterable[int]) -> Iterator[tuple[int, Any]]:
    """(number, time step) of frames of a reader of MDAnalysis; None for one that cannot be read.

    A frame that follows the one before is read on to; the others are sought: the readers know where frames begin, so that to seek
    costs microseconds, and to read what lies between milliseconds. After a frame that cannot be read the next is sought as well,
    whatever place in the file the failure left.
    """
    here: int | None = None
    for number in numbers:
        step = _read(reader.next) if here is not None and number == here + 1 else None
        if step is None or step.frame != number:
            step = _read(reader.__getitem__, number)
        here = None if step is None else number
        yield number, step


def _read(attempt: Callable[..., Any], *number: int) -> Any:
    try:
        return attempt(*number)
    except READING_ERRORS:
        return None


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


def frame_numbers(
    n_frames: int, start: int | None, stop: int | None, step: int | None, *, of: str = "the trajectory"
) -> range:
    """The frames meant, as Python slices count them; OutOfRange when ``of`` has none there or the step is not positive.

    >>> frame_numbers(100, -10, None, 4)
    range(90, 100, 4)
    """
    if step is not None and step < 1:
        raise OutOfRange(f"stride {step}: a positive number of frames is needed")
    chosen = range(*slice(start, stop, step).indices(n_frames))
    if not chosen:
        first, last = "the first" if start is None else start, "the end" if stop is None else stop
        raise OutOfRange(
            f"{of}: no frame from {first} to {last}, it has {n_frames} (counted from 0, from the end where negative, the stop "
            "itself left out): choose others"
        )
    return chosen
