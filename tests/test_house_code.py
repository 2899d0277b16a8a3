"""The code itself: sizes that fit a screen, nothing unfinished, nothing named by what it is not."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "selectivity"
MODULES = sorted(PACKAGE.rglob("*.py"))
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|placeholder|no cover|NotImplementedError|type: ignore$)")
EMPTY_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|stuff)(_|$)")


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_fits_its_question(path: Path) -> None:
    """At most 400 lines, and the first line says which question it answers."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert not EMPTY_NAMES.search(path.stem)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_is_left_unfinished(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {line.strip()}" for number, line in enumerate(lines, start=1) if UNFINISHED.search(line)] == []


def body_lengths(path: Path) -> dict[str, int]:
    """Lines of every function body without its docstring, by function."""
    lengths = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if statements:
                lengths[f"{name(path)}:{node.name}"] = node.body[-1].end_lineno - statements[0].lineno + 1
    return lengths


def test_functions_fit_a_screen() -> None:
    """Half of all function bodies have at most 10 lines, nine tenths at most 40."""
    lengths = {function: length for path in MODULES for function, length in body_lengths(path).items()}
    half, most = np.percentile(list(lengths.values()), [50, 90])
    longest = sorted(lengths.items(), key=lambda item: -item[1])[:10]
    assert half <= 10 and most <= 40, longest


def test_public_functions_say_what_they_do() -> None:
    silent = []
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and ast.get_docstring(node) is None:
                silent.append(f"{name(path)}:{node.name}")
    assert silent == []


def test_every_coordinate_file_of_the_repository_is_a_model_of_our_own() -> None:
    """Depositions belong to others and stay outside; what the package builds says that it is a model."""
    suffixes = {".pdb", ".ent", ".cif", ".pdb1", ".gro", ".xtc", ".dcd", ".gz"}
    tracked = subprocess.run(["git", "ls-files"], cwd=PACKAGE.parent, capture_output=True, text=True)
    names = tracked.stdout.splitlines() or [str(path) for path in (PACKAGE.parent / "structures").iterdir()]
    for path in (PACKAGE.parent / name for name in names):
        if path.suffix in suffixes:
            assert path.parent.name == "structures", path
            assert "THEORETICAL MODEL" in path.read_text(encoding="ascii"), path
