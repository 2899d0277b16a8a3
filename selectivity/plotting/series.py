"""How does an ion series look? ddG of every site and the permeability ratios over the ionic radius."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.plotting.scan import MARKS
from selectivity.plotting.style import FIRST_COLOUR, INK, RC, drawing, ion_label
from selectivity.series import Series


def draw_series(series: Series) -> Figure:
    """A figure of two panels over the ions from small to large: ddG against K+ (kJ/mol), and P_X/P_K (logarithmic)."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(6.0, 6.6), layout="constrained")
        panels = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        named = (
            f": permeation in Eisenman order {series.sequence.numeral}"
            if series.sequence and series.sequence.swaps == 0
            else ""
        )
        plot_series_sites(series, panels[0]).set(title=f"{Path(series.source).name}{named}", xlabel="")
        plot_series_ratios(series, panels[1])
    return figure


def plot_series_sites(series: Series, ax: Axes | None = None) -> Axes:
    """Binding ddG against K+ (kJ/mol) of every ion in every dehydrated site, with standard errors; above zero K+ is preferred."""
    with drawing(ax) as ax:
        ax.axhline(0.0, color=INK, linewidth=0.8)
        sites = list(series.results[0].sites)
        for number, site in enumerate(sites):
            colour, dash, mark = MARKS[number % len(MARKS)]
            value, error = np.array([[np.nan if x is None else x for x in r.sites[site]] for r in series.results]).T
            x = np.arange(len(value)) + 0.06 * (number - 0.5 * (len(sites) - 1))
            ax.errorbar(
                x,
                value,
                yerr=error,
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=5,
                elinewidth=0.8,
                label=site,
            )
        ax.set_ylabel("ΔΔG of binding, X − K⁺ (kJ/mol)")
        _ions(ax, series)
        ax.legend(title="site")
    return ax


def plot_series_ratios(series: Series, ax: Axes | None = None) -> Axes:
    """P_X/P_K of every ion on a logarithmic axis with its 95 % interval."""
    with drawing(ax) as ax:
        ax.axhline(1.0, color=INK, linewidth=0.8)
        for x, result in enumerate(series.results):
            if result.permeability_ratio_interval is not None:
                low, high = result.permeability_ratio_interval
                ax.plot([x, x], [low, high], color=FIRST_COLOUR, linewidth=6.0, alpha=0.3, solid_capstyle="butt")
            if result.permeability_ratio is not None:
                ax.plot(x, result.permeability_ratio, "o", color=FIRST_COLOUR, markersize=6)
        ax.plot([], [], color=FIRST_COLOUR, linewidth=6.0, alpha=0.3, label="95 % interval")
        ax.set_yscale("log")
        ax.set_ylabel("P(X)/P(K⁺)")
        _ions(ax, series)
        ax.legend()
    return ax


def _ions(ax: Axes, series: Series) -> None:
    ax.set_xticks(range(len(series.results)), [ion_label(result.ion) for result in series.results])
    ax.set_xlim(-0.5, len(series.results) - 0.5)
    ax.set_xlabel("ion X")
