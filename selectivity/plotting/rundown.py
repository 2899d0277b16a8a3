"""How a run-down looks: voltage with the Nernst potentials, concentrations, volume. Drawn from results, computed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.membrane.rundown import RunDown
from selectivity.plotting.style import INK, ION_COLOURS, PALE, QUIET, RC, drawing

LINES = {"Na": (ION_COLOURS["Na"], "--"), "K": (ION_COLOURS["K"], "-."), "Cl": (ION_COLOURS["Cs"], ":")}
"""Colour and dash pattern of each ion: the dashes tell them apart in greyscale."""

CHARGES = {"Na": "Na⁺", "K": "K⁺", "Cl": "Cl⁻"}


def draw_rundown(run: RunDown, *, title: str = "") -> Figure:
    """A figure of three panels over minutes: V with E_Na, E_K and E_Cl (mV), concentrations inside (mM), volume (relative)."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(6.4, 7.2), layout="constrained")
        axes = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1.4))
        plot_rundown_voltage(run, axes[0]).set(title=title or run.cell, xlabel="")
        plot_concentrations(run, axes[1]).set_xlabel("")
        plot_volume(run, axes[2])
    return figure


def plot_rundown_voltage(run: RunDown, ax: Axes | None = None) -> Axes:
    """Membrane potential and the Nernst potentials of the three ions against time (minutes), phases marked."""
    minutes = run.time_s / 60.0
    with drawing(ax) as ax:
        for ion, (colour, dash) in LINES.items():
            ax.plot(minutes, run.nernst_mv[ion], dash, color=colour, lw=1.4, label=f"E({CHARGES[ion]})")
        ax.plot(minutes, run.v_mv, "-", color=INK, lw=2.2, label="V")
        ax.plot(minutes[0], run.v_mv[0], "o", color=INK, ms=5, clip_on=False, label="V at the start")
        ax.set_ylabel("potential (mV)")
        _finish(ax, run)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.35 * (high - low))  # room for the legend above every line
        ax.legend(loc="upper right", ncols=3, handlelength=1.6, handletextpad=0.5, columnspacing=1.0)
    return ax


def plot_concentrations(run: RunDown, ax: Axes | None = None) -> Axes:
    """Concentrations inside (mM) against time (minutes); outside too where the bath is finite (thin lines)."""
    minutes = run.time_s / 60.0
    with drawing(ax) as ax:
        for ion, (colour, dash) in LINES.items():
            ax.plot(minutes, run.inside_mm[ion], dash, color=colour, lw=2.0, label=f"{CHARGES[ion]} inside")
            if np.ptp(run.outside_mm[ion]) > 0.0:
                ax.plot(minutes, run.outside_mm[ion], dash, color=colour, lw=0.9, label=f"{CHARGES[ion]} outside")
        ax.set_ylabel("concentration (mM)")
        _finish(ax, run)
        ax.legend()
    return ax


def plot_volume(run: RunDown, ax: Axes | None = None) -> Axes:
    """Cell water relative to the reference volume against time (minutes)."""
    with drawing(ax) as ax:
        ax.plot(run.time_s / 60.0, run.volume, "-", color=INK, lw=1.8)
        ax.set_ylabel("volume (relative)")
        _finish(ax, run)
    return ax


def plot_steady_curve(
    pump: Sequence[float], v_mv: Sequence[float], volume: Sequence[float], ax: Axes | None = None
) -> Axes:
    """Resting voltage (mV, left) and volume (dashed, right) against the share of pumps that run."""
    with drawing(ax) as ax:
        ax.plot(pump, v_mv, "-", color=INK, lw=2.0)
        if min(pump) > 0.0:
            ax.set_xscale("log")
        ax.set_xlabel("share of pumps running")
        ax.set_ylabel("resting potential (mV)")
        right = ax.twinx()
        right.plot(pump, volume, "--", color=QUIET, lw=1.5)
        right.set_ylabel("volume (relative, dashed)")
    return ax


def _finish(ax: Axes, run: RunDown) -> None:
    for start in run.phase_starts_s[1:]:
        ax.axvline(start / 60.0, color=PALE, lw=1.0, zorder=0)
    ax.set_xlabel("time (min)")
    ax.set_xlim(run.time_s[0] / 60.0, run.time_s[-1] / 60.0)
