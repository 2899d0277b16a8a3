"""How many waters, and where? Bulk TIP3P as a reservoir, the regions of a filter that water reaches, and open (mu V T) sampling.

The exact treatment is the semi-grand ensemble: every alchemical state exchanges waters with the same reservoir, so that each ion has
the waters that it keeps, and the result is the difference of grand potentials, what a site in contact with water pays for the exchange.
The reservoir is the same in all states, hence mu N cancels between them and MBAR needs nothing but the energies of the ion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE, thermal_energy
from selectivity.data import read_table
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
from selectivity.energetics.free_energy import Floats, mean_of_series
from selectivity.energetics.free_volume import Domain
from selectivity.energetics.groups import UNBOUNDED, water_sites
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.ligands import LigandSystem, add_waters
from selectivity.errors import OutOfRange, UnknownChoice

PER_CUBIC_ANGSTROM = 6.02214076e-7
"""Molecules per Å^3 in 1 mM (N_A times 1e-27 mol per Å^3 and mM; N_A is exact)."""

SPARE_SLOTS = 1.6
MORE_SLOTS = 6
"""Slots for waters: 1.6 times the number that bulk density would put into the free volume, and 6 more: an ion draws waters closer
together, the more so in a small volume."""

FIRST_WATER_STEP = 0.3
"""Å; width of the moves of a water before tuning."""

TRUNCATED = 1e-3
"""Share of samples with every slot in use above which the number of waters counts as cut off."""

WARMEST, COLDEST = 373.15, 273.15
"""K; liquid range, in which the first-order temperature dependence of the reservoir is used."""


OPEN_SAMPLING = Sampling(n_equilibration=1500, n_samples=1500, stride=3, max_blocks=8)
"""Waters come, turn and go more slowly than dry groups move: longer equilibration and fewer records per sweep than the dry default."""


class WaterReservoir(NamedTuple):
    """Bulk water in contact with the pore: molecules per Å^3 and excess chemical potential (kJ/mol, liquid against ideal gas)."""

    density_A3: float
    excess_kj_mol: float

    def adams(self, volume: float, temperature: float) -> float:
        """B = mu_ex / RT + ln(rho V) of a volume in Å^3 (source: adams1975).

        >>> round(WaterReservoir(0.03295, 0.0).adams(100.0, 298.15), 3)
        1.192
        """
        return self.excess_kj_mol / thermal_energy(temperature) + float(np.log(self.density_A3 * volume))


def bulk_water(force_field: str = "charmm36", *, temperature: float = ROOM_TEMPERATURE) -> WaterReservoir:
    """TIP3P at 1 atm from ``data/water_bulk.csv``; mu_ex(T) = mu_ex(298) - S (T - 298.15 K), density that of 298.15 K.

    Raises `UnknownChoice` (force field), `OutOfRange` outside 273.15 to 373.15 K.

    >>> bulk = bulk_water("amber")
    >>> round(1.0 / bulk.density_A3, 2), round(bulk.excess_kj_mol, 2)
    (30.35, -25.48)
    """
    if not COLDEST <= temperature <= WARMEST:
        raise OutOfRange(f"temperature {temperature} K: liquid water needs {COLDEST} to {WARMEST} K")
    rows = {
        row["quantity"]: float(row["value"]) for row in read_table("water_bulk") if row["force_field"] == force_field
    }
    if not rows:
        raise UnknownChoice(f"no bulk water for force field {force_field!r}: choose charmm36 or amber")
    excess = rows["excess_chemical_potential"] - rows["t_excess_entropy"] * (temperature / ROOM_TEMPERATURE - 1.0)
    return WaterReservoir(rows["density"] * PER_CUBIC_ANGSTROM, excess * KJ_PER_KCAL)


@dataclass(frozen=True)
class Occupancy:
    """Waters in the domain with one ion present: mean and standard error of their number, and ``share`` (M + 1,) of each number.

    ``free_energy_kj_mol`` (M + 1,) is G(N) - N mu against its minimum (infinite where N was never seen).
    """

    mean: float
    error: float
    share: Floats
    temperature: float

    @property
    def most_likely(self) -> int:
        """The number N that minimises G(N) - N mu."""
        return int(self.share.argmax())

    @property
    def free_energy_kj_mol(self) -> Floats:
        """G(N) - N mu = -RT ln share(N), against its minimum, kJ/mol."""
        with np.errstate(divide="ignore"):
            return np.asarray(-thermal_energy(self.temperature) * np.log(self.share / self.share.max()))


@dataclass(frozen=True)
class OpenExchange:
    """`ThermalExchange` of an ion in contact with a reservoir of water, and the waters of both ions.

    ``exchange.delta_kj_mol`` is the difference of grand potentials. ``snapshots`` maps each ion to the oxygens (N, 3; Å) and the unit
    dipoles (N, 3) of the waters in its last configuration.
    """

    exchange: ThermalExchange
    waters: dict[str, Occupancy]
    snapshots: dict[str, tuple[Floats, Floats]]
    free_volume_A3: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know: of the exchange, and of a number of waters that met its limit."""
        cut = [f"{ion}: more waters wanted than slots" for ion, w in self.waters.items() if w.share[-1] > TRUNCATED]
        return (*self.exchange.warnings, *cut)


def open_exchange(
    system: LigandSystem,
    first: str,
    second: str,
    *,
    domain: Domain,
    reservoir: WaterReservoir,
    region: Region | None = None,
    fixed_z: float | None = None,
    neighbours: Sequence[Neighbour] = (),
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    most_waters: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[], None] | None = None,
) -> OpenExchange:
    """`thermal_exchange` with waters that come and go in ``domain`` at the chemical potential of ``reservoir``.

    ``system`` holds the ligands without waters. ``most_waters`` is the number of slots (default: `SPARE_SLOTS` times bulk
    density and `MORE_SLOTS`), ``sampling`` by default `OPEN_SAMPLING`. The other arguments, and seeds, are those of
    `selectivity.energetics.thermal.thermal_exchange`. Equal ions give the occupancy alone.

    Raises what `thermal_exchange` raises, and `OutOfRange` for an empty domain.
    """
    if len(domain.cells) == 0:
        raise OutOfRange("no free volume for water: the region is filled by the protein; score this site dry")
    bulk = reservoir.density_A3 * domain.volume
    slots = most_waters if most_waters is not None else int(np.ceil(SPARE_SLOTS * bulk)) + MORE_SLOTS
    plan = sampling or OPEN_SAMPLING
    task = requested(_with_slots(system, slots), (first, second), region, fixed_z, neighbours, temperature, plan)
    runs = independent_runs(
        lambda s, tick: _open_run(task, domain, reservoir, slots, s, tick), plan, seed, jobs, progress
    )
    exchange = combined(task, [r.run for r in runs])
    waters = {ion: _occupancy(runs, end, slots, temperature) for end, ion in enumerate((first, second))}
    snapshots = {ion: _waters_in(runs[0].last[end], system.n_atoms, slots) for end, ion in enumerate((first, second))}
    return OpenExchange(exchange, waters, snapshots, domain.volume)


class _OpenRun(NamedTuple):
    run: Run
    counts: NDArray[np.int64]
    last: Floats


def _with_slots(system: LigandSystem, slots: int) -> LigandSystem:
    """The system with ``slots`` waters, all parked."""
    from selectivity.energetics.grand_canonical import PARKED

    parked = np.zeros((slots, 3))
    parked[:, 0] = 2.0 * PARKED + 1000.0 * np.arange(slots)
    return add_waters(system, parked, region=(-UNBOUNDED, UNBOUNDED, UNBOUNDED))


def _open_run(
    task: Exchange,
    domain: Domain,
    reservoir: WaterReservoir,
    slots: int,
    seed: np.random.SeedSequence,
    progress: Callable[[], None] | None,
) -> _OpenRun:
    from selectivity.energetics.grand_canonical import Pool, run
    from selectivity.energetics.kernels import N_TERMS

    plan, rng, n_groups = task.plan, np.random.default_rng(seed), task.system.n_groups
    params, setting = packed_setting(task, movable=("hydroxyl", "water"), shifting=("hydroxyl", "water"))
    setting.singles[n_groups - slots :] = False
    xyz, steps = starting_frames(task), first_steps(task, FIRST_STEP, FIRST_STEP, FIRST_WATER_STEP)
    begin = task.system.n_atoms - 3 * slots
    shape = water_sites(np.zeros(3), np.array([0.0, 0.0, 1.0]))
    pool = Pool(n_groups - slots, n_groups, begin, domain.cells, domain.allowed, domain.origin, domain.edge, shape)
    setting = setting._replace(pool_begin=begin, allowed=pool.allowed, origin=pool.origin, edge=pool.edge)
    used, bias = np.full(plan.n_states, begin), np.zeros((plan.n_states, BIAS_POINTS))
    shapes = ((plan.n_states, plan.n_states), (plan.n_states, 3), (2, N_TERMS), (2,), (plan.n_states,))

    def sweeps(temperature: float, tuning: bool, stride: int, records: list[Floats], swaps: Floats) -> None:
        level, beta = reservoir.adams(domain.volume, temperature), 1.0 / thermal_energy(temperature)
        run(xyz, params, setting, pool, used, level, beta, bias, steps, tuning, stride, rng, *records, swaps)

    for warmth in cooling(task.temperature):
        unused = [np.empty((plan.n_equilibration, *shape)) for shape in shapes]
        sweeps(warmth, True, 1, unused, np.zeros((plan.n_states - 1, 2)))
    whole = sample_blocks(
        task,
        lambda records, swaps: sweeps(task.temperature, False, plan.stride, records, swaps),
        shapes,
        bias,
        progress,
    )
    return _OpenRun(whole, whole.extra[0][:, [0, -1]].astype(np.int64), xyz[[0, -1]])


def _occupancy(runs: Sequence[_OpenRun], end: int, slots: int, temperature: float) -> Occupancy:
    each = [(r.counts[:, end], r.run.weights[:, end]) for r in runs]
    share = np.mean([np.bincount(n, weights=w, minlength=slots + 1) for n, w in each], axis=0)
    means, errors = zip(*(mean_of_series(n.astype(float), w) for n, w in each), strict=True)
    within = float(np.linalg.norm(errors) / len(runs))
    between = float(np.std(means, ddof=1) / np.sqrt(len(runs))) if len(runs) > 1 else 0.0
    return Occupancy(float(np.mean(means)), max(within, between), share, temperature)


def _waters_in(xyz: Floats, first: int, slots: int) -> tuple[Floats, Floats]:
    """Oxygens and dipole directions of the waters in use in one configuration."""
    from selectivity.energetics.grand_canonical import PARKED

    atoms = xyz[:, first : first + 3 * slots].T.reshape(slots, 3, 3)
    atoms = atoms[atoms[:, 0, 0] < PARKED]
    dipoles = atoms[:, 1:].mean(axis=1) - atoms[:, 0]
    return atoms[:, 0], dipoles / np.linalg.norm(dipoles, axis=1, keepdims=True)
