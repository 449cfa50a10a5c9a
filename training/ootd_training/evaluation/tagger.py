"""Quality of a tagger on val or on a fold of train, from its ONNX file."""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ootd_training.data.crops import Garment
from ootd_training.data.garments import read_garments
from ootd_training.evaluation.evaluate_options import add_crop_evaluate_options, deliver
from ootd_training.evaluation.evaluated_photos import EvaluatedPhotos
from ootd_training.evaluation.intervals import EXPLAINED, Interval, garment_intervals
from ootd_training.evaluation.measured_files import checked_digest
from ootd_training.models.tagger.export import MODEL
from ootd_training.models.tagger.measure import (
    Answers,
    Learnt,
    Predict,
    Reliability,
    answers_by_source,
    attribute_measures,
    confusion,
    learnt_groups,
    measure_tagger,
    reliability,
    served_subs,
    super_probabilities,
)
from ootd_training.report.page import Page, percent
from ootd_training.report.plots import SHARE, Confusion, Panel, confusions, panels
from ootd_training.served.crop_model import CROP_SIZE, milliseconds_per_crop, run_crops
from ootd_training.served.onnx_sessions import open_session
from ootd_training.taxonomy import Taxonomy, load_taxonomy

SHORT_FIGURES = {"super": "super-category", "sub": "sub-category"}
SOURCES = {
    "catalog": "catalogue, crop around the garment",
    "catalog_whole": "catalogue, whole photo as the crop",
    "outfit": "street, crop around the labelled box",
}


def onnx_predict(model: Path, taxonomy: Taxonomy) -> Predict:
    """The ONNX tagger as a function of uint8 crops, on one thread.

    ValueError if it has not a column for each attribute value of the taxonomy's trained groups.
    """
    session = open_session(model)
    columns = {output.name: output.shape[-1] for output in session.get_outputs()}
    if columns["ATTRIBUTE_PROBABILITIES"] != taxonomy.attribute_count:
        raise ValueError(
            f"{model} answers with {columns['ATTRIBUTE_PROBABILITIES']} attribute values, the "
            f"trained groups of taxonomy.json have {taxonomy.attribute_count}; train the tagger "
            "again, or measure it beside the taxonomy that it was trained for"
        )

    def predict(crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        subs, attributes = run_crops(session, crops)
        return subs, attributes

    return predict


def real_examples(data: Path, taxonomy: Taxonomy) -> dict[str, dict[str, int]]:
    """Garments of real photos with each sub-category known, of the train and the val split."""
    counts = {}
    for split in ("train", "val"):
        found = Counter(garment.sub for garment in read_garments(data, split, taxonomy))
        counts[split] = {name: found[index] for index, name in enumerate(taxonomy.subs)}
    return counts


def measure(answers: Mapping[str, Answers], taxonomy: Taxonomy) -> dict[str, dict[str, Any]]:
    """Shares of right answers by source (`accuracy`), and of attributes (`attributes`)."""
    attributes = {name: attribute_measures(found, taxonomy) for name, found in answers.items()}
    single = [found for name, found in answers.items() if name != "catalog_whole"]
    attributes["all"] = attribute_measures(joined_answers(single), taxonomy)
    accuracy = {
        name: measure_tagger(found.subs, found.attributes, found.garments, taxonomy)
        for name, found in answers.items()
    }
    return {"accuracy": accuracy, "attributes": attributes}


def short_intervals(
    answers: Mapping[str, Answers], taxonomy: Taxonomy
) -> dict[str, dict[str, Interval]]:
    """Intervals of the short figures: `super` and `sub` by source; `precision` and `recall` of the
    attributes of all."""
    found = {}
    single = {name: part for name, part in answers.items() if name != "catalog_whole"}
    for name, part in single.items():

        def shares(chosen: NDArray[np.int64], part: Answers = part) -> dict[str, float | None]:
            drawn = part.take(chosen)
            measured = measure_tagger(drawn.subs, drawn.attributes, drawn.garments, taxonomy)
            return {figure: measured[figure]["right"] for figure in SHORT_FIGURES}

        found[name] = garment_intervals([garment.photo for garment in part.garments], shares)
    every = joined_answers(single.values())

    def micro(chosen: NDArray[np.int64]) -> dict[str, float | None]:
        measured = attribute_measures(every.take(chosen), taxonomy)["micro"]
        return {figure: measured[figure] for figure in ("precision", "recall")}

    found["attributes"] = garment_intervals([g.photo for g in every.garments], micro)
    return found


def learnt_by_source(
    answers: Mapping[str, Answers], train: Sequence[Garment], taxonomy: Taxonomy
) -> dict[str, dict[str, Learnt]]:
    """What is learnt of the attributes of catalogue and outfit photos, beside the commonest values
    of the train photos of the same source."""
    return {
        name: learnt_groups(found, [g for g in train if g.source == name], taxonomy)
        for name, found in answers.items()
        if name != "catalog_whole"
    }


def joined_answers(parts: Iterable[Answers]) -> Answers:
    """All answers together."""
    parts = list(parts)
    return Answers(
        tuple(garment for part in parts for garment in part.garments),
        np.concatenate([part.subs for part in parts]),
        np.concatenate([part.attributes for part in parts]),
    )


def _cell(share: Mapping[str, Any] | None) -> str:
    return f"{percent(share['right'])} of {share['of']:,}" if share and share["of"] else "–"


def _add_accuracy(page: Page, accuracy: Mapping[str, Any]) -> None:
    page.section("Right answers")
    page.text(
        "\n".join(f"- *{name}*: {SOURCES[name]}" for name in accuracy),
        "`sub` is the best of all 32 sub-categories, `sub_in_super` the best among those of the "
        "true super-category, each over the garments whose sub-category is labelled. Attributes "
        "are the best value of their group, whatever the sub-category that is given.",
    )
    rows = [
        (name, [found[name] for found in accuracy.values()])
        for name, value in next(iter(accuracy.values())).items()
        if "right" in value
    ]
    page.table(("", *accuracy), [[name, *map(_cell, shares)] for name, shares in rows])
    names = dict.fromkeys(n for found in accuracy.values() for n in found["super_by_class"])
    page.table(
        ("super-category", *accuracy),
        [
            [n, *(_cell(found["super_by_class"].get(n)) for found in accuracy.values())]
            for n in names
        ],
    )


def _add_attributes(page: Page, measures: Mapping[str, Any]) -> None:
    page.section("Attributes as served")
    page.text(
        "A group's best value is given where the group applies to the sub-category that is given. "
        "It is wrong where the label says otherwise, or where the garment's own category cannot "
        "have the group; where the label says nothing, it does not count. *micro* is over all "
        "values of all groups. `perf/quality.py` counts alike, with the garments that the running "
        "service finds. The labels are weak: colour and pattern follow the pixels, sleeve length "
        "and neckline the name of the category, and nobody looked at each photo."
    )
    groups = list(measures["all"])
    rows = []
    for group in groups:
        cells = []
        for found in measures.values():
            share = found[group]
            shares = f"{percent(share['precision'])} / {percent(share['recall'])}"
            cells.append(f"{shares} of {share['labelled']:,}" if share["labelled"] else "–")
        rows.append([f"**{group}**" if group == "micro" else group, *cells])
    page.table(("precision / recall of labels", *measures), rows)


def _add_learnt(page: Page, learnt: Mapping[str, Mapping[str, Learnt]]) -> None:
    page.section("Attributes beside the most frequent value")
    page.text(
        "*always*: what giving each garment the most frequent value of the train photos of its "
        "source would get; *right*: the tagger's best value, whatever the sub-category that is "
        "given. *balanced*: the mean over the labelled values of the share of right answers to "
        "each; one answer to all garments gets what stands beside it. Where *right* is no more "
        "than *always*, the group is not worth asking for."
    )
    head = ("group", "of", "most frequent", "always", "right", "balanced", "one answer to all")
    rows = []
    for source, groups in learnt.items():
        for name, found in groups.items():
            shares = (found.always, found.right, found.balanced, 1 / found.values)
            cells = map(percent, shares)
            rows.append([f"{name}, {source}", f"{found.of:,}", found.commonest, *cells])
    every = [found for groups in learnt.values() for found in groups.values()]
    if count := sum(found.of for found in every):
        always = sum(found.of * found.always for found in every) / count
        right = sum(found.of * found.right for found in every) / count
        rows.append(["**all**", f"{count:,}", "–", percent(always), percent(right), "–", "–"])
    page.table(head, rows)


def _confusions(answers: Mapping[str, Answers], taxonomy: Taxonomy) -> dict[str, Figure]:
    parts = {name: answers[name] for name in ("catalog", "outfit") if name in answers}
    supers = []
    for name, found in parts.items():
        labels = np.array([garment.super_index for garment in found.garments])
        best = super_probabilities(found.subs, taxonomy).argmax(1)
        counts = confusion(labels, best, len(taxonomy.supers))
        supers.append(Confusion(f"Super-categories, {name}", taxonomy.supers, counts))
    every = joined_answers(parts.values())
    labels = np.array([garment.sub for garment in every.garments])
    counts = confusion(labels, served_subs(every.subs, taxonomy), len(taxonomy.subs))
    subs = Confusion("Sub-categories, catalog and outfit", taxonomy.subs, counts)
    return {"super-confusion": confusions(supers), "sub-confusion": confusions([subs])}


def _reliabilities(
    answers: Mapping[str, Answers], taxonomy: Taxonomy
) -> dict[str, dict[str, Reliability]]:
    """Of super-categories and of sub-categories, by source."""
    found: dict[str, dict[str, Reliability]] = {"super-categories": {}, "sub-categories": {}}
    for name, part in answers.items():
        supers = np.array([garment.super_index for garment in part.garments])
        subs = np.array([garment.sub for garment in part.garments])
        probabilities = super_probabilities(part.subs, taxonomy)
        found["super-categories"][name] = reliability(probabilities, supers)
        if (subs >= 0).any():
            found["sub-categories"][name] = reliability(part.subs, subs)
    return found


def _add_calibration(page: Page, answers: Mapping[str, Answers], taxonomy: Taxonomy) -> None:
    page.section("Calibration")
    found = _reliabilities(answers, taxonomy)
    page.text(
        "Expected calibration error: the mean distance between the probability of an answer and "
        "the share of right answers, over ten bins by probability."
    )
    rows = [
        [kind, *(f"{parts[n].error:.3f}" if n in parts else "–" for n in answers)]
        for kind, parts in found.items()
    ]
    page.table(("", *answers), rows)
    figure = panels(
        [
            Panel(
                kind, "probability of the answer", "share of right answers",
                {name: (part.confidence, part.right) for name, part in parts.items()},
                x_limits=(0, 1), y_limits=SHARE, diagonal=True, dots=True,
            )
            for kind, parts in found.items()
        ]
    )  # fmt: skip
    page.picture("calibration", "share of right answers over their probability", figure)


def _add_examples(
    page: Page, counts: Mapping[str, Mapping[str, int]], answers: Mapping[str, Answers],
    taxonomy: Taxonomy,
) -> None:  # fmt: skip
    page.section("Sub-categories and their real photos")
    none = [name for name in taxonomy.subs if not any(split[name] for split in counts.values())]
    unmeasured = [n for n in taxonomy.subs if n not in none and not counts["val"][n]]
    page.text(
        "Every figure of this page is of real photos alone; drawn photos are trained on, not "
        "measured here. "
        + (
            f"No real photo, in train or val, shows {', '.join(none)}: they were learnt from drawn "
            "photos, and nothing measures them. "
            if none
            else ""
        )
        + (f"No photo of val shows {', '.join(unmeasured)}. " if unmeasured else "")
        + "Right: the sub-category that is given is the label, of the garments of val so labelled."
    )
    every = joined_answers(found for name, found in answers.items() if name != "catalog_whole")
    labels = np.array([garment.sub for garment in every.garments])
    right = served_subs(every.subs, taxonomy) == labels
    rows = []
    for index, name in enumerate(taxonomy.subs):
        mine = labels == index
        share = percent(float(right[mine].mean())) if mine.any() else "–"
        rows.append([name, *(f"{counts[split][name]:,}" for split in counts), share])
    page.table(("sub-category", *(f"{split} photos" for split in counts), "right"), rows)


def build_page(
    measures: Mapping[str, Any],
    answers: Mapping[str, Answers],
    learnt: Mapping[str, Mapping[str, Learnt]],
    counts: Mapping[str, Mapping[str, int]],
    taxonomy: Taxonomy,
    *,
    photos: EvaluatedPhotos,
) -> Page:
    """The report of a tagger, measured on `photos`."""
    page = Page("tagger", f"Tagger: measured on {photos.title}")
    intervals = measures["intervals"]
    page.section("In short")
    rows = []
    for name, text in SHORT_FIGURES.items():
        for source in ("catalog", "outfit"):
            if source in measures["accuracy"]:
                right = _cell(measures["accuracy"][source][name])
                rows.append([f"{text}, {SOURCES[source]}", right, intervals[source][name].text()])
    micro = measures["attributes"]["all"]["micro"]
    for name in ("precision", "recall"):
        cells = [percent(micro[name]), intervals["attributes"][name].text()]
        rows.append([f"attributes, micro {name}", *cells])
    rows.append(["size of the file", f"{measures['megabytes']:.2f} MB", "–"])
    page.table(("figure", photos.name, "interval"), rows)
    page.text(
        EXPLAINED,
        f"Trained attribute groups: {', '.join(group.name for group in taxonomy.groups)}. One "
        f"crop takes {measures['milliseconds_per_crop']:.1f} ms of one processor core (median, in "
        "batches of 5) in ONNX Runtime.",
    )
    _add_accuracy(page, measures["accuracy"])
    _add_attributes(page, measures["attributes"])
    _add_learnt(page, learnt)
    page.section("Confusions")
    captions = {"super-confusion": "super-categories", "sub-confusion": "sub-categories"}
    for name, figure in _confusions(answers, taxonomy).items():
        page.picture(name, f"{captions[name]}: answers to each label, in percent", figure)
    _add_calibration(page, answers, taxonomy)
    _add_examples(page, counts, answers, taxonomy)
    return page


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate tagger`."""
    add_crop_evaluate_options(parser, MODEL)


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate tagger`; CommandError if the file is no tagger."""
    digests = {"tagger": checked_digest("tagger", options.model)}
    taxonomy = load_taxonomy()
    photos = EvaluatedPhotos.of(options)
    tiles = photos.tiles(taxonomy, options.cache)
    answers = answers_by_source(onnx_predict(options.model, taxonomy), tiles, CROP_SIZE)
    learnt = learnt_by_source(answers, read_garments(options.data, "train", taxonomy), taxonomy)
    measures = {
        **measure(answers, taxonomy),
        "intervals": short_intervals(answers, taxonomy),
        "learnt": {
            source: {name: dataclasses.asdict(found) for name, found in groups.items()}
            for source, groups in learnt.items()
        },
        "milliseconds_per_crop": milliseconds_per_crop(options.model),
        "megabytes": options.model.stat().st_size / 1e6,
    }
    counts = real_examples(options.data, taxonomy)
    page = build_page(measures, answers, learnt, counts, taxonomy, photos=photos)
    deliver(page, measures, options, digests)
