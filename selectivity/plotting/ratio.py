"""Where does a filter stand? Permeability ratio against the barrier difference, and the voltage that each ratio gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from selectivity.permeation.ratio import barrier_difference, permeability_ratio
from selectivity.plotting.scan import MARKS
from selectivity.plotting.style import FIRST_COLOUR, INK, QUIET, drawing, ion_label
from selectivity.plotting.voltage import LEAST_RANGE, voltages
from selectivity.score import FilterScore


def plot_ratio(scores: FilterScore | Sequence[FilterScore], ax: Axes | None = None) -> Axes:
    """P ratio (logarithmic) against ddG‡ (kJ/mol): the line exp(ddG‡/RT), and each score on it with its interval.

    Scores of one temperature and one pair of ions; one without a ratio is named in the legend as such. Returns the axes.
    """
    shown = [scores] if isinstance(scores, FilterScore) else list(scores)
    temperature = shown[0].temperature_k
    bounds = [end for score in shown for end in _barriers(score)]
    grid = np.linspace(min([LEAST_RANGE[0], *bounds]), max([LEAST_RANGE[1], *bounds]), 101)
    with drawing(ax, (5.0, 3.8)) as ax:
        line = [permeability_ratio(x, temperature=temperature) for x in grid.tolist()]
        ax.plot(grid, line, color=INK, linewidth=1.0, label=f"exp(ΔΔG‡/RT), {temperature:g} K", zorder=1)
        for number, score in enumerate(shown):
            _score(ax, score, *MARKS[number % len(MARKS)])
        ax.plot([], [], color=QUIET, linewidth=9, alpha=0.3, label=f"{100 * shown[0].interval_level:.0f} % interval")
        ax.axhline(1.0, color=QUIET, linewidth=0.8, linestyle=":", zorder=0)
        ax.set_yscale("log")
        first, second = (ion_label(ion) for ion in shown[0].ion_pair)
        ax.set_xlabel(f"ΔΔG‡ of permeation, {second} − {first} (kJ/mol)")
        ax.set_ylabel(f"P({first})/P({second})")
        ax.set_xlim(grid[0], grid[-1])
        ax.legend(loc="upper left")
    return ax


def plot_voltage_of_ratio(score: FilterScore, ax: Axes | None = None) -> Axes:
    """V_m (mV) of the score's cell against P_K/P_Na (logarithmic), with this filter and its interval on the curve.

    The filter is the cell's only conductance. Of a score without a ratio the curve stands alone. Returns the axes.
    """
    bounds = _barriers(score)
    grid = np.linspace(min([LEAST_RANGE[0], *bounds]), max([LEAST_RANGE[1], *bounds]), 201)
    with drawing(ax, (5.0, 3.8)) as ax:
        ax.plot(_ratios(score, grid), voltages(score, grid, 0.0), color=INK, linewidth=1.6, zorder=2)
        v_mv = score.membrane.v_mv
        if bounds and score.membrane.v_interval_mv is not None:
            low, high = bounds
            within = np.linspace(low, high, 101)
            ax.plot(
                _ratios(score, within), voltages(score, within, 0.0), color=FIRST_COLOUR, linewidth=8, alpha=0.3,
                solid_capstyle="butt", label=f"{100 * score.interval_level:.0f} % interval", zorder=1,
            )  # fmt: skip
            if score.permeability_ratio is not None and v_mv is not None:
                ax.plot(
                    score.permeability_ratio,
                    v_mv,
                    "o",
                    color=FIRST_COLOUR,
                    markeredgecolor=INK,
                    markersize=7.5,
                    label=score.file,
                    zorder=3,
                )
            ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))
        for ion in ("K", "Na"):
            if ion in score.membrane.nernst_mv:
                e_mv = score.membrane.nernst_mv[ion]
                ax.axhline(e_mv, color=QUIET, linewidth=0.8, linestyle=":", zorder=0)
                ax.annotate(
                    f"$E_\\mathrm{{{ion}}}$", (1.0, e_mv), (2, 0), ("axes fraction", "data"), "offset points",
                    va="center", color=QUIET, annotation_clip=False,
                )  # fmt: skip
        ax.set_xscale("log")
        first, second = (ion_label(ion) for ion in score.ion_pair)
        ax.set_xlabel(f"P({first})/P({second})")
        ax.set_ylabel("membrane potential (mV)")
    return ax


def _barriers(score: FilterScore) -> list[float]:
    """Ends of the interval of ddG‡ (kJ/mol); none where there is no ratio."""
    return [barrier_difference(end, temperature=score.temperature_k) for end in score.permeability_ratio_interval or ()]


def _ratios(score: FilterScore, ddg_kj_mol: np.ndarray) -> list[float]:
    return [permeability_ratio(x, temperature=score.temperature_k) for x in ddg_kj_mol.tolist()]


def _score(ax: Axes, score: FilterScore, colour: str, _: str, mark: str) -> None:
    """One score on the line: a band for its interval, a marker for its central value."""
    ends = _barriers(score)
    if not ends:
        ax.plot([], [], linestyle="none", marker=mark, color=colour, label=f"{score.file}: no ratio")
        return
    low, high = ends
    within = np.linspace(low, high, 51)
    ax.plot(within, _ratios(score, within), color=colour, linewidth=9, alpha=0.3, solid_capstyle="butt", zorder=2)
    if score.permeability_ratio is not None and score.ddg_barrier_kj_mol is not None:
        ax.plot(
            score.ddg_barrier_kj_mol, score.permeability_ratio, mark, color=colour, markeredgecolor=INK, markersize=7.5,
            label=score.file, zorder=3,
        )  # fmt: skip
