"""What would Na+ cost where K+ is in this frame? Compiled: the perturbation energy of every ion in its site, U(Na+) - U(K+).

Both ions carry one charge, so only Lennard-Jones terms differ, of the ion with the carbonyls and hydroxyls of the filter, with the
oxygens of all waters within 8 Å of the axis and with other K+ and Na+ there. They fade within a few Å; the rest of the protein, other
ions and the hydrogens (below 0.1 kJ/mol for CHARMM36) are left out. This is the perturbation of the package's Hamiltonian on
an ensemble that the simulation made: where the simulation used the same force field, it is its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def difference(x, y, z, point, root_first, size_first, root_second, size_second, root, size):
    """Lennard-Jones energy of the second ion minus that of the first at a point with one atom, kJ/mol."""
    inverse2 = 1.0 / ((x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2)
    a = ((size_first + size) ** 2 * inverse2) ** 3
    b = ((size_second + size) ** 2 * inverse2) ** 3
    return root * (root_second * b * (b - 2.0) - root_first * a * (a - 2.0))


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def exchange_energy(own, core, ions, n_ions, kinds, waters, n_waters, pair, carbonyl, hydroxyl, water):
    """U(Na+) - U(K+) of ion ``own`` where it is, kJ/mol.

    ``pair`` (2, 2) holds sqrt(epsilon) and Rmin/2 of K+ and Na+; ``carbonyl`` and ``hydroxyl`` (2, 2) those of C, O and CB, OG1; ``water``
    (2,) that of its oxygen.
    """
    point = ions[own]
    first, size_first, second, size_second = pair[0, 0], pair[0, 1], pair[1, 0], pair[1, 1]
    total = 0.0
    for k in range(20):
        for part in range(2):
            i = 4 * k + 2 + part
            total += difference(
                core[i, 0], core[i, 1], core[i, 2], point, first, size_first, second, size_second, carbonyl[part, 0], carbonyl[part, 1]
            )  # fmt: skip
    for i in range(80, len(core)):
        part = i % 2
        total += difference(
            core[i, 0], core[i, 1], core[i, 2], point, first, size_first, second, size_second, hydroxyl[part, 0], hydroxyl[part, 1]
        )  # fmt: skip
    for i in range(n_waters):
        total += difference(
            waters[i, 0], waters[i, 1], waters[i, 2], point, first, size_first, second, size_second, water[0], water[1]
        )  # fmt: skip
    for i in range(n_ions):
        if i != own and kinds[i] < 2:
            total += difference(
                ions[i, 0], ions[i, 1], ions[i, 2], point, first, size_first, second, size_second,
                pair[kinds[i], 0], pair[kinds[i], 1],
            )  # fmt: skip
    return total


@njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def exchange_energies(core, ions, n_ions, kinds, where, waters, n_waters, pair, carbonyl, hydroxyl, water, out):
    """`exchange_energy` of the K+ of every site that holds exactly one into ``out`` (6,); NaN elsewhere."""
    for s in range(len(out)):
        found = -1
        for i in range(n_ions):
            if where[i] == s and kinds[i] == 0:
                found = i if found == -1 else -2
        out[s] = np.nan
        if found >= 0:
            out[s] = exchange_energy(
                found, core, ions, n_ions, kinds, waters, n_waters, pair, carbonyl, hydroxyl, water
            )
