"""Why was no filter found? The nearest thing seen, in one line, with what to do next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selectivity.errors import FileUnreadable
from selectivity.structure.assembly import Reading
from selectivity.structure.detection import N_STRANDS, Motif, Pore, Strand, find_motifs, find_pores
from selectivity.structure.table import AtomTable, StructureData

KNOWN_SIGNATURES = frozenset(
    (
        "TVGYG",
        "TIGYG",
        "TLGYG",
        "TTGYG",
        "TIGFG",
        "TVGFG",
        "TIGLG",
        "TVAYG",
        "TVGDG",
        "TVGET",
        "SVGFG",
        "SIGYG",
        "CIGYG",
    )
)
"""Filters of K+ channels and of their non-selective relatives: they name the best candidate in an error, they accept none."""

# The strands of Na+ and Ca2+ channels stand further out: C-alpha radii up to 8.6 Å in NavMs.
_WIDE_PORE = 10.0
# Five-residue stretches of a reading that are looked through for the sake of a better message: a second.
_MOST_MOTIFS = 60_000


def no_filter_found(data: StructureData, candidates: Sequence[Reading]) -> str:
    """The message for a source in which no four strands converge on one axis."""
    tried = ", ".join([r.name for r in candidates] + list(data.notes))
    motifs = [(m, find_motifs(m)) for m in data.models]
    known = [(t, m) for t, found in motifs for m in found if m.sequence in KNOWN_SIGNATURES]
    if known:
        table, motif = known[0]
        same = [k for k in known if k[1].sequence == motif.sequence]
        return (
            f"{data.source}: {len(same)} subunit{'s' if len(same) > 1 else ''} with the signature {motif.sequence} "
            f"({_place(table, motif)}), {N_STRANDS} round one axis needed; tried {tried}: {_next_step(data)}"
        )
    return (
        f"{data.source}: no K+-channel filter ({N_STRANDS} strands [TSC]-x-G-x-[GDENST] round one axis needed; tried {tried}); "
        f"nearest: {_nearest(data, candidates, motifs)}: for another kind of pore give the coordinating oxygens with rings="
    )


def _next_step(data: StructureData) -> str:
    if data.format in ("MDAnalysis", "mdtraj"):
        return (
            f"pass the path of the file, {data.format} drops assembly records and further models, or the whole tetramer"
        )
    return "pass another assembly or a file with the tetramer"


def _nearest(
    data: StructureData, candidates: Sequence[Reading], motifs: Sequence[tuple[AtomTable, list[Motif]]]
) -> str:
    """Four equal strands round an axis that are no K+ signature, else motifs that line no pore, else nothing."""
    lining = _lining_strands(data, candidates)
    if lining is not None:
        table = data.models[lining.strands[0].model]
        first = lining.strands[0].motif
        return f"{first.sequence} {_place(table, first)}, four times round one axis"
    alone = [f"{m.sequence} {_place(t, m)}" for t, found in motifs for m in found]
    return f"{'; '.join(alone[:3])}, not round one axis" if alone else "no such motif at all"


def _lining_strands(data: StructureData, candidates: Sequence[Reading]) -> Pore | None:
    """The narrowest set of four equal strands that begin with a hydroxyl and line an axis (Na+ and Ca2+ channels: TLESW)."""
    everything = [find_motifs(table, minimum_score=0) for table in data.models]
    found: list[Pore] = []
    n_motifs = sum(len(motifs) for motifs in everything)
    for reading in candidates:
        if n_motifs * len(reading.placements) > _MOST_MOTIFS:
            continue
        by_sequence: dict[str, list[Strand]] = {}
        for strand in reading.strands(everything, data.models):
            if strand.motif.sequence[0] in "TSC":
                by_sequence.setdefault(strand.motif.sequence, []).append(strand)
        for strands in by_sequence.values():
            if N_STRANDS <= len(strands) <= 2 * N_STRANDS:
                found += find_pores(strands, widest=_WIDE_PORE)
    return min(found, key=lambda p: float(p.axis.radii(np.array([s.calpha for s in p.strands])).mean()), default=None)


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
