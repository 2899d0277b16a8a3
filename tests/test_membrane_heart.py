"""Potassium and the heart: the published rest, both directions of hypokalaemia, block in hyperkalaemia, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from selectivity.errors import OutOfRange
from selectivity.membrane.heart import (
    depolarisation_block,
    inward_rectifier_current,
    resting_current,
    resting_states,
    sodium_availability,
)
from selectivity.membrane.stories import expectations

EXPECTED = expectations("heart")


def test_the_normal_heart_rests_where_it_should():
    """Measured -85 to -95 mV; the model's own published start is -86.2."""
    rest = resting_states(5.4)
    assert len(rest.stable_mv) == 1 and rest.unstable_mv == ()
    assert EXPECTED["resting potential at 5.4 mM K+"].holds(rest.stable_mv[0])
    assert rest.stable_mv[0] == pytest.approx(-86.2, abs=1.0)


def test_the_inward_rectifier_rectifies():
    at = {"potassium_outside": 5.4, "potassium_inside": 138.3, "temperature": 310.15}
    e_k = resting_states(5.4).e_k_mv
    inward, outward, far = (inward_rectifier_current(e_k + d, **at) for d in (-40.0, 40.0, 100.0))
    assert inward < 0 < outward < 0.2 * -inward and far < outward
    ohmic = [inward_rectifier_current(e_k + d, rectification=0.0, **at) for d in (-40.0, 40.0)]
    assert ohmic[1] == pytest.approx(-ohmic[0], rel=1e-9)


def test_conductance_grows_with_the_root_of_potassium():
    slope = []
    for k_o in (2.7, 10.8):
        at = {"potassium_outside": k_o, "potassium_inside": 138.3, "temperature": 310.15}
        e_k = resting_states(k_o).e_k_mv
        slope.append(inward_rectifier_current(e_k + 0.5, **at) - inward_rectifier_current(e_k - 0.5, **at))
    assert slope[1] / slope[0] == pytest.approx(2.0, rel=1e-9)


def test_low_potassium_hyperpolarises_without_a_leak():
    """Rabbit, rat, mouse: rest follows E_K down."""
    v = [resting_states(k_o).stable_mv[0] for k_o in (1.0, 2.0, 3.0, 4.0, 5.4)]
    assert np.all(np.diff(v) > 0)
    assert EXPECTED["rest at low K+ outside without a cation leak"].holds(v[0])
    assert all(len(resting_states(k_o).stable_mv) == 1 for k_o in (1.0, 2.0, 3.0))


def test_low_potassium_has_two_levels_with_a_leak():
    """Human: polarised and depolarised (around -50 mV) at the same K+ outside; one level at normal K+."""
    low = resting_states(2.0, sodium_leak_ns_pf=0.002)
    assert len(low.stable_mv) == EXPECTED["levels of rest at low K+ outside"].low and len(low.unstable_mv) == 1
    assert low.stable_mv[0] < low.unstable_mv[0] < low.stable_mv[1]
    assert EXPECTED["upper level of rest at low K+ outside with a cation leak"].holds(low.stable_mv[1])
    assert len(resting_states(5.4, sodium_leak_ns_pf=0.002).stable_mv) == 1


def test_more_leak_leaves_only_the_depolarised_level():
    assert len(resting_states(2.5, sodium_leak_ns_pf=0.008).stable_mv) == 1
    assert resting_states(2.5, sodium_leak_ns_pf=0.008).stable_mv[0] > -40.0


def test_without_rectification_there_is_one_level():
    """A weak rectifier does not make two levels (chen2017_kir): with an ohmic I_K1 the same leak gives a single rest."""
    assert len(resting_states(2.0, sodium_leak_ns_pf=0.002, rectification=0.0).stable_mv) == 1


def test_high_potassium_depolarises_and_takes_the_sodium_channels():
    rests = [resting_states(k_o) for k_o in (5.4, 7.0, 9.0, 12.0, 20.0)]
    assert np.all(np.diff([r.stable_mv[0] for r in rests]) > 0)
    ready = [r.sodium_availability[0] for r in rests]
    assert np.all(np.diff(ready) < 0) and ready[0] > 0.7 and ready[-1] < 0.01
    assert all(abs(r.stable_mv[0] - r.e_k_mv) < 1.0 for r in rests)  # the heart stays a potassium electrode


def test_block_is_where_availability_falls_below_its_criterion():
    k_o = depolarisation_block(least_availability=0.25)
    assert resting_states(k_o).sodium_availability[0] == pytest.approx(0.25, abs=1e-5)
    assert resting_states(k_o).stable_mv[0] == pytest.approx(-71.55, abs=0.01)
    assert depolarisation_block(least_availability=0.5) < k_o < depolarisation_block(least_availability=0.1)


def test_every_rest_is_a_zero_and_its_slope_tells_stability():
    rests = resting_states(2.0, sodium_leak_ns_pf=0.002)
    for v, sign in [(v, 1) for v in rests.stable_mv] + [(v, -1) for v in rests.unstable_mv]:
        here, up = (resting_current(v + d, potassium_outside=2.0, sodium_leak_ns_pf=0.002) for d in (0.0, 0.01))
        assert here == pytest.approx(0.0, abs=1e-8) and np.sign(up) == sign


def test_availability_limits():
    assert sodium_availability(-200.0) == pytest.approx(1.0) and sodium_availability(1e4) == 0.0


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: resting_states(0.0), "K outside"),
        (lambda: resting_states(-1.0), "K outside"),
        (lambda: resting_states(5.4, sodium_leak_ns_pf=-1.0), "leak"),
        (lambda: resting_states(5.4, sodium_leak_ns_pf=1e9), "overwhelms"),
        (lambda: depolarisation_block(least_availability=0.99), "not reached"),
        (lambda: depolarisation_block(least_availability=1.5), "between 0 and 1"),
        (lambda: resting_current(float("nan"), potassium_outside=5.4), "voltage"),
    ],
)
def test_refusals(make, found):
    with pytest.raises(OutOfRange, match=found):
        make()
