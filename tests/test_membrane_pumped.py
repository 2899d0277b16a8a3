"""Leaks and a pump of any strength: the limits are Goldman, Mullins-Noda and the temperature room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selectivity.errors import OutOfRange
from selectivity.membrane.cells import cell, cells
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import largest_pump_contribution, mullins_noda_voltage
from selectivity.membrane.pumped import pumped_voltage
from selectivity.membrane.temperature import voltage_against_temperature

SIDES = {"outside": {"K": 5.0, "Na": 145.0, "Cl": 110.0}, "inside": {"K": 140.0, "Na": 15.0, "Cl": 10.0}}


@given(st.floats(0.001, 2.0), st.floats(280.0, 320.0))
def test_strength_0_is_goldman_and_strength_1_is_mullins_noda(sodium: float, kelvin: float) -> None:
    channel = {"K": 1.0, "Na": sodium}
    given = {**SIDES, "temperature": kelvin}
    assert pumped_voltage(channel, **given, pump=0.0) == ghk_voltage(channel, **given)
    assert pumped_voltage(channel, **given) == pytest.approx(mullins_noda_voltage(channel, **given), abs=1e-9)


@pytest.mark.parametrize("name", [name for name, each in cells().items() if not each.permeability.get("Cl")])
def test_away_from_the_reference_it_is_the_temperature_room(name: str) -> None:
    own = cell(name)
    kelvin = np.array([own.temperature_k - 5.0, own.temperature_k])
    expected = voltage_against_temperature(own, kelvin).v_mv
    got = pumped_voltage(
        own.permeability, outside=own.outside, inside=own.inside, temperature=kelvin, reference=own.temperature_k
    )
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_a_stronger_pump_is_more_negative_and_chloride_that_leaks_damps_it() -> None:
    strength = np.linspace(0.0, 2.0, 21)
    tight, leaky = (
        pumped_voltage({"K": 1.0, "Na": 0.04, "Cl": chloride}, **SIDES, temperature=310.15, pump=strength)
        for chloride in (0.0, 0.45)
    )
    assert np.all(np.diff(tight) < 0.0) and np.all(np.diff(leaky) < 0.0)
    assert 0.0 < leaky[0] - leaky[10] < tight[0] - tight[10] < largest_pump_contribution(temperature=310.15)


def test_arrays_are_the_scalars_in_a_row() -> None:
    sodium = np.array([0.01, 0.04, 1.0])
    row = pumped_voltage({"K": 1.0, "Na": sodium}, **SIDES, temperature=310.15, pump=0.7)
    alone = [pumped_voltage({"K": 1.0, "Na": float(p)}, **SIDES, temperature=310.15, pump=0.7) for p in sodium]
    np.testing.assert_allclose(row, alone, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"pump": -1.0}, "negative"), ({"pump": float("nan")}, "not finite"), ({"pump": 1e12}, "outruns")],
)
def test_what_no_pump_does_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(OutOfRange, match=message):
        pumped_voltage({"K": 1.0, "Na": 0.04}, **SIDES, temperature=310.15, **changes)
