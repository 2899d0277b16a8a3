"""How does a structure file become a frame? A filter with its ions and waters, laid out as the compiled code of one frame wants it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FilterIncomplete
from selectivity.structure.filter import Filter
from selectivity.trajectory.block import FrameBlock, Observer
from selectivity.trajectory.condition import OK, REASONS
from selectivity.trajectory.topology import FollowedFilter, followed_filter, require_followable

Positions = NDArray[np.float64]


def structure_frame(filter: Filter) -> tuple[FollowedFilter, Positions]:
    """A filter as one frame: what is followed in it, and positions (n, 3), Å: atoms of the filter, its ions, its waters.

    The frame has no cell: assemblies are built, alternate locations chosen and symmetry copies merged by
    `selectivity.structure.load.load_filter`. So every ion of the frame is one site of the refinement, within 4 Å of the axis, whatever
    its occupancy, the most occupied first, and waters are those inside the sites.

    Raises FilterNotFound unless the filter has four strands of five residues, FilterIncomplete when an N or C-alpha is missing
    (`selectivity.pipeline.score_filter` does without).

    >>> from selectivity.structure.ideal import ideal_filter
    >>> followed, positions = structure_frame(ideal_filter("kcsa-like"))
    >>> followed.ion_species, positions.shape, followed.core.shape
    (('K', 'K', 'K', 'K'), (100, 3), (88,))
    """
    require_followable(filter)
    ions = sorted(filter.ions, key=lambda ion: -ion.occupancy)
    parts = [filter.positions, *(np.array([part.position for part in seen]) for seen in (ions, filter.waters) if seen)]
    n, n_ions, n_waters = len(filter.atoms), len(ions), len(filter.waters)
    followed = followed_filter(
        filter,
        np.arange(n),
        n_atoms=n + n_ions + n_waters,
        ions=np.arange(n, n + n_ions),
        species=[ion.name for ion in ions],
        waters=np.arange(n + n_ions, n + n_ions + n_waters),
        notes=filter.provenance.notes,
    )
    return followed, np.concatenate(parts)


def seen(observer: Observer, positions: Positions) -> FrameBlock:
    """A structure as a block of one frame; raises FilterIncomplete when the compiled code cannot use it (a broken strand)."""
    block = observer.block(1)
    observer.see(positions, None, block, 0, frame=0, time_ps=0.0)
    observer.catch_up(block)
    if (state := int(block.state[0])) != OK:
        raise FilterIncomplete(
            f"{observer.followed.filter.provenance.source}: {REASONS[state].partition(':')[0]}; four whole strands are needed: "
            "repair the model, or take score_filter, which needs rings only"
        )
    return block
