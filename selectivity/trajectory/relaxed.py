"""What does each site prefer in a frame when the filter gives way? Minima of both ions from what one full search has found.

Every frame starts from a library: the distinct minima of a full search on the filter as it was found, laid over the frame where they
stand in the pore and in all four orientations (`selectivity.trajectory.relaxed_search`). No frame depends on the one before, so that
results are the same whatever the order, the number of workers or the point where a run resumes. A full search of some frames, by number,
says what this misses: `FrameBlock.cold`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.groups import hydroxyl_hydrogen
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import GRADIENT_TOLERANCE
from selectivity.energetics.profile import pore_profile
from selectivity.energetics.site_energies import site_minimum
from selectivity.structure.filter import Site
from selectivity.trajectory.block import IONS, FrameBlock
from selectivity.trajectory.condition import CAGE, OK
from selectivity.trajectory.relaxed_library import (
    DRY_SITES,
    Library,
    library,
    packed,
    quarter_turns,
    without_hydroxyls,
)
from selectivity.trajectory.topology import SITES

__all__ = ["Library", "Relaxation", "frame_positions", "library"]

Array = NDArray[Any]


def is_checked(place: int, of: int | None, every: int) -> bool:
    """Whether a frame is searched in full: the last of every ``every``, the last of all where there are fewer.

    Never the first where there are others: the library comes from it.

    >>> [place for place in range(11) if is_checked(place, 11, 4)], is_checked(10, 11, 500)
    ([3, 7], True)
    """
    return place % every == (every if of is None else min(every, of)) - 1


class Relaxation:
    """Relaxed scores of the frames of one filter, all from the same library; nothing is remembered from frame to frame."""

    def __init__(self, known: Library, water_leg: float, *, cold_every: int | None) -> None:
        self._known, self._leg, self._cold_every = known, water_leg, cold_every
        self._ready: dict[bool, _Ready] = {}

    def score(self, block: FrameBlock, where: Callable[[int], tuple[int, int | None]]) -> None:
        """Relaxed ddG (kJ/mol) of the formed dry sites of every usable frame of a block, and those of the full search where it is due.

        ``where`` tells the place of a row's frame among how many chosen ones of its trajectory (None where that is not known).
        """
        for f in map(int, np.flatnonzero(block.state == OK)):
            block.relaxed[f] = self._ddg(self.energies(block, f))
            if self._cold_every is not None and is_checked(*where(f), self._cold_every):
                block.cold[f] = self._ddg(self.searched(block, f))

    def energies(self, block: FrameBlock, f: int) -> Array:
        """Relaxed energies of K+ and Na+ in the sites of a frame, (6, 2) kJ/mol; NaN where there is none."""
        from selectivity.trajectory.relaxed_search import frame_minima

        ready = self._library(bool(block.hydroxyls[f]))
        if ready is None:
            return np.full((len(SITES), 2), np.nan)
        reference = np.zeros((3, ready.known.system.n_atoms + 1))
        reference[:, :-1] = frame_positions(ready.known.system, block.core[f]).T
        energy, left = frame_minima(
            ready.arrays._replace(reference=reference), block.sites[f], _wanted(block, f), *ready.starts
        )
        return np.where(left <= GRADIENT_TOLERANCE, energy, np.nan)

    def searched(self, block: FrameBlock, f: int) -> Array:
        """The same by the full search of a relaxed score of this frame alone, which knows nothing of any other."""
        found = np.full((len(SITES), 2), np.nan)
        ready = self._library(bool(block.hydroxyls[f]))
        if ready is not None:
            system = replace(ready.known.system, positions=frame_positions(ready.known.system, block.core[f]))
            sites = _sites_of(block, f)
            profile = pore_profile(sites, system, IONS)
            for s in np.flatnonzero(_wanted(block, f)):
                minima = (site_minimum(sites[s], system, profile, ion) for ion in IONS)
                found[s] = [m.energy_kj_mol if m.converged else np.nan for m in minima]
        return found

    def _ddg(self, energies: Array) -> Array:
        return np.asarray(energies[:, 1] - energies[:, 0] + self._leg)

    def _library(self, hydroxyls: bool) -> _Ready | None:
        """The library with the rings of a frame; None where the frame has a hydroxyl ring that the filter as found lacked."""
        has = "hydroxyl" in self._known.system.kinds
        if hydroxyls and not has:
            return None
        if hydroxyls not in self._ready:
            self._ready[hydroxyls] = _Ready(self._known if hydroxyls == has else without_hydroxyls(self._known))
        return self._ready[hydroxyls]


class _Ready:
    """A library as the compiled search reads it."""

    def __init__(self, known: Library) -> None:
        from selectivity.trajectory.relaxed_descent import Stiffness
        from selectivity.trajectory.relaxed_search import Arrangements

        columns, coordinates, signs = quarter_turns(known.system)
        site = known.arrangements.site
        positions = np.ascontiguousarray(known.arrangements.positions.transpose(0, 2, 1))
        blocks, modes, gain = (np.array(part, dtype=np.float64) for part in (known.blocks, known.modes, known.gain))
        self.known = known
        self.arrays = packed(known.system)
        self.starts = (
            Arrangements(positions, site, columns),
            Stiffness(blocks, modes, gain, coordinates, signs),
            int(np.bincount(site).max()),
        )


def frame_positions(system: LigandSystem, core: Array) -> Array:
    """Ligand atoms of a system (A, 3; Å) where a frame has them (core in the pore frame); hydroxyl hydrogens towards +z."""
    positions = np.array(system.positions)
    start = system.group_start()
    n_hydroxyl = system.kinds.count("hydroxyl")
    for h in range(n_hydroxyl):
        cb, oxygen = core[80 + 2 * h], core[81 + 2 * h]
        positions[start[h] : start[h + 1]] = cb, oxygen, hydroxyl_hydrogen(cb, oxygen, np.array([0.0, 0.0, 1.0]))
    # Carbonyl groups follow ring by ring, strands within; the core strand by strand, residues within.
    order = [(strand, residue) for residue in range(5) for strand in range(4)]
    for g, (strand, residue) in enumerate(order, start=n_hydroxyl):
        first = 4 * (5 * strand + residue)
        positions[start[g] : start[g + 1]] = core[first + 2], core[first + 3]
    positions.setflags(write=False)
    return positions


def _wanted(block: FrameBlock, f: int) -> Array:
    """Sites of a frame that are scored (6,)."""
    return np.asarray(block.formed[f] & np.isin(np.arange(len(SITES)), DRY_SITES))


def _sites_of(block: FrameBlock, f: int) -> tuple[Site, ...]:
    """The sites of a frame, as far as a search needs them."""
    bounds = block.sites[f].tolist()
    return tuple(
        Site(name, None, None, low, high, lateral, bool(block.lining[f, s] == CAGE))
        for s, (name, (low, high, lateral)) in enumerate(zip(SITES, bounds, strict=True))
    )
