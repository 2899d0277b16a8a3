"""`rundown`, `energy`, `noise`: the library's own numbers at full precision, files, pictures, refusals in one line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from selectivity.cli import main
from selectivity.membrane.energy import energy_budget
from selectivity.membrane.protocols import pump_blocked
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_steady import steady_state
from selectivity.membrane.rundown import run_down


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, text, errors = command(capsys, *arguments, "--json", "-")
    assert (code, errors) == (0, "")
    return json.loads(text)


def test_rundown_is_the_library_s_at_full_precision(capsys: pytest.CaptureFixture[str]) -> None:
    payload = as_json(capsys, "rundown", "--minutes", "20")
    rows = {row["time_s"]: row for row in payload["rows"]}
    ours = run_down(pump_leak_cell(), pump_blocked(20.0), times_s=[0.5, 1200.0])
    for i, time in enumerate((0.5, 1200.0)):
        assert rows[time]["v_mv"] == pytest.approx(ours.v_mv[i], abs=1e-6)
        assert rows[time]["k_inside_mm"] == pytest.approx(ours.inside_mm["K"][i], abs=1e-6)
    assert payload["charge_residual_mm"] < 1e-11 and payload["sources"] == ["dusterwald2018"]


def test_rundown_prints_the_published_table(capsys: pytest.CaptureFixture[str]) -> None:
    text = command(capsys, "rundown")[1]
    for line in ("0.5 s    -64.4      14.1", "20 min   -51.4      96.5     40.8", "end point 0.4 mV at 5.18 volumes"):
        assert line in text


def test_fixed_volume_and_closed_bath_change_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert "end point -9.8 mV at 1.00 volumes" in command(capsys, "rundown", "--fixed-volume", "--minutes", "1")[1]
    payload = as_json(capsys, "rundown", "--bath", "0.3", "--minutes", "30")
    assert payload["rows"][-1]["k_outside_mm"] > 30.0


def test_recovery_takes_a_saturable_law_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    payload = as_json(capsys, "rundown", "--minutes", "10", "--recover", "60")
    assert payload["pump_law"] == "luo-rudy-1994" and "does not saturate" in payload["notes"][0]
    assert min(row["v_mv"] for row in payload["rows"]) > -90.0 and payload["warnings"] == []
    published = as_json(capsys, "rundown", "--minutes", "10", "--recover", "60", "--kinetics", "duesterwald-2018")
    assert "more than" in published["warnings"][0]


def test_every_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for block in ("atp", "synthesis", "Na", "K", "Cl", "KCC2", "NKCC1", "none"):
        payload = as_json(capsys, "rundown", "--block", block, "--minutes", "2")
        assert payload["block"] == block and len(payload["rows"]) > 100


def test_overrides_reach_the_cell(capsys: pytest.CaptureFixture[str]) -> None:
    high = as_json(capsys, "rundown", "--cell", "neuron", "--out", "K=10", "--minutes", "1")
    low = as_json(capsys, "rundown", "--cell", "neuron", "--minutes", "1")
    assert high["rows"][0]["v_mv"] > low["rows"][0]["v_mv"] + 8.0
    leaky = as_json(capsys, "rundown", "--cell", "neuron", "--p", "Na=0.1", "--minutes", "1")
    assert leaky["rows"][0]["v_mv"] > low["rows"][0]["v_mv"] + 8.0
    assert "membrane resistance 20 kOhm cm² assumed" in low["notes"]


def test_rundown_writes_csv_and_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, picture = tmp_path / "run.csv", tmp_path / "run.png"
    assert command(capsys, "rundown", "--minutes", "5", "--csv", str(table), "--plot", str(picture))[0] == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert float(rows[-1]["time_s"]) == 300.0 and {"v_mv", "na_inside_mm", "volume"} <= set(rows[0])
    assert picture.stat().st_size > 10_000


def test_energy_is_the_library_s(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    payload = as_json(capsys, "energy")
    cell = pump_leak_cell()
    budget = energy_budget(cell, steady_state(cell).state)
    assert payload["budget"]["atp_per_second"] == pytest.approx(budget.atp_per_second)
    assert payload["budget"]["second_law"] is True
    assert [row["permeability_ratio"] for row in payload["selectivity"]] == [1, 10, 100, 1000, 10000]
    assert payload["selectivity"][0]["relative_cost"] > 5 > 1.01 > payload["selectivity"][-1]["relative_cost"]
    picture = tmp_path / "energy.svg"
    assert command(capsys, "energy", "--cell", "neuron", "--plot", str(picture))[0] == 0 and picture.exists()


def test_poor_fuel_breaks_the_second_law_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert "BROKEN" in command(capsys, "energy", "--atp", "40")[1]


def test_noise_is_seeded_and_meets_theory(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ("noise", "--reversal", "-90", "--leak-reversal", "-60", "--duration", "10", "--seed", "3")
    first, again = as_json(capsys, *arguments), as_json(capsys, *arguments)
    assert first["simulated"] == again["simulated"]
    assert first["theory"]["sd_mv"] == pytest.approx(1.1416787, abs=1e-6)
    simulated = first["simulated"]
    assert abs(simulated["sd_mv"] - first["theory"]["exact_sd_mv"]) < 5 * simulated["sd_error_mv"]
    picture = tmp_path / "noise.pdf"
    assert command(capsys, *arguments, "--plot", str(picture))[0] == 0 and picture.exists()


def test_noise_takes_its_potentials_from_the_cell(capsys: pytest.CaptureFixture[str]) -> None:
    payload = as_json(capsys, "noise", "--cell", "neuron", "--duration", "5", "--replicas", "1")
    assert payload["channel_reversal_mv"] == pytest.approx(-89.06, abs=0.01)
    assert payload["leak_reversal_mv"] == pytest.approx(-68.59, abs=0.01)
    assert payload["temperature_k"] == 310.15
    moved = as_json(capsys, "noise", "--cell", "neuron", "--out", "K=20", "--duration", "5", "--replicas", "1")
    assert moved["channel_reversal_mv"] > payload["channel_reversal_mv"] + 30


@pytest.mark.parametrize(
    "arguments, code, found",
    [
        (("rundown", "--cell", "squid-axon"), 1, "diameter"),
        (("rundown", "--minutes", "0"), 1, "duration"),
        (("rundown", "--remaining", "-1"), 2, "--remaining"),
        (("rundown", "--block", "calcium"), 2, "pump"),
        (("rundown", "--kinetics", "luo"), 1, "luo-rudy-1994"),
        (("rundown", "--bath", "0"), 1, "infinite"),
        (("rundown", "--block", "synthesis", "--half-life", "0"), 1, "half-life"),
        (("energy", "--atp", "0"), 1, "ATP"),
        (("energy", "--cell", "nowhere"), 2, "neuron"),
        (("noise", "--open-probability", "1"), 1, "open probability"),
        (("noise", "--duration", "0.01"), 1, "duration"),
        (("noise", "--capacitance", "0"), 1, "capacitance"),
    ],
)
def test_refusals_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, found: str
) -> None:
    answer, out, errors = command(capsys, *arguments)
    assert answer == code and found in errors and "Traceback" not in errors and out == ""
    if code == 1:
        assert errors.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, code",
    [
        (("rundown", "--bath", "inf", "--minutes", "1"), 1),
        (("rundown", "--recover", "-5", "--minutes", "1"), 2),
        (("rundown", "--remaining", "2", "--minutes", "1"), 2),
        (("noise", "--seed", "-1"), 2),
        (("noise", "--duration", "1e9"), 1),
    ],
)
def test_impossible_orders_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int
) -> None:
    status, out, errors = command(capsys, *arguments)
    assert (status, out) == (code, "") and errors.startswith("error: ") and errors.count("\n") == 1
    assert "bug" not in errors


def test_energy_without_a_background_leak_has_nothing_to_compare_with(capsys: pytest.CaptureFixture[str]) -> None:
    payload = as_json(capsys, "energy", "--p", "Na=0")
    assert [row["relative_cost"] for row in payload["selectivity"]] == [None] * 5
    assert "inf" not in command(capsys, "energy", "--p", "Na=0")[1]


@pytest.mark.parametrize("name", ["voltage", "rundown", "energy", "noise"])
def test_a_cell_of_one_s_own_goes_through_every_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(command(capsys, "cells", "--template")[1].replace("[neuron", "[mine"), encoding="utf-8")
    quick = {"rundown": ("--minutes", "1"), "noise": ("--duration", "1")}.get(name, ())
    code, out, errors = command(capsys, name, "--cell", "mine", "--cell-file", str(own), *quick)
    assert (code, errors) == (0, "") and (name == "noise" or "mine" in out.splitlines()[0])


def test_voltage_draws_the_curve_it_stands_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "v.svg"
    assert command(capsys, "voltage", "--ratio", "100", "--plot", str(picture))[0] == 0
    assert picture.stat().st_size > 5000
    code, _, errors = command(capsys, "voltage", "--p", "K=0", "--plot", str(tmp_path / "w.svg"))
    assert code == 1 and "does not permeate" in errors and not (tmp_path / "w.svg").exists()


def test_a_missing_side_is_named_by_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "add --in Ca=..." in command(capsys, "voltage", "--out", "Ca=2", "--p", "Ca=1")[2]
    assert "give --diameter" in command(capsys, "rundown", "--cell", "squid-axon")[2]


def test_noise_needs_potassium_or_a_reversal_potential(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "calcium.toml"
    sides = "[c.outside]\nCa = 2.0\n[c.inside]\nCa = 0.0001\n[c.permeability]\nCa = 1.0\n"
    own.write_text("[c]\ntemperature_k = 310.15\n" + sides, encoding="utf-8")
    quick = ("noise", "--cell-file", str(own), "--duration", "1")
    code, _, errors = command(capsys, *quick)
    assert code == 1 and "no K outside" in errors
    assert command(capsys, *quick, "--reversal", "-90")[0] == 0


def test_a_channel_block_says_which_way_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Claim 5 in both directions: with KCC2 E_Cl lies below V, with chloride loaded by NKCC1 above it."""
    for cell, side, way in (("pump-leak-neuron", "below", "depolarises"), ("macrophage", "above", "hyperpolarises")):
        shown = as_json(capsys, "rundown", "--cell", cell, "--block", "Cl", "--minutes", "1", "--diameter", "15")
        rows = {row["time_s"]: row["v_mv"] for row in shown["rows"]}
        assert (rows[0.5] > rows[0.0]) == (way == "depolarises")
        note = next(text for text in shown["notes"] if text.startswith("the block"))
        assert way in note and side in note
    assert not any(text.startswith("the block") for text in as_json(capsys, "rundown", "--minutes", "1")["notes"])
