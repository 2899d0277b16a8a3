"""What would turning K+ into Na+ cost on the simulated ensemble? Free-energy perturbation from frames with K+, or a refusal.

    dG = -RT ln < exp(-dU/RT) >_K          dU = U(Na+) - U(K+) of each frame (`selectivity.trajectory.exchange`)
    second cumulant: < dU > - var(dU) / (2 RT),          exact where dU is normal

The exponential average lives on rare frames in which Na+ would be comfortable. It is quoted only when there are enough: by
Kish's effective number of the weights actually met, and by what a normal dU of the same spread leaves of N frames, N exp(-(s/RT)^2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import GAS_CONSTANT_KJ, ROOM_TEMPERATURE
from selectivity.trajectory.averages import finite, inefficiency

FEWEST_EFFECTIVE = 20.0
"""Independent frames that must carry the average: with 20 its error is about RT/sqrt(20), 0.6 kJ/mol at room temperature."""


@dataclass(frozen=True)
class Perturbation:
    """K+ to Na+ in one site, kJ/mol; ``exponential`` and ``ddg`` are None where ``reason`` says why they are not quoted.

    ``cumulant`` is the second-order estimate (shown, not quoted, where the average is refused); ``spread`` the standard deviation of dU;
    ``effective`` the number of independent frames that carry the average; ``ddg`` adds what Na+ pays more to leave water.
    """

    n_frames: int
    effective: float
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
        return Perturbation(
            n, float(n), None, None, None, None, None, f"{n} frames with a single K+ here; at least two are needed"
        )
    rt = GAS_CONSTANT_KJ * temperature
    du = np.concatenate(series)
    spread, g = float(du.std(ddof=1)), inefficiency(series)
    weights = np.exp(-(du - du.min()) / rt)
    effective = min(float(weights.sum() ** 2 / (weights**2).sum()), n * float(np.exp(-((spread / rt) ** 2)))) / g
    cumulant = float(du.mean() - spread**2 / (2.0 * rt))
    if effective < FEWEST_EFFECTIVE:
        reason = (
            f"overlap too small: dU spreads by {spread:.3g} kJ/mol ({spread / rt:.2g} RT), so that {effective:.2g} independent "
            f"frames carry the average and {FEWEST_EFFECTIVE:.0f} are needed: simulate Na+ or intermediate ions there"
        )
        return Perturbation(n, effective, spread, None, None, cumulant, None, reason)
    exponential = float(du.min() - rt * np.log(weights.mean()))
    error = float(rt * np.sqrt(g / n) * weights.std(ddof=1) / weights.mean())
    return Perturbation(n, effective, spread, exponential, error, cumulant, exponential + water_leg, "")


def exchange_by_replica(replica: NDArray[Any], exchange: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """dU of every replica apart."""
    return [exchange[replica == r] for r in np.unique(replica)]
