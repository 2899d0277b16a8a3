"""What does the view in three dimensions hold? Atoms, bonds, rings, ions and the oxygens of each site, ready for a browser."""

from __future__ import annotations

from typing import Any

import numpy as np

from selectivity.energetics.coordination import SHELL_ANGSTROM, counting_point
from selectivity.score import FilterScore
from selectivity.structure.bonds import strand_bonds
from selectivity.structure.filter import Filter, Site


def scene(score: FilterScore) -> dict[str, Any]:
    """The filter in the pore frame (Å, z from the cavity outward) as plain numbers and words for JSON.

    ``atoms`` with ``bonds`` as pairs of their indices, ``ions`` and ``waters`` of the file, and per site the point from which its
    oxygens are counted with every oxygen of the first shell and its distance (those behind the score's coordination number).
    """
    filter = score.filter
    places = filter.pore_positions()
    rings = {atom: ring.name for ring in filter.rings for atom in ring.atoms}
    return {
        "atoms": [
            {
                "name": atom.name,
                "element": atom.element,
                "residue": f"{atom.residue_name} {atom.residue_number}{atom.insertion_code}",
                "chain": atom.chain,
                "strand": atom.strand,
                "ring": rings.get(number),
                "b_factor": float(atom.b_factor),
                **_xyz(places[number]),
            }
            for number, atom in enumerate(filter.atoms)
        ],
        "bonds": [list(pair) for strand in range(filter.n_strands) for pair in strand_bonds(filter, strand)],
        "ions": [
            {"name": ion.name, "site": ion.site, "occupancy": float(ion.occupancy), **_placed(filter, ion.position)}
            for ion in filter.ions
        ],
        "waters": [{"site": water.site, **_placed(filter, water.position)} for water in filter.waters],
        "sites": [_site(filter, site) for site in filter.sites],
    }


def _site(filter: Filter, site: Site) -> dict[str, Any]:
    point, words, ion = counting_point(filter, site)
    oxygens = [atom for ring in filter.rings for atom in ring.atoms]
    distances = np.linalg.norm(filter.positions[oxygens] - point, axis=1)
    return {
        "site": site.name,
        "z_low": float(site.z_low),
        "z_high": float(site.z_high),
        "point": _placed(filter, point),
        "point_name": words,
        "ion": ion,
        "oxygens": [
            {"atom": int(oxygens[n]), "distance_angstrom": float(distances[n])}
            for n in np.argsort(distances, kind="stable")
            if distances[n] <= SHELL_ANGSTROM
        ],
    }


def _placed(filter: Filter, point: Any) -> dict[str, float]:
    return _xyz(filter.in_pore_frame(point)[0])


def _xyz(point: Any) -> dict[str, float]:
    return {axis: round(float(value), 4) for axis, value in zip("xyz", point, strict=True)}
