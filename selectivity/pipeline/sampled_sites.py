"""A sampled site in the words of a score: mean energy terms of both ions, what is entropy, where they spend their time, their waters."""

from __future__ import annotations

from typing import Any

import numpy as np

from selectivity.energetics.basins import BASINS
from selectivity.energetics.hamiltonian import EnergyTerms
from selectivity.energetics.places import PlaceExchange, mean_height, population
from selectivity.energetics.site_energies import WALL_MARGIN, SiteEnergy
from selectivity.pipeline.energies import FilterEnergies
from selectivity.structure.filter import Site

MOSTLY = 0.5
"""Share of the time beside a wall from which on a number belongs to the wall."""


def sampled_site(energies: FilterEnergies, energy: SiteEnergy) -> dict[str, Any]:
    """Terms, basins, heights, walls, waters and neighbours of one site of a thermal score: keywords of `SiteScore`."""
    thermal = energies.thermal
    assert thermal is not None
    here, site = thermal.sites[energy.site.name], energy.site
    beside = thermal.beside.get(site.name)
    result = {
        "terms_kj_mol": _sheets(energies, energy, here),
        "basin": {ion: _basin(energies, site, here, ion) for ion in energies.ions},
        "ion_z_angstrom": {ion: mean_height(here.exchange, ion) for ion in energies.ions},
        "at_wall": {ion: _at_wall(site, here, ion) for ion in energies.ions},
        "waters": dict(here.waters),
    }
    if beside is not None:
        change = beside.exchange.delta_kj_mol - here.exchange.delta_kj_mol
        result |= {
            "with_neighbours_kj_mol": beside.exchange.delta_kj_mol + energies.water_leg,
            "neighbour_change_kj_mol": change,
            "neighbour_change_error_kj_mol": float(np.hypot(beside.exchange.error_kj_mol, here.exchange.error_kj_mol)),
        }
    return result


def _sheets(energies: FilterEnergies, energy: SiteEnergy, here: PlaceExchange) -> dict[str, dict[str, float]]:
    """Mean energies of each ion, counted from the filter without one at the same temperature; the difference adds the entropy."""
    assert energies.thermal is not None
    empty, exchange = energies.thermal.empty, here.exchange
    sheets = {ion: _lines(exchange.mean_terms[ion], empty, energy.dehydration[ion]) for ion in energies.ions}
    first, second = energies.ions
    nothing = EnergyTerms(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    change = exchange.mean_terms[second] - exchange.mean_terms[first]
    difference = _lines(change, nothing, energy.dehydration[second] - energy.dehydration[first])
    total = exchange.delta_kj_mol + energies.water_leg
    sheets["difference"] = {**difference, "entropy": total - difference["total"], "total": total}
    return sheets


def _lines(terms: EnergyTerms, empty: EnergyTerms, dehydration: float) -> dict[str, float]:
    lines = {
        "dehydration": dehydration,
        "ion_ligand_electrostatics": terms.ion_ligand_electrostatics,
        "ion_ligand_lennard_jones": terms.ion_ligand_lj,
        "ligand_ligand": terms.ligand_ligand - empty.ligand_ligand,
        "strain": terms.strain - empty.strain,
        "walls": terms.walls - empty.walls,
    }
    return {**lines, "total": sum(lines.values())}


def _basin(energies: FilterEnergies, site: Site, here: PlaceExchange, ion: str) -> str:
    """Where an ion spends most of its time: the cage, or the quarter of the site beside one of its planes."""
    shares: dict[str, float] = {site.lining: 0.0}
    rings = dict(zip(BASINS, (site.inner, None, site.outer), strict=True))
    for basin, found in here.exchange.basins[ion].items():
        ring = rings[basin]
        name = site.lining if ring is None else f"plane {energies.filter.rings[ring].name}"
        shares[name] = shares.get(name, 0.0) + found.share
    return max(shares, key=lambda name: shares[name])


def _at_wall(site: Site, here: PlaceExchange, ion: str) -> bool:
    inside = population(here.exchange, ion, site.z_low + WALL_MARGIN, site.z_high - WALL_MARGIN)[0]
    return 1.0 - inside > MOSTLY
