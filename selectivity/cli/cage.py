"""`selectivity cage`: what free carbonyl cages prefer, over ligand number and dipole, and where a structure's sites stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.choices import among
from selectivity.cli.filter_options import ForceField, Hydration, Ions, Seed, Source
from selectivity.cli.options import CsvTo, JsonTo, PlotTo, Temperature
from selectivity.cli.output import Outputs
from selectivity.cli.progress import counting, progress_bar
from selectivity.report.document import Block, Heading, Paragraph, Table
from selectivity.report.numbers import fixed, with_error

if TYPE_CHECKING:
    from selectivity.cage_map import CageMap, PlacedSite

Ligands = Annotated[
    str,
    typer.Option("--ligands", metavar="FIRST:LAST:STEP", help="Numbers of ligands (1 to 12), or listed with commas."),
]
Charge = Annotated[
    str | None,
    typer.Option(
        "--charge",
        metavar="FIRST:LAST:STEP",
        help="Charges on C and O, e (up to 1.5), or listed with commas; default: the force field's (0.51 e, 3.0 D).",
    ),
]
Dipole = Annotated[
    str | None,
    typer.Option(
        "--dipole", metavar="FIRST:LAST:STEP", help="The same as dipoles of the carbonyls, D; instead of --charge."
    ),
]
CageTreatment = Annotated[
    str,
    typer.Option(
        "--treatment",
        metavar="NAME",
        **among("minimum", "thermal"),
        help="minimum (best common distance, T = 0) or thermal (free energies at --temperature; a second a cage).",
    ),
]
Waters = Annotated[int, typer.Option("--waters", metavar="INTEGER", min=0, help="Ligands that are waters (thermal).")]
Sphere = Annotated[
    float, typer.Option("--sphere", metavar="ANGSTROM", help="Oxygens stay this near to the ion, Å (thermal).")
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="INTEGER", min=1, help="Threads that share the cages.")]
Distance = Annotated[
    float | None,
    typer.Option(
        "--distance", metavar="ANGSTROM", help="Hold all oxygens at this distance from either ion, Å (a rigid cage)."
    ),
]
Structure = Annotated[
    str | None,
    typer.Option(
        "--structure",
        metavar="FILE",
        help="Structure file or PDB identifier whose sites are placed beside the cages (relaxed, or thermal as the cages are).",
    ),
]


def cage(
    ligands: Ligands = "3:10:1",
    charge: Charge = None,
    dipole: Dipole = None,
    distance: Distance = None,
    treatment: CageTreatment = "minimum",
    waters: Waters = 0,
    sphere: Sphere = 3.5,
    ions: Ions = "K,Na",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    temperature: Temperature = 298.15,
    structure: Structure = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """What free cages of carbonyls prefer: the physics of selectivity without a protein.

    n rigid C=O ligands about one ion, all at the distance (Å) that is best for it, at T = 0: ΔΔG (kJ/mol, positive: the
    first ion is preferred) with and without the ligands' repulsion for one another. Temperature (K) enters through
    the water leg. --structure puts the sites of a file beside the cages of as many ligands.

    --treatment thermal lets the ligands, --waters of them TIP3P waters, move at --temperature (K) in a sphere about the
    ion (--sphere, Å): free energies with standard errors. With several dipoles (D) --plot draws the map of
    field strength against number of ligands.

    \b
    $ selectivity cage --ligands 5,6,8 --hydration schmid
    free carbonyl cages, K+ against Na+, charmm36, water leg 73.2 kJ/mol (schmid)
    ligands  charge (e)  dipole (D)  d K+ (Å)  d Na+ (Å)  ΔΔG (kJ/mol)  without repulsion (kJ/mol)
          5       0.510        3.01     2.627      2.280          -5.6                       -34.0
          6       0.510        3.01     2.646      2.305         -10.8                       -55.4
          8       0.510        3.01     2.723      2.465          13.8                       -98.3
    """
    outputs = Outputs(json_to, csv_to, plot_to)
    from selectivity.cage_map import cage_map, place_sites

    counts, charges = _numbers(ligands, charge, dipole)
    loaded = None if structure is None else Source()(structure)
    moving: dict[str, Any] = {"sphere": sphere, "seed": seed} if treatment == "thermal" else {}
    water: dict[str, Any] = {"force_field": force_field, "hydration": hydration, "temperature": temperature}
    with progress_bar(len(counts) * len(charges or [0]), "cages") as advance:
        result = cage_map(
            ions=ions.split(","),
            n_ligands=counts,  # type: ignore[arg-type]
            charges=charges,
            distance=distance,
            treatment=treatment,
            n_waters=waters,
            jobs=jobs,
            progress=advance,
            **water,
            **moving,
        )
    placed: tuple[PlacedSite, ...] = ()
    if loaded is not None:
        from selectivity.pipeline import score_filter

        still = "thermal" if moving else "relaxed"
        with counting("places") as report:
            score = score_filter(
                loaded, ions=result.ions, treatment=still, hydration_state="dry", rule="profile", seed=seed, jobs=jobs,
                progress=report, **water,
            )  # fmt: skip
        placed = place_sites(score, **moving)
    outputs.deliver(
        _document(result, placed, structure),
        payload=lambda: result.to_dict() | {"structure": structure, "sites": [vars(site) for site in placed]},
        rows=result.rows,
        draw=lambda path: _draw(result, placed, path),
    )


def _numbers(ligands: str, charge: str | None, dipole: str | None) -> tuple[tuple[float, ...], list[float] | None]:
    """Numbers of ligands and carbonyl charges (e; None: the force field's)."""
    from selectivity.cage_map import dipole_debye
    from selectivity.errors import UnknownChoice
    from selectivity.scan_axes import numbers_of

    if charge is not None and dipole is not None:
        raise UnknownChoice("--charge and --dipole: both say how strong the carbonyls are; give one of them")
    given = charge if charge is not None else dipole
    option = "--charge" if charge is not None else "--dipole"
    values = None if given is None else list(numbers_of(given, f"{option} {given}"))
    if values is not None and dipole is not None:
        values = [value / dipole_debye(1.0) for value in values]
    return numbers_of(ligands, f"--ligands {ligands}"), values


def _document(result: CageMap, placed: tuple[PlacedSite, ...], structure: str | None) -> list[Block]:
    first, second = result.ions
    title = (
        f"free carbonyl cages, {first}+ against {second}+, {result.force_field}, "
        f"water leg {fixed(result.water_leg_kj_mol, 1)} kJ/mol ({result.hydration}){_conditions(result)}"
    )
    columns = ("ligands", "charge (e)", "dipole (D)", f"d {first}+ (Å)", f"d {second}+ (Å)", "ΔΔG (kJ/mol)")
    rows = tuple(
        (
            str(p.n_ligands),
            fixed(p.charge_e, 3),
            fixed(p.dipole_debye, 2),
            *(fixed(d, 3) for d in p.distance_angstrom),
            with_error(p.ddg_kj_mol, p.ddg_error_kj_mol) if p.ddg_error_kj_mol else fixed(p.ddg_kj_mol, 1),
            with_error(p.ddg_without_repulsion_kj_mol, p.ddg_without_repulsion_error_kj_mol)
            if p.ddg_without_repulsion_error_kj_mol
            else fixed(p.ddg_without_repulsion_kj_mol, 1),
        )
        for p in result.points
    )
    blocks: list[Block] = [Heading(title), Table((*columns, "without repulsion (kJ/mol)"), rows, text_columns=0)]
    blocks += [Paragraph(word, "warning") for p in result.points for word in p.warnings]
    if structure is not None:
        blocks.append(_site_table(placed, structure))
        if not placed:
            blocks.append(Paragraph(f"{Path(structure).name} has no formed dehydrated site to place", "note"))
    return blocks


def _conditions(result: CageMap) -> str:
    if result.sphere_angstrom is not None:
        waters = f", {result.n_waters} of the ligands waters" if result.n_waters else ""
        return f", {result.temperature_k:g} K, oxygens within {result.sphere_angstrom:g} Å{waters}"
    if result.rigid_distance_angstrom is not None:
        return f", oxygens held at {result.rigid_distance_angstrom:g} Å"
    return ""


def _site_table(placed: tuple[PlacedSite, ...], structure: str) -> Table:
    rows = tuple(
        (
            site.site,
            str(site.coordination_number),
            with_error(site.ddg_kj_mol, site.ddg_error_kj_mol),
            fixed(site.cage_ddg_kj_mol, 1),
        )
        for site in placed
    )
    columns = ("site", "ligands", "ΔΔG here (kJ/mol)", "ΔΔG free cage (kJ/mol)")
    return Table(columns, rows, title=f"sites of {Path(structure).name} beside the free cage of as many ligands")


def _draw(result: CageMap, placed: tuple[PlacedSite, ...], path: Path) -> None:
    from selectivity.plotting.cage import draw_cages

    draw_cages(result, placed).savefig(path)
