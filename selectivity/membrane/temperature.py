"""What does warming do to a resting potential? RT/F, the selectivity barrier, gating, leaks and pump, taken apart.

Concentrations are held (minutes, not hours), except chloride's, which is passive, follows the voltage and drops out. At
the reference temperature the pump balances the leaks (Mullins-Noda); from there leaks scale with their Q10, the pump
current with its own, permeability ratios with their barrier.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import GAS_CONSTANT_KJ
from selectivity.errors import Doubt, OutOfRange, UnknownChoice
from selectivity.membrane.cells import Cell, require_ions
from selectivity.membrane.compare import PASSIVE_WITHIN
from selectivity.membrane.conditions import (
    Numbers,
    as_answer,
    checked_amount,
    checked_number,
    checked_temperature,
    valence_of,
)
from selectivity.membrane.currents import ghk_current, slope_conductance
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import PASSIVE, PUMP_RATIO, mullins_noda_voltage
from selectivity.membrane.nernst import nernst_potential

Q10_PUMP = 2.69
"""Q10 of the pump current: fourfold between 23 and 37 °C , 4^(10/14)."""

Q10_LEAK = 1.3
"""Q10 of passive leaks, that of diffusion in water (recalled)."""

SEARCH_SPAN = 1000.0
"""Half-width, mV, of the bracket around the GHK voltage in which the leaks balance the pump."""

BLOCK = 4096
"""Temperatures solved together: their arrays stay in the processor's cache."""

SETTLED = 1e-12
"""Relative Newton step below which a voltage is final."""

STEPS = 60
"""Bisections that shrink the bracket to 1e-15 mV; Newton ends far earlier."""

CONTRIBUTIONS = ("thermal voltage", "barrier", "gating", "pump against leak")
"""Order in which the effects of temperature are switched on, one after the other."""


@dataclass(frozen=True)
class BarrierTemperature:
    """A barrier difference ddG‡ (kJ/mol) at a reference temperature, with its enthalpy where known.

    ddG‡(T) = ddH - T (ddH - ddG_ref)/T_ref. enthalpy None: the barrier does not change with temperature (no entropy).
    """

    ddg_kj_mol: float
    reference_k: float = 298.15
    enthalpy_kj_mol: float | None = None

    def __post_init__(self) -> None:
        checked_number(self.ddg_kj_mol, "ddG (kJ/mol)")
        checked_temperature(self.reference_k)
        if self.enthalpy_kj_mol is not None:
            checked_number(self.enthalpy_kj_mol, "enthalpy of ddG (kJ/mol)")

    def at(self, temperature: ArrayLike) -> Any:
        """ddG‡ at temperatures in K, kJ/mol.

        >>> BarrierTemperature(12.0, 298.15, enthalpy_kj_mol=1.0).at(308.15) > 12.0
        True
        """
        kelvin = checked_temperature(temperature)
        enthalpy = self.ddg_kj_mol if self.enthalpy_kj_mol is None else self.enthalpy_kj_mol
        entropy = (enthalpy - self.ddg_kj_mol) / self.reference_k
        return as_answer(enthalpy - kelvin * entropy)

    def permeability_ratio(self, temperature: ArrayLike) -> Any:
        """P_Na/P_K = exp(-ddG‡/RT) at temperatures in K.

        >>> [round(1 / float(BarrierTemperature(12.0).permeability_ratio(t)), 1) for t in (293.15, 298.15, 310.0)]
        [137.5, 126.6, 105.2]
        """
        kelvin = checked_temperature(temperature)
        return as_answer(np.exp(-np.asarray(self.at(kelvin)) / (GAS_CONSTANT_KJ * kelvin)))


@dataclass(frozen=True)
class TemperatureScaling:
    """How the parts of a membrane respond to temperature.

    q10_leak, q10_pump: per 10 K, of all permeabilities and of the pump current. gating: ion -> Q10 of its channels' open
    probability, on top of the leak's. barrier: ddG‡ between K and Na, which then sets P_Na/P_K at every temperature.
    pump_ratio: Na per K (1 = electroneutral). pump: False for a blocked pump.
    """

    q10_leak: float = Q10_LEAK
    q10_pump: float = Q10_PUMP
    gating: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    barrier: BarrierTemperature | None = None
    pump_ratio: float = PUMP_RATIO
    pump: bool = True

    def __post_init__(self) -> None:
        for name, value in (("q10_leak", self.q10_leak), ("q10_pump", self.q10_pump), *self.gating.items()):
            checked_amount(value, f"Q10 {name}", zero_allowed=False)
        checked_amount(self.pump_ratio, "pump ratio", zero_allowed=False)


@dataclass(frozen=True)
class TemperatureResponse:
    """Resting potential against temperature, with the steps from the reference value.

    contributions_mv: effect -> mV at each temperature, in the order they are switched on; they add up to
    v_mv - reference_mv exactly. pump_share_mv: voltage with the pump minus without, at each temperature.
    """

    cell: str
    reference_k: float
    reference_mv: float
    temperature_k: Numbers
    v_mv: Numbers
    contributions_mv: Mapping[str, Numbers]
    pump_share_mv: Numbers

    def table(self) -> Any:
        """A pandas DataFrame, one row per temperature, units in the column names."""
        import pandas as pd

        columns = {"temperature_k": self.temperature_k, "v_mv": self.v_mv, "pump_share_mv": self.pump_share_mv}
        columns |= {f"{name.replace(' ', '_')}_mv": values for name, values in self.contributions_mv.items()}
        frame = pd.DataFrame(columns)
        frame.attrs |= {"reference_k": self.reference_k, "cell": self.cell}
        return frame


def q10_factor(q10: ArrayLike, *, temperature: ArrayLike, reference: ArrayLike) -> Any:
    """Q10^((T - T_ref)/10): how much faster a process runs.

    >>> round(q10_factor(2.69, temperature=310.15, reference=296.15), 2)      # 23 to 37 °C
    4.0
    """
    base = checked_amount(q10, "Q10", zero_allowed=False)
    return as_answer(base ** ((checked_temperature(temperature) - checked_temperature(reference)) / 10.0))


def pump_share_factor(*, q10_pump: float, q10_leak: float, warming: float) -> float:
    """How much the pump's share of the voltage grows over a warming (K), while it is small: (Q10_p/Q10_l)^(dT/10).

    >>> round(pump_share_factor(q10_pump=2.5, q10_leak=1.3, warming=10.0), 2)
    1.92
    """
    pump, leak = (float(checked_amount(q, "Q10", zero_allowed=False)) for q in (q10_pump, q10_leak))
    return float((pump / leak) ** (float(checked_number(warming, "warming (K)")) / 10.0))


def voltage_against_temperature(
    cell: Cell, temperature: ArrayLike, *, scaling: TemperatureScaling | None = None
) -> TemperatureResponse:
    """Resting potential of a cell at temperatures (K), from its own temperature as the reference, taken apart.

    Warns when a temperature lies outside the range of the preset (`Cell.temperature_range_k`), and for a membrane that
    chloride rules, whose voltage is not the one computed here. Raises as `ghk_voltage`,
    and UnknownChoice for a gating Q10 of an ion that does not permeate.

    >>> from selectivity.membrane.cells import cell
    >>> response = voltage_against_temperature(cell("neuron"), [300.15, 310.15])
    >>> response.v_mv.round(2).tolist()
    [-68.78, -73.82]
    """
    scaling = scaling or TemperatureScaling()
    kelvin = np.atleast_1d(checked_temperature(temperature)).astype(float)
    if not kelvin.size:
        raise OutOfRange("no temperature to compute at; give at least one, in K")
    _warn_outside(cell, kelvin)
    if scaling.barrier is not None:
        require_ions(cell, "K", "Na")
    unknown = [ion for ion in scaling.gating if ion not in cell.permeability]
    if unknown:
        raise UnknownChoice(
            f"gating: {', '.join(unknown)} does not permeate; the cell has {', '.join(cell.permeability)}"
        )
    steps = _steps(cell, scaling, kelvin)
    _warn_chloride(cell, float(steps[0].flat[0]))
    return TemperatureResponse(
        cell=cell.name,
        reference_k=cell.temperature_k,
        reference_mv=float(steps[0].flat[0]),
        temperature_k=kelvin,
        v_mv=steps[-1],
        contributions_mv={
            name: after - before for name, before, after in zip(CONTRIBUTIONS, steps, steps[1:], strict=False)
        },
        pump_share_mv=steps[-1] - _voltage(cell, replace(scaling, pump=False), kelvin, CONTRIBUTIONS),
    )


@dataclass(frozen=True)
class WarmingVerdict:
    """Whether warming hyperpolarises a cell, by how much per kelvin, and the pump Q10 at which the sign turns."""

    cell: str
    dv_dt_mv_per_k: float
    contributions_mv_per_k: Mapping[str, float]
    turning_q10_pump: float | None
    condition: str

    @property
    def hyperpolarises(self) -> bool:
        """Whether the voltage falls on warming."""
        return self.dv_dt_mv_per_k < 0.0


def warming_verdict(cell: Cell, *, scaling: TemperatureScaling | None = None, step: float = 0.1) -> WarmingVerdict:
    """Slope of the resting potential at the cell's temperature, its parts, and the condition for its sign.

    The slope is linear in ln Q10_pump, so the pump Q10 that turns the sign follows from two slopes; None without an
    electrogenic pump, when no pump Q10 can.

    >>> from selectivity.membrane.cells import cell
    >>> warming_verdict(cell("neuron")).hyperpolarises
    True
    """
    scaling = scaling or TemperatureScaling()
    checked_amount(step, "step (K)", zero_allowed=False)
    parts = _slopes(cell, scaling, step)
    total = sum(parts.values())
    turning = None
    if scaling.pump and scaling.pump_ratio != 1.0:
        doubled = sum(_slopes(cell, replace(scaling, q10_pump=2.0 * scaling.q10_pump), step).values())
        if doubled != total:
            turning = float(scaling.q10_pump * 2.0 ** (-total / (doubled - total)))
    return WarmingVerdict(cell.name, total, parts, turning, _condition(total, turning, scaling))


def _slopes(cell: Cell, scaling: TemperatureScaling, step: float) -> dict[str, float]:
    around = np.array([cell.temperature_k - step, cell.temperature_k + step])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the derivative at a preset's edge looks across it by a tenth of a kelvin
        contributions = voltage_against_temperature(cell, around, scaling=scaling).contributions_mv
    return {name: float((values[1] - values[0]) / (2.0 * step)) for name, values in contributions.items()}


def _condition(total: float, turning: float | None, scaling: TemperatureScaling) -> str:
    verb = "hyperpolarises" if total < 0.0 else "depolarises"
    if turning is None:
        return f"warming {verb} by {abs(total):.2f} mV/K; no electrogenic pump takes part, so its Q10 does not matter"
    return (
        f"warming {verb} by {abs(total):.2f} mV/K with pump Q10 {scaling.q10_pump:g} and leak Q10 {scaling.q10_leak:g}; "
        f"it hyperpolarises whenever the pump Q10 exceeds {turning:.2g}"
    )


def _steps(cell: Cell, scaling: TemperatureScaling, kelvin: Numbers) -> list[Numbers]:
    """Voltages with none, one, two ... of the effects switched on; an effect that is not there costs nothing."""
    idle = {"barrier": scaling.barrier is None, "gating": not scaling.gating}
    # with everything held the temperature does not matter: one point stands for all
    steps = [np.full_like(kelvin, _voltage(cell, scaling, np.array([cell.temperature_k]), ())[0])]
    for count, name in enumerate(CONTRIBUTIONS, start=1):
        steps.append(steps[-1] if idle.get(name) else _voltage(cell, scaling, kelvin, CONTRIBUTIONS[:count]))
    return steps


def _voltage(cell: Cell, scaling: TemperatureScaling, kelvin: Numbers, switched: tuple[str, ...]) -> Numbers:
    """Voltage at each temperature with only the named effects following it, the others held at the reference."""
    held = np.full_like(kelvin, cell.temperature_k)
    thermal = kelvin if "thermal voltage" in switched else held
    warm = kelvin - cell.temperature_k
    leak = scaling.q10_leak ** (warm / 10.0) if "pump against leak" in switched else np.ones_like(kelvin)
    permeability = {
        ion: p * leak for ion, p in _ratios(cell, scaling, kelvin if "barrier" in switched else held).items()
    }
    if "gating" in switched:
        permeability |= {ion: permeability[ion] * q ** (warm / 10.0) for ion, q in scaling.gating.items()}
    pump = _reference_pump_current(cell, scaling)
    if "pump against leak" in switched:
        pump = pump * scaling.q10_pump ** (warm / 10.0)
    flat = {ion: p.ravel() for ion, p in permeability.items()}
    current, kelvins = np.broadcast_to(pump, kelvin.shape).ravel(), thermal.ravel()
    v = np.empty(kelvin.size)
    for first in range(0, v.size, BLOCK):
        block = slice(first, first + BLOCK)
        v[block] = _balance(cell, {ion: p[block] for ion, p in flat.items()}, current[block], kelvins[block])
    return v.reshape(kelvin.shape)


def _ratios(cell: Cell, scaling: TemperatureScaling, kelvin: Numbers) -> dict[str, Numbers]:
    ratios = {ion: np.full_like(kelvin, p) for ion, p in cell.permeability.items()}
    if scaling.barrier is not None:
        ratios["Na"] = ratios.setdefault("K", np.ones_like(kelvin)) * np.asarray(
            scaling.barrier.permeability_ratio(kelvin)
        )
    return ratios


def _reference_pump_current(cell: Cell, scaling: TemperatureScaling) -> Numbers:
    """Net outward pump current that holds the cell at Mullins-Noda at its own temperature, in units of P_K = 1."""
    if not scaling.pump:
        return np.zeros(1)
    kelvin = np.array([cell.temperature_k])
    ratios = _ratios(cell, scaling, kelvin)
    cations = {ion: p for ion, p in ratios.items() if ion in ("K", "Na")}
    sides: dict[str, Any] = {"outside": cell.outside, "inside": cell.inside, "temperature": kelvin}
    resting = mullins_noda_voltage(cations, pump_ratio=scaling.pump_ratio, **sides)
    return -_leak(cell, cations, resting, kelvin)[0]


def _leak(cell: Cell, permeability: Mapping[str, Numbers], volts: Numbers, kelvin: Numbers) -> tuple[Numbers, Numbers]:
    """Total leak current and its slope."""
    current, slope = np.zeros_like(volts), np.zeros_like(volts)
    for ion, p in permeability.items():
        place: dict[str, Any] = {"outside": cell.outside[ion], "inside": cell.inside[ion], "valence": valence_of(ion)}
        current = current + ghk_current(p, voltage=volts, temperature=kelvin, **place)
        slope = slope + slope_conductance(p, voltage=volts, temperature=kelvin, **place)
    return current, slope


def _balance(cell: Cell, permeability: Mapping[str, Numbers], pump: Numbers, kelvin: Numbers) -> Numbers:
    """Voltage at which the leaks carry back what the pump carries out: Newton inside a shrinking bracket."""
    moving = {ion: p for ion, p in permeability.items() if ion not in PASSIVE}
    v = np.atleast_1d(ghk_voltage(moving, outside=cell.outside, inside=cell.inside, temperature=kelvin))
    low, high = v - SEARCH_SPAN, v + SEARCH_SPAN
    if np.any(_leak(cell, moving, low, kelvin)[0] + pump > 0.0):
        raise OutOfRange("temperature: the pump outruns the leaks by more than 1 V; check the Q10 values")
    for _ in range(STEPS):
        current, slope = _leak(cell, moving, v, kelvin)
        excess = current + pump
        high, low = np.where(excess > 0.0, v, high), np.where(excess > 0.0, low, v)
        step = v - excess / slope
        # a step of rounding size is the end, wherever rounding has put the bracket
        settled = np.abs(step - v) <= SETTLED * np.maximum(1.0, np.abs(v))
        v = np.where(~settled & ((step <= low) | (step >= high)), 0.5 * (low + high), step)
        if settled.all():
            break
    return v


def _warn_chloride(cell: Cell, reference_mv: float) -> None:
    """Chloride that permeates most and rests elsewhere is not passive: its own potential is the voltage."""
    outside, inside = cell.outside.get("Cl", 0.0), cell.inside.get("Cl", 0.0)
    if cell.permeability.get("Cl", 0.0) <= cell.permeability.get("K", 0.0) or not (outside and inside):
        return
    e_cl = nernst_potential(outside=outside, inside=inside, valence=-1, temperature=cell.temperature_k)
    if abs(e_cl - reference_mv) >= PASSIVE_WITHIN:
        warnings.warn(
            f"chloride rules the membrane of {cell.name} and rests at {e_cl:.1f} mV, not at {reference_mv:.1f} mV, the steady "
            "state of K+, Na+ and pump: these voltages are not this cell's",
            category=Doubt,
            stacklevel=3,
        )


def _warn_outside(cell: Cell, kelvin: Numbers) -> None:
    low, high = cell.temperature_range_k
    outside = kelvin[(kelvin < low) | (kelvin > high)]
    if outside.size:
        warnings.warn(
            f"{outside.size} temperature(s), e.g. {outside[0]:g} K, outside the range of {cell.name} "
            f"({low:g} to {high:g} K): an extrapolation",
            category=Doubt,
            stacklevel=3,
        )
