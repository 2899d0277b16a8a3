"""Where do the costly numbers live? data/validation_results.json, with what decides them, so that a reader sees when they are old."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from selectivity.errors import SelectivityError
from selectivity.files import write_text
from selectivity.validation.cases import CASES, SEED, Case, case_filter, filter_hash, score_case, validation_settings

ROOMS = ("structure", "energetics", "permeation", "pipeline")
TABLES = ("force_fields", "force_fields_geometry", "hydration", "water_bulk", "ion_repulsion")
"""What decides the numbers: the sources of these rooms, and these tables."""

SAYS = ("pipeline/words.py",)
"""Modules of these rooms that decide no number: what a score says beside them."""

DIGITS = 4
"""Decimals kept of an energy, kJ/mol: far below every error."""


class ResultsMissing(SelectivityError, ValueError):
    """A folder without the depositions, or no results for a case."""


def results_path() -> Path:
    """The file that the package ships."""
    return Path(str(files("selectivity.data").joinpath("validation_results.json")))


def stored_results() -> dict[str, Any]:
    """The stored numbers of every case by name; empty where there are none yet.

    >>> sorted(stored_results())[:2]
    ['1BL8', '1K4C']
    """
    path = results_path()
    if not path.is_file():
        return {}
    cases: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases


def update_results(
    folder: Path, *, only: Sequence[str] = (), again: bool = False, progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Score the cases whose numbers are absent or old (all of them for ``again``), write after each; returns who was scored.

    ``only`` names cases. Minutes each. Raises ResultsMissing, before anything is computed, for a folder without a file.
    """
    stored, mark = stored_results(), fingerprint()
    wanted = [case for case in CASES if not only or case.name in only]
    unknown = set(only) - {case.name for case in CASES}
    if unknown:
        raise ResultsMissing(f"no case {', '.join(sorted(unknown))}: choose of {', '.join(case.name for case in CASES)}")
    for case in wanted:
        if not (folder / case.file).is_file():
            raise ResultsMissing(f"{folder / case.file}: no such file; --structures needs the folder of the depositions")
    due = [case for case in wanted if again or not _still_true(case, stored.get(case.name, {}), folder)]
    for number, case in enumerate(due):
        if progress is not None:
            progress(number, len(due))
        stored[case.name] = score_and_mark(case, folder)
        _write(stored)
    for case in wanted:  # those that were still true: what decides them is what stands here now
        stored[case.name]["fingerprint"] = mark
    _write(stored)
    return [case.name for case in due]


def _still_true(case: Case, kept: Mapping[str, Any], folder: Path) -> bool:
    """Whether nothing that decides a case has changed: a new way of reading files is none where it reads the same filter."""
    old = stale_parts({case.name: kept}).get(case.name, ())
    if not set(old) <= {"structure"} or not kept:
        return False
    return not old or kept.get("filter_sha256") == filter_hash(case_filter(case, folder))


def score_and_mark(case: Case, folder: Path) -> dict[str, Any]:
    """One case with the fingerprint of what decided it, floats cut to 0.0001."""
    rounded: dict[str, Any] = _rounded(score_case(case, folder))
    return {**rounded, "fingerprint": fingerprint()}


def stale_parts(stored: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """For every case that is old: which rooms or tables have changed since (comments and docstrings do not count)."""
    now = fingerprint()
    old = {
        name: tuple(part for part, mark in now.items() if kept.get("fingerprint", {}).get(part) != mark)
        for name, kept in stored.items()
    }
    return {name: parts for name, parts in old.items() if parts}


@cache
def fingerprint() -> dict[str, str]:
    """A short hash of each room and of the tables that decide, and of the settings; blind to comments, docstrings, empty lines."""
    root = Path(str(files("selectivity")))
    marks = {room: _hash("\n".join(code_only(path.read_text("utf-8")) for path in _sources(root, room))) for room in ROOMS}
    tables = "\n".join((root / "data" / f"{name}.csv").read_text("utf-8") for name in TABLES)
    return {**marks, "tables": _hash(tables), "settings": _hash(repr(validation_settings()))}


def _sources(root: Path, room: str) -> list[Path]:
    return [path for path in sorted((root / room).rglob("*.py")) if path.relative_to(root).as_posix() not in SAYS]


def code_only(source: str) -> str:
    """The lines of a module that do something.

    >>> code_only('"A module."\\n\\n# why\\nx = 1\\n')
    'x = 1'
    """
    silent: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            silent |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return "\n".join(line.rstrip() for n, line in lines if n not in silent and line.strip() and not line.lstrip().startswith("#"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _write(cases: Mapping[str, Any]) -> None:
    order = [case.name for case in CASES]
    ordered = {name: cases[name] for name in sorted(cases, key=lambda n: order.index(n) if n in order else len(order))}
    head = {
        "what": "numbers of this package for published structures, written by selectivity validate --update; kJ/mol",
        "seed": SEED,
        "settings": repr(validation_settings()),
    }
    write_text(results_path(), json.dumps({**head, "cases": ordered}, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS) if abs(value) < 1e6 else float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return value.item() if hasattr(value, "item") else value
