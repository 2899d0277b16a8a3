"""Which numbers make a filter a queue? The generic ones, the same for every channel, and ddG in its planes and cages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE, thermal_energy
from selectivity.data import read_table
from selectivity.errors import OutOfRange
from selectivity.permeation.lattice import Lattice, lattice
from selectivity.permeation.occupancy import Floats
from selectivity.permeation.rules import BARRIER_KJ_MOL, MEASURED_KD_MOLAR

RECORDING_MM = 150.0
"""Concentration on each side in the usual bi-ionic recording, mM."""

LARGEST_NODE_KJ_MOL = 250.0
"""A ddG beyond this (100 RT, of a frozen ring that touches an ion) counts as this: it says that nothing passes, not how little."""


def _generic_well() -> float:
    return thermal_energy(ROOM_TEMPERATURE) * float(np.log(MEASURED_KD_MOLAR))


def _generic_repulsion() -> dict[float, float]:
    return {float(row["distance_angstrom"]): float(row["value"]) * KJ_PER_KCAL for row in read_table("ion_repulsion")}


@dataclass(frozen=True)
class QueueParameters:
    """The generic numbers of the queue, kJ/mol; the measured K+ affinity and K+ barrier of
    `selectivity.permeation.rules`, repulsion from data/ion_repulsion.csv; none of them says anything about Na+.

    ``well_kj_mol`` is the energy of K+ in a cage against 1 mol/L, ``barrier_kj_mol`` that of a plane above it,
    ``repulsion_kj_mol`` maps ion distances (Å) to pair energies, ``max_ions`` bounds the occupancy, ``spacing_angstrom`` is half a
    site (source: zhou2001, sites about 3 Å apart), ``entry_factor`` (no unit) the speed of entries and exits against hops.
    """

    well_kj_mol: float = field(default_factory=_generic_well)
    barrier_kj_mol: float = BARRIER_KJ_MOL
    repulsion_kj_mol: Mapping[float, float] = field(default_factory=_generic_repulsion)
    max_ions: int = 4
    spacing_angstrom: float = 1.5
    entry_factor: float = 1.0

    def __post_init__(self) -> None:
        if not (isinstance(self.max_ions, int) and self.max_ions >= 1):
            raise OutOfRange(f"{self.max_ions} ions at most: a whole number of at least 1 is needed")
        if not 0.5 <= self.spacing_angstrom <= 5.0:
            raise OutOfRange(
                f"nodes {self.spacing_angstrom:g} Å apart: half a site is about 1.5 Å, 0.5 to 5 Å is accepted"
            )
        numbers = (self.well_kj_mol, self.barrier_kj_mol, *self.repulsion_kj_mol, *self.repulsion_kj_mol.values())
        if not np.isfinite(numbers).all():
            raise OutOfRange("well, barrier and repulsion of the queue: finite energies in kJ/mol are needed")
        if min(self.repulsion_kj_mol.values(), default=0.0) < 0.0:
            raise OutOfRange("repulsion of the queue: energies of zero or more are needed; ions of one sign do not attract")
        if not (np.isfinite(self.entry_factor) and self.entry_factor > 0.0):
            raise OutOfRange(f"entry factor {self.entry_factor:g}: a positive number is needed (1: as fast as a hop)")

    def with_repulsion_scaled(self, factor: float) -> QueueParameters:
        """The same numbers with every pair energy times ``factor`` (no unit)."""
        return replace(self, repulsion_kj_mol={d: factor * w for d, w in self.repulsion_kj_mol.items()})


@dataclass(frozen=True)
class QueueSpread:
    """How well the generic numbers are known, one standard deviation each; they move together for all nodes.

    ``well_kj_mol``: 1 kcal/mol, a factor of five in the K+ affinity (source: this_package, assumed). ``barrier_kj_mol``: half of the
    published range of 2 to 3 kcal/mol (source: berneche_roux2001). ``repulsion_fraction``: a fifth (source: this_package, assumed).
    ``slowest_entry``: the entry factor lies anywhere between this and the one in use. At 1 an empty filter takes K+ from 150 mM 9e10
    times a second; diffusion to a mouth of radius r brings 2 pi D r c, 9e8 for a wide r of 8 Å: a hundredth (source: this_package,
    assumed).
    """

    well_kj_mol: float = 1.0 * KJ_PER_KCAL
    barrier_kj_mol: float = 0.5 * KJ_PER_KCAL
    repulsion_fraction: float = 0.2
    slowest_entry: float = 0.01


NO_SPREAD = QueueSpread(0.0, 0.0, 0.0, 1.0)
"""Generic numbers taken as exact."""


def queue_lattice(
    cages_kj_mol: Sequence[float],
    planes_kj_mol: Sequence[float],
    *,
    ions: tuple[str, str] = ("K", "Na"),
    parameters: QueueParameters | None = None,
    refinement: int = 1,
) -> Lattice:
    """The queue of a filter from ddG (kJ/mol) in its N cages and N + 1 planes, both listed from the inside to the outside.

    Raises `OutOfRange` when there is not exactly one plane more than cages.

    >>> queue_lattice([20.9] * 4, [2.1] * 5).n_states
    651
    """
    return node_lattice(nodes_of(cages_kj_mol, planes_kj_mol), ions=ions, parameters=parameters, refinement=refinement)


def node_lattice(
    ddg_nodes_kj_mol: ArrayLike,
    *,
    first_nodes_kj_mol: ArrayLike | None = None,
    ions: tuple[str, str] = ("K", "Na"),
    parameters: QueueParameters | None = None,
    refinement: int = 1,
) -> Lattice:
    """The queue of a filter from ddG (n_nodes,) kJ/mol in plane, cage, plane, ... plane, from the inside to the outside.

    ``first_nodes_kj_mol`` (n_nodes,), against 1 mol/L, replaces the energies of the first ion that ``parameters`` give.
    A ddG beyond `LARGEST_NODE_KJ_MOL` counts as that.

    >>> node_lattice([2.1, 20.9, 2.1]).node_energy_kj_mol.shape
    (2, 3)
    """
    numbers = parameters or QueueParameters()
    difference = bounded_nodes(ddg_nodes_kj_mol)
    if difference.ndim != 1:
        raise OutOfRange(f"ddG of shape {difference.shape}: one value for each node is needed")
    first = first_nodes(len(difference), numbers, first_nodes_kj_mol)
    return lattice(
        {ions[0]: first, ions[1]: first + difference},
        repulsion_kj_mol=numbers.repulsion_kj_mol,
        max_ions=numbers.max_ions,
        spacing=numbers.spacing_angstrom,
        closest=2.0 * numbers.spacing_angstrom,
        refinement=refinement,
        entry_factor=numbers.entry_factor,
    )


def nodes_of(cages_kj_mol: Sequence[float], planes_kj_mol: Sequence[float]) -> Floats:
    """Cages and planes in the order in which an ion meets them: plane, cage, plane, ... plane.

    >>> nodes_of([20.0, 22.0], [1.0, 2.0, 3.0]).tolist()
    [1.0, 20.0, 2.0, 22.0, 3.0]
    """
    if len(planes_kj_mol) != len(cages_kj_mol) + 1 or not len(cages_kj_mol):
        raise OutOfRange(
            f"{len(cages_kj_mol)} cages with {len(planes_kj_mol)} planes: N cages need N + 1 planes, N at least 1"
        )
    nodes = np.empty(2 * len(cages_kj_mol) + 1)
    nodes[0::2], nodes[1::2] = planes_kj_mol, cages_kj_mol
    return nodes


def checked_nodes(values: ArrayLike) -> Floats:
    """Values (..., n_nodes) as an array; raises `OutOfRange` unless n_nodes is odd, at least 3, and all are finite."""
    nodes = np.atleast_1d(np.asarray(values, dtype=float))
    if nodes.shape[-1] < 3 or nodes.shape[-1] % 2 == 0:
        raise OutOfRange(
            f"{nodes.shape[-1]} nodes: plane, cage, plane, ... plane is needed, an odd number of at least 3 values"
        )
    if not np.isfinite(nodes).all():
        raise OutOfRange("node energies hold NaN or infinity: every plane and cage needs a finite ddG in kJ/mol")
    return nodes


def bounded_nodes(values: ArrayLike) -> Floats:
    """`checked_nodes` with every ddG (kJ/mol) held within `LARGEST_NODE_KJ_MOL` of zero."""
    return np.clip(checked_nodes(values), -LARGEST_NODE_KJ_MOL, LARGEST_NODE_KJ_MOL)


def first_nodes(n_nodes: int, parameters: QueueParameters, given: ArrayLike | None = None) -> Floats:
    """Energies of the first ion (n_nodes,), kJ/mol against 1 mol/L: the given ones, else well in cages and well + barrier in planes."""
    if given is None:
        energies = np.full(n_nodes, float(parameters.well_kj_mol))
        energies[0::2] += parameters.barrier_kj_mol
        return energies
    energies = checked_nodes(given)
    if energies.shape != (n_nodes,):
        raise OutOfRange(f"{energies.size} energies of the first ion for {n_nodes} nodes: one for each is needed")
    return energies
