"""Where can a water stand? The cubes of a region that no fixed atom of the protein fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.energetics.groups import Vector
from selectivity.energetics.ligands import check_region
from selectivity.errors import OutOfRange

EDGE = 0.25
"""Edge of the cubes, Å: a tenth of the diameter of a water, so that volumes are right to a few per cent."""

WATER_RADIUS = 1.4
"""Å; the usual probe (half the oxygen-oxygen distance in liquid water)."""

CONTACT = {"C": 1.70 + WATER_RADIUS, "S": 1.80 + WATER_RADIUS, "N": 2.6, "O": 2.6}
"""Closest approach of a water oxygen to a heavy atom, Å: Bondi radius + probe for C and S (source: bondi1964); N and O may
donate or accept a hydrogen bond, and few of these are shorter than 2.6 Å. Other elements are treated as carbon."""


class WaterRegion(NamedTuple):
    """A cylinder on the axis that water may fill: name, between two heights and within a lateral radius (Å, pore frame)."""

    name: str
    z_low: float
    z_high: float
    lateral_radius: float


@dataclass(frozen=True)
class Domain:
    """Cubes of edge ``edge`` (Å) on a grid from ``origin`` (3,): ``allowed`` (nx, ny, nz), ``cells`` (C, 3) the indices of allowed ones."""

    origin: Vector
    edge: float
    allowed: NDArray[np.bool_]
    cells: NDArray[np.int64]

    @property
    def volume(self) -> float:
        """Free volume, Å^3."""
        return len(self.cells) * self.edge**3

    def centres(self) -> Vector:
        """Centres of the allowed cubes, shape (C, 3), Å."""
        return self.origin + self.edge * (self.cells + 0.5)


def free_domain(
    regions: Sequence[WaterRegion],
    *,
    obstacles: ArrayLike = (),
    contacts: ArrayLike = (),
    connected: bool = True,
    edge: float = EDGE,
) -> Domain:
    """The part of the regions that is further than ``contacts`` (n,) from ``obstacles`` (n, 3), Å.

    A cube belongs to a region when its centre does. With ``connected`` pockets that no path of cubes joins to the axis are left
    out: water behind the wall of the pore does not hydrate the ion in it. Raises `OutOfRange` for a region without points.

    >>> cylinder = WaterRegion("mouth", 6.0, 11.0, 4.0)
    >>> bool(abs(free_domain([cylinder]).volume / (np.pi * 4.0**2 * 5.0) - 1) < 0.01)
    True
    >>> blocked = free_domain([cylinder], obstacles=[[4.0, 0.0, 8.0]], contacts=[3.1])
    >>> blocked.volume < free_domain([cylinder]).volume
    True
    """
    for region in regions:
        check_region(region[1:])
    if not regions:
        raise OutOfRange("no region for water: give at least one (z_low, z_high, lateral radius)")
    radius = max(r.lateral_radius for r in regions)
    low = np.array([-radius, -radius, min(r.z_low for r in regions)])
    high = np.array([radius, radius, max(r.z_high for r in regions)])
    shape = np.ceil((high - low) / edge - 1e-9).astype(int)
    axes = [low[a] + edge * (np.arange(shape[a]) + 0.5) for a in range(3)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    lateral, allowed = np.hypot(x, y), np.zeros(shape, dtype=bool)
    for r in regions:
        allowed |= (lateral <= r.lateral_radius) & (z > r.z_low) & (z < r.z_high)
    points, limits = np.asarray(obstacles, dtype=float).reshape(-1, 3), np.asarray(contacts, dtype=float)
    for point, limit in zip(points, limits, strict=True):
        if np.all(point > low - limit) and np.all(point < high + limit):
            allowed &= (x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2 >= limit**2
    if connected:
        allowed = _joined_to_axis(allowed, lateral, edge)
    cells = np.argwhere(allowed)
    return Domain(low, edge, allowed, cells.astype(np.int64))


def contact_distances(elements: Sequence[str]) -> Vector:
    """Closest approach of a water oxygen to atoms of these elements, shape (n,), Å.

    >>> contact_distances(["C", "O"]).round(2).tolist()
    [3.1, 2.6]
    """
    return np.array([CONTACT.get(element.capitalize(), CONTACT["C"]) for element in elements])


def _joined_to_axis(allowed: NDArray[np.bool_], lateral: Vector, edge: float) -> NDArray[np.bool_]:
    from scipy.ndimage import label

    labels, _ = label(allowed)
    on_axis = set(labels[allowed & (lateral <= 2.0 * edge)].tolist())
    return np.asarray(np.isin(labels, sorted(on_axis)) & allowed)
