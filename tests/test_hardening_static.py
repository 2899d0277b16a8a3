"""Nothing that a file holds is ever run: no unpickling, no evaluation, no shell anywhere in the package.

What remains: `multiprocessing` and dask pickle tasks and results between a run and the workers that it started itself (dask: and
the scheduler that the user named); numba reads back the compiled code that it wrote into its own cache folder.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "selectivity"
MODULES = sorted(PACKAGE.rglob("*.py"))

CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
MODULES_THAT_RUN_CONTENT = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "yaml",
    "jsonpickle",
    "code",
}
METHODS = {
    "os.system", "os.popen", "os.execv", "os.execve", "os.spawnv", "pandas.read_pickle", "pd.read_pickle", "numpy.fromfile",
    "pandas.eval", "pd.eval", "torch.load",
}  # fmt: skip


def offences(source: str, name: str) -> list[str]:
    """Lines of a module that run what they read."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [
                f"{name}:{node.lineno} imports {n}" for n in names if n.partition(".")[0] in MODULES_THAT_RUN_CONTENT
            ]
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if (
                (isinstance(node.func, ast.Name) and called in CALLS)
                or called in METHODS
                or called.endswith((".query", ".read_pickle"))
            ):
                found.append(f"{name}:{node.lineno} calls {called}")
            for keyword in node.keywords:
                truth = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                if keyword.arg in ("allow_pickle", "shell") and not truth:
                    found.append(f"{name}:{node.lineno} {called}({keyword.arg}=...)")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle", "from yaml import load", "import numpy as np\nnp.load(f, allow_pickle=True)", "eval('1')", "exec(text)",
        "import subprocess\nsubprocess.run(x, shell=True)", "table.query(text)", "import os\nos.system(x)", "frame = pd.read_pickle(f)",
        "allowed = True\nnp.load(f, allow_pickle=allowed)",
    ],
)  # fmt: skip
def test_the_walk_finds_what_is_planted(planted: str) -> None:
    assert offences(planted, "planted")


def test_the_walk_lets_harmless_code_pass() -> None:
    assert offences("import re\nre.compile(x)\nnp.load(f, allow_pickle=False)\nmodel.evaluate(x)", "planted") == []
