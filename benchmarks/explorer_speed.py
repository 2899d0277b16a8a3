"""How quickly does the explorer follow a slider? Round trips to the server, and from the slider to the painted number in Chromium.

Run: OMP_NUM_THREADS=1 python benchmarks/explorer_speed.py [--moves 60] [--no-browser]

Target (issue "For people"): what is instant (ratio, GHK, pump, rigid filter) within 100 ms. Medians and 95th percentiles; the first
answer of a structure (its search) is not counted, it has a progress sign.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

TARGET_MS = 100.0
BROWSER = (
    "--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
)  # fmt: skip


def main() -> None:
    """Start an explorer, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=60, help="slider moves of each kind (default 60)")
    parser.add_argument("--no-browser", action="store_true", help="the server only")
    options = parser.parse_args()
    program = str(Path(sys.executable).with_name("selectivity"))
    with subprocess.Popen(
        [program, "explore", "--no-browser", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            found = re.search(r":(\d+)/", server.stdout.readline())  # type: ignore[union-attr]
            address = f"http://127.0.0.1:{found[1]}"  # type: ignore[index]
            measure_server(address, options.moves)
            if not options.no_browser:
                measure_page(address, options.moves)
        finally:
            server.terminate()


def measure_server(address: str, moves: int) -> None:
    """Round trips for a barrier, a concentration and a rigid filter's dilation."""
    steps = [round(-0.3 + 0.05 * i, 6) + 0.0 for i in range(17)]
    for dilation in steps:  # every place where the slider can stand is searched once
        ask(address, {"mode": "filter", "treatment": "rigid", "dilation": dilation})
    kinds: dict[str, Any] = {
        "barrier": lambda i: {"ddg": 0.2 * i},
        "K+ outside": lambda i: {"k_out": 1.0 + i},
        "rigid filter, dilation": lambda i: {"mode": "filter", "treatment": "rigid", "dilation": steps[i % len(steps)]},
        "rigid filter, water leg": lambda i: {
            "mode": "filter",
            "treatment": "rigid",
            "water": round(0.8 + 0.01 * (i % 40), 2),
        },
    }
    for name, state in kinds.items():
        ask(address, state(0))
        show(f"server, {name}", [ask(address, state(i)) for i in range(moves)])


def ask(address: str, state: dict[str, Any]) -> float:
    """Milliseconds of one round trip."""
    request = urllib.request.Request(
        f"{address}/api/answer", json.dumps(state).encode(), {"content-type": "application/json"}
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300.0) as reply:
        json.load(reply)
    return 1e3 * (time.perf_counter() - begun)


def measure_page(address: str, moves: int) -> None:
    """From the slider's input event to the frame in which the number stands."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in (*BROWSER, f"--user-data-dir={tempfile.mkdtemp()}", "--window-size=1280,1000"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        for name, query, slider, low, step in (
            ("barrier", "", "ddg", 2.0, 0.2),
            ("rigid filter, dilation", "?mode=filter&treatment=rigid", "dilation", -0.3, 0.05),
        ):
            driver.get(f"{address}/{query}")
            wait_for(driver, "return !!(window.explorer && explorer.ready && !explorer.busy && explorer.edges)")
            time.sleep(2.0)
            driver.execute_script("explorer.latency.length = 0")
            for i in range(moves):
                driver.execute_script(
                    "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
                    "s.dispatchEvent(new Event('input', {bubbles: true}));",
                    f"r-{slider}",
                    low + step * (i % 17),
                )
                wait_for(driver, f"return !explorer.busy && explorer.latency.length > {i}")
            show(f"page, {name}", driver.execute_script("return explorer.latency"))
    finally:
        driver.quit()


def wait_for(driver: Any, ready: str) -> None:
    """Wait until a script says true."""
    end = time.monotonic() + 120.0
    while not driver.execute_script(ready):
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain: {ready}")
        time.sleep(0.02)


def show(name: str, milliseconds: list[float]) -> None:
    """Median and 95th percentile beside the target."""
    median, late = np.percentile(milliseconds, [50, 95])
    print(f"{name}: median {median:.0f} ms, 95 % within {late:.0f} ms (target <= {TARGET_MS:.0f})")


if __name__ == "__main__":
    main()
