"""Which structures stand behind the table, and what is kept of each: numbers of ours, no coordinates."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from selectivity import __version__
from selectivity.energetics.coordination import coordinate, is_conductive
from selectivity.energetics.hydration import EXPERIMENTAL_SCALES, dehydration_difference
from selectivity.permeation.barrier import barrier_by_rule, measured_affinity_profile
from selectivity.permeation.queue_barrier import queue_barrier
from selectivity.permeation.rules import RULES
from selectivity.pipeline.deviations import Deviations, deviations
from selectivity.pipeline.energies import FilterEnergies, filter_energies
from selectivity.pipeline.permeability import is_low_resolution, permeability
from selectivity.pipeline.settings import QUEUE, Settings, settings_of
from selectivity.pipeline.sites import site_scores
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter
from selectivity.structure.mutations import swap_signature
from selectivity.validation.claims import claim

AFFINITY = "profile at the measured affinity"
ALL_RULES = (QUEUE, *RULES, AFFINITY)

FORCE_FIELD, AMIDE, HALF_AMIDE = "force-field", "amide", "half amide"
"""Water legs, and two shifts of all nodes that carbonyls with the measured bulk amide preference would make, whole and half."""


@dataclass(frozen=True)
class Case:
    """A deposition, what is changed in it, and whether only its geometry is asked for."""

    name: str
    file: str
    signature: str = ""
    geometry_only: bool = False


CASES = (
    Case("1K4C", "1K4C.pdb"),
    Case("3E8H", "3E8H.pdb1"),
    Case("5VKE", "5VKE.pdb", geometry_only=True),
    Case("3F7V", "3F7V_tetramer_K.pdb", geometry_only=True),
    Case("3LDC", "3LDC_pdbtm.pdb"),
    Case("NaK2K", "3E8H.pdb1", signature="NaK2K"),
    Case("5VKH", "5VKH.pdb"),
    Case("3LUT", "3LUT.pdb"),
    Case("7BYL", "7BYL.pdb"),
    Case("9J38", "9J38.pdb"),
    Case("3UKM", "3UKM.pdb"),
    Case("1BL8", "1BL8.cif"),
)
"""In the order in which they are scored; 5VKE does not conduct, and 3F7V has no published state: their geometry is enough."""

TARGET_ERROR_KJ_MOL = 1.0
SEED = 0


def validation_settings() -> Settings:
    """The settings of all cases: the defaults of a score."""
    return settings_of(target_error=TARGET_ERROR_KJ_MOL, seed=SEED, jobs=1)


def case_filter(case: Case, folder: Path) -> Filter:
    """The filter of a case from a folder of depositions; raises what `load_filter` raises."""
    filter = load_filter(folder / case.file)
    return swap_signature(filter, case.signature) if case.signature else filter


def score_case(case: Case, folder: Path) -> dict[str, Any]:
    """What is kept of a case: sites, nodes, barriers by rule and water leg (kJ/mol), and how they came about.

    One to three minutes of processor time. Raises what reading and scoring raise.
    """
    begun = time.process_time()
    filter, settings = case_filter(case, folder), validation_settings()
    coordinations = tuple(coordinate(filter, site, ions=settings.pair) for site in filter.sites)
    conductive, reason = is_conductive(filter, coordinations)
    kept: dict[str, Any] = {
        "file": case.file,
        "sha256": hashlib.sha256((folder / case.file).read_bytes()).hexdigest(),
        "filter_sha256": filter_hash(filter),
        "signature": filter.signature,
        "changed_to": case.signature,
        "version": __version__,
        "resolution_angstrom": filter.provenance.resolution_angstrom,
        "conductive": conductive,
        "conductive_reason": reason,
        "cages": sum(s.lining == "cage" and c.formed for s, c in zip(filter.sites, coordinations, strict=True)),
    }
    if conductive and not case.geometry_only:
        kept |= _scored(filter_energies(filter, settings), settings)
    return kept | {"processor_s": round(time.process_time() - begun, 1)}


def filter_hash(filter: Filter) -> str:
    """A hash of what a score reads of a filter: its atoms to 1e-6 Å, its rings and sites."""
    names = [(atom.strand, atom.residue_index, atom.residue_name, atom.name) for atom in filter.atoms]
    levels = [(ring.name, ring.kind, tuple(ring.atoms)) for ring in filter.rings], [site.name for site in filter.sites]
    places = np.round(filter.pore_positions(), 6) + 0.0
    return hashlib.sha256(repr((names, levels)).encode() + places.tobytes()).hexdigest()


def leg_shifts(settings: Settings) -> dict[str, float]:
    """What each water leg or amide correction adds to ddG everywhere (kJ/mol), by name."""
    own = dehydration_difference(*settings.pair, scale=settings.scale, temperature=settings.temperature)
    legs = {
        scale: dehydration_difference(*settings.pair, scale=scale, temperature=settings.temperature) - own
        for scale in EXPERIMENTAL_SCALES
    }
    experiment, model = claim("amide_experiment"), claim("amide_charmm27")
    assert experiment.value is not None and model.value is not None
    amide = experiment.scaled(experiment.value) - model.scaled(model.value)
    return {FORCE_FIELD: 0.0, **legs, HALF_AMIDE: 0.5 * amide, AMIDE: amide}


def _scored(energies: FilterEnergies, settings: Settings) -> dict[str, Any]:
    passage = permeability(energies, settings)
    found = deviations(energies, settings)
    sites = site_scores(energies, settings)
    queue = passage.queue
    assert queue is not None and passage.ddg_kj_mol is not None
    return {
        "interval_only": is_low_resolution(energies),
        "sites": {
            site.site: {
                "ddg_kj_mol": site.ddg_kj_mol,
                "error_kj_mol": site.ddg_error_kj_mol,
                "sampling_kj_mol": site.error_components_kj_mol.get("sampling"),
            }
            for site in sites
            if site.ddg_kj_mol is not None
        },
        "nodes": {
            "name": list(queue.nodes),
            "kind": list(queue.kinds),
            "ddg_kj_mol": list(queue.ddg_kj_mol),
            "sampling_kj_mol": list(queue.ddg_error_kj_mol),
        },
        "ddg_barrier_kj_mol": passage.ddg_kj_mol,
        "error_kj_mol": passage.error_kj_mol,
        "error_components_kj_mol": dict(passage.error_components),
        "interval": list(passage.interval or ()),
        "barriers_kj_mol": {name: barriers(found, shift, settings) for name, shift in leg_shifts(settings).items()},
        "warnings": list(energies.thermal.warnings) if energies.thermal is not None else [],
    }


def barriers(found: Deviations, shift: float, settings: Settings) -> Mapping[str, float]:
    """The barrier difference (kJ/mol) by every rule with ``shift`` (kJ/mol) added to ddG everywhere."""
    stretch = replace(found.stretch, ddg=found.stretch.ddg + shift, site_ddg=found.stretch.site_ddg + shift)
    given: dict[str, Any] = {"temperature": settings.temperature, "access_length": settings.access_length}
    affinity, _, _ = measured_affinity_profile(np.asarray(stretch.planes))
    by_rule = {QUEUE: queue_barrier(found.nodes + shift, temperature=settings.temperature)}
    by_rule |= {rule: barrier_by_rule(rule, stretch, **given).ddg_kj_mol for rule in RULES}
    return by_rule | {AFFINITY: barrier_by_rule("profile", stretch, first_profile=affinity, **given).ddg_kj_mol}
