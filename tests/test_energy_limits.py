"""Closed-form limits and independent minimisers: what the treatments must become, and that the minima are minima."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import openmm as mm
import openmm_twin as twin
import pytest
from energy_systems import kcsa
from scipy.optimize import minimize
from test_energy_gradients import body_problem

from selectivity.constants import COULOMB_KJ_ANGSTROM, KJ_PER_KCAL
from selectivity.energetics.cages import cage_ligands
from selectivity.energetics.force_field import force_field
from selectivity.energetics.groups import force_constant
from selectivity.energetics.hamiltonian import Region, columns, energy_terms, pack_system
from selectivity.energetics.ligands import LigandSystem, add_waters, filter_ligands
from selectivity.energetics.minimise import Minimum, minimise, site_starts
from selectivity.structure.ideal import ideal_filter

S1, S2, S3 = Region(3.0, 6.1, 1.8), Region(0.0, 3.0, 1.8), Region(-3.1, 0.0, 1.8)


def numpy_energy(
    system: LigandSystem, ion: str, positions: np.ndarray, ion_position: np.ndarray, region: Region
) -> float:
    """The formula of THEORY section 2 once more, in numpy, for one ion."""
    kind = force_field(system.force_field).ion(ion)
    x = np.vstack([positions, ion_position])
    q, e = np.append(system.charge, kind.charge), np.append(system.epsilon_kj_mol, kind.epsilon_kj_mol)
    size, group = np.append(system.half_rmin, kind.half_rmin), np.append(system.group, -1)
    i, j = np.triu_indices(len(x), 1)
    i, j = i[group[i] != group[j]], j[group[i] != group[j]]
    r = np.linalg.norm(x[i] - x[j], axis=1)
    s6 = ((size[i] + size[j]) / r) ** 6
    pairs = COULOMB_KJ_ANGSTROM * q[i] * q[j] / r + np.sqrt(e[i] * e[j]) * (s6**2 - 2.0 * s6)
    strain = 0.5 * system.restraint_kj_mol_A2 @ ((positions - system.positions) ** 2).sum(axis=1)
    px, py, pz = ion_position
    over = [
        min(pz - region.z_low, 0.0),
        max(pz - region.z_high, 0.0),
        max(np.hypot(px, py) - region.lateral_radius, 0.0),
    ]
    return pairs.sum() + strain + 0.5 * 4000.0 * np.square(over).sum()


def with_torsions(system: LigandSystem, positions: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Hydroxyl hydrogens turned about CB-OG1 by angles (rad), by Rodrigues' formula."""
    out = positions.copy()
    for first, angle in zip(system.group_start()[:-1][np.array(system.kinds) == "hydroxyl"], angles, strict=True):
        axis = out[first + 1] - out[first]
        axis /= np.linalg.norm(axis)
        arm = out[first + 2] - out[first + 1]
        arm = arm * np.cos(angle) + np.cross(axis, arm) * np.sin(angle) + axis * (axis @ arm) * (1 - np.cos(angle))
        out[first + 2] = out[first + 1] + arm
    return out


@pytest.mark.parametrize("ion", ["K", "Na"])
def test_rigid_equals_an_independent_solution(ion):
    """scipy's minimiser on a numpy energy over the ion and four torsions, from a grid of torsions; never lower, and as low."""
    ours = minimise(kcsa(), ion, site_starts(S2), region=S2, rigid=True)
    heavy = kcsa().restraint_kj_mol_A2 > 0
    assert ours.positions[heavy] == pytest.approx(kcsa().positions[heavy], abs=1e-12)

    def energy(x):
        positions = with_torsions(kcsa(), kcsa().positions, x[3:])
        return numpy_energy(kcsa(), ion, positions, x[:3], S2)

    starts = [np.array([0.1, 0.2, z, *np.radians([t] * 4)]) for z in (0.4, 1.5, 2.6) for t in (0.0, 90.0, 180.0, 270.0)]
    theirs = min((minimize(energy, x, method="BFGS", options={"gtol": 1e-4}) for x in starts), key=lambda run: run.fun)
    assert ours.energy_kj_mol == pytest.approx(theirs.fun, abs=1e-3)
    assert ours.ion_positions[0, 2] == pytest.approx(theirs.x[2], abs=0.01)


def test_relaxed_tends_to_rigid_as_the_springs_stiffen():
    """The relaxation energy is -|force|^2/2k to first order: it falls as sigma^2."""
    gained = []
    for sigma in (0.004, 0.001):
        system = kcsa(sigma=sigma)
        rigid = minimise(system, "K", [[0.1, 0.05, 1.5]], region=S2, rigid=True, torsion_starts=(0.0,))
        relaxed = minimise(system, "K", region=S2, warm=rigid)
        assert relaxed.converged
        gained.append(rigid.energy_kj_mol - relaxed.energy_kj_mol)
    assert 0.0 < gained[1] < 0.25  # the rigid coordinates press some hundred kJ/mol/Å on every spring
    assert gained[0] / gained[1] == pytest.approx(16.0, rel=0.05)


@pytest.mark.parametrize(("ion", "region"), [("K", S1), ("Na", S1), ("K", S2), ("Na", S2), ("K", S3), ("Na", S3)])
def test_minima_are_minima(ion, region):
    """No direction leads down: the only flat motions are the turns of the carbonyls about their own axes."""
    minimum = minimise(kcsa(), ion, site_starts(region), region=region, tolerance=1e-4)
    assert minimum.converged and minimum.max_gradient < 1e-4
    both, size = body_problem(kcsa(), (ion,), minimum.positions, minimum.ion_positions)
    step = 1e-4
    hessian = np.array([(both(d)[1] - both(-d)[1]) / (2 * step) for d in step * np.eye(size)])
    curvature = np.linalg.eigvalsh(0.5 * (hessian + hessian.T))
    n_carbonyls = kcsa().kinds.count("carbonyl")
    assert np.abs(curvature[:n_carbonyls]).max() < 1e-3
    assert curvature[n_carbonyls] > 0.5


@pytest.mark.parametrize("force_field", ["charmm36", "amber"])
@pytest.mark.parametrize(("ion", "region"), [("K", S1), ("Na", S2), ("K", S3)])
def test_openmm_minimises_to_the_same_energy(ion, region, force_field):
    """From a shaken copy of our minimum OpenMM's constrained minimiser must come back to it, and find nothing lower."""
    system = kcsa(force_field)
    ours = minimise(system, ion, site_starts(region), region=region)
    both, size = body_problem(system, (ion,), ours.positions, ours.ion_positions)
    shaken = both(np.random.default_rng(5).normal(scale=0.02, size=size))[2].T
    ctx = twin.context(twin.total_system(system, (ion,), (region,), constraints=True))
    ctx.setPositions(shaken * twin.ANGSTROM)
    mm.LocalEnergyMinimizer.minimize(ctx, 0.2, 0)
    theirs = ctx.getState(getEnergy=True).getPotentialEnergy()._value
    assert theirs == pytest.approx(ours.energy_kj_mol, abs=0.05)


def test_walls_hold_ions_and_waters_where_they_belong():
    wet = add_waters(kcsa(), [[0.0, 0.0, 7.6], [1.0, 0.5, 9.0]], region=(6.1, 11.1, 4.0))
    held = Region(0.3, 0.8, 0.4)
    minimum = minimise(wet, ("Na", "K"), [[[0.0, 0.0, 5.0], [0.1, 0.1, 0.5]]], region=[S1, held], torsion_starts=(0.0,))
    assert minimum.converged
    oxygens = minimum.positions[wet.oxygens()[-2:]]
    assert (oxygens[:, 2] > 6.05).all() and (oxygens[:, 2] < 11.15).all()
    assert np.hypot(*oxygens[:, :2].T).max() < 4.05
    assert 0.25 < minimum.ion_positions[1, 2] < 0.85
    assert np.hypot(*minimum.ion_positions[1, :2]) < 0.45


def test_an_ion_held_at_a_height_stays_there_and_is_free_aside():
    free = minimise(kcsa(), "K", site_starts(S2), region=S2)
    z = float(free.ion_positions[0, 2])
    held = minimise(kcsa(), "K", fixed_z=z, warm=free)
    assert held.ion_positions[0, 2] == z
    assert held.energy_kj_mol == pytest.approx(free.energy_kj_mol, abs=1e-3)
    lifted = minimise(kcsa(), "K", fixed_z=z + 0.7, warm=free)
    assert lifted.ion_positions[0, 2] == z + 0.7
    assert lifted.energy_kj_mol > free.energy_kj_mol


def test_the_same_call_gives_the_same_numbers():
    first, second = (minimise(kcsa(), "Na", site_starts(S1), region=S1) for _ in range(2))
    assert first.energy_kj_mol == second.energy_kj_mol
    assert np.array_equal(first.positions, second.positions)


def test_a_warm_start_never_ends_higher_than_it_began():
    """K+ exchanged for Na+ in place: the warm minimum is below the energy of Na+ at the coordinates of K+."""
    potassium = minimise(kcsa(), "K", site_starts(S2), region=S2)
    exchanged = energy_terms(kcsa(), "Na", potassium.positions, potassium.ion_positions, region=S2).total
    sodium = minimise(kcsa(), "Na", region=S2, warm=potassium)
    assert sodium.converged and sodium.energy_kj_mol < exchanged


def test_one_hydroxyl_finds_its_best_torsion():
    """A hydroxyl beside one ion: the scan and descent agree with a fine scan of the only coordinate that matters."""
    system = kcsa()
    minimum = minimise(system, "Cs", [[0.3, 0.2, -6.0]], fixed_z=-6.0, rigid=True)
    lowest = np.inf
    for angle in np.radians(np.arange(0.0, 360.0, 2.0)):
        positions = with_torsions(system, minimum.positions, np.array([angle, 0.0, 0.0, 0.0]))
        lowest = min(lowest, numpy_energy(system, "Cs", positions, minimum.ion_positions[0], Region()))
    assert minimum.energy_kj_mol <= lowest + 1e-6


def test_without_ligand_repulsion_groups_ignore_one_another():
    alone = minimise(kcsa().without_ligand_repulsion(), (), np.zeros((1, 0, 3)))
    assert alone.energy_kj_mol == pytest.approx(0.0, abs=1e-9)


def test_free_cage_of_one_ligand_is_the_pair_minimum():
    """FACTS 2.3: K+ and one carbonyl, -18.98 kcal/mol at 2.575 Å, through the minimiser of the filters."""
    minimum = minimise(cage_ligands(1), "K", [[0.3, 0.4, 0.2]])
    distance = np.linalg.norm(minimum.positions[1] - minimum.ion_positions[0])
    assert minimum.energy_kj_mol / KJ_PER_KCAL == pytest.approx(-18.98, abs=0.05)
    assert distance == pytest.approx(2.575, abs=0.005)


def test_b_factors_give_each_atom_its_own_spring():
    filter = ideal_filter("kcsa-like")
    system = filter_ligands(filter, sigma="bfactor")
    b = filter.atoms[filter.rings[0].atoms[0]].b_factor
    oxygen = system.oxygens()[0]
    assert system.restraint_kj_mol_A2[oxygen] == pytest.approx(force_constant(np.sqrt(b / (8 * np.pi**2))))


def test_the_minimum_knows_where_every_start_led():
    minimum: Minimum = minimise(kcsa(), "K", site_starts(S2), region=S2)
    assert {outcome.start for outcome in minimum.outcomes} == {0, 1, 2}
    assert min(outcome.energy_kj_mol for outcome in minimum.outcomes) == minimum.energy_kj_mol
    assert minimum.terms.total == pytest.approx(minimum.energy_kj_mol, rel=1e-12)


def test_kernels_are_not_loaded_before_they_are_needed():
    code = (
        "import sys; import selectivity.energetics.minimise, selectivity.energetics.cages, selectivity.energetics.hamiltonian; "
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_packed_arrays_follow_the_documented_layout():
    packed = pack_system(kcsa(), ("K",), (S2,))
    xyz = columns(kcsa(), kcsa().positions, [[0.0, 0.0, 1.0]], 1)
    assert packed.params.shape == (4, 53) and xyz.shape == (3, 53)
    assert packed.start[-1] == 52 and packed.walls.tolist() == [[52.0, 0.0, 3.0, 1.8]]
    assert packed.params[0, -1] ** 2 == pytest.approx(COULOMB_KJ_ANGSTROM)
    assert replace(kcsa(), ligand_coupling=0.5).ligand_coupling == 0.5


def test_one_compiled_version_serves_every_kind_of_call():
    """Compilation is the price of the first run: filters, empty filters, waters, held ions and rigid groups must share it."""
    from selectivity.energetics import descent

    wet = add_waters(kcsa(), [[0.0, 0.0, 8.0]], region=(6.1, 11.1, 4.0))
    start = [[0.1, 0.05, 1.5]]
    minimise(wet, "K", start, region=S2, rigid=True, torsion_starts=(0.0,))
    minimise(
        filter_ligands(ideal_filter("kcsa-like"), sigma="bfactor"), "Na", start, fixed_z=1.0, torsion_starts=(0.0,)
    )
    minimise(cage_ligands(3), (), np.zeros((1, 0, 3)))
    assert len(descent.descend.signatures) == 1
