"""How do free cages look? ddG over the number of ligands, or a map over number and dipole, with a structure's sites in it."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.cage_map import CageMap, PlacedSite
from selectivity.plotting.style import FIRST_COLOUR, INK, RC, SECOND_COLOUR, drawing, ion_label


def draw_cages(cages: CageMap, sites: Sequence[PlacedSite] = ()) -> Figure:
    """The figure of a cage map: curves over the number of ligands for one charge, else a map over number and dipole."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(6.0, 4.2), layout="constrained")
        ax = figure.subplots()
        if len(cages.charges_e) == 1:
            plot_cage_curves(cages, sites, ax)
        else:
            plot_cage_map(cages, sites, ax)
    return figure


def plot_cage_curves(cages: CageMap, sites: Sequence[PlacedSite] = (), ax: Axes | None = None) -> Axes:
    """ddG (kJ/mol) over the number of ligands with (solid) and without (dashed) their repulsion; diamonds: sites of a structure."""
    n = [p.n_ligands for p in cages.points]
    with drawing(ax) as ax:
        ax.axhline(0.0, color=INK, linewidth=0.8)
        curves = (
            (
                [(p.ddg_kj_mol, p.ddg_error_kj_mol) for p in cages.points],
                "o-",
                FIRST_COLOUR,
                "ligands repel one another",
            ),
            (
                [(p.ddg_without_repulsion_kj_mol, p.ddg_without_repulsion_error_kj_mol) for p in cages.points],
                "s--",
                SECOND_COLOUR,
                "without their repulsion",
            ),
        )
        for values, style, colour, label in curves:
            value, error = np.array([(v, e or 0.0) for v, e in values]).T
            ax.errorbar(n, value, yerr=error, fmt=style, color=colour, label=label, elinewidth=0.8)
        for number, site in enumerate(sites):
            x = site.coordination_number + 0.12 * (number - 0.5 * (len(sites) - 1))
            ax.errorbar(
                x, site.ddg_kj_mol, yerr=site.ddg_error_kj_mol, fmt="D", color=INK, markersize=5, elinewidth=0.8
            )
            _name(ax, site.site, (x, site.ddg_kj_mol), number)
        if sites:
            ax.plot([], [], "D", color=INK, markersize=5, label="sites of the structure")
        ax.set_xticks(n)
        ax.set_xlabel("ligands")
        ax.set_ylabel(_label(cages))
        ax.legend()
    return ax


def plot_cage_map(cages: CageMap, sites: Sequence[PlacedSite] = (), ax: Axes | None = None) -> Axes:
    """ddG (kJ/mol, with repulsion) over ligand number and carbonyl dipole (D); the line is zero, diamonds are sites coloured alike."""
    shape = (len(cages.n_ligands), len(cages.charges_e))
    ddg = np.array([p.ddg_kj_mol for p in cages.points]).reshape(shape)
    n, dipole = np.array(cages.n_ligands, float), np.array([p.dipole_debye for p in cages.points[: shape[1]]])
    reach = float(np.abs([*ddg.ravel(), *(s.ddg_kj_mol for s in sites)]).max())
    with drawing(ax) as ax:
        mesh = ax.pcolormesh(n, dipole, ddg.T, cmap="PuOr_r", vmin=-reach, vmax=reach, shading="nearest")
        ax.figure.colorbar(mesh, ax=ax, label=_label(cages))
        if min(shape) > 1 and ddg.min() < 0.0 < ddg.max():
            ax.contour(n, dipole, ddg.T, levels=[0.0], colors=INK, linewidths=1.4)
        for number, site in enumerate(sites):
            x = site.coordination_number + 0.24 * (number - 0.5 * (len(sites) - 1))
            ax.scatter(
                x,
                site.dipole_debye,
                c=[site.ddg_kj_mol],
                cmap="PuOr_r",
                vmin=-reach,
                vmax=reach,
                marker="D",
                s=48,
                edgecolor=INK,
            )
            ax.annotate(site.site, (x, site.dipole_debye), (0, 8), textcoords="offset points", ha="center", fontsize=7)
        ax.set_xticks(n)
        ax.set_xlabel("ligands")
        ax.set_ylabel("carbonyl dipole (D)")
    return ax


def _name(ax: Axes, name: str, point: tuple[float, float], number: int) -> None:
    """A site's name beside its point, each a line higher than the one before: sites of one cage stand close together."""
    ax.annotate(
        name, point, (26, 14 + 9 * number), textcoords="offset points", ha="left", va="center", fontsize=7,
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
    )  # fmt: skip


def _label(cages: CageMap) -> str:
    first, second = (ion_label(ion) for ion in cages.ions)
    warm = f" at {cages.temperature_k:g} K" if cages.treatment == "thermal" else ""
    return f"ΔΔG, {second} − {first}{warm} (kJ/mol)"
