"""Which alkali ion does a filter take, and in which order? Every ion against K+, and the Eisenman sequence that they make.

    result = ion_series(filter)
    result.sequence.numeral            # "IV" is the sequence of K+ channels

A sequence is an order of numbers that have errors: neighbours that the errors cannot tell apart are named beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import hypot
from typing import TYPE_CHECKING, Any

from selectivity import __version__
from selectivity.constants import ROOM_TEMPERATURE
from selectivity.data import read_table
from selectivity.energetics.bond_valence import bond_valence_parameters
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.hydration import hydration_free_energy, hydration_scale
from selectivity.energetics.thermal import Sampling
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice, hint
from selectivity.ions import ion as ion_by_name
from selectivity.pipeline import QUICK, score_filter
from selectivity.score import FilterScore, Interval
from selectivity.structure.filter import Filter
from selectivity.thermal_series import ThermalPassage, ThermalSite, thermal_passage, thermal_sites

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = "K"
"""The ion that all others are compared with."""

SERIES = ("Li", "Na", "K", "Rb", "Cs", "Tl", "NH4")
"""Ions of a series, in the order of the tables."""

TREATMENTS = ("relaxed", "rigid", "thermal")
"""Treatments of a series; "thermal" exchanges K+ for every ion in every formed site and orders permeation by rule "sites"."""

ALKALI = ("Li", "Na", "K", "Rb", "Cs")
"""Ions of an Eisenman sequence."""


@dataclass(frozen=True)
class IonOrder:
    """An order of the five alkali ions from the most preferred: the Eisenman sequence it is, or the nearest one.

    ``swaps`` counts the exchanges of neighbours between the order and that sequence (0: it is this one); ``unresolved`` are
    neighbours whose difference is smaller than its standard error.
    """

    order: tuple[str, ...]
    numeral: str
    swaps: int
    unresolved: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        """The sequence in words."""
        order = " > ".join(self.order)
        named = f"Eisenman {self.numeral}" if self.swaps == 0 else f"no Eisenman sequence, nearest {self.numeral}"
        doubt = ", ".join(f"{a}/{b}" for a, b in self.unresolved)
        return f"{order} ({named})" + (f"; not told apart by their errors: {doubt}" if doubt else "")


@dataclass(frozen=True)
class IonResult:
    """One ion against K+: site ddG (kJ/mol; positive: K+ preferred) with errors, barrier, and P_X/P_K with its 95 % interval."""

    ion: str
    sites: Mapping[str, tuple[float | None, float | None]]
    ddg_barrier_kj_mol: float | None
    ddg_barrier_error_kj_mol: float | None
    permeability_ratio: float | None
    permeability_ratio_interval: Interval | None


@dataclass(frozen=True)
class Series:
    """All ions of a filter; ``sequence`` orders by permeation, ``site_sequences`` by binding in each site (None: undefined).

    ``left_out`` maps an ion to the reason why it is missing; ``warnings`` say what the sampling of a thermal series lacks.
    """

    source: str
    settings: Mapping[str, Any]
    conductive: bool
    conductive_reason: str
    results: tuple[IonResult, ...]
    sequence: IonOrder | None
    site_sequences: Mapping[str, IonOrder]
    left_out: Mapping[str, str]
    sources: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One row per ion, units in the names; undefined is None."""
        rows = []
        for result in self.results:
            row: dict[str, Any] = {"ion": result.ion}
            for site, (value, error) in result.sites.items():
                row[f"ddg_{site.lower()}_kj_mol"], row[f"ddg_{site.lower()}_error_kj_mol"] = value, error
            low, high = result.permeability_ratio_interval or (None, None)
            row |= {
                "ddg_barrier_kj_mol": result.ddg_barrier_kj_mol,
                "ddg_barrier_error_kj_mol": result.ddg_barrier_error_kj_mol,
                "p_over_p_k_ratio": result.permeability_ratio,
                "p_over_p_k_low_ratio": low,
                "p_over_p_k_high_ratio": high,
            }
            rows.append(row)
        return rows

    def table(self) -> pd.DataFrame:
        """`rows` as a table; ``attrs`` hold file, settings and version."""
        import pandas as pd

        frame = pd.DataFrame(self.rows())
        frame.attrs.update(version=__version__, file=self.source, settings=dict(self.settings))
        return frame

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, strings, lists and dictionaries; undefined is None."""

        def plain(sequence: IonOrder | None) -> dict[str, Any] | None:
            if sequence is None:
                return None
            pairs = [list(pair) for pair in sequence.unresolved]
            return {
                "order": list(sequence.order),
                "numeral": sequence.numeral,
                "swaps": sequence.swaps,
                "unresolved": pairs,
            }

        return {
            "version": __version__,
            "file": self.source,
            "reference_ion": REFERENCE,
            "settings": dict(self.settings),
            "conductive": self.conductive,
            "conductive_reason": self.conductive_reason,
            "rows": self.rows(),
            "permeation_sequence": plain(self.sequence),
            "binding_sequences": {site: plain(each) for site, each in self.site_sequences.items()},
            "left_out": dict(self.left_out),
            "warnings": list(self.warnings),
            "sources": list(self.sources),
        }


def ion_series(
    filter: Filter,
    *,
    ions: Sequence[str] | None = None,
    treatment: str = "relaxed",
    force_field: str = "charmm36",
    hydration: str = "force-field",
    temperature: float = ROOM_TEMPERATURE,
    sampling: Sampling | None = None,
    jobs: int = 1,
    progress: Callable[[], None] | None = None,
    **keywords: Any,
) -> Series:
    """Score a filter for every ion against K+ and order them.

    Without ``ions`` all of Li, Na, K, Rb, Cs, Tl and NH4 are taken that force field, hydration scale and bond valences know; what is
    left out is named with the reason (Tl and NH4 need force field "amber-lsm"). ``treatment`` "thermal" samples every formed site at
    ``temperature`` (K; dry; ``sampling`` sets how long, ``jobs`` threads share the runs) and takes permeation by rule "sites".
    ``keywords`` go to `score_filter` (default: dry, rule "profile"); ``progress`` is called after each ion, in a thermal
    series also after each of its sites (`series_steps` in all).

    Raises UnknownChoice for an ion that is asked for and not known, OutOfRange for a series without another ion than K+.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> series = ion_series(ideal_filter("kcsa-like"), ions=["Na", "K"], treatment="rigid")
    >>> [result.ion for result in series.results], series.results[1].permeability_ratio
    (['Na', 'K'], 1.0)
    """
    if treatment not in TREATMENTS:
        raise UnknownChoice(
            f"treatment {treatment!r}: available are {', '.join(TREATMENTS)}{hint(treatment, TREATMENTS)}"
        )
    chosen, left_out = available_ions(ions, force_field=force_field, hydration=hydration, temperature=temperature)
    settings: dict[str, Any] = {**QUICK, "treatment": treatment, **keywords}
    settings |= {"force_field": force_field, "hydration": hydration, "temperature": temperature}
    thermal = _thermal_settings(settings) if treatment == "thermal" else None
    if thermal is not None:
        settings["rule"] = thermal["rule"]
    results: dict[str, IonResult] = {}
    warnings: list[str] = []
    score: FilterScore | None = None
    sources: list[str] = []
    for name in chosen:
        if name == REFERENCE:
            continue
        score = score_filter(filter, ions=(REFERENCE, name), **(thermal or settings))
        results[name] = _result(name, score)
        if thermal is not None:
            sites = thermal_sites(
                filter, score, sigma=thermal.get("sigma", 0.30), sampling=sampling,
                seed=thermal.get("seed", 0), jobs=jobs, progress=progress,
            )  # fmt: skip
            results[name] = _thermal_result(filter, score, results[name], sites, thermal.get("access_length", 10.0))
            warnings += [f"{name} in {site}: {word}" for site, value in sites.items() for word in value.warnings]
        sources += score.sources
        if progress is not None:
            progress()
    assert score is not None  # available_ions refuses a series of K+ alone
    results[REFERENCE] = _reference(score)
    ordered = tuple(results[name] for name in SERIES if name in results)
    return Series(
        source=filter.provenance.source,
        settings=settings,
        conductive=score.conductive,
        conductive_reason=score.conductive_reason,
        results=ordered,
        sequence=sequence_of({r.ion: (r.ddg_barrier_kj_mol, r.ddg_barrier_error_kj_mol) for r in ordered}),
        site_sequences={
            site: found
            for site in ordered[0].sites
            if (found := sequence_of({r.ion: r.sites[site] for r in ordered})) is not None
        },
        left_out=left_out,
        sources=tuple(dict.fromkeys([*sources, *(["shirts_chodera2008"] if thermal else []), "eisenman1962"])),
        warnings=tuple(warnings),
    )


def series_steps(filter: Filter, chosen: Sequence[str], treatment: str) -> int:
    """How often `ion_series` calls ``progress`` for the chosen ions (K+ among them).

    >>> from selectivity.structure.ideal import ideal_filter
    >>> [series_steps(ideal_filter("kcsa-like"), ("Na", "K", "Rb"), treatment) for treatment in ("relaxed", "thermal")]
    [2, 10]
    """
    each = 1 + (sum(site.dehydrated for site in filter.sites) if treatment == "thermal" else 0)
    return each * (len(chosen) - 1)


def available_ions(
    ions: Sequence[str] | None, *, force_field: str, hydration: str, temperature: float = ROOM_TEMPERATURE
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Ions of a series (K+ included, in table order) and, of those not asked for by name, why they are left out.

    >>> available_ions(None, force_field="charmm36", hydration="force-field")[0]
    ('Li', 'Na', 'K', 'Rb', 'Cs')
    """
    scale = hydration_scale(hydration, force_field=force_field)
    field = force_field_by_name(force_field)

    def require(name: str) -> None:
        field.ion(name)
        hydration_free_energy(name, scale=scale, temperature=temperature)
        bond_valence_parameters(name)

    left_out: dict[str, str] = {}
    if ions is not None:
        asked = [ion_by_name(name).symbol for name in ions]
        if set(asked) <= {REFERENCE}:
            raise OutOfRange(f"a series of {', '.join(asked) or 'no ion'}: at least one ion besides K is needed")
        for name in asked:
            if name not in SERIES:
                raise UnknownChoice(f"ion {name}: a series takes {', '.join(SERIES)}{hint(name, SERIES)}")
            require(name)
        return tuple(name for name in SERIES if name in {*asked, REFERENCE}), left_out
    for name in SERIES:
        try:
            require(name)
        except SelectivityError as reason:
            if name == REFERENCE:
                raise
            left_out[name] = str(reason)
    return tuple(name for name in SERIES if name not in left_out), left_out


def sequence_of(values: Mapping[str, tuple[float | None, float | None]]) -> IonOrder | None:
    """The Eisenman sequence of ddG against K+ (value and error in kJ/mol by ion, lowest first); None unless all five are known.

    Of the tabulated sequences the one that the fewest swaps of neighbours away is named, the first in the table where several are.

    >>> energies = {"K": 0.0, "Rb": 1.0, "Cs": 6.0, "Na": 20.0, "Li": 40.0}
    >>> sequence_of({ion: (value, 0.5) for ion, value in energies.items()}).words
    'K > Rb > Cs > Na > Li (Eisenman IV)'
    """
    known = {ion: value for ion in ALKALI if (value := values.get(ion, (None, None))[0]) is not None}
    if len(known) < len(ALKALI):
        return None
    order = tuple(sorted(ALKALI, key=lambda ion: known[ion]))
    numeral, swaps = min(
        (
            (row["numeral"], _swaps(order, tuple(row["sequence"].split(">"))))
            for row in read_table("eisenman_sequences")
        ),
        key=lambda found: found[1],
    )
    unresolved = tuple(
        (a, b) for a, b in pairwise(order) if known[b] - known[a] < hypot(values[a][1] or 0.0, values[b][1] or 0.0)
    )
    return IonOrder(order, numeral, swaps, unresolved)


def _swaps(one: Sequence[str], other: Sequence[str]) -> int:
    """Pairs of ions that stand in opposite order (Kendall's distance): exchanges of neighbours from one to the other."""
    place = {ion: i for i, ion in enumerate(other)}
    return sum(place[a] > place[b] for a, b in combinations(one, 2))


def _result(name: str, score: FilterScore) -> IonResult:
    ratio, bounds = score.permeability_ratio, score.permeability_ratio_interval
    return IonResult(
        ion=name,
        sites={s.site: (s.ddg_kj_mol, s.ddg_error_kj_mol) for s in score.sites if s.dehydrated},
        ddg_barrier_kj_mol=score.ddg_barrier_kj_mol,
        ddg_barrier_error_kj_mol=score.ddg_barrier_error_kj_mol,
        permeability_ratio=None if ratio is None else 1.0 / ratio,
        permeability_ratio_interval=None if bounds is None else (1.0 / bounds[1], 1.0 / bounds[0]),
    )


def _thermal_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The relaxed score behind a thermal series, which is dry and knows one rule."""
    if settings["hydration_state"] != "dry":
        raise UnknownChoice(f"hydration state {settings['hydration_state']!r}: a thermal series is dry; use 'dry'")
    return {**settings, "treatment": "relaxed", "rule": "sites"}


def _thermal_result(
    filter: Filter, score: FilterScore, relaxed: IonResult, sites: Mapping[str, ThermalSite], access_length: float
) -> IonResult:
    """The result of one ion with thermal sites, and permeation from them where the filter conducts."""
    passage: ThermalPassage | None = None
    if score.ddg_barrier_kj_mol is not None:
        passage = thermal_passage(
            filter, sites, ions=score.ion_pair, temperature=score.temperature_k, access_length=access_length
        )
    within = {name: (value.ddg_kj_mol, value.error_kj_mol) for name, value in sites.items()}
    bounds = None if passage is None else (1.0 / passage.interval[1], 1.0 / passage.interval[0])
    known = passage is not None and score.permeability_ratio is not None
    return replace(
        relaxed,
        sites={site: within.get(site, (None, None)) for site in relaxed.sites},
        ddg_barrier_kj_mol=None if passage is None else passage.ddg_kj_mol,
        ddg_barrier_error_kj_mol=None if passage is None else passage.error_kj_mol,
        permeability_ratio=1.0 / passage.ratio if known and passage is not None else None,
        permeability_ratio_interval=bounds,
    )


def _reference(score: FilterScore) -> IonResult:
    """K+ against itself: zero and one, exactly; undefined where a score is."""
    conducts = score.ddg_barrier_kj_mol is not None
    return IonResult(
        ion=REFERENCE,
        sites={s.site: ((0.0, 0.0) if s.formed else (None, None)) for s in score.sites if s.dehydrated},
        ddg_barrier_kj_mol=0.0 if conducts else None,
        ddg_barrier_error_kj_mol=0.0 if conducts else None,
        permeability_ratio=1.0 if conducts else None,
        permeability_ratio_interval=(1.0, 1.0) if conducts else None,
    )
