"""What does a free cage of ligands prefer? n rigid C=O groups round one ion, through the same Hamiltonian as a filter.

The oxygens stand on the Thomson directions at one common distance d from the ion, each carbon 1.23 Å farther out; d is the only
coordinate. The textbook experiment on selectivity: eight ligands that repel one another prefer K+, five or six prefer Na+, and
without repulsion every cage prefers Na+ (recomputed by the tests).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from selectivity.energetics.force_field import group_geometry
from selectivity.energetics.groups import Group, Vector, water_sites
from selectivity.energetics.hamiltonian import EnergyTerms, energy_terms
from selectivity.energetics.ligands import LigandSystem, pack
from selectivity.errors import OutOfRange

LIGANDS = (1, 12)
"""Fewest and most ligands of a free cage; one ligand gives the pair minimum."""

DISTANCES = (1.3, 6.0)
"""Å; the common distance is searched between these."""

THOMSON_SEEDS = 24
"""Random starts of the Thomson problem; up to 12 charges it has so few local minima that every seed set finds the lowest."""


@dataclass(frozen=True)
class LigandCage:
    """A cage about one ion: common ion-oxygen distance (Å), energy and its terms (kJ/mol), and the coordinates (A, 3) in Å."""

    ion: str
    n_ligands: int
    distance: float
    energy_kj_mol: float
    terms: EnergyTerms
    positions: Vector


def ligand_cage(
    n_ligands: int,
    ion: str,
    *,
    force_field: str = "charmm36",
    ligand_repulsion: bool = True,
    charge: float | None = None,
    distance: float | None = None,
) -> LigandCage:
    """The cage of n carbonyls round an ion at its best common distance, or at the ``distance`` given (a rigid cage).

    ``charge`` replaces the carbonyl charges by +-charge e; without ``ligand_repulsion`` the ligands do not see one another.
    Raises `OutOfRange` for n, charge or distance outside their range and `UnknownChoice` for an ion without parameters.

    >>> cage = ligand_cage(8, "K")
    >>> round(cage.distance, 2), round(cage.energy_kj_mol / 4.184, 1)
    (2.72, -98.2)
    """
    system = cage_ligands(n_ligands, force_field=force_field, ligand_repulsion=ligand_repulsion, charge=charge)
    if distance is None:
        distance = _best_distance(system, ion)
    elif not DISTANCES[0] <= distance <= DISTANCES[1]:
        raise OutOfRange(f"distance {distance} Å: needed {DISTANCES[0]} to {DISTANCES[1]} Å between ion and oxygens")
    positions = _at_distance(system, distance)
    terms = energy_terms(system, ion, positions, np.zeros((1, 3)))
    return LigandCage(ion, n_ligands, float(distance), terms.total, terms, positions)


def cage_preference(
    first: str,
    second: str,
    n_ligands: int,
    *,
    water_leg_kj_mol: float,
    distance: float | None = None,
    **options: object,
) -> float:
    """ddG = U(second) - U(first) + water leg (kJ/mol) of a cage; positive: the cage prefers the first ion.

    ``water_leg_kj_mol`` = G_water(first) - G_water(second), e.g. 73.2 for K+ and Na+ (Schmid); ``options`` as in `ligand_cage`.

    >>> round(cage_preference("K", "Na", 8, water_leg_kj_mol=17.5 * 4.184) / 4.184, 1)
    3.3
    """
    energies = [ligand_cage(n_ligands, ion, distance=distance, **options).energy_kj_mol for ion in (first, second)]  # type: ignore[arg-type]
    return energies[1] - energies[0] + water_leg_kj_mol


def cage_ligands(
    n_ligands: int,
    *,
    force_field: str = "charmm36",
    ligand_repulsion: bool = True,
    charge: float | None = None,
    distance: float = 2.8,
    n_waters: int = 0,
) -> LigandSystem:
    """n unrestrained ligands with their oxygens at ``distance`` (Å) from the origin on the Thomson directions.

    The last ``n_waters`` of them are TIP3P waters, their hydrogens outward; the others are carbonyls. The same `LigandSystem` as a
    filter's: `minimise` and the samplers take it, too.

    >>> cage_ligands(6).n_atoms, cage_ligands(6, n_waters=2).kinds[-2:]
    (12, ('water', 'water'))
    """
    if not 0 <= n_waters <= n_ligands:
        raise OutOfRange(f"{n_waters} waters among {n_ligands} ligands: needed 0 to {n_ligands}")
    if charge is not None and not 0.0 < charge <= 1.5:
        raise OutOfRange(f"carbonyl charge {charge} e: needed 0 < charge <= 1.5 e (CHARMM36 has 0.51)")
    outward = thomson_directions(n_ligands)
    n_carbonyls = n_ligands - n_waters
    carbonyls = [_carbonyl(i, u, distance) for i, u in enumerate(outward[:n_carbonyls])]
    waters = [
        Group("water", f"water {i + 1}", ("O", "H1", "H2"), water_sites(distance * u, u), np.zeros(3), (-1, -1, -1))
        for i, u in enumerate(outward[n_carbonyls:])
    ]
    system = pack([*carbonyls, *waters], force_field=force_field)
    if charge is not None:
        own = np.tile([charge, -charge], n_carbonyls)
        system = replace(system, charge=np.concatenate([own, system.charge[len(own) :]]))
    return system if ligand_repulsion else system.without_ligand_repulsion()


def charge_scan(ions: Sequence[str], n_ligands: int, charges: Sequence[float], **options: object) -> dict[str, Vector]:
    """Cage energies (kJ/mol) of every ion at every carbonyl charge (e), shape (n_charges,) each.

    >>> {ion: energies.round(0).tolist() for ion, energies in charge_scan(["K", "Na"], 8, [0.51]).items()}
    {'K': [-411.0], 'Na': [-470.0]}
    """
    return {
        ion: np.array([ligand_cage(n_ligands, ion, charge=q, **options).energy_kj_mol for q in charges])  # type: ignore[arg-type]
        for ion in ions
    }


@cache
def thomson_directions(n: int) -> Vector:
    """n unit vectors that minimise the sum of 1/r between them, shape (n, 3); read-only.

    Four: tetrahedron; five: trigonal bipyramid; six: octahedron; seven: pentagonal bipyramid; eight: square antiprism.
    Solved with scipy from fixed seeds; raises `OutOfRange` outside 1..12.

    >>> directions = thomson_directions(6)
    >>> (directions @ directions.T).round(6)[0].min()
    np.float64(-1.0)
    """
    if not LIGANDS[0] <= n <= LIGANDS[1]:
        raise OutOfRange(f"{n} ligands: a free cage takes {LIGANDS[0]} to {LIGANDS[1]}")
    if n == 1:
        best = np.array([[0.0, 0.0, 1.0]])
    else:
        starts = np.random.default_rng(0).normal(size=(THOMSON_SEEDS, 3 * n))
        options = {"maxiter": 2000, "gtol": 1e-12, "ftol": 1e-16}
        runs = [minimize(_repulsion, x, jac=True, method="L-BFGS-B", options=options) for x in starts]
        best = _unit(min(runs, key=lambda run: run.fun).x)
    best.setflags(write=False)
    return best


def _carbonyl(number: int, outward: Vector, distance: float) -> Group:
    sites = np.outer((distance + group_geometry().cage_co, distance), outward)
    return Group("carbonyl", f"ligand {number + 1}", ("C", "O"), sites, np.zeros(2), (-1, -1))


def _repulsion(x: Vector) -> tuple[float, Vector]:
    """Sum of 1/r over pairs of points on the unit sphere and its gradient with respect to the unnormalised points."""
    unit = _unit(x)
    length = np.linalg.norm(x.reshape(-1, 3), axis=1, keepdims=True)
    apart = unit[:, None] - unit[None]
    r = np.linalg.norm(apart, axis=-1) + np.eye(len(unit))
    inverse = 1.0 / r - np.eye(len(unit))
    slope = -np.einsum("ijk,ij->ik", apart, (1.0 / r**3) * (1.0 - np.eye(len(unit))))
    slope -= unit * np.sum(slope * unit, axis=1, keepdims=True)
    return 0.5 * float(inverse.sum()), (slope / length).ravel()


def _unit(x: Vector) -> Vector:
    points = x.reshape(-1, 3)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _at_distance(system: LigandSystem, distance: float) -> Vector:
    """The cage dilated so that its oxygens are at ``distance`` from the origin; every C=O moves as a whole along its direction."""
    oxygen = system.positions[1::2]
    radius = np.linalg.norm(oxygen, axis=1, keepdims=True)
    return system.positions + np.repeat(oxygen / radius * (distance - radius), 2, axis=0)


def _best_distance(system: LigandSystem, ion: str) -> float:
    """The common distance of lowest energy (Å): the lowest point of a 0.05 Å grid, refined by Brent's method."""

    def energy(distance: float) -> float:
        return energy_terms(system, ion, _at_distance(system, distance), np.zeros((1, 3))).total

    grid = np.arange(*DISTANCES, 0.05)
    lowest = int(np.argmin([energy(d) for d in grid]))
    bracket = (grid[max(lowest - 1, 0)], grid[min(lowest + 1, len(grid) - 1)])
    return float(minimize_scalar(energy, bounds=bracket, method="bounded", options={"xatol": 1e-7}).x)
