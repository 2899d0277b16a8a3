"""What is a cell to the pump-leak model? Membrane, pump, water and bath of one cell, as plain numbers.

Concentrations in mM, conductances in µS/cm², permeabilities in cm/s, capacitance in µF/cm², lengths in µm, temperature in K.
The cell holds Na+, K+, Cl- and impermeant anions; `pump_leak_equations` turns these numbers into rates of change, `rundown`
follows them in time, `pump_leak_steady` finds where they rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from selectivity.constants import BODY_TEMPERATURE
from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.membrane.conditions import checked_temperature
from selectivity.membrane.pump import THREE_TO_TWO, PumpKinetics, Stoichiometry, pump_kinetics
from selectivity.membrane.pump_leak_state import finite_number

MOBILE_IONS = ("Na", "K", "Cl")
VALENCE = MappingProxyType({"Na": 1, "K": 1, "Cl": -1})

AREA_EXPONENTS = MappingProxyType({"cylinder": 0.5, "sphere": 2.0 / 3.0, "folded": 0.0})
"""How membrane area grows with volume: cylinder of fixed length, sphere, or a folded membrane that only unfolds."""

WATER_MOLAR_VOLUME = 18.0
"""cm³/mol, the rounded value of the published model (0.018 dm³/mol); it only sets how fast water follows osmolarity."""

ELECTRONEUTRAL_TOLERANCE_MM = 1e-6
"""A bath is electroneutral; a net charge above this is a typing error, not chemistry."""


def _nothing() -> Mapping[str, float]:
    return MappingProxyType({})


@dataclass(frozen=True)
class PumpLeakCell:
    """One cell in a bath.

    `conductance_us_per_cm2` gives an ohmic leak g (V - E), `permeability_cm_per_s` a Goldman-Hodgkin-Katz leak; an ion may have
    either or both. `impermeant_inside_mm` (with mean charge `impermeant_valence`) is its concentration at volume 1, the
    reference volume that `radius_um` and `length_um` describe. `inside` is the state to start from (Na and Cl; K follows from
    charge). `bath_to_cell_volume` None means an infinite bath; a number makes a closed system that conserves mass.
    Cotransport: KCC2 carries g (E_Cl - E_K) outward, NKCC1 g (E_Na + E_K - 2 E_Cl) inward, both as current equivalents.
    """

    name: str
    outside: Mapping[str, float]
    inside: Mapping[str, float]
    impermeant_inside_mm: float
    impermeant_valence: float
    pump: PumpKinetics
    impermeant_outside_mm: float = 0.0
    impermeant_outside_valence: float = -1.0
    conductance_us_per_cm2: Mapping[str, float] = field(default_factory=_nothing)
    permeability_cm_per_s: Mapping[str, float] = field(default_factory=_nothing)
    stoichiometry: Stoichiometry = THREE_TO_TWO
    kcc2_us_per_cm2: float = 0.0
    nkcc1_us_per_cm2: float = 0.0
    capacitance_uf_per_cm2: float = 1.0
    radius_um: float = 5.0
    length_um: float = 25.0
    shape: str = "cylinder"
    water_permeability_cm_per_s: float = 0.015
    bath_to_cell_volume: float | None = None
    temperature: float = BODY_TEMPERATURE
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_ions(self)
        _check_numbers(self)
        if self.potassium_inside_mm <= 0.0:
            raise OutOfRange(
                f"{self.name}: charge balance leaves {self.potassium_inside_mm:.4g} mM of K+ inside; needed: above 0. "
                "Lower Na inside, or make the impermeant anions more or more negative"
            )
        charge = self.bath_charge_mm
        if abs(charge) > ELECTRONEUTRAL_TOLERANCE_MM:
            raise OutOfRange(
                f"{self.name}: the bath carries {charge:+.4g} mM of net charge; needed: 0. Set impermeant_outside_mm to "
                f"{self.impermeant_outside_mm - charge / self.impermeant_outside_valence:.6g} or correct an ion"
            )

    @property
    def bath_charge_mm(self) -> float:
        """Net charge of the bath, mM (0 for a real solution)."""
        mobile = sum(VALENCE[ion] * self.outside[ion] for ion in MOBILE_IONS)
        return mobile + self.impermeant_outside_valence * self.impermeant_outside_mm

    @property
    def potassium_inside_mm(self) -> float:
        """K+ inside at the start, from charge: Cl - Na - z X, mM (but for the few µM that charge the membrane)."""
        return self.inside["Cl"] - self.inside["Na"] - self.impermeant_valence * self.impermeant_inside_mm

    @property
    def bath_osmolarity_mm(self) -> float:
        """Osmolarity of the bath, mM."""
        return sum(self.outside[ion] for ion in MOBILE_IONS) + self.impermeant_outside_mm

    @property
    def area_um2(self) -> float:
        """Membrane area at volume 1, µm² (cylinder: the mantle, 2 pi r L)."""
        if self.shape == "cylinder":
            return 2.0 * math.pi * self.radius_um * self.length_um
        return 4.0 * math.pi * self.radius_um**2

    @property
    def volume_fl(self) -> float:
        """Cell water at volume 1, fL (µm³)."""
        if self.shape == "cylinder":
            return math.pi * self.radius_um**2 * self.length_um
        return 4.0 / 3.0 * math.pi * self.radius_um**3

    @property
    def area_per_volume_per_cm(self) -> float:
        """Area per volume at volume 1, 1/cm."""
        return 1e4 * self.area_um2 / self.volume_fl

    def with_changes(self, **changes: object) -> PumpLeakCell:
        """A copy with other numbers, checked again: ``cell.with_changes(kcc2_us_per_cm2=0.0)``."""
        unknown = [name for name in changes if name not in self.__dataclass_fields__]
        if unknown:
            raise UnknownChoice(
                f"pump-leak cell has no field {unknown[0]!r}; fields: {', '.join(self.__dataclass_fields__)}"
            )
        return replace(self, **changes)  # type: ignore[arg-type]


def pump_leak_cell(name: str = "pump-leak-neuron") -> PumpLeakCell:
    """A cell of data/pump_leak_presets.csv with all its sources.

    >>> cell = pump_leak_cell()
    >>> cell.outside["K"], round(cell.bath_osmolarity_mm, 6), round(cell.area_per_volume_per_cm, 6)
    (3.5, 297.0, 4000.0)
    """
    rows = [r for r in read_table("pump_leak_presets") if r["cell"] == name and not r["quantity"].startswith("atp.")]
    if not rows:
        raise UnknownChoice(
            f"no pump-leak cell {name!r}; cells: {', '.join(pump_leak_cell_names())}{hint(name, pump_leak_cell_names())}"
        )
    plain: dict[str, object] = {}
    nested: dict[str, dict[str, float]] = {"outside": {}, "inside": {}}
    for row in rows:
        group, _, ion = row["quantity"].partition(".")
        if ion:
            nested.setdefault(group, {})[ion] = float(row["value"])
        else:
            plain[group] = float(row["value"])
    mappings = {group: MappingProxyType(values) for group, values in nested.items()}
    sources = tuple(sorted({key for row in rows for key in row["source"].split(";")}))
    return PumpLeakCell(name=name, pump=pump_kinetics("duesterwald-2018"), sources=sources, **mappings, **plain)  # type: ignore[arg-type]


def atp_numbers(name: str = "pump-leak-neuron") -> tuple[float, float]:
    """Resting ATP and the ATP at which the pump runs at half its speed, both mM (the first an assumption, see the table).

    >>> atp_numbers()
    (3.0, 0.402)
    """
    rows = {row["quantity"]: float(row["value"]) for row in read_table("pump_leak_presets") if row["cell"] == name}
    if "atp.km_mm" not in rows:
        raise UnknownChoice(f"no ATP numbers for {name!r}; cells: {', '.join(pump_leak_cell_names())}")
    return rows["atp.resting_mm"], rows["atp.km_mm"]


def pump_leak_cell_names() -> tuple[str, ...]:
    """Cells that the package ships with enough numbers for the pump-leak model."""
    return tuple(dict.fromkeys(row["cell"] for row in read_table("pump_leak_presets")))


def _check_ions(cell: PumpLeakCell) -> None:
    for side, ions, needed in (
        ("outside", cell.outside, MOBILE_IONS),
        ("inside", cell.inside, ("Na", "Cl")),
        ("conductance_us_per_cm2", cell.conductance_us_per_cm2, ()),
        ("permeability_cm_per_s", cell.permeability_cm_per_s, ()),
    ):
        missing = [ion for ion in needed if ion not in ions]
        if missing:
            raise OutOfRange(f"{cell.name}: {side} lacks {', '.join(missing)}; needed: {', '.join(needed)} in mM")
        unknown = [ion for ion in ions if ion not in MOBILE_IONS]
        if unknown:
            raise UnknownChoice(
                f"{cell.name}: {side} names {unknown[0]!r}; the pump-leak model holds {', '.join(MOBILE_IONS)}"
            )
        for ion, value in ions.items():
            if not (finite_number(value) and value >= 0):
                raise OutOfRange(f"{cell.name}: {side} {ion} = {value}; needed: one finite number >= 0")
    for ion in MOBILE_IONS:
        if cell.outside[ion] == 0:
            raise OutOfRange(
                f"{cell.name}: no {ion} outside; its Nernst potential is undefined, give a small concentration"
            )
    for ion in ("Na", "Cl"):
        if cell.inside[ion] == 0:
            raise OutOfRange(
                f"{cell.name}: no {ion} inside; its Nernst potential is undefined, give a small concentration"
            )


def _check_numbers(cell: PumpLeakCell) -> None:
    if not finite_number(cell.temperature):
        raise OutOfRange(f"{cell.name}: temperature = {cell.temperature}; needed: one number in K")
    checked_temperature(cell.temperature)
    positive = ("capacitance_uf_per_cm2", "radius_um", "length_um")
    not_negative = (
        "impermeant_inside_mm",
        "impermeant_outside_mm",
        "kcc2_us_per_cm2",
        "nkcc1_us_per_cm2",
        "water_permeability_cm_per_s",
    )
    for name in positive:
        if not (finite_number(getattr(cell, name)) and getattr(cell, name) > 0):
            raise OutOfRange(f"{cell.name}: {name} = {getattr(cell, name)}; needed: a finite number above 0")
    for name in not_negative:
        if not (finite_number(getattr(cell, name)) and getattr(cell, name) >= 0):
            raise OutOfRange(f"{cell.name}: {name} = {getattr(cell, name)}; needed: a finite number >= 0")
    if cell.shape not in AREA_EXPONENTS:
        raise UnknownChoice(f"{cell.name}: shape {cell.shape!r}; choose {', '.join(AREA_EXPONENTS)}")
    ratio = cell.bath_to_cell_volume
    if ratio is not None and not (finite_number(ratio) and ratio > 0):
        raise OutOfRange(f"{cell.name}: bath_to_cell_volume = {ratio}; needed: above 0, or None for infinite")
    charges = (cell.impermeant_valence, cell.impermeant_outside_valence)
    if not all(map(finite_number, charges)) or cell.impermeant_outside_valence == 0:
        raise OutOfRange(f"{cell.name}: charges of the impermeant anions must be finite, the outer one not 0")
