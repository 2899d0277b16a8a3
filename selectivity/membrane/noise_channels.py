"""How does one ion channel flicker? Markov schemes of open and closed states, their stationary shares and relaxation modes.

Rates in 1/s, conductances in pS, times in s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.conditions import Numbers, checked_amount

SAME_AS_ZERO = 1e-12
"""Relative to the fastest rate: the eigenvalue of the stationary state, which rounding leaves near zero."""


@dataclass(frozen=True)
class ChannelScheme:
    """A Markov scheme: `names` (S), `rates_per_s` (S, S) from row to column with zero diagonal, `conductance_ps` (S)."""

    names: tuple[str, ...]
    rates_per_s: Numbers
    conductance_ps: Numbers


@dataclass(frozen=True)
class ConductanceModes:
    """Autocovariance of one channel's conductance: sum over modes of `variance_ps2` exp(-t/`time_constant_s`) (complex pairs)."""

    time_constant_s: np.ndarray
    variance_ps2: np.ndarray


def two_state(*, open_probability: float, correlation_time_s: float, conductance_ps: float) -> ChannelScheme:
    """Closed <-> open with the given open probability and correlation time tau_c = 1/(opening + closing rate).

    >>> two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0).rates_per_s.round(1).tolist()
    [[0.0, 60.0], [140.0, 0.0]]
    """
    if not 0.0 < open_probability < 1.0:
        raise OutOfRange(f"open probability {open_probability}; needed: between 0 and 1, both excluded")
    if not (np.isfinite(correlation_time_s) and correlation_time_s > 0):
        raise OutOfRange(f"correlation time {correlation_time_s} s; needed: a finite time above 0")
    opening = open_probability / correlation_time_s
    closing = (1.0 - open_probability) / correlation_time_s
    return channel_scheme(
        {("closed", "open"): opening, ("open", "closed"): closing}, {"open": conductance_ps, "closed": 0.0}
    )


def channel_scheme(rates_per_s: Mapping[tuple[str, str], float], conductance_ps: Mapping[str, float]) -> ChannelScheme:
    """Any scheme from its rates {(from, to): 1/s} and conductances {state: pS}; every state must reach every other.

    >>> scheme = channel_scheme({("C2", "C1"): 100, ("C1", "C2"): 50, ("C1", "O"): 200, ("O", "C1"): 300},
    ...                         {"C2": 0, "C1": 0, "O": 20})
    >>> stationary(scheme).round(3).tolist()
    [0.231, 0.462, 0.308]
    """
    names = tuple(dict.fromkeys([name for pair in rates_per_s for name in pair]))
    unknown = [name for name in conductance_ps if name not in names]
    missing = [name for name in names if name not in conductance_ps]
    if unknown or missing or len(names) < 2:
        raise UnknownChoice(
            f"channel states: rates name {', '.join(names) or 'none'}, conductances {', '.join(conductance_ps) or 'none'}; "
            "both must name the same two or more states"
        )
    rates = np.zeros((len(names), len(names)))
    for (source, target), rate in rates_per_s.items():
        if source == target:
            raise OutOfRange(f"rate from {source} to itself; leave it out")
        rates[names.index(source), names.index(target)] = checked_amount(rate, f"rate {source} -> {target} (1/s)")
    _require_connected(rates, names)
    ps = np.array([float(checked_amount(conductance_ps[name], f"conductance of {name} (pS)")) for name in names])
    if np.ptp(ps) == 0.0:
        raise OutOfRange(
            "all channel states conduct the same, so there is no channel noise; give one state another conductance"
        )
    return ChannelScheme(names, rates, ps)


def stationary(scheme: ChannelScheme) -> Numbers:
    """Share of time in each state, shape (S,), from pi Q = 0 and sum pi = 1."""
    generator = generator_matrix(scheme)
    size = generator.shape[0]
    system = np.vstack([generator.T, np.ones(size)])
    solution: Numbers = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0]
    return solution


def conductance_modes(scheme: ChannelScheme) -> ConductanceModes:
    """Relaxation modes of the conductance fluctuations: g' diag(pi) (exp(Qt) - 1 pi') g split by eigenvalues of Q.

    >>> modes = conductance_modes(two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0))
    >>> modes.time_constant_s.real.round(6).tolist(), modes.variance_ps2.real.round(6).tolist()
    ([0.005], [21.0])
    """
    shares = stationary(scheme)
    values, right = np.linalg.eig(generator_matrix(scheme))
    left = np.linalg.inv(right)
    moving = np.abs(values) > SAME_AS_ZERO * np.abs(values).max()
    weights = ((scheme.conductance_ps * shares) @ right) * (left @ scheme.conductance_ps)
    return ConductanceModes(-1.0 / values[moving], weights[moving])


def generator_matrix(scheme: ChannelScheme) -> Numbers:
    """Q (S, S): rates off the diagonal, rows sum to zero."""
    generator: Numbers = scheme.rates_per_s - np.diag(scheme.rates_per_s.sum(axis=1))
    return generator


def mean_conductance(scheme: ChannelScheme) -> float:
    """Mean conductance of one channel, pS."""
    return float(stationary(scheme) @ scheme.conductance_ps)


def _require_connected(rates: Numbers, names: ArrayLike) -> None:
    reach = (rates > 0) | np.eye(rates.shape[0], dtype=bool)
    for _ in range(rates.shape[0]):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    if not np.all(reach):
        source, target = (np.asarray(names)[index] for index in np.argwhere(~reach)[0])
        raise OutOfRange(f"channel state {source} never reaches {target}; give rates that lead there and back")
