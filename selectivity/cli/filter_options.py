"""Options that say which filter of a file is meant and how its energies are computed; shared by score, explain, inspect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli import choices
from selectivity.cli.verbosity import remark

if TYPE_CHECKING:
    from selectivity.pipeline.thermal import Progress
    from selectivity.score import FilterScore
    from selectivity.structure.filter import Filter

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="Structure file: PDB, mmCIF, RCSB pdb1, also gzipped; coordinates in Å. Or a PDB identifier (1K4C).",
    ),
]
Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Structure files: PDB, mmCIF, RCSB pdb1, also gzipped; coordinates in Å. Or folders of them, or PDB identifiers (1K4C).",
    ),
]
Assembly = Annotated[
    str,
    typer.Option(
        "--assembly",
        metavar="NAME",
        help="Biological assembly: auto (the reading whose strands meet on one axis), deposited, models or its name.",
    ),
]
Pore = Annotated[
    str | None,
    typer.Option(
        "--pore", metavar="NUMBER|CHAIN", help="Which pore, where the file holds several; default: the first."
    ),
]
Altloc = Annotated[
    str,
    typer.Option(
        "--altloc", metavar="LABEL", help="Alternate locations: auto (highest occupancy) or a label such as B."
    ),
]
Rings = Annotated[
    list[str] | None,
    typer.Option(
        "--rings",
        metavar="SELECTION",
        help="One ring of oxygens as chain:residue:atom ('*:75:O', 'A:15:O,B:15:O'); repeat, or separate rings by ';'. "
        "Replaces the search for a motif.",
    ),
]
Treatment = Annotated[
    str,
    typer.Option(
        "--treatment",
        metavar="NAME",
        **choices.among(*choices.TREATMENTS),
        help=f"How the filter gives way to the ion: {', '.join(choices.TREATMENTS)}.",
    ),
]
Sigma = Annotated[
    str,
    typer.Option(
        "--sigma",
        metavar="ANGSTROM",
        callback=choices.number_or("bfactor"),
        autocompletion=choices.completing("bfactor"),
        help="Softness of the restraints in Å, or bfactor (from the file's B-factors).",
    ),
]
Ions = Annotated[
    str,
    typer.Option(
        "--ions", metavar="ION,ION", callback=choices.ion_pair, help="The two ions compared; first: preferred."
    ),
]
ForceField = Annotated[
    str,
    typer.Option(
        "--force-field",
        metavar="NAME",
        callback=choices.known_force_field,
        autocompletion=choices.completing(*choices.FORCE_FIELDS),
        help=f"Charges and radii: {', '.join(choices.FORCE_FIELDS)}.",
    ),
]
Hydration = Annotated[
    str,
    typer.Option(
        "--hydration",
        metavar="NAME",
        callback=choices.hydration,
        autocompletion=choices.completing(*choices.HYDRATIONS),
        help=f"Water leg of the cycle: {', '.join(choices.HYDRATIONS)}; a factor may follow (marcus*0.95).",
    ),
]
HydrationState = Annotated[
    str | None,
    typer.Option(
        "--hydration-state",
        metavar="NAME",
        **choices.among(*choices.HYDRATION_STATES),
        help=f"Water inside the filter: {', '.join(choices.HYDRATION_STATES)}; default: accessible where the treatment is "
        "thermal, else dry.",
    ),
]
Rule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        metavar="NAME",
        **choices.among(*choices.RULES),
        help=f"From energies to one barrier: {', '.join(choices.RULES)}; default: queue where K+ is one of the ions, else profile.",
    ),
]
Neighbours = Annotated[
    str | None,
    typer.Option(
        "--neighbours",
        metavar="SPECIES:SITE,SITE",
        help="Score every site once more while other sites hold ions or water (W): 'K:S2,S4; W:S1'. Thermal only.",
    ),
]
TargetError = Annotated[
    float,
    typer.Option(
        "--target-error",
        metavar="KJ_MOL",
        help="Sample each ddG until its standard error is below this, kJ/mol (thermal).",
    ),
]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Seconds instead of a minute: one ion at a time in a dry filter at its minimum, one barrier "
        "(--treatment relaxed --hydration-state dry --rule profile).",
    ),
]
AccessLength = Annotated[
    float, typer.Option("--access-length", metavar="ANGSTROM", help="Length of the two mouths together, Å.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="INTEGER", min=0, help="Seed of everything that is drawn at random.")]
Force = Annotated[
    bool, typer.Option("--force", help="Compute a ratio from the surviving sites of a filter that does not conduct.")
]


@dataclass(frozen=True)
class Source:
    """How to find the filter in a file; calling it with a path loads that file."""

    assembly: str = "auto"
    pore: str | None = None
    altloc: str = "auto"
    rings: tuple[str, ...] | None = None

    @classmethod
    def of(cls, assembly: str, pore: str | None, altloc: str, rings: list[str] | None) -> Source:
        """From what the options hold: rings may come one per option or several in one, separated by semicolons."""
        selections = [ring.strip() for words in rings or [] for ring in words.split(";") if ring.strip()]
        return cls(assembly, pore, altloc, tuple(selections) if rings else None)

    def __call__(self, path: str) -> Filter:
        from selectivity.structure.load import load_filter

        found = load_filter(
            local_file(path), assembly=self.assembly, pore=self.pore, altloc=self.altloc, rings=self.rings
        )
        how = found.provenance
        remark(
            f"{path}: {how.format} read {how.assembly}, pore {how.pore} of {len(how.pores_found)}, SHA-256 {how.sha256}"
        )
        return found


@dataclass(frozen=True)
class Scoring:
    """How to score a file: its source options and the keywords of `score_filter`; it travels to worker processes."""

    source: Source
    keywords: tuple[tuple[str, Any], ...]

    def check(self) -> None:
        """Refuse impossible settings once, before any file is read."""
        from selectivity.pipeline.settings import settings_of

        settings_of(**dict(self.keywords))

    def __call__(self, path: str, *, progress: Progress | None = None) -> FilterScore:
        from selectivity.pipeline import score_filter

        return score_filter(self.source(path), **dict(self.keywords), progress=progress)


def local_file(word: str) -> str:
    """The file that a word of the command line means: that file, or the entry of the archive if it is spelled like an identifier.

    A file of that name comes first. Raises what `selectivity.archive.fetch.fetch_entry` raises.
    """
    from selectivity.archive.entries import is_entry_id

    if not is_entry_id(word) or Path(word).exists():
        return word
    from selectivity.archive.fetch import fetch_entry

    found = fetch_entry(word)
    remark(f"{word}: {'kept in' if found.cached else f'fetched from {found.url} to'} {found.path}")
    return str(found.path)


def every_file(words: list[str]) -> list[str]:
    """Files and identifiers as they are, folders as the structure files in them: see `selectivity.archive.folders.structure_files`."""
    from selectivity.archive.folders import structure_files

    return structure_files(words)


def scoring_keywords(*, ions: str, sigma: str, **others: Any) -> tuple[tuple[str, Any], ...]:
    """Keywords of `score_filter` from what the options hold: words become pairs and numbers here, nowhere else."""
    first, second = ions.split(",")
    typed = {"ions": (first, second), "sigma": sigma if sigma == "bfactor" else float(sigma)}
    return tuple((typed | others).items())
