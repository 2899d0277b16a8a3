"""Which ion is meant, and how large is it? Species with their charge, radii by coordination number and first water shells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice, nearest

# Shannon (1976): crystal radii take O2- as 1.26 Å where effective radii take 1.40 Å, so cations gain 0.14 Å.
CRYSTAL_RADIUS_SHIFT = 0.14


@dataclass(frozen=True)
class Ion:
    """A chemical species: ``symbol`` is its name everywhere in the package, ``valence`` its charge number."""

    symbol: str
    name: str
    valence: int
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class HydrationShell:
    """A first hydration shell: number of waters and ion-oxygen distance (Å), errors where the source gives them, else None."""

    ion: str
    coordination_number: float
    distance_angstrom: float
    coordination_error: float | None
    distance_error_angstrom: float | None
    convention: str
    sources: tuple[str, ...]
    mark: str


def ion(name: str) -> Ion:
    """The species behind a name: its symbol, its symbol with the charge, its English name or a force field's name.

    Case does not matter. These are names of chemical species: the residue name CA of a calcium and the atom name CA of an
    alpha carbon are told apart by the structure reader, not here. Raises `UnknownChoice` with the valid symbols.

    >>> ion("POT").symbol, ion("k+").symbol, ion("K").valence
    ('K', 'K', 1)
    """
    try:
        return _by_any_name()[name.strip().casefold()]
    except KeyError:
        near = nearest(name.strip(), _by_any_name())
        hint = f"did you mean {_by_any_name()[near].symbol}? " if near is not None else ""
        raise UnknownChoice(f"unknown ion {name!r}; {hint}The ions are: {', '.join(ions())}") from None


@cache
def ions() -> Mapping[str, Ion]:
    """All species by symbol, in the order of the table; read-only.

    >>> list(ions())[:5]
    ['Li', 'Na', 'K', 'Rb', 'Cs']
    """
    species = (
        Ion(row["ion"], row["name"], int(row["valence"]), tuple(row["synonyms"].split())) for row in read_table("ions")
    )
    return MappingProxyType({ion.symbol: ion for ion in species})


def valence(name: str) -> int:
    """Charge number of an ion.

    >>> valence("Ca2+"), valence("Cl")
    (2, -1)
    """
    return ion(name).valence


def shannon_radius(name: str, coordination_number: int, *, crystal: bool = False) -> float:
    """Shannon's effective ionic radius (Å) at a coordination number; ``crystal=True`` for his crystal radius of a cation.

    Nothing is interpolated: raises `OutOfRange`, naming the coordination numbers that the table has. Source: shannon1976.

    >>> shannon_radius("K", 6), shannon_radius("K", 8), shannon_radius("Na", 8)
    (1.38, 1.51, 1.18)
    """
    species = ion(name)
    known = _radii("shannon-effective").get(species.symbol, {})
    if coordination_number not in known:
        have = ", ".join(str(number) for number in known) or "none"
        raise OutOfRange(
            f"no Shannon radius of {species.symbol} at coordination number {coordination_number}; tabulated: {have}"
        )
    if crystal and species.valence < 0:
        raise OutOfRange(
            f"the crystal radius shift of {CRYSTAL_RADIUS_SHIFT} Å holds for cations, not for {species.symbol}"
        )
    return round(known[coordination_number] + (CRYSTAL_RADIUS_SHIFT if crystal else 0.0), 4)


def pauling_radius(name: str) -> float:
    """Pauling's ionic radius (Å), the convention of the older selectivity literature. Source: pauling1960 and its quotations.

    >>> pauling_radius("Na"), pauling_radius("K")
    (0.95, 1.33)
    """
    symbol = ion(name).symbol
    known = _radii("pauling")
    if symbol not in known:
        raise OutOfRange(f"no Pauling radius of {symbol}; tabulated: {', '.join(known)}")
    return known[symbol][None]


def hydration_shell(name: str, *, convention: str = "experiment") -> HydrationShell:
    """First hydration shell of an ion, by ``convention``: "experiment" or "drude" (polarizable simulation).

    Raises `OutOfRange` where the source has none, and `UnknownChoice` for another convention.

    >>> hydration_shell("K").distance_angstrom, hydration_shell("Na").distance_angstrom
    (2.81, 2.43)
    """
    shells = _shells()
    conventions = sorted({known for known, _ in shells})
    if convention not in conventions:
        raise UnknownChoice(f"unknown hydration shell convention {convention!r}; one of: {', '.join(conventions)}")
    symbol = ion(name).symbol
    if (convention, symbol) not in shells:
        have = ", ".join(other for known, other in shells if known == convention)
        raise OutOfRange(f"no first hydration shell of {symbol} by {convention}; tabulated: {have}")
    return shells[convention, symbol]


@cache
def _by_any_name() -> dict[str, Ion]:
    return {name.casefold(): species for species in ions().values() for name in (species.symbol, *species.synonyms)}


@cache
def _radii(convention: str) -> dict[str, dict[int | None, float]]:
    radii: dict[str, dict[int | None, float]] = {}
    for row in read_table("ionic_radii"):
        if row["convention"] == convention:
            number = int(row["coordination_number"]) if row["coordination_number"] else None
            radii.setdefault(row["ion"], {})[number] = float(row["value"])
    return radii


@cache
def _shells() -> dict[tuple[str, str], HydrationShell]:
    shells = {}
    for row in read_table("hydration_shells"):
        shells[row["convention"], row["ion"]] = HydrationShell(
            ion=row["ion"],
            coordination_number=float(row["coordination_number"]),
            distance_angstrom=float(row["distance_angstrom"]),
            coordination_error=_known(row["coordination_error"]),
            distance_error_angstrom=_known(row["distance_error_angstrom"]),
            convention=row["convention"],
            sources=tuple(row["source"].split(";")),
            mark=row["mark"],
        )
    return shells


def _known(cell: str) -> float | None:
    return float(cell) if cell else None
