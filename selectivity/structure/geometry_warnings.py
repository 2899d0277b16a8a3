"""What should a user know before trusting a filter? Rings that cannot be right, atoms that the map did not show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from selectivity.structure.parts import FilterAtom, Ring

NARROWEST_RADIUS = 1.9
"""A ring of four narrower than this puts its oxygens closer than 2.7 Å (radius times square root of two), nearer than a strong
hydrogen bond: atoms overlap."""


def quality_warnings(atoms: Sequence[FilterAtom], rings: Sequence[Ring], resolution: float | None) -> Iterator[str]:
    """Warnings about overlapping ring oxygens, incomplete rings and atoms of occupancy zero."""
    narrow = [f"{r.name} {r.radius:.2f}" for r in rings if r.radius < NARROWEST_RADIUS and len(r.atoms) >= 4]
    if narrow:
        reason = (
            f"a resolution of {resolution:.1f} Å is too low for energies"
            if resolution
            else "too inaccurate for energies"
        )
        yield f"rings narrower than oxygens allow ({NARROWEST_RADIUS} Å): {', '.join(narrow)} Å; {reason}"
    n_strands = 1 + max(a.strand for a in atoms)
    for ring in rings:
        if len(ring.atoms) < n_strands:
            yield f"ring {ring.name} has {len(ring.atoms)} of {n_strands} oxygens: the other strands have none there"
    unseen = sorted({f"{a.residue_name} {a.residue_number} {a.name}" for a in atoms if a.occupancy == 0.0})
    if unseen:
        yield f"atoms of occupancy zero, placed without evidence: {', '.join(unseen[:6])}"
