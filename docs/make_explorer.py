"""Write docs/images/explorer.png: the page of `selectivity explore`, as headless Chromium shows it.

python docs/make_explorer.py [ADDRESS_QUERY WIDTH HEIGHT OUTPUT]      (needs chromium and chromedriver; `make docs` calls it)
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
QUERY = "mode=filter&dilation=0.1&water=0.9&hydration=schmid"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
LARGEST_BYTES = 300_000


def main(query: str = QUERY, width: str = "1400", height: str = "985", output: str = "") -> None:
    """Start the explorer, wait for the whole answer, take the picture."""
    path = Path(output) if output else ROOT / "docs" / "images" / "explorer.png"
    program = str(Path(sys.executable).with_name("selectivity"))
    with subprocess.Popen(
        [program, "explore", "--no-browser", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            port = re.search(r":(\d+)/", server.stdout.readline())  # type: ignore[union-attr]
            photograph(f"http://127.0.0.1:{port[1]}/?{query}", (int(width), int(height)), path)  # type: ignore[index]
        finally:
            server.terminate()
    size = path.stat().st_size
    print(f"{path}: {size} bytes")
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path}: larger than {LARGEST_BYTES} bytes; take fewer pixels")


def photograph(address: str, size: tuple[int, int], path: Path) -> None:
    """The page at an address once nothing is pending, in a window of that size in CSS pixels."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in (*ARGUMENTS, f"--user-data-dir={tempfile.mkdtemp()}"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get(address)
        ready = (
            "return !!(window.explorer && explorer.ready && !explorer.busy && !explorer.answer.pending && explorer.edges"
            " && document.querySelector('#plot .main-svg'))"
        )
        wait_for(driver, ready)
        time.sleep(1.5)  # the last frame
        driver.save_screenshot(str(path))
    finally:
        driver.quit()


def wait_for(driver: Any, ready: str, seconds: float = 300.0) -> None:
    """Wait until a script says true."""
    end = time.monotonic() + seconds
    while not driver.execute_script(ready):
        if time.monotonic() > end:
            raise SystemExit("the page did not settle")
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
