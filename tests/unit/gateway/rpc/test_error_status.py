"""Errors to rich statuses and to errors of elements."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from ootd.v1 import error_reason_pb2
from ootd_gateway import errors
from ootd_gateway.errors import (
    FieldViolation,
    ImageTooLargeError,
    InvalidRequestError,
    ItemNotFoundError,
    OotdError,
    OverloadedError,
)
from ootd_gateway.rpc.error_status import element_error, rich_status

NUMBERED = list(error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name)


def details(status: status_pb2.Status, kind: type) -> list[Any]:
    found = []
    for one in status.details:
        message = kind()
        if one.Unpack(message):
            found.append(message)
    return found


def all_errors() -> list[type[OotdError]]:
    """Every class of the tree that has a reason of its own, and no children."""
    classes = [OotdError]
    for one in classes:
        classes.extend(one.__subclasses__())
    return [one for one in classes[1:] if not one.__subclasses__()]


def made(kind: type[OotdError]) -> OotdError:
    if kind is InvalidRequestError:
        return InvalidRequestError([FieldViolation("k", "must be 1 to 1000, is 0")])
    return kind("what was wrong", {"item_id": "sku-1"})


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_numbered_reason_and_a_status(kind: type[OotdError]) -> None:
    status = rich_status(made(kind), "r-1")
    assert status.code == kind.code.value[0]
    (info,) = details(status, error_details_pb2.ErrorInfo)
    assert info.domain == "ootd"
    assert info.reason == kind.reason
    assert info.metadata["request_id"] == "r-1"
    assert f"ERROR_REASON_{kind.reason}" in NUMBERED


def test_every_numbered_reason_has_one_error() -> None:
    numbered = {name.removeprefix("ERROR_REASON_") for name in NUMBERED} - {"UNSPECIFIED"}
    assert sorted(kind.reason for kind in all_errors()) == sorted(numbered)


def test_codes_are_those_of_the_contract() -> None:
    assert errors.ImageTooLargeError.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert errors.VisionUnavailableError.code is grpc.StatusCode.UNAVAILABLE
    assert errors.NoMatchingGarmentError.code is grpc.StatusCode.FAILED_PRECONDITION


def test_an_invalid_request_lists_every_violation() -> None:
    error = InvalidRequestError([FieldViolation("k", "bad"), FieldViolation("guide", "worse")])
    (bad_request,) = details(rich_status(error, "r"), error_details_pb2.BadRequest)
    found = [(one.field, one.description) for one in bad_request.field_violations]
    assert found == [("k", "bad"), ("guide", "worse")]


def test_an_overloaded_server_says_when_to_try_again() -> None:
    status = rich_status(OverloadedError("full", {"limit": "64"}, retry_after_s=0.25), "r")
    (retry,) = details(status, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == 250


def test_metadata_of_the_error_goes_along() -> None:
    error = ImageTooLargeError("large", {"bytes": "9", "limit_bytes": "8"})
    (info,) = details(rich_status(error, "r"), error_details_pb2.ErrorInfo)
    assert dict(info.metadata) == {"bytes": "9", "limit_bytes": "8", "request_id": "r"}


def test_a_status_fits_into_headers_however_long_its_texts() -> None:
    error = InvalidRequestError([FieldViolation("f" * 10_000, "é" * 10_000)] * 500)
    status = rich_status(error, "r")
    # 8 KiB of headers is what callers take by default: message percent-encoded, details base64.
    assert len(quote(status.message)) + len(b64encode(status.SerializeToString())) < 8000
    (bad_request,) = details(status, error_details_pb2.BadRequest)
    assert len(bad_request.field_violations) > 1
    error_with_metadata = ItemNotFoundError("gone", {"item_id": "i" * 10_000})
    assert len(rich_status(error_with_metadata, "r").SerializeToString()) < 4096


def test_an_element_says_the_same_as_a_call() -> None:
    error = InvalidRequestError([FieldViolation("k", "must be 1 to 1000, is 0")])
    message = element_error(error, "r-7")
    assert message.code == 3
    assert message.reason == error_reason_pb2.ERROR_REASON_INVALID_FIELD
    assert message.metadata["request_id"] == "r-7"
    assert message.violations[0].field == "k"
    assert message.message == error.message
