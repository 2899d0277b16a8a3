"""Energies do not depend on how the world is named or turned: hypothesis draws the turns, shifts and orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from energy_systems import kcsa, random_system
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from selectivity.energetics.hamiltonian import Region, evaluate
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.minimise import minimise, site_starts
from selectivity.structure.ideal import ideal_filter

seeds = st.integers(min_value=0, max_value=2**31)
fields = st.sampled_from(["charmm36", "amber"])


def moved(system: LigandSystem, transform) -> LigandSystem:
    return replace(system, positions=transform(system.positions.copy()))


def same(first, second):
    assert first.to_dict() == pytest.approx(second.to_dict(), rel=1e-9, abs=1e-8)


@given(seed=seeds, field=fields)
@settings(max_examples=25)
def test_turning_everything_about_the_pore_axis_changes_nothing(seed, field):
    """Walls included: they are bodies of revolution about z."""
    system, ions, positions, ion_positions = random_system(seed % 7, field)
    turn = Rotation.from_rotvec([0.0, 0.0, np.random.default_rng(seed).uniform(-np.pi, np.pi)])
    region = Region(-1.5, 1.5, 1.0)
    before, gradient, _ = evaluate(system, ions, positions, ion_positions, region=region)
    after, turned, _ = evaluate(
        moved(system, turn.apply), ions, turn.apply(positions), turn.apply(ion_positions), region=region
    )
    same(before, after)
    assert turned == pytest.approx(turn.apply(gradient), rel=1e-8, abs=1e-6)


@given(seed=seeds, field=fields)
@settings(max_examples=25)
def test_without_walls_any_rigid_motion_of_the_world_changes_nothing(seed, field):
    system, ions, positions, ion_positions = random_system(seed % 7, field)
    system = replace(system, regions=np.tile([-1e9, 1e9, 1e9], (system.n_groups, 1)))
    rng = np.random.default_rng(seed)
    turn, shift = Rotation.random(random_state=rng), rng.normal(scale=20.0, size=3)

    def transform(x):
        return turn.apply(x) + shift

    before = evaluate(system, ions, positions, ion_positions)[0]
    after = evaluate(moved(system, transform), ions, transform(positions), transform(ion_positions))[0]
    same(before, after)


@given(seed=seeds, field=fields)
@settings(max_examples=25)
def test_the_order_of_groups_and_ions_changes_nothing(seed, field):
    system, ions, positions, ion_positions = random_system(seed % 7, field)
    rng = np.random.default_rng(seed)
    order, ion_order = rng.permutation(system.n_groups), rng.permutation(len(ions))
    atoms = np.concatenate([np.flatnonzero(system.group == g) for g in order])
    shuffled = replace(
        system,
        positions=system.positions[atoms],
        group=np.repeat(np.arange(system.n_groups), [np.count_nonzero(system.group == g) for g in order]),
        charge=system.charge[atoms],
        epsilon_kj_mol=system.epsilon_kj_mol[atoms],
        half_rmin=system.half_rmin[atoms],
        restraint_kj_mol_A2=system.restraint_kj_mol_A2[atoms],
        regions=system.regions[order],
        kinds=tuple(system.kinds[g] for g in order),
        labels=tuple(system.labels[g] for g in order),
        atom_names=tuple(system.atom_names[a] for a in atoms),
        deposited_ids=system.deposited_ids[atoms],
    )
    region = Region(-1.5, 1.5, 1.0)
    before, gradient, ion_gradient = evaluate(system, ions, positions, ion_positions, region=region)
    after, shuffled_gradient, shuffled_ion_gradient = evaluate(
        shuffled, [ions[i] for i in ion_order], positions[atoms], ion_positions[ion_order], region=region
    )
    same(before, after)
    assert shuffled_gradient == pytest.approx(gradient[atoms], rel=1e-9, abs=1e-7)
    assert shuffled_ion_gradient == pytest.approx(ion_gradient[ion_order], rel=1e-9, abs=1e-7)


@given(seed=seeds)
@settings(max_examples=15)
def test_the_two_atoms_of_a_group_do_not_see_each_other(seed):
    """One carbonyl alone has no energy but strain, whatever its length."""
    system, _, positions, _ = random_system(seed % 7, "charmm36")
    alone = replace(
        system,
        **{
            name: getattr(system, name)[:2]
            for name in (
                "positions",
                "group",
                "charge",
                "epsilon_kj_mol",
                "half_rmin",
                "restraint_kj_mol_A2",
                "deposited_ids",
            )
        },
        regions=system.regions[:1],
        kinds=system.kinds[:1],
        labels=system.labels[:1],
        atom_names=system.atom_names[:2],
    )
    terms = evaluate(alone, (), positions[:2], np.zeros((0, 3)))[0]
    assert terms.total == terms.strain > 0.0


def test_the_orientation_of_the_file_does_not_move_a_minimum():
    """The whole way: file coordinates -> pore frame -> ligands -> minimum of K+ in S1."""
    filter = ideal_filter("kcsa-like")
    region = Region(3.0, 6.1, 1.8)
    energies = []
    for turn in (np.eye(3), Rotation.from_rotvec([0.4, -1.1, 2.0]).as_matrix()):
        turned = filter.rotated(turn).translated(np.array([12.0, -30.0, 7.0]))
        energies.append(minimise(filter_ligands(turned), "K", site_starts(region)[1:2], region=region).energy_kj_mol)
    assert energies[1] == pytest.approx(energies[0], abs=1e-3)


def test_a_quarter_turn_of_the_start_finds_the_same_minimum():
    region = Region(3.0, 6.1, 1.8)
    start = site_starts(region)[1]
    quarter = Rotation.from_rotvec([0.0, 0.0, np.pi / 2]).apply(start)
    first, second = (minimise(kcsa(), "Na", [s], region=region) for s in (start, quarter))
    assert second.energy_kj_mol == pytest.approx(first.energy_kj_mol, abs=1e-3)
