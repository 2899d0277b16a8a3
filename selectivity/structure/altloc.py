"""Which alternative conformation is taken? One label for the whole filter, the best occupied unless the user says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import UnknownChoice
from selectivity.structure.detection import Pore
from selectivity.structure.table import AtomTable, StructureData


def choose_rows(data: StructureData, pore: Pore, altloc: str) -> tuple[list[list[NDArray[np.int64]]], str]:
    """Table rows of every strand and residue of a pore, one conformation each, and the label taken ("none" without altlocs).

    "auto" takes the label with the highest mean occupancy over the filter (the first one among equals). A residue that does
    not have the label falls back to its own best occupied one. Raises UnknownChoice for a label that the filter lacks.
    """
    residues = [[_residue_rows(data.models[s.model], r) for r in s.motif.residues] for s in pore.strands]
    tables = [data.models[s.model] for s in pore.strands]
    labels = {str(a) for t, rows in zip(tables, residues, strict=True) for r in rows for a in t.altlocs[r]} - {""}
    label = _label(data, tables, residues, labels, altloc)
    chosen = [[_conformation(t, r, label) for r in rows] for t, rows in zip(tables, residues, strict=True)]
    return chosen, label or "none"


def conformation(table: AtomTable, residue: int, altloc: str = "auto") -> NDArray[np.int64]:
    """Table rows of one residue in one conformation: the label asked for if it has it, else its best occupied one."""
    return _conformation(table, _residue_rows(table, residue), "" if altloc == "auto" else altloc)


def _residue_rows(table: AtomTable, residue: int) -> NDArray[np.int64]:
    return np.arange(table.residue_starts[residue], table.residue_starts[residue + 1])


def _label(
    data: StructureData,
    tables: list[AtomTable],
    residues: list[list[NDArray[np.int64]]],
    labels: set[str],
    altloc: str,
) -> str:
    if altloc != "auto":
        # Label A is what a structure without alternatives consists of; any other must exist.
        if altloc in labels or (altloc == "A" and not labels):
            return altloc if labels else ""
        found = ", ".join(sorted(labels)) or "no alternatives"
        raise UnknownChoice(
            f"{data.source}: the filter has no altloc {altloc!r}; it has {found}: choose one of these or 'auto'"
        )
    occupancy: dict[str, list[float]] = {label: [] for label in labels}
    for table, rows in zip(tables, residues, strict=True):
        every = np.concatenate(rows)
        for label in labels:
            occupancy[label] += table.occupancies[every[table.altlocs[every] == label]].tolist()
    return min(labels, key=lambda k: (-float(np.mean(occupancy[k])), k), default="")


def _conformation(table: AtomTable, rows: NDArray[np.int64], label: str) -> NDArray[np.int64]:
    """Rows of one conformation of a residue: atoms without altloc and those of the label, each name once."""
    own = sorted(set(table.altlocs[rows].tolist()) - {""})
    if own and label not in own:
        label = max(own, key=lambda k: float(table.occupancies[rows[table.altlocs[rows] == k]].mean()))
    kept = rows[np.isin(table.altlocs[rows], ("", label))]
    names = table.names[kept]
    _, first = np.unique(names, return_index=True)
    return kept[np.sort(first)]
