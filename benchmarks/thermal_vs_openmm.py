"""How fast is the thermal treatment? Five dry sites of a filter, and one of them against OpenMM's Langevin dynamics.

Run: OMP_NUM_THREADS=1 python benchmarks/thermal_vs_openmm.py [FILE] [--site S2]

First every site S0 to S4 with a standard error of at most 0.4 kJ/mol on two threads: wall and processor time (aim: 30 s of wall time).
Then one site with both programs on the same Hamiltonian, the same five alchemical states and the same estimator. A sampling error
falls with the square root of processor time, so that the ratio of costs for equal error is that of error^2 x processor time.
Target: at least 3 times less, aim 10. The OpenMM platform is the faster of Reference and CPU on one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

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


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="structure file (default: the bundled KcsA-like filter)")
    parser.add_argument("--site", default="S2", help="site of the comparison (default S2)")
    parser.add_argument(
        "--samples", type=int, default=1500, help="records of OpenMM per state, 40 steps apart (default 1500)"
    )
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
    compare(system, next(site for site in sites if site.name == options.site), options.samples)


def compare(system: LigandSystem, site: Site, n_samples: int) -> None:
    """Both programs on one site: results, and processor time for a standard error of `TARGET`."""
    begin = time.process_time()
    ours = exchange(system, site, Sampling(target_error_kj_mol=TARGET / 2))
    spent = time.process_time() - begin
    platform = fastest(system, site)
    energies, seconds = langevin(system, site, n_samples, platform)
    theirs = alchemical_free_energy(energies, temperature=ROOM_TEMPERATURE)
    for name, value, error, cost in (
        ("selectivity", ours.delta_kj_mol, ours.error_kj_mol, spent),
        (f"OpenMM {platform}", theirs.delta_kj_mol, theirs.error_kj_mol, seconds),
    ):
        print(
            f"{name:<18} {value:8.2f} ± {error:.2f} kJ/mol in {cost:6.1f} s of processor time; "
            f"{cost * (error / TARGET) ** 2:6.1f} s for ± {TARGET} kJ/mol"
        )
    ratio = seconds * theirs.error_kj_mol**2 / (spent * ours.error_kj_mol**2)
    print(
        f"{site.name}: ratio {ratio:.1f} (needed 3, aim 10), difference {abs(ours.delta_kj_mol - theirs.delta_kj_mol):.2f} kJ/mol"
    )


def exchange(system: LigandSystem, site: Site, plan: Sampling) -> ThermalExchange:
    """Our K+ -> Na+ in one site on two threads."""
    return thermal_exchange(system, "K", "Na", region=walls(site), sampling=plan, seed=1, jobs=2)


def langevin(system: LigandSystem, site: Site, n_samples: int, platform: str):
    """OpenMM's energies (S, K, K) of the same exchange, and its processor time (s)."""
    return twin.langevin_energies(
        system, ("K", "Na"), walls(site), temperature=ROOM_TEMPERATURE, n_states=5, n_samples=n_samples, stride=40,
        n_equilibration=2500, platform=platform,
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
