"""How Client makes calls: deadline, retries, request id, bookkeeping of streams.

Derived from _calls_sync.py by derive_sync.py: edit that.
"""

import time
import uuid
from collections.abc import Generator, Iterator
from itertools import count
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from ootd import convert
from ootd._ledger import Ledger
from ootd._runtime_sync import Source, closing, iterate, read_image, responses, sleep
from ootd.channel import MAX_MESSAGE_BYTES, Connection, open_channel
from ootd.errors import ImageError, OotdError, from_element_error, from_rpc_error
from ootd.retry import RetryPolicy
from ootd.types import EmbeddingUpload, ImageSource, ItemUpload, Photo
from ootd.v1 import catalog_service_pb2, vision_service_pb2

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)
_Answer = TypeVar(
    "_Answer", vision_service_pb2.AnalyzeImagesResponse, catalog_service_pb2.UpsertItemsResponse
)

_PHOTO_LIMIT_BYTES = MAX_MESSAGE_BYTES - 256 * 1024  # Room for the rest of the message.


class Calls:
    """One gateway's channel, and what every call over it has in common.

    `timeout_s` and `retry` hold where a call says nothing else. Raises ValueError for a timeout
    that is not above 0.
    """

    def __init__(self, connection: Connection, timeout_s: float, retry: RetryPolicy) -> None:
        self.connection = connection
        self._timeout_s = _positive(timeout_s)
        self._retry = retry
        self.channel = open_channel(connection)

    def unary(
        self,
        method: "grpc.UnaryUnaryMultiCallable[_Request, _Response]",
        request: _Request,
        timeout_s: float | None,
        *,
        idempotent: bool = True,
    ) -> _Response:
        """Make one call, and make it again as the retry policy says, within `timeout_s` in all.

        Raises the OotdError that the last attempt ended with.
        """
        budget_s = self._timeout_s if timeout_s is None else _positive(timeout_s)
        deadline = time.monotonic() + budget_s
        request_id = _new_request_id()
        metadata = self.connection.metadata(request_id)
        for attempt in count(1):
            left_s = max(deadline - time.monotonic(), 0.001)
            try:
                return method(request, timeout=left_s, metadata=metadata)
            except grpc.RpcError as error:
                failure = from_rpc_error(error, request_id)
            left_s = deadline - time.monotonic()
            delay_s = self._retry.delay_s(
                failure, attempt=attempt, left_s=left_s, idempotent=idempotent
            )
            if delay_s is None:
                raise failure
            sleep(delay_s)
        raise AssertionError("unreachable: count() has no end")

    def exchange(
        self,
        method: "grpc.StreamStreamMultiCallable[_Request, _Answer]",
        requests: Iterator[_Request],
        ledger: Ledger,
        timeout_s: float | None,
    ) -> Generator[tuple[str, _Answer | None, OotdError | None], None, None]:
        """Yield each element's key with its answer or its error, in the order of the requests.

        Raises an OotdError where the stream breaks, and DeadlineExceededError where an answer takes
        longer than `timeout_s`. What the caller's iterable raised comes out at the end.
        """
        request_id = _new_request_id()
        limit_s = self._timeout_s if timeout_s is None else _positive(timeout_s)
        call = method(requests, metadata=self.connection.metadata(request_id))
        with closing(responses(call, ledger, limit_s, request_id)) as answers:
            for answer in answers:
                answered_key, refused = ledger.answered()
                for key, error in refused:
                    yield key, None, error
                if answer.HasField("error"):
                    yield answered_key, None, from_element_error(answer.error, request_id)
                else:
                    yield answered_key, answer, None
        for key, error in ledger.finish():
            yield key, None, error
        ledger.raise_source_error()


def photo_requests(
    photos: Source[Photo], ledger: Ledger
) -> Iterator[vision_service_pb2.AnalyzeImagesRequest]:
    """Yield the requests for photos; one that cannot be read is refused in the ledger."""
    try:
        for photo in iterate(photos):
            try:
                image = load_image(photo.image)
            except (OSError, ImageError) as error:
                ledger.refused(photo.correlation_id, _as_image_error(error))
                continue
            request = vision_service_pb2.AnalyzeImagesRequest(
                correlation_id=photo.correlation_id,
                image=image,
                guide=convert.guide_to_proto(photo.category, photo.region),
                options=convert.options_to_proto(photo.score_threshold, photo.attribute_model),
            )
            ledger.sent(photo.correlation_id)
            yield request
    except Exception as error:  # noqa: BLE001 - raised again after the last answer
        ledger.source_failed(error)


def upload_requests(
    uploads: Source[ItemUpload | EmbeddingUpload], ledger: Ledger
) -> Iterator[catalog_service_pb2.UpsertItemsRequest]:
    """Yield the requests for items; one whose photo cannot be read is refused in the ledger."""
    try:
        for upload in iterate(uploads):
            try:
                image = load_image(upload.image) if isinstance(upload, ItemUpload) else b""
            except (OSError, ImageError) as error:
                ledger.refused(upload.item_id, _as_image_error(error))
                continue
            request = convert.upload_to_proto(upload, image)
            ledger.sent(upload.item_id)
            yield request
    except Exception as error:  # noqa: BLE001 - raised again after the last answer
        ledger.source_failed(error)


def load_image(image: ImageSource) -> bytes:
    """Return a photo's bytes; OSError where it cannot be read, ImageError where it is too large."""
    return convert.check_image_size(read_image(image), _PHOTO_LIMIT_BYTES)


def _as_image_error(error: OSError | ImageError) -> ImageError:
    if isinstance(error, ImageError):
        return error
    return ImageError(
        f"cannot read the photo: {error}",
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason="IMAGE_UNREADABLE",
    )


def _new_request_id() -> str:
    return uuid.uuid4().hex


def _positive(timeout_s: float) -> float:
    if not timeout_s > 0:
        raise ValueError(f"timeout_s must be above 0, is {timeout_s}")
    return timeout_s
