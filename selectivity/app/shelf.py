"""What does the server keep? Filters by name, their energies and scores: nothing of any tab, only what would be slow to do again."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from selectivity.app.records import Record, Scored
from selectivity.app.state import CONTROLS, State
from selectivity.app.worker import Workshop
from selectivity.errors import SelectivityError
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import IDEAL_FILTERS

Shown = tuple[Filter, dict[str, Any]]
"""A filter and what a page draws of it."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST_UPLOADS = 16
MOST_RECORDS = 4000
MOST_SCORES = 1000
SCORE_SECONDS = 120.0
"""Real time for one relaxed score; one takes 3 s on a free core."""
PARSE_SECONDS = 10.0
LONGEST_FILE_NAME = 80
FILE = "file"
"""Name in a state of the structure that the command line gave."""


class NobodyWaits(SelectivityError):
    """The page that asked has gone on to another state; the computation was stopped."""


class Kept(Generic[Key, Value]):
    """A dictionary that forgets what was not asked for longest.

    >>> kept = Kept(2)
    >>> for key in "abac":
    ...     kept[key] = key.upper()
    >>> [kept.get(key) for key in "abc"]
    ['A', None, 'C']
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._all: OrderedDict[Key, Value] = OrderedDict()

    def __setitem__(self, key: Key, value: Value) -> None:
        self._all[key] = value
        self._all.move_to_end(key)
        while len(self._all) > self.most:
            self._all.popitem(last=False)

    def get(self, key: Key) -> Value | None:
        """The value, now the one asked for last; None where it is not kept."""
        if key in self._all:
            self._all.move_to_end(key)
        return self._all.get(key)

    def names(self) -> tuple[Key, ...]:
        """All keys."""
        return tuple(self._all)


class Shelf:
    """Filters, records and scores, and the worker that makes them. Lives in one event loop."""

    def __init__(self, workshop: Workshop, given: Shown | None = None, given_name: str | None = None) -> None:
        self.workshop = workshop
        self.given_name = given_name
        self.bundled: dict[str, asyncio.Task[Shown]] = {}
        self.given = given
        self.uploads: Kept[str, tuple[str, Shown]] = Kept(MOST_UPLOADS)
        self.records: Kept[tuple[Any, ...], Record] = Kept(MOST_RECORDS)
        self.scores: Kept[tuple[Any, ...], Scored] = Kept(MOST_SCORES)
        self._grids: set[str] = set()

    def structures(self) -> tuple[str, ...]:
        """Names that a state may choose."""
        return (*([FILE] if self.given is not None else []), *IDEAL_FILTERS, *self.uploads.names())

    async def shown(self, name: str) -> Shown:
        """A filter by its name in a state, and what a page draws of it."""
        if name == FILE and self.given is not None:
            return self.given
        upload = self.uploads.get(name)
        if upload is not None:
            return upload[1]
        if name not in self.bundled:
            future = self.workshop.submit("filter_by_name", name, seconds=SCORE_SECONDS)
            self.bundled[name] = asyncio.ensure_future(self._finished(future, None))
        return await asyncio.shield(self.bundled[name])

    async def filter(self, name: str) -> Filter:
        """A filter by its name in a state."""
        return (await self.shown(name))[0]

    def file_name(self, name: str) -> str | None:
        """How a reader's own disk calls a structure; None for an ideal filter."""
        upload = self.uploads.get(name)
        return self.given_name if name == FILE else None if upload is None else upload[0]

    def record(self, state: State) -> Record | None:
        """What is known of the state's filter at its dilation and treatment."""
        return self.records.get(_record_key(state, state.treatment))

    def rigid(self, state: State) -> Record | None:
        """The rigid record beside a relaxed one: it answers at once."""
        return self.records.get(_record_key(state, "rigid"))

    def score(self, state: State) -> Scored | None:
        """The full score of a state, if it has been computed."""
        return self.scores.get(_score_key(state))

    async def searched(self, state: State, gone: Callable[[], Any]) -> None:
        """The rigid record of the state's dilation, and behind it those of every step of the slider."""
        name, filter = state.structure, await self.filter(state.structure)
        if self.rigid(state) is None:
            await self._recorded(name, filter, (state.dilation,), gone)
        if name not in self._grids:
            self._grids.add(name)
            task = asyncio.ensure_future(self._recorded(name, filter, dilation_steps(), None, patient=True))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def scored(self, state: State, gone: Callable[[], Any]) -> Scored:
        """The full score of a state, from the shelf or from the worker; ``gone`` says when nobody waits for it any more."""
        known = self.score(state)
        if known is None:
            filter = await self.filter(state.structure)
            future = self.workshop.submit(
                "full_score", filter, state.dilation, state.treatment, state.sigma, state.scale,
                state.temperature, seconds=SCORE_SECONDS,
            )  # fmt: skip
            known = await self._finished(future, gone)
            self.scores[_score_key(state)] = known
            self.records[_record_key(state, state.treatment)] = known.record
        return known

    async def upload(self, name: str, content: bytes, gone: Callable[[], Any]) -> str:
        """Read a file in the worker and keep its filter in memory; returns its name for a state."""
        name = safe_name(name)
        key = f"upload-{hashlib.sha256(name.encode() + content).hexdigest()[:16]}"
        future = self.workshop.submit("filter_of_file", name, content, seconds=PARSE_SECONDS)
        self.uploads[key] = (name, await self._finished(future, gone))
        return key

    async def _recorded(
        self,
        name: str,
        filter: Filter,
        dilations: tuple[float, ...],
        gone: Callable[[], Any] | None,
        *,
        patient: bool = False,
    ) -> None:
        future = self.workshop.submit(
            "energy_records", filter, dilations, "rigid", State.sigma, seconds=SCORE_SECONDS, patient=patient
        )
        for dilation, record in zip(dilations, await self._finished(future, gone), strict=True):
            self.records[name, dilation, "rigid", None] = record

    async def _finished(self, future: Future[Any], gone: Callable[[], Any] | None) -> Any:
        """The result of a job; it is stopped when nobody waits for it any more."""
        waiting = asyncio.wrap_future(future)
        try:
            while True:
                done, _ = await asyncio.wait([waiting], timeout=0.05)
                if done:
                    return waiting.result()
                if gone is not None and await gone():
                    raise NobodyWaits("the page went on to another state")
        finally:
            if not future.done():
                self.workshop.drop(future)


def dilation_steps() -> tuple[float, ...]:
    """Every dilation (Å) at which the slider can stand.

    >>> dilation_steps()[:3], len(dilation_steps())
    ((-0.3, -0.25, -0.2), 17)
    """
    control = CONTROLS["dilation"]
    count = round((control.slider_high - control.slider_low) / control.step)
    return tuple(round(control.slider_low + i * control.step, 6) + 0.0 for i in range(count + 1))


def safe_name(name: str) -> str:
    """A file's name without folders and without anything that a shell or a page could take for more than a name.

    >>> safe_name("../../etc/<b>my file.pdb"), safe_name("")
    ('_b_my_file.pdb', 'structure.pdb')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")
    return plain[-LONGEST_FILE_NAME:] or "structure.pdb"


def _record_key(state: State, treatment: str) -> tuple[Any, ...]:
    return state.structure, state.dilation, treatment, None if treatment == "rigid" else state.sigma


def _score_key(state: State) -> tuple[Any, ...]:
    return (*_record_key(state, state.treatment), state.sigma, state.scale, state.temperature)
