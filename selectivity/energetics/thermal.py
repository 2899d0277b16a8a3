"""What does it cost at temperature T to turn one ion into another? Replica-exchange Monte Carlo of the Hamiltonian, solved by MBAR.

The exchange path changes sqrt(epsilon) and Rmin/2 of the ion linearly from the first species to the second; both have the same
charge and a repulsive core, so no soft core is needed. Everything else (groups, waters, neighbouring ions) moves freely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.energetics.force_field import force_field
from selectivity.energetics.free_energy import Floats, FreeEnergy, alchemical_free_energy
from selectivity.energetics.groups import UNBOUNDED
from selectivity.energetics.hamiltonian import (
    EnergyTerms,
    PackedSystem,
    Region,
    columns,
    pack_system,
    regions_of,
    terms_of,
)
from selectivity.energetics.ligands import LigandSystem
from selectivity.errors import OutOfRange

FIRST_TIME_STEP = 0.06
"""Time step of trajectories before tuning, in units of sqrt(mass Å^2 mol/kJ) at unit mass: 0.1 of the fastest period."""

FIRST_STEP = 0.15
"""Å; step width before tuning, about half the thermal amplitude of the groups."""

BIAS_POINTS = 21
"""Points of the bias along a site: one every 0.15 Å in a site of 3 Å, half the width of the narrowest well."""

DISAGREEMENT = 2.5
"""Independent runs that differ by more than this many combined standard errors widen the error to their half difference."""


@dataclass(frozen=True)
class Sampling:
    """How long to sample: ``n_states`` alchemical states, ``n_runs`` independent runs of blocks of ``n_samples`` (every ``stride``
    sweeps, after ``n_equilibration`` sweeps) until the error of a run would allow ``target_error_kj_mol`` for their mean, or
    ``max_blocks`` are done."""

    n_states: int = 5
    n_runs: int = 2
    n_equilibration: int = 600
    n_samples: int = 1200
    stride: int = 2
    target_error_kj_mol: float = 0.35
    max_blocks: int = 16


class Neighbour(NamedTuple):
    """Another ion that stays what it is: species, where it starts (Å, pore frame) and the region it is kept in."""

    ion: str
    start: tuple[float, float, float]
    region: Region


@dataclass(frozen=True)
class ThermalExchange:
    """Free energy of turning ``first`` into ``second`` in place, G_second - G_first without any water leg (kJ/mol).

    ``mean_terms`` maps each ion to the mean energy terms of its end state; what the mean total does not explain of ``delta_kj_mol``
    is entropy (``minus_t_delta_s_kj_mol``). ``heights`` and ``weights`` map each ion to
    sampled z (Å) and the weights (summing to 1) that undo the sampling bias; ``mean_force_kj_mol_A`` to <dU/dz> (used
    where an ion is held). ``runs`` are the independent results that were averaged.
    """

    first: str
    second: str
    temperature: float
    delta_kj_mol: float
    error_kj_mol: float
    runs: tuple[FreeEnergy, ...]
    mean_terms: dict[str, EnergyTerms]
    heights: dict[str, Floats]
    weights: dict[str, Floats]
    mean_force_kj_mol_A: dict[str, float]
    mean_force_error_kj_mol_A: dict[str, float]
    swap_rates: Floats
    n_sweeps: int
    warnings: tuple[str, ...]

    @property
    def minus_t_delta_s_kj_mol(self) -> float:
        """-T dS of the exchange: free energy minus mean energy difference, kJ/mol."""
        return self.delta_kj_mol - (self.mean_terms[self.second] - self.mean_terms[self.first]).total


def thermal_exchange(
    system: LigandSystem,
    first: str,
    second: str,
    *,
    region: Region | None = None,
    fixed_z: float | None = None,
    neighbours: Sequence[Neighbour] = (),
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[], None] | None = None,
) -> ThermalExchange:
    """Free energy of the exchange first -> second of one ion in ``region``, or held at ``fixed_z`` (Å), at ``temperature`` (K).

    ``seed`` fixes everything: the same seed gives the same numbers whatever ``jobs`` (threads; the kernels release the interpreter
    lock). ``progress`` is called after every block. Source of the estimator: shirts_chodera2008.

    Raises `UnknownChoice` (ion), `OutOfRange` (region, temperature, fewer than two states, neither or both of region and height).
    """
    plan = sampling or Sampling()
    _check(plan, temperature, region, fixed_z)
    where = region if region is not None else Region(lateral_radius=_held_radius())
    task = _Task(system, first, second, where, fixed_z, tuple(neighbours), temperature, plan)
    seeds = np.random.SeedSequence(seed).spawn(plan.n_runs)
    if jobs > 1:
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            runs = list(pool.map(lambda s: _run(task, s, progress), seeds))
    else:
        runs = [_run(task, s, progress) for s in seeds]
    return _combined(task, runs)


class _Task(NamedTuple):
    system: LigandSystem
    first: str
    second: str
    region: Region
    fixed_z: float | None
    neighbours: tuple[Neighbour, ...]
    temperature: float
    plan: Sampling


@dataclass(frozen=True)
class _Run:
    free_energy: FreeEnergy
    heights: Floats
    weights: Floats
    terms: Floats
    pulls: Floats
    swaps: Floats
    n_sweeps: int


def _check(plan: Sampling, temperature: float, region: Region | None, fixed_z: float | None) -> None:
    if plan.n_states < 2:
        raise OutOfRange(f"{plan.n_states} alchemical states: at least 2 are needed (default {Sampling.n_states})")
    if min(plan.n_runs, plan.n_samples, plan.stride, plan.max_blocks) < 1 or plan.n_samples < 10:
        raise OutOfRange("sampling needs at least 1 run, 1 block, 10 samples a block and a stride of 1")
    if not (np.isfinite(temperature) and temperature > 0):
        raise OutOfRange(f"temperature {temperature} K: a positive temperature in kelvin is needed")
    if (region is None) == (fixed_z is None):
        raise OutOfRange("an ion to exchange needs either a region or a height fixed_z: give exactly one of them")
    if region is not None and (region.z_low <= -UNBOUNDED or region.z_high >= UNBOUNDED):
        raise OutOfRange("the region of the exchanged ion has an open end: give both z_low and z_high in Å")


def _held_radius() -> float:
    from selectivity.energetics.minimise import LATERAL_RADIUS

    return LATERAL_RADIUS


def _alchemical(task: _Task, packed: PackedSystem, ion: int) -> Floats:
    """Parameters of all states, shape (K, 4, N)."""
    field = force_field(task.system.force_field)
    ends = [field.ion(name) for name in (task.first, task.second)]
    params = np.repeat(packed.params[None], task.plan.n_states, axis=0)
    for k, share in enumerate(np.linspace(0.0, 1.0, task.plan.n_states)):
        params[k, 1, ion] = sum(w * np.sqrt(e.epsilon_kj_mol) for w, e in zip((1 - share, share), ends, strict=True))
        params[k, 2, ion] = sum(w * e.half_rmin for w, e in zip((1 - share, share), ends, strict=True))
    return params


def _starts(task: _Task) -> Floats:
    """Coordinates of all states (K, 3, N); the exchanged ion starts at different heights so that basins are met from all sides."""
    frames = []
    for k in range(task.plan.n_states):
        share = (k + 0.5) / task.plan.n_states
        height = task.fixed_z
        if height is None:
            height = task.region.z_low + share * (task.region.z_high - task.region.z_low)
        ions = [(0.1, 0.05, height), *(n.start for n in task.neighbours)]
        frames.append(columns(task.system, task.system.positions, ions, len(ions)))
    return np.ascontiguousarray(frames)


def _run(task: _Task, seed: np.random.SeedSequence, progress: Callable[[], None] | None) -> _Run:
    from selectivity.energetics import sampling as kernel
    from selectivity.energetics.kernels import N_TERMS

    plan, system = task.plan, task.system
    names = (task.first, *(n.ion for n in task.neighbours))
    packed = pack_system(system, names, regions_of([task.region, *(n.region for n in task.neighbours)], len(names)))
    ion = system.n_atoms
    setting = (
        _alchemical(task, packed, ion),
        packed.reference,
        packed.start,
        packed.walls,
        packed.coupling,
        np.array([kind == "carbonyl" for kind in system.kinds]),
        np.array([kind == "hydroxyl" for kind in system.kinds]),
        np.array(
            [[task.region.z_low, task.region.z_high], *([n.region.z_low, n.region.z_high] for n in task.neighbours)]
        ),
        np.array([task.fixed_z is not None] + [False] * len(task.neighbours)),
        ion,
    )
    xyz, rng = _starts(task), np.random.default_rng(seed)
    # colder means smaller steps: the amplitude of a harmonic motion goes with the square root of T
    cold = np.sqrt(task.temperature / ROOM_TEMPERATURE)
    steps = np.tile([FIRST_TIME_STEP, FIRST_STEP * cold, FIRST_STEP * cold], (plan.n_states, 1))
    bias = np.zeros((plan.n_states, BIAS_POINTS))
    for warmth in _cooling(task.temperature):
        kernel.equilibrate(xyz, *setting, 1.0 / thermal_energy(warmth), bias, steps, plan.n_equilibration, rng)
    at_temperature = (*setting, 1.0 / thermal_energy(task.temperature))
    swaps = np.zeros((plan.n_states - 1, 2))
    shapes = ((plan.n_states, plan.n_states), (plan.n_states, 3), (2, N_TERMS), (2,))
    records: list[list[Floats]] = [[], [], [], []]
    while True:
        block = [np.empty((plan.n_samples, *shape)) for shape in shapes]
        kernel.sample(xyz, *at_temperature, bias, steps, plan.stride, rng, *block, swaps)
        for record, part in zip(records, block, strict=True):
            record.append(part)
        energies, places = (np.concatenate(record) for record in records[:2])
        biases = _biases(task, bias, places[:, :, 2])
        result = alchemical_free_energy(
            energies + biases, temperature=task.temperature, ends_kj_mol=energies[:, :, [0, -1]]
        )
        if progress is not None:
            progress()
        enough = result.error_kj_mol <= plan.target_error_kj_mol * np.sqrt(plan.n_runs)
        if enough or len(records[0]) >= plan.max_blocks:
            break
    kept = slice(result.n_discarded, None)
    terms, pulls = (np.concatenate(record)[kept] for record in records[2:])
    undone = np.stack([biases[kept, 0, 0], biases[kept, -1, -1]], axis=1) / thermal_energy(task.temperature)
    weights = np.exp(undone - undone.max(axis=0))
    heights = places[kept][:, [0, -1], 2]
    return _Run(result, heights, weights / weights.sum(axis=0), terms, pulls, swaps, len(energies) * plan.stride)


def _cooling(temperature: float) -> list[float]:
    """Temperatures of the equilibration (K): a cold system is cooled by halves, so that every state finds the lowest basin."""
    warmer = [ROOM_TEMPERATURE / 2**n for n in range(12) if ROOM_TEMPERATURE / 2**n > temperature]
    return [*warmer, temperature]


def _biases(task: _Task, bias: Floats, heights: Floats) -> Floats:
    """Bias of every state (last axis) at the heights (S, K) that were sampled in every state, kJ/mol, shape (S, K, K)."""
    if task.fixed_z is not None:
        return np.zeros((*heights.shape, len(bias)))
    grid = np.linspace(task.region.z_low, task.region.z_high, bias.shape[1])
    return np.stack([np.interp(heights, grid, row) for row in bias], axis=-1)


def _combined(task: _Task, runs: Sequence[_Run]) -> ThermalExchange:
    values = np.array([run.free_energy.delta_kj_mol for run in runs])
    errors = np.array([run.free_energy.error_kj_mol for run in runs])
    weights = 1.0 / np.maximum(errors, 1e-12) ** 2
    mean, error = float(weights @ values / weights.sum()), float(weights.sum() ** -0.5)
    warnings = [word for run in runs for word in run.free_energy.warnings]
    if np.ptp(values) > DISAGREEMENT * np.sqrt(2.0) * errors.max():
        error = max(error, float(np.ptp(values) / 2.0))
        warnings.append(
            f"independent runs differ by {np.ptp(values):.2f} kJ/mol: a slow basin mixes badly, error widened"
        )
    if max(errors) > task.plan.target_error_kj_mol * np.sqrt(task.plan.n_runs):
        warnings.append(f"error {error:.2f} kJ/mol after the longest allowed run: above the target, sample longer")
    terms = np.mean([np.einsum("se,set->et", run.weights, run.terms) for run in runs], axis=0)
    pulls = np.array([np.einsum("se,se->e", run.weights, run.pulls) for run in runs])
    spread = np.array([_mean_error(run.pulls, run.free_energy.statistical_inefficiency) for run in runs])
    names = (task.first, task.second)
    swaps = np.sum([run.swaps for run in runs], axis=0)
    return ThermalExchange(
        task.first,
        task.second,
        task.temperature,
        mean,
        error,
        tuple(run.free_energy for run in runs),
        {name: terms_of(terms[end]) for end, name in enumerate(names)},
        {name: np.concatenate([run.heights[:, end] for run in runs]) for end, name in enumerate(names)},
        {name: np.concatenate([run.weights[:, end] for run in runs]) / len(runs) for end, name in enumerate(names)},
        {name: float(pulls[:, end].mean()) for end, name in enumerate(names)},
        {name: float(np.sqrt((spread[:, end] ** 2).sum()) / len(runs)) for end, name in enumerate(names)},
        swaps[:, 0] / np.maximum(swaps[:, 1], 1.0),
        sum(run.n_sweeps for run in runs),
        tuple(dict.fromkeys(warnings)),
    )


def _mean_error(series: Floats, inefficiency: float) -> Floats:
    return series.std(axis=0) * np.sqrt(inefficiency / len(series))
