"""Where is an ion held, which water does it see there, and what does it feel? Sampling at held heights, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.free_volume import WaterRegion
from selectivity.energetics.hydrated_sites import SAME_PLANE, Surrounds, embedded_water, site_regions, water_domain
from selectivity.energetics.ligands import LigandSystem, add_waters
from selectivity.energetics.minimise import LATERAL_RADIUS
from selectivity.energetics.profile_features import Landmarks
from selectivity.energetics.thermal import Sampling, ThermalExchange, thermal_exchange
from selectivity.energetics.water import bulk_water, open_exchange
from selectivity.errors import OutOfRange
from selectivity.structure.filter import Filter

Vector = NDArray[np.float64]

SPACING = 0.5
"""Distance of neighbouring heights, Å: six intervals in a site, so that a cubic spline follows the forces from plane to cage."""

SLACK = 0.25
"""Share of a spacing that a half site may be longer than a whole number of spacings before it takes one more height."""

END_SHARE = 0.25
"""The profile reaches this share of a site beyond the outermost planes, so that these have whole cells."""

HELD = Sampling(n_equilibration=400, n_samples=600, target_error_kj_mol=0.5, max_blocks=8)
"""Sampling at each dry height: an ion that cannot leave mixes faster than one in a site."""

HELD_OPEN = Sampling(n_equilibration=500, n_samples=300, stride=3, target_error_kj_mol=0.9, max_blocks=6)
"""Sampling at each height with water, which costs five to ten times as much per sweep; twenty heights share the error."""


FLANKED = Sampling(n_equilibration=500, n_samples=400, stride=3, target_error_kj_mol=0.8, max_blocks=6)
"""Sampling at each height of an ion between two waters of the single file, which turn with it."""

OFF_CENTRE = 0.05
"""Å; waters start a little off the axis, where no force vanishes by symmetry."""

FLANK_DISTANCE = 2.7
"""Å; where the two waters beside the ion start, between the first shells of Na+ (2.4) and K+ (2.8)."""

FLANK_REACH = 3.5
"""Å beyond the outermost planes to which these waters may go: one site further."""


class HeldIon(NamedTuple):
    """One sampling at one height: names of the water regions it sees, the exchange, and the mean waters of each ion."""

    z: float
    ends: tuple[str, ...]
    exchange: ThermalExchange
    waters: dict[str, float]
    warnings: tuple[str, ...]


def held_heights(marks: Landmarks, spacing: float = SPACING) -> Vector:
    """Heights (n,) from a quarter of a site below the innermost plane to as much above the outermost, planes and centres included.

    From plane to centre they are evenly apart, by ``spacing`` (Å) or little more.

    >>> marks = Landmarks((("A", 0.0), ("B", 3.0)), (("S1", 0.0, 3.0),))
    >>> held_heights(marks, 0.75).tolist()
    [-0.75, 0.0, 0.75, 1.5, 2.25, 3.0, 3.75]
    """
    if not spacing > 0.0:
        raise OutOfRange(f"spacing {spacing:g} Å of the profile: a positive length is needed (default {SPACING})")
    planes = marks.heights
    ends = END_SHARE * np.diff(planes)[[0, -1]]
    middles = 0.5 * (planes[1:] + planes[:-1])
    edges = np.sort(np.concatenate([[planes[0] - ends[0]], planes, middles, [planes[-1] + ends[1]]]))
    counts = np.maximum(1, np.ceil(np.diff(edges) / spacing - SLACK)).astype(int)
    parts = [
        np.linspace(low, high, 1 + count)[:-1] for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return np.concatenate([*parts, edges[-1:]])


def height_regions(filter: Filter, z: float) -> tuple[WaterRegion, ...]:
    """The open ends that an ion held at ``z`` (Å) sees: those of its site, in a plane those of both sites.

    Raises `OutOfRange` beyond all sites and for a filter without open ends (rings given by hand).

    >>> from selectivity.structure.ideal import ideal_filter
    >>> kcsa, nak = ideal_filter("kcsa-like"), ideal_filter("nak-like")
    >>> [[r.name for r in height_regions(kcsa, z)] for z in (-6.5, -4.5, -3.1, -1.5, 4.5)]
    [['cavity'], ['cavity'], ['cavity'], [], ['mouth']]
    >>> plane = nak.rings[1].z
    >>> [[r.name for r in height_regions(nak, plane + shift)] for shift in (-1.5, 0.0, 1.5)]
    [['cavity'], ['cavity', 'mouth'], ['mouth']]
    """
    here = [site for site in filter.sites if site.z_low - SAME_PLANE <= z <= site.z_high + SAME_PLANE]
    if not here:
        raise OutOfRange(
            f"height {z:.2f} Å lies beyond the sites of this filter ({filter.sites[0].z_low:.1f} to {filter.sites[-1].z_high:.1f} Å)"
        )
    return tuple(dict.fromkeys(region for site in here for region in site_regions(filter, site.name)))


def given_heights(heights: Sequence[float]) -> Vector:
    """Heights (n,) given by the user. Raises `OutOfRange` for fewer than four, or heights that do not increase."""
    z = np.asarray(heights, float)
    if z.ndim != 1 or len(z) < 4 or not np.isfinite(z).all() or np.any(np.diff(z) <= 0.0):
        raise OutOfRange(
            f"{z.size} heights: at least four, finite and increasing from the cavity outward (Å), make a profile"
        )
    return z


class HeldPlan:
    """Which height is sampled with which waters: each height for itself, and both ends of every interval with those of the interval."""

    def __init__(self, filter: Filter, z: Vector, *, wet: bool) -> None:
        self.filter, self.z = filter, z
        seen = [height_regions(filter, float(height)) if wet else () for height in z]
        between = [height_regions(filter, float(m)) if wet else () for m in 0.5 * (z[1:] + z[:-1])]
        self.regions = {_names(regions): regions for regions in (*seen, *between)}
        self.at = [_names(regions) for regions in seen]
        self.between = [_names(regions) for regions in between]
        needed = [(i, ends) for i, ends in enumerate(self.at)]
        needed += [(i + side, ends) for i, ends in enumerate(self.between) for side in (0, 1)]
        self.samplings = sorted(dict.fromkeys(needed))
        self.tasks = [(float(z[i]), ends) for i, ends in self.samplings]

    def waters(
        self, system: LigandSystem, surrounds: Surrounds, field: str, temperature: float, seed: int
    ) -> dict[tuple[str, ...], Any]:
        """Domain and reservoir of every set of open ends."""
        found = {}
        for ends, regions in self.regions.items():
            if regions:
                domain = water_domain(self.filter, regions, system)
                if surrounds == "bulk":
                    reservoir = embedded_water(domain, force_field=field, temperature=temperature, seed=seed)
                else:
                    reservoir = bulk_water(field, temperature=temperature)
                found[ends] = (domain, reservoir)
        return found

    def stretches(self) -> list[tuple[range, tuple[str, ...]]]:
        """Runs of heights within which the waters do not change; neighbours share their last and first height."""
        found, start = [], 0
        for i in range(1, len(self.between) + 1):
            if i == len(self.between) or self.between[i] != self.between[start]:
                found.append((range(start, i + 1), self.between[start]))
                start = i
        return found


class HeldSampler(NamedTuple):
    """How one height is sampled: alone, between two waters of the single file (``flanks``), or with the waters of an open end."""

    system: LigandSystem
    ions: tuple[str, str]
    temperature: float
    dry: Sampling
    open: Sampling
    waters: dict[tuple[str, ...], Any]
    flanks: tuple[float, float, float] | None = None

    def __call__(self, z: float, ends: tuple[str, ...], seed: int, alive: Callable[[], None]) -> HeldIon:
        common: dict[str, Any] = {"fixed_z": z, "temperature": self.temperature, "seed": seed, "progress": alive}
        if not ends:
            exchange = thermal_exchange(self._flanked(z), *self.ions, sampling=self.dry, **common)
            fixed = 0.0 if self.flanks is None else 2.0
            return HeldIon(z, ends, exchange, dict.fromkeys(self.ions, fixed), exchange.warnings)
        domain, reservoir = self.waters[ends]
        result = open_exchange(
            self.system, *self.ions, domain=domain, reservoir=reservoir, sampling=self.open, **common
        )
        waters = {ion: result.waters[ion].mean for ion in self.ions}
        return HeldIon(z, ends, result.exchange, waters, result.warnings)

    def _flanked(self, z: float) -> LigandSystem:
        """The ligands, with ``flanks`` (walls, Å) and a water on either side whose oxygen points to the ion."""
        if self.flanks is None:
            return self.system
        oxygens = [[OFF_CENTRE, OFF_CENTRE, z - FLANK_DISTANCE], [OFF_CENTRE, OFF_CENTRE, z + FLANK_DISTANCE]]
        return add_waters(
            self.system, np.array(oxygens), region=self.flanks, dipoles=np.array([[0, 0, -1.0], [0, 0, 1.0]])
        )


def flank_walls(marks: Landmarks) -> tuple[float, float, float]:
    """Walls (lowest and highest z, lateral radius; Å) of the two waters beside an ion: the single file and one site beyond."""
    planes = marks.heights
    return float(planes[0] - FLANK_REACH), float(planes[-1] + FLANK_REACH), LATERAL_RADIUS


class _Stopped(Exception):
    """Another height failed or the user interrupted: this one is not needed any more."""


def held_everywhere(
    held: HeldSampler,
    tasks: Sequence[tuple[float, tuple[str, ...]]],
    seed: int,
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> list[HeldIon]:
    """Every task with its own seed, in threads; the first exception (Ctrl-C included) stops the others at their next block."""
    stop = Event()

    def alive() -> None:
        if stop.is_set():
            raise _Stopped

    def one(task: tuple[float, tuple[str, ...]], own: np.random.SeedSequence) -> HeldIon:
        alive()
        return held(*task, int(own.generate_state(1, np.uint64)[0]), alive)

    seeds = np.random.SeedSequence(seed).spawn(len(tasks))
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(one, task, own) for task, own in zip(tasks, seeds, strict=True)]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if progress is not None:
                    progress(done, len(tasks))
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _names(regions: Sequence[WaterRegion]) -> tuple[str, ...]:
    return tuple(region.name for region in regions)
