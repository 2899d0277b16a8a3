"""What would a filter look like on paper? Five idealised filters, built from published dimensions without any file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from selectivity.data import Row, read_table
from selectivity.errors import UnknownChoice, hint
from selectivity.files import write_text
from selectivity.structure.build import filter_from_strands
from selectivity.structure.filter import Filter
from selectivity.structure.ideal_geometry import GeometryReport, geometry_report
from selectivity.structure.ideal_strand import ideal_strands
from selectivity.structure.parts import FilterAtom, FilterIon, Provenance, Vector
from selectivity.structure.pdb_text import pdb_text
from selectivity.structure.solvent import SeenAtom

IDEAL_FILTERS = tuple(row["name"] for row in read_table("ideal_strand_filters"))
"""Names of the bundled filters: kcsa-like, nak-like, collapsed-like, dilated-like, flipped-like."""

B_FACTOR = 17.0
"""Å²; the middle of the 15 to 19 Å² that 1K4C (Zhou et al. 2001) reports for the atoms of the filter."""

_CHAINS = "ABCD"


def ideal_filter(name: str) -> Filter:
    """One of the bundled idealised filters as a `Filter`, Å, pore along z, z = 0 in the plane of the second carbonyl ring.

    It equals ``load_filter`` of the file that `build_pdb` writes. Raises `UnknownChoice`, naming the nearest filter.
    Dimensions: rounded from PDB 1K4C (zhou2001) and as data/ideal_strand*.csv say row by row.

    >>> [round(ring.radius, 2) for ring in ideal_filter("kcsa-like").rings]
    [2.65, 2.25, 2.35, 2.35, 2.55, 4.8]
    """
    return _ideal_filter(_known(name))


@cache
def _ideal_filter(name: str) -> Filter:
    inside = [(atom, where) for atom, where in _atoms(name) if 0 <= atom.residue_index < _signature_length(name)]
    seen = [SeenAtom(i.name, i.residue_name, np.array(i.position), i.occupancy, i.b_factor) for i in _ions(name)]
    pore = f"chains {', '.join(_CHAINS)}"
    provenance = Provenance(
        source=f"ideal filter {name}",
        format="built",
        assembly="as built",
        altloc="none",
        pore="1",
        pores_found=(pore,),
        merged_copies=0,
        title=_title(name),
        resolution_angstrom=_resolution(name),
        notes=(" ".join(_remarks(name)),),
    )
    return filter_from_strands(
        [atom for atom, _ in inside], np.array([where for _, where in inside]), ions=seen, provenance=provenance
    )


def build_pdb(name: str) -> str:
    """A bundled filter as PDB text: chains A to D, one residue of stub atoms at either end, K+ in chain E.

    The same text every time and on every machine. Raises `UnknownChoice` as `ideal_filter` does.

    >>> print(build_pdb("nak-like").splitlines()[0].rstrip())
    TITLE     IDEALISED FILTER NAK-LIKE: TWO SITES AND A VESTIBULE AS IN
    """
    name = _known(name)
    atoms = _atoms(name)
    text = pdb_text(
        [atom for atom, _ in atoms],
        np.array([where for _, where in atoms]),
        _ions(name),
        (),
        title=_title(name).upper().replace("Å", "A"),
        resolution=_resolution(name),
    )
    lines = text.splitlines()
    titles = sum(line.startswith("TITLE") for line in lines)
    head = next(number for number, line in enumerate(lines) if line.startswith("ATOM"))
    kind = f"{'EXPDTA    THEORETICAL MODEL':<80}"
    remarks = [f"{f'REMARK   6 {line}':<80}" for line in _remarks(name)]
    return "\n".join([*lines[:titles], kind, *lines[titles:head], *remarks, *lines[head:]]) + "\n"


def write_structures(folder: str | Path) -> list[Path]:
    """Write every bundled filter to ``folder`` as kcsa_like.pdb and so on; returns the paths."""
    paths = []
    for name in IDEAL_FILTERS:
        path = Path(folder) / f"{name.replace('-', '_')}.pdb"
        write_text(path, build_pdb(name))
        paths.append(path)
    return paths


def ideal_geometry(name: str) -> tuple[GeometryReport, ...]:
    """How far each strand of a bundled filter is from standard peptide geometry (Engh & Huber 1991), with its neighbours.

    >>> max(report.angle for report in ideal_geometry("kcsa-like")) < 8.0
    True
    """
    strands = ideal_strands(_known(name))
    return tuple(
        geometry_report(keys, where, strands.residues, [o for t, o in enumerate(strands.positions) if t != s])
        for s, (keys, where) in enumerate(zip(strands.keys, strands.positions, strict=True))
    )


def _known(name: str) -> str:
    wanted = name.strip().lower().replace("_", "-").removesuffix(".pdb")
    if wanted in IDEAL_FILTERS:
        return wanted
    raise UnknownChoice(f"no ideal filter {name!r}; there are {', '.join(IDEAL_FILTERS)}{hint(wanted, IDEAL_FILTERS)}")


def _row(name: str) -> Row:
    return next(row for row in read_table("ideal_strand_filters") if row["name"] == name)


def _title(name: str) -> str:
    return f"Idealised filter {name}: {_row(name)['title']}"


def _resolution(name: str) -> float | None:
    """Resolution (Å) of the structure that lent its dimensions: an idealised filter is known no better than that one."""
    cell = _row(name)["resolution_angstrom"]
    return float(cell) if cell else None


def _signature_length(name: str) -> int:
    return len(_row(name)["residues"].split()) - 2


def _atoms(name: str) -> list[tuple[FilterAtom, Vector]]:
    """Every atom of the file, stubs included, with its position (3,); numbered as the reader of the file numbers them."""
    strands = ideal_strands(name)
    first = int(_row(name)["first_number"])
    everything: list[tuple[FilterAtom, Vector]] = []
    for s, (keys, positions) in enumerate(zip(strands.keys, strands.positions, strict=True)):
        for (residue, atom), where in zip(keys, positions, strict=True):
            names = (atom, atom[0], strands.residues[residue], first + residue, "", _CHAINS[s])
            everything.append((FilterAtom(*names, s, residue, B_FACTOR, 1.0, len(everything)), where))
    return everything


def _ions(name: str) -> list[FilterIon]:
    return [
        FilterIon(row["ion"], row["ion"].upper(), (0.0, 0.0, z), z, 0.0, row["site"], occupancy, B_FACTOR, 1)
        for row in read_table("ideal_strand_ions")
        if row["filter"] == name
        for z, occupancy in [(float(row["z_angstrom"]), float(row["occupancy_fraction"]))]
    ]


def _remarks(name: str) -> Iterator[str]:
    text = (
        "Idealised, not a deposition. Built by the Python package selectivity from rounded published "
        "dimensions; ring oxygens stand on these, all other atoms were refined to standard peptide geometry. Side chains end "
        "at CB or OG1, the first and last residue of a chain are stubs. The B-factors and occupancies are labels, not "
        "measurements. The tables and their sources are selectivity/data/ideal_strand*.csv."
    )
    if _resolution(name) is not None:
        text += " The resolution is that of the structure whose dimensions were rounded; the coordinate error follows from it."
    yield from textwrap.wrap(text, 68)


if __name__ == "__main__":
    for written in write_structures("structures"):
        print(written)
