"""How do errors of the coordinates reach the energies? Analytically in a fixed basin, by resampling where a basin may change.

    d ddG/d x_ref = k (x_first - x_second)          (relaxed: both minima are stationary in everything but the reference)

Displacements that would stretch a C=O bond are left out: refinement holds bond lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.arrangements import alike
from selectivity.energetics.coordinate_error import AtomErrors, cylindrical, propagated_error
from selectivity.energetics.hamiltonian import evaluate
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import Minimum, Region, minimise, reference_gradient
from selectivity.energetics.profile import PoreProfile
from selectivity.energetics.site_energies import SiteEnergy, basin_of
from selectivity.structure.filter import Filter, Ring

Vector = NDArray[np.float64]

DRAWS = 400
"""Perturbed filters to first order: they cost next to nothing, and 400 give a standard error to 4 %."""

BASIN_SIGMAS = 2.0
"""A basin may change when another lies within so many standard errors of the lowest one."""


Basins = Mapping[str, Sequence[Minimum]]
"""By ion: the minimum where it rests, then others that it could fall into."""


@dataclass(frozen=True)
class LigandErrors:
    """Coordinate errors of the ligand atoms: per coordinate (A,) Å (0 for built hydrogens) and the independent atom of each."""

    sigma: Vector
    unique: NDArray[np.int64]


def ligand_errors(filter: Filter, system: LigandSystem, errors: AtomErrors) -> LigandErrors:
    """Errors of the filter's atoms for the atoms of its ligand groups; a built hydrogen moves with its oxygen."""
    positions = filter.pore_positions()
    sigma, unique = np.zeros(system.n_atoms), np.full(system.n_atoms, -1, dtype=np.int64)
    for index in np.flatnonzero(system.deposited_ids >= 0):
        atom = int(np.argmin(np.linalg.norm(positions - system.positions[index], axis=1)))
        sigma[index], unique[index] = errors.sigma[atom], errors.unique[atom]
    return LigandErrors(sigma, unique)


def energy_gradient(system: LigandSystem, ion: str, minimum: Minimum, *, rigid: bool) -> Vector:
    """dG/dx of an ion's energy with respect to the file's coordinates, (A, 3) kJ/mol/Å, bond lengths held."""
    if rigid:
        return _on_bonds(system, minimum.positions, evaluate(system, ion, minimum.positions, minimum.ion_positions)[1])
    return _on_bonds(system, system.positions, reference_gradient(system, minimum))


def ddg_gradient(system: LigandSystem, ions: tuple[str, str], minima: Mapping[str, Minimum], *, rigid: bool) -> Vector:
    """d ddG/dx, the difference of both ions' gradients, (A, 3)."""
    first, second = (energy_gradient(system, ion, minima[ion], rigid=rigid) for ion in ions)
    return second - first


def gradient_error(system: LigandSystem, gradient: Vector, errors: LigandErrors) -> float:
    """Standard error (kJ/mol) that coordinate errors give to a quantity with this gradient."""
    known = errors.unique >= 0
    return propagated_error(gradient[known], system.positions[known], errors.sigma[known], errors.unique[known])


def sampled_ddg(
    system: LigandSystem,
    ions: tuple[str, str],
    basins: Sequence[Basins],
    errors: LigandErrors,
    *,
    rigid: bool,
    seed: int,
    draws: int = DRAWS,
) -> Vector:
    """Changes of ddG at n heights or sites in ``draws`` filters perturbed at random, (draws, n) kJ/mol.

    In every perturbed filter each ion takes the lowest of its basins, whose energies move with their gradients. Drawing
    displacements instead of adding variances lets basins change and keeps the heights correlated for rules that are not linear.
    """
    moves = _displacements(errors, seed, draws)
    first, second = ions
    return np.column_stack(
        [
            _lowest(system, second, choice[second], errors, moves, rigid)
            - _lowest(system, first, choice[first], errors, moves, rigid)
            for choice in basins
        ]
    )


def height_basins(system: LigandSystem, profile: PoreProfile, point: int, *, rigid: bool) -> dict[str, list[Minimum]]:
    """The basins of both ions at one height: their own arrangement and, where it differs, that of the other ion."""
    own = {ion: profile.minima[ion][point] for ion in profile.ions}
    first, second = profile.ions
    region = Region(lateral_radius=float(profile.lateral[point]))
    basins = {ion: [minimum] for ion, minimum in own.items()}
    if not alike(own[first], own[second]):
        for ion, other in ((first, second), (second, first)):
            held = float(profile.z[point])
            basins[ion].append(minimise(system, ion, fixed_z=held, region=region, rigid=rigid, warm=own[other]))
    return basins


def site_basins(
    site: SiteEnergy, rings: tuple[Ring, ...], system: LigandSystem, profile: PoreProfile, *, rigid: bool
) -> dict[str, list[Minimum]]:
    """The basins of both ions in one site: where each rests, the other ion's arrangement, and the cage and planes beside it."""
    first, second = site.ions
    region = Region(site.site.z_low, site.site.z_high, site.site.lateral_radius)
    basins = {}
    for ion, other in ((first, second), (second, first)):
        rest = site.minima[ion]
        basins[ion] = [rest, *_beside(site, rings, profile, ion)]
        if not alike(rest, site.minima[other]):
            swapped = minimise(system, ion, region=region, rigid=rigid, warm=site.minima[other])
            basins[ion].append(swapped)
    return basins


def site_error(
    site: SiteEnergy,
    rings: tuple[Ring, ...],
    system: LigandSystem,
    profile: PoreProfile,
    errors: LigandErrors,
    *,
    rigid: bool,
    seed: int,
) -> tuple[float, bool]:
    """Standard error of a site's ddG from the coordinates (kJ/mol), and whether an ion changes its basin within it."""
    basins = site_basins(site, rings, system, profile, rigid=rigid)
    if not _may_change(system, basins, errors, rigid):
        gradient = ddg_gradient(system, site.ions, site.minima, rigid=rigid)
        return gradient_error(system, gradient, errors), False
    moves = sampled_ddg(system, site.ions, [basins], errors, rigid=rigid, seed=seed)
    return float(np.sqrt(np.mean(moves**2))), True


def _displacements(errors: LigandErrors, seed: int, draws: int) -> Vector:
    """Standard normal displacements (draws, n_independent, 3), radial, tangential, axial."""
    independent = len(np.unique(errors.unique[errors.unique >= 0]))
    return np.random.default_rng(seed).standard_normal((draws, independent, 3))


def _lowest(
    system: LigandSystem, ion: str, basins: Sequence[Minimum], errors: LigandErrors, moves: Vector, rigid: bool
) -> Vector:
    """Energy (draws,) of the lowest basin in every perturbed filter, counted from the first basin at rest."""
    rest = basins[0].energy_kj_mol
    flat = moves.reshape(len(moves), -1)
    energies = [
        minimum.energy_kj_mol - rest + flat @ _sensitivity(system, ion, minimum, errors, rigid).ravel()
        for minimum in basins
    ]
    return np.min(energies, axis=0)


def _sensitivity(system: LigandSystem, ion: str, minimum: Minimum, errors: LigandErrors, rigid: bool) -> Vector:
    """Change of an energy by one standard error of each independent atom, (n_independent, 3) kJ/mol; copies add."""
    known = np.flatnonzero(errors.unique >= 0)
    numbers, index = np.unique(errors.unique[known], return_inverse=True)
    gradient = energy_gradient(system, ion, minimum, rigid=rigid)[known]
    result = np.zeros((len(numbers), 3))
    np.add.at(result, index, cylindrical(gradient, system.positions[known]) * errors.sigma[known][:, None])
    return result


def _may_change(system: LigandSystem, basins: Basins, errors: LigandErrors, rigid: bool) -> bool:
    """Whether a basin lies so close above the lowest one that the coordinate errors could turn the two round."""
    for ion, choice in basins.items():
        own = _sensitivity(system, ion, choice[0], errors, rigid)
        for other in choice[1:]:
            apart = np.linalg.norm(_sensitivity(system, ion, other, errors, rigid) - own)
            if other.energy_kj_mol - choice[0].energy_kj_mol < BASIN_SIGMAS * apart:
                return True
    return False


def _beside(site: SiteEnergy, rings: tuple[Ring, ...], profile: PoreProfile, ion: str) -> list[Minimum]:
    """The lowest point of the profile in every other basin of a site (cage, planes)."""
    lowest: dict[str, Minimum] = {}
    for point in profile.within(site.site):
        candidate = profile.minima[ion][point]
        name = basin_of(site.site, rings, candidate)
        if name not in lowest or candidate.energy_kj_mol < lowest[name].energy_kj_mol:
            lowest[name] = candidate
    return [minimum for name, minimum in lowest.items() if name != site.basin[ion]]


def _on_bonds(system: LigandSystem, positions: Vector, gradient: Vector) -> Vector:
    """The gradient with respect to the two heavy atoms of every group, for moves that keep the group's shape.

    A hydrogen follows its bond: its force f acts half on either heavy atom, its torque t turns the bond u of length l with a
    force (t x u)/l on the second atom and the opposite one on the first. What would stretch the bond is taken out.
    """
    start = system.group_start()
    first, second = start[:-1], start[:-1] + 1
    bond = positions[second] - positions[first]
    length = np.linalg.norm(bond, axis=1, keepdims=True)
    bond /= length
    result = np.array(gradient)
    third = second[np.array([kind == "hydroxyl" for kind in system.kinds])] + 1
    if len(third):
        force, arm = gradient[third], positions[third] - 0.5 * (positions[third - 2] + positions[third - 1])
        axis = (positions[third - 1] - positions[third - 2]) / length[system.group[third]]
        turning = np.cross(np.cross(arm, force), axis) / length[system.group[third]]
        result[third - 2] += 0.5 * force - turning
        result[third - 1] += 0.5 * force + turning
        result[third] = 0.0
    stretch = 0.5 * ((result[second] - result[first]) * bond).sum(axis=1, keepdims=True) * bond
    result[second] -= stretch
    result[first] += stretch
    return result
