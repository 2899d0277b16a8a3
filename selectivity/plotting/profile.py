"""What does an ion meet on its way? ddG(z) along the axis, and the energies of both ions behind it."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from selectivity.plotting.style import (
    FIRST_COLOUR,
    INK,
    ION_COLOURS,
    PALE,
    QUIET,
    SECOND_COLOUR,
    SHADE,
    drawing,
    ion_label,
)
from selectivity.score import FilterScore

MARGIN = 2.5
"""Å beyond the outermost coordinating rings; further out the sites are open and the dry model no longer means much."""


def plot_profile(score: FilterScore, ax: Axes | None = None) -> Axes:
    """ddG(z) (kJ/mol) against the height on the axis (Å), with ring planes, sites and the range of the permeability rule.

    A thermal score adds its sampled planes and cages with standard errors; the line stays that of the relaxed, dry filter. Returns
    the axes; the line holds the whole profile, the view is cut at the filter.
    """
    with drawing(ax, (6.0, 3.6)) as ax:
        profile = score.profile
        _rings_and_range(ax, score)
        sampled = score.queue if score.treatment == "thermal" else None
        colour, width, label = (FIRST_COLOUR, 1.8, "ΔΔG(z)") if sampled is None else (QUIET, 1.2, "relaxed, dry")
        ax.plot(profile.z_angstrom, profile.ddg_kj_mol, color=colour, linewidth=width, zorder=3, label=label)
        if sampled is not None:
            ax.errorbar(
                sampled.z_angstrom, sampled.ddg_kj_mol, yerr=sampled.ddg_error_kj_mol, color=FIRST_COLOUR, marker="o", markersize=4.5,
                linewidth=1.6, elinewidth=1.2, capsize=3, zorder=4, label="sampled planes and cages",
            )  # fmt: skip
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, borderaxespad=0.2)
        ax.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
        first, second = (ion_label(ion) for ion in score.ion_pair)
        ax.set_ylabel(f"ΔΔG(z), {second} − {first} (kJ/mol)")
        _cut(ax, score, {"": profile.ddg_kj_mol})
    return ax


def plot_ion_profiles(score: FilterScore, ax: Axes | None = None) -> Axes:
    """The relaxed energy of each ion (kJ/mol, without its water leg) against the height on the axis (Å). Returns the axes."""
    with drawing(ax, (6.0, 3.6)) as ax:
        profile = score.profile
        _rings_and_range(ax, score)
        for number, ion in enumerate(score.ion_pair):
            ax.plot(
                profile.z_angstrom,
                profile.energy_kj_mol[ion],
                color=ION_COLOURS.get(ion, (FIRST_COLOUR, SECOND_COLOUR)[number]),
                linestyle=("-", (0, (5, 2)))[number],
                linewidth=1.8,
                zorder=3,
                label=ion_label(ion),
            )
        ax.set_ylabel("energy of the ion in the filter (kJ/mol)")
        _cut(ax, score, {ion: profile.energy_kj_mol[ion] for ion in score.ion_pair})
        ax.legend(loc="best")
    return ax


def _rings_and_range(ax: Axes, score: FilterScore) -> None:
    """Ring planes as lines with names on top, sites below, the integrated range as a shade."""
    if score.profile.integrated_angstrom is not None:
        low, high = score.profile.integrated_angstrom
        ax.axvspan(low, high, color=SHADE, linewidth=0, zorder=0)
        ax.text(
            0.5 * (low + high), 0.985, "range of the ratio", transform=ax.get_xaxis_transform(), ha="center", va="top",
            fontsize=7.5, color=QUIET,
        )  # fmt: skip
    top = ax.get_xaxis_transform()
    for ring in score.filter.rings:
        ax.axvline(ring.z, color=QUIET, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        ax.text(
            ring.z,
            1.01,
            ring.name,
            transform=top,
            rotation=40,
            ha="left",
            va="bottom",
            fontsize=7.5,
            color=QUIET,
            clip_on=False,
        )
    view = _view(score)
    for site in score.filter.sites:
        middle = 0.5 * (max(site.z_low, view[0]) + min(site.z_high, view[1]))
        if view[0] < middle < view[1]:
            ax.text(middle, 0.02, site.name, transform=top, ha="center", va="bottom", fontsize=8.5, color=INK)


def _view(score: FilterScore) -> tuple[float, float]:
    """From below the first to above the last ring that lines a dehydrated site, Å."""
    sites = [site for site in score.filter.sites if site.dehydrated] or list(score.filter.sites)
    return min(site.z_low for site in sites) - MARGIN, max(site.z_high for site in sites) + MARGIN


def _cut(ax: Axes, score: FilterScore, curves: Mapping[str, tuple[float, ...]]) -> None:
    low, high = _view(score)
    ax.set_xlim(low, high)
    seen = [
        y for curve in curves.values() for z, y in zip(score.profile.z_angstrom, curve, strict=True) if low <= z <= high
    ]
    if seen:
        span = max(seen) - min(seen)
        ax.set_ylim(min(*seen, 0.0) - 0.14 * span if "" in curves else min(seen) - 0.14 * span, max(seen) + 0.10 * span)
    ax.set_xlabel("height on the axis z (Å), cavity to outside")
    for ring in ax.texts:
        ring.set_visible(low <= float(ring.get_position()[0]) <= high)
    ax.tick_params(color=PALE if not seen else INK)
