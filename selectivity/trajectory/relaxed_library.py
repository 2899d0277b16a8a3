"""What are frames searched from? The distinct minima of a filter site by site, how stiff it is there, and how it may be turned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.arrangements import SAME_ARRANGEMENT
from selectivity.energetics.hamiltonian import Region, pack_system, regions_of
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.minimise import Minimum, body_freedom, minimise
from selectivity.energetics.profile import PoreProfile, pore_profile
from selectivity.energetics.site_energies import site_minimum
from selectivity.structure.filter import Filter, Site
from selectivity.trajectory.block import IONS
from selectivity.trajectory.topology import SITES

if TYPE_CHECKING:
    from selectivity.trajectory.relaxed_descent import System

Array = NDArray[Any]

DRY_SITES = (1, 2, 3, 4)
"""Places of S4 to S1: relaxed scores are made where the filter alone holds the ion."""

WORTHWHILE = 15.0
"""kJ/mol; arrangements this far above the lowest of their site are left out: where one of them led to the lowest minimum of a frame,
another did so too."""

SOFTEST = 15.0
"""kJ/mol/Å^2 (or rad^2): smallest stiffness that descents expect of any motion; a step along a softer one would be too long, and the
rotation of a carbonyl about its own bond has none."""

MODES = 16
"""Motions of all groups together that descents know beforehand; with 40 they take one evaluation in twenty less, which costs as much."""

STEP = 1e-4
"""Å or rad; half the distance of the slopes that the stiffness is the difference of."""


@dataclass(frozen=True)
class Arrangements:
    """Minima of a ligand system with an ion in a dry site: ``positions`` (M, A + 1, 3; ion last) Å, ``site`` (M,), ``ion`` (M,).

    ``walls`` (M, 3) are the planes and the lateral radius of the site, Å.
    """

    positions: Array
    site: Array
    ion: Array
    walls: Array


@dataclass(frozen=True)
class Library:
    """Where the searches of frames start: a ligand system, its arrangements, and how stiff it is in each.

    ``blocks`` (M, G + 1, 6, 6), ``modes`` (M, 16, n) and ``gain`` (M, 16) as in `selectivity.trajectory.relaxed_descent.Stiffness`.
    """

    system: LigandSystem
    arrangements: Arrangements
    blocks: Array
    modes: Array
    gain: Array


def library(filter: Filter, *, force_field: str, sigma: float) -> Library:
    """The full search of a relaxed score on one filter, and what it leads to in each dry site."""
    system = filter_ligands(filter, force_field=force_field, sigma=sigma)
    profile = pore_profile(filter.sites, system, IONS)
    return with_stiffness(system, distinct_minima(system, filter.sites, profile))


def distinct_minima(system: LigandSystem, sites: tuple[Site, ...], profile: PoreProfile) -> Arrangements:
    """Where both ions come to rest in every dry site from all that a profile found there: each arrangement once, low ones."""
    rows = []
    for s in DRY_SITES:
        for site in sites:
            if site.name == SITES[s]:
                region = Region(site.z_low, site.z_high, site.lateral_radius)
                rows += [(s, *row, region) for row in _low_and_different(_at_rest(system, site, region, profile))]
    return Arrangements(
        np.array([np.concatenate([m.positions, m.ion_positions]) for _, _, m, _ in rows]),
        np.array([s for s, *_ in rows], dtype=np.int64),
        np.array([ion for _, ion, *_ in rows], dtype=np.int64),
        np.array([region for *_, region in rows]),
    )


def _at_rest(
    system: LigandSystem, site: Site, region: Region, profile: PoreProfile
) -> Iterator[tuple[float, int, Minimum]]:
    """Height above the lowest of its ion (kJ/mol), ion and minimum, from every arrangement of both ions in a site."""
    lowest = [site_minimum(site, system, profile, ion) for ion in IONS]
    seeds = lowest + [profile.minima[ion][i] for ion in IONS for i in profile.within(site)]
    for k, ion in enumerate(IONS):
        for seed in seeds:
            found = minimise(system, ion, region=region, warm=seed)
            yield found.energy_kj_mol - lowest[k].energy_kj_mol, k, found


def _low_and_different(found: Iterator[tuple[float, int, Minimum]]) -> list[tuple[int, Minimum]]:
    kept: list[tuple[int, Minimum]] = []
    for above, ion, minimum in sorted(found, key=lambda each: each[0]):
        if above > WORTHWHILE:
            break
        if all(np.abs(minimum.positions - other.positions).max() > SAME_ARRANGEMENT for _, other in kept):
            kept.append((ion, minimum))
    return kept


def without_hydroxyls(known: Library) -> Library:
    """The library of the carbonyls alone, for frames whose hydroxyl ring has turned away."""
    system = known.system
    keep = np.array([k for k, kind in enumerate(system.kinds) if kind != "hydroxyl"])
    atoms = np.isin(system.group, keep)
    names = ("positions", "charge", "epsilon_kj_mol", "half_rmin", "restraint_kj_mol_A2", "deposited_ids")
    columns = {name: getattr(system, name)[atoms] for name in names}
    bare = replace(
        system,
        group=np.searchsorted(keep, system.group[atoms]),
        regions=system.regions[keep],
        kinds=tuple(system.kinds[k] for k in keep),
        labels=tuple(system.labels[k] for k in keep),
        atom_names=tuple(n for n, kept in zip(system.atom_names, atoms, strict=True) if kept),
        **columns,
    )
    positions = known.arrangements.positions[:, np.append(atoms, True)]
    return with_stiffness(bare, replace(known.arrangements, positions=positions))


def packed(system: LigandSystem) -> System:
    """The arrays of the compiled descents."""
    from selectivity.trajectory.relaxed_descent import LANES, System

    both = [pack_system(system, (ion,), regions_of(None, 1)) for ion in IONS]
    n = system.n_atoms + 1
    types = np.zeros((2, 3, -(-n // LANES) * LANES), dtype=np.float32)
    types[:, :, :n] = [each.params[:3] for each in both]
    body = np.full(types.shape[2], -1, dtype=np.int32)
    body[:n] = np.append(system.group, system.n_groups)
    params = np.array([each.params for each in both])
    freedom = body_freedom(system, (None,), False)
    return System(both[0].reference, params, types, body, both[0].start, *freedom, system.centre_weights)


def with_stiffness(system: LigandSystem, arrangements: Arrangements) -> Library:
    """A library from its arrangements."""
    from selectivity.trajectory.relaxed_descent import Stiffness, begin, curvature, new_search

    arrays = packed(system)
    n = 6 * system.n_groups + 3
    nothing = Stiffness(np.zeros((1, 1, 6, 6)), np.zeros((1, 1, n)), np.zeros((1, 1)), *quarter_turns(system)[1:])
    search = new_search(arrays, nothing, 1)
    parts = []
    for positions, ion, walls in zip(arrangements.positions, arrangements.ion, arrangements.walls, strict=True):
        search.walls[0, 1:], search.now[:] = walls, (ion, 1)
        search.runs.base[0] = positions.T
        begin(search, 0, 0, 0)
        matrix = np.empty((n, n))
        curvature(search, 0, STEP, matrix)
        parts.append(_inverse(0.5 * (matrix + matrix.T)))
    blocks, modes, gain = (np.array(part, dtype=np.float32) for part in zip(*parts, strict=True))
    return Library(system, arrangements, blocks, modes, gain)


def _inverse(matrix: Array) -> tuple[Array, Array, Array]:
    """The inverse of a stiffness as that of each body's own block and a few motions of all bodies that this gets most wrong.

    With B the blocks and B^-1/2 H B^-1/2 = V L V^T: H^-1 = B^-1 + sum over modes of (1/L - 1) u u^T, u = B^-1/2 v.
    """
    n = len(matrix)
    matrix = _raised(matrix, 1.0)
    root, blocks = np.zeros((n, n)), np.zeros((-(-n // 6), 6, 6))
    for b in range(len(blocks)):
        here = slice(6 * b, min(6 * b + 6, n))
        own = matrix[here, here]
        root[here, here] = _raised(own, -0.5)
        blocks[b, : len(own), : len(own)] = _raised(own, -1.0)
    values, vectors = np.linalg.eigh(root @ matrix @ root)
    gain = 1.0 / values - 1.0
    most = np.argsort(-np.abs(gain))[:MODES]
    return blocks, (root @ vectors[:, most]).T, gain[most]


def _raised(matrix: Array, power: float) -> Array:
    """A power of a symmetric matrix, its eigenvalues without sign and at least SOFTEST."""
    values, vectors = np.linalg.eigh(matrix)
    powers = np.maximum(np.abs(values), SOFTEST) ** power
    return np.asarray((vectors * powers) @ vectors.T)


def quarter_turns(system: LigandSystem) -> tuple[Array, Array, Array]:
    """The system turned by 0, 90, 180 and 270 degrees about the axis and laid over itself.

    Which column each column comes from (4, A + 1), which body coordinate each coordinate comes from (4, n) and with what sign (4, n).
    """
    start, groups = system.group_start(), system.n_groups
    oxygen = system.positions[system.oxygens()]
    azimuth = np.arctan2(oxygen[:, 1], oxygen[:, 0]).reshape(-1, 4)
    columns, coordinates, signs = [], [], []
    for quarter in range(4):
        off = azimuth[:, :, None] - azimuth[:, None, :] - 0.5 * np.pi * quarter
        strand = np.abs(np.angle(np.exp(1j * off))).argmin(axis=2)
        group = (4 * np.arange(len(strand))[:, None] + strand).ravel()
        atoms = [np.arange(start[g], start[g + 1]) for g in group]
        columns.append(np.concatenate([*atoms, [system.n_atoms]]))
        triples = np.concatenate([(6 * group[:, None] + np.array([0, 3])).ravel(), [6 * groups]])
        order, sign = _AXES[quarter]
        coordinates.append((triples[:, None] + np.array(order)).ravel())
        signs.append(np.tile(np.array(sign), len(triples)))
    return np.array(columns), np.array(coordinates), np.array(signs, dtype=float)


_AXES = (((0, 1, 2), (1, 1, 1)), ((1, 0, 2), (-1, 1, 1)), ((0, 1, 2), (-1, -1, 1)), ((1, 0, 2), (1, -1, 1)))
"""Axes and signs that a vector comes from when it is turned by quarters about z."""
