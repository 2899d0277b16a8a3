"""How fast does an ion move in water? Limiting conductivities, charges and ion sizes, each with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from selectivity.errors import UnknownChoice, nearest


@dataclass(frozen=True)
class Mobility:
    """One ion at 25 °C: charge number, limiting equivalent conductivity (1e-4 m² S/mol), ion size (Å) or None, source."""

    ion: str
    valence: int
    conductivity: float
    size_angstrom: float | None
    source: str
    mark: str

    @property
    def relative_diffusion(self) -> float:
        """Diffusion coefficient over K+'s: conductivity per charge, divided by K+'s 73.5."""
        return self.conductivity / abs(self.valence) / mobilities()["K"].conductivity


def mobility(ion: str) -> Mobility:
    """The entry of an ion; UnknownChoice names the nearest.

    >>> mobility("Na").relative_diffusion < mobility("K").relative_diffusion == 1.0
    True
    """
    table = mobilities()
    if ion not in table:
        near = nearest(ion.rstrip("+-0123456789"), table)
        hint = f"did you mean {near}? " if near is not None else ""
        raise UnknownChoice(
            f"{ion!r}: no mobility is tabulated; {hint}pass mobilities={{{ion!r}: (valence, conductivity)}}"
        )
    return table[ion]


@cache
def mobilities() -> Mapping[str, Mobility]:
    """All tabulated ions by name; read-only."""
    entries = tomllib.loads(files("selectivity.data").joinpath("mobilities.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            ion: Mobility(
                ion=ion,
                valence=int(entry["valence"]),
                conductivity=float(entry["conductivity"]),
                size_angstrom=entry.get("size_angstrom"),
                source=entry["source"],
                mark=entry["mark"],
            )
            for ion, entry in entries.items()
        }
    )
