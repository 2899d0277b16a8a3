"""What does it cost to keep the gradients? Pump work, dissipation and ATP of a membrane that never comes to equilibrium.

Energies in kJ/mol, powers in pW (per cell) or nW/cm² (per area), entropy production in fW/K or nW/(cm² K), voltages in mV,
concentrations in mM, temperatures in K. Every leak dissipates current times driving force, which is never negative; at a
steady state their sum is the work of the pump, which is less than the free energy of the ATP it splits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from selectivity.constants import BODY_TEMPERATURE, FARADAY, GAS_CONSTANT_KJ, thermal_energy
from selectivity.errors import OutOfRange
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    both_sides,
    broadcast,
    checked_amount,
    checked_number,
    checked_temperature,
)
from selectivity.membrane.currents import ghk_flux
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.membrane.nernst import nernst_potential
from selectivity.membrane.pump import AVOGADRO_PER_PICOMOLE, THREE_TO_TWO, Stoichiometry
from selectivity.membrane.pump_leak import WATER_MOLAR_VOLUME, PumpLeakCell
from selectivity.membrane.pump_leak_state import CellState

ATP_FREE_ENERGY = 50.0
"""Free energy that the hydrolysis of ATP gives a living cell, kJ/mol (about; course_text): a labelled default."""

KJ_PER_MOL_PER_MV = FARADAY * 1e-6
"""One mV on one elementary charge per particle, kJ/mol."""

SECOND_LAW_SLACK = 1e-9
"""Rounding that a dissipation may fall below zero by, relative to the largest term."""


@dataclass(frozen=True)
class AttwellLaughlin:
    """Resting cost of a cell from its input resistance: pump current, conductances, ATP, powers, entropy."""

    pump_current_pa: Any
    conductance_na_ns: Any
    conductance_k_ns: Any
    atp_per_second: Any
    leak_dissipation_pw: Any
    atp_power_pw: Any
    entropy_production_fw_per_k: Any
    efficiency: Any


@dataclass(frozen=True)
class EnergyBudget:
    """Power balance of one cell, pW; `dissipation_pw` by path, each never negative. `stored_pw` is what the gradients gain."""

    dissipation_pw: dict[str, float]
    total_dissipation_pw: float
    pump_work_pw: float
    atp_power_pw: float
    pump_loss_pw: float
    stored_pw: float
    efficiency: float
    entropy_production_fw_per_k: float
    atp_per_second: float
    pump_work_kj_mol: float
    atp_kj_mol: float
    second_law: bool


@dataclass(frozen=True)
class SelectivityCost:
    """What selectivity saves: arrays over the ratios P_K/P_Na, per area of membrane (and relative to a perfect filter)."""

    ratio: Numbers
    v_mv: Numbers
    sodium_influx_pmol_per_cm2_s: Numbers
    atp_pmol_per_cm2_s: Numbers
    power_nw_per_cm2: Numbers
    channel_share: Numbers
    relative_cost: Numbers | None


def pump_work(
    *,
    outside: Concentrations,
    inside: Concentrations,
    voltage: ArrayLike,
    temperature: ArrayLike = BODY_TEMPERATURE,
    stoichiometry: Stoichiometry = THREE_TO_TWO,
) -> Any:
    """Work of one pump cycle, n (E_Na - V) F + m (V - E_K) F, kJ per mol of ATP; broadcasts.

    >>> sides = dict(outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15})
    >>> round(pump_work(**sides, voltage=-70.0, temperature=310.15), 2)
    41.49
    """
    v = checked_number(voltage, "voltage (mV)")
    e_na, e_k = (
        nernst_potential(outside=out, inside=into, valence=1, temperature=temperature)
        for out, into in both_sides(("Na", "K"), outside, inside).values()
    )
    return cycle_work(v, e_na, e_k, stoichiometry)


def cycle_work(voltage: ArrayLike, e_na: ArrayLike, e_k: ArrayLike, stoichiometry: Stoichiometry = THREE_TO_TWO) -> Any:
    """Work of one pump cycle from potentials (mV), kJ per mol of ATP; broadcasts.

    >>> round(cycle_work(-70.0, 60.63, -89.06), 2)
    41.49
    """
    v, na, k = (
        checked_number(x, name) for x, name in ((voltage, "voltage (mV)"), (e_na, "E_Na (mV)"), (e_k, "E_K (mV)"))
    )
    return as_answer(KJ_PER_MOL_PER_MV * (stoichiometry.sodium * (na - v) + stoichiometry.potassium * (v - k)))


def pump_stall_voltage(
    *,
    outside: Concentrations,
    inside: Concentrations,
    atp_kj_mol: ArrayLike = ATP_FREE_ENERGY,
    temperature: ArrayLike = BODY_TEMPERATURE,
    stoichiometry: Stoichiometry = THREE_TO_TWO,
) -> Any:
    """Voltage (mV) at which the pump's work takes all of the ATP free energy: beyond it the pump would run backwards; broadcasts.

    >>> sides = dict(outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15})
    >>> round(pump_stall_voltage(**sides), 1)
    -158.2
    """
    if stoichiometry.net_charge == 0:
        raise OutOfRange(
            "an electroneutral pump feels no voltage, so no voltage stalls it; compare pump_work with the ATP energy"
        )
    fuel = checked_amount(atp_kj_mol, "ATP free energy (kJ/mol)", zero_allowed=False)
    work = pump_work(outside=outside, inside=inside, voltage=0.0, temperature=temperature, stoichiometry=stoichiometry)
    return as_answer(np.asarray((work - fuel) / (stoichiometry.net_charge * KJ_PER_MOL_PER_MV)))


def atp_free_energy(
    *,
    atp_mm: ArrayLike,
    adp_mm: ArrayLike,
    phosphate_mm: ArrayLike,
    standard_kj_mol: ArrayLike,
    temperature: ArrayLike = BODY_TEMPERATURE,
) -> Any:
    """Free energy that ATP hydrolysis delivers, -(dG0' + RT ln([ADP][P]/[ATP])), kJ/mol, concentrations in mM.

    `standard_kj_mol` (negative, at 1 M) is the caller's: it depends on pH and Mg2+, and no single value is right.

    >>> round(atp_free_energy(atp_mm=3.0, adp_mm=0.3, phosphate_mm=5.0, standard_kj_mol=-30.5), 1)
    50.1
    """
    atp, adp, phosphate = (
        checked_amount(value, name, zero_allowed=False)
        for value, name in ((atp_mm, "ATP (mM)"), (adp_mm, "ADP (mM)"), (phosphate_mm, "phosphate (mM)"))
    )
    kelvin = checked_temperature(temperature)
    standard = checked_number(standard_kj_mol, "standard free energy (kJ/mol)")
    return as_answer(np.asarray(-standard - GAS_CONSTANT_KJ * kelvin * np.log(1e-3 * adp * phosphate / atp)))


def attwell_laughlin(
    *,
    voltage: ArrayLike,
    e_na: ArrayLike,
    e_k: ArrayLike,
    input_resistance_mohm: ArrayLike,
    atp_kj_mol: ArrayLike = ATP_FREE_ENERGY,
    temperature: ArrayLike = BODY_TEMPERATURE,
    stoichiometry: Stoichiometry = THREE_TO_TWO,
) -> AttwellLaughlin:
    """Resting pump current from the input resistance: I = (E_Na - V)(V - E_K)/{R [n (V - E_K) + m (E_Na - V)]}; broadcasts.

    From g_Na (V - E_Na) = -n I, g_K (V - E_K) = m I and g_Na + g_K = 1/R; n:m = 3:2 gives the published
    (E_Na - V)(V - E_K)/[R (V + 2 E_Na - 3 E_K)]. Raises OutOfRange unless E_K < V < E_Na. Source: attwell_laughlin2001.

    >>> rest = attwell_laughlin(voltage=-70, e_na=50, e_k=-100, input_resistance_mohm=200, temperature=310.0)
    >>> round(rest.pump_current_pa, 1), f"{rest.atp_per_second:.2e}", round(rest.efficiency, 2)
    (54.5, '3.40e+08', 0.81)
    """
    v, na, k = (checked_number(x, name) for x, name in ((voltage, "voltage"), (e_na, "E_Na"), (e_k, "E_K")))
    resistance = checked_amount(input_resistance_mohm, "input resistance (MOhm)", zero_allowed=False)
    energy = checked_amount(atp_kj_mol, "ATP free energy (kJ/mol)", zero_allowed=False)
    broadcast(v, na, k, resistance, energy)
    if np.any(v <= k) or np.any(v >= na):
        raise OutOfRange(f"V {v} mV is not between E_K {k} and E_Na {na}; a pump at rest needs both leaks downhill")
    n, m = stoichiometry.sodium, stoichiometry.potassium
    # mV / MOhm is nA
    current = 1e3 * (na - v) * (v - k) / (resistance * (n * (v - k) + m * (na - v)))
    cycles = current * 1e-12 / elementary_charge
    leak = 1e-3 * current * (n * (na - v) + m * (v - k))
    fuel = cycles / AVOGADRO_PER_PICOMOLE * energy * 1e3
    return AttwellLaughlin(
        pump_current_pa=as_answer(current * stoichiometry.net_charge),
        conductance_na_ns=as_answer(n * current / (na - v)),
        conductance_k_ns=as_answer(m * current / (v - k)),
        atp_per_second=as_answer(cycles),
        leak_dissipation_pw=as_answer(leak),
        atp_power_pw=as_answer(fuel),
        entropy_production_fw_per_k=as_answer(1e3 * leak / checked_temperature(temperature)),
        efficiency=as_answer(leak / fuel),
    )


def energy_budget(
    cell: PumpLeakCell, state: CellState, *, atp_kj_mol: float = ATP_FREE_ENERGY, fixed_volume: bool = False
) -> EnergyBudget:
    """Where the power of one pump-leak cell goes, at rest or at any instant of a run.

    Paths: Na, K and Cl leaks, KCC2, NKCC1, water; each is a flux times its own force. `stored_pw` = pump work - dissipation
    is what the gradients gain (0 at a steady state, negative while they run down). The second law holds when no path and
    not the pump itself (ATP power - pump work) produces negative entropy.

    >>> from selectivity.membrane.pump_leak import pump_leak_cell
    >>> from selectivity.membrane.pump_leak_steady import steady_state
    >>> budget = energy_budget(pump_leak_cell(), steady_state(pump_leak_cell()).state)
    >>> abs(budget.stored_pw) < 1e-6 * budget.pump_work_pw, budget.second_law, round(budget.pump_work_kj_mol, 1)
    (True, True, 43.4)
    """
    checked_amount(atp_kj_mol, "ATP free energy (kJ/mol)", zero_allowed=False)
    area_cm2 = 1e-8 * cell.area_um2 * state.area_ratio
    e, v, leak = state.nernst_mv, state.v_mv, state.leak_ua_per_cm2
    # µA/cm² times mV is nW/cm²; times cm² is nW, 1e3 pW
    watt = 1e3 * area_cm2
    dissipation = {ion: watt * leak[ion] * (v - e[ion]) for ion in leak}
    dissipation["KCC2"] = watt * state.kcc2_ua_per_cm2 * (e["Cl"] - e["K"])
    dissipation["NKCC1"] = watt * state.nkcc1_ua_per_cm2 * (e["Na"] + e["K"] - 2.0 * e["Cl"])
    dissipation["water"] = 0.0 if fixed_volume else _water_dissipation(cell, state, area_cm2)
    total = sum(dissipation.values())
    work_kj = float(cycle_work(v, e["Na"], e["K"], cell.stoichiometry))
    cycle = state.pump_cycle_ua_per_cm2
    work = watt * cycle * work_kj / KJ_PER_MOL_PER_MV
    atp_power = watt * cycle * atp_kj_mol / KJ_PER_MOL_PER_MV
    slack = SECOND_LAW_SLACK * max(total, atp_power, 1e-30)
    return EnergyBudget(
        dissipation_pw=dissipation,
        total_dissipation_pw=total,
        pump_work_pw=work,
        atp_power_pw=atp_power,
        pump_loss_pw=atp_power - work,
        stored_pw=work - total,
        efficiency=work / atp_power if atp_power > 0 else 0.0,
        entropy_production_fw_per_k=1e3 * (total + atp_power - work) / cell.temperature,
        atp_per_second=1e-6 * cycle * area_cm2 / elementary_charge,
        pump_work_kj_mol=work_kj,
        atp_kj_mol=atp_kj_mol,
        second_law=bool(all(part >= -slack for part in dissipation.values()) and atp_power - work >= -slack),
    )


def stored_energy(cell: PumpLeakCell, state: CellState) -> float:
    """Free energy held by the gradients and the membrane of a cell in an infinite bath, pJ (zero at the bath's own state).

    F = sum n RT [ln(c/c_bath) - 1] + n_X RT [ln x - 1] + RT (osmolarity of the bath) volume + 1/2 C V²; its change along a run is
    the pump's work minus what the leaks dissipate.
    """
    rt = thermal_energy(cell.temperature)
    litres = state.volume * cell.volume_fl * 1e-15
    energy = sum(state.inside_mm[i] * (np.log(state.inside_mm[i] / state.outside_mm[i]) - 1.0) for i in state.inside_mm)
    if state.impermeant_mm > 0:
        energy += state.impermeant_mm * (np.log(state.impermeant_mm) - 1.0)
    chemical = rt * (energy + cell.bath_osmolarity_mm) * litres * 1e12  # mM kJ/mol is J/L
    farads = cell.capacitance_uf_per_cm2 * 1e-6 * cell.area_um2 * 1e-8 * state.area_ratio
    return float(chemical + 0.5 * farads * (1e-3 * state.v_mv) ** 2 * 1e12)


def selectivity_cost(
    ratio: ArrayLike,
    *,
    potassium_permeability_cm_s: ArrayLike,
    background_sodium_cm_s: ArrayLike = 0.0,
    outside: Concentrations,
    inside: Concentrations,
    atp_kj_mol: ArrayLike = ATP_FREE_ENERGY,
    temperature: ArrayLike = BODY_TEMPERATURE,
) -> SelectivityCost:
    """What a membrane pays per area when its K+ channels have selectivity `ratio` = P_K/P_Na; broadcasts.

    Concentrations are held (that is what the pump is paid for), V is the Mullins-Noda steady state, Na+ enters by the constant-field
    flux through the channels (P_K/ratio) and through the background; one ATP pumps three of them. `channel_share` is the part
    of the Na+ leak that comes through the K+ channels, `relative_cost` the ATP relative to infinitely selective channels
    (None where any background is 0: nothing to compare with). Permeabilities in cm/s. Raises OutOfRange where Na+ does not leak in.

    >>> cost = selectivity_cost([1, 10, 1000], potassium_permeability_cm_s=1e-6, background_sodium_cm_s=4e-8,
    ...                         outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15})
    >>> [round(float(x), 2) for x in cost.relative_cost]
    [9.78, 2.76, 1.02]
    """
    r = np.atleast_1d(checked_amount(ratio, "P_K/P_Na", zero_allowed=False))
    p_k = checked_amount(potassium_permeability_cm_s, "P_K (cm/s)", zero_allowed=False)
    background = checked_amount(background_sodium_cm_s, "background P_Na (cm/s)")
    energy = checked_amount(atp_kj_mol, "ATP free energy (kJ/mol)", zero_allowed=False)
    broadcast(r, p_k, background, energy)
    sides: dict[str, Any] = {"outside": outside, "inside": inside, "temperature": temperature}
    p_na = p_k / r + background
    v = np.asarray(mullins_noda_voltage({"K": p_k, "Na": p_na}, **sides))
    influx = _sodium_influx(p_na, v, sides)
    if np.any(influx <= 0.0):
        raise OutOfRange(
            "Na+ does not leak in at these concentrations, so no pump is paid for; check both sides of Na and K"
        )
    perfect = None
    if np.all(background > 0):
        v_0 = mullins_noda_voltage({"K": p_k, "Na": background}, **sides)
        perfect = _sodium_influx(background, v_0, sides)
    atp = influx / THREE_TO_TWO.sodium
    return SelectivityCost(
        ratio=r,
        v_mv=v,
        sodium_influx_pmol_per_cm2_s=influx,
        atp_pmol_per_cm2_s=atp,
        power_nw_per_cm2=atp * energy,  # pmol/s times kJ/mol is nW
        channel_share=(p_k / r) / p_na,
        relative_cost=None if perfect is None else influx / perfect,
    )


def leak_permeabilities(state: CellState, *, temperature: float = BODY_TEMPERATURE) -> tuple[float, float]:
    """Constant-field P_Na and P_K (cm/s) that carry the Na+ and K+ leaks of a state of a pump-leak cell.

    >>> from selectivity.membrane.pump_leak import pump_leak_cell
    >>> from selectivity.membrane.pump_leak_steady import steady_state
    >>> p_na, p_k = leak_permeabilities(steady_state(pump_leak_cell()).state)
    >>> round(p_k / p_na, 1)
    18.2
    """
    found = []
    for ion in ("Na", "K"):
        sides = {"outside": state.outside_mm[ion], "inside": state.inside_mm[ion], "valence": 1}
        flux = float(ghk_flux(1.0, **sides, voltage=state.v_mv, temperature=temperature))  # nmol per cm/s
        found.append(1e3 * state.leak_ua_per_cm2[ion] / FARADAY / flux)
    return found[0], found[1]


def _sodium_influx(p_na: ArrayLike, v: ArrayLike, sides: Mapping[str, Any]) -> Numbers:
    out = ghk_flux(
        p_na,
        outside=sides["outside"]["Na"],
        inside=sides["inside"]["Na"],
        valence=1,
        voltage=v,
        temperature=sides["temperature"],
    )
    return np.asarray(-1e3 * np.asarray(out))  # nmol outward to pmol inward


def _water_dissipation(cell: PumpLeakCell, state: CellState, area_cm2: float) -> float:
    """Water flow times osmotic pressure, pW: P_w v_w A RT (osmolarity difference)²."""
    inside = sum(state.inside_mm.values()) + state.impermeant_mm
    impermeant = cell.impermeant_outside_mm
    if cell.bath_to_cell_volume is not None:
        impermeant *= cell.bath_to_cell_volume / (1.0 + cell.bath_to_cell_volume - state.volume)
    excess = inside - sum(state.outside_mm.values()) - impermeant
    flow = cell.water_permeability_cm_per_s * WATER_MOLAR_VOLUME * area_cm2 * excess * 1e-6  # cm³/s
    return flow * thermal_energy(cell.temperature) * excess * 1e9  # kJ/mol times mM is 1e-3 J/cm³, 1e9 pW s/cm³
