"""How far do the numbers of the energy model move ddG? Softer and stiffer oxygens, the other force field, in the same arrangements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.energetics.ligands import LigandSystem, Sigma, filter_ligands
from selectivity.energetics.minimise import Minimum, Region, minimise
from selectivity.energetics.profile import PoreProfile
from selectivity.errors import SelectivityError
from selectivity.structure.filter import Filter

Vector = NDArray[np.float64]

OTHER_FIELD = {"charmm36": "amber", "amber": "charmm36", "amber-lsm": "charmm36"}
"""The force field that stands beside each of the package's own; beside a user's own stands charmm36."""

SIGMA_SPREAD = 0.05
"""Å; the calibrated softness is taken to be known to a sixth (source: this_package, assumed; not measured)."""


@dataclass(frozen=True)
class Model:
    """The energy model in use: softness ``sigma`` (Å, "bfactor" or none when ``rigid``), force field, water leg and temperature (K)."""

    sigma: Sigma
    force_field: str
    hydration: str
    temperature: float
    rigid: bool = False


@dataclass(frozen=True)
class Point:
    """Where ddG is wanted: the minima of both ions there and either the height they are held at or the walls of their site."""

    minima: Mapping[str, Minimum]
    region: Region
    fixed_z: float | None


def held_point(profile: PoreProfile, index: int) -> Point:
    """A height of a profile, where both ions are held."""
    return Point(
        {ion: profile.minima[ion][index] for ion in profile.ions},
        Region(lateral_radius=float(profile.lateral[index])),
        float(profile.z[index]),
    )


def model_shifts(
    filter: Filter, system: LigandSystem, points: Sequence[Point], ions: Sequence[str], model: Model
) -> dict[str, Vector]:
    """Changes of ddG (kJ/mol, positive for the first of ``ions``) at n points, by cause: "sigma" (2, n), "force_field" (1, n).

    Each variant is minimised again from the arrangements already found, so that one basin is compared with itself. The water leg
    stays the same: how far it may be wrong is an error of its own. Causes that do not apply (sigma of a rigid filter or from B-factors, a
    force field without these ions) are missing.
    """
    here = _ddg(system, points, ions, model)
    shifts = {}
    if not isinstance(model.sigma, str) and not model.rigid:
        widths = (model.sigma - SIGMA_SPREAD, model.sigma + SIGMA_SPREAD)
        variants = [filter_ligands(filter, force_field=model.force_field, sigma=max(width, 0.05)) for width in widths]
        shifts["sigma"] = np.array([_ddg(variant, points, ions, model) - here for variant in variants])
    other = _other_field(filter, OTHER_FIELD.get(model.force_field, "charmm36"), points, ions, model)
    if other is not None:
        shifts["force_field"] = (other - here)[None]
    return shifts


def _other_field(
    filter: Filter, name: str, points: Sequence[Point], ions: Sequence[str], model: Model
) -> Vector | None:
    changed = replace(model, force_field=name, hydration=hydration_scale(model.hydration, force_field=model.force_field))
    try:
        system = filter_ligands(filter, force_field=name, sigma=model.sigma)
        return _ddg(system, points, ions, changed)
    except SelectivityError:  # this force field has no such ion
        return None


def _ddg(system: LigandSystem, points: Sequence[Point], ions: Sequence[str], model: Model) -> Vector:
    first, second = (np.array([_energy(system, ion, point, model.rigid) for point in points]) for ion in ions)
    scale = hydration_scale(model.hydration, force_field=model.force_field)
    return second - first + dehydration_difference(ions[0], ions[1], scale=scale, temperature=model.temperature)


def _energy(system: LigandSystem, ion: str, point: Point, rigid: bool) -> float:
    found = minimise(system, ion, region=point.region, fixed_z=point.fixed_z, rigid=rigid, warm=point.minima[ion])
    return found.energy_kj_mol
