"""What happens in a filter over time? Frames of a simulation -> rings, occupancy, flips, energies -> statistics over frames.

Rooms of one question each: `topology` (which atoms are followed), `pore`, `shape`, `contents`, `rigid`, `exchange` (compiled, one frame),
`relaxed`, `block` and `columns` (arrays and tables), `analysis` and `mdtraj_front` (the two doors), `engine` and `store` (chunks,
workers, files), `averages`, `perturbation`, `passages`, `states` (statistics), `structures` and `collection` (files of structures: each
is one frame). Nothing large is loaded before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_ROOMS = {
    "FilterAnalysis": "selectivity.trajectory.analysis",
    "score_mdtraj": "selectivity.trajectory.mdtraj_front",
    "follow": "selectivity.trajectory.topology",
    "Model": "selectivity.trajectory.block",
    "run_trajectories": "selectivity.trajectory.engine",
    "open_run": "selectivity.trajectory.store",
    "summarise": "selectivity.trajectory.summary",
    "structure_frame": "selectivity.trajectory.structures",
    "survey": "selectivity.trajectory.collection",
}

__all__ = list(_ROOMS)

if TYPE_CHECKING:
    from selectivity.trajectory.analysis import FilterAnalysis as FilterAnalysis
    from selectivity.trajectory.block import Model as Model
    from selectivity.trajectory.collection import survey as survey
    from selectivity.trajectory.engine import run_trajectories as run_trajectories
    from selectivity.trajectory.mdtraj_front import score_mdtraj as score_mdtraj
    from selectivity.trajectory.store import open_run as open_run
    from selectivity.trajectory.structures import structure_frame as structure_frame
    from selectivity.trajectory.summary import summarise as summarise
    from selectivity.trajectory.topology import follow as follow


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value
