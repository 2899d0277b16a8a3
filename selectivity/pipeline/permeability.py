"""From ddG along the axis to one barrier difference, its error by cause, and the permeability ratio with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.coordinate_error import LOW_RESOLUTION
from selectivity.energetics.hydration import dehydration_difference, dehydration_range
from selectivity.energetics.propagation import height_basins, sampled_ddg, site_basins
from selectivity.permeation.barrier import (
    FirstProfile,
    Stretch,
    barrier_by_rule,
    barriers_when_moved,
    first_profile_spread,
    measured_affinity_profile,
    tabulated_profile,
    trapezoid_lengths,
)
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.rules import RULES
from selectivity.permeation.uncertainty import quadrature, ratio_interval, uniform_spread
from selectivity.pipeline.energies import FilterEnergies
from selectivity.pipeline.settings import Settings
from selectivity.score import AffinityScore, Interval, RuleScore

Vector = NDArray[np.float64]

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
    given = tabulated_profile(*settings.k_profile) if settings.k_profile is not None else None
    chosen = _Rules(energies, settings)
    results = {rule: chosen.result(rule, given) for rule in RULES}
    main = results[settings.rule]
    affinity, well, barrier = measured_affinity_profile(chosen.stretch.planes)
    beside = chosen.result("profile", affinity)
    interval_only = is_low_resolution(energies)
    return Permeability(
        ddg_kj_mol=main.ddg,
        error_kj_mol=quadrature(main.errors.values()),
        error_components=main.errors,
        ratio=None if interval_only else main.ratio,
        interval=main.interval,
        rules={rule: result.score(interval_only) for rule, result in results.items()},
        at_measured_affinity=_affinity_score(beside, well, barrier, interval_only) if "K" in settings.pair else None,
        range_z=(float(chosen.stretch.z[0]), float(chosen.stretch.z[-1])),
        interval_only=interval_only,
        forced=forced,
    )


def is_low_resolution(energies: FilterEnergies) -> bool:
    """Whether the file says that it was resolved to worse than 3.0 Å, so that only the interval of a ratio means something."""
    resolution = energies.filter.provenance.resolution_angstrom
    return resolution is not None and resolution > LOW_RESOLUTION


def conducting_stretch(energies: FilterEnergies, reference: str) -> tuple[Stretch, np.ndarray]:
    """The formed run of carbonyl-lined cages as plain numbers, ddG positive for the reference ion, and the profile's points in it.

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
    sign = 1.0 if energies.ions[0] == reference else -1.0
    stretch = Stretch(
        z=profile.z[joined],
        lengths=np.concatenate(lengths),
        ddg=sign * energies.ddg[joined],
        planes=np.array(planes),
        site_z=np.array([0.5 * (site.z_low + site.z_high) for site in sites]),
        site_lengths=np.array([site.z_high - site.z_low for site in sites]),
        site_ddg=sign * np.array([energies.site(site.name).ddg_kj_mol for site in sites]),
    )
    return stretch, joined


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
    """All rules on one stretch, each with the errors that reach it; computed for the reference ion, then given its sign."""

    def __init__(self, energies: FilterEnergies, settings: Settings) -> None:
        self.energies, self.settings = energies, settings
        self.stretch, points = conducting_stretch(energies, settings.reference)
        profile, pair = energies.profile, settings.searched
        rigid, rings = settings.rigid, energies.filter.rings
        along = [height_basins(energies.system, profile, int(point), rigid=rigid) for point in points]
        in_sites = [
            site_basins(energies.site(site.name), rings, energies.system, profile, rigid=rigid)
            for run in energies.runs
            for site in run
        ]
        self.moves, self.site_moves = (
            sampled_ddg(energies.system, pair, basins, energies.ligand_errors, rigid=rigid, seed=settings.seed)
            for basins in (along, in_sites)
        )

    def result(self, rule: str, first_profile: FirstProfile | None) -> _Result:
        temperature = self.settings.temperature
        central = barrier_by_rule(
            rule,
            self.stretch,
            temperature=temperature,
            first_profile=first_profile,
            access_length=self.settings.access_length,
        ).ddg_kj_mol
        errors = {
            "coordinates": self._coordinate_error(rule, first_profile, central),
            "hydration": self._hydration_error(rule, first_profile, central),
            "k_profile": first_profile_spread(
                rule, self.stretch, temperature=temperature, access_length=self.settings.access_length
            )
            if first_profile is None
            else 0.0,
        }
        ddg = central if self.settings.pair[0] == self.settings.reference else -central
        return _Result(
            ddg=ddg,
            errors=errors,
            ratio=permeability_ratio(ddg, temperature=temperature),
            interval=ratio_interval(ddg, quadrature(errors.values()), temperature=temperature),
        )

    def _moved(self, rule: str, first_profile: FirstProfile | None, along: Vector, sites: Vector) -> Vector:
        """The rule with ddG moved by ``along`` (m, n) at the heights and by ``sites`` (m, s) in the sites, (m,) kJ/mol."""
        return barriers_when_moved(
            rule,
            self.stretch,
            along,
            sites,
            temperature=self.settings.temperature,
            first_profile=first_profile,
            access_length=self.settings.access_length,
        )

    def _coordinate_error(self, rule: str, first_profile: FirstProfile | None, central: float) -> float:
        moved = self._moved(rule, first_profile, self.moves, self.site_moves)
        return float(np.sqrt(np.mean((moved - central) ** 2)))

    def _hydration_error(self, rule: str, first_profile: FirstProfile | None, central: float) -> float:
        """Both ends of the published range through the rule; the truth may lie anywhere between."""
        settings = self.settings
        leg = dehydration_difference(*settings.searched, scale=settings.scale, temperature=settings.temperature)
        ends = np.array(dehydration_range(*settings.searched, temperature=settings.temperature))[:, None] - leg
        low, high = np.sort(self._moved(rule, first_profile, ends, ends))
        return uniform_spread(float(low), float(high), central)


def _affinity_score(result: _Result, well: float, barrier: float, interval_only: bool) -> AffinityScore:
    ratio = None if interval_only else result.ratio
    return AffinityScore(result.ddg, ratio, result.interval, well_kj_mol=well, barrier_kj_mol=barrier)
