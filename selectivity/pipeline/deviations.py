"""ddG along the pore, in its sites and in the nodes of the queue, and how far every cause of error moves all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.minimise import Region
from selectivity.energetics.model_spread import Point, held_point, model_shifts
from selectivity.energetics.profile import SPACING
from selectivity.energetics.propagation import DRAWS, height_basins, sampled_ddg, site_basins
from selectivity.permeation.barrier import Stretch, trapezoid_lengths
from selectivity.pipeline.energies import FilterEnergies
from selectivity.pipeline.nodes import FilterNodes, filter_nodes
from selectivity.pipeline.settings import Settings
from selectivity.structure.filter import Site

Vector = NDArray[np.float64]

SAMPLING_STREAM = 1
"""Sampling errors are drawn from a stream of their own, so that coordinates keep theirs."""


@dataclass(frozen=True)
class Moves:
    """m joint displacements of ddG (kJ/mol): at the heights (m, n), in the sites (m, s) and in the nodes (m, k)."""

    along: Vector
    sites: Vector
    nodes: Vector


@dataclass(frozen=True)
class Deviations:
    """The single file in plain numbers, ddG positive for the reference ion: the ``stretch`` that the one-barrier rules integrate, the
    ``nodes`` (k,) of the queue (kJ/mol), the ``file`` they belong to, and the ``moves`` by cause."""

    stretch: Stretch
    nodes: Vector
    file: FilterNodes
    moves: Mapping[str, Moves]


def deviations(energies: FilterEnergies, settings: Settings) -> Deviations:
    """ddG of a filter with at least one run of formed cages, and what moves it.

    Causes: "coordinates" (one row for each perturbed filter), "sampling" (thermal only), "sigma" and "force_field" (one row for
    each variant).
    """
    file = filter_nodes(energies)
    sites = _integrated(energies, settings)
    sign = _sign(energies, settings)
    heights = _heights(energies, sites, file)
    stretch = _stretch(energies, sites, heights, sign)
    moves = {"coordinates": _coordinate_moves(energies, settings, heights, sites, file)}
    if energies.thermal is not None:
        moves["sampling"] = _sampling_moves(energies, settings, heights, sites, file)
    moves |= _model_moves(energies, settings, heights, sites, file)
    return Deviations(stretch, sign * file.ddg_kj_mol, file, moves)


def central_stretch(energies: FilterEnergies, settings: Settings) -> Stretch:
    """The ``stretch`` of `deviations` alone, without what moves it: milliseconds instead of a tenth of a second."""
    sites = _integrated(energies, settings)
    heights = _heights(energies, sites, filter_nodes(energies))
    return _stretch(energies, sites, heights, _sign(energies, settings))


def _sign(energies: FilterEnergies, settings: Settings) -> float:
    return 1.0 if energies.ions[0] == settings.reference else -1.0


def _stretch(energies: FilterEnergies, sites: Sequence[Site], heights: _Heights, sign: float) -> Stretch:
    planes = sorted({edge for site in sites for edge in (site.z_low, site.z_high)})
    return Stretch(
        z=heights.z,
        lengths=heights.lengths,
        ddg=sign * heights.ddg,
        planes=np.array(planes),
        site_z=np.array([0.5 * (site.z_low + site.z_high) for site in sites]),
        site_lengths=np.array([site.z_high - site.z_low for site in sites]),
        site_ddg=sign * np.array([energies.site_ddg(site.name) for site in sites]),
    )


@dataclass(frozen=True)
class _Heights:
    """Heights of the integral (n,) Å, their lengths and ddG; ``points`` of the profile carry errors to them by ``spread`` (n, p)."""

    z: Vector
    lengths: Vector
    ddg: Vector
    points: NDArray[np.int64]
    spread: Vector


def _integrated(energies: FilterEnergies, settings: Settings) -> list[Site]:
    """The cages of the one-barrier rules: between carbonyl planes, and the wet one at the cavity once water is there."""
    names = {site.name for run in energies.runs for site in run}
    if settings.accessible:
        names |= set(energies.formed_cages)
    return [site for site in energies.filter.sites if site.name in names]


def _heights(energies: FilterEnergies, sites: Sequence[Site], file: FilterNodes) -> _Heights:
    """Thermal: linear between the nodes. Relaxed and rigid: the profile itself. Runs that are apart are put end to end."""
    profile, z, lengths, points = energies.profile, [], [], []
    for run in _runs(sites):
        inside = np.flatnonzero((profile.z >= run[0].z_low - 1e-9) & (profile.z <= run[-1].z_high + 1e-9))
        here = profile.z[inside]
        if energies.thermal is not None:
            here = np.linspace(here[0], here[-1], 1 + int(np.ceil((here[-1] - here[0]) / SPACING - 1e-9)))
        z.append(here)
        points.append(inside)
        lengths.append(trapezoid_lengths(here))
    joined = np.concatenate(z)
    if energies.thermal is None:
        along = np.concatenate(points)
        return _Heights(joined, np.concatenate(lengths), energies.ddg[along], along, np.eye(len(along)))
    ddg = np.interp(joined, file.z_angstrom, file.ddg_kj_mol)
    spread = np.array([np.interp(joined, file.z_angstrom, unit) for unit in np.eye(len(file.names))]).T
    return _Heights(joined, np.concatenate(lengths), ddg, file.points, spread)


def _runs(sites: Sequence[Site]) -> list[list[Site]]:
    runs: list[list[Site]] = []
    for site in sites:
        if not runs or abs(runs[-1][-1].z_high - site.z_low) > 1e-6:
            runs.append([])
        runs[-1].append(site)
    return runs


def _coordinate_moves(
    energies: FilterEnergies, settings: Settings, heights: _Heights, sites: Sequence[Site], file: FilterNodes
) -> Moves:
    """Perturbed filters; each ion takes the lowest of its relaxed basins there (thermal ones move alike: the reference moves both)."""
    profile, pair, rigid = energies.profile, settings.searched, settings.rigid
    basins = {
        point: height_basins(energies.system, profile, point, rigid=rigid)
        for point in dict.fromkeys([*heights.points.tolist(), *file.points.tolist()])
    }
    rings = energies.filter.rings
    in_sites = [site_basins(energies.site(s.name), rings, energies.system, profile, rigid=rigid) for s in sites]
    along, nodes, site_moves = (
        sampled_ddg(energies.system, pair, choice, energies.ligand_errors, rigid=rigid, seed=settings.seed)
        for choice in (
            [basins[p] for p in heights.points.tolist()],
            [basins[p] for p in file.points.tolist()],
            in_sites,
        )
    )
    return Moves(along @ heights.spread.T, site_moves, nodes)


def _sampling_moves(
    energies: FilterEnergies, settings: Settings, heights: _Heights, sites: Sequence[Site], file: FilterNodes
) -> Moves:
    rng = np.random.default_rng([settings.seed, SAMPLING_STREAM])
    nodes = rng.standard_normal((DRAWS, len(file.names))) * file.error_kj_mol
    errors = np.array([energies.site_sampling_error(site.name) for site in sites])
    return Moves(nodes @ heights.spread.T, rng.standard_normal((DRAWS, len(sites))) * errors, nodes)


def _model_moves(
    energies: FilterEnergies, settings: Settings, heights: _Heights, sites: Sequence[Site], file: FilterNodes
) -> dict[str, Moves]:
    """Neighbouring force constants and the other force field, each at every point that the rules read."""
    profile = energies.profile
    numbers = [*heights.points.tolist(), *file.points.tolist()]
    held = [held_point(profile, n) for n in numbers]
    free = [Point(energies.site(s.name).minima, Region(s.z_low, s.z_high, s.lateral_radius), None) for s in sites]
    shifts = model_shifts(energies.filter, energies.system, [*held, *free], settings.searched, settings.model)
    n, k = len(heights.points), len(file.points)
    return {
        cause: Moves(values[:, :n] @ heights.spread.T, values[:, n + k :], values[:, n : n + k])
        for cause, values in shifts.items()
    }
