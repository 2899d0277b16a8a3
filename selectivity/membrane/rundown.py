"""What happens to the gradients when the pump stops, the fuel runs out, a channel closes, and when it all comes back?

A run is a row of phases. The stiff solver (scipy LSODA, exact Jacobian) starts afresh at every phase, so no step ever
straddles a discontinuity. Times in s, concentrations in mM, voltages in mV.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.membrane.energy import ATP_FREE_ENERGY, cycle_work
from selectivity.membrane.protocols import Phase
from selectivity.membrane.pump_leak import ELECTRONEUTRAL_TOLERANCE_MM, MOBILE_IONS, PumpLeakCell
from selectivity.membrane.pump_leak_equations import CHARGE, N_STATES, VOLUME, PumpLeakEquations, State
from selectivity.membrane.pump_leak_state import AtpSensitivity, CellState, Drive
from selectivity.membrane.pump_leak_steady import steady_state

SOLVERS = ("LSODA", "BDF", "Radau")

PATIENCE = 5000
"""Evaluations that LSODA may spend on one phase; BDF then does that phase. A phase takes hundreds. LSODA begins as if nothing were stiff,
and where a phase starts on the slow path already (nothing changed at its beginning) it may never notice and creep at milliseconds."""

POINTS_PER_PHASE = 240
"""Rows of a run when the caller gives no times: half of them crowd into the first seconds, where the voltage jumps."""

RELATIVE_TOLERANCE = 1e-9
ABSOLUTE_TOLERANCE = (1e-8, 1e-8, 1e-8, 1e-10, 1e-10)
"""mM, mM, mV, volumes, mM: far below what is printed, and tighter than the run-down table's 0.3 mV needs."""


class RunNotFinished(SelectivityError):
    """The stiff solver stopped before the end of a run."""


@dataclass(frozen=True)
class Crossing:
    """The first time in a phase that the voltage passes `v_mv` (s, mV)."""

    time_s: float
    v_mv: float


@dataclass(frozen=True)
class RunDown:
    """A run: arrays of length T (times), dictionaries of such arrays by ion; `states` holds the full CellState of each row."""

    cell: str
    time_s: State
    v_mv: State
    inside_mm: dict[str, State]
    outside_mm: dict[str, State]
    nernst_mv: dict[str, State]
    volume: State
    atp_mm: State
    pump_activity: State
    pump_cycle_ua_per_cm2: State
    phases: tuple[Phase, ...]
    phase_starts_s: tuple[float, ...]
    crossings: tuple[Crossing, ...]
    charge_residual_mm: float
    n_evaluations: int
    states: tuple[CellState, ...]
    sources: tuple[str, ...]
    warnings: tuple[str, ...]

    def table(self) -> Any:
        """A pandas DataFrame of `rows`, with the cell's name and sources in ``attrs``."""
        import pandas as pd

        frame = pd.DataFrame(self.rows())
        frame.attrs |= {"cell": self.cell, "sources": self.sources}
        return frame

    def rows(self) -> list[dict[str, float]]:
        """One flat dictionary per time, units in the keys: what a CSV file holds."""
        return [
            {
                "time_s": float(self.time_s[i]),
                "v_mv": float(self.v_mv[i]),
                **{f"{ion.lower()}_inside_mm": float(self.inside_mm[ion][i]) for ion in MOBILE_IONS},
                **{f"{ion.lower()}_outside_mm": float(self.outside_mm[ion][i]) for ion in MOBILE_IONS},
                **{f"e_{ion.lower()}_mv": float(self.nernst_mv[ion][i]) for ion in MOBILE_IONS},
                "volume": float(self.volume[i]),
                "atp_mm": float(self.atp_mm[i]),
                "pump_activity": float(self.pump_activity[i]),
                "pump_cycle_ua_per_cm2": float(self.pump_cycle_ua_per_cm2[i]),
            }
            for i in range(self.time_s.size)
        ]


def run_down(
    cell: PumpLeakCell,
    phases: Sequence[Phase],
    *,
    times_s: ArrayLike | None = None,
    start: State | None = None,
    fixed_volume: bool = False,
    atp: AtpSensitivity | None = None,
    crossings_mv: Sequence[float] = (),
    method: str = "LSODA",
    max_evaluations: int = 200_000,
) -> RunDown:
    """Follow `cell` from its steady state (or the state vector `start`) through `phases`.

    `times_s` (T,) are the rows wanted, from the start of the run; by default every phase is sampled, densest where it begins.
    The charge inside matches the charge on the membrane to rounding in every row (`charge_residual_mm`). Raises OutOfRange
    for times outside the run and RunNotFinished when the solver gives up. `method` is any stiff solver of scipy (LSODA, with BDF
    for a phase on which it creeps; BDF; Radau; they agree to 1e-6 mV). Source: the pump-leak model of dusterwald2018.

    >>> from selectivity.membrane.pump_leak import pump_leak_cell
    >>> run = run_down(pump_leak_cell(), [Phase(3600.0, pump=0.0)], times_s=[0.0, 1200.0, 3600.0])
    >>> run.v_mv.round(1).tolist()
    [-72.6, -51.4, -18.0]
    """
    starts = _starts(phases)
    if method not in SOLVERS:
        raise UnknownChoice(f"solver {method!r}; the stiff solvers are {', '.join(SOLVERS)}")
    if start is not None and (np.shape(start) != (N_STATES,) or not np.all(np.isfinite(start))):
        raise OutOfRange(
            f"start of shape {np.shape(start)}; needed: {N_STATES} finite numbers, as PumpLeakEquations.start makes"
        )
    y = steady_state(cell, fixed_volume=fixed_volume, atp=atp).y if start is None else np.asarray(start, dtype=float)
    wanted = _times(times_s, starts)
    limit = _EvaluationLimit(max_evaluations, cell.name)
    activity, states, at, crossings = 1.0, [], [], []
    for phase, begin, end in zip(phases, starts[:-1], starts[1:], strict=True):
        equations = _equations(cell, phase, activity, fixed_volume, atp)
        last = end == starts[-1]
        mask = (wanted >= begin) & ((wanted <= end) if last else (wanted < end))
        y, rows, passed = _integrate(equations, phase, y, wanted[mask] - begin, crossings_mv, method, limit)
        states += rows
        at += [float(t) for t in wanted[mask]]
        crossings += [Crossing(begin + t, v) for t, v in passed]
        activity = _pumps_left(equations.drive, phase.duration_s)
    return _collected(cell, at, states, tuple(phases), starts, tuple(crossings), limit.count)


def sample_times(phases: Sequence[Phase], also: Sequence[float] = ()) -> State:
    """The times (s) at which a run is sampled by default, dense where a phase begins, and those of `also` within the run.

    >>> times = sample_times([Phase(3600.0)], also=[0.5])
    >>> bool(0.5 in times), float(times[-1])
    (True, 3600.0)
    """
    starts = _starts(phases)
    return np.union1d(_sampled(starts), [t for t in also if 0.0 <= t <= starts[-1]])


class _Creeping(Exception):
    """LSODA has spent its patience on one phase."""


class _EvaluationLimit:
    """Counts right-hand sides, so that a hopeless run ends with a message instead of running for hours."""

    def __init__(self, most: int, name: str):
        self.most, self.name, self.count, self.patience_ends = most, name, 0, math.inf

    def begin(self, method: str) -> None:
        """A phase begins; only LSODA can be told to give up early."""
        self.patience_ends = self.count + PATIENCE if method == "LSODA" else math.inf

    def tick(self) -> None:
        self.count += 1
        if self.patience_ends < self.count < self.most:
            raise _Creeping
        if self.count > self.most:
            raise RunNotFinished(
                f"{self.name}: the run needed more than {self.most} evaluations; shorten it, or raise max_evaluations"
            )


def _times(times_s: ArrayLike | None, starts: State) -> State:
    if times_s is None:
        return _sampled(starts)
    wanted = np.atleast_1d(np.asarray(times_s, dtype=float))
    if not np.all(np.isfinite(wanted)) or wanted.min(initial=0.0) < 0 or wanted.max(initial=0.0) > starts[-1]:
        raise OutOfRange(f"times must lie in 0 ... {starts[-1]:g} s, the length of the run")
    if np.any(np.diff(wanted) <= 0):
        raise OutOfRange("times must increase, each once")
    return wanted


def _starts(phases: Sequence[Phase]) -> State:
    if not phases:
        raise OutOfRange("no phases to run; needed: at least one, such as Phase(3600.0, pump=0.0)")
    return np.concatenate([[0.0], np.cumsum([phase.duration_s for phase in phases])])


def _sampled(starts: State) -> State:
    half = POINTS_PER_PHASE // 2
    rows = []
    for begin, end in itertools.pairwise(starts):
        length = end - begin
        early = np.geomspace(min(1e-3, length / 10), length, half)
        rows.append(begin + np.union1d(np.append(early, 0.0), np.linspace(0.0, length, half)))
    return np.unique(np.clip(np.concatenate(rows), 0.0, starts[-1]))


def _equations(
    cell: PumpLeakCell, phase: Phase, activity: float, fixed_volume: bool, atp: AtpSensitivity | None
) -> PumpLeakEquations:
    if phase.outside:
        cell = _changed_bath(cell, phase.outside)
    if not phase.atp_supply and atp is None:
        raise OutOfRange(
            "the ATP supply is cut but no AtpSensitivity is given; pass atp=AtpSensitivity(resting_mm=, km_mm=)"
        )
    drive = Drive(
        pump_start=activity,
        pump_end=phase.pump,
        pump_time_constant_s=phase.pump_time_constant_s,
        leak=phase.leak,
        fixed_volume=fixed_volume,
        atp_clamped=phase.atp_supply,
        other_atp_use_mm_per_s=phase.other_atp_use_mm_per_s,
        atp_recovery_s=phase.atp_recovery_s,
    )
    return PumpLeakEquations(cell, drive, atp)


def _changed_bath(cell: PumpLeakCell, changes: Mapping[str, float]) -> PumpLeakCell:
    if cell.bath_to_cell_volume is not None:
        raise OutOfRange(
            f"{cell.name}: a closed bath follows from the cell; open it (bath_to_cell_volume=None) to set {changes}"
        )
    outside = {**cell.outside, **changes}
    if "Na" not in changes:
        surplus = replace(cell, outside=cell.outside).bath_charge_mm
        moved = sum((1 if ion != "Cl" else -1) * (outside[ion] - cell.outside[ion]) for ion in ("K", "Cl"))
        outside["Na"] = cell.outside["Na"] - moved - surplus
        if outside["Na"] <= ELECTRONEUTRAL_TOLERANCE_MM:
            raise OutOfRange(
                f"{cell.name}: no Na left outside to make room for {dict(changes)}; give Na and Cl as well"
            )
    return cell.with_changes(outside=outside)


def _integrate(
    equations: PumpLeakEquations,
    phase: Phase,
    y: State,
    times: State,
    crossings_mv: Sequence[float],
    method: str,
    limit: _EvaluationLimit,
) -> tuple[State, list[CellState], list[tuple[float, float]]]:
    def rates(t: float, state: State) -> list[float]:
        limit.tick()
        return equations.rates(t, state)

    limit.begin(method)
    events = [_voltage_event(equations, v) for v in crossings_mv]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # an overflow inside the solver is a failed run, not a footnote
        try:
            solution = solve_ivp(
                rates,
                (0.0, phase.duration_s),
                y,
                method=method,
                jac=equations.jacobian,
                t_eval=np.append(times, phase.duration_s) if times.size == 0 or times[-1] < phase.duration_s else times,
                rtol=RELATIVE_TOLERANCE,
                atol=np.array(ABSOLUTE_TOLERANCE),
                events=events or None,
            )
        except _Creeping:
            return _integrate(equations, phase, y, times, crossings_mv, "BDF", limit)
        except (ArithmeticError, RuntimeWarning, np.linalg.LinAlgError) as error:
            raise RunNotFinished(
                f"{limit.name}: the solver left the range of numbers ({error}); check the conductances"
            ) from None
    if solution.status != 0 or not np.all(np.isfinite(solution.y)):
        reached = solution.t[-1] if solution.t.size else 0.0
        raise RunNotFinished(
            f"{limit.name}: the solver stopped {reached:g} s into a phase of {phase.duration_s:g} s ({solution.message}); "
            "shorten the phase or check conductances and pump"
        )
    rows = [equations.state(t, solution.y[:, i]) for i, t in enumerate(times)]
    passed = (
        [(float(t[0]), v) for t, v in zip(solution.t_events or [], crossings_mv, strict=True) if t.size]
        if events
        else []
    )
    return solution.y[:, -1], rows, passed


def _voltage_event(equations: PumpLeakEquations, v_mv: float) -> Callable[[float, State], float]:
    def crossing(t: float, y: State) -> float:
        return float(y[CHARGE] / y[VOLUME] ** equations.exponent - v_mv)

    return crossing


def _pumps_left(drive: Drive, elapsed_s: float) -> float:
    """Share of pumps present at the end of a phase, whatever ATP says."""
    decay = math.exp(-elapsed_s / drive.pump_time_constant_s) if drive.pump_time_constant_s > 0 else 0.0
    return drive.pump_end + (drive.pump_start - drive.pump_end) * decay


def _collected(
    cell: PumpLeakCell,
    at: Sequence[float],
    states: Sequence[CellState],
    phases: tuple[Phase, ...],
    starts: State,
    crossings: tuple[Crossing, ...],
    count: int,
) -> RunDown:
    def column(name: str) -> State:
        return np.array([getattr(state, name) for state in states])

    def by_ion(name: str) -> dict[str, State]:
        return {ion: np.array([getattr(state, name)[ion] for state in states]) for ion in MOBILE_IONS}

    charge = [_charge_residual(cell, state) for state in states]
    return RunDown(
        cell=cell.name,
        time_s=np.array(at),
        v_mv=column("v_mv"),
        inside_mm=by_ion("inside_mm"),
        outside_mm=by_ion("outside_mm"),
        nernst_mv=by_ion("nernst_mv"),
        volume=column("volume"),
        atp_mm=column("atp_mm"),
        pump_activity=column("pump_activity"),
        pump_cycle_ua_per_cm2=column("pump_cycle_ua_per_cm2"),
        phases=phases,
        phase_starts_s=tuple(float(t) for t in starts[:-1]),
        crossings=crossings,
        charge_residual_mm=float(max(charge, default=0.0)),
        n_evaluations=count,
        states=tuple(states),
        sources=cell.sources,
        warnings=_warnings(cell, states),
    )


def _warnings(cell: PumpLeakCell, states: Sequence[CellState]) -> tuple[str, ...]:
    """A rate law knows nothing of fuel: say where a run asks more work of the pump than ATP can pay."""
    running = [s for s in states if s.pump_cycle_ua_per_cm2 > 0]
    work = [float(cycle_work(s.v_mv, s.nernst_mv["Na"], s.nernst_mv["K"], cell.stoichiometry)) for s in running]
    if max(work, default=0.0) <= ATP_FREE_ENERGY:
        return ()
    return (
        f"the pump law {cell.pump.name} does up to {max(work):.0f} kJ/mol of work in this run, more than the about "
        f"{ATP_FREE_ENERGY:.0f} of ATP: it does not saturate; take a saturable law with with_matched_pump",
    )


def _charge_residual(cell: PumpLeakCell, state: CellState) -> float:
    """|charge of the contents - charge on the membrane|, mM of cell water: zero but for rounding."""
    contents = (
        state.inside_mm["Na"]
        + state.inside_mm["K"]
        - state.inside_mm["Cl"]
        + cell.impermeant_valence * state.impermeant_mm
    )
    farads = PumpLeakEquations(cell).eps
    return abs(contents - farads * state.v_mv * state.area_ratio / state.volume)
