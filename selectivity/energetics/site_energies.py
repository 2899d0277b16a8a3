"""What does each site prefer? Both ions at their minima between the site's planes, and the balance sheet of exchanging them.

    ddG(site) = [G(second) - G(first)] - [G_water(second) - G_water(first)],     positive: the site prefers the first ion

A binding preference, not a permeability: that is decided by the tops of the profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.arrangements import alike
from selectivity.energetics.basins import PLANE_SHARE
from selectivity.energetics.hamiltonian import EnergyTerms
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import Minimum, Region, minimise, site_starts
from selectivity.energetics.profile import PoreProfile
from selectivity.structure.filter import Ring, Site

Vector = NDArray[np.float64]

WALL_MARGIN = 0.2
"""Å; an ion this close to a wall is held by the wall, and its number belongs to it (docs/theory.md section 2)."""


@dataclass(frozen=True)
class SiteEnergy:
    """One site under both ions, kJ/mol.

    ``minima``, ``basin`` ("cage", or the name of the ring in whose plane it rests), ``at_wall`` and ``dehydration`` are by ion;
    ``empty`` is the same filter without an ion, so that each ion's balance sheet counts from there.
    """

    site: Site
    ions: tuple[str, str]
    minima: Mapping[str, Minimum]
    empty: EnergyTerms
    basin: Mapping[str, str]
    at_wall: Mapping[str, bool]
    dehydration: Mapping[str, float]

    @property
    def ddg_kj_mol(self) -> float:
        """Binding preference of the site, positive for the first ion."""
        first, second = self.ions
        return self.total(second) - self.total(first)

    def total(self, ion: str) -> float:
        """Free energy of moving an ion from water into the otherwise empty, dry site."""
        return self.dehydration[ion] + self.minima[ion].terms.total - self.empty.total

    def balance(self) -> dict[str, dict[str, float]]:
        """One balance sheet for each ion and their difference (second - first): dehydration paid, coordination repaid.

        Ligand-ligand energy and strain count from the filter without an ion.
        """
        sheets = {ion: self._sheet(ion) for ion in self.ions}
        first, second = (sheets[ion] for ion in self.ions)
        sheets["difference"] = {line: second[line] - first[line] for line in first}
        return sheets

    def _sheet(self, ion: str) -> dict[str, float]:
        terms = self.minima[ion].terms
        return {
            "dehydration": self.dehydration[ion],
            "ion_ligand_electrostatics": terms.ion_ligand_electrostatics,
            "ion_ligand_lennard_jones": terms.ion_ligand_lj,
            "ligand_ligand": terms.ligand_ligand - self.empty.ligand_ligand,
            "strain": terms.strain - self.empty.strain,
            "walls": terms.walls - self.empty.walls,
            "total": self.total(ion),
        }


def site_energies(
    sites: Sequence[Site],
    rings: Sequence[Ring],
    system: LigandSystem,
    profile: PoreProfile,
    ions: tuple[str, str],
    dehydration: Mapping[str, float],
    *,
    rigid: bool = False,
) -> tuple[SiteEnergy, ...]:
    """The energies of every site, from the arrangements that the profile found and fresh starts at both planes and the centre.

    ``ions`` (first, second) are those of the profile in the order that gives ddG its sign; ``dehydration`` maps each to what
    leaving water costs it (kJ/mol).
    """
    empty = empty_filter(system, profile, rigid=rigid)
    energies = []
    for site in sites:
        minima = {ion: site_minimum(site, system, profile, ion, rigid=rigid) for ion in profile.ions}
        energies.append(
            SiteEnergy(
                site=site,
                ions=ions,
                minima=minima,
                empty=empty.terms,
                basin={ion: basin_of(site, rings, minimum) for ion, minimum in minima.items()},
                at_wall={ion: touches_wall(site, minimum) for ion, minimum in minima.items()},
                dehydration=dehydration,
            )
        )
    return tuple(energies)


def site_minimum(site: Site, system: LigandSystem, profile: PoreProfile, ion: str, *, rigid: bool = False) -> Minimum:
    """The lowest minimum of one ion between the planes of a site."""
    region = Region(site.z_low, site.z_high, site.lateral_radius)
    found = [minimise(system, ion, site_starts(region), region=region, rigid=rigid)]
    for seed in _lowest_along(site, profile):
        found.append(minimise(system, ion, region=region, rigid=rigid, warm=seed))
    return min(found, key=lambda minimum: (not minimum.converged, minimum.energy_kj_mol))


def empty_filter(system: LigandSystem, profile: PoreProfile, *, rigid: bool = False) -> Minimum:
    """The filter without an ion: its lowest minimum from all different arrangements about an ion along the axis."""
    met: list[Minimum] = []
    for minimum in (each for ion in profile.ions for each in profile.minima[ion]):
        if not any(alike(minimum, other) for other in met):
            met.append(minimum)
    bare = [replace(each, ion_positions=np.zeros((0, 3))) for each in met]
    found = [minimise(system, (), rigid=rigid, warm=seed) for seed in bare]
    return min(found, key=lambda minimum: (not minimum.converged, minimum.energy_kj_mol))


def basin_of(site: Site, rings: Sequence[Ring], minimum: Minimum) -> str:
    """Where an ion rests: "cage", or "plane T75 O" when it is within a quarter of the site's length of that ring.

    The open side of S0 and of the cavity has no ring; there the ion rests in the "mouth" or in the "cavity".
    """
    z = float(minimum.ion_positions[0, 2])
    margin = PLANE_SHARE * (site.z_high - site.z_low)
    if site.inner is not None and z - site.z_low < margin:
        return f"plane {rings[site.inner].name}"
    if site.outer is not None and site.z_high - z < margin:
        return f"plane {rings[site.outer].name}"
    return site.lining


def touches_wall(site: Site, minimum: Minimum) -> bool:
    """Whether an ion rests within 0.2 Å of a wall of its site."""
    x, y, z = minimum.ion_positions[0]
    room = min(z - site.z_low, site.z_high - z, site.lateral_radius - float(np.hypot(x, y)))
    return bool(room < WALL_MARGIN)


def _lowest_along(site: Site, profile: PoreProfile) -> list[Minimum]:
    """Local minima along the axis within a site, of every ion: the arrangements worth continuing from."""
    inside = profile.within(site)
    seeds: list[Minimum] = []
    for ion in profile.ions:
        energy = profile.energies(ion)[inside]
        padded = np.concatenate([[np.inf], energy, [np.inf]])
        wells = np.flatnonzero((energy <= padded[:-2]) & (energy <= padded[2:]))
        seeds.extend(profile.minima[ion][inside[well]] for well in wells)
    return seeds
