"""What does each ion meet in single file? A lattice of nodes with energies and repulsion, behind the rule "queue".

Nodes stand on the axis from the inside to the outside: planes (even) and cages (odd) of the filter, half a site apart. Ions of any
number of species occupy nodes at least ``closest`` apart, repel one another by w(distance), hop between neighbouring nodes and enter
or leave at the two ends. Energies and rates follow the definitions of the field: Boltzmann weights, symmetric (Kramers-like)
splitting of every energy difference, hence detailed balance by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.permeation.occupancy import Floats, Integers, OccupancyGraph, State, occupancy_graph


@dataclass(frozen=True)
class Crowding:
    """How ions get in each other's way: least steps apart, most ions, and repulsion (kJ/mol) by steps apart (n_nodes,)."""

    apart: int
    max_ions: int
    repulsion_kj_mol: Floats


@dataclass(frozen=True, eq=False)
class Lattice:
    """A single-file lattice, ready to be solved at any voltage and any baths.

    ``node_energy_kj_mol`` has shape (n_species, n_nodes); ``electrical_distance`` (n_nodes,) is 0 inside and 1 outside. The states
    and the steps between them, which no energy changes, are those of ``graph``. ``entry_factor`` slows entries and exits against hops.
    """

    species: tuple[str, ...]
    valence: Integers
    node_energy_kj_mol: Floats
    electrical_distance: Floats
    spacing: float
    crowding: Crowding
    refinement: int
    entry_factor: float = 1.0

    @cached_property
    def graph(self) -> OccupancyGraph:
        """States and steps."""
        return occupancy_graph(self.n_nodes, len(self.species), self.crowding.apart, self.crowding.max_ions)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.node_energy_kj_mol.shape[1]

    @property
    def n_states(self) -> int:
        """Number of occupancy states, the empty filter included."""
        return self.graph.n_states

    @property
    def states(self) -> tuple[State, ...]:
        """Every state as ((node, species), ...) from the inside outward."""
        return self.graph.states

    @property
    def ion_counts(self) -> Integers:
        """Number of ions of each species in each state, shape (n_states, n_species)."""
        return self.graph.ion_counts

    @cached_property
    def repulsion_energy_kj_mol(self) -> Floats:
        """Repulsion between the ions of each state (n_states,)."""
        return self.graph.repulsion(self.crowding.repulsion_kj_mol, self.valence)

    @cached_property
    def state_energy_kj_mol(self) -> Floats:
        """Energy of each state (n_states,) at 0 mV, repulsion included."""
        return self.graph.placement @ self.node_energy_kj_mol.ravel() + self.repulsion_energy_kj_mol

    def state_energies(self, node_energy_kj_mol: ArrayLike, repulsion_scale: ArrayLike = 1.0) -> Floats:
        """Energies of the states (n_states, m) for m other sets of node energies (m, n_species, n_nodes).

        ``repulsion_scale`` (scalar or (m,)) multiplies the repulsion. Raises `OutOfRange` for another shape or what is not finite.
        """
        nodes = np.asarray(node_energy_kj_mol, dtype=float)
        scale = np.broadcast_to(np.asarray(repulsion_scale, dtype=float), nodes.shape[:1])
        if nodes.shape[1:] != self.node_energy_kj_mol.shape or not (
            np.isfinite(nodes).all() and np.isfinite(scale).all()
        ):
            raise OutOfRange(
                f"sets of node energies of shape {nodes.shape[1:]}: finite ones of shape {self.node_energy_kj_mol.shape} are needed"
            )
        own = self.graph.placement @ nodes.reshape(len(nodes), -1).T
        return np.asarray(own + np.outer(self.repulsion_energy_kj_mol, scale))

    @cached_property
    def gating_charge(self) -> Floats:
        """Sum of valence * (1 - x) over the ions of each state (n_states,): a voltage adds F V times it."""
        charge = np.outer(self.valence, 1.0 - self.electrical_distance)
        return np.asarray(self.graph.placement @ charge.ravel())

    def labelled(self, ion: str) -> Lattice:
        """The same pore for two labels, "inner" and "outer", of one ion: what tracer fluxes need. Unknown ions: `UnknownChoice`."""
        if ion not in self.species:
            raise UnknownChoice(f"ion {ion} is not in this lattice ({', '.join(self.species)}): label one of these")
        s = self.species.index(ion)
        return replace(
            self,
            species=("inner", "outer"),
            valence=self.valence[[s, s]],
            node_energy_kj_mol=self.node_energy_kj_mol[[s, s]],
        )

    def occupancy(self, probability: Floats) -> Floats:
        """Mean number of ions (n_species, n_nodes), for state probabilities (n_states,)."""
        return np.asarray(probability @ self.graph.placement).reshape(self.node_energy_kj_mol.shape)


def lattice(
    energies_kj_mol: Mapping[str, ArrayLike],
    *,
    repulsion_kj_mol: Mapping[float, float],
    max_ions: int = 4,
    spacing: float = 1.5,
    closest: float = 3.0,
    valence: Mapping[str, int] | None = None,
    refinement: int = 1,
    entry_factor: float = 1.0,
) -> Lattice:
    """Single-file lattice for ions whose node energies are given.

    ``energies_kj_mol`` maps each species to its energies (n_nodes,) at 0 mV against the bath at 1 mol/L; ``repulsion_kj_mol`` maps
    distances (Å) to w(d), linear between them and zero beyond the largest step; ``spacing`` and ``closest`` in Å. With
    ``refinement`` m every step is divided into m (energies and w linear between the given points); what the lattice conducts must
    converge as m grows.

    ``entry_factor`` (no unit) multiplies entries and exits alike, so that no equilibrium depends on it.

    Raises `OutOfRange` for unequal or empty profiles, non-finite energies, a factor that is not positive, or too many states.

    >>> one = lattice({"K": [-10.0, -20.0, -10.0]}, repulsion_kj_mol={3.0: 37.7})
    >>> one.n_nodes, one.n_states
    (3, 5)
    """
    if not (np.isfinite(entry_factor) and entry_factor > 0.0):
        raise OutOfRange(f"entry factor {entry_factor:g}: a positive number is needed (1: as fast as a hop)")
    species = tuple(energies_kj_mol)
    profile, electrical = _refined(_profiles(energies_kj_mol), refinement)
    step = spacing / refinement
    charges = np.array([(valence or {}).get(name, 1) for name in species], dtype=np.int64)
    repulsion = _repulsion_by_steps(repulsion_kj_mol, step, profile.shape[1])
    crowding = Crowding(max(1, round(closest / step)), max_ions, repulsion)
    occupancy_graph(profile.shape[1], len(species), crowding.apart, max_ions)  # refuses too many states now, not later
    return Lattice(species, charges, profile, electrical, step, crowding, int(refinement), float(entry_factor))


def _profiles(energies_kj_mol: Mapping[str, ArrayLike]) -> Floats:
    rows = [np.atleast_1d(np.asarray(values, dtype=float)) for values in energies_kj_mol.values()]
    if not rows or rows[0].size == 0:
        raise OutOfRange("no node energies given: needed at least one species with one node; pass {'K': [...]}")
    if len({row.shape for row in rows}) > 1:
        sizes = ", ".join(f"{name} {row.size}" for name, row in zip(energies_kj_mol, rows, strict=True))
        raise OutOfRange(f"node energies of different length ({sizes}): every species needs the same nodes")
    profile = np.vstack(rows)
    if not np.isfinite(profile).all():
        raise OutOfRange("node energies hold NaN or infinity: every node needs a finite energy in kJ/mol")
    return profile


def _refined(profile: Floats, refinement: int) -> tuple[Floats, Floats]:
    if refinement < 1 or int(refinement) != refinement:
        raise OutOfRange(f"refinement {refinement}: a whole number of at least 1 is needed")
    n_nodes = profile.shape[1]
    coarse = np.arange(n_nodes, dtype=float)
    fine = np.arange((n_nodes - 1) * refinement + 1) / refinement
    return (
        np.vstack([np.interp(fine, coarse, row) for row in profile]),
        (fine + 1.0) / (n_nodes + 1.0),
    )


def _repulsion_by_steps(repulsion_kj_mol: Mapping[float, float], step: float, n_nodes: int) -> Floats:
    # one coarse step beyond the last tabulated distance the repulsion has faded to zero
    known = sorted(repulsion_kj_mol)
    if not known:
        return np.zeros(n_nodes)
    tail = known[-1] + (known[-1] - known[-2] if len(known) > 1 else known[-1])
    distances = step * np.arange(n_nodes)
    return np.interp(distances, [*known, tail], [*(repulsion_kj_mol[d] for d in known), 0.0], right=0.0)
