"""Drawn photos: the same seed gives the same photo, and its labels are true."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ootd_samples
from ootd_samples import labels
from ootd_samples.canvas import Canvas
from ootd_samples.sample import SampleGarment
from ootd_samples.shading import Light

TAXONOMY = Path(__file__).parents[3] / "model_repository" / "taxonomy.json"


def _check_labels(garment: SampleGarment) -> None:
    x0, y0, x1, y1 = garment.box
    assert 0 <= x0 < x1 <= 1
    assert 0 <= y0 < y1 <= 1
    assert garment.sub_category in labels.SUB_CATEGORIES[garment.super_category]
    assert garment.color in labels.COLORS
    assert garment.pattern in labels.PATTERNS
    if garment.super_category == "top":
        assert garment.sleeve_length in labels.SLEEVE_LENGTHS
    else:
        assert garment.sleeve_length is None
    assert garment.title.lower().startswith(garment.color)


def test_names_are_those_of_the_taxonomy() -> None:
    taxonomy = json.loads(TAXONOMY.read_text())
    subs = {one["name"]: tuple(one["sub_categories"]) for one in taxonomy["super_categories"]}
    groups = {one["name"]: tuple(one["values"]) for one in taxonomy["attribute_groups"]}
    assert subs == labels.SUB_CATEGORIES
    assert groups["color"] == labels.COLORS
    assert groups["sleeve_length"] == labels.SLEEVE_LENGTHS


@pytest.mark.parametrize("sub_category", labels.ALL_SUB_CATEGORIES)
def test_every_sub_category_is_drawn_alone(sub_category: str) -> None:
    photo = ootd_samples.draw_garment(3, sub_category=sub_category, size=(144, 192))
    assert photo.image.size == (144, 192)
    assert photo.image.mode == "RGB"
    (garment,) = photo.garments
    assert garment.sub_category == sub_category
    _check_labels(garment)
    x0, y0, x1, y1 = garment.box
    assert max(x1 - x0, y1 - y0) > 0.5


def test_a_sliver_of_cloth_at_the_edge_of_a_small_photo_is_left_out() -> None:
    photo = ootd_samples.draw_outfit(133, size=(160, 240))  # a piece of 2 px is left at its edge
    assert photo.garments


@pytest.mark.parametrize("sub_category", labels.ALL_SUB_CATEGORIES)
def test_every_sub_category_is_drawn_on_a_person(sub_category: str) -> None:
    design = ootd_samples.GarmentDesign.random(11, sub_category)
    photo = ootd_samples.draw_outfit(5, size=(200, 300), designs=[design])
    found = [garment for garment in photo.garments if garment.item == design.item]
    assert [garment.sub_category for garment in found] == [sub_category]
    assert found[0].title == design.title


def test_an_outfit_has_labels_and_the_size_that_was_asked_for() -> None:
    for seed in range(8):
        photo = ootd_samples.draw_outfit(seed, size=(214, 320))
        assert photo.image.size == (214, 320)
        assert photo.seed == seed
        assert photo.garments
        for garment in photo.garments:
            _check_labels(garment)
        supers = [garment.super_category for garment in photo.garments]
        assert len(set(supers)) == len(supers)
        assert not ("dress" in supers and {"top", "bottom"} & set(supers))
        items = [garment.item for garment in photo.garments]
        assert len(set(items)) == len(items)


def test_the_default_sizes() -> None:
    assert ootd_samples.draw_outfit(1).image.size == (427, 640)
    assert ootd_samples.draw_garment(1).image.size == (480, 640)


def test_the_same_seed_draws_the_same_bytes() -> None:
    assert ootd_samples.draw_outfit(9).jpeg() == ootd_samples.draw_outfit(9).jpeg()
    assert ootd_samples.draw_garment(9).jpeg() == ootd_samples.draw_garment(9).jpeg()
    assert ootd_samples.draw_outfit(9).garments == ootd_samples.draw_outfit(9).garments
    assert ootd_samples.draw_outfit(9).jpeg() != ootd_samples.draw_outfit(10).jpeg()
    assert ootd_samples.GarmentDesign.random(4) == ootd_samples.GarmentDesign.random(4)


def test_a_design_keeps_its_look_in_another_photo() -> None:
    design = ootd_samples.GarmentDesign.random(21, "jacket")
    one = ootd_samples.draw_garment(1, design=design).garments[0]
    other = ootd_samples.draw_garment(2, design=design).garments[0]
    assert one.item == other.item == design.item
    assert one.box != other.box


def test_boxes_are_tight_around_what_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    canvases: list[Canvas] = []
    paint = Canvas.paint

    def watched(self: Canvas, mark: Any, owner: int = 0) -> None:
        if self not in canvases:
            canvases.append(self)
        paint(self, mark, owner)

    monkeypatch.setattr(Canvas, "paint", watched)
    photo = ootd_samples.draw_outfit(4)
    (canvas,) = canvases
    boxes = []
    for owner in range(1, 8):
        ys, xs = np.nonzero(canvas.owner == owner)
        if len(xs):
            edges = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
            boxes.append(tuple(np.array(edges) / (427, 640, 427, 640)))
    for garment in photo.garments:
        assert any(np.allclose(garment.box, box) for box in boxes), garment


def test_the_box_holds_the_garment_and_the_rest_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn twice, in red and in blue, a photo differs inside of the garment's box only."""
    red = ootd_samples.GarmentDesign.random(2, "t-shirt")
    red = replace(red, pattern="solid", palette=((200, 20, 20),), details=())
    blue = replace(red, palette=((20, 20, 200),))
    one = ootd_samples.draw_garment(8, design=red)
    two = ootd_samples.draw_garment(8, design=blue)
    assert one.garments[0].box == two.garments[0].box
    difference = np.abs(_pixels(one.image) - _pixels(two.image)).max(axis=-1) > 90
    ys, xs = np.nonzero(difference)
    x0, y0, x1, y1 = np.array(one.garments[0].box) * (480, 640, 480, 640)
    assert x0 - 3 <= xs.min() <= x0 + 12
    assert y0 - 3 <= ys.min() <= y0 + 12
    assert x1 - 12 <= xs.max() <= x1 + 3
    assert y1 - 12 <= ys.max() <= y1 + 3


def _pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(image, dtype=np.float32)


def test_a_garment_under_another_is_left_out() -> None:
    canvas = Canvas(np.full((100, 100, 3), 200, np.float32), _light(), np.random.default_rng(0))
    canvas.owner[10:20, 10:20] = 1
    canvas.touched[10:20, 10:20] |= 2
    box, share, pixels = canvas.visible(1) or (None, 0, 0)
    assert (box, share, pixels) == ((0.1, 0.1, 0.2, 0.2), 1.0, 100)
    canvas.owner[10:20, 10:19] = 2
    box, share, pixels = canvas.visible(1) or (None, 0, 0)
    assert (box, share, pixels) == ((0.19, 0.1, 0.2, 0.2), 0.1, 10)
    canvas.owner[:] = 0
    assert canvas.visible(1) is None


def _light() -> Light:
    return Light(0.0, -0.5, 0.8, 0.5)


def test_what_an_outfit_lacks_is_chosen() -> None:
    coat = ootd_samples.GarmentDesign.random(1, "coat")
    photo = ootd_samples.draw_outfit(6, designs=[coat])
    supers = {garment.super_category for garment in photo.garments}
    assert {"outer", "shoes"} <= supers


@pytest.mark.parametrize("size", [(0, 100), (10, 10), (100, 100_000), (-5, 300)])
def test_silly_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="64 to 4096"):
        ootd_samples.draw_outfit(1, size=size)
    with pytest.raises(ValueError, match="64 to 4096"):
        ootd_samples.draw_garment(1, size=size)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown sub-category 'toga'"):
        ootd_samples.draw_garment(1, sub_category="toga")
    with pytest.raises(ValueError, match="unknown sub-category 'toga'"):
        ootd_samples.GarmentDesign.random(1, "toga")
    with pytest.raises(ValueError, match="0 or more"):
        ootd_samples.draw_outfit(-1)
    with pytest.raises(ValueError, match="0 or more"):
        ootd_samples.GarmentDesign.random(-1)
    jacket = ootd_samples.GarmentDesign.random(1, "jacket")
    with pytest.raises(ValueError, match="is a jacket, not a dress"):
        ootd_samples.draw_garment(1, design=jacket, sub_category="dress")
    with pytest.raises(ValueError, match="two: outer"):
        ootd_samples.draw_outfit(1, designs=[jacket, ootd_samples.GarmentDesign.random(1, "coat")])
    both = [ootd_samples.GarmentDesign.random(1, sub) for sub in ("dress", "shirt")]
    with pytest.raises(ValueError, match="without a top"):
        ootd_samples.draw_outfit(1, designs=both)
    with pytest.raises(ValueError, match="quality"):
        ootd_samples.draw_garment(1, size=(64, 64)).jpeg(quality=0)


def test_a_folder_of_samples(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    index = ootd_samples.write_samples(
        tmp_path, outfits=2, catalog=14, seed=3, progress=lambda done, of: seen.append((done, of))
    )
    assert seen == [(i, 16) for i in range(1, 17)]
    assert (len(index.outfits), len(index.catalog)) == (2, 14)
    entries = {entry["image"]: entry for entry in json.loads(index.labels_json.read_text())}
    with index.catalog_csv.open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert list(rows[0]) == ["id", "image", "title", "category", "price", "currency"]
    assert len({row["id"] for row in rows}) == len(rows) == 14
    for row in rows:
        assert (tmp_path / row["image"]).is_file()
        assert row["category"] in labels.SUB_CATEGORIES
        assert float(row["price"]) > 0
        (garment,) = entries[row["image"]]["garments"]
        assert (garment["item"], garment["title"]) == (row["id"], row["title"])
    worn = [one["item"] for path in index.outfits for one in entries[_name(path)]["garments"]]
    assert worn
    assert set(worn) <= {row["id"] for row in rows}
    for path in (*index.outfits, *index.catalog):
        with Image.open(path) as image:
            assert image.size == (entries[_name(path)]["width"], entries[_name(path)]["height"])


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def test_a_folder_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    def written(name: str) -> dict[str, bytes]:
        ootd_samples.write_samples(tmp_path / name, outfits=1, catalog=6, seed=5, replace=True)
        root = tmp_path / name
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    first = written("one")
    assert len(first) >= 9
    assert written("one") == first
    assert written("two") == first
    with pytest.raises(FileExistsError):
        ootd_samples.write_samples(tmp_path / "one", outfits=0, catalog=0)
    with pytest.raises(ValueError, match="0 or more"):
        ootd_samples.write_samples(tmp_path, outfits=-1)


def test_a_folder_that_was_stopped_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ootd_samples.write_samples(tmp_path, outfits=1, catalog=3, progress=stop)
    assert list(tmp_path.iterdir()) == []
    assert ootd_samples.write_samples(tmp_path, outfits=1, catalog=1).catalog_csv.exists()
