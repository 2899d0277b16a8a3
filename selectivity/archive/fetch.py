"""How does an identifier become a file? From the cache if its checksum holds, else from the archive: checked, then kept whole."""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from selectivity.archive import obsolete
from selectivity.archive.content import require_entry
from selectivity.archive.download import EntryUnavailable, NotThere, Unreachable, download
from selectivity.archive.entries import Place, entry_id, places
from selectivity.errors import Doubt
from selectivity.files import FileUnwritable, atomic_path, write_text

ARCHIVE = "https://files.wwpdb.org/pub/pdb/data/"
"""Root of the wwPDB's archive."""
URL_VARIABLE = "SELECTIVITY_ARCHIVE_URL"
CACHE_VARIABLE = "SELECTIVITY_CACHE"
TIMEOUT = 120.0
"""Seconds that one file may take."""


@dataclass(frozen=True)
class Fetched:
    """An entry on this disk: ``path`` of the (gzipped) file, ``format`` ("mmCIF", "PDB"), ``sha256`` of it, ``url`` it comes from,
    and whether it was there already (``cached``), its checksum then being the one of the first download."""

    entry: str
    path: Path
    format: str
    sha256: str
    url: str
    cached: bool


def cache_folder() -> Path:
    """Where entries are kept: $SELECTIVITY_CACHE, or the folder for caches of this system."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("selectivity"))


def archive_url() -> str:
    """Root of the archive: $SELECTIVITY_ARCHIVE_URL (a mirror or a copy with the same folders), or the wwPDB's."""
    named = os.environ.get(URL_VARIABLE) or ARCHIVE
    return named if named.endswith("/") else f"{named}/"


def fetch_entry(
    word: str, *, folder: str | os.PathLike[str] | None = None, force: bool = False, timeout: float = TIMEOUT
) -> Fetched:
    """The file of a PDB entry ("1K4C", "pdb_00001k4c"): mmCIF, or the PDB format where there is no mmCIF.

    It is kept in `cache_folder`, with its SHA-256 in a file beside it (``sha256sum -c`` reads it), and copied into ``folder`` if one is
    given. The archive publishes no checksums: the first download is trusted, every later use is compared with it, and a
    damaged copy is fetched again. ``force`` fetches in any case and trusts what comes. One file may take ``timeout`` seconds.

    Raises UnknownChoice (no identifier) and EntryUnavailable: no network, no such entry, withdrawn (by what it was superseded),
    a transfer that broke off, an error of the server, another content than asked for, or one that has changed since.
    """
    entry = entry_id(word)
    found = None if force else _from_cache(entry)
    if found is None:
        found = _from_archive(entry, timeout, trust=force)
    if folder is None:
        return found
    return Fetched(entry, _copied(found.path, Path(folder)), found.format, found.sha256, found.url, found.cached)


def _from_cache(entry: str) -> Fetched | None:
    """The entry if it is in the cache with its checksum; a damaged copy is doubted aloud and counts as absent."""
    for place in places(entry):
        path = cache_folder() / place.name
        if not path.is_file():
            continue
        recorded = _recorded(path)
        if recorded is not None and recorded == _sha256(path):
            return Fetched(entry, path, place.format, recorded, archive_url() + place.path, True)
        warnings.warn(f"{path}: does not agree with its checksum, so it is fetched again", category=Doubt, stacklevel=3)
    return None


def _from_archive(entry: str, timeout: float, *, trust: bool) -> Fetched:
    cache = _writable_cache()
    for place in places(entry):
        try:
            return _fetched(entry, place, cache, timeout, trust=trust)
        except NotThere:
            continue
    raise EntryUnavailable(_not_there(entry, timeout))


def _fetched(entry: str, place: Place, cache: Path, timeout: float, *, trust: bool) -> Fetched:
    url = archive_url() + place.path
    with TemporaryDirectory(dir=cache, prefix=".fetch-") as workshop:
        fresh = Path(workshop) / place.name
        download(url, fresh, what=entry.upper(), timeout=timeout)
        require_entry(fresh, entry, place.format, source=url)
        digest, target = _sha256(fresh), cache / place.name
        before = _recorded(target)
        if before not in (None, digest) and not trust:
            raise EntryUnavailable(
                f"{entry.upper()}: {url} is not what was first fetched (SHA-256 {digest[:12]}, then {str(before)[:12]}): the archive "
                "revised the entry, or the transfer was altered; `selectivity fetch --force` takes it as it is now"
            )
        os.replace(fresh, target)
        write_text(_record(target), f"{digest}  {target.name}\n")
    return Fetched(entry, target, place.format, digest, url, False)


def _not_there(entry: str, timeout: float) -> str:
    """Why the archive does not have an entry, from its list of withdrawn ones where that can be had."""
    name = entry.upper()
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "obsolete.dat"
        try:
            download(archive_url() + obsolete.LIST, listed, what=name, timeout=timeout)
        except (NotThere, Unreachable):
            return f"{name}: the archive has no such entry (and its list of withdrawn entries cannot be had); check the identifier"
        replaced_by = obsolete.successors(listed.read_text(encoding="utf-8", errors="replace"), entry)
    if replaced_by is not None:
        return obsolete.words_for(entry, replaced_by)
    return f"{name}: the archive has no such entry and never withdrew one of that name; check the identifier"


def _writable_cache() -> Path:
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as refusal:
        raise FileUnwritable(
            f"{cache}: cannot be made ({refusal.strerror}); name another folder with {CACHE_VARIABLE}"
        ) from None
    if not os.access(cache, os.W_OK):
        raise FileUnwritable(f"{cache}: no permission to write there; name another folder with {CACHE_VARIABLE}")
    return cache


def _copied(path: Path, folder: Path) -> Path:
    target = folder / path.name
    with atomic_path(target) as temporary:
        shutil.copyfile(path, temporary)
    return target


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _recorded(path: Path) -> str | None:
    try:
        words = _record(path).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return None
    return words[0] if words else None


def _sha256(path: Path) -> str:
    import pooch

    return str(pooch.file_hash(str(path), alg="sha256"))
