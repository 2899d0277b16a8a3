"""Which points lie together? Connected groups of points closer than a distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Rows of the distance matrix held at once: a few thousand motifs then need a few megabytes.
_ROWS = 256


def close_pairs(points: ArrayLike, distance: float) -> NDArray[np.int64]:
    """Index pairs i < j of points (n, d) within ``distance`` of each other, shape (n_pairs, 2).

    Plain numpy: the points are motifs and ions, some hundreds at most, and importing a search tree costs more than it saves.

    >>> close_pairs([[0.0], [5.0], [0.5]], 1.0).tolist()
    [[0, 2]]
    """
    at = np.asarray(points, dtype=float)
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(at), _ROWS):
        apart = ((at[start : start + _ROWS, None] - at[None, start:]) ** 2).sum(axis=-1)
        i, j = np.nonzero(apart <= distance**2)
        found.append(np.stack([i, j], axis=1)[i < j] + start)
    return np.concatenate(found)


def connected_groups(n: int, pairs: ArrayLike) -> list[list[int]]:
    """The connected sets among n points joined by index pairs, each ascending, in order of their first member.

    >>> connected_groups(5, [(0, 3), (3, 4), (1, 2)])
    [[0, 3, 4], [1, 2]]
    """
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in np.asarray(pairs, dtype=np.int64).reshape(-1, 2).tolist():
        first, second = sorted((root(i), root(j)))
        parent[second] = first
    groups: dict[int, list[int]] = {}
    for i in range(n):
        groups.setdefault(root(i), []).append(i)
    return list(groups.values())
