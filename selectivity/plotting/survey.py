"""How do many structures compare? Every pore's rings from the cavity outward, and what every site prefers with its atoms held."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.plotting.style import FIRST_COLOUR, INK, PALE, RC, SECOND_COLOUR, drawing
from selectivity.trajectory.collection import PLACES
from selectivity.trajectory.topology import SITES

RINGS = ("OH", "1", "2", "3", "4", "5")
FAR = 3.0
"""Quartile distances beyond the quartiles from which a point is drawn at the edge: one collapsed model must not flatten all others."""


def draw_survey(table: pd.DataFrame) -> Figure:
    """Rings, and where there are energies what each site prefers, of all pores of a `selectivity.trajectory.survey`."""
    with mpl.rc_context(RC):
        energies = f"ddg_rigid_{SITES[0]}_kj_mol" in table
        figure = Figure(figsize=(9.4 if energies else 5.0, 3.8), layout="constrained")
        panels = figure.subplots(1, 2 if energies else 1, squeeze=False)[0]
        plot_survey_rings(table, panels[0]).set_title("ring radii")
        if energies:
            plot_survey_energies(table, panels[1]).set_title("preference of each site, atoms held")
    return figure


def plot_survey_rings(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Radii (Å) of the rings of every pore, a line each; filters whose run of cages is broken are dashed."""
    with drawing(ax) as ax:
        for group, colour, style, mark, label in _groups(table):
            radii = group[[f"radius_{place}_angstrom" for place in PLACES]].to_numpy(float)
            share = float(np.clip(6.0 / max(len(table), 1), 0.15, 0.9))  # the lines of hundreds of pores make shades
            for k, row in enumerate(radii):
                ax.plot(
                    range(len(PLACES)),
                    row,
                    color=colour,
                    linestyle=style,
                    marker=mark,
                    markersize=4,
                    linewidth=1.1,
                    alpha=share,
                    label=f"{label} ({len(group)})" if k == 0 else None,
                )
        ax.set_xticks(range(len(PLACES)), RINGS)
        ax.set(xlabel="hydroxyl and carbonyl rings, from the cavity outward", ylabel="radius (Å)")
        if ax.lines:
            ax.legend()
    return ax


def plot_survey_energies(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Rigid ddG (kJ/mol) of the formed sites of every pore over a bar from quartile to quartile; above zero K+ is preferred.

    Points far from the others stand at the edge as larger triangles that point at them.
    """
    with drawing(ax) as ax:
        columns = [f"ddg_rigid_{site}_kj_mol" for site in SITES]
        low, high = _limits(table[columns].to_numpy(float))
        ax.axhline(0.0, color=INK, linewidth=0.8)
        for x, column in enumerate(columns):
            values = table[column].dropna()
            if len(values):
                first, middle, last = (float(values.quantile(share)) for share in (0.25, 0.5, 0.75))
                ax.bar(x, last - first, 0.66, bottom=first, color=PALE, linewidth=0)
                ax.plot([x - 0.33, x + 0.33], [middle, middle], color=INK, linewidth=1.4)
        for group, colour, _, mark, _ in _groups(table):
            for x, column in enumerate(columns):
                _scattered(ax, x, group[column].to_numpy(float), (low, high), colour, mark)
        ax.set_xticks(range(len(SITES)), SITES)
        ax.set_ylim(low, high)
        ax.set(xlabel="site, from the cavity outward", ylabel="rigid ΔΔG, Na⁺ − K⁺ (kJ/mol)")
    return ax


def _groups(table: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, str, str, str, str]]:
    """Conducting pores and others, each with colour, line, marker and name; refused rows are in neither."""
    conductive = table["conductive"].fillna(False).astype(bool)
    kinds = (
        (table[conductive], FIRST_COLOUR, "-", "o", "conducts"),
        (table[~conductive & table["conductive"].notna()], SECOND_COLOUR, "--", "^", "interrupted"),
    )
    yield from (kind for kind in kinds if len(kind[0]))


def _limits(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return -1.0, 1.0
    first, last = np.quantile(known, [0.25, 0.75])
    reach = FAR * max(last - first, 10.0)
    near = known[(known >= first - reach) & (known <= last + reach)]
    margin = 0.06 * max(near.max() - near.min(), 10.0)
    return float(min(near.min(), 0.0) - margin), float(max(near.max(), 0.0) + margin)


def _scattered(ax: Axes, x: int, values: np.ndarray, limits: tuple[float, float], colour: str, mark: str) -> None:
    """Points side by side in the order of the files, those beyond the limits as triangles at the edge."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return
    place = x + 0.24 * (2.0 * (known + 0.5) / len(values) - 1.0)
    low, high = limits
    inset = 0.02 * (high - low)
    for outside, at, sign in ((values[known] < low, low + inset, "v"), (values[known] > high, high - inset, "^")):
        ax.plot(place[outside], np.full(outside.sum(), at), sign, color=colour, markersize=6)
    inside = (values[known] >= low) & (values[known] <= high)
    ax.plot(
        place[inside],
        values[known][inside],
        mark,
        color=colour,
        markersize=4,
        markeredgecolor="white",
        markeredgewidth=0.4,
    )
