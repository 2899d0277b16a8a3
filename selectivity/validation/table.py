"""Every claim with our number beside it and a verdict: the table that `selectivity validate` prints."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from selectivity.validation.claims import Claim, claims
from selectivity.validation.live import live_number
from selectivity.validation.results import stored_results
from selectivity.validation.verdicts import CANNOT_SAY, VERDICTS, Ours, verdict

INTERIOR = ("S1", "S2", "S3")
SHARED_CAUSES = ("hydration", "sigma", "force_field", "queue")
"""Causes of error that two filters have in common: in a difference they cancel as far as both feel them alike."""

Stored = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One claim, our number on the scale of the verdict, the verdict."""

    claim: Claim
    ours: Ours
    verdict: str

    @property
    def value(self) -> float | None:
        """Our number in the unit of the claim; None where there is none or only the interval means something."""
        if self.ours.value is None or not self.ours.point:
            return None
        return self.claim.in_unit(self.ours.value)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Our 95 % interval in the unit of the claim."""
        interval = self.ours.interval
        return None if interval is None else (self.claim.in_unit(interval[0]), self.claim.in_unit(interval[1]))

    @property
    def why(self) -> str:
        """One line for whatever does not simply agree."""
        interval = self.ours.interval
        wide = ""
        if self.verdict == CANNOT_SAY and interval is not None and self.claim.published:
            wide = f"our interval is {interval[1] - interval[0]:.0f} kJ/mol wide and one standard error crosses the published edge"
        return "; ".join(part for part in (self.ours.missing, wide, self.claim.remark) if part)


@dataclass(frozen=True)
class Validation:
    """All rows."""

    rows: tuple[Row, ...]

    def counts(self, role: str) -> dict[str, int]:
        """How many rows of a role have each verdict."""
        found = Counter(row.verdict for row in self.rows if row.claim.role == role)
        return {word: found[word] for word in VERDICTS}

    def records(self) -> list[dict[str, Any]]:
        """The rows as plain records; undefined is None."""
        return [_record(row) for row in self.rows]


def validation(stored: Stored | None = None) -> Validation:
    """The table: quick numbers computed now, those of structures from ``stored`` (default: what the package ships).

    >>> validation().counts("control")["agrees"] > 50
    True
    """
    kept = stored_results() if stored is None else stored
    rows = []
    for claim in claims():
        ours = our_number(claim, kept)
        rows.append(Row(claim, ours, verdict(claim.range, ours)))
    return Validation(tuple(rows))


def our_number(claim: Claim, stored: Stored) -> Ours:
    """Our number for one claim."""
    live = live_number(claim.compute)
    if live is not None:
        return Ours(live)
    name, *words = claim.compute
    found = FROM_STORED.get(name)
    if found is None:
        return Ours()
    absent = [word for word in words if word not in stored and not word.startswith("S")]
    if absent:
        return Ours(missing=f"{', '.join(absent)} not scored: selectivity validate --update")
    return found(stored, *words)


def _ratio(stored: Stored, name: str) -> Ours:
    kept = stored[name]
    if "ddg_barrier_kj_mol" not in kept:
        return Ours(missing=f"{name}: {kept['conductive_reason'] or 'not scored'}")
    return Ours(kept["ddg_barrier_kj_mol"], kept["error_kj_mol"], point=not kept["interval_only"])


def _site(stored: Stored, name: str, site: str) -> Ours:
    kept = stored[name].get("sites", {}).get(site)
    if kept is None:
        return Ours(missing=f"{name}: {site} has no energy")
    return Ours(kept["ddg_kj_mol"], kept["error_kj_mol"])


def _interior(stored: Stored, name: str) -> Ours:
    """Mean of the inner sites; their errors are mostly common to all three and are averaged, not divided."""
    kept = [stored[name]["sites"][site] for site in INTERIOR]
    return Ours(*(sum(each[key] for each in kept) / len(kept) for key in ("ddg_kj_mol", "error_kj_mol")))


def _change(stored: Stored, changed: str, name: str) -> Ours:
    """Difference of two barriers: what both feel alike cancels, coordinates and sampling add."""
    after, before = (_ratio(stored, case) for case in (changed, name))
    if after.value is None or before.value is None:
        return Ours(missing=after.missing or before.missing)
    pairs = {
        cause: (stored[changed]["error_components_kj_mol"].get(cause) or 0.0, size or 0.0)
        for cause, size in stored[name]["error_components_kj_mol"].items()
    }
    parts = [abs(a - b) if cause in SHARED_CAUSES else math.hypot(a, b) for cause, (a, b) in pairs.items()]
    return Ours(after.value - before.value, math.hypot(*parts))


FROM_STORED: Mapping[str, Callable[..., Ours]] = {
    "ratio": _ratio,
    "site": _site,
    "interior": _interior,
    "change": _change,
    "cages": lambda stored, name: Ours(float(stored[name]["cages"])),
    "conducts": lambda stored, name: Ours(float(stored[name]["conductive"])),
}


def _record(row: Row) -> dict[str, Any]:
    claim, interval = row.claim, row.interval
    return {
        "id": claim.id,
        "role": claim.role,
        "group": claim.group,
        "quantity": claim.quantity,
        "unit": claim.unit,
        "published_low": _finite(claim.low),
        "published": claim.value,
        "published_high": _finite(claim.high),
        "ours": row.value,
        "ours_low": interval[0] if interval else None,
        "ours_high": interval[1] if interval else None,
        "verdict": row.verdict,
        "why": row.why,
        "sources": ";".join(claim.sources),
        "mark": claim.mark,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

