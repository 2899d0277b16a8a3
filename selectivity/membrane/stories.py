"""Ischaemia, spreading depression, potassium leaving a macrophage, a progenitor that matures: presets of what physiology teaches.

Each story is one call of the pump-leak or steady-state machinery with stated settings; what measurements expect of it stands in
data/story_expectations.csv with its source and mark. Concentrations in mM, voltages in mV, times in s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.cells import Cell, cell
from selectivity.membrane.conditions import Numbers, checked_amount
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.membrane.protocols import Phase
from selectivity.membrane.pump import pump_kinetics
from selectivity.membrane.pump_leak import PumpLeakCell, pump_leak_cell
from selectivity.membrane.pump_leak_balance import balanced_cell
from selectivity.membrane.pump_leak_steady import with_matched_pump
from selectivity.membrane.rundown import RunDown, run_down

EXTRACELLULAR_SHARE = 0.2
"""Share of brain tissue that is extracellular space (a fifth, the usual textbook value): an assumption, given as a parameter."""

WAVE_SODIUM = 40.0
WAVE_POTASSIUM = 10.0
WAVE_CHLORIDE = 5.0
"""How many times the resting leaks of Na+, K+ and Cl- grow while a spreading depolarisation passes: assumed, no source; chosen so that
Na+ wins over K+ (the wave needs an inward current) and gradients collapse within its tens of seconds."""

MACROPHAGE_DIAMETER_UM = 15.0
"""Assumed: the preset has no size; only the pace depends on it."""

INFLAMMASOME_POTASSIUM_MM = 90.0
"""K+ inside below which NALP3 assembles (petrilli2007, read)."""


@dataclass(frozen=True)
class Expectation:
    """What a measurement says: a range (None: open on that side), its unit, what it refers to, source keys and mark."""

    story: str
    quantity: str
    low: float | None
    high: float | None
    unit: str
    convention: str
    source: tuple[str, ...]
    mark: str

    def holds(self, value: float) -> bool:
        """Whether a number lies in the range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class PotassiumEfflux:
    """A macrophage whose membrane has opened: the run, and when K+ inside fell below the inflammasome's threshold (None: never)."""

    run: RunDown
    threshold_mm: float
    time_below_s: float | None


@dataclass(frozen=True)
class Maturation:
    """V (mV) of a cell whose K+ permeability grows by `potassium_gain`, pump included; arrays of equal length."""

    potassium_gain: Numbers
    v_mv: Numbers


def expectations(story: str) -> dict[str, Expectation]:
    """The cited expectations of a story by quantity.

    >>> expectations("macrophage")["K+ inside at which NALP3 assembles"].high
    90.0
    """
    rows = read_table("story_expectations")
    if story not in {row["story"] for row in rows}:
        raise UnknownChoice(f"no story {story!r}; stories: {', '.join(dict.fromkeys(row['story'] for row in rows))}")
    return {
        row["quantity"]: Expectation(
            story=story,
            quantity=row["quantity"],
            low=float(row["low"]) if row["low"] else None,
            high=float(row["high"]) if row["high"] else None,
            unit=row["unit"],
            convention=row["convention"],
            source=tuple(key.strip() for key in row["source"].split(";")),
            mark=row["mark"],
        )
        for row in rows
        if row["story"] == story
    }


def brain_cell(*, extracellular_share: float = EXTRACELLULAR_SHARE) -> PumpLeakCell:
    """The pump-leak neuron in the narrow extracellular space of the brain, with a pump law that saturates."""
    if not 0.0 < extracellular_share < 1.0:
        raise OutOfRange(f"extracellular share {extracellular_share}; needed: between 0 and 1 (about 0.2)")
    closed = pump_leak_cell().with_changes(bath_to_cell_volume=extracellular_share / (1.0 - extracellular_share))
    return with_matched_pump(closed, pump_kinetics("luo-rudy-1994"))


def ischaemia(
    minutes: float = 60.0, *, extracellular_share: float = EXTRACELLULAR_SHARE, fixed_volume: bool = False
) -> RunDown:
    """No blood, no ATP, no pump: the neuron and its extracellular space run down together.

    The neuron swells into the space around it, which shrinks from a fifth of the tissue to a twentieth and so doubles its K+ (to
    106 mM; measured: 60 to 80); with `fixed_volume` nothing swells and K+ outside stops at 54 mM. A real space keeps more.

    >>> run = ischaemia(60.0)
    >>> bool(run.outside_mm["K"][-1] > 50.0), bool(run.v_mv[-1] > -25.0)
    (True, True)
    """
    cell = brain_cell(extracellular_share=extracellular_share)
    return run_down(cell, [Phase(60.0 * minutes, pump=0.0)], fixed_volume=fixed_volume)


def spreading_depression(
    *,
    wave_s: float = 60.0,
    recovery_minutes: float = 30.0,
    pump: float = 1.0,
    extracellular_share: float = EXTRACELLULAR_SHARE,
) -> RunDown:
    """A wave passes: for `wave_s` the leaks open wide, then they close and the share `pump` of the pumps clears up (0: none left).

    The wave's conductances are assumptions (WAVE_*); what follows from them, the collapse of the gradients within the wave
    and the pump-driven recovery, is the story.
    """
    phases = [
        Phase(30.0),
        Phase(wave_s, pump=pump, leak={"Na": WAVE_SODIUM, "K": WAVE_POTASSIUM, "Cl": WAVE_CHLORIDE}),
        Phase(60.0 * recovery_minutes, pump=pump),
    ]
    return run_down(brain_cell(extracellular_share=extracellular_share), phases)


def potassium_efflux(
    pore: float,
    *,
    minutes: float = 30.0,
    potassium_outside: float | None = None,
    diameter_um: float = MACROPHAGE_DIAMETER_UM,
) -> PotassiumEfflux:
    """A pore in a macrophage lets K+ out and Na+ in: both leaks become `pore` times the resting K+ leak's own size.

    `pore` is the permeability of the pore to K+ and to Na+ in units of the resting P_K (bacterial toxins, nigericin, P2X7).
    `potassium_outside` (mM) replaces Na+ in the bath from the moment of opening: the classical rescue.

    >>> potassium_efflux(5.0).time_below_s is not None, potassium_efflux(5.0, potassium_outside=120.0).time_below_s is None
    (True, True)
    """
    checked_amount(pore, "pore permeability (units of P_K)")
    resting = balanced_cell(cell("macrophage"), diameter_um=diameter_um)
    p = resting.permeability_cm_per_s
    leak = {"K": 1.0 + pore, "Na": 1.0 + pore * p["K"] / p["Na"]}
    outside: Mapping[str, float] = {} if potassium_outside is None else {"K": potassium_outside}
    run = run_down(resting, [Phase(60.0 * minutes, leak=leak, outside=outside)])
    below = np.flatnonzero(run.inside_mm["K"] < INFLAMMASOME_POTASSIUM_MM)
    return PotassiumEfflux(run, INFLAMMASOME_POTASSIUM_MM, float(run.time_s[below[0]]) if below.size else None)


def maturation(potassium_gain: ArrayLike, *, progenitor: Cell | None = None, sodium_share: float = 0.5) -> Maturation:
    """A depolarised progenitor gains K+ channels: V against the factor by which P_K grows.

    The progenitor is a neuron with few K+ channels, P_Na/P_K = `sodium_share` (an assumption: no measured ratio is known to this
    package); everything else stays. V by Mullins-Noda.

    >>> maturation([1.0, 10.0]).v_mv.round(1).tolist()
    [-26.7, -71.1]
    """
    start = progenitor or cell("neuron")
    gain = np.atleast_1d(checked_amount(potassium_gain, "gain of P_K", zero_allowed=False))
    v = mullins_noda_voltage(
        {"K": gain, "Na": np.full(gain.shape, sodium_share)},
        outside=start.outside,
        inside=start.inside,
        temperature=start.temperature_k,
    )
    return Maturation(gain, np.asarray(v))
