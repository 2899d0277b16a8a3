"""What does a filter conduct when several ions queue in it? Steady state, current and reversal potential of the lattice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge
from scipy.optimize.elementwise import bracket_root, find_root

from selectivity.constants import thermal_voltage
from selectivity.errors import OutOfRange
from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import Floats
from selectivity.permeation.queue_rates import bath_concentrations, queue_rates
from selectivity.permeation.stationary import stationary, traffic

WIDEST_VOLTAGE_MV = 4000.0
"""A reversal potential is looked for up to this absolute voltage."""

FINEST_VOLTAGE_MV = 1e-8
"""Reversal potentials are found to about this, mV: a ratio to nine digits."""


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


def steady_state(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: float,
    temperature: float,
    hop_rate_per_s: float | None = None,
) -> QueueState:
    """Steady state of the lattice between two baths (mM) at a voltage (mV, inside minus outside) and temperature (K).

    Solves the master equation K p = 0. Raises `OutOfRange` for negative, missing or NaN concentrations and non-positive
    temperatures, `UnknownChoice` for ions that the lattice does not know.

    >>> from selectivity.permeation.lattice import lattice
    >>> one = lattice({"K": [-5.0, -10.0, -5.0]}, repulsion_kj_mol={3.0: 37.7})
    >>> baths = dict(inside={"K": 150.0}, outside={"K": 150.0})
    >>> abs(steady_state(one, **baths, v_mv=0.0, temperature=298.15).current_pa) < 1e-6
    True
    """
    rates = queue_rates(
        lattice,
        inside=inside,
        outside=outside,
        v_mv=float(v_mv),
        temperature=temperature,
        hop_rate_per_s=hop_rate_per_s,
    )
    probability = stationary(lattice, rates)
    outward, inward = traffic(lattice, rates, probability)
    flux = _through_the_narrowest(outward, inward)[:, 0]
    occupied = lattice.occupancy(probability[:, 0])
    return QueueState(
        float(v_mv),
        dict(zip(lattice.species, flux.tolist(), strict=True)),
        float(1e12 * elementary_charge * (lattice.valence @ flux)),
        {name: occupied[s] for s, name in enumerate(lattice.species)},
        probability[:, 0],
        {name: (outward - inward)[s, :, 0] for s, name in enumerate(lattice.species)},
    )


def net_fluxes(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: ArrayLike,
    temperature: float,
    hop_rate_per_s: float | None = None,
) -> Floats:
    """Net outward flux of every species (n_species, m), 1/s, at m voltages (mV); arguments and errors as `steady_state`."""
    rates = queue_rates(
        lattice, inside=inside, outside=outside, v_mv=v_mv, temperature=temperature, hop_rate_per_s=hop_rate_per_s
    )
    return _through_the_narrowest(*traffic(lattice, rates, stationary(lattice, rates)))


def current_voltage(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    v_mv: ArrayLike,
    temperature: float,
    hop_rate_per_s: float | None = None,
) -> Floats:
    """Currents (pA, outward positive) at an array of voltages (mV); arguments and errors as `steady_state`."""
    flux = net_fluxes(
        lattice, inside=inside, outside=outside, v_mv=v_mv, temperature=temperature, hop_rate_per_s=hop_rate_per_s
    )
    return np.asarray(1e12 * elementary_charge * (lattice.valence @ flux))


def reversal_potential(
    lattice: Lattice, *, inside: Mapping[str, float], outside: Mapping[str, float], temperature: float
) -> float:
    """Voltage (mV) at which the total current vanishes; errors as `reversal_potentials`."""
    return float(reversal_potentials(lattice, inside=inside, outside=outside, temperature=temperature)[0])


def reversal_potentials(
    lattice: Lattice,
    *,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    temperature: float,
    state_energy_kj_mol: Floats | None = None,
) -> Floats:
    """Voltages (m,), mV, at which the total current vanishes, for m sets of energies (n_states, m) of one lattice's states.

    The function whose root is sought is ln(charge that passes outward / inward) through the narrowest link, nearly linear in the
    voltage. Raises `OutOfRange` when an ion is permeant on neither side or the current keeps its sign up to `WIDEST_VOLTAGE_MV`
    (one bath without any ion of the lattice has no reversal potential).
    """
    baths = bath_concentrations(lattice, inside, outside)
    for side, concentrations in zip(("inside", "outside"), baths, strict=True):
        if not concentrations.any():
            raise OutOfRange(
                f"no permeant ion {side}: a reversal potential needs one of {', '.join(lattice.species)} on both sides"
            )
    energies = lattice.state_energy_kj_mol[:, None] if state_energy_kj_mol is None else state_energy_kj_mol

    def imbalance(v_mv: Floats, row: Floats) -> Floats:
        rates = queue_rates(
            lattice,
            inside=inside,
            outside=outside,
            v_mv=v_mv,
            temperature=temperature,
            state_energy_kj_mol=energies[:, row.astype(int)],
        )
        return _imbalance(lattice, *traffic(lattice, rates, stationary(lattice, rates)))

    rows = np.arange(energies.shape[1], dtype=float)
    near = thermal_voltage(temperature)
    bracket = bracket_root(
        imbalance, -near, near, xmin=-WIDEST_VOLTAGE_MV, xmax=WIDEST_VOLTAGE_MV, args=(rows,), maxiter=40
    )
    if not bracket.success.all():
        raise OutOfRange(
            f"the current keeps its sign up to {WIDEST_VOLTAGE_MV:g} mV: no reversal potential with these baths"
        )
    found = find_root(
        imbalance, bracket.bracket, args=(rows,), tolerances={"xatol": FINEST_VOLTAGE_MV, "xrtol": 0.0, "fatol": 0.0}
    )
    return np.atleast_1d(found.x)


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


def _through_the_narrowest(outward: Floats, inward: Floats) -> Floats:
    """Net flux of each species (n_species, m), read where the least passes both ways: there the difference is most exact."""
    narrowest = np.argmin(outward + inward, axis=1)[:, None]
    return np.take_along_axis(outward - inward, narrowest, axis=1)[:, 0]


def _imbalance(lattice: Lattice, outward: Floats, inward: Floats) -> Floats:
    narrowest = np.argmin(outward + inward, axis=1)[:, None]
    there = np.take_along_axis(outward, narrowest, axis=1)[:, 0]
    back = np.take_along_axis(inward, narrowest, axis=1)[:, 0]
    cations, anions = np.maximum(lattice.valence, 0), np.maximum(-lattice.valence, 0)
    return np.asarray(np.log(cations @ there + anions @ back) - np.log(cations @ back + anions @ there))
