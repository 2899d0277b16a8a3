"""`selectivity profile` on the command line and behind it: the same numbers everywhere, the choices of W, refusals in one line."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from selectivity.along_pore import along_pore
from selectivity.cli import main
from selectivity.energetics.thermal import Sampling
from selectivity.errors import SelectivityError, UnknownChoice
from selectivity.permeation.profile_choices import KnownProfile, ratio_choices
from selectivity.pipeline import score_filter
from selectivity.plotting.thermal_profile import draw_along_pore
from selectivity.structure.ideal import ideal_filter

FAST = ("--treatment", "rigid")
T = 298.15


@pytest.fixture(scope="module")
def kcsa(structures: Path) -> str:
    return str(structures / "kcsa_like.pdb")


def test_the_same_numbers_on_screen_in_json_and_csv(
    kcsa: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {kind: str(tmp_path / f"profile.{kind}") for kind in ("json", "csv", "png")}
    words = ["--json", paths["json"], "--csv", paths["csv"], "--plot", paths["png"]]
    assert main(["profile", kcsa, *FAST, *words]) == 0
    shown = capsys.readouterr().out
    payload = json.loads(Path(paths["json"]).read_text())
    with open(paths["csv"]) as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(payload["profile"]) > 40
    for row, entry in zip(rows, payload["profile"], strict=True):
        assert float(row["ddg_kj_mol"]) == entry["ddg_kj_mol"] and row["ddg_error_kj_mol"] == ""
        assert float(row["w_na_kj_mol"]) == entry["w_na_kj_mol"]
    assert "well in the S2 cage" in shown and "barrier in the plane V76 O" in shown and "flat (asked)" in shown
    assert {each["k_profile"] for each in payload["ratios"]} == {"flat", "modelled", "measured"}
    assert Path(paths["png"]).read_bytes().startswith(b"\x89PNG")


def test_a_profile_written_before_may_be_given_back(
    kcsa: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, answer = tmp_path / "w.csv", tmp_path / "again.json"
    table.write_text("z_angstrom,w_kj_mol\n-20,0.0\n20,0.0\n")
    assert main(["profile", kcsa, *FAST, "--k-profile", str(table), "--json", str(answer)]) == 0
    assert "given (asked)" in capsys.readouterr().out
    ratios = {each["k_profile"]: each for each in json.loads(answer.read_text())["ratios"]}
    assert ratios["given"]["ddg_barrier_kj_mol"] == pytest.approx(ratios["flat"]["ddg_barrier_kj_mol"])


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--treatment", "cold"], "thermal, relaxed, rigid"),
        (["--k-profile", "absent.csv", *FAST], "no such file"),
        (["--spacing", "0", *FAST], "positive length"),
        (["--hydration-state", "accessible", *FAST], "--treatment thermal"),
        (["--temperature", "5", *FAST], "273"),
        (["--ions", "K,Mg", *FAST], "Mg"),
        (["--access-length", "-1", *FAST], "access length"),
    ],
)
def test_refusals_are_one_line(kcsa: str, words: list[str], refusal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", kcsa, *words]) in (1, 2)
    error = capsys.readouterr().err
    assert refusal in error and error.startswith("error: ") and len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("z,w\n1,2\n", "columns"), ("z_angstrom,w_kj_mol\n0,x\n1,2\n", "two numbers"), ("", "columns")],
)
def test_a_table_that_cannot_be_used_is_refused(
    kcsa: str, tmp_path: Path, text: str, refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "w.csv"
    table.write_text(text)
    assert main(["profile", kcsa, *FAST, "--k-profile", str(table)]) == 1
    assert refusal in capsys.readouterr().err


def test_flat_and_measured_are_the_numbers_of_the_score() -> None:
    filter = ideal_filter("kcsa-like")
    score = score_filter(filter, treatment="rigid", rule="profile", hydration_state="dry")
    result = along_pore(filter, treatment="rigid")
    flat, measured = result.ratio("flat"), result.ratio("measured")
    assert flat.permeability_ratio == pytest.approx(score.permeability_ratio)
    for cause, error in score.error_components_kj_mol.items():
        assert flat.error_components_kj_mol[cause] == (None if error is None else pytest.approx(error)), cause
    assert flat.permeability_ratio_interval == pytest.approx(score.permeability_ratio_interval)
    assert measured.ddg_barrier_kj_mol == pytest.approx(score.at_measured_affinity.ddg_barrier_kj_mol)


def test_swapping_the_ions_inverts_every_ratio() -> None:
    filter = ideal_filter("nak-like")
    there, back = (along_pore(filter, ions=ions, treatment="rigid") for ions in (("K", "Na"), ("Na", "K")))
    assert there.curves.ddg == pytest.approx(-back.curves.ddg)
    for one, other in zip(there.ratios, back.ratios, strict=True):
        assert one.ddg_barrier_kj_mol == pytest.approx(-other.ddg_barrier_kj_mol)
        assert one.permeability_ratio_interval == pytest.approx(
            [1.0 / end for end in other.permeability_ratio_interval[::-1]]
        )


def test_a_filter_that_does_not_conduct_has_profiles_and_no_ratio() -> None:
    result = along_pore(ideal_filter("collapsed-like"), treatment="rigid")
    assert not result.conductive and result.ratios == () and result.integrated is None
    assert result.nodes and result.rows()
    with pytest.raises(UnknownChoice, match="not formed"):
        result.ratio("flat")


@pytest.mark.slow
def test_a_thermal_profile_carries_its_errors_to_the_ratio() -> None:
    plan = Sampling(n_states=3, n_samples=80, n_equilibration=60, max_blocks=1)
    result = along_pore(ideal_filter("nak-like"), hydration_state="dry", spacing=1.6, sampling=plan, seed=1)
    assert result.curves.ddg_error is not None and result.ratio("flat").error_components_kj_mol["sampling"] > 0.0
    assert all(node.error_kj_mol > 0.0 for node in result.nodes)
    json.dumps(result.to_dict(), allow_nan=False)
    upper, lower = draw_along_pore(result).axes
    assert "ΔΔG(z), Na⁺ − K⁺ (kJ/mol)" in upper.get_ylabel() and "(Å)" in lower.get_xlabel()
    shown = {text.get_text() for text in upper.texts}
    assert {"S4", "S3", "T63 O", "V64 O"} <= shown
    band = upper.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() - result.curves.ddg.max() > result.curves.ddg_error.min()
    assert list(result.table().columns)[:4] == ["z_angstrom", "place", "ddg_kj_mol", "ddg_error_kj_mol"]


HEIGHTS = np.linspace(0.0, 6.0, 61)


def known(ddg: np.ndarray, w: np.ndarray, error: float | None = 0.3) -> KnownProfile:
    n = len(HEIGHTS)
    return KnownProfile(
        at=HEIGHTS,
        operator=np.eye(n),
        ddg=ddg,
        w=w,
        ddg_error=None if error is None else np.full(n, error),
        w_covariance=None if error is None else np.diag(np.full(n, error**2)),
        moves=np.zeros((5, n)),
        shifts=(-3.0, 1.0),
        planes=np.array([0.0, 3.0, 6.0]),
    )


def test_a_constant_preference_is_the_barrier_whatever_w() -> None:
    """Without access length W cancels; the water leg of -3 to +1 has the spread of a uniform range about 0."""
    w = 20.0 * np.cos(2.0 * np.pi * HEIGHTS / 3.0)
    for each in ratio_choices(known(np.full(61, 12.0), w), temperature=T, access_length=0.0):
        assert each.ddg_barrier_kj_mol == pytest.approx(12.0)
        assert each.error_components_kj_mol["hydration"] == pytest.approx(np.sqrt(16.0 / 12.0 + 1.0))


def test_other_numbers_of_the_model_widen_the_interval_by_their_range() -> None:
    """Changes of -2 and +4 everywhere: the truth lies anywhere in that range about the value used; a cause that is not there is None."""
    flat = np.full(61, 12.0)
    still = known(flat, 0.0 * flat)
    moved = replace(still, variants={"sigma": np.outer([-2.0, 4.0], np.ones(61))})
    there, here = (ratio_choices(each, temperature=T, access_length=0.0)[0] for each in (moved, still))
    assert there.error_components_kj_mol["sigma"] == pytest.approx(np.sqrt(36.0 / 12.0 + 1.0))
    assert there.error_components_kj_mol["force_field"] is None is here.error_components_kj_mol["sigma"]
    assert there.ddg_barrier_error_kj_mol == pytest.approx(np.hypot(here.ddg_barrier_error_kj_mol, 2.0))


def test_barriers_in_the_planes_make_the_planes_decide() -> None:
    """ddG is 20 in the cages and 4 in the planes; W rises by 40 in the planes or in the cages: where it is high, ddG counts."""
    wave = np.cos(2.0 * np.pi * HEIGHTS / 3.0)
    ddg = 12.0 - 8.0 * wave
    in_planes, in_cages = (
        {c.name: c.ddg_barrier_kj_mol for c in ratio_choices(known(ddg, side * 20.0 * wave), temperature=T)}
        for side in (1.0, -1.0)
    )
    assert in_planes["modelled"] < 8.0 and in_cages["modelled"] > 18.0
    assert in_planes["measured"] < in_planes["flat"] == in_cages["flat"]


def test_sampling_error_of_the_ratio_is_the_spread_of_noisy_profiles() -> None:
    rng, wave = np.random.default_rng(1), np.cos(2.0 * np.pi * HEIGHTS / 3.0)
    ddg, w = 12.0 - 6.0 * wave, 8.0 * wave
    exact = {c.name: c.error_components_kj_mol["sampling"] for c in ratio_choices(known(ddg, w), temperature=T)}
    noisy = [
        {
            c.name: c.ddg_barrier_kj_mol
            for c in ratio_choices(
                known(ddg + 0.3 * rng.normal(size=61), w + 0.3 * rng.normal(size=61)), temperature=T, access_length=10.0
            )
        }
        for _ in range(300)
    ]
    for name in ("flat", "measured"):
        assert exact[name] == pytest.approx(np.std([each[name] for each in noisy]), rel=0.2)


def test_names_and_numbers_that_cannot_be_used_are_refused() -> None:
    filter = ideal_filter("kcsa-like")
    for change in ({"k_profile": "bumpy"}, {"treatment": "cold"}, {"sigma": -1.0}, {"ions": ("K", "K")}):
        with pytest.raises(SelectivityError):
            along_pore(filter, **{"treatment": "rigid", **change})
