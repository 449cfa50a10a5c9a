"""What the client makes of a gateway's answers, in both of its kinds."""

from collections.abc import Iterator
from typing import Any

import pytest
from contract_requests import photo
from gateway_contract_calls import TOKEN

import ootd
from ootd import AsyncClient, Client, EmbeddingUpload, ItemUpload, Photo, UpsertSummary


def ready(item_id: str, first: float = 0.5, **options: Any) -> EmbeddingUpload:
    return EmbeddingUpload(item_id, (first, *(0.25,) * 127), "bag", **options)


class ClientContract:
    @pytest.fixture
    def client(self, address: str) -> Iterator[Client]:
        with Client(address, token=TOKEN, timeout_s=60) as connected:
            yield connected

    def test_upsert_items_writes_when_called(self, client: Client) -> None:
        uploads = [ready("a"), ready("b")]
        assert client.upsert_items(uploads) == UpsertSummary(created=2)
        assert client.get_item("a").garment.super_category == "bag"
        seen: list[str | None] = []
        uploads = [ready("a", 0.9), ready("b"), ready("not an id")]
        summary = client.upsert_items(uploads, on_result=lambda result: seen.append(result.outcome))
        assert seen == ["replaced", "unchanged", None]
        assert (summary.replaced, summary.unchanged, len(summary.failed)) == (1, 1, 1)
        assert isinstance(summary.failed[0].error, ootd.InvalidRequestError)

    async def test_upsert_items_writes_when_called_within_asyncio(self, address: str) -> None:
        async with AsyncClient(address, token=TOKEN, timeout_s=60) as client:
            assert (await client.upsert_items([ready("a")])).created == 1
            assert (await client.get_item("a")).item_id == "a"

    def test_one_item(self, client: Client) -> None:
        assert client.upsert_item(ready("a", title="Thing")).outcome == "created"
        again = client.upsert_item(ready("a", title="Thing"))
        assert (again.outcome, again.changed) == ("unchanged", False)
        result = client.upsert_item(ItemUpload("b", photo()))
        assert result.item is not None
        assert result.item.vector_fingerprint

    def test_a_str_is_no_list_of_ids(self, client: Client) -> None:
        client.upsert_items([ready("abc")])
        with pytest.raises(TypeError, match="item_ids is one str"):
            client.delete_items("abc")
        assert client.delete_items(["abc", "absent"]) == ("abc",)

    def test_a_bad_element_fails_alone(self, client: Client) -> None:
        hat = EmbeddingUpload("b", (0.5,) * 128, "hat")  # type: ignore[arg-type]
        results = list(client.iter_upsert_items([ready("a"), hat, ready("c")]))
        assert [one.error is None for one in results] == [True, False, True]
        photos = [Photo("1", photo()), Photo("2", b"no photo\n"), Photo("3", photo())]
        analyses = list(client.analyze_images(photos))
        assert [one.correlation_id for one in analyses if one.error] == ["2"]

    def test_pages_and_fields(self, client: Client) -> None:
        client.upsert_items([ready(str(n), title="Thing", payload=b"x") for n in range(3)])
        item = client.get_item("0", fields=["title"])
        assert (item.title, item.payload, item.garment) == ("Thing", b"", ootd.Garment("bag"))
        page = client.list_page(page_size=2, fields=["payload", "garment.embedding"])
        assert (len(page.items), page.total_size) == (2, 3)
        assert all(len(one.garment.embedding) == 128 and not one.title for one in page.items)
        rest = client.list_page(page_size=2, token=page.next_token)
        assert [one.item_id for one in rest.items] == ["2"]
        assert [one.item_id for one in client.list_items(page_size=1)] == ["0", "1", "2"]

    def test_errors_have_their_class(self, client: Client) -> None:
        for kind, reason, call in (
            (ootd.NotFoundError, "ITEM_NOT_FOUND", lambda: client.get_item("absent")),
            (ootd.InvalidRequestError, "INVALID_FIELD", lambda: client.get_item("not an id")),
            (ootd.ImageError, "IMAGE_UNREADABLE", lambda: client.analyze_image(b"no photo\n")),
            (
                ootd.FailedPreconditionError,
                "VECTOR_FINGERPRINT_MISMATCH",
                lambda: client.upsert_item(ready("a", vector_fingerprint="0-0")),
            ),
        ):
            with pytest.raises(kind) as caught:
                call()
            assert caught.value.reason == reason
            assert caught.value.request_id

    def test_a_wrong_token(self, address: str) -> None:
        with (
            Client(address, token="another") as stranger,
            pytest.raises(ootd.UnauthenticatedError),
        ):
            stranger.taxonomy()

    def test_status(self, client: Client) -> None:
        client.upsert_items([ready("a")])
        status = client.status()
        assert status.is_serving
        assert status.item_count == 1
        assert status.info == client.server_info()
