"""What did experiments on the pump itself find? Sodium-loaded muscle beyond E_K, and a giant neurone that lives on without its pump.

Both are runs of the pump-leak machinery with stated settings; what was measured stands in data/story_expectations.csv (stories "sodium
extrusion" and "long ouabain"). Concentrations in mM, voltages in mV, times in hours where the name says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from selectivity.errors import OutOfRange
from selectivity.membrane.cells import cell, load_cells
from selectivity.membrane.protocols import Phase
from selectivity.membrane.pump_leak_balance import DEFAULT_KINETICS, MEMBRANE_RESISTANCE, balanced_cell
from selectivity.membrane.rundown import RunDown, run_down

FIBRE_DIAMETER_UM = 80.0
"""Frog muscle fibre: assumed, a usual size; it sets the time that loading takes, not the voltage at a given content."""

LOADING_MM = 0.1
"""K+ outside while the muscle is loaded: a medium called K+-free keeps a trace, and a Nernst potential needs one."""

EXTRUSION_S = 600.0
SETTLED_S = 1.0
"""Extrusion is watched for ten minutes, from one second on: the membrane has charged, the contents have not moved yet."""


@dataclass(frozen=True)
class Extrusion:
    """A sodium-loaded muscle that extrudes: the run, its contents when extrusion begins (mM), and V - E_K (mV) then."""

    run: RunDown
    sodium_mm: float
    potassium_mm: float
    beyond_e_k_mv: float


def sodium_extrusion(
    *,
    potassium_outside: float = 10.0,
    loading_hours: float = 12.0,
    pump: float = 1.0,
    potassium_leak: float = 1.0,
    kinetics: str = DEFAULT_KINETICS,
) -> Extrusion:
    """Frog muscle loaded with Na+ in the cold (no pump, no K+ outside, chloride replaced by sulphate), then let extrude.

    `pump` is the share of the pumps that run while it extrudes (0: ouabain), `potassium_leak` the factor on its K+ permeability
    (below 1: cocaine), `kinetics` a law of data/pump_kinetics.csv. After twelve hours half of the K+ is replaced. Raises
    OutOfRange for negative or non-finite settings. Source: adrian_slayman1966.

    >>> pumping, poisoned = sodium_extrusion(), sodium_extrusion(pump=0.0)
    >>> pumping.beyond_e_k_mv < 0 < poisoned.beyond_e_k_mv
    True
    """
    muscle = balanced_cell(cell("frog-muscle"), kinetics=kinetics, diameter_um=FIBRE_DIAMETER_UM)
    sulphate = {"Cl": 0.0}
    loading = Phase(3600.0 * loading_hours, pump=0.0, leak=sulphate, outside={"K": LOADING_MM})
    extruding = Phase(EXTRUSION_S, pump=pump, leak={**sulphate, "K": potassium_leak}, outside={"K": potassium_outside})
    start = loading.duration_s + SETTLED_S
    run = run_down(
        muscle, (loading, extruding), times_s=[0.0, *np.linspace(start, start + EXTRUSION_S - SETTLED_S, 20)]
    )
    return Extrusion(
        run=run,
        sodium_mm=float(run.inside_mm["Na"][1]),
        potassium_mm=float(run.inside_mm["K"][1]),
        beyond_e_k_mv=float(run.v_mv[1] - run.nernst_mv["K"][1]),
    )


def long_ouabain(
    hours: float = 15.0,
    *,
    resistance_kohm_cm2: float = MEMBRANE_RESISTANCE,
    potassium_gain: float = 1.0,
    gain_after_hours: float = 4.0,
) -> RunDown:
    """The giant neurone of Anisodoris with its pump blocked for `hours`.

    From `gain_after_hours` on its K+ permeability is `potassium_gain` times what it was (measured: fourfold, through Ca2+ that
    enters). `resistance_kohm_cm2` is per outline area; times scale with it. Source: gorman_marmor1974.

    >>> run = long_ouabain(2.0)
    >>> bool(run.v_mv[-1] > run.v_mv[0])
    True
    """
    if not (math.isfinite(hours) and 0.0 < gain_after_hours < math.inf and hours > 0.0):
        raise OutOfRange(f"{hours} h of ouabain, gain after {gain_after_hours} h; needed: finite times above 0")
    path = files("selectivity.data").joinpath("story_cells.toml")
    neurone = balanced_cell(load_cells(str(path))["anisodoris-neuron"], resistance_kohm_cm2=resistance_kohm_cm2)
    phases = [Phase(3600.0 * min(hours, gain_after_hours), pump=0.0)]
    if hours > gain_after_hours:
        phases.append(Phase(3600.0 * (hours - gain_after_hours), pump=0.0, leak={"K": potassium_gain}))
    return run_down(neurone, phases)


def potassium_half_time(run: RunDown) -> float | None:
    """Hours after which K+ inside (mM) has fallen to half of where the run began; None where it has not.

    >>> potassium_half_time(long_ouabain(2.0)) is None
    True
    """
    potassium = run.inside_mm["K"]
    below = np.flatnonzero(potassium <= 0.5 * potassium[0])
    if not below.size:
        return None
    last = below[0]
    pair = slice(last - 1, last + 1)
    return float(np.interp(-0.5 * potassium[0], -potassium[pair], run.time_s[pair])) / 3600.0
