"""KcsA above 150 and NaK below 10 with one set of parameters and one rule: who manages it?

No new sampling: every rule on every water leg from what is stored, and the queue again from its stored nodes with each generic
number varied. The column "amide" adds to ddG everywhere what carbonyls whose bulk amide preference is the measured one (-1.1 instead
of +2.8 kcal/mol) would add if it carried over whole to every node: a sensitivity, not a correction; "half amide" takes half of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.permeation.queue_sensitivity import generic_sensitivity
from selectivity.permeation.ratio import permeability_ratio
from selectivity.validation.cases import ALL_RULES
from selectivity.validation.claims import claim

SELECTIVE, NOT_SELECTIVE = "1K4C", "3E8H"


@dataclass(frozen=True)
class RuleRow:
    """Central P_K/P_Na of all scored structures by one rule on one water leg; ``both``: KcsA and NaK on their side of the bounds."""

    rule: str
    leg: str
    ratios: Mapping[str, float]
    both: bool


@dataclass(frozen=True)
class GenericPair:
    """The queue's ratios of KcsA and NaK with one generic number at one value; None: the default."""

    parameter: str
    value: float | None
    kcsa: float
    nak: float


def rule_rows(stored: Mapping[str, Any]) -> tuple[RuleRow, ...]:
    """Every rule on every water leg, for the cases that have barriers."""
    scored = {name: kept["barriers_kj_mol"] for name, kept in stored.items() if "barriers_kj_mol" in kept}
    if not scored:
        return ()
    legs = next(iter(scored.values()))
    return tuple(_row(rule, leg, scored) for rule in ALL_RULES for leg in legs)


def generic_pairs(stored: Mapping[str, Any]) -> tuple[GenericPair, ...]:
    """The queue of KcsA and NaK from their stored nodes, generic numbers varied one at a time."""
    if not all("nodes" in stored.get(name, {}) for name in (SELECTIVE, NOT_SELECTIVE)):
        return ()
    kcsa, nak = (generic_sensitivity(stored[name]["nodes"]["ddg_kj_mol"]) for name in (SELECTIVE, NOT_SELECTIVE))
    return tuple(
        GenericPair(a.parameter, a.value, a.permeability_ratio, b.permeability_ratio) for a, b in zip(kcsa, nak, strict=True)
    )


def records(stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Both tables as plain records."""
    return [*_rule_records(stored), *_generic_records(stored)]


def _row(rule: str, leg: str, scored: Mapping[str, Any]) -> RuleRow:
    ratios = {name: permeability_ratio(legs[leg][rule], temperature=ROOM_TEMPERATURE) for name, legs in scored.items()}
    both = (
        ratios.get(SELECTIVE, 0.0) > claim("ratio_1k4c").low and ratios.get(NOT_SELECTIVE, float("inf")) < claim("ratio_3e8h").high
    )
    return RuleRow(rule, leg, ratios, both)


def _rule_records(stored: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in rule_rows(stored):
        yield {"rule": row.rule, "water_leg": row.leg, "both": row.both, "permeability_ratio": dict(row.ratios)}


def _generic_records(stored: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pair in generic_pairs(stored):
        ratios = {SELECTIVE: pair.kcsa, NOT_SELECTIVE: pair.nak}
        yield {"generic_number": pair.parameter, "value": pair.value, "permeability_ratio": ratios}
