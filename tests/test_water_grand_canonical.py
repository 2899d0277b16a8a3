"""Do waters come and go as the grand-canonical ensemble says? Ideal gas, one water by quadrature, two by integration, the exchange."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import poisson

from selectivity.constants import COULOMB_KJ_ANGSTROM, thermal_energy
from selectivity.energetics.force_field import force_field
from selectivity.energetics.free_volume import WaterRegion, free_domain
from selectivity.energetics.groups import Group, force_constant, water_sites
from selectivity.energetics.hamiltonian import Region
from selectivity.energetics.kernels import WALL_CONSTANT
from selectivity.energetics.ligands import pack
from selectivity.energetics.thermal import Sampling
from selectivity.energetics.water import WaterReservoir, open_exchange
from selectivity.errors import OutOfRange

RT = thermal_energy(298.15)
FAR = np.array([0.0, 0.0, 9000.0])


def lonely(field: str = "amber"):
    """A carbonyl that nothing feels: the filter of these tests."""
    shape = np.array([FAR + [0.0, 0.0, 1.23], FAR])
    return pack(
        [Group("carbonyl", "far", ("C", "O"), shape, np.full(2, force_constant(0.3)), (0, 1))], force_field=field
    )


def orientations(n_polar: int = 24, n_azimuth: int = 48):
    """Directions (n, 3) and weights of an integral over the sphere, as a point charge sees a turning water."""
    cosines, weights = np.polynomial.legendre.leggauss(n_polar)
    azimuth = 2 * np.pi * (np.arange(n_azimuth) + 0.5) / n_azimuth
    c, a = (part.ravel() for part in np.meshgrid(cosines, azimuth, indexing="ij"))
    s = np.sqrt(1 - c**2)
    return np.stack([s * np.cos(a), s * np.sin(a), c], axis=1), np.repeat(weights, n_azimuth) / (2 * n_azimuth)


def mean_boltzmann(ion: str, distances, field: str = "amber"):
    """<exp(-U/RT)> over the orientations of a water whose oxygen is at ``distances`` (n,) from the ion."""
    atom = force_field(field).ion(ion)
    table = force_field(field).groups["water"]
    types = (table["O"], table["H"], table["H"])
    directions, weights = orientations()
    shape = water_sites(np.zeros(3), np.array([0.0, 0.0, 1.0]))
    energy = np.zeros((len(distances), len(directions)))
    for site, kind in zip(shape, types, strict=True):
        r = np.linalg.norm(site - distances[:, None, None] * directions, axis=-1)
        ratio6 = ((kind.half_rmin + atom.half_rmin) / r) ** 6
        energy += COULOMB_KJ_ANGSTROM * kind.charge * atom.charge / r
        energy += np.sqrt(kind.epsilon_kj_mol * atom.epsilon_kj_mol) * ratio6 * (ratio6 - 2.0)
    return np.exp(-energy / RT) @ weights


def configurational(ion: str, domain, places, field: str = "amber") -> float:
    """Integral of <exp(-U/RT)> over the domain (Å^3), averaged over ``places`` (n, 3) of the ion."""
    nodes, weights = np.polynomial.legendre.leggauss(3)
    fine = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 3) * domain.edge / 2
    share = np.einsum("i,j,k->ijk", weights, weights, weights).ravel() / 8
    points = domain.centres()[:, None] + fine
    grid = np.linspace(0.0, 12.0, 2401)[1:]
    table = np.log(1e-300 + mean_boltzmann(ion, grid, field))
    each = [(np.exp(np.interp(np.linalg.norm(points - at, axis=-1), grid, table)) @ share).sum() for at in places]
    return float(np.mean(each) * domain.edge**3)


def held_by_walls(region: Region, n: int = 1000):
    """Places of an ion that feels nothing but its stiff walls: their Boltzmann distribution, by rejection."""
    rng, width = np.random.default_rng(9), 5 * np.sqrt(RT / WALL_CONSTANT)
    reach = region.lateral_radius + width
    x, y = rng.uniform(-reach, reach, (2, 200 * n))
    z = rng.uniform(region.z_low - width, region.z_high + width, 200 * n)
    over = np.maximum(np.hypot(x, y) - region.lateral_radius, 0.0)
    beyond = np.maximum(np.maximum(region.z_low - z, z - region.z_high), 0.0)
    keep = rng.random(200 * n) < np.exp(-0.5 * WALL_CONSTANT * (over**2 + beyond**2) / RT)
    return np.stack([x, y, z], axis=1)[keep][:n]


def plan(n_samples: int, n_states: int = 2) -> Sampling:
    return Sampling(n_states=n_states, n_runs=2, n_samples=n_samples, n_equilibration=200, max_blocks=1, stride=1)


def test_ideal_gas_is_poisson():
    """No interactions and mu_ex = 0: the number of molecules is Poisson distributed with mean rho V."""
    domain = free_domain([WaterRegion("test", 0.0, 5.0, 2.0)])
    density = 3.0 / domain.volume
    result = open_exchange(
        lonely().without_ligand_repulsion(),
        "K",
        "K",
        domain=domain,
        reservoir=WaterReservoir(density, 0.0),
        region=Region(-4001.0, -4000.0, 1.0),
        sampling=plan(6000),
        most_waters=14,
        seed=1,
    )
    found = result.waters["K"]
    assert found.mean == pytest.approx(3.0, abs=4 * found.error)
    assert found.error < 0.05
    expected = poisson.pmf(np.arange(15), 3.0)
    np.testing.assert_allclose(found.share[:8], expected[:8], atol=0.012)


@pytest.mark.parametrize("ion", ["K", "Na"])
def test_one_water_beside_an_ion_agrees_with_quadrature(ion):
    """Two states, empty and filled: odds of rho exp(mu_ex / RT) times the integral of exp(-U/RT) over places and turns."""
    domain = free_domain([WaterRegion("test", 3.6, 6.0, 2.0)])
    region = Region(-0.01, 0.01, 0.01)
    integral = configurational(ion, domain, held_by_walls(region))
    reservoir = WaterReservoir(1.0 / integral, 0.0)
    result = open_exchange(
        lonely(),
        ion,
        ion,
        domain=domain,
        reservoir=reservoir,
        region=region,
        sampling=plan(6000),
        most_waters=1,
        seed=2,
    )
    found = result.waters[ion]
    assert found.mean == pytest.approx(0.5, abs=4 * found.error)
    assert found.error < 0.02


def test_an_ion_that_moves_among_the_waters_agrees_with_quadrature():
    """The ion is in the domain too, so that trades of places count: the same odds, averaged over the places of the ion."""
    domain, region = free_domain([WaterRegion("test", 0.0, 3.0, 1.5)]), Region(0.0, 3.0, 1.5)
    integral = configurational("K", domain, held_by_walls(region, 1500))
    result = open_exchange(
        lonely(),
        "K",
        "K",
        domain=domain,
        reservoir=WaterReservoir(1.0 / integral, 0.0),
        region=region,
        sampling=plan(6000),
        most_waters=1,
        seed=6,
    )
    found = result.waters["K"]
    assert found.mean == pytest.approx(0.5, abs=4 * found.error + 0.01)
    assert found.error < 0.03


@pytest.mark.slow
def test_exchange_beside_one_possible_water_is_a_closed_form():
    """dOmega = -RT ln [(1 + z Q_Na) / (1 + z Q_K)], although the two ions hold different mean numbers of waters."""
    domain, region = free_domain([WaterRegion("test", 2.6, 5.0, 2.0)]), Region(-0.01, 0.01, 0.01)
    places = held_by_walls(region)
    integrals = {ion: configurational(ion, domain, places) for ion in ("K", "Na")}
    activity = 1.0 / integrals["K"]
    exact = -RT * np.log((1 + activity * integrals["Na"]) / (1 + activity * integrals["K"]))
    result = open_exchange(
        lonely(),
        "K",
        "Na",
        domain=domain,
        reservoir=WaterReservoir(activity, 0.0),
        region=region,
        sampling=plan(6000, 4),
        most_waters=1,
        seed=3,
    )
    assert result.exchange.delta_kj_mol == pytest.approx(exact, abs=4 * result.exchange.error_kj_mol + 0.05)
    assert result.exchange.error_kj_mol < 0.2
    share = activity * integrals["Na"] / (1 + activity * integrals["Na"])
    assert result.waters["Na"].mean == pytest.approx(share, abs=0.03)


@pytest.mark.slow
def test_pairs_of_waters_agree_with_direct_integration():
    """share(2) share(0) / share(1)^2 = <exp(-U/RT)> / 2 over two independent uniform waters."""
    domain = free_domain([WaterRegion("test", 0.0, 3.0, 1.5)])
    rng = np.random.default_rng(5)
    table = force_field("amber").groups["water"]
    types = (table["O"], table["H"], table["H"])
    total, n, batch = 0.0, 20, 100_000
    shape = water_sites(np.zeros(3), np.array([0.0, 0.0, 1.0]))
    for _ in range(n):
        pair = []
        for _ in range(2):
            place = domain.origin + domain.edge * (
                domain.cells[rng.integers(len(domain.cells), size=batch)] + rng.random((batch, 3))
            )
            turns = Rotation.random(batch, random_state=rng).as_matrix()
            pair.append(place[:, None] + np.einsum("nij,kj->nki", turns, shape))
        energy = np.zeros(batch)
        for i, a in enumerate(types):
            for j, b in enumerate(types):
                r = np.linalg.norm(pair[0][:, i] - pair[1][:, j], axis=-1)
                ratio6 = ((a.half_rmin + b.half_rmin) / r) ** 6
                energy += COULOMB_KJ_ANGSTROM * a.charge * b.charge / r
                energy += np.sqrt(a.epsilon_kj_mol * b.epsilon_kj_mol) * ratio6 * (ratio6 - 2.0)
        total += np.exp(-energy / RT).mean() / n
    result = open_exchange(
        lonely(),
        "K",
        "K",
        domain=domain,
        reservoir=WaterReservoir(np.sqrt(2.0 / total) / domain.volume, 0.0),
        region=Region(-4001.0, -4000.0, 1.0),
        sampling=plan(20000),
        most_waters=2,
        seed=4,
    )
    share = result.waters["K"].share
    # four standard errors: 3.5 % over independent seeds at this length, and 1.5 % of the integral
    assert share[2] * share[0] / share[1] ** 2 == pytest.approx(total / 2, rel=0.15)


def test_a_full_domain_is_refused():
    domain = free_domain([WaterRegion("test", 0.0, 5.0, 2.0)], obstacles=[[0.0, 0.0, 2.5]], contacts=[9.0])
    with pytest.raises(OutOfRange, match="no free volume"):
        open_exchange(lonely(), "K", "Na", domain=domain, reservoir=WaterReservoir(0.03, 0.0), fixed_z=0.0)
