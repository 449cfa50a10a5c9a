"""What Triton's errors mean to a caller, told by the member of the graph that failed."""

import grpc
import structlog
from grpc import aio

from ootd_gateway.errors import (
    AttributeModelNotServedError,
    DeadlineExceededError,
    ImageUnreadableError,
    OotdError,
    VisionUnavailableError,
    internal_error,
)
from ootd_gateway.types import AttributeModel
from ootd_gateway.vision.circuit_breaker import Trouble, TroubleKind
from ootd_gateway.vision.triton_requests import ENSEMBLES

log = structlog.get_logger(__name__)

_DECODER_MARKS = ("model 'decode'", "fn.decoders", "decoders.image", "DALI Backend error")
"""What messages of the decoder hold: of our DALI backend, and of NVIDIA's."""

_BUSY_CODES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}
"""A server that is away, loads or unloads models, or has a full queue: it may be tried again."""

_UNFIT_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
}
"""Another model repository, a token that is not taken, a server that is no Triton."""


def domain_error(error: aio.AioRpcError, address: str) -> OotdError:
    """Return what an error of Triton means to a caller.

    Only the decoder's failures are the photo's fault. Requests are made here alone, so a name or a
    shape that Triton refuses is a model repository of another version; what is left are bugs of a
    model.
    """
    code, details = error.code(), error.details() or ""
    if code in _BUSY_CODES:
        return unavailable(address, details or code.name)
    if names_the_decoder(details):
        log.info("photo refused by the decoder", triton=address, details=details)
        return ImageUnreadableError(
            "the photo cannot be decoded; send a whole JPEG, PNG, WebP, BMP or TIFF file",
            {"detected_format": "damaged"},
        )
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        log.error(
            "Triton refuses the gateway's requests: do its model repository and this gateway "
            "belong together?",
            triton=address,
            details=details,
        )
    elif code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}:
        log.error("Triton does not let the gateway in", triton=address, details=details)
    else:
        log.error("the vision graph failed", triton=address, details=details, code=code.name)
    return internal_error()


def trouble_of(error: aio.AioRpcError) -> Trouble:
    """Return what a failed look at a Triton says about it."""
    code, details = error.code(), error.details() or ""
    text = f"{code.name}: {details}" if details else code.name
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Trouble(TroubleKind.SILENT, "it takes connections, but does not answer")
    if code is grpc.StatusCode.UNAVAILABLE:
        return Trouble(TroubleKind.UNREACHABLE, text)
    if code in _BUSY_CODES:
        return Trouble(TroubleKind.NOT_SERVED, text)
    return Trouble(TroubleKind.UNFIT if code in _UNFIT_CODES else TroubleKind.FAILED, text)


def names_unknown_model(error: aio.AioRpcError) -> bool:
    """Tell whether Triton does not serve the model that was asked for."""
    return "unknown model" in (error.details() or "")


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


def refusal(address: str, trouble: Trouble) -> OotdError:
    """Return the error of a call that no vision server may be given."""
    if trouble.kind is TroubleKind.UNFIT:
        log.error("calls fail until Triton serves other models", triton=address, cause=trouble.text)
        return internal_error()
    return unavailable(address, trouble.text)


def too_late(timeout_s: float) -> DeadlineExceededError:
    """Return the error of a photo whose time is up."""
    return DeadlineExceededError(
        f"the photo was not analysed within {timeout_s:.3g} s; set a longer deadline or "
        "send fewer photos at a time"
    )


def names_the_decoder(details: str) -> bool:
    """Tell whether the decoder failed, so that the photo is to blame."""
    return any(mark in details for mark in _DECODER_MARKS)
