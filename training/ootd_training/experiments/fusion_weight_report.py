"""The report of the fusion-weight experiment: a table by weight, and a plot."""

from __future__ import annotations

from collections.abc import Mapping

from ootd_training.experiments.histogram import SERVED, Layout
from ootd_training.experiments.search_photos import VIEWS, SearchPhotos
from ootd_training.experiments.searching import (
    RECOLORED,
    SAME_COLOR,
    SAME_SUB,
    Scores,
    gain_interval,
    means,
    overall,
)
from ootd_training.report.page import Page, wrapped
from ootd_training.report.plots import Panel, panels

SAME_ITEM = (*VIEWS, RECOLORED)
MEASURES = (*SAME_ITEM, SAME_COLOR, SAME_SUB)
SERVED_WEIGHT = 0.25
"""The gateway's default of `color_weight`."""


Swept = Mapping[float, Scores]
Sweeps = Mapping[Layout, Swept]


def _mean(scores: Scores) -> float:
    return overall(scores, SAME_ITEM)


def _gain(weight: float, swept: Swept) -> str:
    served = swept[SERVED_WEIGHT]
    low, high = gain_interval(served, swept[weight], SAME_ITEM)
    return f"{_mean(swept[weight]) - _mean(served):+.1f} ({low:+.1f} to {high:+.1f})"


def _row(weight: float, swept: Swept) -> list[str]:
    found, served = means(swept[weight]), weight == SERVED_WEIGHT
    return [
        f"**{weight:g}** (served)" if served else f"{weight:g}",
        *(f"{found[measure]:.1f}" for measure in SAME_ITEM),
        f"{_mean(swept[weight]):.1f}",
        "-" if served else _gain(weight, swept),
        *(f"{found[measure]:.1f}" for measure in (SAME_COLOR, SAME_SUB)),
    ]


def _verdict(swept: Swept) -> str:
    best = best_weight(swept)
    if best == SERVED_WEIGHT:
        return f"The served weight of {SERVED_WEIGHT:g} finds the same garment most often."
    low, _ = gain_interval(swept[SERVED_WEIGHT], swept[best], SAME_ITEM)
    clear = "clear of" if low > 0 else "within"
    return wrapped(
        f"The weight that finds the same garment most often is {best:g}: {_gain(best, swept)} "
        f"points against the served {SERVED_WEIGHT:g}, {clear} the spread over garments."
    )


def best_weight(swept: Swept) -> float:
    """The weight that finds the same garment most often."""
    return max(swept, key=lambda weight: _mean(swept[weight]))


def _add_layouts(made: Page, sweeps: Sweeps) -> None:
    served = sweeps[SERVED]
    before = served[best_weight(served)]
    rows = []
    for layout, swept in sweeps.items():
        weight = best_weight(swept)
        low, high = gain_interval(before, swept[weight], SAME_ITEM)
        gain = f"{_mean(swept[weight]) - _mean(before):+.1f} ({low:+.1f} to {high:+.1f})"
        name = f"**{layout.name}** (served)" if layout == SERVED else layout.name
        found = means(swept[weight])
        rows.append(
            [name, str(layout.bins), f"{weight:g}", f"{_mean(swept[weight]):.1f}"]
            + ["-" if layout == SERVED else gain]
            + [f"{found[measure]:.1f}" for measure in (SAME_COLOR, SAME_SUB)]
        )
    made.section("Other histograms, each at its best weight")
    made.text("Layouts as in [color-bins.md](color-bins.md).")
    head = ("layout", "bins", "weight", "mean", "against the served layout, 95 % interval")
    made.table((*head, SAME_COLOR, SAME_SUB), rows)


def page(sweeps: Sweeps, photos: SearchPhotos) -> Page:
    """The report of sweeps of the weight, by layout of the histogram."""
    swept = sweeps[SERVED]
    made = Page("fusion-weight", "Weight of colour in a search")
    made.text(
        wrapped(
            "A hit's score is (1 - weight) x cosine + weight x histogram intersection. With the "
            f"embedder of `model_repository`, {len(photos.supers):,} garments of val, "
            f"{len(photos.dyeable):,} of them with a mask, each searched within its "
            "super-category. Percent of garments that are the best hit when photographed in "
            "another crop and light, before another background, and (dyed, among all garments and "
            "all dyed ones) in another colour; their mean decides. Then the share of the five "
            "nearest *other* garments with the same colour name and the same sub-category, where "
            "both are labelled. Intervals: garments drawn again 1,000 times."
        ),
        _verdict(swept),
    )
    head = ("weight", *SAME_ITEM, "mean", "against served, 95 % interval", SAME_COLOR, SAME_SUB)
    made.table(head, [_row(weight, swept) for weight in swept])
    lines = {
        measure: (list(swept), [means(scores)[measure] for scores in swept.values()])
        for measure in MEASURES
    }
    panel = Panel("Search by weight", "weight of colour", "%", lines, dots=True)
    made.picture("search", "each measure by weight", panels([panel]))
    _add_layouts(made, sweeps)
    made.text("    ootd-experiment fusion-weight --data FOLDER --report training/reports")
    return made
