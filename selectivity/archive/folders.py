"""Which structure files does a folder hold? Those whose names end like one, in its subfolders too, as mirrors of the archive have them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from selectivity.errors import FileUnreadable

ENDINGS = re.compile(r"\.(pdb\d*|ent|cif|mmcif|gro)(\.gz)?$", re.IGNORECASE)
"""Names of the formats that `selectivity.structure.load.load_filter` reads; a file with another name must be given itself."""


def structure_files(sources: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Every folder among ``sources`` replaced by its structure files in order of their paths; all else as it is, in order.

    Hidden files and folders are left out, links to folders are not followed. A file that is met twice is taken once. Raises
    FileUnreadable for a folder without a structure file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("b.cif.gz", "a.pdb", "notes.txt"):
    ...         Path(folder, name).touch()
    ...     [Path(file).name for file in structure_files(["1K4C", folder])]
    ['1K4C', 'a.pdb', 'b.cif.gz']
    """
    found: dict[str, None] = {}
    for source in sources:
        here = [str(path) for path in _inside(Path(source))] if Path(source).is_dir() else [os.fspath(source)]
        if not here:
            raise FileUnreadable(
                f"{source}: no structure file in this folder; names must end in .pdb, .ent, .pdb1, .cif or .gro, also with .gz: "
                "name other files themselves"
            )
        found.update(dict.fromkeys(here))
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if ENDINGS.search(name) and not name.startswith("."):
                yield Path(here, name)
