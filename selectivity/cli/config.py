"""`selectivity config`: which options hold where nothing is typed, and where each of them comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from selectivity.cli import configuration
from selectivity.cli.configuration import Setting
from selectivity.cli.options import CsvTo, JsonTo
from selectivity.cli.output import Outputs
from selectivity.errors import UnknownChoice, unknown_choice
from selectivity.report.document import Block, Paragraph, Table

Command = Annotated[
    str | None,
    typer.Argument(metavar="COMMAND", help="Show every option of this command; default: what is configured anywhere."),
]
Template = Annotated[bool, typer.Option("--template", help="Print a TOML file to start your own from.")]
DEFAULT = "default"


def config(
    context: typer.Context,
    command: Command = None,
    template: Template = False,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
) -> None:
    """Which options hold where nothing is typed, and where each comes from.

    What is typed wins over the environment (SELECTIVITY_TEMPERATURE=310.15 for every command, SELECTIVITY_SCORE_SIGMA=0.2 for
    one), that over selectivity.toml in the working folder (or the file of --config or SELECTIVITY_CONFIG), that over the user's
    file, that over the program's defaults. An unknown name in a file is an error.

    \b
    $ echo 'temperature = 310.15' > selectivity.toml
    $ selectivity config
    command  option       value   from
    all      temperature  310.15  selectivity.toml
    ...
    $ selectivity ratio 12
    ddG‡ 12.00 kJ/mol (2.868 kcal/mol) at 310.15 K: P_K/P_Na 104.9
    """
    if template:
        typer.echo(configuration.TEMPLATE, nl=False)
        return
    outputs = Outputs(json_to, csv_to)
    named = context.find_root().params.get("config")
    options = configuration.options_of(context.find_root().command)
    found = configuration.settings(options, named)
    held = configuration.in_force(found, options)
    if command is not None and command not in options:
        raise UnknownChoice(unknown_choice(command, options))
    check(held, options, context)
    rows = _of_command(command, options, held) if command else _configured(found, options)
    outputs.deliver(
        _document(rows, named),
        payload=lambda: {"settings": rows, "files": _files(named)},
        rows=lambda: rows,
    )


def check(held: dict[str, dict[str, Setting]], options: configuration.Options, context: Any) -> None:
    """Refuse values that their options would refuse, and say which file or variable holds them."""
    program = context.find_root().command
    for name, settings in held.items():
        command = program.commands[name]
        own = type(context)(command, info_name=name, parent=context.find_root())
        for option, setting in settings.items():
            try:
                options[name][option].process_value(own, setting.value)
            except Exception as refusal:
                if not hasattr(refusal, "format_message"):
                    raise
                words = " ".join(refusal.format_message().split())
                raise UnknownChoice(f"{setting.origin}: {option} for {name}: {words}") from None


def _configured(found: list[Setting], options: configuration.Options) -> list[dict[str, Any]]:
    """What is set anywhere, the strongest value of each only."""
    last = {(setting.command, setting.option): setting for setting in found}
    return [_row(s.command or "all", s.option, s.value, s.origin) for s in last.values()]


def _of_command(
    command: str, options: configuration.Options, held: dict[str, dict[str, Setting]]
) -> list[dict[str, Any]]:
    rows = []
    for option, parameter in options[command].items():
        setting = held[command].get(option)
        if setting is None:
            rows.append(_row(command, option, parameter.default, DEFAULT))
        else:
            rows.append(_row(command, option, setting.value, setting.origin))
    return rows


def _row(command: str, option: str, value: Any, origin: str) -> dict[str, Any]:
    return {"command": command, "option": option, "value": value, "from": origin}


def _document(rows: list[dict[str, Any]], named: str | None) -> list[Block]:
    table = Table(
        ("command", "option", "value", "from"),
        tuple((row["command"], row["option"], _shown(row["value"]), row["from"]) for row in rows),
        text_columns=4,
    )
    blocks: list[Block] = [table] if rows else [Paragraph("nothing is configured: the defaults of each command hold")]
    return blocks + [Paragraph(f"{path}: {state}", "file") for path, state in _files(named).items()]


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _files(named: str | None) -> dict[str, str]:
    return {str(path): "read" if Path(path).is_file() else "not there" for path in configuration.files(named)}
