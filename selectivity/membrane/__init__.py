"""From permeabilities to a living cell's voltage: plain numbers and mappings in, frozen results out; no structure needed.

Modules answer one question each: `nernst`, `ghk` (voltage), `reversal` (any valences), `currents` (flux, current, I-V),
`chord`, `mullins_noda`, `compare`, `cells` (cited presets), `fitting` (the way back), `junction`, `activity`,
`temperature`, `from_filter`, `channels`; `pump` and what follows from it stand beside them. Units: mM, mV, K.

The names most wanted can be had from here, `from selectivity.membrane import ghk_voltage`; each loads its module when asked.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "nernst_potential": "nernst",
    "nernst_potentials": "nernst",
    "ghk_voltage": "ghk",
    "ghk_current": "currents",
    "ghk_flux": "currents",
    "current_voltage": "currents",
    "slope_conductance": "currents",
    "chord_conductance": "currents",
    "driving_force": "currents",
    "chord_voltage": "chord",
    "block_shift": "chord",
    "mullins_noda_voltage": "mullins_noda",
    "pumped_voltage": "pumped",
    "compare_voltages": "compare",
    "Cell": "cells",
    "cell": "cells",
    "load_cells": "cells",
    "read_reversal_data": "reversal_data",
    "fit_permeabilities": "fitting",
    "bi_ionic_ratio": "fitting",
    "henderson_potential": "junction",
    "nernst_planck_potential": "junction",
    "activity_coefficient": "activity",
    "voltage_against_temperature": "temperature",
    "warming_verdict": "temperature",
    "membrane_from_ratio": "from_filter",
    "voltage_against_barrier": "from_filter",
    "mix_channels": "channels",
    "mutant_effect": "channels",
    "ratio_kinds": "channels",
    "donnan_equilibrium": "donnan",
    "donnan_with_water": "donnan",
    "pump_kinetics": "pump",
    "pump_rate": "pump",
    "pump_leak_cell": "pump_leak",
    "balanced_cell": "pump_leak_balance",
    "steady_state": "pump_leak_steady",
    "Phase": "protocols",
    "run_down": "rundown",
    "sodium_extrusion": "pump_experiments",
    "long_ouabain": "pump_experiments",
    "ischaemia": "stories",
    "spreading_depression": "stories",
    "potassium_efflux": "stories",
    "maturation": "stories",
    "resting_states": "heart",
    "depolarisation_block": "heart",
    "pump_work": "energy",
    "energy_budget": "energy",
    "attwell_laughlin": "energy",
    "selectivity_cost": "energy",
    "two_state": "noise_channels",
    "Patch": "noise",
    "predicted_noise": "noise",
    "simulate_noise": "noise_simulation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
