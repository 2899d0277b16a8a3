"""What all tests share: the folder of real depositions, which is beside the repository and never part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No test is timed, and a submission meets the same examples every time; on a developer's machine each run tries new ones.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def structures(root: Path) -> Path:
    """The idealised filters that the repository ships."""
    return root / "structures"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real depositions: $SELECTIVITY_SHARED or ../shared; tests that need it skip without it."""
    named = os.environ.get("SELECTIVITY_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    if not (folder / "structures").is_dir():
        pytest.skip(f"real depositions not found in {folder}: set SELECTIVITY_SHARED to a folder that holds structures/")
    return folder
