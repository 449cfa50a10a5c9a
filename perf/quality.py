"""Measure the quality of the answers on labelled photos, through a running service.

    python perf/quality.py --data FOLDER [--server HOST:PORT] [--split val] [--output report.json]

Prints a Markdown table: detection (mAP by the COCO rules, of all detections and of those that the
rules leave, unguided and guided by the category), the share of right categories, precision and
recall of attributes, and how often the best hit is of the query's kind. The search part ingests
catalogue photos of the train split, and garments cut from its street photos, under ids that begin
with "quality/", and deletes them at the end.
"""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from detection import Result, average_precision, best_match, found, kept, overlap
from labelled_photos import (
    CatalogPhoto,
    Label,
    OutfitPhoto,
    catalog_photos,
    coco_file,
    outfit_photos,
)
from ootd import ATTRIBUTE_MODELS, AttributeModel, Client, Garment, ItemUpload, OotdError
from ootd.types import GarmentHits
from tallies import AttributeTally, Figures, Tally

ID_PREFIX = "quality/"

ALL_DETECTIONS = 0.01
"""Score threshold that shows the detector's own ranking."""


@dataclass(frozen=True, slots=True)
class Names:
    """Counts what garments are called."""

    shares: Tally
    attributes: AttributeTally

    def add(self, where: str, label: Label, garment: Garment) -> None:
        """Count whether sub-category and attributes are right, where the label tells them."""
        if label.sub_category:
            self.shares.add(f"{where}: sub-category", garment.sub_category == label.sub_category)
        self.attributes.add(where, label, garment)

    def figures(self) -> Figures:
        """Return all figures."""
        return {**self.shares.figures(), **self.attributes.figures()}


def measure_detection(
    client: Client, photos: list[OutfitPhoto], labels: Path
) -> dict[str, dict[str, float]]:
    """Analyse each photo unguided, and once for each category it holds, guided.

    Both with the service's thresholds (what the rules leave counts) and with one that shows all
    detections (what the rules dropped counts too).
    """
    results: dict[str, list[Result]] = {
        f"{which}, {guidance}": []
        for which in ("all detections", "after the rules")
        for guidance in ("unguided", "guided")
    }
    for photo in track(photos, description="detection"):
        categories = {label.super_category for label in photo.garments}
        for category in (None, *sorted(categories)):
            guidance = "unguided" if category is None else "guided"
            every = client.analyze_image(
                photo.path, category=category, score_threshold=ALL_DETECTIONS
            )
            results[f"all detections, {guidance}"] += found(photo, every)
            usual = client.analyze_image(photo.path, category=category)
            results[f"after the rules, {guidance}"] += kept(photo, usual)
    return {name: average_precision(labels, photos, several) for name, several in results.items()}


def measure_names(
    client: Client,
    outfits: list[OutfitPhoto],
    singles: list[CatalogPhoto],
    attribute_model: AttributeModel | None,
    names: Names,
) -> None:
    """Compare what garments are called with their labels.

    Street garments are those that are found, and again each by its labelled rectangle; a catalogue
    photo's garment is the most confident one. "all photos" are found street garments and catalogue
    photos together.
    """
    asked: dict[str, Any] = {"attribute_model": attribute_model}
    for outfit in track(outfits, description="street names"):
        analysis = client.analyze_image(outfit.path, **asked)
        for label in outfit.garments:
            best = best_match(label, analysis.garments)
            names.shares.add("street garment: found", best is not None)
            if best is not None:
                names.add("street garment", label, best)
                names.attributes.add("all photos", label, best)
            (cut,) = client.analyze_image(outfit.path, region=label.box, **asked).garments
            right = cut.super_category == label.super_category
            names.shares.add("street rectangle: super-category", right)
            names.add("street rectangle", label, cut)
    for photo in track(singles, description="catalogue names"):
        garments = client.analyze_image(photo.path, **asked).garments
        right = bool(garments) and garments[0].super_category == photo.super_category
        names.shares.add("catalogue photo: super-category", right)
        if garments:
            names.add("catalogue photo", photo, garments[0])
            names.attributes.add("all photos", photo, garments[0])


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
    answers = client.iter_upsert_items(uploads)
    for result in track(answers, total=len(uploads), description="ingest"):
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
        if results:
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
    if same and hit is not None and {"color"} <= hit.attributes.keys() & label.attributes.keys():
        alike = hit.attributes["color"] == label.attributes["color"]
        tally.add(f"{where}: best hit of the same color", alike)


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
    parser.add_argument(
        "--attribute-model",
        choices=ATTRIBUTE_MODELS,
        help="what tells names and attributes; default: what the gateway is set to",
    )
    parser.add_argument(
        "--no-search", action="store_true", help="leave out the part that ingests and searches"
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
    search = Tally()
    with Client(arguments.server, timeout_s=30.0) as client:
        names = Names(Tally(), AttributeTally(client.taxonomy()))
        detection = measure_detection(client, outfits, coco_file(data, arguments.split))
        measure_names(client, outfits, singles, arguments.attribute_model, names)
        if not arguments.no_search:
            try:
                stored = ingest(client, shop, streets)
                measure_search(client, outfits, singles, stored, search)
            finally:
                remove(client)
    figures = {**detection, **names.figures(), **search.figures()}
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
