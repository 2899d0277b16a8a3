"""The free ligand cage: every number of the oracle table (FACTS section 2.3) through the Hamiltonian that scores filters."""

from __future__ import annotations

import numpy as np
import pytest

from selectivity.constants import KJ_PER_KCAL
from selectivity.energetics.cages import (
    cage_ligands,
    cage_preference,
    charge_scan,
    ligand_cage,
    thomson_directions,
)
from selectivity.energetics.minimise import minimise
from selectivity.errors import OutOfRange, UnknownChoice

LEG = 17.5 * KJ_PER_KCAL
"""Na+ - K+ hydration difference of the table (Schmid), kJ/mol."""

# The table is printed to 0.01 kcal/mol; 0.05 kcal/mol and 0.005 Å are the tolerances it asks of implementations.
ENERGY, DISTANCE = 0.05, 0.005


@pytest.mark.parametrize(
    ("n", "d_k", "d_na", "u_k", "u_na", "with_repulsion", "without"),
    [
        (4, 2.608, 2.253, -67.30, -84.37, 0.43, -2.99),
        (5, 2.627, 2.280, -78.82, -97.66, -1.34, -8.12),
        (6, 2.646, 2.305, -88.59, -108.69, -2.59, -13.24),
        (7, 2.687, 2.398, -94.19, -110.65, 1.04, -18.37),
        (8, 2.723, 2.465, -98.17, -112.38, 3.29, -23.49),
    ],
)
def test_oracle_of_relaxed_cages(n, d_k, d_na, u_k, u_na, with_repulsion, without):
    potassium, sodium = ligand_cage(n, "K"), ligand_cage(n, "Na")
    assert potassium.distance == pytest.approx(d_k, abs=DISTANCE)
    assert sodium.distance == pytest.approx(d_na, abs=DISTANCE)
    assert potassium.energy_kj_mol / KJ_PER_KCAL == pytest.approx(u_k, abs=ENERGY)
    assert sodium.energy_kj_mol / KJ_PER_KCAL == pytest.approx(u_na, abs=ENERGY)
    kept = cage_preference("K", "Na", n, water_leg_kj_mol=LEG) / KJ_PER_KCAL
    dropped = cage_preference("K", "Na", n, water_leg_kj_mol=LEG, ligand_repulsion=False) / KJ_PER_KCAL
    assert kept == pytest.approx(with_repulsion, abs=ENERGY)
    assert dropped == pytest.approx(without, abs=ENERGY)


@pytest.mark.parametrize("n", [3, 4, 6, 8, 10])
def test_without_repulsion_every_cage_relaxes_to_the_pair_minimum(n):
    for ion, distance in (("K", 2.575), ("Na", 2.220)):
        free = ligand_cage(n, ion, ligand_repulsion=False)
        pair = ligand_cage(1, ion)
        assert free.distance == pytest.approx(distance, abs=DISTANCE)
        assert free.distance == pytest.approx(pair.distance, abs=1e-5)
        assert free.energy_kj_mol == pytest.approx(n * pair.energy_kj_mol, rel=1e-9)
        assert free.terms.ligand_ligand == 0.0


@pytest.mark.parametrize(
    ("distance", "expected"),
    [(2.50, -7.7), (2.60, 3.1), (2.70, 9.4), (2.77, 12.2), (2.80, 13.1), (2.85, 14.3), (2.93, 15.7), (3.00, 16.5)],
)
def test_oracle_of_the_rigid_cage(distance, expected):
    found = cage_preference("K", "Na", 8, water_leg_kj_mol=LEG, distance=distance) / KJ_PER_KCAL
    # Printed to 0.1 kcal/mol: half a digit of rounding.
    assert found == pytest.approx(expected, abs=0.05 + 1e-9)


def test_oracle_of_the_charge_scan():
    charges = [0.3, 0.4, 0.51, 0.6, 0.7]
    energies = charge_scan(["K", "Na"], 8, charges)
    found = (energies["Na"] - energies["K"] + LEG) / KJ_PER_KCAL
    assert found == pytest.approx([4.9, 3.5, 3.3, 4.2, 6.1], abs=0.05 + 1e-9)


@pytest.mark.parametrize(
    ("ion", "distance", "energy"),
    [("Li", 1.860, -31.71), ("Na", 2.220, -24.11), ("K", 2.575, -18.98), ("Rb", 2.753, -17.11), ("Cs", 2.955, -15.26)],
)
def test_oracle_of_pair_minima(ion, distance, energy):
    pair = ligand_cage(1, ion)
    assert pair.distance == pytest.approx(distance, abs=DISTANCE)
    assert pair.energy_kj_mol / KJ_PER_KCAL == pytest.approx(energy, abs=ENERGY)


# Lowest energies of n unit charges on a sphere as tabulated for the Thomson problem, nine digits.
@pytest.mark.parametrize(
    ("n", "energy"),
    [
        (2, 0.5),
        (3, 1.732050808),
        (4, 3.674234614),
        (5, 6.474691495),
        (6, 9.985281374),
        (7, 14.452977414),
        (8, 19.675287861),
        (9, 25.759986531),
        (10, 32.716949460),
        (11, 40.596450510),
        (12, 49.165253058),
    ],
)
def test_directions_are_those_of_the_thomson_problem(n, energy):
    points = thomson_directions(n)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)[np.triu_indices(n, 1)]
    assert (1.0 / apart).sum() == pytest.approx(energy, rel=1e-9)


def test_a_fully_free_cage_is_at_least_as_deep_as_the_common_distance():
    """Six ligands: the octahedron with one distance is already the minimum over all rigid-body motions."""
    common = ligand_cage(6, "K")
    free = minimise(cage_ligands(6), "K", [[0.02, 0.01, 0.03]])
    assert free.converged
    assert free.energy_kj_mol <= common.energy_kj_mol + 1e-3
    radius = np.linalg.norm(free.positions[1::2] - free.ion_positions[0], axis=1)
    assert radius == pytest.approx(common.distance, abs=0.05)


def test_refusals_name_the_value_and_the_range():
    with pytest.raises(OutOfRange, match="13 ligands"):
        ligand_cage(13, "K")
    with pytest.raises(OutOfRange, match=r"charge -0\.2 e"):
        ligand_cage(8, "K", charge=-0.2)
    with pytest.raises(OutOfRange, match=r"distance 0\.3"):
        ligand_cage(8, "K", distance=0.3)
    with pytest.raises(UnknownChoice, match=r"'Tl' has no parameters in charmm36.*amber and amber-lsm have it"):
        ligand_cage(8, "Tl")
