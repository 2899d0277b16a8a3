"""How much of the brain's energy does the Na+/K+ pump take? Published budgets, and what a resting neuron adds up to.

Shares in percent, ATP in molecules per second and cell or µmol per gram and minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from selectivity.errors import OutOfRange
from selectivity.membrane.energy import attwell_laughlin
from selectivity.membrane.stories import expectations

AVOGADRO_PER_MICROMOLE = 6.02214076e17

NEURONS_PER_GRAM = 92e6
"""Neurons per gram of rodent cortex (recalled from attwell_laughlin2001): a labelled default, given as a parameter."""


@dataclass(frozen=True)
class BrainShare:
    """Bounds of the pump's share in the signalling energy of rodent cortex, percent, and what they are made of."""

    resting_percent: float
    upper_bound_percent: float
    other_percent: float


@dataclass(frozen=True)
class TissueCost:
    """Cost of resting potentials in grey matter."""

    atp_per_neuron_s: float
    micromol_per_gram_minute: float


def signalling_share() -> BrainShare:
    """Pump share of the signalling budget: at least the resting potentials, at most those, spikes and postsynaptic currents.

    The upper bound takes every ATP of spikes and postsynaptic currents as pumping: most of it removes Na+, some Ca2+.

    >>> share = signalling_share()
    >>> share.resting_percent, share.upper_bound_percent
    (13.0, 94.0)
    """
    budget = {name: e.low for name, e in expectations("brain energy").items() if e.low is not None}
    rest = budget["resting potentials in the signalling budget of rodent cortex"]
    spikes = budget["spikes in the signalling budget of rodent cortex"]
    synapses = budget["postsynaptic currents in the signalling budget of rodent cortex"]
    return BrainShare(rest, rest + spikes + synapses, 100.0 - rest - spikes - synapses)


def resting_tissue_cost(
    *,
    input_resistance_mohm: float = 200.0,
    voltage: float = -70.0,
    e_na: float = 50.0,
    e_k: float = -100.0,
    neurons_per_gram: float = NEURONS_PER_GRAM,
) -> TissueCost:
    """What resting potentials cost a gram of cortex when every neuron is the Attwell-Laughlin neuron.

    >>> round(resting_tissue_cost().micromol_per_gram_minute, 1)
    3.1
    """
    if not (math.isfinite(neurons_per_gram) and neurons_per_gram > 0):
        raise OutOfRange(f"{neurons_per_gram} neurons per gram; needed: a finite number above 0")
    rest = attwell_laughlin(voltage=voltage, e_na=e_na, e_k=e_k, input_resistance_mohm=input_resistance_mohm)
    per_neuron = float(rest.atp_per_second)
    return TissueCost(per_neuron, per_neuron * neurons_per_gram * 60.0 / AVOGADRO_PER_MICROMOLE)
