"""How do the ions of a series order at temperature T? Free energies of turning K+ into each of them, site by site.

A score with minima (treatment "relaxed") says which sites are formed and how far coordinates and water leg are known; the ddG of every
formed site is then replaced by the free energy of exchanging the ions there (`selectivity.energetics.thermal`), its sampling error added.
Permeation follows by rule "sites" over the formed cages between carbonyl planes: the one rule that needs wells alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.coordination import coordinate, formed_run
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.energetics.ligands import LigandSystem, Sigma, filter_ligands
from selectivity.energetics.thermal import Sampling, ThermalExchange, thermal_exchange
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.rules import sites_rule
from selectivity.permeation.uncertainty import quadrature, ratio_interval
from selectivity.score import FilterScore, Interval, SiteScore
from selectivity.structure.filter import Filter, Site

FAR_APART = 0.4
"""Å; ions whose Rmin/2 differ by more (K+ and Li+) exchange over twice the states, else the smaller ion's end overlaps by 2 % only."""


@dataclass(frozen=True)
class ThermalSite:
    """One site at temperature T: ddG against the first ion and its error (kJ/mol), the part of it that is sampling, and warnings."""

    ddg_kj_mol: float
    error_kj_mol: float
    sampling_error_kj_mol: float
    coordinate_error_kj_mol: float
    hydration_error_kj_mol: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ThermalPassage:
    """Barrier difference (kJ/mol) by rule "sites" from thermal wells, its error, P_first/P_second and its 95 % interval."""

    ddg_kj_mol: float
    error_kj_mol: float
    ratio: float
    interval: Interval


def thermal_sites(
    filter: Filter,
    score: FilterScore,
    *,
    sigma: Sigma = 0.30,
    sampling: Sampling | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[], None] | None = None,
) -> dict[str, ThermalSite]:
    """ddG at ``score.temperature_k`` of every dehydrated, formed site of a relaxed score, by site name.

    ``sigma`` as in the score; ``sampling`` is planned by the ions when None; ``jobs`` threads share the independent runs; ``progress``
    is called after each dehydrated site. The same seed gives the same numbers.
    """
    first, second = score.ion_pair
    system = filter_ligands(filter, force_field=score.force_field, sigma=sigma)
    scale = hydration_scale(score.hydration, force_field=score.force_field)
    leg = dehydration_difference(first, second, scale=scale, temperature=score.temperature_k)
    found = {}
    for number, site in enumerate(filter.sites):
        if not site.dehydrated:
            continue
        known = score.site(site.name)
        if known.formed:
            words, temperature = (seed, number), score.temperature_k
            exchange = exchanged(
                system, site, (first, second), temperature=temperature, sampling=sampling, seed=words, jobs=jobs
            )
            found[site.name] = _thermal_site(exchange, leg, known)
        if progress is not None:
            progress()
    return found


def exchanged(
    system: LigandSystem,
    site: Site,
    ions: tuple[str, str],
    *,
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    seed: tuple[int, ...] = (0,),
    jobs: int = 1,
) -> ThermalExchange:
    """The exchange of two ions between the planes of one site; ``seed`` words are hashed with both names into one seed."""
    words = [*seed, *(ord(letter) for name in ions for letter in name)]
    return thermal_exchange(
        system,
        *ions,
        region=Region(site.z_low, site.z_high, site.lateral_radius),
        temperature=temperature,
        sampling=sampling or planned(system.force_field, ions),
        seed=int(np.random.SeedSequence(words).generate_state(1)[0]),
        jobs=jobs,
    )


def planned(force_field: str, ions: tuple[str, str]) -> Sampling:
    """The default plan, with as many alchemical states as the difference of the ions' sizes needs.

    >>> planned("charmm36", ("K", "Rb")).n_states, planned("charmm36", ("K", "Li")).n_states
    (5, 9)
    """
    sizes = [force_field_by_name(force_field).ion(name).half_rmin for name in ions]
    plan = Sampling()
    return plan if abs(sizes[0] - sizes[1]) <= FAR_APART else replace(plan, n_states=2 * plan.n_states - 1)


def thermal_passage(
    filter: Filter, sites: Mapping[str, ThermalSite], *, ions: Sequence[str], temperature: float, access_length: float
) -> ThermalPassage | None:
    """Rule "sites" over the formed cages between carbonyl planes; None where there is none.

    Sampling and coordinate errors of the sites are independent; an error of the water leg moves all of them alike.
    """
    runs = formed_run(filter, tuple(coordinate(filter, site, ions=tuple(ions)) for site in filter.sites))
    cages = [site for run in runs for site in run if site.name in sites]
    if not cages:
        return None
    values = [sites[site.name] for site in cages]
    barrier = sites_rule(
        [site.z_high - site.z_low for site in cages],
        [value.ddg_kj_mol for value in values],
        temperature=temperature,
        access_length=access_length,
    )
    own = [quadrature((v.sampling_error_kj_mol, v.coordinate_error_kj_mol)) for v in values]
    alike = float(barrier.weights @ [v.hydration_error_kj_mol for v in values])
    error = quadrature([*(barrier.weights * own), alike])
    return ThermalPassage(
        barrier.ddg_kj_mol,
        error,
        permeability_ratio(barrier.ddg_kj_mol, temperature=temperature),
        ratio_interval(barrier.ddg_kj_mol, error, temperature=temperature),
    )


def _thermal_site(exchange: ThermalExchange, leg: float, known: SiteScore) -> ThermalSite:
    coordinates, hydration = (known.error_components_kj_mol.get(name) or 0.0 for name in ("coordinates", "hydration"))
    return ThermalSite(
        ddg_kj_mol=exchange.delta_kj_mol + leg,
        error_kj_mol=quadrature((exchange.error_kj_mol, coordinates, hydration)),
        sampling_error_kj_mol=exchange.error_kj_mol,
        coordinate_error_kj_mol=coordinates,
        hydration_error_kj_mol=hydration,
        warnings=exchange.warnings,
    )
