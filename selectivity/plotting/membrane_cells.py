"""How cells compare: the three equations side by side between the equilibrium potentials of their ions."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.membrane.compare import VoltageComparison
from selectivity.plotting.style import FIRST_COLOUR, INK, ION_COLOURS, QUIET, RC, SECOND_COLOUR, drawing

EQUATIONS = (
    ("GHK", "ghk_mv", "o", FIRST_COLOUR),
    ("chord conductance", "chord_mv", "D", SECOND_COLOUR),
    ("Mullins-Noda", "mullins_noda_mv", "s", INK),
)

LANES = (-0.2, 0.0, 0.2)
"""Each equation has its own height in a cell's row, so that equal voltages do not hide one another."""


def draw_cells(comparisons: Sequence[VoltageComparison]) -> Figure:
    """A figure of one panel, as tall as there are cells, `plot_cells`."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.4, 1.9 + 0.42 * len(comparisons)), layout="constrained")
        plot_cells(comparisons, figure.subplots())
    return figure


def plot_cells(comparisons: Sequence[VoltageComparison], ax: Axes | None = None) -> Axes:
    """Voltages (mV) by GHK, chord conductance and Mullins-Noda for each cell (Mullins-Noda where it applies); named ticks: Nernst."""
    with drawing(ax) as ax:
        rows = np.arange(len(comparisons))
        for place, three in enumerate(comparisons):
            for ion, e in three.nernst_mv.items():
                ax.plot(e, place, "|", color=ION_COLOURS.get(ion, QUIET), ms=14, mew=2)
                ax.annotate(ion, (e, place), (0, 11), textcoords="offset points", ha="center", fontsize=7, color=QUIET)
        for (label, attribute, marker, colour), apart in zip(EQUATIONS, LANES, strict=True):
            values = [getattr(three, attribute) for three in comparisons]
            if attribute == "mullins_noda_mv":  # no point where its steady state is not the cell's
                values = [
                    v if three.chloride_is_passive else np.nan for v, three in zip(values, comparisons, strict=True)
                ]
            ax.plot(values, rows + apart, marker, color=colour, mec=INK, ms=5.5, label=label, ls="none")
        ax.set_yticks(rows, [three.cell for three in comparisons])
        ax.set_ylim(len(comparisons) - 0.4, -0.8)
        ax.set_xlabel("membrane potential (mV)")
        ax.legend(loc="center", bbox_to_anchor=(0.66, 0.5))
    return ax
