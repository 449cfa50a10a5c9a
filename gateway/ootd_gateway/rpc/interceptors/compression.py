"""Compresses large answers for callers that take it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

from ootd_gateway.rpc.interceptors.around import Context, Handler, is_infrastructure, rebuilt

COMPRESSION_OPTION = ("grpc.default_compression_level", 2)
"""Option of a server that has this interceptor: gRPC's core then chooses an algorithm that the
caller takes, or none. An algorithm that a handler chooses itself would be sent to callers who do
not take it, too: to them such calls fail, and a handler cannot see what they take."""


class CompressionInterceptor(aio.ServerInterceptor):
    """Leaves answers of up to `above_bytes` as they are, and those of streams, which are small."""

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

        async def answer_once(behavior: Any, request: Any, context: Context) -> Any:
            response = await behavior(request, context)
            if response.ByteSize() <= self._above_bytes:
                context.disable_next_message_compression()
            return response

        async def answer_many(behavior: Any, request: Any, context: Context) -> AsyncIterator[Any]:
            async for response in behavior(request, context):
                context.disable_next_message_compression()
                yield response

        return rebuilt(handler, answer_once, answer_many)
