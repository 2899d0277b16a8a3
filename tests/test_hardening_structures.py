"""Mutated structure files: no traceback, no hang, no memory, never a ratio from a filter that was destroyed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz_mutations import MUTATIONS
from fuzz_sources import Source, destroyed, sources
from fuzz_worker import FORMATS, MEGABYTES, SECONDS, case

from selectivity.errors import SelectivityError
from selectivity.structure.ideal import build_pdb
from selectivity.structure.load import load_filter

SEED = 20261124
CASES = 20_000
"""Seven milliseconds of processor time each, and the scores among them: about four minutes of one core."""


def reports(folder: Path, first: int, last: int, structures: Path | None) -> Iterator[dict[str, Any]]:
    """Reports on cases first .. last - 1; a case that kills its process is a report too, and the next one gets a new process."""
    worker = Path(__file__).with_name("fuzz_worker.py")
    while first < last:
        arguments = [str(folder), str(SEED), str(first), str(last), *([str(structures)] if structures else [])]
        errors = folder / "errors.txt"
        single = os.environ | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(worker), *arguments]
        with (
            open(errors, "w") as stream,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True, env=single) as process,
        ):
            assert process.stdout is not None
            begun: dict[str, Any] | None = None
            for line in process.stdout:
                report = json.loads(line)
                if "case" in report:
                    begun = report
                    continue
                assert begun is not None
                yield begun | report
                first, begun = begun["case"] + 1, None
        if process.returncode == 0:
            return
        assert begun is not None, errors.read_text()[-2000:]  # the worker itself is broken
        how = f"the process ended with {process.returncode}: {errors.read_text()[-1500:]}"
        yield begun | {"ended": "fault", "fault": how, "seconds": float(SECONDS), "megabytes": 0.0, "broken": False}
        first = begun["case"] + 1


def judged(folder: Path, first: int, last: int, structures: Path | None) -> tuple[list[dict[str, Any]], list[str]]:
    found = list(reports(folder, first, last, structures))
    assert [report["case"] for report in found] == list(range(first, last))
    faults = [f"case {r['case']} ({r['what']}): {r['fault']}" for r in found if "fault" in r]
    faults += [f"case {r['case']} ({r['what']}): {r['seconds']:.1f} s" for r in found if r["seconds"] > SECONDS]
    faults += [f"case {r['case']} ({r['what']}): {r['megabytes']:.0f} MB" for r in found if r["megabytes"] > MEGABYTES]
    return found, faults


def structures_if_there() -> Path | None:
    """The real depositions; without them the idealised filters alone are mutated."""
    named = os.environ.get("SELECTIVITY_SHARED")
    folder = (Path(named) if named else Path(__file__).resolve().parent.parent.parent / "shared") / "structures"
    return folder if folder.is_dir() else None


def test_a_sample_of_mutated_files_is_read_or_refused(tmp_path: Path) -> None:
    """The cheap sample of every run: idealised filters, some hundred cases."""
    found, faults = judged(tmp_path, 1, 200, None)
    assert faults == []
    assert {report["ended"] for report in found} >= {"refused", "loaded"}


@pytest.mark.slow
def test_twenty_thousand_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    start = time.monotonic()
    found, faults = judged(tmp_path, 0, CASES, structures_if_there())
    ended = Counter((report["ended"], report["broken"]) for report in found)
    seconds = sum(report["seconds"] for report in found)
    print(
        f"{len(found)} files, {seconds:.0f} s of processor time, {time.monotonic() - start:.0f} s in all; slowest "
        f"{max(report['seconds'] for report in found):.1f} s, largest {max(report['megabytes'] for report in found):.0f} MB: {dict(ended)}"
    )
    assert faults == []
    # The mutations are not so coarse that nothing gets through, nor so gentle that everything does.
    assert 0.05 < ended["loaded", False] / CASES < 0.6 and ended["refused", True] > CASES / 10
    assert sum(number for (how, _), number in ended.items() if how in ("scored", "not scorable")) > 10


# ---------------------------------------------------------------- the mutations themselves


def rows(lines: list[str], source: Source) -> dict[tuple[str, str, str], list[np.ndarray]]:
    """Positions of the filter's atoms by chain, residue number and name, read by columns and by nothing of the package."""
    found: dict[tuple[str, str, str], list[np.ndarray]] = {}
    for line in lines:
        if source.in_filter(line):
            key = (line[21], line[22:26], line[12:16].strip())
            found.setdefault(key, []).append(np.array([float(line[c : c + 8]) for c in (30, 38, 46)]))
    return found


@pytest.mark.parametrize("name", ["kcsa-like", "1K4C.pdb", "3UKM.pdb"])
def test_destroyed_means_what_it_says(name: str) -> None:
    """Each way leaves fewer than four strands with all carbonyls where they were, by a count that uses no loader."""
    known = {source.name: source for source in sources(structures_if_there())}
    if name not in known:
        pytest.skip("real depositions are not here")
    source = known[name]
    before = rows(list(source.lines), source)
    strands = {
        (chain, first) for chain, number, _ in before for first in source.first_residues if 0 <= int(number) - first < 5
    }
    seen = set()
    for seed in range(60):
        way, lines = destroyed(source, np.random.default_rng(seed))
        seen.add(way)
        after = rows(lines, source)
        untouched = {
            strand
            for strand in strands
            if all(
                key in after
                and len(after[key]) == len(at)
                and all(np.linalg.norm(a - b) < 1.0 for a, b in zip(after[key], at, strict=True))
                for key, at in before.items()
                if key[0] == strand[0] and key[2] == "O" and 0 <= int(key[1]) - strand[1] < 4
            )
        }
        copies, pores = (4 if name == "1K4C.pdb" else 1), (2 if name == "3UKM.pdb" else 1)
        assert len(untouched) * copies < 4 * pores or way == "exploded", (way, untouched)
    assert seen >= {"bare", "scrambled", "collapsed", "exploded", "far oxygen", "cut"}


def test_a_case_can_be_made_again() -> None:
    known = sources(None)
    assert case(known, SEED, 17) == case(known, SEED, 17) != case(known, SEED, 18)
    assert {case(known, SEED, n)[1] for n in range(60)} == set(FORMATS)


def test_every_mutation_changes_something_and_takes_anything() -> None:
    good = build_pdb("kcsa-like").encode()
    for name, mutation in MUTATIONS.items():
        changed = [mutation(np.random.default_rng(seed), good) for seed in range(8)]
        assert any(content != good for content in changed), name
        for odd in (b"", b"\n", b"\xff" * 5):
            assert isinstance(mutation(np.random.default_rng(0), odd), bytes)


# ---------------------------------------------------------------- what the fuzzing found, each as one small case


def refusal(folder: Path, content: bytes, name: str = "case.pdb") -> str:
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(SelectivityError) as raised:
        load_filter(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_residue_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    text = FORMATS["cif"](build_pdb("kcsa-like")).replace(" THR ", " THRloop_ ")
    assert "damaged mmCIF file" in refusal(tmp_path, text.encode(), "case.cif")


def test_letters_beyond_ascii_shift_no_column(tmp_path: Path) -> None:
    text = build_pdb("kcsa-like")
    path = tmp_path / "case.pdb"
    path.write_text(text.replace("IDEALISED", "IDÉALISED").replace(" V76", " Å"), encoding="utf-8")
    assert load_filter(path).signature == "TVGYG"
    path.write_bytes(text.replace("A  75", "\ud800  75").encode("utf-8", "surrogatepass"))
    refusal(tmp_path, path.read_bytes())


@pytest.mark.parametrize("ending", ["\x85", "\u2028", "\x0b", "\x1c"])
def test_a_gro_file_whose_lines_do_not_end_is_refused(tmp_path: Path, ending: str) -> None:
    gro = FORMATS["gro"](build_pdb("kcsa-like"))
    assert "damaged .gro" in refusal(tmp_path, gro.replace("\n", ending).encode(), "case.gro")


def test_a_packed_gro_file_is_read_and_a_damaged_one_refused(tmp_path: Path) -> None:
    import gzip

    packed = gzip.compress(FORMATS["gro"](build_pdb("kcsa-like")).encode())
    (tmp_path / "case.gro").write_bytes(packed)
    assert load_filter(tmp_path / "case.gro").signature == "TVGYG"
    assert "damaged" in refusal(tmp_path, packed[:-20] + b"\0" * 20, "case.gro")


def operator_lines(matrices: list[np.ndarray]) -> str:
    lines = ["REMARK 350 BIOMOLECULE: 1", "REMARK 350 APPLY THE FOLLOWING TO CHAINS: A, B, C, D"]
    for k, matrix in enumerate(matrices):
        lines += [
            f"REMARK 350   BIOMT{i + 1} {k + 1:>3}{''.join(f'{x:10.6f}' for x in matrix[i])}        0.00000"
            for i in range(3)
        ]
    return "\n".join(lines) + "\n"


def test_an_operator_that_bends_the_molecule_makes_no_pore(tmp_path: Path) -> None:
    """Found as a ratio from three strands and the mirror image of one."""
    three = "".join(
        line + "\n" for line in build_pdb("kcsa-like").splitlines() if not (line.startswith("ATOM") and line[21] == "D")
    )
    mirror = np.diag([1.0, -1.0, 1.0])
    message = refusal(tmp_path, (operator_lines([np.eye(3), mirror]) + three).encode())
    assert "assembly 1 left out: its operators are no rotations" in message


def test_thousands_of_copies_are_refused_at_once(tmp_path: Path) -> None:
    """Found as a hang: five hundred operators on a file of many motifs, all compared pair by pair."""
    angles = np.linspace(0.0, 6.0, 999)
    turns = [np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]]) for a in angles]
    three = [line for line in build_pdb("kcsa-like").splitlines() if not (line.startswith("ATOM") and line[21] == "D")]
    atoms = [line for line in three if line.startswith("ATOM")]
    # Three more strands far away make six motifs, and six thousand placed ones.
    away = [
        f"{line[:21]}{chr(ord(line[21]) + 3)}{line[22:30]}{float(line[30:38]) + 200.0:8.3f}{line[38:]}"
        for line in atoms
    ]
    operators = operator_lines(turns).replace("A, B, C, D", "A, B, C, D, E, F")
    start = time.process_time()
    assert "candidate strands" in refusal(tmp_path, (operators + "\n".join([*atoms, *away, "END"])).encode())
    assert time.process_time() - start < 5.0
