"""Counterfactuals: the limits that physics demands, the sums that must hold, the command and its refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scored import short_sampling

from selectivity.cli import main
from selectivity.counterfactuals import Counterfactuals, counterfactuals, snug_preference, verdict_of
from selectivity.dry_settings import dry_settings
from selectivity.energetics.cages import cage_preference
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.pipeline import QUICK, score_filter
from selectivity.pipeline.energies import filter_energies
from selectivity.structure.ideal import ideal_filter


@pytest.fixture(scope="module")
def kcsa() -> Counterfactuals:
    with short_sampling():
        return counterfactuals(ideal_filter("kcsa-like"), target_error=50.0)


def test_treatments_are_those_of_the_score(kcsa: Counterfactuals) -> None:
    for treatment in ("relaxed", "rigid"):
        score = score_filter(ideal_filter("kcsa-like"), **({**QUICK} | {"treatment": treatment}))
        for site in kcsa.sites:
            # sites are scored without the wet ends here: the same minima
            assert site.ddg_kj_mol[treatment] == pytest.approx(score.site(site.site).ddg_kj_mol, abs=0.05)


def test_without_repulsion_every_site_prefers_sodium(kcsa: Counterfactuals) -> None:
    """FACTS 2.3: the sign of eight ligands turns when they no longer repel one another."""
    assert [site.site for site in kcsa.sites] == ["S4", "S3", "S2", "S1"]
    for site in kcsa.sites:
        assert site.ddg_kj_mol["without repulsion"] < 0.0 < site.ddg_kj_mol["relaxed"]


def test_dehydration_is_what_keeps_sodium_out(kcsa: Counterfactuals) -> None:
    """In vacuum every cage holds the smaller ion more tightly; the water leg turns the sign."""
    for site in kcsa.sites:
        assert site.ddg_kj_mol["without dehydration"] < 0.0
        assert site.ddg_kj_mol["relaxed"] - site.ddg_kj_mol["without dehydration"] == pytest.approx(18.6 * 4.184)


def test_relaxing_can_only_help_the_second_ion(kcsa: Counterfactuals) -> None:
    """Snug holds the ligands where the first ion's minimum has them: a variational upper bound of the relaxed ddG."""
    for site in kcsa.sites:
        assert site.ddg_kj_mol["snug"] > site.ddg_kj_mol["relaxed"]


def test_the_balance_sheet_adds_up(kcsa: Counterfactuals) -> None:
    for site in kcsa.sites:
        sheet = dict(site.balance_kj_mol)
        assert sheet.pop("total") == pytest.approx(sum(sheet.values())) == pytest.approx(site.ddg_kj_mol["relaxed"])
        assert site.ddg_kj_mol["without strain"] == pytest.approx(site.ddg_kj_mol["relaxed"] - sheet["strain"])


def test_the_free_cage_is_the_cage_of_as_many_ligands(kcsa: Counterfactuals) -> None:
    site = kcsa.sites[1]
    cage = cage_preference("K", "Na", site.coordination_number, water_leg_kj_mol=18.6 * 4.184)
    assert site.ddg_kj_mol["free cage"] == pytest.approx(cage)


def test_thermal_is_selective_too_and_has_an_error(kcsa: Counterfactuals) -> None:
    for site in kcsa.sites:
        assert site.ddg_kj_mol["thermal"] > 10.0 and 0.0 < site.thermal_error_kj_mol < 3.0
        assert "with thermal motion" in site.verdict[0]
        assert any("repulsion" in line for line in site.verdict)


def test_an_ion_fits_snugly_where_it_stands() -> None:
    """Held at its own minimum an ion stays there: snug against itself is the water leg alone, and swapping ions swaps the host."""
    filter = ideal_filter("nak-like")
    energies = filter_energies(filter, dry_settings({}))
    energy = energies.site("S3")
    itself = type(energy)(
        energy.site, ("K", "K"), energy.minima, energy.empty, energy.basin, energy.at_wall, energy.dehydration
    )
    assert snug_preference(energies.system, itself, 0.0) == pytest.approx(0.0, abs=1e-6)
    swapped = type(energy)(
        energy.site, ("Na", "K"), energy.minima, energy.empty, energy.basin, energy.at_wall, energy.dehydration
    )
    assert snug_preference(energies.system, swapped, -energies.water_leg) > -energy.ddg_kj_mol


@pytest.mark.parametrize(
    ("ddg", "words"),
    [
        ({"relaxed": 2.0, "snug": 5.0}, "no preference beyond its error"),
        ({"relaxed": -12.0, "snug": -10.0}, "prefers Na+ over K+ by 12"),
        ({"relaxed": 20.0, "snug": 22.0}, "a snug fit"),
        ({"relaxed": 20.0, "snug": 60.0}, "field strength, not a snug fit"),
        ({"relaxed": -12.0, "snug": -10.0}, "no fit for K+"),
        ({"relaxed": 20.0, "snug": 60.0, "without repulsion": 40.0}, "repulsion for one another ddG would be 40"),
        ({"relaxed": 20.0, "snug": 60.0, "without strain": 30.0}, "10 is taken from it by strain"),
    ],
)
def test_verdicts(ddg: dict, words: str) -> None:
    assert words in "; ".join(verdict_of(("K", "Na"), ddg, 5.0))


REFUSED = [
    ({"sites": ["S9"]}, UnknownChoice, "S4, S3, S2, S1"),
    ({"sites": ["S0"]}, UnknownChoice, "dehydrated sites"),
    ({"sites": []}, OutOfRange, "no dehydrated site"),
    ({"sigma": 0.0}, OutOfRange, "0 < sigma"),
    ({"colour": 1}, UnknownChoice, "score_filter takes"),
    ({"ions": ("K", "Xx")}, UnknownChoice, "unknown ion 'Xx'"),
]


@pytest.mark.parametrize(("options", "kind", "words"), REFUSED)
def test_refusals(options: dict, kind: type[SelectivityError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        counterfactuals(ideal_filter("kcsa-like"), thermal=False, **options)
    assert "\n" not in str(caught.value)


def test_the_command_writes_the_same_numbers_everywhere(
    structures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {kind: tmp_path / f"c.{kind}" for kind in ("json", "csv", "svg")}
    words = ["--json", str(paths["json"]), "--csv", str(paths["csv"]), "--plot", str(paths["svg"])]
    assert main(["counterfactuals", str(structures / "nak_like.pdb"), "--site", "S3", "--no-thermal", *words]) == 0
    shown = capsys.readouterr().out
    (entry,) = json.loads(paths["json"].read_text())["sites"]
    with open(paths["csv"]) as stream:
        (row,) = csv.DictReader(stream)
    assert float(row["ddg_snug_kj_mol"]) == entry["ddg_snug_kj_mol"] and row["ddg_thermal_kj_mol"] == ""
    assert entry["verdict"][0] in " ".join(shown.split())
    assert "relaxed, one term switched off" in paths["svg"].read_text()
    assert np.isfinite(entry["balance_kj_mol"]["strain"])


def test_the_command_refuses_in_one_line(structures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["counterfactuals", str(structures / "kcsa_like.pdb"), "--site", "S7"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
