"""What does a worker process need before its first frame? Imported by the server that workers fork from, by nobody else."""

from __future__ import annotations

import MDAnalysis.coordinates.core
import numpy as np
import pandas as pd
import pyarrow.parquet

import selectivity.trajectory.engine
from selectivity.trajectory.frame import see_frames
from selectivity.trajectory.pore import distance

LOADED = (MDAnalysis.coordinates.core, pd, pyarrow.parquet, selectivity.trajectory.engine, see_frames)

distance(np.zeros((2, 3)), 0, 1)  # numba makes itself ready at the first kernel that it is asked for: half a second
