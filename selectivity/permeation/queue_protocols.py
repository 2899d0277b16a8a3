"""What would an electrophysiologist measure on the queue? Ratios, concentration series, mole fractions, flux ratios, block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE, thermal_energy, thermal_voltage
from selectivity.data import read_table
from selectivity.errors import OutOfRange
from selectivity.permeation.lattice import Floats, Lattice, lattice
from selectivity.permeation.queue import (
    current_voltage,
    permeability_ratio_from_reversal,
    reversal_potential,
    steady_state,
)
from selectivity.permeation.rules import BARRIER_KJ_MOL, MEASURED_KD_MOLAR

RECORDING_MM = 150.0
"""Concentration on each side in the usual bi-ionic recording, mM."""


def _generic_well() -> float:
    return thermal_energy(ROOM_TEMPERATURE) * float(np.log(MEASURED_KD_MOLAR))


def _generic_repulsion() -> dict[float, float]:
    return {float(row["distance_angstrom"]): float(row["value"]) * KJ_PER_KCAL for row in read_table("ion_repulsion")}


@dataclass(frozen=True)
class QueueParameters:
    """The generic numbers of the queue, kJ/mol; the measured K+ affinity and K+ barrier of
    `selectivity.permeation.rules`, repulsion from data/ion_repulsion.csv; none of them says anything about Na+.

    ``well_kj_mol`` is the energy of K+ in a cage against 1 mol/L, ``barrier_kj_mol`` that of a plane above it,
    ``repulsion_kj_mol`` maps ion distances (Å) to pair energies, ``max_ions`` bounds the occupancy.
    """

    well_kj_mol: float = field(default_factory=_generic_well)
    barrier_kj_mol: float = BARRIER_KJ_MOL
    repulsion_kj_mol: Mapping[float, float] = field(default_factory=_generic_repulsion)
    max_ions: int = 4


@dataclass(frozen=True)
class QueueRatio:
    """P_first/P_second from a reversal potential on the lattice, with the mean number of ions in the filter at that voltage."""

    permeability_ratio: float
    reversal_mv: float
    mean_ions: float


@dataclass(frozen=True)
class MoleFractionScan:
    """Conductance (pS) against the mole fraction of the second ion at a constant total concentration.

    ``anomalous`` says that some mixture conducts less than both pure solutions: the mark of a pore that holds several ions.
    """

    fraction: Floats
    conductance_ps: Floats
    anomalous: bool


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
    if len(planes_kj_mol) != len(cages_kj_mol) + 1 or not len(cages_kj_mol):
        raise OutOfRange(
            f"{len(cages_kj_mol)} cages with {len(planes_kj_mol)} planes: N cages need N + 1 planes, N at least 1"
        )
    numbers = parameters or QueueParameters()
    difference = np.empty(2 * len(cages_kj_mol) + 1)
    difference[0::2], difference[1::2] = planes_kj_mol, cages_kj_mol
    first = np.full(len(difference), numbers.well_kj_mol)
    first[0::2] += numbers.barrier_kj_mol
    return lattice(
        {ions[0]: first, ions[1]: first + difference},
        repulsion_kj_mol=numbers.repulsion_kj_mol,
        max_ions=numbers.max_ions,
        refinement=refinement,
    )


def queue_ratio(
    model: Lattice,
    *,
    inside: Mapping[str, float] | None = None,
    outside: Mapping[str, float] | None = None,
    temperature: float = ROOM_TEMPERATURE,
) -> QueueRatio:
    """P_first/P_second of a two-ion lattice as it is measured; without baths the bi-ionic recording at 150 mM (first ion inside).

    Errors as `reversal_potential` and `permeability_ratio_from_reversal`.

    >>> queue_ratio(queue_lattice([20.92] * 4, [2.092] * 5)).permeability_ratio > 50
    True
    """
    first, second = _pair(model)
    inside, outside = inside or {first: RECORDING_MM}, outside or {second: RECORDING_MM}
    v_mv = reversal_potential(model, inside=inside, outside=outside, temperature=temperature)
    ratio = permeability_ratio_from_reversal(
        v_mv, reference=first, other=second, inside=inside, outside=outside, temperature=temperature
    )
    state = steady_state(model, inside=inside, outside=outside, v_mv=v_mv, temperature=temperature)
    return QueueRatio(ratio, v_mv, state.mean_ions)


def concentration_series(
    model: Lattice, concentrations_mm: ArrayLike, *, temperature: float = ROOM_TEMPERATURE
) -> Floats:
    """Bi-ionic P_first/P_second at each of the symmetric concentrations (mM), shape (n,)."""
    first, second = _pair(model)
    return np.array(
        [
            queue_ratio(model, inside={first: c}, outside={second: c}, temperature=temperature).permeability_ratio
            for c in np.atleast_1d(np.asarray(concentrations_mm, dtype=float))
        ]
    )


def mole_fraction_scan(
    model: Lattice,
    fractions: ArrayLike,
    *,
    total_mm: float = RECORDING_MM,
    v_mv: float = 1.0,
    temperature: float = ROOM_TEMPERATURE,
) -> MoleFractionScan:
    """Conductance in symmetric mixtures: the anomalous mole fraction effect, when there is one.

    ``fractions`` (n,) of the second ion between 0 and 1; the conductance is the current at a small ``v_mv`` over it.
    """
    first, second = _pair(model)
    x = np.atleast_1d(np.asarray(fractions, dtype=float))
    if ((x < 0) | (x > 1) | ~np.isfinite(x)).any():
        raise OutOfRange(
            f"mole fraction {x[(x < 0) | (x > 1) | ~np.isfinite(x)][0]}: values between 0 and 1 are needed"
        )
    baths = [{first: total_mm * (1 - f), second: total_mm * f} for f in x]
    current = [current_voltage(model, inside=b, outside=b, v_mv=v_mv, temperature=temperature)[0] for b in baths]
    conductance = 1e3 * np.array(current) / v_mv
    pure = min(conductance[np.argmin(x)], conductance[np.argmax(x)])
    return MoleFractionScan(x, conductance, bool(conductance.min() < pure * (1 - 1e-6)))


def flux_ratio_exponent(
    model: Lattice, ion: str, *, inside_mm: float, outside_mm: float, v_mv: float, temperature: float = ROOM_TEMPERATURE
) -> float:
    """Ussing's exponent n' of one ion: ln(outward flux / inward flux) over F (V - E) / RT; 1 for independent ions.

    The two unidirectional fluxes are those of two labels of the same ion, each present on one side only. Raises `OutOfRange` at the
    equilibrium potential, where the exponent is 0/0.
    """
    force = v_mv / thermal_voltage(temperature) - np.log(outside_mm / inside_mm)
    if abs(force) < 1e-6:
        raise OutOfRange(
            f"{v_mv} mV is the equilibrium potential of {ion}: the exponent needs a driving force, choose another voltage"
        )
    state = steady_state(
        model.labelled(ion),
        inside={"inner": inside_mm},
        outside={"outer": outside_mm},
        v_mv=v_mv,
        temperature=temperature,
    )
    return float(np.log(state.flux_per_s["inner"] / -state.flux_per_s["outer"]) / force)


def block_curve(
    model: Lattice,
    v_mv: ArrayLike,
    *,
    carrier_mm: float,
    blocker_mm: float,
    outside_mm: float,
    temperature: float = ROOM_TEMPERATURE,
) -> Floats:
    """Current with the second ion as a blocker inside over the current without it, at each voltage (mV), shape (n,)."""
    first, second = _pair(model)
    outside = {first: outside_mm}
    clean = current_voltage(model, inside={first: carrier_mm}, outside=outside, v_mv=v_mv, temperature=temperature)
    mixed = {first: carrier_mm, second: blocker_mm}
    return current_voltage(model, inside=mixed, outside=outside, v_mv=v_mv, temperature=temperature) / clean


def _pair(model: Lattice) -> tuple[str, str]:
    if len(model.species) != 2:
        raise OutOfRange(f"a lattice of {', '.join(model.species)}: this measurement needs exactly two ions")
    return model.species[0], model.species[1]
