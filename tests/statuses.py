"""Reads what a failed call says, and checks that it fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class Failure:
    """What a failed call says."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: dict[str, str]
    violations: dict[str, str] = field(default_factory=dict)


def failure_of(error: grpc.RpcError) -> Failure:
    """Read the rich status of an error."""
    status = rpc_status.from_call(error)
    assert status is not None, f"no rich status: {error}"
    info = error_details_pb2.ErrorInfo()
    violations: dict[str, str] = {}
    for detail in status.details:
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(bad_request):
            violations |= {one.field: one.description for one in bad_request.field_violations}
        detail.Unpack(info)
    assert info.domain == "ootd"
    code = {one.value[0]: one for one in grpc.StatusCode}[status.code]
    return Failure(code, info.reason, status.message, dict(info.metadata), violations)


def trailing_of(error: grpc.RpcError) -> dict[str, str | bytes]:
    """The trailing metadata of a failed call."""
    return {one.key: one.value for one in error.trailing_metadata() or ()}


def failing(call: Callable[[], Any]) -> Failure:
    """Make a call that must fail, and return what it says."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    return failure_of(raised.value)
