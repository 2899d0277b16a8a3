"""Where in its site does each ion live? Shares of the lower plane, the cage and the upper plane, with standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from selectivity.energetics.free_energy import Floats, mean_of_series
from selectivity.energetics.hamiltonian import Region

PLANE_SHARE = 0.25
"""Share of a site's length, counted from either plane, that belongs to the plane (docs/theory.md section 2): the cells of plane and cage
are equally long."""

BASINS = ("lower plane", "cage", "upper plane")


class Basin(NamedTuple):
    """Share of the time that an ion spends in one basin, its standard error, and the shares that independent runs found."""

    share: float
    error: float
    runs: tuple[float, ...]


def basin_index(heights: Floats, region: Region) -> Floats:
    """0, 1 or 2 (`BASINS`) for every height z (Å).

    >>> basin_index(np.array([-3.0, -1.5, -0.1]), Region(-3.1, 0.0, 1.8)).tolist()
    [0, 1, 2]
    """
    margin = PLANE_SHARE * (region.z_high - region.z_low)
    return np.asarray(np.digitize(heights, [region.z_low + margin, region.z_high - margin]))


def basins_of_runs(heights: Sequence[Floats], weights: Sequence[Floats], region: Region) -> dict[str, Basin]:
    """Shares of each basin from the heights (S,) and weights (S,) of independent runs.

    The error is that of the runs' correlated averages, or what the runs differ by where that is more.
    """
    found = {}
    for index, name in enumerate(BASINS):
        each = [
            mean_of_series((basin_index(z, region) == index).astype(float), w)
            for z, w in zip(heights, weights, strict=True)
        ]
        shares = np.array([share for share, _ in each])
        within = float(np.sqrt(np.sum([error**2 for _, error in each])) / len(each))
        between = float(shares.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0
        found[name] = Basin(float(shares.mean()), max(within, between), tuple(shares.tolist()))
    return found
