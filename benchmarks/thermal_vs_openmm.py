"""How fast is the thermal treatment? Five dry sites of a filter, cost against length, and one site against OpenMM's Langevin dynamics.

Run: OMP_NUM_THREADS=1 python benchmarks/thermal_vs_openmm.py [FILE] [--site S2] [--ours-only]

First every site S0 to S4 with a standard error of at most 0.4 kJ/mol on two threads: wall and processor time (aim: 30 s of wall time).
Then the processor time of more and more sweeps in one site and of more and more sites, which must be linear.
Then one site with both programs on the same Hamiltonian, the same five alchemical states and the same estimator, several independent
short estimates each. A sampling error falls with the square root of processor time, so that the ratio of costs for equal error is that
of error^2 x processor time, once with the errors that MBAR reports and once with the scatter of the estimates. Both count their
equilibration, ours also the solution. Target: at least 3 times less, aim 10. The OpenMM platform is the faster of Reference and
CPU on one thread, Langevin (middle) dynamics at 2 fs with rigid groups.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from selectivity.constants import ROOM_TEMPERATURE
from selectivity.energetics.free_energy import alchemical_free_energy
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.thermal import Sampling, ThermalExchange, thermal_exchange
from selectivity.structure.filter import Site
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import openmm_twin as twin

TARGET = 0.4
"""kJ/mol; 0.1 kcal/mol."""

REPEATS = 6
"""Independent estimates of either program: one alone says nothing about its error."""

OURS = Sampling(n_runs=1, n_equilibration=600, n_samples=2000, stride=2, max_blocks=1)
"""One of our estimates."""

LENGTHS = (1000, 2000, 4000, 8000)
"""Sweeps of the test of linearity, after 500 of equilibration."""

STRIDE = 20
"""Steps of 2 fs between records of OpenMM: 40 fs, no longer than its energies remember."""


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="structure file (default: the bundled KcsA-like filter)")
    parser.add_argument("--site", default="S2", help="site of the comparison (default S2)")
    parser.add_argument(
        "--samples", type=int, default=1200, help="records of OpenMM per state, 20 steps apart (default 1200)"
    )
    parser.add_argument("--ours-only", action="store_true", help="leave the comparison with OpenMM out")
    options = parser.parse_args()
    filter = load_filter(options.file) if options.file else ideal_filter("kcsa-like")
    system = filter_ligands(filter)
    sites = [site for site in filter.sites if site.name != "Scav"]
    exchange(
        system, sites[0], Sampling(n_samples=20, n_equilibration=20, max_blocks=1)
    )  # compile before the clock starts
    wall, processor = time.perf_counter(), time.process_time()
    for site in sites:
        found = exchange(system, site, Sampling(target_error_kj_mol=TARGET))
        print(f"{site.name}  {found.delta_kj_mol:8.2f} ± {found.error_kj_mol:.2f} kJ/mol  {found.n_sweeps} sweeps")
    print(
        f"{len(sites)} sites: {time.perf_counter() - wall:.1f} s of wall time on two threads, "
        f"{time.process_time() - processor:.1f} s of processor time (needed: 30 s of wall time)"
    )
    linear(system, sites)
    if not options.ours_only:
        compare(system, next(site for site in sites if site.name == options.site), options.samples)


def linear(system: LigandSystem, sites: list[Site]) -> None:
    """Processor time against the number of sweeps in one site and against the number of sites, printed as a table."""
    import_solver()
    print("sweeps  sites  processor time (s)  ms per sweep and site")
    runs = [(length, sites[2:3]) for length in LENGTHS]
    runs += [(LENGTHS[1], sites[:number]) for number in range(1, len(sites) + 1)]
    for length, chosen in runs:
        plan = Sampling(n_runs=1, n_equilibration=500, n_samples=length // 2, stride=2, max_blocks=1)
        begin = time.process_time()
        for site in chosen:
            exchange(system, site, plan)
        seconds = time.process_time() - begin
        print(f"{length:6d}  {len(chosen):5d}  {seconds:18.2f}  {1e3 * seconds / len(chosen) / (length + 500):21.3f}")


def compare(system: LigandSystem, site: Site, n_samples: int) -> None:
    """Both programs on one site, `REPEATS` independent estimates each: processor time x variance of the estimate, and their ratio."""
    import_solver()
    platform = fastest(system, site)
    found = {
        "selectivity": [ours(system, site, seed) for seed in range(REPEATS)],
        f"OpenMM {platform}": [theirs(system, site, n_samples, platform, seed) for seed in range(1, REPEATS + 1)],
    }
    costs = {}
    for name, each in found.items():
        values, errors, seconds = np.array(each).T
        spread, reported = values.std(ddof=1), np.sqrt(np.mean(errors**2))
        # both estimate one variance: the spread with REPEATS - 1 degrees of freedom, the influence function with many
        costs[name] = seconds.mean() * np.array([spread, reported]) ** 2
        print(
            f"{name:<18} {values.mean():8.2f} kJ/mol, scatter {spread:.2f}, reported {reported:.2f}, {seconds.mean():5.1f} s of "
            f"processor time each; {costs[name][0] / TARGET**2:5.1f} (scatter) {costs[name][1] / TARGET**2:5.1f} s (reported) "
            f"for ± {TARGET} kJ/mol"
        )
    by_scatter, by_report = costs[f"OpenMM {platform}"] / costs["selectivity"]
    print(f"{site.name}: ratio {by_report:.1f} by reported errors, {by_scatter:.1f} by scatter (needed 3, aim 10)")


def import_solver() -> None:
    """Solve once: importing the solver costs a second that belongs to neither program."""
    alchemical_free_energy(np.random.default_rng(1).normal(size=(100, 2, 2)), temperature=ROOM_TEMPERATURE)


def ours(system: LigandSystem, site: Site, seed: int) -> tuple[float, float, float]:
    """One short run: value, error, processor time, equilibration (tuning of steps and bias) and solution included."""
    begin = time.process_time()
    found = exchange(system, site, OURS, seed)
    return found.delta_kj_mol, found.error_kj_mol, time.process_time() - begin


def theirs(system: LigandSystem, site: Site, n_samples: int, platform: str, seed: int) -> tuple[float, float, float]:
    """One run of OpenMM: value, error, processor time of dynamics with its equilibration (without set-up and solution)."""
    energies, seconds = langevin(system, site, n_samples, platform, seed)
    found = alchemical_free_energy(energies, temperature=ROOM_TEMPERATURE)
    return found.delta_kj_mol, found.error_kj_mol, seconds


def exchange(system: LigandSystem, site: Site, plan: Sampling, seed: int = 1) -> ThermalExchange:
    """Our K+ -> Na+ in one site on two threads."""
    return thermal_exchange(system, "K", "Na", region=walls(site), sampling=plan, seed=seed, jobs=2)


def langevin(system: LigandSystem, site: Site, n_samples: int, platform: str, seed: int = 1):
    """OpenMM's energies (S, K, K) of the same exchange, and its processor time (s)."""
    return twin.langevin_energies(
        system, ("K", "Na"), walls(site), temperature=ROOM_TEMPERATURE, n_states=5, n_samples=n_samples, stride=STRIDE,
        n_equilibration=1250, platform=platform, seed=seed,
    )  # fmt: skip


def fastest(system: LigandSystem, site: Site) -> str:
    """The faster platform of OpenMM for this system."""
    times = {name: langevin(system, site, 20, name)[1] for name in ("Reference", "CPU")}
    print("OpenMM, s for the same few steps: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in times.items()))
    return min(times, key=lambda name: times[name])


def walls(site: Site) -> Region:
    """Walls that keep an ion in a site."""
    return Region(site.z_low, site.z_high, site.lateral_radius)


if __name__ == "__main__":
    main()
