"""Bond valence and hydration: published check values, limits, and scales that are never mixed."""

import numpy as np
import pytest

from selectivity.constants import KJ_PER_KCAL
from selectivity.data import read_table
from selectivity.energetics.bond_valence import bond_valence_parameters, bond_valence_sum, ideal_distance
from selectivity.energetics.hydration import (
    EXPERIMENTAL_SCALES,
    dehydration_difference,
    dehydration_range,
    hydration_free_energy,
    hydration_scale,
    hydration_sources,
)
from selectivity.errors import OutOfRange, UnknownChoice
from selectivity.references import references


@pytest.mark.parametrize(
    ("ion", "n", "brown", "gagne"),
    [
        ("K", 8, 2.901, 2.875),
        ("Na", 8, 2.572, 2.568),
        ("Rb", 8, 3.032, 2.987),
        ("Cs", 8, 3.186, 3.151),
        ("Ba", 8, 2.798, 2.786),
        ("K", 6, 2.795, 2.760),
        ("Na", 6, 2.466, 2.448),
        ("Na", 5, 2.398, 2.371),
        ("Na", 4, 2.316, 2.277),
    ],
)
def test_ideal_distances_are_the_published_checks(ion, n, brown, gagne):
    # FACTS 1.4, checks to 0.001 Å
    assert ideal_distance(ion, n, parameters="brown-altermatt") == pytest.approx(brown, abs=6e-4)
    assert ideal_distance(ion, n, parameters="gagne-hawthorne") == pytest.approx(gagne, abs=6e-4)
    pair = bond_valence_parameters(ion)
    assert bond_valence_sum(ion, [ideal_distance(ion, n)] * n) == pytest.approx(pair.valence, rel=1e-12)


@pytest.mark.parametrize(
    ("ion", "distance", "brown", "gagne"),
    [("K", 2.77, 1.43, 1.30), ("K", 2.93, 0.93, 0.87), ("Na", 2.85, 0.47, 0.51)],
)
def test_sums_of_eight_oxygens_are_the_published_checks(ion, distance, brown, gagne):
    assert bond_valence_sum(ion, [distance] * 8, parameters="brown-altermatt") == pytest.approx(brown, abs=6e-3)
    assert bond_valence_sum(ion, [distance] * 8) == pytest.approx(gagne, abs=6e-3)


def test_distant_oxygens_fade_and_none_give_zero():
    assert bond_valence_sum("K", []) == 0.0
    assert bond_valence_sum("K", [2.8, 12.0]) == pytest.approx(bond_valence_sum("K", [2.8]), rel=1e-9)


def test_sums_add_over_shells():
    near, far = [2.7] * 4, [3.1] * 4
    assert bond_valence_sum("Na", near + far) == pytest.approx(
        bond_valence_sum("Na", near) + bond_valence_sum("Na", far)
    )


@pytest.mark.parametrize(
    ("scale", "gap", "tolerance"),
    [("charmm36", 18.6 * KJ_PER_KCAL, 1e-9), ("joung-cheatham", 73.22, 1e-9), ("schmid", 73.2, 0.05),
     ("marcus", 70.0, 1e-9), ("fawcett", 72.0, 1e-9), ("tissandier", 72.0, 1e-9)],
)  # fmt: skip
def test_sodium_pays_the_published_difference(scale, gap, tolerance):
    assert dehydration_difference("K", "Na", scale=scale) == pytest.approx(gap, abs=tolerance)
    assert dehydration_difference("Na", "K", scale=scale) == pytest.approx(-gap, abs=tolerance)


def test_absolute_values_come_from_one_scale():
    assert hydration_free_energy("K", scale="charmm36") == pytest.approx(-79.56 * KJ_PER_KCAL)
    assert hydration_free_energy("Na", scale="marcus") == -365.0
    assert hydration_free_energy("K", scale="fawcett") == -352.0


def test_the_force_field_brings_its_own_water_leg():
    assert hydration_scale("force-field", force_field="charmm36") == "charmm36"
    assert hydration_scale("force-field", force_field="amber") == "joung-cheatham"
    assert [hydration_scale(s, force_field="charmm36") for s in EXPERIMENTAL_SCALES] == list(EXPERIMENTAL_SCALES)


def test_range_spans_every_scale_with_both_ions():
    assert dehydration_range("K", "Na") == pytest.approx((70.0, 18.6 * KJ_PER_KCAL))
    low, high = dehydration_range("Na", "K")
    assert (low, high) == pytest.approx((-18.6 * KJ_PER_KCAL, -70.0))


def test_warming_closes_the_gap_as_published():
    # FACTS 1.2: 0.37 kJ/mol per 10 K around 298.15 K, to first order
    slope = dehydration_difference("K", "Na", scale="schmid", temperature=303.15) - dehydration_difference(
        "K", "Na", scale="schmid", temperature=293.15
    )
    assert slope == pytest.approx(-0.37, abs=0.01)


@pytest.mark.parametrize("ion", ["Li", "Na", "K", "Rb", "Cs"])
def test_temperature_dependence_has_the_tabulated_slope_and_curvature(ion):
    row = next(r for r in read_table("hydration_temperature") if r["ion"] == ion)
    step = 0.5
    g = [hydration_free_energy(ion, scale="schmid", temperature=298.15 + d) for d in (-step, 0.0, step)]
    assert (g[2] - g[0]) / (2 * step) == pytest.approx(-float(row["entropy"]), rel=1e-4)
    # d2G/dT2 = -dCp/T
    assert (g[2] - 2 * g[1] + g[0]) / step**2 == pytest.approx(-float(row["heat_capacity"]) / 298.15, rel=1e-3)


def test_every_number_names_a_known_source():
    for table in ("hydration", "hydration_temperature", "bond_valence"):
        for row in read_table(table):
            assert all(key in references() for key in row["source"].split(";")), row
    assert hydration_sources("joung-cheatham", ("K", "Na")) == ("joung_cheatham2008", "schmid2000")


@pytest.mark.parametrize("temperature", [272.9, 373.1, float("nan")])
def test_ice_and_steam_are_refused(temperature):
    with pytest.raises(OutOfRange, match="273 to 373"):
        hydration_free_energy("K", scale="schmid", temperature=temperature)


def test_unknown_ions_scales_and_sets_name_the_choices():
    with pytest.raises(UnknownChoice, match="marcus"):
        hydration_free_energy("Tl", scale="schmid")
    with pytest.raises(UnknownChoice, match="fawcett"):
        hydration_scale("pauling", force_field="charmm36")
    with pytest.raises(OutOfRange, match=r"298\.15"):
        hydration_free_energy("Tl", scale="marcus", temperature=310.0)
    with pytest.raises(UnknownChoice, match="gagne"):
        bond_valence_sum("K", [2.8], parameters="softbv")
    with pytest.raises(UnknownChoice, match="Rb"):
        bond_valence_sum("Cl", [2.8])
    with pytest.raises(OutOfRange, match="positive"):
        bond_valence_sum("K", np.array([2.8, -1.0]))
    with pytest.raises(OutOfRange, match="at least one"):
        ideal_distance("K", 0)


def test_a_factor_on_a_scale_multiplies_it_at_every_temperature_and_is_refused_out_of_range() -> None:
    for kelvin in (298.15, 310.15):
        plain = dehydration_difference("K", "Na", scale="marcus", temperature=kelvin)
        assert dehydration_difference("K", "Na", scale="marcus*0.9", temperature=kelvin) == pytest.approx(0.9 * plain)
    assert hydration_scale("force-field*0.9", force_field="amber") == "joung-cheatham*0.9"
    assert hydration_scale("tissandier*1", force_field="amber") == "fawcett"
    assert hydration_sources("marcus*0.9", ("K",)) == hydration_sources("marcus", ("K",))
    for scale, error in (
        ("marcus*x", UnknownChoice),
        ("marcus*", UnknownChoice),
        ("marcus*3", OutOfRange),
        ("marcus*nan", OutOfRange),
    ):
        with pytest.raises(error):
            hydration_scale(scale, force_field="charmm36")
