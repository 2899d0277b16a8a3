"""The way back: published reversal potentials, recovered ratios, honest intervals, refusals with the reason."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selectivity.errors import FileUnreadable, OutOfRange, UnknownChoice
from selectivity.membrane.activity import activities
from selectivity.membrane.fitting import bi_ionic_ratio, fit_permeabilities
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.reversal_data import read_reversal_data, reversal_data

KELVIN = 298.15


def series(permeability, *, noise=0.0, seed=0, error=None, valence=None):
    """A concentration series in which every ion is varied on the outside, with seeded noise (mV)."""
    rng = np.random.default_rng(seed)
    ions = list(permeability)
    rows = [dict.fromkeys(ions, 10.0) | {ion: c} for ion in ions for c in (1.0, 30.0, 150.0)]
    outside = {ion: np.array([row[ion] for row in rows]) for ion in ions}
    inside = {ion: np.full(len(rows), 140.0 if ion == "K" else 10.0) for ion in ions}
    volts = ghk_voltage(permeability, outside=outside, inside=inside, temperature=KELVIN, valence=valence)
    return reversal_data(
        reversal=volts + rng.normal(0.0, noise, len(rows)),
        outside=outside,
        inside=inside,
        temperature=KELVIN,
        error=error,
        valence=valence,
    )


@pytest.mark.parametrize(("ratio", "v_rev"), [(0.76, -7.1), (0.04, -82.7), (0.01, -118.3), (1 / 150, -128.7)])
def test_bi_ionic_ratios_of_the_reference_table(ratio, v_rev):
    """FACTS 4.3, 150/150 mM: the voltages are printed to 0.1 mV, that is 0.2 % of the ratio per half digit."""
    assert bi_ionic_ratio(reversal=v_rev, inside=150, outside=150, temperature=KELVIN) == pytest.approx(
        ratio, rel=0.0022
    )
    data = reversal_data(reversal=v_rev, outside={"Na": 150}, inside={"K": 150}, temperature=KELVIN, error=1.0)
    fit = fit_permeabilities(data)
    assert fit.ratios["Na"].ratio == pytest.approx(ratio, rel=0.0022)
    # one measurement with a known error: the interval is the error carried through the exponential
    spread = math.exp(1.959964 * 1.0 / 25.6926)
    assert fit.ratios["Na"].high / fit.ratios["Na"].ratio == pytest.approx(spread, rel=1e-4)
    assert fit.ratios["Na"].ratio / fit.ratios["Na"].low == pytest.approx(spread, rel=1e-4)


@pytest.mark.parametrize(("ratio", "kj"), [(10, 5.71), (100, 11.42), (150, 12.42), (1000, 17.12), (1e4, 22.83)])
def test_ratio_and_barrier_difference(ratio, kj):
    """FACTS 4.3: ratio against barrier at 298.15 K."""
    v = ghk_voltage(
        {"K": 1, "Na": 1 / ratio}, outside={"K": 0, "Na": 150}, inside={"K": 150, "Na": 0}, temperature=KELVIN
    )
    data = reversal_data(reversal=v, outside={"Na": 150}, inside={"K": 150}, temperature=KELVIN, error=2.0)
    estimate = fit_permeabilities(data).ratios["Na"]
    assert estimate.barrier_kj_mol == pytest.approx(kj, abs=0.0051)
    low, high = estimate.barrier_interval_kj_mol
    assert low < estimate.barrier_kj_mol < high
    assert high - low == pytest.approx(2 * 1.959964 * 2.0 * 0.09648533, rel=1e-3)  # 2 mV of error is 0.19 kJ/mol


def test_kv12_and_its_mutant():
    """Chao 2010 (abstract): Kv1.2 reverses at about -72 mV with P_Na/P_K 0.04, V370G at about -9 mV with 0.76. The abstract
    does not give the solutions: ordinary ones (assumed, 22 °C) bring both voltages within 5 mV, and the way back is exact."""
    sides = {"outside": {"K": 3.5, "Na": 140}, "inside": {"K": 150, "Na": 4}, "temperature": 295.15}
    for ratio, expected in ((0.04, -72.0), (0.76, -9.0)):
        assert ghk_voltage({"K": 1, "Na": ratio}, **sides) == pytest.approx(expected, abs=5.0)
        data = reversal_data(reversal=ghk_voltage({"K": 1, "Na": ratio}, **sides), error=1.0, **sides)
        assert fit_permeabilities(data).ratios["Na"].ratio == pytest.approx(ratio, rel=1e-6)


@given(
    p=st.fixed_dictionaries({ion: st.floats(0.003, 30) for ion in ("Na", "Rb", "Cl", "Ca")}),
)
@settings(max_examples=12, deadline=None)
def test_noiseless_data_give_the_ratios_back(p):
    permeability = {"K": 1.0} | p
    fit = fit_permeabilities(series(permeability, error=0.01))
    for ion, expected in p.items():
        assert fit.ratios[ion].ratio == pytest.approx(expected, rel=1e-5)
        assert fit.ratios[ion].low < expected < fit.ratios[ion].high
    assert np.abs(fit.residual_mv).max() < 1e-4
    assert fit.permeability == {"K": 1.0} | {ion: estimate.ratio for ion, estimate in fit.ratios.items()}


def test_the_reference_ion_is_a_choice():
    data = series({"K": 1.0, "Na": 0.05, "Rb": 0.8}, error=0.5)
    by_k, by_na = fit_permeabilities(data), fit_permeabilities(data, reference="Na")
    assert by_na.ratios["K"].ratio == pytest.approx(1 / by_k.ratios["Na"].ratio, rel=1e-6)
    assert by_na.ratios["K"].low == pytest.approx(1 / by_k.ratios["Na"].high, rel=1e-4)
    assert by_na.ratios["K"].barrier_kj_mol == pytest.approx(-by_k.ratios["Na"].barrier_kj_mol, rel=1e-6)


def coverage(interval, error, repeats):
    truth = {"K": 1.0, "Na": 0.05, "Rb": 0.8}
    hits = dict.fromkeys(("Na", "Rb"), 0)
    for seed in range(repeats):
        fit = fit_permeabilities(series(truth, noise=2.0, seed=seed, error=error), interval=interval, replicates=150)
        for ion in hits:
            hits[ion] += fit.ratios[ion].low <= truth[ion] <= fit.ratios[ion].high
    return hits


@pytest.mark.slow
@pytest.mark.parametrize("error", [2.0, None])
def test_profile_intervals_cover_the_truth_as_often_as_they_say(error):
    """95 % of 120 seeded experiments, within three standard errors of a binomial (0.95 +- 0.06)."""
    for ion, hits in coverage("profile", error, 120).items():
        assert 0.89 <= hits / 120, ion


def test_bootstrap_agrees_with_the_profile():
    data = series({"K": 1.0, "Na": 0.05, "Rb": 0.8}, noise=2.0, seed=4, error=2.0)
    profile = fit_permeabilities(data)
    bootstrap = fit_permeabilities(data, interval="bootstrap", replicates=400, seed=1)
    for ion in ("Na", "Rb"):
        for one, other in ((profile, bootstrap),):
            width = math.log(one.ratios[ion].high / one.ratios[ion].low)
            assert math.log(other.ratios[ion].high / other.ratios[ion].low) == pytest.approx(width, rel=0.2)
    again = fit_permeabilities(data, interval="bootstrap", replicates=400, seed=1)
    assert again.ratios == bootstrap.ratios  # same seed, same numbers
    free = fit_permeabilities(
        series({"K": 1.0, "Na": 0.05, "Rb": 0.8}, noise=2.0, seed=4), interval="bootstrap", replicates=200
    )
    assert 0.0 < free.ratios["Na"].low < free.ratios["Na"].ratio < free.ratios["Na"].high


def test_unknown_errors_come_from_the_scatter():
    fits = [fit_permeabilities(series({"K": 1.0, "Na": 0.05, "Rb": 0.8}, noise=2.0, seed=seed)) for seed in range(30)]
    assert fits[0].degrees_of_freedom == 7
    assert fits[0].chi_squared is None
    variance = np.mean([fit.error_mv**2 for fit in fits])
    assert variance == pytest.approx(
        4.0, abs=3 * 4.0 * math.sqrt(2 / 7 / 30)
    )  # three standard errors of a mean of chi²/7


def test_an_impermeant_ion_gets_a_bound_not_a_number():
    """Frog node: P_Na/P_K < 0.01. Potassium alone explains the voltages; only a largest ratio can be said."""
    outside = {"K": np.array([2.5, 10.0, 40.0]), "Na": 117.0}
    inside = {"K": 120.0, "Na": 10.0}
    volts = ghk_voltage({"K": 1, "Na": 1e-12}, outside=outside, inside=inside, temperature=KELVIN)
    fit = fit_permeabilities(
        reversal_data(reversal=volts, outside=outside, inside=inside, temperature=KELVIN, error=2.0)
    )
    estimate = fit.ratios["Na"]
    assert (estimate.bound, estimate.low) == ("upper", 0.0)
    assert 1e-4 < estimate.high < 0.01
    assert str(estimate).startswith("P_Na/P_K < 0.00")
    assert estimate.barrier_interval_kj_mol[1] == math.inf
    assert fit.table().loc[0, "bound"] == "upper"


def test_voltages_beyond_the_reference_ion_give_a_bound_too():
    """-100 mV where E_K is -89: no sodium permeability explains it, less is always better."""
    data = reversal_data(
        reversal=[-100.0, -101.0],
        outside={"K": 5, "Na": 145},
        inside={"K": 140, "Na": 15},
        temperature=310.15,
        error=1.0,
    )
    assert fit_permeabilities(data).ratios["Na"].bound == "upper"


def one(reversal, outside, inside, error=1.0, **more):
    return reversal_data(reversal=reversal, outside=outside, inside=inside, temperature=KELVIN, error=error, **more)


REFUSED = [
    (one([-80], {"Na": 150, "Rb": 5}, {"K": 150}), {}, "1 measurement.* cannot determine 2"),
    (one([-80], {"Na": 150}, {"K": 150}, None), {}, "and their errors"),
    (one([-80, -81], {"Na": 150, "Rb": 0}, {"K": 150}), {}, r"\[Rb\] is 0 on both sides"),
    (one([-80, -60, -40], {"Na": [150, 100, 50], "Rb": [75, 50, 25]}, {"K": 150}), {}, "only fix a combination"),
    (one([0.0, 0.1], {"K": 100, "Na": 50}, {"K": 100, "Na": 50}), {}, "not identified: no measured voltage depends"),
    (one([-80, -81], {"K": 150}, {"K": 150}), {}, "nothing to fit"),
    (one([0.0, 0.0], {"K": [100, 100.0001], "Na": 50}, {"K": 100, "Na": 50.001}, 50.0), {}, "not identified: no value"),
]


@pytest.mark.parametrize(("data", "options", "message"), REFUSED)
def test_data_that_cannot_identify_a_ratio_are_refused_with_the_reason(data, options, message):
    with pytest.raises(OutOfRange, match=message) as caught:
        fit_permeabilities(data, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"reference": "Rb"}, UnknownChoice, "reference ion 'Rb' is not in the data"),
        ({"ions": ["Rb"]}, UnknownChoice, "'Rb' is not in the data"),
        ({"ions": ["K"]}, UnknownChoice, "its ratio is 1"),
        ({"ions": []}, OutOfRange, "nothing to fit"),
        ({"level": 95}, OutOfRange, "between 0 and 1"),
        ({"interval": "guess"}, UnknownChoice, "profile, bootstrap"),
    ],
)
def test_impossible_requests(options, error, message):
    with pytest.raises(error, match=message):
        fit_permeabilities(one([-80, -81], {"Na": 150}, {"K": 150}), **options)


CSV = """# bi-ionic and mixed, inside-out patch
v_rev_mv, temperature_k, error_mv, junction_mv, K_out_mm, K_in_mm, Na_out_mm, Na_in_mm
-78.4, 298.15, 1.0, 4.3, 0, 150, 150, 0
-55.9, 298.15, 1.0, 3.1, 10, 150, 140, 0
-31.1, 298.15, 1.0, 1.5, 40, 150, 110, 0
"""


def test_a_csv_file_with_junction_potentials(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(CSV)
    data = read_reversal_data(path)
    assert data.reversal_mv.tolist() == pytest.approx([-82.7, -59.0, -32.6])
    assert fit_permeabilities(data).ratios["Na"].ratio == pytest.approx(0.04, rel=0.1)
    path.write_text(CSV.replace(", junction_mv", ", note_mv"))
    with pytest.raises(UnknownChoice, match="unknown column 'note_mv'"):
        read_reversal_data(path)


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ("v_rev_mv", "v_rev", UnknownChoice, "unknown column 'v_rev'|no column v_rev_mv"),
        ("temperature_k", "temperature_c", UnknownChoice, "no column temperature_k"),
        ("Na_in_mm", "Na_ins_mm", UnknownChoice, "unknown column 'Na_ins_mm'"),
        (", Na_in_mm", "", FileUnreadable, "cells where the header"),
        ("Na_out_mm, Na_in_mm", "Nb_out_mm, Nb_in_mm", UnknownChoice, "no ion of this name"),
        ("-78.4", "minus 78", FileUnreadable, "measurement 1, v_rev_mv: 'minus 78' is not a number"),
        ("-78.4", "nan", OutOfRange, "not finite"),
        ("0, 150, 150, 0", "0, -150, 150, 0", OutOfRange, "negative"),
        ("1.0, 4.3", "0.0, 4.3", OutOfRange, "error"),
        ("v_rev_mv, temperature_k, error_mv", "v_rev_mv, temperature_k, v_rev_mv", FileUnreadable, "stands twice"),
    ],
)
def test_bad_csv_files_are_refused_by_name(tmp_path, old, new, error, message):
    path = tmp_path / "data.csv"
    assert old in CSV
    path.write_text(CSV.replace(old, new))
    with pytest.raises(error, match=message) as caught:
        read_reversal_data(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_one_sided_and_empty_files(tmp_path):
    with pytest.raises(FileUnreadable, match="cannot be read"):
        read_reversal_data(tmp_path / "nowhere.csv")
    (tmp_path / "empty.csv").write_text("# nothing\n")
    with pytest.raises(FileUnreadable, match="no measurements"):
        read_reversal_data(tmp_path / "empty.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(FileUnreadable, match="not a text file"):
        read_reversal_data(tmp_path / "binary.csv")
    (tmp_path / "one_sided.csv").write_text("v_rev_mv,temperature_k,K_out_mm\n-80,300,5\n")
    with pytest.raises(UnknownChoice, match="no column K_in_mm"):
        read_reversal_data(tmp_path / "one_sided.csv")


def test_activities_take_the_place_of_concentrations():
    """At one ionic strength on both sides all monovalent coefficients are equal and the ratio does not change; at
    different strengths it does."""
    equal = one([-60.0, -40.0], {"K": [5, 20], "Na": [145, 130], "Cl": 150}, {"K": 140, "Na": 10, "Cl": 150})
    by_concentration = fit_permeabilities(equal, ions=["Na"]).ratios["Na"].ratio
    assert fit_permeabilities(equal.as_activities(), ions=["Na"]).ratios["Na"].ratio == pytest.approx(
        by_concentration, rel=1e-6
    )
    unequal = one([-60.0], {"Na": 20, "Cl": 20}, {"K": 200, "Cl": 200})
    ratio = fit_permeabilities(unequal, ions=["Na"]).ratios["Na"].ratio
    corrected = fit_permeabilities(unequal.as_activities(), ions=["Na"]).ratios["Na"].ratio
    gamma = [activities({"K": c, "Cl": c}, temperature=KELVIN)["K"] / c for c in (200.0, 20.0)]
    assert corrected / ratio == pytest.approx(gamma[0] / gamma[1], rel=1e-9)


def test_data_shapes_are_checked():
    with pytest.raises(OutOfRange, match="do not broadcast"):
        one([-80, -81, -82], {"Na": [150, 140]}, {"K": 150})
    with pytest.raises(OutOfRange, match="shape"):
        one([[-80, -81]], {"Na": 150}, {"K": 150})
    with pytest.raises(OutOfRange, match="no ion on either side"):
        one([-80], {}, {})
    with pytest.raises(OutOfRange, match="do not broadcast"):
        one([-80, -81], {"Na": 150}, {"K": 150}).corrected_for_junction([1, 2, 3])
