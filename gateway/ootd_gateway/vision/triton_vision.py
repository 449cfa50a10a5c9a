"""The vision graph as Triton serves it: one request a photo, to one of its ensembles."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import grpc
from grpc import aio

from ootd_gateway.current_caller import current_caller
from ootd_gateway.errors import OotdError, VisionUnavailableError
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import (
    AttributeModel,
    ImageAnalysis,
    Photo,
    Priority,
    ServedModels,
    Taxonomy,
)
from ootd_gateway.vision.lanes import Lanes
from ootd_gateway.vision.triton_connection import ConnectionOptions, Inference
from ootd_gateway.vision.triton_errors import (
    domain_error,
    names_unknown_model,
    not_served,
    too_late,
)
from ootd_gateway.vision.triton_models import ServedGraph
from ootd_gateway.vision.triton_replica import Patience, Replica
from ootd_gateway.vision.triton_replicas import Replicas
from ootd_gateway.vision.triton_requests import (
    ENSEMBLES,
    GuideTensor,
    guide_tensor,
    inference_request,
)

SERVERS_TO_TRY = 2
"""To how many servers a photo is sent while they go away; it may be analysed twice without harm."""

MOMENT_SECONDS = 0.25
"""How long a photo of BULK waits at least before it is sent again."""

CLOSE_SECONDS = 10.0
"""How long photos that are in Triton may still take when the gateway ends. Closing the connection
before they are answered would cancel them."""


@dataclass(frozen=True, slots=True)
class VisionOptions:
    """How Triton is used.

    At most `concurrency` photos are in it at a time; see `Lanes` for `bulk_share` and
    `bulk_yield_s` and `caller_share`. Photos of priority BULK wait `bulk_patience_s` for a server
    that can be used; 0: not at all. `attribute_model` is the one of requests that do not name one.
    """

    concurrency: int = 8
    bulk_share: float = 0.125
    bulk_yield_s: float = 1.0
    bulk_patience_s: float = 30.0
    caller_share: float = 1.0
    attribute_model: AttributeModel = AttributeModel.TAGGER
    patience: Patience = field(default_factory=Patience)
    connection: ConnectionOptions = field(default_factory=ConnectionOptions)


@dataclass(slots=True)
class _Order:
    """One call, and when the photo left the queue for Triton (seconds of `perf_counter`)."""

    image: bytes
    guide: GuideTensor
    model: AttributeModel
    priority: Priority
    caller: str
    sent_at: float | None = None
    times_sent: int = 0
    """To servers that were connected: those may have looked at it."""


class TritonVision:
    """A `VisionModel` over Triton's gRPC interface.

    `address` is "host:port", or any gRPC target such as "dns:///triton:8001"; of a target with
    several addresses each server that answers is used, and the others are left out. After `start`
    servers are watched in the background; `is_ready` only tells what is known.

    A caller that gives up, or whose time is up, is let go at once; his photo keeps its slot until
    Triton has answered, unless that Triton survives cancelled requests.
    """

    def __init__(
        self, address: str, *, metrics: Metrics, options: VisionOptions | None = None
    ) -> None:
        """Connect to nothing yet. Raises StartError where certificates cannot be used."""
        options = options or VisionOptions()
        self._metrics = metrics.vision
        self._attribute_model = options.attribute_model
        self._lanes = Lanes(
            options.concurrency,
            bulk_share=options.bulk_share,
            bulk_yield_s=options.bulk_yield_s,
            caller_share=options.caller_share,
            metrics=self._metrics,
        )
        self._bulk_patience_s = options.bulk_patience_s
        self._usable = asyncio.Event()
        self._replicas = Replicas(
            address,
            options.connection,
            attribute_model=options.attribute_model,
            patience=options.patience,
            metrics=self._metrics,
            on_change=self._on_change,
        )

    async def start(self) -> None:
        """Begin to watch Triton. Returns once it was tried, or gave no answer for a while.

        Calls are refused while no server has answered its first photo.
        """
        await self._replicas.start()

    async def analyze(
        self,
        photo: Photo,
        *,
        priority: Priority = Priority.INTERACTIVE,
        timeout_s: float | None = None,
    ) -> ImageAnalysis:
        """Return the garments of one photo, as `VisionModel.analyze` says."""
        model = photo.options.attribute_model or self._attribute_model
        guide = guide_tensor(photo.guide, photo.options)
        order = _Order(photo.image, guide, model, priority, current_caller())
        outcome = "unexpected"
        try:
            async with _time_limit(timeout_s):
                analysis = await self._analyze_patiently(order)
            outcome = "ok"
        except OotdError as error:
            outcome = error.reason.lower()
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            self._metrics.photos.labels(outcome).inc()
            if order.sent_at is not None:
                seconds = time.perf_counter() - order.sent_at
                self._metrics.seconds.labels(outcome).observe(seconds)
        self._metrics.observe_garments(analysis)
        return analysis

    async def taxonomy(self) -> Taxonomy:
        """Return the names that the served models answer with, as Triton tells them."""
        return self._graph().taxonomy

    async def served_models(self) -> ServedModels:
        """Return the fingerprints of the served models, as the last answer told them."""
        return self._graph().served

    async def vision_server(self) -> str:
        """Return name and version of a server in use, such as "triton 2.51.0"; "": not known."""
        versions = [one.version for one in self._replicas.usable if one.version]
        return f"triton {versions[0]}" if versions else ""

    async def is_ready(self) -> bool:
        """Tell whether a photo would be answered now. Asks nobody."""
        return self._replicas.is_ready

    async def obstacle(self) -> str:
        """Return the troubles of the servers, each with its address."""
        return "; ".join(self._replicas.troubles)

    async def close(self) -> None:
        """Close the connections, once Triton has answered what it was given; see CLOSE_SECONDS."""
        await self._replicas.close(CLOSE_SECONDS)

    def _graph(self) -> ServedGraph:
        graphs = [one.graph for one in self._replicas.usable if one.graph is not None]
        if not graphs:
            raise self._replicas.refusal()
        return graphs[0]

    def _on_change(self) -> None:
        if self._replicas.usable:
            self._usable.set()
        else:
            self._usable.clear()
            self._lanes.refuse_waiting(self._replicas.refusal)

    async def _analyze_patiently(self, photo: _Order) -> ImageAnalysis:
        """Analyse a photo; of BULK again where its servers went away, as a restart takes seconds.

        A photo that servers looked at SERVERS_TO_TRY times is not sent again: it may be the reason.
        """
        patience_s = self._bulk_patience_s if photo.priority is Priority.BULK else 0.0
        while True:
            try:
                return await self._analyze(photo)
            except VisionUnavailableError:
                if patience_s <= 0 or photo.times_sent >= SERVERS_TO_TRY:
                    raise
                began = time.perf_counter()
                if not await self._is_usable_within(patience_s):
                    raise
                patience_s -= time.perf_counter() - began

    async def _is_usable_within(self, seconds: float) -> bool:
        """Wait for a server that can be used; a moment at least, in which one that just went away
        is found to be away."""
        await asyncio.sleep(min(seconds, MOMENT_SECONDS))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds - MOMENT_SECONDS):
                await self._usable.wait()
        return self._usable.is_set()

    async def _analyze(self, photo: _Order) -> ImageAnalysis:
        replica: Replica | None = None
        for _ in range(SERVERS_TO_TRY):
            replica, inference = await self._send(photo, but=replica)
            try:
                return replica.analysis_of(await self._response(replica, inference))
            except aio.AioRpcError as raised:
                error = raised
            if error.code() is not grpc.StatusCode.UNAVAILABLE or not self._has_another(replica):
                break
        assert replica is not None
        if names_unknown_model(error) and await replica.lacks(photo.model):
            raise not_served(photo.model) from error
        raise domain_error(error, replica.name) from error

    async def _send(self, photo: _Order, *, but: Replica | None) -> tuple[Replica, Inference]:
        """Wait for a slot, and send the photo to a server that answers."""
        if not self._replicas.usable:
            raise self._replicas.refusal()
        began = time.perf_counter()
        try:
            slot = await self._lanes.acquire(photo.priority, photo.caller)
        finally:
            waited = self._metrics.queue_seconds.labels(photo.priority.name.lower())
            waited.observe(time.perf_counter() - began)
        try:
            replica = self._replicas.choose(but=but)
            photo.sent_at = time.perf_counter()
            # Made here, so that photos that wait are not held twice.
            request = inference_request(ENSEMBLES[photo.model], photo.image, photo.guide)
            photo.times_sent += replica.connection.is_up
            return replica, replica.infer(request, slot)
        except BaseException:
            slot.release()
            raise

    async def _response(self, replica: Replica, inference: Inference) -> Any:
        try:
            return await inference.response()
        except asyncio.CancelledError:
            self._metrics.abandoned.inc()
            if replica.survives_cancelling:
                inference.cancel()
            raise

    def _has_another(self, replica: Replica) -> bool:
        return any(one is not replica for one in self._replicas.usable)


@asynccontextmanager
async def _time_limit(timeout_s: float | None) -> AsyncIterator[None]:
    scope = asyncio.timeout(timeout_s)
    try:
        async with scope:
            yield
    except TimeoutError:
        if timeout_s is None or not scope.expired():
            raise
        raise too_late(timeout_s) from None
