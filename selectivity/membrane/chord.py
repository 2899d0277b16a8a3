"""The chord-conductance voltage: reversal potentials weighted by fixed conductances, and where those come from.

Linear in the conductances and in the reversal potentials, where GHK is neither: the two agree exactly when each chord
conductance is taken at the GHK voltage itself, and drift apart when conductances are held while conditions change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    both_sides,
    broadcast,
    checked_amount,
    checked_number,
    checked_permeabilities,
    valence_of,
)
from selectivity.membrane.currents import chord_conductance, slope_conductance
from selectivity.membrane.nernst import nernst_potentials


def chord_voltage(conductance: Mapping[str, ArrayLike], *, reversal: Mapping[str, ArrayLike]) -> Any:
    """Voltage at which fixed conductances balance, mV: V = sum g E / sum g.

    conductance: name -> conductance, any common unit. reversal: name -> mV, for every conductance that is not zero.
    Broadcasts; a float for scalars. Raises OutOfRange for negative conductances or none at all, UnknownChoice for a
    missing reversal potential. Source: Hodgkin & Huxley 1952 (parallel conductance model).

    >>> chord_voltage({"K": 10, "Na": 1.5, "Cl": 5}, reversal={"K": -90, "Na": 60, "Cl": -65})     # doctest: +ELLIPSIS
    -68.78...
    """
    g, e = _branches(conductance, reversal)
    total = sum(g.values())
    if np.any(np.asarray(total) <= 0.0):
        raise OutOfRange("chord voltage: all conductances are 0 somewhere; give at least one positive conductance")
    return as_answer(np.asarray(sum(g[name] * e[name] for name in g) / total))


def chord_voltage_from_concentrations(
    conductance: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    valence: Mapping[str, int] | None = None,
) -> Any:
    """`chord_voltage` with each ion's Nernst potential as its reversal potential, mV."""
    conducting = [ion for ion, value in conductance.items() if np.any(np.asarray(value) != 0.0)]
    reversal = nernst_potentials(conducting, outside=outside, inside=inside, temperature=temperature, valence=valence)
    return chord_voltage({ion: conductance[ion] for ion in conducting}, reversal=reversal)


def conductances_from_permeabilities(
    permeability: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    voltage: ArrayLike | None = None,
    valence: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Conductance of each ion that its permeability implies, S/cm² for cm/s (relative for relative permeabilities).

    voltage=None: the slope conductance at the ion's own reversal potential, P z² (F²/RT) c_in c_out/c_mean with the
    logarithmic mean of the two concentrations; otherwise the chord conductance I/(V - E) at that voltage (mV). This is where a
    permeability ratio and a conductance ratio part: the conductance depends on the concentrations, the permeability not.

    >>> sides = dict(outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15}, temperature=310.15)
    >>> g = conductances_from_permeabilities({"K": 1.0, "Na": 0.04}, **sides)
    >>> round(g["Na"] / g["K"], 3)       # not 0.04
    0.088
    """
    permeant = checked_permeabilities(permeability)
    sides = both_sides(permeant, outside, inside)
    e = nernst_potentials(permeant, outside=outside, inside=inside, temperature=temperature, valence=valence)
    conductances = {}
    for ion, p in permeant.items():
        formula, at = (slope_conductance, e[ion]) if voltage is None else (chord_conductance, voltage)
        out, into = sides[ion]
        z = valence_of(ion, valence)
        conductances[ion] = formula(p, outside=out, inside=into, valence=z, voltage=at, temperature=temperature)
    return conductances


def chord_voltage_from_permeabilities(
    permeability: Mapping[str, ArrayLike],
    *,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    voltage: ArrayLike | None = None,
    valence: Mapping[str, int] | None = None,
) -> Any:
    """Chord voltage with the conductances of `conductances_from_permeabilities`, mV.

    With voltage=GHK voltage it returns the GHK voltage; with voltage=None it differs, which is claim 14 of the course
    text ("or closely related") in one number.
    """
    sides: dict[str, Any] = {"outside": outside, "inside": inside, "temperature": temperature, "valence": valence}
    return chord_voltage_from_concentrations(
        conductances_from_permeabilities(permeability, voltage=voltage, **sides), **sides
    )


def conductance_ratio_for_voltage(voltage: ArrayLike, *, reversal_a: ArrayLike, reversal_b: ArrayLike) -> Any:
    """g_A/g_B at which two conductances balance at a voltage strictly between their reversal potentials (all mV).

    >>> conductance_ratio_for_voltage(-65.0, reversal_a=-90.0, reversal_b=60.0)
    5.0
    """
    v = checked_number(voltage, "voltage (mV)")
    a, b = (
        checked_number(reversal_a, "reversal potential A (mV)"),
        checked_number(reversal_b, "reversal potential B (mV)"),
    )
    broadcast(v, a, b)
    if np.any((v - a) * (b - v) <= 0.0):
        raise OutOfRange(
            f"no ratio of conductances with reversal potentials {reversal_a!r} and {reversal_b!r} mV balances at "
            f"{voltage!r} mV; give a voltage strictly between them"
        )
    return as_answer((b - v) / (v - a))


@dataclass(frozen=True)
class BlockShift:
    """What blocking one conductance does to the chord voltage; all in mV (floats, or arrays over the conditions)."""

    blocked: str
    before_mv: Any
    after_mv: Any
    shift_mv: Any
    reversal_mv: Any

    @property
    def hyperpolarises(self) -> Any:
        """Whether the block makes the cell more negative: exactly when the blocked reversal potential lies above V."""
        return self.shift_mv < 0.0

    @property
    def condition(self) -> str:
        """The rule and how it applies here, in one sentence."""
        if np.ndim(self.shift_mv):
            return (
                f"blocking {self.blocked} hyperpolarises in {np.count_nonzero(self.hyperpolarises)} of "
                f"{np.size(self.shift_mv)} conditions: where its reversal potential lies above the voltage before the block"
            )
        relation = "above" if self.reversal_mv > self.before_mv else "at or below"
        verb = "hyperpolarises" if self.hyperpolarises else "does not hyperpolarise"
        return (
            f"blocking {self.blocked} {verb}: its reversal potential ({self.reversal_mv:.1f} mV) lies {relation} "
            f"the voltage before the block ({self.before_mv:.1f} mV)"
        )


def block_shift(conductance: Mapping[str, ArrayLike], *, reversal: Mapping[str, ArrayLike], blocked: str) -> BlockShift:
    """Voltage before and after removing one conductance: shift = g_b/(sum of the others) (V_before - E_b); broadcasts.

    Raises UnknownChoice when `blocked` is not among the conductances, OutOfRange when nothing else conducts.

    >>> shift = block_shift({"K": 10, "Na": 1.5, "Cl": 5}, reversal={"K": -90, "Na": 60, "Cl": -65}, blocked="Cl")
    >>> round(shift.shift_mv, 2), shift.hyperpolarises
    (-1.65, True)
    """
    if blocked not in conductance:
        raise UnknownChoice(
            f"{blocked!r}: no such conductance to block; there are {', '.join(conductance)}{hint(blocked, conductance)}"
        )
    if blocked not in reversal:
        raise UnknownChoice(f"{blocked}: no reversal potential, so the block has no direction; add one in mV")
    before = chord_voltage(conductance, reversal=reversal)
    rest = {name: g for name, g in conductance.items() if name != blocked}
    if not rest:
        raise OutOfRange(f"no conductance is left once {blocked} is blocked; give another one")
    after = chord_voltage(rest, reversal=reversal)
    return BlockShift(blocked, before, after, after - before, as_answer(checked_number(reversal[blocked], "reversal")))


def _branches(
    conductance: Mapping[str, ArrayLike], reversal: Mapping[str, ArrayLike]
) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    if not conductance:
        raise OutOfRange("chord voltage: no conductance given; pass e.g. {'K': 10.0, 'Na': 1.5}")
    g = {name: checked_amount(value, f"conductance of {name}") for name, value in conductance.items()}
    e = {}
    for name, value in g.items():
        if name not in reversal and np.any(value > 0.0):
            raise UnknownChoice(
                f"{name}: a conductance without a reversal potential; add reversal={{{name!r}: ...}} in mV"
            )
        e[name] = checked_number(reversal.get(name, 0.0), f"reversal potential of {name} (mV)")
    broadcast(*g.values(), *e.values())
    return g, e
