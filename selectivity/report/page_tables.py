"""Which tables does the page hold? Cells with the text that is read and the exact value that is copied, from a score's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selectivity.report.balance import LINES
from selectivity.report.numbers import UNDEFINED, as_given, fixed, interval, significant, voltage, with_error
from selectivity.score import BALANCE_TERMS

Score = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """What is read in a cell, the exact value that a copy takes instead (None: the text itself), the anchor that it leads to."""

    text: str
    value: float | None = None
    link: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table of the page: ``name`` for its anchor, caption, columns with units; the first ``text_columns`` hold words."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    text_columns: int = 1


def structure_tables(score: Score) -> list[PageTable]:
    """Rings and ions of the file."""
    filter = score["filter"]
    rings = tuple(
        (Cell(ring["name"]), Cell(ring["kind"]), _fixed(ring["radius_angstrom"], 2), _fixed(ring["z_angstrom"], 2))
        for ring in reversed(filter["rings"])
    )
    ions = tuple(
        (Cell(f"{ion['name']}⁺" if ion["name"] in ("K", "Na", "Rb", "Cs", "Li", "Tl") else ion["name"]), Cell(ion["site"] or "beyond"),
         _fixed(ion["z_angstrom"], 2), _fixed(ion["occupancy"], 2), Cell(str(ion["merged_copies"]), ion["merged_copies"]))
        for ion in sorted(filter["ions"], key=lambda ion: -ion["z_angstrom"])
    )  # fmt: skip
    tables = [PageTable("rings", "Rings of oxygens, outside first", ("ring", "kind", "radius (Å)", "z (Å)"), rings, 2)]
    if ions:
        columns = ("ion", "site", "z (Å)", "occupancy", "merged copies")
        tables.append(PageTable("ions", "Ions in the file, outside first", columns, ions, 2))
    return tables


def site_table(score: Score) -> PageTable:
    """Every site: whether it holds an ion, where the ions rest, how it is coordinated, ddG with its standard error."""
    first, second = score["ion_pair"]
    wet = any(site["waters"] for site in score["sites"])
    columns = (
        "site", "formed", f"{first}⁺ rests", f"{second}⁺ rests", "oxygens", "ion–O (Å)", f"valence {first}⁺", f"valence {second}⁺",
        *((f"waters {first}⁺", f"waters {second}⁺") if wet else ()), "ΔΔG (kJ/mol)", "error (kJ/mol)",
    )  # fmt: skip
    rows = []
    for site in score["sites"]:
        waters = [_fixed(site["waters"].get(ion), 1) for ion in (first, second)] if wet else []
        rows.append(
            (
                Cell(site["site"]), Cell("yes" if site["formed"] else "no"), *(_rests(site, ion) for ion in (first, second)),
                Cell(str(site["coordination_number"]), site["coordination_number"]), _fixed(site["mean_distance_angstrom"], 2),
                *(_fixed(site["bond_valence"][ion], 2) for ion in (first, second)), *waters,
                Cell(with_error(site["ddg_kj_mol"], site["ddg_error_kj_mol"]), site["ddg_kj_mol"]),
                Cell(significant(site["ddg_error_kj_mol"], 2), site["ddg_error_kj_mol"]),
            )
        )  # fmt: skip
    return PageTable("sites", "Sites, from the cavity outward", columns, tuple(rows), 4)


def balance_table(score: Score) -> PageTable | None:
    """The terms of every site's ddG, second ion minus first; None where no site has energies."""
    sites = [site for site in score["sites"] if site["terms_kj_mol"] is not None]
    if not sites:
        return None
    first, second = score["ion_pair"]
    terms = [
        term
        for term in (*BALANCE_TERMS, "total")
        if any(site["terms_kj_mol"]["difference"].get(term) for site in sites)
    ]
    rows = tuple(
        (
            Cell("sum: ΔΔG" if term == "total" else LINES[term]),
            *(_fixed(site["terms_kj_mol"]["difference"].get(term), 1) for site in sites),
        )
        for term in terms
    )
    columns = (f"{second}⁺ minus {first}⁺ (kJ/mol)", *(site["site"] for site in sites))
    return PageTable("balance", "Balance sheet of each site", columns, rows)


def queue_table(score: Score) -> PageTable | None:
    """The nodes of the single file; None where the queue was not computed."""
    queue = score["queue"]
    if queue is None:
        return None
    first, second = score["ion_pair"]
    wet, sampled = any(queue["waters"]), any(queue["ddg_error_kj_mol"])
    columns = (
        "place", "kind", "z (Å)", "ΔΔG (kJ/mol)", *(("error (kJ/mol)",) if sampled else ()),
        *((f"waters {first}⁺", f"waters {second}⁺") if wet else ()),
    )  # fmt: skip
    names = ("nodes", "kinds", "z_angstrom", "ddg_kj_mol", "ddg_error_kj_mol", "waters")
    rows = tuple(
        (
            Cell(name), Cell(kind), _fixed(z, 1), Cell(with_error(ddg, error) if sampled else fixed(ddg, 1), ddg),
            *((Cell(significant(error, 2), error),) if sampled else ()),
            *((_fixed(waters.get(ion), 1) for ion in (first, second)) if wet else ()),
        )
        for name, kind, z, ddg, error, waters in zip(*(queue[name] for name in names), strict=True)
    )  # fmt: skip
    return PageTable(
        "queue",
        f"What the queue meets, inside to outside{' (errors: sampling only)' if sampled else ''}",
        columns,
        rows,
        2,
    )


def rule_table(score: Score) -> PageTable | None:
    """Barrier and ratio by every rule, the chosen one first; None where the filter has no ratio."""
    if not score["rules"]:
        return None
    first, second = score["ion_pair"]
    named = sorted(score["rules"].items(), key=lambda item: item[0] != score["rule"])
    shown = [(f"{name} (this score)" if name == score["rule"] else name, rule) for name, rule in named]
    if score["at_measured_affinity"] is not None:
        shown.append(("profile, K⁺ at its measured affinity", score["at_measured_affinity"]))
    rows = tuple(
        (
            Cell(name), Cell(significant(rule["ddg_barrier_kj_mol"], 3), rule["ddg_barrier_kj_mol"]),
            _ratio(rule, score["interval_level"]), *(_end(rule["permeability_ratio_interval"], n) for n in (0, 1)),
        )
        for name, rule in shown
    )  # fmt: skip
    level = f"{100 * score['interval_level']:.0f} %"
    columns = ("rule", "ΔΔG‡ (kJ/mol)", f"P_{first}/P_{second}", f"{level} from", f"{level} to")
    return PageTable("rules", "The ratio by each rule", columns, rows)


def error_table(score: Score) -> PageTable | None:
    """Standard errors of ddG‡ by cause; None where there is no barrier."""
    parts = {cause: error for cause, error in score["error_components_kj_mol"].items() if error is not None}
    if score["ddg_barrier_error_kj_mol"] is None or not parts:
        return None
    rows = [(Cell(cause.replace("_", " ")), Cell(significant(error, 2), error)) for cause, error in parts.items()]
    whole = score["ddg_barrier_error_kj_mol"]
    rows.append((Cell("all together"), Cell(significant(whole, 2), whole)))
    return PageTable("errors", "Where the error of ΔΔG‡ comes from", ("cause", "standard error (kJ/mol)"), tuple(rows))


def voltage_table(score: Score) -> PageTable:
    """Membrane potentials with their intervals, and the equilibrium potentials of the ions."""
    membrane, level = score["membrane"], score["interval_level"]
    found = (
        ("this filter alone", membrane["v_mv"], membrane["v_interval_mv"]),
        ("beside a background leak", membrane["v_with_leak_mv"], membrane["v_with_leak_interval_mv"]),
    )
    rows = [
        (Cell(name), Cell(voltage(value, _pair(bounds), level), value), _end(bounds, 0, 1), _end(bounds, 1, 1))
        for name, value, bounds in found
    ]
    rows += [
        (Cell(f"equilibrium potential E_{ion}"), _fixed(value, 1), Cell(UNDEFINED), Cell(UNDEFINED))
        for ion, value in membrane["nernst_mv"].items()
    ]
    columns = ("conductances", "V_m (mV)", f"{100 * level:.0f} % from (mV)", "to (mV)")
    caption = f"Membrane of a {membrane['cell']} at {score['temperature_k']:g} K"
    return PageTable("voltages", caption, columns, tuple(rows))


def comparison_table(files: Sequence[tuple[str, Score]]) -> PageTable:
    """One line per named file: filter, formed sites, barrier, ratio and voltage with their intervals; "f0", "f1" are the files' anchors."""
    rows = []
    for number, (name, score) in enumerate(files):
        formed = [site["site"] for site in score["sites"] if site["formed"] and site["dehydrated"]]
        bounds = _pair(score["membrane"]["v_interval_mv"])
        rows.append(
            (
                Cell(name, link=f"f{number}"), Cell(f"{score['filter']['signature']} {score['filter']['first_residue']}"),
                Cell(" ".join(reversed(formed)) or UNDEFINED), Cell("yes" if score["conductive"] else "no"),
                Cell(_barrier(score), score["ddg_barrier_kj_mol"]), _ratio(score, score["interval_level"]),
                Cell(voltage(score["membrane"]["v_mv"], bounds, score["interval_level"]), score["membrane"]["v_mv"]),
            )
        )  # fmt: skip
    first, second = files[0][1]["ion_pair"]
    columns = (
        "file", "filter", "formed sites", "conducts", "ΔΔG‡ (kJ/mol)", f"P_{first}/P_{second}", "V_m (mV)",
    )  # fmt: skip
    return PageTable("comparison", "All files", columns, tuple(rows), 4)


def _barrier(score: Score) -> str:
    value = score["ddg_barrier_kj_mol"]
    return UNDEFINED if value is None else with_error(value, score["ddg_barrier_error_kj_mol"])


def _ratio(rule: Score, level: float) -> Cell:
    bounds = _pair(rule["permeability_ratio_interval"])
    return Cell(interval(rule["permeability_ratio"], bounds, level), rule["permeability_ratio"])


def _pair(bounds: Sequence[float] | None) -> tuple[float, float] | None:
    return None if bounds is None else (bounds[0], bounds[1])


def _end(bounds: Sequence[float] | None, which: int, decimals: int | None = None) -> Cell:
    if bounds is None:
        return Cell(UNDEFINED)
    value = bounds[which]
    return Cell(significant(value, 2) if decimals is None else fixed(value, decimals), value)


def _fixed(value: float | None, decimals: int) -> Cell:
    return Cell(fixed(value, decimals), value)


def _rests(site: Score, ion: str) -> Cell:
    basin = site["basin"].get(ion) or UNDEFINED
    return Cell(f"{basin} (at the wall)" if site["at_wall"].get(ion) else basin)


def setting_text(value: Any) -> str:
    """A parameter as it reads in a table: numbers short, pairs joined, nothing where nothing was set.

    >>> setting_text(0.3), setting_text(["K", "Na"]), setting_text(None), setting_text(False)
    ('0.3', 'K, Na', 'none', 'no')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return as_given(value)
    if isinstance(value, list):
        return ", ".join(setting_text(entry) for entry in value)
    if isinstance(value, dict):
        return "; ".join(f"{key} {setting_text(entry)}" for key, entry in value.items())
    return str(value)
