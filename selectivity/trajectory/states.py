"""Which states does the filter visit? Occupancy strings and flips: how often, how long, what follows what, what they change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from selectivity.trajectory.averages import Mean, mean_over_frames
from selectivity.trajectory.condition import OK
from selectivity.trajectory.passages import stride_of, time_step


def usable(frames: pd.DataFrame) -> pd.DataFrame:
    """The frames that have numbers."""
    return frames[frames["state"] == OK]


def by_replica(frames: pd.DataFrame, values: pd.Series) -> list[np.ndarray]:
    """A series for each replica, in the order of its frames."""
    return [values[rows].to_numpy(dtype=float) for _, rows in frames.groupby("replica").groups.items()]


def populations(frames: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Share of the usable frames in every occupancy state with its error, the commonest first; time is not weighed."""
    good = usable(frames)
    rows = []
    for state, number in good["occupancy"].value_counts(sort=True).items():
        mean = mean_over_frames(by_replica(good, (good["occupancy"] == state).astype(float)), seed=seed)
        rows.append({"occupancy": state, "frames": int(number), "share": mean.mean, "share_error": mean.error})
    table = pd.DataFrame(rows, columns=["occupancy", "frames", "share", "share_error"])
    return table.sort_values(["frames", "occupancy"], ascending=[False, True], kind="stable").reset_index(drop=True)


def transitions(frames: pd.DataFrame) -> pd.DataFrame:
    """How often one occupancy state follows another in the next frame of the same replica, and its rate (per ns spent in the first).

    Pairs that an unusable frame separates are left out. Changes faster than the time between frames are not seen.
    """
    columns = ["from", "to", "count", "rate_per_ns"]
    good = usable(frames).sort_values(["replica", "frame"], kind="stable")
    if good.empty:
        return pd.DataFrame(columns=columns)
    after = good.shift(-1)
    linked = (after["replica"] == good["replica"]) & (after["frame"] - good["frame"] == stride_of(frames))
    pairs = pd.DataFrame({"from": good["occupancy"], "to": after["occupancy"]})[linked]
    time_ns = pairs["from"].value_counts() * time_step(frames) / 1000.0
    moved = pairs[pairs["from"] != pairs["to"]]
    if moved.empty:
        return pd.DataFrame(columns=columns)
    counts = moved.groupby(["from", "to"]).size().rename("count").reset_index()
    counts["rate_per_ns"] = counts["count"] / counts["from"].map(time_ns).replace(0.0, np.nan)
    return counts.sort_values(["count", "from", "to"], ascending=[False, True, True], kind="stable").reset_index(
        drop=True
    )[columns]


def flipped(frames: pd.DataFrame, residue: str) -> pd.Series:
    """How many carbonyls of a residue ("V76") point away from the axis in each frame, 0 to 4."""
    names = [name for name in frames.columns if name.startswith(f"flipped_{residue}.")]
    return frames[names].sum(axis=1).rename(f"flipped_{residue}")


def conditional_means(frames: pd.DataFrame, column: str, by: pd.Series, *, seed: int = 0) -> pd.DataFrame:
    """Mean of a column where ``by`` (one label per frame: occupancy, a number of flips, ...) has each of its values, with errors."""
    good = usable(frames)
    labels = by.loc[good.index]
    rows = []
    for label in sorted(labels.unique()):
        chosen = good[column].where(labels == label)
        mean: Mean = mean_over_frames(by_replica(good, chosen), seed=seed)
        rows.append({by.name or "by": label, "frames": mean.n_frames, "mean": mean.mean, "error": mean.error})
    return pd.DataFrame(rows)


def bound_only(frames: pd.DataFrame, column: str, site: str, ion: str = "K") -> pd.Series:
    """A column with NaN where the site does not hold the ion ("K", "Na")."""
    return frames[column].where(frames[f"n_{ion.lower()}_{site}"] > 0)
