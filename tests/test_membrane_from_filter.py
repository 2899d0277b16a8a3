"""From a ratio to a cell: sensitivity, intervals, mixtures of channels, mutants, two kinds of ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.data import MARKS
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.cells import cell, cells, load_cells
from selectivity.membrane.channels import channel, channels, mix_channels, mutant_effect, ratio_kinds
from selectivity.membrane.citations import citation
from selectivity.membrane.from_filter import membrane_from_ratio, voltage_against_barrier
from selectivity.membrane.ghk import ghk_voltage

NEURON = cell("neuron")
WHERE = {"outside": NEURON.outside, "inside": NEURON.inside, "temperature": NEURON.temperature_k}


@pytest.mark.parametrize(("ratio", "expected"), [(100, -82.28), (25, -68.59)])
def test_published_voltages(ratio, expected):
    """FACTS 4.2: mammal, 1:0.01 and 1:0.04."""
    assert membrane_from_ratio(ratio, cell=NEURON).v_mv == pytest.approx(expected, abs=0.0051)


@given(ddg=st.floats(-30, 40), leak=st.floats(0, 0.2))
def test_sensitivity_is_the_derivative(ddg, leak):
    step = 1e-4
    around = voltage_against_barrier([ddg - step, ddg, ddg + step], cell=NEURON, leak=leak)
    numeric = (around.v_mv[2] - around.v_mv[0]) / (2 * step)
    assert around.dv_dddg_mv_mol_per_kj[1] == pytest.approx(numeric, rel=1e-4, abs=1e-8)
    assert around.dv_dddg_mv_mol_per_kj[1] <= 0.0


def test_the_voltage_saturates_at_both_ends():
    sweep = voltage_against_barrier(np.linspace(-80, 80, 161), cell=NEURON)
    e = membrane_from_ratio(10, cell=NEURON).nernst_mv
    assert sweep.v_mv[0] == pytest.approx(e["Na"], abs=1e-3)
    assert sweep.v_mv[-1] == pytest.approx(e["K"], abs=1e-3)
    assert np.all(np.diff(sweep.v_mv) < 0)
    assert abs(sweep.dv_dddg_mv_mol_per_kj[-1]) < 1e-6
    steepest = -sweep.dv_dddg_mv_mol_per_kj.min()
    assert 1.0 < steepest < 10.364  # never steeper than 1/F: one kJ/mol moves an ideal electrode by 10.36 mV


def test_insensitive_is_said_above_a_thousand():
    assert membrane_from_ratio(999, cell=NEURON).sensitivity == "sensitive"
    assert membrane_from_ratio(1001, cell=NEURON).sensitivity == "insensitive"
    # what the word means: a factor of ten in the ratio moves the voltage by less than a millivolt
    change = membrane_from_ratio(1e4, cell=NEURON).v_mv - membrane_from_ratio(1e3, cell=NEURON).v_mv
    assert abs(change) < 1.0
    assert abs(membrane_from_ratio(100, cell=NEURON).v_mv - membrane_from_ratio(10, cell=NEURON).v_mv) > 20.0


@given(log_ratio=st.floats(-2, 6), below=st.floats(0, 2), above=st.floats(0, 2), leak=st.floats(0, 0.1))
def test_intervals_are_carried_and_ordered(log_ratio, below, above, leak):
    ratio = 10**log_ratio
    interval = (10 ** (log_ratio - below), 10 ** (log_ratio + above))
    membrane = membrane_from_ratio(ratio, cell=NEURON, ratio_interval=interval, leak=leak)
    low, high = membrane.v_interval_mv
    assert low - 1e-9 <= membrane.v_mv <= high + 1e-9
    low, high = membrane.v_with_leak_interval_mv
    assert low - 1e-9 <= membrane.v_with_leak_mv <= high + 1e-9
    assert membrane.v_with_leak_mv >= membrane.v_mv - 1e-9  # a sodium leak never hyperpolarises
    for end, volts in zip(interval, membrane.v_interval_mv[::-1], strict=True):
        assert volts == pytest.approx(membrane_from_ratio(end, cell=NEURON).v_mv, abs=1e-9)


def test_one_sided_intervals_end_at_the_nernst_potentials():
    membrane = membrane_from_ratio(300, cell=NEURON, ratio_interval=(150, math.inf))
    assert membrane.v_interval_mv[0] == pytest.approx(membrane.nernst_mv["K"], abs=1e-9)
    membrane = membrane_from_ratio(0.1, cell=NEURON, ratio_interval=(0.0, 1.0))
    assert membrane.v_interval_mv[1] == pytest.approx(membrane.nernst_mv["Na"], abs=1e-9)


def test_the_leak_is_the_cells_own_unless_given():
    assert membrane_from_ratio(100, cell=NEURON).leak == 0.04
    assert membrane_from_ratio(100, cell=NEURON, leak=0.0).v_with_leak_mv == membrane_from_ratio(100, cell=NEURON).v_mv
    with_leak = membrane_from_ratio(1e9, cell=NEURON).v_with_leak_mv
    assert with_leak == pytest.approx(ghk_voltage(NEURON.permeability, **WHERE), abs=1e-5)


def test_barrier_and_ratio_correspond():
    assert membrane_from_ratio(126.6, cell=NEURON.changed(temperature=298.15)).ddg_kj_mol == pytest.approx(
        12.0, abs=0.001
    )


@pytest.mark.parametrize("name", list(cells()))
def test_every_preset_takes_a_filter(name):
    membrane = membrane_from_ratio(50, cell=cell(name), ratio_interval=(10, 500))
    assert membrane.v_interval_mv[0] < membrane.v_mv < membrane.v_interval_mv[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratio": 0.0}, "P_K/P_Na"),
        ({"ratio": -1.0}, "negative"),
        ({"ratio": math.nan}, "not finite"),
        ({"ratio": math.inf}, "not finite"),
        ({"ratio": 10, "ratio_interval": (20, 30)}, "does not hold"),
        ({"ratio": 10, "ratio_interval": (math.nan, 30)}, "does not hold"),
        ({"ratio": 10, "leak": -0.1}, "negative"),
    ],
)
def test_bad_ratios_are_refused(arguments, message):
    with pytest.raises(OutOfRange, match=message):
        membrane_from_ratio(**arguments, cell=NEURON)


def test_a_cell_without_sodium_is_refused_in_words(tmp_path):
    path = tmp_path / "cells.toml"
    path.write_text(
        "[bare]\ntemperature_k = 300.0\n[bare.outside]\nK = 5.0\n[bare.inside]\nK = 140.0\n[bare.permeability]\nK = 1.0\n"
    )
    bare = load_cells(path)["bare"]
    for question in (
        lambda: membrane_from_ratio(10, cell=bare),
        lambda: mutant_effect("kv1.2-v370g", cell=bare),
        lambda: ratio_kinds(10, cell=bare),
    ):
        with pytest.raises(UnknownChoice, match="bare: no Na outside"):
            question()


def test_joules_typed_for_kilojoules_are_refused():
    with pytest.raises(OutOfRange, match="not J/mol"):
        voltage_against_barrier(12000.0, cell=NEURON)


def test_sweep_table():
    table = voltage_against_barrier([0.0, 12.0], cell=NEURON, leak=0.01).table()
    assert list(table.columns) == ["ddg_kj_mol", "permeability_ratio", "v_mv", "dv_dddg_mv_mol_per_kj"]
    assert table.attrs["leak"] == 0.01


def test_every_channel_names_its_sources():
    for kind in channels().values():
        for ion in kind.ratios:
            assert citation(kind.sources[ion]).title
            assert kind.marks[ion] in MARKS
        if kind.mutant_of:
            assert kind.mutant_of in channels()


@pytest.mark.parametrize(
    ("name", "ion", "ratio"),
    [("kv1.2", "Na", 0.04), ("kv1.2", "Rb", 0.78), ("kv1.2-v370g", "Na", 0.76), ("kv1.2-v370g", "Cs", 1.18),
     ("frog-node-k", "Tl", 2.3), ("hcn1", "Na", 0.2)],
)  # fmt: skip
def test_published_ratios(name, ion, ratio):
    """FACTS 3.1."""
    assert channel(name).ratios[ion] == ratio


def test_one_channel_type_is_its_own_reversal_potential():
    mixed = mix_channels({"hcn1": 3.0}, cell=NEURON)
    assert mixed.v_mv == pytest.approx(ghk_voltage({"K": 1, "Na": 0.2}, **WHERE), rel=1e-12)
    assert mixed.v_chord_mv == pytest.approx(mixed.v_mv, rel=1e-12)
    assert "its own reversal" in mixed.reason


@given(a=st.floats(0.01, 100), b=st.floats(0.01, 100), scale=st.floats(1e-3, 1e3))
def test_mixtures_lie_between_their_channels_and_only_shares_count(a, b, scale):
    mixed = mix_channels({"kv1.2": a, "hcn1": b}, cell=NEURON)
    low, high = sorted(mixed.reversal_mv.values())
    for v in (mixed.v_mv, mixed.v_chord_mv):
        assert low - 1e-9 <= v <= high + 1e-9
    again = mix_channels({"kv1.2": scale * a, "hcn1": scale * b}, cell=NEURON)
    assert again.v_mv == pytest.approx(mixed.v_mv, rel=1e-9)
    # permeabilities add: the mixture is one membrane with the mean sodium ratio
    mean = (0.04 * a + 0.2 * b) / (a + b)
    assert mixed.permeability["Na"] == pytest.approx(mean, rel=1e-9)
    assert mixed.v_mv == pytest.approx(ghk_voltage({"K": 1, "Na": mean}, **WHERE), rel=1e-9)


def test_permeability_and_conductance_weights_differ():
    mixed = mix_channels({"kv1.2": 1.0, "hcn1": 1.0}, cell=NEURON)
    assert abs(mixed.v_mv - mixed.v_chord_mv) > 0.5
    assert "permeabilities add" in mixed.reason


def test_a_selectivity_mutant_depolarises_a_neuron():
    """Kv1.2 V370G: the abstract's reversal potentials move from -72 to -9 mV; in a neuron the shift grows with the share."""
    effect = mutant_effect("kv1.2-v370g", cell=NEURON, share=np.linspace(0, 1, 11))
    assert effect.shift_mv[0] == 0.0
    assert np.all(np.diff(effect.shift_mv) > 0)
    assert effect.shift_mv[-1] > 45.0
    assert not effect.assumed
    whole = ghk_voltage({"K": 1, "Na": 0.76 + 0.04}, **WHERE)
    assert effect.v_mutant_mv[-1] == pytest.approx(whole, rel=1e-12)


def test_weaver_is_marked_assumed():
    effect = mutant_effect("girk2-weaver", cell=NEURON, share=0.2)
    assert effect.assumed and effect.shift_mv[0] > 10.0
    assert channel("girk2-weaver").marks["Na"] == "assumed"


def test_two_readings_of_one_ratio():
    kinds = ratio_kinds(25.0, cell=NEURON)
    assert kinds.v_permeability_mv == pytest.approx(-68.59, abs=0.005)
    assert kinds.v_conductance_mv == pytest.approx((25 * -89.0587 + 60.6334) / 26, abs=0.01)
    assert kinds.conductance_ratio < 25.0
    assert f"{kinds.v_permeability_mv:.1f}" in kinds.explanation


def test_bad_channels_are_refused():
    with pytest.raises(UnknownChoice, match=r"did you mean 'kv1\.2'"):
        channel("Kv12")
    with pytest.raises(UnknownChoice, match="is not a mutant"):
        mutant_effect("kv1.2", cell=NEURON)
    with pytest.raises(OutOfRange, match="between 0 and 1"):
        mutant_effect("kv1.2-v370g", cell=NEURON, share=1.5)
    with pytest.raises(OutOfRange, match="no channel conducts"):
        mix_channels({"kv1.2": 0.0}, cell=NEURON)
    with pytest.raises(OutOfRange, match="negative"):
        mix_channels({"kv1.2": -1.0}, cell=NEURON)
    with pytest.raises(OutOfRange, match="P_K/P_Na"):
        ratio_kinds(0.0, cell=NEURON)


def test_the_course_s_exercise_on_a_barrier():
    """18 kJ/mol at 310 K: 1079 (the course says about 1.1e3)."""
    warm = NEURON.changed(temperature=310.0)
    assert float(voltage_against_barrier(18.0, cell=warm).ratio) == pytest.approx(1079.0, rel=5e-4)
