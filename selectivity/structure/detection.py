"""Where are the filter strands? Five-residue motifs are only candidates; geometry decides which of them line a pore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from selectivity.structure.axis import Axis, fit_axis
from selectivity.structure.neighbours import close_pairs, connected_groups
from selectivity.structure.residues import one_letter
from selectivity.structure.table import IDENTITY, AtomTable, Operator

MOTIF_LENGTH = 5
N_STRANDS = 4
# The pattern [TSC]-x-G-x-[GDENST]: hydroxyl (or cysteine), the glycine that turns its carbonyl in, and a small or acidic end.
_FIRST, _MIDDLE, _LAST = "TSC", "G", "GDENST"
FULL_SCORE = 3
# Bonded C-alphas are 3.8 Å apart (2.9 cis), next but one 5.3 or more: in between lies coordinate error.
_CALPHA_STEP = 5.0
# Neighbouring strands of KcsA have C-alphas 5.7-6.1 Å apart (radius 4.0-4.3); a pore dilated to radius 6.7 reaches 9.5.
_NEIGHBOUR_DISTANCE = 9.5
_NEIGHBOUR_COSINE = 0.5
# Copies of one strand by a redundant operator coincide; different strands never come closer than van der Waals contact.
_SAME_PLACE = 1.0
# Four-fold strands are 90 degrees apart; K2P pseudo-four-fold and low-resolution models deviate by up to about 20.
_AZIMUTH_TOLERANCE = np.radians(35.0)
_NARROWEST = 2.0
WIDEST = 7.5
"""Largest C-alpha radius of a K+-type filter, Å (KcsA 4.0-4.3, its outer end and a dilated filter up to 7)."""
_HEIGHT_SPREAD = 2.0
# T to G of an extended strand rises 11 Å along the pore; half of it still is a strand along the axis.
_MINIMUM_RISE = 6.0
_MAXIMUM_COMBINED = 12


@dataclass(frozen=True)
class Motif:
    """Five consecutive residues of one table; ``calpha`` (5, 3) Å; ``score`` counts the conserved positions met (0-3)."""

    residues: tuple[int, ...]
    sequence: str
    score: int
    calpha: NDArray[np.float64]


@dataclass(frozen=True)
class Strand:
    """A motif of one model placed by one operator; ``calpha`` are the placed positions (5, 3), Å."""

    motif: Motif
    model: int
    copy: int
    operator: Operator
    calpha: NDArray[np.float64]


@dataclass(frozen=True)
class Pore:
    """Four strands round one axis, in the order of the file; ``quality`` is smaller for a better four-fold (Å)."""

    strands: tuple[Strand, ...]
    axis: Axis
    quality: float


def find_motifs(table: AtomTable, *, minimum_score: int = FULL_SCORE) -> list[Motif]:
    """Runs of five bonded residues that meet at least ``minimum_score`` of the three conserved positions."""
    residues, letters, calpha = _polymer(table)
    if len(residues) < MOTIF_LENGTH:
        return []
    n = len(residues) - MOTIF_LENGTH + 1
    bonded = np.linalg.norm(np.diff(calpha, axis=0), axis=1) < _CALPHA_STEP
    joined = np.all([bonded[i : i + n] for i in range(MOTIF_LENGTH - 1)], axis=0)
    score = (
        np.isin(letters[:n], list(_FIRST)).astype(int)
        + np.isin(letters[2 : 2 + n], list(_MIDDLE))
        + np.isin(letters[4 : 4 + n], list(_LAST))
    )
    return [
        Motif(
            tuple(int(r) for r in residues[i : i + MOTIF_LENGTH]),
            "".join(letters[i : i + MOTIF_LENGTH]),
            int(score[i]),
            calpha[i : i + MOTIF_LENGTH],
        )
        for i in np.flatnonzero(joined & (score >= minimum_score))
    ]


def _polymer(table: AtomTable) -> tuple[NDArray[np.int64], NDArray[np.str_], NDArray[np.float64]]:
    """Residues with a C-alpha: their index, letter and C-alpha position (calcium is no C-alpha: it stands in residue CA)."""
    starts = table.residue_starts
    rows = np.flatnonzero((table.names == "CA") & (table.residue_names != "CA") & (table.elements != "CA"))
    residues = np.searchsorted(starts, rows, side="right") - 1
    residues, first = np.unique(residues, return_index=True)
    rows = rows[first]
    letters = np.array([one_letter(name) for name in table.residue_names[rows].tolist()], dtype="U1")
    return residues, letters, table.positions[rows]


def place(motifs: Sequence[Motif], model: int = 0, copy: int = 0, operator: Operator = IDENTITY) -> list[Strand]:
    """Strands from motifs moved by one operator."""
    return [Strand(m, model, copy, operator, operator(m.calpha)) for m in motifs]


def find_pores(strands: Sequence[Strand], *, widest: float = WIDEST) -> list[Pore]:
    """All sets of four strands that converge on one axis (C-alpha radii up to ``widest``, Å), in the order of the file."""
    unique = _without_overlaps(strands)
    pores = []
    for group in _neighbours(unique):
        remaining = group
        while len(remaining) >= N_STRANDS:
            best = _best_pore([unique[i] for i in remaining], widest)
            if best is None:
                break
            pores.append(best)
            taken = {id(s) for s in best.strands}
            remaining = [i for i in remaining if id(unique[i]) not in taken and not _shares_residue(unique[i], best)]
    return sorted(pores, key=lambda p: min(_file_order(s) for s in p.strands))


def _file_order(strand: Strand) -> tuple[int, int, int]:
    return (strand.model, strand.copy, strand.motif.residues[0])


def _shares_residue(strand: Strand, pore: Pore) -> bool:
    return any(_overlap(strand, other) for other in pore.strands)


def _overlap(a: Strand, b: Strand) -> bool:
    return (a.model, a.copy) == (b.model, b.copy) and bool(set(a.motif.residues) & set(b.motif.residues))


def _without_overlaps(strands: Sequence[Strand]) -> list[Strand]:
    """Strands without the copies that an operator put onto an earlier strand."""
    if not strands:
        return []
    flat = np.array([s.calpha.ravel() for s in strands])
    dropped = set(close_pairs(flat, _SAME_PLACE * np.sqrt(MOTIF_LENGTH))[:, 1].tolist())
    return [s for i, s in enumerate(strands) if i not in dropped]


def _neighbours(strands: Sequence[Strand]) -> list[list[int]]:
    """Connected sets of side-by-side parallel strands."""
    if len(strands) < N_STRANDS:
        return []
    centres = np.array([s.calpha.mean(axis=0) for s in strands])
    directions = np.array([s.calpha[-1] - s.calpha[0] for s in strands])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    pairs = close_pairs(centres, _NEIGHBOUR_DISTANCE)
    parallel = np.einsum("ij,ij->i", directions[pairs[:, 0]], directions[pairs[:, 1]]) > _NEIGHBOUR_COSINE
    return [g for g in connected_groups(len(strands), pairs[parallel]) if len(g) >= N_STRANDS]


def _best_pore(strands: Sequence[Strand], widest: float) -> Pore | None:
    """The four strands of a group that score highest and, among equals, are closest to a four-fold."""
    if len(strands) > _MAXIMUM_COMBINED:
        strands = sorted(strands, key=lambda s: (-s.motif.score, _file_order(s)))[:_MAXIMUM_COMBINED]
    found = []
    for chosen in combinations(strands, N_STRANDS):
        if any(_overlap(a, b) for a, b in combinations(chosen, 2)):
            continue
        pore = _pore(chosen, widest)
        if pore is not None:
            found.append((-sum(s.motif.score for s in chosen), pore.quality, pore))
    return min(found, key=lambda f: f[:2])[2] if found else None


def _pore(strands: Sequence[Strand], widest: float) -> Pore | None:
    """A pore when the C-alphas of the strands make rings of equal height and radius, a quarter turn apart."""
    calpha = np.array([s.calpha for s in strands])
    axis = fit_axis(calpha.mean(axis=0))
    cylinder = axis.cylindrical(calpha)
    radius, azimuth, height = cylinder[..., 0], cylinder[..., 1], cylinder[..., 2]
    if radius.min() <= _NARROWEST or radius.max() >= widest:
        return None
    if np.ptp(height, axis=0).max() > 2 * _HEIGHT_SPREAD or (height[:, -1] - height[:, 0]).min() < _MINIMUM_RISE:
        return None
    turns = np.sort(np.angle(np.exp(1j * azimuth).mean(axis=1)))
    gaps = np.diff(np.append(turns, turns[0] + 2 * np.pi))
    if np.abs(gaps - 2 * np.pi / len(strands)).max() > _AZIMUTH_TOLERANCE:
        return None
    quality = float(radius.std(axis=0).mean() + height.std(axis=0).mean())
    return Pore(tuple(sorted(strands, key=_file_order)), axis, quality)
