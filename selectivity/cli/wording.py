"""How does a message of the library read to somebody who types options? `pore=` is `--pore` on the command line."""

from __future__ import annotations

import re

_KEYWORDS = (
    "assembly",
    "pore",
    "altloc",
    "rings",
    "force",
    "sigma",
    "treatment",
    "force_field",
    "hydration",
    "hydration_state",
    "temperature",
    "rule",
    "cell",
    "ions",
)
_SIDE = re.compile(r"\b(outside|inside)=\{'(\w+)': \.\.\.\}")
_VALENCE = re.compile(r"pass valence=\{'[^']*': charge\}")
_KEYWORD = re.compile(rf"\b({'|'.join(_KEYWORDS)})=(?:True\b)?")


def in_options(message: str) -> str:
    """The message on one line, with keyword arguments of the library written as options of the command line.

    >>> in_options("two pores found; choose with pore=, or pass force=True")
    'two pores found; choose with --pore, or pass --force'
    >>> in_options("hydration_state='water' is not known")
    "--hydration-state 'water' is not known"
    >>> in_options("PDB (.pdb, .ent): check")
    'PDB (.pdb, .ent): check'
    >>> in_options("Ca: no concentration inside: add inside={'Ca': ...} in mM (0 is allowed)")
    'Ca: no concentration inside: add --in Ca=... in mM (0 is allowed)'
    """
    text = _SIDE.sub(lambda match: f"--{match[1].removesuffix('side')} {match[2]}=...", " ".join(message.split()))
    text = _VALENCE.sub("check its spelling (K, Na, Cl, Ca, ...)", text.replace("diameter_um", "--diameter"))
    return _KEYWORD.sub(_option, text)


def _option(match: re.Match[str]) -> str:
    following = match.string[match.end() : match.end() + 1]
    value_follows = not match[0].endswith("True") and following not in ("", " ", ",", ";", ".", ")")
    return f"--{match[1].replace('_', '-')}" + (" " if value_follows else "")
