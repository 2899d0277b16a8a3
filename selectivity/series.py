"""Which alkali ion does a filter take, and in which order? Every ion against K+, and the Eisenman sequence that they make.

    result = ion_series(filter)
    result.sequence.numeral            # "IV" is the sequence of K+ channels

A sequence is an order of numbers that have errors: neighbours that the errors cannot tell apart are named beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot
from typing import TYPE_CHECKING, Any

from selectivity import __version__
from selectivity.constants import ROOM_TEMPERATURE
from selectivity.data import read_table
from selectivity.energetics.bond_valence import bond_valence_parameters
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.hydration import hydration_free_energy, hydration_scale
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice, hint
from selectivity.ions import ion as ion_by_name
from selectivity.pipeline import QUICK, score_filter
from selectivity.score import FilterScore, Interval
from selectivity.structure.filter import Filter

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = "K"
"""The ion that all others are compared with."""

SERIES = ("Li", "Na", "K", "Rb", "Cs", "Tl", "NH4")
"""Ions of a series, in the order of the tables."""

TREATMENTS = ("relaxed", "rigid", "thermal")
"""Treatments of a series, those of a score."""

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

    ``left_out`` maps an ion to the reason why it is missing; ``warnings`` say what single sites and planes lack.
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
    jobs: int = 1,
    progress: Callable[[float, int], None] | None = None,
    **keywords: Any,
) -> Series:
    """Score a filter for every ion against K+ and order them.

    Without ``ions`` all of Li, Na, K, Rb, Cs, Tl and NH4 are taken that force field, hydration scale and bond valences know; what is
    left out is named with the reason (Tl and NH4 need force field "amber-lsm"). ``keywords`` go to `score_filter`; without them a
    relaxed or rigid series is dry and takes rule "profile", and ``treatment`` "thermal" is the default score of every pair (free
    energies at ``temperature`` (K), with water, the queue): about a minute an ion. ``jobs`` threads share the sampling; ``progress`` is
    called with (ions done, in all), the first with fractions.

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
    settings: dict[str, Any] = {**({} if treatment == "thermal" else QUICK), "treatment": treatment}
    settings |= {name: value for name, value in keywords.items() if value is not None}
    settings |= {"force_field": force_field, "hydration": hydration, "temperature": temperature}
    others = [name for name in chosen if name != REFERENCE]
    scores: dict[str, FilterScore] = {}
    for number, name in enumerate(others):
        share = None if progress is None else _share(progress, number, len(others))
        scores[name] = score_filter(filter, ions=(REFERENCE, name), jobs=jobs, progress=share, **settings)
        if progress is not None:
            progress(number + 1.0, len(others))
    first = scores[others[0]]
    results = {name: _result(name, score) for name, score in scores.items()} | {REFERENCE: _reference(first)}
    ordered = tuple(results[name] for name in SERIES if name in results)
    return Series(
        source=filter.provenance.source,
        settings=settings | {"hydration_state": first.hydration_state, "rule": first.rule},
        conductive=first.conductive,
        conductive_reason=first.conductive_reason,
        results=ordered,
        sequence=sequence_of({r.ion: (r.ddg_barrier_kj_mol, r.ddg_barrier_error_kj_mol) for r in ordered}),
        site_sequences={
            site: found
            for site in ordered[0].sites
            if (found := sequence_of({r.ion: r.sites[site] for r in ordered})) is not None
        },
        left_out=left_out,
        sources=tuple(dict.fromkeys([*(key for score in scores.values() for key in score.sources), "eisenman1962"])),
        warnings=_warnings(filter, scores),
    )


def _share(progress: Callable[[float, int], None], number: int, of: int) -> Callable[[int, int], None]:
    """Progress of one score as a part of the series."""
    return lambda done, total: progress(number + done / max(total, 1), of)


def _warnings(filter: Filter, scores: Mapping[str, FilterScore]) -> tuple[str, ...]:
    """What the scores say of single sites and planes, each once, with the ions that it is said of where that is not all of them."""
    places = (*(site.name for site in filter.sites), "plane")
    said: dict[str, list[str]] = {}
    for name, score in scores.items():
        for word in score.warnings:
            if word.startswith(places):
                said.setdefault(word, []).append(name)
    return tuple(word if len(names) == len(scores) else f"{', '.join(names)}: {word}" for word, names in said.items())


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
