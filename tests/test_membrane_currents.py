"""Fluxes, currents and conductances: limits, another program, finite differences, invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.errors import OutOfRange
from selectivity.membrane.currents import (
    chord_conductance,
    current_voltage,
    driving_force,
    ghk_current,
    ghk_flux,
    slope_conductance,
)
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import nernst_potential, thermal_voltage_mv

CONCENTRATIONS = st.floats(1e-6, 1e3)
VOLTAGES = st.floats(-300.0, 300.0)
VALENCES = st.sampled_from([-2, -1, 1, 2, 3])


def gross(out, into, valence, volts, kelvin):
    """Sum of the two one-way currents, the scale on which their difference can be known."""
    u = valence * volts / float(thermal_voltage_mv(kelvin))
    b = 1.0 if u == 0 else u / math.expm1(u)
    return 96.48533212331 * abs(valence) * (into * (b + u) + out * b)


def test_neuron_agrees_on_the_ghk_current():
    """Grid of voltages, concentrations, valences. NEURON switches to a two-term series at |u| < 1e-4, so exactly at
    1e-9 relative to the gross current; the difference of two nearly equal one-way currents cannot be known better."""
    h = pytest.importorskip("neuron", reason="NEURON is the oracle here; pip install selectivity[test]").h
    worst = 0.0
    for celsius in (6.3, 20.0, 37.0):
        h.celsius = celsius
        kelvin = celsius + 273.15
        for valence in (-2, -1, 1, 2, 3):
            for volts in (-200.0, -70.0, -25.0, -1e-3, 0.0, 1e-3, 1.0, 60.0, 200.0):
                for out in (1e-4, 5.0, 145.0):
                    for into in (1e-4, 15.0, 140.0):
                        ours = ghk_current(
                            1.0, outside=out, inside=into, valence=valence, voltage=volts, temperature=kelvin
                        )
                        theirs = h.ghk(volts, into, out, valence)
                        worst = max(worst, abs(ours - theirs) / gross(out, into, valence, volts, kelvin))
    assert worst < 1e-9
    h.celsius = 37.0
    for volts, printed in ((-70.0, 1417.7561577438396), (0.0, 13025.519836646852)):  # PEERS section 5
        ours = ghk_current(1.0, outside=5, inside=140, valence=1, voltage=volts, temperature=310.15)
        assert ours == pytest.approx(printed, rel=1e-12)


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES)
def test_current_at_zero_voltage_is_diffusion(out, into, valence):
    at_zero = ghk_current(1.0, outside=out, inside=into, valence=valence, voltage=0.0, temperature=300.0)
    assert at_zero == pytest.approx(96.48533212331 * valence * (into - out), rel=1e-12, abs=1e-12)
    for tiny in (1e-300, 1e-12, 1e-7):
        near = ghk_current(1.0, outside=out, inside=into, valence=valence, voltage=tiny, temperature=300.0)
        assert near == pytest.approx(at_zero, abs=1e-6 * (out + into) * 96.5 * valence**2)


@pytest.mark.parametrize("volts", [-1e6, -5000.0, 5000.0, 1e6])
def test_volts_give_the_ohmic_limit(volts):
    """Far from equilibrium the ions that the field drives in limit the current: I = P z² (F²/RT) c V."""
    current = ghk_current(1.0, outside=5.0, inside=140.0, valence=1, voltage=volts, temperature=300.0)
    source = 140.0 if volts > 0 else 5.0
    assert current == pytest.approx(96.48533212331 * source * volts / thermal_voltage_mv(300.0), rel=1e-12)


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES)
def test_no_current_at_the_nernst_potential(out, into, valence):
    e = nernst_potential(outside=out, inside=into, valence=valence, temperature=300.0)
    current = ghk_current(1.0, outside=out, inside=into, valence=valence, voltage=e, temperature=300.0)
    assert abs(current) <= 1e-12 * gross(out, into, valence, e, 300.0)


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES, volts=VOLTAGES)
def test_swapping_sides_and_voltage_reverses_the_current(out, into, valence, volts):
    one = ghk_current(2.0, outside=out, inside=into, valence=valence, voltage=volts, temperature=300.0)
    other = ghk_current(2.0, outside=into, inside=out, valence=valence, voltage=-volts, temperature=300.0)
    assert other == pytest.approx(-one, abs=1e-12 * gross(out, into, valence, volts, 300.0))


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES, volts=VOLTAGES)
def test_flipping_charge_and_voltage_flips_the_current_and_keeps_the_flux(out, into, valence, volts):
    arguments = {"outside": out, "inside": into, "temperature": 300.0}
    scale = gross(out, into, valence, volts, 300.0)
    assert ghk_current(1.0, valence=-valence, voltage=-volts, **arguments) == pytest.approx(
        -ghk_current(1.0, valence=valence, voltage=volts, **arguments), abs=1e-13 * scale
    )
    assert ghk_flux(1.0, valence=-valence, voltage=-volts, **arguments) == pytest.approx(
        ghk_flux(1.0, valence=valence, voltage=volts, **arguments), rel=1e-13
    )


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES, volts=VOLTAGES)
def test_slope_conductance_is_the_derivative(out, into, valence, volts):
    arguments = {"outside": out, "inside": into, "valence": valence, "temperature": 300.0}
    step = 1e-2
    numeric = (
        ghk_current(1.0, voltage=volts + step, **arguments) - ghk_current(1.0, voltage=volts - step, **arguments)
    ) / (2 * step)
    slope = slope_conductance(1.0, voltage=volts, **arguments)
    assert slope >= 0.0
    # second-order truncation and the rounding of the difference quotient
    assert slope == pytest.approx(numeric, rel=1e-5, abs=1e-12 * gross(out, into, valence, volts, 300.0) / step)


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES, volts=VOLTAGES)
def test_chord_conductance_is_current_over_driving_force(out, into, valence, volts):
    arguments = {"outside": out, "inside": into, "valence": valence, "temperature": 300.0}
    e = nernst_potential(**arguments)
    g = chord_conductance(1.0, voltage=volts, **arguments)
    assert g > 0.0
    current = ghk_current(1.0, voltage=volts, **arguments)
    rounding = 1e-12 * gross(out, into, valence, volts, 300.0)
    assert g * driving_force(voltage=volts, reversal=e) == pytest.approx(current, rel=1e-9, abs=rounding)


@given(out=CONCENTRATIONS, into=CONCENTRATIONS, valence=VALENCES)
def test_chord_and_slope_meet_at_reversal(out, into, valence):
    arguments = {"outside": out, "inside": into, "valence": valence, "temperature": 300.0}
    e = nernst_potential(**arguments)
    chord = chord_conductance(1.0, voltage=e, **arguments)
    assert chord == pytest.approx(slope_conductance(1.0, voltage=e, **arguments), rel=1e-9)


def test_symmetric_solutions_are_ohmic():
    arguments = {"outside": 150.0, "inside": 150.0, "valence": 1, "temperature": 298.15}
    volts = np.linspace(-200, 200, 41)
    current = ghk_current(1e-6, voltage=volts, **arguments)
    np.testing.assert_allclose(
        current, slope_conductance(1e-6, voltage=0.0, **arguments) * volts, rtol=1e-12, atol=1e-18
    )


def test_iv_curve_crosses_zero_at_the_ghk_voltage():
    sides = {"outside": {"K": 5, "Na": 145, "Ca": 2}, "inside": {"K": 140, "Na": 15, "Ca": 1e-4}, "temperature": 310.15}
    permeability = {"K": 1e-6, "Na": 4e-8, "Ca": 2e-8}
    reversal = ghk_voltage(permeability, **sides)
    iv = current_voltage(permeability, voltage=np.linspace(-120, 60, 181), **sides)
    assert iv.reversal_mv == reversal
    assert np.all(np.diff(iv.total_ma_cm2) > 0)
    crossing = np.interp(0.0, iv.total_ma_cm2, iv.voltage_mv)
    assert crossing == pytest.approx(reversal, abs=0.01)  # linear interpolation of a curve on a 1 mV grid
    np.testing.assert_allclose(sum(iv.current_ma_cm2.values()), iv.total_ma_cm2, rtol=1e-12)
    numeric = np.gradient(iv.total_ma_cm2, iv.voltage_mv)
    np.testing.assert_allclose(iv.slope_conductance_s_cm2[1:-1], numeric[1:-1], rtol=1e-3)
    table = iv.table()
    assert list(table.columns) == [
        "v_mv", "i_K_ma_cm2", "i_Na_ma_cm2", "i_Ca_ma_cm2", "i_total_ma_cm2", "slope_conductance_s_cm2",
    ]  # fmt: skip
    assert table.attrs["temperature_k"] == 310.15


def test_arrays_of_everything_broadcast():
    current = ghk_current(
        np.ones((2, 1, 1)), outside=np.ones((3, 1)), inside=2.0, valence=[1, 2, -1, 1], voltage=0.0, temperature=300.0
    )
    assert current.shape == (2, 3, 4)
    assert isinstance(ghk_flux(1, outside=1, inside=2, valence=1, voltage=0, temperature=300), float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outside": -1.0}, "negative"),
        ({"inside": math.nan}, "not finite"),
        ({"valence": 0}, "valence 0"),
        ({"valence": 1.5}, "not an integer"),
        ({"voltage": math.inf}, "not finite"),
        ({"voltage": "x"}, "not a number"),
        ({"temperature": 0.0}, "does not exist"),
        ({"outside": np.ones(2), "inside": np.ones(3)}, "do not broadcast"),
    ],
)
@pytest.mark.parametrize("formula", [ghk_flux, ghk_current, slope_conductance, chord_conductance])
def test_bad_input_is_refused(formula, change, message):
    arguments = {"outside": 5.0, "inside": 140.0, "valence": 1, "voltage": -70.0, "temperature": 310.15} | change
    with pytest.raises(OutOfRange, match=message):
        formula(1.0, **arguments)


def test_chord_conductance_needs_a_reversal_potential():
    with pytest.raises(OutOfRange, match="reversal potential is undefined"):
        chord_conductance(1.0, outside=0.0, inside=140.0, valence=1, voltage=0.0, temperature=300.0)


def test_negative_permeability_is_refused():
    with pytest.raises(OutOfRange, match="negative"):
        ghk_current(-1.0, outside=5, inside=140, valence=1, voltage=0, temperature=300)
