"""Which atoms of a filter are bonded? Backbone and pore-lining side chains, by name; for whoever draws a filter."""

from __future__ import annotations

from collections.abc import Iterator

from selectivity.structure.filter import Filter

BONDS = (
    ("N", "CA", 0),
    ("CA", "C", 0),
    ("C", "O", 0),
    ("C", "N", 1),
    ("CA", "CB", 0),
    ("CB", "OG1", 0),
    ("CB", "OG", 0),
)
"""Backbone and hydroxyl bonds of a strand: two atom names and whether the second belongs to the next residue."""

CARBOXYLATE_BONDS = (
    ("CA", "CB", 0), ("CB", "CG", 0), ("CG", "OD1", 0), ("CG", "OD2", 0), ("CG", "CD", 0), ("CD", "OE1", 0), ("CD", "OE2", 0),
)  # fmt: skip
"""Side-chain bonds, listed where a carboxylate lines the pore."""


def strand_bonds(filter: Filter, strand: int) -> Iterator[tuple[int, int]]:
    """Bonds of one strand as pairs of indices into ``filter.atoms``; atoms that the file lacks leave theirs out.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> kcsa = ideal_filter("kcsa-like")
    >>> [(kcsa.atoms[i].name, kcsa.atoms[j].name) for i, j in strand_bonds(kcsa, 0)][:3]
    [('N', 'CA'), ('CA', 'C'), ('CA', 'CB')]
    """
    index = {(a.residue_index, a.name): i for i, a in enumerate(filter.atoms) if a.strand == strand}
    charged = {filter.atoms[i].residue_index for ring in filter.rings if ring.kind == "carboxylate" for i in ring.atoms}
    for residue, name in index:
        for first, second, step in BONDS + (CARBOXYLATE_BONDS if residue in charged else ()):
            if name == first and (residue + step, second) in index:
                yield index[residue, first], index[residue + step, second]
