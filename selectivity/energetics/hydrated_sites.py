"""What does water do to the selectivity of a site? Sites that water reaches, scored in contact with it.

Water stands in two open ends: the cavity (8 Å inward of the innermost plane) and the mouth (from the outer plane of the last cage to
5 Å outward of the Y78 plane, vestibules included), both 4 Å wide, less what fixed atoms of the protein fill. A site sees an end when it
overlaps it or shares a plane with it: where the pore has fewer cages, more sites see water, whatever their names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.energetics.free_volume import Domain, WaterRegion, contact_distances, free_domain
from selectivity.energetics.groups import Group, force_constant
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.energetics.ligands import LigandSystem, Sigma, add_waters, filter_ligands, pack
from selectivity.energetics.thermal import Neighbour, Sampling
from selectivity.energetics.water import OpenExchange, WaterReservoir, bulk_water, open_exchange
from selectivity.errors import OutOfRange, UnknownChoice

if TYPE_CHECKING:
    from selectivity.structure.filter import Filter, Site

Surrounds = Literal["bulk", "nothing"]

SAME_PLANE = 0.05
"""Å; heights closer than this are one plane."""

FULL = 25.0
"""kJ/mol above the excess chemical potential of bulk: a region cut out of bulk is overfull there."""

FEWEST = 0.004
"""Share of the smaller of two numbers of waters that their ratio is taken from: a few tens of independent samples."""


@dataclass(frozen=True)
class HydratedSite:
    """ddG of one site with water where water is: ``ddg_kj_mol`` = exchange + dehydration of the pair (positive: the first ion).

    ``open`` is the exchange with its waters, ``regions`` the ends that the site sees, ``reservoir`` what filled them.
    """

    site: str
    ddg_kj_mol: float
    error_kj_mol: float
    open: OpenExchange
    regions: tuple[WaterRegion, ...]
    reservoir: WaterReservoir

    @property
    def bulk_number(self) -> float:
        """Waters that bulk density would put into the free volume."""
        return self.reservoir.density_A3 * self.open.free_volume_A3


def water_regions(filter: Filter) -> tuple[WaterRegion, ...]:
    """The open ends of a filter, from the cavity outward: "cavity" and "mouth".

    Raises `OutOfRange` for a filter without a cavity and a mouth (rings given by hand).

    >>> from selectivity.structure.ideal import ideal_filter
    >>> [(r.name, round(r.z_low, 1), round(r.z_high, 1)) for r in water_regions(ideal_filter("kcsa-like"))]
    [('cavity', -14.1, -6.1), ('mouth', 6.1, 11.1)]
    >>> abs(round(water_regions(ideal_filter("nak-like"))[1].z_low, 1))
    0.0
    """
    cages = [s for s in filter.sites if s.lining == "cage"]
    cavity = [s for s in filter.sites if s.lining == "cavity"]
    mouths = [s for s in filter.sites if s.lining == "mouth"]
    if not (cages and cavity and mouths):
        raise OutOfRange("no cavity and mouth known for this filter: rings given by hand are scored dry")
    inner, outer = cavity[0], mouths[-1]
    return (
        WaterRegion("cavity", inner.z_low, max(s.z_high for s in cavity), inner.lateral_radius),
        WaterRegion("mouth", cages[-1].z_high, outer.z_high, outer.lateral_radius),
    )


def site_regions(filter: Filter, site: str) -> tuple[WaterRegion, ...]:
    """The open ends that a site overlaps or shares a plane with; none for the inner cages.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> kcsa, nak = ideal_filter("kcsa-like"), ideal_filter("nak-like")
    >>> {s: [r.name for r in site_regions(kcsa, s)] for s in ("S4", "S3", "S1", "S0")}
    {'S4': ['cavity'], 'S3': [], 'S1': ['mouth'], 'S0': ['mouth']}
    >>> [r.name for r in site_regions(nak, "S3")]
    ['mouth']
    """
    here = named_site(filter, site)
    return regions_between(filter, here.z_low, here.z_high)


def regions_between(filter: Filter, low: float, high: float) -> tuple[WaterRegion, ...]:
    """The open ends that the heights from low to high (Å) overlap or touch: `site_regions` for any stretch of the axis.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> [r.name for r in regions_between(ideal_filter("kcsa-like"), -6.1, -6.1)]
    ['cavity']
    """
    return tuple(r for r in water_regions(filter) if low <= r.z_high + SAME_PLANE and high >= r.z_low - SAME_PLANE)


def water_domain(filter: Filter, regions: Sequence[WaterRegion], system: LigandSystem) -> Domain:
    """Free volume of the regions: less the fixed atoms, which are the surroundings and the filter atoms that are not ligands.

    Without surroundings (an idealised filter, rings by hand) the filter atoms alone bound it.
    """
    atoms = filter.pore_positions()
    apart = np.linalg.norm(atoms[:, None] - system.positions[None], axis=2).min(axis=1)
    fixed = np.flatnonzero(apart > SAME_PLANE)
    points = np.concatenate([atoms[fixed], filter.in_pore_frame(filter.surroundings.positions)])
    elements = [*(filter.atoms[i].element for i in fixed), *filter.surroundings.elements]
    return free_domain(regions, obstacles=points, contacts=contact_distances(elements))


def embedded_water(
    domain: Domain, *, force_field: str = "charmm36", temperature: float = ROOM_TEMPERATURE, seed: int = 0
) -> WaterReservoir:
    """The reservoir that keeps bulk density in this volume when it is cut out of bulk water.

    At the chemical potential of bulk a droplet of ten waters in empty space evaporates: it lacks its neighbours. What they would
    contribute is represented by one constant energy, chosen such that without ion and filter n and n - 1 waters are equally
    likely, n = rho V + 1/2 rounded (with the filter present the constant counts its side of the volume as water).

    >>> domain = free_domain([WaterRegion("one water", 0.0, 1.0, 1.5)])
    >>> embedded_water(domain).excess_kj_mol > bulk_water().excess_kj_mol
    True
    """
    bulk = bulk_water(force_field, temperature=temperature)
    n = max(1, round(bulk.density_A3 * domain.volume + 0.5))
    far = np.array([[0.0, 0.0, 9001.23], [0.0, 0.0, 9000.0]])
    nothing = pack(
        [Group("carbonyl", "far", ("C", "O"), far, np.full(2, force_constant(0.3)), (0, 1))], force_field=force_field
    )
    excess, plan = bulk.excess_kj_mol + FULL, Sampling(n_states=2, n_samples=3000, n_equilibration=400, max_blocks=1)
    while True:
        found = open_exchange(
            nothing, "K", "K", domain=domain, reservoir=bulk._replace(excess_kj_mol=excess),
            region=Region(-7001.0, -7000.0, 1.0), temperature=temperature, sampling=plan, most_waters=n, seed=seed,
        )  # fmt: skip
        share = found.waters["K"].share
        if share[n] == 0.0:
            raise OutOfRange(
                f"{domain.volume:.0f} Å^3 do not hold {n} waters: the free volume is too fissured; score this site dry"
            )
        if share[n - 1] >= FEWEST:
            return bulk._replace(
                excess_kj_mol=excess - thermal_energy(temperature) * float(np.log(share[n] / share[n - 1]))
            )
        excess -= 2.0 * thermal_energy(temperature)


def hydrated_site(
    filter: Filter,
    site: str,
    *,
    ions: tuple[str, str] = ("K", "Na"),
    force_field: str = "charmm36",
    sigma: Sigma = 0.30,
    hydration: str = "force-field",
    surrounded_by: Surrounds = "nothing",
    neighbours: Sequence[Neighbour] = (),
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[], None] | None = None,
) -> HydratedSite:
    """ddG (kJ/mol) of a site for two ions, each with the waters that it keeps: the semi-grand ensemble.

    ``surrounded_by`` says what lies beyond the open ends. "nothing" (the default) is the reservoir of the cited liquid and no force
    from outside: a lower bound of the number of waters. "bulk" adds `embedded_water`'s constant for the neighbours that are cut
    off: an upper bound, since the constant does not know that filter and ion fill part of their places; it mixes slowly.

    Raises `UnknownChoice` (site, ion, force field, scale), `OutOfRange` (a site that sees no water: score it dry; temperature).
    """
    here, regions = named_site(filter, site), site_regions(filter, site)
    if not regions:
        raise OutOfRange(f"site {site} touches no open end of the pore: water does not reach it, score it dry")
    system = filter_ligands(filter, force_field=force_field, sigma=sigma)
    domain = water_domain(filter, regions, system)
    scale = hydration_scale(hydration, force_field=force_field)
    gap = dehydration_difference(*ions, scale=scale, temperature=temperature)
    if surrounded_by == "bulk":
        reservoir = embedded_water(domain, force_field=force_field, temperature=temperature, seed=seed)
    else:
        reservoir = bulk_water(force_field, temperature=temperature)
    result = open_exchange(
        system, *ions, domain=domain, reservoir=reservoir, region=site_walls(here), neighbours=neighbours,
        temperature=temperature, sampling=sampling, seed=seed, jobs=jobs, progress=progress,
    )  # fmt: skip
    exchange = result.exchange
    return HydratedSite(site, exchange.delta_kj_mol + gap, exchange.error_kj_mol, result, regions, reservoir)


def hydrated_ligands(
    filter: Filter, result: HydratedSite, ion: str, *, sigma: Sigma = 0.30, force_field: str = "charmm36"
) -> LigandSystem:
    """Ligands and a fixed number of waters, those of the last configuration with ``ion``, each kept in its region by walls.

    For treatments that need a fixed number (`minimise`, `thermal_exchange`, profiles). Raises `UnknownChoice` for an ion that
    was not scored.
    """
    if ion not in result.open.snapshots:
        raise UnknownChoice(f"ion {ion!r} was not scored at {result.site}: choose {' or '.join(result.open.snapshots)}")
    system = filter_ligands(filter, force_field=force_field, sigma=sigma)
    oxygens, dipoles = result.open.snapshots[ion]
    for r in result.regions:
        inside = (oxygens[:, 2] > r.z_low) & (oxygens[:, 2] < r.z_high)
        if inside.any():
            system = add_waters(system, oxygens[inside], region=r[1:], dipoles=dipoles[inside])
    return system


def named_site(filter: Filter, name: str) -> Site:
    """The site of that name. Raises `UnknownChoice` with the names there are."""
    for site in filter.sites:
        if site.name == name:
            return site
    raise UnknownChoice(f"no site {name!r} in this filter: choose {', '.join(s.name for s in filter.sites)}")


def site_walls(site: Site) -> Region:
    """Walls that keep an ion in a site."""
    return Region(site.z_low, site.z_high, site.lateral_radius)
