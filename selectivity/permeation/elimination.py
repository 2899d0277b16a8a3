"""How is a master equation solved for many sets of rates at once, without ever subtracting? By eliminating state after state.

The algorithm of Grassmann, Taksar and Heyman: a state is taken out of the chain and its traffic is handed to its neighbours,
q(i->j) += q(i->v) q(v->j) / sum_j q(v->j), until one is left; then the probabilities are read backwards. Only sums, products and
quotients of positive numbers occur, so that every probability keeps its relative accuracy although rates span forty decades, and
no pivoting is needed: which entries are touched depends on the graph alone, is worked out once, and serves any number of voltages,
baths and energies side by side.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

MOST_LANES = 64
"""Sets of rates that one pass solves side by side, so that the processor works on vectors; results do not depend on it."""


@dataclass(frozen=True, eq=False)
class Elimination:
    """The order of elimination of a graph and every entry it touches.

    ``order`` (n,) lists the states, the last one survives. For the v-th of the others the slices ``first[v]:first[v + 1]`` of
    ``neighbour``, ``inward`` and ``outward`` give its neighbours still there and the slots of the rates from and to them, and
    ``first_fill[v]:...`` of ``fill`` the slots (neighbour a -> neighbour b), a outer, b inner, a != b. ``edge_slot`` (n_edges,)
    is the slot of each given edge; edges that join the same two states share one.
    """

    order: NDArray[np.int32]
    first: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    inward: NDArray[np.int32]
    outward: NDArray[np.int32]
    first_fill: NDArray[np.int64]
    fill: NDArray[np.int32]
    edge_slot: NDArray[np.int32]
    n_slots: int

    @property
    def n_states(self) -> int:
        """Number of states of the chain."""
        return len(self.order)


def elimination(n_states: int, origin: NDArray[np.int64], target: NDArray[np.int64]) -> Elimination:
    """Plan for a chain of connected states with edges origin -> target (n_edges,); state 0 is the one that is left at the end."""
    order, neighbours = _order_of_least_degree(n_states, origin, target)
    slots = np.full((n_states, n_states), -1, dtype=np.int32)
    count = 0
    for v, near in zip(order, neighbours, strict=False):
        slots[near, v] = count + np.arange(len(near))
        slots[v, near] = count + len(near) + np.arange(len(near))
        count += 2 * len(near)
    sizes = np.array([len(near) for near in neighbours], dtype=np.int64)
    fill = [slots[np.ix_(near, near)][~np.eye(len(near), dtype=bool)] for near in neighbours]
    return Elimination(
        np.array(order, dtype=np.int32),
        np.concatenate([[0], np.cumsum(sizes)]),
        _joined(neighbours),
        _joined([slots[near, v] for v, near in zip(order, neighbours, strict=False)]),
        _joined([slots[v, near] for v, near in zip(order, neighbours, strict=False)]),
        np.concatenate([[0], np.cumsum(sizes * (sizes - 1))]),
        _joined(fill),
        slots[origin, target],
        count,
    )


def stationary_probabilities(plan: Elimination, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stationary probabilities (n_states, m) of m chains with the rates (n_edges, m) of one graph, each summing to 1.

    State 0 must be within reach of every state in every chain.
    """
    parts = [
        _eliminated(
            plan.order, plan.first, plan.neighbour, plan.inward, plan.outward, plan.first_fill, plan.fill, plan.edge_slot,
            plan.n_slots, np.ascontiguousarray(rates[:, start : start + MOST_LANES]),
        )
        for start in range(0, rates.shape[1], MOST_LANES)
    ]  # fmt: skip
    probability = np.concatenate(parts, axis=1)
    return np.asarray(probability / probability.sum(axis=0))


def _order_of_least_degree(
    n_states: int, origin: NDArray[np.int64], target: NDArray[np.int64]
) -> tuple[list[int], list[NDArray[np.int32]]]:
    """The state with the fewest neighbours goes first; sets of states are the bits of whole numbers."""
    near = [0] * n_states
    for a, b in zip(origin.tolist(), target.tolist(), strict=True):
        near[a] |= 1 << b
        near[b] |= 1 << a
    waiting = [(bits.bit_count(), v) for v, bits in enumerate(near) if v]
    heapq.heapify(waiting)
    order: list[int] = []
    neighbours: list[NDArray[np.int32]] = []
    left = set(range(1, n_states))
    while left:
        degree, v = heapq.heappop(waiting)
        if v not in left or degree != near[v].bit_count():
            continue
        left.remove(v)
        order.append(v)
        mine = _members(near[v])
        neighbours.append(np.array(mine, dtype=np.int32))
        for u in mine:
            near[u] = (near[u] | near[v]) & ~(1 << u | 1 << v)
            if u:
                heapq.heappush(waiting, (near[u].bit_count(), u))
    return [*order, 0], neighbours


def _members(bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def _joined(parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(parts).astype(np.int32) if parts else np.empty(0, dtype=np.int32)


@njit(cache=True, nogil=True, error_model="numpy")
def _eliminated(order, first, neighbour, inward, outward, first_fill, fill, edge_slot, n_slots, rates) -> Any:
    lanes = rates.shape[1]
    q = np.zeros((n_slots, lanes))
    for e in range(edge_slot.size):
        _add(q[edge_slot[e]], rates[e])
    n = order.size
    leaving = np.zeros((n - 1, lanes))
    for v in range(n - 1):
        for b in range(first[v], first[v + 1]):
            _add(leaving[v], q[outward[b]])
        at = first_fill[v]
        for a in range(first[v], first[v + 1]):
            share = q[inward[a]] / leaving[v]
            for b in range(first[v], first[v + 1]):
                if b != a:
                    _add_product(q[fill[at]], share, q[outward[b]])
                    at += 1
    found = np.zeros((n, lanes))
    found[order[n - 1]] = 1.0
    for v in range(n - 2, -1, -1):
        for a in range(first[v], first[v + 1]):
            _add_product(found[order[v]], found[neighbour[a]], q[inward[a]])
        found[order[v]] /= leaving[v]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _add(total, part) -> None:
    for lane in range(total.size):
        total[lane] += part[lane]


@njit(cache=True, nogil=True, error_model="numpy")
def _add_product(total, one, other) -> None:
    for lane in range(total.size):
        total[lane] += one[lane] * other[lane]
