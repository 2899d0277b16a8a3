"""What do two ions meet on their way through a filter, and which ratio follows? Profiles, wells, barriers, nodes, rule "profile".

result = along_pore(filter)                        # thermal, water where water is
result.extremes["Na"][0].words                     # "well in the plane T75 OG1"
result.ratio("flat").permeability_ratio            # P_K/P_Na with W_K = 0; "modelled", "measured", "given" beside it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from selectivity.along_pore.result import AlongPore, Curves
from selectivity.along_pore.settings import K_PROFILES, TREATMENTS, KProfile, Settings, checked
from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.coordinate_error import LOW_RESOLUTION, atom_errors
from selectivity.energetics.coordination import coordinate, formed_run, is_conductive
from selectivity.energetics.hydration import dehydration_difference, dehydration_range
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.model_spread import held_point, model_shifts
from selectivity.energetics.profile import SPACING as STILL_SPACING
from selectivity.energetics.profile import PoreProfile, pore_profile
from selectivity.energetics.profile_features import Landmarks, landmarks, wells_and_barriers
from selectivity.energetics.profile_nodes import Average, Node, profile_nodes
from selectivity.energetics.propagation import height_basins, ligand_errors, sampled_ddg
from selectivity.energetics.thermal import Sampling
from selectivity.energetics.thermal_profile import thermal_profile
from selectivity.permeation.profile_choices import KnownProfile, RatioChoice, ratio_choices
from selectivity.permeation.rules import ACCESS_LENGTH_ANGSTROM
from selectivity.structure.filter import Filter, Site

__all__ = ["K_PROFILES", "TREATMENTS", "AlongPore", "Curves", "Settings", "along_pore"]

Vector = NDArray[np.float64]

FINE = 0.05
"""Å; a thermal profile is integrated through its spline at this spacing: exp(W/RT) changes tenfold within 0.2 Å of a top."""


def along_pore(
    filter: Filter,
    *,
    ions: Sequence[str] = ("K", "Na"),
    treatment: str = "thermal",
    hydration_state: str | None = None,
    spacing: float | None = None,
    k_profile: KProfile = "flat",
    access_length: float = ACCESS_LENGTH_ANGSTROM,
    sigma: float | str = 0.30,
    force_field: str = "charmm36",
    hydration: str = "force-field",
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    open_sampling: Sampling | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> AlongPore:
    """Profiles of two ions along a filter, their wells and barriers, nodes, and P_first/P_second by the rule "profile".

    ``hydration_state`` is "accessible" (thermal only, and its default), "flanked" (thermal only) or "dry"; ``spacing`` in Å (0.5
    thermal, 0.25 else); ``k_profile`` "flat", "modelled" or (heights Å, energies kJ/mol) of K+ against the baths (without K+ in
    the pair: of the ion that water holds less); sampling, seed, jobs and progress are those of `thermal_profile`. The range of
    the rule lies between the carbonyl planes of the formed cages; with water it begins at the hydroxyl plane, since S4 then has
    its water.

    Raises UnknownChoice (a name that is not among the choices), OutOfRange (a number outside its range), EnergyRefused (ligands
    that the energy model does not cover). A filter that does not conduct has profiles and no ratio.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> result = along_pore(ideal_filter("kcsa-like"), treatment="rigid")
    >>> [each.name for each in result.ratios], result.ratio("flat").permeability_ratio > 1.0
    (['flat', 'modelled', 'measured'], True)
    """
    settings = checked(
        ions, treatment, hydration_state, k_profile, temperature, spacing=spacing, access_length=access_length,
        sigma=sigma, force_field=force_field, hydration=hydration, seed=seed,
    )  # fmt: skip
    marks = landmarks(filter)
    system = filter_ligands(filter, force_field=force_field, sigma=sigma)  # type: ignore[arg-type]
    still = _still_profile(filter, system, settings)
    if treatment == "thermal":
        curves = _thermal_curves(filter, settings, sampling, open_sampling, jobs, progress)
    else:
        curves = _still_curves(still, settings, marks)
    conductive, reason, run = _conducting_run(filter, settings)
    ratios = _ratios(filter, system, settings, still, curves, run) if conductive and run else ()
    extremes = {
        ion: wells_and_barriers(curves.z, curves.w[ion], marks, temperature=temperature) for ion in settings.ions
    }
    return AlongPore(
        source=filter.provenance.source,
        settings=settings.plain() | {"spacing": float(np.diff(curves.z).max())},
        ions=settings.ions,
        reference=settings.reference,
        marks=marks,
        curves=curves,
        extremes=extremes,
        nodes=_nodes(curves, settings, marks, "occupancy"),
        barrier_nodes=_nodes(curves, settings, marks, "resistance"),
        conductive=conductive,
        conductive_reason=reason,
        integrated=(run[0].z_low, run[-1].z_high) if ratios else None,
        ratios=ratios,
        chosen=settings.chosen,
        warnings=(*filter.warnings, *curves.warnings),
        sources=settings.sources(system.kinds),
    )


def _still_profile(filter: Filter, system: LigandSystem, settings: Settings) -> PoreProfile:
    """Lowest energies at held heights: the curves of rigid and relaxed, and for all the arrangements that coordinate errors move."""
    spacing = STILL_SPACING if settings.spacing is None or settings.treatment == "thermal" else settings.spacing
    return pore_profile(filter.sites, system, settings.searched, rigid=settings.treatment == "rigid", spacing=spacing)


def _still_curves(still: PoreProfile, settings: Settings, marks: Landmarks) -> Curves:
    planes = marks.heights
    inside = np.flatnonzero((still.z >= planes[0] - 1e-9) & (still.z <= planes[-1] + 1e-9))
    z = still.z[inside]
    _, low, high = marks.cages[len(marks.cages) // 2]
    zero = int(np.abs(z - 0.5 * (low + high)).argmin())
    energies = {ion: still.energies(ion)[inside] for ion in settings.ions}
    first, second = settings.ions
    nothing = {ion: np.zeros(len(z)) for ion in settings.ions}
    return Curves(
        z, energies[second] - energies[first] + settings.gap, None, {ion: e - e[zero] for ion, e in energies.items()}, None,
        float(z[zero]), ((),) * len(z), nothing, (), (),
    )  # fmt: skip


def _thermal_curves(
    filter: Filter,
    settings: Settings,
    sampling: Sampling | None,
    open_sampling: Sampling | None,
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> Curves:
    how: dict[str, Any] = {} if settings.spacing is None else {"spacing": settings.spacing}
    found = thermal_profile(
        filter, ions=settings.ions, hydration_state=settings.hydration_state, force_field=settings.force_field,
        sigma=settings.sigma, hydration=settings.hydration, temperature=settings.temperature, sampling=sampling,  # type: ignore[arg-type]
        open_sampling=open_sampling, seed=settings.seed, jobs=jobs, progress=progress, **how,
    )  # fmt: skip
    return Curves(
        found.z, found.ddg, found.ddg_error, found.w, found.w_covariance, found.zero_at, found.ends, found.waters,
        found.steps, found.warnings, found.consistency,
    )  # fmt: skip


def _conducting_run(filter: Filter, settings: Settings) -> tuple[bool, str, tuple[Site, ...]]:
    """Whether the filter conducts, why, and the cages between whose planes the rule integrates."""
    coordinations = tuple(coordinate(filter, site, ions=settings.ions) for site in filter.sites)
    conductive, reason = is_conductive(filter, coordinations)
    if settings.hydration_state == "dry":
        runs = formed_run(filter, coordinations)
        return conductive, reason, runs[0] if conductive and runs else ()
    formed = [s for s, c in zip(filter.sites, coordinations, strict=True) if s.dehydrated and c.formed]
    return conductive, reason, tuple(formed) if conductive else ()


def _ratios(
    filter: Filter, system: LigandSystem, settings: Settings, still: PoreProfile, curves: Curves, run: Sequence[Site]
) -> tuple[RatioChoice, ...]:
    low, high = run[0].z_low, run[-1].z_high
    at, operator = _integration(curves, low, high)
    turned = settings.ions[0] != settings.reference
    leg = dehydration_difference(*settings.searched, scale=settings.scale, temperature=settings.temperature)
    shifts = dehydration_range(*settings.searched, temperature=settings.temperature)
    reference = settings.reference
    moves, variants = _moves(filter, system, settings, still, curves.z)
    known = KnownProfile(
        at=at,
        operator=operator,
        ddg=-curves.ddg if turned else curves.ddg,
        w=curves.w[reference],
        ddg_error=curves.ddg_error,
        w_covariance=None if curves.w_covariance is None else curves.w_covariance[reference],
        moves=moves,
        shifts=(shifts[0] - leg, shifts[1] - leg),
        planes=np.array(sorted({edge for site in run for edge in (site.z_low, site.z_high)})),
        variants=variants,
    )
    resolution = filter.provenance.resolution_angstrom
    return ratio_choices(
        known, temperature=settings.temperature, access_length=settings.access_length, given=settings.given,
        is_potassium=reference == "K", inverted=turned,
        interval_only=resolution is not None and resolution > LOW_RESOLUTION,
    )  # fmt: skip


def _integration(curves: Curves, low: float, high: float) -> tuple[Vector, Vector]:
    """Where the rule integrates (f,), and the map (f, n) from the heights: themselves, or the spline of a sampled profile."""
    if curves.ddg_error is None:
        inside = np.flatnonzero((curves.z >= low - 1e-9) & (curves.z <= high + 1e-9))
        return curves.z[inside], np.eye(len(curves.z))[inside]
    at = np.linspace(low, high, 2 + int((high - low) / FINE))
    return at, CubicSpline(curves.z, np.eye(len(curves.z)))(at)


def _moves(
    filter: Filter, system: LigandSystem, settings: Settings, still: PoreProfile, z: Vector
) -> tuple[Vector, dict[str, Vector]]:
    """Changes of ddG at the heights z (n,), kJ/mol, from the minima at rest: in filters that the coordinate errors allow (m, n), and
    by cause for other numbers of the energy model (v, n)."""
    near = np.flatnonzero((still.z >= z[0] - STILL_SPACING) & (still.z <= z[-1] + STILL_SPACING))
    rigid = settings.treatment == "rigid"
    moves = sampled_ddg(
        system, settings.searched, [height_basins(system, still, int(i), rigid=rigid) for i in near],
        ligand_errors(filter, system, atom_errors(filter)), rigid=rigid, seed=settings.seed,
    )  # fmt: skip
    points = [held_point(still, int(i)) for i in near]
    shifts = model_shifts(filter, system, points, settings.searched, settings.model)

    def at_heights(rows: Vector) -> Vector:
        return np.array([np.interp(z, still.z[near], row) for row in rows])

    return at_heights(moves), {cause: at_heights(rows) for cause, rows in shifts.items()}


def _nodes(curves: Curves, settings: Settings, marks: Landmarks, planes_as: Average) -> tuple[Node, ...]:
    first = settings.ions[0]
    return profile_nodes(
        curves.z, curves.ddg, curves.w[first], marks.heights, temperature=settings.temperature, planes_as=planes_as,
        ddg_error=curves.ddg_error, w_first_covariance=None if curves.w_covariance is None else curves.w_covariance[first],
        plane_names=[name for name, _ in marks.planes], cage_names=[name for name, _, _ in marks.cages],
    )  # fmt: skip
