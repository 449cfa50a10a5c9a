"""The whole path on real, labelled photos: what is shown is found, named and matched."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_process import GatewayProcess
from ootd import SUPER_CATEGORIES, Client, ItemUpload

PREFIX = "labelled-photos/"

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("OOTD_DATA")
    if not folder:
        pytest.skip("OOTD_DATA does not name the folder of the labelled photos")
    return Path(folder)


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Client]:
    with Client(gateway.target, timeout_s=60) as connected:
        yield connected


def labelled_outfits(data: Path, count: int) -> list[tuple[Path, list[dict[str, Any]]]]:
    """The first photos of the validation split, each with its labelled garments."""
    content = json.loads((data / "detect" / "val.json").read_text())
    labels: dict[int, list[dict[str, Any]]] = {}
    for one in content["annotations"]:
        labels.setdefault(one["image_id"], []).append(one)
    return [
        (data / "detect" / image["file_name"], labels[image["id"]])
        for image in content["images"][:count]
    ]


def catalog_rows(data: Path, super_category: str, count: int) -> list[dict[str, str]]:
    with (data / "catalog" / "val.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["super"] == super_category]
    return rows[:count]


def test_most_labelled_kinds_of_garment_are_found(client: Client, data: Path) -> None:
    shown = found = 0
    for path, labels in labelled_outfits(data, 12):
        kinds = {SUPER_CATEGORIES[label["category_id"] - 1] for label in labels}
        answered = {garment.super_category for garment in client.analyze_image(path).garments}
        shown += len(kinds)
        found += len(kinds & answered)
    # Wrong preprocessing anywhere in the graph brings this down to chance, far below a half.
    assert found >= shown / 2


def test_a_real_photo_finds_its_own_item_first(client: Client, data: Path) -> None:
    rows = catalog_rows(data, "top", 12)
    uploads = [
        ItemUpload(f"{PREFIX}{number}", data / "catalog" / row["image"], category="top")
        for number, row in enumerate(rows)
    ]
    results = list(client.iter_upsert_items(uploads))
    assert [result.error for result in results] == [None] * len(rows)
    try:
        for number, row in enumerate(rows):
            found = client.search_by_image(
                data / "catalog" / row["image"], category="top", k=1
            ).results
            best = max(found, key=lambda one: one.garment.score)
            assert best.hits[0].item.item_id == f"{PREFIX}{number}"
            assert best.hits[0].score == pytest.approx(1, abs=0.01)
    finally:
        client.delete_items([upload.item_id for upload in uploads])
