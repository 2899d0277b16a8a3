"""What is a filter made of? Atoms in strands, rings of oxygens, sites between them, ions and waters, and its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
RingKind = Literal["carbonyl", "hydroxyl", "carboxylate", "other"]
Lining = Literal["cavity", "cage", "vestibule", "mouth"]


@dataclass(frozen=True)
class FilterAtom:
    """One heavy atom of the filter as deposited (coordinates live in `Filter.positions`).

    ``deposited_id`` is shared by all symmetry copies of one deposited atom, so that a coordinate error moves them
    together; ``residue_index`` is the position in the signature (0 = T of TVGYG), ``strand`` 0..n-1 around the axis.
    """

    name: str
    element: str
    residue_name: str
    residue_number: int
    insertion_code: str
    chain: str
    strand: int
    residue_index: int
    b_factor: float
    occupancy: float
    deposited_id: int


@dataclass(frozen=True)
class Ring:
    """A ring of coordinating oxygens.

    ``atoms`` indexes `Filter.atoms` (the oxygens, in strand order); ``radius`` is the mean distance of these oxygens from the
    axis and ``z`` their mean height along it, both in Å; ``name`` reads like "T75 O" or "T75 OG1".
    """

    name: str
    kind: RingKind
    atoms: tuple[int, ...]
    radius: float
    z: float


@dataclass(frozen=True)
class Site:
    """A stretch of the axis between two ring planes (Å, pore frame).

    ``inner`` and ``outer`` index `Filter.rings` (None: open end, Scav and S0). ``dehydrated`` sites lie between two rings of
    coordinating oxygens (S1 to S4 of KcsA); S0 and Scav keep water. ``lining`` says what surrounds the site: a "cage" of two
    coordinating rings, the "cavity", the "mouth", or a "vestibule" where the pore has opened (S2 and S1 of NaK).
    """

    name: str
    inner: int | None
    outer: int | None
    z_low: float
    z_high: float
    lateral_radius: float
    dehydrated: bool
    lining: Lining = "cage"


@dataclass(frozen=True)
class FilterIon:
    """An ion seen near the axis: chemical species ("K", "Na", "Tl", ...), merged over symmetry copies, occupancy summed."""

    name: str
    residue_name: str
    position: tuple[float, float, float]
    z: float
    radial: float
    site: str
    occupancy: float
    b_factor: float
    merged_copies: int


@dataclass(frozen=True)
class FilterWater:
    """A water oxygen seen near the axis (site name, height and distance from the axis in Å)."""

    position: tuple[float, float, float]
    z: float
    radial: float
    site: str
    occupancy: float
    b_factor: float


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The other heavy atoms of the protein near the axis, which leave or take the room of water: ``elements`` ("C", "N", "O",
    "S", ...) and ``positions`` (n, 3), Å, read-only, in the coordinates of the file."""

    elements: tuple[str, ...] = ()
    positions: Vector = field(default_factory=lambda: np.empty((0, 3)))

    def __post_init__(self) -> None:
        array = np.array(self.positions, dtype=np.float64).reshape(-1, 3)
        array.flags.writeable = False
        object.__setattr__(self, "positions", array)

    def __len__(self) -> int:
        return len(self.elements)


@dataclass(frozen=True)
class Diffraction:
    """What an X-ray refinement says about its own precision (the inputs of Cruickshank's DPI); None where the header is silent.

    ``n_atoms`` counts the modelled heavy atoms of the asymmetric unit, ``mean_b`` (Å²) is their mean B-factor,
    ``completeness_percent`` that of the data.
    """

    n_atoms: int
    n_reflections: int | None
    r_work: float | None
    r_free: float | None
    completeness_percent: float | None
    mean_b: float | None


@dataclass(frozen=True)
class Provenance:
    """How the filter was obtained from its source: every choice the loader made, in words a reader can check."""

    source: str
    format: str
    assembly: str
    altloc: str
    pore: str
    pores_found: tuple[str, ...]
    merged_copies: int
    title: str = ""
    resolution_angstrom: float | None = None
    sha256: str | None = None
    diffraction: Diffraction | None = None
    notes: tuple[str, ...] = ()
