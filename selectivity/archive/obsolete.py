"""What became of an entry that is no longer there? The archive's own list of withdrawn entries says."""

from __future__ import annotations

LIST = "status/obsolete.dat"
"""Path of the list below the root of the archive."""


def successors(text: str, entry: str) -> tuple[str, ...] | None:
    """What the list says of an entry: its successors (none: withdrawn without one), None for an entry that is not in it.

    A line is ``OBSLTE  date  entry  successor successor ...``.

    >>> listed = " LIST OF OBSOLETE COORDINATE ENTRIES\\nOBSLTE    31-JUL-94 116L     216L\\nOBSLTE    29-JAN-96 1HHB\\n"
    >>> successors(listed, "116l"), successors(listed, "1hhb"), successors(listed, "1k4c")
    (('216L',), (), None)
    """
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == "OBSLTE" and _short(words[2]) == entry:
            return tuple(_short(word).upper() for word in words[3:])
    return None


def words_for(entry: str, replaced_by: tuple[str, ...]) -> str:
    """The refusal of a withdrawn entry.

    >>> words_for("116l", ("216L",))
    '116L: withdrawn from the archive, superseded by 216L: ask for 216L'
    """
    name = entry.upper()
    if not replaced_by:
        return f"{name}: withdrawn from the archive without a successor: choose another entry"
    newer = " and ".join(replaced_by)
    return f"{name}: withdrawn from the archive, superseded by {newer}: ask for {replaced_by[-1]}"


def _short(word: str) -> str:
    return word.lower().removeprefix("pdb_0000")
