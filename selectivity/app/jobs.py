"""What does the worker do? The jobs that load structures and search filters; only its process imports the engine behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from selectivity.app.records import FORCE_FIELD, RULE, Record, Scored, SiteRecord, dilated
from selectivity.app.state import State
from selectivity.app.view import filter_shown
from selectivity.errors import FileUnreadable, SelectivityError
from selectivity.pipeline.deviations import central_stretch
from selectivity.pipeline.energies import FilterEnergies, filter_energies
from selectivity.pipeline.permeability import is_low_resolution, permeability
from selectivity.pipeline.settings import Settings, settings_of
from selectivity.pipeline.sites import site_scores
from selectivity.pipeline.voltage import membrane_score
from selectivity.pipeline.words import assembled
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter

Shown = tuple[Filter, dict[str, Any]]
"""A filter and what a page draws of it."""


def settings_for(treatment: str, sigma: float, scale: str, temperature: float) -> Settings:
    """The settings of the score that a page shows: dry, rule "profile"."""
    return settings_of(
        treatment=treatment,
        sigma=sigma,
        hydration=scale,
        hydration_state="dry",
        rule=RULE,
        temperature=temperature,
        force_field=FORCE_FIELD,
    )


def energy_record(filter: Filter, dilation: float, treatment: str, sigma: float) -> Record:
    """Search a dilated filter; seconds where it relaxes, a tenth of one where it is rigid."""
    settings = settings_for(treatment, sigma, Settings.hydration, Settings.temperature)
    return _record(filter_energies(dilated(filter, dilation), settings), settings)


def energy_records(filter: Filter, dilations: tuple[float, ...], treatment: str, sigma: float) -> tuple[Record, ...]:
    """`energy_record` at several dilations (Å)."""
    return tuple(energy_record(filter, dilation, treatment, sigma) for dilation in dilations)


def full_score(filter: Filter, dilation: float, treatment: str, sigma: float, scale: str, temperature: float) -> Scored:
    """The score of `selectivity.pipeline.score_filter` at the settings of the page, and its record, from one search."""
    settings = settings_for(treatment, sigma, scale, temperature)
    energies = filter_energies(dilated(filter, dilation), settings)
    passage = permeability(energies, settings)
    sites = site_scores(energies, settings)
    score = assembled(energies, passage, sites, membrane_score(passage, settings), settings)
    return Scored(
        record=_record(energies, settings),
        ddg_kj_mol=score.ddg_barrier_kj_mol,
        error_kj_mol=score.ddg_barrier_error_kj_mol,
        ratio=score.permeability_ratio,
        ratio_interval=score.permeability_ratio_interval,
        site_errors={site.site: site.ddg_error_kj_mol for site in score.sites},
        warnings=tuple(
            each for each in score.warnings if not each.startswith("V_m ")
        ),  # of a cell that is not the page's
    )


def filter_of_file(name: str, content: bytes) -> Shown:
    """The filter in the content of a file whose name says its format; the copy on the disk is gone when this returns."""
    with TemporaryDirectory(prefix="selectivity-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            filter = load_filter(path)
        except (SelectivityError, MemoryError):
            raise
        except Exception as broken:
            # a parser stumbled over a damaged file: the reader's file, not this program, is what has to change
            reason = " ".join(str(broken).split())[:200]
            raise FileUnreadable(
                f"{name}: cannot be read as a structure ({type(broken).__name__}: {reason}); check the file"
            ) from None
    return filter, filter_shown(filter)


def filter_by_name(name: str) -> Shown:
    """A bundled filter."""
    filter = ideal_filter(name)
    return filter, filter_shown(filter)


def _record(energies: FilterEnergies, settings: Settings) -> Record:
    sites = tuple(
        SiteRecord(
            name=each.site.name,
            z=0.5 * (each.site.z_low + each.site.z_high),
            gap_kj_mol=energies.site_ddg(each.site.name) - energies.water_leg if coordination.formed else None,
            dehydrated=each.site.dehydrated,
            reason=coordination.reason,
        )
        for each, coordination in zip(energies.sites, energies.coordinations, strict=True)
    )
    stretch = None
    if energies.conductive and energies.runs:
        whole = central_stretch(energies, settings)
        stretch = replace(whole, ddg=whole.ddg - energies.water_leg, site_ddg=whole.site_ddg - energies.water_leg)
    return Record(stretch, sites, energies.conductive_reason, is_low_resolution(energies))


def warm_up() -> None:
    """Load the compiled kernels, once, before children inherit them."""
    plain = State()
    full_score(ideal_filter(plain.structure), 0.0, "rigid", plain.sigma, plain.scale, plain.temperature)


JOBS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {each.__name__: each for each in (filter_by_name, filter_of_file, energy_records, full_score)}
)
"""What may be asked of the worker, by name."""
