"""One style for all pictures: colours that survive colour blindness and a photocopier, sizes, and how axes are made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.files import atomic_path

INK = "#222222"
QUIET = "#767676"
PALE = "#D5D5D5"

# Okabe and Ito's palette (colour-blind safe), taken so that neighbours in a picture also differ in lightness.
ION_COLOURS: Mapping[str, str] = {
    "K": "#7B3F94",
    "Na": "#E69F00",
    "Rb": "#0072B2",
    "Cs": "#009E73",
    "Li": "#CC79A7",
    "Tl": "#56B4E9",
}
TERM_COLOURS: Mapping[str, str] = {
    "dehydration": "#0072B2",
    "ion_ligand_electrostatics": "#E69F00",
    "ion_ligand_lennard_jones": "#F0E442",
    "ligand_ligand": "#009E73",
    "strain": "#CC79A7",
    "walls": "#767676",
    "entropy": "#56B4E9",
}
TERM_HATCHES: Mapping[str, str] = {
    "dehydration": "",
    "ion_ligand_electrostatics": "////",
    "ion_ligand_lennard_jones": "....",
    "ligand_ligand": "\\\\\\\\",
    "strain": "xxxx",
    "walls": "",
    "entropy": "----",
}
FIRST_COLOUR = "#0B4F8A"
SECOND_COLOUR = "#D55E00"
SHADE = "#DCE8F2"

SINGLE_COLUMN_MM = 88.0
"""Width of one column of a journal, mm (Nature 89, PNAS 87, Biophys J 85: one figure that fits all is a little narrow for none)."""
DOUBLE_COLUMN_MM = 178.0
"""Width of a page of two columns, mm (Nature 183, PNAS 178, Biophys J 178)."""
MM_PER_INCH = 25.4

RC: Any = {
    "font.size": 9.0,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "white",
    "figure.facecolor": "white",
    "figure.dpi": 110.0,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "savefig.dpi": 150.0,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def drawing(ax: Axes | None, size: tuple[float, float] = (5.0, 3.6)) -> Iterator[Axes]:
    """The axes to draw on, in the style of the package; without ``ax`` those of a new pyplot figure of ``size`` inches."""
    with mpl.rc_context(RC):
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=size, layout="constrained")[1]
        ax.spines[["top", "right"]].set_visible(False)
        yield ax


def column_figure(width_mm: float = SINGLE_COLUMN_MM, height_mm: float | None = None) -> tuple[Figure, Axes]:
    """A figure of a journal's width (mm) with one axes in the style of the package; no display and no pyplot are needed.

    The height is three quarters of the width, of a double column three eighths, unless it is given. Saved as SVG or PDF its words stay
    words.

    >>> figure, ax = column_figure(DOUBLE_COLUMN_MM, 70.0)
    >>> [round(MM_PER_INCH * inches) for inches in figure.get_size_inches()]
    [178, 70]
    """
    if height_mm is None:
        height_mm = (0.75 if width_mm <= SINGLE_COLUMN_MM else 0.375) * width_mm
    with mpl.rc_context(RC):
        figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")
        return figure, figure.subplots()


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure whole or not at all; the extension gives the format (svg, pdf: words stay words; png). Raises FileUnwritable."""
    with mpl.rc_context(RC), atomic_path(path) as temporary:
        figure.savefig(temporary)


def ion_label(ion: str) -> str:
    """An ion with its charge for labels, "K" -> "K⁺".

    >>> ion_label("Na")
    'Na⁺'
    """
    return f"{ion}{'²⁺' if ion in ('Mg', 'Ca', 'Sr', 'Ba') else '⁺'}"
