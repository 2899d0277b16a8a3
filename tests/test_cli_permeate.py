"""`selectivity permeate`: the queue at the command line, with nodes given by hand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from selectivity import load_filter, score_filter
from selectivity.cli import main
from selectivity.cli.app import app
from selectivity.permeation.queue_barrier import queue_barrier
from selectivity.permeation.queue_model import nodes_of

HAND = ["permeate", "--cages", "15.9,24.7", "--planes", "6.7,5.0,16.7"]
QUICK = [*HAND, "--exact", "--draws", "2"]
NODES = nodes_of([15.9, 24.7], [6.7, 5.0, 16.7])


def payload(*arguments: str) -> dict:
    answer = CliRunner().invoke(app, [*QUICK, *arguments, "--json", "-"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def test_json_is_what_the_library_says() -> None:
    found = payload()
    assert found["ratio"]["ddg_barrier_kj_mol"] == pytest.approx(queue_barrier(NODES), rel=1e-9)
    assert found["nodes"]["ddg_kj_mol"] == NODES.tolist()


def test_baths_and_generic_numbers_reach_the_queue() -> None:
    plain = payload()
    baths = payload("--in", "K=140", "--in", "Na=10", "--out", "K=5", "--out", "Na=145")
    assert baths["baths"]["inside"] == {"K": 140.0, "Na": 10.0}
    assert baths["reversal_mv"] != plain["reversal_mv"]
    numbers = payload("--well", "-15", "--barrier", "8", "--repulsion-scale", "0.5", "--max-ions", "2")["parameters"]
    assert (numbers["well_kj_mol"], numbers["barrier_kj_mol"], numbers["max_ions"]) == (-15.0, 8.0, 2)
    assert numbers["repulsion_kj_mol"]["3.0"] == pytest.approx(0.5 * plain["parameters"]["repulsion_kj_mol"]["3.0"])


def test_one_ion_alone_has_a_nernst_potential_and_no_ratio() -> None:
    found = payload("--in", "K=150", "--out", "K=15")
    assert found["ratio"] is None
    assert found["reversal_mv"] == pytest.approx(-59.16, abs=0.01)  # RT/F ln(10) at 298.15 K
    text = CliRunner().invoke(app, [*QUICK, "--in", "K=150", "--out", "K=15"])
    assert "one ion only" in " ".join(text.stdout.split())


def test_csv_holds_all_four_curves_with_units() -> None:
    answer = CliRunner().invoke(app, [*QUICK, "--csv", "-"])
    rows = list(csv.DictReader(io.StringIO(answer.stdout)))
    assert {row["curve"] for row in rows} == {"node", "current", "series", "mixture"}
    nodes = [row for row in rows if row["curve"] == "node"]
    assert [row["node"] for row in nodes] == ["plane 1", "S2", "plane 2", "S1", "plane 3"]
    assert [float(row["ddg_kj_mol"]) for row in nodes] == NODES.tolist()


def test_sensitivity_table_starts_with_the_given_numbers() -> None:
    rows = payload("--sensitivity")["generic"]
    assert rows[0]["parameter"] == "default"
    assert {row["parameter"] for row in rows[1:]} == {
        "well_kj_mol", "barrier_kj_mol", "repulsion_scale", "max_ions", "spacing_angstrom", "entry_factor",
    }  # fmt: skip


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    place = tmp_path / "queue.svg"
    assert main([*QUICK, "--plot", str(place)]) == 0
    text = place.read_text(encoding="utf-8")
    assert "current, outward positive (pA)" in text and "mole fraction of Na⁺" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["permeate", "--cages", "1,2", "--planes", "1,2"], 1, "N + 1 planes"),
        (["permeate", "--cages", "1,x", "--planes", "1,2,3"], 2, "separated by commas"),
        (["permeate", "--cages", "1,2"], 2, "--planes"),
        ([*QUICK, "--in", "K=-5"], 1, "at least 0"),
        ([*QUICK, "--in", "Ca=5"], 1, "not in this lattice"),
        ([*QUICK, "--temperature", "-3"], 1, "positive"),
        ([*QUICK, "--error", "-2"], 1, "standard errors"),
        ([*QUICK, "--step", "0"], 2, "positive step"),
    ],
)
def test_refusals_are_one_line(arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "Traceback" not in error


def test_a_file_gives_its_nodes_and_the_errors_of_its_barrier(root: Path) -> None:
    file = str(root / "structures" / "nak_like.pdb")
    words = ["permeate", file, "--treatment", "rigid", "--exact", "--draws", "2", "--json", "-"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    score = score_filter(load_filter(file), treatment="rigid", rule="queue")
    assert score.queue is not None
    assert found["nodes"]["ddg_kj_mol"] == pytest.approx(score.queue.ddg_kj_mol, rel=1e-9)
    assert found["ratio"]["permeability_ratio"] == pytest.approx(score.permeability_ratio, rel=1e-6)
    for cause in ("coordinates", "hydration"):
        assert found["ratio"]["components_kj_mol"][cause] == pytest.approx(
            score.error_components_kj_mol[cause], rel=1e-9
        )


def test_files_that_do_not_fit_are_refused_in_one_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collapsed, good = (str(root / "structures" / name) for name in ("collapsed_like.pdb", "kcsa_like.pdb"))
    for arguments, code, words in (
        ([collapsed, "--treatment", "rigid"], 1, "does not conduct"),
        ([good, "--cages", "1,2"], 2, "keep one of them"),
        ([good, "--ions", "Na,K"], 1, "name K first"),
    ):
        assert main(["permeate", *arguments]) == code
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
