"""What does each site prefer, and why? Bars of the binding ddG with errors, and the balance sheet behind them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from selectivity.plotting.style import FIRST_COLOUR, INK, PALE, QUIET, TERM_COLOURS, TERM_HATCHES, drawing, ion_label
from selectivity.score import BALANCE_TERMS, FilterScore, SiteScore

_TERM_NAMES = {
    "dehydration": "dehydration",
    "ion_ligand_electrostatics": "ion-ligand electrostatics",
    "ion_ligand_lennard_jones": "ion-ligand Lennard-Jones",
    "ligand_ligand": "ligand-ligand repulsion",
    "strain": "strain",
    "walls": "walls",
    "entropy": "entropy, waters",
}


def plot_site_energies(score: FilterScore, ax: Axes | None = None) -> Axes:
    """Bars of the binding preference ddG (kJ/mol) of every site, cavity on the left, with the standard error of each.

    Filled bars are dehydrated sites, pale ones keep water outside the model; a cross marks a site that is not formed, a
    ring an ion at a wall (its number belongs to the wall). Returns the axes.
    """
    with drawing(ax) as ax:
        for x, site in enumerate(score.sites):
            if site.formed and site.ddg_kj_mol is not None:
                _bar(ax, x, site, site.ddg_kj_mol)
            else:
                ax.plot(x, 0.0, marker="x", markersize=9, markeredgewidth=1.8, color=INK, linestyle="none", zorder=4)
                ax.annotate(
                    "not formed", (x, 0), (0, 10), textcoords="offset points", ha="center", va="bottom", rotation=90
                )
        _frame(ax, score.sites)
        first, second = (ion_label(ion) for ion in score.ion_pair)
        ax.set_ylabel(f"ΔΔG of binding, {second} − {first} (kJ/mol)")
        ax.annotate(
            f"prefers {first}",
            (1.0, 1.0),
            (-2, -2),
            "axes fraction",
            "offset points",
            ha="right",
            va="top",
            color=QUIET,
        )
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, -0.06 * high), high)
        if low < -0.02 * high:
            ax.annotate(
                f"prefers {second}",
                (1.0, 0.0),
                (-2, 2),
                "axes fraction",
                "offset points",
                ha="right",
                va="bottom",
                color=QUIET,
            )
        ax.errorbar([], [], yerr=[], color=INK, elinewidth=1.2, capsize=4, label="standard error")
        if any(any(site.at_wall.values()) and site.formed for site in score.sites):
            ax.plot(
                [], [], "o", markerfacecolor="white", markeredgecolor=INK, markersize=5, label="an ion rests at a wall"
            )
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, borderaxespad=0.2, handletextpad=0.4, columnspacing=1.2)
    return ax


def _bar(ax: Axes, x: int, site: SiteScore, ddg: float) -> None:
    colour = FIRST_COLOUR if site.dehydrated else PALE
    ax.bar(x, ddg, width=0.68, color=colour, edgecolor=INK, linewidth=0.8, zorder=2)
    if site.ddg_error_kj_mol is not None:
        ax.errorbar(x, ddg, yerr=site.ddg_error_kj_mol, color=INK, elinewidth=1.2, capsize=4, capthick=1.2, zorder=3)
    if any(site.at_wall.values()):
        ax.plot(x, ddg, "o", markerfacecolor="white", markeredgecolor=INK, markersize=5, zorder=4)


def plot_balance_sheet(score: FilterScore, ax: Axes | None = None, *, legend: str = "beside") -> Axes:
    """The terms of every formed site's ddG (kJ/mol), stacked up and down from zero; the dot is their sum.

    Costs of replacing the first ion by the second stand above zero, gains below. ``legend`` stands "beside" the axes or
    "below" them. Returns the axes.
    """
    with drawing(ax, (6.4, 4.0)) as ax:
        shown = [term for term in BALANCE_TERMS if term not in ("walls", "entropy") or _matters(score, term)]
        for x, site in enumerate(score.sites):
            if site.formed and site.terms_kj_mol is not None:
                _stack(ax, x, site.terms_kj_mol["difference"], shown)
        for term in shown:
            ax.bar(
                [0],
                [0],
                color=TERM_COLOURS[term],
                hatch=TERM_HATCHES[term],
                edgecolor=INK,
                linewidth=0.5,
                label=_TERM_NAMES[term],
            )
        ax.plot([], [], "D", color=INK, markerfacecolor="white", markersize=5.5, label="sum: ΔΔG of binding")
        _frame(ax, score.sites)
        first, second = (ion_label(ion) for ion in score.ion_pair)
        ax.set_ylabel(f"contribution to ΔΔG, {second} − {first} (kJ/mol)")
        if legend == "below":
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, borderaxespad=0.2, columnspacing=1.2)
        else:
            ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    return ax


def _matters(score: FilterScore, term: str) -> bool:
    """Whether a term carries anything that can be seen, above 0.5 kJ/mol."""
    sheets = [site.terms_kj_mol["difference"] for site in score.sites if site.formed and site.terms_kj_mol is not None]
    return any(abs(sheet.get(term, 0.0)) > 0.5 for sheet in sheets)


def _stack(ax: Axes, x: int, sheet: object, terms: Sequence[str]) -> None:
    values = dict(sheet)  # type: ignore[call-overload]
    heights = {True: 0.0, False: 0.0}
    for term in terms:
        value = values[term]
        up = value >= 0.0
        ax.bar(
            x,
            value,
            bottom=heights[up],
            width=0.68,
            color=TERM_COLOURS[term],
            hatch=TERM_HATCHES[term],
            edgecolor=INK,
            linewidth=0.5,
            zorder=2,
        )
        heights[up] += value
    ax.plot(x, values["total"], "D", color=INK, markerfacecolor="white", markersize=5.5, zorder=4)


def _frame(ax: Axes, sites: Sequence[SiteScore]) -> None:
    ax.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    ax.set_xticks(range(len(sites)), [site.site for site in sites])
    ax.set_xlim(-0.6, len(sites) - 0.4)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel("site, from the cavity outward")
