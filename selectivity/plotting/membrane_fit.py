"""How a fit of reversal potentials looks: model against measurement, and the ratios with their intervals."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.membrane.fitting import PermeabilityFit
from selectivity.plotting.style import FIRST_COLOUR, INK, QUIET, RC, drawing


def draw_fit(fit: PermeabilityFit) -> Figure:
    """A figure of two panels: voltages and ratios."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(8.6, 3.8), layout="constrained")
        axes = figure.subplots(1, 2)
        plot_fit_voltages(fit, axes[0]).set_title("does one set of ratios explain the voltages?")
        plot_fit_ratios(fit, axes[1]).set_title("ratios")
    return figure


def plot_fit_voltages(fit: PermeabilityFit, ax: Axes | None = None) -> Axes:
    """Measured reversal potentials against the model's (mV), with the line on which they would agree."""
    with drawing(ax) as ax:
        low = min(fit.reversal_mv.min(), fit.model_mv.min()) - 5.0
        high = max(fit.reversal_mv.max(), fit.model_mv.max()) + 5.0
        ax.plot([low, high], [low, high], "-", color=QUIET, lw=1.0)
        ax.plot(fit.model_mv, fit.reversal_mv, "o", color=FIRST_COLOUR, mec=INK, ms=6)
        ax.set_xlabel("model (mV)")
        ax.set_ylabel("measured reversal potential (mV)")
    return ax


def plot_fit_ratios(fit: PermeabilityFit, ax: Axes | None = None) -> Axes:
    """Permeability ratios with intervals on a logarithmic axis; an arrow where one side has no bound."""
    with drawing(ax) as ax:
        for place, estimate in enumerate(fit.ratios.values()):
            if estimate.bound is None:
                ax.plot([estimate.low, estimate.high], [place, place], "-", color=INK, lw=2.0)
                ax.plot(estimate.ratio, place, "o", color=FIRST_COLOUR, mec=INK, ms=7)
            else:
                end = estimate.high if estimate.bound == "upper" else estimate.low
                marker = "<" if estimate.bound == "upper" else ">"
                ax.plot(end, place, marker, color=INK, ms=9)
        ax.set_xscale("log")
        ends = [end for e in fit.ratios.values() for end in (e.low, e.high) if end > 0.0 and math.isfinite(end)]
        ax.set_xlim(min([*ends, 1.0]) / 3.0, max([*ends, 1.0]) * 3.0)
        ax.axvline(1.0, color=QUIET, lw=0.8, ls=":")
        ax.set_yticks(np.arange(len(fit.ratios)), list(fit.ratios))
        ax.set_ylim(len(fit.ratios) - 0.5, -0.5)
        ax.set_xlabel(f"P(ion)/P({fit.reference}), {100 * fit.level:.3g} % interval")
    return ax
