"""Where is an ion exchanged? Sites, planes and cages of a filter as places to sample, dry or in contact with water, many at once.

A *site* lets the ion move between its two planes. The *nodes* of the queue are finer: a cage is the half-site cell about its middle (a
well), a plane holds the ion at its height (the top between two wells, a dividing surface). Both together tile the single file.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.free_volume import WaterRegion
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.hydrated_sites import regions_between, water_domain
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.thermal import Neighbour, Sampling, ThermalExchange, thermal_exchange
from selectivity.energetics.water import OpenExchange, bulk_water, open_exchange
from selectivity.errors import OutOfRange

if TYPE_CHECKING:
    from selectivity.structure.filter import Filter, Ring, Site

FAR_APART = 0.4
"""Å; ions whose Rmin/2 differ by more (K+ and Li+) exchange over twice the states, else the smaller ion's end overlaps by 2 % only."""

HALF_CELL = 0.25
"""Half the width of a cage's cell as a share of the site's length: cells and planes alternate half a site apart."""

DRY = Sampling(n_equilibration=400, n_samples=500, target_error_kj_mol=0.7, max_blocks=12)
"""Enough for a score, whose coordinates are known to several kJ/mol; the library's own default is finer. Measured on 1K4C, 16 runs
against long ones: bias -0.1 (S3), 0.1 (S2), 0.1 (plane T75 O), -0.2 kJ/mol (plane V76 O), each ± 0.1 to 0.3: none to be seen."""

WET = Sampling(n_runs=4, n_equilibration=800, n_samples=300, stride=3, target_error_kj_mol=1.0, max_blocks=8)
"""The same in contact with water. Four runs, because a run of this length knows too little of its own error: the scatter between runs
is the error (three degrees of freedom). Measured on 1K4C over 12 seeds, standard deviation / reported error: S0 1.20 / 1.05, S4 0.47 /
0.56, plane T75 OG1 0.44 / 0.48 kJ/mol; single runs scatter by 2.2, 1.1 and 0.9 and report 0.8, 0.75 and 0.7. Tried without gain: leaps
of the ion to anywhere inside its walls in place of its trades with waters (its place across the axis is then forgotten in 20 sweeps
instead of 150 to 300, but single runs of S0 scatter by 2.5, of S4 by 1.6), a weaker bias with them (2.4 and 2.3), and trades whose
water is turned by configurational bias (none of 150,000 succeeded in S0)."""


class Place(NamedTuple):
    """A name, its kind ("site", "cage" or "plane"), the walls of the ion or the height it is held at, and the ``span`` (Å) that
    decides which open ends of the pore it sees."""

    name: str
    kind: str
    z: float
    region: Region | None
    fixed_z: float | None
    span: tuple[float, float]


@dataclass(frozen=True)
class PlaceExchange:
    """The exchange of two ions in one place, G_second - G_first without the water leg; ``waters`` by ion where water reaches it."""

    place: Place
    exchange: ThermalExchange
    open: OpenExchange | None = None

    @property
    def waters(self) -> dict[str, float]:
        """Mean number of waters beside each ion (empty in a dry place)."""
        return {} if self.open is None else {ion: occupancy.mean for ion, occupancy in self.open.waters.items()}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know about this place, each with its name."""
        words = self.exchange.warnings if self.open is None else self.open.warnings
        return tuple(f"{self.place.name}: {word}" for word in words)


@dataclass(frozen=True)
class Sampler:
    """How places are sampled: temperature (K), ions, whether water is ``accessible``, lengths of dry and wet runs, seed, threads."""

    ions: tuple[str, str] = ("K", "Na")
    temperature: float = ROOM_TEMPERATURE
    accessible: bool = True
    dry: Sampling = field(default=DRY)
    wet: Sampling = field(default=WET)
    seed: int = 0
    jobs: int = 1


def planned(plan: Sampling, force_field: str, ions: tuple[str, str]) -> Sampling:
    """A plan with as many alchemical states as the difference of the ions' sizes needs.

    >>> planned(DRY, "charmm36", ("K", "Rb")).n_states, planned(DRY, "charmm36", ("K", "Li")).n_states
    (5, 9)
    """
    sizes = [force_field_by_name(force_field).ion(name).half_rmin for name in ions]
    return plan if abs(sizes[0] - sizes[1]) <= FAR_APART else replace(plan, n_states=2 * plan.n_states - 1)


def site_place(site: Site) -> Place:
    """A whole site: between its planes, within its lateral wall.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> [round(height, 3) for height in site_place(ideal_filter("kcsa-like").sites[3]).span]
    [0.0, 3.0]
    """
    walls = Region(site.z_low, site.z_high, site.lateral_radius)
    return Place(site.name, "site", 0.5 * (site.z_low + site.z_high), walls, None, (site.z_low, site.z_high))


def lattice_places(cages: Sequence[Site], rings: Sequence[Ring]) -> tuple[Place, ...]:
    """The 2N + 1 nodes of N cages: plane, cage, plane, ... from the inside to the outside.

    Cages with a gap between them (the survivors of a broken filter, on request) are put end to end: the plane before the gap
    stands for both. Raises `OutOfRange` when there is no cage.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> kcsa = ideal_filter("kcsa-like")
    >>> [p.name for p in lattice_places(kcsa.sites[1:3], kcsa.rings)]
    ['plane T75 OG1', 'S4', 'plane T75 O', 'S3', 'plane V76 O']
    """
    if not cages:
        raise OutOfRange("no cage between two planes: nothing to queue in")
    places = [_plane(cages[0].inner, cages[0].z_low, rings)]
    for cage in cages:
        half, middle = HALF_CELL * (cage.z_high - cage.z_low), 0.5 * (cage.z_low + cage.z_high)
        cell = Region(middle - half, middle + half, cage.lateral_radius)
        places.append(Place(cage.name, "cage", middle, cell, None, (cage.z_low, cage.z_high)))
        places.append(_plane(cage.outer, cage.z_high, rings))
    return tuple(places)


def exchange_places(
    filter: Filter,
    system: LigandSystem,
    places: Sequence[Place],
    sampler: Sampler,
    *,
    neighbours: Sequence[Neighbour] = (),
    progress: Callable[[], None] | None = None,
) -> tuple[PlaceExchange, ...]:
    """Exchange the ions in every place, in threads (``sampler.jobs``); the numbers depend on the seed and the place alone.

    ``progress`` is called once for every place that is done. Ctrl-C drops what has not begun and leaves no half result. Raises
    what `thermal_exchange` and `open_exchange` raise.
    """

    def one(place: Place) -> PlaceExchange:
        found = _exchanged(filter, system, place, sampler, neighbours)
        if progress is not None:
            progress()
        return found

    if sampler.jobs <= 1 or len(places) < 2:
        return tuple(one(place) for place in places)
    # wet places take longest: they begin first, so that no thread is left alone with one at the end
    order = sorted(range(len(places)), key=lambda i: -len(_open_ends(filter, places[i], sampler)))
    pool = ThreadPoolExecutor(max_workers=sampler.jobs)
    try:
        futures = {i: pool.submit(one, places[i]) for i in order}
        return tuple(futures[i].result() for i in range(len(places)))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def population(exchange: ThermalExchange, ion: str, z_low: float, z_high: float) -> tuple[float, float]:
    """Share of the time that an ion spends between two heights (Å), and its standard error.

    From the sampled heights with the weights that undo the bias; the number of independent ones is Kish's effective sample size
    over the statistical inefficiency of the energies.
    """
    heights, weights = exchange.heights[ion], exchange.weights[ion]
    weights = weights / weights.sum()
    share = float(weights[(heights >= z_low) & (heights <= z_high)].sum())
    inefficiency = max(run.statistical_inefficiency for run in exchange.runs)
    independent = max(1.0 / float((weights**2).sum()) / inefficiency, 1.0)
    return share, float(np.sqrt(max(share * (1.0 - share), 0.0) / independent))


def mean_height(exchange: ThermalExchange, ion: str) -> float:
    """Mean height of an ion in its place, Å."""
    weights = exchange.weights[ion]
    return float(weights @ exchange.heights[ion] / weights.sum())


def _exchanged(
    filter: Filter, system: LigandSystem, place: Place, sampler: Sampler, neighbours: Sequence[Neighbour]
) -> PlaceExchange:
    ends = _open_ends(filter, place, sampler)
    common = {
        "region": place.region, "fixed_z": place.fixed_z, "neighbours": neighbours,
        "temperature": sampler.temperature, "seed": place_seed(sampler.seed, place),
    }  # fmt: skip
    if not ends:
        return PlaceExchange(place, thermal_exchange(system, *sampler.ions, sampling=sampler.dry, **common))  # type: ignore[arg-type]
    reservoir = bulk_water(system.force_field, temperature=sampler.temperature)
    domain = water_domain(filter, ends, system)
    result = open_exchange(
        system, *sampler.ions, domain=domain, reservoir=reservoir, sampling=sampler.wet, **common  # type: ignore[arg-type]
    )  # fmt: skip
    return PlaceExchange(place, result.exchange, result)


def place_seed(seed: int, place: Place) -> int:
    """The seed of one place: its number does not depend on what else is computed in the same call.

    >>> place = Place("S2", "site", 1.5, None, 1.5, (1.5, 1.5))
    >>> place_seed(0, place) == place_seed(0, place), place_seed(0, place) == place_seed(1, place)
    (True, False)
    """
    label = zlib.crc32(f"{place.kind} {place.name}".encode())
    return int(np.random.SeedSequence([seed, label]).generate_state(1)[0])


def _open_ends(filter: Filter, place: Place, sampler: Sampler) -> tuple[WaterRegion, ...]:
    return regions_between(filter, *place.span) if sampler.accessible else ()


def _plane(ring: int | None, height: float, rings: Sequence[Ring]) -> Place:
    name = rings[ring].name if ring is not None else f"at {height:.1f} Å"
    return Place(f"plane {name}", "plane", height, None, height, (height, height))
