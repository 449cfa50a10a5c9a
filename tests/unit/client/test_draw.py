import io
import itertools

import pytest
from PIL import Image, ImageChops

from ootd import (
    SUPER_CATEGORIES,
    Attribute,
    Box,
    Garment,
    GarmentHits,
    Hit,
    ImageAnalysis,
    ImageSearch,
    Item,
    SuperCategory,
    draw,
)
from ootd._labels import PALETTE, Mark, _overlap, _place, draw_marks

PHOTO = Image.new("RGB", (300, 400), (120, 130, 140))


def garment(box: Box | None, name: SuperCategory = "top") -> Garment:
    attributes = (Attribute("color", "navy", 0.9), Attribute("sleeve_length", "long", 0.8))
    return Garment(
        name,
        box,
        score=0.9,
        sub_category="blazer",
        sub_category_score=0.8,
        attributes=attributes,
    )


def hit(number: int) -> Hit:
    item = Item(f"sku-{number}", "A long title of an item " * 5, {}, b"", garment(None), 1, None)
    return Hit(item, 0.9 - number / 10)


def contains(picture: Image.Image, color: str) -> bool:
    counts = picture.getcolors(picture.width * picture.height) or []
    wanted = Image.new("RGB", (1, 1), color).getpixel((0, 0))
    return wanted in {one for _, one in counts}


def test_analysis_shows_every_garment_in_its_color() -> None:
    boxes = [Box(0.1, n / 7, 0.9, (n + 1) / 7) for n in range(6)]
    garments = tuple(garment(box, name) for box, name in zip(boxes, SUPER_CATEGORIES, strict=True))
    picture = draw.draw_analysis(PHOTO, ImageAnalysis(300, 400, garments), caption="photo.jpg")
    for name in SUPER_CATEGORIES:
        assert contains(picture, PALETTE[name]), name
    assert picture.getpixel((2, 2)) == (255, 255, 255)


def test_search_shows_hits_and_survives_missing_pictures() -> None:
    found = ImageSearch(
        300,
        400,
        (
            GarmentHits(garment(Box(0, 0, 1, 0.5)), (hit(1), hit(2), hit(3))),
            GarmentHits(garment(Box(0, 0.5, 1, 1), "bag"), ()),
        ),
    )
    shown: list[str] = []

    def load(item: Item) -> Image.Image | None:
        shown.append(item.item_id)
        return Image.new("RGB", (30, 90), "#123456") if item.item_id == "sku-1" else None

    picture = draw.draw_search(PHOTO, found, load, hits=2)
    assert shown == ["sku-1", "sku-2"]
    assert contains(picture, "#123456")


def test_no_garments_and_tiny_boxes_can_be_drawn() -> None:
    assert draw.draw_analysis(PHOTO, ImageAnalysis(300, 400, ())).height > 400
    tiny = garment(Box(0.999, 0.999, 1.0, 1.0))
    assert draw.draw_analysis(PHOTO, ImageAnalysis(300, 400, (tiny,))).height > 400


def test_an_item_is_drawn_beside_its_hits() -> None:
    item = hit(1).item
    picture = draw.draw_hits(item, [hit(2)], lambda _: Image.new("RGB", (9, 9), "#654321"))
    assert contains(picture, "#654321")


def test_photos_are_turned_the_right_way_up() -> None:
    photo = Image.new("RGB", (40, 20), "white")
    photo.paste("red", (0, 0, 20, 20))
    exif = photo.getexif()
    exif[0x0112] = 6  # turn a quarter to the right
    stream = io.BytesIO()
    photo.save(stream, "PNG", exif=exif)
    turned = draw.open_photo(stream.getvalue())
    assert turned.size == (20, 40)
    assert turned.getpixel((10, 5)) == (255, 0, 0)
    assert turned.getpixel((10, 35)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "I;16"])
def test_any_mode_becomes_rgb(mode: str) -> None:
    stream = io.BytesIO()
    Image.new(mode, (8, 8)).save(stream, "TIFF" if mode == "CMYK" else "PNG")
    opened = draw.open_photo(stream.getvalue())
    assert opened.mode == "RGB"
    if mode in {"RGBA", "LA"}:
        assert opened.getpixel((0, 0)) == (255, 255, 255)


def test_labels_stay_inside_and_apart() -> None:
    size, photo = (200.0, 40.0), (800, 1000)
    taken: list[tuple[float, float, float, float]] = []
    boxes = [(300.0, 400.0, 500.0, 700.0)] * 6 + [
        (0.0, 0.0, 50.0, 50.0),
        (750.0, 950.0, 800.0, 1000.0),
    ]
    for box in boxes:
        taken.append(_place(box, size, photo, taken, 5))
    for x0, y0, x1, y1 in taken:
        assert x0 >= 0
        assert y0 >= 0
        assert x1 <= photo[0]
        assert y1 <= photo[1]
    assert all(_overlap(one, other) == 0 for one, other in itertools.combinations(taken, 2))


def test_marks_change_the_photo_only_where_they_are() -> None:
    photo = PHOTO.resize((800, 1000))
    before = photo.copy()
    draw_marks(photo, [Mark(Box(0.5, 0.5, 0.9, 0.9), "1 x", "#112233")], text_size=26, line=5)
    changed = ImageChops.difference(before, photo).getbbox()
    assert changed is not None
    assert changed[0] > 350
    assert changed[1] > 400
