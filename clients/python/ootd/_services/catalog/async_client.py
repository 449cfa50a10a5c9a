"""The client of CatalogService."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

from ootd import _faults
from ootd._async import elements
from ootd._async.runtime import Source, aclosing, load_image, settle
from ootd._async.service import AsyncServiceClient
from ootd._ledger import Ledger
from ootd._services.catalog import conversion
from ootd._services.catalog.types import (
    EmbeddingUpload,
    ItemPage,
    ItemUpload,
    UpsertResult,
    UpsertSummary,
)
from ootd._services.catalog.upsert_tally import UpsertTally
from ootd._shared import arguments
from ootd._shared.item import Item
from ootd._shared.item_conversion import fields_to_proto, item_from_proto
from ootd._shared.names import SuperCategory
from ootd.v1 import catalog_service_pb2
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub


class AsyncCatalogClient(AsyncServiceClient):
    """The shop's items: `AsyncClient.catalog`."""

    async def upsert_item(
        self: AsyncServiceClient,
        upload: ItemUpload | EmbeddingUpload,
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> UpsertResult:
        """Add or replace one item; it is durable, and found by searches, once this returns.

        The result's `outcome` tells whether it is new, replaces another or was the same already;
        after a lost answer the second attempt finds it the same.

        Raises InvalidRequestError, ImageError, FailedPreconditionError (no garment of the photo
        matches the category; vectors of other models; the attribute model is not served),
        OverloadedError, UnavailableError, DeadlineExceededError; OSError where a file cannot be
        read, ValueError or TypeError for what is no upload.
        """
        image = await _upload_image(upload)
        request_class = catalog_service_pb2.UpsertItemRequest
        request = conversion.upload_to_proto(upload, image, request_class)
        method = self._calls.stub(CatalogServiceStub).UpsertItem
        response = await self._calls.unary(method, request, timeout_s, metadata)
        return conversion.upsert_from_proto(upload.item_id, response)

    async def upsert_items(
        self: AsyncServiceClient,
        uploads: Source[ItemUpload | EmbeddingUpload],
        *,
        on_result: Callable[[UpsertResult], object] | None = None,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> UpsertSummary:
        """Add or replace items over one stream, and return what it came to once all are durable.

        `on_result` is called with each answer as it comes, in the order of the uploads. An item
        that fails changes nothing and is among the summary's `failed`; the others go on. The rest
        is as in `iter_upsert_items`, where the answers can be taken one by one.

        Raises UnavailableError or OverloadedError where the stream breaks: what was answered until
        then is stored, the rest may or may not be, and can be sent again. Raises
        DeadlineExceededError where an answer takes longer than `timeout_s`, and what `on_result`
        or the iterable raises.
        """
        tally = UpsertTally()
        async with aclosing(
            AsyncCatalogClient.iter_upsert_items(
                self, uploads, timeout_s=timeout_s, metadata=metadata
            )
        ) as results:
            async for result in results:
                tally.add(result)
                if on_result is not None:
                    await settle(on_result(result))
        return tally.summary()

    async def iter_upsert_items(
        self: AsyncServiceClient,
        uploads: Source[ItemUpload | EmbeddingUpload],
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[UpsertResult, None]:
        """Add or replace items over one stream; yield each answer once the item is durable.

        Nothing is sent before the first answer is asked for. Answers come in the order of the
        uploads, which are taken from the iterable as the gateway has room for them. An item that
        fails changes nothing, is answered with its error, and the stream goes on. What the iterable
        itself raises comes out after the last answer.

        Raises UnavailableError or OverloadedError where the stream breaks: items that were not
        answered may or may not be stored, and can be sent again, as the same item again changes
        nothing. Raises DeadlineExceededError where an answer takes longer than `timeout_s`.
        """
        _faults.check_source(uploads)
        ledger = Ledger()
        limit_bytes = self._calls.connection.max_send_bytes
        requests = elements.requests(uploads, _upload_request, "item_id", ledger, limit_bytes)
        method = self._calls.stub(CatalogServiceStub).UpsertItems
        async with aclosing(
            self._calls.exchange(method, requests, ledger, timeout_s, metadata)
        ) as exchange:
            async for key, answer, error in exchange:
                yield conversion.upsert_from_proto(key, answer, error)

    async def get_item(
        self: AsyncServiceClient,
        item_id: str,
        *,
        fields: Sequence[str] | None = None,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Item:
        """Return one item, with its embedding and histogram.

        `fields` are paths such as "title" or "garment.embedding", where not all are wanted; id and
        super-category always come.

        Raises InvalidRequestError, NotFoundError, UnavailableError, DeadlineExceededError.
        """
        request = catalog_service_pb2.GetItemRequest(
            item_id=arguments.text("item_id", item_id),
            item_fields=fields_to_proto(fields),
        )
        method = self._calls.stub(CatalogServiceStub).GetItem
        response = await self._calls.unary(method, request, timeout_s, metadata)
        return item_from_proto(response.item)

    async def list_page(
        self: AsyncServiceClient,
        *,
        token: str = "",
        page_size: int = 100,
        super_category: SuperCategory | None = None,
        fields: Sequence[str] | None = None,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ItemPage:
        """Return one page of items in the order of their ids, and the token of the next.

        `token` is an earlier page's `next_token`; "" is the first page. `page_size` is 1 to 1000;
        a page may have fewer where it would be too large to send. `fields` as in `get_item`; by
        default all but embedding and histogram.

        Raises InvalidRequestError, UnavailableError, DeadlineExceededError.
        """
        request = conversion.page_to_proto(super_category, page_size, token, fields)
        method = self._calls.stub(CatalogServiceStub).ListItems
        response = await self._calls.unary(method, request, timeout_s, metadata)
        return conversion.page_from_proto(response)

    async def list_items(
        self: AsyncServiceClient,
        *,
        super_category: SuperCategory | None = None,
        page_size: int = 100,
        fields: Sequence[str] | None = None,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Item, None]:
        """Yield all items in the order of their ids, page after page.

        Arguments as in `list_page`; `timeout_s` holds for each page.

        Raises InvalidRequestError, UnavailableError, DeadlineExceededError.
        """
        token = ""
        while True:
            page = await AsyncCatalogClient.list_page(
                self,
                token=token,
                page_size=page_size,
                super_category=super_category,
                fields=fields,
                timeout_s=timeout_s,
                metadata=metadata,
            )
            for item in page.items:
                yield item
            token = page.next_token
            if not token:
                return

    async def count_items(
        self: AsyncServiceClient,
        *,
        super_category: SuperCategory | None = None,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> int:
        """Return how many items there are, of one super-category or in all.

        Raises UnavailableError, DeadlineExceededError.
        """
        page = await AsyncCatalogClient.list_page(
            self, page_size=1, super_category=super_category, timeout_s=timeout_s, metadata=metadata
        )
        return page.total_size

    async def delete_items(
        self: AsyncServiceClient,
        item_ids: Iterable[str],
        *,
        timeout_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        """Delete 1 to 1000 items in one transaction; return the ids that there were.

        Not made again after a lost answer: it would then tell that there were none. Deleting twice
        does no harm.

        Raises InvalidRequestError, UnavailableError, DeadlineExceededError, and TypeError for a
        str, which would be taken for a list of its letters.
        """
        ids = arguments.texts("item_ids", item_ids)
        request = catalog_service_pb2.DeleteItemsRequest(item_ids=ids)
        method = self._calls.stub(CatalogServiceStub).DeleteItems
        response = await self._calls.unary(method, request, timeout_s, metadata, idempotent=False)
        return tuple(response.deleted_item_ids)


async def _upload_request(
    upload: ItemUpload | EmbeddingUpload,
) -> catalog_service_pb2.UpsertItemsRequest:
    """Return the request for one item of a stream.

    Raises OSError, ImageError, InvalidRequestError, ValueError or TypeError for one that is none.
    """
    request_class = catalog_service_pb2.UpsertItemsRequest
    return conversion.upload_to_proto(upload, await _upload_image(upload), request_class)


async def _upload_image(upload: ItemUpload | EmbeddingUpload) -> bytes:
    """Return an upload's photo, empty where it comes with an embedding; errors as above."""
    if isinstance(upload, ItemUpload):
        return await load_image(upload.image)
    if not isinstance(upload, EmbeddingUpload):
        raise TypeError("uploads must be ootd.ItemUpload or ootd.EmbeddingUpload")
    return b""
