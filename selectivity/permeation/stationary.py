"""How often is each state visited, and what passes through every link? The master equation of the queue, solved."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from selectivity.permeation.elimination import Elimination, elimination, stationary_probabilities
from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import INSIDE, Floats, Integers, OccupancyGraph
from selectivity.permeation.queue_rates import QueueRates

MOST_ELIMINATED = 2500
"""Lattices of more states (fine refinements) are solved by sparse LU with pivoting instead: their elimination plans grow too large."""


def stationary(lattice: Lattice, rates: QueueRates) -> Floats:
    """Probability of every state (n_states, m), one column for each column of the rates.

    States that cannot be reached because their ion is in neither bath, or would have to overtake another, have probability 0.
    """
    if lattice.n_states > MOST_ELIMINATED:
        return np.column_stack([_by_sparse_lu(lattice, rates, k) for k in range(rates.entry.shape[1])])
    closed = tuple((rates.baths_molar == 0.0).ravel().tolist())
    plan, reached, steps = _plan(lattice.graph, closed)
    probability = np.zeros((lattice.n_states, rates.entry.shape[1]))
    probability[reached] = stationary_probabilities(plan, rates.steps[steps])
    return probability


def traffic(lattice: Lattice, rates: QueueRates, probability: Floats) -> tuple[Floats, Floats]:
    """Ions that pass each link outward and inward, 1/s, each (n_species, n_nodes + 1, m); their difference is the net flux."""
    hops, gates = lattice.graph.hops, lattice.graph.gates
    inner = (gates[:, 3] == INSIDE)[:, None]
    entering = rates.entry * probability[gates[:, 0]]
    leaving = rates.exit * probability[gates[:, 1]]
    by_hop, by_gate = _links(lattice.graph)
    outward = by_hop @ (rates.hop_forward * probability[hops[:, 0]]) + by_gate @ np.where(inner, entering, leaving)
    inward = by_hop @ (rates.hop_backward * probability[hops[:, 1]]) + by_gate @ np.where(inner, leaving, entering)
    shape = (len(lattice.species), lattice.n_nodes + 1, -1)
    return outward.reshape(shape), inward.reshape(shape)


@lru_cache(maxsize=16)
def _plan(graph: OccupancyGraph, closed: tuple[bool, ...]) -> tuple[Elimination, Integers, Integers]:
    """Elimination of the states within reach when no ion enters through the closed gates; which states and steps these are."""
    origin, target = graph.steps
    gates = graph.gates
    shut = np.array(closed).reshape(2, graph.n_species)[gates[:, 3], gates[:, 2]]
    open_step = np.ones(len(origin), dtype=bool)
    open_step[2 * len(graph.hops) : 2 * len(graph.hops) + len(gates)] = ~shut
    reached = _within_reach(graph.n_states, origin[open_step], target[open_step])
    number = np.full(graph.n_states, -1)
    number[reached] = np.arange(len(reached))
    steps = np.flatnonzero((number[origin] >= 0) & (number[target] >= 0))
    return elimination(len(reached), number[origin[steps]], number[target[steps]]), reached, steps


def _within_reach(n_states: int, origin: Integers, target: Integers) -> Integers:
    """States that can be reached from the empty filter."""
    steps = csr_array((np.ones(len(origin)), (target, origin)), shape=(n_states, n_states))
    seen = np.zeros(n_states, dtype=bool)
    seen[0] = True
    while True:
        wider = seen | ((steps @ seen.astype(float)) > 0)
        if (wider == seen).all():
            return np.flatnonzero(seen)
        seen = wider


@lru_cache(maxsize=32)
def _links(graph: OccupancyGraph) -> tuple[csr_array, csr_array]:
    """Sums over hops and over gates for each (species, link); link 0 is the inner end, link n_nodes the outer one."""
    n_links = graph.n_nodes + 1
    hops, gates = graph.hops, graph.gates
    by_hop = hops[:, 2] * n_links + hops[:, 3] + 1
    by_gate = gates[:, 2] * n_links + np.where(gates[:, 3] == INSIDE, 0, graph.n_nodes)
    return tuple(
        csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(graph.n_species * n_links, len(row)))
        for row in (by_hop, by_gate)
    )


def _by_sparse_lu(lattice: Lattice, rates: QueueRates, column: int) -> Floats:
    """Solve K p = 0 after scaling with the square root of a Boltzmann factor, which makes the matrix nearly symmetric."""
    # geometric mean of the two baths: a chemical potential that both sides can live with
    softened = np.log(np.maximum(rates.baths_molar, 1e-9)).mean(axis=0)
    weight = -rates.reduced_energy[:, column] + lattice.ion_counts @ softened
    root = np.exp((weight - weight.max()) / 2)
    origin, target = lattice.graph.steps
    rate = rates.steps[:, column]
    n = lattice.n_states
    leaving = np.bincount(origin, weights=rate, minlength=n)
    rows = np.concatenate([target, np.arange(n)])
    columns = np.concatenate([origin, np.arange(n)])
    values = np.concatenate([rate * root[origin] / root[target], -leaving])
    matrix = csc_array((values, (rows, columns)), shape=(n, n))
    pivot = int(np.argmax(weight))
    kept = np.delete(np.arange(n), pivot)
    balance = matrix[:, kept][kept, :]
    scaled = np.empty(n)
    scaled[pivot] = 1.0
    scaled[kept] = splu(balance.tocsc()).solve(-matrix[:, [pivot]].toarray()[kept, 0])
    probability = np.maximum(scaled * root, 0.0)
    return np.asarray(probability / probability.sum())
