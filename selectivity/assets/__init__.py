"""Which scripts does a page bring along? The two that draw in a browser, whole and unchanged, so that a page needs no network.

| file | what it is | licence |
|---|---|---|
| ``3Dmol-min.js`` | 3Dmol.js 2.5.5 (npm ``3dmol``), molecules in WebGL | BSD-3-Clause, ``3Dmol-LICENSE.txt`` |
| ``plotly-basic.min.js`` | plotly.js 4.1.1 (npm ``plotly.js-basic-dist-min``), interactive plots | MIT, ``plotly-LICENSE.txt`` |
"""

from __future__ import annotations

from importlib.resources import files

MOLECULES = "3Dmol-min.js"
PLOTS = "plotly-basic.min.js"


def script(name: str) -> str:
    """The text of a script that ships with the package, by its file name.

    >>> "plotly.js" in script(PLOTS)[:200]
    True
    """
    return (files(__name__) / name).read_text(encoding="utf-8")
