"""Which rule leads from ddG along the pore to one barrier difference? Permeability is set by the tops of the profile.

In the low-occupancy (Smoluchowski) limit with equal diffusion coefficients,

    P_first/P_second = [A + int exp{(W(z) + ddG(z))/RT} dz] / [A + int exp{W(z)/RT} dz]          rule "profile"
                     = [A + sum l_s exp(ddG_s/RT)] / [A + sum l_s]                               rule "sites"
    ddG_barrier      = max(W + ddG) - max W                                                      rule "rate-limiting"

W is the profile of the first ion (0: flat, the empirical default), ddG(z) what the second ion pays more, A the access length
of the two mouths. Every rule also says how strongly each point of the profile weighs on the answer, which is all that error
propagation needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import KJ_PER_KCAL, thermal_energy
from selectivity.errors import OutOfRange, UnknownChoice

Vector = NDArray[np.float64]

RULES = ("profile", "sites", "rate-limiting")
"""Rules for one ion at a time. The multi-ion rule "queue" works on a lattice of wells and planes instead."""

ACCESS_LENGTH_ANGSTROM = 10.0
"""Default access length of the two mouths together, Å: about one pore diameter of water on either side. It keeps a short
filter from looking as selective as a long one (source: this_package, a stated choice)."""

BARRIER_KJ_MOL = 2.5 * KJ_PER_KCAL
"""Height of the K+ barriers between neighbouring sites: 2 to 3 kcal/mol is the largest in the published multi-ion profile of
KcsA (source: berneche_roux2001); its middle serves as the spread of W."""

MEASURED_KD_MOLAR = 0.29e-3
"""K+ affinity of a KcsA filter, mol/L: of the mutant G77A, whose filter selects like the wild type's (source: tilegenova2019,
second-hand). The contract of this package takes it; wild type binds ten times more tightly (29 µM), which moves the queue's ratio little
(docs/queue.md)."""


@dataclass(frozen=True)
class Barrier:
    """An effective barrier difference and its derivative d ddG_barrier/d ddG_i with respect to each input point.

    The weights are dimensionless and sum to at most 1; what is missing from 1 is the share of the access length.
    """

    ddg_kj_mol: float
    weights: Vector


def profile_rule(
    z: ArrayLike,
    ddg: ArrayLike,
    *,
    temperature: float,
    first_profile: ArrayLike = 0.0,
    access_length: float = ACCESS_LENGTH_ANGSTROM,
) -> Barrier:
    """Rule "profile": the ratio of the two Smoluchowski resistances, as an effective barrier difference.

    z (n,) in Å, increasing; ddg (n,) and first_profile (n,) or scalar in kJ/mol; trapezoidal integrals. Raises OutOfRange for
    fewer than two points, a z that does not increase, or values that are not finite.

    >>> flat = profile_rule([0.0, 3.0, 6.0], [12.0, 12.0, 12.0], temperature=298.15, access_length=0.0)
    >>> round(flat.ddg_kj_mol, 9)
    12.0
    """
    heights = _increasing(z)
    if len(heights) < 2:
        raise OutOfRange(f"profile of {len(heights)} point(s): at least two are needed to integrate along the pore")
    steps = np.diff(heights)
    lengths = 0.5 * (np.append(steps, 0.0) + np.insert(steps, 0, 0.0))
    return _resistance_ratio(lengths, ddg, first_profile, temperature, access_length)


def sites_rule(
    lengths: ArrayLike,
    ddg: ArrayLike,
    *,
    temperature: float,
    first_energies: ArrayLike = 0.0,
    access_length: float = ACCESS_LENGTH_ANGSTROM,
) -> Barrier:
    """Rule "sites": each site of length l_s (Å) counts with the ddG_s (kJ/mol) of its minimum.

    >>> site = sites_rule([3.0, 3.0], [12.0, 12.0], temperature=298.15, access_length=0.0)
    >>> round(site.ddg_kj_mol, 9)
    12.0
    """
    extent = np.atleast_1d(np.asarray(lengths, float))
    if extent.size == 0 or not np.all(extent > 0.0):
        raise OutOfRange(f"site lengths {extent.tolist()} Å: at least one, all positive, are needed")
    return _resistance_ratio(extent, ddg, first_energies, temperature, access_length)


def rate_limiting_rule(ddg: ArrayLike, *, first_profile: ArrayLike = 0.0) -> Barrier:
    """Rule "rate-limiting": top of the second ion's profile minus top of the first's, kJ/mol.

    >>> rate_limiting_rule([4.0, 20.0, 8.0], first_profile=[0.0, 5.0, 10.0]).ddg_kj_mol
    15.0
    """
    difference, first = _aligned(ddg, first_profile)
    top = int(np.argmax(first + difference))
    weights = np.zeros(len(difference))
    weights[top] = 1.0
    return Barrier(float((first + difference)[top] - first.max()), weights)


def moved_barriers(
    ddg: Vector,
    first_profile: Vector,
    *,
    lengths: Vector | None,
    temperature: float,
    access_length: float,
) -> Vector:
    """Barrier differences (m,) kJ/mol of m variants ``ddg`` (m, n) of one profile, by the resistances over ``lengths`` (n,) Å.

    ``lengths`` None: the rule "rate-limiting". The same numbers as the rules above, one call for all variants.
    """
    if lengths is None:
        return (first_profile + ddg).max(axis=-1) - first_profile.max()
    thermal = thermal_energy(temperature)
    above, _ = _log_resistance(lengths, (first_profile + ddg) / thermal, access_length)
    below, _ = _log_resistance(lengths, first_profile / thermal, access_length)
    return thermal * (above - below)


def corrugation(
    z: ArrayLike,
    planes: ArrayLike,
    *,
    barrier: float,
    at: Literal["planes", "cages"] = "planes",
    well: float = 0.0,
) -> Vector:
    """A profile W(z) that rises by ``barrier`` kJ/mol from ``well`` once per site, with its tops in the planes or in the cages.

        W(z) = well + barrier (1 + cos 2 pi s)/2,   s = fraction of the way from one plane to the next (s + 1/2 for cages)

    z (n,) and planes (m,) in Å, both in the same frame, planes increasing; beyond the outermost planes the last spacing is
    continued. Raises OutOfRange for fewer than two planes, UnknownChoice for another place.

    >>> corrugation([0.0, 1.5, 3.0], [0.0, 3.0], barrier=10.0).tolist()
    [10.0, 0.0, 10.0]
    """
    if at not in ("planes", "cages"):
        raise UnknownChoice(f"barriers at {at!r}: choose 'planes' or 'cages'")
    levels = _increasing(planes)
    if len(levels) < 2:
        raise OutOfRange(f"{len(levels)} carbonyl plane(s): at least two are needed to place barriers of the first ion")
    heights = np.atleast_1d(np.asarray(z, float))
    lower = np.clip(np.searchsorted(levels, heights, side="right") - 1, 0, len(levels) - 2)
    phase = (heights - levels[lower]) / (levels[lower + 1] - levels[lower])
    if at == "cages":
        phase = phase + 0.5
    return well + barrier * 0.5 * (1.0 + np.cos(2.0 * np.pi * phase))


def affinity_energy(dissociation_constant: float, *, temperature: float) -> float:
    """Well depth RT ln Kd in kJ/mol (negative: bound) for a dissociation constant in mol/L, standard state 1 mol/L.

    >>> round(affinity_energy(0.29e-3, temperature=298.15) / 4.184, 1)
    -4.8
    """
    if not dissociation_constant > 0.0:
        raise OutOfRange(f"dissociation constant {dissociation_constant:g} mol/L: a positive number is needed")
    return thermal_energy(temperature) * float(np.log(dissociation_constant))


def _resistance_ratio(
    lengths: Vector, ddg: ArrayLike, first: ArrayLike, temperature: float, access_length: float
) -> Barrier:
    """RT ln of the two resistances' ratio; exponents are shifted by their maximum so that nothing overflows."""
    if not access_length >= 0.0:
        raise OutOfRange(f"access length {access_length:g} Å: zero or a positive length is needed")
    if not temperature > 0.0:
        raise OutOfRange(f"temperature {temperature:g} K: a positive temperature in kelvin is needed")
    difference, energy = _aligned(ddg, first, len(lengths))
    thermal = thermal_energy(temperature)
    log_second, shares = _log_resistance(lengths, (energy + difference) / thermal, access_length)
    log_first, _ = _log_resistance(lengths, energy / thermal, access_length)
    return Barrier(thermal * float(log_second - log_first), shares)


def _log_resistance(lengths: Vector, exponents: Vector, access_length: float) -> tuple[Vector, Vector]:
    """ln[A + sum l exp(e)] over the last axis, and the share of each point in it."""
    top = np.maximum(0.0, exponents.max(axis=-1))
    parts = lengths * np.exp(exponents - top[..., None])
    total = access_length * np.exp(-top) + parts.sum(axis=-1)
    return top + np.log(total), parts / total[..., None]


def _aligned(ddg: ArrayLike, first: ArrayLike, expected: int | None = None) -> tuple[Vector, Vector]:
    difference = np.atleast_1d(np.asarray(ddg, float))
    if difference.size == 0 or (expected is not None and len(difference) != expected):
        raise OutOfRange(f"{len(difference)} ddG values for {expected} points of the pore: one for each is needed")
    energy = np.asarray(first, float)
    if energy.ndim and energy.shape != difference.shape:
        raise OutOfRange(
            f"{energy.size} values of the first ion's profile for {len(difference)} points: one for each is needed"
        )
    energy = np.broadcast_to(energy, difference.shape)
    if not (np.all(np.isfinite(difference)) and np.all(np.isfinite(energy))):
        raise OutOfRange("the profile holds values that are not finite: every energy along the pore must be a number")
    return difference, energy


def _increasing(values: ArrayLike) -> Vector:
    heights = np.atleast_1d(np.asarray(values, float))
    if not np.all(np.isfinite(heights)) or np.any(np.diff(heights) <= 0.0):
        raise OutOfRange("heights along the pore must be finite and increase from the cavity outward (Å)")
    return heights
