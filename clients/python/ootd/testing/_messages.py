"""Refuses bytes that are no message of a method, or too many of them, as a gateway does."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError

from ootd.errors import FieldViolation, InvalidRequestError
from ootd.testing._answering import Doorkeeper, abort, begin_stream, request_id_of
from ootd.testing._limits import MAX_SMALL_REQUEST_BYTES

_CONTRACT = "/ootd.v1."


class MessageChecks(grpc.ServerInterceptor):
    """Stands before the contract's services; what it refuses is counted by the doorkeeper too."""

    def __init__(self, door: Doorkeeper) -> None:
        self._door = door

    def intercept_service(self, continuation: Callable[..., Any], handler_call_details: Any) -> Any:
        """Have the messages of a call checked before its method sees them."""
        handler, path = continuation(handler_call_details), handler_call_details.method
        if handler is None or not path.startswith(_CONTRACT):
            return handler
        parse = _marking(handler.request_deserializer, _largest_request(path))
        serialize = handler.response_serializer
        if handler.unary_unary is not None:
            unary = self._unary(handler.unary_unary)
            return grpc.unary_unary_rpc_method_handler(unary, parse, serialize)
        stream = self._stream(handler.stream_stream)
        return grpc.stream_stream_rpc_method_handler(stream, parse, serialize)

    def _unary(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def checked(request: Any, context: grpc.ServicerContext) -> Any:
            if isinstance(request, InvalidRequestError):
                abort(request, begin_stream(self._door, context), context)
            return method(request, context)

        return checked

    def _stream(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def checked(requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            try:
                yield from method(_raising(requests), context)
            except InvalidRequestError as error:
                abort(error, request_id_of(context), context)

        return checked


def _raising(requests: Iterator[Any]) -> Iterator[Any]:
    for request in requests:
        if isinstance(request, InvalidRequestError):
            raise request
        yield request


def _marking(parse: Callable[[bytes], Any], largest: int | None) -> Callable[[bytes], Any]:
    """Return a parser that returns errors: what it raised would be a bug of the server to gRPC."""

    def parse_or_mark(data: bytes) -> Any:
        if largest is not None and len(data) > largest:
            return _no_message(f"{len(data)} bytes; this method takes at most {largest}")
        try:
            return parse(data)
        except DecodeError:
            return _no_message("the bytes are no message of this method")

    return parse_or_mark


def _no_message(what: str) -> InvalidRequestError:
    violation = FieldViolation("request", what)
    return InvalidRequestError(
        f"invalid request: request: {what}", reason="INVALID_FIELD", violations=[violation]
    )


def _largest_request(path: str) -> int | None:
    """Return the most bytes of a request of a method; None where gRPC's own limit is enough."""
    service, _, name = path.lstrip("/").partition("/")
    known = descriptor_pool.Default().FindServiceByName(service)
    has_photo = _has_photo(known.methods_by_name[name].input_type)
    return None if has_photo else MAX_SMALL_REQUEST_BYTES


def _has_photo(message: Descriptor) -> bool:
    return any(
        field.name == "image" or (field.message_type is not None and _has_photo(field.message_type))
        for field in message.fields
    )
