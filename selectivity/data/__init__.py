"""Where the published numbers live: CSV tables beside this file, and the one reader of them.

A table is a CSV file in UTF-8. Lines that begin with ``#`` say what it holds, in which convention. Every row carries a
``convention`` and a ``source`` (one or more keys of references.csv, separated by ``;``) and usually a ``mark``, how the number
was seen: read, second-hand, computed, recalled or assumed. Units stand either in a ``unit`` column (tables of one number a
row, in a ``value`` column) or at the end of each column's name (``epsilon_kcal_mol``). An empty cell means: not known.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from selectivity.errors import UnknownChoice

Row = Mapping[str, str]
MARKS = ("read", "second-hand", "computed", "recalled", "assumed")
"""How a number was seen, from the surest to the least sure; `assumed` numbers are labelled defaults, not facts."""


@cache
def read_table(name: str) -> tuple[Row, ...]:
    """All rows of ``selectivity/data/NAME.csv`` as read-only mappings column -> text, in file order.

    Cells stay text (``float(row["value"])`` where a number is wanted); empty cells are ``""``. Raises `UnknownChoice` for a
    name without a table and `ValueError` for a row whose length differs from the header's.

    >>> read_table("references")[0]["key"]
    'codata2018'
    """
    path = files(__name__).joinpath(f"{name}.csv")
    if not path.is_file():
        raise UnknownChoice(f"no data table {name!r}; the tables are: {', '.join(table_names())}")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    header, *cells = csv.reader(lines, skipinitialspace=True, strict=True)
    columns = [column.strip() for column in header]
    return tuple(MappingProxyType(_row(name, columns, row)) for row in cells)


def _row(name: str, columns: list[str], row: list[str]) -> dict[str, str]:
    if len(row) != len(columns):
        raise ValueError(f"data/{name}.csv: {len(row)} cells where the header has {len(columns)}: {','.join(row)}")
    return dict(zip(columns, (cell.strip() for cell in row), strict=True))


def table_names() -> tuple[str, ...]:
    """Names of the tables that the package ships, sorted.

    >>> "references" in table_names()
    True
    """
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv")))
