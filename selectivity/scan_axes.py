"""What is varied in a scan, and how is it written? Words such as ``dilate@V76 O=-0.3:0.3:0.05`` become axes and changes.

An axis is a quantity with several values: a knob of the filter or a setting of the score. A change is made once, before the axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.structure import knobs, mutations
from selectivity.structure.filter import Filter

Keywords = dict[str, Any]
MOST_VALUES = 2000
"""Values of one axis; more is a slip in the step."""


@dataclass(frozen=True)
class _Knob:
    """How a quantity acts on a filter: ``turn(filter, value, ring)``; ``ring`` is "needed", "optional" or "none"."""

    unit: str
    suffix: str
    ring: str
    turn: Callable[[Filter, float, str | None], Filter]


def _shift(filter: Filter, value: float, ring: str | None) -> Filter:
    return knobs.shift(filter, str(ring), value)


def _flip(filter: Filter, value: float, ring: str | None) -> Filter:
    name, _, strand = str(ring).partition("/")
    return knobs.flip(filter, name, _strand(strand) if strand else 0, angle=value)


KNOBS: Mapping[str, _Knob] = {
    "dilate": _Knob("Å", "angstrom", "optional", lambda f, v, ring: knobs.dilate(f, v, ring)),
    "pinch": _Knob("Å", "angstrom", "optional", lambda f, v, ring: knobs.pinch(f, v, ring)),
    "shift": _Knob("Å", "angstrom", "needed", _shift),
    "flip": _Knob("degrees", "deg", "needed", _flip),
    "break": _Knob("Å", "angstrom", "none", lambda f, v, ring: knobs.break_symmetry(f, v)),
}
"""Knobs that take a number: of all rings or of ``@RING``; ``flip@RING/STRAND`` turns the carbonyl of one strand (default 0)."""

SETTINGS: Mapping[str, tuple[str, str, str]] = {
    "sigma": ("sigma", "Å", "angstrom"),
    "temperature": ("temperature", "K", "k"),
    "access-length": ("access_length", "Å", "angstrom"),
}
"""Settings of the score that may be varied: keyword, unit, suffix of the column."""


@dataclass(frozen=True)
class Axis:
    """One varied quantity with its values in ``unit``, increasing; ``column`` names it in tables ("dilate_v76_o_angstrom")."""

    name: str
    ring: str | None
    unit: str
    values: tuple[float, ...]

    @property
    def column(self) -> str:
        """Name of the column, unit included."""
        suffix = KNOBS[self.name].suffix if self.name in KNOBS else SETTINGS[self.name][2]
        words = [self.name, *(self.ring or "").replace("/", " ").split(), suffix]
        return "_".join(words).lower().replace("-", "_")

    @property
    def label(self) -> str:
        """Name, ring and unit for people: "dilate V76 O (Å)"."""
        return f"{self.name}{' ' + self.ring if self.ring else ''} ({self.unit})"

    def apply(self, filter: Filter, keywords: Keywords, value: float) -> tuple[Filter, Keywords]:
        """Filter and keywords of the score with this quantity at one value."""
        if self.name in KNOBS:
            return KNOBS[self.name].turn(filter, value, self.ring), keywords
        return filter, keywords | {SETTINGS[self.name][0]: value}


@dataclass(frozen=True)
class Change:
    """One change made before the axes, as it was written and as it acts."""

    text: str
    act: Callable[[Filter], Filter]

    def apply(self, filter: Filter) -> Filter:
        """The changed filter."""
        return self.act(filter)


def axis(text: str) -> Axis:
    """An axis from ``NAME[@RING]=FIRST:LAST:STEP`` or ``NAME[@RING]=VALUE,VALUE,...``.

    Both ends belong to a range (the last value is the last that the step reaches). Raises UnknownChoice for another name
    and OutOfRange for values that are none.

    >>> axis("dilate@V76 O=-0.1:0.1:0.05").values
    (-0.1, -0.05, 0.0, 0.05, 0.1)
    >>> axis("sigma=0.2,0.3").column
    'sigma_angstrom'
    """
    name, ring, given = _split(text)
    known = (*KNOBS, *SETTINGS)
    if name not in known:
        raise UnknownChoice(f"{text!r}: cannot vary {name!r}; there are {', '.join(known)}{hint(name, known)}")
    _require_ring(text, name, ring)
    unit = KNOBS[name].unit if name in KNOBS else SETTINGS[name][1]
    return Axis(name, ring, unit, numbers_of(given, text))


def change(text: str) -> Change:
    """A change from its words: ``symmetrise``, ``hydroxyl=Ala``, ``drop@RING=STRAND,...``, ``swap=NaK`` or a knob with one value.

    >>> change("swap=NaK").text
    'swap=NaK'
    """
    name, ring, given = _split(text, value_needed=False)
    simple: dict[str, Callable[[Filter], Filter]] = {
        "symmetrise": knobs.symmetrise,
        "hydroxyl": lambda f: mutations.remove_hydroxyl(f, to=given),
        "swap": lambda f: mutations.swap_signature(f, given),
    }
    known = (*simple, "drop", *KNOBS)
    if name not in known:
        raise UnknownChoice(f"{text!r}: no change {name!r}; there are {', '.join(known)}{hint(name, known)}")
    if name in KNOBS or name == "drop":
        _require_ring(text, name, ring)
    elif ring is not None:
        raise UnknownChoice(f"{text!r}: {name} takes no ring; leave out @{ring}")
    if (name == "symmetrise") == bool(given):
        raise UnknownChoice(
            f"{text!r}: {'symmetrise takes no value' if given else f'{name} needs a value: {name}=...'}"
        )
    if name == "drop":
        strands = [_strand(word) for word in given.split(",")]
        return Change(text, lambda f: mutations.drop_ligand(f, str(ring), strands))
    if name in KNOBS:
        values = numbers_of(given, text)
        if len(values) != 1:
            raise OutOfRange(f"{text!r}: {len(values)} values for a change that is made once; give one, or vary it")
        return Change(text, lambda f: KNOBS[name].turn(f, values[0], ring))
    return Change(text, simple[name])


def _split(text: str, *, value_needed: bool = True) -> tuple[str, str | None, str]:
    left, equals, given = text.partition("=")
    name, at, ring = left.partition("@")
    if value_needed and not (equals and given.strip()):
        raise OutOfRange(f"{text!r}: an empty scan; write NAME=FIRST:LAST:STEP, for example dilate=-0.3:0.3:0.05")
    if at and not ring.strip():
        raise UnknownChoice(f"{text!r}: no ring after @; write for example {name}@V76 O={given or '0.1'}")
    return name.strip().lower(), ring.strip() if at else None, given.strip()


def _require_ring(text: str, name: str, ring: str | None) -> None:
    wanted = KNOBS[name].ring if name in KNOBS else ("needed" if name == "drop" else "none")
    if wanted == "needed" and ring is None:
        raise UnknownChoice(f"{text!r}: {name} needs a ring; write for example {name}@V76 O=...")
    if wanted == "none" and ring is not None:
        raise UnknownChoice(f"{text!r}: {name} takes no ring; leave out @{ring}")


def numbers_of(given: str, text: str | None = None) -> tuple[float, ...]:
    """Increasing numbers from ``FIRST:LAST:STEP`` or ``VALUE,VALUE,...``; OutOfRange (which quotes ``text``) for anything else.

    >>> numbers_of("3:5:1"), numbers_of("0.5,0.3")
    ((3.0, 4.0, 5.0), (0.3, 0.5))
    """
    text = given if text is None else text
    words = given.split(":") if ":" in given else given.split(",")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise OutOfRange(f"{text!r}: {given!r} are no numbers; write FIRST:LAST:STEP or numbers with commas") from None
    if not np.isfinite(numbers).all():
        raise OutOfRange(f"{text!r}: every number must be finite")
    if ":" in given:
        numbers = _range(text, numbers)
    if len(set(numbers)) < len(numbers):
        raise OutOfRange(f"{text!r}: a value stands twice; give each once")
    return tuple(sorted(numbers))


def _range(text: str, numbers: list[float]) -> list[float]:
    if len(numbers) != 3:
        raise OutOfRange(f"{text!r}: a range has three numbers, FIRST:LAST:STEP; {len(numbers)} were given")
    first, last, step = numbers
    if step <= 0.0 or last < first:
        raise OutOfRange(f"{text!r}: an empty scan; LAST must not be below FIRST and STEP must be positive")
    count = int((last - first) / step + 1e-9) + 1
    if count > MOST_VALUES:
        raise OutOfRange(f"{text!r}: {count} values; at most {MOST_VALUES} are taken: make the step larger")
    # Rounded to the digits of the step, so that 0.15 + 0.05 is 0.2 and a cached point is found again.
    return [round(first + i * step, 9) + 0.0 for i in range(count)]


def _strand(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise OutOfRange(f"strand {word!r}: a whole number is needed, counted from 0") from None
