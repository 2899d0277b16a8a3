"""Rule "queue": which one barrier difference stands for a filter in which several ions queue, and how sure is it?

    ddG_barrier (effective) = RT ln(P_first/P_second),   P_first/P_second from the reversal potential of the lattice

The nodes are given in one array in the order in which an ion meets them from the inside: plane, cage, plane, ... plane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy, thermal_voltage
from selectivity.errors import OutOfRange
from selectivity.permeation.lattice import Lattice
from selectivity.permeation.occupancy import Floats
from selectivity.permeation.queue import reversal_potentials
from selectivity.permeation.queue_model import (
    NO_SPREAD,
    RECORDING_MM,
    QueueParameters,
    QueueSpread,
    bounded_nodes,
    checked_nodes,
    node_lattice,
)
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.uncertainty import log10_ratio_error, quadrature, ratio_interval, uniform_spread

FIRST, SECOND = "K", "Na"
"""What the two ions are called here when nobody names them."""

SENSITIVITY_STEP_KJ_MOL = 0.05
"""Half step of the finite differences, kJ/mol: a fiftieth of RT, far above the noise of the root (1e-8 mV)."""

Baths = Mapping[str, float] | None


def queue_barrier(
    ddg_nodes: ArrayLike,
    *,
    first_nodes: ArrayLike | None = None,
    parameters: QueueParameters | None = None,
    temperature: float = ROOM_TEMPERATURE,
    inside: Baths = None,
    outside: Baths = None,
    ions: tuple[str, str] = (FIRST, SECOND),
) -> float:
    """Effective barrier difference RT ln(P_first/P_second), kJ/mol, of a filter with ddG (n_nodes,) kJ/mol in its nodes.

    Without baths the bi-ionic recording: the first ion inside, the second outside, 150 mM each. ``first_nodes`` (n_nodes,) replaces
    the energies of the first ion that ``parameters`` give. Raises `OutOfRange` for bad nodes or baths without a positive ratio.

    >>> round(queue_barrier([2.1, 20.9, 2.1, 20.9, 2.1, 20.9, 2.1, 20.9, 2.1]), 1)
    10.8
    """
    nodes = checked_nodes(ddg_nodes)[None]
    return float(
        moved_queue_barriers(
            nodes, first_nodes=first_nodes, parameters=parameters, temperature=temperature, inside=inside, outside=outside, ions=ions
        )[0]
    )  # fmt: skip


def moved_queue_barriers(
    ddg_nodes: ArrayLike,
    *,
    first_nodes: ArrayLike | None = None,
    parameters: QueueParameters | None = None,
    temperature: float = ROOM_TEMPERATURE,
    inside: Baths = None,
    outside: Baths = None,
    ions: tuple[str, str] = (FIRST, SECOND),
    generic: GenericMoves | None = None,
) -> Floats:
    """`queue_barrier` of m variants ``ddg_nodes`` (m, n_nodes) of one filter, (m,) kJ/mol, in one go.

    ``generic`` moves the generic numbers of each variant too.
    """
    variants = np.atleast_2d(bounded_nodes(ddg_nodes))
    numbers = parameters or QueueParameters()
    model = node_lattice(variants[0], first_nodes_kj_mol=first_nodes, parameters=numbers, ions=ions)
    moves = generic or GenericMoves(np.zeros(len(variants)), np.zeros(len(variants)), np.zeros(len(variants)))
    first = np.broadcast_to(model.node_energy_kj_mol[0], variants.shape) + moves.well_kj_mol[:, None]
    first[:, 0::2] += moves.barrier_kj_mol[:, None]
    energies = model.state_energies(np.stack([first, first + variants], axis=1), 1.0 + moves.repulsion_fraction)
    return _effective_barriers(
        model, energies, inside or {ions[0]: RECORDING_MM}, outside or {ions[1]: RECORDING_MM}, temperature
    )


@dataclass(frozen=True)
class GenericMoves:
    """Moves of the generic numbers, one for each of m variants: well and barrier in kJ/mol, repulsion as a fraction of itself."""

    well_kj_mol: Floats
    barrier_kj_mol: Floats
    repulsion_fraction: Floats


@dataclass(frozen=True)
class QueueInterval:
    """RT ln(P_first/P_second) of a queue with its error. Central values are unperturbed.

    ``error_kj_mol`` is the root mean square deviation of the draws from the central value, in quadrature with the errors that were
    given for the barrier itself and with that of slow mouths; ``components_kj_mol`` are its linear shares (nodes, shared, moves, well,
    barrier, repulsion), "entry" and
    those given; ``sensitivity`` (n_nodes,) is d(RT ln P)/d(ddG node), dimensionless;
    the interval is that of 95 %, symmetric in log10 P. ``draws_kj_mol`` (n_draws,).
    """

    ddg_barrier_kj_mol: float
    error_kj_mol: float
    permeability_ratio: float
    permeability_ratio_interval: tuple[float, float]
    log10_ratio_error: float
    components_kj_mol: dict[str, float]
    sensitivity: Floats
    draws_kj_mol: Floats


def queue_ratio_interval(
    ddg_nodes: ArrayLike,
    *,
    node_errors: ArrayLike = 0.0,
    shared_error: float = 0.0,
    moves: ArrayLike | None = None,
    barrier_errors: Mapping[str, float] | None = None,
    spread: QueueSpread = NO_SPREAD,
    n_draws: int = 500,
    seed: int = 0,
    first_nodes: ArrayLike | None = None,
    parameters: QueueParameters | None = None,
    temperature: float = ROOM_TEMPERATURE,
    inside: Baths = None,
    outside: Baths = None,
    ions: tuple[str, str] = (FIRST, SECOND),
) -> QueueInterval:
    """The queue's ratio when its nodes and generic numbers carry errors; all in kJ/mol.

    ``node_errors`` (n_nodes,) or scalar are independent standard errors of each node (sampling), ``shared_error`` one of all nodes
    together (the water leg), ``moves`` (m, n_nodes) equally likely joint displacements (those of the coordinates, one row for each
    perturbed structure), of which every draw takes one, ``barrier_errors`` by cause what is known of the barrier itself,
    ``spread`` the standard deviations of the generic numbers. Same seed, same numbers. Raises `OutOfRange` for negative errors or
    fewer than two draws.

    >>> sure = queue_ratio_interval([2.1, 20.9, 2.1, 20.9, 2.1], shared_error=2.0, n_draws=64)
    >>> low, high = sure.permeability_ratio_interval
    >>> low < sure.permeability_ratio < high
    True
    """
    nodes = checked_nodes(ddg_nodes)
    errors = np.broadcast_to(np.asarray(node_errors, dtype=float), nodes.shape)
    joint = np.zeros((1, len(nodes))) if moves is None else np.atleast_2d(checked_nodes(moves))
    _refuse_bad_errors([*errors, shared_error, *(barrier_errors or {}).values()], spread, n_draws, joint, nodes)
    given = {
        "first_nodes": first_nodes,
        "parameters": parameters,
        "temperature": temperature,
        "inside": inside,
        "outside": outside,
        "ions": ions,
    }
    draws = _draws(np.random.default_rng(seed), nodes, errors, shared_error, joint, spread, n_draws, given)
    central, sensitivity, generic = _slopes(nodes, spread, given)
    known = dict(barrier_errors or {}) | {"entry": _entry_error(central, nodes, spread, given)}
    error = quadrature([float(np.sqrt(np.mean((draws - central) ** 2))), *known.values()])
    along = joint @ sensitivity
    components = {
        "nodes": quadrature((sensitivity * errors).tolist()),
        "shared": abs(float(sensitivity.sum())) * shared_error,
        "moves": float(np.sqrt(np.mean(along**2))),
        **generic,
        **known,
    }
    return QueueInterval(
        central,
        error,
        permeability_ratio(central, temperature=temperature),
        ratio_interval(central, error, temperature=temperature),
        log10_ratio_error(error, temperature=temperature),
        components,
        sensitivity,
        draws,
    )


def queue_sensitivity(ddg_nodes: ArrayLike, **given: object) -> Floats:
    """d(RT ln P)/d(ddG node) (n_nodes,), dimensionless, by central differences; keywords as `queue_barrier`.

    Their sum, what a shift of all nodes does, is below 1 where the second ion waits in the filter for its turn.

    >>> bool(0.5 < queue_sensitivity([2.1, 20.9, 2.1, 20.9, 2.1]).sum() < 1.0)
    True
    """
    return _slopes(checked_nodes(ddg_nodes), NO_SPREAD, given)[1]


def _slopes(nodes: Floats, spread: QueueSpread, given: Mapping[str, object]) -> tuple[float, Floats, dict[str, float]]:
    """Central barrier, its derivative by every node, and what one standard deviation of each generic number moves it."""
    n = len(nodes)
    step = SENSITIVITY_STEP_KJ_MOL * np.eye(n)
    variants = nodes + np.concatenate([np.zeros((1, n)), step, -step, np.zeros((6, n))])
    generic = np.zeros((3, len(variants)))
    widths = (spread.well_kj_mol, spread.barrier_kj_mol, spread.repulsion_fraction)
    for number, width in enumerate(widths):
        generic[number, 2 * n + 1 + 2 * number : 2 * n + 3 + 2 * number] = width, -width
    barriers = moved_queue_barriers(variants, generic=GenericMoves(*generic), **given)  # type: ignore[arg-type]
    slopes = (barriers[1 : n + 1] - barriers[n + 1 : 2 * n + 1]) / (2.0 * SENSITIVITY_STEP_KJ_MOL)
    ends = barriers[2 * n + 1 :].reshape(3, 2) - barriers[0]
    shares = np.sqrt(np.mean(ends**2, axis=1))
    return float(barriers[0]), slopes, dict(zip(("well", "barrier", "repulsion"), shares.tolist(), strict=True))


def _entry_error(central: float, nodes: Floats, spread: QueueSpread, given: Mapping[str, object]) -> float:
    """How far slow mouths may move the barrier: anywhere between the value used and that of the slowest entry."""
    numbers = given.get("parameters") or QueueParameters()
    assert isinstance(numbers, QueueParameters)
    if spread.slowest_entry >= numbers.entry_factor:
        return 0.0
    slow = dict(given) | {"parameters": replace(numbers, entry_factor=spread.slowest_entry)}
    ends = sorted((central, queue_barrier(nodes, **slow)))  # type: ignore[arg-type]
    return uniform_spread(ends[0], ends[1], central)


def _draws(
    rng: np.random.Generator,
    nodes: Floats,
    errors: Floats,
    shared_error: float,
    joint: Floats,
    spread: QueueSpread,
    n_draws: int,
    given: Mapping[str, object],
) -> Floats:
    variants = nodes + rng.standard_normal((n_draws, len(nodes))) * errors
    variants += shared_error * rng.standard_normal((n_draws, 1))
    variants += joint[rng.integers(len(joint), size=n_draws)]
    moves = GenericMoves(
        spread.well_kj_mol * rng.standard_normal(n_draws),
        spread.barrier_kj_mol * rng.standard_normal(n_draws),
        np.maximum(spread.repulsion_fraction * rng.standard_normal(n_draws), -1.0),
    )
    return moved_queue_barriers(variants, generic=moves, **given)  # type: ignore[arg-type]


def _effective_barriers(
    model: Lattice, energies: Floats, inside: Mapping[str, float], outside: Mapping[str, float], temperature: float
) -> Floats:
    """RT ln(P_first/P_second) (m,) from the reversal potentials, by the GHK voltage equation."""
    v_mv = reversal_potentials(
        model, inside=inside, outside=outside, temperature=temperature, state_energy_kj_mol=energies
    )
    step = np.exp(v_mv / thermal_voltage(temperature))
    first, second = model.species
    excess = outside.get(first, 0.0) - inside.get(first, 0.0) * step
    demand = inside.get(second, 0.0) * step - outside.get(second, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = demand / excess
    bad = ~(np.isfinite(ratio) & (ratio > 0))
    if bad.any():
        raise OutOfRange(
            f"{v_mv[bad][0]:.3f} mV with these baths has no positive P_{second}/P_{first}: other baths are needed"
        )
    return np.asarray(thermal_energy(temperature) * np.log(ratio))


def _refuse_bad_errors(
    errors: Sequence[float], spread: QueueSpread, n_draws: int, joint: Floats, nodes: Floats
) -> None:
    widths = [*errors, spread.well_kj_mol, spread.barrier_kj_mol, spread.repulsion_fraction]
    if not 0.0 < spread.slowest_entry <= 1.0:
        raise OutOfRange(f"slowest entry {spread.slowest_entry:g}: a factor above 0 and up to 1 is needed")
    if not all(np.isfinite(width) and width >= 0.0 for width in widths):
        raise OutOfRange("errors of the queue: zero or positive finite standard errors are needed (kJ/mol)")
    if n_draws < 2:
        raise OutOfRange(f"{n_draws} draws: at least 2 are needed, 500 give the error to about 3 %")
    if joint.shape[1] != len(nodes):
        raise OutOfRange(f"joint moves of {joint.shape[1]} nodes for {len(nodes)}: one column for each node is needed")
