"""Every command and every example of the documents runs and prints what stands there; every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import documents as docs
import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = docs.documents(ROOT)
BLOCKS = [block for path in DOCUMENTS for block in docs.blocks(path, ROOT)]
CONSOLE = [
    pytest.param(block, id=block.name, marks=[pytest.mark.slow] if block.sampled else [])
    for block in BLOCKS
    if block.language == "console"
]
LONG = {
    "docs/gallery.md"
}  # a minute of scoring and drawing: with the longer tests; tests/test_figures.py draws the same every time
PYTHON = [
    pytest.param(name, marks=[pytest.mark.slow] if name in LONG else [])
    for name in sorted({block.document for block in BLOCKS if block.language == "python"})
]
NOT_RUN = {"", "text", "json", "toml", "csv", "bibtex", "yaml"}


@pytest.fixture
def here(tmp_path: Path, root: Path, request: pytest.FixtureRequest) -> Path:
    """A reader's working directory, with the depositions beside it where they exist."""
    try:
        shared = request.getfixturevalue("shared")
    except pytest.skip.Exception:
        shared = None
    return docs.workplace(tmp_path, root, shared)


def skip_without_shared(block: docs.Block, here: Path) -> None:
    if block.needs_shared and not (here.parent / "shared").exists():
        pytest.skip(f"{block.name} needs the real depositions")


@pytest.mark.parametrize("block", CONSOLE)
def test_console_blocks_print_what_they_show(block: docs.Block, here: Path) -> None:
    skip_without_shared(block, here)
    assert docs.steps(block.text), f"{block.name}: no command"
    for step, printed in docs.run_console(block, here):
        pytest.fail(f"{block.name}\n$ {step.command}\n--- shown\n{step.expected}--- printed\n{printed}", pytrace=False)


@pytest.mark.parametrize("document", PYTHON)
def test_python_blocks_run_in_order(document: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    names: dict = {"__name__": "__main__"}
    for block in BLOCKS:
        if block.document == document and block.language == "python":
            if block.needs_shared and not (here.parent / "shared").exists():
                continue
            assert docs.run_python(block, names) == [], block.name


def test_set_up_commands_are_those_that_continuous_integration_runs(root: Path) -> None:
    tested = set(re.findall(r"^make \w+$", (root / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for block in BLOCKS:
        if block.language == "bash":
            for line in block.text.splitlines():
                assert line.partition("#")[0].strip() in tested | {""}, f"{block.name}: {line}"


def test_no_block_escapes_by_an_unknown_language() -> None:
    assert [block.name for block in BLOCKS if block.language not in NOT_RUN | {"console", "python", "bash"}] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert [target for target in docs.links(path) if not (path.parent / target).exists()] == []


def test_the_readme_opens_with_the_two_set_up_commands() -> None:
    first = next(block for block in BLOCKS if block.document == "README.md")
    assert first.language == "bash"
    assert [line.split()[:2] for line in first.text.splitlines()] == [["make", "demo"], ["make", "test"]]


PLANTED = [
    ("wrong output", "```console\n$ echo one\ntwo\n```\n"),
    ("missing output", "```console\n$ echo one\n```\n"),
    ("extra output", "```console\n$ true\none\n```\n"),
    ("hidden failure", "```console\n$ false\n```\n"),
    ("digit", "```console\n$ echo 126.61\n126.6\n```\n"),
]


@pytest.mark.parametrize("text", [case[1] for case in PLANTED], ids=[case[0] for case in PLANTED])
def test_the_runner_sees_a_planted_lie(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(text, encoding="utf-8")
    (block,) = docs.blocks(tmp_path / "x.md", tmp_path)
    assert list(docs.run_console(block, tmp_path))


def test_the_runner_believes_a_true_transcript(tmp_path: Path) -> None:
    text = "```console\n$ echo one   two\none two\n$ seq 5\n1\n...\n5\n$ false\n$ echo $?\n1\n$ echo a \\\n    b\na b\n```\n"
    (tmp_path / "x.md").write_text(text, encoding="utf-8")
    (block,) = docs.blocks(tmp_path / "x.md", tmp_path)
    assert list(docs.run_console(block, tmp_path)) == []


def test_the_runner_sees_a_false_python_answer(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(
        "```python\n>>> 1 + 1\n3\n```\n\n```python\n>>> x = 2\n>>> x\n2\n```\n", encoding="utf-8"
    )
    false, true = docs.blocks(tmp_path / "x.md", tmp_path)
    assert docs.run_python(false, {})
    assert docs.run_python(true, {}) == []
