"""Run every notebook and store its output and figures in it: python docs/make_notebooks.py [NOTEBOOK ...].

A notebook is its own source: write its cells in notebooks/NN_name.ipynb, then run this.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"


def run(path: Path) -> None:
    """Execute a notebook in place; a cell that fails leaves the file as it was."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    for number, cell in enumerate(notebook.cells):
        cell.id = f"step-{number:02d}"  # by its place: a random name would change with every run
        cell.metadata.pop("execution", None)  # times of day likewise
        if cell.cell_type == "code":
            cell.outputs = without_widgets(cell.outputs)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)
    print(path.relative_to(NOTEBOOKS.parent))


def without_widgets(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Sliders need a running kernel: what is stored are the figures and words beside them."""
    return [output for output in outputs if WIDGET not in output.get("data", {})]


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(NOTEBOOKS.glob("*.ipynb")):
        run(Path(name).resolve())
