"""`selectivity rundown`: gradients that run down when the pump stops, and what else can be done to a cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.choices import among
from selectivity.cli.options import (
    AmountsIn,
    AmountsOut,
    CsvTo,
    JsonTo,
    OwnTemperature,
    Permeabilities,
    PlotTo,
)
from selectivity.cli.output import Outputs
from selectivity.cli.own_cell import AnyCell, CellFile, chosen_cell
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed

if TYPE_CHECKING:
    from selectivity.membrane.protocols import Phase
    from selectivity.membrane.pump_leak import PumpLeakCell
    from selectivity.membrane.rundown import RunDown

BLOCKS = ("pump", "atp", "synthesis", "Na", "K", "Cl", "KCC2", "NKCC1", "none")
TABLE_SECONDS = (0.0, 0.5, 60.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
"""Rows of the printed table, as far as the run goes; its end is always one."""

SATURABLE = "luo-rudy-1994"

Blocked = Annotated[
    str,
    typer.Option(
        "--block",
        metavar="WHAT",
        **among(*BLOCKS),
        help="pump, atp (its synthesis), synthesis (of new pumps), a path (Na, K, Cl, KCC2, NKCC1) or none.",
    ),
]
Minutes = Annotated[float, typer.Option("--minutes", metavar="MIN", help="How long, minutes.")]
Remaining = Annotated[
    float,
    typer.Option(
        "--remaining", metavar="SHARE", min=0.0, max=1.0, help="Share that the block leaves, 0 to 1 (no unit)."
    ),
]
Recover = Annotated[
    float, typer.Option("--recover", metavar="MIN", min=0.0, help="Minutes of washout after the block (0: none).")
]
HalfLife = Annotated[
    float, typer.Option("--half-life", metavar="HOURS", help="Half-life of the pumps for --block synthesis, hours.")
]
Kinetics = Annotated[
    str | None,
    typer.Option(
        "--kinetics", metavar="NAME", help="Pump rate law, matched to the cell's rest; an unknown name lists them."
    ),
]
Resistance = Annotated[
    float,
    typer.Option(
        "--resistance", metavar="KOHM_CM2", help="Membrane resistance where the cell names no conductances, kOhm cm²."
    ),
]
Diameter = Annotated[
    float | None, typer.Option("--diameter", metavar="UM", help="Fibre diameter where the cell has no size, µm.")
]
FixedVolume = Annotated[bool, typer.Option("--fixed-volume", help="Water cannot move: the cell keeps its volume.")]
Bath = Annotated[
    float | None,
    typer.Option(
        "--bath", metavar="RATIO", help="Volume of a closed bath per cell volume (no unit); default: infinite."
    ),
]


def rundown(
    cell: AnyCell = "pump-leak-neuron",
    cell_file: CellFile = None,
    block: Blocked = "pump",
    minutes: Minutes = 60.0,
    remaining: Remaining = 0.0,
    recover: Recover = 0.0,
    half_life: HalfLife = 5.0,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    temperature: OwnTemperature = None,
    kinetics: Kinetics = None,
    resistance: Resistance = 20.0,
    diameter: Diameter = None,
    fixed_volume: FixedVolume = False,
    bath: Bath = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """How a cell runs down: pump off, ATP gone, a channel shut, and back.

    The cell starts at its steady state; Na+, K+, Cl-, impermeant anions, water and the voltage (mV) then follow
    the pump-leak equations. A cell preset without transporters gets the pump and the cotransport that balance its
    leaks, and the output says what was assumed. Times in minutes, concentrations in mM, volume relative.

    \b
    $ selectivity rundown --cell pump-leak-neuron --block pump --minutes 60
    pump-leak-neuron, 310.15 K: pump blocked for 60 min
    time    V (mV)  Na+ (mM)  K+ (mM)  Cl- (mM)  volume
    0 s      -72.6      14.0    122.9       5.2    1.00
    0.5 s    -64.4      14.1    122.8       5.2    1.00
    1 min    -65.0      20.0    116.9       5.5    1.00
    5 min    -64.4      41.1     95.9       6.3    1.01
    10 min   -61.3      63.0     74.0       7.4    1.02
    20 min   -51.4      96.5     40.8      11.0    1.04
    30 min   -38.6     117.2     20.7      17.1    1.09
    60 min   -18.0     132.2      7.6      40.2    1.32
    note: end point 0.4 mV at 5.18 volumes
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.membrane.pump_leak_balance import cell_for_run_down
    from selectivity.membrane.rundown import run_down, sample_times

    chosen = chosen_cell(
        cell, cell_file, outside=outside, inside=inside, permeability=permeability, temperature=temperature
    )
    built = cell_for_run_down(chosen, resistance_kohm_cm2=resistance, diameter_um=diameter)
    built, notes = _with_pump(built, kinetics, recover)
    if bath is not None:
        built = built.with_changes(bath_to_cell_volume=bath)
    phases, atp = _protocol(block, minutes, remaining, recover, half_life)
    times = sample_times(phases, TABLE_SECONDS)
    run = run_down(built, phases, times_s=times, fixed_volume=fixed_volume, atp=atp)
    notes += [*built.notes, *_condition(run, block), *_ending(built, phases, fixed_volume)]
    title = f"{chosen.name}, {built.temperature:g} K: {_what(block, minutes, remaining, recover)}"
    outputs.deliver(
        _document(run, title, notes),
        payload=lambda: _payload(run, built, block, notes),
        rows=run.rows,
        draw=lambda path: _draw(run, title, path),
    )


def _with_pump(built: PumpLeakCell, kinetics: str | None, recover: float) -> tuple[PumpLeakCell, list[str]]:
    """The cell with the pump law asked for; a washout needs one that saturates."""
    from selectivity.membrane.pump import pump_kinetics
    from selectivity.membrane.pump_leak_steady import with_matched_pump

    if kinetics is None and recover > 0 and built.pump.form == "power":
        note = f"the law {built.pump.name} does not saturate; for the recovery {SATURABLE} was matched to the same rest"
        return with_matched_pump(built, pump_kinetics(SATURABLE)), [note]
    if kinetics is None:
        return built, []
    law = pump_kinetics(kinetics, capacitance_uf_per_cm2=built.capacitance_uf_per_cm2)
    return with_matched_pump(built, law), [f"pump law {kinetics} matched to the same rest"]


def _protocol(
    block: str, minutes: float, remaining: float, recover: float, half_life: float
) -> tuple[tuple[Phase, ...], Any]:
    from selectivity.membrane import protocols
    from selectivity.membrane.pump_leak import atp_numbers
    from selectivity.membrane.pump_leak_state import AtpSensitivity

    back = (protocols.Phase(60.0 * recover),) if recover > 0 else ()
    if block == "atp":
        resting, km = atp_numbers()
        return (*protocols.atp_depleted(minutes), *back), AtpSensitivity(resting_mm=resting, km_mm=km)
    if block == "synthesis":
        return (*protocols.synthesis_blocked(minutes, half_life_hours=half_life), *back), None
    if block == "none":
        return (protocols.Phase(60.0 * minutes), *back), None
    if block == "pump":
        return (*protocols.pump_blocked(minutes, remaining=remaining), *back), None
    return (*protocols.channel_blocked(minutes, block, remaining=remaining), *back), None


def _what(block: str, minutes: float, remaining: float, recover: float) -> str:
    names = {"pump": "pump blocked", "atp": "ATP synthesis stopped", "synthesis": "no new pumps", "none": "left alone"}
    left = f" to {100 * remaining:g} %" if remaining and block not in ("atp", "synthesis", "none") else ""
    back = f", then {recover:g} min of washout" if recover > 0 else ""
    return f"{names.get(block, f'{block} path blocked')}{left} for {minutes:g} min{back}"


def _condition(run: RunDown, block: str) -> list[str]:
    """Which way a channel block moves the voltage at once, and why: its current flowed towards its Nernst potential."""
    if block not in run.nernst_mv:
        return []
    e, v = float(run.nernst_mv[block][0]), float(run.v_mv[0])
    side, way = ("above", "hyperpolarises") if e > v else ("below", "depolarises")
    return [f"the block {way} at first, because E({block}) {fixed(e, 1)} mV lies {side} V {fixed(v, 1)} mV"]


def _ending(built: PumpLeakCell, phases: tuple[Phase, ...], fixed_volume: bool) -> list[str]:
    """Where the last phase would lead in the end."""
    from selectivity.membrane.pump_leak_steady import NoSteadyState, steady_state

    last = phases[-1]
    if not last.atp_supply:
        return []
    try:
        end = steady_state(built, pump=last.pump, leak=last.leak, fixed_volume=fixed_volume)
    except NoSteadyState:
        return ["no end point: the cell goes on swelling"]
    return [f"end point {fixed(end.v_mv, 1)} mV at {fixed(end.state.volume, 2)} volumes"]


def _document(run: RunDown, title: str, notes: list[str]) -> list[Block]:
    wanted = [t for t in TABLE_SECONDS if t < run.time_s[-1]] + [float(run.time_s[-1])]
    wanted += [start for start in run.phase_starts_s[1:] if start not in wanted]
    rows = []
    for time in sorted(wanted):
        i = int((abs(run.time_s - time)).argmin())
        inside = run.inside_mm
        numbers = (run.v_mv[i], inside["Na"][i], inside["K"][i], inside["Cl"][i])
        rows.append((_clock(time), *(fixed(float(x), 1) for x in numbers), fixed(float(run.volume[i]), 2)))
    columns = ("time", "V (mV)", "Na+ (mM)", "K+ (mM)", "Cl- (mM)", "volume")
    said: list[Block] = [Paragraph(note, "note") for note in notes]
    return [Heading(title), Table(columns, tuple(rows)), *said, *(Paragraph(text, "warning") for text in run.warnings)]


def _clock(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60.0 else f"{seconds / 60.0:g} min"


def _payload(run: RunDown, built: PumpLeakCell, block: str, notes: list[str]) -> dict[str, Any]:
    return {
        "cell": built.name,
        "temperature_k": built.temperature,
        "block": block,
        "pump_law": built.pump.name,
        "phase_starts_s": list(run.phase_starts_s),
        "charge_residual_mm": run.charge_residual_mm,
        "rows": run.rows(),
        "notes": notes,
        "warnings": list(run.warnings),
        "sources": list(run.sources),
    }


def _draw(run: RunDown, title: str, path: Path) -> None:
    from selectivity.plotting.rundown import draw_rundown

    draw_rundown(run, title=title.replace(": ", "\n", 1)).savefig(path)
