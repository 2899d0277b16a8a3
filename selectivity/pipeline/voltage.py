"""From a permeability ratio to the voltage of a cell: this filter alone, and beside a stated background Na+ leak."""

from __future__ import annotations

from selectivity.membrane.cells import Cell
from selectivity.membrane.cells import cell as cell_by_name
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import nernst_potentials
from selectivity.permeation.ratio import permeability_ratio
from selectivity.pipeline.permeability import Permeability
from selectivity.pipeline.settings import Settings
from selectivity.score import Interval, MembraneScore

SATURATED_RATIO = 1000.0
"""Ratio above which V_m stands within 1 mV of E_K whatever it is: the voltage no longer tells it (docs/theory.md section 4)."""

STEP_KJ_MOL = 1e-3
"""Step of the central difference for dV/dddG, kJ/mol: V is smooth on the scale of RT = 2.5 kJ/mol."""


def membrane_score(passage: Permeability, settings: Settings) -> MembraneScore:
    """V_m (mV) at the score's temperature for the cell of the settings; None where the ratio is undefined.

    The cell's K+ and Na+ concentrations enter; other ions are taken as passive. The background leak is the cell's own resting
    P_Na/P_K, added to what this filter lets through.
    """
    cell = cell_by_name(settings.cell)
    shown = [ion for ion in ("K", "Na", "Cl") if cell.outside.get(ion) and cell.inside.get(ion)]
    nernst = nernst_potentials(shown, outside=cell.outside, inside=cell.inside, temperature=settings.temperature)
    leak = cell.permeability.get("Na", 0.0) / cell.permeability.get("K", 1.0)
    stated = (
        f"background P_Na/P_K = {leak:g} beside this filter ({cell.marks.get('permeability.Na', 'assumed')}, "
        f"{cell.sources.get('permeability.Na', 'this_package')})"
    )
    if passage.interval is None or passage.ddg_kj_mol is None or set(settings.pair) != {"K", "Na"}:
        return MembraneScore(settings.cell, None, None, None, None, stated, None, None, nernst)
    bounds = sorted(passage.interval)
    sensitive = bounds[0] if passage.ratio is None else passage.ratio
    sodium_first = settings.pair[0] == "Na"
    return MembraneScore(
        cell=settings.cell,
        v_mv=None if passage.ratio is None else _voltage(passage.ratio, cell, settings, 0.0),
        v_interval_mv=_interval(bounds, cell, settings, 0.0),
        v_with_leak_mv=None if passage.ratio is None else _voltage(passage.ratio, cell, settings, leak),
        v_with_leak_interval_mv=_interval(bounds, cell, settings, leak),
        leak=stated,
        dv_dddg_mv_mol_per_kj=None if passage.ratio is None else _slope(passage.ddg_kj_mol, cell, settings),
        sensitivity="insensitive"
        if (1.0 / sensitive if sodium_first else sensitive) > SATURATED_RATIO
        else "sensitive",
        nernst_mv=nernst,
    )


def _voltage(ratio: float, cell: Cell, settings: Settings, leak: float) -> float:
    """GHK voltage at P_first/P_second = ratio."""
    sodium = ratio if settings.pair[0] == "Na" else 1.0 / ratio
    return float(
        ghk_voltage(
            {"K": 1.0, "Na": sodium + leak},
            outside=cell.outside,
            inside=cell.inside,
            temperature=settings.temperature,
        )
    )


def _interval(bounds: list[float], cell: Cell, settings: Settings, leak: float) -> Interval:
    low, high = sorted(_voltage(bound, cell, settings, leak) for bound in bounds)
    return low, high


def _slope(ddg: float, cell: Cell, settings: Settings) -> float:
    up, down = (
        _voltage(permeability_ratio(ddg + step, temperature=settings.temperature), cell, settings, 0.0)
        for step in (STEP_KJ_MOL, -STEP_KJ_MOL)
    )
    return (up - down) / (2.0 * STEP_KJ_MOL)
