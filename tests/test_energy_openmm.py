"""Another program computes the same energies, terms and forces: OpenMM, from the same tables of parameters."""

from __future__ import annotations

import numpy as np
import openmm_twin as twin
import pytest
from energy_systems import kcsa, random_system

from selectivity.energetics.hamiltonian import Region, evaluate
from selectivity.energetics.ligands import filter_ligands
from selectivity.energetics.minimise import minimise, site_starts

RELATIVE = 1e-6
WALLED = Region(-1.5, 1.5, 1.0)


def compare(system, ions, positions, ion_positions, region):
    regions = (region,) * len(ions)
    xyz = np.concatenate([positions, ion_positions])
    terms, ligand_gradient, ion_gradient = evaluate(system, ions, positions, ion_positions, region=region)
    theirs = twin.energy_terms(system, ions, regions, xyz)
    for name in twin.TERMS:
        assert getattr(terms, name) == pytest.approx(theirs[name], rel=RELATIVE, abs=1e-9), name
    energy, gradient = twin.energy_and_gradient(twin.total_system(system, ions, regions), xyz)
    assert terms.total == pytest.approx(energy, rel=RELATIVE)
    ours = np.concatenate([ligand_gradient, ion_gradient])
    assert np.abs(ours - gradient).max() <= RELATIVE * np.abs(gradient).max()
    return terms


@pytest.mark.parametrize("force_field", ["charmm36", "amber"])
@pytest.mark.parametrize("seed", range(5))
def test_random_bodies_ions_and_waters(seed, force_field):
    system, ions, positions, ion_positions = random_system(seed, force_field)
    terms = compare(system, ions, positions, ion_positions, WALLED)
    # Every term takes part: a term that is zero on both sides would prove nothing.
    assert all(abs(value) > 1e-3 for value in terms.to_dict().values())


@pytest.mark.parametrize("force_field", ["charmm36", "amber"])
@pytest.mark.parametrize("ion", ["Li", "Na", "K", "Rb", "Cs"])
def test_kcsa_like_filter(ion, force_field):
    compare(kcsa(force_field), (ion,), kcsa(force_field).positions, [[0.2, -0.1, 1.4]], Region(0.0, 3.0, 1.8))


def test_two_ions_beyond_their_walls_in_a_real_filter(shared):
    from selectivity.structure.load import load_filter

    system = filter_ligands(load_filter(shared / "structures" / "1K4C.pdb"), sigma="bfactor")
    shifted = system.positions + 0.1 * np.sin(np.arange(system.positions.size)).reshape(-1, 3)
    compare(system, ("K", "Na"), shifted, [[0.1, 0.2, 1.5], [-0.1, 0.3, -4.9]], Region(-3.0, 1.4, 0.1))


GOLDEN = {
    ("K", True): (-532.53, 16.82, 349.22, 353.24, 0.0),
    ("Na", True): (-549.38, 10.40, 348.30, 353.21, 0.0),
    ("K", False): (-630.87, 31.48, 0.35, -18.01, 222.49),
    ("Na", False): (-737.12, 13.85, 57.62, -16.47, 232.02),
}
"""(ion, rigid) -> ion-ligand electrostatics and LJ, ligand-ligand electrostatics and LJ, strain of the lowest minimum in S2, kJ/mol."""


@pytest.mark.parametrize(("ion", "rigid"), GOLDEN)
def test_golden_terms_of_the_kcsa_like_filter(ion, rigid):
    """A slip of 0.1 kJ/mol in any parameter, or a lost basin, shows here; OpenMM computes the same terms at this minimum."""
    region = Region(0.0, 3.0, 1.8)
    minimum = minimise(kcsa(), ion, site_starts(region), region=region, rigid=rigid)
    assert minimum.converged
    terms = compare(kcsa(), (ion,), minimum.positions, minimum.ion_positions, region)
    found = [getattr(terms, name) for name in twin.TERMS[:5]]
    assert found == pytest.approx(GOLDEN[ion, rigid], abs=0.05)
