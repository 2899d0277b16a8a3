"""How many waters, and where? Bulk TIP3P as a reservoir, the regions of a filter that water reaches, and open (mu V T) sampling.

The exact treatment is the semi-grand ensemble: every alchemical state exchanges waters with the same reservoir, so that each ion has
the waters that it keeps, and the result is the difference of grand potentials, what a site in contact with water pays for the exchange.
The reservoir is the same in all states, hence mu N cancels between them and MBAR needs nothing but the energies of the ion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE, thermal_energy
from selectivity.data import read_table
from selectivity.energetics.free_energy import Floats, alchemical_free_energy
from selectivity.energetics.free_volume import Domain
from selectivity.energetics.groups import UNBOUNDED, water_sites
from selectivity.energetics.hamiltonian import Region, pack_system, regions_of
from selectivity.energetics.ligands import LigandSystem, add_waters
from selectivity.energetics.thermal import (
    BIAS_POINTS,
    FIRST_STEP,
    FIRST_TIME_STEP,
    Neighbour,
    Sampling,
    ThermalExchange,
    _alchemical,
    _biases,
    _check,
    _combined,
    _cooling,
    _held_radius,
    _Run,
    _starts,
    _Task,
)
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
    plan = sampling or OPEN_SAMPLING
    _check(plan, temperature, region, fixed_z)
    if len(domain.cells) == 0:
        raise OutOfRange("no free volume for water: the region is filled by the protein; score this site dry")
    slots = (
        most_waters
        if most_waters is not None
        else int(np.ceil(SPARE_SLOTS * reservoir.density_A3 * domain.volume)) + MORE_SLOTS
    )
    where = region if region is not None else Region(lateral_radius=_held_radius())
    task = _Task(_with_slots(system, slots), first, second, where, fixed_z, tuple(neighbours), temperature, plan)
    seeds = np.random.SeedSequence(seed).spawn(plan.n_runs)

    def one(s: np.random.SeedSequence) -> _OpenRun:
        return _open_run(task, domain, reservoir, slots, s, progress)

    if jobs > 1:
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            runs = list(pool.map(one, seeds))
    else:
        runs = [one(s) for s in seeds]
    exchange = _combined(task, [r.run for r in runs])
    waters = {ion: _occupancy(runs, end, slots, temperature) for end, ion in enumerate((first, second))}
    snapshots = {ion: _waters_in(runs[0].last[end], system.n_atoms, slots) for end, ion in enumerate((first, second))}
    return OpenExchange(exchange, waters, snapshots, domain.volume)


class _OpenRun(NamedTuple):
    run: _Run
    counts: NDArray[np.int64]
    last: Floats


def _with_slots(system: LigandSystem, slots: int) -> LigandSystem:
    """The system with ``slots`` waters, all parked."""
    from selectivity.energetics.grand_canonical import PARKED

    parked = np.zeros((slots, 3))
    parked[:, 0] = 2.0 * PARKED + 1000.0 * np.arange(slots)
    return add_waters(system, parked, region=(-UNBOUNDED, UNBOUNDED, UNBOUNDED))


def _open_run(
    task: _Task,
    domain: Domain,
    reservoir: WaterReservoir,
    slots: int,
    seed: np.random.SeedSequence,
    progress: Callable[[], None] | None,
) -> _OpenRun:
    from selectivity.energetics.grand_canonical import run
    from selectivity.energetics.kernels import N_TERMS

    plan, system, temperature = task.plan, task.system, task.temperature
    names = (task.first, *(n.ion for n in task.neighbours))
    packed = pack_system(system, names, regions_of([task.region, *(n.region for n in task.neighbours)], len(names)))
    ion, n_groups = system.n_atoms, system.n_groups
    setting = (
        _alchemical(task, packed, ion), packed.reference, packed.start, packed.walls, packed.coupling,
        np.array([kind == "carbonyl" for kind in system.kinds]), np.array([kind == "hydroxyl" for kind in system.kinds]),
        np.array([[task.region.z_low, task.region.z_high], *([n.region.z_low, n.region.z_high] for n in task.neighbours)]),
        np.array([task.fixed_z is not None] + [False] * len(task.neighbours)), ion,
        np.array([n_groups - slots, n_groups]), domain.cells, domain.allowed, domain.origin, domain.edge,
        water_sites(np.zeros(3), np.array([0.0, 0.0, 1.0])),
    )  # fmt: skip
    rng, xyz = np.random.default_rng(seed), _starts(task)
    cold = np.sqrt(temperature / ROOM_TEMPERATURE)
    first_steps = [FIRST_TIME_STEP, FIRST_STEP * cold, FIRST_STEP * cold, FIRST_WATER_STEP * cold]
    steps = np.tile(first_steps, (plan.n_states, 1))
    bias, swaps = np.zeros((plan.n_states, BIAS_POINTS)), np.zeros((plan.n_states - 1, 2))
    shapes = ((plan.n_states, plan.n_states), (plan.n_states, 3), (2, N_TERMS), (2,), (plan.n_states,))
    for warmth in _cooling(temperature):
        level = reservoir.adams(domain.volume, warmth), 1.0 / thermal_energy(warmth)
        unused = [np.empty((plan.n_equilibration, *shape)) for shape in shapes]
        run(xyz, *setting, *level, bias, steps, True, 1, rng, *unused, np.zeros_like(swaps))
    records: list[list[Floats]] = [[] for _ in shapes]
    while True:
        block = [np.empty((plan.n_samples, *shape)) for shape in shapes]
        run(xyz, *setting, *level, bias, steps, False, plan.stride, rng, *block, swaps)
        for record, part in zip(records, block, strict=True):
            record.append(part)
        energies, places = (np.concatenate(record) for record in records[:2])
        biases = _biases(task, bias, places[:, :, 2])
        result = alchemical_free_energy(energies + biases, temperature=temperature, ends_kj_mol=energies[:, :, [0, -1]])
        if progress is not None:
            progress()
        enough = result.error_kj_mol <= plan.target_error_kj_mol * np.sqrt(plan.n_runs)
        if enough or len(records[0]) >= plan.max_blocks:
            break
    kept = slice(result.n_discarded, None)
    terms, pulls, counts = (np.concatenate(record)[kept] for record in records[2:])
    undone = np.stack([biases[kept, 0, 0], biases[kept, -1, -1]], axis=1) / thermal_energy(temperature)
    weights = np.exp(undone - undone.max(axis=0))
    weights /= weights.sum(axis=0)
    heights = places[kept][:, [0, -1], 2]
    whole = _Run(result, heights, weights, terms, pulls, swaps, len(energies) * plan.stride)
    return _OpenRun(whole, counts[:, [0, -1]].astype(np.int64), xyz[[0, -1]])


def _occupancy(runs: Sequence[_OpenRun], end: int, slots: int, temperature: float) -> Occupancy:
    from selectivity.energetics.free_energy import _pymbar

    shares, variances = [], []
    for r in runs:
        counts, weights = r.counts[:, end], r.run.weights[:, end]
        shares.append(np.bincount(counts, weights=weights, minlength=slots + 1))
        inefficiency = _pymbar().timeseries.statistical_inefficiency(counts) if np.ptp(counts) > 0 else 1.0
        mean = weights @ counts
        variances.append(weights @ (counts - mean) ** 2 * inefficiency / len(counts))
    share = np.mean(shares, axis=0)
    means = [float(s @ np.arange(slots + 1)) for s in shares]
    error = np.sqrt(np.sum(variances)) / len(runs)
    return Occupancy(
        float(np.mean(means)), float(max(error, np.ptp(means) / 2 / np.sqrt(len(runs)))), share, temperature
    )


def _waters_in(xyz: Floats, first: int, slots: int) -> tuple[Floats, Floats]:
    """Oxygens and dipole directions of the waters in use in one configuration."""
    from selectivity.energetics.grand_canonical import PARKED

    atoms = xyz[:, first : first + 3 * slots].T.reshape(slots, 3, 3)
    atoms = atoms[atoms[:, 0, 0] < PARKED]
    dipoles = atoms[:, 1:].mean(axis=1) - atoms[:, 0]
    return atoms[:, 0], dipoles / np.linalg.norm(dipoles, axis=1, keepdims=True)
