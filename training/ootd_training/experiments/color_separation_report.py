"""The report of the colour-separation experiment: a table like iTOO's Table 1, and a plot."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ootd_training.experiments.paired_runs import Difference, deviation, paired_difference
from ootd_training.experiments.retrieval import TOP
from ootd_training.experiments.separation_arms import ARMS, BASELINE, SEPARATED
from ootd_training.report.page import Page, wrapped
from ootd_training.report.plots import Panel, panels

PAPER = {BASELINE: (77.9, 91.6, 94.5, 96.5), SEPARATED: (83.4, 92.4, 94.0, 95.6)}
"""iTOO, Table 1: top-1, 5, 10 and 20 in percent on DeepFashion In-shop."""
PARTS = {
    "all": "all garments",
    "one_color": "garments that come in one colour",
    "several_colors": "garments in several colours",
    "real": "photographed garments",
    "drawn": "drawn garments",
    "colors_as_one": "all, where any colour of the garment is a hit",
}
NAMES = {BASELINE: "baseline: all colours are one item", SEPARATED: "colours are separate items"}


Results = Sequence[Mapping[str, Any]]
Counts = Mapping[str, Mapping[str, int]]


def shares(results: Results, arm: str, part: str, k: int) -> list[float]:
    """Top-k in percent of each seed of an arm, in the order of the seeds."""
    return [100 * r[part][f"top{k}"] for r in results if r["settings"]["arm"] == arm]


def gain(results: Results, part: str, k: int) -> Difference:
    """How many points of top-k colour separation gains, over the seeds that have both arms."""
    both = [shares(results, arm, part, k) for arm in ARMS]
    pairs = min(map(len, both))
    return paired_difference(both[0][:pairs], both[1][:pairs])


def resampled_gain(results: Results, samples: int = 4000) -> tuple[float, float]:
    """95 % interval of the gain in top-1, in points, had other garments been judged.

    The garments of val are drawn again with replacement; garments count alike, seeds are averaged.
    """
    means = [
        np.mean([r["garment_top1"] for r in results if r["settings"]["arm"] == arm], 0)
        for arm in ARMS
    ]
    gains = 100 * (means[1] - means[0])
    rng = np.random.default_rng(0)
    drawn = gains[rng.integers(0, len(gains), (samples, len(gains)))].mean(1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _mean_and_deviation(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.1f} ± {deviation(values):.1f}"


def _signed(difference: Difference) -> str:
    return f"{difference.mean:+.1f} ({difference.low:+.1f} to {difference.high:+.1f})"


def _add_table(made: Page, results: Results) -> None:
    rows = [
        [NAMES[arm], *(_mean_and_deviation(shares(results, arm, "all", k)) for k in TOP)]
        for arm in ARMS
    ]
    rows.append(["gain, 95 % interval", *(_signed(gain(results, "all", k)) for k in TOP)])
    rows += [[f"iTOO's Table 1, {arm}", *map(str, PAPER[arm])] for arm in ARMS]
    made.table(["", *(f"top-{k}" for k in TOP)], rows)


def _add_parts(made: Page, results: Results) -> None:
    rows = []
    for part, name in PARTS.items():
        if all(part in result for result in results):
            cells = [_mean_and_deviation(shares(results, arm, part, 1)) for arm in ARMS]
            rows.append([name, *cells, _signed(gain(results, part, 1))])
    made.table(["top-1", "baseline", "separate", "gain, 95 % interval"], rows)


def _add_seeds(made: Page, results: Results) -> None:
    both = [shares(results, arm, "all", 1) for arm in ARMS]
    rows = [
        [str(seed), f"{first:.1f}", f"{second:.1f}", f"{second - first:+.1f}"]
        for seed, (first, second) in enumerate(zip(*both, strict=False), 1)
    ]
    made.table(["seed", "baseline top-1", "separate top-1", "gain"], rows)


def _network(settings: Mapping[str, Any]) -> str:
    if settings["frozen_trunk"]:
        return (
            "Two layers are trained over the trunk of the tagger, which is frozen: it knows the "
            "train split alone, and is the same in both arms."
        )
    return (
        f"EfficientNetV2 trunk of width {settings['trunk']['width']} and depth "
        f"{settings['trunk']['depth']} from random weights, at {settings['size']} px."
    )


def _add_set_and_settings(
    made: Page, settings: Mapping[str, Any], counts: Counts, seeds: int
) -> None:
    names = ("garments", "variants", "photos")
    rows = [[split, *(f"{count[name]:,}" for name in names)] for split, count in counts.items()]
    made.table(["", "garments", "garments by colour", "photos"], rows)
    made.text(
        """Photographed garments of the split with a known mask, dyed under the mask in CIE Lab, and
drawn designs on cloth of other colours. Half of the garments come in one colour, three tenths in
two, a fifth in three. There are four photos of each garment in each colour: of a photographed one,
crops under other light, some mirrored, turned, zoomed or before another background; of a drawn one,
four drawings in other light on other surfaces. Every second photo is a query, the others are
searched.""",
        wrapped(
            f"{settings['epochs'] * settings['steps']} steps of {settings['items']} items, two "
            f"photos each; NT-Xent at temperature {settings['temperature']}; AdamW, rate "
            f"{settings['learning_rate']}, cosine. {_network(settings)} The seed decides the "
            "weights and the batches; the photos are the same for all."
        ),
        f"    ootd-experiment color-separation --data FOLDER --epochs {settings['epochs']}"
        f" --seeds {seeds}" + (" --frozen-trunk CHECKPOINT" if settings["frozen_trunk"] else ""),
    )


def draw(results: Results) -> Figure:
    """The means of both arms by k, and the gain in top-1 of each seed."""
    lines = {
        arm: (TOP, [statistics.fmean(shares(results, arm, "all", k)) for k in TOP]) for arm in ARMS
    }
    both = [shares(results, arm, "all", 1) for arm in ARMS]
    gains = [second - first for first, second in zip(*both, strict=False)]
    seeds = list(range(1, len(gains) + 1))
    return panels(
        [
            Panel("Best k hits", "k", "found, %", lines, dots=True),
            Panel(
                "Gain in top-1 by seed",
                "seed",
                "points",
                {"gain": (seeds, gains)},
                y_limits=(min(0.0, *gains) - 0.2, None),
                dots=True,
            ),
        ]
    )


def page(results: Results, counts: Counts) -> Page:
    """The report; `counts` are those of each split's photos."""
    seeds = min(len(shares(results, arm, "all", 1)) for arm in ARMS)
    low, high = resampled_gain(results)
    made = Page("color-separation", "Colour separation")
    made.wrapped(
        "Are the colours of a garment one item or several (iTOO, section 5.2)? Two embedders "
        "are trained alike but for that: in the *baseline* two photos of one item may show "
        "different colours; with *separate colours* they never do, and other colours are other "
        "items. Both are judged on garments that neither has seen, among photos of all of "
        f"them: a hit must show the garment in the query's colour. {seeds} seeds, percent, "
        "mean ± standard deviation."
    )
    _add_table(made, results)
    made.wrapped(
        f"Intervals are Student's t over {seeds} paired seeds. Had other garments been judged "
        f"(val garments drawn again with replacement), the gain in top-1 would be {low:+.1f} "
        f"to {high:+.1f} points (95 %)."
    )
    made.picture("top-k", "top-k of both arms, and the gain of each seed", draw(results))
    _add_parts(made, results)
    made.section("Seeds")
    _add_seeds(made, results)
    made.section("Set and settings")
    _add_set_and_settings(made, results[0]["settings"], counts, seeds)
    return made
