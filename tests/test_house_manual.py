"""The manual holds together: every link and anchor of documents and notebooks, pages written by programs, entries for registries."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import documents as docs
import pytest

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", flags=re.MULTILINE)
FENCED = re.compile(r"^( *)(`{3,}|:{3,}).*?^\1\2\s*$", flags=re.MULTILINE | re.DOTALL)
PAGES = [*docs.documents(ROOT), *sorted((ROOT / "notebooks").glob("*.ipynb"))]


def text_of(path: Path) -> str:
    """Prose of a document: the Markdown cells of a notebook, without code."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    return FENCED.sub("", text)


def anchors(path: Path) -> set[str]:
    """Anchors of the headings of a document, as the web makes them: `## Claim 1` is #claim-1, a second one #claim-1-1."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in HEADING.findall(text_of(path)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(path: Path) -> list[str]:
    """Links of a document that lead nowhere. Those that leave the repository are judged by their form: no network here."""
    found = []
    for target in LINK.findall(text_of(path)):
        address = urlsplit(target)
        if address.scheme:
            well_formed = (address.scheme == "https" and "." in address.netloc) or address.scheme == "mailto"
            found += [] if well_formed else [target]
            continue
        file = (path.parent / address.path).resolve() if address.path else path
        inside = address.fragment and file.suffix in (".md", ".ipynb")
        if not file.exists() or (inside and address.fragment not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_anchors_lead_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_a_planted_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One two\n\n[a](#one-two) [b](page.md#one-two) [c](#three) [d](no.md) [e](http://x.org) [f](https://x.org)\n",
        encoding="utf-8",
    )
    assert broken(page) == ["#three", "no.md", "http://x.org"]


def test_the_command_reference_is_what_the_program_says() -> None:
    spec = importlib.util.spec_from_file_location("make_commands", ROOT / "docs" / "make_commands.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == module.page(), "stale: python docs/make_commands.py"


def test_every_page_has_its_place_in_the_manual() -> None:
    listed: set[Path] = set()
    for page in [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.rst")]:
        for body in re.findall(
            r"^:::\{toctree\}\n(.*?)^:::", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            for line in body.splitlines():
                entry = line.rpartition("<")[2].rstrip(">")
                if entry and not entry.startswith(":"):
                    listed |= {
                        file.resolve() for end in ("md", "rst", "ipynb") for file in page.parent.glob(f"{entry}.{end}")
                    }
    pages = {*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.rst"), *(ROOT / "notebooks").glob("*.ipynb")}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - listed) == ["docs/index.md"]


def test_stored_notebooks_show_figures_and_change_little() -> None:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        book = json.loads(path.read_text(encoding="utf-8"))
        outputs = [output for cell in book["cells"] for output in cell.get("outputs", [])]
        assert any("image/png" in output.get("data", {}) for output in outputs), (
            f"{path.name}: run docs/make_notebooks.py"
        )
        assert not any("execution" in cell["metadata"] for cell in book["cells"]), path.name
        assert set(book["metadata"]) == {"kernelspec", "language_info"}, path.name
        numbers = [cell["execution_count"] for cell in book["cells"] if cell["cell_type"] == "code"]
        assert numbers == list(range(1, len(numbers) + 1)), f"{path.name}: not run from top to bottom"


def test_the_registry_entry_agrees_with_the_package() -> None:
    entry = (ROOT / "metadata.yaml").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    analysis = next(need for need in project["dependencies"] if need.startswith("MDAnalysis"))
    assert f"project_name: {project['name']}\n" in entry and f"license: {project['license']}\n" in entry
    assert f'python_requires: "{project["requires-python"]}"\n' in entry
    assert f'mdanalysis_requires: "{analysis.removeprefix("MDAnalysis")}"\n' in entry
