"""Does another program sample the same free energy? OpenMM's constrained Langevin dynamics of the same Hamiltonian, solved by MBAR.

The measures agree: Monte Carlo turns and shifts rigid bodies uniformly; dynamics with constraints adds a factor of the determinant of the
constraints' metric (Fixman), which is constant for rigid pairs and triangles.
"""

from __future__ import annotations

import numpy as np
import openmm_twin as twin
import pytest
from energy_systems import kcsa

from selectivity.energetics.free_energy import alchemical_free_energy
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.thermal import Sampling, thermal_exchange

TEMPERATURE = 298.15


@pytest.mark.slow
def test_langevin_dynamics_of_openmm_finds_the_same_exchange():
    """S2 of the bundled filter, two runs of each program that share nothing but the tables of parameters."""
    region = Region(0.0, 3.0, 1.8)
    energies, _ = twin.langevin_energies(
        kcsa(), ("K", "Na"), region, temperature=TEMPERATURE, n_states=5, n_samples=1500, stride=40
    )
    theirs = alchemical_free_energy(energies, temperature=TEMPERATURE)
    plan = Sampling(target_error_kj_mol=0.15)
    ours = thermal_exchange(kcsa(), "K", "Na", region=region, temperature=TEMPERATURE, sampling=plan, seed=1)
    error = np.hypot(theirs.error_kj_mol, ours.error_kj_mol)
    assert error < 0.6
    assert ours.delta_kj_mol == pytest.approx(theirs.delta_kj_mol, abs=3 * error)


def test_energies_along_the_path_are_those_of_the_kernels():
    """The alchemical ion of the other program at the two ends is the published ion: energies agree to a millionth."""
    system, region = kcsa(), Region(0.0, 3.0, 1.8)
    built = twin.alchemical_system(system, ("K", "Na"), region)
    xyz = np.vstack([system.positions, [[0.2, -0.1, 1.4]]])
    whole = twin.energy_and_gradient(built, xyz)[0]
    assert whole == pytest.approx(
        twin.energy_and_gradient(twin.total_system(system, ("K",), (region,)), xyz)[0], rel=1e-6
    )
