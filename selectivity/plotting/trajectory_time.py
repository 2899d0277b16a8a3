"""How does a run go? Who sits in each site, and what each site prefers, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from selectivity.errors import OutOfRange
from selectivity.plotting.scan import MARKS
from selectivity.plotting.style import INK, ION_COLOURS, PALE, QUIET, drawing
from selectivity.trajectory.topology import SITES

ROWS = tuple(reversed(SITES))
"""S0 to Scav, the order of the letters in an occupancy string."""

OCCUPANTS = (
    ("-", "empty", "#FFFFFF"),
    ("W", "water", "#BFE0F2"),
    ("K", "K⁺", ION_COLOURS["K"]),
    ("N", "Na⁺", ION_COLOURS["Na"]),
    ("X", "another ion", QUIET),
)
"""Letter of an occupancy string, what it means, and its colour."""

PS_PER_NS = 1000.0
RUNNING_FRAMES = 25
"""Frames of the running mean that is drawn over the cloud of single frames."""


def plot_occupancy_in_time(frames: pd.DataFrame, ax: Axes | None = None, *, replica: int = 0) -> Axes:
    """Who is in S0 to Scav (rows, mouth on top) against time (ns), from the frame table of a run (`Store.read`).

    Frames that could not be used are left white. Raises OutOfRange for a replica without frames. Returns the axes.
    """
    run = _replica(frames, replica)
    letters = [letter for letter, _, _ in OCCUPANTS]
    codes = np.array([[letters.index(letter) for letter in text.ljust(len(ROWS), "-")] for text in run["occupancy"]]).T
    with drawing(ax, (6.4, 2.8)) as ax:
        colours = ListedColormap([colour for _, _, colour in OCCUPANTS])
        edges = _edges(run["time_ps"].to_numpy() / PS_PER_NS)
        rows = np.arange(len(ROWS) + 1) - 0.5
        ax.pcolormesh(
            edges, rows, codes, cmap=colours, norm=BoundaryNorm(np.arange(len(letters) + 1) - 0.5, len(letters))
        )
        ax.set_yticks(range(len(ROWS)), ROWS)
        ax.set_ylim(len(ROWS) - 0.5, -0.5)
        for row in rows[1:-1]:
            ax.axhline(row, color="white", linewidth=1.5)
        seen = set(np.unique(codes).tolist())
        keys = [
            Patch(facecolor=colour, edgecolor=INK, linewidth=0.5, label=words)
            for number, (_, words, colour) in enumerate(OCCUPANTS)
            if number in seen
        ]
        ax.legend(
            handles=keys, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(keys), borderaxespad=0.2, handlelength=1.0,
            handletextpad=0.4, columnspacing=0.9,
        )  # fmt: skip
        ax.set(xlabel="time (ns)", ylabel="site")
    return ax


def plot_ddg_in_time(
    frames: pd.DataFrame, ax: Axes | None = None, *, sites: Sequence[str] = ("S1", "S2", "S3", "S4"), treatment: str = "rigid",
    replica: int = 0,
) -> Axes:  # fmt: skip
    """ddG of binding (kJ/mol) of each site against time (ns): single frames as dots, a running mean as a line.

    ``treatment`` "rigid" or "relaxed" names the column of the frame table; frames whose site was not formed are gaps. Raises OutOfRange
    for a replica without frames or a treatment that the run does not hold. Returns the axes.
    """
    run = _replica(frames, replica)
    lacking = [site for site in sites if f"ddg_{treatment}_{site}_kj_mol" not in run]
    if lacking:
        raise OutOfRange(f"no {treatment} ddG of {', '.join(lacking)} in this run; run it with that treatment")
    time = run["time_ps"].to_numpy() / PS_PER_NS
    with drawing(ax, (6.4, 3.4)) as ax:
        ax.axhline(0.0, color=INK, linewidth=0.8)
        for number, site in enumerate(sites):
            colour, dash, _ = MARKS[number % len(MARKS)]
            ddg = run[f"ddg_{treatment}_{site}_kj_mol"].astype(float)
            ax.plot(time, ddg, ".", color=colour, markersize=4.5, alpha=0.4, markeredgewidth=0.0)
            mean = ddg.rolling(RUNNING_FRAMES, center=True, min_periods=1).mean()
            ax.plot(time, mean.where(ddg.notna()), linestyle=dash, color=colour, linewidth=1.6, label=site)
        ax.plot([], [], ".", color=PALE, markeredgecolor=QUIET, label="single frames")
        ax.set(xlabel="time (ns)", ylabel=f"ΔΔG, Na⁺ − K⁺, {treatment} (kJ/mol)")
        ax.set_xlim(time[0], time[-1])
        ax.legend(ncols=len(sites) + 1, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    return ax


def _replica(frames: pd.DataFrame, replica: int) -> pd.DataFrame:
    run = frames[frames["replica"] == replica].sort_values("time_ps")
    if run.empty:
        raise OutOfRange(f"no frames of replica {replica}; there are {sorted(frames['replica'].unique().tolist())}")
    return run


def _edges(time: np.ndarray) -> np.ndarray:
    """Borders between frames, half a step beyond the first and the last."""
    if len(time) == 1:
        return np.array([time[0] - 0.5, time[0] + 0.5])
    middle = 0.5 * (time[1:] + time[:-1])
    return np.concatenate([[time[0] - (middle[0] - time[0])], middle, [time[-1] + (time[-1] - middle[-1])]])
