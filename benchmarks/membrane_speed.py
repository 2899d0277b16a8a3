"""How fast are the membrane's voltages? Ratios measured in one run, against plain Python loops and the bare formula.

Run: OMP_NUM_THREADS=1 python benchmarks/membrane_speed.py [--repeats 5]

Targets (issue "The membrane"): 1e6 GHK voltages of three ions at least 200 times faster than a loop over scalar calls
and within 3 times the bare NumPy logarithm; 1e5 mixed-valence roots in one solve at least 50 times faster than
scipy.optimize.brentq in a loop. Loops are timed on a sample and scaled: they are linear in the number of points.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.nernst import thermal_voltage_mv

KELVIN = 310.15
IONS = ("K", "Na", "Cl")
PERMEABILITY = {"K": 1.0, "Na": 0.04, "Cl": 0.45}
DIVALENT = {"K": 1.0, "Na": 0.04, "Cl": 0.45, "Ca": 0.1}
TRIVALENT = {"K": 1.0, "Na": 0.04, "Ca": 0.1, "La": 0.05}
VALENCE = {"K": 1, "Na": 1, "Cl": -1, "Ca": 2, "La": 3}


def main() -> None:
    """Measure and print the two comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="take the best of so many runs (default 5)")
    repeats = parser.parse_args().repeats
    ghk(1_000_000, repeats)
    mixed(DIVALENT, 100_000, repeats)
    mixed(TRIVALENT, 100_000, repeats)


def ghk(points: int, repeats: int) -> None:
    """Three monovalent ions: package, bare formula, loop over scalar calls of the package and of plain math."""
    outside, inside = conditions(points, IONS)
    package = best(repeats, lambda: ghk_voltage(PERMEABILITY, outside=outside, inside=inside, temperature=KELVIN))
    bare = best(repeats, lambda: bare_formula(outside, inside))
    np.testing.assert_allclose(
        ghk_voltage(PERMEABILITY, outside=outside, inside=inside, temperature=KELVIN),
        bare_formula(outside, inside),
        rtol=1e-12,
    )
    sample = 2000
    scalars = [[{ion: float(side[ion][i]) for ion in IONS} for side in (outside, inside)] for i in range(sample)]
    loop = (
        points
        / sample
        * once(lambda: [ghk_voltage(PERMEABILITY, outside=o, inside=i, temperature=KELVIN) for o, i in scalars])
    )
    plain = points / sample * once(lambda: [plain_scalar(o, i) for o, i in scalars])
    print(f"GHK, 3 ions, {points:,} voltages: {1e3 * package:.1f} ms in one call")
    print(f"  bare NumPy expression {1e3 * bare:.1f} ms: {package / bare:.2f} times it (target <= 3)")
    print(f"  loop over scalar calls {loop:.1f} s: {loop / package:.0f} times slower (target >= 200)")
    print(f"  loop over bare math.log {plain:.2f} s: {plain / package:.0f} times slower")


def mixed(permeability: dict[str, float], points: int, repeats: int) -> None:
    """Ions of several valences: one vectorised solve against brentq on the same total current, both to rounding."""
    outside, inside = conditions(points, tuple(permeability))
    voltage = ghk_voltage(permeability, outside=outside, inside=inside, temperature=KELVIN)
    package = best(repeats, lambda: ghk_voltage(permeability, outside=outside, inside=inside, temperature=KELVIN))
    sample = 1000
    rows = [
        [(permeability[ion], VALENCE[ion], float(outside[ion][i]), float(inside[ion][i])) for ion in permeability]
        for i in range(sample)
    ]
    roots: list[float] = []
    loop = points / sample * once(lambda: roots.extend(brentq(total_current, -20.0, 20.0, args=(row,)) for row in rows))
    difference = np.abs(float(thermal_voltage_mv(KELVIN)) * np.array(roots) - voltage[:sample]).max()
    print(f"mixed valences, {', '.join(permeability)}, {points:,} roots: {1e3 * package:.1f} ms in one solve")
    print(f"  brentq in a loop {loop:.1f} s: {loop / package:.0f} times slower (target >= 50)")
    print(f"  largest difference between the two: {difference:.1e} mV")


def conditions(points: int, ions: tuple[str, ...]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Random concentrations (mM) within a factor of two of a mammalian cell's."""
    rng = np.random.default_rng(20)
    typical = {"K": (5.0, 140.0), "Na": (145.0, 15.0), "Cl": (110.0, 10.0), "Ca": (2.0, 1e-4), "La": (0.1, 1e-3)}
    sides = [{ion: typical[ion][side] * rng.uniform(0.5, 2.0, points) for ion in ions} for side in (0, 1)]
    return sides[0], sides[1]


def bare_formula(outside: dict[str, np.ndarray], inside: dict[str, np.ndarray]) -> np.ndarray:
    """The formula as one would type it, with nothing checked."""
    p_k, p_na, p_cl = PERMEABILITY.values()
    return float(thermal_voltage_mv(KELVIN)) * np.log(
        (p_k * outside["K"] + p_na * outside["Na"] + p_cl * inside["Cl"])
        / (p_k * inside["K"] + p_na * inside["Na"] + p_cl * outside["Cl"])
    )


def plain_scalar(outside: dict[str, float], inside: dict[str, float]) -> float:
    """One voltage by math.log, with nothing checked."""
    p_k, p_na, p_cl = PERMEABILITY.values()
    return 26.7266 * math.log(
        (p_k * outside["K"] + p_na * outside["Na"] + p_cl * inside["Cl"])
        / (p_k * inside["K"] + p_na * inside["Na"] + p_cl * outside["Cl"])
    )


def total_current(u: float, row: list[tuple[float, int, float, float]]) -> float:
    """Total constant-field current at the reduced voltage u, in plain math (the fastest that a scalar callback can be)."""
    total = 0.0
    for p, z, out, into in row:
        x = z * u
        b = 1.0 if x == 0.0 else x / math.expm1(x)
        total += p * z * (into * (b + x) - out * b)
    return total


def best(repeats: int, action: Callable[[], object]) -> float:
    """Shortest of several runs, s."""
    return min(once(action) for _ in range(repeats))


def once(action: Callable[[], object]) -> float:
    """One run, s."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
