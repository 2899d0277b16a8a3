"""Where do ions sit? Sites between ring planes, named from the mouth: S0 outside, S1 to S4, then the cavity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from selectivity.structure.parts import Lining, Ring, Site

CAGE_LATERAL_RADIUS = 1.8
"""Lateral reach of the sites between two rings, Å (docs/theory.md section 2: the wall of S1-S4)."""
OPEN_LATERAL_RADIUS = 4.0
"""Lateral reach of the cavity, the mouth and a vestibule, Å (docs/theory.md section 2)."""
MOUTH_DEPTH = 5.0
"""S0 reaches this far outward of the last coordinating plane of the signature, Å (docs/theory.md section 2)."""
CAVITY_DEPTH = 8.0
"""Scav reaches this far inward of the innermost plane, Å (docs/theory.md section 2)."""
VESTIBULE_RADIUS = 4.2
"""Where the pore opens, Å. Rings of conductive K+ filters measure 2.2-2.9, flipped or inactivated ones up to 3.95 (Y78 of
5VKE), vestibules from 4.6 on (G65 of NaK 4.75, G79 of KcsA 4.8): the boundary stands in the gap."""
COORDINATING_RADIUS = 3.2
"""A ring this narrow coordinates an ion on the axis half a ring spacing away (K-O of 3.5 Å: sqrt(3.5^2 - 1.5^2) = 3.2 Å)."""
RING_SPACING = 3.0
"""Distance of consecutive ring planes in KcsA, Å: stands in for the hydroxyl plane when the first residue has none."""


def filter_sites(rings: Sequence[Ring]) -> tuple[Site, ...]:
    """Scav, S4, S3, S2, S1, S0 of a five-residue filter, from the cavity outward.

    The sites lie between the hydroxyl plane and the first four carbonyl planes; the fifth carbonyl (G79 O of KcsA) lines the
    mouth. A site beyond which the pore has opened (`_opening`) keeps its name, but has ``lining == "vestibule"``, is not
    dehydrated and is as wide as the mouth (S2 and S1 of NaK). A wide ring between narrow ones (a flipped carbonyl) stays
    part of its cages: whether they hold an ion is a question of energetics. Without a hydroxyl ring S4 has no inner ring and
    is open to the cavity.
    """
    has_hydroxyl = rings[0].kind == "hydroxyl"
    offset = 1 if has_hydroxyl else 0
    planes = [r.z for r in rings[offset : offset + 4]]
    inner_plane = rings[0].z if has_hydroxyl else planes[0] - RING_SPACING
    opening = _opening(rings[offset : offset + 4])
    sites = [
        Site(
            "Scav",
            None,
            0 if has_hydroxyl else None,
            inner_plane - CAVITY_DEPTH,
            inner_plane,
            OPEN_LATERAL_RADIUS,
            False,
            "cavity",
        )
    ]
    edges = [inner_plane, *planes]
    for i, name in enumerate(("S4", "S3", "S2", "S1")):
        inner = offset + i - 1 if offset + i >= 1 else None
        lining: Lining = "vestibule" if i >= opening else ("cavity" if inner is None else "cage")
        lateral = OPEN_LATERAL_RADIUS if lining == "vestibule" else CAGE_LATERAL_RADIUS
        sites.append(Site(name, inner, offset + i, edges[i], edges[i + 1], lateral, lining == "cage", lining))
    sites.append(Site("S0", offset + 3, None, planes[3], planes[3] + MOUTH_DEPTH, OPEN_LATERAL_RADIUS, False, "mouth"))
    return tuple(sites)


def _opening(carbonyls: Sequence[Ring]) -> int:
    """Index of the carbonyl ring where the vestibule begins: wide, and not followed by a ring that coordinates (4: none)."""
    for i, ring in enumerate(carbonyls):
        closes_again = i + 1 < len(carbonyls) and carbonyls[i + 1].radius <= COORDINATING_RADIUS
        if ring.radius > VESTIBULE_RADIUS and not closes_again:
            return i
    return len(carbonyls)


def numbered_sites(rings: Sequence[Ring]) -> tuple[Site, ...]:
    """Sites "1", "2", ... between consecutive rings given by hand, from the first ring to the last.

    One ring alone makes one site, half a ring spacing to either side of its plane.
    """
    if len(rings) == 1:
        z = rings[0].z
        return (Site("1", 0, None, z - RING_SPACING / 2, z + RING_SPACING / 2, OPEN_LATERAL_RADIUS, False, "mouth"),)
    sites = []
    for i, (inner, outer) in enumerate(pairwise(rings)):
        narrow = max(inner.radius, outer.radius) <= VESTIBULE_RADIUS
        lateral = CAGE_LATERAL_RADIUS if narrow else OPEN_LATERAL_RADIUS
        sites.append(Site(str(i + 1), i, i + 1, inner.z, outer.z, lateral, narrow, "cage" if narrow else "vestibule"))
    return tuple(sites)


def site_at(sites: Sequence[Site], z: float, radial: float) -> str:
    """Name of the site that holds a point (height and distance from the axis, Å); "" outside all sites.

    A point exactly on a plane belongs to the outer site.
    """
    for site in sites:
        if site.z_low <= z < site.z_high and radial <= site.lateral_radius:
            return site.name
    return ""
