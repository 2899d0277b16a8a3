"""How do counterfactuals look? ddG of every site by treatment, and with one term switched off at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.counterfactuals import SWITCHES, TREATMENTS, Counterfactuals
from selectivity.plotting.scan import MARKS
from selectivity.plotting.style import INK, RC, drawing, ion_label

SPREAD = 0.5
"""Width over which the sites of one column stand side by side."""


def draw_counterfactuals(result: Counterfactuals) -> Figure:
    """A figure of two panels: from the rigid site to the free cage, and the relaxed site with one term switched off."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(8.4, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        plot_treatments(result, left).set(title="how far the ligands give way")
        plot_switches(result, right).set(title="relaxed, one term switched off", ylabel="")
        figure.suptitle(Path(result.source).name)
    return figure


def plot_treatments(result: Counterfactuals, ax: Axes | None = None) -> Axes:
    """ddG (kJ/mol) of every site rigid, snug, relaxed, thermal and as a free cage; above zero the first ion is preferred."""
    with drawing(ax) as ax:
        _columns(result, TREATMENTS, ax)
        ax.legend(title="site")
    return ax


def plot_switches(result: Counterfactuals, ax: Axes | None = None) -> Axes:
    """ddG (kJ/mol) of every relaxed site beside the same with one term switched off."""
    with drawing(ax) as ax:
        _columns(result, ("relaxed", *SWITCHES), ax)
    return ax


def _columns(result: Counterfactuals, names: Sequence[str], ax: Axes) -> None:
    ax.axhline(0.0, color=INK, linewidth=0.8)
    shown = [name for name in names if any(site.ddg_kj_mol.get(name) is not None for site in result.sites)]
    for number, site in enumerate(result.sites):
        colour, _, mark = MARKS[number % len(MARKS)]
        shift = SPREAD * ((number + 0.5) / len(result.sites) - 0.5)
        value = np.array([np.nan if (v := site.ddg_kj_mol.get(name)) is None else v for name in shown])
        errors = {"relaxed": site.error_kj_mol, "thermal": site.thermal_error_kj_mol}
        error = [errors.get(name) or 0.0 for name in shown]
        x = np.arange(len(shown)) + shift
        ax.errorbar(x, value, yerr=error, fmt=mark, color=colour, markersize=6, elinewidth=0.8, label=site.site)
    for edge in range(1, len(shown)):
        ax.axvline(edge - 0.5, color=INK, linewidth=0.4, alpha=0.3)
    ax.set_xticks(
        range(len(shown)), [name.replace("without ", "without\n").replace("free cage", "free\ncage") for name in shown]
    )
    ax.set_xlim(-0.5, len(shown) - 0.5)
    first, second = (ion_label(ion) for ion in result.ions)
    ax.set_ylabel(f"ΔΔG of binding, {second} − {first} (kJ/mol)")
