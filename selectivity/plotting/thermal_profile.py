"""How do two ions fare along the pore? ddG(z) with its error band, each ion's own profile with its wells, planes and cages named."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.along_pore import AlongPore
from selectivity.plotting.style import (
    FIRST_COLOUR,
    INK,
    ION_COLOURS,
    QUIET,
    RC,
    SECOND_COLOUR,
    SHADE,
    drawing,
    ion_label,
)

WATER_COLOUR = "#9CC7E0"
DASHES = ("-", (0, (5, 2)))


def draw_along_pore(result: AlongPore) -> Figure:
    """A figure of two panels over the height on the axis: ddG(z) above, both ions' own profiles below."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(6.4, 6.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        plot_ddg_along_pore(result, upper, shared=True).set_xlabel("")
        settings = result.settings
        title = f"{Path(result.source).name}: {settings['treatment']}, {settings['hydration_state']}"
        upper.set_title(title, pad=34.0)
        plot_ions_along_pore(result, lower, names=False)
    return figure


def plot_ddg_along_pore(result: AlongPore, ax: Axes | None = None, *, shared: bool = False) -> Axes:
    """ddG(z) (kJ/mol) with a band of two standard errors where it was sampled, and ddG of the nodes as bars of their cells.

    A strip at the foot marks heights that see water. ``shared`` leaves the axis of z to a panel below. Returns the axes.
    """
    with drawing(ax, (6.4, 3.6)) as ax:
        curves = result.curves
        _landmarks(ax, result, names=True)
        if curves.ddg_error is not None:
            band = 2.0 * curves.ddg_error
            ax.fill_between(
                curves.z, curves.ddg - band, curves.ddg + band, color=FIRST_COLOUR, alpha=0.25, linewidth=0,
                label="two standard errors",
            )  # fmt: skip
        ax.plot(curves.z, curves.ddg, color=FIRST_COLOUR, linewidth=1.6, marker=".", markersize=4, label="ΔΔG(z)")
        for i, node in enumerate(result.nodes):
            ax.plot(
                [node.z_low, node.z_high], [node.ddg_kj_mol] * 2, color=SECOND_COLOUR, linewidth=2.2, solid_capstyle="butt",
                label="node" if i == 0 else None, zorder=4,
            )  # fmt: skip
        ax.axhline(0.0, color=INK, linewidth=0.8)
        first, second = (ion_label(ion) for ion in result.ions)
        ax.set_ylabel(f"ΔΔG(z), {second} − {first} (kJ/mol)")
        low, high = ax.get_ylim()
        ax.set_ylim(low - 0.14 * (high - low), high)  # room for the names of the cages
        _wet(ax, result)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.05 if shared else -0.17), ncols=4)
    return ax


def plot_ions_along_pore(result: AlongPore, ax: Axes | None = None, *, names: bool = True) -> Axes:
    """Each ion's own profile (kJ/mol) with a band of two standard errors, wells and barriers marked. Returns the axes."""
    with drawing(ax, (6.4, 3.6)) as ax:
        curves = result.curves
        _landmarks(ax, result, names=names)
        for number, ion in enumerate(result.ions):
            colour = ION_COLOURS.get(ion, (FIRST_COLOUR, SECOND_COLOUR)[number])
            error = curves.w_error(ion)
            if error is not None:
                w = curves.w[ion]
                ax.fill_between(curves.z, w - 2 * error, w + 2 * error, color=colour, alpha=0.2, linewidth=0)
            ax.plot(
                curves.z, curves.w[ion], color=colour, linestyle=DASHES[number], linewidth=1.8, label=ion_label(ion)
            )
            for kind, mark in (("well", "v"), ("barrier", "^")):
                at = [(each.z, each.energy_kj_mol) for each in result.extremes[ion] if each.kind == kind]
                if at:
                    ax.plot(*np.transpose(at), mark, color=colour, markeredgecolor=INK, markersize=6, zorder=5)
        ax.plot([], [], "v", color="white", markeredgecolor=INK, markersize=6, label="well")
        ax.plot([], [], "^", color="white", markeredgecolor=INK, markersize=6, label="barrier")
        ax.set_ylabel(f"W(z) of each ion, 0 at {curves.zero_at:.1f} Å (kJ/mol)")
        ax.legend(loc="best", ncols=2)
    return ax


def _landmarks(ax: Axes, result: AlongPore, *, names: bool) -> None:
    """Ring planes as lines, cages named at the foot, the range of the rule as a shade."""
    top = ax.get_xaxis_transform()
    if result.integrated is not None:
        ax.axvspan(*result.integrated, color=SHADE, alpha=0.5, linewidth=0, zorder=0)
    for name, z in result.marks.planes:
        ax.axvline(z, color=QUIET, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        if names:
            ax.text(z, 1.01, name, transform=top, rotation=40, ha="left", va="bottom", fontsize=7.5, color=QUIET)
    for name, low, high in result.marks.cages:
        ax.text(
            0.5 * (low + high),
            0.045 if names else 0.94,
            name,
            transform=top,
            ha="center",
            va="bottom",
            fontsize=8.5,
            color=INK,
        )
    ax.set_xlim(result.curves.z[0] - 0.2, result.curves.z[-1] + 0.2)
    ax.set_xlabel("height on the axis z (Å), cavity to outside")


def _wet(ax: Axes, result: AlongPore) -> None:
    wet = np.array([bool(ends) for ends in result.curves.ends])
    if wet.any():
        ax.fill_between(
            result.curves.z, 0.0, 0.03, where=wet.tolist(), transform=ax.get_xaxis_transform(), color=WATER_COLOUR,
            linewidth=0, label="sees water", zorder=2,
        )  # fmt: skip
