"""Quality of an embedder on val or on a fold of train, from its ONNX file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ootd_training.evaluation.evaluate_options import add_crop_evaluate_options, deliver
from ootd_training.evaluation.evaluated_photos import EvaluatedPhotos
from ootd_training.evaluation.intervals import EXPLAINED, garment_intervals
from ootd_training.evaluation.measured_files import checked_digest
from ootd_training.models.embedder.export import MODEL, onnx_embed
from ootd_training.models.embedder.measure import (
    DEPTHS,
    Embed,
    embed_views,
    item_ranks,
    measure_views,
    parts_by_source,
    retrieval,
)
from ootd_training.report.page import Page, average, percent
from ootd_training.report.plots import SHARE, Panel, bars, panels
from ootd_training.served.crop_model import CROP_SIZE, milliseconds_per_crop
from ootd_training.taxonomy import load_taxonomy

QUERY_NAMES = {
    "same_item": "same garment",
    "same_item_other_background": "same garment, other background",
    "same_label": "same sub-category and colour",
}
LABEL_ROWS = (
    ("same_sub", "top5", "5 nearest others: same sub-category"),
    ("same_sub", "chance", "by chance"),
    ("same_color", "top5", "5 nearest others: same colour"),
    ("same_color", "chance", "by chance"),
)


def measure(embed: Embed, photos: EvaluatedPhotos, cache: Path | None) -> dict[str, Any]:
    """Everything about an embedder: `search` and `retrieval`, each by source; `intervals` of the
    share of queries whose own garment is the best hit."""
    tiles = photos.tiles(load_taxonomy(), cache)
    parts = parts_by_source(embed_views(embed, tiles, CROP_SIZE))
    garments, ranks = item_ranks(parts["all"])

    def best_hits(chosen: NDArray[np.int64]) -> dict[str, float | None]:
        return {name: float((rank[chosen] == 0).mean()) for name, rank in ranks.items()}

    return {
        "intervals": garment_intervals([garment.photo for garment in garments], best_hits),
        "search": {source: measure_views(views) for source, views in parts.items()},
        "retrieval": {source: retrieval(views) for source, views in parts.items()},
    }


def _add_search(page: Page, search: Mapping[str, Any]) -> None:
    page.section("Search")
    page.text(
        "Each garment is searched among the measured ones of its super-category. For *same "
        "garment* the query is another crop of the same photo (moved, turned, blurred, relit, "
        "partly covered), with its own or with another background. A shop photo and a street photo "
        "of the same garment, the case that matters most, exist nowhere in the labelled photos and "
        "are not measured."
    )
    rows = [["garments", *(f"{found['garments']:,}" for found in search.values())]]
    for query in ("same_item", "same_item_other_background"):
        for depth in DEPTHS:
            cells = [percent(found[query][f"top{depth}"]) for found in search.values()]
            rows.append([f"{QUERY_NAMES[query]}: among the best {depth}", *cells])
    for label, name, text in LABEL_ROWS:
        cells = [percent(found.get(label, {}).get(name)) for found in search.values()]
        rows.append([text, *cells])
    page.table(("", *search), rows)
    page.picture(
        "search", "share of queries whose own garment is among the best hits", _shares(search)
    )


def _shares(search: Mapping[str, Any]) -> Figure:
    return panels(
        [
            Panel(
                QUERY_NAMES[query], "hits looked at", "queries that find their garment",
                {
                    source: (list(DEPTHS), [found[query][f"top{depth}"] for depth in DEPTHS])
                    for source, found in search.items()
                },
                y_limits=SHARE, dots=True,
            )
            for query in ("same_item", "same_item_other_background")
        ]
    )  # fmt: skip


def _add_codes(page: Page, found: Mapping[str, Any]) -> None:
    page.section("What codes cost")
    page.text(
        "Mean average precision of a search by the cosine of the vectors, and by the Hamming "
        "distance of their codes (a bit for each number, 1 where it is above 0). Equal distances "
        "count with the mean over all of their orders. *Same garment* has one right hit; the right "
        "hits of *same sub-category and colour* are all other garments with both labels."
    )
    rows = []
    for source, queries in found.items():
        for name, numbers in queries.items():
            rows.append(
                [
                    f"{source}: {QUERY_NAMES[name]}",
                    *(f"{numbers[kind]:.3f}" for kind in ("cosine", "codes", "loss")),
                    f"{numbers['queries']:,}",
                ]
            )
    page.table(("queries", "mAP, cosine", "mAP, codes", "loss", "queries"), rows)
    groups = {
        QUERY_NAMES[name]: {"cosine": numbers["cosine"], "codes": numbers["codes"]}
        for name, numbers in found["all"].items()
    }
    page.picture(
        "codes", "mean average precision by cosine and by codes",
        bars("All garments", "mAP", groups),
    )  # fmt: skip


def build_page(measures: Mapping[str, Any], photos: EvaluatedPhotos) -> Page:
    """The report of an embedder, measured on `photos`."""
    page = Page("embedder", f"Embedder: measured on {photos.title}")
    page.section("In short")
    search, found = measures["search"]["all"], measures["retrieval"]["all"]
    rows = [
        [
            f"{QUERY_NAMES[name]} is the best hit",
            percent(search[name]["top1"]),
            measures["intervals"][name].text(),
        ]
        for name in ("same_item", "same_item_other_background")
    ]
    for name, numbers in found.items():
        text = f"mAP, {QUERY_NAMES[name]}: cosine, codes, loss"
        cells = " / ".join(average(numbers[kind]) for kind in ("cosine", "codes", "loss"))
        rows.append([text, cells, "–"])
    rows.append(["size of the file", f"{measures['megabytes']:.2f} MB", "–"])
    page.table(("figure", photos.name, "interval"), rows)
    page.text(
        EXPLAINED,
        f"Measured on {search['garments']:,} garments of real photos of {photos.title}. One "
        f"crop takes {measures['milliseconds_per_crop']:.1f} ms of one processor core (median, in "
        "batches of 5) in ONNX Runtime.",
    )
    _add_search(page, measures["search"])
    _add_codes(page, measures["retrieval"])
    return page


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate embedder`."""
    add_crop_evaluate_options(parser, MODEL)


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate embedder`; CommandError if the file is no embedder."""
    digests = {"embedder": checked_digest("embedder", options.model)}
    embed, photos = onnx_embed(options.model), EvaluatedPhotos.of(options)
    measures = measure(embed, photos, options.cache)
    measures["milliseconds_per_crop"] = milliseconds_per_crop(options.model)
    measures["megabytes"] = options.model.stat().st_size / 1e6
    deliver(build_page(measures, photos), measures, options, digests)
