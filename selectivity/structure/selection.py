"""Which atoms does a selection name? A small language for rings given by hand: ``chain:residue:atom``.

    A:15:O                one atom
    A:15:O,B:15:O         several, separated by commas
    *:75:O                every chain (also ``:75:O`` with the chain left out)
    A/B/C/D:178:OE1/OE2   alternatives, separated by slashes
    A:9-15:O              a range of residue numbers; negative numbers as they are (A:-3:O, A:-3-2:O)
    A:52A:O               residue 52 with insertion code A
    *:*:K                 an asterisk stands for anything

Chains are the author's chain names, residue numbers and atom names those of the file.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from selectivity.errors import UnknownChoice
from selectivity.structure.table import AtomTable

_RESIDUE = re.compile(r"^(-?\d+)(?:-(-?\d+)|([A-Za-z]))?$")
GRAMMAR = "'chain:residue:atom', for example 'A:15:O,B:15:O' or '*:75:O'"


def select(table: AtomTable, selection: str) -> NDArray[np.int64]:
    """Rows of a table that a selection names, in table order, each once.

    Raises UnknownChoice when the text is no selection. An empty result is the caller's to judge: a file may hold the atoms in
    another model.
    """
    terms = [term.strip() for term in selection.split(",") if term.strip()]
    if not terms:
        raise UnknownChoice(f"empty selection; one atom at least is needed: write {GRAMMAR}")
    chosen = np.zeros(len(table), dtype=bool)
    for term in terms:
        chosen |= _term(table, term)
    return np.flatnonzero(chosen)


def _term(table: AtomTable, term: str) -> NDArray[np.bool_]:
    parts = [part.strip() for part in term.split(":")]
    if len(parts) != 3:
        raise UnknownChoice(
            f"selection {term!r} has {len(parts)} parts; chain, residue and atom are needed: write {GRAMMAR}"
        )
    chain, residue, atom = parts
    return _named(table.chains, chain) & _numbered(table, residue, term) & _named(table.names, atom)


def _named(column: NDArray[np.str_], wanted: str) -> NDArray[np.bool_]:
    if wanted in ("", "*"):
        return np.ones(len(column), dtype=bool)
    return np.isin(column, wanted.split("/"))


def _numbered(table: AtomTable, wanted: str, term: str) -> NDArray[np.bool_]:
    if wanted in ("", "*"):
        return np.ones(len(table), dtype=bool)
    chosen = np.zeros(len(table), dtype=bool)
    for piece in wanted.split("/"):
        found = _RESIDUE.match(piece.strip())
        if found is None:
            raise UnknownChoice(
                f"selection {term!r}: {piece!r} is no residue number; a number or a range is needed: write {GRAMMAR}"
            )
        first, last, code = found.groups()
        if last is not None:
            chosen |= (table.residue_numbers >= int(first)) & (table.residue_numbers <= int(last))
        else:
            here = table.residue_numbers == int(first)
            chosen |= here & (table.insertion_codes == code.upper()) if code else here
    return chosen
