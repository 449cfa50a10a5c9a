"""Compresses large answers for callers that take it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

from ootd_gateway.rpc.interceptors.around import Context, Handler, is_infrastructure

COMPRESSION_OPTION = ("grpc.default_compression_level", 2)
"""Option of a server that has this interceptor: gRPC's core then chooses an algorithm that the
caller takes, or none. An algorithm that a handler chooses itself would be sent to callers who do
not take it, too: to them such calls fail, and a handler cannot see what they take."""


class CompressionInterceptor(aio.ServerInterceptor):
    """Leaves answers of up to `above_bytes` as they are, and those of streams, which are small.

    The innermost interceptor: it wraps the services' own functions.
    """

    def __init__(self, above_bytes: int) -> None:
        self._above_bytes = above_bytes

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wrap the handler of one call."""
        handler = await continuation(handler_call_details)
        if handler is None or is_infrastructure(handler_call_details.method):
            return handler
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                self._one(handler.unary_unary),
                handler.request_deserializer,
                handler.response_serializer,
            )
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(
                _many(handler.stream_stream),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return handler

    def _one(self, behavior: Any) -> Any:
        async def answer(request: Any, context: Context) -> Any:
            response = await behavior(request, context)
            if response.ByteSize() <= self._above_bytes:
                context.disable_next_message_compression()
            return response

        return answer


def _many(behavior: Any) -> Any:
    async def answer(requests: Any, context: Context) -> AsyncIterator[Any]:
        async for response in behavior(requests, context):
            context.disable_next_message_compression()
            yield response

    return answer
