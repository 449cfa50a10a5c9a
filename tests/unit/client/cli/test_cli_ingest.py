"""`ootd ingest`: what becomes of folders and tables."""

import json
import os
import sys
from pathlib import Path

import pytest
from ootd_command import Cli, jpeg

from ootd.cli.catalog_source import read_catalog, title_of
from ootd.cli.item_ids import id_of
from ootd.testing import FakeGateway


def results(lines: list[dict[str, str]]) -> list[str]:
    return [line["result"] for line in lines]


def test_a_folder_gives_ids_titles_and_categories(
    cli: Cli, gateway: FakeGateway, shop: Path
) -> None:
    lines = cli.lines("ingest", shop)
    assert results(lines) == ["created"] * 3
    ids = [line["id"] for line in lines]
    assert ids == ["Caf:c3:a9:201.png", "bag/red_clutch.jpg", "shoes/High:20Heels.jpg"]
    item = gateway.items["bag/red_clutch.jpg"]
    assert item.title == "red clutch"
    assert item.garment.super_category == 6
    assert results(cli.lines("ingest", shop)) == ["unchanged"] * 3
    (shop / "bag" / "red_clutch.jpg").write_bytes(jpeg(77))
    (shop / "new.jpg").write_bytes(jpeg(78))
    (shop / "empty.jpg").touch()
    result = cli("ingest", shop)
    assert result.exit_code == 1
    assert "new 1, replaced 1, unchanged 2, failed 1; the catalogue has 4 items" in result.stdout
    assert "empty.jpg: the file is empty" in result.stderr


@pytest.mark.parametrize("way", ["absolute", "relative", "dot"])
def test_nothing_of_this_machine_is_stored(
    cli: Cli, gateway: FakeGateway, shop: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.chdir(shop.parent if way == "relative" else shop)
    source = {"absolute": shop, "relative": "shop", "dot": "."}[way]
    outside = shop.parent / "outside.jpg"
    outside.write_bytes(jpeg(5))
    table = shop / "table.csv"
    table.write_text(
        f"image,title\nbag/red_clutch.jpg,one\n{shop / 'shoes' / 'High Heels.jpg'},two\n"
        f"{outside},three\n../outside.jpg,four\nbag/../bag/red_clutch.jpg,five\n"
    )
    assert cli("ingest", source).exit_code == 0
    photo = json.loads(gateway.items["bag/red_clutch.jpg"].payload)
    folder = {} if way == "dot" else {"folder": "shop"}
    assert photo == {**folder, "image": "bag/red_clutch.jpg"}
    assert results(cli.lines("ingest", table, exit_code=1)).count("failed") == 1
    stored = b"".join(one.SerializeToString() for one in gateway.items.values())
    for part in shop.parent.parts[1:]:
        assert part.encode() not in stored, part
    payloads = {one.title: json.loads(one.payload) for one in gateway.items.values()}
    assert payloads["two"] == {"folder": "shop", "image": "shoes/High Heels.jpg"}
    assert payloads["three"] == payloads["four"] == {"folder": "shop", "image": "outside.jpg"}
    ids = {one.title: key for key, one in gateway.items.items()}
    assert ids["two"] == "shoes/High:20Heels.jpg"
    assert ids["three"].startswith("outside.jpg-")
    assert ids["three"] != ids["four"]


def test_a_table_keeps_other_columns_in_the_payload(
    cli: Cli, gateway: FakeGateway, shop: Path
) -> None:
    table = shop / "catalog.csv"
    table.write_text(
        "id;image;title;category;price;attributes.brand\n"
        "a;bag/red_clutch.jpg;Red clutch;BAG;12.50;Acme\n"
        ";shoes/High Heels.jpg;;;;\n",
        encoding="utf-8-sig",
    )
    assert len(cli.lines("ingest", table)) == 2
    item = gateway.items["a"]
    assert dict(item.attributes) == {"brand": "Acme"}
    assert json.loads(item.payload) == {
        "folder": "shop",
        "price": "12.50",
        "image": "bag/red_clutch.jpg",
    }
    assert any(one.title == "High Heels" for one in gateway.items.values())


def test_what_failed_is_listed_and_the_rest_is_done(cli: Cli, shop: Path) -> None:
    table = shop / "catalog.csv"
    table.write_text(
        "id,image,category\n"
        "a,bag/red_clutch.jpg,bag\n"
        "b,none.jpg,\n"
        "c,bag/red_clutch.jpg,hat\n"
        "d,,\n"
        "a,shoes/High Heels.jpg,\n"
        "e,notes.txt,\n"
        "f,a,b,c\n"
        "h,nul\x00.jpg,\n"
        "g,shoes/High Heels.jpg,\n"
    )
    result = cli("ingest", table)
    assert result.exit_code == 1
    for problem in (
        "7 failed",
        "none.jpg: cannot read the photo: no such file or directory",
        "is 'hat'",
        "catalog.csv line 5 (id d): has no image",
        "this id occurred before",
        "notes.txt",
        "more values than there are columns",
        # Before Python 3.11 the module csv takes no NUL at all.
        "nul\\x00.jpg" if sys.version_info >= (3, 11) else "line 9: is no row of a CSV",
    ):
        assert problem in result.stderr, problem
    assert "new 2, replaced 0, unchanged 0, failed 7" in result.stdout
    assert "the catalogue has 2 items" in result.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id,photo\n1,2\n", 'no column "image"'),
        (b"image\n\xff\xfe\x00\n", "line 2 is no UTF-8; save it as CSV UTF-8"),
        (b"image,title,title\na,b,c\n", "columns of the same name: title"),
        (b"image,title\n", "no rows in"),
        (b"", 'no column "image"'),
    ],
)
def test_what_is_no_table_is_wrong_usage(
    cli: Cli, tmp_path: Path, content: bytes, words: str
) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(content)
    for result in (cli("ingest", table), cli("ingest", "-", stdin=content)):
        assert result.exit_code == 2
        assert words in " ".join(result.stderr.replace("│", " ").split()), result.stderr


def test_what_is_not_there_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "nothing", tmp_path / "pipe", "/dev/zero"):
        result = cli("ingest", source)
        assert result.exit_code == 2
        assert "Errno" not in result.output


def test_a_table_comes_from_a_pipe(
    cli: Cli, gateway: FakeGateway, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    (line,) = cli.lines("ingest", "-", stdin=b"image,title\nbag/red_clutch.jpg,Red\n")
    assert (line["id"], line["result"]) == ("bag/red_clutch.jpg", "created")
    assert json.loads(gateway.items[line["id"]].payload) == {"image": "bag/red_clutch.jpg"}


def test_two_folders_keep_apart_with_a_prefix(
    cli: Cli, gateway: FakeGateway, tmp_path: Path
) -> None:
    for name, seed in (("left", 1), ("right", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(jpeg(seed))
    assert "--id-prefix" not in cli("ingest", tmp_path / "left").stderr
    collision = cli("ingest", tmp_path / "right")
    assert "Items of the folder left have the same ids, such as 1.jpg" in collision.stderr
    assert "new 0, replaced 1" in collision.stdout
    result = cli("ingest", tmp_path / "left", "--id-prefix", "left/")
    assert "same ids" not in result.stderr
    assert sorted(gateway.items) == ["1.jpg", "left/1.jpg"]
    for bad in ("-x", "a b", "é", "x" * 65):
        assert cli("ingest", tmp_path / "left", f"--id-prefix={bad}").exit_code == 2


def test_all_rows_at_fault_are_not_a_fault_of_the_gateway(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert cli("ingest", tmp_path).exit_code == 1


NAMES = [
    "a/b_c.jpg",
    "a b.jpg",
    "a-b.jpg",
    "a:20b.jpg",
    "-t.jpg",
    "------",
    "пальто.jpg",
    "コート/赤.png",
    "👗.jpg",
    "e\u0301.jpg",
    "\u00e9.jpg",
    "not-utf8-\udcff.jpg",
    "x" * 200,
    "x" * 199 + "y",
    "ж" * 100,
]


def test_ids_are_valid_tell_their_path_and_stay_apart() -> None:
    ids = [id_of(name) for name in NAMES]
    assert len(set(ids)) == len(ids)
    for name, one in zip(NAMES, ids, strict=True):
        assert 0 < len(one) <= 128
        assert set(one) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-"
        )
        assert not one.startswith("-")
        if len(one) < 120:
            told = os.fsdecode(bytes.fromhex("".join(_hex(one))))
            assert told == name
    assert id_of("a/b_c.jpg") == "a/b_c.jpg"
    assert id_of("1.jpg", "left/") == "left/1.jpg"
    assert len(id_of("x" * 200, "left/")) <= 128


def _hex(text: str) -> list[str]:
    """The bytes that an id stands for."""
    found, rest = [], text
    while rest:
        if rest[0] == ":":
            found.append(rest[1:3])
            rest = rest[3:]
        else:
            found.append(f"{ord(rest[0]):02x}")
            rest = rest[1:]
    return found


def test_ids_of_odd_names_are_read_by_the_command(
    cli: Cli, gateway: FakeGateway, tmp_path: Path
) -> None:
    for name in ("-t.jpg", "пальто.jpg", "👗.jpg"):
        (tmp_path / name).write_bytes(jpeg(len(name)))
    assert cli("ingest", tmp_path).exit_code == 0
    for item_id in gateway.items:
        assert cli("item", "get", item_id).exit_code == 0, item_id


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("navy_wool-coat.jpg", "navy wool coat"),
        ("Café.v2.png", "Café v2"),
        ("___.png", "___"),
        ("\x1b.png", "\\x1b"),
        ("пальто.jpg", "пальто"),
    ],
)
def test_titles_are_readable(name: str, title: str) -> None:
    assert title_of(Path(name)) == title


def test_the_same_folder_gives_the_same_bytes(shop: Path) -> None:
    assert list(read_catalog(shop)) == list(read_catalog(shop))


def test_a_stray_quote_swallows_no_row(cli: Cli, gateway: FakeGateway, shop: Path) -> None:
    table = shop / "table.csv"
    photo = "bag/red_clutch.jpg"
    table.write_text(f'id,image,note\nz1,{photo},"heel 5\nz2,{photo},b\n')
    result = cli("ingest", table)
    assert result.exit_code == 2
    assert "line 2: a quote opens that is not closed" in _told(result.stderr)
    assert not gateway.items
    table.write_text(
        f'id,image,note\nz1,{photo},"heel 5\nz2,{photo},"\nz3,{photo},c\n'
        f'z4,{photo},"a"b\nz5,{photo},\n'
    )
    result = cli("ingest", table)
    assert result.exit_code == 1
    assert "table.csv line 2: holds further rows, to line 3" in result.stderr
    assert "table.csv line 5: has text after a closing quote" in result.stderr
    assert sorted(gateway.items) == ["z3", "z5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_as_spreadsheets_write_it(
    cli: Cli, gateway: FakeGateway, shop: Path, encoding: str
) -> None:
    table = shop / "table.csv"
    table.write_text(
        'sep=;\r\nID;"Image";Title;Folder\r\na;bag/red_clutch.jpg;"Red\r\nclutch";other\r\n;;;\r\n',
        encoding=encoding,
        newline="",
    )
    assert results(cli.lines("ingest", table)) == ["created"]
    assert gateway.items["a"].title == "Red clutch"
    assert json.loads(gateway.items["a"].payload)["folder"] == "shop"


def test_what_a_row_cannot_be_is_told_with_its_line(cli: Cli, shop: Path) -> None:
    table = shop / "table.csv"
    table.write_text(
        "id;image;region\nu;https://shop/1.jpg;\nr;bag/red_clutch.jpg;0.5,0,0.1,1\n"
        f"l;bag/red_clutch.jpg;{'x' * 140_000}\nn;none.jpg;\nok;bag/red_clutch.jpg;0,0,1,0.5\n"
    )
    result = cli("ingest", table)
    assert "failed 4" in result.stdout
    for problem in (
        "line 2 (id u): https://shop/1.jpg: URLs are not fetched",
        "line 3 (id r): region must be four numbers",
        "line 4: has a value of more than 131,072 characters",
        "line 5 (id n): ",
    ):
        assert problem in result.stderr, problem


def test_titles_keep_the_marks_of_their_script() -> None:
    assert title_of(Path("e\u0301te\u0301_robe.jpg")) == "\u00e9t\u00e9 robe"
    assert title_of(Path("\u0915\u093f\u0924\u093e\u092c.jpg")) == "\u0915\u093f\u0924\u093e\u092c"


def _told(stderr: str) -> str:
    return " ".join(stderr.replace("│", " ").split())
