"""Reversal for mixed valences: the one root of the total constant-field current, for whole arrays at once.

With u = VF/RT, y = exp(-u) and the pools A_z (outward) and B_z (inward) of sum P c over ions with |valence| z,
the total current has the sign of  sum z^2 (A_z - B_z y^z) / S_z(y),  S_z = 1 + y + ... + y^(z-1).  Written as

    F(u) = u + ln sum_z z^2 A_z / S_z(y) - ln sum_z z^2 B_z y^(z-1) / S_z(y) = 0

the slope is known in advance: 1 <= dF/du <= 2 z_max - 1 (each logarithm rises with u, by at most z_max - 1 per
unit). So from any u the root lies between u and u - F(u): a bracket without searching, which Newton never leaves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import Numbers

LARGEST_EXPONENT = 300.0
"""|z u| beyond which powers of exp(-u) leave double precision; no membrane comes near it."""

BLOCK = 4096
"""Points solved together: their arrays stay in the processor's cache."""

MAX_STEPS = 100
"""Bisection alone would halve the widest bracket (600) to rounding in 60 steps; Newton needs about five."""


def reduced_reversal(outward: Mapping[int, Numbers], inward: Mapping[int, Numbers]) -> Numbers:
    """The reduced reversal voltage u = VF/RT at which the pooled currents cancel, any shape.

    outward, inward: |valence| -> sum of permeability times concentration (`ghk.pooled_by_charge`), same keys.
    Raises OutOfRange where one direction carries no current at all.

    >>> A, B = {1: np.array(150.0), 2: np.array(0.0)}, {1: np.array(0.0), 2: np.array(10.0)}
    >>> round(25.6926 * float(reduced_reversal(A, B)), 2)      # Ca outside against a monovalent ion inside
    -39.04
    """
    charges = sorted(outward)
    a, b = _flattened(charges, outward, inward)
    refuse_one_way(a.sum(axis=0), b.sum(axis=0))
    shape = np.broadcast_shapes(*(np.shape(pool) for pools in (outward, inward) for pool in pools.values()))
    return _root(np.array(charges), a, b).reshape(shape)


def refuse_one_way(outward: Numbers, inward: Numbers) -> None:
    """Raise OutOfRange where current can flow in one direction only: no voltage brings it to zero."""
    for total, missing in (
        (outward, "leave (no cation inside, no anion outside)"),
        (inward, "enter (no cation outside, no anion inside)"),
    ):
        if np.any(total <= 0.0):
            raise OutOfRange(
                f"GHK voltage undefined: no permeant charge can {missing}, so no voltage stops the current; "
                "give at least one such concentration"
            )
        if not np.all(np.isfinite(total)):
            raise OutOfRange("GHK voltage: permeability times concentration overflows; rescale permeabilities")


def _flattened(
    charges: list[int], outward: Mapping[int, Numbers], inward: Mapping[int, Numbers]
) -> tuple[Numbers, Numbers]:
    """Both pools as arrays (charge classes, points), weighted by z^2."""
    arrays = np.broadcast_arrays(*(outward[z] for z in charges), *(inward[z] for z in charges))
    stacked = np.array([array.ravel() for array in arrays])
    weights = np.array([float(z * z) for z in charges])[:, None]
    return stacked[: len(charges)] * weights, stacked[len(charges) :] * weights


def _root(charges: np.ndarray, a: Numbers, b: Numbers) -> Numbers:
    u = np.empty(a.shape[1])
    for first in range(0, u.size, BLOCK):
        block = slice(first, first + BLOCK)
        u[block] = _root_of_block(charges, a[:, block], b[:, block])
    return u


def _root_of_block(charges: np.ndarray, a: Numbers, b: Numbers) -> Numbers:
    limit = LARGEST_EXPONENT / charges[-1]
    u = np.clip(_start(charges, a, b), -limit, limit)
    low, high = np.full_like(u, -np.inf), np.full_like(u, np.inf)
    for _ in range(MAX_STEPS):
        value, slope = _log_balance(u, charges, a, b)
        other_end = u - value  # slope >= 1: the root lies between u and here
        low = np.maximum(low, np.minimum(u, other_end))
        high = np.minimum(high, np.maximum(u, other_end))
        new = u - value / slope
        new = np.where((new < low) | (new > high), 0.5 * (low + high), new)
        new = np.clip(new, -limit, limit)
        settled = np.abs(new - u) <= 4.0 * np.finfo(float).eps * np.maximum(1.0, np.abs(u))
        u = new
        if settled.all():
            break
    else:
        raise OutOfRange("GHK voltage: the root search did not settle; look for extreme concentration ratios")
    if np.any(np.abs(u) >= limit):
        raise OutOfRange("GHK voltage: gradients too extreme for double precision; check the units (mM)")
    return u


def _start(charges: np.ndarray, a: Numbers, b: Numbers) -> Numbers:
    """Where Newton begins: the closed form for |z| = 1 and 2 (a quadratic in y), higher charges counted among the 2.

    (A1 - B1 y)(1 + y) + A2 - B2 y² = 0 with z²-weighted pools: exact for 1 and 2, where one step only confirms it.
    """
    first = charges == 1
    a1, b1 = a[first].sum(axis=0), b[first].sum(axis=0)
    constant, quadratic = a.sum(axis=0), b.sum(axis=0)
    with np.errstate(all="ignore"):  # overflow of the squares falls back to u = 0, which is as safe, only slower
        root = np.sqrt((a1 - b1) ** 2 + 4.0 * quadratic * constant)
        y = np.where(a1 >= b1, (a1 - b1 + root) / (2.0 * quadratic), 2.0 * constant / (root - (a1 - b1)))
        u = -np.log(y)
    return np.where(np.isfinite(u), u, 0.0)


def _log_balance(u: Numbers, charges: np.ndarray, a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """F(u) of the module's first lines and dF/du, for every point."""
    y = np.exp(-u)
    out_sum = out_rate = in_sum = in_rate = np.zeros_like(u)
    for z, out, into in zip(charges, a, b, strict=True):
        if z == 1:  # S_1 = 1: nothing rises
            out_sum, in_sum = out_sum + out, in_sum + into
            continue
        total, rate, power = np.ones_like(u), np.zeros_like(u), np.ones_like(u)  # S_z, y dS_z/dy, y^k
        for k in range(1, z):
            power = power * y
            total = total + power
            rate = rate + k * power
        rise = rate / total
        share = out / total
        out_sum, out_rate = out_sum + share, out_rate + share * rise
        share = into * power / total
        in_sum, in_rate = in_sum + share, in_rate + share * (z - 1 - rise)
    return u + np.log(out_sum / in_sum), 1.0 + out_rate / out_sum + in_rate / in_sum
