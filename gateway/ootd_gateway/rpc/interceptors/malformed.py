"""Answers bytes that are no message with an error of ours instead of gRPC's, which shows Python."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc import aio

from ootd_gateway.errors import FieldViolation, InvalidRequestError
from ootd_gateway.rpc.interceptors.around import Context, Handler, is_infrastructure, rebuilt

_MALFORMED = object()


class MalformedMessageInterceptor(aio.ServerInterceptor):
    """Raises InvalidRequestError where a request cannot be parsed."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Parse inside the call, where errors are answered as everywhere."""
        handler = await continuation(handler_call_details)
        if handler is None or is_infrastructure(handler_call_details.method):
            return handler
        parse = handler.request_deserializer

        def parse_or_mark(data: bytes) -> Any:
            try:
                return data if parse is None else parse(data)
            except DecodeError:
                return _MALFORMED

        def check(request: Any) -> Any:
            return _checked_stream(request) if handler.request_streaming else _checked(request)

        async def answer_once(behavior: Any, request: Any, context: Context) -> Any:
            return await behavior(check(request), context)

        async def answer_many(behavior: Any, request: Any, context: Context) -> AsyncIterator[Any]:
            async for response in behavior(check(request), context):
                yield response

        return rebuilt(handler, answer_once, answer_many, request_deserializer=parse_or_mark)


def _checked(request: Any) -> Any:
    if request is _MALFORMED:
        raise InvalidRequestError(
            [FieldViolation("request", "the bytes are no message of this method")]
        )
    return request


async def _checked_stream(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        yield _checked(request)
