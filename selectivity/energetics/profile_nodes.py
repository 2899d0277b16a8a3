"""How does a profile become the nodes of a queue? Coarse graining of both ions' profiles into cells half a site wide.

    G_node(ion) = -RT ln (1/h) int_cell exp(-W_ion(z)/RT) dz,        W_second(z) = W_first(z) + ddG(z)      occupancy
    G_node(ion) = +RT ln (1/h) int_cell exp(+W_ion(z)/RT) dz                                               resistance

Planes and the cages between them alternate: the cell of a plane reaches a quarter of the site to either side, that of a cage
takes the middle half of the site. The first average says how often an ion is in the cell, and belongs to wells. Where a plane is a
barrier it sees the flanks towards the cages, which are low and as selective as these, and hardly the top that an ion has to
pass; the second average weighs the top, and gives the hops through a plane the resistance of the profile.

Nothing but plain arrays enters, so that profiles from anywhere can be coarse-grained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from selectivity.constants import ROOM_TEMPERATURE, thermal_energy
from selectivity.errors import OutOfRange, UnknownChoice

Vector = NDArray[np.float64]

Average = Literal["occupancy", "resistance"]

CELL_POINTS = 201
"""Points of the integral over one cell: one every 0.0075 Å in a cell of 1.5 Å, a fortieth of the width of the stiffest well."""


@dataclass(frozen=True)
class Node:
    """One node: ``kind`` and ``name``, its cell (Å), and kJ/mol: each ion's G_node and their difference ddG(node).

    ``first_kj_mol`` counts from the zero of W_first, ``second_kj_mol`` = first + ddG(node). ``error_kj_mol`` is the standard error of
    ddG(node) (None where no errors were given).
    """

    kind: Literal["plane", "cage"]
    name: str
    z_low: float
    z_high: float
    first_kj_mol: float
    second_kj_mol: float
    error_kj_mol: float | None

    @property
    def z(self) -> float:
        """Middle of the cell, Å."""
        return 0.5 * (self.z_low + self.z_high)

    @property
    def ddg_kj_mol(self) -> float:
        """ddG(node), positive for the first ion."""
        return self.second_kj_mol - self.first_kj_mol


def profile_nodes(
    z: ArrayLike,
    ddg: ArrayLike,
    w_first: ArrayLike,
    planes: ArrayLike,
    *,
    temperature: float = ROOM_TEMPERATURE,
    ddg_error: ArrayLike | None = None,
    w_first_covariance: ArrayLike | None = None,
    planes_as: Average = "occupancy",
    plane_names: Sequence[str] = (),
    cage_names: Sequence[str] = (),
) -> tuple[Node, ...]:
    """Nodes from the inside outward: plane, cage, plane, ..., plane for m ``planes`` (Å, increasing), 2 m - 1 in all.

    z (n,) in Å, increasing; ddg (n,) and w_first (n,) in kJ/mol, both interpolated by cubic splines. Where the profile ends at an
    outermost plane, the cell of that plane ends there too (h is then the length that is left). ``ddg_error`` (n,) are independent
    standard errors of ddg, ``w_first_covariance`` (n, n) that of w_first; both travel to first order. ``planes_as`` chooses the
    average of the planes, cages are always averaged by occupancy.

    Raises OutOfRange for fewer than four heights, arrays of different length, fewer than two planes, planes beyond the profile,
    or a temperature that is not positive.

    >>> z = np.linspace(0.0, 3.0, 13)
    >>> nodes = profile_nodes(z, np.full(13, 12.0), np.zeros(13), [0.0, 3.0])
    >>> [(node.kind, round(node.ddg_kj_mol, 9)) for node in nodes]
    [('plane', 12.0), ('cage', 12.0), ('plane', 12.0)]
    """
    heights, values = _checked(z, ddg, w_first)
    levels = _checked_planes(planes, heights)
    if planes_as not in ("occupancy", "resistance"):
        raise UnknownChoice(f"planes_as {planes_as!r}: choose 'occupancy' or 'resistance'")
    if not temperature > 0.0:
        raise OutOfRange(f"temperature {temperature:g} K: a positive temperature in kelvin is needed")
    spline = CubicSpline(heights, np.eye(len(heights)))
    errors = None if ddg_error is None else np.asarray(ddg_error, float)
    covariance = None if w_first_covariance is None else np.asarray(w_first_covariance, float)
    nodes = []
    for number, (low, high) in enumerate(cells(levels, heights[0], heights[-1])):
        at = np.linspace(low, high, CELL_POINTS)
        sign = -1.0 if planes_as == "resistance" and number % 2 == 0 else 1.0
        first, second, weights, shift = _coarse(at, spline(at), values, sign * thermal_energy(temperature))
        kind: Literal["plane", "cage"] = "cage" if number % 2 else "plane"
        names = cage_names if number % 2 else plane_names
        name = names[number // 2] if number // 2 < len(names) else f"{kind} {number // 2 + 1}"
        error = _error(weights, errors, shift, covariance)
        nodes.append(Node(kind, name, float(low), float(high), first, second, error))
    return tuple(nodes)


def cells(planes: ArrayLike, lowest: float, highest: float) -> list[tuple[float, float]]:
    """Ends (Å) of the cells of all nodes, within ``lowest`` to ``highest``; beyond the last plane a cell is as long as within.

    >>> cells([0.0, 3.0], -0.75, 3.0)
    [(-0.75, 0.75), (0.75, 2.25), (2.25, 3.0)]
    """
    levels = np.asarray(planes, float)
    quarters = 0.25 * np.diff(levels)
    inner = np.concatenate([[quarters[0]], quarters])
    outer = np.concatenate([quarters, [quarters[-1]]])
    edges = np.stack([levels - inner, levels + outer], axis=1).ravel()
    edges[[0, -1]] = max(edges[0], lowest), min(edges[-1], highest)
    return [(float(low), float(high)) for low, high in zip(edges[:-1], edges[1:], strict=True)]


def _coarse(at: Vector, operator: Vector, values: Vector, thermal: float) -> tuple[float, float, Vector, Vector]:
    """G of both ions in one cell, and d ddG/d ddg (n,) and d ddG/d w_first (n,) at the heights of the profile.

    ``thermal`` is RT for occupancies and -RT for resistances.
    """
    ddg, w_first = operator @ values[0], operator @ values[1]
    energies, densities = [], []
    for profile in (w_first, w_first + ddg):
        lowest = profile.min() if thermal > 0.0 else profile.max()
        boltzmann = np.exp(-(profile - lowest) / thermal)
        whole = np.trapezoid(boltzmann, at)
        energies.append(float(lowest - thermal * np.log(whole / (at[-1] - at[0]))))
        densities.append(boltzmann / whole)
    first, second = (np.trapezoid(density[:, None] * operator, at, axis=0) for density in densities)
    return energies[0], energies[1], second, second - first


def _error(weights: Vector, errors: Vector | None, shift: Vector, covariance: Vector | None) -> float | None:
    if errors is None and covariance is None:
        return None
    variance = 0.0 if errors is None else float(((weights * errors) ** 2).sum())
    if covariance is not None:
        variance += float(shift @ covariance @ shift)
    return float(np.sqrt(max(variance, 0.0)))


def _checked(z: ArrayLike, ddg: ArrayLike, w_first: ArrayLike) -> tuple[Vector, Vector]:
    heights = np.atleast_1d(np.asarray(z, float))
    difference, first = np.asarray(ddg, float), np.asarray(w_first, float)
    if len(heights) < 4 or difference.shape != heights.shape or first.shape != heights.shape:
        raise OutOfRange(
            f"{len(heights)} heights, {difference.size} ddG and {first.size} W values: at least four heights and one of each are needed"
        )
    values = np.stack([difference, first])
    if not (np.isfinite(heights).all() and np.isfinite(values).all()) or np.any(np.diff(heights) <= 0.0):
        raise OutOfRange("heights of a profile must increase (Å) and every number must be finite")
    return heights, values


def _checked_planes(planes: ArrayLike, heights: Vector) -> Vector:
    levels = np.atleast_1d(np.asarray(planes, float))
    if len(levels) < 2 or np.any(np.diff(levels) <= 0.0):
        raise OutOfRange(f"{len(levels)} plane(s): at least two, increasing from the cavity outward (Å), make nodes")
    if levels[0] < heights[0] - 1e-6 or levels[-1] > heights[-1] + 1e-6:
        raise OutOfRange(
            f"planes from {levels[0]:.2f} to {levels[-1]:.2f} Å, profile from {heights[0]:.2f} to {heights[-1]:.2f} Å: "
            "the profile must reach every plane"
        )
    return levels
