"""Long runs: the same answer whatever the backend, the chunk, the interruption; nothing skipped in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from dying_task import kill_always, kill_once
from MDAnalysis.lib.formats.libmdaxdr import XTCFile
from trajectory_systems import frames_of, jiggled, still, system, write_xtc

from selectivity.errors import FileUnreadable, FilterNotFound, OutOfRange, UnknownChoice
from selectivity.trajectory.backends import WorkerLost, run_tasks
from selectivity.trajectory.block import Model
from selectivity.trajectory.condition import UNREADABLE
from selectivity.trajectory.engine import Chunk, ChunkWork, run_trajectories
from selectivity.trajectory.readers import in_turn, open_universe
from selectivity.trajectory.store import open_run
from selectivity.trajectory.summary import summarise
from selectivity.trajectory.topology import follow

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
GEOMETRY = Model(())
WORKER = str(Path(__file__).with_name("trajectory_worker.py"))


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """A topology and two trajectories of 23 and 17 frames."""
    folder = tmp_path_factory.mktemp("replicas")
    paths = []
    for number, n in enumerate((23, 17)):
        universe = system(ions=(("K", -4.6), ("K", 1.5)), waters=(8.0,))
        top, xtc = write_xtc(frames_of(universe, jiggled(universe, n, seed=number)), folder, f"r{number}")
        paths.append((top, xtc))
    return paths[0][0], [xtc for _, xtc in paths]


def run(replicas: tuple[str, list[str]], out: Path, **options):
    top, trajectories = replicas
    return run_trajectories(top, trajectories, out, **{"model": GEOMETRY, "chunk": 5, **options})


@pytest.fixture(scope="module")
def plain(replicas, tmp_path_factory: pytest.TempPathFactory):
    return run(replicas, tmp_path_factory.mktemp("plain") / "run")


def same(a, b) -> bool:
    return a.read("frames").equals(b.read("frames")) and a.read("ions").equals(b.read("ions"))


def test_every_frame_of_every_replica_has_one_row(plain) -> None:
    frames = plain.read("frames")
    assert frames.groupby("replica").size().to_dict() == {0: 23, 1: 17}
    assert frames["frame"].tolist() == [*range(23), *range(17)]
    assert len(plain.read("frames", ["frame"]).columns) == 1
    assert open_run(plain.folder).question["filter"]["signature"] == "TVGYG"


def test_chunks_and_stride_change_no_number(replicas, plain, tmp_path: Path) -> None:
    assert same(run(replicas, tmp_path / "one", chunk=1000), plain)
    strided = run(replicas, tmp_path / "strided", stride=3, chunk=2).read("frames")
    every = plain.read("frames")
    assert strided.equals(every[every["frame"] % 3 == 0].reset_index(drop=True))


@pytest.mark.parametrize(
    ("start", "stop", "stride"), [(4, None, 1), (None, -3, 2), (-12, -2, 5), (3, 16, 4), (10, 99, 1), (-99, 2, 1)]
)
def test_start_stop_and_stride_are_those_of_a_slice(replicas, plain, tmp_path: Path, start, stop, stride) -> None:
    part = run(replicas, tmp_path / "part", start=start, stop=stop, stride=stride).read("frames")
    every = plain.read("frames")
    chosen = {(r, n) for r, length in enumerate((23, 17)) for n in range(length)[start:stop:stride]}
    kept = [pair in chosen for pair in zip(every["replica"], every["frame"], strict=True)]
    assert len(part) == len(chosen) and part.equals(every[kept].reset_index(drop=True))


def test_a_part_goes_on_only_with_the_same_start_and_stop(replicas, tmp_path: Path) -> None:
    part = run(replicas, tmp_path / "part", start=2, stop=12)
    whole = part.read("frames")
    part.part("frames", 1, 1).unlink()  # as if killed before the last chunk
    told = []
    again = run(replicas, tmp_path / "part", start=2, stop=12, progress=lambda done, total: told.append((done, total)))
    assert again.read("frames").equals(whole) and told == [(15, 20), (20, 20)]
    for other in ({"start": 2}, {"start": 1, "stop": 12}, {}):
        with pytest.raises(UnknownChoice, match=r"other .*st(art|op)"):
            run(replicas, tmp_path / "part", **other)


def test_a_trajectory_without_a_frame_there_is_named(replicas, tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match=r"r1\.xtc: no frame from 18 to the end, it has 17"):
        run(replicas, tmp_path / "part", start=18)
    with pytest.raises(OutOfRange, match=r"r0\.xtc: no frame from 5 to 5"):
        run(replicas, tmp_path / "part", start=5, stop=5)
    assert not (tmp_path / "part").exists()


def test_processes_change_no_number(replicas, plain, tmp_path: Path) -> None:
    assert same(run(replicas, tmp_path / "two", backend="processes", workers=2), plain)


def test_a_finished_run_does_nothing_and_another_question_is_refused(replicas, plain) -> None:
    before = {p: p.stat().st_mtime_ns for p in plain.folder.rglob("*.parquet")}
    told = []
    run(replicas, plain.folder, progress=lambda done, total: told.append((done, total)))
    assert told == [(40, 40)] and {p: p.stat().st_mtime_ns for p in plain.folder.rglob("*.parquet")} == before
    with pytest.raises(UnknownChoice, match="other stride"):
        run(replicas, plain.folder, stride=2)


def test_a_killed_run_resumes_and_has_lost_one_chunk_at_most(replicas, plain, tmp_path: Path) -> None:
    """SIGKILL while chunks are being written: whole chunks stay, the rest is done again, the result is that of an undisturbed run."""
    top, trajectories = replicas
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, WORKER, "run", top, *trajectories, str(out)], stdout=subprocess.PIPE, text=True
    )
    done = 0
    for line in process.stdout:
        done = int(line)
        if done >= 15:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    assert process.returncode == -signal.SIGKILL
    kept = len(list((out / "frames").glob("*.parquet")))
    assert done <= 40 and 3 <= kept < 9
    untouched = {p: p.stat().st_mtime_ns for p in (out / "frames").glob("*.parquet")}
    finished = run(replicas, out)
    assert same(finished, plain)
    assert all(p.stat().st_mtime_ns == stamp for p, stamp in untouched.items())


def test_threads_of_one_process_do_not_share_a_reader(replicas, plain, tmp_path: Path) -> None:
    """As on a dask worker with several threads, which is what `dask worker` starts: chunks of one file, side by side."""
    top, trajectories = replicas
    followed = follow(open_universe(top, trajectories[0]))
    work = ChunkWork(plain, followed, GEOMETRY, None, None)
    chunks = [
        Chunk(0, n, trajectories[0], first, min(first + 6, 23), 1, first, 23) for n, first in enumerate(range(0, 23, 6))
    ] * 10
    alone = [work.block(chunk) for chunk in chunks[:4]] * 10
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work.block, chunks))
    for one, other in zip(alone, together, strict=True):
        assert one.frame.tolist() == other.frame.tolist() and np.array_equal(one.core, other.core)


def test_a_process_that_dies_is_replaced_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    tasks = [(str(tmp_path / "died"), n) for n in range(8)]
    results = sorted(run_tasks(kill_once, tasks, backend="processes", workers=2))
    assert results == [(n, n * n) for n in range(8)] and (tmp_path / "died").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="workers load ahead on Linux only")
def test_ctrl_c_while_workers_load_ends_all_in_silence(tmp_path: Path) -> None:
    script = tmp_path / "loading.py"
    script.write_text(
        "import time\nfrom selectivity.trajectory.backends import start_ahead\n"
        "start_ahead('processes', 2)\nprint('started', flush=True)\n"
        "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass\n"
    )
    made = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert made.stdout.readline() == "started\n"
    time.sleep(0.5)  # the server is importing
    os.killpg(made.pid, signal.SIGINT)
    out, err = made.communicate(timeout=60)  # until the server has ended as well
    assert (made.returncode, out, err) == (0, "", "")


SLEEPERS = """
import os, time
from selectivity.trajectory.backends import run_tasks

def sleep(_):
    print(os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    list(run_tasks(sleep, [1, 2], backend="processes", workers=2))
"""


def test_workers_end_with_the_process_that_made_them(tmp_path: Path) -> None:
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS)
    made = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pids = [int(made.stdout.readline()) for _ in range(2)]
    os.kill(made.pid, signal.SIGKILL)
    try:
        made.communicate(timeout=20)  # until the last of them has closed what it prints to
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_with_a_worker_killed_in_the_middle(replicas, plain, tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
        assert len(set(pids)) == 2
        killed = []

        def kill_one(done: int, total: int) -> None:
            if done >= 10 and not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        store = run(
            replicas, tmp_path / "dask", chunk=2, backend="dask", scheduler=cluster.scheduler_address, progress=kill_one
        )
        assert killed and pids[0] not in list(client.run(os.getpid).values())
    frames = store.read("frames")
    assert not frames.duplicated(["replica", "frame"]).any() and same(store, plain)


def test_a_truncated_frame_keeps_its_row(replicas, tmp_path: Path) -> None:
    top, trajectories = replicas
    cut = tmp_path / "cut.xtc"
    cut.write_bytes(Path(trajectories[1]).read_bytes()[:-60])
    store = run((top, [str(cut)]), tmp_path / "run")
    frames = store.read("frames")
    assert len(frames) == 17 and frames["state"].tolist() == [0] * 16 + [UNREADABLE]
    summary = summarise(store)
    assert summary.n_usable == 16 and "truncated or damaged" in summary.unusable[0]


def test_a_task_that_kills_every_worker_costs_no_other() -> None:
    done = []
    with pytest.raises(WorkerLost, match="died 4 times on 3; all else is done"):
        for _, square in run_tasks(kill_always, [3, 1, 2, 4, 5], backend="processes", workers=2):
            done.append(square)
    assert sorted(done) == [1, 4, 16, 25]


def test_a_file_that_has_grown_is_opened_anew(replicas, tmp_path: Path) -> None:
    top, (first, *_) = replicas
    with XTCFile(first) as file:
        begins = [int(x) for x in file.offsets]
    content, growing = Path(first).read_bytes(), tmp_path / "growing.xtc"
    growing.write_bytes(content[: begins[4]])
    assert len(run((top, [str(growing)]), tmp_path / "early").read("frames")) == 4
    growing.write_bytes(content[: begins[9]])
    frames = run((top, [str(growing)]), tmp_path / "late").read("frames")
    assert frames["state"].tolist() == [0] * 9


@pytest.mark.parametrize("length", (b"\0\0\0\x08", b"\xff\xff\xff\xf0", b"\x7f\xff\xff\xff"), ids=("short", "negative", "huge"))
def test_frames_behind_a_damaged_length_are_never_lost_unseen(replicas, tmp_path: Path, length: bytes) -> None:
    top, (first, *_) = replicas
    with XTCFile(first) as file:
        place = int(file.offsets[3])
    content = bytearray(Path(first).read_bytes())
    content[place + 88 : place + 92] = length
    damaged = tmp_path / "damaged.xtc"
    damaged.write_bytes(content)
    with pytest.raises(FileUnreadable, match=r"damaged at or just before frame [34] \(byte \d+ of \d+\).*repeat the transfer"):
        run((top, [first, str(damaged)]), tmp_path / "run")


def test_a_damaged_frame_in_the_middle_of_a_chunk_costs_no_other(replicas, plain, tmp_path: Path) -> None:
    top, trajectories = replicas
    with XTCFile(trajectories[0]) as file:
        begins = file.offsets
    content = bytearray(Path(trajectories[0]).read_bytes())
    for number in (7, 10, 12, 13):  # within a chunk, at the start of one, two in a row
        content[begins[number] : begins[number] + 4] = b"gone"
    damaged = tmp_path / "damaged.xtc"
    damaged.write_bytes(content)
    frames = run((top, [str(damaged)]), tmp_path / "run").read("frames")
    lost = frames["state"] == UNREADABLE
    assert frames["frame"].tolist() == [*range(23)] and frames["frame"][lost].tolist() == [7, 10, 12, 13]
    whole = plain.read("frames").query("replica == 0")
    assert frames[~lost].equals(whole[~lost])


class Recorded:
    """A reader that notes how it is asked; frame 5 cannot be read, and reading on from frame 8 passes frame 9 over."""

    def __init__(self) -> None:
        self.at, self.asked = -1, []

    def __getitem__(self, number: int) -> SimpleNamespace:
        self.at = number
        self.asked.append(f"seek {number}")
        if number == 5:
            raise OSError("damaged")
        return SimpleNamespace(frame=number)

    def next(self) -> SimpleNamespace:
        self.at += 2 if self.at == 8 else 1
        self.asked.append(f"on to {self.at}")
        if self.at == 5:
            raise StopIteration
        return SimpleNamespace(frame=self.at)


def test_frames_in_a_row_are_read_on_to_and_only_others_sought() -> None:
    reader = Recorded()
    found = [(number, None if step is None else step.frame) for number, step in in_turn(reader, range(3, 11))]
    assert found == [(3, 3), (4, 4), (5, None), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10)]
    assert reader.asked[:6] == ["seek 3", "on to 4", "on to 5", "seek 5", "seek 6", "on to 7"]
    assert reader.asked[6:] == ["on to 8", "on to 10", "seek 9", "on to 10"]
    strided = Recorded()
    assert [step.frame for _, step in in_turn(strided, range(0, 5, 2))] == [0, 2, 4]
    assert strided.asked == ["seek 0", "seek 2", "seek 4"]


def test_what_does_not_fit_is_refused(replicas, tmp_path: Path) -> None:
    top, trajectories = replicas
    other = system(ions=(("K", 1.5),))
    _, foreign = write_xtc(frames_of(other, jiggled(other, 2)), tmp_path, "foreign")
    with pytest.raises(FileUnreadable, match="must hold the same"):
        run((top, [foreign]), tmp_path / "a")
    with pytest.raises(FileUnreadable, match="must hold the same"):
        run((top, [trajectories[0], foreign]), tmp_path / "b")
    with pytest.raises(FileUnreadable, match="no such file"):
        run((top, ["missing.xtc"]), tmp_path / "c")
    with pytest.raises(OutOfRange, match="stride 0"):
        run(replicas, tmp_path / "d", stride=0)
    with pytest.raises(UnknownChoice, match="backend 'mpi'"):
        list(run_tasks(kill_once, [], backend="mpi"))
    with pytest.raises(UnknownChoice, match="a scheduler belongs to"):
        list(run_tasks(kill_once, [], scheduler="tcp://here:1"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(UnknownChoice, match="not empty"):
        run(replicas, tmp_path / "full")
    with pytest.raises(FileUnreadable, match="no run"):
        open_run(tmp_path)


def test_a_topology_without_a_filter_is_refused(tmp_path: Path) -> None:
    universe = system()
    half = universe.select_atoms("chainID A B")
    half.write(str(tmp_path / "half.gro"))
    with pytest.raises(FilterNotFound, match="TVGYG"):
        run_trajectories(str(tmp_path / "half.gro"), [], tmp_path / "run", model=GEOMETRY)


def test_the_summary_reads_what_the_run_wrote(plain) -> None:
    summary = summarise(plain, voltage_mv=200.0)
    s2 = next(s for s in summary.sites if s.site == "S2")
    assert s2.shares["k"].mean == 1.0 and s2.shares["na"].mean == 0.0
    assert summary.populations["occupancy"].tolist()[0] == "W-K-K-"
    assert summary.passages.net == 0 and summary.to_dict()["passages"]["conductance_ps"] == 0.0
    assert [row["site"] for row in summary.rows()] == ["Scav", "S4", "S3", "S2", "S1", "S0"]


def test_ligands_are_split_into_carbonyls_hydroxyls_and_waters(tmp_path: Path) -> None:
    """K+ among 5 waters in the cavity, 4 + 4 in S4, 8 carbonyls in S2; Na+ in S0 under 4 and 2 waters, a third at 3.7, then at 3.5 Å."""
    heights = {"Scav": -10.0, "S4": -4.6, "S2": 1.5, "S0": 8.0}
    universe = system(ions=[("NA" if site == "S0" else "K", 0.0) for site in heights], waters=[0.0] * 8)
    centre = universe.select_atoms("name O and resnum 76").positions.mean(axis=0)
    positions = still(universe, 2)
    positions[:, universe.select_atoms("resname K NA").indices] = centre + [[0.0, 0.0, z] for z in heights.values()]
    around = 2.8 * np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, -1]]) + [0.0, 0.0, heights["Scav"]]
    for f, third in enumerate((3.7, 3.5)):
        above = np.array([[2.0, 0.0, 2.0], [-2.0, 0.0, 2.0], [0.0, 0.0, third]]) + [0.0, 0.0, heights["S0"]]
        positions[f, universe.select_atoms("resname SOL").indices] = centre + np.concatenate([around, above])
    top, xtc = write_xtc(frames_of(universe, positions), tmp_path, "ligands")
    store = run((top, [xtc]), tmp_path / "run")
    frames = store.read("frames")

    def numbers(site: str) -> list[tuple[int, ...]]:
        return list(
            zip(*(frames[f"cn_{kind}_{site}"].tolist() for kind in ("carbonyl", "hydroxyl", "water")), strict=True)
        )

    assert numbers("Scav") == [(0, 0, 5)] * 2 and numbers("S4") == [(4, 4, 0)] * 2 and numbers("S2") == [(8, 0, 0)] * 2
    assert numbers("S0") == [(4, 0, 2), (4, 0, 3)] and numbers("S1") == numbers("S3") == [(-1, -1, -1)] * 2
    means = {site.site: site.coordination for site in summarise(store).sites}
    assert means["S0"] == {"carbonyl": 4.0, "hydroxyl": 0.0, "water": 2.5}
    assert means["S4"] == {"carbonyl": 4.0, "hydroxyl": 4.0, "water": 0.0}
    assert means["S1"] == dict.fromkeys(("carbonyl", "hydroxyl", "water"))


@pytest.mark.slow
def test_relaxed_scores_do_not_depend_on_where_a_chunk_begins(replicas, tmp_path: Path) -> None:
    top, trajectories = replicas
    model = Model(("relaxed",))
    options = {"model": model, "cold_every": None, "stride": 8}
    whole = run((top, trajectories[:1]), tmp_path / "whole", **options)
    cut = run((top, trajectories[:1]), tmp_path / "cut", **{**options, "chunk": 1})
    assert same(whole, cut)
    assert whole.read("frames")["ddg_relaxed_S2_kj_mol"].notna().all()
