"""Why was no filter found? The nearest thing seen, in one line, with what to do next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import FileUnreadable
from .assembly import Reading
from .detection import N_STRANDS, Motif, find_motifs
from .table import AtomTable, StructureData

KNOWN_SIGNATURES = frozenset(
    "TVGYG TIGYG TLGYG TTGYG TIGFG TVGFG TIGLG TVAYG TVGDG TVGET SVGFG SIGYG CIGYG TTGYS TVGYN TIGEG".split()
)
"""Filters of K+ channels and of their non-selective relatives: used to name the best candidate in an error, never to accept one."""


def no_filter_found(data: StructureData, candidates: Sequence[Reading]) -> str:
    """The message for a source in which no four strands converge on one axis."""
    tried = ", ".join(r.name for r in candidates)
    motifs = [(m, find_motifs(m)) for m in data.models]
    known = [(t, m) for t, found in motifs for m in found if m.sequence in KNOWN_SIGNATURES]
    if known:
        table, motif = known[0]
        same = [k for k in known if k[1].sequence == motif.sequence]
        return (
            f"{data.source}: {len(same)} subunit{'s' if len(same) > 1 else ''} with the signature {motif.sequence} ({_place(table, motif)}), "
            f"{N_STRANDS} round one axis needed; tried {tried}: pass another assembly or a file with the tetramer"
        )
    nearest = [(t, m) for t, found in motifs for m in found]
    seen = "; ".join(f"{m.sequence} {_place(t, m)}" for t, m in nearest[:3]) or "none"
    return (
        f"{data.source}: no K+-channel filter ({N_STRANDS} strands [TSC]-x-G-x-[GDENST] round one axis); nearest motifs: {seen}, "
        f"none lines a pore (tried {tried}): give the coordinating atoms with rings="
    )


def _place(table: AtomTable, motif: Motif) -> str:
    row = table.residue_starts[motif.residues[0]]
    return f"{int(table.residue_numbers[row])} chain {table.chains[row] or 'blank'}"


def require_angstrom(data: StructureData) -> None:
    """Raise FileUnreadable when bonded atoms are so close that the coordinates must be in nm."""
    table = data.models[0]
    starts = table.residue_starts
    residue = np.searchsorted(starts, np.arange(len(table)), side="right")
    calpha = dict(zip(residue[table.names == "CA"].tolist(), np.flatnonzero(table.names == "CA").tolist(), strict=True))
    carbonyl = dict(zip(residue[table.names == "C"].tolist(), np.flatnonzero(table.names == "C").tolist(), strict=True))
    both = sorted(set(calpha) & set(carbonyl))
    if not both:
        return
    a, b = table.positions[[calpha[r] for r in both]], table.positions[[carbonyl[r] for r in both]]
    bond = float(np.median(np.linalg.norm(a - b, axis=1)))
    if 0.05 < bond < 0.5:
        raise FileUnreadable(
            f"{data.source}: CA-C bonds of {bond:.2f} Å (1.5 Å needed): the coordinates are in nm, multiply them by 10"
        )
