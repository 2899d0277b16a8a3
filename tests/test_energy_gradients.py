"""Analytic gradients over rigid bodies equal finite differences, and the pieces of the kernels agree with one another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from energy_systems import kcsa, random_system

from selectivity.energetics import bodies, kernels
from selectivity.energetics.body_energies import Setting, body_energy
from selectivity.energetics.hamiltonian import Region, columns, pack_system
from selectivity.energetics.minimise import body_freedom, minimise, reference_gradient, rotation_centres

STEP = 1e-5
"""Å or rad: truncation (1e-10 relative) and rounding (1e-9) of central differences meet near here."""


def body_problem(system, ions, positions, ion_positions, *, held=None, rigid=False):
    """Functions energy(q) and slope(q) over body coordinates about the given configuration, and the number of coordinates."""
    packed = pack_system(system, ions, (Region(-1.5, 1.5, 1.0),) * len(ions))
    base = columns(system, positions, ion_positions, len(ions))
    mobility, offset, ion_axis = body_freedom(system, held or (None,) * len(ions), rigid)
    centre = rotation_centres(system, base)
    size = offset[-1] + np.count_nonzero(ion_axis >= 0)

    def both(q):
        xyz, grad, terms, slope = base.copy(), np.empty_like(base), np.empty(kernels.N_TERMS), np.zeros(size)
        bodies.place(q, base, centre, packed.start, mobility, offset, ion_axis, xyz)
        energy = kernels.interactions(
            xyz, packed.params, packed.reference, packed.start, packed.walls, packed.coupling, grad, terms
        )
        bodies.pull_back(q, xyz, grad, centre, packed.start, mobility, offset, ion_axis, slope)
        return energy, slope, xyz

    return both, size


@pytest.mark.parametrize("force_field", ["charmm36", "amber"])
@pytest.mark.parametrize("rigid", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_gradient_over_all_body_coordinates(seed, rigid, force_field):
    system, ions, positions, ion_positions = random_system(seed, force_field)
    both, size = body_problem(system, ions, positions, ion_positions, held=(None, 0.3, None), rigid=rigid)
    # 5 carbonyls, 3 hydroxyls, 2 waters, 3 ions of which one is held at its height.
    assert size == (3 + 2 * 6 if rigid else 10 * 6) + 8
    # Rotations up to two radians: the Jacobian of the rotation vector is far from the identity.
    q = np.random.default_rng(seed).uniform(-0.1, 0.1, size) * np.where(np.arange(size) % 6 >= 3, 12.0, 1.0)
    slope = both(q)[1]
    numeric = np.array([(both(q + d)[0] - both(q - d)[0]) / (2 * STEP) for d in STEP * np.eye(size)])
    assert np.abs(slope - numeric).max() < 1e-6 * np.abs(numeric).max()
    assert np.count_nonzero(np.abs(numeric) > 1e-6) >= size - 5  # only the axes of five carbonyls have no slope


def test_groups_stay_rigid_and_held_ions_stay_at_their_height():
    system, ions, positions, ion_positions = random_system(0, "charmm36")
    both, size = body_problem(system, ions, positions, ion_positions, held=(None, 0.3, None))
    xyz = both(np.random.default_rng(1).normal(scale=0.8, size=size))[2].T
    for first, last in pairwise(system.group_start()):
        before = np.linalg.norm(positions[first:last, None] - positions[None, first:last], axis=-1)
        after = np.linalg.norm(xyz[first:last, None] - xyz[None, first:last], axis=-1)
        assert after == pytest.approx(before, abs=1e-12)
    assert xyz[system.n_atoms + 1, 2] == ion_positions[1, 2]


@pytest.mark.parametrize("coupling", [1.0, 0.0])
def test_moving_one_body_changes_its_own_energy_by_what_the_total_changes(coupling):
    """A Monte Carlo step may use `body_energy` of one body instead of the sum over all pairs."""
    system, ions, positions, ion_positions = random_system(3, "charmm36")
    packed = pack_system(system, ions, (Region(-1.5, 1.5, 1.0),) * len(ions))
    xyz = columns(system, positions, ion_positions, len(ions))
    bounds = [*packed.start, *range(packed.start[-1] + 1, xyz.shape[1] + 1)]
    rest = (packed.params, packed.reference, packed.start, packed.walls, coupling)
    n_groups, n_ions = system.n_groups, len(ions)
    still, heights = np.zeros(n_groups, dtype=bool), np.zeros((n_ions, 2))
    setting = Setting(*rest[1:], still, still, still, heights, np.zeros(n_ions, dtype=bool), system.n_atoms)
    grad, terms = np.empty_like(xyz), np.empty(kernels.N_TERMS)
    for first, last in pairwise(bounds):
        moved = xyz.copy()
        moved[:, first:last] += np.array([[0.21], [-0.13], [0.17]])
        total = kernels.interactions(moved, *rest, grad, terms) - kernels.interactions(xyz, *rest, grad, terms)
        before, after = (
            body_energy(each, packed.params, setting, system.n_atoms, first, last) for each in (xyz, moved)
        )
        own = after - before
        assert own == pytest.approx(total, rel=1e-9, abs=1e-9)


def test_error_propagation_is_the_restoring_force_at_the_minimum():
    """dE/dx_ref = k (x_ref - x) for displacements that move a group as a whole: compared with minimising the displaced filter."""
    from dataclasses import replace

    system = kcsa()
    minimum = minimise(system, "K", [[0.1, 0.05, 1.5]], region=Region(0.0, 3.0, 1.8), tolerance=1e-5)
    expected = reference_gradient(system, minimum)
    for group, direction in ((9, [1.0, 0.0, 0.0]), (12, [0.0, 0.6, 0.8]), (2, [0.0, 0.0, 1.0])):
        energies = []
        for sign in (1.0, -1.0):
            positions = system.positions.copy()
            positions[system.group == group] += sign * 1e-3 * np.array(direction)
            displaced = replace(system, positions=positions)
            energies.append(
                minimise(displaced, "K", region=Region(0.0, 3.0, 1.8), warm=minimum, tolerance=1e-5).energy_kj_mol
            )
        numeric = (energies[0] - energies[1]) / 2e-3
        assert numeric == pytest.approx((expected[system.group == group] @ direction).sum(), rel=1e-3, abs=1e-3)
