"""`iv`, `fit`, `temperature`, `cells`: the library's numbers at full precision, files, pictures, refusals in one line."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest

from selectivity.cli import main
from selectivity.membrane.cells import cell, cells
from selectivity.membrane.compare import compare_voltages
from selectivity.membrane.currents import current_voltage
from selectivity.membrane.fitting import fit_permeabilities
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.reversal_data import read_reversal_data
from selectivity.membrane.temperature import TemperatureScaling, voltage_against_temperature

KV = """v_rev_mv,temperature_k,error_mv,K_out_mm,K_in_mm,Na_out_mm,Na_in_mm
-82.7,298.15,1.0,0,150,150,0
-60.4,298.15,1.0,10,150,140,0
-32.2,298.15,1.0,40,150,110,0
"""
OWN = """[hepatocyte]
temperature_k = 310.15
[hepatocyte.outside]
K = 4.0
Na = 140.0
[hepatocyte.inside]
K = 130.0
Na = 14.0
[hepatocyte.permeability]
K = 1.0
Na = 0.2
"""


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, text, errors = command(capsys, *arguments, "--json", "-")
    assert (code, errors) == (0, "")
    return json.loads(text)


@pytest.fixture
def kv(tmp_path: Path) -> Path:
    path = tmp_path / "kv.csv"
    path.write_text(KV)
    return path


def test_iv_is_the_library_s_at_full_precision(capsys: pytest.CaptureFixture[str]) -> None:
    payload = as_json(
        capsys, "iv", "--cell", "squid-axon", "--from", "-100", "--to", "50", "--step", "10", "--p-k", "2e-6"
    )
    preset = cell("squid-axon")
    ours = current_voltage(
        {ion: 2e-6 * p for ion, p in preset.permeability.items()},
        outside=preset.outside,
        inside=preset.inside,
        temperature=preset.temperature_k,
        voltage=np.arange(-100.0, 51.0, 10.0),
    )
    assert payload["reversal_mv"] == ours.reversal_mv
    assert [row["i_total_ua_cm2"] for row in payload["rows"]] == (1e3 * ours.total_ma_cm2).tolist()
    assert [row["i_Cl_ua_cm2"] for row in payload["rows"]] == (1e3 * ours.current_ma_cm2["Cl"]).tolist()


def test_overrides_reach_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    overrides = ("--cell", "neuron", "--out", "K=3.5", "--in", "Na=10", "--p", "Na=0.05", "--temperature", "308.15")
    changed = cell("neuron").changed(
        outside={"K": 3.5}, inside={"Na": 10.0}, permeability={"Na": 0.05}, temperature=308.15
    )
    v = ghk_voltage(changed.permeability, outside=changed.outside, inside=changed.inside, temperature=308.15)
    assert as_json(capsys, "iv", *overrides)["reversal_mv"] == v
    assert as_json(capsys, "cells", *overrides)["ghk_mv"] == v
    assert as_json(capsys, "cells", *overrides)["marks"]["outside.K"] == "user"
    payload = as_json(capsys, "temperature", *overrides)
    assert payload["reference_k"] == 308.15
    assert payload["reference_mv"] == pytest.approx(compare_voltages(changed).mullins_noda_mv, abs=1e-9)


def test_iv_takes_calcium(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = command(capsys, "iv", "--out", "Ca=2", "--in", "Ca=0.0001", "--p", "Ca=0.1", "--step", "90")
    assert code == 0 and "I_Ca (µA/cm²)" in text


def test_iv_says_when_the_reversal_is_out_of_sight(capsys: pytest.CaptureFixture[str]) -> None:
    assert "lies outside the voltages shown" in command(capsys, "iv", "--from", "0", "--to", "40")[1]


def test_fit_is_the_library_s(capsys: pytest.CaptureFixture[str], kv: Path) -> None:
    payload = as_json(capsys, "fit", str(kv))
    ours = fit_permeabilities(read_reversal_data(kv))
    row = payload["ratios"][0]
    assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (
        ours.ratios["Na"].ratio,
        ours.ratios["Na"].low,
        ours.ratios["Na"].high,
    )
    assert row["barrier_kj_mol"] == ours.ratios["Na"].barrier_kj_mol
    assert payload["residual_mv"] == ours.residual_mv.tolist()
    one = as_json(capsys, "fit", str(kv), "--interval", "bootstrap", "--seed", "3", "--replicates", "40")
    assert one == as_json(capsys, "fit", str(kv), "--interval", "bootstrap", "--seed", "3", "--replicates", "40")
    assert as_json(capsys, "fit", str(kv), "--reference", "Na")["ratios"][0]["ratio"] == pytest.approx(
        1 / row["ratio"], rel=1e-6
    )


def test_fit_prints_bounds_as_bounds_and_json_has_null(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "selective.csv"
    rows = [(k, 25.6926 * math.log(k / 120.0)) for k in (2.5, 10.0, 40.0)]
    path.write_text(
        "v_rev_mv,temperature_k,error_mv,K_out_mm,K_in_mm,Na_out_mm,Na_in_mm\n"
        + "".join(f"{v},298.15,2.0,{k},120,117,10\n" for k, v in rows)
    )
    text = command(capsys, "fit", str(path))[1]
    assert "below 0.00" in text and "the data give a bound, not a value" in text
    row = as_json(capsys, "fit", str(path))["ratios"][0]
    assert (row["bound"], row["ratio_low"], row["barrier_high_kj_mol"]) == ("upper", 0.0, None)


def test_fit_warns_when_one_set_of_ratios_does_not_explain_the_data(
    capsys: pytest.CaptureFixture[str], kv: Path
) -> None:
    kv.write_text(KV.replace("-32.2", "-10.0"))
    assert "explains these voltages badly" in " ".join(command(capsys, "fit", str(kv))[1].split())
    kv.write_text(KV.replace(",1.0,", ",5.0,"))
    assert "warning" not in command(capsys, "fit", str(kv))[1]


def test_fit_with_activities(capsys: pytest.CaptureFixture[str], kv: Path) -> None:
    code, _, errors = command(capsys, "fit", str(kv), "--activities")
    assert code == 1 and "counter-ions too" in errors  # cations alone: the ionic strength would be half the true one
    header, *rows = KV.split()
    whole = [header + ",Cl_out_mm,Cl_in_mm", *(row + ",150,150" for row in rows)]
    kv.write_text("\n".join(whole))
    plain, corrected = (
        as_json(capsys, "fit", str(kv), "--ions", "Na", *extra)["ratios"][0]["ratio"]
        for extra in ((), ("--activities",))
    )
    assert corrected == pytest.approx(plain, rel=1e-6)  # one ionic strength on both sides: the coefficients cancel


def test_temperature_is_the_library_s(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--from", "300.15", "--to", "310.15", "--q10-pump", "2.0", "--q10-leak", "1.5", "--gating", "K=1.2")
    payload = as_json(capsys, "temperature", *options)
    ours = voltage_against_temperature(
        cell("neuron"), [300.15, 305.15, 310.15], scaling=TemperatureScaling(1.5, 2.0, {"K": 1.2})
    )
    assert [row["v_mv"] for row in payload["rows"]] == ours.v_mv.tolist()
    assert payload["hyperpolarises"] is True and payload["warnings"] == []
    off = as_json(capsys, "temperature", "--no-pump")
    assert off["turning_q10_pump"] is None and off["rows"][0]["pump_share_mv"] == pytest.approx(0.0, abs=1e-9)
    barrier = as_json(capsys, "temperature", "--ddg", "8", "--enthalpy", "2")
    assert any(row["barrier_mv"] for row in barrier["rows"])


def test_temperature_warns_outside_the_preset_s_range(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = command(capsys, "temperature", "--from", "310.15", "--to", "330.15")
    assert code == 0 and "outside the range of neuron" in text and "an extrapolation" in " ".join(text.split())


def test_cells_lists_all_and_shows_one_with_sources(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = command(capsys, "cells")
    assert code == 0 and [name for name in cells() if name not in text] == []
    listed = as_json(capsys, "cells")
    assert [entry["cell"] for entry in listed] == list(cells())
    one = as_json(capsys, "cells", "--cell", "astrocyte")
    three = compare_voltages(cell("astrocyte"))
    assert (one["ghk_mv"], one["chord_mv"], one["mullins_noda_mv"]) == (
        three.ghk_mv,
        three.chord_mv,
        three.mullins_noda_mv,
    )
    assert "PLoS Comput Biol" in one["citations"]["halnes2013"]
    assert set(one["numbers"]) == set(one["sources"]) == set(one["marks"])


def test_the_template_is_a_cell_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(command(capsys, "cells", "--template")[1])
    assert as_json(capsys, "cells", "--cell", "neuron", "--cell-file", str(path))["ghk_mv"] == pytest.approx(
        -68.59, abs=0.01
    )


@pytest.mark.parametrize("name", ["iv", "temperature", "cells"])
def test_own_cells(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    payload = as_json(capsys, name, "--cell", "hepatocyte", "--cell-file", str(path))
    assert payload["cell"] == "hepatocyte"
    path.write_text(OWN + OWN.replace("hepatocyte", "other"))
    code, _, errors = command(capsys, name, "--cell", "hepatocite", "--cell-file", str(path))
    assert code == 1 and errors.count("\n") == 1 and "did you mean 'hepatocyte'" in errors
    path.write_text(OWN.replace("K = 4.0", "K = -4.0"))
    code, _, errors = command(capsys, name, "--cell", "hepatocyte", "--cell-file", str(path))
    assert code == 1 and "negative" in errors and str(path) in errors


@pytest.mark.parametrize("name", ["iv", "fit", "temperature", "cells"])
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_files_and_pictures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, kv: Path, name: str, suffix: str
) -> None:
    places = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv")} | {"plot": tmp_path / f"out{suffix}"}
    arguments = [str(kv)] if name == "fit" else []
    for option, place in places.items():
        arguments += [f"--{option}", str(place)]
    assert command(capsys, name, *arguments)[0] == 0
    rows = list(csv.DictReader(io.StringIO(places["csv"].read_text())))
    assert rows and json.loads(places["json"].read_text())
    assert places["plot"].stat().st_size > 2000
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["kv.csv", *(place.name for place in places.values())]
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("iv", "--cell", "neurone"), 2, "did you mean 'neuron'"),
        (("iv", "--out", "K"), 2, "write ION=NUMBER"),
        (("iv", "--out", "K=-3"), 1, "negative"),
        (("iv", "--out", "K=nan"), 1, "not a finite number"),
        (("iv", "--out", "Kalium=3"), 1, "no ion of this name"),
        (("iv", "--p", "Ca=0.1"), 1, "Ca: no concentration outside"),
        (("iv", "--step", "0"), 2, "positive step"),
        (("iv", "--from", "10", "--to", "0"), 2, "--to above --from"),
        (("iv", "--p-k", "0"), 1, "no ion permeates"),
        (("iv", "--temperature", "-5"), 1, "not positive"),
        (("iv", "--cell-file", "nowhere.toml"), 1, "cannot be read"),
        (("fit", "nowhere.csv"), 1, "cannot be read"),
        (("fit", "KV", "--level", "95"), 1, "between 0 and 1"),
        (("fit", "KV", "--ions", "Rb"), 1, "'Rb' is not in the data"),
        (("fit", "KV", "--interval", "guess"), 2, "profile, bootstrap"),
        (("temperature", "--enthalpy", "3"), 2, "give --ddg too"),
        (("temperature", "--q10-pump", "-1"), 1, "negative"),
        (("temperature", "--gating", "Rb=2"), 1, "does not permeate"),
        (("cells", "--cell", "astrocite"), 2, "did you mean 'astrocyte'"),
        (("cells", "--plot", "x.gif"), 2, "extension must be one of"),
    ],
)
def test_refusals(
    capsys: pytest.CaptureFixture[str], kv: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    given = [str(kv) if word == "KV" else word for word in arguments]
    found, text, errors = command(capsys, *given)
    assert found == code and text == "" and "Traceback" not in errors
    assert message in " ".join(errors.replace("│", " ").split())


def test_celsius_is_doubted_once(capsys: pytest.CaptureFixture[str]) -> None:
    payload = as_json(capsys, "temperature", "--from", "20", "--to", "30")
    assert [note for note in payload["warnings"] if "was it typed in °C" in note] == [
        "temperature 20 K is below 200 K: was it typed in °C? (20 °C = 293.15 K)"
    ]
