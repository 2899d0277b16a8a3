"""What is a printed result made of? Headings, paragraphs and tables, free of any terminal, and their plain-text form."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

PLAIN_WIDTH = 100
"""Columns at which plain paragraphs wrap: two panels of a common screen, and what a diff still shows unwrapped."""


@dataclass(frozen=True)
class Heading:
    """One line that opens a part of the document."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; `label` ("warning", "model") stands before it and the following lines are indented."""

    text: str
    label: str = ""


@dataclass(frozen=True)
class Table:
    """Columns with their unit in the heading, rows of ready-made text; numbers line up on the right.

    ``text_columns`` counts the leading columns that hold words (aligned left).
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1
    title: str = ""


Block = Heading | Paragraph | Table
Document = Sequence[Block]


def plain(document: Document, width: int = PLAIN_WIDTH) -> str:
    """The document as plain text without any terminal codes, ending in a newline.

    >>> print(plain([Heading("sites"), Table(("site", "ddG (kJ/mol)"), (("S2", "21.3 ± 1.2"),))]), end="")
    sites
    <BLANKLINE>
    site  ddG (kJ/mol)
    S2      21.3 ± 1.2
    """
    text = ""
    previous: Block | None = None
    for block in document:
        if previous is not None:
            text += "\n" if follows_directly(previous, block) else "\n\n"
        text += _plain_block(block, width)
        previous = block
    return text + "\n"


def follows_directly(block: Block, following: Block) -> bool:
    """Whether two blocks stand without an empty line between them: labelled paragraphs of one kind do."""
    labels = [entry.label if isinstance(entry, Paragraph) else "" for entry in (block, following)]
    return labels[0] == labels[1] != ""


def _plain_block(block: Block, width: int) -> str:
    if isinstance(block, Heading):
        return block.text
    if isinstance(block, Table):
        return _plain_table(block)
    lead = f"{block.label}: " if block.label else ""
    indent = "  " if block.label else ""
    return textwrap.fill(
        lead + block.text, width=width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _plain_table(table: Table) -> str:
    cells = (table.columns, *table.rows)
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < table.text_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join(([table.title] if table.title else []) + lines)
