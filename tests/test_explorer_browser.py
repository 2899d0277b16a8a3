"""The explorer in a browser, used as a person would: headless Chromium moves sliders, types nonsense, opens tabs, tells a story."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selectivity.membrane.cells import cell
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.permeation.ratio import permeability_ratio
from selectivity.structure.ideal import build_pdb

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and CHROMEDRIVER), reason="chromium and chromedriver are needed to drive the page"
    ),
]
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_S = 180.0
"""A busy machine is slow; no test of speed stands here (benchmarks/explorer_speed.py measures)."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    program = str(Path(sys.executable).with_name("selectivity"))
    server = subprocess.Popen(
        [program, "explore", "--no-browser", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert server.stdout is not None
    line = server.stdout.readline()
    found = re.search(r"http://localhost:(\d+)/", line)
    assert found, line
    yield f"http://127.0.0.1:{found[1]}/"
    server.terminate()
    server.wait(timeout=20)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("chromium")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*ARGUMENTS, f"--user-data-dir={folder}", "--window-size=1280,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    downloads = {"download.default_directory": str(folder), "download.prompt_for_download": False}
    options.add_experimental_option("prefs", downloads)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(CHROMEDRIVER)))
    driver.downloads = folder
    driver.set_script_timeout(PATIENCE_S)
    yield driver
    driver.quit()


class Page:
    """A tab of the explorer and what a user does with it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, address: str) -> Page:
        """Load an address and wait until the page answers."""
        self.driver.get(address)
        self.wait("window.explorer && explorer.ready && !explorer.busy")
        return self

    def js(self, expression: str, *arguments: Any) -> Any:
        """The value of an expression in the page."""
        return self.driver.execute_script(f"return {expression}", *arguments)

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true in the page."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            value = self.js(f"(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()")
            if value:
                return value
            time.sleep(0.05)
        shown = self.js("JSON.stringify([document.getElementById('error').textContent, location.href])")
        raise AssertionError(f"waited in vain for {expression}: {shown}")

    def slide(self, name: str, value: float) -> None:
        """Drag a slider: it reports on the way and at the end, as with a mouse."""
        self.driver.execute_script(
            "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
            "s.dispatchEvent(new Event('input', {bubbles: true})); s.dispatchEvent(new Event('change', {bubbles: true}));",
            f"r-{name}", value,
        )  # fmt: skip
        self.wait(f"!explorer.busy && Math.abs(explorer.answer.state.{name} - {value}) < 1e-9")

    def type(self, name: str, text: str) -> None:
        """Type into a number field and leave it."""
        field = self.driver.find_element(By.ID, f"n-{name}")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text, Keys.TAB)

    def click(self, selector: str) -> None:
        """Click what a selector finds."""
        self.wait(f"document.querySelector({selector!r})")
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    @property
    def volts(self) -> float:
        """The voltage behind the large number."""
        return float(self.js("document.getElementById('voltage').dataset.value"))

    def errors(self) -> list[str]:
        """What the browser complained about since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Page]:
    opened = Page(browser).open(address)
    yield opened
    assert [message for message in opened.errors() if "/api/" not in message or " 400 " not in message] == []


def library_volts(ddg: float, **changes: Any) -> float:
    """V_m of the neuron as the membrane room has it, pump at strength 1."""
    own = cell("neuron").changed(**changes)
    sodium = 1.0 / permeability_ratio(ddg, temperature=own.temperature_k) + 0.04
    return float(
        mullins_noda_voltage(
            {"K": 1.0, "Na": sodium}, outside=own.outside, inside=own.inside, temperature=own.temperature_k
        )
    )


def test_a_slider_moves_the_voltage_to_the_library_s_number(page: Page) -> None:
    assert page.volts == pytest.approx(library_volts(12.0), abs=1e-9)
    page.slide("ddg", 4.0)
    assert page.volts == pytest.approx(library_volts(4.0), abs=1e-9)
    assert f"{page.volts:.1f}".replace("-", "−") in page.js("document.getElementById('voltage').textContent")
    page.slide("k_out", 20.0)
    assert page.volts == pytest.approx(library_volts(4.0, outside={"K": 20.0}), abs=1e-9)
    page.wait("!!(document.querySelector('#plot .main-svg') && explorer.viewer && explorer.edges)")
    page.wait("explorer.latency.length >= 2")


def test_bad_input_is_said_in_one_line_and_the_page_goes_on(page: Page) -> None:
    before = page.volts
    page.type("k_out", "-5")
    message = page.wait("!document.getElementById('error').hidden && document.getElementById('error').textContent")
    assert "K⁺ outside: -5 mM" in message and "\n" not in message
    assert page.volts == before and page.js("document.getElementById('n-k_out').value") == "5"
    page.slide("ddg", 8.0)
    assert page.js("document.getElementById('error').hidden") and page.volts == pytest.approx(
        library_volts(8.0), abs=1e-9
    )
    page.open(f"{page.js('location.origin')}/?ddg=nonsense")
    assert "nonsense" in page.js("document.getElementById('error').textContent")
    assert page.volts == pytest.approx(library_volts(12.0), abs=1e-9)


def test_reload_undo_redo_and_keys(page: Page) -> None:
    page.slide("ddg", 6.0)
    page.slide("pump", 0.5)
    moved = page.volts
    page.driver.refresh()
    page.wait("window.explorer && explorer.ready && !explorer.busy")
    assert page.volts == moved and "ddg=6" in page.js("location.search") and "pump=0.5" in page.js("location.search")
    page.slide("ddg", 20.0)
    page.click("#undo")
    page.wait("!explorer.busy && explorer.state.ddg === 6")
    assert page.volts == moved
    page.click("#redo")
    page.wait("!explorer.busy && explorer.state.ddg === 20")
    body = page.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.CONTROL, "z")
    page.wait("!explorer.busy && explorer.state.ddg === 6")
    body.send_keys(Keys.CONTROL, "y")
    page.wait("!explorer.busy && explorer.state.ddg === 20")


def test_two_tabs_do_not_know_one_another_and_a_shared_address_is_the_same_state(page: Page, address: str) -> None:
    page.slide("ddg", 3.0)
    first, there = page.driver.current_window_handle, page.volts
    page.click("#share")
    shared = page.js("document.getElementById('share-address').value")
    page.click("#share-close")
    page.driver.switch_to.new_window("tab")
    try:
        page.open(shared)
        assert page.volts == there
        page.slide("ddg", 15.0)
        page.driver.switch_to.window(first)
        assert page.volts == there and page.js("explorer.state.ddg") == 3
        page.slide("leak", 0.1)
        page.driver.switch_to.window(page.driver.window_handles[-1])
        assert page.js("explorer.state.leak") == 0.04
    finally:
        page.driver.switch_to.window(page.driver.window_handles[-1])
        page.driver.close()
        page.driver.switch_to.window(first)


def test_the_filter_breathes_and_its_relaxed_answer_arrives(page: Page, address: str) -> None:
    page.click("#mode button[data-value=filter]")
    page.wait("explorer.answer.rigid && !explorer.busy")
    assert page.js("explorer.answer.pending") is False or page.js(
        "!document.getElementById('progress').hidden || explorer.timer > 0"
    )
    page.wait("explorer.answer.pending === false && explorer.answer.ratio !== null")
    place = "explorer.model && explorer.model.selectedAtoms({}).map((a) => a.x)"
    before, narrow = page.wait(place), page.volts
    page.slide("dilation", 0.2)
    page.wait(f"JSON.stringify({place}) !== {str(before).replace(' ', '')!r}")
    page.wait("explorer.answer.pending === false && explorer.answer.ratio !== null")
    assert page.js("document.getElementById('progress').hidden") and page.volts != narrow
    page.wait("document.querySelectorAll('#sites .bars path').length >= 12")


def test_what_is_exported_is_the_state_on_the_page(page: Page) -> None:
    page.slide("ddg", 7.0)
    page.click("#export summary")
    page.click("#exports a[href*='data.json']")
    file = Path(page.driver.downloads) / "selectivity_data.json"
    end = time.monotonic() + PATIENCE_S
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.1)
    import json

    assert json.loads(file.read_text(encoding="utf-8"))["v_mv"] == page.volts
    file.unlink()


@pytest.mark.parametrize(("story", "steps"), [("Block the pump", 2), ("Warm the cell", 3)])
def test_a_story_asks_first_and_is_told_to_its_end(page: Page, story: str, steps: int) -> None:
    page.click("#stories summary")
    for button in page.driver.find_elements(By.CSS_SELECTOR, "#story-list button"):
        if button.text == story:
            button.click()
            break
    held = 0
    for number in range(steps):
        page.wait(f"explorer.story && explorer.story.step === {number} && !explorer.busy")
        assert not page.js("document.getElementById('because')")
        assert page.js("document.querySelector('#story button[type=submit]').disabled")
        page.click("#story label input[value='1']")
        page.click("#story button[type=submit]")
        page.wait("document.getElementById('because') && !explorer.busy && document.querySelector('#story .main')")
        assert page.js("document.querySelectorAll('#story label.right').length") == 1
        held += page.js("document.querySelectorAll('#story label.wrong').length") == 0
        page.click("#story .buttons .main")
    page.wait("explorer.story.step === 'end'")
    assert f"{held} of {steps} predictions held" in page.js("document.getElementById('story').textContent")
    page.click("#story .main")
    assert page.js("document.getElementById('story').hidden")


def test_the_run_down_is_drawn(page: Page) -> None:
    page.click("#view button[data-value=rundown]")
    page.wait("explorer.run && document.querySelectorAll('#plot .scatterlayer path.js-line').length >= 4")
    assert page.js("explorer.run.v_mv[0]") == pytest.approx(page.volts, abs=0.5)
    page.click("#view button[data-value=curve]")


def test_words_of_a_file_stay_text(page: Page, tmp_path: Path) -> None:
    evil = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>"
    lines = build_pdb("kcsa-like").splitlines()
    title = [f"TITLE     {evil[:70]}", *(line for line in lines if not line.startswith("TITLE"))]
    file = tmp_path / "<b>evil<script>.pdb"
    file.write_text("\n".join(title) + "\n", encoding="utf-8")
    page.driver.find_element(By.ID, "file").send_keys(str(file))
    page.wait(
        "explorer.state.structure.startsWith('upload-') && !explorer.busy && explorer.shape.name.startsWith('upload-')"
    )
    page.wait("document.getElementById('structure-title').textContent.toLowerCase().includes('<img src=x')")
    assert page.js(
        "window.pwned === undefined && document.querySelectorAll('main img, main script, header b').length === 0"
    )
    bad = tmp_path / "bad.pdb"
    bad.write_text("nothing here\n", encoding="utf-8")
    page.driver.find_element(By.ID, "file").send_keys(str(bad))
    assert "bad.pdb" in page.wait(
        "!document.getElementById('error').hidden && document.getElementById('error').textContent"
    )


@pytest.mark.parametrize("mode", ["ratio", "filter"])
@pytest.mark.parametrize("width", [390, 820])
def test_narrow_screens_need_no_sideways_scroll(page: Page, address: str, width: int, mode: str) -> None:
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        page.open(f"{address}?mode={mode}&treatment=rigid")
        page.wait("document.querySelector('#plot .main-svg')")
        assert page.js("document.documentElement.scrollWidth") <= width
        outside = page.js(
            "[...document.querySelectorAll('main *')].filter((e) => e.getClientRects().length && "
            f"e.getBoundingClientRect().right > {width + 1}).map((e) => e.id || e.tagName)"
        )
        assert outside == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
