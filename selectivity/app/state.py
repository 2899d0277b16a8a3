"""What do the controls say? One frozen record that is checked, written as an address and read from it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any
from urllib.parse import urlencode

from selectivity.energetics.hydration import SCALES
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.cells import Cell, cell, cells
from selectivity.permeation.ratio import barrier_difference

MODES = ("ratio", "filter")
TREATMENTS = ("rigid", "relaxed")
VIEWS = ("curve", "rundown")
IONS = ("K", "Na", "Cl")
LONGEST_NAME = 100
"""Characters of a word in a state; longer ones are not names."""


@dataclass(frozen=True)
class Control:
    """A number on the page: its unit, the range that is accepted, and the range and step of its slider."""

    label: str
    unit: str
    low: float
    high: float
    slider_low: float
    slider_high: float
    step: float


CONTROLS: Mapping[str, Control] = {
    "ddg": Control("barrier difference ΔΔG‡", "kJ/mol", -200.0, 200.0, -5.0, 30.0, 0.1),
    "error": Control("its standard error", "kJ/mol", 0.0, 50.0, 0.0, 6.0, 0.1),
    "dilation": Control("ring dilation", "Å", -0.5, 1.0, -0.3, 0.5, 0.05),
    "sigma": Control("softness σ", "Å", 0.05, 1.0, 0.1, 0.6, 0.05),
    "water": Control("water leg × factor", "", 0.5, 2.0, 0.8, 1.2, 0.01),
    "temperature": Control("temperature", "K", 273.15, 373.0, 273.15, 323.15, 0.5),
    "k_out": Control("K⁺ outside", "mM", 1e-3, 2000.0, 0.5, 150.0, 0.5),
    "k_in": Control("K⁺ inside", "mM", 1e-3, 2000.0, 1.0, 200.0, 1.0),
    "na_out": Control("Na⁺ outside", "mM", 1e-3, 2000.0, 1.0, 200.0, 1.0),
    "na_in": Control("Na⁺ inside", "mM", 1e-3, 2000.0, 1.0, 150.0, 1.0),
    "cl_out": Control("Cl⁻ outside", "mM", 0.0, 2000.0, 0.0, 200.0, 1.0),
    "cl_in": Control("Cl⁻ inside", "mM", 0.0, 2000.0, 0.0, 150.0, 1.0),
    "leak": Control("background P(Na⁺)/P(K⁺)", "", 0.0, 1000.0, 0.0, 0.2, 0.002),
    "chloride": Control("chloride P(Cl⁻)/P(K⁺)", "", 0.0, 1000.0, 0.0, 2.0, 0.01),
    "pump": Control("pump strength", "×", 0.0, 20.0, 0.0, 2.0, 0.05),
}
"""Every number of a state. Slider ends of concentrations stretch to what the cell holds (`slider_high`)."""


@dataclass(frozen=True)
class State:
    """Everything that the controls of a page say; numbers in the units of `CONTROLS`.

    mode: "ratio" (ddG‡ in hand) or "filter" (from the structure). Numbers of the cell are its preset's until they are moved.
    """

    mode: str = "ratio"
    ddg: float = 12.0
    error: float = 2.0
    structure: str = "kcsa-like"
    treatment: str = "relaxed"
    sigma: float = 0.30
    dilation: float = 0.0
    hydration: str = "force-field"
    water: float = 1.0
    cell: str = "neuron"
    temperature: float = 310.15
    k_out: float = 5.0
    k_in: float = 140.0
    na_out: float = 145.0
    na_in: float = 15.0
    cl_out: float = 110.0
    cl_in: float = 4.0
    leak: float = 0.04
    chloride: float = 0.0
    pump: float = 1.0
    view: str = "curve"

    @property
    def outside(self) -> dict[str, float]:
        """mM by ion; chloride only where there is some."""
        return _there({"K": self.k_out, "Na": self.na_out, "Cl": self.cl_out})

    @property
    def inside(self) -> dict[str, float]:
        """mM by ion; chloride only where there is some."""
        return _there({"K": self.k_in, "Na": self.na_in, "Cl": self.cl_in})

    @property
    def scale(self) -> str:
        """The water leg as the library writes it, factor included."""
        return self.hydration if self.water == 1.0 else f"{self.hydration}*{self.water!r}"

    @property
    def reference_k(self) -> float:
        """The cell's own temperature, at which its pump was matched to its leaks."""
        return cell(self.cell).temperature_k

    def permeability(self, ratio: Any) -> dict[str, Any]:
        """Relative permeabilities of a membrane with filters of this P_K/P_Na, the background leak and chloride."""
        ions = {"K": 1.0, "Na": 1.0 / ratio + self.leak}
        return ions | ({"Cl": self.chloride} if self.chloride and "Cl" in self.outside and "Cl" in self.inside else {})

    def address(self) -> str:
        """The address of this state: what differs from the defaults of its cell.

        >>> state_of({"ddg": "6", "cell": "neuron"}).address()
        'ddg=6'
        """
        plain = asdict(defaults_of(self.cell))
        mine = asdict(self)
        moved = {name: _word(value) for name, value in mine.items() if value != plain[name]}
        return urlencode(({} if self.cell == State.cell else {"cell": self.cell}) | moved)


def state_of(given: Mapping[str, Any], structures: tuple[str, ...] | None = None) -> State:
    """A checked state from what an address or a page gives; what is not named is the default of its cell.

    ``ratio`` may stand in place of ``ddg``. Raises UnknownChoice for an unknown name (with the nearest), OutOfRange for what is no
    number or outside its range. ``structures`` are the names that may be chosen (None: any).

    >>> state_of({"ratio": "100", "temperature": 298.15}).ddg.__round__(2)
    11.42
    """
    for name in given:
        if name not in _NAMES and name != "ratio":
            near = difflib.get_close_matches(str(name)[:LONGEST_NAME], _NAMES, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UnknownChoice(
                f"{str(name)[:LONGEST_NAME]!r}: no control of this name; {hint}there are {', '.join(_NAMES)}"
            )
    words = {name: _text(name, value) for name, value in given.items() if name not in (*CONTROLS, "ratio")}
    base = asdict(defaults_of(words.get("cell", State.cell)))
    numbers = {name: _number(name, value) for name, value in given.items() if name in CONTROLS}
    state = State(**(base | words | numbers))
    _check_choices(state, structures)
    if "ratio" in given:
        barrier = barrier_difference(_float("ratio", given["ratio"]), temperature=state.temperature)
        state = State(**(asdict(state) | {"ddg": _number("ddg", barrier)}))
    return state


@cache
def defaults_of(name: str) -> State:
    """The state of a cell that nobody has touched: its concentrations, temperature, background leak and chloride."""
    own = cell(name)
    sides: dict[str, Any] = {
        f"{ion.lower()}_{side}": amounts.get(ion, 0.0)
        for side, amounts in (("out", own.outside), ("in", own.inside))
        for ion in IONS
    }
    share = {ion: own.permeability.get(ion, 0.0) / own.permeability["K"] for ion in IONS}
    return State(cell=name, temperature=own.temperature_k, leak=share["Na"], chloride=share["Cl"], **sides)


def slider_high(name: str, value: float) -> float:
    """The upper end of a slider that has to reach a preset's number: a third more than it where the usual end is too low.

    >>> slider_high("na_out", 145.0), slider_high("na_out", 440.0)
    (200.0, 600.0)
    """
    usual = CONTROLS[name].slider_high
    return usual if value <= usual else float(math.ceil(4.0 * value / 3.0 / 50.0) * 50.0) if value > 1.0 else 1.0


def presets() -> tuple[Cell, ...]:
    """The cells that hold K+ and Na+ on both sides and pass K+."""
    return tuple(
        each
        for each in cells().values()
        if all(ion in side for ion in ("K", "Na") for side in (each.outside, each.inside))
        and each.permeability.get("K")
    )


_NAMES = tuple(field.name for field in fields(State))


def _check_choices(state: State, structures: tuple[str, ...] | None) -> None:
    known = {"mode": MODES, "treatment": TREATMENTS, "hydration": SCALES, "view": VIEWS}
    for name, choices in (known | ({} if structures is None else {"structure": structures})).items():
        value = getattr(state, name)
        if value not in choices:
            near = difflib.get_close_matches(value, choices, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            again = "; a file that was dropped is not kept: drop it again" if name == "structure" else ""
            raise UnknownChoice(f"{name} {value!r}: {hint}there are {', '.join(choices)}{again}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise UnknownChoice(f"{name}: a word of at most {LONGEST_NAME} letters is needed")
    return value


def _float(name: str, value: Any) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        shown = str(value)[:40]
        raise OutOfRange(f"{name} {shown!r}: a number is needed") from None


def _number(name: str, value: Any) -> float:
    number, limits = _float(name, value), CONTROLS[name]
    if not limits.low <= number <= limits.high:  # NaN fails too
        unit = f" {limits.unit}" if limits.unit else ""
        raise OutOfRange(f"{limits.label}: {number:g}{unit}; {limits.low:g} to {limits.high:g}{unit} is needed")
    return number


def _there(amounts: Mapping[str, float]) -> dict[str, float]:
    return {ion: c for ion, c in amounts.items() if c > 0.0}


def _word(value: Any) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
