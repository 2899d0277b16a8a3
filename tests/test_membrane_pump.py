"""The Na+/K+ pump: limits of the rate laws, published rows, currents, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.constants import FARADAY, thermal_voltage
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.pump import (
    Stoichiometry,
    pump_in_cell,
    pump_kinetics,
    pump_names,
    pump_rate,
    pump_slopes,
    voltage_factor,
)

BODY = {"sodium_outside": 140.0, "potassium_outside": 5.4, "voltage": -80.0}


def _by_hand(p_nak: float, na: float, k: float, v: float) -> float:
    """The ten Tusscher equation, typed from the published model code."""
    u = v / thermal_voltage(310.15)
    return p_nak * k / (k + 1.0) * na / (na + 40.0) / (1 + 0.1245 * math.exp(-0.1 * u) + 0.0353 * math.exp(-u))


@pytest.mark.parametrize("name, p_nak", [("ten-tusscher-2006", 2.724), ("ten-tusscher-2004", 1.362)])
def test_ten_tusscher_equation(name, p_nak):
    rate = pump_rate(pump_kinetics(name), sodium_inside=11.6, **BODY)
    assert float(rate.current_ua_per_cm2) == pytest.approx(_by_hand(p_nak, 11.6, 5.4, -80.0), rel=1e-13)


@pytest.mark.parametrize(
    "name, maximal, half, hill",
    [("luo-rudy-1994", 1.5, 10, 1.5), ("courtemanche-1998", 0.59933874, 10, 1.5), ("shannon-2004", 1.90719, 11, 4)],
)
def test_luo_rudy_family(name, maximal, half, hill):
    u, sigma = -80.0 / thermal_voltage(310.15), (math.exp(140 / 67.3) - 1) / 7
    f_v = 1 / (1 + 0.1245 * math.exp(-0.1 * u) + 0.0365 * sigma * math.exp(-u))
    expected = maximal * f_v / (1 + (half / 11.6) ** hill) * 5.4 / (5.4 + 1.5)
    rate = pump_rate(pump_kinetics(name), sodium_inside=11.6, **BODY)
    assert float(rate.current_ua_per_cm2) == pytest.approx(expected, rel=1e-13)


def test_half_saturation_is_half_of_saturation():
    law = pump_kinetics("luo-rudy-1994")
    full = pump_rate(law, sodium_inside=1e9, **BODY).cycle_ua_per_cm2
    half = pump_rate(law, sodium_inside=law.half_sodium_mm, **BODY).cycle_ua_per_cm2
    assert half / full == pytest.approx(0.5, rel=1e-6)
    half_k = pump_rate(law, sodium_inside=1e9, **{**BODY, "potassium_outside": law.half_potassium_mm}).cycle_ua_per_cm2
    full_k = pump_rate(law, sodium_inside=1e9, **{**BODY, "potassium_outside": 1e9}).cycle_ua_per_cm2
    assert half_k / full_k == pytest.approx(0.5, rel=1e-6)


def test_experiment_half_maximal_sodium_lies_between_the_laws():
    """Measured half-maximal Na_i is about 9 mM (FACTS 4.4): the 10 mM laws are near it, ten Tusscher's 40 mM is not."""
    assert [pump_kinetics(name).half_sodium_mm for name in ("luo-rudy-1994", "shannon-2004", "ten-tusscher-2006")] == [
        10,
        11,
        40,
    ]


def test_no_sodium_or_no_potassium_no_pumping():
    law = pump_kinetics("courtemanche-1998")
    assert pump_rate(law, sodium_inside=0.0, **BODY).cycle_ua_per_cm2 == 0.0
    assert pump_rate(law, sodium_inside=10.0, **{**BODY, "potassium_outside": 0.0}).cycle_ua_per_cm2 == 0.0


@given(st.sampled_from(pump_names()), st.floats(0.1, 100), st.floats(0.1, 50), st.floats(-120, 40))
def test_more_of_anything_pumps_more(name, na, k, v):
    """Rates rise with Na_i, K_o and depolarisation (never fall), and stay below the maximum."""
    law = pump_kinetics(name)
    cycle, by_na, _, by_k, by_u = pump_slopes(law, na, 140.0, k, v / 26.7)
    assert by_na > 0 and by_k >= 0 and by_u >= 0
    if law.form == "saturable":
        assert 0 < cycle < law.maximal_ua_per_cm2


@given(st.sampled_from(pump_names()), st.floats(1, 100), st.floats(1, 50), st.floats(-120, 40), st.floats(50, 200))
def test_scalar_twin_and_slopes_agree_with_the_arrays(name, na, k, v, na_o):
    law, rt = pump_kinetics(name), thermal_voltage(310.15)

    def cycle(na=na, na_o=na_o, k=k, v=v):
        rate = pump_rate(law, sodium_inside=na, sodium_outside=na_o, potassium_outside=k, voltage=v)
        return float(rate.cycle_ua_per_cm2)

    value, *slopes = pump_slopes(law, na, na_o, k, v / rt)
    assert value == pytest.approx(cycle(), rel=1e-12)
    steps = {"na": na, "na_o": na_o, "k": k, "v": rt}
    for slope, (variable, size) in zip(slopes, steps.items(), strict=True):
        h = 1e-5 * size
        here = {"na": na, "na_o": na_o, "k": k, "v": v}[variable]
        numeric = (cycle(**{variable: here + h}) - cycle(**{variable: here - h})) / (2 * h)
        unit = rt if variable == "v" else 1.0  # the last slope is with respect to VF/RT
        assert slope == pytest.approx(numeric * unit, rel=1e-6, abs=1e-9 * value / size * unit + 1e-13)


def test_stoichiometry_splits_the_cycle():
    rate = pump_rate(pump_kinetics("luo-rudy-1994"), sodium_inside=10.0, **BODY)
    assert rate.sodium_efflux_pmol_per_cm2_s / rate.potassium_influx_pmol_per_cm2_s == pytest.approx(1.5)
    assert rate.sodium_efflux_pmol_per_cm2_s / rate.atp_pmol_per_cm2_s == pytest.approx(3.0)
    charge = rate.sodium_efflux_pmol_per_cm2_s - rate.potassium_influx_pmol_per_cm2_s
    assert charge * 1e-6 * FARADAY == pytest.approx(rate.current_ua_per_cm2)


def test_electroneutral_pump_carries_no_current():
    rate = pump_rate(pump_kinetics("luo-rudy-1994"), sodium_inside=10.0, stoichiometry=Stoichiometry(2, 2), **BODY)
    assert rate.current_ua_per_cm2 == 0.0 and rate.atp_pmol_per_cm2_s > 0


def test_current_of_a_cell_and_its_millivolts():
    """1 µA/cm² over 1000 µm² is 10 pA; through 1 nS that is -10 mV; 10 pA of cycles are 6.24e7 ATP/s."""
    rate = pump_rate(
        pump_kinetics("duesterwald-2018"), sodium_inside=14.5, sodium_outside=145.0, potassium_outside=3.5, voltage=0.0
    )
    assert float(rate.current_ua_per_cm2) == pytest.approx(1.0)
    cell = pump_in_cell(rate, area_um2=1000.0, conductance_ns=1.0)
    assert cell.current_pa == pytest.approx(10.0)
    assert cell.voltage_shift_mv == pytest.approx(-10.0)
    assert cell.atp_per_second == pytest.approx(10e-12 / 1.602176634e-19)


def test_the_laws_per_microfarad_scale_with_capacitance():
    assert pump_kinetics("shannon-2004", capacitance_uf_per_cm2=2.0).maximal_ua_per_cm2 == pytest.approx(2 * 1.90719)
    assert pump_kinetics("luo-rudy-1994", capacitance_uf_per_cm2=2.0).maximal_ua_per_cm2 == 1.5


def test_voltage_factor_stays_finite_far_out():
    law = pump_kinetics("ten-tusscher-2006")
    factor = voltage_factor(law, 140.0, np.array([-1e3, 0.0, 1e3]))
    assert factor[0] == 0.0 and factor[1] == pytest.approx(1 / 1.1598) and factor[2] == pytest.approx(1.0)


def test_arrays_broadcast():
    rate = pump_rate(
        pump_kinetics("ten-tusscher-2006"),
        sodium_inside=np.linspace(5, 20, 4)[:, None],
        sodium_outside=140.0,
        potassium_outside=5.4,
        voltage=np.linspace(-90, 0, 7),
    )
    assert rate.current_ua_per_cm2.shape == (4, 7)


@pytest.mark.parametrize(
    "bad", [{"sodium_inside": -1.0}, {"sodium_inside": math.nan}, {"potassium_outside": -0.1}, {"voltage": math.inf}]
)
def test_bad_conditions_are_refused(bad):
    with pytest.raises(OutOfRange):
        pump_rate(pump_kinetics("luo-rudy-1994"), **{"sodium_inside": 10.0, **BODY, **bad})


def test_other_refusals():
    with pytest.raises(UnknownChoice, match="luo-rudy-1994"):
        pump_kinetics("luo-rudy")
    with pytest.raises(OutOfRange, match="3:2"):
        Stoichiometry(0, 2)
    with pytest.raises(OutOfRange):
        pump_kinetics("luo-rudy-1994").scaled(-1)
    with pytest.raises(OutOfRange, match="Na outside"):
        pump_rate(
            pump_kinetics("duesterwald-2018"), sodium_inside=1.0, sodium_outside=0.0, potassium_outside=3.0, voltage=0.0
        )
    rate = pump_rate(pump_kinetics("luo-rudy-1994"), sodium_inside=10.0, **BODY)
    with pytest.raises(OutOfRange, match="conductance"):
        pump_in_cell(rate, area_um2=1.0, conductance_ns=0.0)
