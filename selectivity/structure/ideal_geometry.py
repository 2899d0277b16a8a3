"""How far is a strand from standard peptide geometry? Bonds, angles, planes, hands and contacts, with their standard values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selectivity.data import read_table

Vector = NDArray[np.float64]
AtomKey = tuple[int, str]
"""(residue index in the signature, atom name); -1 and n are the peptide stubs on either side."""

TABLE = "ideal_strand_stereochemistry"

ALPHA_CARBON_VOLUME = 2.50
"""Chiral volume of an L alpha carbon, (C - CA) . [(CB - CA) x (N - CA)] in Å³, from the Engh & Huber bonds and angles."""

TRANS_CA_CA = 3.80
"""CA-CA distance over a planar trans peptide bond, Å, from the same bonds and angles."""


@dataclass(frozen=True)
class Term:
    """One bond (two atoms, Å) or angle (three atoms, degrees) and its standard value."""

    atoms: tuple[AtomKey, ...]
    value: float


@dataclass(frozen=True)
class GeometryReport:
    """Largest deviations of a strand from standard geometry.

    Bonds in Å, angles and omega (from 180) in degrees, chiral volumes in Å³, and the closest contact of atoms four or more
    bonds apart as a fraction of its normal limit (below 1 is too close).
    """

    bond: float
    worst_bond: Term
    angle: float
    worst_angle: Term
    omega: float
    smallest_volume: float
    contact: float


def contact_limit(first_element: str, second_element: str) -> float:
    """Normal limit of a non-bonded contact in Å (Ramachandran et al. 1963).

    >>> contact_limit("O", "C")
    2.8
    """
    pair = "-".join(sorted((first_element, second_element)))
    return next(float(row["value"]) for row in read_table(TABLE) if row["kind"] == "contact" and row["atoms"] == pair)


def _resolve(pattern: str, residue: int) -> tuple[AtomKey, ...]:
    """Atoms of a pattern such as "CA-C-N+" or "~C-N-CA": + is the next residue, ~ the one before."""
    return tuple((residue + name.count("+") - name.count("~"), name.strip("+~")) for name in pattern.split("-"))


def standard_terms(kind: str, present: Sequence[AtomKey], residues: Mapping[int, str]) -> Iterator[Term]:
    """Bonds or angles (`kind`) among the atoms `present`, a residue's own value before the general one.

    `residues` maps a residue index to its three-letter name.
    """
    atoms = set(present)
    rows = [row for row in read_table(TABLE) if row["kind"] == kind]
    for residue, name in sorted(residues.items()):
        chosen: dict[str, float] = {}
        for row in rows:
            named = row["residues"].split()
            if name in named or (not named and row["atoms"] not in chosen):
                chosen[row["atoms"]] = float(row["value"])
        for pattern, value in chosen.items():
            keys = _resolve(pattern, residue)
            if atoms.issuperset(keys):
                yield Term(keys, value)


def peptide_quartets(present: Sequence[AtomKey]) -> list[tuple[AtomKey, AtomKey, AtomKey, AtomKey]]:
    """(CA, C, N+1, CA+1) of every complete peptide bond."""
    atoms = set(present)
    residues = sorted({residue for residue, _ in present})
    quartets = [((k, "CA"), (k, "C"), (k + 1, "N"), (k + 1, "CA")) for k in residues]
    return [quartet for quartet in quartets if atoms.issuperset(quartet)]


def chiral_centres(present: Sequence[AtomKey]) -> list[tuple[AtomKey, AtomKey, AtomKey, AtomKey]]:
    """(CA, C, CB, N) of every alpha carbon with a beta carbon."""
    atoms = set(present)
    return [((k, "CA"), (k, "C"), (k, "CB"), (k, "N")) for k, name in present if name == "CB" and (k, "C") in atoms]


def bond_separation(present: Sequence[AtomKey], residues: Mapping[int, str]) -> NDArray[np.int64]:
    """Number of bonds between every two atoms, shape (n, n)."""
    index = {key: i for i, key in enumerate(present)}
    steps = np.full((len(index), len(index)), len(index), dtype=np.int64)
    np.fill_diagonal(steps, 0)
    for term in standard_terms("bond", present, residues):
        i, j = (index[key] for key in term.atoms)
        steps[i, j] = steps[j, i] = 1
    for k in range(len(index)):
        steps = np.minimum(steps, steps[:, k : k + 1] + steps[k : k + 1, :])
    return steps


def angle_degrees(a: Vector, b: Vector, c: Vector) -> float:
    """Angle a-b-c in degrees from three points.

    >>> angle_degrees(np.array([1.0, 0, 0]), np.zeros(3), np.array([0, 2.0, 0]))
    90.0
    """
    u, v = a - b, c - b
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v)))


def dihedral_degrees(a: Vector, b: Vector, c: Vector, d: Vector) -> float:
    """Dihedral a-b-c-d in degrees, -180 to 180, IUPAC sign.

    >>> round(dihedral_degrees(*np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]])), 6)
    90.0
    """
    u, v, w = b - a, c - b, d - c
    n = np.cross(v, w)
    return float(np.degrees(np.arctan2(np.linalg.norm(v) * (u @ n), np.cross(u, v) @ n)))


def chiral_volume(centre: Vector, first: Vector, second: Vector, third: Vector) -> float:
    """Triple product (first - centre) . [(second - centre) x (third - centre)], Å³.

    >>> chiral_volume(np.zeros(3), *np.eye(3))
    1.0
    """
    return float((first - centre) @ np.cross(second - centre, third - centre))


def quarter_turns(count: int) -> Vector:
    """Rotation matrix of ``count`` quarter turns about z, exact.

    >>> quarter_turns(1)[1].tolist()
    [1.0, 0.0, 0.0]
    """
    c, s = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[count % 4]
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def closest_contact(
    present: Sequence[AtomKey], positions: Vector, residues: Mapping[int, str], neighbours: Sequence[Vector]
) -> float:
    """Shortest non-bonded distance over its normal limit: within the strand (four bonds or more) and to `neighbours`.

    ``positions`` and every neighbour have shape (n, 3) in the order of `present`.
    """
    elements = [name[0] for _, name in present]
    limits = np.array([[contact_limit(a, b) for b in elements] for a in elements])
    within = np.linalg.norm(positions[:, None] - positions[None], axis=-1) / limits
    within[bond_separation(present, residues) < 4] = np.inf
    between = [np.linalg.norm(positions[:, None] - other[None], axis=-1) / limits for other in neighbours]
    return float(min(ratio.min() for ratio in [within, *between]))


def geometry_report(
    present: Sequence[AtomKey], positions: Vector, residues: Mapping[int, str], neighbours: Sequence[Vector]
) -> GeometryReport:
    """Compare a strand with standard peptide geometry (see `GeometryReport`)."""
    at = dict(zip(present, positions, strict=True))

    def length(term: Term) -> float:
        first, second = (at[key] for key in term.atoms)
        return abs(float(np.linalg.norm(first - second)) - term.value)

    def bend(term: Term) -> float:
        return abs(angle_degrees(*(at[key] for key in term.atoms)) - term.value)

    bonds = {term: length(term) for term in standard_terms("bond", present, residues)}
    angles = {term: bend(term) for term in standard_terms("angle", present, residues)}
    omegas = [180.0 - abs(dihedral_degrees(*(at[key] for key in q))) for q in peptide_quartets(present)]
    volumes = [chiral_volume(*(at[key] for key in centre)) for centre in chiral_centres(present)]
    worst_bond, worst_angle = max(bonds, key=bonds.__getitem__), max(angles, key=angles.__getitem__)
    return GeometryReport(
        bonds[worst_bond],
        worst_bond,
        angles[worst_angle],
        worst_angle,
        max(omegas),
        min(volumes),
        closest_contact(present, positions, residues, neighbours),
    )
