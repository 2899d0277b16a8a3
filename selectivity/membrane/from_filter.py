"""From a filter's permeability ratio to a cell's voltage: one value, a sweep over ddG‡, the sensitivity, the interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import GAS_CONSTANT_KJ
from selectivity.errors import OutOfRange
from selectivity.membrane.cells import Cell, require_ions
from selectivity.membrane.conditions import Numbers, as_answer, checked_amount, checked_number
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import nernst_potentials, thermal_voltage_mv

INSENSITIVE_ABOVE = 1000.0
"""P_K/P_Na above which the voltage says nothing about selectivity any more (docs/theory.md section 4): V_m sits on E_K."""


@dataclass(frozen=True)
class FilterMembrane:
    """A cell's voltage with K+ and Na+ passing in a given ratio, alone and beside a background Na+ leak.

    v_mv, v_with_leak_mv with their intervals (None where the ratio has none); dv_dddg_mv_mol_per_kj: dV/dddG‡ at the ratio,
    without and with the leak; sensitivity: "sensitive" or "insensitive" (ratio above 1000); leak: P_Na of the background
    over the P_K of the filter's channels. nernst_mv: K and Na.
    """

    cell: str
    temperature_k: float
    ratio: float
    ratio_interval: tuple[float, float] | None
    ddg_kj_mol: float
    v_mv: float
    v_interval_mv: tuple[float, float] | None
    v_with_leak_mv: float
    v_with_leak_interval_mv: tuple[float, float] | None
    leak: float
    dv_dddg_mv_mol_per_kj: float
    dv_dddg_with_leak_mv_mol_per_kj: float
    sensitivity: str
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
                "ddg_kj_mol": self.ddg_kj_mol,
                "permeability_ratio": self.ratio,
                "v_mv": self.v_mv,
                "dv_dddg_mv_mol_per_kj": self.dv_dddg_mv_mol_per_kj,
            }
        )
        frame.attrs |= {"cell": self.cell, "temperature_k": self.temperature_k, "leak": self.leak}
        return frame


def membrane_from_ratio(
    ratio: float,
    *,
    cell: Cell,
    ratio_interval: tuple[float, float] | None = None,
    leak: float | None = None,
) -> FilterMembrane:
    """Voltage of a cell whose K+ and Na+ pass in the ratio P_K/P_Na, with the ratio's interval carried through.

    leak: background P_Na over the filter's P_K (default: the cell's own P_Na/P_K, the rest of its membrane). The voltage
    falls with the ratio everywhere, so the ends of the ratio's interval are the ends of the voltage's. An interval may be
    one-sided: 0 or inf as an end gives E_Na or E_K.

    Raises OutOfRange for a ratio that is not positive and finite or an interval that does not hold it.

    >>> from selectivity.membrane.cells import cell
    >>> membrane = membrane_from_ratio(126.6, cell=cell("neuron"), ratio_interval=(20.0, 800.0))
    >>> round(membrane.v_mv, 1), [round(v, 1) for v in membrane.v_interval_mv], membrane.sensitivity
    (-83.6, [-88.1, -65.3], 'sensitive')
    """
    number = float(checked_amount(ratio, "P_K/P_Na", zero_allowed=False))
    background = _background(cell) if leak is None else float(checked_amount(leak, "background P_Na/P_K"))
    interval = None if ratio_interval is None else _checked_interval(number, ratio_interval)
    bare = voltage_against_barrier(_barrier(number, cell), cell=cell)
    leaky = voltage_against_barrier(_barrier(number, cell), cell=cell, leak=background)
    return FilterMembrane(
        cell=cell.name,
        temperature_k=cell.temperature_k,
        ratio=number,
        ratio_interval=interval,
        ddg_kj_mol=_barrier(number, cell),
        v_mv=float(bare.v_mv),
        v_interval_mv=None if interval is None else _ends(interval, cell, 0.0),
        v_with_leak_mv=float(leaky.v_mv),
        v_with_leak_interval_mv=None if interval is None else _ends(interval, cell, background),
        leak=background,
        dv_dddg_mv_mol_per_kj=float(bare.dv_dddg_mv_mol_per_kj),
        dv_dddg_with_leak_mv_mol_per_kj=float(leaky.dv_dddg_mv_mol_per_kj),
        sensitivity="insensitive" if number > INSENSITIVE_ABOVE else "sensitive",
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
        dv_dddg_mv_mol_per_kj=slope,
    )


def _barrier(ratio: float, cell: Cell) -> float:
    return GAS_CONSTANT_KJ * cell.temperature_k * math.log(ratio)


def _background(cell: Cell) -> float:
    potassium = cell.permeability.get("K", 0.0)
    if potassium <= 0.0:
        raise OutOfRange(f"{cell.name}: K does not permeate, so its own leak has no P_Na/P_K; give leak=")
    return cell.permeability.get("Na", 0.0) / potassium


def _ends(interval: tuple[float, float], cell: Cell, leak: float) -> tuple[float, float]:
    """(lowest, highest) voltage, mV, at the ends of a ratio's interval."""
    sides: dict[str, Any] = {"outside": cell.outside, "inside": cell.inside, "temperature": cell.temperature_k}
    ends = []
    for ratio in interval:
        permeability = {"Na": 1.0} if ratio == 0.0 else {"K": 1.0, "Na": 1.0 / ratio + leak}
        ends.append(float(ghk_voltage(permeability, **sides)))
    return min(ends), max(ends)


def _checked_interval(ratio: float, interval: tuple[float, float]) -> tuple[float, float]:
    if len(interval) != 2:
        raise OutOfRange(f"interval {interval!r}: give (lowest, highest)")
    low, high = (float(end) for end in interval)
    if not (0.0 <= low <= ratio <= high):
        raise OutOfRange(f"interval {low:g} to {high:g} does not hold the ratio {ratio:g}; give (lowest, highest)")
    return low, high
