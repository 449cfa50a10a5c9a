"""Measure the quality of the answers on labelled photos, through a running service.

    python perf/quality.py --data FOLDER [--server HOST:PORT] [--split val] [--output report.json]

Prints a Markdown table: detection (mAP by the COCO rules, unguided and guided by the category), the
share of right categories and colours, and how often the best hit is of the query's kind. The search
part ingests catalogue photos of the train split, and garments cut from its street photos, under ids
that begin with "quality/", and deletes them at the end.
"""

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from rich.progress import track

from labelled_photos import (
    CatalogPhoto,
    LabelledBox,
    OutfitPhoto,
    catalog_photos,
    coco_file,
    outfit_photos,
)
from ootd import Client, Garment, ItemUpload, OotdError
from ootd.types import SUPER_CATEGORIES, GarmentHits

ID_PREFIX = "quality/"

Label: TypeAlias = LabelledBox | CatalogPhoto


class Tally:
    """Counts of right answers under a name."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}

    def add(self, name: str, right: bool) -> None:
        """Count one answer."""
        self._counts.setdefault(name, []).append(int(right))

    def figures(self) -> dict[str, dict[str, float]]:
        """Return, for each name, the share of right answers (0 to 1) and how many there were."""
        return {
            name: {"value": sum(right) / len(right), "count": len(right)}
            for name, right in self._counts.items()
        }


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection over union (IoU) of two boxes x0, y0, x1, y1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both)


def coco_results(photo: OutfitPhoto, garments: Iterable[Garment]) -> Iterator[dict[str, object]]:
    """Yield detections as the COCO evaluation takes them."""
    for garment in garments:
        if garment.box is None or garment.box_origin != "detected":
            continue
        x0, y0, x1, y1 = garment.box.as_tuple()
        yield {
            "image_id": photo.identifier,
            "category_id": SUPER_CATEGORIES.index(garment.super_category) + 1,
            "bbox": [
                x0 * photo.width,
                y0 * photo.height,
                (x1 - x0) * photo.width,
                (y1 - y0) * photo.height,
            ],
            "score": garment.score,
        }


def average_precision(
    labels: Path, photos: list[OutfitPhoto], results: list[dict[str, object]]
) -> dict[str, float]:
    """Return mAP at IoU .5 to .9 over the six classes, and each class's AP at .5.

    `results` are the detections in these photos; -1 stands for a class that none of them holds.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(labels))
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.params.imgIds = [photo.identifier for photo in photos]
        evaluation.params.iouThrs = np.array([0.5, 0.6, 0.7, 0.8, 0.9])
        evaluation.evaluate()
        evaluation.accumulate()
    # precision: [IoU, recall, class, area, detections]
    precision = evaluation.eval["precision"][:, :, :, 0, -1].mean(axis=1)
    figures = {
        f"mAP@{iou:.1f}": float(precision[index].mean())
        for index, iou in enumerate(evaluation.params.iouThrs)
    }
    for index, name in enumerate(SUPER_CATEGORIES):
        figures[f"AP@0.5 {name}"] = float(precision[0, index])
    return figures


def measure_detection(
    client: Client, photos: list[OutfitPhoto], labels: Path, tally: Tally
) -> dict[str, dict[str, float]]:
    """Analyse each photo unguided, and once for each category it holds, guided."""
    unguided: list[dict[str, object]] = []
    guided: list[dict[str, object]] = []
    for photo in track(photos, description="street photos"):
        analysis = client.analyze_image(photo.path)
        unguided += coco_results(photo, analysis.garments)
        for label in photo.garments:
            best = best_match(label, analysis.garments)
            if best is not None:
                tally_names(tally, "street crop", label, best)
        for category in {label.super_category for label in photo.garments}:
            found = client.analyze_image(photo.path, category=category)
            guided += coco_results(photo, found.garments)
    return {
        "unguided": average_precision(labels, photos, unguided),
        "guided": average_precision(labels, photos, guided),
    }


def best_match(label: LabelledBox, garments: Iterable[Garment]) -> Garment | None:
    """Return the garment of the label's category whose box overlaps it most, at least 0.5."""
    best: tuple[float, Garment] | None = None
    for garment in garments:
        if garment.box is None or garment.super_category != label.super_category:
            continue
        iou = overlap(label.box, garment.box.as_tuple())
        if iou >= 0.5 and (best is None or iou > best[0]):
            best = iou, garment
    return best[1] if best else None


def tally_names(tally: Tally, where: str, label: Label, garment: Garment) -> None:
    """Count whether sub-category and colour are right, where the label tells."""
    if label.sub_category:
        tally.add(f"{where}: sub-category", garment.sub_category == label.sub_category)
    if label.color:
        tally.add(f"{where}: color", garment.attribute("color") == label.color)


def ingest(
    client: Client, singles: list[CatalogPhoto], outfits: list[OutfitPhoto]
) -> dict[str, Label]:
    """Put into the catalogue: photos of one garment, guided by their labelled category, and the
    garments of street photos, each guided by its category alone, as a seller names it (11st,
    section 3). Return the labels by item id."""
    labels: dict[str, Label] = {}
    uploads: list[ItemUpload] = []
    for photo in singles:
        name = f"{ID_PREFIX}{photo.path.stem}"
        labels[name] = photo
        uploads.append(ItemUpload(name, photo.path, category=photo.super_category))
    for outfit in outfits:
        for label in {one.super_category: one for one in outfit.garments}.values():
            name = f"{ID_PREFIX}{outfit.path.stem}-{label.super_category}"
            labels[name] = label
            uploads.append(ItemUpload(name, outfit.path, category=label.super_category))
    stored: dict[str, Label] = {}
    for result in track(client.upsert_items(uploads), total=len(uploads), description="ingest"):
        if result.error is None:
            stored[result.item_id] = labels[result.item_id]
        else:
            print(f"{result.item_id}: {result.error}", file=sys.stderr)
    return stored


def measure_search(
    client: Client,
    outfits: list[OutfitPhoto],
    singles: list[CatalogPhoto],
    stored: dict[str, Label],
    tally: Tally,
) -> None:
    """Search with each photo and compare the best hit's labels with the query's."""
    for photo in track(singles, description="catalogue queries"):
        results = client.search_by_image(photo.path, k=1).results
        best = results[0].garment if results else None
        right = best is not None and best.super_category == photo.super_category
        tally.add("catalogue photo: super-category", right)
        if results:
            tally_names(tally, "catalogue photo", photo, results[0].garment)
            tally_hit(tally, "catalogue query", photo, results[0], stored)
    for outfit in track(outfits, description="street queries"):
        results = client.search_by_image(outfit.path, k=1).results
        for label in outfit.garments:
            # The query garment is the one at the label's place, whatever the service calls it.
            near = [
                (overlap(label.box, one.garment.box.as_tuple()), index)
                for index, one in enumerate(results)
                if one.garment.box is not None
            ]
            if near and max(near)[0] >= 0.5:
                tally_hit(tally, "street query", label, results[max(near)[1]], stored)


def tally_hit(
    tally: Tally,
    where: str,
    label: Label,
    result: GarmentHits,
    stored: dict[str, Label],
) -> None:
    """Count whether the best hit shows the query's kind, if anything stored is of that kind."""
    if label.super_category not in {photo.super_category for photo in stored.values()}:
        return
    hit = stored.get(result.hits[0].item.item_id) if result.hits else None
    same = hit is not None and hit.super_category == label.super_category
    tally.add(f"{where}: best hit of the same super-category", same)
    if same and hit is not None and hit.sub_category and label.sub_category:
        alike = hit.sub_category == label.sub_category
        tally.add(f"{where}: best hit of the same sub-category", alike)
    if same and hit is not None and hit.color and label.color:
        tally.add(f"{where}: best hit of the same color", hit.color == label.color)


def markdown(figures: dict[str, dict[str, float]]) -> str:
    """Return the figures as Markdown tables."""
    lines = ["| figure | value | count |", "|---|---:|---:|"]
    for name, values in figures.items():
        if "count" in values:
            lines.append(f"| {name} | {values['value']:.3f} | {values['count']} |")
        else:
            lines += [f"| {name}: {key} | {value:.3f} | |" for key, value in values.items()]
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("OOTD_DATA"),
        help="labelled photos; default $OOTD_DATA",
    )
    parser.add_argument("--server", default="localhost:8500", help="the gateway (%(default)s)")
    parser.add_argument("--split", default="val", choices=["val"], help="which photos to ask about")
    parser.add_argument(
        "--catalog",
        type=int,
        default=1000,
        help="how many photos of the train split to ingest (%(default)s)",
    )
    parser.add_argument(
        "--streets",
        type=int,
        default=150,
        help="how many street photos of the train split to ingest (%(default)s)",
    )
    parser.add_argument(
        "--limit", type=int, default=None, help="only the first N photos of each kind"
    )
    parser.add_argument("--output", type=Path, help="also write the figures here, as JSON")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("say where the labelled photos are: --data FOLDER, or set OOTD_DATA")
    return arguments


def main() -> None:
    """Measure, print, and leave the catalogue as it was."""
    arguments = parse_arguments()
    data = Path(arguments.data)
    outfits = outfit_photos(data, arguments.split)[: arguments.limit]
    singles = catalog_photos(data, arguments.split)[: arguments.limit]
    shop = catalog_photos(data, "train")
    shop = shop[:: max(1, len(shop) // max(1, arguments.catalog))]
    streets = outfit_photos(data, "train")
    streets = streets[:: max(1, len(streets) // max(1, arguments.streets))]
    tally = Tally()
    with Client(arguments.server, timeout_s=30.0) as client:
        labels = coco_file(data, arguments.split)
        detection = measure_detection(client, outfits, labels, tally)
        try:
            stored = ingest(client, shop, streets)
            measure_search(client, outfits, singles, stored, tally)
        finally:
            remove(client)
    figures = {**detection, **tally.figures()}
    print(markdown(figures))
    if arguments.output:
        arguments.output.write_text(json.dumps(figures, indent=1) + "\n")


def remove(client: Client) -> None:
    """Delete what was ingested."""
    names = [item.item_id for item in client.list_items() if item.item_id.startswith(ID_PREFIX)]
    for start in range(0, len(names), 1000):
        client.delete_items(names[start : start + 1000])


if __name__ == "__main__":
    try:
        main()
    except OotdError as error:
        sys.exit(f"The measurement stopped: {error}")
