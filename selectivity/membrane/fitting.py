"""The way back: from measured reversal potentials to permeability ratios with intervals, and to the barrier behind them.

Least squares of the GHK voltage (any number of ions, any valences) in the logarithms of the ratios; intervals by profile
likelihood or bootstrap; data that cannot identify a ratio are refused, and one-sided answers are given as bounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, least_squares
from scipy.stats import chi2, f

from selectivity.constants import thermal_energy
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.membrane.conditions import Numbers, as_answer, broadcast, checked_amount, checked_number, valence_of
from selectivity.membrane.currents import bernoulli, bernoulli_slope
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import thermal_voltage_mv
from selectivity.membrane.reversal_data import ReversalData

WIDEST = math.log(1e8)
"""Ratios are searched from 1e-8 to 1e8: beyond, no reversal potential moves by a microvolt in physiological solutions."""

DEAD_SENSITIVITY = 1e-6
"""mV per unit of ln P below which a measurement does not depend on a permeability at all."""

LARGEST_CONDITION = 1e5
"""Condition number of the scaled sensitivities above which two ratios cannot be told apart by the data."""

STARTS = (0.0, -4.0, 3.0)
"""Starting values of ln P: from a selective, an indifferent and an inverted membrane; the best minimum is kept."""


@dataclass(frozen=True)
class RatioEstimate:
    """Permeability of one ion over the reference ion's, with its interval, and the barrier difference behind it.

    low and high bound the ratio at the fit's level; low = 0 or high = inf where the data give no bound on that side
    (then `bound` says which one-sided statement remains). barrier_kj_mol = RT ln(P_reference/P_ion): positive where the
    reference ion passes more easily; for reference K and ion Na it is ddG‡.
    """

    ion: str
    reference: str
    ratio: float
    low: float
    high: float
    temperature_k: float

    @property
    def bound(self) -> str | None:
        """None for a two-sided interval, else "upper" (only a largest ratio is known) or "lower"."""
        return "upper" if self.low == 0.0 else "lower" if math.isinf(self.high) else None

    @property
    def barrier_kj_mol(self) -> float:
        """RT ln(P_reference/P_ion), kJ/mol."""
        return -thermal_energy(self.temperature_k) * math.log(self.ratio)

    @property
    def barrier_interval_kj_mol(self) -> tuple[float, float]:
        """Interval of the barrier difference, kJ/mol; infinite where the ratio has no bound."""
        rt = thermal_energy(self.temperature_k)
        return -rt * math.log(self.high), (math.inf if self.low == 0.0 else -rt * math.log(self.low))

    def __str__(self) -> str:
        name = f"P_{self.ion}/P_{self.reference}"
        if self.bound == "upper":
            return f"{name} < {self.high:.3g}"
        if self.bound == "lower":
            return f"{name} > {self.low:.3g}"
        return f"{name} = {self.ratio:.3g} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class PermeabilityFit:
    """Result of a fit: estimates by ion, residuals (measured minus model, mV), and how the intervals were made."""

    reference: str
    ratios: Mapping[str, RatioEstimate]
    level: float
    interval: str
    reversal_mv: Numbers
    model_mv: Numbers
    error_mv: float | None
    chi_squared: float | None
    degrees_of_freedom: int

    @property
    def residual_mv(self) -> Numbers:
        """Measured minus model, mV."""
        return self.reversal_mv - self.model_mv

    @property
    def permeability(self) -> dict[str, float]:
        """The fitted permeabilities as a mapping, reference = 1, ready for `ghk_voltage`."""
        return {self.reference: 1.0} | {ion: estimate.ratio for ion, estimate in self.ratios.items()}

    def table(self) -> Any:
        """A pandas DataFrame, one row per ion: ratio with bounds, barrier difference with bounds (kJ/mol)."""
        import pandas as pd

        rows = []
        for estimate in self.ratios.values():
            low, high = estimate.barrier_interval_kj_mol
            values = (estimate.ratio, estimate.low, estimate.high, estimate.barrier_kj_mol, low, high, estimate.bound)
            rows.append((estimate.ion, self.reference, *values))
        columns = ["ion", "reference", "ratio", "ratio_low", "ratio_high", "barrier_kj_mol", "barrier_low_kj_mol"]
        frame = pd.DataFrame(rows, columns=[*columns, "barrier_high_kj_mol", "bound"])
        frame.attrs["level"] = self.level
        return frame


def bi_ionic_ratio(*, reversal: ArrayLike, inside: ArrayLike, outside: ArrayLike, temperature: ArrayLike) -> Any:
    """P_outside/P_inside of two monovalent cations, one on each side only: (c_in/c_out) exp(V_rev F/RT); broadcasts.

    >>> round(bi_ionic_ratio(reversal=-82.7, inside=150, outside=150, temperature=298.15), 3)
    0.04
    """
    into = checked_amount(inside, "concentration inside (mM)", zero_allowed=False)
    out = checked_amount(outside, "concentration outside (mM)", zero_allowed=False)
    volts = checked_number(reversal, "reversal potential (mV)")
    rt_f = np.asarray(thermal_voltage_mv(temperature))
    broadcast(into, out, volts, rt_f)
    with np.errstate(over="ignore"):
        ratio = np.asarray(into / out * np.exp(volts / rt_f))
    if not np.all((ratio > 0.0) & np.isfinite(ratio)):
        raise OutOfRange(f"reversal potential {reversal!r} mV: no ratio of permeabilities gives volts; give it in mV")
    return as_answer(ratio)


def fit_permeabilities(
    data: ReversalData,
    *,
    reference: str = "K",
    ions: Sequence[str] | None = None,
    level: float = 0.95,
    interval: str = "profile",
    replicates: int = 500,
    seed: int = 0,
) -> PermeabilityFit:
    """Permeability ratios that explain reversal potentials, by least squares in ln P, each with its interval.

    ions: those whose ratio is fitted (default: every ion in the data except the reference); ions left out do not permeate.
    interval: "profile" (likelihood ratio: chi-squared with known errors, F without) or "bootstrap" (percentiles of refits:
    parametric with known errors, of residuals without; seeded). Without error_mv the scatter of the residuals stands in.

    Raises OutOfRange, saying why, when the data cannot identify a ratio: fewer measurements than ratios (or no spare one
    when errors are unknown), an ion that is never present, voltages that do not depend on it, ions that always come in
    one proportion, a ratio unbounded on both sides; UnknownChoice for a name.

    >>> from selectivity.membrane.reversal_data import reversal_data
    >>> data = reversal_data(reversal=[-82.7, -81.9, -83.4], outside={"Na": 150}, inside={"K": 150}, temperature=298.15, error=0.5)
    >>> str(fit_permeabilities(data).ratios["Na"])
    'P_Na/P_K = 0.0401 (0.0392 to 0.0409)'
    """
    fitted = _fitted_ions(data, reference, ions)
    _refuse_level(level, interval)
    problem = _Problem(data, reference, fitted)
    spare = len(data) - len(fitted)
    if spare < 0 or (spare == 0 and data.error_mv is None):
        raise OutOfRange(
            f"{len(data)} measurement(s) cannot determine {len(fitted)} ratio(s)"
            + (
                " and their errors; add error_mv or more measurements"
                if spare == 0
                else "; measure more or fit fewer ions"
            )
        )
    theta, cost = problem.solve([np.full(len(fitted), start) for start in STARTS])
    problem.refuse_unidentified(theta)
    make = problem.profile if interval == "profile" else problem.bootstrap
    bounds = make(theta, cost, level, replicates, np.random.default_rng(seed))
    kelvin = float(np.mean(data.temperature_k))
    estimates = {}
    for index, ion in enumerate(fitted):
        low, high = bounds[index]
        if math.isinf(low) and math.isinf(high):
            raise OutOfRange(
                f"P_{ion}/P_{reference} is not identified: no value between 1e-8 and 1e8 is excluded at {level:.0%}; "
                f"change [{ion}] or [{reference}] between measurements, or reduce the error"
            )
        estimates[ion] = RatioEstimate(
            ion, reference, math.exp(theta[index]), math.exp(low) if low > -math.inf else 0.0, math.exp(high), kelvin
        )
    model = problem.voltage(theta)
    known = data.error_mv is not None
    scatter = math.sqrt(float(np.sum((data.reversal_mv - model) ** 2)) / spare) if spare else None
    return PermeabilityFit(
        reference, estimates, level, interval, data.reversal_mv, model, scatter, 2 * cost if known else None, spare
    )


class _Problem:
    """Residuals of one data set in units of the error, as functions of theta = ln(P_ion/P_reference)."""

    def __init__(self, data: ReversalData, reference: str, fitted: tuple[str, ...]) -> None:
        self.data, self.reference, self.fitted = data, reference, fitted
        self.measured = data.reversal_mv
        self.sigma = data.error_mv if data.error_mv is not None else np.ones(len(data))
        ions = (reference, *fitted)
        self.charge = np.array([[float(valence_of(ion, data.valence))] for ion in ions])
        self.out, self.into = (np.array([side[ion] for ion in ions]) for side in (data.outside, data.inside))
        self.rt_f = np.asarray(thermal_voltage_mv(data.temperature_k))

    def permeability(self, theta: Numbers) -> dict[str, float]:
        # beyond the search range nothing changes any more: the optimiser may stray there, the exponential may not
        ratios = np.exp(np.clip(theta, -WIDEST, WIDEST)).tolist()
        return {self.reference: 1.0} | dict(zip(self.fitted, ratios, strict=True))

    def voltage(self, theta: Numbers) -> Numbers:
        data = self.data
        sides: dict[str, Any] = {"outside": data.outside, "inside": data.inside, "temperature": data.temperature_k}
        return np.atleast_1d(ghk_voltage(self.permeability(theta), valence=data.valence, **sides))

    def residual(self, theta: Numbers) -> Numbers:
        return (self.voltage(theta) - self.measured) / self.sigma

    def sensitivity(self, theta: Numbers) -> Numbers:
        """dV/dtheta, mV, (measurements, ions): minus the ion's current over the membrane's slope conductance."""
        p = np.array([*self.permeability(theta).values()])[:, None]
        u = self.charge * self.voltage(theta) / self.rt_f
        current = p * self.charge * (self.into * bernoulli(-u) - self.out * bernoulli(u))
        slope = -p * self.charge**2 * (self.into * bernoulli_slope(-u) + self.out * bernoulli_slope(u)) / self.rt_f
        return (-current[1:] / slope.sum(axis=0)).T

    def solve(self, starts: list[Numbers], free: list[int] | None = None) -> tuple[Numbers, float]:
        """Best theta over the starts and half the sum of squares; only the indices in `free` move."""
        moving = list(range(len(self.fitted))) if free is None else free
        candidates = [self._descend(np.array(start, dtype=float), moving) for start in starts]
        return min(candidates, key=lambda candidate: candidate[1])

    def _descend(self, theta: Numbers, moving: list[int]) -> tuple[Numbers, float]:
        def at(x: Numbers) -> Numbers:
            whole = theta.copy()
            whole[moving] = x
            return whole

        def slopes(x: Numbers) -> Numbers:
            return (self.sensitivity(at(x)) / self.sigma[:, None])[:, moving]

        if moving:
            found = least_squares(lambda x: self.residual(at(x)), theta[moving], jac=slopes, method="lm", xtol=1e-10)
            theta = at(np.clip(found.x, -WIDEST, WIDEST))
        residual = self.residual(theta)
        return theta, 0.5 * float(residual @ residual)

    def refuse_unidentified(self, theta: Numbers) -> None:
        """Raise OutOfRange where the voltages do not depend on a ratio, or only on a combination of ratios."""
        # a ratio driven to the edge is a bound, judged by its profile; the others must move the voltages by themselves
        inner = np.clip(theta, -0.5 * WIDEST, 0.5 * WIDEST)
        rates = self.sensitivity(inner)
        for index, ion in enumerate(self.fitted):
            if np.max(np.abs(rates[:, index])) < DEAD_SENSITIVITY:
                raise OutOfRange(
                    f"P_{ion}/P_{self.reference} is not identified: no measured voltage depends on it; put {ion} on a side "
                    "where it competes with the others"
                )
        scaled = rates / np.linalg.norm(rates, axis=0)
        values, directions = np.linalg.svd(scaled, full_matrices=False)[1:]
        if values[-1] * LARGEST_CONDITION < values[0]:
            mixed = [ion for ion, weight in zip(self.fitted, directions[-1], strict=True) if abs(weight) > 0.1]
            raise OutOfRange(
                f"the data only fix a combination of the ratios of {' and '.join(mixed)}: these ions always come in one "
                "proportion; vary one of them alone, or fit fewer ions"
            )

    def profile(self, theta: Numbers, cost: float, level: float, *_: Any) -> list[tuple[float, float]]:
        """Where the best fit at a held ratio becomes worse than the likelihood-ratio limit; +-inf where it never does."""
        spare = len(self.measured) - theta.size
        if self.data.error_mv is not None:
            rise = 0.5 * float(chi2.ppf(level, 1))
        else:
            rise = cost * float(f.ppf(level, 1, spare)) / spare
        # the parabola's own half-width is where to look first
        rates = self.sensitivity(theta) / self.sigma[:, None]
        widths = np.sqrt(np.maximum(2.0 * rise * np.diag(np.linalg.pinv(rates.T @ rates)), 1e-16))
        steps = np.minimum(widths, 2.0)
        return [
            (self._edge(theta, i, cost + rise, -steps[i]), self._edge(theta, i, cost + rise, steps[i]))
            for i in range(theta.size)
        ]

    def _edge(self, theta: Numbers, index: int, limit: float, step: float) -> float:
        free = [other for other in range(theta.size) if other != index]
        side = math.copysign(1.0, step)

        def excess(value: float) -> float:
            held = theta.copy()
            held[index] = value
            return self.solve([held], free)[1] - limit

        inner = float(theta[index])
        while side * inner < WIDEST:
            outer = inner + step
            if excess(outer) > 0.0:
                return float(brentq(excess, *sorted((inner, outer)), xtol=1e-6))
            inner, step = outer, 1.5 * step
        return side * math.inf

    def bootstrap(
        self, theta: Numbers, cost: float, level: float, replicates: int, rng: np.random.Generator
    ) -> list[tuple[float, float]]:
        """Percentiles of refits to resampled voltages; a percentile at the edge of the search is no bound."""
        model = self.voltage(theta)
        residual = self.measured - model
        spare = max(1, residual.size - theta.size)
        kept, thetas = self.measured, []
        try:
            for _ in range(replicates):
                if self.data.error_mv is not None:
                    noise = rng.normal(0.0, self.sigma)
                else:
                    noise = rng.choice(residual - residual.mean(), residual.size) * math.sqrt(residual.size / spare)
                self.measured = model + noise
                thetas.append(self.solve([theta])[0])
        finally:
            self.measured = kept
        tails = [50.0 * (1.0 - level), 50.0 * (1.0 + level)]
        low, high = np.percentile(np.array(thetas), tails, axis=0)
        low = np.where(low <= -0.99 * WIDEST, -np.inf, low)
        high = np.where(high >= 0.99 * WIDEST, np.inf, high)
        return list(zip(low.tolist(), high.tolist(), strict=True))


def _fitted_ions(data: ReversalData, reference: str, ions: Sequence[str] | None) -> tuple[str, ...]:
    if reference not in data.ions:
        raise UnknownChoice(
            f"reference ion {reference!r} is not in the data; they have {', '.join(data.ions)}{hint(reference, data.ions)}"
        )
    chosen = tuple(ion for ion in data.ions if ion != reference) if ions is None else tuple(dict.fromkeys(ions))
    if reference in chosen:
        raise UnknownChoice(f"{reference} is the reference, its ratio is 1; leave it out of the ions to fit")
    if not chosen:
        raise OutOfRange(f"nothing to fit: {reference} is the only ion; add another ion's concentrations")
    for ion in (*chosen, reference):
        if ion not in data.ions:
            raise UnknownChoice(f"{ion!r} is not in the data; they have {', '.join(data.ions)}{hint(ion, data.ions)}")
        if not (np.any(data.outside[ion] > 0.0) or np.any(data.inside[ion] > 0.0)):
            cure = "choose another reference" if ion == reference else "leave it out with ions="
            raise OutOfRange(f"P_{ion} is not identified: [{ion}] is 0 on both sides throughout; {cure}")
    return chosen


def _refuse_level(level: float, interval: str) -> None:
    if not 0.0 < level < 1.0:
        raise OutOfRange(f"level {level!r}: give a fraction between 0 and 1, e.g. 0.95")
    if interval not in ("profile", "bootstrap"):
        raise UnknownChoice(f"interval {interval!r}; one of profile, bootstrap")
