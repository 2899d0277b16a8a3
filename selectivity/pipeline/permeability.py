"""From ddG along the axis to one barrier difference, its error by cause, and the permeability ratio with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.coordinate_error import LOW_RESOLUTION
from selectivity.energetics.hydration import dehydration_difference, dehydration_range
from selectivity.permeation.barrier import (
    FirstProfile,
    barrier_by_rule,
    barriers_when_moved,
    first_profile_spread,
    measured_affinity_profile,
    tabulated_profile,
)
from selectivity.permeation.queue_barrier import moved_queue_barriers, queue_barrier, queue_ratio_interval
from selectivity.permeation.queue_model import QueueSpread, node_lattice
from selectivity.permeation.queue_protocols import queue_ratio
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.rules import RULES
from selectivity.permeation.uncertainty import quadrature, ratio_interval, uniform_spread
from selectivity.pipeline.deviations import Moves, deviations
from selectivity.pipeline.energies import FilterEnergies
from selectivity.pipeline.nodes import FilterNodes
from selectivity.pipeline.settings import QUEUE, Settings
from selectivity.score import AffinityScore, Interval, QueueScore, RuleScore

Vector = NDArray[np.float64]

UNKNOWN_ERRORS: Mapping[str, float | None] = {"coordinates": None, "hydration": None}


@dataclass(frozen=True)
class Permeability:
    """The permeation result; everything is None where the filter does not conduct.

    ``ratio`` is None too where only the interval is known; ``range_z`` is the stretch that was integrated, Å.
    """

    ddg_kj_mol: float | None = None
    error_kj_mol: float | None = None
    error_components: Mapping[str, float | None] = field(default_factory=lambda: dict(UNKNOWN_ERRORS))
    ratio: float | None = None
    interval: Interval | None = None
    rules: Mapping[str, RuleScore] = field(default_factory=dict)
    at_measured_affinity: AffinityScore | None = None
    queue: QueueScore | None = None
    range_z: Interval | None = None
    interval_only: bool = False
    forced: bool = False


def permeability(energies: FilterEnergies, settings: Settings, *, beside: bool = True) -> Permeability:
    """The barrier difference by the chosen rule, with every rule beside it and the ratio at the measured K+ affinity.

    Without ``beside`` the chosen rule stands alone: the queue beside it costs as much as all energies of a point of a scan.
    """
    forced = settings.force and not energies.conductive
    if not (energies.conductive or forced) or not energies.runs:
        return Permeability()
    given = tabulated_profile(*settings.k_profile) if settings.k_profile is not None else None
    chosen = _Rules(energies, settings)
    rules = [QUEUE, *RULES] if "K" in settings.pair else [*RULES]
    results = {rule: chosen.result(rule, given) for rule in (rules if beside else [str(settings.rule)])}
    main = results[str(settings.rule)]
    interval_only = is_low_resolution(energies)
    return Permeability(
        ddg_kj_mol=main.ddg,
        error_kj_mol=quadrature(main.errors.values()),
        error_components=main.errors,
        ratio=None if interval_only else main.ratio,
        interval=main.interval,
        rules={rule: result.score(interval_only) for rule, result in results.items()},
        at_measured_affinity=_affinity_score(chosen, interval_only) if beside and "K" in settings.pair else None,
        queue=_queue_score(chosen.deviations.file, results, settings) if QUEUE in results else None,
        range_z=(float(chosen.stretch.z[0]), float(chosen.stretch.z[-1])),
        interval_only=interval_only,
        forced=forced,
    )


def is_low_resolution(energies: FilterEnergies) -> bool:
    """Whether the file says that it was resolved to worse than 3.0 Å, so that only the interval of a ratio means something."""
    resolution = energies.filter.provenance.resolution_angstrom
    return resolution is not None and resolution > LOW_RESOLUTION


def hydration_spread(energies: FilterEnergies, settings: Settings) -> float:
    """Standard error (kJ/mol) of the water leg: the truth may lie anywhere within the range of the published scales."""
    low, high = dehydration_range(*settings.pair, temperature=settings.temperature)
    return uniform_spread(low, high, energies.water_leg)


@dataclass(frozen=True)
class _Result:
    ddg: float
    errors: Mapping[str, float | None]
    ratio: float
    interval: Interval

    def score(self, interval_only: bool) -> RuleScore:
        return RuleScore(self.ddg, None if interval_only else self.ratio, self.interval)


class _Rules:
    """All rules on one filter, each with the errors that reach it; computed for the reference ion, then given its sign."""

    def __init__(self, energies: FilterEnergies, settings: Settings) -> None:
        self.settings = settings
        self.deviations = deviations(energies, settings)
        self.stretch = self.deviations.stretch

    def result(self, rule: str, first_profile: FirstProfile | None) -> _Result:
        central = self._central(rule, first_profile)
        errors = {
            "coordinates": self._rms(rule, first_profile, central, "coordinates"),
            "hydration": self._hydration_error(rule, first_profile, central),
            "sigma": self._range(rule, first_profile, central, "sigma"),
            "force_field": self._range(rule, first_profile, central, "force_field"),
            "sampling": self._rms(rule, first_profile, central, "sampling"),
            **self._own_errors(rule, first_profile),
        }
        temperature = self.settings.temperature
        ddg = central if self.settings.pair[0] == self.settings.reference else -central
        return _Result(
            ddg=ddg,
            errors=errors,
            ratio=permeability_ratio(ddg, temperature=temperature),
            interval=ratio_interval(ddg, quadrature(errors.values()), temperature=temperature),
        )

    def _central(self, rule: str, first_profile: FirstProfile | None) -> float:
        if rule == QUEUE:
            return queue_barrier(self.deviations.nodes, temperature=self.settings.temperature)
        return barrier_by_rule(
            rule,
            self.stretch,
            temperature=self.settings.temperature,
            first_profile=first_profile,
            access_length=self.settings.access_length,
        ).ddg_kj_mol

    def _moved(self, rule: str, first_profile: FirstProfile | None, moves: Moves) -> Vector:
        """The rule with ddG moved at the heights, in the sites and in the nodes, (m,) kJ/mol."""
        if rule == QUEUE:
            return moved_queue_barriers(self.deviations.nodes + moves.nodes, temperature=self.settings.temperature)
        return barriers_when_moved(
            rule,
            self.stretch,
            moves.along,
            moves.sites,
            temperature=self.settings.temperature,
            first_profile=first_profile,
            access_length=self.settings.access_length,
        )

    def _rms(self, rule: str, first_profile: FirstProfile | None, central: float, cause: str) -> float | None:
        moves = self.deviations.moves.get(cause)
        if moves is None:
            return None
        return float(np.sqrt(np.mean((self._moved(rule, first_profile, moves) - central) ** 2)))

    def _range(self, rule: str, first_profile: FirstProfile | None, central: float, cause: str) -> float | None:
        """The truth may lie anywhere between the value used and those of the variants."""
        moves = self.deviations.moves.get(cause)
        if moves is None:
            return None
        moved = self._moved(rule, first_profile, moves)
        return uniform_spread(float(min(central, *moved)), float(max(central, *moved)), central)

    def _hydration_error(self, rule: str, first_profile: FirstProfile | None, central: float) -> float:
        """Both ends of the published range through the rule; the truth may lie anywhere between."""
        settings = self.settings
        leg = dehydration_difference(*settings.searched, scale=settings.scale, temperature=settings.temperature)
        ends = np.array(dehydration_range(*settings.searched, temperature=settings.temperature))[:, None] - leg
        low, high = np.sort(self._moved(rule, first_profile, Moves(ends, ends, ends)))
        return uniform_spread(float(low), float(high), central)

    def _own_errors(self, rule: str, first_profile: FirstProfile | None) -> dict[str, float | None]:
        """What only this rule rests on: the generic numbers of the queue, or where K+'s own barriers stand."""
        temperature = self.settings.temperature
        if rule == QUEUE:
            found = queue_ratio_interval(
                self.deviations.nodes, spread=QueueSpread(), n_draws=2, temperature=temperature
            )
            return {"queue": quadrature(found.components_kj_mol.values())}
        if first_profile is not None:
            return {"k_profile": 0.0}
        access_length = self.settings.access_length
        return {
            "k_profile": first_profile_spread(rule, self.stretch, temperature=temperature, access_length=access_length)
        }


def _queue_score(file: FilterNodes, results: Mapping[str, _Result], settings: Settings) -> QueueScore:
    sign = 1.0 if settings.pair[0] == settings.reference else -1.0
    model = node_lattice(sign * file.ddg_kj_mol, ions=settings.searched)
    measured = queue_ratio(model, temperature=settings.temperature)
    return QueueScore(
        nodes=file.names,
        kinds=file.kinds,
        z_angstrom=tuple(file.z_angstrom.tolist()),
        ddg_kj_mol=tuple(file.ddg_kj_mol.tolist()),
        ddg_error_kj_mol=tuple(file.error_kj_mol.tolist()),
        waters=tuple(dict(each) for each in file.waters),
        reversal_mv=measured.reversal_mv,
        mean_ions=measured.mean_ions,
        ddg_barrier_kj_mol=results[QUEUE].ddg,
    )


def _affinity_score(chosen: _Rules, interval_only: bool) -> AffinityScore:
    affinity, well, barrier = measured_affinity_profile(chosen.stretch.planes)
    result = chosen.result("profile", affinity)
    ratio = None if interval_only else result.ratio
    return AffinityScore(result.ddg, ratio, result.interval, well_kj_mol=well, barrier_kj_mol=barrier)
