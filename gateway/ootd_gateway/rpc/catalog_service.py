"""CatalogService: keeps the shop's items."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

from ootd.v1 import element_error_pb2
from ootd.v1.catalog_service_pb2 import (
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
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceServicer
from ootd_gateway.catalog import Catalog
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.rpc import convert_answers, convert_requests
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.elements import ElementAnswers
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.rpc.pipeline import pipelined
from ootd_gateway.types import Item

ITEMS_IN_WORK = 16
"""Items of one stream that are worked on side by side; the contract's number."""


class CatalogService(CatalogServiceServicer):
    """Answers from the catalogue."""

    def __init__(
        self, catalog: Catalog, *, deadlines: Deadlines, closing: asyncio.Event, metrics: Metrics
    ) -> None:
        self._catalog = catalog
        self._deadlines = deadlines
        self._closing = closing
        self._answers = ElementAnswers("UpsertItems", metrics)

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
        outcome = await self._catalog.upsert(
            convert_requests.upsert(request), timeout_s=self._deadlines.of_call(context)
        )
        return UpsertItemResponse(item=await self._with_vectors(outcome.item))

    async def GetItem(self, request: GetItemRequest, context: Context) -> GetItemResponse:
        """Read one item."""
        item = await self._catalog.get(convert_requests.item_id(request))
        return GetItemResponse(item=await self._with_vectors(item))

    async def ListItems(self, request: ListItemsRequest, context: Context) -> ListItemsResponse:
        """Read a page of items."""
        query = convert_requests.page_query(request)
        page = await self._catalog.list_page(
            page_size=query.page_size,
            page_token=query.page_token,
            super_category=query.super_category,
        )
        return ListItemsResponse(
            items=[convert_answers.item(one, with_vectors=False) for one in page.items],
            next_page_token=page.next_page_token,
            total_size=page.total_size,
        )

    async def DeleteItems(
        self, request: DeleteItemsRequest, context: Context
    ) -> DeleteItemsResponse:
        """Delete items."""
        deleted = await self._catalog.delete(convert_requests.item_ids(request))
        return DeleteItemsResponse(deleted_item_ids=deleted)

    async def _with_vectors(self, item: Item) -> ItemMessage:
        return convert_answers.item(
            item, with_vectors=True, vector_fingerprint=await self._catalog.vector_fingerprint()
        )

    async def _answer_element(
        self, context: Context, request: UpsertItemsRequest
    ) -> UpsertItemsResponse:
        async def work() -> UpsertItemsResponse:
            outcome = await self._catalog.upsert(
                convert_requests.upsert(request), timeout_s=self._deadlines.of_element(context)
            )
            return UpsertItemsResponse(
                item_id=request.item_id,
                item=await self._with_vectors(outcome.item),
                changed=outcome.changed,
            )

        def failed(error: element_error_pb2.ElementError) -> UpsertItemsResponse:
            return UpsertItemsResponse(item_id=request.item_id, error=error)

        return await self._answers.guarded(work, failed)
