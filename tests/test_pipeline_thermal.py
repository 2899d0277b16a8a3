"""Does the sampled chain hold together? The default treatment with short runs: sites, nodes, waters, errors by cause, neighbours."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import numpy as np
import pytest
from scored import short_sampling

from selectivity.energetics.places import lattice_places, population
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.permeation.queue_barrier import queue_barrier
from selectivity.permeation.uncertainty import quadrature
from selectivity.pipeline import score_filter, settings_of
from selectivity.score import FilterScore, score_schema
from selectivity.structure.ideal import ideal_filter


@cache
def short_score(name: str = "kcsa-like", **options: Any) -> FilterScore:
    """A default score of a bundled filter with short runs."""
    with short_sampling():
        return score_filter(ideal_filter(name), **{"target_error": 50.0, **options})


def test_the_default_is_thermal_with_water_and_the_queue():
    score = short_score()
    assert (score.treatment, score.hydration_state, score.rule) == ("thermal", "accessible", "queue")
    jsonschema.validate(score.to_dict(), score_schema())
    assert score.queue is not None
    assert score.queue.kinds == ("plane", "cage") * 4 + ("plane",)
    assert score.queue.nodes[1::2] == ("S4", "S3", "S2", "S1")
    assert list(score.queue.z_angstrom) == sorted(score.queue.z_angstrom)


def test_water_stands_at_the_open_ends_and_nowhere_else():
    """The cavity is seen by Scav, S4 and their plane, the mouth by S1, S0 and theirs; the inner cages are dry."""
    score = short_score()
    assert {site.site for site in score.sites if site.waters} == {"Scav", "S4", "S1", "S0"}
    wet = {name for name, waters in zip(score.queue.nodes, score.queue.waters, strict=True) if waters}
    assert wet == {"plane T75 OG1", "S4", "S1", "plane Y78 O"}
    dry = short_score(hydration_state="dry")
    assert not any(site.waters for site in dry.sites)
    assert not any(dry.queue.waters)


def test_the_ratio_is_the_queue_of_the_reported_nodes():
    score = short_score()
    again = queue_barrier(score.queue.ddg_kj_mol, temperature=score.temperature_k)
    assert score.ddg_barrier_kj_mol == pytest.approx(again, rel=1e-9)
    assert score.ddg_barrier_kj_mol == score.rules["queue"].ddg_barrier_kj_mol == score.queue.ddg_barrier_kj_mol
    assert score.ddg_barrier_error_kj_mol == pytest.approx(quadrature(score.error_components_kj_mol.values()))
    assert set(score.error_components_kj_mol) == {"coordinates", "hydration", "sigma", "force_field", "sampling", "queue"}


def test_the_sheet_of_a_sampled_site_adds_up():
    """Mean energies and the entropy make the free energy; the shares of a cage's cell make the node from its site."""
    for site in short_score().sites:
        difference = site.terms_kj_mol["difference"]
        assert difference["total"] == pytest.approx(site.ddg_kj_mol)
        assert sum(value for line, value in difference.items() if line != "total") == pytest.approx(site.ddg_kj_mol)
        assert "entropy" not in site.terms_kj_mol["K"]


@pytest.mark.slow
def test_swapping_the_ions_flips_every_sign_within_the_sampling():
    there, back = short_score(), short_score(ions=("Na", "K"))
    errors = np.hypot(there.queue.ddg_error_kj_mol, back.queue.ddg_error_kj_mol)
    apart = np.array(there.queue.ddg_kj_mol) + np.array(back.queue.ddg_kj_mol)
    assert (np.abs(apart) < 6.0 * errors + 3.0).all()
    assert there.permeability_ratio > 1.0 > back.permeability_ratio


@pytest.mark.slow
def test_seed_and_place_decide_and_threads_do_not():
    one, two = short_score(), short_score(jobs=2)
    assert one.queue.ddg_kj_mol == two.queue.ddg_kj_mol
    assert [site.ddg_kj_mol for site in one.sites] == [site.ddg_kj_mol for site in two.sites]
    other = short_score(seed=1)
    assert one.queue.ddg_kj_mol != other.queue.ddg_kj_mol


def test_neighbours_are_scored_beside_and_their_change_is_reported():
    score = short_score(neighbours="K:S2")
    changed = {site.site: site.neighbour_change_kj_mol for site in score.sites}
    assert changed["S2"] is None
    assert all(change is not None for name, change in changed.items() if name != "S2")
    site = score.site("S4")
    assert site.with_neighbours_kj_mol - site.ddg_kj_mol == pytest.approx(site.neighbour_change_kj_mol)


def test_a_filter_of_two_sites_has_five_nodes_and_is_less_selective():
    kcsa, nak = short_score(), short_score("nak-like")
    assert nak.queue.nodes[1::2] == ("S4", "S3")
    assert nak.permeability_ratio < kcsa.permeability_ratio


def test_a_broken_filter_is_sampled_but_has_no_ratio():
    score = short_score("collapsed-like")
    assert score.queue is None
    assert score.permeability_ratio is None
    assert score.site("S1").ddg_kj_mol is not None


def test_progress_counts_every_place_once():
    seen: list[tuple[int, int]] = []
    short_score(hydration_state="dry", seed=2, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(len(seen)))
    assert {total for _, total in seen} == {len(seen) - 1}


def test_an_interruption_leaves_no_half_result():
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        short_score(hydration_state="dry", seed=3, jobs=2, progress=stop)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"treatment": "relaxed", "hydration_state": "accessible"}, UnknownChoice, "need a temperature"),
        ({"treatment": "relaxed", "neighbours": "K:S2"}, UnknownChoice, "choose treatment thermal"),
        ({"neighbours": "K"}, UnknownChoice, "SPECIES:SITE"),
        ({"target_error": 0.0}, OutOfRange, "at least 0.05"),
        ({"target_error": float("nan")}, OutOfRange, "target error"),
        ({"rule": "queue", "ions": ("Na", "Li")}, UnknownChoice, "those of K+"),
        ({"treatment": "warm"}, UnknownChoice, "thermal, relaxed, rigid"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        settings_of(**options)
    assert issubclass(error, SelectivityError)


def test_without_potassium_the_rule_falls_back_to_one_ion():
    assert settings_of(ions=("Na", "Li")).rule == "profile"


def test_an_unknown_neighbour_is_refused_before_anything_is_sampled():
    with pytest.raises(UnknownChoice, match="S9"):
        score_filter(ideal_filter("kcsa-like"), neighbours="K:S9", progress=lambda *_: pytest.fail("sampling has begun"))


def test_nodes_tile_the_single_file():
    """Cells of the cages are half a site wide about their middle, planes stand between them."""
    kcsa = ideal_filter("kcsa-like")
    cages = [site for site in kcsa.sites if site.lining == "cage"]
    places = lattice_places(cages, kcsa.rings)
    for cage, place in zip(cages, places[1::2], strict=True):
        assert place.region.z_high - place.region.z_low == pytest.approx(0.5 * (cage.z_high - cage.z_low))
    assert [place.fixed_z for place in places[0::2]] == [cages[0].z_low, *(cage.z_high for cage in cages)]


def test_population_undoes_the_bias():
    """Heights drawn where a bias put them, with the weights that undo it: the share is that of the unbiased well."""
    from types import SimpleNamespace

    rng = np.random.default_rng(5)
    heights = rng.uniform(-1.0, 1.0, 20000)
    weights = np.exp(-(heights**2) / 0.08)
    fake = SimpleNamespace(heights={"K": heights}, weights={"K": weights}, runs=[SimpleNamespace(statistical_inefficiency=1.0)])
    share, error = population(fake, "K", -0.2, 0.2)
    assert share == pytest.approx(0.6827, abs=4 * error)
    assert 0.003 < error < 0.03
