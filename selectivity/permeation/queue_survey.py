"""What would one measure on this filter? Everything that the queue says about a pair of ions, in one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import Floats
from selectivity.permeation.queue import net_fluxes, reversal_potential, steady_state
from selectivity.permeation.queue_barrier import QueueInterval, queue_ratio_interval
from selectivity.permeation.queue_model import (
    NO_SPREAD,
    RECORDING_MM,
    QueueParameters,
    QueueSpread,
    checked_nodes,
    node_lattice,
)
from selectivity.permeation.queue_protocols import (
    MoleFractionScan,
    block_curve,
    concentration_series,
    flux_ratio_exponent,
    mole_fraction_scan,
    queue_ratio,
)
from selectivity.permeation.queue_sensitivity import EXPONENT_INSIDE_MM, EXPONENT_MV, EXPONENT_OUTSIDE_MM

VOLTAGES_MV = tuple(range(-150, 151, 25))
"""Voltages of the current-voltage curve when none are given, mV."""

CONCENTRATIONS_MM = (5.0, 15.0, 50.0, 150.0, 500.0, 1500.0)
"""Concentrations of the bi-ionic series, mM."""

FRACTIONS = tuple(round(0.1 * k, 1) for k in range(11))
"""Mole fractions of the second ion."""

BLOCK_MV = (50.0, 100.0, 200.0)
BLOCKER_MM = 50.0
"""Voltages (mV) and inner concentration of the second ion (mM) at which its block of the first ion's current is read."""


@dataclass(frozen=True)
class QueueNodes:
    """The nodes of a filter from the inside to the outside: plane, cage, plane, ... plane.

    ``ddg_kj_mol`` (n,) second ion minus first against water, ``error_kj_mol`` (n,) its standard error, ``moves_kj_mol`` (m, n) joint
    displacements that are equally likely (coordinates), ``shared_error_kj_mol`` one error of all nodes together (water leg),
    ``barrier_errors_kj_mol`` by cause what is known of the barrier itself, ``z_angstrom`` (n,) where they stand.
    """

    names: tuple[str, ...]
    ddg_kj_mol: Floats
    error_kj_mol: Floats
    z_angstrom: Floats
    shared_error_kj_mol: float = 0.0
    moves_kj_mol: Floats | None = None
    barrier_errors_kj_mol: Mapping[str, float] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, ...]:
        """ "plane" or "cage" for every node."""
        return tuple("cage" if k % 2 else "plane" for k in range(len(self.ddg_kj_mol)))

    @classmethod
    def by_hand(
        cls,
        ddg_kj_mol: ArrayLike,
        error_kj_mol: ArrayLike = 0.0,
        *,
        shared_error_kj_mol: float = 0.0,
        spacing: float = 1.5,
    ) -> QueueNodes:
        """Nodes without a structure, half a site (Å) apart; cages are numbered from the outside, as S1 ... of KcsA.

        >>> QueueNodes.by_hand([2.0, 20.0, 2.0, 20.0, 2.0]).names
        ('plane 1', 'S2', 'plane 2', 'S1', 'plane 3')
        """
        nodes = checked_nodes(ddg_kj_mol)
        cages = len(nodes) // 2
        names = tuple(f"S{cages - k // 2}" if k % 2 else f"plane {k // 2 + 1}" for k in range(len(nodes)))
        errors = np.broadcast_to(np.asarray(error_kj_mol, dtype=float), nodes.shape)
        return cls(names, nodes, errors, spacing * np.arange(-cages, cages + 1, dtype=float), shared_error_kj_mol)


@dataclass(frozen=True)
class Baths:
    """Concentrations (mM) by ion on both sides, temperature in K."""

    inside: dict[str, float]
    outside: dict[str, float]
    temperature: float

    def hold_both(self, ions: tuple[str, str]) -> bool:
        """Whether each of the two ions is somewhere: without, no ratio can be read from a reversal potential."""
        return all(self.inside.get(ion, 0.0) + self.outside.get(ion, 0.0) > 0.0 for ion in ions)


@dataclass(frozen=True)
class CurrentCurve:
    """Currents (pA, outward positive) of each ion and in total at ``v_mv`` (m,)."""

    v_mv: Floats
    by_ion_pa: dict[str, Floats]
    total_pa: Floats


@dataclass(frozen=True)
class QueueSurvey:
    """What the queue says about one filter; concentrations in mM, voltages in mV.

    ``ratio`` is None where the baths hold one ion only. ``occupancy`` maps ions to their mean number on each node at ``reversal_mv``
    in the given baths; ``finer_ratio`` is the ratio when every step is halved (at most three ions), a measure of what the choice of
    nodes costs; ``series_ratio`` is the bi-ionic ratio at the concentrations ``series_mm``; ``mixture`` the conductance
    against the mole fraction of the second ion at ``mixture_mm``; ``flux_ratio_exponent`` Ussing's n' of the first ion (150 mM
    inside, 50 mM outside, 20 mV); ``block`` the share of the first ion's current (150 mM on both sides) that is left with 50 mM of
    the second ion inside, at `BLOCK_MV`.
    """

    ions: tuple[str, str]
    nodes: QueueNodes
    parameters: QueueParameters
    baths: Baths
    reversal_mv: float
    mean_ions: float
    occupancy: dict[str, Floats]
    ratio: QueueInterval | None
    finer_ratio: float | None
    curve: CurrentCurve
    series_mm: Floats
    series_ratio: Floats
    mixture_mm: float
    mixture: MoleFractionScan
    flux_ratio_exponent: float
    block: Floats

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists and numbers; undefined is None."""
        return _plain(self)


def survey_queue(
    nodes: QueueNodes,
    *,
    ions: tuple[str, str] = ("K", "Na"),
    inside: Mapping[str, float] | None = None,
    outside: Mapping[str, float] | None = None,
    parameters: QueueParameters | None = None,
    spread: QueueSpread = NO_SPREAD,
    voltages_mv: Sequence[float] = VOLTAGES_MV,
    concentrations_mm: Sequence[float] = CONCENTRATIONS_MM,
    mixture_mm: float = RECORDING_MM,
    temperature: float = ROOM_TEMPERATURE,
    n_draws: int = 500,
    seed: int = 0,
) -> QueueSurvey:
    """Every measurement on one filter, baths in mM (default: the first ion inside, the second outside, 150 mM each).

    Errors as `queue_ratio_interval` and `reversal_potential`.

    >>> found = survey_queue(QueueNodes.by_hand([2.1, 20.9, 2.1]), voltages_mv=[-50.0, 50.0], n_draws=2)
    >>> bool(found.ratio.permeability_ratio > 1.0), found.curve.v_mv.tolist()
    (True, [-50.0, 50.0])
    """
    numbers = parameters or QueueParameters()
    model = node_lattice(nodes.ddg_kj_mol, parameters=numbers, ions=ions)
    baths = Baths(dict(inside or {ions[0]: RECORDING_MM}), dict(outside or {ions[1]: RECORDING_MM}), temperature)
    reversal = reversal_potential(model, **vars(baths))
    resting = steady_state(model, **vars(baths), v_mv=reversal)
    return QueueSurvey(
        ions=ions,
        nodes=nodes,
        parameters=numbers,
        baths=baths,
        reversal_mv=reversal,
        mean_ions=resting.mean_ions,
        occupancy=resting.occupancy,
        ratio=_ratio(nodes, ions, baths, numbers, spread, n_draws, seed) if baths.hold_both(ions) else None,
        finer_ratio=_finer_ratio(nodes, ions, baths, numbers) if baths.hold_both(ions) else None,
        curve=_curve(model, np.asarray(voltages_mv, dtype=float), baths),
        series_mm=np.asarray(concentrations_mm, dtype=float),
        series_ratio=concentration_series(model, concentrations_mm, temperature=temperature),
        mixture_mm=mixture_mm,
        mixture=mole_fraction_scan(model, FRACTIONS, total_mm=mixture_mm, temperature=temperature),
        flux_ratio_exponent=flux_ratio_exponent(
            model,
            ions[0],
            inside_mm=EXPONENT_INSIDE_MM,
            outside_mm=EXPONENT_OUTSIDE_MM,
            v_mv=EXPONENT_MV,
            temperature=temperature,
        ),
        block=block_curve(
            model, BLOCK_MV, carrier_mm=RECORDING_MM, blocker_mm=BLOCKER_MM, outside_mm=RECORDING_MM, temperature=temperature
        ),
    )  # fmt: skip


def _ratio(
    nodes: QueueNodes,
    ions: tuple[str, str],
    baths: Baths,
    numbers: QueueParameters,
    spread: QueueSpread,
    n_draws: int,
    seed: int,
) -> QueueInterval:
    return queue_ratio_interval(
        nodes.ddg_kj_mol,
        node_errors=nodes.error_kj_mol,
        shared_error=nodes.shared_error_kj_mol,
        moves=nodes.moves_kj_mol,
        barrier_errors=nodes.barrier_errors_kj_mol,
        spread=spread,
        n_draws=n_draws,
        seed=seed,
        parameters=numbers,
        ions=ions,
        **vars(baths),
    )


def _finer_ratio(nodes: QueueNodes, ions: tuple[str, str], baths: Baths, numbers: QueueParameters) -> float:
    fewer = replace(numbers, max_ions=min(numbers.max_ions, 3))
    model = node_lattice(nodes.ddg_kj_mol, ions=ions, parameters=fewer, refinement=2)
    return queue_ratio(model, **vars(baths)).permeability_ratio


def _curve(model: Lattice, v_mv: Floats, baths: Baths) -> CurrentCurve:
    ampere = 1e12 * elementary_charge * model.valence[:, None] * net_fluxes(model, **vars(baths), v_mv=v_mv)
    return CurrentCurve(v_mv, dict(zip(model.species, ampere, strict=True)), ampere.sum(axis=0))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value
