"""What is known of a run of frames? Arrays with frames along the first axis, filled one frame at a time by compiled code."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selectivity.constants import COULOMB_KJ_ANGSTROM, ROOM_TEMPERATURE
from selectivity.energetics.bond_valence import bond_valence_parameters
from selectivity.energetics.force_field import AtomType, group_geometry
from selectivity.energetics.force_field import force_field as force_field_by_name
from selectivity.energetics.groups import force_constant
from selectivity.energetics.hydration import dehydration_difference, hydration_scale
from selectivity.errors import UnknownChoice, hint
from selectivity.trajectory.condition import OK
from selectivity.trajectory.topology import KINDS, SITES, FollowedFilter

Array = NDArray[Any]

MOST_IONS, MOST_WATERS = 32, 512
"""Room for what is within 8 Å of the axis and 20 Å of the second carbonyl ring: liquid water holds 270 molecules there."""

TREATMENTS = ("rigid", "relaxed")
"""Treatments that frames can have: a thermal one would sample for each frame what the simulation samples already."""

IONS = ("K", "Na")
"""The pair whose exchange is scored: ddG is positive where the first is preferred."""


@dataclass(frozen=True)
class Model:
    """The energy model of a run: ``treatments`` of ("rigid", "relaxed"), force field, hydration scale, temperature (K), sigma (Å)."""

    treatments: tuple[str, ...] = ("rigid",)
    force_field: str = "charmm36"
    hydration: str = "force-field"
    temperature: float = ROOM_TEMPERATURE
    sigma: float = 0.30

    def checked(self) -> Model:
        """The same model; UnknownChoice or OutOfRange names what cannot be used."""
        for treatment in self.treatments:
            if treatment not in TREATMENTS:
                raise UnknownChoice(
                    f"treatment {treatment!r}: available for frames are {', '.join(TREATMENTS)}"
                    + hint(treatment, TREATMENTS)
                )
        force_constant(self.sigma)
        _ = self.water_leg
        return self

    @property
    def water_leg(self) -> float:
        """What Na+ pays more than K+ to leave water, kJ/mol."""
        scale = hydration_scale(self.hydration, force_field=self.force_field)
        return dehydration_difference(*IONS, scale=scale, temperature=self.temperature)

    def parameters(self, n_hydroxyl: int) -> Array:
        """Parameters of the columns of `selectivity.trajectory.rigid` with K+ and with Na+ as the ion, shape (2, 4, N)."""
        field = force_field_by_name(self.force_field)
        hydroxyl, carbonyl = field.groups["hydroxyl"], field.groups["carbonyl"]
        cb, og, hg = hydroxyl.values()
        atoms = [cb, og] * n_hydroxyl + [carbonyl["C"], carbonyl["O"]] * 20 + [hg] * n_hydroxyl
        columns = [[*atoms, field.ion(ion)] for ion in IONS]
        root = np.sqrt(COULOMB_KJ_ANGSTROM)
        return np.array(
            [
                [
                    [a.charge * root for a in column],
                    [np.sqrt(a.epsilon_kj_mol) for a in column],
                    [a.half_rmin for a in column],
                    [0.0] * len(column),
                ]
                for column in columns
            ]
        )

    def lennard_jones(self) -> tuple[Array, ...]:
        """sqrt(epsilon) and Rmin/2 of the pair (2, 2), of C and O, of CB and OG1, and of the oxygen of water (2,)."""
        field = force_field_by_name(self.force_field)

        def of(*types: AtomType) -> Array:
            return np.array([[np.sqrt(t.epsilon_kj_mol), t.half_rmin] for t in types])

        carbonyl, (cb, og, _) = field.groups["carbonyl"], field.groups["hydroxyl"].values()
        ions = of(*(field.ion(name) for name in IONS))
        return ions, of(carbonyl["C"], carbonyl["O"]), of(cb, og), of(field.groups["water"]["O"])[0]


@dataclass(frozen=True)
class FrameBlock:
    """F frames of one filter; Å, degrees, kJ/mol; axes: sites Scav to S0 (6), rings (6), carbonyls (20, strand by strand).

    ``frame`` and ``time_ps`` (F,); ``state`` (F,) as in `selectivity.trajectory.pore`; ``hydroxyls`` (F,) whether that ring is there;
    ``core`` (F, A, 3) filter atoms in the pore frame; ``radius``, ``z`` (F, 6) of rings; ``direction``, ``angle`` (F, 20) of carbonyls:
    cosine towards the axis, dihedral N-CA-C-O; ``cage`` (F, 6) mean distance of the site's centre from the oxygens of its planes;
    ``sites`` (F, 6, 3), ``lining`` (F, 6); ``counts`` (F, 6, 4) of K+, Na+, other ions, waters; ``resident`` (F, 6) the kind of ion told
    about (-1 none), its ``resident_z``, ``resident_radial``, ``resident_distance`` (mean to its shell) and ``coordination`` (F, 6, 3) by
    carbonyl, hydroxyl, water (-1 without an ion); ``formed`` (F, 6); ``energies``, ``heights`` (F, 6, 2) of the rigid minima of K+, Na+;
    ``relaxed`` (F, 6) ddG; ``cold`` (F, 6) relaxed ddG of the full search where it was made; ``exchange`` (F, 6) U(Na+) - U(K+) of
    the site's only K+ (`selectivity.trajectory.exchange`); near the axis: ``n_ions`` (F,),
    ``ions`` (F, 32, 3; pore frame), ``kept_ions`` their places in `FollowedFilter.ions`, ``track_site`` their sites (-1: none).
    """

    frame: Array
    time_ps: Array
    state: Array
    hydroxyls: Array
    core: Array
    radius: Array
    z: Array
    direction: Array
    angle: Array
    cage: Array
    sites: Array
    lining: Array
    counts: Array
    resident: Array
    resident_z: Array
    resident_radial: Array
    resident_distance: Array
    coordination: Array
    formed: Array
    energies: Array
    heights: Array
    relaxed: Array
    cold: Array
    exchange: Array
    n_ions: Array
    ions: Array
    kept_ions: Array
    track_site: Array

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, index: Any) -> FrameBlock:
        """The frames chosen by a numpy index, slice or mask."""
        return FrameBlock(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def ddg(self, water_leg: float) -> Array:
        """Rigid ddG (F, 6), kJ/mol, positive for K+; NaN where a site is not formed or the frame is not usable."""
        value = self.energies[..., 1] - self.energies[..., 0] + water_leg
        return np.where(self.formed, value, np.nan)


def empty_block(n_frames: int, n_core: int) -> FrameBlock:
    """A block of frames that nothing is known of: NaN, -1, zero counts."""
    nan, none = np.nan, -1

    def reals(*shape: int) -> Array:
        return np.full((n_frames, *shape), nan)

    def integers(value: int, *shape: int) -> Array:
        return np.full((n_frames, *shape), value, dtype=np.int64)

    n = len(SITES)
    return FrameBlock(
        frame=integers(none), time_ps=reals(), state=integers(0), hydroxyls=np.zeros(n_frames, dtype=bool),
        core=reals(n_core, 3), radius=reals(6), z=reals(6), direction=reals(20), angle=reals(20), cage=reals(n),
        sites=reals(n, 3), lining=integers(none, n), counts=integers(0, n, len(KINDS)), resident=integers(none, n),
        resident_z=reals(n), resident_radial=reals(n), resident_distance=reals(n), coordination=integers(none, n, 3),
        formed=np.zeros((n_frames, n), dtype=bool), energies=reals(n, 2), heights=reals(n, 2), relaxed=reals(n), cold=reals(n),
        exchange=reals(n),
        n_ions=integers(0), ions=reals(MOST_IONS, 3), kept_ions=integers(none, MOST_IONS), track_site=integers(none, MOST_IONS),
    )  # fmt: skip


TOGETHER = 32
"""Frames that are seen together (`selectivity.trajectory.frame`)."""


class Observer:
    """Sees frames of one followed filter with one model; holds what the compiled code needs, and the waters of up to 32 frames.

    Frames go into rows of a block with `see`; what is computed of them is there after `catch_up`.
    """

    def __init__(self, followed: FollowedFilter, model: Model) -> None:
        valence = bond_valence_parameters("K")
        geometry = group_geometry()
        self.followed, self.model = followed, model
        self._rows = (followed.core, followed.ions, followed.waters)
        self._kinds = (followed.ion_kind, followed.ion_like_potassium, np.full(len(followed.waters), 3, dtype=np.int64))
        self._model = (
            model.parameters(len(followed.hydroxyl)), model.parameters(0), geometry.hydroxyl_oh,
            float(np.radians(geometry.hydroxyl_angle)), valence.r0, valence.b, *model.lennard_jones(), "rigid" in model.treatments,
        )  # fmt: skip
        self._waters = np.empty((TOGETHER, MOST_WATERS, 3))
        self._kept_waters = np.empty((TOGETHER, MOST_WATERS), dtype=np.int64)
        self._n_waters, self._entered = np.empty(TOGETHER, dtype=np.int64), np.empty(TOGETHER, dtype=np.int64)
        self._n = 0

    def block(self, n_frames: int) -> FrameBlock:
        """Room for that many frames."""
        return empty_block(n_frames, len(self.followed.core))

    def see(self, positions: Array, box: Array | None, block: FrameBlock, f: int, *, frame: int, time_ps: float) -> None:
        """One frame (n_atoms, 3; Å) with the rows of its cell (3, 3; Å) or None into row f of a block."""
        from selectivity.trajectory.frame import enter_frame

        b, n = block, self._n
        b.frame[f], b.time_ps[f] = frame, time_ps
        b.state[f], self._n_waters[n] = enter_frame(
            positions, *self._rows, *_cell(box), f, b.core, b.hydroxyls, b.n_ions, b.kept_ions, b.ions, self._kept_waters[n],
            self._waters[n],
        )  # fmt: skip
        if b.state[f] == OK:
            self._entered[n] = f
            self._n = n + 1
        if self._n == TOGETHER:
            self.catch_up(block)

    def catch_up(self, block: FrameBlock) -> None:
        """Compute what is still to be computed of the frames in a block; before it is read, and before frames go into another."""
        from selectivity.trajectory.frame import see_frames

        b, n = block, self._n
        self._n = 0
        if n:
            see_frames(
                self._entered[:n], self._n_waters, self._kept_waters, self._waters, *self._kinds, *self._model,
                b.state, b.core, b.hydroxyls, b.n_ions, b.kept_ions, b.ions, b.radius, b.z, b.direction, b.angle, b.cage, b.sites,
                b.lining, b.counts, b.resident, b.resident_z, b.resident_radial, b.resident_distance, b.coordination, b.formed,
                b.track_site, b.exchange, b.energies, b.heights,
            )  # fmt: skip


def _cell(box: Array | None) -> tuple[Array, Array, bool]:
    """Rows of a cell, their inverse, and whether there is a cell at all; a rectangular one is turned over without linear algebra."""
    if box is None:
        return _NO_CELL
    cell = np.ascontiguousarray(box, dtype=np.float64)
    (a, ay, az), (bx, b, bz), (cx, cy, c) = cell.tolist()
    if ay == az == bx == bz == cx == cy == 0.0:
        if not (isfinite(a) and isfinite(b) and isfinite(c)) or abs(a * b * c) < LEAST_VOLUME:
            return _NO_CELL
        return cell, np.array([[1.0 / a, 0.0, 0.0], [0.0, 1.0 / b, 0.0], [0.0, 0.0, 1.0 / c]]), True
    if not np.isfinite(cell).all() or abs(np.linalg.det(cell)) < LEAST_VOLUME:
        return _NO_CELL
    return cell, np.ascontiguousarray(np.linalg.inv(cell)), True


LEAST_VOLUME = 1.0
"""Å^3: what is smaller is no cell."""

_NO_CELL = (np.eye(3), np.eye(3), False)
