"""Rebuild the pictures of docs/images that show bundled filters and membranes, and the gallery page that shows how each is made."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from selectivity import ideal_filter, score_filter
from selectivity.plotting import plot_filter_side, save_score_figure
from selectivity.structure.ideal import IDEAL_FILTERS

DOCS = Path(__file__).resolve().parent
IMAGES = DOCS / "images"

HEAD = """# Gallery

Every picture of `selectivity.plotting`, drawn from bundled filters and membrane numbers, with the line that draws it. Each function takes a
result and, if you like, axes to draw on; it returns the axes. Units stand on every axis, colours are told apart by readers with a
red-green weakness, and what colour says is said again by dashes, hatches or markers.

This page is made by `docs/make_images.py`, which runs the code that it shows.

For a journal, ask for its column width; words in SVG and PDF files stay words that an editor can change:

```python
from selectivity.plotting import DOUBLE_COLUMN_MM, SINGLE_COLUMN_MM, column_figure, save_figure
figure, ax = column_figure(SINGLE_COLUMN_MM)    # 88 mm; DOUBLE_COLUMN_MM is 178 mm
```
"""

SCORE = """
from selectivity import ideal_filter, score_filter
from selectivity.pipeline import QUICK
score = score_filter(ideal_filter("kcsa-like"), **QUICK)
"""
SCAN = """
from selectivity.scan import scan_filter
scan = scan_filter(ideal_filter("kcsa-like"), ["dilate=-0.1:0.1:0.05"], sites=["S2", "S3"])
"""
SERIES = """
from selectivity.series import ion_series
series = ion_series(ideal_filter("kcsa-like"), ions=["Li", "Na", "K", "Rb"])
"""
CAGES = """
from selectivity.cage_map import cage_map, place_sites
cages = cage_map(charges=[0.3, 0.4, 0.51, 0.6, 0.7], n_ligands=range(4, 10))
"""
TRAJECTORY = """
import numpy as np
from selectivity.trajectory import Model, run_trajectories, summarise
rng = np.random.default_rng(0)
with open("wobbling.pdb", "w") as stream:    # sixty frames of a filter whose atoms shake and whose ions step outward
    for frame in range(60):
        stream.write(f"MODEL {frame + 1:8d}\\n")
        for line in ideal_filter("kcsa-like").to_pdb().splitlines():
            if line.startswith(("ATOM", "HETATM")):
                ion = line.startswith("HETATM")
                shift = rng.normal(0.0, 0.12, 3) + ([0.0, 0.0, 3.2 * (frame > 25)] if ion else 0.0)
                x, y, z = (float(line[at : at + 8]) + step for at, step in zip((30, 38, 46), shift))
                line = f"{line[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:]}"
            if line.startswith(("CRYST1", "ATOM", "HETATM")):
                stream.write(line + "\\n")
        stream.write("ENDMDL\\n")
run = run_trajectories("wobbling.pdb", [], "run", model=Model(treatments=("rigid",)))
"""
SURVEY = """
from selectivity.trajectory import survey
names = ("kcsa-like", "flipped-like", "nak-like", "dilated-like", "collapsed-like")    # or survey("folder")
pores = survey([ideal_filter(name) for name in names])
"""
NOISE = """
from selectivity.membrane import Patch, predicted_noise, simulate_noise, two_state
from selectivity.membrane.noise import size_scan
from selectivity.membrane.noise_simulation import measured_spectrum
channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
patch = Patch(channel, 20, -90.0, 200.0, -60.0, 2.0)
noise = simulate_noise(patch, 20.0, replicas=2, rng=1)
"""
RUNDOWN = """
from selectivity.membrane import pump_leak_cell, run_down, steady_state
from selectivity.membrane.protocols import block_and_washout
from selectivity.membrane.pump import pump_kinetics
from selectivity.membrane.pump_leak_steady import with_matched_pump
cell = with_matched_pump(pump_leak_cell(), pump_kinetics("luo-rudy-1994"))    # a pump that saturates
run_off = run_down(cell, block_and_washout(3.0, recovery_minutes=5.0))
"""

RATIO = """
other = score_filter(ideal_filter("nak-like"), **QUICK)
"""
SIZES = """
sizes = size_scan(
    channel, areas_um2=np.geomspace(1, 1000, 40), channels_per_um2=5.0, channel_reversal_mv=-90.0,
    leak_us_per_cm2=50.0, leak_reversal_mv=-60.0,
)
"""
WARMING = """
from selectivity.membrane import cell as cell_by_name, voltage_against_temperature
response = voltage_against_temperature(cell_by_name("neuron"), np.linspace(300.15, 312.15, 25))
"""
BUDGET = """
from selectivity.membrane import energy_budget, selectivity_cost
budget = energy_budget(cell, steady_state(cell).state)
"""
COST = """
cost = selectivity_cost(
    np.geomspace(1, 1000, 60), potassium_permeability_cm_s=1e-6, background_sodium_cm_s=4e-8,
    outside={"K": 5, "Na": 145}, inside={"K": 140, "Na": 15},
)
"""
SIDE = "A filter from the side: rings with their radii, ions, and under each site the mean distance of its ion from the oxygens"
PLACED = "The selectivity map of free cages, with the sites of a structure placed on it"

# name of the picture, what it answers, code that makes its result (shown once), the line that draws it
FIGURES: tuple[tuple[str, str, str, str], ...] = (
    ("filter_side", SIDE, SCORE, "plot_filter_side(score)"),
    ("filter_top", "The rings from outside, one polygon a ring", "", "plot_filter_top(score)"),
    ("sites", "What each site prefers, with standard errors", "", "plot_site_energies(score)"),
    ("balance", "Why: the terms of every site", "", "plot_balance_sheet(score)"),
    ("profile", "The preference along the axis", "", "plot_profile(score)"),
    ("ion_profiles", "The energies of both ions behind it", "", "plot_ion_profiles(score)"),
    ("ratio", "The permeability ratio against the barrier difference, with 95 % intervals", RATIO, "plot_ratio([score, other])"),
    ("voltage", "The voltage against the barrier difference", "", "plot_voltage(score)"),
    ("voltage_of_ratio", "The voltage against the ratio", "", "plot_voltage_of_ratio(score)"),
    ("scan_sites", "A knob turned: the sites of a filter that breathes", SCAN, "plot_scan_sites(scan)"),
    ("scan_ratio", "The ratio of the same scan", "", "plot_scan_ratio(scan)"),
    ("scan_voltage", "Its voltage", "", "plot_scan_voltage(scan)"),
    ("series_sites", "Other ions in the same sites", SERIES, "plot_series_sites(series)"),
    ("series_ratios", "And their permeability ratios", "", "plot_series_ratios(series)"),
    ("cage_map", PLACED, CAGES, "plot_cage_map(cages, place_sites(score))"),
    ("cage_curves", "What ligand-ligand repulsion does", "", "plot_cage_curves(cage_map(), place_sites(score))"),
    ("occupancy_in_time", "Who is in each site along a trajectory", TRAJECTORY, "plot_occupancy_in_time(run.read())"),
    ("ddg_in_time", "What each site prefers along a trajectory", "", 'plot_ddg_in_time(run.read(), sites=["S1", "S2", "S3"])'),
    ("occupants", "Shares of frames by occupant", "", "plot_occupants(summarise(run))"),
    ("survey_rings", "The rings of many structures", SURVEY, "plot_survey_rings(pores)"),
    ("survey_energies", "What their sites prefer, every atom held", "", "plot_survey_energies(pores)"),
    ("trace", "Channel noise: a stretch of voltage", NOISE, "plot_trace(noise)"),
    ("distribution", "Its histogram beside the theory", "", "plot_distribution(noise, predicted_noise(patch))"),
    ("spectrum", "Its spectrum beside the closed form", "", "plot_spectrum(noise, measured_spectrum(noise))"),
    ("size_scan", "How noise shrinks with the size of a membrane", SIZES, "plot_size_scan(sizes)"),
    ("rundown_voltage", "The pump stops and starts again", RUNDOWN, "plot_rundown_voltage(run_off)"),
    ("concentrations", "What happens to the ions meanwhile", "", "plot_concentrations(run_off)"),
    ("temperature", "The voltage against temperature", WARMING, "plot_voltage_against_temperature(response)"),
    ("contributions", "And what moves it", "", "plot_contributions(response)"),
    ("budget", "Where the power of a cell goes", BUDGET, "plot_budget(budget)"),
    ("selectivity_cost", "What poor selectivity costs", COST, "plot_selectivity_cost(cost)"),
)  # fmt: skip


def main() -> None:
    """One page for the conductive and the collapsed filter, all five side by side, and the gallery."""
    IMAGES.mkdir(exist_ok=True)
    for name in ("kcsa-like", "collapsed-like"):
        save_score_figure(score_filter(ideal_filter(name)), IMAGES / f"score_{name.replace('-', '_')}.png")
    figure, axes = plt.subplots(1, len(IDEAL_FILTERS), figsize=(19.0, 4.3), layout="constrained")
    for ax, name in zip(axes, IDEAL_FILTERS, strict=True):
        plot_filter_side(ideal_filter(name), ax).set_title(name)
    figure.savefig(IMAGES / "ideal_filters.png", dpi=110)
    plt.close(figure)
    make_gallery()
    for path in sorted(IMAGES.glob("*.png")):
        print(path.relative_to(IMAGES.parent.parent))


def make_gallery() -> None:
    """Run the code of every figure in a folder of its own, save what it draws, and write docs/gallery.md."""
    names: dict[str, Any] = {}
    page = HEAD
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for name, words, setup, line in FIGURES:
                code = gallery_code(setup, line)
                exec(code, names)
                names["ax"].figure.savefig(IMAGES / f"gallery_{name}.png", dpi=90)
                plt.close("all")
                page += f"\n## {words}\n\n```python\n{code}```\n\n![{words}](images/gallery_{name}.png)\n"
        finally:
            os.chdir(here)
    (DOCS / "gallery.md").write_text(page, encoding="utf-8")


def gallery_code(setup: str, line: str) -> str:
    """The code of one figure: what makes its result, where it is new, the import, and the line that draws."""
    function = line.partition("(")[0]
    return f"{setup.lstrip()}from selectivity.plotting import {function}\nax = {line}\n"


if __name__ == "__main__":
    main()
