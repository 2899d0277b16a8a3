"""The frame of the command line: exit codes, one-line errors, outputs whole or not at all, plain text in a pipe."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer

import selectivity
from selectivity.cli import choices, main
from selectivity.cli.app import app
from selectivity.cli.failures import run
from selectivity.cli.output import Outputs, as_csv, as_json, show
from selectivity.errors import OutOfRange, SelectivityError
from selectivity.files import FileUnwritable, atomic_path, write_text
from selectivity.report.document import Heading, Paragraph, Table, plain


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def installed(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    entry = Path(sys.executable).with_name("selectivity")
    return subprocess.run([str(entry), *arguments], capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]


COMMANDS = sorted(str(entry.name) for entry in app.registered_commands)


# ---------------------------------------------------------------- help, version, usage


def test_version_help_and_bare_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(capsys, "--version") == (0, f"selectivity {selectivity.__version__}\n", "")
    code, text, _ = command(capsys, "--help")
    assert code == 0
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert command(capsys)[:2] == (0, text)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_states_units_defaults_and_an_example(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, text, errors = command(capsys, name, "--help")
    assert (code, errors) == (0, "")
    if name not in ("fetch", "config", "doctor"):  # they handle no physical quantity
        assert any(unit in text for unit in ("kJ/mol", "mV", "mM", "Å", " K.")), "a help text without units"
    assert f"$ selectivity {name}" in text
    assert "\x1b" not in text
    if "--temperature" in text:
        assert "Temperature in K" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["rati", "12"], "'ratio'"),
        (["ratio", "12", "--temperatur", "300"], "--temperature"),
        (["ratio", "twelve"], "DDG"),
        (["ratio"], "--ratio 100"),
        (["ratio", "12", "--ratio", "100"], "either"),
        (["ratio", "12", "--unit", "kca"], "did you mean 'kcal'?"),
        (["ratio", "12", "13"], "13"),
    ],
)
def test_usage_errors_are_one_line_with_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    code, text, errors = command(capsys, *arguments)
    assert (code, text) == (2, "")
    assert errors.startswith("error: ") and errors.count("\n") == 1 and errors.endswith("--help`\n")
    assert expected in errors


def test_unknown_choice_names_the_nearest_only_when_there_is_one() -> None:
    assert "did you mean 'rate-limiting'?" in choices.unknown_choice("Rate-limited", choices.RULES)
    assert "did you mean" not in choices.unknown_choice("xyzzy", choices.RULES)
    assert choices.one_of("kJ", "kcal")("KJ") == "kJ"


# ---------------------------------------------------------------- endings


def ending(error: BaseException) -> typer.Typer:
    small = typer.Typer()

    @small.command()
    def fail() -> None:
        raise error

    return small


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SelectivityError("1abc.pdb: no filter\nfound"), 1, "error: 1abc.pdb: no filter found\n"),
        (OutOfRange("temperature -1 K"), 1, "error: temperature -1 K\n"),
        (typer.BadParameter("no"), 2, None),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (PermissionError(13, "Permission denied", "x"), 1, None),
    ],
)
def test_every_ending_has_its_code_and_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    line: str | None,
) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # an abandoned stdout must not outlive the test
    assert run(ending(error), []) == code
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1 and "Traceback" not in errors
    assert line is None or errors == line


def test_a_bug_is_named_and_shows_its_traceback_only_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SELECTIVITY_DEBUG", raising=False)
    assert run(ending(ZeroDivisionError("division by zero")), []) == 70
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "unexpected ZeroDivisionError: division by zero" in errors and "--debug" in errors
    monkeypatch.setenv("SELECTIVITY_DEBUG", "1")
    assert run(ending(ZeroDivisionError("division by zero")), []) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_debug_option_shows_the_traceback() -> None:
    result = installed("--debug", "ratio", "12", "--temperature", "-1")
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: temperature -1 K")


def test_own_warnings_are_one_line_and_others_stay_away(capsys: pytest.CaptureFixture[str]) -> None:
    small = typer.Typer()
    inside = str(Path(selectivity.__file__).parent / "membrane" / "nernst.py")

    @small.command()
    def warn() -> None:
        warnings.warn_explicit("20 K:\nwas it typed in °C?", UserWarning, inside, 1)
        warnings.warn_explicit("old call", DeprecationWarning, "/site-packages/other.py", 1)

    before = warnings.showwarning
    assert run(small, []) == 0
    assert capsys.readouterr().err == "warning: 20 K: was it typed in °C?\n"
    assert warnings.showwarning is before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_behind_stdout_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        entry = Path(sys.executable).with_name("selectivity")
        result = subprocess.run([str(entry), "ratio", "12"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes of a POSIX shell")
def test_a_reader_that_leaves_early_gets_no_complaint() -> None:
    read, write = os.pipe()
    os.close(read)
    entry = Path(sys.executable).with_name("selectivity")
    result = subprocess.run([str(entry), "ratio", "12"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert result.stderr == ""
    assert result.returncode == 1


def test_module_and_entry_point_are_the_same_program() -> None:
    module = subprocess.run(
        [sys.executable, "-m", "selectivity", "ratio", "12"], capture_output=True, text=True, timeout=60
    )
    assert module.stdout == installed("ratio", "12").stdout != ""


# ---------------------------------------------------------------- files


def test_a_writer_that_fails_leaves_the_old_file_and_no_debris(tmp_path: Path) -> None:
    target = tmp_path / "score.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half a resu")
        raise RuntimeError("power cut")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["score.json"]


def test_the_temporary_file_keeps_extension_and_directory(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "picture.svg") as temporary:
        assert temporary.suffix == ".svg" and temporary.parent == tmp_path
        temporary.write_text("<svg/>")
    assert (tmp_path / "picture.svg").read_text() == "<svg/>"


@pytest.mark.skipif(os.name != "posix", reason="permission bits and symbolic links")
def test_mode_and_symbolic_links_survive(tmp_path: Path) -> None:
    target, link = tmp_path / "real.csv", tmp_path / "link.csv"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    fresh = tmp_path / "fresh.csv"
    write_text(fresh, "new")
    (tmp_path / "ordinary").write_text("")
    assert fresh.stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs a device file")
def test_devices_are_written_not_replaced() -> None:
    write_text("/dev/null", "text")
    assert not Path("/dev/null").is_file()


def test_a_missing_directory_is_refused_before_anything_is_computed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, text, errors = command(capsys, "ratio", "12", "--json", str(tmp_path / "no" / "a.json"))
    assert (code, text) == (1, "")
    assert "no directory" in errors and errors.count("\n") == 1
    with pytest.raises(FileUnwritable, match="is a directory"):
        Outputs(json_to=str(tmp_path))


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"plot_to": "a.jpeg"}, ".png, .svg, .pdf"),
        ({"plot_to": "picture"}, "extension"),
        ({"json_to": "-", "csv_to": "-"}, "stdout"),
        ({"json_to": "same.txt", "csv_to": "./same.txt"}, "same file"),
    ],
)
def test_outputs_that_make_no_sense_are_usage_errors(places: dict[str, str], expected: str) -> None:
    with pytest.raises(typer.BadParameter, match=expected):
        Outputs(**places)


def test_json_holds_no_nan_and_full_precision() -> None:
    assert json.loads(as_json({"x": 0.1 + 0.2, "y": None}))["x"] == 0.1 + 0.2
    with pytest.raises(ValueError):
        as_json({"x": float("nan")})
    assert "‡" in as_json({"name": "ΔG‡"}) and as_json({"name": "ΔG‡"}, ascii_only=True).isascii()


def test_csv_numbers_survive_the_round_trip() -> None:
    text = as_csv([{"file": "a, b.pdb", "ddg_kj_mol": 1 / 3}, {"file": "c.pdb", "ddg_kj_mol": None}])
    assert text.splitlines() == ["file,ddg_kj_mol", f'"a, b.pdb",{1 / 3!r}', "c.pdb,"]


# ---------------------------------------------------------------- text

DOCUMENT = [
    Heading("score of 1K4C"),
    Table(("site", "ddG (kJ/mol)"), (("S2", "21.3 ± 1.2"), ("Scav", "-")), title="sites"),
    Paragraph("K+ [not a tag] " + "word " * 40, label="warning"),
    Paragraph("second", label="warning"),
]


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def test_plain_text_in_a_pipe_is_what_the_document_says(capsys: pytest.CaptureFixture[str]) -> None:
    show(DOCUMENT)
    text = capsys.readouterr().out
    assert text == plain(DOCUMENT)
    assert "\x1b" not in text and max(map(len, text.splitlines())) <= 100
    assert "\nwarning: second\n" in text


def test_a_terminal_gets_colour_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "90")

    def shown() -> str:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        show(DOCUMENT)
        return terminal.getvalue()

    assert "\x1b[" in shown()
    assert "[not a tag]" in shown(), "square brackets are text, not markup"
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as one:
            one.setenv(name, value)
            assert shown() == plain(DOCUMENT)


def test_a_terminal_without_unicode_still_gets_an_answer() -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = installed("ratio", "12", env=ascii_only)
    assert result.returncode == 0 and "P_K/P_Na 126.6" in result.stdout
    result = installed("score", "--help", env=ascii_only)
    assert result.returncode == 0 and "Usage: selectivity score" in result.stdout


# ---------------------------------------------------------------- what loads when


@pytest.mark.parametrize("arguments", [["--help"], ["ratio", "12"], ["--version"]])
def test_light_commands_stay_light(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom selectivity.cli import main\n"
        f"assert main({arguments!r}) == 0\n"
        "heavy = {'numba', 'gemmi', 'matplotlib', 'MDAnalysis', 'mdtraj', 'pandas', 'openmm'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "HEAVY []" in result.stdout, result.stdout + result.stderr
