"""What cannot be computed is refused in one line, never answered with NaN or infinity: the rest of the membrane's bad inputs."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from selectivity import membrane
from selectivity.errors import SelectivityError
from selectivity.membrane import (
    donnan,
    energy,
    heart,
    nernst,
    noise,
    noise_channels,
    noise_simulation,
    pump,
    rundown,
    temperature,
)
from selectivity.membrane.cells import cell, load_cells
from selectivity.membrane.from_filter import membrane_from_ratio
from selectivity.membrane.protocols import atp_depleted
from selectivity.membrane.pump_leak import pump_leak_cell

OUTSIDE, INSIDE = {"K": 5.0, "Na": 145.0, "Cl": 110.0}, {"K": 140.0, "Na": 15.0, "Cl": 4.0}
SIDES = {"outside": OUTSIDE, "inside": INSIDE}
CHANNEL = noise_channels.two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
NAN, INF = math.nan, math.inf


def patch(n: float = 20) -> noise.Patch:
    return noise.Patch(CHANNEL, n, -90.0, leak_ps=200.0, leak_reversal_mv=-60.0, capacitance_pf=2.0)  # type: ignore[arg-type]


def scan(density: float) -> noise.SizeScan:
    return noise.size_scan(
        CHANNEL,
        areas_um2=[1.0, 10.0],
        channels_per_um2=density,
        channel_reversal_mv=-90.0,
        leak_us_per_cm2=50.0,
        leak_reversal_mv=-60.0,
    )


def cost(**changes: object) -> energy.SelectivityCost:
    given = {"potassium_permeability_cm_s": 1e-6, "background_sodium_cm_s": 4e-8, **SIDES, **changes}
    return energy.selectivity_cost([1.0, 10.0], **given)  # type: ignore[arg-type]


def rectifier(**changes: float) -> float:
    given = {"potassium_outside": 5.4, "potassium_inside": 138.3, "temperature": 310.15, **changes}
    return heart.inward_rectifier_current(-80.0, **given)


REST = {"voltage": -70.0, "e_na": 50.0, "e_k": -100.0, "input_resistance_mohm": 200.0}
ADENINE = {"atp_mm": 3.0, "adp_mm": 0.3, "phosphate_mm": 5.0}
DONNAN = {"outside": OUTSIDE, "impermeant": 150.0, "impermeant_valence": -0.85}
RATE = pump.pump_rate(
    pump.pump_kinetics("luo-rudy-1994"), sodium_inside=14.0, sodium_outside=145.0, potassium_outside=3.5, voltage=-70.0
)


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: energy.pump_work(outside={"K": 5.0}, inside=INSIDE, voltage=-70.0), "Na: no concentration outside"),
        (lambda: energy.pump_work(outside=OUTSIDE, inside={"Na": 15.0}, voltage=-70.0), "K: no concentration inside"),
        (lambda: energy.pump_stall_voltage(outside={}, inside=INSIDE), "no concentration outside"),
        (lambda: energy.cycle_work(NAN, 60.0, -90.0), "voltage"),
        (lambda: energy.cycle_work(-70.0, INF, -90.0), "E_Na"),
        (lambda: energy.atp_free_energy(**ADENINE, standard_kj_mol=NAN), "standard"),
        (lambda: energy.attwell_laughlin(**REST, atp_kj_mol=0.0), "ATP"),
        (lambda: energy.attwell_laughlin(**REST, atp_kj_mol=NAN), "ATP"),
        (lambda: cost(atp_kj_mol=-1.0), "ATP"),
        (lambda: cost(atp_kj_mol=INF), "ATP"),
        (lambda: cost(inside={"K": 0.0, "Na": 15.0}), "leak in"),
        (lambda: donnan.donnan_equilibrium(**DONNAN, impermeant_outside=NAN), "impermeant outside"),
        (lambda: donnan.donnan_equilibrium(**DONNAN, impermeant_outside=-1.0), "impermeant outside"),
        (lambda: heart.resting_states(5.4, rectification=NAN), "rectification"),
        (lambda: heart.resting_current(-80.0, potassium_outside=5.4, rectification=-1.0), "rectification"),
        (lambda: rectifier(potassium_inside=0.0), "K inside"),
        (lambda: rectifier(temperature=-37.0), "does not exist"),
        (lambda: heart.depolarisation_block(highest_mm=6.0), "highest_mm"),
        (lambda: heart.depolarisation_block(highest_mm=NAN), "highest_mm"),
        (lambda: patch(NAN), "whole number"),
        (lambda: patch(INF), "whole number"),
        (lambda: scan(NAN), "channels per"),
        (lambda: scan(INF), "channels per"),
        (lambda: noise_simulation.simulate_noise(patch(), 1.0, rng=-1), "seed"),
        (lambda: noise_simulation.simulate_noise(patch(), 1e9), "samples"),
        (lambda: temperature.BarrierTemperature(NAN), "ddG"),
        (lambda: temperature.BarrierTemperature(12.0, reference_k=-1.0), "does not exist"),
        (lambda: temperature.BarrierTemperature(12.0, enthalpy_kj_mol=INF), "enthalpy"),
        (lambda: temperature.warming_verdict(cell("neuron"), step=0.0), "step"),
        (lambda: temperature.voltage_against_temperature(cell("neuron"), []), "at least one"),
        (lambda: pump.pump_in_cell(RATE, area_um2=INF, conductance_ns=1.0), "area"),
        (lambda: pump.pump_kinetics("luo-rudy-1994", capacitance_uf_per_cm2=INF), "capacitance"),
        (lambda: pump_leak_cell().with_changes(bath_to_cell_volume=INF), "bath_to_cell_volume"),
        (lambda: pump_leak_cell().with_changes(impermeant_outside_valence=NAN), "charges"),
        (lambda: atp_depleted(5.0, recovery_minutes=-1.0), "recovery"),
        (lambda: atp_depleted(5.0, recovery_minutes=NAN), "recovery"),
        (lambda: nernst.nernst_potential(outside=5, inside=140, valence="two", temperature=310.15), "not an integer"),
        (lambda: membrane_from_ratio(100.0, cell=cell("neuron"), ratio_interval=(1.0,)), "lowest, highest"),  # type: ignore[arg-type]
    ],
)
def test_refused_in_one_line(make, found):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(SelectivityError, match=found) as refusal:
            make()
    assert "\n" not in str(refusal.value)


def test_a_membrane_that_chloride_rules_is_doubted_by_the_pump_s_formula():
    """The red cell rests at its anions' potential (-11 mV); Mullins-Noda, from which V(T) departs, says -26 mV."""
    with pytest.warns(UserWarning, match="chloride rules"):
        temperature.voltage_against_temperature(cell("red-cell"), [310.15])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        temperature.voltage_against_temperature(cell("frog-muscle"), [293.15])  # passive chloride: nothing to say


def test_a_temperature_outside_the_preset_s_range_warns_wherever_it_is_given():
    with pytest.warns(UserWarning, match="290 K.*303.15 to 313.15 K"):
        cell("ventricular-myocyte").changed(temperature=290.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cell("ventricular-myocyte").changed(temperature=305.0)
        cell("neuron").changed(temperature=37.0)  # the unit is doubted where the number is used: one warning is enough


def test_zero_potassium_outside_leaves_finite_numbers():
    assert np.all(np.isfinite(cost(outside={"K": 0.0, "Na": 145.0}).relative_cost))


def test_temperatures_broadcast_with_voltages_in_pump_and_budget():
    kelvin, volts = np.array([300.0, 310.15]), np.array([-80.0, -60.0])
    law = pump.pump_kinetics("luo-rudy-1994")
    contents = {"sodium_inside": 14.0, "sodium_outside": 145.0, "potassium_outside": 3.5}
    together = pump.pump_rate(law, **contents, voltage=volts, temperature=kelvin).cycle_ua_per_cm2
    alone = [
        float(pump.pump_rate(law, **contents, voltage=v, temperature=t).cycle_ua_per_cm2)
        for v, t in zip(volts, kelvin, strict=True)
    ]
    assert together.tolist() == pytest.approx(alone, rel=1e-14)
    entropy = energy.attwell_laughlin(**{**REST, "voltage": volts}, temperature=kelvin).entropy_production_fw_per_k
    assert np.shape(entropy) == (2,)


def test_a_pump_that_is_no_table_is_refused_with_its_file(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        "[c]\ntemperature_k = 310\npump = 3\noutside = {K = 5}\ninside = {K = 140}\npermeability = {K = 1}\n"
    )
    with pytest.raises(SelectivityError, match=r"own.toml \[c\] pump: 3 is not a table"):
        load_cells(own)


def test_every_name_of_the_room_leads_to_something():
    assert [name for name in dir(membrane) if getattr(membrane, name, None) is None and not name.startswith("__")] == []
    assert membrane.run_down is rundown.run_down
