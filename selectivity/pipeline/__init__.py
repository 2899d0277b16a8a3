"""How does a filter become a number? The whole chain in one function: geometry, energies, permeability, voltage."""

from __future__ import annotations

from collections.abc import Sequence

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.pipeline.energies import FilterEnergies, filter_energies
from selectivity.pipeline.permeability import Permeability, permeability
from selectivity.pipeline.settings import QUICK, Settings, settings_of
from selectivity.pipeline.sites import site_scores
from selectivity.pipeline.thermal import Progress
from selectivity.pipeline.voltage import membrane_score
from selectivity.pipeline.words import assembled
from selectivity.score import FilterScore
from selectivity.structure.filter import Filter

__all__ = ["QUICK", "FilterEnergies", "FilterScore", "Permeability", "Settings", "score_filter", "settings_of"]


def score_filter(
    filter: Filter,
    *,
    ions: Sequence[str] = ("K", "Na"),
    treatment: str = "thermal",
    sigma: float | str = 0.30,
    force_field: str = "charmm36",
    hydration: str = "force-field",
    hydration_state: str | None = None,
    temperature: float = ROOM_TEMPERATURE,
    rule: str | None = None,
    k_profile: tuple[Sequence[float], Sequence[float]] | None = None,
    access_length: float = 10.0,
    seed: int = 0,
    force: bool = False,
    cell: str = "neuron",
    neighbours: str | None = None,
    target_error: float = 1.0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> FilterScore:
    """Score every site of a filter for two ions, the way through it, and the voltage of a cell that has it.

    By default free energies at the temperature, each ion with the water it can reach, and the queue of several ions: a minute on
    one core. ``**QUICK`` (relaxed, dry, one barrier) takes seconds.

    ``ions`` (first, second): every ddG is positive where the first is preferred, every ratio is P_first/P_second. sigma in Å or
    "bfactor", temperature in K (273-373), access_length in Å; ``k_profile`` (heights Å, energies kJ/mol) is K+'s own profile W_K of
    the one-barrier rules (without K+ in the pair: that of the ion which water holds less), flat by default. ``seed`` fixes all that is
    drawn at random, ``jobs`` (threads) and ``progress`` (called with places done and in all) change no number. ``neighbours`` ("K:S2,S4")
    scores each site once more beside them. ``target_error`` (kJ/mol) ends the sampling of a site. ``force`` computes a ratio from the
    surviving sites of a filter that does not conduct.

    Raises UnknownChoice for a name that is not among the choices, OutOfRange for a number outside its range, EnergyRefused for
    ligands that the energy model does not cover. A filter that does not conduct is a result, not an error.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> score = score_filter(ideal_filter("kcsa-like"), **QUICK)
    >>> score.conductive, score.site("S2").coordination_number
    (True, 8)
    """
    settings = settings_of(
        ions=tuple(ions), treatment=treatment, sigma=sigma, force_field=force_field, hydration=hydration,
        hydration_state=hydration_state, temperature=temperature, rule=rule, k_profile=k_profile, access_length=access_length,
        seed=seed, force=force, cell=cell, neighbours=neighbours, target_error=target_error, jobs=jobs,
    )  # fmt: skip
    energies = filter_energies(filter, settings, progress=progress)
    passage = permeability(energies, settings)
    sites = site_scores(energies, settings)
    membrane = membrane_score(passage, settings)
    return assembled(energies, passage, sites, membrane, settings)
