"""A structure file as one frame: the numbers of `score_filter`, whatever its orientation and format, and nothing skipped in silence."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from archive_server import as_mmcif
from scipy.spatial.transform import Rotation
from synthetic_filter import biomt, channel, kcsa_ions, pdb, quarter_turns, strand, tetramer

from selectivity.archive.folders import structure_files
from selectivity.energetics.coordination import coordinate, is_conductive
from selectivity.errors import FileUnreadable, FilterIncomplete, FilterNotFound, UnknownChoice
from selectivity.pipeline import score_filter
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import build_pdb, ideal_filter
from selectivity.structure.load import load_filter
from selectivity.trajectory import Model, structure_frame, survey
from selectivity.trajectory.block import Observer
from selectivity.trajectory.collection import PLACES
from selectivity.trajectory.columns import tables
from selectivity.trajectory.topology import SITES

GEOMETRY = Model(treatments=())
GOLDEN = Path(__file__).parent / "golden" / "survey_columns.json"
IDEAL = ("kcsa-like", "nak-like", "collapsed-like", "dilated-like", "flipped-like")


def one(source: Any, **options: Any) -> pd.Series:
    """The only row of a survey of one source; geometry unless a model is given."""
    table = survey([source], **{"model": GEOMETRY, **options})
    assert len(table) == 1
    return table.iloc[0]


def ddg(row: pd.Series) -> np.ndarray:
    return row[[f"ddg_rigid_{site}_kj_mol" for site in SITES]].to_numpy(float)


def radii(row: pd.Series) -> np.ndarray:
    return row[[f"radius_{place}_angstrom" for place in PLACES]].to_numpy(float)


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ---------------------------------------------------------------- the numbers of the chain


def compare_geometry(found: Filter, row: pd.Series) -> None:
    """Rings, sites that are formed, their ions and waters: those of the filter itself."""
    known = {ring.name: ring for ring in found.rings}
    carbonyls = [ring.radius for ring in found.rings if ring.kind == "carbonyl"]
    assert radii(row)[1:] == pytest.approx(carbonyls, abs=1e-3)
    hydroxyl = [ring.radius for ring in known.values() if ring.kind == "hydroxyl"] or [np.nan]
    assert radii(row)[:1] == pytest.approx(hydroxyl, abs=1e-3, nan_ok=True)
    held = [coordinate(found, site) for site in found.sites]
    assert [bool(row[f"formed_{each.site}"]) for each in held] == [each.formed for each in held]
    assert row["conductive"] == is_conductive(found, held)[0]
    for site in SITES:
        here = [ion for ion in found.ions if ion.site == site]
        assert sum(row[f"n_{kind}_{site}"] for kind in ("k", "na", "other")) == len(here), site
        assert row[f"n_water_{site}"] == sum(water.site == site for water in found.waters), site
        assert row[f"ion_occupancy_{site}"] == pytest.approx(sum(ion.occupancy for ion in here))
        assert sorted(filter(None, row[f"species_{site}"].split("+"))) == sorted(ion.name for ion in here)
        if len(here) == 1:
            assert row[f"ion_z_{site}_angstrom"] == pytest.approx(here[0].z, abs=1e-3)
            assert row[f"ion_radial_{site}_angstrom"] == pytest.approx(here[0].radial, abs=1e-3)


def rigid_score(found: Filter) -> tuple[np.ndarray, dict[tuple[str, str], float]]:
    """ddG by site and the energy of each ion in each site (from the empty filter, kJ/mol), from the whole chain."""
    score = score_filter(found, treatment="rigid", hydration_state="dry", rule="profile", force=True)
    sheets = {
        (site.site, ion): site.terms_kj_mol[ion]["total"] - site.terms_kj_mol[ion]["dehydration"]
        for site in score.sites
        if site.terms_kj_mol is not None
        for ion in ("K", "Na")
    }
    return np.array([np.nan if site.ddg_kj_mol is None else site.ddg_kj_mol for site in score.sites]), sheets


@pytest.mark.parametrize("name", ("kcsa_like", "collapsed_like", "flipped_like"))
def test_a_drawing_has_the_numbers_of_score_filter(structures: Path, name: str) -> None:
    path = structures / f"{name}.pdb"
    found, row = load_filter(path), one(path, model=Model())
    compare_geometry(found, row)
    assert ddg(row) == pytest.approx(rigid_score(found)[0], abs=0.01, nan_ok=True)
    assert row["refusal"] == "" and row["file"] == str(path) and row["sha256"] == found.provenance.sha256


@pytest.mark.parametrize("name", ("dilated_like", "nak_like"))
def test_where_hydroxyls_turn_freely_two_searches_may_differ_a_little(structures: Path, name: str) -> None:
    """Hydroxyls far from the ion have many wells: either search may end in another one, 2 kJ/mol apart at most in these filters."""
    found, row = load_filter(structures / f"{name}.pdb"), one(structures / f"{name}.pdb", model=Model())
    compare_geometry(found, row)
    apart = np.abs(ddg(row) - rigid_score(found)[0])
    apart = apart[np.isfinite(apart)]
    assert (apart < 0.01).mean() >= 0.6 and apart.max() < 1.0


@pytest.mark.parametrize("name", ("1K4C.pdb", "3E8H.pdb1", "5VKE.pdb", "3LDC_pdbtm.pdb"))
def test_a_deposition_has_the_numbers_of_score_filter(shared: Path, name: str) -> None:
    path = shared / "structures" / name
    found, row = load_filter(path), one(path, model=Model())
    compare_geometry(found, row)
    assert ddg(row) == pytest.approx(rigid_score(found)[0], abs=0.01, nan_ok=True)


def test_the_potassium_of_the_cavity_has_its_eight_waters(shared: Path) -> None:
    """Zhou and others 2001 (zhou2001): a K+ in the cavity of KcsA, hydrated by eight waters; eight carbonyls in S2."""
    row = one(shared / "structures" / "1K4C.pdb")
    assert (row["ion_Scav"], row["cn_water_Scav"], row["cn_carbonyl_Scav"]) == ("K", 8, 0)
    assert (row["cn_carbonyl_S2"], row["cn_water_S2"]) == (8, 0) and (row["cn_carbonyl_S4"], row["cn_hydroxyl_S4"]) == (
        4,
        4,
    )


@pytest.mark.slow
def test_every_deposition_has_the_numbers_of_score_filter(shared: Path) -> None:
    """Nine sites in ten to 0.01 kJ/mol; where an ion's energies differ, the survey's is lower or at most 1.5 kJ/mol higher."""
    table = survey(shared / "structures", model=Model())
    apart, above = [], []
    for _, row in table[table["refusal"] == ""].iterrows():
        found = load_filter(row["file"], pore=str(row["pore"]))
        compare_geometry(found, row)
        expected, sheets = rigid_score(found)
        apart.append(np.abs(ddg(row) - expected))
        observer = Observer(*structure_frame(found)[:1], Model())
        block = observer.block(1)
        observer.see(structure_frame(found)[1], None, block, 0, frame=0, time_ps=0.0)
        observer.catch_up(block)
        ours = {
            (site, ion): block.energies[0, s, i]
            for s, site in enumerate(SITES)
            for i, ion in enumerate(("K", "Na"))
            if (site, ion) in sheets
        }
        shift = np.median([ours[key] - sheets[key] for key in sheets])  # the empty filter, which ours does not subtract
        above += [ours[key] - sheets[key] - shift for key in sheets]
    close = np.concatenate(apart)
    close = close[np.isfinite(close)]
    assert len(table) == 24 and len(close) > 80
    assert (close < 0.01).mean() > 0.9 and max(above) < 1.5


def test_the_assembly_is_built_and_ions_on_the_axis_are_merged(tmp_path: Path) -> None:
    whole = pdb([*tetramer(), *kcsa_ions()])
    quarter = [replace(ion, occupancy=0.25) for ion in kcsa_ions()]
    monomer = biomt(quarter_turns(), "AX") + "\n" + pdb([*strand(), *quarter])
    rows = [one(written(tmp_path, f"{n}.pdb", text), model=Model()) for n, text in enumerate((whole, monomer))]
    assert rows[0]["assembly"] != rows[1]["assembly"]
    assert radii(rows[0]) == pytest.approx(radii(rows[1]), abs=2e-3)
    assert rows[0]["occupancy"] == rows[1]["occupancy"]
    assert ddg(rows[0]) == pytest.approx(ddg(rows[1]), abs=0.5)  # coordinates of copies are not rounded


# ---------------------------------------------------------------- orientation, format


@pytest.mark.parametrize("seed", (1, 2))
def test_rotation_and_translation_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    still = ideal_filter("kcsa-like")
    turned = still.rotated(Rotation.random(random_state=seed).as_matrix()).translated(rng.uniform(-200.0, 200.0, 3))
    before, after = (one(filter, model=Model()) for filter in (still, turned))
    for name in before.index:
        if isinstance(before[name], float):
            assert after[name] == pytest.approx(before[name], abs=2e-3, nan_ok=True), name
        else:
            assert after[name] == before[name], name


def test_formats_change_nothing(tmp_path: Path) -> None:
    text = build_pdb("kcsa-like")
    sources = [
        written(tmp_path, "a.pdb", text),
        written(tmp_path, "a.cif", as_mmcif(text, "9zzz")),
        written(tmp_path, "pdb9zzz.ent.gz", gzip.compress(text.encode())),
    ]
    rows = survey(sources, model=Model()).drop(columns=["file", "sha256", "resolution_angstrom"])
    for name, column in rows.items():
        assert column.nunique(dropna=False) == 1, (name, column.tolist())


# ---------------------------------------------------------------- ions


def with_ions(*ions: tuple[str, float, float]) -> Filter:
    """The KcsA-like filter with ions (species, height, occupancy) on the axis."""
    filter = ideal_filter("kcsa-like")
    like = filter.ions[0]
    placed = []
    for species, z, occupancy in ions:
        x, y, height = (float(c) for c in filter.axis_origin + z * filter.axis_direction)
        site = next(s.name for s in filter.sites if s.z_low <= z < s.z_high)
        placed.append(replace(like, name=species, position=(x, y, height), z=z, site=site, occupancy=occupancy))
    return replace(filter, ions=tuple(placed))


@pytest.mark.parametrize(
    ("species", "letter", "kind"), [("K", "K", "K"), ("Na", "N", "Na"), ("Rb", "X", "other"), ("Tl", "X", "other"), ("Ba", "X", "other")]
)  # fmt: skip
def test_every_species_is_named(species: str, letter: str, kind: str) -> None:
    row = one(with_ions((species, 1.6, 0.4)))
    assert row["occupancy"] == f"--{letter}---" and row["species_S2"] == species and row["ion_S2"] == kind
    assert row["ion_occupancy_S2"] == 0.4 and row["cn_carbonyl_S2"] == 8 and row["species_S3"] == ""


@pytest.mark.parametrize("seed", (1, 2, 3, 4))
def test_of_two_places_on_the_axis_the_more_occupied_is_told_about(seed: int) -> None:
    """Both stand on the axis within rounding, which must not choose between them."""
    turn = Rotation.random(random_state=seed).as_matrix()
    for order in ((0, 1), (1, 0)):
        split = (("K", 1.0, 0.3), ("K", 2.1, 0.6))
        row = one(with_ions(*(split[k] for k in order)).rotated(turn))
        assert row["ion_z_S2_angstrom"] == pytest.approx(2.1, abs=1e-6)
        assert row["n_k_S2"] == 2 and row["species_S2"] == "K+K" and row["ion_occupancy_S2"] == pytest.approx(0.9)


# ---------------------------------------------------------------- refusals


def test_every_pore_is_a_row_and_one_that_is_refused_too(tmp_path: Path) -> None:
    both = written(tmp_path, "two.pdb", pdb(channel(0.0, "ABCD") + channel(70.0, "EFGH")))
    table = survey([both], model=GEOMETRY)
    assert table["pore"].tolist() == [1, 2] and table["pores"].tolist() == [2, 2] and set(table["refusal"]) == {""}
    assert radii(table.iloc[0]) == pytest.approx(radii(table.iloc[1]), abs=2e-3)
    assert "E, F, G, H" in table["pore_name"][1] and not any("the first is used" in text for text in table["warnings"])
    assert one(both, pore=2)["pore_name"] == table["pore_name"][1]
    broken = written(tmp_path, "half.pdb", pdb(channel(0.0, "ABCD") + channel(70.0, "EFGH", without="F77N")))
    table = survey([broken], model=GEOMETRY)
    assert table["refusal"][0] == "" and "no N in residue 3" in table["refusal"][1]
    assert np.isfinite(radii(table.iloc[0])).all() and np.isnan(radii(table.iloc[1])).all()


def broken_strand() -> str:
    """One nitrogen 3 Å away from its residue: rings stay where they are, a bond does not."""
    atoms = tetramer()
    k = next(i for i, atom in enumerate(atoms) if (atom.number, atom.name) == (77, "N"))
    outward = atoms[k].position / np.linalg.norm(atoms[k].position[:2]) * [1.0, 1.0, 0.0]
    return pdb([*atoms[:k], replace(atoms[k], position=atoms[k].position + 3.0 * outward), *atoms[k + 1 :]])


def test_refused_files_have_their_rows_and_the_others_their_numbers(tmp_path: Path) -> None:
    sources = {
        "good.pdb": build_pdb("kcsa-like"),
        "broken.pdb": broken_strand(),
        "half.pdb": pdb([atom for atom in tetramer() if (atom.chain, atom.number, atom.name) != ("B", 76, "N")]),
        "monomer.pdb": pdb(strand()),
        "empty.pdb": "",
    }
    paths = [written(tmp_path, name, text) for name, text in sources.items()]
    table = survey([*paths, tmp_path / "absent.pdb"], model=Model())
    assert table["file"].tolist() == [str(path) for path in [*paths, tmp_path / "absent.pdb"]]
    says = ("", "bonds of the filter longer than 2.5 Å", "no N in residue 2", "1 subunit", "empty", "no such file")
    for text, refusal in zip(says, table["refusal"], strict=True):
        assert text in refusal and "\n" not in refusal and bool(text) == bool(refusal)
    assert np.isfinite(ddg(table.iloc[0])).all() and np.isnan(table.filter(like="ddg").iloc[1:].to_numpy()).all()
    assert table["first_residue"].isna().tolist() == [False, *[True] * 5]
    assert table["conductive"].isna().tolist() == [False, *[True] * 5]


def test_refusals_of_the_library_name_their_kind(structures: Path, tmp_path: Path) -> None:
    by_hand = load_filter(structures / "kcsa_like.pdb", rings=["*:75:O", "*:76:O", "*:77:O"])
    with pytest.raises(FilterNotFound, match="four strands of five residues"):
        structure_frame(by_hand)
    with pytest.raises(FilterIncomplete, match="no N in residue 2"):
        incomplete = [atom for atom in tetramer() if (atom.chain, atom.number, atom.name) != ("B", 76, "N")]
        structure_frame(load_filter(written(tmp_path, "x.pdb", pdb(incomplete))))
    with pytest.raises(UnknownChoice, match="rigid or none"):
        survey([by_hand], model=Model(treatments=("relaxed",)))
    with pytest.raises(FileUnreadable, match="no structure file in this folder"):
        (tmp_path / "nothing").mkdir()
        survey(tmp_path / "nothing")
    assert "four strands" in one(by_hand)["refusal"]


# ---------------------------------------------------------------- tables, folders, workers


def test_the_columns_are_these_whatever_the_files() -> None:
    """A renamed column breaks scripts: `python tests/test_survey.py` writes the list anew, with a line in CHANGELOG.md."""
    table = survey([ideal_filter(name) for name in IDEAL])
    assert list(table.columns) == json.loads(GOLDEN.read_text())
    refused = survey(["absent.pdb"])
    assert list(refused.columns) == list(table.columns) and (refused.dtypes == table.dtypes).all()


def test_the_columns_are_those_of_a_trajectory() -> None:
    filter = ideal_filter("kcsa-like")
    followed, positions = structure_frame(filter)
    observer = Observer(replace(followed, ring_names=PLACES), Model())
    block = observer.block(1)
    observer.see(positions, None, block, 0, frame=0, time_ps=0.0)
    observer.catch_up(block)
    frames = tables(block, observer.followed, observer.model).frames
    row = survey([filter])
    shared = [name for name in frames if name in row]
    assert set(frames) - set(shared) == {"replica", "frame", "time_ps", "state"}
    assert frames[shared].equals(row[shared])


def test_a_folder_stands_for_its_structures(structures: Path, tmp_path: Path) -> None:
    for name in ("b/2.cif.gz", "b/1.pdb1", "a.ENT", "notes.txt", ".hidden.pdb", ".kept/x.pdb", "c/d.pdb.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    inside = [str(tmp_path / name) for name in ("a.ENT", "b/1.pdb1", "b/2.cif.gz", "c/d.pdb.gz")]
    assert structure_files([tmp_path, "1K4C", tmp_path / "a.ENT"]) == [*inside, "1K4C"]
    assert survey(structures, model=GEOMETRY)["file"].tolist() == [str(p) for p in sorted(structures.glob("*.pdb"))]


def test_processes_give_the_table_of_the_serial_run(structures: Path) -> None:
    sources: Sequence[Any] = [structures, "absent.pdb", ideal_filter("kcsa-like")]
    serial = survey(sources)
    pd.testing.assert_frame_equal(survey(sources, backend="processes", workers=2), serial, check_exact=True)


def test_the_pictures_show_every_pore_and_put_what_is_far_off_at_the_edge() -> None:
    from selectivity.plotting import column_figure, plot_survey_energies, plot_survey_rings
    from selectivity.plotting.survey import draw_survey

    table = pd.concat([survey([ideal_filter(name) for name in IDEAL]), survey(["absent.pdb"])], ignore_index=True)
    _, ax = column_figure()
    drawn = sorted(line.get_ydata()[2] for line in plot_survey_rings(table, ax).lines)
    assert drawn == sorted(table["radius_carbonyl2_angstrom"].dropna())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["conducts (4)", "interrupted (1)"]
    table.loc[0, "ddg_rigid_S2_kj_mol"] = -543.0
    _, ax = column_figure()
    plot_survey_energies(table, ax)
    points = [line for line in ax.lines if line.get_linestyle() == "None"]
    shown = np.concatenate([line.get_ydata() for line in points if line.get_markersize() == 4])
    known = table[[f"ddg_rigid_{site}_kj_mol" for site in SITES]].to_numpy(float)
    known = known[np.isfinite(known)]
    assert sorted(shown) == sorted(known[known > -500.0])
    (edge,) = (line for line in points if line.get_marker() == "v" and len(line.get_ydata()))
    assert ax.get_ylim()[0] < edge.get_ydata()[0] < shown.min()
    assert len(draw_survey(table).axes) == 2 and len(draw_survey(survey(["absent.pdb"], model=GEOMETRY)).axes) == 1


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(list(survey([ideal_filter("kcsa-like")]).columns), indent=1) + "\n")
