"""The search for the lowest arrangements: the ends of the profile and the filter without an ion are searched as well as the rest."""

from dataclasses import replace

import numpy as np
import pytest

from selectivity.energetics.hydration import dehydration_difference
from selectivity.energetics.ligands import filter_ligands
from selectivity.energetics.minimise import minimise
from selectivity.energetics.profile import pore_profile
from selectivity.energetics.site_energies import empty_filter
from selectivity.structure.ideal import ideal_filter


@pytest.fixture(scope="module")
def searched():
    filter = ideal_filter("kcsa-like")
    system = filter_ligands(filter)
    return filter, system, pore_profile(filter.sites, system, ("K", "Na"))


def test_the_profile_is_smooth_beyond_the_dry_sites_too(searched):
    # an arrangement that only one ion has found shows as a step of 28 to 53 kJ/mol from one height to the next
    filter, _, profile = searched
    ddg = profile.energies("Na") - profile.energies("K") + dehydration_difference("K", "Na", scale="charmm36")
    near = (profile.z > filter.rings[0].z - 2.5) & (profile.z < filter.rings[4].z + 2.0)
    assert np.abs(np.diff(ddg[near])).max() < 20.0


def test_no_arrangement_about_an_ion_leads_below_the_empty_filter(searched):
    _, system, profile = searched
    empty = empty_filter(system, profile).energy_kj_mol
    bare = (replace(m, ion_positions=np.zeros((0, 3))) for ion in profile.ions for m in profile.minima[ion][::4])
    assert min(minimise(system, (), warm=each).energy_kj_mol for each in bare) > empty - 0.01
