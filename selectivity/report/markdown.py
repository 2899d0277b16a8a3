"""How does a printed result read as Markdown? The blocks of a document with every character of the source kept as text."""

from __future__ import annotations

import re

from selectivity.report.document import Block, Document, Heading, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(document: Document) -> str:
    """The document as Markdown: headings of the second level, labelled paragraphs in bold, tables with aligned columns.

    Whatever Markdown or HTML would read as markup is escaped, so that the words of a file stay words.

    >>> from selectivity.report.document import Paragraph
    >>> print(markdown([Heading("sites"), Paragraph("a <b> c", label="note"), Table(("site", "ddG"), (("S2", "21"),))]), end="")
    ## sites
    <BLANKLINE>
    **note:** a \\<b\\> c
    <BLANKLINE>
    | site | ddG |
    |:--|--:|
    | S2 | 21 |
    """
    return "\n\n".join(_block(block) for block in document) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_escaped(block.text)}"
    if isinstance(block, Table):
        return _table(block)
    return (f"**{_escaped(block.label)}:** " if block.label else "") + _escaped(block.text)


def _table(table: Table) -> str:
    marks = [":--" if column < table.text_columns else "--:" for column in range(len(table.columns))]
    rows = [table.columns, *table.rows]
    head, *body = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    return "\n".join([head, f"|{'|'.join(marks)}|", *body])


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
