"""Where do the atoms of an idealised filter stand? Published cylindrical dimensions, refined to sound peptides, in Å."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from selectivity.data import Row, read_table
from selectivity.structure.ideal_geometry import AtomKey, Vector, quarter_turns
from selectivity.structure.ideal_refine import refine_strand

DECIMALS = 3
"""Decimals of a PDB coordinate; positions are rounded before they are used, so that file and memory hold the same filter."""


@dataclass(frozen=True)
class IdealStrands:
    """The strands of one idealised filter, counter-clockwise seen from outside.

    ``keys[s]`` names the atoms of strand ``s`` (residue index in the signature, atom name), ``positions[s]`` holds them, shape
    (n, 3), Å, pore along z, z = 0 in the plane of the second carbonyl ring; ``residues`` maps a residue index (stubs at -1
    and 5 included) to its name.
    """

    keys: tuple[tuple[AtomKey, ...], ...]
    positions: tuple[Vector, ...]
    held: tuple[frozenset[AtomKey], ...]
    residues: Mapping[int, str]


def strand_rows(strand: str) -> tuple[Row, ...]:
    """Rows of one strand in data/ideal_strand.csv."""
    return tuple(row for row in read_table("ideal_strand") if row["strand"] == strand)


def published_positions(strand: str, widening: float = 0.0) -> Vector:
    """Cartesian positions (n, 3) of the rounded dimensions of a strand, every atom ``widening`` further out, Å.

    >>> published_positions("kcsa")[9].round(2).tolist()  # the first atom of V76
    [4.15, 1.11, -2.7]
    """
    radius = np.array([float(row["radius_angstrom"]) for row in strand_rows(strand)]) + widening
    azimuth = np.radians([float(row["azimuth_deg"]) for row in strand_rows(strand)])
    height = np.array([float(row["z_angstrom"]) for row in strand_rows(strand)])
    return np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=-1)


def strand_keys(strand: str) -> tuple[AtomKey, ...]:
    """Residue index and name of every atom of a strand, in table order."""
    return tuple((int(row["residue_index"]), row["atom"]) for row in strand_rows(strand))


def held_keys(strand: str) -> frozenset[AtomKey]:
    """Atoms that stay exactly where the table puts them: the coordinating oxygens, and G77 CA of the collapsed strand."""
    return frozenset(
        key for key, row in zip(strand_keys(strand), strand_rows(strand), strict=True) if row["held"] == "yes"
    )


@cache
def ideal_strands(name: str) -> IdealStrands:
    """The refined strands of one row of data/ideal_strand_filters.csv.

    Strands that are all alike are refined together with their own rotated copies; an odd one is refined last, between
    neighbours that are already in place.
    """
    row = next(row for row in read_table("ideal_strand_filters") if row["name"] == name)
    strands = row["strands"].split()
    residues = MappingProxyType(dict(enumerate(row["residues"].split(), start=-1)))
    widening = float(row["widening_angstrom"])
    usual = max(strands, key=strands.count)
    model = _refined(usual, residues, widening, None)
    placed = {s: model @ quarter_turns(s).T for s, strand in enumerate(strands) if strand == usual}
    for s, strand in enumerate(strands):
        if strand != usual:
            back = quarter_turns(-s)
            neighbours = [other @ back.T for other in placed.values()]
            placed[s] = _refined(strand, residues, widening, neighbours) @ quarter_turns(s).T
    for s in placed:
        placed[s] = placed[s] + 0.0  # a rotated zero may be -0.0, which a PDB file would show
        placed[s].flags.writeable = False
    return IdealStrands(
        tuple(strand_keys(strand) for strand in strands),
        tuple(placed[s] for s in range(len(strands))),
        tuple(held_keys(strand) for strand in strands),
        residues,
    )


def _refined(strand: str, residues: Mapping[int, str], widening: float, neighbours: Sequence[Vector] | None) -> Vector:
    start = published_positions(strand, widening)
    refined = refine_strand(strand_keys(strand), start, residues, sorted(held_keys(strand)), neighbours)
    return np.round(refined, DECIMALS) + 0.0
