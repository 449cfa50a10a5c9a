"""FakeGateway: a real gRPC server on this machine with a catalogue in memory."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeAlias

import grpc

from ootd import convert
from ootd.errors import ImageError, NotFoundError, OotdError, UnauthenticatedError
from ootd.testing import _made_up_vision, _to_proto
from ootd.testing._services import add_services, check_embedding, require, score_hit
from ootd.types import ATTRIBUTE_MODELS, AttributeModel, Box, ImageAnalysis, SuperCategory
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2, photo_pb2
from ootd.v1 import search_service_pb2 as search

Analyze: TypeAlias = Callable[[bytes, SuperCategory | None, Box | None], ImageAnalysis]
"""Stands for the vision models: photo, guide's category, guide's region → its garments."""


class FakeGateway:
    """A gateway on 127.0.0.1, for tests: `with FakeGateway() as gateway: Client(gateway.target)`.

    Real gRPC; upserts, reads, deletes, pages, scores, guides and error details are as the contract
    says, and so are score thresholds. Its limits: garments are made up from a hash of the photo, so
    likeness means nothing unless `analyze` says otherwise; both attribute models give the same
    names (`attribute_models` remembers which were asked for); photos are known by their first bytes
    alone; fields are checked only where a test would stumble (k, region, score threshold, item id,
    embedding length); titles don't guide; nothing is kept after `stop`. `token`: calls without it
    are refused.
    """

    def __init__(
        self, *, analyze: Analyze = _made_up_vision.make_up, token: str | None = None, port: int = 0
    ) -> None:
        self.analyze = analyze
        self.attribute_models: list[AttributeModel | None] = []
        self.calls: list[str] = []
        self.items: dict[str, catalog.Item] = {}
        self.request_ids: list[str] = []
        self.is_serving = True
        self._token = token
        self._port = port
        self._failures: deque[tuple[str, OotdError]] = deque()
        self._lock = threading.RLock()
        self._sources: dict[str, bytes] = {}
        self._server: grpc.Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def target(self) -> str:
        """Its address, "127.0.0.1:port"; the port stays the same over `stop` and `start`."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begin to serve; OSError where the port is taken."""
        server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
        add_services(self, server)
        try:
            self._port = server.add_insecure_port(self.target)
        except RuntimeError as error:
            raise OSError(f"cannot listen at {self.target}: {error}") from None
        server.start()
        self._server = server

    def stop(self) -> None:
        """Break off what runs and close the port; the catalogue stays for the next `start`."""
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def fail_next(self, method: str, error: OotdError, *, times: int = 1) -> None:
        """Let the next calls (in streams: elements) of a method, such as "GetItem", fail."""
        with self._lock:
            self._failures.extend([(method, error)] * times)

    def check(self, method: str) -> None:
        """Count a call or element, and raise the failure that was ordered for it."""
        with self._lock:
            self.calls.append(method)
            for place, (name, error) in enumerate(self._failures):
                if name == method:
                    del self._failures[place]
                    raise error

    def check_token(self, context: grpc.ServicerContext) -> str:
        """Return the call's request id; UnauthenticatedError where it lacks the token."""
        metadata = dict(context.invocation_metadata())
        request_id = str(metadata.get("x-request-id", ""))
        self.request_ids.append(request_id)
        if self._token and metadata.get("authorization") != f"Bearer {self._token}":
            code = grpc.StatusCode.UNAUTHENTICATED
            raise UnauthenticatedError("no valid token", code=code, reason="UNAUTHENTICATED")
        return request_id

    def garments(
        self,
        image: bytes,
        guide: garment_pb2.Guide,
        options: photo_pb2.AnalyzeOptions | None = None,
    ) -> ImageAnalysis:
        """Analyse a photo as `analyze` does, after the checks that every photo passes."""
        asked = options or photo_pb2.AnalyzeOptions()
        known_model = 0 <= asked.attribute_model <= len(ATTRIBUTE_MODELS)
        require(known_model, "options.attribute_model", "must be a known AttributeModel")
        self.attribute_models.append((None, *ATTRIBUTE_MODELS)[asked.attribute_model])
        analysis = self._analysis(image, guide)
        if not asked.HasField("score_threshold"):
            return analysis
        threshold = asked.score_threshold
        in_range = 0 <= threshold <= 1
        require(in_range, "options.score_threshold", f"must be 0 to 1, is {threshold}")
        return _made_up_vision.above(analysis, threshold)

    def _analysis(self, image: bytes, guide: garment_pb2.Guide) -> ImageAnalysis:
        if not _made_up_vision.is_photo(image):
            raise ImageError(
                "the bytes are no photo",
                code=grpc.StatusCode.INVALID_ARGUMENT,
                reason="IMAGE_UNREADABLE",
                metadata={"detected_format": "unknown"},
            )
        known = guide.WhichOneof("known")
        if known == "category":
            return self.analyze(image, convert.super_category_from_proto(guide.category), None)
        if known == "region":
            box = Box(guide.region.x0, guide.region.y0, guide.region.x1, guide.region.y1)
            valid = 0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1
            require(valid, "guide.region", f"must be 0 <= x0 < x1 <= 1 and so for y, is {box}")
            return self.analyze(image, None, box)
        return self.analyze(image, None, None)

    def upsert(self, request: catalog.UpsertItemsRequest) -> catalog.UpsertItemsResponse:
        """Store one item, unless it is stored already."""
        self.check("UpsertItems")
        require(0 < len(request.item_id) <= 128, "item_id", "must have 1 to 128 characters")
        source = request.SerializeToString(deterministic=True)
        garment = self._source_garment(request)
        with self._lock:
            changed = self._sources.get(request.item_id) != source
            if changed:
                item = catalog.Item(
                    item_id=request.item_id,
                    title=request.title,
                    attributes=request.attributes,
                    payload=request.payload,
                    garment=garment,
                    sequence_number=len(self.calls),
                )
                item.update_time.FromSeconds(1_767_225_600 + len(self.calls))
                self.items[request.item_id] = item
                self._sources[request.item_id] = source
            item = self.items[request.item_id]
        return catalog.UpsertItemsResponse(item_id=request.item_id, item=item, changed=changed)

    def delete(self, item_ids: Iterable[str]) -> list[str]:
        """Delete items; return the ids that there were."""
        with self._lock:
            deleted = [one for one in dict.fromkeys(item_ids) if self.items.pop(one, None)]
            for one in deleted:
                del self._sources[one]
        return deleted

    def find(self, query: garment_pb2.Garment, k: int, but: str = "") -> list[search.Hit]:
        """Return the k items of the query's super-category that are nearest to it."""
        require(1 <= k <= 1000, "k", f"must be 1 to 1000, is {k}")
        with self._lock:
            items = list(self.items.values())
        hits = [
            score_hit(query, item)
            for item in items
            if item.garment.super_category == query.super_category and item.item_id != but
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.item.item_id))[:k]

    def item(self, item_id: str) -> catalog.Item:
        """Return an item; NotFoundError where there is none."""
        item = self.items.get(item_id)
        if item is None:
            raise NotFoundError(
                f"there is no item {item_id!r}",
                code=grpc.StatusCode.NOT_FOUND,
                reason="ITEM_NOT_FOUND",
                metadata={"item_id": item_id},
            )
        return item

    def _source_garment(self, request: catalog.UpsertItemsRequest) -> garment_pb2.Garment:
        if request.WhichOneof("source") == "photo":
            photo = request.photo
            return _to_proto.garment(self.garments(photo.image, photo.guide).garments[0])
        ready = request.embedding
        check_embedding(ready.embedding)
        return garment_pb2.Garment(
            super_category=ready.super_category,
            sub_category=ready.sub_category,
            embedding=ready.embedding,
            color_histogram=ready.color_histogram,
        )
