"""Which ions and waters are on the axis? Symmetry copies are merged by distance; occupancies become those of the site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.axis import Axis
from selectivity.structure.neighbours import close_pairs, connected_groups
from selectivity.structure.parts import FilterIon, FilterWater, Site
from selectivity.structure.sites import OPEN_LATERAL_RADIUS, site_at

MERGE_DISTANCE = 0.6
"""Atoms of one species closer than this are one atom, Å: symmetry copies of an ion that sits 0.2-0.4 Å off the axis through
refinement error; real alternative positions of an ion in the filter are further apart (sites 3 Å, split sites 1 Å)."""
AXIS_REACH = 20.0
"""Ions on the axis are listed this far from the second carbonyl ring, Å: the whole cavity and the mouth of a K+ channel."""
# Rounded occupancies (0.25 four times, 0.33 three times) may add up to a little more than one.
_ROUNDING = 1.05
# One of four copies on a four-fold carries a quarter; a file with the copies removed keeps that number.
_QUARTER = 0.26


@dataclass(frozen=True)
class SeenAtom:
    """An ion or a water oxygen as the source gives it (one entry per symmetry copy); position (3,) in Å."""

    name: str
    residue_name: str
    position: NDArray[np.float64]
    occupancy: float
    b_factor: float


def ions_in(
    seen: Sequence[SeenAtom], axis: Axis, sites: Sequence[Site]
) -> tuple[tuple[FilterIon, ...], int, tuple[str, ...]]:
    """Ions within 4 Å of the axis, merged, from the cavity outward; how many copies were merged away; notes on occupancies.

    The site is "" for an ion on the axis beyond Scav or S0, or beside a cage. Occupancies of merged copies add up
    (special positions carry 1/n each); a sum above one means that the file gives the occupancy of the whole site to every
    copy, so their mean is taken.
    """
    ions: list[FilterIon] = []
    shares: list[FilterIon] = []
    whole_sites: list[FilterIon] = []
    for group in _merged(_near(seen, axis, -AXIS_REACH, AXIS_REACH)):
        position, occupancy, whole = _average(group)
        ion = _ion(group, position, occupancy, axis, sites)
        ions.append(ion)
        if whole:
            whole_sites.append(ion)
        elif len(group) == 1 and ion.radial < MERGE_DISTANCE and occupancy <= _QUARTER:
            shares.append(ion)
    copies = sum(ion.merged_copies - 1 for ion in ions)
    return tuple(sorted(ions, key=lambda i: i.z)), copies, tuple(_notes(whole_sites, shares))


def _ion(
    group: Sequence[SeenAtom], position: NDArray[np.float64], occupancy: float, axis: Axis, sites: Sequence[Site]
) -> FilterIon:
    z, radial = float(axis.heights(position)), float(axis.radii(position))
    x0, x1, x2 = (float(c) for c in position)
    b_factor = float(np.mean([a.b_factor for a in group]))
    name, residue = group[0].name, group[0].residue_name
    return FilterIon(name, residue, (x0, x1, x2), z, radial, site_at(sites, z, radial), occupancy, b_factor, len(group))


def _notes(whole_sites: Sequence[FilterIon], shares: Sequence[FilterIon]) -> Iterator[str]:
    if whole_sites:
        yield (
            f"copies of {_listed(whole_sites)} each carry the occupancy of the whole site: their mean is kept, not their sum"
        )
    if shares:
        yield (
            f"{_listed(shares)} on the axis, without copies, has occupancy {shares[0].occupancy:.2f}: perhaps its share of a "
            "special position, kept as it is"
        )


def _listed(ions: Sequence[FilterIon]) -> str:
    ordered = sorted(ions, key=lambda i: i.z)
    return f"{'/'.join(dict.fromkeys(i.name for i in ordered))} at z {', '.join(f'{i.z:.1f}' for i in ordered)} Å"


def waters_in(seen: Sequence[SeenAtom], axis: Axis, sites: Sequence[Site]) -> tuple[FilterWater, ...]:
    """Water oxygens inside a site, merged over symmetry copies, from the cavity outward."""
    waters = []
    for group in _merged(_near(seen, axis, sites[0].z_low, sites[-1].z_high)):
        position, occupancy, _ = _average(group)
        z, radial = float(axis.heights(position)), float(axis.radii(position))
        site = site_at(sites, z, radial)
        if site:
            x0, x1, x2 = (float(c) for c in position)
            b_factor = float(np.mean([a.b_factor for a in group]))
            waters.append(FilterWater((x0, x1, x2), z, radial, site, occupancy, b_factor))
    return tuple(sorted(waters, key=lambda w: (w.z, w.radial)))


def _near(seen: Sequence[SeenAtom], axis: Axis, low: float, high: float) -> list[SeenAtom]:
    if not seen:
        return []
    where = np.array([a.position for a in seen])
    z, radial = axis.heights(where), axis.radii(where)
    return [seen[i] for i in np.flatnonzero((radial <= OPEN_LATERAL_RADIUS) & (z >= low) & (z <= high)).tolist()]


def _merged(seen: Sequence[SeenAtom]) -> list[list[SeenAtom]]:
    """Groups of atoms of one species within `MERGE_DISTANCE` of one another (single linkage)."""
    groups = []
    for species in sorted({a.name for a in seen}):
        same = [a for a in seen if a.name == species]
        pairs = close_pairs([a.position for a in same], MERGE_DISTANCE)
        groups += [[same[i] for i in group] for group in connected_groups(len(same), pairs)]
    return groups


def _average(group: Sequence[SeenAtom]) -> tuple[NDArray[np.float64], float, bool]:
    """Mean position, occupancy of the site, and whether every copy carried the occupancy of the whole site."""
    occupancies = np.array([a.occupancy for a in group])
    total = float(occupancies.sum())
    whole = total > _ROUNDING
    occupancy = float(occupancies.mean()) if whole else total
    return np.mean([a.position for a in group], axis=0), min(occupancy, 1.0), whole and len(group) > 1
