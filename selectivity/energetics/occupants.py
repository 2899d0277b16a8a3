"""Who else is in the filter? Other sites that hold an ion or a water while one is scored, and how much that changes its ddG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.hydrated_sites import named_site, site_walls
from selectivity.energetics.ligands import LigandSystem, Sigma, add_waters, filter_ligands
from selectivity.energetics.thermal import Neighbour, Sampling, ThermalExchange, thermal_exchange
from selectivity.errors import OutOfRange, UnknownChoice

if TYPE_CHECKING:
    from selectivity.structure.filter import Filter

WATER = "W"
"""Name of a water molecule among the occupants."""

OFF_AXIS = 0.05
"""Å; occupants start a little off the axis, where no force vanishes by symmetry."""


class Occupant(NamedTuple):
    """One ion (by symbol) or water ("W") and the site that holds it."""

    species: str
    site: str


@dataclass(frozen=True)
class NeighbourEffect:
    """The exchange in one site with the others empty and with their occupants; ``change_kj_mol`` is the second minus the first.

    The water leg is the same in both, so that this is also the change of ddG.
    """

    site: str
    occupants: tuple[Occupant, ...]
    alone: ThermalExchange
    occupied: ThermalExchange

    @property
    def change_kj_mol(self) -> float:
        """How much the occupants change ddG, kJ/mol (positive: towards the first ion)."""
        return self.occupied.delta_kj_mol - self.alone.delta_kj_mol

    @property
    def error_kj_mol(self) -> float:
        """Standard error of the change, kJ/mol."""
        return float(np.hypot(self.occupied.error_kj_mol, self.alone.error_kj_mol))


def parse_occupants(text: str) -> tuple[Occupant, ...]:
    """Occupants from "SPECIES:SITE,SITE" parts joined by ";" or spaces.

    Raises `UnknownChoice` for text of another form and for a site that is named twice.

    >>> parse_occupants("K:S2,S4; W:S1")
    (Occupant(species='K', site='S2'), Occupant(species='K', site='S4'), Occupant(species='W', site='S1'))
    >>> parse_occupants("S2")
    Traceback (most recent call last):
        ...
    selectivity.errors.UnknownChoice: neighbours 'S2': write SPECIES:SITE,SITE with an ion or W, for example "K:S2,S4; W:S1"
    """
    found: list[Occupant] = []
    for part in text.replace(";", " ").replace(", ", ",").split():
        species, colon, sites = part.partition(":")
        names = [name for name in sites.split(",") if name]
        if not (colon and species and names):
            raise UnknownChoice(
                f'neighbours {text!r}: write SPECIES:SITE,SITE with an ion or {WATER}, for example "K:S2,S4; W:S1"'
            )
        found += [Occupant(species, name) for name in names]
    filled = [o.site for o in found]
    doubled = sorted({name for name in filled if filled.count(name) > 1})
    if doubled or not found:
        reason = f"site {doubled[0]} is filled twice" if doubled else "nothing named"
        raise UnknownChoice(f"neighbours {text!r}: {reason}; name every site once")
    return tuple(found)


def occupied_system(
    filter: Filter, system: LigandSystem, occupants: Sequence[Occupant], *, scored: str | None = None
) -> tuple[LigandSystem, tuple[Neighbour, ...]]:
    """The ligands with the waters among the occupants added, and the ions among them as `Neighbour`, each kept in its site.

    Raises `UnknownChoice` for an ion or a site that there is not, `OutOfRange` when the scored site is to be filled.
    """
    neighbours = []
    for species, name in occupants:
        site = named_site(filter, name)
        if name == scored:
            raise OutOfRange(
                f"site {name} is the one that is scored: it cannot hold {species} as well; name other sites"
            )
        start = (OFF_AXIS, -OFF_AXIS, 0.5 * (site.z_low + site.z_high))
        if species == WATER:
            system = add_waters(system, np.array([start]), region=(site.z_low, site.z_high, site.lateral_radius))
        else:
            force_field_by_name(system.force_field).ion(species)
            neighbours.append(Neighbour(species, start, site_walls(site)))
    return system, tuple(neighbours)


def neighbour_effect(
    filter: Filter,
    site: str,
    occupants: str | Sequence[Occupant],
    *,
    ions: tuple[str, str] = ("K", "Na"),
    force_field: str = "charmm36",
    sigma: Sigma = 0.30,
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    seed: int = 0,
    jobs: int = 1,
) -> NeighbourEffect:
    """How much ddG of ``site`` changes when other sites hold the ``occupants`` ("K:S2,S4; W:S1"), thermal, otherwise dry.

    Raises what `parse_occupants`, `occupied_system` and `selectivity.energetics.thermal.thermal_exchange` raise.
    """
    wanted = parse_occupants(occupants) if isinstance(occupants, str) else tuple(occupants)
    where = site_walls(named_site(filter, site))
    empty = filter_ligands(filter, force_field=force_field, sigma=sigma)
    filled, neighbours = occupied_system(filter, empty, wanted, scored=site)
    settings = {"region": where, "temperature": temperature, "sampling": sampling, "seed": seed, "jobs": jobs}
    alone = thermal_exchange(empty, *ions, **settings)  # type: ignore[arg-type]
    occupied = thermal_exchange(filled, *ions, neighbours=neighbours, **settings)  # type: ignore[arg-type]
    return NeighbourEffect(site, wanted, alone, occupied)
