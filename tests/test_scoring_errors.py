"""Coordinate errors: the precision index, symmetry copies, and propagation against brute force."""

from dataclasses import replace

import numpy as np
import pytest
from perturbed_filters import carried, moved_system, on_bonds, perturbed
from scored import deposited_filter

from selectivity.energetics.arrangements import shaken
from selectivity.energetics.coordinate_error import (
    ASSUMED_R_FREE,
    AtomErrors,
    assumed_error,
    atom_errors,
    cylindrical,
    precision_index,
    propagated_error,
)
from selectivity.energetics.ligands import filter_ligands
from selectivity.energetics.minimise import Region, minimise, site_starts
from selectivity.energetics.propagation import (
    ddg_gradient,
    gradient_error,
    ligand_errors,
    sampled_ddg,
)
from selectivity.structure.filter import Diffraction
from selectivity.structure.ideal import ideal_filter

PAIR = ("K", "Na")


@pytest.fixture(scope="module")
def kcsa():
    return ideal_filter("kcsa-like")


@pytest.fixture(scope="module", params=[False, True], ids=["relaxed", "rigid"])
def site(request, kcsa):
    """S2 of the idealised filter under both ions: system, region, minima, rigid or not."""
    system = filter_ligands(kcsa)
    chosen = next(s for s in kcsa.sites if s.name == "S2")
    region = Region(chosen.z_low, chosen.z_high, chosen.lateral_radius)
    rigid = request.param
    potassium = minimise(system, "K", site_starts(region), region=region, rigid=rigid)
    sodium = minimise(system, "Na", region=region, rigid=rigid, warm=potassium)
    return system, region, {"K": potassium, "Na": sodium}, rigid


def rescored(system, moved, region, minima, rigid):
    """ddG (without water leg) of a perturbed system, every ion kept in its basin."""
    energies = {
        ion: minimise(
            moved, ion, region=region, rigid=rigid, warm=carried(system, moved, minima[ion]), tolerance=1e-4
        ).energy_kj_mol
        for ion in PAIR
    }
    return energies["Na"] - energies["K"]


def test_gradient_of_a_site_equals_the_difference_quotient(site):
    system, region, minima, rigid = site
    gradient = ddg_gradient(system, PAIR, minima, rigid=rigid)
    rng = np.random.default_rng(11)
    for _ in range(4):
        direction = rng.standard_normal((system.n_atoms, 3))
        values = []
        for step in (1e-4, -1e-4):
            positions = on_bonds(system, system.positions, system.positions + step * direction)
            values.append(rescored(system, replace(system, positions=positions), region, minima, rigid))
        wanted = (values[0] - values[1]) / 2e-4
        moved = on_bonds(system, system.positions, system.positions + 1e-6 * direction) - system.positions
        assert (gradient * moved).sum() / 1e-6 == pytest.approx(wanted, rel=0.02, abs=0.02 * np.abs(gradient).max())


def test_propagated_error_equals_brute_force(site, kcsa):
    # Small errors keep both ions in their basins; 120 draws give the spread to 7 %, three times that is allowed.
    system, region, minima, rigid = site
    errors = ligand_errors(kcsa, system, replace(atom_errors(kcsa), sigma=np.full(len(kcsa.atoms), 0.01)))
    central = minima["Na"].energy_kj_mol - minima["K"].energy_kj_mol
    rng = np.random.default_rng(4)
    draws = [rescored(system, moved_system(system, errors, rng), region, minima, rigid) - central for _ in range(120)]
    analytic = gradient_error(system, ddg_gradient(system, PAIR, minima, rigid=rigid), errors)
    assert analytic == pytest.approx(np.std(draws), rel=0.21)
    sampled = sampled_ddg(
        system, PAIR, [{ion: [minimum] for ion, minimum in minima.items()}], errors, rigid=rigid, seed=0, draws=4000
    )
    assert np.std(sampled) == pytest.approx(analytic, rel=0.05)


def test_precision_index_is_cruickshanks_formula():
    # A complete, average crystal: N_reflections = (2 pi/3) V/d^3 with V = 35 Å^3 an atom is the assumed rule
    resolution, n_atoms = 2.2, 3000
    reflections = round(2 * np.pi / 3 * 35.0 * n_atoms / resolution**3)
    data = Diffraction(n_atoms, reflections, 0.2, ASSUMED_R_FREE, 100.0, 30.0)
    assert precision_index(data, resolution) == pytest.approx(assumed_error(resolution), rel=1e-3)
    half = replace(data, completeness_percent=50.0)
    assert precision_index(half, resolution) == pytest.approx(2 ** (1 / 3) * precision_index(data, resolution))


@pytest.mark.parametrize("missing", ["n_reflections", "r_free", "mean_b"])
def test_a_silent_header_falls_back_to_the_stated_rule(kcsa, missing):
    data = Diffraction(3000, 20000, 0.2, 0.25, 100.0, 30.0)
    assert precision_index(replace(data, **{missing: None}), 2.0) is None
    assert precision_index(None, 2.0) is None
    errors = atom_errors(kcsa)
    assert errors.assumed
    assert "assumed" in errors.method


def test_sharper_atoms_have_smaller_errors(kcsa):
    data = Diffraction(3000, 30000, 0.2, 0.25, 100.0, 17.0)
    known = replace(kcsa, provenance=replace(kcsa.provenance, diffraction=data, resolution_angstrom=2.0))
    blurred = replace(known, atoms=tuple(replace(a, b_factor=4 * 17.0) for a in known.atoms))
    assert atom_errors(blurred).sigma == pytest.approx(2.0 * atom_errors(known).sigma)
    assert not atom_errors(known).assumed


def test_imposed_symmetry_makes_the_strands_copies(kcsa):
    errors = atom_errors(kcsa)
    assert len(np.unique(errors.unique)) == len(kcsa.atoms) // 4
    broken = ideal_filter("flipped-like")
    assert len(np.unique(atom_errors(broken).unique)) == len(broken.atoms)


def test_copies_move_together(kcsa):
    positions = kcsa.pore_positions()
    moved = perturbed(positions, atom_errors(kcsa), np.random.default_rng(2))
    steps = cylindrical(moved - positions, positions)
    for ring in kcsa.rings:
        assert np.ptp(steps[list(ring.atoms)], axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.abs(steps).max() > 0.05


def test_copies_of_one_atom_add_before_they_are_squared():
    positions = np.array([[2.0, 0, 0], [0, 2.0, 0], [-2.0, 0, 0], [0, -2.0, 0]])
    outward = positions / 2.0
    one = propagated_error(outward, positions, np.full(4, 0.1), np.zeros(4, int))
    four = propagated_error(outward, positions, np.full(4, 0.1), np.arange(4))
    assert (one, four) == (pytest.approx(0.4), pytest.approx(0.2))


def test_perturbed_and_shaken_groups_keep_their_shape(kcsa):
    system = filter_ligands(kcsa)
    errors = ligand_errors(
        kcsa, system, AtomErrors(np.full(len(kcsa.atoms), 0.3), np.arange(len(kcsa.atoms)), "", True)
    )
    start = system.group_start()[:-1]
    rest = minimise(system, "K", [[0.2, 0.1, 1.5]], fixed_z=1.5, torsion_starts=(0.0,))
    rng = np.random.default_rng(8)
    for positions in (moved_system(system, errors, rng).positions, shaken(system, rest, rng).positions):
        for one, other in ((0, 1), (0, 2), (1, 2)):
            pairs = [g for g in start if np.isin(g + other, np.flatnonzero(system.group == system.group[g])).all()]
            lengths = np.linalg.norm(positions[np.array(pairs) + one] - positions[np.array(pairs) + other], axis=1)
            wanted = np.linalg.norm(
                system.positions[np.array(pairs) + one] - system.positions[np.array(pairs) + other], axis=1
            )
            assert lengths == pytest.approx(wanted, abs=1e-9)
        assert np.abs(positions - system.positions).max() > 0.1


def test_a_shake_keeps_the_strands_alike(kcsa):
    system = filter_ligands(kcsa)
    rest = minimise(system, "K", [[0.2, 0.1, 1.5]], fixed_z=1.5, torsion_starts=(0.0,))
    oxygens = system.oxygens()
    steps = cylindrical((shaken(system, rest, np.random.default_rng(1)).positions - system.positions), system.positions)
    for ring in range(len(oxygens) // 4):
        assert np.ptp(steps[oxygens[4 * ring : 4 * ring + 4]], axis=0) == pytest.approx(np.zeros(3), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "assumed", "low", "high"),
    [("1K4C.pdb", False, 0.05, 0.15), ("1BL8.cif", False, 0.3, 0.6), ("7BYL.pdb", True, 0.2, 0.4), ("3PJS.pdb", False, 0.5, 1.3)],
)  # fmt: skip
def test_errors_of_depositions_grow_with_resolution(shared, name, assumed, low, high):
    # Cruickshank's own examples: 0.1 Å at 2 Å, several tenths beyond 3 Å; per coordinate, oxygens of the filter
    filter = deposited_filter(shared / "structures" / name)
    errors = atom_errors(filter)
    oxygens = [atom for ring in filter.rings for atom in ring.atoms]
    assert errors.assumed is assumed
    assert low < errors.sigma[oxygens].mean() < high
