"""How the voltage of a membrane looks against its selectivity: the Goldman curve between the equilibrium potentials."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.plotting.style import FIRST_COLOUR, INK, ION_COLOURS, QUIET, RC, drawing


def draw_voltage_against_ratio(
    ratio: np.ndarray,
    v_mv: np.ndarray,
    *,
    own: tuple[float, float] | None = None,
    nernst_mv: Mapping[str, float] | None = None,
    title: str = "",
) -> Figure:
    """A figure of one panel, `plot_voltage_against_ratio`."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(5.4, 4.0), layout="constrained")
        plot_voltage_against_ratio(ratio, v_mv, own=own, nernst_mv=nernst_mv, ax=figure.subplots())
        figure.suptitle(title, fontsize=11, weight="bold")
    return figure


def plot_voltage_against_ratio(
    ratio: np.ndarray,
    v_mv: np.ndarray,
    *,
    own: tuple[float, float] | None = None,
    nernst_mv: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Voltage (mV) against P_K/P_Na (n,); a point at the membrane's own (ratio, mV), named lines at Nernst potentials."""
    with drawing(ax) as ax:
        for ion, e in (nernst_mv or {}).items():
            ax.axhline(e, color=ION_COLOURS.get(ion, QUIET), lw=0.9, ls=":")
            ax.annotate(
                f"E({ion})", (1.0, e), (-2, 2), ("axes fraction", "data"), "offset points", ha="right", fontsize=8
            )
        ax.plot(ratio, v_mv, "-", color=INK, lw=2.0)
        if own is not None:
            ax.plot(*own, "o", color=FIRST_COLOUR, mec=INK, ms=7)
            ax.annotate(f"{own[1]:.1f} mV", own, (8, 6), textcoords="offset points")
        ax.set_xscale("log")
        ax.set_xlabel("P(K⁺)/P(Na⁺)")
        ax.set_ylabel("membrane potential (mV)")
    return ax
