"""What do geometry, occupancy and energies cost beside reading the same frames, how do two workers do, does memory stay flat?

Usage: trajectory_speed.py [TOPOLOGY TRAJECTORY]. Without files a system of 200,000 atoms and 200 frames is generated (an idealised
filter with waters, written as XTC). Processor time of one thread for the ratios (a busy machine does not change them), wall time for the
workers. Goals: rigid at most 25 % of reading, relaxed 25 frames per second, two workers 1.7 times one, flat memory to 100,000 frames.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import MDAnalysis
import numpy as np

from selectivity.structure.ideal import build_pdb
from selectivity.trajectory import FilterAnalysis
from selectivity.trajectory.block import Model
from selectivity.trajectory.engine import run_trajectories
from selectivity.trajectory.readers import cell_of

N_ATOMS, N_FRAMES = 200_000, 200
EDGE = 126.0


def generated(folder: Path, *, n_atoms: int = N_ATOMS, n_frames: int = N_FRAMES, edge: float = EDGE) -> tuple[str, str]:
    """A filter, 40 K+ and waters at liquid density, all jiggled by 0.1 Å; topology and trajectory."""
    pdb = folder / "filter.pdb"
    pdb.write_text(build_pdb("kcsa-like"))
    core = MDAnalysis.Universe(str(pdb)).select_atoms("protein")
    n_ions = 40
    n_waters = (n_atoms - len(core) - n_ions) // 3
    n = len(core) + n_ions + 3 * n_waters
    residues = np.concatenate(
        [
            core.resindices,
            core.n_residues + np.arange(n_ions),
            core.n_residues + n_ions + np.repeat(np.arange(n_waters), 3),
        ]
    )
    residue_names = [*core.residues.resnames, *["POT"] * n_ions, *["TIP3"] * n_waters]
    universe = MDAnalysis.Universe.empty(n, n_residues=len(residue_names), atom_resindex=residues, trajectory=True)
    universe.add_TopologyAttr("names", [*core.names, *["POT"] * n_ions, *["OH2", "H1", "H2"] * n_waters])
    universe.add_TopologyAttr("resnames", residue_names)
    universe.add_TopologyAttr(
        "resids", [*core.residues.resids, *range(1, n_ions + 1), *(np.arange(n_waters) % 9999 + 1)]
    )
    rng = np.random.default_rng(1)
    start = np.empty((n, 3))
    start[: len(core)] = core.positions - core.positions.mean(axis=0) + edge / 2
    start[len(core) :] = rng.uniform(0.0, edge, (n - len(core), 3))
    start[len(core) : len(core) + 2] = edge / 2 + np.array([[0, 0, -1.6], [0, 0, 4.0]])
    top, xtc = folder / "big.gro", folder / "big.xtc"
    universe.dimensions = [edge, edge, edge, 90, 90, 90]
    universe.atoms.positions = start
    universe.atoms.write(str(top))
    with MDAnalysis.Writer(str(xtc), n) as writer:
        for frame in range(n_frames):
            universe.atoms.positions = start + rng.normal(0.0, 0.1, start.shape)
            universe.trajectory.ts.time = 10.0 * frame
            writer.write(universe.atoms)
    return str(top), str(xtc)


def processor(function) -> float:
    """Processor time of a call, s."""
    start = time.process_time()
    function()
    return time.process_time() - start


def read(universe) -> None:
    """Read every frame and its cell, nothing else."""
    for step in universe.trajectory:
        cell_of(step.dimensions)


def ratios(top: str, xtc: str) -> None:
    """Cost of geometry and of rigid energies beside reading."""
    universe = MDAnalysis.Universe(top, xtc)
    n = len(universe.trajectory)
    plain, rigid = FilterAnalysis(universe, treatments=()), FilterAnalysis(universe)
    for analysis in (plain, rigid):
        analysis.run(stop=1)  # compile
    repeats = max(1, 60 // n)
    reading = min(processor(lambda: read(universe)) for _ in range(repeats + 1)) / n
    print(f"{len(universe.atoms)} atoms, {n} frames: reading {1e3 * reading:.2f} ms per frame")
    for name, analysis in (("geometry and occupancy", plain), ("the same and rigid energies", rigid)):
        both = min(processor(lambda a=analysis: a.run()) for _ in range(repeats + 1)) / n
        print(
            f"{name}: {1e3 * (both - reading):.2f} ms per frame, {100 * (both - reading) / reading:.0f} % on top of reading (goal 25 %)"
        )


def relaxed(top: str, xtc: str) -> None:
    """Relaxed frames per second and core, and what a full search finds otherwise."""
    universe = MDAnalysis.Universe(top, xtc)
    n = min(40, len(universe.trajectory))
    analysis = FilterAnalysis(universe, treatments=("relaxed",))
    spent = processor(lambda: analysis.run(stop=n))
    print(f"relaxed: {n / spent:.1f} frames per second of processor time (goal 25)")
    every = max(1, n // 4)
    checked = FilterAnalysis(universe, treatments=("relaxed",), cold_every=every).run(stop=n)
    apart = np.abs(checked.results.relaxed - checked.results.cold)
    apart = apart[np.isfinite(apart)]
    print(
        f"  against the full search: median {np.median(apart):.2g}, largest {apart.max():.2g} kJ/mol in {len(apart)} sites"
    )


def workers(top: str, xtc: str, folder: Path) -> None:
    """Wall time of one process and of two (start-up included), the same frames, at least 400 of them."""
    n = len(MDAnalysis.Universe(top, xtc).trajectory)
    copies = [xtc] * max(1, -(-400 // n))
    spent = []
    for number in (1, 2):
        start = time.perf_counter()
        run_trajectories(
            top,
            copies,
            folder / f"w{number}",
            chunk=50,
            backend="processes" if number > 1 else "serial",
            workers=number,
        )
        spent.append(time.perf_counter() - start)
    print(
        f"workers: one {spent[0]:.1f} s, two {spent[1]:.1f} s, ratio {spent[0] / spent[1]:.2f} (goal 1.7, needs two idle cores)"
    )


def memory(top: str, xtc: str, folder: Path, most: int) -> None:
    """Time and peak memory of runs over a short file read again and again, in this process."""
    n = len(MDAnalysis.Universe(top, xtc).trajectory)
    frames = 1000
    while frames <= most:
        start = time.process_time()
        store = run_trajectories(top, [xtc] * max(1, frames // n), folder / f"m{frames}", model=Model(()), chunk=500)
        done = max(1, frames // n) * n
        spent = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        size = sum(p.stat().st_size for p in store.folder.rglob("*.parquet")) / done
        print(
            f"{done} frames: {1e3 * spent / done:.2f} ms per frame, peak {peak:.0f} MB, {size:.0f} bytes per frame on disk",
            flush=True,
        )
        frames *= 10


def main() -> None:
    """All of it."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        top, xtc = sys.argv[1:3] if len(sys.argv) > 2 else generated(folder)
        ratios(top, xtc)
        relaxed(top, xtc)
        workers(top, xtc, folder)
        small = folder / "small"
        small.mkdir()
        memory(*generated(small, n_atoms=1000, n_frames=100, edge=60.0), folder, 100_000)


if __name__ == "__main__":
    main()
