"""The table of published numbers: its rules on made-up cases, its quick rows against the stored page, one structure scored again."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from selectivity.permeation.queue_barrier import queue_barrier
from selectivity.validation.cases import CASES, FORCE_FIELD, leg_shifts, score_case, validation_settings
from selectivity.validation.claims import ROLES, claims
from selectivity.validation.hard_case import generic_pairs, rule_rows
from selectivity.validation.results import ResultsMissing, code_only, stale_parts, stored_results, update_results
from selectivity.validation.table import our_number, validation
from selectivity.validation.verdicts import WIDE_KJ_MOL, Ours, verdict

ROOT = Path(__file__).resolve().parent.parent
INF = math.inf
BOUND = (12.42, INF)  # P > 150


@pytest.mark.parametrize(
    ("published", "value", "error", "expected"),
    [
        (BOUND, None, 0.0, "cannot say"),
        ((-INF, INF), 5.0, 1.0, "cannot say"),
        (BOUND, 8.0, 2.0, "misses"),  # upper end 11.9
        (BOUND, 8.0, 2.5, "agrees"),  # upper end 12.9, interval narrow
        (BOUND, 17.0, 2.0, "agrees"),  # lower end 13.1
        (BOUND, 500.0, 2.0, "agrees"),  # censored: any larger number agrees
        (BOUND, 20.0, 6.0, "agrees"),  # wide, but one standard error above
        (BOUND, 18.0, 6.0, "cannot say"),
        (BOUND, 6.0, 6.0, "misses"),  # wide, one standard error below
        ((-5.7, 5.7), 4.0, 10.0, "cannot say"),
        ((-5.7, 5.7), 0.0, 4.0, "agrees"),
        ((1.0, 1.0), 1.0, 0.0, "agrees"),
        ((1.0, 1.0), 0.0, 0.0, "misses"),
    ],
)
def test_the_rules_of_a_verdict(published, value, error, expected):
    assert verdict(published, Ours(value, error)) == expected


@pytest.mark.parametrize("value", [-30.0, 3.0, 11.0, 13.0, 40.0])
@pytest.mark.parametrize("error", [0.5, 4.0, 9.0])
def test_verdicts_know_no_direction(value, error):
    """Changing the sign of everything (P_Na/P_K instead of P_K/P_Na) changes no verdict."""
    low, high = BOUND
    assert verdict(BOUND, Ours(value, error)) == verdict((-high, -low), Ours(-value, error))


def test_an_interval_of_exactly_two_decades_is_not_yet_wide():
    edge = WIDE_KJ_MOL / (2 * 1.959963985)
    assert verdict(BOUND, Ours(12.0, edge * 0.999)) == "agrees"
    assert verdict(BOUND, Ours(12.0, edge * 1.001)) == "cannot say"


def test_claims_are_whole():
    assert len({claim.id for claim in claims()}) == len(claims())
    for claim in claims():
        assert claim.role in ROLES
        assert claim.low <= claim.high
        assert claim.value is None or not claim.published or claim.low <= claim.value <= claim.high
        assert claim.mark != "recalled" or claim.role == "control", f"{claim.id}: a recalled number tests nothing"
        assert claim.value is None or claim.in_unit(claim.scaled(claim.value)) == pytest.approx(claim.value)


def test_every_miss_and_every_doubt_says_why():
    assert [row.claim.id for row in validation().rows if row.verdict != "agrees" and not row.why] == []


def test_a_claim_without_results_cannot_be_judged():
    claim = next(each for each in claims() if each.id == "ratio_1k4c")
    ours = our_number(claim, {})
    assert ours.value is None and "--update" in ours.missing


def test_stored_queues_follow_from_stored_nodes():
    """The barrier on every water leg is the queue of the stored nodes with that shift; the default leg is the score's own."""
    shifts = leg_shifts(validation_settings())
    scored = {name: kept for name, kept in stored_results().items() if "nodes" in kept}
    assert {"1K4C", "3E8H"} <= set(scored)
    for kept in scored.values():
        nodes = kept["nodes"]["ddg_kj_mol"]
        assert kept["barriers_kj_mol"][FORCE_FIELD]["queue"] == pytest.approx(kept["ddg_barrier_kj_mol"], abs=1e-3)
        for leg, shift in shifts.items():
            again = queue_barrier([value + shift for value in nodes])
            assert again == pytest.approx(kept["barriers_kj_mol"][leg]["queue"], abs=2e-3)


def test_a_smaller_water_leg_never_raises_a_ratio():
    for row in rule_rows(stored_results()):
        full = next(each for each in rule_rows(stored_results()) if each.rule == row.rule and each.leg == FORCE_FIELD)
        assert all(row.ratios[name] <= full.ratios[name] * (1 + 1e-9) for name in row.ratios)


def test_the_defaults_head_the_table_of_generic_numbers():
    first, *others = generic_pairs(stored_results())
    assert first.parameter == "default" and len(others) > 10
    assert first.kcsa > first.nak


def test_nothing_stored_is_a_coordinate():
    """Energies, names and settings only: no position, height or distance of an atom."""
    keys = {key for kept in stored_results().values() for key in _keys(kept)}
    assert not {key for key in keys if key.startswith(("z_", "x_", "position", "radius"))}


def _keys(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _keys(value)


def test_staleness_is_seen_and_comments_are_not():
    stored = {"old": {"fingerprint": {"energetics": "another"}}, "none": {}}
    found = stale_parts(stored)
    assert "energetics" in found["old"] and "settings" in found["none"]
    assert code_only("def f():\n    'why'\n    return 1  \n\n# x\n") == code_only("def f():\n    return 1\n")
    assert code_only("x = 1") != code_only("x = 2")


def test_an_update_without_depositions_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(ResultsMissing, match="no such file; --structures needs"):
        update_results(tmp_path)
    with pytest.raises(ResultsMissing, match="no case 9XYZ: choose of 1K4C"):
        update_results(tmp_path, only=("9XYZ",))


def test_the_page_equals_what_the_results_give():
    """Quick rows are computed anew for it: the page is stale when either they or the stored numbers moved."""
    spec = importlib.util.spec_from_file_location("make_validation", ROOT / "docs" / "make_validation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert module.document() == page, "run python docs/make_validation.py"


def test_the_command_gives_the_same_rows_everywhere(tmp_path):
    program = str(Path(sys.executable).with_name("selectivity"))
    plot = tmp_path / "v.png"
    answer = subprocess.run([program, "validate", "--json", "-", "--plot", str(plot)], capture_output=True, text=True, check=True)
    payload = json.loads(answer.stdout)
    assert [row["verdict"] for row in payload["rows"]] == [row.verdict for row in validation().rows]
    assert plot.stat().st_size > 10_000
    refused = subprocess.run([program, "validate", "--update", "--structures", str(tmp_path)], capture_output=True, text=True)
    assert refused.returncode == 1 and "Traceback" not in refused.stderr and refused.stderr.count("\n") <= 2


@pytest.mark.slow
def test_a_structure_scored_again_gives_the_stored_nodes(shared):
    """1K4C with the stored seed: every node within three combined standard errors, geometry exactly."""
    stored = stored_results()["1K4C"]
    again = score_case(CASES[0], shared / "structures")
    assert again["sha256"] == stored["sha256"] and again["cages"] == stored["cages"]
    assert list(again["nodes"]["name"]) == stored["nodes"]["name"]
    for new, old, a, b in zip(
        again["nodes"]["ddg_kj_mol"], stored["nodes"]["ddg_kj_mol"],
        again["nodes"]["sampling_kj_mol"], stored["nodes"]["sampling_kj_mol"], strict=True,
    ):  # fmt: skip
        assert abs(new - old) <= 3.0 * math.hypot(a, b)
