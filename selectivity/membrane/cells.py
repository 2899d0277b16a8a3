"""Which cell? Concentrations, permeabilities and geometry as presets in which every number names its source."""

from __future__ import annotations

import math
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from numbers import Real
from pathlib import Path
from types import MappingProxyType
from typing import Any

from selectivity.data import MARKS
from selectivity.errors import Doubt, FileUnreadable, OutOfRange, UnknownChoice, hint
from selectivity.files import read_text
from selectivity.membrane.conditions import COLDEST_PLAUSIBLE, valence_of
from selectivity.membrane.pump import pump_names

SIDES = ("outside", "inside", "permeability", "conductance_ms_cm2")
"""Tables of a cell that map ions to numbers."""

SCALARS = ("area_um2", "capacitance_uf_cm2", "volume_pl", "resting_mv")
"""Single numbers that a cell may leave out."""

USER = "user"
"""Source recorded for a number that the caller supplied without naming one."""


@dataclass(frozen=True)
class Cell:
    """A cell as plain numbers; mappings are read-only and keyed by ion.

    outside, inside: mM. permeability: relative, K = 1. conductance_ms_cm2: resting conductance by ion, mS/cm², where a
    source gives it. temperature_k with the range in which the preset was measured or modelled. area_um2,
    capacitance_uf_cm2 (specific), volume_pl, resting_mv (measured or modelled rest): None where unknown. pump: "kinetics",
    the name of a rate law of the Na+/K+-ATPase. sources and marks: "outside.K" -> reference key and how the number was seen.
    """

    name: str
    title: str
    outside: Mapping[str, float]
    inside: Mapping[str, float]
    temperature_k: float
    permeability: Mapping[str, float]
    temperature_range_k: tuple[float, float]
    conductance_ms_cm2: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    area_um2: float | None = None
    capacitance_uf_cm2: float | None = None
    volume_pl: float | None = None
    resting_mv: float | None = None
    pump: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    note: str = ""
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    marks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def assumed(self) -> tuple[str, ...]:
        """Names of the numbers for which no source is known, e.g. "permeability.Na"."""
        return tuple(name for name, mark in self.marks.items() if mark == "assumed")

    @property
    def capacitance_pf(self) -> float | None:
        """Capacitance of the whole cell, pF (1 µF/cm² over 100 µm² is 1 pF)."""
        if self.area_um2 is None or self.capacitance_uf_cm2 is None:
            return None
        return 0.01 * self.area_um2 * self.capacitance_uf_cm2

    def changed(
        self,
        *,
        outside: Mapping[str, float] | None = None,
        inside: Mapping[str, float] | None = None,
        permeability: Mapping[str, float] | None = None,
        temperature: float | None = None,
        source: str = USER,
    ) -> Cell:
        """The same cell with some numbers replaced (others kept), each marked with the given source.

        Warns when the temperature lies outside `temperature_range_k`: the other numbers of the cell do not follow it there.

        >>> cell("neuron").changed(outside={"K": 3.5}).outside["K"]
        3.5
        """
        changes = {"outside": outside or {}, "inside": inside or {}, "permeability": permeability or {}}
        touched = [f"{table}.{ion}" for table, ions in changes.items() for ion in ions]
        touched += [] if temperature is None else ["temperature_k"]
        kelvin = self.temperature_k if temperature is None else _positive(temperature, "temperature_k")
        _warn_outside_range(self, kelvin)
        return replace(
            self,
            outside=_merged(self.outside, changes["outside"], "outside"),
            inside=_merged(self.inside, changes["inside"], "inside"),
            permeability=_merged(self.permeability, changes["permeability"], "permeability"),
            temperature_k=kelvin,
            sources=MappingProxyType(dict(self.sources) | dict.fromkeys(touched, source)),
            marks=MappingProxyType(dict(self.marks) | dict.fromkeys(touched, USER)),
        )


def require_ions(cell: Cell, *ions: str) -> None:
    """Raise UnknownChoice unless the cell has a concentration of every named ion on both sides.

    >>> require_ions(cell("neuron"), "K", "Na")
    """
    for ion in ions:
        for side, held in (("outside", cell.outside), ("inside", cell.inside)):
            if ion not in held:
                raise UnknownChoice(f"{cell.name}: no {ion} {side}; this needs {' and '.join(ions)} on both sides (mM)")


def cell(name: str) -> Cell:
    """The preset of that name; UnknownChoice lists the names and the nearest one.

    >>> cell("neuron").outside["K"], cell("neuron").temperature_k
    (5.0, 310.15)
    """
    presets = cells()
    if name not in presets:
        raise UnknownChoice(
            f"{name!r}: no cell of this name; the presets are {', '.join(presets)}{hint(name, presets)}"
        )
    return presets[name]


@cache
def cells() -> Mapping[str, Cell]:
    """All presets by name, in the order of the table; read-only."""
    text = files("selectivity.data").joinpath("cells.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return MappingProxyType({name: _cell(name, table, "data/cells.toml") for name, table in tables.items()})


def load_cells(path: str | Path) -> Mapping[str, Cell]:
    """Cells from a TOML file of the same layout as data/cells.toml; a number may be given bare (`K = 4.0`).

    Raises FileUnreadable for a file that is missing or not TOML, UnknownChoice for an unknown key or ion, OutOfRange
    for a missing or impossible number; each message names the file and the entry.
    """
    text = read_text(path, need="give a TOML file of cells, as `selectivity cells --template` prints one")
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as failure:
        raise FileUnreadable(f"{path}: not a TOML file ({failure}); see `selectivity cells --template`") from None
    if not tables or not all(isinstance(table, dict) for table in tables.values()):
        raise FileUnreadable(f"{path}: no cell in it; each cell is a table such as [my_cell] with [my_cell.outside]")
    return MappingProxyType({name: _cell(name, table, str(path)) for name, table in tables.items()})


def _cell(name: str, table: Mapping[str, Any], origin: str) -> Cell:
    """Validate one table and build the cell; every message begins with the file and the cell."""
    where = f"{origin} [{name}]"
    _refuse_unknown(table, where)
    numbers = _Numbers(where)
    ions = {side: numbers.by_ion(side, table.get(side, {})) for side in SIDES}
    for ion in ions["permeability"]:
        for side in ("outside", "inside"):
            if ion not in ions[side]:
                raise OutOfRange(f"{where}: {ion} permeates but has no {side} concentration; add [{name}.{side}] {ion}")
    if not any(ions["permeability"].values()):
        raise OutOfRange(
            f"{where}: no permeability; add [{name}.permeability] with K = 1.0 and the others relative to it"
        )
    if "temperature_k" not in table:
        raise OutOfRange(f"{where}: no temperature_k; give it in kelvin (37 °C is 310.15)")
    temperature = _positive(numbers.value("temperature_k", table["temperature_k"]), f"{where} temperature_k")
    low, high = _range(numbers.value("temperature_range_k", table.get("temperature_range_k", [temperature] * 2)), where)
    scalars = {key: numbers.value(key, table[key]) for key in SCALARS if key in table}
    for key, value in scalars.items():
        if key != "resting_mv":
            _positive(value, f"{where} {key}")
    if not isinstance(table.get("pump", {}), dict):
        raise OutOfRange(
            f'{where} pump: {table["pump"]!r} is not a table; write pump = {{ kinetics = "luo-rudy-1994" }}'
        )
    pump = _pump(numbers, table.get("pump", {}), where)
    return Cell(
        name=name,
        title=str(table.get("title", name)),
        note=str(table.get("note", "")),
        temperature_k=temperature,
        temperature_range_k=(low, high),
        pump=MappingProxyType(pump),
        sources=MappingProxyType(numbers.sources),
        marks=MappingProxyType(numbers.marks),
        outside=MappingProxyType(ions["outside"]),
        inside=MappingProxyType(ions["inside"]),
        permeability=MappingProxyType(ions["permeability"]),
        conductance_ms_cm2=MappingProxyType(ions["conductance_ms_cm2"]),
        area_um2=scalars.get("area_um2"),
        capacitance_uf_cm2=scalars.get("capacitance_uf_cm2"),
        volume_pl=scalars.get("volume_pl"),
        resting_mv=scalars.get("resting_mv"),
    )


class _Numbers:
    """Reads `{ value = ..., source = ..., mark = ... }` or a bare value, and keeps who said so."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.sources: dict[str, str] = {}
        self.marks: dict[str, str] = {}

    def value(self, name: str, entry: Any) -> Any:
        if not isinstance(entry, dict):
            entry = {"value": entry, "source": USER, "mark": USER}
        if "value" not in entry:
            raise OutOfRange(f'{self.where} {name}: no value; write {{ value = 5.0, source = "..." }} or a bare number')
        mark = entry.get("mark", USER)
        if mark not in (*MARKS, USER):
            raise UnknownChoice(
                f"{self.where} {name}: mark {mark!r}; one of {', '.join(MARKS)}{hint(str(mark), MARKS)}"
            )
        self.sources[name], self.marks[name] = str(entry.get("source", USER)), mark
        return entry["value"]

    def by_ion(self, side: str, table: Any) -> dict[str, float]:
        if not isinstance(table, dict):
            raise OutOfRange(
                f"{self.where} {side}: {table!r} is not a table of ions; write {side} = {{ K = ..., Na = ... }}"
            )
        values = {}
        for ion, entry in table.items():
            name = f"{side}.{ion}"
            try:
                valence_of(ion)
            except UnknownChoice as unknown:
                raise UnknownChoice(f"{self.where} {name}: {unknown}") from None
            values[ion] = _amount(self.value(name, entry), f"{self.where} {name}")
        return values


def _pump(numbers: _Numbers, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The pump's rate law by name, checked here so that a misspelt one is not found an experiment later."""
    for key in table:
        if key != "kinetics":
            raise UnknownChoice(f"{where} pump: unknown entry {key!r}; a pump has kinetics, the name of a rate law")
    pump = {key: numbers.value(f"pump.{key}", entry) for key, entry in table.items()}
    if pump and pump["kinetics"] not in pump_names():
        raise UnknownChoice(
            f"{where} pump.kinetics: no rate law {pump['kinetics']!r}; one of {', '.join(pump_names())}"
            + hint(str(pump["kinetics"]), pump_names())
        )
    return pump


def _warn_outside_range(cell: Cell, temperature: float) -> None:
    """An extrapolation is said; a number that looks like °C is doubted where it is used, once."""
    low, high = cell.temperature_range_k
    if temperature >= COLDEST_PLAUSIBLE and temperature != cell.temperature_k and not low <= temperature <= high:
        span = f"{low:g} K alone" if low == high else f"{low:g} to {high:g} K"
        warnings.warn(
            f"{temperature:g} K: {cell.name} is known for {span}; an extrapolation, with concentrations and permeabilities held",
            category=Doubt,
            stacklevel=3,
        )


def _merged(old: Mapping[str, float], changes: Mapping[str, float], table: str) -> Mapping[str, float]:
    for ion in changes:
        valence_of(ion)
    new = {ion: _amount(value, f"{table}.{ion}") for ion, value in changes.items()}
    return MappingProxyType(dict(old) | new)


def _refuse_unknown(table: Mapping[str, Any], where: str) -> None:
    known = ("title", "note", "temperature_k", "temperature_range_k", "pump", *SIDES, *SCALARS)
    for key in table:
        if key not in known:
            raise UnknownChoice(f"{where}: unknown entry {key!r}; a cell has {', '.join(known)}{hint(key, known)}")


def _range(value: Any, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise OutOfRange(f"{where} temperature_range_k: {value!r}; give two kelvin temperatures, [lowest, highest]")
    low, high = (_positive(number, f"{where} temperature_range_k") for number in value)
    if low > high:
        raise OutOfRange(f"{where} temperature_range_k: {low:g} lies above {high:g}; give [lowest, highest]")
    return low, high


def _amount(value: Any, what: str) -> float:
    number = _number(value, what)
    if number < 0.0:
        raise OutOfRange(f"{what}: {number:g} is negative; amounts must be zero or more")
    return number


def _positive(value: Any, what: str) -> float:
    number = _number(value, what)
    if number <= 0.0:
        raise OutOfRange(f"{what}: {number:g} is not positive; give a value above zero")
    return number


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise OutOfRange(f"{what}: {value!r} is not a finite number; give one")
    return float(value)
