"""Which words are identifiers of PDB entries, and where does the archive keep each entry?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectivity.errors import UnknownChoice

_CLASSIC = re.compile(r"[1-9][a-z0-9]{3}")
_EXTENDED = re.compile(r"pdb_[a-z0-9]{8}")
_SAME_ENTRY = "pdb_0000"
"""An extended identifier that begins so names the same entry as its last four characters."""


@dataclass(frozen=True)
class Place:
    """Where an entry lies below the root of the archive: path, name of the file in the cache, format."""

    path: str
    name: str
    format: str


def is_entry_id(word: str) -> bool:
    """Whether a word is spelled like a PDB identifier: 1K4C, 1k4c, pdb_00001k4c.

    >>> [is_entry_id(word) for word in ("1K4C", "pdb_00001k4c", "kcsa.pdb", "0abc", "1K4")]
    [True, True, False, False, False]
    """
    return bool(_CLASSIC.fullmatch(word.lower()) or _EXTENDED.fullmatch(word.lower()))


def entry_id(word: str) -> str:
    """The identifier of a word in the spelling of the archive: four lower-case characters.

    Raises UnknownChoice for a word that is no identifier, and for an extended one without a four-character form, which
    the present layout of the archive has no place for.

    >>> entry_id("1K4C"), entry_id("PDB_00001K4C")
    ('1k4c', '1k4c')
    """
    spelled = word.strip().lower()
    if _EXTENDED.fullmatch(spelled) and spelled.startswith(_SAME_ENTRY):
        spelled = spelled.removeprefix(_SAME_ENTRY)
    if _CLASSIC.fullmatch(spelled):
        return spelled
    if _EXTENDED.fullmatch(spelled):
        raise UnknownChoice(
            f"{word}: an extended identifier without a four-character form, which the archive's folders do not hold; "
            "download its mmCIF file by hand and give the file"
        )
    raise UnknownChoice(
        f"{word}: no PDB identifier; a digit and three letters or digits (1K4C) or pdb_00001k4c is needed"
    )


def places(entry: str) -> tuple[Place, ...]:
    """Where to look for an entry, best first: mmCIF, which every entry has, then the older PDB format.

    >>> [place.path for place in places("1k4c")]
    ['structures/divided/mmCIF/k4/1k4c.cif.gz', 'structures/divided/pdb/k4/pdb1k4c.ent.gz']
    """
    middle = entry[1:3]
    return (
        Place(f"structures/divided/mmCIF/{middle}/{entry}.cif.gz", f"{entry}.cif.gz", "mmCIF"),
        Place(f"structures/divided/pdb/{middle}/pdb{entry}.ent.gz", f"pdb{entry}.ent.gz", "PDB"),
    )
