"""What does each site prefer in a frame when the filter gives way? Minima of both ions from what earlier searches have found.

Every frame starts from a library: the minima of a full search on the filter as it was found, carried over group by group (each ligand
keeps its displacement and its turn), and the frame's own coordinates. No frame depends on the one before, so that results are the same
whatever the order, the number of workers or the point where a run resumes. A full search of some frames, by number, says
what this misses: `FrameBlock.cold`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.groups import hydroxyl_hydrogen
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.minimise import OFF_AXIS, TORSION_STARTS, Minimum, minimise
from selectivity.energetics.profile import pore_profile
from selectivity.energetics.site_energies import site_minimum
from selectivity.structure.filter import Filter, Site
from selectivity.trajectory.block import IONS, FrameBlock
from selectivity.trajectory.condition import CAGE
from selectivity.trajectory.topology import SITES

Array = NDArray[Any]

DRY_SITES = (1, 2, 3, 4)
"""Places of S4 to S1: relaxed scores are made where the filter alone holds the ion."""


EARLY = 0.1
"""kJ/mol/Å (or rad); slope at which descents are compared: soft motions of 1 kJ/mol/Å^2 then have 0.05 kJ/mol to go."""


@dataclass(frozen=True)
class Library:
    """Minima of both ions in the dry sites of the filter as it was found, with the system that they belong to."""

    system: LigandSystem
    minima: dict[tuple[str, str], Minimum]


def library(filter: Filter, *, force_field: str, sigma: float) -> Library:
    """The full search of a relaxed score on one filter."""
    system = filter_ligands(filter, force_field=force_field, sigma=sigma)
    return Library(system, _searched(system, filter.sites))


def _searched(system: LigandSystem, sites: tuple[Site, ...]) -> dict[tuple[str, str], Minimum]:
    profile = pore_profile(sites, system, IONS)
    return {
        (s.name, ion): site_minimum(s, system, profile, ion)
        for s in sites
        if s.name in ("S4", "S3", "S2", "S1")
        for ion in IONS
    }


def frame_system(system: LigandSystem, core: Array) -> LigandSystem:
    """The system with the ligands where a frame has them (core in the pore frame); hydroxyl hydrogens towards +z."""
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
    return replace(system, positions=positions)


def without_hydroxyls(system: LigandSystem) -> LigandSystem:
    """The carbonyls alone, for frames whose hydroxyl ring has turned away."""
    keep = np.array([k for k, kind in enumerate(system.kinds) if kind != "hydroxyl"])
    atoms = np.isin(system.group, keep)
    groups = np.searchsorted(keep, system.group[atoms])
    names = ("positions", "charge", "epsilon_kj_mol", "half_rmin", "restraint_kj_mol_A2", "deposited_ids")
    columns = {name: getattr(system, name)[atoms] for name in names}
    return replace(
        system,
        group=groups,
        regions=system.regions[keep],
        kinds=tuple(system.kinds[k] for k in keep),
        labels=tuple(system.labels[k] for k in keep),
        atom_names=tuple(n for n, kept in zip(system.atom_names, atoms, strict=True) if kept),
        **columns,
    )


def carried(minimum: Minimum, old: LigandSystem, new: LigandSystem) -> Minimum:
    """A minimum of one system as a start for another of the same groups: each group displaced and turned as it was."""
    start = old.group_start()
    first = start[:-1]
    shift = np.add.reduceat(minimum.positions - old.positions, first) / np.diff(start)[:, None]
    turn = _turns(old.positions, minimum.positions, first)
    centre = np.add.reduceat(new.positions, first) / np.diff(start)[:, None]
    arms = new.positions - centre[new.group]
    moved = np.einsum("aij,aj->ai", turn[new.group], arms) + (centre + shift)[new.group]
    return replace(minimum, positions=moved)


def _turns(before: Array, after: Array, first: Array) -> Array:
    """The smallest rotation of every group's first bond from where it was to where it is, (G, 3, 3)."""
    u, v = before[first + 1] - before[first], after[first + 1] - after[first]
    u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v))
    w, cosine = np.cross(u, v), (u * v).sum(axis=1)
    cross = np.zeros((len(first), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -w[:, 2], w[:, 1], -w[:, 0]
    cross -= cross.transpose(0, 2, 1)
    return np.eye(3) + cross + cross @ cross / (1.0 + np.maximum(cosine, -0.999))[:, None, None]


class Relaxation:
    """Relaxed scores of the frames of one filter, all from the same library; nothing is remembered from frame to frame."""

    def __init__(self, known: Library, water_leg: float, *, cold_every: int | None) -> None:
        self._wet, self._leg, self._cold_every = known, water_leg, cold_every
        self._dry: Library | None = None

    def score(self, block: FrameBlock, f: int) -> None:
        """Relaxed ddG (kJ/mol) of the formed dry sites of frame f of a block, and those of the full search where it is due."""
        known = self._library(bool(block.hydroxyls[f]))
        if known is None:
            return
        system = frame_system(known.system, block.core[f])
        for s in DRY_SITES:
            if block.formed[f, s]:
                minima = self._minima(known, system, block.sites[f, s], SITES[s])
                first, second = (m.energy_kj_mol if m.converged else np.nan for m in minima)
                block.relaxed[f, s] = second - first + self._leg
        if self._cold_every is not None and block.frame[f] % self._cold_every == 0:
            self._check(system, block, f)

    def _minima(self, known: Library, system: LigandSystem, site: Array, name: str) -> list[Minimum]:
        """The lowest minima of both ions in a site: from the library and the frame's own coordinates, then each from the other's.

        Descents stop early and the lowest goes to its end.
        """
        region = Region(float(site[0]), float(site[1]), float(site[2]))
        seeds = [self._seed(known, system, region, (name, each)) for each in IONS]
        fresh = [[*OFF_AXIS, 0.5 * (region.z_low + region.z_high)]]
        found = []
        for ion in IONS:
            runs = [minimise(system, ion, region=region, warm=seed, tolerance=EARLY) for seed in seeds]
            runs.append(minimise(system, ion, fresh, region=region, torsion_starts=TORSION_STARTS[:1], tolerance=EARLY))
            found.append(min(runs, key=_rank))
        for k, ion in enumerate(IONS):
            other = minimise(system, ion, region=region, warm=found[1 - k], tolerance=EARLY)
            found[k] = min(found[k], other, key=_rank)
        return [minimise(system, ion, region=region, warm=found[k]) for k, ion in enumerate(IONS)]

    @staticmethod
    def _seed(known: Library, system: LigandSystem, region: Region, key: tuple[str, str]) -> Minimum:
        seed = carried(known.minima[key], known.system, system)
        ions = np.array(seed.ion_positions)
        ions[0, 2] = np.clip(ions[0, 2], region.z_low + 0.05, region.z_high - 0.05)
        return replace(seed, ion_positions=ions)

    def _check(self, system: LigandSystem, block: FrameBlock, f: int) -> None:
        searched = _searched(system, _sites_of(block, f))
        for s in DRY_SITES:
            if block.formed[f, s]:
                first, second = (searched[SITES[s], ion].energy_kj_mol for ion in IONS)
                block.cold[f, s] = second - first + self._leg

    def _library(self, hydroxyls: bool) -> Library | None:
        """The library with the rings of a frame; None where the frame has a hydroxyl ring that the filter as found lacked."""
        known = "hydroxyl" in self._wet.system.kinds
        if hydroxyls or not known:
            return self._wet if known or not hydroxyls else None
        if self._dry is None:
            bare = without_hydroxyls(self._wet.system)
            atoms = np.isin(
                self._wet.system.group, [k for k, kind in enumerate(self._wet.system.kinds) if kind != "hydroxyl"]
            )
            self._dry = Library(
                bare, {key: replace(m, positions=m.positions[atoms]) for key, m in self._wet.minima.items()}
            )
        return self._dry


def _sites_of(block: FrameBlock, f: int) -> tuple[Site, ...]:
    """The sites of a frame, as far as a search needs them."""
    bounds = block.sites[f].tolist()
    return tuple(
        Site(name, None, None, low, high, lateral, bool(block.lining[f, s] == CAGE))
        for s, (name, (low, high, lateral)) in enumerate(zip(SITES, bounds, strict=True))
    )


def _rank(minimum: Minimum) -> tuple[bool, float]:
    return (not minimum.converged, minimum.energy_kj_mol)
