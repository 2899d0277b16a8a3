"""Which states can ions in single file take, and which steps join them? The graph behind the lattice, free of any energy.

A state lists its ions as ((node, species), ...) from the inside outward. Ions stay at least ``apart`` nodes from one another, hop
between neighbouring nodes, and enter or leave at the two ends. The graph depends on four whole numbers only and is built once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from selectivity.errors import OutOfRange

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
State = tuple[tuple[int, int], ...]

MOST_STATES = 200_000
"""Above this many states the linear solve no longer fits a laptop; the lattice is refused instead."""

INSIDE, OUTSIDE = 0, 1


@dataclass(frozen=True, eq=False)
class OccupancyGraph:
    """States and steps. ``states[0]`` is the empty filter.

    ``hops`` rows are (from state, to state, species, lower node), always outward; ``gates`` rows (state without, state with, species,
    side); ``pairs`` rows (state, nodes between the two ions, species of one, species of the other). ``placement``
    (n_states, n_species * n_nodes) is 1 where a state has that ion on that node.
    """

    n_nodes: int
    n_species: int
    states: tuple[State, ...]
    hops: Integers
    gates: Integers
    pairs: Integers
    placement: csr_array
    ion_counts: Integers

    @property
    def n_states(self) -> int:
        """Number of states, the empty filter included."""
        return len(self.states)

    @property
    def steps(self) -> tuple[Integers, Integers]:
        """Origin and target of every step: hops outward, hops inward, entries, exits."""
        hops, gates = self.hops, self.gates
        return (
            np.concatenate([hops[:, 0], hops[:, 1], gates[:, 0], gates[:, 1]]),
            np.concatenate([hops[:, 1], hops[:, 0], gates[:, 1], gates[:, 0]]),
        )

    def repulsion(self, by_steps: Floats, valence: Integers) -> Floats:
        """Sum of z z' w over the pairs of every state (n_states,), for w by nodes apart (n_nodes,)."""
        state, apart, one, other = self.pairs.T
        energies = valence[one] * valence[other] * by_steps[apart]
        return np.asarray(np.bincount(state, weights=energies, minlength=self.n_states), dtype=float)


@lru_cache(maxsize=32)
def occupancy_graph(n_nodes: int, n_species: int, apart: int, max_ions: int) -> OccupancyGraph:
    """The graph of at most ``max_ions`` ions on ``n_nodes`` nodes; raises `OutOfRange` above `MOST_STATES` states.

    >>> occupancy_graph(9, 2, 2, 4).n_states
    651
    """
    states = _states(n_nodes, n_species, apart, max_ions)
    index = {state: i for i, state in enumerate(states)}
    counts = np.zeros((len(states), n_species), dtype=np.int64)
    rows, columns = [], []
    for row, state in enumerate(states):
        for node, s in state:
            counts[row, s] += 1
            rows.append(row)
            columns.append(s * n_nodes + node)
    placement = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(states), n_species * n_nodes))
    hops, gates = _hops(states, index, n_nodes), _gates(states, index, n_nodes, n_species)
    return OccupancyGraph(n_nodes, n_species, states, hops, gates, _pairs(states), placement, counts)


def _states(n_nodes: int, n_species: int, apart: int, max_ions: int) -> tuple[State, ...]:
    complete: list[State] = [()]
    layer: Sequence[State] = complete
    for _ in range(max_ions):
        layer = [
            (*state, (node, s))
            for state in layer
            for node in range(state[-1][0] + apart if state else 0, n_nodes)
            for s in range(n_species)
        ]
        complete = [*complete, *layer]
        if len(complete) > MOST_STATES:
            raise OutOfRange(
                f"more than {MOST_STATES} occupancy states for {n_nodes} nodes: fewer ions, species or a lower refinement is needed"
            )
    return tuple(complete)


def _pairs(states: tuple[State, ...]) -> Integers:
    rows = [(row, b[0] - a[0], a[1], b[1]) for row, state in enumerate(states) for a, b in combinations(state, 2)]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _hops(states: tuple[State, ...], index: dict[State, int], n_nodes: int) -> Integers:
    rows = []
    for origin, state in enumerate(states):
        for k, (node, s) in enumerate(state):
            target = index.get((*state[:k], (node + 1, s), *state[k + 1 :])) if node + 1 < n_nodes else None
            if target is not None:
                rows.append((origin, target, s, node))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _gates(states: tuple[State, ...], index: dict[State, int], n_nodes: int, n_species: int) -> Integers:
    rows = []
    for origin, state in enumerate(states):
        for s in range(n_species):
            for side, wider in ((INSIDE, ((0, s), *state)), (OUTSIDE, (*state, (n_nodes - 1, s)))):
                target = index.get(wider)
                if target is not None:
                    rows.append((origin, target, s, side))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)
