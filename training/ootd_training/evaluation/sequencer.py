"""Quality of a sequencer on val or on a fold of train, beside other models.

Checkpoints of training runs are measured on what they learnt from too, and have a likelihood: the
form of 11st's Table 2. A tagger is measured by the same questions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ootd_training.data.crops import Tiles, load_tiles
from ootd_training.data.folds import Fold
from ootd_training.data.garments import read_garments
from ootd_training.evaluation.evaluate_options import add_crop_evaluate_options, deliver
from ootd_training.evaluation.evaluated_photos import EvaluatedPhotos
from ootd_training.evaluation.intervals import EXPLAINED, Interval, garment_intervals
from ootd_training.evaluation.measured_files import checked_digests
from ootd_training.evaluation.tagger import onnx_predict
from ootd_training.models.sequencer.export import MODEL, load_sequencer, onnx_answer, served_at
from ootd_training.models.sequencer.likelihood import independent_likelihood, sequence_likelihood
from ootd_training.models.sequencer.measure import (
    Answer,
    Answers,
    guides_of,
    measure_answers,
    measure_by_source,
    tagger_answer,
    torch_answer,
)
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.models.tagger.measure import served_crops
from ootd_training.network.public_weights import PRETRAINED
from ootd_training.report.page import Page, percent
from ootd_training.served.crop_model import CROP_SIZE, milliseconds_per_crop
from ootd_training.taxonomy import load_taxonomy

SERVED = "served"
LEARNT = "train"
"""What a checkpoint learnt from, beside the photos that the report is of."""
TABLE_TWO = ("precision", "recall", "NLL")
PAPER = ("*11st, ResCeption*", "0.866", "0.867", "0.298", "0.842", "0.841", "0.363")
"""The row of 11st's Table 2."""
Judge = Callable[[Tiles], dict[str, Any]]
"""Tiles to `measures` by guide and source, and `nll`, a likelihood or None."""
Results = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What judges say, by model and photos: `LEARNT`, and the name of those that the report is of."""


GUIDES = ("unguided", "guided")
KINDS = {"tokens": "all tokens", "attributes": "attributes"}
SHARES = ("precision", "recall")
Intervals = Mapping[str, Mapping[str, Interval]]
"""By guide, and by kind and share ("tokens, recall")."""


class Speed(NamedTuple):
    """Of the served file: milliseconds a crop on one thread, and its size."""

    milliseconds: float
    megabytes: float


@dataclass(frozen=True)
class Start:
    """What a run's encoder began from (`weights`), and how many epochs are done and planned."""

    weights: str
    done: int
    planned: int


def read_start(checkpoint: Path) -> Start:
    """How the run of a checkpoint began, and how far it came."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    settings = state["settings"]
    known = {"": "random weights", PRETRAINED: "public weights"}
    weights = known.get(settings["start"], "a trained tagger's trunk")
    return Start(weights, state["epoch"], settings["epochs"])


def judge_served(answer: Answer, vocabulary: Vocabulary) -> Judge:
    """What is known of a sequencer from its answers alone."""
    return lambda tiles: {
        "measures": measure_by_source(answer, tiles, vocabulary, CROP_SIZE),
        "nll": None,
    }


def judge_checkpoint(checkpoint: Path, vocabulary: Vocabulary) -> tuple[str, Judge]:
    """The encoder of a training run, and the measures of its averaged weights."""
    sequencer, settings = load_sequencer(checkpoint, vocabulary.taxonomy)
    size = settings.size(1.0)
    served = torch_answer(served_at(sequencer, size))

    def judge(tiles: Tiles) -> dict[str, Any]:
        return {
            "measures": measure_by_source(served, tiles, vocabulary, CROP_SIZE),
            "nll": sequence_likelihood(sequencer, tiles, size),
        }

    return settings.encoder, judge


def judge_tagger(model: Path, vocabulary: Vocabulary) -> Judge:
    """The measures of an ONNX tagger, its answers taken as sequences."""
    predict = onnx_predict(model, vocabulary.taxonomy)

    def judge(tiles: Tiles) -> dict[str, Any]:
        answer = tagger_answer(predict, vocabulary)
        subs, attributes = predict(served_crops(tiles, CROP_SIZE))
        return {
            "measures": measure_by_source(answer, tiles, vocabulary, CROP_SIZE),
            "nll": independent_likelihood(subs, attributes, tiles.garments, vocabulary),
        }

    return judge


def short_intervals(answer: Answer, tiles: Tiles, vocabulary: Vocabulary) -> Intervals:
    """Intervals of precision and recall of a sequencer's answers, by guide."""
    crops = served_crops(tiles, CROP_SIZE)
    found = {}
    for guide in GUIDES:
        answers = answer(crops, guides_of(tiles.garments, guide == "guided"))

        def shares(chosen: NDArray[np.int64], answers: Answers = answers) -> dict[str, float]:
            drawn = (answers[0][chosen], answers[1][chosen], answers[2][chosen])
            garments = tuple(tiles.garments[index] for index in chosen)
            measured = measure_answers(drawn, garments, vocabulary)
            return {f"{k}, {share}": measured[k][share] for k in KINDS for share in SHARES}

        found[guide] = garment_intervals([garment.photo for garment in tiles.garments], shares)
    return found


def three(share: float) -> str:
    """A share as this page writes it."""
    return f"{share:.3f}"


def _pair(found: Mapping[str, float]) -> str:
    return f"{found['precision']:.3f} / {found['recall']:.3f}"


def _cells(found: Mapping[str, Any] | None, guide: str) -> list[str]:
    """Precision, recall and likelihood of one split; dashes for what is not known."""
    if found is None:
        return ["–"] * 3
    tokens = found["measures"][guide]["all"]["tokens"]
    nll = "–" if found["nll"] is None else f"{found['nll'][guide]:.3f}"
    return [f"{tokens['precision']:.3f}", f"{tokens['recall']:.3f}", nll]


def _table_two(page: Page, results: Results, photos: EvaluatedPhotos) -> None:
    columns = (LEARNT, photos.name)
    rows = [
        [
            f"{model}, {guide}",
            *(cell for name in columns for cell in _cells(splits.get(name), guide)),
        ]
        for model, splits in results.items()
        for guide in GUIDES
    ]
    page.table(("", *(f"{column}: {name}" for column in columns for name in TABLE_TWO)),
               [*rows, list(PAPER)])  # fmt: skip


def _add_starts(page: Page, starts: Mapping[str, Start]) -> None:
    if not starts:
        return
    page.text("The training runs of the checkpoints:")
    page.table(
        ("", "encoder began from", "epochs"),
        [[model, start.weights, f"{start.done} of {start.planned}"]
         for model, start in starts.items()],
    )  # fmt: skip
    if len({(start.weights, start.done) for start in starts.values()}) > 1:
        page.text(
            "They did not begin alike and run equally long, so the rows compare runs: they do not "
            "tell which encoder is the better one."
        )


def _by_source(page: Page, results: Results, photos: EvaluatedPhotos) -> None:
    head = (
        "", "guided", "attributes: precision / recall", "sub-category emitted",
        "sub-category, best of all", "in its super-category", "super-category",
    )  # fmt: skip
    rows = []
    for model, splits in results.items():
        for guide, sources in splits[photos.name]["measures"].items():
            for source, found in sources.items():
                sub, top = found["emitted_sub"], found["top1"]
                rows.append([
                    f"{model}, {source}",
                    "yes" if guide == "guided" else "no",
                    f"{_pair(found['attributes'])} of {found['attributes']['of']:,}",
                    f"{percent(sub['recall'])} of {sub['of']:,}",
                    *(percent(top[name]["right"]) for name in ("sub", "sub_in_super", "super")),
                ])  # fmt: skip
    page.table(head, rows)


def build_page(
    results: Results,
    starts: Mapping[str, Start],
    intervals: Intervals,
    speed: Speed,
    photos: EvaluatedPhotos,
) -> Page:
    """The report of a sequencer and the models beside it, some of them checkpoints with starts."""
    page = Page("sequencer", f"Sequencer: measured on {photos.title}")
    page.section("In short")
    rows = []
    for model, splits in results.items():
        found = [splits[photos.name]["measures"][guide]["all"] for guide in GUIDES]
        cells = [_pair(part[kind]) for part in found for kind in KINDS]
        rows.append([model, *cells])
    cells = [
        " / ".join(intervals[guide][f"{kind}, {share}"].text(three) for share in SHARES)
        for guide in GUIDES
        for kind in KINDS
    ]
    rows.append([f"{SERVED}, interval", *cells])
    heads = [f"{name}, {guide}" for guide in GUIDES for name in KINDS.values()]
    page.table(("precision / recall", *heads), rows)
    page.text(
        f"{speed.milliseconds:.1f} ms a crop on one thread (batches of 5), "
        f"{speed.megabytes:.1f} MB. {EXPLAINED}",
        f"*{SERVED}* is the ONNX file; checkpoints have the names of their encoders. Real photos "
        "alone, crops around the labelled box or around the garment of a catalogue photo. "
        "*Guided*: the true super-category is given. Precision and recall are micro averages over "
        "the emitted and the labelled tokens: the sub-category, and the values of attributes. A "
        "value counts as wrong where the label says otherwise or the group cannot apply to the "
        "garment; where the label says nothing, it does not count.",
    )
    page.section("In the form of 11st's Table 2")
    page.text(
        "NLL: mean of the labelled tokens, in nats, the labels fed; the end of a sequence does not "
        "count. A file has no NLL, as it chooses its own tokens; a checkpoint has. The checkpoint "
        "that the served file was made of has its figures, but for rounding. The paper's row is of "
        "its own data, 721,544 photos for training and more than 90 attributes."
    )
    _table_two(page, results, photos)
    _add_starts(page, starts)
    page.section("By source")
    page.text(
        "*emitted*: the first token, the best of the best super-category, or of the given one. The "
        "three on the right are those of the tagger's report, which no guide changes."
    )
    _by_source(page, results, photos)
    return page


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate sequencer`."""
    add_crop_evaluate_options(parser, MODEL)
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[],
        help="a training run's checkpoint to measure beside it, also on train; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--tagger", type=Path, help="ONNX tagger to measure beside it, if there is one"
    )


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate sequencer`; CommandError if a file is not what it is named as."""
    digests = checked_digests(
        {"sequencer": options.model} | ({"tagger": options.tagger} if options.tagger else {})
    )
    taxonomy = load_taxonomy()
    vocabulary = Vocabulary(taxonomy)
    photos = EvaluatedPhotos.of(options)
    tiles = {photos.name: photos.tiles(taxonomy, options.cache)}
    if options.checkpoint:
        fold = None if photos.fold is None else Fold(photos.fold.number, held_out=False)
        learnt = read_garments(options.data, "train", taxonomy, options.limit, fold)
        tiles[LEARNT] = load_tiles(learnt, options.cache)
    judges: dict[str, Judge] = {}
    starts: dict[str, Start] = {}
    for path in options.checkpoint:
        encoder, judge = judge_checkpoint(path, vocabulary)
        name = encoder if encoder not in judges else f"{encoder} ({path})"
        judges[name], starts[name] = judge, read_start(path)
    if options.tagger:
        judges["tagger"] = judge_tagger(options.tagger, vocabulary)
    answer, own = onnx_answer(options.model), tiles[photos.name]
    results = {SERVED: {photos.name: judge_served(answer, vocabulary)(own)}}
    for name, judge in judges.items():
        results[name] = {split: judge(part) for split, part in tiles.items()}
    unguided = {"GUIDE_SUPERS": np.full((5, 1), -1, np.int32)}
    speed = Speed(
        milliseconds_per_crop(options.model, others=unguided),
        options.model.stat().st_size / 1e6,
    )
    intervals = short_intervals(answer, own, vocabulary)
    page = build_page(results, starts, intervals, speed, photos)
    measures = {
        **results,
        "starts": {name: asdict(start) for name, start in starts.items()},
        "intervals": intervals,
        "milliseconds_per_crop": speed.milliseconds,
        "megabytes": speed.megabytes,
    }
    deliver(page, measures, options, digests)
