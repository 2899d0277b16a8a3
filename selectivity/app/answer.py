"""What does a page show for a state? Ratio, voltage, curve and sites, every number from the library, as what JSON can hold."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from selectivity.app.records import Record, Scored, central_barrier, leg_kj_mol
from selectivity.app.state import CONTROLS, State, slider_high
from selectivity.membrane.cells import cell
from selectivity.membrane.from_filter import INSENSITIVE_ABOVE
from selectivity.membrane.nernst import nernst_potential
from selectivity.membrane.protocols import pump_blocked
from selectivity.membrane.pump_leak_balance import cell_for_run_down
from selectivity.membrane.pumped import pumped_voltage
from selectivity.membrane.rundown import RunDown, run_down
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.uncertainty import ratio_interval
from selectivity.report.numbers import fixed, interval, significant, voltage

CURVE_POINTS = 141
CURVE_KJ_MOL = (-5.0, 30.0)
"""The stretch of ddG‡ that is always drawn: from a filter for Na+ to deep saturation."""

RUN_DOWN_MINUTES = 60.0
FIBRE_DIAMETER_UM = 50.0
"""Diameter taken for presets without a size (muscle fibres, axons), µm: assumed; it sets the pace, not the end."""


def membrane_voltage(state: State, ratio: Any) -> Any:
    """V (mV) of the state's cell with filters of P_K/P_Na ``ratio`` (scalar or array), its leak, chloride and pump."""
    return pumped_voltage(
        state.permeability(ratio),
        outside=state.outside,
        inside=state.inside,
        temperature=state.temperature,
        pump=state.pump,
        reference=state.reference_k,
    )


def answer(state: State, record: Record | None = None, scored: Scored | None = None) -> dict[str, Any]:
    """Everything that the page draws for a state.

    In mode "filter" the numbers follow from ``scored`` where it is there (with intervals), else from ``record`` (central values), else
    they are None and "pending" is true.
    """
    ddg, ratio, bounds = _passage(state, record, scored)
    shown = {
        "state": asdict(state),
        "query": state.address(),
        "pending": state.mode == "filter" and scored is None,
        "ddg_kj_mol": ddg,
        "ddg_error_kj_mol": state.error if state.mode == "ratio" else scored.error_kj_mol if scored else None,
        "ratio": ratio,
        "ratio_interval": bounds,
        "sites": sites_shown(state, record, scored),
        "sliders": _slider_ends(state),
        "nernst_mv": _nernst(state),
        "notes": _notes(state, ratio, record, scored),
        "curve": _curve(state, ddg),
        **_voltages(state, ratio, bounds),
    }
    return shown | {"words": _words(state, shown)}


def run_down_of(state: State, ratio: float, minutes: float = RUN_DOWN_MINUTES) -> tuple[RunDown, tuple[str, ...]]:
    """The state's cell after its pump has stopped, for some minutes, from its steady state; and what was assumed about it."""
    own = cell(state.cell).changed(
        outside=state.outside, inside=state.inside, permeability={"Cl": 0.0, **state.permeability(ratio)}
    )
    sized = own.area_um2 is not None and own.volume_pl is not None
    built = cell_for_run_down(own, diameter_um=None if sized else FIBRE_DIAMETER_UM)
    return run_down(built, pump_blocked(minutes)), built.notes


def run_down_shown(run: RunDown, notes: tuple[str, ...]) -> dict[str, Any]:
    """A run as the page draws it: minutes, mV, and what was assumed."""
    return {
        "minutes": (run.time_s / 60.0).tolist(),
        "v_mv": run.v_mv.tolist(),
        "nernst_mv": {ion: values.tolist() for ion, values in run.nernst_mv.items()},
        "notes": [*notes, *run.warnings],
    }


def _passage(
    state: State, record: Record | None, scored: Scored | None
) -> tuple[float | None, float | None, list[float] | None]:
    """ddG‡ (kJ/mol), P_K/P_Na and its 95 % interval."""
    if state.mode == "ratio":
        ratio = permeability_ratio(state.ddg, temperature=state.temperature)
        return state.ddg, ratio, list(ratio_interval(state.ddg, state.error, temperature=state.temperature))
    if scored is not None:
        return scored.ddg_kj_mol, scored.ratio, list(scored.ratio_interval) if scored.ratio_interval else None
    barrier = None if record is None else central_barrier(record, state.scale, state.temperature)
    if record is None or barrier is None:
        return None, None, None
    return barrier, None if record.interval_only else permeability_ratio(barrier, temperature=state.temperature), None


def _voltages(state: State, ratio: float | None, bounds: list[float] | None) -> dict[str, Any]:
    """V_m with its interval, and what the pump contributes to it (mV)."""
    v = None if ratio is None else float(membrane_voltage(state, ratio))
    without = None if ratio is None else float(membrane_voltage(_unpumped(state), ratio))
    return {
        "v_mv": v,
        "v_interval_mv": None if bounds is None else sorted(float(membrane_voltage(state, each)) for each in bounds),
        "v_without_pump_mv": without,
        "pump_mv": None if v is None or without is None else v - without,
    }


def _words(state: State, shown: dict[str, Any]) -> dict[str, str]:
    """The large numbers as a reader should see them: digits end where the error of a structure begins."""
    ratio, bounds, v, span = (shown[key] for key in ("ratio", "ratio_interval", "v_mv", "v_interval_mv"))
    of_structure = state.mode == "filter" and bounds is not None
    return {
        "ratio": interval(ratio, tuple(bounds)).partition(" (")[0] if of_structure and ratio else significant(ratio, 3),
        "ratio_interval": "" if bounds is None else f"{significant(bounds[0], 2)} to {significant(bounds[1], 2)}",
        "v": voltage(v, tuple(span)).partition(" (")[0] if of_structure and v is not None else fixed(v, 1),
        "v_interval": "" if span is None else f"{fixed(span[0], 1)} to {fixed(span[1], 1)}",
    }


def _unpumped(state: State) -> State:
    return State(**(asdict(state) | {"pump": 0.0}))


def sites_shown(state: State, record: Record | None, scored: Scored | None) -> list[dict[str, Any]] | None:
    """The sites of a record at the state's temperature and water leg, with errors where they are known."""
    if state.mode == "ratio" or record is None:
        return None
    leg = leg_kj_mol(state.scale, state.temperature)
    return [
        {
            "name": site.name,
            "z": site.z,
            "ddg_kj_mol": None if site.gap_kj_mol is None else site.gap_kj_mol + leg,
            "error_kj_mol": scored.site_errors.get(site.name) if scored else None,
            "dehydrated": site.dehydrated,
            "reason": site.reason,
        }
        for site in record.sites
    ]


def _nernst(state: State) -> dict[str, float]:
    return {
        ion: nernst_potential(
            outside=state.outside[ion], inside=state.inside[ion], valence=z, temperature=state.temperature
        )
        for ion, z in (("K", 1), ("Na", 1), ("Cl", -1))
        if ion in state.outside and ion in state.inside
    }


def _curve(state: State, ddg: float | None) -> dict[str, list[float]]:
    low, high = CURVE_KJ_MOL
    grid = np.linspace(low, high if ddg is None else max(high, math.ceil(ddg + 3.0)), CURVE_POINTS)
    ratios = np.array([permeability_ratio(each, temperature=state.temperature) for each in grid.tolist()])
    return {"ddg_kj_mol": grid.tolist(), "v_mv": np.asarray(membrane_voltage(state, ratios)).tolist()}


def _slider_ends(state: State) -> dict[str, list[float]]:
    return {
        name: [control.slider_low, slider_high(name, getattr(state, name))]
        for name, control in CONTROLS.items()
        if name.endswith(("_out", "_in")) or name in ("leak", "chloride")
    }


def _notes(state: State, ratio: float | None, record: Record | None, scored: Scored | None) -> list[str]:
    """What a reader should know about these numbers, in plain words."""
    own = cell(state.cell)
    low, high = own.temperature_range_k
    notes = []
    if state.mode == "filter" and record is not None and record.stretch is None:
        notes.append(f"This filter does not conduct, so it has no ratio and no voltage: {record.reason}")
    if not low <= state.temperature <= high and state.temperature != own.temperature_k:
        notes.append(f"{own.title} is known from {low:g} to {high:g} K: this is an extrapolation.")
    if ratio is not None and state.leak > 0.0:
        share = 100.0 * state.leak / (state.leak + 1.0 / ratio)
        notes.append(f"The background leak carries {share:.0f} % of the Na⁺ permeability, these filters the rest.")
    if ratio is not None and ratio > INSENSITIVE_ABOVE:
        notes.append("Above a ratio of 1000 the voltage no longer tells how selective the filter is.")
    if record is not None and record.interval_only:
        notes.append("Resolved to worse than 3.0 Å: only the interval of the ratio means something.")
    return notes + list(scored.warnings if scored else ())
