"""What is the energy of ions among ligand groups, term by term? The Hamiltonian of docs/theory.md (section 2) as functions of arrays.

U = sum over pairs of different bodies [ke qi qj / r + eps_ij ((Rm_ij/r)^12 - 2 (Rm_ij/r)^6)] + sum 1/2 k |x - x_ref|^2 + walls
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import COULOMB_KJ_ANGSTROM
from selectivity.energetics.force_field import force_field
from selectivity.energetics.groups import UNBOUNDED, Vector
from selectivity.energetics.ligands import LigandSystem, check_region
from selectivity.errors import OutOfRange


class Region(NamedTuple):
    """Where an ion may rest: between two heights (Å, pore frame) and within a lateral radius; stiff flat-bottom walls outside."""

    z_low: float = -UNBOUNDED
    z_high: float = UNBOUNDED
    lateral_radius: float = UNBOUNDED


@dataclass(frozen=True)
class EnergyTerms:
    """Parts of the energy, kJ/mol: waters count as ligands, ``ion_ion`` holds both electrostatics and Lennard-Jones.

    >>> a = EnergyTerms(-300.0, 40.0, 90.0, -20.0, 12.0, 0.0, 0.0)
    >>> a.total, a.ligand_ligand, (a - a).total
    (-178.0, 70.0, 0.0)
    """

    ion_ligand_electrostatics: float
    ion_ligand_lj: float
    ligand_ligand_electrostatics: float
    ligand_ligand_lj: float
    strain: float
    ion_ion: float
    walls: float

    @property
    def ligand_ligand(self) -> float:
        """Electrostatics and Lennard-Jones between different ligand groups, kJ/mol."""
        return self.ligand_ligand_electrostatics + self.ligand_ligand_lj

    @property
    def total(self) -> float:
        """Sum of all terms, kJ/mol."""
        return sum(getattr(self, field.name) for field in fields(self))

    def to_dict(self) -> dict[str, float]:
        """All terms and their total by name, kJ/mol."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"total": self.total}

    def __sub__(self, other: EnergyTerms) -> EnergyTerms:
        return EnergyTerms(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class PackedSystem:
    """The arrays of the compiled kernels (layout: `selectivity.energetics.kernels`), ions in the last columns."""

    params: Vector
    reference: Vector
    start: NDArray[np.int64]
    walls: Vector
    coupling: float


def energy_terms(
    system: LigandSystem,
    ions: str | Sequence[str],
    positions: ArrayLike,
    ion_positions: ArrayLike,
    *,
    region: Region | Sequence[Region] | None = None,
) -> EnergyTerms:
    """Energy of a configuration: ligand atoms at ``positions`` (A, 3), ions at ``ion_positions`` (I, 3), Å.

    ``region`` gives walls for all ions or one for each. Raises `UnknownChoice` for an ion without parameters, `OutOfRange` for
    coordinates that are not finite or of the wrong shape.
    """
    return evaluate(system, ions, positions, ion_positions, region=region)[0]


def evaluate(
    system: LigandSystem,
    ions: str | Sequence[str],
    positions: ArrayLike,
    ion_positions: ArrayLike,
    *,
    region: Region | Sequence[Region] | None = None,
) -> tuple[EnergyTerms, Vector, Vector]:
    """`energy_terms` and the gradient dU/dx (kJ/mol/Å) on ligand atoms (A, 3) and ions (I, 3)."""
    from selectivity.energetics import kernels

    names = ion_names(ions)
    packed = pack_system(system, names, regions_of(region, len(names)))
    xyz = columns(system, positions, ion_positions, len(names))
    grad, terms = np.empty_like(xyz), np.empty(kernels.N_TERMS)
    kernels.interactions(xyz, packed.params, packed.reference, packed.start, packed.walls, packed.coupling, grad, terms)
    return terms_of(terms), grad[:, : system.n_atoms].T.copy(), grad[:, system.n_atoms :].T.copy()


def pack_system(system: LigandSystem, ions: Sequence[str], regions: Sequence[Region]) -> PackedSystem:
    """Parameters, reference, group starts and walls as the kernels read them."""
    n = system.n_atoms
    params = np.empty((4, n + len(ions)))
    params[:, :n] = system.parameters
    params[:, n:] = ion_parameters(system.force_field, tuple(ions))
    reference = np.zeros((3, n + len(ions)))
    reference[:, :n] = system.positions.T
    return PackedSystem(params, reference, system.group_start(), _walls(system, regions), system.ligand_coupling)


@lru_cache(maxsize=64)
def ion_parameters(field: str, ions: tuple[str, ...]) -> Vector:
    """Charge * sqrt(ke), sqrt(epsilon), Rmin/2 and no restraint of each ion, shape (4, I): the kernels' units.

    >>> ion_parameters("charmm36", ("K", "Na"))[2].tolist()
    [1.76375, 1.41075]
    """
    types = [force_field(field).ion(name) for name in ions]
    rows = [(t.charge * COULOMB_KJ_ANGSTROM**0.5, t.epsilon_kj_mol**0.5, t.half_rmin, 0.0) for t in types]
    return np.array(rows).reshape(-1, 4).T


def regions_of(region: Region | Sequence[Region] | None, n_ions: int) -> tuple[Region, ...]:
    """One region for each ion (the same for all when a single one is given, unbounded when none is)."""
    if region is None:
        return (Region(),) * n_ions
    single = len(region) == 3 and not isinstance(region[0], tuple)
    regions = (Region(*region),) * n_ions if single else tuple(Region(*r) for r in region)  # type: ignore[misc]
    if len(regions) != n_ions:
        raise OutOfRange(f"{len(regions)} regions for {n_ions} ions: give one, or one for each ion")
    for entry in regions:
        check_region(entry)
    return regions


def ion_names(ions: str | Sequence[str]) -> tuple[str, ...]:
    """Ion names as a tuple; a single name stands for one ion.

    >>> ion_names("K"), ion_names(["K", "Na"])
    (('K',), ('K', 'Na'))
    """
    return (ions,) if isinstance(ions, str) else tuple(ions)


def columns(system: LigandSystem, positions: ArrayLike, ion_positions: ArrayLike, n_ions: int) -> Vector:
    """Ligand and ion positions side by side, shape (3, A + I). Raises `OutOfRange` for wrong shapes, NaN or infinity."""
    ligand = np.asarray(positions, dtype=float)
    ion = np.asarray(ion_positions, dtype=float).reshape(-1, 3)
    if ligand.shape != (system.n_atoms, 3) or ion.shape != (n_ions, 3):
        raise OutOfRange(
            f"positions {ligand.shape} and ion positions {ion.shape}: needed ({system.n_atoms}, 3) and ({n_ions}, 3)"
        )
    xyz = np.ascontiguousarray(np.concatenate([ligand, ion]).T)
    if not np.isfinite(xyz).all():
        raise OutOfRange("a coordinate is NaN or infinite: every atom and ion needs finite coordinates in Å")
    return xyz


def terms_of(values: Vector) -> EnergyTerms:
    """`EnergyTerms` from the array that the kernel fills."""
    il_coulomb, il_lj, ll_coulomb, ll_lj, strain, ion_ion, walls = (float(v) for v in values)
    return EnergyTerms(il_coulomb, il_lj, ll_coulomb, ll_lj, strain, ion_ion, walls)


def _walls(system: LigandSystem, regions: Sequence[Region]) -> Vector:
    """Wall rows of the groups and of the ions that have any; contiguous and at least (0, 4)."""
    bounded = [i for i, region in enumerate(regions) if any(abs(bound) < UNBOUNDED for bound in region)]
    ions = np.array([(system.n_atoms + i, *regions[i]) for i in bounded]).reshape(-1, 4)
    return np.concatenate([system.wall_rows, ions])
