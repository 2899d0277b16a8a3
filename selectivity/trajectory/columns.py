"""What does a frame look like as a row? Columns with units in their names; ions near the axis as rows of a second table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from selectivity.trajectory.block import IONS, FrameBlock, Model
from selectivity.trajectory.condition import OK, REASONS
from selectivity.trajectory.contents import CARBONYL, HYDROXYL, WATER
from selectivity.trajectory.topology import KINDS, OTHER, POTASSIUM, SITES, SODIUM, FollowedFilter, group_names

Array = NDArray[Any]

OUTER_FIRST = tuple(reversed(SITES))
"""Order of the letters of an occupancy string: S0, S1, S2, S3, S4, Scav, from the mouth inward."""

LETTERS = {POTASSIUM: "K", SODIUM: "N", OTHER: "X"}
WATER_LETTER, EMPTY_LETTER = "W", "-"

KINDS_OF_COUNTS = ("k", "na", "other", "water")
LIGANDS = {CARBONYL: "carbonyl", HYDROXYL: "hydroxyl", WATER: "water"}


@dataclass(frozen=True)
class FrameTables:
    """One row per frame, and one per ion near the axis and frame."""

    frames: pd.DataFrame
    ions: pd.DataFrame


def tables(block: FrameBlock, followed: FollowedFilter, model: Model, *, replica: int = 0) -> FrameTables:
    """A block as tables; numbers are NaN (flags False, counts 0) in frames that are not usable, whose ``state`` says why."""
    frames = pd.DataFrame(
        {"replica": np.full(len(block), replica, dtype=np.int32), **frame_columns(block, followed.ring_names, model)}
    )
    return FrameTables(frames, _ions(block, followed, replica))


def occupancy_strings(block: FrameBlock) -> Array:
    """Who is in the sites from S0 inward to Scav: K, N (Na+), X (another ion), W (water only), - (nothing); "" for unusable frames.

    Of several ions in one site K+ is named before Na+ before others; the counts say how many there are.
    """
    order = [SITES.index(name) for name in OUTER_FIRST]
    letters = np.full((len(block), len(order)), EMPTY_LETTER, dtype="U1")
    for kind, letter in ((3, WATER_LETTER), (OTHER, "X"), (SODIUM, "N"), (POTASSIUM, "K")):
        letters[block.counts[:, order, kind] > 0] = letter
    words = np.array(["".join(row) for row in letters], dtype="U6")
    return np.where(block.state == OK, words, "")


def frame_columns(block: FrameBlock, ring_names: Sequence[str], model: Model) -> dict[str, Array]:
    """The columns of a block, one value (F,) per frame each; ``ring_names`` as in `selectivity.trajectory.topology.FollowedFilter`."""
    columns: dict[str, Array] = {
        "frame": block.frame,
        "time_ps": block.time_ps,
        "state": block.state.astype(np.int8),
        "occupancy": occupancy_strings(block),
        "hydroxyl_ring": block.hydroxyls,
    }
    for k, name in enumerate(ring_names):
        ring = name.replace(" ", "_")
        columns[f"radius_{ring}_angstrom"] = block.radius[:, k]
        columns[f"z_{ring}_angstrom"] = block.z[:, k]
    for k, name in enumerate(group_names(ring_names)):
        columns[f"inward_{name}"] = block.direction[:, k]
        columns[f"dihedral_{name}_deg"] = block.angle[:, k]
        columns[f"flipped_{name}"] = block.direction[:, k] < 0.0
    for s, site in enumerate(SITES):
        columns |= _site_columns(block, s, site, model)
    return columns


def _site_columns(block: FrameBlock, s: int, site: str, model: Model) -> dict[str, Array]:
    columns: dict[str, Array] = {
        f"n_{kind}_{site}": block.counts[:, s, k].astype(np.int16) for k, kind in enumerate(KINDS_OF_COUNTS)
    }
    resident = block.resident[:, s]
    columns[f"ion_{site}"] = np.array(["", *(KINDS[k] for k in range(3))], dtype="U5")[resident + 1]
    columns[f"ion_z_{site}_angstrom"] = block.resident_z[:, s]
    columns[f"ion_radial_{site}_angstrom"] = block.resident_radial[:, s]
    columns[f"ion_oxygen_{site}_angstrom"] = block.resident_distance[:, s]
    for kind, name in LIGANDS.items():
        columns[f"cn_{name}_{site}"] = block.coordination[:, s, kind].astype(np.int16)
    columns[f"cage_{site}_angstrom"] = block.cage[:, s]
    columns[f"formed_{site}"] = block.formed[:, s]
    if "rigid" in model.treatments:
        columns[f"ddg_rigid_{site}_kj_mol"] = block.ddg(model.water_leg)[:, s]
        for i, ion in enumerate(IONS):
            columns[f"rest_{ion.lower()}_{site}_angstrom"] = block.heights[:, s, i]
    if "relaxed" in model.treatments:
        columns[f"ddg_relaxed_{site}_kj_mol"] = block.relaxed[:, s]
        columns[f"ddg_cold_{site}_kj_mol"] = block.cold[:, s]
    columns[f"exchange_{site}_kj_mol"] = block.exchange[:, s]
    return columns


def _ions(block: FrameBlock, followed: FollowedFilter, replica: int) -> pd.DataFrame:
    """Rows of the ions near the axis: which (row of the source), species, height, distance from the axis, site."""
    here = np.arange(block.ions.shape[1]) < np.where(block.state == OK, block.n_ions, 0)[:, None]
    f, k = np.nonzero(here)
    kept = block.kept_ions[f, k]
    sites = np.array(["", *SITES])
    species = np.array([*followed.ion_species, ""], dtype="U4")
    return pd.DataFrame(
        {
            "replica": np.full(len(f), replica, dtype=np.int32),
            "frame": block.frame[f],
            "atom": followed.ions[kept] if len(followed.ions) else kept,
            "species": species[kept],
            "z_angstrom": block.ions[f, k, 2],
            "radial_angstrom": np.hypot(block.ions[f, k, 0], block.ions[f, k, 1]),
            "site": sites[block.track_site[f, k] + 1],
        }
    )


def unusable(frames: pd.DataFrame) -> list[str]:
    """One line for every kind of frame that could not be used: how many, which, and why."""
    lines = []
    for state, reason in REASONS.items():
        rows = frames[frames["state"] == state]
        if state != OK and len(rows):
            shown = ", ".join(f"{int(r)}:{int(f)}" for r, f in zip(rows["replica"][:5], rows["frame"][:5], strict=True))
            more = ", ..." if len(rows) > 5 else ""
            lines.append(f"{len(rows)} frames without numbers ({reason}; replica:frame {shown}{more})")
    return lines
