"""Which settings does a score take that is done many times? Minima without water, unless something else is asked for.

Scans, series and counterfactuals compare many scores with one another; they start from the treatment that takes seconds, whatever
`score_filter` does by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from selectivity.errors import UnknownChoice, hint
from selectivity.pipeline import QUICK, Settings, settings_of


def dry_keywords(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `score_filter` with those of `QUICK` where nothing else, or None, is given; UnknownChoice for a name that it has not.

    >>> dry_keywords({"treatment": "rigid"})
    {'treatment': 'rigid', 'hydration_state': 'dry', 'rule': 'profile'}
    """
    known = [field.name for field in fields(Settings)]
    for name in keywords:
        if name not in known:
            raise UnknownChoice(f"setting {name!r}: score_filter takes {', '.join(known)}{hint(name, known)}")
    return {**QUICK, **{name: value for name, value in keywords.items() if value is not None}}


def dry_settings(keywords: Mapping[str, Any]) -> Settings:
    """Checked settings from such keywords; refuses what `score_filter` would refuse.

    >>> dry_settings({"sigma": 0.2}).treatment
    'relaxed'
    """
    return settings_of(**dry_keywords(keywords))
