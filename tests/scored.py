"""Scores that several tests look at, computed once: the bundled filters and the depositions of the shared folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from selectivity.energetics.thermal import Sampling
from selectivity.pipeline import QUICK, score_filter
from selectivity.pipeline import thermal as sampled
from selectivity.score import FilterScore
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter

DEPOSITIONS = (
    "1BL8.cif",
    "1K4C.pdb",
    "1K4C_older-revision.pdb",
    "1K4C-bench_unbound_KcsA_singlechain.pdb",
    "1R3J_opm.pdb",
    "3E8H.pdb1",
    "3F7V_tetramer_K.pdb",
    "3LDC_pdbtm.pdb",
    "3LUT.pdb",
    "3PJS.pdb",
    "3UKM.pdb",
    "5VKE.pdb",
    "5VKH.pdb",
    "7BYL.pdb",
    "9J38.pdb",
)
"""Files of shared/structures that hold a K+-channel filter."""


SHORT = Sampling(n_states=3, n_equilibration=60, n_samples=80, stride=2, max_blocks=1, target_error_kj_mol=50.0)
"""Seconds instead of a minute: for tests of how the pieces fit, not of how well they are sampled. Goes with target_error=50."""


@contextmanager
def short_sampling() -> Iterator[None]:
    """Thermal scores with short runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampled, "DRY", SHORT)
        patch.setattr(sampled, "WET", SHORT)
        yield


@cache
def ideal_score(name: str = "kcsa-like", **options: Any) -> FilterScore:
    """Score of a bundled filter, quick unless the options say otherwise."""
    return score_filter(ideal_filter(name), **{**QUICK, **options})


@cache
def deposited_filter(path: Path) -> Filter:
    """Filter of a deposition."""
    return load_filter(path)


@cache
def deposited_score(path: Path, **options: Any) -> FilterScore:
    """Score of a deposition, quick unless the options say otherwise."""
    return score_filter(deposited_filter(path), **{**QUICK, **options})
