"""The whole score put together, with what it cannot know in plain words and the sources of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selectivity import __version__
from selectivity.data import OWN_TABLES, own_tables
from selectivity.energetics.hydration import hydration_sources
from selectivity.membrane.cells import cell as cell_by_name
from selectivity.permeation.uncertainty import INTERVAL_LEVEL
from selectivity.pipeline.energies import FilterEnergies
from selectivity.pipeline.permeability import Permeability
from selectivity.pipeline.settings import QUEUE, Settings
from selectivity.score import CoordinateError, FilterScore, MembraneScore, ProfileScore, SiteScore

HYSTERESIS_KJ_MOL = 1.0
"""Difference of the walks in and out above which it is reported."""

CANNOT_KNOW = {
    "charges": "fixed charges over-favour K+ by up to 17 kJ/mol for amide ligands (bulk N-methylacetamide, varma2011)",
    "protein": "the protein beyond the ligands is implicit: sequence effects outside the filter are invisible",
    "one ion": "one ion at a time: a conducting filter holds two or three, and only a queue of them tells two sites from four",
    "queue": "the energies that queue are those of one ion at a time; ions in the queue repel by numbers common to all channels, and "
    "a filter of three sites comes out too selective (docs/queue.md)",
    "dry": "dry sites: water that reaches S4, S0 or the cavity lowers their selectivity",
    "water": "water comes from bulk without its neighbours beyond the open ends: a lower bound of its number",
}
"""What the model cannot know (docs/theory.md section 6); printed with every number that it concerns."""


def limits(settings: Settings) -> tuple[str, ...]:
    """The limits that concern a score of these settings."""
    keys = (
        "charges",
        "protein",
        "queue" if settings.rule == QUEUE else "one ion",
        "water" if settings.accessible else "dry",
    )
    return tuple(CANNOT_KNOW[key] for key in keys)


def assembled(
    energies: FilterEnergies,
    passage: Permeability,
    sites: tuple[SiteScore, ...],
    membrane: MembraneScore,
    settings: Settings,
) -> FilterScore:
    """The `FilterScore` of one filter."""
    return FilterScore(
        version=__version__,
        file=energies.filter.provenance.source,
        treatment=settings.treatment,
        ion_pair=settings.pair,
        temperature_k=float(settings.temperature),
        sigma_angstrom=settings.sigma,
        force_field=settings.force_field,
        hydration=settings.hydration,
        hydration_state=str(settings.hydration_state),
        rule=str(settings.rule),
        access_length_angstrom=float(settings.access_length),
        k_profile=settings.k_profile,
        neighbours=settings.neighbours,
        seed=settings.seed,
        filter=energies.filter,
        conductive=energies.conductive,
        conductive_reason=energies.conductive_reason,
        forced=passage.forced,
        sites=sites,
        profile=_profile(energies, passage),
        ddg_barrier_kj_mol=passage.ddg_kj_mol,
        ddg_barrier_error_kj_mol=passage.error_kj_mol,
        error_components_kj_mol=passage.error_components,
        permeability_ratio=passage.ratio,
        permeability_ratio_interval=passage.interval,
        interval_level=INTERVAL_LEVEL,
        rules=passage.rules,
        at_measured_affinity=passage.at_measured_affinity,
        queue=passage.queue,
        coordinate_error=_coordinate_error(energies),
        membrane=membrane,
        warnings=tuple(dict.fromkeys(_warnings(energies, passage, sites, membrane, settings))),
        sources=_sources(energies, passage, settings),
    )


def _profile(energies: FilterEnergies, passage: Permeability) -> ProfileScore:
    profile = energies.profile
    return ProfileScore(
        z_angstrom=tuple(profile.z.tolist()),
        ddg_kj_mol=tuple(energies.ddg.tolist()),
        energy_kj_mol={ion: tuple(profile.energies(ion).tolist()) for ion in profile.ions},
        integrated_angstrom=passage.range_z,
        hysteresis_kj_mol={ion: float(profile.hysteresis[ion].max()) for ion in profile.ions},
    )


def _coordinate_error(energies: FilterEnergies) -> CoordinateError:
    errors = energies.atom_errors
    oxygens = [atom for ring in energies.filter.rings for atom in ring.atoms]
    return CoordinateError(errors.method, errors.assumed, float(errors.sigma[oxygens].mean()))


def _warnings(
    energies: FilterEnergies,
    passage: Permeability,
    sites: tuple[SiteScore, ...],
    membrane: MembraneScore,
    settings: Settings,
) -> Iterator[str]:
    if own_tables() is not None:
        yield f"numbers of {own_tables()} were read after the package's own ({OWN_TABLES}) and may have replaced them"
    yield from energies.filter.warnings
    yield from _verdict_words(energies, passage, membrane, settings)
    if energies.atom_errors.assumed:
        yield f"coordinate error {energies.atom_errors.method}"
    for site in sites:
        at_wall = [ion for ion, touches in site.at_wall.items() if touches]
        if at_wall and site.dehydrated:
            yield f"{site.site}: {' and '.join(at_wall)} at the wall of the site; this number belongs to the wall"
    yield from _search_words(energies) if energies.thermal is None else energies.thermal.warnings
    yield from limits(settings)


def _verdict_words(
    energies: FilterEnergies, passage: Permeability, membrane: MembraneScore, settings: Settings
) -> Iterator[str]:
    first, second = settings.pair
    if not energies.conductive:
        yield f"not conductive: {energies.conductive_reason}"
        if passage.forced:
            yield "forced: the ratio is computed from the surviving sites only and makes a broken filter look selective"
        else:
            yield f"P_{first}/P_{second} is undefined: a broken single file has no permeability"
    if passage.ddg_kj_mol is None and (energies.conductive or settings.force):
        yield "no formed cage between two planes of backbone carbonyls: there is nothing to integrate over"
    if passage.interval_only:
        resolution = energies.filter.provenance.resolution_angstrom
        yield f"resolution {resolution:g} Å: ring radii are not known well enough for a point ratio; only the interval is given"
    if membrane.sensitivity == "insensitive":
        yield "V_m is insensitive to the ratio here: it is saturated near E_K"
    if set(settings.pair) != {"K", "Na"}:
        yield "the cell preset needs a K+/Na+ ratio: no membrane potential for this pair of ions"


def _search_words(energies: FilterEnergies) -> Iterator[str]:
    profile = energies.profile
    for ion in profile.ions:
        inside = _integrated(energies)
        largest = float(profile.hysteresis[ion][inside].max()) if len(inside) else 0.0
        if largest > HYSTERESIS_KJ_MOL:
            yield (
                f"hysteresis of {largest:.0f} kJ/mol between the walks of {ion} in and out; "
                "the lowest arrangement of all walks was taken at every height"
            )
        loose = [z for z, minimum in zip(profile.z, profile.minima[ion], strict=True) if not minimum.converged]
        if loose:
            yield f"{ion}: the minimisation did not converge at {len(loose)} of {len(profile.z)} heights"


def _integrated(energies: FilterEnergies) -> np.ndarray:
    z = energies.profile.z
    parts = [np.flatnonzero((z >= run[0].z_low) & (z <= run[-1].z_high)) for run in energies.runs]
    return np.concatenate(parts) if parts else np.array([], dtype=int)


def _sources(energies: FilterEnergies, passage: Permeability, settings: Settings) -> tuple[str, ...]:
    field = settings.field
    cell = cell_by_name(settings.cell)
    keys = ["codata2018"]
    keys += [field.ion(ion).source for ion in settings.pair]
    keys += [atom.source for kind in sorted(set(energies.system.kinds)) for atom in field.groups[kind].values()]
    keys += hydration_sources(settings.scale, settings.pair)
    if settings.temperature != 298.15:
        keys.append("fawcett2004")
    keys += [
        "gagne_hawthorne2015",
        "yu2011_bj",
        "cruickshank1999" if not energies.atom_errors.assumed else "this_package",
    ]
    if settings.thermal:
        keys += ["shirts_chodera2008", "chodera2016"]
    if settings.accessible:
        keys += ["samways2020", "adams1975", "bondi1964"]
    if passage.ddg_kj_mol is not None:
        keys += ["berneche_roux2001", "tilegenova2019", "goldman1943"]
    if passage.queue is not None:
        keys += ["zhou2001", "this_package"]
    keys += [cell.sources[name] for name in ("outside.K", "outside.Na", "permeability.Na") if name in cell.sources]
    return tuple(dict.fromkeys(key for joined in keys for key in joined.split(";")))
