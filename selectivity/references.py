"""Who said so: every source that a number of this package rests on, by key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from selectivity.data import read_table, table_names
from selectivity.errors import UnknownChoice, nearest

REFERENCE_TABLES = tuple(name for name in table_names() if name.partition("_")[0] == "references")


@dataclass(frozen=True)
class Reference:
    """One source.

    ``mark`` says how its numbers reached this package (`selectivity.data.MARKS`): read at the source, second-hand, computed,
    recalled or assumed. ``label`` says whether authors, year and place are themselves "confirmed" or "recalled".
    """

    key: str
    authors: str
    year: int | None
    title: str
    where: str
    doi: str
    mark: str
    label: str
    note: str

    def __str__(self) -> str:
        year = f" ({self.year})" if self.year is not None else ""
        doi = f", doi:{self.doi}" if self.doi else ""
        return f"{self.authors}{year}. {self.title}. {self.where}{doi}"


def reference(key: str) -> Reference:
    """The source behind a key. Raises `UnknownChoice`, naming the nearest key.

    >>> reference("shannon1976").year
    1976
    >>> reference("shanon1976")
    Traceback (most recent call last):
        ...
    selectivity.errors.UnknownChoice: no reference 'shanon1976'; did you mean shannon1976?
    """
    try:
        return references()[key]
    except KeyError:
        near = nearest(key, references())
        hint = f"did you mean {near}?" if near is not None else "selectivity/data/references.csv lists the keys"
        raise UnknownChoice(f"no reference {key!r}; {hint}") from None


@cache
def references() -> Mapping[str, Reference]:
    """All sources by key: references*.csv first, then the rooms' own ``*_sources.toml`` in the same layout; read-only."""
    rows = [dict(row) for table in REFERENCE_TABLES for row in read_table(table)]
    return MappingProxyType({row["key"]: _from_row(row) for row in [*rows, *_rows_of_rooms()]})


def _rows_of_rooms() -> Iterator[dict[str, Any]]:
    tables = (entry for entry in files("selectivity.data").iterdir() if entry.name.endswith("_sources.toml"))
    for table in sorted(tables, key=lambda entry: entry.name):
        for key, row in tomllib.loads(table.read_text(encoding="utf-8")).items():
            yield {"key": key, "doi": "", "note": "", "year": None} | row


def _from_row(row: dict[str, Any]) -> Reference:
    year = row.pop("year")
    return Reference(**row, year=int(year) if year else None)
