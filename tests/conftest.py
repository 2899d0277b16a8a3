"""What all tests share: the folder of real depositions, which is beside the repository and never part of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

# No test is timed, and a submission meets the same examples every time; on a developer's machine each run tries new ones.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


def kernel_state() -> str:
    """A fingerprint of all sources that numba compiles, the same as the Makefile's."""
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "selectivity").rglob("*.py"))
    kernels = [ROOT / name for name in files if b"numba" in (ROOT / name).read_bytes()]
    text = b"".join(path.read_bytes() for path in kernels)
    return subprocess.run(["cksum"], input=text, capture_output=True, check=True).stdout.split()[0].decode()


# A cached kernel is stale when another file changes from which it calls a kernel, and numba does not notice: so the compiled
# code of each state of the sources has a folder of its own, for these tests and for the programs that they start.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".cache" / f"numba-{kernel_state()}"))


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
        pytest.skip(
            f"real depositions not found in {folder}: set SELECTIVITY_SHARED to a folder that holds structures/"
        )
    return folder
