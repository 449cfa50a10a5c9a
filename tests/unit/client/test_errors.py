from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

import ootd
from ootd import errors
from ootd.v1 import element_error_pb2, error_reason_pb2


class Call(grpc.RpcError):
    """A failed call, as both flavours of gRPC raise it."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        trailing: tuple[tuple[str, str | bytes], ...] | None = (),
    ) -> None:
        self._code = code
        self._message = message
        self._trailing = trailing

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._message

    def trailing_metadata(self) -> Any:
        return self._trailing


def encoded(*details: Any) -> tuple[tuple[str, str | bytes], ...]:
    status = status_pb2.Status()
    for detail in details:
        status.details.add().Pack(detail)
    return (("other", "text"), ("grpc-status-details-bin", status.SerializeToString()))


def test_every_reason_of_the_contract_has_a_class() -> None:
    names = set(error_reason_pb2.ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}
    assert {f"ERROR_REASON_{reason}" for reason in errors.ERROR_BY_REASON} == names


def test_every_status_but_ok_has_a_class() -> None:
    assert set(errors.ERROR_BY_CODE) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


def test_every_class_of_the_tree_is_used_and_exported() -> None:
    used = {*errors.ERROR_BY_REASON.values(), *errors.ERROR_BY_CODE.values()}
    assert used | {ootd.ClosedError} == set(errors.OotdError.__subclasses__())
    assert all(getattr(ootd, one.__name__) is one for one in used)


def test_details_are_read() -> None:
    info = error_details_pb2.ErrorInfo(
        domain="ootd", reason="INVALID_FIELD", metadata={"request_id": "r-1"}
    )
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="k", description="must be 1 to 1000, is 0")
    bad.field_violations.add(field="guide.region.x1", description="must be at most 1, is 2")
    call = Call(grpc.StatusCode.INVALID_ARGUMENT, "2 fields", encoded(info, bad))
    error = errors.from_rpc_error(call, "ours")
    assert type(error) is ootd.InvalidRequestError
    assert (error.reason, error.request_id, error.message) == ("INVALID_FIELD", "r-1", "2 fields")
    assert [one.field for one in error.violations] == ["k", "guide.region.x1"]
    assert str(error) == "2 fields"


def test_retry_info_is_read() -> None:
    info = error_details_pb2.ErrorInfo(domain="ootd", reason="OVERLOADED")
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(250)
    call = Call(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", encoded(info, retry))
    error = errors.from_rpc_error(call)
    assert isinstance(error, ootd.OverloadedError)
    assert error.retry_after_s == 0.25


def test_a_reason_of_another_domain_is_not_ours() -> None:
    info = error_details_pb2.ErrorInfo(domain="proxy", reason="ITEM_NOT_FOUND")
    error = errors.from_rpc_error(Call(grpc.StatusCode.UNAVAILABLE, "down", encoded(info)), "ours")
    assert type(error) is ootd.UnavailableError
    assert (error.reason, error.request_id) == ("", "ours")


def test_a_reason_of_a_newer_gateway_falls_back_to_its_code() -> None:
    info = error_details_pb2.ErrorInfo(domain="ootd", reason="SOMETHING_NEW")
    call = Call(grpc.StatusCode.NOT_FOUND, "gone", encoded(info))
    error = errors.from_rpc_error(call)
    assert type(error) is ootd.NotFoundError
    assert error.reason == "SOMETHING_NEW"


@pytest.mark.parametrize("trailing", [None, (), (("grpc-status-details-bin", b"\xff\xff\xff"),)])
def test_missing_and_broken_details_leave_code_and_message(
    trailing: tuple[tuple[str, str | bytes], ...] | None,
) -> None:
    error = errors.from_rpc_error(Call(grpc.StatusCode.INTERNAL, "bug", trailing))
    assert type(error) is ootd.InternalError
    assert error.message == "bug"


def test_element_errors_say_what_status_details_say() -> None:
    message = element_error_pb2.ElementError(
        code=9,
        reason=error_reason_pb2.ERROR_REASON_NO_MATCHING_GARMENT,
        message="no shoes",
        metadata={"item_id": "a", "request_id": "r-2"},
    )
    error = errors.from_element_error(message)
    assert type(error) is ootd.FailedPreconditionError
    assert error.code is grpc.StatusCode.FAILED_PRECONDITION
    assert (error.reason, error.request_id) == ("NO_MATCHING_GARMENT", "r-2")


def test_an_element_error_of_a_newer_gateway_falls_back_to_its_code() -> None:
    error = errors.from_element_error(element_error_pb2.ElementError(code=14, reason=999))  # type: ignore[arg-type]
    assert type(error) is ootd.UnavailableError
    assert error.reason == "999"
