"""Scans: words, grids, what is never computed twice, that processes change nothing, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import selectivity.scan as scanning
from selectivity.errors import FileUnreadable, OutOfRange, SelectivityError, UnknownChoice
from selectivity.pipeline import QUICK, score_filter
from selectivity.scan import append_finished, code_fingerprint, fingerprint, grid, read_finished, scan_filter
from selectivity.scan_axes import axis, change
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.knobs import dilate


@pytest.fixture(scope="module")
def kcsa() -> Filter:
    return ideal_filter("kcsa-like")


def test_words_become_axes() -> None:
    each = axis("dilate@V76 O=-0.3:0.3:0.05")
    assert each.values == tuple(round(-0.3 + 0.05 * i, 9) + 0.0 for i in range(13))
    assert (each.column, each.unit, each.label) == ("dilate_v76_o_angstrom", "Å", "dilate V76 O (Å)")
    assert axis("sigma=0.5,0.2").values == (0.2, 0.5)
    assert axis("flip@V76 O/2=0:180:90").column == "flip_v76_o_2_deg"
    assert axis("temperature=300").column == "temperature_k"
    assert axis("sigma=0.1:0.34:0.1").values == (0.1, 0.2, 0.3)


def test_a_grid_spans_all_axes_and_applies_them_in_order(kcsa: Filter) -> None:
    points = grid(kcsa, [axis("dilate=0:0.2:0.1"), axis("sigma=0.2,0.3")], changes=[change("hydroxyl=Ala")])
    assert len(points) == 6
    assert [dict(p.values) for p in points[:2]] == [
        {"dilate_angstrom": 0.0, "sigma_angstrom": 0.2},
        {"dilate_angstrom": 0.0, "sigma_angstrom": 0.3},
    ]
    assert points[-1].filter.rings[0].radius == pytest.approx(kcsa.rings[1].radius + 0.2)
    assert points[-1].filter.signature == "AVGYG" and points[-1].keywords["sigma"] == 0.3
    assert points[0].sites == ("S3", "S2", "S1")


def test_a_point_is_the_score_of_the_changed_filter(kcsa: Filter) -> None:
    scan = scan_filter(kcsa, ["dilate=0.2"], sites=["S2", "S0"], sigma=0.25, search="full")
    score = score_filter(dilate(kcsa, 0.2), sigma=0.25, **QUICK)
    (row,) = scan.rows
    assert row["ddg_s2_kj_mol"] == score.site("S2").ddg_kj_mol
    assert row["ddg_s0_error_kj_mol"] == score.site("S0").ddg_error_kj_mol
    assert row["ddg_barrier_kj_mol"] == score.ddg_barrier_kj_mol
    assert (row["p_k_over_p_na_low_ratio"], row["p_k_over_p_na_high_ratio"]) == score.permeability_ratio_interval
    assert (row["v_mv"], row["v_with_leak_mv"]) == (score.membrane.v_mv, score.membrane.v_with_leak_mv)


@pytest.mark.slow
def test_a_carried_search_finds_what_the_score_finds(kcsa: Filter) -> None:
    """At the unchanged filter the sites exactly, the barrier (half as many heights) within 0.3 kJ/mol; beside it the
    arrangements of the neighbour lead to the same or a lower minimum."""
    scan = scan_filter(kcsa, ["dilate=-0.1,0.0"], sigma=0.3)
    for row in scan.rows:
        score = score_filter(dilate(kcsa, row["dilate_angstrom"]), sigma=0.3, **QUICK)
        close = 1e-3 if row["dilate_angstrom"] == 0.0 else 1.0
        for site in ("S4", "S3", "S2", "S1"):
            assert row[f"ddg_{site.lower()}_kj_mol"] == pytest.approx(score.site(site).ddg_kj_mol, abs=close), site
            assert row[f"ddg_{site.lower()}_error_kj_mol"] == pytest.approx(score.site(site).ddg_error_kj_mol, rel=0.3)
        assert row["ddg_barrier_kj_mol"] == pytest.approx(score.ddg_barrier_kj_mol, abs=max(close, 0.3))
        assert row["conductive"] == score.conductive
    assert scan.settings["search"] == "carried"


@pytest.mark.slow
def test_a_carried_search_starts_flipped_groups_where_they_are(kcsa: Filter) -> None:
    carried, full = (scan_filter(kcsa, ["flip@V76 O=20"], search=search) for search in ("carried", "full"))
    assert carried.rows[0]["ddg_s1_kj_mol"] == pytest.approx(full.rows[0]["ddg_s1_kj_mol"], abs=1.0)


def test_leaving_the_wet_ends_out_changes_no_number(kcsa: Filter) -> None:
    dry, all_sites = (scan_filter(kcsa, ["dilate=0.1"], sites=sites, search="full") for sites in (None, ["S1", "S0"]))
    shared = set(dry.rows[0]) & set(all_sites.rows[0])
    assert len(shared) > 10
    for name in shared:
        assert dry.rows[0][name] == pytest.approx(all_sites.rows[0][name], rel=1e-6), name


def test_processes_change_no_number(kcsa: Filter) -> None:
    serial, parallel = (scan_filter(kcsa, ["dilate=-0.1:0.1:0.1"], treatment="rigid", jobs=jobs) for jobs in (1, 2))
    assert serial.rows == parallel.rows


def test_a_finished_point_is_never_computed_twice(
    kcsa: Filter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume = tmp_path / "scan.jsonl"
    first = scan_filter(kcsa, ["dilate=0.0,0.1"], treatment="rigid", resume=resume)
    computed = []
    real = scanning.scored_row
    monkeypatch.setattr(
        scanning, "scored_row", lambda p, anchor: computed.append(p.values["dilate_angstrom"]) or real(p)
    )
    again = scan_filter(kcsa, ["dilate=0.0:0.2:0.1"], treatment="rigid", resume=resume)
    assert computed == [0.2] and again.n_reused == 2
    assert again.rows[:2] == first.rows
    assert len(resume.read_text().splitlines()) == 3
    # another filter, another setting, another code: other points
    scan_filter(dilate(kcsa, 0.05), ["dilate=0.0"], treatment="rigid", resume=resume)
    scan_filter(kcsa, ["dilate=0.0"], treatment="rigid", sigma=0.31, resume=resume)
    monkeypatch.setattr(scanning, "code_fingerprint", lambda: "other code")
    scan_filter(kcsa, ["dilate=0.0"], treatment="rigid", resume=resume)
    assert computed == [0.2, 0.0, 0.0, 0.0]


def test_an_interrupted_scan_keeps_what_was_finished(
    kcsa: Filter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume = tmp_path / "scan.jsonl"
    real = scanning.scored_row

    def interrupted(point: scanning.Point, anchor: object) -> dict:
        if point.values["dilate_angstrom"] > 0.05:
            raise KeyboardInterrupt
        return real(point)

    monkeypatch.setattr(scanning, "scored_row", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan_filter(kcsa, ["dilate=0.0,0.1"], treatment="rigid", resume=resume)
    monkeypatch.setattr(scanning, "scored_row", real)
    assert scan_filter(kcsa, ["dilate=0.0,0.1"], treatment="rigid", resume=resume).n_reused == 1


def test_a_line_cut_short_costs_that_point_only(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    append_finished(path, "a", {"x": 1})
    with open(path, "a") as stream:
        stream.write('{"key": "b", "ro')
    append_finished(path, "c", {"x": 3})
    assert read_finished(path) == {"a": {"x": 1}, "c": {"x": 3}}


def test_a_file_that_is_no_scan_is_never_appended_to(kcsa: Filter, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a scan\n")
    with pytest.raises(FileUnreadable, match="no finished point"):
        scan_filter(kcsa, ["dilate=0.1"], resume=other)
    assert other.read_text() == "not a scan\n"
    other.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileUnreadable, match="not text"):
        read_finished(other)


def test_the_key_follows_content_not_orientation(kcsa: Filter) -> None:
    turned = kcsa.rotated(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])).translated([5.0, 6.0, 7.0])
    assert fingerprint(turned) == fingerprint(kcsa)
    assert fingerprint(dilate(kcsa, 0.001)) != fingerprint(kcsa)
    assert len(code_fingerprint()) == 64


def test_a_filter_that_stops_conducting_has_no_ratio(kcsa: Filter) -> None:
    scan = scan_filter(kcsa, ["dilate=1.5"], treatment="rigid")
    (row,) = scan.rows
    assert row["conductive"] is False
    assert row["p_k_over_p_na_ratio"] is None and row["v_mv"] is None
    json.dumps(scan.to_dict(), allow_nan=False)


def test_the_table_carries_units_and_settings(kcsa: Filter) -> None:
    frame = scan_filter(kcsa, ["dilate=0.1"], treatment="rigid").table()
    assert frame.attrs["settings"]["treatment"] == "rigid"
    units = ("_angstrom", "_kj_mol", "_ratio", "_mv", "conductive")
    assert [name for name in frame.columns if not name.endswith(units)] == []


REFUSED = [
    ([], {}, OutOfRange, "empty scan"),
    (["dilate="], {}, OutOfRange, "empty scan"),
    (["dilate=0.3:-0.3:0.1"], {}, OutOfRange, "empty scan"),
    (["dilate=0:1:0"], {}, OutOfRange, "STEP must be positive"),
    (["dilate=0:1"], {}, OutOfRange, "three numbers"),
    (["dilate=0:1:1e-6"], {}, OutOfRange, "at most 2000"),
    (["dilate=nan"], {}, OutOfRange, "finite"),
    (["dilate=0.1,0.1"], {}, OutOfRange, "twice"),
    (["dilate=0.1", "dilate=0.2"], {}, UnknownChoice, "twice"),
    (["dilat=0.1"], {}, UnknownChoice, "did you mean 'dilate'"),
    (["dilate@V77 O=0.1"], {}, UnknownChoice, "did you mean 'V76 O'"),
    (["shift=0.1"], {}, UnknownChoice, "needs a ring"),
    (["sigma@V76 O=0.1"], {}, UnknownChoice, "takes no ring"),
    (["sigma=0.0,0.3"], {}, OutOfRange, "0 < sigma <= 5"),
    (["sigma=-0.3"], {}, OutOfRange, "-0.3"),
    (["temperature=200"], {}, OutOfRange, "273 to 373"),
    (["dilate=0.1"], {"sites": ["S9"]}, UnknownChoice, "'S9': this filter has Scav, S4"),
    (["dilate=0.1"], {"sites": []}, UnknownChoice, "no site named"),
    (["dilate=0.1"], {"ions": ("K", "Kr")}, UnknownChoice, "unknown ion 'Kr'"),
    (["dilate=0.1"], {"sgima": 0.3}, UnknownChoice, "sgima"),
    (["dilate=0.1"], {"search": "quick"}, UnknownChoice, "carried, full"),
    (["dilate=0.1"], {"jobs": 0}, OutOfRange, "at least one process"),
    (["dilate=0.1"], {"changes": ["swap=NaK9"]}, UnknownChoice, "NaK2K"),
    (["dilate=0.1"], {"changes": ["swop=NaK"]}, UnknownChoice, "did you mean 'swap'"),
    (["dilate=0.1"], {"changes": ["symmetrise=4"]}, UnknownChoice, "takes no value"),
    (["dilate=0.1"], {"changes": ["drop@V76 O=one"]}, OutOfRange, "whole number"),
    (["dilate=0:1:0.001", "pinch=0:1:0.01"], {}, OutOfRange, "at most 20000"),
]


@pytest.mark.parametrize(("vary", "options", "kind", "words"), REFUSED)
def test_bad_input_is_refused_before_anything_is_computed(
    kcsa: Filter,
    monkeypatch: pytest.MonkeyPatch,
    vary: list[str],
    options: dict,
    kind: type[SelectivityError],
    words: str,
) -> None:
    monkeypatch.setattr(scanning, "score_filter", score_filter)
    monkeypatch.setattr(scanning, "scored_row", lambda point, anchor: pytest.fail("computed"))
    with pytest.raises(kind, match=words) as caught:
        scan_filter(kcsa, vary, **options)
    assert "\n" not in str(caught.value)
