"""Which commands are there? One line each; see the package docstring for how to add one."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
import typer.core

import selectivity
from selectivity.cli import (
    build,
    cage,
    cells,
    config,
    configuration,
    counterfactuals,
    doctor,
    energy,
    explain,
    explore,
    fetch,
    fit,
    inspect,
    iv,
    manual,
    noise,
    permeate,
    profile,
    ratio,
    report,
    rundown,
    scan,
    score,
    series,
    survey,
    temperature,
    trajectory,
    validate,
    verbosity,
    voltage,
)
from selectivity.cli.failures import DEBUG_VARIABLE, blame_configuration
from selectivity.cli.options import TakesNegativeNumbers

# Options of the program that may also stand behind a command: `selectivity score FILE -q`.
ANYWHERE = ("-q", "--quiet", "-v", "--verbose", "--debug")

TYPED = "selectivity.typed"
"""Where the context keeps the words of the command line."""


class Program(typer.core.TyperGroup):
    """The program, which takes a few of its own options anywhere before a "--"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ours = [word for word in args[:end] if word in ANYWHERE]
        ctx.meta[TYPED] = list(args)
        return super().parse_args(ctx, [*ours, *(word for word in args[:end] if word not in ANYWHERE), *args[end:]])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as problem:
            held = (ctx.obj or {}).get(ctx.invoked_subcommand, {})
            blame_configuration(problem, held, ctx.meta.get(TYPED, ()))
            raise


# Plain help everywhere: it reads the same in a terminal, a pipe and the documentation.
app = typer.Typer(name="selectivity", cls=Program, rich_markup_mode=None, pretty_exceptions_enable=False)


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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Results and errors only: no warnings, no bars.", show_default=False)
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Say what is read and configured, and how long it took.", show_default=False
        ),
    ] = False,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="Options from this TOML file instead of selectivity.toml here."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.", show_default=False)] = False,
) -> None:
    """From the atoms of a potassium channel to the voltage of a cell.

    A structure file goes in; sites, K+ and Na+ energies (kJ/mol), the permeability ratio P_K/P_Na with its interval and the
    membrane potential (mV) come out.

    Options that are not typed come from the environment (SELECTIVITY_TEMPERATURE), from selectivity.toml in this folder, and
    from the user's own file: see `selectivity config`. -q, -v and --debug may stand behind the command too. NO_COLOR and
    FORCE_COLOR are respected.

    Exit codes: 0 done (a filter that does not conduct is a result), 1 refused or one of several files failed, 2 wrong
    command line, 70 a bug in this program, 130 interrupted.
    """
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose together; give one of them")
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"  # in the environment, so that worker processes know
    if quiet or verbose:
        os.environ[verbosity.VARIABLE] = "quiet" if quiet else "verbose"
    if context.invoked_subcommand is None:
        print(context.get_help())
        return
    _configure(context, config)


def _configure(context: typer.Context, named: str | None) -> None:
    """Options that were not typed, for the command that follows; its errors can say where each comes from."""
    options = configuration.options_of(context.command)
    found = configuration.settings(options, named)
    held = configuration.in_force(found, options)
    configuration.take_archive(found)
    context.obj = held
    context.default_map = {
        name: {options[name][option].name: setting.value for option, setting in settings.items()}
        for name, settings in held.items()
    }
    for setting in held.get(context.invoked_subcommand or "", {}).values():
        verbosity.remark(f"{setting.option} = {setting.value} ({setting.origin})")


app.command("fetch")(fetch.fetch)
app.command("score")(score.score)
app.command("survey")(survey.survey)
app.command("report")(report.report)
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
app.command("explore")(explore.explore)
app.command("config")(config.config)
app.command("doctor")(doctor.doctor)
manual.complete(app)  # after the last command
