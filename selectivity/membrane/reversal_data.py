"""Reversal potentials as they are measured: solutions on both sides, a voltage, its error; from arrays or a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from selectivity.errors import FileUnreadable, OutOfRange, UnknownChoice, hint
from selectivity.files import read_text
from selectivity.membrane.activity import activities
from selectivity.membrane.conditions import (
    Concentrations,
    Numbers,
    broadcast,
    checked_amount,
    checked_number,
    checked_temperature,
    valence_of,
)

COLUMNS = "v_rev_mv, temperature_k, error_mv (optional), junction_mv (optional), and <ion>_out_mm with <ion>_in_mm"
"""What a CSV file of reversal potentials holds, in words for messages."""
_LONGEST_NAME = 60
_EXAMPLES = (
    "v_rev_mv", "temperature_k", "error_mv", "junction_mv",
    *(f"{ion}_{side}_mm" for ion in ("K", "Na", "Cl", "Ca") for side in ("out", "in")),
)  # fmt: skip

UNBALANCED_SHARE = 0.1
"""Net charge over total charge up to which a solution counts as complete: buffers and trace ions may be left out."""


@dataclass(frozen=True)
class ReversalData:
    """Measured reversal potentials; every array has one element per measurement.

    outside, inside: ion -> mM (or activities in mM). reversal_mv: inside minus outside. error_mv: standard error, or
    None where unknown. temperature_k. valence: charge numbers of ions not known by name.
    """

    outside: Mapping[str, Numbers]
    inside: Mapping[str, Numbers]
    reversal_mv: Numbers
    temperature_k: Numbers
    error_mv: Numbers | None = None
    valence: Mapping[str, int] | None = None

    @property
    def ions(self) -> tuple[str, ...]:
        """Ions named on either side, in order."""
        return tuple(dict.fromkeys([*self.outside, *self.inside]))

    def __len__(self) -> int:
        return int(self.reversal_mv.size)

    def corrected_for_junction(self, junction: ArrayLike) -> ReversalData:
        """The same data with a junction potential (mV, bath relative to pipette) taken off every voltage."""
        shift = checked_number(junction, "junction potential (mV)")
        broadcast(self.reversal_mv, shift)
        return replace(self, reversal_mv=self.reversal_mv - shift)

    def as_activities(self, *, model: str = "davies") -> ReversalData:
        """The same data with activities in place of concentrations; each side must list all its ions, anions too.

        Raises OutOfRange for a side whose ions leave more than a tenth of their charge unbalanced: its ionic strength is unknown.
        """
        for side, name in ((self.outside, "outside"), (self.inside, "inside")):
            _refuse_half_a_solution(side, name, self.valence)
        sides = [
            activities(side, temperature=self.temperature_k, model=model, valence=self.valence)
            for side in (self.outside, self.inside)
        ]
        return replace(self, outside=sides[0], inside=sides[1])


def reversal_data(
    *,
    reversal: ArrayLike,
    outside: Concentrations,
    inside: Concentrations,
    temperature: ArrayLike,
    error: ArrayLike | None = None,
    valence: Mapping[str, int] | None = None,
) -> ReversalData:
    """Checked measurements from arrays or scalars that broadcast to one dimension; an ion absent from a side counts as 0.

    Raises OutOfRange for numbers that are negative, not finite or do not broadcast, UnknownChoice for an unknown ion.

    >>> data = reversal_data(reversal=[-82.7, -65.0], outside={"Na": 150, "K": [0, 3]}, inside={"K": 150}, temperature=298.15)
    >>> len(data), data.ions, data.inside["Na"].tolist()
    (2, ('Na', 'K'), [0.0, 0.0])
    """
    volts = np.atleast_1d(checked_number(reversal, "reversal potential (mV)"))
    ions = tuple(dict.fromkeys([*outside, *inside]))
    if not ions:
        raise OutOfRange("reversal data: no ion on either side; give concentrations in mM by ion")
    for ion in ions:
        valence_of(ion, valence)
    checked = [
        {ion: checked_amount(side.get(ion, 0.0), f"[{ion}] {name} (mM)") for ion in ions}
        for side, name in ((outside, "outside"), (inside, "inside"))
    ]
    kelvin = checked_temperature(temperature)
    errors = None if error is None else checked_amount(error, "error (mV)", zero_allowed=False)
    arrays = [volts, kelvin, *checked[0].values(), *checked[1].values(), *([] if errors is None else [errors])]
    shape = broadcast(*arrays)
    if len(shape) != 1 or not volts.size:
        raise OutOfRange(f"reversal data: got shape {shape}, need one list of at least one measurement")

    def row(array: Numbers) -> Numbers:
        return np.array(np.broadcast_to(array, shape))

    return ReversalData(
        outside={ion: row(c) for ion, c in checked[0].items()},
        inside={ion: row(c) for ion, c in checked[1].items()},
        reversal_mv=row(volts),
        temperature_k=row(kelvin),
        error_mv=None if errors is None else row(errors),
        valence=valence,
    )


def _refuse_half_a_solution(side: Mapping[str, Numbers], name: str, valence: Mapping[str, int] | None) -> None:
    charges = [valence_of(ion, valence) * c for ion, c in side.items()]
    net, total = np.abs(sum(charges)), sum(np.abs(charge) for charge in charges)
    if np.any(net > UNBALANCED_SHARE * total):
        raise OutOfRange(
            f"activities: the solution {name} lists ions of net charge {float(np.max(net)):.4g} mM, so its ionic strength is "
            "unknown; list every ion of each side, counter-ions too, and name those to fit with ions="
        )


def read_reversal_data(path: str | Path) -> ReversalData:
    """Measurements from a CSV file with a header; lines that begin with # are comments.

    Columns: v_rev_mv, temperature_k, error_mv (optional), junction_mv (optional: bath relative to pipette, taken off), and
    for every ion <ion>_out_mm and <ion>_in_mm. Raises FileUnreadable for a file that is no such table, UnknownChoice for a
    column it does not know or an ion without its other side, OutOfRange for impossible numbers.
    """
    header, rows = _table(path)
    cells = {name: _column(path, rows, index, name) for index, name in enumerate(header)}
    for needed in ("v_rev_mv", "temperature_k"):
        if needed not in cells:
            raise UnknownChoice(f"{path}: no column {needed}; a table of reversal potentials has {COLUMNS}")
    sides: dict[str, dict[str, list[float]]] = {"out": {}, "in": {}}
    for name, values in cells.items():
        if name in ("v_rev_mv", "temperature_k", "error_mv", "junction_mv"):
            continue
        ion, _, tail = name.removesuffix("_mm").rpartition("_")
        if not name.endswith("_mm") or tail not in sides:
            raise UnknownChoice(f"{path}: unknown column {name!r}; the columns are {COLUMNS}{hint(name, _EXAMPLES)}")
        sides[tail][ion] = values
    for ion in {*sides["out"], *sides["in"]}:
        for tail in ("out", "in"):
            if ion not in sides[tail]:
                raise UnknownChoice(f"{path}: no column {ion}_{tail}_mm beside the other side's; add it (0 is allowed)")
    try:
        data = reversal_data(
            reversal=cells["v_rev_mv"],
            outside=sides["out"],
            inside=sides["in"],
            temperature=cells["temperature_k"],
            error=cells.get("error_mv"),
        )
    except (OutOfRange, UnknownChoice) as refusal:
        raise type(refusal)(f"{path}: {refusal}") from None
    return data.corrected_for_junction(cells["junction_mv"]) if "junction_mv" in cells else data


def _table(path: str | Path) -> tuple[list[str], list[list[str]]]:
    text = read_text(path, need="give a CSV file in UTF-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) < 2:
        raise FileUnreadable(f"{path}: no measurements; the first line names the columns: {COLUMNS}")
    try:
        header, *rows = ([cell.strip() for cell in row] for row in csv.reader(lines))
    except csv.Error as failure:
        raise FileUnreadable(f"{path}: not a CSV file ({failure}); give a CSV file in UTF-8") from None
    if max(map(len, header)) > _LONGEST_NAME:
        raise FileUnreadable(f"{path}: a column name of {max(map(len, header))} characters; the columns are {COLUMNS}")
    if len(set(header)) != len(header):
        raise FileUnreadable(f"{path}: a column name stands twice in the header")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise FileUnreadable(
                f"{path}: measurement {number} has {len(row)} cells where the header has {len(header)}"
            )
    return header, rows


def _column(path: Any, rows: list[list[str]], index: int, name: str) -> list[float]:
    values = []
    for number, row in enumerate(rows, start=1):
        try:
            values.append(float(row[index]))
        except ValueError:
            cure = "; the cells are parted by semicolons, save them with commas" if ";" in row[index] else ""
            shown = row[index] if len(row[index]) <= _LONGEST_NAME else f"{row[index][:_LONGEST_NAME]}..."
            raise FileUnreadable(f"{path}: measurement {number}, {name}: {shown!r} is not a number{cure}") from None
    return values
