"""What does a filter cost an ion before water is paid? The part of a score that only atoms decide, computed once and kept.

Temperature and water leg enter a rigid or relaxed ddG as a sum, so one search of the filter answers for all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.permeation.barrier import Stretch, barrier_by_rule
from selectivity.structure.filter import Filter
from selectivity.structure.knobs import dilate

ION_PAIR = ("K", "Na")
RULE = "profile"
"""One ion, one barrier: the rule whose numbers follow a slider; the queue needs the sampled energies of `selectivity score`."""

FORCE_FIELD = "charmm36"


@dataclass(frozen=True)
class SiteRecord:
    """One site: ddG without the water leg (kJ/mol; None where it is not formed), where it lies (Å), what it is."""

    name: str
    z: float
    gap_kj_mol: float | None
    dehydrated: bool
    reason: str


@dataclass(frozen=True)
class Record:
    """One filter at one treatment: the stretch of the barrier (ddG without the water leg; None where it does not conduct) and sites."""

    stretch: Stretch | None
    sites: tuple[SiteRecord, ...]
    reason: str
    interval_only: bool


@dataclass(frozen=True)
class Scored:
    """A full score's errors and intervals at one temperature and water leg, beside the record it began with."""

    record: Record
    ddg_kj_mol: float | None
    error_kj_mol: float | None
    ratio: float | None
    ratio_interval: tuple[float, float] | None
    site_errors: dict[str, float | None]
    warnings: tuple[str, ...]


def leg_kj_mol(scale: str, temperature: float) -> float:
    """What Na+ pays more than K+ to leave water, kJ/mol, on a scale of the option `hydration` (charmm36 behind "force-field").

    >>> round(leg_kj_mol("force-field", 298.15), 1), round(leg_kj_mol("marcus*0.9", 298.15), 1)
    (77.8, 63.0)
    """
    name = hydration_scale(scale, force_field=FORCE_FIELD)
    return dehydration_difference(*ION_PAIR, scale=name, temperature=temperature)


def central_barrier(record: Record, scale: str, temperature: float) -> float | None:
    """The barrier difference (kJ/mol) of a record at a water leg and temperature; None where it does not conduct."""
    if record.stretch is None:
        return None
    paid = replace(record.stretch, ddg=record.stretch.ddg + leg_kj_mol(scale, temperature))
    return barrier_by_rule(RULE, paid, temperature=temperature).ddg_kj_mol


def dilated(filter: Filter, dilation: float) -> Filter:
    """All rings ``dilation`` Å wider; the filter itself at 0, as a command line without the change has it."""
    return dilate(filter, dilation) if dilation else filter
