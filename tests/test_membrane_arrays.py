"""Every function of conditions takes arrays: one call gives what a loop over scalars gives, and odd arrays are refused in words."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from selectivity.errors import OutOfRange, SelectivityError
from selectivity.membrane.cells import cell
from selectivity.membrane.channels import mix_channels, ratio_kinds
from selectivity.membrane.chord import block_shift
from selectivity.membrane.currents import current_voltage
from selectivity.membrane.donnan import donnan_equilibrium, donnan_with_water
from selectivity.membrane.energy import atp_free_energy, attwell_laughlin, pump_stall_voltage, selectivity_cost
from selectivity.membrane.fitting import bi_ionic_ratio
from selectivity.membrane.from_filter import membrane_from_ratio
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.heart import inward_rectifier_current, resting_current
from selectivity.membrane.nernst import nernst_potential
from selectivity.membrane.noise import Patch, johnson_sd, predicted_noise
from selectivity.membrane.noise_channels import two_state
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_steady import steady_state
from selectivity.membrane.temperature import voltage_against_temperature

DOWN, ALONG = np.array([[2.0], [5.0], [9.0]]), np.array([[100.0, 120.0, 140.0, 160.0]])
SIDES = {"outside": {"K": 5.0, "Na": 145.0}, "inside": {"K": 140.0, "Na": 15.0}}
NEURON = cell("neuron")

# name -> a function of two numbers (a from DOWN, b from ALONG) whose results are numbers or arrays of their common shape
CASES = {
    "current_voltage": lambda a, b: current_voltage(
        {"K": 1e-6, "Na": 4e-8}, outside={"K": a, "Na": 145.0}, inside={"K": b, "Na": 15.0}, temperature=310.15, voltage=-50.0
    ).total_ma_cm2,
    "reversal of current_voltage": lambda a, b: current_voltage(
        {"K": 1e-6, "Ca": 4e-8}, outside={"K": a, "Ca": 2.0}, inside={"K": b, "Ca": 1e-4}, temperature=310.15, voltage=-50.0
    ).reversal_mv,
    "block_shift": lambda a, b: block_shift(
        {"K": b, "Na": a, "Cl": 5.0}, reversal={"K": -90.0, "Na": 60.0, "Cl": -65.0}, blocked="Cl"
    ).shift_mv,
    "donnan_equilibrium": lambda a, b: donnan_equilibrium(
        outside={"K": a, "Na": 145.0, "Cl": 110.0}, impermeant=b, impermeant_valence=-0.85, temperature=300.0 + a
    ).osmotic_pressure_kpa,
    "donnan_with_water": lambda a, b: donnan_with_water(
        outside={"K": a, "Na": 145.0, "Cl": 110.0}, impermeant=b, impermeant_valence=-0.85, impermeant_outside=40.0
    ).volume,
    "donnan_with_water, Ca": lambda a, b: donnan_with_water(
        outside={"K": a, "Na": 145.0, "Cl": 110.0, "Ca": 2.0}, impermeant=b, impermeant_valence=-a, impermeant_outside=50.0
    ).v_mv,
    "pump_stall_voltage": lambda a, b: pump_stall_voltage(
        outside={"K": a, "Na": 145.0}, inside={"K": b, "Na": 15.0}, atp_kj_mol=50.0 + a, temperature=300.0 + a
    ),
    "atp_free_energy": lambda a, b: atp_free_energy(
        atp_mm=a, adp_mm=0.3, phosphate_mm=5.0, standard_kj_mol=-30.5, temperature=200.0 + b
    ),
    "attwell_laughlin": lambda a, b: attwell_laughlin(
        voltage=-70.0, e_na=50.0, e_k=-90.0 - a, input_resistance_mohm=b, atp_kj_mol=45.0 + a
    ).efficiency * b,
    "selectivity_cost": lambda a, b: selectivity_cost(
        b, potassium_permeability_cm_s=1e-6, background_sodium_cm_s=1e-8 * a, **SIDES
    ).relative_cost,
    "membrane_from_ratio": lambda a, b: membrane_from_ratio(b, cell=NEURON, leak=0.01 * a).v_with_leak_mv,
    "interval of membrane_from_ratio": lambda a, b: membrane_from_ratio(
        b, cell=NEURON, ratio_interval=(a, 2.0 * b)
    ).v_interval_mv[1] + 0.0 * a,
    "mix_channels": lambda a, b: mix_channels({"kv1.2": b, "hcn1": a}, cell=NEURON).v_mv,
    "chord of mix_channels": lambda a, b: mix_channels({"kv1.2": b, "hcn1": a}, cell=NEURON).v_chord_mv,
    "ratio_kinds": lambda a, b: ratio_kinds(a * b, cell=NEURON).conductance_ratio,
    "inward_rectifier_current": lambda a, b: inward_rectifier_current(
        -80.0, potassium_outside=a, potassium_inside=b, temperature=300.0 + a, rectification=0.01 * b
    ),
    "resting_current": lambda a, b: resting_current(-b, potassium_outside=a, sodium_leak_ns_pf=1e-3 * a),
    "johnson_sd": lambda a, b: johnson_sd(capacitance_pf=a, temperature=b + 200.0),
    "bi_ionic_ratio": lambda a, b: bi_ionic_ratio(reversal=-10.0 * a, inside=b, outside=150.0, temperature=298.15),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_call_over_a_grid_is_the_loop_over_scalars(name):
    whole = CASES[name](DOWN, ALONG)
    assert np.shape(whole) == (3, 4)
    for i, j in itertools.product(range(3), range(4)):
        single = CASES[name](float(DOWN[i, 0]), float(ALONG[0, j]))
        assert np.size(single) == 1 and float(np.ravel(single)[0]) == pytest.approx(whole[i, j], rel=1e-12, abs=1e-12)


def test_voltages_and_conditions_make_one_table():
    curves = current_voltage(
        {"K": 1e-6, "Na": 4e-8}, outside={"K": DOWN, "Na": 145.0}, inside=SIDES["inside"], temperature=310.15,
        voltage=[-90.0, -60.0],
    )  # fmt: skip
    assert curves.total_ma_cm2.shape == curves.current_ma_cm2["K"].shape == curves.current_ma_cm2["Na"].shape == (3, 2)
    assert curves.reversal_mv.shape == (3, 1)
    table = curves.table()
    assert (
        table["v_mv"].tolist() == [-90.0, -60.0] * 3
        and table["i_total_ma_cm2"].tolist() == curves.total_ma_cm2.ravel().tolist()
    )


def test_a_block_of_many_conditions_counts_them():
    many = block_shift(
        {"K": 10.0, "Na": 1.5, "Cl": 5.0}, reversal={"K": -90.0, "Na": 60.0, "Cl": np.array([-90.0, -65.0, -60.0])},
        blocked="Cl",
    )  # fmt: skip
    assert (
        many.hyperpolarises.tolist() == [False, True, True] and "hyperpolarises in 2 of 3 conditions" in many.condition
    )


def test_words_of_an_array_are_ranges():
    kinds = ratio_kinds(np.array([10.0, 25.0]), cell=NEURON)
    assert "10 to 25" in kinds.explanation
    said = membrane_from_ratio(np.array([10.0, 1e4]), cell=NEURON).sensitivity
    assert said.tolist() == ["sensitive", "insensitive"]
    assert membrane_from_ratio(1e4, cell=NEURON).sensitivity == "insensitive"


def test_a_million_conditions_in_one_call():
    k = np.linspace(1.0, 40.0, 1_000_000)
    water = donnan_with_water(
        outside={"K": k, "Na": 145.0, "Cl": 110.0}, impermeant=150.0, impermeant_valence=-0.85, impermeant_outside=35.0
    )
    assert water.v_mv.shape == k.shape and abs(water.osmotic_pressure_kpa).max() < 1e-9
    rest = ghk_voltage({"K": 1.0, "Na": 0.04, "Ca": 0.01}, outside={"K": k, "Na": 145.0, "Ca": 2.0},
                       inside={"K": 140.0, "Na": 15.0, "Ca": 1e-4}, temperature=310.15)  # fmt: skip
    assert rest.shape == k.shape and np.all(np.diff(rest) > 0.0)


def test_a_grid_of_temperatures_is_the_loop():
    grid = np.array([[300.15, 305.15], [310.15, 312.15]])
    whole = voltage_against_temperature(NEURON, grid).v_mv
    single = [float(voltage_against_temperature(NEURON, t).v_mv[0]) for t in grid.ravel()]
    assert whole.shape == (2, 2) and whole.ravel().tolist() == pytest.approx(single, abs=1e-11)


def test_celsius_is_doubted_once_at_the_caller_s_line():
    """A loop inside the package does not repeat the doubt: python shows one warning per line that typed the number."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        voltage_against_temperature(NEURON, 37.0)
    doubts = [w for w in caught if "°C" in str(w.message)]
    assert len(doubts) == 1 and doubts[0].filename == __file__


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: nernst_potential(outside=np.ma.array([5.0, 6.0], mask=[0, 1]), inside=120.0, valence=1, temperature=310.0), "masked"),
        (lambda: ghk_voltage({"K": 1.0}, outside=[5.0], inside={"K": 140.0}, temperature=310.0), "outside: got list"),  # type: ignore[arg-type]
        (lambda: ghk_voltage({"K": 1.0}, outside={"K": 5.0}, inside=None, temperature=310.0), "inside: got NoneType"),  # type: ignore[arg-type]
        (lambda: donnan_equilibrium(outside=[5.0], impermeant=1.0, impermeant_valence=-1.0), "need a mapping"),  # type: ignore[arg-type]
        (lambda: donnan_equilibrium(outside={"K": np.ones(3), "Cl": np.ones(4)}, impermeant=1.0, impermeant_valence=-1), "broadcast"),
        (lambda: donnan_equilibrium(outside={"K": [1.0, 0.0], "Cl": 1.0}, impermeant=1.0, impermeant_valence=-1), "no permeant cation"),
        (lambda: donnan_equilibrium(outside={"K": 1e-30, "Cl": 1e-30}, impermeant=1e300, impermeant_valence=-1e10), "too extreme"),
        (lambda: donnan_with_water(outside={"K": 5.0, "Cl": 5.0}, impermeant=1.0, impermeant_valence=-1.0,
                                   impermeant_outside=[3.0, 0.0]), "without limit"),
        (lambda: donnan_with_water(outside={"Ca": 5.0, "Cl": 10.0}, impermeant=1.0, impermeant_valence=-1.0,
                                   impermeant_outside=0.0), "without limit"),
        (lambda: donnan_with_water(outside={"K": 5.0, "Cl": 5.0}, impermeant=[1.0, 0.0], impermeant_valence=-1.0,
                                   impermeant_outside=3.0), "no impermeant solute"),
        (lambda: current_voltage({"K": np.ones(3)}, outside={"K": 5.0}, inside={"K": 140.0}, temperature=310.0,
                                 voltage=[1.0, 2.0]), "broadcast"),
        (lambda: block_shift({"Cl": 0.0, "K": 1.0}, reversal={"K": -90.0}, blocked="Cl"), "no reversal potential"),
        (lambda: attwell_laughlin(voltage=np.array([-70.0, -95.0]), e_na=50.0, e_k=-90.0, input_resistance_mohm=200.0), "not between"),
        (lambda: bi_ionic_ratio(reversal=1e6, inside=10.0, outside=150.0, temperature=298.0), "give it in mV"),
        (lambda: bi_ionic_ratio(reversal=-1e6, inside=10.0, outside=150.0, temperature=298.0), "give it in mV"),
        (lambda: membrane_from_ratio(10.0, cell=NEURON, ratio_interval=("a", 20.0)), "give numbers"),
        (lambda: membrane_from_ratio([10.0, 30.0], cell=NEURON, ratio_interval=([5.0, 5.0], 20.0)), "does not hold"),
        (lambda: mix_channels({"kv1.2": [1.0, 0.0], "hcn1": 0.0}, cell=NEURON), "no channel conducts"),
        (lambda: pump_leak_cell().with_changes(outside={"K": np.array([3.0, 4.0]), "Na": 145.0, "Cl": 119.0}), "one finite number"),
        (lambda: pump_leak_cell().with_changes(temperature=np.array([300.0, 310.0])), "one number in K"),
        (lambda: pump_leak_cell().with_changes(radius_um=[1.0]), "radius_um"),
        (lambda: steady_state(pump_leak_cell(), pump=[1.0, 0.5]), "one run at a time"),  # type: ignore[arg-type]
        (lambda: NEURON.changed(outside={"K": np.array([3.0, 4.0])}), "not a finite number"),  # type: ignore[dict-item]
    ],
)  # fmt: skip
def test_what_arrays_cannot_be_is_said(make, found):
    with pytest.raises(SelectivityError, match=found) as refusal:
        make()
    assert "\n" not in str(refusal.value)


def test_numbers_of_numpy_are_numbers():
    assert NEURON.changed(outside={"K": np.int64(3)}).outside["K"] == 3.0
    assert pump_leak_cell().with_changes(radius_um=np.float64(6.0)).radius_um == 6.0
    with pytest.raises(OutOfRange):
        NEURON.changed(outside={"K": np.float64("nan")})


def test_a_patch_without_leak_is_silent():
    """All conductance has one reversal potential: openings move nothing, and the noise is 0, not a rounding of it."""
    channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
    silent = predicted_noise(Patch(channel, 7, -77.7, leak_ps=0.0, leak_reversal_mv=-60.0, capacitance_pf=2.0))
    assert silent.sd_mv == 0.0 and silent.mean_mv == -77.7
