"""Nernst and GHK voltages: published numbers, closed-form limits, invariances, another program, refusals."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.membrane.currents import ghk_current
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import largest_pump_contribution, mullins_noda_voltage
from selectivity.membrane.nernst import nernst_potential, nernst_potentials, thermal_voltage_mv
from selectivity.membrane.reversal import _log_balance, _root

# FACTS 4.1: mM outside, inside
SQUID = ({"K": 20, "Na": 440, "Cl": 560}, {"K": 400, "Na": 50, "Cl": 40})
FROG = ({"K": 2.25, "Na": 109, "Cl": 77.5}, {"K": 124, "Na": 10.4, "Cl": 1.5})
MAMMAL = ({"K": 5, "Na": 145, "Cl": 110}, {"K": 140, "Na": 15, "Cl": 4})
HODGKIN_KATZ = ({"K": 10, "Na": 455, "Cl": 540}, {"K": 345, "Na": 72, "Cl": 61})
MAMMAL_CL10 = ({"K": 5, "Na": 145, "Cl": 110}, {"K": 140, "Na": 15, "Cl": 10})
MAMMAL_NA10 = ({"K": 5, "Na": 145, "Cl": 110}, {"K": 140, "Na": 10, "Cl": 4})

CENT = 0.0051  # the tables print two decimals of a mV; half a unit of the last digit, with room for the rounding itself


@pytest.mark.parametrize(
    ("kelvin", "expected"),
    [(279.45, 24.081), (291.15, 25.089), (293.15, 25.262), (298.15, 25.693), (310.15, 26.727)],
)
def test_thermal_voltage(kelvin, expected):
    assert thermal_voltage_mv(kelvin) == pytest.approx(expected, abs=0.00051)


@pytest.mark.parametrize(
    ("out", "into", "valence", "kelvin", "expected"),
    [
        (20, 400, 1, 293.15, -75.68),
        (440, 50, 1, 293.15, 54.94),
        (560, 40, -1, 293.15, -66.67),
        (2.25, 124, 1, 293.15, -101.28),
        (109, 10.4, 1, 293.15, 59.35),
        (77.5, 1.5, -1, 293.15, -99.65),
        (5, 140, 1, 310.15, -89.06),
        (145, 15, 1, 310.15, 60.63),
        (145, 12, 1, 310.15, 66.60),
        (110, 4, -1, 310.15, -88.58),
        (110, 10, -1, 310.15, -64.09),
        (4, 140, 1, 310.15, -95.02),
        (4, 150, 1, 310.15, -96.87),
        (3.5, 122.873, 1, 310.15, -95.10),
        (145, 14.002, 1, 310.15, 62.47),
        (119, 5.163, -1, 310.15, -83.86),
    ],
)
def test_nernst_published(out, into, valence, kelvin, expected):
    assert nernst_potential(outside=out, inside=into, valence=valence, temperature=kelvin) == pytest.approx(
        expected, abs=CENT
    )


@pytest.mark.parametrize(
    ("sides", "ratios", "kelvin", "expected"),
    [
        (SQUID, (1, 0.04, 0.45), 291.15, -61.84),
        (SQUID, (1, 0.04, 0.45), 293.15, -62.27),
        (SQUID, (1, 0.04, 0.45), 298.15, -63.33),
        (SQUID, (1, 20, 0.45), 293.15, 42.37),  # the peak of the action potential
        (HODGKIN_KATZ, (1, 0.04, 0.45), 291.15, -59.27),
        (FROG, (1, 0.01, 0), 293.15, -91.32),
        (FROG, (1, 0.01, 2), 293.15, -95.61),
        (MAMMAL, (1, 0.01, 0), 310.15, -82.28),
        (MAMMAL, (1, 0.04, 0), 310.15, -68.59),
        (MAMMAL_NA10, (1, 0.04, 0), 310.15, -68.55),
        (MAMMAL_CL10, (1, 0.04, 0.45), 310.15, -67.34),
        (MAMMAL_CL10, (1, 0.05, 0.45), 310.15, -64.94),
    ],
)
def test_ghk_published(sides, ratios, kelvin, expected):
    permeability = dict(zip(("K", "Na", "Cl"), ratios, strict=True))
    v = ghk_voltage(permeability, outside=sides[0], inside=sides[1], temperature=kelvin)
    assert v == pytest.approx(expected, abs=CENT)


@pytest.mark.parametrize(
    ("sides", "p_na", "kelvin", "ghk", "with_pump"),
    [
        (SQUID, 0.04, 291.15, -59.45, -63.66),
        (MAMMAL, 0.04, 310.15, -68.59, -73.82),
        (MAMMAL, 0.01, 310.15, -82.28, -84.35),
        (FROG, 0.01, 293.15, -91.32, -94.23),
    ],
)
def test_mullins_noda_published(sides, p_na, kelvin, ghk, with_pump):
    where = {"outside": sides[0], "inside": sides[1], "temperature": kelvin}
    permeability = {"K": 1.0, "Na": p_na}
    assert ghk_voltage(permeability, **where) == pytest.approx(ghk, abs=CENT)
    assert mullins_noda_voltage(permeability, **where) == pytest.approx(with_pump, abs=CENT)
    assert mullins_noda_voltage(permeability, **where, pump_ratio=1.0) == ghk_voltage(permeability, **where)


@pytest.mark.parametrize(("kelvin", "bound"), [(291.15, 10.17), (310.15, 10.84)])
def test_pump_contribution_is_bounded_and_vanishes_without_sodium(kelvin, bound):
    assert largest_pump_contribution(temperature=kelvin) == pytest.approx(bound, abs=CENT)
    where = {"outside": MAMMAL[0], "inside": MAMMAL[1], "temperature": kelvin}
    for p_na in np.logspace(-8, 4, 25):
        share = mullins_noda_voltage({"K": 1, "Na": p_na}, **where) - ghk_voltage({"K": 1, "Na": p_na}, **where)
        assert -bound - CENT < share <= 0.0
    assert abs(
        mullins_noda_voltage({"K": 1, "Na": 1e-8}, **where) - ghk_voltage({"K": 1, "Na": 1e-8}, **where)
    ) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize(("ratio", "v_rev"), [(0.76, -7.1), (0.04, -82.7), (0.01, -118.3), (1 / 150, -128.7)])
def test_bi_ionic_zeros_are_fine(ratio, v_rev):
    """K inside only, X outside only: the zeros on the other side are part of the experiment, not an error."""
    v = ghk_voltage(
        {"K": 1.0, "Na": ratio}, outside={"K": 0, "Na": 150}, inside={"K": 150, "Na": 0}, temperature=298.15
    )
    assert v == pytest.approx(v_rev, abs=0.051)


def lewis(ratio, calcium, monovalent, kelvin):
    """Closed form for Ca outside only against a monovalent ion inside only (FACTS 4.3), mV."""
    rt_f = float(thermal_voltage_mv(kelvin))
    return rt_f * math.log(math.sqrt(4 * ratio * calcium / monovalent + 0.25) - 0.5)


def test_calcium_against_a_monovalent_ion():
    v = ghk_voltage({"K": 1, "Ca": 1}, outside={"K": 0, "Ca": 10}, inside={"K": 150, "Ca": 0}, temperature=298.15)
    assert v == pytest.approx(-39.04, abs=CENT)
    assert v == pytest.approx(lewis(1.0, 10.0, 150.0, 298.15), rel=1e-13)


@given(ratio=st.floats(1e-6, 1e6), calcium=st.floats(1e-4, 1e3), monovalent=st.floats(1e-2, 1e3))
def test_calcium_closed_form_everywhere(ratio, calcium, monovalent):
    v = ghk_voltage(
        {"K": 1.0, "Ca": ratio}, outside={"K": 0, "Ca": calcium}, inside={"K": monovalent, "Ca": 0}, temperature=298.15
    )
    # the closed form itself loses digits where sqrt(1/4 + small) - 1/2 cancels
    cancellation = 1e-13 * (1 + monovalent / (ratio * calcium))
    assert v == pytest.approx(lewis(ratio, calcium, monovalent, 298.15), rel=1e-11, abs=1e-9 + 25 * cancellation)


def spangler(p, out, into, kelvin):
    """Closed form for any mixture of |z| = 1 and 2: one positive root of a quadratic in exp(-VF/RT), mV."""
    z = {"K": 1, "Na": 1, "Cl": -1, "Ca": 2, "Mg": 2, "SO4": -2}
    pools = {(size, way): 0.0 for size in (1, 2) for way in "AB"}
    for ion, permeability in p.items():
        c_in, c_out = (into[ion], out[ion]) if z[ion] > 0 else (out[ion], into[ion])
        pools[abs(z[ion]), "A"] += permeability * c_in
        pools[abs(z[ion]), "B"] += permeability * c_out
    a, b = pools[1, "A"], pools[1, "B"]
    quadratic, linear, constant = b + 4 * pools[2, "B"], a - b, a + 4 * pools[2, "A"]
    y = (linear + math.sqrt(linear**2 + 4 * quadratic * constant)) / (2 * quadratic)
    return -float(thermal_voltage_mv(kelvin)) * math.log(y)


IONS = ("K", "Na", "Cl", "Ca", "Mg", "SO4")
amounts = st.fixed_dictionaries({ion: st.floats(1e-3, 600) for ion in IONS})
weights = st.fixed_dictionaries({ion: st.floats(1e-4, 1e2) for ion in IONS})


@given(p=weights, out=amounts, into=amounts, kelvin=st.floats(270, 320))
def test_mixed_valences_against_the_quadratic(p, out, into, kelvin):
    v = ghk_voltage(p, outside=out, inside=into, temperature=kelvin)
    assert v == pytest.approx(spangler(p, out, into, kelvin), rel=1e-9, abs=1e-8)


@given(p=weights, out=amounts, into=amounts, la_out=st.floats(0, 10), la_in=st.floats(0, 10))
@settings(max_examples=60)
def test_mixed_root_is_the_zero_of_the_total_current(p, out, into, la_out, la_in):
    """Against scipy's bracketing root of the very currents that the other module computes, with a trivalent ion too."""
    p, out, into = p | {"La": 0.3}, out | {"La": la_out}, into | {"La": la_in}
    z = {"K": 1, "Na": 1, "Cl": -1, "Ca": 2, "Mg": 2, "SO4": -2, "La": 3}

    def total(v):
        return sum(
            ghk_current(p[i], outside=out[i], inside=into[i], valence=z[i], voltage=v, temperature=300.0) for i in p
        )

    v = ghk_voltage(p, outside=out, inside=into, temperature=300.0)
    assert v == pytest.approx(brentq(total, -2000, 2000, xtol=1e-10), abs=1e-7)


pool = st.tuples(*[st.floats(1e-6, 1e3)] * 3)


@given(u=st.floats(-20, 20), a=pool, b=pool)
def test_the_solver_s_slope_is_the_derivative_and_within_the_bounds_it_promises(u, a, b):
    """The bracket u, u - F(u) rests on 1 <= dF/du; Newton's speed on the derivative being right."""
    charges = np.array([1, 2, 3])
    pools = np.array(a)[:, None], np.array(b)[:, None]
    step = 1e-6
    (low,), (high,) = (_log_balance(np.array([u + s]), charges, *pools)[0] for s in (-step, step))
    value, slope = (float(x[0]) for x in _log_balance(np.array([u]), charges, *pools))
    assert slope == pytest.approx((high - low) / (2 * step), rel=1e-6, abs=1e-7)
    assert 1.0 <= slope <= 2 * 3 - 1
    root = float(_root(charges, *pools)[0])
    assert min(u, u - value) - 1e-9 <= root <= max(u, u - value) + 1e-9


monovalent_amounts = st.fixed_dictionaries({ion: st.floats(1e-3, 600) for ion in ("K", "Na", "Cl")})
monovalent_weights = st.fixed_dictionaries({ion: st.floats(1e-4, 1e2) for ion in ("K", "Na", "Cl")})


@given(p=monovalent_weights, out=monovalent_amounts, into=monovalent_amounts, scale=st.floats(1e-12, 1e12))
def test_only_ratios_of_permeability_matter(p, out, into, scale):
    v = ghk_voltage(p, outside=out, inside=into, temperature=300.0)
    scaled = {ion: scale * value for ion, value in p.items()}
    assert ghk_voltage(scaled, outside=out, inside=into, temperature=300.0) == pytest.approx(v, rel=1e-12, abs=1e-11)


@given(p=weights, out=amounts, into=amounts)
def test_swapping_the_sides_flips_the_sign(p, out, into):
    v = ghk_voltage(p, outside=out, inside=into, temperature=300.0)
    assert ghk_voltage(p, outside=into, inside=out, temperature=300.0) == pytest.approx(-v, rel=1e-11, abs=1e-10)


@given(p=weights, out=amounts, into=amounts)
def test_flipping_all_charges_flips_the_voltage(p, out, into):
    """An antimatter cell: every cation an anion of the same permeability and the other way round."""
    flipped = {ion: -z for ion, z in (("K", 1), ("Na", 1), ("Cl", -1), ("Ca", 2), ("Mg", 2), ("SO4", -2))}
    v = ghk_voltage(p, outside=out, inside=into, temperature=300.0)
    mirrored = ghk_voltage(p, outside=out, inside=into, temperature=300.0, valence=flipped)
    assert mirrored == pytest.approx(-v, rel=1e-11, abs=1e-10)


@given(out=monovalent_amounts, into=monovalent_amounts, p=monovalent_weights)
def test_ghk_lies_between_the_nernst_potentials(out, into, p):
    e = nernst_potentials(list(p), outside=out, inside=into, temperature=300.0)
    v = ghk_voltage(p, outside=out, inside=into, temperature=300.0)
    assert min(e.values()) - 1e-9 <= v <= max(e.values()) + 1e-9


@given(out=st.floats(1e-6, 1e3), into=st.floats(1e-6, 1e3), valence=st.sampled_from([1, 2, 3]))
def test_one_permeant_ion_gives_its_nernst_potential(out, into, valence):
    v = ghk_voltage({"X": 0.3}, outside={"X": out}, inside={"X": into}, temperature=300.0, valence={"X": valence})
    e = nernst_potential(outside=out, inside=into, valence=valence, temperature=300.0)
    assert v == pytest.approx(e, rel=1e-12, abs=1e-11)


def test_arrays_broadcast_and_agree_with_scalars():
    k_out = np.linspace(1.0, 20.0, 7)[:, None]
    p_na = np.logspace(-3, 0, 5)
    v = ghk_voltage(
        {"K": 1, "Na": p_na}, outside={"K": k_out, "Na": 145}, inside={"K": 140, "Na": 15}, temperature=310.15
    )
    assert v.shape == (7, 5)
    for i, j in ((0, 0), (3, 2), (6, 4)):
        single = ghk_voltage(
            {"K": 1, "Na": p_na[j]},
            outside={"K": k_out[i, 0], "Na": 145},
            inside={"K": 140, "Na": 15},
            temperature=310.15,
        )
        assert isinstance(single, float)
        assert single == v[i, j]
    mixed = ghk_voltage(
        {"K": 1, "Ca": p_na}, outside={"K": k_out, "Ca": 2}, inside={"K": 140, "Ca": 1e-4}, temperature=310.15
    )
    assert mixed.shape == (7, 5)
    assert np.all(np.isfinite(mixed))
    assert ghk_voltage({"K": 1}, outside={"K": np.ones(0)}, inside={"K": 1}, temperature=300.0).shape == (0,)


def test_inputs_are_left_alone():
    out, into = {"K": np.array([5.0]), "Na": np.array([145.0])}, {"K": np.array([140.0]), "Na": np.array([15.0])}
    ghk_voltage({"K": 1, "Na": 0.04}, outside=out, inside=into, temperature=310.15)
    assert (out["K"][0], out["Na"][0], into["K"][0], into["Na"][0]) == (5.0, 145.0, 140.0, 15.0)


def test_neuron_agrees_on_nernst():
    h = pytest.importorskip("neuron", reason="NEURON is the oracle here; pip install selectivity[test]").h
    for celsius in (0.0, 6.3, 20.0, 37.0, 45.0):
        h.celsius = celsius
        for valence in (-2, -1, 1, 2, 3):
            for out in (1e-4, 0.1, 5.0, 145.0, 600.0):
                for into in (1e-4, 1.0, 15.0, 140.0, 400.0):
                    ours = nernst_potential(outside=out, inside=into, valence=valence, temperature=celsius + 273.15)
                    assert ours == pytest.approx(h.nernst(into, out, valence), rel=1e-9, abs=1e-12)
    h.celsius = 37.0
    assert h.nernst(140, 5, 1) == pytest.approx(-89.05869403673188, rel=1e-12)  # FACTS, PEERS section 5


GOOD = {
    "permeability": {"K": 1.0, "Na": 0.04},
    "outside": {"K": 5.0, "Na": 145.0},
    "inside": {"K": 140.0, "Na": 15.0},
    "temperature": 310.15,
}
BAD = [
    ({"outside": {"K": -5.0, "Na": 145.0}}, OutOfRange, "negative"),
    ({"inside": {"K": 140.0, "Na": -1e-9}}, OutOfRange, "negative"),
    ({"outside": {"K": math.nan, "Na": 145.0}}, OutOfRange, "not finite"),
    ({"outside": {"K": [5.0, math.nan], "Na": 145.0}}, OutOfRange, "not finite"),
    ({"inside": {"K": math.inf, "Na": 15.0}}, OutOfRange, "not finite"),
    ({"outside": {"K": "5", "Na": 145.0}}, OutOfRange, "not a number"),
    ({"outside": {"K": None, "Na": 145.0}}, OutOfRange, "not finite"),
    ({"outside": {"K": 5.0}}, UnknownChoice, "Na: no concentration outside"),
    ({"inside": {"Na": 15.0}}, UnknownChoice, "K: no concentration inside"),
    ({"outside": {"K": 0.0, "Na": 0.0}}, OutOfRange, "no permeant charge can enter"),
    ({"inside": {"K": 0.0, "Na": 0.0}}, OutOfRange, "no permeant charge can leave"),
    ({"permeability": {"K": 0.0, "Na": 0.0}}, OutOfRange, "no ion permeates"),
    ({"permeability": {}}, OutOfRange, "no ion permeates"),
    ({"permeability": {"K": -1.0, "Na": 0.04}}, OutOfRange, "negative"),
    ({"permeability": {"K": math.nan}}, OutOfRange, "not finite"),
    ({"permeability": 1.0}, UnknownChoice, "need a mapping"),
    ({"permeability": {"Kk": 1.0}, "outside": {"Kk": 5}, "inside": {"Kk": 140}}, UnknownChoice, "no ion of this name"),
    ({"valence": {"K": 0}}, OutOfRange, "valence 0"),
    ({"valence": {"K": 0.5}}, OutOfRange, "not an integer"),
    ({"valence": {"K": math.nan}}, OutOfRange, "not an integer"),
    ({"temperature": 0.0}, OutOfRange, "does not exist"),
    ({"temperature": -3.0}, OutOfRange, "does not exist"),
    ({"temperature": math.nan}, OutOfRange, "not finite"),
    ({"outside": {"K": np.ones(2), "Na": np.ones(3)}}, OutOfRange, "do not broadcast"),
    ({"permeability": {"K": 1e300, "Na": 1e300}, "outside": {"K": 1e10, "Na": 1.0}}, OutOfRange, "overflows"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD)
def test_bad_input_is_refused_in_one_line(change, error, message):
    arguments = GOOD | change
    with pytest.raises(error, match=message) as caught:
        ghk_voltage(arguments.pop("permeability"), **arguments)
    assert isinstance(caught.value, SelectivityError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("valence", [0, 0.5, math.nan])
@pytest.mark.parametrize("pair", [(5, 140)])
def test_nernst_refuses_impossible_valences(valence, pair):
    with pytest.raises(OutOfRange, match="valence"):
        nernst_potential(outside=pair[0], inside=pair[1], valence=valence, temperature=300.0)


@pytest.mark.parametrize(("out", "into"), [(0, 140), (5, 0), (-1, 140), (math.nan, 140), ([5, 0], 140)])
def test_nernst_refuses_concentrations_without_a_logarithm(out, into):
    with pytest.raises(OutOfRange):
        nernst_potential(outside=out, inside=into, valence=1, temperature=300.0)


def test_celsius_typed_as_kelvin_is_doubted():
    with pytest.warns(UserWarning, match=r"37 K is below 200 K: was it typed in °C"):
        ghk_voltage(GOOD["permeability"], outside=GOOD["outside"], inside=GOOD["inside"], temperature=37)
    with pytest.warns(UserWarning, match="hotter than boiling water"):
        nernst_potential(outside=5, inside=140, valence=1, temperature=400.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nernst_potential(outside=5, inside=140, valence=1, temperature=[200.0, 273.15, 373.15])


def test_extreme_but_legal_gradients_stay_finite():
    """A vesicle with one K+ ion per litre on one side: far from any cell, still a number."""
    assert math.isfinite(ghk_voltage({"K": 1e-300}, outside={"K": 1e-10}, inside={"K": 1e3}, temperature=300.0))
    with pytest.raises(OutOfRange, match="too extreme"):
        ghk_voltage(
            {"K": 1, "Ca": 1e-300}, outside={"K": 1e-80, "Ca": 0}, inside={"K": 1e80, "Ca": 1}, temperature=300.0
        )
