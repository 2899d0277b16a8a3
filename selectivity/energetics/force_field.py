"""Which charges and Lennard-Jones parameters? Published force fields as frozen tables, kJ/mol, Å, e."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from selectivity.constants import KJ_PER_KCAL
from selectivity.data import read_table
from selectivity.errors import FileUnreadable, UnknownChoice, hint


@dataclass(frozen=True)
class AtomType:
    """Charge (e), Lennard-Jones well depth (kJ/mol) and Rmin/2 (Å) of one kind of atom, with its source."""

    charge: float
    epsilon_kj_mol: float
    half_rmin: float
    source: str


@dataclass(frozen=True)
class ForceField:
    """Parameters of ligand groups, water and ions under one name.

    ``groups`` maps "carbonyl", "hydroxyl" and "water" to atom name -> `AtomType`; ``ions`` maps "K", "Na", ... to `AtomType`;
    ``hydration`` names the hydration scale that belongs to these ions (their own Na+ - K+ leg).
    """

    name: str
    groups: Mapping[str, Mapping[str, AtomType]]
    ions: Mapping[str, AtomType]
    hydration: str

    def ion(self, name: str) -> AtomType:
        """Parameters of an ion.

        Raises `UnknownChoice` when this force field has none.

        >>> force_field("charmm36").ion("K").half_rmin
        1.76375
        """
        try:
            return self.ions[name]
        except KeyError:
            raise UnknownChoice(
                f"ion {name!r} has no parameters in {self.name}: available are {', '.join(self.ions)}"
                + (f"; {_elsewhere(name)}" if _elsewhere(name) else "")
            ) from None


@dataclass(frozen=True)
class GroupGeometry:
    """Internal geometry that files do not give: lengths in Å, angles in degrees."""

    hydroxyl_oh: float
    hydroxyl_angle: float
    water_oh: float
    water_angle: float
    cage_co: float


_HYDRATION = {"charmm36": "charmm36", "amber": "joung-cheatham", "amber-lsm": "marcus"}
"""The hydration leg that was computed or fitted with the same ion parameters: the HFE set of Li, Song and Merz was fitted to
Marcus's values. A force field of a user's own table has the hydration scale of its own name."""

_SAME_GROUPS = {"amber-lsm": "amber"}
"""Force fields that differ from another in their ions only."""


def force_field(name: str) -> ForceField:
    """A force field by name: "charmm36" (CHARMM36, TIP3P of CHARMM), "amber" (ff14SB, TIP3P, Joung-Cheatham) or "amber-lsm"
    (the same with the ions of Li, Song and Merz, fitted to hydration free energies: the only set with Tl and NH4 beside K).

    Raises `UnknownChoice` for another name. Sources stand in ``selectivity/data/force_fields.csv``.

    >>> force_field("amber").groups["carbonyl"]["O"].charge
    -0.5826
    >>> round(force_field("charmm36").groups["carbonyl"]["O"].epsilon_kj_mol, 5)
    0.50208
    >>> list(force_field("amber-lsm").ions)
    ['Li', 'Na', 'K', 'Rb', 'Cs', 'Tl', 'NH4']
    """
    tables = _tables()
    if name not in tables:
        raise UnknownChoice(f"force field {name!r} is not known: choose one of {', '.join(tables)}{hint(name, tables)}")
    return tables[name]


def force_field_names() -> tuple[str, ...]:
    """All names that `force_field` knows, the package's own first.

    >>> force_field_names()[:3]
    ('charmm36', 'amber', 'amber-lsm')
    """
    return tuple(_tables())


@cache
def group_geometry() -> GroupGeometry:
    """Bond lengths and angles of hydroxyl, water and the free cage ligand (``data/force_fields_geometry.csv``).

    >>> group_geometry().water_angle
    104.52
    """
    values = {(row["group"], row["quantity"]): float(row["value"]) for row in read_table("force_fields_geometry")}
    return GroupGeometry(
        hydroxyl_oh=values["hydroxyl", "oh_length"],
        hydroxyl_angle=values["hydroxyl", "coh_angle"],
        water_oh=values["water", "oh_length"],
        water_angle=values["water", "hoh_angle"],
        cage_co=values["cage", "co_length"],
    )


@cache
def _tables() -> Mapping[str, ForceField]:
    groups: dict[str, dict[str, dict[str, AtomType]]] = {}
    for row in read_table("force_fields"):
        atom = AtomType(
            charge=float(row["charge_e"]),
            epsilon_kj_mol=float(row["epsilon_kcal_mol"]) * KJ_PER_KCAL,
            half_rmin=float(row["half_rmin_angstrom"]),
            source=row["source"],
        )
        groups.setdefault(row["force_field"], {}).setdefault(row["group"], {})[row["atom"]] = atom
    for name, other in _SAME_GROUPS.items():
        groups[name] = {kind: atoms for kind, atoms in groups[other].items() if kind != "ion"} | groups[name]
    return MappingProxyType({name: _freeze(name, table) for name, table in groups.items()})


def _freeze(name: str, table: dict[str, dict[str, AtomType]]) -> ForceField:
    missing = [kind for kind in ("carbonyl", "hydroxyl", "water", "ion") if kind not in table]
    if missing:
        raise FileUnreadable(
            f"force field {name}: no rows for {', '.join(missing)}; carbonyl, hydroxyl, water and ion are needed"
        )
    ions = table.pop("ion")
    frozen = {group: MappingProxyType(atoms) for group, atoms in table.items()}
    return ForceField(name, MappingProxyType(frozen), MappingProxyType(ions), _HYDRATION.get(name, name))


def _elsewhere(ion: str) -> str:
    others = [field.name for field in _tables().values() if ion in field.ions]
    return f"{' and '.join(others)} {'has' if len(others) == 1 else 'have'} it" if others else ""
