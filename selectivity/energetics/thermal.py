"""What does it cost at temperature T to turn one ion into another? Replica-exchange Monte Carlo of the Hamiltonian, solved by MBAR.

>>> from selectivity.structure.ideal import ideal_filter
>>> from selectivity.energetics.ligands import filter_ligands
>>> plan = Sampling(n_samples=100, n_equilibration=100, max_blocks=1)
>>> found = thermal_exchange(
...     filter_ligands(ideal_filter("kcsa-like")), "K", "Na", region=Region(0.0, 3.0, 1.8), sampling=plan, seed=1)
>>> -62 < found.delta_kj_mol < -44, round(sum(basin.share for basin in found.basins["Na"].values()), 6)
(True, 1.0)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.energetics.exchange import (
    BIAS_POINTS,
    FIRST_STEP,
    Exchange,
    Neighbour,
    Run,
    Sampling,
    ThermalExchange,
    combined,
    cooling,
    first_steps,
    independent_runs,
    packed_setting,
    requested,
    sample_blocks,
    starting_frames,
)
from selectivity.energetics.free_energy import Floats
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.ligands import LigandSystem


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
    lock). ``progress`` is called after every block; what it raises stops all runs. Source of the estimator: shirts_chodera2008.

    Raises `UnknownChoice` (ion), `OutOfRange` (region, temperature, fewer than two states, neither or both of region and height,
    states that do not overlap).
    """
    task = requested(system, (first, second), region, fixed_z, neighbours, temperature, sampling or Sampling())
    runs = independent_runs(lambda s, tick: _run(task, s, tick), task.plan, seed, jobs, progress)
    return combined(task, runs)


def _run(task: Exchange, seed: np.random.SeedSequence, progress: Callable[[], None] | None) -> Run:
    from selectivity.energetics.kernels import N_TERMS
    from selectivity.energetics.sampling import sample

    plan, rng = task.plan, np.random.default_rng(seed)
    params, setting = packed_setting(task, movable=("hydroxyl", "water"))
    xyz, steps = starting_frames(task), first_steps(task, FIRST_STEP, FIRST_STEP)
    bias = np.zeros((plan.n_states, BIAS_POINTS))
    shapes = ((plan.n_states, plan.n_states), (plan.n_states, 3), (2, N_TERMS), (2,))

    def sweeps(temperature: float, tuning: bool, stride: int, records: list[Floats], swaps: Floats) -> None:
        sample(
            xyz, params, setting, 1.0 / thermal_energy(temperature), bias, steps, tuning, stride, rng, *records, swaps
        )

    for warmth in cooling(task.temperature):
        unused = [np.empty((plan.n_equilibration, *shape)) for shape in shapes]
        sweeps(warmth, True, 1, unused, np.zeros((plan.n_states - 1, 2)))
    return sample_blocks(
        task,
        lambda records, swaps: sweeps(task.temperature, False, plan.stride, records, swaps),
        shapes,
        bias,
        progress,
    )


__all__ = ["Neighbour", "Region", "Sampling", "ThermalExchange", "thermal_exchange"]
