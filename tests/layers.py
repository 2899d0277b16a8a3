"""Which module imports which? A walk over the syntax trees, so that no import hides in a function, a string or a dot."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = "selectivity"
VERSION = f"{ROOT}.__version__"  # the one thing that any room may ask the front door for: results carry it

# From left to right; a room imports only rooms with a lower number, or itself.
ROOMS = {
    "constants": 0, "errors": 0, "references": 0, "ions": 0, "data": 0, "files": 0, "assets": 0,
    "archive": 1, "structure": 1, "energetics": 2, "permeation": 3, "membrane": 4, "trajectory": 5, "score": 6, "pipeline": 7,
    "scan_axes": 8, "scan_search": 8, "dry_settings": 8,
    "scan": 9, "series": 9, "cage_map": 9, "counterfactuals": 9, "validation": 9, "along_pore": 9,
    "plotting": 10, "report": 10, "app": 11, "cli": 12, "__main__": 13,
}  # fmt: skip
GROUND = {room for room, floor in ROOMS.items() if floor == 0}

# Rooms that may import less than everything to their left.
ALLOWED = {"permeation": GROUND, "membrane": GROUND, "energetics": GROUND | {"structure"}}
ONLY_FILTER = {"energetics": "selectivity.structure.filter"}

# Libraries that only some rooms may load.
READERS = {"structure", "trajectory"}
DRAWING = {"plotting", "report", "app"}
OWNERS = {
    "gemmi": READERS | {"archive"}, "pooch": {"archive"}, "requests": {"archive"}, "urllib3": {"archive"},
    "MDAnalysis": READERS, "mdtraj": READERS, "matplotlib": DRAWING, "typer": {"cli"},
    "starlette": {"app"}, "uvicorn": {"app"},
    "openmm": set(), "neuron": set(), "pytest": set(), "hypothesis": set(),
}  # fmt: skip


def violations(package: Path) -> list[str]:
    """Every breach of the layers in a package folder, one line each."""
    edges = imports_of_package(package)
    found = [line for module in sorted(edges) for line in _breaches(module, edges[module])]
    return found + [f"cycle: {' -> '.join(cycle)}" for cycle in _cycles(edges)]


def imports_of_package(package: Path) -> dict[str, set[str]]:
    """Imported modules by importing module; inside the package to the module, outside to the top-level name."""
    sources = {_module_name(package, path): path for path in sorted(package.rglob("*.py"))}
    return {name: set(_imports(name, path, set(sources))) for name, path in sources.items()}


def _breaches(module: str, imported: set[str]) -> Iterator[str]:
    room = _room(module)
    if room == ROOT:  # the front door maps names to rooms; the test of a light import guards what it loads
        return
    if room not in ROOMS:
        yield f"{module} has no room: add {room} to ROOMS"
        return
    for target in sorted(imported):
        if not _inside(target):
            owners = OWNERS.get(target)
            if owners is not None and room not in owners:
                yield f"{module} imports {target}: {target} belongs to {', '.join(sorted(owners)) or 'the tests'}"
        elif target.startswith("?"):
            yield f"{module} imports by a computed name: spell it out"
        else:
            yield from _inner_breach(module, room, target)


def _inner_breach(module: str, room: str, target: str) -> Iterator[str]:
    other = _room(target)
    if other == room or target == VERSION:
        return
    if other == ROOT:
        if room not in ("cli", "__main__"):
            yield f"{module} imports through the package's front door"
    elif other not in ROOMS or other not in ALLOWED.get(room, ROOMS) or not _stands_left(other, room):
        yield f"{module}: {room} may not import {other}"
    elif other == "structure" and room in ONLY_FILTER and target != ONLY_FILTER[room]:
        yield f"{module} imports {target}: {room} takes only {ONLY_FILTER[room]} from structure"


def _stands_left(other: str, room: str) -> bool:
    return ROOMS[other] < ROOMS[room] or (ROOMS[other] == ROOMS[room] == 0)


def _imports(module: str, path: Path, known: set[str]) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and _is_import_call(node):
            names = [_absolute(_text(node.args[0]), package)]
            if names == ["?"] and path.name == "__init__.py":
                continue  # a room's lazy map; its names are loaded by a test of their own
        else:
            continue
        for name in names:
            yield _resolve(name, known)


def _is_import_call(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("import_module", "__import__") and bool(node.args)


def _text(node: ast.expr) -> str:
    """The literal text of an expression, of an f-string its literal beginning, "?" where there is none."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value.rstrip(".") if isinstance(node, ast.Constant) and isinstance(node.value, str) else "?"


def _absolute(name: str, package: str) -> str:
    dots = len(name) - len(name.lstrip("."))
    if dots == 0:
        return name
    parents = package.split(".")
    return ".".join(filter(None, [*parents[: len(parents) - dots + 1], name.lstrip(".")]))


def _resolve(name: str, known: set[str]) -> str:
    """The module behind a dotted name: the longest known module of the package, its first part elsewhere."""
    if not _inside(name):
        return name.partition(".")[0]
    if name == VERSION:
        return name
    whole = name
    while name and name not in known:
        name = name.rpartition(".")[0]
    # An unknown child of the root is a public name of the front door, or a room that is not there yet.
    first = ".".join(whole.split(".")[:2])
    return first if name == ROOT and _room(first) in ROOMS else name or whole


def _inside(name: str) -> bool:
    return name.partition(".")[0] == ROOT or name.startswith("?")


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def _module_name(package: Path, path: Path) -> str:
    parts = [ROOT, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """One cycle for every group of modules that reach each other. A room's own lazy __init__ closes no cycle."""
    reach = {module: _reachable(module, edges) for module in edges}
    groups = {
        frozenset(other for other in reach[module] if module in reach.get(other, set()))
        for module in edges
        if module in reach[module]
    }
    return sorted(sorted(group) for group in groups)


def _reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for target in edges.get(todo.pop(), set()) - seen:
            if target != ROOT:
                seen.add(target)
                todo.append(target)
    return seen
