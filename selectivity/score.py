"""What is a score? The result of the whole chain for one filter, as frozen data that prints itself as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selectivity.structure.filter import Filter

Interval = tuple[float, float]
BalanceSheet = Mapping[str, float]

BALANCE_TERMS = (
    "dehydration",
    "ion_ligand_electrostatics",
    "ion_ligand_lennard_jones",
    "ligand_ligand",
    "strain",
    "walls",
    "entropy",
)
"""Lines of the balance sheet in reading order; their sum is "total". All kJ/mol. "entropy" is what the mean energies of a thermal
treatment do not explain of a free energy: -T dS, and the waters exchanged; the sheet of one ion alone lacks it."""


@dataclass(frozen=True)
class SiteScore:
    """One site: can it hold the first ion, how well is it coordinated, and what does exchanging the ions cost there.

    Field names are the keys of the JSON contract, units included. ``ddg_kj_mol`` is a *binding* preference, positive for the
    first ion of the pair; ``terms_kj_mol`` maps each ion and "difference" to its balance sheet.
    """

    site: str
    formed: bool
    reason: str
    dehydrated: bool
    coordination_number: int
    mean_distance_angstrom: float | None
    distance_spread_angstrom: float | None
    coordination_point: str
    ring_radii_angstrom: tuple[float, ...]
    bond_valence: Mapping[str, float]
    ddg_kj_mol: float | None
    ddg_error_kj_mol: float | None
    error_components_kj_mol: Mapping[str, float | None]
    terms_kj_mol: Mapping[str, BalanceSheet] | None
    basin: Mapping[str, str | None]
    ion_z_angstrom: Mapping[str, float | None]
    at_wall: Mapping[str, bool]
    waters: Mapping[str, float] = field(default_factory=dict)
    with_neighbours_kj_mol: float | None = None
    neighbour_change_kj_mol: float | None = None
    neighbour_change_error_kj_mol: float | None = None


@dataclass(frozen=True)
class ProfileScore:
    """ddG(z) along the axis and each ion's own energy (kJ/mol, without the water leg), z in Å from the V76 ring outward.

    At the minima of the dry filter, also beside a thermal treatment, whose own points along the axis are the nodes of the queue.
    """

    z_angstrom: tuple[float, ...]
    ddg_kj_mol: tuple[float, ...]
    energy_kj_mol: Mapping[str, tuple[float, ...]]
    integrated_angstrom: Interval | None
    hysteresis_kj_mol: Mapping[str, float]


@dataclass(frozen=True)
class RuleScore:
    """The barrier difference and the ratio that one rule gives."""

    ddg_barrier_kj_mol: float | None
    permeability_ratio: float | None
    permeability_ratio_interval: Interval | None


@dataclass(frozen=True)
class AffinityScore(RuleScore):
    """Rule "profile" with W_K in the shape of the measured K+ affinity (well and barrier above it, kJ/mol)."""

    well_kj_mol: float
    barrier_kj_mol: float


@dataclass(frozen=True)
class QueueScore:
    """Rule "queue": ddG of every node of the single file (kJ/mol, inside to outside) with its sampling error and mean waters, and the
    bi-ionic experiment on the lattice (150 mM of each ion): reversal potential (mV), mean number of ions, effective barrier."""

    nodes: tuple[str, ...]
    kinds: tuple[str, ...]
    z_angstrom: tuple[float, ...]
    ddg_kj_mol: tuple[float, ...]
    ddg_error_kj_mol: tuple[float, ...]
    waters: tuple[Mapping[str, float], ...]
    reversal_mv: float
    mean_ions: float
    ddg_barrier_kj_mol: float


@dataclass(frozen=True)
class CoordinateError:
    """How far the atoms may be off: the method, whether it had to be assumed, and the mean over the filter's oxygens (Å)."""

    method: str
    assumed: bool
    mean_angstrom: float


@dataclass(frozen=True)
class MembraneScore:
    """V_m of one cell, first with this filter as its only conductance, then beside a stated background Na+ leak (mV)."""

    cell: str
    v_mv: float | None
    v_interval_mv: Interval | None
    v_with_leak_mv: float | None
    v_with_leak_interval_mv: Interval | None
    leak: str
    dv_dddg_mv_mol_per_kj: float | None
    sensitivity: str | None
    nernst_mv: Mapping[str, float]


@dataclass(frozen=True)
class FilterScore:
    """The whole chain for one filter: sites, profile, barrier difference, permeability ratio, membrane potential.

    Field names are the keys of the JSON contract (`score_schema`). ``ddg_barrier_kj_mol`` is a *permeation* quantity, to be
    kept apart from the sites' binding ddG; a filter that does not conduct has None there and says why.
    """

    version: str
    file: str
    treatment: str
    ion_pair: tuple[str, str]
    temperature_k: float
    sigma_angstrom: float | str
    force_field: str
    hydration: str
    hydration_state: str
    rule: str
    access_length_angstrom: float
    k_profile: tuple[Sequence[float], Sequence[float]] | None
    neighbours: str | None
    seed: int
    filter: Filter
    conductive: bool
    conductive_reason: str
    forced: bool
    sites: tuple[SiteScore, ...]
    profile: ProfileScore
    ddg_barrier_kj_mol: float | None
    ddg_barrier_error_kj_mol: float | None
    error_components_kj_mol: Mapping[str, float | None]
    permeability_ratio: float | None
    permeability_ratio_interval: Interval | None
    interval_level: float
    rules: Mapping[str, RuleScore]
    at_measured_affinity: AffinityScore | None
    queue: QueueScore | None
    coordinate_error: CoordinateError
    membrane: MembraneScore
    warnings: tuple[str, ...] = field(default=())
    sources: tuple[str, ...] = field(default=())

    def site(self, name: str) -> SiteScore:
        """The score of one site by name ("S2"); UnknownChoice lists the sites there are."""
        from selectivity.errors import UnknownChoice, hint

        for site in self.sites:
            if site.site == name:
                return site
        names = [s.site for s in self.sites]
        raise UnknownChoice(f"site {name!r}: this filter has {', '.join(names)}; choose one of them{hint(name, names)}")

    def to_dict(self) -> dict[str, Any]:
        """The score as plain numbers, strings, lists and dictionaries, as the JSON schema has it; undefined is None."""
        result = {key: _plain(value) for key, value in _items(self) if key not in ("filter", "k_profile")}
        result["filter"] = _filter_dict(self.filter)
        result["k_profile"] = None
        if self.k_profile is not None:
            z, energy = self.k_profile
            result["k_profile"] = {"z_angstrom": _plain(z), "energy_kj_mol": _plain(energy)}
        return {key: result[key] for key in score_schema()["properties"] if key in result}

    def to_json(self, *, indent: int | None = 2) -> str:
        """`to_dict` as JSON text at full precision (NaN and infinity are refused, never written)."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)


def score_schema() -> dict[str, Any]:
    """The JSON schema of one score (the contract behind ``selectivity score --json``).

    >>> "permeability_ratio" in score_schema()["required"]
    True
    """
    text = resources.files("selectivity.data").joinpath("score.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _items(record: Any) -> list[tuple[str, Any]]:
    return [(entry.name, getattr(record, entry.name)) for entry in fields(record)]


def _plain(value: Any) -> Any:
    """Frozen records, mappings, tuples and numpy numbers -> what json writes."""
    if value is None or isinstance(value, str | bool):
        return value
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(entry) for key, entry in _items(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Sequence):
        return [_plain(entry) for entry in value]
    return value


def _filter_dict(filter: Filter) -> dict[str, Any]:
    provenance = {key: _plain(value) for key, value in _items(filter.provenance) if key != "resolution_angstrom"}
    return {
        "signature": filter.signature,
        "first_residue": filter.first_residue,
        "n_strands": filter.n_strands,
        "resolution_angstrom": filter.provenance.resolution_angstrom,
        "rings": [
            {"name": ring.name, "kind": ring.kind, "radius_angstrom": float(ring.radius), "z_angstrom": float(ring.z)}
            for ring in filter.rings
        ],
        "ions": [
            {
                "name": ion.name,
                "site": ion.site,
                "z_angstrom": float(ion.z),
                "occupancy": float(ion.occupancy),
                "merged_copies": int(ion.merged_copies),
            }
            for ion in filter.ions
        ],
        "provenance": provenance,
    }
