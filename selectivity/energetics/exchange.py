"""What is common to every thermal exchange of two ions? The alchemical path, the blocks of sampling, independent runs combined.

The exchange path changes sqrt(epsilon) and Rmin/2 of the ion linearly from the first species to the second; both have the same
charge and a repulsive core, so no soft core is needed. Everything else (groups, waters, neighbouring ions) moves freely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import NamedTuple, TypeVar

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.energetics.basins import Basin, basins_of_runs
from selectivity.energetics.body_energies import Setting
from selectivity.energetics.force_field import force_field
from selectivity.energetics.free_energy import Floats, FreeEnergy, alchemical_free_energy, mean_of_series
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

T = TypeVar("T")

BIAS_POINTS = 21
"""Points of the bias along a site: one every 0.15 Å in a site of 3 Å, half the width of the narrowest well."""

DISAGREEMENT = 2.5
"""Independent runs that differ by more than this many combined standard errors are called out: a slow basin mixes badly."""


@dataclass(frozen=True)
class Sampling:
    """How long to sample: ``n_states`` alchemical states, ``n_runs`` independent runs of blocks of ``n_samples`` (every ``stride``
    sweeps, after ``n_equilibration`` sweeps) until the error of a run would allow ``target_error_kj_mol`` for their mean, or
    ``max_blocks`` are done."""

    n_states: int = 5
    n_runs: int = 2
    n_equilibration: int = 2000
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
    where an ion is held). ``runs`` are the independent results that were averaged. ``basins`` maps each ion to the shares of
    "lower plane", "cage" and "upper plane" of its site (none where it is held).
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
    basins: dict[str, dict[str, Basin]] = field(default_factory=dict)

    @property
    def minus_t_delta_s_kj_mol(self) -> float:
        """-T dS of the exchange: free energy minus mean energy difference, kJ/mol."""
        return self.delta_kj_mol - (self.mean_terms[self.second] - self.mean_terms[self.first]).total


class Exchange(NamedTuple):
    """What is asked for: which ions, where, at which temperature (K), how long. ``fixed_z`` holds the ion (Å), else ``region`` does."""

    system: LigandSystem
    first: str
    second: str
    region: Region
    fixed_z: float | None
    neighbours: tuple[Neighbour, ...]
    temperature: float
    plan: Sampling

    @property
    def ions(self) -> tuple[str, ...]:
        """The exchanged ion (as the first species) and its neighbours."""
        return (self.first, *(n.ion for n in self.neighbours))


@dataclass(frozen=True)
class Run:
    """One independent run: its result, and of the last samples kept (S, 2 ends) heights, weights, energy terms and dU/dz.

    ``swaps`` (K - 1, 2) counts swaps (accepted, tried); ``extra`` are further records (S, ...) of whoever drew the samples.
    """

    free_energy: FreeEnergy
    heights: Floats
    weights: Floats
    terms: Floats
    pulls: Floats
    swaps: Floats
    n_sweeps: int
    extra: tuple[Floats, ...] = ()


def requested(
    system: LigandSystem,
    ions: tuple[str, str],
    region: Region | None,
    fixed_z: float | None,
    neighbours: Sequence[Neighbour],
    temperature: float,
    plan: Sampling,
) -> Exchange:
    """The request, checked. Raises `OutOfRange` (region, temperature, plan) and `UnknownChoice` (ion)."""
    if plan.n_states < 2:
        raise OutOfRange(f"{plan.n_states} alchemical states: at least 2 are needed (default {Sampling.n_states})")
    if min(plan.n_runs, plan.n_samples, plan.stride, plan.max_blocks) < 1 or plan.n_samples < 10:
        raise OutOfRange("sampling needs at least 1 run, 1 block, 10 samples a block and a stride of 1")
    if not plan.target_error_kj_mol > 0:
        raise OutOfRange(f"target error {plan.target_error_kj_mol} kJ/mol: a positive number is needed (default 0.35)")
    if not (np.isfinite(temperature) and temperature > 0):
        raise OutOfRange(f"temperature {temperature} K: a positive temperature in kelvin is needed")
    if (region is None) == (fixed_z is None):
        raise OutOfRange("an ion to exchange needs either a region or a height fixed_z: give exactly one of them")
    if region is not None and (region.z_low <= -UNBOUNDED or region.z_high >= UNBOUNDED):
        raise OutOfRange("the region of the exchanged ion has an open end: give both z_low and z_high in Å")
    for name in ions:
        force_field(system.force_field).ion(name)
    where = region if region is not None else Region(lateral_radius=_held_radius())
    return Exchange(system, *ions, where, fixed_z, tuple(neighbours), temperature, plan)


def packed_setting(task: Exchange, *, movable: Sequence[str], shifting: Sequence[str] = ()) -> tuple[Floats, Setting]:
    """Parameters of all states (K, 4, N) and the kernels' setting; groups of the kinds ``movable`` move one by one, those of the
    kinds ``shifting`` (three atoms) also with the trajectories."""
    system, ions = task.system, task.ions
    regions = (task.region, *(n.region for n in task.neighbours))
    packed = pack_system(system, ions, regions_of(regions, len(ions)))
    setting = Setting(
        packed.reference,
        packed.start,
        packed.walls,
        packed.coupling,
        np.array([kind == "carbonyl" for kind in system.kinds]),
        np.array([kind in movable for kind in system.kinds]),
        np.array([kind == "hydroxyl" for kind in system.kinds]),
        np.array([[r.z_low, r.z_high] for r in regions]),
        np.array([task.fixed_z is not None] + [False] * len(task.neighbours)),
        system.n_atoms,
        np.array([kind in shifting for kind in system.kinds]),
    )
    return _alchemical(task, packed), setting


def _alchemical(task: Exchange, packed: PackedSystem) -> Floats:
    ion, field_ = task.system.n_atoms, force_field(task.system.force_field)
    ends = [field_.ion(name) for name in (task.first, task.second)]
    params = np.repeat(packed.params[None], task.plan.n_states, axis=0)
    for k, share in enumerate(np.linspace(0.0, 1.0, task.plan.n_states)):
        params[k, 1, ion] = sum(w * np.sqrt(e.epsilon_kj_mol) for w, e in zip((1 - share, share), ends, strict=True))
        params[k, 2, ion] = sum(w * e.half_rmin for w, e in zip((1 - share, share), ends, strict=True))
    return params


def starting_frames(task: Exchange) -> Floats:
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


def first_steps(task: Exchange, *widths: float) -> Floats:
    """Step table before tuning (K, M): a time step and widths (Å), smaller in the cold since amplitudes go with the square root of T."""
    cold = np.sqrt(task.temperature / ROOM_TEMPERATURE)
    return np.tile([FIRST_TIME_STEP, *(width * cold for width in widths)], (task.plan.n_states, 1))


FIRST_TIME_STEP = 0.06
"""Time step of trajectories before tuning, in units of sqrt(mass Å^2 mol/kJ) at unit mass: 0.1 of the fastest period."""

FIRST_STEP = 0.15
"""Å; step width before tuning, about half the thermal amplitude of the groups."""


def cooling(temperature: float) -> list[float]:
    """Temperatures of the equilibration (K): a cold system is cooled by halves, so that every state finds the lowest basin.

    >>> cooling(298.15), cooling(100.0)
    ([298.15], [298.15, 149.075, 100.0])
    """
    warmer = [ROOM_TEMPERATURE / 2**n for n in range(12) if ROOM_TEMPERATURE / 2**n > temperature]
    return [*warmer, temperature]


def sample_blocks(
    task: Exchange,
    draw: Callable[[list[Floats], Floats], None],
    shapes: Sequence[tuple[int, ...]],
    bias: Floats,
    progress: Callable[[], None] | None,
) -> Run:
    """Blocks of samples until the error is small enough: ``draw`` fills one array (S, *shape) per shape and counts swaps.

    The first four records are those of `selectivity.energetics.sampling.sample`. The error falls with the square root of the length: it
    is worked out again only when it may be small enough.
    """
    plan, n_blocks, due = task.plan, 0, 1
    aim = plan.target_error_kj_mol * np.sqrt(plan.n_runs)
    swaps = np.zeros((plan.n_states - 1, 2))
    records: list[list[Floats]] = [[] for _ in shapes]
    while True:
        block = [np.empty((plan.n_samples, *shape)) for shape in shapes]
        draw(block, swaps)
        n_blocks += 1
        for kept, part in zip(records, block, strict=True):
            kept.append(part)
        if progress is not None:
            progress()
        if n_blocks < min(due, plan.max_blocks):
            continue
        energies, places = (np.concatenate(kept) for kept in records[:2])
        biases = _biases(task, bias, places[:, :, 2])
        ends = energies[:, :, [0, -1]]
        result = alchemical_free_energy(energies + biases, temperature=task.temperature, ends_kj_mol=ends)
        if result.error_kj_mol <= aim or n_blocks >= plan.max_blocks:
            break
        due = min(2 * n_blocks, int(np.ceil(n_blocks * (result.error_kj_mol / aim) ** 2)))
    last = slice(result.n_discarded, None)
    terms, pulls, *extra = (np.concatenate(kept)[last] for kept in records[2:])
    undone = np.stack([biases[last, 0, 0], biases[last, -1, -1]], axis=1) / thermal_energy(task.temperature)
    weights = np.exp(undone - undone.max(axis=0))
    weights /= weights.sum(axis=0)
    heights = places[last][:, [0, -1], 2]
    return Run(result, heights, weights, terms, pulls, swaps, len(energies) * plan.stride, tuple(extra))


def _biases(task: Exchange, bias: Floats, heights: Floats) -> Floats:
    """Bias of every state (last axis) at the heights (S, K) that were sampled in every state, kJ/mol, shape (S, K, K)."""
    if task.fixed_z is not None:
        return np.zeros((*heights.shape, len(bias)))
    grid = np.linspace(task.region.z_low, task.region.z_high, bias.shape[1])
    return np.stack([np.interp(heights, grid, row) for row in bias], axis=-1)


def independent_runs(
    one: Callable[[np.random.SeedSequence, Callable[[], None]], T],
    plan: Sampling,
    seed: int,
    jobs: int,
    progress: Callable[[], None] | None,
) -> list[T]:
    """``plan.n_runs`` runs with seeds of their own, on ``jobs`` threads; an interruption stops all of them after their block."""
    stop = Event()

    def tick() -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        if progress is not None:
            progress()

    seeds = np.random.SeedSequence(seed).spawn(plan.n_runs)
    if jobs <= 1:
        return [one(s, tick) for s in seeds]
    pool = ThreadPoolExecutor(max_workers=jobs)
    futures = [pool.submit(one, s, tick) for s in seeds]
    try:
        return [future.result() for future in futures]
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def combined(task: Exchange, runs: Sequence[Run]) -> ThermalExchange:
    """The mean of independent runs, weighted by their lengths; runs that scatter more than their errors allow widen its error.

    A run that sat in one basin reports a small error for a wrong value: its own error must not weigh it. The error is the larger
    of what the runs report and what they scatter, the rule of pdg2024 for equal weights (chi^2 per degree of freedom above 1).
    """
    values = np.array([run.free_energy.delta_kj_mol for run in runs])
    errors = np.array([run.free_energy.error_kj_mol for run in runs])
    weights = np.array([run.n_sweeps for run in runs], dtype=float)
    weights /= weights.sum()
    mean, error = float(weights @ values), float(np.linalg.norm(weights * errors))
    if len(runs) > 1:
        error = max(error, float(np.sqrt(weights**2 @ (values - mean) ** 2 * len(runs) / (len(runs) - 1))))
    names = (task.first, task.second)
    terms = np.mean([np.einsum("se,set->et", run.weights, run.terms) for run in runs], axis=0)
    swaps = np.sum([run.swaps for run in runs], axis=0)
    pulls = [[mean_of_series(run.pulls[:, end], run.weights[:, end]) for run in runs] for end in range(2)]
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
        {name: float(np.mean([pull for pull, _ in pulls[end]])) for end, name in enumerate(names)},
        {name: float(np.linalg.norm([e for _, e in pulls[end]]) / len(runs)) for end, name in enumerate(names)},
        swaps[:, 0] / np.maximum(swaps[:, 1], 1.0),
        sum(run.n_sweeps for run in runs),
        _warnings(task, runs, values, errors, error),
        _basins(task, runs),
    )


def _basins(task: Exchange, runs: Sequence[Run]) -> dict[str, dict[str, Basin]]:
    if task.fixed_z is not None:
        return {}
    return {
        name: basins_of_runs([run.heights[:, end] for run in runs], [run.weights[:, end] for run in runs], task.region)
        for end, name in enumerate((task.first, task.second))
    }


def _warnings(task: Exchange, runs: Sequence[Run], values: Floats, errors: Floats, error: float) -> tuple[str, ...]:
    words = [word for run in runs for word in run.free_energy.warnings]
    if np.ptp(values) > DISAGREEMENT * np.sqrt(2.0) * errors.max():
        words.append(f"independent runs differ by {np.ptp(values):.2f} kJ/mol: a slow basin mixes badly, error widened")
    if errors.max() > task.plan.target_error_kj_mol * np.sqrt(task.plan.n_runs):
        words.append(f"error {error:.2f} kJ/mol after the longest allowed run: above the target, sample longer")
    return tuple(dict.fromkeys(words))


def _held_radius() -> float:
    from selectivity.energetics.minimise import LATERAL_RADIUS

    return LATERAL_RADIUS
