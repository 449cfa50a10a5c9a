"""FakeGateway: a real gRPC server on this machine with a catalogue in memory."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import TypeAlias, TypeVar

import grpc

from ootd._shared.garment_conversion import super_category_from_proto
from ootd.channel import __version__
from ootd.errors import OotdError, UnauthenticatedError
from ootd.testing import _limits, _made_up_vision, _photos
from ootd.testing._answering import UNCOUNTED
from ootd.testing._item_store import FakeCatalog
from ootd.testing._messages import MessageChecks
from ootd.testing._orders import Orders
from ootd.testing._services.registry import add_services
from ootd.types import (
    ATTRIBUTE_MODELS,
    AttributeModel,
    Box,
    ImageAnalysis,
    ServerInfo,
    ServerLimits,
    SuperCategory,
)
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1 import garment_pb2, photo_pb2

Analyze: TypeAlias = Callable[[bytes, SuperCategory | None, Box | None], ImageAnalysis]
"""Stands for the vision models: photo, guide's category, guide's region → its garments."""

_INFO = ServerInfo(
    version=__version__,
    minimum_client_version=__version__,
    taxonomy_version=_made_up_vision.TAXONOMY.version,
    vector_fingerprint=_made_up_vision.FINGERPRINT,
    graph_fingerprint=_made_up_vision.FINGERPRINT,
    vision_server="made up",
    attribute_model="tagger",
    color_weight=0.25,
    limits=_limits.SERVER_LIMITS,
)


_Gateway = TypeVar("_Gateway", bound="FakeGateway")


class FakeGateway:
    """A gateway on 127.0.0.1, for tests: `with FakeGateway() as gateway: Client(gateway.target)`.

    Real gRPC; upserts, reads, deletes, pages, field masks, scores, hit options, guides, limits and
    error details are as the contract says, and so are score thresholds. What it leaves out:
    garments are made up from a hash of the photo, so likeness means nothing unless `analyze` says
    otherwise; both attribute models give the same names (`attribute_models` remembers which were
    asked for); a photo is known by its first bytes, and one that is cut off is taken; titles don't
    guide; calls and streams that take long are not ended; nothing is kept after the process.

    `token`: calls without it are refused. `credentials`: it speaks TLS. `server_info`: what it
    tells of itself; its limits are kept, so that a test can make them small. `calls` and
    `request_ids` are of all calls (in `calls`: elements of streams, too) but GetServerInfo, which
    clients make of themselves.
    """

    def __init__(
        self,
        *,
        analyze: Analyze = _made_up_vision.make_up,
        token: str | None = None,
        port: int = 0,
        server_info: ServerInfo = _INFO,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self.analyze = analyze
        self.attribute_models: list[AttributeModel | None] = []
        self.calls: list[str] = []
        self.store = FakeCatalog(server_info.color_weight)
        self.request_ids: list[str] = []
        self.is_serving = True
        self._info = server_info
        self._credentials = credentials
        self._token = token
        self._port = port
        self._orders = Orders()
        self._lock = threading.Lock()
        self._server: grpc.Server | None = None

    def __enter__(self: _Gateway) -> _Gateway:
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

    @property
    def items(self) -> dict[str, catalog.Item]:
        """What is stored, by id."""
        return self.store.items

    @property
    def limits(self) -> ServerLimits:
        """What it takes and gives."""
        return self._info.limits

    @property
    def server_info(self) -> ServerInfo:
        """What it tells of itself now."""
        stored = self._info.vector_fingerprint if self.items else ""
        return replace(self._info, stored_vector_fingerprint=stored)

    def start(self) -> None:
        """Begin to serve; OSError where the port is taken."""
        self._orders.begin()
        options = [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", self.limits.max_request_bytes),
            ("grpc.max_send_message_length", -1),
        ]
        checks: list[grpc.ServerInterceptor] = [MessageChecks(self)]
        server = grpc.server(ThreadPoolExecutor(16), interceptors=checks, options=options)
        add_services(self, server)
        try:
            if self._credentials is None:
                self._port = server.add_insecure_port(self.target)
            else:
                self._port = server.add_secure_port(self.target, self._credentials)
        except RuntimeError as error:
            raise OSError(f"cannot listen at {self.target}: {error}") from None
        server.start()
        self._server = server

    def stop(self) -> None:
        """Break off what runs and close the port; the catalogue stays for the next `start`."""
        self._orders.end()
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def fail_next(self, method: str, error: OotdError, *, times: int = 1) -> None:
        """Let the next calls (in streams: elements) of a method, such as "GetItem", fail.

        The client raises an error of the class that is given here. Where the error has no reason of
        its own it gets the one that is most common for class and method, such as VISION_UNAVAILABLE
        for UnavailableError of AnalyzeImage; a bare `OotdError(code=...)` comes as from a proxy,
        without details. Raises ValueError for a method or reason that is not in the contract and
        for a class that no gateway answers with, TypeError for what is no error.
        """
        self._orders.fail(method, error, times)

    def delay_next(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Let the next calls (in streams: elements) of a method wait before they are worked on.

        A failure that is ordered too comes after the wait. Raises ValueError for a method that is
        not in the contract.
        """
        self._orders.delay(method, seconds, times)

    def check(self, method: str) -> None:
        """Count a call or element, and raise the failure that was ordered for it."""
        if method not in UNCOUNTED:
            with self._lock:
                self.calls.append(method)
        self._orders.carry_out(method)

    def note_request_id(self, request_id: str) -> None:
        """Remember the id of a call that counts."""
        with self._lock:
            self.request_ids.append(request_id)

    def check_token(self, context: grpc.ServicerContext) -> None:
        """Raise UnauthenticatedError where a call does not carry the token."""
        if not self._token:
            return
        sent = str(dict(context.invocation_metadata()).get("authorization", ""))
        scheme, _, token = sent.partition(" ")
        if scheme.lower() != "bearer" or token.strip() != self._token:
            raise UnauthenticatedError("no valid token", reason="UNAUTHENTICATED")

    def garments(self, photo: photo_pb2.Photo) -> ImageAnalysis:
        """Analyse a photo, its fields checked already, as `analyze` does."""
        _photos.check(photo.image, self.limits)
        self.attribute_models.append((None, *ATTRIBUTE_MODELS)[photo.options.attribute_model])
        analysis = self._analysis(photo.image, photo.guide)
        if not photo.options.HasField("score_threshold"):
            return analysis
        return _made_up_vision.above(analysis, photo.options.score_threshold)

    def _analysis(self, image: bytes, guide: garment_pb2.Guide) -> ImageAnalysis:
        known = guide.WhichOneof("known")
        if known == "category":
            category = super_category_from_proto(guide.category)
            return self.analyze(image, category, None)
        if known == "region":
            box = Box(guide.region.x0, guide.region.y0, guide.region.x1, guide.region.y1)
            return self.analyze(image, None, box)
        return self.analyze(image, None, None)
