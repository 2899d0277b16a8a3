"""60 minutes of run-down with the pump off: the package's implicit solver against explicit Euler, the published model's scheme.

Goal: below 0.3 s. The explicit scheme must step faster than the membrane time constant (18 ms); it is run for one minute
of model time here and its time is scaled to sixty.
"""

from __future__ import annotations

import time

import numpy as np

from selectivity.membrane.protocols import pump_blocked
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_equations import PumpLeakEquations
from selectivity.membrane.pump_leak_state import Drive
from selectivity.membrane.pump_leak_steady import steady_state
from selectivity.membrane.rundown import run_down

EULER_STEP_S = 1e-3


def explicit_euler(minutes: float) -> float:
    """Voltage (mV) after `minutes` with the pump off, by 1 ms steps of the same equations."""
    cell = pump_leak_cell()
    equations = PumpLeakEquations(cell, Drive(pump_start=0.0, pump_end=0.0))
    y = steady_state(cell).y
    for _ in range(round(60.0 * minutes / EULER_STEP_S)):
        y = y + EULER_STEP_S * np.array(equations.rates(0.0, y))
    return equations.state(0.0, y).v_mv


def main() -> None:
    cell, times = pump_leak_cell(), []
    for _ in range(5):
        begin = time.perf_counter()
        run = run_down(cell, pump_blocked(60.0))
        times.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    euler = explicit_euler(1.0)
    plain = 60.0 * (time.perf_counter() - begin)
    implicit = run_down(cell, pump_blocked(60.0), times_s=[60.0]).v_mv[0]
    assert abs(euler - implicit) < 0.01
    print(
        f"run-down, 60 min, {run.time_s.size} rows: ours {min(times):.3f} s (goal 0.3), explicit Euler {plain:.1f} s (scaled from "
        f"1 min), ratio {plain / min(times):.0f}; V after 1 min differs by {abs(euler - implicit):.1e} mV"
    )


if __name__ == "__main__":
    main()
