"""How channel noise looks: a stretch of voltage, its distribution, its spectrum beside the closed form, the size scan."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.membrane.noise import NoisePrediction, SizeScan, noise_spectrum
from selectivity.membrane.noise_simulation import MeasuredSpectrum, NoiseRun
from selectivity.plotting.style import FIRST_COLOUR, INK, PALE, QUIET, RC, drawing

TRACE_SAMPLES = 2000
"""Samples of the trace that are drawn: more would be a black band."""


def draw_noise(run: NoiseRun, spectrum: MeasuredSpectrum, theory: NoisePrediction, *, title: str = "") -> Figure:
    """A figure of three panels: trace, distribution and spectrum, each with its theory."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(8.0, 5.6), layout="constrained")
        grid = figure.add_gridspec(2, 2)
        plot_trace(run, figure.add_subplot(grid[0, :]))
        plot_distribution(run, theory, figure.add_subplot(grid[1, 0]))
        plot_spectrum(run, spectrum, figure.add_subplot(grid[1, 1]))
        figure.suptitle(title, fontsize=11, weight="bold")
    return figure


def plot_trace(run: NoiseRun, ax: Axes | None = None) -> Axes:
    """The first stretch of voltage (mV) of the first replica against time (s)."""
    with drawing(ax) as ax:
        shown = run.v_mv[0, :TRACE_SAMPLES]
        ax.plot(np.arange(1, shown.size + 1) * run.sample_interval_s, shown, "-", color=INK, lw=0.7)
        ax.axhline(run.mean_mv, color=QUIET, lw=1.0, ls="--")
        ax.set_xlabel("time (s)")
        ax.set_ylabel("voltage (mV)")
        ax.margins(x=0.0)
    return ax


def plot_distribution(run: NoiseRun, theory: NoisePrediction, ax: Axes | None = None) -> Axes:
    """Histogram of the sampled voltage (1/mV) and the Gaussian of the predicted mean and width."""
    with drawing(ax) as ax:
        ax.hist(run.v_mv.ravel(), bins=80, density=True, color=PALE, edgecolor=QUIET, lw=0.3, label="simulated")
        mean = theory.mean_mv if theory.exact_mean_mv is None else theory.exact_mean_mv
        width = theory.sd_mv if theory.exact_sd_mv is None else theory.exact_sd_mv
        v = mean + width * np.linspace(-4.0, 4.0, 200)
        ax.plot(
            v,
            np.exp(-0.5 * ((v - mean) / width) ** 2) / (width * np.sqrt(2 * np.pi)),
            "-",
            color=INK,
            label="Gaussian, theory",
        )
        ax.set_xlabel("voltage (mV)")
        ax.set_ylabel("density (1/mV)")
        ax.legend()
    return ax


def plot_spectrum(run: NoiseRun, spectrum: MeasuredSpectrum, ax: Axes | None = None) -> Axes:
    """Measured one-sided spectrum (mV²/Hz) on logarithmic axes, with the closed form."""
    with drawing(ax) as ax:
        seen = spectrum.frequency_hz > 0
        ax.loglog(
            spectrum.frequency_hz[seen], spectrum.density_mv2_per_hz[seen], ".", color=QUIET, ms=3, label="simulated"
        )
        frequency = np.geomspace(spectrum.frequency_hz[seen][0], spectrum.frequency_hz[-1], 300)
        ax.loglog(frequency, noise_spectrum(run.patch, frequency), "-", color=INK, lw=1.5, label="closed form")
        ax.set_xlabel("frequency (Hz)")
        ax.set_ylabel("spectral density (mV²/Hz)")
        ax.legend()
    return ax


def plot_size_scan(scan: SizeScan, ax: Axes | None = None) -> Axes:
    """Standard deviation (mV) against membrane area (µm²): channel noise, Johnson floor, and both together."""
    with drawing(ax) as ax:
        ax.loglog(scan.area_um2, scan.total_sd_mv, "-", color=INK, lw=2.2, label="total")
        ax.loglog(scan.area_um2, scan.sd_mv, "--", color=FIRST_COLOUR, lw=1.4, label="channels")
        ax.loglog(scan.area_um2, scan.johnson_sd_mv, ":", color=QUIET, lw=1.8, label="Johnson floor")
        ax.set_xlabel("membrane area (µm²)")
        ax.set_ylabel("standard deviation of V (mV)")
        ax.legend()
    return ax
