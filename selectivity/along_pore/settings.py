"""What was asked for along the pore? Options checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.groups import force_constant
from selectivity.energetics.hydration import (
    TEMPERATURE_RANGE,
    dehydration_difference,
    hydration_free_energy,
    hydration_scale,
    hydration_sources,
)
from selectivity.energetics.model_spread import Model
from selectivity.energetics.thermal_profile import HYDRATION_STATES
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.ions import ion as ion_by_name
from selectivity.permeation.barrier import FirstProfile, tabulated_profile
from selectivity.pipeline.settings import check_seed

TREATMENTS = ("thermal", "relaxed", "rigid")
K_PROFILES = ("flat", "modelled")

WIDEST = 1.6
"""Å; at wider heights planes and cages, 1.5 Å apart, fall between the points."""

KProfile = str | tuple[Sequence[float], Sequence[float]]
"""A name, or heights (Å) and energies (kJ/mol) of the reference ion against the baths."""


@dataclass(frozen=True)
class Settings:
    """The options of `selectivity.along_pore.along_pore` by the same names; ``scale`` and ``reference`` follow from them."""

    ions: tuple[str, str]
    treatment: str
    hydration_state: str
    spacing: float | None
    k_profile: KProfile
    access_length: float
    sigma: float | str
    force_field: str
    hydration: str
    temperature: float
    seed: int

    @property
    def scale(self) -> str:
        """Name of the hydration scale in use."""
        return hydration_scale(self.hydration, force_field=self.force_field)

    @property
    def reference(self) -> str:
        """The ion whose own profile W enters the rule: K+ where it takes part, else the one that water holds less."""
        if "K" in self.ions:
            return "K"
        return max(
            self.ions, key=lambda ion: hydration_free_energy(ion, scale=self.scale, temperature=self.temperature)
        )

    @property
    def searched(self) -> tuple[str, str]:
        """The pair with the reference ion first, the order in which minima are searched."""
        first, second = self.ions
        return (first, second) if first == self.reference else (second, first)

    @property
    def model(self) -> Model:
        """The energy model, whose numbers are varied for the errors."""
        return Model(self.sigma, self.force_field, self.hydration, self.temperature, rigid=self.treatment == "rigid")  # type: ignore[arg-type]

    @property
    def gap(self) -> float:
        """Dehydration of the pair, kJ/mol, positive for K,Na."""
        return dehydration_difference(*self.ions, scale=self.scale, temperature=self.temperature)

    @property
    def given(self) -> FirstProfile | None:
        """The tabulated W, where one was given."""
        return None if isinstance(self.k_profile, str) else tabulated_profile(*self.k_profile)

    @property
    def chosen(self) -> str:
        """Name of the choice of W that was asked for."""
        return self.k_profile if isinstance(self.k_profile, str) else "given"

    def plain(self) -> dict[str, Any]:
        """All options as JSON can hold them."""
        names = (
            "treatment",
            "hydration_state",
            "access_length",
            "sigma",
            "force_field",
            "hydration",
            "temperature",
            "seed",
        )
        return {name: getattr(self, name) for name in names} | {"scale": self.scale}

    def sources(self, kinds: Sequence[str]) -> tuple[str, ...]:
        """Reference keys of the numbers behind a result with these kinds of ligands."""
        field = force_field_by_name(self.force_field)
        keys = ["codata2018", *(field.ion(ion).source for ion in self.ions)]
        keys += [atom.source for kind in sorted(set(kinds)) for atom in field.groups[kind].values()]
        keys += hydration_sources(self.scale, self.ions)
        keys += ["yu2011_bj", "berneche_roux2001", "tilegenova2019"]
        keys += ["shirts_chodera2008"] if self.treatment == "thermal" else []
        keys += ["adams1975"] if self.hydration_state == "accessible" else []
        return tuple(dict.fromkeys(key for joined in keys for key in joined.split(";")))


def checked(
    ions: Sequence[str],
    treatment: str,
    hydration_state: str | None,
    k_profile: KProfile,
    temperature: float,
    **others: Any,
) -> Settings:
    """Settings that can be used. Raises UnknownChoice or OutOfRange with what cannot."""
    _choice("treatment", treatment, TREATMENTS)
    state = hydration_state or ("accessible" if treatment == "thermal" else "dry")
    _choice("hydration state", state, HYDRATION_STATES)
    if state != "dry" and treatment != "thermal":
        raise UnknownChoice(
            f"hydration_state={state!r} with treatment {treatment}: water is sampled, use treatment=thermal"
        )
    if isinstance(k_profile, str):
        _choice("k_profile", k_profile, K_PROFILES)
    low, high = TEMPERATURE_RANGE
    if not low <= temperature <= high:
        raise OutOfRange(f"temperature {temperature:g} K: {low:g} to {high:g} K is needed (25 °C is 298.15 K)")
    names = tuple(ion_by_name(name).symbol for name in ions)
    if len(names) != 2 or names[0] == names[1]:
        raise UnknownChoice(f"ions {', '.join(ions) or 'none'}: two different ones are needed, for example K,Na")
    settings = Settings(
        ions=names, treatment=treatment, hydration_state=state, k_profile=k_profile, temperature=temperature, **others
    )
    for name in names:
        force_field_by_name(settings.force_field).ion(name)
        hydration_free_energy(name, scale=settings.scale, temperature=temperature)
    if not (np.isfinite(settings.access_length) and settings.access_length >= 0.0):
        raise OutOfRange(
            f"access length {settings.access_length:g} Å: zero or a positive length is needed (default 10)"
        )
    if settings.spacing is not None and not settings.spacing > 0.0:
        raise OutOfRange(f"spacing {settings.spacing:g} Å of the profile: a positive length is needed")
    if settings.spacing is not None and settings.spacing > WIDEST:
        raise OutOfRange(f"spacing {settings.spacing:g} Å of the profile: at most {WIDEST:g} Å, half a site, shows its planes and cages")
    check_seed(settings.seed)
    if not isinstance(settings.sigma, str):
        force_constant(settings.sigma)
    elif settings.sigma != "bfactor":
        raise UnknownChoice(f"sigma {settings.sigma!r}: give a length in Å (calibrated: 0.30) or 'bfactor'")
    _ = settings.given
    return settings


def _choice(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UnknownChoice(f"{what} {value!r}: available are {', '.join(known)}{hint(value, known)}")
