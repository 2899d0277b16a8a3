"""What does the queue look like event by event? Exact stochastic simulation of the same lattice (Gillespie's direct method)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import INSIDE, OUTSIDE, Floats, Integers
from selectivity.permeation.queue_rates import queue_rates

NOT_A_GATE = -1


@dataclass(frozen=True)
class QueueTrajectory:
    """Totals of one simulated stretch.

    ``duration_s`` and ``n_events``; ``crossings`` maps species to ions that entered minus left at the (inside, outside) end, both
    counted outward; ``occupancy`` maps species to the time-averaged number of ions on each node (n_nodes,).
    """

    duration_s: float
    n_events: int
    crossings: dict[str, tuple[int, int]]
    occupancy: dict[str, Floats]


def simulate_queue(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: float,
    temperature: float,
    n_events: int,
    seed: int,
    hop_rate_per_s: float | None = None,
) -> QueueTrajectory:
    """Simulate ``n_events`` steps from the empty filter; baths in mM, voltage in mV, temperature in K.

    The same seed gives the same events. Errors as `selectivity.permeation.queue.steady_state`.
    """
    rates = queue_rates(
        lattice, inside=inside, outside=outside, v_mv=v_mv, temperature=temperature, hop_rate_per_s=hop_rate_per_s
    )
    hops, gates = lattice.graph.hops, lattice.graph.gates
    inner = gates[:, 3] == INSIDE
    outward = np.where(inner, 1, -1)
    gate_id = 2 * gates[:, 2] + np.where(inner, INSIDE, OUTSIDE)
    no_gate = np.full(len(hops), NOT_A_GATE)
    zero = np.zeros(len(hops), dtype=np.int64)
    origin, target = lattice.graph.steps
    rate = rates.steps[:, 0]
    gate = np.concatenate([no_gate, no_gate, gate_id, gate_id])
    sign = np.concatenate([zero, zero, outward, -outward])
    order = np.argsort(origin, kind="stable")
    first = np.searchsorted(origin[order], np.arange(lattice.n_states + 1))
    time_in, crossed = _run()(
        first, target[order], rate[order], gate[order], sign[order],
        lattice.n_states, 2 * len(lattice.species), n_events, np.random.default_rng(seed),
    )  # fmt: skip
    return _totals(lattice, time_in, crossed, n_events)


def _totals(lattice: Lattice, time_in: Floats, crossed: Integers, n_events: int) -> QueueTrajectory:
    duration = float(time_in.sum())
    occupied = lattice.occupancy(time_in / duration)
    return QueueTrajectory(
        duration,
        n_events,
        {name: (int(crossed[2 * s]), int(crossed[2 * s + 1])) for s, name in enumerate(lattice.species)},
        {name: occupied[s] for s, name in enumerate(lattice.species)},
    )


@lru_cache(maxsize=1)
def _run() -> Any:
    """The compiled event loop (numba is imported only when somebody simulates)."""
    from numba import njit

    @njit(nogil=True)
    def run(first, target, rate, gate, sign, n_states, n_gates, n_events, rng):  # type: ignore[no-untyped-def]
        time_in = np.zeros(n_states)
        crossed = np.zeros(n_gates, dtype=np.int64)
        state = 0
        for _ in range(n_events):
            total = 0.0
            for k in range(first[state], first[state + 1]):
                total += rate[k]
            time_in[state] += rng.exponential() / total
            goal = rng.random() * total
            k = first[state]
            while goal >= rate[k] and k < first[state + 1] - 1:
                goal -= rate[k]
                k += 1
            if gate[k] >= 0:
                crossed[gate[k]] += sign[k]
            state = target[k]
        return time_in, crossed

    return run
