"""How does a scan look? Curves with their intervals over one varied quantity, maps over two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.errors import OutOfRange
from selectivity.plotting.style import FIRST_COLOUR, INK, PALE, QUIET, RC, drawing, ion_label
from selectivity.scan import Scan

MARKS: Sequence[tuple[str, str, str]] = (
    ("#0072B2", "-", "o"),
    ("#D55E00", "--", "s"),
    ("#009E73", "-.", "^"),
    ("#7B3F94", ":", "D"),
    ("#767676", "-", "v"),
    ("#222222", "--", "x"),
)
"""Colour, dashes and marker of each site: dashes and markers tell them apart in greyscale."""


def draw_scan(scan: Scan) -> Figure:
    """The figure of a scan: ddG of the sites, ratio and voltage over one quantity; maps of ddG‡, ratio and voltage over two."""
    if len(scan.axes) > 2:
        raise OutOfRange(f"{len(scan.axes)} varied quantities; a picture shows one or two")
    with mpl.rc_context(RC):
        if len(scan.axes) == 1:
            figure = Figure(figsize=(6.0, 8.0), layout="constrained")
            panels = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
            plot_scan_sites(scan, panels[0]).set(xlabel="", title=_title(scan))
            plot_scan_ratio(scan, panels[1]).set_xlabel("")
            plot_scan_voltage(scan, panels[2])
        else:
            figure = Figure(figsize=(11.0, 3.8), layout="constrained")
            for ax, quantity in zip(figure.subplots(1, 3), ("ddg_barrier_kj_mol", "ratio", "v_mv"), strict=True):
                plot_scan_map(scan, quantity, ax)
            figure.suptitle(_title(scan), x=0.01, ha="left", fontweight="bold", fontsize=10)
    return figure


def plot_scan_sites(scan: Scan, ax: Axes | None = None) -> Axes:
    """Binding ddG of every site (kJ/mol) over the varied quantity, with standard errors; thick grey: the barrier ddG‡."""
    x = _column(scan, scan.axes[0].column)
    with drawing(ax) as ax:
        ax.axhline(0.0, color=INK, linewidth=0.8)
        ax.plot(x, _column(scan, "ddg_barrier_kj_mol"), color=PALE, linewidth=5.0, zorder=1, label="barrier ΔΔG‡")
        width = 0.06 * float(np.diff(x).min()) if len(x) > 1 else 0.0
        for number, site in enumerate(scan.sites):
            colour, dash, mark = MARKS[number % len(MARKS)]
            value, error = (_column(scan, f"ddg_{site.lower()}{end}") for end in ("_kj_mol", "_error_kj_mol"))
            # A little aside, so that the error bars of the sites do not hide one another.
            aside = x + width * (number - 0.5 * (len(scan.sites) - 1))
            ax.errorbar(
                aside,
                value,
                yerr=error,
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=4,
                elinewidth=0.7,
                label=site,
            )
        first, second = _ions(scan)
        ax.set_ylabel(f"ΔΔG, {second} − {first} (kJ/mol)")
        ax.set_xlabel(scan.axes[0].label)
        ax.legend(ncols=2)
    return ax


def plot_scan_ratio(scan: Scan, ax: Axes | None = None) -> Axes:
    """Permeability ratio (logarithmic) with its 95 % interval over the varied quantity; gaps do not conduct."""
    name = _ratio_name(scan)
    low, middle, high = (_column(scan, f"{name}{end}_ratio") for end in ("_low", "", "_high"))
    with drawing(ax) as ax:
        _band(ax, scan, low, middle, high)
        ax.set_yscale("log")
        first, second = _ions(scan)
        ax.set_ylabel(f"P({first})/P({second})")
    return ax


def plot_scan_voltage(scan: Scan, ax: Axes | None = None) -> Axes:
    """Membrane potential (mV) with its 95 % interval over the varied quantity; dashed: beside the background leak."""
    low, middle, high = (_column(scan, name) for name in ("v_low_mv", "v_mv", "v_high_mv"))
    with drawing(ax) as ax:
        _band(ax, scan, low, middle, high)
        x = _column(scan, scan.axes[0].column)
        ax.plot(x, _column(scan, "v_with_leak_mv"), "--", color=QUIET, linewidth=1.2, label="with background leak")
        ax.set_ylabel("membrane potential (mV)")
        ax.legend()
    return ax


def plot_scan_map(scan: Scan, quantity: str, ax: Axes | None = None) -> Axes:
    """A map over the two varied quantities of "ddg_barrier_kj_mol", "ratio" (its log10) or "v_mv"; grey cells do not conduct."""
    first, second = scan.axes
    shape = (len(first.values), len(second.values))
    name = f"{_ratio_name(scan)}_ratio" if quantity == "ratio" else quantity
    values = _column(scan, name).reshape(shape)
    ions = _ions(scan)
    label = {
        "ddg_barrier_kj_mol": "barrier ΔΔG‡ (kJ/mol)",
        "ratio": f"log10 P({ions[0]})/P({ions[1]})",
        "v_mv": "membrane potential (mV)",
    }[quantity]
    if quantity == "ratio":
        values = np.log10(values)
    with drawing(ax) as ax:
        ax.set_facecolor(PALE)
        mesh = ax.pcolormesh(_edges(first.values), _edges(second.values), values.T, cmap="cividis")
        ax.figure.colorbar(mesh, ax=ax, label=label)
        if min(shape) > 1 and np.isfinite(values).all() and np.ptp(values) > 0.0:
            lines = ax.contour(first.values, second.values, values.T, colors="white", linewidths=0.8)
            ax.clabel(lines, fontsize=7)
        ax.set_xlabel(first.label)
        ax.set_ylabel(second.label)
    return ax


def _band(ax: Axes, scan: Scan, low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> None:
    x = _column(scan, scan.axes[0].column)
    ax.fill_between(x, low, high, color=FIRST_COLOUR, alpha=0.18, linewidth=0, label="95 % interval")
    ax.plot(x, middle, "o-", color=FIRST_COLOUR, markersize=4, label="this filter")
    for at in x[[not row["conductive"] for row in scan.rows]]:
        ax.axvline(at, color=PALE, linewidth=3.0, zorder=0)
    ax.set_xlabel(scan.axes[0].label)


def _edges(values: Sequence[float]) -> np.ndarray:
    """Borders of the cells about values that may be in any order or alone."""
    centres = np.asarray(values, float)
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    inner = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[2 * centres[0] - inner[0]], inner, [2 * centres[-1] - inner[-1]]])


def _column(scan: Scan, name: str) -> np.ndarray:
    """One column as floats; undefined is NaN, which leaves a gap."""
    return np.array([np.nan if row[name] is None else float(row[name]) for row in scan.rows])


def _ions(scan: Scan) -> tuple[str, str]:
    first, second = scan.settings.get("ions", ("K", "Na"))
    return ion_label(first), ion_label(second)


def _ratio_name(scan: Scan) -> str:
    first, second = scan.settings.get("ions", ("K", "Na"))
    return f"p_{first.lower()}_over_p_{second.lower()}"


def _title(scan: Scan) -> str:
    made = f", {', '.join(c.text for c in scan.changes)}" if scan.changes else ""
    return f"{Path(scan.source).name}{made}"
