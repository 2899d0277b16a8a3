"""How fast does the Na+/K+-ATPase run, what current does it carry, and what does that do to the voltage?

Concentrations in mM, voltages in mV, temperatures in K, current densities in µA/cm² (outward positive).
The *cycle current* is F times the number of pump cycles per area and time: one ATP is split per cycle, and a 3 Na : 2 K pump
carries exactly one cycle current of net charge. Other stoichiometries multiply it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from selectivity.constants import BODY_TEMPERATURE, FARADAY
from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.membrane.conditions import Numbers, checked_amount, checked_number
from selectivity.membrane.nernst import thermal_voltage_mv

AVOGADRO_PER_PICOMOLE = 6.02214076e11
"""Particles per pmol (exact in the SI)."""

SLOW_EXPONENT = 0.1
"""Electrical distance in the slow voltage factor shared by all saturable kinetics of the table."""

SQUARE_MICROMETRES_PER_SQUARE_CENTIMETRE = 1e8


@dataclass(frozen=True)
class Stoichiometry:
    """Ions moved per ATP: `sodium` out, `potassium` in."""

    sodium: float = 3.0
    potassium: float = 2.0

    def __post_init__(self) -> None:
        if not (self.sodium > 0 and self.potassium >= 0 and math.isfinite(self.sodium + self.potassium)):
            raise OutOfRange(
                f"pump stoichiometry {self.sodium}:{self.potassium}; needed: Na > 0 and K >= 0 per ATP (3:2 in nature)"
            )

    @property
    def net_charge(self) -> float:
        """Net charges carried outward per cycle."""
        return self.sodium - self.potassium


THREE_TO_TWO = Stoichiometry()
"""The stoichiometry of the Na+/K+-ATPase."""


@dataclass(frozen=True)
class PumpKinetics:
    """One published rate law; see data/pump_kinetics.csv for the formulas.

    `maximal_ua_per_cm2` is the cycle current at saturation and full voltage activation (for form "power": at Na_i = Na_o).
    """

    name: str
    form: str
    maximal_ua_per_cm2: float
    half_sodium_mm: float
    hill_sodium: float
    half_potassium_mm: float
    slow_coefficient: float
    fast_coefficient: float
    sodium_scale_mm: float
    mark: str
    source: str

    def scaled(self, factor: float) -> PumpKinetics:
        """The same rate law with `factor` times as many pumps (0 = none)."""
        if not (factor >= 0 and math.isfinite(factor)):
            raise OutOfRange(f"pump factor {factor}; needed: a finite number >= 0 (1 = as published, 0 = blocked)")
        return replace(self, maximal_ua_per_cm2=self.maximal_ua_per_cm2 * factor)


@dataclass(frozen=True)
class PumpRate:
    """What the pump does per area: arrays broadcast over the conditions, or floats."""

    cycle_ua_per_cm2: Numbers
    current_ua_per_cm2: Numbers
    sodium_efflux_pmol_per_cm2_s: Numbers
    potassium_influx_pmol_per_cm2_s: Numbers
    atp_pmol_per_cm2_s: Numbers
    kinetics: str
    source: str


@dataclass(frozen=True)
class PumpInCell:
    """The pump of one whole cell."""

    current_pa: float
    atp_per_second: float
    voltage_shift_mv: float


def pump_rate(
    kinetics: PumpKinetics,
    *,
    sodium_inside: ArrayLike,
    sodium_outside: ArrayLike,
    potassium_outside: ArrayLike,
    voltage: ArrayLike,
    temperature: ArrayLike = BODY_TEMPERATURE,
    stoichiometry: Stoichiometry = THREE_TO_TWO,
) -> PumpRate:
    """Pump fluxes and current at given concentrations (mM), voltage (mV) and temperature (K); all broadcast.

    The published laws hold at 37 °C; `temperature` enters only u = VF/RT (the pump's own Q10 is a separate question).
    Raises OutOfRange for negative or non-finite concentrations. Source: data/pump_kinetics.csv.

    >>> rate = pump_rate(pump_kinetics("duesterwald-2018"), sodium_inside=14.0, sodium_outside=145.0,
    ...                  potassium_outside=3.5, voltage=-72.6)
    >>> round(float(rate.current_ua_per_cm2), 4)
    0.9001
    """
    na_i = checked_amount(sodium_inside, "Na inside (mM)")
    na_o = checked_amount(sodium_outside, "Na outside (mM)")
    k_o = checked_amount(potassium_outside, "K outside (mM)")
    u = checked_number(voltage, "voltage (mV)") / thermal_voltage_mv(temperature)
    cycle = _cycle_current(kinetics, na_i, na_o, k_o, u)
    moles = 1e6 * cycle / FARADAY
    return PumpRate(
        cycle_ua_per_cm2=cycle,
        current_ua_per_cm2=stoichiometry.net_charge * cycle,
        sodium_efflux_pmol_per_cm2_s=stoichiometry.sodium * moles,
        potassium_influx_pmol_per_cm2_s=stoichiometry.potassium * moles,
        atp_pmol_per_cm2_s=moles,
        kinetics=kinetics.name,
        source=kinetics.source,
    )


def pump_in_cell(rate: PumpRate, *, area_um2: float, conductance_ns: float) -> PumpInCell:
    """Current (pA), ATP per second and the voltage the pump adds, -I/G (mV), in a cell of `area_um2` and `conductance_ns`.

    -I/G is what switching the pump off takes away at once, before any concentration has moved. Raises OutOfRange
    unless area and conductance are positive.

    >>> rate = pump_rate(pump_kinetics("duesterwald-2018"), sodium_inside=14.0, sodium_outside=145.0,
    ...                  potassium_outside=3.5, voltage=-72.6)
    >>> cell = pump_in_cell(rate, area_um2=785.4, conductance_ns=0.864)  # 110 µS/cm² over the cylinder
    >>> round(cell.current_pa, 3), round(cell.voltage_shift_mv, 1)
    (7.069, -8.2)
    """
    if not (0 < area_um2 < math.inf and 0 < conductance_ns < math.inf):
        raise OutOfRange(
            f"area {area_um2} µm², conductance {conductance_ns} nS; needed: both above 0 to turn a pump current into mV"
        )
    area_cm2 = area_um2 / SQUARE_MICROMETRES_PER_SQUARE_CENTIMETRE
    current_pa = float(np.asarray(rate.current_ua_per_cm2)) * area_cm2 * 1e6
    atp = float(np.asarray(rate.atp_pmol_per_cm2_s)) * area_cm2 * AVOGADRO_PER_PICOMOLE
    return PumpInCell(current_pa, atp, -current_pa / conductance_ns)


def pump_kinetics(name: str, *, capacitance_uf_per_cm2: float = 1.0) -> PumpKinetics:
    """A published rate law by name; laws given per µF are scaled with the specific capacitance.

    >>> pump_kinetics("ten-tusscher-2006").maximal_ua_per_cm2
    2.724
    """
    rows = _kinetics_table()
    if name not in rows:
        raise UnknownChoice(f"pump kinetics {name!r} unknown; choose one of {', '.join(rows)}{hint(name, rows)}")
    if not 0 < capacitance_uf_per_cm2 < math.inf:
        raise OutOfRange(f"capacitance {capacitance_uf_per_cm2} µF/cm²; needed: above 0 (about 1)")
    row = rows[name]
    scale = capacitance_uf_per_cm2 if row["unit"] == "ua_per_uf" else 1.0
    numbers = {
        key: float(row[key]) if row[key] else math.nan
        for key in (
            "half_sodium_mm",
            "hill_sodium",
            "half_potassium_mm",
            "slow_coefficient",
            "fast_coefficient",
            "sodium_scale_mm",
        )
    }
    return PumpKinetics(
        name=name,
        form=row["form"],
        maximal_ua_per_cm2=float(row["maximal"]) * scale,
        mark=row["mark"],
        source=row["source"],
        **numbers,
    )


def pump_names() -> tuple[str, ...]:
    """Names that `pump_kinetics` knows."""
    return tuple(_kinetics_table())


def voltage_factor(kinetics: PumpKinetics, sodium_outside: ArrayLike, reduced_voltage: ArrayLike) -> Numbers:
    """f_V of the table at Na_o (mM) and u = VF/RT: the share of pumps that the voltage lets run (dimensionless).

    >>> float(voltage_factor(pump_kinetics("duesterwald-2018"), 145.0, -2.7))
    1.0
    """
    u = np.asarray(reduced_voltage, dtype=float)
    if kinetics.form == "power":
        return np.ones_like(u)
    slow, fast = _voltage_weights(kinetics, np.asarray(sodium_outside, dtype=float))
    with np.errstate(over="ignore"):  # far below any real voltage the factor is 0, which 1/(1+inf) says
        return 1.0 / (1.0 + slow * np.exp(-SLOW_EXPONENT * u) + fast * np.exp(-u))


def pump_slopes(
    kinetics: PumpKinetics, na_i: float, na_o: float, k_o: float, reduced_voltage: float
) -> tuple[float, float, float, float, float]:
    """Cycle current (µA/cm²) and its slopes with respect to Na_i, Na_o, K_o (mM) and u = VF/RT, for one condition.

    The scalar twin of `pump_rate` that a solver calls thousands of times: positive concentrations are the caller's business.

    >>> law = pump_kinetics("duesterwald-2018")
    >>> [round(x, 6) for x in pump_slopes(law, 14.0, 145.0, 3.5, -2.7)]
    [0.900078, 0.192874, -0.018622, 0.0, 0.0]
    """
    hill = kinetics.hill_sodium
    if kinetics.form == "power":
        cycle = kinetics.maximal_ua_per_cm2 * (na_i / na_o) ** hill
        return cycle, hill * cycle / na_i, -hill * cycle / na_o, 0.0, 0.0
    ratio = (kinetics.half_sodium_mm / na_i) ** hill
    sodium, half = 1.0 / (1.0 + ratio), kinetics.half_potassium_mm
    slow, fast, fast_slope = kinetics.slow_coefficient, kinetics.fast_coefficient, 0.0
    if not math.isnan(kinetics.sodium_scale_mm):
        growth = math.exp(na_o / kinetics.sodium_scale_mm)
        fast_slope = fast * growth / (7.0 * kinetics.sodium_scale_mm)
        fast *= (growth - 1.0) / 7.0
    slow_term, fast_factor = slow * math.exp(-SLOW_EXPONENT * reduced_voltage), math.exp(-reduced_voltage)
    open_share = 1.0 / (1.0 + slow_term + fast * fast_factor)
    cycle = kinetics.maximal_ua_per_cm2 * sodium * k_o / (k_o + half) * open_share
    return (
        cycle,
        cycle * hill * ratio * sodium / na_i,
        -cycle * open_share * fast_slope * fast_factor,
        cycle * half / (k_o * (k_o + half)) if k_o > 0 else 0.0,
        cycle * open_share * (SLOW_EXPONENT * slow_term + fast * fast_factor),
    )


def _cycle_current(kinetics: PumpKinetics, na_i: Numbers, na_o: Numbers, k_o: Numbers, u: Numbers) -> Numbers:
    if kinetics.form == "power":
        if np.any(na_o == 0):
            raise OutOfRange(f"pump kinetics {kinetics.name!r} divides by Na outside, which is 0; use a saturable law")
        shape = np.broadcast_shapes(na_i.shape, na_o.shape, k_o.shape, u.shape)
        return np.broadcast_to(kinetics.maximal_ua_per_cm2 * (na_i / na_o) ** kinetics.hill_sodium, shape)
    power = na_i**kinetics.hill_sodium
    sodium = power / (power + kinetics.half_sodium_mm**kinetics.hill_sodium)
    potassium = k_o / (k_o + kinetics.half_potassium_mm)
    return kinetics.maximal_ua_per_cm2 * sodium * potassium * voltage_factor(kinetics, na_o, u)


def _voltage_weights(kinetics: PumpKinetics, na_o: Numbers) -> tuple[float, Numbers]:
    unscaled = math.isnan(kinetics.sodium_scale_mm)
    sigma = np.ones_like(na_o) if unscaled else np.expm1(na_o / kinetics.sodium_scale_mm) / 7.0
    return kinetics.slow_coefficient, kinetics.fast_coefficient * sigma


@cache
def _kinetics_table() -> Mapping[str, Mapping[str, str]]:
    return {row["name"]: row for row in read_table("pump_kinetics")}
