"""Where do ions rest, and at what energy? Deterministic multi-start minimisation, rigid or relaxed, of the same Hamiltonian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.energetics.groups import Vector
from selectivity.energetics.hamiltonian import (
    EnergyTerms,
    PackedSystem,
    Region,
    columns,
    ion_names,
    pack_system,
    regions_of,
    terms_of,
)
from selectivity.energetics.ligands import LigandSystem
from selectivity.errors import OutOfRange

GRADIENT_TOLERANCE = 1e-2
"""kJ/mol/Å (or rad): the softest motions have curvatures of about 1 kJ/mol/Å^2, so the energy is right to 1e-4 kJ/mol."""

MAX_EVALUATIONS = 3000
"""A minimisation takes 40 to 150 evaluations; one that needs more than this has failed and says so."""

LATERAL_RADIUS = 1.8
"""Å; an ion held at a height stays this close to the axis (docs/theory.md section 2)."""

OFF_AXIS = (0.25, 0.10)
"""Å; starts lie beside the axis, off every mirror plane, so that no symmetric saddle point passes for a minimum."""

TORSION_STARTS = (0.0, 120.0, 240.0)
"""Degrees by which all hydroxyl torsions are turned before they are scanned: the three staggered families."""


@dataclass(frozen=True)
class StartOutcome:
    """Where one start led: index of the ion start (-1: warm), torsion start (deg, None: warm), energy and ion positions there."""

    start: int
    torsion: float | None
    energy_kj_mol: float
    ion_positions: Vector
    converged: bool


@dataclass(frozen=True)
class Minimum:
    """The best minimum found.

    ``positions`` (A, 3) and ``ion_positions`` (I, 3) in Å; ``max_gradient`` is the largest |dU/dq| left (kJ/mol/Å or rad);
    ``n_evaluations`` counts all starts; ``outcomes`` says where every start led.
    """

    energy_kj_mol: float
    terms: EnergyTerms
    ion_positions: Vector
    positions: Vector
    converged: bool
    max_gradient: float
    n_evaluations: int
    outcomes: tuple[StartOutcome, ...]


def minimise(
    system: LigandSystem,
    ions: str | Sequence[str],
    starts: ArrayLike | None = None,
    *,
    region: Region | Sequence[Region] | None = None,
    fixed_z: float | Sequence[float | None] | None = None,
    rigid: bool = False,
    warm: Minimum | None = None,
    torsion_starts: Sequence[float] = TORSION_STARTS,
    tolerance: float = GRADIENT_TOLERANCE,
) -> Minimum:
    """Minimum of U over ions and groups (``rigid``: over ions, hydroxyl torsions and waters), the best of all starts.

    ``starts`` (S, I, 3) are positions of the ions in Å (for one ion (S, 3) will do); `site_starts` makes them. For every start the
    hydroxyl torsions are scanned from each of ``torsion_starts`` (deg), then everything is minimised. ``warm`` starts from an earlier
    minimum, alone when ``starts`` is None. ``region`` sets walls for all ions or for each; ``fixed_z`` holds ions at heights
    (None: free), with a lateral wall of 1.8 Å unless a region says otherwise. No chance is involved.

    Without ions (``ions=()``, ``starts`` any) the empty filter is minimised.

    Raises `UnknownChoice` (ion), `OutOfRange` (no start, shapes, NaN, empty region).
    """
    names = ion_names(ions)
    held = _heights(fixed_z, len(names))
    if region is None and fixed_z is not None:
        region = Region(lateral_radius=LATERAL_RADIUS)
    packed = pack_system(system, names, regions_of(region, len(names)))
    plan = starting_points(system, names, starts, fixed_z=fixed_z, warm=warm, torsion_starts=torsion_starts)
    runs = [_descend(system, packed, base, held, rigid, tolerance) for _, _, base in plan]
    outcomes = tuple(
        StartOutcome(index, torsion, run.energy, run.ion_positions, run.max_gradient <= tolerance)
        for (index, torsion, _), run in zip(plan, runs, strict=True)
    )
    best = min(runs, key=lambda run: (run.max_gradient > tolerance, run.energy))
    return Minimum(
        energy_kj_mol=best.energy,
        terms=best.terms,
        ion_positions=best.ion_positions,
        positions=best.positions,
        converged=best.max_gradient <= tolerance,
        max_gradient=best.max_gradient,
        n_evaluations=sum(run.n_evaluations for run in runs),
        outcomes=outcomes,
    )


def site_starts(region: Region) -> Vector:
    """Starting positions for one ion in a region: near its lower end, its centre and its upper end, shape (3, 3), Å.

    The ends are the planes of the rings; the starts stand 0.2 Å inside and a little beside the axis.

    >>> site_starts(Region(0.0, 3.0, 1.8)).tolist()
    [[0.25, 0.1, 0.2], [0.25, 0.1, 1.5], [0.25, 0.1, 2.8]]
    """
    heights = (region.z_low + 0.2, 0.5 * (region.z_low + region.z_high), region.z_high - 0.2)
    return np.array([[*OFF_AXIS, z] for z in heights])


def reference_gradient(system: LigandSystem, minimum: Minimum) -> Vector:
    """d(energy at the minimum)/d x_ref = k (x_ref - x), kJ/mol/Å, shape (A, 3), for displacements that keep each group's shape.

    A relaxed energy is stationary in everything but the reference, so this is exact within one basin; atoms of a group move
    together (a coordinate error that stretched C=O would be an error of the bond length, which refinement excludes).
    """
    return system.restraint_kj_mol_A2[:, None] * (system.positions - minimum.positions)


@dataclass(frozen=True)
class _Run:
    energy: float
    terms: EnergyTerms
    ion_positions: Vector
    positions: Vector
    max_gradient: float
    n_evaluations: int


def _heights(fixed_z: float | Sequence[float | None] | None, n_ions: int) -> tuple[float | None, ...]:
    if fixed_z is None or isinstance(fixed_z, (int, float)):
        return (None if fixed_z is None else float(fixed_z),) * n_ions
    if len(fixed_z) != n_ions:
        raise OutOfRange(f"{len(fixed_z)} heights in fixed_z for {n_ions} ions: give one for each (None: free)")
    return tuple(fixed_z)


def starting_points(
    system: LigandSystem,
    ions: str | Sequence[str],
    starts: ArrayLike | None,
    *,
    fixed_z: float | Sequence[float | None] | None = None,
    warm: Minimum | None = None,
    torsion_starts: Sequence[float] = TORSION_STARTS,
) -> list[tuple[int, float | None, Vector]]:
    """What `minimise` starts from: (ion start or -1 for warm, torsion start in deg or None, coordinates (3, A + I) in Å).

    Torsion starts whose scans end in the same hydrogens count once. Raises `OutOfRange` when there is no start.
    """
    names = ion_names(ions)
    held = _heights(fixed_z, len(names))
    plan: list[tuple[int, float | None, Vector]] = []
    if warm is not None:
        plan.append((-1, None, _hold(columns(system, warm.positions, warm.ion_positions, len(names)), system, held)))
    if starts is not None:
        packed = pack_system(system, names, regions_of(None, len(names)))
        for index, ion_positions in enumerate(_start_positions(starts, len(names))):
            base = _hold(columns(system, system.positions, ion_positions, len(names)), system, held)
            for torsion, scanned in _torsion_families(system, packed, base, torsion_starts):
                plan.append((index, torsion, scanned))
    if not plan:
        raise OutOfRange("no start: give starting positions of the ions (site_starts makes them) or a warm minimum")
    return plan


def _start_positions(starts: ArrayLike, n_ions: int) -> Vector:
    """Starts as (S, n_ions, 3); without ions there is one start, the reference coordinates."""
    if n_ions == 0:
        return np.zeros((1, 0, 3))
    array = np.asarray(starts, dtype=float)
    if array.size == 0 or array.shape[-1] != 3 or array.size % (3 * n_ions):
        raise OutOfRange(
            f"starts have shape {array.shape}: needed (starts, {n_ions}, 3), the positions of {n_ions} ions in Å"
        )
    return array.reshape(-1, n_ions, 3)


def _hold(xyz: Vector, system: LigandSystem, held: tuple[float | None, ...]) -> Vector:
    for ion, height in enumerate(held):
        if height is not None:
            xyz[2, system.n_atoms + ion] = height
    return xyz


def _torsion_families(
    system: LigandSystem, packed: PackedSystem, base: Vector, torsions: Sequence[float]
) -> list[tuple[float, Vector]]:
    """Coordinates with scanned hydroxyl torsions, one for each distinct outcome of the starting torsions."""
    from selectivity.energetics import torsions as scan

    hydroxyls = np.array([i for i, kind in enumerate(system.kinds) if kind == "hydroxyl"], dtype=np.int64)
    if not len(hydroxyls):
        return [(0.0, base)]
    families: list[tuple[float, Vector]] = []
    for degrees in torsions:
        xyz = base.copy()
        scan.scan_torsions(xyz, packed.params, packed.start, packed.coupling, hydroxyls, np.radians(degrees))
        if all(np.abs(xyz - other).max() > 0.3 for _, other in families):
            families.append((float(degrees), xyz))
    return families


def _descend(
    system: LigandSystem,
    packed: PackedSystem,
    base: Vector,
    held: tuple[float | None, ...],
    rigid: bool,
    tolerance: float,
) -> _Run:
    from selectivity.energetics import descent, kernels

    mobility, offset, ion_axis = body_freedom(system, held, rigid)
    xyz, terms = base.copy(), np.empty(kernels.N_TERMS)
    work = np.zeros((6, offset[-1] + np.count_nonzero(ion_axis >= 0)))
    energy, gradient, evaluations = descent.descend(
        base,
        packed.params,
        packed.reference,
        rotation_centres(system, base),
        packed.start,
        mobility,
        offset,
        ion_axis,
        packed.walls,
        packed.coupling,
        tolerance,
        MAX_EVALUATIONS,
        xyz,
        terms,
        work,
    )
    atoms = xyz.T
    n = system.n_atoms
    return _Run(energy, terms_of(terms), atoms[n:].copy(), atoms[:n].copy(), gradient, evaluations)


def body_freedom(
    system: LigandSystem, held: tuple[float | None, ...], rigid: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Mobility and first coordinate of every group, and the coordinate of every ion axis (-1: held)."""
    return _freedom(system.kinds, tuple(height is not None for height in held), rigid)


@lru_cache(maxsize=64)
def _freedom(
    kinds: tuple[str, ...], held: tuple[bool, ...], rigid: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    from selectivity.energetics.bodies import FREE, FROZEN, TORSION

    codes = {"carbonyl": FROZEN, "hydroxyl": TORSION, "water": FREE} if rigid else {}
    mobility = np.array([codes.get(kind, FREE) for kind in kinds], dtype=np.int64)
    size = np.array([{FROZEN: 0, FREE: 6, TORSION: 1}[code] for code in mobility], dtype=np.int64)
    offset = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    ion_axis = np.full(3 * len(held), -1, dtype=np.int64)
    free = [k for k in range(3 * len(held)) if k % 3 != 2 or not held[k // 3]]
    ion_axis[free] = offset[-1] + np.arange(len(free))
    return mobility, offset, ion_axis


def rotation_centres(system: LigandSystem, base: Vector) -> Vector:
    """Centre of rotation of every group, (3, G), Å: the weighted mean of its atoms (`LigandSystem.centre_weights`)."""
    weighted = base[:, : system.n_atoms] * system.centre_weights
    return np.add.reduceat(weighted, system.group_start()[:-1], axis=1)
