"""What is this program standing on? Libraries and their versions, folders, compiled kernels, and a run of the chain."""

from __future__ import annotations

import math
import os
import platform
import re
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import selectivity
from selectivity.cli.options import available_cores

EXTRAS = {
    "dask": "many files or trajectories on a cluster (--backend dask)",
    "app": "the local web app (selectivity explore)",
    "notebooks": "the notebooks",
    "docs": "building the manual",
    "test": "the tests of this package: OpenMM and NEURON are the second programs that it is compared with",
}
"""What each extra of the package is for."""
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)(?:;(.*))?$")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_LEAST = re.compile(r">=\s*([0-9.]+)")


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, and whether that is well ("ok", "missing", "optional", "failed")."""

    topic: str
    name: str
    found: str
    state: str
    remark: str = ""


def findings(*, run: bool) -> list[Finding]:
    """Everything that is looked at; ``run`` adds the self-check of the chain (a second, a minute where nothing is compiled)."""
    found = [*_program(), *_libraries(), *_folders(), _kernels()]
    return [*found, _self_check()] if run else found


def _program() -> list[Finding]:
    return [
        Finding("program", "selectivity", selectivity.__version__, "ok", str(Path(selectivity.__file__).parent)),
        Finding("program", "Python", platform.python_version(), "ok", sys.executable),
        Finding("program", "system", f"{platform.system()} {platform.machine()}", "ok"),
        Finding("program", "processors", str(available_cores()), "ok", "that this process may use: --jobs"),
    ]


def _libraries() -> list[Finding]:
    """Every library that the installed package asks for, the optional ones by their extra."""
    try:
        asked = metadata.requires("selectivity") or []
    except metadata.PackageNotFoundError:
        words = "not installed as a package, so what it needs is not known"
        return [Finding("library", "selectivity", "-", "failed", f"{words}: run pip install selectivity")]
    found: dict[str, Finding] = {}
    for requirement in asked:
        parts = _REQUIREMENT.match(requirement)
        if parts is None:
            continue
        name, least, extra = parts[1], _LEAST.search(parts[2]), _EXTRA.search(parts[3] or "")
        each = _library(name, least[1] if least else "", extra[1] if extra else "")
        if name not in found or found[name].topic != "library":
            found.setdefault(name, each) if extra else found.update({name: each})
    return list(found.values())


def _library(name: str, least: str, extra: str) -> Finding:
    topic = f"extra {extra}" if extra else "library"
    purpose = (
        f"for {EXTRAS.get(extra, extra)}: pip install 'selectivity[{extra}]'"
        if extra
        else f"pip install '{name}>={least}'"
    )
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(topic, name, "not installed", "optional" if extra else "missing", purpose)
    if _numbers(version) < _numbers(least):
        return Finding(
            topic, name, version, "optional" if extra else "missing", f"{least} or newer is needed: {purpose}"
        )
    return Finding(topic, name, version, "ok")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _folders() -> list[Finding]:
    from selectivity.archive.fetch import archive_url, cache_folder
    from selectivity.cli.configuration import files

    cache = cache_folder()
    entries = len([path for path in cache.glob("*.gz") if path.is_file()]) if cache.is_dir() else 0
    writable = _writable(cache)
    found = [
        Finding(
            "folder", "entries of the PDB", str(cache), "ok" if writable else "failed",
            f"{entries} kept" if writable else "cannot be written: set SELECTIVITY_CACHE",
        ),
        Finding("folder", "archive", archive_url(), "ok"),
    ]  # fmt: skip
    for path in files(None):
        found.append(Finding("folder", "options", str(path), "ok", "read" if path.is_file() else "not there"))
    return found


def _writable(folder: Path) -> bool:
    """Whether the folder, or the nearest one above it that exists, can be written."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)


def _kernels() -> Finding:
    named = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(named) if named else Path(selectivity.__file__).parent
    kept = len(list(folder.rglob("*.nbi"))) if folder.is_dir() else 0
    if not _writable(folder):
        words = "cannot be kept, so every run compiles again: set NUMBA_CACHE_DIR to a folder that can be written"
        return Finding("kernels", "compiled code", str(folder), "failed", words)
    return Finding(
        "kernels",
        "compiled code",
        str(folder),
        "ok",
        f"{kept} kept" if kept else "none yet: the first run compiles, a minute",
    )


def _self_check() -> Finding:
    """An idealised filter through the chain: a site's energy, and the ratio and voltage of a barrier against closed forms."""
    from selectivity.constants import FARADAY, GAS_CONSTANT_KJ, ROOM_TEMPERATURE
    from selectivity.membrane.ghk import ghk_voltage
    from selectivity.permeation.ratio import permeability_ratio
    from selectivity.pipeline import score_filter
    from selectivity.structure.ideal import ideal_filter

    start = time.monotonic()
    score = score_filter(ideal_filter("nak-like"), treatment="rigid", hydration_state="dry", rule="profile")
    energies = [site.ddg_kj_mol for site in score.sites if site.ddg_kj_mol is not None]
    kelvin = 310.15
    agree = {
        "energies": bool(energies) and all(math.isfinite(energy) for energy in energies),
        "ratio": _same(
            permeability_ratio(10.0, temperature=ROOM_TEMPERATURE),
            math.exp(10.0 / (GAS_CONSTANT_KJ * ROOM_TEMPERATURE)),
        ),
        "voltage": _same(
            ghk_voltage({"K": 1.0}, outside={"K": 5.0}, inside={"K": 140.0}, temperature=kelvin),
            1000.0 * GAS_CONSTANT_KJ * 1000.0 * kelvin / FARADAY * math.log(5.0 / 140.0),
        ),
    }
    wrong = [name for name, well in agree.items() if not well]
    took = f"{time.monotonic() - start:.1f} s"
    if wrong:
        return Finding(
            "check", "structure to voltage", took, "failed", f"{' and '.join(wrong)} wrong: reinstall, and report it"
        )
    return Finding(
        "check", "structure to voltage", took, "ok", "energies finite, ratio and voltage equal to their closed forms"
    )


def _same(value: float, closed_form: float) -> bool:
    return math.isclose(float(value), closed_form, rel_tol=1e-9)
