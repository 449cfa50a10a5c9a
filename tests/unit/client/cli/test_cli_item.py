"""`ootd item`, `ootd taxonomy` and `ootd status`."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from ootd_command import Cli

from ootd import InternalError
from ootd.testing import FakeGateway


def test_an_item_is_put_replaced_and_left(
    cli: Cli, gateway: FakeGateway, photos: list[Path]
) -> None:
    arguments = ("item", "put", "sku-1", photos[0], "--title", "Red bag", "--category", "bag")
    (line,) = cli.lines(*arguments)
    assert line["result"] == "created"
    assert line["item"]["title"] == "Red bag"
    assert line["item"]["garment"]["super"] == "bag"
    assert line["item"]["payload"] == {"image": "photo-0.jpg"}
    assert cli.lines(*arguments)[0]["result"] == "unchanged"
    more = ("--attribute", "brand=Acme", "--attribute", "size=4=5", "--payload", '{"price": 9}')
    (line,) = cli.lines(*arguments, *more)
    assert line["result"] == "replaced"
    assert line["item"]["attributes"] == {"brand": "Acme", "size": "4=5"}
    assert line["item"]["payload"] == {"price": 9}
    assert cli(*arguments, *more).stdout.startswith("unchanged: sku-1")
    assert gateway.calls.count("UpsertItem") == 4


@pytest.mark.parametrize(
    "options",
    [
        ("--attribute", "brand"),
        ("--attribute", "=x"),
        ("--attribute", "a=1", "--attribute", "a=2"),
        ("--category", "hat"),
        ("--category", "bag", "--region", "0,0,1,1"),
    ],
)
def test_wrong_usage_of_put(cli: Cli, photos: list[Path], options: tuple[str, ...]) -> None:
    assert cli("item", "put", "a", photos[0], *options).exit_code == 2


def test_items_are_read_listed_and_deleted(cli: Cli, shop: Path) -> None:
    cli("ingest", shop)
    (item,) = cli.lines("item", "get", "bag/red_clutch.jpg")
    assert item["title"] == "red clutch"
    assert len(item["garment"]["embedding"]) == 128
    assert "red clutch" in cli("item", "get", "bag/red_clutch.jpg").stdout
    (item,) = cli.lines("item", "get", "bag/red_clutch.jpg", "--fields", "title")
    assert item["title"] == "red clutch"
    assert item["payload"] == ""
    assert len(cli.lines("item", "list")) == 3
    assert len(cli.lines("item", "list", "--limit", "2")) == 2
    (bag,) = cli.lines("item", "list", "--category", "bag")
    assert bag["id"] == "bag/red_clutch.jpg"
    (line,) = cli.lines("item", "delete", "bag/red_clutch.jpg", "nothing")
    assert line == {"deleted": ["bag/red_clutch.jpg"], "missing": ["nothing"]}
    assert cli("item", "get", "bag/red_clutch.jpg").exit_code == 4


def test_pages_follow_each_other(cli: Cli, shop: Path) -> None:
    cli("ingest", shop)
    (first,) = cli.lines("item", "list", "--page-size", 2)
    assert [len(first["items"]), first["total"]] == [2, 3]
    token = first["next_page_token"]
    (second,) = cli.lines("item", "list", "--page-size", 2, "--page-token", token)
    assert [len(second["items"]), second["next_page_token"]] == [1, ""]
    listed = [one["id"] for one in cli.lines("item", "list")]
    assert [one["id"] for one in first["items"] + second["items"]] == listed
    assert f"--page-token {token}" in cli("item", "list", "--page-size", 2).stderr
    assert cli("item", "list", "--page-size", 2, "--limit", 1).exit_code == 2


def test_an_id_that_looks_like_an_option(cli: Cli, photos: list[Path]) -> None:
    assert cli("item", "put", "--title", "Odd", "--", "-t.jpg", photos[0]).exit_code == 0
    assert "Odd" in cli("item", "get", "--", "-t.jpg").stdout
    assert "deleted 1 of 1" in cli("item", "delete", "--", "-t.jpg").stdout


def test_what_was_deleted_before_a_failure_is_told(
    cli: Cli, gateway: FakeGateway, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("item", "put", "a", photos[0])
    ids = ["a", *(f"none-{number}" for number in range(1000))]
    original = gateway.store.delete

    def fail_second(item_ids: Iterable[str]) -> list[str]:
        gateway.fail_next("DeleteItems", InternalError("oops", reason="INTERNAL"))
        return original(item_ids)

    monkeypatch.setattr(gateway.store, "delete", fail_second)
    result = cli("item", "delete", *ids)
    assert result.exit_code == 5
    assert "deleted 1 before it failed" in result.stderr


def test_taxonomy_names_everything(cli: Cli, gateway: FakeGateway) -> None:
    (line,) = cli.lines("taxonomy")
    assert [one["super"] for one in line["categories"]][-1] == "bag"
    assert line["attribute_groups"][0]["name"] == "color"
    text = cli("taxonomy").stdout
    assert "handbag" in text
    assert "navy" in text


def test_status_tells_versions(cli: Cli) -> None:
    (line,) = cli.lines("status")
    assert line["serving"] is True
    assert line["item_count"] == 0
    assert line["info"]["version"]
    assert line["info"]["limits"]["max_image_bytes"] > 0
    text = cli("status").stdout
    assert "gateway version" in text
    assert line["info"]["version"] in text
    assert "this client" in text


def test_status_tells_what_is_wrong(cli: Cli, gateway: FakeGateway) -> None:
    gateway.is_serving = False
    result = cli("status")
    assert result.exit_code == 3
    assert "not serving" in result.stdout


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout.startswith("ootd 0.")
