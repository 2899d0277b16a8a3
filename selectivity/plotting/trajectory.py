"""How does a run look? Who is in each site, what each site prefers, which states the filter visits."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.plotting.style import FIRST_COLOUR, INK, ION_COLOURS, PALE, QUIET, RC, SECOND_COLOUR, drawing
from selectivity.trajectory.summary import Summary

_SHARES = (
    ("k", "K⁺", ION_COLOURS["K"], ""),
    ("na", "Na⁺", ION_COLOURS["Na"], "////"),
    ("water_only", "water", PALE, "...."),
)
_TREATMENTS = {"rigid": (FIRST_COLOUR, "o", -0.12), "relaxed": (SECOND_COLOUR, "s", 0.12)}
MOST_STATES = 10


def draw_trajectory(summary: Summary) -> Figure:
    """A figure of three panels: shares of frames by occupant of each site, mean ddG (kJ/mol), commonest occupancy states."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(6.4, 7.6), layout="constrained")
        panels = figure.subplots(3, 1)
        found = summary.question["filter"]
        plot_occupants(summary, panels[0]).set_title(
            f"{found['signature']} {found['first_residue']}: {summary.n_usable} frames"
        )
        plot_site_means(summary, panels[1])
        plot_populations(summary, panels[2])
    return figure


def plot_occupants(summary: Summary, ax: Axes | None = None) -> Axes:
    """Shares of the usable frames in which each site holds K+, Na+ or water only, with standard errors."""
    with drawing(ax) as ax:
        sites = list(reversed(summary.sites))
        width = 0.8 / len(_SHARES)
        for k, (name, label, colour, hatch) in enumerate(_SHARES):
            x = np.arange(len(sites)) + (k - 1) * width
            share = [s.shares[name].mean or 0.0 for s in sites]
            error = [s.shares[name].error or 0.0 for s in sites]
            ax.bar(
                x,
                share,
                width,
                yerr=error,
                color=colour,
                hatch=hatch,
                edgecolor=INK,
                linewidth=0.6,
                label=label,
                error_kw={"elinewidth": 0.8},
            )
        ax.set_xticks(range(len(sites)), [s.site for s in sites])
        ax.set(xlabel="site, from the mouth inward", ylabel="share of frames", ylim=(0.0, 1.1))
        ax.legend(ncols=3)
    return ax


def plot_site_means(summary: Summary, ax: Axes | None = None) -> Axes:
    """Mean ddG of binding (kJ/mol) of each site with its standard error, by treatment and by perturbation; above zero K+ is preferred."""
    with drawing(ax) as ax:
        sites = list(reversed(summary.sites))
        ax.axhline(0.0, color=INK, linewidth=0.8)
        x = np.arange(len(sites), dtype=float)
        for name in summary.question["treatments"]:
            colour, mark, shift = _TREATMENTS[name]
            _points(
                ax, x + shift, [s.ddg[name].mean for s in sites], [s.ddg[name].error for s in sites], colour, mark, name
            )
        free = [s.perturbation for s in sites]
        _points(ax, x, [p.ddg_kj_mol for p in free], [p.error_kj_mol for p in free], QUIET, "D", "perturbation")
        ax.set_xticks(range(len(sites)), [s.site for s in sites])
        ax.set_xlim(-0.6, len(sites) - 0.4)
        ax.set(xlabel="site, from the mouth inward", ylabel="ΔΔG, Na⁺ − K⁺ (kJ/mol)")
        if ax.get_legend_handles_labels()[0]:
            ax.legend()
    return ax


def plot_populations(summary: Summary, ax: Axes | None = None) -> Axes:
    """Shares of the commonest occupancy states (S0 S1 S2 S3 S4 Scav) with standard errors."""
    with drawing(ax) as ax:
        table = summary.populations.head(MOST_STATES)
        error = table["share_error"].astype(float).fillna(0.0)
        ax.bar(
            range(len(table)),
            table["share"],
            yerr=error,
            color=FIRST_COLOUR,
            edgecolor=INK,
            linewidth=0.6,
            error_kw={"elinewidth": 0.8},
        )
        ax.set_xticks(range(len(table)), table["occupancy"], rotation=45, ha="right", family="monospace")
        ax.set(xlabel="occupancy S0 S1 S2 S3 S4 Scav (K, N for Na⁺, X, W for water, - empty)", ylabel="share of frames")
        ax.set_ylim(0.0, None)
    return ax


def _points(
    ax: Axes, x: np.ndarray, values: list[float | None], errors: list[float | None], colour: str, mark: str, label: str
) -> None:
    y = np.array([np.nan if v is None else v for v in values], dtype=float)
    if np.isfinite(y).any():
        e = np.array([0.0 if v is None else v for v in errors], dtype=float)
        ax.errorbar(
            x, y, yerr=e, color=colour, marker=mark, linestyle="none", markersize=5, elinewidth=0.8, label=label
        )
