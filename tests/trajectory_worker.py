"""A run that tells how far it is, to be killed: python trajectory_worker.py run TOPOLOGY TRAJECTORY... OUT."""

from __future__ import annotations

import sys
import time
import warnings

from selectivity.trajectory.block import Model
from selectivity.trajectory.engine import run_trajectories


def tell(done: int, total: int) -> None:
    """Print how many frames are done, then wait: a signal finds the run between or within chunks."""
    print(done, flush=True)
    time.sleep(0.05)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    _, _, topology, *trajectories, out = sys.argv
    run_trajectories(topology, trajectories, out, model=Model(()), chunk=5, progress=tell)
