"""From the atoms of a potassium channel to the voltage of a cell.

The chain, read left to right; each name below does one step and shows what it found:

    fetch_entry("1K4C")              entry of the Protein Data Bank -> file in the cache, checked
    load_filter(file)                structure file -> Filter: rings of oxygens round one axis, sites, ions seen
    ideal_filter(name)               the same without a file: idealised filters from published dimensions
    score_filter(filter)             Filter -> FilterScore: all that follows in one call, with its errors and sources
      selectivity.energetics         K+ and Na+ in every site, rigid or relaxed: ddG(site), a binding preference; ddG(z)
      selectivity.permeation         ddG(z) -> barrier difference -> P_K/P_Na, by a stated rule
    permeability_ratio(ddg_kj_mol)   the same for a barrier that you know; back with barrier_difference(ratio)
    membrane_from_ratio(ratio)       P_K/P_Na -> membrane potential of a cited cell
    ghk_voltage, nernst_potential    the equations themselves; selectivity.membrane has pump, gradients, noise, fits
    plot_score(score)                all of it as one picture

One unit system: Å, kJ/mol, K, mV, mmol/L (mM), s, elementary charges; other units exist only at the doors (files, command
line), and whatever leaves the package carries its unit in its name. ddG is positive where K+ is preferred. Importing this
package loads none of the large libraries: every name is fetched from its room when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> the module that holds it, in the order of the chain.
_ROOMS = {
    "fetch_entry": "archive.fetch",
    "load_filter": "structure.load",
    "ideal_filter": "structure.ideal",
    "Filter": "structure.filter",
    "score_filter": "pipeline",
    "FilterScore": "score",
    "hydration_free_energy": "energetics.hydration",
    "bond_valence_sum": "energetics.bond_valence",
    "permeability_ratio": "permeation.ratio",
    "barrier_difference": "permeation.ratio",
    "nernst_potential": "membrane.nernst",
    "ghk_voltage": "membrane.ghk",
    "compare_voltages": "membrane.compare",
    "fit_permeabilities": "membrane.fitting",
    "cell": "membrane.cells",
    "membrane_from_ratio": "membrane.from_filter",
    "pump_leak_cell": "membrane.pump_leak",
    "run_down": "membrane.rundown",
    "plot_score": "plotting.figure",
    "ion": "ions",
    "reference": "references",
    "SelectivityError": "errors",
}

__all__ = ["__version__", *_ROOMS]

if TYPE_CHECKING:
    from selectivity.archive.fetch import fetch_entry as fetch_entry
    from selectivity.energetics.bond_valence import bond_valence_sum as bond_valence_sum
    from selectivity.energetics.hydration import hydration_free_energy as hydration_free_energy
    from selectivity.errors import SelectivityError as SelectivityError
    from selectivity.ions import ion as ion
    from selectivity.membrane.cells import cell as cell
    from selectivity.membrane.compare import compare_voltages as compare_voltages
    from selectivity.membrane.fitting import fit_permeabilities as fit_permeabilities
    from selectivity.membrane.from_filter import membrane_from_ratio as membrane_from_ratio
    from selectivity.membrane.ghk import ghk_voltage as ghk_voltage
    from selectivity.membrane.nernst import nernst_potential as nernst_potential
    from selectivity.membrane.pump_leak import pump_leak_cell as pump_leak_cell
    from selectivity.membrane.rundown import run_down as run_down
    from selectivity.permeation.ratio import barrier_difference as barrier_difference
    from selectivity.permeation.ratio import permeability_ratio as permeability_ratio
    from selectivity.pipeline import score_filter as score_filter
    from selectivity.plotting.figure import plot_score as plot_score
    from selectivity.references import reference as reference
    from selectivity.score import FilterScore as FilterScore
    from selectivity.structure.filter import Filter as Filter
    from selectivity.structure.ideal import ideal_filter as ideal_filter
    from selectivity.structure.load import load_filter as load_filter


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
