"""The Hamiltonian written a second time with OpenMM's forces, term by term, for comparison (Reference platform, double precision)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import openmm as mm

from selectivity.energetics.force_field import force_field
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.kernels import WALL_CONSTANT
from selectivity.energetics.ligands import LigandSystem

ANGSTROM = 0.1
"""nm; OpenMM's unit of length."""

COULOMB = 138.935457644
"""kJ nm/(mol e^2), CODATA 2018, typed here so that the package's constant is compared and not copied."""

TERMS = (
    "ion_ligand_electrostatics",
    "ion_ligand_lj",
    "ligand_ligand_electrostatics",
    "ligand_ligand_lj",
    "strain",
    "ion_ion",
    "walls",
)


def total_system(
    system: LigandSystem, ions: Sequence[str], regions: Sequence[Region], *, constraints: bool = False
) -> mm.System:
    """One NonbondedForce (OpenMM's own Coulomb and Lennard-Jones), restraints and walls; groups rigid by constraints if wanted."""
    twin = mm.System()
    nonbonded = mm.NonbondedForce()
    nonbonded.setNonbondedMethod(mm.NonbondedForce.NoCutoff)
    for charge, epsilon, size in _atoms(system, ions):
        twin.addParticle(16.0)
        nonbonded.addParticle(charge, 2.0 * size / 2.0 ** (1.0 / 6.0) * ANGSTROM, epsilon)
    for i, j in _inside_groups(system):
        nonbonded.addException(i, j, 0.0, 1.0, 0.0)
        if constraints:
            twin.addConstraint(i, j, np.linalg.norm(system.positions[i] - system.positions[j]) * ANGSTROM)
    for force in (nonbonded, _restraints(system), _walls(system, regions)):
        twin.addForce(force)
    return twin


def context(twin: mm.System) -> mm.Context:
    """A context on the Reference platform, the fastest one for some fifty atoms."""
    return mm.Context(twin, mm.VerletIntegrator(0.001), mm.Platform.getPlatformByName("Reference"))


def energy_and_gradient(twin: mm.System, xyz: np.ndarray) -> tuple[float, np.ndarray]:
    """Energy (kJ/mol) and dU/dx (kJ/mol/Å) at positions (N, 3) in Å."""
    ctx = context(twin)
    ctx.setPositions(xyz * ANGSTROM)
    state = ctx.getState(getEnergy=True, getForces=True)
    return state.getPotentialEnergy()._value, -state.getForces(asNumpy=True)._value * ANGSTROM


def energy_terms(
    system: LigandSystem, ions: Sequence[str], regions: Sequence[Region], xyz: np.ndarray
) -> dict[str, float]:
    """Every term on its own (kJ/mol): pair terms by interaction groups, each in a force group of its own."""
    twin = mm.System()
    for _ in _atoms(system, ions):
        twin.addParticle(16.0)
    ligand, ion = set(range(system.n_atoms)), set(range(system.n_atoms, system.n_atoms + len(ions)))
    coulomb, lj = f"{COULOMB}*q1*q2/r", "sqrt(e1*e2)*(((s1+s2)/r)^12-2*((s1+s2)/r)^6)"
    parts = [
        _pairs(system, ions, coulomb, ligand, ion),
        _pairs(system, ions, lj, ligand, ion),
        _pairs(system, ions, coulomb, ligand, ligand),
        _pairs(system, ions, lj, ligand, ligand),
        _restraints(system),
        _pairs(system, ions, f"{coulomb}+{lj}", ion, ion),
        _walls(system, regions),
    ]
    for number, force in enumerate(parts):
        force.setForceGroup(number)
        twin.addForce(force)
    ctx = context(twin)
    ctx.setPositions(xyz * ANGSTROM)
    return {
        name: ctx.getState(getEnergy=True, groups={number}).getPotentialEnergy()._value
        for number, name in enumerate(TERMS)
    }


def _atoms(system: LigandSystem, ions: Sequence[str]) -> list[tuple[float, float, float]]:
    field = force_field(system.force_field)
    rows = list(zip(system.charge, system.epsilon_kj_mol, system.half_rmin, strict=True))
    return rows + [(a.charge, a.epsilon_kj_mol, a.half_rmin) for a in (field.ion(name) for name in ions)]


def _inside_groups(system: LigandSystem) -> list[tuple[int, int]]:
    n = system.n_atoms
    return [(i, j) for i in range(n) for j in range(i + 1, n) if system.group[i] == system.group[j]]


def _pairs(
    system: LigandSystem, ions: Sequence[str], expression: str, first: set[int], second: set[int]
) -> mm.CustomNonbondedForce:
    force = mm.CustomNonbondedForce(expression)
    force.setNonbondedMethod(mm.CustomNonbondedForce.NoCutoff)
    for name in ("q", "e", "s"):
        force.addPerParticleParameter(name)
    for charge, epsilon, size in _atoms(system, ions):
        force.addParticle([charge, epsilon, size * ANGSTROM])
    for i, j in _inside_groups(system):
        force.addExclusion(i, j)
    if first and second:
        force.addInteractionGroup(first, second)
    else:  # without ions nothing interacts; an empty group would mean "all"
        force.setEnergyFunction("0*r")
    return force


def _restraints(system: LigandSystem) -> mm.CustomExternalForce:
    force = mm.CustomExternalForce("0.5*k*((x-x0)^2+(y-y0)^2+(z-z0)^2)")
    for name in ("k", "x0", "y0", "z0"):
        force.addPerParticleParameter(name)
    for atom in np.flatnonzero(system.restraint_kj_mol_A2):
        k = system.restraint_kj_mol_A2[atom] / ANGSTROM**2
        force.addParticle(int(atom), [k, *(system.positions[atom] * ANGSTROM)])
    return force


def _walls(system: LigandSystem, regions: Sequence[Region]) -> mm.CustomExternalForce:
    k = WALL_CONSTANT / ANGSTROM**2
    force = mm.CustomExternalForce(f"0.5*{k}*(min(z-low,0)^2+max(z-high,0)^2+max(sqrt(x^2+y^2)-radius,0)^2)")
    for name in ("low", "high", "radius"):
        force.addPerParticleParameter(name)
    for atom, bounds in zip(system.group_start()[:-1], system.regions, strict=True):
        if (np.abs(bounds) < 1e8).any():
            force.addParticle(int(atom), list(bounds * ANGSTROM))
    for index, region in enumerate(regions):
        force.addParticle(system.n_atoms + index, [bound * ANGSTROM for bound in region])
    return force


def alchemical_system(system: LigandSystem, ions: tuple[str, str], region: Region) -> mm.System:
    """One ion on the path between two species: global parameters ``root`` (sqrt of epsilon) and ``size`` (Rmin/2, nm) are its own.

    Groups are rigid by constraints. The particles of a carbonyl weigh 16 u each, the hydrogens as well: constraints of rigid pairs and
    triangles have a constant metric determinant (it depends on lengths and masses alone), so that constrained dynamics samples
    exactly the measure of uniform translations and rotations that the Monte Carlo samples, at any masses.
    """
    twin = total_system(system, (ions[0],), (region,), constraints=True)
    nonbonded, ion = twin.getForce(0), system.n_atoms
    charge, _, _ = nonbonded.getParticleParameters(ion)
    nonbonded.setParticleParameters(ion, charge, 0.1, 0.0)
    field = force_field(system.force_field)
    force = mm.CustomBondForce("root*e*(((size+s)/r)^12-2*((size+s)/r)^6)")
    for name in ("e", "s"):
        force.addPerBondParameter(name)
    force.addGlobalParameter("root", np.sqrt(field.ion(ions[0]).epsilon_kj_mol))
    force.addGlobalParameter("size", field.ion(ions[0]).half_rmin * ANGSTROM)
    for atom, (_, epsilon, size) in enumerate(_atoms(system, ())):
        force.addBond(ion, atom, [np.sqrt(epsilon), size * ANGSTROM])
    twin.addForce(force)
    return twin


def langevin_energies(
    system: LigandSystem,
    ions: tuple[str, str],
    region: Region,
    *,
    temperature: float,
    n_states: int,
    n_samples: int,
    stride: int = 50,
    n_equilibration: int = 5000,
    seed: int = 1,
    platform: str = "Reference",
) -> tuple[np.ndarray, float]:
    """Energies (S, K, K; kJ/mol) of Langevin dynamics in every state under all states, and the processor time of the sampling (s).

    2 fs steps (the stiffest motion, an ion on its wall at 16 u, has a period of 100 fs), friction 5/ps, a record every ``stride`` steps.
    """
    ends = [force_field(system.force_field).ion(name) for name in ions]
    own = np.array([(end.epsilon_kj_mol**0.5, end.half_rmin) for end in ends])
    path = [(1.0 - share) * own[0] + share * own[1] for share in np.linspace(0.0, 1.0, n_states)]
    energies, seconds = np.empty((n_samples, n_states, n_states)), 0.0
    built = alchemical_system(system, ions, region)
    built.getForce(built.getNumForces() - 1).setForceGroup(1)
    for k, (root, size) in enumerate(path):
        integrator = mm.LangevinMiddleIntegrator(temperature, 5.0, 0.002)
        integrator.setRandomNumberSeed(100 * seed + k + 1)
        integrator.setConstraintTolerance(1e-6)
        ctx = mm.Context(built, integrator, mm.Platform.getPlatformByName(platform), _one_thread(platform))
        start = np.vstack([system.positions, [[0.1, 0.05, 0.5 * (region.z_low + region.z_high)]]])
        ctx.setPositions(start * ANGSTROM)
        _switch(ctx, root, size)
        mm.LocalEnergyMinimizer.minimize(ctx, 10.0, 0)
        ctx.setVelocitiesToTemperature(temperature, 100 * seed + k + 1)
        begin = time.process_time()
        integrator.step(n_equilibration)
        for s in range(n_samples):
            integrator.step(stride)
            for other, values in enumerate(path):
                _switch(ctx, *values)
                energies[s, k, other] = ctx.getState(getEnergy=True, groups={1}).getPotentialEnergy()._value
            _switch(ctx, root, size)
        seconds += time.process_time() - begin
    return energies, seconds


def _switch(ctx: mm.Context, root: float, size: float) -> None:
    ctx.setParameter("root", root)
    ctx.setParameter("size", size * ANGSTROM)


def _one_thread(platform: str) -> dict[str, str]:
    return {"Threads": "1"} if platform == "CPU" else {}
