"""How does a score read? The chain from structure to voltage on one screen; no number of a structure without its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selectivity.pipeline.words import CANNOT_KNOW
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import UNDEFINED, fixed, interval, significant, voltage, with_error
from selectivity.report.structure import obtained, occupants, opening
from selectivity.score import BALANCE_TERMS, FilterScore, QueueScore, SiteScore

QUANTITIES = (
    "the ddG of a site is a binding preference, ddG‡ is permeation; a permeability ratio is not a conductance ratio"
)
"""What must not be mistaken for one another, said where both are printed."""


def score_document(score: FilterScore) -> list[Block]:
    """What was found, the sites, the barrier with the ratio, the membrane, warnings and the limits of the model."""
    return [
        *opening(score.filter),
        Paragraph(f"{obtained(score.filter)}; ions {_ions_seen(score)}", label="found"),
        Paragraph(_settings(score), label="model"),
        _sites(score),
        *_unformed(score),
        *_neighbours(score),
        *_permeation(score),
        *_membrane(score),
        *(Paragraph(warning, label="warning") for warning in score.warnings if warning not in CANNOT_KNOW.values()),
        Paragraph(_limits(score), label="limits"),
        *([Paragraph(", ".join(score.sources), label="sources")] if score.sources else []),
    ]


def summary_table(scores: Sequence[FilterScore]) -> Table:
    """One line per file, for many files."""
    rows = []
    for score in scores:
        formed = [site.site for site in score.sites if site.formed and site.dehydrated]
        rows.append(
            (
                score.file,
                f"{score.filter.signature} {score.filter.first_residue}",
                " ".join(formed) or UNDEFINED,
                "yes" if score.conductive else "no",
                _barrier(score),
                _ratio(score),
                voltage(score.membrane.v_mv, score.membrane.v_interval_mv),
            )
        )
    first, second = scores[0].ion_pair
    columns = ("file", "filter", "formed", "conducts", "ddG‡ (kJ/mol)", f"P_{first}/P_{second} (95 %)", "V_m (mV)")
    return Table(columns, tuple(rows), text_columns=4)


def score_rows(score: FilterScore) -> list[dict[str, Any]]:
    """One row per site with the file's own results repeated, units in the column names."""
    return [{**_file_columns(score), **_site_columns(score, site), **_result_columns(score)} for site in score.sites]


# ---------------------------------------------------------------- text


def _limits(score: FilterScore) -> str:
    """What the model cannot know, in one paragraph: it holds for every score, so it is no warning about this one."""
    return "; ".join([*(warning for warning in score.warnings if warning in CANNOT_KNOW.values()), QUANTITIES])


def _ions_seen(score: FilterScore) -> str:
    seen = [f"{site.name} {occupants(score.filter.ions, site.name)}" for site in score.filter.sites]
    return "; ".join(entry for entry in seen if not entry.endswith(UNDEFINED)) or "none seen"


def _settings(score: FilterScore) -> str:
    sigma = "from B-factors" if isinstance(score.sigma_angstrom, str) else f"{score.sigma_angstrom:g} Å"
    return (
        f"{score.treatment}, sigma {sigma}, {score.force_field}, hydration {score.hydration} ({score.hydration_state}), "
        f"{score.temperature_k:g} K, seed {score.seed}"
    )


def _sites(score: FilterScore) -> Table:
    first, second = score.ion_pair
    wet = any(site.waters for site in score.sites)
    columns = (
        "site",
        "formed",
        f"{first}+ rests",
        f"{second}+ rests",
        "CN",
        "ion-O (Å)",
        f"V({first})",
        f"V({second})",
        *(("waters",) if wet else ()),
        "ddG (kJ/mol)",
    )
    return Table(columns, tuple(_site_row(site, first, second, wet) for site in score.sites), text_columns=4)


def _site_row(site: SiteScore, first: str, second: str, wet: bool) -> tuple[str, ...]:
    return (
        site.site,
        "yes" if site.formed else "no",
        _resting(site, first),
        _resting(site, second),
        str(site.coordination_number),
        fixed(site.mean_distance_angstrom, 2),
        fixed(site.bond_valence[first], 2),
        fixed(site.bond_valence[second], 2),
        *((_waters(site.waters, first, second),) if wet else ()),
        UNDEFINED if site.ddg_kj_mol is None else with_error(site.ddg_kj_mol, site.ddg_error_kj_mol),
    )


def _waters(waters: Mapping[str, float], first: str, second: str) -> str:
    """Mean number of waters beside each ion, "2.1, 1.9"; a dry place has none to speak of."""
    return f"{waters[first]:.1f}, {waters[second]:.1f}" if waters else UNDEFINED


def _neighbours(score: FilterScore) -> list[Block]:
    """How much ions or waters in other sites change each ddG, where that was asked for."""
    rows = [
        (
            site.site,
            with_error(site.with_neighbours_kj_mol, site.error_components_kj_mol.get("sampling")),
            with_error(site.neighbour_change_kj_mol, site.neighbour_change_error_kj_mol),
        )
        for site in score.sites
        if site.neighbour_change_kj_mol is not None
    ]
    if not rows:
        return []
    columns = (f"with {score.neighbours}", "ddG (kJ/mol)", "change (kJ/mol)")
    return [Table(columns, tuple(rows))]


def _resting(site: SiteScore, ion: str) -> str:
    """Basin of an ion; "wall" where the site's border holds it, because its number then belongs to the wall."""
    basin = site.basin.get(ion) or UNDEFINED
    return f"{basin} (wall)" if site.at_wall.get(ion) else basin


def _unformed(score: FilterScore) -> list[Block]:
    return [
        Paragraph(f"{site.site} is not formed: {site.reason}", label="site")
        for site in score.sites
        if not site.formed and site.reason
    ]


def _permeation(score: FilterScore) -> list[Block]:
    first, second = score.ion_pair
    if not score.conductive and not score.forced:
        return [
            Heading("permeation: not conductive"),
            Paragraph(f"{score.conductive_reason}; the ratio P_{first}/P_{second} is undefined."),
        ]
    lead = f"permeation, rule {score.rule}: ddG‡ {_barrier(score)} kJ/mol, P_{first}/P_{second} {_ratio(score)}"
    blocks: list[Block] = [Heading(lead)]
    if score.forced:
        blocks.append(
            Paragraph(f"not conductive ({score.conductive_reason}); computed from the surviving sites on request")
        )
    if score.rule == "queue" and score.queue is not None:
        blocks += _queue(score, score.queue)
    blocks.append(_companions(score))
    blocks.append(Paragraph(_error_sources(score), label="errors"))
    return blocks


def _queue(score: FilterScore, queue: QueueScore) -> list[Block]:
    first, second = score.ion_pair
    wet = any(queue.waters)
    rows = tuple(
        (
            name,
            fixed(z, 1),
            with_error(ddg, error) if score.treatment == "thermal" else fixed(ddg, 1),
            *((_waters(waters, first, second),) if wet else ()),
        )
        for name, z, ddg, error, waters in zip(
            queue.nodes, queue.z_angstrom, queue.ddg_kj_mol, queue.ddg_error_kj_mol, queue.waters, strict=True
        )
    )
    columns = ("single file, inside to outside", "z (Å)", "ddG (kJ/mol)", *(("waters",) if wet else ()))
    sentence = (
        f"150 mM {first}+ inside against 150 mM {second}+ outside on this lattice: reversal at {queue.reversal_mv:.0f} mV, "
        f"{queue.mean_ions:.1f} ions in the filter on average (errors of the nodes: sampling only)."
    )
    return [Table(columns, rows), Paragraph(sentence, label="queue")]


def _barrier(score: FilterScore) -> str:
    if score.ddg_barrier_kj_mol is None:
        return UNDEFINED
    return with_error(score.ddg_barrier_kj_mol, score.ddg_barrier_error_kj_mol)


def _ratio(score: FilterScore) -> str:
    return interval(score.permeability_ratio, score.permeability_ratio_interval, score.interval_level)


def _companions(score: FilterScore) -> Table:
    first, second = score.ion_pair
    rows = []
    for name, rule in score.rules.items():
        if name == score.rule:
            continue
        shown = interval(rule.permeability_ratio, rule.permeability_ratio_interval, score.interval_level)
        rows.append((f"rule {name}", shown))
    affinity = score.at_measured_affinity
    if affinity is not None:
        wells = f"wells {affinity.well_kj_mol:.1f}, barriers {affinity.barrier_kj_mol:.1f} kJ/mol"
        shown = interval(affinity.permeability_ratio, affinity.permeability_ratio_interval, score.interval_level)
        rows.append((f"rule profile, W_K at the measured affinity ({wells})", shown))
    return Table(("beside it", f"P_{first}/P_{second}"), tuple(rows))


def _error_sources(score: FilterScore) -> str:
    parts = [
        f"{cause.replace('_', ' ')} {significant(error, 2)}"
        for cause, error in score.error_components_kj_mol.items()
        if error is not None
    ]
    coordinate = score.coordinate_error
    where = f"coordinates off by {coordinate.mean_angstrom:.2f} Å on average ({coordinate.method})"
    return f"of ddG‡, kJ/mol: {', '.join(parts)}; {where}"


def _membrane(score: FilterScore) -> list[Block]:
    membrane = score.membrane
    equilibrium = ", ".join(f"E_{ion} {value:.1f}" for ion, value in membrane.nernst_mv.items())
    heading = Heading(f"membrane of a {membrane.cell} at {score.temperature_k:g} K: {equilibrium} mV")
    if membrane.v_mv is None and membrane.v_interval_mv is None:
        return [heading, Paragraph("V_m is undefined without a permeability ratio.")]
    alone = voltage(membrane.v_mv, membrane.v_interval_mv, score.interval_level)
    leaky = voltage(membrane.v_with_leak_mv, membrane.v_with_leak_interval_mv, score.interval_level)
    rows = (("this filter alone", alone), ("with a background leak", leaky))
    leak = Paragraph(membrane.leak, label="leak")
    return [heading, Table(("channels", "V_m (mV)"), rows), leak, *_sensitivity(score)]


def _sensitivity(score: FilterScore) -> list[Block]:
    slope = score.membrane.dv_dddg_mv_mol_per_kj
    if slope is None:
        return []
    word = f": {score.membrane.sensitivity}" if score.membrane.sensitivity else ""
    return [Paragraph(f"dV_m/dddG‡ {significant(slope, 2)} mV per kJ/mol{word}")]


# ---------------------------------------------------------------- table for other programs


def _file_columns(score: FilterScore) -> dict[str, Any]:
    return {
        "file": score.file,
        "signature": score.filter.signature,
        "first_residue": score.filter.first_residue,
        "resolution_angstrom": score.filter.provenance.resolution_angstrom,
        "treatment": score.treatment,
        "temperature_k": score.temperature_k,
    }


def _site_columns(score: FilterScore, site: SiteScore) -> dict[str, Any]:
    difference = (site.terms_kj_mol or {}).get("difference", {})
    return {
        "site": site.site,
        "formed": site.formed,
        "dehydrated": site.dehydrated,
        "reason": site.reason,
        "coordination_number": site.coordination_number,
        "mean_distance_angstrom": site.mean_distance_angstrom,
        **{f"bond_valence_{ion}": site.bond_valence[ion] for ion in score.ion_pair},
        "ddg_kj_mol": site.ddg_kj_mol,
        "ddg_error_kj_mol": site.ddg_error_kj_mol,
        **{f"ddg_{term}_kj_mol": difference.get(term) for term in BALANCE_TERMS},
        **{f"basin_{ion}": site.basin.get(ion) for ion in score.ion_pair},
        **{f"at_wall_{ion}": site.at_wall.get(ion) for ion in score.ion_pair},
        **{f"waters_{ion}": site.waters.get(ion) for ion in score.ion_pair},
    }


def _result_columns(score: FilterScore) -> dict[str, Any]:
    ratio_low, ratio_high = score.permeability_ratio_interval or (None, None)
    v_low, v_high = score.membrane.v_interval_mv or (None, None)
    return {
        "conductive": score.conductive,
        "rule": score.rule,
        "ddg_barrier_kj_mol": score.ddg_barrier_kj_mol,
        "ddg_barrier_error_kj_mol": score.ddg_barrier_error_kj_mol,
        "permeability_ratio": score.permeability_ratio,
        "permeability_ratio_low": ratio_low,
        "permeability_ratio_high": ratio_high,
        "cell": score.membrane.cell,
        "v_mv": score.membrane.v_mv,
        "v_low_mv": v_low,
        "v_high_mv": v_high,
        "v_with_leak_mv": score.membrane.v_with_leak_mv,
    }
