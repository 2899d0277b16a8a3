"""How the response to warming looks: the voltage, and the effects that make it."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.membrane.temperature import TemperatureResponse
from selectivity.plotting.style import FIRST_COLOUR, INK, QUIET, RC, SECOND_COLOUR, drawing

STYLES = {
    "thermal voltage": (FIRST_COLOUR, "--"),
    "barrier": (SECOND_COLOUR, "-."),
    "gating": (QUIET, ":"),
    "pump against leak": (INK, (0, (5, 1, 1, 1))),
}


def draw_temperature(response: TemperatureResponse) -> Figure:
    """A figure of two panels: V_m(T) and its contributions."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(8.6, 3.6), layout="constrained")
        axes = figure.subplots(1, 2)
        plot_voltage_against_temperature(response, axes[0]).set_title(response.cell)
        plot_contributions(response, axes[1]).set_title("what moves it")
    return figure


def plot_voltage_against_temperature(response: TemperatureResponse, ax: Axes | None = None) -> Axes:
    """Resting potential (mV) against temperature (K), with and without the pump; a dot at the reference."""
    with drawing(ax) as ax:
        ax.plot(response.temperature_k, response.v_mv, "-", color=INK, lw=2.0, label="with the pump")
        without = response.v_mv - response.pump_share_mv
        ax.plot(response.temperature_k, without, "--", color=QUIET, lw=1.4, label="pump blocked")
        ax.plot(response.reference_k, response.reference_mv, "o", color=FIRST_COLOUR, mec=INK)
        ax.set_xlabel("temperature (K)")
        ax.set_ylabel("membrane potential (mV)")
        ax.legend()
    return ax


def plot_contributions(response: TemperatureResponse, ax: Axes | None = None) -> Axes:
    """Each effect (mV, relative to the reference) against temperature (K); effects that are zero throughout are left out."""
    with drawing(ax) as ax:
        ax.axhline(0.0, color=QUIET, lw=0.8)
        for name, values in response.contributions_mv.items():
            if abs(values).max() > 1e-6:
                colour, line = STYLES[name]
                ax.plot(response.temperature_k, values, ls=line, color=colour, lw=1.8, label=name)
        ax.set_xlabel("temperature (K)")
        ax.set_ylabel("contribution (mV)")
        if ax.get_legend_handles_labels()[0]:
            ax.legend()
    return ax
