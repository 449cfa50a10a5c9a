"""Bounded load on a running gateway, over the contract's stubs alone.

Nothing of the typed client is used, so gateways of any age can be driven with the same requests.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from ootd.v1 import (
    catalog_service_pb2,
    garment_pb2,
    photo_pb2,
    taxonomy_pb2,
    vision_service_pb2,
)
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub

if TYPE_CHECKING:  # it is in the annotations of the stubs alone
    from ootd.v1.vision_service_pb2_grpc import VisionServiceAsyncStub

CALL_SECONDS = 60.0
OUTSTANDING = 16
EMBEDDING_SIZE = 128
_MESSAGE_BYTES = 32 * 1024 * 1024


@dataclass
class Calls:
    """What a number of calls came to: milliseconds of those that went well, codes of the others."""

    seconds: float = 0.0
    durations_ms: list[float] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)

    def fail(self, error: grpc.aio.AioRpcError) -> None:
        """Count a failure by its code."""
        name = error.code().name
        self.failures[name] = self.failures.get(name, 0) + 1

    def add(self, other: "Calls") -> None:
        """Add calls that were made at another time."""
        self.seconds += other.seconds
        self.durations_ms += other.durations_ms
        for name, number in other.failures.items():
            self.failures[name] = self.failures.get(name, 0) + number

    @property
    def per_second(self) -> float:
        """Calls that went well, per second."""
        return len(self.durations_ms) / self.seconds if self.seconds else 0.0

    def percentile_ms(self, share: float) -> float:
        """Return the milliseconds below which this share (0 to 1) of the calls stayed."""
        ordered = sorted(self.durations_ms)
        if not ordered:
            return float("nan")
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class GatewayLoad:
    """Load on the gateway at `address`; `photos` are encoded and taken in turn.

    `is_before_photo_message`: it takes the bytes of AnalyzeImage as field 1, as gateways did that
    knew no message Photo.
    """

    def __init__(
        self, address: str, photos: Sequence[bytes], *, is_before_photo_message: bool = False
    ) -> None:
        self._address = address
        self._photos = photos
        self._is_before_photo_message = is_before_photo_message
        self._numbers = count()
        self._random = random.Random(1)

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[grpc.aio.Channel]:
        options = [
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
            # A connection of its own: channels with the same options share one.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        async with grpc.aio.insecure_channel(self._address, options=options) as channel:
            yield channel

    async def analyze(self, seconds: float, concurrency: int) -> Calls:
        """Analyse photos for that long, each of `concurrency` callers one after the other."""
        calls = Calls()
        photos = cycle(self._photos)
        begin = time.perf_counter()

        async def caller(stub: "VisionServiceAsyncStub") -> None:
            while time.perf_counter() - begin < seconds:
                request = self._analyze_request(next(photos))
                sent = time.perf_counter()
                try:
                    await stub.AnalyzeImage(request, timeout=CALL_SECONDS)
                except grpc.aio.AioRpcError as error:
                    calls.fail(error)
                    await asyncio.sleep(0.05)  # so that refusals are no load of their own
                else:
                    calls.durations_ms.append((time.perf_counter() - sent) * 1000)

        async with self._channel() as channel:
            stub = VisionServiceStub(channel)
            await asyncio.gather(*(caller(stub) for _ in range(concurrency)))
        calls.seconds = time.perf_counter() - begin
        return calls

    async def upsert_embeddings(self, seconds: float) -> Calls:
        """Add new items with ready embeddings over one stream for that long."""
        end = time.perf_counter() + seconds
        requests = (
            self._embedding_request() for _ in iter(lambda: time.perf_counter() < end, False)
        )
        return await self._upsert(requests)

    async def analyze_beside_ingest(self, seconds: float, streams: int) -> tuple[Calls, Calls]:
        """Analyse one photo after the other while streams of photos push; return both."""
        stop = asyncio.Event()

        async def push() -> Calls:
            requests = (self._photo_request() for _ in iter(stop.is_set, True))
            return await self._upsert(requests)

        pushing = [asyncio.create_task(push()) for _ in range(streams)]
        await asyncio.sleep(min(1.0, seconds / 5))  # until the queues are full
        analyzed = await self.analyze(seconds, concurrency=1)
        stop.set()
        ingested = Calls()
        for one in await asyncio.gather(*pushing):
            ingested.add(one)
        ingested.seconds /= streams  # the streams ran side by side
        return analyzed, ingested

    async def _upsert(self, requests: Iterator[catalog_service_pb2.UpsertItemsRequest]) -> Calls:
        """Send the requests over one stream, at most 16 of them unanswered."""
        calls = Calls()
        places = asyncio.Semaphore(OUTSTANDING)
        sent: list[float] = []

        async def paced() -> AsyncIterator[catalog_service_pb2.UpsertItemsRequest]:
            while True:
                await places.acquire()
                request = next(requests, None)
                if request is None:
                    return
                sent.append(time.perf_counter())
                yield request

        begin = time.perf_counter()
        async with self._channel() as channel:
            try:
                answers = CatalogServiceStub(channel).UpsertItems(paced())
                async for answer in answers:
                    answered = len(calls.durations_ms) + calls.failures.get("ELEMENT", 0)
                    places.release()
                    if answer.WhichOneof("result") == "error":
                        calls.failures["ELEMENT"] = calls.failures.get("ELEMENT", 0) + 1
                    else:
                        elapsed = time.perf_counter() - sent[answered]
                        calls.durations_ms.append(elapsed * 1000)
            except grpc.aio.AioRpcError as error:
                calls.fail(error)
        calls.seconds = time.perf_counter() - begin
        return calls

    def _analyze_request(self, image: bytes) -> vision_service_pb2.AnalyzeImageRequest:
        if self._is_before_photo_message:
            # An unknown field is kept and sent as it came. Photo has the bytes as field 1, too.
            alone = photo_pb2.Photo(image=image).SerializeToString()
            return vision_service_pb2.AnalyzeImageRequest.FromString(alone)
        return vision_service_pb2.AnalyzeImageRequest(photo=photo_pb2.Photo(image=image))

    def _embedding_request(self) -> catalog_service_pb2.UpsertItemsRequest:
        values = [self._random.gauss(0.0, 1.0) for _ in range(EMBEDDING_SIZE)]
        length = sum(value * value for value in values) ** 0.5
        return catalog_service_pb2.UpsertItemsRequest(
            item_id=f"load/embedding-{next(self._numbers)}",
            embedding=catalog_service_pb2.ItemEmbedding(
                embedding=garment_pb2.Embedding(values=[value / length for value in values]),
                super_category=taxonomy_pb2.SUPER_CATEGORY_TOP,
            ),
        )

    def _photo_request(self) -> catalog_service_pb2.UpsertItemsRequest:
        number = next(self._numbers)
        photo = self._photos[number % len(self._photos)]
        return catalog_service_pb2.UpsertItemsRequest(
            item_id=f"load/photo-{number}", photo=photo_pb2.Photo(image=photo)
        )
