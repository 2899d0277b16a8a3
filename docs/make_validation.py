"""Write docs/validation.md and its picture from the stored results: `python docs/make_validation.py` (`make docs` calls it)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from selectivity.cli.validate import row_cells
from selectivity.files import atomic_path, write_text
from selectivity.pipeline.settings import QUEUE
from selectivity.plotting.validation import draw_validation
from selectivity.report.numbers import significant
from selectivity.validation.claims import RATIO, Claim
from selectivity.validation.hard_case import NOT_SELECTIVE, SELECTIVE, generic_pairs, rule_rows
from selectivity.validation.results import stale_parts, stored_results
from selectivity.validation.table import Validation, validation
from selectivity.validation.verdicts import VERDICTS

DOCS = Path(__file__).resolve().parent

KINDS: dict[str, Callable[[Claim], bool]] = {
    "test: a published ratio or energy": lambda c: c.role == "test" and c.energy and c.mark != "assumed",
    'test: "selective", taken as > 10': lambda c: c.role == "test" and c.energy and c.mark == "assumed",
    "test: sites in a row, conducts or not": lambda c: c.role == "test" and not c.energy,
    "calibration": lambda c: c.role == "calibration",
    "control": lambda c: c.role == "control",
}
"""Kinds of rows, counted apart: a count of sites is not a ratio that was met."""

HEAD = """# Validation

Published numbers beside ours. Written by `python docs/make_validation.py` from stored results (`selectivity validate --update` renews
them from the depositions, which are not part of the repository); a test holds this page to them. Every structure is scored with the
defaults: free energies at 298.15 K, water where it reaches, rule "queue", sigma 0.30 Å, CHARMM36 and its own water leg, seed 0.

**How a verdict is reached.** Ours is a value with a standard error, the publication a range, open on one side where a bound was measured
(censored data). Nothing in common between our 95 % interval and the range: *misses*. Our interval within the range: *agrees*.
Overlap, ours no wider than two decades of a ratio (11.4 kJ/mol): *agrees*. Overlap, but ours is wider: the interval of one
standard error decides, *agrees* within the range, *misses* outside it, *cannot say* across its edge.
Nothing of ours or nothing published: *cannot say*.

**Roles.** *test* rows say something about the model. *calibration* repeats what sigma was chosen for. *control* rows compare the program
with another calculation of the same, or an input with experiment; they are no success of the model. MthK, the KCNQs and TWIK-1 were
used for no choice. "Selective" without a published ratio stands as > 10, an assumption of ours.

![Published ranges and ours](images/validation.png)
"""

HARD = """
## KcsA above 150 and NaK below 10

One set of parameters, one rule: central P_K/P_Na by every rule and water leg (kJ/mol beside K+: 77.8 force field, 73.2 schmid,
72 fawcett, 70 marcus). "amide" adds -3.9 kcal/mol (-16.3 kJ/mol) to ddG in *every* place: what carbonyls whose bulk amide
preference is the measured one (-1.1 kcal/mol, N-methylacetamide) instead of that of CHARMM27 (+2.8) would add if it carried over whole;
"half amide" takes half. Neither is a
correction: eight strained ligands are not a liquid. "both" marks KcsA above 150 with NaK below 10: a statement about central values,
whose intervals (table above) are {least:.0f} to {most:.0f} decades wide.
"""

VERDICT = """
By central values rule "queue" has both with {legs} ({met} of its {all} rows; the default is force-field); of the rules for one ion:
{single}. Two things are not in this table. With a water on either side of each ion the nodes themselves are others:
[profiles.md](profiles.md) gives the queue on those. And mouths at the speed that diffusion allows (entry factor {factor:g}; the
interval holds this range) give {kcsa} and {nak} with the default leg.
"""

GENERIC = """
## The generic numbers of the queue

P_K/P_Na by rule "queue" from the stored nodes, one number varied at a time (they are the same for every channel, and none was fitted).
"""


def document() -> str:
    """The whole page."""
    stored, table = stored_results(), validation()
    parts = [HEAD, _age(stored), *_summary(table), "", "## Rows", "", *_rows(table)]
    parts += [_hard_head(table), *_hard(stored), _both(stored), GENERIC, *_generic(stored)]
    return "\n".join(parts) + "\n"


def _hard_head(table: Validation) -> str:
    ends = [row.interval for row in table.rows if row.claim.unit == RATIO and row.interval is not None]
    widths = [math.log10(high / low) for low, high in ends]
    return HARD.format(least=min(widths), most=max(widths))


def _age(stored: dict) -> str:
    """Whether the stored numbers are those of the code beside this page."""
    old = stale_parts(stored)
    if not old:
        return "Every stored number is that of the code that this page stands beside.\n"
    changed = sorted({part for parts in old.values() for part in parts})
    return f"**Scored before the last change of {', '.join(changed)}, and not again since: {', '.join(old)}.**\n"


def _summary(table: Validation) -> Iterator[str]:
    yield "| rows | agrees | misses | cannot say |\n|---|---|---|---|"
    for name, rows in KINDS.items():
        found = Counter(row.verdict for row in table.rows if rows(row.claim))
        yield f"| {name} | " + " | ".join(str(found[word]) for word in VERDICTS) + " |"


def _rows(table: Validation) -> Iterator[str]:
    yield "| role | quantity | published | ours (95 %) | unit | verdict | why, what to know | source |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in table.rows:
        cells = (row.claim.role, row.claim.quantity, *row_cells(row), row.verdict)
        why = row.why if row.verdict != "agrees" else ""
        yield "| " + " | ".join((*cells, why, f"{', '.join(row.claim.sources)} ({row.claim.mark})")) + " |"


def _hard(stored: dict) -> Iterator[str]:
    rows = rule_rows(stored)
    names = list(rows[0].ratios)
    yield "| rule | water leg | both | " + " | ".join(names) + " |"
    yield "|---|---|---|" + "---|" * len(names)
    for row in rows:
        ratios = " | ".join(significant(row.ratios[name], 2) for name in names)
        yield f"| {row.rule} | {row.leg} | {'yes' if row.both else 'no'} | {ratios} |"


def _both(stored: dict) -> str:
    queue = [row for row in rule_rows(stored) if row.rule == QUEUE]
    met = [row.leg for row in queue if row.both]
    single = [f"{row.rule} ({row.leg})" for row in rule_rows(stored) if row.both and row.rule != QUEUE]
    slow = min(
        (pair for pair in generic_pairs(stored) if pair.parameter == "entry_factor"), key=lambda pair: pair.value or 1.0
    )
    return VERDICT.format(
        legs=" and ".join(met) or "no water leg", met=len(met), all=len(queue), single=", ".join(single) or "none",
        factor=slow.value, kcsa=significant(slow.kcsa, 2), nak=significant(slow.nak, 2),
    )  # fmt: skip


def _generic(stored: dict) -> Iterator[str]:
    yield f"| number | value | KcsA {SELECTIVE} | NaK {NOT_SELECTIVE} |\n|---|---|---|---|"
    for pair in generic_pairs(stored):
        value = "" if pair.value is None else significant(pair.value, 3)
        yield f"| {pair.parameter} | {value} | {significant(pair.kcsa, 2)} | {significant(pair.nak, 2)} |"


def main() -> None:
    """Write the page and its picture."""
    write_text(DOCS / "validation.md", document())
    with atomic_path(DOCS / "images" / "validation.png") as path:
        draw_validation(validation()).savefig(path, dpi=110)


if __name__ == "__main__":
    main()
