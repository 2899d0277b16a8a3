"""Pictures of run-down, noise and energy show the numbers of their results, with units on the axes, and leave pyplot alone."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from selectivity.membrane.energy import energy_budget, selectivity_cost
from selectivity.membrane.noise import Patch, predicted_noise, size_scan
from selectivity.membrane.noise_channels import two_state
from selectivity.membrane.noise_simulation import measured_spectrum, simulate_noise
from selectivity.membrane.protocols import block_and_washout
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_steady import steady_state, steady_state_curve
from selectivity.membrane.rundown import run_down
from selectivity.plotting.energy import draw_energy, plot_budget, plot_selectivity_cost
from selectivity.plotting.noise import draw_noise, plot_size_scan, plot_spectrum, plot_trace
from selectivity.plotting.rundown import (
    draw_rundown,
    plot_concentrations,
    plot_rundown_voltage,
    plot_steady_curve,
    plot_volume,
)

CHANNEL = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)


@pytest.fixture(autouse=True, scope="module")
def agg():
    mpl.use("Agg")


@pytest.fixture(scope="module")
def run():
    return run_down(
        pump_leak_cell().with_changes(bath_to_cell_volume=0.5), block_and_washout(2.0, recovery_minutes=1.0)
    )


@pytest.fixture(scope="module")
def flicker():
    return simulate_noise(Patch(CHANNEL, 20, -90.0, 200.0, -60.0, 2.0), 5.0, replicas=2, rng=1)


def lines(ax) -> dict:
    return {line.get_label(): line for line in ax.get_lines()}


def test_voltage_panel(run):
    ax = plot_rundown_voltage(run)
    assert np.array_equal(lines(ax)["V"].get_ydata(), run.v_mv)
    assert np.array_equal(lines(ax)["E(K⁺)"].get_ydata(), run.nernst_mv["K"])
    assert ax.get_ylabel() == "potential (mV)" and ax.get_xlabel() == "time (min)"
    assert any(np.allclose(line.get_xdata(), 2.0) for line in ax.get_lines())  # the washout is marked
    dashes = {line.get_linestyle() for line in ax.get_lines()[:4]}
    assert len(dashes) == 4  # told apart without colour


def test_concentrations_show_a_finite_bath(run):
    shown = lines(plot_concentrations(run))
    assert np.array_equal(shown["Na⁺ inside"].get_ydata(), run.inside_mm["Na"])
    assert np.array_equal(shown["K⁺ outside"].get_ydata(), run.outside_mm["K"])
    assert np.array_equal(plot_volume(run).get_lines()[0].get_ydata(), run.volume)


def test_whole_figures_draw_on_their_own(run, flicker, tmp_path):
    budget = energy_budget(pump_leak_cell(), steady_state(pump_leak_cell()).state)
    cost = selectivity_cost(
        [1.0, 10.0], potassium_permeability_cm_s=1e-6, outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15}
    )
    spectrum = measured_spectrum(flicker)
    figures = (
        draw_rundown(run),
        draw_noise(flicker, spectrum, predicted_noise(flicker.patch)),
        draw_energy(budget, cost),
    )
    for i, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{i}.png")
        assert (tmp_path / f"{i}.png").stat().st_size > 5_000
        assert all(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes)


def test_noise_panels(flicker):
    trace = plot_trace(flicker).get_lines()[0].get_ydata()
    assert np.array_equal(trace, flicker.v_mv[0, : trace.size])
    spectrum = measured_spectrum(flicker)
    ax = plot_spectrum(flicker, spectrum)
    assert np.array_equal(lines(ax)["simulated"].get_ydata(), spectrum.density_mv2_per_hz[1:])
    assert ax.get_ylabel() == "spectral density (mV²/Hz)"
    scan = size_scan(
        CHANNEL,
        areas_um2=[1, 100],
        channels_per_um2=2,
        channel_reversal_mv=-90,
        leak_us_per_cm2=10,
        leak_reversal_mv=-60,
    )
    assert np.array_equal(lines(plot_size_scan(scan))["total"].get_ydata(), scan.total_sd_mv)


def test_energy_panels():
    budget = energy_budget(pump_leak_cell(), steady_state(pump_leak_cell()).state)
    widths = sorted(bar.get_width() for bar in plot_budget(budget).patches)
    assert widths[-1] == pytest.approx(budget.atp_power_pw)
    cost = selectivity_cost(
        [1.0, 100.0],
        potassium_permeability_cm_s=1e-6,
        background_sodium_cm_s=1e-8,
        outside={"K": 5, "Na": 145},
        inside={"K": 140, "Na": 15},
    )
    ax = plot_selectivity_cost(cost)
    assert np.array_equal(ax.get_lines()[0].get_ydata(), cost.power_nw_per_cm2) and len(ax.get_lines()) == 2


def test_steady_curve():
    curve = steady_state_curve(pump_leak_cell(), [0.01, 0.1, 1.0])
    ax = plot_steady_curve(curve.pump, curve.v_mv, curve.volume)
    assert np.array_equal(ax.get_lines()[0].get_ydata(), curve.v_mv) and ax.get_xscale() == "log"


def test_the_caller_s_style_is_left_as_it_was(run):
    before = mpl.rcParams.copy()
    draw_rundown(run)
    assert mpl.rcParams == before
