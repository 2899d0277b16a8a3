"""Simulations with known answers: an idealised filter with ions and waters in a cell, moved frame by frame by a rule."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import MDAnalysis
import numpy as np
from MDAnalysis.lib.util import NamedStream

from selectivity.structure.ideal import build_pdb

CELL = np.array([60.0, 60.0, 70.0, 90.0, 90.0, 90.0])
TILTED = np.array([70.0, 70.0, 80.0, 90.0, 90.0, 60.0])
CENTRE = np.array([30.0, 30.0, 35.0])


def system(
    ions: Sequence[tuple[str, float]] = (("K", -1.6), ("K", 5.0)), waters: Sequence[float] = (), kind: str = "kcsa-like"
) -> Any:
    """A universe: the strands of an idealised filter, ions (name, height) and water oxygens (height) on the axis, Å."""
    lines = [line for line in build_pdb(kind).splitlines() if line.startswith("ATOM")]
    serial = len(lines)
    for number, (name, z) in enumerate(ions, start=1):
        serial += 1
        lines.append(f"HETATM{serial:>5} {name:<4} {name:>3} X{number:>4}    {0.0:8.3f}{0.0:8.3f}{z:8.3f}  1.00 20.00")
    for number, z in enumerate(waters, start=len(ions) + 1):
        serial += 1
        lines.append(f"HETATM{serial:>5}  OW  SOL X{number:>4}    {0.0:8.3f}{0.0:8.3f}{z:8.3f}  1.00 20.00")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        universe = MDAnalysis.Universe(NamedStream(StringIO("\n".join([*lines, "END"]) + "\n"), "model.pdb"))
    universe.atoms.positions = universe.atoms.positions + CENTRE
    return universe


def frames_of(universe: Any, positions: np.ndarray, *, cell: np.ndarray = CELL, dt: float = 10.0) -> Any:
    """The universe with these frames (F, n, 3; Å) in a cell, ``dt`` ps apart."""
    universe.load_new(np.asarray(positions, dtype=np.float32), order="fac", dimensions=cell, dt=dt)
    return universe


def still(universe: Any, n: int) -> np.ndarray:
    """n copies of the current frame (n, atoms, 3), Å."""
    return np.repeat(universe.atoms.positions[None].astype(float), n, axis=0)


def jiggled(universe: Any, n: int, *, sigma: float = 0.15, seed: int = 1) -> np.ndarray:
    """n frames with independent normal displacements of every atom, on the grid of an XTC file (0.01 Å)."""
    rng = np.random.default_rng(seed)
    return np.round(still(universe, n) + rng.normal(0.0, sigma, (n, len(universe.atoms), 3)), 2)


def write_xtc(universe: Any, folder: Path, name: str = "run") -> tuple[str, str]:
    """Topology (.gro) and trajectory (.xtc) of a universe with frames; their paths."""
    top, xtc = folder / f"{name}.gro", folder / f"{name}.xtc"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        universe.trajectory[0]
        universe.atoms.write(str(top))
        with MDAnalysis.Writer(str(xtc), len(universe.atoms)) as writer:
            for _ in universe.trajectory:
                writer.write(universe.atoms)
    return str(top), str(xtc)


def rotated(positions: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Frames turned about the centre and moved, Å."""
    return (positions - CENTRE) @ rotation.T + CENTRE + shift
