"""How far do the numbers of the energy model move ddG? Softer and stiffer oxygens, the other force field, in the same arrangements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.minimise import Minimum, Region, minimise
from selectivity.errors import SelectivityError
from selectivity.pipeline.settings import Settings
from selectivity.structure.filter import Filter

Vector = NDArray[np.float64]

OTHER_FIELD = {"charmm36": "amber", "amber": "charmm36", "amber-lsm": "charmm36"}
"""The force field that stands beside each."""

SIGMA_SPREAD = 0.05
"""Å; the calibrated softness is taken to be known to a sixth (source: this_package, assumed; not measured)."""


@dataclass(frozen=True)
class Point:
    """Where ddG is wanted: the minima of both ions there and either the height they are held at or the walls of their site."""

    minima: Mapping[str, Minimum]
    region: Region
    fixed_z: float | None


def model_shifts(
    filter: Filter, system: LigandSystem, points: Sequence[Point], ions: tuple[str, str], settings: Settings
) -> dict[str, Vector]:
    """Changes of ddG (kJ/mol, positive for the first of ``ions``) at n points, by cause: "sigma" (2, n), "force_field" (1, n).

    Each variant is minimised again from the arrangements already found, so that one basin is compared with itself. A force field
    goes with its own water leg where the settings say so. Causes that do not apply (sigma of a rigid filter or from B-factors, a
    force field without these ions) are missing.
    """
    here = _ddg(system, points, ions, settings)
    shifts = {}
    if not isinstance(settings.sigma, str) and not settings.rigid:
        widths = (settings.sigma - SIGMA_SPREAD, settings.sigma + SIGMA_SPREAD)
        variants = [filter_ligands(filter, force_field=settings.force_field, sigma=max(width, 0.05)) for width in widths]
        shifts["sigma"] = np.array([_ddg(variant, points, ions, settings) - here for variant in variants])
    other = _other_field(filter, OTHER_FIELD[settings.force_field], points, ions, settings)
    if other is not None:
        shifts["force_field"] = (other - here)[None]
    return shifts


def _other_field(
    filter: Filter, name: str, points: Sequence[Point], ions: tuple[str, str], settings: Settings
) -> Vector | None:
    changed = replace(settings, force_field=name)
    try:
        system = filter_ligands(filter, force_field=name, sigma=settings.sigma)  # type: ignore[arg-type]
        return _ddg(system, points, ions, changed)
    except SelectivityError:  # this force field has no such ion, or no water leg for it
        return None


def _ddg(system: LigandSystem, points: Sequence[Point], ions: tuple[str, str], settings: Settings) -> Vector:
    first, second = (
        np.array([_energy(system, ion, point, settings.rigid) for point in points]) for ion in ions
    )
    scale = hydration_scale(settings.hydration, force_field=settings.force_field)
    return second - first + dehydration_difference(*ions, scale=scale, temperature=settings.temperature)


def _energy(system: LigandSystem, ion: str, point: Point, rigid: bool) -> float:
    found = minimise(system, ion, region=point.region, fixed_z=point.fixed_z, rigid=rigid, warm=point.minima[ion])
    return found.energy_kj_mol
