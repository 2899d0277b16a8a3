"""How the cost of a membrane looks: where the power goes, and what selectivity saves."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from selectivity.membrane.energy import EnergyBudget, SelectivityCost
from selectivity.plotting.style import FIRST_COLOUR, INK, PALE, QUIET, RC, drawing

PATHS = {"Na": "Na⁺ leak", "K": "K⁺ leak", "Cl": "Cl⁻ leak", "KCC2": "KCC2", "NKCC1": "NKCC1", "water": "water"}


def draw_energy(budget: EnergyBudget, cost: SelectivityCost, *, title: str = "") -> Figure:
    """A figure of two panels: the power balance of a cell and the price of poor selectivity."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        axes = figure.subplots(1, 2)
        plot_budget(budget, axes[0])
        plot_selectivity_cost(cost, axes[1])
        figure.suptitle(title, fontsize=11, weight="bold")
    return figure


def plot_budget(budget: EnergyBudget, ax: Axes | None = None) -> Axes:
    """Bars of power (pW): what ATP supplies, what the pump loses, and every path that dissipates the rest."""
    with drawing(ax) as ax:
        bars = {"ATP": budget.atp_power_pw, "pump loss": budget.pump_loss_pw}
        bars |= {
            PATHS[name]: value for name, value in budget.dissipation_pw.items() if value > 1e-3 * budget.atp_power_pw
        }
        greys = [INK, PALE] + [FIRST_COLOUR] * (len(bars) - 2)
        ax.barh(list(bars)[::-1], list(bars.values())[::-1], color=greys[::-1])
        ax.set_xlabel("power (pW)")
    return ax


def plot_selectivity_cost(cost: SelectivityCost, ax: Axes | None = None) -> Axes:
    """Power (nW/cm²) against P_K/P_Na on logarithmic axes; dashed: what the background leak alone costs."""
    with drawing(ax) as ax:
        ax.loglog(cost.ratio, cost.power_nw_per_cm2, "-", color=INK, lw=2.0)
        if cost.relative_cost is not None:
            perfect = cost.power_nw_per_cm2[0] / cost.relative_cost[0]
            ax.axhline(perfect, color=QUIET, ls="--", lw=1.2)
            ax.annotate("perfect channels", (cost.ratio[0], perfect), (0, -11), textcoords="offset points", color=QUIET)
        ax.set_xlabel("P(K⁺)/P(Na⁺) of the K⁺ channels")
        ax.set_ylabel("pump power (nW/cm²)")
        ax.set_ylim(bottom=0.5 * float(cost.power_nw_per_cm2.min()))
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    return ax
