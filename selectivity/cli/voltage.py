"""`selectivity voltage`: permeabilities and a cell's concentrations into a membrane potential."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

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
from selectivity.report.document import Block, Heading, Table
from selectivity.report.numbers import as_given, fixed

Ratio = Annotated[
    float | None,
    typer.Option("--ratio", metavar="P_K/P_NA", help="K+ over Na+ permeability (no unit); default: that of the cell."),
]

Pump = Annotated[
    float | None,
    typer.Option(
        "--pump",
        metavar="STRENGTH",
        help="Na+/K+ pump beside the leaks (no unit): 1 balances the leaks of K+ and Na+ at the cell's own temperature; default: none.",
    ),
]


def voltage(
    ratio: Ratio = None,
    cell: AnyCell = "neuron",
    cell_file: CellFile = None,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    temperature: OwnTemperature = None,
    pump: Pump = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Membrane potential of a cell from permeabilities.

    Goldman-Hodgkin-Katz voltage (mV, inside minus outside), beside the Nernst potential of each ion. The cell gives
    concentrations (mM), relative permeabilities and temperature (K); each can be replaced. With --ratio the
    membrane passes K+ and Na+ only, in that ratio. With --pump the pump's own current counts too (Q10 of pump and leaks
    as in `selectivity temperature`). The plot gives the same membrane other ratios P_K/P_Na.

    \b
    $ selectivity voltage --ratio 100 --cell neuron
    V_m -82.28 mV: neuron, 310.15 K
    ion  outside (mM)  inside (mM)  P (relative)  Nernst potential (mV)
    K               5          140             1                 -89.06
    Na            145           15          0.01                  60.63
    Cl            110            4             -                 -88.58
    """
    outputs = Outputs(json_to, csv_to, plot_to)

    given = amounts(permeability, "--p")
    chosen = chosen_cell(
        cell, cell_file, outside=outside, inside=inside, permeability=permeability, temperature=temperature
    )
    own = chosen_cell(cell, cell_file).temperature_k
    result = _result(chosen, _permeabilities(chosen, ratio, given), pump, own)
    outputs.deliver(
        _document(result), payload=lambda: result, rows=lambda: _rows(result), draw=lambda path: _draw(result, path)
    )


def _permeabilities(cell: Any, ratio: float | None, given: dict[str, float]) -> dict[str, float]:
    """Relative permeabilities: the cell's own, or those of a channel with the ratio asked for."""
    if ratio is None:
        return dict(cell.permeability)
    if {"K", "Na"} & set(given):
        raise typer.BadParameter("--ratio and --p K=... or Na=... both set the same permeability; give one of them")
    from selectivity.errors import OutOfRange

    if not 0.0 < ratio < float("inf"):
        raise OutOfRange(f"permeability ratio {ratio:g}: a positive finite number is needed (1 = no preference)")
    return {"K": 1.0, "Na": 1.0 / ratio, **given}


def _result(cell: Any, permeability: dict[str, float], pump: float | None, own_k: float) -> dict[str, Any]:
    from selectivity.membrane.conditions import valence_of
    from selectivity.membrane.nernst import nernst_potential

    sides = {"outside": dict(cell.outside), "inside": dict(cell.inside)}
    return {
        "cell": cell.name,
        "temperature_k": cell.temperature_k,
        "permeability": permeability,
        "outside_mm": sides["outside"],
        "inside_mm": sides["inside"],
        "nernst_mv": {
            ion: nernst_potential(
                outside=sides["outside"][ion],
                inside=sides["inside"][ion],
                valence=valence_of(ion),
                temperature=cell.temperature_k,
            )
            for ion in sides["outside"]
            if sides["outside"][ion] and sides["inside"].get(ion)
        },
        "pump": pump,
        "reference_k": own_k,
        "v_mv": _voltage(permeability, sides, cell.temperature_k, pump, own_k),
    }


def _voltage(
    permeability: dict[str, Any], sides: dict[str, Any], kelvin: float, pump: float | None, own_k: float
) -> Any:
    """mV: the leaks alone, or beside a pump that was matched at the cell's own temperature."""
    from selectivity.membrane.ghk import ghk_voltage
    from selectivity.membrane.pumped import pumped_voltage

    if pump is None:
        return ghk_voltage(permeability, **sides, temperature=kelvin)
    return pumped_voltage(permeability, **sides, temperature=kelvin, pump=pump, reference=own_k)


def _document(result: dict[str, Any]) -> list[Block]:
    rows = tuple(
        (
            ion,
            as_given(result["outside_mm"][ion]),
            as_given(result["inside_mm"].get(ion)),
            as_given(result["permeability"].get(ion)),
            fixed(result["nernst_mv"].get(ion), 2),
        )
        for ion in result["outside_mm"]
    )
    pumped = "" if result["pump"] is None else f", pump {as_given(result['pump'])}"
    return [
        Heading(f"V_m {fixed(result['v_mv'], 2)} mV: {result['cell']}, {result['temperature_k']:g} K{pumped}"),
        Table(("ion", "outside (mM)", "inside (mM)", "P (relative)", "Nernst potential (mV)"), rows),
    ]


def _draw(result: dict[str, Any], path: Path) -> None:
    """V against P_K/P_Na, all else as it is, with the membrane's own ratio as a point."""
    import numpy as np

    from selectivity.errors import OutOfRange
    from selectivity.plotting.membrane_voltage import draw_voltage_against_ratio

    own, sides = result["permeability"], {"outside": result["outside_mm"], "inside": result["inside_mm"]}
    if not own.get("K"):
        raise OutOfRange(f"{result['cell']}: K+ does not permeate, so there is no P_K/P_Na to draw; leave out --plot")
    ratio = own["K"] / own["Na"] if own.get("Na") else None
    reach = (min(1.0, ratio or 1.0), max(1e4, ratio or 1.0))
    ratios = np.geomspace(*reach, 201)
    v = _voltage(
        {**own, "Na": own["K"] / ratios}, sides, result["temperature_k"], result["pump"], result["reference_k"]
    )
    permeant = {ion: e for ion, e in result["nernst_mv"].items() if own.get(ion)}
    figure = draw_voltage_against_ratio(
        ratios,
        v,
        own=None if ratio is None else (ratio, result["v_mv"]),
        nernst_mv=permeant,
        title=result["cell"],
    )
    figure.savefig(path)


def _rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per ion, the voltage repeated."""
    return [
        {
            "cell": result["cell"],
            "temperature_k": result["temperature_k"],
            "ion": ion,
            "outside_mm": result["outside_mm"][ion],
            "inside_mm": result["inside_mm"].get(ion),
            "permeability": result["permeability"].get(ion),
            "nernst_mv": result["nernst_mv"].get(ion),
            "v_mv": result["v_mv"],
        }
        for ion in result["outside_mm"]
    ]
