"""Files to mutate, and where their filters stand: said here from the depositions, not found by the loader under test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np

from selectivity.structure.ideal import IDEAL_FILTERS, build_pdb

# File -> first residues of the filter's five-residue stretches (several where strands differ or run on in one chain).
FIRST_RESIDUES = {
    "1BL8.cif": (75,), "1K4C.pdb": (75,), "1K4C_older-revision.pdb": (75,), "1R3J_opm.pdb": (75,), "3E8H.pdb1": (63,),
    "3F7V_tetramer_K.pdb": (75,), "3LDC_pdbtm.pdb": (59,), "3LUT.pdb": (374,), "3PJS.pdb": (75,), "3UKM.pdb": (117, 225),
    "5VKE.pdb": (75,), "5VKH.pdb": (75,), "7BYL.pdb": (283,), "9J38.pdb": (311,),
    "1K4C-bench_unbound_KcsA_singlechain.pdb": (75, 575, 1075, 1575),
}  # fmt: skip
# Four chains, each one strand of the one pore of the file.
FOUR_CHAINS = {"1BL8.cif": "ABCD", "1R3J_opm.pdb": "CDHJ", "3F7V_tetramer_K.pdb": "ABCD", "3LDC_pdbtm.pdb": "ABCD", "3PJS.pdb": "KLMN",
               "7BYL.pdb": "ACEG", "9J38.pdb": "ABCD"}  # fmt: skip
_HEADERS = ("HEADER", "TITLE", "REMARK 350", "CRYST1", "MODEL", "ENDMDL", "TER", "END", "EXPDTA", "REMARK   2")
_NEIGHBOURHOOD = 8
"""Residues kept on either side of the filter in an extract."""


@dataclass(frozen=True)
class Source:
    """One file: its text as PDB lines, the residues of its filter, and the four chains of its strands where they are four."""

    name: str
    lines: tuple[str, ...]
    first_residues: tuple[int, ...]
    chains: str = ""

    def in_filter(self, line: str) -> bool:
        """Whether a PDB line is a protein atom of the filter."""
        number = _number(line)
        return number is not None and any(first <= number < first + 5 for first in self.first_residues)


def sources(structures: Path | None) -> list[Source]:
    """The idealised filters, and of every deposition (if they are there) the whole file and an extract round its filter."""
    found = [
        Source(name, tuple(build_pdb(name).splitlines()), (63,) if name.startswith("nak") else (75,), "ABCD")
        for name in IDEAL_FILTERS
    ]
    for name, first in FIRST_RESIDUES.items() if structures is not None else ():
        path = Path(str(structures)) / name
        text = gemmi.read_structure(str(path)).make_pdb_string() if path.suffix == ".cif" else path.read_text()
        whole = Source(name, tuple(text.splitlines()), first, FOUR_CHAINS.get(name, ""))
        found += [whole, Source(f"{name} extract", tuple(_extract(whole)), first, whole.chains)]
    return found


def _extract(source: Source) -> list[str]:
    """The filter and what stands near it in its file: small files of every kind make thousands of cases cheap."""
    kept = []
    for line in source.lines:
        number = _number(line)
        if number is None:
            keep = line.startswith(_HEADERS) or (
                line.startswith("HETATM") and line[17:20].strip() in ("K", "NA", "TL", "HOH")
            )
        else:
            keep = any(first - _NEIGHBOURHOOD <= number < first + 5 + _NEIGHBOURHOOD for first in source.first_residues)
        if keep:
            kept.append(line)
    return kept


def _number(line: str) -> int | None:
    """Residue number of a protein atom."""
    return int(line[22:26]) if line.startswith("ATOM") else None


def as_mmcif(text: str) -> str:
    """The same file as mmCIF, written by gemmi."""
    # An ANISOU record whose atom is gone is one more fault, which gemmi refuses to write on.
    structure = gemmi.read_pdb_string("".join(f"{line}\n" for line in text.splitlines() if not line.startswith("ANISOU")))
    structure.setup_entities()
    structure.assign_label_seq_id()
    return structure.make_mmcif_document().as_string()


def as_gro(text: str) -> str:
    """The same atoms as a GROMACS file (nm, fixed columns)."""
    atoms = [line for line in text.splitlines() if line.startswith(("ATOM  ", "HETATM"))]
    rows = [
        f"{int(line[22:26]):>5}{line[17:20].strip():<5}{line[12:16].strip():>5}{(i + 1) % 100000:>5}"
        + "".join(f"{float(line[c : c + 8]) / 10:8.3f}" for c in (30, 38, 46))
        for i, line in enumerate(atoms)
    ]
    return "\n".join(["fuzz", f"{len(rows):>5}", *rows, "   0.00000   0.00000   0.00000"]) + "\n"


def destroyed(source: Source, rng: np.random.Generator) -> tuple[str, list[str]]:
    """The lines of a file whose filter is destroyed, and how.

    A filter is destroyed when, whatever a loader may think, no four strands with their carbonyls stand round one axis any more:
      bare         every backbone carbonyl oxygen of the filter's residues is gone, in every chain
      three        all atoms of one of the four strands are gone
      away         one of the four strands is 20 Å from where it was, across the pore
      scrambled    each atom of the filter is moved by itself, 8 Å in each coordinate (standard deviation)
      collapsed    all atoms of the filter stand at one point
      exploded     all coordinates of the file are multiplied by three
      far oxygen   one carbonyl oxygen of the first four residues (of each strand of that chain) is 12 Å or more from its carbon
      cut          the file ends before the first atom of the last strand (of the first one where strands are copies by symmetry)
    """
    ways = ["bare", "scrambled", "collapsed", "exploded", "far oxygen", "cut"] + (
        ["three", "away"] if source.chains else []
    )
    way = str(rng.choice(ways))
    chain = str(rng.choice(list(source.chains))) if source.chains else ""
    ours = [i for i, line in enumerate(source.lines) if source.in_filter(line)]
    strand = [i for i in ours if source.lines[i][21] == chain]
    lines = list(source.lines)
    if way == "bare":
        gone = {i for i in ours if lines[i][12:16].strip() == "O"}
        return way, [line for i, line in enumerate(lines) if i not in gone]
    if way == "three":
        return way, [line for i, line in enumerate(lines) if i not in set(strand)]
    if way == "away":
        return way, _moved(lines, strand, lambda at: at + _across(lines, ours, strand))
    if way == "scrambled":
        return way, _moved(lines, ours, lambda at: at + rng.normal(0.0, 8.0, at.shape))
    if way == "collapsed":
        return way, _moved(lines, ours, lambda at: np.broadcast_to(at[0], at.shape))
    if way == "exploded":
        atoms = [i for i, line in enumerate(lines) if line.startswith(("ATOM", "HETATM"))]
        return way, _moved(lines, atoms, lambda at: 3.0 * at)
    if way == "far oxygen":
        return way, _one_far_oxygen(source, lines, ours, rng)
    last = (
        max(rows[0] for rows in _by_chain(lines, ours) if lines[rows[0]][21] in source.chains)
        if source.chains
        else ours[0]
    )
    return way, lines[:last]


def _by_chain(lines: list[str], rows: list[int]) -> list[list[int]]:
    chains = dict.fromkeys(lines[i][21] for i in rows)
    return [[i for i in rows if lines[i][21] == chain] for chain in chains]


def _one_far_oxygen(source: Source, lines: list[str], ours: list[int], rng: np.random.Generator) -> list[str]:
    """All copies (chains, models, alternatives) of one chain's carbonyl oxygen are moved, so that none of them can stand in."""
    oxygens = [
        i
        for i in ours
        if lines[i][12:16].strip() == "O"
        and any(0 <= int(lines[i][22:26]) - first < 4 for first in source.first_residues)
    ]
    chosen = lines[int(rng.choice(oxygens))]
    where = {i for i in oxygens if lines[i][22:26] == chosen[22:26]}
    direction = rng.normal(size=3)
    return _moved(lines, sorted(where), lambda at: at + 15.0 * direction / np.linalg.norm(direction))


def _across(lines: list[str], ours: list[int], strand: list[int]) -> np.ndarray:
    """20 Å from the middle of all strands through the middle of one: away from the pore, across it."""
    away = _positions(lines, strand).mean(axis=0) - _positions(lines, ours).mean(axis=0)
    return 20.0 * away / max(float(np.linalg.norm(away)), 1e-6)


def _positions(lines: list[str], rows: list[int]) -> np.ndarray:
    return np.array([[float(lines[i][c : c + 8]) for c in (30, 38, 46)] for i in rows])


def _moved(lines: list[str], rows: list[int], move) -> list[str]:  # type: ignore[no-untyped-def]
    moved = list(lines)
    for i, at in zip(rows, move(_positions(lines, rows)), strict=True):
        moved[i] = lines[i][:30] + "".join(f"{x:8.3f}"[:8] for x in at) + lines[i][54:]
    return moved
