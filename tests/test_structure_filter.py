"""A Filter turns, moves, dilates and writes itself; it cannot be changed in place."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_filter import jittered, kcsa_ions, pdb, tetramer

from selectivity.errors import OutOfRange
from selectivity.files import FileUnwritable
from selectivity.structure.build import filter_from_strands
from selectivity.structure.filter import Filter
from selectivity.structure.load import load_filter
from selectivity.structure.solvent import SeenAtom


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Filter:
    path = tmp_path_factory.mktemp("filter") / "x.pdb"
    path.write_text(pdb(jittered([*tetramer(), *kcsa_ions()])))
    return load_filter(path)


def test_frozen(loaded: Filter) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.signature = "X"  # type: ignore[misc]
    for array in (loaded.positions, loaded.axis_origin, loaded.axis_direction, loaded.rotated(np.eye(3)).positions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_copies_and_messages_between_processes_stay_read_only(loaded: Filter) -> None:
    for twin in (pickle.loads(pickle.dumps(loaded)), copy.deepcopy(loaded)):
        assert np.array_equal(twin.positions, loaded.positions)
        assert twin.provenance == loaded.provenance
        with pytest.raises(ValueError, match="read-only"):
            twin.positions[0] = 0.0


def test_pore_frame(loaded: Filter) -> None:
    """z is the height, x points to the first oxygen, the frame keeps distances and hands."""
    at = loaded.pore_positions()
    for ring in loaded.rings:
        members = at[list(ring.atoms)]
        assert members[:, 2].mean() == pytest.approx(ring.z, abs=1e-9)
        assert np.hypot(members[:, 0], members[:, 1]).mean() == pytest.approx(ring.radius, abs=1e-9)
    first = at[loaded.rings[0].atoms[0]]
    assert first[1] == pytest.approx(0.0, abs=1e-9)
    assert first[0] > 0
    assert loaded.rings[2].z == pytest.approx(0.0, abs=1e-9)
    corners = [0, 30, 60, 80]
    volumes = [np.linalg.det(np.diff(x[corners], axis=0)) for x in (at, loaded.positions)]
    assert volumes[0] == pytest.approx(volumes[1], rel=1e-9)


def test_strands_run_counter_clockwise(loaded: Filter) -> None:
    """Seen from outside (against z), strand k stands k quarter turns further."""
    at = loaded.pore_positions()
    azimuth = [np.degrees(np.arctan2(at[i, 1], at[i, 0])) for i in loaded.rings[3].atoms]
    steps = np.diff(np.unwrap(azimuth, period=360.0))
    assert steps == pytest.approx([90.0] * 3, abs=12.0)


def test_motions_leave_the_pore_frame_alone(loaded: Filter) -> None:
    rotation = Rotation.random(rng=np.random.default_rng(2)).as_matrix()
    there = loaded.rotated(rotation).translated([5.0, -6.0, 70.0])
    assert there.pore_positions() == pytest.approx(loaded.pore_positions(), abs=1e-9)
    assert there.rings == loaded.rings
    back = there.translated([-5.0, 6.0, -70.0]).rotated(rotation.T)
    assert back.positions == pytest.approx(loaded.positions, abs=1e-9)
    for before, after in zip(loaded.ions, there.ions, strict=True):
        along = (np.array(after.position) - there.axis_origin) @ there.axis_direction
        assert along == pytest.approx(before.z, abs=1e-9)


@pytest.mark.parametrize("matrix", [np.diag([1.0, 1.0, -1.0]), 2 * np.eye(3), np.eye(2), np.full((3, 3), np.nan)])
def test_only_proper_rotations(loaded: Filter, matrix: np.ndarray) -> None:
    with pytest.raises(OutOfRange, match="not a proper rotation"):
        loaded.rotated(matrix)


@pytest.mark.parametrize("dr", [0.3, -0.2])
def test_dilation_moves_ring_oxygens_with_their_dipoles(loaded: Filter, dr: float) -> None:
    """Radii change by dr, C=O and CB-OG1 bonds keep length and direction, nothing else moves."""
    wide = loaded.dilated(dr)
    assert [r.radius for r in wide.rings] == pytest.approx([r.radius + dr for r in loaded.rings], abs=1e-12)
    for ring in wide.rings:
        outward = wide.pore_positions()[list(ring.atoms), :2]
        assert np.linalg.norm(outward, axis=1).mean() == pytest.approx(ring.radius, abs=1e-9)
    index = {(a.strand, a.residue_index, a.name): i for i, a in enumerate(loaded.atoms)}
    moving = set()
    for ring in loaded.rings:
        for i in ring.atoms:
            atom = loaded.atoms[i]
            j = index[atom.strand, atom.residue_index, "C" if atom.name == "O" else "CB"]
            assert wide.positions[i] - wide.positions[j] == pytest.approx(
                loaded.positions[i] - loaded.positions[j], abs=1e-9
            )
            moving |= {i, j}
    still = sorted(set(range(len(loaded.atoms))) - moving)
    assert np.array_equal(wide.positions[still], loaded.positions[still])
    assert wide.ions == loaded.ions


def test_dilation_there_and_back(loaded: Filter) -> None:
    assert loaded.dilated(0.4).dilated(-0.4).positions == pytest.approx(loaded.positions, abs=1e-9)
    with pytest.raises(OutOfRange, match="across the axis"):
        loaded.dilated(-3.0)


def test_a_widely_dilated_filter_has_opened(loaded: Filter) -> None:
    """Rings wider than 4.2 Å all the way: a vestibule, no dehydrated site."""
    assert {s.lining for s in loaded.dilated(2.2).sites} == {"cavity", "vestibule", "mouth"}


def test_round_trip(loaded: Filter, tmp_path: Path) -> None:
    text = loaded.to_pdb(tmp_path / "x.pdb")
    assert (tmp_path / "x.pdb").read_text() == text
    assert all(len(line) == 80 for line in text.splitlines())
    again = load_filter(tmp_path / "x.pdb")
    assert again.positions == pytest.approx(loaded.positions, abs=5e-4 + 1e-9)
    assert [(a.name, a.chain, a.residue_number, a.b_factor) for a in again.atoms] == [
        (a.name, a.chain, a.residue_number, a.b_factor) for a in loaded.atoms
    ]
    assert again.to_pdb() == text


def test_pdb_columns_have_an_end(loaded: Filter, tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match="do not fit a PDB file"):
        loaded.translated([0.0, 0.0, -1000.0]).to_pdb()
    with pytest.raises(FileUnwritable):
        loaded.to_pdb(tmp_path / "absent" / "x.pdb")


def test_from_strands(loaded: Filter) -> None:
    """The constructor for filters made in memory: strands in any order, ions as seen."""
    order = sorted(
        range(len(loaded.atoms)), key=lambda i: ((loaded.atoms[i].strand * 2) % 3, loaded.atoms[i].strand, i)
    )
    atoms = [loaded.atoms[i] for i in order]
    ions = [SeenAtom(i.name, i.residue_name, np.array(i.position), i.occupancy, i.b_factor) for i in loaded.ions]
    built = filter_from_strands(atoms, loaded.positions[order], ions=ions)
    assert [r.radius for r in built.rings] == pytest.approx([r.radius for r in loaded.rings], abs=1e-9)
    assert [r.name for r in built.rings] == [r.name for r in loaded.rings]
    assert [(i.site, i.z) for i in built.ions] == [(i.site, pytest.approx(i.z)) for i in loaded.ions]
    assert built.provenance.source == "built in memory"
