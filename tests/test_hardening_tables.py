"""Mutated TOML, CSV, JSON and Parquet: cells and configuration, measurements, profiles, finished points of scans, runs on disk."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer.main
from fuzz_mutations import MUTATIONS
from hypothesis import given
from hypothesis import strategies as st

from selectivity.cli import configuration
from selectivity.cli.app import app
from selectivity.cli.cells import _template
from selectivity.cli.profile import _table
from selectivity.errors import SelectivityError
from selectivity.membrane.cells import load_cells
from selectivity.membrane.fitting import fit_permeabilities
from selectivity.membrane.reversal_data import read_reversal_data
from selectivity.scan import append_finished, read_finished
from selectivity.trajectory.store import FORMAT, open_run

OPTIONS = configuration.options_of(typer.main.get_command(app))
SEED = 20261124
EACH = 80
"""Mutated files of every kind in a default run; the longer tests take sixty times as many."""

CSV = (
    "v_rev_mv,temperature_k,error_mv,K_out_mm,K_in_mm,Na_out_mm,Na_in_mm\n-82.7,298.15,1.0,0,150,150,0\n"
    "-60.4,298.15,1.0,10,150,140,0\n-32.2,298.15,1.0,40,150,110,0\n"
)
PROFILE = "z_angstrom,w_kj_mol\n" + "".join(f"{z},{z * z / 10.0}\n" for z in range(-8, 9))
CONFIG = 'temperature = 310.15\nseed = 3\n[score]\nquick = true\nsigma = "bfactor"\n[voltage]\nout = ["K=3.5"]\n[archive]\nurl = "https://x/"\n'


def finished() -> str:
    rows = ({"dilate_angstrom": 0.1 * k, "ddg_s2_kj_mol": 20.0 - k, "conductive": True} for k in range(4))
    return "".join(json.dumps({"key": f"k{i}", "row": row}) + "\n" for i, row in enumerate(rows))


def measured_and_fitted(path: Path) -> Any:
    return fit_permeabilities(read_reversal_data(path))


def run_on_disk(path: Path) -> Any:
    """A run whose manifest is good and whose one part is the mutated file."""
    folder = path.parent / "run"
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps({"format": FORMAT}))
    (folder / "frames" / "r0000-c000000.parquet").write_bytes(path.read_bytes())
    return open_run(folder).read("frames")


def manifest(path: Path) -> Any:
    (path.parent / "run.json").write_bytes(path.read_bytes())
    return open_run(path.parent)


def parquet(folder: Path) -> bytes:
    path = folder / "good.parquet"
    pd.DataFrame({"frame": range(50), "s2": np.linspace(0.0, 1.0, 50)}).to_parquet(path, engine="pyarrow")
    return path.read_bytes()


KINDS: dict[str, tuple[Callable[[Path], bytes], Callable[[Path], Any], str]] = {
    "own cells": (lambda _: _template().encode(), load_cells, "cells.toml"),
    "configuration": (
        lambda _: CONFIG.encode(),
        lambda path: configuration.settings(OPTIONS, str(path)),
        "selectivity-own.toml",
    ),
    "reversal potentials": (lambda _: CSV.encode(), measured_and_fitted, "kv.csv"),
    "K+ profile": (lambda _: PROFILE.encode(), lambda path: _table(str(path)), "profile.csv"),
    "finished points": (lambda _: finished().encode(), read_finished, "points.jsonl"),
    "run manifest": (lambda _: json.dumps({"format": FORMAT, "topology": "a.pdb"}).encode(), manifest, "case.json"),
    "run tables": (parquet, run_on_disk, "case.parquet"),
}
# A name in brackets, braces or quotes nested so deep that a parser by recursion runs out of stack, and values that are no numbers.
NASTY = [
    b"a=" + b"[" * 100_000, b"[" * 100_000, b"{" * 100_000, b'{"a":' * 50_000, b"a." * 50_000 + b"b=1", b'"' * 99_999, b"," * 200_000,
    b"v_rev_mv\n" + b"1" * 5_000_000, b"a = 1e99999\n", b"a = " + b"9" * 10_000, b"[a]\n" * 3, b"x" * 1_000_000, b"\n" * 1_000_000,
    b"a = 0x" + b"f" * 100_000, b'"\n"', b"\xff\xfe", b"\0", b"", b'"', b"a = nan\nb = inf", "é = 1".encode(),
]  # fmt: skip


def read_or_refuse(read: Callable[[Path], Any], path: Path, content: bytes) -> str:
    """ "read" or "refused"; anything else fails the test, with the content in its message."""
    path.write_bytes(content)
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
        ended = "read"
    except SelectivityError as refusal:
        assert "\n" not in str(refusal) and 10 < len(str(refusal)) < 2000, (str(refusal)[:300], content[:200])
        ended = "refused"
    except Exception as fault:
        raise AssertionError(f"{type(fault).__name__}: {fault} on {content[:600]!r} ({len(content)} bytes)") from fault
    assert time.process_time() - start < 10.0
    return ended


def fuzz(kind: str, folder: Path, cases: int) -> dict[str, int]:
    good, read, name = KINDS[kind]
    content, path = good(folder), folder / name
    assert read_or_refuse(read, path, content) == "read"
    ended = {"read": 0, "refused": 0}
    for number in range(cases):
        rng = np.random.default_rng([SEED, number])
        changed = content
        for _ in range(int(rng.choice([1, 1, 2]))):
            changed = MUTATIONS[str(rng.choice(list(MUTATIONS)))](rng, changed)
        ended[read_or_refuse(read, path, changed)] += 1
    return ended


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_tables_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    ended = fuzz(kind, tmp_path, EACH)
    assert ended["refused"] > EACH / 10 and ended["read"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutated_tables_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    assert sum(fuzz(kind, tmp_path, 60 * EACH).values()) == 60 * EACH


@pytest.mark.parametrize("kind", KINDS)
def test_nasty_tables_are_refused(kind: str, tmp_path: Path) -> None:
    _, read, name = KINDS[kind]
    for content in NASTY:
        read_or_refuse(read, tmp_path / name, content)


@given(
    values=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    ),
    option=st.sampled_from(sorted(OPTIONS["score"])),
)
def test_any_value_of_an_option_is_taken_or_refused(values: Any, option: str) -> None:
    """Whatever TOML can hold in the place of a value becomes words, a truth value or a refusal."""
    parameter = OPTIONS["score"][option]
    try:
        typed = configuration._as_typed("here", values, parameter)
    except SelectivityError:
        return
    if getattr(parameter, "is_flag", False):
        assert isinstance(typed, bool)
    elif parameter.multiple:
        assert all(isinstance(word, str) for word in typed)
    else:
        assert isinstance(typed, str)


def test_a_point_cut_short_is_computed_again_and_the_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    path.write_text(finished()[:-20])
    assert set(read_finished(path)) == {"k0", "k1", "k2"}
    append_finished(path, "k3", {"dilate_angstrom": 0.3})
    assert set(read_finished(path)) == {"k0", "k1", "k2", "k3"}
