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
from numpy.typing import ArrayLike, NDArray

from selectivity.constants import BODY_TEMPERATURE, FARADAY, thermal_voltage
from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice

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

    cycle_ua_per_cm2: NDArray[np.float64]
    current_ua_per_cm2: NDArray[np.float64]
    sodium_efflux_pmol_per_cm2_s: NDArray[np.float64]
    potassium_influx_pmol_per_cm2_s: NDArray[np.float64]
    atp_pmol_per_cm2_s: NDArray[np.float64]
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
    temperature: float = BODY_TEMPERATURE,
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
    na_i, na_o, k_o = (
        _concentration(name, value)
        for name, value in (
            ("Na inside", sodium_inside),
            ("Na outside", sodium_outside),
            ("K outside", potassium_outside),
        )
    )
    v = np.asarray(voltage, dtype=float)
    if not np.all(np.isfinite(v)):
        raise OutOfRange("voltage is not finite; needed: mV")
    if not temperature > 0:
        raise OutOfRange(f"temperature {temperature} K; needed: above 0 K")
    cycle = _cycle_current(kinetics, na_i, na_o, k_o, v / thermal_voltage(temperature))
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
    if not (area_um2 > 0 and conductance_ns > 0):
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
        raise UnknownChoice(f"pump kinetics {name!r} unknown; choose one of {', '.join(rows)}")
    if not capacitance_uf_per_cm2 > 0:
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


def voltage_factor(
    kinetics: PumpKinetics, sodium_outside: ArrayLike, reduced_voltage: ArrayLike
) -> NDArray[np.float64]:
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


def _cycle_current(kinetics, na_i, na_o, k_o, u):
    if kinetics.form == "power":
        if np.any(na_o == 0):
            raise OutOfRange(f"pump kinetics {kinetics.name!r} divides by Na outside, which is 0; use a saturable law")
        shape = np.broadcast_shapes(na_i.shape, na_o.shape, k_o.shape, u.shape)
        return np.broadcast_to(kinetics.maximal_ua_per_cm2 * (na_i / na_o) ** kinetics.hill_sodium, shape)
    hill = na_i**kinetics.hill_sodium
    sodium = hill / (hill + kinetics.half_sodium_mm**kinetics.hill_sodium)
    potassium = k_o / (k_o + kinetics.half_potassium_mm)
    return kinetics.maximal_ua_per_cm2 * sodium * potassium * voltage_factor(kinetics, na_o, u)


def _voltage_weights(kinetics, na_o):
    sigma = 1.0 if math.isnan(kinetics.sodium_scale_mm) else np.expm1(na_o / kinetics.sodium_scale_mm) / 7.0
    return kinetics.slow_coefficient, kinetics.fast_coefficient * sigma


def _concentration(name: str, value: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=float)
    if not (np.all(np.isfinite(array)) and np.all(array >= 0)):
        raise OutOfRange(f"{name} {value}; needed: finite concentrations >= 0 mM")
    return array


@cache
def _kinetics_table() -> Mapping[str, Mapping[str, str]]:
    return {row["name"]: row for row in read_table("pump_kinetics")}
