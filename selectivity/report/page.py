"""How does a report look in a browser? One page that holds everything it needs: data, scripts, style; no network.

Templates are filled by Jinja2 with escaping always on, because titles, names and warnings come from files that others wrote. Data
travel as JSON in blocks that no browser runs, with every ``<`` written as an escape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from selectivity.assets import MOLECULES, PLOTS, script
from selectivity.membrane.cells import cell as cell_by_name
from selectivity.membrane.from_filter import voltage_against_barrier
from selectivity.permeation.ratio import barrier_difference
from selectivity.pipeline.words import CANNOT_KNOW
from selectivity.report.collection import Report, ScoredFile
from selectivity.report.numbers import with_error
from selectivity.report.page_tables import (
    Score,
    balance_table,
    comparison_table,
    error_table,
    queue_table,
    rule_table,
    setting_text,
    site_table,
    structure_tables,
    voltage_table,
)
from selectivity.report.page_words import STEPS, bottom_line, meaning, ratio_words
from selectivity.report.provenance import citations, parameters, versions
from selectivity.report.scene import scene
from selectivity.report.score import QUANTITIES
from selectivity.report.structure import headline, obtained

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

_SYMBOL = re.compile(r"\b([PEVW])_(K|Na|Cl|Rb|Cs|Li|Tl|m)\b")
_MINUS = re.compile(r"(?<![\w.)-])-(?=\d)")

CURVE_KJ_MOL = (-5.0, 45.0)
"""Barrier differences over which V_m is drawn, kJ/mol: from no preference to deep saturation; widened to hold a filter's interval."""

NETWORK_FORBIDDEN = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
"""The page's own content security policy: inline scripts and styles run, nothing can be loaded or sent."""


def page(report: Report, *, wording: Callable[[str], str] = str) -> str:
    """The report as one HTML page.

    ``wording`` rewrites warnings for the reader's door (the command line names options where the library names keywords).
    Beside each score's JSON stand the atoms of the view (`selectivity.report.scene`) and the curve of V_m over ddG‡.
    """
    entries = [_entry(number, file, report.name_of(file), wording) for number, file in enumerate(report.files)]
    return _templates().get_template("page.html").render(
        report=report,
        entries=entries,
        comparison=comparison_table([(entry["name"], entry["score"]) for entry in entries]) if _compares(report) else None,
        steps=STEPS,
        versions=versions(),
        policy=NETWORK_FORBIDDEN,
        style=_text("style.css"),
        program=_text("page.js"),
        molecules=script(MOLECULES),
        plots=script(PLOTS),
    )  # fmt: skip


def embedded(data: Any) -> str:
    """JSON that can stand inside a script element: no character of it can open or close a tag or a comment.

    >>> embedded({"title": "</script><!--"})
    '{"title":"\\\\u003c/script\\\\u003e\\\\u003c!--"}'
    """
    text = json.dumps(data, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _compares(report: Report) -> bool:
    return len(report.files) + len(report.failed) > 1


def _entry(number: int, file: ScoredFile, name: str, wording: Callable[[str], str]) -> dict[str, Any]:
    """Everything that the template of one file shows."""
    score = file.score.to_dict()
    filter = file.score.filter
    limits = [warning for warning in score["warnings"] if warning in CANNOT_KNOW.values()]
    return {
        "id": f"f{number}",
        "name": name,
        "path": file.path,
        "command": file.command,
        "score": score,
        "headline": headline(filter).partition(": ")[2],
        "title": filter.provenance.title,
        "obtained": obtained(filter),
        "notes": filter.provenance.notes,
        "bottom_line": bottom_line(score),
        "ratio_words": ratio_words(score),
        "structure_tables": structure_tables(score),
        "sites": site_table(score),
        "balance": balance_table(score),
        "queue": queue_table(score),
        "rules": rule_table(score),
        "errors": error_table(score),
        "voltages": voltage_table(score),
        "warnings": [(wording(text), meaning(text)) for text in score["warnings"] if text not in limits],
        "limits": [*limits, QUANTITIES],
        "parameters": [(words, setting_text(value)) for words, value in parameters(score)],
        "citations": citations(score),
        "sha256": filter.provenance.sha256,
        "data": embedded(
            {"name": name, "score": score, "scene": scene(file.score), "curve": voltage_curve(score), "ddg_texts": _ddg_texts(score)}
        ),
    }


def _ddg_texts(score: Score) -> dict[str, str]:
    """ddG of every site with its error as it is printed."""
    return {site["site"]: with_error(site["ddg_kj_mol"], site["ddg_error_kj_mol"]) for site in score["sites"]}


def voltage_curve(score: Score) -> dict[str, list[float]] | None:
    """V_m (mV) of the score's cell over ddG‡ (kJ/mol), alone and beside its background leak; None where it has no voltage."""
    if score["membrane"]["v_interval_mv"] is None:
        return None
    temperature = score["temperature_k"]
    cell = replace(cell_by_name(score["membrane"]["cell"]), temperature_k=temperature)
    sign = -1.0 if score["ion_pair"][0] == "Na" else 1.0
    low, high = (barrier_difference(end, temperature=temperature) for end in score["permeability_ratio_interval"])
    barrier = np.linspace(min(CURVE_KJ_MOL[0], low - 2.0), max(CURVE_KJ_MOL[1], high + 2.0), 201)
    leak = cell.permeability.get("Na", 0.0) / cell.permeability.get("K", 1.0)
    return {
        "ddg_kj_mol": barrier.tolist(),
        "v_mv": voltage_against_barrier(sign * barrier, cell=cell).v_mv.tolist(),
        "v_with_leak_mv": voltage_against_barrier(sign * barrier, cell=cell, leak=leak).v_mv.tolist(),
    }


def typeset(text: object) -> Markup:
    """Text of a result as HTML: everything escaped, P_K and E_Na with their index below, a true minus before numbers.

    >>> typeset("P_K/P_Na <b> -85.6 mV")
    Markup('P<sub>K</sub>/P<sub>Na</sub> &lt;b&gt; −85.6 mV')
    """
    from markupsafe import Markup, escape

    indexed = _SYMBOL.sub(r"\1<sub>\2</sub>", str(escape(text)))
    return Markup(_MINUS.sub("−", indexed))


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    return environment


def _text(name: str) -> str:
    return (files("selectivity.report") / "templates" / name).read_text(encoding="utf-8")
