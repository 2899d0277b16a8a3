"""From ddG along the axis to one barrier difference, its error by cause, and the permeability ratio with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from selectivity.energetics.coordinate_error import LOW_RESOLUTION
from selectivity.energetics.hydration import dehydration_range
from selectivity.energetics.minimise import Minimum
from selectivity.energetics.propagation import weighted_error
from selectivity.permeation.barrier import (
    FirstProfile,
    Stretch,
    barrier_by_rule,
    first_profile_spread,
    measured_affinity_profile,
    tabulated_profile,
    trapezoid_lengths,
)
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.rules import RULES, Barrier
from selectivity.permeation.uncertainty import quadrature, ratio_interval, uniform_spread
from selectivity.pipeline.energies import FilterEnergies
from selectivity.pipeline.settings import Settings
from selectivity.score import AffinityScore, Interval, RuleScore

UNKNOWN_ERRORS: Mapping[str, float | None] = {"coordinates": None, "hydration": None, "k_profile": None}


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
    range_z: Interval | None = None
    interval_only: bool = False
    forced: bool = False


def permeability(energies: FilterEnergies, settings: Settings) -> Permeability:
    """The barrier difference by the chosen rule, with every rule beside it and the ratio at the measured K+ affinity."""
    forced = settings.force and not energies.conductive
    if not (energies.conductive or forced) or not energies.runs:
        return Permeability()
    stretch, points = conducting_stretch(energies)
    given = tabulated_profile(*settings.k_profile) if settings.k_profile is not None else None
    chosen = _Rules(energies, settings, stretch, points)
    results = {rule: chosen.result(rule, given) for rule in RULES}
    main = results[settings.rule]
    affinity, well, barrier = measured_affinity_profile(stretch.planes)
    beside = chosen.result("profile", affinity)
    interval_only = is_low_resolution(energies)
    return Permeability(
        ddg_kj_mol=main.ddg,
        error_kj_mol=quadrature(main.errors.values()),
        error_components=main.errors,
        ratio=None if interval_only else main.ratio,
        interval=main.interval,
        rules={rule: result.score(interval_only) for rule, result in results.items()},
        at_measured_affinity=_affinity_score(beside, well, barrier, interval_only) if "K" == settings.pair[0] else None,
        range_z=(float(stretch.z[0]), float(stretch.z[-1])),
        interval_only=interval_only,
        forced=forced,
    )


def is_low_resolution(energies: FilterEnergies) -> bool:
    """Whether the file says that it was resolved to worse than 3.0 Å, so that only the interval of a ratio means something."""
    resolution = energies.filter.provenance.resolution_angstrom
    return resolution is not None and resolution > LOW_RESOLUTION


def conducting_stretch(energies: FilterEnergies) -> tuple[Stretch, np.ndarray]:
    """The formed run of carbonyl-lined cages as plain numbers, and the profile's points in it.

    A filter that conducts has one run; where the survivors of a broken one are forced, their runs are put end to end.
    """
    profile = energies.profile
    points, lengths = [], []
    for run in energies.runs:
        inside = np.flatnonzero((profile.z >= run[0].z_low - 1e-9) & (profile.z <= run[-1].z_high + 1e-9))
        points.append(inside)
        lengths.append(trapezoid_lengths(profile.z[inside]))
    sites = [site for run in energies.runs for site in run]
    planes = sorted({edge for site in sites for edge in (site.z_low, site.z_high)})
    joined = np.concatenate(points)
    stretch = Stretch(
        z=profile.z[joined],
        lengths=np.concatenate(lengths),
        ddg=energies.ddg[joined],
        planes=np.array(planes),
        site_z=np.array([0.5 * (site.z_low + site.z_high) for site in sites]),
        site_lengths=np.array([site.z_high - site.z_low for site in sites]),
        site_ddg=np.array([energies.site(site.name).ddg_kj_mol for site in sites]),
    )
    return stretch, joined


@dataclass(frozen=True)
class _Result:
    ddg: float
    errors: Mapping[str, float | None]
    ratio: float
    interval: Interval

    def score(self, interval_only: bool) -> RuleScore:
        return RuleScore(self.ddg, None if interval_only else self.ratio, self.interval)


@dataclass(frozen=True)
class _Rules:
    """All rules on one stretch, with the errors that their weights carry over from the profile and the sites."""

    energies: FilterEnergies
    settings: Settings
    stretch: Stretch
    points: np.ndarray

    def result(self, rule: str, first_profile: FirstProfile | None) -> _Result:
        temperature, access = self.settings.temperature, self.settings.access_length
        barrier = barrier_by_rule(
            rule, self.stretch, temperature=temperature, first_profile=first_profile, access_length=access
        )
        flat = first_profile is None
        spread = first_profile_spread(rule, self.stretch, temperature=temperature, access_length=access) if flat else 0.0
        errors = {
            "coordinates": self._coordinate_error(rule, barrier),
            "hydration": float(barrier.weights.sum()) * hydration_spread(self.energies, self.settings),
            "k_profile": spread,
        }
        return _Result(
            ddg=barrier.ddg_kj_mol,
            errors=errors,
            ratio=permeability_ratio(barrier.ddg_kj_mol, temperature=temperature),
            interval=ratio_interval(barrier.ddg_kj_mol, quadrature(errors.values()), temperature=temperature),
        )

    def _coordinate_error(self, rule: str, barrier: Barrier) -> float:
        energies = self.energies
        if rule == "sites":
            names = [site.name for run in energies.runs for site in run]
            minima: list[Mapping[str, Minimum]] = [energies.site(name).minima for name in names]
        else:
            pair = self.settings.pair
            minima = [{ion: energies.profile.minima[ion][point] for ion in pair} for point in self.points]
        return weighted_error(
            energies.system,
            self.settings.pair,
            minima,
            list(barrier.weights),
            energies.ligand_errors,
            rigid=self.settings.rigid,
        )


def hydration_spread(energies: FilterEnergies, settings: Settings) -> float:
    """Standard error (kJ/mol) of the water leg: the truth may lie anywhere within the range of the published scales."""
    low, high = dehydration_range(*settings.pair, temperature=settings.temperature)
    return uniform_spread(low, high, energies.water_leg)


def _affinity_score(result: _Result, well: float, barrier: float, interval_only: bool) -> AffinityScore:
    ratio = None if interval_only else result.ratio
    return AffinityScore(result.ddg, ratio, result.interval, well_kj_mol=well, barrier_kj_mol=barrier)
