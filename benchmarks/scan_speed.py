"""A scan of 100 relaxed points (ten dilations, ten sigmas) of the bundled KcsA-like filter on two processes; goal: 20 s of wall time.

Beside the wall time of the scan stand the processor time per point of both searches, in one run, and how far apart their barriers and
sites are (neither always finds the lowest arrangement): the carried search is only worth its speed where it finds what the full one does.
"""

from __future__ import annotations

import time

import numpy as np

from selectivity.scan import Point, Row, grid, scan_filter, scored_row, start_of
from selectivity.scan_axes import axis
from selectivity.structure.ideal import ideal_filter

VARY = ("dilate=-0.25:0.2:0.05", "sigma=0.15:0.6:0.05")
SAMPLE = 9
"""Every so many points one is searched in both ways."""


def seconds_and_rows(points: list[Point]) -> tuple[float, list[Row]]:
    """Processor seconds per point and the results."""
    anchor = start_of(points[0])
    begin = time.process_time()
    rows = [scored_row(point, anchor) for point in points]
    return (time.process_time() - begin) / len(points), rows


def apart(one: list[Row], other: list[Row]) -> dict[str, np.ndarray]:
    """How far the ddG of every site and the barrier differ, kJ/mol, at each point."""
    names = [name for name in one[0] if name.startswith("ddg_") and "error" not in name]
    return {name: np.array([abs(a[name] - b[name]) for a, b in zip(one, other, strict=True)]) for name in names}


def main() -> None:
    filter = ideal_filter("kcsa-like")
    axes = [axis(words) for words in VARY]
    points = {search: grid(filter, axes, search=search)[::SAMPLE] for search in ("carried", "full")}
    seconds_and_rows(list(points["full"][:1]))  # compile
    carried, found = seconds_and_rows(list(points["carried"]))
    full, wanted = seconds_and_rows(list(points["full"]))
    print(f"processor time per point: carried {carried:.2f} s, full {full:.2f} s ({full / carried:.1f} times)")
    for name, far in apart(found, wanted).items():
        print(f"{name} apart: median {np.median(far):.2f}, largest {far.max():.2f} kJ/mol over {len(far)} points")
    begin = time.perf_counter()
    result = scan_filter(filter, axes, jobs=2)
    wall = time.perf_counter() - begin
    processor = carried * len(result.rows) / 2
    print(
        f"{len(result.rows)} points on two processes: {wall:.1f} s of wall time, {processor:.1f} s of processor time each (goal 20 s)"
    )


if __name__ == "__main__":
    main()
