"""Several channel types in one membrane: whose permeabilities add up to what, and what a mutant does.

A permeability ratio is not a conductance ratio. Weighting by permeability gives the GHK voltage of all channels at once;
weighting by conductance gives the chord voltage of their own reversal potentials. Both are offered under their names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.membrane.cells import Cell, require_ions
from selectivity.membrane.chord import chord_voltage, conductances_from_permeabilities
from selectivity.membrane.conditions import Numbers, as_answer, broadcast, checked_amount, valence_of
from selectivity.membrane.ghk import ghk_voltage


@dataclass(frozen=True, eq=False)
class ChannelType:
    """One kind of channel: P_ion/P_K by ion, what it is a mutant of, sources, and which ratios are only upper bounds."""

    name: str
    title: str
    ratios: Mapping[str, float]
    mutant_of: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    bounds: Mapping[str, str] = field(default_factory=dict)

    def permeability(self, of_k: ArrayLike = 1.0) -> dict[str, Any]:
        """Permeabilities with K+'s own given, in its unit."""
        return {"K": of_k} | {ion: np.asarray(of_k) * ratio for ion, ratio in self.ratios.items()}


def channel(name: str) -> ChannelType:
    """The channel type of that name; UnknownChoice names the nearest.

    >>> channel("kv1.2-v370g").ratios["Na"]
    0.76
    """
    known = channels()
    if name not in known:
        raise UnknownChoice(f"{name!r}: no channel of this name; there are {', '.join(known)}{hint(name, known)}")
    return known[name]


@cache
def channels() -> Mapping[str, ChannelType]:
    """All tabulated channel types by name; read-only."""
    tables = tomllib.loads(files("selectivity.data").joinpath("channels.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _channel(name, table) for name, table in tables.items()})


@dataclass(frozen=True)
class ChannelMix:
    """A membrane of several channel types in a cell's solutions.

    v_mv: GHK voltage of the summed permeabilities. v_chord_mv: mean of the channels' own reversal potentials
    (reversal_mv), weighted by conductance (shares of the K+ conductance in symmetrical solution). permeability: the sums,
    relative to K = 1. reason: why the two voltages differ. Floats, or arrays over an array of conductances.
    """

    v_mv: Any
    v_chord_mv: Any
    permeability: Mapping[str, Any]
    share: Mapping[str, Any]
    reversal_mv: Mapping[str, float]
    reason: str


def mix_channels(conductance: Mapping[str | ChannelType, ArrayLike], *, cell: Cell) -> ChannelMix:
    """Voltage of a membrane whose channel types carry given conductances, in any common unit; broadcasts.

    conductance: channel (name or ChannelType) -> K+ conductance in symmetrical K+, the way single-channel conductances are
    quoted, times the number of open channels. In symmetrical solution g = P F² c/RT, so K+ permeabilities are in the same
    proportion; each channel's other permeabilities follow from its ratios. Ions that the cell lacks are ignored.

    Raises OutOfRange when nothing conducts, UnknownChoice for an unknown channel.

    >>> from selectivity.membrane.cells import cell
    >>> mixed = mix_channels({"kv1.2": 9.0, "hcn1": 1.0}, cell=cell("neuron"))
    >>> round(mixed.v_mv, 1), round(mixed.v_chord_mv, 1)
    (-63.4, -65.6)
    """
    require_ions(cell, "K")
    kinds = {(key if isinstance(key, ChannelType) else channel(key)): g for key, g in conductance.items()}
    weights = {kind: checked_amount(g, f"conductance of {kind.name}") for kind, g in kinds.items()}
    broadcast(*weights.values())
    total = np.asarray(sum(weights.values()))
    if np.any(total <= 0.0):
        raise OutOfRange("no channel conducts; give at least one positive conductance everywhere")
    permeability: dict[str, Any] = {}
    reversal, share = {}, {}
    sides: dict[str, Any] = {"outside": cell.outside, "inside": cell.inside, "temperature": cell.temperature_k}
    for kind, weight in weights.items():
        own = {ion: as_answer(p) for ion, p in kind.permeability(weight / total).items() if ion in cell.outside}
        share[kind.name] = as_answer(weight / total)
        reversal[kind.name] = float(ghk_voltage(kind.permeability(), **_known(sides, kind)))
        for ion, p in own.items():
            permeability[ion] = permeability.get(ion, 0.0) + p
    v, chord = ghk_voltage(permeability, **sides), chord_voltage(share, reversal=reversal)
    return ChannelMix(v, chord, permeability, share, reversal, _why(v, chord, len(weights)))


@dataclass(frozen=True)
class MutantEffect:
    """What replacing a share of a cell's K+ permeability by wild-type or mutant channels does to its voltage (mV)."""

    wild_type: str
    mutant: str
    share: Numbers
    v_wild_type_mv: Numbers
    v_mutant_mv: Numbers
    assumed: bool

    @property
    def shift_mv(self) -> Numbers:
        """Mutant minus wild type; positive = depolarised."""
        return self.v_mutant_mv - self.v_wild_type_mv


def mutant_effect(mutant: str, *, cell: Cell, share: ArrayLike = 1.0) -> MutantEffect:
    """Voltage of a cell in which a share (0 to 1) of the K+ permeability runs through a mutant channel or its wild type.

    The rest of the K+ permeability is taken as perfectly selective, and the cell's own sodium and chloride permeabilities
    stay as its background. `assumed` is True where the mutant's ratio has no published number.

    >>> from selectivity.membrane.cells import cell
    >>> effect = mutant_effect("kv1.2-v370g", cell=cell("neuron"), share=[0.1, 0.5, 1.0])
    >>> effect.shift_mv.round(0).tolist()
    [17.0, 41.0, 51.0]
    """
    require_ions(cell, "K", "Na")
    kind = channel(mutant)
    if kind.mutant_of is None:
        raise UnknownChoice(
            f"{mutant!r} is not a mutant; mutants are {', '.join(n for n, k in channels().items() if k.mutant_of)}"
        )
    part = np.atleast_1d(checked_amount(share, "share of the K+ permeability"))
    if np.any(part > 1.0):
        raise OutOfRange(f"share {share!r}: a share of the K+ permeability lies between 0 and 1")
    wild = channel(kind.mutant_of)
    return MutantEffect(
        wild_type=wild.name,
        mutant=kind.name,
        share=part,
        v_wild_type_mv=_with_channel(cell, wild, part),
        v_mutant_mv=_with_channel(cell, kind, part),
        assumed="assumed" in (kind.marks["Na"], wild.marks["Na"]),
    )


@dataclass(frozen=True)
class RatioKinds:
    """A ratio read as permeabilities, P_K/P_Na, and as conductances, g_K/g_Na: not the same membrane (floats or arrays).

    conductance_ratio: g_K/g_Na that the permeability ratio implies in these solutions, each at its reversal potential.
    v_permeability_mv: GHK with the ratio as permeabilities. v_conductance_mv: chord voltage with the ratio as conductances.
    """

    ratio: Any
    conductance_ratio: Any
    v_permeability_mv: Any
    v_conductance_mv: Any
    explanation: str


def ratio_kinds(ratio: ArrayLike, *, cell: Cell) -> RatioKinds:
    """What a K+ over Na+ ratio means as permeabilities and as conductances in one cell; broadcasts.

    >>> from selectivity.membrane.cells import cell
    >>> kinds = ratio_kinds(25.0, cell=cell("neuron"))
    >>> round(kinds.v_permeability_mv, 1), round(kinds.v_conductance_mv, 1), round(kinds.conductance_ratio, 1)
    (-68.6, -83.3, 11.4)
    """
    require_ions(cell, "K", "Na")
    number = checked_amount(ratio, "P_K/P_Na", zero_allowed=False)
    sides: dict[str, Any] = {"outside": cell.outside, "inside": cell.inside, "temperature": cell.temperature_k}
    permeability: dict[str, ArrayLike] = {"K": 1.0, "Na": 1.0 / number}
    implied = conductances_from_permeabilities(permeability, **sides)
    reversal = {ion: float(ghk_voltage({ion: 1.0}, **sides)) for ion in permeability}
    by_p = ghk_voltage(permeability, **sides)
    by_g = chord_voltage(permeability, reversal=reversal)
    g_ratio = as_answer(np.asarray(implied["K"] / implied["Na"]))
    return RatioKinds(as_answer(number), g_ratio, by_p, by_g, _why_kinds(as_answer(number), g_ratio, by_p, by_g))


def _with_channel(cell: Cell, kind: ChannelType, share: Numbers) -> Numbers:
    background = {"K": np.asarray(0.0)} | {ion: np.asarray(p) for ion, p in cell.permeability.items()}
    through = kind.ratios.get("Na", 0.0) * share * background["K"]
    permeability = background | {"Na": background.get("Na", np.asarray(0.0)) + through}
    return np.atleast_1d(
        ghk_voltage(permeability, outside=cell.outside, inside=cell.inside, temperature=cell.temperature_k)
    )


def _known(sides: Mapping[str, Any], kind: ChannelType) -> dict[str, Any]:
    """The cell's solutions with 0 for ions that the channel passes and the cell does not hold."""
    missing = dict.fromkeys((ion for ion in kind.ratios if ion not in sides["outside"]), 0.0)
    return {**sides, "outside": {**sides["outside"], **missing}, "inside": {**sides["inside"], **missing}}


def _why(v: Any, chord: Any, kinds: int) -> str:
    if kinds == 1:
        return "one channel type: its own reversal potential either way"
    return (
        f"weighted by permeability {_millivolts(v)}, by conductance {_millivolts(chord)}: permeabilities add ion by ion before "
        "the logarithm is taken, conductances weight each channel's finished reversal potential"
    )


def _why_kinds(ratio: Any, g_ratio: Any, by_p: Any, by_g: Any) -> str:
    return (
        f"P_K/P_Na = {_span(ratio, 'g')} is a property of the channels and gives {_millivolts(by_p)}; in these solutions it "
        f"makes g_K/g_Na = {_span(g_ratio, '.3g')}, because a conductance also counts the ions at hand. Read as g_K/g_Na the "
        f"same number gives {_millivolts(by_g)}"
    )


def _millivolts(v: Any) -> str:
    return f"{_span(v, '.1f')} mV"


def _span(value: Any, digits: str) -> str:
    """A number, or the range of an array of them."""
    if np.ndim(value) == 0:
        return f"{value:{digits}}"
    return f"{np.min(value):{digits}} to {np.max(value):{digits}}"


def _channel(name: str, table: Mapping[str, Any]) -> ChannelType:
    entries: Sequence[tuple[str, Any]] = [(ion, entry) for ion, entry in table.items() if isinstance(entry, dict)]
    for ion, _ in entries:
        valence_of(ion)
    return ChannelType(
        name=name,
        title=table["title"],
        ratios=MappingProxyType({ion: float(entry["value"]) for ion, entry in entries}),
        mutant_of=table.get("mutant_of"),
        sources=MappingProxyType({ion: entry["source"] for ion, entry in entries}),
        marks=MappingProxyType({ion: entry["mark"] for ion, entry in entries}),
        bounds=MappingProxyType({ion: entry["bound"] for ion, entry in entries if "bound" in entry}),
    )
