"""Filters made from the published dimensions of one strand (THEORY section 1), as PDB text with everything that files get wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

# Residue, atom, radius (Å), height (Å), azimuth (degrees) of a KcsA-like strand.
STRAND = """
THR N 5.4 -4.8 32|THR CA 4.3 -4.3 41|THR C 3.45 -3.3 28|THR O 2.25 -3.1 33|THR CB 3.5 -5.4 52|THR OG1 2.65 -6.1 35
VAL N 4.3 -2.7 15|VAL CA 4.0 -1.8 0|VAL C 3.40 -0.5 9|VAL O 2.35 0.0 0|VAL CB 5.4 -1.5 -7
GLY N 4.2 0.1 22|GLY CA 4.0 1.3 33|GLY C 3.40 2.5 24|GLY O 2.35 3.0 33
TYR N 4.2 3.1 10|TYR CA 4.0 4.2 -2|TYR C 3.40 5.4 10|TYR O 2.55 6.1 -1|TYR CB 5.4 4.7 -6
GLY N 4.1 5.6 27|GLY CA 4.0 6.8 40|GLY C 4.85 7.9 33|GLY O 4.80 9.0 40
"""
RADII = (2.65, 2.25, 2.35, 2.35, 2.55, 4.80)
HEIGHTS = (-6.1, -3.1, 0.0, 3.0, 6.1, 9.0)


@dataclass(frozen=True)
class Atom:
    """One line of a PDB file."""

    name: str
    residue: str
    number: int
    chain: str
    position: np.ndarray = field(repr=False)
    occupancy: float = 1.0
    b_factor: float = 16.0
    altloc: str = ""
    insertion: str = ""
    element: str = ""
    hetero: bool = False

    def line(self, serial: int) -> str:
        element = (self.element or self.name[:1]).upper()
        label = f"{self.name:<4}" if len(element) == 2 or len(self.name) == 4 else f" {self.name:<3}"
        x, y, z = self.position
        return (
            f"{'HETATM' if self.hetero else 'ATOM':<6}{serial:>5} {label}{self.altloc or ' '}{self.residue:>3}"
            f"{'' if len(self.residue) == 4 else ' '}{self.chain or ' '}{self.number:>4}{self.insertion or ' '}   "
            f"{x:8.3f}{y:8.3f}{z:8.3f}{self.occupancy:6.2f}{self.b_factor:6.2f}          {element:>2}"
        )


def strand(turn: int = 0, *, chain: str = "A", first: int = 75, residues: Sequence[str] | None = None) -> list[Atom]:
    """One strand, ``turn`` quarter turns round the z axis; ``residues`` renames the five residues (side chains follow)."""
    atoms = []
    for index, row in enumerate(STRAND.split("\n")[1:-1]):
        for cell in row.split("|"):
            name, atom, radius, height, azimuth = cell.split()
            angle = np.radians(float(azimuth) + 90.0 * turn)
            at = np.array([float(radius) * np.cos(angle), float(radius) * np.sin(angle), float(height)])
            atoms.append(Atom(atom, residues[index] if residues else name, first + index, chain, at))
    return atoms


def tetramer(chains: str = "ABCD", *, first: int = 75, residues: Sequence[str] | None = None) -> list[Atom]:
    """Four strands of one chain each."""
    return [a for turn, chain in enumerate(chains) for a in strand(turn, chain=chain, first=first, residues=residues)]


def ion(
    z: float,
    *,
    name: str = "K",
    residue: str = "K",
    occupancy: float = 1.0,
    number: int = 401,
    chain: str = "X",
    x: float = 0.0,
) -> Atom:
    """An ion at height z, x Å off the axis."""
    element = {"POT": "K", "SOD": "NA"}.get(name, name.rstrip("+-"))
    return Atom(name, residue, number, chain, np.array([x, 0.0, z]), occupancy, 20.0, element=element, hetero=True)


def kcsa_ions(**how: object) -> list[Atom]:
    """K+ in Scav and S4 to S1 at the heights of 1K4C."""
    return [ion(z, number=401 + i, **how) for i, z in enumerate((-12.0, -5.0, -1.6, 1.6, 5.0))]  # type: ignore[arg-type]


def jittered(atoms: Iterable[Atom], amplitude: float = 0.15, seed: int = 5) -> list[Atom]:
    """The atoms with independent Gaussian displacements (Å), so that no two strands are alike."""
    rng = np.random.default_rng(seed)
    return [replace(a, position=a.position + rng.normal(0.0, amplitude, 3)) for a in atoms]


def moved(atoms: Iterable[Atom], motion: Callable[[np.ndarray], np.ndarray]) -> list[Atom]:
    """The atoms after a motion of space."""
    return [replace(a, position=motion(a.position)) for a in atoms]


def channel(at: float, chains: str, *, without: str = "") -> list[Atom]:
    """A tetramer with its axis at x = ``at`` Å, its strands under these names, without one atom if named ("F77N")."""
    atoms = moved(tetramer(chains), lambda x: x + [at, 0.0, 0.0])
    return [atom for atom in atoms if f"{atom.chain}{atom.number}{atom.name}" != without]


def pdb(atoms: Sequence[Atom], *, header: str = "", end: bool = True) -> str:
    """PDB text of the atoms."""
    lines = [header.rstrip("\n")] if header else []
    lines += [a.line(i + 1) for i, a in enumerate(atoms)]
    return "\n".join([*lines, "END"] if end else lines) + "\n"


def models(groups: Sequence[Sequence[Atom]]) -> str:
    """PDB text with one MODEL per group."""
    lines = []
    for number, group in enumerate(groups, start=1):
        lines += [f"MODEL     {number:>4}", *(a.line(i + 1) for i, a in enumerate(group)), "ENDMDL"]
    return "\n".join([*lines, "END"]) + "\n"


def biomt(operators: Sequence[tuple[np.ndarray, np.ndarray]], chains: str = "A", name: int = 1) -> str:
    """REMARK 350 records of one assembly."""
    lines = [f"REMARK 350 BIOMOLECULE: {name}", f"REMARK 350 APPLY THE FOLLOWING TO CHAINS: {', '.join(chains)}"]
    for k, (rotation, shift) in enumerate(operators, start=1):
        for i in range(3):
            row = "".join(f"{x:10.6f}" for x in rotation[i])
            lines.append(f"REMARK 350   BIOMT{i + 1} {k:>3}{row}     {shift[i]:10.5f}")
    return "\n".join(lines)


def quarter_turns() -> list[tuple[np.ndarray, np.ndarray]]:
    """The four operators of a four-fold along z."""
    return [
        (np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
        for a in np.radians([0.0, 90.0, 180.0, 270.0])
    ]
