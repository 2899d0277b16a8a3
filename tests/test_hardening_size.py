"""Huge files are handled or refused within seconds and a gigabyte."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fuzz_sources import as_mmcif

from selectivity.errors import FileUnreadable
from selectivity.files import LARGEST_TEXT
from selectivity.structure.ideal import build_pdb
from selectivity.structure.load import load_filter

ATOMS = 1_000_000
MEASURED = """
import resource, sys, time
from selectivity.errors import SelectivityError
from selectivity.structure.load import load_filter
start = time.process_time()
try:
    print(load_filter(sys.argv[1]).signature)
except SelectivityError as refusal:
    print(refusal)
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
"""


def loaded(path: Path) -> tuple[str, float, float]:
    """What came of it, seconds of processor time, megabytes."""
    run = subprocess.run([sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True)
    what, numbers = run.stdout.rstrip().rsplit("\n", 1)
    seconds, megabytes = map(float, numbers.split())
    return what, seconds, megabytes


@pytest.mark.slow
def test_a_channel_in_a_million_atoms_of_water(tmp_path: Path) -> None:
    path = tmp_path / "big.pdb"
    atoms = [line for line in build_pdb("kcsa-like").splitlines() if line.startswith(("ATOM", "HETATM"))]
    with open(path, "w") as stream:
        stream.write("\n".join(atoms) + "\n")
        for i in range(ATOMS):
            x, y, z = 30.0 + 3.1 * (i % 100), 30.0 + 3.1 * (i // 100 % 100), 3.1 * (i // 10_000)
            serial, number = (i + len(atoms)) % 100_000, i % 10_000
            stream.write(
                f"HETATM{serial:5d}  O   HOH W{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 20.00           O  \n"
            )
        stream.write("END\n")
    what, seconds, megabytes = loaded(path)
    print(f"{ATOMS} atoms: {seconds:.1f} s, {megabytes:.0f} MB")
    assert what == "TVGYG"
    assert seconds < 20.0  # six where nothing else runs
    assert megabytes < 1050.0


def test_an_mmcif_chain_of_too_many_residues_is_refused_before_it_takes_minutes(tmp_path: Path) -> None:
    text = as_mmcif(build_pdb("kcsa-like"))
    lines = text.splitlines()
    last = max(i for i, line in enumerate(lines) if line.startswith("HETATM"))
    tags = [line.strip().removeprefix("_atom_site.") for line in lines if line.startswith("_atom_site.")]
    row = lines[last].split()
    number = tags.index("auth_seq_id")
    water = [" ".join([*row[:number], str(1000 + i), *row[number + 1 :]]) for i in range(70_000)]
    path = tmp_path / "big.cif"
    path.write_text("\n".join([*lines[: last + 1], *water, *lines[last + 1 :]]) + "\n")
    start = time.process_time()
    with pytest.raises(FileUnreadable, match="residues, at most 60000 are read"):
        load_filter(path)
    assert time.process_time() - start < 5.0


@pytest.mark.parametrize("suffix", [".pdb", ".cif", ".gro"])
def test_a_bomb_and_a_heap_are_refused_at_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"big{suffix}"
    path.write_bytes(gzip.compress(b"\n" * 4 * LARGEST_TEXT, 1))
    start = time.process_time()
    with pytest.raises(FileUnreadable, match="MB when unpacked"):
        load_filter(path)
    path.write_bytes(b"data_x\n_atom_site.id 1\n" + b"#" * LARGEST_TEXT)
    with pytest.raises(FileUnreadable, match=r"more than the .* MB that are read"):
        load_filter(path)
    assert time.process_time() - start < 5.0


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without an end")
def test_a_device_without_an_end_is_refused() -> None:
    with pytest.raises(FileUnreadable):
        load_filter("/dev/zero")
