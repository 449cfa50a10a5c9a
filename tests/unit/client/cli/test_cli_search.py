"""`ootd search`: photos, folders and items; which hits; where their pictures are found."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ootd_command import Cli, jpeg
from PIL import Image

from ootd import Garment, Item
from ootd.cli.item_pictures import ItemPictures, folders_around
from ootd.testing import FakeGateway


def item(**payload: Any) -> Item:
    return Item("a", "", {}, json.dumps(payload).encode(), Garment("bag"), 1, None)


def test_hits_are_printed_drawn_and_written_as_json(cli: Cli, shop: Path, tmp_path: Path) -> None:
    cli("ingest", shop)
    photo = shop / "bag" / "red_clutch.jpg"
    out = tmp_path / "hits.png"
    result = cli("search", photo, "-k", "2", "--draw", out, "--category", "bag")
    assert result.exit_code == 0, result.output
    assert "bag/red_clutch.jpg" in result.stdout
    assert "1.000" in result.stdout
    assert Image.open(out).width > 1000
    assert "not found" not in result.stderr
    (line,) = cli.lines("search", photo, "--category", "bag")
    hit = line["results"][0]["hits"][0]
    assert hit["id"] == "bag/red_clutch.jpg"
    assert hit["payload"] == {"folder": "shop", "image": "bag/red_clutch.jpg"}
    assert (line["width"], line["height"]) == (600, 800)
    (line,) = cli.lines("search", "--item", "bag/red_clutch.jpg")
    assert line["item"] == "bag/red_clutch.jpg"
    assert cli("search", "--item", "bag/red_clutch.jpg", "--draw", tmp_path).exit_code == 0
    assert (tmp_path / "bag-red_clutch.png").exists()


def test_many_photos_and_folders_are_searched_with(
    cli: Cli, shop: Path, photos: list[Path], tmp_path: Path
) -> None:
    cli("ingest", shop)
    out = tmp_path / "out"
    lines = cli.lines("search", shop, *photos)
    assert [Path(line["image"]).name for line in lines] == [
        "Café 1.png",
        "red_clutch.jpg",
        "High Heels.jpg",
        "photo-0.jpg",
        "photo-1.jpg",
        "photo-2.jpg",
    ]
    result = cli("search", shop, *photos, "--draw", out)
    assert result.exit_code == 0, result.output
    assert len(list(out.iterdir())) == 6
    assert all(Path(line["image"]).name in result.stdout for line in lines)


def test_parts_of_the_score_are_in_table_and_json(cli: Cli, shop: Path, photos: list[Path]) -> None:
    cli("ingest", shop)
    cli("item", "put", "other", photos[0], "--category", "bag")
    photo = shop / "bag" / "red_clutch.jpg"
    for arguments in ((photo, "--category", "bag"), ("--item", "bag/red_clutch.jpg")):
        plain = cli("search", *arguments).stdout
        with_parts = cli("search", *arguments, "--parts").stdout
        assert "appearance" not in plain
        assert "appearance" in with_parts
        assert "color" in with_parts
    text = cli("search", photo, "--category", "bag", "--parts").stdout
    assert "0.75 x 1.000" in text
    assert "0.25 x 1.000" in text
    (line,) = cli.lines("search", photo, "--parts", "--category", "bag")
    parts = line["results"][0]["hits"][0]["parts"]
    assert parts["appearance_weight"] + parts["color_weight"] == pytest.approx(1)


def test_options_of_hits_are_sent(cli: Cli, gateway: FakeGateway, photos: list[Path]) -> None:
    for number in range(4):
        cli("item", "put", f"bag-{number}", photos[0], "--category", "bag", "--payload", "p" * 9)
    query = ("search", photos[0], "--category", "bag")

    def ids(*options: object) -> list[str]:
        (line,) = cli.lines(*query, *options)
        return [hit["id"] for hit in line["results"][0]["hits"]]

    assert ids() == [f"bag-{number}" for number in range(4)]
    assert ids("--offset", 2) == ["bag-2", "bag-3"]
    assert ids("--offset", 1, "-k", 2) == ["bag-1", "bag-2"]
    assert ids("--min-score", 1) in ([], [f"bag-{number}" for number in range(4)])
    assert ids("--min-score", 0.99) == [f"bag-{number}" for number in range(4)]
    (line,) = cli.lines(*query, "--fields", "title,garment.embedding")
    hit = line["results"][0]["hits"][0]
    assert hit["payload"] == ""
    assert len(hit["embedding"]) == 128
    assert "3 │ 1.000 │ bag-2" in cli(*query, "--offset", 2).stdout
    by_item = cli.lines("search", "--item", "bag-0", "--offset", 1, "--fields", "title")
    assert [hit["id"] for hit in by_item[0]["hits"]] == ["bag-2", "bag-3"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("PHOTO", "--item", "a"),
        ("--item", "a", "--category", "bag"),
        ("--item", "a", "--score-threshold", "0.1"),
        ("PHOTO", "-k", "0"),
        ("PHOTO", "-k", "99999999999999999999"),
        ("PHOTO", "--offset", "-1"),
        ("PHOTO", "--min-score", "nan"),
        ("PHOTO", "--min-score", "2"),
        ("PHOTO", "--fields", ","),
    ],
)
def test_wrong_usage(cli: Cli, photos: list[Path], arguments: tuple[str, ...]) -> None:
    texts = [photos[0] if one == "PHOTO" else one for one in arguments]
    result = cli("search", *texts)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_what_is_not_there_is_told(cli: Cli) -> None:
    result = cli("search", "--item", "a")
    assert result.exit_code == 4
    assert "there is no item 'a'" in result.stderr
    assert cli("search", "none.jpg").exit_code == 1


class TestPicturesOfItems:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "below" / "shop"
        (folder / "bag").mkdir(parents=True)
        (folder / "bag" / "a.jpg").write_bytes(jpeg(1))
        (tmp_path / "below" / "secret.jpg").write_bytes(jpeg(2))
        return folder

    def test_are_found_below_the_folders(self, folder: Path) -> None:
        inside = item(image="bag/a.jpg")
        assert ItemPictures([folder])(inside) is not None
        missing = ItemPictures([folder.parent])
        assert missing(inside) is None
        assert missing.missing == {"a"}
        assert ItemPictures([folder.parent])(item(image="bag/a.jpg", folder="shop")) is not None

    def test_of_older_ingests_are_found_by_their_absolute_path(self, folder: Path) -> None:
        assert ItemPictures([])(item(image=str(folder / "bag" / "a.jpg"))) is not None

    def test_are_found_around_the_photo(self, folder: Path) -> None:
        photo = folder / "outfits" / "0000.jpg"
        assert ItemPictures(folders_around([photo]))(item(image="bag/a.jpg")) is not None

    @pytest.mark.parametrize(
        "payload",
        [
            {"image": "../secret.jpg"},
            {"image": "bag/../../secret.jpg"},
            {"image": "secret.jpg", "folder": ".."},
            {"image": "secret.jpg", "folder": "../below"},
            {"image": "bag"},
            {"image": ""},
            {"image": 7},
            {"image": "bag/a.jpg\x00"},
            {"image": "/dev/zero"},
            {"image": "pipe.jpg"},
            {"image": "bomb.png"},
            {"image": "broken.png"},
        ],
    )
    def test_are_not_what_a_hostile_payload_names(
        self, folder: Path, payload: dict[str, Any]
    ) -> None:
        os.mkfifo(folder / "pipe.jpg")
        with (folder / "bomb.png").open("wb") as file:
            Image.new("1", (30_000, 30_000)).save(file, "PNG")
        (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" * 9)
        assert ItemPictures([folder])(item(**payload)) is None

    def test_are_none_where_the_payload_is_no_json(self, folder: Path) -> None:
        for payload in (b"", b"\xff", b"[]", b"[" * 100_000, b"7"):
            plain = Item("a", "", {}, payload, item().garment, 1, None)
            assert ItemPictures([folder])(plain) is None


def test_pictures_that_are_missing_are_told(cli: Cli, shop: Path, tmp_path: Path) -> None:
    cli("ingest", shop)
    photo = tmp_path / "elsewhere" / "photo.jpg"
    photo.parent.mkdir()
    photo.write_bytes((shop / "bag" / "red_clutch.jpg").read_bytes())
    moved = shop.rename(tmp_path / "elsewhere" / "moved")
    query = ("search", photo, "--category", "bag", "--force", "--draw", tmp_path / "out.png")
    assert "--pictures FOLDER tells where they are" in cli(*query).stderr
    assert "--pictures" not in cli(*query, "--pictures", moved).stderr
