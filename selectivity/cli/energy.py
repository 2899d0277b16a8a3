"""`selectivity energy`: what a cell pays to keep its gradients, and what selectivity saves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from selectivity.cli.rundown import Diameter, Resistance
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed, significant

if TYPE_CHECKING:
    from selectivity.membrane.energy import EnergyBudget, SelectivityCost

RATIOS = (1.0, 10.0, 100.0, 1e3, 1e4)
"""P_K/P_Na of the printed table; the plot has a fine grid over the same range."""

PATHS = {"Na": "Na+ leak", "K": "K+ leak", "Cl": "Cl- leak", "KCC2": "KCC2", "NKCC1": "NKCC1", "water": "water"}

AtpEnergy = Annotated[
    float, typer.Option("--atp", metavar="KJ_MOL", help="Free energy of ATP hydrolysis in the cell, kJ/mol.")
]


def energy(
    cell: AnyCell = "pump-leak-neuron",
    cell_file: CellFile = None,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    temperature: OwnTemperature = None,
    atp: AtpEnergy = 50.0,
    resistance: Resistance = 20.0,
    diameter: Diameter = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """What the gradients of a resting cell cost: leaks, pump work, ATP, entropy, and what K+ selectivity saves.

    Every path dissipates flux times force (pW), together exactly the work of the pump; the pump gets its free
    energy (kJ/mol) from ATP. The second table keeps the cell's concentrations and its Na+ leak and gives its K+
    channels other ratios P_K/P_Na.

    \b
    $ selectivity energy --cell pump-leak-neuron
    pump-leak-neuron at rest, -72.59 mV, 310.15 K
    power          pW  % of ATP
    ATP          3.66     100.0
    pump loss   0.481      13.1
    Na+ leak     2.87      78.2
    K+ leak     0.279       7.6
    Cl- leak   0.0199       0.5
    KCC2       0.0199       0.5
    NKCC1           0       0.0
    water           0       0.0
    4.41e7 ATP/s; pump work 43.44 of 50 kJ/mol, efficiency 0.87; entropy production 11.8 fW/K, second
    law kept
    other K+ channels
    P_K/P_Na  V (mV)  pump (nW/cm²)  relative to perfect
    1           -6.1           3200                 7.02
    10         -50.9           1000                 2.20
    100        -67.8            521                 1.14
    1000       -70.2            462                 1.01
    10000      -70.5            456                 1.00
    note: other K+ channels: V by Mullins-Noda, Cl- passive
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.membrane.energy import energy_budget
    from selectivity.membrane.pump_leak_balance import cell_for_run_down
    from selectivity.membrane.pump_leak_steady import steady_state

    chosen = chosen_cell(
        cell, cell_file, outside=outside, inside=inside, permeability=permeability, temperature=temperature
    )
    built = cell_for_run_down(chosen, resistance_kohm_cm2=resistance, diameter_um=diameter)
    rest = steady_state(built)
    budget = energy_budget(built, rest.state, atp_kj_mol=atp)
    cost = _cost(rest, chosen, atp, RATIOS)
    title = f"{chosen.name} at rest, {fixed(rest.v_mv, 2)} mV, {built.temperature:g} K"
    outputs.deliver(
        _document(budget, cost, title, list(built.notes)),
        payload=lambda: _payload(chosen.name, rest.v_mv, budget, cost, list(built.notes)),
        rows=lambda: _rows(cost),
        draw=lambda path: _draw(budget, rest, chosen, atp, title, path),
    )


def _cost(rest: Any, chosen: Any, atp: float, ratios: Any) -> SelectivityCost:
    """The price of other ratios: the cell's Na+ leak is kept as background, its K+ permeability goes with it."""
    from selectivity.membrane.energy import leak_permeabilities, selectivity_cost

    p_na, p_k = leak_permeabilities(rest.state, temperature=chosen.temperature_k)
    return selectivity_cost(
        ratios,
        potassium_permeability_cm_s=p_k,
        background_sodium_cm_s=p_na,
        outside=rest.state.outside_mm,
        inside=rest.state.inside_mm,
        atp_kj_mol=atp,
        temperature=chosen.temperature_k,
    )


def _document(budget: EnergyBudget, cost: SelectivityCost, title: str, notes: list[str]) -> list[Block]:
    parts = [("ATP", budget.atp_power_pw), ("pump loss", budget.pump_loss_pw)]
    parts += [(PATHS[name], power) for name, power in budget.dissipation_pw.items()]
    rows = tuple((name, significant(power, 3), f"{100 * power / budget.atp_power_pw:.1f}") for name, power in parts)
    price = tuple(
        (f"{ratio:g}", fixed(float(v), 1), significant(float(power), 3), fixed(relative, 2))
        for ratio, v, power, relative in zip(cost.ratio, cost.v_mv, cost.power_nw_per_cm2, _relative(cost), strict=True)
    )
    law = "kept" if budget.second_law else "BROKEN: the pump would need more than ATP gives"
    return [
        Heading(title),
        Table(("power", "pW", "% of ATP"), rows),
        Paragraph(
            f"{significant(budget.atp_per_second, 3)} ATP/s; pump work {fixed(budget.pump_work_kj_mol, 2)} of "
            f"{budget.atp_kj_mol:g} kJ/mol, efficiency {fixed(budget.efficiency, 2)}; entropy production "
            f"{significant(budget.entropy_production_fw_per_k, 3)} fW/K, second law {law}"
        ),
        Table(("P_K/P_Na", "V (mV)", "pump (nW/cm²)", "relative to perfect"), price, title="other K+ channels"),
        *(Paragraph(note, "note") for note in [*notes, "other K+ channels: V by Mullins-Noda, Cl- passive"]),
    ]


def _payload(cell: str, v_mv: float, budget: EnergyBudget, cost: SelectivityCost, notes: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    return {"cell": cell, "v_mv": v_mv, "budget": asdict(budget), "selectivity": _rows(cost), "notes": notes}


def _rows(cost: SelectivityCost) -> list[dict[str, float | None]]:
    return [
        {
            "permeability_ratio": float(cost.ratio[i]),
            "v_mv": float(cost.v_mv[i]),
            "sodium_influx_pmol_per_cm2_s": float(cost.sodium_influx_pmol_per_cm2_s[i]),
            "atp_pmol_per_cm2_s": float(cost.atp_pmol_per_cm2_s[i]),
            "power_nw_per_cm2": float(cost.power_nw_per_cm2[i]),
            "relative_cost": _relative(cost)[i],
        }
        for i in range(cost.ratio.size)
    ]


def _relative(cost: SelectivityCost) -> list[float | None]:
    """The relative costs; None where nothing is there to compare with: a perfect filter beside no background leak costs nothing."""
    return [None] * cost.ratio.size if cost.relative_cost is None else [float(x) for x in cost.relative_cost]


def _draw(budget: EnergyBudget, rest: Any, chosen: Any, atp: float, title: str, path: Path) -> None:
    import numpy as np

    from selectivity.plotting.energy import draw_energy

    fine = _cost(rest, chosen, atp, np.geomspace(RATIOS[0], RATIOS[-1], 81))
    draw_energy(budget, fine, title=title).savefig(path)
