"""Is the thermal sampling right? Closed forms, quadrature, the zero-temperature limit, seeds, and the spread over many seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from energy_systems import kcsa
from scipy.integrate import simpson

from selectivity.constants import COULOMB_KJ_ANGSTROM, KJ_PER_KCAL, thermal_energy
from selectivity.energetics.force_field import force_field
from selectivity.energetics.free_energy import alchemical_free_energy
from selectivity.energetics.groups import Group, force_constant
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.kernels import WALL_CONSTANT
from selectivity.energetics.ligands import filter_ligands, pack
from selectivity.energetics.minimise import minimise, site_starts
from selectivity.energetics.thermal import Neighbour, Sampling, thermal_exchange
from selectivity.errors import OutOfRange, UnknownChoice

SHORT = Sampling(n_samples=200, n_equilibration=200, max_blocks=1)
S2 = Region(0.0, 3.0, 1.8)


def carbonyls(oxygens, *, sigma, length=1.23):
    """Carbonyls whose oxygens point to the axis; a far-away pair of them does not feel the ion."""
    groups = []
    for oxygen in np.atleast_2d(oxygens):
        outward = np.array([oxygen[0], oxygen[1], 0.0])
        outward /= np.linalg.norm(outward)
        shape = np.array([oxygen + length * outward, oxygen])
        groups.append(Group("carbonyl", "test", ("C", "O"), shape, np.full(2, force_constant(sigma)), (0, 1)))
    return pack(groups, force_field="charmm36")


def ion_energy(system, ion, places, region):
    """Coulomb, Lennard-Jones and wall energy of an ion at many places (..., 3), written out once more (kJ/mol)."""
    energy = np.zeros(places.shape[:-1])
    for atom, charge, epsilon, size in zip(
        system.positions, system.charge, system.epsilon_kj_mol, system.half_rmin, strict=True
    ):
        r = np.linalg.norm(places - atom, axis=-1)
        ratio6 = ((size + ion.half_rmin) / r) ** 6
        energy += COULOMB_KJ_ANGSTROM * charge * ion.charge / r
        energy += np.sqrt(epsilon * ion.epsilon_kj_mol) * ratio6 * (ratio6 - 2.0)
    lateral = np.maximum(np.hypot(places[..., 0], places[..., 1]) - region.lateral_radius, 0.0)
    beyond = np.maximum(np.maximum(region.z_low - places[..., 2], places[..., 2] - region.z_high), 0.0)
    return energy + 0.5 * WALL_CONSTANT * (lateral**2 + beyond**2)


def test_mbar_gives_the_closed_form_of_harmonic_oscillators():
    """States with force constants 1, 2, 4, 8: dG = (3/2) RT ln 8 in three dimensions."""
    rng, temperature = np.random.default_rng(3), 310.0
    stiffness = np.array([1.0, 2.0, 4.0, 8.0])
    x = rng.normal(size=(3000, 4, 3)) / np.sqrt(stiffness)[None, :, None]
    energies = 0.5 * thermal_energy(temperature) * (x**2).sum(axis=-1)[:, :, None] * stiffness
    result = alchemical_free_energy(energies, temperature=temperature)
    exact = 1.5 * thermal_energy(temperature) * np.log(8.0)
    assert result.delta_kj_mol == pytest.approx(exact, abs=4 * result.error_kj_mol)
    assert result.error_kj_mol < 0.1


def test_error_grows_with_the_correlation_of_the_samples():
    rng = np.random.default_rng(4)
    white = rng.normal(size=(4000, 2))
    slow = np.empty_like(white)
    slow[0] = white[0]
    for i in range(1, len(white)):
        slow[i] = 0.95 * slow[i - 1] + np.sqrt(1 - 0.95**2) * white[i]
    scale = np.array([1.0, 0.7])

    def error(x):
        energies = 0.5 * thermal_energy(300.0) * (x * scale)[:, :, None] ** 2 / scale**2
        return alchemical_free_energy(energies, temperature=300.0).error_kj_mol

    inefficiency = (1 + 0.95**2) / (1 - 0.95**2)
    assert error(slow) / error(white) == pytest.approx(np.sqrt(inefficiency), rel=0.4)


def test_restrained_rods_have_the_mean_strain_of_equipartition():
    """Lonely rods, two atoms of constant k, length l: 3/2 RT from translation and, from a(1 - cos), a = k l^2 / 2,
    RT [1 - x e^-x / (1 - e^-x)] with x = 2a / RT from rotation on the sphere."""
    system = carbonyls([[400.0, 0.0, 0.0], [0.0, 400.0, 0.0]], sigma=0.5)
    plan = Sampling(n_samples=1500, n_states=2, n_equilibration=200, max_blocks=1, n_runs=1)
    result = thermal_exchange(
        system, "K", "Na", region=Region(-1.0, 1.0, 1.0), temperature=298.15, sampling=plan, seed=5
    )
    rt = thermal_energy(298.15)
    x = force_constant(0.5) * 1.23**2 / rt
    each = 1.5 * rt + rt * (1.0 - x * np.exp(-x) / (1.0 - np.exp(-x)))
    for ion in ("K", "Na"):
        assert result.mean_terms[ion].strain == pytest.approx(2 * each, rel=0.03)


def test_ion_between_stiff_ligands_agrees_with_quadrature():
    """Four carbonyls held so stiffly that they hardly move: dG is a three-dimensional integral over the ion."""
    ring = 2.6 * np.array([[1.0, 0, 0], [0, 1.0, 0], [-1.0, 0, 0], [0, -1.0, 0]])
    system, region, temperature = carbonyls(ring, sigma=0.01), Region(0.0, 3.0, 1.8), 298.15
    x, z = np.linspace(-1.9, 1.9, 77), np.linspace(-0.1, 3.1, 65)
    places = np.stack(np.meshgrid(x, x, z, indexing="ij"), axis=-1)
    weights = {}
    for ion in ("K", "Na"):
        energy = ion_energy(system, force_field("charmm36").ion(ion), places, region)
        lowest = energy.min()
        boltzmann = np.exp(-(energy - lowest) / thermal_energy(temperature))
        weights[ion] = simpson(simpson(simpson(boltzmann, z), x), x), lowest
    exact = weights["Na"][1] - weights["K"][1]
    exact -= thermal_energy(temperature) * np.log(weights["Na"][0] / weights["K"][0])
    plan = Sampling(target_error_kj_mol=0.1, n_samples=2000, max_blocks=4)
    result = thermal_exchange(system, "K", "Na", region=region, temperature=temperature, sampling=plan, seed=2)
    assert result.delta_kj_mol == pytest.approx(exact, abs=4 * result.error_kj_mol + 0.1)


def test_cold_limit_is_the_difference_of_relaxed_minima():
    """One cage of eight carbonyls has one basin. What remains at 20 K is vibration, RT/2 times the log of a ratio of curvatures."""
    angles = np.radians([0, 90, 180, 270, 33, 123, 213, 303])
    cage = carbonyls(2.35 * np.column_stack([np.cos(angles), np.sin(angles), [0, 0, 0, 0] + [1.28] * 4]), sigma=0.3)
    minima = {ion: minimise(cage, ion, site_starts(S2), region=S2).energy_kj_mol for ion in ("K", "Na")}
    plan = Sampling(n_states=18, n_samples=200, n_equilibration=200, max_blocks=1, n_runs=1)
    result = thermal_exchange(cage, "K", "Na", region=S2, temperature=20.0, sampling=plan, seed=1)
    assert result.delta_kj_mol == pytest.approx(minima["Na"] - minima["K"], abs=0.5)


def test_states_without_overlap_are_refused():
    with pytest.raises(OutOfRange, match="do not overlap"):
        thermal_exchange(
            kcsa(),
            "K",
            "Na",
            region=S2,
            temperature=0.05,
            sampling=Sampling(n_samples=20, n_equilibration=20, n_states=2),
            seed=1,
        )


def test_same_seed_same_numbers_whatever_the_number_of_threads():
    plan = Sampling(n_samples=60, n_equilibration=60, max_blocks=1)
    alone, threaded = (
        thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=plan, seed=11, jobs=jobs) for jobs in (1, 2)
    )
    assert alone.delta_kj_mol == threaded.delta_kj_mol
    assert alone.error_kj_mol == threaded.error_kj_mol


SEEDED = """
from test_thermal_sampling import S2, Sampling, kcsa, thermal_exchange
result = thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=Sampling(n_samples=60, n_equilibration=60, max_blocks=1), seed=11)
print(result.delta_kj_mol.hex(), result.error_kj_mol.hex())
"""


def digits_of_a_new_process(**environment):
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", SEEDED],
        env={**os.environ, "PYTHONPATH": path, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_same_seed_same_numbers_in_another_process():
    assert digits_of_a_new_process() == digits_of_a_new_process()


@pytest.mark.slow
def test_a_process_that_compiles_the_kernels_finds_the_numbers_of_one_that_loads_them(tmp_path):
    compiled, loaded = (digits_of_a_new_process(NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert compiled == loaded


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interruption_stops_all_runs_and_leaves_no_result(jobs):
    blocks = []

    def interrupted():
        blocks.append(1)
        raise KeyboardInterrupt

    plan = Sampling(n_samples=20, n_equilibration=20, target_error_kj_mol=1e-3, max_blocks=1000)
    with pytest.raises(KeyboardInterrupt):
        thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=plan, seed=1, jobs=jobs, progress=interrupted)
    assert len(blocks) <= jobs


def test_basins_say_where_each_ion_lives():
    """Shares add up to one, are those of the reweighted heights, and independent runs are reported beside their mean."""
    result = thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=SHORT, seed=1)
    for ion in ("K", "Na"):
        shares = {name: basin.share for name, basin in result.basins[ion].items()}
        assert sum(shares.values()) == pytest.approx(1.0)
        z, w = result.heights[ion], result.weights[ion]
        assert shares["cage"] == pytest.approx(w[(z >= 0.75) & (z < 2.25)].sum(), abs=1e-9)
        assert all(len(basin.runs) == 2 and basin.error >= 0.0 for basin in result.basins[ion].values())
    assert thermal_exchange(kcsa(), "K", "Na", fixed_z=1.5, sampling=SHORT, seed=1).basins == {}


def test_swapping_the_ions_flips_the_sign():
    there = thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=SHORT, seed=1)
    back = thermal_exchange(kcsa(), "Na", "K", region=S2, sampling=SHORT, seed=2)
    assert there.delta_kj_mol == pytest.approx(
        -back.delta_kj_mol, abs=4 * np.hypot(there.error_kj_mol, back.error_kj_mol)
    )


def test_a_neighbour_far_away_changes_nothing_and_one_in_the_next_cage_does():
    alone = thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=SHORT, seed=1)
    far = Neighbour("K", (0.0, 0.0, 3000.0), Region(2999.0, 3001.0, 1.8))
    with_far = thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=SHORT, seed=2, neighbours=[far])
    assert with_far.delta_kj_mol == pytest.approx(
        alone.delta_kj_mol, abs=4 * np.hypot(alone.error_kj_mol, with_far.error_kj_mol)
    )
    near = Neighbour("K", (0.0, 0.0, -4.6), Region(-6.1, -3.1, 1.8))
    occupied = thermal_exchange(kcsa(), "K", "Na", region=S2, sampling=SHORT, seed=3, neighbours=[near])
    assert occupied.mean_terms["K"].ion_ion > 100.0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"temperature": 0.0}, OutOfRange, "positive temperature"),
        ({"temperature": -5.0}, OutOfRange, "positive temperature"),
        ({"second": "Xx"}, UnknownChoice, "Xx"),
        ({"sampling": Sampling(n_states=1)}, OutOfRange, "at least 2"),
        ({"sampling": Sampling(target_error_kj_mol=0.0)}, OutOfRange, "target error"),
        ({"region": None}, OutOfRange, "exactly one"),
        ({"region": Region()}, OutOfRange, "open end"),
        ({"fixed_z": 1.0}, OutOfRange, "exactly one"),
    ],
)
def test_refusals(change, error, words):
    arguments = {"first": "K", "second": "Na", "region": S2, "sampling": SHORT} | change
    with pytest.raises(error, match=words):
        thermal_exchange(kcsa(), arguments.pop("first"), arguments.pop("second"), **arguments)


def test_poor_overlap_is_said():
    """Two unit oscillators 5 widths apart share about a hundredth of their configurations."""
    rng, centres = np.random.default_rng(6), np.array([0.0, 5.0])
    x = rng.normal(size=(2000, 2)) + centres
    energies = 0.5 * thermal_energy(300.0) * (x[:, :, None] - centres) ** 2
    result = alchemical_free_energy(energies, temperature=300.0)
    assert any("overlap" in word for word in result.warnings)


@pytest.mark.slow
@pytest.mark.parametrize("site", ["S1", "S2", "S3", "S4"])
def test_reported_error_is_the_spread_over_twenty_seeds(shared, site):
    """Standard deviation over seeds against the mean reported error, within a factor of 1.5 (chi-square at 20 seeds: 1.4)."""
    from selectivity.structure.load import load_filter

    filter = load_filter(shared / "structures" / "1K4C.pdb")
    where = next(s for s in filter.sites if s.name == site)
    region = Region(where.z_low, where.z_high, where.lateral_radius)
    system = filter_ligands(filter)
    plan = Sampling(n_runs=1, target_error_kj_mol=0.5)
    results = [thermal_exchange(system, "K", "Na", region=region, sampling=plan, seed=seed) for seed in range(20)]
    spread = np.std([r.delta_kj_mol for r in results], ddof=1)
    reported = np.sqrt(np.mean([r.error_kj_mol**2 for r in results]))
    assert 1 / 1.5 < spread / reported < 1.5


@pytest.mark.slow
@pytest.mark.parametrize(("site", "published"), [("S1", 5.9), ("S2", 4.8), ("S3", 5.3)])
def test_kcsa_sites_agree_with_the_independent_implementation(shared, site, published):
    """Dry, sigma 0.30 Å, water leg 73.2 kJ/mol: within 0.5 kcal/mol."""
    from selectivity.structure.load import load_filter

    filter = load_filter(shared / "structures" / "1K4C.pdb")
    where = next(s for s in filter.sites if s.name == site)
    region = Region(where.z_low, where.z_high, where.lateral_radius)
    result = thermal_exchange(filter_ligands(filter), "K", "Na", region=region, seed=1)
    assert (result.delta_kj_mol + 73.2) / KJ_PER_KCAL == pytest.approx(published, abs=0.5)


def test_exchange_path_starts_and_ends_at_the_force_field():
    """The two ends of the path are the published ions, so that the result belongs to them and not to a mixture."""
    field = force_field("charmm36")
    result = thermal_exchange(kcsa(), "K", "K", region=S2, sampling=SHORT, seed=1)
    assert abs(result.delta_kj_mol) < 1e-9
    assert field.ion("K").half_rmin > field.ion("Na").half_rmin
