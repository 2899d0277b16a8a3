"""The sites of a score: geometry, balance sheet and error of each, side by side."""

from __future__ import annotations

from typing import Any

from selectivity.energetics.coordination import Coordination
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.model_spread import Point, model_shifts
from selectivity.energetics.propagation import site_error
from selectivity.energetics.site_energies import SiteEnergy
from selectivity.permeation.uncertainty import quadrature, uniform_spread
from selectivity.pipeline.energies import FilterEnergies
from selectivity.pipeline.permeability import hydration_spread
from selectivity.pipeline.sampled_sites import sampled_site
from selectivity.pipeline.settings import Settings
from selectivity.score import SiteScore


def site_scores(energies: FilterEnergies, settings: Settings) -> tuple[SiteScore, ...]:
    """One `SiteScore` for each site from the cavity outward; energies are None where the site is not formed."""
    return tuple(
        _formed(energies, coordination, energy, settings) if coordination.formed else _unformed(coordination, energy)
        for coordination, energy in zip(energies.coordinations, energies.sites, strict=True)
    )


def _formed(energies: FilterEnergies, coordination: Coordination, energy: SiteEnergy, settings: Settings) -> SiteScore:
    coordinates, resampled = site_error(
        energy,
        energies.filter.rings,
        energies.system,
        energies.profile,
        energies.ligand_errors,
        rigid=settings.rigid,
        seed=settings.seed,
    )
    components = {
        "coordinates": coordinates,
        "hydration": hydration_spread(energies, settings),
        **_model_errors(energies, energy, settings),
        "sampling": energies.site_sampling_error(coordination.site),
    }
    reason = coordination.reason + ("; a basin may change: its error was resampled" if resampled else "")
    return SiteScore(
        **_geometry(coordination, energy),
        reason=reason,
        ddg_kj_mol=energies.site_ddg(coordination.site),
        ddg_error_kj_mol=quadrature(components.values()),
        error_components_kj_mol=components,
        **(_at_rest(energy) if energies.thermal is None else sampled_site(energies, energy)),
    )


def _at_rest(energy: SiteEnergy) -> dict[str, Any]:
    return {
        "terms_kj_mol": {name: {**sheet, "entropy": 0.0} for name, sheet in energy.balance().items()},
        "basin": dict(energy.basin),
        "ion_z_angstrom": {ion: float(energy.minima[ion].ion_positions[0, 2]) for ion in energy.ions},
        "at_wall": dict(energy.at_wall),
    }


def _model_errors(energies: FilterEnergies, energy: SiteEnergy, settings: Settings) -> dict[str, float | None]:
    """Errors of ddG (kJ/mol) from the softness of the oxygens and from the choice of force field."""
    walls = Region(energy.site.z_low, energy.site.z_high, energy.site.lateral_radius)
    point = Point(energy.minima, walls, None)
    shifts = model_shifts(energies.filter, energies.system, [point], settings.pair, settings.model)
    return {
        cause: uniform_spread(min(0.0, *moved[:, 0]), max(0.0, *moved[:, 0]), 0.0)
        if (moved := shifts.get(cause)) is not None
        else None
        for cause in ("sigma", "force_field")
    }


def _unformed(coordination: Coordination, energy: SiteEnergy) -> SiteScore:
    return SiteScore(
        **_geometry(coordination, energy),
        reason=coordination.reason,
        ddg_kj_mol=None,
        ddg_error_kj_mol=None,
        error_components_kj_mol=dict.fromkeys(("coordinates", "hydration", "sigma", "force_field", "sampling")),
        terms_kj_mol=None,
        basin=dict.fromkeys(energy.ions),
        ion_z_angstrom=dict.fromkeys(energy.ions),
        at_wall=dict.fromkeys(energy.ions, False),
    )


def _geometry(coordination: Coordination, energy: SiteEnergy) -> dict:
    return {
        "site": coordination.site,
        "formed": coordination.formed,
        "dehydrated": energy.site.dehydrated,
        "coordination_number": coordination.number,
        "mean_distance_angstrom": coordination.mean_distance,
        "distance_spread_angstrom": coordination.distance_spread,
        "coordination_point": coordination.point_name,
        "ring_radii_angstrom": coordination.ring_radii,
        "bond_valence": coordination.valence,
    }
