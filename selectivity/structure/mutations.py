"""What if the filter had other residues? Pure functions Filter -> Filter that take ligands away or graft another signature.

Like the knobs they compose, leave the original alone and write themselves into ``provenance.notes``. Only ligands change: the rest of
a protein answers to a mutation, too, and that is invisible here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from selectivity.errors import FilterIncomplete, OutOfRange, UnknownChoice, hint
from selectivity.structure.axis import perpendicular
from selectivity.structure.changed import (
    atom_index,
    axis_of,
    rebuilt,
    require_signature,
    ring_number,
    strand_numbers,
)
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import ideal_filter
from selectivity.structure.parts import FilterAtom, Ring, Vector
from selectivity.structure.residues import one_letter
from selectivity.structure.rings import HYDROXYL_OXYGENS

SUBSTITUTES = {"ala": "ALA", "cys": "CYS"}
"""Residues without a hydroxyl that a threonine or serine may become."""

CB_SG = 1.81
"""Bond length CB-SG of a cysteine, Å (Engh & Huber 1991: 1.808)."""

FEWEST_HYDROXYLS = 2
"""Hydroxyls that make a ring, as the loader counts them."""

TEMPLATES = {
    "KcsA": ("kcsa-like", ("THR", "VAL", "GLY", "TYR", "GLY")),
    "NaK": ("nak-like", ("THR", "VAL", "GLY", "ASP", "GLY")),
    "NaK2K": ("kcsa-like", ("THR", "VAL", "GLY", "TYR", "GLY")),
}
"""Signatures to graft: the idealised filter that lends the rings, and the residues. NaK2K is NaK with D66Y (and N68D outside the
filter): its four rings stand as in KcsA (derebe2011), so on the backbone of NaK it is the KcsA ending."""

_BACKBONE = ("N", "CA", "C", "O", "CB")


def remove_hydroxyl(filter: Filter, *, to: str = "Ala", strands: int | Sequence[int] | None = None) -> Filter:
    """The first residue's threonine or serine turned into alanine or cysteine, in the strands named (None: all).

    Alanine loses OG1 (and CG2), cysteine gets SG on the line from CB to OG1; neither is a ligand of the model. With fewer than
    two hydroxyls left there is no hydroxyl ring, and S4 opens to the cavity. Raises UnknownChoice for another residue, an
    unknown strand or a strand without a hydroxyl.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> mutant = remove_hydroxyl(ideal_filter("kcsa-like"))
    >>> mutant.signature, mutant.rings[0].name, mutant.sites[1].lining
    ('AVGYG', 'A75 O', 'cavity')
    """
    require_signature(filter, "removing a hydroxyl")
    residue = _chosen(to, SUBSTITUTES, "residue without a hydroxyl")
    name = SUBSTITUTES[residue]
    lost: dict[int, FilterAtom] = {}
    for strand in strand_numbers(filter, strands):
        oxygen = [i for i, a in enumerate(filter.atoms) if _is_hydroxyl(a) and a.strand == strand]
        if not oxygen:
            able = sorted({a.strand for a in filter.atoms if _is_hydroxyl(a)})
            raise UnknownChoice(
                f"strand {strand} has no hydroxyl at its first residue; strands with one: {', '.join(map(str, able)) or 'none'}"
            )
        lost[oxygen[0]] = filter.atoms[oxygen[0]]
    changed = {atom.strand for atom in lost.values()}
    atoms: list[FilterAtom] = []
    positions: list[Vector] = []
    kept: dict[int, int] = {}
    for i, atom in enumerate(filter.atoms):
        if atom.strand in changed and atom.residue_index == 0:
            if i in lost and name == "CYS":
                atom, where = replace(atom, name="SG", element="S"), _sulphur(filter, atom)
            elif i not in lost and atom.name in _BACKBONE:
                where = filter.positions[i]
            else:
                continue
            atom = replace(atom, residue_name=name)
        else:
            where = filter.positions[i]
        kept[i] = len(atoms)
        atoms.append(atom)
        positions.append(where)
    left = {i: new for i, new in kept.items() if i not in lost}
    labels = _labels(atoms)
    members = [
        (_ring_name(ring, rows, atoms, labels), rows)
        for ring in filter.rings
        if (rows := [left[i] for i in ring.atoms if i in left]) and not _too_few(ring.kind, rows)
    ]
    which = "all strands" if strands is None else f"strand {', '.join(str(s) for s in sorted(changed))}"
    note = (
        f"{filter.atoms[next(iter(lost))].residue_name.title()} {filter.first_residue} to {residue.title()} in {which}"
    )
    return rebuilt(filter, atoms, np.array(positions), members, note, signature=_signature(atoms))


def drop_ligand(filter: Filter, ring: str, strands: int | Sequence[int] = 0) -> Filter:
    """A ring without the ligands of the strands named: their atoms stay, but coordinate nothing and carry no energy.

    What one ligand is worth, all else equal: no residue does this. A ring keeps at least one carbonyl (it marks the plane) and a
    hydroxyl ring at least two, else it is gone. Raises UnknownChoice for an unknown ring or strand, OutOfRange for a last ligand.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> [len(ring.atoms) for ring in drop_ligand(ideal_filter("kcsa-like"), "G77 O", [0, 2]).rings]
    [4, 4, 4, 2, 4, 4]
    """
    number, gone = ring_number(filter, ring), strand_numbers(filter, strands)
    target = filter.rings[number]
    held = [filter.atoms[i].strand for i in target.atoms]
    for strand in gone:
        if strand not in held:
            raise UnknownChoice(
                f"{target.name} has no ligand in strand {strand}; it has them in {', '.join(map(str, held))}: name one of these"
            )
    rest = [i for i in target.atoms if filter.atoms[i].strand not in gone]
    if not rest and target.kind != "hydroxyl":
        raise OutOfRange(
            f"{target.name}: {len(gone)} of {len(held)} ligands dropped; at least one must stay to mark the plane: "
            f"drop at most {len(held) - 1}"
        )
    members = [
        (r.name, rows)
        for i, r in enumerate(filter.rings)
        if (rows := rest if i == number else list(r.atoms)) and not (i == number and _too_few(r.kind, rows))
    ]
    listed = ", ".join(str(s) for s in gone)
    return rebuilt(filter, filter.atoms, filter.positions.copy(), members, f"{target.name} of strand {listed} dropped")


def swap_signature(filter: Filter, template: str) -> Filter:
    """The filter with the signature of KcsA, NaK or NaK2K: which rings exist and coordinate follows the template.

    Residues take the template's names. From the first carbonyl ring inward of which both agree (coordinating or opened to a
    vestibule) outward, the backbone is that of the idealised template, laid on the second carbonyl ring; everything inward
    stays the filter's own. A hydroxyl that the template has and the filter has not is taken from it, too. Where both
    agree everywhere only the names change. The peptide bond at the seam is not refined; the note gives its length.

    Raises UnknownChoice for another template, FilterIncomplete when CA or C at the seam is missing.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> opened = swap_signature(ideal_filter("kcsa-like"), "NaK")
    >>> opened.signature, [site.name for site in opened.sites if site.dehydrated]
    ('TVGDG', ['S4', 'S3'])
    """
    require_signature(filter, "swapping the signature")
    chosen = _chosen(template, {name.casefold(): name for name in TEMPLATES}, "template")
    ideal_name, residues = TEMPLATES[{name.casefold(): name for name in TEMPLATES}[chosen]]
    source = ideal_filter(ideal_name)
    seam = _seam(filter, source, residues)
    with_hydroxyl = filter.rings[0].kind != "hydroxyl" and source.rings[0].kind == "hydroxyl"
    atoms, positions = _grafted(filter, source, residues, seam, with_hydroxyl)
    labels = _labels(atoms)
    dropped = _dropped(filter)
    members = []
    for index in range(len(residues)):
        rows = [i for i, a in enumerate(atoms) if a.residue_index == index and a.name == "O" and _key(a) not in dropped]
        members.append((f"{labels[index]} O", rows))
    hydroxyls = [i for i, a in enumerate(atoms) if _is_hydroxyl(a) and _key(a) not in dropped]
    if len(hydroxyls) >= FEWEST_HYDROXYLS and (with_hydroxyl or filter.rings[0].kind == "hydroxyl"):
        members.insert(0, (f"{labels[0]} {atoms[hydroxyls[0]].name}", hydroxyls))
    name = next(known for known in TEMPLATES if known.casefold() == chosen)
    note = f"signature {_signature(atoms)} of {name}" + _seam_note(atoms, positions, seam, ideal_name, len(residues))
    return rebuilt(filter, atoms, positions, members, note, signature=_signature(atoms))


def _chosen(given: str, known: dict[str, str], what: str) -> str:
    wanted = given.strip().casefold()
    if wanted in known:
        return wanted
    shown = [name.title() if name.isupper() else name for name in known.values()]
    raise UnknownChoice(f"no {what} {given!r}; there are {', '.join(shown)}{hint(wanted, shown)}")


def _is_hydroxyl(atom: FilterAtom) -> bool:
    return atom.residue_index == 0 and atom.name == HYDROXYL_OXYGENS.get(atom.residue_name)


def _key(atom: FilterAtom) -> tuple[int, int, str]:
    return atom.strand, atom.residue_index, atom.name


def _too_few(kind: str, rows: Sequence[int]) -> bool:
    return kind == "hydroxyl" and len(rows) < FEWEST_HYDROXYLS


def _sulphur(filter: Filter, oxygen: FilterAtom) -> Vector:
    index = atom_index(filter)
    oxygen_at = filter.positions[index[_key(oxygen)]]
    carbon = index.get((oxygen.strand, oxygen.residue_index, "CB"))
    if carbon is None:
        raise FilterIncomplete(
            f"{oxygen.residue_name} {oxygen.residue_number} of strand {oxygen.strand}: CB is needed to place SG"
        )
    bond = oxygen_at - filter.positions[carbon]
    return np.asarray(filter.positions[carbon] + CB_SG * bond / np.linalg.norm(bond))


def _labels(atoms: Sequence[FilterAtom]) -> dict[int, str]:
    """Residue index -> "T75", from the strand with the lowest number, as the loader names rings."""
    first = min((a for a in atoms if a.residue_index == 0), key=lambda a: (a.residue_number, a.strand))
    return {
        a.residue_index: f"{one_letter(a.residue_name)}{a.residue_number}" for a in atoms if a.strand == first.strand
    }


def _ring_name(ring: Ring, rows: Sequence[int], atoms: Sequence[FilterAtom], labels: dict[int, str]) -> str:
    """A hydroxyl ring is named after a residue that still has one, a carbonyl ring after the first strand's residue."""
    first, name = atoms[rows[0]], ring.name.split()[-1]
    if ring.kind == "carbonyl":
        return f"{labels[first.residue_index]} {name}"
    return f"{one_letter(first.residue_name)}{first.residue_number} {name}"


def _signature(atoms: Sequence[FilterAtom]) -> str:
    """One-letter sequences of the strands, different ones joined by "+" in the order of their residue numbers."""
    strands: dict[int, dict[int, FilterAtom]] = {}
    for atom in atoms:
        strands.setdefault(atom.strand, {}).setdefault(atom.residue_index, atom)
    named = [
        (residues[0].residue_number, "".join(one_letter(residues[i].residue_name) for i in sorted(residues)))
        for residues in strands.values()
    ]
    return "+".join(dict.fromkeys(signature for _, signature in sorted(named)))


def _dropped(filter: Filter) -> set[tuple[int, int, str]]:
    """Carbonyl oxygens that stand in no ring any more."""
    held = {i for ring in filter.rings for i in ring.atoms}
    return {_key(a) for i, a in enumerate(filter.atoms) if a.name == "O" and i not in held}


def _seam(filter: Filter, source: Filter, residues: Sequence[str]) -> int:
    """Residue index from which the template's backbone is needed, the number of residues where none is.

    The rings that bound S4 to S1 from outside are the first four carbonyl rings: where the pore has opened, they do not coordinate.
    """
    opened = [[site.lining == "vestibule" for site in f.sites[1:5]] for f in (filter, source)]
    differing = [i for i, (a, b) in enumerate(zip(*opened, strict=True)) if a != b]
    return min(differing, default=len(residues))


def _grafted(
    filter: Filter, source: Filter, residues: Sequence[str], seam: int, with_hydroxyl: bool
) -> tuple[list[FilterAtom], Vector]:
    """Atoms and positions: the filter's own up to the seam, the template's beyond, strand by strand."""
    lent = _laid_on(filter, source)
    atoms: list[FilterAtom] = []
    positions: list[Vector] = []
    for strand in range(filter.n_strands):
        own = {(a.residue_index, a.name): i for i, a in enumerate(filter.atoms) if a.strand == strand}
        for index, residue in enumerate(residues):
            model = next(a for a in filter.atoms if a.strand == strand and a.residue_index == index)
            from_template = index >= seam
            names = [name for (i, name) in (lent[strand] if from_template else own) if i == index]
            if not from_template and model.residue_name != residue:
                names = [name for name in names if name in _BACKBONE and not (name == "CB" and residue == "GLY")]
            for name in names:
                where = lent[strand][index, name] if from_template else filter.positions[own[index, name]]
                base = (
                    filter.atoms[own[index, name]]
                    if (index, name) in own
                    else replace(model, name=name, element=name[0])
                )
                atoms.append(replace(base, residue_name=residue))
                positions.append(where)
            if with_hydroxyl and index == 0 and "OG1" not in names:
                atoms += [replace(model, name="OG1", element="O", residue_name=residue)]
                positions += [lent[strand][0, "OG1"]]
                if "CB" in names:  # the hydroxyl and its carbon are one ligand
                    positions[-1 - (len(names) - names.index("CB"))] = lent[strand][0, "CB"]
    return atoms, np.array(positions)


def _laid_on(filter: Filter, source: Filter) -> list[dict[tuple[int, str], Vector]]:
    """The template's atoms by strand of the filter, (residue index, name) -> position (3,) in the filter's coordinates.

    The template's first strand is turned about the axis so that its second carbonyl oxygens point where the filter's do.
    """
    index, n = atom_index(filter), filter.n_strands
    axis, own = axis_of(filter), [i for i, a in enumerate(filter.atoms) if (a.residue_index, a.name) == (1, "O")]
    turns = 2.0 * np.pi * np.array([filter.atoms[i].strand for i in own]) / n
    azimuth = np.angle(np.exp(1j * (axis.cylindrical(filter.positions[own])[:, 1] - turns)).mean())
    there = axis_of(source).cylindrical(source.positions)
    first = [i for i, a in enumerate(source.atoms) if a.strand == 0]
    start = there[atom_index(source)[0, 1, "O"], 1]
    e1, e2 = perpendicular(axis.direction)
    lent: list[dict[tuple[int, str], Vector]] = []
    for strand in range(n):
        if (strand, 1, "O") not in index:
            raise FilterIncomplete(f"strand {strand} has no second carbonyl oxygen to lay the template on")
        placed = {}
        for i in first:
            radius, angle, height = there[i]
            turn = angle - start + azimuth + 2.0 * np.pi * strand / n
            outward = np.cos(turn) * e1 + np.sin(turn) * e2
            atom = source.atoms[i]
            placed[atom.residue_index, atom.name] = axis.origin + radius * outward + height * axis.direction
        lent.append(placed)
    return lent


def _seam_note(atoms: Sequence[FilterAtom], positions: Vector, seam: int, ideal_name: str, n_residues: int) -> str:
    if seam >= n_residues:
        return "; the rings are the filter's own"
    index = {_key(a): i for i, a in enumerate(atoms)}
    strands = sorted({a.strand for a in atoms})
    bonds = [
        float(np.linalg.norm(positions[index[s, seam - 1, "C"]] - positions[index[s, seam, "N"]]))
        for s in strands
        if (s, seam - 1, "C") in index and (s, seam, "N") in index
    ]
    length = f", peptide bond at the seam {min(bonds):.2f} to {max(bonds):.2f} Å (1.33 Å)" if bonds else ""
    return f"; residue {seam + 1} of the signature and what lies outward from {ideal_name}{length}"
