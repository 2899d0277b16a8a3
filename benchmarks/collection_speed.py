"""What bounds a collection? 200 files surveyed: the share of parsing, finding the filter, the frame engine and the table.

Copies of the bundled drawings in a temporary folder; a deposition has a hundred times the atoms of a drawing: with FILES as arguments
these are copied instead (those that are refused are left out, and named). One process, the stages timed as `selectivity survey` runs
them, processor time; then `score_filter` with the rigid treatment on one of each for comparison, its ddG against those of the survey;
then the wall time of the command with one job and with two.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selectivity.errors import SelectivityError
from selectivity.pipeline import score_filter
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter, read_source
from selectivity.trajectory.block import Model
from selectivity.trajectory.collection import survey_file, survey_table
from selectivity.trajectory.topology import SITES

N_FILES = 200
BUNDLED = Path(__file__).resolve().parent.parent / "structures"
STAGES = ("parsing", "finding the filter", "rings, ions, rigid energies")


def usable(paths: Sequence[Path]) -> list[Path]:
    """Those in which a filter is found and followed; the others are named."""
    kept = []
    for path in paths:
        try:
            survey_file(path, model=Model())
            kept.append(path)
        except SelectivityError as refusal:
            print(f"left out: {str(refusal)[:100]}")
    return kept


def collection(folder: Path, originals: Sequence[Path]) -> list[Path]:
    """200 files that differ in name only."""
    files = []
    for k in range(N_FILES):
        source = originals[k % len(originals)]
        files.append(folder / f"{k:03d}{source.suffix}")
        files[-1].write_bytes(source.read_bytes())
    return files


def profile(files: Sequence[Path]) -> None:
    """The stages of a survey in ms of processor time per file."""
    spent = dict.fromkeys(STAGES, 0.0)
    rows = []
    for path in files:
        marks = [time.process_time()]
        data = read_source(path)
        marks.append(time.process_time())
        found = load_filter(data)
        marks.append(time.process_time())
        rows += survey_file(found, model=Model(), name=str(path))
        marks.append(time.process_time())
        for stage, a, b in zip(STAGES, marks[:-1], marks[1:], strict=True):
            spent[stage] += b - a
    start = time.process_time()
    survey_table(rows)
    spent["table"] = time.process_time() - start
    total = sum(spent.values())
    print(f"survey: {len(files)} files, {1e3 * total / len(files):.1f} ms of processor time each")
    for stage, seconds in spent.items():
        print(f"  {stage}: {1e3 * seconds / len(files):.2f} ms, {100 * seconds / total:.1f} %")


def scored(found: Filter) -> tuple[float, np.ndarray]:
    """Seconds of processor time of the rigid score with its errors, and its ddG by site."""
    start = time.process_time()
    score = score_filter(found, treatment="rigid", rule="profile", hydration_state="dry", force=True)
    ddg = np.array([np.nan if site.ddg_kj_mol is None else site.ddg_kj_mol for site in score.sites])
    return time.process_time() - start, ddg


def beside_score(originals: Sequence[Path]) -> None:
    """The rigid score of each original: its time, and its ddG against the survey's."""
    seconds, differences = 0.0, []
    scored(load_filter(originals[0]))  # compile
    for path in originals:
        found = load_filter(path)
        spent, ddg = scored(found)
        ours = survey_table(survey_file(found, model=Model())).iloc[0]
        differences.append(ddg - np.array([ours[f"ddg_rigid_{site}_kj_mol"] for site in SITES], dtype=float))
        seconds += spent
    apart = np.abs(np.concatenate(differences))
    apart = apart[np.isfinite(apart)]
    print(f"score_filter, rigid, its error bars included: {1e3 * seconds / len(originals):.0f} ms each")
    print(
        f"  ddG of {len(apart)} sites: {(apart < 0.01).sum()} within 0.01 kJ/mol of the survey's, largest difference {apart.max():.2f}"
    )


def command(folder: Path, jobs: int) -> None:
    """Wall time of the whole command over a folder."""
    program = str(Path(sys.executable).with_name("selectivity"))
    start = time.perf_counter()
    subprocess.run([program, "survey", str(folder), "--jobs", str(jobs)], capture_output=True, check=True)
    print(f"selectivity survey --jobs {jobs}: {time.perf_counter() - start:.1f} s of wall time for {N_FILES} files")


def main() -> None:
    """The profile, the comparison, the command."""
    with tempfile.TemporaryDirectory() as name:
        originals = usable([Path(word) for word in sys.argv[1:]] or sorted(BUNDLED.glob("*.pdb")))
        files = collection(Path(name), originals)
        profile(files)
        beside_score(originals)
        for jobs in (1, 2):
            command(Path(name), jobs)


if __name__ == "__main__":
    main()
