"""What is seen in frames? Compiled: shape and contents of the pore written into rows of the arrays of a block.

In two steps, since a reader fills the caches of the processor with every frame: a frame is cut down to the pore as it is read, and
those of a batch are then seen together.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selectivity.trajectory.condition import DISORDERED, OK
from selectivity.trajectory.contents import NOBODY, can_hold_potassium, occupant, settle, shell
from selectivity.trajectory.exchange import exchange_energies
from selectivity.trajectory.pore import enter_pore
from selectivity.trajectory.rigid import site_minima
from selectivity.trajectory.shape import (
    N_SITES,
    cage_distance,
    measure_carbonyls,
    measure_rings,
    measure_sites,
)


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def enter_frame(
    xyz, core_rows, ion_rows, water_rows, cell, inverse, periodic, f, core, present, n_ions, kept_ions, ions, kept_waters, waters
):  # fmt: skip
    """What is kept of a frame, in pore coordinates; returns its state and the number of waters near the axis.

    The first line is the frame with its cell, then row f of the arrays of `selectivity.trajectory.block.FrameBlock`, then room for waters.
    """
    state, here, n_ions[f], n_waters = enter_pore(
        xyz,
        core_rows,
        ion_rows,
        water_rows,
        periodic,
        cell,
        inverse,
        core[f],
        kept_ions[f],
        ions[f],
        kept_waters,
        waters,
    )
    if state == OK:
        present[f] = here
    else:
        core[f] = np.nan
    return state, n_waters


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def see_frames(
    rows, n_waters, kept_waters, waters, ion_kind, like, water_kind,
    ring_params, bare_params, oh_length, coh_angle, r0, b, pair, carbonyl, hydroxyl, water, rigid,
    state, core, present, n_ions, kept_ions, ions, radius, z, direction, angle, cage, sites, lining,
    counts, resident, resident_z, resident_radial, resident_distance, coordination, formed, track_site, exchange, energies, heights,
):  # fmt: skip
    """Shape, contents and minima of the frames that have entered.

    The first line is which rows of the block they are and the waters of each, the second the model (``rigid``: whether minima are
    wanted; parameters with and without the hydroxyl ring), the others are the arrays of `selectivity.trajectory.block.FrameBlock`.
    """
    for n in range(len(rows)):
        f, near = rows[n], waters[n]
        if not see_shape(core[f], present[f], f, radius, z, direction, angle, cage, sites[f], lining[f]):
            state[f] = DISORDERED
            continue
        see_contents(
            core[f], present[f], sites[f], lining[f], n_ions[f], ions[f], kept_ions[f], ion_kind, like, n_waters[n], near, kept_waters[n],
            water_kind, r0, b, f, counts, resident, resident_z, resident_radial, resident_distance, coordination, formed, track_site[f],
        )  # fmt: skip
        kinds = ion_kind[kept_ions[f, : n_ions[f]]]
        exchange_energies(
            core[f],
            ions[f],
            n_ions[f],
            kinds,
            track_site[f],
            near,
            n_waters[n],
            pair,
            carbonyl,
            hydroxyl,
            water,
            exchange[f],
        )
        if rigid:
            n_hydroxyl = (core.shape[1] - 80) // 2 if present[f] else 0
            params = ring_params if present[f] else bare_params
            site_minima(core[f], n_hydroxyl, sites[f], formed[f], params, oh_length, coh_angle, energies[f], heights[f])


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def see_shape(core, present, f, radius, z, direction, angle, cage, sites, lining):
    """Rings, carbonyls, sites and cage distances of a frame; whether the rings are in order."""
    measure_carbonyls(core, direction[f], angle[f])
    ordered = measure_rings(core, present, radius[f], z[f])
    if ordered:
        measure_sites(radius[f], z[f], present, sites, lining)
        for s in range(1, N_SITES):
            cage[f, s] = cage_distance(core, present, s, sites[s, 0], sites[s, 1]) if s < 5 else np.nan
    return ordered


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def see_contents(
    core, present, sites, lining, n_ions, ions, kept_ions, ion_kind, like, n_waters, waters, kept_waters, water_kind, r0, b, f,
    counts, resident, resident_z, resident_radial, resident_distance, coordination, formed, track_site,
):  # fmt: skip
    """Counts by site, the ion told about in each site with its shell, and whether the site could hold K+."""
    where_water = np.empty(max(n_waters, 1), dtype=np.int64)
    settle(ions, n_ions, ion_kind, kept_ions, sites, counts[f], track_site)
    settle(waters, n_waters, water_kind, kept_waters, sites, counts[f], where_water)
    point = np.empty(3)
    for s in range(N_SITES):
        i = occupant(s, track_site, n_ions, ions, kept_ions, like)
        seen = False
        point[0], point[1], point[2] = 0.0, 0.0, 0.5 * (sites[s, 0] + sites[s, 1])
        if i != NOBODY:
            seen = like[kept_ions[i]]
            resident[f, s] = ion_kind[kept_ions[i]]
            resident_z[f, s] = ions[i, 2]
            resident_radial[f, s] = np.sqrt(ions[i, 0] ** 2 + ions[i, 1] ** 2)
            for kind in range(3):
                coordination[f, s, kind] = 0
            resident_distance[f, s] = shell(ions[i], core, waters, n_waters, coordination[f, s])
            if seen:
                point[:] = ions[i]
        formed[f, s] = can_hold_potassium(point, core, present, lining[s], seen, r0, b)
