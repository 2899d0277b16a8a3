"""Where along the pore does an ion rest, and what stands in its way? Wells and barriers of a profile, named by cage and plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import find_peaks

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.energetics.basins import PLANE_SHARE
from selectivity.errors import OutOfRange
from selectivity.structure.filter import Filter

Vector = NDArray[np.float64]

RESOLUTION = 0.02
"""Å; grid on which the spline through a profile is searched for its extremes, far below what a height means."""


@dataclass(frozen=True)
class Landmarks:
    """What the heights are called (Å): ``planes`` (name, z) of the rings about the cages, ``cages`` (name, z_low, z_high)."""

    planes: tuple[tuple[str, float], ...]
    cages: tuple[tuple[str, float, float], ...]

    @property
    def heights(self) -> Vector:
        """Heights of the planes (m,), Å."""
        return np.array([z for _, z in self.planes])

    def place(self, z: float) -> str:
        """ "plane V76 O" within a quarter of a site's length of a plane, else "S2 cage"; "cavity" or "mouth" beyond the last planes."""
        for name, low, high in self.cages:
            if low <= z <= high and min(z - low, high - z) > PLANE_SHARE * (high - low):
                return f"{name} cage"
        name, nearest = min(self.planes, key=lambda plane: abs(plane[1] - z))
        reach = PLANE_SHARE * max(high - low for _, low, high in self.cages)
        if abs(nearest - z) <= reach + 1e-6 or self.planes[0][1] <= z <= self.planes[-1][1]:
            return f"plane {name}"
        return "cavity" if z < self.planes[0][1] else "mouth"


@dataclass(frozen=True)
class Extreme:
    """A well or a barrier of one ion: its height on the axis (Å), place, energy, and how far (kJ/mol) it stands out.

    ``prominence_kj_mol`` is the way up out of a well to the lower of its two sides, or down from a barrier to the higher one.
    """

    kind: Literal["well", "barrier"]
    place: str
    z: float
    energy_kj_mol: float
    prominence_kj_mol: float

    @property
    def words(self) -> str:
        """ "well in the S2 cage" or "barrier in the plane V76 O"."""
        where = f"the {self.place}" if self.place not in ("cavity", "mouth") else f"the {self.place} end"
        return f"{self.kind} in {where}"


def landmarks(filter: Filter) -> Landmarks:
    """Planes and cages of the dehydrated sites of a filter, from the cavity outward.

    Raises OutOfRange for a filter without a cage between two rings.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> marks = landmarks(ideal_filter("kcsa-like"))
    >>> [name for name, _ in marks.planes], [cage[0] for cage in marks.cages]
    (['T75 OG1', 'T75 O', 'V76 O', 'G77 O', 'Y78 O'], ['S4', 'S3', 'S2', 'S1'])
    >>> marks.place(1.5), marks.place(0.2), marks.place(9.0)
    ('S2 cage', 'plane V76 O', 'mouth')
    """
    sites = [site for site in filter.sites if site.dehydrated and site.inner is not None and site.outer is not None]
    if not sites:
        raise OutOfRange("no cage between two rings: this filter has no profile of wells and planes")
    planes = {filter.rings[index].name: z for s in sites for index, z in ((s.inner, s.z_low), (s.outer, s.z_high))}  # type: ignore[index]
    return Landmarks(tuple(planes.items()), tuple((s.name, s.z_low, s.z_high) for s in sites))


def wells_and_barriers(
    z: ArrayLike,
    w: ArrayLike,
    marks: Landmarks,
    *,
    least_kj_mol: float | None = None,
    temperature: float = ROOM_TEMPERATURE,
) -> tuple[Extreme, ...]:
    """Wells and barriers of one ion's profile w (n,) kJ/mol at heights z (n,) Å, from the inside outward.

    An extreme counts when it stands out by ``least_kj_mol`` (default RT: less does not hold an ion); ends of the profile are neither
    wells nor barriers. Between the heights a cubic spline is searched.

    >>> marks = Landmarks((("A", 0.0), ("B", 3.0)), (("S1", 0.0, 3.0),))
    >>> z = np.linspace(-0.75, 3.75, 19)
    >>> found = wells_and_barriers(z, 20.0 * np.cos(2.0 * np.pi * z / 3.0), marks)
    >>> [(each.words, round(each.energy_kj_mol)) for each in found]
    [('barrier in the plane A', 20), ('well in the S1 cage', -20), ('barrier in the plane B', 20)]
    """
    heights, energy = np.asarray(z, float), np.asarray(w, float)
    if len(heights) < 4 or heights.shape != energy.shape or np.any(np.diff(heights) <= 0.0):
        raise OutOfRange(
            f"{len(heights)} heights and {energy.size} energies: at least four, increasing, and one energy of each"
        )
    least = thermal_energy(temperature) if least_kj_mol is None else least_kj_mol
    fine = np.linspace(heights[0], heights[-1], 2 + int((heights[-1] - heights[0]) / RESOLUTION))
    smooth = CubicSpline(heights, energy)(fine)
    found: list[Extreme] = []
    kinds: tuple[tuple[Literal["well", "barrier"], float], ...] = (("well", -1.0), ("barrier", 1.0))
    for kind, sign in kinds:
        peaks, properties = find_peaks(sign * smooth, prominence=least)
        for i, prominence in zip(peaks, properties["prominences"], strict=True):
            found.append(Extreme(kind, marks.place(fine[i]), float(fine[i]), float(smooth[i]), float(prominence)))
    return tuple(sorted(found, key=lambda extreme: extreme.z))
