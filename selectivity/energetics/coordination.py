"""Can a site hold K+? Oxygens within reach, how far they are, which valence they give, and whether the run of cages is whole.

Geometry as deposited, the same for every treatment: nothing is relaxed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.bond_valence import bond_valence_sum
from selectivity.structure.filter import Filter, Ring, Site

Vector = NDArray[np.float64]

SHELL_ANGSTROM = 3.6
"""First minimum of the K+-oxygen distribution in water, Å: an oxygen within it coordinates the ion."""

REACH_ANGSTROM = SHELL_ANGSTROM + 0.3
"""An oxygen within one nominal thermal amplitude (0.30 Å) of the first shell can coordinate a K+ that comes, Å."""

FEWEST_LIGANDS = 6
"""K+ keeps 6.2 to 7 waters about it (epfl172669, mahler_persson2012); a dry cage with fewer than six oxygens in reach cannot
replace them. A conductive cage has eight, one with a single flipped carbonyl seven."""

LEAST_VALENCE = 0.2
"""Bond valence below which oxygens are too far to matter: less than two of the seven waters of K+ give (2/7 = 0.29)."""

CROWDED_VALENCE = 2.0
"""Bond valence above which K+ is squeezed: the oxygens stand closer than any K+ site of a well-determined structure (1.8)."""

RING_LIGANDS = 4
"""A K+ that the file shows counts as held when one full ring coordinates it; water does the rest from the open side."""

POTASSIUM_LIKE = ("K", "Rb", "Cs", "Tl", "NH4")
"""Ions that mark a K+ site where a structure shows them: the permeant ions of K+ channels (lemasurier2001)."""


@dataclass(frozen=True)
class Coordination:
    """What surrounds the ion of one site, distances in Å.

    ``number`` and ``distances`` count the oxygens within the first shell of a point at height ``z``: the ion seen in the file or
    the centre of the site (``point_name`` says which); ``valence`` maps ions to bond-valence sums over all oxygens there.
    """

    site: str
    formed: bool
    reason: str
    number: int
    distances: tuple[float, ...]
    valence: dict[str, float]
    z: float
    point_name: str
    ring_radii: tuple[float, ...]

    @property
    def mean_distance(self) -> float | None:
        """Mean ion-oxygen distance in the first shell, Å; None without a single oxygen."""
        return float(np.mean(self.distances)) if self.distances else None

    @property
    def distance_spread(self) -> float | None:
        """Standard deviation of these distances, Å."""
        return float(np.std(self.distances)) if self.distances else None


def coordinate(filter: Filter, site: Site, *, ions: Sequence[str] = ("K", "Na")) -> Coordination:
    """The oxygens of one site and whether it can hold K+.

    A dry cage is formed when at least `FEWEST_LIGANDS` oxygens are in reach and give K+ a valence of `LEAST_VALENCE` or
    more, or when the file itself shows a K+-like ion there with a full ring around it. Sites open to water keep theirs and
    count as formed; a vestibule is no site for K+ and does not. Bond-valence sums are for ``ions`` at the same point.
    """
    point, point_name, seen = counting_point(filter, site)
    members = [atom for ring in filter.rings for atom in ring.atoms]
    distances = np.linalg.norm(filter.positions[members] - point, axis=1)
    shell = np.sort(distances[distances <= SHELL_ANGSTROM])
    formed, reason = _verdict(site, distances, seen)
    return Coordination(
        site=site.name,
        formed=formed,
        reason=reason,
        number=len(shell),
        distances=tuple(float(d) for d in shell),
        valence={ion: bond_valence_sum(ion, distances) for ion in ions},
        z=float((point - filter.axis_origin) @ filter.axis_direction),
        point_name=point_name,
        ring_radii=tuple(ring.radius for ring in _site_rings(filter, site)),
    )


def is_conductive(filter: Filter, coordinations: Sequence[Coordination]) -> tuple[bool, str]:
    """Whether the cages make one unbroken run, and why (not).

    Broken: an unformed cage between formed ones, or one that another unformed cage separates from the water outside (only the
    outermost cage is wetted from its open side). A vestibule beyond the last cage breaks nothing.
    """
    cages = [
        coordination
        for site, coordination in zip(filter.sites, coordinations, strict=True)
        if site.dehydrated and coordination.site == site.name
    ]
    formed = [cage.formed for cage in cages]
    if not any(formed):
        names = ", ".join(cage.site for cage in cages) or "no cage between rings at all"
        return False, f"no dehydrated site is formed ({names}): nothing replaces the water of K+"
    inside = range(formed.index(True), len(formed) - formed[::-1].index(True))
    between = [cages[i].site for i in inside if not formed[i]]
    if between:
        held = ", ".join(cage.site for cage in cages if cage.formed)
        return False, f"{_listed(between)} not formed between formed sites ({held}): the single file is interrupted"
    buried = [cages[i].site for i in range(len(cages)) if not formed[i] and 0 < i < len(cages) - 1]
    if buried:
        return (
            False,
            f"{_listed(buried)} not formed and shut off from the water outside: the single file is interrupted",
        )
    return True, f"{_listed([cage.site for cage in cages if cage.formed])} formed without a gap"


def formed_run(filter: Filter, coordinations: Sequence[Coordination]) -> tuple[tuple[Site, ...], ...]:
    """Formed cages between two planes of backbone carbonyls, as contiguous runs (one for a conductive filter)."""
    runs: list[list[Site]] = []
    previous = -2
    for index, (site, coordination) in enumerate(zip(filter.sites, coordinations, strict=True)):
        if not (coordination.formed and _between_carbonyls(filter, site)):
            continue
        if index != previous + 1:
            runs.append([])
        runs[-1].append(site)
        previous = index
    return tuple(tuple(run) for run in runs)


def _between_carbonyls(filter: Filter, site: Site) -> bool:
    rings = _site_rings(filter, site)
    return site.dehydrated and len(rings) == 2 and all(ring.kind == "carbonyl" for ring in rings)


def _site_rings(filter: Filter, site: Site) -> tuple[Ring, ...]:
    return tuple(filter.rings[index] for index in (site.inner, site.outer) if index is not None)


def counting_point(filter: Filter, site: Site) -> tuple[Vector, str, str | None]:
    """Where the oxygens of a site are counted from: the point (3,) in the coordinates of the file (Å), what it is in words, and the
    K+-like ion seen there (None: the centre of the site)."""
    seen = [ion for ion in filter.ions if ion.site == site.name and ion.name in POTASSIUM_LIKE]
    if seen:
        ion = max(seen, key=lambda each: (each.occupancy, -each.radial))
        return np.asarray(ion.position), f"{ion.name} of the file", ion.name
    middle = 0.5 * (site.z_low + site.z_high)
    return filter.axis_origin + middle * filter.axis_direction, "centre of the site", None


def _verdict(site: Site, distances: Vector, seen: str | None) -> tuple[bool, str]:
    if site.lining == "vestibule":
        return False, "vestibule: the pore has opened, its rings are too wide to hold K+ without water"
    if not site.dehydrated:
        return True, "open to water, which completes the shell of the ion"
    reachable = int((distances <= REACH_ANGSTROM).sum())
    coordinating = int((distances <= SHELL_ANGSTROM).sum())
    valence = bond_valence_sum("K", distances)
    counted = f"{reachable} oxygen{'s' if reachable != 1 else ''} within {REACH_ANGSTROM} Å, V(K) = {valence:.2f}"
    if reachable >= FEWEST_LIGANDS and valence >= LEAST_VALENCE:
        crowded = " (crowded: K+ fits only when the oxygens move apart)" if valence > CROWDED_VALENCE else ""
        return True, counted + crowded
    if seen is not None and coordinating >= RING_LIGANDS:
        return True, f"{counted}; the file shows {seen} there, held by one ring"
    wanted = f"{FEWEST_LIGANDS} oxygens and V(K) of {LEAST_VALENCE} are needed"
    return False, f"{counted}: {wanted}; {_cause(reachable)}"


def _cause(reachable: int) -> str:
    if reachable >= FEWEST_LIGANDS:
        return "the rings are too wide"
    return "oxygens point away or the rings are too wide (collapsed, flipped or dilated)"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
