"""CatalogService: keeps the shop's items."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

from ootd.v1 import element_error_pb2
from ootd.v1.catalog_service_pb2 import (
    DESCRIPTOR,
    DeleteItemsRequest,
    DeleteItemsResponse,
    GetItemRequest,
    GetItemResponse,
    ListItemsRequest,
    ListItemsResponse,
    UpsertItemRequest,
    UpsertItemResponse,
    UpsertItemsRequest,
    UpsertItemsResponse,
)
from ootd.v1.catalog_service_pb2 import Item as ItemMessage
from ootd.v1.catalog_service_pb2_grpc import (
    CatalogServiceServicer,
    add_CatalogServiceServicer_to_server,
)
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.rpc.readiness import Dependency
from ootd_gateway.rpc.service_binding import ServiceBinding
from ootd_gateway.rpc.streams.elements import ElementAnswers
from ootd_gateway.rpc.streams.pipelined import pipelined
from ootd_gateway.services.answer_size import FRAME_BYTES, MAX_ANSWER_BYTES
from ootd_gateway.services.catalog import conversion
from ootd_gateway.services.catalog.domain import Catalog
from ootd_gateway.services.catalog.item_fields import ItemFields, item_message
from ootd_gateway.store.catalog.base import UpsertOutcome, UpsertResult
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Item, Priority
from ootd_gateway.validation import ITEM_ID_CHARACTERS

ITEMS_IN_WORK = 16
"""Items of one stream that are worked on side by side; the contract's number."""

_ITEMS_A_STEP = 64
"""Items that are made into messages before other calls have their turn."""
_TOKEN_BYTES = 160
"""What the token of a page that ends early takes at most."""


SERVICE = DESCRIPTOR.services_by_name["CatalogService"]
"""What the contract says of it."""


class CatalogService(CatalogServiceServicer):
    """Answers from the catalogue."""

    def __init__(
        self, catalog: Catalog, *, deadlines: Deadlines, closing: asyncio.Event, metrics: Metrics
    ) -> None:
        self._catalog = catalog
        self._deadlines = deadlines
        self._closing = closing
        self._metrics = metrics.calls
        outcomes = (*(one.value for one in UpsertOutcome), "failed")
        self._upserts = {one: metrics.calls.upserts.labels(one) for one in outcomes}
        self._answers = ElementAnswers("UpsertItems", metrics)

    def binding(self) -> ServiceBinding:
        """Return the service as the server takes it."""
        return ServiceBinding(
            SERVICE, partial(add_CatalogServiceServicer_to_server, self), needs=(Dependency.STORE,)
        )

    async def UpsertItems(
        self, request_iterator: AsyncIterator[UpsertItemsRequest], context: Context
    ) -> AsyncIterator[UpsertItemsResponse]:
        """Add or replace the items of a stream."""
        answers = pipelined(
            request_iterator,
            partial(self._answer_element, context),
            width=ITEMS_IN_WORK,
            closing=self._closing,
        )
        async with aclosing(answers):
            async for answer in answers:
                yield answer

    async def UpsertItem(self, request: UpsertItemRequest, context: Context) -> UpsertItemResponse:
        """Add or replace one item."""
        result = await self._upsert(request, Priority.INTERACTIVE, self._deadlines.of_call(context))
        return UpsertItemResponse(
            item=await self._with_vectors(result.item),
            outcome=conversion.upsert_outcome(result.outcome),
        )

    async def GetItem(self, request: GetItemRequest, context: Context) -> GetItemResponse:
        """Read one item."""
        item_id, fields = conversion.item_id(request)
        item = await self._catalog.get(item_id, parts=fields.parts)
        return GetItemResponse(item=fields.message(item, await self._fingerprint(fields)))

    async def ListItems(self, request: ListItemsRequest, context: Context) -> ListItemsResponse:
        """Read a page of items; it ends early where the answer would be too large."""
        query = conversion.page_query(request)
        page = await self._catalog.list_page(
            page_size=query.page_size,
            page_token=query.page_token,
            super_category=query.super_category,
            parts=query.fields.parts,
            max_bytes=MAX_ANSWER_BYTES,
        )
        answer = ListItemsResponse(next_page_token=page.next_page_token, total_size=page.total_size)
        left = MAX_ANSWER_BYTES - answer.ByteSize() - _TOKEN_BYTES
        fingerprint = await self._fingerprint(query.fields)
        for number, item in enumerate(page.items):
            message = query.fields.message(item, fingerprint)
            left -= message.ByteSize() + FRAME_BYTES
            if left < 0 and number:
                answer.next_page_token = page.items[number - 1].item_id
                break
            answer.items.append(message)
            if number % _ITEMS_A_STEP == _ITEMS_A_STEP - 1:
                await asyncio.sleep(0)
        return answer

    async def DeleteItems(
        self, request: DeleteItemsRequest, context: Context
    ) -> DeleteItemsResponse:
        """Delete items."""
        deleted = await self._catalog.delete(conversion.item_ids(request))
        self._metrics.deleted_items.inc(len(deleted))
        return DeleteItemsResponse(deleted_item_ids=deleted)

    async def _with_vectors(self, item: Item) -> ItemMessage:
        return item_message(
            item, with_vectors=True, vector_fingerprint=await self._catalog.vector_fingerprint()
        )

    async def _fingerprint(self, fields: ItemFields) -> str:
        """Return the fingerprint of the stored vectors where these are wanted."""
        return await self._catalog.vector_fingerprint() if fields.parts.vectors else ""

    async def _answer_element(
        self, context: Context, request: UpsertItemsRequest
    ) -> UpsertItemsResponse:
        async def work() -> UpsertItemsResponse:
            result = await self._upsert(request, Priority.BULK, self._deadlines.of_element(context))
            return UpsertItemsResponse(
                item_id=request.item_id,
                item=await self._with_vectors(result.item),
                changed=result.changed,
                outcome=conversion.upsert_outcome(result.outcome),
            )

        def failed(error: element_error_pb2.ElementError) -> UpsertItemsResponse:
            # An id that is far too long is not sent back whole.
            return UpsertItemsResponse(item_id=request.item_id[:ITEM_ID_CHARACTERS], error=error)

        return await self._answers.guarded(work, failed)

    async def _upsert(
        self,
        request: UpsertItemsRequest | UpsertItemRequest,
        priority: Priority,
        timeout_s: float,
    ) -> UpsertResult:
        # Nothing is awaited before the catalogue is called: it takes writes in the order of calls.
        outcome = "failed"
        try:
            result = await self._catalog.upsert(
                conversion.upsert(request), priority=priority, timeout_s=timeout_s
            )
            outcome = result.outcome.value
        finally:
            self._upserts[outcome].inc()
        return result
