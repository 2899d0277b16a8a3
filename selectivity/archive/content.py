"""Is this the entry that was asked for, and is it whole? Looked at before a download is kept."""

from __future__ import annotations

import re
from pathlib import Path

from selectivity.archive.download import EntryUnavailable
from selectivity.archive.obsolete import words_for
from selectivity.errors import FileUnreadable
from selectivity.files import unzipped

_COLUMNS_OF_ID = slice(62, 66)
"""Columns 63-66 of a HEADER record hold the identifier (PDB format 3.3)."""


def require_entry(path: Path, entry: str, kind: str, *, source: str) -> None:
    """Raise EntryUnavailable unless the file is the entry, whole, in the given format ("mmCIF" or "PDB").

    A whole mmCIF is one that gemmi parses to its end and that has atoms; a whole PDB file ends with END.
    """
    name = entry.upper()
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        raise EntryUnavailable(
            f"{name}: {source} sent no gzip file but {_glimpse(content)}; check SELECTIVITY_ARCHIVE_URL and your proxy"
        )
    try:
        text = unzipped(content, name).decode("utf-8", errors="replace")
    except FileUnreadable as damage:
        raise EntryUnavailable(f"{damage}; it came from {source} and was not kept") from None
    found = _mmcif_id(text, name, source) if kind == "mmCIF" else _pdb_id(text, name, source)
    if found.lower().removeprefix("pdb_0000") != entry:
        raise EntryUnavailable(
            f"{name}: {source} holds the entry {found or '(without a name)'}; check SELECTIVITY_ARCHIVE_URL"
        )


def _mmcif_id(text: str, name: str, source: str) -> str:
    import gemmi

    try:
        document = gemmi.cif.read_string(text)
        block = document.sole_block()
    except (RuntimeError, ValueError, IndexError) as damage:
        reason = " ".join(str(damage).split())[:100]
        raise EntryUnavailable(
            f"{name}: {source} is no mmCIF entry ({reason}); nothing was kept: try again later"
        ) from None
    if not block.find_values("_atom_site.Cartn_x"):
        raise EntryUnavailable(f"{name}: {source} has no atoms; the entry is of another kind: choose another one")
    found = _value(block.find_value("_entry.id"))
    withdrawn = block.find("_pdbx_database_PDB_obs_spr.", ["id", "pdb_id", "replace_pdb_id"])
    for row in withdrawn:
        if _value(row[0]).upper() == "OBSLTE" and _value(row[2]).lower() == found.lower():
            raise EntryUnavailable(
                words_for(found.lower(), tuple(_value(row[1]).upper().split()) if _value(row[1]) else ())
            )
    return found


def _value(raw: str | None) -> str:
    """A value of an mmCIF file without its quotes; "?" and "." are no value."""
    import gemmi

    return "" if raw is None or gemmi.cif.is_null(raw) else str(gemmi.cif.as_string(raw)).strip()


def _pdb_id(text: str, name: str, source: str) -> str:
    header = next((line for line in text.splitlines() if line.startswith("HEADER")), "")
    if not re.search(r"^(?:ATOM  |HETATM)", text, re.MULTILINE) or not re.search(
        r"^END\s*$", text[-200:], re.MULTILINE
    ):
        raise EntryUnavailable(f"{name}: {source} is no whole PDB file; nothing was kept: try again later")
    return header[_COLUMNS_OF_ID].strip()


def _glimpse(content: bytes) -> str:
    text = " ".join(content[:60].decode("utf-8", errors="replace").split())
    return f"{text[:40]!r}" if text else "nothing"
