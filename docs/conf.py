"""How the manual is built (`make manual`): Sphinx with MyST over the repository as it stands, so that links on the web and here agree.

The source folder is the repository; `include_patterns` says what of it belongs to the manual. Notebooks are shown with the output
stored in them. Docstrings are written as plain text, not as reStructuredText: `as_written` keeps them that way.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import selectivity

project = "selectivity"
author = copyright = "The selectivity developers"
version = release = selectivity.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_design", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md", "docs/**/*.md", "docs/api/*.rst", "notebooks/*.ipynb", "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
    "CODE_OF_CONDUCT.md", "structures/README.md", "benchmarks/README.md",
]  # fmt: skip
exclude_patterns = [".*", "**/.*", "build", "dist", "selectivity", "tests", "*.egg-info"]
# A class that stands at the front door and in its room has two entries; either will do as the target of a type.
suppress_warnings = ["ref.python"]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the {type}"

default_role = "code"
autodoc_typehints = "none"  # the docstrings give shapes and units, which types do not
smartquotes = False  # options are written with two hyphens
autodoc_member_order = "groupwise"
add_module_names = False
python_maximum_signature_line_length = 88
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
html_title = f"selectivity {release}"
html_extra_path = ["root"]  # index.html of the site, which leads to docs/
html_static_path = ["static"]
html_css_files = ["manual.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

INLINE_CODE = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)
SPECIAL = re.compile(r"([*|\\]|_(?=\W|$))")


def as_written(app: Any, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings as their authors wrote them: indented lines stay as they are, stars and underscores are no markup."""
    shown: list[str] = []
    for block in "\n".join(lines).strip("\n").split("\n\n"):
        rows = block.strip("\n").split("\n")
        if rows[0].startswith(">>>"):
            shown += [*rows, ""]
        elif rows[0].startswith(("- ", "* ")):
            shown += [*(plain(row) for row in rows), ""]
        else:
            shown += paragraph(rows)
    lines[:] = shown


def paragraph(rows: list[str]) -> list[str]:
    """Prose, then the indented rest of it as a literal block."""
    first = next((i for i, row in enumerate(rows) if row.startswith("  ")), len(rows))
    literal = [".. code-block:: text", "", *(f"    {row}" for row in rows[first:]), ""] if first < len(rows) else []
    prose = [plain(row) for row in "\n".join(rows[:first]).split("\n")] if first else []
    return [*prose, "", *literal]


def plain(row: str) -> str:
    """A line of prose in which only code marked by back quotes is special."""
    parts = INLINE_CODE.split(row)
    return "".join(part if i % 2 else SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))


def pages_that_exist(app: Any, docname: str, source: list[str]) -> None:
    """The lists of the first page name patterns of pages, too; one without a page yet is left out instead of warned of."""
    if docname == root_doc:
        docs = Path(app.confdir)
        lines = source[0].split("\n")
        source[0] = "\n".join(line for line in lines if not (line.endswith("*") and not any(docs.glob(f"{line}.*"))))


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", pages_that_exist)
    app.connect("autodoc-process-docstring", as_written)
