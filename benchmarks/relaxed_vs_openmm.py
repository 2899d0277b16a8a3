"""How fast is relaxed scoring? Every site of a filter under K+ and Na+, against OpenMM's minimiser from the same starts.

Run: OMP_NUM_THREADS=1 python benchmarks/relaxed_vs_openmm.py [FILE] [--repeats 3]

Same Hamiltonian (groups rigid by constraints, NonbondedForce without cut-off, restraints, walls), same starting coordinates, OpenMM
on its fastest platform at this size. OpenMM is timed twice: with its default tolerance (10 kJ/mol/nm), where the energies it stops at
may still be kJ/mol too high, and with 1 kJ/mol/nm, which equal minima need. Ours converges to 0.01 kJ/mol/Å in both.
Then the minima are compared: OpenMM, started from a shaken copy of ours, must end within 0.05 kJ/mol. Target: at least 4 times
faster, aim 10.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openmm as mm

from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.minimise import Minimum, minimise, site_starts, starting_points
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import openmm_twin as twin

LOOSE, TIGHT = 10.0, 1.0
"""kJ/mol/nm: OpenMM's default tolerance, and one at which its minima are right to 0.05 kJ/mol."""

SHAKE = 0.02
"""Å; displacement of the groups in the copies that OpenMM must bring back."""


@dataclass(frozen=True)
class Task:
    """One ion in one site: OpenMM context, and the starting coordinates (3, N) in Å."""

    site: str
    ion: str
    region: Region
    context: mm.Context
    starts: list[np.ndarray]


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="structure file (default: the bundled KcsA-like filter)")
    parser.add_argument("--repeats", type=int, default=3, help="take the best of so many runs (default 3)")
    options = parser.parse_args()
    filter = load_filter(options.file) if options.file else ideal_filter("kcsa-like")
    system = filter_ligands(filter)
    platform = fastest_platform(system)
    tasks = [task(system, site, ion, platform) for site in filter.sites for ion in ("K", "Na")]
    runs = sum(len(t.starts) for t in tasks)
    minimise(system, "K", site_starts(tasks[0].region), region=tasks[0].region)  # compile before the clock starts
    ours, minima = best(options.repeats, lambda: [score(system, t) for t in tasks])
    loose, loose_energies = best(options.repeats, lambda: [openmm_energies(t, LOOSE) for t in tasks])
    tight, tight_energies = best(options.repeats, lambda: [openmm_energies(t, TIGHT) for t in tasks])
    print(
        f"{system.n_groups} ligands and an ion, {len(tasks)} sites and ions, {runs} minimisations; OpenMM platform {platform}"
    )
    for name, seconds in (
        ("selectivity", ours),
        (f"OpenMM {LOOSE:g} kJ/mol/nm", loose),
        (f"OpenMM {TIGHT:g} kJ/mol/nm", tight),
    ):
        print(f"{name:<22} {seconds * 1e3:8.1f} ms   {seconds / runs * 1e3:7.2f} ms per minimisation")
    print(
        f"ratio {loose / ours:.1f} against OpenMM's default tolerance, {tight / ours:.1f} at equal accuracy (target 4, aim 10)"
    )
    left = [
        o - t
        for loose_, tight_ in zip(loose_energies, tight_energies, strict=True)
        for o, t in zip(loose_, tight_, strict=True)
    ]
    print(
        f"OpenMM's default stops up to {max(left):.1f} kJ/mol above where it ends with {TIGHT:g} kJ/mol/nm from the same start"
    )
    report(tasks, minima, tight_energies, system)


def fastest_platform(system: LigandSystem) -> str:
    """The OpenMM platform that minimises one start in the least time."""
    region = Region(0.0, 3.0, 1.8)
    times = {}
    for name in (mm.Platform.getPlatform(i).getName() for i in range(mm.Platform.getNumPlatforms())):
        built = twin.total_system(system, ("K",), (region,), constraints=True)
        try:
            context = mm.Context(built, mm.VerletIntegrator(0.001), mm.Platform.getPlatformByName(name))
        except mm.OpenMMException:
            continue
        trial = Task("S2", "K", region, context, [starting_points(system, "K", site_starts(region))[0][2]])
        times[name] = best(2, lambda trial=trial: openmm_energies(trial, LOOSE))[0]
    print("OpenMM platforms, ms: " + ", ".join(f"{name} {seconds * 1e3:.1f}" for name, seconds in times.items()))
    return min(times, key=lambda name: times[name])


def task(system: LigandSystem, site, ion: str, platform: str) -> Task:
    """Context and starts of one ion in one site."""
    region = Region(site.z_low, site.z_high, site.lateral_radius)
    built = twin.total_system(system, (ion,), (region,), constraints=True)
    context = mm.Context(built, mm.VerletIntegrator(0.001), mm.Platform.getPlatformByName(platform))
    return Task(
        site.name, ion, region, context, [xyz for _, _, xyz in starting_points(system, ion, site_starts(region))]
    )


def score(system: LigandSystem, task: Task) -> Minimum:
    """Our minimum, torsion scans included."""
    return minimise(system, task.ion, site_starts(task.region), region=task.region)


def openmm_energies(task: Task, tolerance: float) -> list[float]:
    """Energies (kJ/mol) where OpenMM's LocalEnergyMinimizer ends from each start."""
    energies = []
    for xyz in task.starts:
        task.context.setPositions(xyz.T * twin.ANGSTROM)
        mm.LocalEnergyMinimizer.minimize(task.context, tolerance, 0)
        energies.append(task.context.getState(getEnergy=True).getPotentialEnergy()._value)
    return energies


def report(tasks: list[Task], minima: list[Minimum], energies: list[list[float]], system: LigandSystem) -> None:
    """Minima side by side: best of all starts (basins may differ) and OpenMM's return to our basin."""
    rng = np.random.default_rng(0)
    worst = 0.0
    print(
        f"{'site':<5} {'ion':<3} {'ours':>10} {'OpenMM':>10} {'back':>10}   kJ/mol: best of the starts; OpenMM from a shaken copy of ours"
    )
    for one, minimum, found in zip(tasks, minima, energies, strict=True):
        shifts = rng.normal(scale=SHAKE, size=(system.n_groups, 3))[system.group]
        shaken = np.concatenate([minimum.positions + shifts, minimum.ion_positions]).T
        back = openmm_energies(Task(one.site, one.ion, one.region, one.context, [shaken]), 0.2)[0]
        worst = max(worst, abs(back - minimum.energy_kj_mol))
        print(f"{one.site:<5} {one.ion:<3} {minimum.energy_kj_mol:10.3f} {min(found):10.3f} {back:10.3f}")
    print(f"largest difference of equal basins {worst:.4f} kJ/mol (needed 0.05)")


def best(repeats: int, call):
    """Shortest time of several calls (s) and the last result."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - begin)
    return min(times), result


if __name__ == "__main__":
    main()
