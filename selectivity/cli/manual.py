"""What stands at the end of every command's help: exit codes, and which commands are near."""

from __future__ import annotations

from typing import Any

EXIT_CODES = (
    "Exit codes: 0 done (a filter that does not conduct is a result), 1 refused or one of several files failed, 2 wrong command "
    "line, 70 a bug in this program, 130 interrupted."
)
SEE_ALSO = {
    "fetch": "inspect, score",
    "score": "inspect, explain, permeate, report",
    "explain": "score, counterfactuals, cage",
    "inspect": "score, fetch",
    "profile": "score, permeate",
    "scan": "score, series, counterfactuals",
    "series": "score, scan, cage",
    "cage": "explain, counterfactuals",
    "permeate": "score, profile, iv",
    "counterfactuals": "explain, cage, scan",
    "validate": "score, series",
    "trajectory": "score, permeate",
    "survey": "inspect, score, trajectory",
    "build": "score, inspect",
    "ratio": "voltage, fit",
    "voltage": "ratio, iv, cells",
    "rundown": "energy, cells, voltage",
    "energy": "rundown, cells",
    "noise": "iv, cells",
    "iv": "voltage, fit, permeate",
    "fit": "ratio, iv",
    "temperature": "voltage, cells",
    "cells": "voltage, rundown",
    "config": "doctor",
    "doctor": "config",
    "report": "score, explain, explore",
    "explore": "report, score, voltage",
}
"""Commands worth knowing beside each."""


def complete(program: Any) -> None:
    """Give every command of a typer program that has no epilog its exit codes and its neighbours."""
    registered = [command.name for command in program.registered_commands]
    for command in program.registered_commands:
        if command.epilog is None:
            command.epilog = f"{EXIT_CODES}\n\n{see_also(command.name, registered)}".rstrip()


def see_also(name: str, registered: list[str]) -> str:
    """The line for one command, with those neighbours that are registered.

    >>> see_also("ratio", ["ratio", "voltage"])
    'See also: selectivity voltage. All commands: selectivity --help.'
    """
    near = [other for other in SEE_ALSO.get(name, "").split(", ") if other in registered]
    listed = ", ".join(f"selectivity {other}" for other in near)
    return f"See also: {listed}. All commands: selectivity --help." if near else "See also: selectivity --help."
