"""Rebuild the pictures of docs/images: the bundled filters scored and drawn, nothing else."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from selectivity import ideal_filter, score_filter
from selectivity.plotting import plot_filter_side, save_score_figure
from selectivity.structure.ideal import IDEAL_FILTERS

IMAGES = Path(__file__).resolve().parent / "images"


def main() -> None:
    """One page for the conductive and the collapsed filter, and all five side by side."""
    IMAGES.mkdir(exist_ok=True)
    for name in ("kcsa-like", "collapsed-like"):
        save_score_figure(score_filter(ideal_filter(name)), IMAGES / f"score_{name.replace('-', '_')}.png")
    figure, axes = plt.subplots(1, len(IDEAL_FILTERS), figsize=(19.0, 4.3), layout="constrained")
    for ax, name in zip(axes, IDEAL_FILTERS, strict=True):
        plot_filter_side(ideal_filter(name), ax).set_title(name)
    figure.savefig(IMAGES / "ideal_filters.png", dpi=110)
    for path in sorted(IMAGES.glob("*.png")):
        print(path.relative_to(IMAGES.parent.parent))


if __name__ == "__main__":
    main()
