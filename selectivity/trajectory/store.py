"""Where do the results of a long run lie? A folder of Parquet parts, one per chunk, each there whole or not at all.

Parquet, because a run is a table (numbers, flags, words) that only grows: a part is never touched again, so a killed run loses the
chunk it was at and nothing else, many processes write without a lock, and pandas, polars, DuckDB, R and Spark read the folder as
one table, column by column. Zarr and NetCDF hold arrays of one type, and a NetCDF or HDF5 file that grows in place is lost with
the process that writes it.

    DIR/run.json                          what was asked for; another question does not continue this run
    DIR/frames/r0000-c000000.parquet      one row per frame
    DIR/ions/r0000-c000000.parquet        one row per ion near the axis and frame
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from selectivity.errors import FileUnreadable, UnknownChoice
from selectivity.files import FileUnwritable, atomic_path, write_text
from selectivity.trajectory.columns import FrameTables

FORMAT = 1


@dataclass(frozen=True)
class Store:
    """A folder of results; ``question`` is what run.json says."""

    folder: Path
    question: Mapping[str, Any]

    def part(self, table: str, replica: int, chunk: int) -> Path:
        """Path of one part of "frames" or "ions"."""
        return self.folder / table / f"r{replica:04d}-c{chunk:06d}.parquet"

    def done(self, replica: int, chunk: int) -> bool:
        """Whether a chunk is there; its frames are written last."""
        return self.part("frames", replica, chunk).exists()

    def write(self, replica: int, chunk: int, made: FrameTables) -> None:
        """Both parts of a chunk, each in one step, the frames last."""
        for table, data in (("ions", made.ions), ("frames", made.frames)):
            with atomic_path(self.part(table, replica, chunk)) as temporary:
                data.to_parquet(temporary, engine="pyarrow", compression="zstd", index=False)

    def read(self, table: str = "frames", columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All parts of a table in the order of replicas and frames; ``columns`` reads only these. FileUnreadable when none is there."""
        parts = sorted((self.folder / table).glob("r*-c*.parquet"))
        whole = [part for part in parts if (self.folder / "frames" / part.name).exists()]
        if not whole:
            raise FileUnreadable(f"{self.folder}: no finished chunk; run the trajectories first")
        import pyarrow

        wanted = None if columns is None else list(dict.fromkeys(columns))
        tables = [_read_part(part, wanted) for part in whole]
        # A part without any occupancy has a column of nulls, which has no type of its own.
        try:
            return pyarrow.concat_tables(tables, promote_options="default").to_pandas()
        except Exception as damage:  # parts that do not go together
            raise FileUnreadable(_damaged(self.folder / table, damage)) from None


def _read_part(part: Path, columns: list[str] | None) -> Any:
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(part) as file:  # pandas takes three times as long to open one
            found = file.read(columns=columns, use_threads=False)
        found.validate(full=True)
        return found.replace_schema_metadata(None)  # what pandas notes there is not needed
    except Exception as damage:  # pyarrow has no one class for what a damaged file does
        raise FileUnreadable(_damaged(part, damage)) from None


def _damaged(place: Path, damage: Exception) -> str:
    reason = " ".join(str(damage).split())[:120]
    return f"{place}: damaged ({reason}); remove this file and run again, only its frames are computed"


def create_or_continue(folder: str | Path, question: Mapping[str, Any]) -> Store:
    """The store of a question: made where there is none, continued where the same was asked before.

    Raises UnknownChoice when the folder holds the answer to another question or files of another kind.
    """
    place = Path(folder)
    asked = {"format": FORMAT, **json.loads(json.dumps(question))}
    manifest = place / "run.json"
    if manifest.exists():
        known = _read_manifest(manifest)
        different = sorted(key for key in {*asked, *known} if asked.get(key) != known.get(key))
        if different:
            raise UnknownChoice(
                f"{place}: holds a run with other {', '.join(different)}; a run goes on only with the same: choose another --out"
            )
        return Store(place, asked)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise UnknownChoice(
                f"{place}: not empty and no run of this program; an empty folder is needed: choose another --out"
            )
        for table in ("frames", "ions"):
            (place / table).mkdir(exist_ok=True)
    except OSError as refusal:
        raise FileUnwritable(f"{place}: cannot be made ({refusal.strerror}); choose another --out") from None
    write_text(manifest, json.dumps(asked, indent=2) + "\n")
    return Store(place, asked)


def open_run(folder: str | Path) -> Store:
    """The store in a folder, to read from; FileUnreadable when there is none."""
    manifest = Path(folder) / "run.json"
    if not manifest.is_file():
        raise FileUnreadable(f"{folder}: no run.json; give the folder that was --out of a trajectory run")
    return Store(Path(folder), _read_manifest(manifest))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FileUnreadable(f"{path}: not readable as JSON ({error}); remove the folder and run again") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileUnreadable(f"{path}: not a run of this version (format {FORMAT} is needed); choose another folder")
    return content
