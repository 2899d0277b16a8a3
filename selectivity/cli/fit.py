"""`selectivity fit`: from measured reversal potentials back to permeability ratios and the barrier behind them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli import choices
from selectivity.cli.options import CsvTo, JsonTo, PlotTo
from selectivity.cli.output import Outputs
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import UNDEFINED, fixed, significant

if TYPE_CHECKING:
    from selectivity.membrane.fitting import PermeabilityFit, RatioEstimate

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA.csv",
        help="Columns v_rev_mv, temperature_k, <ion>_out_mm and <ion>_in_mm for every ion (mM), and if known error_mv "
        "and junction_mv (bath minus pipette, taken off).",
    ),
]
Reference = Annotated[str, typer.Option("--reference", metavar="ION", help="Ion whose permeability is 1.")]
Ions = Annotated[
    str | None,
    typer.Option(
        "--ions", metavar="ION,ION", help="Ions to fit; others do not permeate. Default: all but the reference."
    ),
]
Level = Annotated[float, typer.Option("--level", metavar="FRACTION", help="Confidence level of the intervals, 0 to 1.")]
IntervalBy = Annotated[
    str,
    typer.Option(
        "--interval",
        metavar="METHOD",
        **choices.among("profile", "bootstrap"),
        help="How the intervals are made: profile (likelihood) or bootstrap (refits, seeded).",
    ),
]
Replicates = Annotated[int, typer.Option("--replicates", metavar="NUMBER", min=20, help="Refits of the bootstrap.")]
Seed = Annotated[int, typer.Option("--seed", metavar="NUMBER", min=0, help="Seed of the bootstrap.")]
Activities = Annotated[
    bool,
    typer.Option("--activities", help="Use Davies activities instead of concentrations; list every ion of each side."),
]


def fit(
    data: Data,
    reference: Reference = "K",
    ions: Ions = None,
    level: Level = 0.95,
    interval_by: IntervalBy = "profile",
    replicates: Replicates = 500,
    seed: Seed = 0,
    activities: Activities = False,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Permeability ratios from reversal potentials, with intervals, and the barrier ddG‡ that a structure must explain.

    Least squares of the Goldman-Hodgkin-Katz voltage over any number of ions and solutions (mM, mV, K). Data that cannot
    identify a ratio are refused with the reason; where only one side is known, a bound is given. The barrier is
    RT ln(P_reference/P_ion), kJ/mol: for K and Na it is ddG‡.

    \b
    $ echo v_rev_mv,temperature_k,error_mv,K_out_mm,K_in_mm,Na_out_mm,Na_in_mm > kv.csv
    $ echo -82.7,298.15,1.0,0,150,150,0 >> kv.csv
    $ echo -60.4,298.15,1.0,10,150,140,0 >> kv.csv
    $ echo -32.2,298.15,1.0,40,150,110,0 >> kv.csv
    $ selectivity fit kv.csv
    3 reversal potentials, 1 ratio fitted, chi-squared 5.2 for 2 degrees of freedom
    ion   P/P_K     95 % interval  ddG‡ (kJ/mol)  95 % interval
    Na   0.0388  0.0361 to 0.0417           8.05    7.88 to 8.23
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.membrane.fitting import fit_permeabilities
    from selectivity.membrane.reversal_data import read_reversal_data

    measured = read_reversal_data(data)
    if activities:
        measured = measured.as_activities()
    chosen = None if ions is None else [ion.strip() for ion in ions.split(",") if ion.strip()]
    result = fit_permeabilities(
        measured,
        reference=reference,
        ions=chosen,
        level=level,
        interval=interval_by,
        replicates=replicates,
        seed=seed,
    )
    outputs.deliver(
        _document(result),
        payload=lambda: _payload(result, data),
        rows=lambda: _rows(result),
        draw=lambda path: _draw(result, path),
    )


def _document(result: PermeabilityFit) -> list[Block]:
    percent = f"{100 * result.level:.3g} %"
    rows = tuple(_row(estimate) for estimate in result.ratios.values())
    columns = ("ion", f"P/P_{result.reference}", f"{percent} interval", "ddG‡ (kJ/mol)", f"{percent} interval ")
    return [
        Heading(
            f"{result.reversal_mv.size} reversal potentials, {len(rows)} ratio{'s' if len(rows) > 1 else ''} fitted, "
            + _quality(result)
        ),
        Table(columns, rows),
        *(
            Paragraph(f"{estimate}: the data give a bound, not a value", "note")
            for estimate in result.ratios.values()
            if estimate.bound
        ),
        *_misfit(result),
    ]


def _quality(result: PermeabilityFit) -> str:
    if result.chi_squared is not None:
        return f"chi-squared {result.chi_squared:.2g} for {result.degrees_of_freedom} degrees of freedom"
    return f"scatter {result.error_mv:.2g} mV over {result.degrees_of_freedom} degrees of freedom"


def _misfit(result: PermeabilityFit) -> list[Block]:
    """Errors that the fit exceeds by far make its intervals too narrow: say so."""
    from scipy.stats import chi2

    if result.chi_squared is None or not result.degrees_of_freedom:
        return []
    chance = float(chi2.sf(result.chi_squared, result.degrees_of_freedom))
    if chance > 0.01:
        return []
    return [
        Paragraph(
            f"one set of permeabilities explains these voltages badly (chance {chance:.1g}): ratios that change with "
            "concentration, another permeant ion or errors set too small; the intervals are too narrow",
            "warning",
        )
    ]


def _row(estimate: RatioEstimate) -> tuple[str, ...]:
    if estimate.bound is not None:
        return estimate.ion, UNDEFINED, _span(estimate.low, estimate.high), UNDEFINED, _bound(estimate)
    low, high = estimate.barrier_interval_kj_mol
    return (
        estimate.ion,
        significant(estimate.ratio, 3),
        _span(estimate.low, estimate.high),
        fixed(estimate.barrier_kj_mol, 2),
        f"{fixed(low, 2)} to {fixed(high, 2)}",
    )


def _span(low: float, high: float) -> str:
    if low == 0.0:
        return f"below {significant(high, 3)}"
    return f"above {significant(low, 3)}" if math.isinf(high) else f"{significant(low, 3)} to {significant(high, 3)}"


def _bound(estimate: RatioEstimate) -> str:
    low, high = estimate.barrier_interval_kj_mol
    return f"above {fixed(low, 2)}" if math.isinf(high) else f"below {fixed(high, 2)}"


def _rows(result: PermeabilityFit) -> list[dict[str, Any]]:
    return [
        {
            "ion": estimate.ion,
            "reference": estimate.reference,
            "ratio": estimate.ratio,
            "ratio_low": estimate.low,
            "ratio_high": _finite(estimate.high),
            "barrier_kj_mol": estimate.barrier_kj_mol,
            "barrier_low_kj_mol": _finite(estimate.barrier_interval_kj_mol[0]),
            "barrier_high_kj_mol": _finite(estimate.barrier_interval_kj_mol[1]),
            "bound": estimate.bound,
        }
        for estimate in result.ratios.values()
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _payload(result: PermeabilityFit, data: str) -> dict[str, Any]:
    return {
        "data": data,
        "reference": result.reference,
        "level": result.level,
        "interval": result.interval,
        "ratios": _rows(result),
        "reversal_mv": result.reversal_mv.tolist(),
        "model_mv": result.model_mv.tolist(),
        "residual_mv": result.residual_mv.tolist(),
        "scatter_mv": result.error_mv,
        "chi_squared": result.chi_squared,
        "degrees_of_freedom": result.degrees_of_freedom,
    }


def _draw(result: PermeabilityFit, path: Path) -> None:
    from selectivity.plotting.membrane_fit import draw_fit

    draw_fit(result).savefig(path)
