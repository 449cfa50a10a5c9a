"""VisionService: tells which garments are in a photo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

from ootd.v1 import element_error_pb2
from ootd.v1.vision_service_pb2 import (
    DESCRIPTOR,
    AnalyzeImageRequest,
    AnalyzeImageResponse,
    AnalyzeImagesRequest,
    AnalyzeImagesResponse,
    GetTaxonomyRequest,
    GetTaxonomyResponse,
)
from ootd.v1.vision_service_pb2_grpc import (
    VisionServiceServicer,
    add_VisionServiceServicer_to_server,
)
from ootd_gateway.rpc.call_record import current_record
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.interceptors.around import Context
from ootd_gateway.rpc.readiness import Dependency
from ootd_gateway.rpc.service_binding import ServiceBinding
from ootd_gateway.rpc.streams.elements import ElementAnswers
from ootd_gateway.rpc.streams.pipelined import pipelined
from ootd_gateway.services.vision import conversion
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import ImageAnalysis, Photo, Priority
from ootd_gateway.validation import CORRELATION_ID_BYTES

PHOTOS_IN_WORK = 8
"""Photos of one stream that are worked on side by side; the contract's number."""


SERVICE = DESCRIPTOR.services_by_name["VisionService"]
"""What the contract says of it."""


class VisionService(VisionServiceServicer):
    """Answers from the vision graph alone."""

    def __init__(
        self,
        photos: PhotoAnalyzer,
        *,
        deadlines: Deadlines,
        closing: asyncio.Event,
        metrics: Metrics,
    ) -> None:
        self._photos = photos
        self._deadlines = deadlines
        self._closing = closing
        self._answers = ElementAnswers("AnalyzeImages", metrics)

    def binding(self) -> ServiceBinding:
        """Return the service as the server takes it."""
        return ServiceBinding(
            SERVICE, partial(add_VisionServiceServicer_to_server, self), needs=(Dependency.VISION,)
        )

    async def AnalyzeImage(
        self, request: AnalyzeImageRequest, context: Context
    ) -> AnalyzeImageResponse:
        """Analyse one photo."""
        photo = conversion.photo_of_call(request)
        analysis = await self._analyze(
            photo, Priority.INTERACTIVE, self._deadlines.of_call(context)
        )
        return AnalyzeImageResponse(analysis=conversion.image_analysis(analysis))

    async def AnalyzeImages(
        self, request_iterator: AsyncIterator[AnalyzeImagesRequest], context: Context
    ) -> AsyncIterator[AnalyzeImagesResponse]:
        """Analyse the photos of a stream."""
        answers = pipelined(
            request_iterator,
            partial(self._answer_element, context),
            width=PHOTOS_IN_WORK,
            closing=self._closing,
        )
        async with aclosing(answers):
            async for answer in answers:
                yield answer

    async def GetTaxonomy(
        self, request: GetTaxonomyRequest, context: Context
    ) -> GetTaxonomyResponse:
        """Tell the names."""
        taxonomy = await self._photos.taxonomy()
        return GetTaxonomyResponse(taxonomy=conversion.taxonomy(taxonomy))

    async def _analyze(self, photo: Photo, priority: Priority, timeout_s: float) -> ImageAnalysis:
        analysis = await self._photos.analyze(
            self._photos.check(photo), priority=priority, timeout_s=timeout_s
        )
        current_record().count_garments(len(analysis.garments))
        return analysis

    async def _answer_element(
        self, context: Context, request: AnalyzeImagesRequest
    ) -> AnalyzeImagesResponse:
        async def work() -> AnalyzeImagesResponse:
            photo = conversion.photo_of_element(request)
            analysis = await self._analyze(
                photo, Priority.BULK, self._deadlines.of_element(context)
            )
            return AnalyzeImagesResponse(
                correlation_id=request.correlation_id,
                analysis=conversion.image_analysis(analysis),
            )

        def failed(error: element_error_pb2.ElementError) -> AnalyzeImagesResponse:
            # A name that is far too long is not sent back whole.
            name = request.correlation_id[:CORRELATION_ID_BYTES]
            return AnalyzeImagesResponse(correlation_id=name, error=error)

        return await self._answers.guarded(work, failed)
