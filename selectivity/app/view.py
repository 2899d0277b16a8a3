"""What does the page draw of a filter? Atoms, bonds, rings and ions in the pore frame, axis upwards, as what JSON can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from selectivity.structure.bonds import strand_bonds
from selectivity.structure.filter import Filter

DECIMALS = 3
"""Å to a thousandth, as a PDB file has them."""


def filter_shown(filter: Filter) -> dict[str, Any]:
    """The parts of a filter that no dilation changes, and who it is: words from its file are text, never markup."""
    from selectivity.plotting.filter_view import (  # matplotlib: in the worker, not at the start
        ION_RADII,
        OTHER_ION_RADIUS,
    )

    return {
        "signature": filter.signature,
        "first_residue": filter.first_residue,
        "title": filter.provenance.title,
        "source": filter.provenance.source,
        "resolution_angstrom": filter.provenance.resolution_angstrom,
        "warnings": list(filter.warnings),
        "atoms": [
            {
                "element": atom.element,
                "name": atom.name,
                "residue": f"{atom.residue_name} {atom.residue_number}",
                "chain": atom.chain,
            }
            for atom in filter.atoms
        ],
        "bonds": [list(pair) for strand in sorted({a.strand for a in filter.atoms}) for pair in strand_bonds(filter, strand)],
        "oxygens": [{"ring": ring.name, "atoms": list(ring.atoms)} for ring in filter.rings],
        "ions": [
            {
                "name": ion.name,
                "site": ion.site,
                "occupancy": float(ion.occupancy),
                "radius": ION_RADII.get(ion.name, OTHER_ION_RADIUS),
                "xyz": _rounded(filter.in_pore_frame(ion.position))[0],
            }
            for ion in filter.ions
        ],
        "at_rest": filter_moved(filter),
        "sites": [{"name": site.name, "z": 0.5 * (site.z_low + site.z_high)} for site in filter.sites],
    }


def filter_moved(filter: Filter) -> dict[str, Any]:
    """What a dilation changes: positions (n, 3), and radius and height of the rings, Å."""
    return {
        "xyz": _rounded(filter.pore_positions()),
        "rings": [
            {"name": ring.name, "radius": round(float(ring.radius), DECIMALS), "z": round(float(ring.z), DECIMALS)}
            for ring in filter.rings
        ],
    }


def _rounded(points: Any) -> list[list[float]]:
    return [[float(x) for x in row] for row in np.round(np.asarray(points, dtype=float).reshape(-1, 3), DECIMALS) + 0.0]
