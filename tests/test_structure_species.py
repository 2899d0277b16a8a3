"""Residue name and atom name together decide what an ion or a water is; look-alike names never do."""

from __future__ import annotations

import gemmi
import pytest

from selectivity.structure.residues import one_letter
from selectivity.structure.species import ion_species, is_water_oxygen, pdb_ion_name

IONS = [
    ("K", "K", "K"), ("K+", "K+", "K"), ("POT", "POT", "K"), ("ION", "K", "K"), ("k", "k", "K"), (" K ", "K", "K"),
    ("NA", "NA", "Na"), ("NA+", "NA+", "Na"), ("SOD", "SOD", "Na"), ("Na+", "Na+", "Na"), ("ION", "NA+", "Na"),
    ("CL", "CL", "Cl"), ("CLA", "CLA", "Cl"), ("Cl-", "Cl-", "Cl"), ("TL", "TL", "Tl"), ("RB", "RB", "Rb"),
    ("CS", "CS", "Cs"), ("CES", "CES", "Cs"), ("LI", "LI", "Li"), ("BA", "BA", "Ba"), ("SR", "SR", "Sr"),
    ("CA", "CA", "Ca"), ("CAL", "CAL", "Ca"), ("MG", "MG", "Mg"), ("ZN", "ZN", "Zn"), ("CD", "CD", "Cd"), ("NH4", "N", "NH4"),
]  # fmt: skip

NO_IONS = [
    ("LYS", "K"), ("K", "NZ"), ("GLY", "CA"), ("ALA", "CA"), ("CA", "CB"), ("GLU", "CD"), ("ILE", "CD"), ("TYR", "CL"),
    ("POT", "K2"), ("NA", "K"), ("K", "NA"), ("HOH", "O"), ("DUM", "N"), ("DUM", "O"), ("ION", "O"), ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("residue", "atom", "species"), IONS)
def test_ions(residue: str, atom: str, species: str) -> None:
    assert ion_species(residue, atom) == species


@pytest.mark.parametrize(("residue", "atom"), NO_IONS)
def test_no_ions(residue: str, atom: str) -> None:
    assert ion_species(residue, atom) is None


@pytest.mark.parametrize(("residue", "atom", "water"), [
    ("HOH", "O", True), ("WAT", "O", True), ("SOL", "OW", True), ("TIP3", "OH2", True), ("TIP3", "H1", False),
    ("SER", "O", False), ("HOH", "H1", False), ("DUM", "O", False), ("SOL", "MW", False),
])  # fmt: skip
def test_waters(residue: str, atom: str, water: bool) -> None:
    assert is_water_oxygen(residue, atom) is water


@pytest.mark.parametrize(("residue", "_atom", "species"), IONS)
def test_written_ions_are_read_again(residue: str, _atom: str, species: str) -> None:
    """The names chosen for a PDB file name the same ion, and fit its columns."""
    written_residue, written_atom, element = pdb_ion_name(species, residue)
    assert ion_species(written_residue, written_atom) == species
    assert len(written_residue) <= 4
    assert len(written_atom) <= 4
    assert gemmi.Element(element).atomic_number > 0


@pytest.mark.parametrize(("residue", "letter"), [
    ("GLY", "G"), ("HSD", "H"), ("HSP", "H"), ("HIE", "H"), ("CYX", "C"), ("MSE", "M"), ("TYF", "Y"), ("PTR", "Y"),
    ("DAL", "A"), ("K", "X"), ("POT", "X"), ("HOH", "X"), ("QQQ", "X"),
])  # fmt: skip
def test_letters(residue: str, letter: str) -> None:
    """A K+ ion is no lysine."""
    assert one_letter(residue) == letter
