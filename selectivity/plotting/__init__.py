"""How does a result look? Each `plot_x(result, ax=None)` draws what the result holds and returns the axes.

Nothing is computed here and no global state changes: the style holds while a picture is drawn, then the caller's own is back.
Without ``ax`` a new pyplot figure is made; `save_score_figure` needs no pyplot at all.
"""

from __future__ import annotations

from selectivity.plotting.figure import plot_score, save_score_figure
from selectivity.plotting.filter_view import plot_filter_side, plot_filter_top
from selectivity.plotting.profile import plot_ion_profiles, plot_profile
from selectivity.plotting.sites import plot_balance_sheet, plot_site_energies
from selectivity.plotting.voltage import plot_voltage

__all__ = [
    "plot_balance_sheet",
    "plot_filter_side",
    "plot_filter_top",
    "plot_ion_profiles",
    "plot_profile",
    "plot_score",
    "plot_site_energies",
    "plot_voltage",
    "save_score_figure",
]
