"""The course text's fourteen claims: our numbers against the reference, both sides of every condition, and a page that is not stale."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
# claim -> {name: (value, tolerance)}: FACTS 5 and the tables it refers to
REFERENCE = {
    1: {"pump_leak_mv": (-72.59, 0.05), "ghk_mv": (-68.59, 0.01), "mullins_noda_mv": (-73.82, 0.01)},
    2: {"5/140": (-89.06, 0.005), "4/140": (-95.02, 0.005)},
    3: {"145/15": (60.63, 0.005), "145/12": (66.60, 0.005)},
    4: {"ratio_65": (5.0, 1e-9), "ratio_70": (6.5, 1e-9)},
    5: {"above": (-1.65, 0.005), "below": (2.92, 0.005), "below_more": (5.93, 0.005)},
    6: {"K_6": (1.38, 0.0), "Na_6": (1.02, 0.0), "K_8": (1.51, 0.0), "Na_8": (1.18, 0.0)},
    7: {
        "293.15": (137.5, 0.05),
        "298.15": (126.6, 0.05),
        "310": (105.2, 0.05),
        "310.15": (104.95, 0.05),
        "limit_k": (313.4, 0.05),
        "exactly 100 at 298.15": (11.42, 0.005),
        "exactly 100 at 310.15": (11.88, 0.005),
    },
    8: {"work_kj_mol": (41.49, 0.01)},
    9: {
        "squid-axon": (-4.21, 0.01),
        "frog-muscle": (-2.90, 0.015),
        "neuron": (-5.23, 0.01),
        "pump_leak": (-8.2, 0.1),
        "bound": (10.84, 0.005),
    },
    10: {"min_20": (-51.4, 0.3), "min_60": (-18.0, 0.3), "swollen": (0.4, 0.05), "rigid": (-9.8, 0.05)},
    11: {"low": (13.0, 0.0), "high": (94.0, 0.0)},
    12: {"sigma_mv": (1.142, 0.0005)},
    13: {"factor": (1.92, 0.005), "rt_over_f": (0.032, 0.0005)},
    14: {"start": (-68.59, 0.01)},
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_course_text", ROOT / "docs" / "make_course_text.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def claims(script: ModuleType) -> list:
    return script.claims()


def test_the_page_says_what_the_package_computes(script: ModuleType, claims: list) -> None:
    """Stale? `python docs/make_course_text.py` writes it anew."""
    assert script.render(claims) == (ROOT / "docs" / "the-course-text.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", range(1, 15))
def test_every_picture_was_drawn_from_these_numbers(script: ModuleType, claims: list, number: int) -> None:
    with Image.open(ROOT / "docs" / "images" / script.picture(number)) as image:
        assert image.info["Description"] == script.fingerprint(claims[number - 1]) and image.width > 400


def test_there_are_fourteen_claims_in_order(claims: list) -> None:
    assert [claim.number for claim in claims] == list(range(1, 15))
    assert all(claim.says and claim.answer and claim.values for claim in claims)


@pytest.mark.parametrize("number", REFERENCE)
def test_the_numbers_are_the_reference_s(claims: list, number: int) -> None:
    for name, (value, tolerance) in REFERENCE[number].items():
        assert claims[number - 1].values[name] == pytest.approx(value, abs=max(tolerance, 1e-9)), name


def test_conditional_claims_show_both_sides(claims: list) -> None:
    values = {claim.number: claim.values for claim in claims}
    assert values[5]["above"] < 0 < values[5]["below"]
    assert values[7]["310.15"] > 100 and 310.15 < values[7]["limit_k"] < 320
    assert abs(values[10]["swollen"]) < 1 < abs(values[10]["rigid"])
    assert values[13]["slope"] < 0 < values[13]["slow"]
    assert abs(values[14]["ghk_40"] - values[14]["chord_40"]) > 5


def test_every_picture_draws(script: ModuleType, claims: list) -> None:
    for claim in claims:
        (ax,) = script.draw_claim(claim).axes[:1]
        assert ax.has_data() and (ax.get_xlabel() or claim.number == 6)


def test_a_moved_number_makes_the_page_stale(script: ModuleType, claims: list) -> None:
    from dataclasses import replace

    moved = replace(claims[0], values={**claims[0].values, "pump_leak_mv": -72.7})
    assert script.fingerprint(moved) != script.fingerprint(claims[0])
