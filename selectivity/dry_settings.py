"""Which settings does a score take that is done many times? Minima without water, unless something else is asked for.

Scans, series and counterfactuals compare many scores with one another; they start from the treatment that takes seconds, whatever
`score_filter` does by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from types import MappingProxyType
from typing import Any

from selectivity.errors import UnknownChoice
from selectivity.pipeline import Settings, score_filter

DRY: Mapping[str, Any] = MappingProxyType({"treatment": "relaxed", "hydration_state": "dry", "rule": "profile"})
"""Keywords of `score_filter` for one score of seconds."""


def dry_keywords(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `score_filter` with those of `DRY` where nothing else is given; UnknownChoice for a name that it does not take.

    >>> dry_keywords({"treatment": "rigid"})
    {'treatment': 'rigid', 'hydration_state': 'dry', 'rule': 'profile'}
    """
    known = [name for name in signature(score_filter).parameters if name != "filter"]
    for name in keywords:
        if name not in known:
            raise UnknownChoice(f"setting {name!r}: score_filter takes {', '.join(known)}")
    return {**DRY, **keywords}


def dry_settings(keywords: Mapping[str, Any]) -> Settings:
    """Checked settings from such keywords; refuses what `score_filter` would refuse.

    >>> dry_settings({"sigma": 0.2}).treatment
    'relaxed'
    """
    defaults = {p.name: p.default for p in signature(score_filter).parameters.values() if p.default is not p.empty}
    return Settings(**(defaults | dry_keywords(keywords))).checked()
