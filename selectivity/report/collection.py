"""What is in a report? The files that were scored, those that failed and why, and how to make it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.markdown import markdown
from selectivity.report.numbers import as_given
from selectivity.report.page_words import bottom_line
from selectivity.report.provenance import citations, parameters, versions
from selectivity.report.score import score_document, summary_table
from selectivity.score import FilterScore


@dataclass(frozen=True)
class ScoredFile:
    """One file that was scored: its path as it was given, its score, and the command line that scores it again."""

    path: str
    score: FilterScore
    command: str


@dataclass(frozen=True)
class FailedFile:
    """One file that was not scored, and the one line that says why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Scores of one or several files with what is needed to make the report again.

    ``command`` is the whole command line, ``created`` date and time in UTC (ISO 8601).
    """

    files: tuple[ScoredFile, ...]
    failed: tuple[FailedFile, ...]
    command: str
    created: str

    def name_of(self, file: ScoredFile) -> str:
        """What tells a file from the others: its name, or its path where two have one name."""
        alike = sum(other.score.file == file.score.file for other in self.files)
        return file.score.file if alike == 1 else file.path


def report_dict(report: Report) -> dict[str, Any]:
    """The report as plain numbers and words for JSON; ``score`` of each file is what ``selectivity score --json`` writes."""
    return {
        "created": report.created,
        "command": report.command,
        "versions": versions(),
        "files": [
            {
                "path": file.path,
                "sha256": file.score.filter.provenance.sha256,
                "command": file.command,
                "citations": citations(file.score.to_dict()),
                "score": file.score.to_dict(),
            }
            for file in report.files
        ],
        "failed": [{"path": file.path, "reason": file.reason} for file in report.failed],
    }


def report_json(report: Report) -> str:
    """`report_dict` as JSON text at full precision; NaN and infinity are refused, never written."""
    return json.dumps(report_dict(report), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def report_markdown(report: Report) -> str:
    """The report as Markdown (tables in the form that GitHub and Pandoc read), numbers cut where their errors begin."""
    blocks: list[Block] = []
    if len(report.files) + len(report.failed) > 1:
        blocks.append(Heading("Comparison"))
        blocks.append(summary_table([file.score for file in report.files]))
    blocks += [Paragraph(f"{file.path} was not scored: {file.reason}", label="failed") for file in report.failed]
    for file in report.files:
        blocks += _file(file)
    blocks += [Heading("How this report was made"), *_making(report)]
    title = report.files[0].score.file if len(report.files) == 1 else f"{len(report.files)} files"
    return f"# selectivity report: {markdown([Paragraph(title)]).strip()}\n\n{markdown(blocks)}"


def _file(file: ScoredFile) -> Iterator[Block]:
    first, *others = score_document(file.score)
    yield first
    yield Paragraph(bottom_line(file.score.to_dict()))
    yield from others
    data = file.score.to_dict()
    shown = ((words, as_given(value) if isinstance(value, float) else str(value)) for words, value in parameters(data))
    yield Table(("parameter", "value"), tuple(shown), text_columns=2)
    cited = ((entry["key"], entry["text"], entry["doi"], entry["seen"]) for entry in citations(data))
    yield Table(("source", "reference", "DOI", "its numbers were"), tuple(cited), text_columns=4)
    yield Paragraph(
        file.score.filter.provenance.sha256 or "none: the filter did not come from a file", label="SHA-256 of the file"
    )
    yield Paragraph(file.command, label="this score again")


def _making(report: Report) -> Iterator[Block]:
    yield Paragraph(report.command, label="command")
    yield Paragraph(report.created, label="date")
    yield Paragraph(", ".join(f"{name} {number}" for name, number in versions().items()), label="versions")
