"""What do many structure files hold? Each pore of each file is a frame of its own, and a row of one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from selectivity.archive.folders import structure_files
from selectivity.energetics.coordination import coordinate, is_conductive
from selectivity.errors import SelectivityError, UnknownChoice
from selectivity.structure.filter import Filter, FilterIon
from selectivity.structure.load import load_filter, read_source
from selectivity.trajectory.backends import run_tasks
from selectivity.trajectory.block import FrameBlock, Model, Observer, empty_block
from selectivity.trajectory.columns import frame_columns
from selectivity.trajectory.condition import UNREADABLE
from selectivity.trajectory.structures import seen, structure_frame
from selectivity.trajectory.topology import SITES

PLACES = ("hydroxyl", "carbonyl1", "carbonyl2", "carbonyl3", "carbonyl4", "carbonyl5")
"""Names of the rings in a survey, from the cavity outward: channels number their residues differently, and a column is one place."""

OF_A_RUN = ("frame", "time_ps", "state")
"""Columns of a trajectory's table that say nothing about a file."""


@dataclass(frozen=True)
class SurveyRow:
    """One pore: ``found`` says which and how it was found, ``numbers`` hold one value (1,) each, ``refusal`` why there are none."""

    found: dict[str, Any]
    numbers: dict[str, NDArray[Any]]
    ions: dict[str, Any]
    warnings: str = ""
    refusal: str = ""


def survey(
    sources: Sequence[Any] | str | PathLike[str],
    *,
    model: Model | None = None,
    assembly: str = "auto",
    pore: str | int | None = None,
    altloc: str = "auto",
    backend: str = "serial",
    workers: int = 1,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """One row per pore of every structure, with the columns of a trajectory's table.

    ``sources`` are files, folders (see `selectivity.archive.folders.structure_files`), filters, or whatever else `load_filter` reads.
    ``model`` is that of `selectivity.trajectory.run_trajectories` with treatments ("rigid",), the default, or (). ``assembly``, ``pore``
    and ``altloc`` as in `selectivity.structure.load.load_filter`; without a ``pore``, every pore of a file is a row. ``backend``
    ("serial", "processes", "dask"), ``workers`` and ``scheduler`` as in `run_trajectories`: the table does not depend on them.

    Rings and carbonyls are named by place, "carbonyl1" to "carbonyl5" from the cavity outward (T75 to G79 of KcsA); lengths are in Å,
    energies in kJ/mol, positive: K+ preferred. ``refusal`` says why a row has no numbers; it is empty where there are some.

    Raises UnknownChoice for another treatment or backend, FileUnreadable for a folder without structures; a file that is
    refused is a row, no error.

    >>> from selectivity.structure.ideal import ideal_filter
    >>> table = survey([ideal_filter("kcsa-like"), ideal_filter("nak-like")], model=Model(treatments=()))
    >>> table[["signature", "first_residue", "occupancy", "conductive", "radius_carbonyl2_angstrom"]].round(2)
      signature  first_residue occupancy  conductive  radius_carbonyl2_angstrom
    0     TVGYG             75    -KKKK-        True                       2.35
    1     TVGDG             63    ---KK-        True                       2.50
    """
    given: Sequence[Any] = [sources] if isinstance(sources, str | PathLike) else sources
    tasks = [source for item in given for source in _opened(item)]
    one = partial(_rows_or_refusal, model=checked(model or Model()), assembly=assembly, pore=pore, altloc=altloc)
    done = dict(run_tasks(one, tasks, backend=backend, workers=workers, scheduler=scheduler))
    return survey_table([row for index in range(len(tasks)) for row in done[index]])


def checked(model: Model) -> Model:
    """The same model; UnknownChoice for a treatment that a survey does not have."""
    if set(model.treatments) - {"rigid"}:
        raise UnknownChoice(
            f"treatments {', '.join(model.treatments)}: a survey holds every atom where it is, rigid or none at all; "
            "score_filter has the others"
        )
    return model.checked()


def survey_file(
    source: Any,
    *,
    model: Model,
    assembly: str = "auto",
    pore: str | int | None = None,
    altloc: str = "auto",
    name: str | None = None,
) -> list[SurveyRow]:
    """The rows of one source as in `survey`: one pore that is refused is a row beside the others of its file.

    ``name`` stands in the column "file" (default: what the source is called). Raises what `load_filter` and
    `selectivity.trajectory.structures.structure_frame` raise where the file has no other pore.
    """
    if isinstance(source, Filter):
        return [_row(source, model, name or source.provenance.source)]
    data = read_source(source)
    name = name or (str(source) if isinstance(source, str | PathLike) else data.source)
    found = partial(load_filter, data, assembly=assembly, altloc=altloc)
    first = found(pore=pore)
    pores = len(first.provenance.pores_found)
    if pore is not None or pores == 1:
        return [_row(first, model, name)]
    rows = []
    for number in range(1, pores + 1):
        try:
            rows.append(_row(found(pore=number), model, name))
        except SelectivityError as refusal:
            rows.append(refused_row(name, str(refusal), model, pore=number, pores=pores))
    return rows


def refused_row(
    name: str, refusal: str, model: Model, *, pore: int | None = None, pores: int | None = None
) -> SurveyRow:
    """The row of a file, or of one of its pores, that gave no numbers."""
    block = empty_block(1, 0)
    block.state[:] = UNREADABLE
    found = {"file": name, "pore": pore, "pores": pores}
    found |= dict.fromkeys(("pore_name", "signature", "title", "assembly", "altloc", "sha256"), "")
    found |= dict.fromkeys(("first_residue", "resolution_angstrom", "conductive"))
    ions = {name: "" if name.startswith("species") else None for name in _ions(())}
    return SurveyRow(found, _numbers(block, model), ions, refusal=refusal)


def survey_table(rows: Sequence[SurveyRow]) -> pd.DataFrame:
    """Rows as one table; the columns are the same whatever the files, those of energies belong to the model."""
    if not rows:
        return pd.DataFrame()
    order = ("file", "pore", "pores", "pore_name", "signature", "first_residue", "resolution_angstrom", "conductive")
    last = ("title", "assembly", "altloc", "sha256")
    table = pd.DataFrame(
        {name: [row.found[name] for row in rows] for name in order}
        | {name: np.concatenate([row.numbers[name] for row in rows]) for name in rows[0].numbers}
        | {name: [row.ions[name] for row in rows] for name in rows[0].ions}
        | {name: [row.found[name] for row in rows] for name in last}
        | {name: [getattr(row, name) for row in rows] for name in ("warnings", "refusal")}
    )
    whole = dict.fromkeys(("pore", "pores", "first_residue"), "Int64")
    real = dict.fromkeys(("resolution_angstrom", *(f"ion_occupancy_{site}" for site in SITES)), "float64")
    return table.astype({**whole, **real, "conductive": "boolean"})


def _opened(item: Any) -> Iterator[Any]:
    yield from structure_files([item]) if isinstance(item, str | PathLike) else [item]


def _rows_or_refusal(source: Any, *, model: Model, **how: Any) -> list[SurveyRow]:
    try:
        return survey_file(source, model=model, **how)
    except SelectivityError as refusal:
        name = source.provenance.source if isinstance(source, Filter) else str(source)
        return [refused_row(name, str(refusal), model)]


def _row(filter: Filter, model: Model, name: str) -> SurveyRow:
    followed, positions = structure_frame(filter)
    block = seen(Observer(followed, model), positions)
    how = filter.provenance
    conductive, _ = is_conductive(filter, [coordinate(filter, site) for site in filter.sites])
    found = {
        "file": name,
        "pore": int(how.pore),
        "pores": len(how.pores_found),
        "pore_name": how.pores_found[int(how.pore) - 1],
        "signature": filter.signature,
        "first_residue": filter.first_residue,
        "resolution_angstrom": how.resolution_angstrom,
        "conductive": conductive,
        "title": how.title,
        "assembly": how.assembly,
        "altloc": how.altloc,
        "sha256": how.sha256 or "",
    }
    return SurveyRow(found, _numbers(block, model), _ions(filter.ions), warnings="; ".join(filter.warnings))


def _numbers(block: FrameBlock, model: Model) -> dict[str, NDArray[Any]]:
    columns = frame_columns(block, PLACES, model)
    return {name: column for name, column in columns.items() if name not in OF_A_RUN}


def _ions(ions: Sequence[FilterIon]) -> dict[str, Any]:
    """What the refinement says of each site: species as in the file, the most occupied first, and the sum of their occupancies."""
    held = {site: sorted((i for i in ions if i.site == site), key=lambda i: -i.occupancy) for site in SITES}
    names = {f"species_{site}": "+".join(ion.name for ion in there) for site, there in held.items()}
    return names | {f"ion_occupancy_{site}": sum((ion.occupancy for ion in there), 0.0) for site, there in held.items()}
