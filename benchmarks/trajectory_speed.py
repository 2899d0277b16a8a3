"""What do geometry, occupancy and energies cost beside reading the same frames, how do two workers do, does memory stay flat?

Usage: trajectory_speed.py [speed] [workers] [memory] [TOPOLOGY TRAJECTORY]; all three without a word. Without files a system of 200,000
atoms and 200 frames is generated (an idealised filter with waters, written as XTC); a shorter file is repeated to 200 frames.

``speed``: processor time of one thread; reading and scoring alternate and the least of three rounds counts, so that a busy machine
changes the ratios little. ``workers``: wall time of at least 3000 frames, start-up and frames per second apart, beside what two processes
that only read the same frames reach (the limit of the machine). ``memory``: one run of 100,000 frames over
a short file read again and again, time and memory as it goes, drawn into docs/images/trajectory_scale.png. Goals: rigid at most 25 % of
reading, relaxed 25 frames per second, two workers 1.7 times one, flat memory.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import MDAnalysis
import numpy as np
from MDAnalysis.coordinates.core import reader

from selectivity.structure.ideal import build_pdb
from selectivity.trajectory import FilterAnalysis
from selectivity.trajectory.block import Model
from selectivity.trajectory.engine import run_trajectories
from selectivity.trajectory.relaxed import Relaxation

N_ATOMS, N_FRAMES = 200_000, 200
EDGE = 126.0
ROUNDS = 3
SAME = 0.05  # kJ/mol; minima that differ by less are one
LONG, SHORT = 100_000, 1000
STEADY = 3000
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "trajectory_scale.png"


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


def repeated(top: str, xtc: str, folder: Path) -> str:
    """The trajectory, or its frames again and again in a file of at least 200."""
    universe = MDAnalysis.Universe(top, xtc)
    n = len(universe.trajectory)
    if n >= N_FRAMES:
        return xtc
    longer = folder / "longer.xtc"
    with MDAnalysis.Writer(str(longer), len(universe.atoms)) as writer:
        for _ in range(-(-N_FRAMES // n)):
            for _ in universe.trajectory:
                writer.write(universe.atoms)
    return str(longer)


def processor(function) -> float:
    """Processor time of a call, s."""
    start = time.process_time()
    function()
    return time.process_time() - start


def read(universe) -> None:
    """Read every frame, nothing else."""
    for step in universe.trajectory:
        step.positions  # noqa: B018


def speed(top: str, xtc: str) -> None:
    """Cost of geometry and of rigid energies beside reading, in turns; relaxed frames per second."""
    universe = MDAnalysis.Universe(top, xtc)
    n = len(universe.trajectory)
    plain, rigid = FilterAnalysis(universe, treatments=()), FilterAnalysis(universe)
    for analysis in (plain, rigid):
        analysis.run(stop=1)  # compile
    spent = np.array(
        [
            [processor(lambda: read(universe)), processor(lambda: plain.run()), processor(lambda: rigid.run())]
            for _ in range(ROUNDS)
        ]
    )
    reading, geometry, both = 1e3 * spent.min(axis=0) / n
    print(f"{len(universe.atoms)} atoms, {n} frames: reading {reading:.2f} ms per frame")
    for name, cost in (("geometry and occupancy", geometry - reading), ("with rigid energies", both - reading)):
        print(
            f"{name}: {cost:.2f} ms per frame, {100 * cost / reading:.0f} % on top of reading (goal 25 %)", flush=True
        )
    relaxed(universe)


def relaxed(universe) -> None:
    """Relaxed frames per second and core beyond reading, and how its energies compare with those of a full search of each frame."""
    n = min(22, len(universe.trajectory))
    plain, analysis = FilterAnalysis(universe, treatments=()), FilterAnalysis(universe, treatments=("relaxed",))
    analysis.run(stop=1)
    spent = min(processor(lambda: analysis.run(stop=n)) - processor(lambda: plain.run(stop=n)) for _ in range(ROUNDS))
    print(f"relaxed: {n / spent:.1f} frames per second of processor time (goal 25)")
    block, search = analysis.block, Relaxation(analysis._known, analysis.model.water_leg, cold_every=None)
    apart = np.array([search.energies(block, f) - search.searched(block, f) for f in range(min(n, 11))])
    energies = apart[np.isfinite(apart)]
    ddg = np.abs(apart[..., 1] - apart[..., 0])
    ddg = ddg[np.isfinite(ddg)]
    lower, higher = (energies < -SAME).mean(), (energies > SAME).mean()
    print(
        f"  energies against the full search, {len(energies)} of ions in sites: lower {100 * lower:.0f} %, equal within {SAME} kJ/mol "
        f"{100 * (1 - lower - higher):.0f} %, higher {100 * higher:.0f} %; mean {energies.mean():+.2f}, from {energies.min():+.2f} to "
        f"{energies.max():+.2f} kJ/mol\n"
        f"  ddG apart: median {np.median(ddg):.2g}, 90 % below {np.quantile(ddg, 0.9):.2g}, largest {ddg.max():.2g} kJ/mol "
        f"in {len(ddg)} sites",
        flush=True,
    )


def workers(top: str, xtc: str, folder: Path) -> None:
    """Two workers against one, each run a program of its own as the command is; first two processes that only read against one."""
    n = len(MDAnalysis.Universe(top, xtc).trajectory)
    alone, both = (min(reading(xtc, number) for _ in range(ROUNDS)) for number in (1, 2))
    limit = 2 * alone / both
    print(
        f"reading only: {1e3 * alone:.2f} ms per frame alone, {1e3 * both:.2f} in each of two at once: {limit:.2f} times",
        flush=True,
    )
    copies = [xtc] * max(1, -(-STEADY // n))
    runs: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for turn in range(ROUNDS):
        for number, told in runs.items():
            wall, rate = timed_run(top, copies, folder / f"w{turn}-{number}", number)
            told.append((wall, rate))
            start = wall - n * len(copies) / rate
            print(
                f"{number} worker(s), {n * len(copies)} frames: {wall:.1f} s, {start:.1f} of them start and end; {rate:.0f} frames/s",
                flush=True,
            )
    steady = max(rate for _, rate in runs[2]) / max(rate for _, rate in runs[1])
    whole = min(wall for wall, _ in runs[1]) / min(wall for wall, _ in runs[2])
    print(
        f"two against one, the best of {ROUNDS} each: {steady:.2f} times the frames per second ({100 * steady / limit:.0f} % of the limit "
        f"of reading), {whole:.2f} times for the whole run (goal 1.7; needs two idle cores; load {os.getloadavg()[0]:.1f})"
    )


RUN = """
import sys, time, warnings
warnings.simplefilter("ignore")
workers, top, out, *trajectories = sys.argv[1:]
from selectivity.trajectory.backends import start_ahead
start_ahead("processes", int(workers))
from selectivity.trajectory.engine import run_trajectories
tell = lambda done, total: print(done, time.time(), flush=True)
run_trajectories(top, trajectories, out, chunk=50, backend="processes", workers=int(workers), progress=tell)
"""


def timed_run(top: str, trajectories: list[str], out: Path, number: int) -> tuple[float, float]:
    """Wall time of one run with its start (s), and frames per second between a tenth and nine tenths of it."""
    start = time.perf_counter()
    words = [sys.executable, "-c", RUN, str(number), top, str(out), *trajectories]
    printed = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    wall = time.perf_counter() - start
    done, when = np.array([line.split() for line in printed.splitlines()], dtype=float).T
    inner = (done >= 0.1 * done[-1]) & (done <= 0.9 * done[-1])
    return wall, float(np.polyfit(when[inner] - when[0], done[inner], 1)[0])


def reading(xtc: str, number: int) -> float:
    """Wall time per frame, s, of reading in each of ``number`` processes that begin together."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(number), context.Queue()
    processes = [context.Process(target=read_and_tell, args=(xtc, ready, times)) for _ in range(number)]
    for process in processes:
        process.start()
    slowest = max(times.get() for _ in processes)
    for process in processes:
        process.join()
    return slowest


def read_and_tell(xtc: str, ready, times) -> None:
    """Read 400 frames or more when all are ready; the time of each goes into a queue."""
    frames = reader(xtc)
    turns = -(-400 // len(frames))
    ready.wait()
    start = time.perf_counter()
    for _ in range(turns):
        for step in frames:
            step.positions  # noqa: B018
    times.put((time.perf_counter() - start) / (turns * len(frames)))


def resident() -> float:
    """Memory of this process now, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory(top: str, xtc: str, folder: Path) -> None:
    """Time and memory of one run over a short file read again and again, as it goes."""
    told: list[tuple[float, float, float]] = []
    start = time.process_time()

    def tell(done: int, total: int) -> None:
        told.append((done, time.process_time() - start, resident()))

    copies = [xtc] * (LONG // SHORT)
    store = run_trajectories(top, copies, folder / "long", model=Model(()), chunk=SHORT, progress=tell)
    frames, spent, megabytes = np.array(told).T
    size = sum(p.stat().st_size for p in store.folder.rglob("*.parquet")) / frames[-1]
    tenth = len(frames) // 10
    rates = [1e3 * (spent[b] - spent[a]) / (frames[b] - frames[a]) for a, b in ((1, tenth), (-tenth, -1))]
    print(f"{frames[-1]:.0f} frames: {rates[0]:.3f} ms per frame in the first tenth, {rates[1]:.3f} in the last")
    print(
        f"memory {megabytes[tenth]:.0f} MB after a tenth, {megabytes[-1]:.0f} MB at the end; {size:.0f} bytes per frame on disk"
    )
    draw(frames, spent, megabytes)


def draw(frames, spent, megabytes) -> None:
    """Processor time and memory against the number of frames."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.0), layout="constrained")
    thousands = frames / 1000.0
    left.plot(thousands, spent, color="black")
    left.plot(thousands[[0, -1]], [spent[0], spent[-1]], color="0.6", lw=4, alpha=0.5, zorder=0, label="straight line")
    left.set(xlabel="frames (thousands)", ylabel="processor time (s)", xlim=(0, None), ylim=(0, None))
    left.legend(frameon=False)
    right.plot(thousands, megabytes, color="black")
    right.set(
        xlabel="frames (thousands)",
        ylabel="memory of the process (MB)",
        xlim=(0, None),
        ylim=(0, 1.3 * megabytes.max()),
    )
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=110)
    print(PICTURE)


def main() -> None:
    """What was asked for."""
    warnings.simplefilter("ignore")
    parts = [word for word in sys.argv[1:] if word in ("speed", "workers", "memory")] or ["speed", "workers", "memory"]
    files = [word for word in sys.argv[1:] if word not in ("speed", "workers", "memory")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"speed", "workers"} & set(parts):
            top, xtc = files if files else generated(folder)
            xtc = repeated(top, xtc, folder)
            if "speed" in parts:
                speed(top, xtc)
            if "workers" in parts:
                workers(top, xtc, folder)
        if "memory" in parts:
            small = folder / "small"
            small.mkdir()
            memory(*generated(small, n_atoms=1000, n_frames=SHORT, edge=60.0), folder)


if __name__ == "__main__":
    main()
