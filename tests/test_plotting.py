"""Pictures show the numbers of the result, with units, and leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse

from selectivity import FilterScore, ideal_filter, plotting, score_filter
from selectivity.permeation.ratio import barrier_difference
from selectivity.pipeline import QUICK
from selectivity.plotting.filter_view import OXYGEN_COLOUR
from selectivity.plotting.style import FIRST_COLOUR, ION_COLOURS, SECOND_COLOUR, TERM_COLOURS, TERM_HATCHES
from selectivity.plotting.voltage import voltages
from selectivity.score import BALANCE_TERMS

PLOTS = [
    plotting.plot_site_energies,
    plotting.plot_balance_sheet,
    plotting.plot_profile,
    plotting.plot_ion_profiles,
    plotting.plot_voltage,
    plotting.plot_filter_side,
    plotting.plot_filter_top,
]


@pytest.fixture(scope="module")
def conductive() -> FilterScore:
    return score_filter(ideal_filter("kcsa-like"), **QUICK)


@pytest.fixture(scope="module")
def collapsed() -> FilterScore:
    return score_filter(ideal_filter("collapsed-like"), **QUICK)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_visible()]


def bars(ax) -> list:
    """Drawn bars, without the empty ones that stand for the legend."""
    return [patch for patch in ax.patches if patch.get_height() != 0.0]


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
@pytest.mark.parametrize("which", ["conductive", "collapsed"])
def test_every_axis_is_labelled_with_its_unit(plot, which: str, request: pytest.FixtureRequest) -> None:
    ax = plot(request.getfixturevalue(which))
    ax.figure.canvas.draw()
    assert any(unit in ax.get_ylabel() for unit in ("(kJ/mol)", "(mV)", "(Å)"))
    assert any(unit in ax.get_xlabel() for unit in ("(kJ/mol)", "(Å)")) or ax.get_xlabel().startswith("site")


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_given_axes_are_used_and_no_state_leaks(plot, conductive: FilterScore) -> None:
    before = dict(matplotlib.rcParams)
    figure = Figure()
    ax = figure.subplots()
    assert plot(conductive, ax) is ax
    assert plt.get_fignums() == []  # pyplot does not know the figure of somebody else
    assert dict(matplotlib.rcParams) == before


def test_bars_are_the_preferences_of_the_sites_with_their_errors(conductive: FilterScore) -> None:
    ax = plotting.plot_site_energies(conductive)
    assert [bar.get_height() for bar in bars(ax)] == [site.ddg_kj_mol for site in conductive.sites]
    assert [label.get_text() for label in ax.get_xticklabels()] == [site.site for site in conductive.sites]
    whiskers = [line.get_segments()[0][:, 1] for line in ax.collections if len(line.get_segments()) == 1]
    spans = [
        (site.ddg_kj_mol - site.ddg_error_kj_mol, site.ddg_kj_mol + site.ddg_error_kj_mol) for site in conductive.sites
    ]
    assert np.allclose(whiskers, spans)


def test_a_site_that_is_not_formed_has_a_cross_and_no_bar(collapsed: FilterScore) -> None:
    ax = plotting.plot_site_energies(collapsed)
    missing = [x for x, site in enumerate(collapsed.sites) if not site.formed]
    assert [collapsed.sites[x].site for x in missing] == ["S3", "S2"]
    assert not {round(bar.get_x() + bar.get_width() / 2) for bar in bars(ax)} & set(missing)
    crosses = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "x"]
    assert crosses == missing and texts(ax).count("not formed") == len(missing)


def test_ions_at_a_wall_are_marked(collapsed: FilterScore) -> None:
    ax = plotting.plot_site_energies(collapsed)
    walled = [x for x, site in enumerate(collapsed.sites) if site.formed and any(site.at_wall.values())]
    rings = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert rings == walled


def test_stacked_terms_add_up_to_the_preference(conductive: FilterScore) -> None:
    ax = plotting.plot_balance_sheet(conductive)
    for x, site in enumerate(conductive.sites):
        stack = [bar.get_height() for bar in bars(ax) if round(bar.get_x() + bar.get_width() / 2) == x]
        assert stack == pytest.approx([site.terms_kj_mol["difference"][term] for term in BALANCE_TERMS[: len(stack)]])
        assert sum(stack) == pytest.approx(site.ddg_kj_mol, abs=0.6)  # walls below 0.5 kJ/mol are not drawn
    dots = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "D" and len(line.get_ydata())]
    assert dots == [site.terms_kj_mol["difference"]["total"] for site in conductive.sites]


def test_the_profile_holds_every_point_with_planes_and_range(conductive: FilterScore) -> None:
    ax = plotting.plot_profile(conductive)
    curve = next(line for line in ax.lines if line.get_label() == "ΔΔG(z)")
    assert tuple(curve.get_xdata()) == conductive.profile.z_angstrom
    assert tuple(curve.get_ydata()) == conductive.profile.ddg_kj_mol
    planes = {round(float(line.get_xdata()[0]), 6) for line in ax.lines if len(set(line.get_xdata())) == 1}
    assert planes == {round(ring.z, 6) for ring in conductive.filter.rings}
    span = next(patch for patch in ax.patches if patch.get_width() > 1.0)
    assert (span.get_x(), span.get_x() + span.get_width()) == pytest.approx(conductive.profile.integrated_angstrom)
    assert {"S4", "S3", "S2", "S1"} <= set(texts(ax))


def test_each_ion_has_its_own_profile(conductive: FilterScore) -> None:
    ax = plotting.plot_ion_profiles(conductive)
    drawn = {line.get_label(): tuple(line.get_ydata()) for line in ax.lines if not line.get_label().startswith("_")}
    assert drawn == {"K⁺": conductive.profile.energy_kj_mol["K"], "Na⁺": conductive.profile.energy_kj_mol["Na"]}
    assert len({line.get_linestyle() for line in ax.lines if line.get_label() in drawn}) == 2  # not by colour alone


def test_the_structure_stands_on_the_curve_with_its_interval(conductive: FilterScore) -> None:
    ax = plotting.plot_voltage(conductive)
    points = {
        line.get_marker(): (line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if len(line.get_xdata()) == 1
    }
    assert points["o"] == (conductive.ddg_barrier_kj_mol, conductive.membrane.v_mv)
    assert points["s"] == (conductive.ddg_barrier_kj_mol, conductive.membrane.v_with_leak_mv)
    stretches = [line for line in ax.lines if line.get_linewidth() == 8 and len(line.get_xdata())]
    expected = [
        barrier_difference(p, temperature=conductive.temperature_k) for p in conductive.permeability_ratio_interval
    ]
    for stretch, interval in zip(
        stretches, (conductive.membrane.v_interval_mv, conductive.membrane.v_with_leak_interval_mv), strict=True
    ):
        assert (stretch.get_xdata()[0], stretch.get_xdata()[-1]) == pytest.approx(expected)
        assert sorted((stretch.get_ydata()[0], stretch.get_ydata()[-1])) == pytest.approx(interval, abs=1e-9)


def test_the_curve_is_the_one_the_score_was_read_from(conductive: FilterScore) -> None:
    """The drawn curve at the score's barrier is the score's V_m, alone and with the leak."""
    at = np.array([conductive.ddg_barrier_kj_mol])
    assert voltages(conductive, at, 0.0)[0] == pytest.approx(conductive.membrane.v_mv, abs=1e-9)
    ax = plotting.plot_voltage(conductive)
    alone, leaky = (line for line in ax.lines if "this filter alone" in line.get_label() or "leak" in line.get_label())
    assert np.all(np.diff(alone.get_ydata()) < 0.0)
    assert np.all(leaky.get_ydata() > alone.get_ydata())


def test_a_filter_without_a_ratio_says_why(collapsed: FilterScore) -> None:
    ax = plotting.plot_voltage(collapsed)
    assert not [line for line in ax.lines if len(line.get_xdata()) == 1]
    said = " ".join(next(text for text in texts(ax) if text.startswith("no voltage")).split())
    assert said == f"no voltage: {collapsed.conductive_reason}"


def test_an_interval_without_a_central_value_is_drawn_alone(conductive: FilterScore) -> None:
    """Above 3 Å the ratio is an interval only: no point may suggest more."""
    coarse = replace(
        conductive,
        ddg_barrier_kj_mol=None,
        permeability_ratio=None,
        membrane=replace(conductive.membrane, v_mv=None, v_with_leak_mv=None),
    )
    ax = plotting.plot_voltage(coarse)
    assert not [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert len([line for line in ax.lines if line.get_linewidth() == 8 and len(line.get_xdata())]) == 2


@pytest.mark.parametrize("name", ["kcsa-like", "nak-like", "flipped-like"])
def test_the_side_view_shows_rings_ions_and_every_oxygen(name: str) -> None:
    shown = ideal_filter(name)
    ax = plotting.plot_filter_side(shown)
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    assert [c.center[1] for c in circles] == [ion.z for ion in shown.ions]
    assert {c.radius for c in circles} == {1.51}
    ellipses = [patch for patch in ax.patches if isinstance(patch, Ellipse) and not isinstance(patch, Circle)]
    assert [(e.center[1], e.width) for e in ellipses] == [(ring.z, 2 * ring.radius) for ring in shown.rings]
    oxygens = [line for line in ax.lines if line.get_marker() == "o"]
    assert sum(len(line.get_ydata()) for line in oxygens) == sum(len(ring.atoms) for ring in shown.rings)
    heights = sorted(np.concatenate([line.get_ydata() for line in oxygens]))
    where = shown.pore_positions()
    assert heights == pytest.approx(sorted(where[i, 2] for ring in shown.rings for i in ring.atoms))


def test_the_front_strands_face_each_other_whatever_their_numbers() -> None:
    """Strands named by hand come in the order of the file, not round the axis."""
    shown = ideal_filter("kcsa-like")
    renumbered = replace(shown, atoms=tuple(replace(a, strand=(0, 2, 1, 3)[a.strand]) for a in shown.atoms))
    for filter in (shown, renumbered):
        ax = plotting.plot_filter_side(filter)
        front = next(line for line in ax.lines if line.get_marker() == "o" and line.get_color() == OXYGEN_COLOUR)
        others = [line for line in ax.lines if line.get_marker() == "o" and line.get_color() == OXYGEN_COLOUR][1:]
        assert front.get_xdata().mean() == pytest.approx(-others[0].get_xdata().mean(), abs=1e-6)
        assert len(others) == 1


def test_pictures_do_not_depend_on_how_the_file_lies(conductive: FilterScore) -> None:
    lying = conductive.filter.rotated([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).translated([5.0, -3.0, 40.0])
    for plot in (plotting.plot_filter_side, plotting.plot_filter_top):
        first, second = (
            np.concatenate([np.column_stack(line.get_data()) for line in plot(f).lines])
            for f in (conductive.filter, lying)
        )
        assert np.allclose(first, second, atol=1e-6)


def test_the_top_view_shows_each_ring_as_a_polygon(conductive: FilterScore) -> None:
    ax = plotting.plot_filter_top(conductive)
    drawn = {line.get_label().split("  ")[0]: line for line in ax.lines if not line.get_label().startswith("_")}
    for ring in conductive.filter.rings:
        corners = np.column_stack(drawn[ring.name].get_data())
        assert len(corners) == len(ring.atoms) + 1 and np.array_equal(corners[0], corners[-1])
        assert np.linalg.norm(corners, axis=1).mean() == pytest.approx(ring.radius, abs=1e-6)
    assert len({line.get_marker() for line in drawn.values()}) == len(drawn)  # told apart without colour


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_score_page_is_written_in_every_format(suffix: str, collapsed: FilterScore, tmp_path: Path) -> None:
    path = tmp_path / f"score{suffix}"
    plotting.save_score_figure(collapsed, path)
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(starts[suffix])
    assert plt.get_fignums() == []


def test_the_page_holds_all_pictures(conductive: FilterScore) -> None:
    axes = plotting.plot_score(conductive).axes
    assert [ax.get_title(loc="left") for ax in axes] == [
        "from the side", "from outside", "a site's preference", "what it is made of", "along the axis", "the voltage that follows",
    ]  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance of a colour, what a photocopier keeps."""
    return float(np.dot((0.2126, 0.7152, 0.0722), to_rgb(colour)))


@pytest.mark.parametrize(
    ("one", "other"), [(ION_COLOURS["K"], ION_COLOURS["Na"]), (FIRST_COLOUR, SECOND_COLOUR)], ids=["ions", "curves"]
)
def test_pairs_of_colours_differ_in_grey(one: str, other: str) -> None:
    assert abs(luminance(one) - luminance(other)) > 0.15


def test_terms_are_told_apart_by_hatch_or_grey() -> None:
    for term in BALANCE_TERMS:
        for other in BALANCE_TERMS[BALANCE_TERMS.index(term) + 1 :]:
            same_hatch = TERM_HATCHES[term] == TERM_HATCHES[other]
            grey = abs(luminance(TERM_COLOURS[term]) - luminance(TERM_COLOURS[other]))
            assert not same_hatch or grey > 0.06, (term, other)


def test_saving_needs_no_display_and_no_pyplot(tmp_path: Path, structures: Path) -> None:
    """A cluster node without a screen: the page is drawn with nothing but the figure itself."""
    script = (
        "import sys, pickle\n"
        "from selectivity import plotting, ideal_filter\n"
        "from matplotlib.figure import Figure\n"
        "plotting.plot_filter_side(ideal_filter('nak-like'), Figure().subplots()).figure.savefig(sys.argv[1])\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    out = tmp_path / "nak.png"
    subprocess.run([sys.executable, "-c", script, str(out)], check=True, env={"PATH": "", "HOME": str(tmp_path)})
    assert out.stat().st_size > 10_000
