"""From concentrations to activities: ionic strength, Davies and extended Debye-Hückel coefficients.

Voltages of concentration cells follow activities; within one ionic strength the coefficients of equal charges cancel,
which is why physiologists get away with concentrations. Single-ion coefficients are a convention, not a measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from selectivity.constants import GAS_CONSTANT_KJ
from selectivity.errors import OutOfRange, UnknownChoice, hint
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    checked_amount,
    checked_number,
    checked_temperature,
    valence_of,
)
from selectivity.membrane.mobilities import mobilities

DAVIES_LINEAR = 0.3
"""Coefficient of the linear term of the Davies equation (davies1962)."""

DAVIES_LIMIT = 500.0
"""Ionic strength up to which the Davies equation is usually trusted, mM."""

EXTENDED_LIMIT = 100.0
"""Ionic strength up to which the extended Debye-Hückel equation is usually trusted, mM."""

MODELS = ("davies", "extended-debye-hueckel")


def ionic_strength(concentrations: Concentrations, *, valence: Mapping[str, int] | None = None) -> Any:
    """I = 1/2 sum c z², mM, of one solution (ion -> mM); broadcasts.

    >>> ionic_strength({"K": 140, "Cl": 140, "Ca": 2, "SO4": 2})
    148.0
    """
    if not concentrations:
        raise OutOfRange("ionic strength: the solution is empty; give ion concentrations in mM")
    checked = {ion: checked_amount(c, f"[{ion}] (mM)") for ion, c in concentrations.items()}
    return as_answer(np.asarray(sum(0.5 * c * valence_of(ion, valence) ** 2 for ion, c in checked.items())))


def activity_coefficient(
    ion: str,
    *,
    ionic_strength: ArrayLike,
    temperature: ArrayLike,
    model: str = "davies",
    valence: Mapping[str, int] | None = None,
    size: float | None = None,
) -> Any:
    """Activity coefficient of one ion, 1 at infinite dilution.

    Davies: log10 g = -A z² (sqrt I/(1 + sqrt I) - 0.3 I). Extended Debye-Hückel: log10 g = -A z² sqrt I/(1 + B a sqrt I)
    with Kielland's ion size a (Å, or `size`). I in mol/L inside the formulas, mM here; A and B follow temperature.

    Raises OutOfRange above 500 mM (Davies) or 100 mM (extended), where the equations are not valid; UnknownChoice for
    an ion without a tabulated size. Sources: davies1962, kielland1937.

    >>> round(activity_coefficient("K", ionic_strength=150.0, temperature=298.15), 3)
    0.759
    """
    strength = checked_amount(ionic_strength, "ionic strength (mM)")
    _refuse_strong(strength, model)
    a, b = debye_huckel_constants(temperature)
    root = np.sqrt(1e-3 * strength)
    z = valence_of(ion, valence)
    reach = 1.0 if model == "davies" else b * _size(ion, size)
    linear = DAVIES_LINEAR if model == "davies" else 0.0
    return as_answer(10.0 ** (-a * z * z * (root / (1.0 + reach * root) - linear * root * root)))


def activities(
    concentrations: Concentrations,
    *,
    temperature: ArrayLike,
    model: str = "davies",
    valence: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Activities (mM) of all ions of one solution; list every ion, for all of them make the ionic strength.

    >>> a = activities({"K": 140.0, "Cl": 140.0}, temperature=310.15)
    >>> round(a["K"], 1)
    106.1
    """
    strength = ionic_strength(concentrations, valence=valence)
    return {
        ion: as_answer(
            checked_amount(c, f"[{ion}] (mM)")
            * activity_coefficient(ion, ionic_strength=strength, temperature=temperature, model=model, valence=valence)
        )
        for ion, c in concentrations.items()
    }


def debye_huckel_constants(temperature: ArrayLike) -> tuple[Numbers, Numbers]:
    """A (sqrt(L/mol)) and B (sqrt(L/mol)/Å) of the Debye-Hückel equations in water, per log10.

    kappa² = 2 e² N_A 1000 I/(eps kT), A = e² kappa/(8 pi eps kT ln 10) at I = 1 mol/L, B = kappa. Liquid water only
    (273.15 to 373.15 K): OutOfRange otherwise.

    >>> a, b = debye_huckel_constants(298.15)
    >>> round(float(a), 3), round(float(b), 4)
    (0.512, 0.3291)
    """
    kelvin = checked_temperature(temperature)
    if np.any(kelvin < 273.15) or np.any(kelvin > 373.15):
        raise OutOfRange(f"Debye-Hückel constants: {temperature!r} K is outside liquid water, 273.15 to 373.15 K")
    thermal = 1e3 * GAS_CONSTANT_KJ / constants.N_A * kelvin
    permittivity = water_permittivity(kelvin) * constants.epsilon_0
    kappa = np.sqrt(2.0 * constants.e**2 * constants.N_A * 1e3 / (permittivity * thermal))
    a = constants.e**2 * kappa / (8.0 * np.pi * permittivity * thermal * np.log(10.0))
    return a, 1e-10 * kappa


def water_permittivity(temperature: ArrayLike) -> Any:
    """Relative permittivity of water, 0 to 100 °C: 87.740 - 0.40008 t + 9.398e-4 t² - 1.410e-6 t³ (malmberg_maryott1956).

    >>> round(water_permittivity(298.15), 2)
    78.3
    """
    t = checked_number(temperature, "temperature (K)") - 273.15
    return as_answer(87.740 - 0.40008 * t + 9.398e-4 * t**2 - 1.410e-6 * t**3)


def _size(ion: str, size: float | None) -> float:
    if size is not None:
        return float(checked_amount(size, f"size of {ion} (Å)", zero_allowed=False))
    entry = mobilities().get(ion)
    if entry is None or entry.size_angstrom is None:
        raise UnknownChoice(f"{ion}: no ion size parameter is tabulated; pass size= in Å, or model='davies'")
    return entry.size_angstrom


def _refuse_strong(strength: Numbers, model: str) -> None:
    if model not in MODELS:
        raise UnknownChoice(f"activity model {model!r}; one of {', '.join(MODELS)}{hint(model, MODELS)}")
    limit = DAVIES_LIMIT if model == "davies" else EXTENDED_LIMIT
    if np.any(strength > limit):
        raise OutOfRange(
            f"ionic strength {float(np.max(strength)):g} mM is above {limit:g} mM, where the {model} equation stops; "
            "use concentrations, or measured coefficients"
        )
