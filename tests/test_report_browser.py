"""The report as a reader meets it: opened from disk in a browser, at a desk and on a phone."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import chromium, resize
from scored import ideal_score
from test_report import MOST_BYTES, report_of

from selectivity.report.collection import FailedFile
from selectivity.report.page import page

pytestmark = pytest.mark.slow

DRAWN = """
const done = arguments[arguments.length - 1], limit = Date.now() + 100000;
const parts = Array.from(document.querySelectorAll('[data-plot], [data-view]'));
(function next() {
  const waiting = parts.filter((part) => !part.dataset.drawn);
  if (!waiting.length || Date.now() > limit) return done(waiting.length);
  waiting[0].scrollIntoView({behavior: 'instant'});
  window.setTimeout(next, 150);
})();
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def opened(browser: Any, folder: Path, text: str, *, width: int = 1280) -> Any:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    assert path.stat().st_size < MOST_BYTES
    resize(browser, width, 900)
    browser.get(path.as_uri())
    assert browser.execute_async_script(DRAWN) == 0, "not everything was drawn"
    return browser


def complaints(browser: Any) -> list[str]:
    """Errors of the console; a software renderer's remarks about its speed are none."""
    lines = [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    return [line for line in lines if "GL Driver Message" not in line]


def requested(browser: Any) -> set[str]:
    """Addresses that were asked for, other than the page itself and what it carries."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    own = ("file:", "data:", "blob:", "chrome:")  # the browser's own first tab asks for parts of the browser
    return {url for url in asked if not url.startswith(own)}


def plotted(browser: Any, plot: str) -> list[dict[str, Any]]:
    script = f"return JSON.stringify(document.querySelector('[data-plot={plot}]').data)"
    traces: list[dict[str, Any]] = json.loads(browser.execute_script(script))
    return traces


def colours_of(element: Any) -> int:
    """How many different colours an element shows."""
    from matplotlib.image import imread

    picture = imread(io.BytesIO(base64.b64decode(element.screenshot_as_base64)))
    return len(np.unique((255 * picture[..., :3]).astype(int).reshape(-1, 3), axis=0))


def test_one_filter_is_drawn_with_the_numbers_of_its_json(browser: Any, tmp_path: Path) -> None:
    score = ideal_score("kcsa-like").to_dict()
    opened(browser, tmp_path, page(report_of("kcsa-like")))
    block = browser.execute_script("return document.getElementById('f0-data').textContent")
    assert json.loads(block)["score"] == score

    bars = plotted(browser, "sites")[0]
    assert bars["y"] == [site["ddg_kj_mol"] for site in score["sites"] if site["formed"]]
    assert bars["error_y"]["array"] == [site["ddg_error_kj_mol"] for site in score["sites"] if site["formed"]]
    for trace in plotted(browser, "balance"):
        if "meta" in trace:
            assert trace["y"] == [site["terms_kj_mol"]["difference"][trace["meta"]] for site in score["sites"]]
    assert plotted(browser, "profile")[0]["y"] == score["profile"]["ddg_kj_mol"]
    assert score["permeability_ratio"] in plotted(browser, "rules")[-1]["x"]
    points = {trace["meta"]: trace for trace in plotted(browser, "voltage") if "meta" in trace}
    assert points["v_mv"]["y"] == [score["membrane"]["v_mv"]] and points["v_mv"]["x"] == [score["ddg_barrier_kj_mol"]]
    assert points["v_with_leak_mv"]["y"] == [score["membrane"]["v_with_leak_mv"]]
    curve = plotted(browser, "voltage")[0]
    assert np.interp(score["ddg_barrier_kj_mol"], curve["x"], curve["y"]) == pytest.approx(
        score["membrane"]["v_mv"], abs=0.02
    )

    from selenium.webdriver.common.by import By

    view = browser.find_element(By.CSS_SELECTOR, "[data-view]")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", view)
    assert colours_of(view) > 300, "the view in three dimensions is blank"
    assert complaints(browser) == [] and requested(browser) == set()


def test_a_site_is_chosen_with_its_distances_and_a_table_copied_as_it_stands(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    score = ideal_score("kcsa-like").to_dict()
    opened(browser, tmp_path, page(report_of("kcsa-like")))
    for site in score["sites"]:
        button = browser.find_element(By.CSS_SELECTOR, f"[data-site={site['site']}]")
        browser.execute_script("arguments[0].click()", button)
        assert button.get_attribute("aria-pressed") == "true"
        cells = browser.find_elements(By.CSS_SELECTOR, "[data-distances]")
        distances = [d for cell in cells for d in json.loads(cell.get_attribute("data-distances"))]
        assert len(distances) == site["coordination_number"]
        assert np.mean(distances or [0]) == pytest.approx(site["mean_distance_angstrom"] or 0)
    for tool in ("left", "in", "top", "side", "model", "strands"):
        browser.execute_script(f"document.querySelector('[data-do={tool}]').click()")
    copied = browser.execute_async_script(
        "const done = arguments[0]; let text = ''; navigator.clipboard.writeText = async (t) => { text = t; };"
        "document.querySelector('#f0-table-sites .copy').click(); setTimeout(() => done(text), 300);"
    )
    rows = [line.split("\t") for line in copied.strip().split("\n")]
    at = rows[0].index("ΔΔG (kJ/mol)")
    assert [float(row[at]) for row in rows[1:]] == [site["ddg_kj_mol"] for site in score["sites"]]
    assert complaints(browser) == []


def test_several_files_are_compared_and_fit_a_phone(browser: Any, tmp_path: Path) -> None:
    names = ("kcsa-like", "collapsed-like")
    opened(browser, tmp_path, page(report_of(*names, failed=(FailedFile("x.pdb", "no filter"),))), width=390)
    wide = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide == [390, 390]
    points = plotted(browser, "comparison")[-1]
    assert points["x"] == [ideal_score("kcsa-like").permeability_ratio]
    assert "does not conduct" in browser.execute_script(
        "return document.querySelector('[data-plot=comparison]').textContent"
    )
    assert complaints(browser) == [] and requested(browser) == set()
