"""The sites and planes of one filter at temperature: free energies of the exchange, sampled, dry or in contact with water."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selectivity.constants import thermal_energy
from selectivity.energetics.hamiltonian import EnergyTerms, Region
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.occupants import occupied_system
from selectivity.energetics.places import (
    DRY,
    WET,
    Place,
    PlaceExchange,
    Sampler,
    exchange_places,
    lattice_places,
    place_seed,
    planned,
    population,
    site_place,
)
from selectivity.energetics.thermal import thermal_exchange
from selectivity.pipeline.settings import Settings
from selectivity.structure.filter import Filter, Site

Progress = Callable[[int, int], None]
"""Called with (places done, places in all) while a score is sampled."""

RARE = 0.02
"""Share of the time in a cage's cell below which the cell is sampled on its own instead of counted in the run of its site."""

NOWHERE = Region(-7001.0, -7000.0, 1.0)
"""A box 0.7 µm from the filter: an ion there feels nothing, and the filter moves as if it were empty."""


@dataclass(frozen=True)
class NodeEnergy:
    """ddG of one node of the queue without the water leg (kJ/mol), its sampling error and the mean waters beside each ion."""

    place: Place
    exchange_kj_mol: float
    error_kj_mol: float
    waters: Mapping[str, float]


@dataclass(frozen=True)
class ThermalEnergies:
    """What was sampled: the exchange in every formed site, the nodes of the queue, the same sites beside their neighbours, and the
    mean energy terms of the filter without an ion; ``sampler`` says how, ``warnings`` what to know."""

    sampler: Sampler
    sites: Mapping[str, PlaceExchange]
    nodes: tuple[NodeEnergy, ...]
    beside: Mapping[str, PlaceExchange]
    empty: EnergyTerms
    warnings: tuple[str, ...]


def thermal_energies(
    filter: Filter,
    system: LigandSystem,
    sites: Sequence[Site],
    cages: Sequence[Site],
    settings: Settings,
    progress: Progress | None = None,
) -> ThermalEnergies:
    """Sample the exchange in ``sites`` and in the nodes of the contiguous ``cages``.

    The cells of the cages are counted in the runs of their sites where an ion is found there often enough, else sampled apart.
    """
    sampler = sampler_of(settings)
    planes = [place for place in lattice_places(cages, filter.rings) if place.kind == "plane"] if cages else []
    wanted = [*(site_place(site) for site in sites), *planes]
    filled = {occupant.site for occupant in settings.occupants}
    again = [site_place(site) for site in sites if settings.occupants and site.name not in filled]
    report = _counter(progress, len(wanted) + len(again))
    found = {place: each for place, each in zip(wanted, exchange_places(filter, system, wanted, sampler, progress=report), strict=True)}
    by_name = {place.name: each for place, each in found.items() if place.kind == "site"}
    nodes = _nodes(filter, system, cages, found, by_name, sampler) if cages else ()
    beside = _beside(filter, system, again, settings, sampler, report)
    warnings = tuple(dict.fromkeys(word for each in (*found.values(), *beside.values()) for word in each.warnings))
    return ThermalEnergies(sampler, by_name, nodes, beside, empty_terms(system, sampler), warnings)


def sampler_of(settings: Settings) -> Sampler:
    """How a score of these settings samples: until a site's error is below the target, dry and wet."""
    dry, wet = (
        replace(planned(plan, settings.force_field, settings.pair), target_error_kj_mol=settings.target_error)
        for plan in (DRY, WET)
    )
    return Sampler(
        ions=settings.pair,
        temperature=settings.temperature,
        accessible=settings.accessible,
        dry=dry,
        wet=wet,
        seed=settings.seed,
        jobs=settings.jobs,
    )


def empty_terms(system: LigandSystem, sampler: Sampler) -> EnergyTerms:
    """Mean energy terms (kJ/mol) of the dry filter without an ion at the temperature."""
    ion = sampler.ions[0]
    far = Place("empty", "site", 0.0, NOWHERE, None, (0.0, 0.0))
    plan = replace(sampler.dry, n_states=2, n_runs=1, max_blocks=1)
    result = thermal_exchange(
        system, ion, ion, region=NOWHERE, temperature=sampler.temperature, sampling=plan, seed=place_seed(sampler.seed, far)
    )
    return result.mean_terms[ion]


def _nodes(
    filter: Filter,
    system: LigandSystem,
    cages: Sequence[Site],
    found: Mapping[Place, PlaceExchange],
    sites: Mapping[str, PlaceExchange],
    sampler: Sampler,
) -> tuple[NodeEnergy, ...]:
    places = lattice_places(cages, filter.rings)
    cells = {place.name: _in_cell(place, sites[place.name], sampler) for place in places if place.kind == "cage"}
    rare = [place for place in places if place.kind == "cage" and cells[place.name] is None]
    apart = {each.place: each for each in exchange_places(filter, system, rare, sampler)}
    nodes = []
    for place in places:
        counted = cells.get(place.name) if place.kind == "cage" else None
        if counted is not None:
            nodes.append(counted)
            continue
        each = apart[place] if place in apart else found[place]
        nodes.append(NodeEnergy(place, each.exchange.delta_kj_mol, each.exchange.error_kj_mol, each.waters))
    return tuple(nodes)


def _in_cell(place: Place, site: PlaceExchange, sampler: Sampler) -> NodeEnergy | None:
    """The cell's exchange from the run of its site: G_cell - G_site = -RT ln(share of time in the cell); None where that is rare."""
    assert place.region is not None
    shares = [population(site.exchange, ion, place.region.z_low, place.region.z_high) for ion in sampler.ions]
    if min(share for share, _ in shares) < RARE:
        return None
    (first, first_error), (second, second_error) = shares
    rt = thermal_energy(sampler.temperature)
    value = site.exchange.delta_kj_mol - rt * float(np.log(second / first))
    error = float(np.sqrt(site.exchange.error_kj_mol**2 + (rt * first_error / first) ** 2 + (rt * second_error / second) ** 2))
    return NodeEnergy(place, value, error, site.waters)


def _beside(
    filter: Filter,
    system: LigandSystem,
    places: Sequence[Place],
    settings: Settings,
    sampler: Sampler,
    progress: Callable[[], None] | None,
) -> dict[str, PlaceExchange]:
    """The sites once more, with the neighbours that the settings name in the others."""
    if not places:
        return {}
    filled, neighbours = occupied_system(filter, system, settings.occupants)
    results = exchange_places(filter, filled, places, sampler, neighbours=neighbours, progress=progress)
    return {each.place.name: each for each in results}


def _counter(progress: Progress | None, total: int) -> Callable[[], None] | None:
    if progress is None:
        return None
    done = iter(range(1, total + 1))
    progress(0, total)
    return lambda: progress(next(done), total)
