"""Configuration and its order of precedence, verbosity, colour, completion, the manual of each command, and the doctor."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from selectivity.cli import choices, configuration, main, manual, verbosity
from selectivity.cli.app import app
from selectivity.cli.checkup import EXTRAS, findings
from selectivity.errors import Doubt, SelectivityError, UnknownChoice, nearest, unknown_choice

PROGRAM = typer.main.get_command(app)
OPTIONS = configuration.options_of(PROGRAM)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a home without configuration of its own."""
    for name in [name for name in os.environ if name.startswith("SELECTIVITY_")]:
        monkeypatch.delenv(name)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    return here


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def configured(text: str, path: str | Path = "selectivity.toml") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- configuration


def kelvin(capsys: pytest.CaptureFixture[str], *options: str) -> float:
    code, text, errors = command(capsys, *options[: len(options) // 2 * 2], "ratio", "12", "--json", "-")
    assert code == 0, errors
    return float(json.loads(text)["temperature_k"])


def test_each_place_wins_over_the_weaker_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kelvin(capsys) == 298.15
    configured("temperature = 301", configuration.user_file())
    assert kelvin(capsys) == 301
    configured("temperature = 302")
    assert kelvin(capsys) == 302
    configured("temperature = 303", "other.toml")
    assert kelvin(capsys, "--config", "other.toml") == 303
    monkeypatch.setenv("SELECTIVITY_CONFIG", "other.toml")
    assert kelvin(capsys) == 303
    monkeypatch.setenv("SELECTIVITY_TEMPERATURE", "304")
    assert kelvin(capsys) == 304
    monkeypatch.setenv("SELECTIVITY_RATIO_TEMPERATURE", "305")
    assert kelvin(capsys) == 305
    code, text, _ = command(capsys, "ratio", "12", "--temperature", "306", "--json", "-")
    assert (code, json.loads(text)["temperature_k"]) == (0, 306)


def test_a_command_wins_over_every_command_in_one_place_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured("temperature = 301\n[ratio]\ntemperature = 302")
    assert kelvin(capsys) == 302
    monkeypatch.setenv("SELECTIVITY_TEMPERATURE", "303")
    assert kelvin(capsys) == 303


def test_words_switches_and_repeated_options(capsys: pytest.CaptureFixture[str]) -> None:
    configured('[ratio]\nunit = "kcal"\n[voltage]\nout = ["K=3.5", "Na=150"]\n[cells]\ntemplate = true\n')
    assert "50.21 kJ/mol" in command(capsys, "ratio", "12")[1]
    code, text, _ = command(capsys, "voltage", "--json", "-")
    assert (code, json.loads(text)["outside_mm"]["K"]) == (0, 3.5)
    assert command(capsys, "cells")[1].startswith("#")


REFUSED = {
    "tempreature = 300": "did you mean 'temperature'?",
    "treatment = 'rigid'": "differs between commands",
    "[scor]": "did you mean 'score'?",
    "[score]\nsgima = 0.3": "did you mean 'sigma'?",
    "[score]\nsigma = true": "a number or a text is needed",
    "[score]\nquick = 1": "true or false is needed",
    "[score]\nsigma = 1979-05-27": "a number or a text is needed",
    "[archive]\nurll = 'x'": "did you mean 'url'?",
    "[archive]\nurl = 3": "a text is needed",
    "temperature = [300]": "a number or a text is needed",
    "temperature": "not a TOML file",
    "temperature = 300\ntemperature = 301": "not a TOML file",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_file_that_is_wrong_is_named_in_one_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    configured(text)
    code, out, errors = command(capsys, "ratio", "12")
    assert (code, out) == (1, "")
    assert errors.startswith("error: selectivity.toml") and errors.count("\n") == 1 and REFUSED[text] in errors


def test_a_value_that_its_option_refuses_names_where_it_stands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured('[ratio]\nunit = "kca"')
    code, _, errors = command(capsys, "ratio", "12")
    assert code == 2 and "selectivity.toml [ratio] unit: " in errors and "did you mean 'kcal'?" in errors
    assert "selectivity.toml: unit for ratio" in command(capsys, "config")[2]
    assert command(capsys, "ratio", "12", "--unit", "kJ")[0] == 0
    monkeypatch.setenv("SELECTIVITY_RATIO_UNIT", "joule")
    assert "SELECTIVITY_RATIO_UNIT: " in command(capsys, "ratio", "12")[2]


BLAMED = {
    'a name that the command looks up itself': ('[voltage]\ncell = "neurom"', ["voltage"], "selectivity.toml [voltage] cell: "),
    "one for every command": ('cell = "neurom"', ["iv"], "selectivity.toml cell: "),
    "a number that the library refuses": ("temperature = -3", ["ratio", "12"], "selectivity.toml temperature: "),
    "a number written otherwise": ("sigma = -1", ["score", "KCSA", "--quick"], "selectivity.toml sigma: "),
    "one of a list": ('[voltage]\nout = ["Na=150", "K=x"]', ["voltage"], "selectivity.toml [voltage] out: "),
}  # fmt: skip
NOT_BLAMED = {
    "typed": ('cell = "neuron"', ["voltage", "--cell", "neurom"]),
    "typed in one word": ("temperature = 300", ["ratio", "12", "--temperature=-3"]),
    "typed as configured": ("temperature = -3", ["ratio", "12", "--temperature", "-3"]),
    "of something else": ("temperature = 300", ["score", "missing.pdb"]),
    "of a word that is another's value": ("[ratio]\nunit = 'kJ'\ntemperature = -3", ["ratio", "--temperature", "-4", "12"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BLAMED)
def test_an_error_of_a_configured_value_names_file_and_key(
    capsys: pytest.CaptureFixture[str], structures: Path, case: str
) -> None:
    text, words, place = BLAMED[case]
    configured(text)
    code, _, errors = command(capsys, *(word.replace("KCSA", str(structures / "kcsa_like.pdb")) for word in words))
    assert code in (1, 2) and errors.startswith(f"error: {place}") and errors.count("\n") == 1, errors


@pytest.mark.parametrize("case", NOT_BLAMED)
def test_an_error_of_a_typed_value_does_not(capsys: pytest.CaptureFixture[str], case: str) -> None:
    text, words = NOT_BLAMED[case]
    configured(text)
    code, _, errors = command(capsys, *words)
    assert code in (1, 2) and errors.startswith("error: ") and "selectivity.toml" not in errors, errors


def test_a_variable_is_named_as_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    configured('cell = "neuron"')
    monkeypatch.setenv("SELECTIVITY_CELL", "neurom")
    assert command(capsys, "voltage")[2].startswith("error: SELECTIVITY_CELL: ")


def test_a_variable_that_means_nothing_is_doubted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELECTIVITY_TEMPERATUR", "300")
    code, _, errors = command(capsys, "ratio", "12")
    assert code == 0 and errors.startswith("warning: SELECTIVITY_TEMPERATUR ") and "'SELECTIVITY_TEMPERATURE'" in errors
    with pytest.warns(Doubt):
        configuration.settings(OPTIONS)
    monkeypatch.delenv("SELECTIVITY_TEMPERATUR")
    monkeypatch.setenv("SELECTIVITY_SCORE_QUICK", "perhaps")
    assert "1 or 0 is needed" in command(capsys, "ratio", "12")[2]


def test_config_shows_values_and_where_they_come_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(capsys, "config")[1].startswith("nothing is configured")
    configured("temperature = 300\n[score]\nsigma = 0.2")
    monkeypatch.setenv("SELECTIVITY_SEED", "7")
    code, text, _ = command(capsys, "config", "score", "--json", "-")
    shown = {row["option"]: (row["value"], row["from"]) for row in json.loads(text)["settings"]}
    assert code == 0
    assert shown["temperature"] == ("300", "selectivity.toml")
    assert shown["sigma"] == ("0.2", "selectivity.toml")
    assert shown["seed"] == ("7", "SELECTIVITY_SEED")
    assert shown["treatment"] == ("thermal", "default")
    assert set(shown) == set(OPTIONS["score"])
    assert "did you mean 'score'?" in command(capsys, "config", "scre")[2]


def test_the_template_is_a_file_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    text = command(capsys, "config", "--template")[1]
    configured(
        "\n".join(
            line.removeprefix("# ") if "=" in line or line.startswith("# [") else line for line in text.splitlines()
        )
    )
    found = configuration.settings(OPTIONS)
    assert {setting.option for setting in found} >= {"temperature", "cell", "treatment", "url", "cache"}
    assert command(capsys, "config")[0] == 0


def test_the_archive_can_be_configured_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    configured('[archive]\nurl = "https://mirror.example/"\ncache = "~/pdb"')
    monkeypatch.setenv("SELECTIVITY_CACHE", "elsewhere")
    configuration.take_archive(configuration.settings(OPTIONS))
    assert os.environ.pop("SELECTIVITY_ARCHIVE_URL") == "https://mirror.example/"
    assert os.environ["SELECTIVITY_CACHE"] == "elsewhere"


def test_options_for_every_command_mean_one_thing() -> None:
    """The list of options outside tables holds real ones; what differs between commands is not in it."""
    for option in configuration.EVERYWHERE:
        assert any(option in own for own in OPTIONS.values()), option
    assert not {"treatment", "ions", "out", "rule", "json"} & set(configuration.EVERYWHERE)


# ---------------------------------------------------------------- verbosity and colour


def test_quiet_and_verbose_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    doubt = ("voltage", "--temperature", "37")
    assert "warning: " in command(capsys, *doubt)[2]
    assert command(capsys, *doubt, "-q")[1:] == command(capsys, "--quiet", *doubt)[1:]
    assert command(capsys, *doubt, "-q")[2] == ""
    configured("temperature = 300")
    errors = command(capsys, "ratio", "12", "-v")[2]
    assert "note: temperature = 300 (selectivity.toml)" in errors and "exit code 0" in errors
    assert command(capsys, "ratio", "12")[2] == ""
    assert command(capsys, "-q", "-v", "ratio", "12")[0] == 2
    assert command(capsys, "ratio", "--", "-5")[0] == 0
    assert verbosity.VARIABLE not in os.environ


def test_errors_are_shown_however_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, errors = command(capsys, "-q", "inspect", "absent.pdb")
    assert code == 1 and errors.startswith("error: ")


def test_colour_follows_the_two_variables(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in command(capsys, "cells")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in command(capsys, "cells")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in command(capsys, "cells")[1]


# ---------------------------------------------------------------- the manual


@pytest.mark.parametrize("name", sorted(PROGRAM.commands))
def test_every_help_is_a_manual_page(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """One line of purpose, an example that parses, exit codes, and neighbours that exist."""
    _, text, _ = command(capsys, name, "--help")
    purpose = text.split("\n\n")[1].strip()
    assert len(purpose) > 20 and purpose.split(": ")[0].strip()
    shown = [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("$ selectivity ")]
    assert shown
    for example in shown:
        words = shlex.split(example, comments=True)[1:]
        words = words[: words.index(">")] if ">" in words else words
        if words[0] in PROGRAM.commands:
            PROGRAM.commands[words[0]].make_context(words[0], words[1:], resilient_parsing=True)
    flat = " ".join(text.split())
    assert "Exit codes: 0 done" in flat and "130 interrupted" in flat
    near = flat.split("See also: ")[1].split(". All commands")[0].replace("selectivity ", "").split(", ")
    assert near and all(other in PROGRAM.commands for other in near)
    assert name in manual.SEE_ALSO


def test_exit_codes_of_the_manual_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    from selectivity.cli.failures import EXIT_BUG, EXIT_INTERRUPTED, EXIT_REFUSED, EXIT_USAGE

    for code in (EXIT_REFUSED, EXIT_USAGE, EXIT_BUG, EXIT_INTERRUPTED):
        assert f"{code} " in manual.EXIT_CODES
    assert " ".join(manual.EXIT_CODES.split()) in " ".join(command(capsys, "--help")[1].split())


# ---------------------------------------------------------------- completion


def completed(words: str, shell: str = "bash") -> list[str]:
    """What a shell would be offered for the last word of a line."""
    parts = words.split(" ")
    environment = os.environ | {
        "_SELECTIVITY_COMPLETE": f"complete_{shell}", "COMP_WORDS": words, "COMP_CWORD": str(len(parts) - 1),
        "_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }  # fmt: skip
    program = [sys.executable, "-m", "selectivity"]
    answer = subprocess.run(program, capture_output=True, text=True, env=environment)
    assert not answer.stderr, answer.stderr
    return answer.stdout.splitlines() if shell == "bash" else [answer.stdout]


def test_completion_of_commands_options_and_choices() -> None:
    assert completed("selectivity sc") == ["score", "scan"]
    assert completed("selectivity score --force-f") == ["--force-field"]
    assert completed("selectivity score --force-field amb") == ["amber", "amber-lsm"]
    assert completed("selectivity score --cell neu")[0] == "neuron"
    assert completed("selectivity score struct") in ([], [""])  # nothing of ours: the shell offers file names
    (zsh,) = completed("selectivity score --rule ", "zsh")
    assert '"rate-limiting"' in zsh
    assert completed("selectivity score struct", "zsh")[0].strip() == "_files"
    (fish,) = completed("selectivity score --rule ", "fish")
    assert set(fish.split()) == set(choices.RULES)


@pytest.mark.parametrize(
    ("shell", "check"),
    [
        ("bash", "complete -p selectivity"),
        ("zsh", "whence -f _selectivity_completion"),
        ("fish", "complete -c selectivity"),
    ],
)
def test_the_completion_script_is_one_that_the_shell_takes(shell: str, check: str, alone: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    environment = os.environ | {"_SELECTIVITY_COMPLETE": f"source_{shell}"}
    script = subprocess.run([sys.executable, "-m", "selectivity"], capture_output=True, text=True, env=environment)
    (alone / "script").write_text(script.stdout)
    prepare = "autoload -Uz compinit; compinit -u; " if shell == "zsh" else ""
    run = subprocess.run([shell, "-c", f"{prepare}source ./script; {check}"], capture_output=True, text=True)
    assert run.returncode == 0 and "selectivity" in run.stdout, run.stderr


def test_installing_completion_writes_into_the_home_of_the_shell(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("selectivity")
    run = subprocess.run(["bash", "-c", f"{program} --install-completion; true"], capture_output=True, text=True)
    assert "completion installed" in run.stdout, run.stderr
    assert "selectivity" in (tmp_path / "home" / ".bash_completions" / "selectivity.sh").read_text()


def test_every_choice_can_be_completed() -> None:
    """An option that is checked against names also completes them."""
    silent = []
    for name, own in OPTIONS.items():
        for option, parameter in own.items():
            if option in (
                "rule",
                "treatment",
                "force-field",
                "hydration",
                "hydration-state",
                "unit",
                "backend",
                "search",
                "interval",
            ):
                context = type(PROGRAM.make_context("selectivity", ["ratio", "1"]))(
                    PROGRAM.commands[name], info_name=name
                )
                if not parameter.shell_complete(context, ""):
                    silent.append(f"{name} --{option}")
    assert silent == []


# ---------------------------------------------------------------- the nearest valid choice


def misspelt(name: str) -> str:
    """A letter of the middle doubled, or one put at the end of a short name."""
    middle = len(name) // 2
    return name[:middle] + name[middle] + name[middle:] if len(name) > 3 else f"{name}x"


def families() -> dict[str, tuple[str, ...]]:
    from selectivity.ions import ions
    from selectivity.membrane.cells import cells
    from selectivity.membrane.channels import channels
    from selectivity.membrane.pump import pump_names
    from selectivity.scan_axes import KNOBS, SETTINGS

    return {
        "commands": tuple(PROGRAM.commands),
        "options": tuple({option for own in OPTIONS.values() for option in own}),
        "treatments": choices.TREATMENTS,
        "force fields": choices.FORCE_FIELDS,
        "hydrations": choices.HYDRATIONS,
        "hydration states": choices.HYDRATION_STATES,
        "rules": choices.RULES,
        "ideal filters": choices.IDEAL_FILTERS,
        "units": choices.ENERGY_UNITS,
        "ions": tuple(ions()),
        "cells": tuple(cells()),
        "channels": tuple(channels()),
        "pumps": tuple(pump_names()),
        "knobs": (*KNOBS, *SETTINGS),
        "sites": ("Scav", "S4", "S3", "S2", "S1", "S0"),
        "rings": ("T75 OG1", "T75 O", "V76 O", "G77 O", "Y78 O", "G79 O"),
    }


@pytest.mark.parametrize("family", families())
def test_a_misspelt_name_finds_its_own(family: str) -> None:
    names = families()[family]
    for name in names:
        wrong = misspelt(name)
        if wrong not in names:
            assert nearest(wrong, names) == name, wrong
            assert f"did you mean '{name}'?" in unknown_choice(wrong, names)
        assert nearest(name.upper(), names) is not None


def test_the_library_names_the_nearest_everywhere() -> None:
    from selectivity.energetics.force_field import force_field
    from selectivity.energetics.hydration import hydration_scale
    from selectivity.ions import ion
    from selectivity.membrane.cells import cell
    from selectivity.membrane.channels import channel
    from selectivity.membrane.conditions import valence_of
    from selectivity.pipeline import settings_of
    from selectivity.references import reference
    from selectivity.structure.ideal import ideal_filter
    from selectivity.structure.knobs import dilate

    kcsa = ideal_filter("kcsa-like")
    wrong = {
        "charmm36": lambda: force_field("charm36"),
        "tissandier": lambda: hydration_scale("tisandier", force_field="charmm36"),
        "Na": lambda: ion("sodum"),
        "K": lambda: valence_of("Kk"),
        "neuron": lambda: cell("neurone"),
        "kv1.2-v370g": lambda: channel("kv1.2-v370"),
        "relaxed": lambda: settings_of(treatment="relaxd"),
        "rate-limiting": lambda: settings_of(rule="rate-limited"),
        "shannon1976": lambda: reference("shanon1976"),
        "kcsa-like": lambda: ideal_filter("kcsalike"),
        "V76 O": lambda: dilate(kcsa, 0.1, "V67 O"),
    }
    for name, asked in wrong.items():
        with pytest.raises(UnknownChoice) as raised:
            asked()
        assert f"did you mean '{name}'?" in str(raised.value).replace(f"mean {name}?", f"mean '{name}'?"), raised.value


# ---------------------------------------------------------------- the doctor


def test_the_doctor_finds_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = command(capsys, "doctor", "--no-check", "--json", "-")
    report = json.loads(text)
    assert code == (0 if report["healthy"] else 1)
    found = {row["name"]: row for row in report["findings"]}
    import numpy

    assert found["numpy"]["found"] == numpy.__version__ and found["numpy"]["state"] == "ok"
    assert found["processors"]["found"].isdigit()
    assert {row["topic"] for row in report["findings"]} >= {"program", "library", "folder", "kernels", "extra dask"}


def test_the_self_check_runs_the_chain() -> None:
    last = findings(run=True)[-1]
    assert (last.topic, last.state) == ("check", "ok")


def test_the_doctor_says_what_is_missing_and_what_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlib import metadata

    asked = [
        "numpy>=2.0",
        "nosuchlibrary>=1.0",
        "scipy>=99.0",
        'dask>=2024.8; extra == "dask"',
        'nosuchextra; extra == "dask"',
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: asked)
    state = {each.name: each for each in findings(run=False)}
    assert state["nosuchlibrary"].state == state["scipy"].state == "missing"
    assert state["nosuchextra"].state == "optional" and EXTRAS["dask"] in state["nosuchextra"].remark
    code, text, _ = command(capsys, "doctor", "--no-check")
    assert code == 1 and "not well: nosuchlibrary, scipy" in text


def test_a_cache_that_cannot_be_written_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SELECTIVITY_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "kernels"))
    states = {each.name: each.state for each in findings(run=False)}
    assert states["entries of the PDB"] == states["compiled code"] == "failed"


def test_every_refusal_is_a_selectivity_error() -> None:
    assert issubclass(UnknownChoice, SelectivityError)
