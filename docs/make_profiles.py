"""Write docs/profiles.md and its pictures: `python docs/make_profiles.py [folder of depositions]` (default ../shared/structures).

Measured once, about half an hour of one processor in all: results are kept in .cache/profiles, empty it to measure again.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path

from selectivity.along_pore import AlongPore, along_pore
from selectivity.constants import ROOM_TEMPERATURE
from selectivity.files import atomic_path, write_text
from selectivity.permeation.queue_barrier import queue_barrier
from selectivity.permeation.ratio import permeability_ratio
from selectivity.plotting.thermal_profile import draw_along_pore
from selectivity.report.numbers import interval, significant, with_error
from selectivity.structure.load import load_filter

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".cache" / "profiles"
SEED = 1

FILES = {"1K4C.pdb": "KcsA", "3LDC_pdbtm.pdb": "MthK", "3E8H.pdb1": "NaK"}
MEASURED = (
    ("1K4C.pdb", "dry"),
    ("1K4C.pdb", "accessible"),
    ("1K4C.pdb", "flanked"),
    ("3LDC_pdbtm.pdb", "dry"),
    ("3LDC_pdbtm.pdb", "accessible"),
    ("3E8H.pdb1", "dry"),
    ("3E8H.pdb1", "accessible"),
)
PICTURES = (("1K4C.pdb", "dry"), ("1K4C.pdb", "accessible"), ("1K4C.pdb", "flanked"), ("3E8H.pdb1", "accessible"))
WORDS = {"dry": "dry", "accessible": "water at the open ends", "flanked": "a water on either side"}

Results = dict[tuple[str, str], AlongPore]

HEAD = """# Along the pore

What do K+ and Na+ meet on their way through a filter at 298 K? Each ion is held at heights along the axis, everything else moves
(replica-exchange Monte Carlo of the Hamiltonian of [theory.md](theory.md), sigma 0.30 Å, CHARMM36, water leg 77.8 kJ/mol). Everything
here is written by `python docs/make_profiles.py`; one profile is one command:

```console
$ selectivity profile structures/kcsa_like.pdb --treatment rigid --k-profile modelled
kcsa_like.pdb: K+ and Na+ along the pore, rigid, dry
...
rule "profile" by choice of W
W_K                ΔΔG‡ (kJ/mol) ...
flat               ...
modelled (asked)   ...
measured           ...
...
```

The default treatment is thermal and takes minutes; rigid and relaxed minima take seconds.

## Two routes, one answer

- **Exchange.** At each height K+ is turned into Na+ (MBAR over alchemical states): ddG(z), with a standard error at every height.
- **Force.** The mean of dU/dz on the held ion, integrated along z by a spline: each ion's own profile W(z), zero at the centre of
  the middle cage. The held coordinate is a Cartesian coordinate of one atom: its mass metric is constant, so no Fixman
  correction is needed. Errors of W grow with the distance from its zero.

W of Na+ minus W of K+ must equal ddG(z) - ddG(z0). The largest disagreement over all heights is in the table below, in its own
standard errors; of thirty normal numbers the largest is typically 2. Above 4 it is a warning. A held ion stays within
1.8 Å of the axis at every height.

Three states of water: **dry**; **water at the open ends** (a height sees the cavity or the mouth when its site touches it, in
a plane when either site does; TIP3P comes and goes at the chemical potential of the liquid); **a water on either side** (two waters
of the single file go with the ion, as in the alternating file of a conducting filter). Where the pore begins to see other
waters the height is sampled with both; the table shows what the change does to ddG there.
"""


QUEUE_HEAD = """
Rule "queue" on these nodes, P_K/P_Na without an interval. A score holds its ions *in* the planes instead of averaging, and takes the water
of the open ends: its own ratios stand in [validation.md](validation.md). A water on either side of every ion lowers the ratio most; the
lattice has no water between its ions, so what is true lies between the rows, and no interval of a score holds this.
"""


def document(results: Results) -> str:
    """The whole page."""
    parts = [
        HEAD,
        "\n".join(_agreement(results)),
        "\n## Wells and barriers\n",
        "W in kJ/mol against the centre of the middle cage, ± standard error of sampling; only what stands out by RT or more. Ends of "
        "the profile are neither wells nor barriers.\n",
        *_pictures(results),
        "\n".join(_wells(results)),
        _lesson(results),
        "\n## Nodes for the queue\n",
        "ddG in kJ/mol of cells half a site wide, ± standard error of sampling. The first number averages both ions over the cell by "
        "occupancy, exp(-W/RT); for planes the second one averages by resistance, exp(+W/RT).\n",
        "\n".join(_nodes(results)),
        NODE_LESSON,
        QUEUE_HEAD,
        "\n".join(_queues(results)),
        '\n## The ratio by rule "profile"\n',
        "P_K/P_Na with its 95 % interval (sampling, coordinates, water leg, softness, force field, and for W_K = 0 "
        "the spread over barriers of 2.5 kcal/mol).\n",
        "\n".join(_ratios(results)),
        _ratio_lesson(results),
    ]
    return "\n".join(parts)


def _queues(results: Results) -> list[str]:
    lines = ["| filter | planes by occupancy | planes by resistance |", "|---|---|---|"]
    for key, result in results.items():
        cages = {node.name for node in result.nodes if node.kind == "cage"}
        ratios = [_queue_ratio([node.ddg_kj_mol for node in nodes]) for nodes in (result.nodes, result.barrier_nodes)]
        lines.append(f"| {_title(key)}, {len(cages)} cages | " + " | ".join(ratios) + " |")
    return lines


def _queue_ratio(ddg_nodes: list[float]) -> str:
    return significant(permeability_ratio(queue_barrier(ddg_nodes), temperature=ROOM_TEMPERATURE), 2)


def _title(key: tuple[str, str]) -> str:
    return f"{FILES[key[0]]} ({key[0].split('.')[0]}), {WORDS[key[1]]}"


def _agreement(results: Results) -> list[str]:
    lines = [
        "| filter | heights | largest disagreement (standard errors) | change of ddG where the water changes (kJ/mol) |",
        "|---|---|---|---|",
    ]
    for key, result in results.items():
        steps = [
            f"{result.marks.place(s.z)}: {with_error(s.change_kj_mol, s.error_kj_mol)}" for s in result.curves.steps
        ]
        lines.append(
            f"| {_title(key)} | {len(result.curves.z)} | {result.largest_disagreement:.1f} | {'; '.join(steps) or '-'} |"
        )
    return lines


def _pictures(results: Results) -> list[str]:
    return [f"![{_title(key)}](images/{_picture(key)})\n" for key in PICTURES if key in results]


def _picture(key: tuple[str, str]) -> str:
    return f"profile_{key[0].split('.')[0].split('_')[0].lower()}_{key[1]}.png"


def _wells(results: Results) -> list[str]:
    lines = ["| filter | ion | wells | barriers |", "|---|---|---|---|"]
    for key, result in results.items():
        for ion in result.ions:
            cells = {
                kind: ", ".join(
                    f"{each.place} {with_error(each.energy_kj_mol, result.extreme_error(ion, each))}"
                    for each in result.extremes[ion]
                    if each.kind == kind
                )
                for kind in ("well", "barrier")
            }
            lines.append(f"| {_title(key)} | {ion}+ | {cells['well'] or '-'} | {cells['barrier'] or '-'} |")
    return lines


def _at(result: AlongPore, place: str, ion: str) -> float:
    """W of an ion at a plane or at the centre of a cage."""
    heights = dict(result.marks.planes) | {name: 0.5 * (low + high) for name, low, high in result.marks.cages}
    z = result.curves.z
    return float(result.curves.w[ion][abs(z - heights[place]).argmin()])


def _climb(result: AlongPore, plane: str, cage: str) -> str:
    """How far each ion climbs from the cage into the plane."""
    return " and ".join(
        f"{_at(result, plane, ion) - _at(result, cage, ion):+.0f} ({ion}+)".replace("-0 ", "0 ") for ion in ("K", "Na")
    )


def _disagreement(result: AlongPore) -> str:
    """Largest difference of W(second) - W(first) from ddG - ddG(zero), in words."""
    curves, (first, second) = result.curves, result.ions
    zero = abs(curves.z - curves.zero_at).argmin()
    apart = curves.w[second] - curves.w[first] - (curves.ddg - curves.ddg[zero])
    return f"up to {abs(apart).max():.0f} kJ/mol"


def _lesson(results: Results) -> str:
    dry, flanked = results["1K4C.pdb", "dry"], results["1K4C.pdb", "flanked"]
    nak_dry, nak = results["3E8H.pdb1", "dry"], results["3E8H.pdb1", "accessible"]
    return f"""
**K+ rests in the cages.** All its wells, in every filter and every state of water, are cages, and whatever stands between them is a
carbonyl plane: eight oxygens against four. (Beside S4 the slope of the profile hides the barrier of NaK's T63 O when water is there.)

**Na+ rests in the planes when it has its water.** Alone in a dry file it does not: from the S2 cage to the plane V76 O of KcsA it costs
{_climb(dry, "V76 O", "S2")} kJ/mol, because the four oxygens of a plane are all that it would have there, while the cage closes round
it. ddG falls from the cage to the plane all the same: Na+ loses less than K+. With one water on either side, the same step costs
{_climb(flanked, "V76 O", "S2")}: four carbonyls and two axial waters make the octahedron of Na+, and the cages are its barriers. So
the textbook's picture, K+ in the cages and Na+ in the planes, is a property of ion *and* water; a plane without axial water is no
site for Na+ in this model.

**Where a plane touches open water the picture appears by itself.** The outermost plane of NaK, V64 O,
costs {_climb(nak_dry, "V64 O", "S3")} kJ/mol from its cage when dry and {_climb(nak, "V64 O", "S3")} in contact with the
vestibule. In Tyr planes of MthK a crystal shows Na+ (ye2010, second-hand); Na+ and Li+ in planes of KcsA are described too (thompson2009).

**Two reservations.** With a water on either side the waters turn over slowly while an ion is held close to a plane: independent
runs differ there by several kJ/mol and the two routes by {_disagreement(flanked)}, more than their errors allow (the program warns),
and half an Å is coarse where ddG changes by 25 kJ/mol. That Na+ prefers the plane is not in doubt, the depth of its well is. And
the slope from S1 down to S4 (some 70 kJ/mol for either ion, dry) is not to be believed: the model holds carbonyls, hydroxyls and
the waters at the ends, not the rest of the protein, its pore helices or the membrane, so the electrostatic energy of a
charge along the axis is its weakest part. It is nearly the same for both ions and cancels in ddG(z).
"""


NODE_LESSON = """
Which average belongs to a plane is not a matter of taste. By occupancy the cell of a barrier is seen from its flanks, where the
ions are and where they are as selective as in the cages beside it: planes come out hardly less selective than cages.
By resistance the top counts, which every ion has to pass: planes that are barriers come out several kJ/mol less selective.
A lattice whose hops see only node energies loses the barrier with the first average; with the second its hops have the
resistance of the profile. Finer lattices do not need the choice: both averages meet as the cells shrink.
"""


def _nodes(results: Results) -> list[str]:
    lines = []
    for name in FILES:
        keys = [key for key in results if key[0] == name]
        nodes = {key: list(zip(results[key].nodes, results[key].barrier_nodes, strict=True)) for key in keys}
        titles = [f"{node.kind} {node.name}" for node in results[keys[0]].nodes]
        lines += [
            f"\n{FILES[name]}:\n",
            "| node | " + " | ".join(WORDS[key[1]] for key in keys) + " |",
            "|---|" + "---|" * len(keys),
        ]
        for i, title in enumerate(titles):
            lines.append(f"| {title} | " + " | ".join(_node(*nodes[key][i]) for key in keys) + " |")
    return lines


def _node(node, barrier) -> str:  # type: ignore[no-untyped-def]
    shown = with_error(node.ddg_kj_mol, node.error_kj_mol)
    return shown if node.kind == "cage" else f"{shown}; {with_error(barrier.ddg_kj_mol, barrier.error_kj_mol)}"


def _ratios(results: Results) -> list[str]:
    choices = ("flat", "modelled", "measured")
    lines = ["| filter | W_K = 0 | W_K modelled | W_K at the measured affinity |", "|---|---|---|---|"]
    for key, result in results.items():
        cells = [interval(r.permeability_ratio, r.permeability_ratio_interval) for r in map(result.ratio, choices)]
        lines.append(f"| {_title(key)} | {' | '.join(cells)} |")
    return lines


def _ratio_lesson(results: Results) -> str:
    ratios = [result.ratio("modelled") for result in results.values()]
    shares = [r.ddg_barrier_kj_mol for r in ratios]
    return f"""
With W_K = 0 the selective cages decide and one ion at a time looks as selective as its best site. With the model's own W_K the
tops decide, which are planes: ddG‡ is {min(shares):.0f} to {max(shares):.0f} kJ/mol over these rows, for KcsA and NaK alike.
The rows with water begin at the hydroxyl plane, the dry ones at the first carbonyl plane, so that they are not the same stretch.
Neither choice tells KcsA (measured: above 150) from NaK (about 1): that takes several ions at once, which is what the nodes are for.
"""


def measured(folder: Path, key: tuple[str, str]) -> AlongPore:
    """The profile of one file in one state of water, from .cache/profiles where it was measured before."""
    name, state = key
    place = KEPT / f"{name}_{state}.pickle"
    if not place.exists():
        result = along_pore(load_filter(folder / name), hydration_state=state, seed=SEED, jobs=2)
        KEPT.mkdir(parents=True, exist_ok=True)
        with atomic_path(place) as temporary:
            temporary.write_bytes(pickle.dumps(result))
    found = pickle.loads(place.read_bytes())
    assert isinstance(found, AlongPore)
    return found


def main(folder: Path, measure: Callable[[Path, tuple[str, str]], AlongPore] = measured) -> None:
    """Measure every profile, draw the pictures and write the page beside this script."""
    results = {key: measure(folder, key) for key in MEASURED}
    for key in PICTURES:
        draw_along_pore(results[key]).savefig(ROOT / "docs" / "images" / _picture(key), dpi=100)
    write_text(ROOT / "docs" / "profiles.md", document(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "structures")
