"""How does a result reach the disk? Whole or not at all: a reader never sees half a file, a failure leaves the old one."""

from __future__ import annotations

import os
import secrets
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selectivity.errors import FileUnreadable, SelectivityError

LARGEST_TEXT = 80 * 2**20
"""Bytes of text of the largest structure file that is read: a million atoms of a PDB file, which take a gigabyte of memory."""
LARGEST_TABLE = 20 * 2**20
"""Bytes of the largest table or configuration that is read."""
LONGEST_LINE = 10_000
"""Characters of the longest line of one."""
_GZIP = 31  # zlib's window bits for a gzip header and its checksum


class FileUnwritable(SelectivityError):
    """An output file cannot be written: missing directory, a directory of that name, no permission, no space."""


def require_writable(path: str | os.PathLike[str]) -> Path:
    """Check that a file can be created or replaced at `path`, before anything is computed; return it as a `Path`.

    Raises `FileUnwritable` for a missing directory, a directory of that name or a missing permission.

    >>> require_writable("nowhere/score.json")
    Traceback (most recent call last):
    selectivity.files.FileUnwritable: nowhere/score.json: no directory nowhere; create it or write elsewhere
    """
    target = Path(path)
    folder = target.parent
    if target.is_dir() or not target.name:
        raise FileUnwritable(f"{path}: is a directory; give the name of a file")
    if not folder.is_dir():
        raise FileUnwritable(f"{path}: no directory {folder}; create it or write elsewhere")
    if _is_special(target):
        return target
    if not os.access(folder, os.W_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise FileUnwritable(f"{path}: no permission to write there; choose another place")
    return target


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it takes the place of `path` in one step.

    The temporary file keeps the extension (plot libraries read the format from it) and lies in the same directory (a
    rename across file systems is a copy). When the block raises, the temporary file is removed and `path` is untouched.
    Devices and pipes (/dev/stdout) are written directly: renaming onto them would replace the device. Symbolic links are
    followed. Raises `FileUnwritable` when the system refuses.
    """
    target = require_writable(path)
    if _is_special(target):
        with _refusals(target):
            yield target
        return
    target = target.resolve()
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(6)}{target.suffix}")
    try:
        with _refusals(Path(path)):
            yield temporary
            if target.exists():
                shutil.copymode(target, temporary)
            os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` (UTF-8, newlines as they are) to `path` atomically; raises `FileUnwritable`."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)


def read_text(
    path: str | os.PathLike[str], *, need: str, largest: int = LARGEST_TABLE, longest: int = LONGEST_LINE
) -> str:
    """The text of a table or configuration file (UTF-8, a byte order mark is dropped), never more than ``largest`` bytes.

    Raises `FileUnreadable`, which ends with what is needed, for a file that is missing, too large, no text, or has a line of
    more than ``longest`` characters: parsers take very long over such lines, and nobody writes them.

    >>> read_text("absent.csv", need="give a CSV file")
    Traceback (most recent call last):
    selectivity.errors.FileUnreadable: absent.csv: cannot be read (No such file or directory); give a CSV file
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(largest + 1)
    except OSError as failure:
        raise FileUnreadable(f"{path}: cannot be read ({failure.strerror}); {need}") from None
    except ValueError:  # a NUL in the name
        raise FileUnreadable(f"{str(path)!r}: no name of a file; {need}") from None
    if len(content) > largest:
        raise FileUnreadable(f"{path}: more than {largest / 2**20:g} MB; {need}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise FileUnreadable(f"{path}: not a text file in UTF-8; {need}")
    if max(map(len, text.split("\n"))) > longest:
        raise FileUnreadable(f"{path}: a line of more than {longest} characters; {need}")
    return text


def unzipped(content: bytes, name: str, *, largest: int = LARGEST_TEXT) -> bytes:
    """The content of a gzip file (of all its members), never more than ``largest`` bytes of it.

    Raises `FileUnreadable` for a stream that is damaged, cut short or larger than that: a small file can hold gigabytes.

    >>> import gzip
    >>> unzipped(gzip.compress(b"ATOM"), "a.pdb.gz")
    b'ATOM'
    """
    parts: list[bytes] = []
    size = 0
    while content:
        member = zlib.decompressobj(_GZIP)
        try:
            parts.append(member.decompress(content, largest + 1 - size))
        except zlib.error:
            raise FileUnreadable(_damaged(name)) from None
        size += len(parts[-1])
        if size > largest:
            raise FileUnreadable(
                f"{name}: more than {largest // 2**20} MB when unpacked; one channel is needed: keep the chains of the pore"
            )
        if not member.eof:
            raise FileUnreadable(_damaged(name))
        content = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _damaged(name: str) -> str:
    return f"{name}: the gzip stream is cut short or damaged; a whole file is needed: repeat the download"


def _is_special(path: Path) -> bool:
    """Whether the path exists and is neither a regular file nor a directory (device, pipe, socket)."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write `path` into one line that names it; a broken pipe passes."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as refusal:
        reason = refusal.strerror or refusal
        raise FileUnwritable(f"{path}: cannot be written ({reason}); nothing was changed") from refusal
