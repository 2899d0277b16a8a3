"""Channel noise: closed forms against each other, exact simulation against theory within its own error bars, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.noise import (
    Patch,
    exact_moments,
    johnson_sd,
    noise_autocovariance,
    noise_spectrum,
    predicted_noise,
    size_scan,
)
from selectivity.membrane.noise_channels import (
    channel_scheme,
    conductance_modes,
    mean_conductance,
    stationary,
    two_state,
)
from selectivity.membrane.noise_simulation import measured_autocovariance, measured_spectrum, simulate_noise

CHANNEL = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
PATCH = Patch(CHANNEL, 20, -90.0, leak_ps=200.0, leak_reversal_mv=-60.0, capacitance_pf=2.0)
# two closed states, an open one and a subconductance, one step irreversible: nothing two-state or symmetric about it
FOUR_STATES = channel_scheme(
    {
        ("C2", "C1"): 120.0,
        ("C1", "C2"): 60.0,
        ("C1", "O"): 200.0,
        ("O", "C1"): 250.0,
        ("O", "S"): 90.0,
        ("S", "C2"): 30.0,
    },
    {"C2": 0.0, "C1": 0.0, "O": 20.0, "S": 8.0},
)


def test_reference_patch():
    """FACTS 4.6: V -66.92 mV, tau_m 7.69 ms, sigma 1.142 mV."""
    noise = predicted_noise(PATCH)
    assert noise.mean_mv == pytest.approx(-66.92, abs=0.005)
    assert 1e3 * noise.membrane_time_constant_s == pytest.approx(7.69, abs=0.005)
    assert noise.sd_mv == pytest.approx(1.142, abs=0.0005)


def test_textbook_formula():
    """sigma = |g (E - V)/G| sqrt(N p (1-p) tau_c/(tau_c + tau_m)), typed from FACTS 4.6."""
    noise = predicted_noise(PATCH)
    expected = 10 / 260 * abs(-90 - noise.mean_mv) * math.sqrt(20 * 0.21 * 5e-3 / (5e-3 + 2 / 260))
    assert noise.sd_mv == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
def test_monte_carlo_row():
    """FACTS 4.6: Monte Carlo 1.137 ... 1.147 mV; ours with an error far inside that window."""
    run = simulate_noise(PATCH, 400.0, replicas=8, rng=20)
    assert run.sd_error_mv < 0.003
    assert 1.137 - 2 * run.sd_error_mv < run.sd_mv < 1.147 + 2 * run.sd_error_mv


def test_johnson_floor():
    assert 1e3 * johnson_sd(capacitance_pf=1.0, temperature=310.0) == pytest.approx(65.0, abs=0.5)
    assert johnson_sd(capacitance_pf=4.0) == pytest.approx(johnson_sd(capacitance_pf=1.0) / 2)


@pytest.mark.parametrize("scheme", [CHANNEL, FOUR_STATES], ids=["two states", "four states"])
def test_spectrum_holds_the_variance(scheme):
    """Parseval: the one-sided spectrum integrates to sigma², with and without the Johnson part."""
    patch = Patch(scheme, 50, -90.0, 200.0, -60.0, 2.0)
    noise = predicted_noise(patch)
    for johnson, variance in ((False, noise.sd_mv**2), (True, noise.total_sd_mv**2)):
        area = quad(
            lambda u, j=johnson: math.exp(u) * float(noise_spectrum(patch, math.exp(u), johnson=j)), -12, 18, limit=400
        )[0]
        assert area == pytest.approx(variance, rel=1e-4)


@pytest.mark.parametrize("scheme", [CHANNEL, FOUR_STATES], ids=["two states", "four states"])
def test_autocovariance_is_the_transform_of_the_spectrum(scheme):
    patch = Patch(scheme, 50, -90.0, 200.0, -60.0, 2.0)
    for lag in (0.0, 3e-3, 1e-2):
        frequency = np.linspace(0, 20000.0, 2_000_001)
        cosine = np.trapezoid(noise_spectrum(patch, frequency) * np.cos(2 * np.pi * frequency * lag), frequency)
        assert float(noise_autocovariance(patch, lag)) == pytest.approx(cosine, rel=1e-3, abs=1e-5)


def test_equal_time_constants_are_no_special_case():
    tau = 5e-3
    at = [
        predicted_noise(Patch(CHANNEL, 20, -90.0, 200.0, -60.0, 260.0 * tau * s)).sd_mv
        for s in (1 - 1e-6, 1.0, 1 + 1e-6)
    ]
    assert at[1] == pytest.approx(at[0], rel=2e-6) and at[1] == pytest.approx(at[2], rel=2e-6)
    lag = np.linspace(0, 0.05, 11)
    near = noise_autocovariance(Patch(CHANNEL, 20, -90.0, 200.0, -60.0, 260.0 * tau * 1.0002), lag)
    same = noise_autocovariance(Patch(CHANNEL, 20, -90.0, 200.0, -60.0, 260.0 * tau), lag)
    assert near == pytest.approx(same, rel=2e-3)


def test_modes_of_two_states():
    modes = conductance_modes(CHANNEL)
    assert modes.time_constant_s.real == pytest.approx([5e-3])
    assert modes.variance_ps2.real == pytest.approx([100 * 0.21])


def test_modes_hold_the_single_channel_variance():
    shares, ps = stationary(FOUR_STATES), FOUR_STATES.conductance_ps
    variance = shares @ ps**2 - (shares @ ps) ** 2
    assert conductance_modes(FOUR_STATES).variance_ps2.sum() == pytest.approx(variance, rel=1e-12)
    assert shares.sum() == pytest.approx(1.0) and mean_conductance(FOUR_STATES) == pytest.approx(float(shares @ ps))


def test_two_independent_gates_are_a_four_state_scheme():
    """Two independent two-state gates, each with its own unit conductance, are two channels: the spectra must be equal."""
    a, b = 60.0, 140.0
    pair = channel_scheme(
        {("00", "10"): 2 * a, ("10", "00"): b, ("10", "11"): a, ("11", "10"): 2 * b},
        {"00": 0.0, "10": 10.0, "11": 20.0},
    )
    frequency = np.geomspace(0.1, 1000, 9)
    one = noise_spectrum(Patch(CHANNEL, 20, -90.0, 200.0, -60.0, 2.0), frequency)
    two = noise_spectrum(Patch(pair, 10, -90.0, 200.0, -60.0, 2.0), frequency)
    assert two == pytest.approx(one, rel=1e-9)


@pytest.mark.parametrize("n", [1, 2, 20, 300])
def test_exact_moments_tend_to_the_linear_theory(n):
    """The correction for the fluctuating membrane conductance falls as 1/N at constant density."""
    patch = Patch(CHANNEL, n, -90.0, 10.0 * n, -60.0, 0.1 * n)
    noise = predicted_noise(patch)
    assert abs(noise.exact_mean_mv - noise.mean_mv) < 1.3 / n
    assert abs(noise.exact_sd_mv / noise.sd_mv - 1) < 0.1 / n + 1e-9


def test_exact_moments_of_one_slow_channel():
    """A channel far slower than the membrane: V sits at one of two levels, p (1 - p) of their squared distance."""
    slow = two_state(open_probability=0.4, correlation_time_s=1e4, conductance_ps=30.0)
    mean, sd = exact_moments(Patch(slow, 1, -90.0, 10.0, -30.0, 1.0))
    closed, opened = -30.0, (30 * -90 + 10 * -30) / 40
    assert mean == pytest.approx(0.6 * closed + 0.4 * opened, abs=1e-3)
    assert sd == pytest.approx(math.sqrt(0.24) * (closed - opened), rel=1e-3)


def test_exact_moments_of_fast_channels_are_the_mean_field():
    fast = two_state(open_probability=0.4, correlation_time_s=1e-9, conductance_ps=30.0)
    patch = Patch(fast, 3, -90.0, 10.0, -30.0, 1.0)
    mean, sd = exact_moments(patch)
    assert mean == pytest.approx(predicted_noise(patch).mean_mv, abs=1e-5) and sd < 0.02


@given(
    st.integers(1, 60),
    st.floats(0.05, 0.95),
    st.floats(1e-4, 0.1),
    st.floats(-120, 60),
    st.floats(1, 1000),
    st.floats(0.1, 50),
)
def test_shifting_all_potentials_shifts_only_the_mean(n, p, tau, e, leak, c):
    channel = two_state(open_probability=p, correlation_time_s=tau, conductance_ps=10.0)
    here = predicted_noise(Patch(channel, n, e, leak, -60.0, c))
    there = predicted_noise(Patch(channel, n, e + 17.0, leak, -43.0, c))
    assert there.mean_mv - here.mean_mv == pytest.approx(17.0, abs=1e-9)
    assert there.sd_mv == pytest.approx(here.sd_mv, rel=1e-9, abs=1e-12)
    assert there.exact_sd_mv == pytest.approx(here.exact_sd_mv, rel=1e-6, abs=1e-9)


def test_bands_narrow_with_the_square_root_of_size():
    """From a spine (1 µm²) to a soma (1000 µm²): log-log slope -1/2 exactly where the channel count is whole."""
    scan = size_scan(
        CHANNEL,
        areas_um2=[1, 10, 100, 1000],
        channels_per_um2=3.0,
        channel_reversal_mv=-90,
        leak_us_per_cm2=50,
        leak_reversal_mv=-60,
    )
    slope = np.polyfit(np.log(scan.n_channels), np.log(scan.sd_mv), 1)[0]
    assert slope == pytest.approx(-0.5, abs=1e-9)
    assert np.allclose(scan.johnson_sd_mv * np.sqrt(scan.area_um2), scan.johnson_sd_mv[0])
    assert np.all(scan.total_sd_mv > scan.sd_mv)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "patch",
    [
        PATCH,
        Patch(CHANNEL, 2, -90.0, 10.0, -30.0, 0.3),
        Patch(
            two_state(open_probability=0.7, correlation_time_s=2e-2, conductance_ps=25.0), 5, 40.0, 100.0, -70.0, 0.5
        ),
    ],
    ids=["reference", "two channels", "five large channels"],
)
def test_simulation_meets_the_exact_moments(seed, patch):
    """Mean and sd within 4.5 standard errors of the exact (not the linear) stationary values: 18 draws, chance below 1e-4."""
    run = simulate_noise(patch, 40.0, replicas=4, rng=seed)
    mean, sd = exact_moments(patch)
    assert abs(run.mean_mv - mean) < 4.5 * run.mean_error_mv
    assert abs(run.sd_mv - sd) < 4.5 * run.sd_error_mv
    assert run.sd_error_mv < 0.05 * sd


def test_the_simulation_tells_the_exact_from_the_linear_mean():
    """Two channels on a small leak: the linear mean is off by many standard errors, the exact one is not."""
    patch = Patch(CHANNEL, 2, -90.0, 10.0, -30.0, 0.3)
    run = simulate_noise(patch, 200.0, replicas=4, rng=5)
    noise = predicted_noise(patch)
    assert abs(run.mean_mv - noise.mean_mv) > 10 * run.mean_error_mv
    assert abs(run.mean_mv - noise.exact_mean_mv) < 4.5 * run.mean_error_mv


def test_simulated_conductance_and_events_are_those_of_the_scheme():
    run = simulate_noise(PATCH, 100.0, replicas=2, rng=3)
    assert run.mean_conductance_ps == pytest.approx(60.0, rel=0.01)
    expected = 20 * 2 * 0.3 * 0.7 / 5e-3 * (2 * 100.0 + 2 * 10 * 2 / 260)  # with the burn-in
    assert run.n_events == pytest.approx(expected, rel=0.01)


def test_four_state_simulation_meets_its_theory():
    patch = Patch(FOUR_STATES, 200, -90.0, 2000.0, -60.0, 20.0)
    run = simulate_noise(patch, 60.0, replicas=4, rng=8)
    noise = predicted_noise(patch)
    assert noise.exact_sd_mv is None
    assert abs(run.mean_mv - noise.mean_mv) < 4.5 * run.mean_error_mv + 0.02  # linear theory is off by order 1/N
    assert abs(run.sd_mv - noise.sd_mv) < 4.5 * run.sd_error_mv + 0.01 * noise.sd_mv


def test_simulated_spectrum_and_autocovariance():
    patch = Patch(CHANNEL, 400, -90.0, 4000.0, -60.0, 40.0)
    run = simulate_noise(patch, 60.0, replicas=4, rng=4, sample_interval_s=5e-4)
    spectrum = measured_spectrum(run, segment_s=1.0)
    band = (spectrum.frequency_hz > 2) & (spectrum.frequency_hz < 100)  # away from the window's DC and from aliasing
    theory = noise_spectrum(patch, spectrum.frequency_hz[band])
    z = (spectrum.density_mv2_per_hz[band] - theory) / spectrum.error_mv2_per_hz[band]
    assert abs(z.mean()) < 4 / math.sqrt(z.size) + 0.3 and 0.7 < z.std() < 1.3
    lag, covariance = measured_autocovariance(run, 0.03)
    assert covariance == pytest.approx(noise_autocovariance(patch, lag), abs=0.05 * covariance[0])


def test_same_seed_same_numbers_and_the_global_state_is_untouched():
    state = np.random.get_state()[1].copy()
    first = simulate_noise(PATCH, 2.0, replicas=2, rng=11)
    again = simulate_noise(PATCH, 2.0, replicas=2, rng=np.random.default_rng(11))
    other = simulate_noise(PATCH, 2.0, replicas=2, rng=12)
    assert np.array_equal(first.v_mv, again.v_mv) and first.sd_mv == again.sd_mv
    assert not np.array_equal(first.v_mv, other.v_mv) and not np.array_equal(first.v_mv[0], first.v_mv[1])
    assert np.array_equal(np.random.get_state()[1], state)


def test_sampling_does_not_touch_the_statistics():
    coarse = simulate_noise(PATCH, 20.0, rng=7, sample_interval_s=1e-2)
    fine = simulate_noise(PATCH, 20.0, rng=7, sample_interval_s=1e-3)
    assert coarse.n_events == fine.n_events
    assert coarse.mean_mv == pytest.approx(fine.mean_mv, abs=1e-9) and coarse.sd_mv == pytest.approx(
        fine.sd_mv, abs=1e-9
    )
    assert coarse.v_mv[0, :50] == pytest.approx(fine.v_mv[0, 9:500:10], abs=1e-9)


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: two_state(open_probability=0.0, correlation_time_s=1e-3, conductance_ps=1), "open probability"),
        (lambda: two_state(open_probability=0.5, correlation_time_s=0.0, conductance_ps=1), "correlation time"),
        (lambda: two_state(open_probability=0.5, correlation_time_s=1e-3, conductance_ps=0.0), "no channel noise"),
        (lambda: channel_scheme({("C", "O"): 1.0}, {"C": 0.0, "O": 1.0}), "never reaches"),
        (lambda: channel_scheme({("C", "O"): 1.0, ("O", "C"): 1.0}, {"C": 0.0}), "same two or more"),
        (lambda: channel_scheme({("C", "O"): -1.0, ("O", "C"): 1.0}, {"C": 0.0, "O": 1.0}), "negative"),
        (lambda: channel_scheme({("C", "C"): 1.0, ("O", "C"): 1.0}, {"C": 0.0, "O": 1.0}), "itself"),
        (lambda: Patch(CHANNEL, 0, -90.0, 1.0, -60.0, 1.0), "channels"),
        (lambda: Patch(CHANNEL, 1.5, -90.0, 1.0, -60.0, 1.0), "whole number"),
        (lambda: Patch(CHANNEL, 1, -90.0, 1.0, -60.0, 0.0), "capacitance"),
        (lambda: Patch(CHANNEL, 1, float("nan"), 1.0, -60.0, 1.0), "reversal"),
        (lambda: simulate_noise(PATCH, 0.01), "duration"),
        (lambda: simulate_noise(PATCH, 10.0, replicas=0), "replicas"),
        (lambda: simulate_noise(PATCH, 10.0, sample_interval_s=5.0), "sample interval"),
        (lambda: simulate_noise(PATCH, 10.0, burn_in_s=-1.0), "burn-in"),
        (lambda: exact_moments(Patch(FOUR_STATES, 1, -90.0, 1.0, -60.0, 1.0)), "linear theory"),
        (lambda: noise_spectrum(PATCH, -1.0), "frequency"),
        (
            lambda: size_scan(
                CHANNEL,
                areas_um2=[0.1],
                channels_per_um2=1,
                channel_reversal_mv=-90,
                leak_us_per_cm2=50,
                leak_reversal_mv=-60,
            ),
            "less than one channel",
        ),
    ],
)
def test_refusals(make, found):
    with pytest.raises((OutOfRange, UnknownChoice), match=found):
        make()


def test_spectrum_and_lag_refusals():
    run = simulate_noise(PATCH, 2.0, rng=0)
    with pytest.raises(OutOfRange, match="segment"):
        measured_spectrum(run, segment_s=100.0)
    with pytest.raises(OutOfRange, match="half the run"):
        measured_autocovariance(run, 1.5)


def test_a_patch_without_leak_holds_its_voltage_while_all_channels_are_shut():
    """No leak, one channel: V tends to the channel's reversal potential and never moves away: no division by zero."""
    run = simulate_noise(Patch(CHANNEL, 1, -90.0, 0.0, 0.0, 1.0), 30.0, rng=1)
    assert run.mean_mv == pytest.approx(-90.0, abs=1e-6) and np.all(np.isfinite(run.v_mv))
