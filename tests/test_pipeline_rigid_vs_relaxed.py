"""The page that shows rigid beside relaxed is what the package computes today."""

import importlib.util
import re

import pytest
from scored import DEPOSITIONS, deposited_score, ideal_score

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def page(root):
    """The module docs/make_rigid_vs_relaxed.py."""
    spec = importlib.util.spec_from_file_location("make_rigid_vs_relaxed", root / "docs" / "make_rigid_vs_relaxed.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_deposition_with_a_filter_is_on_the_page(page):
    assert set(page.DEPOSITIONS) == set(DEPOSITIONS)


@pytest.mark.slow
def test_page_is_not_stale(page, root, shared):
    def score(name, treatment):
        if name in page.IDEAL_FILTERS:
            return ideal_score(name, treatment=treatment)
        return deposited_score(shared / "structures" / name, treatment=treatment)

    fresh, shown = page.document(score), (root / "docs" / "rigid_vs_relaxed.md").read_text(encoding="utf-8")
    assert NUMBER.sub("#", fresh) == NUMBER.sub("#", shown), "run python docs/make_rigid_vs_relaxed.py"
    for new, old in zip(NUMBER.findall(fresh), NUMBER.findall(shown), strict=True):
        # one in the last digit shown, or a twentieth where the number itself is uncertain by more
        assert float(new) == pytest.approx(float(old), abs=1.0, rel=0.05), "run python docs/make_rigid_vs_relaxed.py"
