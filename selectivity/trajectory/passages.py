"""Does a current flow? Ions that come in on one side of the filter and leave on the other, how long they dwell, what that conducts.

An ion is inside between the innermost and the outermost plane of the cages (S4 to S1). Where it came from and went to is seen in
the neighbouring frames; when it is further than 20 Å away there already, the half of the filter where it was met last decides, and
the passage is counted as inferred. Ions that are inside when a trajectory begins or ends have no known side and make no passage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import constants

Array = NDArray[Any]

INSIDE = ("S4", "S3", "S2", "S1")
INNER, WITHIN, OUTER, BESIDE = -1, 0, 1, 9

PA_PER_E_PS = constants.elementary_charge / 1e-12 * 1e12
"""pA of one elementary charge per ps."""


@dataclass(frozen=True)
class Passages:
    """Whole passages of K+ and Na+ (and others) through the filter; ``events`` has one row for each.

    ``duration_ps`` is the simulated time of all replicas. ``current_pa`` is positive outward (from the cavity to the mouth); its
    95 % interval is that of counted, independent passages.
    """

    events: pd.DataFrame
    duration_ps: float

    def count(self, species: str | None = None, direction: str | None = None) -> int:
        """Passages of one species ("K", "Na", ...) and direction ("outward", "inward"), or all."""
        rows = self.events
        if species is not None:
            rows = rows[rows["species"] == species]
        if direction is not None:
            rows = rows[rows["direction"] == direction]
        return len(rows)

    @property
    def net(self) -> int:
        """Outward minus inward passages of monovalent cations."""
        cations = self.events[self.events["species"].isin(("K", "Na", "Rb", "Cs", "Tl", "Li", "NH4"))]
        return int((cations["direction"] == "outward").sum() - (cations["direction"] == "inward").sum())

    @property
    def current_pa(self) -> float | None:
        """Net current, pA; None without simulated time."""
        return None if self.duration_ps <= 0.0 else PA_PER_E_PS * self.net / self.duration_ps

    @property
    def current_interval_pa(self) -> tuple[float, float] | None:
        """95 % interval of the current: exact Poisson for passages in one direction, normal for both."""
        if self.duration_ps <= 0.0:
            return None
        from scipy.stats import chi2

        total, net = self.count(), self.net
        if abs(net) == total:
            low, high = 0.5 * chi2.ppf(0.025, 2 * total) if total else 0.0, 0.5 * chi2.ppf(0.975, 2 * (total + 1))
            low, high = (low, high) if net >= 0 else (-high, -low)
            low = -high if total == 0 else low
        else:
            low, high = net - 1.96 * np.sqrt(total), net + 1.96 * np.sqrt(total)
        scale = PA_PER_E_PS / self.duration_ps
        return float(scale * low), float(scale * high)

    def conductance_ps(self, voltage_mv: float) -> float | None:
        """Chord conductance in pS at the applied voltage (mV, positive drives cations outward); None without time."""
        return None if self.current_pa is None or voltage_mv == 0.0 else 1000.0 * self.current_pa / voltage_mv


def find_passages(frames: pd.DataFrame, ions: pd.DataFrame) -> Passages:
    """Passages from the tables of a run (columns of `selectivity.trajectory.columns`)."""
    events = pd.DataFrame(
        list(_events(frames, ions)), columns=["replica", "atom", "species", "direction", "entered", "left", "inferred"]
    )
    return Passages(events, duration(frames))


def duration(frames: pd.DataFrame) -> float:
    """Simulated time of all replicas, first to last frame of each, ps."""
    spans = frames.groupby("replica")["time_ps"].agg(lambda t: t.max() - t.min())
    return float(spans.sum())


def regions(frames: pd.DataFrame, ions: pd.DataFrame) -> Array:
    """Where every row of ``ions`` is: inner side, within, outer side, or beside the filter."""
    planes = _planes(frames)
    joined = ions[["replica", "frame", "z_angstrom", "site"]].merge(
        planes, on=["replica", "frame"], how="left", sort=False
    )
    z, inside = joined["z_angstrom"].to_numpy(), joined["site"].isin(INSIDE).to_numpy()
    where = np.full(len(joined), BESIDE)
    where[z < joined["inner"].to_numpy()] = INNER
    where[z >= joined["outer"].to_numpy()] = OUTER
    where[inside] = WITHIN
    return where


def _planes(frames: pd.DataFrame) -> pd.DataFrame:
    """Innermost and outermost plane of the cages in every frame: the hydroxyl ring (3 Å below T75 O without one) and Y78 O."""
    from selectivity.structure.sites import RING_SPACING

    heights = [name for name in frames.columns if name.startswith("z_") and name.endswith("_angstrom")]
    inner = frames[heights[0]].fillna(frames[heights[1]] - RING_SPACING)
    return pd.DataFrame(
        {"replica": frames["replica"], "frame": frames["frame"], "inner": inner, "outer": frames[heights[4]]}
    )


def _events(frames: pd.DataFrame, ions: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    if ions.empty:
        return
    where = regions(frames, ions)
    seen = ions.assign(where=where)[where != BESIDE].sort_values(["replica", "atom", "frame"], kind="stable")
    step = stride_of(frames)
    ends = frames.groupby("replica")["frame"].agg(["min", "max"])
    for (replica, atom), track in seen.groupby(["replica", "atom"], sort=True):
        first, last = ends.loc[replica]
        yield from _of_track(int(replica), int(atom), track, step, int(first), int(last))


def _of_track(
    replica: int, atom: int, track: pd.DataFrame, step: int, first: int, last: int
) -> Iterator[tuple[Any, ...]]:
    """Passages of one ion: its track cut where it changes region or is out of sight."""
    frame, where = track["frame"].to_numpy(), track["where"].to_numpy()
    site, species = track["site"].to_numpy(), str(track["species"].iloc[0])
    starts = np.flatnonzero(np.r_[True, (np.diff(where) != 0) | (np.diff(frame) > step)])
    stops = np.r_[starts[1:], len(frame)] - 1
    for k, (a, b) in enumerate(zip(starts, stops, strict=True)):
        follows = k > 0 and frame[a] - frame[stops[k - 1]] <= step
        if where[a] != WITHIN:
            if follows and where[stops[k - 1]] == -where[a]:  # from one side to the other between two frames
                yield replica, atom, species, _direction(where[a]), int(frame[a]), int(frame[a]), False
            continue
        comes_next = k + 1 < len(starts) and frame[starts[k + 1]] - frame[b] <= step
        entry = int(where[stops[k - 1]]) if follows else _side(site[a], at_edge=frame[a] == first)
        leaving = int(where[starts[k + 1]]) if comes_next else _side(site[b], at_edge=frame[b] == last)
        if entry * leaving == -1:
            yield (
                replica,
                atom,
                species,
                _direction(leaving),
                int(frame[a]),
                int(frame[b]),
                not (follows and comes_next),
            )


def _side(site: str, *, at_edge: bool) -> int:
    """The side of an ion that came from, or went, out of sight; 0 when the trajectory begins or ends there."""
    return 0 if at_edge else (OUTER if site in ("S1", "S2") else INNER)


def _direction(side: int) -> str:
    return "outward" if side == OUTER else "inward"


def stride_of(frames: pd.DataFrame) -> int:
    """Frames from one row to the next (the smallest step met)."""
    steps = frames.groupby("replica")["frame"].diff().dropna()
    return int(steps.min()) if len(steps) else 1


def dwell_times(frames: pd.DataFrame, ions: pd.DataFrame) -> pd.DataFrame:
    """Mean time that an ion stays in a site, by species and site, ps.

    The time spent there divided by the departures seen (stays that the end of a trajectory cuts count as time, not as a departure:
    the maximum-likelihood mean of exponential stays), its error mean/sqrt(departures); without a departure the time is a lower bound.
    Stays shorter than the time between frames are not seen.
    """
    columns = ["species", "site", "stays", "departures", "mean_dwell_ps", "error_ps", "time_ps"]
    inside = ions[ions["site"] != ""].sort_values(["replica", "atom", "frame"], kind="stable")
    if inside.empty:
        return pd.DataFrame(columns=columns)
    step, spacing = stride_of(frames), time_step(frames)
    same = (inside[["replica", "atom", "site"]] == inside[["replica", "atom", "site"]].shift()).all(axis=1)
    begins = ~(same & (inside["frame"].diff() <= step))
    last = inside["replica"].map(frames.groupby("replica")["frame"].max())
    cut = (inside["frame"] == last).groupby(begins.cumsum()).any()
    stays = inside.groupby(begins.cumsum()).agg(
        species=("species", "first"), site=("site", "first"), frames=("frame", "size")
    )
    stays["departed"] = ~cut
    grouped = stays.groupby(["species", "site"]).agg(
        stays=("frames", "size"), departures=("departed", "sum"), time_ps=("frames", "sum")
    )
    grouped["time_ps"] = grouped["time_ps"] * spacing
    known = grouped["departures"] > 0
    grouped["mean_dwell_ps"] = (grouped["time_ps"] / grouped["departures"]).where(known)
    grouped["error_ps"] = (grouped["mean_dwell_ps"] / np.sqrt(grouped["departures"].where(known))).where(known)
    return grouped.reset_index()[columns]


def time_step(frames: pd.DataFrame) -> float:
    """Time between neighbouring rows of a replica, ps (the median)."""
    steps = frames.groupby("replica")["time_ps"].diff().dropna()
    return float(steps.median()) if len(steps) else 0.0
