"""What does a filter conduct when several ions queue in it? Steady state, current and reversal potential of the lattice.

Rates (k0 at a node distance h; e = energy / RT at the given voltage; concentrations in mol/L; psi = bath potential):
hop k0 exp(-de/2), entry k0 c exp(-(de - z psi F/RT)/2), exit k0 exp(+(de - z psi F/RT)/2). The inside bath is at V, the outside at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import elementary_charge
from scipy.optimize import brentq
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from selectivity.constants import thermal_energy, thermal_voltage
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.permeation.lattice import INSIDE, Floats, Lattice

HOP_RATE_PER_S = 1.96e-9 / 1.5e-10**2
"""Default k0, 1/s: bulk diffusion coefficient of K+ (1.96e-9 m²/s, limiting molar conductivity) over the node distance squared.

Ratios and reversal potentials do not depend on it; currents are proportional to it and are an upper estimate."""

WIDEST_VOLTAGE_MV = 2000.0
"""A reversal potential is looked for up to this absolute voltage."""


@dataclass(frozen=True)
class QueueState:
    """Steady state of a lattice at one voltage.

    ``flux_per_s`` maps each species to its net outward flux, ``current_pa`` is the total outward current, ``occupancy`` maps each
    species to its mean number on every node (n_nodes,), ``probability`` is that of every lattice state (n_states,).
    ``link_flux_per_s`` maps species to the flux through every link (entry, hops, exit; n_nodes + 1), all equal in a steady state.
    """

    v_mv: float
    flux_per_s: dict[str, float]
    current_pa: float
    occupancy: dict[str, Floats]
    probability: Floats
    link_flux_per_s: dict[str, Floats]

    @property
    def mean_ions(self) -> float:
        """Mean number of ions in the filter."""
        return float(sum(values.sum() for values in self.occupancy.values()))


@dataclass(frozen=True)
class QueueRates:
    """Rates (1/s) of every step of a lattice at one voltage and two baths, in the order of `Lattice.hops` and `Lattice.gates`.

    ``reduced_energy`` (n_states,) is energy / RT at that voltage, ``baths_molar`` (2, n_species) the baths in mol/L.
    """

    hop_forward: Floats
    hop_backward: Floats
    entry: Floats
    exit: Floats
    reduced_energy: Floats
    baths_molar: Floats


def queue_rates(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: float,
    temperature: float,
    hop_rate_per_s: float = HOP_RATE_PER_S,
) -> QueueRates:
    """Rates of every hop, entry and exit (1/s); arguments and errors as `steady_state`."""
    baths = _baths(lattice, inside, outside)
    if not (np.isfinite(v_mv) and np.isfinite(temperature) and temperature > 0):
        raise OutOfRange(
            f"voltage {v_mv} mV at {temperature} K: both must be finite and the temperature positive (kelvin)"
        )
    psi = np.array([v_mv / thermal_voltage(temperature), 0.0])
    energy = lattice.state_energy_kj_mol / thermal_energy(temperature) + psi[INSIDE] * lattice.gating_charge
    # a refined node is a smaller volume: the same density means a lower probability of being on it
    energy = energy + lattice.ion_counts.sum(axis=1) * np.log(lattice.refinement)
    hops, gates = lattice.hops, lattice.gates
    rise = energy[hops[:, 1]] - energy[hops[:, 0]]
    entering = energy[gates[:, 1]] - energy[gates[:, 0]] - lattice.valence[gates[:, 2]] * psi[gates[:, 3]]
    hop, gate = hop_rate_per_s * lattice.refinement**2, hop_rate_per_s * np.sqrt(lattice.refinement)
    return QueueRates(
        hop * np.exp(-rise / 2),
        hop * np.exp(rise / 2),
        gate * baths[gates[:, 3], gates[:, 2]] * np.exp(-entering / 2),
        gate * np.exp(entering / 2),
        energy,
        baths,
    )


def steady_state(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: float,
    temperature: float,
    hop_rate_per_s: float = HOP_RATE_PER_S,
) -> QueueState:
    """Steady state of the lattice between two baths (mM) at a voltage (mV, inside minus outside) and temperature (K).

    Solves the master equation K p = 0 by sparse LU after scaling with the square root of a Boltzmann factor, which makes the
    matrix nearly symmetric and keeps it solvable when rates span forty decades. Raises `OutOfRange` for negative, missing or NaN
    concentrations and non-positive temperatures, `UnknownChoice` for ions that the lattice does not know.

    >>> from selectivity.permeation.lattice import lattice
    >>> one = lattice({"K": [-5.0, -10.0, -5.0]}, repulsion_kj_mol={3.0: 37.7})
    >>> baths = dict(inside={"K": 150.0}, outside={"K": 150.0})
    >>> abs(steady_state(one, **baths, v_mv=0.0, temperature=298.15).current_pa) < 1e-6
    True
    """
    rates = queue_rates(
        lattice, inside=inside, outside=outside, v_mv=v_mv, temperature=temperature, hop_rate_per_s=hop_rate_per_s
    )
    probability = _stationary(lattice, rates)
    links = _link_fluxes(lattice, probability, rates)
    flux = {name: float(links[s, 0]) for s, name in enumerate(lattice.species)}
    charge_pa = 1e12 * elementary_charge
    occupied = lattice.occupancy(probability)
    return QueueState(
        float(v_mv),
        flux,
        float(sum(charge_pa * z * links[s, 0] for s, z in enumerate(lattice.valence))),
        {name: occupied[s] for s, name in enumerate(lattice.species)},
        probability,
        {name: links[s] for s, name in enumerate(lattice.species)},
    )


def current_voltage(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: ArrayLike,
    temperature: float,
    hop_rate_per_s: float = HOP_RATE_PER_S,
) -> Floats:
    """Currents (pA, outward positive) at an array of voltages (mV); arguments and errors as `steady_state`."""
    return np.array(
        [
            steady_state(
                lattice,
                inside=inside,
                outside=outside,
                v_mv=float(v),
                temperature=temperature,
                hop_rate_per_s=hop_rate_per_s,
            ).current_pa
            for v in np.atleast_1d(np.asarray(v_mv, dtype=float))
        ]
    )


def reversal_potential(
    lattice: Lattice, *, inside: Mapping[str, float], outside: Mapping[str, float], temperature: float
) -> float:
    """Voltage (mV) at which the total current vanishes.

    Raises `OutOfRange` when an ion is permeant on neither side or the current keeps its sign up to `WIDEST_VOLTAGE_MV`
    (one bath without any ion of the lattice has no reversal potential).
    """
    _baths(lattice, inside, outside)
    for side, bath in (("inside", inside), ("outside", outside)):
        if not any(bath.get(name, 0.0) > 0 for name in lattice.species):
            raise OutOfRange(
                f"no permeant ion {side}: a reversal potential needs one of {', '.join(lattice.species)} on both sides"
            )

    def net(v_mv: float) -> float:
        fluxes = steady_state(
            lattice, inside=inside, outside=outside, v_mv=v_mv, temperature=temperature
        ).link_flux_per_s
        carried = [z * fluxes[name].mean() for name, z in zip(lattice.species, lattice.valence, strict=True)]
        scale = sum(abs(value) for value in carried)
        return sum(carried) / scale if scale > 0 else 0.0

    half_width = 100.0
    while net(-half_width) * net(half_width) > 0:
        half_width *= 2.0
        if half_width > WIDEST_VOLTAGE_MV:
            raise OutOfRange(
                f"the current keeps its sign up to {WIDEST_VOLTAGE_MV:g} mV: no reversal potential with these baths"
            )
    return float(brentq(net, -half_width, half_width, xtol=1e-9, rtol=1e-13))


def permeability_ratio_from_reversal(
    v_mv: float,
    *,
    reference: str,
    other: str,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    temperature: float,
) -> float:
    """P_reference / P_other of two monovalent cations from a reversal potential, by the GHK voltage equation.

    From V = (RT/F) ln[(R_o + a X_o)/(R_i + a X_i)] with a = P_X/P_R. Raises `OutOfRange` when no positive ratio explains it.
    """
    step = np.exp(v_mv / thermal_voltage(temperature))
    excess = outside.get(reference, 0.0) - inside.get(reference, 0.0) * step
    demand = inside.get(other, 0.0) * step - outside.get(other, 0.0)
    relative = excess / demand if demand != 0 else np.nan
    if not (np.isfinite(relative) and relative > 0):
        raise OutOfRange(
            f"{v_mv:.3f} mV with these baths has no positive P_{other}/P_{reference}: other baths are needed"
        )
    return float(1.0 / relative)


def _baths(lattice: Lattice, inside: Mapping[str, float], outside: Mapping[str, float]) -> Floats:
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


def _stationary(lattice: Lattice, rates: QueueRates) -> Floats:
    # geometric mean of the two baths: a chemical potential that both sides can live with
    softened = np.log(np.maximum(rates.baths_molar, 1e-9)).mean(axis=0)
    weight = -rates.reduced_energy + lattice.ion_counts @ softened
    root = np.exp((weight - weight.max()) / 2)
    hops, gates = lattice.hops, lattice.gates
    origin = np.concatenate([hops[:, 0], hops[:, 1], gates[:, 0], gates[:, 1]])
    target = np.concatenate([hops[:, 1], hops[:, 0], gates[:, 1], gates[:, 0]])
    rate = np.concatenate([rates.hop_forward, rates.hop_backward, rates.entry, rates.exit])
    n = lattice.n_states
    leaving = np.bincount(origin, weights=rate, minlength=n)
    rows = np.concatenate([target, np.arange(n)])
    columns = np.concatenate([origin, np.arange(n)])
    values = np.concatenate([rate * root[origin] / root[target], -leaving])
    matrix = csc_array((values, (rows, columns)), shape=(n, n))
    pivot = int(np.argmax(weight))
    kept = np.delete(np.arange(n), pivot)
    balance = matrix[:, kept][kept, :]
    scaled = np.empty(n)
    scaled[pivot] = 1.0
    scaled[kept] = splu(balance.tocsc()).solve(-matrix[:, [pivot]].toarray()[kept, 0])
    probability = np.maximum(scaled * root, 0.0)
    return probability / probability.sum()


def _link_fluxes(lattice: Lattice, probability: Floats, rates: QueueRates) -> NDArray[np.float64]:
    hops, gates = lattice.hops, lattice.gates
    flux = np.zeros((len(lattice.species), lattice.n_nodes + 1))
    through = rates.hop_forward * probability[hops[:, 0]] - rates.hop_backward * probability[hops[:, 1]]
    np.add.at(flux, (hops[:, 2], hops[:, 3] + 1), through)
    entering = rates.entry * probability[gates[:, 0]] - rates.exit * probability[gates[:, 1]]
    inner = gates[:, 3] == INSIDE
    np.add.at(flux, (gates[inner, 2], np.zeros(inner.sum(), dtype=int)), entering[inner])
    np.add.at(flux, (gates[~inner, 2], np.full((~inner).sum(), lattice.n_nodes)), -entering[~inner])
    return flux
