"""How strong must pump and cotransport be for a cell preset to rest where it does? A pump-leak cell from any preset.

A preset knows concentrations and permeability ratios, rarely its transporters. They follow: at rest the pump returns exactly the
Na+ and K+ that leak, and KCC2 or NKCC1 exactly the Cl-. The voltage at which one pump current can do both is the resting one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from scipy.optimize import brentq

from selectivity.constants import FARADAY, thermal_voltage
from selectivity.errors import OutOfRange
from selectivity.membrane.cells import USER, Cell
from selectivity.membrane.cells import cell as preset
from selectivity.membrane.pump import THREE_TO_TWO, Stoichiometry, pump_kinetics, pump_slopes
from selectivity.membrane.pump_leak import MOBILE_IONS, VALENCE, PumpLeakCell, pump_leak_cell, pump_leak_cell_names
from selectivity.membrane.pump_leak_equations import bernoulli

MEMBRANE_RESISTANCE = 20.0
"""kOhm cm²: an assumed resting membrane resistance; it sets how fast a cell runs down, not where it rests or ends."""

DEFAULT_KINETICS = "luo-rudy-1994"
"""A saturable law for presets that name none: half-maximal at 10 mM Na+, near the measured 9 mM."""

FIBRE_LENGTH_UM = 1000.0
"""Length of the piece that stands for a fibre given by its diameter; only ratios to volume matter."""

EDGE_MV = 1e-9
"""The search stays this far inside E_K and E_Na, where a leak would vanish."""


@dataclass(frozen=True)
class _Rest:
    """Voltage (mV) and the currents (µA/cm² at permeabilities in units of P_K) that pump and cotransport must return."""

    v: float
    cycle: float
    kcc2: float
    nkcc1: float
    slope: float


def cell_for_run_down(
    cell: Cell,
    *,
    resistance_kohm_cm2: float = MEMBRANE_RESISTANCE,
    diameter_um: float | None = None,
    kinetics: str | None = None,
    stoichiometry: Stoichiometry = THREE_TO_TWO,
) -> PumpLeakCell:
    """The pump-leak cell of a preset: the published model where there is one, else a balanced cell (see `balanced_cell`).

    >>> from selectivity.membrane.cells import cell
    >>> cell_for_run_down(cell("pump-leak-neuron")).kcc2_us_per_cm2
    20.0
    """
    published = cell.name in pump_leak_cell_names() and cell == preset(cell.name)
    if published and kinetics is None and diameter_um is None and stoichiometry == THREE_TO_TWO:
        return pump_leak_cell(cell.name)
    return balanced_cell(
        cell,
        resistance_kohm_cm2=resistance_kohm_cm2,
        diameter_um=diameter_um,
        kinetics=kinetics,
        stoichiometry=stoichiometry,
    )


def balanced_cell(
    cell: Cell,
    *,
    resistance_kohm_cm2: float = MEMBRANE_RESISTANCE,
    diameter_um: float | None = None,
    kinetics: str | None = None,
    stoichiometry: Stoichiometry = THREE_TO_TWO,
) -> PumpLeakCell:
    """A pump-leak cell that rests at the preset's concentrations.

    Leaks: the preset's conductances (mS/cm²) where it has them, else constant-field permeabilities scaled to
    `resistance_kohm_cm2`. Pump and KCC2 or NKCC1 are made as strong as the leaks demand; impermeant anions close charge and
    osmolarity. Without Cl- in the preset, Cl- is taken as passive and impermeant. `diameter_um` (of a fibre) is needed where the
    preset has no area and volume. `notes` of the result list what was assumed. Raises OutOfRange where no transporter can hold
    the preset's chloride or its contents exceed the osmolarity of the bath.

    >>> from selectivity.membrane.cells import cell
    >>> from selectivity.membrane.pump_leak_steady import steady_state
    >>> rest = steady_state(balanced_cell(cell("neuron")))
    >>> round(rest.v_mv, 1), round(rest.state.inside_mm["K"], 1)
    (-73.8, 140.0)
    """
    if not (math.isfinite(resistance_kohm_cm2) and resistance_kohm_cm2 > 0):
        raise OutOfRange(f"membrane resistance {resistance_kohm_cm2} kOhm cm²; needed: a finite number above 0")
    rt = thermal_voltage(cell.temperature_k)
    outside, inside, notes = _contents(cell, rt, stoichiometry)
    left_out = [ion for ion in dict.fromkeys([*cell.outside, *cell.inside]) if ion not in MOBILE_IONS]
    notes += [f"{', '.join(left_out)} left out: the pump-leak model holds Na+, K+ and Cl-"] if left_out else []
    if cell.conductance_ms_cm2 and not _has_conductances(cell):
        resistance_kohm_cm2 = 1.0 / sum(cell.conductance_ms_cm2.values())
        notes.append("permeabilities as given replace the preset's conductances, which set the membrane resistance")
    current, scalable = _leaks(cell, outside, inside, rt)
    rest = _rest(cell, outside, inside, rt, current, stoichiometry)
    scale = 1.0 / resistance_kohm_cm2 / rest.slope if scalable else 1.0  # 1/kOhm is mS
    nernst = _nernst(outside, inside, rt)
    name = kinetics or str(cell.pump.get("kinetics", DEFAULT_KINETICS))
    law = pump_kinetics(name, capacitance_uf_per_cm2=cell.capacitance_uf_cm2 or 1.0)
    here = pump_slopes(law, inside["Na"], outside["Na"], outside["K"], rest.v / rt)[0]
    kcc2 = 0.0 if rest.kcc2 == 0 else rest.kcc2 / (nernst["Cl"] - nernst["K"])
    nkcc1 = 0.0 if rest.nkcc1 == 0 else rest.nkcc1 / (nernst["Na"] + nernst["K"] - 2.0 * nernst["Cl"])
    if scalable:
        assumed = "" if cell.conductance_ms_cm2 else " assumed"
        notes.append(f"membrane resistance {resistance_kohm_cm2:.3g} kOhm cm²{assumed}")
    notes.append(f"pump law {name}, scaled by {scale * rest.cycle / here:.3g} to balance the leaks")
    return PumpLeakCell(
        name=cell.name,
        outside=MappingProxyType(outside),
        inside=MappingProxyType({ion: inside[ion] for ion in ("Na", "Cl")}),
        **_impermeants(cell, outside, inside),
        pump=law.scaled(scale * rest.cycle / here),
        stoichiometry=stoichiometry,
        conductance_us_per_cm2={}
        if scalable
        else {i: 1e3 * g for i, g in cell.conductance_ms_cm2.items() if i in MOBILE_IONS},
        permeability_cm_per_s={i: scale * cell.permeability.get(i, 0.0) for i in MOBILE_IONS} if scalable else {},
        kcc2_us_per_cm2=1e3 * scale * kcc2,
        nkcc1_us_per_cm2=1e3 * scale * nkcc1,
        capacitance_uf_per_cm2=cell.capacitance_uf_cm2 or 1.0,
        temperature=cell.temperature_k,
        **_geometry(cell, diameter_um),
        sources=tuple(sorted({source for source in cell.sources.values()} | {law.source})),
        notes=tuple(notes),
    )


def _contents(
    cell: Cell, rt: float, stoichiometry: Stoichiometry
) -> tuple[dict[str, float], dict[str, float], list[str]]:
    """Na, K, Cl on both sides (mM), and what had to be assumed about chloride."""
    missing = [ion for ion in ("Na", "K") if ion not in cell.outside or ion not in cell.inside]
    if missing:
        raise OutOfRange(f"{cell.name}: no {', '.join(missing)} on both sides; give them with outside= and inside=")
    for side, amounts in (("outside", cell.outside), ("inside", cell.inside)):
        for ion in MOBILE_IONS:
            if amounts.get(ion, 1.0) <= 0.0:
                raise OutOfRange(
                    f"{cell.name}: no {ion} {side}; its Nernst potential is undefined, give a small concentration"
                )
    outside = {ion: cell.outside[ion] for ion in MOBILE_IONS if ion in cell.outside}
    inside = {ion: cell.inside[ion] for ion in MOBILE_IONS if ion in cell.inside}
    if "Cl" in outside and "Cl" in inside:
        permeant = cell.permeability.get("Cl", 0.0) > 0 or cell.conductance_ms_cm2.get("Cl", 0.0) > 0
        return outside, inside, [] if permeant else ["Cl- does not cross the membrane; give permeability Cl to let it"]
    # without chloride data: the bath's counter-ion, passive inside (its own permeability being unknown, it does not move)
    outside["Cl"] = outside["K"] + outside["Na"]
    ratio = stoichiometry.sodium / max(stoichiometry.potassium, 1e-12)
    p_na = cell.permeability.get("Na", 0.0)
    weights = (ratio * outside["K"] + p_na * outside["Na"], ratio * inside["K"] + p_na * inside["Na"])
    inside["Cl"] = outside["Cl"] * weights[0] / weights[1]
    return (
        outside,
        inside,
        ["no chloride in the preset: taken as the bath's counter-ion, passive inside and impermeant"],
    )


def _nernst(outside: dict[str, float], inside: dict[str, float], rt: float) -> dict[str, float]:
    return {ion: VALENCE[ion] * rt * math.log(outside[ion] / inside[ion]) for ion in MOBILE_IONS}


def _has_conductances(cell: Cell) -> bool:
    """Whether the preset's conductances describe its leaks: a permeability that the caller gave overrides them."""
    given = [name.partition(".")[0] for name, mark in cell.marks.items() if mark == USER]
    overridden = "permeability" in given and "conductance_ms_cm2" not in given
    return {"K", "Na"} <= set(cell.conductance_ms_cm2) and not overridden


def _leaks(
    cell: Cell, outside: dict[str, float], inside: dict[str, float], rt: float
) -> tuple[Callable[[str, float], float], bool]:
    """Outward current (µA/cm²) of an ion at a voltage; True when it is in units of P_K and still to be scaled."""
    nernst = _nernst(outside, inside, rt)
    if _has_conductances(cell):
        return (lambda ion, v: cell.conductance_ms_cm2.get(ion, 0.0) * (v - nernst[ion])), False

    def goldman(ion: str, v: float) -> float:
        z = VALENCE[ion]
        fore, back = bernoulli(z * v / rt)[0], bernoulli(-z * v / rt)[0]
        return FARADAY * cell.permeability.get(ion, 0.0) * z * (inside[ion] * fore - outside[ion] * back)

    return goldman, True


def _rest(
    cell: Cell,
    outside: dict[str, float],
    inside: dict[str, float],
    rt: float,
    current: Callable[[str, float], float],
    stoichiometry: Stoichiometry,
) -> _Rest:
    nernst = _nernst(outside, inside, rt)

    def transports(v: float) -> tuple[float, float, float]:
        """Pump cycle, KCC2 and NKCC1 that return the Na+ and Cl- leaking at v."""
        chloride = current("Cl", v)
        kcc2, nkcc1 = max(chloride, 0.0), max(-chloride, 0.0) / 2.0
        return (nkcc1 - current("Na", v)) / stoichiometry.sodium, kcc2, nkcc1

    def potassium(v: float) -> float:
        cycle, kcc2, nkcc1 = transports(v)
        return current("K", v) - stoichiometry.potassium * cycle + kcc2 - nkcc1

    low, high = nernst["K"] + EDGE_MV, nernst["Na"] - EDGE_MV
    if not (low < high and potassium(low) < 0 < potassium(high)):
        raise OutOfRange(
            f"{cell.name}: no voltage between E_K {low:.1f} and E_Na {high:.1f} mV balances its leaks; check them"
        )
    v = brentq(potassium, low, high, xtol=1e-13)
    cycle, kcc2, nkcc1 = transports(v)
    if (kcc2 > 0 and nernst["Cl"] <= nernst["K"]) or (nkcc1 > 0 and nernst["Na"] + nernst["K"] <= 2.0 * nernst["Cl"]):
        raise OutOfRange(
            f"{cell.name}: no KCC2 or NKCC1 can hold its chloride (E_Cl {nernst['Cl']:.1f}, E_K {nernst['K']:.1f}, V {v:.1f} mV); "
            f"give inside Cl nearer {outside['Cl'] * math.exp(v / rt):.3g} mM, where it is passive"
        )
    slope = sum(current(ion, v + 0.5) - current(ion, v - 0.5) for ion in MOBILE_IONS)
    return _Rest(v, cycle, kcc2, nkcc1, slope)


def _impermeants(cell: Cell, outside: dict[str, float], inside: dict[str, float]) -> dict[str, Any]:
    """Impermeant solute on both sides that closes charge and osmolarity."""
    surplus = outside["Na"] + outside["K"] - outside["Cl"]
    contents = sum(inside.values())
    inner = sum(outside.values()) + abs(surplus) - contents
    if inner <= 0:
        raise OutOfRange(
            f"{cell.name}: {contents:g} mM of ions inside exceed the bath's {sum(outside.values()) + abs(surplus):g}; "
            "check the concentrations"
        )
    return {
        "impermeant_inside_mm": inner,
        "impermeant_valence": -(inside["Na"] + inside["K"] - inside["Cl"]) / inner,
        "impermeant_outside_mm": abs(surplus),
        "impermeant_outside_valence": -1.0 if surplus >= 0 else 1.0,
    }


def _geometry(cell: Cell, diameter_um: float | None) -> dict[str, Any]:
    if diameter_um is not None:
        return {"radius_um": diameter_um / 2.0, "length_um": FIBRE_LENGTH_UM}
    if cell.area_um2 is None or cell.volume_pl is None:
        raise OutOfRange(f"{cell.name}: no area and volume in the preset; give diameter_um (of a fibre, µm)")
    radius = 2.0 * 1e3 * cell.volume_pl / cell.area_um2  # the cylinder that has both; 1 pL is 1000 µm³
    return {"radius_um": radius, "length_um": cell.area_um2 / (2.0 * math.pi * radius)}
