"""Measurements on the queue: bi-ionic ratios, concentration series, mole fractions, flux-ratio exponents, Na+ block."""

from __future__ import annotations

import numpy as np
import pytest

from selectivity.constants import KJ_PER_KCAL
from selectivity.data import read_table
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.permeation.queue import steady_state
from selectivity.permeation.queue_model import QueueParameters, nodes_of, queue_lattice
from selectivity.permeation.queue_protocols import (
    block_curve,
    concentration_series,
    flux_ratio_exponent,
    mole_fraction_scan,
    queue_ratio,
)
from selectivity.permeation.queue_sensitivity import generic_sensitivity

CAGES = [3.8 * KJ_PER_KCAL, 6.4 * KJ_PER_KCAL, 5.9 * KJ_PER_KCAL, 6.5 * KJ_PER_KCAL]
PLANES = [1.6 * KJ_PER_KCAL, 2.0 * KJ_PER_KCAL, 1.6 * KJ_PER_KCAL, 1.2 * KJ_PER_KCAL, 4.0 * KJ_PER_KCAL]


def test_generic_numbers_hold_about_two_ions_in_a_four_site_filter():
    """Published mean occupancy of KcsA is near two K+; the pair energies were chosen for that."""
    bath = {"K": 150.0}
    state = steady_state(queue_lattice(CAGES, PLANES), inside=bath, outside=bath, v_mv=0.0, temperature=298.15)
    assert 1.5 < state.mean_ions < 2.5


def test_more_sites_in_a_row_select_better():
    """Published: only four sites in a row are selective; here each further identical site multiplies the ratio."""
    ratios = [
        queue_ratio(queue_lattice([5 * KJ_PER_KCAL] * n, [2.1] * (n + 1))).permeability_ratio for n in (1, 2, 3, 4)
    ]
    assert ratios == sorted(ratios)
    assert ratios[3] > 10 * ratios[1]


def test_identical_ions_have_ratio_one_in_any_baths():
    model = queue_lattice([0.0] * 3, [0.0] * 4)
    mixed = queue_ratio(model, inside={"K": 100.0, "Na": 20.0}, outside={"K": 10.0, "Na": 140.0})
    assert mixed.permeability_ratio == pytest.approx(1.0, rel=1e-6)


def test_swapping_the_ions_inverts_the_ratio_of_a_symmetric_filter():
    symmetric = queue_lattice([20.0, 20.0], [4.0, 4.0, 4.0])
    forward = queue_ratio(symmetric)
    backward = queue_ratio(symmetric, inside={"Na": 150.0}, outside={"K": 150.0})
    assert backward.permeability_ratio == pytest.approx(forward.permeability_ratio, rel=1e-6)


def test_concentration_series_rises_for_kcsa_like_wells():
    series = concentration_series(queue_lattice(CAGES, PLANES), [5.0, 150.0, 1500.0])
    assert (np.diff(series) > 0).all()


def test_flux_ratio_exponent_is_one_for_one_ion_and_above_one_in_single_file():
    """Ussing: 1 for independent movement; above 1 in single file, at most the number of ions in the file."""
    single = queue_lattice(CAGES, PLANES, parameters=QueueParameters(max_ions=1))
    lonely = flux_ratio_exponent(single, "K", inside_mm=150.0, outside_mm=50.0, v_mv=20.0)
    assert lonely == pytest.approx(1.0, rel=1e-9)
    model = queue_lattice(CAGES, PLANES)
    dilute, low, usual = (
        flux_ratio_exponent(model, "K", inside_mm=3 * c, outside_mm=c, v_mv=20.0) for c in (1e-6, 5.0, 50.0)
    )
    assert dilute == pytest.approx(1.0, abs=1e-4)
    assert 1.05 < usual < low < 4.0


def test_one_ion_pore_has_no_anomalous_mole_fraction():
    single = queue_lattice([3.0, 3.0], [1.0, 1.0, 1.0], parameters=QueueParameters(max_ions=1))
    assert not mole_fraction_scan(single, np.linspace(0, 1, 11)).anomalous


def test_an_ion_that_binds_tighter_than_the_carrier_blocks():
    sticky = queue_lattice([-15.0] * 4, [8.0] * 5)
    left = block_curve(sticky, [20.0, 100.0], carrier_mm=150.0, blocker_mm=1.0, outside_mm=150.0)
    assert (left < 0.9).all()


def test_an_ion_of_no_affinity_leaves_the_current_alone():
    left = block_curve(queue_lattice(CAGES, PLANES), [20.0, 100.0], carrier_mm=150.0, blocker_mm=20.0, outside_mm=150.0)
    assert left == pytest.approx(1.0, abs=1e-3)


def test_refusals_name_the_mend():
    with pytest.raises(OutOfRange, match=r"N \+ 1 planes"):
        queue_lattice([1.0], [1.0])
    model = queue_lattice([1.0], [1.0, 1.0])
    with pytest.raises(OutOfRange, match="equilibrium potential"):
        flux_ratio_exponent(model, "K", inside_mm=10.0, outside_mm=10.0, v_mv=0.0)
    with pytest.raises(UnknownChoice, match="label one of these"):
        flux_ratio_exponent(model, "Cs", inside_mm=10.0, outside_mm=20.0, v_mv=0.0)
    with pytest.raises(OutOfRange, match="between 0 and 1"):
        mole_fraction_scan(model, [1.5])


def test_sodium_waits_in_the_planes_and_potassium_in_the_cages():
    bath = {"K": 75.0, "Na": 75.0}
    model = queue_lattice(CAGES, PLANES)
    state = steady_state(model, inside=bath, outside=bath, v_mv=0.0, temperature=298.15)
    share = {ion: values[1::2].sum() / values.sum() for ion, values in state.occupancy.items()}
    assert share["K"] > 0.8
    assert share["Na"] < 0.3


def test_the_anomalous_mole_fraction_needs_several_ions():
    """Published mark of a pore that holds several ions: a mixture conducts less than both pure solutions. Two ions that each block
    the other's half of the filter show it; the same filter with one ion at a time does not."""
    crossed, fractions = [8.0, 8.0, -8.0, -8.0], np.linspace(0.0, 1.0, 11)
    scan = mole_fraction_scan(queue_lattice(crossed, [0.0] * 5), fractions)
    assert scan.anomalous
    assert 2 < np.argmin(scan.conductance_ps) < 8
    lonely = queue_lattice(crossed, [0.0] * 5, parameters=QueueParameters(max_ions=1))
    assert not mole_fraction_scan(lonely, fractions).anomalous


def test_generic_numbers_move_the_ratio_as_the_prototype_found():
    """THEORY's sweep: g_K of -4, -5, -6 kcal/mol moves KcsA's ratio by less than a tenth; one ion at a time loses a factor of four."""
    nodes = nodes_of(CAGES, PLANES)
    wells = [KJ_PER_KCAL * x for x in (-4.0, -5.0, -6.0)]
    rows = generic_sensitivity(nodes, variations={"well_kj_mol": wells, "max_ions": (1, 4)})
    by_well = [row.permeability_ratio for row in rows if row.parameter == "well_kj_mol"]
    assert max(by_well) < 1.1 * min(by_well)
    alone, crowd = (row.permeability_ratio for row in rows if row.parameter == "max_ions")
    assert crowd > 3.0 * alone
    assert rows[0].permeability_ratio == pytest.approx(crowd)


def test_measured_flux_ratio_exponents_are_missed_by_the_default_numbers():
    """An open miss, kept visible: K+ channels have exponents of 2.4 to 3.4, this queue about 1.1."""
    ours = generic_sensitivity(nodes_of(CAGES, PLANES), variations={})[0].flux_ratio_exponent
    measured = [float(row["exponent"]) for row in read_table("flux_ratio_exponents")]
    assert 1.0 < ours < 1.3 < min(measured)


def test_halving_the_repulsion_or_deepening_the_well_raises_the_exponent():
    rows = generic_sensitivity(
        nodes_of(CAGES, PLANES), variations={"repulsion_scale": (0.25, 0.5), "well_kj_mol": (-10.0 * KJ_PER_KCAL,)}
    )
    default, quarter, half, deep = (row.flux_ratio_exponent for row in rows)
    assert quarter > half > default
    assert deep > 2.0


def test_unknown_generic_numbers_are_named():
    with pytest.raises(UnknownChoice, match="generic number"):
        generic_sensitivity([1.0, 2.0, 1.0], variations={"colour": (1.0,)})
