"""What does each ion meet along the axis? Energies at held heights over the whole filter, the lowest that any path leads to.

The relaxed landscape has many minima (oxygens lean one way or the other), so an energy found from one start is worth little.
Every height is reached from the cavity, from the outside, from fresh starts in every site, from shaken rings, and from the
other ion's minimum at the same height, until nothing improves: both ions then rest in comparable arrangements, and their
difference is smooth along the axis. The shakes are a fixed sequence, the same for every filter: no result depends on chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.arrangements import alike, partly_shaken, shaken
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import OFF_AXIS, TORSION_STARTS, Minimum, Region, minimise
from selectivity.errors import OutOfRange
from selectivity.structure.filter import Site

Vector = NDArray[np.float64]

SPACING = 0.25
"""Largest distance of neighbouring heights, Å: an eighth of the way from a cage to a plane."""

IMPROVEMENT = 1e-3
"""kJ/mol; a path that leads lower than this is a new arrangement, not the same one again."""

MOST_SWEEPS = 6
"""Sweeps over the filter, each in both directions; two suffice for the structures at hand, the rest is a safeguard."""

SHAKES = (10, 6)
"""Shaken starts at each centre and plane of the dry sites, for the first ion and for the others. One in seven reaches the lowest
arrangement known of KcsA; what one height misses, its neighbours find and pass on. With (40, 40) the barriers of six depositions
change by less than 0.02 kJ/mol."""

PART_SHAKES = 24
"""Further starts at the same places and for every ion with one or two rings shaken, from the best arrangement so far: S4, open to the
cavity, has arrangements that shaking all rings at once misses by up to 6 kJ/mol."""

SHAKE_SEED = 20010101
"""Seed of the fixed sequence of shakes."""

NUDGE = 0.05 * np.array([*OFF_AXIS, 0.0])
"""Å by which an ion is moved sideways before every minimisation, so that no saddle point on the axis passes for a minimum."""


@dataclass(frozen=True)
class PoreProfile:
    """Both ions along the axis: ``z`` (n,) Å, ``minima`` ion -> n minima, ``hysteresis`` ion -> (n,) kJ/mol.

    ``lateral`` (n,) is the wall about the axis at each height, Å. Hysteresis is the difference between the energies met on the way
    in and on the way out through the dry sites, each started afresh at its end, before arrangements were exchanged.
    """

    ions: tuple[str, ...]
    z: Vector
    lateral: Vector
    minima: dict[str, tuple[Minimum, ...]]
    hysteresis: dict[str, Vector]

    def energies(self, ion: str) -> Vector:
        """Energy of an ion at every height, kJ/mol, without its water leg."""
        return np.array([minimum.energy_kj_mol for minimum in self.minima[ion]])

    def within(self, site: Site) -> NDArray[np.int64]:
        """Indices of the heights of a site, its planes included."""
        return np.flatnonzero((self.z >= site.z_low - 1e-9) & (self.z <= site.z_high + 1e-9))


def pore_profile(
    sites: Sequence[Site],
    system: LigandSystem,
    ions: Sequence[str],
    *,
    rigid: bool = False,
    spacing: float = SPACING,
) -> PoreProfile:
    """Lowest energies of each ion at held heights, from the innermost to the outermost end of ``sites``.

    The heights divide every site evenly at ``spacing`` or finer, so every plane is one of them. ``rigid`` keeps the groups at
    the file's coordinates (hydroxyl torsions excepted). Deterministic. Raises OutOfRange for a spacing that is not positive.
    """
    z, lateral = profile_heights(sites, spacing)
    search = _Search(system, tuple(dict.fromkeys(ions)), z, lateral, rigid)
    dry = [site for site in sites if site.dehydrated] or list(sites)
    core = search.between(min(site.z_low for site in dry), max(site.z_high for site in dry))
    hysteresis = {ion: search.there_and_back(ion, core) for ion in search.ions}
    for ion in search.ions:
        search.start_afresh(ion, sites)
    if rigid:
        search.settle(core)
    else:
        numbers = list(chain(SHAKES[:1], repeat(SHAKES[1], len(search.ions) - 1)))
        # each ion shakes its own arrangements and the compiled descents release the interpreter: threads change no number
        with ThreadPoolExecutor(len(search.ions)) as pool:
            list(pool.map(search.shake, search.ions, repeat(dry), numbers))
            search.settle(core)
            list(pool.map(search.shake_parts, search.ions, repeat(dry), repeat(PART_SHAKES)))
        search.settle(core)
    minima = {ion: tuple(best for best in search.best[ion] if best is not None) for ion in search.ions}
    return PoreProfile(search.ions, z, lateral, minima, hysteresis)


def profile_heights(sites: Sequence[Site], spacing: float = SPACING) -> tuple[Vector, Vector]:
    """Heights (n,) and the lateral wall at each (n,), both in Å; a plane takes the narrower of its two sites.

    >>> cage = Site("S2", 0, 1, 0.0, 1.0, 1.8, True)
    >>> profile_heights([cage], 0.4)[0].round(3).tolist()
    [0.0, 0.333, 0.667, 1.0]
    """
    if not spacing > 0.0:
        raise OutOfRange(
            f"spacing {spacing:g} Å of the profile: a positive length is needed (at most {SPACING} Å is sensible)"
        )
    heights: list[float] = []
    walls: list[float] = []
    for site in sorted(sites, key=lambda each: each.z_low):
        grid = np.linspace(site.z_low, site.z_high, 1 + int(np.ceil((site.z_high - site.z_low) / spacing - 1e-9)))
        shared = bool(heights) and abs(heights[-1] - grid[0]) < 1e-9
        if shared:
            walls[-1] = min(walls[-1], site.lateral_radius)
        heights.extend(grid[1:] if shared else grid)
        walls.extend([site.lateral_radius] * (len(grid) - shared))
    return np.array(heights), np.array(walls)


class _Search:
    """The best arrangement known for every ion and height, and which paths have been tried since it was found."""

    def __init__(self, system: LigandSystem, ions: tuple[str, ...], z: Vector, lateral: Vector, rigid: bool) -> None:
        self.system, self.ions, self.z, self.lateral, self.rigid = system, ions, z, lateral, rigid
        self.best: dict[str, list[Minimum | None]] = {ion: [None] * len(z) for ion in ions}
        self.tried: dict[tuple[str, int, str, int], Minimum] = {}

    def between(self, low: float, high: float) -> range:
        """Indices of the heights from low to high, both included."""
        first, last = np.searchsorted(self.z, (low - 1e-9, high + 1e-9))
        return range(int(first), int(last))

    def there_and_back(self, ion: str, core: range) -> Vector:
        """Walk outward and back again, each walk from a fresh start at its end; their difference (n,), 0 outside the core."""
        walks = np.zeros((2, len(self.z)))
        for walk, order in zip(walks, (core, core[::-1]), strict=True):
            before: Minimum | None = None
            for i in order:
                here = self._fresh(ion, i, TORSION_STARTS[:1]) if before is None else self._from(ion, i, before)
                self._offer(ion, i, here)
                if before is not None:
                    self.tried[ion, i - order.step, ion, i] = before
                    self.tried[ion, i, ion, i - order.step] = here
                walk[i], before = here.energy_kj_mol, here
        return np.abs(walks[0] - walks[1])

    def start_afresh(self, ion: str, sites: Sequence[Site]) -> None:
        """New starts at the centre of every site and beside its planes, with every family of hydroxyl torsions."""
        for site in sites:
            inside = np.flatnonzero((self.z > site.z_low + 1e-9) & (self.z < site.z_high - 1e-9))
            for i in dict.fromkeys((inside[0], inside[len(inside) // 2], inside[-1])):
                self._offer(ion, int(i), self._fresh(ion, int(i), TORSION_STARTS))

    def shake(self, ion: str, sites: Sequence[Site], number: int) -> None:
        """That many starts from shaken rings at the centre and the planes of every given site."""
        rng = np.random.default_rng(SHAKE_SEED)
        heights = {height for site in sites for height in (site.z_low, 0.5 * (site.z_low + site.z_high), site.z_high)}
        for height in sorted(heights):
            i = int(np.argmin(np.abs(self.z - height)))
            known = self.best[ion][i]
            if known is not None:
                for _ in range(number):
                    self._offer(ion, i, self._from(ion, i, shaken(self.system, known, rng)))

    def shake_parts(self, ion: str, sites: Sequence[Site], number: int) -> None:
        """That many starts from single shaken rings at the centre and the planes of every given site."""
        rng = np.random.default_rng(SHAKE_SEED)
        heights = {height for site in sites for height in (site.z_low, 0.5 * (site.z_low + site.z_high), site.z_high)}
        for height in sorted(heights):
            i = int(np.argmin(np.abs(self.z - height)))
            for _ in range(number):
                known = self.best[ion][i]
                if known is not None:
                    self._offer(ion, i, self._from(ion, i, partly_shaken(self.system, known, rng)))

    def settle(self, core: range) -> None:
        """Exchange arrangements between neighbours and ions until nothing improves in the core, then carry them outward.

        The wet ends of the filter take what the dry part settled on; they do not decide anything.
        """
        for _ in range(MOST_SWEEPS):
            if not any([self._sweep(core), self._sweep(core[::-1])]):
                break
        for end in (range(core[0], -1, -1), range(core[-1], len(self.z))):
            for _ in range(MOST_SWEEPS):
                if not any([self._sweep(end), self._sweep(end[::-1])]):
                    break

    def _sweep(self, order: Sequence[int]) -> bool:
        """Offer to every height in turn what its neighbours and the other ions have; whether anything improved."""
        return any(
            [self._pass_on(s, j, ion, i) for i in order for ion in self.ions for s, j in self._neighbours(ion, i)]
        )

    def _neighbours(self, ion: str, i: int) -> Iterator[tuple[str, int]]:
        yield from ((other, i) for other in self.ions if other != ion)
        yield from ((ion, j) for j in (i - 1, i + 1) if 0 <= j < len(self.z))

    def _pass_on(self, source: str, j: int, ion: str, i: int) -> bool:
        seed, path = self.best[source][j], (source, j, ion, i)
        known = self.best[ion][i]
        if seed is None or self.tried.get(path) is seed or (known is not None and alike(seed, known)):
            return False
        self.tried[path] = seed
        found = self._from(ion, i, seed)
        if not self._offer(ion, i, found):
            return False
        self.tried[ion, i, source, j] = found  # the way back leads to where it came from
        return True

    def _offer(self, ion: str, i: int, found: Minimum) -> bool:
        known = self.best[ion][i]
        if not found.converged and known is not None:
            return False
        if known is not None and found.energy_kj_mol > known.energy_kj_mol - IMPROVEMENT:
            return False
        self.best[ion][i] = found
        return True

    def _fresh(self, ion: str, i: int, torsions: Sequence[float]) -> Minimum:
        return minimise(
            self.system,
            ion,
            [[*OFF_AXIS, self.z[i]]],
            fixed_z=float(self.z[i]),
            region=self._region(i),
            rigid=self.rigid,
            torsion_starts=torsions,
        )

    def _from(self, ion: str, i: int, seed: Minimum) -> Minimum:
        nudged = replace(seed, ion_positions=seed.ion_positions + NUDGE)
        return minimise(
            self.system, ion, fixed_z=float(self.z[i]), region=self._region(i), rigid=self.rigid, warm=nudged
        )

    def _region(self, i: int) -> Region:
        return Region(lateral_radius=float(self.lateral[i]))
