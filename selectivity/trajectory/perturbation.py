"""What would turning K+ into Na+ cost on the simulated ensemble? Free-energy perturbation from frames with K+, or a refusal.

    dG = -RT ln < exp(-dU/RT) >_K          dU = U(Na+) - U(K+) of each frame (`selectivity.trajectory.exchange`)
    second cumulant: < dU > - var(dU) / (2 RT),          exact where dU is normal

The exponential average lives on rare frames in which Na+ would be comfortable. It is quoted only when there are enough: by
Kish's effective number of the weights actually met, and by what a normal dU of the same spread leaves of N frames, N exp(-(s/RT)^2).
A tail that no frame has met yet shows in neither; it shows where averages over tenths of the frames lie above the whole (the
exponential average falls with the number of frames). That drift joins the error, and a large one is a refusal too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import GAS_CONSTANT_KJ, ROOM_TEMPERATURE
from selectivity.trajectory.averages import finite, inefficiency

FEWEST_EFFECTIVE = 50.0
"""Independent frames that must carry the average: with 50 its error is about RT/sqrt(50), 0.35 kJ/mol at room temperature."""

PARTS, LARGEST_DRIFT = 10, 0.5
"""Parts of the frames whose averages are compared with the whole, and the drift in units of RT from which on nothing is quoted."""


@dataclass(frozen=True)
class Perturbation:
    """K+ to Na+ in one site, kJ/mol; ``exponential`` and ``ddg`` are None where ``reason`` says why they are not quoted.

    ``cumulant`` is the second-order estimate (shown, not quoted, where the average is refused); ``spread`` the standard deviation of dU;
    ``effective`` the number of independent frames that carry the average; ``drift`` how far averages over tenths of the frames lie above
    that of all, part of ``error``; ``ddg`` adds what Na+ pays more to leave water.
    """

    n_frames: int
    effective: float
    drift_kj_mol: float | None
    spread_kj_mol: float | None
    exponential_kj_mol: float | None
    error_kj_mol: float | None
    cumulant_kj_mol: float | None
    ddg_kj_mol: float | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return dict(vars(self))


def perturbation(
    replicas: Sequence[ArrayLike], *, water_leg: float, temperature: float = ROOM_TEMPERATURE
) -> Perturbation:
    """Free-energy perturbation from dU (kJ/mol) of the frames of each replica; NaN where the site holds no single K+.

    >>> rng = np.random.default_rng(1)
    >>> result = perturbation([rng.normal(-10.0, 2.0, 4000)], water_leg=77.8)
    >>> abs(result.exponential_kj_mol - (-10.0 - 4.0 / (2 * 2.479))) < 0.2
    True
    >>> perturbation([rng.normal(-10.0, 12.0, 4000)], water_leg=77.8).exponential_kj_mol is None
    True
    """
    series = [clean for values in replicas if len(clean := finite(values))]
    n = sum(len(s) for s in series)
    if n < 2:
        reason = f"{n} frames with a single K+ here; at least two are needed"
        return Perturbation(n, float(n), None, None, None, None, None, None, reason)
    rt = GAS_CONSTANT_KJ * temperature
    du = np.concatenate(series)
    spread, g = float(du.std(ddof=1)), inefficiency(series)
    weights = np.exp(-(du - du.min()) / rt)
    effective = min(float(weights.sum() ** 2 / (weights**2).sum()), n * float(np.exp(-((spread / rt) ** 2)))) / g
    whole = exponential_average(du, rt)
    drift = float(np.mean([exponential_average(part, rt) for part in np.array_split(du, min(PARTS, n))])) - whole
    cumulant = float(du.mean() - spread**2 / (2.0 * rt))
    reason = _refusal(n / g, effective, drift, spread, rt)
    if reason:
        return Perturbation(n, effective, drift, spread, None, None, cumulant, None, reason)
    error = float(np.hypot(rt * np.sqrt(g / n) * weights.std(ddof=1) / weights.mean(), drift))
    return Perturbation(n, effective, drift, spread, whole, error, cumulant, whole + water_leg, "")


def exponential_average(du: NDArray[np.float64], rt: float) -> float:
    """-RT ln <exp(-dU/RT)>, in the unit of dU and RT.

    >>> exponential_average(np.array([3.0, 3.0]), 2.5)
    3.0
    """
    return float(du.min() - rt * np.log(np.exp(-(du - du.min()) / rt).mean()))


def _refusal(independent: float, effective: float, drift: float, spread: float, rt: float) -> str:
    if independent < FEWEST_EFFECTIVE:
        return (
            f"too few frames: they are worth {independent:.2g} independent ones and {FEWEST_EFFECTIVE:.0f} are needed: simulate longer, "
            "or take more of the frames"
        )
    if effective < FEWEST_EFFECTIVE:
        return (
            f"overlap too small: dU spreads by {spread:.3g} kJ/mol ({spread / rt:.2g} RT), so that {effective:.2g} independent "
            f"frames carry the average and {FEWEST_EFFECTIVE:.0f} are needed: simulate Na+ or intermediate ions there"
        )
    if drift > LARGEST_DRIFT * rt:
        return (
            f"not converged: averages over tenths of the frames lie {drift:.2g} kJ/mol above that of all, {LARGEST_DRIFT * rt:.2g} are "
            "allowed: simulate longer, or intermediate ions there"
        )
    return ""


def exchange_by_replica(replica: NDArray[Any], exchange: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """dU of every replica apart."""
    return [exchange[replica == r] for r in np.unique(replica)]
