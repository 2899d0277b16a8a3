"""`selectivity survey`: many structure files, one row for each pore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity import __version__
from selectivity.cli import choices
from selectivity.cli.batch import Outcome, report_failures, run_batch
from selectivity.cli.failures import EXIT_REFUSED, one_line, show_error
from selectivity.cli.filter_options import (
    Altloc,
    Assembly,
    Files,
    ForceField,
    Hydration,
    Source,
    every_file,
    local_file,
)
from selectivity.cli.options import Backend, CsvTo, Jobs, JsonTo, PlotTo, Scheduler, Temperature
from selectivity.cli.output import Outputs
from selectivity.files import atomic_path, require_writable
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import UNDEFINED, fixed

if TYPE_CHECKING:
    import pandas as pd

    from selectivity.trajectory.block import Model
    from selectivity.trajectory.collection import SurveyRow

HELD = ("rigid", "none")
"""Treatments in which no atom of the filter moves."""

MOST_DOUBTS = 8
"""Pores whose warnings are printed; a table is the better reader of more."""

HeldTreatment = Annotated[
    str,
    typer.Option(
        "--treatment",
        metavar="NAME",
        **choices.among(*HELD),
        help=f"ddG of every site with the filter as it is: {', '.join(HELD)}.",
    ),
]
OnePore = Annotated[
    str | None,
    typer.Option(
        "--pore", metavar="NUMBER|CHAIN", help="One pore, where a file holds several; default: a row for each."
    ),
]
ParquetTo = Annotated[
    str | None, typer.Option("--parquet", metavar="PATH", help="Write the table of --csv as a Parquet file.")
]


@dataclass(frozen=True)
class Surveying:
    """How to survey a file; it travels to worker processes."""

    model: Model
    source: Source

    def __call__(self, word: str) -> list[SurveyRow]:
        from selectivity.trajectory.collection import survey_file

        s = self.source
        return survey_file(
            local_file(word), model=self.model, assembly=s.assembly, pore=s.pore, altloc=s.altloc, name=word
        )


def survey(
    files: Files,
    treatment: HeldTreatment = "rigid",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    temperature: Temperature = 298.15,
    assembly: Assembly = "auto",
    pore: OnePore = None,
    altloc: Altloc = "auto",
    jobs: Jobs = 1,
    backend: Backend = "processes",
    scheduler: Scheduler = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    parquet_to: ParquetTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Many structure files: rings, ions, coordination and rigid K+/Na+ energies, a row for each pore.

    Each file is read as a single frame of a trajectory, in the time that it takes to parse it: for hundreds of files. Radii are in Å,
    from the cavity outward (T75 OG1, then T75 O to G79 O of KcsA), ddG in kJ/mol, positive: K+ preferred, every atom held; no error
    bars, no ratio: those are `selectivity score`'s. The tables (--csv, --parquet, --json) also hold every carbonyl, coordination
    numbers, and how the filter was found.
    Sites from the mouth inward: S0 S1 S2 S3 S4 Scav; K is K+, N Na+, X another ion, W water only.

    A file without a filter is reported, has its row in the tables, the others go on, and the exit code is 1.

    \b
    $ selectivity survey structures
    5 files: 5 pores
    file                filter      Å  conducts  S0-Scav  ring radii (Å)  ...
    collapsed_like.pdb  TVGYG 75 ...
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    if parquet_to is not None:
        if parquet_to in (json_to, csv_to, plot_to):
            raise typer.BadParameter(f"--parquet {parquet_to}: another output has that name; give each its own")
        if str(parquet_to) == "-":
            raise typer.BadParameter("--parquet -: a table of bytes is no text for a terminal; name a file")
        require_writable(parquet_to)
    from selectivity.trajectory.block import Model
    from selectivity.trajectory.collection import checked, refused_row, survey_table

    model = checked(Model(() if treatment == "none" else (treatment,), force_field, hydration, temperature))
    task = Surveying(model, Source.of(assembly, pore, altloc, None))
    outcomes = run_batch(task, every_file(files), jobs=jobs, backend=backend, scheduler=scheduler)
    exit_code = max(report_failures(outcomes), _report_pores(outcomes))
    rows = [row for each in outcomes for row in each.value or [refused_row(each.source, str(each.error), model)]]
    if rows:
        table = survey_table(rows)
        if parquet_to is not None:
            with atomic_path(parquet_to) as temporary:
                table.to_parquet(temporary, index=False)
        seen = any(not row.refusal for row in rows)
        (outputs if seen else Outputs(json_to, csv_to, None)).deliver(  # nothing to draw
            _document(table, rigid=bool(model.treatments)) if seen else (),
            payload=lambda: _payload(table, model),
            rows=lambda: _records(table),
            draw=lambda path: _draw(table, path),
        )
    if exit_code:
        raise typer.Exit(exit_code)


def _report_pores(outcomes: Sequence[Outcome[list[SurveyRow]]]) -> int:
    """One error line for every pore that was refused beside others of its file; the exit code that they ask for."""
    refused = [row for outcome in outcomes for row in outcome.value or [] if row.refusal]
    for row in refused:
        show_error(f"{row.found['file']}: pore {row.found['pore']} of {row.found['pores']}: {one_line(row.refusal)}")
    return EXIT_REFUSED if refused else 0


def _payload(table: pd.DataFrame, model: Model) -> dict[str, Any]:
    """What `--json` holds: the model, and one object per row with the columns of the table."""
    return {
        "version": __version__,
        "model": {
            "treatments": list(model.treatments),
            "force_field": model.force_field,
            "hydration": model.hydration,
            "temperature_k": model.temperature,
        },
        "pores": _records(table),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with None where a value is undefined."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _document(table: pd.DataFrame, *, rigid: bool) -> list[Block]:
    from selectivity.trajectory.collection import PLACES
    from selectivity.trajectory.topology import SITES

    found = table[table["refusal"] == ""]
    refused = table[table["refusal"] != ""]
    names = _short(found["file"].tolist())
    columns = ("file", "filter", "Å", "conducts", "S0-Scav", "ring radii (Å)", *(SITES if rigid else ()))
    rows = tuple(
        (
            name if row["pores"] == 1 else f"{name} pore {row['pore']}",
            f"{row['signature']} {row['first_residue']}",
            fixed(row["resolution_angstrom"], 2),
            "yes" if row["conductive"] else "no",
            row["occupancy"],
            " ".join(fixed(row[f"radius_{place}_angstrom"], 2).rjust(4) for place in PLACES),
            *((fixed(row[f"ddg_rigid_{site}_kj_mol"], 0) for site in SITES) if rigid else ()),
        )
        for name, row in zip(names, _records(found), strict=True)
    )
    lost = f", {len(refused)} refused" if len(refused) else ""
    blocks: list[Block] = [
        Heading(f"{_counted(table['file'].nunique(), 'file')}: {_counted(len(found), 'pore')}{lost}"),
        Table(columns, rows, text_columns=6),
        Paragraph(
            "rings from the cavity outward: hydroxyl, carbonyls 1 to 5"
            + ("; by site: rigid ddG, kJ/mol, positive: K+ preferred, - not formed" if rigid else "")
        ),
    ]
    if len(found) > 1:
        blocks.append(_over_all(found, rigid=rigid))
    return [*blocks, *_doubts(names, found)]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _doubts(names: Sequence[str], found: pd.DataFrame) -> Iterator[Block]:
    """The warnings of a few pores, the number of many."""
    doubts = [(name, text) for name, text in zip(names, found["warnings"], strict=True) if text]
    if len(doubts) <= MOST_DOUBTS:
        yield from (Paragraph(f"{name}: {text}", "warning") for name, text in doubts)
    else:
        yield Paragraph(f"warnings about {len(doubts)} of {len(found)} pores: column warnings of the tables", "note")


def _over_all(found: pd.DataFrame, *, rigid: bool) -> Table:
    """Each site over all pores: how often it is formed, what it holds, what it prefers."""
    from selectivity.trajectory.topology import SITES

    rows = []
    for site in SITES:
        counts = {kind: int((found[f"n_{kind}_{site}"] > 0).sum()) for kind in ("k", "na", "other")}
        row = [site, str(int(found[f"formed_{site}"].sum())), *(str(counts[kind]) for kind in counts)]
        rows.append((*row, _spread(found[f"ddg_rigid_{site}_kj_mol"])) if rigid else tuple(row))
    columns = ("site", "formed", "with K+", "with Na+", "with other ions")
    return Table(
        (*columns, "ddG, median and quartiles (kJ/mol)") if rigid else columns,
        tuple(rows),
        title=f"of {len(found)} pores",
    )


def _spread(values: pd.Series[float]) -> str:
    known = values.dropna()
    if known.empty:
        return UNDEFINED
    low, middle, high = (f"{known.quantile(share):.0f}" for share in (0.25, 0.5, 0.75))
    return f"{middle} ({low} to {high})"


def _short(paths: Sequence[str]) -> list[str]:
    """Names of files without their folders, where that tells them apart."""
    names = [Path(path).name for path in paths]
    return names if len(set(names)) == len(set(paths)) else list(paths)


def _draw(table: pd.DataFrame, path: Path) -> None:
    from selectivity.plotting.survey import draw_survey

    draw_survey(table).savefig(path)
