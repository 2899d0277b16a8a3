"""What state is a pump-leak cell in, and what is done to it? The plain records that equations, runs and budgets pass on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

from selectivity.errors import OutOfRange, UnknownChoice

LEAK_NAMES = ("Na", "K", "Cl", "KCC2", "NKCC1")
"""Paths through the membrane that a drive may scale."""


def finite_number(value: object) -> bool:
    """A single finite number; an array is many cells or runs, and the pump-leak model takes one at a time.

    >>> finite_number(3), finite_number(float("nan")), finite_number([3.0])
    (True, False, False)
    """
    return isinstance(value, Real) and math.isfinite(value)


@dataclass(frozen=True)
class Drive:
    """What is done to the cell during one phase.

    Pump activity relaxes from `pump_start` to `pump_end` with `pump_time_constant_s` (0: at once); `leak` multiplies leaks and
    cotransporters by name (Na, K, Cl, KCC2, NKCC1). `atp_clamped` holds ATP, else the pump and `other_atp_use_mm_per_s` use it up.
    """

    pump_start: float = 1.0
    pump_end: float = 1.0
    pump_time_constant_s: float = 0.0
    leak: Mapping[str, float] | None = None
    fixed_volume: bool = False
    atp_clamped: bool = True
    other_atp_use_mm_per_s: float = 0.0
    atp_recovery_s: float = 0.0

    def __post_init__(self) -> None:
        for name, words in (
            ("pump_start", "share of the pumps at the start"),
            ("pump_end", "share of the pumps that run"),
            ("pump_time_constant_s", "time constant of the pumps (s)"),
            ("other_atp_use_mm_per_s", "other use of ATP (mM/s)"),
            ("atp_recovery_s", "recovery time of ATP (s)"),
        ):
            value = getattr(self, name)
            if not (finite_number(value) and value >= 0.0):
                raise OutOfRange(f"{words}: {value}; needed: a finite number >= 0 (one run at a time)")
        for name, factor in (self.leak or {}).items():
            if name not in LEAK_NAMES:
                raise UnknownChoice(f"no leak {name!r} to change; choose {', '.join(LEAK_NAMES)}")
            if not (finite_number(factor) and factor >= 0.0):
                raise OutOfRange(f"leak factor {name}={factor}; needed: >= 0 (0 = blocked, 1 = as it was)")


@dataclass(frozen=True)
class CellState:
    """One instant of a pump-leak cell.

    Concentrations in mM, potentials in mV, currents in µA/cm² of present membrane: leaks and the pump outward positive, the pump
    as cycle current (one ATP per charge), KCC2 as efflux and NKCC1 as influx equivalents. `volume` and `area_ratio` relative to
    the reference cell.
    """

    v_mv: float
    inside_mm: dict[str, float]
    outside_mm: dict[str, float]
    nernst_mv: dict[str, float]
    volume: float
    area_ratio: float
    impermeant_mm: float
    atp_mm: float
    leak_ua_per_cm2: dict[str, float]
    pump_activity: float
    pump_cycle_ua_per_cm2: float
    kcc2_ua_per_cm2: float
    nkcc1_ua_per_cm2: float


@dataclass(frozen=True)
class AtpSensitivity:
    """How the pump feels ATP: p = ATP/(ATP + km) relative to its value at `resting_mm`."""

    resting_mm: float
    km_mm: float

    def __post_init__(self) -> None:
        if not (self.resting_mm > 0.0 and self.km_mm > 0.0 and math.isfinite(self.resting_mm + self.km_mm)):
            raise OutOfRange(f"ATP {self.resting_mm} mM with Km {self.km_mm} mM; needed: both finite and above 0")
