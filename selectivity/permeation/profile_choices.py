"""How much does the ratio depend on the first ion's own profile? The rule "profile" for each choice of W, with errors.

flat       W = 0 against the baths: the empirical default, its error spans barriers of 2.5 kcal/mol in planes or cages
modelled   W of the model, its deepest well put at the measured affinity (the model has no zero of its own)
measured   wells at the measured K+ affinity, 2.5 kcal/mol higher in the planes
given      a table
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.permeation.barrier import (
    FirstProfile,
    Stretch,
    first_profile_spread,
    measured_affinity_profile,
    trapezoid_lengths,
)
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.rules import ACCESS_LENGTH_ANGSTROM, moved_barriers, sites_rule
from selectivity.permeation.uncertainty import quadrature, ratio_interval, uniform_spread

Vector = NDArray[np.float64]

FLAT, MODELLED, MEASURED, GIVEN = "flat", "modelled", "measured", "given"


@dataclass(frozen=True)
class KnownProfile:
    """What is known at n heights about the stretch that decides, for the ion whose W is wanted (kJ/mol, Å).

    The integral runs over ``at`` (f,), where values are ``operator`` (f, n) times those at the heights. ``ddg`` (n,) is positive for
    that ion and ``w`` (n,) its own profile with any zero; ``ddg_error`` (n,) and ``w_covariance`` (n, n) are sampling errors (None:
    no chance). ``moves`` (m, n) are changes of ddg in m filters that the coordinate errors allow, ``shifts`` (low, high) those by the
    range of the water leg, ``variants`` those of other numbers of the energy model, by cause (v, n). ``planes`` (p,)
    are the rings in the stretch.
    """

    at: Vector
    operator: Vector
    ddg: Vector
    w: Vector
    ddg_error: Vector | None
    w_covariance: Vector | None
    moves: Vector
    shifts: tuple[float, float]
    planes: Vector
    variants: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True)
class RatioChoice:
    """The ratio for one choice of W: ``w_words`` says what it is; barrier difference (kJ/mol) with its error by cause, and the
    ratio with its 95 % interval (``permeability_ratio`` is None where only the interval is known)."""

    name: str
    w_words: str
    ddg_barrier_kj_mol: float
    ddg_barrier_error_kj_mol: float
    error_components_kj_mol: Mapping[str, float | None]
    permeability_ratio: float | None
    permeability_ratio_interval: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {
            "k_profile": self.name,
            "w_words": self.w_words,
            "ddg_barrier_kj_mol": self.ddg_barrier_kj_mol,
            "ddg_barrier_error_kj_mol": self.ddg_barrier_error_kj_mol,
            "error_components_kj_mol": dict(self.error_components_kj_mol),
            "permeability_ratio": self.permeability_ratio,
            "permeability_ratio_interval": list(self.permeability_ratio_interval),
        }


def ratio_choices(
    known: KnownProfile,
    *,
    temperature: float,
    access_length: float = ACCESS_LENGTH_ANGSTROM,
    given: FirstProfile | None = None,
    is_potassium: bool = True,
    inverted: bool = False,
    interval_only: bool = False,
) -> tuple[RatioChoice, ...]:
    """The rule "profile" with W flat, modelled, at the measured K+ affinity, and given (where it is).

    Without K+ (``is_potassium`` false) no affinity is known: the deepest modelled well then stands at zero and "measured" is left
    out. ``inverted`` reports the ratio of the other ion to this one.
    """
    measured, well, barrier = measured_affinity_profile(known.planes)
    deepest = int(np.argmin(known.operator @ known.w))
    floor = well if is_potassium else 0.0
    modelled = known.operator @ known.w
    modelled = modelled - modelled[deepest] + floor
    words = f"that of the model, its deepest well at {floor:.1f} kJ/mol" + (
        " (measured affinity)" if is_potassium else ""
    )
    profiles = [(FLAT, "0 everywhere", np.zeros(len(known.at))), (MODELLED, words, modelled)]
    if is_potassium:
        words = f"wells of {well:.1f} kJ/mol (measured affinity), barriers {barrier:.1f} above them in the planes"
        profiles.append((MEASURED, words, measured(known.at)))
    if given is not None:
        profiles.append((GIVEN, "given", given(known.at)))
    rule = _Rule(known, temperature, access_length, deepest)
    return tuple(rule.choice(*each, inverted=inverted, interval_only=interval_only) for each in profiles)


@dataclass(frozen=True)
class _Rule:
    known: KnownProfile
    temperature: float
    access_length: float
    deepest: int

    def choice(self, name: str, words: str, w: Vector, *, inverted: bool, interval_only: bool) -> RatioChoice:
        known, lengths = self.known, trapezoid_lengths(self.known.at)
        ddg = known.operator @ known.ddg
        how: dict[str, Any] = {"temperature": self.temperature, "access_length": self.access_length}
        above = sites_rule(lengths, ddg, first_energies=w, **how)
        below = sites_rule(lengths, w, **how)
        central = above.ddg_kj_mol
        errors = {
            "sampling": self._sampling(above.weights, above.weights - below.weights if name == MODELLED else None),
            "coordinates": float(np.sqrt(np.mean((self._moved(w, known.moves @ known.operator.T) - central) ** 2))),
            "hydration": self._hydration(w, central),
            "sigma": self._variant(w, central, "sigma"),
            "force_field": self._variant(w, central, "force_field"),
            "k_profile": self._flatness(ddg) if name == FLAT else 0.0,
        }
        error, sign = quadrature(errors.values()), -1.0 if inverted else 1.0
        return RatioChoice(
            name, words, sign * central, error, errors,
            None if interval_only else permeability_ratio(sign * central, temperature=self.temperature),
            ratio_interval(sign * central, error, temperature=self.temperature),
        )  # fmt: skip

    def _moved(self, w: Vector, moves: Vector) -> Vector:
        known = self.known
        return moved_barriers(
            known.operator @ known.ddg + moves, w, lengths=trapezoid_lengths(known.at),
            temperature=self.temperature, access_length=self.access_length,
        )  # fmt: skip

    def _sampling(self, share: Vector, shift: Vector | None) -> float | None:
        """First order: d barrier/d ddg at the heights is the share of each in the second ion's resistance."""
        known = self.known
        if known.ddg_error is None:
            return None
        variance = float((((share @ known.operator) * known.ddg_error) ** 2).sum())
        if shift is not None and known.w_covariance is not None:
            against = shift @ known.operator - shift.sum() * known.operator[self.deepest]
            variance += float(against @ known.w_covariance @ against)
        return float(np.sqrt(variance))

    def _hydration(self, w: Vector, central: float) -> float:
        low, high = np.sort(self._moved(w, np.array(self.known.shifts)[:, None]))
        return uniform_spread(float(low), float(high), central)

    def _variant(self, w: Vector, central: float, cause: str) -> float | None:
        """The truth may lie anywhere between the value used and those of the variants; None where a cause does not apply."""
        changes = self.known.variants.get(cause)
        if changes is None:
            return None
        moved = self._moved(w, changes @ self.known.operator.T)
        return uniform_spread(float(min(central, *moved)), float(max(central, *moved)), central)

    def _flatness(self, ddg: Vector) -> float:
        nothing = np.empty(0)
        stretch = Stretch(
            self.known.at, trapezoid_lengths(self.known.at), ddg, self.known.planes, nothing, nothing, nothing
        )
        return first_profile_spread("profile", stretch, temperature=self.temperature, access_length=self.access_length)
