"""Write docs/rigid_vs_relaxed.md: `python docs/make_rigid_vs_relaxed.py [folder of depositions]` (default ../shared/structures)."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from selectivity.files import write_text
from selectivity.pipeline import QUICK, score_filter
from selectivity.score import FilterScore, SiteScore
from selectivity.structure.ideal import IDEAL_FILTERS, ideal_filter
from selectivity.structure.load import load_filter

DEPOSITIONS = (
    "1K4C.pdb",
    "1K4C_older-revision.pdb",
    "1K4C-bench_unbound_KcsA_singlechain.pdb",
    "1R3J_opm.pdb",
    "5VKH.pdb",
    "5VKE.pdb",
    "3F7V_tetramer_K.pdb",
    "1BL8.cif",
    "3PJS.pdb",
    "3LDC_pdbtm.pdb",
    "3LUT.pdb",
    "7BYL.pdb",
    "9J38.pdb",
    "3UKM.pdb",
    "3E8H.pdb1",
)
SITES = ("S4", "S3", "S2", "S1")
TREATMENTS = ("rigid", "relaxed")
MOST_DECADES = 40
"""An interval wider than this many powers of ten is not worth its digits."""

Scorer = Callable[[str, str], FilterScore]
"""(name of a filter, treatment) -> its score."""

HEAD = """# Rigid beside relaxed

The same Hamiltonian, the same water leg (CHARMM36, 77.8 kJ/mol), one ion at a time, dry; once with the heavy atoms frozen at the
coordinates of the file (the textbook's snug fit), once with all carbonyls and hydroxyls free to follow each ion (sigma 0.30 Å).
Everything here is written by `python docs/make_rigid_vs_relaxed.py`.

ddG in kJ/mol, positive where K+ is preferred, ± standard error (coordinates and water leg). A star marks an ion held by the
wall of its site: that number belongs to the wall. log10 P is that of P_K/P_Na by rule "profile" with its 95 % interval; beyond
3.0 Å only the interval is given; "nothing known" stands for an interval of more than forty powers of ten.
"""

LESSON = """## The lesson

**The rigid filter is not where the number comes from.** Frozen at its coordinates, a filter answers the question how well its file
is known: a cage 0.1 Å wider or tighter changes sign and size of the preference. {widest} spreads over {rigid_spread} kJ/mol
among its rigid sites and over {relaxed_spread} when the oxygens may follow. A cage too tight for K+ (3PJS, rings of 1.7 Å, a map of
3.8 Å) comes out hundreds of kJ/mol *against* K+, one too wide (3LUT, 2.9 Å) tens of kJ/mol for it; neither is selectivity, both
are coordinates. The standard errors say the same: for the same atoms the rigid ones are two to four times the relaxed ones,
and more where the map is poor.

**What is left when everything relaxes is smaller and the same everywhere.** The well-determined conductive filters (1K4C 2.0 Å, 5VKH
2.25 Å, 3LDC 1.45 Å) agree within their errors at 20 to 40 kJ/mol in S1 to S3 without any fit, because the carbonyls pay for holding Na+
closely with their mutual repulsion and with strain, whatever the exact radius of the ring was. The preference is a property of eight
dipoles that repel one another, not of a hole of the right size.

**Na+ does not rattle in the cage.** In the rigid picture it leaves for a carbonyl plane ({planes} rigid sites S1 to S3 of the
conductive files have Na+ in a plane, {planes_relaxed} relaxed ones); the relaxed cage closes round it instead, at a price.

**What neither treatment knows:** fixed charges over-favour K+, sites are dry, and one ion at a time cannot tell NaK (two
sites, measured ratio about 1) from KcsA. Structures worse than 2.5 Å come out too selective even when relaxed, with error bars that
say so.
"""


def document(score: Scorer) -> str:
    """The whole page from the scores of all filters."""
    names = (*IDEAL_FILTERS, *DEPOSITIONS)
    pairs = {name: {treatment: score(name, treatment) for treatment in TREATMENTS} for name in names}
    parts = [
        HEAD,
        "## Sites\n",
        *_site_table(pairs),
        "\n## Permeability\n",
        *_ratio_table(pairs),
        "\n" + _lesson(pairs),
    ]
    return "\n".join(parts)


def _site_table(pairs: dict[str, dict[str, FilterScore]]) -> list[str]:
    lines = [
        "| filter | Å | treatment | " + " | ".join(SITES) + " |",
        "|---|---|---|" + "---|" * len(SITES),
    ]
    for name, scores in pairs.items():
        for treatment, score in scores.items():
            resolution = score.filter.provenance.resolution_angstrom
            shown = f"{resolution:g}" if resolution is not None else "-"
            cells = [_site_cell(score.site(site)) for site in SITES]
            lines.append(f"| {name} | {shown} | {treatment} | " + " | ".join(cells) + " |")
    return lines


def _site_cell(site: SiteScore) -> str:
    if not site.dehydrated:
        return "open"
    if site.ddg_kj_mol is None or site.ddg_error_kj_mol is None:
        return "not formed"
    star = "*" if any(site.at_wall.values()) else ""
    return f"{site.ddg_kj_mol:.0f} ± {site.ddg_error_kj_mol:.0f}{star}"


def _ratio_table(pairs: dict[str, dict[str, FilterScore]]) -> list[str]:
    lines = ["| filter | conductive | log10 P rigid | log10 P relaxed |", "|---|---|---|---|"]
    for name, scores in pairs.items():
        cells = [_ratio_cell(scores[treatment]) for treatment in TREATMENTS]
        verdict = "yes" if scores["relaxed"].conductive else "no"
        lines.append(f"| {name} | {verdict} | {cells[0]} | {cells[1]} |")
    return lines


def _ratio_cell(score: FilterScore) -> str:
    if score.permeability_ratio_interval is None:
        return "undefined"
    low, high = (math.log10(end) for end in score.permeability_ratio_interval)
    if high - low > MOST_DECADES:
        return "nothing known"
    point = "" if score.permeability_ratio is None else f"{_decades(math.log10(score.permeability_ratio))} "
    return f"{point}({_decades(low)} to {_decades(high)})"


def _decades(value: float) -> str:
    """One digit, without a minus in front of zero."""
    return f"{round(value, 1) + 0.0:.1f}"


def _lesson(pairs: dict[str, dict[str, FilterScore]]) -> str:
    kcsa = pairs["1K4C.pdb"]
    spreads = {t: _spread([kcsa[t].site(s).ddg_kj_mol for s in ("S1", "S2", "S3")]) for t in TREATMENTS}
    return LESSON.format(
        widest="1K4C",
        rigid_spread=f"{spreads['rigid']:.0f}",
        relaxed_spread=f"{spreads['relaxed']:.0f}",
        planes=_share_in_planes(pairs, "rigid"),
        planes_relaxed=_share_in_planes(pairs, "relaxed"),
    )


def _spread(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return max(known) - min(known)


def _share_in_planes(pairs: dict[str, dict[str, FilterScore]], treatment: str) -> str:
    basins = [
        scores[treatment].site(site).basin["Na"]
        for name, scores in pairs.items()
        if name in DEPOSITIONS and scores[treatment].conductive
        for site in ("S1", "S2", "S3")
        if scores[treatment].site(site).dehydrated
    ]
    return f"{sum(str(basin).startswith('plane') for basin in basins)} of {len(basins)}"


def main(folder: Path) -> None:
    """Score every filter twice and write the page beside this script."""

    def score(name: str, treatment: str) -> FilterScore:
        filter = ideal_filter(name) if name in IDEAL_FILTERS else load_filter(folder / name)
        return score_filter(filter, **{**QUICK, "treatment": treatment})

    write_text(Path(__file__).parent / "rigid_vs_relaxed.md", document(score))


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root.parent / "shared" / "structures")
