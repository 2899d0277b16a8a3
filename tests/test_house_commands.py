"""Every command explains itself, and the example in its help prints what the help shows."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import documents as docs
import pytest
import typer.main
from archive_server import Archive, ideal_mmcif, serving

from selectivity.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = typer.main.get_command(app)
COMMANDS = sorted(PROGRAM.commands)


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """A PDB archive on loopback in which 1K4C is an idealised filter: examples that fetch need no network."""
    with serving() as archive:
        archive.put("1k4c", ideal_mmcif("1k4c"))
        yield archive


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("selectivity"))
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL)


def help_text(*command: str) -> str:
    answer = run(*command, "--help")
    assert answer.returncode == 0 and not answer.stderr, answer.stderr
    return answer.stdout


def test_the_program_lists_every_command() -> None:
    text = help_text()
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    help_text(name)
    for parameter in PROGRAM.commands[name].params:
        explanation = getattr(parameter, "help", None)
        assert explanation or getattr(parameter, "hidden", False), f"{name} {parameter.name}: no help"


def examples(text: str) -> list[docs.Block]:
    """The console examples of a help text: from a line that begins with "$ " to the next empty line."""
    found: list[list[str]] = []
    inside = False
    for line in textwrap.dedent(text).splitlines():
        stripped = line.strip()
        if stripped.startswith("$ ") and not inside:
            found.append([])
            inside = True
        inside = inside and bool(stripped)
        if inside:
            found[-1].append(stripped)
    return [docs.Block("help", 0, "console", "\n".join(lines) + "\n", False) for lines in found]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_in_the_help_is_true(
    name: str, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, archive: Archive
) -> None:
    monkeypatch.setenv("SELECTIVITY_ARCHIVE_URL", archive.url)
    monkeypatch.setenv("SELECTIVITY_CACHE", str(tmp_path / "cache"))
    blocks = examples(help_text(name))
    assert blocks, f"selectivity {name} --help shows no example"
    here = docs.workplace(tmp_path, root, None)
    for block in blocks:
        for step, printed in docs.run_console(block, here):
            pytest.fail(f"$ {step.command}\n--- shown\n{step.expected}--- printed\n{printed}", pytrace=False)


def test_the_module_runs_like_the_program() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "selectivity", "--version"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == run("--version").stdout


def test_an_unknown_command_is_refused_in_one_line_or_usage() -> None:
    answer = run("scor")
    assert answer.returncode == 2 and "Traceback" not in answer.stderr and "scor" in answer.stderr
