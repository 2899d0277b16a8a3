"""`ratio` and `voltage`: the library's own numbers at full precision, rounded only where they are printed."""

from __future__ import annotations

import csv
import io
import json

import pytest

from selectivity.cli import main
from selectivity.membrane.cells import cell
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import nernst_potential
from selectivity.permeation.ratio import barrier_difference, barrier_difference_error, permeability_ratio
from selectivity.permeation.uncertainty import ratio_interval


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:  # type: ignore[type-arg]
    code, text, errors = command(capsys, *arguments, "--json", "-")
    assert (code, errors) == (0, "")
    return json.loads(text)  # type: ignore[no-any-return]


def test_the_course_text_s_twelve_kilojoules(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(capsys, "ratio", "12")[1] == "ddG‡ 12.00 kJ/mol (2.868 kcal/mol) at 298.15 K: P_K/P_Na 126.6\n"
    assert "P_K/P_Na 104.9" in command(capsys, "ratio", "12", "--temperature", "310.15")[1]


@pytest.mark.parametrize("ddg", [-30.0, -0.5, 0.0, 1e-3, 12.0, 60.0])
@pytest.mark.parametrize("temperature", [279.45, 298.15, 310.15])
def test_ratio_is_the_library_s_at_full_precision(
    capsys: pytest.CaptureFixture[str], ddg: float, temperature: float
) -> None:
    found = as_json(capsys, "ratio", repr(ddg), "--temperature", repr(temperature))
    assert found["permeability_ratio"] == permeability_ratio(ddg, temperature=temperature)
    assert (found["ddg_barrier_kj_mol"], found["temperature_k"]) == (ddg, temperature)
    assert found["permeability_ratio_interval"] is None
    back = as_json(capsys, "ratio", "--ratio", repr(found["permeability_ratio"]), "--temperature", repr(temperature))
    assert back["ddg_barrier_kj_mol"] == pytest.approx(ddg, rel=1e-12, abs=1e-12)


def test_kilocalories_exist_only_at_the_door(capsys: pytest.CaptureFixture[str]) -> None:
    in_kcal = as_json(capsys, "ratio", "2.5", "--unit", "kcal", "--error", "0.5")
    in_kj = as_json(capsys, "ratio", repr(2.5 * 4.184), "--error", repr(0.5 * 4.184))
    assert in_kcal == in_kj


def test_errors_travel_through_both_directions(capsys: pytest.CaptureFixture[str]) -> None:
    forward = as_json(capsys, "ratio", "12", "--error", "2")
    assert forward["permeability_ratio_interval"] == list(ratio_interval(12.0, 2.0, temperature=298.15))
    back = as_json(capsys, "ratio", "--ratio", "100", "--error", "20")
    assert back["ddg_barrier_kj_mol"] == barrier_difference(100.0, temperature=298.15)
    assert back["ddg_barrier_error_kj_mol"] == barrier_difference_error(100.0, 20.0, temperature=298.15)
    assert "11.4 ± 0.5 kJ/mol" in command(capsys, "ratio", "--ratio", "100", "--error", "20")[1]
    row = next(csv.DictReader(io.StringIO(command(capsys, "ratio", "12", "--error", "2", "--csv", "-")[1])))
    assert [float(row["permeability_ratio_low"]), float(row["permeability_ratio_high"])] == forward[
        "permeability_ratio_interval"
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ratio", "12", "--temperature", "-5"], "-5 K"),
        (["ratio", "12", "--temperature", "0"], "kelvin"),
        (["ratio", "nan"], "finite"),
        (["ratio", "inf"], "finite"),
        (["ratio", "1e6"], "kJ/mol"),
        (["ratio", "--ratio", "0"], "positive"),
        (["ratio", "--ratio", "-3"], "positive"),
        (["ratio", "12", "--error", "-1"], "-1"),
        (["ratio", "--ratio", "10", "--error", "20"], "interval"),
        (["voltage", "--ratio", "0"], "positive"),
        (["voltage", "--ratio", "nan"], "positive"),
        (["voltage", "--temperature", "0"], "not positive"),
        (["voltage", "--out", "K=-1"], "negative"),
        (["voltage", "--out", "Xx=1"], "Xx"),
        (["voltage", "--p", "K=0", "--p", "Na=0"], "permea"),
    ],
)
def test_numbers_out_of_range_are_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    code, text, errors = command(capsys, *arguments)
    assert (code, text) == (1, "")
    assert errors.startswith("error: ") and errors.count("\n") == 1 and expected in errors


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["voltage", "--cell", "neurn"], "did you mean 'neuron'?"),
        (["voltage", "--out", "K"], "K=3.5"),
        (["voltage", "--out", "K=much"], "ION=NUMBER"),
        (["voltage", "--out", "K=3", "--out", "K=4"], "twice"),
        (["voltage", "--ratio", "10", "--p", "Na=0.1"], "one of them"),
    ],
)
def test_words_that_mean_nothing_are_usage_errors(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    code, text, errors = command(capsys, *arguments)
    assert (code, text) == (2, "")
    assert errors.count("\n") == 1 and expected in errors


def test_voltage_is_ghk_at_full_precision_beside_each_nernst_potential(capsys: pytest.CaptureFixture[str]) -> None:
    neuron = cell("neuron")
    found = as_json(capsys, "voltage", "--ratio", "100", "--cell", "neuron")
    sides = {"outside": neuron.outside, "inside": neuron.inside}
    assert found["v_mv"] == ghk_voltage({"K": 1.0, "Na": 0.01}, **sides, temperature=310.15)
    assert round(found["v_mv"], 2) == -82.28  # published case: mammal, 1:0.01:0, 310.15 K
    for ion, valence in (("K", 1), ("Na", 1), ("Cl", -1)):
        expected = nernst_potential(
            outside=neuron.outside[ion], inside=neuron.inside[ion], valence=valence, temperature=310.15
        )
        assert found["nernst_mv"][ion] == expected


def test_the_cell_s_own_permeabilities_and_their_replacement(capsys: pytest.CaptureFixture[str]) -> None:
    assert round(as_json(capsys, "voltage")["v_mv"], 2) == -68.59  # published case: mammal, 1:0.04:0
    changed = as_json(capsys, "voltage", "--p", "Na=0.01", "--out", "K=3.5", "--in", "Na=12", "--temperature", "300")
    expected = cell("neuron").changed(
        outside={"K": 3.5}, inside={"Na": 12.0}, permeability={"Na": 0.01}, temperature=300.0
    )
    assert changed["v_mv"] == ghk_voltage(
        expected.permeability, outside=expected.outside, inside=expected.inside, temperature=300.0
    )


def test_an_ion_absent_on_one_side_has_no_nernst_potential(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "voltage", "--out", "K=0", "--in", "Na=0")
    assert "K" not in found["nernst_mv"] and found["v_mv"] < 0.0
    text = command(capsys, "voltage", "--out", "K=0", "--in", "Na=0")[1]
    assert "inf" not in text and "nan" not in text


def test_celsius_typed_as_kelvin_is_doubted_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, errors = command(capsys, "voltage", "--temperature", "37")
    assert code == 0
    assert errors.startswith("warning: temperature 37 K") and errors.count("\n") == 1


def test_voltage_table_has_a_row_per_ion_and_units_in_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(command(capsys, "voltage", "--ratio", "100", "--csv", "-")[1])))
    assert [row["ion"] for row in rows] == ["K", "Na", "Cl"]
    assert {"outside_mm", "inside_mm", "nernst_mv", "v_mv", "temperature_k"} <= set(rows[0])
    assert len({row["v_mv"] for row in rows}) == 1


def test_voltage_with_a_pump_is_the_library_s_and_knows_the_cell_s_own_temperature(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from selectivity.membrane.cells import cell
    from selectivity.membrane.pumped import pumped_voltage

    got = as_json(capsys, "voltage", "--ratio", "25", "--temperature", "300.15", "--pump", "0.5", "--json", "-")
    neuron = cell("neuron")
    assert got["v_mv"] == pumped_voltage(
        {"K": 1.0, "Na": 1.0 / 25.0}, outside=neuron.outside, inside=neuron.inside, temperature=300.15, pump=0.5,
        reference=310.15,
    )  # fmt: skip
    assert as_json(capsys, "voltage", "--ratio", "25", "--json", "-")["pump"] is None
    code, _, error = command(capsys, "voltage", "--pump", "-1")
    assert code == 1 and "negative" in error and error.count("\n") == 1
