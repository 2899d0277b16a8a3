"""Which groups hold the ion? A filter (or a free cage, or waters) as frozen arrays of rigid ligand groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import COULOMB_KJ_ANGSTROM
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.groups import (
    UNBOUNDED,
    Group,
    Vector,
    b_factor_amplitude,
    force_constant,
    hydroxyl_hydrogen,
    water_sites,
)
from selectivity.errors import EnergyRefused, FilterIncomplete, OutOfRange

if TYPE_CHECKING:
    from selectivity.structure.filter import Filter, Ring

Sigma = float | Literal["bfactor"]


@dataclass(frozen=True)
class LigandSystem:
    """Rigid ligand groups in the pore frame (Å, kJ/mol, e); A atoms in G groups, the atoms of a group contiguous.

    ``positions`` (A, 3) are the reference coordinates x_ref; ``group`` (A,) the group of each atom; ``charge``,
    ``epsilon_kj_mol``, ``half_rmin``, ``restraint_kj_mol_A2`` (A,), the last 0 for hydroxyl hydrogens, waters and free cages.
    ``kinds`` and ``labels`` name the groups; ``atom_names`` and ``deposited_ids`` (-1: built) the atoms. ``regions`` (G, 3) are
    (z_low, z_high, lateral radius) walls on the first atom of each group. ``ligand_coupling`` scales all interactions
    between different groups (1; 0 switches ligand-ligand repulsion off, a counterfactual).
    """

    force_field: str
    positions: Vector
    group: NDArray[np.int64]
    charge: Vector
    epsilon_kj_mol: Vector
    half_rmin: Vector
    restraint_kj_mol_A2: Vector
    regions: Vector
    kinds: tuple[str, ...]
    labels: tuple[str, ...]
    atom_names: tuple[str, ...]
    deposited_ids: NDArray[np.int64]
    ligand_coupling: float = 1.0

    @property
    def n_atoms(self) -> int:
        """Number of ligand atoms A."""
        return len(self.group)

    @property
    def n_groups(self) -> int:
        """Number of ligand groups G."""
        return len(self.kinds)

    def group_start(self) -> NDArray[np.int64]:
        """First atom of every group and A at the end, shape (G + 1,)."""
        return self._start

    @cached_property
    def _start(self) -> NDArray[np.int64]:
        return np.searchsorted(self.group, np.arange(self.n_groups + 1)).astype(np.int64)

    @cached_property
    def parameters(self) -> Vector:
        """Charge * sqrt(ke), sqrt(epsilon), Rmin/2 and restraint constant of every atom, shape (4, A): the kernels' units."""
        charge = self.charge * np.sqrt(COULOMB_KJ_ANGSTROM)
        return np.array([charge, np.sqrt(self.epsilon_kj_mol), self.half_rmin, self.restraint_kj_mol_A2])

    @cached_property
    def wall_rows(self) -> Vector:
        """First atom and (z_low, z_high, lateral radius) of the groups that have walls, shape (W, 4)."""
        rows = np.column_stack([self._start[:-1], self.regions])
        return rows[(np.abs(self.regions) < UNBOUNDED).any(axis=1)]

    @cached_property
    def centre_weights(self) -> Vector:
        """Weight of every atom in the centre of its group (A,): its restraint constant, or equal weights where none is restrained.

        About this centre translation and rotation do not couple through the restraints.
        """
        first = self._start[:-1]
        loose = np.add.reduceat(self.restraint_kj_mol_A2, first) == 0.0
        weight = np.where(loose[self.group], 1.0, self.restraint_kj_mol_A2)
        return weight / np.add.reduceat(weight, first)[self.group]

    def oxygens(self) -> NDArray[np.int64]:
        """Index of the coordinating oxygen of every group, shape (G,)."""
        offset = {"carbonyl": 1, "hydroxyl": 1, "water": 0}
        return self.group_start()[:-1] + np.array([offset[kind] for kind in self.kinds], dtype=np.int64)

    def without_ligand_repulsion(self) -> LigandSystem:
        """The same groups with every interaction between different groups switched off (a counterfactual)."""
        return replace(self, ligand_coupling=0.0)


def filter_ligands(filter: Filter, *, force_field: str = "charmm36", sigma: Sigma = 0.30) -> LigandSystem:
    """All carbonyls and hydroxyls of the rings of a filter, in the pore frame.

    sigma is the nominal amplitude of the restrained atoms in Å (k = R T_ref / sigma^2), or "bfactor" for
    sigma^2 = B / (8 pi^2) atom by atom. Hydroxyl hydrogens are built with the torsion towards +z; it is a degree of freedom.

    Raises `EnergyRefused` for rings that are neither carbonyls nor hydroxyls, `FilterIncomplete` when the C of a
    carbonyl or the CB of a hydroxyl is missing, `OutOfRange` for a bad sigma or B-factor, `UnknownChoice` for a force field.
    """
    positions = filter.pore_positions()
    groups = []
    for ring in filter.rings:
        _check_ring(ring)
        for oxygen in ring.atoms:
            carbon = _partner(filter, ring, oxygen, positions)
            groups.append(_filter_group(filter, ring, carbon, oxygen, positions, sigma))
    return pack(groups, force_field=force_field)


def add_waters(
    system: LigandSystem, oxygens: Vector, *, region: tuple[float, float, float], dipoles: Vector | None = None
) -> LigandSystem:
    """The system with rigid TIP3P waters at ``oxygens`` (n, 3; Å), each kept in (z_low, z_high, lateral radius) by flat-bottom walls.

    ``dipoles`` (n, 3) are starting directions of the dipoles (default +z). Raises `OutOfRange` for an empty region.
    """
    check_region(region)
    oxygens = np.atleast_2d(np.asarray(oxygens, dtype=float))
    directions = np.tile([0.0, 0.0, 1.0], (len(oxygens), 1)) if dipoles is None else np.atleast_2d(dipoles)
    waters = [
        Group("water", f"water {i + 1}", ("O", "H1", "H2"), water_sites(o, d), np.zeros(3), (-1, -1, -1), region)
        for i, (o, d) in enumerate(zip(oxygens, directions, strict=True))
    ]
    return _join(system, pack(waters, force_field=system.force_field))


def pack(groups: Sequence[Group], *, force_field: str) -> LigandSystem:
    """Pack groups into one `LigandSystem` with the parameters of a force field.

    >>> co = Group("carbonyl", "one", ("C", "O"), np.array([[0, 0, 1.23], [0, 0, 0.0]]), np.zeros(2), (-1, -1))
    >>> pack([co], force_field="charmm36").charge.tolist()
    [0.51, -0.51]
    """
    field = force_field_by_name(force_field)
    types = [atom for group in groups for atom in group.atom_types(field)]
    return LigandSystem(
        force_field=force_field,
        positions=_frozen(np.concatenate([g.positions for g in groups])),
        group=_frozen(np.repeat(np.arange(len(groups)), [len(g.atom_names) for g in groups])),
        charge=_frozen([t.charge for t in types]),
        epsilon_kj_mol=_frozen([t.epsilon_kj_mol for t in types]),
        half_rmin=_frozen([t.half_rmin for t in types]),
        restraint_kj_mol_A2=_frozen(np.concatenate([g.restraint_kj_mol_A2 for g in groups])),
        regions=_frozen([g.region for g in groups]),
        kinds=tuple(g.kind for g in groups),
        labels=tuple(g.label for g in groups),
        atom_names=tuple(name for g in groups for name in g.atom_names),
        deposited_ids=_frozen(np.concatenate([g.deposited_ids for g in groups]).astype(np.int64)),
    )


def check_region(region: tuple[float, float, float]) -> None:
    """Refuse a region (z_low, z_high, lateral radius) that holds no point (`OutOfRange`).

    >>> check_region((0.0, 3.0, 1.8))
    """
    z_low, z_high, radius = region
    if not (z_low < z_high and radius > 0.0):
        raise OutOfRange(
            f"region z {z_low:g} to {z_high:g} Å, radius {radius:g} Å holds no point: needed z_low < z_high, radius > 0"
        )


def _check_ring(ring: Ring) -> None:
    if ring.kind not in ("carbonyl", "hydroxyl"):
        raise EnergyRefused(
            f"ring {ring.name} is of kind {ring.kind}: the energy model covers neutral carbonyl and hydroxyl ligands only; "
            "use geometry and bond valence for this pore"
        )


def _partner(filter: Filter, ring: Ring, oxygen: int, positions: Vector) -> int:
    """The C of a carbonyl or the CB of a hydroxyl: same residue, right name."""
    atom = filter.atoms[oxygen]
    wanted = "C" if ring.kind == "carbonyl" else "CB"
    key = (atom.strand, atom.chain, atom.residue_number, atom.insertion_code, atom.residue_index)
    for index, other in enumerate(filter.atoms):
        same = (other.strand, other.chain, other.residue_number, other.insertion_code, other.residue_index) == key
        if same and other.name == wanted and np.linalg.norm(positions[index] - positions[oxygen]) < 2.0:
            return index
    raise FilterIncomplete(
        f"ring {ring.name}: {atom.residue_name} {atom.chain} {atom.residue_number} has {atom.name} but no {wanted} within 2 Å "
        f"of it; the energy model needs both: complete the residue or leave this ring out"
    )


def _filter_group(filter: Filter, ring: Ring, carbon: int, oxygen: int, positions: Vector, sigma: Sigma) -> Group:
    heavy = (carbon, oxygen)
    restraint = [_restraint(filter, atom, sigma) for atom in heavy]
    ids = tuple(filter.atoms[atom].deposited_id for atom in heavy)
    sites = positions[list(heavy)]
    label = f"{ring.name} {filter.atoms[oxygen].strand}"
    if ring.kind == "carbonyl":
        return Group("carbonyl", label, ("C", "O"), sites, np.array(restraint), ids)
    hydrogen = hydroxyl_hydrogen(sites[0], sites[1], np.array([0.0, 0.0, 1.0]))
    return Group(
        "hydroxyl",
        label,
        ("CB", filter.atoms[oxygen].name, "H" + filter.atoms[oxygen].name[1:]),
        np.vstack([sites, hydrogen]),
        np.array([*restraint, 0.0]),
        (*ids, -1),
    )


def _restraint(filter: Filter, atom: int, sigma: Sigma) -> float:
    if isinstance(sigma, str):
        if sigma != "bfactor":
            raise OutOfRange(f"sigma = {sigma!r}: give a number in Å (calibrated: 0.30) or 'bfactor'")
        entry = filter.atoms[atom]
        try:
            return force_constant(b_factor_amplitude(entry.b_factor))
        except OutOfRange as error:
            name = f"{entry.residue_name} {entry.chain} {entry.residue_number} {entry.name}"
            raise OutOfRange(f"{name}: {error}") from None
    return force_constant(sigma)


def _join(first: LigandSystem, second: LigandSystem) -> LigandSystem:
    def both(name: str) -> NDArray[Any]:
        return _frozen(np.concatenate([getattr(first, name), getattr(second, name)]))

    return replace(
        first,
        positions=both("positions"),
        group=_frozen(np.concatenate([first.group, second.group + first.n_groups])),
        charge=both("charge"),
        epsilon_kj_mol=both("epsilon_kj_mol"),
        half_rmin=both("half_rmin"),
        restraint_kj_mol_A2=both("restraint_kj_mol_A2"),
        regions=both("regions"),
        kinds=first.kinds + second.kinds,
        labels=first.labels + second.labels,
        atom_names=first.atom_names + second.atom_names,
        deposited_ids=both("deposited_ids"),
    )


def _frozen(values: ArrayLike) -> NDArray[Any]:
    array = np.array(values)
    array.setflags(write=False)
    return array


__all__ = ["UNBOUNDED", "LigandSystem", "Sigma", "add_waters", "check_region", "filter_ligands", "pack"]
