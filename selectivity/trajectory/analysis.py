"""How do users of MDAnalysis ask? `FilterAnalysis(...).run(...)`, in their grammar; results are arrays and tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from MDAnalysis.analysis.base import AnalysisBase
from MDAnalysis.analysis.results import ResultsGroup

from selectivity.trajectory.block import FrameBlock, Model, Observer
from selectivity.trajectory.columns import tables
from selectivity.trajectory.readers import cell_of, time_of
from selectivity.trajectory.relaxed import Relaxation, library
from selectivity.trajectory.topology import FollowedFilter, follow

_FIELDS = tuple(field.name for field in fields(FrameBlock))


class FilterAnalysis(AnalysisBase):
    """Rings, occupancy, flips, coordination and K+/Na+ energies of a selectivity filter in every frame.

    ``source`` is a Universe or AtomGroup (of all atoms that matter: filter, ions, waters); the filter is found in its current frame
    and followed. ``treatments`` of "rigid" (every frame) and "relaxed" (about 30 frames per second and core), () for geometry alone;
    ``cold_every`` makes the full relaxed search in the last of every so many frames (None: in none).
    ``pore`` chooses among several.

    After ``run(start, stop, step, backend="serial" | "multiprocessing" | "dask", n_workers=...)``: ``results.frames`` (one row per
    frame, units in the names) and ``results.ions`` (one row per ion near the axis), and the arrays of `FrameBlock` by name.

    >>> import MDAnalysis
    >>> from selectivity.structure.ideal import build_pdb
    >>> from MDAnalysis.lib.util import NamedStream
    >>> from io import StringIO
    >>> universe = MDAnalysis.Universe(NamedStream(StringIO(build_pdb("kcsa-like")), "kcsa.pdb"))
    >>> FilterAnalysis(universe, treatments=()).run().results.frames["occupancy"].tolist()
    ['-KKKK-']
    """

    _analysis_algorithm_is_parallelizable = True

    @classmethod
    def get_supported_backends(cls) -> tuple[str, ...]:
        """Backends of MDAnalysis under which the results are those of the serial run."""
        return ("serial", "multiprocessing", "dask")

    def __init__(
        self,
        source: Any,
        *,
        treatments: tuple[str, ...] = ("rigid",),
        force_field: str = "charmm36",
        hydration: str = "force-field",
        temperature: float = 298.15,
        sigma: float = 0.30,
        cold_every: int | None = None,
        pore: str | int | None = None,
        verbose: bool = False,
    ) -> None:
        universe = source.universe
        super().__init__(universe.trajectory, verbose=verbose)
        self._universe = universe
        self.followed: FollowedFilter = follow(source, pore=pore, n_atoms=len(universe.atoms))
        self.model = Model(treatments, force_field, hydration, temperature, sigma).checked()
        self._cold_every = cold_every
        self._known = (
            library(self.followed.filter, force_field=force_field, sigma=sigma) if "relaxed" in treatments else None
        )

    @property
    def block(self) -> FrameBlock:
        """All frames of the last run as one `FrameBlock`."""
        return self._whole

    def _prepare(self) -> None:
        self._observer = Observer(self.followed, self.model)
        self._relaxation = None
        if self._known is not None:
            self._relaxation = Relaxation(self._known, self.model.water_leg, cold_every=self._cold_every)
        empty = self._observer.block(self.n_frames)
        for name in _FIELDS:
            self.results[name] = getattr(empty, name)
        self._block = empty

    def _single_frame(self) -> None:
        step, f = self._ts, self._frame_index
        self._observer.see(
            step.positions, cell_of(step.dimensions), self._block, f, frame=int(step.frame), time_ps=time_of(step)
        )
        if f == len(self._block) - 1:
            self._observer.catch_up(self._block)
            if self._relaxation is not None:
                self._relaxation.score(self._block, self._place)

    def _place(self, f: int) -> tuple[int, int | None]:
        """Where the frame of a row stands among those chosen, which a worker that sees some of them only counts itself."""
        frame = int(self._block.frame[f])
        if self.step is None or self.start is None or self.stop is None:  # frames named one by one
            return frame, None
        chosen = range(self.start, self.stop, self.step)
        return chosen.index(frame), len(chosen)

    def _get_aggregator(self) -> ResultsGroup:
        flat, stacked = ResultsGroup.ndarray_hstack, ResultsGroup.ndarray_vstack
        one = self._observer_of_shapes()
        return ResultsGroup(lookup={name: flat if getattr(one, name).ndim == 1 else stacked for name in _FIELDS})

    def _conclude(self) -> None:
        self._whole = FrameBlock(**{name: self.results[name] for name in _FIELDS})
        made = tables(self._whole, self.followed, self.model)
        self.results.frames, self.results.ions = made.frames, made.ions

    def _observer_of_shapes(self) -> FrameBlock:
        return Observer(self.followed, self.model).block(1)

    def __getstate__(self) -> dict[str, Any]:
        """What travels to a worker: the compiled state is made there (`_prepare`)."""
        state = dict(self.__dict__)
        for name in ("_observer", "_relaxation", "_block", "_whole"):
            state.pop(name, None)
        return state
