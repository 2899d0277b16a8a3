"""GHK, chord conductance and Mullins-Noda side by side for one cell, with the reason they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selectivity.membrane.cells import Cell
from selectivity.membrane.chord import chord_voltage, conductances_from_permeabilities
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import PUMP_RATIO, largest_pump_contribution, mullins_noda_voltage
from selectivity.membrane.nernst import nernst_potentials

PASSIVE_WITHIN = 10.0
"""How far (mV) chloride's equilibrium may lie from the voltage and still be called passive: presets mix sources."""

UNPUMPED = 0.05
"""Differences below this (mV) are not worth a reason: no electrode resolves them."""


@dataclass(frozen=True)
class VoltageComparison:
    """One cell's resting voltage by three equations (mV), the pump's share, and why they differ.

    ghk_cations_mv is GHK of K and Na alone, the number from which Mullins-Noda departs (both take chloride as passive);
    conductance: the weights of the chord voltage, scaled to K = 1, with their origin in `conductance_from`.
    """

    cell: str
    temperature_k: float
    nernst_mv: Mapping[str, float]
    ghk_mv: float
    ghk_cations_mv: float
    chord_mv: float
    mullins_noda_mv: float
    conductance: Mapping[str, float]
    conductance_from: str
    chloride_leads: bool
    reasons: tuple[str, ...]

    @property
    def chloride_is_passive(self) -> bool:
        """Whether Mullins-Noda applies: chloride, where it permeates more than K+, rests near the voltage it gives."""
        distance = abs(self.nernst_mv.get("Cl", self.mullins_noda_mv) - self.mullins_noda_mv)
        return not self.chloride_leads or distance < PASSIVE_WITHIN

    @property
    def pump_mv(self) -> float:
        """What the electrogenic pump adds: Mullins-Noda minus GHK of the same two cations."""
        return self.mullins_noda_mv - self.ghk_cations_mv

    def table(self) -> Any:
        """A pandas DataFrame: one row per equation, columns equation, v_mv, minus_ghk_mv."""
        import pandas as pd

        rows = [("GHK", self.ghk_mv), ("chord conductance", self.chord_mv), ("Mullins-Noda", self.mullins_noda_mv)]
        frame = pd.DataFrame(
            [(name, v, v - self.ghk_mv) for name, v in rows], columns=["equation", "v_mv", "minus_ghk_mv"]
        )
        frame.attrs["temperature_k"] = self.temperature_k
        return frame


def compare_voltages(cell: Cell, *, pump_ratio: float = PUMP_RATIO) -> VoltageComparison:
    """Resting voltage of a cell by GHK, by chord conductance and by Mullins-Noda, mV.

    The chord conductances are the cell's own where its preset cites them, else the slope conductances that its
    permeabilities imply at each ion's reversal potential.

    >>> from selectivity.membrane.cells import cell
    >>> three = compare_voltages(cell("neuron"))
    >>> round(three.ghk_mv, 2), round(three.mullins_noda_mv, 2), round(three.pump_mv, 2)
    (-68.59, -73.82, -5.23)
    """
    sides: dict[str, Any] = {"outside": cell.outside, "inside": cell.inside, "temperature": cell.temperature_k}
    cations = {ion: p for ion, p in cell.permeability.items() if ion in ("K", "Na")}
    measured = bool(cell.conductance_ms_cm2)
    conductance = (
        dict(cell.conductance_ms_cm2) if measured else conductances_from_permeabilities(cell.permeability, **sides)
    )
    nernst = nernst_potentials(sorted({*conductance, *cell.permeability}), **sides)
    comparison = VoltageComparison(
        cell=cell.name,
        temperature_k=cell.temperature_k,
        nernst_mv=nernst,
        ghk_mv=ghk_voltage(cell.permeability, **sides),
        ghk_cations_mv=ghk_voltage(cations, **sides),
        chord_mv=chord_voltage(conductance, reversal=nernst),
        mullins_noda_mv=mullins_noda_voltage(cations, pump_ratio=pump_ratio, **sides),
        conductance={ion: g / conductance["K"] if conductance.get("K") else g for ion, g in conductance.items()},
        conductance_from="the preset" if measured else "permeabilities, at each ion's reversal potential",
        chloride_leads=cell.permeability.get("Cl", 0.0) > cell.permeability.get("K", 0.0),
        reasons=(),
    )
    return VoltageComparison(**{**comparison.__dict__, "reasons": _reasons(comparison, cell, pump_ratio)})


def _reasons(c: VoltageComparison, cell: Cell, pump_ratio: float) -> tuple[str, ...]:
    reasons = []
    if abs(c.chord_mv - c.ghk_mv) > UNPUMPED:
        reasons.append(
            f"chord {c.chord_mv - c.ghk_mv:+.1f} mV from GHK: its weights are conductances held fixed "
            f"({c.conductance_from}); GHK's are permeabilities, and each ion's conductance then follows voltage and "
            "concentration"
        )
    bound = largest_pump_contribution(temperature=cell.temperature_k, pump_ratio=pump_ratio)
    if abs(c.pump_mv) > UNPUMPED:
        reasons.append(
            f"Mullins-Noda {c.pump_mv:+.1f} mV from GHK of K and Na: the pump carries net charge (r = {pump_ratio:g}); "
            f"never more than {bound:.1f} mV, and nothing when only K permeates"
        )
    if abs(c.ghk_mv - c.ghk_cations_mv) > UNPUMPED:
        reasons.append(
            f"chloride moves GHK by {c.ghk_mv - c.ghk_cations_mv:+.1f} mV; Mullins-Noda takes it as passive, so compare it "
            "with GHK of the cations"
        )
    if not c.chloride_is_passive:
        reasons.append(
            f"chloride rules this membrane and rests at {c.nernst_mv['Cl']:.1f} mV, not at the Mullins-Noda voltage: that "
            "steady state is not this cell's, GHK with chloride is"
        )
    return tuple(reasons)
