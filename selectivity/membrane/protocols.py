"""What is done to a cell, and for how long? Phases of a run, and the usual protocols made of them. Times in s, concentrations in mM."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from selectivity.errors import OutOfRange
from selectivity.membrane.pump_leak_state import Drive


@dataclass(frozen=True)
class Phase:
    """What is done to the cell for `duration_s` seconds.

    - `pump`: share of pumps that run in the end, reached with `pump_time_constant_s` (0 = at once) from where it stood;
    - `leak`: factors on Na, K, Cl (channels) and KCC2, NKCC1, for example {"Cl": 0.0} for a channel block;
    - `outside`: bath concentrations (mM) that change; Na+ makes up the charge unless it is among them (infinite bath only);
    - `atp_supply`: False lets the pump (and `other_atp_use_mm_per_s`) burn the ATP that is there; back on, it returns with
      `atp_recovery_s`.
    """

    duration_s: float
    pump: float = 1.0
    pump_time_constant_s: float = 0.0
    leak: Mapping[str, float] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)
    atp_supply: bool = True
    other_atp_use_mm_per_s: float = 0.0
    atp_recovery_s: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise OutOfRange(f"phase of {self.duration_s} s; needed: a finite duration above 0 s")
        # the drive knows what it can do; a phase that cannot be driven is refused here, where it is written
        Drive(
            pump_end=self.pump,
            pump_time_constant_s=self.pump_time_constant_s,
            leak=self.leak,
            other_atp_use_mm_per_s=self.other_atp_use_mm_per_s,
            atp_recovery_s=self.atp_recovery_s,
        )


def pump_blocked(minutes: float, *, remaining: float = 0.0) -> tuple[Phase, ...]:
    """A pump inhibitor at once (ouabain): `remaining` is the share of pumps it leaves."""
    return (Phase(60.0 * minutes, pump=remaining),)


def block_and_washout(minutes: float, *, recovery_minutes: float, remaining: float = 0.0) -> tuple[Phase, ...]:
    """A reversible pump block for `minutes`, then all pumps back for `recovery_minutes`."""
    return (Phase(60.0 * minutes, pump=remaining), Phase(60.0 * recovery_minutes))


def synthesis_blocked(minutes: float, *, half_life_hours: float) -> tuple[Phase, ...]:
    """No new pumps are made: the pumps there are vanish exponentially with `half_life_hours`."""
    if not half_life_hours > 0:
        raise OutOfRange(f"half-life {half_life_hours} h; needed: above 0")
    return (Phase(60.0 * minutes, pump=0.0, pump_time_constant_s=3600.0 * half_life_hours / math.log(2.0)),)


def channel_blocked(minutes: float, channel: str, *, remaining: float = 0.0) -> tuple[Phase, ...]:
    """One leak (Na, K or Cl) closed down to `remaining`; blocking Cl- hyperpolarises only if E_Cl > V."""
    return (Phase(60.0 * minutes, leak={channel: remaining}),)


def atp_depleted(
    minutes: float, *, recovery_minutes: float = 0.0, other_use_mm_per_s: float = 0.0
) -> tuple[Phase, ...]:
    """ATP synthesis stops for `minutes` (pump and `other_use_mm_per_s` burn what is left), then comes back."""
    if not (math.isfinite(recovery_minutes) and recovery_minutes >= 0):
        raise OutOfRange(f"recovery of {recovery_minutes} min; needed: a finite time >= 0")
    stop = Phase(60.0 * minutes, atp_supply=False, other_atp_use_mm_per_s=other_use_mm_per_s)
    return (stop, Phase(60.0 * recovery_minutes)) if recovery_minutes > 0 else (stop,)
