"""`inspect`: the same numbers as the loader's, every refusal one line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from selectivity.cli import main
from selectivity.structure.load import load_filter


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def kcsa(shared: Path) -> Path:
    return shared / "structures" / "1K4C.pdb"


def test_text_says_what_was_found_and_how(capsys: pytest.CaptureFixture[str], kcsa: Path) -> None:
    code, text, errors = command(capsys, "inspect", kcsa)
    assert (code, errors) == (0, "")
    for expected in (
        "filter TVGYG from residue 75, four strands, 2.00 Å",
        "V76 O",
        "2.34",
        "S2",
        "K 1.00",
        "assembly 1",
    ):
        assert expected in text
    assert "\x1b" not in text


def test_json_and_csv_hold_the_loader_s_own_numbers(
    capsys: pytest.CaptureFixture[str], kcsa: Path, tmp_path: Path
) -> None:
    filter = load_filter(kcsa)
    code, text, _ = command(capsys, "inspect", kcsa, "--json", tmp_path / "f.json", "--csv", "-")
    assert code == 0
    found = json.loads((tmp_path / "f.json").read_text())
    assert [ring["radius_angstrom"] for ring in found["rings"]] == [ring.radius for ring in filter.rings]
    assert [ion["z_angstrom"] for ion in found["ions"]] == [ion.z for ion in filter.ions]
    assert [site["site"] for site in found["sites"]] == [site.name for site in filter.sites]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["z_angstrom"]) for row in rows] == [ring.z for ring in filter.rings]
    assert all("angstrom" in name for name in rows[0] if name in ("radius_angstrom", "z_angstrom"))


def test_pore_assembly_and_rings_reach_the_loader(capsys: pytest.CaptureFixture[str], shared: Path) -> None:
    folder = shared / "structures"
    code, text, _ = command(capsys, "inspect", folder / "3UKM.pdb", "--pore", "2")
    assert code == 0 and "pore 2 of 2 (chains C, D" in text
    code, text, errors = command(capsys, "inspect", folder / "3UKM.pdb")
    assert code == 0 and "2 pores in the file" in text and "choose with --pore" in " ".join(text.split())
    code, text, errors = command(capsys, "inspect", folder / "1K4C.pdb", "--assembly", "7")
    assert (code, text) == (1, "") and "no assembly '7'" in errors
    by_option = command(capsys, "inspect", folder / "1JNO.pdb", "--rings", "*:1:O", "--rings", "*:3:O")
    assert by_option[0] == 0 and "rings given by hand" in by_option[1]
    assert command(capsys, "inspect", folder / "1JNO.pdb", "--rings", "*:1:O; *:3:O") == by_option


def test_rings_given_by_hand_come_with_bond_valences(capsys: pytest.CaptureFixture[str], shared: Path) -> None:
    """Charged carboxylates have no energies; their bond valence can still be seen, with a calcium of the file for itself."""
    folder = shared / "structures"
    rings = "*:1178:OD1,*:1178:OD2;*:1177:OD1;*:1176:O"
    code, text, _ = command(capsys, "inspect", folder / "5KLG.pdb", "--rings", rings)
    assert code == 0
    found = load_filter(folder / "5KLG.pdb", rings=rings.split(";"))
    oxygens = found.positions[[atom for ring in found.rings for atom in ring.atoms]]
    calcium = next(ion for ion in found.ions if ion.site == "1")
    distances = ((oxygens - calcium.position) ** 2).sum(axis=1) ** 0.5
    # gagne_hawthorne2015: R0, B of Ca 1.907, 0.409; K 2.047, 0.398; Na 1.695, 0.420
    sums = [sum(2.718281828 ** ((r0 - distances) / b)) for r0, b in ((1.907, 0.409), (2.047, 0.398), (1.695, 0.420))]
    line = " ".join(text.split())
    assert "site seen from V(ion seen) V(K) V(Na)" in line
    assert "1 Ca of the file " + " ".join(f"{value:.2f}" for value in sums) in line
    assert "V(ion seen)" not in command(capsys, "inspect", folder / "1K4C.pdb")[1]
    empty = command(capsys, "inspect", folder / "4F4L.pdb", "--rings", "*:53:OE1;*:52:O")[1]
    assert "1 centre of the site - " in " ".join(empty.split())


def test_every_refusal_of_a_file_is_one_line(capsys: pytest.CaptureFixture[str], shared: Path, tmp_path: Path) -> None:
    binary, empty, text = tmp_path / "program.pdb", tmp_path / "empty.pdb", tmp_path / "notes.txt"
    binary.write_bytes(bytes(range(256)) * 20)
    empty.write_text("")
    text.write_text("milk, bread\n")
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    lysozyme, monomer = shared / "structures" / "9LYZ.pdb", shared / "structures" / "3HPL.pdb1"
    for source in (tmp_path / "missing.pdb", nothing, binary, empty, text, lysozyme, monomer):
        code, out, errors = command(capsys, "inspect", source)
        assert (code, out) == (1, ""), source
        assert errors.count("\n") == 1 and errors.startswith("error: ") and source.name in errors, errors
        assert "Traceback" not in errors and "bug" not in errors


def test_a_bad_file_in_the_middle_is_reported_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], shared: Path
) -> None:
    folder = shared / "structures"
    files = [folder / name for name in ("1K4C.pdb", "9LYZ.pdb", "3LDC_pdbtm.pdb")]
    code, text, errors = command(capsys, "inspect", *files, "--json", "-")
    assert code == 1
    assert [entry["first_residue"] for entry in json.loads(text)] == [75, 59]
    assert errors.startswith(f"error: {files[1]}: ") and errors.count("\n") == 1
    assert command(capsys, "inspect", *files, "--json", "-", "--jobs", "2") == (code, text, errors)
