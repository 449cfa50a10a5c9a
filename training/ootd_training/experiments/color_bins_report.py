"""The report of the colour-bins experiment: tables of layouts, and a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from ootd_training.experiments.histogram import SERVED, Layout
from ootd_training.experiments.search_photos import VIEWS, SearchPhotos
from ootd_training.experiments.searching import (
    RECOLORED,
    SAME_COLOR,
    Scores,
    gain_interval,
    means,
    overall,
)
from ootd_training.report.page import Page, wrapped
from ootd_training.report.plots import DPI

MEASURES = (*VIEWS, RECOLORED, SAME_COLOR)
SHOWN = 12
"""Layouts of any length that the first table shows, besides those of the served length."""


@dataclass(frozen=True)
class Result:
    """How the garments fared with a layout."""

    layout: Layout
    scores: Scores

    @property
    def mean(self) -> float:
        """The mean of the measures, in percent."""
        return overall(self.scores, MEASURES)


def _at_served_window(layout: Layout) -> Layout:
    return replace(layout, sigma=SERVED.sigma)


def _with_served_greys(layout: Layout) -> Layout:
    return replace(layout, achromatic=SERVED.achromatic, achromatic_below=SERVED.achromatic_below)


def _window(layout: Layout) -> str:
    return "none" if math.isinf(layout.sigma) else f"{layout.sigma:g}"


def _name(layout: Layout) -> str:
    name = layout.name
    if layout.achromatic_below != SERVED.achromatic_below:
        name += f", colourless below {layout.achromatic_below:g}"
    return name


def _gain(result: Result, served: Result) -> str:
    if result is served:
        return "-"
    low, high = gain_interval(served.scores, result.scores, MEASURES)
    return f"{result.mean - served.mean:+.1f} ({low:+.1f} to {high:+.1f})"


def _add_table(page: Page, results: Sequence[Result], served: Result) -> None:
    rows = []
    for result in results:
        layout, found = result.layout, means(result.scores)
        name = f"**{_name(layout)}** (served)" if result is served else _name(layout)
        shares = [f"{found[measure]:.1f}" for measure in MEASURES]
        cells = [name, str(layout.bins), _window(layout), *shares, f"{result.mean:.1f}"]
        rows.append([*cells, _gain(result, served)])
    head = ("layout", "bins", "window", *MEASURES, "mean", "against served, 95 % interval")
    page.table(head, rows)


def best(results: Sequence[Result], bins: int = 0) -> Result:
    """The layout with the best mean; with `bins`, among those of that length."""
    return max((r for r in results if bins in (0, r.layout.bins)), key=lambda r: r.mean)


def _verdict(text: str, result: Result, served: Result) -> str:
    if result is served:
        return f"- {text}: the served one, mean {served.mean:.1f} %."
    low, _ = gain_interval(served.scores, result.scores, MEASURES)
    clear = "clear of" if low > 0 else "within"
    return wrapped(
        f"- {text}: `{_name(result.layout)}` ({result.layout.bins} bins), window "
        f"{_window(result.layout)}: mean {result.mean:.1f} % against {served.mean:.1f} % as "
        f"served, {_gain(result, served)} points, {clear} the spread over garments.",
        indent="  ",
    )


def _introduce(page: Page, photos: SearchPhotos) -> None:
    first, second = VIEWS
    page.text(
        wrapped(
            f"{len(photos.supers):,} garments of val, {len(photos.dyeable):,} of them with a mask, "
            "each searched within its super-category by histogram intersection alone. Percent of"
        ),
        f"""- *{first}*, *{second}*: garments that are the best hit when photographed so;
- *{RECOLORED}*: garments dyed in another colour, photographed before another background, whose
  dyed photo is the best hit among all garments and all dyed ones;
- *{SAME_COLOR}*: the five nearest other garments that have the same colour name.""",
        """The mean of the four decides. A layout `8 + 12x2x3` has 8 bins for colourless pixels and
12 hues, 2 saturations and 3 values for the others; the window is the standard deviation of the
Gaussian weight as a share of the crop's side. Intervals: garments drawn again 1,000 times. The
best of many layouts looks a little better than it is, as it was chosen on the photos that it is
judged on.""",
    )


def page(results: Sequence[Result], photos: SearchPhotos) -> Page:
    """The report; `results` begin with the served layout."""
    served = next(r for r in results if r.layout == SERVED)
    ordered = sorted(results, key=lambda r: r.mean, reverse=True)
    plain = [r for r in ordered if r.layout.sigma == SERVED.sigma]
    shown = [r for i, r in enumerate(plain) if i < SHOWN or r.layout.bins == SERVED.bins]
    windows = [r for r in results if _at_served_window(r.layout) == SERVED]
    colorless = [r for r in results if _with_served_greys(r.layout) == SERVED]
    made = Page("color-bins", "Bins of the colour histogram")
    _introduce(made, photos)
    made.text(
        _verdict(f"Best of {SERVED.bins} bins", best(results, SERVED.bins), served)
        + "\n"
        + _verdict("Best of any length", best(results), served)
    )
    made.picture("mean", "mean by number of bins and by window", draw(results))
    made.section(f"Bins, at the served window of {SERVED.sigma:g}")
    made.text(f"The best of {len(plain)} layouts, and all of {SERVED.bins} bins.")
    _add_table(made, shown, served)
    made.section("Window")
    _add_table(made, sorted(windows, key=lambda r: r.layout.sigma), served)
    made.section("Colourless pixels")
    colorless.sort(key=lambda r: (r.layout.achromatic, r.layout.achromatic_below))
    _add_table(made, colorless, served)
    made.section("Layouts and windows together")
    _add_table(made, ordered[:8], served)
    made.text("    ootd-experiment color-bins --data FOLDER --report training/reports")
    return made


def draw(results: Sequence[Result]) -> Figure:
    """The mean by number of bins, and by window for the layouts that were tried in several."""
    figure = Figure(figsize=(9.0, 3.4), dpi=DPI, layout="constrained")
    bins, window = figure.subplots(1, 2)
    plain = [r for r in results if r.layout.sigma == SERVED.sigma]
    groups = {
        "other": [r for r in plain if r.layout.bins != SERVED.bins],
        f"{SERVED.bins} bins": [r for r in plain if r.layout.bins == SERVED.bins],
        "served": [r for r in plain if r.layout == SERVED],
    }
    for (name, group), color in zip(groups.items(), ("#9aa5b1", "#2563eb", "#c2410c"), strict=True):
        lengths = [r.layout.bins for r in group]
        bins.plot(lengths, [r.mean for r in group], "o", color=color, label=name, markersize=4)
    bins.set_xscale("log")
    bins.set_xticks([10, 20, 56, 100, 200], ["10", "20", "56", "100", "200"])
    bins.set_xlabel("bins")
    bins.set_ylabel("mean of the four measures, %")
    bins.legend(frameon=False, fontsize=8)
    for shape in dict.fromkeys(_at_served_window(r.layout) for r in results):
        line = [r for r in results if _at_served_window(r.layout) == shape]
        if len(line) > 1:
            line.sort(key=lambda r: r.layout.sigma)
            sides = [min(r.layout.sigma, 1.0) for r in line]
            window.plot(sides, [r.mean for r in line], ".-", label=_name(shape))
    window.set_xlabel("window, share of the side (1: none)")
    window.legend(frameon=False, fontsize=8)
    return figure
