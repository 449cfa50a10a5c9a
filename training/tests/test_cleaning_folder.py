"""`ootd-data clean` on small folders."""

from __future__ import annotations

import csv
import sys

import numpy as np
import pytest
from PIL import Image

from ootd_training.commands import data as data_commands
from ootd_training.data.cleaning import folder as folder_module
from ootd_training.data.cleaning.folder import CleaningError, clean_folder, open_photo
from ootd_training.data.cleaning.majority import majority


def photo(seed: int, size=(180, 240)) -> Image.Image:
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 200, (32, 24, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def shop(tmp_path):
    """A page with three pictures, one of them also as a smaller file of its own."""
    folder = tmp_path / "shop"
    (folder / "knits").mkdir(parents=True)
    page = Image.new("RGB", (400, 1100), "white")
    for seed, y in enumerate((20, 380, 740)):
        page.paste(photo(seed, (360, 320)), (20, y))
    page.save(folder / "page.jpg", quality=95)
    photo(1, (270, 240)).save(folder / "knits" / "again.png")
    photo(7).save(folder / "knits" / "single.jpg", quality=90)
    (folder / "broken.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def rows(output):
    with (output / "report.csv").open(newline="") as file:
        return {(row["file"], row["y0"]): row for row in csv.DictReader(file)}


def test_pages_are_split_duplicates_dropped_and_each_is_reported(shop, tmp_path, capsys):
    output = tmp_path / "clean"
    data_commands.run(["clean", str(shop), "--output", str(output)])
    written = sorted(str(p.relative_to(output)) for p in output.rglob("*") if p.is_file())
    parts = [f"page-part{i:02d}.jpg" for i in (1, 2, 3)]
    assert written == ["knits/single.jpg", *parts, "report.csv"]
    assert (output / "knits/single.jpg").read_bytes() == (shop / "knits/single.jpg").read_bytes()
    report = rows(output)
    actions = {key[0]: row["action"] for key, row in report.items()}
    assert actions == {
        "broken.jpg": "dropped",
        "knits/again.png": "dropped",
        "knits/single.jpg": "kept",
        "page.jpg": "split",
    }
    assert report["knits/again.png", ""]["same_as"] == "page-part02.jpg"
    assert report["broken.jpg", ""]["reason"].startswith("unreadable: ")
    with Image.open(output / "page-part01.jpg") as part:
        assert part.size == pytest.approx((360, 320), abs=6)
    shown = capsys.readouterr()
    assert "1 kept, 3 split, 2 dropped" in shown.out
    assert "reading: 4 of 4" in shown.err


def test_the_photos_are_left_alone_and_output_is_not_overwritten(shop, tmp_path):
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    for output in (shop / "clean", shop):
        with pytest.raises(CleaningError, match="lies in the folder"):
            data_commands.run(["clean", str(shop), "--output", str(output)])
    data_commands.run(["clean", str(shop), "--output", str(tmp_path / "clean")])
    with pytest.raises(CleaningError, match="not an empty folder"):
        data_commands.run(["clean", str(shop), "--output", str(tmp_path / "clean")])
    assert before == {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}


def test_parts_never_take_the_name_of_another_photo(shop, tmp_path):
    photo(9).save(shop / "page-part01.jpg", quality=90)
    data_commands.run(["clean", str(shop), "--output", str(tmp_path / "clean")])
    assert (tmp_path / "clean/page-part01.jpg").read_bytes() == (
        shop / "page-part01.jpg"
    ).read_bytes()
    assert len({row["output"] for row in rows(tmp_path / "clean").values() if row["output"]}) == 5


def test_problems_end_the_command_with_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ootd-data", "clean", "nowhere", "--output", "x"])
    with pytest.raises(SystemExit, match="2"):
        data_commands.main()
    assert capsys.readouterr().err.startswith("ootd-data: nowhere: no such folder")
    arguments = ["clean", str(tmp_path), "--output", str(tmp_path.parent / "x")]
    with pytest.raises(CleaningError, match="holds no photos"):
        data_commands.run(arguments)


def test_a_run_that_was_stopped_leaves_no_output_and_can_be_repeated(shop, tmp_path, monkeypatch):
    write = folder_module._write

    def stopped(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_module, "_write", stopped)
    arguments = ["clean", str(shop), "--output", str(tmp_path / "clean")]
    with pytest.raises(KeyboardInterrupt):
        data_commands.run(arguments)
    assert not (tmp_path / "clean").exists()
    monkeypatch.setattr(folder_module, "_write", write)
    data_commands.run(arguments)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clean", "shop"]


def test_cut_out_garments_are_seen_on_white_and_photos_upright(tmp_path):
    layer = Image.new("RGBA", (40, 60), (0, 0, 0, 0))
    layer.paste((200, 0, 0, 255), (10, 10, 30, 50))
    layer.save(tmp_path / "a.png")
    assert open_photo(tmp_path / "a.png").getpixel((0, 0)) == (255, 255, 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(0, (40, 60)).save(tmp_path / "b.jpg", exif=exif)
    assert open_photo(tmp_path / "b.jpg").size == (60, 40)


def silent(_task, _total):
    return lambda _done: None


def test_majority_and_its_ties():
    assert majority(["shirt", "blouse", "shirt"]) == "shirt"
    assert majority(["shirt", "blouse"]) is None
    assert majority([]) is None


def test_pictures_that_are_not_of_their_items_majority_are_dropped(shop, tmp_path):
    """Of an item without a majority all are, and pictures of no item stay."""
    for seed in (10, 11, 12, 13):
        photo(seed).save(shop / "knits" / f"{seed}.png")
    (shop / "bags").mkdir()
    for seed in (20, 21):
        photo(seed).save(shop / "bags" / f"{seed}.png")
    photo(20, (90, 120)).save(shop / "again.png")
    numbers = {}

    def named(picture):
        number = numbers.setdefault(np.asarray(picture).tobytes(), len(numbers))
        return "coat" if number in (3, 4) else f"kind {number}"

    output = tmp_path / "clean"
    counts = clean_folder(shop, output, silent, sub_category=named)
    assert counts["kept"] == 2
    assert sorted(path.parent.name for path in output.rglob("*.png")) == ["knits", "knits"]
    report = rows(output)
    assert report["bags/20.png", ""]["reason"].endswith(", its item has no majority")
    again = report["again.png", ""]
    assert "the other shows kind" in again["reason"]
    assert again["same_as"] == "", "that is not there"
    assert {row["action"] for row in report.values() if row["file"] == "page.jpg"} == {"split"}


def test_the_served_models_name_what_pictures_show(shop, tmp_path, capsys):
    for seed in (10, 11):
        photo(seed).save(shop / "knits" / f"{seed}.png")
    output = tmp_path / "clean"
    data_commands.run(["clean", str(shop), "--output", str(output), "--majority"])
    name = data_commands.sub_category_namer()
    names = {
        path.name: name(open_photo(path))
        for path in (shop / "knits").iterdir()
        if path.name != "again.png"  # shown by the page, too
    }
    kept = {path.name for path in (output / "knits").glob("*")} if any(output.iterdir()) else set()
    assert kept == {file for file, name in names.items() if name == majority(names.values())}
    assert "naming: 6 of 6" in capsys.readouterr().err
