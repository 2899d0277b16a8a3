"""What does a free cage prefer, over the number of ligands and their dipole? The map on which a structure's sites have a place.

No protein: n rigid C=O groups about one ion. Treatment "minimum" puts all at one distance that is best for that ion (T = 0);
"thermal" lets them (and waters among them) move at temperature T in a sphere about the ion. What a real site adds to its cage
(strain, neighbours, shape) is the distance between its own ddG and the map's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy import constants

from selectivity import __version__
from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.cages import LIGANDS, ligand_cage
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.force_field import group_geometry
from selectivity.energetics.hydration import dehydration_difference, hydration_scale, hydration_sources
from selectivity.energetics.thermal_cages import SPHERE, CageSampling, cage_exchange
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.ions import ion as ion_by_name
from selectivity.score import FilterScore

if TYPE_CHECKING:
    import pandas as pd

DEBYE_PER_E_ANGSTROM = constants.e * constants.angstrom * constants.c / 1e-21
"""Dipole moment of one elementary charge over 1 Å, 4.803 D; the debye is 1e-21 C m²/s divided by the speed of light."""

TREATMENTS = ("minimum", "thermal")
"""How a cage is treated: the best common distance at T = 0, or free energies of ligands that move."""

MOST_CAGES = {"minimum": 2000, "thermal": 300}
"""Cages of one map; a few minutes."""


@dataclass(frozen=True)
class CagePoint:
    """One cage under both ions: ligands, carbonyl charge (e) and dipole (D), distances (Å), ddG with and without the ligands' own
    repulsion (kJ/mol, positive: the first ion is preferred).

    Thermal cages have standard errors of both, mean distances, the mean ``coordination`` of either ion, and ``warnings``.
    """

    n_ligands: int
    charge_e: float
    dipole_debye: float
    distance_angstrom: tuple[float, float]
    ddg_kj_mol: float
    ddg_without_repulsion_kj_mol: float
    ddg_error_kj_mol: float | None = None
    ddg_without_repulsion_error_kj_mol: float | None = None
    coordination: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacedSite:
    """A site of a structure on the map: its coordination number, the dipole of its carbonyls (D), its own ddG, and that of the
    free cage of as many ligands (None: no such cage), kJ/mol."""

    site: str
    coordination_number: int
    dipole_debye: float
    ddg_kj_mol: float
    ddg_error_kj_mol: float | None
    cage_ddg_kj_mol: float | None


@dataclass(frozen=True)
class CageMap:
    """Cages over ligand number and charge for two ions; ``rigid_distance`` (Å) is held for both ions, None: relaxed.

    Thermal cages: ``n_waters`` of the ligands are waters, and all oxygens stay within ``sphere_angstrom`` of the ion.
    """

    ions: tuple[str, str]
    force_field: str
    hydration: str
    temperature_k: float
    water_leg_kj_mol: float
    rigid_distance_angstrom: float | None
    n_ligands: tuple[int, ...]
    charges_e: tuple[float, ...]
    points: tuple[CagePoint, ...]
    sources: tuple[str, ...]
    treatment: str = "minimum"
    n_waters: int = 0
    sphere_angstrom: float | None = None

    def point(self, n_ligands: int, charge_e: float) -> CagePoint:
        """The cage with so many ligands of this charge; UnknownChoice when it is not on the map."""
        for point in self.points:
            if point.n_ligands == n_ligands and abs(point.charge_e - charge_e) < 1e-9:
                return point
        raise UnknownChoice(
            f"no cage of {n_ligands} ligands with {charge_e:g} e on this map: it has {self.n_ligands[0]} to "
            f"{self.n_ligands[-1]} ligands with {', '.join(f'{q:g}' for q in self.charges_e)} e"
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row per cage, units in the names."""
        first, second = (ion.lower() for ion in self.ions)
        return [
            {
                "n_ligands": p.n_ligands,
                "charge_e": p.charge_e,
                "dipole_debye": p.dipole_debye,
                f"distance_{first}_angstrom": p.distance_angstrom[0],
                f"distance_{second}_angstrom": p.distance_angstrom[1],
                "ddg_kj_mol": p.ddg_kj_mol,
                "ddg_without_repulsion_kj_mol": p.ddg_without_repulsion_kj_mol,
                **self._thermal_columns(p),
            }
            for p in self.points
        ]

    def _thermal_columns(self, p: CagePoint) -> dict[str, Any]:
        if p.coordination is None:
            return {}
        return {
            "ddg_error_kj_mol": p.ddg_error_kj_mol,
            "ddg_without_repulsion_error_kj_mol": p.ddg_without_repulsion_error_kj_mol,
            **{f"coordination_{ion.lower()}": n for ion, n in zip(self.ions, p.coordination, strict=True)},
        }

    def table(self) -> pd.DataFrame:
        """`rows` as a table; ``attrs`` hold ions, water leg and version."""
        import pandas as pd

        frame = pd.DataFrame(self.rows())
        frame.attrs.update(version=__version__, ions=self.ions, water_leg_kj_mol=self.water_leg_kj_mol)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, strings, lists and dictionaries."""
        return {
            "version": __version__,
            "ion_pair": list(self.ions),
            "force_field": self.force_field,
            "hydration": self.hydration,
            "temperature_k": self.temperature_k,
            "water_leg_kj_mol": self.water_leg_kj_mol,
            "rigid_distance_angstrom": self.rigid_distance_angstrom,
            "treatment": self.treatment,
            "n_waters": self.n_waters,
            "sphere_angstrom": self.sphere_angstrom,
            "warnings": [word for p in self.points for word in p.warnings],
            "rows": self.rows(),
            "sources": list(self.sources),
        }


def cage_map(
    *,
    ions: Sequence[str] = ("K", "Na"),
    n_ligands: Sequence[int] = tuple(range(3, 11)),
    charges: Sequence[float] | None = None,
    distance: float | None = None,
    force_field: str = "charmm36",
    hydration: str = "force-field",
    temperature: float = ROOM_TEMPERATURE,
    treatment: str = "minimum",
    n_waters: int = 0,
    sphere: float = SPHERE,
    sampling: CageSampling | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[], None] | None = None,
) -> CageMap:
    """Preference of free carbonyl cages for the first ion over the second, with and without ligand-ligand repulsion.

        ddG = U(second) - U(first) + [G_water(first) - G_water(second)],     each U at its own best distance

    ``charges`` (e) replace the force field's carbonyl charge; ``distance`` (Å) holds all oxygens there for both ions (the rigid
    cage of the textbook). Temperature (K) enters through the water leg only.

    ``treatment`` "thermal" samples the cages at ``temperature`` instead: ``n_waters`` of the ligands are TIP3P waters, the others
    carbonyls, all oxygens within ``sphere`` (Å) of the ion; ``sampling`` and ``seed`` as in `cage_exchange`, ``jobs`` threads
    share the cages (the numbers do not depend on it). ``progress`` is called after each cage.

    Raises OutOfRange for numbers, UnknownChoice for names that cannot be used.

    >>> eight = cage_map(n_ligands=[8], hydration="schmid").points[0]
    >>> round(eight.ddg_kj_mol, 1), round(eight.ddg_without_repulsion_kj_mol, 1), round(eight.dipole_debye, 1)
    (13.8, -98.3, 3.0)
    """
    pair = _pair(ions)
    counts, charges_e = _counts(n_ligands), _charges(charges, force_field)
    scale = hydration_scale(hydration, force_field=force_field)
    leg = dehydration_difference(*pair, scale=scale, temperature=temperature)
    _check(treatment, len(counts) * len(charges_e), n_waters, distance)

    def sampled(cage: tuple[int, float]) -> CagePoint:
        n, charge = cage
        options = {"n_waters": n_waters, "radius": sphere, "force_field": force_field, "temperature": temperature}
        full, blind = (
            cage_exchange(n, *pair, charge=charge, ligand_repulsion=seen, sampling=sampling, seed=seed, **options)  # type: ignore[arg-type]
            for seen in (True, False)
        )
        _tell(progress)
        return CagePoint(
            n, charge, dipole_debye(charge), full.distances, full.delta_kj_mol + leg, blind.delta_kj_mol + leg,
            full.error_kj_mol, blind.error_kj_mol, full.coordination,
            tuple(f"{n} ligands, {charge:g} e: {word}" for word in dict.fromkeys([*full.warnings, *blind.warnings])),
        )  # fmt: skip

    def relaxed(cage: tuple[int, float]) -> CagePoint:
        (n, charge), ddg, distances = cage, {}, (0.0, 0.0)
        for repulsion in (False, True):
            cages = [
                ligand_cage(n, i, force_field=force_field, charge=charge, distance=distance, ligand_repulsion=repulsion)
                for i in pair
            ]
            ddg[repulsion] = cages[1].energy_kj_mol - cages[0].energy_kj_mol + leg
            distances = (cages[0].distance, cages[1].distance)
        _tell(progress)
        return CagePoint(n, charge, dipole_debye(charge), distances, ddg[True], ddg[False])

    cages = [(n, charge) for n in counts for charge in charges_e]
    if treatment == "thermal":
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            points = tuple(pool.map(sampled, cages))
    else:
        points = tuple(relaxed(cage) for cage in cages)
    field = force_field_by_name(force_field)
    keys = [field.ion(ion).source for ion in pair] + [atom.source for atom in field.groups["carbonyl"].values()]
    return CageMap(
        ions=pair,
        force_field=force_field,
        hydration=hydration,
        temperature_k=float(temperature),
        water_leg_kj_mol=leg,
        rigid_distance_angstrom=distance,
        n_ligands=counts,
        charges_e=charges_e,
        points=points,
        sources=tuple(dict.fromkeys([*keys, *hydration_sources(scale, pair), "noskov2004"])),
        treatment=treatment,
        n_waters=n_waters,
        sphere_angstrom=sphere if treatment == "thermal" else None,
    )


def place_sites(score: FilterScore, **cage_options: Any) -> tuple[PlacedSite, ...]:
    """The dehydrated, formed sites of a score beside the free cage of as many ligands of its force field.

    The cage takes the score's ions, force field, water leg and temperature; the difference is what the protein does. Beside a
    thermal score the cages are free energies too; ``cage_options`` (sphere, sampling, seed) go to `cage_map`.
    """
    charge = own_charge(score.force_field)
    treatment = "thermal" if score.treatment == "thermal" else "minimum"
    placed, cages = [], {}
    for site in score.sites:
        value, error = site.ddg_kj_mol, site.ddg_error_kj_mol
        if not (site.dehydrated and site.formed and value is not None):
            continue
        n = site.coordination_number
        if LIGANDS[0] <= n <= LIGANDS[1] and n not in cages:
            own = cage_map(
                ions=score.ion_pair,
                n_ligands=[n],
                force_field=score.force_field,
                hydration=score.hydration,
                temperature=score.temperature_k,
                treatment=treatment,
                **cage_options,
            )
            cages[n] = own.points[0].ddg_kj_mol
        placed.append(PlacedSite(site.site, n, dipole_debye(charge), value, error, cages.get(n)))
    return tuple(placed)


def dipole_debye(charge_e: float) -> float:
    """Dipole moment (D) of a carbonyl of the cages with charges +-charge (e) on C and O.

    >>> round(dipole_debye(0.51), 2)
    3.01
    """
    return charge_e * group_geometry().cage_co * DEBYE_PER_E_ANGSTROM


def own_charge(force_field: str) -> float:
    """Carbonyl charge (e) of a force field.

    >>> own_charge("charmm36")
    0.51
    """
    return float(force_field_by_name(force_field).groups["carbonyl"]["C"].charge)


def _pair(ions: Sequence[str]) -> tuple[str, str]:
    names = tuple(ion_by_name(name).symbol for name in ions)
    if len(names) != 2 or names[0] == names[1]:
        raise UnknownChoice(f"ions {', '.join(ions) or 'none'}: two different ones are needed, for example K,Na")
    return names[0], names[1]


def _counts(n_ligands: Sequence[int]) -> tuple[int, ...]:
    if not len(n_ligands):
        raise OutOfRange(f"an empty map: give at least one number of ligands, {LIGANDS[0]} to {LIGANDS[1]}")
    for n in n_ligands:
        if n != int(n) or not LIGANDS[0] <= n <= LIGANDS[1]:
            raise OutOfRange(f"{n:g} ligands: a whole number from {LIGANDS[0]} to {LIGANDS[1]} is needed")
    return tuple(sorted({int(n) for n in n_ligands}))


def _charges(charges: Sequence[float] | None, force_field: str) -> tuple[float, ...]:
    if charges is None:
        return (own_charge(force_field),)
    if not len(charges):
        raise OutOfRange("an empty map: give at least one charge, for example 0.51 e")
    return tuple(sorted({float(charge) for charge in charges}))


def _check(treatment: str, n_cages: int, n_waters: int, distance: float | None) -> None:
    if treatment not in TREATMENTS:
        raise UnknownChoice(
            f"treatment {treatment!r}: available are {', '.join(TREATMENTS)}{hint(treatment, TREATMENTS)}"
        )
    if n_cages > MOST_CAGES[treatment]:
        raise OutOfRange(f"a map of {n_cages} cages: at most {MOST_CAGES[treatment]} are computed")
    if treatment == "minimum" and n_waters:
        raise OutOfRange(f"{n_waters} waters: a water turns freely, so cages with waters need treatment 'thermal'")
    if treatment == "thermal" and distance is not None:
        raise OutOfRange(f"distance {distance:g} Å: thermal cages move; set the sphere instead, or treatment 'minimum'")


def _tell(progress: Callable[[], None] | None) -> None:
    if progress is not None:
        progress()
