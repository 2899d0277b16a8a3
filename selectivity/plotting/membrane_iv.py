"""How current-voltage curves look: each ion and the sum, with the reversal potential marked."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.membrane.currents import CurrentVoltage
from selectivity.plotting.style import INK, ION_COLOURS, QUIET, RC, drawing

LINES = ("--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)))
"""Line styles by ion, so that the curves are told apart without colour."""


def draw_current_voltage(curves: CurrentVoltage, *, title: str = "") -> Figure:
    """A figure of one panel, `plot_current_voltage`."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(5.4, 4.0), layout="constrained")
        plot_current_voltage(curves, figure.subplots())
        figure.suptitle(title, fontsize=11, weight="bold")
    return figure


def plot_current_voltage(curves: CurrentVoltage, ax: Axes | None = None) -> Axes:
    """Current (µA/cm²) of every ion and in total against voltage (mV); a dot where the total is zero."""
    with drawing(ax) as ax:
        ax.axhline(0.0, color=QUIET, lw=0.8)
        for number, (ion, current) in enumerate(curves.current_ma_cm2.items()):
            style = LINES[number % len(LINES)]
            ax.plot(curves.voltage_mv, 1e3 * current, ls=style, color=ION_COLOURS.get(ion, QUIET), lw=1.6, label=ion)
        ax.plot(curves.voltage_mv, 1e3 * curves.total_ma_cm2, "-", color=INK, lw=2.0, label="total")
        if curves.voltage_mv[0] <= curves.reversal_mv <= curves.voltage_mv[-1]:
            ax.plot(curves.reversal_mv, 0.0, "o", color=INK, ms=6)
            ax.annotate(
                f"{curves.reversal_mv:.1f} mV",
                (curves.reversal_mv, 0.0),
                (-8, 8),
                textcoords="offset points",
                ha="right",
            )
        ax.set_xlabel("voltage (mV)")
        ax.set_ylabel("current, outward positive (µA/cm²)")
        ax.legend()
    return ax
