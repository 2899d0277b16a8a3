"""The ion tables against the published tables they were typed from, and against each other."""

from __future__ import annotations

import pytest

from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.ions import hydration_shell, ion, ions, pauling_radius, shannon_radius, valence

CATIONS = ["Li", "Na", "K", "Rb", "Cs", "Tl", "Mg", "Ca", "Sr", "Ba", "Zn"]


@pytest.mark.parametrize(
    ("name", "coordination", "radius"),
    [
        ("Li", 4, 0.59), ("Na", 5, 1.00), ("Na", 6, 1.02), ("Na", 8, 1.18), ("K", 6, 1.38), ("K", 7, 1.46), ("K", 8, 1.51),
        ("Rb", 12, 1.72), ("Cs", 9, 1.78), ("Tl", 8, 1.59), ("Mg", 6, 0.72), ("Ca", 10, 1.23), ("Ba", 8, 1.42), ("Cl", 6, 1.81),
    ],
)  # fmt: skip
def test_shannon_radii_are_those_of_1976(name: str, coordination: int, radius: float) -> None:
    assert shannon_radius(name, coordination) == radius


@pytest.mark.parametrize("name", CATIONS)
def test_radii_grow_with_the_coordination_number(name: str) -> None:
    radii = [shannon_radius(name, number) for number in (4, 6, 7, 8, 9, 10, 12) if known(name, number)]
    assert radii == sorted(radii) and len(set(radii)) == len(radii)


def known(name: str, number: int) -> bool:
    try:
        shannon_radius(name, number)
    except OutOfRange:
        return False
    return True


def test_alkali_ions_grow_down_the_group_in_either_convention() -> None:
    group = ["Li", "Na", "K", "Rb", "Cs"]
    for radius in (lambda name: shannon_radius(name, 6), lambda name: shannon_radius(name, 8), pauling_radius):
        sizes = [radius(name) for name in group]
        assert sizes == sorted(sizes)


def test_crystal_radius_of_a_cation_is_larger_by_the_oxide_shift() -> None:
    assert shannon_radius("K", 8, crystal=True) == pytest.approx(1.65)
    with pytest.raises(OutOfRange, match="holds for cations"):
        shannon_radius("Cl", 6, crystal=True)


def test_water_distance_exceeds_the_shannon_radius_by_the_radius_of_water() -> None:
    """Persson 2010: M-O in water = ionic radius + 1.34 Å; 1.37 to 1.40 Å for the alkaline earths; a wide band for both."""
    for name, coordination in {"Li": 4, "Na": 6, "K": 7, "Rb": 8, "Cs": 8, "Mg": 6, "Ca": 6, "Sr": 8, "Ba": 8}.items():
        excess = hydration_shell(name).distance_angstrom - shannon_radius(name, coordination)
        assert excess == pytest.approx(1.37, abs=0.06), name


@pytest.mark.parametrize(
    ("spelling", "symbol"),
    [("K", "K"), ("k+", "K"), ("POT", "K"), ("Potassium", "K"), (" Na+ ", "Na"), ("SOD", "Na"), ("CLA", "Cl"), ("tl", "Tl"),
     ("Ca2+", "Ca"), ("NH4+", "NH4"), ("cesium", "Cs")],
)  # fmt: skip
def test_an_ion_answers_to_its_names(spelling: str, symbol: str) -> None:
    assert ion(spelling).symbol == symbol


def test_no_two_ions_share_a_name() -> None:
    names = [name.casefold() for species in ions().values() for name in {species.symbol, *species.synonyms}]
    owners = {name: {species.symbol for species in ions().values() if name in _names(species)} for name in names}
    assert {name: symbols for name, symbols in owners.items() if len(symbols) > 1} == {}


def _names(species) -> set[str]:
    return {name.casefold() for name in (species.symbol, *species.synonyms)}


def test_charges() -> None:
    assert [valence(name) for name in ("K", "NH4", "Mg", "Cl")] == [1, 1, 2, -1]


@pytest.mark.parametrize("name", ["", "X", "LYS", "polonium", "K2"])
def test_an_unknown_ion_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(UnknownChoice, match="The ions are: Li, Na, K"):
        ion(name)


def test_nothing_is_interpolated() -> None:
    with pytest.raises(OutOfRange, match="tabulated: 4, 6, 7, 8, 9, 10, 12"):
        shannon_radius("K", 5)
    with pytest.raises(OutOfRange, match="no first hydration shell of Tl"):
        hydration_shell("Tl")
    with pytest.raises(OutOfRange, match="no Pauling radius of Zn"):
        pauling_radius("Zn")
    with pytest.raises(UnknownChoice, match="one of: drude, experiment"):
        hydration_shell("K", convention="guess")
