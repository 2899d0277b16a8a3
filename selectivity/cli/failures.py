"""What does the user see when something goes wrong? One line on stderr, an exit code, never a raw traceback."""

from __future__ import annotations

import os
import re
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

import selectivity
from selectivity.cli.verbosity import quiet, remark
from selectivity.cli.wording import in_options
from selectivity.errors import Doubt, SelectivityError

EXIT_REFUSED = 1
"""Something asked for could not be done (bad file, number out of range), or one of several files failed."""
EXIT_USAGE = 2
"""The command line itself is wrong."""
EXIT_BUG = 70
"""An error that this package did not foresee (EX_SOFTWARE of sysexits.h)."""
EXIT_INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT, as shells report it."""

DEBUG_VARIABLE = "SELECTIVITY_DEBUG"

# typer has carried click inside itself since 0.20-odd and depended on it before: the class that all usage errors share has
# to be found from typer's own public name, wherever it lives.
_UsageProblem: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

_PACKAGE = str(Path(selectivity.__file__).parent)


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run `app` and turn every ending into an exit code; see the module constants."""
    if sys.stdout is None:  # closed by the shell (>&-): nobody wants to read, which is no reason to fail
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (lives until the process ends)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Å still gets the numbers
    with warnings.catch_warnings(), _environment_kept():
        show_own_warnings_in_one_line()
        start = time.monotonic()
        status = _run(app, arguments)
        remark(f"selectivity {selectivity.__version__}, {time.monotonic() - start:.1f} s, exit code {status}")
        return status


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Options of this run reach worker processes by the environment; a program that calls `main` gets it back as it was."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("SELECTIVITY_") and name not in before]:
            del os.environ[name]
        os.environ.update({name: text for name, text in before.items() if name.startswith("SELECTIVITY_")})


def _run(app: typer.Typer, arguments: Sequence[str] | None) -> int:
    try:
        status = typer.main.get_command(app).main(
            None if arguments is None else list(arguments), prog_name="selectivity", standalone_mode=False
        )
        sys.stdout.flush()
    except SelectivityError as refusal:
        return _fail(refusal, _blamed(refusal) + one_line(refusal), EXIT_REFUSED)
    except _UsageProblem as problem:
        return _fail(problem, _usage_line(problem), EXIT_USAGE)
    except (KeyboardInterrupt, typer.Abort):
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        _abandon_stdout()
        return EXIT_REFUSED
    except OSError as refusal:
        _abandon_stdout()
        return _fail(refusal, f"the operating system refused: {one_line(refusal)}", EXIT_REFUSED)
    except Exception as bug:
        return _fail(bug, bug_line(bug), EXIT_BUG)
    if status == EXIT_INTERRUPTED:
        print("interrupted", file=sys.stderr)
    return status if isinstance(status, int) else 0


def one_line(error: BaseException | Warning | str) -> str:
    """The message of an error or warning on one line, in the words of the command line."""
    return in_options(str(error)) or type(error).__name__


def bug_line(bug: BaseException) -> str:
    """How an unforeseen exception is reported: what it is, and how to see where it happened."""
    return (
        f"unexpected {type(bug).__name__}: {one_line(bug)}; this is a bug in selectivity {selectivity.__version__}: "
        f"run `selectivity --debug ...` or set {DEBUG_VARIABLE}=1 for the traceback and report it"
    )


def show_error(message: str) -> None:
    """Write one error line to stderr."""
    print(f"error: {message}", file=sys.stderr)


def show_own_warnings_in_one_line() -> None:
    """Print warnings raised by this package as one line; those of other libraries are for developers (--debug, -W)."""
    if sys.warnoptions or debugging():
        return
    warnings.simplefilter("default")

    shown: set[str] = set()  # several functions may doubt the same number

    def show(message, category, filename, lineno, file=None, line=None) -> None:  # type: ignore[no-untyped-def]
        own = issubclass(category, Doubt) or filename.startswith(_PACKAGE)
        if own and not quiet() and str(message) not in shown:
            shown.add(str(message))
            print(f"warning: {one_line(message)}", file=sys.stderr)

    warnings.showwarning = show


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def _fail(error: BaseException, message: str, status: int) -> int:
    if debugging():
        traceback.print_exception(error)
    show_error(message)
    return status


def _usage_line(problem: Exception) -> str:
    """A usage error and where to read on, on one line."""
    message = " ".join(problem.format_message().split())  # type: ignore[attr-defined]
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "selectivity"
    origin = _origin(problem, context) or _blamed(problem)
    return f"{origin}{message.rstrip('.')}; see `{command} --help`"


def _origin(problem: Exception, context: Any) -> str:
    """The file or variable that holds a value which was not typed, with a colon; nothing for one that was."""
    parameter = getattr(problem, "param", None)
    if parameter is None or context is None or context.get_parameter_source(parameter.name).name != "DEFAULT_MAP":
        return ""
    held = (context.find_root().obj or {}).get(context.info_name, {})
    option = max(parameter.opts, key=len).removeprefix("--")
    return f"{held[option].place}: " if option in held else ""


def blame_configuration(problem: Exception, held: Mapping[str, Any], typed: Sequence[str]) -> None:
    """Note on an error which configured value it speaks of, so that its line can say where that stands.

    ``held`` are the settings of the command by option, ``typed`` the words of the command line, whose options are not to blame.
    An error knows values, not where they come from: one is meant where it is quoted, or stands beside the name of its option.
    """
    given = {word.partition("=")[0].removeprefix("--") for word in typed if word.startswith("--")}
    message = str(getattr(problem, "message", problem)).partition("did you mean")[0]
    for option, setting in held.items():
        values = setting.value if isinstance(setting.value, list) else [setting.value]
        if option not in given and any(_speaks_of(message, option, str(value)) for value in values):
            problem.add_note(f"{_BLAMED}{setting.place}")
            return


_BLAMED = "configured: "


def _blamed(problem: Exception) -> str:
    notes = [note for note in getattr(problem, "__notes__", ()) if note.startswith(_BLAMED)]
    return f"{notes[0].removeprefix(_BLAMED)}: " if notes else ""


def _speaks_of(message: str, option: str, value: str) -> bool:
    if f"'{value}'" in message:
        return True
    name = re.escape(option).replace(r"\-", "[-_ ]")
    if not re.search(rf"(?<!\w){name}(?!\w)", message, re.IGNORECASE):
        return False
    return any(_same(word.rstrip(",;:."), value) for word in message.split())


def _same(word: str, value: str) -> bool:
    try:
        return word == value or float(word) == float(value)
    except ValueError:
        return False


def _abandon_stdout() -> None:
    """Point stdout to nowhere, so that the interpreter's last flush does not complain about the reader that left."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (lives until the process ends)
