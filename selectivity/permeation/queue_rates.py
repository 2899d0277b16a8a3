"""How fast is every step of the queue? Rates of hops, entries and exits, for many voltages or energies side by side.

Rates (k0 at a node distance h; e = energy / RT at the given voltage; concentrations in mol/L; psi = bath potential):
hop k0 exp(-de/2), entry f k0 c exp(-(de - z psi F/RT)/2), exit f k0 exp(+(de - z psi F/RT)/2), f the entry factor of the lattice. The
inside bath is at V, the outside at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import thermal_energy, thermal_voltage
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import INSIDE, Floats

BULK_DIFFUSION_M2_S = 1.96e-9
"""Diffusion coefficient of K+ in water at 25 °C, m²/s: RT/F² times its limiting molar conductivity, 73.5e-4 m² S/mol (source: lange15)."""


def hop_rate_at(spacing_angstrom: float) -> float:
    """k0 = D/h² in 1/s for nodes h apart (Å), with the bulk diffusion coefficient of K+.

    Ratios and reversal potentials depend on the entry factor, not on k0, which all steps share; currents are proportional to it and
    an upper estimate.

    >>> round(hop_rate_at(1.5) / 1e10, 2)
    8.71
    """
    return BULK_DIFFUSION_M2_S / (1e-10 * spacing_angstrom) ** 2


@dataclass(frozen=True)
class QueueRates:
    """Rates (1/s) of every step of a lattice between two baths, one column for each of m voltages or sets of energies.

    ``hop_forward``, ``hop_backward`` (n_hops, m), ``entry`` and ``exit`` (n_gates, m) follow `OccupancyGraph.hops` and ``.gates``;
    ``reduced_energy`` (n_states, m) is energy / RT at the voltage, ``baths_molar`` (2, n_species) the baths in mol/L.
    """

    hop_forward: Floats
    hop_backward: Floats
    entry: Floats
    exit: Floats
    reduced_energy: Floats
    baths_molar: Floats

    @property
    def steps(self) -> Floats:
        """All rates (n_steps, m) in the order of `OccupancyGraph.steps`."""
        return np.concatenate([self.hop_forward, self.hop_backward, self.entry, self.exit])


def queue_rates(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: ArrayLike,
    temperature: float,
    hop_rate_per_s: float | None = None,
    state_energy_kj_mol: Floats | None = None,
) -> QueueRates:
    """Rates of every hop, entry and exit (1/s) at the voltages ``v_mv`` (m,) or scalar (mV); baths in mM, temperature in K.

    ``hop_rate_per_s`` is k0, by default `hop_rate_at` the distance of the nodes.
    ``state_energy_kj_mol`` (n_states, m), as of `Lattice.state_energies`, replaces the lattice's own, one set for each voltage. Errors
    as `selectivity.permeation.queue.steady_state`.
    """
    baths = bath_concentrations(lattice, inside, outside)
    voltage = np.atleast_1d(np.asarray(v_mv, dtype=float))
    if not (np.isfinite(temperature) and temperature > 0):
        raise OutOfRange(f"temperature {temperature:g} K: a positive number of kelvin is needed (25 °C is 298.15 K)")
    if not np.isfinite(voltage).all():
        raise OutOfRange(f"voltage {voltage[~np.isfinite(voltage)][0]:g} mV: finite voltages are needed")
    psi = np.vstack([voltage / thermal_voltage(temperature), np.zeros_like(voltage)])
    own = lattice.state_energy_kj_mol[:, None] if state_energy_kj_mol is None else state_energy_kj_mol
    energy = own / thermal_energy(temperature)
    energy = energy + np.outer(lattice.gating_charge, psi[INSIDE])
    # a refined node is a smaller volume: the same density means a lower probability of being on it
    energy = energy + (lattice.ion_counts.sum(axis=1) * np.log(lattice.refinement))[:, None]
    hops, gates = lattice.graph.hops, lattice.graph.gates
    rise = np.exp((energy[hops[:, 1]] - energy[hops[:, 0]]) / 2)
    entering = energy[gates[:, 1]] - energy[gates[:, 0]] - lattice.valence[gates[:, 2], None] * psi[gates[:, 3]]
    leave = np.exp(entering / 2)
    rate = hop_rate_at(lattice.spacing * lattice.refinement) if hop_rate_per_s is None else hop_rate_per_s
    hop, gate = rate * lattice.refinement**2, rate * np.sqrt(lattice.refinement) * lattice.entry_factor
    concentration = baths[gates[:, 3], gates[:, 2], None]
    return QueueRates(hop / rise, hop * rise, gate * concentration / leave, gate * leave, energy, baths)


def bath_concentrations(lattice: Lattice, inside: Mapping[str, float], outside: Mapping[str, float]) -> Floats:
    """Both baths, mol/L, shape (2, n_species), from mM; raises `UnknownChoice` for foreign ions, `OutOfRange` below zero."""
    baths = np.zeros((2, len(lattice.species)))
    for side, bath in enumerate((inside, outside)):
        unknown = [name for name in bath if name not in lattice.species]
        if unknown:
            raise UnknownChoice(
                f"ion {unknown[0]} is not in this lattice ({', '.join(lattice.species)}): leave it out or give its energies"
            )
        for s, name in enumerate(lattice.species):
            value = float(bath.get(name, 0.0))
            if not (np.isfinite(value) and value >= 0):
                raise OutOfRange(
                    f"[{name}] {'outside' if side else 'inside'} is {value} mM: a concentration of at least 0 is needed"
                )
            baths[side, s] = value / 1000.0
    return baths
