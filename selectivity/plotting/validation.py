"""How do our numbers stand beside the published ones? One line a row: the published range as a bar, ours as a point with its interval."""

from __future__ import annotations

import math

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.plotting.style import INK, PALE, QUIET, RC, drawing
from selectivity.validation.claims import RATIO
from selectivity.validation.table import Row, Validation

COLOURS = {"agrees": "#0072B2", "misses": "#D55E00", "cannot say": QUIET}
MARKERS = {"agrees": "o", "misses": "X", "cannot say": "s"}
"""Colour and shape, so that a photocopy tells the verdicts apart."""


def draw_validation(table: Validation) -> Figure:
    """The rows that are energies or ratios of structures (controls and counts left out), as ΔΔG in kJ/mol."""
    rows = [row for row in table.rows if row.claim.energy and row.claim.role != "control" and row.ours.value is not None]
    with mpl.rc_context(RC):
        figure = Figure(figsize=(8.0, 1.4 + 0.34 * len(rows)), layout="constrained")
        plot_validation(rows, figure.subplots())
    return figure


def _label(row: Row) -> str:
    what = ", P_K/P_Na" if row.claim.unit == RATIO else ""
    return f"{row.claim.quantity}{what} ({row.claim.role})"


def plot_validation(rows: list[Row], ax: Axes | None = None) -> Axes:
    """Published range (grey bar, to the edge where it is a bound) and ours with its 95 % interval, kJ/mol; ratios as RT ln P."""
    ends = [end for row in rows for end in (*(row.ours.interval or ()), *row.claim.range) if math.isfinite(end)]
    left, right = (min(ends, default=0.0) - 3.0, max(ends, default=1.0) + 3.0)
    seen: set[str] = set()
    with drawing(ax) as ax:
        for y, row in enumerate(reversed(rows)):
            low, high = row.claim.range
            width = min(high, right) - max(low, left)
            ax.barh(y, max(width, 0.3), left=max(low, left), height=0.6, color=PALE, label=None if y else "published")
            interval = row.ours.interval
            assert interval is not None and row.ours.value is not None
            ax.plot(interval, (y, y), color=COLOURS[row.verdict], linewidth=1.2)
            if row.ours.point:
                label = None if row.verdict in seen else row.verdict
                ax.plot(row.ours.value, y, MARKERS[row.verdict], color=COLOURS[row.verdict], markersize=6, label=label)
                seen.add(row.verdict)
        ax.axvline(0.0, color=INK, linewidth=0.8)
        ax.set_xlim(left, right)
        ax.set_yticks(range(len(rows)), [_label(row) for row in reversed(rows)])
        ax.set_xlabel("ΔΔG or RT ln P_K/P_Na (kJ/mol)")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=4)
    return ax
