"""How do the numbers change when a filter or a setting does? Every point of a grid through the whole chain, none of them twice.

    result = scan_filter(filter, ["dilate=-0.3:0.3:0.05", "sigma=0.2,0.3"], jobs=2, resume="scan.jsonl")
    result.table()                                         # one row per point, units in the column names

A point is the filter after its knobs (`selectivity.scan_axes` reads their words) and one call of `score_filter`. Finished points are
appended to the file ``resume`` at once, under a key of their content: the filter, the settings, and the code that computed them.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selectivity import __version__
from selectivity.data import own_tables
from selectivity.dry_settings import dry_keywords, dry_settings
from selectivity.errors import FileUnreadable, OutOfRange, UnknownChoice
from selectivity.files import require_writable
from selectivity.pipeline import score_filter
from selectivity.scan_axes import Axis, Change, axis, change
from selectivity.scan_search import Anchor, anchor_of, can_carry, carried_score
from selectivity.score import FilterScore
from selectivity.structure.filter import Filter

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
SEARCHES = ("carried", "full")
"""How relaxed points are searched: from the arrangements of the unchanged filter, or each afresh."""

LARGEST_GRID = 20_000
"""Points; more than a day on two cores: rather a slip in a range than a wish."""


@dataclass(frozen=True)
class Point:
    """One point of a grid: its values by column, the filter after the knobs, and the keywords of `score_filter`.

    ``start`` is the filter before its knobs with its keywords, from whose arrangements the search starts; None: a full search.
    """

    values: Mapping[str, float]
    filter: Filter
    keywords: Mapping[str, Any]
    sites: tuple[str, ...]
    start: tuple[Filter, Mapping[str, Any]] | None = None

    @property
    def key(self) -> str:
        """Content hash (hex) of all that decides the result: filter, settings, sites, start, and the code of the package."""
        parts = [_told(self.filter, self.keywords), self.sites, __version__, code_fingerprint()]
        if self.start is not None:
            parts.append(_told(*self.start))
        return hashlib.sha256(json.dumps(parts, default=list).encode()).hexdigest()


@dataclass(frozen=True)
class Scan:
    """A finished grid: its axes, what was changed beforehand, settings, and one row per point in grid order.

    ``rows`` hold the varied values, then the result (undefined: None); units are in the names. ``n_reused`` points came from
    the resume file.
    """

    source: str
    axes: tuple[Axis, ...]
    changes: tuple[Change, ...]
    sites: tuple[str, ...]
    settings: Mapping[str, Any]
    rows: tuple[Row, ...]
    n_reused: int

    def table(self) -> pd.DataFrame:
        """One row per point, units in the column names; ``attrs`` hold the file, settings and version."""
        import pandas as pd

        frame = pd.DataFrame(list(self.rows))
        frame.attrs.update(version=__version__, file=self.source, settings=dict(self.settings))
        return frame

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, strings, lists and dictionaries; undefined is None."""
        return {
            "version": __version__,
            "file": self.source,
            "vary": [
                {"name": a.name, "ring": a.ring, "column": a.column, "unit": a.unit, "values": list(a.values)}
                for a in self.axes
            ],
            "changes": [c.text for c in self.changes],
            "sites": list(self.sites),
            "settings": dict(self.settings),
            "n_reused": self.n_reused,
            "rows": [dict(row) for row in self.rows],
        }


def scan_filter(
    filter: Filter,
    vary: Sequence[str | Axis],
    *,
    changes: Sequence[str | Change] = (),
    sites: Sequence[str] | None = None,
    search: str = "carried",
    jobs: int = 1,
    resume: str | os.PathLike[str] | None = None,
    progress: Callable[[], None] | None = None,
    **keywords: Any,
) -> Scan:
    """Score a filter at every point of the grid that the axes ``vary`` span.

    ``changes`` are made once, before the axes, in the order given; ``sites`` are those whose ddG is wanted (default: the
    dehydrated ones; S0 and Scav dry mean little). ``search`` is "carried" (relaxed points start from the arrangements of the
    filter before its knobs: a third of the cost, barriers mostly within 0.5 kJ/mol, `selectivity.scan_search`) or "full"
    (every point exactly as `score_filter` has it). ``keywords`` go to `score_filter` (default: relaxed, dry, rule "profile").
    ``jobs`` processes share the points (spawned: scripts need ``if __name__ == "__main__"``); the numbers do not depend on it.
    ``resume`` names a file of JSON lines: points in it are not computed again, finished ones join it whole. ``progress`` is
    called after each point.

    Raises UnknownChoice or OutOfRange, before anything is computed, for words, values, rings or sites that cannot be used.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> scan = scan_filter(ideal_filter("kcsa-like"), ["sigma=0.3"], sites=["S2"], treatment="rigid")
    >>> [round(row["sigma_angstrom"], 2) for row in scan.rows], len(scan.table())
    ([0.3], 1)
    """
    keywords = dry_keywords(keywords)
    axes = tuple(a if isinstance(a, Axis) else axis(a) for a in vary)
    fixed = tuple(c if isinstance(c, Change) else change(c) for c in changes)
    points = grid(filter, axes, changes=fixed, sites=sites, search=search, **keywords)
    known = read_finished(resume) if resume is not None else {}
    results: dict[int, Row] = {i: known[key] for i, p in enumerate(points) if (key := p.key) in known}
    n_reused = len(results)
    for _ in results:
        _tell(progress)
    missing = [i for i in range(len(points)) if i not in results]
    for index, row in _computed(points, missing, jobs):
        results[index] = row
        if resume is not None:
            append_finished(resume, points[index].key, row)
        _tell(progress)
    rows = tuple({**p.values, **results[i]} for i, p in enumerate(points))
    return Scan(
        filter.provenance.source,
        axes,
        fixed,
        points[0].sites,
        {"search": search, **_plain_settings(keywords)},
        rows,
        n_reused,
    )


def grid(
    filter: Filter,
    axes: Sequence[Axis],
    *,
    changes: Sequence[Change] = (),
    sites: Sequence[str] | None = None,
    search: str = "carried",
    **keywords: Any,
) -> tuple[Point, ...]:
    """The points of a grid, the last axis fastest, each with its filter; refuses impossible ones before any is computed."""
    keywords = dry_keywords(keywords)
    if search not in SEARCHES:
        raise UnknownChoice(f"search {search!r}: available are {', '.join(SEARCHES)}")
    if not axes:
        raise OutOfRange("an empty scan: give at least one quantity to vary, for example dilate=-0.3:0.3:0.1")
    columns = [a.column for a in axes]
    if len(set(columns)) < len(columns):
        raise UnknownChoice(f"{', '.join(columns)}: a quantity is varied twice; vary each once")
    n_points = 1
    for each in axes:
        n_points *= len(each.values)
    if n_points > LARGEST_GRID:
        raise OutOfRange(f"a grid of {n_points} points: at most {LARGEST_GRID} are computed; take larger steps")
    for step in changes:
        filter = step.apply(filter)
    chosen = _sites(filter, sites)
    start = (filter, dict(keywords)) if search == "carried" else None
    points = []
    for values in product(*(a.values for a in axes)):
        changed, settings = filter, dict(keywords)
        for each, value in zip(axes, values, strict=True):
            changed, settings = each.apply(changed, settings, value)
        dry_settings(settings)
        points.append(Point(dict(zip(columns, values, strict=True)), changed, settings, chosen, start))
    return tuple(points)


def scored_row(point: Point, anchor: Anchor | None = None) -> Row:
    """The result of one point, units in the names; None where a number is undefined. ``anchor`` starts the search."""
    filter, score = _needed(point.filter, point), None
    if anchor is not None:
        score = carried_score(filter, dry_settings(point.keywords), anchor)
    return result_row(score or score_filter(filter, **point.keywords), point.sites)


def start_of(point: Point) -> Anchor | None:
    """The anchor of a point, the same for all points of a grid; None where the full search is asked for or the only one."""
    if point.start is None:
        return None
    filter, keywords = point.start
    settings = dry_settings(keywords)
    return anchor_of(_needed(filter, point), settings) if can_carry(settings) else None


def result_row(score: FilterScore, sites: Sequence[str]) -> Row:
    """Barrier, ratio, voltage and the ddG of the sites named, each with its error or 95 % interval."""
    membrane = score.membrane
    ratio_low, ratio_high = score.permeability_ratio_interval or (None, None)
    v_low, v_high = membrane.v_interval_mv or (None, None)
    row: Row = {"conductive": score.conductive}
    by_name = {site.site: site for site in score.sites}
    for name in sites:
        site = by_name.get(name)
        row[f"ddg_{name.lower()}_kj_mol"] = None if site is None else site.ddg_kj_mol
        row[f"ddg_{name.lower()}_error_kj_mol"] = None if site is None else site.ddg_error_kj_mol
    first, second = score.ion_pair
    ratio = f"p_{first.lower()}_over_p_{second.lower()}"
    return row | {
        "ddg_barrier_kj_mol": score.ddg_barrier_kj_mol,
        "ddg_barrier_error_kj_mol": score.ddg_barrier_error_kj_mol,
        f"{ratio}_ratio": score.permeability_ratio,
        f"{ratio}_low_ratio": ratio_low,
        f"{ratio}_high_ratio": ratio_high,
        "v_mv": membrane.v_mv,
        "v_low_mv": v_low,
        "v_high_mv": v_high,
        "v_with_leak_mv": membrane.v_with_leak_mv,
    }


def read_finished(path: str | os.PathLike[str]) -> dict[str, Row]:
    """Finished points by key from a file of JSON lines; a missing file holds none.

    A line cut short by an interruption is skipped; a file without a single line of a scan is refused (FileUnreadable), so that
    nothing else is ever appended to.
    """
    target = require_writable(path)
    if not target.exists():
        return {}
    try:
        lines = [line for line in target.read_text(encoding="utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise FileUnreadable(
            f"{path}: not text; a file of finished points (JSON lines) or a new name is needed"
        ) from None
    found = dict(entry for line in lines if (entry := _finished(line)) is not None)
    if lines and not found:
        raise FileUnreadable(
            f"{path}: holds no finished point of a scan; give the file of an earlier scan or a new name"
        )
    return found


def append_finished(path: str | os.PathLike[str], key: str, row: Row) -> None:
    """Append one finished point as one line, in one write: an interruption leaves whole lines before it."""
    line = json.dumps({"key": key, "row": row}, allow_nan=False, ensure_ascii=False) + "\n"
    target = Path(path)
    if target.exists() and target.stat().st_size:
        with open(target, "rb") as stream:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":  # a line cut short: what follows must not become part of it
                line = "\n" + line
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def fingerprint(filter: Filter) -> str:
    """Hash (hex) of everything of a filter that a score reads: coordinates to 1e-6 Å, atoms, rings, sites, ions, precision."""
    provenance = filter.provenance
    parts = (
        (filter.pore_positions().round(6) + 0.0).tolist(),
        [repr(atom) for atom in filter.atoms],
        [(ring.name, ring.kind, ring.atoms) for ring in filter.rings],
        [(site.name, site.lining, site.dehydrated) for site in filter.sites],
        [(ion.name, ion.site, round(ion.z, 6), ion.occupancy) for ion in filter.ions],
        [(water.site, round(water.z, 6), water.occupancy) for water in filter.waters],
        (provenance.resolution_angstrom, repr(provenance.diffraction)),
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def code_fingerprint() -> str:
    """Hash (hex) of the sources and tables behind a score: a point computed by other code is another point."""
    digest = hashlib.sha256()
    rooms = (
        "constants.py",
        "ions.py",
        "scan_search.py",
        "data",
        "structure",
        "energetics",
        "permeation",
        "membrane",
        "pipeline",
    )
    package = resources.files("selectivity")
    for room in rooms:
        entry = package.joinpath(room)
        files = [entry] if entry.is_file() else sorted(entry.iterdir(), key=lambda e: e.name)
        for file in files:
            if file.is_file() and not file.name.endswith(".pyc"):
                digest.update(file.name.encode() + file.read_bytes())
    own = own_tables()
    for path in sorted(own.glob("*.csv")) if own else ():
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _computed(points: Sequence[Point], missing: Sequence[int], jobs: int) -> Iterator[tuple[int, Row]]:
    """Index and row of each missing point as it is finished."""
    if jobs < 1:
        raise OutOfRange(f"{jobs} jobs: at least one process is needed")
    anchor = start_of(points[0]) if missing else None
    if jobs == 1 or len(missing) <= 1:
        for index in missing:
            yield index, scored_row(points[index], anchor)
        return
    context = multiprocessing.get_context("spawn")  # fork is unsafe beside threads (BLAS, numba)
    pool = ProcessPoolExecutor(min(jobs, len(missing)), mp_context=context, initializer=_die_quietly)
    try:
        futures = {pool.submit(scored_row, points[index], anchor): index for index in missing}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _die_quietly() -> None:
    """Ctrl-C ends a worker without a traceback; the parent says what happened, and finished points are in the file."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _finished(line: str) -> tuple[str, Row] | None:
    try:
        entry = json.loads(line)
        return str(entry["key"]), dict(entry["row"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _needed(filter: Filter, point: Point) -> Filter:
    """Only the dehydrated sites where no other is asked for and no water takes part: the wet ends decide nothing."""
    dry = tuple(site for site in filter.sites if site.dehydrated)
    names = {site.name for site in dry}
    if point.keywords.get("hydration_state", "dry") == "dry" and dry and names.issuperset(point.sites):
        return replace(filter, sites=dry)
    return filter


def _told(filter: Filter, keywords: Mapping[str, Any]) -> list[Any]:
    return [fingerprint(filter), {name: keywords[name] for name in sorted(keywords)}]


def _sites(filter: Filter, wanted: Sequence[str] | None) -> tuple[str, ...]:
    there = {site.name.casefold(): site.name for site in filter.sites}
    if wanted is None:
        return tuple(site.name for site in filter.sites if site.dehydrated) or tuple(there.values())
    if not wanted:
        raise UnknownChoice(f"no site named; this filter has {', '.join(there.values())}")
    for name in wanted:
        if name.casefold() not in there:
            raise UnknownChoice(f"site {name!r}: this filter has {', '.join(there.values())}; choose among them")
    return tuple(dict.fromkeys(there[name.casefold()] for name in wanted))


def _plain_settings(keywords: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in keywords.items()}


def _tell(progress: Callable[[], None] | None) -> None:
    if progress is not None:
        progress()
