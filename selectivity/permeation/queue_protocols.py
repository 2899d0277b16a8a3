"""What would an electrophysiologist measure on the queue? Ratios, concentration series, mole fractions, flux ratios, block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import ROOM_TEMPERATURE, thermal_voltage
from selectivity.errors import OutOfRange
from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import Floats
from selectivity.permeation.queue import (
    current_voltage,
    permeability_ratio_from_reversal,
    reversal_potential,
    steady_state,
)
from selectivity.permeation.queue_model import RECORDING_MM


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


def queue_ratio(
    model: Lattice,
    *,
    inside: Mapping[str, float] | None = None,
    outside: Mapping[str, float] | None = None,
    temperature: float = ROOM_TEMPERATURE,
) -> QueueRatio:
    """P_first/P_second of a two-ion lattice as it is measured; without baths the bi-ionic recording at 150 mM (first ion inside).

    Errors as `reversal_potential` and `permeability_ratio_from_reversal`.

    >>> from selectivity.permeation.queue_model import queue_lattice
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
