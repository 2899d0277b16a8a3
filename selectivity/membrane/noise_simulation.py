"""What does the flicker look like? Exact event-driven simulation of N Markov channels on a patch.

Between two channel events the voltage relaxes exponentially to a known target, so it is advanced exactly; there is no time step.
The integrals of V and V² over every sample interval are exact too, so means and variances owe nothing to the sampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.signal import welch

from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import Numbers
from selectivity.membrane.noise import Patch, predicted_noise
from selectivity.membrane.noise_channels import stationary

BURN_IN_TIMES = 10.0
"""Burn-in in units of the slowest time constant: exp(-10) of the start is left, and the start is already a typical state."""

BLOCKS = 16
"""Blocks per replica from which statistical errors are taken; each must be many correlation times long."""

MOST_SAMPLES = 100_000_000
"""Samples of all replicas together that are kept: three arrays of them take 2.4 GB."""

SAMPLES_PER_TIME_CONSTANT = 5.0
"""Default sampling: five per fastest time constant, which puts the Nyquist frequency well above the corner."""


@dataclass(frozen=True)
class NoiseRun:
    """Simulated voltage: `v_mv` (replicas, samples) on a grid of `sample_interval_s`; statistics pooled over replicas.

    Errors are standard errors from block averages. `n_events` counts channel transitions.
    """

    sample_interval_s: float
    v_mv: Numbers
    mean_mv: float
    mean_error_mv: float
    sd_mv: float
    sd_error_mv: float
    mean_conductance_ps: float
    n_events: int
    duration_s: float
    patch: Patch


@dataclass(frozen=True)
class MeasuredSpectrum:
    """One-sided spectrum, Welch-averaged over replicas: frequency (Hz), density (mV²/Hz), its standard error."""

    frequency_hz: Numbers
    density_mv2_per_hz: Numbers
    error_mv2_per_hz: Numbers


def simulate_noise(
    patch: Patch,
    duration_s: float,
    *,
    sample_interval_s: float | None = None,
    replicas: int = 1,
    burn_in_s: float | None = None,
    rng: np.random.Generator | int = 0,
) -> NoiseRun:
    """Simulate `replicas` independent patches for `duration_s` each after a burn-in; the same seed gives the same numbers.

    `rng` is a Generator or a seed; every replica draws from its own spawned stream. Raises OutOfRange for durations shorter
    than the blocks need. Thermal noise is not simulated: its variance kT/C adds in closed form.

    >>> from selectivity.membrane.noise_channels import two_state
    >>> channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
    >>> patch = Patch(channel, 20, -90.0, leak_ps=200.0, leak_reversal_mv=-60.0, capacitance_pf=2.0)
    >>> run = simulate_noise(patch, 20.0, replicas=2, rng=1)
    >>> abs(run.sd_mv - 1.142) < 4 * run.sd_error_mv
    True
    """
    theory = predicted_noise(patch)
    times = [theory.membrane_time_constant_s, *theory.channel_time_constants_s]
    interval = min(times) / SAMPLES_PER_TIME_CONSTANT if sample_interval_s is None else sample_interval_s
    burn_in = BURN_IN_TIMES * max(times) if burn_in_s is None else burn_in_s
    n_samples = _checked_plan(duration_s, interval, burn_in, replicas, max(times))
    generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(_checked_seed(rng))
    v, first, second = (np.empty((replicas, n_samples)) for _ in range(3))
    opened, events = 0.0, 0
    plan = _transitions(patch)
    for row, stream in enumerate(generator.spawn(replicas)):
        counts = stream.multinomial(patch.n_channels, stationary(patch.scheme)).astype(np.int64)
        conductance, happened = _run(
            stream, counts, *plan, *_membrane(patch), theory.mean_mv, burn_in, interval, v[row], first[row], second[row]
        )
        opened, events = opened + conductance, events + happened
    mean, mean_error, sd, sd_error = _statistics(first, second, interval, theory.mean_mv)
    return NoiseRun(
        sample_interval_s=interval,
        v_mv=v,
        mean_mv=mean,
        mean_error_mv=mean_error,
        sd_mv=sd,
        sd_error_mv=sd_error,
        mean_conductance_ps=opened / replicas,
        n_events=int(events),
        duration_s=n_samples * interval,
        patch=patch,
    )


def measured_spectrum(run: NoiseRun, *, segment_s: float | None = None) -> MeasuredSpectrum:
    """Power spectrum of a simulated voltage (scipy.signal.welch, Hann windows), averaged over replicas and segments.

    `segment_s` sets the frequency resolution (default: 1/16 of a replica).
    """
    samples = run.v_mv.shape[1]
    segment = samples // BLOCKS if segment_s is None else round(segment_s / run.sample_interval_s)
    if not 8 <= segment <= samples:
        raise OutOfRange(f"spectrum segment of {segment} samples; needed: 8 ... {samples}")
    frequency, density = welch(
        run.v_mv - run.mean_mv, fs=1.0 / run.sample_interval_s, nperseg=segment, detrend=False, axis=1
    )
    averages = run.v_mv.shape[0] * max(1, 2 * samples // segment - 1)
    mean = density.mean(axis=0)
    # half-overlapping Hann segments correlate by 1/36 in power, so K of them are worth 18/19 K independent ones
    return MeasuredSpectrum(frequency, mean, mean / math.sqrt(averages * 18.0 / 19.0))


def measured_autocovariance(run: NoiseRun, max_lag_s: float) -> tuple[Numbers, Numbers]:
    """Lags (s) and autocovariance (mV²) of a simulated voltage up to `max_lag_s`, averaged over replicas."""
    samples = run.v_mv.shape[1]
    lags = int(max_lag_s / run.sample_interval_s) + 1
    if not 1 <= lags <= samples // 2:
        raise OutOfRange(f"lag of {max_lag_s} s; needed: below half the run, {run.duration_s / 2:g} s")
    deviation = run.v_mv - run.mean_mv
    size = 2 ** math.ceil(math.log2(2 * samples))  # zero-padded, so that the circle of the FFT does not close
    power = np.abs(np.fft.rfft(deviation, size, axis=1)) ** 2
    summed = np.fft.irfft(power, size, axis=1)[:, :lags].mean(axis=0)
    steps = np.arange(float(lags))
    return steps * run.sample_interval_s, np.asarray(summed / (samples - steps), dtype=float)


def _checked_plan(duration: float, interval: float, burn_in: float, replicas: int, slowest: float) -> int:
    if not (math.isfinite(duration) and duration > BLOCKS * slowest):
        raise OutOfRange(
            f"duration {duration} s; needed: above {BLOCKS * slowest:.3g} s, {BLOCKS} times the slowest time constant"
        )
    if not (math.isfinite(interval) and 0 < interval <= duration / (2 * BLOCKS)):
        raise OutOfRange(f"sample interval {interval} s; needed: above 0 and at most {duration / (2 * BLOCKS):.3g} s")
    if not (math.isfinite(burn_in) and burn_in >= 0):
        raise OutOfRange(f"burn-in {burn_in} s; needed: a finite time >= 0")
    if replicas < 1 or replicas != int(replicas):
        raise OutOfRange(f"{replicas} replicas; needed: a whole number of at least 1")
    samples = BLOCKS * round(duration / interval / BLOCKS)
    if samples * replicas > MOST_SAMPLES:
        raise OutOfRange(
            f"{samples * replicas:.3g} samples, at most {MOST_SAMPLES:.0e} are kept; shorten the run or take fewer replicas"
        )
    return samples


def _checked_seed(seed: int) -> int:
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise OutOfRange(f"seed {seed!r}; needed: a whole number of at least 0")
    return int(seed)


def _transitions(patch: Patch) -> tuple[NDArray[np.int64], NDArray[np.int64], Numbers, Numbers]:
    """Source and target state, rate and conductance change (pS) of every transition of the scheme."""
    source, target = np.nonzero(patch.scheme.rates_per_s)
    change = patch.scheme.conductance_ps[target] - patch.scheme.conductance_ps[source]
    return source.astype(np.int64), target.astype(np.int64), patch.scheme.rates_per_s[source, target], change


def _membrane(patch: Patch) -> tuple[Numbers, float, float, float, float]:
    return (
        patch.scheme.conductance_ps,
        float(patch.channel_reversal_mv),
        float(patch.leak_ps),
        float(patch.leak_reversal_mv),
        float(patch.capacitance_pf),
    )


def _statistics(first: Numbers, second: Numbers, interval: float, centre: float) -> tuple[float, float, float, float]:
    """Mean, its error, sd, its error (mV) from exact integrals of (V - centre) and its square over every sample interval."""
    blocks = (first.shape[0] * BLOCKS, -1)
    first, second = first.reshape(blocks).mean(axis=1) / interval, second.reshape(blocks).mean(axis=1) / interval
    shift = first.mean()
    variance = second - 2.0 * shift * first + shift**2
    root_n = math.sqrt(first.size)
    sd = math.sqrt(variance.mean())
    return (
        centre + float(shift),
        float(first.std(ddof=1)) / root_n,
        sd,
        float(variance.std(ddof=1)) / root_n / (2.0 * sd) if sd > 0.0 else 0.0,
    )


@njit(cache=True)
def _run(
    rng: np.random.Generator,
    counts: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    rate: Numbers,
    change: Numbers,
    state_ps: Numbers,
    channel_mv: float,
    leak_ps: float,
    leak_mv: float,
    capacitance_pf: float,
    centre: float,
    burn_in: float,
    interval: float,
    v_out: Numbers,
    first_out: Numbers,
    second_out: Numbers,
) -> tuple[float, int]:
    """One replica. Fills samples of V and the integrals of V - centre and its square; returns mean channel pS and events."""
    channels = 0.0
    for state in range(counts.size):
        channels += counts[state] * state_ps[state]
    propensity = np.empty(rate.size)
    total_rate = 0.0
    for k in range(rate.size):
        propensity[k] = counts[source[k]] * rate[k]
        total_rate += propensity[k]
    # everything is measured from `centre`, so that squares do not lose digits
    leak_drive, channel_drive = leak_ps * (leak_mv - centre), channel_mv - centre
    v, events, conductance_time = 0.0, 0, 0.0
    bin_left, index, first, second = burn_in, -1, 0.0, 0.0
    n_bins = v_out.size
    wait = rng.standard_exponential() / total_rate
    while index < n_bins:
        total = leak_ps + channels
        decay = total / capacitance_pf
        aim = (leak_drive + channels * channel_drive) / total if total > 0.0 else v
        step = min(wait, bin_left)
        gap = v - aim
        x = decay * step
        lost = -math.expm1(-x)
        if index >= 0:
            integral = gap * lost / decay if total > 0.0 else 0.0
            squares = 0.5 * gap * gap * lost * (2.0 - lost) / decay if total > 0.0 else 0.0
            first += aim * step + integral
            second += aim * aim * step + 2.0 * aim * integral + squares
            conductance_time += channels * step
        v -= gap * lost
        if wait <= bin_left:
            bin_left -= wait
            events += 1
            pick = rng.random() * total_rate
            k = 0
            while k < rate.size - 1 and pick >= propensity[k]:
                pick -= propensity[k]
                k += 1
            counts[source[k]] -= 1
            counts[target[k]] += 1
            channels += change[k]
            total_rate = 0.0
            for j in range(rate.size):
                propensity[j] = counts[source[j]] * rate[j]
                total_rate += propensity[j]
            wait = rng.standard_exponential() / total_rate
            continue
        wait -= bin_left
        if index >= 0:
            v_out[index], first_out[index], second_out[index] = centre + v, first, second
        bin_left, first, second = interval, 0.0, 0.0
        index += 1
    return conductance_time / (n_bins * interval), events
