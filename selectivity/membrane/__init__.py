"""From permeabilities to a living cell's voltage: plain numbers and mappings in, frozen results out; no structure needed.

Modules answer one question each: `nernst`, `ghk` (voltage), `reversal` (any valences), `currents` (flux, current, I-V),
`chord`, `mullins_noda`, `compare`, `cells` (cited presets), `fitting` (the way back), `junction`, `activity`,
`temperature`, `from_filter`; `pump` and what follows from it stand beside them. Units: mM, mV, K.
"""
