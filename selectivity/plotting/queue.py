"""How does the queue look? Currents, who stands where, the ratio against concentration, conductance of mixtures."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.permeation.queue_survey import QueueSurvey
from selectivity.plotting.style import (
    FIRST_COLOUR,
    INK,
    ION_COLOURS,
    PALE,
    QUIET,
    RC,
    SECOND_COLOUR,
    SHADE,
    drawing,
    ion_label,
)

DASHES = ("-", (0, (5, 2)))
"""Solid for the first ion, dashed for the second, so that a photocopy tells them apart."""


def draw_queue(survey: QueueSurvey, *, title: str = "") -> Figure:
    """Four panels: current-voltage curve, nodes and their occupancy, ratio against concentration, conductance of mixtures."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(9.6, 7.2), layout="constrained")
        currents, nodes, series, mixture = figure.subplots(2, 2).flat
        plot_queue_currents(survey, currents).set_title("current and voltage")
        plot_queue_nodes(survey, nodes).set_title("who stands where")
        plot_queue_series(survey, series).set_title("ratio and concentration")
        plot_queue_mixture(survey, mixture).set_title("conductance of mixtures")
        figure.suptitle(title, fontsize=11, weight="bold")
    return figure


def plot_queue_currents(survey: QueueSurvey, ax: Axes | None = None) -> Axes:
    """Current (pA, outward positive) of each ion and in total against voltage (mV); a dot at the reversal potential."""
    with drawing(ax) as ax:
        ax.axhline(0.0, color=QUIET, linewidth=0.8)
        for number, (ion, current) in enumerate(survey.curve.by_ion_pa.items()):
            ax.plot(
                survey.curve.v_mv,
                current,
                color=_colour(ion, number),
                linestyle=DASHES[number],
                linewidth=1.6,
                label=ion_label(ion),
            )
        ax.plot(survey.curve.v_mv, survey.curve.total_pa, color=INK, linewidth=0.9, label="total")
        ax.plot(survey.reversal_mv, 0.0, "o", color=INK, markersize=6, label=f"reversal {survey.reversal_mv:.1f} mV")
        ax.set_xlabel("voltage, inside − outside (mV)")
        ax.set_ylabel("current, outward positive (pA)")
        ax.legend()
    return ax


def plot_queue_nodes(survey: QueueSurvey, ax: Axes | None = None) -> Axes:
    """Mean number of ions on every node at the reversal potential (bars) and ΔΔG of the node (kJ/mol, line, right axis)."""
    names = survey.nodes.names
    x = np.arange(len(names), dtype=float)
    with drawing(ax) as ax:
        for k, kind in enumerate(survey.nodes.kinds):
            if kind == "cage":
                ax.axvspan(k - 0.5, k + 0.5, color=SHADE, linewidth=0, zorder=0)
        for number, (ion, occupied) in enumerate(survey.occupancy.items()):
            ax.bar(
                x + 0.2 * (2 * number - 1),
                occupied,
                0.38,
                color=_colour(ion, number),
                hatch=("", "////")[number],
                edgecolor="white",
                linewidth=0.4,
                label=f"{ion_label(ion)} (left axis)",
                zorder=2,
            )
        ax.set_xticks(x, names, rotation=50, ha="right")
        ax.set_xlabel("inside to outside; shaded: cages")
        ax.set_ylabel("mean number of ions at reversal")
        right = ax.twinx()
        right.errorbar(
            x, survey.nodes.ddg_kj_mol, yerr=survey.nodes.error_kj_mol, color=INK, marker="D", markersize=4, linewidth=0.9,
            elinewidth=0.7, label="ΔΔG (right axis)",
        )  # fmt: skip
        right.axhline(0.0, color=PALE, linewidth=0.8)
        first, second = (ion_label(ion) for ion in survey.ions)
        right.set_ylabel(f"ΔΔG, {second} − {first} (kJ/mol)")
        right.spines["top"].set_visible(False)
        low, high = right.get_ylim()
        right.set_ylim(low, high + 0.3 * (high - low))  # room for the legend
        handles = [pair for axes in (ax, right) for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
        ax.set_ylim(0.0, 1.5 * max(float(values.max()) for values in survey.occupancy.values()))
        ax.legend(*zip(*handles, strict=True), loc="upper center", ncols=3, columnspacing=1.0, handlelength=1.4)
    return ax


def plot_queue_series(survey: QueueSurvey, ax: Axes | None = None) -> Axes:
    """Bi-ionic permeability ratio against the concentration on both sides (mM), both logarithmic; a band: the ratio in the given baths."""
    first, second = (ion_label(ion) for ion in survey.ions)
    with drawing(ax) as ax:
        ax.plot(survey.series_mm, survey.series_ratio, "o-", color=FIRST_COLOUR, markersize=5, label="bi-ionic")
        if survey.ratio is not None:
            low, high = survey.ratio.permeability_ratio_interval
            ax.axhspan(low, high, color=SECOND_COLOUR, alpha=0.18, linewidth=0, label="the given baths, 95 % interval")
            ax.axhline(survey.ratio.permeability_ratio, color=SECOND_COLOUR, linestyle="--", linewidth=1.2)
        ax.axhline(1.0, color=INK, linewidth=0.8)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("concentration on each side (mM)")
        ax.set_ylabel(f"P({first})/P({second})")
        ax.legend()
    return ax


def plot_queue_mixture(survey: QueueSurvey, ax: Axes | None = None) -> Axes:
    """Conductance (pS) against the mole fraction of the second ion, the same mixture on both sides."""
    with drawing(ax) as ax:
        ax.plot(survey.mixture.fraction, survey.mixture.conductance_ps, "o-", color=FIRST_COLOUR, markersize=5)
        ax.set_ylim(bottom=0.0)
        ax.set_xlabel(f"mole fraction of {ion_label(survey.ions[1])}, {survey.mixture_mm:g} mM in total")
        ax.set_ylabel("conductance at 1 mV (pS)")
    return ax


def _colour(ion: str, number: int) -> str:
    return ION_COLOURS.get(ion, (FIRST_COLOUR, SECOND_COLOUR)[number])
