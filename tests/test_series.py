"""Ion series: each ion is the score against K+, orders and their Eisenman names, what is left out, the command, refusals."""

from __future__ import annotations

import csv
import json
from itertools import permutations
from math import exp
from pathlib import Path

import pytest
from scored import short_sampling

from selectivity.cli import main
from selectivity.constants import thermal_energy
from selectivity.data import read_table
from selectivity.energetics.bond_valence import bond_valence_parameters
from selectivity.energetics.force_field import force_field
from selectivity.energetics.hydration import hydration_free_energy
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.pipeline import QUICK, score_filter
from selectivity.series import ALKALI, SERIES, Series, available_ions, ion_series, sequence_of
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.load import load_filter


def values(order: tuple[str, ...], error: float = 0.1) -> dict[str, tuple[float, float]]:
    """ddG that makes this order, 5 kJ/mol apart."""
    return {ion: (5.0 * i, error) for i, ion in enumerate(order)}


@pytest.mark.parametrize("row", read_table("eisenman_sequences"), ids=lambda row: row["numeral"])
def test_every_tabulated_sequence_is_named(row: dict[str, str]) -> None:
    order = tuple(row["sequence"].split(">"))
    found = sequence_of(values(order))
    assert (found.order, found.numeral, found.swaps, found.unresolved) == (order, row["numeral"], 0, ())


def test_the_table_holds_eleven_numbers_and_orders_of_the_five_ions() -> None:
    rows = read_table("eisenman_sequences")
    assert {int(row["number"]) for row in rows} == set(range(1, 12))
    for row in rows:
        assert sorted(row["sequence"].split(">")) == sorted(ALKALI)
    # From one sequence to the next the field grows: small ions only ever move forward.
    size = {ion: i for i, ion in enumerate(ALKALI)}
    main_rows = [row["sequence"].split(">") for row in rows if row["numeral"].isupper()]
    for one, other in zip(main_rows, main_rows[1:], strict=False):
        moved = [
            (a, b)
            for a, b in permutations(ALKALI, 2)
            if one.index(a) < one.index(b) and other.index(b) < other.index(a)
        ]
        assert len(moved) == 1 and all(size[b] < size[a] for a, b in moved)


def test_an_order_that_is_none_gets_the_nearest() -> None:
    found = sequence_of(values(("Li", "K", "Na", "Rb", "Cs")))
    assert found.swaps == 1 and found.numeral == "XI" and "no Eisenman sequence" in found.words


def test_neighbours_within_their_errors_are_not_told_apart() -> None:
    found = sequence_of({"K": (0.0, 0.0), "Rb": (1.0, 2.0), "Cs": (9.0, 2.0), "Na": (20.0, 2.0), "Li": (22.0, 2.0)})
    assert found.numeral == "IV" and found.unresolved == (("K", "Rb"), ("Na", "Li"))
    assert sequence_of({**values(ALKALI), "Cs": (None, None)}) is None


def test_each_ion_is_the_score_against_potassium() -> None:
    filter = ideal_filter("kcsa-like")
    series = ion_series(filter, ions=["Rb", "Na"], treatment="rigid")
    assert [r.ion for r in series.results] == ["Na", "K", "Rb"]
    for name in ("Na", "Rb"):
        score = score_filter(filter, ions=("K", name), **({**QUICK} | {"treatment": "rigid"}))
        result = next(r for r in series.results if r.ion == name)
        assert result.sites["S2"] == (score.site("S2").ddg_kj_mol, score.site("S2").ddg_error_kj_mol)
        assert result.permeability_ratio == pytest.approx(1.0 / score.permeability_ratio)
        low, high = score.permeability_ratio_interval
        assert result.permeability_ratio_interval == pytest.approx((1.0 / high, 1.0 / low))
    assert series.sequence is None  # three of five ions
    assert "eisenman1962" in series.sources


def test_a_broken_filter_has_no_ratios() -> None:
    series = ion_series(ideal_filter("collapsed-like"), ions=["Na"], treatment="rigid")
    assert not series.conductive and series.conductive_reason
    assert [r.permeability_ratio for r in series.results] == [None, None]


def test_the_force_field_and_the_scale_decide_which_ions_there_are() -> None:
    assert available_ions(None, force_field="charmm36", hydration="force-field")[0] == ("Li", "Na", "K", "Rb", "Cs")
    for hydration in ("force-field", "marcus"):
        assert available_ions(None, force_field="amber-lsm", hydration=hydration) == (SERIES, {})
    chosen, left_out = available_ions(None, force_field="amber-lsm", hydration="schmid")
    assert set(chosen) | set(left_out) == set(SERIES) and set(left_out) == {"Tl", "NH4"}
    assert all("scales with" in reason and "\n" not in reason for reason in left_out.values())


def test_the_hydration_leg_of_a_set_is_the_one_it_was_fitted_to() -> None:
    """Li, Song and Merz: the less an ion is hydrated, the larger it is, and the leg is Marcus's for every ion of the set."""
    field = force_field("amber-lsm")
    assert field.hydration == "marcus" and tuple(field.ions) == SERIES
    legs = [hydration_free_energy(ion, scale="marcus") for ion in ALKALI]
    assert legs == sorted(legs)
    assert [field.ion(ion).half_rmin for ion in ALKALI] == sorted(field.ion(ion).half_rmin for ion in ALKALI)
    assert field.groups["carbonyl"] == force_field("amber").groups["carbonyl"]


def test_ammonium_takes_the_only_bond_valence_there_is() -> None:
    assert (bond_valence_parameters("NH4").r0, bond_valence_parameters("NH4").b) == (2.226, 0.37)
    with pytest.raises(UnknownChoice, match="no gagne-hawthorne bond-valence parameters for NH4"):
        bond_valence_parameters("NH4", parameters="gagne-hawthorne")


def test_thallium_and_ammonium_are_scored_beside_potassium() -> None:
    series = ion_series(ideal_filter("kcsa-like"), ions=["Tl", "NH4"], treatment="rigid", force_field="amber-lsm")
    assert [r.ion for r in series.results] == ["K", "Tl", "NH4"] and not series.left_out
    tl, nh4 = (r.sites["S2"][0] for r in series.results[1:])
    # Tl+ is K+ but for 0.016 Å of radius and 5 kJ/mol of hydration: their sites hardly tell them apart
    assert abs(tl) < 10.0 and nh4 != tl


DRY_SITES = {"hydration_state": "dry", "rule": "sites", "target_error": 50.0}


@pytest.fixture(scope="module")
def short_series() -> tuple[Series, list[tuple[float, int]]]:
    calls: list[tuple[float, int]] = []
    with short_sampling():
        series = ion_series(
            ideal_filter("nak-like"), ions=["Rb", "Na"], treatment="thermal", **DRY_SITES,
            progress=lambda done, total: calls.append((done, total)),
        )  # fmt: skip
    return series, calls


def test_a_thermal_series_is_the_thermal_score_of_every_pair(
    short_series: tuple[Series, list[tuple[float, int]]],
) -> None:
    series, calls = short_series
    assert calls == sorted(calls) and calls[-1] == (2.0, 2)
    with short_sampling():
        score = score_filter(ideal_filter("nak-like"), ions=("K", "Na"), treatment="thermal", **DRY_SITES)
    sodium = next(r for r in series.results if r.ion == "Na")
    assert sodium.sites == {s.site: (s.ddg_kj_mol, s.ddg_error_kj_mol) for s in score.sites if s.dehydrated}
    assert (
        sodium.ddg_barrier_error_kj_mol
        == score.ddg_barrier_error_kj_mol
        > score.error_components_kj_mol["sampling"]
        > 0.0
    )
    assert (series.settings["rule"], series.settings["hydration_state"]) == ("sites", "dry")
    assert "shirts_chodera2008" in series.sources
    low, high = sodium.permeability_ratio_interval
    assert low < sodium.permeability_ratio < high
    assert sodium.permeability_ratio == pytest.approx(exp(-sodium.ddg_barrier_kj_mol / thermal_energy(298.15)))


def test_a_thermal_series_is_wet_and_queues_by_default() -> None:
    with short_sampling():
        series = ion_series(ideal_filter("nak-like"), ions=["Na"], treatment="thermal", target_error=50.0)
    assert (series.settings["rule"], series.settings["hydration_state"]) == ("queue", "accessible")


def test_the_potassium_of_a_thermal_series_is_exactly_itself(
    short_series: tuple[Series, list[tuple[float, int]]],
) -> None:
    series, _ = short_series
    potassium = next(r for r in series.results if r.ion == "K")
    assert set(potassium.sites.values()) == {(0.0, 0.0)} and potassium.permeability_ratio == 1.0


@pytest.mark.slow
def test_the_thermal_order_of_kcsa_is_that_of_potassium_channels(shared: Path) -> None:
    """Published: K > Rb > Cs > Na > Li (Eisenman IV); minima alone put Na+ before Cs+, within their errors."""
    series = ion_series(
        load_filter(shared / "structures" / "1K4C.pdb"), treatment="thermal", hydration_state="dry", rule="sites"
    )
    assert series.sequence.order[:2] == ("K", "Rb") and series.sequence.order[-1] == "Li"
    assert series.sequence.numeral == "IV" or {"Na", "Cs"} in [set(pair) for pair in series.sequence.unresolved]


REFUSED = [
    (["Xx"], {}, UnknownChoice, "unknown ion 'Xx'"),
    (["Tl"], {}, UnknownChoice, "no parameters in charmm36"),
    (["Tl"], {"force_field": "amber"}, UnknownChoice, "no hydration free energy of Tl"),
    (["Na"], {"treatment": "warm"}, UnknownChoice, "relaxed, rigid, thermal"),
    (["Ba"], {}, UnknownChoice, "a series takes Li"),
    (["K"], {}, OutOfRange, "besides K"),
    ([], {}, OutOfRange, "no ion"),
]


@pytest.mark.parametrize(("ions", "options", "kind", "words"), REFUSED)
def test_refusals(ions: list[str], options: dict, kind: type[SelectivityError], words: str) -> None:
    with pytest.raises(kind, match=words):
        ion_series(ideal_filter("kcsa-like"), ions=ions, **options)


def test_the_command_writes_the_same_numbers_everywhere(
    structures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {kind: tmp_path / f"series.{kind}" for kind in ("json", "csv", "svg")}
    words = ["--json", str(paths["json"]), "--csv", str(paths["csv"]), "--plot", str(paths["svg"])]
    assert main(["series", str(structures / "kcsa_like.pdb"), "--treatment", "rigid", *words]) == 0
    shown = capsys.readouterr().out
    payload = json.loads(paths["json"].read_text())
    with open(paths["csv"]) as stream:
        rows = list(csv.DictReader(stream))
    assert [row["ion"] for row in rows] == ["Li", "Na", "K", "Rb", "Cs"] == [row["ion"] for row in payload["rows"]]
    for row, entry in zip(rows, payload["rows"], strict=True):
        assert float(row["ddg_s2_kj_mol"]) == entry["ddg_s2_kj_mol"]
    assert " > ".join(payload["permeation_sequence"]["order"]) in shown
    assert "Tl left out" in shown and "NH4 left out" in shown
    assert "ΔΔG of binding, X − K⁺ (kJ/mol)" in paths["svg"].read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--ions", "Na,Xx"], 1, "unknown ion 'Xx'"),
        (["--ions", "K"], 1, "besides K"),
        (["--ions", "Tl"], 1, "amber and amber-lsm have it"),
        (["--sigma", "0"], 1, "0 < sigma <= 5"),
        (["--temperature", "100"], 1, "273 to 373"),
        (["--force-field", "opls"], 2, "charmm36"),
    ],
)
def test_the_command_refuses_in_one_line(
    structures: Path, words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["series", str(structures / "kcsa_like.pdb"), *words]) == status
    captured = capsys.readouterr()
    assert not captured.out and said in captured.err and len(captured.err.strip().splitlines()) == 1
