"""CatalogService, as a FakeGateway has it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc

from ootd._shared.names import ATTRIBUTE_MODELS, SUPER_CATEGORIES
from ootd.errors import OotdError
from ootd.testing import _checks, _limits, _made_up_vision, _to_proto, _validation
from ootd.testing._answering import answer, begin_stream, break_or_fill
from ootd.testing._item_store import normalized, only
from ootd.testing._services.service import FakeService, State
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2, photo_pb2
from ootd.v1.catalog_service_pb2_grpc import (
    CatalogServiceServicer,
    add_CatalogServiceServicer_to_server,
)

# ruff: noqa: N802 - methods are named by the contract


class _Catalog(CatalogServiceServicer):
    def __init__(self, state: State) -> None:
        self._state = state

    def UpsertItems(
        self, request_iterator: Any, context: grpc.ServicerContext
    ) -> Iterator[catalog.UpsertItemsResponse]:
        request_id = begin_stream(self._state, context)
        for request in request_iterator:
            item_id = request.item_id[: _limits.ITEM_ID_CHARACTERS]
            response = catalog.UpsertItemsResponse(item_id=item_id)
            try:
                self._state.check("UpsertItems")
                item, response.outcome = _upsert(self._state, request)
                response.item.CopyFrom(item)
                response.changed = response.outcome != catalog.UPSERT_OUTCOME_UNCHANGED
            except OotdError as error:
                break_or_fill(error, response.error, request_id, context)
            yield response

    def UpsertItem(
        self, request: catalog.UpsertItemRequest, context: grpc.ServicerContext
    ) -> catalog.UpsertItemResponse:
        def make() -> catalog.UpsertItemResponse:
            # The two requests have the same fields, so the bytes of one are those of the other.
            element = catalog.UpsertItemsRequest.FromString(request.SerializeToString())
            item, outcome = _upsert(self._state, element)
            return catalog.UpsertItemResponse(item=item, outcome=outcome)

        return answer(self._state, "UpsertItem", context, make)

    def GetItem(
        self, request: catalog.GetItemRequest, context: grpc.ServicerContext
    ) -> catalog.GetItemResponse:
        def make() -> catalog.GetItemResponse:
            _check_one(request)
            item = self._state.store.get(request.item_id)
            if request.item_fields.paths:
                item = only(item, request.item_fields)
            return catalog.GetItemResponse(item=item)

        return answer(self._state, "GetItem", context, make)

    def ListItems(
        self, request: catalog.ListItemsRequest, context: grpc.ServicerContext
    ) -> catalog.ListItemsResponse:
        def make() -> catalog.ListItemsResponse:
            _check_page(request)
            return self._state.store.page(request, self._state.limits)

        return answer(self._state, "ListItems", context, make)

    def DeleteItems(
        self, request: catalog.DeleteItemsRequest, context: grpc.ServicerContext
    ) -> catalog.DeleteItemsResponse:
        def make() -> catalog.DeleteItemsResponse:
            _check_ids(request.item_ids)
            deleted = self._state.store.delete(request.item_ids)
            return catalog.DeleteItemsResponse(deleted_item_ids=deleted)

        return answer(self._state, "DeleteItems", context, make)


def _upsert(
    state: State, request: catalog.UpsertItemsRequest
) -> tuple[catalog.Item, catalog.UpsertOutcome.ValueType]:
    """Store one item, unless it is stored already; return it and what it came to."""
    _check_upload(request)
    garment, fingerprint = _source(state, request)
    return state.store.put(_normal(state, request, garment), garment, fingerprint)


def _normal(
    state: State, request: catalog.UpsertItemsRequest, garment: garment_pb2.Garment
) -> catalog.UpsertItemsRequest:
    """Return a request that is the same for all that mean the same item."""
    normal = catalog.UpsertItemsRequest()
    normal.CopyFrom(request)
    if request.WhichOneof("source") == "embedding":
        # Vectors may differ by their length alone; all are of the models that are served.
        normal.embedding.embedding.CopyFrom(garment.embedding)
        normal.embedding.color_histogram[:] = garment.color_histogram
        normal.embedding.ClearField("vector_fingerprint")
        return normal
    if request.photo.guide.WhichOneof("known") is None:
        normal.photo.ClearField("guide")
    usual = state.server_info.attribute_model
    if not request.photo.options.attribute_model and usual is not None:
        number = ATTRIBUTE_MODELS.index(usual) + 1
        normal.photo.options.attribute_model = photo_pb2.AttributeModel.ValueType(number)
    return normal


def _source(state: State, request: catalog.UpsertItemsRequest) -> tuple[garment_pb2.Garment, str]:
    """Return the garment of an upload, and what made its vectors."""
    served = state.server_info.vector_fingerprint
    if request.WhichOneof("source") == "photo":
        analysis = state.garments(request.photo)
        number = request.photo.guide.category
        category = SUPER_CATEGORIES[number - 1] if number else ""
        fitting = [one for one in analysis.garments if category in {"", one.super_category}]
        if not fitting:
            _checks.no_matching_garment(request.item_id, category)
        best = max(fitting, key=lambda one: one.score)
        return normalized(_to_proto.garment(best)), analysis.vector_fingerprint or served
    ready = request.embedding
    _checks.fingerprint(ready.vector_fingerprint, served)
    _check_sub_category(ready)
    return normalized(_garment(ready)), served


def _garment(ready: catalog.ItemEmbedding) -> garment_pb2.Garment:
    return garment_pb2.Garment(
        super_category=ready.super_category,
        sub_category=ready.sub_category,
        embedding=ready.embedding,
        color_histogram=ready.color_histogram,
    )


def _check_upload(request: catalog.UpsertItemsRequest) -> None:
    """Raise InvalidRequestError for an item that is none."""
    found = _validation.Violations()
    _validation.item_id(request.item_id, "item_id", found)
    source = request.WhichOneof("source")
    if found.require(source is not None, "source", 'one of "photo" and "embedding" must be set'):
        if source == "photo":
            _validation.photo(request.photo, "photo", found)
        else:
            _validation.vectors(request.embedding, "embedding.", found)
    _validation.text(request.title, "title", found, limit=_limits.TITLE_CHARACTERS)
    _check_attributes(request.attributes, found)
    size = len(request.payload)
    told = f"must have at most {_limits.PAYLOAD_BYTES} bytes, has {size}"
    found.require(size <= _limits.PAYLOAD_BYTES, "payload", told)
    found.check()


def _check_sub_category(ready: catalog.ItemEmbedding) -> None:
    """Raise InvalidRequestError for a sub-category that the super-category does not have."""
    found = _validation.Violations()
    category = SUPER_CATEGORIES[ready.super_category - 1]
    names, name = _made_up_vision.SUB_CATEGORIES[category], ready.sub_category
    told = (
        f"must be a sub-category of {category} ({', '.join(names)}), is {_validation.shown(name)}"
    )
    found.require(not name or name in names, "embedding.sub_category", told)
    found.check()


def _check_page(request: catalog.ListItemsRequest) -> None:
    """Raise InvalidRequestError for a page that is none."""
    found = _validation.Violations()
    size = request.page_size if request.HasField("page_size") else _limits.DEFAULT_PAGE_SIZE
    _validation.count(size, "page_size", found, most=_limits.MAX_PAGE_SIZE)
    token = request.page_token
    good = not token or (
        len(token) <= _limits.ITEM_ID_CHARACTERS and bool(_validation.ITEM_ID.match(token))
    )
    told = f"must be an earlier page's next_page_token, is {_validation.shown(token)}"
    found.require(good, "page_token", told)
    if request.super_category:
        _validation.super_category(request.super_category, "super_category", found)
    _validation.fields(request.item_fields, "item_fields", found)
    found.check()


def _check_one(request: catalog.GetItemRequest) -> None:
    """Raise InvalidRequestError for an id or fields that are none."""
    found = _validation.Violations()
    _validation.item_id(request.item_id, "item_id", found)
    _validation.fields(request.item_fields, "item_fields", found)
    found.check()


def _check_ids(values: Sequence[str]) -> None:
    """Raise InvalidRequestError unless there are 1 to 1000 ids."""
    found = _validation.Violations()
    told = f"must hold 1 to {_limits.MAX_DELETED_IDS} ids, holds {len(values)}"
    if found.require(1 <= len(values) <= _limits.MAX_DELETED_IDS, "item_ids", told):
        for place, value in enumerate(values):
            _validation.item_id(value, f"item_ids[{place}]", found)
    found.check()


def _check_attributes(values: Mapping[str, str], found: _validation.Violations) -> None:
    number = len(values)
    told = f"must hold at most {_limits.ATTRIBUTE_COUNT} attributes, holds {number}"
    if not found.require(number <= _limits.ATTRIBUTE_COUNT, "attributes", told):
        return
    for name, value in values.items():
        field = f"attributes[{_validation.shown(name)}]"
        found.require(bool(name), field, "must have a name, has none")
        _validation.text(name, field, found, limit=_limits.ATTRIBUTE_NAME_CHARACTERS, what="name ")
        _validation.text(value, field, found, limit=_limits.ATTRIBUTE_VALUE_CHARACTERS)


SERVICE = FakeService(
    catalog.DESCRIPTOR.services_by_name["CatalogService"],
    lambda state, server: add_CatalogServiceServicer_to_server(_Catalog(state), server),
    without_vision=frozenset({"GetItem", "ListItems", "DeleteItems"}),
)
