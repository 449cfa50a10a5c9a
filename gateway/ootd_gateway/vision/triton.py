"""The vision graph as Triton serves it: one request a photo, to one of its ensembles."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any, TypeAlias

import grpc
import numpy as np
import structlog
from grpc import aio
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ootd_gateway.errors import (
    AttributeModelNotServedError,
    DeadlineExceededError,
    ImageUnreadableError,
    InternalError,
    OotdError,
    VisionUnavailableError,
)
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.types import (
    AnalyzeOptions,
    AttributeModel,
    CategoryGuide,
    Guide,
    ImageAnalysis,
    Priority,
    RegionGuide,
    ServedModels,
    Taxonomy,
)
from ootd_gateway.vision.base import USUAL
from ootd_gateway.vision.model_release import parse_taxonomy, release_of
from ootd_gateway.vision.tensors import OUTPUTS, build_analysis, parse_outputs

log = structlog.get_logger(__name__)

GuideTensor: TypeAlias = NDArray[np.float32]

ENSEMBLES: Mapping[AttributeModel, str] = {
    AttributeModel.TAGGER: "ootd",
    AttributeModel.SEQUENCER: "ootd_sequence",
}
"""The ensemble of each attribute model; they differ in that member alone."""

TAXONOMY_MODEL = "verify"
RELEASE_MODELS = ("embedder", "crop")
"""The models that make what is stored of a garment and compared: its embedding, and the crop and
the colour histogram. The others decide which garments there are and how they are named."""

READY_SECONDS = 3.0
"""How long Triton may take to say whether it is ready. One that is gone is noticed at once; a busy
one answers late."""

AWAY_SECONDS = 5.0
"""How long calls are refused at once after a look that found Triton away. It is looked at every
second; a Triton that is just starting takes connections, but answers them late."""

CONFIG_SECONDS = 5.0
"""How long Triton may take to send a model's configuration."""

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_CHANNEL_OPTIONS = [
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    # A Triton that is back is found within about a second; one that is away is refused at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class _Look(Enum):
    """What a look at Triton found."""

    READY = auto()
    NOT_SERVED = auto()
    LATE = auto()
    AWAY = auto()


class TritonVision:
    """A `VisionModel` over Triton's gRPC interface.

    `address` is "host:port", or any gRPC target such as "dns:///triton:8001"; of a target with
    several addresses all are used in turn. At most `concurrency` photos are in Triton at a time,
    others wait for their turn. A Triton that went away is used again once it is back.
    `attribute_model` is the one of requests that do not name one.
    """

    def __init__(
        self,
        address: str,
        *,
        concurrency: int,
        metrics: Metrics,
        attribute_model: AttributeModel = AttributeModel.TAGGER,
    ) -> None:
        self._address = address
        self._metrics = metrics
        self._attribute_model = attribute_model
        self._places = asyncio.Semaphore(concurrency)
        self._channel = aio.insecure_channel(
            address, options=[*_CHANNEL_OPTIONS, ("grpc.lb_policy_name", "round_robin")]
        )
        self._triton: Any = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._taxonomy: Taxonomy | None = None
        self._release: str | None = None
        self._away_until = 0.0
        self._seen: _Look | None = None

    async def analyze(
        self,
        image: bytes,
        guide: Guide = None,
        *,
        options: AnalyzeOptions = USUAL,
        priority: Priority = Priority.INTERACTIVE,  # noqa: ARG002
        timeout_s: float | None = None,
    ) -> ImageAnalysis:
        """Return the garments of one encoded photo, as `VisionModel.analyze` says."""
        started = time.perf_counter()
        outcome = "ok"
        try:
            async with _time_limit(timeout_s):
                analysis = await self._analyze(image, guide, options)
        except OotdError as error:
            outcome = error.reason.lower()
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            self._metrics.vision.seconds.labels(outcome).observe(time.perf_counter() - started)
        self._metrics.vision.garments.observe(len(analysis.garments))
        return analysis

    async def taxonomy(self) -> Taxonomy:
        """Return the names that the served models answer with, as Triton tells them."""
        if self._taxonomy is None:
            self._taxonomy = parse_taxonomy(await self._model_config(TAXONOMY_MODEL))
        return self._taxonomy

    async def served_models(self) -> ServedModels:
        """Return the fingerprint of the served embedder and crop model."""
        if self._release is None:
            configs = [await self._model_config(model) for model in RELEASE_MODELS]
            self._release = release_of(configs)
        return ServedModels(self._release, self._release)

    async def vision_server(self) -> str:
        """Return name and version of Triton, as it tells them."""
        self._refuse_if_away()
        try:
            told = await self._triton.ServerMetadata(
                service_pb2.ServerMetadataRequest(), timeout=CONFIG_SECONDS
            )
        except aio.AioRpcError as error:
            raise unavailable(self._address, error.details() or error.code().name) from error
        return f"{told.name} {told.version}"

    async def is_ready(self) -> bool:
        """Tell whether the usual ensemble is ready; False also where Triton does not answer.

        Calls are refused at once while Triton is known to be away. It may be back with other
        models, so what is known of them is forgotten.
        """
        before, self._seen = self._seen, await self._look()
        if self._seen is _Look.READY:
            self._away_until = 0.0
            return True
        if self._seen is _Look.NOT_SERVED:
            # Calls tell so themselves, and those that ask for another attribute model are answered.
            self._away_until = 0.0
            if before is not _Look.NOT_SERVED:
                log.error(not_served(self._attribute_model).message)
        self._taxonomy = self._release = None
        if self._seen is _Look.AWAY:
            self._away_until = time.monotonic() + AWAY_SECONDS
        return False

    async def _look(self) -> "_Look":
        try:
            if await self._serves(self._attribute_model):
                return _Look.READY
            if await self._serves_another_than(self._attribute_model):
                return _Look.NOT_SERVED
        except aio.AioRpcError as error:
            # A Triton that is only slow still does what it is asked, in its time.
            late = error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            return _Look.LATE if late else _Look.AWAY
        return _Look.AWAY

    async def _serves(self, model: AttributeModel) -> bool:
        request = service_pb2.ModelReadyRequest(name=ENSEMBLES[model])
        return bool((await self._triton.ModelReady(request, timeout=READY_SECONDS)).ready)

    async def _serves_another_than(self, model: AttributeModel) -> bool:
        return any([await self._serves(one) for one in ENSEMBLES if one is not model])

    def _refuse_if_away(self) -> None:
        if time.monotonic() < self._away_until:
            raise unavailable(self._address, "it was away at the last look")

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def _analyze(self, image: bytes, guide: Guide, options: AnalyzeOptions) -> ImageAnalysis:
        with self._metrics.vision.waiting.track_inprogress():
            await self._places.acquire()
        try:
            self._refuse_if_away()
            taxonomy = await self.taxonomy()
            response = await self._infer(
                image,
                guide_tensor(guide, options),
                options.attribute_model or self._attribute_model,
            )
        finally:
            self._places.release()
        return build_analysis(parse_outputs(response), taxonomy)

    async def _infer(self, image: bytes, guide: GuideTensor, model: AttributeModel) -> Any:
        try:
            # Cancelling this task, as a deadline or a caller does, cancels the request in Triton.
            return await self._triton.ModelInfer(inference_request(ENSEMBLES[model], image, guide))
        except aio.AioRpcError as error:
            if await self._lacks(model, error):
                raise not_served(model) from error
            raise domain_error(error, self._address) from error

    async def _lacks(self, model: AttributeModel, error: aio.AioRpcError) -> bool:
        """Tell whether a request failed since Triton serves other ensembles, but not this one."""
        if "unknown model" not in (error.details() or ""):
            return False
        try:
            return await self._serves_another_than(model) and not await self._serves(model)
        except aio.AioRpcError:
            return False

    async def _model_config(self, model: str) -> Any:
        self._refuse_if_away()
        request = service_pb2.ModelConfigRequest(name=model)
        try:
            response = await self._triton.ModelConfig(request, timeout=CONFIG_SECONDS)
        except aio.AioRpcError as error:
            raise unavailable(self._address, error.details() or error.code().name) from error
        return response.config


@asynccontextmanager
async def _time_limit(timeout_s: float | None) -> AsyncIterator[None]:
    scope = asyncio.timeout(timeout_s)
    try:
        async with scope:
            yield
    except TimeoutError:
        if not scope.expired():
            raise
        raise DeadlineExceededError(
            f"the photo was not analysed within {timeout_s:.3g} s; set a longer deadline or "
            "send fewer photos at a time"
        ) from None


def inference_request(ensemble: str, image: bytes, guide: GuideTensor) -> Any:
    """Return the request to an ensemble: IMAGE u8[1, bytes] and GUIDE f32[1, 7].

    The bytes are set as they are, without a detour over an array of numpy.
    """
    request = service_pb2.ModelInferRequest(model_name=ensemble)
    request.inputs.add(name="IMAGE", datatype="UINT8", shape=(1, len(image)))
    request.inputs.add(name="GUIDE", datatype="FP32", shape=(1, len(guide)))
    for name in OUTPUTS:
        request.outputs.add(name=name)
    request.raw_input_contents.append(image)
    request.raw_input_contents.append(guide.tobytes())
    return request


def guide_tensor(guide: Guide, options: AnalyzeOptions = USUAL) -> GuideTensor:
    """Return GUIDE, f32[7]: kind, super-category or -1, rectangle, score threshold or -1."""
    if isinstance(guide, CategoryGuide):
        values = [1.0, float(guide.category), 0.0, 0.0, 0.0, 0.0]
    elif isinstance(guide, RegionGuide):
        box = guide.region
        values = [2.0, -1.0, box.x0, box.y0, box.x1, box.y1]
    else:
        values = [0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    threshold = -1.0 if options.score_threshold is None else options.score_threshold
    return np.array([*values, threshold], dtype=np.float32)


def domain_error(error: aio.AioRpcError, address: str) -> OotdError:
    """Return what an error of Triton means to a caller.

    INVALID_ARGUMENT is what the decoder answers to bytes that it cannot decode; shapes and names of
    tensors are ours and do not vary with the caller. What is left are bugs of a model.
    """
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.INVALID_ARGUMENT or _names_the_decoder(details):
        log.info("photo refused by the decoder", triton=details)
        return ImageUnreadableError(
            "the photo cannot be decoded; send a whole JPEG, PNG, WebP, BMP or TIFF file",
            {"detected_format": "damaged"},
        )
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlineExceededError("the photo was not analysed in time; set a longer deadline")
    if code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}:
        log.error("the vision graph failed", triton=details, code=code.name)
        return InternalError("internal error of the server; report it with the request id")
    return unavailable(address, details or code.name)


def not_served(model: AttributeModel) -> AttributeModelNotServedError:
    """Return the error of an attribute model that the vision server lacks."""
    return AttributeModelNotServedError(
        f"the vision server does not serve the attribute model {model.value}: ask for another, or "
        f"have it serve the ensemble {ENSEMBLES[model]}",
        {"attribute_model": model.value},
    )


def unavailable(address: str, details: str) -> VisionUnavailableError:
    """Return the error of a Triton that cannot be reached or is not ready."""
    log.debug("the vision graph is not available", triton=address, details=details)
    return VisionUnavailableError(
        "the vision models cannot be reached or are not ready; try again in a moment"
    )


def _names_the_decoder(details: str) -> bool:
    """Tell whether an error came from DALI's decoder, which may use codes of its own."""
    return "fn.decoders" in details or "decoders.image" in details
