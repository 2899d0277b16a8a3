"""What do the documents promise? Fenced blocks of Markdown files, and how to hold each to its word.

    ```console    `$ command` lines, each followed by exactly what it prints (both streams)
    ```python     runs; with `>>>` its output is compared too; the blocks of one document share their names
    ```bash       set-up commands: only `make TARGET` with a target that continuous integration runs
    others        data and pictures in text: not run

Only white space is forgiven. A line that is only `...` stands for any lines, `...` within a line for any text in it.
A block under the comment `<!-- needs ../shared -->` is skipped where the real depositions are absent. One under `<!-- sampled -->`
shows free energies from Monte Carlo: the same seed gives the same digits on one kind of processor only, so every number is
compared as a number, not digit by digit (`ROUGHLY`), and the block runs with the longer tests. Commands run with the
environment of the tests in a copy of what a reader has around them: structures/ here and, if present, shared/ one level up.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^( *)(`{3,})([a-z]*)\s*$")
NEEDS_SHARED = "<!-- needs ../shared -->"
SAMPLED = "<!-- sampled -->"
NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
ROUGHLY = 6.0
"""Numbers of a sampled transcript may differ by this much: several standard errors of a site, in kJ/mol."""
A_RATIO = 100.0
"""From here on a number may be a permeability ratio, and may differ by a factor of four: 3.4 kJ/mol."""
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language and its text."""

    document: str
    line: int
    language: str
    text: str
    needs_shared: bool
    sampled: bool = False

    @property
    def name(self) -> str:
        """What a failing test prints: file and line."""
        return f"{self.document}:{self.line}"


@dataclass(frozen=True)
class Step:
    """A command of a console block and the lines that it prints."""

    command: str
    expected: str


def documents(root: Path) -> list[Path]:
    """Every Markdown file of the repository, nearest first."""
    found = [*root.glob("*.md")]
    for folder in ("docs", "structures", "benchmarks", "notebooks"):
        found += sorted((root / folder).rglob("*.md"))
    return found


def blocks(path: Path, root: Path) -> list[Block]:
    """All fenced blocks of one document, in order. Raises `ValueError` for a fence that never closes."""
    found, language, fence, start, body, remark = [], "", "", 0, [], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        mark = FENCE.match(line)
        if fence and line.strip() == fence:
            name = str(path.relative_to(root))
            found.append(Block(name, start, language, "\n".join(body) + "\n", remark == NEEDS_SHARED, remark == SAMPLED))
            fence, remark = "", ""
        elif fence:
            body.append(line)
        elif mark:
            fence, language, start, body = mark[2], mark[3], number, []
        elif line.strip():
            remark = line.strip()
    if fence:
        raise ValueError(f"{path}:{start}: fence never closed")
    return found


def steps(text: str) -> list[Step]:
    """The commands of a console block. A command goes on over lines that end in a backslash.

    >>> steps("$ echo a\\na\\n$ true\\n")
    [Step(command='echo a', expected='a\\n'), Step(command='true', expected='')]
    """
    found: list[Step] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], ""))
        elif found and found[-1].command.endswith("\\") and not found[-1].expected:
            found[-1] = Step(f"{found[-1].command[:-1].rstrip()} {line.strip()}", "")
        elif found:
            found[-1] = Step(found[-1].command, f"{found[-1].expected}{line}\n")
        elif line.strip():
            raise ValueError(f"console block begins with output: {line!r}")
    return found


def same_output(expected: str, printed: str) -> bool:
    """Whether two texts agree but for white space and the marked gaps.

    >>> same_output("P_K/P_Na  126.6", "P_K/P_Na 126.6 "), same_output("126.6", "126.7")
    (True, False)
    >>> same_output("a\\n...\\nz", "a\\nb\\nc\\nz"), same_output("took ... s", "took 1.2 s"), same_output("a ... z", "a\\nz")
    (True, True, False)
    """
    pattern = []
    for line in _lines(expected):
        if line == "...":
            pattern.append(r"(?:[^\n]*\n)*?")
        else:
            pattern.append(r"[^\n]*".join(re.escape(part) for part in line.split("...")) + r"\n")
    return re.fullmatch("".join(pattern), "".join(f"{line}\n" for line in _lines(printed))) is not None


def roughly_same_output(expected: str, printed: str) -> bool:
    """Whether two sampled texts agree in words, and in numbers within `ROUGHLY`.

    >>> roughly_same_output("ddG 18 ± 6", "ddG 19.4 ± 5"), roughly_same_output("ddG 18 ± 6", "ddG 90 ± 6")
    (True, False)
    >>> roughly_same_output("P 2000", "P 900"), roughly_same_output("P 2000", "P 2"), roughly_same_output("18 kJ", "18 mV")
    (True, False, False)
    """
    if not same_output(NUMBER.sub("#", expected), NUMBER.sub("#", printed)):
        return False
    shown = [line for line in _lines(expected) if "..." not in line]
    found = iter(_lines(printed))
    masks = ((line, next((other for other in found if NUMBER.sub("#", other) == NUMBER.sub("#", line)), "")) for line in shown)
    return all(
        _close(float(a.replace("−", "-")), float(b.replace("−", "-")))
        for line, other in masks
        for a, b in zip(NUMBER.findall(line), NUMBER.findall(other), strict=True)
    )


def _close(shown: float, found: float) -> bool:
    as_a_ratio = min(abs(shown), abs(found)) >= A_RATIO and 0.25 <= shown / found <= 4.0
    return abs(shown - found) <= ROUGHLY or as_a_ratio


def _lines(text: str) -> list[str]:
    return [squeezed for line in text.splitlines() if (squeezed := " ".join(line.split()))]


def run_console(block: Block, folder: Path) -> Iterator[tuple[Step, str]]:
    """Run the commands of a block one after the other in a folder; yields each step that did not print what it should.

    A command may fail only where the next one shows its exit code (``$ echo $?``).
    """
    commands = steps(block.text)
    code = 0
    for index, step in enumerate(commands):
        code, printed = _run(f"(exit {code})\n{step.command}", folder)
        shown = index + 1 < len(commands) and commands[index + 1].command == "echo $?"
        agree = roughly_same_output if block.sampled else same_output
        if not agree(step.expected, printed) or (code and not shown):
            yield step, f"exit code {code}\n{printed}"


def _run(command: str, folder: Path) -> tuple[int, str]:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0",
    }  # fmt: skip
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
    )  # fmt: skip
    return run.returncode, run.stdout


def run_python(block: Block, names: dict[str, Any]) -> list[str]:
    """Run a Python block in a namespace; returns what went wrong, empty if nothing did."""
    if ">>> " not in block.text:
        exec(compile(block.text, block.name, "exec"), names)
        return []
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    examples = doctest.DocTestParser().get_doctest(block.text, names, block.name, block.document, block.line)
    problems: list[str] = []
    doctest.DocTestRunner(optionflags=flags).run(examples, out=problems.append, clear_globs=False)
    names.update(examples.globs)
    return problems


def workplace(folder: Path, root: Path, shared: Path | None) -> Path:
    """A copy of what a reader has around a command: the repository's structures/ here, the depositions one level up."""
    here = folder / "selectivity"
    here.mkdir()
    if (root / "structures").is_dir():
        shutil.copytree(root / "structures", here / "structures")
    if shared is not None:
        (folder / "shared").symlink_to(shared, target_is_directory=True)
    return here


def links(path: Path) -> list[str]:
    """Targets of the links and pictures of a document that point into the repository."""
    text = path.read_text(encoding="utf-8")
    targets = (target.partition("#")[0] for target in LINK.findall(text))
    return [target for target in targets if target and "://" not in target and not target.startswith("mailto:")]
