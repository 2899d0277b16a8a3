"""`build` writes exactly what the library builds, and every choice of the command line exists in the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from selectivity.cli import choices, main
from selectivity.energetics.force_field import force_field
from selectivity.energetics.hydration import SCALES, hydration_scale
from selectivity.pipeline.settings import ALL_RULES, HYDRATION_STATES, TREATMENTS
from selectivity.structure.ideal import build_pdb
from selectivity.structure.load import load_filter


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_file_and_stdout_hold_what_the_library_builds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    expected = build_pdb("nak-like")
    assert command(capsys, "build", "nak-like") == (0, expected, "")
    code, text, _ = command(capsys, "build", "nak-like", "-o", tmp_path / "f.pdb")
    assert code == 0 and "idealised" in text
    assert (tmp_path / "f.pdb").read_text() == expected


def test_all_fills_a_folder_that_the_loader_can_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, text, _ = command(capsys, "build", "all", "-o", tmp_path)
    assert code == 0 and len(text.splitlines()) == len(choices.IDEAL_FILTERS)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name.replace('-', '_')}.pdb" for name in choices.IDEAL_FILTERS
    )
    assert load_filter(tmp_path / "kcsa_like.pdb").signature == "TVGYG"


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["build", "kcsa"], 2, "did you mean 'kcsa-like'?"),
        (["build", "all"], 2, "folder"),
        (["build"], 2, "NAME"),
        (["build", "nak-like", "-o", "nowhere/f.pdb"], 1, "no directory"),
        (["build", "all", "-o", "nowhere"], 1, "no directory"),
    ],
)
def test_refusals(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, expected: str) -> None:
    found = command(capsys, *arguments)
    assert found[:2] == (code, "")
    assert found[2].count("\n") == 1 and expected in found[2]


def test_the_choices_are_those_of_the_library() -> None:
    assert choices.RULES == ALL_RULES
    assert choices.TREATMENTS == TREATMENTS
    assert choices.HYDRATION_STATES == HYDRATION_STATES
    assert set(SCALES) <= set(choices.HYDRATIONS)
    for name in choices.HYDRATIONS:
        assert hydration_scale(name, force_field="charmm36")
    for name in choices.FORCE_FIELDS:
        assert force_field(name)
    for name in choices.IDEAL_FILTERS:
        assert build_pdb(name).startswith("TITLE")
