"""`selectivity report`: structure files into one page that shows the chain from structure to voltage."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli import choices
from selectivity.cli.batch import Outcome, report_failures, run_batch
from selectivity.cli.filter_options import Files, Ions, Neighbours, Quick, TargetError, Treatment, every_file
from selectivity.cli.option_groups import FilterOptions, ModelOptions, grouped
from selectivity.cli.options import JobsOrCores, available_cores
from selectivity.cli.score import scoring_of, watched
from selectivity.cli.wording import in_options
from selectivity.files import require_writable, write_text

if TYPE_CHECKING:
    from selectivity.report.collection import Report
    from selectivity.score import FilterScore

FORMATS = {"html": (".html", ".htm"), "md": (".md", ".markdown"), "json": (".json",)}
"""Formats of a report and the extensions that ask for them."""

ReportTo = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Where the report goes; - writes md or json to stdout; default: report.html, .md or .json."
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        callback=choices.one_of(*FORMATS),
        help=f"{', '.join(FORMATS)}; default: what the extension of the output says, else html.",
    ),
]


@grouped
def report(
    context: typer.Context,
    files: Files,
    *,
    output: ReportTo = None,
    format: Format = None,
    quick: Quick = False,
    treatment: Treatment = "thermal",
    ions: Ions = "K,Na",
    model: ModelOptions,
    where: FilterOptions,
    neighbours: Neighbours = None,
    target_error: TargetError = 1.0,
    jobs: JobsOrCores = None,
) -> None:
    """One page from structure to voltage, to read, to turn and to pass on.

    The page shows the filter in three dimensions, sites and their energies (kJ/mol), the permeability ratio with its 95 %
    interval and the membrane potential (mV), warnings in plain words, what the model cannot know, and how to make it again.
    It needs no network and opens from disk. Several files give a comparison in front.

    The options are those of score, and so are the numbers. A file that cannot be read is reported on stderr and on the
    page, the others go on, and the exit code is 1.

    \b
    $ selectivity report structures/kcsa_like.pdb --quick -o kcsa.html
    kcsa.html: report of 1 file
    $ selectivity report structures/kcsa_like.pdb structures/nak_like.pdb --quick --format md -o -
    # selectivity report: 2 files
    ...
    """
    kind = format or ("html" if output is None else _format_of(output))
    output = output or f"report.{kind}"
    if output == "-" and kind == "html":
        raise typer.BadParameter("-o - writes md or json to stdout; give a page a file, or name --format md or json")
    if output != "-":
        require_writable(output)
    files = every_file(files)
    scoring = scoring_of(
        where.source(),
        quick=quick,
        ions=ions,
        treatment=treatment,
        neighbours=neighbours,
        target_error=target_error,
        jobs=(jobs or available_cores()) if len(files) == 1 else 1,
        **model.keywords(),
    )
    task = scoring if len(files) > 1 else partial(watched, scoring)
    outcomes = run_batch(task, files, jobs=jobs or 1)
    exit_code = report_failures(outcomes)
    if any(outcome.value is not None for outcome in outcomes):
        _deliver(_collected(context, files, outcomes), kind, output)
    if exit_code:
        raise typer.Exit(exit_code)


def _format_of(output: str) -> str:
    ending = Path(output).suffix.lower()
    return next((name for name, endings in FORMATS.items() if ending in endings), "html")


def _collected(context: typer.Context, files: list[str], outcomes: list[Outcome[FilterScore]]) -> Report:
    from selectivity.report.collection import FailedFile, Report, ScoredFile
    from selectivity.report.provenance import created

    scored = [
        ScoredFile(path, outcome.value, _command("score", [path], context, leave_out=("output", "format", "jobs")))
        for path, outcome in zip(files, outcomes, strict=True)
        if outcome.value is not None
    ]
    failed = [
        FailedFile(path, str(outcome.error).removeprefix(f"{path}: "))
        for path, outcome in zip(files, outcomes, strict=True)
        if outcome.value is None
    ]
    return Report(tuple(scored), tuple(failed), _command("report", files, context), created())


def _command(name: str, files: list[str], context: typer.Context, leave_out: tuple[str, ...] = ()) -> str:
    """The command line that does this again: files, then every option that is not at its default."""
    words = ["selectivity", name, *files]
    for parameter in context.command.params:
        value = context.params.get(str(parameter.name))
        if (
            parameter.param_type_name != "option"
            or parameter.name in leave_out
            or value == parameter.default
            or value is None
        ):
            continue
        words += _option_words(parameter.opts[0], value)
    return shlex.join(words)


def _option_words(option: str, value: Any) -> list[str]:
    if value is True:
        return [option]
    entries = value if isinstance(value, list | tuple) else [value]
    return [word for entry in entries for word in (option, str(entry))]


def _deliver(report: Report, kind: str, output: str) -> None:
    from selectivity.report.collection import report_json, report_markdown
    from selectivity.report.page import page

    if kind == "html":
        text = page(report, wording=in_options)
    else:
        text = report_json(report) if kind == "json" else report_markdown(report)
    if output == "-":
        print(text, end="")
        return
    write_text(output, text)
    count = len(report.files)
    lost = f", {len(report.failed)} not scored" if report.failed else ""
    print(f"{output}: report of {count} file{'' if count == 1 else 's'}{lost}")
