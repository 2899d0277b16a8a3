"""Who said so, in this room: the package's references, and the further sources of the cell and mobility tables."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from selectivity.errors import UnknownChoice, nearest
from selectivity.references import Reference, references


def citation(key: str) -> Reference:
    """The source behind a key of cells.toml or mobilities.toml; UnknownChoice names the nearest key.

    >>> citation("halnes2013").year, citation("goldman1943").year
    (2013, 1943)
    """
    known = citations()
    if key not in known:
        near = nearest(key, known)
        hint = (
            f"did you mean {near}?"
            if near is not None
            else "data/references.csv and data/membrane_sources.toml list the keys"
        )
        raise UnknownChoice(f"no source {key!r}; {hint}")
    return known[key]


@cache
def citations() -> Mapping[str, Reference]:
    """Every source that this room can cite, by key; read-only."""
    text = files("selectivity.data").joinpath("membrane_sources.toml").read_text(encoding="utf-8")
    own = {
        key: Reference(
            key=key,
            authors=entry["authors"],
            year=entry.get("year"),
            title=entry["title"],
            where=entry["where"],
            doi=entry.get("doi", ""),
            mark=entry["mark"],
            label=entry["label"],
            note=entry.get("note", ""),
        )
        for key, entry in tomllib.loads(text).items()
    }
    return MappingProxyType(dict(references()) | own)
