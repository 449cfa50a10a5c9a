"""From the elements that callers stream to requests; one that is none is refused by itself."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from google.protobuf.message import Message

from ootd import _faults, convert_requests
from ootd._ledger import Ledger
from ootd._sync.runtime import STOPPED, Source, closing, iterate, load_image, room
from ootd.types import EmbeddingUpload, ItemUpload, Photo
from ootd.v1 import catalog_service_pb2, vision_service_pb2

_Request = TypeVar("_Request", bound=Message)


def requests(
    source: Source[Any],
    build: Callable[[Any], _Request],
    key: str,
    ledger: Ledger,
    limit_bytes: int,
) -> Generator[_Request, None, None]:
    """Yield the request for each element; where there can be none, the ledger gets the error.

    `key` is the attribute of elements that tells them apart. What the source itself raises goes to
    the ledger, too, and ends the requests: gRPC's thread would die of a SystemExit, say, and leave
    the stream open for ever. Waits where too many errors have not been given out; ends with the
    stream.
    """
    try:
        with closing(iterate(source, ledger)) as taken:
            for element in taken:
                name = str(getattr(element, key, ""))
                try:
                    request = build(element)
                    _faults.check_message_size(request, limit_bytes)
                except Exception as error:  # noqa: BLE001 - one element fails, the stream goes on
                    ledger.refused(name, _faults.refused_element(error, element))
                    room(ledger)
                    if ledger.has_ended:
                        return
                    continue
                ledger.sent(name)
                yield request
    except STOPPED:
        raise
    except BaseException as error:  # noqa: BLE001 - raised again after the last answer
        ledger.source_failed(error)
    finally:
        ledger.source_ended()


def photo_request(photo: Photo) -> vision_service_pb2.AnalyzeImagesRequest:
    """Return the request for one photo of a stream.

    Raises OSError, ImageError, InvalidRequestError, ValueError or TypeError for one that is none.
    """
    if not isinstance(photo, Photo):
        raise TypeError("elements must be ootd.Photo")
    return convert_requests.photo_to_proto(photo, load_image(photo.image))


def upload_request(
    upload: ItemUpload | EmbeddingUpload,
) -> catalog_service_pb2.UpsertItemsRequest:
    """Return the request for one item of a stream.

    Raises OSError, ImageError, InvalidRequestError, ValueError or TypeError for one that is none.
    """
    request_class = catalog_service_pb2.UpsertItemsRequest
    image = upload_image(upload)
    return convert_requests.upload_to_proto(upload, image, request_class)


def upload_image(upload: ItemUpload | EmbeddingUpload) -> bytes:
    """Return an upload's photo, empty where it comes with an embedding; errors as above."""
    if isinstance(upload, ItemUpload):
        return load_image(upload.image)
    if not isinstance(upload, EmbeddingUpload):
        raise TypeError("uploads must be ootd.ItemUpload or ootd.EmbeddingUpload")
    return b""
