"""A scan of 100 relaxed points (ten dilations, ten sigmas) of the bundled KcsA-like filter on two processes; goal: 20 s of wall time.

Beside the wall time of the scan stand the processor time per point of both searches, in one run, and how far apart their barriers
are: the carried search is only worth its speed where it finds what the full one finds.
"""

from __future__ import annotations

import time

import numpy as np

from selectivity.scan import Point, grid, scan_filter, scored_row, start_of
from selectivity.scan_axes import axis
from selectivity.structure.ideal import ideal_filter

VARY = ("dilate=-0.25:0.2:0.05", "sigma=0.15:0.6:0.05")
SAMPLE = 9
"""Every so many points one is searched in both ways."""


def seconds_and_barriers(points: list[Point]) -> tuple[float, np.ndarray]:
    """Processor seconds per point and the barriers (kJ/mol)."""
    anchor = start_of(points[0])
    begin = time.process_time()
    rows = [scored_row(point, anchor) for point in points]
    return (time.process_time() - begin) / len(points), np.array([row["ddg_barrier_kj_mol"] for row in rows], float)


def main() -> None:
    filter = ideal_filter("kcsa-like")
    axes = [axis(words) for words in VARY]
    points = {search: grid(filter, axes, search=search)[::SAMPLE] for search in ("carried", "full")}
    seconds_and_barriers(list(points["full"][:1]))  # compile
    carried, found = seconds_and_barriers(list(points["carried"]))
    full, wanted = seconds_and_barriers(list(points["full"]))
    apart = np.abs(found - wanted)
    print(f"processor time per point: carried {carried:.2f} s, full {full:.2f} s ({full / carried:.1f} times)")
    print(f"barriers apart: median {np.median(apart):.2f}, largest {apart.max():.2f} kJ/mol over {len(apart)} points")
    begin = time.perf_counter()
    result = scan_filter(filter, axes, jobs=2)
    print(f"{len(result.rows)} points on two processes: {time.perf_counter() - begin:.1f} s of wall time (goal 20 s)")


if __name__ == "__main__":
    main()
