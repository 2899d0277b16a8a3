"""What does a run say? Its tables boiled down: sites, rings, flips, states, passages, each mean with its error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from selectivity.files import write_text
from selectivity.trajectory.averages import Mean, mean_over_frames
from selectivity.trajectory.block import Model
from selectivity.trajectory.columns import unusable
from selectivity.trajectory.passages import Passages, dwell_times, find_passages
from selectivity.trajectory.perturbation import Perturbation, exchange_by_replica, perturbation
from selectivity.trajectory.states import bound_only, by_replica, populations, transitions, usable
from selectivity.trajectory.store import Store
from selectivity.trajectory.topology import SITES

BASE = ("replica", "frame", "time_ps", "state")


@dataclass(frozen=True)
class SiteSummary:
    """One site over the usable frames: shares of frames with K+, Na+, another ion, water only; means; perturbation.

    ``ddg`` maps "rigid" and "relaxed" to the mean over frames (all, or only those with K+ in the site); ``coordination`` maps carbonyl,
    hydroxyl, water to the mean number around the ion there; ``cold`` is the largest difference of relaxed and fully searched ddG.
    """

    site: str
    shares: Mapping[str, Mean]
    formed: float | None
    coordination: Mapping[str, float | None]
    ddg: Mapping[str, Mean]
    perturbation: Perturbation
    cold_checks: int
    cold_kj_mol: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "site": self.site,
            "shares": {name: mean.to_dict() for name, mean in self.shares.items()},
            "formed_share": self.formed,
            "coordination": dict(self.coordination),
            "ddg_kj_mol": {name: mean.to_dict() for name, mean in self.ddg.items()},
            "perturbation": self.perturbation.to_dict(),
            "cold_checks": self.cold_checks,
            "cold_difference_kj_mol": self.cold_kj_mol,
        }


@dataclass(frozen=True)
class Summary:
    """A run in numbers; tables are DataFrames with units in their column names."""

    question: Mapping[str, Any]
    n_frames: int
    n_usable: int
    unusable: tuple[str, ...]
    bound_only: bool
    sites: tuple[SiteSummary, ...]
    rings: pd.DataFrame
    flips: pd.DataFrame
    populations: pd.DataFrame
    transitions: pd.DataFrame
    dwell: pd.DataFrame
    passages: Passages
    voltage_mv: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; None where a number is undefined."""
        current = self.passages.current_interval_pa
        return {
            "run": dict(self.question),
            "n_frames": self.n_frames,
            "n_usable": self.n_usable,
            "unusable": list(self.unusable),
            "bound_only": self.bound_only,
            "sites": [site.to_dict() for site in self.sites],
            **{
                name: _records(getattr(self, name))
                for name in ("rings", "flips", "populations", "transitions", "dwell")
            },
            "passages": {
                "events": _records(self.passages.events),
                "duration_ps": self.passages.duration_ps,
                "net": self.passages.net,
                "current_pa": self.passages.current_pa,
                "current_interval_pa": None if current is None else list(current),
                "voltage_mv": self.voltage_mv,
                "conductance_ps": None if self.voltage_mv is None else self.passages.conductance_ps(self.voltage_mv),
            },
        }

    def rows(self) -> list[dict[str, Any]]:
        """One row per site for a table, units in the names."""
        rows = []
        for s in self.sites:
            row: dict[str, Any] = {"site": s.site}
            for name, mean in s.shares.items():
                row |= {f"share_{name}": mean.mean, f"share_{name}_error": mean.error}
            row |= {f"cn_{name}": value for name, value in s.coordination.items()}
            for name, mean in s.ddg.items():
                row |= {
                    f"ddg_{name}_kj_mol": mean.mean,
                    f"ddg_{name}_error_kj_mol": mean.error,
                    f"n_{name}": mean.n_frames,
                }
            row |= {
                "ddg_perturbation_kj_mol": s.perturbation.ddg_kj_mol,
                "ddg_perturbation_error_kj_mol": s.perturbation.error_kj_mol,
                "effective_frames": s.perturbation.effective,
            }
            rows.append(row)
        return rows


def summarise(store: Store, *, bound: bool = False, voltage_mv: float | None = None, seed: int = 0) -> Summary:
    """Statistics over all frames of a run; ``bound`` takes ddG only from frames with K+ in the site.

    Columns are read as they are needed, so that memory stays far below that of the whole table. ``voltage_mv`` (positive drives
    cations outward) turns a current into a conductance.
    """
    question = store.question
    base = store.read("frames", [*BASE, "occupancy"])
    heights = [f"z_{name}_angstrom" for name in _rings(question)]
    frames, ions = store.read("frames", [*BASE, *heights]), store.read("ions")
    good = usable(frames)
    rings, flips = _shape_tables(store, seed)
    return Summary(
        question=question,
        n_frames=len(base),
        n_usable=len(good),
        unusable=tuple(unusable(base)),
        bound_only=bound,
        sites=tuple(_sites(store, bound, seed)),
        rings=rings,
        flips=flips,
        populations=populations(base, seed=seed),
        transitions=transitions(base),
        dwell=dwell_times(frames, ions),
        passages=find_passages(good, ions),
        voltage_mv=voltage_mv,
    )


def write_tables(summary: Summary, store: Store) -> None:
    """States, what follows what, and stays as CSV files in the folder of a run: occupancy.csv, transitions.csv, dwell.csv."""
    tables = {"occupancy": summary.populations, "transitions": summary.transitions, "dwell": summary.dwell}
    for name, table in tables.items():
        write_text(store.folder / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))


def _rings(question: Mapping[str, Any]) -> list[str]:
    return [name.replace(" ", "_") for name in question["filter"]["rings"]]


def _sites(store: Store, bound: bool, seed: int) -> Iterator[SiteSummary]:
    """The sites, two at a time: opening hundreds of parts takes longer than reading more columns, and memory stays small."""
    treatments = store.question["treatments"]
    for some in (SITES[:2], SITES[2:4], SITES[4:]):
        names = [c for site in some for group in _columns_of(site, treatments).values() for c in group]
        frames = usable(store.read("frames", [*BASE, *names]))
        for site in some:
            yield _site(store, frames, site, bound, seed)


def _columns_of(site: str, treatments: Sequence[str]) -> dict[str, list[str]]:
    return {
        "counts": [f"n_{kind}_{site}" for kind in ("k", "na", "other", "water")],
        "ligands": [f"cn_{kind}_{site}" for kind in ("carbonyl", "hydroxyl", "water")],
        "energies": [f"ddg_{name}_{site}_kj_mol" for name in treatments],
        "cold": [f"ddg_cold_{site}_kj_mol"] if "relaxed" in treatments else [],
        "others": [f"exchange_{site}_kj_mol", f"formed_{site}"],
    }


def _site(store: Store, frames: pd.DataFrame, site: str, bound: bool, seed: int) -> SiteSummary:
    treatments = store.question["treatments"]
    columns = _columns_of(site, treatments)
    counts, ligands, energies, cold = (columns[name] for name in ("counts", "ligands", "energies", "cold"))
    exchange = columns["others"][0]

    def mean(values: pd.Series) -> Mean:
        return mean_over_frames(by_replica(frames, values), seed=seed)

    ion = frames[counts[:3]].sum(axis=1) > 0
    there = {name: frames[column] > 0 for name, column in zip(("k", "na", "other"), counts[:3], strict=True)}
    there["water_only"] = (frames[counts[3]] > 0) & ~ion
    chosen = {
        name: bound_only(frames, c, site) if bound else frames[c] for name, c in zip(treatments, energies, strict=True)
    }
    model = Model((), store.question["force_field"], store.question["hydration"], store.question["temperature_k"])
    checks = (
        (frames[energies[treatments.index("relaxed")]] - frames[cold[0]]).abs().dropna()
        if cold
        else pd.Series(dtype=float)
    )
    return SiteSummary(
        site=site,
        shares={name: mean(values.astype(float)) for name, values in there.items()},
        formed=float(frames[f"formed_{site}"].mean()) if len(frames) else None,
        coordination={
            c.split("_")[1]: float(frames[c][frames[c] >= 0].mean()) if (frames[c] >= 0).any() else None
            for c in ligands
        },
        ddg={name: mean(values) for name, values in chosen.items()},
        perturbation=perturbation(
            exchange_by_replica(frames["replica"].to_numpy(), frames[exchange].to_numpy()),
            water_leg=model.water_leg,
            temperature=model.temperature,
        ),
        cold_checks=len(checks),
        cold_kj_mol=float(checks.max()) if len(checks) else None,
    )


def _shape_tables(store: Store, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rings and flipped carbonyls."""
    names, groups = _rings(store.question), list(store.question["filter"]["carbonyls"])
    radii, flipped = [f"radius_{ring}_angstrom" for ring in names], [f"flipped_{name}" for name in groups]
    frames = usable(store.read("frames", [*BASE, *radii, *flipped]))
    rings, flips = [], []
    for column, name in zip(radii, store.question["filter"]["rings"], strict=True):
        mean = mean_over_frames(by_replica(frames, frames[column]), seed=seed)
        spread = float(frames[column].std()) if mean.n_frames > 1 else None
        rings.append(
            {"ring": name, "radius_angstrom": mean.mean, "error_angstrom": mean.error, "spread_angstrom": spread}
        )
    for residue in dict.fromkeys(name.rsplit(".", 1)[0] for name in groups):
        columns = [f"flipped_{name}" for name in groups if name.rsplit(".", 1)[0] == residue]
        mean = mean_over_frames(by_replica(frames, frames[columns].mean(axis=1)), seed=seed)
        flips.append({"residue": residue, "flipped_share": mean.mean, "error": mean.error})
    return pd.DataFrame(rings), pd.DataFrame(flips)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as plain Python values, None for NaN."""
    return [
        {
            str(k): (None if isinstance(v, float) and not np.isfinite(v) else v.item() if hasattr(v, "item") else v)
            for k, v in row.items()
        }
        for row in table.to_dict("records")
    ]
