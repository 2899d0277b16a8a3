"""The whole score on one page: the filter, its sites, the way through and the voltage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.figure import Figure

from selectivity.plotting.filter_view import plot_filter_side, plot_filter_top
from selectivity.plotting.profile import plot_profile
from selectivity.plotting.sites import plot_balance_sheet, plot_site_energies
from selectivity.plotting.style import RC
from selectivity.plotting.voltage import plot_voltage
from selectivity.score import FilterScore

SIZE_INCHES = (14.0, 8.6)


def plot_score(score: FilterScore, figure: Figure | None = None) -> Figure:
    """Filter from the side, site ddG and their terms, ddG(z), V_m against ddG‡ on one figure, which is returned."""
    with mpl.rc_context(RC):
        figure = figure or Figure(figsize=SIZE_INCHES, layout="constrained")
        left, right = cast(Any, figure.subfigures(1, 2, width_ratios=(1.3, 2.1), wspace=0.02))
        side, top = left.subplots(2, 1, height_ratios=(1.9, 1.0))
        plot_filter_side(score, side).set_title("from the side")
        plot_filter_top(score, top).set_title("from outside")
        sites, balance, profile, voltage = right.subplots(2, 2).flat
        plot_site_energies(score, sites).set_title("a site's preference")
        plot_balance_sheet(score, balance, legend="below").set_title("what it is made of")
        plot_profile(score, profile).set_title("along the axis", pad=36.0)
        plot_voltage(score, voltage).set_title("the voltage that follows")
        left.suptitle(
            f"{score.file}: {score.filter.signature} {score.filter.first_residue}", fontsize=11, weight="bold"
        )
    return figure


def save_score_figure(score: FilterScore, path: str | os.PathLike[str]) -> None:
    """Draw `plot_score` into a file; the extension gives the format (png, svg, pdf). No display is needed."""
    with mpl.rc_context(RC):
        # the constrained layout ends at the axes: a tight box keeps the outermost labels whole
        plot_score(score).savefig(Path(path), bbox_inches="tight", pad_inches=0.12)
