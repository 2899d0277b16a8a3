"""What does each ion meet along the axis at temperature T? Constrained sampling at held heights, dry and with water.

At every height the ion is held in z and everything else moves; two routes lead along the axis:

    ddG(z)      = G_second(z) - G_first(z) + dehydration of the pair           (alchemical exchange at each height, MBAR)
    W_ion(z)    = int_z0^z <dU/dz'> dz'                                         (mean constraint force, cubic spline)
    W_second(z) - W_first(z) = ddG(z) - ddG(z0)                                 (must agree: `ThermalProfile.consistency`)

The held coordinate is a Cartesian coordinate of a single atom, so its mass metric is constant and the mean of dU/dz is the derivative
of the free energy without any Fixman correction. The ion is held in z only, within 1.8 Å of the axis at every height: a wall
that moved with z would do work that the force does not contain.

Water is where the height touches an open end of the pore (`height_regions`). Where one stretch of the pore sees other waters
than the next, the height between them is sampled with both; the step that this makes in ddG is shared equally by both ions.
Inside the file there is none, unless the ion is asked to be "flanked".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.held_ions import (
    FLANKED,
    HELD,
    HELD_OPEN,
    SPACING,
    HeldIon,
    HeldPlan,
    HeldSampler,
    flank_walls,
    given_heights,
    held_everywhere,
    held_heights,
)
from selectivity.energetics.hydrated_sites import Surrounds
from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.energetics.ligands import Sigma, filter_ligands
from selectivity.energetics.profile_features import Extreme, Landmarks, landmarks, wells_and_barriers
from selectivity.energetics.profile_nodes import Average, Node, profile_nodes
from selectivity.energetics.thermal import Sampling
from selectivity.errors import UnknownChoice, hint
from selectivity.structure.filter import Filter

Vector = NDArray[np.float64]

LARGEST_Z_SCORE = 4.0
"""Disagreement of the two routes, in standard errors, above which it is a warning: the largest of thirty normal numbers stays
below it with a probability of 0.998."""

HYDRATION_STATES = ("dry", "accessible", "flanked")
"""No water; water at the open ends (`height_regions`); or one water on either side of the ion, as in a conducting single file."""


@dataclass(frozen=True)
class Step:
    """Where the pore begins to see other waters: height (Å), the ends seen below and above, and what it does to ddG (kJ/mol)."""

    z: float
    below: tuple[str, ...]
    above: tuple[str, ...]
    change_kj_mol: float
    error_kj_mol: float


@dataclass(frozen=True)
class ThermalProfile:
    """Both ions along the axis at temperature T; arrays (n,) over the heights ``z`` (Å), energies in kJ/mol with standard errors.

    ``ddg`` is positive where the first ion is preferred. ``w`` maps each ion to its own profile, zero at ``zero_at`` (Å), and
    ``w_covariance`` to the (n, n) covariance of its errors; ``force`` and ``force_error`` are <dU/dz> (kJ/mol/Å). ``consistency``
    (n,) is the disagreement of the two routes in standard errors. ``ends`` names the water that each height sees, ``waters``
    the mean number of each ion (0 where dry), ``steps`` the heights between different waters.
    """

    ions: tuple[str, str]
    temperature: float
    marks: Landmarks
    z: Vector
    ddg: Vector
    ddg_error: Vector
    w: dict[str, Vector]
    w_covariance: dict[str, Vector]
    force: dict[str, Vector]
    force_error: dict[str, Vector]
    zero_at: float
    consistency: Vector
    ends: tuple[tuple[str, ...], ...]
    waters: dict[str, Vector]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]

    def w_error(self, ion: str) -> Vector:
        """Standard error of an ion's own profile against its zero, (n,) kJ/mol."""
        return np.sqrt(np.maximum(np.diag(self.w_covariance[ion]), 0.0))

    def extremes(self, ion: str) -> tuple[Extreme, ...]:
        """Wells and barriers of an ion that stand out by RT or more."""
        return wells_and_barriers(self.z, self.w[ion], self.marks, temperature=self.temperature)

    def nodes(self, *, planes_as: Average = "occupancy") -> tuple[Node, ...]:
        """The profile as nodes half a site wide, planes and cages in turn, with standard errors of ddG(node)."""
        first = self.ions[0]
        return profile_nodes(
            self.z, self.ddg, self.w[first], self.marks.heights, temperature=self.temperature,
            ddg_error=self.ddg_error, w_first_covariance=self.w_covariance[first], planes_as=planes_as,
            plane_names=[name for name, _ in self.marks.planes], cage_names=[name for name, _, _ in self.marks.cages],
        )  # fmt: skip


def thermal_profile(
    filter: Filter,
    *,
    ions: tuple[str, str] = ("K", "Na"),
    hydration_state: str = "accessible",
    spacing: float = SPACING,
    heights: Sequence[float] | None = None,
    zero_at: float | None = None,
    force_field: str = "charmm36",
    sigma: Sigma = 0.30,
    hydration: str = "force-field",
    surrounded_by: Surrounds = "nothing",
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    open_sampling: Sampling | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ThermalProfile:
    """Free energies of two ions held at heights along the axis, with standard errors.

    The heights are `held_heights` at ``spacing`` (Å) unless ``heights`` gives others (at least four); the zero of W is the
    height nearest to ``zero_at``, by default the centre of the middle cage. ``sampling`` is that of dry heights (default
    `HELD`), ``open_sampling`` that of heights with water (`HELD_OPEN`). Each height has its own seed, drawn from ``seed``: the
    same seed gives the same numbers for any number of ``jobs`` (threads). ``progress(done, total)`` is called after every
    height. Ctrl-C stops all of them and raises.

    ``hydration_state`` is one of `HYDRATION_STATES`: "accessible" puts water at the open ends only, "flanked" one water on either
    side of the ion wherever it is, as in the alternating file of a conducting filter (``open_sampling`` is then `FLANKED`).

    Raises `UnknownChoice` (ion, force field, scale, hydration state), `OutOfRange` (heights, spacing, temperature, rings by
    hand with water).
    """
    if hydration_state not in HYDRATION_STATES:
        raise UnknownChoice(
            f"hydration state {hydration_state!r}: choose one of {', '.join(HYDRATION_STATES)}"
            + hint(hydration_state, HYDRATION_STATES)
        )
    marks = landmarks(filter)
    z = held_heights(marks, spacing) if heights is None else given_heights(heights)
    plan = HeldPlan(filter, z, wet=hydration_state == "accessible")
    system = filter_ligands(filter, force_field=force_field, sigma=sigma)
    scale = hydration_scale(hydration, force_field=force_field)
    gap = dehydration_difference(*ions, scale=scale, temperature=temperature)
    flanked = hydration_state == "flanked"
    held = HeldSampler(
        system,
        ions,
        temperature,
        (open_sampling or FLANKED) if flanked else (sampling or HELD),
        open_sampling or HELD_OPEN,
        plan.waters(system, surrounded_by, force_field, temperature, seed),
        flank_walls(marks) if flanked else None,
    )
    found = held_everywhere(held, plan.tasks, seed, jobs, progress)
    if zero_at is None:
        _, low, high = marks.cages[len(marks.cages) // 2]
        zero_at = 0.5 * (low + high)
    return _assembled(plan, found, ions, temperature, marks, gap, int(np.abs(z - zero_at).argmin()))


def _assembled(
    plan: HeldPlan,
    found: Sequence[HeldIon],
    ions: tuple[str, str],
    temperature: float,
    marks: Landmarks,
    gap: float,
    zero: int,
) -> ThermalProfile:
    delta = np.array([held.exchange.delta_kj_mol for held in found])
    delta_error = np.array([held.exchange.error_kj_mol for held in found])
    force = {ion: np.array([held.exchange.mean_force_kj_mol_A[ion] for held in found]) for ion in ions}
    force_error = {ion: np.array([held.exchange.mean_force_error_kj_mol_A[ion] for held in found]) for ion in ions}
    work, steps, main = _operators(plan)
    relative, share = work - work[zero], 0.5 * (steps - steps[zero])
    sign = {ions[0]: -1.0, ions[1]: 1.0}
    w = {ion: relative @ force[ion] + sign[ion] * share @ delta for ion in ions}
    covariance = {ion: _spread(relative, force_error[ion]) + _spread(share, delta_error) for ion in ions}
    apart = w[ions[1]] - w[ions[0]] - (delta[main] - delta[main[zero]])
    exchange = 2.0 * share - (np.eye(len(found))[main] - np.eye(len(found))[main[zero]])
    variance = sum(np.diag(_spread(relative, force_error[ion])) for ion in ions) + np.diag(
        _spread(exchange, delta_error)
    )
    consistency = np.divide(apart, np.sqrt(variance), out=np.zeros_like(apart), where=variance > 0.0)
    return ThermalProfile(
        ions, temperature, marks, plan.z, delta[main] + gap, delta_error[main], w, covariance,
        {ion: force[ion][main] for ion in ions}, {ion: force_error[ion][main] for ion in ions},
        float(plan.z[zero]), consistency, tuple(plan.at),
        {ion: np.array([found[k].waters[ion] for k in main]) for ion in ions},
        tuple(_steps(plan, found)), tuple(_warnings(plan, found, consistency, apart)),
    )  # fmt: skip


def _operators(plan: HeldPlan) -> tuple[Vector, Vector, NDArray[np.int64]]:
    """Linear maps from the samplings to the heights: work of the forces (n, K), steps of ddG (n, K), and the main sampling (n,)."""
    place = {sampling: k for k, sampling in enumerate(plan.samplings)}
    main = np.array([place[i, ends] for i, ends in enumerate(plan.at)])
    work, steps = np.zeros((len(plan.z), len(place))), np.zeros((len(plan.z), len(place)))
    before: tuple[str, ...] | None = None
    for stretch, ends in plan.stretches():
        start, columns = stretch[0], [place[i, ends] for i in stretch]
        if before is not None:
            steps[start + 1 :, columns[0]] += 1.0
            steps[start + 1 :, place[start, before]] -= 1.0
            steps[start, main[start]] += 1.0
            steps[start, place[start, before]] -= 1.0
        integral = CubicSpline(plan.z[list(stretch)], np.eye(len(stretch))).antiderivative()(plan.z[list(stretch)])
        within = np.zeros((len(stretch), len(place)))
        within[:, columns] = integral
        work[start + 1 :] += np.concatenate([within[1:], np.repeat(within[-1:], len(plan.z) - stretch[-1] - 1, axis=0)])
        before = ends
    return work, steps, main


def _spread(operator: Vector, errors: Vector) -> Vector:
    """Covariance of a linear map of independent samplings."""
    return np.asarray((operator * errors**2) @ operator.T)


def _steps(plan: HeldPlan, found: Sequence[HeldIon]) -> list[Step]:
    place = {sampling: held.exchange for sampling, held in zip(plan.samplings, found, strict=True)}
    stretches, steps = plan.stretches(), []
    for (_, below), (stretch, above) in zip(stretches[:-1], stretches[1:], strict=True):
        one, other = place[stretch[0], below], place[stretch[0], above]
        error = float(np.hypot(one.error_kj_mol, other.error_kj_mol))
        steps.append(Step(float(plan.z[stretch[0]]), below, above, float(other.delta_kj_mol - one.delta_kj_mol), error))
    return steps


def _warnings(plan: HeldPlan, found: Sequence[HeldIon], consistency: Vector, apart: Vector) -> list[str]:
    words = []
    doubted = [held for held in found if held.warnings]
    if doubted:
        first = doubted[0]
        words.append(
            f"{len(doubted)} of {len(found)} heights carry sampling warnings; at z = {first.z:.1f} Å: {first.warnings[0]}"
        )
    worst = int(np.abs(consistency).argmax())
    if abs(consistency[worst]) > LARGEST_Z_SCORE:
        words.append(
            f"forces and exchange disagree by {abs(apart[worst]):.1f} kJ/mol at z = {plan.z[worst]:.1f} Å, "
            f"{abs(consistency[worst]):.1f} standard errors: sample longer, or more heights"
        )
    return words
