"""`selectivity temperature`: what warming does to a resting potential, effect by effect."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.iv import LONGEST_SWEEP, SMOOTH
from selectivity.cli.options import (
    AmountsIn,
    AmountsOut,
    CsvTo,
    JsonTo,
    OwnTemperature,
    Permeabilities,
    PlotTo,
    amounts,
)
from selectivity.cli.output import Outputs
from selectivity.cli.own_cell import AnyCell, CellFile, chosen_cell
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed

if TYPE_CHECKING:
    from selectivity.membrane.temperature import TemperatureResponse, TemperatureScaling, WarmingVerdict

First = Annotated[
    float | None, typer.Option("--from", metavar="KELVIN", help="First temperature, K; default: 15 K below.")
]
Last = Annotated[float | None, typer.Option("--to", metavar="KELVIN", help="Last temperature, K; default: 5 K above.")]
Step = Annotated[float, typer.Option("--step", metavar="KELVIN", help="Distance of the temperatures, K.")]
Q10Leak = Annotated[float, typer.Option("--q10-leak", metavar="Q10", help="Q10 of all permeabilities (no unit).")]
Q10Pump = Annotated[float, typer.Option("--q10-pump", metavar="Q10", help="Q10 of the pump current (no unit).")]
Gating = Annotated[
    list[str] | None,
    typer.Option(
        "--gating", metavar="ION=Q10", help="Q10 of an ion's channel opening, on top of the leak's; repeatable."
    ),
]
Barrier = Annotated[
    float | None,
    typer.Option("--ddg", metavar="KJ_MOL", help="ddG‡ that sets P_Na/P_K at every temperature, kJ/mol at 298.15 K."),
]
Enthalpy = Annotated[
    float | None,
    typer.Option("--enthalpy", metavar="KJ_MOL", help="Enthalpy part of ddG‡, kJ/mol; default: ddG‡ does not change."),
]
NoPump = Annotated[bool, typer.Option("--no-pump", help="Block the pump: only RT/F, gating and the barrier are left.")]


def temperature(
    cell: AnyCell = "neuron",
    cell_file: CellFile = None,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    reference: OwnTemperature = None,
    first: First = None,
    last: Last = None,
    step: Step = 5.0,
    q10_leak: Q10Leak = 1.3,
    q10_pump: Q10Pump = 2.69,
    gating: Gating = None,
    ddg: Barrier = None,
    enthalpy: Enthalpy = None,
    no_pump: NoPump = False,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Resting potential against temperature, taken apart: RT/F, barrier, gating, pump against leak.

    At the cell's own temperature (or --temperature) the pump balances the leaks (Mullins-Noda, mV); away from it every
    part follows its own law, concentrations held (minutes). The effects are switched on one after the other, so they
    add up (mV). The last line says when warming hyperpolarises.

    \b
    $ selectivity temperature --cell neuron --from 300.15 --to 310.15
    neuron: -73.82 mV at 310.15 K
    T (K)   V (mV)  thermal voltage (mV)  barrier (mV)  gating (mV)  pump against leak (mV)
    300.15  -68.78                  2.38          0.00         0.00                    2.66
    305.15  -71.02                  1.19          0.00         0.00                    1.61
    310.15  -73.82                  0.00          0.00         0.00                    0.00
    warming hyperpolarises by 0.63 mV/K with pump Q10 2.69 and leak Q10 1.3; it hyperpolarises whenever
    the pump Q10 exceeds 0.84
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.membrane.temperature import voltage_against_temperature, warming_verdict

    chosen = chosen_cell(
        cell, cell_file, outside=outside, inside=inside, permeability=permeability, temperature=reference
    )
    kelvin = _temperatures(chosen.temperature_k, first, last, step)
    scaling = _scaling(q10_leak, q10_pump, amounts(gating, "--gating"), ddg, enthalpy, no_pump)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        response = voltage_against_temperature(chosen, kelvin, scaling=scaling)
        verdict = warming_verdict(chosen, scaling=scaling)
    notes = list(dict.fromkeys(str(warning.message) for warning in caught))
    outputs.deliver(
        _document(response, verdict, notes),
        payload=lambda: _payload(response, verdict, notes),
        rows=lambda: _rows(response),
        draw=lambda path: _draw(chosen, kelvin, scaling, path),
    )


def _temperatures(own: float, first: float | None, last: float | None, step: float) -> list[float]:
    low, high = own - 15.0 if first is None else first, own + 5.0 if last is None else last
    if not step > 0.0 or not high >= low or (high - low) / step > LONGEST_SWEEP:
        raise typer.BadParameter(
            f"--from {low:g} --to {high:g} --step {step:g}: give --to above --from, a positive step"
        )
    return [low + i * step for i in range(int((high - low) / step + 1e-9) + 1)]


def _scaling(
    q10_leak: float, q10_pump: float, gating: dict[str, float], ddg: float | None, enthalpy: float | None, no_pump: bool
) -> TemperatureScaling:
    from selectivity.membrane.temperature import BarrierTemperature, TemperatureScaling

    if enthalpy is not None and ddg is None:
        raise typer.BadParameter("--enthalpy needs the barrier it belongs to; give --ddg too")
    barrier = None if ddg is None else BarrierTemperature(ddg, enthalpy_kj_mol=enthalpy)
    return TemperatureScaling(q10_leak=q10_leak, q10_pump=q10_pump, gating=gating, barrier=barrier, pump=not no_pump)


def _document(response: TemperatureResponse, verdict: WarmingVerdict, notes: list[str]) -> list[Block]:
    rows = tuple(
        (
            fixed(float(kelvin), 2),
            fixed(float(response.v_mv[i]), 2),
            *(fixed(float(values[i]), 2) for values in response.contributions_mv.values()),
        )
        for i, kelvin in enumerate(response.temperature_k)
    )
    columns = ("T (K)", "V (mV)", *(f"{name} (mV)" for name in response.contributions_mv))
    return [
        Heading(f"{response.cell}: {fixed(response.reference_mv, 2)} mV at {response.reference_k:g} K"),
        Table(columns, rows),
        Paragraph(verdict.condition),
        *(Paragraph(note, "warning") for note in notes),
    ]


def _rows(response: TemperatureResponse) -> list[dict[str, Any]]:
    columns = response.table().to_dict("list")
    names = list(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _payload(response: TemperatureResponse, verdict: WarmingVerdict, notes: list[str]) -> dict[str, Any]:
    return {
        "cell": response.cell,
        "reference_k": response.reference_k,
        "reference_mv": response.reference_mv,
        "rows": _rows(response),
        "dv_dt_mv_per_k": verdict.dv_dt_mv_per_k,
        "contributions_mv_per_k": dict(verdict.contributions_mv_per_k),
        "turning_q10_pump": verdict.turning_q10_pump,
        "hyperpolarises": verdict.hyperpolarises,
        "condition": verdict.condition,
        "warnings": notes,
    }


def _draw(chosen: Any, kelvin: list[float], scaling: TemperatureScaling, path: Path) -> None:
    """The same curve on a fine grid, whatever the step of the table; its warnings have been given."""
    import numpy as np

    from selectivity.membrane.temperature import voltage_against_temperature
    from selectivity.plotting.membrane_temperature import draw_temperature

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = voltage_against_temperature(chosen, np.linspace(kelvin[0], kelvin[-1], SMOOTH), scaling=scaling)
    draw_temperature(response).savefig(path)
