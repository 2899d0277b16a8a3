"""Which single barrier difference stands for a stretch of the pore? The rules on one stretch, and how far W_K moves them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.permeation.rules import (
    ACCESS_LENGTH_ANGSTROM,
    BARRIER_KJ_MOL,
    MEASURED_KD_MOLAR,
    RULES,
    Barrier,
    affinity_energy,
    corrugation,
    moved_barriers,
    rate_limiting_rule,
    sites_rule,
)
from selectivity.permeation.uncertainty import uniform_spread

Vector = NDArray[np.float64]
FirstProfile = Callable[[Vector], Vector]
"""W(z) of the first ion: heights (n,) in Å -> energies (n,) in kJ/mol."""


@dataclass(frozen=True)
class Stretch:
    """The part of the pore that decides: heights ``z`` (n,) Å with integration ``lengths`` (n,) Å and ``ddg`` (n,) kJ/mol,
    the carbonyl ``planes`` (m,) Å in it, and its sites: centres, lengths (Å) and binding ddG (kJ/mol)."""

    z: Vector
    lengths: Vector
    ddg: Vector
    planes: Vector
    site_z: Vector
    site_lengths: Vector
    site_ddg: Vector


def trapezoid_lengths(z: ArrayLike) -> Vector:
    """Length (Å) that each height stands for in a trapezoidal integral along increasing heights.

    >>> trapezoid_lengths([0.0, 1.0, 3.0]).tolist()
    [0.5, 1.5, 1.0]
    """
    heights = np.asarray(z, float)
    if len(heights) < 2 or np.any(np.diff(heights) <= 0.0):
        raise OutOfRange(f"{len(heights)} heights: at least two, increasing, are needed to integrate along the pore")
    steps = np.diff(heights)
    return 0.5 * (np.append(steps, 0.0) + np.insert(steps, 0, 0.0))


def barrier_by_rule(
    rule: str,
    stretch: Stretch,
    *,
    temperature: float,
    first_profile: FirstProfile | None = None,
    access_length: float = ACCESS_LENGTH_ANGSTROM,
) -> Barrier:
    """The barrier difference by one rule; its weights belong to the heights, for rule "sites" to the sites.

    Raises UnknownChoice for a rule that does not exist here.
    """
    energy = first_profile if first_profile is not None else np.zeros_like
    if rule == "profile":
        return sites_rule(
            stretch.lengths, stretch.ddg, temperature=temperature,
            first_energies=energy(stretch.z), access_length=access_length,
        )  # fmt: skip
    if rule == "sites":
        return sites_rule(
            stretch.site_lengths, stretch.site_ddg, temperature=temperature,
            first_energies=energy(stretch.site_z), access_length=access_length,
        )  # fmt: skip
    if rule == "rate-limiting":
        return rate_limiting_rule(stretch.ddg, first_profile=energy(stretch.z))
    raise UnknownChoice(f"rule {rule!r}: choose one of {', '.join(RULES)}{hint(rule, RULES)}")


def barriers_when_moved(
    rule: str,
    stretch: Stretch,
    along: Vector,
    sites: Vector,
    *,
    temperature: float,
    first_profile: FirstProfile | None = None,
    access_length: float = ACCESS_LENGTH_ANGSTROM,
) -> Vector:
    """Barrier differences (m,) by one rule when ddG moves by ``along`` (m, n) at the heights and ``sites`` (m, s) in the sites."""
    energy = first_profile if first_profile is not None else np.zeros_like
    in_sites = rule == "sites"
    z = stretch.site_z if in_sites else stretch.z
    ddg = stretch.site_ddg + sites if in_sites else stretch.ddg + along
    lengths = {"sites": stretch.site_lengths, "profile": stretch.lengths}.get(rule)
    return moved_barriers(ddg, energy(z), lengths=lengths, temperature=temperature, access_length=access_length)


def first_profile_spread(
    rule: str,
    stretch: Stretch,
    *,
    temperature: float,
    access_length: float = ACCESS_LENGTH_ANGSTROM,
) -> float:
    """Standard error (kJ/mol) of a barrier difference taken with W = 0, from not knowing where the first ion's barriers stand.

    Barriers of 2.5 kcal/mol are placed in the planes and in the cages; the truth may lie anywhere between the lowest and the
    highest of these and the flat profile.
    """
    values = [
        barrier_by_rule(
            rule, stretch, temperature=temperature, first_profile=profile, access_length=access_length
        ).ddg_kj_mol
        for profile in (None, *(_barriers(stretch.planes, at) for at in ("planes", "cages")))
    ]
    return uniform_spread(min(values), max(values), values[0])


def measured_affinity_profile(planes: Sequence[float] | Vector) -> tuple[FirstProfile, float, float]:
    """W of K+ from its measured affinity: wells of RT ln Kd in the cages, 2.5 kcal/mol higher in the planes.

    Returns the profile, the well and the barrier (kJ/mol). Sources: tilegenova2019 (0.29 mM), berneche_roux2001.
    """
    well = affinity_energy(MEASURED_KD_MOLAR, temperature=ROOM_TEMPERATURE)

    def profile(z: Vector) -> Vector:
        return corrugation(z, planes, barrier=BARRIER_KJ_MOL, at="planes", well=well)

    return profile, well, BARRIER_KJ_MOL


def tabulated_profile(z: ArrayLike, energy: ArrayLike) -> FirstProfile:
    """W(z) by linear interpolation of a table, heights increasing (Å) and energies (kJ/mol); OutOfRange beyond its ends."""
    heights, energies = np.asarray(z, float), np.asarray(energy, float)
    if heights.ndim != 1 or heights.shape != energies.shape or len(heights) < 2:
        raise OutOfRange(
            f"k_profile: {heights.size} heights and {energies.size} energies; two lists of equal length (at least 2) are needed"
        )
    if not (np.isfinite(heights).all() and np.isfinite(energies).all()) or np.any(np.diff(heights) <= 0.0):
        raise OutOfRange("k_profile: heights must increase (Å) and every number must be finite")

    def profile(at: Vector) -> Vector:
        if at.min() < heights[0] - 1e-6 or at.max() > heights[-1] + 1e-6:
            raise OutOfRange(
                f"k_profile covers {heights[0]:g} to {heights[-1]:g} Å; {at.min():.2f} to {at.max():.2f} Å is needed"
            )
        return np.interp(at, heights, energies)

    return profile


def _barriers(planes: Vector, at: str) -> FirstProfile:
    def profile(z: Vector) -> Vector:
        return corrugation(z, planes, barrier=BARRIER_KJ_MOL, at="cages" if at == "cages" else "planes")

    return profile
