"""The items of a FakeGateway, in memory: written, listed and searched as the contract says."""

import math
import threading
from collections.abc import Iterable

from google.protobuf.field_mask_pb2 import FieldMask

from ootd.errors import NotFoundError
from ootd.testing import _limits
from ootd.types import ServerLimits
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2
from ootd.v1 import search_service_pb2 as search

_FIRST_SECOND = 1_767_225_600  # 2026-01-01, so that times are the same in each run.


class FakeCatalog:
    """Items by id, and the requests that they came with. Safe for threads."""

    def __init__(self, color_weight: float) -> None:
        self.items: dict[str, catalog.Item] = {}
        self._color_weight = color_weight
        self._sources: dict[str, bytes] = {}
        self._changes = 0
        self._lock = threading.RLock()

    def put(
        self, request: catalog.UpsertItemsRequest, garment: garment_pb2.Garment, fingerprint: str
    ) -> tuple[catalog.Item, catalog.UpsertOutcome.ValueType]:
        """Store one item, unless it is stored already; return it and what it came to."""
        source = request.SerializeToString(deterministic=True)
        with self._lock:
            before = self._sources.get(request.item_id)
            if before == source:
                return self.items[request.item_id], catalog.UPSERT_OUTCOME_UNCHANGED
            self._changes += 1
            item = catalog.Item(
                item_id=request.item_id,
                title=request.title,
                attributes=request.attributes,
                payload=request.payload,
                garment=garment,
                sequence_number=self._changes,
                vector_fingerprint=fingerprint,
            )
            item.update_time.FromSeconds(_FIRST_SECOND + self._changes)
            self.items[request.item_id] = item
            self._sources[request.item_id] = source
        created, replaced = catalog.UPSERT_OUTCOME_CREATED, catalog.UPSERT_OUTCOME_REPLACED
        return item, created if before is None else replaced

    def get(self, item_id: str) -> catalog.Item:
        """Return an item; NotFoundError where there is none."""
        item = self.items.get(item_id)
        if item is None:
            raise NotFoundError(
                f"there is no item {item_id!r}",
                reason="ITEM_NOT_FOUND",
                metadata={"item_id": item_id},
            )
        return item

    def delete(self, item_ids: Iterable[str]) -> list[str]:
        """Delete items; return the ids that there were."""
        with self._lock:
            deleted = [one for one in dict.fromkeys(item_ids) if self.items.pop(one, None)]
            for one in deleted:
                del self._sources[one]
        return deleted

    def page(
        self, request: catalog.ListItemsRequest, limits: ServerLimits
    ) -> catalog.ListItemsResponse:
        """Return a page; it ends early where it would have more bytes than an answer may."""
        default = _limits.DEFAULT_PAGE_SIZE
        size = request.page_size if request.HasField("page_size") else default
        with self._lock:
            items = sorted(self.items.items())
        wanted = [
            item for _, item in items if request.super_category in {0, item.garment.super_category}
        ]
        rest = [item for item in wanted if item.item_id > request.page_token]
        page = catalog.ListItemsResponse(total_size=len(wanted))
        for item in rest[:size]:
            shown = _shown(item, request.item_fields)
            if page.items and page.ByteSize() + shown.ByteSize() > limits.max_answer_bytes - 1024:
                break
            page.items.append(shown)
        if len(page.items) < len(rest):
            page.next_page_token = page.items[-1].item_id
        return page

    def find(
        self, query: garment_pb2.Garment, k: int, options: search.HitOptions, but: str = ""
    ) -> list[search.Hit]:
        """Return the k items of the query's super-category that are nearest, after the offset."""
        with self._lock:
            items = list(self.items.values())
        kind = query.super_category
        query = normalized(query)
        hits = [
            self._hit(query, item)
            for item in items
            if item.garment.super_category == kind and item.item_id != but
        ]
        if options.HasField("min_score"):
            hits = [hit for hit in hits if hit.score >= options.min_score]
        hits.sort(key=lambda hit: (-hit.score, hit.item.item_id))
        chosen = hits[options.offset : options.offset + k]
        for hit in chosen:
            hit.item.CopyFrom(_shown(hit.item, options.item_fields))
        return chosen

    def _hit(self, query: garment_pb2.Garment, item: catalog.Item) -> search.Hit:
        stored = item.garment
        ours, theirs = query.embedding.values, stored.embedding.values
        appearance = sum(a * b for a, b in zip(ours, theirs, strict=True))
        with_color = bool(query.color_histogram and stored.color_histogram)
        color = sum(map(min, query.color_histogram, stored.color_histogram)) if with_color else 0.0
        weight = self._color_weight if with_color else 0.0
        parts = search.ScoreParts(
            appearance=appearance, color=color, appearance_weight=1 - weight, color_weight=weight
        )
        # Rounded to what a message holds, a sum of squares may be above 1 by a last digit.
        score = max(-1.0, min((1 - weight) * appearance + weight * color, 1.0))
        return search.Hit(item=item, score=score, parts=parts)


def normalized(garment: garment_pb2.Garment) -> garment_pb2.Garment:
    """Return a garment as gateways keep it: embedding of length 1, histogram that sums to 1."""
    result = garment_pb2.Garment()
    result.CopyFrom(garment)
    values, bins = garment.embedding.values, garment.color_histogram
    # By the largest first: squares and sums of what a float holds may be more than it holds.
    most = max(map(abs, values), default=0.0)
    if most:
        scaled = [value / most for value in values]
        length = math.hypot(*scaled)
        result.embedding.values[:] = [value / length for value in scaled]
    most = max(bins, default=0.0)
    if most:
        scaled = [value / most for value in bins]
        total = math.fsum(scaled)
        result.color_histogram[:] = [value / total for value in scaled]
    return result


def only(item: catalog.Item, mask: FieldMask) -> catalog.Item:
    """Return an item with the fields of a mask, and its id."""
    masked = catalog.Item()
    mask.MergeMessage(item, masked)
    masked.item_id = item.item_id
    return masked


def _shown(item: catalog.Item, mask: FieldMask) -> catalog.Item:
    """Return an item as lists and hits show it: without vectors unless they were asked for."""
    if mask.paths:
        return only(item, mask)
    copy = catalog.Item()
    copy.CopyFrom(item)
    copy.garment.ClearField("embedding")
    copy.garment.ClearField("color_histogram")
    copy.ClearField("vector_fingerprint")
    return copy
