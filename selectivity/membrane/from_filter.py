"""From a filter's permeability ratio to a cell's voltage: one value, a sweep over ddG‡, the sensitivity, the interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import GAS_CONSTANT_KJ
from selectivity.errors import OutOfRange
from selectivity.membrane.cells import Cell, require_ions
from selectivity.membrane.conditions import Numbers, as_answer, broadcast, checked_amount, checked_number
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import nernst_potentials, thermal_voltage_mv

INSENSITIVE_ABOVE = 1000.0
"""P_K/P_Na above which the voltage says nothing about selectivity any more (docs/theory.md section 4): V_m sits on E_K."""


@dataclass(frozen=True)
class FilterMembrane:
    """A cell's voltage with K+ and Na+ passing in a given ratio, alone and beside a background Na+ leak.

    v_mv, v_with_leak_mv with their intervals (None where the ratio has none); dv_dddg_mv_mol_per_kj: dV/dddG‡ at the ratio,
    without and with the leak; sensitivity: "sensitive" or "insensitive" (ratio above 1000); leak: P_Na of the background
    over the P_K of the filter's channels. nernst_mv: K and Na. Floats for one ratio, arrays for an array of ratios.
    """

    cell: str
    temperature_k: float
    ratio: Any
    ratio_interval: tuple[Any, Any] | None
    ddg_kj_mol: Any
    v_mv: Any
    v_interval_mv: tuple[Any, Any] | None
    v_with_leak_mv: Any
    v_with_leak_interval_mv: tuple[Any, Any] | None
    leak: Any
    dv_dddg_mv_mol_per_kj: Any
    dv_dddg_with_leak_mv_mol_per_kj: Any
    sensitivity: Any
    nernst_mv: dict[str, float]


@dataclass(frozen=True)
class BarrierSweep:
    """V_m against ddG‡: barriers (kJ/mol), ratios P_K/P_Na, voltages (mV) and slopes (mV mol/kJ), element by element."""

    cell: str
    temperature_k: float
    leak: Any
    ddg_kj_mol: Numbers
    ratio: Numbers
    v_mv: Numbers
    dv_dddg_mv_mol_per_kj: Numbers

    def table(self) -> Any:
        """A pandas DataFrame, one row per barrier, units in the column names."""
        import pandas as pd

        frame = pd.DataFrame(
            {
                "ddg_kj_mol": np.broadcast_to(self.ddg_kj_mol, np.shape(self.v_mv)).ravel(),
                "permeability_ratio": np.broadcast_to(self.ratio, np.shape(self.v_mv)).ravel(),
                "v_mv": np.ravel(self.v_mv),
                "dv_dddg_mv_mol_per_kj": np.ravel(self.dv_dddg_mv_mol_per_kj),
            }
        )
        frame.attrs |= {"cell": self.cell, "temperature_k": self.temperature_k, "leak": self.leak}
        return frame


def membrane_from_ratio(
    ratio: ArrayLike,
    *,
    cell: Cell,
    ratio_interval: tuple[ArrayLike, ArrayLike] | None = None,
    leak: ArrayLike | None = None,
) -> FilterMembrane:
    """Voltage of a cell whose K+ and Na+ pass in the ratio P_K/P_Na, with the ratio's interval carried through.

    leak: background P_Na over the filter's P_K (default: the cell's own P_Na/P_K, the rest of its membrane). The voltage
    falls with the ratio everywhere, so the ends of the ratio's interval are the ends of the voltage's. An interval may be
    one-sided: 0 or inf as an end gives E_Na or E_K. Ratios, intervals and leaks broadcast.

    Raises OutOfRange for a ratio that is not positive and finite or an interval that does not hold it.

    >>> from selectivity.membrane.cells import cell
    >>> membrane = membrane_from_ratio(126.6, cell=cell("neuron"), ratio_interval=(20.0, 800.0))
    >>> round(membrane.v_mv, 1), [round(v, 1) for v in membrane.v_interval_mv], membrane.sensitivity
    (-83.6, [-88.1, -65.3], 'sensitive')
    """
    number = checked_amount(ratio, "P_K/P_Na", zero_allowed=False)
    background = checked_amount(_background(cell) if leak is None else leak, "background P_Na/P_K")
    interval = None if ratio_interval is None else _checked_interval(number, ratio_interval)
    barrier = GAS_CONSTANT_KJ * cell.temperature_k * np.log(number)
    bare = voltage_against_barrier(barrier, cell=cell)
    leaky = voltage_against_barrier(barrier, cell=cell, leak=background)
    return FilterMembrane(
        cell=cell.name,
        temperature_k=cell.temperature_k,
        ratio=as_answer(number),
        ratio_interval=interval,
        ddg_kj_mol=as_answer(np.asarray(barrier)),
        v_mv=as_answer(bare.v_mv),
        v_interval_mv=None if interval is None else _ends(interval, cell, np.zeros(())),
        v_with_leak_mv=as_answer(leaky.v_mv),
        v_with_leak_interval_mv=None if interval is None else _ends(interval, cell, background),
        leak=as_answer(background),
        dv_dddg_mv_mol_per_kj=as_answer(bare.dv_dddg_mv_mol_per_kj),
        dv_dddg_with_leak_mv_mol_per_kj=as_answer(leaky.dv_dddg_mv_mol_per_kj),
        sensitivity=_said(number > INSENSITIVE_ABOVE),
        nernst_mv=nernst_potentials(
            ["K", "Na"], outside=cell.outside, inside=cell.inside, temperature=cell.temperature_k
        ),
    )


def voltage_against_barrier(ddg_kj_mol: ArrayLike, *, cell: Cell, leak: ArrayLike = 0.0) -> BarrierSweep:
    """V_m and dV_m/dddG‡ of a cell over barrier differences (kJ/mol, positive = K+ passes more easily); broadcasts.

    P_Na/P_K = exp(-ddG‡/RT) + leak at the cell's temperature; dV/dddG‡ = -(RT/F)(x/RT)[Na_o/(K_o + p Na_o) -
    Na_i/(K_i + p Na_i)] with x = exp(-ddG‡/RT) and p = x + leak: never positive, and vanishing at both ends.

    >>> from selectivity.membrane.cells import cell
    >>> sweep = voltage_against_barrier([0.0, 6.0, 12.0, 24.0], cell=cell("neuron"))
    >>> sweep.v_mv.round(1).tolist()
    [-0.9, -53.4, -82.6, -89.0]
    """
    require_ions(cell, "K", "Na")
    barrier = checked_number(ddg_kj_mol, "ddG (kJ/mol)")
    background = checked_amount(leak, "background P_Na/P_K")
    thermal = GAS_CONSTANT_KJ * cell.temperature_k
    if barrier.size and float(np.abs(barrier).max()) > 600.0 * thermal:
        raise OutOfRange(
            f"ddG of {float(np.abs(barrier).max()):g} kJ/mol overflows exp(ddG/RT); give kJ/mol, not J/mol"
        )
    through = np.exp(-barrier / thermal)
    sodium = through + background
    v = ghk_voltage({"K": 1.0, "Na": sodium}, outside=cell.outside, inside=cell.inside, temperature=cell.temperature_k)
    entering = cell.outside["Na"] / (cell.outside["K"] + sodium * cell.outside["Na"])
    leaving = cell.inside["Na"] / (cell.inside["K"] + sodium * cell.inside["Na"])
    slope = -thermal_voltage_mv(cell.temperature_k) * through / thermal * (entering - leaving)
    return BarrierSweep(
        cell=cell.name,
        temperature_k=cell.temperature_k,
        leak=as_answer(background),
        ddg_kj_mol=barrier,
        ratio=1.0 / through,
        v_mv=np.asarray(v),
        dv_dddg_mv_mol_per_kj=np.asarray(slope),
    )


def _said(insensitive: np.ndarray) -> Any:
    words = np.where(insensitive, "insensitive", "sensitive")
    return words if words.ndim else str(words)


def _background(cell: Cell) -> float:
    potassium = cell.permeability.get("K", 0.0)
    if potassium <= 0.0:
        raise OutOfRange(f"{cell.name}: K does not permeate, so its own leak has no P_Na/P_K; give leak=")
    return cell.permeability.get("Na", 0.0) / potassium


def _ends(interval: tuple[Any, Any], cell: Cell, leak: Numbers) -> tuple[Any, Any]:
    """(lowest, highest) voltage, mV, at the ends of a ratio's interval."""
    sides: dict[str, Any] = {"outside": cell.outside, "inside": cell.inside, "temperature": cell.temperature_k}
    ends = []
    for ratio in map(np.asarray, interval):
        blind = ratio == 0.0  # nothing but Na+ is known to pass: E_Na
        sodium = 1.0 / np.where(blind, 1.0, ratio) + np.where(blind, 0.0, leak)
        ends.append(ghk_voltage({"K": np.where(blind, 0.0, 1.0), "Na": sodium}, **sides))
    return as_answer(np.minimum(*ends)), as_answer(np.maximum(*ends))


def _checked_interval(ratio: Numbers, interval: tuple[ArrayLike, ArrayLike]) -> tuple[Any, Any]:
    if len(interval) != 2:
        raise OutOfRange(f"interval {interval!r}: give (lowest, highest)")
    try:
        low, high = (np.asarray(end, dtype=float) for end in interval)  # infinity is an end, NaN fails the comparison
    except (TypeError, ValueError):
        raise OutOfRange(f"interval {interval!r}: give numbers (lowest, highest)") from None
    broadcast(ratio, low, high)
    if not np.all((low >= 0.0) & (low <= ratio) & (ratio <= high)):
        raise OutOfRange(f"interval {low} to {high} does not hold the ratio {ratio}; give (lowest, highest)")
    return as_answer(low), as_answer(high)
