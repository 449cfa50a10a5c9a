"""`ootd analyze`, and what all commands that take photos have in common."""

import os
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from ootd_command import Cli, jpeg
from PIL import Image

from ootd import Box, DroppedGarment, DropReason, ImageAnalysis, OotdError
from ootd.testing import FakeGateway
from ootd.testing._made_up_vision import make_up

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def test_a_line_of_json_is_complete(cli: Cli, photos: list[Path]) -> None:
    (line,) = cli.lines("analyze", photos[0])
    assert line["image"] == str(photos[0])
    assert (line["width"], line["height"]) == (600, 800)
    garment = line["garments"][0]
    assert garment["box_origin"] == "detected"
    assert len(garment["embedding"]) == 128
    assert all(0 <= value <= 1 for value in garment["box"])
    assert "color_histogram" not in garment
    (line,) = cli.lines("analyze", photos[0], "--histogram")
    assert len(line["garments"][0]["color_histogram"]) == 56


def test_a_garment_that_was_not_detected_says_so(
    cli: Cli, gateway: FakeGateway, photos: list[Path]
) -> None:
    def whole(image: bytes, category: object, region: object) -> ImageAnalysis:
        analysis = make_up(image, "bag")
        found = replace(analysis.garments[0], box=WHOLE, box_origin="whole_photo", score=0.0)
        return replace(analysis, garments=(found,))

    gateway.analyze = whole
    for command in ("analyze", "search"):
        text = " ".join(cli(command, photos[0], "--category", "bag").stdout.split())
        assert "whole photo, nothing detected" in text, text
        assert "0.00)" not in text
    assert cli.lines("analyze", photos[0])[0]["garments"][0]["box_origin"] == "whole_photo"
    (line,) = cli.lines("search", photos[0])
    assert line["results"][0]["garment"]["box_origin"] == "whole_photo"
    gateway.analyze = make_up
    region = ("--region", "0.25,0.25,0.5,0.75")
    assert "in your region" in " ".join(cli("analyze", photos[0], *region).stdout.split())


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("no_garment", "does not look like a garment"),
        ("not_of_category", "nothing of the asked kind"),
    ],
)
def test_a_photo_without_garments_says_why(
    cli: Cli, gateway: FakeGateway, photos: list[Path], reason: DropReason, words: str
) -> None:
    def nothing(image: bytes, category: object, region: object) -> ImageAnalysis:
        seen = make_up(image).garments[0]
        return ImageAnalysis(600, 800, (), (DroppedGarment(seen, reason),))

    gateway.analyze = nothing
    for command in ("analyze", "search"):
        result = cli(command, photos[0])
        assert result.exit_code == 0
        text = " ".join(result.stdout.split())
        assert "no garments: " in text
        assert words in text, text
        (line,) = cli.lines(command, photos[0])
        assert line["dropped"][0]["reason"] == reason


def test_a_bad_photo_does_not_stop_the_others(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    text, empty = tmp_path / "text.jpg", tmp_path / "empty.jpg"
    text.write_text("no photo")
    empty.touch()
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    named = [empty, photos[0], text, tmp_path / "none.jpg", photos[1], loop, photos[2], empty]
    for command in ("analyze", "search"):
        lines = cli.lines(command, *named, exit_code=1)
        assert [line["image"] for line in lines] == [str(one) for one in named]
        assert [one["error"]["message"] if "error" in one else "" for one in lines] == [
            "the file is empty",
            "",
            "the bytes are no photo",
            "cannot read the photo: no such file or directory",
            "",
            "cannot read the photo: too many levels of symbolic links",
            "",
            "the file is empty",
        ]
        assert {one["error"]["reason"] for one in lines if "error" in one} == {"IMAGE_UNREADABLE"}
        result = cli(command, *named)
        assert result.exit_code == 1
        assert "Errno" not in result.output
        for single in (empty, text, tmp_path / "none.jpg"):
            assert cli(command, single).exit_code == 1, single
    assert cli("item", "put", "a", empty).exit_code == 1


def test_guides_and_options_are_sent(cli: Cli, gateway: FakeGateway, photos: list[Path]) -> None:
    (line,) = cli.lines("analyze", photos[0], "--category", "DRESS")
    assert [one["super"] for one in line["garments"]] == ["dress"]
    (line,) = cli.lines("analyze", photos[0], "--region", "0.25,0.25,0.5,0.75")
    assert line["garments"][0]["box"] == [0.25, 0.25, 0.5, 0.75]
    options = ("--score-threshold", "1", "--attribute-model", "sequencer")
    gateway.attribute_models.clear()
    (line,) = cli.lines("analyze", photos[0], *options)
    assert [one["box"] for one in line["garments"]] == [[0, 0, 1, 1]]
    lines = cli.lines("analyze", *photos, *options)
    assert [len(line["garments"]) for line in lines] == [1, 1, 1]
    (line,) = cli.lines("search", photos[0], *options)
    assert [one["garment"]["box"] for one in line["results"]] == [[0, 0, 1, 1]]
    assert gateway.attribute_models == ["sequencer"] * 5


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--score-threshold", "1.1"),
        ("--score-threshold", "nan"),
        ("--score-threshold", "x"),
        ("--attribute-model", "both"),
        ("--region", "1,2,3"),
        ("--region", "a,b,c,d"),
        ("--region", "0,0,2,1"),
        ("--region", "0.5,0,0.4,1"),
        ("--region", "nan,0,1,1"),
    ],
)
def test_a_bad_option_is_wrong_usage(cli: Cli, photos: list[Path], option: str, value: str) -> None:
    result = cli("analyze", photos[0], option, value)
    assert result.exit_code == 2
    assert option in result.output


def test_what_all_photos_meet_is_told_once_with_its_own_code(
    cli: Cli, gateway: FakeGateway, photos: list[Path]
) -> None:
    not_served = OotdError(
        "the vision server does not serve the attribute model sequencer",
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason="ATTRIBUTE_MODEL_NOT_SERVED",
    )
    gateway.fail_next("AnalyzeImages", not_served, times=3)
    result = cli("analyze", *photos)
    assert result.exit_code == 4
    assert result.stderr.count("does not serve") == 1
    gateway.fail_next("AnalyzeImages", not_served, times=1)
    assert cli("analyze", *photos).exit_code == 1


def test_folders_are_walked_once(cli: Cli, shop: Path) -> None:
    (shop / "bag" / "up").symlink_to("..")
    (shop / "loop").symlink_to("loop")
    (shop / "odd.jpg").symlink_to("odd.jpg")
    os.mkfifo(shop / "pipe.jpg")
    lines = cli.lines("analyze", shop, exit_code=1)
    names = [Path(line["image"]).name for line in lines]
    assert names == ["Café 1.png", "red_clutch.jpg", "odd.jpg", "High Heels.jpg"]
    assert "too many levels" in lines[2]["error"]["message"]
    lines = cli.lines("ingest", shop, exit_code=1)
    assert [line["result"] for line in lines].count("failed") == 1


def test_a_very_deep_folder_is_walked(cli: Cli, tmp_path: Path) -> None:
    folders = [tmp_path]
    for _ in range(1100):
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    photo = folders[-1] / "a.jpg"
    photo.write_bytes(jpeg(1))
    result = cli("analyze", tmp_path, "--json")
    photo.unlink()
    for folder in reversed(folders[1:]):  # Too deep for what tidies up after tests.
        folder.rmdir()
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_told(cli: Cli, shop: Path) -> None:
    (shop / "bag").chmod(0)
    for command in ("analyze", "search", "ingest"):
        result = cli(command, shop)
        assert result.exit_code == 2
        assert "permission denied" in result.stderr
    (shop / "bag").chmod(0o755)


def test_standard_input_is_a_photo(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    content = photos[0].read_bytes()
    (line,) = cli.lines("analyze", "-", stdin=content)
    assert line["image"] == "-"
    assert line["garments"] == cli.lines("analyze", photos[0])[0]["garments"]
    assert cli.lines("search", "-", stdin=content)[0]["image"] == "-"
    assert cli("item", "put", "piped", "-", stdin=content).exit_code == 0
    out = tmp_path / "piped.png"
    assert cli("analyze", "-", "--draw", out, stdin=content).exit_code == 0
    assert Image.open(out).width > 1000
    (line,) = cli.lines("analyze", "-", stdin=b"", exit_code=1)
    assert line["error"]["message"] == "the file is empty"
    assert cli("analyze", "-", "-", stdin=content).exit_code == 2
    closed = cli.process("analyze", "-", shell="<&-")
    assert closed.returncode == 2
    assert b"standard input is closed" in closed.stderr


def test_a_pipe_is_read_once_and_drawn(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, photos[0].read_bytes())
    os.close(writing)
    out = tmp_path / "drawn.png"
    done = cli.process("analyze", f"/dev/fd/{reading}", "--draw", out, pass_fds=(reading,))
    os.close(reading)
    assert done.returncode == 0, done.stderr
    assert Image.open(out).width > 1000


def test_what_never_ends_is_not_read_into_memory(cli: Cli, tmp_path: Path) -> None:
    huge = tmp_path / "huge.jpg"
    with huge.open("wb") as file:
        file.truncate(10 * 2**30)
    for path in (huge, Path("/dev/zero")):
        (line,) = cli.lines("analyze", path, exit_code=1)
        assert "MiB, far more than a gateway takes" in line["error"]["message"]


@pytest.mark.parametrize("command", ["analyze", "search", "ingest"])
def test_a_folder_without_photos_is_wrong_usage(cli: Cli, tmp_path: Path, command: str) -> None:
    result = cli(command, tmp_path)
    assert result.exit_code == 2
    assert "no photos in" in result.stderr


def test_a_broken_heic_is_told_without_an_object(cli: Cli, tmp_path: Path) -> None:
    photo = tmp_path / "broken.heic"
    photo.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x07" * 500)
    result = cli("analyze", photo)
    assert result.exit_code == 1
    assert "cannot be decoded as HEIC" in result.stderr
    assert "object at" not in result.stderr


def test_an_address_is_not_fetched(cli: Cli) -> None:
    result = cli("analyze", "https://shop.example/1.jpg")
    assert result.exit_code == 1
    assert "URLs are not fetched" in result.stderr
