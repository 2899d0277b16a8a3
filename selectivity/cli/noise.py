"""`selectivity noise`: how much a few channels shake the voltage of a small membrane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.options import (
    AmountsIn,
    AmountsOut,
    CsvTo,
    JsonTo,
    OwnTemperature,
    Permeabilities,
    PlotTo,
)
from selectivity.cli.output import Outputs
from selectivity.cli.own_cell import AnyCell, CellFile, chosen_cell
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed, significant

if TYPE_CHECKING:
    from selectivity.membrane.noise import NoisePrediction, Patch, SizeScan
    from selectivity.membrane.noise_simulation import NoiseRun

SCAN_AREAS_UM2 = (1.0, 10.0, 100.0, 1000.0)
"""From a spine head to a soma, by powers of ten."""

Channels = Annotated[int, typer.Option("--channels", metavar="NUMBER", help="K+ channels on the patch.")]
OpenProbability = Annotated[
    float, typer.Option("--open-probability", metavar="P", help="Open probability of a channel, between 0 and 1.")
]
CorrelationTime = Annotated[
    float, typer.Option("--correlation-time", metavar="MS", help="Correlation time of the gating, ms.")
]
Conductance = Annotated[float, typer.Option("--conductance", metavar="PS", help="Conductance of an open channel, pS.")]
Leak = Annotated[float, typer.Option("--leak", metavar="PS", help="Leak conductance of the patch, pS.")]
Capacitance = Annotated[float, typer.Option("--capacitance", metavar="PF", help="Capacitance of the patch, pF.")]
Reversal = Annotated[
    float | None,
    typer.Option("--reversal", metavar="MV", help="Reversal potential of the channels, mV; default: the cell's E_K."),
]
LeakReversal = Annotated[
    float | None,
    typer.Option("--leak-reversal", metavar="MV", help="Reversal of the leak, mV; default: the cell's GHK voltage."),
]
Duration = Annotated[float, typer.Option("--duration", metavar="S", help="Simulated time of each replica, s.")]
Replicas = Annotated[int, typer.Option("--replicas", metavar="NUMBER", help="Independent replicas.")]
Seed = Annotated[int, typer.Option("--seed", metavar="NUMBER", min=0, help="Seed of the random numbers.")]


def noise(
    channels: Channels = 20,
    open_probability: OpenProbability = 0.3,
    conductance: Conductance = 10.0,
    correlation_time: CorrelationTime = 5.0,
    leak: Leak = 200.0,
    capacitance: Capacitance = 2.0,
    cell: AnyCell = "neuron",
    cell_file: CellFile = None,
    outside: AmountsOut = None,
    inside: AmountsIn = None,
    permeability: Permeabilities = None,
    reversal: Reversal = None,
    leak_reversal: LeakReversal = None,
    temperature: OwnTemperature = None,
    duration: Duration = 50.0,
    replicas: Replicas = 4,
    seed: Seed = 0,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """Voltage noise of a patch with a few K+ channels, simulated exactly and in closed form.

    Channels open and shut at random, and the voltage (mV) of the patch follows through its capacitance and leak. The cell
    gives the reversal potential of the channels (E_K), that of the leak (its GHK voltage) and the temperature. The
    second table cuts the same membrane into pieces of other sizes: noise falls with the square root of area.

    \b
    $ selectivity noise --channels 20 --reversal -90 --leak-reversal -60
    20 channels on 2 pF: V -66.92 mV, sigma 1.142 mV
    voltage            mean (mV)  standard deviation (mV)
    simulated    -66.871 ± 0.013          1.1449 ± 0.0069
    exact                -66.867                   1.1403
    closed form          -66.923                   1.1417
    membrane time constant 7.69 ms; Johnson floor 46 µV; 4 replicas of 50 s, 336070 events
    the same membrane, other sizes (1 µF/cm²)
    area (µm²)  channels  channel noise (mV)  Johnson (mV)  total (mV)
    10                 1                5.11         0.207        5.11
    100               10                1.61        0.0654        1.62
    1000             100               0.511        0.0207       0.511
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.membrane.noise import predicted_noise
    from selectivity.membrane.noise_simulation import simulate_noise

    chosen = chosen_cell(
        cell, cell_file, outside=outside, inside=inside, permeability=permeability, temperature=temperature
    )
    patch = _patch(
        chosen, channels, open_probability, conductance, correlation_time, leak, capacitance, reversal, leak_reversal
    )
    theory = predicted_noise(patch)
    run = simulate_noise(patch, duration, replicas=replicas, rng=seed)
    scan = _scan(patch)
    outputs.deliver(
        _document(run, theory, scan),
        payload=lambda: _payload(run, theory, scan, seed),
        rows=lambda: _rows(run),
        draw=lambda path: _draw(run, theory, path),
    )


def _patch(
    chosen: Any,
    channels: int,
    open_probability: float,
    conductance: float,
    correlation_time: float,
    leak: float,
    capacitance: float,
    reversal: float | None,
    leak_reversal: float | None,
) -> Patch:
    from selectivity.membrane.cells import require_ions
    from selectivity.membrane.ghk import ghk_voltage
    from selectivity.membrane.nernst import nernst_potential
    from selectivity.membrane.noise import Patch
    from selectivity.membrane.noise_channels import two_state

    kelvin = chosen.temperature_k
    if reversal is None:
        require_ions(chosen, "K")
        reversal = nernst_potential(
            outside=chosen.outside["K"], inside=chosen.inside["K"], valence=1, temperature=kelvin
        )
    if leak_reversal is None:
        sides = {"outside": chosen.outside, "inside": chosen.inside}
        leak_reversal = ghk_voltage(chosen.permeability, **sides, temperature=kelvin)
    channel = two_state(
        open_probability=open_probability, correlation_time_s=1e-3 * correlation_time, conductance_ps=conductance
    )
    return Patch(channel, channels, float(reversal), leak, float(leak_reversal), capacitance, kelvin)


def _scan(patch: Patch) -> SizeScan:
    """The same densities on other areas; 1 µF/cm² turns the patch's capacitance into its area."""
    from selectivity.membrane.noise import size_scan

    area = patch.capacitance_pf / 0.01  # µm² at 1 µF/cm², which is 0.01 pF/µm²
    density = patch.n_channels / area
    fitting = [a for a in SCAN_AREAS_UM2 if round(a * density) >= 1] or [area]
    return size_scan(
        patch.scheme,
        areas_um2=fitting,
        channels_per_um2=density,
        channel_reversal_mv=patch.channel_reversal_mv,
        leak_us_per_cm2=patch.leak_ps / area / 10.0,
        leak_reversal_mv=patch.leak_reversal_mv,
        temperature=patch.temperature,
    )


def _document(run: NoiseRun, theory: NoisePrediction, scan: SizeScan) -> list[Block]:
    patch = run.patch
    assert theory.exact_mean_mv is not None and theory.exact_sd_mv is not None  # two states: the exact moments exist
    rows = (
        ("simulated", f"{run.mean_mv:.3f} ± {run.mean_error_mv:.3f}", f"{run.sd_mv:.4f} ± {run.sd_error_mv:.4f}"),
        ("exact", fixed(theory.exact_mean_mv, 3), fixed(theory.exact_sd_mv, 4)),
        ("closed form", fixed(theory.mean_mv, 3), fixed(theory.sd_mv, 4)),
    )
    sizes = tuple(
        (f"{area:g}", f"{n:g}", significant(float(sd), 3), significant(float(floor), 3), significant(float(both), 3))
        for area, n, sd, floor, both in zip(
            scan.area_um2, scan.n_channels, scan.sd_mv, scan.johnson_sd_mv, scan.total_sd_mv, strict=True
        )
    )
    return [
        Heading(
            f"{patch.n_channels} channels on {patch.capacitance_pf:g} pF: V {theory.mean_mv:.2f} mV, "
            f"sigma {theory.sd_mv:.3f} mV"
        ),
        Table(("voltage", "mean (mV)", "standard deviation (mV)"), rows),
        Paragraph(
            f"membrane time constant {1e3 * theory.membrane_time_constant_s:.2f} ms; Johnson floor "
            f"{1e3 * theory.johnson_sd_mv:.0f} µV; {run.v_mv.shape[0]} replicas of {run.duration_s:.0f} s, {run.n_events} events"
        ),
        Table(
            ("area (µm²)", "channels", "channel noise (mV)", "Johnson (mV)", "total (mV)"),
            sizes,
            title="the same membrane, other sizes (1 µF/cm²)",
        ),
    ]


def _payload(run: NoiseRun, theory: NoisePrediction, scan: SizeScan, seed: int) -> dict[str, Any]:
    from dataclasses import asdict

    patch = run.patch
    return {
        "n_channels": patch.n_channels,
        "channel_reversal_mv": patch.channel_reversal_mv,
        "leak_ps": patch.leak_ps,
        "leak_reversal_mv": patch.leak_reversal_mv,
        "capacitance_pf": patch.capacitance_pf,
        "temperature_k": patch.temperature,
        "seed": seed,
        "simulated": {
            "mean_mv": run.mean_mv,
            "mean_error_mv": run.mean_error_mv,
            "sd_mv": run.sd_mv,
            "sd_error_mv": run.sd_error_mv,
            "n_events": run.n_events,
            "replicas": int(run.v_mv.shape[0]),
            "duration_s": run.duration_s,
        },
        "theory": asdict(theory),
        "size_scan": {name: values.tolist() for name, values in asdict(scan).items()},
    }


def _rows(run: NoiseRun) -> list[dict[str, float]]:
    """The trace of the first replica."""
    return [{"time_s": (i + 1) * run.sample_interval_s, "v_mv": float(v)} for i, v in enumerate(run.v_mv[0])]


def _draw(run: NoiseRun, theory: NoisePrediction, path: Path) -> None:
    from selectivity.membrane.noise_simulation import measured_spectrum
    from selectivity.plotting.noise import draw_noise

    title = f"{run.patch.n_channels} channels, {run.patch.capacitance_pf:g} pF"
    draw_noise(run, measured_spectrum(run), theory, title=title).savefig(path)
