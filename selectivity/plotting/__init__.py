"""How does a result look? Each `plot_x(result, ax=None)` draws what the result holds and returns the axes.

Nothing is computed here and no global state changes: the style holds while a picture is drawn, then the caller's own is back.
Without ``ax`` a new pyplot figure is made; `column_figure` gives axes of a journal's width and needs no pyplot at all. docs/gallery.md
shows every picture. A name is loaded from its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selectivity.plotting.figure import plot_score as plot_score
    from selectivity.plotting.figure import save_score_figure as save_score_figure
    from selectivity.plotting.filter_view import plot_filter_side as plot_filter_side
    from selectivity.plotting.filter_view import plot_filter_top as plot_filter_top
    from selectivity.plotting.profile import plot_ion_profiles as plot_ion_profiles
    from selectivity.plotting.profile import plot_profile as plot_profile
    from selectivity.plotting.sites import plot_balance_sheet as plot_balance_sheet
    from selectivity.plotting.sites import plot_site_energies as plot_site_energies
    from selectivity.plotting.voltage import plot_voltage as plot_voltage

_HOME = {
    # a filter and its score
    "plot_score": "figure",
    "save_score_figure": "figure",
    "plot_filter_side": "filter_view",
    "plot_filter_top": "filter_view",
    "plot_site_energies": "sites",
    "plot_balance_sheet": "sites",
    "plot_profile": "profile",
    "plot_ion_profiles": "profile",
    "plot_ratio": "ratio",
    "plot_voltage": "voltage",
    "plot_voltage_of_ratio": "ratio",
    # the chain over many settings, ions, cages
    "plot_scan_sites": "scan",
    "plot_scan_ratio": "scan",
    "plot_scan_voltage": "scan",
    "plot_scan_map": "scan",
    "plot_series_sites": "series",
    "plot_series_ratios": "series",
    "plot_cage_curves": "cage",
    "plot_cage_map": "cage",
    "plot_treatments": "counterfactuals",
    "plot_switches": "counterfactuals",
    "plot_validation": "validation",
    # ions in single file, and along the pore
    "plot_queue_nodes": "queue",
    "plot_queue_currents": "queue",
    "plot_queue_series": "queue",
    "plot_queue_mixture": "queue",
    "plot_ddg_along_pore": "thermal_profile",
    "plot_ions_along_pore": "thermal_profile",
    # trajectories
    "plot_occupancy_in_time": "trajectory_time",
    "plot_ddg_in_time": "trajectory_time",
    "plot_occupants": "trajectory",
    "plot_site_means": "trajectory",
    "plot_populations": "trajectory",
    "plot_survey_rings": "survey",
    "plot_survey_energies": "survey",
    # membranes
    "plot_voltage_against_ratio": "membrane_voltage",
    "plot_current_voltage": "membrane_iv",
    "plot_fit_voltages": "membrane_fit",
    "plot_fit_ratios": "membrane_fit",
    "plot_cells": "membrane_cells",
    "plot_voltage_against_temperature": "membrane_temperature",
    "plot_contributions": "membrane_temperature",
    "plot_rundown_voltage": "rundown",
    "plot_concentrations": "rundown",
    "plot_volume": "rundown",
    "plot_steady_curve": "rundown",
    "plot_trace": "noise",
    "plot_distribution": "noise",
    "plot_spectrum": "noise",
    "plot_size_scan": "noise",
    "plot_budget": "energy",
    "plot_selectivity_cost": "energy",
    # sizes and files
    "column_figure": "style",
    "save_figure": "style",
    "SINGLE_COLUMN_MM": "style",
    "DOUBLE_COLUMN_MM": "style",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
