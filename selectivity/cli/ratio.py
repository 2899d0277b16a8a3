"""`selectivity ratio`: a barrier difference into a permeability ratio, and back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from selectivity.cli import choices
from selectivity.cli.options import CsvTo, JsonTo, Temperature
from selectivity.cli.output import Outputs
from selectivity.report.document import Paragraph
from selectivity.report.numbers import interval, significant, with_error

Barrier = Annotated[
    float | None,
    typer.Argument(
        metavar="DDG", help="Barrier difference ddG‡ = dG‡(Na) - dG‡(K), kJ/mol (or --unit); positive: K+ passes."
    ),
]
Ratio = Annotated[
    float | None,
    typer.Option(
        "--ratio", metavar="P_K/P_NA", help="Go back: the barrier difference of this permeability ratio (no unit)."
    ),
]
Unit = Annotated[
    str,
    typer.Option(metavar="UNIT", **choices.among(*choices.ENERGY_UNITS), help="Unit of DDG, per mol: kJ or kcal."),
]
Error = Annotated[
    float | None,
    typer.Option(
        "--error", metavar="NUMBER", help="Standard error of what is given, in its unit; carried to the answer."
    ),
]


def ratio(
    ddg: Barrier = None,
    from_ratio: Ratio = None,
    unit: Unit = "kJ",
    error: Error = None,
    temperature: Temperature = 298.15,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
) -> None:
    """Barrier difference to permeability ratio, and back.

    P_K/P_Na = exp(ddG‡/RT). DDG is in kJ/mol (--unit kcal: kcal/mol), the temperature in K. A permeability ratio is
    not a conductance ratio.

    \b
    $ selectivity ratio 12
    ddG‡ 12.00 kJ/mol (2.868 kcal/mol) at 298.15 K: P_K/P_Na 126.6
    $ selectivity ratio --ratio 100 --error 20
    ddG‡ 11.4 ± 0.5 kJ/mol (2.73 ± 0.12 kcal/mol) at 298.15 K: P_K/P_Na 100 ± 20
    """
    outputs = Outputs(json_to, csv_to)
    if ddg is not None and from_ratio is None:
        result = _forward(ddg, error, unit, temperature)
    elif ddg is None and from_ratio is not None:
        result = _back(from_ratio, error, temperature)
    else:
        raise typer.BadParameter("give either a barrier difference (`selectivity ratio 12`) or a ratio (`--ratio 100`)")
    outputs.deliver([Paragraph(_sentence(result))], payload=lambda: result, rows=lambda: [_flat(result)])


def _forward(ddg: float, error: float | None, unit: str, temperature: float) -> dict[str, Any]:
    from selectivity.constants import KJ_PER_KCAL
    from selectivity.permeation.ratio import permeability_ratio
    from selectivity.permeation.uncertainty import INTERVAL_LEVEL, ratio_interval

    scale = KJ_PER_KCAL if unit == "kcal" else 1.0  # kcal exists only at this door
    ddg_kj_mol, error_kj_mol = ddg * scale, None if error is None else error * scale
    bounds = None if error_kj_mol is None else ratio_interval(ddg_kj_mol, error_kj_mol, temperature=temperature)
    return {
        "ddg_barrier_kj_mol": ddg_kj_mol,
        "ddg_barrier_error_kj_mol": error_kj_mol,
        "temperature_k": temperature,
        "permeability_ratio": permeability_ratio(ddg_kj_mol, temperature=temperature),
        "permeability_ratio_error": None,
        "permeability_ratio_interval": None if bounds is None else list(bounds),
        "interval_level": INTERVAL_LEVEL,
    }


def _back(ratio: float, error: float | None, temperature: float) -> dict[str, Any]:
    from selectivity.permeation.ratio import barrier_difference, barrier_difference_error
    from selectivity.permeation.uncertainty import INTERVAL_LEVEL

    barrier = barrier_difference(ratio, temperature=temperature)
    return {
        "ddg_barrier_kj_mol": barrier,
        "ddg_barrier_error_kj_mol": None
        if error is None
        else barrier_difference_error(ratio, error, temperature=temperature),
        "temperature_k": temperature,
        "permeability_ratio": ratio,
        "permeability_ratio_error": error,
        "permeability_ratio_interval": None,
        "interval_level": INTERVAL_LEVEL,
    }


def _sentence(result: dict[str, Any]) -> str:
    from selectivity.constants import KJ_PER_KCAL

    def shown(value: float, error: float | None) -> str:
        return significant(value, 4) if error is None else with_error(value, error)

    barrier, error = result["ddg_barrier_kj_mol"], result["ddg_barrier_error_kj_mol"]
    in_kcal = shown(barrier / KJ_PER_KCAL, None if error is None else error / KJ_PER_KCAL)
    ratio = shown(result["permeability_ratio"], result["permeability_ratio_error"])
    if result["permeability_ratio_interval"] is not None:
        ratio = interval(
            result["permeability_ratio"], tuple(result["permeability_ratio_interval"]), result["interval_level"]
        )
    return (
        f"ddG‡ {shown(barrier, error)} kJ/mol ({in_kcal} kcal/mol) at {result['temperature_k']:g} K: P_K/P_Na {ratio}"
    )


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    """The result as one table row: the interval's ends get a column each."""
    low, high = result["permeability_ratio_interval"] or (None, None)
    return {
        **{key: value for key, value in result.items() if key != "permeability_ratio_interval"},
        "permeability_ratio_low": low,
        "permeability_ratio_high": high,
    }
