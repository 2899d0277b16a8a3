"""What does a cage of free ligands prefer at temperature T? Carbonyls, waters or both, confined to a sphere about the ion.

Nothing else holds the ligands: their number, their dipole and the sphere are the model. Turning one ion into the other costs a free
energy (replica-exchange Monte Carlo, MBAR); its entropy is what the cages of `selectivity.energetics.cages` at T = 0 leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.energetics.body_energies import Setting
from selectivity.energetics.cages import cage_ligands
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.free_energy import FreeEnergy, alchemical_free_energy
from selectivity.energetics.groups import Vector
from selectivity.energetics.hamiltonian import columns, pack_system, regions_of
from selectivity.energetics.ligands import LigandSystem
from selectivity.errors import OutOfRange

SPHERE = 3.5
"""Å; confinement of published reduced models of these sites: all ligands stay in the first shell of K+ (source: noskov2004)."""

SPHERES = (2.6, 8.0)
"""Å; the sphere must have room for an oxygen beside the ion."""

FIRST_STEP = 0.15
"""Å and rad; step before tuning."""

START_DISTANCE = 3.0
"""Å; oxygens start at this distance, or just inside the sphere."""

DISAGREEMENT = 2.5
"""Runs that differ by more than this many combined standard errors widen the error to their half difference."""


class CageSampling(NamedTuple):
    """How long to sample: alchemical states, independent runs, equilibration sweeps, then samples every ``stride`` sweeps."""

    n_states: int = 7
    n_runs: int = 2
    n_equilibration: int = 400
    n_samples: int = 800
    stride: int = 2


@dataclass(frozen=True)
class CageExchange:
    """Free energy of turning the first ion into the second in a cage (kJ/mol, no water leg), its error, and the shells of both.

    ``distances`` are the mean ion-oxygen distances (Å), ``coordination`` the mean numbers of oxygens within `SHELL`.
    """

    ions: tuple[str, str]
    delta_kj_mol: float
    error_kj_mol: float
    distances: tuple[float, float]
    coordination: tuple[float, float]
    warnings: tuple[str, ...]


SHELL = 3.2
"""Å; oxygens nearer than this are coordinated: beyond the first peak of K+ in water, before its minimum at 3.5 Å."""


def cage_exchange(
    n_ligands: int,
    first: str,
    second: str,
    *,
    n_waters: int = 0,
    radius: float = SPHERE,
    charge: float | None = None,
    ligand_repulsion: bool = True,
    force_field: str = "charmm36",
    temperature: float = ROOM_TEMPERATURE,
    sampling: CageSampling | None = None,
    seed: int = 0,
    progress: Callable[[], None] | None = None,
) -> CageExchange:
    """Exchange of two ions among ``n_ligands`` ligands, ``n_waters`` of them TIP3P waters and the rest carbonyls.

    Oxygens stay within ``radius`` (Å) of the ion; ``charge`` (e) replaces the carbonyl charges; without ``ligand_repulsion``
    ligands do not see one another. ``temperature`` in K. Raises `OutOfRange` for numbers, `UnknownChoice` for ions.

    >>> short = CageSampling(n_states=5, n_runs=1, n_equilibration=50, n_samples=60)
    >>> cage_exchange(6, "K", "K", sampling=short).delta_kj_mol
    0.0
    """
    plan = sampling or CageSampling()
    if not SPHERES[0] <= radius <= SPHERES[1]:
        raise OutOfRange(f"sphere of {radius:g} Å: needed {SPHERES[0]:g} to {SPHERES[1]:g} Å about the ion")
    system = cage_ligands(
        n_ligands,
        n_waters=n_waters,
        charge=charge,
        force_field=force_field,
        ligand_repulsion=ligand_repulsion,
        distance=min(START_DISTANCE, radius - 0.05),
    )
    if not (np.isfinite(temperature) and temperature > 0):
        raise OutOfRange(f"temperature {temperature} K: a positive temperature in kelvin is needed")
    runs = []
    for words in np.random.SeedSequence(seed).spawn(plan.n_runs):
        runs.append(_run(system, (first, second), radius, temperature, plan, np.random.default_rng(words)))
        if progress is not None:
            progress()
    return _combined((first, second), runs)


def _run(
    system: LigandSystem,
    ions: tuple[str, str],
    radius: float,
    temperature: float,
    plan: CageSampling,
    rng: np.random.Generator,
) -> tuple[FreeEnergy, Vector]:
    """One independent run: free energy, and the ion-oxygen distances (S, 2, G) of both end states."""
    from selectivity.energetics import cage_kernels

    packed = pack_system(system, (ions[0],), regions_of(None, 1))
    start = columns(system, system.positions, np.zeros((1, 3)), 1)
    xyz = np.ascontiguousarray(np.repeat(start[None], plan.n_states, axis=0))
    steps = np.full(plan.n_states, FIRST_STEP * np.sqrt(temperature / ROOM_TEMPERATURE))
    swaps = np.zeros((plan.n_states - 1, 2))
    params = exchange_path(packed.params, system.force_field, ions, plan.n_states)
    still = np.zeros(system.n_groups, dtype=bool)
    setting = Setting(
        packed.reference, packed.start, packed.walls, packed.coupling, still, still, still,
        np.array([[-1.0, 1.0]]), np.array([True]), system.n_atoms,
    )  # fmt: skip
    records = {}
    for tuning, count in ((True, plan.n_equilibration), (False, plan.n_samples)):
        energies = np.empty((count, plan.n_states, plan.n_states))
        distances = np.empty((count, 2, system.n_groups))
        cage_kernels.sample_cage(
            xyz,
            params,
            setting,
            system.oxygens(),
            radius,
            1.0 / thermal_energy(temperature),
            steps,
            plan.stride,
            tuning,
            rng,
            energies,
            distances,
            swaps,
        )
        records[tuning] = energies, distances
    energies, distances = records[False]
    return alchemical_free_energy(energies, temperature=temperature), distances


def exchange_path(params: Vector, force_field: str, ions: tuple[str, str], n_states: int) -> Vector:
    """Kernel parameters (K, 4, N) of all states: sqrt(epsilon) and Rmin/2 of the last atom go linearly from ion to ion."""
    first, second = (force_field_by_name(force_field).ion(name) for name in ions)
    share = np.linspace(0.0, 1.0, n_states)
    path = np.repeat(params[None], n_states, axis=0)
    path[:, 1, -1] = (1.0 - share) * np.sqrt(first.epsilon_kj_mol) + share * np.sqrt(second.epsilon_kj_mol)
    path[:, 2, -1] = (1.0 - share) * first.half_rmin + share * second.half_rmin
    return path


def _combined(ions: tuple[str, str], runs: Sequence[tuple[FreeEnergy, Vector]]) -> CageExchange:
    values = np.array([free.delta_kj_mol for free, _ in runs])
    errors = np.array([free.error_kj_mol for free, _ in runs])
    error = float(np.sqrt((errors**2).sum()) / len(errors))
    warnings = [word for free, _ in runs for word in free.warnings]
    if np.ptp(values) > DISAGREEMENT * np.sqrt(2.0) * errors.max():
        error = max(error, float(np.ptp(values) / 2.0))
        warnings.append(f"independent runs differ by {np.ptp(values):.2f} kJ/mol: the cage mixes badly, error widened")
    shells = np.concatenate([distances for _, distances in runs])
    return CageExchange(
        ions,
        float(values.mean()),
        error,
        (float(shells[:, 0].mean()), float(shells[:, 1].mean())),
        (float((shells[:, 0] < SHELL).sum(axis=1).mean()), float((shells[:, 1] < SHELL).sum(axis=1).mean())),
        tuple(dict.fromkeys(warnings)),
    )
