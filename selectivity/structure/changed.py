"""What follows when a filter's atoms change? Rings are measured again, sites and ions find their names, the history grows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from selectivity.errors import FilterNotFound, OutOfRange, UnknownChoice, hint
from selectivity.structure.axis import Axis
from selectivity.structure.filter import Filter
from selectivity.structure.parts import FilterAtom, Ring, Vector
from selectivity.structure.rings import make_ring
from selectivity.structure.sites import filter_sites, numbered_sites, site_at

CARRIERS = {"O": "C", "OG1": "CB", "OG": "CB"}
"""The atom at the other end of each ligand's dipole: a carbonyl takes its C along, a hydroxyl its CB."""


def axis_of(filter: Filter) -> Axis:
    """The pore axis, its origin in the plane of the second carbonyl ring (Å)."""
    return Axis(filter.axis_origin, filter.axis_direction)


def has_motif(filter: Filter) -> bool:
    """Whether the filter has a signature and named sites (Scav to S0), not rings given by hand."""
    return any(site.name == "Scav" for site in filter.sites)


def ring_numbers(filter: Filter, rings: str | Sequence[str] | None) -> tuple[int, ...]:
    """Indices of the rings meant: all for None; a name such as "V76 O" or, where it has one ring only, its residue "V76".

    Raises UnknownChoice with the nearest ring.
    """
    if rings is None:
        return tuple(range(len(filter.rings)))
    names = [rings] if isinstance(rings, str) else list(rings)
    if not names:
        raise UnknownChoice(f"no ring named; this filter has {_listed(filter)}: name one, or leave rings out for all")
    return tuple(dict.fromkeys(ring_number(filter, name) for name in names))


def ring_number(filter: Filter, name: str) -> int:
    """Index of one ring by name; UnknownChoice names the nearest."""
    wanted = " ".join(name.split()).casefold()
    known = [ring.name for ring in filter.rings]
    exact = [i for i, ring in enumerate(known) if ring.casefold() == wanted]
    of_residue = [i for i, ring in enumerate(known) if wanted and ring.casefold().split()[0] == wanted]
    if exact or len(of_residue) == 1:
        return (exact or of_residue)[0]
    raise UnknownChoice(f"no ring {name!r}; this filter has {_listed(filter)}{hint(wanted, known)}")


def strand_numbers(filter: Filter, strands: int | Sequence[int] | None) -> tuple[int, ...]:
    """The strands meant (0 to n-1, counter-clockwise seen from outside), all for None; UnknownChoice outside that range."""
    if strands is None:
        return tuple(range(filter.n_strands))
    wanted = (strands,) if isinstance(strands, int) else tuple(strands)
    for strand in wanted:
        if strand not in range(filter.n_strands):
            nearest = 0 if strand < 0 else filter.n_strands - 1
            raise UnknownChoice(
                f"no strand {strand}; this filter has 0 to {filter.n_strands - 1}: the nearest is {nearest}"
            )
    return tuple(dict.fromkeys(wanted))


def atom_index(filter: Filter) -> dict[tuple[int, int, str], int]:
    """Index of every atom by strand, residue index and name."""
    return {(a.strand, a.residue_index, a.name): i for i, a in enumerate(filter.atoms)}


def ligand_groups(filter: Filter, rings: Iterable[int]) -> list[tuple[int, ...]]:
    """Atoms that move as one ligand, oxygen first, for every oxygen of the rings with these indices."""
    index = atom_index(filter)
    groups: list[tuple[int, ...]] = []
    for oxygen in dict.fromkeys(i for number in rings for i in filter.rings[number].atoms):
        atom = filter.atoms[oxygen]
        carrier = index.get((atom.strand, atom.residue_index, CARRIERS.get(atom.name, "")))
        groups.append((oxygen,) if carrier is None else (oxygen, carrier))
    return groups


def finite(value: float, what: str, unit: str = "Å") -> float:
    """The number itself; OutOfRange for NaN or infinity."""
    if not np.isfinite(value):
        raise OutOfRange(f"{what} {value} {unit}: a finite number is needed")
    return float(value)


def moved(filter: Filter, positions: Vector, note: str) -> Filter:
    """The filter with its atoms at new positions (n_atoms, 3), Å; raises OutOfRange when rings would change their order."""
    members = [(ring.name, ring.atoms) for ring in filter.rings]
    return rebuilt(filter, filter.atoms, positions, members, note)


def rebuilt(
    filter: Filter,
    atoms: Sequence[FilterAtom],
    positions: Vector,
    members: Sequence[tuple[str, Sequence[int]]],
    note: str,
    *,
    signature: str | None = None,
) -> Filter:
    """A filter of these atoms about the same axis, with the rings ``members`` (name, indices of ``atoms``) measured again.

    The kind of a ring follows its name. The origin moves with the second carbonyl ring of a filter with a signature; ions and
    waters stay where they were seen and get the names of the sites they are in. ``note`` joins the provenance.
    """
    kinds = {ring.name.split()[-1]: ring.kind for ring in filter.rings} | {"O": "carbonyl", "OG1": "hydroxyl"}
    if not has_motif(filter):
        kinds = {ring.name: ring.kind for ring in filter.rings}

    def measured(axis: Axis) -> tuple[Ring, ...]:
        return tuple(
            make_ring(name, kinds[name if name in kinds else name.split()[-1]], rows, atoms, positions, axis)
            for name, rows in members
        )

    axis = axis_of(filter)
    rings = measured(axis)
    _require_order(rings, note)
    if has_motif(filter):
        second = [ring for ring in rings if ring.kind == "carbonyl"][1]
        axis = axis.moved_to(second.z)
        rings = measured(axis)
    sites = filter_sites(rings) if has_motif(filter) else numbered_sites(rings)
    placed: dict = {}
    for kind in ("ions", "waters"):
        seen = []
        for part in getattr(filter, kind):
            z, radial = float(axis.heights(part.position)), float(axis.radii(part.position))
            seen.append(replace(part, z=z, radial=radial, site=site_at(sites, z, radial)))
        placed[kind] = tuple(seen)
    provenance = replace(filter.provenance, notes=(*filter.provenance.notes, note))
    return replace(
        filter,
        atoms=tuple(atoms),
        positions=positions,
        axis_origin=axis.origin,
        rings=rings,
        sites=sites,
        provenance=provenance,
        signature=filter.signature if signature is None else signature,
        **placed,
    )


def require_signature(filter: Filter, what: str) -> None:
    """Raise FilterNotFound when the filter has rings by hand only: ``what`` needs residues in the order of a signature."""
    if not has_motif(filter):
        raise FilterNotFound(
            f"{what} needs a filter with a signature; this one has rings given by hand ({_listed(filter)}): load it without rings="
        )


def _require_order(rings: Sequence[Ring], note: str) -> None:
    for inner, outer in zip(rings, rings[1:], strict=False):
        if outer.z <= inner.z:
            raise OutOfRange(
                f"{note}: ring {outer.name} (z {outer.z:.2f} Å) would no longer lie outward of {inner.name} (z {inner.z:.2f} Å); "
                "keep the rings in order: take a smaller step"
            )


def _listed(filter: Filter) -> str:
    return ", ".join(ring.name for ring in filter.rings)
