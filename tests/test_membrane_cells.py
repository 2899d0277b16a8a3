"""Cells: every number has a source, the published voltages come out, user files are checked."""

from __future__ import annotations

import dataclasses

import pytest

from selectivity.data import MARKS
from selectivity.errors import FileUnreadable, OutOfRange, SelectivityError, UnknownChoice
from selectivity.membrane.cells import cell, cells, load_cells
from selectivity.membrane.citations import citation, citations
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mobilities import mobilities
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.references import references

NAMES = (
    "squid-axon", "frog-muscle", "neuron", "pump-leak-neuron", "ventricular-myocyte", "skeletal-muscle", "astrocyte",
    "red-cell", "macrophage",
)  # fmt: skip


def test_the_nine_cells_are_there():
    assert tuple(cells()) == NAMES


def number_names(preset):
    names = [
        f"{side}.{ion}"
        for side in ("outside", "inside", "permeability", "conductance_ms_cm2")
        for ion in getattr(preset, side)
    ]
    names += [
        key for key in ("area_um2", "capacitance_uf_cm2", "volume_pl", "resting_mv") if getattr(preset, key) is not None
    ]
    return {*names, *(f"pump.{key}" for key in preset.pump), "temperature_k", "temperature_range_k"}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_names_a_source_that_exists(name):
    preset = cell(name)
    assert set(preset.sources) == set(preset.marks) == number_names(preset)
    for entry, key in preset.sources.items():
        assert citation(key).title, entry
        assert preset.marks[entry] in MARKS
    for entry in preset.assumed:
        assert preset.marks[entry] == "assumed"


def test_concentrations_are_never_assumed():
    """A guess may stand in for an area or a permeability; what a cell contains must come from somewhere."""
    for preset in cells().values():
        assert not [entry for entry in preset.assumed if entry.startswith(("outside", "inside"))]


@pytest.mark.parametrize(
    ("name", "entry", "value"),
    [
        ("squid-axon", ("outside", "K"), 20), ("squid-axon", ("inside", "Na"), 50), ("squid-axon", ("outside", "Cl"), 560),
        ("frog-muscle", ("outside", "K"), 2.25), ("frog-muscle", ("inside", "Cl"), 1.5),
        ("neuron", ("outside", "K"), 5), ("neuron", ("inside", "K"), 140), ("neuron", ("outside", "Na"), 145),
        ("neuron", ("inside", "Na"), 15), ("neuron", ("outside", "Cl"), 110), ("neuron", ("inside", "Cl"), 4),
        ("ventricular-myocyte", ("outside", "K"), 5.4), ("ventricular-myocyte", ("inside", "K"), 138.3),
        ("pump-leak-neuron", ("inside", "K"), 122.873), ("pump-leak-neuron", ("inside", "Cl"), 5.163),
    ],
)  # fmt: skip
def test_concentrations_of_the_reference_table(name, entry, value):
    assert getattr(cell(name), entry[0])[entry[1]] == value


def where(preset):
    return {"outside": preset.outside, "inside": preset.inside, "temperature": preset.temperature_k}


@pytest.mark.parametrize(("name", "ghk"), [("squid-axon", -62.27), ("frog-muscle", -95.61), ("neuron", -68.59)])
def test_published_voltages_come_out(name, ghk):
    preset = cell(name)
    assert ghk_voltage(preset.permeability, **where(preset)) == pytest.approx(ghk, abs=0.0051)


def test_claim_1_a_resting_potential_of_about_minus_70():
    """Course text, claim 1: GHK -68.6, with the pump -73.8, pump-leak model -72.6 (its own test)."""
    preset = cell("neuron")
    assert ghk_voltage(preset.permeability, **where(preset)) == pytest.approx(-68.6, abs=0.05)
    assert mullins_noda_voltage(preset.permeability, **where(preset)) == pytest.approx(-73.8, abs=0.05)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("ventricular-myocyte", 0.05), ("astrocyte", 0.2), ("macrophage", 1.0)],
)
def test_presets_rest_where_their_source_says(name, tolerance):
    """Independent for the astrocyte and the macrophage: their permeabilities know nothing of the resting potential, and
    Mullins-Noda (their pumps exchange 3:2) finds it. The myocyte's sodium permeability was computed from its rest by GHK."""
    preset = cell(name)
    cations = {ion: p for ion, p in preset.permeability.items() if ion != "Cl"}
    formula = ghk_voltage if name == "ventricular-myocyte" else mullins_noda_voltage
    assert formula(cations, **where(preset)) == pytest.approx(preset.resting_mv, abs=tolerance)


def test_red_cell_stays_within_what_impalement_found():
    preset = cell("red-cell")
    assert -14.0 < ghk_voltage(preset.permeability, **where(preset)) < -5.0


def test_capacitance_of_the_whole_cell():
    assert cell("ventricular-myocyte").capacitance_pf == pytest.approx(185.0)  # ten Tusscher: 0.185 nF
    assert cell("squid-axon").capacitance_pf is None


def test_presets_cannot_be_changed_in_place():
    preset = cell("neuron")
    with pytest.raises(dataclasses.FrozenInstanceError):
        preset.temperature_k = 300.0
    with pytest.raises(TypeError):
        preset.outside["K"] = 3.0


def test_changed_keeps_the_rest_and_marks_the_change():
    preset = cell("neuron").changed(outside={"K": 3.5}, permeability={"Na": 0.05}, temperature=308.0)
    assert (preset.outside["K"], preset.outside["Na"], preset.permeability["Na"]) == (3.5, 145.0, 0.05)
    assert preset.temperature_k == 308.0
    assert {entry for entry, mark in preset.marks.items() if mark == "user"} == {
        "outside.K", "permeability.Na", "temperature_k",
    }  # fmt: skip
    assert cell("neuron").outside["K"] == 5.0
    with pytest.raises(OutOfRange, match="negative"):
        cell("neuron").changed(outside={"K": -1.0})
    with pytest.raises(UnknownChoice, match="no ion of this name"):
        cell("neuron").changed(outside={"Kk": 1.0})


def test_unknown_cell_names_the_nearest():
    with pytest.raises(UnknownChoice, match="did you mean 'neuron'"):
        cell("neurone")


USER_CELL = """
[hepatocyte]
title = "Rat hepatocyte"
temperature_k = 310.15
temperature_range_k = [295.0, 315.0]
[hepatocyte.outside]
K = 4.0
Na = { value = 140.0, source = "my notebook", mark = "read" }
[hepatocyte.inside]
K = 130.0
Na = 14.0
[hepatocyte.permeability]
K = 1.0
Na = 0.2
"""


def test_user_cells_come_from_toml(tmp_path):
    path = tmp_path / "cells.toml"
    path.write_text(USER_CELL)
    preset = load_cells(path)["hepatocyte"]
    assert preset.title == "Rat hepatocyte"
    assert preset.sources["outside.Na"] == "my notebook"
    assert preset.marks["outside.K"] == "user"
    assert preset.temperature_range_k == (295.0, 315.0)
    assert ghk_voltage(preset.permeability, **where(preset)) < -30


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ("K = 4.0", "K = -4.0", OutOfRange, r"\[hepatocyte\] outside.K: -4 is negative"),
        ("K = 4.0", "K = nan", OutOfRange, "not a finite number"),
        ("K = 4.0", 'K = "4"', OutOfRange, "not a finite number"),
        ("K = 4.0", "K = true", OutOfRange, "not a finite number"),
        ("K = 4.0", "K = { source = 'x' }", OutOfRange, "no value"),
        ("K = 4.0", "K = { value = 4.0, mark = 'guess' }", UnknownChoice, "mark 'guess'"),
        ("K = 4.0", "Kalium = 4.0", UnknownChoice, "no ion of this name"),
        ("K = 130.0", "", OutOfRange, "K permeates but has no inside concentration"),
        ("temperature_k = 310.15", "", OutOfRange, "no temperature_k"),
        ("temperature_k = 310.15", "temperature_k = -3", OutOfRange, "not positive"),
        ("temperature_range_k = [295.0, 315.0]", "temperature_range_k = [315.0, 295.0]", OutOfRange, "temperature_range_k"),
        ("temperature_range_k = [295.0, 315.0]", "temperature_range_k = 300", OutOfRange, "temperature_range_k"),
        ("[hepatocyte.outside]", "[hepatocyte.outsid]", UnknownChoice, "did you mean 'outside'"),
        ("K = 1.0\nNa = 0.2", "", OutOfRange, "no permeability"),
        ("K = 1.0\nNa = 0.2", "K = 0.0", OutOfRange, "no permeability"),
        ("[hepatocyte]\n", "[hepatocyte]\narea_um2 = 0\n", OutOfRange, "not positive"),
        ("[hepatocyte]\n", "[hepatocyte\n", FileUnreadable, "not a TOML file"),
        ("[hepatocyte]\n", "[hepatocyte]\noutside = 4\n", SelectivityError, "not a TOML file"),
    ],
)  # fmt: skip
def test_user_cells_are_validated(tmp_path, old, new, error, message):
    path = tmp_path / "cells.toml"
    assert old in USER_CELL
    path.write_text(USER_CELL.replace(old, new))
    with pytest.raises(error, match=message) as caught:
        load_cells(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_table_that_is_not_a_table_is_refused(tmp_path):
    path = tmp_path / "cells.toml"
    path.write_text("[x]\ntemperature_k = 300\noutside = 4\ninside = {K = 1}\npermeability = {K = 1}\n")
    with pytest.raises(OutOfRange, match="outside"):
        load_cells(path)


def test_missing_empty_and_binary_files(tmp_path):
    with pytest.raises(FileUnreadable, match="cannot be read"):
        load_cells(tmp_path / "nowhere.toml")
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(FileUnreadable, match="no cell in it"):
        load_cells(tmp_path / "empty.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileUnreadable, match=r"not a text file|not a TOML file"):
        load_cells(tmp_path / "binary.toml")


def test_sources_of_this_room_are_complete_and_do_not_shadow_the_others():
    own = set(citations()) - set(references())
    assert len(citations()) == len(references()) + len(own)
    for key in own:
        source = citation(key)
        assert source.authors and source.title and source.where
        assert source.mark in MARKS and source.label in ("confirmed", "recalled")
    for entry in mobilities().values():
        assert citation(entry.source) and entry.mark in MARKS
    with pytest.raises(UnknownChoice, match="did you mean halnes2013"):
        citation("halnes2012")


@pytest.mark.parametrize(
    ("pump", "found"),
    [
        ('{ kinetics = "luo" }', r"pump.kinetics: no rate law 'luo'; one of .*luo-rudy-1994"),
        ('{ kinetic = "luo-rudy-1994" }', "pump: unknown entry 'kinetic'; a pump has kinetics"),
    ],
)
def test_a_misspelt_pump_is_found_when_the_file_is_read(tmp_path, pump, found):
    """It once waited until a run-down asked for the pump, or was passed over without a word."""
    own = tmp_path / "own.toml"
    own.write_text(
        "[c]\ntemperature_k = 310\noutside = {K = 5}\ninside = {K = 140}\npermeability = {K = 1}\n" + f"pump = {pump}\n"
    )
    with pytest.raises(UnknownChoice, match=r"own.toml \[c\] " + found):
        load_cells(own)
