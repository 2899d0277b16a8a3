"""How a score reads: digits end at the error, nothing without its interval, every verdict in words. Invented numbers on purpose:
these tests are about the rendering, so the score is made by hand and no physics stands behind it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from selectivity.report.balance import balance_document, balance_rows
from selectivity.report.document import Block, Table, plain
from selectivity.report.numbers import error_decimals, interval, with_error
from selectivity.report.score import score_document, score_rows, summary_table
from selectivity.score import (
    AffinityScore,
    CoordinateError,
    FilterScore,
    MembraneScore,
    ProfileScore,
    RuleScore,
    SiteScore,
)
from selectivity.structure.filter import Filter, FilterAtom, FilterIon, Provenance, Ring, Site


def invented_filter() -> Filter:
    atoms = tuple(
        FilterAtom("O", "O", "VAL", 76, "", "A", strand, 1, 16.0, 1.0, 0) for ring in range(2) for strand in range(4)
    )
    angles = np.radians([0.0, 90.0, 180.0, 270.0])
    ring = np.stack([2.34 * np.cos(angles), 2.34 * np.sin(angles), np.zeros(4)], axis=1)
    return Filter(
        signature="TVGYG",
        first_residue=75,
        n_strands=4,
        atoms=atoms,
        positions=np.concatenate([ring, np.add(ring, [0.0, 0.0, 3.0])]),
        axis_origin=np.zeros(3),
        axis_direction=np.array([0.0, 0.0, 1.0]),
        rings=(
            Ring("V76 O", "carbonyl", (0, 1, 2, 3), 2.34, 0.0),
            Ring("G77 O", "carbonyl", (4, 5, 6, 7), 2.33, 3.0),
        ),
        sites=(Site("S2", 0, 1, 0.0, 3.0, 1.8, True, "cage"), Site("S0", 1, None, 3.0, 8.0, 4.0, False, "mouth")),
        ions=(FilterIon("K", "K", (0.0, 0.0, 1.6), 1.6, 0.0, "S2", 1.0, 16.0, 4),),
        waters=(),
        provenance=Provenance("made.pdb", "PDB", "assembly 1", "none", "1", ("chain C x4",), 21, "", 2.0),
    )


SHEET_K = {
    "dehydration": 332.9, "ion_ligand_electrostatics": -520.0, "ion_ligand_lennard_jones": 60.0, "ligand_ligand": 90.0,
    "strain": 3.0, "walls": 0.0, "total": -34.1,
}  # fmt: skip
SHEET_NA = {
    "dehydration": 410.7, "ion_ligand_electrostatics": -560.0, "ion_ligand_lennard_jones": 50.0, "ligand_ligand": 75.0,
    "strain": 12.0, "walls": 0.0, "total": -12.3,
}  # fmt: skip


def invented_site(name: str = "S2", **changes: object) -> SiteScore:
    difference = {term: SHEET_NA[term] - SHEET_K[term] for term in SHEET_K}
    site = SiteScore(
        site=name,
        formed=True,
        reason="",
        dehydrated=True,
        coordination_number=8,
        mean_distance_angstrom=2.7734,
        distance_spread_angstrom=0.0712,
        coordination_point="the ion seen in the file",
        ring_radii_angstrom=(2.34, 2.33),
        bond_valence={"K": 1.412, "Na": 0.583},
        ddg_kj_mol=21.8431,
        ddg_error_kj_mol=1.24,
        error_components_kj_mol={"coordinates": 1.1},
        terms_kj_mol={"K": SHEET_K, "Na": SHEET_NA, "difference": difference},
        basin={"K": "cage", "Na": "plane V76 O"},
        ion_z_angstrom={"K": 1.5, "Na": 0.1},
        at_wall={"K": False, "Na": False},
    )
    return replace(site, **changes)  # type: ignore[arg-type]


def invented_score(**changes: object) -> FilterScore:
    score = FilterScore(
        version="0.1.0",
        file="made.pdb",
        treatment="relaxed",
        ion_pair=("K", "Na"),
        temperature_k=298.15,
        sigma_angstrom=0.30,
        force_field="charmm36",
        hydration="force-field",
        hydration_state="dry",
        rule="profile",
        access_length_angstrom=10.0,
        k_profile=None,
        neighbours=None,
        seed=0,
        filter=invented_filter(),
        conductive=True,
        conductive_reason="S2 is formed",
        forced=False,
        sites=(invented_site(), invented_site("S0", dehydrated=False, ddg_kj_mol=None, ddg_error_kj_mol=None)),
        profile=ProfileScore((0.0, 3.0), (1.0, 2.0), {"K": (0.0, 0.0), "Na": (1.0, 2.0)}, (0.0, 3.0), {"K": 0.0, "Na": 0.0}),
        ddg_barrier_kj_mol=20.1234,
        ddg_barrier_error_kj_mol=4.321,
        error_components_kj_mol={"coordinates": 1.1, "hydration": 2.2, "k_profile": None},
        permeability_ratio=3365.0,
        permeability_ratio_interval=(110.4, 102_345.0),
        interval_level=0.95,
        rules={"sites": RuleScore(21.0, 4789.0, (150.0, 152_000.0)), "rate-limiting": RuleScore(22.0, 7170.0, None)},
        at_measured_affinity=AffinityScore(8.0, 25.2, (2.0, 310.0), -20.08, 10.46),
        queue=None,
        coordinate_error=CoordinateError("Cruickshank DPI", False, 0.132),
        membrane=MembraneScore(
            "neuron", -88.96, (-89.05, -85.1), -69.4, (-69.9, -68.0), "P_Na 0.04 of P_K", -0.031, "insensitive",
            {"K": -89.06, "Na": 60.63},
        ),
        warnings=("S4 is open to the cavity",),
        sources=("shannon1976",),
    )  # fmt: skip
    return replace(score, **changes)  # type: ignore[arg-type]


def text_of(blocks: list[Block]) -> str:
    return " ".join(plain(blocks).split())


def test_the_chain_is_on_one_screen_with_every_interval() -> None:
    blocks = score_document(invented_score())
    text = text_of(blocks)
    assert len(plain(blocks).splitlines()) <= 50
    for expected in (
        "made.pdb: filter TVGYG from residue 75, four strands, 2.00 Å",
        "S2 K 1.00",
        "21.8 ± 1.2",
        "rule profile: ddG‡ 20 ± 4 kJ/mol, P_K/P_Na 3000 (95 %: 110 to 1.0e5)",
        "rule sites 5000 (95 %: 150 to 1.5e5)",
        "at the measured affinity (wells -20.1, barriers 10.5 kJ/mol) 30 (95 %: 2.0 to 310)",
        "E_K -89.1, E_Na 60.6 mV",
        "insensitive",
        "warning: S4 is open to the cavity",
        "a permeability ratio is not a conductance ratio",
        "sources: shannon1976",
    ):
        assert expected in text, f"{expected!r} not in\n{plain(blocks)}"


def test_the_measured_affinity_is_that_of_k_whatever_the_order_of_the_pair() -> None:
    swapped = invented_score(ion_pair=("Na", "K"))
    assert "W_K at the measured affinity" in text_of(score_document(swapped))


def test_a_ratio_without_interval_is_not_printed() -> None:
    text = text_of(score_document(invented_score()))
    assert "7170" not in text and "7200" not in text
    bare = invented_score(permeability_ratio_interval=None)
    assert "3000" not in text_of(score_document(bare)) and "3365" not in text_of(score_document(bare))


def test_an_interval_without_ratio_is_printed_alone() -> None:
    text = text_of(score_document(invented_score(permeability_ratio=None)))
    assert "P_K/P_Na between 110 and 1.0e5 (95 %)" in text


def test_not_conductive_says_why_and_gives_no_ratio() -> None:
    broken = invented_site(formed=False, reason="1 oxygen within 3.5 Å, 6 needed", ddg_kj_mol=None, terms_kj_mol=None)
    nothing = MembraneScore("neuron", None, None, None, None, "", None, None, {"K": -89.06, "Na": 60.63})
    score = invented_score(
        sites=(broken,), conductive=False, conductive_reason="S2 is not formed between S1 and S3",
        ddg_barrier_kj_mol=None, ddg_barrier_error_kj_mol=None, permeability_ratio=None,
        permeability_ratio_interval=None, membrane=nothing, rules={}, at_measured_affinity=None,
    )  # fmt: skip
    text = text_of(score_document(score))
    assert "not conductive" in text and "S2 is not formed between S1 and S3" in text
    assert "P_K/P_Na is undefined" in text and "V_m is undefined" in text
    assert "site: S2 is not formed: 1 oxygen within 3.5 Å, 6 needed" in text
    forced = replace(score, forced=True, permeability_ratio=40.0, permeability_ratio_interval=(2.0, 800.0))
    assert "computed from the surviving sites" in text_of(score_document(forced))


def test_an_ion_held_by_a_wall_is_marked() -> None:
    touching = invented_site(at_wall={"K": False, "Na": True})
    assert "plane V76 O (wall)" in text_of(score_document(invented_score(sites=(touching,))))
    assert "belongs to the wall" in text_of(balance_document(invented_score(), touching))


def test_balance_sheet_in_words_closes() -> None:
    score, site = invented_score(), invented_site()
    blocks = balance_document(score, site)
    text = text_of(blocks)
    assert "ddG 21.8 ± 1.2 kJ/mol: prefers K+" in text
    assert "K+ pays 332.9 kJ/mol to leave water and the site pays back 367.0, resting in the cage." in text
    assert "Na+ pays 77.8 kJ/mol more than K+ for the water; the site pays it 56.0 more, 21.8 short of it." in text
    table = next(block for block in blocks if isinstance(block, Table))
    columns = np.array([[float(cell) for cell in row[1:]] for row in table.rows])
    assert np.allclose(columns[:-1].sum(axis=0), columns[-1], atol=0.5)
    assert np.allclose(columns[:, 1] - columns[:, 0], columns[:, 2], atol=0.11)


def test_a_preference_within_its_error_says_so() -> None:
    weak = invented_site(ddg_kj_mol=-1.0, ddg_error_kj_mol=2.0)
    assert "prefers Na+, not beyond its error" in text_of(balance_document(invented_score(), weak))


def test_a_site_without_energies_still_has_its_geometry() -> None:
    text = text_of(balance_document(invented_score(), invented_site(terms_kj_mol=None, ddg_kj_mol=None)))
    assert "8 oxygens at 2.77 Å" in text and "no energies" in text


def test_rows_are_tidy_and_at_full_precision() -> None:
    rows = score_rows(invented_score())
    assert [row["site"] for row in rows] == ["S2", "S0"]
    assert rows[0]["ddg_kj_mol"] == 21.8431 and rows[1]["ddg_kj_mol"] is None
    assert rows[0]["ddg_dehydration_kj_mol"] == pytest.approx(77.8)
    assert {row["permeability_ratio"] for row in rows} == {3365.0}
    quantities = re.compile(r"ddg|distance|temperature|resolution|^v_")
    units = re.compile(r"_(kj_mol|angstrom|k|mv)$")
    assert [name for name in rows[0] if quantities.search(name) and not units.search(name)] == []
    terms = balance_rows(invented_score(), [invented_site()])
    assert sum(row["difference_kj_mol"] or 0.0 for row in terms[:-1]) == pytest.approx(terms[-1]["difference_kj_mol"])


def test_many_files_get_a_line_each() -> None:
    table = summary_table([invented_score(), invented_score(file="other.pdb", conductive=False)])
    assert [row[0] for row in table.rows] == ["made.pdb", "other.pdb"]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert [row[3] for row in table.rows] == ["yes", "no"]


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (21.3456, 0.62, "21.3 ± 0.6"),
        (21.3456, 0.0234, "21.346 ± 0.023"),
        (21.3456, 12.4, "21 ± 12"),
        (1234.5, 340.0, "1200 ± 300"),
        (-0.04, 3.4, "0 ± 3"),
        (5.0, 0.0, "5.0 ± 0"),
        (5.04, float("nan"), "5.0 (error unknown)"),
        (None, 1.0, "-"),
    ],
)
def test_printed_digits_end_where_the_error_begins(value: float | None, error: float, shown: str) -> None:
    assert with_error(value, error) == shown


def test_an_error_keeps_its_size_when_rounded() -> None:
    for error in np.geomspace(1e-4, 1e4, 401):
        assert round(error, error_decimals(error)) == pytest.approx(error, rel=0.2)


def test_intervals_are_ordered_and_asymmetric() -> None:
    assert interval(412.3, (31.2, 5450.0)) == "400 (95 %: 31 to 5400)"
    assert interval(0.02, (1e-7, 3e3)) == "0.02 (95 %: 1.0e-7 to 3000)"
