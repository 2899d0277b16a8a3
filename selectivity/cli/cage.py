"""`selectivity cage`: what free carbonyl cages prefer, over ligand number and dipole, and where a structure's sites stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selectivity.cli.filter_options import ForceField, Hydration, Ions, Source
from selectivity.cli.options import CsvTo, JsonTo, PlotTo, Temperature
from selectivity.cli.output import Outputs
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
Distance = Annotated[
    float | None,
    typer.Option(
        "--distance", metavar="ANGSTROM", help="Hold all oxygens at this distance from either ion, Å (a rigid cage)."
    ),
]
Structure = Annotated[
    str | None,
    typer.Option(
        "--structure", metavar="FILE", help="Structure whose sites are placed beside the cages (scored relaxed)."
    ),
]


def cage(
    ligands: Ligands = "3:10:1",
    charge: Charge = None,
    distance: Distance = None,
    ions: Ions = "K,Na",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    temperature: Temperature = 298.15,
    structure: Structure = None,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
    plot_to: PlotTo = None,
) -> None:
    """What free cages of carbonyls prefer: the physics of selectivity without a protein.

    n rigid C=O ligands about one ion, all at the distance (Å) that is best for it, at T = 0: ΔΔG (kJ/mol, positive: the
    first ion is preferred) with and without the ligands' repulsion for one another. Temperature (K) enters through
    the water leg. --structure puts the sites of a file beside the cages of as many ligands.

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
    from selectivity.scan_axes import numbers_of

    result = cage_map(
        ions=ions.split(","),
        n_ligands=numbers_of(ligands, f"--ligands {ligands}"),  # type: ignore[arg-type]
        charges=None if charge is None else numbers_of(charge, f"--charge {charge}"),
        distance=distance,
        force_field=force_field,
        hydration=hydration,
        temperature=temperature,
    )
    placed: tuple[PlacedSite, ...] = ()
    if structure is not None:
        from selectivity.pipeline import score_filter

        water: dict[str, Any] = {"force_field": force_field, "hydration": hydration, "temperature": temperature}
        placed = place_sites(score_filter(Source()(structure), ions=result.ions, **water))
    outputs.deliver(
        _document(result, placed, structure),
        payload=lambda: result.to_dict() | {"structure": structure, "sites": [vars(site) for site in placed]},
        rows=result.rows,
        draw=lambda path: _draw(result, placed, path),
    )


def _document(result: CageMap, placed: tuple[PlacedSite, ...], structure: str | None) -> list[Block]:
    first, second = result.ions
    held = "" if result.rigid_distance_angstrom is None else f", oxygens held at {result.rigid_distance_angstrom:g} Å"
    title = (
        f"free carbonyl cages, {first}+ against {second}+, {result.force_field}, "
        f"water leg {fixed(result.water_leg_kj_mol, 1)} kJ/mol ({result.hydration}){held}"
    )
    columns = ("ligands", "charge (e)", "dipole (D)", f"d {first}+ (Å)", f"d {second}+ (Å)", "ΔΔG (kJ/mol)")
    rows = tuple(
        (
            str(p.n_ligands),
            fixed(p.charge_e, 3),
            fixed(p.dipole_debye, 2),
            *(fixed(d, 3) for d in p.distance_angstrom),
            fixed(p.ddg_kj_mol, 1),
            fixed(p.ddg_without_repulsion_kj_mol, 1),
        )
        for p in result.points
    )
    blocks: list[Block] = [Heading(title), Table((*columns, "without repulsion (kJ/mol)"), rows, text_columns=0)]
    if structure is not None:
        blocks.append(_site_table(placed, structure))
        if not placed:
            blocks.append(Paragraph(f"{Path(structure).name} has no formed dehydrated site to place", "note"))
    return blocks


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
