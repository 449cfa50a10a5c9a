"""Calls of a gateway by the names of the contract's methods, on the wire."""

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass

from ootd.v1 import (
    catalog_service_pb2,
    search_service_pb2,
    server_service_pb2,
    vision_service_pb2,
)
from statuses import Failure, failure_of

SERVICES = tuple(
    service
    for module in (
        vision_service_pb2,
        catalog_service_pb2,
        search_service_pb2,
        server_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
)
METHODS = {method.name: method for service in SERVICES for method in service.methods}
"""Descriptors of all methods of the contract, by name."""

STREAMS = frozenset({"AnalyzeImages", "UpsertItems"})
"""Methods of streams; all others take one request and give one answer."""

SECONDS = 60.0


def path_of(method: str) -> str:
    """The path of a method, such as "/ootd.v1.CatalogService/GetItem"."""
    return f"/{METHODS[method].containing_service.full_name}/{method}"


def request_of(method: str, **fields: Any) -> Any:
    """The request message of a method with these fields."""
    return GetMessageClass(METHODS[method].input_type)(**fields)


class ContractCalls:
    """Calls methods over a channel, with a token. Failed calls raise grpc.RpcError."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.channel = channel
        self._token = token

    def __call__(self, method: str, **fields: Any) -> Any:
        """The answer to one request; of a stream, the answer to its only element."""
        answers, _ = self.exchange(method, [request_of(method, **fields)])
        (answer,) = answers
        return answer

    def stream(self, method: str, elements: Iterable[dict[str, Any]]) -> list[Any]:
        """The answers to the elements of a stream, each given by its fields."""
        answers, _ = self.exchange(method, [request_of(method, **one) for one in elements])
        return answers

    def exchange(
        self,
        method: str,
        requests: Iterable[Any],
        *,
        metadata: Iterable[tuple[str, str]] | None = None,
        seconds: float = SECONDS,
    ) -> tuple[list[Any], dict[str, Any]]:
        """The answers to requests (messages, or bytes as they are), and the trailing metadata.

        `metadata` goes in place of the token.
        """
        call = self._open(method, requests, metadata, seconds)
        answers = list(call)
        return answers, dict(call.trailing_metadata())

    def failure(self, method: str, **fields: Any) -> Failure:
        """How a request is refused: the call's own status, or the error of the one element."""
        try:
            answer = self(method, **fields)
        except grpc.RpcError as error:
            return failure_of(error)
        assert method in STREAMS, f"{method} was not refused: {answer}"
        return element_failure(answer)

    def _open(
        self,
        method: str,
        requests: Iterable[Any],
        metadata: Iterable[tuple[str, str]] | None,
        seconds: float,
    ) -> Any:
        sent = (("authorization", f"Bearer {self._token}"),) if metadata is None else metadata
        # One message as a stream of one is the same on the wire, so all methods are called alike.
        call = self.channel.stream_stream(
            path_of(method),
            request_serializer=lambda one: (
                one if isinstance(one, bytes) else one.SerializeToString()
            ),
            response_deserializer=GetMessageClass(METHODS[method].output_type).FromString,
        )
        return call(iter(requests), timeout=seconds, metadata=tuple(sent))


def element_failure(answer: Any) -> Failure:
    """How an element of a stream is refused."""
    assert answer.WhichOneof("result") == "error", f"not refused: {answer}"
    error = answer.error
    descriptor = error.DESCRIPTOR.fields_by_name["reason"].enum_type
    reason = descriptor.values_by_number[error.reason].name.removeprefix("ERROR_REASON_")
    code = {one.value[0]: one for one in grpc.StatusCode}[error.code]
    violations = {one.field: one.description for one in error.violations}
    return Failure(code, reason, error.message, dict(error.metadata), violations)
