"""How is a point of a scan searched at a third of the cost? From the arrangements of the unchanged filter, found once for all points.

A full search walks, starts afresh and shakes at every point. Neighbouring filters have the same few arrangements of their
ligands, so here every height starts from what the full search found there in the filter before its knobs were turned (the
anchor) and from the rivals that came within a few kJ/mol of it, takes the displacement of the knobs along, and arrangements that
changed are then exchanged between heights and ions until nothing improves; a few shakes of single rings find what no neighbour
has. At the anchor itself the sites are those of the full search or lower; the barrier, integrated over half as many heights, is
within 0.3 kJ/mol of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selectivity.energetics.arrangements import alike, partly_shaken
from selectivity.energetics.ligands import LigandSystem, filter_ligands
from selectivity.energetics.minimise import Minimum, Region, minimise
from selectivity.energetics.profile import IMPROVEMENT, MOST_SWEEPS, NUDGE, SHAKE_SEED, PoreProfile, profile_heights
from selectivity.pipeline.energies import filter_energies
from selectivity.pipeline.permeability import permeability
from selectivity.pipeline.settings import Settings
from selectivity.pipeline.sites import site_scores
from selectivity.pipeline.voltage import membrane_score
from selectivity.pipeline.words import assembled
from selectivity.score import FilterScore
from selectivity.structure.filter import Filter, Site

POINT_SPACING = 0.5
"""Largest distance of neighbouring heights at a point, Å, twice that of a score: moves a barrier by 0.1 to 0.3 kJ/mol."""

RIVAL = 10.0
"""kJ/mol; arrangements that lie higher than this in the anchor are not tried at the points. benchmarks/scan_speed.py holds the result
against full searches."""

SHAKES = 6
"""Starts with single shaken rings at the centre of every site for each ion, a tenth of the cost of a point: S1 of the KcsA-like
filter is then within 1.1 instead of 4.0 kJ/mol of the full search (12 points). Fresh starts from the file's coordinates found nothing."""

SAME_SHAPE = 1e-6
"""Å; a group whose atoms were all displaced alike within this kept its shape and its turn."""


@dataclass(frozen=True)
class Anchor:
    """The arrangements of both ions in the filter before its knobs were turned, and the ligands they belong to.

    ``rivals`` maps an ion to the other arrangements of every height within `RIVAL` of the best.
    """

    system: LigandSystem
    profile: PoreProfile
    rivals: Mapping[str, tuple[tuple[Minimum, ...], ...]]


def anchor_of(filter: Filter, settings: Settings) -> Anchor:
    """The full search of one filter; checked ``settings``."""
    energies = filter_energies(filter, settings)
    profile = energies.profile
    search = _Carried(energies.system, profile.ions, profile.z, profile.lateral)
    search.best = {(ion, i): minimum for ion in profile.ions for i, minimum in enumerate(profile.minima[ion])}
    rivals = {ion: tuple(search.rivals(ion, i) for i in range(len(profile.z))) for ion in profile.ions}
    return Anchor(energies.system, profile, rivals)


def can_carry(settings: Settings) -> bool:
    """Whether points of these settings can start from an anchor: relaxed and dry; the rigid search is cheap as it is."""
    return settings.treatment == "relaxed" and settings.hydration_state == "dry"


def carried_score(filter: Filter, settings: Settings, anchor: Anchor) -> FilterScore | None:
    """The score of a filter whose search starts from the anchor; None where its ligands are not those of the anchor.

    Everything but the search along the axis is done as `score_filter` does it; the rules that were not chosen are left out.
    """
    system = filter_ligands(filter, force_field=settings.force_field, sigma=settings.sigma)  # type: ignore[arg-type]
    if (system.labels, system.kinds) != (anchor.system.labels, anchor.system.kinds):
        return None
    profile = carried_profile(filter.sites, system, settings.searched, anchor)
    energies = filter_energies(filter, settings, profile)
    passage = permeability(energies, settings, beside=False)
    return assembled(energies, passage, site_scores(energies, settings), membrane_score(passage, settings), settings)


def carried_profile(sites: Sequence[Site], system: LigandSystem, ions: Sequence[str], anchor: Anchor) -> PoreProfile:
    """Both ions along the axis of ``system``, each height from the anchor's minimum and its rivals at the same share of the way.

    ``hysteresis`` is zero by construction: nothing is walked.
    """
    z, lateral = profile_heights(sites, POINT_SPACING)
    search = _Carried(system, tuple(ions), z, lateral)
    for ion in search.ions:
        known = anchor.profile.minima[ion]
        for i in range(len(z)):
            there = round(i * (len(known) - 1) / (len(z) - 1))
            for seed in (known[there], *anchor.rivals[ion][there]):
                search.offer(ion, i, search.descend(ion, i, _displaced(seed, anchor.system, system)))
                if seed is known[there]:
                    search.known_paths(ion, i)
    search.settle()
    search.shake(sites)
    search.settle()
    minima = {ion: tuple(search.best[ion, i] for i in range(len(z))) for ion in search.ions}
    return PoreProfile(search.ions, z, lateral, minima, {ion: np.zeros(len(z)) for ion in search.ions})


class _Carried:
    """The best arrangement of every ion at every height, and the seeds that were tried since."""

    def __init__(self, system: LigandSystem, ions: tuple[str, ...], z: np.ndarray, lateral: np.ndarray) -> None:
        self.system, self.ions, self.z, self.lateral = system, ions, z, lateral
        self.best: dict[tuple[str, int], Minimum] = {}
        self.tried: dict[tuple[str, int, str, int], Minimum] = {}

    def descend(self, ion: str, i: int, seed: Minimum) -> Minimum:
        """The minimum of an ion held at a height, from a seed."""
        place = seed.ion_positions.copy()
        place[0, 2] = self.z[i]
        region = Region(lateral_radius=float(self.lateral[i]))
        warm = replace(seed, ion_positions=place + NUDGE)
        return minimise(self.system, ion, fixed_z=float(self.z[i]), region=region, warm=warm)

    def offer(self, ion: str, i: int, found: Minimum) -> bool:
        """Keep a minimum that is the first or lower than the best known."""
        known = self.best.get((ion, i))
        if known is not None and not (found.converged and found.energy_kj_mol < known.energy_kj_mol - IMPROVEMENT):
            return False
        self.best[ion, i] = found
        return True

    def known_paths(self, ion: str, i: int) -> None:
        """Take the ways from this arrangement along the axis for tried: the anchor's search went them; what came close is a rival.

        From one ion to the other they are gone again: most of what a point finds anew comes that way.
        """
        for j in (i - 1, i + 1):
            self.tried[ion, i, ion, j] = self.best[ion, i]

    def rivals(self, ion: str, i: int) -> tuple[Minimum, ...]:
        """Other arrangements that the neighbours of a height lead to, within `RIVAL` of the best."""
        best, found = self.best[ion, i], list[Minimum]()
        for source, j in self._near(ion, i):
            seed = self.best[source, j]
            if alike(seed, best):
                continue
            other = self.descend(ion, i, seed)
            close = other.converged and other.energy_kj_mol < best.energy_kj_mol + RIVAL
            if close and not any(alike(other, known) for known in (best, *found)):
                found.append(other)
        return tuple(found)

    def shake(self, sites: Sequence[Site]) -> None:
        """`SHAKES` starts with single shaken rings at the centre of every site; a fixed sequence, the same for every filter."""
        rng = np.random.default_rng(SHAKE_SEED)
        for site in sites:
            i = int(np.argmin(np.abs(self.z - 0.5 * (site.z_low + site.z_high))))
            for ion in self.ions:
                for _ in range(SHAKES):
                    self.offer(ion, i, self.descend(ion, i, partly_shaken(self.system, self.best[ion, i], rng)))

    def settle(self) -> None:
        """Pass arrangements on between neighbouring heights and ions, out and back, until nothing improves."""
        heights = range(len(self.z))
        for _ in range(MOST_SWEEPS):
            if not any([self._sweep(heights), self._sweep(heights[::-1])]):
                return

    def _sweep(self, order: Sequence[int]) -> bool:
        return any([self._pass_on(s, j, ion, i) for i in order for ion in self.ions for s, j in self._near(ion, i)])

    def _near(self, ion: str, i: int) -> Iterator[tuple[str, int]]:
        yield from ((other, i) for other in self.ions if other != ion)
        yield from ((ion, j) for j in (i - 1, i + 1) if 0 <= j < len(self.z))

    def _pass_on(self, source: str, j: int, ion: str, i: int) -> bool:
        seed, path = self.best[source, j], (source, j, ion, i)
        if self.tried.get(path) is seed or alike(seed, self.best[ion, i]):
            return False
        self.tried[path] = seed
        if not self.offer(ion, i, self.descend(ion, i, seed)):
            return False
        self.tried[ion, i, source, j] = self.best[ion, i]  # the way back leads to where it came from
        return True


def _displaced(seed: Minimum, before: LigandSystem, after: LigandSystem) -> Minimum:
    """A minimum of one filter as a start in another: groups that were shifted are shifted, turned ones start where they are."""
    move = after.positions - before.positions
    first = after.group_start()[:-1]
    odd = np.abs(move - move[first][after.group]).max(axis=1) > SAME_SHAPE
    turned = np.isin(after.group, np.unique(after.group[odd]))
    return replace(seed, positions=np.where(turned[:, None], after.positions, seed.positions + move))
