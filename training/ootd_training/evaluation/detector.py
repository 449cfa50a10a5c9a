"""Quality of a detector on val or on a fold of train, alone and under the service's rules."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure

from ootd_training.console.options import add_repository_option, checked_repository
from ootd_training.evaluation.detector_rules import (
    RULES,
    THRESHOLDS,
    Outcome,
    Outcomes,
    measure_rules,
    recall_at,
)
from ootd_training.evaluation.evaluate_options import add_evaluate_options, deliver
from ootd_training.evaluation.evaluated_photos import EvaluatedPhotos
from ootd_training.evaluation.intervals import (
    EXPLAINED,
    Interval,
    draws,
    interval,
    ratio_interval,
)
from ootd_training.evaluation.measured_files import checked_digests
from ootd_training.evaluation.served_graph import ServedGraph
from ootd_training.models.detector.measure import (
    OVERLAPS,
    RECALLS,
    Precision,
    Recognition,
    detections,
    drawn_precisions,
    guided,
    judge_rows,
    recognition,
)
from ootd_training.models.detector.settings import INPUT_SIZE
from ootd_training.report.page import Page, average, percent
from ootd_training.report.plots import SHARE, Panel, panels
from ootd_training.served.onnx_sessions import open_session, processor_milliseconds
from ootd_training.served.rules import served_thresholds
from ootd_training.taxonomy import REPOSITORY, SUPER_CATEGORIES

MODEL = REPOSITORY / "detector" / "1" / "model.onnx"
ALONE, EXCLUSIVE, CHECKED, SERVED = RULES
GIVEN, RIGHT, LABELLED = range(3)
"""Columns of `Outcome.by_photo`."""
PAPER = {
    "*11st, guided*": (0.877, 0.872, 0.855, 0.716, 0.225),
    "*11st, non-guided*": (0.849, 0.842, 0.818, 0.684, 0.223),
}
"""11st's Table 3, at `OVERLAPS`."""


@dataclasses.dataclass(frozen=True)
class Measures:
    """All that the report says of a detector; `threshold` is the score it is served with."""

    outfits: int
    catalog: int
    unguided: Precision
    guided: Precision
    intervals: Mapping[str, Interval]
    """Of the mean average precision at an IoU of 0.5, `unguided` and `guided`."""
    known: Recognition
    rules: Outcomes
    threshold: float
    milliseconds: float
    megabytes: float

    def summary(self) -> dict[str, Any]:
        """The figures without the curves, as JSON takes them."""
        found = {name: outcomes[self.threshold] for name, outcomes in self.rules.items()}
        return {
            "outfit_photos": self.outfits,
            "catalog_photos": self.catalog,
            "unguided": {"mean": self.unguided.mean, "by_class": self.unguided.by_class},
            "guided": {"mean": self.guided.mean, "by_class": self.guided.by_class},
            "intervals": dict(self.intervals),
            "catalog_right": dataclasses.asdict(self.known),
            "rules": {n: {"precision": o.precision, "recall": o.recall} for n, o in found.items()},
            "milliseconds": self.milliseconds,
            "megabytes": self.megabytes,
        }


def latency(model: Path, repeats: int = 30) -> float:
    """Median milliseconds of processor time of one photo in ONNX Runtime, on one thread.

    Other work of the machine does not count.
    """
    photo = np.random.default_rng(0).random((1, 3, INPUT_SIZE, INPUT_SIZE), np.float32)
    return processor_milliseconds(open_session(model), {"LETTERBOX": photo}, repeats)


def measure(
    model: Path,
    graph: ServedGraph,
    evaluated: EvaluatedPhotos,
) -> Measures:
    """Everything about an ONNX detector, `model` and part of the `graph`."""
    photos, catalog = evaluated.outfits(), evaluated.catalog()
    data, split = evaluated.data, evaluated.split
    rows = detections(graph.detector, photos)
    helped = guided(rows, photos)
    thresholds = sorted({*THRESHOLDS, graph.score_threshold})
    return Measures(
        outfits=len(photos),
        catalog=len(catalog),
        unguided=judge_rows(rows, photos, data, split),
        guided=judge_rows(helped, photos, data, split),
        intervals={
            name: interval(drawn_precisions(found, photos, data, split, draws(len(photos))))
            for name, found in (("unguided", rows), ("guided", helped))
        },
        known=recognition(graph.detector, catalog),
        rules=measure_rules(graph, photos, thresholds),
        threshold=graph.score_threshold,
        milliseconds=latency(model),
        megabytes=model.stat().st_size / 1e6,
    )


def precision_picture(unguided: Precision, helped: Precision) -> Figure:
    """Precision over recall of each class, unguided and guided, and mAP over the overlap asked."""
    parts = [
        Panel(
            f"IoU {OVERLAPS[0]}, {name}", "recall", "precision",
            {label: (list(RECALLS), values.tolist()) for label, values in found.curves.items()},
            x_limits=(0, 1), y_limits=SHARE,
        )
        for name, found in (("unguided", unguided), ("guided", helped))
    ]  # fmt: skip
    lines = {
        name: (list(OVERLAPS), [found.mean[limit] for limit in OVERLAPS])
        for name, found in (("unguided", unguided), ("guided", helped))
    }
    parts.append(Panel("All classes", "IoU asked", "mAP", lines, y_limits=SHARE, dots=True))
    return panels(parts)


def rules_picture(rules: Outcomes, threshold: float) -> Figure:
    """Precision over recall as the score threshold moves; the dots are where it is served."""
    lines = {
        name: ([o.recall for o in found.values()], [o.precision for o in found.values()])
        for name, found in rules.items()
    }
    marked = {
        name: (found[threshold].recall, found[threshold].precision) for name, found in rules.items()
    }
    title = "Garments of outfit photos, IoU 0.5"
    return panels([Panel(title, "recall", "precision", lines, marked)], columns=1)


def _add_precision(page: Page, measures: Measures) -> None:
    page.section("Average precision, unguided and guided")
    page.text(
        f"mAP of the six classes by COCO's rules (101 recall points) on {measures.outfits} outfit "
        "photos, in the form of Table 3 of 11st's *Visual Fashion-Product Search*. Guided: the "
        "caller names each category that the photo is labelled with, so detections of other "
        "classes are rejected. The paper's rows are of its own photos, a million, and classes."
    )
    head = ("IoU", *map(str, OVERLAPS))
    means = {"guided": measures.guided.mean, "non-guided": measures.unguided.mean}
    rows = [[n, *(average(m[limit]) for limit in OVERLAPS)] for n, m in means.items()]
    page.table(head, [*rows, *([name, *map(average, row)] for name, row in PAPER.items())])
    for name, found in (("Non-guided", measures.unguided), ("Guided", measures.guided)):
        page.text(f"{name}, by class:")
        page.table(
            head,
            [
                [label, *(average(found.by_class[limit][label]) for limit in OVERLAPS)]
                for label in SUPER_CATEGORIES
            ],
        )
    figure = precision_picture(measures.unguided, measures.guided)
    page.picture("precision", "precision over recall by class, and mAP by IoU", figure)


def _add_rules(page: Page, measures: Measures) -> None:
    page.section("The service's rules")
    rules, threshold = measures.rules, measures.threshold
    page.text(
        "The same photos through detector, `select`, `crop`, tagger and `verify`, unguided. A "
        "garment is right when it has the class of a labelled box that it overlaps with an IoU of "
        "0.5 or more, each box once. *Exclusivity*: a dress excludes the tops and bottoms in its "
        "place. *Cross-check*: a box is dropped where the tagger is sure of another "
        f"super-category. At the served score threshold, {threshold:.2f}:"
    )
    found = {name: outcomes[threshold] for name, outcomes in rules.items()}
    page.table(
        ("rules", "precision", "recall", "garments given", "of them right", "labelled"),
        [
            [n, percent(o.precision), percent(o.recall), *map(str, (o.given, o.right, o.labelled))]
            for n, o in found.items()
        ],
    )
    page.text(
        "A rule only ever drops boxes, so at one threshold recall cannot rise; what it gives is "
        "precision, which a lower threshold turns into recall. The best recall of the thresholds "
        "whose precision is at least that of the detector alone at the served threshold, "
        f"{percent(found[ALONE].precision)}. (At high thresholds precision falls, as each photo "
        "has at least one garment where weaker detections make that likely: the whole photo.)"
    )
    rows = []
    for name, outcomes in rules.items():
        best = recall_at(outcomes, found[ALONE].precision)
        assert best is not None or name != ALONE
        rows.append([name, *((percent(best[0]), f"{best[1]:.2f}") if best else ("–", "–"))])
    page.table(("rules", "recall", "at a threshold of"), rows)
    page.picture("rules", "precision over recall with each rule", rules_picture(rules, threshold))


def build_page(measures: Measures, photos: EvaluatedPhotos) -> Page:
    """The report of a detector, measured on `photos`."""
    page = Page("detector", f"Detector: measured on {photos.title}")
    page.section("In short")
    alone, served = (measures.rules[name][measures.threshold] for name in (ALONE, SERVED))
    known = measures.known
    page.table(
        ("figure", photos.name, "interval"),
        [
            [
                "mAP at IoU 0.5, unguided",
                average(measures.unguided.mean[0.5]),
                measures.intervals["unguided"].text(average),
            ],
            [
                "mAP at IoU 0.5, guided",
                average(measures.guided.mean[0.5]),
                measures.intervals["guided"].text(average),
            ],
            ["mAP at IoU 0.7, unguided", average(measures.unguided.mean[0.7]), "–"],
            ["catalogue photos whose best detection has their class", percent(known.right), "–"],
            _share_row("precision of garments, detector alone", alone, RIGHT, GIVEN),
            _share_row("precision of garments, as served", served, RIGHT, GIVEN),
            _share_row("recall of garments, as served", served, RIGHT, LABELLED),
            ["size of the file", f"{measures.megabytes:.2f} MB", "–"],
        ],
    )
    page.text(
        EXPLAINED,
        f"Measured on {measures.outfits} outfit photos and {measures.catalog} catalogue photos of "
        f"{photos.title}, real photos only, letterboxed to 320 px as the service does. One photo "
        f"takes {measures.milliseconds:.1f} ms of one processor core (median) in ONNX Runtime.",
    )
    _add_precision(page, measures)
    _add_rules(page, measures)
    page.section("Catalogue photos")
    page.text(
        "A catalogue photo is right when its best detection scores at least 0.25 and has the "
        f"photo's super-category; nothing reached 0.25 in {percent(known.missed)} of them."
    )
    rows = [[name, percent(known.by_class.get(name))] for name in SUPER_CATEGORIES]
    page.table(("class", "right"), [*rows, ["**all**", percent(known.right)]])
    return page


def _share_row(text: str, outcome: Outcome, part: int, whole: int) -> list[str]:
    """A share of garments over photos, two columns of `Outcome.by_photo`, with its interval."""
    right, counted = outcome.by_photo[:, part], outcome.by_photo[:, whole]
    share = float(right.sum() / max(1, counted.sum()))
    return [text, percent(share), ratio_interval(right, counted).text()]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate detector`."""
    add_evaluate_options(parser, MODEL)
    parser.add_argument(
        "--tagger", type=Path, help="ONNX file for the cross-check (default: the repository's)"
    )
    add_repository_option(parser)


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate detector`; CommandError if a file is not what it is named as."""
    repository = checked_repository(options.repository)
    tagger = options.tagger or repository / "tagger" / "1" / "model.onnx"
    digests = checked_digests(
        {
            "detector": options.model,
            "crop": repository / "crop" / "1" / "model.onnx",
            "tagger": tagger,
        }
    )
    cv2.setNumThreads(1)
    photos = EvaluatedPhotos.of(options)
    graph = ServedGraph(repository, options.model, tagger)
    measures = measure(options.model, graph, photos)
    thresholds = served_thresholds(repository)
    deliver(build_page(measures, photos), measures.summary(), options, digests, thresholds)
