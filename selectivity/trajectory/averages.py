"""What is the mean over frames, and how well is it known? Frames remember each other: errors count independent ones only.

Three errors of one mean: from the statistical inefficiency g of the series (`pymbar`, chodera2007 there), sigma sqrt(g/N); from
blocks of growing length (Flyvbjerg and Petersen 1989), the largest over levels with at least 16 blocks; and between replicas, by
drawing whole replicas again and again. The quoted error is the largest of the first two; the interval over replicas stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]

FEWEST_BLOCKS = 16
"""Blocks of a level of the block analysis: its error is itself known to 1/sqrt(2 * 15), a fifth."""

DRAWS = 2000
FEWEST_REPLICAS = 3


@dataclass(frozen=True)
class Mean:
    """A mean over frames in the unit of the values.

    ``error`` is the larger of ``autocorrelation_error`` and ``block_error`` (None with fewer than two values); ``inefficiency`` frames
    count as one; ``replica_interval`` is the 95 % interval over replicas (None with fewer than three).
    """

    mean: float | None
    error: float | None
    n_frames: int
    inefficiency: float | None
    autocorrelation_error: float | None
    block_error: float | None
    replica_interval: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return dict(vars(self))


def mean_over_frames(replicas: Sequence[ArrayLike], *, seed: int = 0) -> Mean:
    """Mean and errors of one number per frame, a series for each replica; frames with NaN are left out.

    >>> alternating = mean_over_frames([[1.0, 2.0] * 50])
    >>> alternating.mean, alternating.n_frames
    (1.5, 100)
    """
    series = [clean for values in replicas if len(clean := finite(values))]
    n = sum(len(s) for s in series)
    if n == 0:
        return Mean(None, None, 0, None, None, None, None)
    pooled = np.concatenate(series)
    mean = float(pooled.mean())
    if n < 2:
        return Mean(mean, None, n, None, None, None, None)
    g = inefficiency(series)
    correlated = float(pooled.std(ddof=1) * np.sqrt(g / n))
    blocked = block_error(series)
    error = correlated if blocked is None else max(correlated, blocked)
    return Mean(mean, error, n, g, correlated, blocked, replica_interval(series, seed=seed))


def finite(values: ArrayLike) -> Vector:
    """The values that are numbers."""
    array = np.asarray(values, dtype=float)
    return array[np.isfinite(array)]


def inefficiency(series: Sequence[Vector]) -> float:
    """Frames that count as one (at least 1): the mean over replicas, each by its length; 1 for series that never change."""
    from selectivity.energetics.free_energy import _pymbar  # imported late and without its advertisements

    found, weights = [], []
    for values in series:
        moving = len(values) > 3 and float(np.ptp(values)) > 1e-12 * max(1.0, float(np.abs(values).max()))
        found.append(float(_pymbar().timeseries.statistical_inefficiency(values)) if moving else 1.0)
        weights.append(len(values))
    return max(1.0, float(np.average(found, weights=weights)))


def block_error(series: Sequence[Vector]) -> float | None:
    """Largest standard error of the mean over block lengths 1, 2, 4, ... with at least 16 blocks in all; None with fewer values."""
    blocks, best = [np.asarray(s) for s in series], None
    while sum(len(b) for b in blocks) >= FEWEST_BLOCKS:
        every = np.concatenate(blocks)
        error = float(every.std(ddof=1) / np.sqrt(len(every)))
        best = error if best is None else max(best, error)
        blocks = [0.5 * (b[0 : len(b) // 2 * 2 : 2] + b[1 : len(b) // 2 * 2 : 2]) for b in blocks]
    return best


def replica_interval(series: Sequence[Vector], *, seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of the mean when replicas are drawn anew (with their numbers of frames as weights)."""
    if len(series) < FEWEST_REPLICAS:
        return None
    means, weights = np.array([s.mean() for s in series]), np.array([len(s) for s in series], dtype=float)
    draws = np.random.default_rng(seed).integers(len(series), size=(DRAWS, len(series)))
    drawn = (means[draws] * weights[draws]).sum(axis=1) / weights[draws].sum(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)
