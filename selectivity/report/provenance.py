"""Where does a page come from? Versions, every parameter, the file's fingerprint and the sources with their DOI."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from selectivity import __version__
from selectivity.references import reference

LIBRARIES = ("numpy", "scipy", "numba", "pymbar", "gemmi", "MDAnalysis", "mdtraj")
"""Libraries whose version can move a number of a score."""

DATE_VARIABLE = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 that stand in for the clock, so that a page can be made twice alike (reproducible-builds.org)."""

PARAMETERS = {
    "treatment": "treatment",
    "ion_pair": "ions compared (the first: preferred where ddG is positive)",
    "temperature_k": "temperature (K)",
    "sigma_angstrom": "softness of the filter, sigma (Å)",
    "force_field": "force field",
    "hydration": "hydration scale",
    "hydration_state": "water inside the filter",
    "rule": "rule from energies to one barrier",
    "access_length_angstrom": "access length of the two mouths together (Å)",
    "k_profile": "K+ profile given by the user",
    "neighbours": "neighbours",
    "seed": "seed",
    "forced": "ratio forced from surviving sites",
    "interval_level": "level of intervals",
}
"""Fields of a score that say how it was computed, and how they read."""


def created() -> str:
    """Date and time in UTC to the second, ISO 8601; `SOURCE_DATE_EPOCH` stands in for the clock where it is set."""
    fixed = os.environ.get(DATE_VARIABLE, "")
    moment = datetime.fromtimestamp(int(fixed), UTC) if fixed.isdigit() else datetime.now(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of the libraries that compute, by name; no library is loaded for it.

    >>> "numpy" in versions()
    True
    """
    found = {"selectivity": __version__, "Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | {"system": f"{platform.system()} {platform.machine()}"}


def parameters(score: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Every parameter of a score (its JSON) as pairs of words and value, in reading order."""
    return [
        *((words, score[key]) for key, words in PARAMETERS.items()),
        ("cell", score["membrane"]["cell"]),
        ("background leak", score["membrane"]["leak"]),
    ]


def citations(score: Mapping[str, Any]) -> list[dict[str, str]]:
    """The sources of a score's numbers: key, text, DOI ("" where there is none) and how the numbers reached the package."""
    entries = [reference(key) for key in score["sources"]]
    return [
        {
            "key": entry.key,
            "text": f"{entry.authors}{f' ({entry.year})' if entry.year else ''}. {entry.title}. {entry.where}",
            "doi": entry.doi,
            "seen": entry.mark,
        }
        for entry in entries
    ]
