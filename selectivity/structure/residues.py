"""What is the one-letter code of a residue, also of a modified one?"""

from __future__ import annotations

from functools import lru_cache

import gemmi

# Names that force fields and modifications use and gemmi's chemical table does not know (protonation states, CHARMM/AMBER).
_FORCE_FIELD_NAMES = {
    "HSD": "H", "HSE": "H", "HSP": "H", "HID": "H", "HIE": "H", "HIP": "H", "CYX": "C", "CYM": "C",
    "ASH": "D", "ASPP": "D", "GLH": "E", "GLUP": "E", "LYN": "K", "LSN": "K", "TYM": "Y", "TYF": "Y",
}  # fmt: skip


@lru_cache(maxsize=1024)
def one_letter(residue_name: str) -> str:
    """One-letter code of an amino acid, upper case for modified ones too; "X" for what is unknown.

    >>> one_letter("TYR"), one_letter("PTR"), one_letter("DAL"), one_letter("HSP"), one_letter("K")
    ('Y', 'Y', 'A', 'H', 'X')
    """
    if residue_name in _FORCE_FIELD_NAMES:
        return _FORCE_FIELD_NAMES[residue_name]
    entry = gemmi.find_tabulated_residue(residue_name)
    letter = entry.one_letter_code.strip().upper() if entry.is_amino_acid() else ""
    return letter or "X"
