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
_KEYWORD = re.compile(rf"\b({'|'.join(_KEYWORDS)})=(?:(True)\b)?")


def in_options(message: str) -> str:
    """The message on one line, with keyword arguments of the library written as options of the command line.

    >>> in_options("two pores found; choose with pore=, or pass force=True")
    'two pores found; choose with --pore, or pass --force'
    >>> in_options("hydration_state='water' is not known")
    "--hydration-state 'water' is not known"
    """
    spelled = _KEYWORD.sub(_option, " ".join(message.split()))
    return re.sub(r" +([,;.)])", r"\1", spelled).rstrip()


def _option(match: re.Match[str]) -> str:
    name = match[1].replace("_", "-")
    return f"--{name}" if match[2] else f"--{name} "
