"""What was asked for? The options of a score, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.force_field import ForceField
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.groups import force_constant
from selectivity.energetics.hydration import TEMPERATURE_RANGE, hydration_free_energy, hydration_scale
from selectivity.energetics.model_spread import Model
from selectivity.energetics.occupants import Occupant, parse_occupants
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.ions import ion as ion_by_name
from selectivity.membrane.cells import cell as cell_by_name
from selectivity.permeation.barrier import tabulated_profile
from selectivity.permeation.rules import ACCESS_LENGTH_ANGSTROM, RULES

TREATMENTS = ("thermal", "relaxed", "rigid")
HYDRATION_STATES = ("accessible", "dry")
QUEUE = "queue"
ALL_RULES = (QUEUE, *RULES)

QUICK: Mapping[str, Any] = MappingProxyType({"treatment": "relaxed", "hydration_state": "dry", "rule": "profile"})
"""One ion at a time in a dry filter at its minimum, and one barrier: the textbook's picture, in seconds instead of a minute."""

FINEST_KJ_MOL = 0.05
"""Below this target a run would take hours; the force field is not known to a tenth of it."""


@dataclass(frozen=True)
class Settings:
    """The options of `selectivity.pipeline.score_filter`, by the same names and in the same units."""

    ions: tuple[str, ...] = ("K", "Na")
    treatment: str = "thermal"
    sigma: float | str = 0.30
    force_field: str = "charmm36"
    hydration: str = "force-field"
    hydration_state: str | None = None
    temperature: float = ROOM_TEMPERATURE
    rule: str | None = None
    k_profile: tuple[Sequence[float], Sequence[float]] | None = None
    access_length: float = ACCESS_LENGTH_ANGSTROM
    seed: int = 0
    force: bool = False
    cell: str = "neuron"
    neighbours: str | None = None
    target_error: float = 1.0
    jobs: int = 1

    @property
    def pair(self) -> tuple[str, str]:
        """The two ions, first and second."""
        first, second = self.ions
        return first, second

    @property
    def reference(self) -> str:
        """The ion whose own profile W is given (flat by default): K+ where it takes part, else the one that water holds less.

        It does not depend on the order of the pair, so that swapping the ions inverts the ratio.
        """
        if "K" in self.pair:
            return "K"
        return max(
            self.pair, key=lambda ion: hydration_free_energy(ion, scale=self.scale, temperature=self.temperature)
        )

    @property
    def searched(self) -> tuple[str, str]:
        """The pair with the reference ion first: the order in which minima are searched, whatever was asked for."""
        first, second = self.pair
        return (first, second) if first == self.reference else (second, first)

    @property
    def rigid(self) -> bool:
        """Whether heavy atoms stay at the file's coordinates."""
        return self.treatment == "rigid"

    @property
    def model(self) -> Model:
        """The energy model, whose numbers are varied for the errors."""
        return Model(self.sigma, self.force_field, self.hydration, self.temperature, rigid=self.rigid)  # type: ignore[arg-type]

    @property
    def thermal(self) -> bool:
        """Whether free energies are sampled at the temperature."""
        return self.treatment == "thermal"

    @property
    def accessible(self) -> bool:
        """Whether water stands where it can reach."""
        return self.hydration_state == "accessible"

    @property
    def occupants(self) -> tuple[Occupant, ...]:
        """Who sits in other sites while one is scored (`neighbours`, parsed)."""
        return parse_occupants(self.neighbours) if self.neighbours else ()

    @property
    def field(self) -> ForceField:
        """The force field by its name."""
        return force_field_by_name(self.force_field)

    @property
    def scale(self) -> str:
        """Name of the hydration scale in use."""
        return hydration_scale(self.hydration, force_field=self.force_field)

    def checked(self) -> Settings:
        """The same settings with canonical ion symbols and defaults filled in; UnknownChoice or OutOfRange names what cannot be used.

        Water comes and goes at a temperature only: the hydration state is accessible by default where the treatment is thermal,
        dry where it is not. The rule is the queue, unless K+, whose numbers it rests on, takes no part.
        """
        _choice("treatment", self.treatment, TREATMENTS)
        state = self.hydration_state or ("accessible" if self.thermal else "dry")
        _choice("hydration state", state, HYDRATION_STATES)
        if state == "accessible" and not self.thermal:
            raise UnknownChoice(
                f"hydration state accessible with treatment {self.treatment}: waters that come and go need a temperature; "
                "choose treatment thermal, or hydration state dry"
            )
        self._check_numbers()
        ions = self._checked_ions()
        rule = self.rule or (QUEUE if "K" in ions else "profile")
        _choice("rule", rule, ALL_RULES)
        if rule == QUEUE and "K" not in ions:
            raise UnknownChoice(
                f"rule queue for {' and '.join(ions)}: its generic numbers are those of K+; take K as one of the ions, or rule profile"
            )
        return replace(self, ions=ions, hydration_state=state, rule=rule)

    def _check_numbers(self) -> None:
        low, high = TEMPERATURE_RANGE
        if not low <= self.temperature <= high:
            raise OutOfRange(f"temperature {self.temperature:g} K: {low:g} to {high:g} K is needed (25 °C is 298.15 K)")
        if not (np.isfinite(self.access_length) and self.access_length >= 0.0):
            raise OutOfRange(
                f"access length {self.access_length:g} Å: zero or a positive length is needed (default 10)"
            )
        if not isinstance(self.sigma, str):
            force_constant(self.sigma)
        elif self.sigma != "bfactor":
            raise UnknownChoice(f"sigma {self.sigma!r}: give a length in Å (calibrated: 0.30) or 'bfactor'")
        cell_by_name(self.cell)
        check_seed(self.seed)
        if self.k_profile is not None:
            tabulated_profile(*self.k_profile)
        if not (np.isfinite(self.target_error) and self.target_error >= FINEST_KJ_MOL):
            raise OutOfRange(
                f"target error {self.target_error:g} kJ/mol of a sampled ddG: at least {FINEST_KJ_MOL:g} is needed (default 1)"
            )
        if self.occupants and not self.thermal:
            raise UnknownChoice(
                f"neighbours {self.neighbours!r} with treatment {self.treatment}: they move at a temperature; choose treatment thermal"
            )

    def _checked_ions(self) -> tuple[str, ...]:
        names = tuple(ion_by_name(name).symbol for name in self.ions)
        if len(names) != 2 or names[0] == names[1]:
            raise UnknownChoice(
                f"ions {', '.join(self.ions) or 'none'}: two different ones are needed, for example K,Na"
            )
        for name in names:
            self.field.ion(name)
            hydration_free_energy(name, scale=self.scale, temperature=self.temperature)
        return names


def check_seed(seed: int) -> None:
    """Raises OutOfRange unless ``seed`` is a whole number of at least 0, which is what a random generator takes."""
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise OutOfRange(f"seed {seed!r}: a whole number of at least 0 is needed")


def settings_of(**keywords: Any) -> Settings:
    """Settings from keywords of `score_filter`, checked; what is not named takes its default.

    >>> settings_of(treatment="relaxed").hydration_state, settings_of().rule
    ('dry', 'queue')
    """
    return Settings(**keywords).checked()


def _choice(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UnknownChoice(f"{what} {value!r}: available are {', '.join(known)}{hint(value, known)}")
