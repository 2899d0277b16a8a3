"""Donnan equilibria: closed forms against roots, the published end points, osmotic limits, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.constants import thermal_voltage
from selectivity.errors import OutOfRange
from selectivity.membrane import donnan
from selectivity.membrane.donnan import donnan_equilibrium, donnan_with_water

NEURON = {"outside": {"Na": 145.0, "K": 3.5, "Cl": 119.0}, "impermeant": 154.962, "impermeant_valence": -0.85}
concentrations = st.floats(0.1, 500.0)


def test_published_end_points():
    """FACTS 4.7: -9.8 mV at fixed volume; +0.4 mV, Na 142.8, K 3.4 after swelling 5.18-fold."""
    assert float(donnan_equilibrium(**NEURON).v_mv) == pytest.approx(-9.8, abs=0.05)
    end = donnan_with_water(**NEURON, impermeant_outside=29.5)
    assert float(end.v_mv) == pytest.approx(0.4, abs=0.05)
    assert float(end.volume) == pytest.approx(5.18, abs=0.005)
    assert float(end.inside_mm["Na"]) == pytest.approx(142.8, abs=0.05)
    assert float(end.inside_mm["K"]) == pytest.approx(3.4, abs=0.05)


@given(concentrations, concentrations, st.floats(0.0, 400.0), st.floats(-3, 3))
def test_every_ion_ends_at_its_nernst_potential_and_charge_balances(na, k, x, z):
    cl = na + k
    end = donnan_equilibrium(outside={"Na": na, "K": k, "Cl": cl}, impermeant=x, impermeant_valence=z)
    v, rt = float(end.v_mv), thermal_voltage(310.15)
    for ion, charge, bath in (("Na", 1, na), ("K", 1, k), ("Cl", -1, cl)):
        assert v == pytest.approx(rt / charge * math.log(bath / float(end.inside_mm[ion])), abs=1e-9)
    total = float(end.inside_mm["Na"] + end.inside_mm["K"] - end.inside_mm["Cl"]) + z * x
    assert total == pytest.approx(0.0, abs=1e-10 * (na + k + x * abs(z) + 1))


@given(concentrations, st.floats(0.0, 400.0), st.floats(-3, 3))
def test_the_root_finder_equals_the_closed_form(salt, x, z):
    bath = [np.asarray(salt), np.asarray(salt)]
    closed = donnan._reduced_voltage([1, -1], bath, np.asarray(z * x))
    root = donnan._newton([1, -1], bath, np.asarray(z * x))
    assert float(root) == pytest.approx(float(closed), abs=1e-12)


@given(concentrations, st.floats(1, 400.0), st.floats(0.1, 3))
def test_flipping_all_charges_flips_the_voltage(salt, x, z):
    plus = donnan_equilibrium(outside={"K": salt, "Cl": salt}, impermeant=x, impermeant_valence=z)
    minus = donnan_equilibrium(outside={"K": salt, "Cl": salt}, impermeant=x, impermeant_valence=-z)
    assert float(plus.v_mv) == pytest.approx(-float(minus.v_mv), abs=1e-10)


def test_divalent_ions_square_the_ratio():
    end = donnan_equilibrium(outside={"K": 100.0, "Ca": 2.0, "Cl": 104.0}, impermeant=50.0, impermeant_valence=-2.0)
    ratio = float(end.inside_mm["K"]) / 100.0
    assert float(end.inside_mm["Ca"]) == pytest.approx(2.0 * ratio**2, rel=1e-12)
    charge = float(end.inside_mm["K"] + 2 * end.inside_mm["Ca"] - end.inside_mm["Cl"]) - 100.0
    assert charge == pytest.approx(0.0, abs=1e-9)


def test_divalent_bath_with_water_balances_osmolarity():
    end = donnan_with_water(
        outside={"K": 100.0, "Ca": 2.0, "Cl": 104.0}, impermeant=150.0, impermeant_valence=-1.0, impermeant_outside=20.0
    )
    assert float(end.osmotic_pressure_kpa) == pytest.approx(0.0, abs=1e-6)
    assert float(end.impermeant_mm * end.volume) == pytest.approx(150.0)


@given(st.floats(-2.5, 2.5), st.floats(10, 300), st.floats(1, 80))
def test_water_equilibrium_has_no_pressure(z, x, x_out):
    end = donnan_with_water(
        outside={"Na": 150.0, "Cl": 150.0}, impermeant=x, impermeant_valence=z, impermeant_outside=x_out
    )
    assert float(end.osmotic_pressure_kpa) == pytest.approx(0.0, abs=1e-8)
    again = donnan_equilibrium(
        outside={"Na": 150.0, "Cl": 150.0},
        impermeant=float(end.impermeant_mm),
        impermeant_valence=z,
        impermeant_outside=x_out,
    )
    assert float(again.v_mv) == pytest.approx(float(end.v_mv), abs=1e-9)


def test_dilute_limit_is_vant_hoff():
    """Little impermeant charge against much salt: no voltage, pressure RT X."""
    end = donnan_equilibrium(outside={"K": 1e5, "Cl": 1e5}, impermeant=1.0, impermeant_valence=-1.0)
    assert float(end.v_mv) == pytest.approx(-thermal_voltage(310.15) / 2e5, rel=1e-6)
    assert float(end.osmotic_pressure_kpa) == pytest.approx(8.31446261815324e-3 * 310.15, rel=1e-4)


def test_conditions_broadcast():
    end = donnan_equilibrium(
        outside={"K": 5.0, "Na": 145.0, "Cl": 150.0}, impermeant=np.linspace(0, 200, 5), impermeant_valence=-1.0
    )
    assert end.v_mv.shape == (5,) and end.v_mv[0] == pytest.approx(0.0, abs=1e-12) and np.all(np.diff(end.v_mv) < 0)


def test_refusals():
    with pytest.raises(OutOfRange, match="anion"):
        donnan_equilibrium(outside={"K": 5.0}, impermeant=100.0, impermeant_valence=-1.0)
    with pytest.raises(OutOfRange, match="without limit"):
        donnan_with_water(outside={"Na": 150, "Cl": 150}, impermeant=100, impermeant_valence=-1, impermeant_outside=0)
    with pytest.raises(OutOfRange, match="no impermeant"):
        donnan_with_water(outside={"Na": 150, "Cl": 150}, impermeant=0, impermeant_valence=-1, impermeant_outside=10)
    for bad in (
        {"impermeant": -1.0},
        {"impermeant": math.nan},
        {"temperature": -3.0},
        {"outside": {"K": -1.0, "Cl": 5.0}},
    ):
        with pytest.raises(OutOfRange):
            donnan_equilibrium(**{**NEURON, **bad})
