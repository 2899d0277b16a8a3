"""Free cages at temperature T: one ligand against quadrature, ligands that ignore one another, cold cages, the published sign."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import simpson
from scored import short_sampling

from selectivity.cage_map import cage_map, place_sites
from selectivity.constants import COULOMB_KJ_ANGSTROM, thermal_energy
from selectivity.energetics.cages import cage_ligands
from selectivity.energetics.force_field import force_field
from selectivity.energetics.minimise import minimise
from selectivity.energetics.thermal_cages import CageSampling, cage_exchange
from selectivity.errors import OutOfRange, SelectivityError, UnknownChoice
from selectivity.pipeline import score_filter
from selectivity.structure.ideal import ideal_filter

T, KCAL, SCHMID = 298.15, 4.184, 17.5 * 4.184
SHORT = CageSampling(n_states=5, n_runs=1, n_equilibration=100, n_samples=200)


def one_carbonyl(ion: str, radius: float) -> float:
    """-RT ln Z of one carbonyl about an ion, its oxygen within the sphere: a double integral over distance and tilt."""
    field = force_field("charmm36")
    metal, atoms = field.ion(ion), field.groups["carbonyl"]
    r, cosine = np.linspace(1.2, radius, 2001), np.linspace(-1.0, 1.0, 801)
    carbon = np.sqrt(r[:, None] ** 2 + 1.23**2 + 2.0 * r[:, None] * 1.23 * cosine)
    energy = np.zeros_like(carbon)
    for name, distance in (("O", np.broadcast_to(r[:, None], carbon.shape)), ("C", carbon)):
        atom = atoms[name]
        size = (metal.half_rmin + atom.half_rmin) / distance
        depth = np.sqrt(metal.epsilon_kj_mol * atom.epsilon_kj_mol)
        energy += COULOMB_KJ_ANGSTROM * atom.charge / distance + depth * (size**12 - 2.0 * size**6)
    weight = np.exp(-(energy - energy.min()) / thermal_energy(T)) * r[:, None] ** 2
    return float(energy.min() - thermal_energy(T) * np.log(simpson(simpson(weight, x=cosine), x=r)))


@pytest.fixture(scope="module")
def single() -> float:
    """Exact free energy of turning K+ into Na+ beside one carbonyl in a sphere of 3.5 Å, kJ/mol."""
    return one_carbonyl("Na", 3.5) - one_carbonyl("K", 3.5)


@pytest.mark.parametrize("n", [1, 8])
def test_ligands_that_do_not_see_one_another_add_up_to_the_integral(single: float, n: int) -> None:
    found = cage_exchange(n, "K", "Na", ligand_repulsion=False, seed=n)
    assert found.error_kj_mol < 1.0
    assert found.delta_kj_mol == pytest.approx(n * single, abs=3.0 * found.error_kj_mol)


def test_eight_repelling_carbonyls_prefer_potassium_as_published() -> None:
    """FACTS 2.1: 5.6 kcal/mol simulated, 5-6 measured for eight ligands; without repulsion strongly Na+. Nothing here was fitted."""
    with_, without = (
        cage_exchange(8, "K", "Na", ligand_repulsion=seen).delta_kj_mol + SCHMID for seen in (True, False)
    )
    assert 4.0 < with_ / KCAL < 6.5
    assert without < -70.0


def test_a_cold_cage_is_the_minimum() -> None:
    """Six ligands in a sphere they do not touch: what is left at 20 K is RT times a number of order ten, linear in T."""
    system = cage_ligands(6)
    lowest = [minimise(system, ion, np.zeros((1, 3))).energy_kj_mol for ion in ("K", "Na")]
    plan = CageSampling(n_states=21, n_runs=1, n_equilibration=300, n_samples=400)
    cold = [cage_exchange(6, "K", "Na", radius=4.0, temperature=t, sampling=plan).delta_kj_mol for t in (20.0, 40.0)]
    assert 2.0 * cold[0] - cold[1] == pytest.approx(lowest[1] - lowest[0], abs=1.0)


def test_a_narrower_sphere_favours_the_smaller_ion_less_than_a_wide_one() -> None:
    """In a wide sphere two of ten ligands step back from Na+ and lower its cost; the published map says the same of ligand numbers."""
    narrow, wide = (cage_exchange(10, "K", "Na", radius=r, sampling=SHORT) for r in (3.2, 5.0))
    assert narrow.coordination[1] > wide.coordination[1]
    assert narrow.delta_kj_mol > wide.delta_kj_mol


def test_waters_among_the_ligands() -> None:
    """Ions of equal parameters exchange for nothing, whatever the mixture; and a mixture is neither of its ends."""
    assert cage_exchange(6, "K", "K", n_waters=3, sampling=SHORT).delta_kj_mol == 0.0
    pure, mixed = (cage_exchange(6, "K", "Na", n_waters=n, sampling=SHORT) for n in (0, 6))
    assert abs(pure.delta_kj_mol - mixed.delta_kj_mol) > 3.0 * np.hypot(pure.error_kj_mol, mixed.error_kj_mol)


def test_the_same_seed_gives_the_same_map_on_any_number_of_threads() -> None:
    options = {"n_ligands": [5, 8], "treatment": "thermal", "sampling": SHORT, "hydration": "schmid"}
    one, two = (cage_map(jobs=jobs, **options) for jobs in (1, 2))
    assert one == two
    assert one.rows()[0]["ddg_error_kj_mol"] > 0.0
    assert {"coordination_k", "coordination_na", "ddg_without_repulsion_error_kj_mol"} <= set(one.rows()[0])
    assert one.to_dict()["sphere_angstrom"] == 3.5


def test_thermal_sites_stand_beside_thermal_cages() -> None:
    with short_sampling():
        score = score_filter(ideal_filter("nak-like"), hydration_state="dry", rule="sites", target_error=50.0)
    placed = {site.site: site for site in place_sites(score, sampling=SHORT)}
    assert (placed["S3"].ddg_kj_mol, placed["S3"].ddg_error_kj_mol) == (score.site("S3").ddg_kj_mol, score.site("S3").ddg_error_kj_mol)
    cage = cage_exchange(placed["S3"].coordination_number, "K", "Na", sampling=SHORT, charge=0.51)
    assert placed["S3"].cage_ddg_kj_mol == pytest.approx(cage.delta_kj_mol + 18.6 * KCAL)


REFUSED = [
    ({"n_waters": 9}, OutOfRange, "9 waters among 8 ligands"),
    ({"radius": 1.0}, OutOfRange, "sphere of 1 Å"),
    ({"temperature": 0.0}, OutOfRange, "positive temperature"),
    ({"force_field": "opls"}, UnknownChoice, "not known"),
]


@pytest.mark.parametrize(("options", "kind", "words"), REFUSED)
def test_refusals_of_an_exchange(options: dict, kind: type[SelectivityError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        cage_exchange(8, "K", "Na", **options)
    assert "\n" not in str(caught.value)


MAP_REFUSED = [
    ({"treatment": "warm"}, UnknownChoice, "minimum, thermal"),
    ({"n_waters": 2}, OutOfRange, "need treatment 'thermal'"),
    ({"treatment": "thermal", "distance": 2.8}, OutOfRange, "set the sphere"),
]


@pytest.mark.parametrize(("options", "kind", "words"), MAP_REFUSED)
def test_refusals_of_a_map(options: dict, kind: type[SelectivityError], words: str) -> None:
    with pytest.raises(kind, match=words):
        cage_map(n_ligands=[8], **options)
