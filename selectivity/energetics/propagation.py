"""How do errors of the coordinates reach the energies? Analytically where the ions stay in their basins, else by resampling.

    d ddG/d x_ref = k (x_first - x_second)          (relaxed: both minima are stationary in everything but the reference)

Displacements that would stretch a C=O bond are left out: refinement holds bond lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.arrangements import on_bonds
from selectivity.energetics.coordinate_error import AtomErrors, cylindrical, perturbed, propagated_error
from selectivity.energetics.hamiltonian import evaluate
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import Minimum, Region, minimise, reference_gradient
from selectivity.energetics.profile import PoreProfile
from selectivity.energetics.site_energies import SiteEnergy, basin_of
from selectivity.structure.filter import Filter, Ring

Vector = NDArray[np.float64]

RESAMPLES = 12
"""Perturbed filters for a site whose basin may change: the spread of twelve is known to a fifth, enough for an error bar."""

DRAWS = 400
"""Perturbed filters to first order: they cost next to nothing, and 400 give a standard error to 4 %."""

BASIN_SIGMAS = 2.0
"""A basin may change when another lies within so many standard errors of the lowest one."""


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
    minima: Sequence[Mapping[str, Minimum]],
    errors: LigandErrors,
    *,
    rigid: bool,
    seed: int,
    draws: int = DRAWS,
) -> Vector:
    """Changes of ddG at n heights or sites in ``draws`` filters perturbed at random, (draws, n) kJ/mol, to first order.

    The ions are held at their heights, so no basin changes along the axis. The gradients are exact; drawing displacements
    instead of adding variances keeps the heights correlated and lets a rule that is not linear see them.
    """
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(errors.unique >= 0)
    numbers, index = np.unique(errors.unique[known], return_inverse=True)
    sensitivity = np.zeros((len(minima), len(numbers), 3))
    for row, pair in zip(sensitivity, minima, strict=True):
        gradient = ddg_gradient(system, ions, pair, rigid=rigid)[known]
        np.add.at(row, index, cylindrical(gradient, system.positions[known]) * errors.sigma[known][:, None])
    return rng.standard_normal((draws, 3 * len(numbers))) @ sensitivity.reshape(len(minima), -1).T


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
    """Standard error of a site's ddG from the coordinates (kJ/mol), and whether it had to be resampled."""
    rivals = {ion: _rival(site, rings, system, profile, ion, errors, rigid) for ion in site.ions}
    if not any(rivals.values()):
        gradient = ddg_gradient(system, site.ions, site.minima, rigid=rigid)
        return gradient_error(system, gradient, errors), False
    rng = np.random.default_rng(seed)
    region = Region(site.site.z_low, site.site.z_high, site.site.lateral_radius)
    moves = []
    for _ in range(RESAMPLES):
        moved = moved_system(system, errors, rng)
        energies = {
            ion: min(
                minimise(moved, ion, region=region, rigid=rigid, warm=_carried(system, moved, start)).energy_kj_mol
                for start in (site.minima[ion], *rivals[ion])
            )
            for ion in site.ions
        }
        moves.append(energies[site.ions[1]] - energies[site.ions[0]])
    central = site.minima[site.ions[1]].energy_kj_mol - site.minima[site.ions[0]].energy_kj_mol
    return float(np.sqrt(np.mean((np.array(moves) - central) ** 2))), True


def moved_system(system: LigandSystem, errors: LigandErrors, rng: np.random.Generator) -> LigandSystem:
    """The system with its reference displaced at random within the errors; every group keeps its shape."""
    known = np.flatnonzero(errors.unique >= 0)
    atoms = AtomErrors(errors.sigma[known], errors.unique[known], "", False)
    wanted = np.array(system.positions)
    wanted[known] = perturbed(system.positions[known], atoms, rng)
    placed = on_bonds(system, system.positions, wanted)
    placed.setflags(write=False)
    return replace(system, positions=placed)


def _carried(system: LigandSystem, moved: LigandSystem, minimum: Minimum) -> Minimum:
    """A minimum of the unperturbed filter as a start in the perturbed one: every group takes its displacement along."""
    shifted = minimum.positions + moved.positions - system.positions
    return replace(minimum, positions=on_bonds(system, minimum.positions, shifted))


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
    for group, kind in enumerate(system.kinds):
        if kind == "hydroxyl":
            a, b, h = first[group], second[group], second[group] + 1
            torque = np.cross(positions[h] - 0.5 * (positions[a] + positions[b]), gradient[h])
            turning = np.cross(torque, bond[group]) / length[group]
            result[a] += 0.5 * gradient[h] - turning
            result[b] += 0.5 * gradient[h] + turning
            result[h] = 0.0
    stretch = 0.5 * ((result[second] - result[first]) * bond).sum(axis=1, keepdims=True) * bond
    result[second] -= stretch
    result[first] += stretch
    return result


def _rival(
    site: SiteEnergy,
    rings: tuple[Ring, ...],
    system: LigandSystem,
    profile: PoreProfile,
    ion: str,
    errors: LigandErrors,
    rigid: bool,
) -> list[Minimum]:
    """Minima of an ion in other basins of the site that an error of the coordinates could make the lowest."""
    rest = site.minima[ion]
    own = energy_gradient(system, ion, rest, rigid=rigid)
    inside = profile.within(site.site)
    rivals: dict[str, Minimum] = {}
    for point in inside:
        candidate = profile.minima[ion][point]
        name = basin_of(site.site, rings, candidate)
        known = rivals.get(name)
        if name != site.basin[ion] and (known is None or candidate.energy_kj_mol < known.energy_kj_mol):
            rivals[name] = candidate
    near = []
    for candidate in rivals.values():
        gap = candidate.energy_kj_mol - rest.energy_kj_mol
        other = energy_gradient(system, ion, candidate, rigid=rigid)
        if gap < BASIN_SIGMAS * gradient_error(system, other - own, errors):
            near.append(candidate)
    return near
