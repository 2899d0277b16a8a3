"""Site energies and profiles: golden numbers, closure of the balance sheet, invariances, agreement of site and profile."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scored import ideal_score

from selectivity.energetics.hydration import dehydration_difference
from selectivity.energetics.ligands import filter_ligands
from selectivity.energetics.profile import SPACING, pore_profile, profile_heights
from selectivity.errors import OutOfRange
from selectivity.pipeline import QUICK, score_filter
from selectivity.score import BALANCE_TERMS
from selectivity.structure.filter import Site
from selectivity.structure.ideal import ideal_filter

GOLDEN = Path(__file__).parent / "golden" / "kcsa_like.json"
CAGES = ("S4", "S3", "S2", "S1")


def golden():
    """Terms of the cages of kcsa_like by treatment, site and ion; written by `python tests/golden/write.py`."""
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("treatment", ["relaxed", "rigid"])
@pytest.mark.parametrize("site", CAGES)
def test_terms_are_the_golden_ones(treatment, site):
    # 0.05 kJ/mol catches any slip of 1 kJ/mol and allows the last digits of another processor's arithmetic
    terms = ideal_score(treatment=treatment).site(site).terms_kj_mol
    for who, sheet in golden()[treatment][site].items():
        for line, value in sheet.items():
            assert terms[who][line] == pytest.approx(value, abs=0.05), f"{site} {who} {line}"


@pytest.mark.parametrize("treatment", ["relaxed", "rigid"])
def test_every_balance_sheet_adds_up(treatment):
    score = ideal_score(treatment=treatment)
    for site in score.sites:
        sheets = site.terms_kj_mol
        for sheet in sheets.values():
            assert sum(sheet[line] for line in BALANCE_TERMS) == pytest.approx(sheet["total"], abs=1e-6)
        for line in sheets["K"]:
            assert sheets["difference"][line] == pytest.approx(sheets["Na"][line] - sheets["K"][line], abs=1e-9)
        assert sheets["difference"]["total"] == pytest.approx(site.ddg_kj_mol)
        assert sheets["difference"]["dehydration"] == pytest.approx(dehydration_difference("K", "Na", scale="charmm36"))


def test_dehydration_is_paid_and_coordination_repays():
    for name in CAGES:
        sheet = ideal_score().site(name).terms_kj_mol["K"]
        assert sheet["dehydration"] > 300.0
        assert sheet["ion_ligand_electrostatics"] < -300.0
        assert sheet["ligand_ligand"] > 0.0


def test_rigid_filters_have_no_strain_and_no_ligand_response_of_carbonyls():
    for name in CAGES:
        sheet = ideal_score(treatment="rigid").site(name).terms_kj_mol["K"]
        assert sheet["strain"] == pytest.approx(0.0, abs=1e-9)


def test_a_nearly_stiff_relaxed_filter_is_the_rigid_one():
    # sigma -> 0 (THEORY section 2): what is left of the relaxation is F^2/2k with forces of some 100 kJ/mol/Å
    stiff = score_filter(ideal_filter("kcsa-like"), sigma=0.004, **QUICK)
    for name in CAGES:
        assert stiff.site(name).ddg_kj_mol == pytest.approx(
            ideal_score(treatment="rigid").site(name).ddg_kj_mol, abs=0.5
        )


def test_relaxation_takes_selectivity_away():
    # the textbook's rigid filter is far more selective where it is not too tight for K+ (THEORY section 2)
    relaxed, rigid = ideal_score(), ideal_score(treatment="rigid")
    assert rigid.ddg_barrier_kj_mol > relaxed.ddg_barrier_kj_mol + 10.0


def test_energies_do_not_depend_on_orientation_or_strand_order():
    filter = ideal_filter("kcsa-like")
    axis = np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5])
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(1.1) * skew + (1 - np.cos(1.1)) * skew @ skew
    moved = filter.rotated(turn).translated(np.array([30.0, -4.0, 17.0]))
    order = [2, 3, 0, 1]
    relabelled = replace(
        filter,
        atoms=tuple(replace(atom, strand=order[atom.strand]) for atom in filter.atoms),
        rings=tuple(replace(ring, atoms=tuple(ring.atoms[i] for i in order)) for ring in filter.rings),
    )
    for other in (moved, relabelled):
        score = score_filter(other, **QUICK)
        for name in CAGES:
            assert score.site(name).ddg_kj_mol == pytest.approx(ideal_score().site(name).ddg_kj_mol, abs=0.02)
        assert score.ddg_barrier_kj_mol == pytest.approx(ideal_score().ddg_barrier_kj_mol, abs=0.02)


def test_swapping_the_ions_flips_every_sign_exactly():
    forward, backward = ideal_score(), ideal_score(ions=("Na", "K"))
    for one, other in zip(forward.sites, backward.sites, strict=True):
        assert other.ddg_kj_mol == -one.ddg_kj_mol
        assert other.ddg_error_kj_mol == one.ddg_error_kj_mol
    assert backward.profile.ddg_kj_mol == pytest.approx([-value for value in forward.profile.ddg_kj_mol], abs=1e-12)
    assert backward.ddg_barrier_kj_mol == -forward.ddg_barrier_kj_mol
    assert backward.permeability_ratio == pytest.approx(1.0 / forward.permeability_ratio, rel=1e-12)
    for rule, result in forward.rules.items():
        assert backward.rules[rule].ddg_barrier_kj_mol == pytest.approx(-result.ddg_barrier_kj_mol, abs=1e-12)


def test_sites_are_the_bottoms_of_the_profile():
    # the profile has heights every 0.25 Å, so the minimum between two of them lies at most about k/2 (1/8 Å)^2 below
    score = ideal_score()
    z = np.array(score.profile.z_angstrom)
    leg = {ion: {name: score.site(name).ion_z_angstrom[ion] for name in CAGES} for ion in ("K", "Na")}
    sites = {site.name: site for site in score.filter.sites}
    for ion in ("K", "Na"):
        energy = np.array(score.profile.energy_kj_mol[ion])
        for name in CAGES:
            inside = (z >= sites[name].z_low - 1e-9) & (z <= sites[name].z_high + 1e-9)
            lowest = z[inside][np.argmin(energy[inside])]
            assert leg[ion][name] == pytest.approx(lowest, abs=SPACING)


def test_profile_is_smooth_where_it_is_integrated():
    score = ideal_score()
    z, ddg = np.array(score.profile.z_angstrom), np.array(score.profile.ddg_kj_mol)
    low, high = score.profile.integrated_angstrom
    inside = (z >= low - 1e-9) & (z <= high + 1e-9)
    assert np.diff(z).max() <= SPACING + 1e-9
    # jumps would be changes of arrangement of one ion alone: the steepest honest slope is some 25 kJ/mol/Å
    assert np.abs(np.diff(ddg[inside])).max() < 8.0
    assert (low, high) == pytest.approx((score.filter.rings[1].z, score.filter.rings[4].z))


def test_a_finer_grid_gives_the_same_barrier():
    filter = ideal_filter("kcsa-like")
    system = filter_ligands(filter)
    dry = [site for site in filter.sites if site.dehydrated and site.name != "S4"]
    ratios = []
    for spacing in (0.25, 0.125):
        profile = pore_profile(dry, system, ("K", "Na"), rigid=True, spacing=spacing)
        weights = np.exp((profile.energies("Na") - profile.energies("K") + 77.82) / 2.479)
        ratios.append(2.479 * np.log(np.trapezoid(weights, profile.z)))
    assert ratios[0] == pytest.approx(ratios[1], abs=0.6)


def test_heights_meet_every_plane_and_take_the_narrower_wall():
    cage, mouth = Site("S1", 0, 1, 3.0, 6.1, 1.8, True), Site("S0", 1, None, 6.1, 11.1, 4.0, False, "mouth")
    z, lateral = profile_heights([mouth, cage])
    assert np.diff(z).max() <= SPACING + 1e-12
    assert {3.0, 6.1, 11.1} <= set(z.round(9).tolist())
    assert lateral[np.argmin(np.abs(z - 6.1))] == 1.8
    with pytest.raises(OutOfRange, match="spacing"):
        profile_heights([cage], 0.0)


def test_basins_and_walls_are_named():
    score = ideal_score()
    for name in ("S3", "S2", "S1"):
        assert score.site(name).basin == {"K": "cage", "Na": "cage"}
        assert not any(score.site(name).at_wall.values())
    # Na+ leaves S4 for the plane below it (THEORY section 2): the wall of the site holds it there
    assert score.site("S4").basin["Na"] == "plane T75 O"
    assert score.site("S4").at_wall["Na"]
