"""Where does a pump-leak cell come to rest? Steady states by root finding, followed as the pump is turned down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import root

from selectivity.constants import thermal_voltage
from selectivity.errors import SelectivityError
from selectivity.membrane.pump import PumpKinetics, pump_slopes
from selectivity.membrane.pump_leak import PumpLeakCell
from selectivity.membrane.pump_leak_equations import ATP, CHARGE, CHLORIDE, SODIUM, VOLUME, PumpLeakEquations, State
from selectivity.membrane.pump_leak_state import AtpSensitivity, CellState, Drive

GUESS_MV = -60.0
RESIDUAL_MM_PER_S = 1e-9
"""A rest is a rest when nothing drifts faster than this: 0.03 mM per year."""

VOLUME_LIMIT = 1e3
"""Swelling beyond this many times the reference volume is taken as 'no steady volume exists'."""

RELAXATION_S = (1e5, 1e8, 1e11)
"""Model times that a cell is given, one after the other, to approach its rest when the root finder alone does not get there:
a day for a neuron, the rest for thick fibres and tight membranes."""


class NoSteadyState(SelectivityError):
    """The cell has no resting state (it swells without limit), or none was found."""


@dataclass(frozen=True)
class SteadyState:
    """A resting state: `state` (mM, mV, µA/cm²), whether small disturbances die out, and the slowest time constant (s)."""

    state: CellState
    stable: bool
    slowest_time_constant_s: float
    residual_mm_per_s: float
    y: State

    @property
    def v_mv(self) -> float:
        """Resting potential, mV."""
        return self.state.v_mv


@dataclass(frozen=True)
class SteadyStateCurve:
    """Resting states along a row of pump activities: arrays of equal length, and the states themselves."""

    pump: NDArray[np.float64]
    v_mv: NDArray[np.float64]
    sodium_mm: NDArray[np.float64]
    potassium_mm: NDArray[np.float64]
    chloride_mm: NDArray[np.float64]
    volume: NDArray[np.float64]
    stable: NDArray[np.bool_]
    states: tuple[SteadyState, ...]


def steady_state(
    cell: PumpLeakCell,
    *,
    pump: float = 1.0,
    leak: Mapping[str, float] | None = None,
    fixed_volume: bool = False,
    atp: AtpSensitivity | None = None,
    guess: State | None = None,
) -> SteadyState:
    """Resting state of `cell` with the share `pump` of its pumps and `leak` factors (Na, K, Cl, KCC2, NKCC1).

    Root of the rates in logarithms of amounts and volume with the exact Jacobian; where that fails the cell is followed in
    time towards its rest first. Raises NoSteadyState when the cell swells without limit or does not settle. Source: the
    pump-leak model of dusterwald2018.

    >>> from selectivity.membrane.pump_leak import pump_leak_cell
    >>> rest = steady_state(pump_leak_cell())
    >>> round(rest.v_mv, 1), round(rest.state.inside_mm["Na"], 1), rest.stable
    (-72.6, 14.0, True)
    """
    drive = Drive(pump_start=pump, pump_end=pump, leak=leak, fixed_volume=fixed_volume)
    equations = PumpLeakEquations(cell, drive, atp)
    start = equations.start(GUESS_MV) if guess is None else np.asarray(guess, dtype=float).copy()
    found = _root(equations, start)
    for seconds in RELAXATION_S:
        if found is None:
            start = _relaxed(equations, start, seconds)
            found = _root(equations, start)
    if found is None:
        raise NoSteadyState(
            f"{cell.name}: no resting state found with pump {pump:g}; the cell may swell without limit: give the bath an "
            "impermeant anion, more pumps, or fix the volume"
        )
    return _described(equations, found)


def steady_state_curve(
    cell: PumpLeakCell,
    pump: ArrayLike,
    *,
    leak: Mapping[str, float] | None = None,
    fixed_volume: bool = False,
) -> SteadyStateCurve:
    """Resting states for a row of pump activities (any order), each continued from its neighbour.

    >>> from selectivity.membrane.pump_leak import pump_leak_cell
    >>> curve = steady_state_curve(pump_leak_cell(), [1.0, 0.5, 0.0])
    >>> curve.v_mv.round(1).tolist(), curve.volume.round(2).tolist()
    ([-72.6, -72.8, 0.4], [1.0, 1.0, 5.18])
    """
    activity = np.atleast_1d(np.asarray(pump, dtype=float))
    order = np.argsort(activity)[::-1]  # from the living cell downwards, where the first guess is good
    states: list[SteadyState | None] = [None] * activity.size
    guess: State | None = None
    for index in order:
        found = steady_state(cell, pump=float(activity[index]), leak=leak, fixed_volume=fixed_volume, guess=guess)
        states[index], guess = found, found.y
    done = tuple(state for state in states if state is not None)
    return SteadyStateCurve(
        pump=activity,
        v_mv=np.array([s.v_mv for s in done]),
        sodium_mm=np.array([s.state.inside_mm["Na"] for s in done]),
        potassium_mm=np.array([s.state.inside_mm["K"] for s in done]),
        chloride_mm=np.array([s.state.inside_mm["Cl"] for s in done]),
        volume=np.array([s.state.volume for s in done]),
        stable=np.array([s.stable for s in done]),
        states=done,
    )


def with_matched_pump(cell: PumpLeakCell, kinetics: PumpKinetics) -> PumpLeakCell:
    """The same cell with another pump law, scaled so that its resting state is the one it had.

    Only the law's shape changes: how the pump answers when sodium, potassium or voltage leave their resting values.

    >>> from selectivity.membrane.pump import pump_kinetics
    >>> from selectivity.membrane.pump_leak import pump_leak_cell
    >>> saturable = with_matched_pump(pump_leak_cell(), pump_kinetics("luo-rudy-1994"))
    >>> round(steady_state(saturable).v_mv, 2), round(saturable.pump.maximal_ua_per_cm2, 2)
    (-72.59, 3.64)
    """
    rest = steady_state(cell).state
    u = rest.v_mv / thermal_voltage(cell.temperature)
    here = pump_slopes(kinetics, rest.inside_mm["Na"], rest.outside_mm["Na"], rest.outside_mm["K"], u)[0]
    return cell.with_changes(pump=kinetics.scaled(rest.pump_cycle_ua_per_cm2 / here))


def _root(equations: PumpLeakEquations, start: State) -> State | None:
    """Newton-Powell in x = (ln Na, ln Cl, V-charge, ln volume); None when it does not converge to a physical state."""
    free = _moving(equations)
    logarithmic = np.array([index != CHARGE for index in free])
    # rows in comparable units: the charge row is mV/s, turned into mM/s of charge by eps
    scale = np.array([equations.eps if index == CHARGE else 1.0 for index in free])

    def unpack(x: State) -> State:
        y = start.copy()
        y[free] = np.where(logarithmic, np.exp(np.clip(x, -50.0, 50.0)), x)
        return y

    def residual(x: State) -> State:
        return np.array(equations.rates(np.inf, unpack(x)))[free] * scale

    def slope(x: State) -> State:
        y = unpack(x)
        inner = np.where(logarithmic, y[free], 1.0)
        return equations.jacobian(np.inf, y)[np.ix_(free, free)] * scale[:, None] * inner[None, :]

    first = np.where(logarithmic, np.log(np.maximum(start[free], 1e-12)), start[free])
    solution = root(residual, first, jac=slope, method="hybr", options={"xtol": 1e-13})
    y = unpack(solution.x)
    physical = equations.potassium(y) > 0 and 0 < y[VOLUME] < VOLUME_LIMIT
    settled = np.all(np.abs(residual(solution.x)) < RESIDUAL_MM_PER_S)
    return y if physical and settled and np.all(np.isfinite(y)) else None


def _moving(equations: PumpLeakEquations) -> list[int]:
    """States that can change: an ion without any path through the membrane keeps its amount, a rigid cell its volume."""
    sodium = equations.g["Na"] + equations.p["Na"] + equations.g_nkcc1 + equations.cell.pump.maximal_ua_per_cm2
    chloride = equations.g["Cl"] + equations.p["Cl"] + equations.g_kcc2 + equations.g_nkcc1
    paths = ((SODIUM, sodium), (CHLORIDE, chloride), (CHARGE, 1.0), (VOLUME, equations.water))
    return [index for index, path in paths if path > 0.0]


def _relaxed(equations: PumpLeakEquations, start: State, seconds: float) -> State:
    """The state after a long time of the cell's own dynamics: a safe first guess."""
    swollen = lambda t, y: VOLUME_LIMIT - y[VOLUME]  # noqa: E731 - solve_ivp wants a callable with an attribute
    swollen.terminal = True  # type: ignore[attr-defined]
    run = solve_ivp(
        equations.rates,
        (0.0, seconds),
        start,
        method="BDF",
        jac=equations.jacobian,
        rtol=1e-6,
        atol=1e-9,
        events=swollen,
    )
    if run.status != 0:
        raise NoSteadyState(
            f"{equations.cell.name}: swells beyond {VOLUME_LIMIT:g} volumes, so it has no resting state; give the bath an "
            "impermeant anion, more pumps, or fix the volume"
        )
    return run.y[:, -1]


def _described(equations: PumpLeakEquations, y: State) -> SteadyState:
    moving = _moving(equations)
    rates = np.array(equations.rates(np.inf, y))
    rates[CHARGE] *= equations.eps
    jacobian = equations.jacobian(np.inf, y)[np.ix_(moving, moving)]
    growth = np.linalg.eigvals(jacobian).real
    slowest = float(np.max(growth))
    y = y.copy()
    y[ATP] = equations.atp.resting_mm if equations.atp else 0.0
    return SteadyState(
        state=equations.state(np.inf, y),
        stable=bool(slowest < 0),
        slowest_time_constant_s=float(-1.0 / slowest) if slowest < 0 else float("inf"),
        residual_mm_per_s=float(np.max(np.abs(rates[moving]))),
        y=y,
    )
