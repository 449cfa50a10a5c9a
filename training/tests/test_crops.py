from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labelled_photos import write_data, write_drawn
from ootd_training.data.crop_views import ViewSettings, jittered, prefetch, recolored, view, views
from ootd_training.data.crops import WHOLE, box_within, cut, filled, load_tiles, widened
from ootd_training.data.garments import (
    color_values,
    load_training_tiles,
    read_catalog,
    read_drawn_garments,
    read_garments,
    read_outfits,
    read_street_garments,
    value_indices,
)
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.data.sampling import balanced_weights, log_prior_shift
from ootd_training.taxonomy import AttributeGroup, Taxonomy, load_taxonomy

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


def test_widened_box_is_cut_at_the_rim() -> None:
    assert widened((0.0, 0.2, 0.5, 0.4), 0.1) == pytest.approx((0.0, 0.18, 0.55, 0.42))
    assert widened((0.5, 0.9, 1.0, 1.0), 0.05) == pytest.approx((0.475, 0.895, 1.0, 1.0))


def test_box_within_region_is_found_again() -> None:
    region = (0.2, 0.1, 0.6, 0.5)
    assert box_within((0.3, 0.2, 0.5, 0.4), region) == pytest.approx((0.25, 0.25, 0.75, 0.75))


def test_cut_shows_the_box_and_nothing_else() -> None:
    photo = np.zeros((100, 50, 3), np.uint8)
    photo[20:60, 10:30] = (200, 100, 50)
    crop = np.asarray(cut(Image.fromarray(photo), (0.2, 0.2, 0.6, 0.6), 32))
    assert crop.shape == (32, 32, 3)
    # Its outermost pixels mix with what lies beside the box.
    assert (crop[2:-2, 2:-2] == (200, 100, 50)).all()


def test_catalog_labels(data: Path) -> None:
    shirt, pants, shoes, blazer = read_catalog(data, "train", TAXONOMY)[:4]
    assert TAXONOMY.subs[shirt.sub] == "t-shirt"
    names = {name: TAXONOMY.group(name).values[index] for name, index in shirt.values.items()}
    assert names.items() >= {"sleeve_length": "short", "audience": "adult", "color": "red"}.items()
    assert {TAXONOMY.subs[i] for i in pants.candidates} == {"pants", "jeans", "leggings", "joggers"}
    assert pants.sub == -1
    assert shoes.candidates == TAXONOMY.subs_of(TAXONOMY.supers.index("shoes"))
    assert "sleeve_length" not in blazer.values
    assert blazer.color == TAXONOMY.group("color").values.index("green")


def test_outfit_boxes_are_normalised(data: Path) -> None:
    blouse = read_outfits(data, "val", TAXONOMY)[0]
    assert blouse.box == pytest.approx((40 / 120, 20 / 150, 80 / 120, 60 / 150))
    assert "audience" not in blouse.values
    assert blouse.color_weight == pytest.approx(0.8)


def test_an_unknown_sub_category_is_named(data: Path, tmp_path: Path) -> None:
    table = (data / "catalog" / "train.csv").read_text().replace("t-shirt", "tabard")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "train.csv").write_text(table)
    with pytest.raises(ValueError, match="tabard"):
        read_catalog(tmp_path, "train", TAXONOMY)


def test_limit_takes_that_many_of_each_source(data: Path) -> None:
    sources = [g.source for g in read_garments(data, "train", TAXONOMY, limit=3)]
    assert sources == ["catalog"] * 3 + ["outfit"] * 3


def test_served_crop_of_a_tile_is_the_crop_of_the_photo(data: Path) -> None:
    garment = read_outfits(data, "val", TAXONOMY)[1]
    tiles = load_tiles([garment], None)
    with Image.open(garment.photo) as photo:
        expected = np.asarray(cut(photo.convert("RGB"), widened(garment.box, 0.05), 64))
    difference = np.abs(tiles.served(0, 64).astype(int) - expected.astype(int))
    # The tile is resampled once more than the photo, so edges differ and areas do not.
    assert np.median(difference) <= 2
    assert difference.mean() < 6


def test_catalog_tile_is_the_whole_photo_with_the_garment_found(data: Path) -> None:
    tiles = load_tiles(read_catalog(data, "val", TAXONOMY)[:1], None)
    x0, y0, x1, y1 = tiles.boxes[0]
    assert (x0, y0, x1, y1) == pytest.approx((20 / 90, 30 / 120, 70 / 90, 95 / 120), abs=0.04)
    assert tiles.masks[0].max() == 255
    assert tiles.masks[0].mean() < 200
    assert tiles.pixels[0][2, 2] == pytest.approx(np.array([225, 222, 218]), abs=6)


def test_cache_gives_the_same_tiles(data: Path, tmp_path: Path) -> None:
    garments = read_garments(data, "val", TAXONOMY)
    first = load_tiles(garments, tmp_path, 48)
    again = load_tiles(garments, tmp_path, 48)
    assert len(list(tmp_path.glob("tiles-*.npz"))) == 1
    assert (first.pixels == again.pixels).all()
    assert (first.masks == again.masks).all()
    assert np.allclose(first.boxes, again.boxes)


def test_a_changed_box_mask_or_photo_makes_new_tiles(tmp_path: Path) -> None:
    garment = read_outfits(write_data(tmp_path, 1), "val", TAXONOMY)[0]
    tiles = [load_tiles([garment], tmp_path, 48)]
    tiles.append(load_tiles([replace(garment, box=(0.1, 0.1, 0.9, 0.9))], tmp_path, 48))
    bag = read_outfits(tmp_path, "val", TAXONOMY)[3]
    tiles.append(load_tiles([replace(garment, mask=bag.mask)], tmp_path, 48))
    Image.new("RGB", (120, 150), (9, 90, 9)).save(garment.photo)
    tiles.append(load_tiles([garment], tmp_path, 48))
    assert len(list(tmp_path.glob("tiles-*.npz"))) == 4
    first, boxed, masked, repainted = tiles
    assert boxed.boxes != first.boxes
    assert masked.masks.mean() < first.masks.mean()
    assert np.abs(repainted.pixels.astype(int) - (9, 90, 9)).max() <= 3


def test_filled_mask_has_no_holes() -> None:
    mask = np.zeros((60, 60), np.bool_)
    mask[10:50, 10:50] = True
    mask[20:40, 25:35] = False
    result = filled(mask)
    assert result[30, 30] == 255
    assert result[2, 2] == 0
    assert (filled(np.ones((8, 8), np.bool_)) == 255).all()


def test_jittered_boxes_stay_inside_and_around_the_garment() -> None:
    rng = np.random.default_rng(1)
    boxes = np.array(
        [jittered((0.3, 0.3, 0.7, 0.7), ViewSettings(zoom=0.0), rng) for _ in range(300)]
    )
    assert boxes.min() >= 0
    assert boxes.max() <= 1
    assert boxes.mean(0) == pytest.approx([0.28, 0.28, 0.72, 0.72], abs=0.01)
    assert (boxes[:, 2] > boxes[:, 0]).all()


def test_views_are_the_same_for_the_same_seed(data: Path) -> None:
    tiles = load_tiles(read_garments(data, "train", TAXONOMY), None, 64)
    indices = np.array([0, 5, 9])
    made = [
        views(tiles, indices, 32, ViewSettings(), np.random.default_rng(seed))[0]
        for seed in (3, 3, 4)
    ]
    assert made[0].shape == (3, 3, 32, 32)
    assert (made[0] == made[1]).all()
    assert (made[0] != made[2]).any()


def test_another_background_keeps_the_garment(data: Path) -> None:
    tiles = load_tiles(read_catalog(data, "train", TAXONOMY)[:4], None, 64)
    still = ViewSettings(
        flip=0, box_jitter=0, whole=1, zoom=0, rotate=0, blur=0, recolor=0, light=0, tint=0,
        erase=0, background=1,
    )  # fmt: skip
    original = tiles.pixels[0].astype(int)
    backgrounds = []
    for seed in range(6):
        crop, true_colors = view(tiles, 0, 64, still, np.random.default_rng(seed))
        assert true_colors
        assert np.abs(crop[32, 32] - original[32, 32]).max() <= 3
        backgrounds.append(np.abs(crop[2, 2] - original[2, 2]).max())
    assert max(backgrounds) > 20


def test_recolored_red_is_no_longer_red() -> None:
    red = Image.new("RGB", (4, 4), (210, 20, 20))
    for seed in range(5):
        r, g, b = np.asarray(recolored(red, np.random.default_rng(seed)))[0, 0].tolist()
        assert r < max(g, b) + 60


def test_balanced_weights_raise_rare_labels(data: Path) -> None:
    garments = read_catalog(data, "train", TAXONOMY)
    few = [garments[0]] + [garments[1]] * 4
    weights = balanced_weights(few)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(weights[1] * 2)
    assert balanced_weights(few, power=0.0)[0] == pytest.approx(0.5)


def test_prior_shift_undoes_the_balance(data: Path) -> None:
    shirt, pants = read_catalog(data, "train", TAXONOMY)[:2]
    garments = [shirt] * 9 + [pants]
    shift = log_prior_shift(garments, 0.0, 6)
    assert shift[:2] == pytest.approx(np.log([0.9 / 0.5, 0.1 / 0.5]))
    assert log_prior_shift(garments, 1.0, 6)[:2] == pytest.approx([0, 0])


def test_prefetch_yields_in_order_and_passes_errors_on() -> None:
    assert list(prefetch(lambda i: i * i, 5)) == [0, 1, 4, 9, 16]

    def fails(index: int) -> int:
        raise OSError(f"photo {index} is gone")

    with pytest.raises(OSError, match="photo 0"):
        list(prefetch(fails, 3))


def test_whole_is_the_box_of_a_catalog_photo(data: Path) -> None:
    assert {g.box for g in read_catalog(data, "train", TAXONOMY)} == {WHOLE}


def test_drawn_garments_follow_the_photos(data: Path, tmp_path: Path) -> None:
    folder = write_drawn(tmp_path / "drawn")
    first, second = read_drawn_garments(folder, TAXONOMY)
    assert first.item == second.item == "backpack-7"
    assert TAXONOMY.subs[first.sub] == "backpack"
    assert "sleeve_length" not in first.values
    tiles = load_training_tiles(PhotoSources(str(data), str(folder), limit=4), TAXONOMY, None)
    assert [g.source for g in tiles.garments] == ["catalog"] * 4 + ["outfit"] * 4 + ["drawn"] * 2
    assert len(tiles.pixels) == len(tiles.masks) == len(tiles.boxes) == 10
    assert tiles.served(8, 32)[16, 16] == pytest.approx(np.array([20, 130, 50]), abs=6)
    with pytest.raises(FileNotFoundError):
        load_training_tiles(
            PhotoSources(str(data), str(tmp_path / "nothing"), limit=4), TAXONOMY, None
        )


COLOR = AttributeGroup("color", ("blue", "red", "multicolor"), 0, (0,))
PATTERN = AttributeGroup("pattern", ("plain", "patterned"), 3, (0,))


def test_colors_tell_plain_from_patterned() -> None:
    taxonomy = Taxonomy(("top",), ("t-shirt",), (0,), (COLOR, PATTERN))
    assert _values(taxonomy, "red", "0.99") == {"color": 1, "pattern": 0}
    assert _values(taxonomy, "red", "0.5") == {"color": 1, "pattern": 1}
    assert _values(taxonomy, "red", "0.9") == {"color": 1}
    assert _values(taxonomy, "multicolor", "0.99") == {"color": 2, "pattern": 1}
    assert _values(taxonomy, "", "") == {}


def _values(taxonomy: Taxonomy, color: str, share: str) -> dict[str, int]:
    return value_indices(taxonomy, color_values(color, share))


def test_street_boxes_get_the_sub_categories_of_the_tags(tmp_path: Path) -> None:
    (tmp_path / "street").mkdir()
    items = [
        {"super": "shoes", "sub": "boots"},
        {"super": "top", "sub": "shirt"},
        {"super": "top", "sub": "sweater"},
        {"super": "bag", "sub": None},
    ]
    photo = {"file_name": "images/1.jpg", "width": 200, "height": 400, "items": items}
    (tmp_path / "street" / "train.jsonl").write_text(json.dumps(photo) + "\n")
    rows = [[20, 300, 60, 420, 4], [20, 40, 120, 200, 0], [0, 0, 50, 40, 5]]
    boxes = tmp_path / "street.json"
    boxes.write_text(json.dumps([{"photo": "images/1.jpg", "boxes": rows}]))
    shoes, top, bag = read_street_garments(tmp_path, boxes, TAXONOMY)
    assert shoes.box == pytest.approx((0.1, 0.75, 0.3, 1.0))
    assert TAXONOMY.subs[shoes.sub] == "boots"
    assert {TAXONOMY.subs[i] for i in top.candidates} == {"shirt", "sweater"}
    assert bag.candidates == TAXONOMY.subs_of(TAXONOMY.supers.index("bag"))
