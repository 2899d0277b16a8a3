"""What may a frame be? Usable, or not and why (such frames keep their rows, without numbers); codes of what a site is lined with."""

from __future__ import annotations

OK, NOT_FINITE, BROKEN, DISORDERED, SMALL_CELL, UNREADABLE = 0, 1, 2, 3, 4, 5

REASONS = {
    OK: "ok",
    NOT_FINITE: "coordinates that are not numbers",
    BROKEN: "bonds of the filter longer than 2.5 Å: another topology, or a damaged frame",
    DISORDERED: "rings out of order along the axis: unfolded",
    UNREADABLE: "not readable: truncated or damaged file",
    SMALL_CELL: "cell narrower than 44 Å: periodic images cannot be told apart",
}
"""States of a frame in words."""

CAGE, CAVITY, VESTIBULE, MOUTH = 0, 1, 2, 3
"""Linings of sites (`selectivity.structure.parts.Site`) as codes."""

GRIDS = (100.0, 1000.0)
"""Points per Å of files with fixed decimals: XTC and GRO (0.01 Å), PDB (0.001 Å)."""

ROUNDING = 2.5e-7
"""Largest relative distance from the grid: a unit converted in single precision is rounded twice, by 1.2e-7 each time."""
