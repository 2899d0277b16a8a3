"""`selectivity iv`: current-voltage curves of a cell's permeabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.options import AmountsIn, AmountsOut, CsvTo, JsonTo, OwnTemperature, Permeabilities, PlotTo
from selectivity.cli.output import Outputs
from selectivity.cli.own_cell import AnyCell, CellFile, chosen_cell
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed, significant

if TYPE_CHECKING:
    from selectivity.membrane.currents import CurrentVoltage

MICRO = 1e3
"""µA/cm² per mA/cm², and mS/cm² per S/cm²."""

SMOOTH = 201
"""Points of a drawn curve, however coarse the table's."""

LONGEST_SWEEP = 100_000
"""Points of one sweep; more are a slip of the step."""

Potassium = Annotated[
    float,
    typer.Option(
        "--p-k",
        metavar="CM_S",
        help="Permeability of K+, cm/s, that the relative ones multiply; it only scales the currents. The default makes "
        "a membrane of about 0.1 mS/cm² at rest.",
    ),
]
First = Annotated[float, typer.Option("--from", metavar="MV", help="First voltage, mV.")]
Last = Annotated[float, typer.Option("--to", metavar="MV", help="Last voltage, mV.")]
Step = Annotated[float, typer.Option("--step", metavar="MV", help="Distance of the voltages, mV.")]


def iv(
    cell: AnyCell = "neuron",
    cell_file: CellFile = None,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    temperature: OwnTemperature = None,
    potassium: Potassium = 1e-6,
    first: First = -120.0,
    last: Last = 60.0,
    step: Step = 20.0,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Current-voltage curves by the Goldman-Hodgkin-Katz current equation.

    Current of each permeant ion and their sum (µA/cm², outward positive), slope conductance (mS/cm²), and the
    reversal potential (mV) where the sum is zero. Any valences.

    \b
    $ selectivity iv --cell neuron --from -90 --to -50
    neuron: the total current reverses at -68.59 mV (310.15 K, P_K 1e-06 cm/s)
    V (mV)   I_K (µA/cm²)  I_Na (µA/cm²)  total (µA/cm²)  slope (mS/cm²)
    -90.0         -0.058         -1.945          -2.003          0.0806
    -70.0          1.418         -1.569          -0.151           0.106
    -50.0          3.533         -1.218           2.316           0.142
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    import numpy as np

    from selectivity.membrane.currents import current_voltage

    chosen = chosen_cell(
        cell, cell_file, outside=outside, inside=inside, permeability=permeability, temperature=temperature
    )
    scale = potassium / (chosen.permeability.get("K") or 1.0)

    def at(volts: Any) -> CurrentVoltage:
        return current_voltage(
            {ion: scale * p for ion, p in chosen.permeability.items()},
            outside=chosen.outside,
            inside=chosen.inside,
            temperature=chosen.temperature_k,
            voltage=volts,
        )

    curves = at(np.array(voltages(first, last, step)))
    outputs.deliver(
        _document(curves, chosen.name, potassium),
        payload=lambda: _payload(curves, chosen.name, potassium),
        rows=lambda: _rows(curves),
        draw=lambda path: _draw(at(np.linspace(first, last, SMOOTH)), chosen.name, path),
    )


def voltages(first: float, last: float, step: float) -> list[float]:
    """Voltages (mV) of a sweep; a sweep without points, or with too many, is a usage error."""
    if not step > 0.0 or not last >= first or (last - first) / step > LONGEST_SWEEP:
        raise typer.BadParameter(
            f"--from {first:g} --to {last:g} --step {step:g}: give --to above --from and a positive step "
            f"(at most {LONGEST_SWEEP} voltages)"
        )
    return [first + i * step for i in range(int((last - first) / step + 1e-9) + 1)]


def _document(curves: CurrentVoltage, name: str, potassium: float) -> list[Block]:
    ions = list(curves.current_ma_cm2)
    rows = tuple(
        (
            fixed(float(v), 1),
            *(fixed(MICRO * float(curves.current_ma_cm2[ion][i]), 3) for ion in ions),
            fixed(MICRO * float(curves.total_ma_cm2[i]), 3),
            significant(MICRO * float(curves.slope_conductance_s_cm2[i]), 3),
        )
        for i, v in enumerate(curves.voltage_mv)
    )
    columns = ("V (mV)", *(f"I_{ion} (µA/cm²)" for ion in ions), "total (µA/cm²)", "slope (mS/cm²)")
    return [
        Heading(
            f"{name}: the total current reverses at {fixed(curves.reversal_mv, 2)} mV ({curves.temperature_k:g} K, "
            f"P_K {potassium:g} cm/s)"
        ),
        Table(columns, rows),
        *_outside_range(curves),
    ]


def _outside_range(curves: CurrentVoltage) -> list[Block]:
    if curves.voltage_mv[0] <= curves.reversal_mv <= curves.voltage_mv[-1]:
        return []
    return [Paragraph("the reversal potential lies outside the voltages shown; change --from and --to", "note")]


def _rows(curves: CurrentVoltage) -> list[dict[str, Any]]:
    return [
        {
            "v_mv": float(v),
            **{f"i_{ion}_ua_cm2": MICRO * float(i_ion[i]) for ion, i_ion in curves.current_ma_cm2.items()},
            "i_total_ua_cm2": MICRO * float(curves.total_ma_cm2[i]),
            "slope_conductance_ms_cm2": MICRO * float(curves.slope_conductance_s_cm2[i]),
        }
        for i, v in enumerate(curves.voltage_mv)
    ]


def _payload(curves: CurrentVoltage, name: str, potassium: float) -> dict[str, Any]:
    return {
        "cell": name,
        "temperature_k": curves.temperature_k,
        "potassium_permeability_cm_s": potassium,
        "reversal_mv": curves.reversal_mv,
        "rows": _rows(curves),
    }


def _draw(curves: CurrentVoltage, name: str, path: Path) -> None:
    from selectivity.plotting.membrane_iv import draw_current_voltage

    draw_current_voltage(curves, title=name).savefig(path)
