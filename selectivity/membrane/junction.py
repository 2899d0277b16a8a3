"""The liquid-junction potential between pipette and bath: generalised Henderson, and the stationary Nernst-Planck solution.

Convention of Barry and Lynch (barry_lynch1991): the junction potential is that of the bath relative to the pipette, and
the membrane potential of a whole cell is V_m = V_measured - V_junction. Only ratios of mobilities enter; those of 25 °C
are used at every temperature (mobilities of different ions change with temperature almost alike).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_bvp

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    as_answer,
    checked_amount,
    checked_number,
    checked_temperature,
    checked_valence,
)
from selectivity.membrane.mobilities import mobility
from selectivity.membrane.nernst import _thermal_voltage

UNBALANCED = 1e-3
"""Net charge over total charge above which a solution is refused: concentrations typed to three digits stay below it."""

PROFILE_TOLERANCE = 1e-8
"""Relative residual of the boundary value problem: the potential is then good to nanovolts."""

PROFILE_POINTS = 101
"""Points of the reported profiles across the junction."""

Mobilities = Mapping[str, tuple[int, float]]
"""Ion -> (charge number, limiting equivalent conductivity in 1e-4 m² S/mol) for ions that the table lacks."""


def henderson_potential(
    *,
    pipette: Concentrations,
    bath: Concentrations,
    temperature: ArrayLike,
    mobilities: Mobilities | None = None,
) -> Any:
    """Junction potential, bath minus pipette, mV, for a junction in which the solutions mix linearly.

    V = (RT/F) S ln(sum z² D c_pipette / sum z² D c_bath), S = sum z D (c_bath - c_pipette)/sum z² D (c_bath - c_pipette).
    Concentrations (or activities) in mM; an ion absent from a side counts as 0; broadcasts; a float for scalars.

    Raises UnknownChoice for an ion without a mobility, OutOfRange for negative numbers or an empty side.
    Sources: henderson1907; the generalisation barry_lynch1991.

    >>> round(henderson_potential(pipette={"Na": 150, "Cl": 150}, bath={"K": 150, "Cl": 150}, temperature=298.15), 2)
    -4.36
    """
    z, d, inside, outside = _solutions(pipette, bath, mobilities)
    kelvin = checked_temperature(temperature)
    conducting_in = sum(z[i] ** 2 * d[i] * inside[i] for i in range(len(z)))
    conducting_out = sum(z[i] ** 2 * d[i] * outside[i] for i in range(len(z)))
    drift = sum(z[i] * d[i] * (outside[i] - inside[i]) for i in range(len(z)))
    conducting_in, conducting_out = np.asarray(conducting_in), np.asarray(conducting_out)
    if np.any(conducting_in <= 0.0) or np.any(conducting_out <= 0.0):
        raise OutOfRange("junction potential: a solution without ions has no potential; give both pipette and bath")
    # ln(a/b)/(b - a) is finite where the conductivities are equal: 1/mean
    step = (conducting_out - conducting_in) / conducting_in
    weight = np.where(step == 0.0, 1.0, np.log1p(step) / np.where(step == 0.0, 1.0, step)) / conducting_in
    return as_answer(-_thermal_voltage(kelvin) * drift * weight)


@dataclass(frozen=True)
class JunctionPotential:
    """Stationary junction: potential (bath minus pipette, mV), Henderson's value beside it, and the profiles between.

    position: 0 (pipette) to 1 (bath); profile_mv: potential along it; profile_mm: ion -> concentration along it.
    """

    potential_mv: float
    henderson_mv: float
    temperature_k: float
    position: Numbers
    profile_mv: Numbers
    profile_mm: Mapping[str, Numbers]


def nernst_planck_potential(
    *,
    pipette: Mapping[str, float],
    bath: Mapping[str, float],
    temperature: float,
    mobilities: Mobilities | None = None,
    balance: str | None = None,
) -> JunctionPotential:
    """Junction potential of a stationary, electroneutral diffusion layer between two fixed solutions (Planck's junction).

    Solves J_i = -D_i (c_i' + z_i c_i psi'), all J_i constant, sum z_i J_i = 0, sum z_i c_i = 0, c given at both ends, as
    a boundary value problem. Unlike Henderson's it assumes nothing about the profiles; for ions of one |z| both agree
    closely, for mixed valences they differ by up to millivolts.

    balance: an ion whose concentration is set on both sides so that the solutions are neutral. Raises OutOfRange for a
    solution with net charge (unless balanced), and as `henderson_potential`. Sources: marino2014.

    >>> junction = nernst_planck_potential(
    ...     pipette={"Zn": 9, "Cl": 18}, bath={"Zn": 0.0284, "K": 3, "Cl": 3.0568}, temperature=298.15)
    >>> round(junction.potential_mv, 2)      # the program JLJP: -20.80 (its tolerance is 1 %)
    -20.81
    """
    if balance is not None:
        pipette, bath = (_balanced(side, balance, mobilities) for side in (pipette, bath))
    z, d, inside, outside = _solutions(pipette, bath, mobilities)
    names = [*dict.fromkeys([*pipette, *bath])]
    kelvin = checked_temperature(temperature)
    start, end = (np.array([float(c) for c in side]) for side in (inside, outside))
    _refuse_charged(np.array(z), start, "pipette")
    _refuse_charged(np.array(z), end, "bath")
    henderson = henderson_potential(pipette=pipette, bath=bath, temperature=temperature, mobilities=mobilities)
    rt_f = float(_thermal_voltage(kelvin))
    position, concentrations, psi = _stationary(np.array(z, float), np.array(d), start, end, henderson / rt_f)
    return JunctionPotential(
        potential_mv=rt_f * float(psi[-1]),
        henderson_mv=float(henderson),
        temperature_k=float(kelvin),
        position=position,
        profile_mv=rt_f * psi,
        profile_mm=dict(zip(names, concentrations, strict=True)),
    )


def corrected_for_junction(measured: ArrayLike, *, junction: ArrayLike) -> Any:
    """Membrane potential from a measured one, mV: V_m = V_measured - V_junction (bath relative to pipette).

    >>> corrected_for_junction(-60.0, junction=14.5)
    -74.5
    """
    return as_answer(
        checked_number(measured, "measured voltage (mV)") - checked_number(junction, "junction potential (mV)")
    )


def _stationary(
    z: Numbers, d: Numbers, start: Numbers, end: Numbers, psi_guess: float
) -> tuple[Numbers, Numbers, Numbers]:
    """Concentrations (ions, points) and reduced potential along the junction, on PROFILE_POINTS positions."""
    scale = float(np.sum(z**2 * (start + end)))
    start, end = start / scale, end / scale
    mean, n = 0.5 * (start + end), z.size
    fluxes = -d * (end - start + z * mean * psi_guess)

    def gradients(_: Numbers, y: Numbers, j: Numbers) -> Numbers:
        field = -np.sum(z * j / d) / np.sum(z[:, None] ** 2 * y[:n], axis=0)  # psi', from electroneutrality
        return np.vstack([-(j / d)[:, None] - z[:, None] * y[:n] * field, field[None, :]])

    # neutrality makes one of the end concentrations redundant: the zero-current condition takes its place
    spare = int(np.argmax(np.abs(z) * (start + end)))

    def ends(left: Numbers, right: Numbers, j: Numbers) -> Numbers:
        closing = right[:n] - end
        closing[spare] = np.sum(z * j)
        return np.concatenate([left[:n] - start, [left[n]], closing])

    x = np.linspace(0.0, 1.0, 41)
    guess = np.vstack([start[:, None] * (1 - x) + end[:, None] * x, psi_guess * x[None, :]])
    solution = solve_bvp(gradients, ends, x, guess, p=fluxes, tol=PROFILE_TOLERANCE, max_nodes=20000)
    if not solution.success:
        raise OutOfRange(f"junction potential: no stationary solution was found ({solution.message}); use Henderson's")
    position = np.linspace(0.0, 1.0, PROFILE_POINTS)
    profile = solution.sol(position)
    return position, profile[:n] * scale, profile[n]


def _solutions(
    pipette: Concentrations, bath: Concentrations, mobilities: Mobilities | None
) -> tuple[list[int], list[float], list[Numbers], list[Numbers]]:
    """Charge numbers, relative diffusion coefficients, and concentrations in pipette and bath, in one order of ions."""
    ions = [*dict.fromkeys([*pipette, *bath])]
    if not ions:
        raise OutOfRange("junction potential: both solutions are empty; give ion concentrations in mM")
    moving = [_moving(ion, mobilities) for ion in ions]
    inside = [checked_amount(pipette.get(ion, 0.0), f"[{ion}] in the pipette (mM)") for ion in ions]
    outside = [checked_amount(bath.get(ion, 0.0), f"[{ion}] in the bath (mM)") for ion in ions]
    return [z for z, _ in moving], [d for _, d in moving], inside, outside


def _moving(ion: str, mobilities: Mobilities | None) -> tuple[int, float]:
    if mobilities is None or ion not in mobilities:
        entry = mobility(ion)
        return entry.valence, entry.relative_diffusion
    z = checked_valence(mobilities[ion][0], ion)
    conductivity = checked_amount(mobilities[ion][1], f"conductivity of {ion}", zero_allowed=False)
    return z, float(conductivity) / abs(z) / mobility("K").conductivity


def _balanced(side: Mapping[str, float], ion: str, mobilities: Mobilities | None) -> dict[str, float]:
    charge = sum(_moving(name, mobilities)[0] * float(c) for name, c in side.items() if name != ion)
    needed = -charge / _moving(ion, mobilities)[0]
    if needed < 0.0:
        raise OutOfRange(f"{ion} cannot balance a net charge of {charge:+g} mM without it; balance with a counter-ion")
    return {**side, ion: needed}


def _refuse_charged(z: Numbers, concentrations: Numbers, where: str) -> None:
    charge, total = float(np.sum(z * concentrations)), float(np.sum(np.abs(z) * concentrations))
    if total <= 0.0:
        raise OutOfRange("junction potential: a solution without ions has no potential; give both pipette and bath")
    if abs(charge) > UNBALANCED * total:
        raise UnknownChoice(
            f"the {where} is not neutral: net charge {charge:+.4g} mM of {total:.4g}; add the missing ions, or name one "
            "to adjust with balance='Cl'"
        )
