"""How does a state leave the page? As Python, as a command line, as CSV and JSON: all of them give the page's voltage again."""

from __future__ import annotations

import csv
import io
import json
import shlex
from typing import Any

from selectivity.app.records import RULE
from selectivity.app.state import State
from selectivity.errors import OutOfRange
from selectivity.membrane.cells import cell
from selectivity.structure.ideal import IDEAL_FILTERS


def as_json(answer: dict[str, Any]) -> str:
    """The whole answer at full precision, with the version that computed it."""
    return json.dumps(answer, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def as_csv(answer: dict[str, Any]) -> str:
    """One row: every control and every number with its unit in the column's name; sites in columns of their own."""
    low, high = answer["ratio_interval"] or (None, None)
    v_low, v_high = answer["v_interval_mv"] or (None, None)
    row = {
        **{f"state_{name}": value for name, value in answer["state"].items()},
        "ddg_barrier_kj_mol": answer["ddg_kj_mol"],
        "ddg_barrier_error_kj_mol": answer["ddg_error_kj_mol"],
        "permeability_ratio": answer["ratio"],
        "permeability_ratio_low": low,
        "permeability_ratio_high": high,
        "v_mv": answer["v_mv"],
        "v_low_mv": v_low,
        "v_high_mv": v_high,
        "v_without_pump_mv": answer["v_without_pump_mv"],
        **{f"e_{ion.lower()}_mv": value for ion, value in answer["nernst_mv"].items()},
        **{f"ddg_{site['name'].lower()}_kj_mol": site["ddg_kj_mol"] for site in answer["sites"] or ()},
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(row), lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()


def as_python(state: State, file: str | None = None) -> str:
    """A script that computes V_m of the state with the library; ``file`` is the structure's name where it is a file."""
    body = _python_ratio(state) if state.mode == "ratio" else _python_filter(state, file)
    imports = sorted([*body[0], "from selectivity.membrane.pumped import pumped_voltage"])
    permeability = ", ".join(
        ['"K": 1.0', f'"Na": 1.0 / ratio + {state.leak!r}']
        + ([f'"Cl": {state.chloride!r}'] if "Cl" in state.permeability(1.0) else [])
    )
    call = [
        "v_mv = pumped_voltage(",
        f"    {{{permeability}}},",
        f"    outside={state.outside!r},",
        f"    inside={state.inside!r},",
        f"    temperature={state.temperature!r},  # K",
        f"    pump={state.pump!r},  # 1: balances the leaks at the reference",
        f"    reference={state.reference_k!r},  # K",
        ")",
        'print(f"P_K/P_Na {ratio!r}")',
        'print(f"V_m {v_mv!r} mV")',
    ]
    return "\n".join([*imports, "", *body[1], *call]) + "\n"


def as_command(state: State, ratio: float | None, file: str | None = None) -> str:
    """Shell commands that compute the ratio and V_m of the state; the ratio of a filter is written into the second one."""
    if ratio is None:
        raise OutOfRange(
            "no ratio, so no voltage: this filter does not conduct or is not resolved; choose another state to export"
        )
    lines = [_barrier_command(state)] if state.mode == "ratio" else _filter_commands(state, file)
    words = ["selectivity", "voltage", "--cell", state.cell]
    for ion, p in state.permeability(ratio).items():
        words += ["--p", f"{ion}={p!r}"]
    if "Cl" not in state.permeability(ratio) and cell(state.cell).permeability.get("Cl"):
        words += ["--p", "Cl=0"]  # the preset's own would count otherwise
    for option, side in (("--out", state.outside), ("--in", state.inside)):
        for ion, c in side.items():
            words += [option, f"{ion}={c!r}"]
    words += ["--temperature", repr(state.temperature), "--pump", repr(state.pump)]
    comment = f"# P_Na/P_K = 1/{ratio!r} (the filter) + {state.leak!r} (the background leak)"
    return "\n".join([*lines, comment, shlex.join(words)]) + "\n"


def _barrier_command(state: State) -> str:
    return shlex.join(
        [
            "selectivity",
            "ratio",
            repr(state.ddg),
            "--error",
            repr(state.error),
            "--temperature",
            repr(state.temperature),
        ]
    )


def _filter_commands(state: State, file: str | None) -> list[str]:
    build = []
    if state.structure in IDEAL_FILTERS:
        file = f"{state.structure.replace('-', '_')}.pdb"
        build = [shlex.join(["selectivity", "build", state.structure, "-o", file])]
    words = ["selectivity", "scan", file or state.structure]
    words += ["--change", f"dilate={state.dilation!r}"] if state.dilation else []
    words += ["--vary", f"temperature={state.temperature!r}", "--treatment", state.treatment, "--search", "full"]
    words += ["--sigma", repr(state.sigma), "--hydration", state.scale, "--rule", RULE]
    return [*build, shlex.join(words)]


def _python_ratio(state: State) -> tuple[list[str], list[str]]:
    return ["from selectivity.permeation.ratio import permeability_ratio"], [
        f"ddg = {state.ddg!r}  # kJ/mol",
        f"ratio = permeability_ratio(ddg, temperature={state.temperature!r})",
        "",
    ]


def _python_filter(state: State, file: str | None) -> tuple[list[str], list[str]]:
    imports = ["from selectivity.pipeline import score_filter"]
    if state.structure in IDEAL_FILTERS:
        imports += ["from selectivity.structure.ideal import ideal_filter"]
        body = [f"filter = ideal_filter({state.structure!r})"]
    else:
        imports += ["from selectivity.structure.load import load_filter"]
        body = [f"filter = load_filter({file or state.structure!r})"]
    if state.dilation:
        imports += ["from selectivity.structure.knobs import dilate"]
        body += [f"filter = dilate(filter, {state.dilation!r})  # Å, all rings"]
    return imports, [
        *body,
        "score = score_filter(",
        f"    filter, treatment={state.treatment!r}, hydration_state='dry', rule={RULE!r}, sigma={state.sigma!r},",
        f"    hydration={state.scale!r}, temperature={state.temperature!r},",
        ")",
        "ratio = score.permeability_ratio",
        "",
    ]
