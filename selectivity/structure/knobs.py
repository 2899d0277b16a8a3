"""What if the filter were a little different? Pure functions Filter -> Filter that move atoms; they compose in any order.

    pinched = shift(dilate(filter, -0.2, "V76 O"), "T75 O", 0.1)

Ligands move as rigid bodies, so no C=O or C-O bond changes its length; what is strained is the backbone between them, which the
energy model does not see. The original is never touched, and every change is written into ``provenance.notes``. Changes of
residues (remove a hydroxyl, drop a ligand, another signature) are in `selectivity.structure.mutations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from selectivity.errors import FilterIncomplete, OutOfRange, UnknownChoice
from selectivity.structure.axis import perpendicular
from selectivity.structure.changed import (
    atom_index,
    axis_of,
    finite,
    ligand_groups,
    moved,
    ring_number,
    ring_numbers,
    strand_numbers,
)
from selectivity.structure.filter import Filter
from selectivity.structure.parts import Ring, Vector

PEPTIDE = ((0, "CA"), (0, "C"), (0, "O"), (1, "N"), (1, "CA"))
"""Atoms of a peptide plane as (residue after the first, name), from one CA to the next."""

LARGEST_BREAK = 1.0
"""Å per coordinate; beyond it a random displacement is no longer a deformation of a filter but another arrangement of atoms."""


def dilate(filter: Filter, dr: float, rings: str | Sequence[str] | None = None) -> Filter:
    """Every oxygen of the rings named (all for None) ``dr`` Å further from the axis, with its carbonyl C or hydroxyl CB.

    Ring radii change by exactly ``dr`` Å; negative pinches. Raises UnknownChoice for an unknown ring (naming the nearest) and
    OutOfRange when an oxygen would reach the axis.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> wide = dilate(ideal_filter("kcsa-like"), 0.2, "V76 O")
    >>> [round(ring.radius, 2) for ring in wide.rings]
    [2.65, 2.25, 2.55, 2.35, 2.55, 4.8]
    """
    finite(dr, "dilation")
    numbers = ring_numbers(filter, rings)
    axis = axis_of(filter)
    positions = filter.positions.copy()
    for group in ligand_groups(filter, numbers):
        offset = filter.positions[group[0]] - axis.origin
        outward = offset - (offset @ axis.direction) * axis.direction
        radius = float(np.linalg.norm(outward))
        if radius + dr <= 0.0:
            raise OutOfRange(
                f"dilation by {dr:g} Å moves an oxygen {radius:.2f} Å from the axis across it: more than {-radius:.2f} Å is needed"
            )
        positions[list(group)] += dr * outward / radius
    where = "all rings" if rings is None else ", ".join(filter.rings[i].name for i in numbers)
    return moved(filter, positions, f"{where} dilated by {dr:+.3f} Å")


def pinch(filter: Filter, dr: float, rings: str | Sequence[str] | None = None) -> Filter:
    """The rings named (all for None) ``dr`` Å narrower: `dilate` by -dr, with its errors.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> round(pinch(ideal_filter("kcsa-like"), 0.1, "G77 O").rings[3].radius, 2)
    2.25
    """
    return dilate(filter, -dr, rings)


def shift(filter: Filter, ring: str, dz: float) -> Filter:
    """One ring ``dz`` Å outward along the axis (negative: towards the cavity), its carbonyls or hydroxyls with it.

    The sites on either side change their lengths with it; z = 0 stays the plane of the second carbonyl ring. Raises
    UnknownChoice for an unknown ring and OutOfRange when the ring would pass its neighbour.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> [round(ring.z, 1) + 0.0 for ring in shift(ideal_filter("kcsa-like"), "T75 O", -0.4).rings[:3]]
    [-6.1, -3.5, 0.0]
    """
    finite(dz, "shift")
    number = ring_number(filter, ring)
    name, z = filter.rings[number].name, filter.rings[number].z
    low = filter.rings[number - 1].z - z if number > 0 else -np.inf
    high = filter.rings[number + 1].z - z if number + 1 < len(filter.rings) else np.inf
    if not low < dz < high:
        raise OutOfRange(
            f"shift of {name} by {dz:g} Å passes a neighbouring ring: between {low:.2f} and {high:.2f} Å is possible"
        )
    positions = filter.positions.copy()
    for group in ligand_groups(filter, [number]):
        positions[list(group)] += dz * filter.axis_direction
    return moved(filter, positions, f"{name} shifted by {dz:+.3f} Å along the axis")


def flip(filter: Filter, ring: str, strands: int | Sequence[int] | None = 0, *, angle: float = 180.0) -> Filter:
    """A peptide flip: C, O and the next N turn by ``angle`` degrees about the line from their CA to the next CA.

    A rigid rotation of the peptide plane: every bond keeps its length (CA-C, C=O, C-N, N-CA), only the angles at the two CA
    change. ``strands`` counts from 0 counter-clockwise seen from outside, None flips all. The ring keeps its name; its radius and
    height are the means over all its oxygens, turned ones included.

    Raises UnknownChoice for a ring or strand that does not exist or is not a carbonyl with a residue after it in the filter,
    FilterIncomplete when CA or the next N or CA is missing.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> flipped = flip(ideal_filter("kcsa-like"), "V76 O", 0)
    >>> bool(flipped.rings[2].radius > 2.9)
    True
    """
    finite(angle, "flip", "degrees")
    number = ring_number(filter, ring)
    chosen = strand_numbers(filter, strands)
    index, target = atom_index(filter), filter.rings[number]
    residue = _flippable(filter, target)
    positions = filter.positions.copy()
    for strand in chosen:
        peptide = [index[key] for step, name in PEPTIDE if (key := (strand, residue + step, name)) in index]
        if len(peptide) < len(PEPTIDE):
            raise FilterIncomplete(
                f"flip of {target.name} in strand {strand}: CA, C, O and the next N and CA are needed: model the missing atoms"
            )
        first, *turning, last = peptide
        line = filter.positions[last] - filter.positions[first]
        turn = Rotation.from_rotvec(np.radians(angle) * line / np.linalg.norm(line))
        positions[turning] = filter.positions[first] + turn.apply(filter.positions[turning] - filter.positions[first])
    listed = ", ".join(str(s) for s in chosen)
    return moved(
        filter, positions, f"{target.name} of strand {listed} flipped by {angle:g} degrees about its CA-CA line"
    )


def symmetrise(filter: Filter) -> Filter:
    """All strands made copies of one: cylindrical coordinates of equivalent atoms averaged about the axis.

    Radii, heights and azimuths (relative to the strand's own turn) are averaged, so ring radii and heights do not change and
    every strand is a rotation of every other by 360/n degrees. Atoms that not all strands have stay where they are. The copies share
    their coordinate errors from then on.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> even = symmetrise(ideal_filter("flipped-like"))
    >>> bool(even.rings[2].radius > 2.6), len({atom.deposited_id for atom in even.atoms}) * 4 == len(even.atoms)
    (True, True)
    """
    cylinder = axis_of(filter).cylindrical(filter.positions)
    n = filter.n_strands
    positions, ids = filter.positions.copy(), [atom.deposited_id for atom in filter.atoms]
    copies: dict[tuple[int, str], list[int]] = {}
    for i, atom in enumerate(filter.atoms):
        copies.setdefault((atom.residue_index, atom.name), []).append(i)
    shared = [rows for rows in copies.values() if len({filter.atoms[i].strand for i in rows}) == len(rows) == n]
    for rows in shared:
        turns = np.array([2.0 * np.pi * filter.atoms[i].strand / n for i in rows])
        azimuth = np.angle(np.exp(1j * (cylinder[rows, 1] - turns)).mean())
        radius, height = cylinder[rows, 0].mean(), cylinder[rows, 2].mean()
        positions[rows] = _cartesian(filter, radius, azimuth + turns, height)
        for i in rows:
            ids[i] = ids[rows[0]]
    left = len(filter.atoms) - n * len(shared)
    note = f"made {n}-fold symmetric" + (f"; {left} atoms that not all strands have were left" if left else "")
    even = moved(filter, positions, note)
    return replace(even, atoms=tuple(replace(a, deposited_id=i) for a, i in zip(filter.atoms, ids, strict=True)))


def break_symmetry(filter: Filter, amplitude: float, *, seed: int = 0) -> Filter:
    """Every ligand of every ring displaced at random as a rigid body: normal with ``amplitude`` Å per coordinate.

    The same seed gives the same filter. The strands are no copies of one another any more, which their coordinate errors
    know. Raises OutOfRange unless 0 <= amplitude <= 1 Å.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> broken = break_symmetry(ideal_filter("kcsa-like"), 0.1, seed=7)
    >>> len({atom.deposited_id for atom in broken.atoms}) == len(broken.atoms)
    True
    """
    if not 0.0 <= amplitude <= LARGEST_BREAK:
        raise OutOfRange(f"amplitude {amplitude:g} Å of the random displacements: 0 to {LARGEST_BREAK:g} Å is needed")
    rng = np.random.default_rng(seed)
    positions = filter.positions.copy()
    for group in ligand_groups(filter, range(len(filter.rings))):
        # In the pore frame, so that turning the whole filter does not change what is drawn.
        positions[list(group)] += amplitude * rng.standard_normal(3) @ _pore_frame(filter)
    broken = moved(filter, positions, f"symmetry broken by {amplitude:g} Å per coordinate, seed {seed}")
    return replace(broken, atoms=tuple(replace(a, deposited_id=i) for i, a in enumerate(filter.atoms)))


def _flippable(filter: Filter, ring: Ring) -> int:
    """Residue index of a carbonyl ring that has a residue after it; UnknownChoice lists the rings that do."""
    last = max(atom.residue_index for atom in filter.atoms)
    able = [r.name for r in filter.rings if r.kind == "carbonyl" and filter.atoms[r.atoms[0]].residue_index < last]
    if ring.name not in able:
        raise UnknownChoice(
            f"{ring.name} cannot be flipped: a backbone carbonyl with a residue after it is needed; "
            f"there {'are' if able else 'is'} {', '.join(able) or 'none'}"
            + (f": the nearest is {able[-1]!r}" if able else "")
        )
    return filter.atoms[ring.atoms[0]].residue_index


def _pore_frame(filter: Filter) -> Vector:
    """Rows x, y, z of the pore frame: x towards the first oxygen of the first ring."""
    offset = filter.positions[filter.rings[0].atoms[0]] - filter.axis_origin
    x = offset - (offset @ filter.axis_direction) * filter.axis_direction
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(filter.axis_direction, x), filter.axis_direction])


def _cartesian(filter: Filter, radius: float, azimuth: Vector, height: float) -> Vector:
    """Positions (n, 3) of cylindrical coordinates about the axis, azimuth counted as `Axis.cylindrical` does."""
    e1, e2 = perpendicular(filter.axis_direction)
    across = np.outer(np.cos(azimuth), e1) + np.outer(np.sin(azimuth), e2)
    return np.asarray(filter.axis_origin + radius * across + height * filter.axis_direction)
