"""Every table of numbers names units, conventions and sources, and every source exists."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from selectivity import ideal_filter, score_filter
from selectivity.data import MARKS, read_table, table_names
from selectivity.errors import UnknownChoice
from selectivity.pipeline import QUICK
from selectivity.references import REFERENCE_TABLES, reference, references

DATA = Path(__file__).resolve().parent.parent / "selectivity" / "data"
PRESETS = [path for path in sorted(DATA.glob("*.toml")) if not path.name.endswith("_sources.toml")]
TABLES = [name for name in table_names() if name not in REFERENCE_TABLES]

# What a column of numbers without a unit column may end with.
UNIT_SUFFIXES = (
    "_angstrom", "_kj_mol", "_kcal_mol", "_kj_mol_k", "_e", "_ev", "_deg", "_mm", "_mv", "_k", "_s", "_ms", "_um", "_um2", "_pf",
    "_ps", "_ns", "_pa", "_ua_per_cm2", "_ua_per_uf", "_uf_per_cm2", "_us_per_cm2", "_kj_mol_a2", "_percent",
)  # fmt: skip
# Pure numbers: counts, charge numbers, exponents, ratios, coefficients.
DIMENSIONLESS = (
    "number", "valence", "charge", "ratio", "coefficient", "hill", "exponent", "index", "error", "q10", "fraction", "n_",
    "permeability", "stoichiometry", "year", "count", "order",
)  # fmt: skip


def number_columns(name: str) -> set[str]:
    """Columns of which every filled cell is a number."""
    rows = read_table(name)
    return {column for column in rows[0] if _all_numbers([row[column] for row in rows if row[column]])}


def _all_numbers(cells: list[str]) -> bool:
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_sources_that_exist(name: str) -> None:
    for row in read_table(name):
        keys = [key.strip() for key in row["source"].split(";")]
        assert keys, row
        for key in keys:
            reference(key)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_states_its_convention_and_how_it_was_seen(name: str) -> None:
    for row in read_table(name):
        assert row["convention"], row
        assert row["mark"] in MARKS, row


@pytest.mark.parametrize("name", TABLES)
def test_every_number_has_a_unit(name: str) -> None:
    rows = read_table(name)
    units = {row["unit"] for row in rows} if "unit" in rows[0] else set()
    assert all(units), f"{name}: an empty unit (write 1 for a pure number)"
    bare = {
        column
        for column in number_columns(name)
        if not column.endswith(UNIT_SUFFIXES) and not any(word in column for word in DIMENSIONLESS)
    }
    assert not bare or units, f"{name}: {sorted(bare)} have neither a unit in the name nor a unit column"


@pytest.mark.parametrize("name", table_names())
def test_no_row_stands_twice(name: str) -> None:
    """Rows that agree in the first column and in every cell of text describe one thing: one answer is enough."""
    first, *others = read_table(name)[0]
    identity = [first, *(column for column in others if column not in _measured(name))]
    rows = Counter(tuple(row[column] for column in identity) for row in read_table(name))
    assert [row for row, count in rows.items() if count > 1] == []


def _measured(name: str) -> set[str]:
    """Columns that hold the answer rather than the question."""
    return {column for column in number_columns(name) if "number" not in column and "index" not in column} | {
        "source", "mark", "note", "label", "doi",
    }  # fmt: skip


def test_reference_keys_are_unique_and_complete() -> None:
    keys = [row["key"] for table in REFERENCE_TABLES for row in read_table(table)]
    keys += [key for path in DATA.glob("*_sources.toml") for key in tomllib.loads(path.read_text(encoding="utf-8"))]
    assert len(keys) == len(set(keys))
    for source in references().values():
        assert source.authors and source.title and source.where, source
        assert source.mark in MARKS and source.label in ("confirmed", "recalled"), source
        assert not source.doi or source.doi.startswith("10."), source


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.name)
def test_every_entry_of_a_preset_names_a_source_that_exists(path: Path) -> None:
    entries = list(_entries(tomllib.loads(path.read_text(encoding="utf-8"))))
    assert entries
    for entry in entries:
        assert entry["mark"] in MARKS, entry
        for key in entry["source"].split(";"):
            reference(key.strip())


def _entries(node: object) -> Iterator[dict]:
    """Every table of a TOML tree that gives a source."""
    if isinstance(node, dict):
        if "source" in node:
            yield node
        for child in node.values():
            yield from _entries(child)


def test_every_source_that_a_score_names_exists() -> None:
    score = score_filter(ideal_filter("kcsa-like"), **QUICK)
    assert score.sources
    for key in score.sources:
        reference(key)


def test_an_unknown_source_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match="did you mean shannon1976"):
        reference("shannon76")


def test_an_unknown_table_is_an_error_that_lists_the_tables() -> None:
    with pytest.raises(UnknownChoice, match=r"the tables are: .*references"):
        read_table("radii of everything")


def test_rows_cannot_be_changed_by_a_caller() -> None:
    with pytest.raises(TypeError):
        read_table("ions")[0]["ion"] = "Xx"  # type: ignore[index]
