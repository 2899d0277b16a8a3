"""The report: the score's own JSON on one page, words of the file kept as words, and a failed file that stops nobody."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scored import ideal_score
from test_house_commands import run

from selectivity.report.collection import FailedFile, Report, ScoredFile, report_dict, report_json, report_markdown
from selectivity.report.page import embedded, page
from selectivity.report.page_words import MEANINGS, bottom_line, meaning
from selectivity.report.scene import scene
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)> P_K'
MOST_BYTES = 6_000_000


def report_of(*names: str, failed: tuple[FailedFile, ...] = ()) -> Report:
    files = [ScoredFile(f"{name}.pdb", ideal_score(name), f"selectivity score {name}.pdb --quick") for name in names]
    return Report(tuple(files), failed, "selectivity report ... --quick", "2026-01-02T03:04:05Z")


class Elements(HTMLParser):
    """Tags with their attributes, and the text of the JSON blocks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") or "" if dict(attrs).get("type") == "application/json" else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.data[self._inside] = self.data.get(self._inside, "") + data


@pytest.mark.parametrize("name", ["kcsa-like", "nak-like", "collapsed-like"])
def test_the_page_holds_the_json_of_the_score_and_shows_it(name: str) -> None:
    text = page(report_of(name))
    score = ideal_score(name).to_dict()
    found = Elements(text)
    assert json.loads(found.data["f0-data"])["score"] == score
    shown = [float(attributes["data-value"] or "nan") for _, attributes in found.tags if "data-value" in attributes]
    for site in score["sites"]:
        if site["ddg_kj_mol"] is not None:
            assert site["ddg_kj_mol"] in shown and site["ddg_error_kj_mol"] in shown
    for value in (score["permeability_ratio"], score["ddg_barrier_kj_mol"], score["membrane"]["v_mv"]):
        assert value is None or value in shown
    assert set(score["membrane"]["nernst_mv"].values()) <= set(shown)
    assert len(text.encode()) < MOST_BYTES


def test_the_page_asks_for_nothing_from_outside() -> None:
    found = Elements(page(report_of("kcsa-like", "nak-like")))
    for tag, attributes in found.tags:
        assert not (attributes.get("src") or "").startswith(("http", "//")), (tag, attributes)
        if tag != "a":
            assert not (attributes.get("href") or "").startswith(("http", "//")), (tag, attributes)
    policy = next(a["content"] for t, a in found.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'") and "http" not in policy


def test_every_part_of_the_chain_is_there_and_every_link_on_the_page_arrives() -> None:
    found = Elements(page(report_of("kcsa-like", "collapsed-like")))
    anchors = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    links = [a["href"] for t, a in found.tags if t == "a" and (a.get("href") or "").startswith("#")]
    assert len(links) > 15
    assert [link for link in links if link is not None and link[1:] not in anchors] == []
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def hostile_file(folder: Path) -> Path:
    """A bundled filter whose TITLE record tries to run a script."""
    lines = ideal_filter("kcsa-like").to_pdb().splitlines()
    title = f"TITLE     {HOSTILE}"
    path = folder / "hostile.pdb"
    path.write_text("\n".join([title[:80], *(line for line in lines if not line.startswith("TITLE"))]) + "\n")
    return path


def test_words_of_a_file_stay_words(tmp_path: Path) -> None:
    from dataclasses import replace

    score = ideal_score("kcsa-like")
    filter = replace(score.filter, provenance=load_filter(hostile_file(tmp_path)).provenance)
    assert "<script>" in filter.provenance.title
    score = replace(score, filter=filter, file=HOSTILE, warnings=(*score.warnings, HOSTILE))
    report = Report((ScoredFile(HOSTILE, score, HOSTILE),), (FailedFile(HOSTILE, HOSTILE),), HOSTILE, "2026-01-02")
    found = Elements(page(report))
    assert json.loads(found.data["f0-data"])["score"]["file"] == HOSTILE
    assert [tag for tag, _ in found.tags if tag == "script"] == ["script"] * 4  # the data, two libraries, the program
    assert not [tag for tag, attributes in found.tags if tag == "img" or "onerror" in attributes]
    assert not re.search(r"(?<!\\)<(script|img)", report_markdown(report))


def test_json_inside_a_page_cannot_leave_its_block() -> None:
    text = embedded({"a": HOSTILE, "b": "<!-- \u2028 &"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": HOSTILE, "b": "<!-- \u2028 &"}


@pytest.mark.parametrize("name", ["kcsa-like", "nak-like", "flipped-like"])
def test_the_view_counts_the_oxygens_of_the_score(name: str) -> None:
    """The distances that the view shows are those behind the score's coordination number and mean distance."""
    score = ideal_score(name)
    shown = {entry["site"]: entry for entry in scene(score)["sites"]}
    atoms = scene(score)["atoms"]
    for site in score.sites:
        oxygens = shown[site.site]["oxygens"]
        assert len(oxygens) == site.coordination_number
        if oxygens:
            assert np.mean([o["distance_angstrom"] for o in oxygens]) == pytest.approx(site.mean_distance_angstrom)
        point = shown[site.site]["point"]
        for oxygen in oxygens:
            atom = atoms[oxygen["atom"]]
            away = np.linalg.norm([atom[axis] - point[axis] for axis in "xyz"])
            assert away == pytest.approx(oxygen["distance_angstrom"], abs=2e-4)
            assert atom["ring"] is not None


def test_bonds_of_the_view_are_covalent() -> None:
    drawn = scene(ideal_score("kcsa-like"))
    places = np.array([[atom[axis] for axis in "xyz"] for atom in drawn["atoms"]])
    lengths = [np.linalg.norm(places[i] - places[j]) for i, j in drawn["bonds"]]
    assert len(lengths) > 60 and 1.1 < min(lengths) and max(lengths) < 1.7


def test_the_bottom_line_follows_the_interval() -> None:
    score = ideal_score("kcsa-like").to_dict()
    assert bottom_line(score).startswith("K⁺ is predicted to pass more easily")
    assert bottom_line(score | {"permeability_ratio_interval": [0.001, 0.5], "permeability_ratio": 0.1}).startswith(
        "Na⁺"
    )
    assert "cannot tell" in bottom_line(score | {"permeability_ratio_interval": [0.5, 9.0], "permeability_ratio": 2.0})
    assert "the single file is interrupted" in bottom_line(ideal_score("collapsed-like").to_dict())


def test_every_meaning_belongs_to_a_warning_that_the_package_gives(root: Path) -> None:
    sources = "".join(
        path.read_text()
        for room in ("pipeline", "structure", "energetics")
        for path in (root / "selectivity" / room).glob("*.py")
    )
    assert [piece for piece, _ in MEANINGS if piece not in sources and piece != "coordinate error assumed"] == []
    for warning in ideal_score("kcsa-like").warnings:
        if warning.startswith(("V_m", "coordinate", "S4", "hysteresis")):
            assert meaning(warning)


def test_the_json_of_a_report_holds_scores_hashes_and_failures() -> None:
    failed = (FailedFile("1abc.pdb", "no filter"),)
    report = report_of("kcsa-like", "nak-like", failed=failed)
    found = json.loads(report_json(report))
    assert found == json.loads(json.dumps(report_dict(report)))
    assert [entry["score"] for entry in found["files"]] == [ideal_score(n).to_dict() for n in ("kcsa-like", "nak-like")]
    assert found["failed"] == [{"path": "1abc.pdb", "reason": "no filter"}]
    assert {entry["key"] for entry in found["files"][0]["citations"]} == set(ideal_score("kcsa-like").sources)


def test_a_failed_file_stands_on_the_page_and_stops_nobody(tmp_path: Path, structures: Path) -> None:
    broken = tmp_path / "broken.pdb"
    broken.write_text("HEADER    NOTHING\nEND\n")
    target = tmp_path / "report.md"
    kcsa = structures / "kcsa_like.pdb"
    answer = run("report", str(kcsa), str(broken), "--quick", "--treatment", "rigid", "-o", str(target))
    assert answer.returncode == 1 and "Traceback" not in answer.stderr
    assert answer.stderr.count("\n") == 1 and "broken.pdb" in answer.stderr
    text = target.read_text()
    assert "kcsa\\_like.pdb" in text and "broken.pdb was not scored" in text
    assert "--quick --treatment rigid" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "-"), "-o - writes md or json"),
        (("--format", "pdf"), "'pdf' is not one of html, md, json"),
        (("-o", "nowhere/report.html"), "no directory nowhere"),
        (("--temperature", "-3"), "temperature"),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_scored(
    words: tuple[str, ...], said: str, structures: Path
) -> None:
    answer = run("report", str(structures / "kcsa_like.pdb"), *words)
    assert answer.returncode in (1, 2) and said in answer.stderr and "Traceback" not in answer.stderr
