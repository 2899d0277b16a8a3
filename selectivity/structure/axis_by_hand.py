"""Where is the axis of rings given by hand? The line that sees every ring at one radius and one height."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.axis import Axis, perpendicular

# Weight of "all rings have one radius": it only decides where rings of a single oxygen leave the line open.
_BETWEEN_RINGS = 0.1


def axis_of_rings(points: Sequence[NDArray[np.float64]]) -> Axis:
    """The axis of rings of oxygens, each (n_i, 3) in Å, directed from the first ring towards the last.

    Minimises, over all lines, the spread of radius and height inside the rings, and weakly the spread of the mean radii, from
    several starts (centre line of the rings, principal directions of all oxygens). Rings of four need it least; rings of one
    or two oxygens (a helical pore such as gramicidin) get their axis from the whole set. A single ring has its own normal,
    seen from the side where its oxygens run counter-clockwise in the order given.
    """
    everything = np.concatenate(points)
    centre = everything.mean(axis=0)
    fits = [_refined(points, centre, start) for start in _starts(points, everything - centre)]
    _, origin, direction = min(fits, key=lambda f: f[0])
    return Axis(origin, direction * _sense(points, origin, direction))


def _starts(points: Sequence[NDArray[np.float64]], offsets: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    starts = list(np.linalg.svd(np.vstack([offsets, np.zeros((3, 3))]))[2])
    centres = np.array([p.mean(axis=0) for p in points])
    span = centres[-1] - centres[0]
    if np.linalg.norm(span) > 0.5:
        starts.insert(0, span / np.linalg.norm(span))
    return starts


def _refined(
    points: Sequence[NDArray[np.float64]], centre: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    from scipy.optimize import least_squares  # a third of a second that only rings given by hand need

    e1, e2 = perpendicular(start)
    everything = np.concatenate(points)
    sizes = np.array([len(p) for p in points])
    first = np.cumsum(sizes) - sizes
    ring = np.repeat(np.arange(len(points)), sizes)

    def line(p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        direction = start + p[2] * e1 + p[3] * e2
        return centre + p[0] * e1 + p[1] * e2, direction / np.linalg.norm(direction)

    def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
        axis = Axis(*line(p))
        radii, heights = axis.radii(everything), axis.heights(everything)
        mean_radii = np.add.reduceat(radii, first) / sizes
        mean_heights = np.add.reduceat(heights, first) / sizes
        between = _BETWEEN_RINGS * (mean_radii - mean_radii.mean())
        return np.concatenate([radii - mean_radii[ring], heights - mean_heights[ring], between])

    fit = least_squares(residuals, np.zeros(4), xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return (round(float(fit.cost), 9), *line(fit.x))


def _sense(points: Sequence[NDArray[np.float64]], origin: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    heights = np.array([((p - origin) @ direction).mean() for p in points])
    if len(points) > 1:
        trend = (np.arange(len(points)) - (len(points) - 1) / 2.0) @ heights
        return 1.0 if trend >= 0 else -1.0
    offsets = points[0] - points[0].mean(axis=0)
    turning = np.cross(offsets, np.roll(offsets, -1, axis=0)).sum(axis=0) @ direction
    return 1.0 if turning >= 0 else -1.0
