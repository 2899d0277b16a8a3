"""How does a state look on paper? The filter, its sites and the voltage on one figure, in the style of the package."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.plotting.filter_view import plot_filter_side
from selectivity.plotting.style import FIRST_COLOUR, INK, ION_COLOURS, PALE, QUIET, RC, SECOND_COLOUR, SHADE, ion_label
from selectivity.report.numbers import interval, significant, voltage
from selectivity.structure.filter import Filter

SIZE_INCHES = (11.0, 4.8)
CHARGED = {"K": ion_label("K"), "Na": ion_label("Na"), "Cl": "Cl⁻"}


def figure_bytes(answer: dict[str, Any], filter: Filter, kind: str) -> bytes:
    """The figure of an answer as "svg" or "png"; no display is needed, nothing is written to the disk."""
    stream = io.BytesIO()
    with mpl.rc_context(RC):
        draw_answer(answer, filter).savefig(stream, format=kind, bbox_inches="tight", pad_inches=0.12)
    return stream.getvalue()


def draw_answer(answer: dict[str, Any], filter: Filter) -> Figure:
    """Filter from the side, site ddG where there are some, V_m against ddG‡ with the state's own point."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        if answer["sites"] is None:
            side, curve = figure.subplots(1, 2, width_ratios=(1.0, 1.5))
        else:
            side, sites, curve = figure.subplots(1, 3, width_ratios=(1.1, 0.9, 1.5))
            _sites(sites, answer["sites"])
        plot_filter_side(filter, side).set_title(f"{filter.signature} {filter.first_residue}")
        _curve(curve, answer)
    return figure


def _sites(ax: Axes, sites: list[dict[str, Any]]) -> None:
    for row, site in enumerate(sites):
        if site["ddg_kj_mol"] is None:
            ax.text(0.5, row, "not formed", va="center", fontsize=8, color=QUIET)
            continue
        colour = ION_COLOURS["K" if site["ddg_kj_mol"] >= 0.0 else "Na"]
        ax.barh(
            row, site["ddg_kj_mol"], xerr=site["error_kj_mol"], color=colour, alpha=1.0 if site["dehydrated"] else 0.45
        )
    ax.axvline(0.0, color=INK, lw=0.8)
    ax.set_yticks(range(len(sites)), [site["name"] for site in sites])
    ax.set_xlabel("site ΔΔG (kJ/mol)\n← Na⁺ preferred    K⁺ preferred →")
    ax.set_title("what each site prefers")


def _curve(ax: Axes, answer: dict[str, Any]) -> None:
    ax.plot(answer["curve"]["ddg_kj_mol"], answer["curve"]["v_mv"], color=FIRST_COLOUR, lw=2.0, zorder=3)
    for ion, value in answer["nernst_mv"].items():
        ax.axhline(value, color=QUIET, lw=0.9, ls=":")
        ax.annotate(
            f"E({CHARGED[ion]})", (1.0, value), (3, 0), ("axes fraction", "data"), "offset points",
            va="center", color=QUIET, fontsize=8,
        )  # fmt: skip
    if answer["v_interval_mv"] is not None:
        ax.axhspan(*answer["v_interval_mv"], color=SHADE, zorder=0)
    if answer["v_mv"] is not None:
        ax.plot(answer["ddg_kj_mol"], answer["v_mv"], "o", color=SECOND_COLOUR, mec=INK, ms=8, zorder=4)
    ax.grid(axis="y", color=PALE, lw=0.5)
    ax.set_xlabel("barrier difference ΔΔG‡ (kJ/mol)")
    ax.set_ylabel("membrane potential (mV)")
    ax.set_title(_words(answer))


def _words(answer: dict[str, Any]) -> str:
    bounds = answer["ratio_interval"]
    ratio = interval(answer["ratio"], tuple(bounds)) if bounds else significant(answer["ratio"], 3)
    v = voltage(answer["v_mv"], tuple(answer["v_interval_mv"]) if answer["v_interval_mv"] else None)
    return f"P(K⁺)/P(Na⁺) {ratio}\nV {v} mV, {answer['state']['cell']}, {answer['state']['temperature']:g} K"
