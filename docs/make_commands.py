"""Write docs/commands.md, the command reference, from the program itself: python docs/make_commands.py (`make docs` calls it)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from selectivity.cli.app import app
from selectivity.files import write_text

PAGE = Path(__file__).resolve().parent / "commands.md"
HEAD = """# Commands

Written from the program by `python docs/make_commands.py`; a test says when it is stale. `selectivity COMMAND --help` prints the same.
The examples are run by the tests and print what stands here.
"""


def page() -> str:
    """The whole page."""
    program: Any = typer.main.get_command(app)
    return "\n".join([HEAD, *sections(program, program.make_context("selectivity", [], resilient_parsing=True))])


def sections(command: Any, context: Any) -> Iterator[str]:
    """A section for a command, then one for each of its own commands."""
    yield f"## {context.command_path}\n"
    yield from described(command, context)
    for name in getattr(command, "commands", {}):
        inner = command.get_command(context, name)
        if not inner.hidden:
            yield from sections(inner, inner.make_context(name, [], parent=context, resilient_parsing=True))


def described(command: Any, context: Any) -> Iterator[str]:
    """Usage, prose, example and options of one command."""
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{context.command_path} {usage}\n```\n"
    yield from prose(command.help or "")
    rows = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
    if rows:
        yield "| option | meaning |\n|---|---|"
        yield "\n".join(f"| {cell(name.partition(' <')[0], code=True)} | {cell(meaning)} |" for name, meaning in rows)
        yield ""


def prose(text: str) -> Iterator[str]:
    """Paragraphs as they are; an example, which begins with a dollar sign, as a block that keeps its lines."""
    for block in textwrap.dedent(text).replace("\b\n", "").strip().split("\n\n"):
        if block.lstrip().startswith("$ "):
            yield f"```text\n{textwrap.dedent(block)}\n```\n"
        elif block.strip():
            yield f"{escaped(' '.join(block.split()))}\n"


def cell(text: str, *, code: bool = False) -> str:
    """Text of a table cell on one line."""
    line = " ".join(text.split()).replace("|", "\\|")
    return f"`{line}`" if code else escaped(line)


def escaped(text: str) -> str:
    """Prose in which stars, underscores and angle brackets are no markup."""
    return text.translate(str.maketrans({"*": "\\*", "_": "\\_", "<": "&lt;", ">": "&gt;", "[": "\\[", "]": "\\]"}))


if __name__ == "__main__":
    write_text(PAGE, page())
    print(PAGE.relative_to(PAGE.parent.parent))
