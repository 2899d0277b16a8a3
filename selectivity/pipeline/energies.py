"""From the geometry of a filter to the energies of both ions: in its sites and along its axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.coordinate_error import AtomErrors, atom_errors
from selectivity.energetics.coordination import Coordination, coordinate, formed_run, is_conductive
from selectivity.energetics.hydration import dehydration_difference, hydration_free_energy
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.occupants import occupied_system
from selectivity.energetics.profile import PoreProfile, pore_profile
from selectivity.energetics.propagation import LigandErrors, ligand_errors
from selectivity.energetics.site_energies import SiteEnergy, site_energies
from selectivity.pipeline.settings import Settings
from selectivity.pipeline.thermal import Progress, ThermalEnergies, thermal_energies
from selectivity.structure.filter import Filter, Site

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class FilterEnergies:
    """Everything about one filter that the later stages read; ``runs`` are the formed cages between carbonyl planes."""

    filter: Filter
    ions: tuple[str, str]
    coordinations: tuple[Coordination, ...]
    conductive: bool
    conductive_reason: str
    runs: tuple[tuple[Site, ...], ...]
    system: LigandSystem
    profile: PoreProfile
    sites: tuple[SiteEnergy, ...]
    water_leg: float
    atom_errors: AtomErrors
    ligand_errors: LigandErrors
    thermal: ThermalEnergies | None = None

    @property
    def ddg(self) -> Vector:
        """ddG along the axis, kJ/mol, positive for the first ion."""
        first, second = self.ions
        return self.profile.energies(second) - self.profile.energies(first) + self.water_leg

    def site(self, name: str) -> SiteEnergy:
        """The energies of one site by name."""
        return next(energy for energy in self.sites if energy.site.name == name)

    @property
    def formed_cages(self) -> tuple[str, ...]:
        """Names of the cages that hold an ion, from the cavity outward."""
        formed = {each.site for each in self.coordinations if each.formed}
        return tuple(site.name for site in self.filter.sites if site.lining == "cage" and site.name in formed)

    def site_ddg(self, name: str) -> float:
        """ddG of a site by the treatment that was asked for, kJ/mol."""
        if self.thermal is None:
            return self.site(name).ddg_kj_mol
        return self.thermal.sites[name].exchange.delta_kj_mol + self.water_leg

    def site_sampling_error(self, name: str) -> float:
        """Standard error of a sampled site, kJ/mol; 0 where nothing was sampled."""
        return 0.0 if self.thermal is None else self.thermal.sites[name].exchange.error_kj_mol


def filter_energies(
    filter: Filter, settings: Settings, profile: PoreProfile | None = None, progress: Progress | None = None
) -> FilterEnergies:
    """Coordination, site energies and profiles of both ions; EnergyRefused where the ligands are not covered.

    ``profile`` is that of this filter where it is known already (the points of a scan); None: searched here. A thermal treatment
    samples every formed site and the nodes of the queue as well; the relaxed energies beside it carry the errors of the coordinates.
    """
    system = filter_ligands(filter, force_field=settings.force_field, sigma=settings.sigma)  # type: ignore[arg-type]
    occupied_system(filter, system, settings.occupants)  # refuses what cannot stand in its sites before anything is computed
    coordinations = tuple(coordinate(filter, site, ions=settings.pair) for site in filter.sites)
    conductive, reason = is_conductive(filter, coordinations)
    dehydration = {
        ion: -hydration_free_energy(ion, scale=settings.scale, temperature=settings.temperature)
        for ion in settings.pair
    }
    if profile is None:
        profile = pore_profile(filter.sites, system, settings.searched, rigid=settings.rigid)
    errors = atom_errors(filter)
    return FilterEnergies(
        filter=filter,
        ions=settings.pair,
        coordinations=coordinations,
        conductive=conductive,
        conductive_reason=reason,
        runs=formed_run(filter, coordinations),
        system=system,
        profile=profile,
        sites=site_energies(
            filter.sites, filter.rings, system, profile, settings.pair, dehydration, rigid=settings.rigid
        ),
        water_leg=dehydration_difference(*settings.pair, scale=settings.scale, temperature=settings.temperature),
        atom_errors=errors,
        ligand_errors=ligand_errors(filter, system, errors),
        thermal=_sampled(filter, system, coordinations, conductive, settings, progress) if settings.thermal else None,
    )


def _sampled(
    filter: Filter,
    system: LigandSystem,
    coordinations: tuple[Coordination, ...],
    conductive: bool,
    settings: Settings,
    progress: Progress | None,
) -> ThermalEnergies:
    formed = [site for site, each in zip(filter.sites, coordinations, strict=True) if each.formed]
    cages = [site for site in formed if site.lining == "cage"] if conductive or settings.force else []
    return thermal_energies(filter, system, formed, cages, settings, progress)
