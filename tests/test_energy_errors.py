"""Bad input gives one line: what was found, what is needed, what to do next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from energy_systems import kcsa

from selectivity.energetics.force_field import force_field
from selectivity.energetics.groups import b_factor_amplitude, force_constant
from selectivity.energetics.hamiltonian import Region, energy_terms
from selectivity.energetics.ligands import add_waters, filter_ligands
from selectivity.energetics.minimise import minimise, site_starts
from selectivity.errors import EnergyRefused, FilterIncomplete, OutOfRange, SelectivityError, UnknownChoice
from selectivity.structure.ideal import ideal_filter

REGION = Region(0.0, 3.0, 1.8)


def with_ring_kind(kind):
    filter = ideal_filter("kcsa-like")
    rings = (*filter.rings[:-1], replace(filter.rings[-1], kind=kind))
    return replace(filter, rings=rings)


def without_atom(name, residue_index):
    """The filter with one atom of the first strand renamed, as if it had not been modelled."""
    filter = ideal_filter("kcsa-like")
    atoms = tuple(
        replace(a, name="XX") if (a.name, a.residue_index, a.strand) == (name, residue_index, 0) else a
        for a in filter.atoms
    )
    return replace(filter, atoms=atoms)


def with_b_factor(value):
    filter = ideal_filter("kcsa-like")
    return replace(filter, atoms=tuple(replace(a, b_factor=value) for a in filter.atoms))


CASES = {
    "carboxylates": (lambda: filter_ligands(with_ring_kind("carboxylate")), EnergyRefused, "carboxylate.*bond valence"),
    "other rings": (lambda: filter_ligands(with_ring_kind("other")), EnergyRefused, "kind other"),
    "no C": (lambda: filter_ligands(without_atom("C", 1)), FilterIncomplete, r"V76 O.*no C within.*complete"),
    "no CB": (lambda: filter_ligands(without_atom("CB", 0)), FilterIncomplete, r"T75 OG1.*no CB within"),
    "zero sigma": (lambda: filter_ligands(ideal_filter("kcsa-like"), sigma=0.0), OutOfRange, r"sigma = 0\.0 Å.*0\.30"),
    "negative sigma": (lambda: force_constant(-0.3), OutOfRange, r"sigma = -0\.3"),
    "NaN sigma": (lambda: force_constant(float("nan")), OutOfRange, "sigma = nan"),
    "word for sigma": (
        lambda: filter_ligands(ideal_filter("kcsa-like"), sigma="soft"),
        OutOfRange,
        "'soft'.*'bfactor'",
    ),
    "no B-factors": (lambda: filter_ligands(with_b_factor(0.0), sigma="bfactor"), OutOfRange, r"75 CB: B-factor 0\.0"),
    "NaN B-factor": (lambda: b_factor_amplitude(float("nan")), OutOfRange, "B-factor nan"),
    "force field": (lambda: force_field("opls"), UnknownChoice, "'opls'.*charmm36, amber"),
    "ion without parameters": (
        lambda: minimise(kcsa(), "Tl", site_starts(REGION)),
        UnknownChoice,
        "'Tl'.*amber-lsm have it",
    ),
    "unknown ion": (lambda: force_field("amber").ion("Xx"), UnknownChoice, "'Xx'.*available are Li, Na"),
    "empty region": (
        lambda: minimise(kcsa(), "K", site_starts(REGION), region=Region(3.0, 0.0, 1.8)),
        OutOfRange,
        "z 3 to 0 Å.*holds no point",
    ),
    "no radius": (lambda: add_waters(kcsa(), [[0, 0, 8.0]], region=(6.0, 9.0, 0.0)), OutOfRange, "radius 0 Å"),
    "no start": (lambda: minimise(kcsa(), "K"), OutOfRange, "no start"),
    "two coordinates": (lambda: minimise(kcsa(), "K", [[0.0, 1.0]]), OutOfRange, r"shape \(1, 2\)"),
    "one ion missing": (lambda: minimise(kcsa(), ("K", "K"), [[0.0, 0.0, 1.0]]), OutOfRange, "needed .starts, 2, 3."),
    "NaN start": (lambda: minimise(kcsa(), "K", [[0.0, 0.0, np.nan]]), OutOfRange, "NaN"),
    "regions": (
        lambda: minimise(kcsa(), ("K", "K"), np.zeros((1, 2, 3)), region=[REGION]),
        OutOfRange,
        "1 regions for 2 ions",
    ),
    "heights": (lambda: minimise(kcsa(), "K", [[0.0, 0.0, 1.0]], fixed_z=[1.0, 2.0]), OutOfRange, "2 heights"),
    "too few positions": (
        lambda: energy_terms(kcsa(), "K", kcsa().positions[:-1], [[0.0, 0.0, 1.0]]),
        OutOfRange,
        r"\(51, 3\).*needed \(52, 3\)",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refusal(case):
    call, kind, message = CASES[case]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, SelectivityError) and "\n" not in str(caught.value)
