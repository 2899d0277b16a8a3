"""Where do options come from that were not typed? Environment, a file in the folder, the user's file; unknown names are refused."""

from __future__ import annotations

import os
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selectivity.archive.fetch import CACHE_VARIABLE, URL_VARIABLE
from selectivity.cli import verbosity
from selectivity.cli.failures import DEBUG_VARIABLE
from selectivity.errors import Doubt, FileUnreadable, OutOfRange, UnknownChoice, hint, nearest
from selectivity.files import read_text

FILE = "selectivity.toml"
CONFIG_VARIABLE = "SELECTIVITY_CONFIG"
PREFIX = "SELECTIVITY_"
EVERYWHERE = (
    "temperature", "force-field", "hydration", "sigma", "cell", "seed", "jobs", "access-length", "assembly", "altloc",
)  # fmt: skip
"""Options that mean the same in every command that has them: they may stand outside the tables of commands."""
ARCHIVE = {"url": URL_VARIABLE, "cache": CACHE_VARIABLE}
"""Entries of the table [archive], and the variables of the environment that say the same."""
# Variables that are no option: of this program, and of its tests.
_OTHER_VARIABLES = (DEBUG_VARIABLE, CONFIG_VARIABLE, verbosity.VARIABLE, *ARCHIVE.values(), "SELECTIVITY_SHARED")

TEMPLATE = """\
# Options that are not typed. What is typed wins, then the environment (SELECTIVITY_TEMPERATURE, SELECTIVITY_SCORE_SIGMA), then
# this file in the working folder (selectivity.toml), then the same file in the user's folder. `selectivity config` shows them.

# For every command that has the option:
# temperature = 310.15        # K
# cell = "neuron"
# force-field = "charmm36"
# seed = 0

# For one command:
# [score]
# treatment = "relaxed"
# sigma = 0.30                # Å

# Where entries of the Protein Data Bank come from and where they are kept:
# [archive]
# url = "https://files.wwpdb.org/pub/pdb/data/"
# cache = "~/pdb"
"""

Options = Mapping[str, Mapping[str, Any]]
"""Command -> option ("force-field") -> its parameter in the program."""


@dataclass(frozen=True)
class Setting:
    """One value: for an option of a command ("" for every command), or of "archive"; ``origin`` names a file or a variable."""

    command: str
    option: str
    value: Any
    origin: str

    @property
    def place(self) -> str:
        """Where to change it: "selectivity.toml [voltage] cell", "selectivity.toml temperature", "SELECTIVITY_CELL"."""
        if self.origin.startswith(PREFIX):
            return self.origin
        return " ".join([self.origin, *([f"[{self.command}]"] if self.command else []), self.option])


def user_file() -> Path:
    """The user's own file, where this system keeps such files (~/.config/selectivity/config.toml on Linux)."""
    import platformdirs

    return Path(platformdirs.user_config_dir("selectivity")) / "config.toml"


def files(named: str | None) -> list[Path]:
    """The files that are read, the strongest last: the user's, then that of the folder or in its place the named one."""
    named = named or os.environ.get(CONFIG_VARIABLE) or None
    return [user_file(), Path(FILE) if named is None else Path(named)]


def options_of(program: Any) -> dict[str, dict[str, Any]]:
    """The configurable options of every command by their long names, without dashes in front."""
    return {
        name: {
            max(parameter.opts, key=len).removeprefix("--"): parameter
            for parameter in command.params
            if parameter.param_type_name == "option" and parameter.name != "help"
        }
        for name, command in program.commands.items()
    }


def settings(options: Options, named: str | None = None) -> list[Setting]:
    """Everything that is configured, the weakest first: files, then environment; a later value takes the place of an earlier.

    Raises FileUnreadable for a file that was named and is not there, or is not TOML, UnknownChoice for an unknown name and
    OutOfRange for a value that cannot be an option's.
    """
    found: list[Setting] = []
    asked = files(named)
    for number, path in enumerate(asked):
        needed = number == len(asked) - 1 and path != Path(FILE)
        if needed or path.is_file():
            found += _of_file(path, options)
    return found + list(_of_environment(options))


def in_force(found: list[Setting], options: Options) -> dict[str, dict[str, Setting]]:
    """What holds for each command: a stronger place wins, in one place a command's own table wins."""
    held: dict[str, dict[str, Setting]] = {name: {} for name in options}
    places = list(dict.fromkeys(_place(setting) for setting in found))
    for place in places:
        here = [setting for setting in found if _place(setting) == place and setting.command != "archive"]
        for setting in sorted(here, key=lambda s: s.command != ""):
            for name in options if setting.command == "" else (setting.command,):
                if setting.option in options[name]:
                    held[name][setting.option] = setting
    return held


def take_archive(found: list[Setting]) -> None:
    """Hand [archive] to the room that fetches, and to workers, by the environment, where nothing stronger stands there."""
    for setting in found:
        if setting.command == "archive":
            os.environ.setdefault(
                ARCHIVE[setting.option],
                str(Path(setting.value).expanduser()) if setting.option == "cache" else setting.value,
            )


def _place(setting: Setting) -> str:
    return "environment" if setting.origin.startswith(PREFIX) else setting.origin


def _of_file(path: Path, options: Options) -> Iterator[Setting]:
    for name, value in _tables(path).items():
        where = f"{path} [{name}]"
        if name == "archive" and isinstance(value, dict):
            for key, given in value.items():
                if key not in ARCHIVE:
                    raise UnknownChoice(
                        f"{where}: {key!r} is unknown; there are {', '.join(ARCHIVE)}{hint(key, ARCHIVE)}"
                    )
                if not isinstance(given, str) or not given:
                    raise OutOfRange(f"{where} {key}: {given!r}; a text is needed")
                yield Setting("archive", key, given, str(path))
        elif isinstance(value, dict):
            if name not in options:
                raise UnknownChoice(f"{where}: no such command{hint(name, (*options, 'archive'))}")
            for key, given in value.items():
                yield _setting(where, name, key, given, str(path), options[name])
        else:
            yield _for_every_command(str(path), name, value, options)


def _tables(path: Path) -> dict[str, Any]:
    text = read_text(path, need="give a TOML file, as `selectivity config --template` prints one")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as failure:
        reason = " ".join(str(failure).split())
        raise FileUnreadable(f"{path}: not a TOML file ({reason}); see `selectivity config --template`") from None


def _for_every_command(path: str, name: str, value: Any, options: Options) -> Setting:
    option = name.replace("_", "-")
    if option not in EVERYWHERE:
        owners = [command for command, own in options.items() if option in own]
        if owners:
            raise UnknownChoice(
                f"{path}: {name!r} differs between commands; put it into a table, for example [{owners[0]}]"
            )
        raise UnknownChoice(
            f"{path}: {name!r} is unknown; outside tables there are {', '.join(EVERYWHERE)}{hint(option, EVERYWHERE)}"
        )
    owner = next(own[option] for own in options.values() if option in own)
    return Setting("", option, _as_typed(f"{path} {name}", value, owner), path)


def _setting(where: str, command: str, key: str, given: Any, origin: str, own: Mapping[str, Any]) -> Setting:
    option = key.replace("_", "-")
    if option not in own:
        raise UnknownChoice(f"{where}: {command} has no option {key!r}{hint(option, own)}")
    return Setting(command, option, _as_typed(f"{where} {key}", given, own[option]), origin)


def _as_typed(where: str, value: Any, parameter: Any) -> Any:
    """The value as the command line would hold it: words for options, true or false for switches, lists where they repeat."""
    if getattr(parameter, "is_flag", False):
        if not isinstance(value, bool):
            raise OutOfRange(f"{where}: {value!r}; true or false is needed")
        return value
    if parameter.multiple:
        return [_word(where, each) for each in (value if isinstance(value, list) else [value])]
    return _word(where, value)


def _word(where: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise OutOfRange(f"{where}: {value!r}; a number or a text is needed")
    return str(value)


def _of_environment(options: Options) -> Iterator[Setting]:
    """SELECTIVITY_OPTION for every command, SELECTIVITY_COMMAND_OPTION for one; other names are doubted aloud."""
    by_variable = {_variable(option): ("", option) for option in EVERYWHERE}
    by_variable |= {_variable(name, option): (name, option) for name, own in options.items() for option in own}
    for variable, text in sorted(os.environ.items()):
        if not variable.startswith(PREFIX) or variable in _OTHER_VARIABLES:
            continue
        if variable not in by_variable:
            _doubt_a_slip(variable, (*by_variable, *_OTHER_VARIABLES))
            continue
        command, option = by_variable[variable]
        owner = options[command][option] if command else next(own[option] for own in options.values() if option in own)
        yield Setting(command, option, _of_text(variable, text, owner), variable)


def _doubt_a_slip(variable: str, known: tuple[str, ...]) -> None:
    """Warn of a variable that looks like a misspelt one of ours; others with our prefix belong to somebody else."""
    near = nearest(variable.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known], cutoff=0.8)
    if near is not None:
        words = f"{variable} in the environment means nothing here; did you mean '{PREFIX}{near}'?"
        warnings.warn(words, category=Doubt, stacklevel=2)


def _variable(*words: str) -> str:
    return PREFIX + "_".join(words).upper().replace("-", "_")


def _of_text(variable: str, text: str, parameter: Any) -> Any:
    if getattr(parameter, "is_flag", False):
        truth = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
            "": False,
        }
        if text.lower() not in truth:
            raise OutOfRange(f"{variable}={text}; 1 or 0 is needed")
        return truth[text.lower()]
    return text.split() if parameter.multiple else text
