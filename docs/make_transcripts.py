"""Bring the transcripts of the documents up to date: run every console block and put in what it prints now.

    python docs/make_transcripts.py [FILE.md ...]      (default: every document; `make docs` calls it)

A step that still prints what stands there, its marked gaps included, stays as it is. Look at the difference before you
commit it: a number that moved belongs into CHANGELOG.md with its reason.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import documents as docs  # noqa: E402  (the runner of the tests, so that both agree on what a transcript is)


def shared_folder() -> Path | None:
    """The real depositions, if they are here."""
    folder = Path(os.environ.get("SELECTIVITY_SHARED", ROOT.parent / "shared"))
    return folder if (folder / "structures").is_dir() else None


def renewed(block: docs.Block, shared: Path | None) -> str:
    """The text of a console block with today's output."""
    with tempfile.TemporaryDirectory() as folder:
        here = docs.workplace(Path(folder), ROOT, shared)
        moved = {step: printed.partition("\n")[2] for step, printed in docs.run_console(block, here)}
    text = block.text
    for step, printed in moved.items():
        lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines()).rstrip("\n")
        old = f"$ {step.command}\n{step.expected}"
        if old not in text:
            raise SystemExit(
                f"{block.name}: cannot replace the output of {step.command!r}; write its command on one line"
            )
        text = text.replace(old, f"$ {step.command}\n{lines}\n" if lines else f"$ {step.command}\n", 1)
    return text


def main(names: list[str]) -> None:
    """Renew the transcripts of the named documents, or of all."""
    shared = shared_folder()
    for path in [Path(name).resolve() for name in names] or docs.documents(ROOT):
        text = path.read_text(encoding="utf-8")
        for block in docs.blocks(path, ROOT):
            if block.language == "console" and (shared or not block.needs_shared):
                text = text.replace(f"```console\n{block.text}```", f"```console\n{renewed(block, shared)}```", 1)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: transcripts renewed")


if __name__ == "__main__":
    main(sys.argv[1:])
