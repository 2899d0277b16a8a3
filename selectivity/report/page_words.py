"""What do the numbers of a score mean? The bottom line, what each step of the chain asks, and warnings in plain words.

Everything is read from the JSON of a score; nothing is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selectivity.permeation.ratio import barrier_difference
from selectivity.report.numbers import interval, significant, voltage

MEANINGS = (
    ("insensitive to the ratio", "The filter keeps Na+ out so well that the voltage sits at the equilibrium potential of K+. A "
     "better or a somewhat worse filter would give the same voltage: do not read the quality of the filter from it."),
    ("coordinate error assumed", "The file does not state what is needed to work out how exactly its atoms are placed. A rule by "
     "resolution stands in, and the intervals are as wide as that rule says."),
    ("at the wall of the site", "In the model this ion does not want to stay in the site: it leans on the border that the site was "
     "given. Its number says where the border is more than what the site prefers."),
    ("hysteresis", "Pushed in and pulled out, the ion left the oxygens in different places. The lower energy was taken, yet this stretch "
     "of the curve is less certain than its line looks."),
    ("did not converge", "The search for the lowest energy was cut short at some heights; that part of the curve may be too high."),
    ("only the interval is given", "The map is too coarse to place the oxygens to a tenth of an Å, and a tenth of an Å decides. A single "
     "number would be false precision."),
    ("not conductive", "Ions pass in single file. A site in their way that cannot hold them stops them all, whatever the others prefer."),
    ("is undefined", "There is no ratio, and no average over the sites that survive: it would make a broken filter look selective."),
    ("forced", "You asked for a ratio although the filter does not conduct. Take it as an exercise, not as a property of the channel."),
    ("pores in the file", "The file holds several filters; the others may give other numbers. Choose one to be sure."),
    ("independent runs differ", "Two runs of the same sampling disagree more than their errors: there is a slow motion that was not "
     "sampled well. The error was widened to hold both."),
    ("sampling warnings", "At some heights the sampling was not smooth; the errors there may be too small."),
    ("needs a K+/Na+ ratio", "The cell is described by its K+ and Na+; another pair of ions has no place in it."),
)  # fmt: skip
"""A piece of a warning, and what it means for a reader who does not know the model; the first that fits is shown."""

STEPS = (
    ("structure", "Structure", "What was found in the file?"),
    ("sites", "Sites", "Can each site hold an ion, and which one does it prefer?"),
    ("energies", "Energies", "Why? The balance sheet, and the way along the axis."),
    ("ratio", "Permeability", "How much more easily does K⁺ pass than Na⁺?"),
    ("voltage", "Voltage", "What does that do to a cell?"),
    ("limits", "Limits", "What should you not take from these numbers?"),
    ("provenance", "Provenance", "Where does it all come from, and how is it made again?"),
)
"""The chain in reading order: anchor, title and question of each part."""


def meaning(warning: str) -> str:
    """What a warning means in plain words; "" where it says so itself.

    >>> meaning("V_m is insensitive to the ratio here: it is saturated near E_K")[:35]
    'The filter keeps Na+ out so well th'
    """
    return next((words for piece, words in MEANINGS if piece in warning), "")


def bottom_line(score: Mapping[str, Any]) -> str:
    """The result in one or two sentences, with its interval.

    A ratio whose interval holds 1 is not called selective; a filter that does not conduct has none.
    """
    first, second = score["ion_pair"]
    if score["permeability_ratio_interval"] is None:
        why = (
            score["conductive_reason"]
            if not score["conductive"]
            else "there is no cage between two planes of carbonyls"
        )
        return f"No permeability ratio: {why}."
    low, high = score["permeability_ratio_interval"]
    ratio = interval(score["permeability_ratio"], (low, high), score["interval_level"])
    forced = " Forced from the surviving sites of a filter that does not conduct." if score["forced"] else ""
    if low > 1.0:
        claim = f"{first}⁺ is predicted to pass more easily than {second}⁺"
    elif high < 1.0:
        claim = f"{second}⁺ is predicted to pass more easily than {first}⁺"
    else:
        claim = f"The model cannot tell whether {first}⁺ or {second}⁺ passes more easily"
    return f"{claim}: P_{first}/P_{second} {ratio}.{forced}{_rule_words(score)}{_voltage_words(score)}"


def _rule_words(score: Mapping[str, Any]) -> str:
    """A ratio of the quick picture is not that of several ions: which says so, and what those give."""
    queue = score["rules"].get("queue")
    if score["rule"] == "queue" or queue is None or queue["permeability_ratio"] is None:
        return ""
    several = significant(queue["permeability_ratio"], 2)
    return f" That is one ion at a time (rule {score['rule']}); a queue of several ions gives {several}."


def _voltage_words(score: Mapping[str, Any]) -> str:
    membrane = score["membrane"]
    if membrane["v_interval_mv"] is None:
        return ""
    alone = voltage(membrane["v_mv"], tuple(membrane["v_interval_mv"]), score["interval_level"])
    return f" As the only conductance of a {membrane['cell']} it would set the membrane to {alone} mV."


def ratio_words(score: Mapping[str, Any]) -> str:
    """How the barrier and the ratio hang together, in one sentence with this score's numbers; "" without a ratio."""
    if score["permeability_ratio"] is None:
        return ""
    first, second = score["ion_pair"]
    tenfold = barrier_difference(10.0, temperature=score["temperature_k"])
    return (
        f"The barriers of the two ions differ by ΔΔG‡ = {significant(score['ddg_barrier_kj_mol'], 3)} kJ/mol, and P_{first}/P_{second} = "
        f"exp(ΔΔG‡/RT) at {score['temperature_k']:g} K. Every {tenfold:.1f} kJ/mol are a factor of ten, so small errors of energy are "
        "large factors of the ratio."
    )
