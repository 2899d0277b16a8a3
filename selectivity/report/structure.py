"""What was found in a structure file, and how? The document and the numbers behind `selectivity inspect`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.bond_valence import bond_valence_sum
from selectivity.errors import UnknownChoice
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import UNDEFINED, fixed
from selectivity.structure.filter import Filter, FilterIon

STRAND_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def filter_document(filter: Filter) -> list[Block]:
    """Headline, rings, sites with what sits in them, ions, and how the filter was obtained.

    Rings given by hand have no score that would tell their coordination: bond-valence sums are shown here.
    """
    blocks: list[Block] = [*opening(filter), _rings(filter), _sites(filter)]
    if filter.ions:
        blocks.append(_ions(filter))
    if not filter.provenance.pore.isdigit():
        blocks.append(_valences(filter))
    blocks.append(Paragraph(obtained(filter), label="how"))
    blocks.extend(Paragraph(note, label="note") for note in filter.provenance.notes)
    blocks.extend(Paragraph(warning, label="warning") for warning in filter.warnings)
    return blocks


def opening(filter: Filter) -> list[Block]:
    """Headline (file, signature, first residue, strands, resolution) and the title of the deposition."""
    title = filter.provenance.title
    return [Heading(headline(filter)), *([Paragraph(title, label="title")] if title else [])]


def headline(filter: Filter) -> str:
    """One line: file, signature, first residue, strands, resolution."""
    strands = STRAND_WORDS.get(filter.n_strands, str(filter.n_strands))
    kind = f"filter {filter.signature} from residue {filter.first_residue}"
    if not filter.provenance.pore.isdigit():
        kind = filter.provenance.pore  # "rings given by hand"
    resolution = filter.provenance.resolution_angstrom
    measured = "resolution not stated" if resolution is None else f"{resolution:.2f} Å"
    return f"{filter.provenance.source}: {kind}, {strands} strands, {measured}"


def obtained(filter: Filter) -> str:
    """The choices of the loader in one sentence."""
    provenance = filter.provenance
    parts = [
        f"{provenance.format} read {_reading(provenance.assembly)}",
        f"altloc {provenance.altloc}",
        _pore(provenance.pore, provenance.pores_found),
        f"{provenance.merged_copies} symmetry copies of ions and waters merged",
    ]
    return "; ".join(parts)


def _pore(chosen: str, found: Sequence[str]) -> str:
    if not chosen.isdigit():
        return chosen
    named = f" ({found[int(chosen) - 1]})" if 0 < int(chosen) <= len(found) else ""
    return f"pore {chosen} of {max(len(found), 1)}{named}"


def _reading(assembly: str) -> str:
    return assembly if assembly.startswith(("as ", "with ")) else f"as {assembly}"


def occupants(ions: Sequence[FilterIon], site: str) -> str:
    """The ions seen in one site with their summed occupancies: "K 1.00", "4 x K 0.25" off the axis.

    >>> occupants((), "S2")
    '-'
    """
    seen = Counter(f"{ion.name} {ion.occupancy:.2f}" for ion in ions if ion.site == site)
    return ", ".join(ion if copies == 1 else f"{copies} x {ion}" for ion, copies in seen.items()) or UNDEFINED


def filter_dict(filter: Filter) -> dict[str, Any]:
    """The filter as plain numbers and strings for JSON: the block `filter` of a score, with sites, waters and warnings."""
    from selectivity.score import _filter_dict

    return {
        "file": filter.provenance.source,
        **_filter_dict(filter),
        "sites": [
            {
                "site": site.name,
                "inner_ring": None if site.inner is None else filter.rings[site.inner].name,
                "outer_ring": None if site.outer is None else filter.rings[site.outer].name,
                "z_low_angstrom": float(site.z_low),
                "z_high_angstrom": float(site.z_high),
                "lining": site.lining,
                "dehydrated": site.dehydrated,
            }
            for site in filter.sites
        ],
        "waters": [
            {"site": water.site, "z_angstrom": float(water.z), "occupancy": float(water.occupancy)}
            for water in filter.waters
        ],
        "axis_origin_angstrom": [float(x) for x in filter.axis_origin],
        "axis_direction": [float(x) for x in filter.axis_direction],
        "warnings": list(filter.warnings),
    }


def ring_rows(filter: Filter) -> list[dict[str, Any]]:
    """One table row per ring, units in the column names."""
    return [
        {
            "file": filter.provenance.source,
            "signature": filter.signature,
            "first_residue": filter.first_residue,
            "ring": ring.name,
            "kind": ring.kind,
            "radius_angstrom": float(ring.radius),
            "z_angstrom": float(ring.z),
        }
        for ring in filter.rings
    ]


def _rings(filter: Filter) -> Table:
    rows = tuple(
        (ring.name, ring.kind, str(len(ring.atoms)), fixed(ring.radius, 2), fixed(ring.z, 2)) for ring in filter.rings
    )
    return Table(("ring", "kind", "oxygens", "radius (Å)", "z (Å)"), rows, text_columns=2)


def _sites(filter: Filter) -> Table:
    rows = []
    for site in filter.sites:
        waters = sum(1 for water in filter.waters if water.site == site.name)
        rows.append(
            (
                site.name,
                site.lining,
                occupants(filter.ions, site.name),
                f"{fixed(site.z_low, 1)} to {fixed(site.z_high, 1)}",
                str(waters),
            )
        )
    return Table(("site", "lining", "ions (occupancy)", "z (Å)", "waters"), tuple(rows), text_columns=3)


def _ions(filter: Filter) -> Table:
    rows = tuple(
        (
            ion.name,
            ion.site or UNDEFINED,
            fixed(ion.z, 2),
            fixed(ion.radial, 2),
            fixed(ion.occupancy, 2),
            fixed(ion.b_factor, 0),
            str(ion.merged_copies),
        )
        for ion in filter.ions
    )
    columns = ("ion", "site", "z (Å)", "off axis (Å)", "occupancy", "B (Å²)", "copies merged")
    return Table(columns, rows, text_columns=2)


def _valences(filter: Filter) -> Table:
    """Bond-valence sums over the rings' oxygens: at every ion seen in a site, for itself too, else at the site's centre."""
    oxygens = filter.positions[[atom for ring in filter.rings for atom in ring.atoms]]
    rows = []
    for site in filter.sites:
        seen = [ion for ion in filter.ions if ion.site == site.name]
        points = [(f"{ion.name} of the file", np.asarray(ion.position), ion.name) for ion in seen]
        middle = filter.axis_origin + 0.5 * (site.z_low + site.z_high) * filter.axis_direction
        for words, point, own in points or [("centre of the site", middle, "")]:
            distances = np.linalg.norm(oxygens - point, axis=1)
            rows.append((site.name, words, *(_valence(ion, distances) for ion in (own, "K", "Na"))))
    return Table(("site", "seen from", "V(ion seen)", "V(K)", "V(Na)"), tuple(rows), text_columns=2)


def _valence(ion: str, distances: NDArray[np.float64]) -> str:
    """Bond-valence sum of an ion, undefined where none is seen or its pair with oxygen is not tabulated."""
    try:
        return fixed(bond_valence_sum(ion, distances), 2)
    except UnknownChoice:
        return UNDEFINED
