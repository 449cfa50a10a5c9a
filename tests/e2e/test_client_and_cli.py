"""The client library and the command line against the real gateway."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import ootd
from gateway_process import GatewayProcess
from ootd import AsyncClient, Client, EmbeddingUpload, ItemUpload, Photo
from ootd.cli.app import app
from ootd_samples import SamplesIndex, write_samples
from photos import outfit_jpeg


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Client]:
    with Client(gateway.target, timeout_s=60) as connected:
        yield connected


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> SamplesIndex:
    return write_samples(tmp_path_factory.mktemp("drawn"), outfits=1, catalog=6, seed=3)


def ootd_command(gateway: GatewayProcess, *arguments: object) -> Result:
    texts = [str(one) for one in arguments]
    return CliRunner().invoke(app, texts, env={"OOTD_SERVER": gateway.target})


def lines(gateway: GatewayProcess, *arguments: object) -> list[dict[str, Any]]:
    result = ootd_command(gateway, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_analyses_are_complete(client: Client) -> None:
    analysis = client.analyze_image(outfit_jpeg())
    assert analysis.garments
    for garment in analysis.garments:
        assert len(garment.embedding) == 128
        assert sum(value * value for value in garment.embedding) == pytest.approx(1, abs=1e-3)
        assert sum(garment.color_histogram) == pytest.approx(1, abs=1e-3)
        assert garment.box is not None
        assert 0 <= garment.box.x0 < garment.box.x1 <= 1


def test_names_come_from_the_taxonomy(client: Client) -> None:
    taxonomy = client.taxonomy()
    subs = {one.super_category: one.sub_categories for one in taxonomy.categories}
    assert sorted(subs) == sorted(ootd.SUPER_CATEGORIES)
    groups = {one.name: one for one in taxonomy.attribute_groups}
    for garment in client.analyze_image(outfit_jpeg()).garments:
        assert garment.sub_category in subs[garment.super_category]
        for attribute in garment.attributes:
            assert attribute.value in groups[attribute.group].values
            assert groups[attribute.group].trained


def test_a_stream_goes_on_past_a_bad_photo(client: Client) -> None:
    photo = outfit_jpeg()
    photos = [Photo("a", photo), Photo("b", b"no photo"), Photo("c", photo, category="bag")]
    first, bad, guided = client.analyze_images(photos)
    assert first.analysis == client.analyze_image(photo)
    assert isinstance(bad.error, ootd.ImageError)
    assert bad.error.reason == "IMAGE_UNREADABLE"
    assert bad.error.request_id
    assert guided.error is None


def test_errors_tell_field_and_request_id(client: Client) -> None:
    with pytest.raises(ootd.InvalidRequestError) as caught:
        client.search_by_embedding((0.0,) * 5, "bag", k=100_000)
    assert {one.field for one in caught.value.violations} >= {"k"}
    assert len(caught.value.request_id) == 32
    with pytest.raises(ootd.NotFoundError):
        client.get_item("no-such-item")


async def test_items_live_their_whole_life(gateway: GatewayProcess) -> None:
    upload = ItemUpload("life-1", outfit_jpeg(), title="Some outfit", payload=b"price")
    ready = EmbeddingUpload("life-2", (0.1,) * 128, "bag")
    async with AsyncClient(gateway.target, timeout_s=60) as client:
        first = [one async for one in client.iter_upsert_items([upload, ready])]
        assert [(one.error, one.changed) for one in first] == [(None, True), (None, True)]
        again = [one async for one in client.iter_upsert_items([upload, ready])]
        assert [one.changed for one in again] == [False, False]
        assert (await client.get_item("life-1")).payload == b"price"
        listed = [item.item_id async for item in client.list_items(page_size=1)]
        assert {"life-1", "life-2"} <= set(listed)
        hits = await client.search_by_embedding((0.2,) * 128, "bag", k=1000)
        assert "life-2" in {hit.item.item_id for hit in hits}
        assert set(await client.delete_items(["life-1", "life-2", "x"])) == {"life-1", "life-2"}
        with pytest.raises(ootd.NotFoundError):
            await client.get_item("life-1")


def test_from_samples_to_pictures(
    gateway: GatewayProcess, drawn: SamplesIndex, tmp_path: Path
) -> None:
    assert all(line["result"] == "created" for line in lines(gateway, "ingest", drawn.catalog_csv))
    again = {line["result"] for line in lines(gateway, "ingest", drawn.catalog_csv)}
    assert again == {"unchanged"}
    (analysis,) = lines(gateway, "analyze", drawn.outfits[0])
    assert analysis["garments"]
    assert (analysis["width"], analysis["height"]) == Image.open(drawn.outfits[0]).size
    out = tmp_path / "hits.png"
    result = ootd_command(gateway, "search", drawn.outfits[0], "-k", 3, "--draw", out)
    assert result.exit_code == 0, result.output
    assert Image.open(out).width > 1000
    (status,) = lines(gateway, "status")
    assert status["serving"] is True
    assert status["item_count"] >= len(drawn.catalog)
    (found,) = lines(gateway, "search", drawn.catalog[0])
    hit = found["results"][0]["hits"][0]
    assert (drawn.folder / hit["payload"]["image"]).exists()
    assert "/" not in hit["payload"]["image"].removeprefix("catalog/")
