"""How may a file be read? As deposited, as one of its assemblies, or with its MODELs merged: geometry picks the reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import UnknownChoice, hint
from selectivity.structure.detection import Motif, Strand, place
from selectivity.structure.table import IDENTITY, Assembly, AtomTable, Operator, StructureData

AS_DEPOSITED = "as deposited"
MODELS_MERGED = "models merged"
PERIODIC_IMAGES = "periodic images"
_KEYWORDS = {
    "deposited": AS_DEPOSITED, "none": AS_DEPOSITED, AS_DEPOSITED: AS_DEPOSITED,
    "models": MODELS_MERGED, MODELS_MERGED: MODELS_MERGED,
}  # fmt: skip


@dataclass(frozen=True)
class Placement:
    """Rows of one model (a mask over its table) moved by one operator; ``solvent`` is the mask for ions and waters."""

    model: int
    copy: int
    operator: Operator
    rows: NDArray[np.bool_]
    solvent: NDArray[np.bool_]


@dataclass(frozen=True)
class Reading:
    """One way to read a source: its name and where every part of it stands."""

    name: str
    placements: tuple[Placement, ...]

    def strands(self, motifs: Sequence[Sequence[Motif]], tables: Sequence[AtomTable]) -> list[Strand]:
        """The motifs (one list per model) as this reading places them."""
        placed: list[Strand] = []
        for p in self.placements:
            starts = tables[p.model].residue_starts
            chosen = [m for m in motifs[p.model] if p.rows[starts[m.residues[0]]]]
            placed += place(chosen, p.model, p.copy, p.operator)
        return placed


def readings(data: StructureData, assembly: str = "auto") -> Iterator[Reading]:
    """The readings of a source, most literal first; one only when ``assembly`` names it.

    Names are "deposited", "models" or the name of an assembly of the file. Raises UnknownChoice for any other.
    """
    wanted = str(assembly)
    if wanted == "auto":
        yield _as_deposited(data)
        for candidate in data.assemblies:
            yield _expanded(data, candidate)
        if len(data.models) > 1:
            yield _models_merged(data)
        if data.box is not None:
            yield _periodic_images(data, data.box)
        return
    keyword = _KEYWORDS.get(wanted.lower())
    if keyword == AS_DEPOSITED:
        yield _as_deposited(data)
    elif keyword == MODELS_MERGED:
        yield _models_merged(data)
    else:
        yield _expanded(data, _named(data, wanted))


def _named(data: StructureData, wanted: str) -> Assembly:
    for candidate in data.assemblies:
        if candidate.name == wanted:
            return candidate
    names = ", ".join(a.name for a in data.assemblies) or "none"
    raise UnknownChoice(
        f"{data.source}: no assembly {wanted!r}; the file has {names}: choose one of these, 'deposited', 'models' or 'auto'"
        + hint(wanted, [*(a.name for a in data.assemblies), "deposited", "models", "auto"])
    )


def _as_deposited(data: StructureData) -> Reading:
    everything = np.ones(len(data.models[0]), dtype=bool)
    return Reading(AS_DEPOSITED, (Placement(0, 0, IDENTITY, everything, everything),))


def _models_merged(data: StructureData) -> Reading:
    placements = []
    for i, table in enumerate(data.models):
        everything = np.ones(len(table), dtype=bool)
        placements.append(Placement(i, i, IDENTITY, everything, everything))
    return Reading(MODELS_MERGED, tuple(placements))


def _periodic_images(data: StructureData, box: NDArray[np.float64]) -> Reading:
    """The simulation cell and its 26 neighbours: a pore cut by the edge of the cell is whole in one of them."""
    everything = np.ones(len(data.models[0]), dtype=bool)
    shifts = sorted(product((0, 1, -1), repeat=3), key=lambda s: sum(abs(k) for k in s))
    placements = [
        Placement(0, i, Operator(np.eye(3), np.array(s, dtype=float) @ box), everything, everything)
        for i, s in enumerate(shifts)
    ]
    return Reading(PERIODIC_IMAGES, tuple(placements))


def _expanded(data: StructureData, assembly: Assembly) -> Reading:
    """Assembly operators on the first model. Chains that no operator names (ions of old files have a blank chain) are
    taken along as solvent by the operators of the group with most copies."""
    table = data.models[0]
    chains = table.subchains if assembly.by_label else table.chains
    listed = set().union(*(names for names, _ in assembly.groups)) if assembly.groups else set()
    unlisted = ~np.isin(chains, list(listed))
    leading = max(range(len(assembly.groups)), key=lambda g: len(assembly.groups[g][1]), default=-1)
    placements: list[Placement] = []
    for g, (names, operators) in enumerate(assembly.groups):
        rows = np.isin(chains, list(names))
        solvent = rows | unlisted if g == leading else rows
        placements += [Placement(0, len(placements) + k, o, rows, solvent) for k, o in enumerate(operators)]
    return Reading(f"assembly {assembly.name}", tuple(placements))
