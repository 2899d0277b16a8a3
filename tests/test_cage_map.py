"""Free cages on the map: the oracle table through the public function, where sites are placed, the command and its refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from selectivity.cage_map import CageMap, cage_map, dipole_debye, place_sites
from selectivity.cli import main
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.pipeline import QUICK, score_filter
from selectivity.structure.ideal import ideal_filter

KCAL = 4.184
# FACTS 2.3, computed on a 0.005 Å grid with a gap of 17.5 kcal/mol: ddG with and without ligand-ligand repulsion, kcal/mol.
ORACLE = {4: (0.43, -2.99), 5: (-1.34, -8.12), 6: (-2.59, -13.24), 7: (1.04, -18.37), 8: (3.29, -23.49)}
DISTANCES = {4: (2.608, 2.253), 5: (2.627, 2.280), 6: (2.646, 2.305), 7: (2.687, 2.398), 8: (2.723, 2.465)}
CHARGES = {0.3: 4.9, 0.4: 3.5, 0.51: 3.3, 0.6: 4.2, 0.7: 6.1}
RIGID = {2.50: -7.7, 2.60: 3.1, 2.70: 9.4, 2.80: 13.1, 3.00: 16.5}


@pytest.fixture(scope="module")
def five_cages() -> CageMap:
    return cage_map(n_ligands=range(4, 9), hydration="schmid")


@pytest.mark.parametrize("n", ORACLE)
def test_the_oracle_table_with_and_without_repulsion(five_cages: CageMap, n: int) -> None:
    point = five_cages.point(n, 0.51)
    assert point.ddg_kj_mol / KCAL == pytest.approx(ORACLE[n][0], abs=0.05)
    assert point.ddg_without_repulsion_kj_mol / KCAL == pytest.approx(ORACLE[n][1], abs=0.05)
    assert point.distance_angstrom == pytest.approx(DISTANCES[n], abs=0.005)


def test_the_charge_scan_is_a_shallow_u() -> None:
    scan = cage_map(n_ligands=[8], charges=list(CHARGES), hydration="schmid")
    for charge, expected in CHARGES.items():
        assert scan.point(8, charge).ddg_kj_mol / KCAL == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("distance", RIGID)
def test_the_rigid_cage_of_the_textbook(distance: float) -> None:
    (point,) = cage_map(n_ligands=[8], distance=distance, hydration="schmid").points
    assert point.ddg_kj_mol / KCAL == pytest.approx(RIGID[distance], abs=0.06)
    # the repulsion of ligands that do not move is the same for both ions
    assert point.ddg_without_repulsion_kj_mol == pytest.approx(point.ddg_kj_mol, abs=1e-9)


def test_swapping_the_ions_turns_every_sign(five_cages: CageMap) -> None:
    swapped = cage_map(ions=("Na", "K"), n_ligands=[6], hydration="schmid").points[0]
    assert swapped.ddg_kj_mol == pytest.approx(-five_cages.point(6, 0.51).ddg_kj_mol)
    assert swapped.distance_angstrom == five_cages.point(6, 0.51).distance_angstrom[::-1]


def test_the_dipole_is_charge_times_bond() -> None:
    assert dipole_debye(1.0) == pytest.approx(4.80320 * 1.23, rel=1e-5)


def test_sites_stand_beside_the_cage_of_as_many_ligands() -> None:
    score = score_filter(ideal_filter("flipped-like"), hydration="schmid", **({**QUICK} | {"treatment": "rigid"}))
    placed = {site.site: site for site in place_sites(score)}
    assert set(placed) == {s.site for s in score.sites if s.dehydrated and s.formed}
    assert {site.coordination_number for site in placed.values()} == {7, 8}
    for name, site in placed.items():
        assert site.ddg_kj_mol == score.site(name).ddg_kj_mol
        assert site.cage_ddg_kj_mol / KCAL == pytest.approx(ORACLE[site.coordination_number][0], abs=0.05)


REFUSED = [
    ({"n_ligands": []}, OutOfRange, "empty map"),
    ({"n_ligands": [0]}, OutOfRange, "0 ligands: a whole number from 1 to 12"),
    ({"n_ligands": [13]}, OutOfRange, "1 to 12"),
    ({"n_ligands": [4.5]}, OutOfRange, "4.5 ligands"),
    ({"charges": []}, OutOfRange, "empty map"),
    ({"charges": [0.0]}, OutOfRange, "0 < charge <= 1.5"),
    ({"distance": 9.0}, OutOfRange, "1.3 to 6.0"),
    ({"ions": ("K", "Qq")}, UnknownChoice, "unknown ion 'Qq'"),
    ({"ions": ("K", "K")}, UnknownChoice, "two different"),
    ({"ions": ("K", "NH4")}, UnknownChoice, "NH4"),
    ({"temperature": 100.0}, OutOfRange, "273 to 373"),
    ({"charges": [i / 1000 for i in range(1, 1001)]}, OutOfRange, "at most 2000"),
]


@pytest.mark.parametrize(("options", "kind", "words"), REFUSED)
def test_refusals(options: dict, kind: type[SelectivityError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        cage_map(**options)
    assert "\n" not in str(caught.value)


def test_a_point_off_the_map_is_refused(five_cages: CageMap) -> None:
    with pytest.raises(UnknownChoice, match=r"4 to 8 ligands with 0\.51 e"):
        five_cages.point(9, 0.51)


def test_the_command_writes_the_same_numbers_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {kind: tmp_path / f"cage.{kind}" for kind in ("json", "csv", "svg")}
    words = ["--json", str(paths["json"]), "--csv", str(paths["csv"]), "--plot", str(paths["svg"])]
    assert main(["cage", "--ligands", "6:8:1", "--hydration", "schmid", *words]) == 0
    shown = capsys.readouterr().out
    payload = json.loads(paths["json"].read_text())
    with open(paths["csv"]) as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["n_ligands"]) for row in rows] == [6, 7, 8]
    for row, entry in zip(rows, payload["rows"], strict=True):
        assert float(row["ddg_kj_mol"]) == entry["ddg_kj_mol"]
        assert f"{entry['ddg_kj_mol']:.1f}" in shown
    assert "ΔΔG, Na⁺ − K⁺ (kJ/mol)" in paths["svg"].read_text()


def test_a_structure_is_placed_on_the_map(structures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "map.svg"
    charges = ["--ligands", "6,8", "--charge", "0.4,0.51"]
    file = str(structures / "kcsa_like.pdb")
    assert main(["cage", *charges, "--structure", file, "--plot", str(picture), "--json", "-"]) == 0
    payload = json.loads(capsys.readouterr().out)
    assert [site["site"] for site in payload["sites"]] == ["S4", "S3", "S2", "S1"]
    assert "carbonyl dipole (D)" in picture.read_text() and "S2" in picture.read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--ligands", "0:3:1"], 1, "0 ligands"),
        (["--ligands", "5:3:1"], 1, "LAST must not be below FIRST"),
        (["--charge", "-0.3"], 1, "0 < charge <= 1.5"),
        (["--ions", "K,Qq"], 1, "unknown ion 'Qq'"),
        (["--ions", "K"], 2, "two different ions"),
        (["--distance", "0.5"], 1, "1.3 to 6.0"),
        (["--structure", "nowhere.pdb"], 1, "nowhere.pdb"),
    ],
)
def test_the_command_refuses_in_one_line(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cage", *words]) == status
    captured = capsys.readouterr()
    assert not captured.out and said in captured.err and len(captured.err.strip().splitlines()) == 1
