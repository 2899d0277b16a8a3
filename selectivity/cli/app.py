"""Which commands are there? One line each; see the package docstring for how to add one."""

from __future__ import annotations

import os
from typing import Annotated

import typer

import selectivity
from selectivity.cli import (
    build,
    cage,
    cells,
    counterfactuals,
    energy,
    explain,
    fetch,
    fit,
    inspect,
    iv,
    noise,
    permeate,
    profile,
    ratio,
    rundown,
    scan,
    score,
    series,
    temperature,
    trajectory,
    validate,
    voltage,
)
from selectivity.cli.failures import DEBUG_VARIABLE
from selectivity.cli.options import TakesNegativeNumbers

# Plain help everywhere: it reads the same in a terminal, a pipe and the documentation.
app = typer.Typer(name="selectivity", rich_markup_mode=None, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"selectivity {selectivity.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def selectivity_command(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.", show_default=False)] = False,
) -> None:
    """From the atoms of a potassium channel to the voltage of a cell.

    A structure file goes in; sites, K+ and Na+ energies (kJ/mol), the permeability ratio P_K/P_Na with its interval and the
    membrane potential (mV) come out.

    Exit codes: 0 done (a filter that does not conduct is a result), 1 refused or one of several files failed, 2 wrong
    command line, 70 a bug in this program, 130 interrupted.
    """
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"  # in the environment, so that worker processes know
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command("fetch")(fetch.fetch)
app.command("score")(score.score)
app.command("explain")(explain.explain)
app.command("inspect")(inspect.inspect)
app.command("profile")(profile.profile)
app.command("scan")(scan.scan)
app.command("series")(series.series)
app.command("cage")(cage.cage)
app.command("permeate")(permeate.permeate)
app.command("counterfactuals")(counterfactuals.counterfactuals)
app.command("validate")(validate.validate)
app.command("trajectory")(trajectory.trajectory)
app.command("build")(build.build)
app.command("ratio", cls=TakesNegativeNumbers)(ratio.ratio)
app.command("voltage")(voltage.voltage)
app.command("rundown")(rundown.rundown)
app.command("energy")(energy.energy)
app.command("noise")(noise.noise)
app.command("iv")(iv.iv)
app.command("fit")(fit.fit)
app.command("temperature")(temperature.temperature)
app.command("cells")(cells.cells)
