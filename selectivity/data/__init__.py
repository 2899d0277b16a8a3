"""Where the published numbers live: CSV tables beside this file, and the one reader of them.

A table is a CSV file in UTF-8. Lines that begin with ``#`` say what it holds, in which convention. Every row carries a
``convention`` and a ``source`` (one or more keys of references.csv, separated by ``;``) and usually a ``mark``, how the number
was seen: read, second-hand, computed, recalled or assumed. Units stand either in a ``unit`` column (tables of one number a
row, in a ``value`` column) or at the end of each column's name (``epsilon_kcal_mol``). An empty cell means: not known.

A user's own rows (another ion, another force field) stand in a folder that the environment variable SELECTIVITY_TABLES names, in files
of the same names and columns. They are read after the package's own, so that a row for the same thing replaces it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from selectivity.errors import FileUnreadable, UnknownChoice

Row = Mapping[str, str]
MARKS = ("read", "second-hand", "computed", "recalled", "assumed")
"""How a number was seen, from the surest to the least sure; `assumed` numbers are labelled defaults, not facts."""


OWN_TABLES = "SELECTIVITY_TABLES"
"""Environment variable: a folder with CSV files whose rows are added to the tables of the same names."""


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
    columns, rows = _parsed(f"data/{name}.csv", path.read_text(encoding="utf-8"))
    return rows + _own_rows(name, columns)


def own_tables() -> Path | None:
    """The folder of a user's own tables, None where none is named; FileUnreadable where there is no such folder.

    >>> own_tables() is None or own_tables().is_dir()
    True
    """
    given = os.environ.get(OWN_TABLES, "")
    if given and not Path(given).is_dir():
        raise FileUnreadable(
            f"{OWN_TABLES}={given}: no such folder; give one with CSV files such as ions.csv, or unset it"
        )
    return Path(given) if given else None


def _own_rows(name: str, columns: list[str]) -> tuple[Row, ...]:
    """The user's rows of a table; FileUnreadable where a file is not what it should be."""
    folder = own_tables()
    if folder is None:
        return ()
    path = folder / f"{name}.csv"
    if not path.is_file():
        return ()
    try:
        own, rows = _parsed(str(path), path.read_text(encoding="utf-8"))
    except (OSError, ValueError, csv.Error) as error:
        raise FileUnreadable(f"{path}: not a table ({error}); its first line must be: {','.join(columns)}") from None
    if own != columns:
        raise FileUnreadable(f"{path}: columns {','.join(own)}; needed: {','.join(columns)}")
    return rows


def _parsed(name: str, text: str) -> tuple[list[str], tuple[Row, ...]]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    header, *cells = csv.reader(lines, skipinitialspace=True, strict=True)
    columns = [column.strip() for column in header]
    return columns, tuple(MappingProxyType(_row(name, columns, row)) for row in cells)


def _row(name: str, columns: list[str], row: list[str]) -> dict[str, str]:
    if len(row) != len(columns):
        raise ValueError(f"{name}: {len(row)} cells where the header has {len(columns)}: {','.join(row)}")
    return dict(zip(columns, (cell.strip() for cell in row), strict=True))


def table_names() -> tuple[str, ...]:
    """Names of the tables that the package ships, sorted.

    >>> "references" in table_names()
    True
    """
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv")))
