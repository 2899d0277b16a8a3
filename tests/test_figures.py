"""Figures as pictures: a palette that the colour-blind can read, journal sizes, vector files, and baselines that they must resemble.

A baseline is drawn from bundled filters or membrane numbers only. To draw them anew after a wanted change, run this file with
SELECTIVITY_NEW_BASELINES=1 and look at every picture of tests/images before it is committed.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.testing.compare import compare_images
from scored import ideal_score

from selectivity import ideal_filter, plotting
from selectivity.errors import OutOfRange
from selectivity.membrane import (
    Patch,
    cell,
    predicted_noise,
    pump_leak_cell,
    run_down,
    selectivity_cost,
    simulate_noise,
    two_state,
)
from selectivity.membrane.protocols import block_and_washout
from selectivity.membrane.temperature import voltage_against_temperature
from selectivity.permeation.ratio import barrier_difference
from selectivity.plotting.scan import MARKS
from selectivity.plotting.style import (
    DOUBLE_COLUMN_MM,
    FIRST_COLOUR,
    ION_COLOURS,
    MM_PER_INCH,
    SECOND_COLOUR,
    SINGLE_COLUMN_MM,
)
from selectivity.plotting.trajectory_time import OCCUPANTS, ROWS

IMAGES = Path(__file__).resolve().parent / "images"
TOLERANCE = 6.0
"""Root mean square of grey levels (of 255): another FreeType moves letters by less, a missing curve or bar by more."""

# Machado, Oliveira and Fernandes 2009 (IEEE Trans Vis Comput Graph 15:1291-1298), deuteranopia and protanopia at full severity, on
# linear RGB.
BLINDNESS = {
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}
LEAST_DISTANCE = 11.0
"""CIE76 distance in L*a*b* that colours of one picture keep for a colour-blind reader; 2.3 is just noticeable side by side."""


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of linear RGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    x, y, z = (np.cbrt(t) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def seen(colour: str, blindness: str | None) -> np.ndarray:
    """A colour as a reader sees it, in L*a*b*."""
    coded = np.array(to_rgb(colour))
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return lab(linear if blindness is None else np.array(BLINDNESS[blindness]) @ linear)


PALETTES = {
    "ions": list(ION_COLOURS.values()),
    "two curves": [FIRST_COLOUR, SECOND_COLOUR],
    "K+ and Na+": [ION_COLOURS["K"], ION_COLOURS["Na"]],
    "sites of a scan": [colour for colour, _, _ in MARKS],
    "occupants": [colour for _, _, colour in OCCUPANTS],
}


@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
@pytest.mark.parametrize("palette", PALETTES)
def test_colours_of_one_picture_differ_for_every_reader(palette: str, blindness: str | None) -> None:
    for one, other in itertools.combinations(PALETTES[palette], 2):
        distance = np.linalg.norm(seen(one, blindness) - seen(other, blindness))
        assert distance > LEAST_DISTANCE, f"{one} and {other}: {distance:.1f} for {blindness or 'normal sight'}"


def test_the_measure_finds_a_pair_that_deuteranopes_confuse() -> None:
    one, other = "#A52A2A", "#5A5A1E"
    assert np.linalg.norm(seen(one, None) - seen(other, None)) > 40
    assert np.linalg.norm(seen(one, "deuteranopia") - seen(other, "deuteranopia")) < 20


def frames() -> pd.DataFrame:
    """Two replicas of a made-up run: an ion leaves S1 for S0 in the middle, ddG of S2 swings about 20 kJ/mol."""
    rng = np.random.default_rng(3)
    n = 80
    one = pd.DataFrame({"replica": 0, "time_ps": 20.0 * np.arange(n), "occupancy": ["-KWKWW"] * 40 + ["K-KWKN"] * 40})
    one["ddg_rigid_S2_kj_mol"] = 20.0 + 5.0 * np.sin(np.arange(n) / 9.0) + rng.normal(0.0, 2.0, n)
    one["ddg_rigid_S3_kj_mol"] = np.where(np.arange(n) < 60, 10.0 + rng.normal(0.0, 2.0, n), np.nan)
    return pd.concat([one, one.assign(replica=1)], ignore_index=True)


def noise() -> tuple:
    patch = Patch(
        two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0), 20, -90.0, 200.0, -60.0, 2.0
    )
    return patch, simulate_noise(patch, 5.0, replicas=2, rng=1)


def costs(ax: Axes) -> Axes:
    ions = {"outside": {"K": 5, "Na": 145}, "inside": {"K": 140, "Na": 15}}
    found = selectivity_cost(
        np.geomspace(1, 1000, 60), potassium_permeability_cm_s=1e-6, background_sodium_cm_s=4e-8, **ions
    )
    return plotting.plot_selectivity_cost(found, ax)


def warming(ax: Axes) -> Axes:
    return plotting.plot_contributions(voltage_against_temperature(cell("neuron"), np.linspace(300.15, 312.15, 13)), ax)


def pump_off(ax: Axes) -> Axes:
    return plotting.plot_rundown_voltage(run_down(pump_leak_cell(), block_and_washout(3.0, recovery_minutes=3.0)), ax)


FIGURES: dict[str, Callable[[Axes], Axes]] = {
    "filter_side": lambda ax: plotting.plot_filter_side(ideal_filter("kcsa-like"), ax),
    "filter_top": lambda ax: plotting.plot_filter_top(ideal_filter("nak-like"), ax),
    "sites": lambda ax: plotting.plot_site_energies(ideal_score("kcsa-like"), ax),
    "balance": lambda ax: plotting.plot_balance_sheet(ideal_score("kcsa-like"), ax),
    "profile": lambda ax: plotting.plot_profile(ideal_score("kcsa-like"), ax),
    "ratio": lambda ax: plotting.plot_ratio([ideal_score("kcsa-like"), ideal_score("collapsed-like")], ax),
    "voltage": lambda ax: plotting.plot_voltage(ideal_score("kcsa-like"), ax),
    "voltage_of_ratio": lambda ax: plotting.plot_voltage_of_ratio(ideal_score("kcsa-like"), ax),
    "occupancy_in_time": lambda ax: plotting.plot_occupancy_in_time(frames(), ax),
    "ddg_in_time": lambda ax: plotting.plot_ddg_in_time(frames(), ax, sites=["S2", "S3"]),
    "distribution": lambda ax: plotting.plot_distribution(noise()[1], predicted_noise(noise()[0]), ax),
    "rundown_voltage": pump_off,
    "contributions": warming,
    "selectivity_cost": costs,
}


SIZES_MM = {"filter_side": (SINGLE_COLUMN_MM, 88.0), "balance": (DOUBLE_COLUMN_MM, 80.0)}
"""Those that do not fit one column of the usual shape."""


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_looks_as_it_did(name: str, tmp_path: Path) -> None:
    figure, ax = plotting.column_figure(*SIZES_MM.get(name, ()))
    FIGURES[name](ax)
    assert ax.get_xlabel() and ax.get_ylabel()
    drawn, kept = tmp_path / f"{name}.png", IMAGES / f"{name}.png"
    figure.savefig(drawn, dpi=72)
    if os.environ.get("SELECTIVITY_NEW_BASELINES"):
        IMAGES.mkdir(exist_ok=True)
        shutil.copyfile(drawn, kept)
    assert compare_images(str(kept), str(drawn), tol=TOLERANCE) is None


def test_a_lost_curve_is_seen(tmp_path: Path) -> None:
    figure, ax = plotting.column_figure()
    FIGURES["voltage"](ax)
    ax.lines[1].remove()
    figure.savefig(tmp_path / "less.png", dpi=72)
    shutil.copyfile(IMAGES / "voltage.png", tmp_path / "voltage.png")
    assert compare_images(str(tmp_path / "voltage.png"), str(tmp_path / "less.png"), tol=TOLERANCE) is not None


@pytest.mark.parametrize("width", [SINGLE_COLUMN_MM, DOUBLE_COLUMN_MM])
@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_vector_files_have_the_width_of_a_column_and_words_stay_words(
    suffix: str, width: float, tmp_path: Path
) -> None:
    figure, ax = plotting.column_figure(width)
    costs(ax)
    path = tmp_path / f"figure.{suffix}"
    plotting.save_figure(figure, path)
    found = path.read_bytes().decode("latin-1")
    if suffix == "svg":
        assert "pump power" in found and "<image" not in found
        points = float(re.search(r'width="([\d.]+)pt"', found)[1])
    else:
        assert "/FontFile2" in found and "/Subtype /Image" not in found
        points = float(re.search(r"/MediaBox \[ 0 0 ([\d.]+)", found)[1])
    assert points / 72.0 * MM_PER_INCH == pytest.approx(width, abs=0.1)


def test_every_public_figure_is_there_and_explains_itself() -> None:
    for name in plotting._HOME:
        value = getattr(plotting, name)
        assert not callable(value) or value.__doc__, name
    with pytest.raises(AttributeError):
        plotting.__getattr__("plot_nothing")


def test_the_ratio_stands_on_its_line_with_its_interval() -> None:
    score = ideal_score("kcsa-like")
    ax = plotting.plot_ratio([score, ideal_score("collapsed-like")])
    marker = next(line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()))
    assert marker.get_xydata().tolist() == [[score.ddg_barrier_kj_mol, score.permeability_ratio]]
    band = next(line for line in ax.lines if line.get_linewidth() == 9 and len(line.get_xdata()))
    assert np.allclose(band.get_ydata()[[0, -1]], score.permeability_ratio_interval)
    assert band.get_xdata()[0] == barrier_difference(
        score.permeability_ratio_interval[0], temperature=score.temperature_k
    )
    assert any("no ratio" in text.get_text() for text in ax.get_legend().get_texts())


def test_the_voltage_stands_on_the_curve_of_ratios() -> None:
    score = ideal_score("kcsa-like")
    ax = plotting.plot_voltage_of_ratio(score)
    marker = next(line for line in ax.lines if line.get_marker() == "o")
    assert marker.get_xydata().tolist() == [[score.permeability_ratio, score.membrane.v_mv]]
    curve, band = ax.lines[0], next(line for line in ax.lines if line.get_linewidth() == 8)
    assert sorted(band.get_ydata()[[0, -1]]) == pytest.approx(sorted(score.membrane.v_interval_mv))
    assert np.interp(np.log(score.permeability_ratio), np.log(curve.get_xdata()), curve.get_ydata()) == pytest.approx(
        score.membrane.v_mv, abs=0.05
    )
    assert len(plotting.plot_voltage_of_ratio(ideal_score("collapsed-like")).lines) == 3  # the curve and two potentials


def test_occupants_stand_in_the_row_of_their_site() -> None:
    """The first letter of an occupancy string is S0, the last the cavity."""
    ax = plotting.plot_occupancy_in_time(frames())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(ROWS) == ["S0", "S1", "S2", "S3", "S4", "Scav"]
    codes = ax.collections[0].get_array().reshape(6, 80)
    letters = np.array([letter for letter, _, _ in OCCUPANTS])[codes]
    assert "".join(letters[:, 0]) == "-KWKWW" and "".join(letters[:, -1]) == "K-KWKN"
    assert ax.get_ylim() == (5.5, -0.5)  # S0, the mouth, on top


def test_ddg_in_time_keeps_gaps_and_says_what_is_lacking() -> None:
    ax = plotting.plot_ddg_in_time(frames(), sites=["S2", "S3"])
    shown = {line.get_label(): line for line in ax.lines}
    assert np.isnan(shown["S3"].get_ydata()[60:]).all() and np.isfinite(shown["S2"].get_ydata()).all()
    assert shown["S2"].get_xdata()[-1] == pytest.approx(1.58)
    with pytest.raises(OutOfRange, match="no relaxed ddG of S2"):
        plotting.plot_ddg_in_time(frames(), sites=["S2"], treatment="relaxed")
    with pytest.raises(OutOfRange, match="no frames of replica 7; there are"):
        plotting.plot_occupancy_in_time(frames(), replica=7)
