"""Where is the pore axis? The line through the centres of the rings, from the cavity outward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Axis:
    """A directed line: a point on it and a unit vector (Å)."""

    origin: NDArray[np.float64]
    direction: NDArray[np.float64]

    def heights(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Heights along the axis of positions (..., 3), shape (...), Å."""
        return (np.asarray(positions, dtype=float) - self.origin) @ self.direction

    def radii(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Distances from the axis of positions (..., 3), shape (...), Å."""
        offset = np.asarray(positions, dtype=float) - self.origin
        across = offset - (offset @ self.direction)[..., None] * self.direction
        return np.linalg.norm(across, axis=-1)

    def cylindrical(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Radius (Å), azimuth (rad, counter-clockwise seen from outside, arbitrary zero) and height (Å), shape (..., 3)."""
        e1, e2 = perpendicular(self.direction)
        offset = np.asarray(positions, dtype=float) - self.origin
        x, y = offset @ e1, offset @ e2
        return np.stack([np.hypot(x, y), np.arctan2(y, x), offset @ self.direction], axis=-1)

    def moved_to(self, height: float) -> Axis:
        """The same line with its origin shifted along it (Å)."""
        return Axis(self.origin + height * self.direction, self.direction)


def perpendicular(direction: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two unit vectors that make a right-handed frame with ``direction``."""
    seed = np.eye(3)[int(np.argmin(np.abs(direction)))]
    e1 = seed - (seed @ direction) * direction
    e1 /= np.linalg.norm(e1)
    return e1, np.cross(direction, e1)


def fit_axis(centres: ArrayLike) -> Axis:
    """The total-least-squares line through ring centres (n, 3), Å, directed from the first towards the last.

    For strands related by an n-fold rotation every ring centre lies exactly on the axis; otherwise the line minimises the
    sum of their squared distances.

    >>> axis = fit_axis([[1.0, 2.0, 0.0], [1.0, 2.0, 3.0], [1.0, 2.0, 6.0]])
    >>> (axis.direction.round(6) + 0.0).tolist()
    [0.0, 0.0, 1.0]
    """
    points = np.asarray(centres, dtype=float)
    origin = points.mean(axis=0)
    direction = np.linalg.svd(points - origin)[2][0]
    # The sense is the trend of the whole sequence, so that one misplaced centre cannot turn the pore round.
    trend = np.arange(len(points)) - (len(points) - 1) / 2.0
    if trend @ ((points - origin) @ direction) < 0:
        direction = -direction
    return Axis(origin, direction)
