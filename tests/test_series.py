"""Ion series: each ion is the score against K+, orders and their Eisenman names, what is left out, the command, refusals."""

from __future__ import annotations

import csv
import json
from itertools import permutations
from pathlib import Path

import pytest

from selectivity.cli import main
from selectivity.data import read_table
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.pipeline import score_filter
from selectivity.series import ALKALI, available_ions, ion_series, sequence_of
from selectivity.structure.ideal import ideal_filter


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
        score = score_filter(filter, ions=("K", name), treatment="rigid")
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
    chosen, left_out = available_ions(None, force_field="amber", hydration="marcus")
    assert "Tl" in chosen and all(left_out.values())
    assert set(chosen) | set(left_out) == {"Li", "Na", "K", "Rb", "Cs", "Tl", "NH4"}


REFUSED = [
    (["Xx"], {}, UnknownChoice, "unknown ion 'Xx'"),
    (["Tl"], {}, UnknownChoice, "no parameters in charmm36"),
    (["Tl"], {"force_field": "amber"}, UnknownChoice, "no hydration free energy of Tl"),
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
        (["--ions", "Tl"], 1, "amber has it"),
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
