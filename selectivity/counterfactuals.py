"""What carries the selectivity of a site? The same site with one thing changed at a time, and a verdict in words.

    result = counterfactuals(filter, sites=["S2"])
    result.sites[0].ddg_kj_mol["without repulsion"]       # kJ/mol, positive: the first ion is preferred

- treatments: "rigid" (the file's coordinates), "snug" (the second ion among ligands that stay where the first left them), "relaxed",
  "thermal" (free energy at T), "free cage" (as many free carbonyls, T = 0): snug fit against field strength in one row;
- switches, relaxed: "without repulsion" (ligands do not see one another, everything relaxed anew), "without strain" (what the
  restraints cost is not counted), "without dehydration" (no water leg), "without relaxation" (the rigid site).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from selectivity import __version__
from selectivity.dry_settings import dry_settings
from selectivity.energetics.cages import LIGANDS, cage_preference
from selectivity.energetics.ligands import LigandSystem
from selectivity.energetics.minimise import Minimum, Region, minimise, site_starts
from selectivity.energetics.places import exchange_places, site_place
from selectivity.energetics.profile import pore_profile
from selectivity.energetics.site_energies import SiteEnergy, site_minimum
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.pipeline import FilterEnergies, Settings
from selectivity.pipeline.energies import filter_energies
from selectivity.pipeline.sites import site_scores
from selectivity.pipeline.thermal import sampler_of
from selectivity.structure.filter import Filter, Site

if TYPE_CHECKING:
    import pandas as pd

TREATMENTS = ("rigid", "snug", "relaxed", "thermal", "free cage")
"""How the ligands answer the second ion, from not at all to freely."""

SWITCHES = ("without repulsion", "without strain", "without dehydration", "without relaxation")
"""What is switched off in the relaxed site."""

LEAST_SHARE = 0.25
"""Share of the relaxed ddG from which a change counts as carrying it."""


@dataclass(frozen=True)
class SiteCounterfactuals:
    """One site: ddG (kJ/mol) by treatment and switch (None: not computed or no such cage), what relaxes, and the verdict.

    ``error_kj_mol`` is that of the relaxed ddG (coordinates and water leg), ``thermal_error_kj_mol`` the sampling error;
    ``balance_kj_mol`` the relaxed balance sheet of the exchange, second minus first ion.
    """

    site: str
    coordination_number: int
    ddg_kj_mol: Mapping[str, float | None]
    error_kj_mol: float | None
    thermal_error_kj_mol: float | None
    balance_kj_mol: Mapping[str, float]
    basin: Mapping[str, str]
    verdict: tuple[str, ...]


@dataclass(frozen=True)
class Counterfactuals:
    """All chosen sites of one filter under the same settings."""

    source: str
    ions: tuple[str, str]
    settings: Mapping[str, Any]
    sites: tuple[SiteCounterfactuals, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row per site, units in the names; not computed is None."""
        return [
            {
                "site": each.site,
                "coordination_number": each.coordination_number,
                **{f"ddg_{name.replace(' ', '_')}_kj_mol": value for name, value in each.ddg_kj_mol.items()},
                "ddg_relaxed_error_kj_mol": each.error_kj_mol,
                "ddg_thermal_error_kj_mol": each.thermal_error_kj_mol,
            }
            for each in self.sites
        ]

    def table(self) -> pd.DataFrame:
        """`rows` as a table; ``attrs`` hold file, settings and version."""
        import pandas as pd

        frame = pd.DataFrame(self.rows())
        frame.attrs.update(version=__version__, file=self.source, settings=dict(self.settings))
        return frame

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, strings, lists and dictionaries; undefined is None."""
        texts = [
            {"balance_kj_mol": dict(s.balance_kj_mol), "basin": dict(s.basin), "verdict": list(s.verdict)}
            for s in self.sites
        ]
        return {
            "version": __version__,
            "file": self.source,
            "ion_pair": list(self.ions),
            "settings": dict(self.settings),
            "sites": [row | text for row, text in zip(self.rows(), texts, strict=True)],
        }


def counterfactuals(
    filter: Filter,
    *,
    sites: Sequence[str] | None = None,
    thermal: bool = True,
    progress: Callable[[], None] | None = None,
    **keywords: Any,
) -> Counterfactuals:
    """Every counterfactual of the formed dehydrated sites, or of those named.

    ``thermal`` adds free energies at the temperature of the settings (seconds a site), those of a dry thermal score; ``progress`` is
    called after each of `counterfactual_steps` steps. ``keywords`` (ions, sigma, force_field, hydration, temperature, seed,
    target_error, jobs) go to the score; the treatment is relaxed and dry.

    Raises UnknownChoice for a site that the filter has not, OutOfRange where none is formed.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> result = counterfactuals(ideal_filter("nak-like"), sites=["S3"], thermal=False)
    >>> result.sites[0].ddg_kj_mol["without repulsion"] < 0.0 < result.sites[0].ddg_kj_mol["snug"]
    True
    """
    settings = dry_settings({**keywords, "treatment": "relaxed", "hydration_state": "dry"})
    dry = _dry(filter, sites)
    tell = progress or (lambda: None)
    energies = filter_energies(dry, settings)
    tell()
    rigid = filter_energies(dry, replace(settings, treatment="rigid"))
    tell()
    blind = _without_repulsion(energies, settings)
    tell()
    errors = {score.site: score.ddg_error_kj_mol for score in site_scores(energies, settings)}
    chosen = [site for site in dry.sites if _formed(energies, site) and _wanted(site, sites)]
    if not chosen:
        raise OutOfRange(f"{filter.provenance.source}: no formed dehydrated site among those asked for")
    runs = {}
    if thermal:
        places = [site_place(site) for site in chosen]
        sampled = exchange_places(dry, energies.system, places, sampler_of(settings), progress=progress)
        runs = {each.place.name: each.exchange for each in sampled}
    found = []
    for site in chosen:
        ddg = _relaxed_family(energies, rigid, blind, site, settings)
        error = None
        if site.name in runs:
            ddg["thermal"], error = runs[site.name].delta_kj_mol + energies.water_leg, runs[site.name].error_kj_mol
        found.append(_site(energies, site, ddg, errors[site.name], error))
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in keywords.items()}
    return Counterfactuals(filter.provenance.source, settings.pair, {**given, "thermal": thermal}, tuple(found))


def counterfactual_steps(filter: Filter, sites: Sequence[str] | None, *, thermal: bool) -> int:
    """How often `counterfactuals` calls ``progress`` at most."""
    return 3 + thermal * sum(_wanted(site, sites) for site in _dry(filter, sites).sites)


def verdict_of(ions: tuple[str, str], ddg: Mapping[str, float | None], error_kj_mol: float | None) -> tuple[str, ...]:
    """What carries the selectivity, in words; ddG in kJ/mol by treatment and switch.

    >>> ddg = {"relaxed": 22.0, "snug": 55.0, "rigid": 48.0, "without repulsion": -90.0, "without strain": 10.0}
    >>> for line in verdict_of(("K", "Na"), ddg, 5.0):
    ...     print(line)
    prefers K+ over Na+ by 22 kJ/mol
    field strength, not a snug fit: among ligands that stay as K+ left them Na+ would lose 55; they follow it and give 33 back
    carried by the ligands' repulsion for one another: without it the site prefers Na+ by 90
    12 of it is strain of the restraints
    """
    first, second = (f"{ion}+" for ion in ions)
    relaxed = ddg["relaxed"]
    assert relaxed is not None  # every formed site has it
    if error_kj_mol is not None and abs(relaxed) < error_kj_mol:
        lines = [f"no preference beyond its error: {relaxed:.0f} ± {error_kj_mol:.0f} kJ/mol"]
    else:
        lines = [f"prefers {_over(first, second, relaxed)} by {abs(relaxed):.0f} kJ/mol"]
    if (thermal := ddg.get("thermal")) is not None:
        lines[0] += f" ({thermal:.0f} with thermal motion)"
    lines += [line for line in (_snug_words(first, second, ddg), _repulsion_words(first, second, ddg)) if line]
    strain = ddg.get("without strain")
    if strain is not None and abs(relaxed - strain) > LEAST_SHARE * abs(relaxed):
        share = relaxed - strain
        word = "of it is strain of the restraints" if share > 0 else "is taken from it by strain of the restraints"
        lines.append(f"{abs(share):.0f} {word}")
    return tuple(lines)


def _over(first: str, second: str, value: float) -> str:
    return f"{first} over {second}" if value > 0 else f"{second} over {first}"


def _snug_words(first: str, second: str, ddg: Mapping[str, float | None]) -> str | None:
    snug, relaxed = ddg.get("snug"), ddg["relaxed"]
    if snug is None or relaxed is None:
        return None
    back = snug - relaxed
    if snug > 0 and back > LEAST_SHARE * snug:
        return (
            f"field strength, not a snug fit: among ligands that stay as {first} left them {second} would lose {snug:.0f}; "
            f"they follow it and give {back:.0f} back"
        )
    if snug > 0:
        return f"a snug fit: {second} among the ligands as {first} left them loses {snug:.0f}, and they give {back:.0f} back"
    return f"no fit for {first}: even among the ligands as it left them {second} would win {-snug:.0f}"


def _repulsion_words(first: str, second: str, ddg: Mapping[str, float | None]) -> str | None:
    blind, relaxed = ddg.get("without repulsion"), ddg["relaxed"]
    if blind is None or relaxed is None:
        return None
    if blind < 0.0 < relaxed:
        return (
            f"carried by the ligands' repulsion for one another: without it the site prefers {second} by {-blind:.0f}"
        )
    if abs(relaxed - blind) > LEAST_SHARE * abs(relaxed):
        return f"without the ligands' repulsion for one another ddG would be {blind:.0f}"
    return None


def _dry(filter: Filter, wanted: Sequence[str] | None) -> Filter:
    """The filter with its dehydrated sites only; refuses names that are not among them."""
    dry = tuple(site for site in filter.sites if site.dehydrated)
    names = {site.name.casefold() for site in dry}
    for name in wanted or ():
        if name.casefold() not in names:
            known = [site.name for site in dry]
            raise UnknownChoice(
                f"site {name!r}: choose among the dehydrated sites {', '.join(known)}{hint(name, known)}"
            )
    if not dry or wanted == []:
        raise OutOfRange(f"{filter.provenance.source}: no dehydrated site to compare")
    return replace(filter, sites=dry)


def _wanted(site: Site, names: Sequence[str] | None) -> bool:
    return names is None or site.name.casefold() in {name.casefold() for name in names}


def _formed(energies: FilterEnergies, site: Site) -> bool:
    return next(c for c in energies.coordinations if c.site == site.name).formed


def _without_repulsion(energies: FilterEnergies, settings: Settings) -> dict[str, float]:
    """ddG of every site when ligands do not see one another, everything searched and relaxed anew."""
    first, second = settings.pair
    system, sites = energies.system.without_ligand_repulsion(), energies.filter.sites
    profile = pore_profile(sites, system, settings.searched)
    lowest = {
        (site.name, ion): site_minimum(site, system, profile, ion).energy_kj_mol
        for site in sites
        for ion in profile.ions
    }
    return {s.name: lowest[s.name, second] - lowest[s.name, first] + energies.water_leg for s in sites}


def _relaxed_family(
    energies: FilterEnergies, rigid: FilterEnergies, blind: Mapping[str, float], site: Site, settings: Settings
) -> dict[str, float | None]:
    """ddG by treatment and switch, all but the thermal one."""
    energy, leg = energies.site(site.name), energies.water_leg
    balance = energy.balance()["difference"]
    n = next(c for c in energies.coordinations if c.site == site.name).number
    cage = None
    if LIGANDS[0] <= n <= LIGANDS[1]:
        cage = cage_preference(*settings.pair, n, water_leg_kj_mol=leg, force_field=settings.force_field)
    stiff = rigid.site(site.name).ddg_kj_mol
    return {
        "rigid": stiff,
        "snug": snug_preference(energies.system, energy, leg),
        "relaxed": energy.ddg_kj_mol,
        "thermal": None,
        "free cage": cage,
        "without repulsion": blind[site.name],
        "without strain": energy.ddg_kj_mol - balance["strain"],
        "without dehydration": energy.ddg_kj_mol - leg,
        "without relaxation": stiff,
    }


def snug_preference(system: LigandSystem, energy: SiteEnergy, water_leg_kj_mol: float) -> float:
    """ddG (kJ/mol) when the heavy atoms of all ligands stay where the first ion's minimum has them (hydroxyls may turn)."""
    first, second = energy.ions
    held = replace(system, positions=energy.minima[first].positions)
    lowest = [_lowest(held, energy.site, ion, energy.minima[first]) for ion in (first, second)]
    return lowest[1] - lowest[0] + water_leg_kj_mol


def _lowest(system: LigandSystem, site: Site, ion: str, warm: Minimum) -> float:
    region = Region(site.z_low, site.z_high, site.lateral_radius)
    return minimise(system, ion, site_starts(region), region=region, rigid=True, warm=warm).energy_kj_mol


def _site(
    energies: FilterEnergies, site: Site, ddg: dict[str, float | None], error: float | None, thermal_error: float | None
) -> SiteCounterfactuals:
    energy = energies.site(site.name)
    return SiteCounterfactuals(
        site=site.name,
        coordination_number=next(c for c in energies.coordinations if c.site == site.name).number,
        ddg_kj_mol=ddg,
        error_kj_mol=error,
        thermal_error_kj_mol=thermal_error,
        balance_kj_mol=energy.balance()["difference"],
        basin=dict(energy.basin),
        verdict=verdict_of(energies.ions, ddg, error),
    )
