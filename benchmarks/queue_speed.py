"""The queue of four sites and two ions: a current-voltage curve, a ratio, 500 perturbed filters; against sparse LU with pivoting.

Both solve the same master equations in the same run; currents and ratios are compared first. Goal: a current-voltage curve in well
under a second, 500 perturbed filters in two seconds of processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from selectivity.constants import KJ_PER_KCAL
from selectivity.permeation import stationary
from selectivity.permeation.queue import current_voltage
from selectivity.permeation.queue_barrier import moved_queue_barriers
from selectivity.permeation.queue_model import node_lattice

NODES = KJ_PER_KCAL * np.array([1.6, 3.8, 2.0, 6.4, 1.6, 5.9, 1.2, 6.5, 4.0])
VOLTAGES = np.linspace(-150.0, 150.0, 61)
MIXED = {"inside": {"K": 140.0, "Na": 12.0}, "outside": {"K": 5.0, "Na": 145.0}, "v_mv": VOLTAGES, "temperature": 298.15}


def seconds(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Processor seconds of a second call (the first compiles and plans) and its result."""
    work()
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def by_sparse_lu(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """The same with every steady state by sparse LU."""
    most, stationary.MOST_ELIMINATED = stationary.MOST_ELIMINATED, 0
    try:
        return seconds(work)
    finally:
        stationary.MOST_ELIMINATED = most


def compare(name: str, work: Callable[[], np.ndarray], scale: float = 1.0) -> None:
    """One line: ours, theirs, the ratio, the largest difference."""
    ours, found = seconds(work)
    theirs, expected = by_sparse_lu(work)
    apart = float(np.abs(found - expected).max() / scale)
    print(f"{name}: {ours:.3f} s, sparse LU {theirs:.3f} s ({theirs / ours:.0f} times), apart by at most {apart:.1e}")


def main() -> None:
    model = node_lattice(NODES)
    curve = current_voltage(model, **MIXED)
    compare("61 voltages, four ions in the baths", lambda: current_voltage(model, **MIXED), np.abs(curve).max())
    variants = NODES + np.random.default_rng(1).normal(0.0, 3.0, size=(500, len(NODES)))
    compare("20 perturbed filters", lambda: moved_queue_barriers(variants[:20]))
    took, barriers = seconds(lambda: moved_queue_barriers(variants))
    print(f"500 perturbed filters: {took:.2f} s of processor time, spread {barriers.std():.2f} kJ/mol (goal 2 s)")


if __name__ == "__main__":
    main()
