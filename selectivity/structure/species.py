"""Which atom is an ion, which is a water? A table keyed on residue name and atom name, never on guessed elements.

Guessing goes wrong on real files: POT is read as polonium, SOD as sulphur, K as lysine, CA (calcium) as a C-alpha. An atom is
an ion only if its residue name *and* its atom name are known names of that ion.
"""

from __future__ import annotations

# Residue names and atom names in use for one species: wwPDB chemical components, CHARMM, AMBER, GROMACS/OPLS, GROMOS.
_ION_NAMES: dict[str, tuple[str, ...]] = {
    "Li": ("LI", "LI+", "LIT", "LI1+"),
    "Na": ("NA", "NA+", "SOD", "NA1+", "CIO"),
    "K": ("K", "K+", "POT", "K1+"),
    "Rb": ("RB", "RB+", "RUB", "RB1+"),
    "Cs": ("CS", "CS+", "CES", "CS1+"),
    "Tl": ("TL", "TL+", "TL1+"),
    "Mg": ("MG", "MG2", "MG2+", "MG+2"),
    "Ca": ("CA", "CAL", "CA2", "CA2+", "CA+2"),
    "Sr": ("SR", "SR2+", "SR+2"),
    "Ba": ("BA", "BAR", "BA2+", "BA+2"),
    "Zn": ("ZN", "ZN2", "ZN2+"),
    "Cd": ("CD", "CAD", "CD2", "CD2+"),
    "Cl": ("CL", "CL-", "CLA", "CL1-"),
}
# GROMOS and old GROMACS files put every ion into one residue name; the atom name then decides.
_COLLECTIVE_ION_RESIDUES = ("ION", "IONS")

_ION_OF_NAME = {name: species for species, names in _ION_NAMES.items() for name in names}
_AMMONIUM = {("NH4", "N"), ("NH4", "N1")}

_WATER_RESIDUES = frozenset(
    (
        "HOH",
        "WAT",
        "SOL",
        "H2O",
        "DOD",
        "TIP",
        "TIP2",
        "TIP3",
        "TIP4",
        "TIP5",
        "TP3",
        "TP4",
        "T3P",
        "T4P",
        "SPC",
        "SPCE",
        "OPC",
    )
)
_WATER_OXYGENS = frozenset(("O", "OW", "OH2", "OH", "O1", "OW1"))


def ion_species(residue_name: str, atom_name: str) -> str | None:
    """Chemical species ("K", "Na", "Tl", "NH4", ...) of an atom, or None when it is not an ion.

    >>> ion_species("POT", "POT"), ion_species("K", "K"), ion_species("ION", "K+")
    ('K', 'K', 'K')
    >>> ion_species("LYS", "K") is None, ion_species("GLY", "CA") is None
    (True, True)
    >>> ion_species("CA", "CA"), ion_species("SOD", "SOD"), ion_species("CLA", "CLA")
    ('Ca', 'Na', 'Cl')
    """
    residue, atom = residue_name.strip().upper(), atom_name.strip().upper()
    if (residue, atom) in _AMMONIUM:
        return "NH4"
    of_atom = _ION_OF_NAME.get(atom)
    if residue in _COLLECTIVE_ION_RESIDUES:
        return of_atom
    return of_atom if of_atom is not None and of_atom == _ION_OF_NAME.get(residue) else None


def is_water_oxygen(residue_name: str, atom_name: str) -> bool:
    """True for the oxygen of a water molecule.

    >>> is_water_oxygen("TIP3", "OH2"), is_water_oxygen("SOL", "OW"), is_water_oxygen("TIP3", "H1")
    (True, True, False)
    """
    return residue_name.strip().upper() in _WATER_RESIDUES and atom_name.strip().upper() in _WATER_OXYGENS


def pdb_ion_name(species: str, residue_name: str) -> tuple[str, str, str]:
    """Residue name, atom name and element to write for an ion; the residue name of the source is kept where it decides alone.

    >>> pdb_ion_name("K", "POT"), pdb_ion_name("Na", "ION"), pdb_ion_name("NH4", "NH4")
    (('POT', 'POT', 'K'), ('NA', 'NA', 'Na'), ('NH4', 'N', 'N'))
    """
    if species == "NH4":
        return "NH4", "N", "N"
    own = residue_name.strip().upper()
    kept = own if _ION_OF_NAME.get(own) == species else species.upper()
    return kept, kept, species
