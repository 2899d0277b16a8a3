"""Imports go left to right along the chain. The walk is proved on planted violations before it is believed on the package."""

from __future__ import annotations

from pathlib import Path

import pytest
from layers import imports_of_package, violations

PACKAGE = Path(__file__).resolve().parent.parent / "selectivity"


def test_the_package_keeps_its_layers() -> None:
    assert violations(PACKAGE) == []


def test_the_walk_sees_the_imports_that_are_there() -> None:
    edges = imports_of_package(PACKAGE)
    assert "selectivity.data" in edges["selectivity.references"]
    assert "scipy" in edges["selectivity.constants"]


def plant(folder: Path, files: dict[str, str]) -> list[str]:
    """Violations of a small package made of these files."""
    package = folder / "selectivity"
    for name, text in {"__init__.py": "", "constants.py": "", **files}.items():
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        if target.parent != package and not (target.parent / "__init__.py").exists():
            (target.parent / "__init__.py").write_text("", encoding="utf-8")
    return violations(package)


GOOD = {
    "ions.py": "from selectivity.constants import GAS_CONSTANT_KJ\n",
    "structure/filter.py": "from selectivity import constants\n",
    "structure/read.py": "import gemmi\nimport MDAnalysis as mda\n",
    "energetics/ligands.py": "from selectivity.structure.filter import Filter\n",
    "membrane/ghk.py": "from ..constants import FARADAY\n",
    "pipeline.py": "from selectivity import __version__\nfrom selectivity.membrane import ghk\nfrom selectivity.structure import read\n",
    "plotting/bars.py": "import matplotlib.pyplot as plt\nfrom selectivity.pipeline import score_filter\n",
    "cli/app.py": "def run():\n    from selectivity.plotting import bars\n    import selectivity\n",
}


def test_a_sound_package_passes(tmp_path: Path) -> None:
    assert plant(tmp_path, GOOD) == []


PLANTED = [
    (
        "upward",
        {"structure/load.py": "from selectivity.pipeline import score_filter\n"},
        "structure may not import pipeline",
    ),
    ("upward inside a function", {"ions.py": "def f():\n    import selectivity.cli\n"}, "ions may not import cli"),
    (
        "upward under TYPE_CHECKING",
        {"ions.py": "if TYPE_CHECKING:\n    from selectivity import membrane\n"},
        "import membrane",
    ),
    (
        "upward relative",
        {"structure/load.py": "from ..energetics import kernels\n"},
        "structure may not import energetics",
    ),
    ("upward relative bare", {"constants.py": "from . import structure\n"}, "constants may not import structure"),
    ("upward by string", {"ions.py": "import importlib\nimportlib.import_module('selectivity.cli')\n"}, "import cli"),
    ("upward by relative string", {"structure/a.py": "import_module('..cli', __package__)\n"}, "may not import cli"),
    ("upward by f-string", {"structure/a.py": "import_module(f'selectivity.cli.{name}')\n"}, "may not import cli"),
    ("upward by __import__", {"ions.py": "x = __import__('selectivity.cli')\n"}, "ions may not import cli"),
    ("not to be checked", {"ions.py": "import importlib\nimportlib.import_module(name)\n"}, "computed name"),
    ("sideways", {"membrane/a.py": "from selectivity.permeation import ratio\n"}, "membrane may not import permeation"),
    ("permeation and structure", {"permeation/a.py": "import selectivity.structure\n"}, "may not import structure"),
    (
        "more than the Filter",
        {"energetics/a.py": "from selectivity.structure import load\n"},
        "only selectivity.structure.filter",
    ),
    ("through the front door", {"ions.py": "from selectivity import score_filter\n"}, "the package's front door"),
    (
        "cycle",
        {"structure/a.py": "from . import b\n", "structure/b.py": "from selectivity.structure import a\n"},
        "cycle",
    ),
    (
        "long cycle",
        {"constants.py": "from selectivity import ions\n", "ions.py": "from .constants import R\n"},
        "cycle",
    ),
    ("reader outside", {"energetics/a.py": "import gemmi\n"}, "gemmi belongs to"),
    (
        "reader inside a function",
        {"pipeline.py": "def f():\n    from MDAnalysis import Universe\n"},
        "MDAnalysis belongs to",
    ),
    ("reader by string", {"cli/a.py": "import_module('mdtraj.formats')\n"}, "mdtraj belongs to"),
    ("drawing outside", {"membrane/a.py": "import matplotlib.pyplot as plt\n"}, "matplotlib belongs to"),
    ("oracle in the package", {"energetics/a.py": "import openmm\n"}, "openmm belongs to"),
    ("no room", {"helpers.py": ""}, "has no room"),
]


@pytest.mark.parametrize(("files", "finding"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED])
def test_a_planted_violation_is_found(tmp_path: Path, files: dict[str, str], finding: str) -> None:
    found = plant(tmp_path, GOOD | files)
    assert any(finding in line for line in found), found
