"""Compresses large answers for callers that take it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

from ootd_gateway.rpc.interceptors.around import Context, Handler, is_infrastructure, rebuilt


class CompressionInterceptor(aio.ServerInterceptor):
    """Has gRPC compress each single answer of more than `above_bytes`.

    gRPC itself leaves it uncompressed for a caller that does not say that it takes gzip. Answers of
    streams are small and pass as they are.
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
        if (
            handler is None
            or handler.response_streaming
            or is_infrastructure(handler_call_details.method)
        ):
            return handler

        async def answer_once(behavior: Any, request: Any, context: Context) -> Any:
            response = await behavior(request, context)
            if response.ByteSize() > self._above_bytes:
                context.set_compression(grpc.Compression.Gzip)
                # What goes out by itself with the answer leaves the choice out (grpcio 1.85).
                await context.send_initial_metadata(())
            return response

        def answer_many(behavior: Any, request: Any, context: Context) -> Any:
            return behavior(request, context)

        return rebuilt(handler, answer_once, answer_many)
