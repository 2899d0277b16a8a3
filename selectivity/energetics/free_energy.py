"""How much free energy does an exchange cost, and how sure is that? MBAR on samples of several alchemical states."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import thermal_energy
from selectivity.errors import OutOfRange

Floats = NDArray[np.float64]

POOR_OVERLAP = 0.03
"""Least overlap of neighbouring states that MBAR errors can be trusted at (the 0.03 rule of best practice: klimovich2015)."""

NO_OVERLAP = 1e-3
"""Below this the states share no configurations: the result would be an extrapolation and is refused."""

FEWEST_INDEPENDENT = 50
"""With fewer independent samples per state the error itself is too uncertain to be quoted."""


_NO_SOLUTION = (
    "{} alchemical states do not overlap: no free energy can be told; use more states, or a higher temperature"
)


@dataclass(frozen=True)
class FreeEnergy:
    """Free energy between two states, kJ/mol, with its standard error.

    ``states_kj_mol`` (K,) are the free energies of the sampled states against the first of them;
    ``statistical_inefficiency`` (of the estimate) is in samples; ``overlap`` (K - 1,) that of neighbouring states; ``warnings`` in words.
    """

    delta_kj_mol: float
    error_kj_mol: float
    states_kj_mol: Floats
    statistical_inefficiency: float
    n_discarded: int
    n_independent: int
    overlap: Floats
    warnings: tuple[str, ...] = ()


def alchemical_free_energy(
    energies_kj_mol: ArrayLike, *, temperature: float, ends_kj_mol: ArrayLike | None = None
) -> FreeEnergy:
    """Free energy between the first and the last of K states from S samples of each.

    ``energies_kj_mol`` (S, K, K): entry (s, k, l) is the energy of sample s of state k under state l; what is common to
    all l may be left out. ``ends_kj_mol`` (S, K, 2) gives the energies under the two states that are wanted when they are
    not themselves the first and the last (states that were sampled under a bias). Equilibration is detected and cut off, all
    that remains is solved by MBAR (source: shirts_chodera2008, chodera2016).

    The standard error counts correlation where it matters: each moment t adds its share phi(t) to the estimate (the sum over states of
    MBAR's influence function, `influence`), and the variance is that of a sum of correlated numbers, g S var(phi), with the
    statistical inefficiency g of phi itself. Energy gaps alone would not do: they forget faster than the ion moves, and
    replicas that swap are not independent of each other.

    Raises `OutOfRange` for fewer than two states or ten samples, non-finite energies, a temperature that is not positive,
    or states that do not overlap at all.

    >>> rng = np.random.default_rng(1)
    >>> x = np.stack([rng.normal(0.0, 1.0, 4000), rng.normal(0.0, 0.5, 4000)], axis=1)
    >>> u = thermal_energy(300.0) * 0.5 * x[:, :, None] ** 2 * np.array([1.0, 4.0])
    >>> result = alchemical_free_energy(u, temperature=300.0)      # exact: RT ln 2 = 1.729
    >>> abs(result.delta_kj_mol - 1.729) < 3 * result.error_kj_mol
    True
    """
    energies = np.asarray(energies_kj_mol, dtype=float)
    _check(energies, temperature)
    scale, n_states = thermal_energy(temperature), energies.shape[1]
    ends = energies[:, :, [0, -1]] if ends_kj_mol is None else np.asarray(ends_kj_mol, dtype=float)
    discarded = _burn_in(energies)
    under_all = np.concatenate([energies, ends], axis=2)[discarded:] / scale
    # what is common to all states cancels; without it the solver works with small numbers
    under_all -= under_all.mean(axis=2, keepdims=True)
    free, overlap = _solved(under_all)
    if not overlap.min() > NO_OVERLAP:
        raise OutOfRange(_NO_SOLUTION.format(n_states))
    shares = influence(under_all, free)
    inefficiency = _inefficiency(shares)
    n_independent = len(shares) / inefficiency
    # the mean is taken from the same samples: their variance about it is too small by one independent sample
    variance = len(shares) * shares.var() * inefficiency / (1.0 - 1.0 / max(n_independent, 2.0))
    return FreeEnergy(
        float(free[-1] - free[-2]) * scale,
        float(np.sqrt(variance)) * scale,
        (free[:n_states] - free[0]) * scale,
        inefficiency,
        discarded,
        int(n_independent),
        overlap,
        _complaints(overlap, int(n_independent)),
    )


def influence(reduced: Floats, free: Floats) -> Floats:
    """What each moment adds to f_last - f_first: MBAR linearised about its solution, summed over the samples of a moment, shape (S,).

    ``reduced`` (S, K, K + 2) are the energies in units of RT of sample s of state k under the K sampled states and the two
    ends, ``free`` (K + 2,) the solution. With p_l(x) the chance that x came from sampled state l, the scores
    delta_kl - p_l(x) of the likelihood move the sampled f_l through its Hessian, and w_e(x) / sum w_e the ends besides.

    >>> u = np.random.default_rng(2).normal(size=(500, 2, 2)) * 0.1
    >>> u = np.concatenate([u, u], axis=2)
    >>> bool(abs(influence(u, _solved(u)[0]).sum()) < 1e-6)
    True
    """
    n_samples, n_states = reduced.shape[:2]
    weights = np.exp(free - reduced)
    weights /= n_samples * weights[:, :, :n_states].sum(axis=2, keepdims=True)
    chances = n_samples * weights[:, :, :n_states]
    hessian = np.diag(chances.sum(axis=(0, 1))) - np.einsum("skl,skm->lm", chances, chances)
    moves = (1.0 - chances.sum(axis=1)) @ np.linalg.pinv(hessian, rcond=1e-12, hermitian=True)
    shares = []
    for end in (n_states, n_states + 1):
        follows = np.einsum("sk,skm->m", weights[:, :, end], chances)
        shares.append(1.0 / n_samples - weights[:, :, end].sum(axis=1) + moves @ follows)
    return np.asarray(shares[1] - shares[0])


def _first_guess(under_all: Floats) -> Floats:
    """Free energies by the mean of the forward and backward energy steps: exact to second order, and where Newton converges."""
    n_states = under_all.shape[1]
    mean = under_all.mean(axis=0)
    steps = [0.5 * (mean[k, k + 1] - mean[k, k] + mean[k + 1, k + 1] - mean[k + 1, k]) for k in range(n_states - 1)]
    sampled = np.concatenate([[0.0], np.cumsum(steps)])
    first = mean[0, n_states] - mean[0, 0]
    last = sampled[-1] + mean[-1, n_states + 1] - mean[-1, n_states - 1]
    return np.concatenate([sampled, [first, last]])


def _solved(reduced: Floats) -> tuple[Floats, Floats]:
    """Free energies of the sampled states and the ends (K + 2,), and the overlap of neighbouring states (K - 1,)."""
    n_samples, n_states = reduced.shape[:2]
    counts = np.array([n_samples] * n_states + [0, 0])
    columns = np.concatenate([reduced[:, k, :] for k in range(n_states)]).T
    try:
        mbar = _pymbar().MBAR(columns, counts, initial_f_k=_first_guess(reduced))
        return np.asarray(mbar.f_k), np.diag(mbar.compute_overlap()["matrix"], 1)[: n_states - 1]
    except _pymbar().utils.ParameterError:
        raise OutOfRange(_NO_SOLUTION.format(n_states)) from None


def _check(energies: Floats, temperature: float) -> None:
    if energies.ndim != 3 or energies.shape[1] != energies.shape[2]:
        raise OutOfRange(f"energies of shape {energies.shape}: (samples, states, states) is needed")
    if energies.shape[1] < 2 or energies.shape[0] < 10:
        raise OutOfRange(
            f"{energies.shape[1]} states with {energies.shape[0]} samples: at least 2 states and 10 samples are needed"
        )
    if not np.isfinite(energies).all():
        raise OutOfRange(
            "energies hold NaN or infinity: every sample needs a finite energy in kJ/mol under every state"
        )
    if not temperature > 0:
        raise OutOfRange(f"temperature {temperature} K: a positive temperature in kelvin is needed")


def _burn_in(energies: Floats) -> int:
    """Samples to discard: until the energy gap of the ends is stationary in every state and in their sum, half of them at most."""
    gaps = energies[:, :, -1] - energies[:, :, 0]
    detect, skip = _pymbar().timeseries.detect_equilibration, max(1, len(gaps) // 50)
    discarded = max(int(detect(series, fast=True, nskip=skip)[0]) for series in (gaps.sum(axis=1), *gaps.T))
    return min(discarded, len(gaps) // 2)


def mean_of_series(series: Floats, weights: Floats) -> tuple[float, float]:
    """Weighted mean of a correlated series (S,) and its standard error; ``weights`` (S,) sum to 1.

    >>> x = np.random.default_rng(1).normal(size=4000)
    >>> abs(mean_of_series(x, np.full(4000, 1 / 4000))[1] - 1 / 4000**0.5) < 0.002
    True
    """
    mean = float(weights @ series)
    shares = weights * (series - mean)
    return mean, float(np.sqrt(len(series) * shares.var() * _inefficiency(shares * len(series))))


def _inefficiency(series: Floats) -> float:
    """Samples per independent sample of a series; 1 for one that does not move (equal ions)."""
    return max(1.0, float(_pymbar().timeseries.statistical_inefficiency(series))) if np.ptp(series) > 1e-12 else 1.0


def _complaints(overlap: Floats, n_independent: int) -> tuple[str, ...]:
    words = []
    if overlap.min() < POOR_OVERLAP:
        worst = int(overlap.argmin())
        words.append(f"states {worst} and {worst + 1} overlap by {overlap.min():.3f} only: use more states")
    if n_independent < FEWEST_INDEPENDENT:
        words.append(f"{n_independent} independent samples per state only: the error is uncertain, sample longer")
    return tuple(words)


@cache
def _pymbar() -> Any:
    """pymbar, imported late (it is slow) and without its advertisements (a logger, whose level is put back)."""
    logger = logging.getLogger("pymbar")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import pymbar
        import pymbar.timeseries
        import pymbar.utils
    finally:
        logger.setLevel(level)
    return pymbar
