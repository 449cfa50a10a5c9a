import io
import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from ootd import OotdError
from ootd.cli.app import app
from ootd.testing import FakeGateway

GARMENT_KEYS = ["box", "score", "super", "sub", "sub_score", "attributes", "embedding"]


def jpeg(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (60, 80), (seed * 40 % 256, 99, seed % 256)).save(stream, "JPEG")
    return stream.getvalue()


class Cli:
    def __init__(self, target: str) -> None:
        self.target = target

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(
            app, [str(one) for one in arguments], env={"OOTD_SERVER": self.target}
        )

    def lines(self, *arguments: object, exit_code: int = 0) -> list[dict[str, Any]]:
        result = self(*arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def cli(gateway: FakeGateway) -> Cli:
    return Cli(gateway.target)


@pytest.fixture
def nobody() -> Cli:
    with FakeGateway() as gateway:
        return Cli(gateway.target)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"photo-{number}.jpg" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(jpeg(number))
    return paths


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for number, name in enumerate(["bag/red_clutch.jpg", "shoes/High Heels.jpg", "Café 1.png"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(number))
    (folder / "notes.txt").write_text("no photo")
    (folder / ".hidden.jpg").write_bytes(jpeg(9))
    return folder


def test_analyze_writes_the_documented_line(cli: Cli, photos: list[Path]) -> None:
    (line,) = cli.lines("analyze", photos[0])
    assert list(line) == ["image", "garments", "dropped"]
    assert line["image"] == str(photos[0])
    garment = line["garments"][0]
    assert list(garment) == GARMENT_KEYS
    assert len(garment["embedding"]) == 128
    assert all(0 <= value <= 1 for value in garment["box"])
    assert list(garment["attributes"][0]) == ["group", "value", "score"]


def test_analyze_goes_on_past_a_bad_photo(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("no photo")
    lines = cli.lines("analyze", photos[0], text, tmp_path / "none.jpg", photos[1], exit_code=1)
    assert [Path(line["image"]).name for line in lines] == [
        "photo-0.jpg",
        "text.jpg",
        "none.jpg",
        "photo-1.jpg",
    ]
    assert ["error" in line for line in lines] == [False, True, True, False]
    assert list(lines[1]["error"]) == ["code", "reason", "message", "request_id"]
    assert lines[1]["error"]["reason"] == "IMAGE_UNREADABLE"
    (single,) = cli.lines("analyze", tmp_path / "none.jpg", exit_code=1)
    assert single["error"]["reason"] == "IMAGE_UNREADABLE"


def test_analyze_takes_guides(cli: Cli, photos: list[Path]) -> None:
    (line,) = cli.lines("analyze", photos[0], "--category", "dress")
    assert [one["super"] for one in line["garments"]] == ["dress"]
    (line,) = cli.lines("analyze", photos[0], "--region", "0.25,0.25,0.5,0.75")
    assert line["garments"][0]["box"] == [0.25, 0.25, 0.5, 0.75]


def test_analyze_takes_options(cli: Cli, gateway: FakeGateway, photos: list[Path]) -> None:
    options = ("--score-threshold", "1", "--attribute-model", "sequencer")
    (line,) = cli.lines("analyze", photos[0], *options)
    assert [one["box"] for one in line["garments"]] == [[0, 0, 1, 1]]
    lines = cli.lines("analyze", *photos, *options)
    assert [len(line["garments"]) for line in lines] == [1, 1, 1]
    assert gateway.attribute_models == ["sequencer"] * 4
    assert len(cli.lines("analyze", photos[0])[0]["garments"]) > 1
    assert gateway.attribute_models[-1] is None


@pytest.mark.parametrize(
    ("option", "value"),
    [("--score-threshold", "1.1"), ("--score-threshold", "x"), ("--attribute-model", "both")],
)
def test_a_bad_option_is_wrong_usage(cli: Cli, photos: list[Path], option: str, value: str) -> None:
    result = cli("analyze", photos[0], option, value)
    assert result.exit_code == 2
    assert option in result.output


def test_an_attribute_model_that_is_not_served_is_told(
    cli: Cli, gateway: FakeGateway, photos: list[Path]
) -> None:
    not_served = OotdError(
        "the vision server does not serve the attribute model sequencer",
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason="ATTRIBUTE_MODEL_NOT_SERVED",
    )
    gateway.fail_next("AnalyzeImage", not_served)
    (line,) = cli.lines("analyze", photos[0], "--attribute-model", "sequencer", exit_code=1)
    assert line["error"]["reason"] == "ATTRIBUTE_MODEL_NOT_SERVED"


@pytest.mark.parametrize("region", ["1,2,3", "a,b,c,d", "0,0,2,1", "0.5,0,0.4,1", "nan,0,1,1"])
def test_a_bad_region_is_wrong_usage(cli: Cli, photos: list[Path], region: str) -> None:
    result = cli("analyze", photos[0], "--region", region)
    assert result.exit_code == 2
    assert "--region" in result.output


def test_analyze_prints_a_table_and_draws(cli: Cli, photos: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "boxes.png"
    result = cli("analyze", photos[0], "--draw", out)
    assert result.exit_code == 0, result.output
    assert "photo-0.jpg" in result.stdout
    assert Image.open(out).width > 1000
    folder = tmp_path / "drawn"
    assert cli("analyze", *photos, "--draw", folder).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "photo-0.png",
        "photo-1.png",
        "photo-2.png",
    ]
    assert cli("analyze", photos[0], "--draw", tmp_path / "boxes.xyz").exit_code == 2


def test_a_folder_stands_for_its_photos(cli: Cli, shop: Path) -> None:
    lines = cli.lines("analyze", shop)
    names = [Path(line["image"]).name for line in lines]
    assert names == ["Café 1.png", "red_clutch.jpg", "High Heels.jpg"]


def test_no_gateway_is_a_sentence_with_a_remedy(nobody: Cli, photos: list[Path]) -> None:
    for arguments in (["status"], ["search", photos[0]], ["analyze", *photos]):
        result = nobody(*arguments, "--timeout", "2")
        assert result.exit_code == 3
        assert "No gateway answers at 127.0.0.1:" in result.stderr
        assert "`make up`" in result.stderr
        assert "Traceback" not in result.output


def test_ingest_folder_reads_ids_titles_and_categories(
    cli: Cli, gateway: FakeGateway, shop: Path
) -> None:
    lines = cli.lines("ingest", shop)
    assert {line["result"] for line in lines} == {"stored"}
    ids = [line["id"] for line in lines]
    assert ids[1:] == ["bag/red_clutch.jpg", "shoes/High-Heels.jpg-" + ids[2][-8:]]
    item = gateway.items["bag/red_clutch.jpg"]
    assert item.title == "red clutch"
    assert item.garment.super_category == 6
    payload = json.loads(item.payload)
    assert payload == {"image": str(shop / "bag" / "red_clutch.jpg")}
    assert {line["result"] for line in cli.lines("ingest", shop)} == {"unchanged"}


def test_ingest_csv_keeps_other_columns_in_the_payload(
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
    payload = json.loads(item.payload)
    assert payload["price"] == "12.50"
    assert Path(payload["image"]) == shop / "bag/red_clutch.jpg"
    assert any(one.title == "High Heels" for one in gateway.items.values())


def test_ingest_lists_what_failed_and_does_the_rest(cli: Cli, shop: Path) -> None:
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
        "g,shoes/High Heels.jpg,\n"
    )
    result = cli("ingest", table)
    assert result.exit_code == 1
    for problem in (
        "6 failed",
        "none.jpg",
        "is 'hat'",
        "line 5: has no image",
        "this id occurred before",
        "notes.txt",
        "more values than there are columns",
    ):
        assert problem in result.stderr, problem
    assert "stored 2 (new or changed), unchanged 0, failed 6" in result.stdout
    assert "the catalogue has 2 items" in result.stdout


def test_ingest_of_what_is_no_catalogue_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("id,photo\n1,2\n")
    result = cli("ingest", table)
    assert result.exit_code == 2
    assert "image" in result.output
    assert cli("ingest", tmp_path / "nothing").exit_code == 2
    (tmp_path / "bytes.csv").write_bytes(b"image\n\xff\xfe\x00\n")
    assert cli("ingest", tmp_path / "bytes.csv").exit_code == 2


def test_search_prints_hits_draws_and_writes_json(cli: Cli, shop: Path, tmp_path: Path) -> None:
    cli("ingest", shop)
    photo = shop / "bag" / "red_clutch.jpg"
    out = tmp_path / "hits.png"
    result = cli("search", photo, "-k", "2", "--draw", out, "--category", "bag")
    assert result.exit_code == 0, result.output
    assert "bag/red_clutch.jpg" in result.stdout
    assert "1.000" in result.stdout
    assert Image.open(out).width > 1000
    (line,) = cli.lines("search", photo, "--category", "bag", "--parts")
    assert list(line) == ["image", "results", "dropped"]
    hit = line["results"][0]["hits"][0]
    assert hit["id"] == "bag/red_clutch.jpg"
    assert hit["payload"]["image"] == str(photo)
    assert set(hit["parts"]) == {"appearance", "color", "appearance_weight", "color_weight"}
    (line,) = cli.lines("search", "--item", "bag/red_clutch.jpg")
    assert list(line) == ["item", "hits"]


def test_search_wants_a_photo_or_an_item(cli: Cli, photos: list[Path]) -> None:
    assert cli("search").exit_code == 2
    assert cli("search", photos[0], "--item", "a").exit_code == 2
    assert cli("search", "--item", "a", "--category", "bag").exit_code == 2
    assert cli("search", photos[0], "-k", "0").exit_code == 2
    result = cli("search", "--item", "a")
    assert result.exit_code == 4
    assert "there is no item 'a'" in result.stderr
    assert cli("search", "none.jpg").exit_code == 1


def test_items_are_read_listed_and_deleted(cli: Cli, shop: Path) -> None:
    cli("ingest", shop)
    (item,) = cli.lines("item", "get", "bag/red_clutch.jpg")
    assert item["title"] == "red clutch"
    assert len(item["garment"]["embedding"]) == 128
    assert "red clutch" in cli("item", "get", "bag/red_clutch.jpg").stdout
    assert len(cli.lines("item", "list")) == 3
    assert len(cli.lines("item", "list", "--limit", "2")) == 2
    (bag,) = cli.lines("item", "list", "--category", "bag")
    assert bag["id"] == "bag/red_clutch.jpg"
    (line,) = cli.lines("item", "delete", "bag/red_clutch.jpg", "nothing")
    assert line == {"deleted": ["bag/red_clutch.jpg"], "missing": ["nothing"]}
    assert cli("item", "get", "bag/red_clutch.jpg").exit_code == 4


def test_status_tells_what_is_wrong(cli: Cli, gateway: FakeGateway) -> None:
    (line,) = cli.lines("status")
    assert line["serving"] is True
    assert line["item_count"] == 0
    gateway.is_serving = False
    result = cli("status")
    assert result.exit_code == 3
    assert "not serving" in result.stdout


def test_a_bug_of_the_gateway_has_its_own_exit_code(cli: Cli, gateway: FakeGateway) -> None:
    gateway.fail_next(
        "GetItem", OotdError("oops", code=grpc.StatusCode.INTERNAL, reason="INTERNAL")
    )
    result = cli("item", "get", "a")
    assert result.exit_code == 5
    assert "request id" in result.stderr


def test_a_token_is_not_sent_over_a_network_in_plaintext() -> None:
    result = Cli("gateway.example:8500")("status", "--token", "secret")
    assert result.exit_code == 2
    assert "plaintext" in result.output


def test_what_is_no_server_is_wrong_usage() -> None:
    result = Cli("no port")("status")
    assert result.exit_code == 2
    assert "host:port" in result.output


def test_samples_draws(cli: Cli, tmp_path: Path) -> None:
    (line,) = cli.lines("samples", tmp_path / "drawn", "--outfits", 0, "--catalog", 1)
    assert Path(line["catalog_csv"]).exists()
    assert line["catalog"] == 1


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout.startswith("ootd 0.")
