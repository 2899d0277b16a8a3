"""Write the golden terms anew: `python tests/golden/write.py`. A number that moves needs its reason in CHANGELOG.md."""

from __future__ import annotations

import json
from pathlib import Path

from selectivity.pipeline import score_filter
from selectivity.structure.ideal import ideal_filter

CAGES = ("S4", "S3", "S2", "S1")


def golden() -> dict:
    """Balance sheets of the cages of kcsa-like, kJ/mol to 0.001, by treatment, site and ion."""
    scores = {name: score_filter(ideal_filter("kcsa-like"), treatment=name) for name in ("relaxed", "rigid")}
    return {
        treatment: {site: _rounded(score.site(site).terms_kj_mol) for site in CAGES}
        for treatment, score in scores.items()
    }


def _rounded(sheets: dict) -> dict:
    return {who: {line: round(value, 3) for line, value in sheet.items()} for who, sheet in sheets.items()}


if __name__ == "__main__":
    path = Path(__file__).parent / "kcsa_like.json"
    path.write_text(json.dumps(golden(), indent=1) + "\n", encoding="utf-8")
