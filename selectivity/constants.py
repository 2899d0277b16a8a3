"""Physical constants: CODATA through scipy.constants, in the units of the package (Å, kJ/mol, K, mV, mM, s, e)."""

from __future__ import annotations

from scipy import constants as _codata

# R and F are products of two exact constants of the SI; tables print them cut off after ten digits, and some scipy releases too.
GAS_CONSTANT_KJ = _codata.N_A * _codata.k / 1000.0
"""Molar gas constant R = N_A k, kJ/(mol K)."""

FARADAY = _codata.N_A * _codata.e
"""Faraday constant F = N_A e, C/mol."""

COULOMB_KJ_ANGSTROM = _codata.N_A * _codata.e**2 / (4.0 * _codata.pi * _codata.epsilon_0) * 1e10 / 1000.0
"""Coulomb constant ke for charges in e and distances in Å, kJ Å/(mol e²)."""

KJ_PER_KCAL = _codata.calorie
"""Thermochemical calorie: 4.184 kJ per kcal."""

ROOM_TEMPERATURE = 298.15
"""Reference temperature of tabulated free energies, K."""

BODY_TEMPERATURE = 310.15
"""37 °C in K."""


def thermal_energy(temperature: float) -> float:
    """RT in kJ/mol at a temperature in K.

    >>> round(thermal_energy(298.15), 4)
    2.479
    """
    return GAS_CONSTANT_KJ * temperature


def thermal_voltage(temperature: float) -> float:
    """RT/F in mV at a temperature in K.

    >>> round(thermal_voltage(310.15), 3)
    26.727
    """
    return 1e6 * GAS_CONSTANT_KJ * temperature / FARADAY
