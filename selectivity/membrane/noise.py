"""How much does the voltage of a small membrane flicker? Closed forms for N channels on a patch with capacitance and leak.

Conductances in pS, capacitance in pF, voltages in mV, times in s, frequencies in Hz. With total mean conductance G, membrane time
constant tau_m = C/G and single-channel conductance modes (a_k, tau_k), the linear theory reads

    sigma² = ((E - V)/G)² N sum_k a_k tau_k/(tau_k + tau_m)                       (two states: a = g² p (1 - p), tau_c)
    S(f)   = ((E - V)/G)² N sum_k 4 a_k tau_k / (1 + (w tau_k)²) / (1 + (w tau_m)²),   w = 2 pi f, one-sided

beside the Johnson floor kT/C. For two states the exact stationary moments (the fluctuating conductance also changes tau_m) are
solved too, so that the linear theory has something to be measured against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import k as BOLTZMANN
from scipy.linalg import solve_banded
from scipy.special import gammaln, xlog1py, xlogy

from selectivity.constants import BODY_TEMPERATURE
from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Numbers,
    as_answer,
    broadcast,
    checked_amount,
    checked_number,
    checked_temperature,
)
from selectivity.membrane.noise_channels import ChannelScheme, conductance_modes, mean_conductance

SERIES_BELOW = 1e-4
"""Relative distance of two time constants below which their difference quotient is taken from its series."""


@dataclass(frozen=True)
class Patch:
    """`n_channels` of one kind on a membrane with capacitance and an ohmic leak."""

    scheme: ChannelScheme
    n_channels: int
    channel_reversal_mv: float
    leak_ps: float
    leak_reversal_mv: float
    capacitance_pf: float
    temperature: float = BODY_TEMPERATURE

    def __post_init__(self) -> None:
        if not (math.isfinite(self.n_channels) and self.n_channels == int(self.n_channels) and self.n_channels >= 1):
            raise OutOfRange(f"{self.n_channels} channels; needed: a whole number of at least 1")
        checked_amount(self.leak_ps, "leak conductance (pS)")
        checked_amount(self.capacitance_pf, "capacitance (pF)", zero_allowed=False)
        checked_number(self.channel_reversal_mv, "channel reversal potential (mV)")
        checked_number(self.leak_reversal_mv, "leak reversal potential (mV)")
        checked_temperature(self.temperature)


@dataclass(frozen=True)
class NoisePrediction:
    """Stationary voltage of a patch; `exact_*` are None for schemes with more than two states."""

    mean_mv: float
    sd_mv: float
    johnson_sd_mv: float
    total_sd_mv: float
    conductance_ps: float
    membrane_time_constant_s: float
    channel_time_constants_s: tuple[float, ...]
    exact_mean_mv: float | None
    exact_sd_mv: float | None


@dataclass(frozen=True)
class SizeScan:
    """Channel noise against membrane area at constant channel density; arrays of equal length."""

    area_um2: Numbers
    n_channels: Numbers
    sd_mv: Numbers
    johnson_sd_mv: Numbers
    total_sd_mv: Numbers
    capacitance_pf: Numbers


def predicted_noise(patch: Patch) -> NoisePrediction:
    """Mean and standard deviation of the voltage from the closed forms above.

    >>> from selectivity.membrane.noise_channels import two_state
    >>> channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
    >>> noise = predicted_noise(Patch(channel, 20, -90.0, leak_ps=200.0, leak_reversal_mv=-60.0, capacitance_pf=2.0))
    >>> round(noise.mean_mv, 2), round(1e3 * noise.membrane_time_constant_s, 2), round(noise.sd_mv, 3)
    (-66.92, 7.69, 1.142)
    """
    mean, total, tau_m = _mean_state(patch)
    variance = float(noise_autocovariance(patch, 0.0))
    johnson = johnson_sd(capacitance_pf=patch.capacitance_pf, temperature=patch.temperature)
    exact = exact_moments(patch) if len(patch.scheme.names) == 2 else (None, None)
    taus = sorted(float(t) for t in conductance_modes(patch.scheme).time_constant_s.real)
    return NoisePrediction(
        mean_mv=mean,
        sd_mv=math.sqrt(variance),
        johnson_sd_mv=johnson,
        total_sd_mv=math.hypot(math.sqrt(variance), johnson),
        conductance_ps=total,
        membrane_time_constant_s=tau_m,
        channel_time_constants_s=tuple(taus),
        exact_mean_mv=exact[0],
        exact_sd_mv=exact[1],
    )


def noise_autocovariance(patch: Patch, lag_s: ArrayLike) -> Numbers:
    """Autocovariance of the voltage, mV², at lags in s (any sign); at lag 0 the variance.

    Per mode a tau_k [tau_k exp(-t/tau_k) - tau_m exp(-t/tau_m)]/(tau_k² - tau_m²), finite where the two times coincide.
    """
    lag = np.abs(checked_number(lag_s, "lag (s)"))
    mean, total, tau_m = _mean_state(patch)
    modes = conductance_modes(patch.scheme)
    scale = patch.n_channels * ((patch.channel_reversal_mv - mean) / total) ** 2
    covariance = np.zeros(lag.shape, dtype=complex)
    for tau, variance in zip(modes.time_constant_s, modes.variance_ps2, strict=True):
        covariance += variance * tau / (tau + tau_m) * _two_decays(lag, tau, tau_m)
    result: Numbers = scale * covariance.real
    return result


def noise_spectrum(patch: Patch, frequency_hz: ArrayLike, *, johnson: bool = False) -> Numbers:
    """One-sided power spectral density of the voltage, mV²/Hz; `johnson` adds the thermal noise of the conductance."""
    w = 2.0 * math.pi * checked_amount(frequency_hz, "frequency (Hz)")
    mean, total, tau_m = _mean_state(patch)
    modes = conductance_modes(patch.scheme)
    scale = patch.n_channels * ((patch.channel_reversal_mv - mean) / total) ** 2
    density = sum(
        4.0 * variance * tau / (1.0 + (w * tau) ** 2)
        for tau, variance in zip(modes.time_constant_s, modes.variance_ps2, strict=True)
    )
    filtered: Numbers = scale * np.real(density) / (1.0 + (w * tau_m) ** 2)
    if johnson:
        floor = johnson_sd(capacitance_pf=patch.capacitance_pf, temperature=patch.temperature)
        filtered = filtered + 4.0 * floor**2 * tau_m / (1.0 + (w * tau_m) ** 2)
    return filtered


def exact_moments(patch: Patch) -> tuple[float, float]:
    """Exact stationary mean and standard deviation (mV) of the voltage for a two-state channel.

    While n channels are open V relaxes linearly, so m_n = E[V; n open] and E[V²; n open] obey linear equations that close:
    0 = (birth-death flow of m) + (b_n pi_n - G_n m_n)/C. Two tridiagonal solves of size N + 1. Raises OutOfRange for schemes
    with more states.
    """
    if len(patch.scheme.names) != 2:
        raise OutOfRange(
            f"{len(patch.scheme.names)} channel states; the exact moments are solved for two, use the linear theory"
        )
    big_n = patch.n_channels
    n = np.arange(big_n + 1.0)
    forward, backward = patch.scheme.rates_per_s[0, 1], patch.scheme.rates_per_s[1, 0]
    low, high = patch.scheme.conductance_ps
    mean, _, _ = _mean_state(patch)
    channels = (big_n - n) * low + n * high
    conductance = patch.leak_ps + channels
    # measured from the linear mean, so that the variance is not the small difference of two large squares
    drive = patch.leak_ps * (patch.leak_reversal_mv - mean) + channels * (patch.channel_reversal_mv - mean)
    shares = _binomial(n, big_n, forward / (forward + backward))
    first = _moment(
        n, big_n, forward, backward, conductance / patch.capacitance_pf, drive * shares / patch.capacitance_pf
    )
    second = _moment(
        n, big_n, forward, backward, 2 * conductance / patch.capacitance_pf, 2 * drive * first / patch.capacitance_pf
    )
    shift = float(first.sum())
    return mean + shift, math.sqrt(float(second.sum()) - shift**2)


def johnson_sd(*, capacitance_pf: ArrayLike, temperature: ArrayLike = BODY_TEMPERATURE) -> Any:
    """Thermal floor sqrt(kT/C), mV: no membrane of this capacitance is quieter; broadcasts.

    >>> round(1e3 * johnson_sd(capacitance_pf=1.0, temperature=310.0), 1)  # µV
    65.4
    """
    capacitance, kelvin = (
        checked_amount(capacitance_pf, "capacitance (pF)", zero_allowed=False),
        checked_temperature(temperature),
    )
    broadcast(capacitance, kelvin)
    return as_answer(np.asarray(1e3 * np.sqrt(BOLTZMANN * kelvin / (capacitance * 1e-12))))


def size_scan(
    scheme: ChannelScheme,
    *,
    areas_um2: Sequence[float],
    channels_per_um2: float,
    channel_reversal_mv: float,
    leak_us_per_cm2: float,
    leak_reversal_mv: float,
    capacitance_uf_per_cm2: float = 1.0,
    temperature: float = BODY_TEMPERATURE,
) -> SizeScan:
    """Noise of one membrane cut into pieces of different area (µm²), channels, leak and capacitance in proportion.

    G and C scale with area, so tau_m and V stay and sigma falls as 1/sqrt(N). Areas with less than one channel are refused.

    >>> from selectivity.membrane.noise_channels import two_state
    >>> channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
    >>> scan = size_scan(channel, areas_um2=[1.0, 100.0], channels_per_um2=5.0, channel_reversal_mv=-90.0,
    ...                  leak_us_per_cm2=50.0, leak_reversal_mv=-60.0)
    >>> float((scan.sd_mv[0] / scan.sd_mv[1]).round(6))
    10.0
    """
    areas = checked_amount(areas_um2, "area (µm²)", zero_allowed=False)
    counts = np.round(areas * checked_amount(channels_per_um2, "channels per µm²"))
    if areas.size == 0 or counts.min() < 1:
        raise OutOfRange(
            f"{channels_per_um2:g} channels per µm² put less than one channel on {areas.min(initial=0.0):g} µm²; "
            "give larger areas or a higher density"
        )
    # 1 µS/cm² is 10 pS/µm², 1 µF/cm² is 0.01 pF/µm²
    patch = Patch(
        scheme,
        1,
        channel_reversal_mv,
        10.0 * leak_us_per_cm2,
        leak_reversal_mv,
        0.01 * capacitance_uf_per_cm2,
        temperature,
    )
    pieces = [
        _noise_of_piece(
            replace(
                patch, n_channels=int(count), leak_ps=patch.leak_ps * area, capacitance_pf=patch.capacitance_pf * area
            )
        )
        for area, count in zip(areas, counts, strict=True)
    ]
    sd, johnson = (np.array(column) for column in zip(*pieces, strict=True))
    return SizeScan(areas, counts, sd, johnson, np.hypot(sd, johnson), patch.capacitance_pf * areas)


def _noise_of_piece(patch: Patch) -> tuple[float, float]:
    """Channel and Johnson standard deviations (mV) alone, without the exact moments, whose cost grows with N."""
    return (
        math.sqrt(float(noise_autocovariance(patch, 0.0))),
        johnson_sd(capacitance_pf=patch.capacitance_pf, temperature=patch.temperature),
    )


def _mean_state(patch: Patch) -> tuple[float, float, float]:
    """Mean voltage (mV), total mean conductance (pS), membrane time constant (s)."""
    channels = patch.n_channels * mean_conductance(patch.scheme)
    total = channels + patch.leak_ps
    # from the channels' reversal potential, where a patch without leak rests exactly
    mean = patch.channel_reversal_mv + patch.leak_ps / total * (patch.leak_reversal_mv - patch.channel_reversal_mv)
    return mean, total, patch.capacitance_pf / total


def _two_decays(lag: Numbers, tau: complex, tau_m: float) -> np.ndarray:
    """[tau exp(-t/tau) - tau_m exp(-t/tau_m)]/(tau - tau_m), which tends to (1 + t/tau) exp(-t/tau) as tau_m -> tau."""
    if abs(tau - tau_m) > SERIES_BELOW * tau_m:
        both = (tau * np.exp(-lag / tau) - tau_m * np.exp(-lag / tau_m)) / (tau - tau_m)
        return np.asarray(both)
    middle = 0.5 * (tau + tau_m)  # the error is of second order in the distance: below 1e-8
    return np.asarray((1.0 + lag / middle) * np.exp(-lag / middle))


def _binomial(n: Numbers, big_n: int, p: float) -> Numbers:
    """Probability that n of N channels are open; scipy.stats has it too, at a second of import."""
    ways = gammaln(big_n + 1.0) - gammaln(n + 1.0) - gammaln(big_n - n + 1.0)
    probability: Numbers = np.exp(ways + xlogy(n, p) + xlog1py(big_n - n, -p))
    return probability


def _moment(n: Numbers, big_n: int, forward: float, backward: float, decay: Numbers, source: Numbers) -> Numbers:
    """Solve 0 = flow(m) - decay m + source for m (N + 1,) over the birth-death chain of open channels."""
    banded = np.zeros((3, big_n + 1))
    banded[0, 1:] = backward * n[1:]
    banded[1] = -(forward * (big_n - n) + backward * n) - decay
    banded[2, :-1] = forward * (big_n - n[:-1])
    solution: Numbers = solve_banded((1, 1), banded, -source)
    return solution
