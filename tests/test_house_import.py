"""Importing the package is quick because it loads nothing large, and every public name is there when it is asked for."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import selectivity

HEAVY = [
    "MDAnalysis", "mdtraj", "gemmi", "matplotlib", "numba", "llvmlite", "pandas", "scipy.optimize", "scipy.stats", "scipy.sparse",
    "scipy.integrate", "typer", "rich", "openmm", "neuron", "starlette", "uvicorn",
]  # fmt: skip


def loaded_after(statement: str) -> set[str]:
    """Names of all modules that a fresh interpreter holds after one statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def test_import_loads_none_of_the_large_libraries() -> None:
    assert not loaded_after("import selectivity; dir(selectivity)").intersection(HEAVY)


def test_the_probe_sees_a_large_library() -> None:
    assert "matplotlib" in loaded_after("import selectivity, matplotlib")


@pytest.mark.parametrize("name", ["permeability_ratio", "nernst_potential", "ghk_voltage", "ion", "reference"])
def test_plain_numbers_need_no_structure_library(name: str) -> None:
    loaded = loaded_after(f"from selectivity import {name}")
    assert not loaded.intersection(["MDAnalysis", "mdtraj", "gemmi", "matplotlib", "pandas", "selectivity.structure"])


@pytest.mark.parametrize("name", selectivity.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(selectivity, name) is not None
    assert name in dir(selectivity)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = selectivity.no_such_name


def modules() -> list[str]:
    """Every module of the package but the one that runs the command line."""
    found = pkgutil.walk_packages(selectivity.__path__, "selectivity.")
    return [module.name for module in found if not module.name.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_every_module_imports_and_keeps_what_it_promises(name: str) -> None:
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", []):
        assert getattr(module, public) is not None


def test_importing_everything_changes_no_global_state() -> None:
    code = """
import locale, os, random, signal, warnings
import numpy as np
def state():
    return (np.geterr(), np.get_printoptions()['precision'], str(np.random.get_state()[1].tolist()), random.getstate(),
            os.getcwd(), locale.setlocale(locale.LC_ALL), signal.getsignal(signal.SIGINT), dict(os.environ))
before = state()
import importlib
for name in %r:
    importlib.import_module(name)
after = state()
assert before == after, [(b, a) for b, a in zip(before, after) if b != a]
"""
    run = subprocess.run([sys.executable, "-c", code % modules()], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_version_is_the_same_everywhere(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "selectivity.__version__"}
    assert f"\nversion: {selectivity.__version__}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## [{selectivity.__version__}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
