"""How does a result reach the disk? Whole or not at all: a reader never sees half a file, a failure leaves the old one."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selectivity.errors import SelectivityError


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
