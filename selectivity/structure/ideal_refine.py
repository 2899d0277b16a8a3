"""How does a rounded strand become sound? Least squares on bonds, angles, planes and hands with its oxygens held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from selectivity.errors import SelectivityError
from selectivity.structure import ideal_geometry as geometry
from selectivity.structure.ideal_geometry import AtomKey, Vector

BOND_WIDTH = 0.01
"""Å; half the spread of Engh & Huber bonds, because the bonds must not pay for the rounding of the oxygens."""

ANGLE_WIDTH = 0.03
"""Å on the 1-3 distance, about 1.5 to 2 degrees, the spread of Engh & Huber angles."""

PLANE_WIDTH = 0.12
"""Å³ on the triple product of a peptide plane, about 3 degrees of omega, half of its spread in good structures."""

VOLUME_WIDTH = 0.10
"""Å³ on the chiral volume of an alpha carbon."""

CONTACT_WIDTH = 0.05
"""Å below the normal contact limit."""

TETHER_WIDTH = 1.0
"""Å; a weak pull towards the rounded dimensions, which settles the torsions that chemistry leaves open."""

SETTLED_STEP = 1e-10
"""Å; a last step this small leaves three printed decimals independent of the machine."""

MOST_STEPS = 60
"""Of either kind; the bundled strands need about twenty."""


@dataclass(frozen=True)
class _Restraints:
    """Index arrays of the residuals; distances may point to symmetry copies (``image`` selects a rotation)."""

    pairs: NDArray[np.int64]
    lengths: Vector
    length_widths: Vector
    quads: NDArray[np.int64]
    volumes: Vector
    volume_widths: Vector
    contacts: NDArray[np.int64]
    limits: Vector


def _angle_to_distance(term: geometry.Term, bonds: Mapping[frozenset[AtomKey], float]) -> float:
    """1-3 distance of an angle at standard bond lengths (law of cosines)."""
    a, b, c = term.atoms
    left, right = bonds[frozenset((a, b))], bonds[frozenset((b, c))]
    return float(np.sqrt(left**2 + right**2 - 2.0 * left * right * np.cos(np.radians(term.value))))


def _build(present: Sequence[AtomKey], residues: Mapping[int, str], copies: int) -> _Restraints:
    index = {key: i for i, key in enumerate(present)}
    bonds = {frozenset(t.atoms): t.value for t in geometry.standard_terms("bond", present, residues)}
    rows: list[tuple[int, int, float, float]] = []
    for pair, value in bonds.items():
        first, second = sorted(pair)
        rows.append((index[first], index[second], value, BOND_WIDTH))
    for term in geometry.standard_terms("angle", present, residues):
        ends = index[term.atoms[0]], index[term.atoms[2]]
        rows.append((*ends, _angle_to_distance(term, bonds), ANGLE_WIDTH))
    quads: list[tuple[tuple[AtomKey, ...], float, float]] = []
    for ca, c, n, ca_next in geometry.peptide_quartets(present):
        rows.append((index[ca], index[ca_next], geometry.TRANS_CA_CA, ANGLE_WIDTH))
        quads += [((c, ca, n, ca_next), 0.0, PLANE_WIDTH)]
        quads += [((c, ca, (c[0], "O"), n), 0.0, PLANE_WIDTH)] if (c[0], "O") in index else []
    quads += [(q, geometry.ALPHA_CARBON_VOLUME, VOLUME_WIDTH) for q in geometry.chiral_centres(present)]
    contacts = _contact_rows(present, residues, copies)
    return _Restraints(
        np.array([row[:2] for row in rows]),
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
        np.array([[index[key] for key in q[0]] for q in quads]),
        np.array([q[1] for q in quads]),
        np.array([q[2] for q in quads]),
        contacts,
        np.array([geometry.contact_limit(present[i][1][0], present[j][1][0]) for i, j, _ in contacts]),
    )


def _contact_rows(present: Sequence[AtomKey], residues: Mapping[int, str], copies: int) -> NDArray[np.int64]:
    """(atom, atom, image) of every pair four or more bonds apart; image 0 is the strand itself, 1... its neighbours."""
    apart = geometry.bond_separation(present, residues) >= 4
    n = len(present)
    rows = [(i, j, 0) for i, j in combinations(range(n), 2) if apart[i, j]]
    rows += [(i, j, image) for image in range(1, copies + 1) for i in range(n) for j in range(n)]
    return np.array(rows)


@dataclass(frozen=True)
class _Problem:
    """A strand to refine: start (n, 3), what may move, and either its own symmetry images or fixed neighbours."""

    start: Vector
    free: NDArray[np.bool_]
    restraints: _Restraints
    images: tuple[Vector, ...]
    neighbours: tuple[Vector, ...]

    def full(self, x: Vector) -> Vector:
        positions = self.start.copy()
        positions[self.free] = x.reshape(-1, 3)
        return positions

    def residuals(self, x: Vector) -> Vector:
        return self._evaluate(x)[0]

    def jacobian(self, x: Vector) -> Vector:
        return self._evaluate(x)[1]

    def _evaluate(self, x: Vector) -> tuple[Vector, Vector]:
        positions = self.full(x)
        blocks = [self._lengths(positions), self._volumes(positions), self._contacts(positions)]
        keep = np.flatnonzero(self.free)
        columns = (3 * keep[:, None] + np.arange(3)).ravel()
        values = np.concatenate([block[0] for block in blocks] + [(x - self.start[self.free].ravel()) / TETHER_WIDTH])
        rows = np.concatenate([block[1][:, columns] for block in blocks] + [np.eye(len(x)) / TETHER_WIDTH])
        return values, rows

    def _lengths(self, positions: Vector) -> tuple[Vector, Vector]:
        r = self.restraints
        i, j = r.pairs.T
        delta = positions[i] - positions[j]
        length = np.linalg.norm(delta, axis=1)
        slope = delta / (length * r.length_widths)[:, None]
        jac = np.zeros((len(i), len(positions), 3))
        jac[np.arange(len(i)), i] += slope
        jac[np.arange(len(i)), j] -= slope
        return (length - r.lengths) / r.length_widths, jac.reshape(len(i), -1)

    def _volumes(self, positions: Vector) -> tuple[Vector, Vector]:
        r = self.restraints
        centre, *ends = r.quads.T
        a, b, c = (positions[end] - positions[centre] for end in ends)
        slopes = [np.cross(b, c), np.cross(c, a), np.cross(a, b)]
        row = np.arange(len(centre))
        jac = np.zeros((len(centre), len(positions), 3))
        for end, slope in zip(ends, slopes, strict=True):
            jac[row, end] += slope / r.volume_widths[:, None]
            jac[row, centre] -= slope / r.volume_widths[:, None]
        volume = np.einsum("ij,ij->i", a, slopes[0])
        return (volume - r.volumes) / r.volume_widths, jac.reshape(len(centre), -1)

    def _contacts(self, positions: Vector) -> tuple[Vector, Vector]:
        r = self.restraints
        others = np.stack([positions, *(positions @ m.T for m in self.images), *self.neighbours])
        i, j, image = r.contacts.T
        delta = positions[i] - others[image, j]
        length = np.linalg.norm(delta, axis=1)
        close = np.flatnonzero(length < r.limits)
        jac = np.zeros((len(close), len(positions), 3))
        row = np.arange(len(close))
        slope = -delta[close] / (length[close] * CONTACT_WIDTH)[:, None]
        jac[row, i[close]] += slope
        moves = np.zeros((1 + len(self.images) + len(self.neighbours), 3, 3))
        moves[0] = np.eye(3)
        moves[1 : 1 + len(self.images)] = self.images if self.images else moves[1:1]
        jac[row, j[close]] -= np.einsum("ij,ijk->ik", slope, moves[image[close]])
        # Fixed length of the residual vector: pairs that do not touch contribute zero rows, so least_squares sees one shape.
        values, rows = np.zeros(len(i)), np.zeros((len(i), 3 * len(positions)))
        values[close] = (r.limits[close] - length[close]) / CONTACT_WIDTH
        rows[close] = jac.reshape(len(close), 3 * len(positions))
        return values, rows


def refine_strand(
    present: Sequence[AtomKey],
    start: Vector,
    residues: Mapping[int, str],
    held: Sequence[AtomKey],
    neighbours: Sequence[Vector] | None = None,
) -> Vector:
    """Refined positions (n, 3) of one strand whose `held` atoms stay exactly where they start, Å.

    Without `neighbours` the strand is refined together with its three copies at 90, 180 and 270 degrees about z; with
    `neighbours` (each (n, 3)) those stay fixed. Raises SelectivityError if the least squares does not settle.
    """
    images = tuple(geometry.quarter_turns(count) for count in (1, 2, 3)) if neighbours is None else ()
    fixed = tuple(neighbours or ())
    free = np.array([key not in set(held) for key in present])
    problem = _Problem(start, free, _build(present, residues, len(images) + len(fixed)), images, fixed)
    x = start[free].ravel()
    result = least_squares(
        problem.residuals, x, problem.jacobian, xtol=1e-12, ftol=1e-12, gtol=1e-12, max_nfev=MOST_STEPS
    )
    return problem.full(_settle(problem, result.x))


def _settle(problem: _Problem, x: Vector) -> Vector:
    """Gauss-Newton steps from a near-minimum until nothing moves, so that no printed digit hangs on a stopping rule."""
    for _ in range(MOST_STEPS):
        values, jacobian = problem.residuals(x), problem.jacobian(x)
        step = np.linalg.lstsq(jacobian, -values, rcond=None)[0]
        x = x + step
        if np.abs(step).max() < SETTLED_STEP:
            return x
    raise SelectivityError(
        f"ideal strand: the refinement still moves by {np.abs(step).max():.1e} Å after {MOST_STEPS} steps (needed "
        f"{SETTLED_STEP:.0e}); the rounded dimensions are too far from a peptide: check data/ideal_strand.csv"
    )
