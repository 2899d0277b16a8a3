"""What does a filter look like? From the side: two strands, rings and ions; from outside: the rings one behind another."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Ellipse
from matplotlib.ticker import MaxNLocator

from selectivity.energetics.coordination import coordinate, counting_point
from selectivity.plotting.style import INK, ION_COLOURS, PALE, QUIET, drawing, ion_label
from selectivity.score import FilterScore
from selectivity.structure.bonds import strand_bonds
from selectivity.structure.filter import Filter, Site

ION_RADII = {"K": 1.51, "Na": 1.18, "Rb": 1.61, "Cs": 1.74, "Li": 0.92, "Tl": 1.59}
"""Å; effective ionic radii at coordination number eight (Shannon 1976), the size at which ions are drawn."""

OTHER_ION_RADIUS = 1.3
OXYGEN_COLOUR = "#D55E00"
LABEL_ROOM = 6.6
"""Å beyond the strands that the names of the rings take at the width of one column."""
TILT = 0.22
"""Minor over major axis of the ellipses that show rings from the side."""


def plot_filter_side(result: Filter | FilterScore, ax: Axes | None = None) -> Axes:
    """A filter seen from the side (Å): two opposite strands in front, the others pale behind, rings, sites and ions.

    Heights are those of the pore frame, cavity below, outside above; ions are drawn at their ionic radius. Under the name of a site
    that holds an ion stands the mean distance of the ion from the oxygens about it. Returns the axes.
    """
    shown = _filter(result)
    with drawing(ax, (5.0, 5.6)) as ax:
        points = _side_points(shown)
        front = {0, _opposite(shown, points)}
        for strand in range(shown.n_strands):
            _strand(ax, shown, points, strand, front=strand in front)
        reach = float(np.abs(points[:, 0]).max())
        for ring in shown.rings:
            _ring_from_the_side(ax, ring.name, ring.radius, ring.z, reach)
        _ions_from_the_side(ax, shown)
        _side_frame(ax, shown, reach)
    return ax


def plot_filter_top(result: Filter | FilterScore, ax: Axes | None = None) -> Axes:
    """The oxygen rings seen from outside (Å), one polygon a ring, dark ones deep; consecutive rings are twisted.

    The legend gives each ring's radius; a pale disc of its ionic radius is the ion that sits deepest in a dry site. Returns the axes.
    """
    shown = _filter(result)
    with drawing(ax, (4.6, 4.4)) as ax:
        xy = shown.pore_positions()[:, :2]
        shades = mpl.colormaps["viridis"](np.linspace(0.0, 0.92, max(len(shown.rings), 2)))
        markers = "osD^vPX"
        for number, ring in enumerate(shown.rings):
            corner = np.array([xy[i] for i in ring.atoms])
            corner = corner[np.argsort(np.arctan2(corner[:, 1], corner[:, 0]))]
            closed = np.vstack([corner, corner[:1]])
            ax.plot(
                closed[:, 0],
                closed[:, 1],
                color=shades[number],
                marker=markers[number % len(markers)],
                markersize=10.0 - 0.9 * number,
                markeredgecolor=INK,
                markeredgewidth=0.6,
                linewidth=max(4.5 - 0.7 * number, 1.2),
                label=f"{ring.name}  {ring.radius:.2f} Å",
                zorder=2 + number,
            )
        _ion_from_outside(ax, shown)
        ax.plot(0.0, 0.0, "+", color=QUIET, markersize=10, zorder=1)
        ax.set_aspect("equal")
        _whole_ticks(ax)
        ax.set_xlabel("x (Å)")
        ax.set_ylabel("y (Å)")
        ax.legend(title="ring, radius", loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    return ax


def _ion_from_outside(ax: Axes, shown: Filter) -> None:
    cages = {site.name for site in shown.sites if site.dehydrated}
    held = [ion for ion in shown.ions if ion.site in cages]
    if held:
        ion = min(held, key=lambda each: each.z)
        radius = ION_RADII.get(ion.name, OTHER_ION_RADIUS)
        ax.add_patch(Circle((0.0, 0.0), radius, facecolor=ION_COLOURS.get(ion.name, PALE), alpha=0.3, zorder=0.5))
        ax.text(0.0, -0.55 * radius, ion_label(ion.name), ha="center", va="center", color=INK, fontsize=8)


def _filter(result: Filter | FilterScore) -> Filter:
    return result.filter if isinstance(result, FilterScore) else result


def _side_points(shown: Filter) -> np.ndarray:
    """Pore-frame positions (n, 3) turned about the axis so that the carbonyls of the first strand lie to the right."""
    where = shown.pore_positions()
    rows = [i for i, atom in enumerate(shown.atoms) if atom.strand == 0]
    middle = where[rows, :2].mean(axis=0)
    c, s = middle / max(float(np.linalg.norm(middle)), 1e-9)
    return where @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _opposite(shown: Filter, points: np.ndarray) -> int:
    """The strand across the pore from the first one, which lies to the right."""
    middles = [
        points[[i for i, a in enumerate(shown.atoms) if a.strand == s], 0].mean() for s in range(shown.n_strands)
    ]
    return int(np.argmin(middles))


def _strand(ax: Axes, shown: Filter, points: np.ndarray, strand: int, *, front: bool) -> None:
    colour, width, layer = (INK, 2.2, 4) if front else (PALE, 1.4, 1)
    for i, j in strand_bonds(shown, strand):
        ax.plot(
            points[[i, j], 0], points[[i, j], 2], color=colour, linewidth=width, solid_capstyle="round", zorder=layer
        )
    ring_atoms = {i for ring in shown.rings for i in ring.atoms}
    rows = [i for i in sorted(ring_atoms) if shown.atoms[i].strand == strand]
    ax.plot(
        points[rows, 0],
        points[rows, 2],
        "o",
        markersize=9 if front else 6,
        color=OXYGEN_COLOUR if front else PALE,
        markeredgecolor=INK if front else QUIET,
        markeredgewidth=0.7,
        zorder=layer + 1,
    )


def _ring_from_the_side(ax: Axes, name: str, radius: float, height: float, reach: float) -> None:
    ax.add_patch(
        Ellipse(
            (0.0, height),
            2 * radius,
            2 * radius * TILT,
            fill=False,
            edgecolor=QUIET,
            linewidth=0.9,
            linestyle="--",
            zorder=2,
        )
    )
    ax.text(reach + 0.5, height, f"{name}  {radius:.2f} Å", va="center", color=QUIET, fontsize=8)


def _ions_from_the_side(ax: Axes, shown: Filter) -> None:
    for ion in shown.ions:
        ax.add_patch(
            Circle(
                (0.0, ion.z),
                ION_RADII.get(ion.name, OTHER_ION_RADIUS),
                facecolor=ION_COLOURS.get(ion.name, PALE),
                edgecolor=INK,
                linewidth=0.8,
                alpha=0.9,
                zorder=3,
            )
        )
        ax.text(
            0.0,
            ion.z,
            ion_label(ion.name),
            ha="center",
            va="center",
            color="white",
            fontsize=9,
            weight="bold",
            zorder=6,
        )


def _side_frame(ax: Axes, shown: Filter, reach: float) -> None:
    heights = [ring.z for ring in shown.rings]
    low, high = min(heights) - 2.2, max(heights) + 2.2
    for site in shown.sites:
        middle = 0.5 * (max(site.z_low, low) + min(site.z_high, high))
        if low < middle < high:
            ax.text(
                -reach - 0.6,
                middle,
                site.name,
                ha="right",
                va="center",
                weight="bold",
                color=INK if site.dehydrated else QUIET,
            )
            _distance(ax, shown, site, -reach - 0.6, middle)
    ax.set_xlim(-reach - 3.4, reach + LABEL_ROOM)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    _whole_ticks(ax)
    ax.set_xlabel("distance from the axis (Å)")
    ax.set_ylabel("height z (Å), outside up")


def _distance(ax: Axes, shown: Filter, site: Site, x: float, height: float) -> None:
    """The mean ion-oxygen distance under the name of a site where the file shows an ion."""
    found = coordinate(shown, site)
    if counting_point(shown, site)[2] is not None and found.mean_distance is not None:
        ax.annotate(
            f"{found.mean_distance:.2f} Å", (x, height), (0, -7), textcoords="offset points", ha="right", va="top",
            color=QUIET, fontsize=7.5,
        )  # fmt: skip


def _whole_ticks(ax: Axes) -> None:
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=7, integer=True, steps=[1, 2, 5, 10]))
