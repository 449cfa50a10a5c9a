"""The report of the whole-photo experiment: which signal, which bar, and what it does on val."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ootd_training.evaluation.served_graph import ServedGraph, WholePhoto
from ootd_training.report.page import Page
from ootd_training.taxonomy import SUPER_CATEGORIES


@dataclass(frozen=True)
class Seen:
    """A photo of a kind, whether it shows a garment, of which super-categories (none where that is
    not known), and what the graph makes of it."""

    kind: str
    is_garment: bool
    categories: frozenset[int]
    photo: WholePhoto


STEP = 0.005
"""Bars are multiples of it."""
WIDTH = 98
LARGE = 0.25  # share of the photo that a large box covers

Signal = Callable[[WholePhoto], float]
Figures = dict[str, Any]


def _large(photo: WholePhoto) -> float:
    return float(photo.scores[photo.areas > LARGE].max(initial=0))


def _certainty(photo: WholePhoto) -> float:
    entropy = -(photo.subs * np.log(photo.subs + 1e-9)).sum()
    return float(1 - entropy / np.log(len(photo.subs)))


COVERAGE = "coverage: best score x share of the photo"
SIGNALS: Mapping[str, Signal] = {
    "best detector score": lambda photo: float(photo.scores.max(initial=0)),
    f"best score of a box over {LARGE:g} of the photo": _large,
    COVERAGE: lambda photo: photo.coverage,
    "tagger's best super-category": lambda photo: float(photo.tagged.max()),
    "tagger's certainty (1 - entropy)": _certainty,
    "coverage x tagger's best": lambda photo: photo.coverage * float(photo.tagged.max()),
}
"""From a photo to a number that is larger where there is a garment."""


def interval(count: int, total: int) -> tuple[float, float, float]:
    """A share, 0 to 1, and its 95 % interval (Wilson); not numbers where there is nothing."""
    if not total:
        return (float("nan"),) * 3
    ends = stats.binomtest(count, total).proportion_ci(method="wilson")
    return count / total, float(ends.low), float(ends.high)


def separation(garments: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """How often a garment has the larger signal of two photos, equal ones by half (AUC)."""
    if not len(garments) or not len(others):
        return float("nan")
    larger = (garments[:, None] > others[None]).mean()
    return float(larger + (garments[:, None] == others[None]).mean() / 2)


def best_bar(garments: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """The multiple of 0.005 with the best mean of garments kept and other photos dropped.

    Of several, the lowest: it keeps more. Not a number where there are none of either.
    """
    if not len(garments) or not len(others):
        return float("nan")
    bars = np.arange(0, 1 + STEP / 2, STEP)
    right = [(garments >= bar).mean() + (others < bar).mean() for bar in bars]
    return round(float(bars[int(np.argmax(right))]), 3)


def _values(signal: Signal, seen: Sequence[Seen], is_garment: bool) -> NDArray[np.float64]:
    return np.array([signal(one.photo) for one in seen if one.is_garment is is_garment], float)


def _signals(train: Sequence[Seen]) -> list[Figures]:
    rows = []
    for name, signal in SIGNALS.items():
        garments, others = _values(signal, train, True), _values(signal, train, False)
        bar = best_bar(garments, others)
        rows.append(
            {
                "signal": name,
                "separation": separation(garments, others),
                "bar": bar,
                "garments kept": int((garments >= bar).sum()),
                "garments": len(garments),
                "others dropped": int((others < bar).sum()),
                "others": len(others),
            }
        )
    return rows


def _kinds(graph: ServedGraph, seen: Sequence[Seen]) -> list[Figures]:
    rows = []
    for kind in dict.fromkeys(one.kind for one in seen):
        mine = [one for one in seen if one.kind == kind]
        nothing = [one for one in mine if _missed(one, graph.score_threshold)]
        kept = [one for one in nothing if one.photo.coverage >= graph.least_coverage]
        rows.append(
            {
                "kind": kind,
                "is garment": mine[0].is_garment,
                "photos": len(mine),
                "nothing detected": len(nothing),
                "kept as a whole": len(kept),
            }
        )
    return rows


def _missed(one: Seen, threshold: float) -> bool:
    return float(one.photo.scores.max(initial=0)) < threshold


def _guided(graph: ServedGraph, seen: Sequence[Seen]) -> list[Figures]:
    """Photos asked for each category of which nothing is detected, and what stays of them."""
    counts: dict[tuple[str, bool], list[int]] = {}
    for one in seen:
        if not one.is_garment:
            continue
        for category in range(len(SUPER_CATEGORIES)):
            mine = one.photo.scores[one.photo.supers == category]
            if mine.max(initial=0) >= graph.guided_score_threshold:
                continue
            agrees = int(one.photo.tagged.argmax()) == category
            kept = agrees and one.photo.coverage >= graph.least_coverage
            count = counts.setdefault((one.kind, category in one.categories), [0, 0])
            count[0] += 1
            count[1] += kept
    return [
        {"kind": kind, "labelled": labelled, "asked": asked, "kept": kept}
        for (kind, labelled), (asked, kept) in sorted(counts.items())
    ]


def measure(graph: ServedGraph, train: Sequence[Seen], val: Sequence[Seen]) -> Figures:
    """All figures of the report: signals and bars on train, what the served rule does on val."""
    nothing = [one for one in train if _missed(one, graph.score_threshold)]
    return {
        "score_threshold": graph.score_threshold,
        "guided_score_threshold": graph.guided_score_threshold,
        "least_coverage": graph.least_coverage,
        "signals on train": _signals(nothing),
        "train": _kinds(graph, train),
        "val": _kinds(graph, val),
        "guided on val": _guided(graph, val),
    }


def _share(count: int, total: int) -> str:
    if not total:
        return "–"
    share, low, high = (100 * part for part in interval(count, total))
    return f"{share:.1f} ({low:.1f} to {high:.1f})"


def _kind_rows(rows: Sequence[Figures]) -> list[list[str]]:
    return [
        [
            row["kind"],
            f"{row['photos']:,}",
            f"{row['nothing detected']:,}",
            f"{row['kept as a whole']:,}",
            _share(row["nothing detected"] - row["kept as a whole"], row["photos"]),
        ]
        for row in rows
    ]


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False)


def _add_signals(made: Page, figures: Figures) -> None:
    made.section("Which signal tells, on train")
    made.text(
        _filled(
            "Photos in which nothing reaches the served score. Separation: how often, of a photo "
            "with a garment and one without, the former has the larger signal. Bar: the multiple "
            f"of {STEP:g} with the best mean of garments kept and other photos dropped. Nearly all "
            "of these garments are cut out or cut into, as in whole photos the detector finds "
            "something."
        )
    )
    rows = [
        [
            f"**{row['signal']}** (served)" if row["signal"] == COVERAGE else row["signal"],
            f"{row['separation']:.3f}",
            f"{row['bar']:g}",
            f"{row['garments kept']} of {row['garments']}",
            f"{row['others dropped']} of {row['others']}",
        ]
        for row in figures["signals on train"]
    ]
    made.table(("signal", "separation", "bar", "garments kept", "photos without, dropped"), rows)


def _detected(rows: Sequence[Figures]) -> str:
    """In how many photos without garments the detector finds one."""
    others = [row for row in rows if not row["is garment"]]
    total = sum(row["photos"] for row in others)
    return f"{total - sum(row['nothing detected'] for row in others):,} of {total:,} photos"


def page(figures: Figures) -> Page:
    """The report, from what `measure` found."""
    made = Page("whole-photo", "Photos in which nothing is detected")
    made.text(
        _filled(
            "The papers keep at least one item a photo. A photo in which the detector finds "
            f"nothing from {figures['score_threshold']:g} on is kept as one garment where its "
            "coverage, the largest product of a weaker detection's score and the share of the "
            f"photo that its box covers, is at least {figures['least_coverage']:g}; else it shows "
            "no garment. The bar was chosen on train. Coverage does not depend on the attribute "
            "model, so tagger and sequencer find the same garments."
        )
    )
    _add_signals(made, figures)
    head = ("photos", "number", "nothing detected", "of these kept", "% without a garment, 95 %")
    made.section("Photos with garments, on val")
    made.table(head, _kind_rows([row for row in figures["val"] if row["is garment"]]))
    made.section("Photos without, on val")
    made.text(
        _filled(
            "What lies beside people holds a passer-by now and then, whom the detector finds "
            "rightly. Drawn patterns look like cloth to it. Where it finds a garment with the "
            f"usual score ({_detected(figures['val'])}), this rule takes nothing back; a detector "
            "that has learnt from photos without garments would."
        )
    )
    made.table(head, _kind_rows([row for row in figures["val"] if not row["is garment"]]))
    made.section("Asked for a category of which nothing is detected, on val")
    made.text(
        _filled(
            "With a category guide, where no detection of it reaches "
            f"{figures['guided_score_threshold']:g}, the whole photo is kept where the tagger "
            "gives it that category, too. Before this rule all were kept, as that category. Of a "
            "photo of several garments the tagger names only one, so what shows it and was missed "
            "is mostly dropped; the caller then knows that it was not found."
        )
    )
    rows = [
        [
            f"{row['kind']}, {'shows it' if row['labelled'] else 'does not show it'}",
            f"{row['asked']:,}",
            _share(row["kept"], row["asked"]),
        ]
        for row in figures["guided on val"]
    ]
    made.table(("photos", "asked", "% kept, 95 %"), rows)
    made.text("    ootd-experiment whole-photo --data FOLDER --report training/reports")
    return made
