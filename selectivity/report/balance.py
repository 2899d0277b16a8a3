"""Why does a site prefer one ion? Its balance sheet in words and numbers: what leaving water costs, what the site pays back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import error_decimals, fixed, with_error
from selectivity.score import BALANCE_TERMS, BalanceSheet, FilterScore, SiteScore

LINES = {
    "dehydration": "leaving water",
    "ion_ligand_electrostatics": "attraction to the oxygens' dipoles (electrostatics)",
    "ion_ligand_lennard_jones": "contact with the ligands (Lennard-Jones)",
    "ligand_ligand": "ligands pushed together (ligand-ligand)",
    "strain": "filter pulled out of shape (strain)",
    "walls": "walls that hold the ion in its site",
    "ion_ion": "other ions",
    "entropy": "what mean energies do not explain (entropy, waters exchanged)",
}
"""How each line of the balance sheet reads; the order is that of `selectivity.score.BALANCE_TERMS`."""

COUNTED_FROM = (
    "Ligand-ligand energy and strain are counted from the filter at rest without an ion; its carbonyls repel one another and "
    "strain it already, so an ion that draws them in can relieve strain."
)

SITE_TERMS = (
    "ion_ligand_electrostatics",
    "ion_ligand_lennard_jones",
    "ligand_ligand",
    "strain",
    "walls",
    "ion_ion",
    "entropy",
)
"""What the site pays back or charges: everything but the water."""


def balance_document(score: FilterScore, site: SiteScore) -> list[Block]:
    """The site in words, its table of terms for both ions and their difference, and the verdict."""
    blocks: list[Block] = [Heading(f"{score.file}: site {site.site}, {_verdict(score, site)}"), *_geometry(score, site)]
    if site.terms_kj_mol is None:
        return [*blocks, Paragraph("no energies: there is no balance sheet to show.")]
    blocks.append(_table(score, site, site.terms_kj_mol))
    blocks.extend(Paragraph(text) for text in _story(score, site, site.terms_kj_mol))
    return [*blocks, Paragraph(COUNTED_FROM), *_walls(site)]


def balance_dict(score: FilterScore, sites: list[SiteScore]) -> dict[str, Any]:
    """The named sites as plain numbers for JSON: entries of the score's own `sites`, with what they rest on."""
    whole = score.to_dict()
    names = [site.site for site in sites]
    kept = ("version", "file", "ion_pair", "treatment", "temperature_k", "sigma_angstrom", "force_field", "hydration")
    return {
        **{key: whole[key] for key in kept},
        "sites": [entry for entry in whole["sites"] if entry["site"] in names],
        "warnings": whole["warnings"],
        "sources": whole["sources"],
    }


def balance_rows(score: FilterScore, sites: list[SiteScore]) -> list[dict[str, Any]]:
    """One row per site and term, units in the column names."""
    first, second = score.ion_pair
    return [
        {
            "file": score.file,
            "site": site.site,
            "term": term,
            f"{first}_kj_mol": site.terms_kj_mol[first].get(term),
            f"{second}_kj_mol": site.terms_kj_mol[second].get(term),
            "difference_kj_mol": site.terms_kj_mol["difference"].get(term),
            "difference_error_kj_mol": site.ddg_error_kj_mol if term == "total" else None,
        }
        for site in sites
        if site.terms_kj_mol is not None
        for term in (*BALANCE_TERMS, "total")
    ]


def _verdict(score: FilterScore, site: SiteScore) -> str:
    if site.ddg_kj_mol is None:
        return "no binding preference computed"
    preferred = score.ion_pair[0] if site.ddg_kj_mol > 0.0 else score.ion_pair[1]
    shown = with_error(site.ddg_kj_mol, site.ddg_error_kj_mol)
    uncertain = ""
    if site.ddg_error_kj_mol is not None and abs(site.ddg_kj_mol) < 2.0 * site.ddg_error_kj_mol:
        uncertain = ", not beyond its error"
    return f"ddG {shown} kJ/mol: prefers {preferred}+{uncertain}"


def _geometry(score: FilterScore, site: SiteScore) -> list[Block]:
    first, second = score.ion_pair
    rings = ", ".join(fixed(radius, 2) for radius in site.ring_radii_angstrom)
    distance = ""
    if site.mean_distance_angstrom is not None:
        spread = fixed(site.distance_spread_angstrom, 2)
        distance = f" at {fixed(site.mean_distance_angstrom, 2)} Å on average (spread {spread} Å)"
    sentence = (
        f"{'Formed' if site.formed else 'Not formed'}: {site.coordination_number} oxygens{distance}, seen from "
        f"{site.coordination_point}; ring radii {rings} Å. "
        f"Bond valence {fixed(site.bond_valence[first], 2)} for {first}+ and {fixed(site.bond_valence[second], 2)} for "
        f"{second}+ (1 = satisfied)."
    )
    reason = [Paragraph(site.reason, label="why")] if site.reason and not site.formed else []
    return [Paragraph(sentence), *reason]


def _table(score: FilterScore, site: SiteScore, terms: Mapping[str, BalanceSheet]) -> Table:
    first, second = score.ion_pair
    decimals = _decimals(site)
    names = [term for term in (*BALANCE_TERMS, "total") if term in terms["difference"] and _shown(term, score)]
    rows = [
        (
            "sum" if name == "total" else LINES[name],
            *(fixed(terms[column].get(name), decimals) for column in (first, second, "difference")),
        )
        for name in names
    ]
    columns = ("kJ/mol", f"{first}+", f"{second}+", f"{second}+ minus {first}+")
    return Table(columns, tuple(rows))


def _shown(term: str, score: FilterScore) -> bool:
    return term != "entropy" or score.treatment == "thermal"


def _story(score: FilterScore, site: SiteScore, terms: Mapping[str, BalanceSheet]) -> list[str]:
    """The two ions' accounts and their difference as sentences."""
    decimals = _decimals(site)

    def shown(value: float) -> str:
        return fixed(value, decimals)

    sentences = []
    for ion in score.ion_pair:
        sheet = terms[ion]
        repaid = -_from_site(sheet)
        resting = site.basin.get(ion)
        where = f", resting in the {resting}" if resting else ""
        sentences.append(
            f"{ion}+ pays {shown(sheet['dehydration'])} kJ/mol to leave water and the site pays back {shown(repaid)}{where}."
        )
    first, second = score.ion_pair
    difference = terms["difference"]
    more_water, more_site = difference["dehydration"], -_from_site(difference)
    outcome = "short of it" if difference["total"] > 0.0 else "beyond it"
    sentences.append(
        f"{second}+ pays {shown(more_water)} kJ/mol more than {first}+ for the water; the site pays it "
        f"{shown(more_site)} more, {shown(abs(difference['total']))} {outcome}. {_largest(difference, decimals)}"
    )
    return sentences


def _largest(difference: Mapping[str, float], decimals: int) -> str:
    """The two site terms that differ most between the ions."""
    ranked = sorted((term for term in SITE_TERMS if difference.get(term)), key=lambda term: -abs(difference[term]))
    named = " and ".join(f"{LINES[term]}, {difference[term]:+.{decimals}f}" for term in ranked[:2])
    return f"What differs most within the site: {named}."


def _walls(site: SiteScore) -> list[Block]:
    return [
        Paragraph(
            f"{ion}+ lies at the border of {site.site}: this number belongs to the wall, not to the site", "warning"
        )
        for ion, touching in site.at_wall.items()
        if touching
    ]


def _from_site(sheet: Mapping[str, float]) -> float:
    return sum(sheet.get(term) or 0.0 for term in SITE_TERMS)


def _decimals(site: SiteScore) -> int:
    """Decimals at which the error of the site's ddG begins; the lines of the sheet are not known better than their sum."""
    error = site.ddg_error_kj_mol
    return 1 if not error else min(max(error_decimals(error), 0), 2)
