"""Which states can ions in single file take, and which steps join them? The lattice behind the rule "queue".

Nodes stand on the axis from the inside to the outside: planes (even) and cages (odd) of the filter, half a site apart. Ions of any
number of species occupy nodes at least ``closest`` apart, repel one another by w(distance), hop between neighbouring nodes and enter
or leave at the two ends. Energies and rates follow the definitions of the field: Boltzmann weights, symmetric (Kramers-like)
splitting of every energy difference, hence detailed balance by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.errors import OutOfRange, UnknownChoice

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_STATES = 200_000
"""Above this many states the linear solve no longer fits a laptop; the lattice is refused instead."""

INSIDE, OUTSIDE = 0, 1


@dataclass(frozen=True)
class Crowding:
    """How ions get in each other's way: least steps apart, most ions, and repulsion (kJ/mol) by steps apart (n_nodes,)."""

    apart: int
    max_ions: int
    repulsion_kj_mol: Floats


@dataclass(frozen=True)
class Lattice:
    """A single-file lattice, ready to be solved at any voltage and any baths.

    ``node_energy_kj_mol`` has shape (n_species, n_nodes); ``electrical_distance`` (n_nodes,) is 0 inside and 1 outside;
    ``states`` lists each state as ((node, species), ...) from the inside outward; ``state_energy_kj_mol`` includes repulsion at 0 mV;
    ``gating_charge`` (n_states,) is the sum of valence * (1 - x), so that a voltage adds F V times it. ``hops`` rows are (from state,
    to state, species, lower node), always outward; ``gates`` rows are (state without, state with, species, side).
    """

    species: tuple[str, ...]
    valence: Integers
    node_energy_kj_mol: Floats
    electrical_distance: Floats
    spacing: float
    crowding: Crowding
    refinement: int
    states: tuple[tuple[tuple[int, int], ...], ...]
    state_energy_kj_mol: Floats
    gating_charge: Floats
    hops: Integers
    gates: Integers

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.node_energy_kj_mol.shape[1]

    @property
    def n_states(self) -> int:
        """Number of occupancy states, the empty filter included."""
        return len(self.states)

    @cached_property
    def ion_counts(self) -> Integers:
        """Number of ions of each species in each state, shape (n_states, n_species)."""
        counts = np.zeros((self.n_states, len(self.species)), dtype=np.int64)
        for row, state in enumerate(self.states):
            for _, s in state:
                counts[row, s] += 1
        return counts

    def labelled(self, ion: str) -> Lattice:
        """The same pore for two labels, "inner" and "outer", of one ion: what tracer fluxes need. Unknown ions: `UnknownChoice`."""
        if ion not in self.species:
            raise UnknownChoice(f"ion {ion} is not in this lattice ({', '.join(self.species)}): label one of these")
        s = self.species.index(ion)
        return _assembled(
            ("inner", "outer"),
            self.valence[[s, s]],
            self.node_energy_kj_mol[[s, s]],
            self.electrical_distance,
            self.spacing,
            self.crowding,
            self.refinement,
        )

    def occupancy(self, probability: Floats) -> Floats:
        """Mean number of ions of each species on each node, shape (n_species, n_nodes), for state probabilities (n_states,)."""
        occupied = np.zeros_like(self.node_energy_kj_mol)
        for state, p in zip(self.states, probability, strict=True):
            for node, s in state:
                occupied[s, node] += p
        return occupied


def lattice(
    energies_kj_mol: Mapping[str, ArrayLike],
    *,
    repulsion_kj_mol: Mapping[float, float],
    max_ions: int = 4,
    spacing: float = 1.5,
    closest: float = 3.0,
    valence: Mapping[str, int] | None = None,
    refinement: int = 1,
) -> Lattice:
    """Single-file lattice for ions whose node energies are given.

    ``energies_kj_mol`` maps each species to its energies (n_nodes,) at 0 mV against the bath at 1 mol/L; ``repulsion_kj_mol`` maps
    distances (Å) to w(d), linear between them and zero beyond the largest step; ``spacing`` and ``closest`` in Å. With
    ``refinement`` m every step is divided into m (energies and w linear between the given points); what the lattice conducts must
    converge as m grows.

    Raises `OutOfRange` for unequal or empty profiles, non-finite energies, or more than `MOST_STATES` states.

    >>> one = lattice({"K": [-10.0, -20.0, -10.0]}, repulsion_kj_mol={3.0: 37.7})
    >>> one.n_nodes, one.n_states
    (3, 5)
    """
    species = tuple(energies_kj_mol)
    profile, electrical = _refined(_profiles(energies_kj_mol), refinement)
    step = spacing / refinement
    charges = np.array([(valence or {}).get(name, 1) for name in species], dtype=np.int64)
    repulsion = _repulsion_by_steps(repulsion_kj_mol, step, profile.shape[1])
    crowding = Crowding(max(1, round(closest / step)), max_ions, repulsion)
    return _assembled(species, charges, profile, electrical, step, crowding, int(refinement))


def _assembled(
    species: tuple[str, ...],
    charges: Integers,
    profile: Floats,
    electrical: Floats,
    step: float,
    crowding: Crowding,
    refinement: int,
) -> Lattice:
    states = _states(profile.shape[1], len(species), crowding)
    index = {state: i for i, state in enumerate(states)}
    energy = np.array([_state_energy(state, profile, crowding.repulsion_kj_mol, charges) for state in states])
    gating = np.array([sum(charges[s] * (1.0 - electrical[j]) for j, s in state) for state in states])
    hops, gates = _hops(states, index, profile.shape[1]), _gates(states, index, profile.shape[1], len(species))
    return Lattice(
        species, charges, profile, electrical, step, crowding, refinement, states, energy, gating, hops, gates
    )


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


def _states(n_nodes: int, n_species: int, crowding: Crowding) -> tuple[tuple[tuple[int, int], ...], ...]:
    complete: list[tuple[tuple[int, int], ...]] = [()]
    layer: Sequence[tuple[tuple[int, int], ...]] = complete
    for _ in range(crowding.max_ions):
        layer = [
            (*state, (node, s))
            for state in layer
            for node in range(state[-1][0] + crowding.apart if state else 0, n_nodes)
            for s in range(n_species)
        ]
        complete = [*complete, *layer]
        if len(complete) > MOST_STATES:
            raise OutOfRange(
                f"more than {MOST_STATES} occupancy states for {n_nodes} nodes: fewer ions, species or a lower refinement is needed"
            )
    return tuple(complete)


def _state_energy(state: tuple[tuple[int, int], ...], profile: Floats, repulsion: Floats, charges: Integers) -> float:
    own = sum(profile[s, j] for j, s in state)
    pairs = sum(charges[a[1]] * charges[b[1]] * repulsion[b[0] - a[0]] for a, b in combinations(state, 2))
    return float(own + pairs)


def _hops(states: tuple, index: dict, n_nodes: int) -> Integers:
    rows = []
    for origin, state in enumerate(states):
        for k, (node, s) in enumerate(state):
            target = index.get((*state[:k], (node + 1, s), *state[k + 1 :])) if node + 1 < n_nodes else None
            if target is not None:
                rows.append((origin, target, s, node))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _gates(states: tuple, index: dict, n_nodes: int, n_species: int) -> Integers:
    rows = []
    for origin, state in enumerate(states):
        for s in range(n_species):
            for side, wider in ((INSIDE, ((0, s), *state)), (OUTSIDE, (*state, (n_nodes - 1, s)))):
                target = index.get(wider)
                if target is not None:
                    rows.append((origin, target, s, side))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)
