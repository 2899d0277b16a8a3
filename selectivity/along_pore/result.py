"""What is known along a pore? Profiles of two ions, their wells and barriers, nodes and ratios, as tables and plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selectivity import __version__
from selectivity.energetics.profile_features import Extreme, Landmarks
from selectivity.energetics.profile_nodes import Node
from selectivity.energetics.thermal_profile import Step
from selectivity.errors import UnknownChoice
from selectivity.permeation.profile_choices import RatioChoice

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Profiles at n heights ``z`` (Å), kJ/mol: ``ddg``, each ion's ``w`` (zero at ``zero_at``), sampling errors (None: no chance).

    ``ends`` names the water that each height sees, ``waters`` maps each ion to the mean number of waters (n,), ``steps`` are the
    heights between different waters. ``consistency`` (n,) is the disagreement of forces and exchange in standard errors.
    """

    z: Vector
    ddg: Vector
    ddg_error: Vector | None
    w: Mapping[str, Vector]
    w_covariance: Mapping[str, Vector] | None
    zero_at: float
    ends: tuple[tuple[str, ...], ...]
    waters: Mapping[str, Vector]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    consistency: Vector | None = None

    def w_error(self, ion: str) -> Vector | None:
        """Standard error (n,) of an ion's own profile against its zero; None without chance."""
        if self.w_covariance is None:
            return None
        return np.asarray(np.sqrt(np.maximum(np.diag(self.w_covariance[ion]), 0.0)))


@dataclass(frozen=True)
class AlongPore:
    """``curves`` of two ions, the wells and barriers of each (``extremes``), ``nodes`` for the queue, and the rule "profile".

    ``nodes`` average all cells by occupancy, ``barrier_nodes`` the planes by resistance (`selectivity.energetics.profile_nodes`).

    ddG is positive where the first ion is preferred. ``ratios`` has one entry for each choice of the own profile of ``reference``
    (K+ where it takes part); ``chosen`` names the one asked for. It is empty, and ``integrated`` (Å) None, where the filter does not
    conduct.
    """

    source: str
    settings: Mapping[str, Any]
    ions: tuple[str, str]
    reference: str
    marks: Landmarks
    curves: Curves
    extremes: Mapping[str, tuple[Extreme, ...]]
    nodes: tuple[Node, ...]
    barrier_nodes: tuple[Node, ...]
    conductive: bool
    conductive_reason: str
    integrated: tuple[float, float] | None
    ratios: tuple[RatioChoice, ...]
    chosen: str
    warnings: tuple[str, ...]
    sources: tuple[str, ...]

    def ratio(self, name: str) -> RatioChoice:
        """The ratio for one choice of W. Raises UnknownChoice for one that was not computed."""
        for each in self.ratios:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.ratios) or f"none: {self.conductive_reason}"
        raise UnknownChoice(f"no ratio for k_profile {name!r}: there is {known}")

    @property
    def largest_disagreement(self) -> float | None:
        """Largest disagreement of the two routes, in standard errors; None without chance."""
        scores = self.curves.consistency
        return None if scores is None else float(np.abs(scores).max())

    def extreme_error(self, ion: str, extreme: Extreme) -> float | None:
        """Standard error (kJ/mol) of an ion's profile at a well or barrier against its zero; None without chance."""
        error = self.curves.w_error(ion)
        return None if error is None else float(np.interp(extreme.z, self.curves.z, error))

    def rows(self) -> list[dict[str, Any]]:
        """One row per height, units in the names; what is not known is None."""
        curves, rows = self.curves, []
        for i, z in enumerate(curves.z):
            row: dict[str, Any] = {"z_angstrom": float(z), "place": self.marks.place(float(z))}
            row |= {"ddg_kj_mol": float(curves.ddg[i]), "ddg_error_kj_mol": _at(curves.ddg_error, i)}
            for ion in self.ions:
                row[f"w_{ion.lower()}_kj_mol"] = float(curves.w[ion][i])
                row[f"w_{ion.lower()}_error_kj_mol"] = _at(curves.w_error(ion), i)
                row[f"waters_{ion.lower()}"] = float(curves.waters[ion][i])
            rows.append(row)
        return rows

    def table(self) -> pd.DataFrame:
        """`rows` as a table; ``attrs`` hold file, settings and version."""
        import pandas as pd

        frame = pd.DataFrame(self.rows())
        frame.attrs.update(version=__version__, file=self.source, settings=dict(self.settings))
        return frame

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, strings, lists and dictionaries; undefined is None."""
        return {
            "version": __version__,
            "file": self.source,
            "ions": list(self.ions),
            "settings": dict(self.settings),
            "zero_at_angstrom": self.curves.zero_at,
            "profile": self.rows(),
            "extremes": {ion: [_extreme(each) for each in found] for ion, found in self.extremes.items()},
            "nodes": [_node(node) for node in self.nodes],
            "barrier_nodes": [_node(node) for node in self.barrier_nodes],
            "conductive": self.conductive,
            "conductive_reason": self.conductive_reason,
            "integrated_angstrom": None if self.integrated is None else list(self.integrated),
            "reference_ion": self.reference,
            "k_profile": self.chosen,
            "ratios": [each.to_dict() for each in self.ratios],
            "largest_disagreement_standard_errors": self.largest_disagreement,
            "water_steps": [_step(step) for step in self.curves.steps],
            "warnings": list(self.warnings),
            "sources": list(self.sources),
        }


def _at(values: Vector | None, i: int) -> float | None:
    return None if values is None else float(values[i])


def _extreme(extreme: Extreme) -> dict[str, Any]:
    return {
        "kind": extreme.kind,
        "place": extreme.place,
        "words": extreme.words,
        "z_angstrom": extreme.z,
        "w_kj_mol": extreme.energy_kj_mol,
        "prominence_kj_mol": extreme.prominence_kj_mol,
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "name": node.name,
        "z_low_angstrom": node.z_low,
        "z_high_angstrom": node.z_high,
        "ddg_kj_mol": node.ddg_kj_mol,
        "ddg_error_kj_mol": node.error_kj_mol,
        "first_kj_mol": node.first_kj_mol,
        "second_kj_mol": node.second_kj_mol,
    }


def _step(step: Step) -> dict[str, Any]:
    plain = asdict(step)
    plain["z_angstrom"] = plain.pop("z")
    return plain | {"below": list(step.below), "above": list(step.above)}
