"""`selectivity score`: structure files into sites, barrier, permeability ratio and membrane potential."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from selectivity.cli.batch import report_failures, run_batch
from selectivity.cli.filter_options import (
    Files,
    Ions,
    Neighbours,
    Quick,
    Scoring,
    Source,
    TargetError,
    Treatment,
    every_file,
    scoring_keywords,
)
from selectivity.cli.option_groups import FilterOptions, ModelOptions, grouped
from selectivity.cli.options import (
    Backend,
    CsvTo,
    JobsOrCores,
    JsonTo,
    PlotTo,
    Scheduler,
    available_cores,
)
from selectivity.cli.output import Outputs
from selectivity.cli.progress import counting

if TYPE_CHECKING:
    from selectivity.report.document import Block
    from selectivity.score import FilterScore


@grouped
def score(
    files: Files,
    *,
    quick: Quick = False,
    treatment: Treatment = "thermal",
    ions: Ions = "K,Na",
    model: ModelOptions,
    where: FilterOptions,
    neighbours: Neighbours = None,
    target_error: TargetError = 1.0,
    jobs: JobsOrCores = None,
    backend: Backend = "processes",
    scheduler: Scheduler = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """The whole chain: structure file to membrane potential.

    Scores K+ against Na+ in the filter of each file: per-site ddG (kJ/mol), barrier difference ddG‡ (kJ/mol),
    permeability ratio P_K/P_Na with its 95 % interval, membrane potential (mV).

    By default each site's free energy is sampled at the temperature, with water where it reaches, and several ions
    queue through the filter: one to two minutes of one core for a file. --quick takes seconds.

    One file prints the whole chain; several print a line each. A filter that does not conduct is a result (exit
    code 0); a file that cannot be read is reported, the others go on, and the exit code is 1.

    \b
    $ selectivity score structures/kcsa_like.pdb --quick
    kcsa_like.pdb: filter TVGYG from residue 75, four strands, 2.00 Å
    ...
    permeation, rule profile: ddG‡ ... kJ/mol, P_K/P_Na ...
    ...
    $ selectivity score structures/*.pdb --quick --jobs 2 --csv sites.csv --json scores.json
    file ...
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    files = every_file(files)
    if plot_to is not None and len(files) > 1:
        raise typer.BadParameter(f"--plot draws one file, {len(files)} were given; score them one by one for pictures")
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
    task = scoring if len(files) > 1 or backend != "processes" else partial(watched, scoring)
    outcomes = run_batch(task, files, jobs=jobs or 1, backend=backend, scheduler=scheduler)
    exit_code = report_failures(outcomes)
    scores = [outcome.value for outcome in outcomes if outcome.value is not None]
    if scores:
        _deliver(outputs, scores, single=len(files) == 1)
    if exit_code:
        raise typer.Exit(exit_code)


def scoring_of(
    source: Source, *, quick: bool, treatment: str, hydration_state: str | None, rule: str | None, **options: Any
) -> Scoring:
    """How to score a file by the options of `selectivity score`, checked before any file is read; --quick fills in what it stands for."""
    scoring = Scoring(
        source,
        scoring_keywords(
            treatment="relaxed" if quick and treatment == "thermal" else treatment,
            hydration_state=hydration_state or ("dry" if quick else None),
            rule=rule or ("profile" if quick else None),
            **options,
        ),
    )
    scoring.check()
    return scoring


def watched(scoring: Scoring, path: str) -> FilterScore:
    """One file, with a bar over the places that are sampled."""
    with counting("places sampled") as progress:
        return scoring(path, progress=progress)


def _deliver(outputs: Outputs, scores: list[FilterScore], *, single: bool) -> None:
    from selectivity.report.score import score_document, score_rows, summary_table

    document: list[Block] = score_document(scores[0]) if single else [summary_table(scores)]

    def draw(path: Path) -> None:
        from selectivity.plotting import save_score_figure

        save_score_figure(scores[0], path)

    outputs.deliver(
        document,
        payload=lambda: scores[0].to_dict() if single else [score.to_dict() for score in scores],
        rows=lambda: [row for score in scores for row in score_rows(score)],
        draw=draw,
    )
