"""Where do the nodes of `selectivity permeate` come from? A structure file, scored with the rule queue, or numbers by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from selectivity.cli.progress import counting
from selectivity.errors import EnergyRefused, UnknownChoice

if TYPE_CHECKING:
    from selectivity.permeation.queue_survey import QueueNodes
    from selectivity.score import FilterScore
    from selectivity.structure.filter import Filter

CARRIED = ("coordinates", "hydration", "sigma", "force_field")
"""Errors of the barrier that `score` knows by cause; sampling and the generic numbers are drawn anew here."""


def nodes_by_hand(cages: str | None, planes: str | None, error: float, shared: float) -> QueueNodes:
    """Nodes from two lists of ΔΔG (kJ/mol) in words; what is missing or no number is a usage error."""
    from selectivity.permeation.queue_model import nodes_of
    from selectivity.permeation.queue_survey import QueueNodes

    if cages is None or planes is None:
        raise typer.BadParameter(
            "give FILE, or both --cages and --planes (ΔΔG in kJ/mol from the inside to the outside)"
        )
    nodes = nodes_of(_numbers(cages, "--cages"), _numbers(planes, "--planes"))
    return QueueNodes.by_hand(nodes, error, shared_error_kj_mol=shared)


def nodes_of_filter(filter: Filter, *, ions: tuple[str, str], **settings: Any) -> QueueNodes:
    """Nodes of a filter by `score_filter` with the rule queue; raises `EnergyRefused` where the filter does not conduct."""
    from selectivity.pipeline import score_filter

    if ions[0] != "K":
        raise UnknownChoice(
            f"ions {','.join(ions)}: the generic numbers are those of K+; name K first, for example K,Na"
        )
    with counting("places sampled") as progress:
        score = score_filter(filter, ions=ions, rule="queue", progress=progress, **settings)
    return _nodes_of_score(score)


def _nodes_of_score(score: FilterScore) -> QueueNodes:
    import numpy as np

    from selectivity.permeation.queue_survey import QueueNodes

    queue = score.queue
    if queue is None:
        raise EnergyRefused(
            f"{Path(score.file).name} does not conduct ({score.conductive_reason}): no ions queue in it; "
            "choose another structure, or --force to queue them in the sites that survive"
        )
    errors = {cause: score.error_components_kj_mol.get(cause) for cause in CARRIED}
    return QueueNodes(
        queue.nodes,
        np.array(queue.ddg_kj_mol),
        np.array(queue.ddg_error_kj_mol),
        np.array(queue.z_angstrom),
        barrier_errors_kj_mol={cause: error for cause, error in errors.items() if error is not None},
    )


def _numbers(words: str, option: str) -> list[float]:
    try:
        return [float(word) for word in words.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{option} {words}: numbers separated by commas are needed (kJ/mol)") from None
