"""Write docs/the-course-text.md and its pictures: the fourteen claims of the course text, one by one, with our numbers.

python docs/make_course_text.py        (`make docs` calls it; tests/test_course_text.py says when it is stale)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selectivity.constants import BODY_TEMPERATURE, thermal_voltage
from selectivity.files import write_text
from selectivity.ions import shannon_radius
from selectivity.membrane.brain_energy import signalling_share
from selectivity.membrane.cells import cell
from selectivity.membrane.chord import block_shift, chord_voltage, conductance_ratio_for_voltage
from selectivity.membrane.compare import compare_voltages
from selectivity.membrane.energy import ATP_FREE_ENERGY, pump_stall_voltage, pump_work
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import largest_pump_contribution, mullins_noda_voltage
from selectivity.membrane.nernst import nernst_potential
from selectivity.membrane.noise import Patch, predicted_noise, size_scan
from selectivity.membrane.noise_channels import two_state
from selectivity.membrane.protocols import pump_blocked
from selectivity.membrane.pump_leak import pump_leak_cell
from selectivity.membrane.pump_leak_steady import steady_state
from selectivity.membrane.rundown import run_down
from selectivity.membrane.stories import expectations
from selectivity.membrane.temperature import (
    TemperatureScaling,
    pump_share_factor,
    voltage_against_temperature,
    warming_verdict,
)
from selectivity.permeation.ratio import barrier_difference, permeability_ratio
from selectivity.plotting.noise import plot_size_scan
from selectivity.plotting.style import FIRST_COLOUR, INK, ION_COLOURS, PALE, QUIET, RC, SECOND_COLOUR

DOCS = Path(__file__).resolve().parent
TEXT = DOCS / "the-course-text.md"
IMAGES = DOCS / "images"
T = BODY_TEMPERATURE
MAMMAL = {"outside": {"K": 5.0, "Na": 145.0}, "inside": {"K": 140.0, "Na": 15.0}}

HEAD = """# The course text, claim by claim

A course text on the potassium channel makes fourteen claims about ions, filters and cells. Here they are, each with the number that
this package computes, the verdict, and where a claim holds only under a condition the condition and both of its sides. Everything on
this page is written by `python docs/make_course_text.py`; a test says when it is stale.

| | claim | verdict |
|---|---|---|
"""

Draw = Callable[[Axes], None]


@dataclass(frozen=True)
class Claim:
    """One claim: what the text says, our verdict and numbers in words, the values a test checks, and its picture."""

    number: int
    says: str
    verdict: str
    answer: str
    values: dict[str, float]
    draw: Draw


def claims() -> list[Claim]:
    """The fourteen claims in the order of the text."""
    made = (
        resting_potential, potassium_potential, sodium_potential, weighted_mean, chloride_block, radii, twelve_kilojoules,
        pump_cycle, pump_millivolts, pump_off, brain_energy, small_noise, warming, chord_against_goldman,
    )  # fmt: skip
    return [make(number) for number, make in enumerate(made, start=1)]


def resting_potential(number: int) -> Claim:
    leak = steady_state(pump_leak_cell()).v_mv
    neuron = compare_voltages(cell("neuron"))

    def draw(ax: Axes) -> None:
        share = np.geomspace(1e-3, 0.3, 100)
        ax.semilogx(
            share, ghk_voltage({"K": 1.0, "Na": share}, **MAMMAL, temperature=T), "--", color=QUIET, label="GHK"
        )
        pumped = mullins_noda_voltage({"K": 1.0, "Na": share}, **MAMMAL, temperature=T)
        ax.semilogx(share, pumped, "-", color=INK, label="with the pump")
        ax.plot(0.04, neuron.ghk_mv, "o", color=QUIET)
        ax.plot(0.04, neuron.mullins_noda_mv, "o", color=INK)
        ax.axhline(leak, color=FIRST_COLOUR, ls=":", label="pump-leak neuron")
        ax.set(xlabel="P(Na⁺)/P(K⁺)", ylabel="V (mV)")
        ax.legend()

    return Claim(
        number,
        "A neuron rests at about -70 mV.",
        "holds",
        f"The pump-leak neuron settles at {leak:.2f} mV. Goldman's equation for a mammalian cell with P_Na/P_K = "
        f"0.04 gives "
        f"{neuron.ghk_mv:.2f} mV, with the current of the pump (Mullins and Noda) {neuron.mullins_noda_mv:.2f} mV.",
        {"pump_leak_mv": leak, "ghk_mv": neuron.ghk_mv, "mullins_noda_mv": neuron.mullins_noda_mv},
        draw,
    )


def _nernst_claim(
    number: int, ion: str, says: str, pairs: tuple[tuple[float, float], ...], span: tuple[float, float]
) -> Claim:
    values = {
        f"{out:g}/{into:g}": float(nernst_potential(outside=out, inside=into, valence=1, temperature=T))
        for out, into in pairs
    }

    def draw(ax: Axes) -> None:
        for warm, dash in ((293.15, ":"), (T, "-")):
            out = np.geomspace(*span, 80) if ion == "K" else pairs[0][0]
            into = pairs[0][1] if ion == "K" else np.geomspace(*span, 80)
            e = nernst_potential(outside=out, inside=into, valence=1, temperature=warm)
            varied = out if ion == "K" else into
            ax.plot(varied, e, dash, color=ION_COLOURS[ion], lw=2, label=f"{warm:.2f} K")
        for (out, into), v in zip(pairs, values.values(), strict=True):
            ax.plot(out if ion == "K" else into, v, "o", color=INK)
        ax.set(xlabel=f"{ion}⁺ {'outside' if ion == 'K' else 'inside'} (mM)", ylabel=f"E({ion}⁺) (mV)")
        ax.legend()

    numbers = " and ".join(f"{v:.2f} mV at {pair} mM" for pair, v in values.items())
    answer = f"Nernst at 37 °C, outside/inside: {numbers}."
    return Claim(number, says, "holds", answer, values, draw)


def potassium_potential(number: int) -> Claim:
    return _nernst_claim(number, "K", "E_K is about -90 mV (37 °C).", ((5.0, 140.0), (4.0, 140.0)), (1.0, 30.0))


def sodium_potential(number: int) -> Claim:
    return _nernst_claim(number, "Na", "E_Na is about +60 mV.", ((145.0, 15.0), (145.0, 12.0)), (5.0, 50.0))


def weighted_mean(number: int) -> Claim:
    ratios = {v: float(conductance_ratio_for_voltage(v, reversal_a=-90.0, reversal_b=60.0)) for v in (-65.0, -70.0)}

    def draw(ax: Axes) -> None:
        ratio = np.linspace(1.0, 20.0, 100)
        ax.plot(
            ratio, [chord_voltage({"K": r, "Na": 1.0}, reversal={"K": -90.0, "Na": 60.0}) for r in ratio], color=INK
        )
        for v, r in ratios.items():
            ax.plot(r, v, "o", color=SECOND_COLOUR)
            ax.annotate(f"{r:.1f}", (r, v), textcoords="offset points", xytext=(6, 4))
        ax.set(xlabel="g(K⁺)/g(Na⁺)", ylabel="V (mV)")

    return Claim(
        number,
        "The weighted mean of E_K and E_Na gives -65 or -70 mV; V is pulled slightly away from E_K.",
        "conditional",
        f"With E_K -90, E_Na +60 mV and no chloride the mean is -65 mV only for g_K/g_Na = {ratios[-65.0]:.1f} "
        f"and -70 mV only for "
        f"{ratios[-70.0]:.1f}: a Na+ share of {100 / (1 + ratios[-65.0]):.0f} or {100 / (1 + ratios[-70.0]):.0f} "
        f"%. With other shares it "
        "gives other voltages (equal conductances: -15 mV). The slight pull is 20 to 25 mV.",
        {"ratio_65": ratios[-65.0], "ratio_70": ratios[-70.0]},
        draw,
    )


def chloride_block(number: int) -> Claim:
    cases = (
        ({"K": 10.0, "Na": 1.5, "Cl": 5.0}, -65.0),
        ({"K": 10.0, "Na": 1.0, "Cl": 3.0}, -90.0),
        ({"K": 10.0, "Na": 1.5, "Cl": 5.0}, -90.0),
    )
    made = [block_shift(g, reversal={"K": -90.0, "Na": 60.0, "Cl": e}, blocked="Cl") for g, e in cases]

    def draw(ax: Axes) -> None:
        e_cl = np.linspace(-100.0, -40.0, 61)
        for g, dash in ((cases[0][0], "-"), (cases[1][0], "--")):
            curve = block_shift(g, reversal={"K": -90.0, "Na": 60.0, "Cl": e_cl}, blocked="Cl")
            label = "/".join(f"{x:g}" for x in g.values())
            ax.plot(curve.reversal_mv - curve.before_mv, curve.shift_mv, dash, color=INK, label=f"g(K/Na/Cl) {label}")
        places = (((-7, -11), "right"), ((-7, -11), "right"), ((7, 3), "left"))  # beside the lines, not on them
        for case, (_, e), (offset, side) in zip(made, cases, places, strict=True):
            there = (case.reversal_mv - case.before_mv, case.shift_mv)
            ax.plot(*there, "o", color=SECOND_COLOUR)
            ax.annotate(f"E(Cl⁻) {e:g} mV", there, offset, textcoords="offset points", ha=side, fontsize=8)
        ax.legend(loc="lower left")
        ax.axhline(0.0, color=PALE, zorder=0)
        ax.axvline(0.0, color=PALE, zorder=0)
        ax.set(xlabel="E(Cl⁻) - V before the block (mV)", ylabel="change of V (mV)")

    up, down, more = made
    return Claim(
        number,
        "Blocking chloride channels hyperpolarises slightly.",
        "conditional",
        "Only where E_Cl lies above V before the block: the change is g_Cl/(g_K + g_Na) (V - E_Cl). With g "
        "10/1.5/5 nS (K/Na/Cl) and "
        f"E_Cl -65 mV: {up.before_mv:.2f} to {up.after_mv:.2f} mV, {up.shift_mv:+.2f} mV. The other side: E_Cl "
        f"-90 mV depolarises, by "
        f"{down.shift_mv:+.2f} mV with g 10/1/3 and by {more.shift_mv:+.2f} mV with 10/1.5/5. A neuron with KCC2 "
        f"is on the other side.",
        {"above": up.shift_mv, "below": down.shift_mv, "below_more": more.shift_mv},
        draw,
    )


def radii(number: int) -> Claim:
    values = {f"{ion}_{cn}": shannon_radius(ion, cn) for ion in ("K", "Na") for cn in (6, 8)}

    def draw(ax: Axes) -> None:
        for i, ion in enumerate(("Na", "K")):
            pair = [values[f"{ion}_6"], values[f"{ion}_8"]]
            ax.bar(
                np.arange(2) + 0.38 * (i - 0.5),
                pair,
                0.36,
                color=ION_COLOURS[ion],
                edgecolor=INK,
                hatch="/" * (3 * i),
                label=f"{ion}⁺",
            )
        ax.set_xticks([0, 1], ["six neighbours", "eight (the filter)"])
        ax.set(ylabel="ionic radius (Å)", ylim=(0.0, 2.0))
        ax.legend(loc="upper left", ncols=2)

    return Claim(
        number,
        "The radii of K+ and Na+ are 1.38 and 1.02 Å.",
        "holds, for six neighbours",
        f"Shannon's effective radii for coordination number 6 are {values['K_6']:.2f} and {values['Na_6']:.2f} Å. "
        f"In the filter an ion has "
        f"eight oxygens, and the radii are {values['K_8']:.2f} and {values['Na_8']:.2f} Å.",
        values,
        draw,
    )


def twelve_kilojoules(number: int) -> Claim:
    kelvin = (293.15, 298.15, 310.0, 310.15)
    values = {f"{k:g}": permeability_ratio(12.0, temperature=k) for k in kelvin}
    hundred = {f"exactly 100 at {k:g}": barrier_difference(100.0, temperature=k) for k in (298.15, 310.15)}
    limit = 12.0 / barrier_difference(100.0, temperature=1.0)

    def draw(ax: Axes) -> None:
        span = np.linspace(280.0, 320.0, 81)
        ax.plot(span, [permeability_ratio(12.0, temperature=k) for k in span], color=INK)
        ax.axhline(100.0, color=QUIET, ls="--")
        ax.plot(limit, 100.0, "o", color=SECOND_COLOUR)
        ax.set(xlabel="temperature (K)", ylabel="P(K⁺)/P(Na⁺) at 12 kJ/mol")

    return Claim(
        number,
        "A barrier difference of 12 kJ/mol makes P_K/P_Na greater than 100.",
        "conditional",
        "exp(12 kJ/mol / RT) is "
        + ", ".join(f"{r:.1f} at {k} K" for k, r in values.items())
        + f"; above {limit:.1f} K it is less than "
        f"100. Exactly 100 needs {hundred['exactly 100 at 298.15']:.2f} kJ/mol at 298.15 K and "
        f"{hundred['exactly 100 at 310.15']:.2f} at "
        "310.15 K.",
        values | hundred | {"limit_k": limit},
        draw,
    )


def pump_cycle(number: int) -> Claim:
    work = float(pump_work(**MAMMAL, voltage=-70.0, temperature=T))
    stall = pump_stall_voltage(**MAMMAL, temperature=T)

    def draw(ax: Axes) -> None:
        v = np.linspace(-180.0, 40.0, 50)
        ax.plot(v, pump_work(**MAMMAL, voltage=v, temperature=T), color=INK)
        ax.axhline(ATP_FREE_ENERGY, color=QUIET, ls="--")
        ax.annotate("ATP", (40.0, ATP_FREE_ENERGY), (0, 4), textcoords="offset points", ha="right", color=QUIET)
        ax.annotate("rest", (-70.0, work), (7, 3), textcoords="offset points")
        ax.annotate("stall", (stall, ATP_FREE_ENERGY), (7, 5), textcoords="offset points")
        ax.plot([-70.0, stall], [work, ATP_FREE_ENERGY], "o", color=SECOND_COLOUR)
        ax.set(xlabel="V (mV)", ylabel="work of a cycle (kJ/mol)")

    return Claim(
        number,
        "The pump moves 3 Na+ out and 2 K+ in per ATP, one net charge.",
        "holds",
        f"It is affordable: a cycle costs {work:.2f} kJ/mol at -70 mV, the ATP gives about {ATP_FREE_ENERGY:.0f}. "
        f"The charge makes the work "
        f"depend on V; at {stall:.0f} mV it would take all of the ATP.",
        {"work_kj_mol": work, "stall_mv": stall},
        draw,
    )


def pump_millivolts(number: int) -> Claim:
    cells = {"squid-axon": 0.04, "frog-muscle": 0.01, "neuron": 0.04}
    kelvin = {"squid-axon": 291.15, "frog-muscle": 293.15, "neuron": T}
    shift = {}
    for name, p_na in cells.items():
        at = {"outside": cell(name).outside, "inside": cell(name).inside, "temperature": kelvin[name]}
        pair = {"K": 1.0, "Na": p_na}
        shift[name] = float(mullins_noda_voltage(pair, **at) - ghk_voltage(pair, **at))
    jump = run_down(pump_leak_cell(), pump_blocked(1.0), times_s=[0.0, 0.5]).v_mv
    values = shift | {"pump_leak": float(jump[0] - jump[1]), "bound": float(largest_pump_contribution(temperature=T))}

    def draw(ax: Axes) -> None:
        p = np.geomspace(1e-3, 10.0, 120)
        pair = {"K": 1.0, "Na": p}
        gap = mullins_noda_voltage(pair, **MAMMAL, temperature=T) - ghk_voltage(pair, **MAMMAL, temperature=T)
        ax.semilogx(p, gap, color=INK)
        ax.axhline(-values["bound"], color=QUIET, ls="--")
        ax.annotate("RT/F ln 1.5", (1e-3, -values["bound"]), (0, 4), textcoords="offset points", color=QUIET)
        ax.annotate("neuron", (0.04, shift["neuron"]), (-7, -10), textcoords="offset points", ha="right")
        ax.plot(0.04, shift["neuron"], "o", color=SECOND_COLOUR)
        ax.set(xlabel="P(Na⁺)/P(K⁺)", ylabel="pump's share of V (mV)")

    return Claim(
        number,
        "The pump's own current adds a few mV.",
        "holds",
        f"Mullins-Noda minus Goldman: {shift['squid-axon']:.2f} mV in the squid axon, {shift['frog-muscle']:.2f} "
        f"in frog muscle, "
        f"{shift['neuron']:.2f} in a mammalian neuron; {values['pump_leak']:.1f} mV in the pump-leak neuron. It "
        f"cannot exceed RT/F ln 1.5 = "
        f"{values['bound']:.2f} mV at 37 °C while only K+ and Na+ leak, and vanishes when the membrane passes no Na+.",
        values,
        draw,
    )


def pump_off(number: int) -> Claim:
    leak = pump_leak_cell()
    run = run_down(leak, pump_blocked(600.0), times_s=[0.0, 0.5, 60.0, 1200.0, 3600.0, 36000.0])
    swollen, rigid = steady_state(leak, pump=0.0), steady_state(leak, pump=0.0, fixed_volume=True)
    v = run.v_mv

    def draw(ax: Axes) -> None:
        for fixed, dash, name in ((False, "-", "free to swell"), (True, "--", "fixed volume")):
            long = run_down(leak, pump_blocked(1200.0), times_s=np.geomspace(0.1, 72000.0, 200), fixed_volume=fixed)
            ax.semilogx(long.time_s / 60.0, long.v_mv, dash, color=INK if not fixed else FIRST_COLOUR, label=name)
        ax.axhline(0.0, color=PALE, zorder=0)
        ax.axhline(v[0], color=QUIET, ls=":", lw=1.0, zorder=0)
        ax.text(0.01, v[0], "before", va="bottom", fontsize=8)
        ax.set(xlabel="time without pump (min)", ylabel="V (mV)")
        ax.legend()

    return Claim(
        number,
        "Without the pump V drifts to zero.",
        "conditional",
        f"Slowly and not at first: {v[0]:.1f} mV, a jump to {v[1]:.1f} as the pump's current is lost, {v[2]:.1f} "
        f"after 1 min, "
        f"{v[3]:.1f} after 20, {v[4]:.1f} after 60, {v[5]:.1f} after 10 h. The end is a Donnan equilibrium: "
        f"{swollen.v_mv:+.1f} mV if the "
        f"cell can swell ({swollen.state.volume:.2f}-fold), but {rigid.v_mv:.1f} mV if it cannot.",
        {"start": v[0], "jump": v[1], "min_20": v[3], "min_60": v[4], "swollen": swollen.v_mv, "rigid": rigid.v_mv},
        draw,
    )


def brain_energy(number: int) -> Claim:
    share = signalling_share()
    budget = expectations("brain energy")
    cortex = budget["resting potentials in the cortical budget"].low
    cerebellum = budget["resting potentials in the cerebellar budget"].low
    whole = budget["share of the Na+/K+ pump in the energy of the brain"]
    assert cortex is not None and cerebellum is not None and whole.low is not None and whole.high is not None

    def draw(ax: Axes) -> None:
        parts = {"spikes": 47.0, "postsynaptic": 34.0, "resting": 13.0, "other": share.other_percent}
        left = 0.0
        for (name, part), hatch, colour in zip(
            parts.items(), ("", "//", "..", ""), (FIRST_COLOUR, "white", PALE, QUIET), strict=True
        ):
            ax.barh(
                ["signalling\n(rodent cortex)"], part, left=left, color=colour, edgecolor=INK, hatch=hatch, label=name
            )
            left += part
        ax.barh(["whole brain"], whole.high - whole.low, left=whole.low, color="white", edgecolor=INK)
        ax.axvline(50.0, color=SECOND_COLOUR, ls="--")
        ax.set(xlabel="energy (%)", xlim=(0, 100))
        ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.45, 1.0), fontsize=7)

    return Claim(
        number,
        "About half of the brain's energy goes to the pump.",
        "holds, within a wide range",
        f"Textbook range for the whole brain: {whole.low:.0f} to {whole.high:.0f} % (recalled, no better source "
        f"known here). Of the signalling "
        f"energy of rodent cortex the pump takes at least the resting potentials ({share.resting_percent:.0f} %) "
        f"and at most those, spikes and "
        f"postsynaptic currents together ({share.upper_bound_percent:.0f} %). Resting potentials alone: "
        f"{cortex:.0f} % in a later cortical "
        f"budget, {cerebellum:.0f} % in the cerebellum.",
        {"low": share.resting_percent, "high": share.upper_bound_percent},
        draw,
    )


def small_noise(number: int) -> Claim:
    channel = two_state(open_probability=0.3, correlation_time_s=5e-3, conductance_ps=10.0)
    noise = predicted_noise(Patch(channel, 20, -90.0, leak_ps=200.0, leak_reversal_mv=-60.0, capacitance_pf=2.0))
    at = {"channel_reversal_mv": -90.0, "leak_us_per_cm2": 10.0, "leak_reversal_mv": -60.0}
    scan = size_scan(channel, areas_um2=[1.0, 1000.0], channels_per_um2=1.0, **at)

    def draw(ax: Axes) -> None:
        areas = np.round(np.geomspace(1.0, 1000.0, 25))
        plot_size_scan(size_scan(channel, areas_um2=areas, channels_per_um2=1.0, **at), ax)

    return Claim(
        number,
        "Channel noise matters in small compartments.",
        "holds",
        f"Twenty channels on 2 pF shake the voltage by {noise.sd_mv:.3f} mV. One channel per µm² gives "
        f"{scan.total_sd_mv[0]:.1f} mV on 1 µm² "
        f"(a spine) and {scan.total_sd_mv[1]:.2f} mV on 1000 µm² (a soma): the width falls as one over the square "
        f"root of the area, towards "
        "a floor of thermal noise that falls alike.",
        {"sigma_mv": noise.sd_mv, "spine_mv": float(scan.total_sd_mv[0]), "soma_mv": float(scan.total_sd_mv[1])},
        draw,
    )


def warming(number: int) -> Claim:
    neuron = cell("neuron")
    electrogenic = warming_verdict(neuron)
    slow_pump = warming_verdict(neuron, scaling=TemperatureScaling(q10_pump=0.5))
    without = warming_verdict(neuron, scaling=TemperatureScaling(pump=False))
    factor = pump_share_factor(q10_pump=2.5, q10_leak=1.3, warming=10.0)
    rtf = thermal_voltage(T + 10.0) / thermal_voltage(T) - 1.0
    turning = electrogenic.turning_q10_pump
    assert turning is not None

    def draw(ax: Axes) -> None:
        span = np.linspace(300.15, 314.15, 30)
        cases = (
            (TemperatureScaling(), "-", INK, "pump Q10 above the leak's"),
            (TemperatureScaling(q10_pump=0.5), "--", SECOND_COLOUR, "pump Q10 0.5"),
            (TemperatureScaling(pump=False), ":", QUIET, "no pump: RT/F alone"),
        )
        for scaling, dash, colour, name in cases:
            ax.plot(
                span, voltage_against_temperature(neuron, span, scaling=scaling).v_mv, dash, color=colour, label=name
            )
        ax.set(xlabel="temperature (K)", ylabel="V (mV)")
        ax.legend()

    return Claim(
        number,
        "Warming makes V more negative if the pump's Q10 exceeds the leak's.",
        "conditional",
        f"It takes an electrogenic pump, whose share then grows by (Q10 pump/Q10 leak) per 10 K: {factor:.2f} for "
        f"2.5 and 1.3. The mammalian "
        f"neuron changes by {electrogenic.dv_dt_mv_per_k:+.2f} mV/K. Warming also raises RT/F by {100 * rtf:.1f} "
        f"% per 10 K, so V goes more "
        f"negative even without the pump ({without.dv_dt_mv_per_k:+.2f} mV/K); it depolarises only when the "
        f"pump's Q10 falls below "
        f"{turning:.2f} (with 0.5: {slow_pump.dv_dt_mv_per_k:+.2f} mV/K). A higher Q10 of the pump is sufficient, "
        f"not necessary.",
        {"factor": factor, "rt_over_f": rtf, "slope": electrogenic.dv_dt_mv_per_k, "slow": slow_pump.dv_dt_mv_per_k},
        draw,
    )


def chord_against_goldman(number: int) -> Claim:
    sides = {"K": (5.0, 140.0), "Na": (145.0, 15.0)}
    start = ghk_voltage({"K": 1.0, "Na": 0.04}, **MAMMAL, temperature=T)
    reversal = {
        ion: float(nernst_potential(outside=o, inside=i, valence=1, temperature=T)) for ion, (o, i) in sides.items()
    }
    ratio = float(conductance_ratio_for_voltage(start, reversal_a=reversal["K"], reversal_b=reversal["Na"]))

    def both(k_o: float) -> tuple[float, float]:
        e_k = float(nernst_potential(outside=k_o, inside=140.0, valence=1, temperature=T))
        outside = {"K": k_o, "Na": 145.0}
        ghk = float(ghk_voltage({"K": 1.0, "Na": 0.04}, outside=outside, inside=MAMMAL["inside"], temperature=T))
        return ghk, float(chord_voltage({"K": ratio, "Na": 1.0}, reversal={"K": e_k, "Na": reversal["Na"]}))

    high = both(40.0)

    def draw(ax: Axes) -> None:
        span = np.geomspace(1.0, 60.0, 60)
        curves = np.array([both(k) for k in span])
        ax.semilogx(span, curves[:, 0], "-", color=INK, label="Goldman, fixed P")
        ax.semilogx(span, curves[:, 1], "--", color=SECOND_COLOUR, label="chord, fixed g")
        ax.plot(5.0, start, "o", color=INK)
        ax.set(xlabel="K⁺ outside (mM)", ylabel="V (mV)")
        ax.legend()

    return Claim(
        number,
        "The weighted mean and the Goldman equation are closely related.",
        "related, not equal",
        "The chord equation is linear in fixed conductances and Nernst potentials, Goldman's weighs "
        "concentrations by permeabilities. Set to "
        f"the same rest ({start:.1f} mV at 5 mM K+, which takes g_K/g_Na = {ratio:.1f} beside P_K/P_Na = 25) they "
        f"part as soon as K+ "
        f"changes: at 40 mM Goldman gives {high[0]:.1f} mV, the chord {high[1]:.1f}.",
        {"start": float(start), "ratio": ratio, "ghk_40": high[0], "chord_40": high[1]},
        draw,
    )


def render(made: list[Claim]) -> str:
    """The page as text."""
    table = "".join(f"| {c.number} | {c.says} | [{c.verdict}](#claim-{c.number}) |\n" for c in made)
    parts = [
        f"## Claim {c.number}\n\n> {c.says}\n\n**{c.verdict[0].upper()}{c.verdict[1:]}.** {c.answer}\n\n"
        f"![claim {c.number}](images/{picture(c.number)})\n"
        for c in made
    ]
    return HEAD + table + "\n" + "\n".join(parts)


def picture(number: int) -> str:
    """File name of a claim's picture."""
    return f"course_{number:02d}.png"


def fingerprint(claim: Claim) -> str:
    """What the picture was drawn from: its claim's numbers to six digits, hashed; stored in the picture itself."""
    numbers = {name: f"{value:.6g}" for name, value in claim.values.items()}
    return hashlib.sha256(json.dumps([claim.says, numbers], sort_keys=True).encode()).hexdigest()[:16]


def draw_claim(claim: Claim) -> Figure:
    """A claim's picture."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        ax = figure.subplots()
        ax.spines[["top", "right"]].set_visible(False)
        claim.draw(ax)
        return figure


def main() -> None:
    """Write the page and the pictures."""
    IMAGES.mkdir(exist_ok=True)
    made = claims()
    for claim in made:
        path = IMAGES / picture(claim.number)
        with mpl.rc_context(RC):
            draw_claim(claim).savefig(path, dpi=110, metadata={"Description": fingerprint(claim), "Software": None})
        print(path.relative_to(DOCS.parent))
    write_text(TEXT, render(made))
    print(TEXT.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
