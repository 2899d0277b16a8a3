"""`selectivity trajectory`: frames of simulations into time series, and statistics over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli import choices
from selectivity.cli.filter_options import ForceField, Hydration, Pore, Seed
from selectivity.cli.options import CsvTo, JsonTo, PlotTo, Scheduler, Temperature
from selectivity.cli.output import Outputs
from selectivity.cli.verbosity import watched
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import with_error

if TYPE_CHECKING:
    import pandas as pd

    from selectivity.trajectory.summary import SiteSummary, Summary

FRAME_TREATMENTS = ("rigid", "relaxed", "both", "none")
MOST_ROWS = 8

Topology = Annotated[
    str, typer.Argument(metavar="TOPOLOGY", help="Topology that MDAnalysis reads: PSF, GRO, PDB, TPR, PRMTOP ...")
]
Trajectories = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TRAJECTORY",
        help="Trajectories of it, each a replica: XTC, DCD, TRR ...; none: the frames of TOPOLOGY.",
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out", metavar="DIR", help="Folder of the time series (Parquet); a run that was interrupted goes on there."
    ),
]
FrameTreatment = Annotated[
    str,
    typer.Option(
        "--treatment",
        metavar="NAME",
        **choices.among(*FRAME_TREATMENTS),
        help=f"ddG of every frame: {', '.join(FRAME_TREATMENTS)}.",
    ),
]
Start = Annotated[
    int | None,
    typer.Option(
        "--start",
        metavar="FRAME",
        help="First frame taken of every trajectory, counted from 0, or from its end if negative.",
        show_default="the first",
    ),
]
Stop = Annotated[
    int | None,
    typer.Option(
        "--stop",
        metavar="FRAME",
        help="Frame before which to stop; --start -100 alone takes the last hundred.",
        show_default="the end",
    ),
]
Stride = Annotated[int, typer.Option("--stride", metavar="NUMBER", min=1, help="Take every so-manieth frame.")]
ChunkSize = Annotated[
    int,
    typer.Option("--chunk", metavar="FRAMES", min=1, help="Frames that are written together; a kill loses no more."),
]
ColdEvery = Annotated[
    int,
    typer.Option(
        "--cold-every",
        metavar="FRAMES",
        min=0,
        help="Search relaxed minima anew in the last of every so many frames, the last of all where there are fewer; 0: never.",
    ),
]
Bound = Annotated[bool, typer.Option("--bound", help="Means of ddG over frames with K+ in the site only.")]
Voltage = Annotated[
    float | None,
    typer.Option(
        "--voltage", metavar="MV", help="Applied voltage in mV (positive drives cations outward): gives a conductance."
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        **choices.among("serial", "processes", "dask"),
        help="Who works: serial, processes, dask.",
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", metavar="NUMBER", min=1, help="Processes of --backend processes or dask.")
]


def trajectory(
    topology: Topology,
    trajectories: Trajectories = None,
    out: Out = "selectivity-run",
    treatment: FrameTreatment = "rigid",
    start: Start = None,
    stop: Stop = None,
    stride: Stride = 1,
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    temperature: Temperature = 298.15,
    sigma: Annotated[
        float, typer.Option("--sigma", metavar="ANGSTROM", help="Softness of the restraints of relaxed scores, Å.")
    ] = 0.30,
    pore: Pore = None,
    bound: Bound = False,
    voltage: Voltage = None,
    cold_every: ColdEvery = 500,
    chunk: ChunkSize = 200,
    backend: Backend = "serial",
    workers: Workers = 1,
    scheduler: Scheduler = None,
    seed: Seed = 0,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Simulations: occupancy, flips, coordination and K+/Na+ energies of every frame, with statistics.

    The filter is found once and followed. Every frame gives a row in DIR (radii in Å, angles in degrees, ddG in kJ/mol, positive:
    K+ preferred), every ion near the axis another; the summary has means with errors that know how long frames remember. DIR also gets
    occupancy.csv, transitions.csv and dwell.csv: states, what follows what, how long ions stay.
    Sites from the mouth inward in occupancy strings: S0 S1 S2 S3 S4 Scav; K is K+, N Na+, X another ion, W water.

    \b
    $ selectivity trajectory structures/kcsa_like.pdb --treatment none --out run
    kcsa_like.pdb: filter TVGYG from residue 75, 1 of 1 frames in run
    ...
    site  K+ ...
    S0 ...
    ...
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    if workers > 1 and backend == "serial":
        raise typer.BadParameter(f"--workers {workers} with --backend serial: name --backend processes or dask")
    from selectivity.trajectory.backends import start_ahead

    start_ahead(backend, workers)  # they load while this process does
    from selectivity.trajectory.block import Model
    from selectivity.trajectory.engine import run_trajectories
    from selectivity.trajectory.summary import summarise, write_tables

    treatments = {"both": ("rigid", "relaxed"), "none": ()}.get(treatment, (treatment,))
    model = Model(treatments, force_field, hydration, temperature, sigma)
    with _progress() as progress:
        store = run_trajectories(
            topology,
            trajectories or [],
            out,
            model=model,
            start=start,
            stop=stop,
            stride=stride,
            chunk=chunk,
            cold_every=cold_every or None,
            pore=pore,
            backend=backend,
            workers=workers,
            scheduler=scheduler,
            progress=progress,
        )
    summary = summarise(store, bound=bound, voltage_mv=voltage, seed=seed)
    write_tables(summary, store)
    outputs.deliver(
        _document(summary, topology, out),
        payload=summary.to_dict,
        rows=summary.rows,
        draw=lambda path: _draw(summary, path),
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar with frames per second and time left, on a terminal."""
    if not watched():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import Task as BarTask

    class Rate(TextColumn):
        def render(self, task: BarTask) -> Any:
            from rich.text import Text

            return Text("" if task.speed is None else f"{task.speed:.3g} frames/s")

    columns: tuple[Any, ...] = (
        TextColumn("frames"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(""),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        frames = bar.add_task("frames", total=None)
        yield lambda done, total: bar.update(frames, completed=done, total=total)


def _document(summary: Summary, topology: str, out: str) -> list[Block]:
    found = summary.question["filter"]
    blocks: list[Block] = [
        Heading(
            f"{Path(topology).name}: filter {found['signature']} from residue {found['first_residue']}, "
            f"{summary.n_usable} of {summary.n_frames} frames in {out}"
        )
    ]
    blocks += [Paragraph(line, "warning") for line in summary.unusable]
    blocks += [Paragraph(line, "note") for line in summary.question["notes"]]
    blocks.append(_site_table(summary))
    blocks.append(_means(summary.rings, ("ring", "radius (Å)"), "ring", "radius_angstrom", "error_angstrom"))
    blocks.append(_means(summary.flips, ("carbonyls of", "flipped share"), "residue", "flipped_share", "error"))
    blocks.append(
        _means(summary.populations.head(MOST_ROWS), ("S0 to Scav", "share"), "occupancy", "share", "share_error")
    )
    blocks += [*_moves(summary), Paragraph(_flow(summary)), *_remarks(summary)]
    return blocks


def _moves(summary: Summary) -> Iterator[Block]:
    """What follows what, the commonest first, and how long ions stay; nothing where nothing moved."""
    moves = summary.transitions
    if len(moves):
        rows = tuple(
            (before, after, str(count), "" if rate is None else f"{rate:.3g}")
            for before, after, count, rate in _plain(moves.head(MOST_ROWS))
        )
        yield Table(("from", "to", "times", "per ns in the first"), rows, text_columns=2)
    stays = tuple(
        (
            species,
            site,
            str(number),
            f"over {time / 1000.0:.4g}"
            if mean is None
            else with_error(mean / 1000.0, None if error is None else error / 1000.0),
        )
        for species, site, number, _, mean, error, time in _plain(summary.dwell)
    )
    if stays and summary.n_usable > 1:
        yield Table(("ion", "site", "stays", "mean stay (ns)"), stays, text_columns=2)


def _plain(table: pd.DataFrame) -> list[list[Any]]:
    """Rows of a table, None for NaN."""
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


def _means(table: pd.DataFrame, columns: tuple[str, str], name: str, mean: str, error: str) -> Table:
    """Names and means with their errors, row by row."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return Table(columns, tuple((str(row[name]), with_error(row[mean], row[error])) for row in rows))


def _site_table(summary: Summary) -> Table:
    treatments = list(summary.question["treatments"])
    which = ", with K+" if summary.bound_only else ""
    columns = (
        "site",
        "K+",
        "Na+",
        "water only",
        "carbonyl/hydroxyl/water",
        *(f"ddG {t}{which} (kJ/mol)" for t in treatments),
        "perturbation (kJ/mol)",
    )
    return Table(columns, tuple(_site_row(s, treatments) for s in reversed(summary.sites)))


def _site_row(s: SiteSummary, treatments: list[str]) -> tuple[str, ...]:
    shares = (with_error(s.shares[name].mean, s.shares[name].error) for name in ("k", "na", "water_only"))
    numbers = "/".join("-" if value is None else f"{value:.1f}" for value in s.coordination.values())
    fep = s.perturbation
    return (
        s.site,
        *shares,
        numbers,
        *(with_error(s.ddg[t].mean, s.ddg[t].error) for t in treatments),
        "refused" if fep.ddg_kj_mol is None else with_error(fep.ddg_kj_mol, fep.error_kj_mol),
    )


def _flow(summary: Summary) -> str:
    p = summary.passages
    text = f"passages: {p.count(direction='outward')} outward, {p.count(direction='inward')} inward in {p.duration_ps / 1000.0:.4g} ns"
    if p.current_pa is not None and p.current_interval_pa is not None:
        low, high = p.current_interval_pa
        text += f"; current {p.current_pa:.3g} pA (95 %: {low:.3g} to {high:.3g})"
    if summary.voltage_mv is not None and (g := p.conductance_ps(summary.voltage_mv)) is not None:
        text += f", {g:.3g} pS at {summary.voltage_mv:g} mV"
    return text


def _remarks(summary: Summary) -> Iterator[Block]:
    inferred = int(summary.passages.events["inferred"].sum()) if len(summary.passages.events) else 0
    if inferred:
        yield Paragraph(f"{inferred} passages inferred: the ion was out of sight before or after", "note")
    for s in summary.sites:
        if s.perturbation.reason and s.perturbation.n_frames > 1:
            yield Paragraph(f"{s.site}: perturbation refused: {s.perturbation.reason}", "note")
        if s.cold_checks:
            text = (
                f"relaxed and fully searched ddG differ by up to {s.cold_kj_mol:.2g} kJ/mol in {s.cold_checks} frames"
            )
            yield Paragraph(f"{s.site}: {text}", "note")
    if "relaxed" in summary.question["treatments"] and not any(s.cold_checks for s in summary.sites):
        yield Paragraph("relaxed energies: no frame was searched in full, so that what the quick search misses is not known", "note")


def _draw(summary: Summary, path: Path) -> None:
    from selectivity.plotting.trajectory import draw_trajectory

    draw_trajectory(summary).savefig(path)
