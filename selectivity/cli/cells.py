"""`selectivity cells`: which cells are there, what is in them, and who said so."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.options import AmountsIn, AmountsOut, CsvTo, JsonTo, OwnTemperature, Permeabilities, PlotTo
from selectivity.cli.output import Outputs
from selectivity.cli.own_cell import CellFile, chosen_cell
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import as_given, fixed

if TYPE_CHECKING:
    from selectivity.membrane.cells import Cell
    from selectivity.membrane.compare import VoltageComparison

Name = Annotated[
    str | None,
    typer.Option("--cell", metavar="NAME", help="Show one cell with all its numbers; default: the list of cells."),
]
Template = Annotated[bool, typer.Option("--template", help="Print a TOML file of one cell to start your own from.")]


def cells(
    name: Name = None,
    cell_file: CellFile = None,
    template: Template = False,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    temperature: OwnTemperature = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Cell presets, or one cell in full: numbers with sources, and its voltage by three equations.

    GHK, chord conductance and Mullins-Noda (mV) stand side by side with the reason they differ. Concentrations in mM,
    permeabilities relative to K+, temperatures in K. "assumed" marks what no source gives.

    \b
    $ selectivity cells --cell neuron
    neuron: Mammalian neuron, 310.15 K
    ion  outside (mM)  inside (mM)  P (relative)  Nernst potential (mV)
    K               5          140             1                 -89.06
    Na            145           15          0.04                  60.63
    Cl            110            4             -                 -88.58
    ...
    equation           V (mV)  minus GHK (mV)
    GHK                -68.59            0.00
    chord conductance  -76.97           -8.38
    Mullins-Noda       -73.82           -5.23
    ...
    """
    if template:
        typer.echo(_template(), nl=False)
        return
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.membrane.cells import cells as presets
    from selectivity.membrane.cells import load_cells
    from selectivity.membrane.compare import compare_voltages

    changes: dict[str, Any] = {"outside": outside, "inside": inside, "permeability": permeability}
    if name is None and not any(changes.values()) and temperature is None:
        known = list((presets() if cell_file is None else load_cells(cell_file)).values())
        compared = [compare_voltages(cell) for cell in known]
        outputs.deliver(
            _list(known, compared),
            payload=lambda: [_payload(cell, three) for cell, three in zip(known, compared, strict=True)],
            rows=lambda: [row for cell in known for row in _rows(cell)],
            draw=lambda path: _draw(compared, path),
        )
        return
    chosen = chosen_cell(name or "neuron", cell_file, temperature=temperature, **changes)
    three = compare_voltages(chosen)
    outputs.deliver(
        _one(chosen, three),
        payload=lambda: _payload(chosen, three),
        rows=lambda: _rows(chosen),
        draw=lambda path: _draw([three], path),
    )


def _template() -> str:
    """The neuron of the package's own table, with the lines that explain the layout."""
    text = files("selectivity.data").joinpath("cells.toml").read_text(encoding="utf-8")
    head = text[: text.index("\n[")]
    start = text.index("\n[neuron]")
    return f"{head}{text[start : text.index('[pump-leak-neuron]')]}".rstrip() + "\n"


def _list(known: list[Cell], compared: list[VoltageComparison]) -> list[Block]:
    rows = tuple(
        (
            cell.name,
            cell.title,
            f"{cell.temperature_k:g}",
            fixed(three.ghk_mv, 1),
            fixed(three.mullins_noda_mv if three.chloride_is_passive else None, 1),
            fixed(cell.resting_mv, 1),
            f"{len(cell.assumed)}/{len(cell.marks)}",
        )
        for cell, three in zip(known, compared, strict=True)
    )
    columns = ("cell", "what it is", "T (K)", "GHK (mV)", "with pump (mV)", "source's rest (mV)", "assumed")
    return [
        Table(columns, rows, text_columns=2),
        Paragraph("all numbers of one cell with their sources: --cell NAME", "note"),
        *(
            Paragraph(f"{three.cell}: {three.reasons[-1]}", "note")
            for three in compared
            if not three.chloride_is_passive
        ),
    ]


def _one(cell: Cell, three: VoltageComparison) -> list[Block]:
    ions = tuple(
        (
            ion,
            as_given(cell.outside[ion]),
            as_given(cell.inside.get(ion)),
            as_given(cell.permeability.get(ion)),
            fixed(_nernst(cell).get(ion), 2),
        )
        for ion in cell.outside
    )
    equations = tuple((row[0], fixed(row[1], 2), fixed(row[2], 2)) for row in three.table().itertuples(index=False))
    sources = tuple(
        (entry, _shown(_value(cell, entry)), cell.marks[entry], cell.sources[entry]) for entry in cell.sources
    )
    return [
        Heading(f"{cell.name}: {cell.title}, {cell.temperature_k:g} K"),
        Table(("ion", "outside (mM)", "inside (mM)", "P (relative)", "Nernst potential (mV)"), ions),
        *([Paragraph(cell.note)] if cell.note else []),
        Table(("equation", "V (mV)", "minus GHK (mV)"), equations),
        *(Paragraph(reason, "why") for reason in three.reasons),
        Table(("number", "value", "seen", "source"), sources, text_columns=4),
    ]


def _nernst(cell: Cell) -> dict[str, float]:
    from selectivity.membrane.nernst import nernst_potentials

    ions = [ion for ion in cell.outside if cell.outside[ion] > 0.0 and cell.inside.get(ion, 0.0) > 0.0]
    return nernst_potentials(ions, outside=cell.outside, inside=cell.inside, temperature=cell.temperature_k)


def _value(cell: Cell, entry: str) -> Any:
    table, _, key = entry.partition(".")
    value = getattr(cell, table)
    return value[key] if key else value


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(as_given(number) for number in value)
    return value if isinstance(value, str) else as_given(value)


def _payload(cell: Cell, three: VoltageComparison) -> dict[str, Any]:
    from selectivity.membrane.citations import citations

    known = citations()
    return {
        "cell": cell.name,
        "title": cell.title,
        "temperature_k": cell.temperature_k,
        "numbers": {entry: _plain(_value(cell, entry)) for entry in cell.sources},
        "sources": dict(cell.sources),
        "marks": dict(cell.marks),
        "citations": {key: str(known[key]) for key in dict.fromkeys(cell.sources.values()) if key in known},
        "nernst_mv": _nernst(cell),
        "ghk_mv": three.ghk_mv,
        "ghk_cations_mv": three.ghk_cations_mv,
        "chord_mv": three.chord_mv,
        "mullins_noda_mv": three.mullins_noda_mv,
        "chloride_is_passive": three.chloride_is_passive,
        "pump_mv": three.pump_mv,
        "conductance_relative": dict(three.conductance),
        "conductance_from": three.conductance_from,
        "reasons": list(three.reasons),
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _rows(cell: Cell) -> list[dict[str, Any]]:
    """One row per number; its unit follows from its name (data/cells.toml says which)."""
    return [
        {
            "cell": cell.name,
            "number": entry,
            "value": _shown(_value(cell, entry)),
            "mark": cell.marks[entry],
            "source": cell.sources[entry],
        }
        for entry in cell.sources
    ]


def _draw(compared: list[VoltageComparison], path: Path) -> None:
    from selectivity.plotting.membrane_cells import draw_cells

    draw_cells(compared).savefig(path)
