"""What bounds a collection? 200 files scored rigidly: the share of reading, finding the filter and energies, file by file.

Copies of the bundled filters, each moved and turned, as PDB files in a temporary folder; one process, the stages timed as
`selectivity score --treatment rigid --rule profile --hydration-state dry` runs them. Processor time. A deposition has a hundred
times the atoms of a drawing: with FILES as arguments these are copied instead.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from selectivity.pipeline import score_filter
from selectivity.structure.load import load_filter, read_source

N_FILES = 200
BUNDLED = Path(__file__).resolve().parent.parent / "structures"


def collection(folder: Path, originals: list[Path]) -> list[Path]:
    """200 files that differ in name only."""
    files = []
    for k in range(N_FILES):
        source = originals[k % len(originals)]
        files.append(folder / f"{k:03d}{source.suffix}")
        files[-1].write_bytes(source.read_bytes())
    return files


def main() -> None:
    """The profile, in ms per file."""
    with tempfile.TemporaryDirectory() as name:
        originals = [Path(word) for word in sys.argv[1:]] or sorted(BUNDLED.glob("*.pdb"))
        files = collection(Path(name), originals)
        options = {"treatment": "rigid", "rule": "profile", "hydration_state": "dry"}
        score_filter(load_filter(files[0]), **options)  # compile
        spent = dict.fromkeys(("parsing", "finding the filter", "energies, barrier, voltage"), 0.0)
        for path in files:
            marks = [time.process_time()]
            data = read_source(path)
            marks.append(time.process_time())
            found = load_filter(data)
            marks.append(time.process_time())
            score_filter(found, force=True, **options)
            marks.append(time.process_time())
            for stage, a, b in zip(spent, marks[:-1], marks[1:], strict=True):
                spent[stage] += b - a
    total = sum(spent.values())
    print(f"{len(files)} files, {1e3 * total / len(files):.1f} ms of processor time each")
    for stage, seconds in spent.items():
        print(f"  {stage}: {1e3 * seconds / len(files):.1f} ms, {100 * seconds / total:.0f} %")


if __name__ == "__main__":
    main()
