"""Where does a filter put the cell? Membrane potential against the barrier difference, with this structure on the curve."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes

from selectivity.membrane.cells import cell as cell_by_name
from selectivity.membrane.ghk import ghk_voltage
from selectivity.permeation.ratio import barrier_difference, permeability_ratio
from selectivity.plotting.style import FIRST_COLOUR, INK, QUIET, SECOND_COLOUR, drawing, ion_label
from selectivity.score import FilterScore, Interval

LEAST_RANGE = (-5.0, 30.0)
"""kJ/mol; the part of the curve that is always shown: from no preference to deep saturation."""


def plot_voltage(score: FilterScore, ax: Axes | None = None) -> Axes:
    """V_m (mV) of the score's cell against ddG‡ (kJ/mol): this filter alone, and beside the stated Na+ leak.

    The curves are `ghk_voltage` at `permeability_ratio` of each ddG‡; the points and their 95 % intervals are the score's own.
    A score without a central value shows its interval only; one that does not conduct says so. Returns the axes.
    """
    with drawing(ax, (5.4, 3.8)) as ax:
        bounds = _bounds(score)
        grid = np.linspace(min(LEAST_RANGE[0], bounds[0]), max(LEAST_RANGE[1], bounds[1]), 241)
        styles = (
            (0.0, FIRST_COLOUR, "-", "this filter alone"),
            (_leak(score), SECOND_COLOUR, "--", "beside a background Na⁺ leak"),
        )
        for leak, colour, line, label in styles:
            ax.plot(
                grid, voltages(score, grid, leak), color=colour, linestyle=line, linewidth=1.8, label=label, zorder=2
            )
        _structure(ax, score, 0.0, score.membrane.v_mv, FIRST_COLOUR, "o")
        _structure(ax, score, _leak(score), score.membrane.v_with_leak_mv, SECOND_COLOUR, "s")
        if score.membrane.v_interval_mv is None:
            _say_why(ax, score)
        else:
            ax.plot(
                [],
                [],
                color=QUIET,
                linewidth=8,
                alpha=0.4,
                label=f"{100 * score.interval_level:.0f} % interval of this filter",
            )
        _equilibria(ax, score)
        ax.set_xlim(grid[0], grid[-1])
        first, second = (ion_label(ion) for ion in score.ion_pair)
        ax.set_xlabel(f"ΔΔG‡ of permeation, {second} − {first} (kJ/mol)")
        ax.set_ylabel("membrane potential (mV)")
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))
    return ax


def voltages(score: FilterScore, ddg_kj_mol: np.ndarray, leak: float) -> np.ndarray:
    """V_m (mV) of the score's cell at barrier differences (n,) in kJ/mol, with ``leak`` added to the filter's P_Na/P_K."""
    membrane = cell_by_name(score.membrane.cell)
    ratios = np.array([permeability_ratio(ddg, temperature=score.temperature_k) for ddg in ddg_kj_mol.tolist()])
    sodium = (ratios if score.ion_pair[0] == "Na" else 1.0 / ratios) + leak
    return np.asarray(
        ghk_voltage(
            {"K": np.ones_like(sodium), "Na": sodium},
            outside=membrane.outside,
            inside=membrane.inside,
            temperature=score.temperature_k,
        )
    )


def _leak(score: FilterScore) -> float:
    """The cell's own resting P_Na/P_K, which the score adds as its background."""
    permeability = cell_by_name(score.membrane.cell).permeability
    return permeability.get("Na", 0.0) / permeability.get("K", 1.0)


def _bounds(score: FilterScore) -> Interval:
    """The 95 % interval of ddG‡ (kJ/mol), a little inside the curve's range where there is none."""
    if score.permeability_ratio_interval is None:
        return LEAST_RANGE[0], LEAST_RANGE[1]
    low, high = (
        barrier_difference(bound, temperature=score.temperature_k) for bound in score.permeability_ratio_interval
    )
    return low - 1.0, high + 1.0


def _structure(ax: Axes, score: FilterScore, leak: float, voltage: float | None, colour: str, marker: str) -> None:
    """The structure on its curve: the stretch that its 95 % interval covers, and the point where there is a central value."""
    if score.permeability_ratio_interval is None or score.membrane.v_interval_mv is None:
        return
    low, high = (
        barrier_difference(bound, temperature=score.temperature_k) for bound in score.permeability_ratio_interval
    )
    stretch = np.linspace(low, high, 121)
    ax.plot(
        stretch,
        voltages(score, stretch, leak),
        color=colour,
        linewidth=8,
        alpha=0.28,
        solid_capstyle="butt",
        zorder=1.5,
    )
    if voltage is not None and score.ddg_barrier_kj_mol is not None:
        ax.plot(score.ddg_barrier_kj_mol, voltage, marker, color=colour, markeredgecolor=INK, markersize=7.5, zorder=4)


def _say_why(ax: Axes, score: FilterScore) -> None:
    """A score without a voltage says so on the curve that it has no place on."""
    reason = score.conductive_reason if not score.conductive else "this pair of ions, or this structure, gives no ratio"
    ax.text(
        0.97, 0.42, textwrap.fill(f"no voltage: {reason}", 40), transform=ax.transAxes, ha="right", va="center", fontsize=8,
        bbox={"facecolor": "white", "edgecolor": INK, "linewidth": 0.8}, zorder=6,
    )  # fmt: skip


def _equilibria(ax: Axes, score: FilterScore) -> None:
    """Equilibrium potentials of the two ions as lines with names."""
    for ion in ("K", "Na"):
        value = score.membrane.nernst_mv.get(ion)
        if value is not None:
            ax.axhline(value, color=QUIET, linewidth=0.8, linestyle=":", zorder=1)
            ax.annotate(
                f"$E_\\mathrm{{{ion}}}$", (1.0, value), (2, 0), ("axes fraction", "data"), "offset points",
                va="center", color=QUIET, annotation_clip=False,
            )  # fmt: skip
