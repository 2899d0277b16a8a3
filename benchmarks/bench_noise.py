"""1000 two-state channels for 10 s of model time: the package's exact event-driven simulation against a plain Python Gillespie.

Both are exact, both integrate V and V² analytically between events. Goal: at least 20 times faster, in one run.
"""

from __future__ import annotations

import math
import random
import time

from selectivity.membrane.noise import Patch, predicted_noise
from selectivity.membrane.noise_channels import two_state
from selectivity.membrane.noise_simulation import simulate_noise

DURATION_S = 10.0


def plain_gillespie(patch: Patch, duration: float, seed: int) -> tuple[float, float, int]:
    """Mean (mV), standard deviation (mV), events: the textbook loop in pure Python."""
    rng = random.Random(seed)
    alpha, beta = patch.scheme.rates_per_s[0, 1], patch.scheme.rates_per_s[1, 0]
    size, g, e_c = patch.n_channels, patch.scheme.conductance_ps[1], patch.channel_reversal_mv
    alpha, beta, g = float(alpha), float(beta), float(g)
    leak, e_l, c = patch.leak_ps, patch.leak_reversal_mv, patch.capacitance_pf
    centre = predicted_noise(patch).mean_mv
    n, v, t, first, second, events = round(size * alpha / (alpha + beta)), 0.0, 0.0, 0.0, 0.0, 0
    while t < duration:
        opening = (size - n) * alpha
        total = opening + n * beta
        wait = min(rng.expovariate(total), duration - t)
        conductance = leak + n * g
        aim = (leak * (e_l - centre) + n * g * (e_c - centre)) / conductance
        tau, gap = c / conductance, v - aim
        decay = math.exp(-wait / tau)
        first += aim * wait + gap * tau * (1.0 - decay)
        second += (
            aim * aim * wait + 2.0 * aim * gap * tau * (1.0 - decay) + 0.5 * gap * gap * tau * (1.0 - decay * decay)
        )
        v = aim + gap * decay
        t += wait
        n += 1 if rng.random() * total < opening else -1
        events += 1
    mean = first / duration
    return centre + mean, math.sqrt(second / duration - mean * mean), events


def main() -> None:
    channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
    patch = Patch(channel, 1000, -90.0, leak_ps=10_000.0, leak_reversal_mv=-60.0, capacitance_pf=100.0)
    simulate_noise(patch, 1.0, sample_interval_s=1e-3, rng=0)  # compile
    times = []
    for seed in range(3):
        begin = time.perf_counter()
        run = simulate_noise(patch, DURATION_S, sample_interval_s=1e-3, rng=seed)
        times.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    mean, sd, events = plain_gillespie(patch, DURATION_S, 0)
    plain = time.perf_counter() - begin
    exact = predicted_noise(patch)
    assert (
        abs(run.mean_mv - exact.exact_mean_mv) < 5 * run.mean_error_mv
        and abs(mean - exact.exact_mean_mv) < 7 * run.mean_error_mv
    )
    assert (
        abs(run.sd_mv - exact.exact_sd_mv) < 5 * run.sd_error_mv and abs(sd - exact.exact_sd_mv) < 7 * run.sd_error_mv
    )
    print(
        f"noise, 1000 channels, {DURATION_S:g} s: ours {min(times):.4f} s ({run.n_events} events), plain Python {plain:.3f} s "
        f"({events} events), ratio {plain / min(times):.0f} (goal 20); sd {run.sd_mv:.4f} +- {run.sd_error_mv:.4f} and {sd:.4f} mV, "
        f"exact {exact.exact_sd_mv:.4f} mV"
    )


if __name__ == "__main__":
    main()
