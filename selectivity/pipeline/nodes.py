"""What the queue needs of a filter: ddG in its planes and cages, from the inside to the outside, and how errors move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.energetics.places import Place, lattice_places
from selectivity.pipeline.energies import FilterEnergies

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class FilterNodes:
    """The nodes of the single file: names, kinds ("plane", "cage"), heights (Å), ddG and its sampling error (kJ/mol), the mean
    waters beside each ion, and ``points``, the heights of the relaxed profile that stand for them when errors propagate."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    z_angstrom: Vector
    ddg_kj_mol: Vector
    error_kj_mol: Vector
    waters: tuple[Mapping[str, float], ...]
    points: NDArray[np.int64]


def filter_nodes(energies: FilterEnergies) -> FilterNodes:
    """The nodes of a filter whose cages are contiguous; ddG positive for the first ion of the pair.

    Thermal: sampled, the ion held in a plane, free in a cage's cell. Relaxed and rigid: the energy in the plane, the lowest of
    each ion in the cell.
    """
    profile = energies.profile
    if energies.thermal is not None:
        nodes = energies.thermal.nodes
        places = tuple(node.place for node in nodes)
        ddg = np.array([node.exchange_kj_mol for node in nodes]) + energies.water_leg
        errors = np.array([node.error_kj_mol for node in nodes])
        waters = tuple(node.waters for node in nodes)
    else:
        cages = [site for site in energies.filter.sites if site.name in energies.formed_cages]
        places = lattice_places(cages, energies.filter.rings)
        ddg = np.array([_at_rest(energies, place) for place in places])
        errors = np.zeros(len(places))
        waters = tuple({} for _ in places)
    z = np.array([place.z for place in places])
    points = np.array([int(np.argmin(np.abs(profile.z - height))) for height in z], dtype=np.int64)
    return FilterNodes(
        tuple(place.name for place in places), tuple(place.kind for place in places), z, ddg, errors, waters, points
    )


def _at_rest(energies: FilterEnergies, place: Place) -> float:
    """ddG of a node from the energies along the axis: at the plane, or between the lowest of each ion in the cell."""
    profile = energies.profile
    first, second = (profile.energies(ion) for ion in energies.ions)
    if place.region is None:
        point = int(np.argmin(np.abs(profile.z - place.z)))
        return float(second[point] - first[point]) + energies.water_leg
    inside = (profile.z >= place.region.z_low - 1e-9) & (profile.z <= place.region.z_high + 1e-9)
    return float(second[inside].min() - first[inside].min()) + energies.water_leg
