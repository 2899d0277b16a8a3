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
    ``statistical_inefficiency`` is in samples; ``overlap`` (K - 1,) that of neighbouring states; ``warnings`` in words.
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
    not themselves the first and the last (states that were sampled under a bias). Equilibration is detected and cut off,
    samples are thinned by the statistical inefficiency of the slowest of the alchemical energy gaps (each state's, and
    their sum, which replica exchange cannot speed up), then solved by MBAR (source: shirts_chodera2008, chodera2016).

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
    n_states = energies.shape[1]
    reduced = energies / thermal_energy(temperature)
    gaps = np.stack([reduced[:, k, -1] - reduced[:, k, 0] for k in range(n_states)], axis=1)
    discarded, inefficiency = _correlation(gaps)
    kept = np.arange(discarded, len(energies), max(1, int(np.ceil(inefficiency))))
    ends = reduced[:, :, [0, -1]] if ends_kj_mol is None else np.asarray(ends_kj_mol) / thermal_energy(temperature)
    under_all = np.concatenate([reduced, ends], axis=2)[kept]
    # what is common to all states cancels; without it the solver works with small numbers
    under_all -= under_all.mean(axis=2, keepdims=True)
    counts = np.array([len(kept)] * n_states + [0, 0])
    mbar, differences = _solved(
        np.concatenate([under_all[:, k, :] for k in range(n_states)]).T, counts, _first_guess(under_all)
    )
    scale = thermal_energy(temperature)
    overlap = np.diag(mbar.compute_overlap()["matrix"], 1)[: n_states - 1]
    if not (np.isfinite(differences["dDelta_f"][-2, -1]) and overlap.min() > NO_OVERLAP):
        raise OutOfRange(_NO_SOLUTION.format(n_states))
    return FreeEnergy(
        float(differences["Delta_f"][-2, -1] * scale),
        float(differences["dDelta_f"][-2, -1] * scale),
        differences["Delta_f"][0, :n_states] * scale,
        float(inefficiency),
        int(discarded),
        len(kept),
        overlap,
        _complaints(overlap, len(kept)),
    )


def _first_guess(under_all: Floats) -> Floats:
    """Free energies by the mean of the forward and backward energy steps: exact to second order, and where Newton converges."""
    n_states = under_all.shape[1]
    mean = under_all.mean(axis=0)
    steps = [0.5 * (mean[k, k + 1] - mean[k, k] + mean[k + 1, k + 1] - mean[k + 1, k]) for k in range(n_states - 1)]
    sampled = np.concatenate([[0.0], np.cumsum(steps)])
    first = mean[0, n_states] - mean[0, 0]
    last = sampled[-1] + mean[-1, n_states + 1] - mean[-1, n_states - 1]
    return np.concatenate([sampled, [first, last]])


def _solved(reduced: Floats, counts: NDArray[np.int64], guess: Floats) -> tuple[Any, dict[str, Floats]]:
    try:
        mbar = _pymbar().MBAR(reduced, counts, initial_f_k=guess)
        return mbar, mbar.compute_free_energy_differences()
    except _pymbar().utils.ParameterError:
        raise OutOfRange(_NO_SOLUTION.format(np.count_nonzero(counts))) from None


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


def _correlation(gaps: Floats) -> tuple[int, float]:
    """Samples to discard and the largest statistical inefficiency of what remains."""
    timeseries = _pymbar().timeseries
    series = [gaps.sum(axis=1), *gaps.T]
    discarded = max(int(timeseries.detect_equilibration(s, fast=True, nskip=max(1, len(s) // 50))[0]) for s in series)
    discarded = min(discarded, len(gaps) // 2)
    moving = [s[discarded:] for s in series if np.ptp(s[discarded:]) > 0]
    return discarded, max([1.0, *(float(timeseries.statistical_inefficiency(s)) for s in moving)])


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
