"""What do the generic numbers of the queue decide? The ratio, the flux-ratio exponent and the conductance when each is varied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import ArrayLike

from selectivity.constants import KJ_PER_KCAL, ROOM_TEMPERATURE
from selectivity.errors import UnknownChoice, hint
from selectivity.permeation.occupancy import Floats
from selectivity.permeation.queue import steady_state
from selectivity.permeation.queue_model import RECORDING_MM, QueueParameters, checked_nodes, node_lattice
from selectivity.permeation.queue_protocols import flux_ratio_exponent, queue_ratio

GENERIC_VARIATIONS: Mapping[str, Sequence[float]] = {
    "well_kj_mol": tuple(KJ_PER_KCAL * x for x in (-7.0, -6.0, -5.0, -4.0, -3.0)),
    "barrier_kj_mol": tuple(KJ_PER_KCAL * x for x in (1.5, 2.0, 2.5, 3.0, 3.5)),
    "repulsion_scale": (0.5, 0.75, 1.0, 1.25, 1.5),
    "max_ions": (1, 2, 3, 4),
    "spacing_angstrom": (1.3, 1.5, 1.7),
    "entry_factor": (0.01, 0.1, 1.0),
}
"""Values at which each generic number is looked at while the others keep theirs (source: this_package, a stated choice)."""

EXPONENT_INSIDE_MM, EXPONENT_OUTSIDE_MM, EXPONENT_MV = 150.0, 50.0, 20.0
"""Baths (mM) and voltage (mV) at which the flux-ratio exponent is read: unequal baths and a driving force outward."""

PROBE_MV = 1.0
"""Voltage at which the conductance is read between equal baths, mV."""


@dataclass(frozen=True)
class GenericRow:
    """What one value of one generic number gives; the others keep their values. "default" rows repeat the given parameters.

    ``value`` is in the unit that ``parameter`` names (None for "default"). ``permeability_ratio`` is that of the bi-ionic recording
    (150 mM), ``flux_ratio_exponent`` Ussing's n' of the first ion, ``conductance_ps`` (pS) and ``mean_ions`` those in 150 mM of it
    on both sides.
    """

    parameter: str
    value: float | None
    permeability_ratio: float
    flux_ratio_exponent: float
    conductance_ps: float
    mean_ions: float


def generic_sensitivity(
    ddg_nodes: ArrayLike,
    *,
    parameters: QueueParameters | None = None,
    variations: Mapping[str, Sequence[float]] | None = None,
    temperature: float = ROOM_TEMPERATURE,
) -> tuple[GenericRow, ...]:
    """One row for the given parameters, then one for every value of every generic number (default `GENERIC_VARIATIONS`).

    ``ddg_nodes`` (n_nodes,) kJ/mol in plane, cage, ... plane from the inside. Raises `UnknownChoice` for a number that the queue
    does not have.

    >>> rows = generic_sensitivity([2.1, 20.9, 2.1, 20.9, 2.1], variations={"max_ions": (1, 2)})
    >>> [row.parameter for row in rows], bool(rows[1].permeability_ratio < rows[2].permeability_ratio)
    (['default', 'max_ions', 'max_ions'], True)
    """
    nodes, central = checked_nodes(ddg_nodes), parameters or QueueParameters()
    rows = [_row("default", None, nodes, central, temperature)]
    for name, value, varied in _varied(central, GENERIC_VARIATIONS if variations is None else variations):
        rows.append(_row(name, value, nodes, varied, temperature))
    return tuple(rows)


def _varied(
    central: QueueParameters, variations: Mapping[str, Sequence[float]]
) -> Iterator[tuple[str, float, QueueParameters]]:
    for name, values in variations.items():
        if name not in GENERIC_VARIATIONS:
            raise UnknownChoice(
                f"'{name}' is not a generic number of the queue: choose {', '.join(GENERIC_VARIATIONS)}{hint(name, GENERIC_VARIATIONS)}"
            )
        for value in values:
            if name == "repulsion_scale":
                yield name, value, central.with_repulsion_scaled(value)
            else:
                changed: dict[str, Any] = {name: int(value) if name == "max_ions" else value}
                yield name, value, replace(central, **changed)


def _row(name: str, value: float | None, nodes: Floats, numbers: QueueParameters, temperature: float) -> GenericRow:
    model = node_lattice(nodes, parameters=numbers)
    first = model.species[0]
    exponent = flux_ratio_exponent(
        model,
        first,
        inside_mm=EXPONENT_INSIDE_MM,
        outside_mm=EXPONENT_OUTSIDE_MM,
        v_mv=EXPONENT_MV,
        temperature=temperature,
    )
    probed = steady_state(
        model,
        inside={first: RECORDING_MM},
        outside={first: RECORDING_MM},
        v_mv=PROBE_MV,
        temperature=temperature,
    )
    ratio = queue_ratio(model, temperature=temperature).permeability_ratio
    return GenericRow(name, value, ratio, exponent, 1e3 * probed.current_pa / PROBE_MV, probed.mean_ions)
